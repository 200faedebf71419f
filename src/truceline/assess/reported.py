"""Of whom do reports say that they broke a term? Counted for each bearer of a term: surely theirs, possibly theirs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from truceline.assess.assessment import Assessed
from truceline.assess.obligations import Reported, bearers
from truceline.evidence.schema import JOINT, NOBODY, UNNAMED, Named
from truceline.group import Group
from truceline.verdict import NO, UNKNOWN, YES


def reported_of_all(assessed: Assessed) -> Reported:
    """What reports say of every bearer of a prohibition, and of everybody whose breach sets a duty going."""
    standing = assessed.law.standing
    terms, parties = standing.agreement.terms, standing.agreement.parties
    bans = {term.id for term in terms.values() if term.kind == "prohibit" and not term.overrides}
    wanted = {(term, bearer) for term in bans for bearer in bearers(standing, terms[term])}
    for term in terms.values():
        when = term.body.get("on")
        pair = (str(when.get("breach", "")), str(when.get("by", ""))) if isinstance(when, dict) else ("", "")
        if pair[0] in bans and pair[1] in parties:
            wanted.add(pair)
    return reported(assessed, sorted(wanted))


def reported(assessed: Assessed, wanted: Iterable[tuple[str, str]]) -> Reported:
    """The reports that tell of a breach of a term by an actor, if they are true.

    Args:
        assessed: the answers of a run.
        wanted: pairs of a prohibition and an actor.

    Returns:
        `TERM:ACTOR` to rows in the order of time: id of the report, its first second, the second after its last, +1
        where the term surely covers it and the actor surely acted, else 0.
    """
    columns, ids, wanted = assessed.columns, assessed.ids, list(wanted)
    by_actor = {actor: _theirs(columns.names, assessed.law.standing.agreement.group, actor) for _, actor in wanted}
    found = {}
    for term, actor in wanted:
        value = assessed.answers[term].value
        who = by_actor[actor][columns.actor]
        if columns.unordered is not None:
            other = by_actor[actor][columns.target]
            who = np.where(columns.unordered, np.where((who == NO) & (other == NO), NO, UNKNOWN), who)
        rows = np.flatnonzero((value != NO) & (who != NO))
        sure = (value[rows] == YES) & (who[rows] == YES)
        order = np.lexsort((rows, columns.start[rows]))
        found[f"{term}:{actor}"] = [
            (ids[rows[i]], int(columns.start[rows[i]]), int(columns.end[rows[i]]), int(sure[i])) for i in order
        ]
    return found


def _theirs(names: Iterable[Named], group: Group, actor: str) -> NDArray[np.int8]:
    """For each name whether it is an actor's: +1 surely, 0 perhaps, -1 not."""
    return np.array([_is_theirs(named, group, actor) for named in names], np.int8)


def _is_theirs(named: Named, group: Group, actor: str) -> int:
    if named.mode == NOBODY:
        return NO
    if named.mode == UNNAMED or not named.ids:
        return UNKNOWN
    each = {group.belongs(one, actor) if one in group.parties else UNKNOWN for one in named.ids}
    if named.mode == JOINT:
        return max(each)
    return each.pop() if len(each) == 1 else UNKNOWN
