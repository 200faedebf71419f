"""The curves as pictures: the same bytes for the same results, no date inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

WORDS = {"rows": "observations", "zones": "zones", "terms": "terms"}


def draw(results: dict[str, Any], folder: Path) -> None:
    """Draw every curve of the results as `scale-AXIS.svg`."""
    folder.mkdir(parents=True, exist_ok=True)
    for entry in results.values():
        if isinstance(entry, dict) and "curve" in entry:
            _draw(entry, folder / f"scale-{entry['axis']}.svg")
        if isinstance(entry, dict) and "points" in entry:
            _draw_record(entry["points"], folder / "record-curve.svg")


def _draw_record(points: list[dict[str, Any]], path: Path) -> None:
    """What one entry costs, what opening costs and a proof, against the entries that are there."""
    with mpl.rc_context({"svg.hashsalt": "truceline", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(5.2, 3.2), layout="constrained")
        axes = figure.subplots()
        for kind, style in (("signed", "-"), ("unsigned", "--")):
            some = [point for point in points if point["what"] == kind]
            x = [point["entries"] for point in some]
            axes.loglog(
                x, [1e3 / point["per_cpu_s"] for point in some], f"o{style}", color="#1f5f8b", label=f"{kind}: one more"
            )
            axes.loglog(x, [point["p50_ms"] for point in some], f"s{style}", color="#8b5a1f", label=f"{kind}: a proof")
            axes.loglog(x, [point["open_ms"] for point in some], f"^{style}", color="#3d7a3d", label=f"{kind}: opening")
        axes.set_xlabel("entries in the log")
        axes.set_ylabel("milliseconds")
        axes.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
        axes.legend(frameon=False, fontsize=7)
        figure.savefig(path, metadata={"Date": None, "Creator": None})


def _draw(entry: dict[str, Any], path: Path) -> None:
    """One curve on logarithmic axes beside n log n, which starts where it starts."""
    x = np.array([point[entry["axis"]] for point in entry["curve"]], float)
    y = np.array([point["seconds_best"] for point in entry["curve"]])
    with mpl.rc_context({"svg.hashsalt": "truceline", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(5.2, 3.2), layout="constrained")
        axes = figure.subplots()
        axes.loglog(x, y, "o-", color="#1f5f8b", label="Truceline")
        bound = x * np.log2(x + 1)  # of one thing the logarithm is 0
        axes.loglog(x, y[0] * bound / bound[0], ":", color="#777777", label="n log n")
        axes.set_xlabel(WORDS[entry["axis"]])
        axes.set_ylabel("seconds, index build included")
        axes.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
        axes.legend(frameon=False)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
