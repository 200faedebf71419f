"""What did the field send? Submissions of the forms in `questions`: OpenRosa XML, a zip of them, or JSON lines.

Every quantity is read as the interval that was given. An observation is the sector from its post, its ranges and its
bearings widened by what the receiver says of its own accuracy; a look that found nothing counts as far as it surely
reached, that accuracy taken off. Whoever could not look says so, and why: that is evidence in its own right. Notified
sites, movements and flights are words of whoever notifies: statements, never acts, whatever day they speak of.

A jammed sensor that found nothing has not looked. The names of those who answer are never asked; contacts of notifying
offices are asked and enter no table. Files beside the submissions of a zip, such as photos, are not read.

Limits: a submission of 1 MiB, 16 levels of elements, 200 answers, 100,000 submissions in a zip. An entity, a document
type or an external reference refuses the submission, a zip that unpacks to more than it should refuses the file.

Source: ODK XForms 1.0; OpenRosa metadata; the JSON of KoBoToolbox.
"""

from __future__ import annotations

import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError  # the name of an error; the parser is that of defusedxml

import msgspec

from truceline.atlas import Atlas
from truceline.canon import sha256
from truceline.errors import Fault, InputError, one_line, quoted
from truceline.evidence import own
from truceline.evidence.places import Spot
from truceline.evidence.quantities import Interval, interval, printed
from truceline.evidence.questions import CHOICES, FORMS, MARK, MOST_COUNT, MOST_RANGE_M
from truceline.evidence.readers import Start
from truceline.evidence.reading import (
    FREE_UNPACKED,
    MOST_RATIO,
    Manner,
    Read,
    RowFault,
    Rows,
    is_harm,
    lines_of,
    opened,
)
from truceline.evidence.schema import NOBODY, ONE, Named, region_row
from truceline.evidence.stated import Settled, settled, swapped
from truceline.group import RESERVED
from truceline.space import Region, quantise
from truceline.span import Span, parse_span

LICENCE = "collected for this case"
MOST_SUBMISSION = 1 << 20
MOST_DEPTH = 16
MOST_ANSWERS = 200
MOST_ENTRIES = 100_000
MOST_ACCURACY_M = 100
"""A bearing from a post that is not known to within so many metres says nothing certain."""

NOT_PUBLISHED = ("observation", "negative", "denied", "site", "movement", "flight")
"""Forms whose rows tell where a post stands or what was notified: they are not passed on."""

_WHOLE = re.compile(r"-?\d{1,9}(?:\.0+)?")
_DECIMAL = re.compile(r"-?\d{1,9}(?:\.\d{1,12})?")
_ZIPPED = b"PK\x03\x04"

Row = dict[str, Any]


@dataclass(frozen=True)
class Point:
    """A position: degrees, and how far it can be off, in whole metres."""

    lon_deg: float
    lat_deg: float
    off_m: int


@dataclass(frozen=True)
class Answers:
    """The answers of one submission, by the names of the questions; positions are held against the country."""

    given: Mapping[str, str]
    atlas: Atlas | None = None
    country: str = ""

    def text(self, name: str, *, needed: bool = False) -> str:
        """A text on one line; empty = not answered."""
        found = one_line(self.given.get(name, ""), 500)
        if needed and not found:
            raise RowFault(name, "expected an answer, got nothing")
        return found

    def choice(self, name: str, choices: str) -> str:
        """One answer of a list of choices."""
        found = self.text(name, needed=True)
        if found not in CHOICES[choices]:
            raise RowFault(name, f"expected one of {', '.join(CHOICES[choices])[:180]}, got {quoted(found)}")
        return found

    def whole(self, name: str, least: int, most: int) -> int | None:
        """A whole number within limits; None = not answered."""
        found = self.text(name)
        if not found:
            return None
        value = int(found.partition(".")[0]) if _WHOLE.fullmatch(found) and found.isascii() else None
        if value is None or not least <= value <= most:
            raise RowFault(name, f"expected a whole number {least}..{most}, got {quoted(found)}")
        return value

    def needed(self, name: str, least: int, most: int) -> int:
        """A whole number within limits that has to be there."""
        found = self.whole(name, least, most)
        if found is None:
            raise RowFault(name, f"expected a whole number {least}..{most}, got nothing")
        return found

    def bearing(self, name: str) -> float:
        """Degrees clockwise from true north, 0..360."""
        found = self.text(name, needed=True)
        value = float(found) if _DECIMAL.fullmatch(found) and found.isascii() else -1.0
        if not 0 <= value <= 360:
            raise RowFault(name, f"expected degrees 0..360, got {quoted(found)}")
        return value

    def point(self, name: str) -> Point:
        """A position as forms give it: latitude, longitude, altitude, accuracy; it is never repeated in a fault."""
        parts = self.text(name, needed=True).split()
        if not 2 <= len(parts) <= 4 or not all(_DECIMAL.fullmatch(p) and p.isascii() for p in (*parts[:2], *parts[3:])):
            raise RowFault(name, "expected latitude and longitude in degrees")
        lat, lon = float(parts[0]), float(parts[1])
        if abs(lat) > 90 >= abs(lon) and abs(lat) <= 180:
            raise RowFault(name, "latitude out of range: are latitude and longitude swapped?")
        try:
            quantise(lon, lat)
        except InputError as error:
            raise RowFault(name, str(error).partition(", got")[0]) from None
        if self.atlas is not None and self.country and (why := swapped(self.atlas, self.country, (lon, lat))):
            raise RowFault(name, why)
        off = int(-(-float(parts[3]) // 1)) if len(parts) == 4 else 0
        if not 0 <= off <= MOST_RANGE_M:
            raise RowFault(name, f"expected an accuracy of 0..{MOST_RANGE_M} m")
        return Point(lon, lat, off)


def fits(start: Start) -> bool:
    """Whether a file begins like a submission of one of these forms, or like a zip of submissions."""
    if start.head[:4] == _ZIPPED:
        names = [name for name in _names_in(start.head) if name.lower().endswith(b".xml")]
        return any(b"[Content_Types]" not in name and b"docProps/" not in name and b"xl/" not in name for name in names)
    return MARK.encode() in start.head and start.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"<", b"{")


def read(file: BinaryIO, name: str, manner: Manner) -> Read:
    """Read submissions.

    Args:
        file: one XML submission, a zip of them, or JSON lines; the latter plain or gzip.
        name: the file's name for messages.
        manner: clock, precision table, aliases and places of the agreement.

    Raises:
        InputError: not a submission, a zip that cannot be unpacked or is a bomb, or mostly nonsense.
    """
    rows = Rows(name)
    start = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    file.seek(0)
    if start[:2] == b"PK":
        _take_all(_zipped(file, name, rows), rows, manner)
    elif start[:1] == b"<":
        _take_one(file, name, rows, manner)
    else:
        _take_all(_json_lines(file, name, rows), rows, manner)
    if not rows.count and not rows.rejected:
        raise InputError(Fault("the file holds no submission of these forms", name))
    return rows.read()


# -- the three shapes of a file --------------------------------------------------------------------------------------

Submitted = tuple[int, Mapping[str, str], str]


def _take_one(file: BinaryIO, name: str, rows: Rows, manner: Manner) -> None:
    """A file of one submission: what is wrong with its form is wrong with the file."""
    data = file.read(MOST_SUBMISSION + 1)
    try:
        given = _parsed(data)
    except RowFault as fault:
        raise InputError(Fault(f"not a submission: {fault.reason}", name)) from None
    if MARK not in given:
        raise InputError(Fault(f"not a submission of these forms: no answer {quoted(MARK)}", name))
    _take_all(iter([(1, given, sha256(data))]), rows, manner)


def _take_all(submitted: Iterator[Submitted], rows: Rows, manner: Manner) -> None:
    for number, given, digest in submitted:
        row_id = ""
        try:
            row_id = _id(given)
            answers = Answers(given, manner.placer.atlas, _country(manner))
            rows.take(_row(answers, row_id, number, digest, manner=manner))
        except RowFault as fault:
            rows.reject(number, row_id, fault)


def _zipped(file: BinaryIO, name: str, rows: Rows) -> Iterator[Submitted]:
    """The submissions of a zip, by the place of each in it; each is unpacked by itself and never beyond its limit."""
    try:
        with zipfile.ZipFile(file) as packed:
            entries = packed.infolist()
            if len(entries) > MOST_ENTRIES:
                raise InputError(Fault(f"expected at most {MOST_ENTRIES} files in a zip, got {len(entries)}", name))
            size, total = max(file.seek(0, io.SEEK_END), 1), 0
            for number, entry in enumerate(entries, 1):
                if not entry.filename.lower().endswith(".xml"):
                    continue
                try:
                    with packed.open(entry) as one:
                        data = one.read(MOST_SUBMISSION + 1)
                    total += len(data)
                    if total > FREE_UNPACKED and total > MOST_RATIO * size:
                        what = f"unpacks to more than {MOST_RATIO} times its size: expected submissions, got a bomb"
                        raise InputError(Fault(what, name))
                    yield number, _parsed(data), sha256(data)
                except RowFault as fault:
                    rows.reject(number, "", fault)
                except (RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile, EOFError) as error:
                    rows.reject(number, "", RowFault("submission", f"cannot be unpacked: {one_line(str(error), 100)}"))
    except (zipfile.BadZipFile, OSError, ValueError, struct.error) as error:
        raise InputError(Fault(f"cannot be unpacked: {one_line(str(error), 100)}", name)) from None


def _json_lines(file: BinaryIO, name: str, rows: Rows) -> Iterator[Submitted]:
    """Submissions as KoBo gives them: a flat object on each line, keys with the groups before the names."""
    for number, line in enumerate(lines_of(opened(file, name), name), 1):
        if not line.strip():
            continue
        try:
            found = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError) as error:
            rows.reject(number, "", RowFault("submission", f"not JSON: {one_line(str(error), 100)}"))
            continue
        plain = {
            key.rpartition("/")[2]: str(value)
            for key, value in islice(found.items(), MOST_ANSWERS)
            if isinstance(value, str | int | float) and not isinstance(value, bool)
        }
        if "_uuid" in plain:
            plain.setdefault("instanceID", f"uuid:{plain['_uuid']}")
        yield number, plain, sha256(line.encode())


def _parsed(data: bytes) -> dict[str, str]:
    """The answers of an XML submission: names of elements without their namespaces, to their texts.

    Raises:
        RowFault: not XML, too large, too deep, or with entities, which no submission needs.
    """
    from defusedxml import DefusedXmlException  # noqa: PLC0415  # only those who read submissions load it
    from defusedxml.ElementTree import iterparse  # noqa: PLC0415  # the same

    if len(data) > MOST_SUBMISSION:
        raise RowFault("submission", f"expected at most {MOST_SUBMISSION} bytes")
    given: dict[str, str] = {}
    depth = count = 0
    try:
        for event, element in iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True):
            depth, count = (depth + 1, count + 1) if event == "start" else (depth - 1, count)
            if depth > MOST_DEPTH or count > MOST_ANSWERS:
                raise RowFault("submission", f"expected at most {MOST_DEPTH} levels and {MOST_ANSWERS} answers")
            if event == "start" and depth == 1:
                given["version"] = element.get("version", "")
            elif event == "end":
                if element.text and element.text.strip():
                    given.setdefault(element.tag.rpartition("}")[2], element.text.strip())
                element.clear()
    except DefusedXmlException as error:
        raise RowFault("submission", f"refused: {type(error).__name__}: no submission needs this") from None
    except (ParseError, ValueError, LookupError) as error:
        raise RowFault("submission", f"not XML: {one_line(str(error), 100)}") from None
    return given


def _names_in(head: bytes) -> Iterator[bytes]:
    """Names of the entries whose headers lie in the first bytes of a zip."""
    at = head.find(_ZIPPED)
    while 0 <= at <= len(head) - 30:
        yield head[at + 30 : at + 30 + int.from_bytes(head[at + 26 : at + 28], "little")]
        at = head.find(_ZIPPED, at + 4)


def _id(given: Mapping[str, str]) -> str:
    """The id that the device gave the submission, the same wherever it is sent to."""
    found = given.get("instanceID", "").removeprefix("uuid:")
    if not re.fullmatch(r"[A-Za-z0-9_.:-]{8,64}", found):
        raise RowFault("instanceID", f"expected the id of a submission, got {quoted(found)}")
    return f"forms:{found}"


# -- rows ------------------------------------------------------------------------------------------------------------


def _row(answers: Answers, row_id: str, number: int, digest: str, *, manner: Manner) -> Row:
    """One submission as a row of the schema."""
    form = answers.text(MARK, needed=True)
    if form not in FORMS:
        raise RowFault(MARK, f"expected one of {', '.join(FORMS)}, got {quoted(form)}")
    when = _when(answers, manner.tz)
    made = {
        "id": row_id, "source": "forms", "source_id": row_id.removeprefix("forms:"),
        "source_version": answers.text("version") or None, "licence": LICENCE, "may_export": form not in NOT_PUBLISHED,
        "line": number, "start": when.start, "end": when.end, "lasts": when.lasts,
        "time_text": f"{answers.text('since')} to {answers.text('until')}", "tz": manner.tz,
        "time_precision": "exact", "impact": None, "origin": None, "low_m": None, "high_m": None, "unordered": False,
        **_named(Named(), "actor"), **_named(Named(), "target"), "reporter_withheld": True, "original": digest,
        "known_at": manner.known_at,
    }  # fmt: skip
    row = made | _BY_FORM[form](answers, manner)
    if form not in _NOTICES and manner.is_ahead(when):
        raise RowFault("until", "an observation dated in the future is refused")
    row["protected"] = is_harm(row["act"], row["target"], manner.tree)
    own.check_row(row, manner)
    return row


def _when(answers: Answers, tz: str) -> Span:
    """From the first moment to the last; what lasts begins and ends with them, what happened lies within them."""
    texts = {name: answers.text(name, needed=True) for name in ("since", "until")}
    spans = {}
    for name, text in texts.items():
        try:
            spans[name] = parse_span(text, tz)
        except InputError as error:
            raise RowFault(name, str(error)) from None
    since, until = spans["since"], spans["until"]
    lasts = answers.text(MARK) not in ("incident", "observation")
    end = until.start if lasts else until.end
    if until.start < since.start or end <= since.start:
        raise RowFault("until", f"ends before it begins: {quoted(texts['until'][:19])} < {quoted(texts['since'][:19])}")
    return Span(since.start, end, lasts)


def _incident(answers: Answers, manner: Manner) -> Row:
    region, text, precision, doubt = _place(answers, manner)
    target = answers.choice("target", "targets")
    struck = (
        Named((target,), ONE, text=target) if target in RESERVED else manner.aliases.who(answers.text("target_text"))
    )
    killed = _ends(answers, "killed")
    return {
        "kind": "incident", "impact": region_row(region), "place_text": text or None, "place_precision": precision,
        **_done(answers, manner), **_named(struck, "target"), **_counted(answers),
        "weapon": manner.aliases.weapon(answers.text("weapon"))[0] or answers.text("weapon") or None,
        "killed_low": killed[0], "killed_high": killed[1], "asserted_by": answers.text("said_by", needed=True),
        "note": doubt or None,
    }  # fmt: skip


def _observation(answers: Answers, manner: Manner) -> Row:
    post = answers.text("post", needed=True)
    side = "origin" if answers.choice("seen", "ends") == "origin" else "impact"
    return {
        "kind": "observation", side: region_row(_sector(answers)), "place_precision": "range and bearing",
        **_done(answers, manner), **_counted(answers), **_looked(answers), "asserted_by": post, "coverage": post,
    }  # fmt: skip


def _negative(answers: Answers, manner: Manner) -> Row:  # noqa: ARG001  # one signature for all forms
    post, point = answers.text("post", needed=True), answers.point("position")
    reach_m = answers.needed("reach_m", 1, MOST_RANGE_M) - point.off_m
    if reach_m <= 0:
        raise RowFault("reach_m", f"reaches less far than the position is off, {point.off_m} m")
    looked = _looked(answers)
    return {
        "kind": "observation", "impact": region_row(_disc(point, reach_m)), "place_precision": "reach of the observer",
        "act": ["observe"], **looked, "asserted_by": post, "negative": looked["impediment"] is None,
        "coverage": post if looked["impediment"] is None else None,
    }  # fmt: skip


def _denied(answers: Answers, manner: Manner) -> Row:
    why = answers.choice("impediment", "impediments").replace("-", " ")
    actor = manner.aliases.who(answers.text("denied_by"))
    is_deed = why == "access denied" or (why == "jamming" and bool(actor.text))
    act = "observe" if not is_deed else "deny-access" if why == "access denied" else "obstruct"
    return {
        "kind": "impediment", "impact": region_row(_around(answers)), "place_precision": "stated radius",
        "act": [act], "act_text": why, **_named(actor if is_deed else Named((), NOBODY), "actor"),
        "asserted_by": answers.text("post", needed=True), "access_denied": True, "impediment": why,
    }  # fmt: skip


def _notice(kind: str) -> Callable[[Answers, Manner], Row]:
    """What a side announces: its words, whatever comes of them; one that names two ends is the space between them."""

    def row(answers: Answers, manner: Manner) -> Row:  # noqa: ARG001  # one signature for all forms
        what = answers.choice(f"{kind}_kind", {"site": "sites", "movement": "movements", "flight": "flights"}[kind])
        low, high = _ends(answers, "count") if kind == "movement" else (None, None)
        return {
            "kind": kind, "impact": region_row(_around(answers) if kind == "site" else _way(answers)),
            "place_precision": "stated radius", "act": ["statement"], "act_text": what,
            "asserted_by": answers.text("notified_by", needed=True), "count_low": low, "count_high": high,
            "callsign": answers.text("callsign", needed=True) if kind == "flight" else None,
            **({key: answers.needed(key, -500, 30_000) for key in ("low_m", "high_m")} if kind == "flight" else {}),
        }  # fmt: skip

    return row


_NOTICES = ("site", "movement", "flight")
_BY_FORM: Mapping[str, Callable[[Answers, Manner], Row]] = {
    "incident": _incident, "observation": _observation, "negative": _negative, "denied": _denied,
    **{kind: _notice(kind) for kind in _NOTICES},
}  # fmt: skip


# -- places ----------------------------------------------------------------------------------------------------------


def _disc(point: Point, radius_m: int) -> Region:
    lon_e7, lat_e7 = quantise(point.lon_deg, point.lat_deg)
    return Region("disc", lon_e7, lat_e7, radius_m)


def _around(answers: Answers) -> Region:
    """The disc about a point, with what the point itself can be off."""
    point = answers.point("place")
    return _disc(point, answers.needed("within_m", 0, MOST_RANGE_M) + point.off_m)


def _way(answers: Answers) -> Region:
    """Between two points and as far from the straight line as stated."""
    ends = answers.point("place"), answers.point("to_place")
    radius_m = answers.needed("within_m", 0, MOST_RANGE_M) + max(end.off_m for end in ends)
    points = [quantise(end.lon_deg, end.lat_deg) for end in ends]
    return Region("hull", radius_m=radius_m, points_e7=tuple(value for point in points for value in point))


def _sector(answers: Answers) -> Region:
    """The sector from a post; its ranges and its bearings give way by what the position can be off.

    Whoever stands `off_m` beside the stated point sees what is `near_m` away at a bearing that differs by the arcsine
    of `off_m / near_m` at the most. What is no farther away than that can lie on any side: then the sector is a disc.
    """
    point = answers.point("position")
    if point.off_m > MOST_ACCURACY_M:
        raise RowFault("position", f"known to within {point.off_m} m: a bearing needs {MOST_ACCURACY_M} m or better")
    near, far = answers.needed("near_m", 0, MOST_RANGE_M), answers.needed("far_m", 1, MOST_RANGE_M)
    if far <= near:
        raise RowFault("far_m", f"expected more than the nearest distance, {near} m, got {far}")
    first, last = answers.bearing("from_deg"), answers.bearing("to_deg")
    if first == last:
        raise RowFault("to_deg", "expected another bearing than the first; all round is 0 to 360")
    if point.off_m and near <= point.off_m:
        return _disc(point, far + point.off_m)
    aside = math.degrees(math.asin(point.off_m / near)) if point.off_m else 0.0
    if point.off_m and ((last - first) % 360 or 360) + 2 * aside >= 360:
        first, last, aside = 0.0, 360.0, 0.0
    return Region(
        "sector", *quantise(point.lon_deg, point.lat_deg), near_m=max(near - point.off_m, 0), far_m=far + point.off_m,
        from_deg=_outward(first, -aside), to_deg=_outward(last, aside),
    )  # fmt: skip


def _outward(bearing_deg: float, aside_deg: float) -> float:
    """A bearing, so many degrees to one side, rounded to a thousandth that is no nearer."""
    if not aside_deg:
        return bearing_deg
    rounded = math.floor if aside_deg < 0 else math.ceil
    return rounded((bearing_deg + aside_deg) * 1_000) / 1_000 % 360


def _place(answers: Answers, manner: Manner) -> tuple[Region, str, str, str]:
    """Where an incident was: the region, the words, the word for its precision, and what contradicts what."""
    if answers.choice("place_how", "place_how") == "point":
        return _around(answers), "", "stated radius", ""
    name, word = answers.text("place_name", needed=True), answers.choice("place_precision", "place_precision")
    kind, country, places = manner.precision.word("reports", word), _country(manner), manner.precision.places
    unit = answers.text("place_unit")
    meant = settled(name, manner, unit=unit) if kind in places else Settled()
    if meant.areas:
        return Region("area", areas=meant.areas), name, word, meant.note
    found = meant.place
    if found is not None and kind is not None and found.kind in places:
        wider = max(kind, found.kind, key=lambda one: places[one])  # of two words the wider one holds
        spot = Spot(wider, found.lon_deg, found.lat_deg, (), found.country or country)
        return manner.placer.region(spot), name, word, ""
    level = {"district": 2, "governorate": 1}.get(word)
    names = tuple(dict.fromkeys([*([(1, unit)] if unit else []), *([(level, name)] if level else [])]))
    return manner.placer.region(Spot(kind or "country", None, None, names, country)), name, word, ""


def _country(manner: Manner) -> str:
    """The country of the case, if it has one."""
    atlas = manner.placer.atlas
    countries = [unit.code for unit in atlas.gazetteer if unit.level == 0 and unit.code not in atlas.basemap]
    return countries[0] if len(countries) == 1 else ""


# -- who, what, how many ---------------------------------------------------------------------------------------------


def _named(named: Named, what: str) -> Row:
    return {
        what: list(named.ids), f"{what}_mode": named.mode, f"{what}_umbrella": named.is_umbrella,
        f"{what}_text": named.text or None,
    }  # fmt: skip


def _done(answers: Answers, manner: Manner) -> Row:
    """The act, and by whom."""
    act = answers.text("act", needed=True)
    if act not in manner.tree:
        raise RowFault("act", f"expected an act of the agreement, got {quoted(act)}")
    return {"act": [act], "act_text": act, **_named(manner.aliases.who(answers.text("actor")), "actor")}


def _looked(answers: Answers) -> Row:
    """By what it was observed, and whether that was jammed."""
    is_jammed = answers.choice("jammed", "yes_no") == "yes"
    return {"sensor": answers.choice("sensor", "sensors"), "impediment": "jamming" if is_jammed else None}


def _counted(answers: Answers) -> Row:
    """How many, from the two numbers, else from the words; the two may not exclude one another."""
    low, high = _ends(answers, "count")
    words = answers.text("count_words")
    if words:
        found, is_told = interval(words), low is not None or high is not None
        if found is None and not is_told:
            raise RowFault("count_words", f"expected a number such as `more than 350`, got {quoted(words)}")
        if found is not None and is_told and not _meet(found, (low, high)):
            raise RowFault("count_words", f"contradicts the numbers {printed(low, high)}: got {quoted(words)}")
        low, high = found if found is not None and not is_told else (low, high)
    return {"count_low": low, "count_high": high, "count_unit": answers.text("count_unit") or None}


def _meet(one: Interval, other: Interval) -> bool:
    """Whether two intervals have a number in common."""
    return all(low is None or high is None or low <= high for low, high in ((one[0], other[1]), (other[0], one[1])))


def _ends(answers: Answers, what: str) -> tuple[int | None, int | None]:
    low, high = (answers.whole(f"{what}_{end}", 0, MOST_COUNT) for end in ("low", "high"))
    if low is not None and high is not None and high < low:
        raise RowFault(f"{what}_high", f"expected at least {low}, got {high}")
    return low, high
