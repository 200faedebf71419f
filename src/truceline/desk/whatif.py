"""What if a zone lay elsewhere, or were in force at another time, or to another height? Asked of a case folder.

Nothing is written: a what-if is not part of the case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from truceline import LAW, RULE_VERSION, __version__
from truceline.agreement.model import Agreement, Zone
from truceline.assess.replay import Change, Replay, Shift
from truceline.atlas import Feature, read_features
from truceline.desk.files import Tell, file_hash, read_bytes
from truceline.desk.runs import Asked, Outcome, judge_case
from truceline.errors import InputError, quoted
from truceline.space import Geometry, checked_polygon
from truceline.span import parse_instant, utc_text
from truceline.store.case import Case

LOWEST_M = -1_000
"""The floor of a zone that gets a ceiling and had no band: below all land."""

MOST_CEILING_M = 100_000


class Lasting(Protocol):
    """From when until when a zone is in force, and up to which height; what is empty or None stays as it is."""

    @property
    def since(self) -> str:
        """A time text."""

    @property
    def until(self) -> str:
        """A time text."""

    @property
    def ceiling_m(self) -> int | None:
        """Metres above mean sea level."""


@dataclass(frozen=True)
class Supposed:
    """What is supposed of one zone; what is empty or None stays as it is.

    Attributes:
        zone: its id.
        geometry: a file with its shape, GeoJSON or GeoParquet.
        since: from when it is in force, a time text.
        until: until when.
        ceiling_m: its ceiling in metres above mean sea level.
    """

    zone: str
    geometry: Path | None = None
    since: str = ""
    until: str = ""
    ceiling_m: int | None = None

    @property
    def asked(self) -> str:
        """The command that supposes it, as it is typed; of the file its name alone."""
        options = (
            ("--geometry", None if self.geometry is None else self.geometry.name),
            ("--zone-from", self.since or None), ("--zone-until", self.until or None), ("--ceiling-m", self.ceiling_m),
        )  # fmt: skip
        given = [f"{option} {value}" for option, value in options if value is not None]
        return " ".join([f"truceline what-if --zone {self.zone}", *given])


def what_if(case: Case, supposed: Supposed, asked: Asked, tell: Tell | None = None) -> tuple[Outcome, Change]:
    """What would be judged otherwise if a zone were as supposed.

    Args:
        case: the folder; nothing is written to it.
        supposed: what is supposed.
        asked: which reports, and as known when.
        tell: told `(what, done, all)` as the work goes on.

    Raises:
        InputError: nothing is supposed, no such zone, or a shape, time or ceiling that cannot be.
    """
    if supposed == Supposed(supposed.zone):
        raise InputError("nothing is supposed: give --geometry, --zone-from, --zone-until or --ceiling-m")
    outcome = judge_case(case, asked, tell=tell)
    zones = outcome.bench.agreement.zones
    if supposed.zone not in zones:
        raise InputError(
            f"no zone {quoted(supposed.zone)} in the agreement: expected one of {', '.join(sorted(zones))}"
        )
    shape = None if supposed.geometry is None else _shape_of(supposed.geometry, supposed.zone)
    zone = amended(zones[supposed.zone], supposed, outcome.bench.agreement.tz)
    if tell:
        tell("judging anew", 0, 1)
    replay = Replay(outcome.assessed.columns, outcome.assessed.law)
    if shape is not None and zone == zones[supposed.zone]:
        return outcome, replay.move(supposed.zone, shape)
    return outcome, replay.amend(zone, shape)


def what_if_answer(outcome: Outcome, supposed: Supposed, change: Change) -> dict[str, Any]:
    """The answer of `what-if --json`; its schema is in `docs/reference/json`."""
    agreement = outcome.bench.agreement
    return {
        "truceline": __version__, "rule_version": RULE_VERSION,
        "agreement": agreement.id, "agreement_hash": agreement.canonical_hash,
        "known_at": None if outcome.known_at is None else utc_text(outcome.known_at),
        "readings": dict(agreement.readings),
        "supposed": {
            "zone": supposed.zone,
            "geometry": None if supposed.geometry is None else supposed.geometry.name,
            "geometry_sha256": None if supposed.geometry is None else file_hash(supposed.geometry),
            "from": supposed.since or None, "until": supposed.until or None, "ceiling_m": supposed.ceiling_m,
        },
        "observations": len(outcome.assessed.reports), "judged_again": len(change.rows),
        **change_row(change, agreement, supposed.zone),
        "law": LAW,
    }  # fmt: skip


def change_row(change: Change, agreement: Agreement, zone: str, most: int | None = None) -> dict[str, Any]:
    """What would be answered otherwise, as plain values.

    Args:
        change: what came out.
        agreement: the text.
        zone: that was supposed otherwise: terms that speak of it are told of also where nothing differs.
        most: so many of the answers that differ are listed; None = all.
    """
    named = {term.id for term in agreement.terms.values() if zone in term.where}
    shown = [key for key in change.totals if key != "any" and (key in named or change.differ[key].any())]
    return {
        "any": _shift(change.totals["any"]), "terms": {key: _shift(change.totals[key]) for key in shown},
        "by_month": _shifts(change.by_month), "by_act": _shifts(change.by_act), "by_side": _shifts(change.by_side),
        "changed": [
            {
                "observation": one.observation, "term": one.term, "before": one.before, "after": one.after,
                "reasons_before": [reason.value for reason in one.reasons_before],
                "reasons_after": [reason.value for reason in one.reasons_after],
            }
            for one in islice(change.changed(), most)
        ],
    }  # fmt: skip


def _shape_of(path: Path, zone: str) -> Geometry:
    """The one shape of a file, or the one that is named like the zone."""
    features: Sequence[Feature] = read_features(read_bytes(path), path.name)
    if len(features) > 1:
        features = [f for f in features if zone in (str(f.properties.get("id")), str(f.properties.get("code")))]
    if len(features) != 1:
        raise InputError(f"{path.name}: expected one polygon, or one whose `id` is {quoted(zone)}")
    try:
        return checked_polygon(features[0].geometry, zone)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from None


def amended(
    zone: Zone, supposed: Lasting, tz: str, *, until: str = "--zone-until", ceiling: str = "--ceiling-m"
) -> Zone:  # fmt: skip
    """The zone with the time and the height that are supposed.

    Args:
        zone: as the text has it.
        supposed: of it.
        tz: the clock of the text.
        until: what the end is called where it was asked.
        ceiling: likewise the height.

    Raises:
        InputError: a time or a height that cannot be.
    """
    begins = parse_instant(supposed.since, tz) if supposed.since else zone.start
    ends = parse_instant(supposed.until, tz) if supposed.until else zone.end
    if begins is not None and ends is not None and ends <= begins:
        raise InputError(f"`{until}`: the zone would end before it begins")
    made = replace(zone, start=begins, end=ends)
    if supposed.ceiling_m is None:
        return made
    low = LOWEST_M if zone.low_m is None else zone.low_m
    if not low < supposed.ceiling_m <= MOST_CEILING_M:
        raise InputError(f"`{ceiling}`: expected {low + 1}..{MOST_CEILING_M}, got {quoted(supposed.ceiling_m)}")
    return replace(made, low_m=low, high_m=supposed.ceiling_m)


def _shift(one: Shift) -> dict[str, dict[str, int]]:
    return {
        name: {"before": pair[0], "after": pair[1]}
        for name, pair in (("surely", one.surely), ("possibly", one.possibly))
    }


def _shifts(found: Mapping[str, Shift]) -> list[dict[str, Any]]:
    return [{"name": name, **_shift(one)} for name, one in found.items()]
