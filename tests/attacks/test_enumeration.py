"""Enumeration of the cell domain: it empties an intersection of sets, and gains nothing in a sealed exchange."""

from __future__ import annotations

import hashlib
import secrets

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.attacks.test_people import cells_of_a_country
from tests.desk.sealed_case import HOLDERS, Room, room
from truceline.canon import sha256
from truceline.desk import keyring
from truceline.desk.escrow import Listing, kept_of, share_of
from truceline.desk.exchanging import lists
from truceline.desk.sealed import exchanges_of
from truceline.exchange.padded import padded
from truceline.exchange.sealed import RELEASING
from truceline.exchange.shares import combine
from truceline.record.seal import Box, commitment_of

__all__ = ["room"]

DOMAIN = sorted(cells_of_a_country())
HIDDEN = tuple(sorted(secrets.SystemRandom().sample(DOMAIN, 40)))


def blinded(key: X25519PrivateKey, point: bytes) -> bytes:
    """A point of the curve under somebody's key: what two sides pass to one another in an intersection."""
    return key.exchange(X25519PublicKey.from_public_bytes(point))


def test_an_intersection_gives_a_hidden_list_to_whoever_says_every_cell() -> None:
    """The control, and why there is none here: an honest run of a private set intersection, one side's set is all."""
    ours, theirs = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    point = {cell: hashlib.sha256(cell.encode()).digest() for cell in DOMAIN}
    hidden_once = [blinded(ours, point[cell]) for cell in HIDDEN]  # what the honest side sends
    all_once = {cell: blinded(theirs, point[cell]) for cell in DOMAIN}  # what the other sends: the whole domain
    all_twice = {blinded(ours, one): cell for cell, one in all_once.items()}  # what it is given back
    found = sorted(all_twice[twice] for one in hidden_once if (twice := blinded(theirs, one)) in all_twice)
    assert found == list(HIDDEN)


def test_seven_hundred_guesses_open_an_unsalted_hash_and_no_commitment(room: Room) -> None:
    """A list of one cell, the easiest there is; the padded list is as it would be, the salt alone is missing."""
    of = room.to(RELEASING)
    room.now += 400
    of = room.open()
    kept = room.commit(of, "us", (HIDDEN[0],))
    said = exchanges_of(room.case).all[of].commitments["us"]
    log = exchanges_of(room.case).log
    guesses = {cell: padded([cell], slots=256, log=log, of=of, by="us") for cell in DOMAIN}
    unsalted = sha256(kept.data)
    assert [cell for cell, data in guesses.items() if sha256(data) == unsalted] == [HIDDEN[0]]
    tried = {commitment_of(salt, data) for data in guesses.values() for salt in (b"", bytes(32), said.key.encode())}
    assert said.commitment not in tried
    assert said.commitment == commitment_of(kept.salt, kept.data)


def test_before_the_opening_the_whole_record_and_one_guarantor_give_no_cell(room: Room) -> None:
    """Everything the other side can have: the record, both boxes, its own keys, k - 1 shares and the whole domain."""
    of = room.open()
    room.commit(of, "us", HIDDEN)
    room.commit(of, "ru", tuple(DOMAIN[:256]))
    for side in ("us", "ru"):
        room.reveal(of, side)
    one, log = exchanges_of(room.case).all[of], exchanges_of(room.case).log
    sealed = room.case.entries()[one.reveals["us"]].statement.sealed
    assert sealed is not None
    box = room.case.store.blob(sealed.box)
    (holder,) = keyring.keys_of(HOLDERS[0], "read")
    share = share_of(box, Listing(one, log, "us"), HOLDERS[0], holder)
    read = msgspec.json.decode(box, type=Box)
    for guess in (share, *(combine({1: share, 2: secrets.token_bytes(32)}) for _ in range(50))):
        with pytest.raises(InvalidTag):
            AESGCM(guess).decrypt(read.nonce, read.ciphertext, sealed.commitment.encode())
    texts = box + b"".join(said.entry.data + said.entry.payload for said in room.case.entries())
    assert not any(cell.encode() in texts for cell in HIDDEN)


@pytest.mark.parametrize("said", [(), DOMAIN[:256]], ids=["nothing", "as much as there is place for"])
def test_what_a_side_learns_does_not_depend_on_what_it_says(room: Room, said: list[str]) -> None:
    """Nothing is asked of a list: who says every cell learns the other's list, once, as who says none; and shows it."""
    of = room.open()
    room.commit(of, "us", HIDDEN)
    room.commit(of, "ru", tuple(said))
    for side in ("us", "ru"):
        room.reveal(of, side)
    for holder in HOLDERS[:2]:
        room.release(of, holder)
    assert lists(room.seen(), of, "ru")["us"] == HIDDEN
    assert lists(room.seen(), of, "us")["ru"] == tuple(sorted(said))
    assert kept_of(exchanges_of(room.case).log, of, "ru").data != kept_of(exchanges_of(room.case).log, of, "us").data
