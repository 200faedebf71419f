"""What does a party declare of its own strikes? Prose: "Near Ar Raqqah, one strike destroyed two oil pump jacks".

Two shapes are read: the prose of releases (bullets under a date and under the name of a country), and a CSV with one
such line in each row (`date`, `country`, `line`; what somebody coded beside it, `location` and `number`, is compared
with the prose and never replaces it). A declaration by whoever struck is an admission: actor and speaker are the same.

Place: "near X", "in the vicinity of X": twice X's disc; "in X": X's disc; "north of X": 25 km, no distance is told;
"near X and Y": the hull of both. A name that no list of places surely knows is the stated country. Where the place
that a name means lies in another country or province than is stated, either can be meant, and a note says so.

A row is named by what it says, not by where it stands: its day, its country and its words. So two files of one day do
not collide, and a release and a table of it agree.

Time: a release tells of the day before its own, up to its morning ("between 8 a.m. Jan. 22 and 8 a.m. Jan. 23"); the
CSV keeps the day of the release for most rows and that of the strikes for some, and does not say which. So a date is
that civil day and the one before it. "On Nov. 21" in the prose is that civil day alone.

Act: "a strike means one or more kinetic events", by aircraft or by rocket artillery, in the words of the releases: a
line that names artillery is that, every other an air strike, unless the acts of the case say otherwise of its word.

Source: US Central Command, releases on Operation Inherent Resolve, 2014 to 2016; text of the US government.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import chain
from typing import Any, BinaryIO

from truceline.canon import letters
from truceline.errors import Fault, InputError, one_line, quoted
from truceline.evidence.effects import FOES, Effect, compact, effects_of, masked
from truceline.evidence.quantities import Interval, interval, printed
from truceline.evidence.readers import Start
from truceline.evidence.reading import Found, Manner, Read, RowFault, Rows, is_harm, lines_of, opened
from truceline.evidence.schema import Named, region_row
from truceline.evidence.stated import Settled, settled, unit_code
from truceline.space import MOST_RADIUS_M, NOWHERE, Region, quantise
from truceline.span import Span, day_span

LICENCE = "US government text, public domain"
DECLARER = "US-led coalition"
PUBLISHER = "US Central Command"
COLUMNS = ("date", "country", "line")

TWICE, ONCE, TOWARDS = "near", "in", "towards"
_HOW = {
    "near": TWICE, "in the vicinity of": TWICE, "outside": TWICE, "outside of": TWICE, "around": TWICE,
    "in": ONCE, "at": ONCE, "inside": ONCE,
    **{f"{way} of": TOWARDS for way in "north south east west northeast northwest southeast southwest".split()},
}  # fmt: skip
_PLACE = re.compile(
    rf"(?P<how>{'|'.join(sorted(_HOW, key=len, reverse=True))})\s+(?:near\s+)?(?P<names>\S.*?)"
    r"(?:\s+in\s+(?P<unit>[A-Z].*?)(?:\s+(?:province|governorate|district))?)?[\s,*]*",
    re.IGNORECASE,
)
_STRIKES = re.compile(r"\b(?:air[ -]?)?(?:str?ikes?|attacks?|sorties?)\b,?", re.IGNORECASE)
_ARTILLERY = re.compile(r"artillery|rocket|himars|missile", re.IGNORECASE)
_OPENS = r"[-–—•*·\s]*v?(?=(?:{})\s)".format("|".join(sorted({how.split()[0].capitalize() for how in _HOW})))
_NEXT = re.compile(rf"(?<=[a-z)])\.\s+{_OPENS}")
_BULLET = re.compile(rf"(?:\s*[-–—•*·]\s*(?=[\"'“‘(\[]?[^\W_])|{_OPENS})")
_WAYS = "|".join(sorted(_HOW, key=len, reverse=True))
_TURNED = re.compile(
    rf"(?P<count>\S+(?:\s\S+){{0,5}}?)\s(?P<strikes>(?:air[ -]?)?strikes?)\s(?P<how>{_WAYS})\s"
    r"(?P<names>(?:(?:a[lnrstz]|ad|ash|as)[ -])?[A-Z]\S*(?:\s(?:and\s)?(?:a[lnrstz]-)?[A-Z]\S*)*)(?P<told>.*)"
)
""""One strike near Homs hit a hospital": the place stands behind the strikes."""

_AWAY = re.compile(
    rf"(?P<away>\d{{1,3}})\s?(?:km|kilomet(?:er|re)s?)\s(?={'|'.join(w for w, how in _HOW.items() if how == TOWARDS)})",
    re.IGNORECASE,
)
_PLACED = re.compile(rf"\b(?:{_WAYS})\s(?:the\s)?(?P<name>[A-Z][\w'’-]*(?:\s[A-Z][\w'’-]*)*)", re.ASCII)
_SENTENCE = re.compile(r"(?<=[a-z)])\.(?:\s+|$)")
_ALSO = re.compile(r"(?:The|These) (?:air)?strikes? also ")
_ASIDE = re.compile(r"A strike, as defined|Additionally on .*:$")
_MONTHS = {m: i for i, m in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_MONTH = r"(?P<month>Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?"
_DATED = re.compile(rf"\b{_MONTH}\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})\b")
_ON = re.compile(rf"\b[Oo]n\s+{_MONTH}\s+(?P<day>\d{{1,2}})(?:,?\s+(?P<year>\d{{4}}))?\b")
_LIKE_A_DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b")
_COUNTRY = re.compile(r"\b(?:[Ii]n\s+)([A-Z]\w+)\b")
MOST_TEXT, MOST_BEFORE = 4_000, 300
"""A line is no longer, and its strikes are told within so many characters; the longest of the releases has 897."""

MOST_HEADING = 4
"""The name of a country above its lines has so many words at most, *Strikes in* among them."""

MOST_JOINED = 20
"""A bullet goes on over so many lines at most."""


@dataclass(frozen=True)
class Declared:
    """One declaration, as its words stand.

    Attributes:
        how: `near`, `in` or `towards` ("north of").
        places: names, one or more.
        unit: the province that is named with them; empty = none.
        low: so many strikes at least; None = open.
        high: so many at most; None = open.
        kind: the words for what was done: `strike`, `airstrike`, `rocket artillery strike`.
        effects: what is said to have been hit, in order.
        unread: the part behind the strikes that no rule reads; empty = all was read.
        away_m: so far from the place, where a distance is told; 0 = none is.
    """

    how: str
    places: tuple[str, ...]
    unit: str
    low: int | None
    high: int | None
    kind: str
    effects: tuple[Effect, ...] = ()
    unread: str = ""
    away_m: int = 0

    def __str__(self) -> str:
        """The compact, canonical form: `near Ar Raqqah: 1 strike: destroyed 2 oil pump jacks`."""
        strikes = f"{printed(self.low, self.high)} {self.kind}{'s' * (self.high != 1)}"
        return ": ".join([self.place, strikes, *compact(self.effects, self.unread)])

    @property
    def place(self) -> str:
        """The place in words: `near Ar Raqqah`, `12 km towards Hama`."""
        away = f"{self.away_m // 1000} km " if self.away_m else ""
        return masked(f"{away}{self.how} {' and '.join(self.places)}")


@dataclass
class _Heading:
    """What holds for the lines that follow: the day of the release, the day that its text names, the country."""

    released: date | None = None
    day: date | None = None
    country: str = ""


@dataclass
class _Reading:
    """One file being read: how often a name stood in it, and places that were looked up already."""

    manner: Manner
    names: Counter[str] = field(default_factory=Counter)
    found: dict[tuple[str, str, str], Settled] = field(default_factory=dict)


def fits(start: Start) -> bool:
    """Whether a file begins like such a CSV, or like the prose of releases."""
    if {*COLUMNS, "location", "number"} <= {name.strip('" ') for name in start.line.split(",")}:
        return True
    if start.suffix not in (".txt", ".md", "") and start.suffix[1:].isalpha():
        return False
    lines = start.head.decode("utf-8-sig", "replace").splitlines()
    return any((_BULLET.match(line) and _STRIKES.search(line)) or _TURNED.match(line) for line in lines)


def read(file: BinaryIO, name: str, manner: Manner) -> Read:
    """Read declared strikes.

    Args:
        file: a CSV with a header line, or prose; plain or gzip.
        name: the file's name for messages.
        manner: clock, precision table, aliases and places of the agreement.

    Raises:
        InputError: not such a file, not UTF-8, or mostly nonsense.
    """
    rows, reading = Rows(name), _Reading(manner)
    lines = lines_of(opened(file, name), name)
    first = next(lines, "")
    head = {cell.strip('" \r\n') for cell in first.split(",")}
    is_country = lambda text: manner.placer.atlas.gazetteer.find(text, 0) is not None  # noqa: E731  # one question
    lines = chain([first], lines)
    taken = _table(lines, name, rows) if set(COLUMNS) <= head else _prose(lines, rows, is_country)
    for number, line, heading, coded in taken:
        row_id = ""
        try:
            for text in _chosen(line, coded):
                row_id = ""
                row_id, one = _next_id(reading, heading, text), declared(text)
                rows.take(_row(one, line, heading, coded, row_id=row_id, number=number, reading=reading))
        except RowFault as fault:
            rows.reject(number, row_id, fault)
    if not rows.count and not rows.rejected:
        raise InputError(Fault("expected lines such as `Near X, one strike destroyed ...`, found none", name))
    return rows.read()


# -- what a line says ------------------------------------------------------------------------------------------------


def declarations(line: str) -> list[str]:
    """The declarations of a line: one, unless its full stop is followed by another place."""
    return [" ".join(part.split()) for part in _NEXT.split(line) if part.strip()]


def declared(line: str) -> Declared:
    """What one declaration says.

    Raises:
        RowFault: no place or no number of strikes in it.

    >>> print(declared("- Near Ar Raqqah, one strike destroyed two oil pump jacks."))
    near Ar Raqqah: 1 strike: destroyed 2 oil pump jacks
    """
    text = _bare(line)
    away = _AWAY.match(text)
    text = text[away.end() :] if away else text
    strikes = _STRIKES.search(text)
    if not strikes or strikes.start() > MOST_BEFORE:
        raise RowFault("line", f"expected so many strikes, got {quoted(line)}")
    before, count, manner = _counted(text[: strikes.start()])
    place = _PLACE.fullmatch(before)
    if not place:
        raise RowFault("line", f"expected a place such as `Near X`, got {quoted(before)}")
    if count is None:
        raise RowFault("line", f"expected a number of strikes, got {quoted(text[: strikes.end()])}")
    names = (name.strip(" *,:") for name in re.split(r"\s+and\s+|\s*,\s*(?:and\s+)?", place["names"]))
    told, more = _told(text[strikes.end() :])
    effects, unread = effects_of(told)
    word = strikes[0].strip(",").casefold().replace("stikes", "strikes").replace("stike", "strike")
    kind = " ".join([*manner, word.removesuffix("s")])
    low, high = count
    how = _HOW[place["how"].casefold()]
    return Declared(
        how, tuple(dict.fromkeys(names)), place["unit"] or "", low, high, kind, effects, unread or more,
        int(away["away"]) * 1_000 if away else 0,
    )  # fmt: skip


def _bare(line: str) -> str:
    """A declaration without its bullet, its place before its strikes."""
    text = re.sub(rf"^{_BULLET.pattern}", "", " ".join(line.split()))
    turned = _TURNED.match(text[:MOST_BEFORE])
    if turned is None or interval(turned["count"]) is None:
        return text
    place = f"{turned['how'].capitalize()} {turned['names'].strip(' ,')}"
    end = turned.start("told")
    return f"{place}, {turned['count']} {turned['strikes']} {text[end:].strip(' ,')}"


def _told(text: str) -> tuple[str, str]:
    """What is told of the strikes, and what else the line says; the releases' definition of a strike is neither."""
    first, more = (part.strip(" .,") for part in (*_SENTENCE.split(text, maxsplit=1), "")[:2])
    also = _ALSO.match(more)
    if also:
        return f"{first}; {more[also.end() :]}", ""
    return first, "" if _ASIDE.match(more) else more


def _counted(text: str) -> tuple[str, Interval | None, list[str]]:
    """What stands before the number of strikes, the number, and the words between it and *strikes*."""
    words = text.split()
    for aside in range(min(4, len(words))):
        upto = len(words) - aside
        for start in range(max(1, upto - 6), upto):
            found = interval(" ".join(words[start:upto]))
            if found is not None:
                return " ".join(words[:start]), found, words[upto:]
    return text.strip(), None, []


# -- the two shapes of a file ----------------------------------------------------------------------------------------

Coded = Mapping[str, str]
Line = tuple[int, str, _Heading, Coded]


def _table(lines: Iterator[str], name: str, rows: Rows) -> Iterator[Line]:
    """The rows of the CSV; its own number of the line, the prose, what holds for it, and all columns."""
    reader, last = csv.DictReader(lines, strict=True), 1
    try:
        for raw in reader:
            last = reader.line_num
            get = {k: (v or "").strip() for k, v in raw.items() if isinstance(k, str) and not isinstance(v, list)}
            try:
                heading = _Heading(_release(get["date"]), None, get["country"].rpartition(",")[2].strip())
                yield reader.line_num, get["line"], heading, get
            except RowFault as fault:
                rows.reject(reader.line_num, "", fault)
    except csv.Error as error:
        at = reader.reader.line_num
        if "end of data" not in str(error) or at > last + 1:  # else what was cut off is one line
            raise InputError(Fault(f"not CSV: {error}", name, at)) from None
        rows.reject(at, "", RowFault("line", "the file ends within this row: it was cut off"))


def _release(text: str) -> date:
    """The day of a release, month first with two digits each, as the CSV writes it."""
    found = re.fullmatch(r"(\d{2})/(\d{2})/(\d{4})", text)
    try:
        day = date(int(found[3]), int(found[1]), int(found[2])) if found else date.fromisoformat(text)
    except ValueError:
        why = "; which number is the month?" if re.fullmatch(r"\d{1,2}[/.]\d{1,2}[/.]\d{4}", text) else ""
        raise RowFault("date", f"expected MM/DD/YYYY or YYYY-MM-DD, got {quoted(text)}{why}") from None
    return _checked(day)


def _checked(day: date) -> date:
    if not 1900 < day.year < 2200:
        raise RowFault("date", f"expected a year 1901..2199, got {day.year}")
    return day


def _prose(lines: Iterator[str], rows: Rows, is_country: Callable[[str], bool]) -> Iterator[Line]:
    """The bullets of a text; lines that are none say what holds for those below them, or are rejected."""
    heading, bullet, begun = _Heading(), "", 0
    for number, line in enumerate(chain(lines, ["\n"]), 1):
        text = " ".join(line.split())
        is_bullet = _is_bullet(line, text)
        goes_on = bool(bullet and text) and not is_bullet and not bullet.endswith(".")
        if goes_on and number - begun < MOST_JOINED and len(bullet) < MOST_TEXT and not _is_heading(text):
            bullet += " " + text
            continue
        if bullet:
            yield begun, bullet, heading, {}
            bullet = ""
        if is_bullet:
            bullet, begun = text, number
            continue
        try:
            if _tells(text, is_country):
                rows.reject(number, "", RowFault("line", "tells of strikes at a place in no shape that is read"))
                heading = _headed(heading, text, is_country) if _DATED.search(text[:80]) else heading
                continue
            heading = _headed(heading, text, is_country)
        except RowFault as fault:
            heading = _Heading(country=heading.country)  # INVARIANT: nothing below is dated by an earlier heading
            rows.reject(number, "", fault)


def _is_bullet(line: str, text: str) -> bool:
    turned = _TURNED.match(text)
    if turned is not None and interval(turned["count"]) is not None:
        return True
    return _BULLET.match(line) is not None and (text[:1] in "-–—•*·" or _STRIKES.search(line) is not None)


def _tells(text: str, is_country: Callable[[str], bool]) -> bool:
    """Whether a line that is no bullet tells of strikes at a place that is no country."""
    if not _STRIKES.search(text) or text.startswith("Strikes in "):
        return False
    names = [one["name"] for one in _PLACED.finditer(_ON.sub("", _DATED.sub("", text)))]
    return any(not is_country(name) and name not in _NO_PLACES for name in names)


_NO_PLACES = ("Operation Inherent Resolve", "Operation", "Coalition", "Combined Joint Task Force", "Southwest Asia")


def _is_heading(text: str) -> bool:
    return bool(_DATED.fullmatch(text.strip(" :"))) or len(text.split()) == 1


def _headed(heading: _Heading, text: str, is_country: Callable[[str], bool]) -> _Heading:
    """What holds after a line that is no bullet."""
    dated, on = _DATED.search(text), _ON.search(text)
    if not (dated or on) and len(text.split()) <= 6 and _LIKE_A_DATE.search(text):
        raise RowFault("date", f"expected a date such as Oct. 17, 2016, got {quoted(text)}")
    if dated and (on is None or dated.start() != on.start("month")):
        heading = _Heading(_day_of(dated, None), None, heading.country)
    if on:
        heading = replace(heading, day=_day_of(on, heading.released))
    named = {name for name in _COUNTRY.findall(text) if is_country(name)}
    if not named and text and len(text.split()) <= MOST_HEADING and not (dated or on):
        named = {text.strip(" :*").removeprefix("Strikes in ")}
    return replace(heading, country=named.pop()) if len(named) == 1 else heading


def _day_of(found: re.Match[str], released: date | None) -> date:
    """The day that a match names; without a year, the last such day up to the release."""
    month, day = _MONTHS[found["month"][:3].casefold()], int(found["day"])
    try:
        if found["year"]:
            return _checked(date(int(found["year"]), month, day))
        if released is None:
            raise RowFault("date", f"expected a year, got {quoted(found[0])}")
        this = date(released.year, month, day)
        return this if this <= released else date(released.year - 1, month, day)
    except ValueError:
        raise RowFault("date", f"no such day: {quoted(found[0])}") from None


# -- rows ------------------------------------------------------------------------------------------------------------


def _chosen(line: str, coded: Coded) -> list[str]:
    """The declarations of a line; of a row of the CSV the one that it codes, where its line holds several."""
    if len(line) > MOST_TEXT:
        raise RowFault("line", f"expected at most {MOST_TEXT} characters, got {len(line)}")
    texts = declarations(line)
    if not texts:
        raise RowFault("line", "expected a declaration, got nothing")
    if coded and len(texts) > 1:
        wanted = " ".join(coded.get("description", "").split()).rstrip(".")
        texts = [text for text in texts if wanted and text.rstrip(".").endswith(wanted)]
        if len(texts) != 1:
            raise RowFault("line", f"holds several declarations, of which the row codes {len(texts)}")
    return texts


def _next_id(reading: _Reading, heading: _Heading, text: str) -> str:
    """A name made of what is declared: the day, and a hash of day, country and words; the n-th same one says so.

    The day is that of the release where one is known, as a table of releases has it.
    """
    day = heading.released or heading.day
    if day is None:
        raise RowFault("date", "expected a line with a date above this one, got none")
    words = " ".join(re.findall(r"\w+", _ASIDE.split(_bare(text))[0].casefold()))
    name = f"strikes:{day}:{letters(f'{day}|{heading.country.casefold()}|{words}'.encode())}"
    reading.names[name] += 1
    return name if reading.names[name] == 1 else f"{name}:{reading.names[name]}"


def _row(
    one: Declared, line: str, heading: _Heading, coded: Coded, *, row_id: str, number: int, reading: _Reading
) -> dict[str, Any]:  # fmt: skip
    manner = reading.manner
    when = _when(heading, manner.tz)
    if manner.is_ahead(when):
        raise RowFault("date", f"an act of force dated in the future is refused: {heading.day or heading.released}")
    country = manner.placer.atlas.gazetteer.find(heading.country, 0) or ""
    impact, precision, doubt = _impact(one, country, reading)
    actor, target = manner.aliases.who(DECLARER), _target(line, manner)
    acts = _acts(one.kind, manner)
    return {
        "id": row_id, "source": "strikes", "source_id": row_id.removeprefix("strikes:"), "licence": LICENCE,
        "may_export": True, "line": number, "kind": "incident", "start": when.start, "end": when.end, "lasts": False,
        "time_text": coded.get("date") or str(heading.day or heading.released), "tz": manner.tz,
        "time_precision": "day" if heading.day else "release", "impact": region_row(impact),
        "place_text": one_line(one.place, 200), "place_precision": precision,
        "actor": list(actor.ids), "actor_mode": actor.mode, "actor_umbrella": actor.is_umbrella,
        "actor_text": DECLARER, "target": list(target.ids), "target_mode": target.mode,
        "target_umbrella": target.is_umbrella, "target_text": target.text or None, "unordered": False,
        "act": list(acts), "act_text": one.kind, "weapon": manner.aliases.weapon(one.kind)[0] or None,
        "count_low": one.low, "count_high": one.high, "count_unit": "strikes",
        "protected": is_harm(acts, target.ids, manner.tree), "asserted_by": DECLARER, "publisher": PUBLISHER,
        "chain": [DECLARER], "language": "en", "note": _note(one, coded, doubt), "known_at": manner.known_at,
        "published": None if heading.released is None else str(heading.released),
    }  # fmt: skip


def _when(heading: _Heading, tz: str) -> Span:
    if heading.day is not None:
        return day_span(heading.day, tz)
    released = heading.released or date.min
    return day_span(released - timedelta(days=1), tz).joined(day_span(released, tz))


def _target(line: str, manner: Manner) -> Named:
    """Whom the line calls its enemy; a line that names nobody leaves the target open."""
    foes = list(dict.fromkeys(FOES.findall(line)))
    return manner.aliases.together(foes, ", ".join(foes)) if foes else Named()


def _acts(kind: str, manner: Manner) -> tuple[str, ...]:
    alias = manner.aliases.act(kind)
    if alias is not None:
        return (alias.act,) if alias.act else ()
    return ("artillery", "rocket") if _ARTILLERY.search(kind) else ("air-strike",)


def _impact(one: Declared, country: str, reading: _Reading) -> tuple[Region, str, str]:
    """Everywhere a declaration can mean, the word for how precise that is, and what contradicts what."""
    manner = reading.manner
    found = [_settled(name, country, one.unit, reading) for name in one.places]
    for each in found:
        if each.areas:
            units = [manner.placer.atlas.gazetteer.unit(area) for area in each.areas]
            word = "country" if any(unit is not None and unit.level == 0 for unit in units) else "unit"
            return Region("area", areas=each.areas), word, each.note
    discs = [_disc(each.place, one, manner) for each in found]
    known = [disc for disc in discs if disc is not None]
    if len(known) < len(discs) or len(known) > 2:
        return (*_whole(unit_code(one.unit, manner.placer.atlas.gazetteer), country), "")
    lon_e7, lat_e7, radius_m, kind = known[0]
    if len(known) == 1:
        return Region("disc", lon_e7, lat_e7, radius_m, country=country), f"{one.how} {kind}", ""
    points = tuple(value for disc in known for value in disc[:2])
    widest = max(disc[2] for disc in known)
    return Region("hull", radius_m=widest, points_e7=points, country=country), f"{one.how} both", ""


def _whole(unit: str, country: str) -> tuple[Region, str]:
    """The stated unit, else the stated country, else nowhere, and the word for it."""
    area = unit or country
    if not area:
        return NOWHERE, "none"
    return Region("area", areas=(area,), country=country), "unit" if unit else "country"


def _settled(name: str, country: str, unit: str, reading: _Reading) -> Settled:
    """What a name means; each is looked up once in a file."""
    if (name, country, unit) not in reading.found:
        reading.found[name, country, unit] = settled(name, reading.manner, country=country, unit=unit)
    return reading.found[name, country, unit]


def _disc(found: Found | None, one: Declared, manner: Manner) -> tuple[int, int, int, str] | None:
    """Centre, radius in metres and kind of a place; None = no list of places surely knows it."""
    radius = manner.precision.places.get(found.kind) if found is not None else None
    if found is None or radius is None:
        return None
    told = radius + one.away_m * 11 // 10  # a distance is told in round numbers
    towards = told if one.away_m else max(2 * radius, manner.precision.places["about-25km"])
    wide = {ONCE: radius, TWICE: 2 * radius, TOWARDS: towards}[one.how]
    return (*quantise(found.lon_deg, found.lat_deg), wide, found.kind) if wide <= MOST_RADIUS_M else None


def _note(one: Declared, coded: Coded, doubt: str) -> str:
    """The compact form, what is doubtful, and where the columns that somebody coded say otherwise than the prose."""
    told = [str(one), *[doubt] * bool(doubt)]
    number, place = coded.get("number", ""), coded.get("location", "")
    if number and interval(number) != (one.low, one.high):
        told.append(f"coded as {masked(one_line(number, 20))}")
    if place and place.casefold() not in {" and ".join(one.places).casefold(), *(p.casefold() for p in one.places)}:
        told.append(f"coded at {masked(one_line(place, 60))}")
    return one_line(" | ".join(told), 2_000)
