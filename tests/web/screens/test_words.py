"""Words and acts: every claim found on its day, none in our voice, nobody larger than another; sittings as signed."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk.test_sittings import AGREED, APART, body
from tests.evidence.bench import SHIPPED
from tests.web.screens.conftest import Demo, demonstration
from tests.web.screens.test_mirrored import SIDES, TEXT, reports, shown, swapped
from truceline import desk
from truceline.desk import keyring, records
from truceline.desk.charters import new_charter
from truceline.desk.records import Draft
from truceline.evidence.statements import KINDS
from truceline.record.charter import plain
from truceline.record.entry import countersign, read_entry
from truceline.record.register import KEYS
from truceline.report.language import LANGUAGES
from truceline.report.voice import loaded_in
from truceline.report.words_page import Sheet, Spot, sheet
from truceline.span import day_span
from truceline.store.folder import CaseFolder

CLAIMS = [json.loads(line) for line in (SHIPPED / "statements.jsonl").read_text(encoding="utf-8").splitlines()]
PAGES = (
    "/words", "/words?from=2016-07-01&until=2016-07-31", "/words?from=2016-09-01&until=2016-09-30", "/words/log",
    "/words/first?from=2016-09-12&until=2016-09-20", "/words/indicators", "/words/claim/lendman-12",
    "/words/claim/lendman-22",
)  # fmt: skip


# -- every claim -------------------------------------------------------------------------------------------------------


def test_each_claim_is_told_with_second_source_and_status_and_is_no_evidence(demo: Demo) -> None:
    """All 27, to everybody, word for word as they are kept."""
    told = demo.seat("public").get("/api/v1/words/claims").json()
    found = {one["id"]: one for one in told["claims"]}
    assert len(CLAIMS) == 27
    for claim in CLAIMS:
        one = found[claim["id"]]
        assert (one["words"], one["status"], one["is_evidence"]) == (claim["content"], claim["status"], False)
        assert len(one["seconds"]) == (claim["second_source"] is not None)
    assert {one["kind"] for one in found.values()} <= set(KINDS)
    assert told["evidence"] == "words are no evidence: no answer rests on them"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_claim_is_found_from_the_page_of_its_day(demo: Demo, lang: str) -> None:
    """A claim of a month from every day of it: here from its first and its last."""
    days = {claim["date"] if len(claim["date"]) > 7 else f"{claim['date']}-{day}" for claim in CLAIMS
            for day in ("01", "31")}  # fmt: skip
    pages = {day: demo.page(f"/?day={day}", "public", lang) for day in days}
    for claim in CLAIMS:
        for day in [claim["date"]] if len(claim["date"]) > 7 else [f"{claim['date']}-01", f"{claim['date']}-31"]:
            assert f'href="/words/claim/{claim["id"]}?' in pages[day], (claim["id"], day)
    assert 'class="today-words"' not in demo.page("/?day=2015-01-05", "public", lang)


def test_each_claim_has_an_address_and_another_has_none(demo: Demo) -> None:
    """What is not there, and what somebody may not see, get one answer."""
    for claim in CLAIMS[::5]:
        assert claim["id"] in demo.page(f"/words/claim/{claim['id']}")
    asked = demo.seat("public")
    assert asked.get("/words/claim/lendman-99").status_code == asked.get("/api/v1/words/claims/x").status_code == 404


def test_the_carrier_is_contradicted_by_its_sailing_and_its_first_strike(demo: Demo) -> None:
    """Words of July, an act of October and one of November beside them; and nobody's word is measured by it."""
    one = demo.seat("public").get("/api/v1/words/claims/lendman-19").json()["claim"]
    assert one["followed"]["verdict"] == "contradicted"
    page = demo.page("/words/claim/lendman-19")
    assert [page.index(text) for text in ("2016-10-15", "2016-11-15")] == sorted(
        page.index(text) for text in ("2016-10-15", "2016-11-15")
    )
    for word in ("good faith", "score", "trustworth", "%"):
        assert word not in re.sub(r"<blockquote.*?</blockquote>", "", page, flags=re.DOTALL)


# -- voice -------------------------------------------------------------------------------------------------------------


class Ours(HTMLParser):
    """The text of a page without what stands in a block of its own as somebody's."""

    def __init__(self) -> None:
        """Nothing yet."""
        super().__init__()
        self.found: list[str] = []
        self._within = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A block begins."""
        del attrs
        self._within += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        """It ends."""
        self._within -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        """A text."""
        if not self._within:
            self.found.append(data)


def ours(page: str) -> str:
    """The text of a page, sentence by sentence in one."""
    read = Ours()
    read.feed(page)
    return " ".join(" ".join(read.found).split())


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_no_loaded_word_stands_outside_quotation_marks(demo: Demo, path: str, lang: str) -> None:
    """Of no language, on no page of words; not even in what somebody is told to have said."""
    text = ours(demo.page(path, "public", lang))
    assert loaded_in(text) == []


def test_a_loaded_word_on_a_page_would_be_found(demo: Demo) -> None:
    """The quoted ones are there: without their marks each is found."""
    text = ours(demo.page("/words?from=2016-06-01&until=2016-07-31"))
    assert "“terrorist”" in text
    assert "terrorist" in loaded_in(text.replace("“", "").replace("”", ""))


# -- even-handed -------------------------------------------------------------------------------------------------------


def claims() -> str:
    """Of both sides and of nobody, about both."""
    one = {"article": "a paper", "type": "allegation", "date_basis": "the paper", "checkable": "yes", "check_how": "",
           "second_source": None, "status": "", "note": ""}  # fmt: skip
    made = [
        {"id": "w-1", "speaker": "voice of gov", "date": "2016-09-13", "content": "opp shelled first."},
        {"id": "w-2", "speaker": "voice of opp", "date": "2016-09-14", "content": "gov shelled first."},
        {"id": "w-3", "speaker": "voice of west", "type": "warning", "date": "2016-09-12", "content": "east is asked."},
        {"id": "w-4", "speaker": "voice of gov", "type": "commitment", "date": "2016-09-14", "content": "gov stops."},
        {"id": "w-5", "speaker": "somebody", "type": "description", "date": "2016-09", "content": "gov and opp met."},
        {"id": "w-6", "speaker": "voice of east", "type": "demand", "date": "2016-09-15", "content": "west answers."},
    ]
    return "".join(json.dumps({**one, **claim}) + "\n" for claim in made)


SPEAKERS = "text,name,office,actor,kind,source,tag\n" + "".join(
    f"voice of {side},voice of {side},office of {side},{side},person,made up,V\n"
    for side in ("gov", "opp", "west", "east")
)


def founded(room: Path, name: str, turned: Any) -> Path:  # noqa: ANN401  # a function of texts
    """The folder of a case with claims beside the text."""
    (room / name).mkdir()
    text = re.sub(r"\bus\b", "west", re.sub(r"\bru\b", "east", TEXT.read_text(encoding="utf-8")))
    for file, data in (("agreement.yaml", text), ("statements.jsonl", claims()), ("speakers.csv", SPEAKERS),
                       ("reports.jsonl", reports())):  # fmt: skip
        (room / name / file).write_text(turned(data), encoding="utf-8")
    case = desk.init_case(room / name / "case", room / name / "agreement.yaml", new_charter("mirror", is_demo=True))
    assert desk.add_files(case, [room / name / "reports.jsonl"])[0].rejected == 0
    case.close()
    return room / name / "case"


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Demo]]:
    """A case with claims, and its twin with the sides exchanged."""
    room = tmp_path_factory.mktemp("spoken")
    one, two = founded(room, "one", str), founded(room, "two", swapped)
    with demonstration(one) as first, demonstration(two) as second:
        yield first, second


MIRRORED = (
    ("/words", "public"), ("/words?from=2016-09-12&until=2016-09-16", "party:gov"), ("/words/log", "mediator"),
    ("/words/first?from=2016-09-12&until=2016-09-16", "public"),
    ("/words/first?side=gov&side=opp", "secretariat"), ("/words/indicators?start=2016-09-13", "party:opp"),
    ("/words/claim/w-1", "public"), ("/words/claim/w-5", "party:west"), ("/?day=2016-09-14", "public"),
    ("/words/sittings", "mediator"),
)  # fmt: skip


@pytest.mark.parametrize(("path", "role"), MIRRORED)
def test_the_twin_says_the_same_with_the_sides_exchanged(twins: tuple[Demo, Demo], path: str, role: str) -> None:
    """Every text as often, in the same elements."""
    one, two = twins
    page, other = one.page(path, role), two.page(swapped(path), swapped(role))
    assert shown(page) == shown(swapped(other))


def lines(page: str) -> dict[str, list[tuple[str, ...]]]:
    """The marks of each line of a page, by its actor: look, place and size; and the size of the paper."""
    found = {}
    for figure in re.findall(r'<figure class="words-line">.*?</figure>', page, re.DOTALL):
        named = re.search(r'href="#of-([\w-]+)"', figure)
        assert named, figure[:200]
        marks = [tuple(re.findall(r'\s(?:class|x|y|width|height)="([^"]*)"', rect)) for rect in
                 re.findall(r"<rect[^>]*>", figure)]  # fmt: skip
        found[named[1]] = [tuple(re.findall(r'viewBox="([^"]*)"', figure)), *sorted(marks)]
    return found


@pytest.mark.parametrize("path", ["/words", "/words?from=2016-09-12&until=2016-09-16"])
def test_the_twin_draws_the_same_with_the_sides_exchanged(twins: tuple[Demo, Demo], path: str) -> None:
    """Every mark at the same place, as large, in the same look; each line as high."""
    one, two = (lines(demo.page(path, "party:gov" if demo is twins[0] else "party:opp")) for demo in twins)
    assert set(one) == {SIDES.sub(lambda found: swapped(found[1]), actor) for actor in two}
    assert {"gov", "opp", "nobody"} <= set(one)
    for actor, marks in one.items():
        assert marks == two[swapped(actor)], actor
    assert len(one["gov"]) > 2
    assert one["gov"] != one["opp"]


def test_a_line_that_is_larger_would_be_found(twins: tuple[Demo, Demo]) -> None:
    """One pixel more for one side is not the same."""
    page = twins[0].page("/words")
    larger = page.replace('height="6.5"', 'height="7.5"', 1)
    assert lines(page) != lines(larger)


# -- the drawing -------------------------------------------------------------------------------------------------------

FIRST, LAST = date(2016, 2, 1), date(2016, 2, 20)
BEGIN, END = day_span(FIRST, "UTC").start, day_span(LAST, "UTC").end
TIMES = st.tuples(st.integers(BEGIN - 86_400, END + 86_400), st.integers(1, 86_400 * 9))
SPOTS = st.lists(TIMES, max_size=25).map(
    lambda times: [Spot(f"k{at:02}", start, start + long, "word", str(at)) for at, (start, long) in enumerate(times)]
)


def drawn(lanes: list[tuple[str, list[Spot], list[Spot]]]) -> Sheet:
    """A paper of twenty days."""
    return sheet(lanes, FIRST, LAST, "UTC")


@given(SPOTS, SPOTS, SPOTS)
def test_no_mark_covers_another_and_each_is_as_long_as_its_time(a: list[Spot], b: list[Spot], c: list[Spot]) -> None:
    """Inside the paper, words above the line and acts below it; what is left out is counted."""
    made = drawn([("a", a, b), ("b", b, c), ("", c, [])])
    times = {spot.key: spot for spot in (*a, *b, *c)}
    assert len({(one.line, one.high) for one in made.strips if one.actor}) == 1
    for strip, (_, words, acts) in zip(made.strips, [("a", a, b), ("b", b, c), ("", c, [])], strict=True):
        assert len(strip.words) + len(strip.acts) + strip.untold == len(words) + len(acts)
        for mark in strip.words:
            assert mark.y >= 0
            assert mark.y + mark.high < strip.line
        for mark in strip.acts:
            assert strip.line < mark.y
            assert mark.y + mark.high <= strip.high
        for marks in (strip.words, strip.acts):
            for mark in marks:
                assert 0 <= mark.x <= mark.x + mark.wide <= made.wide + 0.2
            rows: dict[float, list[tuple[float, float]]] = {}
            for mark in marks:
                rows.setdefault(mark.y, []).append((mark.x, mark.x + mark.wide))
            for row in rows.values():
                ordered = sorted(row)
                assert all(left[1] < right[0] for left, right in pairwise(ordered))
    assert times or not any((*one.words, *one.acts) for one in made.strips)


@given(SPOTS, SPOTS, SPOTS, SPOTS)
def test_two_who_change_places_change_their_lines_and_nothing_else(
    a: list[Spot], b: list[Spot], c: list[Spot], d: list[Spot]
) -> None:
    """The paper knows no actor."""
    one, two = drawn([("a", a, b), ("b", c, d)]), drawn([("a", c, d), ("b", a, b)])
    for at, other in ((0, 1), (1, 0)):
        left, right = one.strips[at], two.strips[other]
        assert (left.words, left.acts, left.line, left.high) == (right.words, right.acts, right.line, right.high)


# -- who was first, indicators -----------------------------------------------------------------------------------------


def test_the_end_is_told_as_each_side_states_it(demo: Demo) -> None:
    """In September 2016: one end at 23:59 on the 18th, another at 19:00 on the 19th; the text beside them."""
    page = ours(demo.page("/words/first?from=2016-09-12&until=2016-09-20"))
    assert "2016-09-18 20:59" in page
    assert "2016-09-19 16:00" in page
    told = demo.seat("public").get("/api/v1/words/first?from=2016-09-12&until=2016-09-20&side=gov&side=opp").json()
    for answer in told["answers"]:
        assert [one["side"] for one in answer["sides"]] == ["gov", "opp"]
        for one in answer["sides"]:
            assert bool(one["reasons"]) == (one["value"] == 0), one


@pytest.mark.parametrize(
    "path",
    ["/api/v1/words/first?side=martians", "/api/v1/words/first?from=2016-09-20&until=2016-09-12",
     "/api/v1/words/first?side=gov&side=gov-air", "/api/v1/words/indicators?days=0", "/api/v1/words/claims?from=soon",
     "/api/v1/words/timeline?actor=martians"],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(demo: Demo, path: str) -> None:
    """With a sentence, and never with a fault of the program."""
    found = demo.seat("public").get(path)
    assert found.status_code in (400, 404, 422), found.text[:200]


def test_an_indicator_is_called_one(demo: Demo) -> None:
    """On the page and in the answer, with who could have looked."""
    told = demo.seat("public").get("/api/v1/words/indicators?start=2016-09-12T16:00Z").json()
    assert told["label"] == "indicator, not finding"
    assert set(told["watched"]) == {"before", "after"}
    assert "An indicator, not a finding" in demo.page("/words/indicators")
    assert all(one["before"][0] <= one["before"][1] for one in told["indicators"])


# -- sittings ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sat(shipped_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demonstration in which the joint body sat: one item agreed, one not."""
    folder = tmp_path_factory.mktemp("sat") / "case"
    shutil.copytree(shipped_case, folder)
    case = CaseFolder.open(folder)
    for party in ("us", "ru"):
        records.append(case, [Draft(KEYS, plain(keyring.key_set(party, is_demo=True)), party)])
    place = records.place_of(case)
    two = [{"by": "us", "text": "By Friday."}, {"by": "ru", "text": "By Monday."}]
    effect = {"term": "R1", "does": "extends"}
    made = body(decisions=[{**AGREED, "effects": [effect]}, {**APART, "positions": two}])
    data, beside = place.signed(Draft("sitting", made, "us"))
    (key,) = place.keys("ru", "")
    records.submit(case, countersign(read_entry(data), key), beside)
    case.close()
    with demonstration(folder) as found:
        yield found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_sitting_is_shown_as_it_was_signed(sat: Demo, lang: str) -> None:
    """Agreed and not agreed apart, each position as large, in the order of the ids; no effect that nothing gives."""
    page = sat.page("/words/sittings", "mediator", lang)
    assert page.count('class="words-decision words-agreed"') == 1
    assert page.count('class="words-decision words-not-agreed"') == 1
    assert page.index("By Monday.") < page.index("By Friday.")
    told = sat.seat("mediator").get("/api/v1/sittings").json()["sittings"]
    (one,) = told
    assert (one["signed_by"], one["is_of_all"]) == (["ru", "us"], True)
    assert one["decisions"][0]["effects"][0]["is_given"] is False
    if lang == "en":
        assert "no signed act of the record does so yet" in page


def test_only_those_who_may_read_sittings_are_told(sat: Demo) -> None:
    """Everybody else gets the one refusal, and no tab that leads there."""
    for role in ("party:us", "mediator", "secretariat"):
        assert sat.seat(role).get("/api/v1/sittings").status_code == 200, role
    for role in ("public", "monitor:un", "intake"):
        assert sat.seat(role).get("/api/v1/sittings").status_code == 404, role
        assert sat.seat(role).get("/words/sittings").status_code == 404, role
    assert "/words/sittings" not in sat.page("/words")
    assert "By Friday" not in json.dumps(sat.seat("public").get("/api/v1/entries").json())


def test_every_link_of_the_log_leads_somewhere(demo: Demo) -> None:
    """To a claim that is there; an answer that is a document of the text is named, and no claim."""
    page = demo.page("/words/log?from=2016-09-01&until=2016-09-30")
    links = set(re.findall(r'href="(/words/claim/[^"]*)"', page))
    assert len(links) > 5
    asked = demo.seat("public")
    assert {asked.get(link.replace("&amp;", "&")).status_code for link in links} == {200}
    assert "/words/claim/D4" not in page


def test_with_and_without_claims_every_verdict_is_the_same(tmp_path: Path, twins: tuple[Demo, Demo]) -> None:
    """Words move no answer: a case that holds none judges each report as the case that holds six claims."""
    folder = founded(tmp_path, "silent", lambda text: "" if text in (claims(), SPEAKERS) else text)
    with demonstration(folder) as silent:
        asked = "/api/v1/assessments?limit=1000"
        told, quiet = (demo.seat("secretariat").get(asked).json()["items"] for demo in (twins[0], silent))
        words = silent.seat("public").get("/api/v1/words/claims").json()
    assert told == quiet != []
    assert words["claims"] == []
    assert len(twins[0].seat("public").get("/api/v1/words/claims").json()["claims"]) == 6
