"""Proofs that fit in one file and convince without a network."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.record.foreign.logs import LOG, NOW, OTHER_LOG, WITNESSES, SmallLog
from truceline.errors import InputError, TrucelineError, VerificationError
from truceline.record.note import Verifier
from truceline.record.policy import Policy
from truceline.record.proof import Proof, check_proof, read_proof
from truceline.record.tiles import TileTree
from truceline.record.tree import inclusion_path, leaf_hash

TREE = SmallLog(300)
NOTE = TREE.note(witnesses=WITNESSES)
POLICY = Policy(((LOG.verifier, ""),), {"a": (WITNESSES[0].verifier, "")}, {}, "a")


def made(index: int, *, note: bytes = NOTE, extra: bytes = b"") -> Proof:
    """The proof of one entry."""
    return Proof(index, tuple(inclusion_path(index, 300, TileTree(TREE.tile, 300).subtree)), note, extra)


GOOD = made(77, extra=b"which file").data


def test_form_of_the_specification() -> None:
    """Header, extra, index, path, empty line, note: each on its line."""
    lines = GOOD.decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra d2hpY2ggZmlsZQ==", "index 77"]
    assert lines[3 + 9] == ""
    assert GOOD.endswith(b"\n\n" + NOTE)
    assert b"extra" not in made(77).data


@given(st.integers(0, 299), st.binary(max_size=50))
def test_parse_of_print_is_the_same_and_passes(index: int, extra: bytes) -> None:
    """Every entry can be proved to somebody who has only the file and the keys."""
    proof = read_proof(made(index, extra=extra).data)
    assert proof == made(index, extra=extra)
    for trust in (POLICY, LOG.verifier):
        opened = check_proof(proof, TREE.leaves[index], trust)
        assert opened.checkpoint == TREE.checkpoint
    assert check_proof(proof, TREE.leaves[index], POLICY).times == {WITNESSES[0].verifier: NOW}


def test_a_proof_of_something_else_is_refused() -> None:
    """Another entry, index, path, log or too few witnesses: each alone is enough to refuse."""
    good = read_proof(GOOD)
    leaf = TREE.leaves[77]
    bad: list[tuple[Proof, bytes, Policy | Verifier]] = [
        (good, TREE.leaves[78], POLICY),
        (good, leaf_hash(b"edited"), POLICY),
        (Proof(78, good.path, NOTE), leaf, POLICY),
        (Proof(77, good.path[:-1], NOTE), leaf, POLICY),
        (Proof(77, good.path[::-1], NOTE), leaf, POLICY),
        (Proof(77, made(78).path, NOTE), leaf, POLICY),
        (Proof(77, good.path, SmallLog(299).note(witnesses=WITNESSES)), leaf, POLICY),
        (Proof(77, good.path, TREE.note()), leaf, POLICY),
        (Proof(77, good.path, TREE.note(log=OTHER_LOG, witnesses=WITNESSES)), leaf, POLICY),
        (good, leaf, OTHER_LOG.verifier),
    ]
    for proof, a_leaf, trust in bad:
        with pytest.raises(VerificationError):
            check_proof(proof, a_leaf, trust)
    with pytest.raises(VerificationError, match="ahead"):
        check_proof(good, leaf, POLICY, now=NOW - 86_400)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD[:-1],
        GOOD + b"\n",
        GOOD.replace(b"@v1", b"@v2"),
        GOOD.replace(b"index 77", b"index 077"),
        GOOD.replace(b"index 77", b"index -7"),
        GOOD.replace(b"index 77", b"index 77 "),
        GOOD.replace(b"index 77\n", b""),
        GOOD.replace(b"index 77", b"index 77\nindex 77"),
        GOOD.replace(b"index 77", b"index " + str(2**63).encode()),
        GOOD.replace(b"extra d2hpY2ggZmlsZQ==", b"extra "),
        GOOD.replace(b"extra d2hpY2ggZmlsZQ==", b"extra d2hpY2ggZmlsZR=="),
        GOOD.replace(b"extra d2hpY2ggZmlsZQ==\nindex 77", b"index 77\nextra d2hpY2ggZmlsZQ=="),
        GOOD.replace(b"index 77\n", b"index 77\n" + b"A" * 43 + b"=\n" + b"\n"),
        GOOD.replace(b"index 77\n", b"index 77\nAAAA\n"),
        GOOD.replace(b"index 77\n", b"index 77\n" + (b"A" * 43 + b"=\n") * 64),
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"c2sp", "сзsp".encode()),
        b"\n" + GOOD,
    ],
)
def test_what_is_no_proof_is_refused(data: bytes) -> None:
    """One proof has one file."""
    with pytest.raises(VerificationError):
        read_proof(data)


def test_a_proof_that_could_not_be_read_is_not_made() -> None:
    """Faults are found by the maker, not by the reader."""
    for index in (-1, 2**63):
        with pytest.raises(InputError):
            Proof(index, (), NOTE)
    for path in ((b"short",), (b"x" * 32,) * 64):
        with pytest.raises(VerificationError):
            Proof(0, path, NOTE)
    with pytest.raises(VerificationError):
        Proof(0, (), b"no note")
    with pytest.raises(InputError, match="at most 1048576 bytes"):
        made(0, extra=b"x" * 800_000)


@given(st.integers(0, len(GOOD) * 8 - 1))
def test_no_bit_of_a_proof_can_be_flipped(bit: int) -> None:
    """Changed anywhere, it fails, or nothing that was claimed has changed but the unsigned extra and strangers."""
    data = (int.from_bytes(GOOD, "big") ^ (1 << bit)).to_bytes(len(GOOD), "big")
    try:
        proof = read_proof(data)
        check_proof(proof, TREE.leaves[77], POLICY)
    except TrucelineError:
        return
    good = read_proof(GOOD)
    assert (proof.index, proof.path) == (good.index, good.path)
    assert data != GOOD


@given(st.binary(max_size=300))
def test_any_bytes_are_a_proof_or_refused(data: bytes) -> None:
    """Nothing but our own errors comes out."""
    with pytest.raises(TrucelineError):
        read_proof(b"c2sp.org/tlog-proof@v1\n" + data)


@pytest.mark.parametrize("filling", [b"\n", b"A" * 43 + b"=\n", b"x" * 50])
def test_a_megabyte_is_refused_at_once(filling: bytes) -> None:
    """Proofs come from strangers."""
    data = b"c2sp.org/tlog-proof@v1\nindex 1\n" + filling * (1_000_000 // len(filling))
    with pytest.raises(VerificationError, match="at most 1048576 bytes"):
        read_proof(GOOD.replace(b"d2hpY2ggZmlsZQ==", b"AAAA" * 300_000))
    begin = time.perf_counter()
    with pytest.raises(VerificationError):
        read_proof(data)
    assert time.perf_counter() - begin < 1
