"""Entering with an identity of a provider: a small one, over real HTTP, that can also say what is wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from tests.web.asking import Client
from tests.web.authenticator import Person, new_account, quietly, signed_in
from tests.web.conftest import WIDE
from truceline.desk import accounts, provider
from truceline.desk.audits import HOST
from truceline.desk.service import Service
from truceline.desk.settings import read_settings
from truceline.errors import InputError, StoreError
from truceline.store.state import accounts as kept
from truceline.web.app import make_app

ORIGIN, CLIENT, SECRET = "http://localhost", "truceline-test", "the secret of the client"
NOW = 1_800_000_000
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
"""A key of somebody else that calls itself as the provider's."""

Change = Callable[[dict[str, Any]], None]


class Provider:
    """A provider of identities; each way to go wrong is a field.

    Attributes:
        subject: whom it says somebody is.
        change: changes the claims of a token before it is signed.
        key: signs; `algorithm`: how; `kid`: as which key.
        metadata: replaces what it says of itself.
        grants: whether it gives a token for a code.
        asked: the paths that were asked for.
    """

    def __init__(self) -> None:
        """Listen on a free port."""
        self.subject, self.algorithm, self.kid, self.grants = "s-1", "RS256", "rsa", True
        self.change: Change = _same
        self.key: Any = RSA
        self.keys: list[Any] = [RSA, EC]
        self.metadata: dict[str, Any] = {}
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.token: str | None = None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_address[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def code_for(self, url: str) -> dict[str, str]:
        """What stands in the address with which it sends a browser back, for the address with which it was sent."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code"
        assert (asked["client_id"], asked["scope"]) == (CLIENT, "openid")
        assert asked["redirect_uri"] == f"{ORIGIN}{provider.CALLBACK}"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def _of_itself(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys", **self.metadata,
        }  # fmt: skip

    def _token(self, form: dict[str, str], header: str) -> dict[str, Any] | None:
        asked = self.codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".replace(" ", "%20").encode()).decode()
        proves = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if not self.grants or asked is None or header not in (f"Basic {basic}", f"Basic {proves}"):
            return None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return None
        claims: dict[str, Any] = {
            "iss": self.issuer, "aud": CLIENT, "sub": self.subject, "nonce": asked["nonce"], "iat": NOW,
            "exp": NOW + 300, "email": "somebody@example.org", "name": "A Name",
        }  # fmt: skip
        self.change(claims)
        made = self.token or jwt.encode(
            {"alg": self.algorithm, "kid": self.kid}, claims, self.key, algorithms=[self.algorithm]
        )
        return {"access_token": "x", "token_type": "Bearer", "id_token": made, "expires_in": 300}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            """Its three addresses."""

            def do_GET(self) -> None:  # the name is the library's
                """What it says of itself."""
                outer.asked.append(self.path)
                if self.path == "/.well-known/openid-configuration":
                    self._say(outer._of_itself())
                elif self.path == "/keys":
                    self._say({"keys": [key.as_dict(private=False) for key in outer.keys]})
                elif self.path == "/large":
                    self._say({"keys": ["x" * (2 << 20)]})
                else:
                    self._say({}, 404)

            def do_POST(self) -> None:  # the name is the library's
                """A token for a code."""
                data = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(data).items()}
                made = outer._token(form, self.headers.get("Authorization", ""))
                self._say(made or {"error": "invalid_grant"}, 200 if made else 400)

            def _say(self, value: dict[str, Any], status: int = 200) -> None:
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the library's
                """Say nothing."""

        return Handler


def _same(claims: dict[str, Any]) -> None:
    del claims


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    """A provider for the tests of this module."""
    with closing(Provider()) as found:
        yield found


@pytest.fixture(scope="module")
def service(case_folder: Path, running: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that knows the provider."""
    secret = tmp_path_factory.mktemp("secret") / "secret"
    secret.write_text(f"{SECRET}\n")
    settings = msgspec.structs.replace(
        WIDE, origin=ORIGIN, oidc_issuer=running.issuer, oidc_client=CLIENT, oidc_secret_file=str(secret),
        refused_a_minute=10**9,
    )  # fmt: skip
    with Service.open(str(case_folder), settings, lambda: NOW) as opened:
        yield opened


@pytest.fixture
def idp(running: Provider, service: Service) -> Provider:
    """The provider as it should be, and a service that has not asked it yet."""
    running.subject, running.change, running.key, running.algorithm, running.kid = "s-1", _same, RSA, "RS256", "rsa"
    running.metadata, running.grants, running.keys, running.token = {}, True, [RSA, EC], None
    running.asked.clear()
    facts = service.state.beside(provider.Provider)
    facts._facts = facts._failed_at = None
    return running


@pytest.fixture
def account(service: Service) -> kept.Account:
    """An account that the identity `s-1` was let into."""
    found = kept.provided_for(service.state, accounts.subject_hash(service.settings.oidc_issuer, "s-1"))
    if found is None:
        found = new_account(service.state, NOW, "party", "us")
        accounts.provide(service.state, HOST, NOW, found.id, issuer=service.settings.oidc_issuer, subject="s-1")
    return found


WAY = "truceline-way"


def away(client: Client) -> tuple[str, str]:
    """Where the browser is sent, and what its cookie keeps."""
    found = client.get("/auth/oidc/start")
    secret = found.cookies[WAY]
    client.http.cookies.clear()
    assert found.status_code == 303
    line = found.headers["set-cookie"].lower()
    assert "httponly" in line
    assert "samesite=lax" in line
    return found.headers["location"], secret


def back(client: Client, said: dict[str, str], secret: str) -> httpx.Response:
    """Come back."""
    return quietly(client, "GET", provider.CALLBACK, params=said, headers={"Cookie": f"{WAY}={secret}"})


def entering(client: Client, idp: Provider) -> httpx.Response:
    """The whole way."""
    url, secret = away(client)
    return back(client, idp.code_for(url), secret)


# -- the way -----------------------------------------------------------------------------------------------------------


def test_who_was_let_in_enters(client: Client, idp: Provider, account: kept.Account) -> None:
    """With a session as any other, but for confirming: that wants a passkey."""
    found = entering(client, idp)
    assert found.status_code == 200
    assert 'http-equiv="refresh" content="0;url=/sign-in"' in found.text
    token = found.cookies["truceline"]
    shown = client.get("/auth/session", headers={"Cookie": f"truceline={token}"}).json()
    assert (shown["account"], shown["fresh_until"]) == (account.id, None)


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(RSA, "RS256", "rsa"), (RSA, "PS256", "rsa"), (EC, "ES256", "ec")]
)
def test_a_token_may_be_signed_in_the_common_ways(  # noqa: PLR0917  # cases and fixtures
    client: Client, idp: Provider, account: kept.Account, key: Any, algorithm: str, kid: str  # noqa: ANN401  # RSA or EC
) -> None:  # fmt: skip
    """RSA or elliptic curves."""
    idp.key, idp.algorithm, idp.kid = key, algorithm, kid
    assert entering(client, idp).status_code == 200, account


def test_nobody_gets_an_account_here(client: Client, idp: Provider, service: Service) -> None:
    """Who has none is told what everybody is told, and has none afterwards."""
    before = len(kept.listed(service.state))
    idp.subject = "a stranger"
    found = entering(client, idp)
    assert (found.status_code, found.json()["type"]) == (401, "/problems/credentials")
    assert "truceline=" not in found.headers.get("set-cookie", "").replace('truceline=""', "")
    assert len(kept.listed(service.state)) == before


def test_who_is_disabled_stays_out(client: Client, idp: Provider, service: Service) -> None:
    """The provider knows them; we do not any more."""
    one = new_account(service.state, NOW, "mediator")
    accounts.provide(service.state, HOST, NOW, one.id, issuer=idp.issuer, subject="s-2")
    idp.subject = "s-2"
    assert entering(client, idp).status_code == 200
    accounts.disable(service.state, HOST, NOW, one.id)
    assert entering(client, idp).status_code == 401


def test_nothing_of_a_person_is_kept(client: Client, idp: Provider, service: Service, account: kept.Account) -> None:
    """Neither the name nor the address that a token tells, nor what the provider calls them."""
    assert entering(client, idp).status_code == 200
    folder = Path(service.where) / "service"
    everything = b"".join(path.read_bytes() for path in folder.iterdir())
    assert account.id.encode() in everything
    for told in (b"somebody@example.org", b"A Name", b"s-1\x00", SECRET.encode()):
        assert told not in everything


# -- tokens that do not hold -------------------------------------------------------------------------------------------


def _set(name: str, value: object) -> Change:
    return lambda claims: claims.__setitem__(name, value)


def _drop(name: str) -> Change:
    return lambda claims: claims.__delitem__(name)


@pytest.mark.parametrize("change", [
    _set("nonce", "another"), _drop("nonce"), _set("aud", "another"), _set("aud", ["another"]), _drop("aud"),
    _set("aud", [CLIENT, "another"]), _set("iss", "https://evil.example"), _drop("iss"), _set("exp", NOW - 31),
    _drop("exp"), _set("iat", NOW + 100), _set("nbf", NOW + 100), _set("azp", "another"), _drop("sub"),
    _set("sub", ""), _set("sub", 7), _set("sub", "x" * 256),
])  # fmt: skip
def test_claims_that_do_not_hold_are_refused(
    client: Client, idp: Provider, account: kept.Account, change: Change
) -> None:
    """Of another nonce, for another client, of another issuer, over, not yet, or of nobody."""
    idp.change = change
    assert entering(client, idp).status_code == 401, account


def test_a_token_of_another_key_is_refused(client: Client, idp: Provider, account: kept.Account) -> None:
    """Whoever signed it: the keys are those that the provider publishes."""
    idp.key = OTHER
    assert entering(client, idp).status_code == 401
    idp.key, idp.kid = RSA, "nobody knows"
    assert entering(client, idp).status_code == 401, account


def test_a_token_without_a_signature_is_refused(client: Client, idp: Provider, account: kept.Account) -> None:
    """`alg: none`; and a shared secret that is the public key."""
    url, secret = away(client)
    said = idp.code_for(url)
    nonce = parse_qs(urlsplit(url).query)["nonce"][0]
    claims = {"iss": idp.issuer, "aud": CLIENT, "sub": "s-1", "nonce": nonce, "iat": NOW, "exp": NOW + 300}
    head, body = (base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=")
                  for one in ({"alg": "none", "kid": "rsa"}, claims))  # fmt: skip
    idp.token = f"{head}.{body}."
    assert back(client, said, secret).status_code == 401
    url, secret = away(client)
    claims["nonce"] = parse_qs(urlsplit(url).query)["nonce"][0]
    shared = OctKey.import_key(hashlib.sha256(RSA.as_pem(private=False)).digest(), {"kid": "rsa"})
    idp.token = jwt.encode({"alg": "HS256", "kid": "rsa"}, claims, KeySet([shared]), algorithms=["HS256"])
    assert back(client, idp.code_for(url), secret).status_code == 401
    for text in ("", "x.y.z", "no token"):
        url, secret = away(client)
        idp.token = text or "."
        assert back(client, idp.code_for(url), secret).status_code == 401, account


# -- answers that do not hold ------------------------------------------------------------------------------------------


def test_an_answer_is_for_the_browser_that_asked_and_once(client: Client, idp: Provider, account: kept.Account) -> None:
    """Another browser's secret, another state, a second time: nothing."""
    url, secret = away(client)
    _, other = away(client)
    said = idp.code_for(url)
    assert back(client, said, other).status_code == 401
    assert back(client, said, "").status_code == 401
    assert back(client, {**said, "state": "another"}, secret).status_code == 401
    assert back(client, {"error": "access_denied", "state": said["state"]}, "").status_code == 401
    assert back(client, said, secret).status_code == 200
    assert back(client, said, secret).status_code == 401, account


def test_a_code_that_is_none_is_refused(client: Client, idp: Provider, account: kept.Account) -> None:
    """Or one for which the provider gives nothing."""
    url, secret = away(client)
    assert back(client, {**idp.code_for(url), "code": "stolen elsewhere"}, secret).status_code == 401
    idp.grants = False
    assert entering(client, idp).status_code == 401, account


def test_an_answer_that_names_another_issuer_is_refused(client: Client, idp: Provider, account: kept.Account) -> None:
    """Mixing up two providers (RFC 9207): where one says that it names itself, it has to."""
    url, secret = away(client)
    assert back(client, {**idp.code_for(url), "iss": "https://evil.example"}, secret).status_code == 401
    url, secret = away(client)
    assert back(client, {**idp.code_for(url), "iss": idp.issuer}, secret).status_code == 200
    idp.metadata = {"authorization_response_iss_parameter_supported": True}
    client.app.state.service.state.beside(provider.Provider)._facts = None
    assert entering(client, idp).status_code == 401, account


# -- the provider itself -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metadata", [
    {"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": ""},
    {"authorization_endpoint": None}, {"jwks_uri": "KEYS/none"}, {"jwks_uri": "KEYS/large"},
])  # fmt: skip
def test_a_provider_that_says_something_else_is_not_asked(
    client: Client, idp: Provider, metadata: dict[str, Any]
) -> None:  # fmt: skip
    """Another issuer, an address without TLS, none at all, keys that are none or too many."""
    idp.metadata = {name: value.replace("KEYS", idp.issuer) if value else value for name, value in metadata.items()}
    found = client.get("/auth/oidc/start")
    assert (found.status_code, found.headers["retry-after"]) == (503, "5")


def test_a_provider_that_is_away_holds_nobody_up(
    client: Client, idp: Provider, service: Service, account: kept.Account
) -> None:
    """Once it failed it is asked nothing for a while; who comes while it is being asked is told so at once."""
    facts = service.state.beside(provider.Provider)
    idp.metadata = {"issuer": "https://evil.example"}
    assert [client.get("/auth/oidc/start").status_code for _ in range(3)] == [503] * 3
    assert len(idp.asked) == 1
    idp.metadata = {}
    facts._failed_at = NOW - provider.REST_S
    with facts._turn:  # somebody is asking
        assert client.get("/auth/oidc/start").status_code == 503
    assert entering(client, idp).status_code == 200, account
    for _ in range(provider.MOST_LINES):
        facts._lines.acquire()
    try:
        assert entering(client, idp).status_code == 503, "its answer is waited for by a few at once"
    finally:
        for _ in range(provider.MOST_LINES):
            facts._lines.release()
    assert entering(client, idp).status_code == 200


def test_what_it_says_comes_in_time(idp: Provider) -> None:
    """Attack: a provider that sends a byte now and then."""
    with pytest.raises(StoreError):
        provider._read(f"{idp.issuer}/keys", time.monotonic() - 1.0)


def test_it_is_asked_seldom_and_again_for_new_keys(client: Client, idp: Provider, account: kept.Account) -> None:
    """What it says of itself is kept; a key that it changed is heard of without waiting for an hour."""
    facts = client.app.state.service.state.beside(provider.Provider)
    for _ in range(3):
        assert entering(client, idp).status_code == 200
    assert idp.asked == ["/.well-known/openid-configuration", "/keys"]
    idp.keys, idp.key = [OTHER, EC], OTHER
    issuer, at, metadata, keys = facts._facts
    assert entering(client, idp).status_code == 401, "not asked more often than once a minute"
    facts._facts = (issuer, at - 61, metadata, keys)
    assert entering(client, idp).status_code == 200, account
    assert idp.asked == ["/.well-known/openid-configuration", "/keys"] * 2


def test_without_a_provider_there_is_no_way_to_one(another: Path) -> None:
    """The address is not there, and the page offers none."""
    with Service.open(str(another), WIDE, lambda: NOW) as opened:
        asking = Client(make_app(opened))
        assert asking.get("/auth/oidc/start").status_code == 404
        assert asking.get(f"{provider.CALLBACK}?code=x&state=y").status_code == 404
        assert "/auth/oidc/start" not in asking.get("/sign-in").text
        asking.close()


def test_with_a_provider_the_page_offers_it(client: Client, idp: Provider) -> None:
    """Beside the passkey."""
    assert "/auth/oidc/start" in client.get("/sign-in").text, idp


@pytest.mark.parametrize("env", [
    {"oidc_client": "x"}, {"oidc_issuer": "http://login.example", "oidc_client": "x", "origin": "https://a.example"},
    {"oidc_issuer": "https://login.example"}, {"oidc_issuer": "https://login.example", "oidc_client": "x"},
    {"rp_id": "evil.example", "origin": "https://case.example"}, {"rp_id": "ase.example", "origin": "https://case.example"},
])  # fmt: skip
def test_settings_that_cannot_hold_are_refused(env: dict[str, str]) -> None:
    """An issuer without TLS, without a client, without an origin; passkeys for a domain of somebody else."""
    with pytest.raises(InputError):
        read_settings(env={f"TRUCELINE_SERVICE_{name.upper()}": value for name, value in env.items()})


def test_who_was_let_in_by_mistake_enters_no_more(client: Client, idp: Provider, service: Service) -> None:
    """The identity is taken back, and what it opened is shut; the account stays, with its passkeys."""
    desk = signed_in(client, "secretariat", now=service.now, state=service.state, origin=ORIGIN)
    one = new_account(service.state, NOW, "party", "us")
    accounts.provide(service.state, HOST, NOW, one.id, issuer=idp.issuer, subject="s-3")
    idp.subject = "s-3"
    token = entering(client, idp).cookies["truceline"]
    inside = {"Cookie": f"truceline={token}"}
    assert client.get("/auth/session", headers=inside).status_code == 200
    path = f"/api/v1/accounts/{one.id}/subject"
    assert desk.request("DELETE", path).status_code == 200
    assert client.get("/auth/session", headers=inside).status_code == 401
    assert entering(client, idp).status_code == 401
    assert desk.request("DELETE", path).status_code == 404


def test_who_came_by_a_provider_confirms_with_a_passkey(client: Client, idp: Provider, account: kept.Account) -> None:
    """Until then nothing that wants a passkey used just now goes through."""
    found = entering(client, idp)
    person = Person(client, account, None, token=found.cookies["truceline"])  # type: ignore[arg-type]  # it has none
    shown = client.get("/auth/session", headers={"Cookie": f"truceline={person.token}"}).json()
    headers = {"Cookie": f"truceline={person.token}", "Origin": ORIGIN, "X-Truceline-CSRF": shown["csrf"]}
    asked = client.post("/auth/confirm/options", headers=headers).json()["publicKey"]
    assert asked["allowCredentials"] == []
