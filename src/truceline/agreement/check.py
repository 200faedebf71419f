"""Does the text hold together? References, cycles, empty windows; and conflicts, which are only reported."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

import shapely

from truceline.agreement import vocabulary as words
from truceline.agreement.model import HOLDINGS, Agreement, Fact, Selector, Term, Zone
from truceline.agreement.signed import is_share
from truceline.errors import Fault, InputError, quoted
from truceline.group import RESERVED
from truceline.space import checked_polygon
from truceline.span import FAR_AHEAD, LONG_AGO, parse_duration, parse_instant, utc_text

Say = Callable[[int, str], None]

MOST_STEPS = 40
"""So many terms, unions or parts may rest on one another in a chain."""


def faults_of(agreement: Agreement, name: str, lines: Mapping[str, int] | None = None) -> list[Fault]:
    """Every reference that leads nowhere, every cycle, every window that ends before it begins.

    Args:
        agreement: the text.
        name: the file's name for messages.
        lines: where the open words and the rules of statuses stand, which carry no line of their own: `word W`,
            `status S`.
    """
    faults: list[Fault] = []
    at = lines or {}

    def say(line: int, message: str) -> None:
        faults.append(Fault(message, name, line))

    _actors(agreement, say)
    _rules(agreement, at, say)
    for word, made in agreement.words.items():
        _open_word(agreement, made, at.get(f"word {word}", 0), f"word {quoted(word)}", say)
    for word in _cycles({word: _read_as(made) for word, made in agreement.words.items()}):
        say(at.get(f"word {word}", 0), f"word {quoted(word)}: a reading that leads back to itself")
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
    _chains(agreement, say)
    return faults


def _chains(agreement: Agreement, say: Say) -> None:
    """Chains of parts, unions and terms so long that nobody could follow them."""
    said = f"expected at most {MOST_STEPS}, one resting on the other"
    parties, zones, terms = agreement.parties.values(), agreement.zones.values(), agreement.terms.values()
    for actor in _longest({p.id: [one for one in (p.part_of, p.side) if one] for p in parties}):
        say(agreement.parties[actor].line, f"actor {quoted(actor)}: part of too many wholes: {said}")
    for zone in _longest({z.id: z.parts for z in zones}):
        say(agreement.zones[zone].line_no, f"zone {quoted(zone)}: a union of too many unions: {said}")
    for term in _longest({t.id: _rests(agreement, t) for t in terms}):
        say(agreement.terms[term].line, f"term {quoted(term)}: rests on too many terms: {said}")


def _rests(agreement: Agreement, term: Term) -> list[str]:
    """Every term that a term or its instrument names, in whatever field."""
    one = agreement.instruments.get(term.instrument)
    named = [*term.body.values(), *((one.begins, one.ends) if one is not None else ())]
    return [word for word in _words(named) if word in agreement.terms and word != term.id]


def _longest(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """Where the longest chain of more than `MOST_STEPS` nodes begins; nothing where none is so long."""
    reach = {node: reached(node, edges) for node in edges}
    steps: dict[str, int] = {}
    for node in sorted(edges, key=lambda node: (len(reach[node]), node)):
        circle = {node} | {other for other in reach[node] if node in reach.get(other, ())}
        below = max((steps.get(to, 0) for one in circle for to in edges[one] if to not in circle), default=0)
        steps.update(dict.fromkeys(circle, below + len(circle)))
    longest = max(steps.values(), default=0)
    return sorted(node for node, n in steps.items() if n == longest)[:1] if longest > MOST_STEPS else []


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
    if zone.id in reached(zone.id, {z.id: list(z.parts) for z in agreement.zones.values()}):
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
    triggers = (term.body.get("on"), term.body.get("after"))
    for when in (term.begins, term.ends, term.during, term.only_if, term.unless, defined, *triggers):
        _when(agreement, when, term.line, what, say)
    for one in term.versions:
        for key in ("from", "until", "while", "on", "by", "is"):
            _when(agreement, one.get(key), term.line, f"{what}: a version", say)
        _long(agreement, one.get("within"), f"{what}: a version: `within`", term.line, say)
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
    if other is not None and not _is_duty(agreement, other):
        say(term.line, f"{what}: `else` expects the name of a `require`, got {quoted(other)}")
    if term.id in reached(term.id, {t.id: [str(t.body.get("else", ""))] for t in agreement.terms.values()}):
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
        if not _is_duty(agreement, key):
            say(term.line, f"{what}: `together` expects names of duties in `with`, got {quoted(key)}")


def _is_duty(agreement: Agreement, name: Any) -> bool:  # noqa: ANN401  # plain values
    """Whether a value is the name of a `require`."""
    term = agreement.terms.get(name) if isinstance(name, str) else None
    return term is not None and term.kind == "require"


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
    seen: set[str] = set()
    while True:
        if isinstance(when, dict) and set(when) == {"at"}:
            when = when["at"]
        elif isinstance(when, str) and when in agreement.terms and when not in seen:
            seen.add(when)
            term = agreement.terms[when]
            when = term.body.get("is") if term.kind == "define" and not term.versions else None
        else:
            break
    return parse_instant(str(when), agreement.tz) if is_time(when, agreement.tz) else None


def _selector(agreement: Agreement, selector: Selector | None, line: int, what: str, say: Say) -> None:
    if selector is None:
        return
    for actor in selector.ids:
        if actor not in agreement.parties and actor not in RESERVED and actor not in ("target", "actor"):
            say(line, f"{what}: unknown actor {quoted(actor)}")
    if selector.status and selector.status not in ("bound", "accepted", "excluded", *agreement.status_rules):
        say(line, f"{what}: unknown status {quoted(selector.status)}")


def _rules(agreement: Agreement, lines: Mapping[str, int], say: Say) -> None:
    """Status rules speak of known statuses only, and never of themselves."""
    known = _statuses(agreement)
    edges: dict[str, list[str]] = {}
    for status, rule in agreement.status_rules.items():
        edges[status] = list(_words(rule))
        for word in edges[status]:
            if word not in known:
                say(lines.get(f"status {status}", 0), f"status {quoted(status)}: unknown status {quoted(word)}")
    for status in _cycles(edges):
        say(lines.get(f"status {status}", 0), f"status {quoted(status)}: a rule that leads back to itself")


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
        is_word = str(when) in agreement.words and str(when) not in agreement.terms
        for one in _readings(agreement.words[str(when)]) if is_word else [when]:  # a word means each of its readings
            if not isinstance(one, dict) and str(one) not in agreement.terms and not is_time(one, agreement.tz):
                said = f"{what}: expected a time or the name of a term, got {quoted(when)}"
                say(line, said if one is when else f"{said}, which can be read as {quoted(one)}")
    elif isinstance(when, list):
        for item in when:
            _when(agreement, item, line, what, say)
    elif isinstance(when, dict):
        _mapping(agreement, when, line, what, say)


def _open_word(agreement: Agreement, made: Any, line: int, what: str, say: Say) -> None:  # noqa: ANN401  # plain values
    """Names and measures in the readings of an open word."""
    readings = made.get("readings") if isinstance(made, dict) else None
    if readings is not None and not isinstance(readings, list):
        say(line, f"{what}: `readings` expects a list, got {quoted(readings)}")
    for reading in _readings(made):
        if isinstance(reading, dict):
            _mapping(agreement, {k: v for k, v in reading.items() if k not in words.NAMING}, line, what, say)
            _when(agreement, reading.get("is"), line, what, say)


def _readings(made: Any) -> list[Any]:  # noqa: ANN401  # plain values
    """The readings of an open word as plain values; empty where it has none."""
    readings = made.get("readings") if isinstance(made, dict) else None
    return readings if isinstance(readings, list) else []


def _read_as(made: Any) -> list[str]:  # noqa: ANN401  # plain values
    """Every name in the readings of an open word, what they are called left out."""
    called = words.NAMING - {"is"}
    plain = [{k: v for k, v in one.items() if k not in called} if isinstance(one, dict) else one
             for one in _readings(made)]  # fmt: skip
    return list(_words(plain))


def _mapping(agreement: Agreement, when: Mapping[str, Any], line: int, what: str, say: Say) -> None:
    for key, value in when.items():
        if key in ("readings", "all", "any", "both") and not isinstance(value, list):
            say(line, f"{what}: `{key}` expects a list, got {quoted(value)}")
        elif key == "ratio" and not {"from", "baseline"} <= set(when):
            say(line, f"{what}: `ratio` needs `from`, and `baseline` such as `mean-P28D-before-start`")
        elif key == "from" and isinstance(value, str) and not _SAID.isdisjoint(when):
            continue  # asked from a place, or from a moment
        elif key in ("at", "from", "until", "after", "before", "readings", "all", "any", "both", "not"):
            _when(agreement, value, line, what, say)
        elif key in ("for", "within", "per", "elapsed", "or_elapsed", "horizon"):
            _duration(agreement, value, f"{what}: `{key}`", line, say)
        elif key in _NAMES and isinstance(value, str):
            known, kind = _NAMES[key]
            if value not in known(agreement):
                say(line, f"{what}: unknown {kind} {quoted(value)} in `{key}`")
        elif key in _SHAPED:
            _word_of(key, value, what, line, say)
        if isinstance(value, dict) and key not in ("readings", "done"):
            _mapping(agreement, value, line, what, say)
        elif key in ("of", "at_least") and isinstance(value, list):
            _when(agreement, [one for one in value if isinstance(one, dict)], line, what, say)


def _duration(agreement: Agreement, value: Any, what: str, line: int, say: Say) -> None:  # noqa: ANN401  # plain values
    """A duration in a condition, or an open word that is one."""
    if value == "none" or (isinstance(value, str) and value in agreement.words):
        return
    try:
        parse_duration(str(value))
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


_SAID = frozenset({"request", "opened", "answered"})
_SHAPED = ("number", "earlier", "followed", "consecutive", "findings", "k", "finding", "deaths_vs_baseline")


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
    elif key == "deaths_vs_baseline" and not is_share(value):
        say(line, f"{what}: `{key}` expects a share such as 0.25, got {quoted(value)}")
    elif key == "finding" and value not in HOLDINGS:
        say(line, f"{what}: `finding` expects one of {', '.join(HOLDINGS)}, got {quoted(value)}")


def _order(agreement: Agreement, term: Term, say: Say) -> None:
    if is_time(term.begins, agreement.tz) and is_time(term.ends, agreement.tz):
        begins, ends = (parse_instant(str(t), agreement.tz) for t in (term.begins, term.ends))
        if ends <= begins:
            say(term.line, f"term {quoted(term.id)} ends before it begins: {utc_text(ends)} <= {utc_text(begins)}")


def is_time(value: Any, tz: str) -> bool:  # noqa: ANN401  # plain values
    """Whether a value can be read as a time."""
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
        reach = reached(node, edges)
        if node in reach and not any(other in reach for other in found):
            found.append(node)
    return found


def reached(node: str, edges: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Everything to which a node leads; itself only where it leads back."""
    seen: set[str] = set()
    ahead = list(edges.get(node, ()))
    while ahead:
        here = ahead.pop()
        if here not in seen:
            seen.add(here)
            ahead += edges.get(here, ())
    return frozenset(seen)
