"""The notification desk from the offer to the end, on both stores: nothing of a notice is anywhere but in its book."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import lru_cache
from pathlib import Path

import msgspec
import pytest

from tests.clock import Clock
from tests.evidence.bench import SHIPPED
from tests.store.cluster import cluster
from truceline import desk
from truceline.desk import keyring, notebook, noticelists, notified
from truceline.desk.backups import backup, restore
from truceline.desk.charters import new_charter
from truceline.desk.files import Bench, bench_of, shipped
from truceline.desk.grounds import CaseGround
from truceline.desk.intake import Room
from truceline.desk.noticeroom import NoticeRoom
from truceline.desk.notification import ACKNOWLEDGEMENT, NOTIFICATION, commitment_of
from truceline.desk.records import Draft as Entry
from truceline.desk.records import append
from truceline.desk.viewers import PUBLIC, Viewer
from truceline.errors import (
    AccessError,
    ConflictError,
    InputError,
    StateError,
    StoreError,
    SubmissionError,
    VerificationError,
)
from truceline.notices.clocks import was_known
from truceline.notices.model import Consent, Draft
from truceline.record.audit import Trust, audit
from truceline.span import parse_instant, utc_text
from truceline.store.opened import open_case
from truceline.store.source import FolderSource
from truceline.store.state import notices as rows
from truceline.store.state import open_state

START = parse_instant("2026-11-24T10:30", "UTC")
HOUR = 3_600
A, B = Viewer("a-1", "notices"), Viewer("a-2", "notices")
RU, US, SARC = Viewer("a-3", "party", "ru"), Viewer("a-4", "party", "us"), Viewer("a-5", "monitor", "sarc")
SITE = Draft(
    "site", "Hospital of Umm Khalid", "Hama", "35.131812, 36.757834", "2026-11-01", "",
    (Consent("ru"), Consent("us", "town")), "hospital", contact="+963 944 555 019", address="zz-canary street",
)  # fmt: skip
CANARIES = (b"Umm Khalid", b"944 555", b"zz-canary", b"35.1318", b"36.7578", b"351318", b"367578")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of two parties with keys, in a folder, with the keys and the vault of its machine."""
    folder = tmp_path_factory.mktemp("notified")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRUCELINE_CONFIG", str(folder / "config"))
        parties = [keyring.key_set("ru")]
        desk.init_case(
            folder / "case", SHIPPED / "agreement.yaml", new_charter("notified", parties=parties), known_at=START - HOUR
        ).close()
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That case, of one test's own."""
    shutil.copytree(made, tmp_path / "all")
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "all" / "config"))
    return tmp_path / "all"


@pytest.fixture
def clock() -> Clock:
    """The clock of the record."""
    return Clock(START)


def room_at(where: str, clock: Clock) -> Iterator[NoticeRoom]:
    """The notification desk of a case."""
    with closing(open_case(where)) as case, closing(open_state(where)) as state:
        made = NoticeRoom(Room(state, case, clock=clock, writes=lambda drafts: append(case, drafts, clock)))
        made.room._bench, made._ground = (len(case.entries()), ground()[0]), ground()
        yield made


@lru_cache(maxsize=1)
def ground() -> tuple[Bench, CaseGround]:
    """The shipped text with its places: read once."""
    files = shipped()
    bench = bench_of("agreement.yaml", files["agreement.yaml"], files.get, {})
    return bench, CaseGround(bench)


@pytest.fixture
def room(folder: Path, clock: Clock) -> Iterator[NoticeRoom]:
    """The desk of the case in the folder."""
    yield from room_at(str(folder / "case"), clock)


def stands(room: NoticeRoom, draft: Draft = SITE, sent: str = "") -> str:
    """The id of a site that was entered and confirmed."""
    one = notified.offer_notice(room, A, draft, sent).id
    notified.confirm(room, B, one, ["no-place", "duplicate", "coarse"])
    return one


def bodies(room: NoticeRoom) -> list[tuple[str, dict[str, object]]]:
    """What the record says of notices, in its order."""
    said = [one for kind in (NOTIFICATION, ACKNOWLEDGEMENT) for one in room.case.said(kind)]
    return [(one.statement.type, dict(one.statement.body)) for one in sorted(said, key=lambda one: one.index)]


# -- its life ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["folder", "postgresql"])
def test_a_notice_lives_on_either_store(kind: str, folder: Path, clock: Clock) -> None:
    """Entered, confirmed, acknowledged, late, revoked, corrected, removed: each step is an entry of its own."""
    where = str(folder / "case")
    if kind == "postgresql":
        where = cluster().url(cluster().database())
        charter = new_charter("notified")
        desk.init_case(where, SHIPPED / "agreement.yaml", charter, known_at=START - HOUR).close()
    for room in room_at(where, clock):
        one = stands(room, sent="phone-1")
        assert notified.offer_notice(room, A, SITE, "phone-1").id == one
        notified.acknowledge(room, RU, one)
        clock.at += 73 * HOUR
        assert [(step.what, step.party, step.level) for _, step in notified.tend(room)] == [("escalated", "us", 1)]
        assert notified.tend(room) == []
        notified.acknowledge(room, US, one, "denied", "we do not know this site")
        notified.revoke(room, A, one, "us")
        other = stands(room, msgspec.structs.replace(SITE, where="35.141812, 36.757834", replaces=one))
        assert [shown["state"] for shown in notified.notices_shown(room, A)] == ["standing"]
        again = notified.offer_notice(room, A, SITE, "phone-1")
        assert (again.state, again.is_new) == ("removed", False), "what is sent once more stays forgotten"
        notified.remove(room, A, other)
        said = [str(body.get("what", kind)) for kind, body in bodies(room)]
        assert said == ["notification", "acknowledged", "escalated", "denied", "withdrawn", "notification", "removed",
                        "removed"]  # fmt: skip
        assert notified.notices_shown(room, RU) == [] and noticelists.counts_shown(room, A) == {}
        assert rows.count(room.room.state) == 0, "what was corrected is destroyed once the record says so"


def test_what_is_over_is_forgotten_after_a_month(room: NoticeRoom, clock: Clock) -> None:
    """What ended, and what nobody confirmed; what a kill left of a removed one at once; what stands stays."""
    stays = stands(room)
    trip = Draft("movement", "Convoy", "Hama", "35.1318, 36.7578", "2026-11-28", "2026-11-29", (Consent("ru"),))
    over = notified.offer_notice(room, A, trip).id
    waits = notified.offer_notice(room, A, msgspec.structs.replace(trip, place="Homs")).id
    left = stands(room, msgspec.structs.replace(SITE, where="35.141812, 36.757834"))
    room.say([Entry(ACKNOWLEDGEMENT, {"of": left, "what": "removed"})])
    assert set(room.kept()[0]) == {stays, over, waits, left}
    clock.at = parse_instant("2026-11-30", "UTC")
    notified.tend(room)
    assert set(room.kept()[0]) == {stays, over, waits}
    clock.at += notified.KEPT_ENDED_S
    notified.tend(room)
    assert set(room.kept()[0]) == {stays}


def test_everybody_but_the_desk_is_told_a_count_of_sites_alone(room: NoticeRoom) -> None:
    """One convoy in a governorate on a day is a convoy that can be waited for."""
    stands(room)
    trip = Draft("movement", "Convoy", "Hama", "35.1318, 36.7578", "2026-11-28", "2026-11-29", (Consent("ru"),))
    assert notified.offer_notice(room, A, trip).state == "standing"
    assert noticelists.counts_shown(room, A) == {"SY-HM": {"movement": 1, "site": 1}}
    for viewer in (PUBLIC, RU, SARC, Viewer("a-9", "secretariat")):
        assert noticelists.counts_shown(room, viewer) == {"SY-HM": {"site": 1}}


def test_a_site_waits_for_a_second_person(room: NoticeRoom) -> None:
    """The same account is refused; nothing is on the record before; afterwards there is nothing to confirm."""
    one = notified.offer_notice(room, A, SITE)
    assert (one.state, one.entry, bodies(room)) == ("waiting", None, [])
    with pytest.raises(AccessError, match="another account"):
        notified.confirm(room, A, one.id)
    assert notified.confirm(room, B, one.id).state == "standing"
    with pytest.raises(StateError):
        notified.confirm(room, B, one.id)


def test_what_was_found_is_accepted_by_its_name_or_it_waits(room: NoticeRoom) -> None:
    """Also of what is no site; and what was found meanwhile is asked too."""
    one = notified.offer_notice(room, A, msgspec.structs.replace(SITE, place="Homs"))
    assert [remark.code for remark in one.remarks] == ["far"]
    with pytest.raises(StateError, match="far"):
        notified.confirm(room, B, one.id)
    stands(room)
    with pytest.raises(StateError, match="duplicate"):
        notified.confirm(room, B, one.id, ["far"])
    assert notified.confirm(room, B, one.id, ["far", "duplicate"]).state == "standing"
    trip = Draft("movement", "Convoy", "Homs", "35.1318, 36.7578", "2026-11-28", "2026-11-29", (Consent("ru"),))
    assert notified.offer_notice(room, SARC, trip).state == "waiting"
    plain = msgspec.structs.replace(trip, place="Hama")
    assert notified.offer_notice(room, SARC, plain).state == "standing"


def test_who_offers_learns_nothing_of_notices_of_others(room: NoticeRoom) -> None:
    """Positions cannot be tried for sites that others made known: only the desk is told of doubles."""
    stands(room)
    assert [one.code for one in notified.offer_notice(room, SARC, SITE).remarks] == []
    assert [one.code for one in notified.check_notice(room, SARC, [SITE])[0].remarks] == []
    assert [one.code for one in notified.check_notice(room, A, [SITE])[0].remarks] == ["duplicate"]
    assert [shown["draft"]["what"] for shown in notified.notices_shown(room, SARC)] == [SITE.what]


def test_only_the_desk_confirms_and_nobody_else_learns_by_trying(room: NoticeRoom) -> None:
    """Two accounts of one actor are not two persons of the desk; what the desk accepted tells of no stranger."""
    stands(room)
    one = notified.offer_notice(room, SARC, SITE).id
    other = Viewer("a-6", "monitor", "sarc")
    for viewer in (other, SARC, RU, Viewer("a-7", "secretariat"), Viewer("a-8", "intake")):
        for accepts in ((), ("duplicate",)):
            with pytest.raises(AccessError) as refused:
                notified.confirm(room, viewer, one, accepts)
            assert "duplicate" not in str(refused.value)
    assert notified.notice_shown(room, other, one)["state"] == "waiting"
    notified.confirm(room, B, one, ["duplicate"])
    assert [notified.notice_shown(room, viewer, one)["accepted"] for viewer in (A, SARC)] == [["duplicate"], []]


def test_the_same_name_with_other_contents_is_a_conflict(room: NoticeRoom) -> None:
    """The first stands; a consent that was revoked since is no other content."""
    one = stands(room, sent="p")
    notified.revoke(room, A, one, "us")
    assert notified.offer_notice(room, A, SITE, "p").id == one
    for changed in ({"where": "35.1, 36.7"}, {"what": "x"}, {"to": (*SITE.to, Consent("tr"))}):
        with pytest.raises(ConflictError):
            notified.offer_notice(room, A, msgspec.structs.replace(SITE, **changed), "p")


def test_one_name_twice_in_a_batch_is_one_notice_or_a_conflict(room: NoticeRoom) -> None:
    """Two rows under one name: the same is one notice; a site beside a movement never goes out unconfirmed."""
    ahead = {"since": "2026-11-27T10:00", "until": "2026-11-27T12:00"}
    movement = msgspec.structs.replace(SITE, kind="movement", what="Convoy", category="convoy", **ahead)
    for batch in ([movement, SITE], [SITE, movement], [SITE, msgspec.structs.replace(SITE, what="Other")]):
        with pytest.raises(ConflictError, match="`p`: rows 1 and 2"):
            notified.offer_notices(room, A, batch, ["p", "p"])
    assert bodies(room) == [] and room.kept() == ({}, set())
    moved = [(one.state, one.is_new) for one in notified.offer_notices(room, A, [movement] * 2, ["m", "m"])]
    made = notified.offer_notices(room, A, [SITE, SITE], ["p", "p"])
    assert [(one.state, one.is_new) for one in made] == [("waiting", True), ("waiting", False)]
    assert (moved, len({one.id for one in made})) == ([("standing", True), ("standing", False)], 1)
    nameless = msgspec.structs.replace(SITE, what="")
    assert [one.id for one in notified.offer_notices(room, A, [nameless] * 2, ["q", "q"])] == ["", ""]
    assert len(bodies(room)) == 1


def test_consent_is_given_and_revoked_one_recipient_at_a_time(room: NoticeRoom) -> None:
    """A new recipient is told in the record, a finer level is not; a revoked one is told again when chosen anew."""
    one = stands(room)
    assert notified.consent(room, A, one, "us", "cell") is None
    assert notified.consent(room, A, one, "tr", "region") is not None
    assert notified.consent(room, A, one, "il", "count") is None
    assert notified.revoke(room, A, one, "tr") is not None
    with pytest.raises(AccessError):
        notified.revoke(room, A, one, "tr")
    assert [len(noticelists.list_for(room, party).rows) for party in ("ru", "us", "tr", "il")] == [1, 1, 0, 0]
    assert notified.consent(room, A, one, "tr", "exact") is not None
    assert noticelists.list_for(room, "tr").rows[0].level == "exact"
    assert noticelists.list_for(room, "il").counts == {"SY-HM": {"site": 1}}
    for stranger in (RU, SARC):
        with pytest.raises(AccessError):
            notified.consent(room, stranger, one, "ir", "exact")


def test_a_stale_site_that_a_person_let_pass_counts_for_a_while(room: NoticeRoom, clock: Clock) -> None:
    """And then it expires, as an entry of its own."""
    one = notified.offer_notice(room, A, msgspec.structs.replace(SITE, since="2026-01-01")).id
    notified.confirm(room, B, one, ["stale"])
    assert notified.tend(room) == []
    clock.at += 31 * 24 * HOUR
    assert [(step.what, step.party) for _, step in notified.tend(room)] == [("expired", "")]
    with pytest.raises(SubmissionError, match="expired"):
        notified.acknowledge(room, RU, one)


# -- on the record -----------------------------------------------------------------------------------------------------


def test_the_record_holds_a_commitment_that_can_be_opened(room: NoticeRoom) -> None:
    """With the salt anybody computes it again; in another record it would be another."""
    one = stands(room)
    with room.book() as book:
        kept = book.get(one)
    body = bodies(room)[0][1]
    log = room.room.log
    assert body["commitment"] == commitment_of(log, kept.salt, notified.contents_of(kept.draft))
    assert body["commitment"] != commitment_of(log + "x", kept.salt, notified.contents_of(kept.draft))
    assert set(body) == {"commitment", "kind", "of", "since", "to", "until"}


def test_a_recipient_signs_for_itself_and_for_nobody_else(room: NoticeRoom, clock: Clock) -> None:
    """Its own signature is shown as such, and goes before what it told the desk."""
    one = stands(room)
    append(room.case, [notified.acknowledgement(one, "ru")], clock)
    shown = next(shown for shown in notified.notice_shown(room, A, one)["answers"] if shown["party"] == "ru")
    assert (shown["state"], shown["is_signed"]) == ("acknowledged", True)
    for body in (
        {"of": one, "what": "acknowledged", "party": "us"}, {"of": one, "what": "removed"},
        {"of": one, "what": "escalated", "party": "us", "level": 1}, {"of": "a" * 16, "what": "denied", "party": "ru"},
        {"of": one, "what": "acknowledged", "party": "ru"},
    ):  # fmt: skip
        with pytest.raises(SubmissionError):
            append(room.case, [Entry(ACKNOWLEDGEMENT, body, "ru")], clock)
    with pytest.raises(SubmissionError):
        append(room.case, [Entry(NOTIFICATION, {**bodies(room)[0][1], "of": "b" * 16}, "ru")], clock)


@pytest.mark.parametrize("changed", [
    {"to": []}, {"to": ["us", "ru"]}, {"to": ["atlantis"]}, {"kind": "war"}, {"of": "0" * 16}, {"commitment": "0"},
    {"until": "2026-10-01"}, {"lead": "48h"}, {"since": "soon"}, {"replaces": "c" * 16}, {"where": "35.1318, 36.7578"},
    {"of": "35.1318,36.75781"},
])  # fmt: skip
def test_no_notification_says_what_it_may_not(room: NoticeRoom, clock: Clock, changed: dict[str, object]) -> None:
    """A field too many, a recipient nobody knows, an end before its beginning, a place: each is refused."""
    body = {"commitment": "1" * 64, "kind": "site", "of": "b" * 16, "since": "2026-11-01", "to": ["ru", "us"],
            "until": "2026-12-01"}  # fmt: skip
    with pytest.raises((SubmissionError, InputError)):
        append(room.case, [Entry(NOTIFICATION, {**body, **changed})], clock)
    append(room.case, [Entry(NOTIFICATION, body)], clock)
    other = {**body, "commitment": "2" * 64, "to": ["tr"]}
    with pytest.raises(SubmissionError, match="something else"):
        append(room.case, [Entry(NOTIFICATION, other)], clock)


def test_words_of_one_batch_follow_one_another(room: NoticeRoom, clock: Clock) -> None:
    """Two acknowledgements in one batch: the first is taken, the second is out of its turn."""
    one = stands(room)
    twice = [notified.acknowledgement(one, "ru"), notified.acknowledgement(one, "ru")]
    with pytest.raises(SubmissionError, match="does not follow"):
        append(room.case, twice, clock)
    assert [str(body.get("what")) for _, body in bodies(room)] == ["None", "acknowledged"]


def test_a_denial_in_words_tells_no_place(room: NoticeRoom) -> None:
    """Whoever writes one into it is refused in one line."""
    one = stands(room)
    with pytest.raises(SubmissionError):
        notified.acknowledge(room, RU, one, "denied", "there is nothing at 35.1318, 36.7578")


def test_many_say_something_at_once_and_each_gets_its_own_answer(room: NoticeRoom) -> None:
    """One writing for all that wait; what is refused is refused to whoever said it, and takes nobody with it."""
    ids = [stands(room, msgspec.structs.replace(SITE, where=f"35.1{n}1812, 36.757834")) for n in range(1, 5)]
    bodies_ = [notified.acknowledgement(one, "us") for one in ids]
    bad = [Entry(ACKNOWLEDGEMENT, {**body.body, "party": "atlantis"}) for body in bodies_]
    said = [Entry(body.type, body.body) for body in bodies_]

    def say(entry: Entry) -> int | str:
        try:
            return room.say([entry])[0].index
        except SubmissionError as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(say, [one for pair in zip(said, bad, strict=True) for one in pair]))
    taken, refused = answers[::2], answers[1::2]
    assert {type(one) for one in taken} == {int} and len(set(taken)) == 4
    assert all("no recipient" in str(one) for one in refused)
    assert {room.course.notices[one].trail.answers["us"].index for one in ids} == set(taken)


# -- the book ----------------------------------------------------------------------------------------------------------


def everything(folder: Path) -> bytes:
    """Every byte of the case, its state and the vault."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_nothing_of_a_notice_lies_anywhere_in_clear(folder: Path, room: NoticeRoom) -> None:
    """Not in the record, the state, its journal, the audit or the vault; and nothing prints it."""
    one = stands(room)
    notified.acknowledge(room, RU, one)
    held = everything(folder)
    assert not any(word in held for word in CANARIES)
    kept, _ = room.kept()
    assert not any(word.decode() in f"{kept!r}" for word in CANARIES)
    report = audit(FolderSource(folder / "case" / "record"), Trust())
    assert not report.faults


def test_a_removed_notice_cannot_be_read_from_an_older_backup(folder: Path, room: NoticeRoom) -> None:
    """Its key is destroyed: every copy of its box is noise. What was not removed comes back."""
    gone, stays = stands(room), stands(room, msgspec.structs.replace(SITE, where="35.181812, 36.757834"))
    backup(str(folder / "case"), folder / "old.backup")
    notified.remove(room, A, gone)
    restore(folder / "old.backup", str(folder / "again"))
    with closing(open_state(folder / "again")) as state, notebook.opened(state, room.room.log) as book:
        read = book.all()
        assert (set(read.kept), read.damaged) == ({stays}, {gone})
        with pytest.raises(VerificationError):
            book.get(gone)


def test_a_kill_between_two_pages_of_keys_loses_nothing(folder: Path, room: NoticeRoom) -> None:
    """The page before is there, or the next one, or both: then the newer counts and the older goes."""
    one = stands(room)
    vault = next((folder / "config" / "vault").glob("notices-*"))
    page = next(vault.glob(f"{one[0]}.*.key"))
    before = page.read_bytes()
    other = next(n for n in (f"{one[0]}{'a' * 14}{c}" for c in "bcdef") if n != one)
    with room.book() as book:
        book.put({other: book.get(one)})
    (vault / page.name).write_bytes(before)  # as if the program had ended before it destroyed it
    (vault / f"{one[0]}.half").write_bytes(b"x")
    with closing(open_state(folder / "case")) as state, notebook.opened(state, room.room.log) as book:
        assert set(book.all().kept) == {one, other}
    assert not (vault / page.name).exists()


def test_a_book_without_its_key_says_so_and_is_not_made_anew(folder: Path, room: NoticeRoom) -> None:
    """A second key over boxes that it does not open would lose them."""
    stands(room)
    vault = next((folder / "config" / "vault").glob("notices-*"))
    (vault / "vault.key").unlink()
    with (
        closing(open_state(folder / "case")) as state,
        pytest.raises(StoreError, match="key"),
        notebook.opened(state, room.room.log, is_made=True),
    ):
        pass


def test_a_damaged_box_stands_in_nobodys_way(room: NoticeRoom) -> None:
    """It is told by its id; the others are read."""
    one, other = stands(room), stands(room, msgspec.structs.replace(SITE, where="35.181812, 36.757834"))
    box = rows.get(room.room.state, one)
    assert box is not None
    rows.put(room.room.state, {one: box[:-1] + bytes([box[-1] ^ 1])})
    kept, damaged = room.kept()
    assert (set(kept), damaged) == ({other}, {one})
    assert {shown["state"] for shown in notified.notices_shown(room, A)} == {"standing", "damaged"}


def test_two_processes_see_what_the_other_changed(folder: Path, room: NoticeRoom, clock: Clock) -> None:
    """The service and the command line work on one book."""
    one = stands(room)
    for beside in room_at(str(folder / "case"), clock):
        assert set(beside.kept()[0]) == {one}
        notified.remove(beside, A, one)
        other = stands(beside, msgspec.structs.replace(SITE, where="35.181812, 36.757834"))
        assert set(room.kept()[0]) == {other}


def test_what_is_revoked_after_a_removal_holds_at_once(folder: Path, room: NoticeRoom, clock: Clock) -> None:
    """A removal takes the newest box away: what changes next is still a change, here and in another process."""
    one = stands(room)
    for beside in room_at(str(folder / "case"), clock):
        newest = stands(room, msgspec.structs.replace(SITE, where="35.181812, 36.757834"))
        for each in (room, beside):
            assert len(noticelists.list_for(each, "us").rows) == len(noticelists.list_for(each, "ru").rows) == 2
        notified.remove(room, A, newest)
        notified.revoke(room, A, one, "us")
        for each in (room, beside):
            assert noticelists.list_for(each, "us").rows == ()
        notified.consent(room, A, one, "ru", "region")
        for each in (room, beside):
            assert [row.level for row in noticelists.list_for(each, "ru").rows] == ["region"]


def test_every_list_is_marked_and_found_again(room: NoticeRoom) -> None:
    """Whose copy it is shows by a ref, or by positions alone; a receipt is of one list."""
    sites = [
        msgspec.structs.replace(
            SITE, where=f"{35.0 + n / 100:.5f}, 36.75000", place="", to=(Consent("ru"), Consent("us"))
        )
        for n in range(30)
    ]
    made = notified.offer_notices(room, A, sites, [""] * 30)
    notified.confirm_many(room, B, [one.id for one in made], ["no-place"])
    table = noticelists.list_csv(noticelists.list_for(room, "us"))
    assert noticelists.trace(room, table, "leak.csv")[0].recipient == "us"
    bare = b"\n".join(b",".join(line.split(b",")[5:7]) for line in table.splitlines() if b"#" not in line)
    found = noticelists.trace(room, bare, "bare.csv")
    assert [(one.recipient, one.is_named) for one in found] == [("us", True), ("ru", False)]
    assert noticelists.list_for(room, "us").receipt != noticelists.list_for(room, "ru").receipt
    with pytest.raises(InputError, match="columns"):
        noticelists.trace(room, b"a,b\n1,2\n", "no.csv")
    with pytest.raises(InputError, match="not CSV"):
        noticelists.trace(room, b"ref\n" + b"a" * 200_000, "long.csv")


def test_a_ref_of_a_list_leads_the_recipient_to_its_notice(room: NoticeRoom) -> None:
    """Its own alone: the ref of another's list means nothing."""
    one = stands(room)
    mine = noticelists.list_for(room, "ru").rows[0].ref
    assert noticelists.id_of(room, "ru", mine) == one
    assert noticelists.id_of(room, "us", mine) == ""


def test_who_had_acknowledged_is_told_beside_a_report(room: NoticeRoom, clock: Clock) -> None:
    """By the clock of the record: who acknowledged an hour later had not, then."""
    one = stands(room)
    clock.at += HOUR
    notified.acknowledge(room, RU, one)
    trail = room.course.notices[one].trail
    assert [list(was_known(trail, START + hours * HOUR)) for hours in (0, 1)] == [[], ["ru"]]
    assert utc_text(START) == "2026-11-24T10:30:00Z"
