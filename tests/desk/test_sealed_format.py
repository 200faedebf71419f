"""The box of a sealed list, opened by what the page of formats says, with nothing of ours."""

from __future__ import annotations

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from tests.conftest import ROOT
from tests.desk.sealed_case import HOLDERS, LISTS, SIDES, Room, room
from truceline.desk import keyring
from truceline.exchange.sealed import OPENED

__all__ = ["room"]

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def times(a: int, b: int) -> int:
    """Multiply in the field of the page."""
    found = 0
    while b:
        found ^= a if b & 1 else 0
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return found


def divided(a: int, b: int) -> int:
    """Divide in it, by trying."""
    return next(q for q in range(256) if times(q, b) == a)


def at_zero(shares: dict[int, bytes]) -> bytes:
    """Two shares on a line: its value at 0, each byte by itself."""
    (x, a), (y, b) = shares.items()
    slope = [divided(one ^ other, x ^ y) for one, other in zip(a, b, strict=True)]
    return bytes(one ^ times(m, x) for one, m in zip(a, slope, strict=True))


def test_a_list_opens_by_the_page_alone(room: Room) -> None:
    """Box, wraps, marks, shares, both layers, commitment and list, as `record-format.md` has them."""
    of = room.to(OPENED)
    entries = [json.loads(said.entry.payload) for said in room.case.entries()]
    said = [one["body"] for one in entries if one["type"] == "exchange" and one["body"]]
    opening, log = said[0], entries[0]["log"]
    committed = {one["by"]: one["body"] for one in entries if one["body"] and one["body"].get("step") == "commit"}
    for side in SIDES:
        (sealed,) = [one["sealed"] for one in entries if one["sealed"] and one["by"] == side]
        data = room.case.store.blob(sealed["box"])
        assert hashlib.sha256(data).hexdigest() == sealed["box"]
        box = json.loads(data)
        wraps = {key: base64.b64decode(one) for key, one in box["wraps"].items()}
        digits = sealed["commitment"].encode()
        assert sealed["commitment"] == committed[side]["commitment"]
        numbered = {
            number: bytes.fromhex(one["body"]["shares"][side])
            for number, holder in enumerate(opening["guarantors"], 1) for one in entries
            if one["by"] == holder and one["body"] and one["body"].get("step") == "release"
        }  # fmt: skip
        for number, share in numbered.items():
            holder = opening["guarantors"][number - 1]
            mark = "\n".join(("truceline/share-mark/v1", log, str(of), side, holder, "")).encode() + share
            assert hashlib.sha256(mark).hexdigest() == committed[side]["marks"][holder]
            (key,) = keyring.keys_of(holder, "read")
            private = X25519PrivateKey.from_private_bytes(key.secret)
            assert SUITE.decrypt(wraps[key.id], private, b"truceline/escrow-share/v1\n" + digits) == share
        (key,) = keyring.keys_of("us", "read")
        private = X25519PrivateKey.from_private_bytes(key.secret)
        inner = SUITE.decrypt(wraps[key.id], private, b"truceline/escrow-content/v1\n" + digits)
        mark = "\n".join(("truceline/share-mark/v1", log, str(of), side, "", "")).encode() + inner
        assert hashlib.sha256(mark).hexdigest() == committed[side]["key"]
        nonce, ciphertext = base64.b64decode(box["nonce"]), base64.b64decode(box["ciphertext"])
        within = AESGCM(at_zero(numbered)).decrypt(nonce, ciphertext, digits)
        plain = AESGCM(inner).decrypt(within[:12], within[12:], digits)
        assert hashlib.sha256(b"truceline/commitment/v1\n" + plain).hexdigest() == sealed["commitment"]
        head, cells, rest = plain[32:].decode().split("\n")
        assert json.loads(head) == {"by": side, "log": log, "of": of, "schema": "truceline/list/1", "slots": 256}
        places = [cells[i : i + 15] for i in range(0, len(cells), 15)]
        assert (len(places), rest) == (256, "")
        assert places == [*sorted(LISTS[side]), *["0" * 15] * (256 - len(LISTS[side]))]
    assert len(HOLDERS) == len(opening["guarantors"])


def test_every_name_of_a_use_is_on_the_page() -> None:
    """What a hash or a seal is for is said by a text of its own, and the page has each."""
    page = (ROOT / "docs" / "reference" / "record-format.md").read_text(encoding="utf-8")
    for name in ("share-mark", "escrow-share", "escrow-content", "commitment", "wrap", "list"):
        assert f"`truceline/{name}/" in page
