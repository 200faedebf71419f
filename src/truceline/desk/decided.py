"""What has been decided about the reports of a case: which tell of one incident, how a report is graded, where it lies?

A search for duplicates is kept as an entry of the record, with the pairs it found as a file; what people ruled beats
it. Both count from their own place in the record on: an assessment as known before is what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from truceline.assess.incidents import Told
from truceline.canon import sha256
from truceline.desk.records import Draft
from truceline.desk.rulings import rulings_of
from truceline.errors import Fault, InputError, VerificationError, one_line, quoted
from truceline.evidence.incidents import OPEN, Contradiction, Found, Pair, incidents_of
from truceline.evidence.schema import SCHEMA, region_row
from truceline.space import Region
from truceline.store.case import Case

PAIRS = "pairs"
PAIRS_FILE = "pairs.jsonl"
PADDED = 65_536
"""Bytes: the file of pairs is filled up to a multiple of it; at least `LEAST_SALT` bytes of salt go before."""

LEAST_SALT = 32
_SALT = b'{"salt":"'


@dataclass(frozen=True)
class People:
    """What people, and the search for duplicates, have decided about reports.

    Attributes:
        told: which reports tell of one incident.
        grades: report to the grade that a person gave it.
        places: report to the unit in which a person placed it.
        support: report to whether it is supported, as a body ruled.
        warnings: what a reader of the answers has to know of this.
    """

    told: Told = field(default_factory=lambda: Told({}))
    grades: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    support: Mapping[str, bool] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    a: str
    b: str
    probability: float


class _Pair(msgspec.Struct, frozen=True):
    a: str
    b: str
    probability: float


class _Incident(msgspec.Struct, frozen=True):
    id: str
    reports: list[str]


class _Flagged(msgspec.Struct, frozen=True):
    event: str
    episode: str


class _File(msgspec.Struct, frozen=True):
    incidents: list[_Incident]
    pairs: list[_Pair] = []
    unresolved: list[_Pair] = []
    flagged: list[_Flagged] = []


def people_of(case: Case, upto: int) -> People:
    """What was decided among the first `upto` entries of a record."""
    ruled = rulings_of(case, upto)
    found = found_of(case, upto)
    several = {one.id: one.reports for one in found.incidents if len(one.reports) > 1}
    open_ = tuple((pair.a, pair.b) for pair in found.unresolved)
    notes = (*_stale(case, upto), *map(beaten_words, found.contradictions))
    return People(Told(several, open_), ruled.grades, ruled.places, ruled.support, notes)


def _stale(case: Case, upto: int) -> tuple[str, ...]:
    """Whether evidence came in after the newest search."""
    said = case.said(PAIRS, upto)
    searched = set(said[-1].statement.body["of"]) if said else set()
    added = [one for one in case.journal() if one.sequence < upto]
    replaced = {index for one in added for index in one.replaces}
    tables = {one.table_hash for one in added if one.table_hash and one.sequence not in replaced}
    missing = len(tables - searched)
    if not said or not missing:
        return ()
    return (f"{missing} tables came in after duplicates were last searched for: `truceline duplicates CASE --keep`",)


def beaten_words(one: Contradiction) -> str:
    """A ruling that a later one beats, in words."""
    first, later = one.beaten, one.by
    said = f"#{first.index} ({first.a}, {first.b}: {first.says}) does not count"
    return f"the ruling of {said}: that of #{later.index} ({later.a}, {later.b}: {later.says}) beats it"


def people_in(data: bytes, name: str) -> People:
    """What a file of incidents says: the answer of `truceline duplicates --json`.

    Raises:
        InputError: it is none, or a report stands in two incidents.
    """
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, RecursionError) as error:
        what = f"expected the answer of `truceline duplicates --json`: {one_line(str(error), 120)}"
        raise InputError(Fault(what, name)) from None
    _check_parts(file, name)
    several = {one.id: tuple(sorted(one.reports)) for one in file.incidents if len(one.reports) > 1}
    told = Told(several)
    likely = [(one.a, one.b) for one in (*file.pairs, *file.unresolved) if one.probability >= OPEN]
    open_ = dict.fromkeys([*likely, *((one.event, one.episode) for one in file.flagged)])
    return People(replace(told, unresolved=tuple(pair for pair in open_ if not _is_one(told, *pair))))


def _check_parts(file: _File, name: str) -> None:
    """Incidents part the reports, each under an id of its own; a probability is one."""
    ids: set[str] = set()
    reports: set[str] = set()
    for one in file.incidents:
        if one.id in ids:
            raise InputError(Fault(f"the incident {quoted(one.id)} stands here twice", name, 0, "incidents"))
        ids.add(one.id)
        for report in one.reports:
            if report in reports:
                raise InputError(Fault(f"the report {quoted(report)} stands in two incidents", name, 0, "incidents"))
            reports.add(report)
    for pair in (*file.pairs, *file.unresolved):
        if not 0 <= pair.probability <= 1:
            told = f"expected a probability of 0 to 1, got {quoted(pair.probability)}"
            raise InputError(Fault(told, name, 0, "pairs"))


def _is_one(told: Told, a: str, b: str) -> bool:
    return a in told.of_report and told.of_report[a] == told.of_report.get(b)


def found_of(case: Case, upto: int) -> Found:
    """The incidents of a case: by the newest search among the first `upto` entries, and by what people ruled."""
    pairs = pairs_of(case, upto)
    rulings = rulings_of(case, upto).pairs
    reports = {one for pair in pairs for one in (pair.a, pair.b)} | {r for one in rulings for r in (one.a, one.b)}
    return incidents_of(sorted(reports), pairs, rulings)


def pairs_of(case: Case, upto: int) -> list[Pair]:
    """The pairs that the newest search found; none before the first.

    Raises:
        VerificationError: its file is not what was put there.
    """
    said = case.said(PAIRS, upto)
    if not said:
        return []
    body = said[-1].statement.body
    data = case.store.blob(body["sha256"]).splitlines()
    try:
        lines = [msgspec.json.decode(line, type=_Line) for line in data if not line.startswith(_SALT)]
    except msgspec.DecodeError as error:
        raise VerificationError(f"entry {said[-1].index}: the pairs cannot be read: {error}") from None
    return [Pair(one.a, one.b, one.probability) for one in lines]


def pairs_draft(
    pairs: Iterable[Pair], of: Iterable[str], method: str, settings_sha256: str, salt: Callable[[int], bytes]
) -> Draft:
    """The statement of a search for duplicates.

    Args:
        pairs: what it found.
        of: hashes of the tables that were searched.
        method: its name.
        settings_sha256: hash of what it was set to.
        salt: gives so many bytes, which nobody can guess.
    """
    data = _salted(pairs_file(pairs), salt)
    body = {
        "file": PAIRS_FILE, "method": method, "of": sorted(of), "settings_sha256": settings_sha256,
        "sha256": sha256(data),
    }  # fmt: skip
    return Draft(PAIRS, body, files={PAIRS_FILE: data})


def pairs_file(pairs: Iterable[Pair]) -> bytes:
    """Pairs as lines of a file."""
    return b"".join(msgspec.json.encode(_Line(one.a, one.b, one.probability)) + b"\n" for one in sorted(pairs))


def _salted(lines: bytes, salt: Callable[[int], bytes]) -> bytes:
    """The same behind a salt that fills the file up: neither its hash nor its size says what is in it."""
    around = len(_SALT) + len(b'"}\n')
    room = -(len(lines) + around + 2 * LEAST_SALT) % PADDED + 2 * LEAST_SALT
    return _SALT + (salt((room + 1) // 2).hex()[:room]).encode() + b'"}\n' + lines


def as_ruled(table: pa.Table, places: Mapping[str, str]) -> pa.Table:
    """A table in which the reports that people placed lie in the unit they were placed in; the evidence stays as it is.

    Args:
        table: of `SCHEMA`, sorted by id.
        places: report to the code of a unit.
    """
    if not places:
        return table
    is_placed = pc.is_in(table.column("id"), pa.array(sorted(places), pa.string()))
    rows: list[dict[str, Any]] = table.filter(is_placed).to_pylist()
    for row in rows:
        country = (row["impact"] or {}).get("country") or ""
        row["impact"] = region_row(Region("area", areas=(places[row["id"]],), country=country))
    moved = pa.concat_tables([table.filter(pc.invert(is_placed)), pa.Table.from_pylist(rows, schema=SCHEMA)])
    return moved.take(pc.sort_indices(moved.column("id")))
