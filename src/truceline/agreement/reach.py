"""When can a condition come true at the earliest, and when at the latest? Bounds, for a drafter: never a verdict.

A `Hull` holds every moment at which a condition can be true, whatever acts and reports are still to come; None = it can
never be true, and `why` says so. What is not known bounds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from truceline.agreement.conditions import in_version
from truceline.agreement.model import Agreement, Term
from truceline.agreement.refs import heads
from truceline.errors import InputError, quoted
from truceline.span import FAR_AHEAD, LONG_AGO, parse_duration, parse_instant

Hull = tuple[int, int] | None
"""`[first, last)` in UTC seconds, `LONG_AGO` and `FAR_AHEAD` where there is no bound; None = never."""

EVER: Hull = (LONG_AGO, FAR_AHEAD)


@dataclass(frozen=True)
class _Bound:
    """The bounds of a term; where it can never be also why, and the conditions that may be to blame for it."""

    hull: Hull
    why: str = ""
    rests_on: tuple[Any, ...] = ()


@dataclass
class Reach:
    """Bounds of the conditions and terms of one text; worked out once and kept.

    Attributes:
        never: id of a term to why it can never be in force, or never owed.
    """

    agreement: Agreement
    never: dict[str, str] = field(default_factory=dict)
    _kept: dict[str, Hull] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Widen every term from *never* until nothing changes: a circle comes true only by what lies outside it.

        INVARIANT: a bound is one of the moments of the text and only ever widens, so that this ends, and the order of
        the terms decides nothing.
        """
        terms, before = list(self.agreement.terms.values()), None
        self._kept = dict.fromkeys(self.agreement.terms)
        while self._kept != before:
            before = dict(self._kept)
            for term in terms:
                self._kept[term.id] = self._bound(term).hull
            terms.reverse()  # a chain of terms is settled at once, in whichever order it stands
        self.never = {term.id: why for term in self.agreement.terms.values() if (why := self._why(term, ()))}

    def term(self, term_id: str) -> Hull:
        """When a term can be in force; of a duty, when it can be owed."""
        return self._kept[term_id]

    def instant(self, value: Any) -> int | None:  # noqa: ANN401  # plain values
        """The one moment that a time, or the name of a defined moment, means; None = no such moment is known."""
        if isinstance(value, dict) and set(value) == {"at"}:
            return self.instant(value["at"])
        if isinstance(value, bool) or not isinstance(value, str | int):
            return None
        term = self.agreement.terms.get(str(value))
        if term is not None:
            return self.instant(term.body.get("is")) if term.kind == "define" else None
        try:
            return parse_instant(str(value), self.agreement.tz)
        except InputError:
            return None

    def condition(self, when: Any) -> Hull:  # noqa: ANN401  # plain values
        """When a condition can be true."""
        if isinstance(when, str | int) and not isinstance(when, bool):
            return self._named(str(when))
        if isinstance(when, list | tuple):
            return met(*(self.condition(item) for item in when))
        if not isinstance(when, dict):
            return EVER
        if "from" in when and "for" in when:
            return self._lapsing(when)
        return met(*(self._word(key, value) for key, value in when.items()))

    def _bound(self, term: Term) -> _Bound:
        """The bounds of a term by what is kept of the others; of its published versions, those of all together."""
        worlds = [self._world(in_version(term, one)) for one in term.versions if one.get("absent") is not True]
        if not worlds:
            return self._world(term)
        return replace(worlds[0], hull=joined(*(world.hull for world in worlds)))

    def _world(self, term: Term) -> _Bound:
        agreement = self.agreement
        instrument = agreement.instruments.get(term.instrument)
        if instrument is not None and not instrument.is_adopted:
            return _Bound(None, f"its instrument {quoted(instrument.id)} was never adopted")
        if term.kind == "define":
            return _Bound(self.condition(term.body.get("is")))
        begins, ends = term.begins, term.ends
        if instrument is not None and term.during is None:
            begins = instrument.begins if begins is None else begins
            ends = instrument.ends if ends is None else ends
        window = met(self._begun(begins), self._before(ends), self._begun(term.during))
        if window is None:
            return _Bound(None, "its window is empty", (begins, term.during))
        if term.kind == "power" and (body := self.idle(term)):
            return _Bound(None, f"the body {quoted(body)} has no members")
        trigger = self._begun(term.body.get("on"))
        if trigger is None:
            return _Bound(None, "its trigger can never come true", (term.body.get("on"),))
        return _Bound(met(window, trigger), "its trigger can only come true outside its window")

    def idle(self, term: Term) -> str:
        """The body without members whom alone a term names; empty where somebody else can act."""
        ids = term.who.ids if term.who else ()
        parties = [self.agreement.parties.get(actor) for actor in ids]
        idle = [p.id for p in parties if p is not None and p.kind == "body" and not p.members]
        return idle[0] if idle and len(idle) == len(ids) else ""

    def _why(self, term: Term, asked: tuple[str, ...]) -> str:
        """Why a term can never be; empty where it can, or where only what defines it says so."""
        bound = self._bound(term)
        return "" if bound.hull is not None else self._blame(bound.rests_on, (*asked, term.id)) or bound.why

    def _blame(self, conditions: tuple[Any, ...], asked: tuple[str, ...]) -> str:
        """What in some conditions can never come true, in words; `asked` are the terms that wait for the answer."""
        for condition in conditions:
            for word in ("done", "fulfilled", "breach"):
                for named in heads(condition, word):
                    if isinstance(named, str) and named in self.agreement.terms and self.term(named) is None:
                        why = "" if named in asked else self._why(self.agreement.terms[named], asked)
                        return f"it waits for {quoted(named)}, which never comes: {why or 'it waits for this one'}"
            for named in heads(condition, "opened"):
                if not self._can_open(named):
                    return f"nobody has the power to open {quoted(named)}"
            if isinstance(condition, str) and condition in self.agreement.terms and self.term(condition) is None:
                return f"it waits for {quoted(condition)}, which never comes"
        return ""

    def _begun(self, when: Any) -> Hull:  # noqa: ANN401  # plain values
        return EVER if when is None else self.condition(when)

    def _named(self, name: str) -> Hull:
        term = self.agreement.terms.get(name)
        if term is not None:
            hull = self.term(name)
            return hull if term.kind == "define" or hull is None else (hull[0], FAR_AHEAD)
        moment = self.instant(name)
        return EVER if moment is None else (moment, FAR_AHEAD)

    def _before(self, when: Any) -> Hull:  # noqa: ANN401  # plain values
        """When something has not yet come."""
        if isinstance(when, dict) and isinstance(when.get("readings"), list):
            return joined(*(self._before(item) for item in when["readings"]))
        moment = self.instant(when)
        return EVER if moment is None else (LONG_AGO, moment)

    def _word(self, key: str, value: Any) -> Hull:  # noqa: ANN401  # plain values
        if key in ("at", "from") or (key == "after" and not isinstance(value, dict)):
            return self._begun(value)
        if key in ("until", "before") and not isinstance(value, dict):
            return self._before(value)
        if key in ("all", "both"):
            return self.condition(value if isinstance(value, list) else [value])
        if key in ("any", "readings") and isinstance(value, list):
            return joined(*(self.condition(item) for item in value))
        if key in ("done", "fulfilled", "breach") and isinstance(value, str) and value in self.agreement.terms:
            hull = self.term(value)
            return None if hull is None else (hull[0], FAR_AHEAD)
        if key == "opened" and not self._can_open(value):
            return None
        if key == "published" and isinstance(value, str) and value in self.agreement.instruments:
            moment = self.agreement.instruments[value].published
            return EVER if moment is None else (moment, FAR_AHEAD)
        return EVER

    def _can_open(self, what: Any) -> bool:  # noqa: ANN401  # plain values
        """Whether some power opens it: a matter that no power of the text opens is never opened."""
        if not isinstance(what, str):
            return True
        powers = [t for t in self.agreement.terms.values() if t.kind == "power"]
        opened = [t for t in powers if isinstance(t.body.get("effect"), dict) and t.body["effect"].get("open") == what]
        return any(not self.idle(term) for term in opened) or what in {t.id for t in powers}

    def _lapsing(self, when: dict[str, Any]) -> Hull:
        begun = self._begun(when["from"])
        moment = self.instant(when["from"])
        if begun is None or moment is None or when.get("then"):
            return begun
        try:
            return moment, moment + parse_duration(str(when["for"]))
        except InputError:
            return begun


def met(*hulls: Hull) -> Hull:
    """The moments of all of them; of none, every moment.

    >>> met((0, 10), (5, 20)), met((0, 5), (5, 9))
    ((5, 10), None)
    """
    found = (LONG_AGO, FAR_AHEAD)
    for hull in hulls:
        if hull is None:
            return None
        found = (max(found[0], hull[0]), min(found[1], hull[1]))
    return found if found[0] < found[1] else None


def joined(*hulls: Hull) -> Hull:
    """The moments of one or the other, and those between.

    >>> joined((0, 3), None, (5, 9)), joined(None)
    ((0, 9), None)
    """
    known = [hull for hull in hulls if hull is not None]
    return (min(h[0] for h in known), max(h[1] for h in known)) if known else None
