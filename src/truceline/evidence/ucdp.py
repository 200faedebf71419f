"""What does a UCDP GED file report? Both column sets: the Syria special release and GED 23.1 and later.

A dyad names a pair, not an attacker: state-based and non-state events are unordered, one-sided violence is by side A on
civilians. `date_start` and `date_end` are the earliest and the latest possible day. The point of a row is a stand-in
wherever `where_prec` is above 2.

Source: UCDP GED Codebook 23.1; Sundberg and Melander 2013; licence CC BY 4.0.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from truceline.errors import Fault, InputError, quoted
from truceline.evidence.places import Spot
from truceline.evidence.reading import Manner, Read, RowFault, Rows, lines_of
from truceline.evidence.schema import ONE, Named, region_row
from truceline.group import CIVILIAN
from truceline.span import Span, day_span

NEEDED = (
    "id type_of_violence side_a side_b where_prec latitude longitude country date_prec date_start date_end"
).split()
LICENCE = "CC BY 4.0, Uppsala Conflict Data Program"


_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})( 00:00:00(\.0+)?)?")


def is_ucdp(header: str) -> bool:
    """Whether a first line is that of a UCDP GED file."""
    return {"where_prec", "date_prec", "type_of_violence"} <= {name.strip('"') for name in header.strip().split(",")}


def read(file: Iterable[bytes], name: str, manner: Manner) -> Read:
    """Read a UCDP GED file.

    Args:
        file: raw lines of the CSV.
        name: the file's name for messages.
        manner: clock, precision table, aliases and places of the agreement.

    Raises:
        InputError: a needed column is missing, or the file is mostly nonsense.
    """
    rows = Rows(name)
    reader = csv.DictReader(lines_of(file, name), strict=True)
    try:
        missing = [column for column in NEEDED if column not in (reader.fieldnames or ())]
        if missing:
            raise InputError(Fault(f"not a UCDP GED file: missing the columns {', '.join(missing)}", name, 1))
        for raw in reader:
            try:
                rows.take(_row(raw, reader.line_num, manner))
            except RowFault as fault:
                rows.reject(reader.line_num, f"ucdp:{(raw.get('id') or '').removesuffix('.0')}", fault)
    except csv.Error as error:
        raise InputError(Fault(f"not CSV: {error}", name, reader.line_num)) from None
    return rows.read()


def _row(raw: Mapping[str, str | None], line: int, manner: Manner) -> dict[str, Any]:
    get = {
        key: (value or "").strip() for key, value in raw.items() if isinstance(key, str) and not isinstance(value, list)
    }
    row_id = _whole(get, "id")
    when = _when(get, manner.tz)
    violence = _code(get, "type_of_violence", 3)
    spot = _spot(get, manner)
    if manner.is_ahead(when):
        raise RowFault("date_start", f"an act of force dated in the future is refused: {get['date_start']}")
    try:
        impact = manner.placer.region(spot)
    except InputError as error:
        raise RowFault("latitude" if "latitude" in str(error) else "longitude", str(error)) from None
    civilians = _count(get, "deaths_civilians")
    alias = manner.aliases.act(f"ucdp:{violence}")
    return {
        "id": f"ucdp:{row_id}", "source": "ucdp", "source_id": str(row_id), "licence": LICENCE, "may_export": True,
        "line": line, "kind": "incident", "start": when.start, "end": when.end, "lasts": False,
        "time_text": " to ".join(dict.fromkeys((get["date_start"][:10], get["date_end"][:10]))), "tz": manner.tz,
        "time_precision": f"date_prec {get['date_prec'].removesuffix('.0')}", "impact": region_row(impact),
        "place_text": get.get("where_coordinates") or None,
        "place_precision": f"where_prec {get['where_prec'].removesuffix('.0')}",
        **_sides(get, violence, manner), "act": [alias.act if alias and alias.act else "attack"],
        "act_text": f"type_of_violence {violence}", "killed_low": _count(get, "low"),
        "killed_best": _count(get, "best"), "killed_high": _count(get, "high"), "civilians_killed": civilians,
        "protected": violence == 3 or bool(civilians),
        "asserted_by": get.get("source_office", "").split(";")[0] or None, "publisher": "UCDP",
        "chain": [office for office in get.get("source_office", "").split(";") if office], "known_at": manner.known_at,
    }  # fmt: skip


def _when(get: Mapping[str, str], tz: str) -> Span:
    first, last = (_day(get, key) for key in ("date_start", "date_end"))
    _code(get, "date_prec", 5)
    if last < first:
        raise RowFault("date_end", f"ends before it begins: {last} < {first}")
    return day_span(first, tz).joined(day_span(last, tz))


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


def _spot(get: Mapping[str, str], manner: Manner) -> Spot:
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


def _number(get: Mapping[str, str], key: str) -> float:
    try:
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


def _count(get: Mapping[str, str], key: str) -> int | None:
    if not get.get(key):
        return None
    value = _whole(get, key)
    if not 0 <= value < 1 << 31:
        raise RowFault(key, f"expected a number of people, got {quoted(get[key])}")
    return value
