"""What does a row of somebody's own table report, by its mapping? For sheets, tables and drawn features alike.

The region is as wide as the words: the sector that an observer states, a stated radius or a word of the precision table
about the coordinates, else what the named place or unit means, else the stated country. Coordinates without a precision
are a stand-in, as everywhere. A typed time without an offset is of the clock of the mapping, and one at midnight the
whole day, since spreadsheets write a day so; one with an offset is that moment.

Source: the precision table of the signed agreement; `mapping.py` for the words of a mapping.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from truceline.acts import is_closed
from truceline.errors import Fault, InputError, quoted
from truceline.evidence import cells, own
from truceline.evidence.cells import Record
from truceline.evidence.mapping import GRADE, SECTOR, UNITS, From, Plan, iso_day, pattern_of, plan_of
from truceline.evidence.places import Spot
from truceline.evidence.quantities import Interval, interval
from truceline.evidence.reading import TO_THE_CLOSED, Manner, RowFault, Rows, is_harm
from truceline.evidence.schema import Named, region_row
from truceline.space import MOST_RADIUS_M, Region, disc, quantise
from truceline.span import Span, civil_day, day_span, hours_span, parse_span

PRECISIONS = ("exact", "hour", "day", "days", "month")
"""Words for how exactly a time is known, beside the words of the day of the precision table."""

Point = tuple[float, float]

_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0", "")
_MOST_ALTITUDE_M = 100_000
_TEXTS = (
    "callsign", "count_unit", "asserted_by", "publisher", "url", "language", "published", "note", "coverage",
    "impediment", "sensor", "original",
)  # fmt: skip
_STATED = ("asserted_by", "publisher", "language")
_ENDS = ("low", "high")
_MOST = {"killed": (1 << 31) - 1, "count": (1 << 53) - 1}


@dataclass(frozen=True)
class Reader:
    """A mapping, and how to read by it.

    Attributes:
        country: code of the country that rows without one of their own lie in; empty = not stated.
    """

    plan: Plan
    manner: Manner
    country: str = ""
    pattern: re.Pattern[str] | None = field(default=None, repr=False)

    def told(self, record: Record, key: str) -> str:
        """What a row says in a field, in the words of the mapping; empty where it says nothing."""
        one = self.plan.fields.get(key)
        if one is None:
            return ""
        if not one.column:
            return one.value
        said = cells.text(record, one.column)
        return one.words.get(said, said) if one.words else said

    def cell(self, record: Record, key: str) -> tuple[Record, str]:
        """Where the number of a field stands: the row, or a row made of the constant, and its column."""
        one = self.plan.fields.get(key) or From()
        if one.column and not one.words:
            return record, one.column
        return {key: self.told(record, key)}, key

    def row(self, record: Record, line: int, drawn: Region | Point | None = None) -> dict[str, Any]:
        """A row of the table as a row of `schema.SCHEMA`.

        Args:
            record: column to cell.
            line: of the file, or number of the row.
            drawn: what the row itself draws, a region or a point (longitude and latitude in degrees) whose precision
                the columns say; None = the columns say where it was.

        Raises:
            RowFault: what cannot be taken.
        """
        plan, manner = self.plan, self.manner
        when = self.when(record)
        impact = drawn if isinstance(drawn, Region) else self.impact(record, drawn)
        actor, target = (manner.aliases.who(self.told(record, key) or None) for key in ("actor", "target"))
        weapon, narrower = manner.aliases.weapon(self.told(record, "weapon"))
        acts, is_protected = self.acts(record, narrower)
        own_id = self.told(record, "id")
        if "id" in plan.fields and not own_id:
            raise RowFault(self._at("id"), "expected an id, got nothing")
        low, high = self.band(record)
        row = {
            "id": f"{plan.source}:{own_id or line}", "source": plan.source, "source_id": own_id or None,
            "source_version": plan.source_version or None, "licence": plan.licence or None,
            "may_export": plan.may_export, "line": line, "kind": self.told(record, "kind") or plan.kind,
            "start": when.start, "end": when.end, "lasts": False,
            "time_text": self._times(record), "tz": plan.tz or manner.tz,
            "time_precision": self.told(record, "time_precision") or plan.time_precision or None,
            "impact": region_row(impact), "origin": None, "place_text": self.told(record, "place") or None,
            "place_precision": self._place_precision(record, impact), "low_m": low, "high_m": high,
            **_named("actor", actor), **_named("target", target), "unordered": False,
            "act": list(acts), "act_text": self.told(record, "act") or None,
            "weapon": weapon or self.told(record, "weapon") or None, "grade": self.grade(record),
            **self.counts(record), "protected": is_protected or is_harm(acts, target.ids, manner.tree),
            "negative": self.flag(record, "negative"), "access_denied": self.flag(record, "access_denied"),
            "chain": [part.strip() for part in self.told(record, "chain").split(";") if part.strip()] or None,
            **{key: self.told(record, key) or None for key in _TEXTS}, "known_at": manner.known_at,
        }  # fmt: skip
        row |= {key: row[key] or getattr(plan, key) or None for key in _STATED}
        own.check_row(row, manner)
        return row

    def take(self, rows: Rows, record: Record, line: int, drawn: Region | Point | RowFault | None = None) -> None:
        """Take a row of the table, or reject it; of one that takes the closed pathway nothing is kept but its line."""
        one, own_id = self.plan.fields.get("id"), ""
        try:
            if self._is_closed(record):
                raise RowFault("act", TO_THE_CLOSED)
            told = record.get(one.column) if one is not None else None
            own_id = str(told) if isinstance(told, str | int | float) else ""
            if isinstance(drawn, RowFault):
                raise drawn
            rows.take(self.row(record, line, drawn))
        except RowFault as fault:
            rows.reject(line, own_id, fault)

    def _is_closed(self, record: Record) -> bool:
        told = self.told(record, "act")
        alias = self.manner.aliases.act(told)
        return is_closed((told if alias is None else alias.act or "",), self.manner.tree)

    # -- when --------------------------------------------------------------------------------------------------------

    def when(self, record: Record) -> Span:
        """Everything that the times of a row can mean."""
        manner, tz = self.manner, self.plan.tz or self.manner.tz
        first = self._span(record, "start", tz)
        last = self._span(record, "end", tz) if self.told(record, "end") else first
        if last.end <= first.start:
            raise RowFault(self._at("end"), "ends before it begins")
        word = self.told(record, "time_precision") or self.plan.time_precision or "exact"
        if word in manner.precision.hours:
            hours = manner.precision.hours[word]
            return hours_span(civil_day(first.start, tz), *hours, tz).joined(
                hours_span(civil_day(last.start, tz), *hours, tz)
            )
        if word not in PRECISIONS:
            known = ", ".join((*PRECISIONS, *manner.precision.hours))
            raise RowFault(self._at("time_precision"), f"expected one of {known}, got {quoted(word)}")
        whole = first.joined(last)
        if word == "exact":
            return whole
        if word == "hour":
            slack = manner.precision.hour_slack_s
            return Span(whole.start - slack, whole.end + slack)
        return _periods(whole, tz, is_month=word == "month")

    def _span(self, record: Record, key: str, tz: str) -> Span:
        column = self._at(key)
        told = self._moment(record, key)
        try:
            return parse_span(told, tz)
        except InputError as error:
            why = str(error) if re.match(r"\d{4}-\d{2}-\d{2}[T ]", told) else cells.unread_day(told)
            raise RowFault(column, why) from None

    def _moment(self, record: Record, key: str) -> str:
        """The time text of a field, year first."""
        value = record.get(self.plan.fields[key].column)
        if isinstance(value, date):  # a datetime is one too
            told = _typed(value)
        else:
            told = self.told(record, key)
            if self.pattern is not None and told:
                found = iso_day(told, self.pattern)
                if found is None:
                    why = cells.serial(told) or f"expected a day as {self.plan.date_format}, got {quoted(told)}"
                    raise RowFault(self._at(key), why)
                told = found
        clock = self.told(record, "time") if key == "start" else ""
        if not clock or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", told):
            return told if not clock or "T" not in told else f"{told} {clock}"
        match = re.fullmatch(r"(\d{1,2})[:.h](\d{2})(?::(\d{2}))?(?:\.0+)?", clock)
        if not match:
            raise RowFault(self._at("time"), f"expected a clock time such as 19:05, got {quoted(clock)}")
        seconds = f":{match[3]}" if match[3] and match[3] != "00" else ""
        return f"{told}T{int(match[1]):02}:{match[2]}{seconds}"

    def _times(self, record: Record) -> str | None:
        told = [" ".join(t for t in (self.told(record, "start"), self.told(record, "time")) if t)]
        return " to ".join(t for t in (*told, self.told(record, "end")) if t) or None

    # -- where -------------------------------------------------------------------------------------------------------

    def impact(self, record: Record, drawn: Point | None = None) -> Region:
        """Everywhere that the columns of a row can mean, about a point that it draws or that they say."""
        country = self._country(record)
        seen = self.sector(record, country) if drawn is None else None
        if seen is not None:
            return seen
        at = self.point(record, country) if drawn is None else self.checked(drawn, country)
        radius = self._length(record, "radius", up=True)
        word = self._word(record)
        if at is not None and radius is not None:
            if not 0 <= radius <= MOST_RADIUS_M:
                raise RowFault(self._at("radius"), f"expected a radius of 0..{MOST_RADIUS_M} m, got {radius}")
            return disc(*at, radius, country)
        names = tuple(
            (level, told) for level, key in ((1, "governorate"), (2, "district")) if (told := self.told(record, key))
        )
        if at is None:
            found = self._by_name(record, word, country)
            if found is not None:
                return found
            word = word if word == "country" or word.startswith("unit:") else f"unit:{max(dict(names), default=0)}"
        lon, lat = at or (None, None)
        return self.manner.placer.region(Spot(word, lon, lat, names, country))

    def point(self, record: Record, country: str) -> tuple[float, float] | None:
        """Longitude and latitude of a row in degrees; None where it has none."""
        return self._position(record, country, "lon", "lat")

    def sector(self, record: Record, country: str) -> Region | None:
        """What an observer states: ranges and bearings from where it stood; None where the row states none of them.

        Raises:
            RowFault: one of them is missing, out of range, or the two ranges or bearings are no sector.
        """
        if SECTOR[0] not in self.plan.fields:
            return None
        said = [bool(cells.text(*self.cell(record, key))) for key in SECTOR]
        if not any(said):
            return None
        if not all(said):
            raise RowFault(self._at(SECTOR[said.index(False)]), "a sector needs all of its numbers, got nothing here")
        at = self._position(record, country, "observer_lon", "observer_lat")
        near, far = self._length(record, "range_low", up=False), self._length(record, "range_high", up=True)
        first, last = (self._bearing(record, key) for key in ("bearing_low", "bearing_high"))
        if at is None or near is None or far is None or not 0 <= near < far <= MOST_RADIUS_M:
            raise RowFault(self._at("range_high"), f"expected ranges of 0..{MOST_RADIUS_M} m, the nearer one first")
        if first == last:
            raise RowFault(self._at("bearing_high"), "expected another bearing than the first; all round is 0 to 360")
        return Region(
            "sector", *quantise(*at), near_m=near, far_m=far, from_deg=first, to_deg=last, country=country
        )  # fmt: skip

    def _bearing(self, record: Record, key: str) -> float:
        """Degrees clockwise from true north."""
        return float(cells.number(*self.cell(record, key), 0, 360, decimal=self.plan.decimal))

    def _position(self, record: Record, country: str, *keys: str) -> Point | None:
        """The position in two fields, the longitude first."""
        if keys[0] not in self.plan.fields:
            return None
        (lon_record, lon), (lat_record, lat) = (self.cell(record, key) for key in keys)
        both = record if lon_record is lat_record else {**lon_record, **lat_record}
        return cells.position(
            both, lon, lat, atlas=self.manner.placer.atlas, country=country, decimal=self.plan.decimal
        )

    def checked(self, at: Point, country: str) -> Point | None:
        """A drawn point, unless its two numbers cannot be right."""
        both = {"longitude": at[0], "latitude": at[1]}
        return cells.position(both, *both, atlas=self.manner.placer.atlas, country=country)

    def _by_name(self, record: Record, word: str, country: str) -> Region | None:
        """What the name of a place means, if a list knows it and it can mean no other."""
        told = self.told(record, "place")
        alias = self.manner.aliases.place(told)
        if alias is not None and alias.areas and not any(area.startswith("line:") for area in alias.areas):
            return self.manner.placer.region(Spot("country", None, None, (), country, alias.areas))
        found = self.manner.finder.sure(told) if told and self.manner.finder is not None else None
        if found is None:
            return None
        places = self.manner.precision.places
        kind = max((one for one in (word, found.kind) if one in places), key=lambda one: places[one], default="")
        return self.manner.placer.region(Spot(kind, found.lon_deg, found.lat_deg, (), country)) if kind else None

    def _word(self, record: Record) -> str:
        """The word of the precision table for a row; empty where it states none.

        Raises:
            RowFault: a word that the table does not have.
        """
        told = self.told(record, "precision") or self.plan.precision
        precision = self.manner.precision
        if not told or told in precision.places or told == "outside":
            return told
        word = precision.word(self.plan.source, told) or precision.word("reports", told)
        if word is None and re.fullmatch(r"unit:[0-4]|country", told):
            word = told
        if word is None:
            known = ", ".join((*sorted(precision.places), "district", "governorate", "country"))
            raise RowFault(self._at("precision"), f"expected one of {known}, got {quoted(told)}")
        return word

    def _place_precision(self, record: Record, impact: Region) -> str | None:
        told = self.told(record, "precision") or self.plan.precision
        return "range and bearing" if impact.kind == "sector" else told or None

    def _country(self, record: Record) -> str:
        one = self.plan.fields.get("country")
        if one is None:
            return self.country
        return cells.country_of({"country": self.told(record, "country")}, "country", self.manner.placer.atlas)

    # -- what --------------------------------------------------------------------------------------------------------

    def acts(self, record: Record, narrower: str) -> tuple[tuple[str, ...], bool]:
        """The acts that a row can mean, and whether its word is one of harm to what is protected."""
        if self.flag(record, "negative"):
            return ("observe",), False  # who looked and saw nothing tells of no act; the words stay in `act_text`
        told = self.told(record, "act")
        alias, tree = self.manner.aliases.act(told), self.manner.tree
        act = alias.act if alias is not None else told if told in tree else ""
        if not act:
            return (), alias is not None and alias.is_protected
        is_narrower = narrower in tree and tree.is_kind(narrower, act) == 1
        return (narrower if is_narrower else act,), alias is not None and alias.is_protected

    def counts(self, record: Record) -> dict[str, int | None]:
        """Numbers of people and things."""
        found: dict[str, int | None] = {}
        for what, most in _MOST.items():
            for n, end in enumerate(_ENDS):
                key = f"{what}_{end}"
                if what in self.plan.fields:
                    found[key] = self._number(record, what, most)[n]
                elif key in self.plan.fields:
                    found[key] = self._end(record, key, most, n)
        for key in ("killed_best", "civilians_killed"):
            if key in self.plan.fields:
                low, high = self._number(record, key, _MOST["killed"])
                if low != high:
                    raise RowFault(self._at(key), f"expected one number, got {quoted(self.told(record, key))}")
                found[key] = low
        return found

    def _end(self, record: Record, key: str, most: int, n: int) -> int | None:
        """The lower or upper end of what a cell says; a cell that says only the other end is a fault."""
        ends = self._number(record, key, most)
        if ends[n] is None and ends[1 - n] is not None:
            which = f"expected the {('lower', 'upper')[n]} end of a number"
            what = quoted(key.partition("_")[0])
            raise RowFault(self._at(key), f"{which}, got {quoted(self.told(record, key))}: map it as {what}")
        return ends[n]

    def _number(self, record: Record, key: str, most: int) -> Interval:
        """What a cell says of a number: a whole one, or words such as `more than 350`."""
        where, column = self.cell(record, key)
        try:
            one = cells.count(where, column, most=most, decimal=self.plan.decimal)
        except RowFault:
            told = self.told(record, key)
            is_plain = not isinstance(where.get(column), str) or cells.is_number(told, self.plan.decimal)
            is_unclear = self.plan.decimal == "," and "," in told  # 1,200 may be a thousand and more
            found = None if is_plain or is_unclear else interval(told)
            if found is None or any(end is not None and end > most for end in found):
                raise
            return found
        return one, one

    def band(self, record: Record) -> tuple[int | None, int | None]:
        """Lowest and highest altitude in metres, rounded outward."""
        return self._length(record, "low", up=False), self._length(record, "high", up=True)

    def _length(self, record: Record, key: str, *, up: bool) -> int | None:
        if key not in self.plan.fields:
            return None
        value = cells.exact(*self.cell(record, key), decimal=self.plan.decimal)
        if value is None:
            return None
        metres = value * UNITS[self.plan.fields[key].unit]
        if key in _ENDS and abs(metres) > _MOST_ALTITUDE_M:
            raise RowFault(self._at(key), f"expected an altitude of at most {_MOST_ALTITUDE_M} m")
        return math.ceil(metres) if up else math.floor(metres)

    def grade(self, record: Record) -> str | None:
        """The Admiralty grade of a row."""
        told = self.told(record, "grade").upper() or self.plan.grade
        if told and not GRADE.fullmatch(told):
            raise RowFault(self._at("grade"), f"expected a grade such as C2, got {quoted(told)}")
        return told or None

    def flag(self, record: Record, key: str) -> bool | None:
        """A yes or a no; None where the table has no such column."""
        if key not in self.plan.fields:
            return None
        told = self.told(record, key).lower()
        if told not in (*_TRUE, *_FALSE):
            raise RowFault(self._at(key), f"expected yes or no, got {quoted(told)}")
        return told in _TRUE

    def _at(self, key: str) -> str:
        """How a fault calls a field: by its column."""
        one = self.plan.fields.get(key)
        return one.column if one is not None and one.column else key


def reader_of(manner: Manner, name: str) -> Reader:
    """How to read by the mapping that was given.

    Raises:
        InputError: none was given, it is none, or its country is not known.
    """
    if not manner.mapping:
        raise InputError(Fault("a table of one's own needs a mapping that says which column means what", name))
    plan = plan_of(manner.mapping)
    atlas = manner.placer.atlas
    country = cells.country_of({"country": plan.country}, "country", atlas) if plan.country else ""
    if plan.country and not country:
        raise InputError(Fault(f"the areas know no country {quoted(plan.country)}", "mapping", 0, "country"))
    return Reader(plan, manner, country, pattern_of(plan.date_format) if plan.date_format else None)


def _typed(value: date) -> str:
    """A typed day or time as a time text: midnight without an offset is the whole day, a full minute the minute.

    >>> _typed(datetime(2016, 3, 1)), _typed(datetime(2016, 3, 1, 0, 0, 30)), _typed(datetime(2016, 3, 1, tzinfo=UTC))
    ('2016-03-01', '2016-03-01T00:00:30', '2016-03-01T00:00Z')
    """
    if not isinstance(value, datetime):
        return value.isoformat()
    offset = ""
    if value.tzinfo is not None:
        try:
            value, offset = value.astimezone(UTC).replace(tzinfo=None), "Z"
        except OverflowError:
            return value.isoformat()  # in the year 1 or 9999, which no time text can be
    whole = not (value.second or value.microsecond)
    if whole and not offset and not (value.hour or value.minute):
        return value.date().isoformat()
    return value.isoformat(timespec="minutes" if whole else "seconds") + offset


def _periods(whole: Span, tz: str, *, is_month: bool) -> Span:
    """The civil days, or months, that a time touches."""
    first, last = civil_day(whole.start, tz), civil_day(whole.end - 1, tz)
    if is_month:
        after = (last.replace(day=1) + timedelta(days=32)).replace(day=1)
        first, last = first.replace(day=1), after - timedelta(days=1)
    return day_span(first, tz).joined(day_span(last, tz))


def _named(what: str, named: Named) -> dict[str, Any]:
    return {
        what: list(named.ids), f"{what}_mode": named.mode, f"{what}_umbrella": named.is_umbrella,
        f"{what}_text": named.text or None,
    }  # fmt: skip
