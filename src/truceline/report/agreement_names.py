"""What does the screen of designations show? Who is called what, by whom, since when; disputes from both sides alike.

It never shows where a group is, and never says who may be attacked: absence from a list removes no protection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from truceline.report.agreement import Told, second

OPEN: Final = ("disputed", "one-sided")
"""Designations that are not shared by all."""


@dataclass(frozen=True)
class Called:
    """An actor at a moment.

    Attributes:
        told: as the interface told it.
        names: that it carries then; `aliases` beside them.
        excluded: by whom it is called excluded then: issuer (empty = the text itself), name on the list, since, source.
        was_excluded: by whom it was before.
        accepted: who says that it accepted (empty = itself), since when, source.
        answers: status to the answers by identity and by name.
    """

    told: Told
    names: tuple[str, ...]
    aliases: tuple[str, ...]
    excluded: tuple[Mapping[str, Any], ...]
    was_excluded: tuple[Mapping[str, Any], ...]
    accepted: tuple[Mapping[str, Any], ...]
    answers: Mapping[str, tuple[int, int]]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.told["actor"])


@dataclass(frozen=True)
class Side:
    """What one guarantor says of an actor."""

    guarantor: str
    excluded: tuple[Mapping[str, Any], ...]
    accepted: tuple[Mapping[str, Any], ...]


def called_of(told: Told) -> tuple[Called, ...]:
    """Every actor of which something is recorded, by id."""
    found = [_called(one) for one in told["actors"] if one["recorded"]]
    return tuple(sorted(found, key=lambda one: one.id))


def _called(one: Told) -> Called:
    listings = [{**row, "since": second(row["from"]), "ended": second(row["until"])} for row in one["listings"]]
    accepted = [{**row, "since": second(row["from"])} for row in one["accepted"]]
    return Called(
        one, tuple(row["name"] for row in one["names"] if not row["alias"]),
        tuple(row["name"] for row in one["names"] if row["alias"]),
        tuple(row for row in listings if row["in_force"]), tuple(row for row in listings if not row["in_force"]),
        tuple(accepted),
        {
            status: (one["readings"]["identity"][status]["value"], one["readings"]["name"][status]["value"])
            for status in ("excluded", "bound")
        },
    )  # fmt: skip


def sides_of(one: Called, guarantors: Iterable[str]) -> tuple[Side, ...]:
    """What each guarantor says of an actor, by id: as many columns as there are guarantors, all alike."""
    return tuple(
        Side(
            who, tuple(row for row in one.excluded if row["by"] == who),
            tuple(row for row in one.accepted if row["by"] == who),
        )
        for who in sorted(guarantors)
    )  # fmt: skip


def dated_of(told: Told) -> list[dict[str, Any]]:
    """Renames, mergers and splits as dated facts, each once, by time and then by id."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in told["actors"]:
        for row in one["renames"]:
            found["renamed", one["actor"], row["at"], row["after"]] = {
                "what": "renamed",
                "of": [one["actor"]],
                "into": [],
                **row,
                "second": second(row["at"]),
            }
        for row in one["changes"]:
            kept = found.setdefault(
                (row["what"], row["at"], *row["into"]), {**row, "of": [], "second": second(row["at"])}
            )
            if row["of"] not in kept["of"]:
                kept["of"] = sorted([*kept["of"], row["of"]])
    return sorted(found.values(), key=lambda row: (row["second"] or 0, row["of"], row["what"]))


def lists_of(told: Told) -> list[dict[str, Any]]:
    """Which groups stand on the lists of accepting groups of which guarantors; those on all lists first, then by id."""
    lists = told["lists"]
    rows = [{"by": sorted(row["by"]), "actors": sorted(row["actors"])} for row in lists["listed"]]
    return sorted(rows, key=lambda row: (-len(row["by"]), row["by"]))


def claims_of(told: Told) -> list[tuple[str, str]]:
    """How many accepting groups each guarantor says there are, as its own words have it; by id."""
    claims: Mapping[str, str] = told["lists"]["claims"]
    return sorted(claims.items())


def open_of(found: Sequence[Called]) -> tuple[Called, ...]:
    """The actors of which not all say the same, by id."""
    return tuple(one for one in found if one.told["state"] in OPEN)
