"""How does a person enter, and how is a person inside asked once more? With a passkey, user verification required.

1. A challenge is made, kept as a hash with what it is for, and sent with the options of the browser's own question.
2. The answer names its challenge: it is used up whatever comes of it.
3. The passkey is looked up; for one that is not known a key of nobody is put in its place, so that it takes as long.
4. The answer is verified: origin, domain, presence and verification of the user, signature, counter.
5. The counter moves on, unless another answer moved it meanwhile.
6. A session is begun under a new random id, and the one that the browser had ends.

Whatever is wrong, the answer is the same. Nobody names an account to enter, so that none can be asked for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from truceline.desk.accounts import code_hash
from truceline.desk.audits import note
from truceline.desk.settings import Settings
from truceline.desk.viewers import WRONG, Viewer
from truceline.errors import ConfirmError, CredentialsError
from truceline.store.state import State, accounts, sessions
from truceline.store.state.accounts import Account, Passkey
from truceline.store.state.sessions import Session

ASK_S = 120
"""So long a challenge may be answered."""
SEEN_S = 60
"""A session in use is noted as such no more often than this."""

Credential = Mapping[str, Any]
"""What a browser gives for a passkey, as JSON."""


@dataclass(frozen=True)
class Entered:
    """Somebody inside.

    Attributes:
        token: what the cookie says; kept nowhere else.
        session: kept under its hash.
        account: whose it is.
    """

    token: str
    session: Session
    account: Account

    @property
    def viewer(self) -> Viewer:
        """As the rest of the service sees it."""
        return Viewer(self.account.id, self.account.role, self.account.party, self.session.fresh_until)

    @property
    def csrf(self) -> str:
        """What a page of this session says beside every change: it comes from the session and does not give it away."""
        return csrf_of(self.token)


@dataclass(frozen=True)
class Door:
    """Where and when somebody comes in.

    Attributes:
        state: of the service.
        settings: of the service.
        origin: of the page, such as `https://case.example`.
        now: UTC second.
    """

    state: State
    settings: Settings
    origin: str
    now: int

    @property
    def domain(self) -> str:
        """That passkeys are made for."""
        return self.settings.passkeys_for


# -- sessions ----------------------------------------------------------------------------------------------------------


def inside(state: State, settings: Settings, now: int, token: str) -> Entered:
    """Who holds a session.

    Raises:
        CredentialsError: it is none, or it is over.
    """
    name = token_hash(token)
    found = state.lately(("session", name), now, lambda: sessions.session_of(state, name))
    if found is None:
        raise CredentialsError(WRONG)
    session, account = found
    if now >= min(session.seen_at + settings.session_idle_s, session.made_at + settings.session_s):
        sessions.end(state, session.id)
        raise CredentialsError(WRONG)
    if now - session.seen_at >= SEEN_S:
        sessions.seen(state, session.id, now=now)
    return Entered(token, session, account)


def glance(state: State, settings: Settings, now: int, token: str) -> Entered | None:
    """Who holds a session, where that is known from a moment ago and nothing is to be noted; None = ask `inside`."""
    found = state.glance(("session", token_hash(token)), now)
    if found is None or now - found[0].seen_at >= SEEN_S or now >= found[0].made_at + settings.session_s:
        return None
    return Entered(token, *found) if now < found[0].seen_at + settings.session_idle_s else None


def begin(door: Door, account: Account, *, fresh_until: int = 0, before: str = "") -> Entered:
    """Begin a session, and drop those of everybody that are over.

    Args:
        door: where and when.
        account: whose.
        fresh_until: until when its passkey counts as used just now; 0 = none was used.
        before: what the cookie said until now: that session ends.
    """
    token, now = secrets.token_urlsafe(32), door.now
    forget(door.state, door.settings, now)
    session = Session(token_hash(token), secrets.token_hex(8), account.id, now, now, fresh_until)
    sessions.open_session(door.state, session, instead_of=token_hash(before) if before else b"")
    entered = Entered(token, session, account)
    note(door.state, entered.viewer, now, "session", "begin", about=session.handle)
    return entered


def own(state: State, viewer: Viewer) -> list[Session]:
    """The sessions of an account, newest first."""
    return sessions.sessions_of(state, viewer.account)


def leave(state: State, entered: Entered, now: int) -> None:
    """End a session."""
    sessions.end(state, entered.session.id)
    note(state, entered.viewer, now, "session", "end", about=entered.session.handle)


def leave_other(state: State, viewer: Viewer, handle: str, now: int) -> bool:
    """End another session of the same account, by its handle; tell whether there was one."""
    is_there = sessions.end_by_handle(state, viewer.account, handle)
    if is_there:
        note(state, viewer, now, "session", "end", about=handle)
    return is_there


def leave_all(state: State, viewer: Viewer, now: int) -> None:
    """End every session of an account."""
    sessions.end_all(state, viewer.account)
    note(state, viewer, now, "session", "end-all")


def forget(state: State, settings: Settings, now: int) -> None:
    """Drop what is over."""
    sessions.forget(
        state, now=now, unseen_since=now - settings.session_idle_s, made_before=now - settings.session_s
    )  # fmt: skip


def token_hash(token: str) -> bytes:
    """What is kept of a session; its id has 256 random bits, so that a plain hash is enough."""
    return hashlib.sha256(b"truceline session\n" + token.encode("utf-8", "surrogatepass")).digest()


def csrf_of(token: str) -> str:
    """What a page of a session says beside every change."""
    made = hmac.digest(token.encode("utf-8", "surrogatepass"), b"truceline csrf", "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def require_fresh(viewer: Viewer, now: int) -> None:
    """Let go on whose passkey was used just now.

    Raises:
        ConfirmError: it was not; a program never has one.
    """
    if viewer.is_machine or now >= viewer.fresh_until:
        raise ConfirmError("expected a passkey that was used just now: confirm it, and ask again")


# -- entering with a passkey -------------------------------------------------------------------------------------------


def sign_in_options(door: Door) -> dict[str, Any]:
    """What a browser is asked for entering: the same for everybody."""
    return _asked(door, _challenge(door, "sign-in"), [])


def sign_in(door: Door, credential: Credential, before: str = "") -> Entered:
    """Let somebody enter with a passkey.

    Args:
        door: where and when.
        credential: what the browser answered.
        before: what the cookie said until now.

    Raises:
        CredentialsError: it does not hold.
    """
    _, challenge = _answered(door, "sign-in", credential)
    account = _verified(door, credential, challenge)
    return begin(door, account, fresh_until=door.now + door.settings.fresh_s, before=before)


def confirm_options(door: Door, entered: Entered) -> dict[str, Any]:
    """What a browser is asked for confirming: any passkey of the account."""
    known = [one.id for one in accounts.passkeys(door.state, entered.account.id)]
    return _asked(door, _challenge(door, "confirm", entered.session.id), known)


def confirm(door: Door, entered: Entered, credential: Credential) -> int:
    """Take a passkey of somebody inside once more.

    Returns:
        The UTC second until which it counts as used just now.

    Raises:
        CredentialsError: it does not hold, or is another account's.
    """
    whose, challenge = _answered(door, "confirm", credential)
    if whose != entered.session.id:
        raise CredentialsError(WRONG)
    _verified(door, credential, challenge, expected=entered.account.id)
    until = door.now + door.settings.fresh_s
    sessions.freshen(door.state, entered.session.id, until=until)
    note(door.state, entered.viewer, door.now, "session", "confirm", about=entered.session.handle)
    return until


def _verified(door: Door, credential: Credential, challenge: bytes, expected: str = "") -> Account:
    """The account whose passkey answered.

    Raises:
        CredentialsError: none, or another than the expected one.
    """
    key = accounts.passkey_of(door.state, _id_of(credential))
    account = accounts.find(door.state, key.account if key else "")
    is_good = account is not None and not account.is_disabled and expected in ("", account.id)
    asked = key if key is not None and is_good else _NOBODY
    try:
        verified = verify_authentication_response(
            credential=dict(credential), expected_challenge=challenge, expected_rp_id=door.domain,
            expected_origin=door.origin, credential_public_key=asked.public,
            credential_current_sign_count=asked.count, require_user_verification=True,
        )  # fmt: skip
    except Exception:  # of whatever kind: the library raises many, and what is wrong is not said
        raise CredentialsError(WRONG) from None
    handle, count = credential["response"].get("userHandle"), verified.new_sign_count
    if account is None or not is_good or handle not in (None, _base64(account.id.encode())):
        raise CredentialsError(WRONG)
    if count and not accounts.used(door.state, asked.id, before=asked.count, count=count):
        raise CredentialsError(WRONG)
    return account


# -- enrolling ---------------------------------------------------------------------------------------------------------


def enrol_options(door: Door, code: str) -> dict[str, Any]:
    """What a browser is asked for making the passkey of an invitation.

    Raises:
        CredentialsError: the invitation does not hold, or no longer.
    """
    account = accounts.invited(door.state, code_hash(code), now=door.now)
    if account is None:
        raise CredentialsError(WRONG)
    known = [PublicKeyCredentialDescriptor(one.id) for one in accounts.passkeys(door.state, account.id)]
    made = generate_registration_options(
        rp_id=door.domain, rp_name="Truceline", user_name=account.label, user_id=account.id.encode(),
        challenge=_challenge(door, "enrol", code_hash(code)), timeout=ASK_S * 1_000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=known,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(options_to_json(made))
    return found


def enrol(door: Door, code: str, credential: Credential, before: str = "") -> Entered:
    """Keep the passkey of an invitation, and let its holder enter; the invitation is used up.

    Raises:
        CredentialsError: invitation or passkey do not hold.
    """
    invitation, challenge = _answered(door, "enrol", credential)
    if invitation != code_hash(code):
        raise CredentialsError(WRONG)
    try:
        made = verify_registration_response(
            credential=dict(credential), expected_challenge=challenge, expected_rp_id=door.domain,
            expected_origin=door.origin, require_user_verification=True,
        )  # fmt: skip
    except Exception:  # of whatever kind: the library raises many, and what is wrong is not said
        raise CredentialsError(WRONG) from None
    account = accounts.enrol(
        door.state, invitation, passkey_id=made.credential_id, public=made.credential_public_key,
        count=made.sign_count, now=door.now,
    )  # fmt: skip
    if account is None:
        raise CredentialsError(WRONG)
    viewer = Viewer(account.id, account.role, account.party)
    note(door.state, viewer, door.now, "account", "enrol", about=account.id)
    return begin(door, account, before=before)


# -- challenges --------------------------------------------------------------------------------------------------------


def _challenge(door: Door, purpose: str, data: bytes = b"") -> bytes:
    made = secrets.token_bytes(32)
    sessions.ask(door.state, hashlib.sha256(made).digest(), purpose, data=data, expires=door.now + ASK_S,
                 now=door.now)  # fmt: skip
    return made


def _asked(door: Door, challenge: bytes, known: list[bytes]) -> dict[str, Any]:
    made = generate_authentication_options(
        rp_id=door.domain, challenge=challenge, timeout=ASK_S * 1_000,
        allow_credentials=[PublicKeyCredentialDescriptor(one) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(options_to_json(made))
    return found


def _answered(door: Door, purpose: str, credential: Credential) -> tuple[bytes, bytes]:
    """What was kept with the challenge that an answer names, and the challenge; from now on it is used up.

    Raises:
        CredentialsError: it was never asked for this, was used, or is over.
    """
    try:
        said = json.loads(_bytes(credential["response"]["clientDataJSON"]))
        challenge = _bytes(said["challenge"])
    except Exception:  # of whatever kind: it is the input of anybody
        raise CredentialsError(WRONG) from None
    found = sessions.answered(door.state, hashlib.sha256(challenge).digest(), purpose, now=door.now)
    if found is None:
        raise CredentialsError(WRONG)
    return found, challenge


def _id_of(credential: Credential) -> bytes:
    try:
        return _bytes(credential["rawId"])
    except Exception:  # of whatever kind: it is the input of anybody
        raise CredentialsError(WRONG) from None


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


_NOBODY = Passkey(b"", "", bytes.fromhex(
    # COSE: EC2, ES256, P-256, and a point of it: the base point itself, whose private key is 1: `_verified` refuses it
    "a5010203262001215820" "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "225820" "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
), 0, 0)  # fmt: skip
"""In the place of a passkey that is not known: it is verified with as much work, and refused whatever comes of it."""
