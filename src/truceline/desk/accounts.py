"""Who is given access, and how? By invitation only: the secretariat or the host makes an account and gives a code.

An account is a function (`liaison 2`), never a person's name. A code is shown once, kept as its hash, used once, and
ends by itself. Programs enter with an Ed25519 key of their own, which signs nothing else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from typing import Any

from truceline.desk.audits import note
from truceline.desk.records import text_of
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import AccessError, InputError, StateError, UnknownError, VerificationError, quoted
from truceline.group import ROLES
from truceline.record.entry import key_id
from truceline.record.note import Verifier, check_public_key
from truceline.span import utc_text
from truceline.store.case import Case
from truceline.store.opened import open_case
from truceline.store.state import State, accounts, open_state, sessions
from truceline.store.state.accounts import Account, MachineKey

PROGRAMS = ("mirror", "hotline")
"""Roles of programs: they are not invited to make a passkey, they are given a key."""
SPEAKING = ("party", "monitor")
"""Roles that speak for an actor of the text."""

LABEL = r"^\w[\w .,()/-]{0,38}[\w)]$"
"""How the label of an account looks."""


@contextmanager
def of_host(where: str) -> Iterator[tuple[Case, State, int]]:
    """A case as the machine that keeps it manages its accounts: the case, what its service remembers, and the second.

    Raises:
        StoreError: it cannot be opened. VerificationError: its record does not hold.
    """
    with closing(open_case(where)) as case, closing(open_state(where)) as state:
        yield case, state, int(time.time())


def add(state: State, viewer: Viewer, now: int, role: str, label: str, *, party: str = "",
        actors: Collection[str] = ()) -> Account:  # fmt: skip
    """Make an account that nobody can enter yet.

    Args:
        state: of the service.
        viewer: who makes it.
        now: UTC second.
        role: one of `group.ROLES`.
        label: a function, such as `liaison 2`; never the name of a person.
        party: the actor of the text for whom it speaks, if the role speaks for one.
        actors: ids of the actors of the text.

    Raises:
        InputError: no such role, or a label that is none. UnknownError: no such actor.
        StateError: another account has the label.
    """
    if role not in ROLES or role == "public":
        raise InputError(f"role: expected one of {', '.join(ROLES[1:])}, got {quoted(role)}")
    if role in SPEAKING and party not in actors:
        raise UnknownError(f"party: expected an actor of the text, got {quoted(party)}")
    if role not in SPEAKING and party:
        raise InputError(f"party: expected none for the role {role}, got {quoted(party)}")
    if not re.fullmatch(LABEL, label) or label.endswith("\n"):
        raise InputError(f"label: expected a function of 2 to 40 letters, such as `liaison 2`, got {quoted(label)}")
    if any(one.label == label and not one.is_disabled for one in accounts.listed(state)):
        raise StateError(f"label: another account is called {quoted(label)}")
    made = Account(f"a-{secrets.token_hex(8)}", role, party, label, is_disabled=False, made_at=now)
    accounts.add(state, made)
    note(state, viewer, now, "account", "add", about=made.id)
    return made


def invite(state: State, viewer: Viewer, now: int, name: str, *, lasts_s: int, is_lost: bool = False) -> str:
    """Give an invitation to make a passkey; the one before it ends.

    Args:
        state: of the service.
        viewer: who gives it.
        now: UTC second.
        name: id of the account.
        lasts_s: so long it holds.
        is_lost: the passkeys and sessions that the account has open nothing from now on.

    Returns:
        The code, which is kept nowhere.

    Raises:
        AccessError: no such account. StateError: it is one of a program.
    """
    one = _one(state, name)
    if one.role in PROGRAMS:
        raise StateError(f"{one.label}: expected a key, not an invitation: it is the account of a program")
    if is_lost:
        for key in accounts.passkeys(state, name):
            accounts.drop_passkey(state, name, key.id)
        sessions.end_all(state, name)
        note(state, viewer, now, "account", "drop-passkeys", about=name)
    code = secrets.token_urlsafe(20)
    accounts.invite(state, name, code_hash(code), expires=now + lasts_s, by=viewer.account)
    note(state, viewer, now, "account", "invite", about=name)
    return code


def code_hash(code: str) -> bytes:
    """What is kept of an invitation; it has 160 random bits, so that a plain hash is enough."""
    return hashlib.sha256(b"truceline invitation\n" + code.encode("utf-8", "surrogatepass")).digest()


def disable(state: State, viewer: Viewer, now: int, name: str) -> None:
    """Let an account enter no more, and end its sessions; what it said stays.

    Raises:
        AccessError: no such account.
    """
    _one(state, name)
    accounts.disable(state, name)
    sessions.end_all(state, name)
    note(state, viewer, now, "account", "disable", about=name)


def add_key(state: State, viewer: Viewer, now: int, name: str, public: str, *, taken: Collection[bytes] = ()) -> str:
    """Let a program sign its requests as an account.

    Args:
        state: of the service.
        viewer: who lets it.
        now: UTC second.
        name: id of the account.
        public: its Ed25519 public key, 32 bytes in base64.
        taken: keys that have another use: of parties, the log, witnesses.

    Returns:
        The id of the key.

    Raises:
        AccessError: no such account. InputError: that is no key. StateError: one that is in use.
    """
    _one(state, name)
    try:
        raw = base64.b64decode(public, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    try:
        check_public_key(raw)
    except VerificationError:
        raise InputError("key: expected an Ed25519 public key, 32 bytes in base64") from None
    if raw in taken:
        raise StateError("key: it is in use in the record: expected one that signs requests and nothing else")
    made = MachineKey(key_id(raw), name, raw, now)
    if not accounts.add_key(state, made):
        raise StateError("key: it is registered already")
    note(state, viewer, now, "account", "add-key", about=made.id)
    return made.id


def drop_key(state: State, viewer: Viewer, now: int, name: str, key: str) -> None:
    """Let a program enter no more.

    Raises:
        AccessError: the account has no such key.
    """
    if not accounts.drop_key(state, name, key):
        raise AccessError(REFUSED)
    note(state, viewer, now, "account", "drop-key", about=key)


def provide(state: State, viewer: Viewer, now: int, name: str, *, issuer: str, subject: str) -> None:
    """Let the holder of an identity at a provider enter as an account.

    Args:
        state: of the service.
        viewer: who lets them.
        now: UTC second.
        name: id of the account.
        issuer: of the provider.
        subject: what it calls them (`sub`); kept as a hash.

    Raises:
        AccessError: no such account. StateError: the identity has an account already.
        UnknownError: no provider is set up.
    """
    one = _one(state, name)
    if not issuer or not subject:
        raise UnknownError("subject: expected one of the provider that the settings name")
    if one.role in PROGRAMS or not accounts.provide(state, name, subject_hash(issuer, subject)):
        raise StateError("subject: it has an account already, or the account is one of a program")
    note(state, viewer, now, "account", "provide", about=name)


def unprovide(state: State, viewer: Viewer, now: int, name: str) -> None:
    """Let nobody enter as an account by a provider any more, and end its sessions: they may have begun so.

    Raises:
        AccessError: no such account, or none that a provider lets in.
    """
    found(state, name)
    if not accounts.unprovide(state, name):
        raise AccessError(REFUSED)
    sessions.end_all(state, name)
    note(state, viewer, now, "account", "unprovide", about=name)


def subject_hash(issuer: str, subject: str) -> bytes:
    """What is kept of an identity at a provider."""
    return hashlib.sha256(f"truceline subject\n{issuer}\n{subject}".encode()).digest()


def listed(state: State) -> list[dict[str, Any]]:
    """Every account as it is shown to those who manage them."""
    return [shown(state, one) for one in accounts.listed(state)]


def shown(state: State, one: Account) -> dict[str, Any]:
    """An account as it is shown to those who manage them."""
    keys = [{"id": key.id, "made": utc_text(key.made_at)} for key in accounts.keys_of(state, one.id)]
    return {
        "id": one.id, "role": one.role, "party": one.party, "label": one.label, "is_disabled": one.is_disabled,
        "made": utc_text(one.made_at), "passkeys": len(accounts.passkeys(state, one.id)), "keys": keys,
        "is_invited": accounts.is_invited(state, one.id),
    }  # fmt: skip


def actors_of(case: Case) -> frozenset[str]:
    """Ids of the actors of the text in force."""
    text = text_of(case)
    return frozenset(text.parties if text else ())


def taken_keys(case: Case) -> frozenset[bytes]:
    """Public keys that have a use in the record: those of parties and their roots, of the log and of its clock."""
    register, charter = case.register(), case.charter()
    own = {Verifier.parse(line).public for line in (charter.log, charter.clock)}
    roots = {root for one in register.sets.values() for root in one.roots}
    return frozenset(own | roots | {one.public for one in register.keys.values()})


def found(state: State, name: str) -> Account:
    """An account, disabled or not.

    Raises:
        AccessError: no such account.
    """
    one = accounts.find(state, name)
    if one is None:
        raise AccessError(REFUSED)
    return one


def _one(state: State, name: str) -> Account:
    """An account that may enter."""
    one = found(state, name)
    if one.is_disabled:
        raise StateError(f"{one.label}: it was disabled: expected another account")
    return one
