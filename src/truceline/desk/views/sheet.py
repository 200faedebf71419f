"""Which rows could a reader ever be shown? One table of columns and codes, made once of every judged outcome.

Rows are sorted by the id that is shown. Left out, whoever asks: rows whose source forbids passing them on, notified
sites and movements, and acts of the closed pathway. Nothing is decided here about who sees what: that is `sight`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from truceline.acts import ActTree, is_closed
from truceline.assess.assessment import ANY
from truceline.assess.columns import Columns
from truceline.assess.place import Placed
from truceline.assess.spots import Spots, coded, ints, mask, words
from truceline.assess.support import Needs, Weighing, Witness
from truceline.atlas import Atlas
from truceline.desk.files import Bench, Evidence
from truceline.desk.lists import TOWN_SOURCES, is_finer, safe, safe_id
from truceline.desk.runs import Outcome
from truceline.desk.towns import DRAWN, as_cell, drawn, towns_of, units_alike
from truceline.errors import InputError
from truceline.evidence.places import Placer
from truceline.evidence.schema import SCHEMA, Named
from truceline.space import Region
from truceline.span import FAR_AHEAD, LONG_AGO, civil_day, day_span, parse_instant
from truceline.verdict import UNKNOWN, YES, Reason

INCIDENT, WITHDRAWAL, TRACK, OBSERVER, NEVER = range(5)
"""What a row is to the place ladder; of the last kind none is ever listed."""

NOTIFIED = ("site", "movement")
WORDS: Final = (
    "kind", "act_text", "weapon", "actor_text", "target_text", "time_text", "time_precision", "place_text",
    "place_precision", "source", "publisher", "licence", "asserted_by",
)  # fmt: skip
"""Columns of few different texts."""

NUMBERS: Final = ("killed_low", "killed_best", "killed_high", "civilians_killed")
NOT_SAID: Final = -1

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Verdicts:
    """The different combinations of answers that rows have.

    Attributes:
        values: `(k, t)` answers, for each prohibition and, last, for *any*.
        why: `(k, t)` masks of reasons.
        supported: `(k,)` +1 or 0.
        protected: `(k,)`.
        group: `(k,)` index into `Sheet.groups`.
    """

    values: NDArray[np.int8]
    why: NDArray[np.uint32]
    supported: NDArray[np.int8]
    protected: Bools
    group: Codes

    def __len__(self) -> int:
        """How many combinations."""
        return len(self.supported)

    def __getstate__(self) -> dict[str, Any]:
        """Without what was worked out of it."""
        return {name: value for name, value in vars(self).items() if name in self.__dataclass_fields__}

    @cached_property
    def reasons(self) -> Ints:
        """`(k, t, r)` 1 where an answer carries a reason of the closed list."""
        return np.stack([(self.why & reason.bit) > 0 for reason in Reason], axis=-1).astype(np.int64)


@dataclass(frozen=True)
class Resting:
    """The reports of an incident, some of which are supported by the others.

    Attributes:
        told: row of a report to what it witnesses.
        many: how many reports there are, those among them that are never listed.
        fixed: rows whose support rests on no other report.
    """

    told: Mapping[int, Witness]
    many: int
    fixed: frozenset[int]


@dataclass(frozen=True)
class Sheet:
    """A judged outcome as columns.

    Attributes:
        table: the rows, sorted by `id`; `row` is the row of the outcome.
        terms: ids of the prohibitions, in the order of the text.
        groups: names of whom a report is about.
        verdicts: what `verdict` of the table points into.
        spots: `(n,)` places as they were reported.
        names, doings: what `actor` and `target`, and `acts` of the table point into.
        towns: places as towns, of tracks as cells: what `town` points into; `units`: the units that each can lie in.
        origins: regions from which something came; `origin` of the table points into them, -1 = none.
        zones: ids of zones; `in_town`, `in_place`: `(towns, w)` and `(n, w)` bits of those in which a place may lie.
        pairs: rows that may tell of one incident and of which nobody knows whether they do.
        never: what is left out, by reason: `terms`, `site`, `closed`; of sites how many in each unit.
        resting: incidents in which a report is supported.
    """

    table: pa.Table
    terms: tuple[str, ...]
    groups: tuple[str, ...]
    verdicts: Verdicts
    spots: Spots
    names: tuple[Named, ...]
    doings: tuple[tuple[str, ...], ...]
    towns: tuple[Region, ...]
    units: tuple[tuple[str, ...], ...]
    origins: tuple[Region, ...]
    zones: tuple[str, ...]
    in_town: NDArray[np.uint64]
    in_place: NDArray[np.uint64]
    pairs: tuple[tuple[int, int], ...] = ()
    never: Mapping[str, int] = field(default_factory=dict)
    sites: Mapping[str, int] = field(default_factory=dict)
    resting: tuple[Resting, ...] = ()

    def __len__(self) -> int:
        """How many rows."""
        return int(self.table.num_rows)

    def __getstate__(self) -> dict[str, Any]:
        """Without what was worked out of it."""
        return {name: value for name, value in vars(self).items() if name in self.__dataclass_fields__}

    @cached_property
    def _arrays(self) -> dict[str, Any]:
        return {}

    def numbers(self, name: str) -> NDArray[Any]:
        """`(n,)` a column of numbers."""
        if name not in self._arrays:
            self._arrays[name] = self.table.column(name).combine_chunks().to_numpy(zero_copy_only=False)
        found: NDArray[Any] = self._arrays[name]
        return found

    def coded(self, name: str) -> tuple[list[str], Codes]:
        """A column of texts: the different ones, null as the empty one, and each row's index among them."""
        key = f"coded {name}"
        if key not in self._arrays:
            column = self.table.column(name).combine_chunks()
            self._arrays[key] = column.dictionary.to_pylist(), column.indices.to_numpy(zero_copy_only=False)
        found: tuple[list[str], Codes] = self._arrays[key]
        return found

    def text(self, name: str, row: int) -> str:
        """The text of one row."""
        texts, codes = self.coded(name)
        found: str = texts[codes[row]]
        return found

    @cached_property
    def ids(self) -> pa.Array:
        """`(n,)` the ids that are shown, sorted."""
        return self.table.column("id").combine_chunks()

    def at(self, key: str) -> int:
        """The first row whose id is not before a text: by halving, for ids are sorted."""
        low, high, wanted = 0, len(self), key.encode()
        while low < high:
            middle = (low + high) // 2
            if self.ids[middle].as_py().encode() < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    def row(self, key: str) -> int | None:
        """The row of an id; None where there is none."""
        at = self.at(key)
        return at if at < len(self) and self.ids[at].as_py() == key else None

    def place(self, row: int) -> Region:
        """Where a row was reported."""
        return self.spots.region(row)

    def origin(self, row: int) -> Region | None:
        """From where something came, as it was reported; None = not stated."""
        code = int(self.numbers("origin")[row])
        return self.origins[code] if code >= 0 else None


def sheet_of(outcome: Outcome) -> Sheet:
    """The sheet of an outcome."""
    return _Maker(outcome).sheet()


def on_grounds(sheet: Sheet, bench: Bench) -> Sheet:
    """The same rows, their towns held against the areas of another bench: of those alone their reader is told."""
    layers, spots = [(zone,) for zone in sheet.zones], Spots.of_regions(sheet.towns)
    within = Placed(bench.agreement.zones, bench.atlas).masks(spots, layers)[1]
    return replace(sheet, units=_units_of(sheet.towns, bench.atlas), in_town=within)


def weighed(sheet: Sheet, listed: Bools, bench: Bench) -> Sheet:
    """The same rows, supported by what is listed alone: that a report is, must not tell of another that is hidden.

    Fewer reports never support more, so only those that are supported are weighed again.
    """
    agreement, codes = bench.agreement, sheet.numbers("verdict")
    weighing = Weighing(Needs.of(agreement.evidence), bench.sources, agreement.group, agreement.acts, {})
    lost = []
    for one in sheet.resting:
        seen = {str(row): (row, witness) for row, witness in one.told.items() if listed[row]}
        if len(seen) < one.many:
            lost += [
                row for key, (row, _) in seen.items()
                if row not in one.fixed and sheet.verdicts.supported[codes[row]] == YES
                and weighing.weigh(key, seen).value != YES
            ]  # fmt: skip
    return _without_support(sheet, np.array(lost, np.int64)) if lost else sheet


def _without_support(sheet: Sheet, rows: Ints) -> Sheet:
    """The same sheet, in which some rows are not supported."""
    told, codes = sheet.verdicts, sheet.numbers("verdict").copy()
    old, each = np.unique(codes[rows], return_inverse=True)
    codes[rows] = len(told) + each.reshape(-1)
    verdicts = Verdicts(
        np.concatenate([told.values, told.values[old]]), np.concatenate([told.why, told.why[old]]),
        np.concatenate([told.supported, np.full(len(old), UNKNOWN, np.int8)]),
        np.concatenate([told.protected, told.protected[old]]), np.concatenate([told.group, told.group[old]]),
    )  # fmt: skip
    table = sheet.table.set_column(sheet.table.schema.get_field_index("verdict"), "verdict", pa.array(codes))
    return replace(sheet, table=table, verdicts=verdicts)


def source_of(outcome: Outcome) -> Source:
    """The columns of the evidence of an outcome, in its order."""
    return Source(outcome.evidence, outcome.known_at, outcome.assessed.ids)


class _Maker:
    """Makes a sheet column by column: no row of evidence becomes an object."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome, self.assessed, self.bench = outcome, outcome.assessed, outcome.bench
        self.tree: ActTree = self.bench.agreement.acts
        self.placer = Placer(self.bench.atlas, self.bench.agreement.precision)
        self.source = source_of(outcome)
        what, never = self._what()
        kept = np.flatnonzero(what != NEVER)
        shown = pa.array([safe_id(key) for key in self.source.ids(kept)], pa.string())
        order = pc.sort_indices(shown).to_numpy(zero_copy_only=False)
        self.rows: Ints = kept[order].astype(np.int64)
        self.ids, self.what, self.never = shown.take(pa.array(order)), what[self.rows], never
        self.sites = self._sites(np.flatnonzero((what == NEVER) & self._is_site()))
        self.columns: Columns = self.assessed.columns.take(self.rows)

    def sheet(self) -> Sheet:
        """All of it."""
        towns, town = self._towns()
        units = _units_of(towns, self.bench.atlas)
        verdicts, verdict = self._verdicts()
        origins, origin = self._origins()
        zones = tuple(self.bench.agreement.zones)
        placed: Placed = self.assessed.law.placed
        layers = [(zone,) for zone in zones]
        made: dict[str, Any] = {
            "id": self.ids, "row": self.rows.astype(np.int32), "what": self.what.astype(np.int8),
            "start": self.columns.start, "end": self.columns.end, **self._days(),
            "acts": self.columns.acts, "actor": self.columns.actor, "target": self.columns.target,
            "unordered": _claims(self.columns.unordered, len(self.rows)),
            "town": town.astype(np.int32), "origin": origin, "verdict": verdict.astype(np.int32),
            **{name: self._text(name) for name in WORDS}, "town_text": self._town_text(),
            **{name: self._number(name) for name in NUMBERS},
            "url": self.source.take("url", self.rows), "note": self.source.take("note", self.rows),
            "published_at": self._published(), "reporter_withheld": self._accounts(),
            "incident": _encoded(pa.array([self.outcome.told.of_report.get(key) for key in self._own()], pa.string())),
        }  # fmt: skip
        return Sheet(
            pa.table(made), tuple(self.assessed.prohibitions), self._groups()[0], verdicts, self.columns.spots,
            self.columns.names, self.columns.doings, tuple(towns), units, origins, zones,
            placed.masks(Spots.of_regions(towns), layers)[1], placed.masks(units_alike(self.columns.spots), layers)[1],
            self._pairs(), self.never, self.sites, self._resting(),
        )  # fmt: skip

    # -- which rows ----------------------------------------------------------------------------------------------------

    def _what(self) -> tuple[NDArray[np.int8], dict[str, int]]:
        columns, every = self.assessed.columns, np.arange(len(self.assessed.columns))
        doings = columns.doings
        kinds, kind = words(self.source.take("kind", every))
        negative = mask(self.source.take("negative", every))
        is_presence = np.array([any(self.tree.is_kind(a, "presence") == YES for a in one) for one in doings], bool)
        is_watch = np.array([bool(one) and all(a == "observe" for a in one) for one in doings], bool)
        closed = np.array([is_closed(one, self.tree) for one in doings], bool)[columns.acts]
        found = np.full(len(every), INCIDENT, np.int8)
        found[is_presence[columns.acts]] = WITHDRAWAL
        found[np.array([one == "track" for one in kinds], bool)[kind]] = TRACK
        found[np.array([one == "impediment" for one in kinds], bool)[kind] | negative | is_watch[columns.acts]] = (
            OBSERVER
        )
        site = self._is_site()
        shut = mask(pc.equal(self.source.take("may_export", every), False))
        found[site | shut | closed] = NEVER
        told = {"terms": int((shut & ~site & ~closed).sum()), "site": int(site.sum()), "closed": int(closed.sum())}
        return found, told

    def _is_site(self) -> Bools:
        """`(n,)` whether a row is a notice of a site, a movement or a flight: those are for whom their owner chose."""
        columns = self.assessed.columns
        kinds, kind = words(self.source.take("kind", np.arange(len(columns))))
        told = np.array([bool(one) and all(a == "statement" for a in one) for one in columns.doings], bool)
        notified = np.array([one in NOTIFIED for one in kinds], bool)[kind]
        flights = np.array([one == "flight" for one in kinds], bool)[kind]
        found: Bools = notified | (flights & told[columns.acts])
        return found

    def _sites(self, rows: Ints) -> dict[str, int]:
        """How many notified sites lie in each unit of level 1, by the points that were stated."""
        if not len(rows):
            return {}
        kinds, kind = words(self.source.take("kind", rows))
        sites = rows[np.array([one == "site" for one in kinds], bool)[kind]]
        spots = self.assessed.columns.spots.take(sites)
        found: Counter[str] = Counter()
        for row in range(len(sites)):
            region = spots.region(row)
            has_point = region.lon_e7 is not None and region.lat_e7 is not None
            point = (region.lon_e7 or 0, region.lat_e7 or 0)
            found[(self.placer.holding(point, 1) if has_point else None) or ""] += 1
        return dict(sorted(found.items()))

    def _own(self) -> list[str]:
        """The ids of the rows as the evidence has them."""
        return self.source.ids(self.rows)

    def _pairs(self) -> tuple[tuple[int, int], ...]:
        told = self.outcome.told
        if not told.unresolved:
            return ()
        wanted = {key for pair in told.unresolved for key in pair}
        at = {key: row for row, key in enumerate(self._own()) if key in wanted}
        return tuple((at[a], at[b]) for a, b in told.unresolved if a in at and b in at)

    def _resting(self) -> tuple[Resting, ...]:
        """On which reports together support rests: whoever is not shown one of them is not told by it."""
        weighing = self.outcome.weighing
        if weighing is None or weighing.is_idle:
            return ()
        of_several = [incident for incident in weighing.incidents if len(incident) > 1]
        wanted = {key for incident in of_several for key in incident}
        own = {key: row for row, key in enumerate(self._own()) if key in wanted}
        whole = {key: row for row, key in enumerate(self.assessed.ids) if key in wanted}
        rows = {at: [whole[key] for key in incident if key in whole] for at, incident in enumerate(of_several)}
        resting = [at for at, some in rows.items() if len(some) > 1 and (self.assessed.supported[some] == YES).any()]
        shown = [[key for key in of_several[at] if key in own] for at in resting]
        every = list(dict.fromkeys(key for keys in shown for key in keys))
        told = dict(zip(every, self._witnesses([whole[key] for key in every], weighing), strict=True))
        return tuple(
            Resting(
                {own[key]: told[key] for key in keys}, len(rows[at]),
                frozenset(own[key] for key in keys if key in weighing.ruled or weighing.stands_alone(told[key])),
            ) for at, keys in zip(resting, shown, strict=True)
        )  # fmt: skip

    def _witnesses(self, rows: Sequence[int], weighing: Weighing) -> list[Witness]:
        """What some rows of the outcome witness."""
        columns = {field.name: self.source.take(field.name, np.array(rows, np.int64)) for field in SCHEMA}
        return [weighing.witness(one) for one in pa.table(columns).to_pylist()] if rows else []

    # -- what was answered ---------------------------------------------------------------------------------------------

    def _verdicts(self) -> tuple[Verdicts, Ints]:
        assessed, rows = self.assessed, self.rows
        terms = (*assessed.prohibitions, ANY)
        _, group = self._groups()
        support = assessed.supported[rows]
        protected = _claims(self.columns.protected, len(rows))
        keys = [support.astype(np.int64), protected.astype(np.int64), group.astype(np.int64)]
        for term in terms:
            keys += [
                assessed.answers[term].value[rows].astype(np.int64), assessed.answers[term].why[rows].astype(np.int64)
            ]  # fmt: skip
        sample, codes = coded(keys) if len(rows) else (np.zeros(0, np.int64), np.zeros(0, np.int64))
        values = np.stack([assessed.answers[term].value[rows[sample]] for term in terms], axis=1)
        why = np.stack([assessed.answers[term].why[rows[sample]] for term in terms], axis=1)
        return Verdicts(
            values.astype(np.int8), why.astype(np.uint32), support[sample].astype(np.int8), protected[sample],
            group[sample].astype(np.int32),
        ), codes  # fmt: skip

    def _groups(self) -> tuple[tuple[str, ...], Codes]:
        names = ("bound", "excluded", "mixed", "other")
        at = {name: code for code, name in enumerate(names)}
        whole = np.array([at[one] for one in self.assessed.groups], np.int32)
        return names, whole[self.rows]

    # -- when and where ------------------------------------------------------------------------------------------------

    def _days(self) -> dict[str, Ints]:
        """The whole civil days that each row touches."""
        tz = self.bench.agreement.tz
        return {
            "day_start": _mapped(self.columns.start, lambda at: day_span(civil_day(at, tz), tz).start),
            "day_end": _mapped(self.columns.end, lambda at: day_span(civil_day(at - 1, tz), tz).end),
        }

    def _published(self) -> Ints:
        """From when a page has carried each row: `LONG_AGO` where one does and it is not said since when."""
        tz = self.bench.agreement.tz

        def at(text: str) -> int:
            try:
                return parse_instant(text, tz)
            except InputError:
                return FAR_AHEAD

        texts, code = words(self.source.take("published", self.rows))
        said = np.array([at(text) if text else FAR_AHEAD for text in texts] or [0], np.int64)[code]
        is_said = np.array([bool(text) for text in texts] or [False], bool)[code]
        has_page = mask(pc.greater(pc.utf8_length(pc.fill_null(self.source.take("url", self.rows), "")), 0))
        has_page |= mask(pc.equal(self.source.take("source", self.rows), "ucdp"))
        return np.where(is_said, said, np.where(has_page, LONG_AGO, FAR_AHEAD))

    def _towns(self) -> tuple[list[Region], Ints]:
        """Each place as its town; of a track, whose rung of the ladder is that of an origin, as its cell."""
        spots = self.columns.spots
        towns, town = towns_of(spots)
        at = {region: code for code, region in enumerate(towns)}
        for row in np.flatnonzero(self.what == TRACK).tolist():
            town[row] = at.setdefault(as_cell(spots.region(row)), len(at))
        return list(at), town

    def _town_text(self) -> Any:  # noqa: ANN401  # Arrow carries no types
        """The words for a place that everybody may see: those of a public source for a town, else none."""
        names = ("source", "place_precision", "place_text")
        texts = {name: words(self.source.take(name, self.rows)) for name in names}
        if not len(self.rows):
            return _encoded(pa.array([], pa.string()))
        sample, codes = coded([texts[name][1] for name in names])
        made = []
        for row in sample.tolist():
            one = {name: found[code[row]] for name, (found, code) in texts.items()}
            is_town = one["source"] in TOWN_SOURCES and not is_finer(one, self.placer)
            made.append(safe(one["place_text"]) if is_town else "")
        told = np.array(made, object)[codes]
        told[np.isin(self.what, (WITHDRAWAL, TRACK))] = ""  # a cell is no town
        return _encoded(pa.array(told.tolist(), pa.string()))

    def _origins(self) -> tuple[tuple[Region, ...], Codes]:
        """Where things came from: the different regions, and each row's index; -1 where none is stated."""
        column = self.source.take("origin", self.rows)
        stated = mask(pc.is_valid(column))
        found = np.full(len(self.rows), NOT_SAID, np.int32)
        rows = np.flatnonzero(stated)
        if not len(rows):
            return (), found
        spots = Spots.of_column(column.filter(pa.array(stated)))
        sample, codes = spots.distinct()
        regions = [spots.region(int(row)) for row in sample]
        found[rows] = codes
        found[rows[np.array([one.kind == "none" for one in regions], bool)[codes]]] = NOT_SAID
        return tuple(regions), found

    # -- what a source says --------------------------------------------------------------------------------------------

    def _text(self, name: str) -> Any:  # noqa: ANN401  # Arrow carries no types
        return _encoded(self.source.take(name, self.rows))

    def _number(self, name: str) -> NDArray[np.int32]:
        return ints(pc.fill_null(self.source.take(name, self.rows), NOT_SAID)).astype(np.int32)

    def _accounts(self) -> Bools:
        """`(n,)` whether a row is used for nothing without consent: a person's account, or named like an original."""
        named = pc.match_substring_regex(pa.array(self._own(), pa.string()), "^[0-9a-f]{64}$")
        found: Bools = mask(self.source.take("reporter_withheld", self.rows)) | mask(named)
        return found


def _units_of(towns: Sequence[Region], atlas: Atlas) -> tuple[tuple[str, ...], ...]:
    """The units of level 1 that each town can lie in; of a stated unit the unit itself."""
    gazetteer, shapes = atlas.gazetteer, atlas.shapes
    codes = [unit.code for unit in gazetteer if unit.level == 1 and gazetteer.code(unit.code) in shapes]
    tree = shapely.STRtree([shapes[gazetteer.code(code)] for code in codes])
    discs = [at for at, one in enumerate(towns) if one.kind in DRAWN]
    found: dict[int, list[str]] = {}
    if discs and codes:
        of, unit = tree.query(drawn([towns[at] for at in discs]), predicate="intersects")
        for at, code in zip(of.tolist(), unit.tolist(), strict=True):
            found.setdefault(discs[at], []).append(gazetteer.code(codes[code]))
    return tuple(
        tuple(sorted(found.get(at, ()))) if one.kind in DRAWN else tuple(gazetteer.code(code) for code in one.areas)
        for at, one in enumerate(towns)
    )


class Source:
    """The columns of the evidence that no judge reads, in the order of the outcome."""

    def __init__(self, evidence: Sequence[Evidence], known_at: int | None, ids: Sequence[str]) -> None:
        """Find the rows of some ids; nothing is copied yet."""
        tables = []
        for part in sorted(evidence, key=lambda e: (e.index, e.sha256)):
            if part.table.num_rows:
                known = part.table.column("known_at")
                is_known = None if known_at is None else pc.less_equal(pc.fill_null(known, 0), known_at)
                tables.append(part.table if is_known is None else part.table.filter(is_known))
        self._tables, self._ids = tables, ids
        whole = pa.chunked_array([chunk for one in tables for chunk in one.column("id").chunks], pa.string())
        # Of two rows of one id the first stands, as in `runs.chosen_rows`.
        self._at = np.asarray(pc.index_in(pa.array(ids, pa.string()), value_set=whole.combine_chunks()), np.int64)

    def ids(self, rows: Ints) -> list[str]:
        """The ids of some rows."""
        return [self._ids[row] for row in rows.tolist()]

    def take(self, name: str, rows: Ints) -> Any:  # noqa: ANN401  # Arrow carries no types
        """A column of some rows."""
        parts = [one.column(name) for one in self._tables]
        if not parts:
            return pa.array([], SCHEMA.field(name).type)
        whole = pa.chunked_array([chunk for part in parts for chunk in part.chunks], parts[0].type)
        return whole.take(pa.array(self._at[rows])).combine_chunks()


def _claims(claims: Bools | None, n: int) -> Bools:
    return np.zeros(n, bool) if claims is None else claims


def _encoded(column: Any) -> Any:  # noqa: ANN401  # Arrow carries no types
    """Texts as codes into the different ones, null as the empty one."""
    found = pc.fill_null(pc.cast(column, pa.string()), "").dictionary_encode()
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _mapped(seconds: Ints, to: Callable[[int], int]) -> Ints:
    """A function of every second, asked once for each different one; open ends stay open."""
    values, codes = np.unique(seconds, return_inverse=True)
    made = [to(at) if LONG_AGO < at < FAR_AHEAD else at for at in values.tolist()]
    return np.array(made, np.int64)[codes.reshape(-1)]
