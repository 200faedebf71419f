"""How does a zone that somebody drew become the draft of an amendment? As text: nothing is signed, nothing is sent.

The fragment takes the place of the zone in the agreement; the steps are the commands by which those who may sign make
an entry of it, each with its own key on its own machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from truceline import LAW
from truceline.agreement.model import Agreement, Zone
from truceline.desk.views.asked_zone import Supposed, amended
from truceline.errors import InputError, UnknownError, quoted
from truceline.space import UNITS_PER_DEGREE
from truceline.span import utc_text

NEW_ZONE: Final = "new-zone"
TEXT, BODY, ENTRY, AREAS = "new.yaml", "amendment.json", "amendment.entry", "areas-draft.geojson"

Ring = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Drafted:
    """The draft of an amendment of one zone.

    Attributes:
        zone: id of the zone.
        yaml: the fragment of the text.
        areas: a GeoJSON file that comes with it, where the fragment cannot hold the shape; None = it can.
        steps: commands, in order.
    """

    zone: str
    yaml: str
    areas: dict[str, Any] | None
    steps: tuple[str, ...]


def proposed(
    agreement: Agreement, supposed: Supposed, rings: Sequence[Ring], parts: Sequence[int], *, party: str = ""
) -> Drafted:  # fmt: skip
    """Draft an amendment.

    Args:
        agreement: the text in force.
        supposed: of the zone; its id is empty for a new one.
        rings: of its shape, closed, in degrees; none = where it was.
        parts: how many of the rings each polygon has.
        party: for whom the entry is made; empty = left open.

    Raises:
        UnknownError: no such zone. InputError: nothing is supposed, or what cannot be.
    """
    if supposed.zone and supposed.zone not in agreement.zones:
        raise UnknownError(f"`zone`: the text knows no zone {quoted(supposed.zone)}")
    if supposed == Supposed(supposed.zone):
        raise InputError("nothing is supposed: expected `geometry`, `from`, `until` or `ceiling_m`")
    key = supposed.zone or _free(NEW_ZONE, agreement)
    zone = amended(agreement.zones.get(key, Zone(key, 0)), supposed, agreement.tz)
    is_plain = list(parts) == [1]
    lines = [f"zones:   # of {agreement.id}; a draft, signed by nobody", f"  {key}:"]
    lines += _place(zone, key, rings, is_plain=is_plain)
    if zone.low_m is not None and zone.high_m is not None:
        lines.append(f"    alt_m: [{zone.low_m}, {zone.high_m}]")
    lines += [
        f"    {name}: {utc_text(second)}"
        for name, second in (("from", zone.start), ("until", zone.end)) if second is not None
    ]  # fmt: skip
    if zone.names:
        lines.append(f"    names: {_inline(zone.names)}")
    areas = None if not rings or is_plain else _areas(key, rings, parts)
    return Drafted(key, "\n".join(lines) + "\n", areas, _steps(agreement, party, has_areas=areas is not None))


def _place(zone: Zone, key: str, rings: Sequence[Ring], *, is_plain: bool) -> list[str]:
    if is_plain:
        open_ring = rings[0][:-1]
        return ["    polygon:", *(f"      - [{_degrees(x)}, {_degrees(y)}]" for x, y in open_ring)]
    if rings:
        return [f'    geo: "annex:{key}-draft"   # in {AREAS}']
    made = []
    geo = [*(f"admin:{code}" for code in zone.codes), *(f"annex:{name}" for name in zone.annex)]
    if geo:
        made.append(f"    geo: {_inline(geo)}")
    if zone.line:
        made += [f"    line: {zone.line}", f"    side: {zone.side}", f"    within_m: {zone.within_m}"]
    if zone.parts:
        made.append(f"    union: [{', '.join(zone.parts)}]")
    if zone.polygon:
        made += ["    polygon:", *(f"      - [{_degrees(x)}, {_degrees(y)}]" for x, y in zone.polygon)]
    if zone.is_withheld:
        made.append("    text: withheld")
    return made


def _degrees(value: float) -> str:
    """Degrees on the grid, without zeros that say nothing."""
    return f"{round(value * UNITS_PER_DEGREE) / UNITS_PER_DEGREE:.7f}".rstrip("0").rstrip(".")


def _inline(value: Sequence[str] | Mapping[str, Any]) -> str:
    """Values in one line: JSON is YAML."""
    return msgspec.json.encode(value).decode()


def _areas(key: str, rings: Sequence[Ring], parts: Sequence[int]) -> dict[str, Any]:
    at, polygons = 0, []
    for count in parts:
        polygons.append([[list(point) for point in ring] for ring in rings[at : at + count]])
        at += count
    return {
        "type": "FeatureCollection", "law": LAW,
        "features": [{
            "type": "Feature", "properties": {"id": f"{key}-draft", "drawn_by": "draft of an amendment"},
            "geometry": {"type": "MultiPolygon", "coordinates": polygons},
        }],
    }  # fmt: skip


def _steps(agreement: Agreement, party: str, *, has_areas: bool) -> tuple[str, ...]:
    by = party or "PARTY"
    body = _inline({
        "canonical_sha256": "(of the new text)", "file": TEXT, "id": agreement.id, "langs": sorted(agreement.title),
        "replaces": agreement.canonical_hash,
    })  # fmt: skip
    files = f"--file {TEXT}" + (f" --file {AREAS}" if has_areas else "")
    return (
        f"truceline agreement check {TEXT} --json",
        f"echo '{body}' > {BODY}",
        f"truceline submit case --type amendment --by {by} --body {BODY} {files} -o {ENTRY}",
        f"truceline submit case --entry {ENTRY} --cosign OTHER-PARTY -o {ENTRY}",
    )


def _free(name: str, agreement: Agreement) -> str:
    number, found = 2, name
    while found in agreement.zones:
        found, number = f"{name}-{number}", number + 1
    return found
