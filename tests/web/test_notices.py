"""Notices by HTTP: given once or twice, confirmed by a second person, told only to whom they are for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.asking import Client
from tests.web.conftest import WIDE
from truceline.desk.service import Service
from truceline.desk.viewers import Viewer

A, B = Viewer("a-00000000000000d1", "notices"), Viewer("a-00000000000000d2", "notices")
RU, US = Viewer("a-00000000000000d3", "party", "ru"), Viewer("a-00000000000000d4", "party", "us")
SARC = Viewer("a-00000000000000d5", "monitor", "sarc")
PATH = "/api/v1/notices"
SITE: dict[str, Any] = {
    "kind": "site", "what": "Central hospital", "place": "Hama", "where": "35.1318, 36.7578", "since": "2019-12-01",
    "category": "hospital", "to": [{"to": "ru"}, {"to": "us", "level": "town"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def service(case_folder: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service over a case with a vault of its own; its clocks stand unless a test moves them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRUCELINE_CONFIG", str(tmp_path_factory.mktemp("config")))
        with Service.open(str(case_folder), WIDE) as opened:
            yield opened


@pytest.fixture(scope="module")
def notice(client: Client) -> str:
    """The id of a site that one account of the desk entered and another confirmed."""
    with client.seen_as(A):
        one: str = client.post(PATH, json={"notice": SITE, "sent": "first"}).json()["id"]
    with client.seen_as(B):
        assert client.post(f"{PATH}/{one}/confirmation", json={}).json()["state"] == "standing"
    return one


def test_a_telephone_sends_twice_and_it_is_one_notice(client: Client) -> None:
    """The second time answers as the first; other contents under that name are a conflict, and the first stands."""
    given: dict[str, Any] = {
        "notice": {**SITE, "what": "School of the east", "where": "35.1408, 36.7512"},
        "sent": "phone-1",
    }
    with client.seen_as(SARC):
        first, again = client.post(PATH, json=given), client.post(PATH, json=given)
        other = client.post(PATH, json={**given, "notice": {**given["notice"], "where": "35.1409, 36.7512"}})
        mine = client.get(f"{PATH}/{first.json()['id']}").json()["notice"]
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json()["id"] == again.json()["id"]
    assert (mine["state"], mine["draft"]["where"], mine["may"]) == (
        "waiting", "35.1408, 36.7512", ["consent", "revoke", "remove"]
    )  # fmt: skip
    with client.seen_as(A):
        theirs = client.post(PATH, json=given)
    assert theirs.json()["id"] != first.json()["id"], "a name that another account made says nothing"


def test_what_is_refused_says_why_and_keeps_nothing(client: Client) -> None:
    """Each fault has its code, in one problem; a position is repeated nowhere."""
    given = {**SITE, "what": "", "where": "somewhere 36.75", "to": [{"to": "atlantis"}]}
    with client.seen_as(A):
        before = len(client.get(PATH).json()["items"])
        answer = client.post(PATH, json={"notice": given})
        after = len(client.get(PATH).json()["items"])
    assert answer.status_code == 422
    assert {one["code"] for one in answer.json()["remarks"]} == {"unnamed", "stranger", "unread"}
    assert before == after
    assert "36.75" not in answer.text


def test_whoever_entered_a_site_does_not_confirm_it(client: Client) -> None:
    """Two persons: the same account is refused, another is not, and neither a party."""
    with client.seen_as(A):
        one = client.post(PATH, json={"notice": {**SITE, "what": "Well", "where": "35.1608, 36.7312"}}).json()["id"]
        assert client.post(f"{PATH}/{one}/confirmation", json={}).status_code == 404
    with client.seen_as(RU):
        assert client.post(f"{PATH}/{one}/confirmation", json={}).status_code == 404
    with client.seen_as(B):
        assert client.post(f"{PATH}/{one}/confirmation", json={}).status_code == 200
        assert client.post(f"{PATH}/{one}/confirmation", json={}).status_code == 409


def test_each_recipient_sees_what_its_owner_consented_to(client: Client, notice: str) -> None:
    """One exactly, within the accuracy that is printed; one as a town, without a name; others nothing at all."""
    with client.seen_as(RU):
        exact = client.get(f"{PATH}/{notice}").json()["notice"]["row"]
    with client.seen_as(US):
        town = client.get(f"{PATH}/{notice}").json()["notice"]["row"]
    assert exact["what"] == "Central hospital"
    assert abs(exact["discs"][0]["lat_deg"] - 35.1318) < exact["discs"][0]["radius_m"] / 111_000
    assert (town.get("what"), town["discs"]) == (None, [{"lon_deg": 36.75, "lat_deg": 35.15, "radius_m": 5000}])
    for viewer in (SARC, Viewer("a-00000000000000d9", "party", "gov")):
        with client.seen_as(viewer):
            assert client.get(f"{PATH}/{notice}").status_code == 404
            assert notice not in client.get(PATH).text


def test_the_secretariat_sees_the_record_and_no_place(client: Client, notice: str) -> None:
    """Who was told and who answered; of the contents nothing."""
    with client.seen_as(Viewer("a-00000000000000d8", "secretariat")):
        answer = client.get(f"{PATH}/{notice}")
    assert answer.json()["notice"]["answers"][0]["party"] == "ru"
    assert not any(word in answer.text for word in ("hospital", "Hama", "36.75", "draft", "row"))


def test_an_acknowledgement_is_told_once_and_only_for_oneself(client: Client, notice: str) -> None:
    """The same twice is one entry; whoever is no recipient gets the answer for what is not there."""
    with client.seen_as(RU):
        first = client.post(f"{PATH}/{notice}/acknowledgements", json={})
        again = client.post(f"{PATH}/{notice}/acknowledgements", json={})
    assert (first.status_code, first.json()["entry"]) == (201, again.json()["entry"])
    with client.seen_as(SARC):
        assert client.post(f"{PATH}/{notice}/acknowledgements", json={}).status_code == 404
    with client.seen_as(RU):
        shown = client.get(f"{PATH}/{notice}").json()["notice"]["answers"]
    assert [(one["party"], one["state"], one["is_signed"]) for one in shown] == [
        ("ru", "acknowledged", False), ("us", "waiting", False),
    ]  # fmt: skip


def test_a_revoked_recipient_is_given_nothing_more(client: Client) -> None:
    """From the next list on; the record says that it was withdrawn, and from whom."""
    with client.seen_as(A):
        given = {"notice": {**SITE, "what": "Clinic", "where": "35.1208, 36.7112"}}
        one = client.post(PATH, json=given).json()["id"]
    with client.seen_as(B):
        client.post(f"{PATH}/{one}/confirmation", json={})
    with client.seen_as(RU):
        assert "Clinic" in client.get(f"{PATH}/list").text
    with client.seen_as(A):
        assert client.post(f"{PATH}/{one}/revocations", json={"to": "ru"}).json()["entry"]
    with client.seen_as(RU):
        assert "Clinic" not in client.get(f"{PATH}/list").text
        assert client.get(f"{PATH}/{one}").status_code == 404
        assert client.post(f"{PATH}/{one}/acknowledgements", json={}).status_code == 404
    with client.seen_as(A):
        assert client.post(f"{PATH}/{one}/removal", json={}).json()["entry"]
        assert client.get(f"{PATH}/{one}").status_code == 404


def test_the_public_is_told_a_count_by_governorate(client: Client, notice: str) -> None:
    """And nothing else: no list, no notice."""
    del notice
    counts = client.get(f"{PATH}/counts").json()["counts"]
    assert set(counts) == {"SY-HM"} and counts["SY-HM"]["site"] >= 1
    assert {client.get(path).status_code for path in (PATH, f"{PATH}/list", f"{PATH}/near")} == {404}
    assert {kind for numbers in counts.values() for kind in numbers} == {"site"}


def test_lists_of_two_recipients_are_told_apart(client: Client, notice: str) -> None:
    """As CSV with a receipt; the desk may make anybody's, a recipient its own alone."""
    del notice
    with client.seen_as(RU):
        mine = client.get(f"{PATH}/list?form=csv")
        assert client.get(f"{PATH}/list?party=us").status_code == 404
    with client.seen_as(A):
        theirs = client.get(f"{PATH}/list?form=csv&party=ru")
    rows = [[line.split(",")[:9] for line in one.text.splitlines() if line[0] != "#"] for one in (mine, theirs)]
    assert rows[0] == rows[1], "the marks are the same whenever they are computed"
    assert "# receipt " in mine.text and "humanitarian law" in mine.text
