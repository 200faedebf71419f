"""How do the rows of the views for a GIS get there? The service puts new ones in the place of the old, all at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import text as sql

from truceline.store.server.gis import LAYERS, SCHEMA, Layer, postgis
from truceline.store.server.link import address, engine, told

AT_ONCE = 5_000
"""So many rows are written at a time."""

Row = Mapping[str, Any]


def is_there(url: str) -> bool:
    """Whether a database has these tables, and its role may write them."""
    wires = engine(address(url), is_reader=True)
    try:
        with told(address(url)), wires.connect() as connection:
            asked = (
                "select bool_and(has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'insert'))"
                " from pg_class c join pg_namespace n on n.oid = relnamespace"
                " where nspname = :schema and relname = :row"
            )
            found = connection.scalar(sql(asked), {"schema": SCHEMA, "row": f"{LAYERS[0].name}_row"})
        return bool(found)
    finally:
        wires.dispose()


def write(
    url: str, layer: str, ladder: str, rows: Callable[[], Sequence[Row]], *, mark: str, known: tuple[int, int]
) -> bool:
    """Put the rows of a ladder in the place of those that stand there; readers see the old ones or the new ones.

    Args:
        url: of the database, as the role of the service.
        layer: name of one of `LAYERS`.
        ladder: one of `LADDERS`.
        rows: gives them, column to value; `geom` is WKB in degrees, or None.
        mark: of these rows: where the same ones stand there already, nothing is written.
        known: index and UTC second of the newest entry that they tell of.

    Returns:
        Whether they were written.

    Raises:
        StoreError: the server refuses.
    """
    one = next(one for one in LAYERS if one.name == layer)
    table, here = f"{SCHEMA}.{one.name}_row", {"layer": layer, "ladder": ladder}
    wires = engine(address(url), is_reader=False)
    try:
        with told(address(url)), wires.begin() as db:
            db.execute(sql(f"select pg_advisory_xact_lock(hashtext('{SCHEMA}'))"))
            asked = f"select mark from {SCHEMA}.written where layer = :layer and ladder = :ladder"  # noqa: S608
            if db.scalar(sql(asked), here) == mark:
                return False
            made, adding = rows(), sql(_adding(one, postgis(db)))
            db.execute(sql(f"delete from {table} where ladder = :ladder"), {"ladder": ladder})  # noqa: S608
            for at in range(0, len(made), AT_ONCE):
                db.execute(adding, _arrays(one, made[at : at + AT_ONCE], at, ladder, known))
            db.execute(
                sql(f"insert into {SCHEMA}.written values (:layer, :ladder, :mark)"  # noqa: S608  # names of our own
                    " on conflict (layer, ladder) do update set mark = :mark"), {**here, "mark": mark}
            )  # fmt: skip
            return True
    finally:
        wires.dispose()


def _adding(layer: Layer, place: str) -> str:
    """One statement for many rows: an array for each column."""
    columns = {"fid": "bigint", **layer.columns}
    names = ", ".join(f'"{name}"' for name in columns)
    arrays = ", ".join(f"cast(:{name} as {kind}[])" for name, kind in columns.items())
    return (
        f"insert into {SCHEMA}.{layer.name}_row (ladder, known_index, known_at, {names}, geom)"  # noqa: S608
        f" select :ladder, :known_index, to_timestamp(:known_at), {names}, {place}.st_geomfromwkb(geom, 4326)"
        f" from unnest({arrays}, cast(:geom as bytea[])) as given ({names}, geom)"
    )


def _arrays(layer: Layer, rows: Sequence[Row], first: int, ladder: str, known: tuple[int, int]) -> dict[str, Any]:
    return {
        "ladder": ladder, "known_index": known[0], "known_at": known[1],
        "fid": list(range(first + 1, first + 1 + len(rows))),
        **{name: [row.get(name) for row in rows] for name in (*layer.columns, "geom")},
    }  # fmt: skip
