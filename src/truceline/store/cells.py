"""What do the databases themselves refuse as a cell? The floor of `exchange.floor`, as a constraint in SQL.

It is one expression of whole numbers and bits, the same for SQLite and for PostgreSQL: whoever writes to a database by
hand, past every other wall, writes no cell finer than resolution 5 either. A test holds it against the function.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from truceline.exchange.floor import FINEST, PENTAGONS, is_cell, resolution_of

if TYPE_CHECKING:
    from truceline.store.case import Case

FIELDS = ("cells", "agrees", "disputes")
"""The fields of a body that hold cells."""

CELLED = ("allegation", "area", "handover", "map-answer", "map-proposal", "map-version")
"""The types of statements that have such fields; a list handed over has none, and is held to the floor all the same."""

CellRow = tuple[int, str, int]
"""Index of an entry, the field, and the cell as a number."""


def check_sql(column: str = "cell") -> str:
    """The constraint on a column of 64-bit whole numbers.

    Args:
        column: its name.
    """
    resolution = f"(({column} >> 52) & 15)"
    one = "cast(1 as bigint)"
    tail = f"(({one} << cast(3 * (15 - {resolution}) as integer)) - 1)"

    def digit(i: int) -> str:
        return f"(({column} >> {3 * (15 - i)}) & 7)"

    parts = [
        f"({column} >> 59) = 1", f"(({column} >> 56) & 7) = 0", f"{resolution} <= {FINEST}",
        f"(({column} >> 45) & 127) <= 121", f"({column} & {tail}) = {tail}",
    ]  # fmt: skip
    parts += [f"({resolution} < {i} or {digit(i)} <> 7)" for i in range(1, FINEST + 1)]
    pentagons = ", ".join(map(str, sorted(PENTAGONS)))
    led = [
        f"({resolution} >= {i} and {digit(i)} = 1" + "".join(f" and {digit(j)} = 0" for j in range(1, i)) + ")"
        for i in range(1, FINEST + 1)
    ]
    parts.append(f"not ((({column} >> 45) & 127) in ({pentagons}) and ({' or '.join(led)}))")
    return " and ".join(parts)


def cell_rows(case: Case, first: int = 0) -> Iterator[CellRow]:
    """The cells that the open entries from `first` on name, each once; only entries that name one are read."""
    for said in case.celled(first):
        for field, cell in cells_in(said.statement.body):
            yield said.index, field, cell


def cells_in(body: Any) -> Iterator[tuple[str, int]]:  # noqa: ANN401  # a foreign record may hold any JSON value
    """The fields and cells of a body, each once; what is no cell, or finer than the floor, is passed over.

    >>> list(cells_in({"cells": ["852d8a9bfffffff", "zz", 5], "agrees": None})), list(cells_in(["zz"]))
    ([('cells', 599779923975995391)], [])
    """
    if not isinstance(body, dict):
        return
    for field in FIELDS:
        named = body.get(field)
        texts = [one for one in named if isinstance(one, str)] if isinstance(named, list) else []
        for text in dict.fromkeys(texts):
            if is_cell(text) and resolution_of(text) <= FINEST:
                yield field, int(text, 16)
