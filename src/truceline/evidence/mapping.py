"""Which column of somebody's own table means what? A small text in YAML or JSON, checked whole before a row is read.

It names the source, its licence and who asserts it, the columns, and how days, numbers and units are written. Plain
YAML only: no anchors, aliases or tags. All faults are told at once, each with its line where the text is YAML.

Source: docs/reference/mapping.md.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

import msgspec
import yaml

from truceline.errors import Fault, InputError, one_line, quoted, raise_all, text_of
from truceline.evidence.cells import DELIMITERS
from truceline.span import zone

FORMAT = 1
MOST_BYTES = 256 * 1024
MOST_DEPTH = 6
MOST_WORDS = 20_000

FIELDS = (
    "id", "kind", "start", "time", "end", "time_precision", "lon", "lat", "radius", "precision", "place", "governorate",
    "district", "country", "low", "high", "act", "actor", "target", "weapon", "callsign", "count", "count_low",
    "count_high", "count_unit", "killed", "killed_low", "killed_best", "killed_high", "civilians_killed", "asserted_by",
    "publisher", "url", "grade", "language", "published", "note", "negative", "coverage", "access_denied", "impediment",
    "sensor", "original", "chain", "observer_lon", "observer_lat", "range_low", "range_high", "bearing_low",
    "bearing_high",
)  # fmt: skip
"""What a column can be. `start` is needed; the others may be absent."""

SECTOR = ("observer_lon", "observer_lat", "range_low", "range_high", "bearing_low", "bearing_high")
"""What an observer states of where it saw something: all of it, or nothing."""

TEXTS = (
    "source", "source_version", "licence", "publisher", "asserted_by", "grade", "language", "kind", "tz", "country",
    "precision", "time_precision", "date_format", "decimal", "delimiter", "sheet", "layer",
)  # fmt: skip
KEYS = ("mapping", *TEXTS, "may_export", "header", "fields")
"""What a mapping may say."""

UNITS: Mapping[str, Fraction] = {
    "m": Fraction(1), "km": Fraction(1_000), "ft": Fraction(3_048, 10_000), "nmi": Fraction(1_852),
    "mi": Fraction(1_609_344, 1_000),
}  # fmt: skip
"""Units of length, in metres."""

GRADE = re.compile(r"[A-F][1-6]")
"""An Admiralty grade: of the source A-F, of the item 1-6."""

_OF_FIELD = ("column", "value", "unit", "words")
_MEASURED = ("radius", "low", "high", "range_low", "range_high")
_DIRECTIVES = {
    "Y": r"(?P<year>\d{4})", "m": r"(?P<month>\d{1,2})", "d": r"(?P<day>\d{1,2})", "H": r"(?P<hour>\d{1,2})",
    "M": r"(?P<minute>\d{2})", "S": r"(?P<second>\d{2})(?:\.\d+)?", "z": r"(?P<offset>Z|[+-]\d{2}:?\d{2})",
    "b": r"(?P<name>[A-Za-z]{3})", "B": r"(?P<name>[A-Za-z]{3,9})", "%": "%",
}  # fmt: skip
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip


@dataclass(frozen=True)
class From:
    """Where the value of a field comes from.

    Attributes:
        column: of the table; empty = a constant.
        value: the constant.
        unit: of a length, one of `UNITS`.
        words: what a cell says to what is meant; a cell that is not in it means itself.
    """

    column: str = ""
    value: str = ""
    unit: str = "m"
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A mapping that has been checked.

    Attributes:
        source: short name of the source; ids begin with it.
        may_export: whether rows may be passed on; None = not stated.
        tz: zone of times without an offset; empty = that of the agreement.
        country: code or name of the country that rows without one of their own lie in.
        precision: word of the precision table for rows without one of their own.
        time_precision: likewise, for times.
        date_format: how days are written, such as `%d/%m/%Y`; empty = year first, as in 2016-02-27.
        decimal: mark of the decimals.
        header: line of the column names, from 1.
        fields: field to where it comes from.
    """

    source: str = ""
    source_version: str = ""
    licence: str = ""
    may_export: bool | None = None
    publisher: str = ""
    asserted_by: str = ""
    grade: str = ""
    language: str = ""
    kind: str = "incident"
    tz: str = ""
    country: str = ""
    precision: str = ""
    time_precision: str = ""
    date_format: str = ""
    decimal: str = "."
    delimiter: str = ""
    sheet: str = ""
    layer: str = ""
    header: int = 1
    fields: Mapping[str, From] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, each once."""
        return tuple(dict.fromkeys(one.column for one in self.fields.values() if one.column))


def read_mapping(data: bytes, name: str) -> dict[str, Any]:
    """Read a mapping.

    Args:
        data: the bytes of the YAML or JSON file.
        name: the file's name for messages.

    Returns:
        Its plain values, checked: what `Manner.mapping` takes.

    Raises:
        InputError: every fault of the file, each with its line if it is YAML.
    """
    plain, lines = _plain(data, name)
    plan_of(plain, name, lines)
    found: dict[str, Any] = plain
    return found


def plan_of(plain: Any, name: str = "mapping", lines: Mapping[tuple[str, ...], int] | None = None) -> Plan:  # noqa: ANN401
    """Check the plain values of a mapping.

    Args:
        plain: what the file says.
        name: of the file.
        lines: path of a key to its line; None = not known.

    Raises:
        InputError: every fault.
    """
    if not isinstance(plain, Mapping):
        raise InputError(Fault(f"expected a mapping with `mapping: {FORMAT}`", name, 1 if lines else 0))
    check = _Check(name, lines or {})
    check.keys((), plain, KEYS)
    if plain.get("mapping") != FORMAT:
        check.fault(("mapping",), f"expected `mapping: {FORMAT}`, got {quoted(plain.get('mapping', 'nothing'))}")
    said = {key: check.text((key,), plain[key]) for key in TEXTS if key in plain}
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", said.get("source", "")):
        check.fault(("source",), "expected a short name of letters, digits, `_`, `.` and `-` for the source")
    check.said(said)
    may_export, header = plain.get("may_export"), plain.get("header", 1)
    if not isinstance(may_export, bool | None):
        check.fault(("may_export",), f"expected true or false, got {quoted(may_export)}")
    if isinstance(header, bool) or not isinstance(header, int) or not 1 <= header <= 1_000:
        check.fault(("header",), f"expected a line 1..1000, got {quoted(header)}")
    found = check.fields(plain.get("fields"))
    raise_all(check.faults, InputError)
    return Plan(**said, may_export=may_export, header=header, fields=found)


class _Check:
    """Gathers the faults of one mapping."""

    def __init__(self, name: str, lines: Mapping[tuple[str, ...], int]) -> None:
        self.name, self.lines = name, lines
        self.faults: list[Fault] = []

    def fault(self, path: tuple[str, ...], message: str) -> None:
        """Note one, at the line of its key or of the key above."""
        line = next((self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines), 0)
        self.faults.append(Fault(message, self.name, line, ".".join(path)))

    def keys(self, path: tuple[str, ...], given: Mapping[Any, Any], known: Collection[str]) -> None:
        for key in given:
            if key not in known:
                near = get_close_matches(str(key), known, 1)
                hint = f": did you mean {quoted(near[0])}?" if near else f": expected one of {', '.join(known)}"
                self.fault((*path, one_line(str(key), 40)), one_line(f"unknown{hint}", 280))

    def text(self, path: tuple[str, ...], value: Any) -> str:  # noqa: ANN401  # whatever the file says
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        self.fault(path, f"expected text, got {quoted('nothing' if value is None else value)}")
        return ""

    def said(self, said: Mapping[str, str]) -> None:
        """The texts that have to be one of a few."""
        if said.get("decimal", ".") not in (".", ","):
            self.fault(("decimal",), f"expected `.` or `,`, got {quoted(said['decimal'])}")
        if said.get("delimiter") and said["delimiter"] not in DELIMITERS:
            self.fault(("delimiter",), f"expected a comma, semicolon, tab or bar, got {quoted(said['delimiter'])}")
        if said.get("grade") and not GRADE.fullmatch(said["grade"]):
            self.fault(("grade",), f"expected a grade such as C2, got {quoted(said['grade'])}")
        for key, read in (("tz", zone), ("date_format", pattern_of)):
            if said.get(key):
                try:
                    read(said[key])
                except InputError as error:
                    self.fault((key,), str(error))

    def fields(self, given: Any) -> dict[str, From]:  # noqa: ANN401  # whatever the file says
        if not isinstance(given, Mapping):
            self.fault(("fields",), "expected the fields of the table, such as `start: Date`")
            return {}
        self.keys(("fields",), given, FIELDS)
        if "start" not in given:
            self.fault(("fields",), "expected a column for `start`, got none")
        self.together(given)
        return {key: self.one(("fields", key), value) for key, value in given.items() if key in FIELDS}

    def together(self, given: Mapping[Any, Any]) -> None:
        """The fields that say something only together, and those that say the same twice."""
        for group in (("lon", "lat"), SECTOR):
            there = [one for one in group if one in given]
            missing = [quoted(one) for one in group if one not in given]
            if there and missing:
                self.fault(("fields", there[0]), f"expected a column for {', '.join(missing)} too")
        for what in ("count", "killed"):
            for end in (f"{what}_low", f"{what}_high"):
                if what in given and end in given:
                    self.fault(("fields", end), f"says the same as {quoted(what)}: expected one of them")

    def one(self, path: tuple[str, ...], given: Any) -> From:  # noqa: ANN401  # whatever the file says
        if not isinstance(given, Mapping):
            return From(column=self.text(path, given))
        self.keys(path, given, _OF_FIELD)
        if ("column" in given) == ("value" in given):
            self.fault(path, "expected either `column` or `value`")
        unit = given.get("unit", "m")
        if unit not in UNITS or ("unit" in given and path[-1] not in _MEASURED):
            self.fault((*path, "unit"), f"expected a length in one of {', '.join(UNITS)}, got {quoted(unit)}")
        words = given.get("words", {})
        if not isinstance(words, Mapping) or len(words) > MOST_WORDS:
            self.fault((*path, "words"), f"expected at most {MOST_WORDS} words and what they mean")
            words = {}
        told = {str(key): self.text((*path, "words"), value) for key, value in words.items()}
        texts = {key: self.text((*path, key), given[key]) for key in ("column", "value") if key in given}
        return From(**texts, unit=str(unit), words=told)


# -- how days are written --------------------------------------------------------------------------------------------


def pattern_of(form: str) -> re.Pattern[str]:
    """How a text looks that is written in a form such as `%d/%m/%Y %H:%M`.

    Known: `%Y %m %d %H %M %S %z`, `%b` and `%B` (English months), `%%`. No form has years of two digits.

    Raises:
        InputError: the form says no whole day, or something that is not known.
    """
    parts = re.split(r"%(.)", form)
    try:
        made = "".join(_DIRECTIVES[one] if n % 2 else re.escape(one) for n, one in enumerate(parts))
        found = re.compile(made, re.IGNORECASE)
    except (KeyError, re.error):
        known = " ".join(f"%{one}" for one in _DIRECTIVES)
        raise InputError(f"expected a form of {known}, each once, got {quoted(form)}") from None
    has = set(found.groupindex)
    if not {"year", "day"} <= has or not has & {"month", "name"} or ("minute" in has and "hour" not in has):
        raise InputError(f"expected a form with year, month and day, such as `%d/%m/%Y`, got {quoted(form)}")
    return found


def iso_day(told: str, pattern: re.Pattern[str]) -> str | None:
    """A text in a form as a time text of `span.parse_span`; None where it does not look so.

    >>> iso_day("5 March 2016", pattern_of("%d %B %Y"))
    '2016-03-05'
    """
    match = pattern.fullmatch(" ".join(told.split()))
    if not match:
        return None
    part = {key: value for key, value in match.groupdict().items() if value}
    month = month_of(part["name"]) if "name" in part else int(part["month"])
    if not month:
        return None
    clock = f"T{int(part['hour']):02}" if "hour" in part else ""
    clock += "".join(f":{int(part[key]):02}" for key in ("minute", "second") if key in part)
    return f"{int(part['year']):04}-{month:02}-{int(part['day']):02}{clock}{part.get('offset', '') if clock else ''}"


def month_of(name: str) -> int:
    """Number of an English month, whole or of three letters; 0 = none."""
    low = name.lower()
    return next((n for n, month in enumerate(_MONTHS, 1) if low in (month, month[:3])), 0)


# -- the text --------------------------------------------------------------------------------------------------------


def _plain(data: bytes, name: str) -> tuple[Any, dict[tuple[str, ...], int]]:
    """Plain values and the lines of keys; of JSON without lines."""
    if len(data) > MOST_BYTES:
        raise InputError(Fault(f"expected a mapping of at most {MOST_BYTES} bytes, got {len(data)}", name))
    told = text_of(data, name)
    try:
        if told.lstrip().startswith("{"):
            return msgspec.json.decode(told), {}
        _check_plain(told, name)
        root = yaml.compose(told, Loader=yaml.SafeLoader)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(Fault(f"not JSON: {one_line(str(error), 120)}", name)) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        raise InputError(Fault(f"not YAML: {one_line(what, 120)}", name, mark.line + 1 if mark else 0)) from None
    lines: dict[tuple[str, ...], int] = {}
    faults: list[Fault] = []
    plain = _value(root, (), lines, faults, name)
    raise_all(faults, InputError)
    return plain, lines


def _check_plain(told: str, name: str) -> None:
    depth = 0
    for event in yaml.parse(told, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else 0
        if depth > MOST_DEPTH:
            raise InputError(Fault(f"nested deeper than {MOST_DEPTH} levels", name, line))
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise InputError(Fault("anchors, aliases and tags are not allowed: write the value out", name, line))


def _value(
    node: yaml.Node | None, path: tuple[str, ...], lines: dict[tuple[str, ...], int], faults: list[Fault], name: str
) -> Any:  # noqa: ANN401  # plain values
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, below in _keys(node, faults, name):
            if key in found:
                faults.append(Fault("stands here twice", name, below.start_mark.line + 1, key))
            lines[(*path, key)] = below.start_mark.line + 1
            found[key] = _value(below, (*path, key), lines, faults, name)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, path, lines, faults, name) for one in node.value]
    if not isinstance(node, yaml.ScalarNode):
        return None
    told: str = node.value
    if node.style in ("'", '"', "|", ">"):
        return told
    plain = {"true": True, "false": False, "null": None, "~": None, "": None}.get(told.lower(), told)
    return int(told) if isinstance(plain, str) and re.fullmatch(r"[1-9]\d{0,8}", told) else plain


def _keys(node: yaml.MappingNode, faults: list[Fault], name: str) -> Iterator[tuple[str, yaml.Node]]:
    for key, below in node.value:
        if isinstance(key, yaml.ScalarNode):
            yield key.value, below
        else:
            faults.append(Fault("a key must be a plain word", name, key.start_mark.line + 1))
