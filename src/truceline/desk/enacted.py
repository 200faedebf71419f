"""What has happened in a demonstration before anybody looks? An exchange of areas and notices, made up and said so.

Two sides name cells in a desert, agree on some and sign them, hand a list over and read its period in two ways; sealed
lists are on their way; sites and convoys that there never were are made known, acknowledged by some and by others not.
Everything goes the way of a real case: each statement is signed with the published key of its party and refused where a
real one would be. The clock of the demonstration goes on by six weeks; nothing is said of a place where anybody was.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from truceline.desk import designated, keyring, mapdrafts, notified, records
from truceline.desk.areadrafts import partition_draft, partition_made
from truceline.desk.charters import demo_clock
from truceline.desk.entries import index_of
from truceline.desk.exchanging import Seen, commit, release, reveal, step_draft
from truceline.desk.intake import Room
from truceline.desk.noticeroom import NoticeRoom
from truceline.desk.records import Draft
from truceline.desk.sealed import CaseWorld, exchanges_of
from truceline.desk.viewers import Viewer
from truceline.errors import StoreError
from truceline.exchange.partition import Partition
from truceline.exchange.sealed import OPEN, Step
from truceline.notices.model import Consent
from truceline.notices.model import Draft as Notice
from truceline.record.charter import plain
from truceline.record.register import KEYS
from truceline.span import DAY_S, civil_day, utc_text
from truceline.store.case import Case
from truceline.store.opened import open_case
from truceline.store.state import State, open_state

A, B = "us", "ru"
GUARANTORS: Final = ("un", "tr", "sarc")
GROUP, OTHER_GROUP = "isil", "jn"
HOUR_S: Final = 3_600
DESK_ACCOUNT: Final = "demo-notices"

DESERT: Final = (
    "852d851bfffffff", "852d8503fffffff", "852d8523fffffff", "852d8333fffffff", "852d8003fffffff", "852d8023fffffff",
)  # fmt: skip
"""One cell of each block of the partition that is spoken of: desert, chosen for that."""


class Enacted:
    """A demonstration, and how late it is in it."""

    def __init__(self, case: Case, state: State) -> None:
        """Take the case and the memory of its service."""
        self.case, self.state = case, state
        self.at = demo_clock()
        self.partition: Partition = partition_made(case)

    def now(self) -> int:
        """The UTC second."""
        return self.at

    def on(self, day: float) -> None:
        """Go on to a day, counted from the beginning; never back."""
        self.at = max(self.at, demo_clock() + round(day * DAY_S))

    def say(self, *drafts: Draft) -> list[int]:
        """Sign and append; the indexes."""
        return [one.index for one in records.append(self.case, drafts, self.now)]

    def block(self, number: int) -> tuple[str, ...]:
        """The cells of a block of the desert."""
        return self.partition.whole([DESERT[number]])

    def blocks(self, *numbers: int) -> list[str]:
        """The cells of some of them, sorted."""
        return sorted(cell for number in numbers for cell in self.block(number))

    def area(self, group: str, by: str, *numbers: int) -> None:
        """Somebody says where a group stands, four days late."""
        day = civil_day(self.at - 4 * DAY_S, "UTC").isoformat()
        self.say(Draft("area", {"group": group, "day": day, "cells": self.blocks(*numbers)}, by))


def is_enacted(case: Case) -> bool:
    """Whether it has happened already."""
    return bool(index_of(case).types.get("map-proposal"))


def enact(case: Case, state: State) -> None:
    """Let it happen, unless it did.

    Args:
        case: of a demonstration.
        state: the memory of its service.

    Raises:
        StoreError: this is no demonstration.
    """
    if not case.charter().is_demo:
        raise StoreError(f"{case.where}: this is a case of its own, and no demonstration")
    if is_enacted(case):
        return
    one = Enacted(case, state)
    for party in (A, B, *GUARANTORS):
        one.say(Draft(KEYS, plain(keyring.key_set(party, is_demo=True)), party))
    one.say(partition_draft(one.partition))
    _areas_before(one)
    _map(one)
    _sealed(one)
    _lists(one)
    _areas_after(one)
    _notices(one)


def enact_at(where: str) -> None:
    """The same for a case by its path or address, opened for that.

    Raises:
        StoreError: this is no demonstration, or it cannot be opened.
    """
    case = open_case(where)
    try:
        state = open_state(where)
        try:
            enact(case, state)
        finally:
            state.close()
    finally:
        case.close()


# -- areas -------------------------------------------------------------------------------------------------------------


def _areas_before(one: Enacted) -> None:
    """Three weeks of statements, of two speakers on one group."""
    for day in (5, 12, 19):
        one.on(day)
        one.area(GROUP, A, 0, 1, 5)
        one.area(GROUP, B, 0, 1)


def _areas_after(one: Enacted) -> None:
    """Three weeks more; the one is silent for a week of them."""
    for day in (29, 36, 43):
        one.on(day)
        one.area(GROUP, A, 1, 2, 5)
        if day != 36:
            one.area(GROUP, B, 0, 1)


def _map(one: Enacted) -> None:
    """Each side names blocks, one is disputed, one withdrawn again; what both name they sign."""
    one.on(20)
    one.say(Draft(designated.PROPOSAL, {"cells": one.blocks(0, 1, 2, 4)}, A))
    one.say(Draft(designated.PROPOSAL, {"cells": one.blocks(0, 1, 3, 5)}, B))
    one.on(21)
    one.say(Draft(designated.PROPOSAL, {"cells": one.blocks(0, 1, 2)}, A))
    _answer(one, A, {3: mapdrafts.DISPUTE})
    one.on(22)
    kind, body = mapdrafts.version_draft(one.case, A)
    entry, files = records.prepare(one.case, Draft(kind, body, A), one.now)
    entry = records.cosigned(records.place_of(one.case, one.now), entry, B)
    records.submit(one.case, entry, files, one.now)


def _answer(one: Enacted, by: str, chosen: dict[int, str]) -> None:
    cells = {cell: choice for number, choice in chosen.items() for cell in one.block(number)}
    one.say(*(Draft(kind, body, by) for kind, body in mapdrafts.map_drafts(one.case, by, cells)))


def _lists(one: Enacted) -> None:
    """Two lists: one whose period the sides read otherwise, one that the other side denies to have."""
    one.on(27)
    first = {
        "kind": "areas", "to": B, "day": "2020-01-25", "format": "a table on paper, names of districts",
        "period": {"words": "through March", "since": "2020-01-25", "until": "2020-03-31"},
    }  # fmt: skip
    handed = one.say(Draft("handover", first, A))[0]
    reading = {"words": "for three months", "since": "2020-01-25", "until": "2020-04-24"}
    one.say(Draft("handover-answer", {"to": handed, "says": "acknowledged", "period": reading}, B))
    second = {
        "kind": "routes", "to": A, "day": "2020-01-26", "format": "names of roads, read out",
        "period": {"words": "until further notice", "since": "2020-01-26"},
    }  # fmt: skip
    handed = one.say(Draft("handover", second, B))[0]
    one.on(28)
    one.say(Draft("handover-answer", {"to": handed, "says": "denied"}, A))


# -- sealed exchanges --------------------------------------------------------------------------------------------------


def _sealed(one: Enacted) -> None:
    """One that was opened, and one in which a side has yet to hand over its list."""
    one.on(23)
    _seal(one, GROUP, is_whole=True)
    one.on(26)
    _seal(one, OTHER_GROUP, is_whole=False)


def _seal(one: Enacted, about: str, *, is_whole: bool) -> None:
    ends: dict[str, Any] = {
        name: one.at + days * DAY_S for name, days in (("commit_by", 10), ("reveal_by", 24), ("release_by", 40))
    }
    said = Step(OPEN, sides=(A, B), guarantors=GUARANTORS, threshold=2, slots=256, about=about, **ends)
    of = one.say(step_draft(said, A))[0]
    for by, numbers in ((A, (0, 1)), (B, (1, 2))):
        one.at += HOUR_S
        one.say(commit(_seen(one), of, by, one.blocks(*numbers), is_anew=True)[0])
    for by in (A, B) if is_whole else (A,):
        one.at += HOUR_S
        one.say(reveal(_seen(one), of, by, records.place_of(one.case, one.now)))
    for by in GUARANTORS[:2] if is_whole else ():
        one.at += HOUR_S
        one.say(release(_seen(one), of, by))


def _seen(one: Enacted) -> Seen:
    return Seen(CaseWorld(one.case), exchanges_of(one.case), is_demo=True, second=one.at)


# -- notices -----------------------------------------------------------------------------------------------------------


UN: Final = Viewer("demo-monitor-un", "monitor", "un")
DESK: Final = Viewer(DESK_ACCOUNT, "notices")


def _notices(one: Enacted) -> None:
    """Sites, a convoy and a repair that there never were; who acknowledged them, who did not, what waits."""
    room = NoticeRoom(Room(one.state, one.case, clock=one.now))
    one.on(43.2)
    clinic = _offer(one, room, UN, _site("Made-up clinic 1", "Tadmur", "34.5702, 38.3004"))
    notified.confirm(room, DESK, clinic)
    one.at += 3 * HOUR_S
    one.say(_signed(clinic, A))
    one.at += 5 * HOUR_S
    notified.acknowledge(room, Viewer("demo-party-gov", "party", "gov"), clinic)
    one.on(46.4)  # the guarantor that said nothing is late by now
    notified.tend(room)
    convoy = _offer(one, room, UN, _convoy(one.at))
    one.at += HOUR_S
    one.say(_signed(convoy, B))
    one.at += 2 * HOUR_S
    notified.acknowledge(room, Viewer("demo-party-us", "party", A), convoy)
    _offer(one, room, UN, _site("مدرسة مختلقة ٢", "As Sukhnah", "38.8735, 34.8869", "school"))
    _offer(one, room, UN, _site("Made-up reservoir 3", "Tadmur", "34.6601, 38.0204", "water"))
    repair = Notice(
        "repair", "إصلاح مختلق ٤", "Tadmur", "34.5480, 38.2690", utc_text(one.at + 3 * DAY_S),
        utc_text(one.at + 3 * DAY_S + 6 * HOUR_S), (Consent("gov", "town"), Consent(B, "cell")), category="power",
    )  # fmt: skip
    _offer(one, room, UN, repair)
    one.at += 90 * 60
    one.area(OTHER_GROUP, A, 5)


def _site(what: str, place: str, where: str, category: str = "clinic") -> Notice:
    to = (Consent("gov", "town"), Consent(B), Consent(A))
    return Notice("site", what, place, where, "2020-02-10", "2020-07-31", to, category, contact="made up", owner="un")


def _convoy(at: int) -> Notice:
    begin, to = at + 50 * HOUR_S, (Consent("gov", "town"), Consent(B), Consent(A))
    return Notice(
        "movement", "Made-up convoy, 12 vehicles", "Tadmur", "34.5600, 38.2700; 34.8870, 38.8740",
        utc_text(begin), utc_text(begin + 9 * HOUR_S), to, "convoy",
    )  # fmt: skip


def _offer(one: Enacted, room: NoticeRoom, by: Viewer, notice: Notice) -> str:
    """Make something known; the id of the notice."""
    found = notified.offer_notice(room, by, notice)
    if not found.id:
        raise StoreError(f"{one.case.where}: {', '.join(remark.code for remark in found.remarks)}")
    return found.id


def _signed(notice: str, by: str) -> Draft:
    entry = notified.acknowledgement(notice, by)
    body: Any = msgspec.to_builtins(entry.body)
    return Draft(entry.type, body, by)
