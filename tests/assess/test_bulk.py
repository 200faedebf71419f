"""The fast judge is the slow one: value and reasons, for every term and for *any*, on random worlds."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import pytest

from tests.assess.drafts import Full, full_law, row_of
from tests.assess.worlds import Maker, dump, law_of, without
from truceline.agreement.history import History, read_act
from truceline.agreement.model import SignedAct
from truceline.agreement.text import load
from truceline.assess import bulk, spec
from truceline.assess.answers import Answers
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.atlas import Atlas
from truceline.evidence.schema import Named, Observation
from truceline.space import disc
from truceline.span import parse_instant
from truceline.verdict import NO, UNKNOWN, YES, Answer, Reason, reasons_of

READINGS = [("side", "identity"), ("strict", "name"), ("strict", "identity"), ("side", "name")]


def check(reports: list[Observation], law: Law) -> list[int]:
    """Compare every report under every term; gives the values met."""
    docket = bulk.Docket(reports, law)
    met: list[int] = []
    slow: dict[str, list[Answer]] = {}
    for term in law.terms:
        column = bulk.judge_all(docket, term)
        slow[term] = [spec.judge(report, term, law).covered for report in reports]
        for i, report in enumerate(reports):
            compare(column, i, slow[term][i], report=report, told=(term, law.standing.acts))
            met.append(int(column.value[i]))
    column, slow["any"] = bulk.judge_any_all(docket), [spec.judge_any(report, law) for report in reports]
    for i, report in enumerate(reports):
        compare(column, i, slow["any"][i], report=report, told=("any", law.standing.acts))
    check_tally(bulk.tally(docket), slow)
    return met


def check_tally(made: bulk.Tally, slow: Mapping[str, Sequence[Answer]]) -> None:
    """The totals are those of the answers of `spec`, and so is how many carry each reason."""
    for term, counts, reasons in zip(made.terms, made.counts.tolist(), made.reasons.tolist(), strict=True):
        answers = slow[term]
        assert counts == [sum(a.value == sign for a in answers) for sign in (NO, UNKNOWN, YES)], term
        assert reasons == [sum(bool(a.why & reason.bit) for a in answers) for reason in Reason], term


def compare(column: Answers, i: int, slow: Answer, *, report: Observation, told: object) -> None:
    """One answer against the other, with all that is needed to do it again."""
    fast = (int(column.value[i]), [r.value for r in reasons_of(int(column.why[i]))])
    assert fast == (slow.value, [r.value for r in slow.reasons]), (dump(report), told)


def world(name: str, seed: int, reports: int) -> list[int]:
    """One random world under one choice of readings."""
    maker = Maker(name, seed)
    made = [maker.report(i) for i in range(reports)]
    return check(made, law_of(name, maker.signed(reports), *READINGS[seed % len(READINGS)]))


@pytest.mark.parametrize("name", ["awkward", "shipped"])
@pytest.mark.parametrize("seed", range(5))
def test_bulk_equals_spec(name: str, seed: int) -> None:
    """`spec` is the meaning: whatever the fast path says beyond it is a different law."""
    assert set(world(name, seed, 30)) == {-1, 0, 1} or name == "shipped"


def full_world(seed: int, reports: int) -> list[int]:
    """One random agreement, with acts of every kind and evidence for its conditions."""
    maker = Full(seed)
    made = [maker.report(i) for i in range(reports)]
    rows = [*map(row_of, made[: reports // 2]), *maker.watches()]
    return check(made, full_law(maker.text, maker.signed(reports), rows, maker.readings()))


def test_bulk_equals_spec_under_any_agreement() -> None:
    """Every word of the algebra, versions, amendments, and acts of every kind: the fast path says the same."""
    met = [value for seed in range(5) for value in full_world(seed, 12)]
    assert all(met.count(value) > 30 for value in (-1, 0, 1))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_bulk_equals_spec_under_many_agreements(seed: int) -> None:
    """A thousand random agreements."""
    for part in range(100):
        full_world(10_000 + 100 * seed + part, 40)


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    ["awkward", "shipped"],
)
@pytest.mark.parametrize("seed", range(1_000, 1_010))
def test_bulk_equals_spec_on_many(name: str, seed: int) -> None:
    """Twenty times 5,000 reports: a hundred thousand, under all readings."""
    for part in range(50):
        world(name, seed * 100 + part, 100)


def test_an_empty_docket_has_no_answers() -> None:
    """No report, no row; and no error."""
    docket = bulk.Docket([], law_of("awkward", []))
    assert [len(bulk.judge_all(docket, term)) for term in docket.law.terms] == [0] * len(docket.law.terms)
    assert len(bulk.judge_any_all(docket)) == 0


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_the_company_a_report_keeps_does_not_matter(seed: int) -> None:
    """Each report is judged alone: order and neighbours leave its answers as they are."""
    maker = Maker("awkward", 77 + seed)
    made = [maker.report(i) for i in range(40)]
    law = law_of("awkward", maker.signed(40))
    shuffled = random.Random(seed).sample(made, len(made))
    for term in (*law.terms, "any"):
        together, again = (
            bulk.judge_any_all(bulk.Docket(some, law))
            if term == "any"
            else bulk.judge_all(bulk.Docket(some, law), term)
            for some in (made, shuffled)
        )
        for i, report in enumerate(made):
            j = shuffled.index(report)
            assert (together.value[i], together.why[i]) == (again.value[j], again.why[j])


def tiny(permit: str, **fields: object) -> tuple[Observation, Law]:
    """One ban on attacks by anybody in the square, one permit without burden, one report inside the square."""
    text = f"""
truceline: 1
id: tiny
actors:
  gov: {{kind: state}}
  opp: {{kind: side}}
zones:
  square: {{polygon: [[36.0, 35.0], [37.0, 35.0], [37.0, 36.0], [36.0, 36.0]]}}
terms:
  - {{id: A, kind: prohibit, does: attack, in: square, from: 2016-03-01, until: 2016-04-01}}
  - {{id: P, kind: permit, does: attack, except: [A], burden: none, {permit}}}
"""
    made = load(text.encode(), "tiny.yaml")
    law = Law(History(made).as_known(), Placed(made.zones, Atlas()))
    report = Observation(
        "o", parse_instant("2016-03-10", "UTC"), parse_instant("2016-03-20", "UTC"), acts=("mortar",),
        impact=disc(36.5, 35.5, 100), actor=Named(("gov",), "one"), target=Named(("opp",), "one"),
    )  # fmt: skip
    return without(report, **fields), law


def law_of_two(text: str, *acts: SignedAct, areas: Atlas | None = None) -> Law:
    """What a text says of a government and an opposition, and nothing else."""
    head = "truceline: 1\nid: two\nactors: {gov: {kind: state}, opp: {kind: side}}"
    made = load((head + text).encode(), "two.yaml")
    return Law(History(made, acts).as_known(), Placed(made.zones, areas or Atlas()))


def test_an_act_that_lasts_is_cut_where_an_exception_begins() -> None:
    """Shelling from the 10th to the 20th, excused from the 15th on: the first five days are surely covered."""
    report, law = tiny("from: 2016-03-15", lasts=True)
    assert spec.judge(report, "A", law).covered.value == 1
    check([report], law)


def test_a_pair_of_which_one_direction_is_excused_has_the_same_reasons_in_bulk() -> None:
    """Excused if the government acted, not if the others did, and the place is open: both reasons are to be told."""
    report, law = tiny("who: gov", unordered=True, impact=disc(36.0, 35.5, 100))
    assert {r.value for r in spec.judge(report, "A", law).covered.reasons} == {"place", "actor"}
    check([report], law)


def test_both_ways_of_a_pair_are_asked_what_excuses_them() -> None:
    """Only the opposition is bound here, but if the government acted it awaits an answer: that reason is told too."""
    text = """
terms:
  - {id: A, kind: prohibit, who: opp, does: attack, from: 2016-03-01}
  - {id: P, kind: permit, who: gov, does: attack, except: [A], ask: proportionate}
"""
    invoked = read_act({"act": "invoke", "by": "gov", "at": "2016-03-21", "term": "P", "of": "o"}, "UTC", 0)
    law = law_of_two(text, invoked)
    report = without(tiny("who: gov")[0], unordered=True)
    assert {r.value for r in spec.judge(report, "A", law).covered.reasons} == {"actor", "awaiting answer"}
    check([report], law)


def test_the_unless_of_an_exception_counts() -> None:
    """An exception that holds *unless* something is so does not hold when it is so."""
    report, law = tiny("unless: {at: 2016-03-05}")
    assert spec.judge(report, "A", law).covered.value == 1


def test_an_exception_whose_text_was_never_published_excuses_nothing_surely() -> None:
    """Withheld text matches only as 0; here it turns a covered act into one surely not covered."""
    report, law = tiny("text: withheld")
    assert [r.value for r in spec.judge(report, "A", law).covered.reasons] == ["withheld text"]


@pytest.mark.parametrize("field", ["if", "unless", "at"])
def test_an_exception_that_asks_something_of_the_report_is_asked_it(field: str) -> None:
    """A number, or where the act came from, decides about an exception too, and no table of codes knows it."""
    told = {
        "if": "if: {number: {at_least: 5}}", "unless": "unless: {all: [{number: {at_most: 5}}]}",
        "at": "in: square, at: origin",
    }[field]  # fmt: skip
    for few in (True, False):
        origin = disc(38.5, 35.5, 100) if few else disc(36.5, 35.5, 100)
        report, law = tiny(told, count_low=1 if few else 9, count_high=2 if few else 9, origin=origin)
        assert spec.judge(report, "A", law).covered.value == (1 if few else -1)
        check([report], law)


@pytest.mark.parametrize("notices", [0, 1])
def test_an_exception_without_burden_still_needs_its_notice(notices: int) -> None:
    """Nobody has to invoke it, but the notice that it asks for has to be in the record."""
    text = """
terms:
  - {id: A, kind: prohibit, does: attack, from: 2016-03-01}
  - {id: P, kind: permit, does: attack, except: [A], burden: none, if: {notice: {to: opp, matches: [time]}}}
"""
    fields = {"act": "notice", "by": "gov", "to": "opp", "start": "2016-03-02", "until": "2016-04-02"}
    law = law_of_two(text, *[read_act({**fields, "at": "2016-03-01"}, "UTC", 0)] * notices)
    report = tiny("who: gov")[0]
    assert spec.judge(report, "A", law).covered.value == (-1 if notices else 1)
    check([report], law)
