"""What in a text will not do what its drafter means? Conflicts and gaps, for a drafter before signing.

Findings only: nothing is resolved, and a text with findings can be signed. A closed list of kinds, each with a line,
one sentence and what to do. What needs areas or evidence is asked in `assess.gaps`; what makes a text refused, in
`check`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from truceline.agreement import refs
from truceline.agreement.check import reached
from truceline.agreement.lines import read_lines
from truceline.agreement.model import Agreement, Selector, Term
from truceline.agreement.reach import Reach, met
from truceline.agreement.wording import languages
from truceline.errors import InputError, quoted
from truceline.span import LONG_AGO, local_text, parse_duration
from truceline.verdict import NO, YES

KINDS: Final[Mapping[str, str]] = {
    "contradiction": "two terms require and forbid the same act of the same or overlapping actors",
    "together-triggers": "duties owed together have different triggers",
    "together-forbidden": "a duty owed together with others is forbidden by another term",
    "together-waits": "duties owed together wait for one another",
    "mutual-while": "terms hold only while the other side complies, in a circle",
    "deadlock": "duties or powers wait for one another, so that none is ever owed",
    "deadline-before-trigger": "a deadline lies before the earliest moment at which the duty can arise",
    "never-adopted": "a term belongs to an instrument that was never adopted",
    "never-triggered": "a term waits for what can never come",
    "empty-window": "a term has a window without a moment in it",
    "nobody": "a term binds, or gives a power to, whom nobody is",
    "not-accepted": "no acceptance is recorded of anybody whom a term binds",
    "nobody-answers": "an exception needs the answer of a body, and the text has none",
    "undefined-word": "a limit or measure uses a word that the text neither defines nor lists as open",
    "open-word": "a word is read in several ways and no reading is adopted",
    "withheld": "a text or a place was never published: no evidence can decide it",
    "permit-of-nothing": "an exception excuses from no term, or from none of the acts it names",
    "no-source": "a clause names no source",
    "no-translation": "a clause is not worded in a language of the text",
    "zones-overlap": "two zones overlap, and the rules for the same act and actors differ",
    "no-shape": "a zone is in no file of areas: no place can be held against it",
    "no-evidence": "no alias and no evidence given ever leads to an act that the term names",
    "no-coverage": "a condition needs coverage, and no evidence given carries any",
}
"""Every kind of finding, and what it means. The list is closed."""

_FORBIDDING, _OWED = "prohibit", "require"
_WORD_KEYS = ("that", "findings", "within", "per")


@dataclass(frozen=True)
class Finding:
    """One thing a drafter should look at.

    Attributes:
        kind: one of `KINDS`.
        line: of the text, from 1; 0 = the text as a whole.
        terms: ids of the terms it is about, in the order of the text.
        message: one plain sentence.
        advice: what to do.
    """

    kind: str
    line: int
    terms: tuple[str, ...]
    message: str
    advice: str


def findings(agreement: Agreement, lines: Mapping[str, int] | None = None) -> list[Finding]:
    """Everything a drafter should look at, by line.

    Args:
        agreement: a text without faults.
        lines: open words to the lines they stand on, from `word_lines`.
    """
    at, reach = lines or {}, Reach(agreement)
    rules: list[Iterator[Finding]] = [
        _contradictions(agreement, reach), _together(agreement), _deadlocks(agreement), _never(agreement, reach),
        _deadlines(agreement, reach), _nobody(agreement, reach), _not_accepted(agreement), _nobody_answers(agreement),
        _undefined(agreement), _mutual(agreement), _open(agreement, at), _withheld(agreement),
        _permits(agreement), _sources(agreement), _translations(agreement),
    ]  # fmt: skip
    return ordered(finding for rule in rules for finding in rule)


def ordered(found: Iterator[Finding] | list[Finding]) -> list[Finding]:
    """By line, then kind, then terms; each once."""
    return sorted(set(found), key=lambda f: (f.line, f.kind, f.terms, f.message))


def word_lines(data: bytes, name: str) -> dict[str, int]:
    """The line of each open word of a text; empty where the text cannot be read."""
    root = read_lines(data, name, [])
    words = root.value.get("words") if root is not None and isinstance(root.value, dict) else None
    return {key: node.line for key, node in words.value.items()} if words and isinstance(words.value, dict) else {}


def circles(edges: Mapping[str, tuple[str, ...]]) -> list[frozenset[str]]:
    """Sets of nodes each of which leads to every other of the set and back to itself."""
    reach = {node: reached(node, edges) for node in edges}
    found: list[frozenset[str]] = []
    for node in edges:
        if node in reach[node] and not any(node in circle for circle in found):
            found.append(frozenset(other for other in edges if other in reach[node] and node in reach[other]))
    return found


# -- conflicts -------------------------------------------------------------------------------------------------------


def _contradictions(agreement: Agreement, reach: Reach) -> Iterator[Finding]:
    grouped = {term_id for group in refs.together(agreement) if len(group) > 1 for term_id in group}
    for duty, ban, act in conflicts(agreement, reach):
        same = "the same" if duty.who == ban.who else "overlapping"
        is_sure = agreement.acts.is_kind(act, _forbids(agreement, ban, act)) == YES
        pair = tuple(t for t in agreement.terms if t in (duty.id, ban.id))
        if duty.id in grouped:
            yield Finding(
                "together-forbidden", duty.line, pair,
                f"term {quoted(duty.id)} is owed together with others, and term {quoted(ban.id)} "
                f"{'forbids' if is_sure else 'may forbid'} {quoted(act)}",
                "Say which of the two gives way, or exempt the joint act by a `permit`.",
            )  # fmt: skip
            continue
        yield Finding(
            "contradiction", max(duty.line, ban.line), pair,
            f"terms {quoted(duty.id)} and {quoted(ban.id)} require and {'forbid' if is_sure else 'may forbid'} "
            f"{quoted(act)} of {same} actors",
            "Say which gives way: narrow one of them, or write a `permit` with `except`. It is never resolved for you.",
        )  # fmt: skip


def conflicts(agreement: Agreement, reach: Reach) -> Iterator[tuple[Term, Term, str]]:
    """A duty, a ban, and the act that one requires and the other can forbid where actors, places and times overlap."""
    bans = [t for t in agreement.terms.values() if t.kind == _FORBIDDING and not t.overrides]
    for duty in agreement.terms.values():
        if duty.kind != _OWED:
            continue
        for ban in bans:
            act = next((a for a in _owed(agreement, duty) if _forbids(agreement, ban, a)), "")
            if act and _meet(agreement, duty, ban) and met(_window(reach, duty), _window(reach, ban)) is not None:
                yield duty, ban, act


def _owed(agreement: Agreement, duty: Term) -> list[str]:
    """Acts of the tree that a duty asks for."""
    do = duty.body.get("do")
    named = [do] if isinstance(do, str) else [a for a in do if isinstance(a, str)] if isinstance(do, list) else []
    return [act for act in (*named, *duty.does) if act in agreement.acts]


def _forbids(agreement: Agreement, ban: Term, act: str) -> str:
    """The class of a ban under which an act falls, or may fall; empty for none."""
    sure = [cls for cls in ban.does if agreement.acts.is_kind(act, cls) == YES]
    may = [cls for cls in ban.does if agreement.acts.is_kind(act, cls) != NO]
    return (sure or may or [""])[0]


def _meet(agreement: Agreement, one: Term, other: Term) -> bool:
    """Whether both can speak of the same actor, place and counterpart."""
    if not refs.overlap(agreement, one.who, other.who):
        return False
    if one.where and other.where and not zones_of(agreement, one.where) & zones_of(agreement, other.where):
        return False
    return one.to is None or other.to is None or refs.overlap(agreement, one.to, other.to)


def zones_of(agreement: Agreement, ids: tuple[str, ...]) -> frozenset[str]:
    """Zones and, of unions, their parts."""
    found: set[str] = set()
    ahead = list(ids)
    while ahead:
        here = ahead.pop()
        if here not in found and here in agreement.zones:
            found.add(here)
            ahead += agreement.zones[here].parts
    return frozenset(found)


def _window(reach: Reach, term: Term) -> Any:  # noqa: ANN401  # a hull
    return reach.term(term.id)


def _together(agreement: Agreement) -> Iterator[Finding]:
    below = refs.rests_on(agreement)
    for group in refs.together(agreement):
        members = [agreement.terms[t] for t in group if agreement.terms[t].kind == _OWED]
        listed = ", ".join(quoted(t.id) for t in members)
        ids = tuple(t.id for t in members)
        if len({repr(t.body.get("on")) for t in members}) > 1:
            yield Finding(
                "together-triggers", members[0].line, ids,
                f"duties {listed} are owed together, and what sets them going differs",
                "Give all of them the same `on`, or do not name them together.",
            )  # fmt: skip
        waits = tuple(t for t in ids if any(t in below[u] and u in below[t] for u in ids if u != t))
        if waits:
            yield Finding(
                "together-waits", agreement.terms[waits[0]].line, waits,
                f"duties {', '.join(map(quoted, waits))} are owed together, and each waits for the other",
                "Let a common moment set them going: `on: {at: ...}`.",
            )  # fmt: skip


def _deadlocks(agreement: Agreement) -> Iterator[Finding]:
    grouped = {t for group in refs.together(agreement) if len(group) > 1 for t in group}
    kinds = ("require", "power")
    edges = {
        t.id: tuple(u for u in _needs(agreement, t) if agreement.terms[u].kind in kinds)
        for t in agreement.terms.values() if t.kind in kinds
    }  # fmt: skip
    for circle in circles(edges):
        ids = tuple(t for t in agreement.terms if t in circle)
        if grouped.issuperset(ids):
            continue
        yield Finding(
            "deadlock", agreement.terms[ids[0]].line, ids,
            f"terms {', '.join(map(quoted, ids))} wait for one another: none can be the first",
            "Let one of them be set going by a moment, a request or an act of somebody else.",
        )  # fmt: skip


def _needs(agreement: Agreement, term: Term) -> tuple[str, ...]:
    """Terms that have to be done before a term is owed or open; what stands below `any` or `readings` need not."""
    return tuple(
        named for name in ("on", "if", "from", "while") for word in ("done", "fulfilled")
        for named in refs.heads(_needed(term.body.get(name)), word)
        if isinstance(named, str) and named in agreement.terms
    )  # fmt: skip


def _needed(value: Any) -> Any:  # noqa: ANN401  # plain values
    if isinstance(value, dict):
        return {k: _needed(v) for k, v in value.items() if k not in ("any", "readings", "not", "or_elapsed")}
    return [_needed(item) for item in value] if isinstance(value, list) else value


def _mutual(agreement: Agreement) -> Iterator[Finding]:
    for circle in circles(_while_edges(agreement)):
        members = [agreement.terms[t] for t in agreement.terms if t in circle]
        if all(_is_simultaneous(term) for term in members):
            continue
        listed = ", ".join(quoted(t.id) for t in members)
        whom = f"terms {listed} hold" if len(members) > 1 else f"term {listed} holds"
        yield Finding(
            "mutual-while", members[0].line, tuple(t.id for t in members),
            f"{whom} only while the other side complies, in a circle: the first finding frees both",
            "Say `simultaneous: true` if that is meant, or let one side's duty stand by itself.",
        )  # fmt: skip


def _while_edges(agreement: Agreement) -> dict[str, tuple[str, ...]]:
    """Terms that hold only while somebody complies, to those of the same sort that bind him."""
    waiting = {t.id: t for t in agreement.terms.values() if any(refs.heads(t.body.get("while"), "complies"))}
    edges = {}
    for term in waiting.values():
        named = [text for value in refs.heads(term.body.get("while"), "complies") for _, text in refs.leaves(value)]
        actors = Selector(tuple(n for n in named if n in agreement.parties))
        edges[term.id] = tuple(u.id for u in waiting.values() if u.id in named or _binds(agreement, u, actors))
    return edges


def _binds(agreement: Agreement, term: Term, actors: Selector) -> bool:
    """Whether a term names one of some actors."""
    return (
        bool(actors.ids) and term.who is not None and bool(term.who.ids) and refs.overlap(agreement, actors, term.who)
    )


def _is_simultaneous(term: Term) -> bool:
    return term.body.get("simultaneous") is True or True in refs.heads(term.body.get("while"), "simultaneous")


# -- what can never be -----------------------------------------------------------------------------------------------


def _never(agreement: Agreement, reach: Reach) -> Iterator[Finding]:
    papers: dict[str, list[str]] = {}
    for term in agreement.terms.values():
        if reach.term(term.id) is not None:
            continue
        instrument = agreement.instruments.get(term.instrument)
        if instrument is not None and not instrument.is_adopted:
            papers.setdefault(instrument.id, []).append(term.id)
            continue
        why = reach.never.get(term.id, "what defines it can never come true")
        kind = "empty-window" if why == "its window is empty" else "never-triggered"
        if term.kind in ("require", "power") and reach.idle(term):
            continue  # `nobody` says so
        yield Finding(
            kind, term.line, (term.id,), f"term {quoted(term.id)} can never take effect: {why}",
            "Name what can come, adopt what it rests on, or leave the term out.",
        )  # fmt: skip
    for key, ids in papers.items():
        made = agreement.instruments[key]
        yield Finding(
            "never-adopted", made.line, tuple(ids),
            f"instrument {quoted(key)} was never adopted: {_n(len(ids), 'term')} of it will never bind",
            "Adopt it, or keep it as a paper and rely on none of its terms.",
        )  # fmt: skip


def _deadlines(agreement: Agreement, reach: Reach) -> Iterator[Finding]:
    tz = agreement.tz
    for term in agreement.terms.values():
        by, owed = term.body.get("by"), reach.term(term.id)
        if term.kind != _OWED or by is None or owed is None or owed[0] == LONG_AGO:
            continue
        given = by["readings"] if isinstance(by, dict) and isinstance(by.get("readings"), list) else [by]
        early = [moment for moment in map(reach.instant, given) if moment is not None and moment <= owed[0]]
        if early:
            yield Finding(
                "deadline-before-trigger", term.line, (term.id,),
                f"term {quoted(term.id)} is due by {local_text(min(early), tz)}, "
                f"and cannot arise before {local_text(owed[0], tz)}",
                "Count the deadline from the trigger (`within`), or move one of the two.",
            )  # fmt: skip


def _nobody(agreement: Agreement, reach: Reach) -> Iterator[Finding]:
    for term in agreement.terms.values():
        if term.kind in ("require", "power") and (body := reach.idle(term)):
            what = "a power that only" if term.kind == "power" else "a duty of"
            yield Finding(
                "nobody", term.line, (term.id,),
                f"term {quoted(term.id)} is {what} {quoted(body)}{' can use' if term.kind == 'power' else ''}, "
                "a body without members",
                "Name the members of the body, or give the task to somebody who exists.",
            )  # fmt: skip
        elif term.who is not None and term.who.status and not _can_be(agreement, term.who):
            yield Finding(
                "nobody", term.line, (term.id,),
                f"term {quoted(term.id)} binds {refs.bearers(term)}, and nothing in the text makes anybody that",
                "Record the status as a fact, give a body the power to confer it, or name the actors.",
            )  # fmt: skip


def _can_be(agreement: Agreement, who: Selector) -> bool:
    """Whether anybody has, or can be given, a status other than that of having accepted."""
    if who.status in ("bound", "accepted", *agreement.status_rules):
        return True
    powers = [t.body.get("effect") for t in agreement.terms.values() if t.kind == "power"]
    if any(isinstance(effect, dict) and effect.get("status") == who.status for effect in powers):
        return True
    marked = [fact.of for fact in agreement.facts if fact.what == who.status]
    return any(not who.ids or refs.overlap(agreement, Selector((actor,)), Selector(who.ids)) for actor in marked)


def _not_accepted(agreement: Agreement) -> Iterator[Finding]:
    accepted = frozenset(fact.of for fact in agreement.facts if fact.what == "accepted")
    unbound: dict[str, list[Term]] = {}
    for term in agreement.terms.values():
        if term.kind not in ("prohibit", "require") or term.who is None or not refs.is_adopted(agreement, term):
            continue
        asked = [actor for actor in term.who.ids if actor in agreement.parties]
        silent = [actor for actor in asked if not _has_accepted(agreement, actor, accepted)]
        everybody = not asked and term.who.status in ("bound", "accepted") and not accepted
        if (asked and len(silent) == len(asked)) or everybody:
            unbound.setdefault(refs.bearers(term), []).append(term)
    for whom, terms in unbound.items():
        listed = f"term {quoted(terms[0].id)} binds" if len(terms) == 1 else f"{len(terms)} terms bind"
        yield Finding(
            "not-accepted", terms[0].line, tuple(t.id for t in terms),
            f"{listed} {whom}, of whom no acceptance is recorded",
            "Record who accepted, from when and by which source; without it nobody is bound.",
        )  # fmt: skip


def _has_accepted(agreement: Agreement, actor: str, accepted: frozenset[str]) -> bool:
    """Whether an actor, one it is part of, a part of it or a member of it has a recorded acceptance."""
    group = agreement.group
    near = {*group.chain(actor), *group.parts(actor), *refs.everybody(agreement, (actor,))}
    return bool(near & accepted)


def _nobody_answers(agreement: Agreement) -> Iterator[Finding]:
    if any(party.kind == "body" for party in agreement.parties.values()):
        return
    for term in agreement.terms.values():
        if term.ask:
            yield Finding(
                "nobody-answers", term.line, (term.id,),
                f"term {quoted(term.id)} asks {quoted(term.ask)}, and the text has no body that could answer",
                "Name a body among the actors, or say the condition so that evidence decides it.",
            )  # fmt: skip


# -- words -----------------------------------------------------------------------------------------------------------


def _undefined(agreement: Agreement) -> Iterator[Finding]:
    for term in agreement.terms.values():
        used = [
            (key, text) for name in refs.CONDITIONS for key, text in refs.leaves(term.body.get(name), name)
            if key in _WORD_KEYS
        ]  # fmt: skip
        used += [("words", text) for _, text in refs.leaves(term.body.get("words"))]
        for key, text in dict.fromkeys(used):
            if text not in agreement.words and text not in agreement.terms and not _is_duration(text):
                yield Finding(
                    "undefined-word", term.line, (term.id,),
                    f"term {quoted(term.id)} says `{key}: {text}`, which is neither a measure nor an open word",
                    "Write a measure such as `PT6H`, or list the word under `words` with the readings people hold.",
                )  # fmt: skip


def _is_duration(text: str) -> bool:
    try:
        parse_duration(text)
    except InputError:
        return False
    return True


def _open(agreement: Agreement, at: Mapping[str, int]) -> Iterator[Finding]:
    for word, terms in refs.hanging(agreement).items():
        own = agreement.terms.get(word) or agreement.terms.get(word.rpartition(".")[0])
        line = at.get(word, 0) if word in agreement.words or own is None else own.line
        hang = f"{_n(len(terms), 'term')} hang on it" if len(terms) != 1 else "1 term hangs on it"
        yield Finding(
            "open-word", line, terms, f"{quoted(word)} is open: no reading is adopted, and {hang}",
            "Adopt one reading before signing; where they differ, every answer stays open.",
        )  # fmt: skip


def _withheld(agreement: Agreement) -> Iterator[Finding]:
    for term in agreement.terms.values():
        if refs.has_secret(agreement, term) and refs.is_adopted(agreement, term):
            place = "the map of its place" if refs.is_secret(agreement, term) else "a part of the map of its place"
            what = "its text" if term.is_withheld else place
            yield Finding(
                "withheld", term.line, (term.id,),
                f"term {quoted(term.id)}: {what} was never published, so that no evidence can surely decide it",
                "Publish it to those whom it binds, or expect no sure answer.",
            )  # fmt: skip


# -- form ------------------------------------------------------------------------------------------------------------


def _permits(agreement: Agreement) -> Iterator[Finding]:
    for term in agreement.terms.values():
        if term.kind != "permit" or term.is_withheld:
            continue
        excused = [agreement.terms[t] for t in (*term.except_, *term.overrides) if t in agreement.terms]
        idle = [t for t in excused if not _touches(agreement, term, t)]
        if not excused:
            yield Finding(
                "permit-of-nothing", term.line, (term.id,), f"exception {quoted(term.id)} excuses from no term",
                "Name in `except` the terms it is an exception to: nothing is allowed by itself.",
            )  # fmt: skip
        for other in idle:
            yield Finding(
                "permit-of-nothing", term.line, (term.id, other.id),
                f"exception {quoted(term.id)} is made to {quoted(other.id)}, which speaks of other acts or actors",
                "Correct `does`, `who` or `except`.",
            )  # fmt: skip


def _touches(agreement: Agreement, permit: Term, other: Term) -> bool:
    kinds = agreement.acts.is_kind
    acts = not permit.does or not other.does or any(
        kinds(a, b) != NO or kinds(b, a) != NO for a in permit.does for b in other.does
    )  # fmt: skip
    return acts and refs.overlap(agreement, permit.who, other.who)


def _sources(agreement: Agreement) -> Iterator[Finding]:
    for term in agreement.terms.values():
        if not term.source:
            yield Finding(
                "no-source", term.line, (term.id,), f"term {quoted(term.id)} names no source",
                "Name the document and the clause, or write `source: none` for what is yours.",
            )  # fmt: skip


def _translations(agreement: Agreement) -> Iterator[Finding]:
    for lang in languages(agreement):
        missing = [t for t in agreement.terms.values() if t.text and lang not in t.text]
        if missing:
            yield Finding(
                "no-translation", missing[0].line, tuple(t.id for t in missing),
                f"{_n(len(missing), 'clause')} of {sum(bool(t.text) for t in agreement.terms.values())} "
                f"{'is' if len(missing) == 1 else 'are'} not worded in `{lang}`",
                "Word it in every language of the text: whoever reads only this one reads another agreement.",
            )  # fmt: skip


def _n(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"
