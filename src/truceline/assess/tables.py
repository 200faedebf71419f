"""What does a law say of every code? Factors of the terms as tables of bits, worked out once per distinct value.

A *head* is one question with a bit of its own: a prohibition, prohibitions that differ only in their zones, or an
exception that may hold. Every factor is a table, code x bit, of two masks and the reasons: `must`, the factor is +1;
`may`, it is not -1. A report is then an `and` of a few words. Each entry is asked of `spec` or of a `Course`, so a
table says nothing of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from truceline.agreement.conditions import of_time
from truceline.agreement.model import Selector, Term, Zone
from truceline.assess import answers as col
from truceline.assess import spec
from truceline.assess.answers import Answers
from truceline.assess.docket import Clock, Docket, judged
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.assess.spots import Numbers, Spots
from truceline.errors import AgreementError
from truceline.evidence.schema import JOINT, NOBODY, UNNAMED, Named, Observation
from truceline.verdict import NO, SURE, UNKNOWN, YES, Answer, Masks, Reason, Values, undecided

Words = NDArray[np.uint64]
Bools = NDArray[np.bool_]
ALL = ~np.uint64(0)
BYTE = 256


@dataclass(frozen=True)
class Head:
    """One question with a bit of its own.

    Attributes:
        terms: the term, or alike terms together.
        is_held: whether the exception holds is asked, not whether the term covers.
    """

    terms: tuple[Term, ...]
    is_held: bool = False

    @property
    def term(self) -> Term:
        """The term that speaks for all: they differ in their zones only."""
        return self.terms[0]

    @property
    def where(self) -> tuple[str, ...]:
        """The zones of all."""
        return tuple(dict.fromkeys(zone for term in self.terms for zone in term.where))

    @property
    def by_notice(self) -> bool:
        """Whether a notice can invoke it."""
        return (
            self.is_held and isinstance(self.term.only_if, dict) and isinstance(self.term.only_if.get("notice"), dict)
        )


@dataclass(frozen=True)
class Factor:
    """One factor of all heads, by code.

    Attributes:
        must: `(k, w)` bits of the heads for which it is +1.
        may: `(k, w)` bits of the heads for which it is not -1.
        why: `(k, b)` reasons where it is 0.
    """

    must: Words
    may: Words
    why: Masks

    @classmethod
    def of(cls, value: Values, why: Masks) -> Factor:
        """Of `(k, b)` answers."""
        return cls(packed(value == YES), packed(value != NO), np.where(value == UNKNOWN, why, 0).astype(np.uint32))


def packed(claims: Bools) -> Words:
    """`(k, b)` claims as `(k, w)` words, the first claim in the lowest bit."""
    k, b = claims.shape
    width = max(-(-b // 64), 1)
    whole = np.zeros((k, width * 64), bool)
    whole[:, :b] = claims
    return np.asarray(np.packbits(whole, axis=1, bitorder="little").view("<u8"), np.uint64)


def bits_of(heads: Iterable[int], count: int) -> Words:
    """`(w,)` words with some bits set."""
    claims = np.zeros((1, count), bool)
    claims[0, list(heads)] = True
    words: Words = packed(claims)[0]
    return words


def heads_of(law: Law) -> list[Head]:
    """Every question that needs a bit."""
    terms = judged(law)
    groups = [group for group in law.alike if len(group) > 1]
    banned = [Head((term,)) for term in terms if term.kind == "prohibit"]
    held = [Head((term,), is_held=True) for term in terms if term.kind == "permit" or term.except_ or term.overrides]
    return [*banned, *(Head(group) for group in groups), *held]


# -- place -----------------------------------------------------------------------------------------------------------


def place_masks(spots: Spots, layers: Sequence[tuple[str, ...]], placed: Placed) -> tuple[Words, Words]:
    """Every region against every layer: zones of one height and one time, united.

    Args:
        spots: `(n,)` regions.
        layers: ids of the zones of each layer; layer `i` is bit `i`.
        placed: the zones on the shapes of the case.

    Returns:
        `(n, w)` bits of the layers within which a region surely lies, and of those outside of which it does not surely
        lie. What is open is so for one reason per layer: `place_why`.
    """
    return placed.masks(spots, layers)


def place_why(ids: tuple[str, ...], placed: Placed) -> int:
    """Why an answer about a layer is open, if it is."""
    return placed.why(ids).bit


@dataclass(frozen=True)
class Layers:
    """The layers of all heads.

    Attributes:
        ids: `(l,)` zones of each layer.
        of_head: `(b,)` layers of each head; none = it holds anywhere.
        anywhere: `(w,)` the heads that hold anywhere.
        bands: by code of altitude, bits of layers; `dates`: by code of time.
        why: `(l,)` why a place is open.
        lut: `(bytes, 256, w)` heads of every byte of layers.
    """

    ids: tuple[tuple[str, ...], ...]
    of_head: tuple[tuple[int, ...], ...]
    anywhere: Words
    bands: Factor
    dates: Factor
    why: Masks
    lut: Words


def layers_of(heads: Sequence[Head], docket: Docket) -> Layers:
    """Gather the layers of heads, and what height and date say of each."""
    law, known = docket.law, docket.law.standing.agreement.zones
    index: dict[tuple[str, ...], int] = {}
    zones: list[Zone] = []
    of_head = []
    for head in heads:
        mine = []
        for zone, ids in spec.layers(head.where, known) if head.where else ():
            key = tuple(sorted(ids))
            if key not in index:
                index[key] = len(zones)
                zones.append(zone)
            mine.append(index[key])
        of_head.append(tuple(mine))
    heights = [Observation("", 0, 1, low_m=low, high_m=high) for low, high in docket.columns.bands]
    bands = _asked([[spec.height(one, zone) for zone in zones] for one in heights], len(zones))
    dates = [
        docket.clock.over(spec.zone_course(zone))
        if zone.start is not None or zone.end is not None
        else Answers.same(SURE, len(docket.clock))
        for zone in zones
    ]
    return Layers(
        tuple(index), tuple(of_head), bits_of([b for b, mine in enumerate(of_head) if not mine], len(heads)),
        bands, _columns(dates, len(docket.clock)),
        np.array([place_why(ids, law.placed) for ids in index], np.uint32), _lut(of_head, len(zones)),
    )  # fmt: skip


def _lut(of_head: Sequence[tuple[int, ...]], count: int) -> Words:
    """For every byte of the layers' words, the heads of the layers whose bits are set."""
    heads = np.zeros((count, len(of_head)), bool)
    for b, mine in enumerate(of_head):
        heads[list(mine), b] = True
    rows = packed(heads)
    lut = np.zeros((-(-count // 8), BYTE, rows.shape[1]), np.uint64)
    for layer in range(count):
        byte, bit = divmod(layer, 8)
        lut[byte, (np.arange(BYTE) >> bit) & 1 == 1] |= rows[layer]
    return lut


# -- the tables of a law ---------------------------------------------------------------------------------------------


class Tables:
    """What a law says of every code of a docket.

    Attributes:
        heads: what each bit stands for.
        time: factor by code of time: texts, windows and conditions; `acts`: by code of acts.
        who, to: factors by row; `who_row`, `to_row`: `(names, s)` the row of a name at a status time.
        status_time: `(t,)` status time of each code of time.
        ranks: `(r, w)` exceptions, those that nothing takes back first.
        victims: `(b, w)` what each exception excuses or takes back; `takers`: `(b, w)` the other way round.
        silent: `(w,)` exceptions that need somebody's word; `noticed`: those that a notice can announce.
        held: `(w,)` the exceptions; `any`: `(w,)` heads whose union is the answer to *any*.
    """

    def __init__(self, docket: Docket) -> None:
        """Ask everything once."""
        law, self.heads = docket.law, heads_of(docket.law)
        count = len(self.heads)
        self.bit_of = {
            head.term.id: b for b, head in enumerate(self.heads) if len(head.terms) == 1 and not head.is_held
        }
        self.held_bit = {head.term.id: b for b, head in enumerate(self.heads) if head.is_held}
        self.time = _columns([_dated(head, law, docket.clock) for head in self.heads], len(docket.clock))
        doings = [Observation("", 0, 1, acts=acts) for acts in docket.columns.doings]
        self.acts = _asked([[_done(head, one, law) for head in self.heads] for one in doings], count)
        self.layers = layers_of(self.heads, docket)
        self.names = Names(docket, self.heads)
        self.who, self.who_row = self.names.table([head.term.who for head in self.heads], "actor")
        self.to, self.to_row = self.names.table([head.term.to for head in self.heads], "target")
        self.status_time = self.names.of
        self._except(law)
        self._unite(law)

    @property
    def width(self) -> int:
        """Words per mask."""
        return int(self.time.must.shape[1])

    def _except(self, law: Law) -> None:
        """Who excuses what, and in which order they are asked."""
        count = len(self.heads)
        takes = np.zeros((count, count), bool)
        by_except: dict[str, list[int]] = {}
        by_override: dict[str, list[int]] = {}
        for b, head in enumerate(self.heads):
            for key in dict.fromkeys(head.term.except_ if head.is_held else ()):
                by_except.setdefault(key, []).append(b)
            for key in dict.fromkeys(head.term.overrides if head.is_held else ()):
                by_override.setdefault(key, []).append(b)
        for b, head in enumerate(self.heads):
            takes[(by_override if head.is_held else by_except).get(head.term.id, []), b] = True
        self.takes = takes
        self.victims, self.takers = packed(takes), packed(takes.T)
        self.ranks = np.array([bits_of(rank, count) for rank in _ranked(takes, self.heads)], np.uint64)
        self.ranks = self.ranks.reshape(-1, self.width)
        own = [b for b, head in enumerate(self.heads) if head.is_held]
        self.held = bits_of(own, count)
        silent = [b for b in own if self.heads[b].term.burden != "none" or self.heads[b].by_notice]
        self.silent = bits_of(silent, count)
        told = any(act.act == "notice" for act in law.standing.acts)
        self.noticed = bits_of([b for b in own if told and self.heads[b].by_notice], count)

    def _unite(self, law: Law) -> None:
        """The bits whose union is *some prohibition covers it*."""
        groups = {tuple(t.id for t in head.terms): b for b, head in enumerate(self.heads) if not head.is_held}
        asked = [groups[tuple(t.id for t in group)] for group in law.alike]
        self.any_heads = asked
        self.any = bits_of(asked, len(self.heads))

    @cached_property
    def has_exceptions(self) -> bool:
        """Whether some exception can hold without anybody's word."""
        return bool((self.held & ~self.silent).any())


def _ranked(takes: Bools, heads: Sequence[Head]) -> list[list[int]]:
    """Exceptions in ranks: each after all that can take it back."""
    left = {b for b, head in enumerate(heads) if head.is_held}
    ranks = []
    while left:
        ready = sorted(b for b in left if not any(takes[o, b] for o in left))
        if not ready:
            raise AgreementError(f"`{heads[min(left)].term.id}` leads back to itself")
        ranks.append(ready)
        left -= set(ready)
    return ranks


def _columns(columns: Sequence[Answers], length: int) -> Factor:
    """A factor of one column of answers per bit."""
    value, why = np.ones((length, len(columns)), np.int8), np.zeros((length, len(columns)), np.uint32)
    for b, column in enumerate(columns):
        value[:, b], why[:, b] = column.value, column.why
    return Factor.of(value, why)


def _asked(rows: Sequence[Sequence[Answer]], width: int) -> Factor:
    """A factor of one row of answers per code."""
    value = np.array([[a.value for a in row] for row in rows], np.int8).reshape(len(rows), width)
    return Factor.of(value, np.array([[a.why for a in row] for row in rows], np.uint32).reshape(len(rows), width))


def _dated(head: Head, law: Law, clock: Clock) -> Answers:
    """Text, kind, window and conditions of a head."""
    term, standing, n = head.term, law.standing, len(clock)
    checks = [clock.over(standing.window(term.id))]
    if term.is_withheld:
        checks.append(Answers.same(undecided(Reason.WITHHELD_TEXT), n))
    condition = of_time(term.only_if)
    met = Answers.same(SURE, n) if condition is None else clock.over(standing.condition(condition))
    if head.is_held and term.ask:
        awaited = Answers.same(undecided(Reason.AWAITING_ANSWER), n)
        met = Answers(
            np.where(met.value == NO, met.value, awaited.value), np.where(met.value == NO, met.why, awaited.why)
        )
    if condition is not None or (head.is_held and term.ask):
        checks.append(met)
    if (barred := of_time(term.unless)) is not None:
        checks.append(col.denied(clock.over(standing.condition(barred))))
    return checks[0] if len(checks) == 1 else col.both(checks)


def _done(head: Head, report: Observation, law: Law) -> Answer:
    """Whether an act falls under a head; a matching notice decides the purpose of a flight."""
    done = spec.done(report, head.term.does, law, head.term.tree)
    by_notice = head.is_held and isinstance(head.term.only_if, dict) and "notice" in head.term.only_if
    return SURE if done.value == UNKNOWN and by_notice else done


# -- names in time ---------------------------------------------------------------------------------------------------


class Names:
    """Every distinct name against every selector, over the times at which some status changes."""

    def __init__(self, docket: Docket, heads: Sequence[Head]) -> None:
        """Find the times."""
        self.law, self.named = docket.law, docket.names
        self.asked = {s.status for head in heads for s in (head.term.who, head.term.to) if s is not None and s.status}
        courses = [
            self.law.standing.status(actor, status, is_umbrella=self.law.is_umbrella(actor, named))
            for named in self.named
            for actor in named.ids
            if spec.is_party(actor, self.law)
            for status in self.asked
        ]
        self.clock, self.of = docket.clock.coarse({at for course in courses for at in course.cuts()})
        self._ids: dict[tuple[str, bool, Selector], Answers] = {}

    def table(self, selectors: Sequence[Selector | None], what: str) -> tuple[Factor, Numbers]:
        """The distinct rows of a factor, and the row of each name at each time."""
        distinct = list(dict.fromkeys(selectors))
        column_of = np.array([distinct.index(selector) for selector in selectors], np.int64)
        rows: dict[bytes, int] = {}
        index = np.zeros((len(self.named), len(self.clock)), np.int32)
        for i, named in enumerate(self.named):
            every = [self._over(named, selector, what) for selector in distinct]
            told = np.array([(a.why.astype(np.int64) << 2) | (a.value + 1) for a in every], np.int64).reshape(
                len(distinct), len(self.clock)
            )
            kinds, found = np.unique(told, axis=1, return_inverse=True) if told.size else (told, np.zeros(0, np.int64))
            codes = [rows.setdefault(kind.tobytes(), len(rows)) for kind in kinds.T]
            index[i] = np.array(codes, np.int32)[found.reshape(-1)] if codes else 0
        made = np.array([np.frombuffer(row, np.int64) for row in rows], np.int64).reshape(len(rows), len(distinct))
        whole = made[:, column_of]
        return Factor.of((whole & 3).astype(np.int8) - np.int8(1), (whole >> 2).astype(np.uint32)), index

    def _over(self, named: Named, selector: Selector | None, what: str) -> Answers:
        """`spec.by_whom` or `spec.to_whom` over all times."""
        n, reason = len(self.clock), Reason.ACTOR if what == "actor" else Reason.TARGET
        if selector is None:
            return Answers.same(SURE, n)
        if named.mode == UNNAMED or (named.mode == NOBODY and what == "target"):
            return Answers.same(undecided(reason), n)
        if named.mode == NOBODY:
            return Answers.same(Answer(NO), n)
        each = [self._one(actor, named, selector) for actor in named.ids]
        if what == "target":
            each = [col.renamed(column, Reason.ACTOR, Reason.TARGET) for column in each]
        elif named.mode == JOINT:
            return col.either(each) if each else Answers.same(Answer(NO), n)
        if len(each) == 1:
            return each[0]
        return col.agreed(each, otherwise=reason) if each else Answers.same(undecided(reason), n)

    def _one(self, actor: str, named: Named, selector: Selector) -> Answers:
        umbrella = self.law.is_umbrella(actor, named)
        key = (actor, umbrella, selector)
        if key not in self._ids:
            made = Answers.same(spec.meant_by_name(actor, selector, self.law), len(self.clock))
            if selector.status and spec.is_party(actor, self.law):
                course = self.law.standing.status(actor, selector.status, is_umbrella=umbrella)
                made = col.both([made, self.clock.over(course)])
            self._ids[key] = made
        return self._ids[key]
