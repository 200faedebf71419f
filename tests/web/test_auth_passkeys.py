"""Entering with a passkey."""

from __future__ import annotations

from tests.web.asking import Client
from tests.web.authenticator import machine, signed_in


def test_who_was_invited_enters(client: Client) -> None:
    """An invitation, a passkey, a session: and the service knows who asks."""
    person = signed_in(client, "party", "gov")
    found = person.get("/auth/session").json()
    assert (found["role"], found["party"], found["account"]) == ("party", "gov", person.account.id)
    assert client.get("/auth/session").json()["role"] == "public"
    person.confirm()
    assert person.get("/auth/sessions").json()["items"][0]["is_this"]
    assert person.post("/auth/sign-out").status_code == 204
    assert person.get("/auth/session").status_code == 401


def test_who_signs_is_known(client: Client) -> None:
    """A program is known by its key."""
    program = machine(client, "mirror")
    assert program.get("/auth/session").json()["role"] == "mirror"
    assert program.post("/auth/confirm/options").status_code == 404
