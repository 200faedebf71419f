"""How is a body kept from those who may not read it, and how is it destroyed for all?

A body is encrypted under a key of its own, and that key once for each reader. The entry in the log holds a salted
commitment and the hash of the box: nobody who has not the box can test a guess against them. Who destroys the box
destroys key wraps, salt and body together, and every proof of the log stays valid.

Source: AES-256-GCM, NIST SP 800-38D; HPKE base mode, RFC 9180 (DHKEM X25519, HKDF-SHA256, AES-256-GCM).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from truceline.canon import sha256
from truceline.errors import InputError, VerificationError, quoted
from truceline.record.entry import Sealed

MOST_BODY = 16 * 1024 * 1024
SALT = 32
_COMMITMENT = b"truceline/commitment/v1\n"
_WRAP = b"truceline/wrap/v1\n"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

RandomBytes = Callable[[int], bytes]


class Box(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lies beside the log: the ciphertext, and its key wrapped for each reader, by the reader's id."""

    ciphertext: bytes
    nonce: bytes
    wraps: dict[str, bytes]


def commitment_of(salt: bytes, body: bytes) -> str:
    """The salted commitment to a body, 64 hexadecimal digits."""
    return sha256(_COMMITMENT + salt + body)


def seal(body: bytes, readers: Mapping[str, bytes], random_bytes: RandomBytes) -> tuple[Sealed, bytes]:
    """Seal a body for its readers.

    Args:
        body: at most `MOST_BODY` bytes.
        readers: id to X25519 public key, 32 bytes.
        random_bytes: gives so many random bytes.

    Returns:
        What goes into the statement, and the box that goes beside the log.

    Raises:
        InputError: no reader, a body that is too long, or a key that is none.
    """
    if not readers or len(body) > MOST_BODY:
        raise InputError(f"expected one or more readers, and a body of at most {MOST_BODY} bytes, got {len(body)}")
    salt, key, nonce = random_bytes(SALT), random_bytes(32), random_bytes(12)
    commitment = commitment_of(salt, body)
    ciphertext = AESGCM(key).encrypt(nonce, salt + body, commitment.encode())
    wraps = {reader: _wrapped(key, public, commitment) for reader, public in sorted(readers.items())}
    box = msgspec.json.encode(Box(ciphertext, nonce, wraps), order="sorted")
    return Sealed(sha256(box), commitment), box


def _wrapped(key: bytes, public: bytes, commitment: str) -> bytes:
    return wrap(key, public, _WRAP + commitment.encode())


def wrap(secret: bytes, public: bytes, info: bytes) -> bytes:
    """Seal a short secret for one reader (HPKE base mode): 48 bytes longer than the secret.

    Args:
        secret: what is sealed.
        public: X25519 key of the reader, 32 bytes.
        info: what it is for; who opens it says the same. INVARIANT: no two uses begin alike.

    Raises:
        InputError: the key is none.
    """
    try:
        return _SUITE.encrypt(secret, X25519PublicKey.from_public_bytes(public), info)
    except ValueError:
        raise InputError("expected an X25519 key of 32 bytes to read with") from None


def unwrap(wrapped: bytes, secret: bytes, info: bytes) -> bytes:
    """What `wrap` sealed.

    Args:
        wrapped: as it came.
        secret: X25519 key of the reader, 32 bytes.
        info: what it is for.

    Raises:
        VerificationError: it was sealed for another key, for something else, or is damaged.
    """
    try:
        return _SUITE.decrypt(wrapped, X25519PrivateKey.from_private_bytes(secret), info)
    except (InvalidTag, ValueError):
        raise VerificationError("what was sealed cannot be opened with this key") from None


def open_box(sealed: Sealed, box: bytes, reader: str, secret: bytes) -> bytes:
    """Open a box and check it against what the entry says.

    Args:
        sealed: of the entry.
        box: the bytes that lie beside the log.
        reader: whose wrap to take.
        secret: the reader's X25519 secret, 32 bytes.

    Raises:
        VerificationError: the box is another one, is damaged, or is not for this reader.
    """
    if sha256(box) != sealed.box:
        raise VerificationError("the box is not the one that the entry names")
    try:
        read = msgspec.json.decode(box, type=Box)
        wrap = read.wraps[reader]
        key = _SUITE.decrypt(wrap, X25519PrivateKey.from_private_bytes(secret), _WRAP + sealed.commitment.encode())
        plain = AESGCM(key).decrypt(read.nonce, read.ciphertext, sealed.commitment.encode())
    except KeyError:
        raise VerificationError(f"the box is not for the reader {quoted(reader)}") from None
    except (msgspec.DecodeError, InvalidTag, ValueError):
        raise VerificationError("the box cannot be opened with this key") from None
    salt, body = plain[:SALT], plain[SALT:]
    if not hmac.compare_digest(commitment_of(salt, body), sealed.commitment):
        raise VerificationError("what lies in the box is not what was committed to")
    return body
