"""Conflicts and lists on paper by HTTP: the first for the desk alone, the second for whom the list is."""

from __future__ import annotations

import pytest

from tests.web.asking import Client
from tests.web.test_notices import PATH, RU, SARC, A, notice, service
from truceline import LAW

__all__ = ["notice", "service"]
FLIGHT = {
    "kind": "flight", "what": "MERCY1", "callsign": "MERCY1", "where": "35.1000, 36.70001; 35.1600, 36.80001",
    "since": "2027-01-05T10:00", "until": "2027-01-05T12:00", "to": [{"to": "ru"}],
}  # fmt: skip


def test_conflicts_are_told_to_the_desk_alone(client: Client, notice: str) -> None:
    """By ids and hours; the answer repeats no position, and says what it is not."""
    with client.seen_as(A):
        flight = client.post(PATH, json={"notice": FLIGHT, "sent": "over"}).json()
        told = client.get(f"{PATH}/conflicts")
    assert told.status_code == 200
    assert "id" in flight, flight
    found = [one for one in told.json()["conflicts"] if one["code"] == "overflight"]
    assert {(one["notice"], one["other"], one["value"]) for one in found} >= {(flight["id"], notice, 1)}
    assert "35.1" not in told.text
    assert "no advice to strike" in told.json()["note"]
    for who in (RU, SARC):
        with client.seen_as(who):
            assert client.get(f"{PATH}/conflicts").status_code in (403, 404)
    assert client.get(f"{PATH}/conflicts").status_code in (401, 403, 404)


@pytest.mark.parametrize("lang", ["en", "ar", "ru"])
def test_a_list_on_paper_is_for_whom_it_is(client: Client, notice: str, lang: str) -> None:
    """A party gets its own, the desk anybody's; nothing runs in the page and no cache keeps it."""
    with client.seen_as(RU):
        mine = client.get(f"{PATH}/paper", params={"lang": lang})
        theirs = client.get(f"{PATH}/paper", params={"party": "us"})
    assert mine.status_code == 200
    assert mine.headers["cache-control"] == "no-store"
    assert "script" not in mine.headers["content-security-policy"]
    assert "Central hospital" in mine.text
    assert (LAW in mine.text) == (lang == "en")
    assert theirs.status_code in (403, 404)
    with client.seen_as(A):
        town = client.get(f"{PATH}/paper", params={"party": "us", "lang": lang})
        assert client.get(f"{PATH}/paper", params={"party": "atlantis"}).status_code in (403, 404)
    assert "35.131" not in town.text
