"""How is a list of cells written so that its length tells nothing? All lists of an exchange have as many places.

What a list says is bound to where it is said: to the log, to the exchange and to the side. Taken from one exchange to
another, or from one side to the other, it is no list there.

    {"by":"north","log":"example/log","of":12,"schema":"truceline/list/1","slots":256}
    852d8a9bfffffff852d8aabfffffff000000000000000000000000000000...

The cells stand first, sorted, each once, none finer than the floor; what is left is filled with zeros. An empty list is
a list: whoever has nothing to say says so, and nobody sees it before both lists are opened.
"""

from __future__ import annotations

from collections.abc import Sequence

from truceline.canon import canonical
from truceline.errors import SubmissionError
from truceline.exchange.floor import MOST_CELLS, check_cells

SLOTS = (256, 1_024, MOST_CELLS)
"""So many places a list of an exchange has: a number chosen to fit one list would tell its length."""

SCHEMA = "truceline/list/1"
_DIGITS = 15
_EMPTY = "0" * _DIGITS


def padded(cells: Sequence[str], *, slots: int, log: str, of: int, by: str) -> bytes:
    """Write a list.

    Args:
        cells: sorted, each once, of H3 resolution 5 or coarser; none is a list too.
        slots: one of `SLOTS`.
        log: origin of the log.
        of: index of the entry that opened the exchange.
        by: the side whose list it is.

    Raises:
        SubmissionError: a cell is finer or none, they are not in order, or there are too many.
    """
    check_cells(cells, may_lack=True)
    if slots not in SLOTS or len(cells) > slots:
        raise SubmissionError(f"`cells`: this exchange has {slots} places, got {len(cells)} cells")
    body = "".join(cells) + _EMPTY * (slots - len(cells))
    return _head(slots, log, of, by) + body.encode() + b"\n"


def length(*, slots: int, log: str, of: int, by: str) -> int:
    """So many bytes each list of an exchange has, whatever it holds."""
    return len(_head(slots, log, of, by)) + slots * _DIGITS + 1


def cells_of(data: bytes, *, slots: int, log: str, of: int, by: str) -> tuple[str, ...]:
    """The cells of a list.

    Args:
        data: as it was opened.
        slots: places of each list of the exchange.
        log: origin of the log.
        of: index of the entry that opened the exchange.
        by: the side whose list it is said to be.

    Raises:
        SubmissionError: it is no list of this exchange by this side, or a cell is finer than the floor.
    """
    head = _head(slots, log, of, by)
    if not data.startswith(head):
        raise SubmissionError("it is no list of this exchange by this side")
    body = data[len(head) :]
    if len(body) != slots * _DIGITS + 1 or not body.isascii() or not body.endswith(b"\n"):
        raise SubmissionError(f"it is no list of {slots} places")
    places = [body[i : i + _DIGITS].decode() for i in range(0, slots * _DIGITS, _DIGITS)]
    cells = tuple(one for one in places if one != _EMPTY)
    if tuple(places[: len(cells)]) != cells:
        raise SubmissionError("it is no list: cells stand after what fills it up")
    check_cells(cells, may_lack=True)
    return cells


def _head(slots: int, log: str, of: int, by: str) -> bytes:
    return canonical({"by": by, "log": log, "of": of, "schema": SCHEMA, "slots": slots}) + b"\n"
