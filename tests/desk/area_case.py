"""A case for statements of areas: desk, us, ru and two groups, on a clock that is moved by hand."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.evidence.bench import SHIPPED
from truceline import desk
from truceline.desk import keyring, records
from truceline.desk.charters import new_charter
from truceline.desk.records import Draft
from truceline.desk.viewers import Viewer
from truceline.record.entry import countersign, read_entry
from truceline.span import parse_instant
from truceline.store.case import Case
from truceline.store.folder import CaseFolder

BEGIN = parse_instant("2016-03-01T00:00:00Z", "UTC")
DAY = 86_400
A, B, C, D = ("852d8a9bfffffff", "852d8aaffffffff", "852d8abbfffffff", "852d8a83fffffff")
"""Four cells of resolution 5 in the north-west of the country."""

SECRETARIAT = Viewer("ana", "secretariat")
US, RU, AHRAR, TURKEY = (Viewer(party, "party", party) for party in ("us", "ru", "ahrar", "tr"))


class World:
    """A case and its clock."""

    def __init__(self, case: Case, at: int = BEGIN) -> None:
        """Begin at a second."""
        self.case, self.at = case, at

    @property
    def path(self) -> Path:
        """The folder of the case."""
        return Path(self.case.where)

    def now(self) -> int:
        """What time it is."""
        return self.at

    def to(self, day: str, hour: int = 0) -> None:
        """Move the clock."""
        self.at = parse_instant(day, "UTC") + hour * 3600

    def say(self, kind: str, body: Any, by: str, readers: Sequence[str] = ()) -> int:  # noqa: ANN401
        """Say something; the index of its entry."""
        return records.append(self.case, [Draft(kind, body, by, readers=tuple(readers))], self.now)[0].index

    def area(self, group: str, day: str, cells: Sequence[str], by: str, readers: Sequence[str] = ()) -> int:
        """Say where a group stood."""
        return self.say("area", {"group": group, "day": day, "cells": sorted(cells)}, by, readers)

    def both(self, kind: str, body: Any, by: str, cosigner: str) -> int:  # noqa: ANN401
        """Something that two sign."""
        place = records.place_of(self.case, self.now)
        data, beside = place.signed(Draft(kind, body, by))
        (key,) = place.keys(cosigner, "")
        return records.submit(self.case, countersign(read_entry(data), key), beside, self.now).index


def made(folder: Path) -> Path:
    """A case of five founders."""
    sets = [keyring.key_set(party) for party in ("us", "ru", "ahrar", "gov")]
    case = desk.init_case(folder / "case", SHIPPED / "agreement.yaml", new_charter("areas", parties=sets),
                          known_at=BEGIN)  # fmt: skip
    case.close()
    return folder / "case"


def copied(case: Path, to: Path) -> World:
    """A copy of a case to work in."""
    shutil.copytree(case, to)
    return World(CaseFolder.open(to))
