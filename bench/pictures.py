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
