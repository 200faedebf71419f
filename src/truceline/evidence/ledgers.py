"""What does a table of published totals say, and do its sums hold? Counts of violations by issuer, period and region.

A count over a period is its issuer's claim: as evidence it is of kind `ledger` and never an incident. Every sum is
worked out again from the breakdown (`Aleppo=4; Idlib=2`); what the columns `items_sum` and `sum_check` say of it is
compared and never trusted. Precision: a period is whole civil days, a region a unit of the gazetteer or nothing.

A part that was derived so that a sum closes says so in brackets, `day 4 (derived)=39`; a part may have parts of its
own, `Aleppo=7 (city=3; countryside=4)`.

Source: `agreements/syria-2016/ledgers.csv`; licence: facts compiled from public counts, each with its address.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, Final

from truceline.canon import letters
from truceline.errors import Fault, InputError, quoted
from truceline.evidence.places import Spot
from truceline.evidence.quantities import interval, printed
from truceline.evidence.readers import Start
from truceline.evidence.reading import Manner, Read, RowFault, Rows, lines_of, opened
from truceline.evidence.schema import Rejected, region_row
from truceline.span import Span, day_span

LICENCE = "published counts: facts, each with its address"
NEEDED = ("issuer", "period_start", "period_end", "region", "count", "unit", "breakdown")
OTHERS = ("items_sum", "sum_check", "confirmed_by_other_side", "publisher", "url", "note")

MOST_TOTALS = 50_000
MOST_COUNT = 10**9
MOST_PARTS = 1_000
MOST_DEPTH = 8
"""Parts of parts: deeper is no breakdown."""

OK, MISMATCH, DERIVED, OPEN, NOTHING = (
    "ok", "mismatch", "closed by derived item", "cannot be decided", "no breakdown",
)  # fmt: skip
CHECKS: Final = (OK, MISMATCH, DERIVED, OPEN, NOTHING)
"""What a sum can be: derived = it closes because a part was worked out from it; undecided = a number is not exact."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WORKED_OUT = re.compile(r"\((?:derived|assumed|inferred|estimated)\)", re.IGNORECASE)
_OF = re.compile(r"(\d{1,9})(?: confirmed)?((?:, \d{1,9} [a-z]+)*) of (\d{1,9})", re.ASCII)


@dataclass(frozen=True)
class Count:
    """A number as its source writes it; both bounds None = no bound is stated.

    Attributes:
        low: so many at least.
        high: so many at most.
        text: the words.
    """

    low: int | None = None
    high: int | None = None
    text: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether one number is stated and no other can be meant."""
        return self.low is not None and self.low == self.high

    def differs(self, other: Count) -> bool:
        """Whether the two surely are not the same number."""
        return _below(self.high, other.low) or _below(other.high, self.low)


@dataclass(frozen=True)
class Part:
    """One item of a breakdown.

    Attributes:
        is_derived: its publisher did not print it: it was worked out so that the sum closes.
        parts: its own breakdown, if it has one.
    """

    name: str
    count: Count
    is_derived: bool = False
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Confirmed:
    """What the other side made of a count: so many confirmed, of so many; words such as `1 explained` besides."""

    confirmed: int
    of: int
    besides: str = ""


@dataclass(frozen=True)
class Total:
    """One row: what an issuer says it counted.

    Attributes:
        line: of the file.
        first: first civil day of the period; None = not stated. `last`: its last day.
        said_sum: the column `items_sum`; None = empty. `said_check`: the column `sum_check`.
        confirmed: what the other side confirmed; None = nothing is said of it.
        breakdown: the parts as the file writes them.
    """

    line: int
    issuer: str
    first: date | None
    last: date | None
    region: str
    count: Count
    unit: str
    parts: tuple[Part, ...] = ()
    said_sum: int | None = None
    said_check: str = ""
    confirmed: Confirmed | None = None
    publisher: str = ""
    url: str = ""
    note: str = ""
    breakdown: str = ""


@dataclass(frozen=True)
class Sum:
    """What the parts of a total come to.

    Attributes:
        parts: their sum.
        check: one of `CHECKS`.
        inner: parts whose own parts do not come to them, each with what they come to.
        said_wrong: what the file's own columns say of this sum does not hold.
    """

    parts: Count
    check: str
    inner: tuple[tuple[Part, Count], ...] = ()
    said_wrong: bool = False


def fits(start: Start) -> bool:
    """Whether a file begins like a table of published totals."""
    return set(NEEDED) <= {name.strip().strip('"') for name in start.line.split(",")}


def read(file: BinaryIO, name: str, manner: Manner) -> Read:
    """Read published totals as evidence: one row of kind `ledger` for each count over a stated period.

    Args:
        file: the CSV, plain or gzip.
        name: the file's name for messages.
        manner: clock and places of the agreement.

    Raises:
        InputError: a needed column is missing, or the file is no table.
    """
    rows = Rows(name)
    for found in _rows(file, name):
        if isinstance(found, Rejected):
            rows.reject(found.line, found.id, RowFault(found.field, found.reason))
            continue
        try:
            rows.take(_observation(found, manner))
        except RowFault as fault:
            rows.reject(found.line, "", fault)
    return rows.read()


def read_totals(file: BinaryIO, name: str, latest: date | None = None) -> tuple[list[Total], list[Rejected]]:
    """Read published totals as values, with those whose period is not stated.

    Args:
        file: the CSV, plain or gzip.
        name: the file's name for messages.
        latest: the day of reading: a count of a later day is rejected; None = none is.

    Raises:
        InputError: a needed column is missing, the file is no table, or it holds over `MOST_TOTALS` rows.
    """
    taken: list[Total] = []
    rejected: list[Rejected] = []
    for found in _rows(file, name):
        if isinstance(found, Rejected):
            rejected.append(found)
        elif latest is not None and max(found.first or latest, found.last or latest) > latest:
            column = "period_end" if found.last is not None and found.last > latest else "period_start"
            rejected.append(Rejected(name, found.line, "", column, f"a count of the future is refused: after {latest}"))
        else:
            taken.append(found)
        if len(taken) + len(rejected) > MOST_TOTALS:
            raise InputError(Fault(f"expected at most {MOST_TOTALS} published totals", name, found.line))
    return taken, rejected


def sum_of(total: Total) -> Sum:
    """Work a sum out from its breakdown, and hold it against the total and against what the file says of it.

    >>> aleppo, idlib = Part("Aleppo", Count(4, 4)), Part("Idlib", Count(2, 2))
    >>> of = Total(2, "A", None, None, "X", Count(7, 7), "violations", (aleppo, idlib))
    >>> sum_of(of).parts.low, sum_of(of).check
    (6, 'mismatch')
    """
    if not total.parts:
        wrong = total.said_sum is not None or bool(total.said_check)
        return Sum(Count(), NOTHING, said_wrong=wrong)
    whole = _sum(total.parts)
    check = _check(whole, total.count, is_derived=any(_derived(total.parts)))
    inner = tuple(_inner(total.parts))
    said_sum = total.said_sum is not None and total.said_sum != whole.low
    said_check = bool(total.said_check) and _said(total.said_check) != check  # an empty cell says nothing
    return Sum(whole, check, inner, said_wrong=said_sum or said_check)


# -- rows ------------------------------------------------------------------------------------------------------------


def _rows(file: BinaryIO, name: str) -> Iterator[Total | Rejected]:
    reader = csv.DictReader(lines_of(opened(file, name), name), strict=True)
    try:
        missing = [column for column in NEEDED if column not in (reader.fieldnames or ())]
        if missing:
            raise InputError(Fault(f"no table of published totals: missing the columns {', '.join(missing)}", name, 1))
        for raw in reader:
            line = reader.line_num
            try:
                yield _total(raw, line)
            except RowFault as fault:
                yield Rejected(name, line, "", fault.field, fault.reason[:300])
    except csv.Error as error:
        raise InputError(Fault(f"not CSV: {error}", name, reader.line_num)) from None


def _total(raw: Mapping[Any, Any], line: int) -> Total:
    if None in raw:
        raise RowFault("row", "more cells than columns")
    get = {column: (raw.get(column) or "").strip() for column in (*NEEDED, *OTHERS)}
    for column in ("issuer", "region", "unit"):
        if not get[column]:
            raise RowFault(column, f"expected {'an' if column == 'issuer' else 'a'} {column}, got nothing")
    first, last = (_day(get[column], column) for column in ("period_start", "period_end"))
    if last is not None and (first is None or last < first):
        raise RowFault("period_end", f"ends before it begins: {last} < {first or 'nothing'}")
    return Total(
        line, get["issuer"], first, last, get["region"], count_of(get["count"], "count"), get["unit"],
        parts_of(get["breakdown"]), count_of(get["items_sum"], "items_sum").low, get["sum_check"],
        _confirmed(get["confirmed_by_other_side"]), get["publisher"], get["url"], get["note"], get["breakdown"],
    )  # fmt: skip


def _day(text: str, column: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise RowFault(column, f"expected a date such as 2016-02-27, got {quoted(text)}") from None
    if not 1900 <= day.year <= 2199:
        raise RowFault(column, f"expected a year 1900..2199, got {day.year}")
    return day


def count_of(text: str, column: str) -> Count:
    """A number in digits or words: `82`, `more than 350`, `about 250`; empty = none is stated.

    Raises:
        RowFault: no such number.

    >>> count_of("more than 350", "count").low, count_of("82", "count").is_exact
    (351, True)
    """
    if not text:
        return Count()
    found = interval(text)
    if found is None or max(n or 0 for n in found) > MOST_COUNT:
        raise RowFault(column, f"expected a whole number such as `82` or `more than 350`, got {quoted(text)}")
    return Count(*found, text)


def _confirmed(text: str) -> Confirmed | None:
    if not text:
        return None
    match = _OF.fullmatch(text.lower())
    if match is None or int(match[1]) > int(match[3]):
        raise RowFault("confirmed_by_other_side", f"expected a share such as `0 of 82`, got {quoted(text)}")
    return Confirmed(int(match[1]), int(match[3]), match[2].removeprefix(", "))


# -- breakdowns ------------------------------------------------------------------------------------------------------


def parts_of(text: str, depth: int = 0) -> tuple[Part, ...]:
    """Read a breakdown.

    Raises:
        RowFault: an item without a number, brackets that do not close, too many parts, or parts too deep.

    >>> [(p.name, p.count.low, len(p.parts)) for p in parts_of("Aleppo=7 (city=3; countryside=4); Idlib=2")]
    [('Aleppo', 7, 2), ('Idlib', 2, 0)]
    """
    if not text.strip():
        return ()
    if depth >= MOST_DEPTH:
        raise RowFault("breakdown", f"expected parts of parts to a depth of {MOST_DEPTH}")
    items = _split(text, ";")
    if len(items) > MOST_PARTS:
        raise RowFault("breakdown", f"expected at most {MOST_PARTS} parts, got {len(items)}")
    return tuple(_part(item.strip(), depth) for item in items if item.strip())


def _part(item: str, depth: int) -> Part:
    name, *rest = _split(item, "=", most=2)
    value = rest[0].strip() if rest else ""
    holder = value if rest else name
    inner = ""
    if holder.endswith(")") and "=" in holder[holder.find("(") :]:
        at = _opening(holder)
        inner, holder = holder[at + 1 : -1], holder[:at].strip()
    name, value = (name, holder) if rest else (holder, "")
    parts = parts_of(inner, depth + 1)
    if not name.strip() or not (value or parts):
        raise RowFault("breakdown", f"expected items such as `Aleppo=4; Idlib=2`, got {quoted(item)}")
    count = count_of(value, "breakdown") if value else _sum(parts)
    is_derived = bool(_WORKED_OUT.search(name))
    return Part(" ".join(_WORKED_OUT.sub("", name).split()), count, is_derived, parts)


def _split(text: str, mark: str, most: int = 0) -> list[str]:
    """Split at a mark that stands in no brackets."""
    found: list[str] = []
    start, depth = 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            break
        if letter == mark and depth == 0 and (not most or len(found) + 1 < most):
            found.append(text[start:at])
            start = at + 1
    if depth != 0:
        raise RowFault("breakdown", f"expected brackets that close, got {quoted(text)}")
    return [*found, text[start:]]


def _opening(text: str) -> int:
    """Where the bracket opens that the last letter closes."""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] == ")") - (text[at] == "(")
        if depth == 0:
            return at
    return 0


def _sum(parts: tuple[Part, ...]) -> Count:
    lows = [part.count.low for part in parts]
    highs = [part.count.high for part in parts]
    low = sum(n or 0 for n in lows)  # a part without a lower bound is at least nothing
    high = None if None in highs else sum(n for n in highs if n is not None)
    return Count(low, high, printed(low, high))


def _derived(parts: tuple[Part, ...]) -> Iterator[bool]:
    for part in parts:
        yield part.is_derived
        yield from _derived(part.parts)


def _inner(parts: tuple[Part, ...]) -> Iterator[tuple[Part, Count]]:
    for part in parts:
        if part.parts and (found := _sum(part.parts)).differs(part.count):
            yield part, found
        yield from _inner(part.parts)


def _check(parts: Count, total: Count, *, is_derived: bool) -> str:
    if parts.differs(total):
        return MISMATCH
    if not (parts.is_exact and total.is_exact):
        return OPEN
    return DERIVED if is_derived else OK


def _said(text: str) -> str:
    """What the column `sum_check` says, as one of `CHECKS`; what is none of them stays as it is."""
    plain = text.strip().lower()
    return MISMATCH if plain.startswith("mismatch") else plain


def _below(a: int | None, b: int | None) -> bool:
    return a is not None and b is not None and a < b


# -- as evidence -----------------------------------------------------------------------------------------------------


def _observation(total: Total, manner: Manner) -> dict[str, Any]:
    if total.first is None or total.last is None:
        column = "period_start" if total.first is None else "period_end"
        raise RowFault(column, "expected a date, got nothing: a count without its period is no evidence")
    when = day_span(total.first, manner.tz).joined(day_span(total.last, manner.tz))
    if manner.is_ahead(Span(when.start, when.end)):
        raise RowFault("period_start", f"a count of the future is refused: {total.first}")
    words = (
        total.issuer, str(total.first), str(total.last), total.region, total.unit, total.count.text, total.breakdown,
        total.publisher, total.url,
    )  # fmt: skip
    gazetteer = manner.placer.atlas.gazetteer
    levels = [level for level in (0, 1) if gazetteer.find(total.region, level)]
    names = tuple((level, total.region) for level in levels if level)
    country = gazetteer.find(total.region, 0) or ""
    spot = Spot("unit:1" if names else "country", names=names, country=country)
    return {
        "id": f"ledger:{letters(chr(10).join(words).encode())}", "source": "ledgers",
        "licence": LICENCE, "may_export": True, "line": total.line, "kind": "ledger", "start": when.start,
        "end": when.end, "lasts": False, "time_text": " to ".join(dict.fromkeys((str(total.first), str(total.last)))),
        "tz": manner.tz, "time_precision": "days", "impact": region_row(manner.placer.region(spot)),
        "place_text": total.region, "act": ["count"], "act_text": "violation count", "count_low": total.count.low,
        "count_high": total.count.high, "count_unit": total.unit, "asserted_by": total.issuer,
        "publisher": total.publisher or None, "url": total.url or None, "note": total.note or None,
        "known_at": manner.known_at,
    }  # fmt: skip
