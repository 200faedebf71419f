"""Where did receivers hear an aircraft? Positions by ADS-B: OpenSky CSV, readsb and tar1090 JSON, Parquet of `traffic`.

One row is one position, true in the second it was sent: between two of them nothing is drawn in. Place: a disc by NIC
and NACp where they are given, else 300 m; where they say that nothing is known, there is no place. Altitude: the stated
value +-300 ft in whole metres, rounded outward. Barometric and GNSS altitudes are different things and never mixed:
`sensor` says which one the row has. A row without a position says nothing of a place and is passed over, and so is one
that repeats the last position because no other was heard.

Source: RTCA DO-260B for NIC and NACp, with the bounds that the ADS-B MASPS gives their categories; OpenSky state
vectors; README-json of readsb; the `traffic` library.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, BinaryIO

import msgspec

from truceline.errors import Fault, InputError, one_line, quoted
from truceline.evidence import cells
from truceline.evidence.cells import Record
from truceline.evidence.readers import Start
from truceline.evidence.reading import MOST_LINE, Manner, Read, RowFault, Rows, lines_of, opened
from truceline.evidence.schema import UNNAMED, region_row
from truceline.space import MOST_RADIUS_M, NOWHERE
from truceline.span import Span, parse_span

LICENCE = ""
"""Whoever ran the receivers says it: OpenSky data is for research and may not be passed on, one's own is one's own."""

RADIUS_M = 300
"""Of a position whose accuracy nobody states."""

SLACK_FT = 300
"""How far a stated altitude may be off, to both sides."""

NIC_M: Mapping[int, int] = {
    1: 37_040, 2: 14_816, 3: 7_408, 4: 3_704, 5: 1_852, 6: 1_112, 7: 371, 8: 186, 9: 75, 10: 25, 11: 8,
}  # fmt: skip
"""Navigation integrity category to its containment radius in metres, rounded up; 0 = unknown.

Of the two bounds of category 6, 0.3 and 0.6 nautical miles, the wider; `rc` tells them apart where it is given.
"""

NACP_M: Mapping[int, int] = {
    1: 18_520, 2: 7_408, 3: 3_704, 4: 1_852, 5: 926, 6: 556, 7: 186, 8: 93, 9: 30, 10: 10, 11: 3,
}  # fmt: skip
"""Navigation accuracy category to its 95 % bound in metres, rounded up; 0 = unknown."""

FLYING = ("fly",)
ON_GROUND = ("movement", "vehicle")
"""One of them: a machine on the ground moved there, or its being there is what a term speaks of. It attacks nobody."""

MOST_DOCUMENT = 64 << 20
_METRES_PER_FT = Fraction(3_048, 10_000)
_MOST_ALTITUDE_M = 60_000
_LATEST_S = 4_102_444_800
_GEOMETRIC = 8
_HEX = re.compile(r"~?[0-9a-f]{6}")
_SENSORS = {"mlat": "mlat", "tisb": "tis-b", "adsc": "ads-c"}


@dataclass(frozen=True)
class Columns:
    """How a table of states calls its columns, and in what it gives altitudes."""

    time: str
    lon: str
    lat: str
    baro: str
    geo: str
    heard: str
    metres: Fraction


OPENSKY = Columns("time", "lon", "lat", "baroaltitude", "geoaltitude", "lastposupdate", Fraction(1))
TRAFFIC = Columns("timestamp", "longitude", "latitude", "altitude", "geoaltitude", "last_position", _METRES_PER_FT)
_NAMES = (
    "icao24", "callsign", "onground", "nic", "nac_p", "nacp", "rc",
    *(name for c in (OPENSKY, TRAFFIC) for name in (c.time, c.lon, c.lat, c.baro, c.geo, c.heard)),
)  # fmt: skip


@dataclass(frozen=True)
class Heard:
    """One position as it was heard.

    Attributes:
        at: second UTC for which it is true.
        icao: address of the aircraft, six hexadecimal digits; `~` before it: no address of the ICAO.
        lon, lat: degrees as they stand.
        baro_m: pressure altitude in metres; None = not given.
        geo_m: GNSS altitude in metres.
        bounds: NIC, NACp and containment radius as stated; None = not stated.
        sensor: how the position was made.
    """

    icao: str
    at: Fraction
    lon: Any
    lat: Any
    callsign: str = ""
    baro_m: Fraction | None = None
    geo_m: Fraction | None = None
    is_on_ground: bool = False
    nic: int | None = None
    nac_p: int | None = None
    rc_m: int | None = None
    sensor: str = "ads-b"


# -- reading ---------------------------------------------------------------------------------------------------------


def fits_columns(names: frozenset[str]) -> bool:
    """Whether a table of these columns holds positions of aircraft."""
    return "icao24" in names and any({c.time, c.lon, c.lat} <= names for c in (OPENSKY, TRAFFIC))


def fits(start: Start) -> bool:
    """Whether a file holds positions of aircraft; with a mapping a Parquet table is somebody's own."""
    if start.columns is not None:
        return not start.has_mapping and fits_columns(start.columns)
    head = start.head[:4_096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] in (b"{", b"["):
        keys = set(re.findall(rb'"([a-z_0-9]+)"\s*:', head))
        return any(
            wanted <= keys
            for wanted in ({b"now", b"aircraft"}, {b"icao", b"trace"}, {b"hex", b"lat"}, {b"icao24", b"timestamp"})
        )
    return fits_columns(cells.columns_of(start.line))


def read(file: BinaryIO, name: str, manner: Manner) -> Read:
    """Read positions of aircraft.

    Args:
        file: CSV, JSON (a document, or one on each line) or Parquet; CSV and JSON may be gzip.
        name: the file's name for messages.
        manner: the time of import and the aliases, which may know callsigns and addresses.

    Raises:
        InputError: a needed column is missing, or the file is mostly nonsense.
    """
    rows = Rows(name)
    last: dict[str, Fraction] = {}
    for line, heard in _heard(file, rows):
        if isinstance(heard, RowFault):
            rows.reject(line, "", heard)
            continue
        if last.get(heard.icao) == heard.at:
            continue  # nothing new was heard of it
        last[heard.icao] = heard.at
        try:
            rows.take(_row(heard, line, manner))
        except RowFault as fault:
            rows.reject(line, f"adsb:{heard.icao}", fault)
    return rows.read()


Found = Iterator[tuple[int, "Heard | RowFault"]]


def _heard(file: BinaryIO, rows: Rows) -> Found:
    """Every position of a file, whatever its format."""
    first, second = _two_lines(opened(file, rows.name))
    file.seek(0)
    if first[:4] == b"PAR1":
        names = cells.parquet_names(file, rows.name)
        _check(frozenset(names), rows.name)
        yield from _of_records(cells.parquet_records(file, rows.name, _NAMES, what="positions of aircraft"))
    elif first.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        yield from _of_json(file, rows, first if second else b"")
    else:
        _check(cells.columns_of(first.decode("utf-8-sig", "replace").rstrip("\r\n")), rows.name)
        yield from _of_records(cells.records(file, rows, ("icao24",), what="positions of aircraft"))


def _two_lines(lines: Iterator[bytes]) -> tuple[bytes, bytes]:
    """The first line of a file, and the next that is not blank."""
    return next(lines, b""), next((line for line in lines if line.strip()), b"")


def _check(names: frozenset[str], name: str) -> None:
    if not fits_columns(names):
        wanted = " or ".join(f"icao24, {c.time}, {c.lat}, {c.lon}" for c in (OPENSKY, TRAFFIC))
        raise InputError(Fault(f"not positions of aircraft: expected the columns {wanted}", name))


def _of_records(records: Iterator[tuple[int, Record | RowFault]]) -> Found:
    for line, record in records:
        try:
            if isinstance(record, RowFault):
                raise record
            found = _of_record(record)
        except RowFault as fault:
            yield line, fault
        else:
            if found is not None:
                yield line, found


def _of_record(record: Record) -> Heard | None:
    """A state of a table; None where it has no position."""
    by = OPENSKY if record.get(OPENSKY.lat) is not None and OPENSKY.time in record else TRAFFIC
    if not cells.text(record, by.lat) and not cells.text(record, by.lon):
        return None
    baro, geo = (
        None if (value := cells.exact(record, column)) is None else value * by.metres for column in (by.baro, by.geo)
    )
    return Heard(
        cells.text(record, "icao24").lower(), _when(record, by), record.get(by.lon), record.get(by.lat),
        cells.text(record, "callsign"), baro, geo, cells.text(record, "onground").lower() in ("true", "1"),
        _category(record, "nic"), _category(record, "nac_p" if "nac_p" in record else "nacp"), _radius(record),
    )  # fmt: skip


def _when(record: Record, by: Columns) -> Fraction:
    """When the position was sent: a state repeats the last one until it hears another."""
    at = _second(record, by.time)
    heard = _second(record, by.heard) if cells.text(record, by.heard) else at
    if heard > at + 60:
        raise RowFault(by.heard, "expected a time before that of the state")
    return min(at, heard)


def _second(record: Record, column: str) -> Fraction:
    """Seconds UTC of a cell: a time, or a number of seconds, milli-, micro- or nanoseconds since 1970."""
    value = record.get(column)
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        found = Fraction(int(aware.timestamp() * 1_000_000), 1_000_000)
    else:
        told = cells.text(record, column)
        try:
            found = Fraction(parse_span(told, "UTC").start) if "-" in told[1:] else _since(record, column)
        except InputError as error:
            raise RowFault(column, str(error)) from None
    if not 0 < found < _LATEST_S:
        raise RowFault(column, f"expected a time 1970..2100, got {quoted(value)}")
    return found


def _since(record: Record, column: str) -> Fraction:
    value = cells.exact(record, column)
    if value is None:
        raise RowFault(column, "expected a time, got nothing")
    for bound, unit in ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3)):
        if value > bound:
            return value / unit
    return value


def _category(record: Record, column: str) -> int | None:
    return cells.count(record, column, most=15) if column in record else None


def _radius(record: Record) -> int | None:
    value = cells.exact(record, "rc") if "rc" in record else None
    if value is not None and not 0 <= value <= MOST_RADIUS_M:
        raise RowFault("rc", f"expected a radius of 0..{MOST_RADIUS_M} m, got {quoted(record['rc'])}")
    return None if value is None else math.ceil(value)


# -- JSON ------------------------------------------------------------------------------------------------------------


class _Document(msgspec.Struct):
    """A snapshot (`now`, `aircraft`), a trace (`icao`, `timestamp`, `trace`), or one aircraft of its own."""

    now: float | None = None
    aircraft: list[msgspec.Raw] | None = None
    ac: list[msgspec.Raw] | None = None
    icao: str = ""
    timestamp: Any = None
    trace: list[msgspec.Raw] | None = None


def _of_json(file: BinaryIO, rows: Rows, first: bytes) -> Found:
    """One document, or one on each line where the first line is one and not the last."""
    try:
        msgspec.json.decode(first)
        is_lines = len(first) <= MOST_LINE
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        is_lines = False
    if not is_lines:
        data = cells.whole(file, rows.name, MOST_DOCUMENT).removeprefix(b"\xef\xbb\xbf")
        yield from _of_document(data, rows.name)
        return
    for number, line in enumerate(lines_of(opened(file, rows.name), rows.name), 1):
        if line.strip():
            try:
                for _, found in _of_document(line.encode(), rows.name):
                    yield number, found
            except InputError as error:
                yield number, RowFault("row", error.faults[0].message)


def _of_document(data: bytes, name: str) -> Found:
    try:
        if data.lstrip()[:1] == b"[":
            each = msgspec.json.decode(data, type=list[msgspec.Raw])
            yield from _of_records((n, _plain(raw)) for n, raw in enumerate(each, 1))
            return
        document = msgspec.json.decode(data, type=_Document)
        planes = document.aircraft if document.aircraft is not None else document.ac
        if document.trace is not None:
            yield from _of_trace(document)
        elif planes is not None:
            for number, raw in enumerate(planes, 1):
                yield from _of_plane(number, _plain(raw), document.now)
        else:
            record = _plain(msgspec.Raw(data))
            is_plane = not isinstance(record, RowFault) and "hex" in record
            yield from _of_plane(1, record, document.now) if is_plane else _of_records(iter([(1, record)]))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InputError(Fault(f"not JSON of aircraft: {one_line(str(error), 120)}", name)) from None


def _plain(raw: msgspec.Raw) -> dict[str, Any] | RowFault:
    """An aircraft or a state as plain values; a fault where it is no object."""
    found = msgspec.json.decode(raw)
    if isinstance(found, dict):
        return found
    kind = {list: "a list", str: "a text", type(None): "null", bool: "true or false"}.get(type(found), "a number")
    return RowFault("row", f"expected an object, got {kind}")


def _of_plane(number: int, plane: Record | RowFault, now: float | None) -> Found:
    """One aircraft of readsb at a moment; its position is `seen_pos` seconds old."""
    if isinstance(plane, RowFault):
        yield number, plane
        return
    if plane.get("lat") is None and plane.get("lon") is None:
        return
    try:
        at = _second({"now": now if now is not None else plane.get("now")}, "now")
        age = cells.exact(plane, "seen_pos") or Fraction(0)
        if not 0 <= age <= 3_600:
            raise RowFault("seen_pos", "expected 0..3600 seconds")
        yield number, _of_fields(plane, cells.text(plane, "hex").lower(), at - age, plane.get("alt_baro"))
    except RowFault as fault:
        yield number, fault


def _of_fields(plane: Record, icao: str, at: Fraction, altitude: Any) -> Heard:  # noqa: ANN401  # number or "ground"
    feet = {"alt_baro": None if altitude == "ground" else altitude, "alt_geom": plane.get("alt_geom")}
    baro, geo = (None if (v := cells.exact(feet, key)) is None else v * _METRES_PER_FT for key in feet)
    made = cells.text(plane, "type").partition("_")[0]
    return Heard(
        icao, at, plane.get("lon"), plane.get("lat"), cells.text(plane, "flight"), baro, geo, altitude == "ground",
        _category(plane, "nic"), _category(plane, "nac_p"), _radius(plane), _SENSORS.get(made, "ads-b"),
    )  # fmt: skip


def _of_trace(document: _Document) -> Found:
    """The positions of one aircraft: seconds after `timestamp`, latitude, longitude, altitude, ..., flags, ..."""
    more: dict[str, Any] = {}
    for number, raw in enumerate(document.trace or (), 1):
        try:
            point = msgspec.json.decode(raw)
            if not isinstance(point, list) or len(point) < 4:
                raise RowFault("trace", "expected a list of at least four values")
            start = _second({"timestamp": document.timestamp}, "timestamp")
            at = start + (cells.exact({"trace": point[0]}, "trace") or 0)
            point += [None] * (11 - len(point))
            callsign = more.get("flight")
            more = point[8] if isinstance(point[8], dict) else {"flight": callsign}
            flags = point[6] if isinstance(point[6], int) else 0
            is_geometric = bool(flags & _GEOMETRIC) and point[3] != "ground"
            plane = {
                **more, "lat": point[1], "lon": point[2], "flight": more.get("flight") or callsign,
                "alt_geom": point[3] if is_geometric else point[10], "type": point[9],
            }  # fmt: skip
            if point[1] is not None:
                yield number, _of_fields(plane, document.icao.lower(), at, None if is_geometric else point[3])
        except RowFault as fault:
            yield number, fault


# -- rows ------------------------------------------------------------------------------------------------------------


def _row(heard: Heard, line: int, manner: Manner) -> dict[str, Any]:
    if not _HEX.fullmatch(heard.icao):
        raise RowFault("icao24", f"expected six hexadecimal digits, got {quoted(heard.icao or 'nothing')}")
    second = math.floor(heard.at)
    when = Span(second, second + 1)
    if manner.is_ahead(when):
        raise RowFault("time", "a position dated in the future")
    low, high = band(heard)
    kind = "" if low is None else " barometric" if heard.baro_m is not None else " gnss"
    actor = manner.aliases.who(heard.callsign or None)
    actor = manner.aliases.who(heard.icao) if actor.mode == UNNAMED and not actor.ids else actor
    return {
        "id": f"adsb:{heard.icao}:{math.floor(heard.at * 1_000)}", "source": "ads-b", "source_id": heard.icao,
        "line": line, "kind": "track", "start": when.start, "end": when.end, "lasts": False, "tz": "UTC",
        "time_precision": "exact", "impact": _region(heard), "place_precision": _precision(heard),
        "low_m": low, "high_m": high, "actor": list(actor.ids), "actor_mode": actor.mode if actor.ids else UNNAMED,
        "actor_umbrella": actor.is_umbrella, "actor_text": heard.callsign or None,
        "act": list(ON_GROUND if heard.is_on_ground else FLYING),
        "act_text": "on the ground" if heard.is_on_ground else "position in flight", "callsign": heard.callsign or None,
        "sensor": heard.sensor + kind, "known_at": manner.known_at,
    }  # fmt: skip


def band(heard: Heard) -> tuple[int | None, int | None]:
    """Lowest and highest altitude in metres; None on the ground, and where none is stated.

    Barometric where it is given, since flights are told apart by it; the two are never put together.

    >>> band(Heard("abc123", Fraction(1), 0, 0, baro_m=Fraction(3048)))
    (2956, 3140)
    """
    if heard.is_on_ground:
        return None, None
    value = heard.baro_m if heard.baro_m is not None else heard.geo_m
    if value is None:
        return None, None
    if abs(value) > _MOST_ALTITUDE_M:
        raise RowFault("altitude", f"expected an altitude of at most {_MOST_ALTITUDE_M} m")
    slack = SLACK_FT * _METRES_PER_FT
    return math.floor(value - slack), math.ceil(value + slack)


def bound_m(heard: Heard) -> int | None:
    """How far the aircraft can be from where it says it is, in metres; None where it says that this is unknown.

    >>> bound_m(Heard("abc123", Fraction(1), 0, 0, nic=8, nac_p=9)), bound_m(Heard("abc123", Fraction(1), 0, 0, nic=0))
    (186, None)
    """
    stated = [heard.rc_m if heard.rc_m else NIC_M.get(heard.nic or 0), NACP_M.get(heard.nac_p or 0)]
    known = [bound for bound in stated if bound]
    if known:
        return max(known)
    is_unknown = any(value is not None for value in (heard.nic, heard.nac_p, heard.rc_m))
    return None if is_unknown else RADIUS_M


def _region(heard: Heard) -> dict[str, Any]:
    at = cells.position({"lon": heard.lon, "lat": heard.lat}, "lon", "lat")
    if at is None:
        raise RowFault("lat", "expected a number of degrees, got nothing")
    bound = bound_m(heard)
    return region_row(NOWHERE) if bound is None else cells.disc_row(at, bound)


def _precision(heard: Heard) -> str | None:
    told = [f"{key} {value}" for key, value in (("nic", heard.nic), ("nac_p", heard.nac_p)) if value is not None]
    return ", ".join(told) or None
