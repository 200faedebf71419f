"""How does a program prove who it is? It signs each request (RFC 9421) with an Ed25519 key that signs nothing else.

A signature covers the method, the whole address, and, of a request with a body, its digest (RFC 9530). It names its
key, says from when until when it holds, and carries a nonce. The service takes it once:

1. One signature, and what it has to cover and to say is there.
2. It holds now: made not too far ahead, not over, and never meant to hold longer than the service allows.
3. Its key is known, its account may enter, and it is over this request.
4. Its nonce was not used before.
5. The body that arrives is the one whose digest was signed: whoever reads the body asks `Digests`.

The key lies in a file of its own, for its owner alone; `sign` signs a request of httpx, `Signed` every request of a
client.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import http_sf
import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519

from truceline.desk.keyring import KeyFile, keep_alone
from truceline.desk.settings import Settings
from truceline.desk.viewers import WRONG, Viewer
from truceline.errors import CredentialsError, InputError, StoreError
from truceline.record.entry import SigningKey
from truceline.span import utc_text
from truceline.store.state import State, accounts, sessions
from truceline.store.state.accounts import Account

USE = "request"
"""What a key is for that signs requests; it is in no keyring, and signs nothing of a record."""

COVERED = ("@method", "@target-uri")
_OR = ("@method", "@authority", "@path", "@query")
_DIGEST = "content-digest"
_HASHERS = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
_NONCE = range(16, 65)
LASTS_S = 60
"""So long a request holds that was signed here."""


# -- the side of the program -------------------------------------------------------------------------------------------


def new_key_file(path: Path, now: int) -> KeyFile:
    """Make a key and keep it in a file of its own.

    Raises:
        StoreError: something lies there already, or it cannot be written.
    """
    secret = secrets.token_bytes(32)
    made = KeyFile(utc_text(now), "", SigningKey.of_seed(secret).public, secret, USE)
    keep_alone(path, made)
    return made


def read_key_file(path: Path) -> KeyFile:
    """The key of a file.

    Raises:
        InputError: it is no key for requests. StoreError: others may read it, or it cannot be read.
    """
    try:
        mode, data = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from None
    if mode & 0o077:
        raise StoreError(f"{path}: others may read it: chmod 600")
    try:
        found = msgspec.json.decode(data, type=KeyFile)
    except msgspec.DecodeError:
        found = None
    if found is None or found.use != USE:
        raise InputError(f"{path}: expected a key that signs requests: `truceline account key new` makes one")
    return found


def digest_of(chunks: Iterable[bytes]) -> str:
    """The header `Content-Digest` of a body that is sent piece by piece."""
    made = hashlib.sha256()
    for chunk in chunks:
        made.update(chunk)
    return f"sha-256=:{base64.b64encode(made.digest()).decode()}:"


def sign(request: httpx.Request, key: KeyFile, now: int) -> None:
    """Sign a request in place.

    Args:
        request: with its body; one that is sent piece by piece has its `Content-Digest` already (`digest_of`).
        key: that signs it.
        now: UTC second.
    """
    private = Ed25519PrivateKey.from_private_bytes(key.secret)
    signer = HTTPMessageSigner(
        signature_algorithm=ED25519, key_resolver=MappingKeyResolver(public_keys={}, private_keys={key.id: private})
    )
    is_digested = _DIGEST in request.headers
    body = None if is_digested else request.read() or None
    covered = [*COVERED, *([_DIGEST] if is_digested else ())]
    covered += ["content-type"] if "content-type" in request.headers else []
    signer.sign(
        request, key_id=key.id, label="truceline", covered_component_ids=covered, body=body,
        created=datetime.fromtimestamp(now, UTC), expires=datetime.fromtimestamp(now + LASTS_S, UTC),
        nonce=secrets.token_urlsafe(18), use_existing_digest=is_digested,
    )  # fmt: skip


class Signed(httpx.Auth):
    """Signs every request of a client: `httpx.Client(auth=Signed(key, clock))`."""

    def __init__(self, key: KeyFile, clock: Callable[[], int]) -> None:
        """Sign with a key; `clock` gives the UTC second."""
        self._key, self._clock = key, clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request on its way."""
        sign(request, self._key, self._clock())
        yield request


# -- the side of the service -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """What of a request a signature can cover, as it arrived.

    Attributes:
        method: such as GET.
        url: whole, as the program wrote it.
        headers: each line, in order.
    """

    method: str
    url: str
    headers: Headers


class Headers:
    """Header lines in order, as the library asks for them."""

    def __init__(self, lines: Sequence[tuple[str, str]]) -> None:
        """Hold them."""
        self._lines = lines

    def items(self) -> Sequence[tuple[str, str]]:
        """Every line."""
        return self._lines

    def get(self, name: str) -> str | None:
        """The one line of a name; None when there is none, or more than one."""
        found = [value for one, value in self._lines if one == name]
        return found[0] if len(found) == 1 else None


class Digests:
    """What a body has to be, checked while it arrives.

    INVARIANT: whoever is given the last piece was told before that it is not the body that was signed, if it is not.
    """

    def __init__(self, signed: str | None) -> None:
        """Of the header that was signed; None = of a request without a body.

        Raises:
            CredentialsError: it is no digest that is known.
        """
        self._expected = _digests(signed) if signed is not None else {}
        self._found = {name: _HASHERS[name]() for name in self._expected}

    def take(self, piece: bytes, is_last: bool) -> None:
        """Take a piece of the body; `is_last` = nothing comes after it.

        Raises:
            CredentialsError: the body is not the one that was signed.
        """
        if piece and not self._expected:
            raise CredentialsError(WRONG)
        for name, made in self._found.items():
            made.update(piece)
            if is_last and not hmac.compare_digest(made.digest(), self._expected[name]):
                raise CredentialsError(WRONG)


def signed_by(state: State, settings: Settings, now: int, asked: Shown) -> tuple[Viewer, Digests]:
    """The program that signed a request, and what its body has to be.

    Raises:
        CredentialsError: the signature does not hold, or no longer, or was used before.
    """
    keys = _Keys(state, now)
    try:
        found = _Verifier(keys, settings, now).verify(asked, max_age=None)
    except InvalidSignature:
        found = []
    except Exception:  # of whatever kind: it is the input of anybody
        raise CredentialsError(WRONG) from None
    if len(found) != 1 or keys.account is None:
        raise CredentialsError(WRONG)
    covered, said = found[0].covered_components, found[0].parameters
    if not any(all(f'"{one}"' in covered for one in way) for way in (COVERED, _OR)):
        raise CredentialsError(WRONG)
    given = asked.headers.get(_DIGEST)
    if any(name == _DIGEST for name, _ in asked.headers.items()) and (given is None or f'"{_DIGEST}"' not in covered):
        raise CredentialsError(WRONG)
    digests = Digests(given)
    until = int(said["expires"]) + settings.skew_s + 1
    nonces = state.beside(sessions.Nonces)
    if not nonces.is_first(str(said["keyid"]), str(said["nonce"]), expires=until, now=now):
        raise CredentialsError(WRONG)
    return Viewer(keys.account.id, keys.account.role, keys.account.party, is_machine=True), digests


class _Keys(HTTPSignatureKeyResolver):
    """Looks up the key that a signature names, and remembers whose it is."""

    def __init__(self, state: State, now: int) -> None:
        self._state, self._now = state, now
        self.account: Account | None = None

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        """The key; that of nobody for one that is not known, so that it takes as long."""
        found = self._state.lately(("key", key_id), self._now, lambda: accounts.holder(self._state, key_id))
        if found is None:
            return _public(_NOBODY)
        self.account = found[1]
        return _public(found[0].public)


class _Verifier(HTTPMessageVerifier):
    """Goes by the clock of the service, and asks for all that a signature has to say."""

    def __init__(self, keys: _Keys, settings: Settings, now: int) -> None:
        super().__init__(signature_algorithm=ED25519, key_resolver=keys)
        self._settings, self._now = settings, now

    def validate_created_and_expires(self, sig_input: Any, max_age: object = None) -> None:  # noqa: ANN401  # theirs
        """Step 2, and the parameters of step 1."""
        del max_age
        said, now, skew_s = sig_input.params, self._now, self._settings.skew_s
        created, expires, nonce = (said.get(name) for name in ("created", "expires", "nonce"))
        if not isinstance(created, int) or not isinstance(expires, int) or not isinstance(nonce, str):
            raise InvalidSignature("expected created, expires and a nonce")
        if not 0 < expires - created <= self._settings.signed_s or len(nonce) not in _NONCE:
            raise InvalidSignature("expected a shorter life, and a nonce of 16 to 64 letters")
        if created > now + skew_s or expires < now - skew_s:
            raise InvalidSignature("expected a signature that holds now")


@lru_cache(maxsize=1_024)
def _public(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


def _digests(text: str) -> dict[str, bytes]:
    """The digests of a header, each of a kind that is known, none of them twice.

    Raises:
        CredentialsError: there is another one.
    """
    seen: list[str] = []
    try:
        parsed: Any = http_sf.parse(
            text.encode("ascii"), tltype="dictionary", on_duplicate_key=lambda name, _: seen.append(name)
        )
        made = {str(name): member[0] for name, member in parsed.items()}
    except Exception:  # of whatever kind: it is the input of anybody
        raise CredentialsError(WRONG) from None
    if seen or not made or any(
        name not in _HASHERS or not isinstance(value, bytes) or len(value) != _HASHERS[name]().digest_size
        for name, value in made.items()
    ):  # fmt: skip
        raise CredentialsError(WRONG)
    return made


_NOBODY = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
"""A key whose private half is published (RFC 8032, 7.1): what it signs is refused, for it is nobody's."""
