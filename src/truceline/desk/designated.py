"""Which map of designated areas do two sides agree on, cell by cell, and how does it become part of the agreement?

Each side proposes cells (`map-proposal`) and answers those of the other (`map-answer`); what both hold can be signed by
both as a version (`map-version`). A version changes nothing by itself: `map_draft` writes from it the areas file and
the amended text, and those become the agreement as any amendment does, by every signatory. Cells restrict, never
release: no cell ever shows that a target was excluded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from truceline.agreement.model import Agreement
from truceline.desk.charters import clock_of
from truceline.desk.entries import index_of
from truceline.desk.exchanged import begin_of, cells_then, stated, text_in_force
from truceline.desk.viewers import Viewer, require
from truceline.errors import SubmissionError, quoted
from truceline.exchange.areas import ROUND_S, round_end
from truceline.exchange.designated import STANDS, Moved, Said, Step, agreed, map_of, moved
from truceline.exchange.floor import Cell, check_cells
from truceline.record.charter import read_body
from truceline.record.entry import Statement
from truceline.span import utc_text
from truceline.store.case import Case
from truceline.verdict import YES

PROPOSAL, ANSWER, VERSION = STEPS = ("map-proposal", "map-answer", "map-version")
MOST_TEXT = 280


class MapProposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole map as one side proposes it: what it proposed before and does not name here, it withdraws.

    Attributes:
        cells: H3 cells of resolution 5 or coarser, sorted; none = it withdraws all.
        text: words, without a position.
    """

    cells: tuple[Cell, ...]
    text: str = ""


class MapAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a side says to cells that the other proposed.

    Attributes:
        to: index of the entry of the proposal.
        agrees: cells of it, sorted; `disputes`: others of it.
        text: words, without a position.
    """

    to: int
    agrees: tuple[Cell, ...] = ()
    disputes: tuple[Cell, ...] = ()
    text: str = ""


class MapVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The map as both sides sign it.

    Attributes:
        cells: that both hold at this entry, all of them or some, sorted.
        replaces: index of the version before; 0 = it is the first.
        text: words, without a position.
    """

    cells: tuple[Cell, ...]
    replaces: int = 0
    text: str = ""


@dataclass(frozen=True)
class CellShown:
    """A cell of the map.

    Attributes:
        stands: `agreed`, `a`, `b`, `disputed` or `neither`.
        holds: the sides that hold it; `denies`: that say no to it.
        is_signed: it is part of the newest version.
    """

    cell: str
    stands: str
    holds: tuple[str, ...]
    denies: tuple[str, ...]
    is_signed: bool
    history: tuple[Said, ...]


@dataclass(frozen=True)
class VersionShown:
    """A version that both sides signed.

    Attributes:
        number: 1 for the first.
    """

    index: int
    number: int
    at: str
    cells: tuple[str, ...]
    signed_by: tuple[str, ...]


@dataclass(frozen=True)
class MapShown:
    """The map of designated areas.

    Attributes:
        a: the first of the two sides, in the order of the text; `b`: the second.
        cells: every cell that was spoken of, sorted.
        version: the newest that both signed; None = none.
        versions: all of them, in order.
        moved: what moved since the newest version; an indicator with its coverage, never a finding.
    """

    a: str
    b: str
    cells: list[CellShown]
    version: VersionShown | None
    versions: list[VersionShown]
    moved: list[Moved]


# -- who the two sides are ---------------------------------------------------------------------------------------------


def sides_of(text: Agreement) -> tuple[str, str]:
    """The two sides of a map: the guarantors where the text has two, else its two sides.

    Raises:
        SubmissionError: it has neither two of the one nor of the other.
    """
    for kind in ("guarantor", "side"):
        found = [party.id for party in text.parties.values() if party.kind == kind]
        if len(found) == 2:
            return found[0], found[1]
    raise SubmissionError("a map is of two sides: expected two guarantors, or two sides, in the text")


def side_of(text: Agreement, by: str) -> str:
    """The side for which somebody speaks of the map.

    Raises:
        SubmissionError: for neither.
    """
    for side in sides_of(text):
        if by == side or text.group.belongs(by, side) == YES:
            return side
    raise SubmissionError(f"`by`: {quoted(by)} speaks for neither side of the map: {', '.join(sides_of(text))}")


# -- what is refused ---------------------------------------------------------------------------------------------------


def check_map(body: MapProposal | MapAnswer | MapVersion, by: str, text: Agreement) -> None:
    """Refuse what is no step of a map, whatever was said before.

    Raises:
        SubmissionError: by neither side, a cell is finer than the floor, or an answer says yes and no at once.
    """
    side_of(text, by)
    if len(body.text) > MOST_TEXT:
        raise SubmissionError(f"`text`: expected at most {MOST_TEXT} characters, got {len(body.text)}")
    if not isinstance(body, MapAnswer):
        check_cells(body.cells, may_lack=True)
        return
    for field, cells in (("agrees", body.agrees), ("disputes", body.disputes)):
        check_cells(cells, field, may_lack=True)
    if not body.agrees and not body.disputes:
        raise SubmissionError("`agrees`, `disputes`: expected a cell in one of them")
    if both := set(body.agrees) & set(body.disputes):
        raise SubmissionError(f"`disputes`: {len(both)} cells are in `agrees` too")


def check_step(new: Step, body: Any, steps: list[Step], signers: Iterable[str], text: Agreement) -> None:  # noqa: ANN401
    """Refuse a step that does not follow from those before it.

    Args:
        new: the step.
        body: one of the three bodies.
        steps: those before, in the order of the record.
        signers: the parties that signed the entry.
        text: in force.

    Raises:
        SubmissionError: an answer to no proposal of the other side, or to cells that it does not name or has
            withdrawn; a version that both sides did not sign, that holds what is not agreed, or that replaces another
            one than the newest.
    """
    if isinstance(body, MapAnswer):
        one = next((step for step in steps if step.index == body.to and step.what == "propose"), None)
        if one is None or one.by == new.by:
            raise SubmissionError(f"`to`: expected a proposal of the other side, got entry {body.to}")
        strange = {*body.agrees, *body.disputes} - set(one.cells)
        if strange:
            raise SubmissionError(f"`to`: {len(strange)} cells are not of the proposal in entry {body.to}")
        newest_of = max((s for s in steps if s.by == one.by and s.what == "propose"), key=lambda s: s.index)
        gone = {*body.agrees, *body.disputes} - set(newest_of.cells)
        if gone:
            raise SubmissionError(f"`to`: {len(gone)} cells were withdrawn by entry {newest_of.index}")
    if isinstance(body, MapVersion):
        signed = {side for by in signers if (side := _side(text, by))}
        missing = [side for side in sides_of(text) if side not in signed]
        if missing:
            raise SubmissionError(f"a version of the map is signed by both sides: not by {', '.join(missing)}")
        newest = max((step.index for step in steps if step.what == "version"), default=0)
        if body.replaces != newest:
            raise SubmissionError(f"`replaces`: expected {newest}, the newest version, got {body.replaces}")
        loose = set(body.cells) - set(agreed(map_of(steps, sides_of(text))))
        if loose:
            raise SubmissionError(f"`cells`: {len(loose)} are not held by both sides")


def _side(text: Agreement, by: str) -> str:
    try:
        return side_of(text, by)
    except SubmissionError:
        return ""


def step_of(one: Statement, text: Agreement, *, index: int, at: int) -> Step:
    """A step of the map as plain values of `exchange`.

    Args:
        one: the statement.
        text: that says for which side it is.
        index: of its entry.
        at: UTC second.
    """
    kind, body, side = one.type, one.body, _side(text, one.by) or one.by
    if kind == ANSWER:
        said: MapAnswer = read_body(body, MapAnswer, kind)
        return Step(index, at, side, "answer", said.agrees, said.disputes)
    if kind == VERSION:
        signed: MapVersion = read_body(body, MapVersion, kind)
        return Step(index, at, side, "version", signed.cells)
    made: MapProposal = read_body(body, MapProposal, kind)
    return Step(index, at, side, "propose", made.cells)


def steps_of(case: Case, text: Agreement, upto: int | None = None) -> Iterator[Step]:
    """Every step of the map, in the order of the record, among the first `upto` entries."""
    types, entries = index_of(case).types, case.entries()
    for index in sorted(index for kind in STEPS for index in types.get(kind, ())):
        if upto is not None and index >= upto:
            return
        said = entries[index]
        yield step_of(said.statement, text, index=index, at=said.known_at)


# -- what is shown -----------------------------------------------------------------------------------------------------


def map_shown(case: Case, viewer: Viewer, now: int | None = None) -> MapShown:
    """The map: how each cell stands, with its history; what was signed; what moved since then.

    Args:
        case: as it is kept.
        viewer: who asks.
        now: UTC second; None = the clock of the case.

    Raises:
        AccessError: it is not for this viewer. SubmissionError: the text has no two sides.
    """
    require(viewer, "map", "read")
    text = text_in_force(case)
    sides = sides_of(text)
    steps = list(steps_of(case, text))
    versions = list(_versions(case, steps))
    newest = versions[-1] if versions else None
    cells = [
        CellShown(one.cell, one.stands, one.holds, one.denies, one.is_signed, one.history)
        for one in map_of(steps, sides)
    ]
    at = clock_of(case.charter())() if now is None else now
    return MapShown(sides[0], sides[1], cells, newest, versions, moved_since(case, viewer, newest, at))


def _versions(case: Case, steps: Iterable[Step]) -> Iterator[VersionShown]:
    entries = case.entries()
    for number, step in enumerate((step for step in steps if step.what == "version"), 1):
        signers = tuple(case.signers(entries[step.index]))
        yield VersionShown(step.index, number, utc_text(step.at), step.cells, signers)


def moved_since(case: Case, viewer: Viewer, version: VersionShown | None, now: int) -> list[Moved]:
    """What moved of the groups whose areas a viewer is shown, since a version; nothing without one.

    Its coverage is in how many of the rounds of seven days since then somebody spoke of the group at all: where nobody
    did, that nothing moved says nothing.
    """
    if version is None:
        return []
    signed_at = case.entries()[version.index].known_at
    return moved_between(case, viewer, (signed_at, now), now, version.cells)[0]


Cells = Mapping[tuple[str, str], tuple[str, ...]]


def moved_between(
    case: Case, viewer: Viewer, window: tuple[int, int], now: int, signed: tuple[str, ...] = ()
) -> tuple[list[Moved], tuple[Cells, Cells]]:  # fmt: skip
    """What moved between two seconds, of what a viewer is shown now, and what was shown at each.

    Args:
        case: as it is kept.
        viewer: who asks.
        window: two UTC seconds.
        now: UTC second at which is asked.
        signed: the cells of a map.
    """
    begin, tz = begin_of(case), text_in_force(case).tz
    then, after = (cells_then(case, viewer, at, now) for at in window)
    since, until = (round_end(at, begin) for at in window)
    rounds = (until - since) // ROUND_S
    spoken: dict[tuple[str, str], set[int]] = {}
    for one, _ in stated(case, viewer, tz):
        if since <= one.at < until:
            spoken.setdefault((one.group, one.by), set()).add(round_end(one.at, begin))
    coverage = {key: (len(spoken.get(key, ())), rounds) for key in {*then, *after}}
    return moved(then, after, signed, coverage), (then, after)


def proposed_in(case: Case, index: int) -> tuple[str, ...]:
    """The cells of a proposal.

    Raises:
        SubmissionError: the entry is none.
    """
    if index not in index_of(case).types.get(PROPOSAL, ()):
        raise SubmissionError(f"`to`: expected a proposal of the map, got entry {index}")
    made: MapProposal = read_body(case.entries()[index].statement.body, MapProposal, PROPOSAL)
    return made.cells


def map_row(shown: MapShown) -> dict[str, Any]:
    """A map as plain values."""
    versions = [
        {"entry": one.index, "number": one.number, "at": one.at, "cells": list(one.cells),
         "signed_by": list(one.signed_by)}
        for one in shown.versions
    ]  # fmt: skip
    cells = [
        {
            "cell": one.cell, "stands": one.stands, "holds": list(one.holds), "denies": list(one.denies),
            "is_signed": one.is_signed,
            "history": [{"entry": h.index, "at": utc_text(h.at), "by": h.by, "what": h.what} for h in one.history],
        }
        for one in shown.cells
    ]  # fmt: skip
    counts = {name: sum(one.stands == name for one in shown.cells) for name in STANDS}
    moved_ = [
        {
            "group": one.group, "by": one.by, "gained": list(one.gained), "lost": list(one.lost),
            "gained_inside": one.gained_inside, "lost_inside": one.lost_inside, "stated": one.stated,
            "rounds": one.rounds,
        }
        for one in shown.moved
    ]  # fmt: skip
    return {
        "a": shown.a, "b": shown.b, "counts": counts, "cells": cells, "versions": versions,
        "version": versions[-1]["number"] if versions else None, "moved": moved_,
    }  # fmt: skip
