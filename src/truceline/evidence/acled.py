"""What does an export of ACLED report? Both column sets: that of 2017 to 2023 and the later one.

Place: `geo_precision` 1 a town, 2 part of a region (25 km about the coded town), 3 the first-order unit, by the
precision table of the agreement (source `acled`). Time: `time_precision` 1 the day, 2 the week, 3 the month of
`event_date`. Which day a source's week begins on is not said, so precision 2 is every week that holds the day. Who:
battles name a pair, not an attacker; in explosions and in violence against civilians actor 1 acted. Fatalities are
ACLED's best number.

ACLED's terms let a user work with an export and forbid passing rows on: no row of it is ever exported.

Source: ACLED Codebook, 2019 and 2024; terms of use of acleddata.com.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, BinaryIO

from truceline.acts import is_closed
from truceline.errors import quoted
from truceline.evidence import cells
from truceline.evidence.mapping import iso_day, pattern_of
from truceline.evidence.places import Spot
from truceline.evidence.readers import Start
from truceline.evidence.reading import TO_THE_CLOSED, Manner, Read, RowFault, Rows
from truceline.evidence.schema import EITHER, JOINT, NOBODY, ONE, UNNAMED, Named, region_row
from truceline.group import CIVILIAN
from truceline.span import Span, day_span

LICENCE = "ACLED terms of use: for the reader's own work; rows may not be passed on"

NEEDED = (
    "event_id_cnty event_date time_precision event_type sub_event_type actor1 actor2 country admin1 latitude longitude "
    "geo_precision"
).split()

ACTS: Mapping[str, tuple[str, ...]] = {
    "armed clash": ("attack",),
    "government regains territory": ("attack", "capture"),
    "non-state actor overtakes territory": ("attack", "capture"),
    "chemical weapon": ("toxic",),
    "air/drone strike": ("air-strike",),
    "suicide bomb": ("attack",),
    "shelling/artillery/missile attack": ("shelling",),
    "remote explosive/landmine/ied": ("attack",),
    "grenade": ("attack",),
    "sexual violence": ("sexual-violence",),
    "attack": ("attack",),
    "abduction/forced disappearance": ("detain",),
    "excessive force against protesters": ("attack",),
    "arrests": ("detain",),
    "headquarters or base established": ("presence",),
    "non-violent transfer of territory": ("gain", "withdraw"),
    "agreement": ("statement",),
    "peaceful protest": ("statement",),
}
"""Acts of a `sub_event_type`; several = one of them, none = not told. An alias `acled:...` of the agreement wins."""

BATTLES, PROTESTS = "battles", "protests"
_CIVILIAN_CODES = ("6", "7", "civilians", "protesters")
_FORMS = tuple(pattern_of(form) for form in ("%d %B %Y", "%d %b %Y", "%d-%B-%Y", "%d-%b-%Y"))
_PRECISE, _WEEK, _MONTH = "1", "2", "3"
_MOST_NOTE = 2_000


def fits(start: Start) -> bool:
    """Whether a file begins like an export of ACLED."""
    return {"event_id_cnty", "event_type", "time_precision", "geo_precision"} <= cells.columns_of(start.line)


def read(file: BinaryIO, name: str, manner: Manner) -> Read:
    """Read an export of ACLED.

    Args:
        file: the CSV, plain or gzip, of any delimiter.
        name: the file's name for messages.
        manner: clock, precision table, aliases and places of the agreement.

    Raises:
        InputError: a needed column is missing, or the file is mostly nonsense.
    """
    rows = Rows(name)
    for line, record in cells.records(file, rows, NEEDED, what="an export of ACLED"):
        try:
            if is_closed(_acts(record, manner)[0], manner.tree):  # before all else: no fault may repeat its id
                rows.reject(line, "", RowFault("act", TO_THE_CLOSED))
                continue
            rows.take(_row(record, line, manner))
        except RowFault as fault:
            rows.reject(line, f"acled:{record.get('event_id_cnty') or ''}", fault)
    return rows.read()


def _row(record: Mapping[str, str], line: int, manner: Manner) -> dict[str, Any]:
    row_id = cells.text(record, "event_id_cnty")
    if not re.fullmatch(r"[A-Za-z]{2,4}-?\d{1,9}", row_id):
        raise RowFault("event_id_cnty", f"expected an id such as SYR1234, got {quoted(row_id or 'nothing')}")
    when = _when(record, manner.tz)
    acts, is_harm = _acts(record, manner)
    if (not acts or any(manner.tree.is_force(act) for act in acts)) and manner.is_ahead(when):
        raise RowFault("event_date", f"an act of force dated in the future is refused: {record['event_date']}")
    actor, target = _sides(record, manner)
    sources = [one.strip() for one in cells.text(record, "source").split(";") if one.strip()]
    is_civilian = bool(cells.text(record, "civilian_targeting")) or bool(CIVILIAN.intersection(target.ids))
    return {
        "id": f"acled:{row_id}", "source": "acled", "source_id": row_id,
        "source_version": cells.text(record, "timestamp") or None, "licence": LICENCE, "may_export": False,
        "line": line, "kind": "incident", "start": when.start, "end": when.end, "lasts": False,
        "time_text": cells.text(record, "event_date"), "tz": manner.tz,
        "time_precision": f"time_precision {cells.text(record, 'time_precision')}",
        "impact": region_row(manner.placer.region(_spot(record, manner))),
        "place_text": cells.text(record, "location") or None,
        "place_precision": f"geo_precision {cells.text(record, 'geo_precision')}",
        "actor": list(actor.ids), "actor_mode": actor.mode, "actor_umbrella": actor.is_umbrella,
        "actor_text": actor.text or None, "target": list(target.ids), "target_mode": target.mode,
        "target_umbrella": target.is_umbrella, "target_text": target.text or None,
        "unordered": _type(record) == BATTLES, "act": list(acts), "act_text": cells.text(record, "sub_event_type"),
        "killed_best": cells.count(record, "fatalities"), "protected": is_harm or (is_civilian and bool(acts)),
        "asserted_by": sources[0] if sources else None, "publisher": "ACLED", "chain": sources,
        "note": _note(record), "known_at": manner.known_at,
    }  # fmt: skip


def _note(record: Mapping[str, str]) -> str | None:
    """The words of ACLED."""
    return cells.text(record, "notes")[:_MOST_NOTE] or None


# -- when ------------------------------------------------------------------------------------------------------------


def _when(record: Mapping[str, str], tz: str) -> Span:
    day = _day(record)
    precision = _code(record, "time_precision")
    if precision == _PRECISE:
        return day_span(day, tz)
    if precision == _WEEK:
        first, last = day - timedelta(days=6), day + timedelta(days=6)
    else:
        first = day.replace(day=1)
        last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return day_span(first, tz).joined(day_span(last, tz))


def _day(record: Mapping[str, str]) -> date:
    """The day of an event: `2016-03-05`, `05 March 2016` or `05-Mar-2016`."""
    told = cells.text(record, "event_date")
    found = next((iso for form in _FORMS if (iso := iso_day(told, form)) is not None), told)
    try:
        return cells.day({"event_date": found}, "event_date")
    except RowFault:
        raise RowFault("event_date", cells.unread_day(told)) from None


def _code(record: Mapping[str, str], column: str) -> str:
    code = cells.text(record, column).removesuffix(".0")
    if code not in (_PRECISE, _WEEK, _MONTH):
        raise RowFault(column, f"expected a code 1..3, got {quoted(code or 'nothing')}")
    return code


# -- where -----------------------------------------------------------------------------------------------------------


def _spot(record: Mapping[str, str], manner: Manner) -> Spot:
    code = _code(record, "geo_precision")
    word = manner.precision.word("acled", code)
    if word is None:
        raise RowFault("geo_precision", f"the precision table has no word for {quoted(code)}")
    atlas = manner.placer.atlas
    country = cells.country_of(record, "country", atlas)
    at = cells.position(record, "longitude", "latitude", atlas=atlas, country=country)
    if at is None:
        raise RowFault("latitude", "expected a number of degrees, got nothing")
    return Spot(word, *at, cells.units_of(record, {1: "admin1", 2: "admin2"}), country)


# -- who and what ----------------------------------------------------------------------------------------------------


def _type(record: Mapping[str, str]) -> str:
    return cells.text(record, "event_type").casefold()


def _acts(record: Mapping[str, str], manner: Manner) -> tuple[tuple[str, ...], bool]:
    """What a row can mean, and whether its alias says that it is harm to what is protected."""
    word = cells.text(record, "sub_event_type")
    alias, usual = manner.aliases.act(f"acled:{word}"), ACTS.get(word.casefold(), ())
    if alias is not None and not is_closed(usual, manner.tree):
        return ((alias.act,) if alias.act else ()), alias.is_protected
    return usual, False


def _sides(record: Mapping[str, str], manner: Manner) -> tuple[Named, Named]:
    """Who acted, and on whom; in protests the second actor meets the first."""
    first, second = (_side(record, n, manner) for n in ("1", "2"))
    if _type(record) == PROTESTS:
        first, second = second, first
    if cells.text(record, "civilian_targeting") and second.mode == UNNAMED and not second.text:
        second = Named(("civilians",), ONE)
    return first, second


def _side(record: Mapping[str, str], n: str, manner: Manner) -> Named:
    """An actor with those associated with it: they acted together, and one that no alias knows is somebody."""
    names = [cells.text(record, f"actor{n}"), *cells.text(record, f"assoc_actor_{n}").split(";")]
    names = list(dict.fromkeys(told for name in names if (told := name.strip())))
    if not names:
        return Named()
    each = [manner.aliases.who(name) for name in names]
    if each[0].mode == UNNAMED and cells.text(record, f"inter{n}").casefold() in _CIVILIAN_CODES:
        each[0] = Named(("civilians",), ONE, text=names[0])
    if len(each) == 1:
        return each[0]
    ids = tuple(dict.fromkeys(one for named in each for one in _members(named)))
    told = "; ".join(names)
    if not set(ids) - {UNNAMED}:
        return Named(text=told)
    return Named(ids, JOINT if len(ids) > 1 else ONE, any(named.is_umbrella for named in each), told)


def _members(named: Named) -> tuple[str, ...]:
    """Ids that surely acted; `unknown`, which the judge knows as *somebody*, for who may or may not have."""
    if named.mode == NOBODY:
        return ()
    return (UNNAMED,) if named.mode in (UNNAMED, EITHER) or not named.ids else named.ids
