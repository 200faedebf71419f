"""An incident near a notified and acknowledged site: told beside the assessment, and to whom may know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest

from tests.evidence.bench import SHIPPED, ged
from truceline import desk
from truceline.desk import notified
from truceline.desk.cases import add_files
from truceline.desk.charters import new_charter
from truceline.desk.intake import Room
from truceline.desk.noticenear import near_of_case, near_shown
from truceline.desk.noticeroom import NoticeRoom
from truceline.desk.notification import ACKNOWLEDGEMENT
from truceline.desk.records import Draft as Entry
from truceline.desk.records import append
from truceline.desk.snapshots import Snapshots
from truceline.desk.viewers import PUBLIC, Viewer
from truceline.notices.model import Consent, Draft
from truceline.span import parse_instant
from truceline.store.case import Case
from truceline.store.opened import open_case
from truceline.store.state import open_state

DAY = 86_400
START = parse_instant("2016-02-20T10:00Z", "UTC")
A, B = Viewer("a-1", "notices"), Viewer("a-2", "notices")
RU, US, GOV = (Viewer(f"a-{party}", "party", party) for party in ("ru", "us", "gov"))
SECRETARIAT = Viewer("a-9", "secretariat")
SITE = Draft("site", "Clinic", "Hama", "35.131812, 36.757834", "2016-02-01", "",
             (Consent("ru"), Consent("us", "town"), Consent("gov", "region")), "clinic")  # fmt: skip
AT = {"latitude": "35.1320", "longitude": "36.7580", "where_prec": "1", "adm_1": "Hama governorate"}
EVENTS = (
    {**AT, "date_start": "2016-02-23", "date_end": "2016-02-23"},  # before anybody acknowledged
    {**AT, "date_start": "2016-03-05", "date_end": "2016-03-05"},
    {**AT, "date_start": "2016-03-06", "date_end": "2016-03-06", "latitude": "35.6320"},  # far away
    {**AT, "date_start": "2016-03-20", "date_end": "2016-03-20"},  # after it was removed
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NoticeRoom, Case, str]]:
    """A site of February, acknowledged on the 25th and removed on 10 March; the reports come in April."""
    folder, now = tmp_path_factory.mktemp("near"), [START]
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRUCELINE_CONFIG", str(folder / "config"))
        where = folder / "case"
        desk.init_case(where, SHIPPED / "agreement.yaml", new_charter("near"), known_at=START).close()
        with closing(open_case(where)) as case, closing(open_state(where)) as state:
            clock = lambda: now[0]  # noqa: E731  # a clock that is moved
            room = NoticeRoom(Room(state, case, clock=clock, writes=lambda drafts: append(case, drafts, clock)))
            one = notified.offer_notice(room, A, SITE).id
            notified.confirm(room, B, one)
            for seconds, who in ((5 * DAY, RU), (6 * DAY, US), (7 * DAY, GOV)):
                now[0] = START + seconds
                notified.acknowledge(room, who, one)
            now[0] = parse_instant("2016-03-10", "UTC")
            well = msgspec.structs.replace(SITE, what="Well", where="34.7324, 36.7137", place="Homs")
            stays = notified.offer_notice(room, A, well).id
            notified.confirm(room, B, stays)
            notified.revoke(room, A, one, "gov")
            append(case, [Entry(ACKNOWLEDGEMENT, {"of": one, "what": "expired"})], clock)
            table = folder / "ged.csv"
            table.write_bytes(b"".join(ged(*EVENTS)))
            add_files(case, [table], known_at=parse_instant("2016-04-01", "UTC"))
            yield room, case, one


def test_the_desk_is_told_which_notice_and_who_had_acknowledged(made: tuple[NoticeRoom, Case, str]) -> None:
    """Before it was acknowledged, nobody had; after it ended, nothing is near it."""
    room, _, one = made
    found = near_of_case(room, A)
    assert [(row["report"].split(":")[-1], row["near"], row["acknowledged"], row["notice"]) for row in found] == [
        ("7001", 0, [], one), ("7002", 0, ["gov", "ru", "us"], one),
    ]  # fmt: skip


def test_others_are_told_what_the_ladder_allows(made: tuple[NoticeRoom, Case, str]) -> None:
    """A recipient that it is in the town; a region, the public and the secretariat, who could try places: nothing."""
    room, case, one = made
    kept = Snapshots(case.where, case)
    try:
        snapshot = kept.refresh()
        told = {
            viewer.reader: near_shown(room, viewer, kept.view(snapshot, viewer.reader))
            for viewer in (SECRETARIAT, RU, US, GOV, PUBLIC)
        }
        before = kept.view(snapshot, "secretariat").sheet.table.to_pylist()
    finally:
        kept.close()
    for party in ("party:ru", "party:us"):
        assert [(row["notice"], row.get("in_town"), row["within_m"]) for row in told[party]] == [(one, True, None)]
    assert told["party:gov"] == told["public"] == told["secretariat"] == []
    assert "notice" not in str(before), "no answer knows of a notice"
