"""How is the answer of `truceline reconcile` written down? As a table of both lists, or as the page of both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from truceline import LAW
from truceline.desk.lists import SIDES
from truceline.desk.reconcile import Reconciled
from truceline.desk.sheets import check_out, write_sheet
from truceline.errors import InputError
from truceline.report.language import Words
from truceline.report.reconcile import render
from truceline.store.disk import write_whole

WHY = {
    "terms": "because their terms forbid passing them on",
    "consent": "because nobody has consented to this use",
    "place": "because this reader may not see them",
}
CELLS = (
    "id", "from", "until", "when", "place", "act", "actor", "target", "weapon", "asserted_by", "publisher", "licence",
)  # fmt: skip
MORE_CELLS = ("also", "denies", "own", "killed", "count", "finding")
HEAD = (
    "state", *(f"{side}_{name}" for side in SIDES for name in (*CELLS, *MORE_CELLS)),
    "joint_finding", "agrees", "differs", "unknown", "candidates",
)  # fmt: skip


def write_table(answer: Mapping[str, Any], path: Path) -> int:
    """Write the two lists as a table, one row for each event or entry; gives the number of rows.

    What may not be passed on is left out; of a pair only the half that may be stands there.
    """
    rows = [row for row in _table_rows(answer) if row is not None]
    write_sheet(path, HEAD, rows, readme(answer))
    return len(rows)


def readme(answer: Mapping[str, Any]) -> list[str]:
    """What a table is: the text, the two sides, what was asked, the sources, what is left out, the line of the law."""
    licences = Counter(
        entry["licence"] for entry in _entries(answer) if entry["licence"]
    )  # fmt: skip
    sides = {side: answer[side] for side in SIDES}
    return [
        f"Two lists, matched: {sides['a']['party']} and {sides['b']['party']}",
        f"Agreement: {answer['agreement']['title']} ({answer['agreement']['canonical_sha256']})",
        f"Rules: version {answer['rule_version']}",
        f"For: {answer['reader']}",
        f"From: {answer['from'] or 'the beginning'}; until: {answer['until'] or 'the end'}; "
        f"as known at: {answer['known_at'] or 'everything'}; civil clock: {answer['tz']}",
        *(f"Source: {part['file']} ({part['sha256']})" for part in answer["evidence"]),
        *(f"Read with: {name}: {one['file']} ({one['sha256']})" for name, one in answer["inputs"].items() if one),
        *(f"Warning: {warning}" for warning in answer["warnings"]),
        *(f"Licence: {licence}, {n} entries" for licence, n in sorted(licences.items())),
        *(f"Left out, {why}: {sum(side['withheld'][code] for side in sides.values())}" for code, why in WHY.items()),
        "Places are towns and units, never positions. An entry is what a side says, not what happened.",
        "state: both = on both lists; contested = on both, and they disagree; only = on one; open = several could fit.",
        LAW,
    ]


def _entries(answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for pair in answer["pairs"]:
        yield from (pair[side] for side in SIDES if pair[side] is not None)
    for side in SIDES:
        yield from (one["entry"] for key in ("only", "open") for one in answer[f"{key}_{side}"] if one["entry"])


def _table_rows(answer: Mapping[str, Any]) -> Iterable[list[Any] | None]:
    for pair in answer["pairs"]:
        shown = any(pair[side] is not None for side in SIDES)
        lists = [", ".join(pair[key]) for key in ("agrees", "differs", "unknown")]
        yield _table_row(pair["state"], pair, pair["findings"], [*lists, ""]) if shown else None
    for key in ("open", "only"):
        found = [(one, side) for side in SIDES for one in answer[f"{key}_{side}"] if one["entry"] is not None]
        for one, side in sorted(
            found, key=lambda f: (f[0]["entry"]["from"], f[0]["entry"]["until"], f[0]["entry"]["id"])
        ):
            could = ", ".join(one.get("candidates", ()))
            yield _table_row(key, {side: one["entry"]}, one["findings"], ["", "", "", could])


def _table_row(state: str, entries: Mapping[str, Any], findings: Mapping[str, Any], rest: list[str]) -> list[Any]:
    row: list[Any] = [state]
    for side in SIDES:
        entry = entries.get(side)
        held = findings[side]["holds"] if findings[side] else ""
        row += [""] * (len(CELLS) + len(MORE_CELLS) - 1) if entry is None else [
            *(entry[name] for name in CELLS), ", ".join(entry["also"]), "yes" if entry["denies"] else "",
            "yes" if entry["own"] else "",
            _range(entry["killed"]), _range(entry["count"]),
        ]  # fmt: skip
        row.append(held)
    return [*row, findings["joint"]["holds"] if findings["joint"] else "", *rest]


def _range(one: Mapping[str, Any]) -> str:
    low, high = one["low"], one["high"]
    if low is None and high is None:
        return ""
    number = str(low) if low == high else f"{'' if low is None else low}..{'' if high is None else high}"
    return f"{number} {one.get('unit') or ''}".strip()


# -- the page ----------------------------------------------------------------------------------------------------------


def check_outputs(asked: Reconciled, out: Path | None, page: Path | None, lang: str) -> None:
    """Refuse, before anything is read, what could not be answered or written.

    Raises:
        InputError: a side is not named, no such kind of table, or no such language.
    """
    for side in SIDES:
        if not asked.party(side):
            raise InputError(f"`--{side}`: expected a party of the agreement, such as `--{side} ru`")
    if out is not None:
        check_out(out)
    if page is not None:
        Words(lang)


def write_page(answer: Mapping[str, Any], path: Path, lang: str) -> int:
    """Write the page of both sides, whole or not at all; gives its size in bytes."""
    data = render(answer, lang).encode()
    write_whole(path, data)
    return len(data)
