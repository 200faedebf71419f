"""Two worlds of one open condition: what is worked out anew is what `spec` answers where exactly that is settled."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.assess.worlds import Maker, law_of
from tests.case_files import all_cases
from truceline.assess import spec, worlds_shown
from truceline.assess.spec import Law
from truceline.assess.why import ANY, Tree, why_all
from truceline.assess.worlds_fixed import _below, _worked_out, open_questions, worlds, worlds_in
from truceline.evidence.schema import Observation
from truceline.verdict import NO, UNKNOWN, YES, Answer, both

TAKEN = [case for case in all_cases() if case.report is not None]
MOST = 40
"""Narrower reports that are tried for each term."""


@lru_cache(maxsize=4)
def _world(name: str, seed: int) -> tuple[Maker, Law]:
    maker = Maker(name, seed)
    return maker, law_of(name, maker.signed(6))


def _narrower(report: Observation, term: str, law: Law) -> Iterator[tuple[Observation, Law]]:
    """The same report, told more precisely in one field."""
    answer = worlds_shown._judged(report, term, law)
    for choice in islice(worlds_shown._choices(report, term, law, answer), MOST):
        yield choice.made(report, law)


def _settled_one(before: dict[str, Answer], after: dict[str, Answer]) -> str:
    """The one factor that was open and is not, where nothing else changed; empty where it is otherwise."""
    changed = [
        name for name in before if (before[name].value, before[name].why) != (after[name].value, after[name].why)
    ]
    return changed[0] if len(changed) == 1 and after[changed[0]].value != UNKNOWN else ""


def _held_against_spec(report: Observation, term: str, law: Law) -> int:
    """How many settled factors were found, each as the world of that factor says."""
    verdict, met = spec.judge(report, term, law), 0
    two = {one.condition: one for one in worlds(verdict.factors)}
    assert set(two) == {name for name, answer in verdict.factors.items() if answer.value == UNKNOWN}
    for seen, stands in _narrower(report, term, law):
        after = spec.judge(seen, term, stands)
        if after.factors.keys() != verdict.factors.keys():
            continue
        name = _settled_one(dict(verdict.factors), dict(after.factors))
        if name and verdict.factors[name].value == UNKNOWN:
            world = two[name].yes if after.factors[name].value == YES else two[name].no
            assert (world.value, world.why) == (after.covered.value, after.covered.why), (term, name)
            met += 1
    return met


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["awkward", "shipped"]), st.integers(0, 3), st.integers(0, 10_000))
def test_a_world_of_a_factor_is_what_spec_says_there(name: str, seed: int, number: int) -> None:
    """Whatever the report: told more precisely, with one factor alone settled by it, its answer is that world's."""
    maker, law = _world(name, seed)
    maker.rng.seed(number)
    report = maker.report(number % 6)
    for term in maker.rng.sample(sorted(law.terms), 4):
        _held_against_spec(report, term, law)


def test_worlds_of_factors_occur() -> None:
    """The cases that lawyers read settle many factors one at a time, so the test above tests something."""
    met = 0
    for case in TAKEN[::5]:
        assert case.report is not None
        met += sum(_held_against_spec(case.report, term, case.law) for term in case.expect if term in case.law.terms)
    assert met > 50


@pytest.mark.parametrize("part", range(4))
def test_an_open_factor_that_is_no_ends_it(part: int) -> None:
    """All conditions have to be met: one that is not met is enough, and one that is met leaves the others."""
    for case in TAKEN[part::4]:
        assert case.report is not None
        for term in case.expect:
            if term not in case.law.terms:
                continue
            verdict = spec.judge(case.report, term, case.law)
            for one in worlds(verdict.factors):
                rest = [answer for name, answer in verdict.factors.items() if name != one.condition]
                assert one.no.value == NO
                assert one.yes == both(rest)


def _tree(report: Observation, term: str, law: Law) -> Tree:
    return why_all(report, [term], law)


@pytest.mark.long
def test_a_tree_worked_out_anew_is_the_tree() -> None:
    """With nothing fixed, every question of every tree has the answer that it has."""
    for case in TAKEN[::4]:
        assert case.report is not None
        for term in [*case.expect, ANY]:
            tree = _tree(case.report, term, case.law)
            found = _worked_out(tree.table, tree.roots[term], {})
            assert (found.value, [one.value for one in found.reasons]) == tree.answer(term)


@pytest.mark.long
def test_an_open_answer_has_an_open_question_and_a_sign_may_have_some() -> None:
    """What is open at the root is open at the bottom."""
    for case in TAKEN[::4]:
        assert case.report is not None
        tree = _tree(case.report, ANY, case.law)
        if tree.answer(ANY)[0] == UNKNOWN:
            assert open_questions(tree.table, tree.roots[ANY])


def test_a_world_of_a_question_is_what_spec_says_there() -> None:
    """Where a report told more precisely settles one question of a tree alone, the root is what that world says."""
    met = 0
    for case in TAKEN:
        assert case.report is not None
        law = case.law
        for term in [*case.expect, ANY]:
            met += _questions_held(case.report, term, law) if met < ENOUGH else 0
    assert met >= ENOUGH


ENOUGH = 15


def _questions_held(report: Observation, term: str, law: Law) -> int:
    """How many questions of a tree were settled, each as the world of that question says."""
    tree, met = _tree(report, term, law), 0
    root = tree.roots[term]
    two = {one.condition: one for one in worlds_in(tree.table, root)}
    for seen, stands in _narrower(report, term, law) if tree.answer(term)[0] == UNKNOWN else ():
        after = _tree(seen, term, stands)
        if after.roots != tree.roots or after.table.keys() != tree.table.keys():
            continue
        changed = [q for q in _bottom(tree) if tree.table[q] != after.table[q]]
        if len(changed) == 1 and changed[0] in two and after.table[changed[0]]["value"] != UNKNOWN:
            world = two[changed[0]].yes if after.table[changed[0]]["value"] == YES else two[changed[0]].no
            assert (world.value, [one.value for one in world.reasons]) == after.answer(term), (term, changed)
            met += 1
    return met


def _bottom(tree: Tree) -> list[str]:
    """The questions of a tree that the rules start from."""
    return [q for q, entry in tree.table.items() if "steps" not in entry and not list(_below(tree.table, q))]
