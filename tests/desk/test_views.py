"""What a reader sees of a case: rung by rung, and that no question tells more than the list does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk.seen_case import LAT, LON, NOON, NOW, TZ, add, disc, row, rows, say, seen_case, small_case
from truceline.assess.place import Placed
from truceline.assess.spots import Spots
from truceline.canon import sha256
from truceline.desk import keyring
from truceline.desk.consent import Consents
from truceline.desk.lists import place_of, safe_id
from truceline.desk.reconcile import Reconciled
from truceline.desk.records import Draft
from truceline.desk.runs import Asked, judge_case
from truceline.desk.snapshots import Snapshot, Snapshots, rests_on_talk
from truceline.desk.towns import TOWN_GRID
from truceline.desk.views import pages
from truceline.desk.views.asked import Filter, chosen, totals_of
from truceline.desk.views.asked_zone import Supposed
from truceline.desk.views.flat import Flat
from truceline.desk.views.own import own_of
from truceline.desk.views.room import Reading, _unnamed
from truceline.desk.views.sheet import Sheet, sheet_of, source_of
from truceline.desk.views.sight import Moment, known_by_shown_ids, sighted
from truceline.desk.views.view import View
from truceline.errors import ConflictError, InputError, UnknownError
from truceline.evidence.places import Placer
from truceline.group import Sight
from truceline.space import Region, checked_polygon
from truceline.span import FAR_AHEAD, parse_instant
from truceline.store.opened import open_case
from truceline.verdict import YES

READERS = ("secretariat", "party:north", "party:south", "party:-", "public")
HIDDEN = {"closed", "clinic", "convoy"}
"""Told of to nobody."""

INSIDE = {"account", "denied-watch", "looked", "track-late"}
"""Told of to whoever keeps the case alone."""


class Seen:
    """A case and its snapshots, looked at on a fixed day."""

    def __init__(self, folder: Path, make: Callable[[Path], Any] = seen_case) -> None:
        """Make it."""
        self.case = make(folder / "case")
        self.snapshots = Snapshots(str(folder / "case"), self.case, is_apart=False, clock=lambda: NOW)
        self.snapshot: Snapshot = self.snapshots.refresh()
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def view(self, reader: str) -> View:
        """What a reader sees."""
        return self.snapshots.view(self.snapshot, reader)

    def reading(self, reader: str) -> Reading:
        """Who asks."""
        return Reading(reader, self.snapshots.moment(self.snapshot))

    def rows(self, reader: str) -> list[dict[str, Any]]:
        """Everything that a reader is told of reports."""
        view = self.view(reader)
        key = f"{reader} {view.mark}"
        if key not in self._rows:
            self._rows[key] = [json.loads(one) for one in view.encoded(view.every)]
        return self._rows[key]

    def ids(self, reader: str) -> set[str]:
        """The ids that a reader is told of."""
        return {one["id"] for one in self.rows(reader)}

    def close(self) -> None:
        """Let go of it."""
        self.snapshots.close()
        self.case.close()


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401  # a generator
    """The case of these tests; no test changes it."""
    made = Seen(tmp_path_factory.mktemp("seen"))
    yield made
    made.close()


def made_of(folder: Path, some: list[dict[str, Any]]) -> Seen:
    """A case of some rows."""

    def make(path: Path) -> Any:  # noqa: ANN401  # a case
        case = small_case(path)
        add(case, some, NOON + 60)
        return case

    return Seen(folder, make)


# -- rung by rung ------------------------------------------------------------------------------------------------------


def test_who_keeps_the_case_sees_all_but_what_nobody_is_told(seen: Seen) -> None:
    """Rows that may not be passed on, and notified sites, leave no service, whoever asks."""
    everything = {one["id"] for one in rows()}
    shown = seen.ids("secretariat")
    assert {one for one in everything if one.startswith("r ")} == {"r 35.93412, 36.65123"}
    assert shown == {one for one in everything - HIDDEN if not one.startswith("r ")} | {safe_id("r 35.93412, 36.65123")}
    assert dict(seen.snapshot.sheet.never) == {"terms": 1, "site": 2, "closed": 0}


def test_a_party_sees_incidents_and_its_own_forces(seen: Seen) -> None:
    """Forces of the other side in a withdrawal zone are counted, inside or outside; observers are not shown at all."""
    of_all = seen.ids("secretariat") - INSIDE
    assert seen.ids("party:north") == of_all - {"forces-south"}
    assert seen.ids("party:south") == of_all - {"forces-north", "kept-from-south"}
    assert seen.ids("party:-") == of_all - {"forces-north", "forces-south"}


def test_the_public_sees_what_was_published(seen: Seen) -> None:
    """Neither what no page carries, nor what one will carry later, nor what somebody refused."""
    gone = {"unpublished", "maybe-2", "ahead", "refused", "kept-from-south", "forces-north", "forces-south"}
    assert seen.ids("public") == seen.ids("secretariat") - INSIDE - gone
    assert seen.ids("a stranger") == seen.ids("party:") == seen.ids("public")


@pytest.mark.parametrize("reader", READERS)
def test_a_place_is_as_large_as_the_ladder_says(seen: Seen, reader: str) -> None:
    """As reported for who keeps the case; else about a point of the grid, and at least 5 km."""
    for one in seen.rows(reader):
        place = one["place"]
        if reader == "secretariat":
            assert place["sight"] == "as reported"
        elif one["id"] in {"forces-north", "forces-south"}:
            assert place["sight"] == "as reported", "a party sees its own forces as it reported them"
        elif one["id"] == "track":
            assert place["sight"] == ("unit" if reader == "public" else "cell")
            assert (place["lon"] is None) == (reader == "public")
            assert reader == "public" or place["radius_m"] >= 20_000
        elif place["region"] == "disc":
            assert place["radius_m"] >= 5_000
            assert round(place["lon"] * 1e7) % TOWN_GRID == round(place["lat"] * 1e7) % TOWN_GRID == 0
        if place["region"] == "area":
            assert place["lon"] is place["lat"] is None, "the point that a unit is coded by is told to nobody"


def test_the_public_sees_days_and_no_hours(seen: Seen) -> None:
    """Bounds are those of civil days; no text says an hour."""
    assert seen.rows("public")
    for one in seen.rows("public"):
        starts = parse_instant(one["from"], "UTC")
        assert one["from"].endswith(("T21:00:00Z", "T22:00:00Z")), one["from"]
        assert starts % 3_600 == 0
        assert one["precision"] == "day"
        assert ":" not in one["when"]
    assert any("13:11" in (one["when"] or "") for one in seen.rows("party:north"))


def test_words_finer_than_a_town_stay_inside(seen: Seen) -> None:
    """Of a place that its source calls a site the units are told."""
    told = {reader: next(one for one in seen.rows(reader) if one["id"] == "fine") for reader in READERS}
    assert told["secretariat"]["place"]["text"] == "The red house"
    for reader in READERS[1:]:
        assert told[reader]["place"]["text"] == "Northland, Southland"
        assert "red house" not in json.dumps(told[reader])


def test_a_town_on_a_border_is_in_both_units(seen: Seen) -> None:
    """One of them alone would say on which side of the border it lies, which is finer than the town."""
    for one in seen.rows("public"):
        if one["place"]["region"] == "disc" and one["id"] != "track":
            assert one["place"]["units"] == ["XA-N", "XA-S"], one["id"]


def test_who_stands_behind_a_report_is_told_to_who_keeps_the_case(seen: Seen) -> None:
    """Notes point at witnesses; an id that holds a position is told as a part of its hash."""
    for reader in READERS:
        text = json.dumps(seen.rows(reader))
        assert ("neighbour" in text) == (reader == "secretariat")
        assert ("35.93412" in text) == (reader == "secretariat"), "an address may hold the position too"
        assert not any("35.93412" in one["id"] for one in seen.rows(reader))


def test_where_fire_came_from_is_told_later_and_coarser(seen: Seen) -> None:
    """As reported; to a party as a cell after 72 hours; to the public as nothing but its units, after 30 days."""
    told = {
        reader: {one["id"]: one["origin"] for one in seen.rows(reader) if one["id"].startswith("fired")}
        for reader in ("secretariat", "party:north", "public")
    }
    assert told["secretariat"]["fired-late"]["radius_m"] == 2_000
    assert told["party:north"]["fired"]["sight"] == "cell"
    assert told["party:north"]["fired"]["radius_m"] >= 20_000
    assert told["party:north"]["fired-late"] is None
    assert told["public"]["fired"]["sight"] == "unit"
    assert told["public"]["fired"]["lon"] is None
    assert told["public"]["fired-late"] is None


def test_forces_and_sites_are_counted_as_the_ladder_says(seen: Seen) -> None:
    """As terms cover them for a party, a number for the public; sites a number in each unit, for the public."""
    told = {}
    for reader in ("secretariat", "party:north", "public"):
        made = pages.situation(seen.view(reader), seen.snapshot, Filter(), not_public={}, duties=None)
        told[reader] = json.loads(made.content)
    assert told["party:north"]["forces"] == {"reports": 1, "inside": 1, "possibly": 0, "not_covered": 0}
    assert told["public"]["forces"] == {"reports": 2, "inside": None, "possibly": None, "not_covered": None}
    assert told["public"]["sites"] == {"XA-N": 1}
    assert told["party:north"]["sites"] is told["secretariat"]["sites"] is None
    assert told["secretariat"]["left_out"] == {"terms": 1, "site": 2, "closed": 0}
    assert told["public"]["left_out"] is told["party:north"]["left_out"] is None


def test_forces_that_no_term_covers_are_not_called_outside(tmp_path: Path) -> None:
    """In the strip before its term began: no term covers them, and they stand in it all the same."""
    before = parse_instant("2023-06-10T10:00Z", "UTC")
    forces = {"act": ["armed-person"], "actor": ["south"], "impact": disc(LON + 2_000_000, LAT)}
    held = made_of(tmp_path, [row("early", start=before, end=before + 60, **forces), row("in-force", **forces)])
    assert held.view("party:north").forces == {"reports": 2, "inside": 1, "possibly": 0, "not_covered": 1}
    held.close()


def test_a_track_and_a_height_are_told_nowhere(tmp_path: Path) -> None:
    """No row shows a height, so no what-if asks of one; a track is a cell, so no list names its town."""
    high = {"low_m": 900, "high_m": 1_100}
    held = made_of(tmp_path, [row("flown", kind="track", act=["fly"], **high), row("shelled", **high)])
    source = sheet_and_source(held)[1]
    for reader in ("party:north", "public"):
        told = own_of(held.view(reader), source).table
        assert told.num_rows
        assert told.column("low_m").null_count == told.column("high_m").null_count == told.num_rows
    inside = own_of(held.view("secretariat"), source).table
    assert inside.column("high_m").to_pylist() == [1_100, 1_100]
    rows = own_of(held.view("party:north"), source, is_spoken=True).table.to_pylist()
    assert {one["id"]: one["place_text"] for one in rows} == {"flown": "", "shelled": "Oldtown"}
    bench = held.snapshot.bench
    placer = Placer(bench.atlas, bench.agreement.precision)
    region = disc()
    words = {one: place_of({**rows[0], "kind": one, "source": "reports", "place_text": "Oldtown"}, region, placer,
                           bench.agreement.acts) for one in ("track", "incident")}  # fmt: skip
    assert words == {"track": "", "incident": "Oldtown"}
    held.close()


def test_a_zone_that_a_later_text_brings_is_not_asked_about(seen: Seen) -> None:
    """An older state knows its own zones; a name that only another text has is an error of whoever asks."""
    text = seen.snapshot.agreement
    later = replace(text, zones={**text.zones, "new": text.zones["square"]})
    with pytest.raises(UnknownError):
        chosen(seen.view("public"), Filter(zone="new"), later)


def test_an_act_that_one_may_not_read_is_not_named() -> None:
    """What it did stays; its entry is named to those who may read it."""
    told = {"trigger": {"what": "opened", "id": "entry-4"}, "moved_by": ["entry-4", "entry-5"], "at": "entry"}
    assert _unnamed(told, {5}) == {
        "trigger": {"what": "opened", "id": None}, "moved_by": ["entry-5"], "at": "entry",
    }  # fmt: skip


def test_a_view_ends_when_a_date_passes(seen: Seen) -> None:
    """Consent that lapses, and a delay that is over, count from that second on; nothing has to be appended."""
    until = seen.view("public").seen.until
    assert until == parse_instant("2024-09-02", TZ)
    view = seen.view("public")
    later = sighted(
        seen.snapshot.sheet, "public", view.consents, seen.snapshot.agreement.group, Moment(until + 1)
    )  # fmt: skip
    row_ = seen.snapshot.sheet.row("lapsing")
    assert row_ is not None
    assert view.listed[row_]
    assert not later.is_listed[row_]
    party = seen.view("party:north").seen.until
    assert party <= parse_instant("2024-09-03T10:01Z", "UTC") + 1


def test_as_known_then_shows_what_was_published_then(seen: Seen) -> None:
    """In an older state nobody sees more than in the newest: not what was published later, nor what is refused."""
    sheet, group = seen.snapshot.sheet, seen.snapshot.agreement.group
    consents = seen.view("public").consents
    before = sighted(sheet, "public", consents, group, Moment(NOW, parse_instant("2024-08-01", "UTC")))
    shown = {sheet.ids[at].as_py() for at in np.flatnonzero(before.is_listed).tolist()}
    assert shown == seen.ids("public") - {"later"}


def test_what_stands_for_an_id_cannot_be_found_by_trying(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Positions are few: a hash without a key of this machine would give them all away."""
    key = "r 35.93412, 36.65123"
    shown = safe_id(key)
    assert sha256(key.encode())[:12] not in shown
    safe_id.cache_clear()
    assert safe_id(key) == shown
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "another"))
    safe_id.cache_clear()
    assert safe_id(key) != shown
    assert (tmp_path / "another" / "keys" / "names.mask").stat().st_mode & 0o777 == 0o600
    assert any("names.mask" in one for one in keyring.panic().gone)
    safe_id.cache_clear()


def test_consent_is_asked_by_the_id_of_the_record(seen: Seen) -> None:
    """A report whose id is shown as a hash is refused by its own id all the same."""
    copied = Path(seen.case.where).parent / "refusing"
    shutil.copytree(seen.case.where, copied)
    again = Seen.__new__(Seen)
    again.case, again._rows = open_case(copied), {}
    add(again.case, [row("call 0944 123 456")], NOON + 240)
    shown = safe_id("call 0944 123 456")
    assert shown.startswith("row-")
    again.snapshots = Snapshots(str(copied), again.case, is_apart=False, clock=lambda: NOW)
    again.snapshot = again.snapshots.refresh()
    assert all(shown in again.ids(reader) for reader in ("public", "party:north"))
    say(again.case, Draft("consent", {"about": "call 0944 123 456", "use": "share", "is_given": False}), NOON + 300)
    again.snapshot = again.snapshots.refresh()
    assert shown not in again.ids("public") | again.ids("party:north")
    assert shown in again.ids("secretariat")
    again.close()


# -- no question tells more than the list ------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", READERS)
def test_what_is_hidden_changes_nothing_that_is_shown(
    seen: Seen, reader: str, tmp_path: Path
) -> None:  # fmt: skip
    """INVARIANT: a case of only what a reader sees tells that reader the same, to the byte, by the same mark."""
    shown = seen.ids(reader)
    made = [one for one in rows() if one["id"] in shown or one["id"].startswith("r ")]
    alone = [one for one in made if not one["id"].startswith(("twin", "maybe"))]
    less = made_of(tmp_path, alone)
    whole = made_of(tmp_path / "whole", [one for one in rows() if not one["id"].startswith(("twin", "maybe"))])
    views = [one.snapshots.view(one.snapshot, reader) for one in (less, whole)]
    if reader == "public":  # what was refused is in the list of neither: there is no consent in these two
        alone_ids, whole_ids = (set(one.sheet.ids.take(one.every).to_pylist()) for one in views)
        hidden = {at for at, key in enumerate(views[1].sheet.ids.to_pylist()) if key in whole_ids - alone_ids}
        views[1].seen.level[sorted(hidden)] = Sight.NOTHING
        views[1] = replace(views[1])
    if reader == "party:south":
        at = views[1].sheet.row("kept-from-south")
        views[1].seen.level[at] = Sight.NOTHING
        views[1] = replace(views[1])
    first, other = ([json.loads(one) for one in view.encoded(view.every)] for view in views)
    assert first == other
    assert views[0].mark == views[1].mark
    texts = [pages.listed(v, s.snapshot, Filter(term="calm"), after="", limit=5)
             for v, s in zip(views, (less, whole), strict=True)]  # fmt: skip
    assert texts[0] == texts[1], "content, tag and cursor"
    for one in (less, whole):
        one.close()


FILTERS = st.builds(
    Filter,
    term=st.sampled_from(["", "calm", "back", "quiet", "any"]), value=st.sampled_from([None, -1, 0, 1]),
    supported=st.sampled_from([None, True, False]),
    act=st.sampled_from(["", "attack", "shelling", "presence", "fly"]),
    actor=st.sampled_from(["", "north", "north-army", "south"]),
    group=st.sampled_from(["", "bound", "other", "excluded"]), zone=st.sampled_from(["", "square", "strip", "secret"]),
    unit=st.sampled_from(["", "XA-N", "XA-S"]), since=st.sampled_from(["", "2024-06-02", "2024-06-10T10:11:30Z"]),
    until=st.sampled_from(["", "2024-06-11", "2024-08-30"]), protected=st.sampled_from([None, True, False]),
    kind=st.sampled_from(["", "incident", "track", "site"]),
)  # fmt: skip


@settings(max_examples=25)
@given(FILTERS, st.sampled_from(READERS))
def test_a_filter_asks_of_what_is_shown(seen: Seen, one: Filter, reader: str) -> None:
    """INVARIANT: whoever has the list can answer every filter alone; so no two filters together tell more."""
    view = seen.view(reader)
    found = {view.sheet.ids[at].as_py() for at in chosen(view, one, seen.snapshot.agreement).tolist()}
    assert found == {told["id"] for told in seen.rows(reader) if _is_asked(told, one, seen.snapshot)}


def _is_asked(told: dict[str, Any], one: Filter, snapshot: Snapshot) -> bool:
    """The filter, asked of a row as it was told, by plain rules."""
    agreement = snapshot.agreement
    answer = told["any"] if one.term in ("", "any") else told["terms"][one.term]
    since = parse_instant(one.since, TZ) if one.since else -FAR_AHEAD
    until = parse_instant(one.until, TZ) if one.until else FAR_AHEAD
    whom = [*told["actor"]["ids"], *(told["target"]["ids"] if told["unordered"] else [])]
    return all((
        not one.term or one.value is not None or answer != -1,
        one.value is None or answer == one.value,
        one.supported is None or (told["supported"] == 1) == one.supported,
        not one.act or any(agreement.acts.is_kind(act, one.act) == YES for act in told["act"]),
        not one.actor or any(agreement.group.belongs(who, one.actor) == YES for who in whom),
        one.group in ("", told["group"]), one.kind in ("", told["kind"]),
        not one.unit or one.unit in told["place"]["units"],
        parse_instant(told["until"], "UTC") > since, parse_instant(told["from"], "UTC") < until,
        one.protected is None or told["protected"] == one.protected,
        not one.zone or _may_lie_in(told["place"], one.zone, snapshot),
    ))  # fmt: skip


def _may_lie_in(place: dict[str, Any], zone: str, snapshot: Snapshot) -> bool:
    """Whether a place, as it was told, may lie in a zone."""
    if place["sight"] == "unit":
        return False
    region = Region("none")
    if place["region"] == "disc":
        region = Region("disc", round(place["lon"] * 1e7), round(place["lat"] * 1e7), place["radius_m"])
    if place["region"] == "area":
        region = Region("area", areas=tuple(place["units"]))
    _, may = snapshot.placed.masks(Spots.of_regions([region]), [(zone,)])
    return bool(may[0, 0] & np.uint64(1))


@settings(max_examples=25)
@given(FILTERS, st.sampled_from(READERS))
def test_totals_are_those_of_the_rows_that_are_told(seen: Seen, one: Filter, reader: str) -> None:
    """A count over more than the list would tell of what is not in it."""
    view = seen.view(reader)
    rows_ = chosen(view, one, seen.snapshot.agreement)
    told = [row_ for row_ in seen.rows(reader) if _is_asked(row_, one, seen.snapshot)]
    totals = totals_of(view, rows_)
    for term in (*view.sheet.terms, "any"):
        values = [row_["any"] if term == "any" else row_["terms"][term] for row_ in told]
        assert totals.terms[term] == {
            "surely": values.count(1), "at_most": values.count(1) + values.count(0), "not_covered": values.count(-1),
        }  # fmt: skip
        reasons: dict[str, int] = {}
        for row_ in told:
            for reason in row_["reasons"].get(term, ()):
                reasons[reason] = reasons.get(reason, 0) + 1
        assert totals.reasons[term] == reasons
    assert totals.reports == len(told)
    assert totals.supported == sum(row_["supported"] == 1 for row_ in told)
    assert totals.groups == {name: sum(row_["group"] == name for row_ in told) for name in view.sheet.groups}


@settings(max_examples=25)
@given(FILTERS, st.sampled_from(READERS), st.integers(1, 7))
def test_pages_put_together_are_the_list(seen: Seen, one: Filter, reader: str, limit: int) -> None:
    """Every row once, in one order; the cursor names the view and the last id that was shown."""
    view, after, found = seen.view(reader), "", []
    while True:
        page = pages.listed(view, seen.snapshot, one, after=after, limit=limit)
        found += [row_["id"] for row_ in json.loads(page.content)["items"]]
        if not page.after:
            break
        mark, after = pages.read_cursor(page.after)
        assert (mark, after) == (view.mark, found[-1])
    rows_ = chosen(view, one, seen.snapshot.agreement)
    assert found == view.sheet.ids.take(rows_).to_pylist() == sorted(found)


@pytest.mark.parametrize("wrong", ["", "x", "AAAA", "é", "A" * 900, "eA", pages.cursor_of("short", "a")])
def test_what_is_no_cursor_is_refused(wrong: str) -> None:
    """A cursor is ours, or it is none."""
    with pytest.raises(ConflictError, match="`next`"):
        pages.read_cursor(wrong)


def test_a_cursor_of_an_id_that_is_not_shown_tells_nothing(seen: Seen) -> None:
    """Whether an id is there or not, the page goes on behind where it would stand."""
    view = seen.view("public")
    pages_ = [pages.listed(view, seen.snapshot, Filter(), after=key, limit=3) for key in ("refused", "refusee")]
    assert pages_[0] == pages_[1]


@pytest.mark.parametrize(
    "wrong", [Filter(term="nothing"), Filter(zone="nowhere"), Filter(act="dance"), Filter(actor="x"), Filter(unit="ZZ"),
              Filter(group="x"), Filter(value=2), Filter(since="soon"), Filter(since="2024-06-02", until="2024-06-01")]
)  # fmt: skip
def test_a_filter_of_what_the_text_does_not_know_is_refused(seen: Seen, wrong: Filter) -> None:
    """A word that is misspelt must not look like a place without reports."""
    with pytest.raises(InputError):
        chosen(seen.view("public"), wrong, seen.snapshot.agreement)


@settings(max_examples=25)
@given(FILTERS, st.sampled_from(READERS))
def test_a_table_has_the_rows_and_words_of_the_list(seen: Seen, one: Filter, reader: str) -> None:
    """The columns of a file are the fields of the list, however they are worked out."""
    view = seen.view(reader)
    rows_ = chosen(view, one, seen.snapshot.agreement)
    flat = Flat(view, seen.snapshot.atlas)
    table = [told for batch in flat.batches(rows_, with_shapes=True) for told in batch.to_pylist()]
    listed = [json.loads(text) for text in view.encoded(rows_)]
    for cells, told in zip(table, listed, strict=True):
        place = told["place"]
        expected = {
            "id": told["id"], "from": told["from"], "until": told["until"], "when": told["when"],
            "precision": told["precision"], "kind": told["kind"], "place": place["text"],
            "place_sight": place["sight"], "units": "; ".join(place["units"]) or None, "region": place["region"],
            "lon": place["lon"], "lat": place["lat"], "radius_m": place["radius_m"],
            "actor": "; ".join(told["actor"]["ids"]) or None, "unordered": told["unordered"],
            "killed_low": told["killed"]["low"], "killed_high": told["killed"]["high"], "any": told["any"],
            "supported": told["supported"], "group": told["group"], "publisher": told["publisher"],
            "asserted_by": told["asserted_by"], "url": told["url"], "incident": told["incident"],
            **{f"term_{term}": value for term, value in told["terms"].items()},
        }  # fmt: skip
        assert {name: cells[name] for name in expected} == expected
        assert (cells["geometry"] is None) == (place["region"] == "none")
        assert not any(str(value).startswith(("=", "+", "@")) for value in cells.values() if isinstance(value, str))


# -- what a reader works out -------------------------------------------------------------------------------------------


def shaken(some: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same reports, each elsewhere in its square of the grid of towns."""
    made = []
    for at, one in enumerate(some):
        region = one["impact"]
        if region["kind"] == "disc" and one["kind"] != "track":
            off = ((at * 37) % 40 - 20) * 10_000
            region = {
                **region, "lon_e7": _in_square(region["lon_e7"], off), "lat_e7": _in_square(region["lat_e7"], -off),
            }  # fmt: skip
        made.append({**one, "impact": region})
    return made


def _in_square(value: int, off: int) -> int:
    return round(value / TOWN_GRID) * TOWN_GRID + off


def box(west: float, east: float) -> bytes:
    """A zone as it is supposed."""
    made: bytes = shapely.to_wkb(checked_polygon(shapely.box(west, 35.4, east, 35.6), "square"))
    return made


def test_no_line_that_is_moved_finds_a_report_within_its_town(tmp_path: Path) -> None:
    """INVARIANT: a what-if of a party is the same wherever in its town each report lies, for every line."""
    some = [one for one in rows() if not one["id"].startswith("forces")]
    first, other = made_of(tmp_path / "a", some), made_of(tmp_path / "b", shaken(some))
    differs = False
    for metres in (0, 1, 10, 100, 700, 1_500, 2_500, 5_000):
        for base in (36.58, 36.60, 36.62):
            asked = Supposed("square", box(base + metres / 90_000, 36.9))
            told = [one.snapshots.ask("what_if", one.snapshot.judged, one.reading("party:north"), asked)
                    for one in (first, other)]  # fmt: skip
            assert told[0] == told[1], f"{metres} m"
            whole = [one.snapshots.ask("what_if", one.snapshot.judged, one.reading("secretariat"), asked)
                     for one in (first, other)]  # fmt: skip
            differs |= whole[0] != whole[1]
    assert differs, "whoever keeps the case does see the lines matter"
    lists = [
        one.snapshots.ask("reconcile", one.snapshot.judged, one.reading("party:north"),
                          Reconciled("north", "south", reader="party:north"))
        for one in (first, other)
    ]  # fmt: skip
    assert lists[0] == lists[1]
    for one in (first, other):
        one.close()


@pytest.mark.parametrize("reader", ["party:north", "public"])
def test_what_a_reader_works_out_rests_on_what_it_sees(seen: Seen, reader: str) -> None:
    """The table that is judged for it holds no fine place, no hour, no note, no source that it is not shown."""
    held = sheet_and_source(seen)
    own = own_of(seen.view(reader), held[1])
    told = own.table.to_pylist()
    assert {one["id"] for one in told} == seen.ids(reader)
    for one in told:
        place = one["impact"]
        if place["kind"] == "disc" and not one["id"].startswith("forces"):
            assert place["radius_m"] >= 5_000
            assert place["lon_e7"] % TOWN_GRID == 0
        for name in ("note", "url", "asserted_by", "chain", "grade", "callsign", "original", "coverage"):
            assert one[name] is None, name
        if reader == "public":
            assert one["time_text"] == ""
            assert one["start"] % 3_600 == 0


def sheet_and_source(seen: Seen) -> tuple[Sheet, Any]:
    """The sheet of the case, and the columns of its evidence."""
    outcome = judge_case(seen.case, Asked())
    return sheet_of(outcome), source_of(outcome)


def test_counts_of_a_board_are_those_of_the_reports_that_are_seen(seen: Seen) -> None:
    """How many reports tell of a breach is a count like any other."""
    told = {
        reader: seen.snapshots.ask(
            "obligations", seen.snapshot.judged, seen.snapshot.size, seen.reading(reader), "", ""
        )
        for reader in ("secretariat", "party:south", "public")
    }
    for reader, board in told.items():
        calm = next(one for one in board["prohibitions"] if (one["term"], one["bearer"]) == ("calm", "north"))
        mine = [one for one in seen.rows(reader) if one["actor"]["ids"] == ["north"]]
        assert calm["reports"]["surely"] == sum(one["terms"]["calm"] == 1 for one in mine)
        assert calm["reports"]["possibly"] == sum(one["terms"]["calm"] == 0 for one in mine)


def test_why_is_whole_for_who_keeps_the_case_alone(seen: Seen) -> None:
    """Proof, witnesses and what would settle it point at people."""
    at = seen.snapshot.sheet.row("open-1")
    whole, less = (seen.snapshots.ask("why", seen.snapshot.judged, at, is_whole) for is_whole in (True, False))
    assert {"proof", "support", "settled_by", "place", "incident"} <= set(whole)
    assert set(less) == {"observation", "any", "reasons", "protected", "supported", "terms"}
    assert whole["terms"] == less["terms"]
    assert less["terms"]["calm"]["factors"]


def test_duplicates_are_pairs_that_nobody_decided(seen: Seen) -> None:
    """The likeliest first; of rows that are told of to nobody there is none."""
    sheet = seen.snapshot.sheet
    pairs = seen.snapshots.ask("duplicates", seen.snapshot.judged)
    named = [(sheet.ids[a].as_py(), sheet.ids[b].as_py(), p) for a, b, p in pairs]
    assert named == [("maybe-1", "maybe-2", 0.5), ("open-1", "open-2", 0.5)]


def test_incidents_are_counted_by_links_that_are_seen(seen: Seen) -> None:
    """Two reports that are one only through a third that is hidden would give it away."""
    for reader in ("secretariat", "public"):
        view = seen.view(reader)
        tells = sum(bool(view.joined.tells[at]) for at in view.every.tolist())
        low, high = view.joined.among(view.listed)
        assert high == tells - 1, "the twins are one"
        assert low == high - (2 if reader == "secretariat" else 1), "the second report of one pair is not published"


def test_talk_turns_no_verdict_where_only_duties_rest_on_it(seen: Seen) -> None:
    """A duty that an allegation sets going is no reason to judge every report anew."""
    agreement = seen.snapshot.agreement
    assert not rests_on_talk(agreement)
    tied = replace(agreement.terms["calm"], body={**agreement.terms["calm"].body, "from": {"done": "tell"}})
    assert rests_on_talk(replace(agreement, terms={**agreement.terms, "calm": tied}))


def test_the_sheet_is_sorted_and_found_by_halving(seen: Seen) -> None:
    """An id that is not there is not found, wherever it would stand."""
    sheet = seen.snapshot.sheet
    ids = sheet.ids.to_pylist()
    assert ids == sorted(ids)
    assert [sheet.row(key) for key in ids] == list(range(len(ids)))
    for key in ("", "a", "open-1x", "zzz", "open-"):
        assert sheet.row(key) is None


def test_an_empty_case_is_seen_too(tmp_path: Path) -> None:
    """Before the first report there is a situation all the same."""
    empty = Seen(tmp_path, small_case)
    for reader in READERS:
        made = pages.situation(empty.view(reader), empty.snapshot, Filter(), not_public={}, duties=None)
        assert json.loads(made.content)["reports"] == 0
        assert json.loads(pages.listed(empty.view(reader), empty.snapshot, Filter(), after="", limit=5).content) == {
            "filter": {}, "total": 0, "items": [],
        }  # fmt: skip
    empty.close()


def test_shown_ids_stand_for_one_report_each(seen: Seen) -> None:
    """Consent by the id of the record finds the row by the id that is shown."""
    assert known_by_shown_ids(Consents()).spoken == ()
    assert isinstance(seen.snapshot.placed, Placed)
    assert disc().lon_e7 == LON
    assert row("x")["impact"]["lat_e7"] == LAT


def test_a_duty_names_no_allegation_that_one_may_not_read(tmp_path: Path) -> None:
    """What sets a duty going is told with it: to a monitor only where the allegation was made public."""

    def alleging(path: Path) -> Any:  # noqa: ANN401  # a case
        case = small_case(path)
        say(case, Draft("allegation", {"text": "shelling", "terms": ["calm"]}, "south"), NOON + 60)
        return case

    made = Seen(tmp_path, alleging)
    index = len(made.case.entries()) - 1
    for entries, is_told in ((None, True), (frozenset({index}), True), (frozenset[int](), False)):
        reading = replace(made.reading("public"), entries=entries)
        told = made.snapshots.ask("obligations", made.snapshot.judged, made.snapshot.size, reading, "", "")
        triggers = {one["trigger"]["id"] for one in told["duties"] if one["trigger"]}
        assert (f"entry-{index}" in triggers) == is_told
        assert [one["id"] for one in told["allegations"]] == ([f"entry-{index}"] if is_told else [])
    made.close()
