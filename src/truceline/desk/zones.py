"""How many reports lie in the zones of a file? Opens both files and asks `assess.where`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import shapely

from truceline.agreement.model import Zone
from truceline.assess import where
from truceline.atlas import read_atlas, read_features, unit_of
from truceline.desk.files import ALIAS_TABLES, Evidence, Tell, detect, file_hash, read_bytes, shipped
from truceline.errors import Fault, InputError, quoted
from truceline.evidence import readers
from truceline.evidence.aliases import read_aliases
from truceline.evidence.places import Placer
from truceline.evidence.reading import Manner
from truceline.evidence.schema import observations
from truceline.precision import Precision
from truceline.span import FAR_AHEAD, LONG_AGO, parse_instant


@dataclass(frozen=True)
class Wanted:
    """What is counted.

    Attributes:
        name_field: the column that names a zone; empty = the usual ones.
        disc_m: radius for places known exactly (`where_prec` 1; village, town, city), metres.
        since: only what can have happened from this moment on; empty = no bound.
        until: only what can have happened before this moment.
        tz: zone of civil days.
    """

    name_field: str = ""
    disc_m: int = 2_000
    since: str = ""
    until: str = ""
    tz: str = "UTC"


def count_where(
    evidence: Path, zones: Path, wanted: Wanted, tell: Tell | None = None
) -> tuple[Evidence, int, list[where.ZoneCount]]:
    """Count the reports of a file in the zones of another: naive, surely, possibly.

    Args:
        evidence: a file of reports.
        zones: GeoJSON or GeoParquet.
        wanted: which reports, how their places are read, how zones are named.
        tell: told `(what, done, all)` as the work goes on.

    Returns:
        What was read, how many of its reports were counted, and the counts of each zone.

    Raises:
        InputError: a file is refused, or a bound makes no sense.
    """
    first = parse_instant(wanted.since, wanted.tz) if wanted.since else LONG_AGO
    last = parse_instant(wanted.until, wanted.tz) if wanted.until else FAR_AHEAD
    if last <= first:
        raise InputError(f"`--until` is not after `--from`: {quoted(wanted.until)} <= {quoted(wanted.since)}")
    keyed, extra = _zones_of(read_bytes(zones), zones.name, wanted.name_field)
    files = shipped()
    atlas = read_atlas({"areas.geojson": files["areas.geojson"], zones.name: extra}, files["units.csv"])
    kind = detect(evidence)
    with evidence.open("rb") as file:
        read = readers.read(kind, file, evidence.name, _manner(wanted, Placer(atlas, _precision(wanted)), files))
    rows = [r for r in observations(read.table) if r.start < last and first < r.end]
    counts = []
    for one in where.count(rows, keyed, atlas):
        counts.append(one)
        if tell:
            tell("zones", len(counts), len(keyed))
    return Evidence(evidence.name, kind, file_hash(evidence), read.table, read.rejected), len(rows), counts


def _precision(wanted: Wanted) -> Precision:
    if not 0 <= wanted.disc_m <= 1_000_000:
        raise InputError(f"`--disc-m`: expected 0..1000000, got {quoted(wanted.disc_m)}")
    places = {**Precision().places, **dict.fromkeys(("village", "town", "city"), wanted.disc_m)}
    return replace(Precision(), places=places)


def _manner(wanted: Wanted, placer: Placer, files: Mapping[str, bytes]) -> Manner:
    aliases = read_aliases({kind: files[f"{kind}.csv"] for kind in ALIAS_TABLES})
    now = int(time.time())
    return Manner(wanted.tz, placer.precision, aliases, placer, known_at=now, latest=now)


def _zones_of(data: bytes, name: str, name_field: str) -> tuple[dict[str, tuple[str, Zone]], bytes]:
    """The zones of a file by id, and the file again with an id for every drawn one."""
    keyed: dict[str, tuple[str, Zone]] = {}
    features = read_features(data, name)
    kept = []
    for i, feature in enumerate(features):
        if feature.properties.get("role") in ("line", "basemap"):
            continue
        if name_field and name_field not in feature.properties:
            raise InputError(Fault(f"no column {quoted(name_field)}", name))
        unit = unit_of(feature.properties, name)
        own = str(feature.properties.get("id") or f"zone-{i}")
        key = unit.code if unit and unit.code not in keyed else own
        number = i
        while key in keyed:
            key, number = f"zone-{number}", number + len(features)
        title = str(feature.properties[name_field]) if name_field else _title(feature.properties, key)
        drawn = Zone(key, 0, codes=(key,)) if unit and key == unit.code else Zone(key, 0, annex=(key,))
        keyed[key] = (title, drawn)
        properties = {**feature.properties, "id": key} if drawn.codes else {"id": key, "name_en": title}
        kept.append(
            {
                "type": "Feature",
                "properties": properties,
                "geometry": msgspec.Raw(shapely.to_geojson(feature.geometry).encode()),
            }
        )
    return keyed, msgspec.json.encode({"type": "FeatureCollection", "features": kept}, enc_hook=str)


def _title(properties: Mapping[str, object], key: str) -> str:
    for column in ("NAME_EN", "name_en", "name", "NAME", "id"):
        value = properties.get(column)
        if value:
            return str(value)
    return key
