"""How do notices come in as a file? A list of sites as CSV or XLSX, one notice a row; or notices as JSON.

Nothing is lost: a row that cannot be taken is told with its line and why, and stands in the way of no other. What is
wrong with a row is told without its position.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from truceline.desk.files import read_bytes
from truceline.errors import InputError
from truceline.evidence.sheet import UNREAD, cells_of
from truceline.notices.model import LEVELS, SITE, Consent, Draft

MOST: Final = 64 << 20
MOST_ROWS: Final = 100_000
TEXTS: Final = (
    "what", "place", "where", "since", "until", "category", "callsign", "lead", "reason", "owner", "contact", "address",
    "note", "replaces",
)  # fmt: skip
COLUMNS: Final = ("id", "kind", *TEXTS, "lat", "lon", "mgrs", "areas", "accuracy_m", "to")
"""The columns of a list of notices; `what` has to be there. `where` may stand as `lat` and `lon`, or as `mgrs`."""


@dataclass(frozen=True)
class Line:
    """One notice of a file.

    Attributes:
        line: of the file, counted from 1; of JSON the number of the notice.
        name: what its sender calls it: sent twice, it is one notice; empty = nothing.
        draft: None = it cannot be read.
        why: it cannot be read.
    """

    line: int
    name: str = ""
    draft: Draft | None = None
    why: str = ""


def read_notices(path: Path, to: Sequence[Consent] = ()) -> list[Line]:
    """Read notices from a file.

    Args:
        path: ends in `.json`, `.csv` or `.xlsx`.
        to: recipients of rows that name none.

    Raises:
        InputError: it is no such file, or it has too many rows.
    """
    data = read_bytes(path, MOST)
    found = list(_of_json(data, to) if path.suffix.lower() == ".json" else _of_sheet(data, str(path), to))
    if len(found) > MOST_ROWS:
        raise InputError(f"{path}: expected at most {MOST_ROWS} notices")
    return list(_once(found))


def _once(lines: Sequence[Line]) -> Iterator[Line]:
    """A name stands for one notice: a later line that bears it and says something else cannot be taken."""
    first: dict[str, Line] = {}
    for one in lines:
        before = first.setdefault(one.name, one) if one.name and one.draft is not None else one
        if before.draft == one.draft:
            yield one
        else:
            yield Line(one.line, one.name, why=f"line {before.line} bears the same `id` and says something else")


def _of_json(data: bytes, to: Sequence[Consent]) -> Iterator[Line]:
    try:
        given = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise InputError("expected JSON: a notice, or a list of notices") from None
    for number, one in enumerate(given if isinstance(given, list) else [given], 1):
        values = dict(one) if isinstance(one, dict) else {}
        name = str(values.pop("id", ""))
        try:
            draft = msgspec.convert(values, Draft)
        except (msgspec.ValidationError, RecursionError):
            yield Line(number, why="expected `kind` and texts for its fields")
            continue
        yield Line(number, name, draft if draft.to else msgspec.structs.replace(draft, to=tuple(to)))


def _of_sheet(data: bytes, name: str, to: Sequence[Consent]) -> Iterator[Line]:
    for line, cells in cells_of(io.BytesIO(data), name, ("what",), what="a list of notices"):
        if UNREAD in cells:
            yield Line(line, why=cells[UNREAD])
            continue
        try:
            yield Line(line, cells.get("id", ""), _draft(cells, to))
        except InputError as error:
            yield Line(line, cells.get("id", ""), why=error.faults[0].message)


def _draft(cells: Mapping[str, str], to: Sequence[Consent]) -> Draft:
    values: dict[str, Any] = {name: cells[name] for name in TEXTS if cells.get(name)}
    if not values.get("where"):
        lat, lon = cells.get("lat", ""), cells.get("lon", "")
        values["where"] = cells.get("mgrs", "") or (f"{lat}, {lon}" if lat or lon else "")
    accuracy = cells.get("accuracy_m", "") or "0"
    if not (accuracy.isascii() and accuracy.isdecimal()):
        raise InputError("`accuracy_m`: expected whole metres")
    return Draft(
        kind=cells.get("kind") or SITE, **values, accuracy_m=int(accuracy),
        areas=tuple((cells.get("areas") or "").split()), to=read_consents(cells.get("to", "")) or tuple(to),
    )  # fmt: skip


def read_consents(text: str) -> tuple[Consent, ...]:
    """Recipients as they are typed: `ru; us=town`.

    Raises:
        InputError: no such level.

    >>> [(one.to, one.level) for one in read_consents("ru; us=town")]
    [('ru', 'exact'), ('us', 'town')]
    """
    found = []
    for part in (part.strip() for part in text.split(";") if part.strip()):
        name, _, level = part.partition("=")
        if level and level not in LEVELS:
            raise InputError(f"`to`: expected such as `us=town`, with one of {', '.join(LEVELS)}")
        found.append(Consent(name.strip(), level or "exact"))
    return tuple(found)
