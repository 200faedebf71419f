"""Which events of several data sets are one, by windows of place and time? The method of MELTT, without a model.

Two events of different data sets can be one when they lie within so many kilometres and when their first days and
their last days lie within so many days. Every dimension of a taxonomy (what, who, with what) has to agree at some of
its levels. The steps of `matched`, repeated at their lines: 1 data sets are taken in their order, each held against
what is left of those before it, 2 events and episodes (more than one day) separately, 3 candidates by place and time,
4 the fit of each is the mean over the dimensions of weight times level over the number of levels less one, 0 = alike
at the finest level of all, 5 the lowest fit is taken first and each event once, 6 an event and an episode that would
fit are flagged: people decide.

Source: K. Donnay, E. T. Dunford, E. C. McGrath, D. Backer, D. E. Cunningham, Integrating Conflict Event Data, Journal
of Conflict Resolution 63 (2019). Written from its description; no code of the package is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa
import shapely

from truceline.acts import ActTree
from truceline.errors import InputError, quoted
from truceline.evidence.likeness import text_key
from truceline.evidence.reading import RowFault
from truceline.group import Group
from truceline.space import UNITS_PER_DEGREE, chord_m, geodesic_m, metres_per_degree, quantise
from truceline.span import DAY_S

DECIMALS = 6
LONGEST_DAY_S = 25 * 3600
OPEN_SOURCES = frozenset({"reports"})
"""Files that gather what many issuers said: in these each issuer is a data set of its own."""


@dataclass(frozen=True)
class Event:
    """An event of one data set.

    Attributes:
        id: unique over all data sets.
        dataset: its data set.
        first_day: days since any fixed day; the earliest.
        last_day: the latest; equal to the first for an event, later for an episode.
        lon_deg: longitude.
        lat_deg: latitude.
        kinds: for each dimension its categories from the finest to the coarsest; empty = not said, which agrees with
            any at the coarsest level alone.
    """

    id: str
    dataset: str
    first_day: float
    last_day: float
    lon_deg: float
    lat_deg: float
    kinds: tuple[tuple[str, ...], ...] = ()

    @property
    def is_episode(self) -> bool:
        """Whether it lasts beyond its first day."""
        return self.last_day > self.first_day


@dataclass(frozen=True)
class Windows:
    """How far apart two events may lie.

    Attributes:
        km: kilometres between their points.
        days: days between their first days, and between their last days.
        weights: of each dimension; empty = 1 each.
    """

    km: float = 4.0
    days: float = 2.0
    weights: tuple[float, ...] = ()


@dataclass(frozen=True)
class Match:
    """Two events that are taken as one, the one kept first; `fit` 0 = alike at the finest level."""

    kept: str
    removed: str
    fit: float


@dataclass(frozen=True)
class Matched:
    """What the method found.

    Attributes:
        incidents: id of the event that is kept to all that are one with it, itself first, in order of the data sets.
        matches: in the order of the data sets; lowest fit first.
        flagged: an event and an episode, both kept, that would fit: for people.
        episodes: ids of the events that last beyond a day.
    """

    incidents: Mapping[str, tuple[str, ...]]
    matches: tuple[Match, ...] = ()
    flagged: tuple[tuple[str, str], ...] = ()
    episodes: frozenset[str] = field(default=frozenset())


def matched(events: Iterable[Event], windows: Windows) -> Matched:
    """Match the events of several data sets.

    Args:
        events: data sets are taken in the order in which they appear; of two that fit as well, the earlier is taken.
        windows: how far apart two may lie.

    >>> at = dict(first_day=0.0, last_day=0.0, lon_deg=36.0, lat_deg=35.0, kinds=(("mortar", "shelling"),))
    >>> two = [Event("a:1", "a", **at), Event("b:1", "b", **at)]
    >>> dict(matched(two, Windows()).incidents)
    {'a:1': ('a:1', 'b:1')}
    """
    sets: dict[str, list[Event]] = {}
    for event in events:
        sets.setdefault(event.dataset, []).append(event)
    kept: list[Event] = []
    incidents: dict[str, list[str]] = {}
    matches: list[Match] = []
    flagged: list[tuple[str, str]] = []
    for events_of_set in sets.values():  # 1
        fits = _fits(kept, events_of_set, windows)
        taken = _one_to_one([fit for fit in fits if kept[fit[1]].is_episode == events_of_set[fit[2]].is_episode])  # 2
        flagged += [(kept[a].id, events_of_set[b].id) for _, a, b in fits
                    if kept[a].is_episode != events_of_set[b].is_episode]  # 6  # fmt: skip
        removed = {b for _, _, b in taken}
        for fit, a, b in taken:
            incidents[kept[a].id].append(events_of_set[b].id)
            matches.append(Match(kept[a].id, events_of_set[b].id, round(fit, DECIMALS)))
        for place, event in enumerate(events_of_set):
            if place not in removed:
                kept.append(event)
                incidents[event.id] = [event.id]
    made = {key: tuple(ids) for key, ids in incidents.items()}
    of = {one: key for key, ids in made.items() for one in ids}
    episodes = frozenset(event.id for of_set in sets.values() for event in of_set if event.is_episode)
    return Matched(made, tuple(matches), _settled(flagged, of, episodes), episodes)


def overlap(found: Matched, events: Iterable[Event]) -> dict[tuple[str, ...], int]:
    """How many incidents each combination of data sets holds."""
    dataset = {event.id: event.dataset for event in events}
    counts: dict[tuple[str, ...], int] = {}
    for ids in found.incidents.values():
        key = tuple(sorted(dataset[one] for one in ids))
        counts[key] = counts.get(key, 0) + 1
    return dict(sorted(counts.items()))


def events_of(table: pa.Table, acts: ActTree, group: Group) -> tuple[list[Event], list[str]]:
    """Observations as events, with act, actor and weapon as the dimensions.

    A region counts by its coded point, which this method knows alone. Each issuer of a file of reports is a data set;
    any other source is one.

    Returns:
        The events, and the ids of rows without a point, which the method cannot place.
    """
    names = "id source start end impact asserted_by act actor weapon kind".split()
    events, unplaced = [], []
    for row in table.select(names).to_pylist():
        region = row["impact"]
        if region["lon_e7"] is None:
            unplaced.append(row["id"])
            continue
        dataset = row["source"] if row["source"] not in OPEN_SOURCES else text_key(row["asserted_by"])
        kinds = (
            (*_up(row["act"] or (), acts.classes), row["kind"] or ""), _up(row["actor"] or (), group.above),
            (row["weapon"],) if row["weapon"] else (),
        )  # fmt: skip
        events.append(
            Event(
                row["id"], dataset, *_days_of(row["start"], row["end"]),
                region["lon_e7"] / UNITS_PER_DEGREE, region["lat_e7"] / UNITS_PER_DEGREE, kinds,
            )
        )  # fmt: skip
    return events, unplaced


def _days_of(start: int, end: int) -> tuple[float, float]:
    """First and last day of an interval; a civil day of 23 to 25 hours, in any zone, is one day."""
    first = start / DAY_S
    return first, first if end - start <= LONGEST_DAY_S else (end - DAY_S) / DAY_S


def _up(ids: Sequence[str], above: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
    """From the finest to the coarsest: the ids as they stand, then what each is a part or a kind of."""
    if not ids:
        return ()
    classes = above(ids[0])
    # A class with more classes above it is the finer one; those alike by name, so that no order of a set decides.
    finest = sorted(classes, key=lambda one: (-len(tuple(above(one))), one))
    higher = finest if isinstance(classes, frozenset) else list(classes)
    return ("+".join(sorted(ids)), *(one for one in higher if one != ids[0]))


def _fits(kept: Sequence[Event], fresh: Sequence[Event], windows: Windows) -> list[tuple[float, int, int]]:
    """All that could be one, with their fits, as places in both lists; the lowest fit first."""
    found = []
    for a, b in _near(kept, fresh, windows):
        fit = fit_of(kept[a].kinds, fresh[b].kinds, windows.weights)
        if fit is not None:
            found.append((fit, a, b))
    return sorted(found)


def _near(kept: Sequence[Event], fresh: Sequence[Event], windows: Windows) -> list[tuple[int, int]]:
    """Places of events that lie within the windows."""
    if not kept or not fresh:
        return []
    metres = windows.km * 1000
    points = [np.array([[e.lon_deg, e.lat_deg] for e in side]) for side in (kept, fresh)]
    # 3
    tree = shapely.STRtree(np.asarray(shapely.points(points[0]), dtype=object))
    east, north = metres_per_degree(points[1][:, 1])
    dx, dy = 1.01 * metres / np.maximum(east, 1.0), 1.01 * metres / north
    x, y = points[1][:, 0], points[1][:, 1]
    b, a = tree.query(shapely.box(x - dx, y - dy, x + dx, y + dy))
    days = [np.array([[e.first_day, e.last_day] for e in side]) for side in (kept, fresh)]
    in_time = (np.abs(days[0][a] - days[1][b]) <= windows.days).all(axis=1)
    a, b = a[in_time], b[in_time]
    p, q = points[0][a], points[1][b]
    length, _ = geodesic_m(chord_m(p[:, 0], p[:, 1], q[:, 0], q[:, 1]), q[:, 1])
    near = length <= metres
    return sorted(zip(a[near].tolist(), b[near].tolist(), strict=True))


def fit_of(a: Sequence[tuple[str, ...]], b: Sequence[tuple[str, ...]], weights: Sequence[float] = ()) -> float | None:
    """The fit of two events; None when a dimension agrees at no level.

    >>> fit_of([("mortar", "shelling", "attack")], [("rocket", "shelling", "attack")])
    0.5
    """
    total = 0.0  # 4
    for dimension, (mine, other) in enumerate(zip(a, b, strict=True)):
        depth = max(len(mine), len(other))
        level = _level(mine, other)
        if level is None:
            return None
        weight = weights[dimension] if weights else 1.0
        total += weight * (level / (depth - 1) if depth > 1 else 0.0)
    return total / len(a) if a else 0.0


def _level(a: tuple[str, ...], b: tuple[str, ...]) -> int | None:
    if not a or not b:
        return max(len(a), len(b), 1) - 1
    if len(a) == len(b):
        return next((level for level, (x, y) in enumerate(zip(a, b, strict=True)) if x == y), None)
    shared = [max(a.index(one), b.index(one)) for one in a if one in b]
    return min(shared, default=None)


def _one_to_one(fits: Sequence[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    """The lowest fits first, each event once."""
    used: tuple[set[int], set[int]] = set(), set()
    taken = []
    for fit, a, b in fits:  # 5
        if a not in used[0] and b not in used[1]:
            used[0].add(a)
            used[1].add(b)
            taken.append((fit, a, b))
    return taken


def _settled(
    flagged: Sequence[tuple[str, str]], of: Mapping[str, str], episodes: frozenset[str]
) -> tuple[tuple[str, str], ...]:
    """Flagged pairs in terms of the events that are kept: the event, then the episode; each once."""
    pairs = {tuple(sorted((of[a], of[b]), key=lambda one: (one in episodes, one))) for a, b in flagged}
    return tuple(sorted((a, b) for a, b in pairs if a != b))


# -- tables of coded events ------------------------------------------------------------------------------------------

COLUMNS = ("dataset", "event", "date", "enddate", "latitude", "longitude")
"""What a table of coded events has; further columns are categories, for which a taxonomy is given."""

Taxonomy = Mapping[tuple[str, str], tuple[str, ...]]
"""Data set and category to its classes, from the finest to the coarsest."""


def taxonomy_of(rows: Iterable[Sequence[str]]) -> Taxonomy:
    """A taxonomy from the rows of its table: data set, category, then one class for each level, the finest first."""
    return {(row[0].strip(), row[1].strip()): tuple(cell.strip() for cell in row[2:]) for row in rows if len(row) > 2}


def event_of(row: Mapping[str, str], taxonomies: Mapping[str, Taxonomy]) -> Event:
    """One row of a table of coded events.

    Args:
        row: column to cell.
        taxonomies: column to the classes of its categories.

    Raises:
        RowFault: a cell is no number, no day or no place, or its category stands in no taxonomy.
    """
    first, last = _day(row, "date"), _day(row, "enddate" if row["enddate"].strip() else "date")
    if last < first:
        raise RowFault("enddate", f"ends before it begins: {quoted(row['enddate'])} < {quoted(row['date'])}")
    try:
        quantise(_number(row, "longitude"), _number(row, "latitude"))
    except InputError as error:
        raise RowFault("latitude" if "latitude" in str(error) else "longitude", str(error)) from None
    dataset = row["dataset"].strip()
    kinds = tuple(_classes(row, column, taxonomy, dataset) for column, taxonomy in taxonomies.items())
    return Event(
        f"{dataset}:{row['event'].strip()}", dataset, first, last, _number(row, "longitude"), _number(row, "latitude"),
        kinds,
    )  # fmt: skip


def _classes(row: Mapping[str, str], column: str, taxonomy: Taxonomy, dataset: str) -> tuple[str, ...]:
    category = row[column].strip()
    if not category:
        return ()
    if (dataset, category) not in taxonomy:
        raise RowFault(column, f"no taxonomy of `{dataset}` has the category {quoted(category)}")
    return taxonomy[(dataset, category)]


def _number(row: Mapping[str, str], column: str) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise RowFault(column, "expected a number")
    return value


def _day(row: Mapping[str, str], column: str) -> float:
    """A day as a number: of its own count, or a date as days since 1970."""
    try:
        return float((date.fromisoformat(row[column].strip()) - date(1970, 1, 1)).days)
    except ValueError:
        return _number(row, column)
