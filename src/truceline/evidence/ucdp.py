"""What does a UCDP GED file report? All column sets: the Syria special release, GED 23.1 and later, GED Candidate.

A dyad names a pair, not an attacker: state-based and non-state events are unordered, one-sided violence is by side A on
civilians. `date_start` and `date_end` are the earliest and the latest possible day: a row that spans a year starts on
1 January, so its interval is the year, and nothing is ever counted on its first day. The point of a row is a stand-in
wherever `where_prec` is above 2. An event with `event_clarity` 2 is a total over several incidents: it stays one report
of kind `incident`, with a note that says so.

This module is the rule for one row. `ucdp_columns` takes rows by the thousand and says the same.

Source: UCDP GED Codebook 23.1; Sundberg and Melander 2013; licence CC BY 4.0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from truceline.errors import Fault, InputError, quoted
from truceline.evidence.csvblocks import EXTRA, Table
from truceline.evidence.places import Spot
from truceline.evidence.readers import Start
from truceline.evidence.reading import Manner, Read, RowFault, opened
from truceline.evidence.schema import ONE, Named, region_row
from truceline.evidence.stated import swapped
from truceline.group import CIVILIAN
from truceline.span import Span, day_span

NEEDED = (
    "id type_of_violence side_a side_b where_prec latitude longitude country date_prec date_start date_end"
).split()
COUNTS = {
    "deaths_civilians": "civilians_killed", "low": "killed_low", "best": "killed_best", "high": "killed_high",
}  # fmt: skip
"""Columns of people killed, in the order in which they are checked, and where they go."""

COLUMNS = (
    *NEEDED, *COUNTS, "adm_1", "adm_2", "where_coordinates", "source_office", "event_clarity", "version", "code_status",
)  # fmt: skip
MORE = (
    "conflict_name", "dyad_name", "adm_1", "adm_2", "deaths_a", "deaths_b", "deaths_unknown", "number_of_sources",
    "gwnob",
)  # fmt: skip
"""Columns that no observation has, and that two releases are compared by."""

TEXTS = ("source_article", "source_date", "source_headline", "source_original", "where_description")
"""Columns of free text: that they differ is told, and no word of them."""

LICENCE = "CC BY 4.0, Uppsala Conflict Data Program"
TOTAL = "event_clarity 2: a total over several incidents"

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})( 00:00:00(\.0+)?)?")
_VERSION = re.compile(r"(?<![a-z])ged(?:event)?[ _-]*v?(\d{2})[._]?(\d)(?:[._](\d{1,2}))?(?!\d)", re.IGNORECASE)


def fits(start: Start) -> bool:
    """Whether a file begins like a UCDP GED file."""
    return {"where_prec", "date_prec", "type_of_violence"} <= {
        name.strip('"') for name in start.line.strip().split(",")
    }


def read(file: BinaryIO, name: str, manner: Manner) -> Read:
    """Read a UCDP GED file.

    Args:
        file: the CSV, plain or gzip.
        name: the file's name for messages; a version such as `GEDEvent_v24_0_3` in it is taken over.
        manner: clock, precision table, aliases and places of the agreement.

    Raises:
        InputError: a needed column is missing, or the file is mostly nonsense.
    """
    from truceline.evidence.ucdp_columns import Columns  # noqa: PLC0415  # it rests on the rule of this module

    table = Table(opened(file, name), name)
    missing = [column for column in NEEDED if column not in table.header]
    if missing:
        raise InputError(Fault(f"not a UCDP GED file: missing the columns {', '.join(missing)}", name, 1))
    columns = Columns(name, manner)
    for block in table.blocks(COLUMNS):
        columns.take(block)
    return columns.read()


def more_of(file: BinaryIO, name: str) -> pa.Table:
    """Ids, as observations have them, and the columns of `MORE` and `TEXTS` of a file, as trimmed texts; empty = null.

    Args:
        file: the CSV, plain or gzip.
        name: the file's name for messages.

    Raises:
        InputError: not CSV.
    """
    table = Table(opened(file, name), name)
    wanted = [column for column in ("id", *MORE, *TEXTS) if column in table.header]
    parts = [pa.table({column: pa.array([], pa.string()) for column in wanted})]
    for block in table.blocks(wanted):
        cells = pa.Table.from_pylist(list(block.records), parts[0].schema) if block.columns is None else block.columns
        made = {}
        for key in wanted:
            text = pc.replace_substring_regex(pc.utf8_trim_whitespace(cells.column(key)), r"\.0$", "")
            made[key] = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
        parts.append(pa.table({**made, "id": pc.binary_join_element_wise("ucdp", made["id"], ":")}))
    return pa.concat_tables(parts)


def version_of(name: str) -> str | None:
    """The version that a file name says; None when it says none.

    >>> [version_of(name) for name in ("GEDEvent_v24_0_3.csv", "ged231-csv.zip", "ged_syria_2016_2019.csv.gz")]
    ['24.0.3', '23.1', None]
    """
    match = _VERSION.search(name)
    return ".".join(part for part in match.groups() if part) if match else None


def row_of(raw: Mapping[str, str], line: int, version: str | None, manner: Manner) -> dict[str, Any]:
    """One row as an observation: the one rule, whichever way rows are taken.

    Args:
        raw: column to text.
        line: of the file, from 1.
        version: of the data set, where the row does not say it; None = not known.
        manner: clock, precision table, aliases and places of the agreement.

    Raises:
        RowFault: the field, and what was expected of it.
    """
    if EXTRA in raw:
        raise RowFault("row", "more cells than the header has columns: a comma too many, or a quote too few")
    get = {key: value.strip() for key, value in raw.items()}
    row_id = _whole(get, "id")
    when = when_of(get, manner)
    violence = violence_of(get)
    spot = spot_of(get, manner)
    check_ahead(get, when, manner)
    try:
        impact = manner.placer.region(spot)
    except InputError as error:
        raise _misplaced(spot, str(error)) from None
    check_swapped(spot, manner)
    counted = {field: count_of(get, key) for key, field in COUNTS.items()}
    return {
        "id": f"ucdp:{row_id}", "source": "ucdp", "source_id": str(row_id),
        "source_version": get.get("version") or version, "licence": LICENCE, "may_export": True,
        "line": line, "kind": "incident", "start": when.start, "end": when.end, "lasts": False,
        **time_words(get), "tz": manner.tz, "impact": region_row(impact), **place_words(get),
        **deed_of(get, violence, manner), **counted,
        "protected": violence == 3 or bool(counted["civilians_killed"]), **told_by(get), "publisher": "UCDP",
        "note": note_of(get), "known_at": manner.known_at,
    }  # fmt: skip


def id_of(raw: Mapping[str, str]) -> str:
    """The id of a row that may not have one."""
    return f"ucdp:{(raw.get('id') or '').removesuffix('.0')}"


# -- when ------------------------------------------------------------------------------------------------------------


def when_of(get: Mapping[str, str], manner: Manner) -> Span:
    """The interval that `date_start`, `date_end` and `date_prec` allow.

    Raises:
        RowFault: one of them is no date or no code.
    """
    first, last = (_day(get, key) for key in ("date_start", "date_end"))
    _code(get, "date_prec", 5)
    if last < first:
        raise RowFault("date_end", f"ends before it begins: {last} < {first}")
    return day_span(first, manner.tz).joined(day_span(last, manner.tz))


def check_ahead(get: Mapping[str, str], when: Span, manner: Manner) -> None:
    """Refuse an act of force that is dated in the future: there is no pre-clearance."""
    if manner.is_ahead(when):
        raise RowFault("date_start", f"an act of force dated in the future is refused: {get['date_start']}")


def time_words(get: Mapping[str, str]) -> dict[str, str]:
    """The time in the words of the source."""
    return {
        "time_text": " to ".join(dict.fromkeys((get["date_start"][:10], get["date_end"][:10]))),
        "time_precision": f"date_prec {get['date_prec'].removesuffix('.0')}",
    }


def _day(get: Mapping[str, str], key: str) -> date:
    text = get.get(key, "")
    if not text:
        raise RowFault(key, "expected a date, got nothing")
    match = _DAY.fullmatch(text)
    try:
        day = date.fromisoformat(match[1] if match else "")
    except ValueError:
        raise RowFault(key, f"expected a date such as 2016-02-27, got {quoted(text)}") from None
    if not 1900 <= day.year <= 2200:
        raise RowFault(key, f"expected a year 1900..2200, got {day.year}")
    return day


# -- where -----------------------------------------------------------------------------------------------------------


def spot_of(get: Mapping[str, str], manner: Manner) -> Spot:
    """What a row says of its place.

    Raises:
        RowFault: no such code of precision, or a coordinate is no number.
    """
    code = str(_code(get, "where_prec", 7))
    word = manner.precision.word("ucdp", code)
    if word is None:
        raise RowFault("where_prec", f"the precision table has no word for {quoted(code)}")
    if code == "1":
        kind = get.get("where_coordinates", "").rpartition(" ")[2].lower()
        word = kind if kind in ("village", "town", "city") else word
    names = tuple((level, get[key]) for level, key in ((1, "adm_1"), (2, "adm_2")) if get.get(key))
    lon, lat = _number(get, "longitude"), _number(get, "latitude")
    return Spot(word, lon, lat, names, manner.placer.atlas.gazetteer.find(get["country"], 0) or "")


def _misplaced(spot: Spot, reason: str) -> RowFault:
    """A coordinate out of range; that the two are swapped is suggested where it would explain it, and never mended."""
    lon, lat = spot.lon_deg or 0.0, spot.lat_deg or 0.0
    hint = ": perhaps latitude and longitude are swapped" if abs(lon) <= 90 < abs(lat) <= 180 else ""
    return RowFault("latitude" if "latitude" in reason else "longitude", reason + hint)


def check_swapped(spot: Spot, manner: Manner) -> None:
    """Refuse a point well outside its stated country that lies inside it the other way round; nothing is mended.

    Raises:
        RowFault: so it seems to be; no coordinate is repeated.
    """
    if spot.word == "outside" or not spot.country or spot.lon_deg is None or spot.lat_deg is None:
        return
    if why := swapped(manner.placer.atlas, spot.country, (spot.lon_deg, spot.lat_deg)):
        raise RowFault("longitude, latitude", why)


def place_words(get: Mapping[str, str]) -> dict[str, str | None]:
    """The place in the words of the source."""
    return {
        "place_text": get.get("where_coordinates") or None,
        "place_precision": f"where_prec {get['where_prec'].removesuffix('.0')}",
    }


# -- who, what, by whose word ----------------------------------------------------------------------------------------


def deed_of(get: Mapping[str, str], violence: int, manner: Manner) -> dict[str, Any]:
    """The act and both sides, by a type of violence of 1..3."""
    alias = manner.aliases.act(f"ucdp:{violence}")
    act = alias.act if alias and alias.act else "attack"
    return {"act": [act], "act_text": f"type_of_violence {violence}", **_sides(get, violence, manner)}


def told_by(get: Mapping[str, str]) -> dict[str, Any]:
    """Who reported it: the first office, and all of them."""
    offices = get.get("source_office", "").split(";")
    return {"asserted_by": offices[0] or None, "chain": [office for office in offices if office]}


def note_of(get: Mapping[str, str]) -> str | None:
    """What has to be known of a row: whether it is a total, and what its coders have not made sure of yet.

    UCDP Candidate says of each event whether it is `Clear`; whatever else it says is kept in its words.
    """
    status = get.get("code_status", "")
    total = TOTAL if get.get("event_clarity", "").removesuffix(".0") == "2" else ""
    open_ = f"code_status {quoted(status, 40)}: a candidate" if status.casefold() not in ("", "clear") else ""
    return "; ".join(part for part in (total, open_) if part) or None


def _sides(get: Mapping[str, str], violence: int, manner: Manner) -> dict[str, Any]:
    a, b = (
        manner.aliases.together([part.strip() for part in text.split(", ")], text)
        for text in (get["side_a"], get["side_b"])
    )
    if violence == 3 and not CIVILIAN.intersection(b.ids):
        b = Named(("civilians",), ONE, text=get["side_b"])
    return {
        "actor": list(a.ids), "actor_mode": a.mode, "actor_umbrella": a.is_umbrella, "actor_text": a.text,
        "target": list(b.ids), "target_mode": b.mode, "target_umbrella": b.is_umbrella, "target_text": b.text,
        "unordered": violence != 3,
    }  # fmt: skip


# -- numbers ---------------------------------------------------------------------------------------------------------


def _number(get: Mapping[str, str], key: str) -> float:
    try:
        if not get[key].isascii() or "_" in get[key]:
            raise ValueError(key)  # Python reads `3_8` and the digits of every script
        return float(get[key])
    except ValueError:
        told = quoted(get[key]) if get[key] and key not in ("longitude", "latitude") else "none"
        raise RowFault(key, f"expected a number, got {told}") from None


def _whole(get: Mapping[str, str], key: str) -> int:
    value = _number(get, key)
    if not math.isfinite(value) or abs(value) > 1 << 53 or value != int(value):
        raise RowFault(key, f"expected a whole number, got {quoted(get[key])}")
    return int(value)


def _code(get: Mapping[str, str], key: str, most: int) -> int:
    value = _whole(get, key)
    if not 1 <= value <= most:
        raise RowFault(key, f"expected a code 1..{most}, got {quoted(get[key])}")
    return value


def violence_of(get: Mapping[str, str]) -> int:
    """The type of violence, 1..3.

    Raises:
        RowFault: no such code.
    """
    return _code(get, "type_of_violence", 3)


def count_of(get: Mapping[str, str], key: str) -> int | None:
    """A number of people; None where nothing is said.

    Raises:
        RowFault: no number, or no number of people.
    """
    if not get.get(key):
        return None
    value = _whole(get, key)
    if not 0 <= value < 1 << 31:
        raise RowFault(key, f"expected a number of people, got {quoted(get[key])}")
    return value
