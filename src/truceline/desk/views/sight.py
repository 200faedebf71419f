"""How finely may a reader see each row? The one function between a sheet and every list, count, map and download.

The steps, repeated at their lines: 1 what a row is to the place ladder, and whether it was published, 2 the delays of
the ladder, 3 consent, as it is known now. What is left out of a sheet (`sheet`) no reader sees at all.

A reader never sees more in an older state of the record than now: consent and the clock are those of now, and what
counts as published then is what was published by then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from truceline.desk.consent import Consents
from truceline.desk.lists import safe_id
from truceline.desk.views.sheet import INCIDENT, OBSERVER, TRACK, WITHDRAWAL, Sheet
from truceline.evidence.schema import JOINT, ONE, Named
from truceline.group import Group, Sight, delay_s, may_see, role_of
from truceline.span import FAR_AHEAD
from truceline.verdict import YES

Levels = NDArray[np.int8]


@dataclass(frozen=True)
class Moment:
    """When somebody looks, and at which state of the record.

    Attributes:
        at: UTC second of the clock of the record.
        known_at: UTC second of the state that is looked at; None = the newest.
    """

    at: int
    known_at: int | None = None

    @property
    def published_by(self) -> int:
        """What was published by then counts as published."""
        return self.at if self.known_at is None else min(self.at, self.known_at)


@dataclass(frozen=True)
class Sighted:
    """How finely a reader sees each row.

    Attributes:
        level: `(n,)` a `Sight` for each row.
        withheld: `(n,)` rows that only consent keeps from this reader.
        until: UTC second at which, with the same record, this may change; `FAR_AHEAD` = never.
    """

    level: Levels
    withheld: NDArray[np.bool_]
    until: int

    @property
    def is_listed(self) -> NDArray[np.bool_]:
        """`(n,)` whether a row is told of by itself, not only counted."""
        found: NDArray[np.bool_] = self.level >= Sight.REGION
        return found


def sighted(sheet: Sheet, reader: str, consents: Consents, group: Group, moment: Moment) -> Sighted:
    """How finely a reader sees each row of a sheet.

    Args:
        sheet: the rows.
        reader: `secretariat`, `party:ID` or `public`; anybody else sees as the public.
        consents: as `known_by_shown_ids` gives them.
        group: who is part of whom.
        moment: when.
    """
    what = sheet.numbers("what")
    level = np.zeros(len(sheet), np.int8)
    published = sheet.numbers("published_at") <= moment.published_by
    for is_published in (False, True):  # 1
        rows = published == is_published
        level[rows & (what == INCIDENT)] = may_see(reader, "incident", is_published=is_published)
    level[what == OBSERVER] = may_see(reader, "observer")
    own = _owned(sheet.names, reader, group)[sheet.numbers("actor")]
    for is_own in (False, True):
        level[(what == WITHDRAWAL) & (own == is_own)] = _of_withdrawal(may_see(reader, "withdrawal", is_own=is_own))
    level[what == TRACK] = _tracks(sheet, reader, moment, published)  # 2
    refused = np.zeros(len(sheet), bool)
    shut = consents.withheld([sheet.table.select(["id", "reporter_withheld"])], reader, moment.at)  # 3
    for key in shut:
        row = sheet.row(key)
        if row is not None:
            refused[row] = True
    withheld = refused & (level >= Sight.REGION)
    level[refused] = Sight.NOTHING
    return Sighted(level, withheld, _until(sheet, reader, consents, moment))


def known_by_shown_ids(consents: Consents) -> Consents:
    """The same statements, about reports by the ids that are shown."""
    return Consents(
        tuple(
            replace(one, consent=msgspec.structs.replace(one.consent, about=safe_id(one.consent.about)))
            for one in consents.spoken
        )
    )


def of_origin(reader: str, end: int, at: int) -> Sight:
    """How finely a reader sees where something came from that was over at a second."""
    return may_see(reader, "origin", age_s=at - end)


def _of_withdrawal(sight: Sight) -> Sight:
    """Forces of others in a withdrawal zone are counted, inside or outside, and never told of one by one."""
    return sight if sight >= Sight.TOWN else Sight.COUNT if sight else Sight.NOTHING


def _owned(names: Iterable[Named], reader: str, group: Group) -> NDArray[np.bool_]:
    """For each name whether it is surely the reader's own."""
    party = reader.partition(":")[2] if role_of(reader) == "party" else ""

    def is_own(named: Named) -> bool:
        told = named.mode in (ONE, JOINT) and bool(named.ids) and not named.is_umbrella
        return told and all(one in group.parties and group.belongs(one, party) == YES for one in named.ids)

    return np.array([bool(party) and is_own(named) for named in names], bool)


def _tracks(sheet: Sheet, reader: str, moment: Moment, published: NDArray[np.bool_]) -> Levels:
    """Tracks are told as where fire came from is: later, and to the public only what was published."""
    rows = np.flatnonzero(sheet.numbers("what") == TRACK)
    late = moment.at - sheet.numbers("end")[rows] >= delay_s(reader, "origin")
    found = np.where(late, may_see(reader, "origin", age_s=FAR_AHEAD), may_see(reader, "origin")).astype(np.int8)
    if role_of(reader) == "public":
        found[~published[rows]] = Sight.NOTHING
    return found


def _until(sheet: Sheet, reader: str, consents: Consents, moment: Moment) -> int:
    """The next second at which a date of publication, a consent or a delay of the ladder makes a difference."""
    ahead = [one.until for one in consents.spoken if one.until > moment.at]
    published = sheet.numbers("published_at")
    if role_of(reader) == "public":
        ahead += [int(published[published > moment.at].min(initial=FAR_AHEAD))]
    delay = delay_s(reader, "origin")
    if delay:
        rows = (sheet.numbers("origin") >= 0) | (sheet.numbers("what") == TRACK)
        due = sheet.numbers("end")[rows] + delay
        ahead += [int(due[due > moment.at].min(initial=FAR_AHEAD))]
    return min(ahead, default=FAR_AHEAD)
