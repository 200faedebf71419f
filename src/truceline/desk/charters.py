"""How does a record begin? With a charter: whose log it is, who founds it, whose keys sign, by which clock it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from truceline.agreement.text import load
from truceline.desk import keyring
from truceline.desk.files import read_bytes
from truceline.errors import Fault, InputError, StoreError, SubmissionError, quoted, raise_all
from truceline.group import DESK
from truceline.record.charter import Charter, KeySet, Quorum, plain
from truceline.record.entry import SCHEMA, Cited, SigningKey, Statement, countersign, read_entry, sign, written
from truceline.record.log import Keys
from truceline.record.note import COSIGNATURE, ED25519, Verifier
from truceline.record.policy import read_policy
from truceline.record.register import CHARTER
from truceline.span import parse_instant
from truceline.store.folder import charter_of

DEMO_CLOCK = "2020-01-01T00:00Z"
"""The fixed clock of the shipped case, marked as such: the same bytes on every machine and every day."""

Clock = Callable[[], int]


def demo_clock() -> int:
    """The fixed second of the shipped case."""
    return parse_instant(DEMO_CLOCK, "UTC")


def clock_of(charter: Charter) -> Clock:
    """What time it is for a case."""
    return demo_clock if charter.is_demo else lambda: int(time.time())


class Forward:
    """A clock that does not go back: the time of a checkpoint is never before that of the one before it."""

    def __init__(self, now: Clock, last: int = 0) -> None:
        """Begin at a second, or at what a clock says, whichever is later."""
        self._now, self._last = now, last

    def __call__(self) -> int:
        """What time it is."""
        self._last = max(self._last, self._now())
        return self._last


def new_charter(title: str, *, is_demo: bool = False, parties: Sequence[KeySet] = (), policy: str = "") -> Charter:
    """A charter for a new record, kept by this machine: its keys are made here.

    Args:
        title: of the case; the origin of the log is made of it, and of the log's key.
        is_demo: with the published demo keys.
        parties: the first key sets of others who found it.
        policy: witnesses and quorum (C2SP tlog-policy).
    """
    if not is_demo:
        keyring.refuse_demo(parties)  # before anything is made
    name = "".join(c if c.isalnum() else "-" for c in title.lower()).strip("-")
    if is_demo:
        origin = f"demo.truceline.example/{name}"
        log, clock = keyring.demo_key(origin, "log"), keyring.demo_key(origin, "clock")
    else:
        secret = keyring.random_bytes(32)
        origin = f"truceline.local/{name}/{SigningKey.of_seed(secret).public.hex()[:8]}"  # no other log has this key
        log, clock = keyring.new_key(origin, "log", secret=secret), keyring.new_key(origin, "clock")
    everybody = (keyring.key_set(DESK, is_demo=is_demo), *parties)
    ids = tuple(one.party for one in everybody)
    return Charter(
        clock=Verifier(keyring.clock_name(origin), COSIGNATURE, clock.public).vkey,
        countersign=Quorum(ids[1:] or ids, max(1, len(ids) // 2)),
        is_demo=is_demo,
        log=Verifier(origin, ED25519, log.public).vkey,
        parties=everybody,
        policy=policy,
        shred=Quorum(ids, min(2, len(ids))),
        title=title,
    )


def founded(agreement: Path, parties: Sequence[Path], policy: Path | None) -> Charter:
    """A charter for a new record: of this machine, and of the parties whose key sets lie in files.

    Raises:
        InputError: a file is no key set, or no policy.
    """
    sets, faults = [], []
    for path in parties:
        try:
            sets.append(msgspec.json.decode(read_bytes(path), type=KeySet))
        except msgspec.DecodeError as error:
            faults.append(Fault(f"expected a key set, as `keys new -o` writes it: {error}", str(path)))
    raise_all(faults, InputError)
    text = "" if policy is None else read_bytes(policy).decode("utf-8", "replace")
    if policy is not None:
        read_policy(text.encode(), policy.name)
    name = load(read_bytes(agreement), agreement.name).id
    return new_charter(name, parties=sets, policy=text)


def keys_of(charter: Charter) -> Keys:
    """The keys of a log, if this machine holds them.

    Raises:
        StoreError: it does not: the log can be read and verified here, and not be written.
    """
    log, clock = Verifier.parse(charter.log), Verifier.parse(charter.clock)
    try:
        return keyring.log_keys(log.public, clock.public, log.name, is_demo=charter.is_demo)
    except StoreError as error:
        raise StoreError(f"{error}: only its keeper writes this record; `submit -o` signs what you hand over") from None


def charter_entry(charter: Charter, by: str = DESK) -> bytes:
    """The first entry of a log, signed by every root key of its parties that this machine holds.

    Raises:
        StoreError: it holds none of them.
    """
    log = Verifier.parse(charter.log)
    statement = Statement((), plain(charter), by, Cited(), None, log.name, "", SCHEMA, None, 0, CHARTER, "")
    return sign(written(statement), _roots_of(charter, [party.party for party in charter.parties]))


def sign_charter(data: bytes, party: str) -> bytes:
    """Add the signature of a founding party to a charter that others keep, with the root key of this machine.

    Raises:
        StoreError: this machine does not hold it. SubmissionError: it is no charter, or not of this party.
    """
    charter = charter_of(data)
    if party not in {one.party for one in charter.parties}:
        raise SubmissionError(f"{quoted(party)} is no party of this charter")
    for key in _roots_of(charter, [party]):
        data = countersign(read_entry(data), key)
    return data


def _roots_of(charter: Charter, parties: Sequence[str]) -> list[SigningKey]:
    """The root keys of some parties that this machine holds."""
    found, missing = [], StoreError("this machine holds no root key of the charter")
    for party in charter.parties:
        for root in party.roots if party.party in parties else ():
            try:
                held = keyring.find("root", root, party.party, is_demo=charter.is_demo)
                found.append(SigningKey.of_seed(held.secret))
            except StoreError as error:
                missing = error
    if not found:
        raise missing
    return found
