"""Which rows of a large table of observations cannot be taken? Whole columns first, then the few that look wrong.

`own` is the rule: a row is rejected for what `own` says of it, in its words. The columns only find the rows of which it
has to be asked; they may suspect too many, never too few. A null where the schema allows none, and a text that is no
UTF-8, reject the row alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from truceline.errors import Fault, InputError, one_line
from truceline.evidence import own
from truceline.evidence.reading import Manner, RowFault
from truceline.evidence.schema import LATER, MODES, SCHEMA, Rejected
from truceline.space import KINDS, MOST_RADIUS_M
from truceline.span import DAY_S

READ_COLUMNS = (
    "id", "line", "start", "end", "lasts", "impact", "origin", "low_m", "high_m", "actor", "actor_mode",
    "actor_umbrella", "target", "target_mode", "target_umbrella", "unordered", "act", "callsign", "protected",
)  # fmt: skip
"""What is judged or checked of `schema.SCHEMA`."""

MOST_LON_E7, MOST_LAT_E7 = 1_800_000_000, 900_000_000
_LISTS = ("actor", "target", "act")

Claims = NDArray[np.bool_]


@dataclass(frozen=True)
class Sifted:
    """What became of some rows.

    Attributes:
        rows: `(m,)` index of the rows that can be taken; None = all.
        faults: the others, in their order: index, id, and why.
    """

    rows: NDArray[np.int64] | None
    faults: tuple[tuple[int, str, RowFault], ...] = ()

    def rejected(self, name: str, first: int) -> list[Rejected]:
        """The faults as rejected rows of a file, of which these rows begin at `first`."""
        return [
            Rejected(name, first + row + 1, key[:80], fault.field, fault.reason[:300])
            for row, key, fault in self.faults
        ]


def check_columns(given: pa.Schema, name: str) -> tuple[str, ...]:
    """Whether a table can be one of observations.

    Returns:
        Names of columns that it should not have: they are not read.

    Raises:
        InputError: columns are missing, stand twice or are of another type.
    """
    missing = [column for column in SCHEMA.names if column not in (*given.names, *LATER)]
    if missing:
        raise InputError(Fault(f"not a table of observations: missing the columns {', '.join(missing)}", name))
    for column in (name for name in SCHEMA.names if name in given.names):
        if given.names.count(column) > 1:
            raise InputError(Fault("not a table of observations: this column stands in it twice", name, 0, column))
        kind, wanted = given.field(column).type, SCHEMA.field(column).type
        try:
            pa.nulls(0, kind).cast(wanted)
        except pa.ArrowException:
            what = f"not a table of observations: expected a column of type {_short(wanted)}, got {_short(kind)}"
            raise InputError(Fault(what, name, 0, column)) from None
    return tuple(column for column in given.names if column not in SCHEMA.names)


def as_observations(table: pa.Table, name: str, first: int, columns: Sequence[str] = READ_COLUMNS) -> pa.Table:
    """Some rows as the types of `schema.SCHEMA`; nulls stay where they are, and texts that are none.

    Raises:
        InputError: a value does not fit its type.
    """
    made, column = {}, ""
    try:
        for column in columns:
            values = table.column(column)
            wanted = own.WITH_NULLS.field(column).type
            made[column] = values if values.type in (SCHEMA.field(column).type, wanted) else values.cast(wanted)
    except (pa.ArrowException, ValueError) as error:
        rows = f"rows {first + 1} to {first + table.num_rows}"
        what = f"not a table of observations: {rows}: {one_line(str(error), 120)}"
        raise InputError(Fault(what, name, 0, column)) from None
    return pa.table(made)


def sift(table: pa.Table, manner: Manner) -> Sifted:
    """Which rows can be taken, and why the others cannot."""
    broken = own.broken_texts(table)
    found = suspects(table, manner)
    found[list(broken)] = False
    rows = np.flatnonzero(found)
    faults = [(row, key, fault) for row, (key, fault) in broken.items()]
    for at in range(0, len(rows), 10_000):
        some = rows[at : at + 10_000]
        for row, given in zip(some.tolist(), table.take(pa.array(some)).to_pylist(), strict=True):
            fault = _fault(given, manner)
            if fault is not None:
                faults.append((row, str(given["id"] or ""), fault))
    if not faults:
        return Sifted(None)
    taken = np.ones(table.num_rows, bool)
    taken[[row for row, _, _ in faults]] = False
    return Sifted(np.flatnonzero(taken), tuple(sorted(faults, key=lambda fault: fault[0])))


def suspects(table: pa.Table, manner: Manner) -> Claims:
    """The rows that may have a fault `(n,)`: every row that has one, and perhaps others."""
    found = np.zeros(table.num_rows, bool)
    if not table.num_rows:
        return found
    for claims in (_of_rows(table), _of_regions(table), _ahead(table, manner)):
        for claim in claims:
            found |= np.asarray(pc.fill_null(claim, True).to_numpy(zero_copy_only=False), bool)
    return found


def _fault(row: Mapping[str, Any], manner: Manner) -> RowFault | None:
    try:
        own.check_row(row, manner)
    except RowFault as fault:
        return fault
    return None


def _of_rows(table: pa.Table) -> Iterator[pa.ChunkedArray]:
    """Ids, times, modes, altitudes."""
    ids, start, end = (table.column(name) for name in ("id", "start", "end"))
    yield pc.equal(ids, "")
    yield pc.or_(pc.less(start, own.EARLIEST_START), pc.greater(end, own.LATEST_END))
    yield pc.greater_equal(start, end)
    for what in ("actor_mode", "target_mode"):
        mode = table.column(what)
        if mode.null_count < len(mode):
            yield pc.and_(pc.is_valid(mode), pc.invert(pc.is_in(mode, pa.array(MODES))))
    low, high = table.column("low_m"), table.column("high_m")
    yield pc.fill_null(pc.less(high, low), False)
    for name in _LISTS:
        column = table.column(name)
        if pc.list_flatten(column).null_count:
            yield pc.is_valid(column)


def _of_regions(table: pa.Table) -> Iterator[pa.Array]:
    for what in ("impact", "origin"):
        column = table.column(what).combine_chunks()
        if column.null_count == len(column):
            continue
        field = {one.name: pc.struct_field(column, one.name) for one in column.type}
        is_there, kind = pc.is_valid(column), field["kind"]
        yield pc.and_(is_there, pc.invert(pc.is_in(kind, pa.array(KINDS))))
        for name, most in (("lon_e7", MOST_LON_E7), ("lat_e7", MOST_LAT_E7)):
            yield _outside(field[name], -most, most)
        yield _outside(field["radius_m"], 0, MOST_RADIUS_M)
        for name in ("from_deg", "to_deg"):
            if field[name].null_count < len(column):
                yield pc.or_(_outside(field[name], -360, 720), pc.fill_null(pc.is_nan(field[name]), False))
        for name in ("areas", "points_e7"):
            if pc.list_flatten(field[name]).null_count:
                yield is_there
        # Every other kind is few, and is asked about one by one.
        nowhere = pc.or_(pc.is_null(field["lon_e7"]), pc.is_null(field["lat_e7"]))
        is_odd = pc.is_in(kind, pa.array(["area", "line", "hull", "sector"]))
        bare = pc.and_(pc.equal(kind, "disc"), nowhere)
        yield pc.fill_null(pc.or_(pc.and_(is_odd, _incomplete(field)), bare), False)


def _incomplete(field: Mapping[str, pa.Array]) -> pa.Array:
    """Whether a region that is neither disc nor nowhere lacks something."""
    kind = field["kind"]
    points = pc.fill_null(pc.list_value_length(field["points_e7"]), 0)
    near, far = (pc.fill_null(field[name], 0) for name in ("near_m", "far_m"))
    no_range = pc.or_(pc.or_(pc.less(near, 0), pc.greater_equal(near, far)), pc.greater(far, MOST_RADIUS_M))
    no_post = pc.or_(pc.is_null(field["lon_e7"]), pc.is_null(field["lat_e7"]))
    is_short = pc.or_(pc.less(points, 4), pc.equal(pc.bit_wise_and(points, 1), 1))
    return pc.or_(
        pc.or_(
            pc.and_(pc.equal(kind, "area"), pc.equal(pc.fill_null(pc.list_value_length(field["areas"]), 0), 0)),
            pc.and_(pc.equal(kind, "sector"), pc.or_(no_range, no_post)),
        ),
        pc.and_(pc.is_in(kind, pa.array(["line", "hull"])), is_short),
    )


def _ahead(table: pa.Table, manner: Manner) -> Iterator[pa.Array]:
    """Acts that lie in the future and may be of force."""
    if manner.latest is None:
        return
    start, end = table.column("start"), table.column("end")
    is_ahead = pc.or_(pc.greater(start, manner.latest), pc.greater(end, manner.latest + DAY_S))
    found = np.asarray(pc.fill_null(is_ahead, False).to_numpy(zero_copy_only=False), bool)
    if found.any():
        acts = table.column("act").filter(pa.array(found))
        known = [act for act in pc.unique(pc.list_flatten(acts)).to_pylist() if act is not None]
        calm = pa.array([act for act in known if not manner.tree.is_force(act)], pa.string())
        is_calm = pc.is_in(pc.binary_join(acts, "\x1f"), calm)  # a list of one is joined to itself
        found[np.flatnonzero(found)] = ~np.asarray(is_calm.to_numpy(zero_copy_only=False), bool)
    yield pa.array(found)


def _outside(values: pa.Array, least: int, most: int) -> pa.Array:
    return pc.fill_null(pc.or_(pc.less(values, least), pc.greater(values, most)), False)


def _short(kind: pa.DataType) -> str:
    return one_line(str(kind), 60)
