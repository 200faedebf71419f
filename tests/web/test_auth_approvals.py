"""A second person by HTTP: a change of keys is submitted by one account, approved by another, and taken as signed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.web.asking import Client
from tests.web.authenticator import Person, machine, signed_in
from tests.web.conftest import WIDE
from tests.web.crowd import actors, crowd
from truceline.desk import keyring, records
from truceline.desk.service import Service
from truceline.store.state import sessions
from truceline.web.app import make_app

ENTRY = {"Content-Type": "application/octet-stream"}
LIST = "/api/v1/approvals"


class World(NamedTuple):
    """A case of two parties and the signed entries by which three more join it."""

    client: Client
    service: Service
    joining: Iterator[tuple[str, bytes]]
    first: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A service over such a case."""
    folder = tmp_path_factory.mktemp("second") / "case"
    first, second, *others = actors(8)
    case, _ = crowd(folder, 2)

    def joining() -> Iterator[tuple[str, bytes]]:
        for party in others:
            keyring.key_set(party)
            _, data = records.change_keys(service.case, party, is_kept_back=True)
            assert isinstance(data, bytes)
            yield party, records.cosign_entry(service.case, data, first)

    case.close()
    with Service.open(str(folder), WIDE) as service:
        asking = Client(make_app(service))
        yield World(asking, service, joining(), first)
        asking.close()
    assert second


def submitted(world: World, person: Person | None = None) -> tuple[Person, str, bytes, str]:
    """Somebody of a party that joins, what it submitted, and under which id that waits."""
    party, data = next(world.joining)
    who = person or signed_in(world.client, "party", party)
    found = who.post("/api/v1/statements", content=data, headers=ENTRY)
    assert found.status_code == 202, found.text
    return who, party, data, found.json()["held"]


def test_it_waits_is_read_approved_and_taken(world: World) -> None:
    """From the signature to the record: by two people, and byte by byte."""
    before = len(world.service.case.entries())
    who, party, data, held = submitted(world)
    assert len(world.service.case.entries()) == before
    desk = signed_in(world.client, "secretariat")
    assert held in [one["id"] for one in desk.get(LIST).json()["items"]]
    whole = desk.get(f"{LIST}/{held}").json()
    assert (whole["statement"]["by"], whole["state"], whole["index"]) == (party, "waiting", None)
    done = desk.post(f"{LIST}/{held}/approve")
    assert done.status_code == 200, done.text
    index = done.json()["index"]
    assert world.service.case.entries()[index].entry.data == data
    assert done.json()["decided_by"] == desk.account.id
    again = who.post("/api/v1/statements", content=data, headers=ENTRY)
    assert (again.status_code, again.json()["entry"]) == (200, index)
    rows = desk.get("/api/v1/audit?limit=1000").json()["items"]
    assert [row["action"] for row in rows if row["about"] == held] == ["hold", "read", "approve"]


def test_the_submitter_cannot_approve_it(world: World) -> None:
    """Neither the same session, nor its program, nor without a token; another person of its party can."""
    who, party, _, held = submitted(world)
    path = f"{LIST}/{held}/approve"
    assert (who.post(path).status_code, who.post(path).json()["type"]) == (422, "/problems/invalid")
    assert machine(world.client, "party", party).post(path).status_code == 404
    assert machine(world.client, "secretariat").post(path).status_code == 404
    other = signed_in(world.client, "party", party)
    assert other.post(path, headers={"X-Truceline-CSRF": ""}).status_code == 403
    assert other.post(path).json()["state"] == "taken"


def test_a_party_that_did_not_sign_sees_nothing(world: World) -> None:
    """Neither that it waits nor what it says; the answers are those for what is not there."""
    _, _, _, held = submitted(world)
    stranger = signed_in(world.client, "party", actors(2)[1])
    assert stranger.get(LIST).json()["items"] == []
    missing = "h-0000000000000000"
    for method, tail, body in (("GET", "", None), ("POST", "/approve", None), ("POST", "/refuse", {"why": "x"})):
        answers = {
            (found.status_code, found.content)
            for name in (held, missing)
            for found in [stranger.request(method, f"{LIST}/{name}{tail}", json=body)]
        }
        assert len(answers) == 1
        assert next(iter(answers))[0] == 404
    for role in ("monitor", "mediator", "intake"):
        nobody = signed_in(world.client, role, actors(1)[0] if role == "monitor" else "")
        assert nobody.get(LIST).status_code == nobody.get(f"{LIST}/{held}").status_code == 404
    assert world.client.get(LIST).status_code == 404


def test_who_countersigned_may_refuse_it(world: World) -> None:
    """With a reason that both read; then it is over."""
    who, _, _, held = submitted(world)
    other = signed_in(world.client, "party", world.first)
    found = other.post(f"{LIST}/{held}/refuse", json={"why": "not the key that was shown to us"})
    assert found.json()["state"] == "refused"
    assert who.get(f"{LIST}/{held}").json()["note"] == "not the key that was shown to us"
    late: dict[str, Any] = other.post(f"{LIST}/{held}/approve").json()
    assert (late["status"], late["type"]) == (409, "/problems/conflict")
    assert other.post(f"{LIST}/{held}/refuse", json={"why": "two\nlines"}).status_code == 422


def test_without_a_passkey_used_just_now_nothing_moves(world: World) -> None:
    """Neither submitting nor approving; a program never gets that far."""
    party, data = next(world.joining)
    assert machine(world.client, "party", party).post(
        "/api/v1/statements", content=data, headers=ENTRY
    ).status_code == 403  # fmt: skip
    who, desk = signed_in(world.client, "party", party), signed_in(world.client, "secretariat")

    def stale(person: Person) -> None:
        for one in sessions.sessions_of(world.service.state, person.account.id):
            sessions.freshen(world.service.state, one.id, until=world.service.now())

    stale(who)
    found = who.post("/api/v1/statements", content=data, headers=ENTRY)
    assert (found.status_code, found.json()["type"]) == (403, "/problems/confirm")
    who.confirm()
    held = who.post("/api/v1/statements", content=data, headers=ENTRY).json()["held"]
    stale(desk)
    assert desk.post(f"{LIST}/{held}/approve").status_code == 403
    desk.confirm()
    assert desk.post(f"{LIST}/{held}/approve").json()["state"] == "taken"
