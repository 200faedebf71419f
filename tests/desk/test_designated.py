"""The map of designated areas on the record: two sides, cell by cell; signed by both; an amendment and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.desk.area_case import DAY, RU, SECRETARIAT, US, A, B, C, World, copied
from truceline.agreement.text import load
from truceline.assess.gaps import km2
from truceline.assess.place import Placed
from truceline.desk import records
from truceline.desk.areadrafts import map_draft
from truceline.desk.areas_told import area_changes
from truceline.desk.designated import map_row, map_shown, sides_of
from truceline.desk.exchanged import area_rows, areas_shown, text_in_force
from truceline.desk.handovers import handovers_shown
from truceline.desk.records import Draft
from truceline.desk.runs import bench_of_case
from truceline.desk.viewers import PUBLIC
from truceline.errors import AccessError, InputError, SubmissionError
from truceline.exchange.areas import ROUND_S
from truceline.exchange.partition import area_km2
from truceline.record.entry import countersign, read_entry


def stands(world: World) -> dict[str, str]:
    """Cell to how it stands."""
    return {one.cell: one.stands for one in map_shown(world.case, SECRETARIAT, world.at).cells}


def agreed(world: World, cells: list[str]) -> int:
    """A version that both sign; its entry."""
    to = world.say("map-proposal", {"cells": sorted(cells)}, "us")
    world.say("map-answer", {"to": to, "agrees": sorted(cells)}, "ru")
    newest = map_shown(world.case, SECRETARIAT, world.at).version
    body = {"cells": sorted(cells), **({"replaces": newest.index} if newest else {})}
    return world.both("map-version", body, "ru", "us")


def test_the_two_sides_are_the_guarantors(world: World) -> None:
    """A third may not speak of the map, whoever it is."""
    assert sides_of(text_in_force(world.case)) == ("us", "ru")
    for by in ("ahrar", "gov"):
        with pytest.raises(SubmissionError, match="speaks for neither side"):
            world.say("map-proposal", {"cells": [A]}, by)


def test_proposed_disputed_and_agreed_cell_by_cell(world: World) -> None:
    """A table of who holds what, with the history of each cell."""
    to = world.say("map-proposal", {"cells": sorted([A, B, C])}, "us")
    world.say("map-answer", {"to": to, "agrees": [A], "disputes": [B]}, "ru")
    assert stands(world) == {A: "agreed", B: "disputed", C: "a"}
    world.say("map-proposal", {"cells": [C]}, "ru")
    assert stands(world)[C] == "agreed"
    row = map_row(map_shown(world.case, RU, world.at))
    assert row["counts"] == {"agreed": 2, "a": 0, "b": 0, "disputed": 1, "neither": 0}
    (b,) = [one for one in row["cells"] if one["cell"] == B]
    assert (b["holds"], b["denies"]) == (["us"], ["ru"])
    assert [(h["entry"], h["by"], h["what"]) for h in b["history"]] == [
        (to, "us", "proposes"),
        (to + 1, "ru", "disputes"),
    ]
    with pytest.raises(AccessError):
        map_shown(world.case, PUBLIC, world.at)


def test_an_answer_answers_what_the_other_side_proposed(world: World) -> None:
    """Not one's own proposal, not cells that are not in it, not another entry, not yes and no at once."""
    to = world.say("map-proposal", {"cells": [A]}, "us")
    for body, by, why in (
        ({"to": to, "agrees": [A]}, "us", "a proposal of the other side"),
        ({"to": to, "agrees": [B]}, "ru", "1 cells are not of the proposal"),
        ({"to": to - 1, "agrees": [A]}, "ru", "a proposal of the other side"),
        ({"to": to, "agrees": [A], "disputes": [A]}, "ru", "1 cells are in `agrees` too"),
        ({"to": to}, "ru", "expected a cell in one of them"),
    ):
        with pytest.raises(SubmissionError, match=why):
            world.say("map-answer", body, by)


@pytest.mark.parametrize("says", ["agrees", "disputes"])
def test_what_was_withdrawn_is_answered_no_more(world: World, says: str) -> None:
    """Neither yes nor no; what is still proposed is answered to whichever proposal named it."""
    to = world.say("map-proposal", {"cells": sorted([A, B])}, "us")
    withdrawn = world.say("map-proposal", {"cells": [B]}, "us")
    with pytest.raises(SubmissionError, match=f"1 cells were withdrawn by entry {withdrawn}"):
        world.say("map-answer", {"to": to, says: [A]}, "ru")
    assert stands(world) == {A: "neither", B: "a"}
    world.say("map-answer", {"to": to, says: [B]}, "ru")
    assert stands(world)[B] == {"agrees": "agreed", "disputes": "disputed"}[says]
    index = len(world.case.entries())
    with pytest.raises(SubmissionError, match=f"withdrawn by entry {index}"):
        drafts = [Draft("map-proposal", {"cells": []}, "us"), Draft("map-answer", {"to": to, says: [B]}, "ru")]
        records.append(world.case, drafts, world.now)


def test_a_proposal_and_its_answer_in_one_batch(world: World) -> None:
    """What comes just before counts, though the case does not show it yet."""
    index = len(world.case.entries())
    drafts = [Draft("map-proposal", {"cells": [A]}, "us"), Draft("map-answer", {"to": index, "agrees": [A]}, "ru")]
    records.append(world.case, drafts, world.now)
    assert stands(world) == {A: "agreed"}


def test_a_version_is_of_both_sides_and_of_what_both_hold(world: World) -> None:
    """One signature is none; a cell that one side holds is not slipped in; an old version is not replaced twice."""
    to = world.say("map-proposal", {"cells": sorted([A, B])}, "us")
    world.say("map-answer", {"to": to, "agrees": [A]}, "ru")
    with pytest.raises(SubmissionError, match="not by us"):
        world.say("map-version", {"cells": [A]}, "ru")
    with pytest.raises(SubmissionError, match="1 are not held by both"):
        world.both("map-version", {"cells": sorted([A, B])}, "us", "ru")
    first = world.both("map-version", {"cells": [A]}, "us", "ru")
    with pytest.raises(SubmissionError, match=f"expected {first}, the newest"):
        world.both("map-version", {"cells": [A]}, "us", "ru")
    shown = map_shown(world.case, US, world.at)
    assert shown.version is not None
    assert (shown.version.index, shown.version.number, shown.version.cells) == (first, 1, (A,))
    assert set(shown.version.signed_by) == {"us", "ru"}
    assert [one.is_signed for one in shown.cells if one.cell == A] == [True]


def test_regrouping_behind_a_truce_is_seen_as_areas_that_moved(world: World) -> None:
    """As an indicator with its coverage, since the version that was signed; without one nothing is told."""
    assert map_shown(world.case, US, world.at).moved == []
    world.area("jn", "2016-03-04", [A], "us")
    world.at += ROUND_S
    agreed(world, [A, B])
    for day, cells in (("2016-03-18", [A, B]), ("2016-03-25", [A, B, C])):
        world.to(day, 12)
        world.at += 4 * DAY
        world.area("jn", day, cells, "us")
    world.at += ROUND_S
    (one,) = map_shown(world.case, RU, world.at).moved
    assert (one.group, one.by, one.gained, one.lost) == ("jn", "us", (B,), ())
    assert (one.gained_inside, one.lost_inside) == (1, 0)
    assert (one.stated, one.rounds) == (2, 3)


def test_what_moved_before_and_after_a_start(world: World) -> None:
    """In numbers of cells with their coverage; not known where nothing was said at one end of a window."""
    world.area("jn", "2016-03-04", [A], "us")
    world.to("2016-03-15")
    start = world.at
    for day, cells in (("2016-03-18", [A, B]), ("2016-03-25", [A, B, C])):
        world.to(day, 12)
        world.at += 4 * DAY
        world.area("jn", day, cells, "us")
    world.at += ROUND_S
    told = area_changes(world.case, RU, start, 28 * DAY, world.at)
    assert told is not None
    assert told["groups"] == [{
        "group": "jn", "by": "us", "before": {"gained": None, "lost": None, "stated": 1, "rounds": 2},
        "after": {"gained": 1, "lost": 0, "stated": 2, "rounds": 3},
    }]  # fmt: skip
    early = area_changes(world.case, RU, start, 28 * DAY, start)
    assert early is not None
    assert early["until"] is None
    assert [one["after"]["rounds"] for one in early["groups"]] == [0]
    assert not {A, B, C} & set(repr(told).split("'"))
    assert area_changes(world.case, PUBLIC, start, 28 * DAY, world.at) is None


def test_a_version_becomes_the_text_by_an_amendment(world: World) -> None:
    """The tool writes the areas file and the text; every signatory signs; then the zone is the cells, and no more."""
    with pytest.raises(InputError, match="expected a version of the map"):
        map_draft(world.case, map_shown(world.case, SECRETARIAT, world.at))
    agreed(world, [A, B])
    drafted = map_draft(world.case, map_shown(world.case, SECRETARIAT, world.at))
    before, after = text_in_force(world.case), load(drafted.files[drafted.text], drafted.text)
    assert before.zones["designated"].is_withheld
    assert not after.zones["designated"].is_withheld
    assert {key: zone for key, zone in after.zones.items() if key != "designated"}.keys() < before.zones.keys()
    place = records.place_of(world.case, world.now)
    data, beside = place.signed(Draft("amendment", drafted.body, "us", drafted.files))
    for party in ("ru", "ahrar", "gov"):
        data = countersign(read_entry(data), place.keys(party, "")[0])
    records.submit(world.case, data, beside, world.now)
    bench = bench_of_case(world.case)
    ground = km2(Placed(bench.agreement.zones, bench.atlas), ("designated",))
    assert ground is not None
    assert abs(ground - area_km2([A, B])) < 0.01 * ground, "the zone is the two cells, and no more"
    agreed(world, [A])
    second = map_draft(world.case, map_shown(world.case, SECRETARIAT, world.at))
    assert second.areas == "designated-map-v2.geojson"
    assert "designated-map-v1.geojson" not in second.files
    assert load(second.files[second.text], second.text).areas == ("areas.geojson", "designated-map-v2.geojson")


def test_a_list_is_handed_over_and_both_readings_stand(world: World) -> None:
    """Through September to one, for three months to the other; denied, then acknowledged; by whom it names alone."""
    body = {
        "kind": "targets", "to": "us", "day": "2016-03-05", "format": "on paper, a table of names of areas",
        "period": {"words": "through September", "since": "2016-03-01", "until": "2016-09"},
    }  # fmt: skip
    index = world.say("handover", body, "ru")
    (one,) = handovers_shown(world.case, US)
    assert (one.stands, one.is_read_alike, one.period.until) == ("unanswered", None, "2016-09-30T21:00:00Z")
    with pytest.raises(SubmissionError, match="expected a handover to `gov`"):
        world.say("handover-answer", {"to": index, "says": "denied"}, "gov")
    world.say("handover-answer", {"to": index, "says": "denied"}, "us")
    assert handovers_shown(world.case, RU)[0].stands == "denied"
    with pytest.raises(SubmissionError, match="names a cell"):
        world.say("handover-answer", {"to": index, "says": "acknowledged", "text": f"of {A}"}, "us")
    period = {"words": "for three months", "since": "2016-03-05", "until": "2016-06-04"}
    world.say("handover-answer", {"to": index, "says": "acknowledged", "period": period}, "us")
    (one,) = handovers_shown(world.case, RU)
    assert (one.stands, one.is_read_alike) == ("acknowledged", False)
    assert [answer.says for answer in one.answers] == ["denied", "acknowledged"]
    with pytest.raises(AccessError):
        handovers_shown(world.case, PUBLIC)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kind": "persons"}, "`kind`"),
        ({"to": "ru"}, "`to`: expected another actor"),
        ({"to": "nobody"}, "`to`: expected another actor"),
        ({"format": " "}, "`format`"),
        ({"period": {"words": "x", "since": "2016-09", "until": "2016-03"}}, "ends before it begins"),
        ({"period": {"words": "x", "since": "soon"}}, "`period`"),
        ({"text": "x" * 281}, "`text`"),
        ({"cells": [A]}, "unknown field `cells`"),
        ({"format": f"by cells: {A.upper()}"}, "names a cell"),
        ({"text": "852d8a9 bfffffff, for a week"}, "names a cell"),
        ({"period": {"words": f"in {A}"}}, "names a cell"),
        ({"day": "2016-03-09"}, "yet to come"),
        ({"day": "2017-01-01"}, "yet to come"),
    ],
)
def test_what_is_no_handover_is_refused(world: World, change: dict[str, object], why: str) -> None:
    """In one line, and nothing of it is kept."""
    body = {"kind": "areas", "to": "us", "day": "2016-03-05", "format": "a table", "period": {"words": "a month"}}
    with pytest.raises(SubmissionError, match=why):
        world.say("handover", body | change, "ru")


def course(world: World, a: str, b: str) -> dict[str, Any]:
    """The same course with one side or the other beginning it; every table that comes of it."""
    world.area("isil", "2016-03-04", [A], a)
    world.area("jn", "2016-03-04", [B], b)
    to = world.say("map-proposal", {"cells": sorted([A, B, C])}, a)
    world.say("map-answer", {"to": to, "agrees": [A], "disputes": [B]}, b)
    world.both("map-version", {"cells": [A]}, a, b)
    world.say("map-proposal", {"cells": [A]}, b)
    index = world.say("handover", {"kind": "targets", "to": b, "day": "2016-03-05", "format": "on paper",
                                   "period": {"words": "a month"}}, a)  # fmt: skip
    world.say("handover-answer", {"to": index, "says": "denied"}, b)
    world.at += 3 * ROUND_S
    world.area("isil", "2016-03-18", [A, B], a)
    world.at += ROUND_S
    return {
        "map": map_row(map_shown(world.case, SECRETARIAT, world.at)),
        "areas": area_rows(areas_shown(world.case, SECRETARIAT, world.at)),
        "lists": msgspec.json.decode(msgspec.json.encode(handovers_shown(world.case, SECRETARIAT))),
    }


def test_swapping_the_two_sides_mirrors_every_table(area_base: Path, tmp_path: Path) -> None:
    """Areas, the map, what moved, lists: with the sides swapped the same, with the sides swapped."""
    found = []
    for name, a, b in (("one", "us", "ru"), ("other", "ru", "us")):
        world = copied(area_base, tmp_path / name)
        world.to("2016-03-08")
        found.append(course(world, a, b))
        world.case.close()
    one, other = found
    assert mirrored(one) == other


def mirrored(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Plain values with the two sides swapped, and their lists in the order that each has."""
    swap = {"us": "ru", "ru": "us"}
    if isinstance(value, dict):
        made = {key: mirrored(one) for key, one in value.items()}
        if "stands" in made and "cell" in made:
            made["stands"] = {"a": "b", "b": "a"}.get(made["stands"], made["stands"])
            made["holds"], made["denies"] = (sorted(made[key], reverse=True) for key in ("holds", "denies"))
        if "counts" in made:
            made["counts"] = made["counts"] | {"a": made["counts"]["b"], "b": made["counts"]["a"]}
            made["a"], made["b"] = value["a"], value["b"]
        if "signed_by" in made:
            made["signed_by"] = sorted(made["signed_by"])
        return made
    if isinstance(value, list | tuple):
        return [mirrored(one) for one in value]
    return swap.get(value, value) if isinstance(value, str) else value
