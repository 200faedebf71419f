"""How is a list sealed so that only both sides can read it, and none of them before k guarantors let them?

Two keys lie around a list, one within the other:

    the outer   is divided among the guarantors, any k of whom have it: they say when the list is opened
    the inner   is sealed for the two sides: they alone read it, and no number of guarantors, nor the host, ever does

The box is of the record's own shape (`record.seal.Box`): it lies beside the log, is given to those alone for whom
something in it is sealed, and is destroyed like every other. All boxes of an exchange are as long, whatever they hold.
Its key wraps are no key to it: a share for each guarantor, the inner key for each side.

What a side needs to hand over its list lies on its own machine from before its commitment until the exchange has ended,
readable by its user alone; `truceline panic` destroys it. Source: docs/adr/0022-exchange-of-areas.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from truceline.canon import sha256
from truceline.desk import keyring
from truceline.errors import InputError, StoreError, SubmissionError, VerificationError, quoted
from truceline.exchange.padded import cells_of, length, padded
from truceline.exchange.sealed import COMMIT, Exchange, Step, about_share
from truceline.exchange.shares import check_mark, combine, mark_of, split
from truceline.record.entry import Sealed
from truceline.record.seal import SALT, Box, commitment_of, unwrap, wrap
from truceline.store.disk import write_whole

ROOM = "exchanges"
"""Folder in the user's configuration where lists lie that are fixed and not handed over yet."""

KEY, NONCE, TAG, WRAPPED = 32, 12, 16, 80
"""Bytes: of a key or share, of a nonce, of an authentication tag, of a key or share that is sealed for a reader."""

MOST_BOX = 1 << 20
"""No box of an exchange is longer, whatever it says; those of lists are far shorter."""

_SHARE, _CONTENT = b"truceline/escrow-share/v1\n", b"truceline/escrow-content/v1\n"

Readers = Mapping[str, Mapping[str, bytes]]
"""Party to the keys it reads with: id to X25519 public key."""


class Kept(msgspec.Struct, frozen=True):
    """What a side holds of its own list, once it is fixed.

    Attributes:
        salt: and `data`, the list as it was padded, are what the commitment is to.
        inner, outer: keys of the box; `shares`: of the outer one, in the order of the guarantors.
    """

    log: str
    of: int
    by: str
    salt: bytes
    data: bytes
    inner: bytes
    outer: bytes
    shares: tuple[bytes, ...]

    def __repr__(self) -> str:
        """Nothing of it: this is what logs and tracebacks print."""
        return f"Kept(of={self.of})"

    @property
    def commitment(self) -> str:
        """To salt and list."""
        return commitment_of(self.salt, self.data)


@dataclass(frozen=True)
class Listing:
    """A list of an exchange: of which, in which log, whose."""

    one: Exchange
    log: str
    side: str


# -- a side fixes its list ---------------------------------------------------------------------------------------------


def fixed(one: Exchange, log: str, by: str, cells: Sequence[str], random_bytes: Callable[[int], bytes]) -> Kept:
    """Fix a list: salt, keys and shares are drawn now, so that nothing can be chosen after the other's commitment.

    Raises:
        SubmissionError: a cell is finer than the floor, or there are too many. InputError: numbers out of range.
    """
    data = padded(cells, slots=one.said.slots, log=log, of=one.of, by=by)
    salt, inner, outer = random_bytes(SALT), random_bytes(KEY), random_bytes(KEY)
    shares = split(outer, one.said.threshold, len(one.guarantors), random_bytes)
    return Kept(log, one.of, by, salt, data, inner, outer, tuple(shares))


def commitment_step(one: Exchange, kept: Kept) -> Step:
    """The step by which a side fixes its list."""
    marks = {
        holder: mark_of(share, about_share(kept.log, one.of, kept.by, holder))
        for holder, share in zip(one.guarantors, kept.shares, strict=True)
    }
    key = mark_of(kept.inner, about_share(kept.log, one.of, kept.by, ""))
    return Step(COMMIT, one.of, commitment=kept.commitment, key=key, marks=marks)


def boxed(one: Exchange, kept: Kept, readers: Readers, random_bytes: Callable[[int], bytes]) -> tuple[Sealed, bytes]:
    """The sealed list of a side: what goes into the statement, and the box that goes beside the log.

    Args:
        one: the exchange.
        kept: what the side has fixed.
        readers: the newest keys of the guarantors and of both sides.
        random_bytes: gives so many random bytes.

    Raises:
        InputError: somebody has no key to read with.
    """
    commitment = kept.commitment
    about, within, nonce = commitment.encode(), random_bytes(NONCE), random_bytes(NONCE)
    inner = within + AESGCM(kept.inner).encrypt(within, kept.salt + kept.data, about)
    ciphertext = AESGCM(kept.outer).encrypt(nonce, inner, about)
    handed = dict(zip(one.guarantors, kept.shares, strict=True)) | dict.fromkeys(one.sides, kept.inner)
    wraps: dict[str, bytes] = {}
    for party, secret in handed.items():
        if not readers.get(party):
            raise InputError(f"{quoted(party)} has no key to read with in this record")
        info = (_SHARE if party in one.guarantors else _CONTENT) + about
        wraps |= {key: wrap(secret, public, info) for key, public in readers[party].items()}
    box = msgspec.json.encode(Box(ciphertext, nonce, dict(sorted(wraps.items()))), order="sorted")
    return Sealed(sha256(box), commitment), box


def check_box(data: bytes, whose: Listing, readers: Readers) -> None:
    """Refuse a box that is longer or shorter than every other, or sealed for other keys than those of the record.

    Args:
        data: the bytes of the box.
        whose: list it is to hold.
        readers: the newest keys of the guarantors and of both sides.

    Raises:
        SubmissionError: it is none of this exchange.
    """
    one = whose.one
    size = length(slots=one.said.slots, log=whose.log, of=one.of, by=whose.side) + SALT + NONCE + 2 * TAG
    try:
        box = _read(data)
    except VerificationError as error:
        raise SubmissionError(str(error.faults[0])) from None
    if len(box.ciphertext) != size or len(box.nonce) != NONCE:
        raise SubmissionError(f"the box holds {len(box.ciphertext)} bytes: expected {size}, as every list here has")
    wanted = {key for party in (*one.guarantors, *one.sides) for key in readers.get(party, {})}
    if box.wraps.keys() != wanted:
        raise SubmissionError("the box is not sealed for the keys of both sides and of all guarantors, and no others")
    if any(len(wrapped) != WRAPPED for wrapped in box.wraps.values()):
        raise SubmissionError(f"the box: expected {WRAPPED} bytes for each key")
    if msgspec.json.encode(Box(box.ciphertext, box.nonce, dict(sorted(box.wraps.items()))), order="sorted") != data:
        raise SubmissionError("the box is not written the one way")


# -- a guarantor, and a side that waits --------------------------------------------------------------------------------


def share_of(data: bytes, whose: Listing, party: str, holder: keyring.KeyFile) -> bytes:
    """The share that was sealed for a guarantor, held against its mark.

    Args:
        data: the box of a list.
        whose: list it is.
        party: the guarantor.
        holder: a key of the guarantor to read with.

    Raises:
        VerificationError: it cannot be opened, or is not what its mark says.
    """
    commitment = whose.one.commitments[whose.side]
    share = _sealed_for(data, holder, _SHARE + commitment.commitment.encode())
    return _marked(share, about_share(whose.log, whose.one.of, whose.side, party), commitment.marks[party])


def inner_of(data: bytes, whose: Listing, reader: keyring.KeyFile) -> bytes:
    """The key of the content of a list, as it was sealed for a side, held against its mark; before anything is opened.

    Raises:
        VerificationError: it cannot be opened, or is not what its mark says.
    """
    commitment = whose.one.commitments[whose.side]
    key = _sealed_for(data, reader, _CONTENT + commitment.commitment.encode())
    return _marked(key, about_share(whose.log, whose.one.of, whose.side, ""), commitment.key)


def _read(data: bytes) -> Box:
    """A box, whoever made it.

    Raises:
        VerificationError: it is none.
    """
    if len(data) > MOST_BOX:
        raise VerificationError(f"the box: expected at most {MOST_BOX} bytes, got {len(data)}")
    try:
        return msgspec.json.decode(data, type=Box)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise VerificationError("the box is none") from None


def _sealed_for(data: bytes, reader: keyring.KeyFile, info: bytes) -> bytes:
    wrapped = _read(data).wraps.get(reader.id)
    if wrapped is None:
        raise VerificationError(f"nothing in the box is for key {reader.id}")
    return unwrap(wrapped, reader.secret, info)


def _marked(secret: bytes, about: str, mark: str) -> bytes:
    try:
        check_mark(secret, about, mark)
    except SubmissionError as error:
        raise VerificationError(str(error)) from None
    return secret


# -- both lists, opened ------------------------------------------------------------------------------------------------


def opened(data: bytes, whose: Listing, inner: bytes) -> tuple[str, ...]:
    """The cells of a list, once k guarantors have released their shares.

    Args:
        data: the box of the list.
        whose: list it is.
        inner: key of its content.

    Raises:
        InputError: fewer than k have. VerificationError: what lies in the box is no list that was committed to.
    """
    one, side = whose.one, whose.side
    if len(one.releases) < one.said.threshold:
        raise InputError(f"{len(one.releases)} of {one.said.threshold} guarantors have released their shares")
    numbers = {holder: number for number, holder in enumerate(one.guarantors, 1)}
    outer = combine({numbers[holder]: bytes.fromhex(share) for holder, share in one.shares[side].items()})
    box, about = _read(data), one.commitments[side].commitment
    try:
        within = AESGCM(outer).decrypt(box.nonce, box.ciphertext, about.encode())
        plain = AESGCM(inner).decrypt(within[:NONCE], within[NONCE:], about.encode())
    except (InvalidTag, ValueError):
        raise VerificationError(f"the list of {quoted(side)} does not open with the keys that were fixed") from None
    salt, content = plain[:SALT], plain[SALT:]
    if commitment_of(salt, content) != about:
        raise VerificationError(f"the list of {quoted(side)} is not what was committed to")
    try:
        return cells_of(content, slots=one.said.slots, log=whose.log, of=one.of, by=side)
    except SubmissionError as error:
        raise VerificationError(f"the list of {quoted(side)}: {error.faults[0]}") from None


def flaw_of(data: bytes, whose: Listing, inner: bytes) -> str:
    """What is wrong with an opened list; empty = nothing."""
    try:
        opened(data, whose, inner)
    except (VerificationError, InputError) as error:
        return str(error.faults[0])
    return ""


# -- on the machine of a side ------------------------------------------------------------------------------------------


def keep(kept: Kept) -> Kept:
    """Keep what a side has fixed, before it commits to it: without it nothing can be handed over.

    Returns:
        What is kept: what was kept before, where it is the same list.

    Raises:
        StoreError: it cannot be written, or another list is fixed for this exchange already.
    """
    path = _path(kept.log, kept.of, kept.by)
    if path.exists():
        before = kept_of(kept.log, kept.of, kept.by)
        if before.data != kept.data:
            raise StoreError(f"another list of {quoted(kept.by)} is fixed for exchange {kept.of} on this machine")
        return before
    write_whole(path, msgspec.json.encode(kept) + b"\n", mode=0o600)
    return kept


def kept_of(log: str, of: int, by: str) -> Kept:
    """What a side has fixed on this machine.

    Raises:
        StoreError: nothing, or it is damaged.
    """
    path = _path(log, of, by)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except FileNotFoundError:
        raise StoreError(f"this machine holds no list of {quoted(by)} for exchange {of}") from None
    except (OSError, msgspec.DecodeError):
        raise StoreError(f"{path}: is damaged: expected a list that was fixed") from None


def forget(log: str, of: int, by: str) -> bool:
    """Destroy what a side has fixed, once the exchange has ended; whether there was anything."""
    path = _path(log, of, by)
    if not path.exists():
        return False
    keyring.write_over(path)
    path.unlink()
    return True


def _path(log: str, of: int, by: str) -> Path:
    digest = sha256("\n".join((log, str(of), by)).encode())
    return keyring.own_folder(ROOM) / f"{digest[:32]}.json"
