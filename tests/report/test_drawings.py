"""What is drawn: true sizes, counts on units, windows above days; nothing withheld, nothing as a point."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import shapely

from tests.report.pages import page
from tests.report.specimens import (
    AT_SEA,
    COUNTRY_WIDE,
    EAST_UNIT,
    EMPTY,
    ENTRIES,
    FULL,
    LANDS,
    NO_PLACE,
    SURE,
    TINY,
    TZ,
    UNIT_WIDE,
    WIDE_TIME,
    WITHHELD_ZONE,
    box,
    entry,
)  # fmt: skip
from truceline.report import map as map_
from truceline.report import timeline
from truceline.report.extents import heaps, kilometres_across, rounded_km, shape_of
from truceline.report.frame import Frame, Room
from truceline.report.language import Words
from truceline.report.totals import by_day, by_group
from truceline.space import disc, in_degrees, outline
from truceline.span import DAY_S, parse_instant

WORDS = Words("en", TZ)


def test_every_report_with_a_place_is_drawn_or_counted() -> None:
    """Nothing is lost between the list and the map."""
    made = map_.draw(FULL, WORDS)
    assert sum(heap.totals.all for heap in made.rows) == len(ENTRIES)
    assert (made.placeless, made.outside) == (1, 1)
    assert [heap.totals.all for heap in made.country] == [1]


def test_alike_extents_are_one_shape_with_a_count() -> None:
    """Thousands of reports name the same few towns."""
    found = heaps([SURE, replace(SURE, id="r-2", any=0), TINY], LANDS)
    assert [(h.totals.surely, h.totals.possibly, h.totals.no) for h in found] == [(1, 1, 0), (0, 0, 1)]


def test_unit_wide_reports_are_counted_on_the_unit() -> None:
    """A governorate is known as such: it gets a box of counts, not a shape of its own."""
    sheet = map_.draw(replace(FULL, entries=(UNIT_WIDE, UNIT_WIDE, COUNTRY_WIDE)), WORDS).sheet
    assert sheet is not None
    assert [badge.cells[0][:2] for badge in sheet.badges] == [("open", "2")]
    assert sheet.shapes == ()
    assert [mark.look for mark in sheet.units] == ["unit open"]


def test_withheld_zone_is_named_and_not_drawn() -> None:
    """An outline for it would be ours, not the text's."""
    made = map_.draw(replace(FULL, zones=(replace(WITHHELD_ZONE, polygons=EAST_UNIT),), entries=()), WORDS)
    assert made.sheet is not None and made.sheet.zones == ()
    assert [key.tag for key in made.keys] == [""]
    assert "Designated areas" in page("full", "en") and "never published" in page("full", "en")


def test_disc_is_drawn_round_and_of_its_true_size() -> None:
    """25 km of not knowing must look like 25 km, east-west as north-south."""
    shape = outline(disc(37.5, 35.8, 25_000))
    assert shape is not None
    frame = Frame.around(shape_of(LANDS[1].polygons), 760, 0.03)
    west, north, east, south = shapely.bounds(frame.on_paper(in_degrees(shape)))
    assert (east - west) * frame.metres_per_unit == pytest.approx(50_000, rel=0.01)
    assert (south - north) * frame.metres_per_unit == pytest.approx(50_000, rel=0.01)
    assert rounded_km(kilometres_across(in_degrees(shape))) == "50"


def test_small_extents_get_a_circle_around_them() -> None:
    """A place known to 200 m would not be seen; a filled dot would say more than is known."""
    made = map_.draw(replace(FULL, entries=(TINY,)), WORDS).sheet
    assert made is not None and [look for _, _, look in made.circles] == ["no"]
    assert made.shapes[0].path


def test_small_zones_get_a_detail() -> None:
    """A strip of 3 km on a map of 300 km is a line: it is drawn again, enlarged, and carries its tag there."""
    made = map_.draw(FULL, WORDS)
    assert made.sheet is not None and made.detail is not None
    assert [tag.text for tag in made.sheet.tags] == ["Z2"]
    assert {tag.text for tag in made.detail.tags} == {"Z1", "Z3"}
    assert made.sheet.window is not None


def test_labels_do_not_stand_on_one_another() -> None:
    """Two names in one place are none."""
    room = Room(100, 100)
    assert room.take(50, 50, 20, 10)
    assert not room.take(55, 52, 20, 10)
    assert not room.take(98, 50, 20, 10)
    assert room.find(20, 10, [(50, 50), (50, 70)]) == (50, 70)


def test_drawings_carry_names_in_the_language_of_the_page() -> None:
    """The map is read by those whose places it names."""
    assert ">الغرب</text>" in page("full", "ar") and ">Запад</text>" in page("full", "ru")
    assert ">East</text>" in page("full", "ar")


def test_wide_interval_is_a_band_not_a_bar() -> None:
    """A report of some day in March happened on no particular day."""
    strip = timeline.draw(replace(FULL, entries=(SURE, WIDE_TIME)))
    assert strip is not None
    assert [bar.look for bar in strip.bars] == ["yes"]
    assert [band.look for band in strip.bands] == ["open"]
    assert strip.bands[0].wide == pytest.approx(timeline.WIDTH - timeline.LEFT - timeline.RIGHT)
    assert timeline.bands_of(ENTRIES, TZ) == 2


def test_midnight_at_the_end_of_a_day_is_still_that_day() -> None:
    """A civil day is half-open: its last second is the one before midnight."""
    strip = timeline.draw(replace(FULL, entries=(SURE,)))
    assert strip is not None and len(strip.days) == 1 and strip.wide == ()


def test_bars_stand_on_one_another() -> None:
    """The height of a day is the number of its reports, in the order surely, open, not covered."""
    day = (SURE, replace(SURE, id="a", any=0), replace(SURE, id="b", any=-1))
    strip = timeline.draw(replace(FULL, entries=day))
    assert strip is not None
    assert [bar.look for bar in strip.bars] == ["yes", "open", "no"]
    assert strip.bars[0].y > strip.bars[1].y > strip.bars[2].y == pytest.approx(strip.base - timeline.BARS)


def test_windows_are_sure_or_possible_and_cut_to_the_days_shown() -> None:
    """What was only possibly in force is hatched; what has no end ends with the paper."""
    strip = timeline.draw(FULL)
    assert strip is not None
    assert [(row.boxes[0].look, len(row.boxes)) for row in strip.rows] == [("sure", 1), ("possible", 1)]
    assert strip.rows[0].boxes[0].x + strip.rows[0].boxes[0].wide <= timeline.WIDTH - timeline.RIGHT + 0.2


@pytest.mark.parametrize(("days", "step"), [(1, 1), (400, 1), (401, 7), (3_000, 28)])
def test_many_days_are_drawn_in_steps(days: int, step: int) -> None:
    """A bar thinner than a hair shows nothing; the page says how many days one bar is."""
    last = replace(
        SURE, id="z", start=SURE.start + (days - 1) * DAY_S + 7200, end=SURE.start + (days - 1) * DAY_S + 7201
    )
    strip = timeline.draw(replace(FULL, entries=(SURE, last) if days > 1 else (SURE,)))
    assert strip is not None and strip.step == step


def test_no_reports_no_timeline() -> None:
    """An empty page says so in words."""
    assert timeline.draw(EMPTY) is None
    assert "There are no reports to draw." in page("empty", "en")
    assert "No outlines were given" in page("empty", "en")


def test_days_group_and_number_the_list() -> None:
    """Entries of one civil day stand together, an interval is a group of its own, numbers run through."""
    days = list(by_day(ENTRIES, TZ, before=100))
    numbers = [number for day in days for number, _ in day.entries]
    assert numbers == list(range(101, 101 + len(ENTRIES)))
    assert [day.first != day.last for day in days].count(True) == 2


def test_groups_hold_every_report_once() -> None:
    """Totals hide a truce, so they are split; a group nobody knows is among the others."""
    groups = dict(by_group(ENTRIES))
    assert sum(totals.all for totals in groups.values()) == len(ENTRIES)
    assert (groups["mixed"].possibly, groups["excluded"].possibly, groups["other"].no) == (1, 1, 2)


def test_extents_that_are_nothing_are_nowhere() -> None:
    """A disc that the reader may not see arrives without a shape, and is counted as without a place."""
    found = heaps([entry("x", "2016-03-05", polygons=()), AT_SEA, NO_PLACE], ())
    assert sorted((h.extent, h.totals.all) for h in found) == [("none", 2), ("outside", 1)]


def test_lines_and_points_are_taken_as_such() -> None:
    """A road has no inside, and a disc of radius 0 is still somewhere."""
    assert isinstance(shape_of(((((36.0, 35.0), (36.1, 35.1)),),)), shapely.LineString)
    assert isinstance(shape_of(((((36.0, 35.0),),),)), shapely.Point)
    assert isinstance(shape_of((box(36, 35, 37, 36),)), shapely.Polygon)


def test_the_day_before_summer_time_is_placed_by_its_own_length() -> None:
    """A day of 23 hours is as wide as any other on the paper."""
    hour = parse_instant("2016-03-25T12:00", TZ)
    noon = replace(FULL.windows[0], sure=((hour, hour + 3600),))
    spring = [entry("a", "2016-03-25"), entry("b", "2016-03-26")]
    strip = timeline.draw(replace(FULL, entries=tuple(spring), windows=(noon,)))
    assert strip is not None
    wide = timeline.WIDTH - timeline.LEFT - timeline.RIGHT
    assert (strip.rows[0].boxes[0].x - timeline.LEFT) / wide * 2 == pytest.approx(11 / 23, abs=0.01)


def test_titles_of_shapes_are_text() -> None:
    """What a pointer reads over a shape comes from reports: escaped, and kept apart."""
    titles = re.findall(r'class="extent[^>]*><title>(.*?)</title>', page("full", "en"))
    assert titles and all("<" not in title for title in titles)
    assert any("\u2068" in title for title in titles)
