"""One case on the screen: what it shows is what the interface tells the same reader, and the sides stand alike."""

from __future__ import annotations

import contextlib
import html
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.report.pages import Parts
from tests.web.reader import House, house
from tests.web.screens.conftest import Stage
from tests.web.screens.rich import CONVOY, NOW, rich_case
from truceline import LAW
from truceline.desk import records
from truceline.desk.records import Draft
from truceline.desk.viewers import PUBLIC, Viewer
from truceline.report.case import TermView, changed, sides_of, wording_of
from truceline.report.case_ground import AXIS, axis_of
from truceline.report.case_request import askable
from truceline.report.case_tree import tree_of
from truceline.report.language import Words
from truceline.span import parse_instant
from truceline.verdict import NO, UNKNOWN, YES

WHO = {
    "public": PUBLIC, "us": Viewer("a-us", "party", "us"), "gov": Viewer("a-gov", "party", "gov"),
    "mediator": Viewer("a-med", "mediator"), "monitor": Viewer("a-un", "monitor", "un"),
    "secretariat": Viewer("a-desk", "secretariat"),
}  # fmt: skip
SIGNS = {YES: "yes", UNKNOWN: "open", NO: "no"}
REPORTS = (CONVOY, "sy-073", "sy-084", "sy-098", "sy-147", "sy-176")
"""Some that are covered, some open for one reason or for many, a line, a place without position, a missing time."""


class Kept(House):
    """The shipped case with two sides, and those who read it; answers are asked for once."""

    pages: dict[tuple[str, str], httpx.Response]

    def see(self, who: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401  # httpx has a type for each
        """A page as somebody sees it."""
        with self.client.seen_as(WHO[who]):
            return self.client.request("POST" if "data" in options else "GET", path, **options)

    def page(self, who: str, path: str) -> str:
        """The HTML of a page that has to be one."""
        key = (who, path)
        if key not in self.pages:
            self.pages[key] = self.see(who, path)
        assert self.pages[key].status_code == 200, (key, self.pages[key].text[:300])
        return self.pages[key].text

    def reports(self, who: str) -> list[str]:
        """Those of `REPORTS` that somebody sees."""
        return [one for one in REPORTS if self.see(who, f"/api/v1/assessments/{one}").status_code == 200]

    def told(self, who: str, path: str) -> Any:  # noqa: ANN401  # JSON
        """What the interface tells somebody."""
        found = self.see(who, path)
        assert found.status_code == 200, (path, found.text)
        return found.json()


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """The case of these tests; no test changes it."""
    made = Kept(tmp_path_factory.mktemp("rich") / "case", rich_case, with_findings=False)
    made.pages = {}
    made.service.snapshots._clock = lambda: NOW
    yield made
    made.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A small case in which reports are hidden for every reason."""
    with house(tmp_path_factory.mktemp("small") / "case") as made:
        yield made


def shown_terms(page: str) -> dict[str, dict[str, Any]]:
    """The terms that a page shows in full: answer, conditions with their signs, and the two worlds of the open ones."""
    made = {}
    for text in re.findall(r'<article class="case-term.*?</article>', page, re.S):
        found = re.search(r'<h3[^>]*><a href="[^"]*">(?:<bdi[^>]*>)?([^<]+)', text)
        assert found
        rows = re.findall(r'<tr class="(yes|open|no)"><th scope="row">(.*?)</th>(.*?)</tr>', text, re.S)
        answer = re.search(r'case-of"><span class="answer (\w+)', text)
        worlds = {
            name: re.findall(r'<td data-label="[^"]*"><span class="answer (\w+)', cells) for _, name, cells in rows
        }
        made[found[1]] = {
            "covered": answer[1] if answer else "", "factors": {name: sign for sign, name, _ in rows},
            "worlds": {name: two for name, two in worlds.items() if two},
        }  # fmt: skip
    return made


# -- what is shown is what is told -------------------------------------------------------------------------------------


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("who", WHO)
def test_why_on_the_page_is_what_the_interface_tells(rich: Kept, who: str, report: str) -> None:
    """Every condition of every term that matters, with its sign and its two worlds; the others by what ends them."""
    words, asked = Words("en"), rich.see(who, f"/api/v1/assessments/{report}/why")
    if asked.status_code == 404:  # forces in a withdrawal zone are counted, and told of to nobody else
        assert rich.see(who, f"/case/{report}").status_code == 404
        return
    why = asked.json()
    page = rich.page(who, f"/case/{report}?lang=en")
    expected = {
        term: {
            "covered": SIGNS[told["covered"]],
            "factors": {
                str(words.word("case factor", name)): SIGNS[one["value"]] for name, one in told["factors"].items()
            },
            "worlds": {
                str(words.word("case factor", one["condition"])): [SIGNS[one[way]["value"]] for way in ("yes", "no")]
                for one in told["worlds"]
            },
        }
        for term, told in why["terms"].items() if told["covered"] != NO
    }  # fmt: skip
    assert shown_terms(page) == expected
    others = re.search(r'<details class="case-others">.*?</details>', page, re.S)
    named = set(re.findall(r"<tr><th scope=\"row\"><a[^>]*><bdi[^>]*>([^<]+)", others[0] if others else ""))
    assert named == {term for term, told in why["terms"].items() if told["covered"] == NO}


@pytest.mark.parametrize("who", WHO)
def test_both_questions_are_answered_side_by_side(rich: Kept, who: str) -> None:
    """Covered and supported, each by its own, in words that the interface's numbers stand for."""
    words = Words("en")
    for report in rich.reports(who):
        told = rich.told(who, f"/api/v1/assessments/{report}")
        columns = re.search(
            r'<div class="case-columns">(.*?)</div>\n<p class="case-both">',
            rich.page(who, f"/case/{report}?lang=en"),
            re.S,
        )
        assert columns
        covered, supported = columns[1].split("</section>")[:2]
        expected = "not covered by any term" if told["any"] == NO else str(words.answer(told["any"]))
        assert expected in covered
        assert str(words.support(told["supported"])) in supported


@pytest.mark.parametrize("who", [one for one in WHO if one != "secretariat"])
def test_who_stands_behind_a_report_is_on_no_page_of_others(rich: Kept, who: str) -> None:
    """Neither lines, grades and custody, nor what would settle it, nor the tree: that points at witnesses."""
    for report in rich.reports(who):
        assert rich.told(who, f"/api/v1/assessments/{report}/why")["whole"] is None
        page = rich.page(who, f"/case/{report}?lang=en")
        for word in (
            "Lines of evidence",
            "Through whom it came",
            "What would settle it<",
            "Every question down",
            "low_m",
        ):
            assert word not in page, (report, word)
        assert 'class="case-tree"' not in page


def test_the_secretariat_has_it_whole(rich: Kept) -> None:
    """Lines with their grades, the chain, what would settle it, and each tree down to the line of the text."""
    page = rich.page("secretariat", f"/case/{CONVOY}?lang=en")
    whole = rich.told("secretariat", f"/api/v1/assessments/{CONVOY}/why")["whole"]
    for word in ("Lines of evidence", "Through whom it came", "What would settle it", "Every question down"):
        assert word in page
    assert page.count('class="case-tree"') == len(shown_terms(page))
    for settled in whole["settled_by"]:
        assert html.escape(settled) in page


def test_a_tree_goes_down_to_the_line_of_the_text(rich: Kept) -> None:
    """Where a fact decides who is bound, its line is cited on the page as it is in the proof."""
    whole = rich.told("secretariat", "/api/v1/assessments/sy-073/why")["whole"]
    (term,) = shown_terms(page := rich.page("secretariat", "/case/sy-073?lang=en"))
    ahead, cited = [whole["proof"]["trees"][term]], set[str]()
    while ahead:
        entry = whole["proof"]["table"][ahead.pop()]
        cited |= set(entry["by"])
        ahead += entry["of"]
    assert any(cite.startswith("line ") for cite in cited)
    assert all(f">{cite}</bdi>" in page for cite in cited)


@pytest.mark.parametrize("who", WHO)
def test_only_entries_that_may_be_read_are_named(rich: Kept, who: str) -> None:
    """In the log, beside the sides, in the proof and in the bundle."""
    readable = {one["entry"] for one in rich.told(who, "/api/v1/record/entries")["items"]}
    readable |= {one["index"] for one in rich.told(who, "/api/v1/findings")["items"]}
    page = rich.page(who, f"/case/{CONVOY}?lang=en")
    named = {int(one) for one in re.findall(r"/record/entry/(\d+)", page)}
    bundled = {int(one) for one in re.findall(r"[?;&]entries=(\d+)", page)}
    assert named <= readable
    assert bundled <= readable
    assert (5 in named) == (who in ("us", "gov", "secretariat")), "an answer, for who mirrors the record"


def test_the_log_is_in_order_and_says_how_it_is_tied(rich: Kept) -> None:
    """What names the report is about it; an allegation of the same day only may be."""
    trail = rich.told("us", f"/api/v1/assessments/{CONVOY}/trail")
    ties = {(one["what"], one["tie"]) for one in trail["log"]}
    assert {("evidence", "surely"), ("ruling", "surely"), ("allegation", "maybe"), ("act", "surely")} <= ties
    entries = [one["entry"] for one in trail["log"]]
    assert entries == sorted(entries)
    page = rich.page("us", f"/case/{CONVOY}?lang=en")
    shown = [
        int(one) for one in re.findall(r'<li class="(?:surely|maybe)"><div class="case-line"><a [^>]*>.*?#(\d+)', page)
    ]
    assert shown == entries
    elsewhere = rich.told("us", "/api/v1/assessments/sy-084/trail")
    assert {one["what"] for one in elsewhere["log"]} == {"evidence"}, "another day"


@pytest.mark.parametrize("who", WHO)
def test_what_points_at_persons_is_in_no_log_of_others(rich: Kept, who: str) -> None:
    """Consent and custody, though who mirrors the record could find them there: they are not tied to a report here."""
    kinds = {one["what"] for one in rich.told(who, f"/api/v1/assessments/{CONVOY}/trail")["log"]}
    assert ("consent" in kinds) == (who == "secretariat")
    assert ("ruling" in kinds) == (who in ("us", "gov", "secretariat"))


def test_the_reports_of_one_incident_stand_together(rich: Kept) -> None:
    """Each with a link to its own page; in what they differ is marked."""
    told = rich.told("public", f"/api/v1/assessments/{CONVOY}/incident")
    assert [one["id"] for one in told["reports"]] == ["sy-161", "sy-164", CONVOY, "sy-167", "sy-170"]
    assert "target" in told["differ"]
    assert "place" not in told["differ"]
    page = rich.page("public", f"/case/{CONVOY}?lang=en")
    assert "One incident" in page
    assert page.count("/case/sy-161?") == 1
    alone = rich.told("public", "/api/v1/assessments/sy-073/incident")
    assert (alone["incident"], len(alone["reports"]), alone["differ"]) == (None, 1, [])
    assert "One incident" not in rich.page("public", "/case/sy-073?lang=en")


# -- what is not there, and what may not be seen -----------------------------------------------------------------------


@pytest.mark.parametrize("key", ["unpublished", "closed", "refused", "clinic", "forces-south", "ahead"])
def test_a_hidden_report_is_one_that_is_not_there(small: House, key: str) -> None:
    """The same answer, for its page and for a request about it."""
    for tail in ("", "/request"):
        hidden, none = (small.ask("public", f"/case/{one}{tail}") for one in (key, "no-such-report"))
        assert (hidden.status_code, hidden.content) == (none.status_code, none.content) == (404, none.content)
    for tail in ("/incident", "/trail", "/ground"):
        hidden, none = (small.ask("public", f"/api/v1/assessments/{one}{tail}") for one in (key, "no-such-report"))
        assert (hidden.status_code, hidden.json()) == (404, none.json())


def test_a_hidden_finding_is_one_that_is_not_there(small: House) -> None:
    """Whoever may not see it learns nothing from its page."""
    for name in ("open", "withheld"):
        hidden = small.ask("public", f"/finding/{small.findings[name]}")
        none = small.ask("public", "/finding/99999")
        assert (hidden.status_code, hidden.content) == (404, none.content)
        assert small.ask("north", f"/finding/{small.findings[name]}").status_code == 200
    assert small.ask("public", f"/finding/{small.findings['public']}").status_code == 200


def test_a_place_is_drawn_no_finer_than_it_is_shown(small: House) -> None:
    """A party and the public see a town of kilometres where the secretariat sees half a kilometre."""
    wide = {}
    for who in ("public", "north", "secretariat"):
        drawn = small.ask(who, "/api/v1/assessments/open-1/ground").json()
        one = next(f for f in drawn["features"] if f["properties"]["what"] == "report")
        xs = [x for x, _ in one["geometry"]["coordinates"][0]]
        wide[who] = max(xs) - min(xs)
        text = "an area about 10 km across" if who != "secretariat" else "an area about 1 km across"
        assert text in html.unescape(re.sub(r"</?bdi[^>]*>", "", small.ask(who, "/case/open-1?lang=en").text))
    assert wide["public"] == wide["north"] > 8 * wide["secretariat"]


def test_a_withheld_zone_is_named_and_not_drawn(small: House) -> None:
    """Its map was never published."""
    drawn = small.ask("secretariat", "/api/v1/assessments/open-1/ground").json()
    zones = {f["id"]: f["geometry"] for f in drawn["features"] if f["properties"]["what"] == "zone"}
    assert zones["secret"] is None
    assert zones["square"] is not None
    assert "Withheld: its map was never published" in small.ask("secretariat", "/case/open-1?lang=en").text


# -- even-handed -------------------------------------------------------------------------------------------------------


def test_sides_stand_by_their_ids_in_one_form(rich: Kept) -> None:
    """Whoever alleges, is accused or guarantees: the same elements, and a silent side says so."""
    page = rich.page("us", f"/case/{CONVOY}?lang=en")
    cards = re.findall(r'<article aria-labelledby="side-\d+">(.*?)</article>', page, re.S)
    names = [re.sub("<[^>]+>", "", re.search(r"<h3[^>]*>(.*?)</h3>", one, re.S)[1]) for one in cards]  # type: ignore[index]
    assert names == ["Government of Syria", "Russian Federation", "United States"]
    assert "Has said nothing about it that you may read." in cards[0]
    assert all("No aircraft of ours" in one for one in cards[1:2])
    assert "red" not in re.findall(r'class="([^"]*)"', page)


def test_sides_are_sorted_whatever_they_have_done() -> None:
    """No order of theirs says who is accused."""
    log = [{"entry": 1, "what": "allegation"}]
    trail = {"log": log, "sides": [
        {"party": "b", "roles": ["alleging"], "said": [1]}, {"party": "a", "roles": ["alleged"], "said": [9]},
    ]}  # fmt: skip
    found = sides_of(trail, {})
    assert [(one.party, list(one.said)) for one in found] == [("a", []), ("b", log)]


# -- then and now ------------------------------------------------------------------------------------------------------


def test_what_has_changed_since_is_said(rich: Kept) -> None:
    """As known before anybody spoke: what was said since, by its entries; nothing of it stands in the log of then."""
    page = rich.page("us", f"/case/{CONVOY}?lang=en&known_at=%232")
    assert "Then and now" in page
    since = re.search(r"Said since:(.*?)</p>", page, re.S)
    assert since
    assert {int(one) for one in re.findall(r"/record/entry/(\d+)", since[1])} >= {3, 4, 5, 6, 7}
    assert "No aircraft of ours" not in page
    assert "Then and now" not in rich.page("us", f"/case/{CONVOY}?lang=en")


def test_changes_are_told_field_by_field() -> None:
    """A term whose answer, or whose reasons, are others counts; what is the same does not."""
    then = dict.fromkeys(("any", "supported", "from", "until", "place", "act", "actor", "target", "killed"), 0)
    then = {**then, "terms": {"F1": 0, "F2": -1}, "reasons": {"F1": ["place"]}}  # type: ignore[dict-item]
    now = {**then, "any": 1, "terms": {"F1": 0, "F2": -1, "F3": 1}, "reasons": {"F1": ["time"]}}
    found = [(one.what, one.term, one.then, one.now) for one in changed(then, now)]
    assert found == [("any", "", 0, 1), ("term", "F1", 0, 0), ("term", "F3", None, 1)]
    assert changed(then, then) == []


def test_the_words_are_those_of_the_text_in_force_then() -> None:
    """An earlier wording is read in its own text, by its number."""
    texts = [
        {"entry": index, "since": since, "canonical_sha256": str(index)}
        for index, since in ((1, "2016-01-01T00:00:00Z"), (4, "2016-06-01T00:00:00Z"), (9, "2016-09-01T00:00:00Z"))
    ]
    at = parse_instant("2016-07-01", "UTC")
    assert [wording_of(texts, number, at).entry for number in ("", "1", "2")] == [4, 1, 4]  # type: ignore[union-attr]
    assert wording_of([], "", at) is None


# -- clock, proof, downloads -------------------------------------------------------------------------------------------


def test_a_draft_shows_its_clock_to_whom_it_concerns(rich: Kept) -> None:
    """72 hours from its transmission: what is left of them, who answered, who did not; to others nothing."""
    mine, other = rich.page("gov", f"/case/{CONVOY}?lang=en"), rich.page("us", f"/case/{CONVOY}?lang=en")
    left = 72 * 3_600 + parse_instant("2016-12-20T13:06Z", "UTC") - NOW
    for page in (mine, other):
        assert f">{left // 3_600}</bdi> hours left for remarks on the facts" in page
    assert "You are asked for remarks on the facts." in mine
    assert "You are asked for remarks on the facts." not in other
    for who in ("public", "mediator", "monitor"):
        assert "A draft about this case" not in rich.page(who, f"/case/{CONVOY}?lang=en")


@pytest.mark.parametrize("who", WHO)
def test_what_is_offered_for_download_is_there(rich: Kept, who: str) -> None:
    """Each address answers whoever is offered it, and with what is on the screen; the leaf hashes are the record's."""
    page = rich.page(who, f"/case/{CONVOY}?lang=en")
    offered = {html.unescape(one) for one in re.findall(r'href="(/api/v1/[^"]+)"', page)}
    assert any(one.endswith("/why") for one in offered)
    for address in offered:
        found = rich.see(who, address)
        assert found.status_code == (503 if "/bundle" in address and found.status_code == 503 else 200), address
    for entry, leaf in re.findall(r"/record/entry/(\d+)\?[^>]*>.*?<code class=\"case-hash\"[^>]*>([0-9a-f]{64})", page):
        assert rich.told(who, f"/api/v1/record/entries/{entry}")["leaf"] == leaf


@pytest.mark.parametrize("lang", ["en", "ar", "ru"])
@pytest.mark.parametrize("who", WHO)
def test_every_page_carries_the_law_and_fits_the_wire(rich: Kept, who: str, lang: str) -> None:
    """The line of humanitarian law in the language; no inline script or style; far below the limit of a page."""
    import gzip

    for path in (f"/case/{CONVOY}", "/case/sy-176"):
        page = rich.page(who, f"{path}?lang={lang}")
        assert html.escape(str(Words(lang).say(LAW))) in page
        assert "<style" not in page
        assert " style=" not in page
        assert len(gzip.compress(page.encode())) < 60_000


@pytest.mark.parametrize("path", [f"/case/{CONVOY}", f"/case/{CONVOY}/request", "/finding/7", "/case/sy-170"])
def test_arabic_keeps_every_figure_apart(rich: Kept, path: str) -> None:
    """Dates, numbers and ids stand in an element of their own direction, or Arabic turns them round."""
    parts = Parts()
    parts.feed(rich.page("us", f"{path}?lang=ar"))
    inside = {"bdi", "svg", "style", "title", "code", "pre", "textarea"}
    turned = r"\d[-+]\d|#\d|[A-Za-z]\d"  # a year, or 19:00, in an Arabic sentence stands where it should
    ours = [text for text, around in parts.texts if re.search(turned, text) and not inside & set(around)]
    assert ours == []
    assert parts.unclosed == []
    assert not re.search("[\u0660-\u0669]", "".join(text for text, _ in parts.texts))


# -- findings ----------------------------------------------------------------------------------------------------------


def test_a_finding_is_never_shown_as_an_assessment(rich: Kept) -> None:
    """A body's words, its standard, who signed, the dissent in the size of the finding; no computed answer on it."""
    page = rich.page("us", "/finding/7?lang=en")
    body = re.search(r'<article class="finding".*?</article>', page, re.S)
    assert body
    assert not re.search(r'class="(answer|mark|case-sign)', body[0])
    assert "balance of probabilities" in body[0]
    dissent = body[0][: body[0].index("What sides hold about the same")]
    assert dissent.count('class="finding-words"') == 2, "the finding, and the dissent in its size"
    assert body[0].index("It is not established") > body[0].index("Dissent")
    signed = re.findall(r'class="finding-signed">(.*?)</p>', body[0])
    assert signed == ["Russian Federation", "United States"]
    assert "Signed jointly" in body[0]


def test_each_side_for_itself_stands_in_one_size(rich: Kept) -> None:
    """What sides hold about the same, by their ids; which of them holds a breach changes nothing of its place."""
    for index, other in ((11, 12), (12, 11)):
        page = rich.page("secretariat", f"/finding/{index}?lang=en")
        assert ", for itself" in page
        assert "Signed jointly" not in page
        assert f"/finding/{other}?" in page
    page = rich.page("secretariat", "/finding/7?lang=en")
    beside = page[page.index("What sides hold about the same") :]
    words = [re.sub("<[^>]+>", "", one) for one in re.findall(r'class="finding-words">(.*?)</p>', beside)]
    assert words == ["So holds ru.", "So holds us."]
    assert rich.see("us", "/finding/12").status_code == 404, "what the other holds by itself, before it is public"


def test_a_correction_is_a_further_finding(rich: Kept) -> None:
    """The earlier one names it, and it names the earlier one; neither is written anew."""
    assert "Corrected or continued by" in rich.page("us", "/finding/7?lang=en")
    assert "/finding/13?" in rich.page("us", "/finding/7?lang=en")
    later = rich.page("us", "/finding/13?lang=en")
    assert "It speaks of an earlier finding" in later
    assert "/finding/7?" in later
    assert "Corrected or continued by" not in later


# -- asking ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", WHO)
def test_who_may_ask_and_about_what(rich: Kept, who: str) -> None:
    """Members only; who does not keep the case asks for what a party can say, never for a source."""
    found = rich.see(who, f"/case/{CONVOY}/request?lang=en")
    link = f"/case/{CONVOY}/request?" in rich.page(who, f"/case/{CONVOY}?lang=en")
    assert (found.status_code == 200) == link == (who != "public")
    if who == "public":
        return
    asked = set(re.findall(r'name="ask" value="([^"]+)" checked', html.unescape(found.text)))
    assert asked == ({"act", "actor", "altitude"} | ({"open word", "withheld text"} if who == "secretariat" else set()))
    assert "never for a person" in found.text


def test_what_can_be_asked_is_ranked_by_what_it_settles() -> None:
    """What leaves most terms open comes first; a source is asked of nobody but by who keeps the case."""
    terms = [
        TermView(id_, id_, {}, None, "", False, UNKNOWN, reasons, (), (), (), (), (), (), "", (), None)
        for id_, reasons in (("A", ["time", "corroboration"]), ("B", ["place", "time"]))
    ]
    assert askable(terms, is_inside=False) == {"time": ["A", "B"], "place": ["B"]}
    assert list(askable(terms, is_inside=True)) == ["time", "corroboration", "place"]


@pytest.mark.parametrize(("who", "by"), [("us", "us"), ("secretariat", "desk"), ("secretariat", "ru")])
def test_the_draft_can_be_signed_and_is_taken(rich: Kept, who: str, by: str, tmp_path: Any) -> None:  # noqa: ANN401
    """What the page writes is a statement that a record takes, from whoever is named; the server signed nothing."""
    texts = {"en": "Which flights were there?", "ar": "أي رحلات كانت هناك؟", "ru": "Какие были полёты?"}
    form = {"to": "gov", "by": by, "ask": ["actor"], **texts}
    before = len(rich.case.entries())
    found = rich.see(who, f"/case/{CONVOY}/request?lang=en", data=form)
    assert found.status_code == 200, found.text
    assert len(rich.case.entries()) == before
    drafts = [html.unescape(one) for one in re.findall(r"<pre[^>]*><code>(.*?)</code>", found.text, re.S)]
    body, lines = json.loads(drafts[0]), drafts[1]
    kind = re.search(r"--type (\w+) --by (\w+)", lines)
    assert kind
    assert kind.groups() == (("answer", "desk") if by == "desk" else ("act", by))
    assert all(one in json.dumps(body, ensure_ascii=False) for one in texts.values())
    with contextlib.closing(rich_case(tmp_path / "case")) as case:
        taken = records.append(case, [Draft(kind[1], body, by)], lambda: NOW)[0]
        assert taken.index == before


def test_a_position_in_a_question_is_refused(rich: Kept) -> None:
    """What looks like one cannot be said on the record, so no draft is made of it."""
    form = {"to": "gov", "by": "us", "en": "Was it at 36.12345, 37.54321?"}
    found = rich.see("us", f"/case/{CONVOY}/request?lang=en", data=form)
    assert found.status_code == 200
    assert "This cannot be said on the record" in found.text
    assert "Draft of a statement, not signed" not in found.text


# -- what the page is drawn from ---------------------------------------------------------------------------------------


def test_an_interval_is_drawn_above_the_windows() -> None:
    """At its place between the nearest changes, at least a few units wide; what has no bound is not drawn."""
    day = 86_400
    term = TermView("A", "A", {}, None, "", False, 0, (), (), (), [(0, None)], [(-9 * day, 0)], (), (), "", (), None)
    axis = axis_of(2 * day, 2 * day + 60, [term])
    assert axis is not None
    assert 0 < axis.start < AXIS
    assert axis.wide >= 3
    assert [look for _, _, look in axis.bands[0].spans] == ["sure", "possible"]
    assert all(x >= 0 and x + wide <= AXIS + 0.2 for x, wide, _ in axis.bands[0].spans)
    assert axis_of(-(10**11), 10**11, [term]) is None


def test_a_tree_names_what_was_shown_before_and_ends() -> None:
    """A question that stands twice is opened once; what is too much is counted."""
    leaf = {"rule": "leaf", "of": [], "by": ["line 7"], "value": 0, "why": ["place"]}
    twice = {"rule": "all", "of": ['["lies"]'], "by": [], "value": 0, "why": ["place"]}
    table = {
        '["covered"]': {**twice, "of": ['["place","a"]', '["place","b"]']},
        '["place","a"]': {**twice, "of": ['["act"]']}, '["place","b"]': {**twice, "of": ['["act"]']},
        '["act"]': {**twice, "of": ['["lies"]']}, '["lies"]': leaf,
    }  # fmt: skip
    line, left_out = tree_of(table, '["covered"]')
    assert left_out == 0
    assert [one.below[0].is_again for one in line.below] == [False, True]
    assert line.below[0].below[0].below[0].cites == ("line 7",)


# -- in a browser ------------------------------------------------------------------------------------------------------


@pytest.mark.chromium
def test_a_case_by_keyboard(stage: Stage) -> None:
    """From the case to the request and its draft, by keys alone and without a script of ours."""
    with stage.seat("secretariat") as page:
        page.goto(f"{stage.url}/case/{CONVOY}?lang=en")
        summary = page.locator(".case-tree > summary").first
        summary.focus()
        page.keyboard.press("Enter")
        assert page.locator(".case-tree[open]").count() == 1
        page.get_by_role("link", name="Ask a side for what would settle it").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/request?*")
        boxes = page.locator("input[type=checkbox]")
        assert boxes.count() >= 2
        boxes.first.focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="Write the questions anew").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**ask=*")
        assert page.locator("input[type=checkbox]:checked").count() == boxes.count() - 1
        page.locator("#ask-en").focus()
        page.keyboard.type("Please. ")
        page.get_by_role("button", name="Make the draft to sign").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#ask-result")
        assert "Please. " in page.locator("#ask-result pre").first.inner_text()


@pytest.mark.chromium
@pytest.mark.parametrize("lang", ["en", "ar", "ru"])
def test_a_case_fits_a_telephone(stage: Stage, lang: str) -> None:
    """At 390 px nothing but what scrolls by itself is wider than the screen."""
    with stage.seat("secretariat", wide=390) as page:
        for path in (f"/case/{CONVOY}", f"/case/{CONVOY}/request"):
            page.goto(f"{stage.url}{path}?lang={lang}")
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
