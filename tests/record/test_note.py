"""Signed notes: other people's vectors, weak keys, and every way to spoil a note."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.record.foreign.logs import LOG, NOW, WITNESSES, cosigned
from truceline.errors import InputError, TrucelineError, VerificationError
from truceline.record.note import (
    COSIGNATURE,
    SMALL_ORDER,
    Signer,
    Verifier,
    bytes_of,
    check_distinct,
    check_note,
    check_public_key,
    read_note,
    signed,
)

# Vectors of Go's golang.org/x/mod/sumdb/note, from its documentation.
NEUMANN_SECRET = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
NEUMANN_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NEUMANN_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)
ROOT_LINE = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ="

# The examples of the specifications, whose keys are not published: their form counts.
QUASIMODO = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3Ze"
    "kRwNtIc=\n"
).encode()

TEXT = "log.example/ceasefire\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
GOOD = cosigned(TEXT, witnesses=WITNESSES)


def test_vector_of_go_is_signed_and_verified_the_same() -> None:
    """Signer, key number and line are, byte for byte, those of another implementation."""
    signer = Signer("PeterNeumann", NEUMANN_SECRET)
    assert signer.verifier.vkey == NEUMANN_VKEY
    assert Verifier.parse(NEUMANN_VKEY) == signer.verifier
    assert signer.sign(NEUMANN_TEXT) == NEUMANN_LINE
    note = read_note(signed(NEUMANN_TEXT, [NEUMANN_LINE, ROOT_LINE]))
    assert check_note(note, [signer.verifier]) == {signer.verifier: None}


def test_example_of_the_specification_is_taken_apart() -> None:
    """Text may hold empty lines: the last one divides."""
    note = read_note(QUASIMODO)
    assert note.text.endswith("sole:\n\ned è subito sera.\n")
    assert [(s.name, s.key_id.hex(), len(s.blob)) for s in note.signatures] == [
        ("quasimodo.example/salvatore", "367ba04b", 64)
    ]
    assert note.data == QUASIMODO


def test_cosignature_has_the_header_of_the_specification() -> None:
    """The signed bytes are the two header lines and the text: an Ed25519 key of any library verifies them."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    witness = WITNESSES[0]
    blob = read_note(signed(TEXT, [witness.sign(TEXT, 1679315147)])).signatures[0].blob
    assert blob[:8] == (1679315147).to_bytes(8, "big")
    message = b"cosignature/v1\ntime 1679315147\n" + TEXT.encode()
    Ed25519PublicKey.from_public_bytes(witness.verifier.public).verify(blob[8:], message)


def test_who_signed_when() -> None:
    """A log claims no time, a witness does; keys nobody asked for do not matter."""
    note = read_note(GOOD)
    assert check_note(note, [LOG.verifier, WITNESSES[1].verifier]) == {LOG.verifier: None, WITNESSES[1].verifier: NOW}
    assert note.data == GOOD


@pytest.mark.parametrize("public", sorted(SMALL_ORDER))
def test_keys_of_small_order_are_refused(public: bytes) -> None:
    """With these keys one signature fits many texts, so nobody can be held to it."""
    with pytest.raises(VerificationError, match="small order"):
        check_public_key(public)
    with pytest.raises(VerificationError):
        Verifier("log.example", 1, public)


def test_small_order_is_complete() -> None:
    """The list is what the curve says: eight points, and each second spelling of them."""
    p = 2**255 - 19
    d = -121665 * pow(121666, -1, p) % p
    found = set()
    for y in {(int.from_bytes(key, "little") & (2**255 - 1)) % p for key in SMALL_ORDER}:
        x2 = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
        # Doubling thrice ends at the neutral point; on y alone: y' = (y*y + x*x) / (2 - y*y + x*x), after RFC 8032.
        at, square = y, x2
        for _ in range(3):
            up = (at * at + square) * pow(2 - at * at + square, -1, p) % p
            at, square = up, (up * up - 1) * pow(d * up * up + 1, -1, p) % p
        assert at == 1
        found |= {value | sign for value in (y, y + p) if value < 2**255 for sign in (0, 1 << 255)}
    assert {value.to_bytes(32, "little") for value in found} == SMALL_ORDER


@pytest.mark.parametrize(
    ("public", "fault"),
    [
        ((2**255 - 19 + 3).to_bytes(32, "little"), "the one way"),
        ((2).to_bytes(32, "little"), "no point"),
        (b"\x01" * 31, "32 bytes, got 31"),
    ],
)
def test_other_weak_keys_are_refused(public: bytes, fault: str) -> None:
    """A key in two spellings is two voices; a key off the curve is none."""
    with pytest.raises(VerificationError, match=fault):
        check_public_key(public)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "PeterNeumann",
        NEUMANN_VKEY.replace("c74f20a3", "c74f20a4"),
        NEUMANN_VKEY.replace("c74f20a3", "C74F20A3"),
        NEUMANN_VKEY.replace("PeterNeumann", "Peter Neumann"),
        NEUMANN_VKEY.replace("PeterNeumann", ""),
        NEUMANN_VKEY + "\n",
        NEUMANN_VKEY + "=",
        NEUMANN_VKEY[:-4],
        NEUMANN_VKEY.replace("+ARpc", "+Bhpc"),
        NEUMANN_VKEY.replace("+ARpc", "+A Rpc"),
        "x" * 1_000_000,
    ],
)
def test_keys_written_otherwise_are_refused(vkey: str) -> None:
    """A key that is copied badly must not become another key."""
    with pytest.raises(InputError):
        Verifier.parse(vkey)


@given(st.binary(min_size=32, max_size=32), st.sampled_from([1, 4]), st.from_regex(r"[a-zé/.]{1,20}", fullmatch=True))
def test_parse_of_print_is_the_same(secret: bytes, kind: int, name: str) -> None:
    """A key published as one word is the key."""
    verifier = Signer(name, secret, kind).verifier
    assert Verifier.parse(verifier.vkey) == verifier


def test_a_secret_is_not_printed() -> None:
    """Signers appear in tracebacks and logs."""
    assert "LLLL" not in repr(LOG)
    assert str(list(b"L" * 3))[1:-1] not in repr(LOG)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb", "a\x01b", "\ud800"])
def test_names_that_no_line_can_hold(name: str) -> None:
    """A name with a blank could pretend to be another line."""
    with pytest.raises(InputError, match="key name"):
        Signer(name, b"s" * 32)


@pytest.mark.parametrize(
    ("signer", "at"), [(LOG, NOW), (WITNESSES[0], None), (WITNESSES[0], -1), (WITNESSES[0], 2**63)]
)
def test_only_cosignatures_have_a_time(signer: Signer, at: int | None) -> None:
    """A missing or impossible time is found before anything is signed."""
    with pytest.raises(InputError):
        signer.sign(TEXT, at)


@pytest.mark.parametrize("text", ["", "no newline", "tab\there\n", "cr\r\n", "\ud800\n"])
def test_texts_that_cannot_be_signed(text: str) -> None:
    """What would not be read back is not signed."""
    with pytest.raises(InputError):
        LOG.sign(text)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["no signature"],
        ["— a AAAA"],
        ["— a AAAAAA=="],
        ["— a AAAAAAB="],
        ["— a b AAAAAAA="],
        [LOG.sign(TEXT) + "\n— x"],
        ["\ud800"],
    ],
)
def test_lines_that_are_no_signatures_are_not_written(lines: list[str]) -> None:
    """A note nobody can read must not be stored."""
    with pytest.raises(VerificationError):
        signed(TEXT, lines)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\n\n",
        TEXT.encode(),
        GOOD[:-1],
        GOOD + b"\n",
        GOOD.replace(b"\n\n", b"\n"),
        GOOD.replace(b"\n\n", b"\r\n\r\n"),
        GOOD.replace("— log".encode(), b"- log"),
        GOOD.replace("— log".encode(), "—  log".encode()),
        GOOD.replace("— log".encode(), "—log".encode()),
        GOOD.replace(b"=\n", b"\n"),
        GOOD.replace(b"=\n", b"==\n"),
        b"\xff" + GOOD,
        b"\0" + GOOD,
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    """One text has one note: no second spelling, no rest, no missing end."""
    with pytest.raises(VerificationError):
        read_note(data)


def test_base64_has_one_spelling() -> None:
    """Bits that nobody reads must be zero: else one signature has many lines."""
    assert bytes_of("AAAAAAA=") == b"\0" * 5
    for text in ("AAAAAAB=", "AAAAAAA", "AAAA AAA=", "AAAAAAA=\n", "AAAAAA-_", "é"):
        with pytest.raises(VerificationError, match="base64"):
            bytes_of(text)


@given(st.integers(0, len(GOOD) * 8 - 1))
def test_no_bit_of_a_note_can_be_flipped(bit: int) -> None:
    """Any one bit changed is either refused, or a note that fewer keys have signed, never other content."""
    data = (int.from_bytes(GOOD, "big") ^ (1 << bit)).to_bytes(len(GOOD), "big")
    everyone = [LOG.verifier, *(w.verifier for w in WITNESSES)]
    try:
        note = read_note(data)
        found = check_note(note, everyone)
    except TrucelineError:
        return
    assert note.text == TEXT
    assert len(found) == len(everyone) - 1


def test_a_known_key_that_fails_condemns_the_note() -> None:
    """A good signature beside a bad one must not carry it."""
    note = read_note(GOOD.replace(b"\n0\n", b"\n1\n"))
    with pytest.raises(VerificationError, match="does not fit"):
        check_note(note, [LOG.verifier])
    short = signed(TEXT, [f"— {LOG.name} {_b64(LOG.verifier.key_id + b'x' * 63)}"])
    with pytest.raises(VerificationError, match="expected 64 bytes, got 63"):
        check_note(read_note(short), [LOG.verifier])
    beside = signed(TEXT, [LOG.sign(TEXT), f"— {LOG.name} {_b64(LOG.verifier.key_id + b'x' * 63)}"])
    with pytest.raises(VerificationError, match="two signatures by one key"):
        check_note(read_note(beside), [LOG.verifier])


def test_a_cosignature_with_another_time_fails() -> None:
    """The time is signed too: nobody can move it."""
    line = WITNESSES[0].sign(TEXT, NOW)
    blob = bytes_of(line.split(" ")[2])
    for moved in (NOW + 1, 2**63):
        changed = blob[:4] + moved.to_bytes(8, "big") + blob[12:]
        note = read_note(signed(TEXT, [f"— {WITNESSES[0].name} {_b64(changed)}"]))
        with pytest.raises(VerificationError):
            check_note(note, [WITNESSES[0].verifier])


def test_a_time_beyond_all_clocks_is_refused() -> None:
    """The specification ends at 2**63 - 1; a number above is negative to many readers, even when properly signed."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    witness = WITNESSES[0]
    key = Ed25519PrivateKey.from_private_bytes(witness.secret)
    for at in (2**63 - 1, 2**63):
        blob = witness.verifier.key_id + at.to_bytes(8, "big") + key.sign(f"cosignature/v1\ntime {at}\n{TEXT}".encode())
        note = read_note(signed(TEXT, [f"— {witness.name} {_b64(blob)}"]))
        if at < 2**63:
            assert check_note(note, [witness.verifier]) == {witness.verifier: at}
        else:
            with pytest.raises(VerificationError, match="time beyond"):
                check_note(note, [witness.verifier])


def test_a_wrong_key_id_is_an_unknown_key() -> None:
    """Name alone is nobody; and a note only strangers signed is unsigned."""
    stranger = Signer(LOG.name, b"S" * 32)
    note = read_note(signed(TEXT, [stranger.sign(TEXT)]))
    with pytest.raises(VerificationError, match="no known key"):
        check_note(note, [LOG.verifier])
    forged = _b64(LOG.verifier.key_id + bytes_of(stranger.sign(TEXT).split(" ")[2])[4:])
    with pytest.raises(VerificationError, match="does not fit"):
        check_note(read_note(signed(TEXT, [f"— {LOG.name} {forged}"])), [LOG.verifier])


def test_a_log_signature_is_no_cosignature() -> None:
    """The kinds are kept apart by the number of the key and by the signed bytes."""
    as_log = Signer("same.example", b"s" * 32)
    as_witness = Signer("same.example", b"s" * 32, COSIGNATURE)
    assert as_log.verifier.key_id != as_witness.verifier.key_id
    with pytest.raises(VerificationError, match="no known key"):
        check_note(read_note(signed(TEXT, [as_log.sign(TEXT)])), [as_witness.verifier])


def test_two_lines_of_one_key_are_refused() -> None:
    """A key that signs twice could be counted twice; strangers may repeat themselves."""
    twice = signed(TEXT, [LOG.sign(TEXT), WITNESSES[0].sign(TEXT, NOW), WITNESSES[0].sign(TEXT, NOW + 1)])
    with pytest.raises(VerificationError, match=r"two signatures by one key: `witness\.example/a`"):
        check_note(read_note(twice), [LOG.verifier, WITNESSES[0].verifier])
    assert check_note(read_note(twice), [LOG.verifier]) == {LOG.verifier: None}


@pytest.mark.parametrize(
    ("name", "kind"), [("log.example/ceasefire", 4), ("witness.example/z", 4), ("other.example", 1)]
)
def test_one_key_is_one_voice(name: str, kind: int) -> None:
    """One key as log and witness, or under two names, would be a quorum of one counted as two."""
    check_distinct([LOG.verifier, *(w.verifier for w in WITNESSES)])
    with pytest.raises(VerificationError, match="one key under two names"):
        check_distinct([LOG.verifier, Signer(name, LOG.secret, kind).verifier])


@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_a_note_or_refused(data: bytes) -> None:
    """Nothing but our own errors comes out, and what is read is exactly those bytes."""
    try:
        note = read_note(data)
    except TrucelineError:
        return
    assert note.data == data


@given(st.data())
def test_mutated_notes_never_crash(data: st.DataObject) -> None:
    """Pieces of a good note in any order, with rubbish between, are a note or refused in our own words."""
    pieces = [*GOOD.splitlines(keepends=True), b"\n", b"\xe2\x80\x94 ", b"=", b" ", b"\xc2\xa0"]
    mixed = b"".join(data.draw(st.lists(st.sampled_from(pieces) | st.binary(max_size=4), max_size=12)))
    try:
        check_note(read_note(mixed), [LOG.verifier])
    except TrucelineError as error:
        assert "\n" not in str(error)  # the form of the message is the claim


@pytest.mark.parametrize("filling", [b"\n", b"a\n", "— a AAAAAAA=\n".encode(), b"a" * 64, "\u2014".encode()])
def test_a_megabyte_is_refused_at_once(filling: bytes) -> None:
    """Nobody stops a witness by sending it much: the time does not grow with the square of the size."""
    data = b"x\n\n" + filling * (1_000_000 // len(filling)) + b"\n"
    begin = time.perf_counter()
    with pytest.raises(VerificationError, match="at most"):
        read_note(data)
    with pytest.raises(VerificationError):
        read_note(data, most_bytes=2_000_000)
    assert time.perf_counter() - begin < 1


def test_sixteen_signatures_of_the_longest_kind_are_accepted() -> None:
    """The specification asks everybody for that many; keys of the next decade are long."""
    lines = [f"— pq.example/{n} {_b64(b'x' * 5_000)}" for n in range(15)]
    assert len(read_note(signed(TEXT, [*lines, LOG.sign(TEXT)])).signatures) == 16
    with pytest.raises(VerificationError, match="at most 64 signatures, got 65"):
        signed(TEXT, [f"— x{n} AAAAAAA=" for n in range(65)])


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
