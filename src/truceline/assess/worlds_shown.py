"""What could be so, that an open answer is open? Two worlds, one with a breach and one without, and what differs.

Each world is one narrowing of what the report, or the case, leaves open; it is judged again by `spec`, so that no world
is shown that the law does not answer so. Where no such pair is found, that is said. No fine position leaves this module
as text: a place is only ever inside or outside a zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import shapely

from truceline.agreement.history import History
from truceline.agreement.model import SignedAct, Term, Zone
from truceline.agreement.signed import reading_name, readings_of
from truceline.assess import spec
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.assess.worlds import in_reading, open_words
from truceline.evidence.schema import EITHER, JOINT, NOBODY, ONE, UNNAMED, Named, Observation
from truceline.space import NOWHERE, Geometry, Region
from truceline.verdict import NO, UNKNOWN, YES, Answer, Reason

ANY = "any"
MOST_STEPS = 7
"""How many open things are settled at most on the way to a world."""

MOST_CHOICES = 160
"""How many narrowings are tried at each step."""

EAST = ((0.0, -84.0), (179.0, -84.0), (179.0, 84.0), (0.0, 84.0))
WEST = ((-179.0, -84.0), (0.0, -84.0), (0.0, 84.0), (-179.0, 84.0))
SPECK = ((1.0, -83.9), (1.1, -83.9), (1.1, -83.8))
MAPS = (("covers the eastern half of the earth", EAST), ("covers the western half", WEST), ("lies elsewhere", SPECK))
"""Maps that a withheld one could be: half the earth, and a speck near the pole."""


@dataclass(frozen=True)
class World:
    """One way in which it could be.

    Attributes:
        report: the report, told more precisely.
        law: what stands there: other only where the text, a designation or a body's answer is what is open.
        settled: what was settled, field by field: `(field, words)`.
        value: what `spec` answers there.
    """

    report: Observation
    law: Law
    settled: tuple[tuple[str, str], ...]
    value: int


@dataclass(frozen=True)
class Shown:
    """Two worlds of one open answer; None where none was found.

    Attributes:
        differs: the fields in which the two differ.
    """

    breach: World | None
    none: World | None
    differs: tuple[str, ...]


@dataclass(frozen=True)
class _Choice:
    field: str
    words: str
    made: Callable[[Observation, Law], tuple[Observation, Law]]


def worlds_of(report: Observation, term_id: str, law: Law) -> Shown | None:
    """Two worlds of an open answer; None when the answer is not open."""
    if _judged(report, term_id, law).value != UNKNOWN:
        return None
    path = _search(report, term_id, law, YES)
    other = _search(report, term_id, law, NO)
    breach = _lived(report, term_id, law, path) if path is not None else None
    beside = _beside(report, term_id, law, path) if path else None
    none = beside or (_lived(report, term_id, law, other) if other is not None else None)
    return Shown(breach, none, _differs(breach, none))


def _judged(report: Observation, term_id: str, law: Law) -> Answer:
    return spec.judge_any(report, law) if term_id == ANY else spec.judge(report, term_id, law).covered


def _differs(breach: World | None, none: World | None) -> tuple[str, ...]:
    first, second = (dict(w.settled) if w else {} for w in (breach, none))
    return tuple(sorted(f for f in {*first, *second} if first.get(f) != second.get(f)))


def _lived(report: Observation, term_id: str, law: Law, path: Iterable[_Choice]) -> World:
    settled = []
    for choice in path:
        report, law = choice.made(report, law)
        settled.append((choice.field, choice.words))
    return World(report, law, tuple(settled), _judged(report, term_id, law).value)


def _search(report: Observation, term_id: str, law: Law, goal: int) -> list[_Choice] | None:
    """Settle what is open, one thing after another, always that which leaves least open."""
    path: list[_Choice] = []
    for _ in range(MOST_STEPS):
        answer = _judged(report, term_id, law)
        best: tuple[int, _Choice, Observation, Law] | None = None
        for choice, _ in zip(_choices(report, term_id, law, answer), range(MOST_CHOICES), strict=False):
            seen, stands = choice.made(report, law)
            found = _judged(seen, term_id, stands)
            if found.value == goal:
                return [*path, choice]
            left = found.why.bit_count()
            if found.value == UNKNOWN and left < (best[0] if best else answer.why.bit_count() + (goal == YES)):
                best = (left, choice, seen, stands)
        if best is None:
            return None
        path.append(best[1])
        report, law = best[2], best[3]
    return None


def _beside(report: Observation, term_id: str, law: Law, path: list[_Choice]) -> World | None:
    """The world that differs from a breach in one field alone."""
    for i in reversed(range(len(path))):
        before, stands = report, law
        for choice in path[:i]:
            before, stands = choice.made(before, stands)
        for choice in _choices(before, term_id, stands, _judged(before, term_id, stands)):
            if choice.field == path[i].field:
                world = _lived(report, term_id, law, [*path[:i], choice, *path[i + 1 :]])
                if world.value == NO:
                    return world
    return None


# -- what can be settled ------------------------------------------------------------------------------------------


def _choices(report: Observation, term_id: str, law: Law, answer: Answer) -> Iterator[_Choice]:
    terms = _terms(term_id, law)
    made: dict[Reason, Callable[[], Iterator[_Choice]]] = {
        Reason.ACTOR: lambda: _whom(report, "actor", terms, law),
        Reason.TARGET: lambda: _whom(report, "target", terms, law),
        Reason.ACT: lambda: _acts(report, terms, law),
        Reason.TIME: lambda: _times(report, terms, law),
        Reason.PLACE: lambda: _places(report, terms, law),
        Reason.ALTITUDE: lambda: _heights(terms, law),
        Reason.DISPUTED_DESIGNATION: lambda: _designations(report, law),
        Reason.OPEN_WORD: lambda: _readings(law),
        Reason.WITHHELD_TEXT: lambda: _maps(terms, law),
        Reason.AWAITING_ANSWER: lambda: _answers(report, terms, law),
    }
    for reason in answer.reasons:
        if reason in made:
            yield from made[reason]()


def _terms(term_id: str, law: Law) -> list[Term]:
    if term_id != ANY:
        return [law.terms[term_id]]
    return [t for t in law.terms.values() if t.kind == "prohibit" and not t.overrides]


def _told(field: str, words: str, **changes: object) -> _Choice:
    return _Choice(field, words, lambda report, law: (replace(report, **changes), law))  # type: ignore[arg-type]


def _whom(report: Observation, what: str, terms: list[Term], law: Law) -> Iterator[_Choice]:
    if report.unordered:
        one, other = report.actor, report.target
        yield _told("direction", "as reported", unordered=False)
        yield _told("direction", "turned round", unordered=False, actor=other, target=one)
    named: Named = getattr(report, what)
    selectors = [t.who if what == "actor" else t.to for t in terms]
    meant = [i for s in selectors if s is not None for i in s.ids]
    known = list(law.standing.agreement.parties)
    pool = [*named.ids, *(p for i in named.ids for p in law.standing.agreement.group.parts(i))]
    if named.mode in (UNNAMED, NOBODY) or spec.SOMEBODY in named.ids or "settlement" in named.ids:
        pool = [*meant, *known, "civilians"]
    for actor in dict.fromkeys(i for i in pool if i not in (spec.SOMEBODY, "settlement")):
        if named.mode not in (ONE, JOINT) or named.ids != (actor,):
            yield _told(what, actor, **{what: Named((actor,), ONE)})
        elif named.is_umbrella:
            yield _told(what, f"{actor} itself", **{what: replace(named, is_umbrella=False)})
    if named.mode == EITHER and named.is_umbrella:
        for actor in named.ids:
            yield _told(what, actor, **{what: Named((actor,), ONE, is_umbrella=True)})


def _acts(report: Observation, terms: list[Term], law: Law) -> Iterator[_Choice]:
    tree = law.standing.agreement.acts
    asked = [act for t in terms for act in t.does]
    kinds = (
        [k for k in sorted(tree._above) if any(tree.is_kind(k, a) == YES for a in report.acts)] if report.acts else []
    )
    pool = kinds or [*asked, "accident", "movement"]
    known = [act for act in report.acts if act in tree]
    for act in dict.fromkeys([*known, *pool, *(["accident"] if len(known) < len(report.acts) else [])]):
        if report.acts != (act,):
            yield _told("act", act, acts=(act,))


def _times(report: Observation, terms: list[Term], law: Law) -> Iterator[_Choice]:
    if not report.lasts:
        marks = sorted({at for at in spec.changes(report, terms, law) if report.start < at < report.end})
        pieces = [report.start, *marks]
        for i, at in enumerate(pieces):
            before = "before every change of the law" if i == 0 else f"after change {i} of the law in that time"
            yield _told("time", before, start=at, end=at + 1)
    yield from _deeds(terms)


def _deeds(terms: list[Term]) -> Iterator[_Choice]:
    """A deed that nobody recorded was done before everything, or is never done."""
    for term in terms:
        for field in ("begins", "ends", "during", "only_if", "unless"):
            value = getattr(term, field)
            if isinstance(value, dict) and set(value) == {"done"}:
                for words, moment in (("was done before", "1900-01-01"), ("is not done", "2199-12-31")):
                    changed = replace(term, **{field: moment})  # type: ignore[arg-type]
                    yield _Choice(f"deed {value['done']}", words, _with_term(changed))


def _places(report: Observation, terms: list[Term], law: Law) -> Iterator[_Choice]:
    zones = [z for t in terms for z in t.where]
    at = {t.at for t in terms}
    field = "origin" if at == {"origin"} else "impact"
    region: Region = getattr(report, field)
    for _, ids in spec.layers(zones, law.standing.agreement.zones):
        ground = law.placed.ground(ids).shape
        if ground is None:
            continue
        name = ", ".join(sorted(ids))
        whole = law.placed.shape_of(region) if region != NOWHERE else None
        for words, shape in _two_parts(whole, ground):
            for point in _points(shape):
                spot = Region("disc", int(point.x), int(point.y), 0, country=region.country)
                yield _told("place", f"{words} zone {name}", **{field: spot})
    if region == NOWHERE:
        yield _told("place", "outside every zone", **{field: Region("outside")})


def _two_parts(whole: Geometry | None, ground: Geometry) -> list[tuple[str, Geometry]]:
    inside = ground if whole is None else shapely.intersection(whole, ground)
    return [("inside", inside), *([] if whole is None else [("outside", shapely.difference(whole, ground))])]


def _points(shape: Geometry) -> Iterator[shapely.Point]:
    parts = sorted(shapely.get_parts(shape), key=shapely.area, reverse=True)[:2]
    for part in parts:
        if not part.is_empty:
            yield shapely.Point(*(round(v) for v in part.representative_point().coords[0]))


def _heights(terms: list[Term], law: Law) -> Iterator[_Choice]:
    for zone, _ in spec.layers([z for t in terms for z in t.where], law.standing.agreement.zones):
        if zone.low_m is not None and zone.high_m is not None:
            yield _told("altitude", f"within the band of zone {zone.id}", low_m=zone.low_m, high_m=zone.low_m)
            yield _told("altitude", f"above zone {zone.id}", low_m=zone.high_m + 1, high_m=zone.high_m + 1)


def _designations(report: Observation, law: Law) -> Iterator[_Choice]:
    agreement = law.standing.agreement
    named = {a for side in (report.actor, report.target) for i in side.ids for a in agreement.group.above(i)}
    named |= {p for i in (*report.actor.ids, *report.target.ids) for p in agreement.group.parts(i)}
    for status in ("excluded", "accepted"):
        said = [f for f in agreement.facts if f.what == status and f.of in named and f.by in agreement.guarantors]
        if said:
            common = tuple(replace(f, by="") if f in said else f for f in agreement.facts)
            dropped = tuple(f for f in agreement.facts if f not in said)
            yield _Choice(f"designation: {status}", "agreed by both", _with_facts(common))
            yield _Choice(f"designation: {status}", "withdrawn by its issuer", _with_facts(dropped))


def _readings(law: Law) -> Iterator[_Choice]:
    agreement = law.standing.agreement
    for word in open_words(agreement):
        for i, one in enumerate(readings_of(agreement, word)):
            yield _Choice(f"reading of {word}", reading_name(one), _with_reading(word, i))


def _maps(terms: list[Term], law: Law) -> Iterator[_Choice]:
    """A text that nobody published could say either; the two worlds are two texts."""
    zones = law.standing.agreement.zones
    for zone in (z for t in terms for i in t.where for z in _withheld(i, law)):
        for words, ring in MAPS:
            drawn = Zone(zone.id, zone.line_no, polygon=ring, low_m=zone.low_m, high_m=zone.high_m)
            yield _Choice(f"map of {zone.id}", words, _with_zones({**zones, zone.id: drawn}))
    for term in terms:
        if term.is_withheld:
            yield _Choice(
                f"text of {term.id}", "says what is reported of it", _with_term(replace(term, is_withheld=False))
            )
            silent = replace(term, is_withheld=False, begins="2199-12-31", during=None)
            yield _Choice(f"text of {term.id}", "says nothing of this time", _with_term(silent))


def _withheld(zone_id: str, law: Law) -> Iterator[Zone]:
    zone = law.standing.agreement.zones[zone_id]
    if zone.is_withheld:
        yield zone
    for part in zone.parts:
        yield from _withheld(part, law)


def _answers(report: Observation, terms: list[Term], law: Law) -> Iterator[_Choice]:
    asked = {t.id for t in terms}
    bodies = [p for p in law.standing.agreement.parties.values() if p.kind == "body" and not p.side]
    by = tuple(b.id for b in bodies[:1]) or tuple(sorted(law.standing.agreement.guarantors))
    for permit in law.terms.values():
        if by and permit.ask and asked.intersection(permit.except_):
            for yes in (False, True):
                act = SignedAct(
                    f"answer-{yes}", "answer", by, report.end, report.end, of=report.id, term=permit.id, is_yes=yes
                )
                yield _Choice(f"answer on {permit.id}", "yes" if yes else "no", _with_act(act))


# -- another law ----------------------------------------------------------------------------------------------------


def _changed(law: Law, acts: tuple[SignedAct, ...] = (), **parts: object) -> Law:
    standing = law.standing
    agreement = replace(standing.agreement, **parts)  # type: ignore[arg-type]
    history = History(agreement, (*standing.acts, *acts), standing.seen)
    placed = Placed(agreement.zones, law.placed.atlas) if "zones" in parts else law.placed
    return replace(law, standing=history.as_known(None, standing.readings), placed=placed)


def _with_term(term: Term) -> Callable[[Observation, Law], tuple[Observation, Law]]:
    return lambda report, law: (report, _changed(law, terms={**law.terms, term.id: term}))


def _with_facts(facts: object) -> Callable[[Observation, Law], tuple[Observation, Law]]:
    return lambda report, law: (report, _changed(law, facts=facts))


def _with_reading(word: str, index: int) -> Callable[[Observation, Law], tuple[Observation, Law]]:
    return lambda report, law: (report, in_reading(law, word, index))


def _with_zones(zones: object) -> Callable[[Observation, Law], tuple[Observation, Law]]:
    return lambda report, law: (report, _changed(law, zones=zones))


def _with_act(act: SignedAct) -> Callable[[Observation, Law], tuple[Observation, Law]]:
    return lambda report, law: (report, _changed(law, acts=(act,)))
