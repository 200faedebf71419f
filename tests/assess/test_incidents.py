"""Incidents: a sign only where all reports share it, and numbers that hold in every world of what nobody decided."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.bench import NOW, SHIPPED, bench
from truceline.assess.answers import Answers
from truceline.assess.assessment import ANY, Assessed
from truceline.assess.incidents import Band, Bands, Told, incidents_of, shared
from truceline.desk import assess_files, read_evidence
from truceline.desk.runs import Asked
from truceline.verdict import Answer, Reason

VALUES = st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=7)


def assessed(values: list[int], supported: list[int] | None = None, words: Sequence[bool] = ()) -> Assessed:
    """A run that gave these answers to reports `0`, `1`, ...; some of them are words alone."""
    value = np.array(values, np.int8)
    answers = Answers(value, np.where(value == 0, Reason.ACTOR.bit, 0).astype(np.uint32))
    stood = np.array(supported if supported is not None else [1] * len(values), np.int8)
    ids = [str(i) for i in range(len(values))]
    acts = np.array(words or [False] * len(values), np.int64)
    columns = SimpleNamespace(doings=[("attack",), ("statement",)], acts=acts)
    return cast(Assessed, SimpleNamespace(columns=columns, ids=ids, answers={"t": answers}, supported=stood))


def partitions(n: int, same: list[tuple[int, int]]) -> list[set[int]]:
    """Reports that are one incident when these pairs are."""
    groups = [{i} for i in range(n)]
    for a, b in same:
        one, other = (next(g for g in groups if i in g) for i in (a, b))
        if one is not other:
            one |= other
            groups.remove(other)
    return groups


def pairs(n: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    """Some pairs of reports."""
    return st.lists(st.sampled_from(list(combinations(range(n), 2)) or [(0, 0)]), max_size=4)


@given(st.data())
def test_a_number_of_incidents_holds_in_every_world(data: Any) -> None:  # noqa: ANN401
    """Each world merges some of the open pairs: the least and the most over all of them are what is told."""
    values = data.draw(VALUES)
    n = len(values)
    supported = data.draw(st.lists(st.sampled_from([0, 1]), min_size=n, max_size=n))
    words = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    certain, unsure = data.draw(pairs(n)), data.draw(pairs(n))
    groups = partitions(n, certain)
    told = Told(
        {str(min(g)): tuple(str(i) for i in sorted(g)) for g in groups if len(g) > 1},
        tuple((str(a), str(b)) for a, b in unsure),
    )
    found: dict[str, list[int]] = {"all": [], "surely": [], "at_most": [], "breaches": []}
    for k in range(len(unsure) + 1):
        for world in combinations(unsure, k):
            of_acts = [[i for i in sorted(g) if not words[i]] for g in partitions(n, [*certain, *world])]
            incidents = [[values[i] for i in g] for g in of_acts if g]
            stood = [[supported[i] for i in g] for g in of_acts if g]
            found["all"].append(len(incidents))
            found["surely"].append(sum(min(v) == 1 for v in incidents))
            found["at_most"].append(sum(max(v) >= 0 for v in incidents))
            found["breaches"].append(sum(min(v) == 1 == max(s) for v, s in zip(incidents, stood, strict=True)))
    bands = Bands(assessed(values, supported, words), told)
    assert bands.all() == Band(min(found["all"]), max(found["all"]))
    assert bands.surely("t") == Band(min(found["surely"]), max(found["surely"]))
    assert bands.at_most("t") == Band(min(found["at_most"]), max(found["at_most"]))
    assert bands.breaches("t") == Band(min(found["breaches"]), max(found["breaches"]))


@given(st.lists(st.sampled_from([Answer(1), Answer(-1), Answer(0, Reason.TIME.bit), Answer(0, 3)]), min_size=1))
def test_an_incident_has_a_sign_only_where_all_reports_share_it(answers: list[Answer]) -> None:
    """One report that differs leaves it open, with a reason; and no order decides."""
    found = shared(answers, [Reason.ACTOR])
    values = {answer.value for answer in answers}
    assert (found.value == 0) == (len(values) > 1 or values == {0})
    assert found == shared(answers[::-1], [Reason.ACTOR])
    assert all(found.why & answer.why == answer.why for answer in answers if not found.value)


def test_reports_of_one_incident_that_differ_in_who_leave_it_open() -> None:
    """Four reports of one aircraft shot down: who did it is open, though one side owns to it."""
    part = read_evidence(SHIPPED / "reports.jsonl", bench(), known_at=NOW)
    outcome = assess_files(bench(), [part], Asked())
    aircraft, hospital = ([f"sy-{i:03}" for i in range(*span)] for span in ((25, 29), (47, 53)))
    told = Told({one[0]: tuple(one) for one in (aircraft, hospital)})
    shot, hit = incidents_of(outcome.assessed, told)
    assert shot.reports == tuple(aircraft)
    assert (shot.covered[ANY].value, shot.supported) == (0, 1)
    assert Reason.ACTOR in shot.covered["F2"].reasons
    assert (hit.is_protected, hit.covered[ANY].value) == (True, -1)
    assert Bands(outcome.assessed, told).all() == Band(121, 121)  # 129 of the 226 reports tell of acts


@given(st.data())
def test_joining_all_that_may_be_one_parts_the_reports(data: Any) -> None:  # noqa: ANN401
    """Every report that somebody may join stands in one group, with all it may be one with."""
    n = data.draw(st.integers(2, 7))
    certain, unsure = data.draw(pairs(n)), data.draw(pairs(n))
    groups = partitions(n, certain)
    told = Told(
        {str(min(g)): tuple(str(i) for i in sorted(g)) for g in groups if len(g) > 1},
        tuple((str(a), str(b)) for a, b in unsure),
    )
    whole = {tuple(str(i) for i in sorted(g)) for g in partitions(n, [*certain, *unsure]) if len(g) > 1}
    assert set(told.joined) == whole


def test_what_only_a_merge_would_support_is_at_most_a_breach() -> None:
    """Two covered reports of one line each: apart they are no breach, as one incident of two lines they are."""
    told = Told({}, (("0", "1"),))
    run = assessed([1, 1], [0, 0])
    assert Bands(run, told).breaches("t") == Band(0, 0)
    assert Bands(run, told, np.array([1, 1], np.int8)).breaches("t") == Band(0, 2)
