"""Rules by cases a lawyer can read: every case of `tests/cases/` is judged by `spec` and by `bulk`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.case_files import FOLDER, SHIPPED, Case, Expected, all_cases, atlas, placed_of, read_cases, shipped
from tests.specimens import EMPTY, EMPTY_FOREVER, PLACES, REPORTS, SQUARE_ZONE, ZONE_NEVER_DRAWN, ZONE_WITHHELD
from truceline.agreement.history import History, Readings
from truceline.agreement.model import Zone
from truceline.agreement.text import load
from truceline.assess import bulk, spec
from truceline.assess.allegations import allegations
from truceline.assess.answers import Answers
from truceline.assess.bans import bans
from truceline.assess.obligations import duties
from truceline.assess.place import Placed
from truceline.assess.reported import reported_of_all
from truceline.assess.spec import Law
from truceline.errors import InputError
from truceline.space import Region
from truceline.span import Span
from truceline.verdict import UNKNOWN, YES, Answer, Reason, reasons_of

CASES = all_cases()
TAKEN = [case for case in CASES if case.report is not None and case.is_of_reports]
STOOD = [case for case in CASES if case.at is not None]


def _id(case: Case) -> str:
    return f"{case.file.removesuffix('.yaml')}:{case.line}"


def _param(case: Case, fault: str) -> object:
    marks = [pytest.mark.xfail(strict=True, reason=fault)] if fault else []
    return pytest.param(case, id=_id(case), marks=marks)


def stated(answer: Answer) -> Expected:
    """An answer in the words of a case."""
    return Expected(answer.value, frozenset(reason.value for reason in answer.reasons))


@pytest.mark.parametrize("case", [_param(case, case.deviates) for case in TAKEN])
def test_the_case_comes_out_as_it_states(case: Case) -> None:
    """A case is the rule: the value and exactly the stated reasons, the remark and the mark of protection."""
    assert case.report is not None
    law = case.law
    verdicts = {term: spec.judge(case.report, term, law) for term in case.expect}
    assert {term: stated(v.covered) for term, v in verdicts.items()} == dict(case.expect), case.why
    if case.any is not None:
        assert stated(spec.judge_any(case.report, law)) == case.any, case.why
    for term, words in case.notes.items():
        assert words in spec.judge(case.report, term, law).covered.note, case.why
    if case.protected is not None:
        notes = " ".join(verdict.covered.note for verdict in verdicts.values())
        assert (case.report.is_protected or "humanitarian law" in notes) is case.protected, case.why


@pytest.mark.parametrize("case", [_param(case, case.deviates_in_tables) for case in TAKEN])
def test_tables_give_the_same_answers(case: Case) -> None:
    """`bulk` equals `spec`, value and reasons, for every term of the agreement and for *some prohibition covers it*."""
    assert case.report is not None
    law = case.law
    docket = bulk.Docket([case.report], law)
    one_by_one = {term: stated(spec.judge(case.report, term, law).covered) for term in law.terms}
    assert {term: _only(bulk.judge_all(docket, term)) for term in law.terms} == one_by_one
    assert _only(bulk.judge_any_all(docket)) == stated(spec.judge_any(case.report, law))


@pytest.mark.parametrize("case", [pytest.param(case, id=_id(case)) for case in TAKEN])
def test_one_source_is_never_support_enough(case: Case) -> None:
    """*Supported* needs two independent lines, which no single report can be: 0 for corroboration, whatever it says."""
    assert case.report is not None
    law = case.law
    for term in case.expect:
        supported = spec.judge(case.report, term, law).supported
        assert (supported.value, supported.reasons) == (UNKNOWN, (Reason.CORROBORATION,))


@pytest.mark.parametrize("case", [pytest.param(case, id=_id(case)) for case in CASES if case.refused])
def test_the_reader_refuses_the_row(case: Case) -> None:
    """Some reports never reach the judge, such as an attack dated tomorrow: it is kept as rejected, by field."""
    assert case.report is None, case.why
    assert case.rejected == (case.refused,), case.why


@pytest.mark.parametrize("case", [_param(case, case.deviates) for case in STOOD])
def test_what_stands_is_as_the_case_states_it(case: Case) -> None:
    """Duties, prohibitions, allegations, statuses, windows and conditions at the stated second, each exactly."""
    assert case.at is not None
    standing, told = case.law.standing, reported_of_all(case.assessed)
    owed: dict[str, dict[str, set[str]]] = {}
    for duty in duties(standing, case.at, told):
        owed.setdefault(duty.term, {}).setdefault(duty.bearer, set()).update(duty.states)
    for term, of in case.duties.items():
        assert {bearer: owed[term].get(bearer, set()) for bearer in of} == of, f"{term}: {case.why}"
    kept = {(ban.term, ban.bearer): ban.states for ban in bans(standing, case.at, told)}
    for term, of in case.bans.items():
        assert {bearer: kept.get((term, bearer)) for bearer in of} == of, f"{term}: {case.why}"
    cases = {one.id: one.states for one in allegations(standing, case.at)}
    assert {key: cases.get(key) for key in case.allegations} == case.allegations, case.why
    moment = Span(case.at, case.at + 1)
    for actor, answers in case.statuses.items():
        found = {status: stated(standing.status(actor, status).during(moment)) for status in answers}
        assert found == answers, f"{actor}: {case.why}"
    for term, expected in {**case.windows, **case.conditions}.items():
        assert stated(standing.window(term).during(moment)) == expected, f"{term}: {case.why}"


def test_every_clause_of_the_case_is_exercised() -> None:
    """All rows of the clause table of 2016 are data, and each is asked at least once."""
    rows = [line.split("|")[1].strip() for line in (SHIPPED / "clauses.md").read_text("utf-8").splitlines()
            if re.match(r"\| [A-Z]\d+[a-c]? \|", line)]  # fmt: skip
    table = [row for row in rows if not row.startswith("D")]
    assert len(table) == 42
    named = {clause for case in CASES if case.agreement.id == "syria-2016" for clause in case.clauses}
    assert set(table) - named == set()
    assert set(table) - set(shipped().terms) == set()


def test_every_corner_case_is_exercised() -> None:
    """The 26 corner cases of the design, each with a case of its number."""
    assert set(range(1, 27)) - {case.corner for case in CASES} == set()


def test_every_case_asks_something_and_stands_once() -> None:
    """A case that expects nothing would pass whatever the program does, and two of one name hide one another."""
    asked = [c.duties or c.bans or c.allegations or c.statuses or c.windows or c.conditions for c in CASES]
    assert [c.name for c, other in zip(CASES, asked, strict=True) if not (c.is_of_reports or other)] == []
    assert [c.name for c, other in zip(CASES, asked, strict=True) if bool(other) != (c.at is not None)] == []
    names = [(c.file, c.name) for c in CASES]
    assert len(names) == len(set(names))
    assert [c.name for c in CASES if c.at is None and (c.report is None) != bool(c.refused)] == []


def test_every_file_of_the_folder_is_read() -> None:
    """A file of cases with another ending would be skipped without a word."""
    assert {path.name for path in FOLDER.iterdir()} - {"README.md"} == {case.file for case in CASES}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cases:\n  - {name: a, why: b, reports: {when: 2016-03-05}}", "x.yaml:2: unknown field `reports`"),
        ("cases:\n  - {name: a, why: b, report: {when: 2016-03-05, wher: nowhere}}", "x.yaml:2: unknown field `wher`"),
        ("cases:\n  - {name: a, why: b, report: {when: soon}}", "x.yaml:2: expected a date"),
        ("cases:\n  - name: a\n    why: b\n    why: c", "x.yaml:4: `why` stands here twice"),
        ("cases: [\n", "x.yaml:2: not YAML"),
        ("cases:\n  - {name: a, why: b, report: {when: 2016-03-05}, expect: {F99: 1}}", "x.yaml:2: the agreement has"),
        ("cases:\n  - {name: a, why: b, report: {when: 2016-03-05}, expect: {F2: 0}}", "x.yaml:2: expected -1, +1"),
        ("cases:\n  - {name: a, why: b, report: {when: 2016-03-05}, expect: {F2: [0, luck]}}", "x.yaml:2: a case that"),
        ("cases:\n  - {name: a, why: b, report: {when: 2016-03-05}, agreement: mine}", "x.yaml:2: no agreement"),
        ("cases:\n  - {why: b, report: {when: 2016-03-05}}", "x.yaml:2: a case needs `name`"),
        ("", "x.yaml: the file is empty"),
    ],
)
def test_a_case_that_is_not_understood_fails_loudly(text: str, message: str) -> None:
    """A misspelt field would otherwise make a case say less than its author thinks."""
    with pytest.raises(InputError) as caught:
        read_cases(text.encode(), Path("x.yaml").name)
    assert str(caught.value).startswith(message)


def _only(answers: Answers) -> Expected:
    assert len(answers) == 1
    reasons = frozenset(reason.value for reason in reasons_of(int(answers.why[0])))
    return Expected(int(answers.value[0]), reasons)


# -- every judge over every specimen ---------------------------------------------------------------------------------


def _laws() -> Sequence[object]:
    example = load((FOLDER.parent / "agreement" / "terms-example.yaml").read_bytes(), "terms-example.yaml")
    made: list[object] = []
    for name, agreement in (("shipped", shipped()), ("example", example)):
        for readings in (Readings(), Readings("strict", "name")):
            law = Law(History(agreement).as_known(None, readings), placed_of(agreement, "shipped"))
            made.append(pytest.param(law, id=f"{name}-{readings.umbrella}-{readings.designation}"))
    return made


@pytest.mark.parametrize("law", _laws())
def test_every_judge_bears_every_specimen(law: Law) -> None:
    """Empty and contradictory reports are answered: a 0 has reasons, a sign has none, and tables equal the meaning."""
    docket = bulk.Docket(REPORTS, law)
    for term in law.terms:
        column = bulk.judge_all(docket, term)
        for i, specimen in enumerate(REPORTS):
            covered = spec.judge(specimen, term, law).covered
            where = f"{specimen.id} against {term}"
            assert (covered.value == UNKNOWN) == bool(covered.reasons), where
            assert (int(column.value[i]), int(column.why[i])) == (covered.value, covered.why), where
    column = bulk.judge_any_all(docket)
    for i, specimen in enumerate(REPORTS):
        covered = spec.judge_any(specimen, law)
        assert (int(column.value[i]), int(column.why[i])) == (covered.value, covered.why), specimen.id


@pytest.mark.parametrize("law", _laws())
def test_an_empty_report_is_never_surely_a_breach(law: Law) -> None:
    """Who says nothing accuses nobody."""
    for term in law.terms.values():
        if term.kind == "prohibit":
            assert spec.judge(EMPTY, term.id, law).covered.value != YES, term.id
            assert spec.judge(EMPTY_FOREVER, term.id, law).covered.value != YES, term.id


@pytest.mark.parametrize("place", PLACES.values(), ids=list(PLACES))
@pytest.mark.parametrize("zone", [SQUARE_ZONE, ZONE_NEVER_DRAWN, ZONE_WITHHELD], ids=lambda zone: zone.id)
def test_every_place_is_held_against_every_zone(place: Region, zone: Zone) -> None:
    """A place that cannot be compared is 0, with the reason, and no kind of place raises."""
    answer = Placed({zone.id: zone}, atlas("shipped")).compare(place, (zone.id,))
    assert (answer.value == UNKNOWN) == bool(answer.why)
    if zone is ZONE_WITHHELD:
        assert answer.reasons == (Reason.WITHHELD_TEXT,)
    if zone is ZONE_NEVER_DRAWN:
        assert answer.reasons == (Reason.PLACE,)


@pytest.mark.parametrize("name", ["POINT_ON_EDGE", "POINT_ON_CORNER", "DISC_OVER_EDGE", "DISC_OVER_ALL", "NOWHERE"])
def test_what_is_not_sure_of_the_square_is_not_decided(name: str) -> None:
    """On the edge, over the edge, around the whole zone, and nowhere: all 0 for place."""
    answer = Placed({"square": SQUARE_ZONE}, atlas("shipped")).compare(PLACES[name], ("square",))
    assert answer.reasons == (Reason.PLACE,)


def test_no_report_makes_an_empty_column() -> None:
    """A day without reports is a day with an answer: none."""
    law = TAKEN[0].law
    docket = bulk.Docket([], law)
    assert {len(bulk.judge_all(docket, term)) for term in law.terms} == {0}
    assert len(bulk.judge_any_all(docket)) == 0
