"""Accounts by HTTP: the secretariat makes them, with a passkey used just now."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.web.asking import Client
from tests.web.authenticator import Authenticator, Person, machine, signed_in
from truceline.desk.service import Service
from truceline.store.state import sessions


@pytest.fixture(scope="module")
def secretariat(client: Client) -> Person:
    """Somebody of the secretariat."""
    return signed_in(client, "secretariat")


def made(person: Person, **fields: str) -> dict[str, Any]:
    """A new account."""
    person.confirm()
    found = person.post("/api/v1/accounts", json={"role": "party", "label": "desk officer", "party": "gov", **fields})
    assert found.status_code == 201, found.text
    answer: dict[str, Any] = found.json()
    return answer


def test_an_account_is_made_invited_and_entered(client: Client, secretariat: Person) -> None:
    """What the secretariat makes, its holder enters with a passkey of its own, once."""
    one = made(secretariat, label="liaison, night shift")
    code = secretariat.post(f"/api/v1/accounts/{one['id']}/invitation", json={}).json()["code"]
    origin, authenticator = {"Origin": "http://localhost"}, Authenticator()
    asked = client.post("/auth/enrol/options", headers=origin, json={"code": code}).json()["publicKey"]
    assert asked["user"]["name"] == "liaison, night shift"
    body = {"code": code, "credential": authenticator.create(asked)}
    entered = client.post("/auth/enrol", headers=origin, json=body)
    client.http.cookies.clear()
    assert (entered.status_code, entered.json()["account"]) == (200, one["id"])
    assert client.post("/auth/enrol/options", headers=origin, json={"code": code}).status_code == 401
    shown = next(a for a in secretariat.get("/api/v1/accounts").json()["items"] if a["id"] == one["id"])
    assert (shown["passkeys"], shown["is_invited"]) == (1, False)


def test_changes_want_a_passkey_used_just_now(client: Client, service: Service) -> None:
    """A session that was left open cannot give anybody access."""
    person = signed_in(client, "secretariat")
    held = sessions.sessions_of(service.state, person.account.id)[0]
    sessions.freshen(service.state, held.id, until=service.now())
    new = {"role": "monitor", "label": "x1", "party": "gov"}
    for path, body in (
        ("/api/v1/accounts", new), (f"/api/v1/accounts/{person.account.id}/invitation", {}),
        (f"/api/v1/accounts/{person.account.id}/disable", None),
        (f"/api/v1/accounts/{person.account.id}/keys", {"public": "A" * 43 + "="}),
        (f"/api/v1/accounts/{person.account.id}/subject", {"subject": "x"}),
    ):  # fmt: skip
        found = person.post(path, json=body)
        assert (found.status_code, found.json()["type"]) == (403, "/problems/confirm"), path
    assert person.delete(f"/api/v1/accounts/{person.account.id}/keys/{'0' * 16}").status_code == 403
    person.confirm()
    assert person.post("/api/v1/accounts", json=new).status_code == 201


def test_a_program_of_the_secretariat_gives_nobody_access(client: Client) -> None:
    """A program has no passkey: it can never confirm."""
    program = machine(client, "secretariat")
    assert program.get("/api/v1/accounts").status_code == 200
    found = program.post("/api/v1/accounts", json={"role": "mirror", "label": "mirror 9"})
    assert found.status_code == 403


@pytest.mark.parametrize("role", ["party", "monitor", "mediator", "intake"])
def test_nobody_else_sees_accounts(client: Client, role: str) -> None:
    """Who manages no accounts hears the one sentence, of any account, there or not."""
    person = signed_in(client, role, "gov" if role in ("party", "monitor") else "")
    answers = {
        person.get("/api/v1/accounts").content, person.get("/api/v1/audit").content,
        person.post(f"/api/v1/accounts/{person.account.id}/disable").content,
        person.post(f"/api/v1/accounts/a-{'0' * 16}/disable").content, client.get("/api/v1/accounts").content,
        person.get("/nowhere").content,
    }  # fmt: skip
    assert len(answers) == 1


def test_who_is_disabled_is_out_at_once(client: Client, secretariat: Person) -> None:
    """The session ends, the passkey opens nothing, the program is refused."""
    person, program = signed_in(client, "party", "gov"), machine(client, "mirror")
    assert person.get("/auth/session").status_code == program.get("/auth/session").status_code == 200
    secretariat.confirm()
    for one in (person, program):
        found = secretariat.post(f"/api/v1/accounts/{one.account.id}/disable")
        assert found.json()["is_disabled"] is True
    assert person.get("/auth/session").status_code == program.get("/auth/session").status_code == 401
    assert person.sign_in().status_code == 401
    found = secretariat.post(f"/api/v1/accounts/{person.account.id}/invitation", json={})
    assert found.status_code == 409


def test_lost_passkeys_open_nothing(client: Client, secretariat: Person) -> None:
    """Who lost a phone is invited anew, and the phone is worth nothing."""
    person = signed_in(client, "mediator")
    secretariat.confirm()
    path = f"/api/v1/accounts/{person.account.id}/invitation"
    assert secretariat.post(path, json={"is_lost": True}).status_code == 200
    assert person.get("/auth/session").status_code == 401
    assert person.sign_in().status_code == 401


def test_keys_of_programs_come_and_go(client: Client, secretariat: Person) -> None:
    """A key is registered once, and what was dropped is refused."""
    program = machine(client, "hotline")
    secretariat.confirm()
    public = base64.b64encode(program.key.public).decode()
    assert secretariat.post(f"/api/v1/accounts/{program.account.id}/keys", json={"public": public}).status_code == 409
    assert program.get("/auth/session").status_code == 200
    path = f"/api/v1/accounts/{program.account.id}/keys/{program.key.id}"
    assert secretariat.delete(path).json()["keys"] == []
    assert secretariat.delete(path).status_code == 404
    assert program.get("/auth/session").status_code == 401


def test_a_key_of_the_record_signs_no_requests(client: Client, service: Service, secretariat: Person) -> None:
    """One key, one use: who copies requests of a party's program could else put words into its mouth."""
    program = machine(client, "party", "gov")
    secretariat.confirm()
    path = f"/api/v1/accounts/{program.account.id}/keys"
    taken = next(iter(service.case.register().keys.values())).public
    weak = bytes([1, *bytes(31)])
    new = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    for raw, status in ((taken, 409), (weak, 422), (bytes(31), 422), (new, 201)):
        found = secretariat.post(path, json={"public": base64.b64encode(raw).decode()})
        assert found.status_code == status, raw
    assert secretariat.post(path, json={"public": "no base64!"}).status_code == 422


@pytest.mark.parametrize(("fields", "status"), [
    ({"role": "public"}, 422), ({"role": "king"}, 422), ({"role": "party", "party": "nobody"}, 404),
    ({"role": "party", "party": ""}, 404), ({"role": "mediator", "party": "gov"}, 422), ({"label": ""}, 422),
    ({"label": "a@b"}, 422), ({"label": "x" * 60}, 422), ({"label": "\u202ex1"}, 422), ({"lable": "liaison"}, 422),
])  # fmt: skip
def test_what_is_no_account_is_refused(secretariat: Person, fields: dict[str, str], status: int) -> None:
    """Roles and parties are those that there are; a label is a function, not an address."""
    secretariat.confirm()
    body = {"role": "party", "party": "gov", "label": "liaison 77", **fields}
    assert secretariat.post("/api/v1/accounts", json=body).status_code == status


def test_a_program_is_not_invited(client: Client, secretariat: Person) -> None:
    """Its role is that of a program: it has a key and no passkey."""
    program = machine(client, "mirror")
    secretariat.confirm()
    assert secretariat.post(f"/api/v1/accounts/{program.account.id}/invitation", json={}).status_code == 409


def test_every_change_and_every_look_is_a_row(secretariat: Person) -> None:
    """Who gave whom access can be told later."""
    one = made(secretariat, label="somebody noted")
    secretariat.get("/api/v1/accounts")
    rows: list[dict[str, Any]] = []
    after = -1
    while True:
        page = secretariat.get(f"/api/v1/audit?after={after}&limit=50").json()
        rows += page["items"]
        if page["next"] is None:
            break
        after = int(page["next"])
    assert [row["index"] for row in rows] == list(range(len(rows)))
    own = [(row["action"], row["about"]) for row in rows if row["account"] == secretariat.account.id]
    assert ("add", one["id"]) in own
    assert ("read", "") in own
    assert {"begin", "confirm"} <= {action for action, _ in own}
