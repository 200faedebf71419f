"""Sessions: what the cookie is, when it ends, and what a page of another origin can do with it: nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import event

from tests.clock import Clock
from tests.web.asking import Client
from tests.web.authenticator import PRESENT, Authenticator, Person, new_account, quietly, signed_in, text_of
from tests.web.conftest import WIDE
from truceline.desk import accounts, sessions
from truceline.desk.audits import HOST
from truceline.desk.service import Service
from truceline.store.state import sessions as kept
from truceline.web.app import make_app
from truceline.web.viewing import CSRF

ORIGIN = {"Origin": "http://localhost"}


@pytest.fixture(scope="module")
def clock() -> Clock:
    """Of the service of this module."""
    return Clock(1_800_000_000)


@pytest.fixture(scope="module")
def service(case_folder: Path, clock: Clock) -> Iterator[Service]:
    """A service whose clock the tests move."""
    settings = msgspec.structs.replace(WIDE, refused_a_minute=10**9)
    with Service.open(str(case_folder), settings, clock) as opened:
        yield opened


@pytest.fixture(scope="module")
def person(client: Client) -> Person:
    """Somebody with a session that the tests of this module leave alone."""
    return signed_in(client, "mediator")


# -- what the cookie is ------------------------------------------------------------------------------------------------


def test_the_cookie_says_nothing_and_is_kept_as_a_hash(client: Client, service: Service) -> None:
    """A copy of the tables opens no session, and neither does what its owner sees of it."""
    person = signed_in(client, "mediator")
    held = kept.sessions_of(service.state, person.account.id)
    assert len(person.token) >= 43
    for one in held:
        for shown in (one.handle, one.id.hex(), text_of(one.id), person.csrf):
            found = client.get("/auth/session", headers={"Cookie": f"truceline={shown}"})
            assert found.status_code == 401


def test_a_new_session_has_a_new_id_and_ends_the_old_one(client: Client) -> None:
    """Whoever planted an id in a browser before, or saw it, has nothing."""
    person = signed_in(client, "mediator")
    before = person.token
    assert person.sign_in().status_code == 200
    assert person.token != before
    assert client.get("/auth/session", headers={"Cookie": f"truceline={before}"}).status_code == 401
    assert len(person.get("/auth/sessions").json()["items"]) == 1


def test_the_cookie_is_for_this_host_alone(service: Service, another: Path) -> None:
    """By TLS: `__Host-`, Secure, HttpOnly, SameSite=Strict; on this machine without TLS: no Secure, no prefix."""
    settings = msgspec.structs.replace(service.settings, origin="https://case.example")
    with Service.open(str(another), settings, service.now) as opened:
        asking = Client(make_app(opened), base_url="https://case.example")
        person = signed_in(asking, "mediator", origin="https://case.example")
        headers = {"Origin": "https://case.example"}
        asked = quietly(asking, "POST", "/auth/sign-in/options", headers=headers).json()["publicKey"]
        assert asked["rpId"] == "case.example"
        body = {"credential": person.authenticator.get(asked)}
        found = quietly(asking, "POST", "/auth/sign-in", headers=headers, json=body).headers["set-cookie"].lower()
        assert person.get("/auth/session").status_code == 200
        asking.close()
    assert found.startswith("__host-truceline=")
    assert all(part in found for part in ("; secure", "; httponly", "; samesite=strict", "; path=/"))
    assert "domain" not in found


# -- when it ends ------------------------------------------------------------------------------------------------------


def test_an_unused_session_ends_and_any_session_ends(client: Client, service: Service, clock: Clock) -> None:
    """An hour without use, half a day with it."""
    begun, settings = clock.at, service.settings
    person = signed_in(client, "mediator")
    used = signed_in(client, "mediator")
    clock.at += settings.session_idle_s - 1
    assert used.get("/auth/session").status_code == 200
    clock.at += 1
    assert person.get("/auth/session").status_code == 401
    while clock.at < begun + settings.session_s:
        assert used.get("/auth/session").status_code == 200
        clock.at += settings.session_idle_s // 2
    found = used.get("/auth/session")
    assert found.status_code == 401
    assert "truceline=" in found.headers["set-cookie"]
    assert found.headers["www-authenticate"]


def test_a_challenge_is_answered_once_and_in_time(client: Client, clock: Clock) -> None:
    """What was seen on the way is worth nothing a second time, or later."""
    person = signed_in(client, "mediator")
    asked = client.post("/auth/sign-in/options", headers=ORIGIN).json()["publicKey"]
    body = {"credential": person.authenticator.get(asked)}
    assert quietly(client, "POST", "/auth/sign-in", headers=ORIGIN, json=body).status_code == 200
    assert quietly(client, "POST", "/auth/sign-in", headers=ORIGIN, json=body).status_code == 401
    asked = client.post("/auth/sign-in/options", headers=ORIGIN).json()["publicKey"]
    clock.at += sessions.ASK_S
    body = {"credential": person.authenticator.get(asked)}
    assert client.post("/auth/sign-in", headers=ORIGIN, json=body).status_code == 401


def test_an_invitation_ends(client: Client, service: Service, clock: Clock) -> None:
    """A code that lies about is worth nothing after its time, or after the next one."""
    one = new_account(service.state, clock(), "mediator")
    first = accounts.invite(service.state, HOST, clock(), one.id, lasts_s=100)
    second = accounts.invite(service.state, HOST, clock(), one.id, lasts_s=100)
    ask = "/auth/enrol/options"
    assert client.post(ask, headers=ORIGIN, json={"code": first}).status_code == 401
    assert client.post(ask, headers=ORIGIN, json={"code": second}).status_code == 200
    clock.at += 100
    assert client.post(ask, headers=ORIGIN, json={"code": second}).status_code == 401


def test_my_sessions_are_mine_to_end(client: Client) -> None:
    """I see where I am inside and end it there; nobody else's is there for me."""
    one, other = signed_in(client, "mediator"), signed_in(client, "mediator")
    there = replace(one)
    there.token = ""
    assert there.sign_in().status_code == 200
    items = one.get("/auth/sessions").json()["items"]
    assert [item["is_this"] for item in items].count(True) == 1
    assert len(items) == 2
    elsewhere = next(item["handle"] for item in items if not item["is_this"])
    assert other.delete(f"/auth/sessions/{elsewhere}").status_code == 404
    assert one.delete(f"/auth/sessions/{elsewhere}").status_code == 204
    assert there.get("/auth/session").status_code == 401
    assert one.delete("/auth/sessions").status_code == 204
    assert one.get("/auth/session").status_code == 401
    assert other.get("/auth/session").status_code == 200


def test_what_is_over_is_dropped(client: Client, service: Service, clock: Clock) -> None:
    """No list of who was here when stays behind."""
    person = signed_in(client, "mediator")
    assert len(kept.sessions_of(service.state, person.account.id)) == 1
    clock.at += service.settings.session_s
    signed_in(client, "mediator")
    assert kept.sessions_of(service.state, person.account.id) == []


# -- pages of others ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [
    {CSRF: ""}, {CSRF: "wrong"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
    {"Origin": "http://localhost:99"}, {"Origin": ""}, {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
])  # fmt: skip
def test_a_page_of_another_origin_changes_nothing(client: Client, clock: Clock, headers: dict[str, str]) -> None:
    """Neither with a browser that is inside, nor with a token that it guessed."""
    del clock
    person = signed_in(client, "mediator")
    found = person.post("/auth/sign-out", headers=headers)
    assert (found.status_code, found.json()["type"]) == (403, "/problems/confirm")
    assert person.get("/auth/session").status_code == 200


def test_the_token_of_one_session_is_no_other_ones(client: Client) -> None:
    """It comes from the session: one that leaked from a page elsewhere opens nothing here."""
    one, other = signed_in(client, "mediator"), signed_in(client, "mediator")
    assert one.post("/auth/sign-out", headers={CSRF: other.csrf}).status_code == 403
    assert one.post("/auth/sign-out").status_code == 204


def test_who_may_not_is_told_nothing_of_tokens(client: Client, person: Person) -> None:
    """Where a role may do nothing, a missing token changes nothing of the answer."""
    del person
    fresh = signed_in(client, "mediator")
    path = "/api/v1/accounts"
    assert fresh.post(path, json={"role": "x", "label": "y"}, headers={CSRF: ""}).status_code == 404


def test_nobody_is_signed_in_from_elsewhere(client: Client) -> None:
    """A page of another origin cannot put a browser into a session of its choice."""
    for path in ("/auth/sign-in/options", "/auth/sign-in", "/auth/enrol/options", "/auth/enrol"):
        body: dict[str, Any] = {"code": "x", "credential": {"id": "x", "rawId": "x", "type": "public-key",
                                                            "response": {}}}  # fmt: skip
        for headers in ({}, {"Origin": "https://evil.example"}, {**ORIGIN, "Sec-Fetch-Site": "cross-site"}):
            assert client.post(path, headers=headers, json=body).status_code == 403, path


# -- passkeys that do not hold -----------------------------------------------------------------------------------------


def entering(client: Client, person: Person, **other: str) -> int:
    """Enter with an answer that is wrong in some way."""
    asked = client.post("/auth/sign-in/options", headers=ORIGIN).json()["publicKey"]
    body = {"credential": person.authenticator.get(asked, **other)}
    return quietly(client, "POST", "/auth/sign-in", headers=ORIGIN, json=body).status_code


@pytest.mark.parametrize("other", [
    {"origin": "https://evil.example"}, {"origin": "http://localhost:99"}, {"type": "webauthn.create"},
    {"challenge": text_of(bytes(32))}, {"challenge": ""},
])  # fmt: skip
def test_an_answer_to_another_question_is_refused(client: Client, other: dict[str, str]) -> None:
    """Of another origin, of another kind, to another challenge."""
    person = signed_in(client, "mediator")
    assert entering(client, person, **other) == 401
    assert entering(client, person) == 200


def test_a_passkey_of_another_domain_or_without_its_user_is_refused(client: Client) -> None:
    """Nobody was verified; nobody was there; it is for another site."""
    person = signed_in(client, "mediator")
    for flags in (PRESENT, 0x04, 0x00):
        person.authenticator.flags = flags
        assert entering(client, person) == 401
    person.authenticator.flags = PRESENT | 0x04
    person.authenticator.held[0].rp_id = "evil.example"
    assert entering(client, person) == 401
    person.authenticator.held[0].rp_id = "localhost"
    assert entering(client, person) == 200


def test_a_copied_authenticator_is_noticed(client: Client) -> None:
    """Its counter stands behind: two have the same key."""
    person = signed_in(client, "mediator")
    assert entering(client, person) == 200
    person.authenticator.held[0].count -= 1
    assert entering(client, person) == 401
    assert entering(client, person) == 200


@pytest.mark.parametrize(("algorithm", "counts"), [(-7, False), (-8, True), (-8, False)])
def test_every_authenticator_is_welcome(client: Client, service: Service, algorithm: int, counts: bool) -> None:
    """Those that do not count, and those with Ed25519."""
    one = new_account(service.state, service.now(), "mediator")
    code = accounts.invite(service.state, HOST, service.now(), one.id, lasts_s=100)
    held = Authenticator(algorithm=algorithm, counts=counts)
    asked = client.post("/auth/enrol/options", headers=ORIGIN, json={"code": code}).json()["publicKey"]
    body = {"code": code, "credential": held.create(asked)}
    assert quietly(client, "POST", "/auth/enrol", headers=ORIGIN, json=body).status_code == 200
    person = Person(client, one, held)
    assert person.sign_in().status_code == person.sign_in().status_code == 200


def test_a_passkey_confirms_its_own_session_only(client: Client) -> None:
    """Neither somebody else's passkey, nor an answer for another session, nor one for entering."""
    one, other = signed_in(client, "mediator"), signed_in(client, "mediator")
    asked = one.post("/auth/confirm/options").json()["publicKey"]
    mixed = {**asked, "allowCredentials": []}
    assert one.post("/auth/confirm", json={"credential": other.authenticator.get(mixed)}).status_code == 401
    asked = other.post("/auth/confirm/options").json()["publicKey"]
    body = {"credential": one.authenticator.get({**asked, "allowCredentials": []})}
    assert one.post("/auth/confirm", json=body).status_code == 401
    asked = client.post("/auth/sign-in/options", headers=ORIGIN).json()["publicKey"]
    assert one.post("/auth/confirm", json={"credential": one.authenticator.get(asked)}).status_code == 401
    one.confirm()


def test_enrolling_is_one_invitation_one_passkey(client: Client, service: Service) -> None:
    """A passkey made for one invitation redeems no other, and a bad one uses none up."""
    codes = [
        accounts.invite(service.state, HOST, service.now(), one.id, lasts_s=100)
        for one in (new_account(service.state, service.now(), "mediator") for _ in range(2))
    ]
    held = Authenticator()

    def redeem(asked_for: str, said: str, **other: str) -> int:
        asked = client.post("/auth/enrol/options", headers=ORIGIN, json={"code": asked_for}).json()["publicKey"]
        body = {"code": said, "credential": held.create(asked, **other)}
        return quietly(client, "POST", "/auth/enrol", headers=ORIGIN, json=body).status_code

    assert redeem(codes[0], codes[1]) == 401
    assert redeem(codes[0], codes[0], origin="https://evil.example") == 401
    held.flags = PRESENT
    assert redeem(codes[0], codes[0]) == 401
    held.flags = PRESENT | 0x04
    assert redeem(codes[0], codes[0]) == 200


# -- nothing to learn --------------------------------------------------------------------------------------------------


def test_what_is_asked_for_entering_tells_of_no_account(client: Client, person: Person) -> None:
    """The same question for everybody, and the same answer to everybody whom it does not let in."""
    shown = set()
    for cookie in ({}, {"Cookie": f"truceline={person.token}"}, {"Cookie": "truceline=nothing"}):
        asked = client.post("/auth/sign-in/options", headers={**ORIGIN, **cookie}).json()["publicKey"]
        asked.pop("challenge")
        shown.add(str(sorted(asked.items())))
    assert len(shown) == 1
    known, unknown = signed_in(client, "mediator"), signed_in(client, "mediator")
    unknown.authenticator.held[0].id = bytes(32)
    known.authenticator.flags = 0
    answers = []
    for one in (known, unknown):
        asked = client.post("/auth/sign-in/options", headers=ORIGIN).json()["publicKey"]
        found = client.post("/auth/sign-in", headers=ORIGIN, json={"credential": one.authenticator.get(asked)})
        headers = {name: value for name, value in found.headers.items() if name != "x-request-id"}
        answers.append((found.status_code, found.content, headers))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401
    assert "expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Max-Age=0;" in answers[0][2]["set-cookie"]


def test_a_passkey_that_is_not_known_is_as_much_work(client: Client, service: Service) -> None:
    """As many questions to the database, and a signature that is verified: the time tells nothing either."""
    asked = list[str]()

    def note(*given: Any) -> None:  # noqa: ANN401  # what the library tells
        asked.append(given[2].split(" ", 1)[0])

    known, unknown, disabled = (signed_in(client, "mediator") for _ in range(3))
    unknown.authenticator.held[0].id = bytes(32)
    accounts.disable(service.state, HOST, service.now(), disabled.account.id)
    counts = []
    for one in (known, unknown, disabled):
        one.authenticator.held[0].key = ec.generate_private_key(ec.SECP256R1())
        options = client.post("/auth/sign-in/options", headers=ORIGIN).json()["publicKey"]
        body = {"credential": one.authenticator.get(options)}
        asked.clear()
        event.listen(service.state.engine, "before_cursor_execute", note)
        found = client.post("/auth/sign-in", headers=ORIGIN, json=body)
        event.remove(service.state.engine, "before_cursor_execute", note)
        counts.append((found.status_code, tuple(asked)))
    assert len(set(counts)) == 1
    assert counts[0][0] == 401


def test_failing_again_and_again_is_slowed_down(another: Path, clock: Clock) -> None:
    """One address gets a few wrong answers a minute, whatever it tries: passkeys, codes, cookies, signatures."""
    settings = msgspec.structs.replace(WIDE, refused_a_minute=4)
    with Service.open(str(another), settings, clock) as opened:
        asking = Client(make_app(opened))
        person, wrong = signed_in(asking, "mediator"), {"code": "wrong"}
        seen = [asking.post("/auth/enrol/options", headers=ORIGIN, json=wrong).status_code for _ in range(6)]
        late = asking.get("/auth/session", headers={"Cookie": "truceline=wrong"})
        public = asking.get("/auth/session")
        others = [person.get("/auth/session"), person.sign_in(), asking.get("/static/pages.css")]
        asking.close()
    assert seen == [401] * 4 + [429] * 2
    assert (late.status_code, public.status_code) == (429, 200)
    assert int(late.headers["retry-after"]) >= 1
    assert [one.status_code for one in others] == [200, 200, 200], "good credentials pay for others' that are not"
