"""What was a submitter promised? This entry, at this index, in every checkpoint that is witnessed from a deadline on.

The promise is given once the entry is durable. It is a C2SP proof whose note carries one line more than a checkpoint:
when it was given, and by when witnesses will have seen it. Whoever holds it and, after the deadline, a checkpoint that
does not continue it, holds the proof that the log broke its word. A receipt names no submitter and no content.

Source: C2SP tlog-proof; tlog-checkpoint, extension lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from truceline.errors import VerificationError
from truceline.record.checkpoint import Checkpoint, open_checkpoint
from truceline.record.note import Signer, Verifier, signed
from truceline.record.proof import Proof, read_proof
from truceline.record.tree import check_inclusion

DEADLINE_S = 60
"""Within so many seconds a witnessed checkpoint holds the entry."""

_TIMES = re.compile(r"promised (0|[1-9][0-9]{0,15}) deadline (0|[1-9][0-9]{0,15})", re.ASCII)


@dataclass(frozen=True)
class Promise:
    """What the log signed once for all entries of a batch.

    Attributes:
        checkpoint: the tree with the batch in it.
        promised: UTC second at which it was durable, by the log's clock.
        deadline: UTC second by which witnesses will have seen it.
    """

    checkpoint: Checkpoint
    promised: int
    deadline: int


def promise(origin: str, size: int, root: bytes, at: int, log: Signer) -> bytes:
    """Sign the promise of a batch: a note, the same for every receipt of the batch.

    Args:
        origin: of the log.
        size: of the tree with the batch in it.
        root: of that tree, 32 bytes.
        at: UTC second.
        log: signs.
    """
    text = Checkpoint(origin, size, root, (f"promised {at} deadline {at + DEADLINE_S}",)).text
    return signed(text, [log.sign(text)])


def open_receipt(data: bytes, leaf: bytes, log: Verifier) -> tuple[int, Promise]:
    """Read a receipt and verify that this log gave it for this entry.

    Args:
        data: the receipt.
        leaf: leaf hash of the entry, 32 bytes.
        log: its verifier.

    Returns:
        The index of the entry, and what was promised.

    Raises:
        VerificationError: it is none, of another log, or for another entry.
    """
    proof: Proof = read_proof(data)
    opened = open_checkpoint(proof.checkpoint, log)
    made = opened.checkpoint
    found = _TIMES.fullmatch(made.extensions[0]) if len(made.extensions) == 1 else None
    if found is None:
        raise VerificationError("not a receipt: expected one line `promised SECOND deadline SECOND`")
    check_inclusion(leaf, index=proof.index, size=made.size, path=proof.path, root=made.root)
    return proof.index, Promise(made, int(found[1]), int(found[2]))
