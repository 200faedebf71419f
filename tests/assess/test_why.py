"""Why: the tree says exactly what the verdict says, and the worlds it shows are real."""

from __future__ import annotations

import pytest

from tests.assess.worlds import Maker, law_of
from tests.case_files import all_cases, placed_of, shipped
from tests.specimens import REPORTS
from truceline.agreement.history import History, Readings
from truceline.assess import spec
from truceline.assess.spec import Law
from truceline.assess.why import ANY, why_all, why_of
from truceline.assess.worlds_shown import worlds_of
from truceline.canon import canonical
from truceline.evidence.schema import Observation
from truceline.verdict import NO, UNKNOWN, YES, Answer

TAKEN = [case for case in all_cases() if case.report is not None]


def verdict(report: Observation, term: str, law: Law) -> Answer:
    """What `spec` says."""
    return spec.judge_any(report, law) if term == ANY else spec.judge(report, term, law).covered


def agree(report: Observation, terms: list[str], law: Law) -> None:
    """The roots of the trees are the verdicts."""
    tree = why_all(report, terms, law)
    for term in terms:
        covered = verdict(report, term, law)
        assert tree.answer(term) == (covered.value, [r.value for r in covered.reasons]), (report.id, term)


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, 8))])
def test_the_root_of_every_case_is_its_verdict(part: int) -> None:
    """Value and reasons at the root are those of `spec`, for what each case asks and for `any`."""
    for case in TAKEN[part::8]:
        assert case.report is not None
        agree(case.report, [*case.expect, ANY], case.law)


@pytest.mark.parametrize(
    "readings", [pytest.param(Readings(), marks=pytest.mark.long), Readings("strict", "name")], ids=["side", "strict"]
)
def test_the_root_of_every_specimen_is_its_verdict(readings: Readings) -> None:
    """Empty and contradictory reports have trees too."""
    law = Law(History(shipped()).as_known(None, readings), placed_of(shipped(), "shipped"))
    for report in REPORTS:
        agree(report, ["F2", "F4", "F6", "R1", "R9", "R13", "D", "R14", ANY], law)


@pytest.mark.parametrize("name", ["awkward", "shipped"])
@pytest.mark.parametrize("seed", range(20, 23))
def test_the_root_of_random_reports_is_their_verdict(name: str, seed: int) -> None:
    """Every term, with notices, answers, lasting acts and pairs without direction."""
    maker = Maker(name, seed)
    law = law_of(name, maker.signed(6))
    for i in range(6):
        agree(maker.report(i), [*law.terms, ANY], law)


def test_a_tree_has_no_fractions() -> None:
    """Whole numbers and words only, so that its bytes are the same everywhere."""
    case = next(case for case in TAKEN if case.row == 1)
    assert case.report is not None
    tree = why_of(case.report, "F2", case.law)
    assert b"." not in canonical([e.get("value", e.get("steps")) for e in tree.table.values()])


def test_a_tree_goes_down_to_the_line_of_the_fact() -> None:
    """Who is bound, and since which recorded acceptance, is cited by its line."""
    case = next(case for case in TAKEN if case.row == 1)
    assert case.report is not None
    table = why_of(case.report, "F2", case.law).table
    line = next(f.line for f in case.agreement.facts if f.what == "accepted" and f.of == "gov")
    assert f"line {line}" in table['["accepted","gov"]']["by"]


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, 4))])
def test_the_two_worlds_are_real(part: int) -> None:
    """Each world shown is judged again: +1 in one, -1 in the other, and they differ in the fields that are named."""
    pairs = 0
    for case in TAKEN[part::4]:
        assert case.report is not None
        for term in case.expect:
            shown = worlds_of(case.report, term, case.law)
            assert (shown is None) == (verdict(case.report, term, case.law).value != UNKNOWN)
            if shown is None:
                continue
            for world, value in ((shown.breach, YES), (shown.none, NO)):
                assert world is None or verdict(world.report, term, world.law).value == world.value == value
            if shown.breach and shown.none:
                pairs += 1
                assert dict(shown.breach.settled) != dict(shown.none.settled)
    assert pairs >= 5


def test_a_world_never_tells_a_position() -> None:
    """What is printed of a world holds no coordinate."""
    for case in TAKEN:
        if case.report is None or case.file != "place.yaml":
            continue
        for term in case.expect:
            shown = worlds_of(case.report, term, case.law)
            for world in (shown.breach, shown.none) if shown else ():
                for field, words in world.settled if world else ():
                    assert field != "place" or not any(c.isdigit() and len(w) > 6 for w in words.split() for c in w)
