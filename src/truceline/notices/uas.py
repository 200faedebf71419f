"""Zones for planners of unmanned flights: ED-269 and ED-318, as the published types of `uas-standards` have them.

Coordinates are longitude, latitude, as the files of national authorities have them. A restriction is `PROHIBITED` where
a term forbids flights, else `CONDITIONAL`; `NO_RESTRICTION` is never written. Every file carries the line of the law.

Source: EUROCAE ED-269 (June 2020) and ED-318 (2024); `uas_standards.eurocae_ed269`, `uas_standards.eurocae_ed318`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import numpy as np
import shapely

from truceline.errors import InputError, StoreError, one_line
from truceline.notices.airzones import AirZone, Issue, check_zones, identifiers, pieces, ring_of
from truceline.space import UNITS_PER_DEGREE, Geometry, areal
from truceline.span import utc_text

LAW_TEXT: Final = (
    "International humanitarian law applies whatever the answer. Absence from a list removes no protection."
)
REASON: Final = "ceasefire agreement"
LANGUAGES: Final = {"en": "en-GB", "ar": "ar", "ru": "ru"}
LIMITATION: Final = (
    "A zone restricts and never releases: ground outside of every zone is not thereby free. "
    "Heights are metres above mean sea level."
)
Plain = dict[str, Any]


def ed269(zones: Sequence[AirZone], issue: Issue) -> Plain:
    """Zones as ED-269, checked by its published types.

    Raises:
        InputError: what no such file can hold. StoreError: `uas-standards` is not installed.
    """
    check_zones(zones, issue)
    short = identifiers(zones)
    made = {
        "title": one_line(f"Zones of {issue.agreement}", 200),
        "description": f"{LAW_TEXT} {LIMITATION} {_told(issue)}",
        "features": [_zone_269(zone, short[zone.id], issue) for zone in zones],
    }
    _checked(made, "eurocae_ed269", "ED269Schema")
    return made


def ed318(zones: Sequence[AirZone], issue: Issue) -> Plain:
    """Zones as ED-318, a GeoJSON collection, checked by its published types.

    Raises:
        InputError: what no such file can hold. StoreError: `uas-standards` is not installed.
    """
    check_zones(zones, issue)
    short = identifiers(zones)
    made: Plain = {
        "type": "FeatureCollection", "name": one_line(issue.agreement, 200),
        "title": one_line(f"Zones of {issue.agreement}", 200),
        "metadata": {
            "provider": [_said(issue.provider)], "issued": utc_text(issue.issued),
            "description": [_said(LAW_TEXT), _said(_told(issue))], "technicalLimitations": [_said(LIMITATION)],
        },
        "features": [_zone_318(zone, n, short[zone.id], issue) for n, zone in enumerate(zones, 1)],
    }  # fmt: skip
    shapes = [one["geometry"] for one in made["features"]]
    # The reader of these types takes every geometry for a point, so each is held against the type of its own name.
    _checked(
        {**made, "features": [one | {"geometry": None} for one in made["features"]]}, "eurocae_ed318", "ED318Schema"
    )
    for shape in shapes:
        _checked(shape, "eurocae_ed318", shape["type"])
    return made


def _told(issue: Issue) -> str:
    """Which text the zones are of, and as of when."""
    entry = "" if issue.index is None else f", entry {issue.index} of the record"
    return f"Agreement {issue.agreement}, canonical SHA-256 {issue.agreement_sha256}{entry}."


def _zone_269(zone: AirZone, short: str, issue: Issue) -> Plain:
    made: Plain = {
        "title": one_line(zone.id, 200), "identifier": short, "country": issue.country,
        "name": one_line(zone.name, 200), "type": "COMMON", "restriction": zone.restriction,
        "reason": ["OTHER"], "otherReasonInfo": REASON, "message": LAW_TEXT,
        "applicability": [_period_269(zone)],
        "zoneAuthority": [{"name": one_line(issue.provider, 200), "purpose": "INFORMATION"}],
        "geometry": [_volume(zone, ring_of(piece)) for piece in pieces(zone.shape)],
    }  # fmt: skip
    return made | ({"restrictionConditions": zone.conditions} if zone.conditions else {})


def _period_269(zone: AirZone) -> Plain:
    made: Plain = {"permanent": "YES" if zone.start is None and zone.end is None else "NO"}
    if zone.start is not None:
        made["startDateTime"] = utc_text(zone.start)
    if zone.end is not None:
        made["endDateTime"] = utc_text(zone.end)
    return made


def _volume(zone: AirZone, ring: list[list[float]]) -> Plain:
    made: Plain = {
        "uomDimensions": "M", "lowerLimit": zone.low_m if zone.low_m is not None else 0,
        "lowerVerticalReference": "AMSL" if zone.low_m is not None else "AGL", "upperVerticalReference": "AMSL",
        "horizontalProjection": {"type": "Polygon", "coordinates": [ring]},
    }  # fmt: skip
    return made | ({"upperLimit": zone.high_m} if zone.high_m is not None else {})


def _zone_318(zone: AirZone, number: int, short: str, issue: Issue) -> Plain:
    names = [_said(text, LANGUAGES[lang]) for lang, text in zone.names.items() if lang in LANGUAGES]
    properties: Plain = {
        "identifier": short, "country": issue.country, "name": names or [_said(zone.id)],
        "type": zone.restriction, "variant": "COMMON", "reason": ["OTHER"], "otherReasonInfo": [_said(REASON)],
        "message": [_said(LAW_TEXT), _said(_ours(zone, issue))], "dataSource": {"originator": issue.provider},
        "zoneAuthority": [{"purpose": "INFORMATION", "name": [_said(issue.provider)]}],
    }  # fmt: skip
    if zone.conditions:
        properties["restrictionConditions"] = zone.conditions
    limits = _period_269(zone)
    if limits.pop("permanent") == "NO":
        properties["limitedApplicability"] = [limits]
    shape: Plain = json.loads(shapely.to_geojson(_in_degrees(zone.shape)))
    if zone.high_m is not None:
        shape["layer"] = {
            "upper": float(zone.high_m), "upperReference": "AMSL",
            "lower": float(zone.low_m if zone.low_m is not None else 0),
            "lowerReference": "AMSL" if zone.low_m is not None else "AGL", "uom": "m",
        }  # fmt: skip
    return {"type": "Feature", "id": number, "properties": properties, "geometry": shape}


def _in_degrees(shape: Geometry) -> Geometry:
    """A shape in degrees of seven decimals, one polygon where it has only one part; holes stay, GeoJSON has them."""
    whole = shapely.transform(areal(shape), lambda xy: np.round(xy / UNITS_PER_DEGREE, 7))
    parts = shapely.get_parts(shapely.orient_polygons(whole))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(list(parts))


def _said(text: str, lang: str = "en-GB") -> Plain:
    return {"text": one_line(text, 1_000), "lang": lang}


def _ours(zone: AirZone, issue: Issue) -> str:
    """What the standard has no field for: our id of the zone, and the terms that speak of it."""
    terms = ", ".join(zone.terms) or "none"
    return f"Zone {zone.id} of {issue.agreement}; terms that speak of it: {terms}."


def _checked(made: Plain, module: str, name: str) -> None:
    """Have a published type read what was made; what it refuses is a fault of ours, and is never given out."""
    try:
        types = import_module(f"uas_standards.{module}")
        reader = import_module("implicitdict").ImplicitDict
    except ImportError:
        raise StoreError("zones for planners need one more package: pip install 'truceline[gis]'") from None
    try:
        reader.parse(made, getattr(types, name))
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"not a file of zones: {one_line(str(error), 120)}") from None
