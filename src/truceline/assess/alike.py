"""Which of many positions of one flight are the same to the law? Those are judged once.

An aircraft is heard every second, and hardly anything that a term asks changes from one second to the next. Two
positions are alike when they lie alike to the zones of every term, to the height of every zone and to the areas of
notices, on one side of every moment at which the law changes, by one actor and with one act and callsign: then
`spec` gives both one answer. Terms that ask what came before or after, and acts that speak of one position by its id,
know positions apart; then nothing is alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from truceline.agreement.conditions import of_time
from truceline.agreement.model import Term
from truceline.assess import spec
from truceline.assess.answers import Rows
from truceline.assess.asked import asks_of_report
from truceline.assess.columns import Columns
from truceline.assess.spec import Law
from truceline.assess.spots import coded
from truceline.evidence.schema import Observation


def alike(columns: Columns, terms: Sequence[Term], law: Law, apart: Iterable[Rows]) -> tuple[Rows, Rows] | None:
    """A position for each kind of alike ones, and the kind of each.

    Args:
        columns: positions, each true for one second.
        terms: that they are held against.
        law: what stands.
        apart: `(n,)` further codes in which alike positions must not differ: flight, callsign, how they lie to areas.

    Returns:
        Rows of the positions to judge and `(n,)` which of them stands for each; None = each has to be judged.
    """
    family = spec.with_exceptions(terms, law)
    if any(asks_of_report(one.only_if) or asks_of_report(one.unless) for one in family):
        return None
    known = {act.of for act in law.standing.acts} | {key for act in law.standing.acts for key in act.about}
    if columns.ids is not None and known and not known.isdisjoint(columns.ids()):
        return None
    keys = [*apart, columns.actor.astype(np.int64), columns.target.astype(np.int64), columns.acts.astype(np.int64)]
    keys += [*_places(columns, family, law), *_heights(columns, family, law), *_times(columns, family, law)]
    return coded(keys)


def _places(columns: Columns, family: Sequence[Term], law: Law) -> Iterable[Rows]:
    """How each position lies to the zones of each term, alone and together."""
    where = dict.fromkeys(term.where for term in family if term.where)
    layers = list(where) + [(zone,) for zone in dict.fromkeys(zone for zones in where for zone in zones)]
    layers += [ids for zones in where for _, ids in spec.layers(zones, law.placed.zones)]
    must, may = law.placed.masks(columns.spots, layers)
    return [words[:, i].astype(np.int64) for words in (must, may) for i in range(words.shape[1])]


def _heights(columns: Columns, family: Sequence[Term], law: Law) -> Iterable[Rows]:
    """How each position lies to the height of each zone, as `spec` says it."""
    zones = {zone.id: zone for term in family for zone, _ in spec.layers(term.where, law.placed.zones)}
    found = []
    for zone in zones.values():
        each = [spec.height(Observation("", 0, 1, low_m=low, high_m=high), zone).value for low, high in columns.bands]
        found.append(np.array(each, np.int64)[columns.band])
    return found


def _times(columns: Columns, family: Sequence[Term], law: Law) -> Iterable[Rows]:
    """Between which changes of the law each position begins and ends, whoever flies."""
    moments: set[int] = set()
    for named in columns.names:
        flown = Observation("", int(columns.start.min(initial=0)), int(columns.end.max(initial=1)), actor=named)
        moments.update(spec.changes(flown, family, law))
    for condition in (one for term in family for one in (term.only_if, term.unless)):
        if condition is not None and of_time(condition) is not None:
            moments.update(law.standing.condition(of_time(condition)).cuts())
    cuts = np.array(sorted(moments), np.int64)
    return [np.searchsorted(cuts, at, side="right").astype(np.int64) for at in (columns.start, columns.end - 1)]
