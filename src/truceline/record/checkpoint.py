"""Which tree does a log stand by, and did it stand by two?

A checkpoint is a note that says: my tree has this size and this root. Two of one size with different roots, both
signed by the log, prove to anybody that the log has lied. It promises that an opened checkpoint carries the log's own
signature. It never says whether enough witnesses saw it: that is `policy`.

Source: C2SP tlog-checkpoint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from truceline.errors import InputError, VerificationError, quoted
from truceline.record.note import (
    COSIGNATURE,
    ED25519,
    MOST_BYTES,
    Note,
    Verifier,
    base64_of,
    bytes_of,
    check_distinct,
    check_note,
    read_note,
)
from truceline.record.tree import EMPTY_ROOT, HASH_BYTES

MOST_SIZE = 2**63 - 1
FORK = "truceline/fork/1"
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f]")


@dataclass(frozen=True)
class Checkpoint:
    r"""Size and root of a log's tree.

    Attributes:
        origin: which log.
        size: entries.
        root: hash of the tree, 32 bytes.
        extensions: further lines, which nobody audits; none in our logs.

    >>> Checkpoint("log.example", 0, EMPTY_ROOT).text
    'log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n'
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what could not be read back."""
        if not all(line and not _CONTROL.search(line) for line in (self.origin, *self.extensions)):
            raise VerificationError("expected lines that are not empty and have no control characters in a checkpoint")
        if not 0 <= self.size <= MOST_SIZE:
            raise VerificationError(f"expected a tree size from 0 to 2**63 - 1, got {self.size}")
        if len(self.root) != HASH_BYTES:
            raise VerificationError(f"expected a root of {HASH_BYTES} bytes, got {len(self.root)}")
        if not self.size and self.root != EMPTY_ROOT:
            raise VerificationError("checkpoint of an empty tree with the root of another")

    @property
    def text(self) -> str:
        """What is signed."""
        lines = (self.origin, str(self.size), base64_of(self.root), *self.extensions)
        return "".join(line + "\n" for line in lines)


def read_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint, strictly.

    Raises:
        VerificationError: it is none.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1]:
        raise VerificationError("expected a checkpoint: origin, size and root, each on a line ended by a newline")
    origin, size, root, *extensions = lines[:-1]
    return Checkpoint(origin, decimal_of(size), bytes_of(root), tuple(extensions))


def decimal_of(text: str) -> int:
    """Read a number from 0 to 2**63 - 1 that is written the one way.

    Raises:
        VerificationError: it is not.
    """
    number = int(text) if _DECIMAL.fullmatch(text) else MOST_SIZE + 1
    if number > MOST_SIZE:
        raise VerificationError(f"expected a number from 0 to 2**63 - 1 without leading zeroes, got {quoted(text)}")
    return number


@dataclass(frozen=True)
class Opened:
    """A checkpoint whose signatures have been verified.

    Attributes:
        checkpoint: what the log signed.
        times: the known witnesses that cosigned, each with its time (POSIX seconds).
        note: as it was read.
    """

    checkpoint: Checkpoint
    times: dict[Verifier, int]
    note: Note


def open_checkpoint(data: bytes, log: Verifier, witnesses: Iterable[Verifier] = ()) -> Opened:
    """Read a checkpoint and verify it.

    Args:
        data: the signed note.
        log: its key; the key's name is the origin that the checkpoint must have.
        witnesses: keys whose cosignatures count.

    Raises:
        VerificationError: not a checkpoint of this log, or a signature of a known key fails.
    """
    return open_any(data, (log,), witnesses)


def open_any(data: bytes, logs: Sequence[Verifier], witnesses: Iterable[Verifier] = ()) -> Opened:
    """As `open_checkpoint`, for whichever of several logs has signed.

    Raises:
        VerificationError: not a checkpoint of one of these logs, or a signature of a known key fails.
    """
    witnesses = tuple(witnesses)
    check_distinct((*logs, *witnesses))
    check_kinds(logs, witnesses)
    note = read_note(data)
    checkpoint = read_checkpoint(note.text)
    named = [log for log in logs if log.name == checkpoint.origin]
    if not named:
        known = ", ".join(quoted(log.name) for log in logs) or "no log at all"
        raise VerificationError(f"checkpoint of another log: expected {known}, got {quoted(checkpoint.origin)}")
    signed = check_note(note, (*named, *witnesses))
    if not any(log in signed for log in named):
        raise VerificationError(f"log {quoted(checkpoint.origin)} has not signed its checkpoint")
    return Opened(checkpoint, {key: at for key, at in signed.items() if at is not None}, note)


def check_kinds(logs: Iterable[Verifier], witnesses: Iterable[Verifier]) -> None:
    """Logs sign and witnesses cosign, or this raises.

    Raises:
        InputError: a key of the other kind.
    """
    for kind, verifiers in ((ED25519, logs), (COSIGNATURE, witnesses)):
        for verifier in verifiers:
            if verifier.kind != kind:
                raise InputError(f"key {quoted(verifier.name)}: expected kind {kind}, got {verifier.kind}")


# -- proof that a log has lied ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fork:
    """Two notes in which one log stands by two trees of one size.

    This convinces anybody who knows the log's key. It is the only proof of its sort: when sizes differ and a
    consistency proof fails, the failure shows only that this proof is bad, for another may pass; keep both notes and
    ask the log for a proof that holds.

    Attributes:
        first: a signed note.
        second: the other.
    """

    first: bytes
    second: bytes

    @property
    def data(self) -> bytes:
        """The evidence as JSON, to hand to a third party."""
        first, second = (read_note(data).data.decode() for data in (self.first, self.second))
        parts = {"first": first, "second": second, "type": FORK}
        return json.dumps(parts, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def read_fork(data: bytes) -> Fork:
    """Read evidence that somebody hands over; believe it only after `check_fork`.

    Raises:
        InputError: it is no such evidence.
    """
    if len(data) > 4 * MOST_BYTES:
        raise InputError(f"expected evidence of at most {4 * MOST_BYTES} bytes, got {len(data)}")
    try:
        parts = json.loads(data.decode(), object_pairs_hook=_once)
        if parts.keys() != {"first", "second", "type"} or parts["type"] != FORK:
            raise ValueError
        return Fork(parts["first"].encode(), parts["second"].encode())
    except (ValueError, AttributeError, RecursionError):
        raise InputError(f'expected evidence of a fork: {{"first", "second", "type": "{FORK}"}}') from None


def check_fork(fork: Fork, log: Verifier) -> None:
    """The log has signed two trees of one size, or this raises.

    Raises:
        VerificationError: it is no proof of that.
    """
    first, second = (open_checkpoint(data, log).checkpoint for data in (fork.first, fork.second))
    if first.size != second.size:
        raise VerificationError(
            f"no proof of a fork: sizes {first.size} and {second.size} differ, and a consistency proof that fails "
            "proves nothing to others"
        )
    if first.root == second.root:
        raise VerificationError(f"no proof of a fork: one root for size {first.size} in both notes")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON in which a key stands twice means two things."""
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError
    return values
