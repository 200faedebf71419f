"""Does the text hold together? References, cycles, empty windows; and conflicts, which are only reported."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import Any

import shapely

from truceline.agreement import vocabulary as words
from truceline.agreement.model import HOLDINGS, Agreement, Fact, Selector, Term, Zone
from truceline.errors import Fault, InputError, quoted
from truceline.group import RESERVED
from truceline.space import checked_polygon
from truceline.span import FAR_AHEAD, LONG_AGO, parse_duration, parse_instant, utc_text

Say = Callable[[int, str], None]


def faults_of(agreement: Agreement, name: str) -> list[Fault]:
    """Every reference that leads nowhere, every cycle, every window that ends before it begins."""
    faults: list[Fault] = []

    def say(line: int, message: str) -> None:
        faults.append(Fault(message, name, line))

    _actors(agreement, say)
    _rules(agreement, say)
    for fact in agreement.facts:
        _fact(agreement, fact, say)
    for zone in agreement.zones.values():
        _zone(agreement, zone, say)
    for instrument in agreement.instruments.values():
        for when in (instrument.begins, instrument.ends):
            _when(agreement, when, instrument.line, f"instrument {quoted(instrument.id)}", say)
    for term in agreement.terms.values():
        _term(agreement, term, say)
    for term_id in _cycles({t.id: list(_while(agreement, t)) for t in agreement.terms.values()}):
        say(
            agreement.terms[term_id].line,
            f"term {quoted(term_id)}: its `while` leads back to itself at the same instant: "
            "say `simultaneous: true`, or `complies`, which looks at what was found before",
        )
    for term_id in _cycles({t.id: [*t.except_, *t.overrides] for t in agreement.terms.values()}):
        say(agreement.terms[term_id].line, f"term {quoted(term_id)}: an exception that leads back to itself")
    for term_id in _cycles({t.id: list(_names(t)) for t in agreement.terms.values() if t.kind == "define"}):
        say(agreement.terms[term_id].line, f"term {quoted(term_id)}: a definition that leads back to itself")
    return faults


def conflicts(agreement: Agreement) -> Iterator[str]:
    """Pairs of terms that require and forbid the same act of the same actors; reported at load, never resolved."""
    bans = [t for t in agreement.terms.values() if t.kind == "prohibit"]
    for duty in agreement.terms.values():
        act = duty.body.get("do")
        if duty.kind != "require" or not isinstance(act, str) or act not in agreement.acts:
            continue
        for ban in bans:
            if any(agreement.acts.is_kind(act, cls) == 1 for cls in ban.does) and ban.who == duty.who:
                pair = f"{quoted(duty.id)} and {quoted(ban.id)}"
                yield f"terms {pair} require and forbid {quoted(act)} of the same actors"


def _actors(agreement: Agreement, say: Say) -> None:
    for party in agreement.parties.values():
        for what, ids in (("side", [party.side]), ("part_of", [party.part_of]), ("members", party.members)):
            for other in ids:
                if other and other not in agreement.parties:
                    say(party.line, f"actor {quoted(party.id)}: unknown actor {quoted(other)} in `{what}`")
    for actor in _cycles({p.id: [p.part_of] if p.part_of else [] for p in agreement.parties.values()}):
        say(agreement.parties[actor].line, f"actor {quoted(actor)}: part of itself")


def _fact(agreement: Agreement, fact: Fact, say: Say) -> None:
    if fact.what == "sole":
        if fact.of not in agreement.acts:
            say(fact.line, f"unknown act {quoted(fact.of)} in a fact")
        ids: tuple[str, ...] = fact.actors
    else:
        ids = (fact.of, *fact.actors)  # the issuer of a list may stand outside the agreement
    for actor in ids:
        if actor not in agreement.parties:
            say(fact.line, f"unknown actor {quoted(actor)} in a fact")
    _source(agreement, fact.source, fact.line, "fact", say)


def _zone(agreement: Agreement, zone: Zone, say: Say) -> None:
    start = LONG_AGO if zone.start is None else zone.start
    end = FAR_AHEAD if zone.end is None else zone.end
    if end <= start:
        say(zone.line_no, f"zone {quoted(zone.id)} ends before it begins: {utc_text(end)} <= {utc_text(start)}")
    if zone.parts and (zone.low_m, zone.high_m, zone.start, zone.end) != (None, None, None, None):
        say(zone.line_no, f"zone {quoted(zone.id)}: a union takes height and time from its parts")
    if zone.polygon:
        try:
            checked_polygon(shapely.Polygon(zone.polygon), zone.id)
        except InputError as error:
            say(zone.line_no, str(error))
    for part in zone.parts:
        if part not in agreement.zones:
            say(zone.line_no, f"zone {quoted(zone.id)}: unknown zone {quoted(part)} in `union`")
    if zone.id in _reach(zone.id, {z.id: list(z.parts) for z in agreement.zones.values()}):
        say(zone.line_no, f"zone {quoted(zone.id)}: a union of itself")


def _term(agreement: Agreement, term: Term, say: Say) -> None:
    what = f"term {quoted(term.id)}"
    _named(agreement, term, what, say)
    if term.except_ and term.kind != "permit":
        say(term.line, f"{what}: only a `permit` can be an exception, got {quoted(term.kind)}")
    if term.kind in ("prohibit", "permit") and not term.does and not term.is_withheld:
        say(term.line, f"{what}: a `{term.kind}` needs `does`")
    if _is_notice_lost(term):
        say(term.line, f"{what}: `notice` can stand only in the `if` of a `permit`, beside its other words")
    defined = term.body.get("is") if term.kind == "define" else None
    for when in (term.begins, term.ends, term.during, term.only_if, term.unless, defined):
        _when(agreement, when, term.line, what, say)
    _order(agreement, term, say)
    _duty(agreement, term, say)


def _named(agreement: Agreement, term: Term, what: str, say: Say) -> None:
    """Whom, what and where a term names."""
    for selector in (term.who, term.to):
        _selector(agreement, selector, term.line, what, say)
    for act in term.does:
        if act not in agreement.acts:
            say(term.line, f"{what}: unknown act {quoted(act)} in `does`")
    for zone in term.where:
        if zone not in agreement.zones:
            say(term.line, f"{what}: unknown zone {quoted(zone)} in `in`")
    for key, targets in (("except", term.except_), ("overrides", term.overrides)):
        for other in targets:
            if other not in agreement.terms:
                say(term.line, f"{what}: unknown term {quoted(other)} in `{key}`")
    if term.instrument and term.instrument not in agreement.instruments:
        say(term.line, f"{what}: unknown instrument {quoted(term.instrument)}")
    _source(agreement, term.source, term.line, what, say)


def _duty(agreement: Agreement, term: Term, say: Say) -> None:
    """Fields that only a duty can have, and whether its clock can run."""
    what, body = f"term {quoted(term.id)}", term.body
    if term.kind != "require":
        for key in words.OF_DUTIES:
            if key in body:
                say(term.line, f"{what}: only a `require` can have `{key}`, got {quoted(term.kind)}")
        return
    for key in ("within", "ahead"):
        _long(agreement, body.get(key), f"{what}: `{key}`", term.line, say)
    _when(agreement, body.get("by") if "by" in body else None, term.line, what, say)
    if term.procure and term.procure not in agreement.parties:
        say(term.line, f"{what}: unknown actor {quoted(term.procure)} in `procure`")
    other = body.get("else")
    if other is not None and (other not in agreement.terms or agreement.terms[other].kind != "require"):
        say(term.line, f"{what}: `else` expects the name of a `require`, got {quoted(other)}")
    if term.id in _reach(term.id, {t.id: [str(t.body.get("else", ""))] for t in agreement.terms.values()}):
        say(term.line, f"{what}: an `else` that leads back to itself")
    if (deadline := _instant(agreement, body.get("by"))) is not None:
        trigger = _instant(agreement, body.get("on"))
        if trigger is not None and deadline <= trigger:
            say(term.line, f"{what}: its deadline {utc_text(deadline)} is not after its trigger {utc_text(trigger)}")
    _together(agreement, term, say)


def _together(agreement: Agreement, term: Term, say: Say) -> None:
    """Duties to be done at the same time: none of them may wait for another."""
    what, together = f"term {quoted(term.id)}", term.body.get("together")
    if together is None:
        return
    fields = together if isinstance(together, dict) else {"within": together}
    if "within" not in fields:
        say(term.line, f"{what}: `together` needs `within`: how far apart is still at the same time")
    for key in sorted(set(fields) - words.TOGETHER):
        say(term.line, f"{what}: unknown word {quoted(key)} in `together`")
    _long(agreement, fields.get("within"), f"{what}: `together`", term.line, say)
    waits = set(_waits(term.body.get("on")))
    for other in partners(agreement, term):
        if other.id in waits or term.id in _waits(other.body.get("on")):
            say(term.line, f"{what}: `together` with {quoted(other.id)}, and one of them waits for the other")
        theirs = other.body.get("together")
        if _span_of(theirs) not in (None, _span_of(together)):
            say(term.line, f"{what}: `together` with {quoted(other.id)}, which says {quoted(_span_of(theirs))}")
    named = fields.get("with", [])
    for key in named if isinstance(named, list) else [named]:
        if key not in agreement.terms or agreement.terms[key].kind != "require":
            say(term.line, f"{what}: `together` expects names of duties in `with`, got {quoted(key)}")


def partners(agreement: Agreement, term: Term) -> list[Term]:
    """The duties that are to be done together with this one: those it names, else those of the same trigger."""
    together = term.body.get("together")
    if together is None:
        return []
    duties = [t for t in agreement.terms.values() if t.kind == "require" and t.id != term.id]
    named = together.get("with") if isinstance(together, dict) else None
    if named is not None:
        return [t for t in duties if t.id in (named if isinstance(named, list) else [named])]
    return [t for t in duties if "together" in t.body and t.body.get("on") == term.body.get("on")]


def _span_of(together: Any) -> Any:  # noqa: ANN401  # plain values
    return together.get("within") if isinstance(together, dict) else together


def _waits(trigger: Any) -> Iterator[str]:  # noqa: ANN401  # plain values
    """Names of terms that have to be done first."""
    if isinstance(trigger, dict):
        for key, value in trigger.items():
            if key in ("done", "fulfilled") and isinstance(value, str):
                yield value
            else:
                yield from _waits(value)
    elif isinstance(trigger, list):
        for item in trigger:
            yield from _waits(item)


def _while(agreement: Agreement, term: Term) -> Iterator[str]:
    """Terms on which a `while` rests at the same instant; `complies` looks at the strict past, and rests on none."""
    ahead: list[Any] = [term.during]
    if isinstance(term.during, dict) and term.during.get("simultaneous") is True:
        return
    while ahead:
        here = ahead.pop()
        if isinstance(here, str) and here in agreement.terms:
            yield here
        elif isinstance(here, list):
            ahead += here
        elif isinstance(here, dict):
            ahead += [value for key, value in here.items() if key not in ("complies", "accepted", "status", "of", "by")]


def _is_notice_lost(term: Term) -> bool:
    """Whether a condition asks for a notice where no judge looks for one."""
    own = term.only_if if term.kind == "permit" or term.overrides else None
    rest = {k: v for k, v in own.items() if k != "notice"} if isinstance(own, dict) else term.only_if
    return any("notice" in keys for one in (rest, term.unless, term.during) for keys in _maps(one))


def _maps(value: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401  # plain values
    """Every mapping in a condition."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _maps(item)


def _long(agreement: Agreement, value: Any, what: str, line: int, say: Say) -> None:  # noqa: ANN401  # plain values
    """A duration, an open word that is one, or so many civil days."""
    if value is None or (isinstance(value, str) and value in agreement.words):
        return
    days = value.get("civil_days") if isinstance(value, dict) and set(value) == {"civil_days"} else None
    if isinstance(days, int) and not isinstance(days, bool) and 0 < days <= 36_600:
        return
    try:
        parse_duration(str(value))
    except InputError:
        expected = "a duration such as `PT48H`, `{civil_days: 5}`, or a word of `words`"
        say(line, f"{what}: expected {expected}, got {quoted(value)}")


def _instant(agreement: Agreement, when: Any) -> int | None:  # noqa: ANN401  # plain values
    """The second that a moment names, where it names one and no more."""
    if isinstance(when, dict) and set(when) == {"at"}:
        return _instant(agreement, when["at"])
    if isinstance(when, str) and when in agreement.terms:
        term = agreement.terms[when]
        return _instant(agreement, term.body.get("is")) if term.kind == "define" and not term.versions else None
    return parse_instant(str(when), agreement.tz) if _is_time(when, agreement.tz) else None


def _selector(agreement: Agreement, selector: Selector | None, line: int, what: str, say: Say) -> None:
    if selector is None:
        return
    for actor in selector.ids:
        if actor not in agreement.parties and actor not in RESERVED and actor not in ("target", "actor"):
            say(line, f"{what}: unknown actor {quoted(actor)}")
    if selector.status and selector.status not in ("bound", "accepted", "excluded", *agreement.status_rules):
        say(line, f"{what}: unknown status {quoted(selector.status)}")


def _rules(agreement: Agreement, say: Say) -> None:
    """Status rules speak of known statuses only, and never of themselves."""
    known = {"accepted", "excluded", "bound", "expelled", "withdrawn", *agreement.status_rules}
    known |= {fact.what for fact in agreement.facts}
    edges: dict[str, list[str]] = {}
    for status, rule in agreement.status_rules.items():
        edges[status] = list(_words(rule))
        for word in edges[status]:
            if word not in known:
                say(0, f"status {quoted(status)}: unknown status {quoted(word)}")
    for status in _cycles(edges):
        say(0, f"status {quoted(status)}: a rule that leads back to itself")


def _words(rule: Any) -> Iterator[str]:  # noqa: ANN401  # plain values
    if isinstance(rule, str):
        yield rule
    for item in rule if isinstance(rule, list) else rule.values() if isinstance(rule, dict) else ():
        yield from _words(item)


def _source(agreement: Agreement, source: str, line: int, what: str, say: Say) -> None:
    key = source.partition(".")[0]
    if source and source != "none" and agreement.sources and key not in agreement.sources:
        say(line, f"{what}: unknown source {quoted(source)}: expected one of {', '.join(agreement.sources)}")


def _when(agreement: Agreement, when: Any, line: int, what: str, say: Say) -> None:  # noqa: ANN401  # plain values
    """Names and durations in a condition in time."""
    if isinstance(when, bool | float):
        say(line, f"{what}: expected a time or a condition, got {quoted(when)}")
    elif isinstance(when, str | int):
        known = str(when) in agreement.terms or str(when) in agreement.words
        if not known and not _is_time(when, agreement.tz):
            say(line, f"{what}: expected a time or the name of a term, got {quoted(when)}")
    elif isinstance(when, list):
        for item in when:
            _when(agreement, item, line, what, say)
    elif isinstance(when, dict):
        _mapping(agreement, when, line, what, say)


def _mapping(agreement: Agreement, when: Mapping[str, Any], line: int, what: str, say: Say) -> None:
    for key, value in when.items():
        if key in ("readings", "all", "any", "both") and not isinstance(value, list):
            say(line, f"{what}: `{key}` expects a list, got {quoted(value)}")
        elif key == "ratio" and not {"from", "baseline"} <= set(when):
            say(line, f"{what}: `ratio` needs `from`, and `baseline` such as `mean-P28D-before-start`")
        elif key == "for" and not isinstance(value, str):
            say(line, f"{what}: `for` expects a duration, got {quoted(value)}")
        elif key in ("at", "from", "until", "readings", "all", "any", "both", "not"):
            _when(agreement, value, line, what, say)
        elif key in ("for", "within", "per", "elapsed", "or_elapsed", "horizon") and isinstance(value, str):
            if value not in agreement.words and value != "none":
                _duration(value, what, line, say)
        elif key in _NAMES and isinstance(value, str):
            known, kind = _NAMES[key]
            if value not in known(agreement):
                say(line, f"{what}: unknown {kind} {quoted(value)} in `{key}`")
        elif key in ("number", "earlier", "followed", "consecutive", "findings", "k", "finding"):
            _word_of(key, value, what, line, say)
        if isinstance(value, dict) and key not in ("readings", "done"):
            _mapping(agreement, value, line, what, say)
        elif key in ("of", "at_least") and isinstance(value, list):
            _when(agreement, [one for one in value if isinstance(one, dict)], line, what, say)


def _duration(value: str, what: str, line: int, say: Say) -> None:
    try:
        parse_duration(value)
    except InputError as error:
        say(line, f"{what}: {error}")


def _statuses(agreement: Agreement) -> set[str]:
    """Every status that the text knows."""
    known = {"accepted", "excluded", "bound", "expelled", "withdrawn", *agreement.status_rules}
    return known | {fact.what for fact in agreement.facts}


_NAMES: Mapping[str, tuple[Callable[[Agreement], Container[str]], str]] = {
    "done": (lambda a: a.terms, "term"),
    "then": (lambda a: a.terms, "term"),
    "fulfilled": (lambda a: a.terms, "term"),
    "breach": (lambda a: a.terms, "term"),
    "accepted": (lambda a: a.parties, "actor"),
    "complies": (lambda a: a.parties, "actor"),
    "published": (lambda a: {*a.instruments, *a.sources}, "instrument"),
    "status": (_statuses, "status"),
}
"""Words of a condition that name something, and what."""


def _word_of(key: str, value: Any, what: str, line: int, say: Say) -> None:  # noqa: ANN401  # plain values
    """Words that expect a shape of their own."""

    def is_count(one: Any) -> bool:  # noqa: ANN401  # plain values
        return isinstance(one, int) and not isinstance(one, bool) and one >= 0

    if key == "number":
        ok = isinstance(value, dict) and bool(value) and set(value) <= {"at_least", "at_most"}
        if not ok or not all(is_count(one) for one in value.values()):
            say(line, f"{what}: `number` expects `at_least` or `at_most` and a whole number, got {quoted(value)}")
    elif key in ("earlier", "followed"):
        if not isinstance(value, dict) or "within" not in value or "act" not in value:
            say(line, f"{what}: `{key}` expects `act` and `within`, got {quoted(value)}")
    elif key == "consecutive":
        if not isinstance(value, dict) or "that" not in value or not is_count(value.get("days")) or not value["days"]:
            say(line, f"{what}: `consecutive` expects `days` and `that`, got {quoted(value)}")
    elif key == "findings" and isinstance(value, dict) and not is_count(value.get("at_least")):
        say(line, f"{what}: `findings` expects `at_least` and `per`, got {quoted(value)}")
    elif key == "k" and not is_count(value):
        say(line, f"{what}: `k` expects a whole number, got {quoted(value)}")
    elif key == "finding" and value not in HOLDINGS:
        say(line, f"{what}: `finding` expects one of {', '.join(HOLDINGS)}, got {quoted(value)}")


def _order(agreement: Agreement, term: Term, say: Say) -> None:
    if _is_time(term.begins, agreement.tz) and _is_time(term.ends, agreement.tz):
        begins, ends = (parse_instant(str(t), agreement.tz) for t in (term.begins, term.ends))
        if ends <= begins:
            say(term.line, f"term {quoted(term.id)} ends before it begins: {utc_text(ends)} <= {utc_text(begins)}")


def _is_time(value: Any, tz: str) -> bool:  # noqa: ANN401  # plain values
    if not isinstance(value, str | int) or isinstance(value, bool):
        return False
    try:
        parse_instant(str(value), tz)
    except InputError:
        return False
    return True


def _names(term: Term) -> Iterator[str]:
    """Names of terms that a definition rests on."""
    ahead: list[Any] = [term.body.get("is")]
    while ahead:
        here = ahead.pop()
        if isinstance(here, str):
            yield here
        elif isinstance(here, list):
            ahead += here
        elif isinstance(here, dict):
            ahead += [
                v for k, v in here.items() if k in ("at", "from", "until", "all", "any", "both", "not", "readings")
            ]


def _cycles(edges: Mapping[str, Iterable[str]]) -> list[str]:
    """Nodes that lead back to themselves, one per cycle: the first by name."""
    found: list[str] = []
    for node in sorted(edges):
        reach = _reach(node, edges)
        if node in reach and not any(other in reach for other in found):
            found.append(node)
    return found


def _reach(node: str, edges: Mapping[str, Iterable[str]]) -> set[str]:
    seen: set[str] = set()
    ahead = list(edges.get(node, ()))
    while ahead:
        here = ahead.pop()
        if here not in seen:
            seen.add(here)
            ahead += edges.get(here, ())
    return seen
