"""What is made of areas before anybody signs: the partition of a case, and the amendment of a version of the map?

Both are files that anybody makes again from the same record. Nothing is signed here and nothing is appended.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec
import shapely

from truceline import LAW
from truceline.agreement.model import Agreement, Zone
from truceline.agreement.text import load
from truceline.canon import sha256
from truceline.desk.areafiles import one_shape
from truceline.desk.designated import MapShown, VersionShown
from truceline.desk.naming import countries_of, geonames
from truceline.desk.records import Draft, text_draft
from truceline.desk.runs import bench_of_case
from truceline.errors import AgreementError, InputError, quoted
from truceline.exchange.partition import FILE, LEAST, PARTITION, Partition, partition, written
from truceline.space import in_degrees
from truceline.span import utc_text
from truceline.store.case import Case

ZONE = "designated"
TEXT, BODY = "new.yaml", "amendment.json"
_AREAS = re.compile(r"^areas:[ \t]*\[([^\]\n]*)\]", re.MULTILINE)


# -- the partition -----------------------------------------------------------------------------------------------------


def partition_made(case: Case, least: int = LEAST) -> Partition:
    """The partition of a case: from the outline of its country and the places of GeoNames in it.

    Args:
        case: with the areas that were published with the text.
        least: places in a block, at least.

    Raises:
        InputError: its areas name no country, or more than one, or no shape of it.
    """
    atlas = bench_of_case(case).atlas
    countries = countries_of(atlas)
    if len(countries) != 1:
        got = ", ".join(countries) or "none"
        raise InputError(f"a partition is of one country: expected the areas of the case to be of one, got {got}")
    country = countries[0]
    parts = [unit.code for unit in atlas.gazetteer if unit.level == 1 and unit.parent == country]
    shapes = [atlas.shapes[code] for code in (country, *parts) if code in atlas.shapes]
    if not shapes:
        raise InputError(f"the areas of the case hold no shape of {quoted(country)}")
    outline = in_degrees(shapely.union_all(shapes))
    places = [(one.lon_deg, one.lat_deg) for one in geonames((country,))]
    return partition(country, outline, places, least)


def partition_draft(made: Partition) -> Draft:
    """The statement that publishes a partition, with its file."""
    data = written(made)
    body = {"file": FILE, "kind": PARTITION, "rows": len(made.cells), "sha256": sha256(data)}
    return Draft(PARTITION, body, files={FILE: data})


# -- the amendment of a map --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MapDraft:
    """A version of the map as the draft of an amendment.

    Attributes:
        files: name to bytes of what belongs to the amended text, the areas file and the text among them.
        areas: name of the areas file; `text`: of the text.
        body: of the statement of type `amendment`.
        steps: commands by which those who may sign make an entry of it.
    """

    files: dict[str, bytes]
    areas: str
    text: str
    body: dict[str, Any]
    steps: tuple[str, ...]


def map_draft(case: Case, shown: MapShown, number: int = 0, zone: str = ZONE) -> MapDraft:
    """Write the areas file and the amended text from a version of the map that both sides signed.

    Args:
        case: with the text in force.
        shown: the map.
        number: of the version, counted from 1; 0 = the newest.
        zone: id of the zone that the cells become; it is changed where the text has it, else added.

    Raises:
        InputError: there is no such version, or the text cannot be changed line by line.
    """
    version = _version(shown, number)
    name = case.text().body["file"]
    before = case.agreement_files()
    text = load(before[name], name)
    key = f"designated-map-v{version.number}"
    areas = f"{key}.geojson"
    amended = _with_zone(before[name].decode(), text, zone, key)
    amended = _with_areas(amended, text, areas)
    data = amended.encode()
    try:
        after = load(data, name)
    except (InputError, AgreementError) as error:
        raise InputError(f"the text cannot be changed by itself: {error.faults[0]}") from None
    files = {one: content for one, content in before.items() if not one.startswith("designated-map-v")}
    files |= {name: data, areas: _areas_file(version, key)}
    body = text_draft(after, name, {}, text.canonical_hash).body
    steps = _steps(name, sorted(files), shown)
    return MapDraft(files, areas, name, body, steps)


def _version(shown: MapShown, number: int) -> VersionShown:
    found = [one for one in shown.versions if number in (0, one.number)]
    if not found or not found[-1].cells:
        raise InputError("expected a version of the map that both sides signed, with cells in it")
    return found[-1]


def _areas_file(version: VersionShown, key: str) -> bytes:
    """The cells as one shape: the zone is their union, and says nothing more."""
    by = ", ".join(version.signed_by)
    made = {
        "type": "FeatureCollection", "law": LAW,
        "features": [{
            "type": "Feature",
            "properties": {
                "id": key, "drawn_by": f"version {version.number} of the map, signed by {by}, entry {version.index}",
                "cells": list(version.cells),
            },
            "geometry": one_shape(version.cells),
        }],
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"


def _with_zone(text: str, agreement: Agreement, zone: str, key: str) -> str:
    """A text in which a zone is the shape of an areas file."""
    known = agreement.zones.get(zone, Zone(zone, 0))
    line = f'  {zone}: {{geo: "annex:{key}"'
    if known.low_m is not None and known.high_m is not None:
        line += f", alt_m: [{known.low_m}, {known.high_m}]"
    for word, second in (("from", known.start), ("until", known.end)):
        line += "" if second is None else f", {word}: {utc_text(second)}"
    if known.names and not known.is_withheld:  # names of what was never published say so
        line += f", names: {msgspec.json.encode(dict(known.names)).decode()}"
    line += "}"
    lines = text.split("\n")
    start = next((at for at, one in enumerate(lines) if one.rstrip() == "zones:" or one.startswith("zones: ")), None)
    if start is None:
        return text.rstrip("\n") + f"\n\nzones:\n{line}\n"
    if lines[start].split("#")[0].rstrip() != "zones:":
        raise InputError("expected `zones:` with one zone to a line below it")
    for at in range(start + 1, len(lines)):
        if lines[at].startswith(f"  {zone}:"):
            end = at + 1
            while end < len(lines) and lines[end].startswith("   "):
                end += 1
            return "\n".join([*lines[:at], line, *lines[end:]])
        if lines[at] and not lines[at].startswith((" ", "#")):
            break
    return "\n".join([*lines[: start + 1], line, *lines[start + 1 :]])


def _with_areas(text: str, agreement: Agreement, areas: str) -> str:
    """A text that names one more file of areas; that of an earlier version it names no longer."""
    kept = [one for one in agreement.areas or ("areas.geojson",) if not one.startswith("designated-map-v")]
    line = f"areas: [{', '.join([*kept, areas])}]"
    if _AREAS.search(text):
        return _AREAS.sub(lambda _found: line, text, count=1)
    if agreement.areas:
        raise InputError("expected `areas: [...]` in one line")
    return re.sub(r"^(tz:.*)$", lambda found: f"{found[1]}\n{line}", text, count=1, flags=re.MULTILINE)


def _steps(name: str, files: list[str], shown: MapShown) -> tuple[str, ...]:
    given = " ".join(f"--file {one}" for one in files)
    entry = "amendment.entry"
    return (
        f"truceline agreement check {name}",
        f"truceline submit CASE --type amendment --by {shown.a} --body {BODY} {given} -o {entry}",
        f"truceline submit CASE --entry {entry} --cosign {shown.b} {given} -o {entry}",
        f"truceline submit CASE --entry {entry} {given}",
    )
