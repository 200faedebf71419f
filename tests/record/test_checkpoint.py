"""Checkpoints: whose they are, and how a log is caught that signs two trees."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.record.foreign.logs import LOG, NOW, ORIGIN, OTHER_LOG, WITNESSES, SmallLog, cosigned
from truceline.errors import InputError, TrucelineError, VerificationError
from truceline.record.checkpoint import (
    Checkpoint,
    Fork,
    check_fork,
    open_any,
    open_checkpoint,
    read_checkpoint,
    read_fork,
)
from truceline.record.note import COSIGNATURE, Signer, signed

SOFA = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
TREE = SmallLog(5).checkpoint
KEYS = [witness.verifier for witness in WITNESSES]


def test_example_of_the_specification() -> None:
    """The example reads, and is written the same."""
    checkpoint = read_checkpoint(SOFA)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == SOFA
    assert read_checkpoint(SOFA + "ext one\n").extensions == ("ext one",)


@given(st.text(min_size=1), st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32), st.lists(st.text()))
def test_parse_of_print_is_the_same(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    """What can be made can be read, and nothing else can be made."""
    try:
        checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    except VerificationError:
        assert any(not line or min(line) < " " for line in (origin, *extensions))
        return
    assert read_checkpoint(checkpoint.text) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        SOFA[:-1],
        SOFA + "\n",
        "\n" + SOFA,
        SOFA.replace("20852163", "020852163"),
        SOFA.replace("20852163", "+20852163"),
        SOFA.replace("20852163", "-1"),
        SOFA.replace("20852163", "2085216٣"),
        SOFA.replace("20852163", str(2**63)),
        SOFA.replace("20852163", "9" * 5_000),
        SOFA.replace("20852163", " 20852163"),
        SOFA.replace("20852163", "0"),
        SOFA.replace("q2I=", "q2J="),
        SOFA.replace("q2I=", "q2I"),
        SOFA.replace("CsUY", ""),
        SOFA.replace("\nCsUY", "\n\nCsUY"),
        "example.com/only\n1\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    """One tree has one text: what is signed must not have a second reading."""
    with pytest.raises(VerificationError):
        read_checkpoint(text)


@given(st.text() | st.lists(st.sampled_from([*SOFA.splitlines(), "", "0", "x"])).map("\n".join))
def test_any_text_is_a_checkpoint_or_refused(text: str) -> None:
    """Nothing but our own errors comes out."""
    try:
        assert read_checkpoint(text).text == text
    except TrucelineError:
        return


def test_opened_says_who_cosigned_when() -> None:
    """The times are those of known witnesses only."""
    opened = open_checkpoint(SmallLog(5).note(witnesses=WITNESSES), LOG.verifier, KEYS[:2])
    assert opened.checkpoint == TREE
    assert opened.times == {KEYS[0]: NOW, KEYS[1]: NOW}
    assert opened.note.data == SmallLog(5).note(witnesses=WITNESSES)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    """A good signature over another origin is another log's word (replay)."""
    elsewhere = Checkpoint("other.example", 5, TREE.root).text
    with pytest.raises(VerificationError, match=r"expected `log\.example/ceasefire`, got `other\.example`"):
        open_checkpoint(cosigned(elsewhere), LOG.verifier)
    with pytest.raises(VerificationError, match="no known key"):
        open_checkpoint(SmallLog(5).note(log=OTHER_LOG), LOG.verifier)


def test_witnesses_do_not_stand_in_for_the_log() -> None:
    """Cosignatures without the log's own signature open nothing."""
    data = signed(TREE.text, [WITNESSES[0].sign(TREE.text, NOW)])
    with pytest.raises(VerificationError, match="has not signed"):
        open_checkpoint(data, LOG.verifier, KEYS)


def test_one_key_cannot_be_log_and_witness() -> None:
    """A log that witnesses itself is one voice."""
    itself = Signer("witness.example/honest", LOG.secret, COSIGNATURE)
    with pytest.raises(VerificationError, match="one key under two names"):
        open_checkpoint(SmallLog(5).note(witnesses=[itself]), LOG.verifier, [itself.verifier])


def test_keys_have_their_own_kind() -> None:
    """A witness's key given as the log's, or the reverse, is the asker's mistake."""
    with pytest.raises(InputError, match="expected kind 1, got 4"):
        open_checkpoint(SmallLog(5).note(), KEYS[0])
    with pytest.raises(InputError, match="expected kind 4, got 1"):
        open_checkpoint(SmallLog(5).note(), LOG.verifier, [OTHER_LOG.verifier])


def test_a_log_with_two_keys_opens_by_either() -> None:
    """While a key is exchanged, both speak for the log."""
    logs = [LOG.verifier, OTHER_LOG.verifier]
    for log in (LOG, OTHER_LOG):
        assert open_any(SmallLog(5).note(log=log), logs).checkpoint == TREE
    with pytest.raises(VerificationError, match="no log at all"):
        open_any(SmallLog(5).note(), [])


def _forked(*, size: int = 5, root: bytes = b"F" * 32, log: Signer = LOG) -> Fork:
    return Fork(SmallLog(5).note(), cosigned(Checkpoint(ORIGIN, size, root).text, log=log))


def test_two_roots_of_one_size_are_proof() -> None:
    """Anybody with the log's key is convinced, from bytes that were handed over."""
    fork = _forked()
    check_fork(fork, LOG.verifier)
    again = read_fork(fork.data)
    assert again == fork
    check_fork(again, LOG.verifier)


@pytest.mark.parametrize(
    ("fork", "why"),
    [
        (_forked(root=TREE.root), "one root for size 5"),
        (_forked(size=6), "sizes 5 and 6 differ, and a consistency proof that fails proves nothing to others"),
        (_forked(log=OTHER_LOG), "no known key"),
        (Fork(SmallLog(5).note(), b"rubbish"), "expected a note"),
    ],
)
def test_what_is_no_proof_of_a_fork(fork: Fork, why: str) -> None:
    """An honest log must not be accused with less."""
    with pytest.raises(VerificationError, match=why):
        check_fork(fork, LOG.verifier)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"\xff",
        b"[" * 200_000,
        b'{"first":1,"second":"","type":"truceline/fork/1"}',
        b'{"first":"\\ud800","second":"","type":"truceline/fork/1"}',
        b'{"first":"","first":"","second":"","type":"truceline/fork/1"}',
        json.dumps({"first": "", "second": "", "type": "truceline/fork/2"}).encode(),
        b" " * 2_000_000,
    ],
)
def test_evidence_in_another_form_is_refused(data: bytes) -> None:
    """Evidence comes from strangers."""
    with pytest.raises(InputError):
        read_fork(data)
