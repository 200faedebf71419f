"""What was decided about reports: known from its entry on, beaten by people, erased by nobody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.bench import ged
from truceline.assess.assessment import hash_of
from truceline.assess.incidents import Band, Bands
from truceline.desk import Asked, add_files, demo_case, show
from truceline.desk.cases import add_shipped_reports
from truceline.desk.charters import demo_clock
from truceline.desk.decided import people_in, people_of
from truceline.desk.duplicates import Search, find_duplicates, keep_found
from truceline.desk.records import Draft, append
from truceline.desk.runs import Outcome, judge_case
from truceline.errors import InputError, SubmissionError
from truceline.store.folder import CaseFolder


@pytest.fixture
def case(tmp_path: Path) -> CaseFolder:
    """The shipped case with its reports, searched for duplicates: #2 the reports, #3 the pairs."""
    made = demo_case(tmp_path / "case")
    add_shipped_reports(made)
    keep_found(made, demo_clock)
    return made


def rule(case: CaseFolder, what: str, *reports: str, value: str = "") -> int:
    """A ruling of the desk; the index of its entry."""
    body = {"what": what, "reports": list(reports), "reason": "read again", **({"value": value} if value else {})}
    return append(case, [Draft("ruling", body)], demo_clock)[0].index


def judged(case: CaseFolder, known_at: str = "") -> Outcome:
    """The case, as known at an entry."""
    return judge_case(case, Asked(known_at=known_at))


def number(outcome: Outcome) -> Band:
    """How many incidents its reports tell of."""
    return Bands(outcome.assessed, outcome.told).all()


@pytest.mark.long
def test_a_search_is_known_from_its_entry_on(case: CaseFolder) -> None:
    """Before it every report is an incident of its own; the assessment of then can still be had."""
    before, after = judged(case, "#2"), judged(case)
    assert number(before) == Band(129, 129)  # the others are words and counts over a period
    low, high = number(after).low, number(after).high
    assert low < high < 129
    assert hash_of(before.assessed) != hash_of(after.assessed)  # `supported` rests on incidents
    assert int((before.assessed.supported == 1).sum()) < int((after.assessed.supported == 1).sum())
    assert keep_found(case, demo_clock) == {"entry": 3, "pairs": keep_found(case)["pairs"], "is_new": False}


def apart(case: CaseFolder, upto: int | None = None) -> int:
    """How many sets the 226 reports make, if no open pair is one."""
    told = people_of(case, len(case.entries()) if upto is None else upto).told
    return 226 - sum(len(reports) - 1 for reports in told.incidents.values())


@pytest.mark.long
def test_people_split_and_merge_what_the_search_found(case: CaseFolder) -> None:
    """A ruling beats the search, the later one the earlier, and what was assessed before stands."""
    told = people_of(case, 4).told
    one = next(reports for reports in told.incidents.values() if len(reports) == 2)
    found = apart(case)
    rule(case, "different", *one)
    assert apart(case) == found + 1
    index = rule(case, "same", *one, "sy-017")
    assert people_of(case, index + 1).told.of_report["sy-017"] in (*one, "sy-017")
    assert apart(case) == found - 1
    assert apart(case, index) == found + 1
    rule(case, "same", *one, "sy-017", value="withdrawn")
    assert apart(case) == found
    counted = find_duplicates([case.path], Search())["count"]
    assert number(judged(case)) == Band(counted["low"], counted["high"])


@pytest.mark.long
def test_a_grade_of_a_person_takes_support_away_and_is_explained(case: CaseFolder) -> None:
    """What rests on two lines falls when one of them is graded down; `show` says which lines count."""
    before = show(judged(case), "sy-157")
    assert before["support"]["value"] == 1
    lines = [line["line"] for line in before["support"]["lines"]]
    assert "sohr" in lines
    rule(case, "grade", "sy-157", value="C5")
    after = show(judged(case), "sy-157")
    assert after["support"]["value"] == 0
    assert {"line": "sohr", "grade": "C5"} in after["support"]["others"]
    assert after["incident"]["id"] == before["incident"]["id"]


@pytest.mark.long
def test_a_place_of_a_person_moves_the_region_and_not_the_evidence(case: CaseFolder) -> None:
    """The report still says what it said; what is judged is the unit that somebody signed."""
    assert show(judged(case), "sy-188")["place"]["ruled"] is None
    rule(case, "place", "sy-188", value="SY-ID")
    place = show(judged(case), "sy-188")["place"]
    assert (place["ruled"], place["region"], place["areas"]) == ("SY-ID", "area", ["SY-ID"])
    (table,) = [table for _, table in case.tables()]
    row = next(row for row in table.to_pylist() if row["id"] == "sy-188")
    assert row["impact"]["areas"] != ["SY-ID"]


@pytest.mark.parametrize(
    ("what", "reports", "value"),
    [
        ("same", ("sy-001",), ""), ("same", ("sy-001", "sy-999"), ""), ("grade", ("sy-001",), "G1"),
        ("place", ("sy-001",), "XX-99"), ("guess", ("sy-001", "sy-002"), ""),
    ],
    ids=["one report", "a stranger", "no grade", "no unit", "no question"],
)  # fmt: skip
def test_a_ruling_that_answers_nothing_is_refused(
    case: CaseFolder, what: str, reports: tuple[str, ...], value: str
) -> None:
    """Nothing is signed that nobody could apply."""
    size = len(case.entries())
    with pytest.raises(SubmissionError):
        rule(case, what, *reports, value=value)
    assert len(case.entries()) == size


def test_evidence_that_came_after_the_search_is_told(case: CaseFolder, tmp_path: Path) -> None:
    """A search knows nothing of later tables; until it is made again, that is a warning."""
    assert people_of(case, len(case.entries())).warnings == ()
    file = tmp_path / "g.csv"
    file.write_bytes(b"".join(ged({})))
    add_files(case, [file], known_at=demo_clock())
    (warning,) = people_of(case, len(case.entries())).warnings
    assert warning.startswith("1 tables came in after duplicates")
    assert warning in judged(case).warnings
    assert keep_found(case, demo_clock)["is_new"]
    assert people_of(case, len(case.entries())).warnings == ()


def answer(**parts: Any) -> bytes:  # noqa: ANN401  # plain values
    """A file of incidents."""
    return json.dumps({"incidents": [{"id": "a", "reports": ["a", "b"]}], "pairs": [], **parts}).encode()


def test_a_file_of_incidents_is_read_as_the_search_wrote_it() -> None:
    """Incidents of several reports, and the pairs between incidents that are open."""
    pairs = [{"a": "a", "b": "b", "probability": 0.99}, {"a": "b", "b": "c", "probability": 0.4}]
    told = people_in(answer(unresolved=pairs[1:], pairs=pairs), "d.json").told
    assert dict(told.incidents) == {"a": ("a", "b")}
    assert told.unresolved == (("b", "c"),)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"\xff", answer(incidents=[{"id": "a"}]), b"[" * 100_000, answer(pairs=[{"a": 1}])]
)
def test_a_file_that_holds_no_incidents_is_refused_in_one_line(data: bytes) -> None:
    """Whatever it is, it is told with the name of the file."""
    with pytest.raises(InputError, match=r"^d\.json: expected the answer of `truceline duplicates --json`"):
        people_in(data, "d.json")


def test_a_report_in_two_incidents_is_refused() -> None:
    """Incidents part the reports: else one would be counted twice."""
    two = [{"id": "a", "reports": ["a", "b"]}, {"id": "c", "reports": ["b", "c"]}]
    with pytest.raises(InputError, match="the report `b` stands in two incidents"):
        people_in(answer(incidents=two), "d.json")


def test_a_ruling_that_another_beats_through_a_third_report_is_told(case: CaseFolder) -> None:
    """One and two, two and three, but not one and three: the oldest does not count, and that is a warning."""
    first = rule(case, "same", "sy-001", "sy-022")
    rule(case, "same", "sy-022", "sy-033")
    last = rule(case, "different", "sy-001", "sy-033")
    told = people_of(case, len(case.entries()))
    assert any(f"#{first} " in note and f"#{last} " in note for note in told.warnings)
    from truceline.cli.rule import _rows

    assert [row["stands"] for row in _rows(case)] == ["no", "yes", "yes"]


def test_a_release_that_was_searched_is_not_told_as_new(case: CaseFolder, tmp_path: Path) -> None:
    """What a later release took the place of need not be searched again."""
    files = [tmp_path / f"{i}.csv" for i in range(2)]
    for i, file in enumerate(files):
        file.write_bytes(b"".join(ged({"latitude": f"35.{i + 1}"})))
    (old,) = add_files(case, files[:1], known_at=demo_clock())
    add_files(case, files[1:], known_at=demo_clock(), replaces=[old.sequence])
    keep_found(case, demo_clock)
    assert people_of(case, len(case.entries())).warnings == ()


@pytest.mark.long
def test_a_ruling_issues_the_assessment_again_and_erases_none(case: CaseFolder) -> None:
    """The case had been assessed: after a split there is a second assessment beside the first, and both hold."""
    from truceline.cli.rule import _issued_again
    from truceline.desk import answers_of, assess_case, assessment_body, record_assessment

    assert _issued_again(case.path, as_json=True) is None
    outcome = assess_case(case, Asked())
    record_assessment(case, assessment_body(case, outcome), demo_clock)
    rule(case, "grade", "sy-157", value="C5")
    made = _issued_again(case.path, as_json=True)
    said = CaseFolder.open(case.path).said("assessment")
    assert [one.index for one in said] == [4, made]
    answers = [one.statement.body["answers_sha256"] for one in said]
    assert answers[0] != answers[1]
    assert [answers_of(case, one) for one in said] == answers
