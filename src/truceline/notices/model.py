"""What does somebody make known ahead, so that it is spared? Five kinds of notices, five fields on a telephone.

    what    the name of the site, what moves, the call sign, what is repaired
    place   the town or village in words: what the position is held against
    where   one position, or the points of a route in their order: degrees or MGRS, parted by `;`
    when    from, and until
    to      to whom, how finely: the owner's consent, one recipient at a time

Everything else has a default, or is the desk's. Positions live in the desk's notice book and in what each recipient is
given: never in the record. No `repr` holds a word of a notice.

Source: docs/adr/0023-notices.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from truceline.errors import Fault, InputError, quoted
from truceline.group import Sight
from truceline.mgrs import position
from truceline.span import Span, parse_span

SITE, MOVEMENT, FLIGHT, REPAIR, PAUSE = "site", "movement", "flight", "repair", "pause"
KINDS: Final = (SITE, MOVEMENT, FLIGHT, REPAIR, PAUSE)
CATEGORIES: Final = (
    "hospital", "clinic", "ambulance", "school", "shelter", "camp", "water", "power", "bread", "warehouse", "worship",
    "heritage", "office", "convoy", "crossing", "other",
)  # fmt: skip
"""What a notice is about, so far as a recipient may always know it."""

MEDICAL: Final = frozenset({"hospital", "clinic", "ambulance"})
LEADS: Final[Mapping[str, int]] = {"48h": 48 * 3_600, "24h": 24 * 3_600, "emergency": 0}
"""How long before its beginning a notice was given, as it says itself, in seconds."""

LEVELS: Final[Mapping[str, Sight]] = {
    "exact": Sight.AS_REPORTED, "town": Sight.TOWN, "cell": Sight.CELL, "region": Sight.REGION, "count": Sight.COUNT,
}  # fmt: skip
"""How finely an owner lets a recipient see a notice, by its word: the place ladder, finest first."""

MOST_TEXT, MOST_POINTS, MOST_AREAS, MOST_TO = 200, 200, 50, 40
"""Letters of a field; points of a route; areas; recipients."""

STALE_S: Final = 180 * 86_400
"""So long after it was last looked at a site is stale: it counts until then, where no other end is said."""

MOST_ACCURACY_M: Final = 100_000
DEGREE_M: Final = 111_320
"""A degree of latitude, and the most that one of longitude is."""

_MGRS = re.compile(r"\d{1,2}[A-Z][A-Z]{2}(\d*)")
_FRACTION = re.compile(r"\.(\d+)")
_REF = re.compile(r"[\w.:-]{1,64}")


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the owner of a notice lets one recipient see.

    Attributes:
        to: an actor of the text.
        level: a key of `LEVELS`.
        since: UTC second at which it was given; 0 = not known yet.
        ended: UTC second at which it was revoked; 0 = it stands.
    """

    to: str
    level: str = "exact"
    since: int = 0
    ended: int = 0

    @property
    def sight(self) -> Sight:
        """How finely; NOTHING once it was revoked."""
        return Sight.NOTHING if self.ended else LEVELS[self.level]


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A notice as its owner gives it: texts as they were typed; what is empty was not said.

    Attributes:
        kind: one of `KINDS`.
        what, place, where: see above.
        since: a time text; of a site, the day on which it was last looked at.
        until: a time text: the end, or until when a site counts as it is.
        to: the owner's consent.
        category: one of `CATEGORIES`.
        areas: units of the gazetteer, zones of the text or road segments, for what is known by name.
        callsign: of a flight.
        low_m_amsl, high_m_amsl: of a flight, metres above mean sea level; None = not said.
        lead: a key of `LEADS`; empty = by its kind.
        reason: why it is an emergency.
        accuracy_m: how far the position may be off, as its owner says; 0 = as it is written.
        owner: whose it is: an actor of the text, or a name that the desk knows.
        contact, address, note: for the desk alone.
        replaces: id of the notice that this one corrects.
    """

    kind: str
    what: str = ""
    place: str = ""
    where: str = ""
    since: str = ""
    until: str = ""
    to: tuple[Consent, ...] = ()
    category: str = "other"
    areas: tuple[str, ...] = ()
    callsign: str = ""
    low_m_amsl: int | None = None
    high_m_amsl: int | None = None
    lead: str = ""
    reason: str = ""
    accuracy_m: int = 0
    owner: str = ""
    contact: str = ""
    address: str = ""
    note: str = ""
    replaces: str = ""

    def __repr__(self) -> str:
        """Nothing of it: this is what logs and tracebacks print."""
        return f"Draft({self.kind if self.kind in KINDS else '?'})"

    __str__ = __repr__

    @property
    def lead_s(self) -> int:
        """How long before its beginning it says that it was given, in seconds; 0 = a site, or an emergency."""
        return LEADS.get(self.lead or LEAD_OF.get(self.kind, ""), 0)


LEAD_OF: Final[Mapping[str, str]] = {MOVEMENT: "48h", FLIGHT: "24h", REPAIR: "48h", PAUSE: "24h"}
"""The lead time of a kind that says none; a site has none."""


@dataclass(frozen=True)
class Plotted:
    """A notice, read: numbers in the place of texts.

    Attributes:
        id: of the notice; empty = it has none yet.
        lon_deg, lat_deg: `(n,)` its points on WGS 84, in the order of the route; none = known by `areas` alone.
        accuracy_m: by which each point may be off.
        when: from the first second that it can mean to the last, UTC.
        to: recipients that may see it now.
    """

    id: str
    kind: str
    what: str
    lon_deg: tuple[float, ...]
    lat_deg: tuple[float, ...]
    accuracy_m: int
    when: Span
    areas: tuple[str, ...] = ()
    callsign: str = ""
    low_m_amsl: int | None = None
    high_m_amsl: int | None = None
    to: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Nothing of it but its kind and id."""
        return f"Plotted({self.kind} {self.id})"


def shape_faults(one: Draft) -> list[Fault]:
    """What of a notice is of no known kind, or too much: faults that no look at a map is needed for."""
    found = [
        Fault(f"expected one of {', '.join(known)}, got {quoted(value)}", field=f"`{name}`")
        for name, value, known in (
            ("kind", one.kind, KINDS), ("category", one.category, CATEGORIES), ("lead", one.lead, ("", *LEADS)),
        )
        if value not in known
    ]  # fmt: skip
    found += [
        Fault(f"expected at most {MOST_TEXT} letters", field=f"`{name}`")
        for name in ("what", "place", "since", "until", "callsign", "reason", "owner", "contact", "address", "note")
        if len(getattr(one, name)) > MOST_TEXT
    ]
    if len(one.areas) > MOST_AREAS or not all(_REF.fullmatch(area) for area in one.areas):
        found.append(Fault(f"expected at most {MOST_AREAS} codes of units or zones", field="`areas`"))
    if len(one.to) > MOST_TO or len({consent.to for consent in one.to}) != len(one.to):
        found.append(Fault(f"expected at most {MOST_TO} recipients, each once", field="`to`"))
    if any(consent.level not in LEVELS for consent in one.to):
        found.append(Fault(f"expected `level` to be one of {', '.join(LEVELS)}", field="`to`"))
    if not 0 <= one.accuracy_m <= MOST_ACCURACY_M:
        found.append(Fault(f"expected metres, 0 to {MOST_ACCURACY_M}", field="`accuracy_m`"))
    if one.low_m_amsl is not None and one.high_m_amsl is not None and one.low_m_amsl > one.high_m_amsl:
        found.append(Fault("expected a lowest height that is not above the greatest", field="`low_m_amsl`"))
    if one.replaces and not re.fullmatch("[a-p]{16}", one.replaces):
        found.append(Fault("expected the id of a notice", field="`replaces`"))
    return found


def points_of(where: str) -> list[str]:
    """The positions of a text, as they were typed, in their order."""
    return [part.strip() for part in re.split(r"[;\n]", where) if part.strip()]


def plot(one: Draft, tz: str, of: str = "") -> Plotted:
    """Read a notice that `shape_faults` let through.

    Args:
        one: as it was given.
        tz: zone of its time texts.
        of: its id.

    Raises:
        InputError: a position or a time cannot be read; the message never repeats a position.
    """
    parts = points_of(one.where)
    if len(parts) > MOST_POINTS:
        raise InputError(Fault(f"expected at most {MOST_POINTS} points", field="`where`"))
    try:
        points = [position(part) for part in parts]
    except InputError:
        raise InputError(Fault("expected latitude and longitude in degrees, or MGRS", field="`where`")) from None
    written = max((written_accuracy_m(part) for part in parts), default=0)
    return Plotted(
        of, one.kind, one.what, tuple(lon for lon, _ in points), tuple(lat for _, lat in points),
        max(one.accuracy_m, written), when_of(one, tz), one.areas, one.callsign, one.low_m_amsl, one.high_m_amsl,
        tuple(consent.to for consent in one.to if consent.sight),
    )  # fmt: skip


def when_of(one: Draft, tz: str) -> Span:
    """From the first second that `since` can mean to the last of `until`.

    An end that is not said is that of `since`; of a site `STALE_S` after it was last looked at.

    Raises:
        InputError: one of the texts is no time.
    """
    found = []
    for name, text in (("since", one.since), ("until", one.until or one.since)):
        try:
            found.append(parse_span(text, tz))
        except InputError:
            raise InputError(Fault("expected a time such as `2026-11-24T10:30`, or a day", field=f"`{name}`")) from None
    if one.kind == SITE and not one.until:
        return Span(found[0].start, found[0].start + STALE_S)
    if found[1].end <= found[0].start:
        raise InputError(Fault("expected an end after the beginning", field="`until`"))
    return Span(found[0].start, found[1].end)


def written_accuracy_m(text: str) -> int:
    """By how much a position may be off because of the way it is written, in metres, rounded up.

    Of two decimals the finer one counts: tables leave out the nought at the end of the other.

    >>> written_accuracy_m("37S CA 33863 08058"), written_accuracy_m("37SCA338080"), written_accuracy_m("36.2, 37.15")
    (1, 100, 1114)
    """
    grid = _MGRS.fullmatch("".join(text.split()).upper())
    if grid:
        return int(10 ** (5 - len(grid[1]) // 2))
    digits = max((len(found) for found in _FRACTION.findall(text)), default=0)
    return int(max(1, -(-DEGREE_M // 10**digits)))
