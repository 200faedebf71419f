"""Who signed this text?

A signed note is text, an empty line, and one line for each signature. It promises that a verifier it returns did sign
exactly this text. It never trusts a name: a key is known by name and number together, and a signature by a known key
that fails condemns the whole note.

Two kinds of keys, both Ed25519: a log signs the text (kind 1); a witness signs the text and a time (kind 4).

Source: C2SP signed-note and tlog-cosignature (v1).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from truceline.errors import InputError, VerificationError, quoted

ED25519 = 1
COSIGNATURE = 4

MOST_BYTES = 262_144
"""Of a note: room for 16 signatures of the longest kinds there are, 5 kB each, which everybody must accept."""

MOST_SIGNATURES = 64
MOST_TIME = 2**63 - 1

_KINDS = {ED25519: 64, COSIGNATURE: 8 + 64}  # bytes of a signature, after the key id
_DASH = "\u2014 "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})", re.ASCII)


# -- keys ------------------------------------------------------------------------------------------------------------

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P

SMALL_ORDER = frozenset(
    bytes.fromhex(text)
    for text in (
        "0100000000000000000000000000000000000000000000000000000000000000",  # order 1
        "0100000000000000000000000000000000000000000000000000000000000080",  # the same, -0 as x
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  # the same, y + p
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  # order 2
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",  # the same, -0 as x
        "0000000000000000000000000000000000000000000000000000000000000000",  # order 4
        "0000000000000000000000000000000000000000000000000000000000000080",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  # the same two, y + p
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  # order 8
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    )
)
"""Every way to write the eight points whose multiples are few: signatures by them fit many texts at once."""


@lru_cache(maxsize=4096)
def check_public_key(public: bytes) -> None:
    """These bytes are an Ed25519 key that only its owner can sign with, or this raises.

    Raises:
        VerificationError: not 32 bytes, of small order, written in a second way, or no point of the curve.

    Source: RFC 8032, sections 5.1.3 and 8.4.
    """
    if len(public) != 32:
        raise VerificationError(f"expected a public key of 32 bytes, got {len(public)}")
    if public in SMALL_ORDER:
        raise VerificationError("weak public key: a point of small order, with which anybody can sign")
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= _P:
        raise VerificationError("weak public key: not written the one way")
    above, below = (y * y - 1) % _P, (_D * y * y + 1) % _P
    if pow(above * below, (_P - 1) // 2, _P) != 1:  # x*x = above / below has no root
        raise VerificationError("weak public key: no point of the curve")


@dataclass(frozen=True)
class Verifier:
    """A key by which a log or a witness is known.

    Attributes:
        name: without blanks and `+`; for a log its origin.
        kind: 1 = signs texts, 4 = cosigns checkpoints with a time.
        public: Ed25519, 32 bytes.
    """

    name: str
    kind: int
    public: bytes

    def __post_init__(self) -> None:
        """Refuse a name or key nobody should trust."""
        check_name(self.name)
        if self.kind not in _KINDS:
            raise InputError(f"expected a key of kind 1 or 4, got {self.kind}")
        check_public_key(self.public)

    @cached_property
    def key_id(self) -> bytes:
        """Four bytes that, with the name, say which key signed."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as one word: name, number, kind and key."""
        return f"{self.name}+{self.key_id.hex()}+{base64_of(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read a key as others publish it.

        Raises:
            InputError: not written as a key, of another kind, or its number is not its own.
            VerificationError: a weak key.

        >>> Verifier.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").name
        'PeterNeumann'
        """
        found = _VKEY.fullmatch(vkey) if len(vkey) < 4096 else None
        if found is None:
            raise InputError(f"expected a key such as `name+0123abcd+AQ...`, got {quoted(vkey)}")
        try:
            packed = bytes_of(found[3])
        except VerificationError:
            raise InputError(f"expected base64 in the key, got {quoted(found[3])}") from None
        if packed[0] not in _KINDS or len(packed) != 33:
            raise InputError(f"expected an Ed25519 key of kind 1 or 4 in {quoted(vkey)}, got kind {packed[0]}")
        verifier = cls(found[1], packed[0], packed[1:])
        if verifier.key_id.hex() != found[2]:
            raise InputError(f"key number of {quoted(vkey)}: expected {verifier.key_id.hex()}, got {found[2]}")
        return verifier


@dataclass(frozen=True)
class Signer:
    """A key that signs.

    Attributes:
        name: as in its verifier.
        secret: Ed25519 seed, 32 bytes; never printed.
        kind: 1 = signs texts, 4 = cosigns checkpoints with a time.
    """

    name: str
    secret: bytes = field(repr=False)
    kind: int = ED25519

    def __post_init__(self) -> None:
        """Refuse a seed of another length, and what the verifier refuses."""
        if len(self.secret) != 32:
            raise InputError(f"expected a secret of 32 bytes, got {len(self.secret)}")
        _ = self.verifier

    @cached_property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self.kind, self._key.public_key().public_bytes_raw())

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.secret)

    def sign(self, text: str, at: int | None = None) -> str:
        """Sign a text.

        Args:
            text: ends with a newline.
            at: POSIX seconds; for kind 4, and only for it.

        Returns:
            One signature line, without its newline.

        Raises:
            InputError: no such text can stand in a note, or the time is missing, superfluous or out of range.
        """
        _check_text(text)
        if (at is None) == (self.kind == COSIGNATURE):
            raise InputError(f"key {quoted(self.name)}: a time belongs to cosignatures, and only to them")
        if at is not None and not 0 <= at <= MOST_TIME:
            raise InputError(f"expected POSIX seconds from 0 to 2**63 - 1, got {at}")
        stamp = b"" if at is None else at.to_bytes(8, "big")
        blob = stamp + self._key.sign(_message(text, at))
        return f"{_DASH}{self.name} {base64_of(self.verifier.key_id + blob)}"


def check_name(name: str) -> None:
    """A key can have this name, or this raises.

    Raises:
        InputError: empty, or with a blank, a `+`, a control character or half a character.
    """
    is_bad = not name or "+" in name or any(c.isspace() or c < " " or "\ud800" <= c <= "\udfff" for c in name)
    if is_bad:
        raise InputError(f"expected a key name without blanks and `+`, got {quoted(name)}")


def check_distinct(verifiers: Iterable[Verifier]) -> None:
    """No two of these share a key, or this raises: one key is one voice, whatever its names.

    Raises:
        VerificationError: one key as log and witness, or under two names.
    """
    names: dict[bytes, str] = {}
    for verifier in verifiers:
        if verifier.public in names:
            raise VerificationError(
                f"one key under two names: {quoted(names[verifier.public])}, {quoted(verifier.name)}"
            )
        names[verifier.public] = verifier.name


# -- notes -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signature:
    """One signature line, not yet checked.

    Attributes:
        name: of the key that claims to have signed.
        key_id: four bytes.
        blob: what follows them.
        line: as it stood, without its newline.
    """

    name: str
    key_id: bytes
    blob: bytes
    line: str


@dataclass(frozen=True)
class Note:
    """A text with its signatures; believe it only after `check_note`.

    Attributes:
        text: ends with a newline.
        signatures: at least one.
    """

    text: str
    signatures: tuple[Signature, ...]

    @property
    def data(self) -> bytes:
        """The bytes it was read from."""
        return "".join([self.text, "\n", *(signature.line + "\n" for signature in self.signatures)]).encode()


def signed(text: str, lines: Iterable[str]) -> bytes:
    """Put text and signature lines together.

    Raises:
        VerificationError: nobody could read the outcome.
    """
    _check_text(text)
    data = "".join([text, "\n", *(line + "\n" for line in lines)]).encode("utf-8", "surrogatepass")
    read_note(data)  # refuses halves of characters too
    return data


def read_note(data: bytes, most_bytes: int = MOST_BYTES, most_signatures: int = MOST_SIGNATURES) -> Note:
    """Take a note apart, strictly; nothing is verified yet.

    Raises:
        VerificationError: it is no signed note, or too large.
    """
    if len(data) > most_bytes:
        raise VerificationError(f"expected a note of at most {most_bytes} bytes, got {len(data)}")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise VerificationError(f"expected UTF-8 in the note, got byte {data[error.start]:#04x}") from None
    if found := _CONTROL.search(whole):
        raise VerificationError(f"note with control character {ord(found[0]):#04x}")
    text, gap, rest = whole.rpartition("\n\n")
    if not gap or not rest.endswith("\n"):
        raise VerificationError("expected a note: text, an empty line, signature lines, each ended by a newline")
    count = rest.count("\n")
    if count > most_signatures:
        raise VerificationError(f"expected at most {most_signatures} signatures, got {count}")
    return Note(text + "\n", tuple(_signature(line) for line in rest[:-1].split("\n")))


def _signature(line: str) -> Signature:
    words = line.removeprefix(_DASH).split(" ")
    if not line.startswith(_DASH) or len(words) != 2:
        raise VerificationError(f"expected a signature line such as `— name base64`, got {quoted(line)}")
    name, packed = words
    try:
        check_name(name)
    except InputError as error:
        raise VerificationError(str(error)) from None
    blob = bytes_of(packed)
    if len(blob) < 5:
        raise VerificationError(f"signature of {quoted(name)}: expected at least 5 bytes, got {len(blob)}")
    return Signature(name, blob[:4], blob[4:], line)


def check_note(note: Note, verifiers: Iterable[Verifier]) -> dict[Verifier, int | None]:
    """Verify what known keys signed; lines of unknown keys do not matter.

    Returns:
        The known keys that signed, each with the time it claims (POSIX seconds); None for a key that claims none.

    Raises:
        VerificationError: no known key signed, one signed twice, or one of their signatures fails.
    """
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        if known.setdefault((verifier.name, verifier.key_id), verifier) != verifier:
            raise VerificationError(f"two keys with one name and number: {quoted(verifier.name)}")
    times: dict[Verifier, int | None] = {}
    for signature in note.signatures:
        signer = known.get((signature.name, signature.key_id))
        if signer is None:
            continue
        if signer in times:
            raise VerificationError(f"two signatures by one key: {quoted(signer.name)}")
        times[signer] = _check_signature(note.text, signature, signer)
    if not times:
        raise VerificationError("no known key has signed the note")
    return times


def _check_signature(text: str, signature: Signature, verifier: Verifier) -> int | None:
    expected = _KINDS[verifier.kind]
    if len(signature.blob) != expected:
        got = len(signature.blob)
        raise VerificationError(f"signature of {quoted(verifier.name)}: expected {expected} bytes, got {got}")
    at = int.from_bytes(signature.blob[:8], "big") if verifier.kind == COSIGNATURE else None
    if at is not None and at > MOST_TIME:
        raise VerificationError(f"cosignature of {quoted(verifier.name)}: time beyond 2**63 - 1")
    try:
        _public(verifier.public).verify(signature.blob[-64:], _message(text, at))
    except InvalidSignature:
        raise VerificationError(f"signature of {quoted(verifier.name)} does not fit the text") from None
    return at


def _message(text: str, at: int | None) -> bytes:
    """What is signed: the text, or the header of cosignatures, the time and the text."""
    return (text if at is None else f"cosignature/v1\ntime {at}\n{text}").encode()


def _check_text(text: str) -> None:
    is_utf8 = not any("\ud800" <= c <= "\udfff" for c in text)
    if not text.endswith("\n") or not is_utf8 or _CONTROL.search(text):
        raise InputError(f"expected text that ends with a newline and has no control characters, got {quoted(text)}")


# -- base64 ----------------------------------------------------------------------------------------------------------


def base64_of(data: bytes) -> str:
    """Write bytes in base64."""
    return base64.b64encode(data).decode("ascii")


def bytes_of(text: str) -> bytes:
    """Read base64 that is written the one way.

    Raises:
        VerificationError: it is not base64, or other base64 has the same bytes.
    """
    try:
        data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True) if text else b""
    except (UnicodeEncodeError, binascii.Error):
        raise VerificationError(f"expected base64, got {quoted(text)}") from None
    if base64_of(data) != text:
        raise VerificationError(f"expected base64 written the one way, got {quoted(text)}")
    return data


@lru_cache(maxsize=1024)
def _public(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)
