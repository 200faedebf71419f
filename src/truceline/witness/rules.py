"""Which request does a witness cosign, and what does it answer to the others?

The deciding part, without files, network or clock. It promises never to say yes to a checkpoint that does not continue
the one before. It never believes a name, and never counts a signature line of a key it does not know.

The order of the checks, numbered at the lines:
    1 the body is a request: old size, proof, signed checkpoint
    2 the log is known
    3 the log has signed
    4 the old size is not above the new one, and is the size cosigned last
    5 a tree of the same size has the same root
    6 the proof holds

Source: C2SP tlog-witness.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from truceline.errors import InputError, TrucelineError, VerificationError
from truceline.record.checkpoint import Checkpoint, Fork, Opened, decimal_of, open_any, read_checkpoint
from truceline.record.note import MOST_BYTES, Note, Verifier, bytes_of, check_note, read_note, signed
from truceline.record.tree import EMPTY_ROOT, HASH_BYTES, check_consistency

MOST_PROOF = 63
MOST_BODY = MOST_BYTES + 4_096
"""Of a request: a note, and 63 lines of proof."""

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"


class Answer(NamedTuple):
    """What a witness answers: HTTP status, content type, body."""

    status: int
    kind: str
    body: bytes


@dataclass(frozen=True)
class Request:
    """A request to cosign, read and not believed.

    Attributes:
        old: the size from which the proof begins.
        path: the consistency proof, 32 bytes each.
        note: the signed checkpoint.
        checkpoint: what it says.
    """

    old: int
    path: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint


@dataclass(frozen=True)
class Seen:
    """What a witness cosigned last of one log.

    Attributes:
        size: of the tree; 0 with `root` None = nothing yet.
        root: of the tree, 32 bytes.
    """

    size: int = 0
    root: bytes | None = None


def refusal(status: int, why: str) -> Answer:
    """A refusal with its reason in one line."""
    return Answer(status, TEXT, f"{why}\n".encode())


def conflict(size: int) -> Answer:
    """The answer that names the size cosigned last."""
    return Answer(409, SIZE, f"{size}\n".encode())


def read_request(body: bytes) -> Request:
    """Read the body of a request, strictly.

    Raises:
        VerificationError: it is none.
    """
    if len(body) > MOST_BODY:
        raise VerificationError(f"expected a request of at most {MOST_BODY} bytes, got {len(body)}")
    head, gap, data = body.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise VerificationError("expected ASCII before the checkpoint") from None
    if not gap or not lines[0].startswith("old "):
        raise VerificationError("expected `old` and a size, hashes, an empty line, and a checkpoint")
    if len(lines) - 1 > MOST_PROOF:
        raise VerificationError(f"expected at most {MOST_PROOF} hashes, got {len(lines) - 1}")
    path = tuple(bytes_of(line) for line in lines[1:])
    if any(len(step) != HASH_BYTES for step in path):
        raise VerificationError(f"expected hashes of {HASH_BYTES} bytes")
    note = read_note(data)
    return Request(decimal_of(lines[0].removeprefix("old ")), path, note, read_checkpoint(note.text))


def opened(request: Request, logs: Sequence[Verifier]) -> Opened | Answer:
    """Verify that a known log has signed (2 and 3)."""
    named = [log for log in logs if log.name == request.checkpoint.origin]
    if not named:  # 2
        return refusal(404, "this log is not known here")
    try:
        return open_any(request.note.data, named)  # 3
    except TrucelineError as error:
        return refusal(403, str(error))


def refused(request: Request, seen: Seen) -> Answer | None:
    """Why a request that the log has signed is not cosigned; None = it may be."""
    made = request.checkpoint
    if request.old > made.size:  # 4
        return refusal(400, f"old size {request.old} is above the checkpoint's {made.size}")
    if request.old != seen.size:
        return conflict(seen.size)
    if seen.root is not None and made.size == seen.size and made.root != seen.root:  # 5
        return conflict(seen.size)
    try:
        check_consistency(  # 6
            old=request.old, new=made.size, path=request.path, old_root=seen.root or EMPTY_ROOT, new_root=made.root
        )
    except VerificationError as error:
        return refusal(422, str(error))
    return None


def known_lines(note: Note, verifiers: Iterable[Verifier]) -> list[str]:
    """The signature lines of known keys; anybody can add others, and they prove nothing."""
    known = {(verifier.name, verifier.key_id) for verifier in verifiers}
    return [one.line for one in note.signatures if (one.name, one.key_id) in known]


def bare(note: Note, verifiers: Iterable[Verifier]) -> bytes:
    """A note with the signatures of known keys and no others."""
    return signed(note.text, known_lines(note, verifiers))


def forks_among(notes: Iterable[bytes], logs: Sequence[Verifier]) -> list[Fork]:
    """Gossip: compare what several witnesses, mirrors or readers hold.

    Args:
        notes: checkpoints from anywhere; those that no known log signed are passed over.
        logs: keys of the logs.

    Returns:
        For each log and size that has more than one root, a proof that the log has lied.
    """
    first: dict[tuple[str, int], tuple[bytes, bytes]] = {}
    found: dict[tuple[str, int], Fork] = {}
    for data in notes:
        try:
            made = open_any(data, logs).checkpoint
        except TrucelineError:
            continue
        key = (made.origin, made.size)
        root, note = first.setdefault(key, (made.root, data))
        if root != made.root:
            found.setdefault(key, Fork(note, data))
    return list(found.values())


@dataclass(frozen=True)
class Compared:
    """What came of laying notes side by side.

    Attributes:
        forks: proofs that a log has lied.
        count: how many notes were compared with another of the same log and size.
        passed_over: the others by name, and why: nothing is known of them.
    """

    forks: list[Fork]
    count: int
    passed_over: Mapping[str, str]


def compare(notes: Mapping[str, bytes], logs: Sequence[Verifier]) -> Compared:
    """Gossip, and what it does not cover: a note is compared only with those of its own log and size.

    Args:
        notes: checkpoints by the names under which they are told of.
        logs: keys of the logs.

    Raises:
        InputError: no log is named: nothing could be compared.
    """
    if not logs:
        raise InputError("expected one or more logs to compare notes of: `log` lines in the policy")
    made: dict[str, Checkpoint] = {}
    passed_over: dict[str, str] = {}
    for name, data in notes.items():
        try:
            made[name] = open_any(data, logs).checkpoint
        except TrucelineError as error:
            passed_over[name] = str(error)
    held = Counter((one.origin, one.size) for one in made.values())
    for name, one in made.items():
        if held[one.origin, one.size] == 1:
            passed_over[name] = f"no other note of {one.origin} has its size {one.size}"
    forks = forks_among([bare(read_note(notes[name]), logs) for name in made], logs)
    return Compared(forks, len(notes) - len(passed_over), passed_over)


def time_of(note: bytes, witness: Verifier) -> int:
    """When this witness cosigned a note (POSIX seconds).

    Raises:
        VerificationError: it did not, or its cosignature does not hold.
    """
    at = check_note(read_note(note), [witness])[witness]
    if at is None:
        raise VerificationError("expected a cosignature with a time")
    return at
