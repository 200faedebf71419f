"""The screens of the notification desk: five fields, a second person, consent, receipts, lists on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.screens.conftest import FROM_HERE, Demo, demonstration, sent
from truceline.desk.audits import every
from truceline.report.language import LANGUAGES, Words
from truceline.report.notices import clock_of, hand, lasted, remark

SITE = {
    "kind": "site", "what": "Made-up ward 9", "place": "Tadmur", "where": "34.5600, 38.2800", "since": "2020-02-14",
    "until": "2020-06-30", "to-us": "exact", "to-gov": "town", "category": "clinic",
}  # fmt: skip


@pytest.fixture(scope="module")
def room(own_case: Path) -> Iterator[Demo]:
    """A demonstration of this module's own: what is done here changes it."""
    with demonstration(own_case) as made:
        yield made


def offered(room: Demo, who: str, **fields: str) -> str:
    """Make a site known; the path of its page."""
    found = sent(room, who, "/notify/new", **{**SITE, **fields})
    assert found.status_code == 303, re.findall(r'role="alert".*?</div>', found.text, re.DOTALL)
    return found.headers["location"].partition("?")[0]


def test_five_fields_and_no_more_have_to_be_filled_in(room: Demo) -> None:
    """Five numbered fields; what else there is stands folded away."""
    page = room.page("/notify/new", "monitor:un")
    assert re.findall(r'class="notify-n" aria-hidden="true">(\d)<', page) == ["1", "2", "3", "4", "5"]
    before, _, after = page.partition('<details class="notify-more">')
    assert before.count(" required") == 1
    assert after


def test_a_site_goes_out_once_a_second_person_has_looked(room: Demo) -> None:
    """Not by whoever entered it; what was found is accepted by its name; then each recipient has a clock."""
    path = offered(room, "monitor:un", where="38.2800, 34.5600")
    own = room.page(path, "monitor:un")
    assert "Did you mean the two numbers the other way round?" in own
    assert 'value="confirm"' not in own
    assert room.seat("party:us").get(path).status_code == 404
    desk = room.page(path, "notices")
    refused = sent(room, "notices", path, what="confirm")
    assert refused.status_code == 422
    codes = re.findall(r'name="accept" value="([a-z-]+)"', desk)
    assert "swapped" in codes
    data = {"what": "confirm", "accept": codes, "csrf": room.csrf("notices")}
    assert room.seat("notices").post(path, data=data, headers=FROM_HERE).status_code == 303
    told = room.page(path, "party:us")
    assert "Made-up ward 9" in told
    assert told.count('class="notify-clock is-open"') == 2
    assert "has 72 h left of 72 h" not in told  # from two days on, days are said
    assert re.sub("<[^>]+>", "", told).count("3 d 0 h") == 4


def test_a_page_confirms_for_the_desk_alone(room: Demo) -> None:
    """A form that was made by hand is answered as if there were nothing."""
    path = offered(room, "monitor:un", what="Made-up ward 20", where="34.5900, 38.2100")
    for who in ("party:us", "monitor:un"):
        assert sent(room, who, path, what="confirm").status_code == 404, who
    assert 'value="confirm"' in room.page(path, "notices")


def test_a_recipient_is_told_as_finely_as_its_owner_chose(room: Demo) -> None:
    """The name and the point for whom it is exact; neither where it is the town; nothing for anybody else."""
    path = offered(room, "monitor:un", what="Made-up ward 10", where="34.5500, 38.2700")
    assert sent(room, "notices", path, what="confirm").status_code == 303
    assert "Made-up ward 10" in room.page(path, "party:us")
    coarse = room.page(path, "party:gov")
    assert "Made-up ward 10" not in coarse
    assert "34.5500" not in coarse
    assert "5 km" in coarse
    for role in ("party:ru", "mediator", "intake", "public"):
        assert room.seat(role).get(path).status_code == 404, role
    assert "Made-up ward" not in room.page(path, "secretariat")


def test_consent_is_taken_back(room: Demo) -> None:
    """At once, for one recipient alone, and the record says so."""
    path = offered(room, "monitor:un", what="Made-up ward 11", where="34.5400, 38.2600")
    assert sent(room, "notices", path, what="confirm").status_code == 303
    assert sent(room, "monitor:un", path, what="revoke", to="us").status_code == 303
    assert room.seat("party:us").get(path).status_code == 404
    assert room.seat("party:gov").get(path).status_code == 200
    page = room.page(path, "monitor:un")
    assert "no longer told" in page
    assert sent(room, "monitor:un", path, what="consent", to="ru", level="cell").status_code == 303
    assert "Made-up ward 11" not in room.page(path, "party:ru")


def test_an_answer_is_drafted_for_a_signature_or_told_to_the_desk(room: Demo) -> None:
    """The draft is the party's to sign and changes nothing; what it tells the desk is shown as told."""
    path = offered(room, "monitor:un", what="Made-up ward 12", where="34.5300, 38.2500")
    sent(room, "notices", path, what="confirm")
    size = len(room.service.case.entries())
    found = sent(room, "party:us", path, what="sign-acknowledged")
    assert found.status_code == 200
    assert '"type": "acknowledgement"' in found.text
    assert len(room.service.case.entries()) == size
    assert sent(room, "party:us", path, what="acknowledged").status_code == 303
    page = room.page(path, "party:us")
    assert "as it told the desk" in page
    assert 'class="notify-clock is-done"' in page
    spoken = sent(room, "party:gov", path, what="denied", why="at 34.5300, 38.2500")
    assert spoken.status_code == 422


def test_what_is_refused_is_said_and_what_was_typed_is_kept(room: Demo) -> None:
    """Nothing is kept of it but in the form."""
    found = sent(room, "monitor:un", "/notify/new", **{**SITE, "to-us": "", "to-gov": "", "what": "Ward of nobody"})
    assert found.status_code == 422
    assert "Choose at least one recipient" in found.text
    assert 'value="Ward of nobody"' in found.text
    assert "Ward of nobody" not in room.page("/notify", "notices")
    late = sent(room, "monitor:un", "/notify/new", **{**SITE, "kind": "movement", "since": "2020-02-17T00:00"})
    assert late.status_code == 422
    number = sent(room, "monitor:un", "/notify/new", **SITE, accuracy_m="many")
    assert number.status_code == 422


def test_the_same_sent_twice_is_one_notice(room: Demo) -> None:
    """A connection that broke after it arrived makes no second one."""
    first = offered(room, "monitor:un", what="Made-up ward 13", where="34.5200, 38.2400", sent="phone-1")
    assert offered(room, "monitor:un", what="Made-up ward 13", where="34.5200, 38.2400", sent="phone-1") == first


def test_the_public_is_told_numbers_alone(room: Demo) -> None:
    """By governorate: no name, no place, no recipient, no clock."""
    page = room.page("/notify", "public")
    assert "Made-up" not in page
    assert "notify-clock" not in page
    assert re.search(r"<th scope=\"row\">[^<]*<?.*Homs", page)
    tables = [page.partition('id="counts"')[2].partition("</thead>")[0], room.page("/notify", "notices")]
    assert [tables[0].count('<th scope="col"'), tables[1].count('<th scope="col" class="n"')] == [2, 5]
    assert room.page("/notify", "party:us").count("/notify/new?") == 5


def test_a_list_is_its_recipients_own(room: Demo) -> None:
    """With hash and receipt, another for each; nobody reads that of another, and the desk reads all."""
    mine = room.page("/notify/list", "party:us")
    receipt = re.search(r'Receipt of this copy</dt><dd class="hash"><bdi[^>]*>([0-9a-f]+)<', mine)
    assert receipt
    assert receipt[1] not in room.page("/notify/list?of=ru&lang=en", "notices")
    assert room.seat("party:us").get("/notify/list?of=ru").status_code == 404
    assert room.seat("secretariat").get("/notify/list?of=us").status_code == 404
    refs = [set(re.findall(r'class="notify-ref">([0-9A-Z]{10})<', page)) for page in (
        mine, room.page("/notify/list?of=gov&lang=en", "notices"),
    )]  # fmt: skip
    assert all(refs)
    assert refs[0].isdisjoint(refs[1])


def test_what_is_read_and_done_on_a_page_is_noted(room: Demo) -> None:
    """A list that was handed over, a notice that was read, confirmed or changed: as it is of programs."""

    def noted() -> list[tuple[str, str, str]]:
        """The rows about notices, newest last."""
        return [(row["role"], row["action"], row["about"]) for row in every(room.service.state)
                if row["resource"] == "notice"]  # fmt: skip

    path = offered(room, "monitor:un", what="Made-up ward 21", where="34.5950, 38.2050")
    one = path.rpartition("/")[2]
    before = len(noted())
    room.page("/notify/list?of=ru&lang=en", "notices")
    room.page(path, "notices")
    assert sent(room, "notices", path, what="confirm").status_code == 303
    assert sent(room, "party:us", path, what="acknowledged").status_code == 303
    assert sent(room, "monitor:un", path, what="remove").status_code == 303
    room.page("/notify", "public")
    rows = noted()[before:]
    for row in (("notices", "hand-over", "ru"), ("notices", "read", one), ("notices", "confirm", one),
                ("party", "acknowledge", one), ("monitor", "remove", one)):  # fmt: skip
        assert row in rows, row
    assert all(role != "public" for role, _, _ in rows)


def test_clocks_are_the_same_size_for_everybody(room: Demo) -> None:
    """One element of one kind for each recipient, whatever it did."""
    page = room.page("/notify", "notices")
    shapes = set(re.findall(r'<svg class="notify-ring" viewBox="([^"]+)"', page))
    assert shapes == {"-13 -13 26 26"}
    assert page.count('<div class="notify-clock is-') == page.count('<b class="notify-who">')
    assert {"done", "late", "open"} <= set(re.findall(r"notify-clock is-(\w+)", page))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_code_of_a_check_has_a_sentence(lang: str) -> None:
    """In each language, and none is shown as its code."""
    from truceline.notices.checks import CODES

    values: dict[str, int | str] = {
        "km": 12,
        "metres": 40,
        "days": 200,
        "hours": 48,
        "left": 3,
        "who": "us",
        "area": "x",
        "why": "y",
    }
    words = Words(lang)
    said = {code: re.sub("<[^>]+>", "", str(remark(words, code, values))) for code in CODES}
    assert len(set(said.values())) >= len(CODES) - 1
    assert not any(code in text for code, text in said.items() if "-" in code)


def test_a_clock_says_how_long_it_ran() -> None:
    """Minutes, then hours, then days; the hand never beyond its time; late is late by so much."""
    words = Words("en")
    bare = {seconds: re.sub("<[^>]+>", "", str(lasted(words, seconds))) for seconds in (59, 3_600, 5_460, 200_000, -5)}
    assert bare == {59: "0 min", 3_600: "1 h", 5_460: "1 h 31 min", 200_000: "2 d 7 h", -5: "0 min"}
    assert (hand(0, 10), hand(5, 10), hand(50, 10), hand(1, 0)) == (0.0, 0.5, 1.0, 0.0)
    answer = {"party": "us", "state": "waiting", "left_s": -60, "is_signed": False, "level": 1}
    late = clock_of(words, answer, 3_600, 0)
    assert (late["look"], late["hand"]) == ("late", 1.0)
    assert "told to the joint body" in str(late["more"])


def test_a_long_list_comes_in_pages(room: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each notice on one of them, the sums of all on each; a page that is not there is empty."""
    from truceline.web.routes.screens import notify

    whole = room.page("/notify?lang=en", "notices")
    titles = re.findall(r'<h3 id="n-([a-p]{16})"', whole)
    monkeypatch.setattr(notify, "PAGE", 2)
    pages = [room.page(f"/notify?page={n}&lang=en", "notices") for n in range(1, len(titles) // 2 + 2)]
    assert [one for page in pages for one in re.findall(r'<h3 id="n-([a-p]{16})"', page)] == titles
    sums = {tuple(re.findall(r'<p class="lead">(.*?)</p>', page)) for page in (whole, *pages)}
    assert len(sums) == 1


def test_these_screens_tell_of_no_earlier_state(room: Demo) -> None:
    """Asked for as known then, they show what is known now and do not say otherwise."""
    for path, role in (("/notify", "notices"), ("/exchange", "party:us"), ("/exchange/sealed", "party:us")):
        page = room.page(f"{path}?known_at=%231&lang=en", role)
        assert "what was known then" not in page
        assert page.count("exch-cell") == room.page(f"{path}?lang=en", role).count("exch-cell")


@pytest.mark.parametrize("role", ["party:us", "monitor:un", "notices", "secretariat"])
def test_no_link_leads_nowhere(room: Demo, role: str) -> None:
    """What a page links to, whoever looks at it may open."""
    page = room.page("/notify?lang=en", role)
    opened = set(re.findall(r'href="(/(?:notify|record)[^"]*)', page.replace("&amp;", "&")))
    assert opened
    for path in opened:
        assert room.seat(role).get(path).status_code == 200, path
