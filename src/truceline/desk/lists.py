"""What does each of two sides say happened? Two lists: reports asserted by a side, and allegations of its own.

Whoever speaks for a party, or for a part of it, speaks for that side. A report that both assert together stands on
neither list. A count over a period is its issuer's claim and no entry; words, releases and deliveries are none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import msgspec
import pyarrow as pa

from truceline.acts import ActTree
from truceline.desk.coarse import check_coarse
from truceline.desk.files import Bench
from truceline.desk.keyring import masked
from truceline.desk.pages import civil_bounds, is_published
from truceline.errors import Fault, InputError, SubmissionError, one_line, quoted
from truceline.evidence.aliases import key
from truceline.evidence.counting import CountingRules
from truceline.evidence.matching import Item
from truceline.evidence.places import Placer
from truceline.evidence.schema import EITHER, ONE, Named, Observation, observation_of
from truceline.group import Group, Sight, may_see, role_of
from truceline.precision import PLACES
from truceline.space import Region
from truceline.span import FAR_AHEAD, LONG_AGO, civil_day, parse_span, utc_text
from truceline.store.case import Case, Said
from truceline.verdict import NO, YES

NO_VIOLATION = ("statement", "count", "deliver", "release", "inform", "withdraw", "accident", "movement", "observe")
"""Acts that nobody lists as a violation."""

DENIALS = ("(denied)", "(denial)")
"""How the words for an act or an actor end where a report says that it did not happen, or that they did not do it."""

TOWN_SOURCES = ("reports", "ucdp")
"""Sources whose words for a place are no finer than a town; of others the unit is told."""

SIDES = ("a", "b")

TERMS, CONSENT, PLACE = "terms", "consent", "place"
WITHHELD = (TERMS, CONSENT, PLACE)
"""Why an entry is not shown: the terms of its source, nobody's consent to this use, the reader's place ladder."""

LEFT_OUT = "(left out)"
"""What stands where a name of others holds a position, or what reaches a person."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\b\d{1,2}[./ -]\d{1,2}[./ -](?:19|20)\d{2}\b|\((?:19|20)\d{2}\)")
_REACHED = re.compile(r"@|\d{5,}")
_PHONE = re.compile(r"@|(?<!\w)\+?\d(?:[\s.·_()\u2010-\u2015-]{0,3}\d){6,}(?!\w)")
"""What reaches a person, as where originals are kept: an address, digits without their blanks, a telephone number."""


@dataclass(frozen=True)
class Reader:
    """Who reads.

    Attributes:
        name: `secretariat`, `party:ID` or `public`, as for the place ladder.
        at: UTC second at which it is read.
        refused: ids of reports whose use for this reader nobody has consented to.
    """

    name: str = "secretariat"
    at: int = FAR_AHEAD
    refused: frozenset[str] = frozenset()

    def why_withheld(self, row: Mapping[str, Any], end: int, *, is_presence: bool, tz: str) -> str:
        """One of `WITHHELD`, or empty: this reader may see the row."""
        if row["may_export"] is False:
            return TERMS
        if row["id"] in self.refused:
            return CONSENT
        what = "withdrawal" if is_presence else "incident"
        seen = may_see(self.name, what, age_s=self.at - end, is_published=is_published(row, self.at, tz))
        return PLACE if seen < Sight.TOWN else ""


@dataclass(frozen=True)
class Entry:
    """One entry of a list, with what is told of it.

    Attributes:
        item: what is matched.
        row: its fields as they may be shown and passed on.
        withheld: why it is not shown, one of `WITHHELD`; empty = it is.
        is_allegation: it was lodged on the record.
        also: ids of further reports of the list that tell of the same incident, as people or a search have it.
    """

    item: Item
    row: Mapping[str, Any]
    withheld: str = ""
    is_allegation: bool = False
    also: tuple[str, ...] = ()

    @property
    def is_withheld(self) -> bool:
        """Whether it is counted and not shown."""
        return bool(self.withheld)


@dataclass
class Lists:
    """Both lists, and what stands on neither.

    Attributes:
        a, b: entries by id.
        together: reports that both sides assert.
        named: words for whoever speaks for each side, and how many entries of its list are theirs.
    """

    a: dict[str, Entry] = field(default_factory=dict)
    b: dict[str, Entry] = field(default_factory=dict)
    together: int = 0
    named: dict[str, dict[str, int]] = field(default_factory=lambda: {"a": {}, "b": {}})

    def of(self, side: str) -> dict[str, Entry]:
        """The list of `a` or `b`."""
        return self.a if side == "a" else self.b

    def put(self, side: str, entry: Entry, speaker: str) -> None:
        """Put an entry on the list of a side, in the words of its speaker."""
        self.of(side)[entry.item.id] = entry
        self.named[side][speaker] = self.named[side].get(speaker, 0) + 1


class _Incident(msgspec.Struct):
    """One incident of `truceline duplicates --json`."""

    id: str
    reports: tuple[str, ...]


class _Incidents(msgspec.Struct):
    incidents: tuple[_Incident, ...]


def read_incidents(data: bytes, name: str) -> Mapping[str, str]:
    """Which reports tell of one incident, as `truceline duplicates --json` writes it: report to incident.

    Raises:
        InputError: no such document, or a report that stands in two incidents.
    """
    try:
        told = msgspec.json.decode(data, type=_Incidents)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(
            Fault(f"not the answer of `truceline duplicates --json`: {one_line(str(error))}", name)
        ) from None
    held: dict[str, str] = {}
    for incident in told.incidents:
        for report in incident.reports:
            if held.setdefault(report, incident.id) != incident.id:
                raise InputError(Fault(f"stands in two incidents: {quoted(report)}", name))
    return held


def folded(entries: Mapping[str, Entry], incidents: Mapping[str, str]) -> dict[str, Entry]:
    """The entries of a list, those of one incident as one: the one of the narrowest time stands for all.

    A denial is never put together with a report of what it denies, nor what may be shown with what may not.
    """
    groups: dict[tuple[str, bool, str], list[Entry]] = {}
    for key_, entry in entries.items():
        group = incidents.get(key_)
        groups.setdefault((group or f"\n{key_}", entry.item.denies, entry.withheld), []).append(entry)
    made = {}
    for several in groups.values():
        first, *rest = sorted(several, key=lambda e: (e.item.end - e.item.start, e.item.id))
        made[first.item.id] = replace(first, also=tuple(sorted(e.item.id for e in rest)))
    return made


class Speakers:
    """For which of two parties does somebody speak?"""

    def __init__(self, bench: Bench, rules: CountingRules, a: str, b: str) -> None:
        """Take the tables of a case and the two parties."""
        self._bench, self._rules, self._parties = bench, rules, {"a": a, "b": b}
        self.placer = Placer(bench.atlas, bench.agreement.precision)
        self._known: dict[str, tuple[str, ...]] = {}

    def sides(self, text: str) -> tuple[str, ...]:
        """`a`, `b`, both or none; a remark in brackets behind a name that no table knows is left out."""
        if text not in self._known:
            self._known[text] = self._sides(self._actors(text) or self._actors(_unbracketed(text)))
        return self._known[text]

    def named(self, text: str) -> str:
        """As much of a name as a table knows, as it may be passed on; empty where none knows it."""
        known = text if self._actors(text) else _unbracketed(text)
        return (safe(known) or LEFT_OUT) if self._actors(known) else ""

    def of_parties(self, parties: Sequence[str]) -> tuple[str, ...]:
        """The sides to which parties belong."""
        return self._sides(frozenset(parties))

    def is_of(self, actor: str, side: str) -> bool:
        """Whether an actor belongs to a side."""
        return self._bench.agreement.group.belongs(actor, self._parties[side]) == YES

    def _actors(self, text: str) -> frozenset[str]:
        rule = self._rules.of_issuer(text)
        party = rule.party if rule is not None else self._bench.sources.mouth(text).party
        named = self._bench.aliases.who(text)
        told = frozenset() if named.mode == EITHER or named.is_umbrella else frozenset(named.ids)
        return told if len(told) > 1 else frozenset({party}) if party else told

    def _sides(self, actors: frozenset[str]) -> tuple[str, ...]:
        return tuple(side for side in SIDES if any(self.is_of(actor, side) for actor in actors))


def fill(lists: Lists, table: pa.Table, speakers: Speakers, bench: Bench, reader: Reader) -> None:
    """Put the reports of a table on the lists of those who assert them, for a reader."""
    words = [
        _speaker(*told) for told in zip(*(table.column(c).to_pylist() for c in ("chain", "asserted_by")), strict=True)
    ]
    found = [(row, sides) for row, text in enumerate(words) if (sides := speakers.sides(text))]
    taken = table.take(pa.array([row for row, _ in found], pa.int64())).to_pylist()
    for row, (at, sides) in zip(taken, found, strict=True):
        if not is_entry(row, bench):
            continue
        if len(sides) == 2:
            lists.together += 1
            continue
        made = _entry(row, sides[0], speakers, bench=bench, reader=reader)
        lists.put(sides[0], made, speakers.named(words[at]) or LEFT_OUT)


def fill_alleged(
    lists: Lists, case: Case, upto: int, speakers: Speakers, *, bench: Bench, known: int, reader: Reader,
    only: Collection[int] | None = None,
) -> None:  # fmt: skip
    """Put the allegations among the first `upto` entries of a record on the lists of those who signed them.

    The public, to whom nothing is shown that was not published, sees none; `only` some entries, where it is given.
    """
    withheld = PLACE if may_see(reader.name, "incident") < Sight.TOWN else ""
    for said in case.said("allegation", upto):
        if only is not None and said.index not in only:
            continue
        signers = case.signers(said)
        sides = speakers.of_parties(signers)
        if len(sides) == 2:
            lists.together += 1
        elif sides:
            made = _alleged(said, sides[0], speakers, bench=bench, known=known)
            lists.put(sides[0], replace(made, withheld=withheld), ", ".join(signers))


def is_entry(row: Mapping[str, Any], bench: Bench) -> bool:
    """Whether a report tells of an act that a side can list as a violation, or denies one."""
    acts, tree = row["act"] or (), bench.agreement.acts
    if row["kind"] == "ledger":
        return False
    if not acts:
        return row["kind"] in (None, "incident", "observation")
    return not all(any(tree.is_kind(act, one) == YES for one in NO_VIOLATION) for act in acts)


def place_of(row: Mapping[str, Any], impact: Region, placer: Placer, tree: ActTree) -> str:
    """The place in words that everybody may see: the town as a public source names it, else the unit; never finer."""
    is_cell = _is_presence(row, tree) or row["kind"] == "track"
    is_town = row["source"] in TOWN_SOURCES and not is_cell and not is_finer(row, placer)
    return (safe(row["place_text"]) if is_town else "") or units_of(impact, placer)


def _is_presence(row: Mapping[str, Any], tree: ActTree) -> bool:
    return any(tree.is_kind(act, "presence") == YES for act in row["act"] or ())


def is_finer(row: Mapping[str, Any], placer: Placer) -> bool:
    """Whether a source says of its place that it is finer than a town, by the signed precision table."""
    code, places = str(row["place_precision"] or "").rpartition(" ")[2], placer.precision.places
    town = places.get("town", PLACES["town"])
    return places.get(placer.precision.word(row["source"], code) or code, town) < town


def units_of(impact: Region, placer: Placer) -> str:
    """The names of the units in which a region lies; of a point the unit of level 1; empty where none is known."""
    return ", ".join(names["en"] for names in unit_names(impact, placer))


def unit_names(impact: Region, placer: Placer) -> list[dict[str, str]]:
    """The same as names by language, each with an English one."""
    gazetteer = placer.atlas.gazetteer
    codes = impact.areas
    if impact.kind in ("disc", "sector") and impact.lon_e7 is not None and impact.lat_e7 is not None:
        holder = placer.holding((impact.lon_e7, impact.lat_e7), 1)
        codes = (holder,) if holder else ()
    units = [gazetteer.unit(code) for code in codes or ((impact.country,) if impact.country else ())]
    return [{"en": unit.code, **unit.names} for unit in units if unit is not None]


def _names_unit(place: str, impact: Region, units: list[dict[str, str]], placer: Placer) -> bool:
    """Whether the words for a place are those of its units, or another spelling of its only one."""
    if place == ", ".join(names["en"] for names in units):
        return True
    gazetteer = placer.atlas.gazetteer
    found = (gazetteer.find(place, level) for level in range(3))
    return len(impact.areas) == 1 and any(code and gazetteer.code(code) == impact.areas[0] for code in found)


def region_names(text: str, placer: Placer) -> dict[str, str]:
    """The names by language of a country or a unit of level 1 that a text names; else the text as it is."""
    gazetteer = placer.atlas.gazetteer
    codes = (gazetteer.find(text, level) for level in (0, 1))
    unit = next((found for code in codes if code and (found := gazetteer.unit(code))), None)
    return {**({} if unit is None else unit.names), "en": text}


@lru_cache(maxsize=65_536)
def safe(text: str | None) -> str:
    """A text of others as it may be passed on: one line; nothing of it where it holds a position or reaches a person.

    >>> safe("Aleppo"), safe("call +963 944 123 456"), safe("near 35.93412, 36.65123"), safe("on 2016-03-12")
    ('Aleppo', '', '', 'on 2016-03-12')
    """
    dateless = _DATE.sub(" ", text or "")
    return "" if _REACHED.search("".join(dateless.split())) or _PHONE.search(dateless) else coarse(text or "")


def named(text: str) -> str | None:
    """A name of others as it may be passed on; null = none is given."""
    return (safe(text) or LEFT_OUT) if text else None


@lru_cache(maxsize=65_536)
def safe_id(id_: str) -> str:
    """An id of others as it may be passed on; of one that holds a position or reaches a person a mask.

    Only the machine that keeps the case can tell what it stands for: positions are few, and could be tried.

    >>> safe_id("ucdp:138532"), safe_id("r 35.93412, 36.65123")[:4]
    ('ucdp:138532', 'row-')
    """
    kept = "" if _PHONE.search(_DATE.sub(" ", id_)) else coarse(id_)
    return kept if kept == id_ else f"row-{masked(id_, 'row')[:16]}"


def coarse(text: str) -> str:
    """A text in one line; empty where it holds what looks like a position."""
    try:
        check_coarse(text)
    except SubmissionError:
        return ""
    return one_line(text, 200)


def _speaker(chain: Sequence[str] | None, asserted_by: str | None) -> str:
    """Who asserts a report: the institution; where none is named, whoever said it first."""
    return asserted_by or (chain[0] if chain else "") or ""


def _unbracketed(text: str) -> str:
    return text.partition(" (")[0] if text.endswith(")") else text


def _entry(row: Mapping[str, Any], side: str, speakers: Speakers, *, bench: Bench, reader: Reader) -> Entry:
    seen = observation_of(row)
    item = Item(
        seen.id, seen.start, seen.end, seen.impact, seen.acts, seen.actor, seen.target, seen.unordered,
        denies=denies(row), killed=(row["killed_low"], row["killed_high"]), count=(seen.count_low, seen.count_high),
        unit=key(row["count_unit"] or ""),
    )  # fmt: skip
    tree, tz = bench.agreement.acts, bench.agreement.tz
    when, start, end = _time_of(row, seen, tz, reader)
    place = place_of(row, seen.impact, speakers.placer, tree)
    told = {
        "place": place, "act": row["act_text"],
        "actor": seen.actor.text or ", ".join(seen.actor.ids), "target": seen.target.text or ", ".join(seen.target.ids),
        "weapon": row["weapon"], "asserted_by": speakers.named(row["asserted_by"] or ""),
        "publisher": row["publisher"], "licence": row["licence"],
    }  # fmt: skip
    units = unit_names(seen.impact, speakers.placer)
    units = units if _names_unit(place, seen.impact, units, speakers.placer) else []
    shown = _shown(item, when, told, units, (start, end))
    why = reader.why_withheld(row, seen.end, is_presence=_is_presence(row, tree), tz=tz)
    return Entry(_with_own(item, side, speakers), shown, why)


def _time_of(row: Mapping[str, Any], seen: Observation, tz: str, reader: Reader) -> tuple[str, int, int]:
    """The time in words and its bounds, for a reader: the public sees whole civil days."""
    is_open = seen.start <= LONG_AGO or seen.end >= FAR_AHEAD
    if is_open and role_of(reader.name) == "public":
        return "", LONG_AGO, FAR_AHEAD
    if is_open:
        return safe(row["time_text"]), seen.start, seen.end
    days = " to ".join(dict.fromkeys(str(civil_day(at, tz)) for at in (seen.start, seen.end - 1)))
    if role_of(reader.name) != "public":
        return safe(row["time_text"]) or days, seen.start, seen.end
    return days, *civil_bounds(seen, tz)


def denies(row: Mapping[str, Any]) -> bool:
    """Whether a report says that an event did not happen, or that those who are accused did not do it."""
    words = (key(row["act_text"] or ""), key(row["actor_text"] or ""))
    return bool(row["negative"]) or any(text.endswith(mark) for text in words for mark in DENIALS)


def _with_own(item: Item, side: str, speakers: Speakers) -> Item:
    """The same, saying whether the side tells of its own conduct."""
    told = bool(item.actor.ids) and not item.denies and not item.unordered
    return replace(item, is_own=told and all(speakers.is_of(one, side) for one in item.actor.ids))


def _shown(
    item: Item, when: str, told: Mapping[str, Any], units: list[dict[str, str]], bounds: tuple[int, int]
) -> dict[str, Any]:  # fmt: skip
    unit = safe(item.unit) or (LEFT_OUT if item.unit else None)
    return {
        "id": safe_id(item.id), "from": utc_text(bounds[0]), "until": utc_text(bounds[1]), "denies": item.denies,
        "when": when or None, **{name: safe(value) or None for name, value in told.items()}, "units": units,
        "killed": {"low": item.killed[0], "high": item.killed[1]},
        "count": {"low": item.count[0], "high": item.count[1], "unit": unit},
    }  # fmt: skip


def _alleged(said: Said, side: str, speakers: Speakers, *, bench: Bench, known: int) -> Entry:
    """An allegation as an entry: its words name a day, units, terms and whom it accuses, and no more."""
    body, agreement = said.statement.body, bench.agreement
    when = parse_span(body["day"], agreement.tz) if body.get("day") else None
    acts = tuple(dict.fromkeys(act for term in body.get("terms", ()) for act in _acts(term, bench)))
    against = (body["against"],) if body.get("against") else ()
    place = Region("area", areas=tuple(sorted(body["units"]))) if body.get("units") else Region("none")
    start, end = (when.start, when.end) if when else (LONG_AGO + 1, known + 1)
    actor = Named(against, ONE, text=", ".join(against)) if against else Named()
    item = Item(f"entry-{said.index}", start, end, place, acts, actor)
    told = {
        "place": units_of(place, speakers.placer), "act": ", ".join(body.get("terms", ())),
        "actor": ", ".join(against), "target": None, "weapon": None,
        "asserted_by": said.statement.by, "publisher": None, "licence": None,
    }  # fmt: skip
    units = unit_names(place, speakers.placer)
    shown = _shown(item, coarse(body.get("day") or ""), told, units, (start, end))
    return Entry(_with_own(item, side, speakers), shown, is_allegation=True)


def _acts(term: str, bench: Bench) -> tuple[str, ...]:
    found = bench.agreement.terms.get(term)
    return found.does if found is not None else ()


def apart(group: Group, a: str, b: str) -> bool:
    """Whether two parties are two sides: neither is a part of the other."""
    return group.belongs(a, b) == NO and group.belongs(b, a) == NO


def counted_items(entries: Mapping[str, Entry]) -> Iterator[Item]:
    """The entries of a list that a count of violations by others has: no denials, nothing of one's own conduct."""
    return (entry.item for entry in entries.values() if not entry.item.is_own and not entry.item.denies)
