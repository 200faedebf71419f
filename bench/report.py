"""What do the results say? Lines for the terminal, and the table of docs/why/performance.md, from the same JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent.parent / "docs" / "why" / "performance.md"
PICTURES = PAGE.parent / "pictures"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
RECORD_BEGIN, RECORD_END = "<!-- bench record: begin -->", "<!-- bench record: end -->"
MODES = ("all", "quick", "servers")

DELAYS = (("open_ms", "open"), ("p50_ms", "median"), ("p99_ms", "p99"), ("worst_ms", "worst"))

Entry = dict[str, Any]


def lines(name: str, entry: Entry) -> list[str]:
    """What the terminal shows of one benchmark; called only after its answers were compared."""
    if "skipped" in entry:
        return [f"  skipped: {entry['skipped']}"]
    if name.startswith("record."):
        return ["  " + "  ".join(filter(None, cells)) for cells in record_cells(entry)]
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
    parts, record = [], []
    for mode in MODES:
        path = folder / f"{mode}.json"
        if path.exists():
            results = json.loads(path.read_text(encoding="utf-8"))
            parts.append(table(results))
            record.append(record_table(results))
            if mode == "all":
                from bench import pictures as drawing  # noqa: PLC0415  # matplotlib only where there is a curve

                drawing.draw(results, pictures)
    text = between(page.read_text(encoding="utf-8"), BEGIN, END, "\n".join(parts))
    if RECORD_BEGIN in text and any(record):
        text = between(text, RECORD_BEGIN, RECORD_END, "\n".join(filter(None, record)))
    page.write_text(text, encoding="utf-8")
    print(f"{page.name} has the figures of {', '.join(mode for mode in MODES if (folder / f'{mode}.json').exists())}")


def between(text: str, begin: str, end: str, new: str) -> str:
    """A text with something new between two marks."""
    before, rest = text.split(begin, 1)
    _, after = rest.split(end, 1)
    return f"{before}{begin}\n\n{new}\n{end}{after}"


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
        if "." not in name or name.startswith("record.") or "skipped" in entry:
            continue
        for who, one in _measured(entry):
            version = f" {versions[who]}" if who in versions and who != "truceline" else ""
            ratio = f"{one['ratio']:.1f}" if "ratio" in one else ""
            memory = f"{one['peak_mb']:,}" if "peak_mb" in one else ""
            body.append(
                f"| {name} | {who}{version} | {one['rows']:,} | {one['seconds_best']:.3g} | {memory} | {ratio} |"
            )
    return head + "\n".join(body) + "\n"


def record_table(results: Entry) -> str:
    """The results about the record as Markdown; empty when the run has none."""
    found = {name: entry for name, entry in sorted(results.items()) if name.startswith("record.")}
    body = [f"| {name} | {' | '.join(cells)} |" for name, entry in found.items() for cells in record_cells(entry)]
    if not body:
        return ""
    head = f"`bench {results['mode']}`, on the machine above.\n\n"
    columns = ("benchmark", "what", "entries", "a second", "of the limit", "milliseconds", "CPU, bytes")
    return head + f"| {' | '.join(columns)} |\n|---|---|--:|---|---|---|---|\n" + "\n".join(body) + "\n"


def record_cells(entry: Entry) -> list[tuple[str, ...]]:
    """Each measure of the record in words: what, entries, rates, share of the limit, delays, what else is known."""
    found: list[tuple[str, ...]] = []
    for one in [*entry.get("measures", ()), *entry.get("points", ())]:
        rates = f"{one['per_cpu_s']:,} CPU, {one['per_s']:,} wall" if "per_cpu_s" in one else ""
        limit = f"{one['of_limit']:.0%} of {one['limit_per_cpu_s']:,} ({one['limit']})" if "of_limit" in one else ""
        delays = [f"{label} {one[key]:.3g}" for key, label in DELAYS if key in one]
        more = [f"{key} {value:.0%}" for key, value in one.get("share", {}).items()]
        more += [f"busy {one['busy']:.0%}"] if "busy" in one else []
        more += [f"{one['bytes']['all']:,.0f} bytes an entry"] if "bytes" in one else []
        found.append((one["what"], f"{one['entries']:,}", rates, limit, ", ".join(delays), ", ".join(more)))
    return found


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
