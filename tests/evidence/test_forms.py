"""Submissions from the field: what each form becomes, how sectors are judged, who could have seen, hostile files."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.assess.test_seen import TEXT, TZ
from tests.evidence.bench import manner
from truceline.acts import CLOSED, COMMON
from truceline.agreement.text import load
from truceline.assess.calendar import Calendar
from truceline.assess.coverage import Coverage, Watch
from truceline.assess.place import Placed
from truceline.atlas import read_atlas
from truceline.errors import InputError
from truceline.evidence import forms
from truceline.evidence.questions import ACT_WORDS, CHOICES, FORMS, LANGUAGES, MARK, Words
from truceline.evidence.readers import Start, kind_of
from truceline.evidence.reading import Found, Read
from truceline.evidence.schema import hash_table, region_of
from truceline.space import Region
from truceline.span import parse_instant
from truceline.verdict import NO, UNKNOWN, YES

FINE = re.compile(r"\d+[.,]\d{2,}")
ID = "uuid:5f0c2a1e-0000-4000-8000-000000000001"
DAY = {"since": "2016-03-05T08:00:00.000+02:00", "until": "2016-03-05T20:00:00.000+02:00"}
SEEN = {"post": "post 7", "position": "35.05 36.1 0 4.2", "sensor": "ear", "jammed": "no"}
POINT = {"place": "35.1 36.1 0 5", "within_m": "500"}
ANSWERS: dict[str, dict[str, str]] = {
    "incident": {**DAY, **POINT, "act": "shelling", "place_how": "point", "actor": "Syrian army", "target": "civilians",
                 "weapon": "mortar", "count_words": "more than 350", "count_unit": "shells", "killed_low": "1",
                 "killed_high": "3", "said_by": "post 7"},
    "observation": {**DAY, **SEEN, "act": "shelling", "seen": "impact", "near_m": "2000", "far_m": "5000",
                    "from_deg": "350", "to_deg": "10.5", "count_low": "20", "count_high": "30"},
    "negative": {**DAY, **SEEN, "sensor": "eye", "reach_m": "20000"},
    "denied": {**DAY, **POINT, "post": "patrol 2", "impediment": "access-denied", "denied_by": "Syrian army"},
    "site": {**DAY, **POINT, "notified_by": "Ministry", "site_kind": "medical", "contact": "duty officer, 123"},
    "movement": {**DAY, "place": "35.1 36.1 0 5", "to_place": "35.2 36.1 0 9", "within_m": "1000",
                 "notified_by": "Ministry", "movement_kind": "aid", "count_low": "10", "count_high": "12"},
    "flight": {**DAY, "place": "35.1 36.1 0 5", "to_place": "35.2 36.1 0 9", "within_m": "1000",
               "notified_by": "Ministry", "flight_kind": "medevac", "callsign": "MED 1", "low_m": "500",
               "high_m": "900"},
}  # fmt: skip


def filled(form: str, **changes: str | None) -> dict[str, str]:
    """The answers of a made-up submission; None leaves one out."""
    given = {MARK: form, **ANSWERS[form], "instanceID": ID, **changes}
    return {key: value for key, value in given.items() if value is not None}


def xml(form: str, **changes: str | None) -> bytes:
    """A made-up submission as OpenRosa sends it."""
    answers = filled(form, **changes)
    meta = f"<orx:meta><orx:instanceID>{answers.pop('instanceID', '')}</orx:instanceID></orx:meta>"
    body = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in answers.items())
    spaces = 'xmlns:orx="http://openrosa.org/xforms"'
    return f'<?xml version="1.0" ?><data id="aBc" version="1" {spaces}>{body}{meta}</data>'.encode()


def zipped(*submissions: bytes, **more: bytes) -> bytes:
    """Submissions as a zip, with further files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for i, data in enumerate(submissions):
            made.writestr(f"instances/uuid{i}/submission.xml", data)
        for name, data in more.items():
            made.writestr(name.replace("_", "."), data)
    return out.getvalue()


def read(data: bytes, **changes: Any) -> Read:  # noqa: ANN401  # fields of the manner
    """What a file of submissions says."""
    return forms.read(io.BytesIO(data), "f", replace(manner(), **changes))


def row_of(form: str, **changes: str | None) -> dict[str, Any]:
    """The row of one submission."""
    made = read(zipped(xml(form, **changes)))
    assert made.rejected.to_pylist() == []
    return dict(made.table.to_pylist()[0])


def fault_of(form: str, **changes: str | None) -> dict[str, Any]:
    """Why a submission was rejected."""
    made = read(zipped(xml(form, **changes)))
    assert made.table.num_rows == 0
    return dict(made.rejected.to_pylist()[0])


# -- the questions ---------------------------------------------------------------------------------------------------


def test_every_text_stands_in_three_languages() -> None:
    """Who works in the field reads the form in their own language, to the last choice."""
    texts = [
        w for f in FORMS.values() for w in (f.title, *(t for q in f.questions for t in (q.label, q.hint, q.message)))
    ]
    texts += [words for choices in CHOICES.values() for words in choices.values()]
    for words in texts:
        if words is not None:
            assert all(words)
            assert re.search("[\u0600-\u06ff]", words.ar) or words.ar == words.en
            assert re.search("[\u0400-\u04ff]", words.ru)
    assert Words._fields == tuple(LANGUAGES)


NO_ACTS = ("statement", "count", "observe", CLOSED, *COMMON[CLOSED])
"""Of the common tree: words, sums and looks, which are no acts, and what takes the closed pathway: no choices."""


def test_the_acts_to_choose_from_are_those_of_the_common_tree() -> None:
    """An act that the tree gains is a choice in the field, or named as none."""
    every = {act for name, kinds in COMMON.items() for act in (name, *kinds)}
    assert set(CHOICES["acts"]) == set(ACT_WORDS)
    assert set(ACT_WORDS) == every - set(NO_ACTS)


def test_no_form_asks_for_the_name_of_a_person() -> None:
    """Nobody who was hit, saw or told is named; a free text that could hold a name says that it must not."""
    for form in FORMS.values():
        names = {q.name for q in form.questions}
        assert not names & {"name", "victim", "witness", "reporter", "phone", "username", "deviceid"}
        for question in form.questions:
            if question.name in ("post", "said_by", "notified_by", "actor", "denied_by", "target_text"):
                assert question.hint is not None
                assert "name of a person" in question.hint.en


def test_the_answers_of_these_tests_are_those_of_the_forms() -> None:
    """A question that is renamed would otherwise be tested no more."""
    for name, answers in ANSWERS.items():
        asked = {question.name: question for question in FORMS[name].questions}
        assert set(answers) <= set(asked)
        assert {n for n, q in asked.items() if q.needed and not q.relevant} <= set(answers)


@pytest.mark.parametrize(
    ("form", "name", "answer"),
    [(f.name, q.name, answer) for f in FORMS.values() for q in f.questions if q.choices for answer in CHOICES[q.choices]
     if answer != "name"],
)  # fmt: skip
def test_every_choice_of_every_form_is_read(form: str, name: str, answer: str) -> None:
    """What a form offers, its reader takes."""
    if name != "place_precision":
        row_of(form, **{name: answer})


# -- each form -------------------------------------------------------------------------------------------------------


def test_an_incident_at_a_point_is_a_disc_with_what_the_point_can_be_off() -> None:
    """500 m and 5 m of the receiver are 505 m; "more than 350" is 351 or more; harm to civilians is protected."""
    made = row_of("incident")
    assert (made["kind"], made["impact"]["kind"], made["impact"]["radius_m"]) == ("incident", "disc", 505)
    assert (made["impact"]["lon_e7"], made["impact"]["lat_e7"]) == (361_000_000, 351_000_000)
    assert (made["count_low"], made["count_high"], made["count_unit"]) == (351, None, "shells")
    assert (made["actor"], made["target"], made["act"], made["protected"]) == (
        ["gov"],
        ["civilians"],
        ["shelling"],
        True,
    )
    assert (made["start"], made["end"], made["lasts"]) == (
        parse_instant("2016-03-05T06:00Z", "UTC"), parse_instant("2016-03-05T18:00:01Z", "UTC"), False,
    )  # fmt: skip
    assert (made["killed_low"], made["killed_high"], made["asserted_by"]) == (1, 3, "post 7")


class Places:
    """A list of one city."""

    def find(self, text: str, *, near: tuple[float, float] | None = None, most: int = 5) -> list[Found]:  # noqa: ARG002
        """It, by its name."""
        return [Found("x:1", text, 36.63, 35.93, "city", "SY")] if text == "Idlib" else []

    def sure(self, text: str, *, near: tuple[float, float] | None = None) -> Found | None:  # noqa: ARG002
        """It, by its name."""
        return next(iter(self.find(text)), None)


@pytest.mark.parametrize(
    ("name", "precision", "unit", "kind", "holds"),
    [
        ("Idlib", "village", None, "disc", 8_000), ("Idlib", "city", None, "disc", 8_000),
        ("Nowhere", "village", None, "area", ["SY"]), ("Nowhere", "village", "Idlib", "area", ["SY-ID"]),
        ("Idlib", "governorate", None, "area", ["SY-ID"]), ("Nowhere", "country", None, "area", ["SY"]),
    ],
)  # fmt: skip
def test_an_incident_at_a_name_is_as_wide_as_its_words(
    name: str, precision: str, unit: str | None, kind: str, holds: object
) -> None:
    """A name that the list surely holds is a disc, the wider of two words; else its unit, else the country."""
    asked = {"place_how": "name", "place_name": name, "place_precision": precision, "place_unit": unit}
    made = read(zipped(xml("incident", **asked)), finder=Places())
    (row,) = made.table.to_pylist()
    assert (row["impact"]["kind"], row["impact"]["areas"] or row["impact"]["radius_m"]) == (kind, holds)


def test_an_observation_is_the_sector_from_its_post() -> None:
    """Ranges and bearings give way by what the position is off; where it was fired is the origin, not the impact."""
    made = row_of("observation")
    sector = region_of(made["impact"])
    assert (sector.kind, sector.near_m, sector.far_m, sector.from_deg, sector.to_deg) == (
        "sector",
        1995,
        5005,
        349.856,
        10.644,
    )
    assert (made["kind"], made["count_low"], made["count_high"]) == ("observation", 20, 30)
    assert (made["sensor"], made["coverage"], made["impediment"], made["may_export"]) == ("ear", "post 7", None, False)
    assert made["negative"] is None
    fired = row_of("observation", seen="origin")
    assert (fired["impact"], fired["origin"]["kind"]) == (None, "sector")


def test_a_look_that_found_nothing_reaches_no_farther_than_it_surely_did() -> None:
    """What the position can be off is taken from its reach: coverage that is claimed must be sure."""
    made = row_of("negative")
    assert (made["negative"], made["lasts"], made["act"], made["coverage"]) == (True, True, ["observe"], "post 7")
    assert made["impact"]["radius_m"] == 20_000 - 5
    assert made["end"] == parse_instant("2016-03-05T18:00Z", "UTC")


def test_a_jammed_sensor_that_found_nothing_has_not_looked() -> None:
    """Silence of a blind sensor is an impediment, and watches nothing."""
    made = row_of("negative", jammed="yes")
    assert (made["negative"], made["coverage"], made["impediment"]) == (False, None, "jamming")


@pytest.mark.parametrize(
    ("why", "by", "act", "actor"),
    [
        ("access-denied", "Syrian army", "deny-access", ["gov"]), ("access-denied", "someone", "deny-access", []),
        ("jamming", "Syrian army", "obstruct", ["gov"]), ("jamming", None, "observe", []),
        ("weather", "Syrian army", "observe", []),
    ],
)  # fmt: skip
def test_who_could_not_look_says_why_and_who_denied_it(why: str, by: str | None, act: str, actor: list[str]) -> None:
    """A gate that stays shut is somebody's deed; weather is nobody's."""
    made = row_of("denied", impediment=why, denied_by=by)
    assert (made["access_denied"], made["impediment"]) == (True, why.replace("-", " "))
    assert (made["act"], made["actor"], made["kind"]) == ([act], actor, "impediment")


@pytest.mark.parametrize("form", ["site", "movement", "flight"])
def test_a_notice_is_a_statement_whatever_day_it_speaks_of(form: str) -> None:
    """What is announced is no act: it is taken for a day to come, and never passed on; its contact enters no table."""
    made = row_of(form, since="2029-01-01T00:00:00Z", until="2029-01-02T00:00:00Z")
    assert (made["kind"], made["act"], made["may_export"]) == (form, ["statement"], False)
    assert "duty officer" not in json.dumps(made)
    kind = {"site": "disc", "movement": "hull", "flight": "hull"}[form]
    assert (made["impact"]["kind"], made["impact"]["radius_m"]) == (kind, 505 if form == "site" else 1_009)


@pytest.mark.parametrize("form", ["incident", "observation", "negative", "denied"])
def test_what_was_seen_cannot_lie_in_the_future(form: str) -> None:
    """There is no pre-clearance, and nobody has watched tomorrow."""
    assert fault_of(form, since="2029-01-01T00:00:00Z", until="2029-01-02T00:00:00Z")["field"] in ("start", "until")


BAD: list[tuple[str, dict[str, str | None], str]] = [
    ("incident", {"since": "1/2/2016"}, "since"), ("incident", {"until": "2016-03-04"}, "until"),
    ("incident", {"since": None}, "since"), ("incident", {"act": "teleport"}, "act"),
    ("incident", {"target": "everyone"}, "target"), ("incident", {"place": "36.123456"}, "place"),
    ("incident", {"place": "136.123456 35.654321"}, "place"), ("incident", {"place": "35.1 NaN"}, "place"),
    ("incident", {"place": "35.1 1e5"}, "place"), ("incident", {"place": "95.123456 200.654321"}, "place"),
    ("incident", {"within_m": "-1"}, "within_m"), ("incident", {"within_m": "9" * 30}, "within_m"),
    ("incident", {"within_m": "٥"}, "within_m"), ("incident", {"count_words": "a whole lot"}, "count_words"),
    ("incident", {"killed_low": "5", "killed_high": "4"}, "killed_high"),
    ("incident", {"instanceID": ""}, "instanceID"),
    ("incident", {"instanceID": "../../etc/passwd"}, "instanceID"), ("incident", {MARK: "survey"}, MARK),
    ("observation", {"far_m": "2000"}, "far_m"), ("observation", {"to_deg": "350"}, "to_deg"),
    ("observation", {"from_deg": "361"}, "from_deg"), ("observation", {"from_deg": "inf"}, "from_deg"),
    ("observation", {"position": "35.05 36.1 0 4000"}, "position"), ("observation", {"sensor": "nose"}, "sensor"),
    ("negative", {"reach_m": "3"}, "reach_m"), ("negative", {"post": None}, "post"),
    ("negative", {"until": DAY["since"]}, "until"), ("denied", {"impediment": "boredom"}, "impediment"),
    ("incident", {"count_low": "5", "count_high": "9"}, "count_words"), ("incident", {"place": "36.6 35.2"}, "place"),
    ("flight", {"high_m": "100"}, "high_m"), ("flight", {"callsign": None}, "callsign"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "changes", "field"), BAD)
def test_a_bad_answer_rejects_its_submission_with_field_and_reason(
    form: str, changes: dict[str, str | None], field: str
) -> None:
    """The others of the zip are taken; no reason repeats a fine position."""
    made = read(zipped(xml(form, instanceID=f"{ID}-0"), xml(form, **changes), xml(form, instanceID=f"{ID}-2")))
    assert made.table.num_rows == 2
    (bad,) = made.rejected.to_pylist()
    assert (bad["line"], bad["field"]) == (2, field)
    assert "\n" not in bad["reason"]
    assert not FINE.search(bad["reason"])


def test_swapped_latitude_and_longitude_are_suggested_and_not_repaired() -> None:
    """The reader says what it looks like; the row stays out until somebody has looked."""
    assert "swapped?" in fault_of("incident", place="136.4 35.2 0 5")["reason"]


def test_two_numbers_within_the_range_are_held_against_the_country() -> None:
    """Both are degrees; the point lies in the sea, and the other way round in Syria."""
    assert "swapped: the other way round" in fault_of("incident", place="40.5 34.5 0 5")["reason"]


@pytest.mark.parametrize(("near_m", "kind", "bearings"), [("99", "disc", (0, 0)), ("100", "sector", (0, 360))])
def test_what_is_as_near_as_the_receiver_is_off_can_lie_on_any_side(
    near_m: str, kind: str, bearings: tuple[float, float]
) -> None:
    """A bearing says nothing there; a little farther it says nearly nothing."""
    made = region_of(row_of("observation", position="35.05 36.1 0 99", near_m=near_m, to_deg="340")["impact"])
    assert (made.kind, (made.from_deg, made.to_deg)) == (kind, bearings)
    assert made.radius_m == (5_099 if kind == "disc" else 0)


def test_a_name_beside_its_stated_governorate_is_both() -> None:
    """Name or governorate is wrong: the incident can have been in either, and the row says so."""
    made = row_of(
        "incident", place_how="name", place_name="Hama", place_precision="city", place_unit="Homs", place=None
    )
    assert (made["impact"]["areas"], made["impact"]["country"]) == (["SY-HI", "SY-HM"], "")
    assert "contradict" in made["note"]


def test_rows_that_tell_of_a_post_are_not_passed_on() -> None:
    """Where a patrol was turned back says where it stood."""
    assert [row_of(form)["may_export"] for form in ("denied", "negative", "incident")] == [False, False, True]


def test_the_same_submission_twice_is_one() -> None:
    """Devices send again when the line breaks."""
    made = read(zipped(xml("incident"), xml("incident")))
    assert (made.table.num_rows, made.rejected.num_rows) == (1, 1)


# -- sectors are judged ----------------------------------------------------------------------------------------------


def placed() -> Placed:
    """The zone `box`: longitude 36.0 to 36.2, latitude 35.0 to 35.2."""
    return Placed(load(TEXT, "counting.yaml").zones, read_atlas({}, None))


def seen_from(position: str, **changes: str) -> Region:
    """The region of an observation."""
    return region_of(row_of("observation", position=f"{position} 0 0", **changes)["impact"])


@pytest.mark.parametrize(
    ("position", "changes", "expected"),
    [
        ("35.05 36.1", {}, YES),  # across north, 2 to 5 km
        ("35.05 36.1", {"from_deg": "10.5", "to_deg": "350"}, YES),  # the other way round
        ("35.05 36.1", {"from_deg": "10.5", "to_deg": "350", "far_m": "6000"}, UNKNOWN),  # over the southern edge
        ("35.05 36.1", {"from_deg": "80", "to_deg": "100", "far_m": "9000"}, YES),
        ("35.05 36.1", {"from_deg": "80", "to_deg": "100", "far_m": "9300"}, UNKNOWN),  # over the eastern edge
        ("35.05 36.1", {"near_m": "30000", "far_m": "50000"}, NO),
        ("35.05 36.1", {"near_m": "0", "far_m": "4000", "from_deg": "0", "to_deg": "360"}, YES),
        ("34.99 36.1", {}, YES),  # the post itself stands outside
        ("34.99 36.1", {"near_m": "500"}, UNKNOWN),
        ("35.19 36.1", {"near_m": "2000"}, NO),  # looks away over the northern edge
    ],
)  # fmt: skip
def test_a_sector_is_surely_inside_only_where_all_of_it_is(
    position: str, changes: dict[str, str], expected: int
) -> None:
    """The whole of range and bearing decides, not a point in its middle; at the edge it is 0."""
    assert placed().compare(seen_from(position, **changes), ("box",)).value == expected


@given(
    st.tuples(st.integers(0, 359), st.integers(1, 359)), st.tuples(st.integers(0, 4_000), st.integers(1, 9_000)),
    st.tuples(st.integers(0, 40), st.integers(0, 40)), st.integers(0, 500),
)  # fmt: skip
def test_a_wider_sector_never_turns_a_sign_round(
    bearings: tuple[int, int], ranges: tuple[int, int], sides: tuple[int, int], more_m: int
) -> None:
    """Narrowing an observation may turn a 0 into a sign, and never a sign into the other or into 0."""
    (first, sweep), (near_m, deep_m) = bearings, ranges
    last, far_m = first + sweep, near_m + deep_m
    left, right = (min(side, (360 - sweep - 1) // 2) for side in sides)
    narrow = Region("sector", 361_000_000, 351_000_000, near_m=near_m, far_m=far_m, from_deg=first, to_deg=last)
    wide = replace(narrow, from_deg=first - left, to_deg=last + right, far_m=far_m + more_m)
    wide = replace(wide, near_m=max(near_m - more_m, 0))
    place = placed()
    inner, outer = (place.compare(region, ("box",)).value for region in (narrow, wide))
    assert outer in (UNKNOWN, inner)


# -- who could have seen ---------------------------------------------------------------------------------------------


def watch_of(*submissions: bytes) -> Watch:
    """What was watched of the zone on 5 March 2016."""
    made = read(zipped(*submissions))
    assert made.rejected.num_rows == 0
    return Coverage(made.table, placed()).watch(["box"], Calendar(date(2016, 3, 5), 1, TZ))


CENTRE = {"position": "35.1 36.1 0 5"}
LOOKED = xml("negative", **CENTRE)
SHUT = {"instanceID": f"{ID}-2", "since": "2016-03-05T12:00:00+02:00", "until": "2016-03-05T15:00:00+02:00"}


def test_a_look_at_the_whole_zone_is_its_share_of_the_day() -> None:
    """Twelve hours of twenty-four, from a post whose reach holds the zone; a nearer reach holds no cell."""
    assert watch_of(LOOKED).share(0) == Fraction(1, 2)
    assert watch_of(xml("negative", **CENTRE, reach_m="9000")).share(0) == 0


def test_who_lets_nobody_in_lowers_the_share_and_is_named() -> None:
    """Three hours without access leave nine of twenty-four, whatever others say, and the note says who denied."""
    watch = watch_of(LOOKED, xml("denied", **SHUT))
    assert watch.share(0) == Fraction(9, 24)
    assert watch.deniers == {0: ("gov",)}


@pytest.mark.parametrize("changes", [{"jammed": "yes"}, {"since": "2016-03-06T08:00Z", "until": "2016-03-06T20:00Z"}])
def test_a_jammed_look_or_one_of_another_day_watches_nothing(changes: dict[str, str]) -> None:
    """Nothing found by a blind sensor is no silence."""
    assert watch_of(xml("negative", **CENTRE, **changes)).share(0) == 0


def test_an_observation_watches_nothing_beside_what_it_saw() -> None:
    """That a post heard one thing says nothing of the hours around it."""
    assert watch_of(xml("observation")).share(0) == 0


# -- files -----------------------------------------------------------------------------------------------------------


def test_xml_zip_and_json_lines_say_the_same() -> None:
    """However a server hands them out, the rows are the same but for the hash of the original and the line."""
    flat = {"_uuid": ID.removeprefix("uuid:"), "_id": 7, "_attachments": [], "meta/x": "y"}
    kobo = json.dumps({**flat, **{f"group/{k}": v for k, v in filled("incident", instanceID=None).items()}}).encode()
    shapes = xml("incident"), zipped(xml("incident")), kobo, b"\n" + kobo + b"\n", b"\xef\xbb\xbf" + xml("incident")
    tables = [read(data).table for data in shapes]
    assert tables[3]["line"].to_pylist() == [2]
    assert len({hash_table(table.drop_columns(["original", "source_version", "line"])) for table in tables}) == 1


def test_a_submission_is_recognised_and_other_files_are_not() -> None:
    """By its hidden answer, or as a zip of XML that is no workbook."""
    kobo = json.dumps(filled("incident")).encode()
    for name, data in (("s.xml", xml("site")), ("s.zip", zipped(xml("site"))), ("s.json", kobo)):
        assert kind_of(Start(name, data)) == "forms"
    book = zipped(xml("site")).replace(b"instances/uuid0/submission.xml", b"xl/worksheets/sheets/sheet.xml")
    for data in (b"<data><x/></data>", b"{}", book, zipped(notes_txt=b"x"), b"PK\x03\x04", b""):
        assert not forms.fits(Start("x", data))


BOMB = b'<!DOCTYPE x [<!ENTITY a "' + b"x" * 999 + b'"><!ENTITY b "' + b"&a;" * 999 + b'">]><x>&b;</x>'
XXE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize(
    "data",
    [
        BOMB, XXE, b'<!DOCTYPE x SYSTEM "http://localhost/x.dtd"><x/>', b"<x>" * 10_000,
        b"<x>" * 100_000 + b"</x>" * 100_000, b"<x><y></x>", b"<x/>", b"<", b"<x>&a;</x>",
        xml("site").replace(b"Ministry", b"\xff\xfe"),
        b'<?xml version="1.0" encoding="no-such-thing"?><x/>', xml("site") + b"\0", b"<x>\0</x>",
        b"<x>" + b"y" * (1 << 21) + b"</x>", b"<x>" + b"<y/>" * 250_000 + b"</x>",
        b"<x>" + b"".join(b"<y%d>1</y%d>" % (i, i) for i in range(9_999)) + b"</x>",
        b"<x " + b" ".join(b'a%d="1"' % i for i in range(9_999)) + b"/>",
    ],
)  # fmt: skip
def test_a_hostile_submission_is_refused_or_rejected_in_one_line(data: bytes) -> None:
    """Bombs, outside files, depth, wrong encodings: alone a refused file, in a zip a rejected row; others are taken."""
    try:
        assert read(data).table.num_rows == 0
    except InputError as error:
        assert len(str(error).splitlines()) == 1
    made = read(zipped(xml("incident"), data))
    assert made.table.num_rows + made.rejected.num_rows == 2
    assert all("\n" not in row["reason"] for row in made.rejected.to_pylist())


def bomb(entries: int) -> bytes:
    """A zip of many entries that unpack to a thousand times their size."""
    return zipped(*[b"<x>" + b" " * 1_048_000 + b"</x>"] * entries)


@pytest.mark.parametrize(
    "data",
    [zipped(xml("site"))[:-30], b"PK\x03\x04" + b"\0" * 100, zipped(photo_jpg=b"x"), zipped(),
     zipped(xml("site")).replace(b"PK\x01\x02", b"PK\x01\x03")],
    ids=["cut", "no end", "no submission", "empty", "broken list"],
)  # fmt: skip
def test_a_zip_that_is_none_is_refused_in_one_line(data: bytes) -> None:
    """A damaged archive names itself; one without submissions is no evidence."""
    with pytest.raises(InputError) as error:
        read(data)
    assert len(str(error.value).splitlines()) == 1


def test_a_zip_bomb_stops_before_it_is_unpacked() -> None:
    """100 MB out of 100 kB: refused once it has unpacked to more than 200 times its size."""
    data = bomb(100)
    assert len(data) < 200_000
    with pytest.raises(InputError, match="bomb"):
        read(data)


def test_an_entry_larger_than_it_says_is_not_unpacked_further() -> None:
    """The limit holds for what comes out, not for what the header promises."""
    big = xml("incident").replace(b"<data", b"<!--" + b" " * (1 << 21) + b"--><data")
    made = read(zipped(xml("site"), big))
    assert (made.table.num_rows, made.rejected.to_pylist()[0]["reason"]) == (1, f"expected at most {1 << 20} bytes")


@pytest.mark.parametrize(
    "line", [b"{", b"[1]", b"null", b'{"a": ' * 10_000, b'{"truceline_form": NaN}', b"\x00", b"{}"]
)
def test_a_json_line_that_is_no_submission_is_rejected(line: bytes) -> None:
    """One line for the second table, the next is read."""
    good = json.dumps(filled("incident")).encode()
    made = read(good + b"\n" + line + b"\n" + json.dumps(filled("site", instanceID=f"{ID}-9")).encode())
    assert (made.table.num_rows, [r["line"] for r in made.rejected.to_pylist()]) == (2, [2])


@given(
    st.dictionaries(st.sampled_from(sorted({k for a in ANSWERS.values() for k in a} | {MARK})), st.text(max_size=30))
)
def test_no_answer_raises_anything_but_a_fault(changes: dict[str, str]) -> None:
    """Whatever is typed into a form: a row or a rejected one."""
    given = json.dumps({**filled("observation"), **changes}).encode()
    made = read(given)
    assert made.table.num_rows + made.rejected.num_rows == 1
