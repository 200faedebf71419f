"""Somebody who enters in a test: a passkey made of software, a person with a session, a program that signs.

person = signed_in(client, "secretariat")          a new account, its passkey enrolled and used, over HTTP
person = signed_in(client, "party", "gov")         of a party of the text
person.get("/api/v1/audit")                        asks with its cookie; of changes it says token and origin, too
person.confirm()                                   uses the passkey once more: it counts as used just now
person.headers                                     what its requests carry, for clients of another kind

program = machine(client, "mirror")                a new account with a key; every request is signed
program.post("/api/v1/statements", content=...)

`client` is a `Client` of `asking`, or an `httpx.Client` of a service in another process; then say `state=`, opened with
`open_state` on the same case. The cookies of the client itself are left alone: it stays the public.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cbor2
import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from tests.web.asking import Client
from truceline.desk import accounts
from truceline.desk.audits import HOST
from truceline.desk.keyring import KeyFile
from truceline.desk.signing import Signed, new_key_file
from truceline.store.state import State
from truceline.store.state.accounts import Account
from truceline.web.viewing import CSRF

Asking = Client | httpx.Client
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
_NUMBER = itertools.count(1)


def text_of(data: bytes) -> str:
    """Bytes as browsers write them: base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    """And back."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Held:
    """A passkey that an authenticator holds."""

    id: bytes
    key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey
    rp_id: str
    user: bytes
    count: int = 0

    @property
    def public(self) -> bytes:
        """Its public half as COSE."""
        if isinstance(self.key, Ed25519PrivateKey):
            return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: self.key.public_key().public_bytes_raw()})
        point = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})

    def sign(self, data: bytes) -> bytes:
        """Sign as an authenticator does."""
        return (
            self.key.sign(data) if isinstance(self.key, Ed25519PrivateKey) else self.key.sign(data, ec.ECDSA(SHA256()))
        )


@dataclass
class Authenticator:
    """What makes and uses passkeys; each way to do it wrong is a field.

    Attributes:
        origin: of the page that asks.
        flags: presence and verification of the user.
        counts: it counts its uses; False = it says 0 for ever, as those of phones do.
        algorithm: -7 (ES256) or -8 (EdDSA).
    """

    origin: str = "http://localhost"
    flags: int = PRESENT | VERIFIED
    counts: bool = True
    algorithm: int = -7
    held: list[Held] = field(default_factory=list)

    def create(self, options: Mapping[str, Any], **other: str) -> dict[str, Any]:
        """Make a passkey (`navigator.credentials.create`); `other` replaces fields of the client data."""
        assert {"type": "public-key", "alg": self.algorithm} in options["pubKeyCredParams"]
        assert options["authenticatorSelection"]["userVerification"] == "required"
        key = Ed25519PrivateKey.generate() if self.algorithm == -8 else ec.generate_private_key(ec.SECP256R1())
        made = Held(secrets.token_bytes(32), key, options["rp"]["id"], bytes_of(options["user"]["id"]))
        self.held.append(made)
        client = self._client("webauthn.create", options["challenge"], other)
        attested = bytes(16) + len(made.id).to_bytes(2, "big") + made.id + made.public
        data = self._data(made, self.flags | ATTESTED) + attested
        response = {
            "clientDataJSON": text_of(client), "transports": ["internal"],
            "attestationObject": text_of(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
        }  # fmt: skip
        return {"id": text_of(made.id), "rawId": text_of(made.id), "type": "public-key", "response": response,
                "authenticatorAttachment": "platform", "clientExtensionResults": {}}  # fmt: skip

    def get(self, options: Mapping[str, Any], **other: str) -> dict[str, Any]:
        """Use a passkey (`navigator.credentials.get`); `other` replaces fields of the client data."""
        assert options["userVerification"] == "required"
        asked = {one["id"] for one in options.get("allowCredentials", [])}
        one = next(one for one in self.held if not asked or text_of(one.id) in asked)
        one.count += self.counts
        client = self._client("webauthn.get", options["challenge"], other)
        data = self._data(one, self.flags)
        response = {
            "clientDataJSON": text_of(client), "authenticatorData": text_of(data), "userHandle": text_of(one.user),
            "signature": text_of(one.sign(data + hashlib.sha256(client).digest())),
        }  # fmt: skip
        return {"id": text_of(one.id), "rawId": text_of(one.id), "type": "public-key", "response": response,
                "authenticatorAttachment": None, "clientExtensionResults": {}}  # fmt: skip

    def _client(self, kind: str, challenge: str, other: Mapping[str, str]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False, **other}
        return json.dumps(said).encode()

    def _data(self, one: Held, flags: int) -> bytes:
        return hashlib.sha256(one.rp_id.encode()).digest() + bytes([flags]) + one.count.to_bytes(4, "big")


# -- persons -----------------------------------------------------------------------------------------------------------


@dataclass
class Person:
    """Somebody with a session.

    Attributes:
        client: through which it asks.
        account: its account.
        authenticator: with its passkey.
        token: what its cookie says.
        csrf: what its pages say.
    """

    client: Asking
    account: Account
    authenticator: Authenticator
    cookie: str = "truceline"
    token: str = ""
    csrf: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What its requests carry."""
        return {"Cookie": f"{self.cookie}={self.token}", "Origin": self.authenticator.origin, CSRF: self.csrf}

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401  # httpx has a type for each
        """One request as this person."""
        headers = {**self.headers, **options.pop("headers", {})}
        return quietly(self.client, method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401  # httpx has a type for each
        """GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401  # httpx has a type for each
        """POST."""
        return self.request("POST", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401  # httpx has a type for each
        """DELETE."""
        return self.request("DELETE", path, **options)

    def sign_in(self) -> httpx.Response:
        """Enter with the passkey; the session is taken, if one begins."""
        origin = {"Origin": self.authenticator.origin, **({"Cookie": self.headers["Cookie"]} if self.token else {})}
        asked = quietly(self.client, "POST", "/auth/sign-in/options", headers=origin).json()["publicKey"]
        body = {"credential": self.authenticator.get(asked)}
        return self.take(quietly(self.client, "POST", "/auth/sign-in", headers=origin, json=body))

    def take(self, found: httpx.Response) -> httpx.Response:
        """Take the session that an answer begins."""
        if found.status_code == 200:
            self.token, self.csrf = found.cookies[self.cookie], found.json()["csrf"]
        return found

    def confirm(self) -> None:
        """Use the passkey once more: it counts as used just now."""
        asked = self.post("/auth/confirm/options").json()["publicKey"]
        found = self.post("/auth/confirm", json={"credential": self.authenticator.get(asked)})
        assert found.status_code == 200, found.text


def signed_in(
    client: Asking, role: str, party: str = "", *, state: State | None = None, now: Callable[[], int] | None = None,
    origin: str = "",
) -> Person:  # fmt: skip
    """A person of a new account: invited, enrolled and signed in, over HTTP.

    Args:
        client: through which it asks.
        role: one of `group.ROLES`.
        party: for whom it speaks.
        state: of the service, where it runs in another process.
        now: its clock; None = that of the service in this process, or of this machine.
        origin: of its pages; empty = that of the service without one.
    """
    kept, clock = state_and_clock(client, state, now)
    base = str((client.http if isinstance(client, Client) else client).base_url).rstrip("/")
    account = new_account(kept, clock(), role, party)
    authenticator = Authenticator(origin or base)
    person = Person(client, account, authenticator, "__Host-truceline" if origin.startswith("https") else "truceline")
    code = accounts.invite(kept, HOST, clock(), account.id, lasts_s=600)
    headers = {"Origin": authenticator.origin}
    asked = quietly(client, "POST", "/auth/enrol/options", headers=headers, json={"code": code}).json()["publicKey"]
    body = {"code": code, "credential": authenticator.create(asked)}
    found = quietly(client, "POST", "/auth/enrol", headers=headers, json=body)
    assert found.status_code == 200, found.text
    person.take(found)
    found = person.sign_in()
    assert found.status_code == 200, found.text
    return person


def new_account(state: State, now: int, role: str, party: str = "") -> Account:
    """A new account that nobody can enter yet."""
    return accounts.add(state, HOST, now, role, f"{role} {next(_NUMBER)}", party=party, actors={party})


def state_and_clock(
    client: Asking, state: State | None, now: Callable[[], int] | None
) -> tuple[State, Callable[[], int]]:  # fmt: skip
    """Where accounts are made, and when."""
    if isinstance(client, Client):
        service = client.app.state.service
        return state or service.state, now or service.now
    assert state is not None, "a service in another process: say `state=open_state(case)`"
    return state, now or (lambda: int(time.time()))


def quietly(client: Asking, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401  # httpx has a type
    """One request that leaves no cookie with the client."""
    found = client.request(method, path, **options)
    (client.http if isinstance(client, Client) else client).cookies.clear()
    return found


# -- programs ----------------------------------------------------------------------------------------------------------


@dataclass
class Program:
    """A program that signs its requests.

    Attributes:
        client: through which it asks.
        account: its account.
        key: that signs.
        now: its clock.
    """

    client: Asking
    account: Account
    key: KeyFile
    now: Callable[[], int]

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401  # httpx has a type for each
        """One signed request."""
        return quietly(self.client, method, path, auth=Signed(self.key, self.now), **options)

    def get(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401  # httpx has a type for each
        """GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401  # httpx has a type for each
        """POST."""
        return self.request("POST", path, **options)


def machine(
    client: Asking, role: str, party: str = "", *, state: State | None = None, now: Callable[[], int] | None = None
) -> Program:  # fmt: skip
    """A program of a new account; the arguments are those of `signed_in`."""
    kept, clock = state_and_clock(client, state, now)
    account = new_account(kept, clock(), role, party)
    with TemporaryDirectory() as folder:
        key = new_key_file(Path(folder) / "key", clock())
    accounts.add_key(kept, HOST, clock(), account.id, base64.b64encode(key.public).decode())
    return Program(client, account, key, clock)
