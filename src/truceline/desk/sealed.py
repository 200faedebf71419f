"""How far has each sealed exchange of a record come, may this step be taken now, and what is shown of it, to whom?

The rules are those of `exchange.sealed`, in one table. Here they meet the record: the checkpoint that a close cites and
who dated it, the box of a list that is challenged, the keys for which a list has to be sealed. Anybody with the record
asks the same of it again and gets the same answer.

What is shown is who committed, handed over, released, and who owes what until when: never a cell. The lists are read by
their sides, on their own machines (`desk.exchanging`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import msgspec

from truceline.agreement.model import Agreement
from truceline.desk.charters import clock_of
from truceline.desk.escrow import Listing, check_box, flaw_of
from truceline.desk.viewers import Viewer
from truceline.errors import SubmissionError, VerificationError, quoted
from truceline.exchange.sealed import (
    CHALLENGE,
    CLOSE,
    DENY,
    OPEN,
    Dated,
    Event,
    Exchange,
    Exchanges,
    Step,
    check_step,
)
from truceline.record.bundle import policy_of
from truceline.record.checkpoint import Checkpoint
from truceline.record.entry import Entry, Statement
from truceline.record.note import base64_of, check_note, read_note, signed
from truceline.record.policy import NONE, Policy
from truceline.record.register import REVOCATION, Register
from truceline.span import utc_text
from truceline.store.case import Case

EXCHANGE = "exchange"


class World(Protocol):
    """What the record says beside a step."""

    @property
    def log(self) -> str:
        """Origin of the log."""

    @property
    def policy(self) -> Policy:
        """Its witnesses."""

    def box(self, index: int) -> bytes | None:
        """The box of an entry with a sealed body; None where it is not at hand."""

    def is_revoked(self, index: int, before: int) -> bool:
        """Whether a key that signed an entry was revoked as of it or earlier, by an entry before another."""


# -- an entry as a step ------------------------------------------------------------------------------------------------


def check_exchange(one: Step, text: Agreement, register: Register) -> None:
    """Refuse what is no open step, by itself, or names somebody who could not take part.

    Raises:
        SubmissionError: it is none, or names no actor of the text with keys in the record.
    """
    check_step(one)
    if one.step != OPEN:
        return
    for name, ids in (("sides", one.sides), ("guarantors", one.guarantors)):
        for party in ids:
            if party not in text.parties or party not in register.sets:
                raise SubmissionError(f"`{name}`: expected actors of the text with keys, got {quoted(party)}")
    if one.about and one.about not in text.parties:
        raise SubmissionError(f"`about`: the text knows no {quoted(one.about)}")


def event_of(world: World, course: Exchanges, entry: Entry, *, index: int, at: int, signers: Iterable[str]) -> Event:
    """An entry of the record as the step that it takes.

    Args:
        world: what the record says beside it.
        course: every exchange before it.
        entry: of type `exchange`.
        index: of the entry.
        at: UTC second at which the record held it.
        signers: parties whose valid keys signed it.

    Raises:
        SubmissionError: its body is that of no step, or what it shows does not hold.
    """
    one, by = entry.statement, tuple(signers)
    if one.sealed is not None:
        return Event(index, at, one.by, by, None, one.sealed.commitment)
    try:
        said = msgspec.convert(one.body, Step)
    except msgspec.ValidationError as error:
        raise SubmissionError(f"`body`: {error}") from None
    check_step(said)  # a host may have let in what is none
    more: dict[str, Any] = {}
    if said.step == CLOSE:
        more = {"seen": _seen(one, said.times, world), "is_watched": world.policy.quorum != NONE}
    elif said.step == CHALLENGE:
        more = {"flaw": _flaw(course.all.get(said.of), said, world)}
    elif said.step == DENY:
        more = {"is_contested": 0 < said.entry < index and world.is_revoked(said.entry, index)}
    return Event(index, at, one.by, by, said, **more)


def _seen(one: Statement, times: Sequence[Dated], world: World) -> tuple[int, int] | None:
    """Size and second of the checkpoint that an entry cites, as enough witnesses dated it; None = not enough did.

    Raises:
        SubmissionError: a cosignature does not hold, or is by nobody whom the record knows as a witness.
    """
    known = {name: verifier for name, (verifier, _) in world.policy.witnesses.items()}
    if not times or not one.cites.size:
        return None
    lines = []
    for dated in times:
        if dated.witness not in known or not 0 <= dated.at < 1 << 53:
            raise SubmissionError(f"`times`: the record knows no witness {quoted(dated.witness)}, or not this time")
        blob = dated.at.to_bytes(8, "big") + bytes.fromhex("".join(dated.signature))
        verifier = known[dated.witness]
        lines.append(f"— {verifier.name} {base64_of(verifier.key_id + blob)}")
    text = Checkpoint(world.log, one.cites.size, bytes.fromhex(one.cites.root)).text
    try:
        held = check_note(read_note(signed(text, lines)), known.values())
    except VerificationError as error:
        raise SubmissionError(f"`times`: {error.faults[0]}") from None
    by_name = {name: held[verifier] or 0 for name, verifier in known.items() if verifier in held}
    second = dated_by(world.policy, by_name)
    return None if second is None else (one.cites.size, second)


def dated_by(policy: Policy, times: Mapping[str, int]) -> int | None:
    """The latest second at which enough witnesses cosigned, or later; None = never enough, or none are asked for."""
    if policy.quorum == NONE:
        return None
    for second in sorted(set(times.values()), reverse=True):
        if policy.is_met([name for name, at in times.items() if at >= second]):
            return second
    return None


def _flaw(one: Exchange | None, said: Step, world: World) -> str | None:
    """What is wrong with a list that is challenged; None = its box is not at hand."""
    index = None if one is None else one.reveals.get(said.against)
    box = None if index is None else world.box(index)
    if one is None or box is None:
        return None
    return flaw_of(box, Listing(one, world.log, said.against), bytes.fromhex(said.secret))


def dates_of(policy: Policy, note: bytes) -> tuple[Dated, ...]:
    """The cosignatures on a checkpoint by the witnesses of a policy, as a close says them."""
    known = {(verifier.name, verifier.key_id): name for name, (verifier, _) in policy.witnesses.items()}
    found = []
    for one in read_note(note).signatures:
        name = known.get((one.name, one.key_id))
        if name is not None and len(one.blob) == 72:
            signature = one.blob[8:].hex()
            found.append(Dated(int.from_bytes(one.blob[:8], "big"), (signature[:64], signature[64:]), name))
    return tuple(sorted(found, key=lambda dated: dated.witness))


# -- a case ------------------------------------------------------------------------------------------------------------


class CaseWorld:
    """The record of a case that is kept here."""

    def __init__(self, case: Case) -> None:
        """Take a case."""
        self._case = case
        register = case.register()
        self.log = register.log.name if register.log is not None else ""
        self.policy = policy_of(case.charter())

    def box(self, index: int) -> bytes | None:
        """A box; None where it was destroyed, or the case does not show its entry yet."""
        entries = self._case.entries()
        sealed = entries[index].statement.sealed if index < len(entries) else None
        if sealed is None or not self._case.store.has_blob(sealed.box):
            return None
        return self._case.store.blob(sealed.box)

    def is_revoked(self, index: int, before: int) -> bool:
        """Whether a key that signed an entry was revoked as of it or earlier."""
        if index >= len(self._case.entries()):
            return False
        return is_revoked(
            [one.statement.body for one in self._case.said(REVOCATION, before)],
            self._case.entries()[index].entry,
            index,
        )


def is_revoked(revocations: Iterable[Mapping[str, Any]], entry: Entry, index: int) -> bool:
    """Whether a key that signed an entry is among those revoked as of it or earlier."""
    keys = {mark.keyid for mark in entry.marks}
    return any(one["keyid"] in keys and one["since"] <= index for one in revocations)


@dataclass
class _Read:
    """A course, and how far it was read."""

    course: Exchanges
    size: int = 0


_READ: WeakKeyDictionary[Case, _Read] = WeakKeyDictionary()
_TURN = threading.Lock()


def exchanges_of(case: Case, upto: int | None = None) -> Exchanges:
    """Every exchange of a case, among its first `upto` entries; None = all, and then only what is new is read.

    It is shared: who changes something takes a copy.
    """
    world = CaseWorld(case)
    if upto is not None:
        return _advanced(_Read(Exchanges(world.log)), case, world, upto).course
    with _TURN:
        return _advanced(_READ.setdefault(case, _Read(Exchanges(world.log))), case, world, len(case.entries())).course


def _advanced(read: _Read, case: Case, world: World, end: int) -> _Read:
    for index, kind, *_ in case.rows(read.size):
        if index >= end:
            break
        if kind == EXCHANGE:
            said = case.entries()[index]
            take(read.course, world, said.entry, index=index, at=said.known_at, signers=case.signers(said))
        read.size = index + 1
    return read


def take(course: Exchanges, world: World, entry: Entry, *, index: int, at: int, signers: Iterable[str]) -> None:
    """Take in the next entry of type `exchange`; what shows nothing has no effect."""
    try:
        event = event_of(world, course, entry, index=index, at=at, signers=signers)
    except SubmissionError as error:
        course.ignored[index] = str(error)
        return
    course.take(event)


class SealedPath:
    """The exchanges of a case that is written to: what a log asks of a step before it takes it.

    INVARIANT: `_ahead` holds steps that the case does not show yet, each at the index at which it was taken: it is told
    of every entry, and the last one checked at an index is the one that was taken.
    """

    def __init__(self, case: Case, now: Callable[[], int]) -> None:
        """Take a case, and the clock of its log."""
        self._case, self._now = case, now
        self._ahead: dict[int, Entry] = {}

    def check(self, entry: Entry, register: Register, files: Mapping[str, bytes]) -> None:
        """Refuse a step that may not be taken now, and a box that is not as every other.

        Args:
            entry: the next one.
            register: the record before it.
            files: what comes with it, by hash.

        Raises:
            SubmissionError: it is not for this one, not now, or not this. ConflictError: it is not its turn.
        """
        self._ahead.pop(register.size, None)  # what was checked here before was not taken
        if entry.statement.type != EXCHANGE:
            return
        course, world, now = self._course(register), CaseWorld(self._case), self._now()
        one = event_of(world, course, entry, index=register.size, at=now, signers=register.signers(entry))
        course.check(one)
        if one.step == CHALLENGE and one.flaw is None:
            raise SubmissionError("`against`: its box is not at hand: nothing shows that the list was changed")
        if entry.statement.sealed is not None:
            self._check_box(entry, one, course, register, files)
        self._ahead[register.size] = entry

    def _course(self, register: Register) -> Exchanges:
        """The exchanges with what this batch was given before, which the case does not show yet."""
        made, shown, world = exchanges_of(self._case).copy(), len(self._case.entries()), CaseWorld(self._case)
        self._ahead = {index: one for index, one in self._ahead.items() if index >= shown}
        for index, one in sorted(self._ahead.items()):
            if index < register.size:
                take(made, world, one, index=index, at=self._now(), signers=register.signers(one))
        return made

    def _check_box(
        self, entry: Entry, one: Event, course: Exchanges, register: Register, files: Mapping[str, bytes]
    ) -> None:
        sealed, awaited = entry.statement.sealed, course.awaited(one.commitment)
        assert sealed is not None and awaited is not None  # noqa: S101  # both were looked at
        exchange, side = awaited
        readers = {party: register.readers([party]) for party in (*exchange.sides, *exchange.guarantors)}
        box, store = files.get(sealed.box), self._case.store
        if box is None and not store.has_blob(sealed.box):
            raise SubmissionError(f"blob {sealed.box[:12]}: named by the entry and not handed over")
        if box is None:
            box = store.blob(sealed.box)
        check_box(box, Listing(exchange, course.log, side), readers)


# -- what is shown -----------------------------------------------------------------------------------------------------

SEES_ALL = ("secretariat", "mediator")
"""Roles to whom every exchange is shown, without its lists; a party is shown those that name it."""


def exchanges_shown(case: Case, viewer: Viewer, after: int = -1) -> list[dict[str, Any]]:
    """The exchanges of a case that are shown to somebody, in their order, and what is due from whoever asks.

    Args:
        case: as it is kept.
        viewer: who asks; nobody but the roles of `SEES_ALL` and the parties named is shown anything.
        after: only those opened after this entry.
    """
    now = clock_of(case.charter())()
    found = [one for _, one in sorted(exchanges_of(case).all.items()) if one.of > after and is_shown(one, viewer)]
    return [exchange_shown(one, viewer.party, now) for one in found]


def is_shown(one: Exchange, viewer: Viewer) -> bool:
    """Whether an exchange is shown to somebody at all."""
    if viewer.role in SEES_ALL:
        return True
    return viewer.role == "party" and bool(viewer.party) and viewer.party in (*one.sides, *one.guarantors)


def exchange_shown(one: Exchange, party: str, now: int) -> dict[str, Any]:
    """An exchange as plain values: how far it has come, and what a party owes; no list, and nothing of one."""
    said = one.said
    return {
        "exchange": one.of, "opened_by": one.opened_by, "opened": utc_text(one.began), "about": said.about,
        "state": one.state, "since": utc_text(one.since), "step": one.step, "is_witnessed": one.is_witnessed,
        "threshold": said.threshold, "slots": said.slots,
        "commit_by": utc_text(said.commit_by), "reveal_by": utc_text(said.reveal_by),
        "release_by": utc_text(said.release_by),
        "sides": [
            {
                "party": side, "is_bound": side in one.bound,
                "committed": one.commitments[side].index if side in one.commitments else None,
                "commitment": one.commitments[side].commitment if side in one.commitments else "",
                "revealed": one.reveals.get(side), "refused": one.refusals.get(side),
            }
            for side in one.sides
        ],
        "guarantors": [
            {"party": holder, "released": one.releases.get(holder), "refused": one.refusals.get(holder)}
            for holder in one.guarantors
        ],
        "missing": list(one.missing()),
        "faults": [{"entry": fault.index, "party": fault.party, "what": fault.what} for fault in one.faults],
        "due": one.due(party, now),
        "until": utc_text(one.deadline()) if one.deadline() else None,
    }  # fmt: skip
