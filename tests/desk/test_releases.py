"""A later release of a data set: a new table that takes the place of the old one, and both stand as they were known."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.bench import ged
from truceline.desk import Asked, add_files, assess_case, bench_of_case, demo_case, release_changes
from truceline.desk.cases import add_shipped_reports
from truceline.errors import InputError
from truceline.store.folder import CaseFolder


@pytest.fixture
def case(tmp_path: Path) -> CaseFolder:
    """The shipped case, empty of reports."""
    return demo_case(tmp_path / "case")


def release(path: Path, *rows: dict[str, str]) -> Path:
    """A file of events."""
    path.write_bytes(b"".join(ged(*rows)))
    return path


def test_a_release_takes_the_place_of_the_one_before_from_its_entry_on(case: CaseFolder, tmp_path: Path) -> None:
    """What vanished is gone, what moved has moved, and the assessment of before can be had as it was known."""
    (first,) = add_files(case, [release(tmp_path / "v1.csv", {}, {"id": "8001"}, {"id": "8002"})])
    moved = release(tmp_path / "v2.csv", {}, {"id": "8001", "latitude": "36.4"}, {"id": "8003"})
    (second,) = add_files(case, [moved], replaces=[first.sequence])
    assert release_changes(case, second) == {
        "vanished": 1, "appeared": 1, "moved": 1, "recoded": 0, "deaths": 0, "same": 1,
    }  # fmt: skip
    now, then = (assess_case(case, Asked(known_at=f"#{one.sequence}")) for one in (second, first))
    assert sorted(now.assessed.ids) == ["ucdp:7001", "ucdp:8001", "ucdp:8003"]
    assert sorted(then.assessed.ids) == ["ucdp:7001", "ucdp:8001", "ucdp:8002"]
    assert now.assessed.reports[1].impact != then.assessed.reports[1].impact
    assert now.rejected.num_rows == 0
    assert [a.replaces for a in case.journal()] == [(), (first.sequence,)]


def test_without_the_word_the_earlier_row_stands(case: CaseFolder, tmp_path: Path) -> None:
    """Nothing is replaced by itself: a second row of an id is told as rejected."""
    add_files(case, [release(tmp_path / "v1.csv", {})])
    add_files(case, [release(tmp_path / "v2.csv", {"latitude": "36.4"})])
    assert assess_case(case, Asked()).rejected.column("reason").to_pylist() == ["stands in an earlier file too"]


def test_only_a_table_that_stands_can_be_replaced(case: CaseFolder, tmp_path: Path) -> None:
    """The charter, the text, an entry to come, a table that was replaced already: told with what could be meant."""
    (first,) = add_shipped_reports(case)
    newer = release(tmp_path / "v1.csv", {})
    for wrong in (0, 1, 99):
        with pytest.raises(InputError, match=rf"a table of evidence that stands \(#{first.sequence}\), got #{wrong}"):
            add_files(case, [newer], replaces=[wrong])
    (second,) = add_files(case, [newer], replaces=[first.sequence])
    with pytest.raises(InputError, match=rf"that stands \(#{second.sequence}\), got #{first.sequence}"):
        add_files(case, [release(tmp_path / "v3.csv", {"id": "9"})], replaces=[first.sequence])
    assert bench_of_case(case).agreement.id == "syria-2016"
