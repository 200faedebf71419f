"""The newest snapshot: it equals the judge, never waits, never changes, and tells nobody of what type an entry was."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.desk import seen_case
from tests.desk.seen_case import LAT, LON, NOON, NOW, TEXT, add, disc, finding, publish, row, say, small_case
from truceline.assess.assessment import ANY
from truceline.desk import publication, workroom
from truceline.desk.cases import given_draft
from truceline.desk.concerned import Heard
from truceline.desk.decided import pairs_draft
from truceline.desk.projections import zone_rows
from truceline.desk.records import Draft
from truceline.desk.runs import Asked, judge_case
from truceline.desk.snapshots import Snapshots
from truceline.desk.views import room as room_module
from truceline.desk.views.asked import Filter, chosen
from truceline.desk.views.asked_zone import Supposed
from truceline.desk.views.flat import Flat
from truceline.desk.views.ground import ground
from truceline.desk.views.room import JudgingRoom, Reading
from truceline.desk.views.told import told_of
from truceline.desk.workroom import Workroom
from truceline.errors import ConflictError, InputError, StoreError, UnknownError
from truceline.evidence.incidents import Pair
from truceline.space import Region
from truceline.store.case import Case, Said

ALLEGATION = Draft("allegation", {"text": "shelling", "terms": ["calm"]}, "north")


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """A case of two reports."""
    made = small_case(tmp_path / "case")
    add(made, [row("one"), row("two", published=None, url=None)], NOON + 60)
    yield made
    made.close()


@pytest.fixture
def snapshots(case: Case) -> Iterator[Snapshots]:
    """Its snapshots, worked out in this process."""
    made = Snapshots(case.where, case, is_apart=False, clock=lambda: NOW)
    yield made
    made.close()


def test_before_anything_was_judged_nobody_is_kept_waiting(snapshots: Snapshots) -> None:
    """A service that has just begun says so."""
    with pytest.raises(StoreError, match="first answers"):
        snapshots.current()


def test_a_snapshot_is_what_the_judge_says(case: Case, snapshots: Snapshots) -> None:
    """Every answer, reason and claim of a sheet is that of `assess` on the same case."""
    snapshot, outcome = snapshots.refresh(), judge_case(case, Asked())
    sheet, assessed = snapshot.sheet, outcome.assessed
    view = snapshots.view(snapshot, "secretariat")
    assert len(view.every) == len(assessed.ids)
    for at in view.every.tolist():
        told, mine = view.plain(at), int(sheet.numbers("row")[at])
        for term in (*assessed.prohibitions, ANY):
            value = told["any"] if term == ANY else told["terms"][term]
            assert value == assessed.answers[term].value[mine]
        assert told["supported"] == assessed.supported[mine]
        assert told["group"] == assessed.groups[mine]
    assert snapshot.index == len(case.entries()) - 1


def test_a_snapshot_never_changes(case: Case, snapshots: Snapshots) -> None:
    """Whoever holds one goes on reading it while the next is made."""
    before = snapshots.refresh()
    ids = before.sheet.ids.to_pylist()
    add(case, [row("three")], NOON + 120, "more.jsonl")
    after = snapshots.refresh()
    assert before.sheet.ids.to_pylist() == ids == ["one", "two"]
    assert after.sheet.ids.to_pylist() == ["one", "three", "two"]
    with pytest.raises(FrozenInstanceError):
        before.size = 0  # type: ignore[misc]


def test_what_changes_no_verdict_is_not_judged(case: Case, snapshots: Snapshots) -> None:
    """An allegation here sets a duty going, and decides nothing about a report: the sheet stays the same one."""
    before = snapshots.refresh()
    say(case, ALLEGATION, NOON + 120)
    after = snapshots.refresh()
    assert after.sheet is before.sheet
    assert (after.index, after.judged) == (before.index + 1, before.judged)
    say(case, Draft("designation", {"of": "south", "what": "excluded", "since": "2024-05-01"}, "north"), NOON + 180)
    assert snapshots.refresh().sheet is not before.sheet


def test_an_entry_between_two_looks_costs_no_look_at_all_of_them(
    case: Case, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was published is followed as the record grows: it is not worked out from its first entry again."""
    for n in range(3):
        say(case, Draft("answer", {"text": "no", "to": 1}, "north"), NOON + 120 + n)
    agreement, read = snapshots.refresh().agreement, list[int]()
    real = publication.heard

    def noted(of: Case, said: Said) -> Heard:
        read.append(said.index)
        return real(of, said)

    monkeypatch.setattr(publication, "heard", noted)
    size = len(case.entries())
    say(case, Draft("answer", {"text": "no", "to": 1}, "south"), NOON + 180)  # while somebody looked
    told = told_of(case, agreement, size, is_newest=True)
    assert (told.size, read) == (size, [size])
    assert told_of(case, agreement, size).course.matters == told.course.matters
    assert len(read) > 3


def test_consent_counts_from_its_entry_on(case: Case, snapshots: Snapshots) -> None:
    """Nothing is judged anew for it; the next look obeys it, in older states of the record too."""
    first = snapshots.refresh()
    mark = snapshots.view(first, "public").mark
    say(case, Draft("consent", {"about": "one", "use": "publish", "is_given": False}), NOON + 120)
    snapshot = snapshots.refresh()
    assert snapshot.sheet is first.sheet
    view = snapshots.view(snapshot, "public")
    assert len(view.every) == 0
    assert view.mark != mark
    older = snapshots.at(f"#{first.index}")
    assert len(snapshots.view(older, "public").every) == 0


def test_an_older_state_is_what_was_known_then(case: Case, snapshots: Snapshots) -> None:
    """By index or by time; kept for the next who asks; what is none is refused."""
    first = snapshots.refresh().index
    add(case, [row("three")], NOON + 120, "more.jsonl")
    snapshots.refresh()
    older = snapshots.at(f"#{first}")
    assert older.sheet.ids.to_pylist() == ["one", "two"]
    assert (older.index, older.known_at) == (first, NOON + 60)
    assert snapshots.at(f"#{first}").sheet is older.sheet
    assert snapshots.at("2024-06-01T12:01:30Z").sheet is older.sheet
    for wrong in ("#999", "#x", "soon"):
        with pytest.raises(InputError, match="known_at"):
            snapshots.at(wrong)


def test_a_page_of_a_view_that_is_gone_is_told_as_such(case: Case, snapshots: Snapshots) -> None:
    """While it is kept the list goes on in it; a page never mixes two."""
    snapshot = snapshots.refresh()
    marks = [snapshots.view(snapshot, "secretariat").mark]
    for at in range(4):
        add(case, [row(f"more-{at}")], NOON + 120 + at, f"more-{at}.jsonl")
        marks.append(snapshots.view(snapshots.refresh(), "secretariat").mark)
    assert len(set(marks)) == 5
    assert snapshots.marked(marks[-2], "secretariat").mark == marks[-2]
    with pytest.raises(ConflictError, match="begin it again"):
        snapshots.marked(marks[0], "secretariat")
    with pytest.raises(ConflictError):
        snapshots.marked(marks[-1], "public")


def test_what_is_appended_is_noticed(case: Case, snapshots: Snapshots) -> None:
    """A nudge, or the next look; until then the snapshot before stands, and the service knows that it is behind."""
    snapshots.start()
    _wait(lambda: snapshots._now is not None)
    first = snapshots.current()
    assert snapshots.behind_s == 0
    add(case, [row("three")], NOON + 120, "more.jsonl")
    snapshots.nudge()
    _wait(lambda: snapshots.current().index == first.index + 1)
    assert snapshots.current().sheet.ids.to_pylist() == ["one", "three", "two"]


def test_how_long_it_takes_does_not_say_of_what_type_an_entry_is(
    case: Case, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not judged is told as late as if it were: else anybody could tell evidence from talk by a clock."""
    snapshots.refresh()
    snapshots._took_s = 30.0
    waited: list[float] = []
    monkeypatch.setattr(snapshots._stop, "wait", waited.append)
    say(case, ALLEGATION, NOON + 120)
    snapshots._look()
    assert 29 < waited[0] <= 30
    assert snapshots.current().told.size == len(case.entries()), "findings and consent are told at once"


def _wait(is_so: Any, most_s: float = 60.0) -> None:  # noqa: ANN401  # a question
    end = time.monotonic() + most_s
    while not is_so():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


# -- the workroom ------------------------------------------------------------------------------------------------------


class Room:
    """A room of the tests."""

    def __init__(self, name: str = "room") -> None:
        """Made where it is asked."""
        self.name = name

    def close(self) -> None:
        """Nothing to let go of."""

    def pid(self) -> int:
        """In which process."""
        return os.getpid()

    def refuse(self) -> None:
        """Refuse."""
        raise InputError("not this")

    def fail(self) -> None:
        """A fault of the program."""
        raise KeyError("somebody's words")

    def die(self) -> None:
        """Be gone."""
        os._exit(1)

    def hang(self, seconds: float) -> None:
        """Take long."""
        time.sleep(seconds)


def test_a_room_apart_answers_refuses_and_comes_back() -> None:
    """A refusal arrives as what it is; of a fault only its place; who dies is begun anew."""
    room = Workroom(Room, "apart")
    first = room.ask("pid")
    assert first != os.getpid()
    assert room.ask("pid") == first
    with pytest.raises(InputError, match="not this"):
        room.ask("refuse")
    with pytest.raises(RuntimeError, match=r"KeyError in the workroom: test_snapshots\.py:\d+") as failed:
        room.ask("fail")
    assert "somebody" not in str(failed.value)
    with pytest.raises(StoreError, match="lost"):
        room.ask("die")
    assert room.ask("pid") not in (first, os.getpid())
    with pytest.raises(StoreError, match="too long"):
        room.ask("hang", 60.0, within_s=0.2)
    room.close()
    with pytest.raises(StoreError, match="closed"):
        room.ask("pid")


def test_only_so_many_wait_before_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond them a question is refused at once: nobody piles up work."""
    monkeypatch.setattr(workroom, "MOST_WAITING", 2)
    room = Workroom(Room, is_apart=False)
    inside, let = threading.Event(), threading.Event()

    def slow() -> None:
        inside.set()
        let.wait(30)

    room._room = Room()
    room._room.slow = slow  # type: ignore[attr-defined]
    threads = [threading.Thread(target=room.ask, args=("slow",)) for _ in range(2)]
    for one in threads:
        one.start()
    inside.wait(30)
    _wait(lambda: room._waiting._value == 0)
    with pytest.raises(StoreError, match="ask again"):
        room.ask("pid")
    let.set()
    for one in threads:
        one.join()
    assert room.ask("pid") == os.getpid()


def test_a_case_is_judged_apart_as_it_is_here(case: Case, snapshots: Snapshots) -> None:
    """The process of its own gives the same sheet, and the same answers to what takes an outcome."""
    apart = Snapshots(case.where, case, clock=lambda: NOW)
    here, there = snapshots.refresh(), apart.refresh()
    for reader in ("public", "party:north", "secretariat"):
        assert snapshots.view(here, reader).mark == apart.view(there, reader).mark
    reading = Reading("party:north", snapshots.moment(here))
    asked = Supposed("square", until="2024-06-02")
    assert snapshots.ask("what_if", here.judged, reading, asked) == apart.ask("what_if", there.judged, reading, asked)
    apart.close()


def test_duties_of_an_older_state_are_counted_of_that_state(case: Case, snapshots: Snapshots) -> None:
    """Whoever looks back is told of then, and nobody else is told of then because of it."""
    begun = snapshots.refresh()
    say(case, ALLEGATION, NOON + 120)
    newest, old = snapshots.refresh(), snapshots.at(f"#{begun.index}")
    active = []
    for one in (newest, old, newest, old):
        reading = Reading("party:south", snapshots.moment(one))
        active.append(snapshots.duties(one, reading)["active"] + snapshots.duties(one, reading)["breached"])
    assert active == [1, 0, 1, 0]


# -- what only some may know of ----------------------------------------------------------------------------------------


def under(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A case like the others, under another text."""
    monkeypatch.setattr(seen_case, "TEXT", text)
    seen_case._template.cache_clear()
    made = small_case(folder)
    seen_case._template.cache_clear()
    return made


MAPPED = TEXT.replace("zones:\n", 'zones:\n  pier: {geo: "annex:pier"}\n')


def test_areas_that_were_added_later_are_not_those_of_the_public(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A map that members got is in no zone of a file, no filter, and no list of units for everybody."""
    ring = [[36.0, 35.0], [37.0, 35.0], [37.0, 36.0], [36.0, 36.0], [36.0, 35.0]]
    made = [
        {"type": "Feature", "properties": named, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for named in ({"id": "pier"}, {"code": "XA-Q", "level": 1, "parent": "XA", "name_en": "Quay"})
    ]
    case = under(MAPPED, tmp_path / "case", monkeypatch)
    add(case, [row("one"), row("far", impact=disc(LON + 9_000_000, LAT))], NOON + 60)
    snapshots = Snapshots(case.where, case, is_apart=False, clock=lambda: NOW)
    before = snapshots.refresh()
    plain = {zone["id"]: zone["geom"] for zone in zone_rows(before, snapshots.view(before, "public"))}
    data = json.dumps({"type": "FeatureCollection", "features": made}).encode()
    say(case, given_draft("areas", "annex.geojson", data, 2), NOON + 120)
    now = snapshots.refresh()
    views = {reader: snapshots.view(now, reader) for reader in ("public", "party:north", "secretariat")}
    zones = {reader: {one["id"]: one["geom"] for one in zone_rows(now, view)} for reader, view in views.items()}
    assert zones["public"] == plain
    assert zones["party:north"]["pier"] != plain["pier"]
    found = {reader: chosen(view, Filter(zone="pier"), now.agreement).tolist() for reader, view in views.items()}
    assert found["public"] == chosen(snapshots.view(before, "public"), Filter(zone="pier"), now.agreement).tolist()
    assert all("XA-Q" not in units for units in views["public"].sheet.units)
    assert any("XA-Q" in units for units in views["secretariat"].sheet.units)
    with pytest.raises(UnknownError):
        chosen(views["public"], Filter(unit="XA-Q"), now.agreement)
    chosen(views["party:north"], Filter(unit="XA-Q"), now.agreement)
    assert "XA-Q" not in now.bench_of("public").atlas.gazetteer
    flat = {reader: Flat(view, now.bench_of(reader).atlas) for reader, view in views.items()}
    area = Region("area", areas=("XA-Q",))
    assert flat["public"]._shape(area) is None
    assert flat["secretariat"]._shape(area) is not None
    assert snapshots.seen(now, "public") is views["public"]
    assert len(found["secretariat"]) < len(found["public"]) == 2  # whoever has no map is told that it may be there
    snapshots.close()
    case.close()


def test_what_was_watched_tells_the_public_of_no_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That somebody who looked around a town saw all of a zone says where it lies: its map was not published."""
    case = under(MAPPED.replace("in: secret,", "in: pier,"), tmp_path / "case", monkeypatch)
    look = row("look", negative=True, act=["observe"], start=NOON, end=NOON + 3_600, impact=disc(LON, LAT, 5_000))
    add(case, [look], NOON + 60)
    snapshots = Snapshots(case.where, case, is_apart=False, clock=lambda: NOW)

    def watched(reader: str) -> list[int]:
        """Cell-seconds that were watched, of two days that are past the delay of the place ladder."""
        now = snapshots.refresh()
        told = snapshots.ask("coverage", now.judged, Reading(reader, snapshots.moment(now)), date(2024, 6, 1), 2)
        return [day["watched"] for day in told["days"]]

    readers = ("public", "party:north", "secretariat")
    before = {reader: watched(reader) for reader in readers}
    at = [(LON + dx, LAT + dy) for dx, dy in ((0, 0), (9_000, 0), (9_000, 9_000), (0, 9_000), (0, 0))]
    ring = [[lon / 1e7, lat / 1e7] for lon, lat in at]
    pier = {"type": "Feature", "properties": {"id": "pier"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    data = json.dumps({"type": "FeatureCollection", "features": [pier]}).encode()
    say(case, given_draft("areas", "annex.geojson", data, 1), NOON + 120)
    after = {reader: watched(reader) for reader in readers}
    assert after["public"] == before["public"] == [0, 0]
    assert after["party:north"] == after["secretariat"] == [3_600, 0]
    snapshots.close()
    case.close()


def test_towns_of_a_map_that_was_added_later_are_not_those_of_the_public(case: Case, snapshots: Snapshots) -> None:
    """A country that members got a map of is named by its towns; the public is told of those of the text."""

    def towns(*, is_public: bool) -> set[str]:
        """Names of the towns below a map."""
        found = ground(snapshots.refresh(), case, is_public=is_public, world=None)["features"]
        return {one["properties"]["names"]["en"] for one in found if one["properties"]["role"] == "town"}

    before = towns(is_public=True)
    ring = [[35.1, 33.0], [36.6, 33.0], [36.6, 34.7], [35.1, 34.7], [35.1, 33.0]]
    named = {"code": "LB", "level": 0, "name_en": "Lebanon"}
    made = {"type": "Feature", "properties": named, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    data = json.dumps({"type": "FeatureCollection", "features": [made]}).encode()
    say(case, given_draft("areas", "neighbour.geojson", data, 1), NOON + 120)
    assert towns(is_public=True) == before
    assert towns(is_public=False) > before


@pytest.mark.parametrize("reader", ["public", "party:north"])
def test_a_what_if_of_the_public_rests_on_no_map_that_was_added_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    """A monitor sees as the public does, and may ask: not where a zone lies whose map it was not given."""
    case = under(MAPPED.replace("in: secret,", "in: pier,"), tmp_path / "case", monkeypatch)
    add(case, [row("one"), row("far", impact=disc(LON + 9_000_000, LAT))], NOON + 60)
    snapshots = Snapshots(case.where, case, is_apart=False, clock=lambda: NOW)

    def told() -> tuple[Any, Any]:
        """What would be otherwise if the zone ended sooner, and how many reports lie within it."""
        now = snapshots.refresh()
        reading = Reading(reader, snapshots.moment(now))
        found = snapshots.ask("what_if", now.judged, reading, Supposed("pier", until="2024-06-02"))
        return {name: found[name] for name in ("any", "terms", "changed")}, found["inside"]

    before = told()
    ring = [[36.0, 35.0], [37.0, 35.0], [37.0, 36.0], [36.0, 36.0], [36.0, 35.0]]
    pier = {"type": "Feature", "properties": {"id": "pier"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    data = json.dumps({"type": "FeatureCollection", "features": [pier]}).encode()
    say(case, given_draft("areas", "annex.geojson", data, 1), NOON + 120)
    assert (told() == before) is (reader == "public")
    snapshots.close()
    case.close()


RESTING = TEXT.replace("in: square, from: 2024-01-01,", "in: square, from: 2024-01-01, while: {complies: south},")


def test_a_finding_moves_no_answer_of_who_may_not_know_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may see it is answered by it; the public from its publication on; in the meantime as if it were not there."""
    case = under(RESTING, tmp_path / "case", monkeypatch)
    add(case, [row("one", start=NOON + 86_400, end=NOON + 86_460)], NOON + 60)
    held = Snapshots(case.where, case, is_apart=False, clock=lambda: NOW)
    readers = ("public", "party:-", "party:north", "secretariat")

    def values() -> dict[str, list[int]]:
        snapshot = held.refresh()
        views = {reader: held.view(snapshot, reader) for reader in readers}
        return {
            reader: view.sheet.verdicts.values[view.sheet.numbers("verdict")].reshape(-1).tolist()
            for reader, view in views.items()
        }

    plain = values()
    index = finding(case, NOON + 120, against="south")
    hidden = values()
    assert hidden["secretariat"] != plain["secretariat"]
    assert hidden["party:north"] == hidden["secretariat"]
    assert (hidden["public"], hidden["party:-"]) == (plain["public"], plain["party:-"])
    snapshot = held.refresh()
    assert snapshot.hidden_from("public") == {f"entry-{index}"}
    told = [held.ask("why", snapshot.judged, 0, False, snapshot.hidden_from(reader)) for reader in readers]
    assert told[0] == told[1] != told[2] == told[3]
    owed = []
    for reader in readers[1:3]:
        without = snapshot.hidden_from(reader)
        reading = Reading(reader, held.moment(snapshot), without, None, without)
        duties = held.ask("obligations", snapshot.judged, snapshot.size, reading, "2024-06-02T13:00Z", "")
        owed.append([(one["term"], one["states"]) for one in duties["prohibitions"]])
    assert owed[0] != owed[1]
    publish(case, index, NOON + 130)
    shown = values()
    assert shown["public"] == shown["secretariat"] == hidden["secretariat"]
    held.close()
    case.close()


def test_the_newest_is_let_go_of_for_a_newer_one_alone(
    case: Case, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for old states, one after another, has nothing judged anew but these."""
    snapshots.refresh()
    for second in (120, 180):
        add(case, [row(f"at-{second}")], NOON + second)
    snapshot = snapshots.refresh()
    room = snapshots._room._room
    assert isinstance(room, JudgingRoom)
    judged: list[int] = []
    plain = JudgingRoom._make_room
    monkeypatch.setattr(room_module, "MOST_ROWS", 1)

    def made(self: JudgingRoom, size: int) -> None:
        judged.append(size)
        plain(self, size)

    monkeypatch.setattr(JudgingRoom, "_make_room", made)
    for index in range(2, snapshot.size - 1):
        snapshots.at(f"#{index}")
    assert (snapshot.size, frozenset()) in room._held
    del judged[:]
    snapshots.ask("why", snapshot.judged, 0, True)
    assert judged == []


def test_an_older_state_is_kept_with_the_time_that_was_asked_for(case: Case, snapshots: Snapshots) -> None:
    """Two moments between the same two entries are two: what was published between them was published then."""
    add(case, [row("three", published="2024-06-20")], NOON + 120)
    add(case, [row("four")], NOON + 180 + 86_400 * 60)
    snapshots.refresh()
    early, late = (snapshots.at(text) for text in ("2024-06-15", "2024-06-25"))
    assert early.size == late.size
    assert None not in (early.known_at, late.known_at)
    assert early.known_at != late.known_at
    assert len(snapshots.view(late, "public").every) == len(snapshots.view(early, "public").every) + 1


def test_one_old_state_at_a_time_for_all_who_are_no_members(
    case: Case, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The public waits for the public; a member does not."""
    add(case, [row("three")], NOON + 120)
    snapshots.refresh()
    assert (snapshots.is_kept(""), snapshots.is_kept("#2"), snapshots.is_kept("#99")) == (True, False, True)
    made, told = snapshots._made, list[int | str]()

    def slowly(size: int, known_at: int | None) -> Any:  # noqa: ANN401  # a snapshot
        for is_member in (False, True):
            try:
                told.append(snapshots.at("#1", is_member=is_member).size)
            except StoreError as error:
                told.append(str(error))
        return made(size, known_at)

    monkeypatch.setattr(snapshots, "_made", lambda *of: (monkeypatch.setattr(snapshots, "_made", made), slowly(*of))[1])
    snapshots.at("#2")
    assert "ask again in a moment" in str(told[0])
    assert told[1] == 2
    assert snapshots.is_kept("#2")


WEIGHED = TEXT.replace("sources: {}\n", "sources: {}\nevidence: {supported: {lines: 2, grade: C3}}\n")


@pytest.mark.parametrize("hidden", ["unpublished", "account", "not to be passed on"])
def test_support_that_rests_on_what_is_hidden_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hidden: str
) -> None:
    """Who sees one of two witnesses is not told by *supported* that there is another."""
    case = under(WEIGHED, tmp_path / "case", monkeypatch)
    ways: dict[str, dict[str, Any]] = {
        "unpublished": {"published": None, "url": None}, "account": {"reporter_withheld": True},
        "not to be passed on": {"may_export": False},
    }  # fmt: skip
    two: dict[str, Any] = {
        "grade": "B2",
        "publisher": "The Weekly",
        "asserted_by": "A second office",
        "chain": ["A second office"],
    }
    one: dict[str, Any] = {"grade": "B2", "chain": ["South press office"]}
    add(case, [row("seen", **one), row("hidden", **two, **ways[hidden])], NOON + 60)
    pairs = [Pair("hidden", "seen", 0.99)]
    of = [part.table_hash for part in case.journal() if part.table_hash]
    say(case, pairs_draft(pairs, of, "model", "0" * 64, bytes), NOON + 120)
    held = Snapshots(case.where, case, is_apart=False, clock=lambda: NOW)
    snapshot = held.refresh()
    told = {}
    for reader in ("secretariat", "party:north", "public"):
        view = held.view(snapshot, reader)
        told[reader] = {view.sheet.ids[row].as_py(): view.answers(int(view.sheet.numbers("verdict")[row]))["supported"]
                        for row in view.every.tolist()}  # fmt: skip
        assert held.seen(snapshot, reader) is view
    assert told["secretariat"]["seen"] == 1
    assert told["public"] == {"seen": 0}
    assert told["party:north"] == ({"seen": 1, "hidden": 1} if hidden == "unpublished" else {"seen": 0})
    asked = Filter(supported=True)
    assert [len(chosen(held.view(snapshot, one), asked, snapshot.agreement)) for one in ("secretariat", "public")] == [
        1 if hidden == "not to be passed on" else 2, 0,
    ]  # fmt: skip
    held.close()
    case.close()
