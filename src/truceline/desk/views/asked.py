"""Which of the rows that a reader sees are asked for, and how many are there? Filters, totals, pages.

INVARIANT: an answer follows from what this reader is shown of each row, and from nothing else. A filter by place asks
of the town where a town is shown, one by time asks of days where days are shown: so no two questions together tell
more than the whole list does. The verdicts in it were judged of the report as it was made: they tell on which side of
each signed line it lies, and that is shown on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from truceline.agreement.model import Agreement
from truceline.assess.assessment import ANY
from truceline.desk.views.sheet import Verdicts
from truceline.desk.views.view import View
from truceline.errors import Fault, InputError, UnknownError, quoted, raise_all
from truceline.evidence.schema import Named
from truceline.group import RESERVED, Sight
from truceline.span import FAR_AHEAD, LONG_AGO, parse_instant
from truceline.verdict import NO, UNKNOWN, YES, Reason

Rows = NDArray[np.int64]
Bools = NDArray[np.bool_]
GROUPS: Final = ("bound", "excluded", "mixed", "other")


class Filter(msgspec.Struct, frozen=True, omit_defaults=True, rename={"since": "from"}):
    """What is asked for; what is empty or None is not asked.

    Attributes:
        term: id of a prohibition, or `any`; without `value` whatever it does not surely leave uncovered.
        value: the answer to `term`, or to *any*: -1, 0, +1.
        supported: whether it is supported as the terms require.
        act: a class of acts; its kinds are meant too.
        actor: who is said to have done it; of a pair without direction either side.
        group: one of `GROUPS`.
        zone: id of a zone in which the place may lie, as finely as it is shown.
        unit: code of a unit in which it may lie.
        since, until: only what can have happened between; time texts.
        protected: whether harm to those whom humanitarian law protects is told of.
        kind: of the report, such as `incident`.
    """

    term: str = ""
    value: int | None = None
    supported: bool | None = None
    act: str = ""
    actor: str = ""
    group: str = ""
    zone: str = ""
    unit: str = ""
    since: str = ""
    until: str = ""
    protected: bool | None = None
    kind: str = ""

    @property
    def asks_of_answers(self) -> bool:
        """Whether something is asked that follows from the combination of answers alone."""
        return bool(self.term or self.group) or not (self.value is self.supported is self.protected is None)

    def plain(self) -> dict[str, Any]:
        """What is asked, for an answer or a file."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


EVERYTHING: Final = Filter()


def check_filter(one: Filter, view: View, agreement: Agreement) -> tuple[int, int]:
    """Refuse a filter that names what the text does not know; gives its bounds in time.

    Raises:
        UnknownError: each name that the text does not know. InputError: each time that is none.
    """
    known: tuple[tuple[str, str, Any], ...] = (
        ("term", one.term, (*view.sheet.terms, ANY)), ("act", one.act, agreement.acts),
        ("actor", one.actor, {*agreement.parties, *RESERVED}), ("group", one.group, GROUPS),
        ("zone", one.zone, view.sheet.zones), ("unit", one.unit, view.gazetteer),
    )  # fmt: skip
    faults = [
        Fault(f"the text knows no {field} {quoted(value)}", field=field) for field, value, of in known
        if value and value not in of
    ]  # fmt: skip
    raise_all(faults, UnknownError)
    if one.value is not None and one.value not in (NO, UNKNOWN, YES):
        faults.append(Fault(f"expected -1, 0 or 1, got {quoted(one.value)}", field="value"))
    bounds = [LONG_AGO, FAR_AHEAD]
    for at, (field, text) in enumerate((("from", one.since), ("until", one.until))):
        try:
            bounds[at] = parse_instant(text, agreement.tz) if text else bounds[at]
        except InputError as error:
            faults.append(Fault(error.faults[0].message, field=field))
    if bounds[1] <= bounds[0] and not faults:
        faults.append(Fault("`until` is not after `from`", field="until"))
    raise_all(faults, InputError)
    return bounds[0], bounds[1]


def chosen(view: View, one: Filter, agreement: Agreement) -> Rows:
    """The rows that a reader sees and asks for, in the order of their ids.

    Raises:
        InputError: the filter names what the text does not know, or a time that is none.
    """
    return view.every if one == EVERYTHING else np.flatnonzero(matching(view, one, agreement))


def matching(view: View, one: Filter, agreement: Agreement) -> Bools:
    """`(n,)` whether a reader sees a row and asks for it; nobody may change it.

    Raises:
        UnknownError, InputError: as `check_filter`.
    """
    since, until = check_filter(one, view, agreement)
    claims = view.claims
    parts = [] if view.is_all else [view.listed]
    parts += [view.times.after(since)] if since > LONG_AGO else []
    parts += [view.times.before(until)] if until < FAR_AHEAD else []
    if one.asks_of_answers:
        key = (one.term, one.value, one.supported, one.protected, one.group)
        parts.append(claims.of(key, lambda: of_verdicts(one, view.sheet.verdicts, view)[view.verdict]))
    for name, asked, matches in (
        ("act", one.act, _acts), ("actor", one.actor, _actors), ("kind", one.kind, _kinds), ("unit", one.unit, _units),
        ("zone", one.zone, _zones),
    ):  # fmt: skip
        if asked:
            parts.append(claims.of((name, asked), partial(matches, view, asked, agreement)))
    if len(parts) < 2:
        return parts[0] if parts else view.listed
    found = parts[0] & parts[1]
    for part in parts[2:]:
        found &= part
    return found


def of_verdicts(one: Filter, told: Verdicts, view: View) -> Bools:
    """Which combinations of answers are asked for."""
    found = np.ones(len(told), bool)
    if one.term or one.value is not None:
        column = told.values[:, (*view.sheet.terms, ANY).index(one.term or ANY)]
        found &= column != NO if one.value is None else column == one.value
    if one.supported is not None:
        found &= (told.supported == YES) == one.supported
    if one.protected is not None:
        found &= told.protected == one.protected
    if one.group:
        found &= told.group == view.sheet.groups.index(one.group)
    return found


def _acts(view: View, act: str, agreement: Agreement) -> Bools:
    tree = agreement.acts
    is_kind = [any(tree.is_kind(done, act) == YES for done in acts) for acts in view.sheet.doings]
    return _looked_up(is_kind, view.sheet.numbers("acts"))


def _actors(view: View, actor: str, agreement: Agreement) -> Bools:
    def is_of(named: Named) -> bool:
        return any(
            one == actor or (one in agreement.parties and agreement.group.belongs(one, actor) == YES)
            for one in named.ids
        )

    theirs = [is_of(named) for named in view.sheet.names]
    done = _looked_up(theirs, view.sheet.numbers("actor"))
    found: Bools = done | (_looked_up(theirs, view.sheet.numbers("target")) & view.sheet.numbers("unordered"))
    return found


def _kinds(view: View, kind: str, agreement: Agreement) -> Bools:
    del agreement
    names, codes = view.sheet.coded("kind")
    return _looked_up([(name or "incident") == kind for name in names], codes)


def _units(view: View, unit: str, agreement: Agreement) -> Bools:
    del agreement
    wanted = view.gazetteer.code(unit)
    within = [any(wanted in view.gazetteer.chain(code) for code in codes) for codes in view.sheet.units]
    return _looked_up(within, view.sheet.numbers("town"))


def _zones(view: View, zone: str, agreement: Agreement) -> Bools:
    """Rows whose place, as it is shown, may lie in a zone; of what is shown as a unit nobody is told."""
    del agreement
    word, bit = divmod(view.sheet.zones.index(zone), 64)
    mark = np.uint64(1) << np.uint64(bit)
    towns = (view.sheet.in_town[:, word] & mark) != 0
    found = _looked_up(towns, view.sheet.numbers("town")) & (view.seen.level >= Sight.CELL)
    exact = view.seen.level == Sight.AS_REPORTED
    if exact.any():
        found[exact] = ((view.sheet.in_place[:, word] & mark) != 0)[exact]
    return found


def _looked_up(claims: Any, codes: NDArray[Any]) -> Bools:  # noqa: ANN401  # claims by code
    table = np.asarray(claims, bool)
    return table[codes] if len(table) else np.zeros(len(codes), bool)


# -- totals ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Totals:
    """How many rows have which answers; *possibly* never includes *surely*.

    Attributes:
        reports: how many rows.
        terms: id of a term, or `any`, to its band: surely, surely or possibly, and what it does not cover.
        reasons: the same to how many answers of 0 carry each reason.
        groups: whom they are about.
    """

    reports: int
    terms: Mapping[str, Mapping[str, int]]
    reasons: Mapping[str, Mapping[str, int]]
    groups: Mapping[str, int]
    supported: int
    protected: int


def totals_of(view: View, rows: Rows | Bools) -> Totals:
    """The totals of some rows, or of those of a claim: one count of how many have each combination of answers."""
    told, terms = view.sheet.verdicts, (*view.sheet.terms, ANY)
    n = np.bincount(view.verdict[rows], minlength=len(told))
    of_values = {value: (n @ (told.values == value)).tolist() for value in (YES, UNKNOWN, NO)}
    of_reasons = np.tensordot(n, told.reasons, 1).tolist()
    found = {
        term: {"surely": surely, "at_most": surely + possibly, "not_covered": no}
        for term, surely, possibly, no in zip(terms, *(of_values[value] for value in (YES, UNKNOWN, NO)), strict=True)
    }
    reasons = {term: _most_first(many) for term, many in zip(terms, of_reasons, strict=True)}
    return Totals(
        int(n.sum()), found, reasons,
        {name: int(n[told.group == code].sum()) for code, name in enumerate(view.sheet.groups)},
        int(n[told.supported == YES].sum()), int(n[told.protected].sum()),
    )  # fmt: skip


def _most_first(many: Sequence[int]) -> dict[str, int]:
    """Reasons that some answers carry, and how many do; the most frequent first."""
    found = [(reason.value, n) for reason, n in zip(Reason, many, strict=True) if n]
    return dict(sorted(found, key=lambda item: (-item[1], item[0])))
