"""The screens of those who keep a case: each job done once, without a script, as a person would."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.screens.conftest import FROM_HERE, Demo, demonstration, sent
from truceline.desk.charters import demo_clock
from truceline.desk.duplicates import keep_found
from truceline.store.opened import open_case
from truceline.store.state import sessions

WORDS = {"words": "Shells fell on the bakery", "place": "Hirbnafseh", "time": "2016-09-12 14:00", "act": "shelling"}


@pytest.fixture(scope="module")
def room(shipped_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demonstration of this module's own, in which reports were compared: what is done here changes it."""
    folder = tmp_path_factory.mktemp("room") / "case"
    shutil.copytree(shipped_case, folder)
    case = open_case(folder)
    keep_found(case, demo_clock)
    case.close()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRUCELINE_CONFIG", str(folder.parent / "config"))
        with demonstration(folder) as made:
            yield made


def test_pairs_stand_side_by_side(room: Demo) -> None:
    """Every pair that the interface tells of, with both reports, what differs, and how to rule on it."""
    told = room.seat("secretariat").get("/api/v1/duplicates?limit=20").json()
    page = room.page("/review", "secretariat")
    assert told["total"] > 0
    for pair in told["items"]:
        assert f"truceline rule CASE same {pair['a']['id']} {pair['b']['id']}" in page
    assert page.count('class="review-pair"') == len(told["items"])
    assert page.count('class="differs"') > 0
    assert room.seat("party:us").get("/review").status_code == 404


def test_an_account_is_made_invited_and_shut_out(room: Demo) -> None:
    """The code is on the page once, in no address, and opens the page to make a passkey."""
    role = "secretariat"
    assert sent(room, role, "/desk/accounts", role="party", label="liaison 2", party="us").status_code == 303
    page = room.page("/desk/accounts", role)
    assert "liaison 2" in page
    address = re.search(r'action="(/desk/accounts/a-[0-9a-f]{16})', page)
    assert address
    invited = sent(room, role, address[1], what="invite")
    assert invited.status_code == 200
    code = re.search(r'<p class="code"><bdi[^>]*>([^<]+)</bdi>', invited.text)
    assert code
    assert code[1] not in room.page("/desk/accounts", role)
    assert sent(room, role, address[1], what="disable").status_code == 303
    assert "enters no more" in room.page("/desk/accounts", role)


def test_what_is_refused_is_said_and_what_was_typed_is_kept(room: Demo) -> None:
    """One line, and the form as it was filled in."""
    found = sent(room, "secretariat", "/desk/accounts", role="party", label="liaison 3", party="")
    assert found.status_code in (404, 422)
    short = sent(room, "secretariat", "/desk/accounts", role="mediator", label="x", party="")
    assert short.status_code == 422
    assert 'role="alert"' in short.text
    assert 'value="x"' in short.text
    assert '<option value="mediator" selected' in short.text


def test_a_report_is_taken_in_words_of_the_desk(room: Demo) -> None:
    """From the form of the public to the next batch; its own words are on the page, and in no address."""
    given = room.seat("public").post("/report", data={**WORDS, "lang": "en"}, headers={"accept": "text/html"})
    assert given.status_code in (200, 201), given.text[:500]
    page = room.page("/desk/intake", "intake")
    address = re.search(r'href="(/desk/intake/[0-9a-f]{16})', page)
    assert address
    shown = room.page(address[1], "intake")
    assert "Shells fell on the bakery" in shown
    refused = sent(room, "intake", address[1], decision="take", act="shelling", when="yesterday", note="Two shells")
    assert refused.status_code == 422
    assert 'value="yesterday"' in refused.text
    taken = sent(
        room, "intake", address[1], decision="take", act="shelling", place="none", when="2016-09-12", precision="day",
        note="Two shells",
    )  # fmt: skip
    assert taken.status_code == 303, re.findall('role="alert">(.*)</p>', taken.text)
    assert "1 taken" in re.sub("<[^>]+>", "", room.page("/desk/intake", "intake"))
    assert sent(room, "intake", "/desk/intake/batch").status_code in (409, 422)
    assert room.seat("secretariat").get(address[1]).status_code == 404


def test_a_form_from_elsewhere_does_nothing(room: Demo) -> None:
    """Without what the page said to bring, nothing is made."""
    before = room.page("/desk/accounts", "secretariat").count("<tr>")
    seat = room.seat("secretariat")
    given = {"role": "mediator", "label": "nobody 1", "party": ""}
    assert seat.post("/desk/accounts", data=given, headers=FROM_HERE).status_code == 403
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert (
        seat.post("/desk/accounts", data={**given, "csrf": room.csrf("secretariat")}, headers=elsewhere).status_code
        == 403
    )
    assert room.page("/desk/accounts", "secretariat").count("<tr>") == before


def test_whose_passkey_was_not_used_just_now_confirms_first(room: Demo) -> None:
    """The page says so, and nothing was done."""
    state = room.service.state
    with state.begin() as db:
        db.execute(sessions.session.update().values(fresh_until=0))
    state.forget()
    found = sent(room, "secretariat", "/desk/accounts", role="mediator", label="mediation 9", party="")
    assert found.status_code == 403
    assert "Confirm with your passkey first" in found.text
    assert "mediation 9" not in re.sub(r'value="[^"]*"', "", room.page("/desk/accounts", "secretariat"))
