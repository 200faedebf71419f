"""What changed between two texts: in words, in terms, and with what consequence? Lines of both are given.

Words are compared clause by clause and language by language. Terms are compared field by field. Consequences are
named where they follow from the two texts alone: a window or deadline that is longer, who gains a duty, a zone that
grew, a moment that moved. Nothing says whether a change is good.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from truceline.agreement import refs
from truceline.agreement.model import REMARKS_S, Agreement, Term, Zone
from truceline.agreement.reach import Hull, Reach
from truceline.agreement.wording import cleaned, languages
from truceline.errors import InputError, quoted
from truceline.span import DAY_S, FAR_AHEAD, LONG_AGO, parse_duration, utc_text

Km2 = Callable[[Sequence[str]], int | None]
"""Square kilometres of the union of some zones; None where a part has no known shape."""

KINDS: Final = (
    "gains", "loses", "window", "deadline", "moved", "zone-larger", "zone-smaller", "zone-moved", "reading-adopted",
    "reading-left-open", "published", "withheld",
)  # fmt: skip
"""Every kind of consequence."""

_NOUNS = {
    "prohibit": "prohibition", "require": "duty", "permit": "exception", "power": "power", "define": "definition",
}  # fmt: skip
_FORM = frozenset({"id", "text", "line"})
_LIMITS = ("within", "ahead", "together", "for")


@dataclass(frozen=True)
class Piece:
    """A run of words of a clause: `same`, `taken` (only in the old text) or `put` (only in the new)."""

    how: str
    text: str


@dataclass(frozen=True)
class WordChange:
    """The wording of one clause in one language, old and new; an empty wording = it has none.

    Attributes:
        lines: of the old and of the new text; 0 = it is not there.
    """

    id: str
    lang: str
    lines: tuple[int, int]
    pieces: tuple[Piece, ...]

    @property
    def was(self) -> str:
        """The old wording."""
        return " ".join(p.text for p in self.pieces if p.how != "put")

    @property
    def now(self) -> str:
        """The new wording."""
        return " ".join(p.text for p in self.pieces if p.how != "taken")


@dataclass(frozen=True)
class FieldChange:
    """One field, old and new, as plain values; None = it is not there."""

    field: str
    was: Any
    now: Any


@dataclass(frozen=True)
class PartChange:
    """A term, zone, word, actor, instrument or other named part that was added, removed or changed.

    Attributes:
        part: `term`, `zone`, `word`, `actor`, `instrument`, `fact`, `act` or `head`.
        how: `added`, `removed`, `changed`.
    """

    part: str
    id: str
    how: str
    lines: tuple[int, int]
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True)
class Consequence:
    """What follows from a change, in one sentence.

    Attributes:
        kind: one of `KINDS`.
        about: the id of the term, zone or word.
    """

    kind: str
    about: str
    lines: tuple[int, int]
    message: str


@dataclass(frozen=True)
class Diff:
    """Everything that differs between two texts."""

    words: tuple[WordChange, ...]
    parts: tuple[PartChange, ...]
    consequences: tuple[Consequence, ...]

    @property
    def is_empty(self) -> bool:
        """Whether both texts say the same, whatever their bytes are."""
        return not (self.words or self.parts)


def diff(old: Agreement, new: Agreement, *, sizes: tuple[Km2, Km2] | None = None, lang: str = "") -> Diff:
    """Compare two texts.

    Args:
        old: the text before.
        new: the text after.
        sizes: how large zones are in the old and in the new text; None = nobody knows.
        lang: compare the wording of this language only; empty = of every language.

    Raises:
        InputError: neither text is worded in this language: that nothing differs in it would say nothing.
    """
    known = tuple(dict.fromkeys([*languages(old), *languages(new)]))
    if lang and known and lang not in known:
        raise InputError(f"`--lang`: expected a language of the texts: {', '.join(known)}, got {quoted(lang)}")
    langs = (lang,) if lang else known
    measured = sizes or (lambda _zones: None, lambda _zones: None)
    return Diff(
        words=tuple(change for one in langs for change in _words(old, new, one)),
        parts=tuple(_parts(old, new)),
        consequences=tuple(_consequences(old, new, measured)),
    )


# -- words -----------------------------------------------------------------------------------------------------------


def _words(old: Agreement, new: Agreement, lang: str) -> Iterator[WordChange]:
    for term_id in _ids(old.terms, new.terms):
        was, now = (
            cleaned(t.text.get(lang, "")) if t else "" for t in (old.terms.get(term_id), new.terms.get(term_id))
        )
        if was != now:
            yield WordChange(term_id, lang, _lines(old.terms.get(term_id), new.terms.get(term_id)), pieces(was, now))


def pieces(was: str, now: str) -> tuple[Piece, ...]:
    """Two wordings as runs of words that stayed, were taken out, and were put in.

    >>> [f"{p.how} {p.text}" for p in pieces("within six hours", "within two days")]
    ['same within', 'taken six hours', 'put two days']
    """
    before, after = was.split(), now.split()
    found = []
    for how, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if how == "equal":
            found.append(Piece("same", " ".join(before[a:b])))
            continue
        found += [Piece(h, " ".join(w)) for h, w in (("taken", before[a:b]), ("put", after[c:d])) if w]
    return tuple(found)


# -- terms and other parts -------------------------------------------------------------------------------------------


def _parts(old: Agreement, new: Agreement) -> Iterator[PartChange]:
    for part, was, now in _collections(old, new):
        for key in _ids(was, now):
            lines = (was[key][0] if key in was else 0, now[key][0] if key in now else 0)
            if key not in was or key not in now:
                fields = tuple(_changes(was.get(key, (0, {}))[1], now.get(key, (0, {}))[1]))
                yield PartChange(part, key, "added" if key in now else "removed", lines, fields)
            elif fields := tuple(_changes(was[key][1], now[key][1])):
                yield PartChange(part, key, "changed", lines, fields)


Plain = Mapping[str, tuple[int, Mapping[str, Any]]]


def _collections(old: Agreement, new: Agreement) -> Iterator[tuple[str, Plain, Plain]]:
    """The named parts of both texts: id to line and plain fields, in the order in which they are told."""
    for part, plain in (
        ("head", _head), ("actor", _actors), ("fact", _facts), ("instrument", _instruments), ("zone", _zones),
        ("word", _open_words), ("term", _terms),
    ):  # fmt: skip
        yield part, plain(old), plain(new)


def _terms(text: Agreement) -> Plain:
    return {t.id: (t.line, {k: v for k, v in t.body.items() if k not in _FORM}) for t in text.terms.values()}


def _zones(text: Agreement) -> Plain:
    return {z.id: (z.line_no, _zone_fields(z)) for z in text.zones.values()}


def _zone_fields(zone: Zone) -> dict[str, Any]:
    made = {
        "geo": [*(f"admin:{c}" for c in zone.codes), *(f"annex:{a}" for a in zone.annex)], "line": zone.line,
        "side": zone.side, "within_m": zone.within_m, "union": list(zone.parts), "low_m": zone.low_m,
        "polygon": [list(point) for point in zone.polygon], "high_m": zone.high_m,
        "text": "withheld" if zone.is_withheld else None, "from": _moment(zone.start), "until": _moment(zone.end),
        "names": dict(zone.names),
    }  # fmt: skip
    return {key: value for key, value in made.items() if value not in ("", 0, None, [], {})}


def _moment(second: int | None) -> str | None:
    return None if second is None else utc_text(second)


def _open_words(text: Agreement) -> Plain:
    return {word: (0, made if isinstance(made, dict) else {"is": made}) for word, made in text.words.items()}


def _actors(text: Agreement) -> Plain:
    return {
        p.id: (p.line, _filled({
            "kind": p.kind, "side": p.side, "part_of": p.part_of, "members": list(p.members),
            "decides": p.decides if p.members else "", "names": dict(p.names),
        }))
        for p in text.parties.values()
    }  # fmt: skip


def _instruments(text: Agreement) -> Plain:
    return {
        i.id: (i.line, _filled({
            "title": i.title, "from": i.begins, "until": i.ends, "adopted": None if i.is_adopted else "no",
            "source": i.source,
        }))
        for i in text.instruments.values()
    }  # fmt: skip


def _facts(text: Agreement) -> Plain:
    """Facts have no id: what they say of whom is one, and the days on which it begins and ends are its fields."""
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for fact in text.facts:
        key = " ".join(part for part in (fact.what, fact.of, fact.value, f"by {fact.by}" if fact.by else "") if part)
        while key in found:
            key += " (again)"
        found[key] = (fact.line, _filled({
            "from": None if fact.start == LONG_AGO else utc_text(fact.start),
            "until": None if fact.end == FAR_AHEAD else utc_text(fact.end),
            "actors": list(fact.actors), "source": fact.source, "tag": fact.tag,
        }))  # fmt: skip
    return found


def _head(text: Agreement) -> Plain:
    made: dict[str, Any] = {
        "id": text.id, "tz": text.tz, "text_status": text.text_status, "title": dict(text.title),
        "sources": dict(text.sources), "readings": dict(text.readings), "evidence": text.evidence, "amend": text.amend,
        "areas": list(text.areas), "status_rules": dict(text.status_rules), "findings": _remarks(text),
        "precision": {"places": dict(text.precision.places), "hour_slack_s": text.precision.hour_slack_s},
    }  # fmt: skip
    return {"the text": (1, _filled(made))}


def _remarks(text: Agreement) -> dict[str, int]:
    """The time for remarks on a draft, where it is not the one that holds without a word."""
    return {} if text.remarks_s == REMARKS_S else {"remarks_s": text.remarks_s}


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value not in ("", None, [], {})}


def _changes(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[FieldChange]:
    for key in _ids(was, now):
        if was.get(key) != now.get(key):
            yield FieldChange(key, was.get(key), now.get(key))


def _ids(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Keys of both: in the order of the new text, those that are gone behind."""
    return list(dict.fromkeys([*now, *was]))


def _lines(was: Term | None, now: Term | None) -> tuple[int, int]:
    return (was.line if was else 0, now.line if now else 0)


# -- consequences ----------------------------------------------------------------------------------------------------


def _consequences(old: Agreement, new: Agreement, sizes: tuple[Km2, Km2]) -> Iterator[Consequence]:
    reach = Reach(old), Reach(new)
    for term_id in _ids(old.terms, new.terms):
        was, now = old.terms.get(term_id), new.terms.get(term_id)
        lines = _lines(was, now)
        yield from _gains(term_id, was, now, lines)
        if was is None or now is None:
            continue
        yield from _deadlines(was, now, lines, is_bounded=_is_bounded(reach, term_id))
        yield from _secrets(was, now, lines)
        if was.kind == "define" and now.kind == "define":
            yield from _moved((old, new), reach, term_id, lines)
        else:
            yield from _windows(reach, term_id, lines)
    for zone_id in _ids(old.zones, new.zones):
        yield from _sizes(old, new, zone_id, sizes)
    for word in _ids(old.words, new.words):
        yield from _adopted(old, new, word)


def _gains(term_id: str, was: Term | None, now: Term | None, lines: tuple[int, int]) -> Iterator[Consequence]:
    before, after = _whom(was), _whom(now)
    for verb, whom in (("gains", after - before), ("loses", before - after)):
        for actor, kind in sorted(whom):
            noun = _NOUNS[kind]
            if kind != "define":
                yield Consequence(verb, term_id, lines, f"{actor} {verb} the {noun} {quoted(term_id)}")


def _whom(term: Term | None) -> set[tuple[str, str]]:
    """Whom a term binds, each with the kind of term."""
    if term is None:
        return set()
    ids = term.who.ids if term.who else ()
    status = term.who.status if term.who else ""
    if not ids:
        return {(f"whoever is {status}" if status else "anybody", term.kind)}
    return {(f"{quoted(actor)}{f' where {status}' if status else ''}", term.kind) for actor in ids}


def _is_bounded(reach: tuple[Reach, Reach], term_id: str) -> bool:
    """Whether both windows of a term have a known beginning and end, so that their lengths are told."""
    hulls = [r.term(term_id) for r in reach]
    return all(hull is not None and hull[0] != LONG_AGO and hull[1] != FAR_AHEAD for hull in hulls)


def _deadlines(was: Term, now: Term, lines: tuple[int, int], *, is_bounded: bool) -> Iterator[Consequence]:
    for name in _LIMITS:
        if name == "for" and is_bounded:
            continue
        before, after = (_seconds(_limit(term, name)) for term in (was, now))
        if before is not None and after is not None and before != after:
            way, by = ("longer" if after > before else "shorter"), lasting(abs(after - before))
            yield Consequence("deadline", now.id, lines, f"{quoted(now.id)}: `{name}` is {way} by {by}")


def _limit(term: Term, name: str) -> Any:  # noqa: ANN401  # plain values
    """A length that a term states: of a window its `for`, of duties done together the `within`."""
    value = term.body.get("is" if name == "for" else name)
    return (
        value.get("for" if name == "for" else "within") if isinstance(value, dict) else None if name == "for" else value
    )


def _seconds(value: Any) -> int | None:  # noqa: ANN401  # plain values
    try:
        return parse_duration(value) if isinstance(value, str) else None
    except InputError:
        return None


def _secrets(was: Term, now: Term, lines: tuple[int, int]) -> Iterator[Consequence]:
    if was.is_withheld != now.is_withheld:
        kind = "withheld" if now.is_withheld else "published"
        yield Consequence(kind, now.id, lines, f"the text of {quoted(now.id)} is {kind}")


def _windows(reach: tuple[Reach, Reach], term_id: str, lines: tuple[int, int]) -> Iterator[Consequence]:
    """Bounds of a term's window, where both are known and differ."""
    before, after = (r.term(term_id) for r in reach)
    if before == after:
        return
    told = _span_change(before, after)
    if told:
        yield Consequence("window", term_id, lines, f"{quoted(term_id)}: {told}")


def _span_change(before: Hull, after: Hull) -> str:
    if before is None or after is None:
        return "can take effect now" if before is None else "can no longer take effect"
    said = []
    for what, i, never in (("begins", 0, LONG_AGO), ("ends", 1, FAR_AHEAD)):
        if before[i] != after[i] and never not in (before[i], after[i]):
            way = "later" if after[i] > before[i] else "earlier"
            said.append(f"{what} {lasting(abs(after[i] - before[i]))} {way}")
        elif before[i] != after[i]:
            said.append(f"no longer has a known {'beginning' if not i else 'end'}" if after[i] == never else
                        f"{what} at {utc_text(after[i])}, where nothing bounded it")  # fmt: skip
    known = all(b not in (LONG_AGO, FAR_AHEAD) for hull in (before, after) for b in hull)
    if known:
        change = (after[1] - after[0]) - (before[1] - before[0])
        way = f"longer by {lasting(change)}" if change > 0 else f"shorter by {lasting(-change)}"
        said.append(f"lasts {way}" if change else "lasts as long")
    return ", ".join(said)


def _moved(
    texts: tuple[Agreement, Agreement], reach: tuple[Reach, Reach], term_id: str, lines: tuple[int, int]
) -> Iterator[Consequence]:
    """A defined moment or window that moved, and how many terms rest on it."""
    before, after = (r.condition(t.terms[term_id].body.get("is")) for t, r in zip(texts, reach, strict=True))
    told = "" if before == after else _span_change(before, after)
    if told:
        below = sum(term_id in rest for rest in refs.rests_on(texts[1]).values())
        rest = f"; {below} term{'s rest' if below > 1 else ' rests'} on it" if below else ""
        yield Consequence("moved", term_id, lines, f"definition {quoted(term_id)}: {told}{rest}")


def _sizes(old: Agreement, new: Agreement, zone_id: str, sizes: tuple[Km2, Km2]) -> Iterator[Consequence]:
    was, now = old.zones.get(zone_id), new.zones.get(zone_id)
    if was is None or now is None:
        return
    lines = (was.line_no, now.line_no)
    if was.is_withheld != now.is_withheld:
        kind = "withheld" if now.is_withheld else "published"
        yield Consequence(kind, zone_id, lines, f"the map of zone {quoted(zone_id)} is {kind}")
    before, after = sizes[0]((zone_id,)), sizes[1]((zone_id,))
    if before is None or after is None:
        return
    if before != after:
        way = "larger" if after > before else "smaller"
        by = f"{before:,} -> {after:,} km²"
        yield Consequence(
            f"zone-{way}", zone_id, lines, f"zone {quoted(zone_id)} is {way} by {abs(after - before):,} km²: {by}"
        )
    elif _place(was) != _place(now):
        yield Consequence(
            "zone-moved", zone_id, lines, f"zone {quoted(zone_id)} lies elsewhere, {after:,} km² as before"
        )


def _place(zone: Zone) -> tuple[Any, ...]:
    return zone.codes, zone.annex, zone.line, zone.side, zone.within_m, zone.polygon, zone.parts


def _adopted(old: Agreement, new: Agreement, word: str) -> Iterator[Consequence]:
    was, now = (refs.is_open(text.words[word]) if word in text.words else None for text in (old, new))
    if was is True and now is False:
        yield Consequence("reading-adopted", word, (0, 0), f"word {quoted(word)} is no longer open")
    if was is False and now is True:
        yield Consequence("reading-left-open", word, (0, 0), f"word {quoted(word)} is open now")


def lasting(seconds: int) -> str:
    """A length of time in words, in the largest units that are whole.

    >>> lasting(48 * 3600), lasting(3600), lasting(90061)
    ('2 days', '1 hour', '1 day 1 hour 1 minute 1 second')
    """
    said = []
    for unit, size in (("day", DAY_S), ("hour", 3_600), ("minute", 60), ("second", 1)):
        n, seconds = divmod(seconds, size)
        if n:
            said.append(f"{n} {unit}{'' if n == 1 else 's'}")
    return " ".join(said) or "no time"
