"""Is this entry in the log, for somebody who has only this file and the keys?

A proof holds the entry's index, its path to the root, and the cosigned checkpoint. It promises that a check which
returns has verified the signatures, the quorum and the path. It never vouches for `extra`, which nobody signs.

Source: C2SP tlog-proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from truceline.errors import InputError, VerificationError, quoted
from truceline.record.checkpoint import MOST_SIZE, Opened, decimal_of, open_checkpoint, read_checkpoint
from truceline.record.note import Verifier, base64_of, bytes_of, read_note
from truceline.record.policy import Policy
from truceline.record.tree import HASH_BYTES, check_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
MOST_BYTES = 1_048_576
MOST_PATH = 63


@dataclass(frozen=True)
class Proof:
    """That one entry is in the tree of a checkpoint; believe it only after `check_proof`.

    Attributes:
        index: of the entry, counted from 0.
        path: siblings from the leaf upwards, 32 bytes each.
        checkpoint: the signed note, as the log gave it.
        extra: opaque and signed by nobody.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""

    def __post_init__(self) -> None:
        """Refuse what could not be read back."""
        if not 0 <= self.index <= MOST_SIZE:
            raise InputError(f"expected an index from 0 to 2**63 - 1, got {self.index}")
        if len(self.path) > MOST_PATH or any(len(step) != HASH_BYTES for step in self.path):
            raise VerificationError(f"expected a path of at most {MOST_PATH} hashes of {HASH_BYTES} bytes each")
        if len(self.data) > MOST_BYTES:
            raise InputError(f"expected a proof of at most {MOST_BYTES} bytes, got {len(self.data)}")
        read_checkpoint(read_note(self.checkpoint).text)

    @property
    def data(self) -> bytes:
        """The proof as a file, by custom named `*.tlog-proof`."""
        lines = [HEADER]
        if self.extra:
            lines.append(f"extra {base64_of(self.extra)}")
        lines += [f"index {self.index}", *map(base64_of, self.path), ""]
        return "".join(line + "\n" for line in lines).encode() + self.checkpoint


def proofs(first: int, paths: Iterable[tuple[bytes, ...]], checkpoint: bytes) -> Iterator[bytes]:
    """The proofs of entries that follow one another, as `Proof.data` writes each; what they share is written once.

    Args:
        first: index of the first.
        paths: of each, from the leaf upwards.
        checkpoint: the signed note, the same for all.

    Raises:
        VerificationError: not a checkpoint, or a hash that is none.
    """
    read_checkpoint(read_note(checkpoint).text)
    for index, path in enumerate(paths, first):
        yield f"{HEADER}\nindex {index}\n{''.join(map(_line, path))}\n".encode() + checkpoint


@lru_cache(maxsize=4_096)
def _line(step: bytes) -> str:
    """A hash of a path as its line."""
    if len(step) != HASH_BYTES:
        raise VerificationError(f"expected a path of hashes of {HASH_BYTES} bytes each, got {len(step)}")
    return base64_of(step) + "\n"


def read_proof(data: bytes) -> Proof:
    """Read a proof, strictly.

    Raises:
        VerificationError: it is none.
    """
    if len(data) > MOST_BYTES:
        raise VerificationError(f"expected a proof of at most {MOST_BYTES} bytes, got {len(data)}")
    head, gap, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise VerificationError("expected ASCII before the checkpoint of a proof") from None
    if not gap or lines.pop(0) != HEADER:
        raise VerificationError(f"expected a proof that begins with `{HEADER}` and holds an empty line")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = bytes_of(lines.pop(0).removeprefix("extra "))
        if not extra:
            raise VerificationError("expected no line for extra data that is empty")
    if not lines or not lines[0].startswith("index "):
        raise VerificationError(f"expected `index` and a number, got {quoted(lines[0] if lines else '')}")
    if len(lines) - 1 > MOST_PATH:
        raise VerificationError(f"expected a path of at most {MOST_PATH} hashes, got {len(lines) - 1}")
    index = decimal_of(lines[0].removeprefix("index "))
    return Proof(index, tuple(bytes_of(line) for line in lines[1:]), checkpoint, extra)


def check_proof(proof: Proof, leaf: bytes, trust: Policy | Verifier, *, now: int | None = None) -> Opened:
    """The entry with this leaf hash is in a log that is trusted, or this raises.

    Args:
        proof: as it was read.
        leaf: hash of the entry (`tree.leaf_hash`), 32 bytes.
        trust: a policy, whose quorum must be met; or a log's key, when no witnesses are asked for.
        now: POSIX seconds; when given, cosignatures may not be far ahead of it.

    Returns:
        The checkpoint, and who cosigned it when.

    Raises:
        VerificationError: it is not proved.
    """
    if isinstance(trust, Policy):
        opened = trust.check(proof.checkpoint, now=now).opened
    else:
        opened = open_checkpoint(proof.checkpoint, trust)
    head = opened.checkpoint
    check_inclusion(leaf, index=proof.index, size=head.size, path=proof.path, root=head.root)
    return opened
