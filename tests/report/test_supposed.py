"""The picture of a what-if: both outlines, the counts before and after, and nothing of any report."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markupsafe import escape

from tests.report.specimens import LANDS, OPEN_ZONE, ROAD, TZ, WIDE_ZONE, WITHHELD_ZONE, box
from truceline.errors import InputError
from truceline.report import page, supposed
from truceline.report.language import LANGUAGES, Words
from truceline.report.picture import Shifted, WhatIf, ZoneMark

WORDS = Words("en", TZ)
MOVED = (box(37.0, 36.0, 38.2, 36.5),)
MONTHS = (
    Shifted("2016-02", (0, 0), (3, 1)), Shifted("2016-03", (2, 0), (5, 6)), Shifted("2016-06", (0, 1), (0, 0)),
)  # fmt: skip
MOVE = WhatIf(
    case={"en": "A made-up truce", "ar": "هدنة مختلقة", "ru": "Выдуманное перемирие"}, zone=WIDE_ZONE, supposed=MOVED,
    asked="truceline what-if --zone north --geometry box.geojson", others=(OPEN_ZONE, ROAD, WITHHELD_ZONE), lands=LANDS,
    any=Shifted("", (2, 1), (8, 7)), months=MONTHS, reader="secretariat", tz=TZ, known_at=None,
)  # fmt: skip
STAYS = replace(MOVE, supposed=WIDE_ZONE.polygons)
SECRET = replace(MOVE, zone=replace(WITHHELD_ZONE, polygons=WIDE_ZONE.polygons))
NOTHING = replace(SECRET, supposed=(), lands=(), others=(), months=())
SPECIMENS = {"move": MOVE, "stays": STAYS, "secret": SECRET, "nothing": NOTHING}


def looks(picture: WhatIf) -> list[str]:
    """The looks of everything that is drawn of zones."""
    sheet = supposed.draw(picture, WORDS).sheet
    return [] if sheet is None else [mark.look for mark in sheet.zones]


def path_of(picture: WhatIf, look: str) -> str:
    """The path that is drawn with a look."""
    sheet = supposed.draw(picture, WORDS).sheet
    assert sheet is not None
    (path,) = [mark.path for mark in sheet.zones if mark.look == look]
    return path


def test_both_outlines_are_drawn_and_the_other_zones_faint() -> None:
    """Who cannot see what it was cannot see what would change."""
    assert looks(MOVE) == ["faint zone", "faint line", "supposed", "under", "was"]
    assert path_of(MOVE, "was") and path_of(MOVE, "was") != path_of(MOVE, "supposed")
    assert supposed.draw(MOVE, WORDS).is_moved


def test_another_shape_is_another_outline() -> None:
    """The picture is of what is supposed, and of nothing else."""
    other = replace(MOVE, supposed=(box(37.0, 36.1, 38.2, 36.5),))
    assert path_of(other, "supposed") != path_of(MOVE, "supposed")


def test_a_zone_that_stays_where_it_is_has_one_outline() -> None:
    """Another time or ceiling moves nothing: a dashed line on a solid one would say that it did."""
    assert looks(STAYS) == ["faint zone", "faint line", "supposed"]
    assert not supposed.draw(STAYS, WORDS).is_moved


def test_what_was_never_published_is_not_drawn() -> None:
    """Neither as it is nor among the others, and the picture says so."""
    assert "was" not in looks(SECRET)
    assert "never published" in page.render_what_if(SECRET, "en")
    assert [key.zone.id for key in supposed.draw(MOVE, WORDS).keys] == ["strip", "road"]


def test_no_report_is_drawn() -> None:
    """A shape of a report could be finer than its reader may see; there is none, of any size."""
    sheet = supposed.draw(MOVE, WORDS).sheet
    assert sheet is not None
    assert (sheet.shapes, sheet.units, sheet.badges) == ((), (), ())
    assert "<title>" not in re.sub(r"<title>[^<]* · Truceline</title>", "", page.render_what_if(MOVE, "en"))


def test_a_zone_too_small_to_be_seen_has_a_circle_around_it() -> None:
    """A box of a street in a country is a speck."""
    sheet = supposed.draw(replace(MOVE, supposed=(box(37.0, 36.0, 37.01, 36.01),)), WORDS).sheet
    assert sheet is not None
    assert [look for _, _, look in sheet.circles] == ["zoned"]


def test_the_window_is_never_finer_than_some_kilometres() -> None:
    """A zone of a doorstep does not make a map of a doorstep."""
    speck = (box(37.0, 36.0, 37.0001, 36.0001),)
    sheet = supposed.draw(replace(MOVE, zone=replace(WIDE_ZONE, polygons=speck), supposed=speck), WORDS).sheet
    assert sheet is not None
    assert sheet.scale_m >= 500


def test_bars_stand_beside_each_other_before_and_after() -> None:
    """Each month has its two bars, in true proportion; a month without reports keeps its place on the axis."""
    sure, open_ = supposed.draw(MOVE, WORDS).charts
    assert (sure.total, open_.total) == ((2, 1), (8, 7))
    assert [(bar.look, bar.high) for bar in sure.bars] == [("was", supposed.BARS), ("now", supposed.BARS / 2)]
    assert [bar.look for bar in open_.bars] == ["was", "now", "was", "now"]
    assert max(bar.high for bar in open_.bars) == supposed.BARS
    assert [text for _, text in sure.ticks] == [text for _, text in open_.ticks] == [
        "2016-02", "2016-03", "2016-04", "2016-05", "2016-06",
    ]  # fmt: skip
    assert all(bar.x >= 0 and bar.x + bar.wide <= supposed.CHART for chart in (sure, open_) for bar in chart.bars)


@pytest.mark.parametrize(
    ("months", "step", "label"),
    [
        (("2014-01", "2016-12"), 1, "2014-01"), (("2014-02", "2019-12"), 3, "2014-01–03"),
        (("1990-05", "2016-12"), 12, "1990"), (("1946-05", "2016-12"), 60, "1945–1949"),
        (("1900-01", "9999-12"), 12_000, "0970–1969"),
    ],
)  # fmt: skip
def test_long_times_are_gathered_and_the_axis_says_how(months: tuple[str, str], step: int, label: str) -> None:
    """A bar for every month of a century is none; what is gathered is counted whole."""
    made = tuple(Shifted(name, (1, 2), (3, 4)) for name in months)
    chart = supposed.chart("yes", Shifted("", (2, 4), (6, 8)), made)
    assert (chart.step, chart.ticks[0][1]) == (step, label)
    assert len(chart.bars) in (2, 4)


def test_months_that_count_nothing_do_not_stretch_the_axis() -> None:
    """One report of a later year that no term covers would press all others together."""
    chart = supposed.chart("yes", MOVE.any, (*MONTHS, Shifted("2030-01", (0, 0), (0, 0))))
    assert chart == supposed.chart("yes", MOVE.any, MONTHS)
    assert supposed.chart("open", MOVE.any, ()).bars == ()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", SPECIMENS)
def test_every_picture_says_the_law_in_its_language(name: str, lang: str) -> None:
    """The line stands on everything that the program shows; a picture travels without its page."""
    made = page.render_what_if(SPECIMENS[name], lang)
    words = Words(lang, TZ)
    assert str(words.say(page.LAW)) in made
    assert str(words.word("reader", "secretariat")) in made
    assert f'<html lang="{lang}" dir="{words.dir}">' in made
    assert str(escape(MOVE.asked)) in made
    assert made == page.render_what_if(SPECIMENS[name], lang)


def test_names_of_others_are_escaped() -> None:
    """An agreement names its zones as it likes; the picture is no way into a browser."""
    named = ZoneMark("x", {"en": "<script>alert(1)</script>"}, WIDE_ZONE.polygons, (), False, "", ())
    made = page.render_what_if(replace(MOVE, zone=named, asked="--zone <script>", others=(named,)), "en")
    assert "<script" not in made


def test_a_language_that_is_none_is_refused() -> None:
    """No picture falls back to English in silence."""
    with pytest.raises(InputError, match="expected a language"):
        page.render_what_if(MOVE, "xx")
