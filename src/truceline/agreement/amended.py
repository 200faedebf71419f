"""What is the text after an amendment? Both wordings, each for the time in which it binds.

What forbids or requires never reaches back: a changed or new `prohibit` or `require` binds from the amendment on, and
the old wording stays for what happened before, under its id with `~` and the number of the text (`F2~1`). What defines
or permits may reach back, so the new wording takes the place of the old; but no definition pulls a prohibition back
with it. A zone, an instrument, a definition is part of every term that names it: a corrected polygon is an amendment
too. Verdicts of before are kept where they were recorded; nothing here erases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from truceline.agreement.model import Agreement, Instrument, Term, Zone
from truceline.agreement.refs import leaves
from truceline.canon import canonical

FORWARD_ONLY = ("prohibit", "require")
SHOWN_ONLY = frozenset({"text", "note", "words", "source", "tag"})


def amended(before: Agreement, after: Agreement, at: int, number: int = 1) -> Agreement:
    """The text after an amendment.

    Args:
        before: the text that was in force; it may be one that was amended itself.
        after: the new text, as all signatories signed it.
        at: UTC second from which the new wording binds.
        number: of the old text, counted from 1.

    Returns:
        The new text, in which changed terms bind from `at` on, with the old wording of those terms beside it.
    """
    changed = {term.id for term in before.terms.values() if term.before is None and _differs(term.id, before, after)}
    new = {term.id for term in after.terms.values() if term.id not in before.terms}
    terms: dict[str, Term] = {}
    zones: dict[str, Zone] = dict(after.zones)
    instruments: dict[str, Instrument] = dict(after.instruments)
    for term in after.terms.values():
        kept = before.terms.get(term.id)
        is_new = term.kind in FORWARD_ONLY and term.id in changed | new
        terms[term.id] = replace(term, since=at if is_new else None if kept is None else kept.since)
    for term in before.terms.values():
        is_gone = term.before is None and term.kind in FORWARD_ONLY and term.id in changed
        if is_gone or term.before is not None:
            old = _Old(before, after, at, number).wording(term, terms, zones, instruments) if is_gone else term
            terms[old.id] = old
            zones |= {zone: before.zones[zone] for zone in old.where if zone in before.zones and zone not in zones}
            if old.instrument and old.instrument not in instruments:
                instruments[old.instrument] = before.instruments[old.instrument]
    terms = {key: _reaching(term, terms) for key, term in terms.items()}
    return replace(after, terms=terms, zones=zones, instruments=instruments)


@dataclass(frozen=True)
class _Old:
    """The old text, beside the new one."""

    before: Agreement
    after: Agreement
    at: int
    number: int

    def wording(
        self, term: Term, terms: dict[str, Term], zones: dict[str, Zone], instruments: dict[str, Instrument]
    ) -> Term:
        """The old wording of a term, until the amendment; what it names and has changed is kept under its own name."""
        names = {one: f"{one}~{self.number}" for one in self._moved(term)}
        for one, name in names.items():
            known = replace(self.before.terms[one], id=name, before=None)
            terms.setdefault(name, self._in_names(known, names))
        where = []
        for zone in term.where:
            stays = zone in self.after.zones and _shape(self.before, zone) == _shape(self.after, zone)
            where.append(zone if stays else f"{zone}~{self.number}")
            zones.update({} if stays else dict(_renamed(self.before, zone, self.number)))
        instrument = term.instrument
        if instrument and _window(self.before, instrument) != _window(self.after, instrument):
            own = self.before.instruments[instrument]
            instrument = f"{instrument}~{self.number}"
            begins, ends = _renaming(own.begins, names), _renaming(own.ends, names)
            instruments[instrument] = replace(own, id=instrument, begins=begins, ends=ends)
        made = self._in_names(term, names)
        return replace(
            made, id=f"{term.id}~{self.number}", where=tuple(where), before=self.at, instrument=instrument,
            tree=term.tree or self.before.acts,
        )  # fmt: skip

    def _moved(self, term: Term) -> list[str]:
        """The definitions that a term rests on and that are not what they were."""
        found = _definitions(self.before, term)
        old, new = (({one: _bodies(a, [one]) for one in found}) for a in (self.before, self.after))
        return sorted(one for one in found if old[one] != new[one])

    def _in_names(self, term: Term, names: Mapping[str, str]) -> Term:
        """A term that names old definitions by their own names."""
        if not names:
            return term
        fields = {
            key: _renaming(getattr(term, key), names) for key in ("begins", "ends", "during", "only_if", "unless")
        }
        return replace(term, body={k: _renaming(v, names) for k, v in term.body.items() if k != "id"}, **fields)


def _renaming(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401  # plain values
    """Plain values with some names changed."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {key: _renaming(item, names) for key, item in value.items()}
    return [_renaming(item, names) for item in value] if isinstance(value, list) else value


def _words_in(value: Any) -> list[str]:  # noqa: ANN401  # plain values
    """Every text in plain values."""
    return [text for _, text in leaves(value)]


def _definitions(agreement: Agreement, term: Term) -> set[str]:
    """The definitions on which a term rests, by its own words or those of its instrument."""
    one = agreement.instruments.get(term.instrument)
    ahead = [*_words_in({k: v for k, v in term.body.items() if k not in SHOWN_ONLY})]
    ahead += [] if one is None else _words_in([one.begins, one.ends])
    found: set[str] = set()
    while ahead:
        word = ahead.pop()
        known = agreement.terms.get(word)
        if known is not None and known.kind == "define" and word not in found and word != term.id:
            found.add(word)
            ahead += _words_in(dict(known.body))
    return found


def _bodies(agreement: Agreement, names: Iterable[str]) -> list[Any]:
    """What definitions say, with all that they rest on."""
    found = []
    for name in sorted(names):
        term = agreement.terms.get(name)
        rest = sorted(_definitions(agreement, term)) if term is not None else []
        found.append([name, *(_plain(agreement, one) for one in [name, *rest])])
    return found


def _plain(agreement: Agreement, name: str) -> Any:  # noqa: ANN401  # plain values
    term = agreement.terms.get(name)
    return None if term is None else {k: v for k, v in term.body.items() if k not in SHOWN_ONLY}


def _renamed(before: Agreement, zone: str, number: int) -> Iterator[tuple[str, Zone]]:
    """A zone of the old text and its parts, under names of the old text."""
    made = before.zones[zone]
    yield (
        f"{zone}~{number}",
        replace(made, id=f"{zone}~{number}", parts=tuple(f"{part}~{number}" for part in made.parts)),
    )
    for part in made.parts:
        yield from _renamed(before, part, number)


def _reaching(term: Term, terms: Mapping[str, Term]) -> Term:
    """An exception to a term is one to its old wording too: what permits may reach back."""
    if not term.except_:
        return term
    old = [key for key in terms if "~" in key and key.partition("~")[0] in term.except_]
    excepted = tuple(dict.fromkeys((*term.except_, *old)))
    return replace(term, except_=excepted, body={**term.body, "except": list(excepted)}) if old else term


def _differs(term_id: str, before: Agreement, after: Agreement) -> bool:
    """Whether a term, or a zone, an instrument, a definition or a class of acts that it names, is not as it was."""
    return term_id not in after.terms or _content(before, term_id) != _content(after, term_id)


def _content(agreement: Agreement, term_id: str) -> bytes:
    term = agreement.terms[term_id]
    fields = {k: v for k, v in term.body.items() if k not in SHOWN_ONLY}
    acts = [sorted(agreement.acts.kinds(act)) for act in term.does]
    named = dict.fromkeys([*term.where, *(word for word in _words_in(fields) if word in agreement.zones)])
    zones = [_shape(agreement, zone) for zone in named]
    rests = _bodies(agreement, _definitions(agreement, term))
    return canonical([fields, zones, _window(agreement, term.instrument), acts, rests])


def _window(agreement: Agreement, instrument: str) -> Any:  # noqa: ANN401  # plain values
    """The window of an instrument, which is that of its terms."""
    one = agreement.instruments.get(instrument)
    return None if one is None else [one.begins, one.ends, one.is_adopted, one.published]


def _shape(agreement: Agreement, zone_id: str) -> Any:  # noqa: ANN401  # plain values
    """A zone as plain values, with its parts; names for display decide nothing."""
    zone = agreement.zones[zone_id]
    points = [[str(x), str(y)] for x, y in zone.polygon]
    return [
        zone.id, list(zone.codes), list(zone.annex), zone.line, zone.side, zone.within_m, points, zone.is_withheld,
        zone.low_m, zone.high_m, zone.start, zone.end, [_shape(agreement, part) for part in zone.parts],
    ]  # fmt: skip
