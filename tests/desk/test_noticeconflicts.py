"""What the notification desk is told of conflicts, and the list that it prints: nobody else, and no position."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.desk.test_notified import RU, SITE, A, B, clock, folder, ground, made, room, stands
from truceline.assess.place import Placed
from truceline.desk import noticelists, notified
from truceline.desk.noticeconflicts import conflicts_answer, conflicts_shown, fences
from truceline.desk.noticeroom import NoticeRoom
from truceline.errors import AccessError
from truceline.notices.model import FLIGHT, Consent, Draft
from truceline.report.noticelist import render_list

__all__ = ["clock", "folder", "made", "room"]

OVER = Draft(
    FLIGHT, "MERCY1", "", "35.1000, 36.70001; 35.1600, 36.80001", "2026-11-26T10:30", "2026-11-26T12:00",
    (Consent("ru"),), "other", callsign="MERCY1",
)  # fmt: skip


def test_a_flight_over_a_site_is_told_to_the_desk_and_to_nobody_else(room: NoticeRoom) -> None:
    """By ids, hours and a sentence; a party that asked would learn where others are."""
    site = stands(room)
    assert "overflight" not in [one["code"] for one in conflicts_answer(room, A)["conflicts"]]
    flight = notified.offer_notice(room, B, OVER).id
    (one,) = [one for one in conflicts_shown(room, A) if one.code == "overflight"]
    assert ({one.notice, one.other}, one.value) == ({site, flight}, 1)
    assert vars(one) in conflicts_answer(room, A)["conflicts"]
    for ask in (conflicts_shown, conflicts_answer):
        with pytest.raises(AccessError):
            ask(room, RU)
    told = json.dumps(conflicts_answer(room, A))
    assert "35.1" not in told
    assert "Umm Khalid" not in told
    assert "no advice to strike" in told


def test_a_removed_site_is_in_nobodys_way(room: NoticeRoom) -> None:
    """What has ended is held against nothing."""
    site = stands(room)
    notified.offer_notice(room, B, OVER)
    notified.remove(room, A, site)
    assert [one.code for one in conflicts_shown(room, A) if one.code == "overflight"] == []


def test_drawn_zones_are_fences_and_units_are_none() -> None:
    """Every movement lies in the country; only drawn zones are told of."""
    bench = ground()[0]
    found = fences(bench.agreement, Placed(bench.agreement.zones, bench.atlas))
    assert {one.id for one in found} == {"n3500", "n2500", "n1000", "s500", "dmz", "route-n", "route-s", "aid-route"}
    assert not any(one.bans_flight for one in found)


def test_the_list_on_paper_is_that_of_its_recipient(room: NoticeRoom, tmp_path: Path) -> None:
    """The rows, the hash and the receipt of the list, as the desk made it; nothing of what it was not told."""
    stands(room)
    listed = noticelists.list_shown(noticelists.list_for(room, "ru"))
    page = render_list(listed, "ar", title=room.text.id)
    assert listed["receipt"] in page
    assert listed["rows"][0]["ref"] in page
    assert SITE.contact not in page
    town = noticelists.list_shown(noticelists.list_for(room, "us"))
    assert "35.131" not in render_list(town, "en", title=room.text.id)
