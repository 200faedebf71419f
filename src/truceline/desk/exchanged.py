"""Where does a group stand, as areas and never as positions: what is said of it, who reads it, and what is shown?

A statement of type `area` names a group, a day, and cells; nothing in it can hold more. A group that gives its own
area, or somebody who stands above it, seals the statement for named readers: what a record holds openly it holds for
ever, and areas that were given for protection are destroyed when the group is expelled or the agreement ends
(`desk.destroying`). The keeper is always among the readers: nothing is taken unread, for it might be finer than a cell.

What is shown is late, seldom and steady (`exchange.areas`), is shown by itself and never joined to incidents, fires or
tracks: in UCDP's data of 2016 two cell-fortnights in five hold one exact place, so joined to it a cell is a place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from truceline.agreement.model import Agreement
from truceline.desk import keyring
from truceline.desk.charters import clock_of
from truceline.desk.entries import index_of, reading_keys
from truceline.desk.viewers import Viewer, require
from truceline.errors import InputError, StoreError, SubmissionError, VerificationError, quoted
from truceline.exchange.areas import Standing, Stated, standing
from truceline.exchange.floor import Cell, check_cells
from truceline.group import DESK
from truceline.record.charter import read_body
from truceline.record.entry import Sealed
from truceline.record.seal import Box, open_box
from truceline.span import parse_span, utc_text
from truceline.store.case import Case, Said
from truceline.verdict import YES

AREA = "area"
MOST_TEXT = 280
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
GROUPS = ("group", "force", "side", "state", "body")
"""What kinds of actors stand somewhere; who hands over lists, or watches, does not."""


class Area(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a group stands, as somebody says it of one day.

    Attributes:
        group: an actor of the text.
        day: ISO date, of the agreement's zone: the statement tells of this day.
        cells: H3 cells of resolution 5 or coarser, sorted; none = nowhere.
        text: words, without a position; empty for none.
    """

    group: str
    day: str
    cells: tuple[Cell, ...]
    text: str = ""


@dataclass(frozen=True)
class AreaShown(Standing):
    """What is shown of a group, as one speaker says it.

    Attributes:
        is_own: it was given by the group itself or by who stands above it, for its protection.
    """

    is_own: bool


# -- what is refused ---------------------------------------------------------------------------------------------------


def is_own(text: Agreement, group: str, by: str) -> bool:
    """Whether somebody gives the area of a group of his own: itself, a part of it, what it is a part of, its side."""
    side = text.group.side(group)
    is_one_side = bool(side) and side in (by, text.group.side(by))
    return is_one_side or text.group.belongs(group, by) == YES or text.group.belongs(by, group) == YES


def is_group(text: Agreement, actor: str) -> bool:
    """Whether an actor of the text is of a kind that stands somewhere."""
    found = text.parties.get(actor)
    return found is not None and found.kind in GROUPS


def check_area(body: Area, text: Agreement) -> None:
    """Refuse what is no statement of a standing area, whoever says it.

    Raises:
        SubmissionError: a cell is finer than the floor, the group is none, or the day is no day.
    """
    check_cells(body.cells, may_lack=True)
    if not is_group(text, body.group):
        raise SubmissionError(f"`group`: the text knows no group {quoted(body.group)}")
    day_end(body.day, text.tz)
    if len(body.text) > MOST_TEXT:
        raise SubmissionError(f"`text`: expected at most {MOST_TEXT} characters, got {len(body.text)}")


def check_openness(body: Area, by: str, text: Agreement, *, is_sealed: bool) -> None:
    """Refuse an open statement of what has to be destroyed one day.

    Raises:
        SubmissionError: it is of one's own group and everybody could read it for ever.
    """
    if is_own(text, body.group, by) and not is_sealed:
        raise SubmissionError("`sealed`: one's own area is sealed for its readers: what is open can never be destroyed")


def day_end(day: str, tz: str) -> int:
    """The UTC second at which a day is over.

    Raises:
        SubmissionError: it is no day.
    """
    try:
        span = parse_span(day, tz) if _DAY.fullmatch(day) else None
    except InputError:
        span = None
    if span is None:
        raise SubmissionError(f"`day`: expected a day such as `2016-02-27`, got {quoted(day)}")
    return span.end


# -- reading what is sealed --------------------------------------------------------------------------------------------


def readers_of(box: bytes) -> set[str]:
    """The ids of the keys for which a box was sealed."""
    try:
        return set(msgspec.json.decode(box, type=Box).wraps)
    except msgspec.DecodeError:
        raise SubmissionError("`sealed`: the box is none") from None


def opened_with(sealed: Sealed, box: bytes, party: str, *, is_demo: bool) -> bytes | None:
    """A sealed body, opened with a reading key of a party that this machine holds; None when none of them fits."""
    for reader in keyring.keys_of(party, "read", is_demo=is_demo):
        try:
            return open_box(sealed, box, reader.id, reader.secret)
        except VerificationError:
            continue
    return None


def area_in(data: bytes) -> Area:
    """A body as it was sealed.

    Raises:
        SubmissionError: it is none; the message never repeats what it holds.
    """
    try:
        return msgspec.json.decode(data, type=Area)
    except (msgspec.DecodeError, RecursionError):
        raise SubmissionError("`sealed`: not a statement of a standing area: a group, a day and cells") from None


def area_of(case: Case, said: Said, viewer: Viewer) -> Area | None:
    """What a statement says to somebody; None when it is sealed for others, was destroyed, or this machine has no key.

    INVARIANT: a body that the keeper's key opens is given to those alone for whom it was sealed.
    """
    one = said.statement
    if one.sealed is None:
        found: Area = read_body(one.body, Area, AREA)
        return found
    if said.index in case.register().shredded or not case.store.has_blob(one.sealed.box):
        return None
    party = DESK if viewer.role == "secretariat" else viewer.party
    box = case.store.blob(one.sealed.box)
    if not party or readers_of(box).isdisjoint(reading_keys(case, party)):
        return None
    is_demo = case.charter().is_demo
    for holder in dict.fromkeys((party, DESK)):
        data = opened_with(one.sealed, box, holder, is_demo=is_demo)
        if data is not None:
            return area_in(data)
    return None


def stated(case: Case, viewer: Viewer, tz: str, upto: int | None = None) -> Iterator[tuple[Stated, Area]]:
    """Every statement of a standing area that somebody may read, among the first `upto` entries."""
    entries = case.entries()
    for index in index_of(case).types.get(AREA, ()):
        if upto is not None and index >= upto:
            return
        said = entries[index]
        body = area_of(case, said, viewer)
        if body is not None:
            end = day_end(body.day, tz)
            yield Stated(index, said.known_at, body.group, said.statement.by, body.cells, end), body


def begin_of(case: Case) -> int:
    """The UTC second at which the record began: from it the rounds are counted."""
    return case.entries()[0].known_at


# -- what is shown -----------------------------------------------------------------------------------------------------


def areas_shown(case: Case, viewer: Viewer, now: int | None = None, asked: int | None = None) -> list[AreaShown]:
    """The standing areas that somebody is shown: cells, and nothing that could be joined to them.

    INVARIANT: no area that a group gave for its own protection is among them once that is over, or cannot be told.

    Args:
        case: as it is kept.
        viewer: who asks.
        now: UTC second; None = the clock of the case.
        asked: UTC second at which an earlier `now` is asked for; None = the same.

    Raises:
        AccessError: areas are not for this viewer.
    """
    require(viewer, AREA, "read")
    text = text_in_force(case)
    at = clock_of(case.charter())() if now is None else now
    found = standing((one for one, _ in stated(case, viewer, text.tz)), begin=begin_of(case), now=at)
    shown = [_shown(one, text) for one in found]
    if not any(one.is_own for one in shown):
        return shown
    from truceline.desk.protecting import fate_of  # noqa: PLC0415  # it reads the record, whose gate asks this module

    fate = fate_of(case, at if asked is None else asked)
    return [one for one in shown if not (one.is_own and fate.is_over(one.group))]


def _shown(one: Standing, text: Agreement) -> AreaShown:
    own = is_own(text, one.group, one.by)
    return AreaShown(**vars(one), is_own=own)


def text_in_force(case: Case) -> Agreement:
    """The text in force.

    Raises:
        StoreError: there is none yet.
    """
    from truceline.desk.gate import text_of  # noqa: PLC0415  # the gate asks the statements, which ask this module

    found = text_of(case)
    if found is None:
        raise StoreError(f"{case.where}: the record holds no agreement")
    return found


def cells_then(case: Case, viewer: Viewer, at: int, asked: int) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """(group, speaker) to the cells that were shown at a second, of those that are shown at a later one too."""
    return {(one.group, one.by): one.cells for one in areas_shown(case, viewer, at, asked)}


def area_rows(shown: Iterable[AreaShown]) -> list[dict[str, Any]]:
    """Areas as plain values."""
    return [
        {
            "group": one.group, "by": one.by, "cells": list(one.cells), "since": utc_text(one.since),
            "until": utc_text(one.until), "entry": one.index, "told_until": utc_text(one.at), "own": one.is_own,
        }
        for one in shown
    ]  # fmt: skip
