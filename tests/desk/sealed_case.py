"""A sealed exchange to try things on: a case of two sides and three guarantors, all on one machine, and a clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.bench import NOW, SHIPPED
from truceline import desk
from truceline.desk import keyring, records
from truceline.desk.charters import new_charter
from truceline.desk.escrow import Kept
from truceline.desk.exchanging import Seen, close, commit, release, reveal, seen, step_draft
from truceline.desk.records import Draft
from truceline.desk.sealed import exchanges_of
from truceline.desk.venue import Local
from truceline.exchange.sealed import OPEN, OPENED, REVEALING, Step
from truceline.store.folder import CaseFolder

SIDES, HOLDERS = ("us", "ru"), ("tr", "ir", "un")
ALEPPO, IDLIB, HAMA = "852da963fffffff", "852da90bfffffff", "852da877fffffff"
LISTS = {"us": (ALEPPO, HAMA), "ru": (IDLIB,)}


class Room:
    """A case, everybody's keys on one machine, and a clock that is set."""

    def __init__(self, folder: Path) -> None:
        """Found a case."""
        sets = [keyring.key_set(party) for party in (*SIDES, *HOLDERS)]
        charter = new_charter("sealed", parties=sets)
        self.now = NOW
        self.case: CaseFolder = desk.init_case(folder / "case", SHIPPED / "agreement.yaml", charter, known_at=NOW)
        self.venue = Local(self.case)

    def seen(self) -> Seen:
        """The exchanges."""
        return seen(self.venue)

    def say(self, *drafts: Draft) -> int:
        """Sign and append; the index of the last."""
        self.now += 1
        return records.append(self.case, drafts, lambda: self.now)[-1].index

    def open(self, *, by: str = "us", **more: Any) -> int:  # noqa: ANN401  # any field
        """Open an exchange; its index."""
        said = {
            "step": OPEN, "sides": SIDES, "guarantors": HOLDERS, "threshold": 2, "slots": 256,
            "commit_by": self.now + 100, "reveal_by": self.now + 200, "release_by": self.now + 300, **more,
        }  # fmt: skip
        return self.say(step_draft(Step(**said), by))

    def commit(self, of: int, side: str, cells: tuple[str, ...] | None = None) -> Kept:
        """A side fixes its list."""
        draft, kept = commit(self.seen(), of, side, LISTS[side] if cells is None else cells)
        self.say(draft)
        return kept

    def reveal(self, of: int, side: str) -> int:
        """A side hands over its list."""
        return self.say(reveal(self.seen(), of, side, records.place_of(self.case, lambda: self.now)))

    def release(self, of: int, holder: str) -> int:
        """A guarantor releases its shares."""
        return self.say(release(self.seen(), of, holder))

    def close(self, of: int, by: str = "desk") -> int:
        """Somebody ends the window."""
        place = records.place_of(self.case, lambda: self.now)
        return self.say(close(self.venue, self.seen(), of, place, by))

    def state(self, of: int) -> str:
        """How far an exchange has come."""
        return exchanges_of(self.case).all[of].state

    def faults(self, of: int) -> list[tuple[str, str]]:
        """Who did what."""
        return [(fault.party, fault.what) for fault in exchanges_of(self.case).all[of].faults]

    def to(self, state: str, **more: Any) -> int:  # noqa: ANN401  # any field
        """An exchange at a state; its index."""
        of = self.open(**more)
        for side in SIDES:
            self.commit(of, side)
        if state != REVEALING:
            for side in SIDES:
                self.reveal(of, side)
        if state == OPENED:
            self.release(of, "tr")
            self.release(of, "un")
        assert self.state(of) == state
        return of


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    """A case whose record holds at the end, and keys of its own."""
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "config"))
    made = Room(tmp_path)
    yield made
    again = CaseFolder(made.case.path)
    assert len(again.entries()) == len(made.case.entries())
    again.close()
    made.case.close()
