"""Which areas that were given for protection have to be destroyed now, and how is it done?

A group that gives its own area trusts that nobody strikes it by that. When it is expelled, or when the agreement ends,
the list would be a map of targets; so the bodies are destroyed: the box with its key wraps and its salt, by an entry
of type `shredding`, signed by as many as the charter asks for. The record's proofs stay, and show that there was one.

Nothing is destroyed by itself, and nobody alone can do it; shown it is no more long before (`protecting`). What is due
is said to everybody who may read areas; where it cannot be decided whether a group is expelled or the agreement ended,
that is said too, and nothing is due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from truceline.desk import records
from truceline.desk.charters import clock_of
from truceline.desk.exchanged import AREA, is_own, stated
from truceline.desk.protecting import ENDED, EXPELLED, fate_of
from truceline.desk.records import Draft, Place
from truceline.desk.runs import bench_of_case
from truceline.desk.viewers import Viewer, require
from truceline.errors import InputError
from truceline.group import DESK
from truceline.record.entry import read_entry
from truceline.record.log import Taken
from truceline.record.register import SHREDDING, Line
from truceline.record.tree import leaf_hash
from truceline.span import utc_text
from truceline.store.case import Case

REASONS = {
    EXPELLED: "the group that gave its area for its own protection was expelled",
    ENDED: "the agreement under which the area was given has ended",
}


@dataclass(frozen=True)
class Due:
    """One statement whose body is to be destroyed.

    Attributes:
        index: of its entry.
        group: whose area; `by`: who gave it.
        why: `expelled` or `ended`; empty = it cannot be decided, and is not due.
        commitment: of the sealed body.
        said: UTC time at which the record had it.
    """

    index: int
    group: str
    by: str
    why: str
    commitment: str
    said: str


@dataclass(frozen=True)
class Destroyed:
    """What is due, what cannot be decided, and who has to sign.

    Attributes:
        signers: the parties of the charter that may sign; `threshold`: so many of them have to.
    """

    due: tuple[Due, ...]
    undecided: tuple[Due, ...]
    signers: tuple[str, ...]
    threshold: int


def due_of(case: Case, viewer: Viewer, now: int | None = None) -> Destroyed:
    """What has to be destroyed at a moment, of what a viewer may read.

    Args:
        case: as it is kept.
        viewer: who asks; the secretariat reads all of it.
        now: UTC second; None = the clock of the case.

    Raises:
        AccessError: areas are not for this viewer.
    """
    require(viewer, AREA, "read")
    at = clock_of(case.charter())() if now is None else now
    agreement, fate = bench_of_case(case).agreement, fate_of(case, at)
    due, open_ = [], []
    for one, _ in stated(case, viewer, agreement.tz):
        sealed = case.entries()[one.index].statement.sealed
        if sealed is None or not is_own(agreement, one.group, one.by):
            continue
        why, is_open = fate.why(one.group)
        row = Due(one.index, one.group, one.by, why, sealed.commitment, utc_text(one.at))
        if why:
            due.append(row)
        elif is_open:
            open_.append(row)
    quorum = case.charter().shred
    return Destroyed(tuple(due), tuple(open_), quorum.of, quorum.threshold)


def due_row(one: Due) -> dict[str, Any]:
    """One of them as plain values."""
    return {"entry": one.index, "group": one.group, "by": one.by, "why": one.why or None, "said": one.said}


def drafts_of(due: Sequence[Due], by: str = DESK) -> list[Draft]:
    """The statements that destroy what is due."""
    return [
        Draft(SHREDDING, {"commitment": one.commitment, "index": one.index, "reason": REASONS[one.why]}, by)
        for one in due
    ]


def signed(case: Case, due: Sequence[Due], by: str, cosigners: Sequence[str]) -> list[bytes]:
    """The entries that destroy what is due, signed with the keys of this machine, one after another.

    Raises:
        InputError: nothing is due. StoreError: this machine does not hold a key.
    """
    if not due:
        raise InputError("nothing is due to be destroyed")
    place: Place = records.place_of(case)
    found = []
    for draft in drafts_of(due, by):
        data, _ = place.signed(draft)
        for party in cosigners:
            data = records.cosigned(place, data, party)
        place.ahead[by] = Line(read_entry(data).statement.sequence + 1, leaf_hash(data).hex())
        found.append(data)
    return found


def destroy(case: Case, due: Sequence[Due], by: str = DESK, cosigners: Sequence[str] = ()) -> list[Taken]:
    """Destroy what is due, with the signatures that are needed.

    Raises:
        VerificationError: too few signed. SubmissionError: something is no more what it was.
    """
    return [records.submit(case, data, {}) for data in signed(case, due, by, cosigners)]
