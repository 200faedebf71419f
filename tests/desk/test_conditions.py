from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.assess.test_seen import SHIPPED, report, watch
from truceline.desk.cases import add_files, init_case
from truceline.desk.conditions import ask_condition
from truceline.desk.runs import Asked
from truceline.errors import InputError
from truceline.evidence.schema import table_of

EXAMPLE = Path(__file__).parents[1] / "agreement" / "terms-example.yaml"

TEXT = b"""
truceline: 1
id: counting
tz: Asia/Damascus
actors:
  us: {kind: guarantor, side: opp}
  ru: {kind: guarantor, side: gov}
  tf: {kind: body, members: [us, ru], decides: all}
  gov: {kind: side}
  opp: {kind: side}
  kur: {kind: side}
zones:
  box: {polygon: [[36.0, 35.0], [36.2, 35.0], [36.2, 35.2], [36.0, 35.2]]}
words:
  adhered: {readings: [{none: surely-breach}, {name: half, deaths_vs_baseline: 0.5}, {day_findings: [us, ru]}],
    baseline: mean-P28D-before-start, counting: exact-day, coverage: assumed}
terms:
  - {id: start, kind: define, is: {at: 2016-03-01T00:00}}
  - {id: quiet2, kind: define, is: {consecutive: {days: 2, calendar: civil, that: adhered, in: box, coverage: 0.8,
    reset_by: {agree: tf}}}}
  - {id: calm, kind: define, is: {none: attack, in: box, from: start}}
  - {id: bare, kind: power, who: tf}
"""


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Rows of the schema as a file of observations."""
    pq.write_table(table_of(rows), path)
    return path


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """The small agreement as a file."""
    path = tmp_path / "agreement.yaml"
    path.write_bytes(TEXT)
    return path


def days_of(answer: dict[str, Any]) -> dict[str, str | None]:
    """The N-th good day by the name of the reading."""
    return {one["name"]: one["seventh_day"] for one in answer["readings"]}


def test_a_case_folder_answers_like_its_files(text: Path, tmp_path: Path) -> None:
    """The same text and the same rows: the same days, whether they lie in a folder or not."""
    rows = write_rows(tmp_path / "rows.parquet", [report("a", 3), report("b", 6, 8), watch(-28, 9)])
    case = init_case(tmp_path / "case", text)
    add_files(case, [rows])
    of_case, of_files = (
        ask_condition(what, "quiet2", files, Asked()) for what, files in ((tmp_path / "case", []), (text, [rows]))
    )
    assert of_case["readings"] == of_files["readings"]
    assert of_case["course"] == of_files["course"]


def test_a_case_folder_has_its_own_evidence(text: Path, tmp_path: Path) -> None:
    """Files beside a case would be judged and recorded nowhere: they are refused."""
    rows = write_rows(tmp_path / "rows.parquet", [report("a", 3)])
    init_case(tmp_path / "case", text)
    with pytest.raises(InputError, match="its own evidence"):
        ask_condition(tmp_path / "case", "quiet2", [rows], Asked())


def test_the_same_rows_twice_are_counted_once(text: Path, tmp_path: Path) -> None:
    """A row of an id that stands in an earlier file is not another event."""
    rows = [report("a", 0, killed_best=1), watch(-28, 9), report("b", -2, killed_best=56)]
    files = [write_rows(tmp_path / f"{name}.parquet", rows) for name in ("one", "two")]
    once, twice = (ask_condition(text, "quiet2", some, Asked()) for some in (files[:1], files))
    assert twice["readings"] == once["readings"]
    assert twice["observations"] == once["observations"] == 3


def test_assumed_coverage_ends_with_the_evidence(text: Path, tmp_path: Path) -> None:
    """Days after the last report are not calm: nobody spoke of them."""
    rows = write_rows(tmp_path / "rows.parquet", [report("a", 0), report("b", 2)])
    assert days_of(ask_condition(text, "quiet2", [rows], Asked()))["none"] is None
    longer = write_rows(tmp_path / "longer.parquet", [report("a", 0), report("b", 5)])
    assert days_of(ask_condition(text, "quiet2", [longer], Asked()))["none"] == "2016-03-03"


def test_what_the_text_simplifies_is_never_surely_in_full(text: Path, tmp_path: Path) -> None:
    """Two calm days as the text states it; in full nobody looked, so the condition is open, with the reason."""
    rows = write_rows(tmp_path / "rows.parquet", [report("a", 0), report("b", 5)])
    answer = ask_condition(text, "quiet2", [rows], Asked())
    none = answer["readings"][0]
    assert (none["seventh_day"], none["full"]["seventh_day_surely"]) == ("2016-03-03", None)
    assert none["full"]["seventh_day_possibly"] == "2016-03-03"
    assert (answer["value_now"], answer["since"]) == (0, None)
    assert "no coverage" in answer["reasons_now"]


def test_a_reset_in_the_record_is_seen(text: Path, tmp_path: Path) -> None:
    """A file of signed acts beside the evidence: the body's reset sets the count to 0."""
    rows = write_rows(tmp_path / "rows.parquet", [watch(-28, 9), report("z", 9)])
    acts = tmp_path / "acts.jsonl"
    acts.write_text('{"id": "r", "act": "reset", "by": "tf", "at": "2016-03-02T12:00", "of": "quiet2"}\n')
    free, reset = (ask_condition(text, "quiet2", files, Asked()) for files in ([rows], [rows, acts]))
    assert (days_of(free)["none"], days_of(reset)["none"]) == ("2016-03-02", "2016-03-04")
    assert [day["reset"] for day in reset["readings"][0]["run"][:3]] == [False, True, False]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("since", "expected"),
    [("", [None, None, "2016-03-07", "2016-03-04"]), ("2016-09-12", [None, None, None, None])],
)
def test_the_example_of_the_format_on_real_events(data: Path, since: str, expected: list[str | None]) -> None:
    """Readings without names, no `between`, no horizon: never, never, 7 March, 4 March; from September never."""
    ucdp = data / "ucdp" / "ged_syria_2016_2019.csv.gz"
    found = days_of(ask_condition(EXAMPLE, "quiet7", [ucdp], Asked(since=since)))
    assert [found[name] for name in ("none", "25 %", "50 %", "75 %")] == expected


@pytest.mark.shared
def test_the_shipped_condition_on_real_events(data: Path) -> None:
    """The condition of the shipped case, once its text has it: the same figures by the same names."""
    ucdp = data / "ucdp" / "ged_syria_2016_2019.csv.gz"
    path = SHIPPED / "agreement.yaml"
    if b"quiet7" not in path.read_bytes():
        pytest.skip("the shipped text has no `quiet7` yet")
    found = days_of(ask_condition(path, "quiet7", [ucdp], Asked()))
    assert [found[n] for n in ("none", "25 %", "50 %", "75 %")] == [None, None, "2016-03-07", "2016-03-04"]
