"""From a case or files to incidents: which reports tell of one, why, and what people have to decide."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from truceline import LAW
from truceline.assess.spec import tells_of_act
from truceline.canon import sha256
from truceline.desk import runs
from truceline.desk.cases import shipped_bench
from truceline.desk.charters import Clock
from truceline.desk.decided import PAIRS, as_ruled, beaten_words, pairs_draft
from truceline.desk.decided import pairs_of as kept_pairs
from truceline.desk.files import Bench, Tell, open_agreement, read_evidence, shipped
from truceline.desk.keyring import random_bytes
from truceline.desk.records import append
from truceline.desk.rulings import rulings_of
from truceline.errors import Fault, InputError, quoted
from truceline.evidence.incidents import (
    CERTAIN,
    OPEN,
    Found,
    Pair,
    Ruling,
    count_of,
    disagreements,
    incidents_of,
    incidents_of_matches,
)
from truceline.evidence.likeness import because, shipped_models, shipped_settings
from truceline.evidence.pairs import CODED, Reach, found_pairs
from truceline.evidence.reading import RowFault, Rows, lines_of, opened
from truceline.evidence.schema import Rejected
from truceline.evidence.windows import (
    COLUMNS,
    Event,
    Matched,
    Windows,
    event_of,
    events_of,
    matched,
    overlap,
    taxonomy_of,
)
from truceline.span import FAR_AHEAD, LONG_AGO
from truceline.store.case import Case
from truceline.store.opened import is_case, is_server, open_case

MODEL, WINDOWS = "model", "windows"
TAXONOMY = {"data.source", "base.categories"}
"""What the head of a taxonomy holds, as MELTT writes it."""

FIELDS = {
    "kind": "kind", "time": "time_text", "place": "place_text", "actor": "actor_text", "target": "target_text",
    "act": "act_text", "weapon": "weapon",
}  # fmt: skip
"""What reports of one incident can differ in, and the column that says it."""

SETTLES = {
    "time": "the hour, or whether a date is that of the event or of the report",
    "place": "a place finer than the unit that is stated",
    "kind": "whether one of the two is words about the other",
    "act": "what was done",
    "actor": "who is meant",
    "target": "what was hit, or whom it concerned",
    "weapon": "the weapon",
    "count": "a count of the same thing",
    "killed": "the number of killed",
}
"""What would settle a pair on which a comparison is silent or against."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Search:
    """How to search.

    Attributes:
        method: `model`, `windows`, or empty: windows for tables of coded events, else the model.
        km: kilometres between two places; None = 10 by the model, 4 by windows.
        days: days between two times; None = 1 by the model, 2 by windows.
        taxonomies: files, one for each column of categories.
        why: two ids to explain; empty = none.
    """

    method: str = ""
    km: float | None = None
    days: float | None = None
    taxonomies: tuple[Path, ...] = ()
    why: tuple[str, str] | None = None


def find_duplicates(
    what: Sequence[str | Path], search: Search, agreement: Path | None = None, tell: Tell | None = None
) -> Row:
    """Find the reports that tell of one incident.

    Args:
        what: a case (folder, or URL of its database), or files.
        search: how.
        agreement: the text by which files are read; None = the one beside the first file, else the shipped one.
        tell: told `(what, done, all)` as the work goes on.

    Returns:
        The answer of `truceline duplicates --json`; its schema is in `docs/reference/json`.

    Raises:
        InputError: a file is refused, or an option does not fit the files.
    """
    if search.method not in ("", MODEL, WINDOWS):
        raise InputError(f"expected the method `model` or `windows`, got {quoted(search.method)}")
    paths = [Path(one) for one in what if not is_server(one)]
    begins = {path: _head(path) for path in paths if path.is_file()}
    coded = [path for path in paths if set(COLUMNS) <= begins.get(path, set())]
    if coded:
        classes = [path for path in paths if begins.get(path, set()) >= TAXONOMY]
        if len(coded) + len(classes) < len(paths):
            raise InputError("tables of coded events are matched among themselves: leave out the other files")
        return _of_coded(coded, replace(search, taxonomies=(*search.taxonomies, *classes)))
    if search.taxonomies:
        raise InputError(f"`--taxonomy` is for tables of coded events: CSV with the columns {', '.join(COLUMNS)}")
    bench, table, rejected, rulings = _opened(what, agreement, tell)
    if tell:
        tell("holding reports against each other", 0, 1)
    if search.method == WINDOWS:
        return _by_windows(bench, table, search, rejected, len(rulings))
    return _by_model(bench, table, search, rejected, rulings)


def keep_found(case: Case, now: Clock | None = None, tell: Tell | None = None) -> Row:
    """Search a case by the model, and keep the pairs as an entry of its record; the same pairs are kept once.

    Args:
        case: a folder whose record this machine keeps.
        now: the clock of the record; None = its own.
        tell: told `(what, done, all)` as the work goes on.

    Returns:
        `entry`: index of the entry that holds them; `pairs`: how many; `is_new`: whether it was written now.

    Raises:
        StoreError: this machine does not keep the record.
    """
    if tell:
        tell("holding reports against each other", 0, 1)
    upto = len(case.entries())
    found, of = searched(case, upto)
    salt = bytes if case.charter().is_demo else random_bytes
    draft = pairs_draft(found, of, MODEL, sha256(shipped_settings()), salt)
    before = case.said(PAIRS)
    if before and _is_same(before[-1].statement.body, draft.body) and sorted(kept_pairs(case, upto)) == sorted(found):
        return {"entry": before[-1].index, "pairs": len(found), "is_new": False}
    (taken,) = append(case, [draft], now)
    return {"entry": taken.index, "pairs": len(found), "is_new": True}


def searched(case: Case, upto: int) -> tuple[list[Pair], list[str]]:
    """The pairs among the first `upto` entries of a case, by the model; and the hashes of the tables they are from."""
    bench = runs.bench_of_case(case, (), upto)
    parts = runs.evidence_of(case, bench, upto)
    table = as_ruled(runs.chosen_rows(parts, LONG_AGO, FAR_AHEAD, None)[0], rulings_of(case, upto).places)
    return pairs_of(table, bench), [part.table_hash for part in parts if part.table_hash]


def is_by_model(body: Mapping[str, Any]) -> bool:
    """Whether a search can be made again here: by the model, set as it is shipped."""
    return (body["method"], body["settings_sha256"]) == (MODEL, sha256(shipped_settings()))


def _is_same(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether two searches are of the same tables, by the same method and settings."""
    return all(list(before[name]) == list(now[name]) for name in ("method", "of", "settings_sha256"))


def pairs_of(table: pa.Table, bench: Bench, reach: Reach | None = None) -> list[Pair]:
    """The pairs of a table by the model, each with its probability."""
    agreement = bench.agreement
    return found_pairs(table, agreement.acts, agreement.group, reach=reach or Reach(), atlas=bench.atlas)


# -- what is asked ---------------------------------------------------------------------------------------------------


def _opened(
    what: Sequence[str | Path], agreement: Path | None, tell: Tell | None
) -> tuple[Bench, pa.Table, int, Sequence[Ruling]]:
    """Agreement, all observations, each id once, how many rows were rejected, and what people ruled."""
    rulings: Sequence[Ruling] = ()
    places: Mapping[str, str] = {}
    if len(what) == 1 and is_case(what[0]):
        if agreement is not None:
            raise InputError("a case folder has its own agreement: leave out `--agreement`")
        case = open_case(what[0])
        bench = runs.bench_of_case(case)
        parts, ruled = runs.evidence_of(case, bench, len(case.entries())), rulings_of(case)
        rulings, places = ruled.pairs, ruled.places
    else:
        paths = [Path(one) for one in what]
        bench, found = _bench(paths[0], agreement), []
        for number, path in enumerate(paths):
            if tell:
                tell(f"reading {path.name}", number, len(paths))
            found.append(read_evidence(path, bench))
        parts = tuple(found)
    table, twice, _ = runs.chosen_rows(parts, LONG_AGO, FAR_AHEAD, None)
    table = as_ruled(table, places)
    return bench, table, sum(part.rejected.num_rows for part in parts) + len(twice), rulings


def _bench(first: Path, agreement: Path | None) -> Bench:
    beside = first.parent / "agreement.yaml"
    if agreement is not None or beside.is_file():
        return open_agreement(agreement or beside)
    return shipped_bench(shipped())


def _by_model(bench: Bench, table: pa.Table, search: Search, rejected: int, rulings: Sequence[Ruling]) -> Row:
    given = Reach()
    reach = Reach(given.km if search.km is None else search.km, given.days if search.days is None else search.days)
    pairs = pairs_of(table, bench, reach)
    found = incidents_of(table.column("id").to_pylist(), pairs, rulings)
    rows, of_acts = _rows(table), _of_acts(table)
    low, high = count_of(found, of_acts)
    return {
        "method": MODEL, "km": reach.km, "days": reach.days, "reports": table.num_rows, "of_acts": len(of_acts),
        "rejected": rejected,
        "bands": {"certain": CERTAIN, "open": OPEN},
        "pairs": [_pair_row(pair) for pair in found.pairs],
        "incidents": [
            {"id": one.id, "reports": list(one.reports),
             "disagreements": disagreements(one, rows) if len(one.reports) > 1 else {}}
            for one in found.incidents
        ],
        "unresolved": [
            {**_pair_row(pair), "settles": settles(pair), "reports": [rows[pair.a], rows[pair.b]]}
            for pair in found.unresolved
        ],
        "count": {"low": low, "high": high}, "flagged": [], "overlap": [],
        "warnings": [*bench.warnings, *map(beaten_words, found.contradictions)],
        "why": _why(search.why, pairs, found, table) if search.why else None, "law": LAW,
    }  # fmt: skip


def _of_acts(table: pa.Table) -> list[str]:
    """The reports that tell of an act: words and counts over a period are no incidents."""
    ids, acts = table.column("id").to_pylist(), table.column("act").to_pylist()
    return [one for one, told in zip(ids, acts, strict=True) if tells_of_act(told or ())]


def settles(pair: Pair) -> list[str]:
    """What would settle a pair: the comparisons that are silent or against, the one with the most to give first."""
    model = shipped_models()["coded" if _is_of_coded(pair) else "reports"]
    room = []
    is_word = pair.levels["act"] in ("words", "word-and-deed", "counts")
    for one in because(model, pair.levels)[1:]:
        if one.comparison not in SETTLES or (is_word and one.comparison in ("weapon", "killed")):
            continue
        best = float(model.weights(one.comparison).max())
        if one.bits < 1.0 and best - one.bits > 1.0:
            room.append((one.bits - best, one.comparison))
    return [SETTLES[name] for _, name in sorted(room)[:3]]


def _is_of_coded(pair: Pair) -> bool:
    return any(one.partition(":")[0] in CODED for one in (pair.a, pair.b))


def _why(asked: tuple[str, str], pairs: Sequence[Pair], found: Found, table: pa.Table) -> Row:
    """A pair explained: each comparison with its level and its weight."""
    a, b = sorted(asked)
    if a == b:
        raise InputError(f"`--why`: expected two reports, got {quoted(a)} twice")
    of = found.of()
    for one in (a, b):
        if one not in of:
            raise InputError(f"no report {quoted(one)} among {table.num_rows}")
    pair = next((one for one in pairs if (one.a, one.b) == (a, b)), None)
    told: Row = {"a": a, "b": b, "probability": 0.0, "is_one": of[a] == of[b], "because": []}
    if pair is None:
        return told  # they do not meet in place and time, or can never be one
    model = shipped_models()["coded" if _is_of_coded(pair) else "reports"]
    because_rows = [
        {"comparison": one.comparison, "level": one.level, "bits": one.bits} for one in because(model, pair.levels)
    ]
    return {**told, "probability": pair.probability, "because": because_rows}


def _pair_row(pair: Pair) -> Row:
    return {"a": pair.a, "b": pair.b, "probability": pair.probability, "levels": dict(pair.levels)}


def _rows(table: pa.Table) -> dict[str, Row]:
    """What each report says, in the fields in which reports can differ."""
    names = ["id", "may_export", *FIELDS.values(), "count_low", "count_high", "count_unit", "killed_low", "killed_high"]
    made = {}
    for row in table.select(names).to_pylist():
        if row["may_export"] is False:
            made[row["id"]] = {"id": row["id"]}  # the terms of its source: its words are not passed on
            continue
        told: Row = {name: row[column] for name, column in FIELDS.items()}
        told["count"] = _amount(row, "count", row["count_unit"] or "")
        told["killed"] = _amount(row, "killed", "")
        made[row["id"]] = {"id": row["id"], **{name: value for name, value in told.items() if value}}
    for told in made.values():
        told.pop("id")
    return made


def _amount(row: Mapping[str, Any], name: str, unit: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if low is None and high is None:
        return ""
    if low == high:
        text = str(low)
    else:
        text = f"at most {high}" if low is None else f"at least {low}" if high is None else f"{low} to {high}"
    return f"{text} {unit}".strip()


# -- windows ---------------------------------------------------------------------------------------------------------


def _by_windows(bench: Bench, table: pa.Table, search: Search, rejected: int, ruled: int) -> Row:
    events, unplaced = events_of(table, bench.agreement.acts, bench.agreement.group)
    made = _answer(events, search, rejected, _of_acts(table), extra=unplaced)
    warnings = [f"{len(unplaced)} reports have no point: windows cannot place them"] if unplaced else []
    if ruled:
        warnings.append(f"windows know nothing of people: {ruled} pairs that they ruled on are matched like any other")
    return {**made, "reports": table.num_rows, "warnings": [*bench.warnings, *warnings]}


def _of_coded(paths: Sequence[Path], search: Search) -> Row:
    """Tables of coded events, in the order in which they are given."""
    if search.method == MODEL:
        raise InputError("coded events with taxonomies are matched by `--method windows`")
    taxonomies = {_bare(path.stem): taxonomy_of(_cells(path)) for path in search.taxonomies}
    events: list[Event] = []
    rejected: list[Rejected] = []
    ignored: dict[str, None] = {}
    known: dict[str, None] = {}
    for path in paths:
        read, bad, columns = _events_in(path, taxonomies)
        events, rejected = events + read, rejected + bad
        known |= dict.fromkeys(_bare(name) for name in columns)
        ignored |= dict.fromkeys(name for name in columns if _bare(name) not in taxonomies)
    unknown = [name for name in taxonomies if name not in known]
    if unknown:
        raise InputError(
            f"the taxonomy {quoted(unknown[0])} has no column: expected one of {', '.join(known) or 'none'}"
        )
    made = _answer(events, search, len(rejected), [event.id for event in events])
    told = [f"{one.file}:{one.line}: {one.field}: {one.reason}" for one in rejected[:20]]
    spare = [f"column `{name}` has no taxonomy and is not compared" for name in ignored]
    return {**made, "warnings": spare + told}


def _answer(
    events: Sequence[Event], search: Search, rejected: int, of_acts: Sequence[str], extra: Sequence[str] = ()
) -> Row:
    if search.why:
        raise InputError("`--why` explains the pairs of `--method model`; windows give their fit")
    given = Windows()
    windows = Windows(given.km if search.km is None else search.km, given.days if search.days is None else search.days)
    result = matched(events, windows)
    found = incidents_of_matches({**result.incidents, **{one: (one,) for one in extra}}, result.flagged)
    low, high = count_of(found, of_acts)
    return {
        "method": WINDOWS, "km": windows.km, "days": windows.days, "reports": len(events), "of_acts": len(of_acts),
        "rejected": rejected, "bands": None,
        "pairs": [
            {"a": min(m.kept, m.removed), "b": max(m.kept, m.removed), "probability": round(1 - m.fit, 4), "fit": m.fit}
            for m in result.matches
        ],
        "incidents": [{"id": key, "reports": list(ids)} for key, ids in result.incidents.items()]
        + [{"id": one, "reports": [one]} for one in extra],
        "unresolved": [], "count": {"low": low, "high": high},
        "flagged": [{"event": a, "episode": b} for a, b in result.flagged],
        "overlap": [{"datasets": list(key), "incidents": n} for key, n in overlap(result, events).items()],
        "matches": _match_counts(result), "warnings": [], "why": None, "law": LAW,
    }  # fmt: skip


def _match_counts(result: Matched) -> Row:
    several = [key for key, ids in result.incidents.items() if len(ids) > 1]
    episodes = sum(key in result.episodes for key in several)
    return {
        "incidents": len(several), "events": len(several) - episodes, "episodes": episodes,
        "removed": len(result.matches),
    }  # fmt: skip


def _head(path: Path) -> set[str]:
    """The columns of a table, if the file is one."""
    with path.open("rb") as file:
        head = file.readline(1 << 16).decode("utf-8-sig", "replace")
    return {name.strip().strip('"') for name in head.split(",")}


def _bare(name: str) -> str:
    """What a column of categories and the file of its taxonomy have in common: `color` of `tax_color_tax.csv`."""
    return name.removeprefix("tax_").removesuffix("_tax")


def _cells(path: Path) -> Iterable[Sequence[str]]:
    """The rows of a taxonomy, its head left out."""
    try:
        with path.open("rb") as file:
            reader = csv.reader(lines_of(opened(file, path.name), path.name), strict=True)
            next(reader, None)
            yield from reader
    except OSError as error:
        raise InputError(Fault(f"cannot be read: {error.strerror}", str(path))) from None
    except csv.Error as error:
        raise InputError(Fault(f"not CSV: {error}", path.name)) from None


def _events_in(path: Path, taxonomies: Mapping[str, Any]) -> tuple[list[Event], list[Rejected], list[str]]:
    """The events of a table, its rejected rows, and its columns of categories."""
    rows = Rows(path.name)
    events: list[Event] = []
    seen: set[str] = set()
    with path.open("rb") as file:
        reader = csv.DictReader(lines_of(opened(file, path.name), path.name), restval="", strict=True)
        try:
            reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
            columns = [name for name in reader.fieldnames if name not in COLUMNS]
            used = {name: taxonomies[_bare(name)] for name in columns if _bare(name) in taxonomies}
            for raw in reader:
                try:
                    event = event_of({name: raw[name] or "" for name in (*COLUMNS, *used)}, used)
                    if event.id in seen:
                        raise RowFault("event", f"stands in this file twice: {quoted(event.id)}")
                    seen.add(event.id)
                    events.append(event)
                except RowFault as fault:
                    rows.reject(reader.line_num, raw["event"] or "", fault)
        except csv.Error as error:
            raise InputError(Fault(f"not CSV: {error}", path.name, reader.line_num)) from None
    return events, rows.rejected, columns
