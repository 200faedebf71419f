"""What does one reader see of a sheet? The rows that are listed, and each of them in words, no finer than the ladder.

A view is made once for a reader and asked by everything that this reader asks. Rows are written as JSON from parts that
many rows have in common, so that a page of a hundred is put together and not worked out.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from truceline.areas import Gazetteer
from truceline.assess.assessment import ANY
from truceline.desk.consent import Consents
from truceline.desk.lists import coarse, safe
from truceline.desk.pages import COMMON_SOURCES
from truceline.desk.towns import DRAWN, as_cell
from truceline.desk.views.joined import Joined, joined_of
from truceline.desk.views.sheet import NOT_SAID, NUMBERS, WITHDRAWAL, Sheet
from truceline.desk.views.sight import Sighted, of_origin
from truceline.evidence.schema import Named
from truceline.group import Sight, may_see, role_of
from truceline.space import Region
from truceline.span import FAR_AHEAD, LONG_AGO, civil_day, utc_text
from truceline.verdict import NO, UNKNOWN, YES, reasons_of

Rows = NDArray[np.int64]
Bools = NDArray[np.bool_]

MOST_CLAIMS: Final = 64
"""Questions to every row whose answers are kept: a byte for each row and question."""

MOST_KEPT: Final = 50_000
"""Parts of rows of one kind that are kept at the most."""

SIGHTS: Final = {
    Sight.AS_REPORTED: "as reported", Sight.TOWN: "town", Sight.CELL: "cell", Sight.REGION: "unit",
    Sight.COUNT: "count", Sight.NOTHING: "nothing",
}  # fmt: skip
"""What a rung of the place ladder is called in answers and files."""

LADDER: Final = {
    "secretariat": "as reported", "party": "town; own forces as reported; origins as cells, 72 h later",
    "public": "town and day, of what was published; origins as units, 30 days later",
}  # fmt: skip
"""How each kind of reader sees, in one line for files."""


class Claims:
    """Questions to every row that were answered before, those asked last: the same part of a filter comes again."""

    def __init__(self) -> None:
        """None yet."""
        self._kept: OrderedDict[Hashable, Bools] = OrderedDict()

    def of(self, key: Hashable, ask: Callable[[], Bools]) -> Bools:
        """`(n,)` the answer to a question; nobody may change it."""
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = ask()
            while len(self._kept) > MOST_CLAIMS:
                with contextlib.suppress(KeyError):  # another thread was quicker
                    self._kept.popitem(last=False)
        return found


class Times:
    """Which rows begin before a second, and which end after one? Seconds as ranks: small numbers are asked."""

    def __init__(self, start: Rows, end: Rows) -> None:
        """Rank them."""
        (self._starts, self._start), (self._ends, self._end) = (_ranked(one) for one in (start, end))

    def before(self, second: int) -> Bools:
        """`(n,)` whether a row begins before a second."""
        found: Bools = self._start < np.searchsorted(self._starts, second)
        return found

    def after(self, second: int) -> Bools:
        """`(n,)` whether a row ends after a second."""
        found: Bools = self._end >= np.searchsorted(self._ends, second, side="right")
        return found


def _ranked(seconds: Rows) -> tuple[Rows, NDArray[Any]]:
    """The different seconds, and each row's rank among them in as few bytes as hold it."""
    values, codes = np.unique(seconds, return_inverse=True)
    return values, codes.reshape(-1).astype(np.min_scalar_type(max(len(values), 1)))


@dataclass(frozen=True)
class View:
    """What one reader sees of a sheet.

    Attributes:
        sheet: the rows.
        reader: `secretariat`, `party:ID` or `public`.
        seen: how finely each row is seen.
        gazetteer: names of units.
        tz: zone of civil days.
        at: UTC second at which the reader looks.
        consents: by what is known of consent now.
        base: the rows of which `sheet` tells what this reader may know.
    """

    sheet: Sheet
    reader: str
    seen: Sighted
    gazetteer: Gazetteer
    tz: str
    at: int
    consents: Consents = field(default_factory=Consents)
    base: Sheet | None = field(default=None, repr=False, compare=False)
    _parts: dict[str, dict[Any, bytes]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def role(self) -> str:
        """`secretariat`, `party` or `public`."""
        return role_of(self.reader)

    @property
    def is_inside(self) -> bool:
        """Whether the reader keeps the case: who stands behind a report is told to nobody else."""
        return self.reader == "secretariat"

    @cached_property
    def listed(self) -> Bools:
        """`(n,)` the rows that are told of."""
        return self.seen.is_listed

    @cached_property
    def every(self) -> Rows:
        """The rows that are told of, in the order of their ids."""
        return np.flatnonzero(self.listed)

    @cached_property
    def is_all(self) -> bool:
        """Whether every row of the sheet is told of."""
        return bool(self.listed.all())

    @cached_property
    def by_time(self) -> tuple[Rows, Rows]:
        """The rows that are told of by when they begin, as it is shown, then by id; and each row's place among them."""
        order = self.every[np.argsort(self.start[self.every], kind="stable")]
        place = np.full(len(self.sheet), -1, np.int64)
        place[order] = np.arange(len(order))
        return order, place

    @cached_property
    def times(self) -> Times:
        """When each row is shown, for bounds in time."""
        return Times(self.start, self.end)

    @cached_property
    def verdict(self) -> NDArray[Any]:
        """`(n,)` index of the combination of answers, in as few bytes as hold it."""
        whole = self.sheet.numbers("verdict")
        return whole.astype(np.min_scalar_type(max(len(self.sheet.verdicts), 1)))

    @cached_property
    def claims(self) -> Claims:
        """What was asked of every row before."""
        return Claims()

    @cached_property
    def worked_out(self) -> dict[str, Any]:
        """What others worked out of every row, once for this view."""
        return {}

    @cached_property
    def joined(self) -> Joined:
        """Which of these rows belong together."""
        return joined_of(self.sheet, self.listed)

    @cached_property
    def forces(self) -> dict[str, int | None]:
        """Forces of others where a term may ask for their withdrawal: for a party as terms cover them, else a number.

        Which no term covers need not be outside: a term may not be in force yet, or speak of others.
        """
        counted = (self.sheet.numbers("what") == WITHDRAWAL) & (self.seen.level == Sight.COUNT)
        found: dict[str, int | None] = {"reports": int(counted.sum())}
        if self.is_inside or may_see(self.reader, "withdrawal") < Sight.REGION:
            return {**found, "inside": None, "possibly": None, "not_covered": None}
        values = self.sheet.verdicts.values[self.sheet.numbers("verdict")[counted], -1]
        named = (("inside", YES), ("possibly", UNKNOWN), ("not_covered", NO))
        return {**found, **{name: int((values == value).sum()) for name, value in named}}

    @cached_property
    def start(self) -> Rows:
        """`(n,)` first seconds as they are shown: the public sees days."""
        found: Rows = self.sheet.numbers("day_start" if self.role == "public" else "start")
        return found

    @cached_property
    def end(self) -> Rows:
        """`(n,)` seconds after the last, as they are shown."""
        found: Rows = self.sheet.numbers("day_end" if self.role == "public" else "end")
        return found

    def row(self, key: str) -> int | None:
        """The row of an id that this reader sees; None for all others, whether there is one or not."""
        row = self.sheet.row(key)
        return row if row is not None and self.listed[row] else None

    @cached_property
    def mark(self) -> str:
        """What tells this view from others: it changes when something changes that this reader is shown, and only then.

        Of texts and lists their words are hashed, not their codes: a row that is not shown shifts codes.
        """
        made, rows, sheet = hashlib.blake2b(digest_size=12), self.every, self.sheet
        made.update(msgspec.json.encode([self.reader if self.role == "party" else self.role, sheet.terms]))
        made.update("\n".join(sheet.ids.take(rows).to_pylist()).encode())
        exact = self.seen.level[rows] == Sight.AS_REPORTED
        for column in self._shown_columns(rows):
            made.update(np.ascontiguousarray(column).tobytes())
        for column in (sheet.spots.lon_e7, sheet.spots.lat_e7, sheet.spots.radius_m):
            made.update(np.where(exact, column[rows], 0).tobytes())
        if exact.any():
            made.update(np.where(exact, _hashed(sheet.spots.regions, sheet.spots.odd)[rows], 0).tobytes())
            made.update(np.where(exact, _hashed(*sheet.coded("place_text"))[rows], 0).tobytes())
        return made.hexdigest()

    def _shown_columns(self, rows: Rows) -> Iterator[NDArray[Any]]:
        sheet, incidents = self.sheet, self._incidents
        yield self.start[rows]
        yield self.end[rows]
        yield self.seen.level[rows]
        named = ["kind", "act_text", "weapon", "actor_text", "target_text", "source", "publisher", "licence"]
        named += ["asserted_by", "town_text"] + (["time_text", "time_precision"] if self.role != "public" else [])
        for name in named:
            yield _hashed(*sheet.coded(name))[rows]
        for name, of in (("acts", sheet.doings), ("actor", sheet.names), ("target", sheet.names)):
            yield _hashed(of, sheet.numbers(name))[rows]
        yield _hashed([(town, units) for town, units in zip(sheet.towns, sheet.units, strict=True)],
                      sheet.numbers("town"))[rows]  # fmt: skip
        yield np.where((self.seen.level[rows] >= Sight.CELL)[:, None], sheet.in_town[sheet.numbers("town")[rows]], 0)
        yield _hashed([self.answers(code) for code in range(len(sheet.verdicts))], sheet.numbers("verdict"))[rows]
        for name in (*NUMBERS, "unordered"):
            yield sheet.numbers(name)[rows]
        for name in ("url", "note") if self.is_inside else ("url",):
            text = sheet.table.column(name).take(rows).combine_chunks().dictionary_encode()
            yield _hashed(text.dictionary.to_pylist(), text.indices.fill_null(NOT_SAID).to_numpy())
        codes = sheet.coded("incident")[1]
        yield _hashed([incidents.get(code) for code in range(len(sheet.coded("incident")[0]))], codes)[rows]
        if sheet.origins:
            ends = sheet.numbers("end")[rows]
            sights = {end: of_origin(self.reader, end, self.at) for end in np.unique(ends).tolist()}
            yield np.array([sights[end] for end in ends.tolist()], np.int8)
            yield _hashed(sheet.origins, sheet.numbers("origin"))[rows]

    # -- one row -------------------------------------------------------------------------------------------------------

    def plain(self, row: int) -> dict[str, Any]:
        """A row as plain values."""
        found: dict[str, Any] = msgspec.json.decode(self.encoded([row])[0])
        return found

    def place(self, row: int) -> Region:
        """Where a row is shown; a region without a position where only its units are."""
        level = self.seen.level[row]
        if level == Sight.AS_REPORTED:
            return self.sheet.place(row)
        town = self.sheet.towns[int(self.sheet.numbers("town")[row])]
        return town if level >= Sight.CELL or town.kind not in DRAWN else Region("none")

    def origin(self, row: int) -> tuple[Region, Sight] | None:
        """From where something came, as it is shown now; None = not stated, or not shown."""
        region = self.sheet.origin(row)
        sight = of_origin(self.reader, int(self.sheet.numbers("end")[row]), self.at)
        if region is None or sight < Sight.REGION:
            return None
        return (region if sight == Sight.AS_REPORTED else as_cell(region)), sight

    @cached_property
    def _incidents(self) -> dict[int, str]:
        """Code of an incident to how this reader is told of it: by its first report that is shown."""
        names, codes = self.sheet.coded("incident")
        rows = np.flatnonzero(self.listed & np.array([bool(name) for name in names] or [False], bool)[codes])
        first: dict[int, str] = {}
        several: set[int] = set()
        for row in rows.tolist():
            code = int(codes[row])
            if code in first:
                several.add(code)
            first.setdefault(code, self.sheet.ids[row].as_py())
        return {code: first[code] for code in several}

    @cached_property
    def _told_by(self) -> dict[int, int]:
        """Code of an incident to how many of the reports that this reader is shown tell of it."""
        codes = self.sheet.coded("incident")[1][self.every]
        counts = np.bincount(codes[codes >= 0], minlength=1)
        return {code: int(counts[code]) for code in self._incidents}

    def incidents_of(self, rows: Rows) -> list[str | None]:
        """For each row the incident that it tells of beside others; None = it stands alone."""
        return [self._incidents.get(code) for code in self.sheet.coded("incident")[1][rows].tolist()]

    def place_codes(self, rows: Rows) -> list[list[int]]:
        """What `place_text` needs of each row beside how finely it is seen: three columns."""
        own = self.sheet.coded("place_text")[1] if self.is_inside or self.has_exact else np.zeros(len(self.sheet), int)
        columns = (self.sheet.numbers("town"), self.sheet.coded("town_text")[1], own)
        return [column[rows].tolist() for column in columns]

    @cached_property
    def has_exact(self) -> bool:
        """Whether some row is shown as it was reported."""
        return bool((self.seen.level == Sight.AS_REPORTED).any())

    def place_text(self, level: int, town: int, words: int, own: int) -> str:
        """The words for a place: of one shown as a town those that everybody may see, else the names of its units."""
        text = ""
        if level == Sight.AS_REPORTED:
            text = self.sheet.coded("place_text")[0][own]
        elif level >= Sight.TOWN:
            text = self.sheet.coded("town_text")[0][words]
        return text or self._unit_text(self.sheet.units[town])

    # -- rows as JSON --------------------------------------------------------------------------------------------------

    def encoded(self, rows: Sequence[int] | Rows) -> list[bytes]:
        """Rows as JSON objects."""
        at = np.asarray(rows, np.int64)
        ids = self.sheet.ids.take(at).to_pylist()
        parts = [
            [msgspec.json.encode(key) for key in ids], self._times(at), self._doings(at), self._whom(at),
            self._places(at), self._origins(at), self._tolls(at), self._answers(at), self._sources(at),
            self._remarks(at),
        ]  # fmt: skip
        return [b'{"id":' + b",".join(one) + b"}" for one in zip(*parts, strict=True)]

    def _kept(self, name: str, keys: Sequence[Any], make: Callable[[Any], dict[str, Any]]) -> list[bytes]:
        """Parts of rows, each worked out once for all rows that have it in common."""
        kept = self._parts.setdefault(name, {})
        if len(kept) > MOST_KEPT:
            kept.clear()
        found = []
        for key in keys:
            part = kept.get(key)
            if part is None:
                part = kept[key] = msgspec.json.encode(make(key))[1:-1]
            found.append(part)
        return found

    def _codes(self, at: Rows, *names: str) -> list[tuple[Any, ...]]:
        """For each row the codes of some columns."""
        columns = []
        for name in names:
            column = self.sheet.table.column(name)
            is_text = hasattr(column.type, "index_type")
            values = self.sheet.coded(name)[1] if is_text else self.sheet.numbers(name)
            columns.append(values[at].tolist())
        return list(zip(*columns, strict=True))

    def _text(self, name: str, code: int) -> str:
        """A text of a source as it may be passed on."""
        return self.said(self.sheet.coded(name)[0][code])

    def said(self, text: str) -> str:
        """A text of others as this reader is told it."""
        return text if self.is_inside else safe(text)

    def url(self, text: str | None) -> str | None:
        """Where a report is read; not told where the address itself holds a position, but to whoever keeps the case."""
        return text if text and (self.is_inside or coarse(text)) else None

    def shown_words(self, name: str) -> tuple[list[str], NDArray[Any]]:
        """A column of `SHOWN_WORDS` as this reader is shown it: the different texts, and each row's index."""
        if name == "place_text" and not self.is_inside:
            return self.sheet.coded("town_text")
        texts, codes = self.sheet.coded(name)
        if self.role == "public" and name in TIME_WORDS:
            return [""], np.zeros(len(codes), np.int32)
        return [self._text(name, code) for code in range(len(texts))], codes

    def _times(self, at: Rows) -> list[bytes]:
        if self.role == "public":
            keys = list(zip(self.start[at].tolist(), self.end[at].tolist(), strict=True))
            return self._kept("days", keys, lambda key: {"from": utc_text(key[0]), "until": utc_text(key[1]),
                                                         "when": self.days(*key), "precision": "day"})  # fmt: skip

        def told(key: tuple[int, ...]) -> dict[str, Any]:
            start, end, text, precision = key
            return {
                "from": utc_text(start), "until": utc_text(end), "when": self._text("time_text", text) or None,
                "precision": self._text("time_precision", precision) or None,
            }  # fmt: skip

        return self._kept("times", self._codes(at, "start", "end", "time_text", "time_precision"), told)

    def days(self, start: int, end: int) -> str | None:
        """Civil days in words; None = they have no bound."""
        if start <= LONG_AGO or end >= FAR_AHEAD:
            return None
        return " to ".join(dict.fromkeys(str(civil_day(at, self.tz)) for at in (start, end - 1)))

    def _doings(self, at: Rows) -> list[bytes]:
        def told(key: tuple[int, ...]) -> dict[str, Any]:
            kind, acts, text, weapon = key
            return {
                "kind": self.sheet.coded("kind")[0][kind] or "incident", "act": list(self.sheet.doings[acts]),
                "act_text": self._text("act_text", text) or None, "weapon": self._text("weapon", weapon) or None,
            }  # fmt: skip

        return self._kept("doings", self._codes(at, "kind", "acts", "act_text", "weapon"), told)

    def _whom(self, at: Rows) -> list[bytes]:
        def named(one: Named, text: str) -> dict[str, Any]:
            return {"ids": list(one.ids), "mode": one.mode, "text": text or None}

        def told(key: tuple[Any, ...]) -> dict[str, Any]:
            actor, actor_text, target, target_text, unordered = key
            return {
                "actor": named(self.sheet.names[actor], self._text("actor_text", actor_text)),
                "target": named(self.sheet.names[target], self._text("target_text", target_text)),
                "unordered": bool(unordered),
            }  # fmt: skip

        names = ("actor", "actor_text", "target", "target_text", "unordered")
        return self._kept("whom", self._codes(at, *names), told)

    def _places(self, at: Rows) -> list[bytes]:
        keys = [
            (level, town, words, row if level == Sight.AS_REPORTED else NOT_SAID)
            for (town, words), level, row in zip(
                self._codes(at, "town", "town_text"), self.seen.level[at].tolist(), at.tolist(), strict=True
            )
        ]  # fmt: skip
        if not self.is_inside:
            return self._kept("places", keys, self._place_row)
        return [msgspec.json.encode(self._place_row(key))[1:-1] for key in keys]  # as many as there are rows

    def _place_row(self, key: tuple[int, int, int, int]) -> dict[str, Any]:
        level, town, words, row = key
        units = self.sheet.units[town]
        own = int(self.sheet.coded("place_text")[1][row]) if row != NOT_SAID else 0
        region = self.sheet.place(row) if row != NOT_SAID else self.sheet.towns[town]
        region = region if level >= Sight.CELL or region.kind not in DRAWN else Region("none")
        return {
            "place": {
                "sight": SIGHTS[Sight(level)], "text": self.place_text(level, town, words, own) or None,
                "units": list(units), "zones": self._zones(level, town, row),
                **region_row(region),
            }
        }  # fmt: skip

    def _zones(self, level: int, town: int, row: int) -> list[str]:
        """Zones in which a place may lie, as finely as it is shown; none of what is shown as a unit."""
        if level < Sight.CELL:
            return []
        words = (self.sheet.in_place[row] if level == Sight.AS_REPORTED else self.sheet.in_town[town]).tolist()
        return [zone for at, zone in enumerate(self.sheet.zones) if words[at // 64] >> (at % 64) & 1]

    def _unit_text(self, units: Sequence[str]) -> str:
        found = [self.gazetteer.unit(code) for code in units]
        return ", ".join(one.names.get("en", one.code) for one in found if one is not None)

    def _origins(self, at: Rows) -> list[bytes]:
        if not self.sheet.origins:
            return [NO_ORIGIN] * len(at)
        made = []
        for row in at.tolist():
            found = self.origin(row)
            if found is None:
                made.append(NO_ORIGIN)
                continue
            region, sight = found
            shown = region if sight >= Sight.CELL else Region("none")
            made.append(msgspec.json.encode({"origin": {"sight": SIGHTS[sight], **region_row(shown)}})[1:-1])
        return made

    def _tolls(self, at: Rows) -> list[bytes]:
        def told(key: tuple[int, ...]) -> dict[str, Any]:
            low, best, high, civilians = (None if one == NOT_SAID else one for one in key)
            return {"killed": {"low": low, "best": best, "high": high}, "civilians_killed": civilians}

        return self._kept("tolls", self._codes(at, *NUMBERS), told)

    def _answers(self, at: Rows) -> list[bytes]:
        return self._kept("answers", self._codes(at, "verdict"), lambda key: self.answers(key[0]))

    def answers(self, code: int) -> dict[str, Any]:
        """A combination of answers in words."""
        told = self.sheet.verdicts
        values, why = told.values[code].tolist(), told.why[code].tolist()
        terms = (*self.sheet.terms, ANY)
        reasons = {
            term: [reason.value for reason in reasons_of(mask)]
            for term, mask in zip(terms, why, strict=True) if mask
        }  # fmt: skip
        return {
            "any": values[-1], "terms": dict(zip(self.sheet.terms, values, strict=False)), "reasons": reasons,
            "supported": int(told.supported[code]), "protected": bool(told.protected[code]),
            "group": self.sheet.groups[told.group[code]],
        }  # fmt: skip

    def _sources(self, at: Rows) -> list[bytes]:
        def told(key: tuple[int, ...]) -> dict[str, Any]:
            source, publisher, licence, asserted_by = key
            name = self.sheet.coded("source")[0][source]
            is_told = self.is_inside or name in COMMON_SOURCES
            return {
                "source": self.said(name), "publisher": self._text("publisher", publisher) or None,
                "licence": self.said(self.sheet.coded("licence")[0][licence]) or None,
                "asserted_by": (self._text("asserted_by", asserted_by) or None) if is_told else None,
            }  # fmt: skip

        return self._kept("sources", self._codes(at, "source", "publisher", "licence", "asserted_by"), told)

    def _remarks(self, at: Rows) -> list[bytes]:
        urls, notes = (self.sheet.table.column(name).take(at).to_pylist() for name in ("url", "note"))
        names = self.sheet.coded("source")[0]
        common = {code for code, name in enumerate(names) if self.is_inside or name in COMMON_SOURCES}
        keys = [
            (self.url(url) if source in common else None, (note or None) if self.is_inside else None, incident)
            for (source, incident), url, note in zip(self._codes(at, "source", "incident"), urls, notes, strict=True)
        ]

        def told(key: tuple[str | None, str | None, int]) -> dict[str, Any]:
            url, note, incident = key
            told_by = self._told_by.get(incident, 1)
            return {"url": url, "incident": self._incidents.get(incident), "told_by": told_by, "note": note}

        return self._kept("remarks", keys, told)


def region_row(region: Region) -> dict[str, Any]:
    """A region in words and degrees; of a unit nothing but its codes, which stand beside it."""
    drawn = region.kind in DRAWN
    lon, lat = (None if not drawn or one is None else round(one / 1e7, 7) for one in (region.lon_e7, region.lat_e7))
    points = [round(one / 1e7, 7) for one in region.points_e7] if drawn else []
    return {
        "region": region.kind, "lon": lon, "lat": lat, "radius_m": region.radius_m if region.kind in DISCS else None,
        "points": [list(one) for one in zip(points[::2], points[1::2], strict=True)],
        "range_m": [region.near_m, region.far_m] if region.kind == "sector" else None,
        "bearing_deg": [region.from_deg, region.to_deg] if region.kind == "sector" else None,
    }  # fmt: skip


def _hashed(values: Sequence[Any], codes: NDArray[Any]) -> NDArray[np.uint64]:
    """For each row the hash of what its code stands for; 0 where it stands for nothing."""
    found = [int.from_bytes(hashlib.blake2b(repr(one).encode(), digest_size=8).digest(), "little") for one in values]
    made: NDArray[np.uint64] = np.array([*found, 0], np.uint64)[codes]  # the last is that of -1
    return made


TIME_WORDS: Final = ("time_text", "time_precision")
SHOWN_WORDS: Final = ("act_text", "weapon", "actor_text", "target_text", "place_text", *TIME_WORDS)
"""Columns of words that are told as `View.shown_words` has them."""
DISCS: Final = ("disc", "hull")
NO_ORIGIN: Final = b'"origin":null'
