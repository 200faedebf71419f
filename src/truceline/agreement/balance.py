"""What does each side give, get and risk under a text? Counts of terms and of square kilometres, and nothing else.

No score, no weight, no sum over kinds of term: whether ten duties outweigh one is for whoever signs. Swapping two sides
everywhere in the text swaps their accounts, and changes nothing else. Terms of instruments that were never adopted are
left out. Pure values: nothing is written anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from truceline.agreement import refs
from truceline.agreement.model import Agreement, Selector, Term

Km2 = Callable[[Sequence[str]], int | None]
"""Square kilometres of the union of some zones; None where a part has no known shape."""

SIDES: Final = ("state", "side", "group", "force")
"""Kinds of actor that can be a side of the balance; guarantors, bodies and others have accounts apart."""

MEASURES: Final[Mapping[str, tuple[str, ...]]] = {
    "gives": ("duties", "deadlines", "prohibitions"),
    "gets": ("permits", "powers", "protections"),
    "risks": ("one_sided", "waits", "open_words", "withheld"),
}
"""What is counted of each side, in the order in which it is told."""

AREAS: Final = ("bound_km2", "protected_km2")
VIAS: Final = ("on", "while", "if", "together", "procure")
"""How one side's term can wait for another's act."""

_VIA = {"on": "on", "after": "on", "from": "on", "until": "while", "while": "while", "if": "if", "unless": "if"}
_FORM = frozenset({"id", "source", "tag", "text", "line", "note", "modality"})
_LISTS = frozenset({"who", "to", "does", "do", "in", "of", "with", "except", "overrides"})


@dataclass(frozen=True)
class Account:
    """What the text says of one side, or of a guarantor or body. Ids of terms, in the order of the text.

    Attributes:
        duties: `require` terms that bind it.
        deadlines: of these, those with a limit in time.
        prohibitions: `prohibit` terms that bind it.
        permits: exceptions it may rely on.
        powers: what it may set going, change or end.
        protections: terms owed towards it by somebody else.
        one_sided: duties and prohibitions that bind it and for which the other sides have no like one.
        waits: its terms that wait for somebody else's act.
        open_words: terms that bind or protect it and hang on a word read in several ways.
        withheld: terms that bind or protect it, a part of whose text or map was never published.
        bound_zones: zones in which a duty or prohibition binds it; protected_zones: those of its protections.
        bound_km2: area of the union of the bound zones whose shape is known; protected_km2 likewise.
        unmeasured: zones of either kind without a known shape.
    """

    id: str
    duties: tuple[str, ...] = ()
    deadlines: tuple[str, ...] = ()
    prohibitions: tuple[str, ...] = ()
    permits: tuple[str, ...] = ()
    powers: tuple[str, ...] = ()
    protections: tuple[str, ...] = ()
    one_sided: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()
    open_words: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    bound_zones: tuple[str, ...] = ()
    protected_zones: tuple[str, ...] = ()
    bound_km2: int = 0
    protected_km2: int = 0
    unmeasured: tuple[str, ...] = ()

    def count(self, measure: str) -> int:
        """How many terms one of `MEASURES` holds."""
        return len(getattr(self, measure))


@dataclass(frozen=True)
class Edge:
    """Terms of one actor that wait for an act of another.

    Attributes:
        waits: who waits.
        for_: for whose act.
        via: one of `VIAS`.
    """

    waits: str
    for_: str
    via: str
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Balance:
    """The whole account.

    Attributes:
        sides: of the sides of the text, by id.
        others: of guarantors, bodies and humanitarian actors that a term names, by id.
        symmetric: duties and prohibitions that bind all sides alike, or have a like one for each other side.
        one_sided: those that do not.
        civilian: terms that protect civilians, aid or notified sites.
        left_out: terms of instruments that were never adopted.
    """

    sides: tuple[Account, ...]
    others: tuple[Account, ...]
    edges: tuple[Edge, ...]
    symmetric: tuple[str, ...]
    one_sided: tuple[str, ...]
    civilian: tuple[str, ...]
    left_out: tuple[str, ...]


def balance(agreement: Agreement, km2: Km2 | None = None) -> Balance:
    """Count what each side gives, gets and risks.

    Args:
        agreement: the text.
        km2: how large zones are; None = nobody knows.
    """
    return _Counter(agreement, km2 or (lambda _zones: None)).balance()


def root_of(agreement: Agreement, actor: str) -> str:
    """The whole that an actor is part of, or the side on which it stands."""
    seen = [actor]
    while (party := agreement.parties.get(seen[-1])) and (up := party.part_of or party.side) and up not in seen:
        seen.append(up)
    return seen[-1]


@dataclass
class _Counter:
    agreement: Agreement
    km2: Km2
    terms: list[Term] = field(init=False)
    sides: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.terms = [t for t in self.agreement.terms.values() if refs.is_adopted(self.agreement, t)]
        self.sides = tuple(sorted(self._sides()))

    def balance(self) -> Balance:
        alike = {t.id: self._is_alike(t) for t in self._duties() if self._on_sides(t)}
        edges = tuple(self._edges())
        named = {actor for t in self.terms for actor in self._bearers(t)} | {e.for_ for e in edges}
        others = sorted(actor for actor in named if actor not in self.sides and actor in self.agreement.parties)
        return Balance(
            sides=tuple(self._account(side, alike, edges) for side in self.sides),
            others=tuple(self._account(actor, alike, edges) for actor in others),
            edges=edges,
            symmetric=tuple(t for t, is_alike in alike.items() if is_alike),
            one_sided=tuple(t for t, is_alike in alike.items() if not is_alike),
            civilian=tuple(t.id for t in self.terms if t.is_protective),
            left_out=tuple(t.id for t in self.agreement.terms.values() if not refs.is_adopted(self.agreement, t)),
        )

    # -- who ---------------------------------------------------------------------------------------------------------

    def _sides(self) -> set[str]:
        """Wholes that a term binds by name or that accepted, and that are no guarantors, bodies or neutrals."""
        named = {actor for t in self.terms if t.who is not None for actor in t.who.ids}
        named |= {t.procure for t in self.terms if t.procure}
        named |= {fact.of for fact in self.agreement.facts if fact.what == "accepted"}
        roots = {root_of(self.agreement, actor) for actor in named if actor in self.agreement.parties}
        return {actor for actor in roots if self.agreement.parties[actor].kind in SIDES}

    def _guarantors(self) -> tuple[str, ...]:
        return tuple(p.id for p in self.agreement.parties.values() if p.kind == "guarantor")

    def _bearers(self, term: Term) -> tuple[str, ...]:
        return self._whom(term.who, (*self.sides, *self._guarantors()))

    def _whom(self, selector: Selector | None, anybody: tuple[str, ...]) -> tuple[str, ...]:
        """Whom a selector means, as wholes; a status alone means every side, and *anybody* the guarantors too."""
        if selector is None:
            return anybody
        if not selector.ids:
            return () if selector.status == "excluded" else self.sides
        known = (actor for actor in selector.ids if actor in self.agreement.parties)
        return tuple(dict.fromkeys(root_of(self.agreement, actor) for actor in known))

    def _served(self, term: Term) -> tuple[str, ...]:
        """Towards whom a duty or prohibition is owed, where the text says so."""
        if term.kind not in ("prohibit", "require") or term.to is None:
            return ()
        bearers = self._bearers(term)
        return tuple(actor for actor in self._whom(term.to, ()) if any(bearer != actor for bearer in bearers))

    def _duties(self) -> list[Term]:
        return [t for t in self.terms if t.kind in ("prohibit", "require")]

    def _on_sides(self, term: Term) -> tuple[str, ...]:
        return tuple(actor for actor in self._bearers(term) if actor in self.sides)

    # -- one account -------------------------------------------------------------------------------------------------

    def _account(self, actor: str, alike: Mapping[str, bool], edges: Iterable[Edge]) -> Account:
        own = [t for t in self.terms if actor in self._bearers(t)]
        served = [t for t in self.terms if actor in self._served(t)]
        duties = [t for t in own if t.kind == "require"]
        bans = [t for t in own if t.kind == "prohibit"]
        both = [t for t in self.terms if t.kind != "define" and (t in own or t in served)]
        hanging = {t for terms in refs.hanging(self.agreement).values() for t in terms}
        waits = {t for edge in edges if edge.waits == actor for t in edge.terms}
        bound, protected = self._zones([*duties, *bans]), self._zones(served)
        known = [zone for zone in dict.fromkeys((*bound, *protected)) if self.km2((zone,)) is not None]
        return Account(
            actor,
            duties=_ids(duties),
            deadlines=_ids(
                t for t in duties if any(t.body.get(k) is not None for k in ("by", "within", "ahead", "together"))
            ),
            prohibitions=_ids(bans),
            permits=_ids(t for t in own if t.kind == "permit"),
            powers=_ids(t for t in own if t.kind == "power"),
            protections=_ids(served),
            one_sided=_ids(t for t in [*self.terms] if t in own and alike.get(t.id) is False),
            waits=_ids(t for t in self.terms if t.id in waits),
            open_words=_ids(t for t in both if t.id in hanging),
            withheld=_ids(t for t in both if refs.has_secret(self.agreement, t)),
            bound_zones=bound,
            protected_zones=protected,
            bound_km2=self._area([z for z in bound if z in known]),
            protected_km2=self._area([z for z in protected if z in known]),
            unmeasured=tuple(z for z in dict.fromkeys((*bound, *protected)) if z not in known),
        )

    def _zones(self, terms: Sequence[Term]) -> tuple[str, ...]:
        named = {zone for t in terms for zone in (*t.where, *_cleared(t))}
        return tuple(zone for zone in self.agreement.zones if zone in named)

    def _area(self, zones: Sequence[str]) -> int:
        return (self.km2(tuple(zones)) or 0) if zones else 0

    # -- alike or not ------------------------------------------------------------------------------------------------

    def _is_alike(self, term: Term) -> bool:
        """Whether a term binds all sides, or each side it leaves out has one that reads the same with both swapped."""
        bound = self._on_sides(term)
        left_out = [side for side in self.sides if side not in bound]
        return all(self._has_twin(term, one, other) for one in bound for other in left_out)

    def _has_twin(self, term: Term, one: str, other: str) -> bool:
        swapped = _form(_swapped(term.body, one, other))
        return any(_form(t.body) == swapped for t in self._duties() if other in self._bearers(t))

    # -- who waits for whom ------------------------------------------------------------------------------------------

    def _edges(self) -> Iterator[Edge]:
        found: dict[tuple[str, str, str], list[str]] = {}
        for term in self.terms:
            if term.kind != "define":
                for actor in self._bearers(term):
                    for other, via in self._awaited(term, actor):
                        found.setdefault((actor, other, via), []).append(term.id)
        order = [t.id for t in self.terms]
        for (actor, other, via), terms in sorted(
            found.items(), key=lambda item: (*item[0][:2], VIAS.index(item[0][2]))
        ):
            yield Edge(actor, other, via, tuple(t for t in order if t in terms))

    def _awaited(self, term: Term, actor: str) -> Iterator[tuple[str, str]]:
        """For whose acts a term of an actor waits, and how; never for its own."""
        pairs = [(other, _VIA[name]) for name in _VIA for other in self._doers(term, name, actor, frozenset({term.id}))]
        pairs += [(root_of(self.agreement, term.procure), "procure")] if term.procure in self.agreement.parties else []
        if term.body.get("together") is not None and term.kind == "require":
            joint = [
                self.agreement.terms[t] for group in refs.together(self.agreement) for t in group if term.id in group
            ]
            pairs += [(other, "together") for t in (term, *joint) for other in self._bearers(t)]
        yield from dict.fromkeys(pair for pair in pairs if pair[0] != actor)

    def _doers(self, term: Term, name: str, actor: str, seen: frozenset[str]) -> Iterator[str]:
        """Whose acts a field of a term speaks of, through definitions and through the terms that have to be done."""
        for key, text in refs.leaves(_field(self.agreement, term, name), name):
            if key in refs.DOERS and text in self.agreement.parties:
                yield root_of(self.agreement, text)
            elif key in refs.DOERS and text == "target":
                yield from (side for side in self.sides if side != actor)
        for named in refs.names(self.agreement, term, (name,)):
            other = self.agreement.terms[named]
            if other.kind != "define":
                yield from self._bearers(other)
            elif named not in seen:
                yield from self._doers(other, "is", actor, seen | {named})


def _field(agreement: Agreement, term: Term, name: str) -> Any:  # noqa: ANN401  # plain values
    """A field of a term, or of its instrument where the term states no window of its own."""
    instrument = agreement.instruments.get(term.instrument)
    if name not in term.body and instrument is not None and term.during is None and name in ("from", "until"):
        return instrument.begins if name == "from" else instrument.ends
    return term.body.get(name)


def _cleared(term: Term) -> tuple[str, ...]:
    """The zone that a duty clears of something."""
    do = term.body.get("do")
    return (do["of"],) if isinstance(do, dict) and isinstance(do.get("of"), str) else ()


def _ids(terms: Iterable[Term]) -> tuple[str, ...]:
    return tuple(t.id for t in terms)


def _swapped(value: Any, one: str, other: str) -> Any:  # noqa: ANN401  # plain values
    """A text of plain values with two ids swapped wherever they stand."""
    if isinstance(value, dict):
        return {_swapped(k, one, other): _swapped(v, one, other) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_swapped(item, one, other) for item in value]
    return {one: other, other: one}.get(value, value) if isinstance(value, str) else value


def _form(value: Any, key: str = "") -> Any:  # noqa: ANN401  # plain values
    """What a term says, whatever its name and source are; a list of ids is a set, and one id a list of one."""
    if isinstance(value, dict):
        return {k: _form(v, k) for k, v in value.items() if key or k not in _FORM}
    if key in _LISTS:
        items = [_form(v) for v in (value if isinstance(value, list | tuple) else [value])]
        return sorted(items, key=repr)
    return [_form(v, "list") for v in value] if isinstance(value, list | tuple) else value
