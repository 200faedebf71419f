"""Where do zones meet under different rules, and what could no evidence ever decide? For a drafter, before signing.

The questions of `agreement.lint` that need shapes or evidence. Areas are geodesic on WGS 84 and told in whole square
kilometres; they describe a text and decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import shapely

from truceline.agreement import refs
from truceline.agreement.lint import Finding, ordered, zones_of
from truceline.agreement.model import Agreement, Term, Zone
from truceline.agreement.reach import Reach, met
from truceline.assess.ground import Ground
from truceline.assess.place import Placed
from truceline.errors import quoted
from truceline.space import BAND_M, Geometry, in_degrees, metres_per_degree
from truceline.span import FAR_AHEAD, LONG_AGO
from truceline.verdict import NO

DENSE_DEG = 0.02
"""Edges are straight in longitude and latitude; so finely cut, a geodesic edge encloses the same square kilometres."""

_SEEN = ("act", "count")
"""Words of a condition that are followed by a class of acts."""

_COUNTED_DAYS = ("consecutive", "coverage")
"""Words of a condition that need to know which days were watched."""


@dataclass(frozen=True)
class Came:
    """What can come in as evidence, as far as the files at hand tell.

    Attributes:
        acts: ids of acts to which an alias or a report leads.
        files: how many files of evidence were given.
        has_coverage: whether one of them says which days or places were watched.
    """

    acts: frozenset[str] = frozenset()
    files: int = 0
    has_coverage: bool = False


def findings(agreement: Agreement, placed: Placed, came: Came) -> list[Finding]:
    """Zones that overlap under different rules, zones without shape, and terms no evidence could decide."""
    rules = [_overlaps(agreement, placed), _shapeless(agreement, placed), _unseen(agreement, came)]
    return ordered(finding for rule in rules for finding in rule)


def km2(placed: Placed, zones: Sequence[str]) -> int | None:
    """Area of the union of some zones in square kilometres, to the nearest; None where a part has no known shape."""
    ground = placed.ground(zones) if zones else Ground(())
    if ground.is_open or ground.shape is None:
        return None
    return round(area_m2(ground.shape) / 1e6)


def area_m2(shape: Geometry) -> float:
    """Geodesic area of polygons on the grid, square metres."""
    from pyproj import Geod  # noqa: PLC0415  # a slow import that most commands do not need

    geod = Geod(ellps="WGS84")

    def ring(line: Geometry) -> float:
        xy = shapely.get_coordinates(shapely.segmentize(line, DENSE_DEG))
        return abs(float(geod.polygon_area_perimeter(xy[:, 0], xy[:, 1])[0]))

    parts = [part for part in shapely.get_parts(in_degrees(shape)) if isinstance(part, shapely.Polygon)]
    return sum(ring(part.exterior) - sum(ring(hole) for hole in part.interiors) for part in parts)


# -- zones -----------------------------------------------------------------------------------------------------------


def _overlaps(agreement: Agreement, placed: Placed) -> Iterator[Finding]:
    reach = Reach(agreement)
    rules = [t for t in agreement.terms.values() if t.where and t.does and refs.is_adopted(agreement, t)]
    zones = [zone for zone in agreement.zones if any(zone in t.where for t in rules)]
    for one, other in combinations(zones, 2):
        if zones_of(agreement, (one,)) & zones_of(agreement, (other,)):
            continue  # a union and its part: the text itself says that they overlap
        pairs = [
            (a, b) for a in rules if one in a.where for b in rules if other in b.where
            if a.id != b.id and _differ(agreement, a, b) and met(reach.term(a.id), reach.term(b.id)) is not None
        ]  # fmt: skip
        how = _how(agreement, placed, one, other) if pairs else ""
        if how:
            ids = {term.id for pair in pairs for term in pair}
            yield Finding(
                "zones-overlap", max(agreement.zones[one].line_no, agreement.zones[other].line_no),
                tuple(t for t in agreement.terms if t in ids),
                f"zones {quoted(one)} and {quoted(other)} {how}, and their rules for the same acts and actors differ",
                "All of them apply there. Say so, or cut the zones apart, or name an exception.",
            )  # fmt: skip


def _differ(agreement: Agreement, a: Term, b: Term) -> bool:
    """Whether two terms speak of the same act of the same actor and do not say the same of it."""
    if {a.id, b.id} & {*a.except_, *a.overrides, *b.except_, *b.overrides}:
        return False  # the text says which goes first
    kinds = agreement.acts.is_kind
    acts = any(kinds(x, y) != NO or kinds(y, x) != NO for x in a.does for y in b.does)
    whom = a.to is None or b.to is None or refs.overlap(agreement, a.to, b.to)
    return acts and whom and refs.overlap(agreement, a.who, b.who) and _rule(a) != _rule(b)


def _rule(term: Term) -> tuple[Any, ...]:
    said = (term.begins, term.ends, term.during, term.only_if, term.unless)
    return term.kind, term.who, term.to, tuple(sorted(term.does)), term.instrument, repr(said)


def _how(agreement: Agreement, placed: Placed, one: str, other: str) -> str:
    """How two zones overlap, in words; empty where they do not, or by no more than 1 m, or nobody knows."""
    a, b = agreement.zones[one], agreement.zones[other]
    if not _same_band(a, b) or not _same_time(a, b):
        return ""
    mine, theirs = placed.ground((one,)), placed.ground((other,))
    if mine.codes and theirs.codes and not mine.drawn and not theirs.drawn:
        compare = placed.atlas.gazetteer.compare
        by_code = [compare(x, y) for x in mine.codes for y in theirs.codes]
        if None not in by_code:
            return "hold the same unit, or one a part of the other," if any(v != NO for v in by_code) else ""
    if mine.shape is None or theirs.shape is None:
        return ""
    shared = shapely.intersection(mine.shape, theirs.shape, grid_size=1.0)
    if shapely.is_empty(shapely.buffer(in_metres(shared), -BAND_M / 2)):
        return ""
    area = round(area_m2(shared) / 1e6)
    return f"overlap by {area} km²" if area else "overlap by less than 1 km²"


def in_metres(shape: Geometry) -> Geometry:
    """A shape on the grid in a plane that is true to scale at its middle latitude, in metres."""
    if shapely.is_empty(shape):
        return shape
    low, high = shapely.bounds(shape)[[1, 3]] / 1e7
    east, north = metres_per_degree(np.array([(low + high) / 2]))
    scale = np.array([east[0], north[0]]) / 1e7
    return shapely.transform(shape, lambda xy: xy * scale)


def _same_band(a: Zone, b: Zone) -> bool:
    lows = [z.low_m if z.low_m is not None else LONG_AGO for z in (a, b)]
    highs = [z.high_m if z.high_m is not None else FAR_AHEAD for z in (a, b)]
    return max(lows) < min(highs)


def _same_time(a: Zone, b: Zone) -> bool:
    starts = [z.start if z.start is not None else LONG_AGO for z in (a, b)]
    ends = [z.end if z.end is not None else FAR_AHEAD for z in (a, b)]
    return max(starts) < min(ends)


def _shapeless(agreement: Agreement, placed: Placed) -> Iterator[Finding]:
    for zone in dict.fromkeys(zone for term in agreement.terms.values() for zone in term.where):
        ground = placed.ground((zone,))
        if ground.is_missing and not ground.is_withheld:
            yield Finding(
                "no-shape", agreement.zones[zone].line_no,
                tuple(t.id for t in agreement.terms.values() if zone in t.where),
                f"zone {quoted(zone)} is in no file of areas: no place can be held against it",
                "Check the spelling of its code or id, or add the file that holds it (`--areas`).",
            )  # fmt: skip


# -- evidence --------------------------------------------------------------------------------------------------------


def _unseen(agreement: Agreement, came: Came) -> Iterator[Finding]:
    for term in agreement.terms.values():
        if not refs.is_adopted(agreement, term) or term.is_withheld:
            continue
        if term.kind in ("prohibit", "permit") and term.does and not _can_come(agreement, term.does, came):
            yield _no_evidence(term, term.does, came)
        conditions = [term.body.get(name) for name in refs.CONDITIONS]
        for act in dict.fromkeys(act for key, act in refs.leaves(conditions) if key in _SEEN and act in agreement.acts):
            if not _can_come(agreement, (act,), came):
                yield _no_evidence(term, (act,), came)
        if came.files and not came.has_coverage and any(_needs_coverage(value) for value in conditions):
            yield Finding(
                "no-coverage", term.line, (term.id,),
                f"term {quoted(term.id)} needs to know which days were watched, and no evidence given says so",
                "Agree who reports coverage and how, or state `coverage: assumed`: silence is not calm.",
            )  # fmt: skip


def _can_come(agreement: Agreement, classes: Sequence[str], came: Came) -> bool:
    kinds = agreement.acts.is_kind
    return any(kinds(act, cls) != NO for act in came.acts for cls in classes if act in agreement.acts)


def _no_evidence(term: Term, acts: Sequence[str], came: Came) -> Finding:
    listed = ", ".join(quoted(act) for act in acts)
    nobody = "no alias and no report given leads" if came.files else "no alias leads"
    return Finding(
        "no-evidence", term.line, (term.id,),
        f"term {quoted(term.id)}: {nobody} to {listed}",
        "Add the wordings of your sources to `acts.csv` or `weapons.csv`, or agree who is to report it.",
    )  # fmt: skip


def _needs_coverage(value: Any) -> bool:  # noqa: ANN401  # plain values
    return any(
        found != "assumed" and not (isinstance(found, dict) and found.get("coverage") == "assumed")
        for word in _COUNTED_DAYS for found in refs.heads(value, word)
    )  # fmt: skip
