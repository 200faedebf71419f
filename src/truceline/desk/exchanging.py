"""What does a party do in a sealed exchange, on its own machine, wherever the record is kept?

Each function gives a draft to be signed and handed in; private keys, lists and salts stay here. What the record says is
read anew for each step: of a service every entry is held against its proof, and every signature is verified.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from truceline.desk import keyring
from truceline.desk.charters import clock_of
from truceline.desk.client import Remote
from truceline.desk.cosigners import ask
from truceline.desk.entries import consistency_of
from truceline.desk.escrow import (
    MOST_BOX,
    Kept,
    Listing,
    boxed,
    commitment_step,
    fixed,
    flaw_of,
    forget,
    inner_of,
    keep,
    kept_of,
    opened,
    share_of,
)
from truceline.desk.records import Draft, Place
from truceline.desk.sealed import (
    EXCHANGE,
    CaseWorld,
    World,
    dated_by,
    dates_of,
    exchanges_of,
    is_revoked,
    take,
)
from truceline.desk.venue import Local, Venue
from truceline.errors import AccessError, InputError, StateError, StoreError, UnknownError, VerificationError, quoted
from truceline.exchange.floor import listed
from truceline.exchange.sealed import (
    CHALLENGE,
    CLOSE,
    DENY,
    ENDS,
    OPENED,
    REFUSE,
    RELEASE,
    Dated,
    Exchange,
    Exchanges,
    Step,
)
from truceline.record.bundle import policy_of
from truceline.record.charter import Charter, read_body
from truceline.record.checkpoint import open_checkpoint
from truceline.record.entry import check_marks, read_entry
from truceline.record.log import noted
from truceline.record.note import Verifier, bytes_of, read_note, signed
from truceline.record.policy import NONE, Policy
from truceline.record.proof import check_proof, read_proof
from truceline.record.register import REVOCATION
from truceline.record.tree import leaf_hash
from truceline.span import parse_instant

_ENTRIES = "/api/v1/record/entries"


@dataclass(frozen=True)
class Seen:
    """The exchanges of a record, as whoever looks has them.

    Attributes:
        world: what the record says beside them.
        course: every exchange.
        is_demo: whether published keys count.
        second: UTC second at which it was looked at, by the clock of the case or of this machine.
    """

    world: World
    course: Exchanges
    is_demo: bool
    second: int

    def one(self, of: int) -> Exchange:
        """An exchange.

        Raises:
            UnknownError: there is none of this entry.
        """
        found = self.course.all.get(of)
        if found is None:
            why = self.course.ignored.get(of)
            raise UnknownError(f"entry {of} opened no exchange" + (f": {why}" if why else ""))
        return found

    def box(self, one: Exchange, side: str) -> bytes:
        """The box of a side's list.

        Raises:
            StoreError: it has not been handed over, or is not given to whoever asks.
        """
        index = one.reveals.get(side)
        found = None if index is None else self.world.box(index)
        if found is None:
            raise StoreError(f"exchange {one.of}: the list of {quoted(side)} is not here, or not for whoever asks")
        return found


class RemoteWorld:
    """The record of a case that a service keeps; what it says of an entry is believed once it is proved."""

    def __init__(self, remote: Remote) -> None:
        """Take a service."""
        self._remote, self.log = remote, remote.meet().name
        data = remote.read(f"{_ENTRIES}/0/bytes")
        self.policy = policy_of(read_body(read_entry(data).statement.body, Charter, "charter"))
        self._register = remote.register()

    def box(self, index: int) -> bytes | None:
        """A box that is for whoever asks."""
        try:
            return self._remote.read(f"{_ENTRIES}/{index}/box", most=MOST_BOX)
        except AccessError:
            return None

    def is_revoked(self, index: int, before: int) -> bool:
        """Whether a key that signed an entry was revoked as of it or earlier."""
        said = [one for one in self._remote.entries(REVOCATION) if one["entry"] < before]
        return bool(said) and is_revoked([one["body"] for one in said], self._remote.entry(index)[1], index)

    def course(self) -> Exchanges:
        """Every exchange, each of its entries proved and its signatures verified.

        Raises:
            VerificationError: an entry is not in the log, or a signature does not hold.
        """
        made, keys = Exchanges(self.log), {key: one.public for key, one in self._register.keys.items()}
        for shown in self._remote.entries(EXCHANGE):
            index = int(shown["entry"])
            _, entry = self._remote.entry(index)
            proof = read_proof(self._remote.read(f"{_ENTRIES}/{index}/proof"))
            if proof.index != index:
                raise VerificationError(f"{self._remote.url}: the proof of entry {index} is one of another")
            check_proof(proof, leaf_hash(entry.data), self._remote.meet())
            check_marks(entry, keys)
            at, signers = parse_instant(str(shown["known_at"]), "UTC"), self._register.signers(entry)
            take(made, self, entry, index=index, at=at, signers=signers)
        return made


def seen(venue: Venue) -> Seen:
    """The exchanges of a record."""
    if isinstance(venue, Local):
        charter = venue.case.charter()
        return Seen(CaseWorld(venue.case), exchanges_of(venue.case), charter.is_demo, clock_of(charter)())
    assert isinstance(venue, Remote)  # noqa: S101  # there are two kinds
    world = RemoteWorld(venue)
    return Seen(world, world.course(), venue.is_demo, venue.now())


# -- each step ---------------------------------------------------------------------------------------------------------


def step_draft(said: Step, by: str) -> Draft:
    """An open step as a draft."""
    return Draft(EXCHANGE, msgspec.to_builtins(said), by)


def commit(now: Seen, of: int, by: str, cells: Sequence[str], *, is_anew: bool = False) -> tuple[Draft, Kept]:
    """Fix a list; it lies on this machine before the draft is given.

    Args:
        now: what the record says.
        of: the exchange.
        by: the side.
        cells: of H3 resolution 5 or coarser, in any order.
        is_anew: in place of a list that was fixed here before; else the same list is taken again, another refused.

    Raises:
        SubmissionError: a cell is finer than the floor, or there are too many. StateError: it is not the time.
        StoreError: another list is fixed on this machine.
    """
    one = now.one(of)
    if by not in one.sides or by in one.commitments:
        raise StateError(f"exchange {of}: {quoted(by)} has nothing to commit to")
    kept = fixed(one, now.course.log, by, listed(cells), keyring.random_bytes)
    if is_anew:
        forget(now.course.log, of, by)
    kept = keep(kept)
    return step_draft(commitment_step(one, kept), by), kept


def reveal(now: Seen, of: int, by: str, place: Place) -> Draft:
    """The list that was fixed, sealed for both sides under a key that only k guarantors together have.

    Args:
        now: what the record says.
        of: the exchange.
        by: the side.
        place: with the keys of those who are to read, proved.

    Raises:
        StoreError: this machine holds no list. InputError: somebody has no key to read with.
    """
    one = now.one(of)
    kept = kept_of(now.course.log, of, by)
    readers = {party: place.register.readers([party]) for party in (*one.sides, *one.guarantors)}
    return Draft(EXCHANGE, None, by, boxed=boxed(one, kept, readers, keyring.random_bytes))


def release(now: Seen, of: int, by: str) -> Draft:
    """The shares of a guarantor, of both lists in one statement.

    Raises:
        VerificationError: one that was sealed for it is not what its mark says: it refuses, by `refuse`.
        StateError: the lists are not both handed over, or the exchange has ended.
    """
    one = now.one(of)
    if by not in one.guarantors or set(one.reveals) != set(one.sides) or one.state in ENDS:
        raise StateError(f"exchange {of} is {one.state}: there is nothing for {quoted(by)} to release")
    shares = {side: _share(now, one, side, by).hex() for side in one.sides}
    return step_draft(Step(RELEASE, of, shares=shares), by)


def _share(now: Seen, one: Exchange, side: str, party: str) -> bytes:
    box, error = now.box(one, side), VerificationError(f"this machine holds no key of {quoted(party)} to read with")
    for key in keyring.keys_of(party, "read", is_demo=now.is_demo):
        try:
            return share_of(box, Listing(one, now.course.log, side), party, key)
        except VerificationError as found:
            error = found
    raise error


def _inner(now: Seen, one: Exchange, side: str, party: str) -> bytes:
    box, error = now.box(one, side), VerificationError(f"this machine holds no key of {quoted(party)} to read with")
    for key in keyring.keys_of(party, "read", is_demo=now.is_demo):
        try:
            return inner_of(box, Listing(one, now.course.log, side), key)
        except VerificationError as found:
            error = found
    raise error


def checked(now: Seen, of: int, party: str) -> dict[str, str]:
    """What was sealed for a side or a guarantor, tried before anything is opened.

    Returns:
        Side to what is wrong with what its list holds for the party; empty = nothing. Only lists that are handed over.
    """
    one, found = now.one(of), {}
    for side in one.reveals:
        try:
            (_share if party in one.guarantors else _inner)(now, one, side, party)
            found[side] = ""
        except (VerificationError, StoreError) as error:
            found[side] = str(error.faults[0])
    return found


def refuse(of: int, by: str) -> Draft:
    """That what was sealed for a party is not what its mark says, or cannot be opened."""
    return step_draft(Step(REFUSE, of), by)


def challenge(now: Seen, of: int, by: str, *, is_forced: bool = False) -> Draft:
    """That the opened list of the other side is not what it committed to.

    Args:
        now: what the record says.
        of: the exchange.
        by: the side that says so.
        is_forced: say so even where it does not hold: the log refuses it.

    Raises:
        StateError: the lists are not opened, or the list holds: to say otherwise would only give its key away.
    """
    one = now.one(of)
    if one.state != OPENED or by not in one.sides:
        raise StateError(f"exchange {of} is {one.state}: there is no opened list for {quoted(by)} to challenge")
    against = next(side for side in one.sides if side != by)
    inner = _inner(now, one, against, by)
    if not is_forced and not flaw_of(now.box(one, against), Listing(one, now.course.log, against), inner):
        raise StateError(f"the list of {quoted(against)} is what was committed to")
    return step_draft(Step(CHALLENGE, of, against=against, secret=inner.hex()), by)


def deny(of: int, by: str, entry: int) -> Draft:
    """That a party did not say what an entry says under its name."""
    return step_draft(Step(DENY, of, entry=entry), by)


def lists(now: Seen, of: int, party: str) -> dict[str, tuple[str, ...] | str]:
    """Both lists, for a side that was named, once they are opened; in place of one that does not hold or is gone, why.

    Raises:
        StateError: they are not opened, or the party is none of the sides.
    """
    one = now.one(of)
    if party not in one.sides or len(one.releases) < one.said.threshold:
        raise StateError(f"exchange {of} is {one.state}: there is no list for {quoted(party)} to read")
    found: dict[str, tuple[str, ...] | str] = {}
    for side in one.sides:
        try:
            found[side] = opened(now.box(one, side), Listing(one, now.course.log, side), _inner(now, one, side, party))
        except (VerificationError, StoreError) as error:
            found[side] = str(error.faults[0])
    return found


def forget_ended(now: Seen, party: str) -> list[int]:
    """Destroy what this machine holds of the lists of exchanges that have ended; which those were."""
    ended = [one for one in now.course.all.values() if one.state in (*ENDS, OPENED) and party in one.sides]
    return [one.of for one in ended if forget(now.course.log, one.of, party)]


# -- the end of a window -----------------------------------------------------------------------------------------------


def close(venue: Venue, now: Seen, of: int, place: Place, by: str) -> Draft:
    """The end of the window of an exchange, and the witnesses who dated it.

    Args:
        venue: where the record is.
        now: what it says.
        of: the exchange.
        place: where the statement is going to stand: the witnesses date the checkpoint that it cites.
        by: who says so: anybody who speaks in the record.

    Raises:
        StateError: the window is not over, or not enough witnesses have dated a checkpoint after it.
    """
    one = now.one(of)
    deadline = one.deadline()
    if not deadline:
        raise StateError(f"exchange {of} is {one.state}: nothing of it is to be closed")
    if place.now() <= deadline:
        raise StateError(f"exchange {of} is {one.state} until second {deadline}")
    times: tuple[Dated, ...] = ()
    if now.world.policy.quorum != NONE:
        times = _dates(venue, now.world.policy, place)
        second = dated_by(now.world.policy, {dated.witness: dated.at for dated in times})
        if second is None or second <= deadline:
            times = ()  # where the witnesses are silent the clock of the log decides, a day later
    return step_draft(Step(CLOSE, of, times=times, window=one.state), by)


def _dates(venue: Venue, policy: Policy, place: Place) -> tuple[Dated, ...]:
    """Who dates the newest checkpoint: the cosignatures on it, and what each witness says when it is asked now."""
    size, note = place.head.size, _noted(venue, place)
    log = Verifier.parse(place.register.charter.log) if place.register.charter else place.register.log
    assert log is not None  # noqa: S101  # a record has a log
    read = read_note(note)
    own = [one.line for one in read.signatures if (one.name, one.key_id) == (log.name, log.key_id)]
    bare = signed(read.text, own)
    open_checkpoint(bare, log)
    found = {dated.witness: dated for dated in dates_of(policy, note)}
    asked = ask(bare, policy, lambda old: _path(venue, old, size), now=place.now())
    for line in asked.lines.values():
        with contextlib.suppress(VerificationError):
            found |= {dated.witness: dated for dated in dates_of(policy, signed(read.text, [line.rstrip("\n")]))}
    return tuple(found[name] for name in sorted(found))


def _noted(venue: Venue, place: Place) -> bytes:
    if isinstance(venue, Local):
        return noted(venue.case.store, place.head.size)
    assert isinstance(venue, Remote)  # noqa: S101  # there are two kinds
    note = str(venue.ask("/api/v1/record")["checkpoint"]).encode()
    if f"\n{place.head.size}\n" not in note.decode():
        raise StateError("the record has grown meanwhile: try again")
    return note


def _path(venue: Venue, old: int, new: int) -> list[bytes]:
    if isinstance(venue, Local):
        shown: Mapping[str, Any] = consistency_of(venue.case, old, new)
    else:
        assert isinstance(venue, Remote)  # noqa: S101  # there are two kinds
        shown = venue.ask("/api/v1/record/consistency", {"old": old, "new": new})
    return [bytes_of(one) for one in shown["path"]]


def parsed_cells(data: bytes, name: str) -> tuple[str, ...]:
    """The cells of a file: one in a line, or a JSON array; blank lines and what follows `#` are left out.

    Raises:
        InputError: it is neither. What a line holds is never repeated: it may be finer than it should be.
    """
    try:
        text = data.decode("utf-8-sig")
        if text.lstrip().startswith("["):
            return tuple(msgspec.json.decode(text, type=list[str]))
    except (UnicodeDecodeError, msgspec.DecodeError):
        raise InputError(f"{name}: expected cells, one in a line, or a JSON array of them") from None
    return tuple(word for line in text.splitlines() if (word := line.partition("#")[0].strip()))
