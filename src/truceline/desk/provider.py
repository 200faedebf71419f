"""How does somebody enter with an identity of a provider (OpenID Connect), where a host wants that?

1. Out: the browser is sent to the provider with a state, a nonce and a PKCE challenge, all made from one secret that
   only this browser has, in a cookie; nothing of it is kept here but a hash.
2. Back: state and cookie belong together and are used up; the code is exchanged with the PKCE verifier.
3. The ID token is signed by a key of the provider, in a way that is no shared secret, and is of this issuer, for this
   client, with this nonce, and holds now.
4. The subject is one that was given an account: no account is ever made here.

Entering so is not confirming: for that there are passkeys. Whatever is wrong, the answer is the same.

Source: OpenID Connect Core 1.0; RFC 7636 (PKCE); RFC 9207 (issuer of an answer).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from truceline.desk.accounts import subject_hash
from truceline.desk.sessions import Door, Entered, begin
from truceline.desk.settings import LOCAL, Settings
from truceline.desk.viewers import WRONG
from truceline.errors import CredentialsError, InputError, StoreError, TrucelineError
from truceline.store.state import State, accounts, sessions

CALLBACK = "/auth/oidc/callback"
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
AWAY_S = 600
"""So long somebody may be away at the provider."""
FRESH_S = 3_600
"""After so long what the provider says of itself is asked for anew."""
REST_S = 30
"""Once it was away it is asked nothing for so long."""
MOST_LINES = 4
"""So many ask it at once: each holds a thread."""
MOST = 1 << 20
_SLOW_S = 10.0


@dataclass(frozen=True)
class Said:
    """What the browser brings back from the provider: as it stands in the address."""

    code: str = ""
    state: str = ""
    iss: str = ""


@dataclass
class Provider:
    """What a provider says of itself; asked for when it is needed, and again after a while.

    A provider that is away takes no threads from those who want nothing of it: few wait for it at once, and once it
    failed nobody does for a while.
    """

    state: State
    _facts: tuple[str, int, Mapping[str, Any], KeySet] | None = None
    _failed_at: int | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _lines: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(MOST_LINES))

    def facts(self, settings: Settings, now: int, *, since: int | None = None) -> tuple[Mapping[str, Any], KeySet]:
        """Its metadata and its keys.

        Args:
            settings: which provider.
            now: UTC second.
            since: what was asked for before this second is asked for again.

        Raises:
            StoreError: it cannot be reached, or says something else than it should.
        """
        held, oldest = self._facts, now - FRESH_S if since is None else since
        known = held if held is not None and held[0] == settings.oidc_issuer else None
        is_being_asked = known is not None and since is None and self._turn.locked()
        if known is None or (not oldest <= known[1] <= now and not is_being_asked):
            known = self._renewed(settings, now)
        return known[2], known[3]

    def _renewed(self, settings: Settings, now: int) -> tuple[str, int, Mapping[str, Any], KeySet]:
        if not self._turn.acquire(blocking=False):  # somebody is asking already
            raise _away()
        try:
            with self.asking(now):
                self._facts = made = (settings.oidc_issuer, now, *_asked(settings.oidc_issuer))
        finally:
            self._turn.release()
        return made

    @contextmanager
    def asking(self, now: int) -> Iterator[None]:
        """Somebody asks it something.

        Raises:
            StoreError: it was away just now, or too many are asking.
        """
        if self._failed_at is not None and self._failed_at <= now < self._failed_at + REST_S:
            raise _away()
        if not self._lines.acquire(blocking=False):
            raise _away()
        try:
            yield
        except StoreError:
            self._failed_at = now
            raise
        finally:
            self._lines.release()


def way_out(door: Door) -> tuple[str, str]:
    """Where the browser is sent, and the secret that its cookie keeps meanwhile.

    Raises:
        StoreError: the provider cannot be reached.
    """
    metadata, _ = door.state.beside(Provider).facts(door.settings, door.now)
    secret, state = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    sessions.ask(door.state, _hash(state, secret), "oidc", expires=door.now + AWAY_S, now=door.now)
    url, _ = _client(door, None).create_authorization_url(
        metadata["authorization_endpoint"], state=state, nonce=_part(secret, "nonce"),
        code_verifier=_part(secret, "verifier"),
    )  # fmt: skip
    return url, secret


def way_back(door: Door, said: Said, secret: str, before: str = "") -> Entered:
    """Let in who comes back from the provider.

    Args:
        door: where and when.
        said: what stands in the address.
        secret: what the cookie kept.
        before: what the cookie of the session said until now.

    Raises:
        CredentialsError: it does not hold, or is of nobody who has an account.
        StoreError: the provider cannot be reached.
    """
    if not secret or sessions.answered(door.state, _hash(said.state, secret), "oidc", now=door.now) is None:
        raise CredentialsError(WRONG)
    provider = door.state.beside(Provider)
    metadata, keys = provider.facts(door.settings, door.now)
    is_named = bool(metadata.get("authorization_response_iss_parameter_supported"))
    if (said.iss or is_named) and said.iss != door.settings.oidc_issuer:
        raise CredentialsError(WRONG)
    with provider.asking(door.now):
        token = _exchanged(door, metadata, said.code, _part(secret, "verifier"))
    try:
        subject = _subject(door, token, keys, _part(secret, "nonce"))
    except CredentialsError:  # perhaps its keys are new ones: asked for once more, not more often than once a minute
        _, keys = provider.facts(door.settings, door.now, since=door.now - 60)
        subject = _subject(door, token, keys, _part(secret, "nonce"))
    account = accounts.provided_for(door.state, subject_hash(door.settings.oidc_issuer, subject))
    if account is None:
        raise CredentialsError(WRONG)
    return begin(door, account, before=before)


# -- what is asked of the provider -------------------------------------------------------------------------------------


class _ClientAuth(httpx.Auth, ClientAuth):  # type: ignore[misc]  # the library has no types
    """How this service proves itself to the provider."""

    requires_request_body = True

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add it to the exchange of a code."""
        url, headers, body = self.prepare(request.method, str(request.url), request.headers, request.content)
        headers["Content-Length"] = str(len(body))
        yield httpx.Request(request.method, url, headers=headers, content=body)


class _Client(OAuth2Client):  # type: ignore[misc]  # the library has no types
    client_auth_class = _ClientAuth


def _client(door: Door, wire: httpx.Client | None) -> Any:  # noqa: ANN401  # the library has no types
    one = door.settings
    secret = _secret(one.oidc_secret_file)
    return _Client(
        wire, one.oidc_client, secret or None, scope="openid", redirect_uri=f"{door.origin}{CALLBACK}",
        code_challenge_method="S256",
    )  # fmt: skip


def _secret(path: str) -> str:
    """The secret for the provider; empty = none.

    Raises:
        InputError: the file of the setting cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8").strip() if path else ""
    except (OSError, UnicodeDecodeError):
        raise InputError("oidc_secret_file: cannot be read") from None


def _exchanged(door: Door, metadata: Mapping[str, Any], code: str, verifier: str) -> str:
    """The ID token for a code.

    Raises:
        CredentialsError: the provider gives none. StoreError: it cannot be reached.
    """
    try:
        with httpx.Client(timeout=_SLOW_S, follow_redirects=False) as wire:
            found = _client(door, wire).fetch_token(
                metadata["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier
            )
    except httpx.HTTPError:
        raise _away() from None
    except TrucelineError:
        raise
    except Exception:  # of whatever kind: it is what a provider answered
        raise CredentialsError(WRONG) from None
    token = found.get("id_token")
    if not isinstance(token, str) or len(token) > MOST:
        raise CredentialsError(WRONG)
    return token


def _subject(door: Door, token: str, keys: KeySet, nonce: str) -> str:
    """Of whom an ID token is.

    Raises:
        CredentialsError: it does not hold.
    """
    one = door.settings
    try:
        read = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
        options = {"iss": {"essential": True, "value": one.oidc_issuer}, "aud": {"essential": True,
                   "value": one.oidc_client}, "nonce": {"essential": True, "value": nonce}}  # fmt: skip
        claims = CodeIDToken(read.claims, read.header, options, {"nonce": nonce, "client_id": one.oidc_client})
        claims.validate(door.now, one.skew_s)
        subject = claims["sub"]
    except Exception:  # of whatever kind: it is the input of anybody
        raise CredentialsError(WRONG) from None
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise CredentialsError(WRONG)
    return subject


def _asked(issuer: str) -> tuple[Mapping[str, Any], KeySet]:
    """What a provider says of itself, and its keys.

    Raises:
        StoreError: it cannot be reached, or says something else than it should.
    """
    until = time.monotonic() + _SLOW_S
    metadata = _read(f"{issuer.rstrip('/')}/.well-known/openid-configuration", until)
    ends = [metadata.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if metadata.get("issuer") != issuer or not all(_is_safe(one) for one in ends):
        raise StoreError("the provider does not say of itself what the settings say of it")
    try:
        return metadata, KeySet.import_key_set(_read(str(ends[2]), until))  # type: ignore[arg-type]  # checked by it
    except TrucelineError:
        raise
    except Exception:  # of whatever kind: it is what a provider answered
        raise _away() from None


def _is_safe(url: object) -> bool:
    parts = urlsplit(url) if isinstance(url, str) else None
    return parts is not None and (parts.scheme == "https" or parts.hostname in LOCAL)


def _read(url: str, until: float) -> dict[str, Any]:
    """A JSON object of the provider, by `time.monotonic`."""
    data = b""
    try:
        left_s = max(0.1, until - time.monotonic())
        with httpx.stream("GET", url, timeout=left_s, follow_redirects=False) as answer:
            if answer.status_code != 200:
                raise _away()
            for piece in answer.iter_bytes():
                data += piece
                if len(data) > MOST or time.monotonic() > until:
                    raise _away()
        found = json.loads(data)
    except (httpx.HTTPError, ValueError):
        raise _away() from None
    if not isinstance(found, dict):
        raise _away()
    return found


def _away() -> StoreError:
    return StoreError("the provider cannot be reached, or answers something else than it should")


def _part(secret: str, what: str) -> str:
    """What is made from the secret of the cookie for one purpose."""
    made = hmac.digest(secret.encode("utf-8", "surrogatepass"), f"truceline oidc {what}".encode(), "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _hash(state: str, secret: str) -> bytes:
    return hashlib.sha256(f"truceline oidc\n{state}\n{secret}".encode("utf-8", "surrogatepass")).digest()
