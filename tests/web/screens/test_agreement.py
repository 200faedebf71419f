"""The screens of the agreement: what they show is what the interface answers; both sides alike; a draft is not kept."""

from __future__ import annotations

import ast
import html
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.desk import seen_case
from tests.desk.seen_case import NOON, TEXT, say
from tests.web.reader import House, house
from tests.web.screens.conftest import FROM_HERE, Demo, Stage
from truceline import LAW
from truceline.agreement.lint import KINDS
from truceline.agreement.text import load
from truceline.agreement.wording import wording
from truceline.course import Course
from truceline.desk import charters, childdraft, keyring, records
from truceline.desk.cases import init_case
from truceline.desk.childread import MIB, Limits
from truceline.desk.records import Draft
from truceline.desk.views.standing import STATES, stand
from truceline.errors import InputError
from truceline.report.agreement_asked import question
from truceline.report.agreement_board import STAGES, pairs_of, stage_of
from truceline.report.agreement_follows import follows
from truceline.report.agreement_maps import Land, sketches
from truceline.report.agreement_terms import Named, Reader
from truceline.report.closed import CLOSED
from truceline.report.language import LANGUAGES, Words
from truceline.store.case import Case
from truceline.verdict import NEVER, NO, SURE, Answer, Reason, undecided

AGREEMENTS = Path(__file__).parents[3] / "agreements"
SOURCE = Path(childdraft.__file__).parents[1]
SEPTEMBER = "2016-09-15T12:00"


def bare(page: str) -> str:
    """The text of a page, without its elements."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def article(page: str, term: str) -> str:
    """The part of the page that is one term."""
    return page.split(f' id="{term}" aria-labelledby', 1)[1].split("</article>", 1)[0]


# -- the text beside its terms -----------------------------------------------------------------------------------------


def check_terms(page: str, told: dict[str, Any], lang: str) -> None:
    """Every term of an answer stands on a page, whole: words, state, lines of the text, who and what."""
    words = Words(lang)
    assert page.count('<article class="agreement-term') == len(told["terms"])
    for one in told["terms"]:
        part, shown = article(page, one["id"]), bare(article(page, one["id"]))
        if one["text"].get(lang):
            assert " ".join(one["text"][lang].split()) in shown, one["id"]
        assert ("withheld" in part) == one["withheld"]
        context = "define state" if one["kind"] == "define" else "term state"
        assert bare(str(words.word(context, one["stands"]["state"]))) in shown
        assert html.escape(one["lines"], quote=True).replace("&quot;", "&#34;").replace("&#x27;", "&#39;") in part
        assert all(f'href="#{other}"' in part for other in one["exceptions"])
        assert part.count("<dt>") >= len(one["where"][:1]) + (one["kind"] != "define")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_term_of_syria_is_there(demo: Demo, lang: str) -> None:
    """The shipped agreement, whole, in each language, as the interface tells it."""
    told = demo.seat("public").get("/api/v1/agreement/terms", params={"at": SEPTEMBER}).json()
    page = demo.page(f"/agreement?at={SEPTEMBER}&lang={lang}")
    assert len(told["terms"]) == 61
    check_terms(page, told, lang)
    agreement = demo.seat("public").get("/api/v1/agreement").json()
    assert all(f'id="zone-{zone["id"]}"' in page for zone in agreement["zones"])
    assert all(f'id="word-{word}"' in page for word in told["words"])
    assert agreement["canonical_sha256"] in page


@pytest.fixture(scope="module")
def minsk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service over the other shipped agreement."""

    def made(folder: Path) -> Case:
        sets = [keyring.key_set(party) for party in ("ua", "cadlr")]
        text = AGREEMENTS / "minsk-2020" / "agreement.yaml"
        return init_case(folder, text, charters.new_charter("Minsk", parties=sets), known_at=NOON)

    with house(tmp_path_factory.mktemp("minsk") / "case", made, with_findings=False) as found:
        yield found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_term_of_minsk_is_there(minsk: House, lang: str) -> None:
    """The other one likewise: nothing on the page is written for one agreement."""
    told = minsk.get("public", "/api/v1/agreement/terms")
    page = minsk.ask("public", "/agreement", params={"lang": lang}).text
    check_terms(page, told, lang)
    for path in ("changes", "designations", "lint"):
        assert minsk.ask("public", f"/agreement/{path}", params={"lang": lang}).status_code == 200


def test_what_is_in_force_is_asked_of_a_moment(demo: Demo) -> None:
    """The same term before, within and after its window; without a moment, now."""
    states = {}
    for at in ("2016-09-10", "2016-09-13", "2016-09-20"):
        told = demo.seat("public").get("/api/v1/agreement/terms", params={"at": at}).json()
        states[at] = next(one["stands"]["state"] for one in told["terms"] if one["id"] == "R1")
        assert bare(str(Words("en").word("term state", states[at]))) in bare(
            article(demo.page(f"/agreement?at={at}&lang=en"), "R1")
        )
    assert states == {"2016-09-10": "not yet", "2016-09-13": "in force", "2016-09-20": "lapsed"}


def test_a_moment_that_is_none_is_told_in_one_line(demo: Demo) -> None:
    """What was expected, and what came; on each page that asks for one."""
    for path in ("/agreement", "/agreement/designations", "/agreement/obligations"):
        found = demo.seat("party:us").get(path, params={"at": "14 September"}, headers={"Accept": "text/html"})
        assert found.status_code == 422
        assert "expected a time such as 2016-09-12T19:00" in html.unescape(found.text)


@pytest.mark.parametrize(
    ("course", "at", "state"),
    [
        (Course.window(10, 20), 5, "not yet"), (Course.window(10, 20), 10, "in force"),
        (Course.window(10, 20), 20, "lapsed"), (Course.always(NEVER), 5, "not in force"),
        (Course.always(Answer(NO, note="never in force")), 5, "never"),
        (Course.steps([(10, Answer(NO, note="suspended"))], before=SURE), 12, "suspended"),
        (Course.always(undecided(Reason.OPEN_WORD)), 5, "undecided"),
    ],
)  # fmt: skip
def test_what_a_window_is_at_a_second(course: Course, at: int, state: str) -> None:
    """Each state of the closed list comes of a window, and the page has a word for each."""
    assert stand(course, at)["state"] == state
    assert set(CLOSED["term state"]) == set(CLOSED["define state"]) == set(STATES)


def test_a_zone_is_drawn_at_its_own_scale() -> None:
    """A small zone by itself, with a ring where it lies; a large one in the country; what has no shape not at all."""
    import shapely

    country = Land(True, 0, shapely.box(36, 32, 42, 37))
    zones = [
        ({"id": "small"}, shapely.box(37, 36, 37.1, 36.1)),
        ({"id": "large"}, country.shape),
        ({"id": "none"}, None),
    ]
    drawn = sketches(zones, [country])
    assert set(drawn) == {"small", "large"}
    assert drawn["small"]["inset"] and not drawn["large"]["inset"]
    assert drawn["small"]["scale_m"] < drawn["large"]["scale_m"]


# -- terms read aloud --------------------------------------------------------------------------------------------------

NAMED = Named(
    {"gov": {"en": "Government"}, "opp": {"en": "Opposition"}, "un": {"en": "UN"}}, {"dmz": {"en": "Strip"}},
    frozenset({"F2", "D", "R2"}), {"D1": "Cessation"}, frozenset({"prompt"}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "read"),
    [
        ({"from": "D", "for": "PT48H", "then": "R2", "lapse_on_silence": True},
         "from D, for 48 hours; R2 can prolong it; silence ends it"),
        ("2016-09-12T19:00", "2016-09-12 19:00"),
        ("prompt", "prompt open word"),
        ({"breach": "F2", "by": "gov"}, "the body finds a breach of F2 by Government"),
        ({"request": "access", "by": "un"}, "a request by UN: access"),
        ({"answered": "allegation", "or_elapsed": "PT24H"}, "the allegation is answered, or 24 hours have passed"),
        ({"number": {"at_least": 21}}, "21 or more are reported"),
        ({"done": {"by": "opp", "do": "retreat", "m": 457}}, "when Opposition has done this: retreat, 457 m"),
        ({"checkpoint": "un"}, "while UN confirms the checkpoint"),
        ({"readings": [{"done": "R2"}, "D"]}, "read in several ways: when R2 is done D"),
        ({"unheard_of": {"x": 1}}, "unheard_of: x: 1"),
    ],
)  # fmt: skip
def test_a_condition_is_read_as_a_person_would(condition: object, read: str) -> None:
    """What is not known here stands as it is: nothing of a term is left out."""
    assert (
        bare(str(Reader(Words("en"), NAMED).condition(condition)))
        .replace(" ;", ";")
        .replace(" ,", ",")
        .replace(" :", ":")
        == read
    )


def test_whom_a_term_means() -> None:
    """By name, by status, both, or anybody; an exception is never said to allow anything."""
    reader = Reader(Words("en"), NAMED)
    assert bare(str(reader.whom(None))) == "anybody"
    assert bare(str(reader.whom({"ids": [], "status": "bound"}))) == "everyone who is bound"
    assert bare(str(reader.whom({"ids": ["gov", "opp"], "status": "bound"}))).replace(" ,", ",") == (
        "Government, Opposition, where bound"
    )
    term = {"kind": "permit", "who": None, "to": None, "does": ["attack"], "body": {"except": ["F2"]}, "exceptions": []}
    said = bare(" ".join(f"{label} {value}" for label, value in [*reader.bearing(term), *reader.limits(term)]))
    assert "Not a breach attack" in said and "Exception to F2" in said
    assert "allow" not in said.lower() and "Who may rely on it anybody" in said


# -- texts, amendments, who signed, who holds --------------------------------------------------------------------------

OLD = TEXT.replace("  host: {kind: guarantor}\n", "")
NEW = OLD.replace("{en: No attack in the square.}", "{en: No attack of any kind in the square.}").replace(
    "within: P2D", "within: P3D"
)


@pytest.fixture(scope="module")
def amended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A case whose text both sides amended; of the new one both signed a wording, and the north acknowledged it."""

    def made(folder: Path) -> Case:
        case = of_text(OLD)(folder)
        old, new = (load(one.encode(), "agreement.yaml") for one in (OLD, NEW))
        files = {**case.agreement_files(), "agreement.yaml": NEW.encode()}
        draft = records.text_draft(new, "agreement.yaml", files, old.canonical_hash)
        _all_sign(case, Draft(draft.type, draft.body, "north", draft.files), NOON + 60)
        right = wording(new, "en").data
        for name, data in (("en.txt", right), ("other.txt", right.replace(b"any kind", b"some kinds"))):
            body = {"file": name, "is_authentic": True, "lang": "en", "of": new.canonical_hash}
            _all_sign(case, Draft("wording", body, "north", {name: data}), NOON + 120)
        act = {"act": "acknowledge", "at": "2024-06-02", "of": new.canonical_hash}
        say(case, Draft("act", act, "north"), NOON + 86_400)
        say(case, Draft("act", {"act": "accept", "at": "2024-06-02"}, "south"), NOON + 86_460)
        return case

    with house(tmp_path_factory.mktemp("amended") / "case", made, with_findings=False) as found:
        yield found


def _all_sign(case: Case, draft: Draft, at: int) -> None:
    data, files = records.prepare(case, draft, lambda: at)
    for party in ("south", "watch"):
        data = records.cosign_entry(case, data, party)
    records.submit(case, data, files, lambda: at)


def test_an_amendment_is_shown_in_words_and_in_terms(amended: House) -> None:
    """Old and new, marked by more than a colour; what follows is what the interface says."""
    texts = amended.get("public", "/api/v1/agreement")["texts"]
    old, new = (one["canonical_sha256"] for one in texts)
    told = amended.get("public", "/api/v1/agreement/diff", old=old, new=new)
    page = amended.ask("public", "/agreement/changes", params={"lang": "en"}).text
    assert re.search(r"<ins><span[^>]*>put in: </span>of any kind</ins>", page)
    assert bare(page).count("line ") >= len(told["words"])
    for one in told["consequences"]:
        assert one["message"].replace("`", "").replace("  ", " ") in bare(page).replace(" :", ":").replace("  ", " ")
    assert "2 days" in bare(page) and "3 days" in bare(page)
    back = amended.ask("public", "/agreement/changes", params={"lang": "en", "a": new, "b": old}).text
    assert re.search(r"<del><span[^>]*>taken out: </span>of any kind</del>", back)
    same = amended.ask("public", "/agreement/changes", params={"lang": "ar", "a": new, "b": new}).text
    assert "<ins>" not in same and "<del>" not in same
    assert amended.ask("public", "/agreement/changes", params={"a": "0" * 64, "b": new}).status_code == 404


def test_the_old_wording_stays_beside_the_new(amended: House) -> None:
    """What happened before is judged by it: it is shown as lapsed."""
    told = {one["id"]: one for one in amended.get("public", "/api/v1/agreement/terms")["terms"]}
    assert told["tell~1"]["lines"] is None and told["tell"]["lines"].endswith("within: P3D}")
    page = amended.ask("public", "/agreement", params={"lang": "en"}).text
    assert 'id="tell~1"' in page


def test_who_signed_what_when(amended: House) -> None:
    """In the order of the record; for each party the same room, in the order of the ids."""
    page = amended.ask("public", "/agreement", params={"lang": "en"}).text
    part = page.split('id="signed"', 1)[1].split("</section>", 1)[0]
    rows = [bare(row) for row in part.split("</table>")[0].split("<tr>")[2:]]
    assert [("amendment" in row, "wording" in row) for row in rows] == [
        (False, False), (True, False), (False, True), (False, True)
    ]  # fmt: skip
    assert all("North" in row and "south" in row.lower() for row in rows[1:])
    heads = [bare(one) for one in re.findall(r"<div><h3>(.*?)</h3>", part)]
    assert heads == ["the secretariat", "North", "South", "watch"]
    assert rows[1].count(amended.get("public", "/api/v1/agreement")["canonical_sha256"]) == 1


def test_who_holds_which_text(amended: House) -> None:
    """Who signed a text has it; an act that not everybody may read is told to those who may."""
    for who, since in (("public", False), ("north", True)):
        told = amended.get(who, "/api/v1/agreement/held")
        rows = {one["party"]: {row["version"]: row for row in one["holds"]} for one in told["parties"]}
        assert rows["north"][told["in_force"]]["state"] == rows["south"][told["in_force"]]["state"] == "acknowledged"
        shown = rows["north"][told["in_force"]]["shown_by"]
        assert any(name.startswith("entry-") for name in shown) == since
    page = amended.ask("public", "/agreement", params={"lang": "en"}).text
    assert bare(page.split('id="held"', 1)[1].split("</section>", 1)[0]).count("acknowledged") >= 4


def test_an_acceptance_is_named_to_whoever_may_read_its_entry(amended: House) -> None:
    """What follows from it everybody is told: who is bound is protected by it."""
    for who, is_named in (("public", False), ("monitor", False), ("north", True), ("secretariat", True)):
        told = amended.get(who, "/api/v1/agreement/designations")
        south = next(one for one in told["actors"] if one["actor"] == "south")
        assert south["readings"]["identity"]["bound"]["value"] == 1
        assert [one["source"].startswith("entry-") for one in south["accepted"]] == [True] * is_named
        page = amended.ask(who, "/agreement/designations", params={"lang": "en"}).text
        row = bare(page.split('id="row-south"', 1)[1].split("</tr>", 1)[0]) if 'id="row-south"' in page else ""
        assert ("itself" in row) == is_named


def test_wordings_are_compared_byte_for_byte(amended: House) -> None:
    """The one that differs says so, and where."""
    told = amended.get("public", "/api/v1/agreement/held")["wordings"]
    english = next(one for one in told if one["lang"] == "en")
    assert english["authentic"] and [one["same"] for one in english["signed"]] == [True, False]
    part = amended.ask("public", "/agreement", params={"lang": "en"}).text.split('id="languages"', 1)[1]
    assert "not the same bytes" in part and re.search(r"<ins>.*?some kinds</ins>", part)
    assert "аутентичный текст" in article(amended.ask("public", "/agreement", params={"lang": "ru"}).text, "calm")


# -- obligations -------------------------------------------------------------------------------------------------------


def test_the_board_is_what_the_interface_answers(demo: Demo) -> None:
    """Every duty and prohibition, once; each says why; the counts are of all of them."""
    told = demo.seat("party:us").get("/api/v1/obligations", params={"at": SEPTEMBER}).json()
    page = demo.page(f"/agreement/obligations?at={SEPTEMBER}&lang=en", "party:us")
    duties = page.split('id="duties"', 1)[1].split("</section>", 1)[0]
    rows = re.findall(r'<tr class="is-([a-z]+)">(.*?)</tr>', duties, re.S)
    assert len(rows) == len(told["duties"]) > 40
    for term in {one["term"] for one in told["duties"]}:
        mine = [one for one in told["duties"] if one["term"] == term]
        assert sum(f'#{term}">' in row for _, row in rows) == len(mine)
    bans = page.split('id="prohibitions"', 1)[1].split("</section>", 1)[0]
    assert bans.count('<th scope="row">') == len(told["prohibitions"])
    for stage in STAGES:
        part = demo.page(f"/agreement/obligations?at={SEPTEMBER}&stage={stage}&lang=en", "party:us")
        shown = part.split('id="duties"', 1)[1].split("</section>", 1)[0]
        assert shown.count('<tr class="is-') == sum(one == stage for one, _ in rows)
    only = demo.page(f"/agreement/obligations?at={SEPTEMBER}&of=gov&lang=en", "party:us")
    assert only.split('id="duties"', 1)[1].count('<tr class="is-') == sum(o["bearer"] == "gov" for o in told["duties"])


def test_the_board_is_for_members(demo: Demo) -> None:
    """To the public it is not there, and no page leads to it."""
    assert demo.seat("public").get("/agreement/obligations").status_code == 404
    assert "/agreement/obligations" not in demo.page("/agreement")
    assert "/agreement/obligations" in demo.page("/agreement", "party:us")


@pytest.mark.parametrize(
    ("states", "counterpart", "others", "stage"),
    [
        (["active"], None, (), "due"), (["active"], 0, (), "blocked"), (["active"], 1, (), "due"),
        (["dormant"], None, ("gov",), "blocked"), (["dormant"], None, (), "dormant"), (["fulfilled"], None, (), "met"),
        (["fulfilled-late"], None, (), "met"), (["breached"], None, (), "lapsed"), (["void"], None, (), "over"),
        (["active", "breached", "fulfilled"], 0, (), "unknown"),
    ],
)  # fmt: skip
def test_where_a_duty_stands(states: list[str], counterpart: int | None, others: tuple[str, ...], stage: str) -> None:
    """Several states are an honest *cannot be decided*, whatever the other side did."""
    asked = None if counterpart is None else {"value": counterpart, "reasons": []}
    assert stage_of({"states": states, "counterpart": asked}, others) == stage
    assert stage in STAGES and set(CLOSED["board stage"]) == set(STAGES)


def test_two_sides_of_one_obligation_stand_beside_one_another(demo: Demo) -> None:
    """Done together, alike for each guarantor, one duty of several; the same room, in the order of the ids."""
    page = demo.page(f"/agreement/obligations?at={SEPTEMBER}&lang=en", "party:us")
    part = page.split('id="pairs"', 1)[1].split("</section>", 1)[0]
    found = {
        tuple(re.findall(r"#([\w-]+)\"><bdi", one.split("</h3>")[0])): [
            bare(h) for h in re.findall(r"<h4>(.*?)</h4>", one)
        ]
        for one in part.split("<article")[1:]
    }
    assert found["F4-ru", "F3-us"] == ["Russian Federation", "United States"]
    assert found["R4", "R6a", "R6b", "R6c", "R7"] == [
        "Government of Syria",
        "Armed opposition",
        "Syrian Arab Red Crescent",
    ]
    assert found["F9",] == ["Russian Federation", "United States"]


def of_text(text: str) -> Callable[[Path], Case]:
    """Makes a case of a text that knows the two sides and an observer."""

    def made(folder: Path) -> Case:
        beside = Path(tempfile.mkdtemp(dir=folder.parent))
        (beside / "agreement.yaml").write_text(text, encoding="utf-8")
        (beside / "areas.geojson").write_bytes(seen_case.areas())
        for name, head in seen_case.HEADS.items():
            (beside / name).write_text(head, encoding="utf-8")
        sets = [keyring.key_set(party) for party in ("north", "south", "watch")]
        return init_case(
            folder, beside / "agreement.yaml", charters.new_charter("Small", parties=sets), known_at=NOON
        )  # fmt: skip

    return made


def swapped(text: str) -> str:
    """Two ids in one another's place."""
    return re.sub(r"north|south", lambda m: "south" if m[0] == "north" else "north", text)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, House]]:
    """One text, and the same with the two sides' ids swapped; their names are left out, so that ids stand for them."""
    text = TEXT.replace(", names: {en: North}", "").replace(", names: {en: South}", "") + (
        "  - {id: give, kind: require, who: north, do: publish, from: 2024-01-01, on: {done: take}}\n"
        "  - {id: take, kind: require, who: south, do: publish, from: 2024-01-01}\n"
        "facts:\n  - {excluded: north-army, by: south, from: 2024-02-01}\n  - {accepted: north-army, by: host}\n"
    )

    folder = tmp_path_factory.mktemp("twins")
    with (
        house(folder / "a", of_text(text), with_findings=False) as one,
        house(folder / "b", of_text(swapped(text)), with_findings=False) as other,
    ):
        yield one, other


@pytest.mark.parametrize("path", ["/agreement/obligations", "/agreement/designations", "/agreement"])
def test_swapping_the_sides_mirrors_the_page(twins: tuple[House, House], path: str) -> None:
    """The same words for each, as often; who stands first is a matter of ids, and nothing else differs."""
    pages = []
    for one, who, turn in ((twins[0], "north", str), (twins[1], "south", swapped)):
        text = bare(one.ask(who, path, params={"lang": "en"}).text.split("<main", 1)[1])
        pages.append(turn(re.sub(r"\b[0-9a-f]{8,64}\b", "HASH", text)))
    a, b = (sorted(re.findall(r"[\w-]+", one)) for one in pages)
    assert a == b
    if path == "/agreement/obligations":
        heads = [
            re.findall(r"<h4>(.*?)</h4>", one.ask("north", path, params={"lang": "en"}).text) for one in twins
        ]  # fmt: skip
        assert heads[0] and heads[0] == heads[1]


def test_a_duty_that_waits_for_the_other_side_says_for_whom(twins: tuple[House, House]) -> None:
    """Not owed before the other has acted: neither due nor late."""
    page = twins[0].ask("north", "/agreement/obligations", params={"lang": "en"}).text
    row = next(one for one in page.split('id="duties"')[1].split("<tr ") if '#give">' in one)
    assert row.startswith('class="is-blocked"') and "It waits for: south" in bare(row)


def test_pairs_need_two_bearers() -> None:
    """What one alone owes has no other side."""
    assert pairs_of([], {"terms": []}, []) == ()


# -- designations ------------------------------------------------------------------------------------------------------


def test_designations_are_what_the_interface_answers(demo: Demo) -> None:
    """Every actor of whom something is recorded, by id; both readings where they differ; never where anybody is."""
    at = "2016-09-15"
    answered = demo.seat("public").get("/api/v1/agreement/designations", params={"at": at})
    told, page = answered.json(), demo.page(f"/agreement/designations?at={at}&lang=en")
    recorded = sorted(one["actor"] for one in told["actors"] if one["recorded"])
    assert re.findall(r'<tr id="row-([^"]+)"', page) == recorded
    row = bare(page.split('id="row-jn"', 1)[1].split("</tr>", 1)[0])
    assert "by identity: yes" in row and "by listed name: cannot be decided" in row and "Jabhat Fatah al-Sham" in row
    assert page.count(LAW) >= 2
    for word in ("coordinates", "lon", "lat", "radius", "units", "where", "zone"):
        assert f'"{word}"' not in answered.text
    assert "<svg" not in page and "#zone-" not in page


def test_disputes_have_a_column_for_each_guarantor(demo: Demo) -> None:
    """The same number of columns everywhere, also where one of them said nothing."""
    page = demo.page("/agreement/designations?at=2016-09-15&lang=en")
    found = page.split('id="open"', 1)[1].split("</section>", 1)[0].split("<article")[1:]
    assert len(found) == 4
    assert {tuple(re.findall(r"<h4>(.*?)</h4>", one)) for one in found} == {("Russian Federation", "United States")}


def test_mergers_and_splits_are_dated_facts(demo: Demo) -> None:
    """Each once, whoever was in it."""
    page = demo.page("/agreement/designations?at=2017-09-01&lang=en")
    rows = [bare(one) for one in page.split('id="dated"', 1)[1].split("</section>", 1)[0].split("<tr>")[2:]]
    assert [row.split()[0] for row in rows] == ["2016-07-28", "2017-01-28", "2017-07-20"]
    assert "merged" in rows[1] and "zenki" in rows[1] and "split" in rows[2]


@pytest.mark.parametrize(
    "text",
    [
        "only `us`, `ru` lists `jn` as accepting: is it bound?",
        "`unsc` lists A, B; `jn` is then called C, D: is it meant?",
        "the listing by `unsc` ended on 2026-02-27: that changes a list, not a text that names it",
        "`jn` merged into `hts` on 2017-01-28: does it still act by itself?",
        "`hts` split into `zenki`, `jn` at a time that is not stated: does it go on beside them?",
        "`jn`, perhaps accepted, merged into `hts` on 2017-01-28: that passes nothing on by itself; does the text?",
        "`jn`, excluded, split into `hts` on 2017-01-28: that passes nothing on by itself; does the text?",
        "`jn` is listed both as excluded and as accepting: which counts?",
    ],
)
def test_each_question_is_put_in_the_language_of_the_page(text: str) -> None:
    """With its ids and dates; one that is not known stays as it is."""
    for lang in LANGUAGES:
        said = question(text, Words(lang), {})
        assert said is not None
        assert set(re.findall(r"`([^`]+)`|(\d{4}-\d\d-\d\d)", text)) <= set(
            re.findall(r"`([^`]+)`|(\d{4}-\d\d-\d\d)", re.sub(r"<bdi[^>]*>([\w-]+)</bdi>", r"`\1` \1", str(said)))
        ) | {("", "")}
    assert question("is it so?", Words("ar"), {}) is None


FOLLOWS = [
    "`us` gains the duty `F2`", "anybody loses the power `F12`", "whoever is bound gains the prohibition `F2`",
    "`gov` where bound loses the exception `F6`", "`F2`: `within` is longer by 1 day",
    "`F2`: `for` is shorter by 2 hours",
    "the text of `R12` is published", "the map of zone `dmz` is withheld",
    "zone `dmz` is larger by 1,200 km²: 11 -> 1,211 km²", "zone `dmz` is smaller by 3 km²: 11 -> 8 km²",
    "zone `dmz` lies elsewhere, 11 km² as before", "word `prompt` is no longer open", "word `prompt` is open now",
    "definition `calm`: ends 1 day later, lasts longer by 1 day; 3 terms rest on it", "`F2`: can take effect now",
    "`F2`: begins 2 days 3 hours earlier, lasts shorter by 1 hour", "`F2`: lasts as long",
    "`F2`: no longer has a known end", "`F2`: ends at 2016-09-14T16:00:00Z, where nothing bounded it",
]  # fmt: skip


@pytest.mark.parametrize("text", FOLLOWS)
def test_what_follows_is_said_in_the_language_of_the_page(text: str) -> None:
    """Nothing of it in English but ids and fields; a sentence that is not known stays as it is."""
    for lang in LANGUAGES:
        said = follows(text, Words(lang), {"us": {"en": "US", "ar": "و", "ru": "США"}, "gov": {"ar": "ح", "ru": "П"}})
        assert said is not None, text
        if lang != "en":
            assert not re.search(r"[a-z]{4} [a-z]{2}", bare(re.sub(r"<bdi.*?</bdi>", "", str(said))))
    assert follows("something else", Words("ar"), {}) is None


def test_each_advice_is_translated() -> None:
    """The closed list holds what the drafter's check can say."""
    found = set()
    for name in ("agreement/lint.py", "assess/gaps.py"):
        for node in ast.walk(ast.parse((SOURCE / name).read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding" and len(node.args) == 5:
                assert isinstance(node.args[4], ast.Constant)
                found.add(node.args[4].value)
    assert found == set(CLOSED["advice"])
    assert set(KINDS) == set(CLOSED["remark"])


# -- what a drafter looks at -------------------------------------------------------------------------------------------

BAD = "truceline: 1\nid: x\nactors:\n  a: {kind: wizard}\nterms:\n  - {id: t, kind: prohibit, who: b, does: attack}\n"


def test_remarks_on_the_text_in_force(demo: Demo) -> None:
    """What the command says, with the line and the words of it."""
    told = demo.seat("public").get("/api/v1/agreement/lint").json()
    page = demo.page("/agreement/lint?lang=en")
    assert page.count("<li><p>") == len(told["findings"]) > 10
    lines = (AGREEMENTS / "syria-2016" / "agreement.yaml").read_text("utf-8").splitlines()
    one = next(found for found in told["findings"] if found["kind"] == "never-adopted")
    assert html.escape(lines[one["line"] - 1].strip()[:60]) in page
    assert "<textarea" not in page and "<textarea" in demo.page("/agreement/lint?lang=en", "party:us")


def send(demo: Demo, role: str, text: str, **more: Any) -> Any:  # noqa: ANN401  # an answer
    """Send a draft as the form does."""
    data = {"csrf": demo.csrf(role), "text": text} | more.pop("data", {})
    files = more.pop("files", {"file": ("", b"", "application/octet-stream")})
    return demo.seat(role).post("/agreement/lint?lang=en", data=data, files=files, headers=FROM_HERE)


def test_a_draft_with_faults_gets_one_line_for_each(demo: Demo) -> None:
    """File, line, field and what is wrong; all at once; and it is still in the form."""
    found = send(demo, "party:us", BAD)
    assert found.status_code == 200
    rows = [bare(one) for one in found.text.split('id="h-faults"', 1)[1].split("</table>", 1)[0].split("<tr>")[2:]]
    assert len(rows) >= 2
    assert all(row.startswith("draft.yaml ") for row in rows)
    assert any(re.match(r"draft\.yaml 4 kind expected one of .*wizard", row) for row in rows)
    assert "not YAML" in bare(send(demo, "party:us", "a: [1").text)
    assert html.escape(BAD.splitlines()[3]) in found.text


def test_a_draft_without_faults_gets_its_remarks(demo: Demo) -> None:
    """From the field or from a file; the areas that it names are those of the text in force."""
    text = (AGREEMENTS / "syria-2016" / "agreement.yaml").read_bytes()
    told = demo.seat("public").get("/api/v1/agreement/lint").json()
    found = send(demo, "party:us", "", files={"file": ("mine.yaml", text, "application/yaml")})
    assert found.status_code == 200 and "mine.yaml" in found.text
    assert found.text.count("<li><p>") == len(told["findings"])
    over = demo.seat("party:us").post(
        "/api/v1/agreement/lint", content=text,
        headers={"Content-Type": "application/yaml", "X-Truceline-CSRF": demo.csrf("party:us"), **FROM_HERE},
    )  # fmt: skip
    assert over.status_code == 200 and over.json()["findings"] == told["findings"]


def test_a_draft_is_for_members_from_a_page_of_ours_and_not_too_large(demo: Demo) -> None:
    """The public sends none; nor does a page from elsewhere; nor does anybody send a megabyte."""
    public = demo.seat("public").post(
        "/agreement/lint", data={"text": BAD}, files={"file": ("", b"")}, headers=FROM_HERE
    )
    assert public.status_code == 404
    assert send(demo, "party:us", BAD, data={"csrf": "another"}).status_code == 403
    assert send(demo, "party:us", "# " + "x" * 1_000_000).status_code == 413
    assert send(demo, "party:us", " ").status_code == 422


def test_nothing_of_a_draft_is_kept(demo: Demo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No file is left where the child worked, and the record has no entry more."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    size = demo.seat("public").get("/api/v1/record").json()["size"]
    assert send(demo, "party:us", BAD).status_code == 200
    assert list(tmp_path.iterdir()) == []
    assert demo.seat("public").get("/api/v1/record").json()["size"] == size


def test_a_draft_that_takes_too_much_is_refused() -> None:
    """In a child with little: it ends, and one line says why."""
    heavy = ("terms:\n" + "  - {id: a, kind: define, is: {all: [" + "{at: 2016}, " * 40_000 + "]}}\n").encode()
    with pytest.raises(InputError, match=r"takes more than|breaks the reader|broke on it"):
        childdraft.look_at(heavy, "heavy.yaml", {}, Limits(memory=32 * MIB, cpu_s=1, wall_s=20.0, file_bytes=MIB))


def test_deep_texts_and_anchors_are_faults_with_a_line() -> None:
    """Neither breaks the reader."""
    for text, why in (("a: " + "[" * 60 + "]" * 60, "nested deeper"), ("a: &x 1\nb: *x\n", "anchors and aliases")):
        found = childdraft.look_at(text.encode(), "draft.yaml", {})
        assert any(why in one.message for one in found.faults)
        assert all(one.line >= 1 for one in found.faults)


# -- in a browser ------------------------------------------------------------------------------------------------------


@pytest.mark.chromium
def test_the_text_by_keyboard(stage: Stage) -> None:
    """From the contents to a term, its lines and its words in other languages; a term has an address of its own."""
    with stage.seat() as page:
        page.goto(f"{stage.url}/agreement?lang=en")
        page.locator('.agreement-ids a[href="#R6a"]').focus()
        page.keyboard.press("Enter")
        assert page.url.endswith("#R6a")
        summary = page.locator("#R6a .agreement-yaml summary")
        summary.focus()
        page.keyboard.press("Enter")
        assert "clear: heavy-weapon" in page.locator("#R6a pre").inner_text()
        expect(page.locator("#R6a")).to_be_in_viewport()
        page.emulate_media(media="print")
        assert not page.locator(".agreement-toc").is_visible()
        assert page.locator("#R6a .agreement-said").is_visible()


@pytest.mark.chromium
def test_the_board_by_keyboard(stage: Stage) -> None:
    """A moment typed, a side chosen, sent with Enter; the address says all of it."""
    with stage.seat("party:us") as page:
        page.goto(f"{stage.url}/agreement/obligations?lang=ar")
        page.locator("#agreement-at").focus()
        page.keyboard.type("2016-09-15T12:00")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**at=2016-09-15T12*&of=gov*")
        assert page.locator("#duties tbody tr").count() > 5
        assert "2016-09-15 12:00" in page.locator(".agreement-moment").inner_text()


@pytest.mark.chromium
def test_a_draft_in_a_browser(stage: Stage) -> None:
    """Typed and sent without a script; the faults are told, and the text is still there."""
    with stage.seat("party:ru", wide=390) as page:
        page.goto(f"{stage.url}/agreement/lint?lang=ru")
        page.locator("#agreement-text").fill("truceline: 1\n")
        page.locator(".agreement-try button").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#h-faults")
        assert page.locator("#agreement-text").input_value().startswith("truceline: 1")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
