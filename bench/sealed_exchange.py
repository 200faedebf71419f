"""What does a sealed exchange cost, and what does an intersection of sets give away? `python -m bench.sealed_exchange`.

Before any time is told: the intersection has given every hidden cell, the exchange both lists, and the boxes are of one
length. One core; the slowest of three runs is told.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from truceline.desk.escrow import Listing, boxed, commitment_step, fixed, inner_of, opened, share_of
from truceline.desk.keyring import KeyFile, demo_key
from truceline.exchange.floor import is_cell
from truceline.exchange.padded import SLOTS
from truceline.exchange.sealed import OPEN, RELEASE, REVEAL, Event, Exchange, Exchanges, Step
from truceline.exchange.shares import combine, split

SIDES, HOLDERS, OF = ("us", "ru"), ("tr", "ir", "un"), 1
CELLS, HIDDEN = 740, 40


def cells(count: int) -> list[str]:
    """So many cells of resolution 5."""
    found: list[str] = []
    number = 0x852D8000FFFFFFF
    while len(found) < count:
        if is_cell(text := f"{number:x}"):
            found.append(text)
        number += 1 << 28
    return found


def intersection() -> int:
    """The attack: an honest run of a private set intersection (ECDH), in which one side says every cell."""
    domain = cells(CELLS)
    hidden = sorted(secrets.SystemRandom().sample(domain, HIDDEN))
    ours, theirs = X25519PrivateKey.generate(), X25519PrivateKey.generate()

    def blinded(key: X25519PrivateKey, point: bytes) -> bytes:
        return key.exchange(X25519PublicKey.from_public_bytes(point))

    point = {cell: hashlib.sha256(cell.encode()).digest() for cell in domain}
    sent = [blinded(ours, point[cell]) for cell in hidden]
    all_twice = {blinded(ours, blinded(theirs, point[cell])): cell for cell in domain}
    found = sorted(all_twice[blinded(theirs, one)] for one in sent)
    assert found == hidden
    return len(found)


class Run:
    """One exchange in memory, with the published keys."""

    def __init__(self, slots: int) -> None:
        """Open it."""
        self.keys: dict[str, KeyFile] = {party: demo_key(party, "read") for party in (*SIDES, *HOLDERS)}
        self.readers = {party: {key.id: key.public} for party, key in self.keys.items()}
        self.course = Exchanges("bench.example/log")
        said = Step(
            OPEN,
            sides=SIDES,
            guarantors=HOLDERS,
            threshold=2,
            slots=slots,
            commit_by=100,
            reveal_by=200,
            release_by=300,
        )
        self.take(Event(OF, 1, "desk", ("desk",), said))
        self.boxes: dict[str, bytes] = {}

    @property
    def one(self) -> Exchange:
        """The exchange."""
        return self.course.all[OF]

    def take(self, event: Event) -> None:
        """Take a step that may be taken."""
        self.course.check(event)
        self.course.take(event)

    def whole(self, lists: dict[str, list[str]]) -> dict[str, float]:
        """Run it, and say how many milliseconds each step takes one party."""
        times: dict[str, float] = {}
        kept = {}
        for at, side in enumerate(SIDES):
            kept[side] = timed(
                times, "commit", partial(fixed, self.one, self.course.log, side, lists[side], os.urandom)
            )
            self.take(Event(2 + at, 2, side, (side,), commitment_step(self.one, kept[side])))
        for at, side in enumerate(SIDES):
            sealed, box = timed(times, "reveal", partial(boxed, self.one, kept[side], self.readers, os.urandom))
            self.boxes[side] = box
            self.take(Event(4 + at, 3, side, (side,), None, sealed.commitment))
        for at, holder in enumerate(HOLDERS[:2]):
            shares = timed(times, "release", partial(self._shares, holder))
            self.take(Event(6 + at, 4, holder, (holder,), Step(RELEASE, OF, shares=shares)))
        found = timed(times, "open", self._opened)
        assert {side: list(one) for side, one in found.items()} == {side: sorted(one) for side, one in lists.items()}
        assert [event.step for event in self.one.events].count(REVEAL) == 2
        return times

    def _shares(self, holder: str) -> dict[str, str]:
        key, lists = self.keys[holder], {side: Listing(self.one, self.course.log, side) for side in SIDES}
        return {side: share_of(self.boxes[side], lists[side], holder, key).hex() for side in SIDES}

    def _opened(self) -> dict[str, tuple[str, ...]]:
        found = {}
        for side in SIDES:
            whose = Listing(self.one, self.course.log, side)
            found[side] = opened(self.boxes[side], whose, inner_of(self.boxes[side], whose, self.keys["us"]))
        return found


def timed(times: dict[str, float], name: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401  # whatever it gives
    """Do something; the slowest so far under a name, in milliseconds."""
    begun = time.perf_counter()
    made = work()
    times[name] = max(times.get(name, 0.0), 1000 * (time.perf_counter() - begun))
    return made


def main() -> None:
    """Measure, and print one JSON document."""
    found: dict[str, Any] = {"cells": CELLS, "hidden": HIDDEN}
    times: dict[str, float] = {}
    for _ in range(3):
        found["recovered_by_intersection"] = timed(times, "intersection", intersection)
    secret = os.urandom(32)
    shares = timed(times, "split_2_of_3", lambda: split(secret, 2, 3, os.urandom))
    assert timed(times, "combine", lambda: combine({1: shares[0], 3: shares[2]})) == secret
    found["ms"] = {name: round(one, 3) for name, one in times.items()}
    for slots in SLOTS:
        sizes, steps = set(), dict[str, float]()
        for count in (0, 1, min(slots, CELLS)):
            run = Run(slots)
            for name, one in run.whole({"us": cells(count), "ru": cells(1)}).items():
                steps[name] = max(one, steps.get(name, 0.0))
            sizes |= {len(box) for box in run.boxes.values()}
        assert len(sizes) == 1
        found[f"slots_{slots}"] = {"box_bytes": sizes.pop(), "ms": {k: round(v, 3) for k, v in steps.items()}}
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
