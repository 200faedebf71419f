"""What does the record say of one report, and what has each side said to it? A dated log, as far as a viewer may read.

An entry is tied to a report surely where it names it (a ruling, a signed act, a consent), or where it is the entry by
which the report came. An allegation names no report: one of the same day, and of no other place, *may* be about it,
and is shown as that and no more; which term it speaks of decides nothing, for that is what the sides differ on. What
answers it, asks about it or holds something about it comes with it.

Nothing is in the log that the viewer could not read in the record itself: `entries.Shelf` says what, `told` which
findings. Consent and custody point at persons: they are for whoever keeps the case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from truceline.areas import Gazetteer
from truceline.desk.entries import Shelf, leaf_of
from truceline.desk.lists import safe_id
from truceline.desk.publication import Course, Matter, course_of
from truceline.desk.publications import concerns, matter_shown
from truceline.desk.publishing import STAGES, said_of
from truceline.desk.snapshots import Snapshot
from truceline.desk.viewers import Viewer
from truceline.desk.views.told import Finding, finding_row
from truceline.desk.views.view import View
from truceline.errors import InputError
from truceline.group import Group, may_do
from truceline.span import parse_instant, parse_span, utc_text
from truceline.store.case import Case, Said
from truceline.verdict import NO

SURELY, MAYBE = "surely", "maybe"
"""How an entry is tied to a report."""

MOST_TALK: Final = 2_000
"""Of so many entries of one type, the newest, it is asked whether they are about a report."""

MOST_LOG: Final = 200


@dataclass(frozen=True)
class About:
    """What a report is, as far as an entry can be tied to it.

    Attributes:
        key: its id, as it is shown.
        start, end: when, as it is shown.
        units: in which it can lie, as they are shown.
        actors: ids of those whom it names.
    """

    key: str
    start: int
    end: int
    units: tuple[str, ...]
    actors: tuple[str, ...]


@dataclass
class _Found:
    """Entries that are tied to the report, by their index."""

    ties: dict[int, str] = field(default_factory=dict)

    def tie(self, index: int, how: str) -> None:
        if self.ties.get(index) != SURELY:
            self.ties[index] = how


def about_of(view: View, row: int) -> About:
    """A report, as a reader sees it."""
    told = view.plain(row)
    actors = tuple(dict.fromkeys([*told["actor"]["ids"], *told["target"]["ids"]]))
    start, end = int(view.start[row]), int(view.end[row])
    return About(told["id"], start, end, tuple(told["place"]["units"]), actors)


def trail_of(
    about: About, came_by: int | None, case: Case, *, viewer: Viewer, snapshot: Snapshot, known: int
) -> dict[str, Any]:
    """The log of a report, what each side has said, and the drafts about it that concern the viewer.

    Args:
        about: the report, as the viewer sees it.
        came_by: the entry by which it came; None = by none.
        case: its record.
        viewer: who asks.
        snapshot: of which state; what it tells of findings is asked, nothing of its verdicts.
        known: so many entries are known.
    """
    shelf, course = Shelf(case, viewer), course_of(case)
    made = _Trail(about, case, shelf, viewer, snapshot, known)
    found = made.gathered(came_by)
    drafts = [one for one in _matters(course, found, viewer, snapshot) if one.of < known]
    log = [*made.rows(found), *_steps(course, drafts, found, shelf, known)]
    log.sort(key=lambda one: (one["entry"], one["what"]))
    return {
        "known_since": _known_since(case, came_by, shelf), "log": log[-MOST_LOG:], "more": max(0, len(log) - MOST_LOG),
        "sides": made.sides(log), "drafts": [matter_shown(one) for one in drafts] if _may_review(viewer) else [],
        "entries": _proved(case, snapshot, shelf, log, known),
    }  # fmt: skip


@dataclass(frozen=True)
class _Trail:
    """Reads the record for one report."""

    about: About
    case: Case
    shelf: Shelf
    viewer: Viewer
    snapshot: Snapshot
    known: int

    def gathered(self, came_by: int | None) -> dict[int, str]:
        """Indexes of entries that the viewer may read, each with how it is tied to the report."""
        found = _Found()
        if came_by is not None and came_by in self.shelf:
            found.tie(came_by, SURELY)
        for kind in ("ruling", "act"):
            for said in self._said(kind):
                if self.about.key in _named(said.statement.body):
                    found.tie(said.index, SURELY)
        if self.viewer.role == "secretariat":
            for kind in ("consent", "custody"):
                for said in self._said(kind):
                    if safe_id(str(said.statement.body.get("about", ""))) == self.about.key:
                        found.tie(said.index, SURELY)
        gazetteer = self.snapshot.bench_of(self.viewer.reader).atlas.gazetteer
        for said in self._said("allegation"):
            if may_be_about(said.statement.body, self.about, gazetteer, self.snapshot.agreement.tz):
                found.tie(said.index, MAYBE)
        self._follow(found)
        return found.ties

    def _follow(self, found: _Found) -> None:
        """What answers, asks about or decides what was found, one after another as they came."""
        talk = [said for kind in ("answer", "act") for said in self._said(kind)]
        for said in sorted(talk, key=lambda one: one.index):
            of = _refers(said)
            how = next((found.ties[one] for one in sorted(of) if one in found.ties and one != said.index), "")
            if how and self._is_talk(of, found):
                found.tie(said.index, how)
        for one in self._findings():
            how = self._tie_of(one, found)
            if how:
                found.tie(one.index, how)

    def _is_talk(self, of: set[int], found: _Found) -> bool:
        """Whether what an entry answers is something that a side said: many reports come by one entry of evidence."""
        kinds = {self.case.entries()[one].statement.type for one in of if one in found.ties}
        return bool(kinds - {"evidence"})

    def _findings(self) -> list[Finding]:
        told = self.snapshot.told.shown(self.viewer.reader, self.snapshot.agreement.group)
        return [one for one in told if one.index < self.known]

    def _tie_of(self, one: Finding, found: _Found) -> str:
        if safe_id(str(one.body.get("of", ""))) == self.about.key:
            return SURELY
        ties = [found.ties[index] for index in one.body["about"] if index in found.ties]
        return MAYBE if ties and self._is_then(one) else ""

    def _is_then(self, one: Finding) -> bool:
        """Whether the time that a finding speaks of touches that of the report."""
        tz = self.snapshot.agreement.tz
        since, until = (str(one.body.get(name, "")) for name in ("since", "until"))
        return not (
            (since and parse_instant(since, tz) >= self.about.end)
            or (until and parse_instant(until, tz) <= self.about.start)
        )

    def _said(self, kind: str) -> Iterator[Said]:
        every = self.case.said(kind, self.known)
        return (said for said in every[-MOST_TALK:] if said.index in self.shelf)

    # -- as it is shown ------------------------------------------------------------------------------------------------

    def rows(self, found: Mapping[int, str]) -> Iterator[dict[str, Any]]:
        """The log, entry by entry."""
        findings = {one.index: one for one in self._findings()}
        for index, how in found.items():
            one = findings.get(index)
            said = None if index not in self.shelf else self.case.entries()[index]
            if said is not None and one is None:
                yield _row(said, how, self.case.signers(said))
            elif one is not None:
                yield _finding_row(one, how, self.viewer.reader)

    def sides(self, log: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Who is concerned, by id, and by which entries of the log each has spoken: all in one form."""
        told, parties = list(log), self.snapshot.agreement.parties
        parts: dict[str, list[str]] = {}

        def add(actor: str, what: str) -> None:
            if actor in parties and what not in parts.setdefault(actor, []):
                parts[actor].append(what)

        for one in told:
            if one["what"] == "allegation":
                for by in one["by"]:
                    add(by, "alleging")
                add(one["against"] or "", "alleged")
        for actor in self.about.actors:
            add(actor, "named")
        for actor in self.snapshot.agreement.guarantors:
            add(actor, "guarantor")
        group = self.snapshot.agreement.group
        return [
            {"party": actor, "roles": parts[actor], "said": [e["entry"] for e in told if _speaks_for(e, actor, group)]}
            for actor in sorted(parts)
        ]


SPOKEN = ("allegation", "answer", "act", "finding")


def _speaks_for(entry: Mapping[str, Any], actor: str, group: Group) -> bool:
    """Whether an entry is said by somebody, or by a part of it."""
    return entry["what"] in SPOKEN and any(actor in group.chain(by) for by in entry["by"])


def may_be_about(body: Mapping[str, Any], about: About, gazetteer: Gazetteer, tz: str) -> bool:
    """Whether an allegation can be about a report: of one of its days, and of nothing that it cannot be.

    >>> from truceline.span import parse_instant
    >>> noon = parse_instant("2016-09-14T12:00Z", "UTC")
    >>> report = About("r", noon, noon + 60, ("SY02",), ())
    >>> may_be_about({"day": "2016-09-14", "terms": ["F2"]}, report, Gazetteer(), "UTC")
    True
    >>> may_be_about({"day": "2016-09-15"}, report, Gazetteer(), "UTC"), may_be_about({}, report, Gazetteer(), "UTC")
    (False, False)
    """
    try:
        day = parse_span(str(body.get("day", "")), tz)
    except InputError:
        return False
    if not (day.start < about.end and about.start < day.end):
        return False
    units = list(body.get("units", ()))
    return not units or not about.units or any(_may_lie(a, b, gazetteer) for a in about.units for b in units)


def _may_lie(one: str, other: str, gazetteer: Gazetteer) -> bool:
    """Whether a place in one unit can lie in another."""
    found = gazetteer.compare(one, other)
    return found is None or found != NO


def _named(body: Mapping[str, Any]) -> set[str]:
    """Ids of reports that a ruling or a signed act names, as they are shown."""
    found = [*body.get("reports", ()), *body.get("about", ()), body.get("of", "")]
    return {safe_id(one) for one in found if isinstance(one, str) and one}


def _refers(said: Said) -> set[int]:
    """Indexes of the entries that an answer or an act speaks of."""
    body = said.statement.body
    found = [body["to"]] if said.statement.type == "answer" else []
    for one in (body.get("of", ""), *body.get("about", ())):
        number = str(one).removeprefix("entry-")
        found += [int(number)] if str(one).startswith("entry-") and number.isdecimal() else []
    return set(found)


def _row(said: Said, how: str, signers: Iterable[str]) -> dict[str, Any]:
    one, body = said.statement, said.statement.body
    is_asked = body.get("act") == "request"  # what is asked is said in words
    by, term = list(dict.fromkeys([one.by, *signers])), _text(body.get("term")) or _first(body.get("terms"))
    return {
        "entry": said.index, "known_at": utc_text(said.known_at), "at": _text(body.get("at") or body.get("day")),
        "what": one.type, "tie": how, "by": by, "to": _text(body.get("to")), "against": body.get("against") or None,
        "text": _text(body.get("text") or body.get("reason") or (body.get("value") if is_asked else "")), "term": term,
        "act": _text(body.get("act") or body.get("event") or body.get("what") or body.get("use")),
        "value": None if is_asked else _value(body), "dissent": [], "leaf": leaf_of(said.entry),
    }  # fmt: skip


def _text(value: Any) -> str | None:  # noqa: ANN401  # JSON
    return None if value in (None, "") or isinstance(value, bool) else str(value)


def _first(values: Any) -> str | None:  # noqa: ANN401  # JSON
    return ", ".join(values) if values else None


def _value(body: Mapping[str, Any]) -> str | None:
    """What was answered: yes or no where that is asked, else a word."""
    if "is_given" in body or body.get("act") == "answer":
        return "yes" if body.get("is_given", body.get("is_yes")) else "no"
    return _text(body.get("value") or body.get("holds"))


def _finding_row(one: Finding, how: str, reader: str) -> dict[str, Any]:
    told = finding_row(one, reader)
    return {
        "entry": one.index, "known_at": told["at"], "at": told["from"], "what": "finding", "tie": how, "by": told["by"],
        "to": None, "against": told["against"], "text": told["text"], "term": told["term"], "act": None,
        "value": told["holds"], "dissent": told["dissent"], "leaf": None,
    }  # fmt: skip


# -- publication -------------------------------------------------------------------------------------------------------


def _may_review(viewer: Viewer) -> bool:
    return may_do(viewer.role, "publication", "review")


def _matters(course: Course, found: Mapping[int, str], viewer: Viewer, snapshot: Snapshot) -> list[Matter]:
    """The matters about what was found that are shown to the viewer; of others nothing is told."""
    text = snapshot.agreement
    mine = [one for one in list(course.matters.values()) if {*one.about, *one.decided}.intersection(found)]
    return [one for one in sorted(mine, key=lambda m: m.of) if concerns(one, viewer, course, text)]


def _steps(
    course: Course, drafts: Iterable[Matter], found: Mapping[int, str], shelf: Shelf, known: int
) -> Iterator[dict[str, Any]]:
    """The newest step of each matter, and what made something public."""
    steps = {one.step for one in drafts} | {one.by for i, one in list(course.public.items()) if i in found and one.by}
    for index in sorted(step for step in steps if step < known and step in shelf):
        heard = course.entry_at(index)
        stage = STAGES[0] if heard.body is None else said_of(heard.body).stage
        yield {
            "entry": index, "known_at": utc_text(heard.known_at), "at": None, "what": "publication", "tie": MAYBE,
            "by": list(heard.signers), "to": None, "against": None, "text": None, "term": None, "act": stage,
            "value": None, "dissent": [], "leaf": None,
        }  # fmt: skip


# -- proof -------------------------------------------------------------------------------------------------------------


def _known_since(case: Case, came_by: int | None, shelf: Shelf) -> dict[str, Any] | None:
    if came_by is None or came_by not in shelf:
        return None
    return {"index": came_by, "at": utc_text(case.entries()[came_by].known_at)}


def _proved(
    case: Case, snapshot: Snapshot, shelf: Shelf, log: Iterable[Mapping[str, Any]], known: int
) -> list[dict[str, Any]]:  # fmt: skip
    """The entries on which this rests and which the viewer may read: the text in force, and those of the log."""
    texts = [one.index for one in snapshot.told.texts if one.index < known]
    indexes = dict.fromkeys([*texts, *(one["entry"] for one in log)])
    made = []
    for index in sorted(index for index in indexes if index in shelf):
        said = case.entries()[index]
        made.append({
            "entry": index, "type": said.statement.type, "by": said.statement.by, "known_at": utc_text(said.known_at),
            "leaf": leaf_of(said.entry),
        })  # fmt: skip
    return made
