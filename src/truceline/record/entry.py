"""What is one signed statement, byte for byte?

An entry is a DSSE envelope; its payload is a statement, written as RFC 8785 writes JSON. The signatures cover the
pre-authentication encoding of the payload's bytes. What is stored is what was signed: nothing is written anew before
it is verified, and an entry that could be written in another way is refused.

Source: DSSE 1.0 (envelope and protocol); RFC 8785; RFC 8032.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from truceline.canon import MOST_INT, sha256
from truceline.errors import SubmissionError, VerificationError, quoted

PAYLOAD_TYPE = "application/vnd.truceline.statement.v1+json"
SCHEMA = "truceline/statement/1"
MOST_ENTRY = 65_535
"""A tile of entries knows no longer one (C2SP tlog-tiles)."""
MOST_DEPTH = 16
MOST_SIGNATURES = 32
MOST_BLOBS = 64
_TYPE = re.compile(r"[a-z][a-z0-9-]{0,31}")
_NAME = re.compile(r"[\w.:@-]{1,64}")
_HEX = re.compile(r"[0-9a-f]{64}")


class Cited(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest checkpoint that the submitter had seen: the statement is not older than it.

    Attributes:
        root: 64 hexadecimal digits; empty with size 0 = none was seen.
    """

    root: str = ""
    size: int = 0


class Blob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that belongs to a statement: its name, its SHA-256 and its size in bytes."""

    name: str
    sha256: str
    size: int


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body that only some may read: the salted commitment to it, and the SHA-256 of the box it lies in."""

    box: str
    commitment: str


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one submitter says, once, in its place in one log.

    Attributes:
        blobs: the files that belong to it.
        body: what everybody may read; None when there is none, or when it is sealed.
        by: who says it: the id of a party with a key set.
        cites: the newest checkpoint that the submitter had seen.
        claims: the UTC second at which it was signed, by its own account; None = it does not say.
        log: origin of the log it was made for.
        previous: hash of this submitter's entry before, 64 hexadecimal digits; empty for its first.
        schema: `truceline/statement/1`.
        sealed: its body, when not everybody may read it.
        sequence: 0, 1, 2, ... for each submitter.
        type: what kind of statement.
        under: hash of the text that it speaks of; empty = of none.
    """

    blobs: tuple[Blob, ...]
    body: Any
    by: str
    cites: Cited
    claims: int | None
    log: str
    previous: str
    schema: str
    sealed: Sealed | None
    sequence: int
    type: str
    under: str


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature of an envelope and the id of the key that made it."""

    keyid: str
    sig: bytes


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A DSSE envelope."""

    payload: bytes
    payloadType: str  # noqa: N815  # the name that DSSE gives it
    signatures: tuple[Mark, ...]


class Entry(msgspec.Struct, frozen=True):
    """An entry that was read: its bytes, what they say, who signed. Nothing of it is verified yet."""

    data: bytes
    payload: bytes
    statement: Statement
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 key of a party, in memory."""

    private: Ed25519PrivateKey

    @classmethod
    def of_seed(cls, seed: bytes) -> SigningKey:
        """The key of a seed of 32 bytes."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public(self) -> bytes:
        """Its public half, 32 bytes."""
        return self.private.public_key().public_bytes_raw()


def key_id(public: bytes) -> str:
    """How a signature names its key: the first 8 bytes of its SHA-256, hexadecimal.

    >>> key_id(bytes(32))
    '66687aadf862bd77'
    """
    return sha256(public)[:16]


def written(statement: Statement) -> bytes:
    """The payload of a statement."""
    return msgspec.json.encode(statement, order="sorted")


_SIGNED = b"DSSEv1 %d %s " % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode())


def signed_bytes(payload: bytes) -> bytes:
    """What a signature covers: the pre-authentication encoding of DSSE.

    >>> signed_bytes(b"{}")
    b'DSSEv1 43 application/vnd.truceline.statement.v1+json 2 {}'
    """
    return b"%s%d %s" % (_SIGNED, len(payload), payload)


def sign(payload: bytes, keys: Sequence[SigningKey]) -> bytes:
    """Sign a payload; the result is an entry.

    Raises:
        SubmissionError: no key, or one of them twice.
    """
    message = signed_bytes(payload)
    return _enveloped(payload, [Mark(key_id(key.public), key.private.sign(message)) for key in keys])


def countersign(entry: Entry, key: SigningKey) -> bytes:
    """Add a signature to an entry that is not in a log yet."""
    mark = Mark(key_id(key.public), key.private.sign(signed_bytes(entry.payload)))
    return _enveloped(entry.payload, [*entry.marks, mark])


def _enveloped(payload: bytes, marks: Sequence[Mark]) -> bytes:
    ordered = tuple(sorted(marks, key=lambda mark: mark.keyid))
    if not ordered or len({mark.keyid for mark in ordered}) < len(ordered):
        raise SubmissionError("expected one or more signatures, each by another key")
    return msgspec.json.encode(Envelope(payload, PAYLOAD_TYPE, ordered))


# -- reading ---------------------------------------------------------------------------------------------------------

_ENVELOPE = msgspec.json.Decoder(Envelope)
_STATEMENT = msgspec.json.Decoder(Statement)
_SORTED = msgspec.json.Encoder(order="sorted")
_PLAIN = msgspec.json.Encoder()


def read_entry(data: bytes) -> Entry:
    """Read an entry, and verify nothing.

    Raises:
        SubmissionError: it is none, is too long, or could be written in another way.
    """
    if len(data) > MOST_ENTRY:
        raise SubmissionError(f"entry: expected at most {MOST_ENTRY} bytes, got {len(data)}: put files into `blobs`")
    try:
        envelope = _ENVELOPE.decode(data)
        statement = _STATEMENT.decode(envelope.payload)
        is_plain = _PLAIN.encode(envelope) == data and _SORTED.encode(statement) == envelope.payload
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise SubmissionError(f"not an entry: {error}") from None
    if not is_plain:
        raise SubmissionError("entry: expected JSON as RFC 8785 writes it (no key twice, keys sorted, no blanks)")
    _check_envelope(envelope)
    _check_statement(statement)
    return Entry(data, envelope.payload, statement, envelope.signatures)


def _check_envelope(envelope: Envelope) -> None:
    if envelope.payloadType != PAYLOAD_TYPE:
        raise SubmissionError(f"`payloadType`: expected `{PAYLOAD_TYPE}`, got {quoted(envelope.payloadType)}")
    ids = [mark.keyid for mark in envelope.signatures]
    if not 1 <= len(ids) <= MOST_SIGNATURES:
        raise SubmissionError(f"`signatures`: expected 1 to {MOST_SIGNATURES}, got {len(ids)}")
    if len(ids) > 1 and ids != sorted(set(ids)):
        raise SubmissionError("`signatures`: expected them sorted by `keyid`, each key once")


def _check_statement(one: Statement) -> None:
    if one.schema != SCHEMA:
        raise SubmissionError(f"`schema`: expected `{SCHEMA}`, got {quoted(one.schema)}")
    if not _TYPE.fullmatch(one.type):
        raise SubmissionError(f"`type`: expected a word of small letters, got {quoted(one.type)}")
    if not _NAME.fullmatch(one.by):
        raise SubmissionError(f"`by`: expected the id of a party, got {quoted(one.by)}")
    if not 0 <= one.sequence <= MOST_INT or not 0 <= one.cites.size <= MOST_INT:
        raise SubmissionError("`sequence`, `cites.size`: expected whole numbers from 0 on")
    if one.claims is not None and not 0 <= one.claims <= MOST_INT:
        raise SubmissionError(f"`claims`: expected a UTC second, got {one.claims}")
    for name, digest, may_lack in (
        ("previous", one.previous, one.sequence == 0),
        ("cites.root", one.cites.root, one.cites.size == 0),
        ("under", one.under, True),
    ):
        if not (digest == "" and may_lack) and not _HEX.fullmatch(digest):
            raise SubmissionError(f"`{name}`: expected 64 hexadecimal digits, got {quoted(digest)}")
    if one.sequence == 0 and one.previous:
        raise SubmissionError("`previous`: expected none for a submitter's first entry")
    if one.blobs:
        _check_blobs(one.blobs)
    if one.sealed is not None:
        if one.body is not None or not (_HEX.fullmatch(one.sealed.box) and _HEX.fullmatch(one.sealed.commitment)):
            raise SubmissionError("`sealed`: expected two hashes, and no `body` beside it")
    elif one.body is not None:
        check_plain(one.body)


def _check_blobs(blobs: tuple[Blob, ...]) -> None:
    if len(blobs) > MOST_BLOBS or len({blob.name for blob in blobs}) < len(blobs):
        raise SubmissionError(f"`blobs`: expected at most {MOST_BLOBS}, each of another name")
    for blob in blobs:
        if not _HEX.fullmatch(blob.sha256) or not 0 <= blob.size <= MOST_INT:
            raise SubmissionError(f"`blobs`: {quoted(blob.name)}: expected a hash and a size")
        if not blob.name or "/" in blob.name or "\\" in blob.name or blob.name.startswith("."):
            raise SubmissionError(f"`blobs`: expected the name of a file, got {quoted(blob.name)}")


def check_plain(value: Any, depth: int = 0) -> None:  # noqa: ANN401  # any JSON value is meant
    """Refuse what RFC 8785 could write in more than one way to a reader in another language.

    Raises:
        SubmissionError: fractions, whole numbers beyond 2^53 - 1, or more than `MOST_DEPTH` levels.
    """
    if depth > MOST_DEPTH:
        raise SubmissionError(f"`body`: expected at most {MOST_DEPTH} levels")
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not -MOST_INT <= value <= MOST_INT:
            raise SubmissionError("`body`: expected whole numbers up to 2^53 - 1")
    elif kind is dict:
        if not "".join(value).isascii():
            raise SubmissionError("`body`: expected keys of ASCII characters")
        for inner in value.values():
            if type(inner) is not str or depth == MOST_DEPTH:  # most are texts: they need no call
                check_plain(inner, depth + 1)
    elif kind is list:
        for inner in value:
            check_plain(inner, depth + 1)
    else:
        raise SubmissionError("`body`: expected no fractions: write a number with a point as a text")


# -- verifying -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4_096)
def _loaded(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def check_marks(entry: Entry, keys: Mapping[str, bytes]) -> None:
    """Verify every signature of an entry.

    Args:
        entry: what was read.
        keys: id to public key; a signature by a key that is not among them is refused.

    Raises:
        VerificationError: a key is not known, or a signature does not hold.
    """
    message = signed_bytes(entry.payload)
    for mark in entry.marks:
        public = keys.get(mark.keyid)
        if public is None:
            raise VerificationError(f"signed by a key that is not known: {quoted(mark.keyid)}")
        try:
            _loaded(public).verify(mark.sig, message)
        except InvalidSignature:
            raise VerificationError(f"the signature by key {mark.keyid} does not hold") from None


def blob_of(name: str, data: bytes) -> Blob:
    """How a statement names a file."""
    return Blob(name, sha256(data), len(data))


def hashes_of(statement: Statement) -> Iterable[str]:
    """The SHA-256 of everything that has to lie beside an entry: its blobs, and its box."""
    yield from (blob.sha256 for blob in statement.blobs)
    if statement.sealed is not None:
        yield statement.sealed.box
