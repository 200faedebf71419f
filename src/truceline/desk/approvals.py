r"""What does a second person have to approve before the record takes it, and how does it wait for that?

An amendment, a change of keys and the destruction of a body cannot be taken back. Who submits one by HTTP has used a
passkey just now; then it waits, byte for byte as it was signed, until another account has approved it, with a passkey
used just now: one of the secretariat, or of a party that signed it. Nothing that a second person does changes a byte of
it; what nobody approves in time is dropped, with a note. The record checks it once more when it takes it.

    waiting -> approved -> taken        the record took it
       |           \----> failed       the record refused it
       |----> refused                   by somebody who may approve, or by who submitted it
       \----> expired
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from truceline.desk.audits import HOST, note
from truceline.desk.sessions import require_fresh
from truceline.desk.settings import Settings
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import AccessError, ConflictError, InputError, StoreError, SubmissionError, TrucelineError
from truceline.group import may_do
from truceline.record.entry import Entry, key_id, read_entry
from truceline.record.register import KEYS, REVOCATION, SHREDDING, Register
from truceline.record.tree import leaf_hash
from truceline.span import utc_text
from truceline.store.case import AMENDMENT
from truceline.store.state import State, accounts, approvals
from truceline.store.state.approvals import APPROVED, FAILED, TAKEN, WAITING, Held

MOST_WAITING = 20
"""So many of one account may wait at once."""

KEPT_S = 365 * 86_400
"""So long it can be read what became of something that waited."""

STUCK_S = 60
"""What was approved and not answered by the record for so long may be approved again: the service died in between."""

_SECOND = frozenset({AMENDMENT, KEYS, REVOCATION, SHREDDING})

Append = Callable[[bytes, Mapping[str, bytes]], int]
"""Hands an entry and its files to the record, and gives its index."""


def needs_second(statement_type: str) -> bool:
    """Whether a second person has to approve a statement of a type.

    >>> needs_second("amendment"), needs_second("shredding"), needs_second("allegation")
    (True, True, False)
    """
    return statement_type in _SECOND


def signers_of(entry: Entry, register: Register) -> tuple[str, ...]:
    """The parties whose keys are named by the signatures of an entry, and its submitter."""
    marks = {mark.keyid for mark in entry.marks}
    found = {entry.statement.by, *(register.keys[one].party for one in marks if one in register.keys)}
    found |= {party for party, own in register.sets.items() if any(key_id(root) in marks for root in own.roots)}
    return tuple(sorted(found))


def hold(
    state: State, settings: Settings, viewer: Viewer, now: int, *, entry: bytes, files: Mapping[str, bytes],
    register: Register,
) -> Held:  # fmt: skip
    """Let an entry wait for a second person; the same one again is the one that waits already.

    Args:
        state: of the service.
        settings: of the service.
        viewer: who submits it.
        now: UTC second.
        entry: as it was signed; whoever calls has asked the record whether it would take it.
        files: what it names by hash.
        register: of the record: whose keys signed.

    Raises:
        ConfirmError: no passkey was used just now. SubmissionError: it is no entry. InputError: too many wait already.
    """
    require_fresh(viewer, now)
    drop_expired(state, now)
    forget_old(state, now)
    read = read_entry(entry)
    waiting = approvals.listed(state, account=viewer.account, only=WAITING)
    leaf = leaf_hash(entry)
    if len(waiting) >= MOST_WAITING and all(one.leaf != leaf for one in waiting):
        raise InputError(f"expected at most {MOST_WAITING} statements of one account to wait for a second person")
    made = Held(
        f"h-{secrets.token_hex(8)}", leaf, read.statement.type, entry, signers_of(read, register), viewer.account, now,
        now + settings.approval_s, files=dict(files),
    )  # fmt: skip
    kept = approvals.hold(state, made)
    if kept.id == made.id:
        note(state, viewer, now, "approval", "hold", about=made.id)
    return kept


def listed(state: State, viewer: Viewer, now: int) -> list[Held]:
    """What the viewer may see of what waits or waited, oldest first, without files."""
    drop_expired(state, now)
    return [one for one in approvals.listed(state) if _may_see(viewer, one)]


def found(state: State, viewer: Viewer, name: str, now: int) -> Held:
    """One held entry.

    Raises:
        AccessError: there is none, or not for this viewer.
    """
    drop_expired(state, now)
    one = approvals.find(state, name)
    if one is None or not _may_see(viewer, one):
        raise AccessError(REFUSED)
    return one


def approve(state: State, viewer: Viewer, now: int, name: str, append: Append) -> Held:
    """Approve a held entry, and hand it to the record.

    Args:
        state: of the service.
        viewer: who approves it.
        now: UTC second.
        name: of the held entry.
        append: hands it over.

    Raises:
        AccessError: there is none for this viewer. ConfirmError: no passkey was used just now.
        ConflictError: somebody decided already. SubmissionError: by the account that submitted it, or one that the
        same person may hold; or the record refuses it. StoreError: the record cannot be reached: it waits on.
    """
    one = found(state, viewer, name, now)
    if not _may_approve(viewer, one):
        raise AccessError(REFUSED)
    require_fresh(viewer, now)
    if one.account == viewer.account:
        raise SubmissionError("expected another account to approve it than the one that submitted it")
    if accounts.hands(state, one.account) & accounts.hands(state, viewer.account):
        raise SubmissionError("expected somebody to approve it whom another person let in than who submitted it")
    is_stuck = one.state == APPROVED and one.decided_at + STUCK_S <= now
    before = APPROVED if is_stuck else WAITING
    if not approvals.move(state, name, before, APPROVED, decided_by=viewer.account, decided_at=now):
        raise _decided(state, name)
    note(state, viewer, now, "approval", "approve", about=name)
    try:
        index = append(one.entry, one.files)
    except StoreError:
        approvals.move(state, name, APPROVED, WAITING, decided_by="", decided_at=0)
        raise
    except TrucelineError as error:
        approvals.move(state, name, APPROVED, FAILED, note=str(error.faults[0]))
        raise
    approvals.move(state, name, APPROVED, TAKEN, index=index)
    return found(state, viewer, name, now)


def refuse(state: State, viewer: Viewer, now: int, name: str, why: str) -> Held:
    """Refuse a held entry, or take one's own back.

    Args:
        state: of the service.
        viewer: who refuses it.
        now: UTC second.
        name: of the held entry.
        why: one line, kept beside it.

    Raises:
        AccessError: there is none for this viewer. ConflictError: somebody decided already.
    """
    one = found(state, viewer, name, now)
    if viewer.is_machine or not (_may_approve(viewer, one) or one.account == viewer.account):
        raise AccessError(REFUSED)
    if not approvals.move(state, name, WAITING, approvals.REFUSED, decided_by=viewer.account, decided_at=now, note=why):
        raise _decided(state, name)
    note(state, viewer, now, "approval", "refuse", about=name)
    return found(state, viewer, name, now)


def drop_expired(state: State, now: int) -> None:
    """Drop what nobody approved in time."""
    for name in approvals.expire(state, now):
        note(state, HOST, now, "approval", "expire", about=name)


def forget_old(state: State, now: int) -> int:
    """Drop what was over long ago; the audit keeps who decided what, and the record what it took."""
    return approvals.forget(state, now - KEPT_S)


def shown(one: Held, *, is_whole: bool = False) -> dict[str, Any]:
    """A held entry as it is shown; whole: with its bytes and what they say."""
    made: dict[str, Any] = {
        "id": one.id, "type": one.type, "leaf": one.leaf.hex(), "parties": list(one.parties), "account": one.account,
        "made": utc_text(one.made_at), "expires": utc_text(one.expires), "state": one.state,
        "decided_by": one.decided_by, "decided": utc_text(one.decided_at) if one.decided_at else None,
        "note": one.note, "index": one.index if one.index >= 0 else None,
    }  # fmt: skip
    if is_whole:
        made["entry"] = base64.b64encode(one.entry).decode()
        made["statement"] = msgspec.to_builtins(read_entry(one.entry).statement)
        made["files"] = {digest: base64.b64encode(data).decode() for digest, data in one.files.items()}
    return made


def _may_see(viewer: Viewer, one: Held) -> bool:
    return _may_approve(viewer, one) or viewer.account == one.account


def _may_approve(viewer: Viewer, one: Held) -> bool:
    """Of the secretariat, or of a party that signed: and a person."""
    is_theirs = viewer.role == "secretariat" or (bool(viewer.party) and viewer.party in one.parties)
    return is_theirs and not viewer.is_machine and may_do(viewer.role, "statement", "approve")


def _decided(state: State, name: str) -> ConflictError:
    one = approvals.find(state, name)
    return ConflictError(f"it is {one.state if one else 'gone'}: expected one that is {WAITING}")
