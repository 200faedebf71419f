"""What do the results say? Lines for the terminal, and the table of docs/why/performance.md, from the same JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent.parent / "docs" / "why" / "performance.md"
PICTURES = PAGE.parent / "pictures"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
MODES = ("all", "quick", "servers")

Entry = dict[str, Any]


def lines(name: str, entry: Entry) -> list[str]:
    """What the terminal shows of one benchmark; called only after its answers were compared."""
    if "skipped" in entry:
        return [f"  skipped: {entry['skipped']}"]
    found = []
    for who, one in _measured(entry):
        ratio = f"  {one['ratio']:>6.1f} x ours" if "ratio" in one else ""
        memory = f"  {one['peak_mb']:>6,} MB" if "peak_mb" in one else ""
        found.append(f"  {who:<18}{one['rows']:>12,} rows {one['seconds_best']:>9.4g} s{memory}{ratio}")
    if entry.get("ratio_to_best_exact_peer") is not None:
        equal = "answers equal"
        if "compared" in entry:
            equal = "{different:,} of {answers:,} answers differ, {wrong} beyond the bound".format(**entry["compared"])
        found.append(f"  {name}: {entry['ratio_to_best_exact_peer']:.1f} x {entry['best_exact_peer']}, {equal}")
    return found


def write(folder: Path, *, page: Path = PAGE, pictures: Path = PICTURES) -> None:
    """Write the tables between the two marks of the page, and the pictures of the curves.

    Args:
        folder: where the results are.
        page: the page; it must have both marks.
        pictures: where the pictures go.
    """
    parts = []
    for mode in MODES:
        path = folder / f"{mode}.json"
        if path.exists():
            results = json.loads(path.read_text(encoding="utf-8"))
            parts.append(table(results))
            if mode == "all":
                from bench import pictures as drawing  # noqa: PLC0415  # matplotlib only where there is a curve

                drawing.draw(results, pictures)
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    page.write_text(f"{before}{BEGIN}\n\n{chr(10).join(parts)}\n{END}{after}", encoding="utf-8")
    print(f"{page.name} has the figures of {', '.join(mode for mode in MODES if (folder / f'{mode}.json').exists())}")


def table(results: Entry) -> str:
    """The results of one run as Markdown: one line for each engine of each benchmark."""
    facts = results["machine"]
    head = (
        f"`bench {results['mode']}` on {facts['cores']} cores ({facts['processor']}), {facts['memory_gb']} GB, "
        f"Python {facts['python']}; one thread for each engine, best of the runs.\n\n"
        "| benchmark | engine | rows | seconds | peak MB | times ours |\n|---|---|--:|--:|--:|--:|\n"
    )
    versions = facts["versions"]
    body = []
    for name, entry in sorted(results.items()):
        if "." not in name or "skipped" in entry:
            continue
        for who, one in _measured(entry):
            version = f" {versions[who]}" if who in versions and who != "truceline" else ""
            ratio = f"{one['ratio']:.1f}" if "ratio" in one else ""
            memory = f"{one['peak_mb']:,}" if "peak_mb" in one else ""
            body.append(
                f"| {name} | {who}{version} | {one['rows']:,} | {one['seconds_best']:.3g} | {memory} | {ratio} |"
            )
    return head + "\n".join(body) + "\n"


def _measured(entry: Entry) -> list[tuple[str, Entry]]:
    """Engine and figures of one benchmark: ours, our other paths, peers, the points of a curve."""
    found: list[tuple[str, Entry]] = []
    if "ours" in entry:
        found.append(("truceline", entry["ours"]))
    found += sorted(entry.get("variants", {}).items())
    found += sorted(entry.get("peers", {}).items(), key=lambda pair: float(pair[1]["ratio"]))
    of = "terms" if entry.get("axis") == "terms" else "zones"
    found += [(f"truceline, {point[of]:,} {of}", point) for point in entry.get("curve", [])]
    return found
