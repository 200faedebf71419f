"""The desk: kinds of files, the shipped case, and that a second copy of a report is told and not counted."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.evidence.bench import NOW, SHIPPED, bench, ged, lines
from truceline import desk
from truceline.desk import Asked
from truceline.errors import InputError


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a", b"".join(ged({})), "ucdp"), ("a", b"".join(lines({})), "reports"), ("a.csv",
        b"\xef\xbb\xbf" + b"".join(ged({})), "ucdp"),
        ("a", b'{"act":"accept","at":"2016-01-01","by":"gov"}\n', "acts"), ("a",
        b'{"type":"FeatureCollection","features":[]}', "areas"),
        ("a.geojson", b"{}", "areas"),
    ],
)  # fmt: skip
def test_kinds_are_told_by_the_first_bytes(tmp_path: Path, name: str, data: bytes, kind: str) -> None:
    """Names lie; the first line rarely does."""
    (tmp_path / name).write_bytes(data)
    assert desk.detect(tmp_path / name) == kind


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"hello\n", b"PAR1", b"\x1f\x8b", b"[" * 100_000])
def test_an_unknown_kind_is_refused_in_one_line(tmp_path: Path, data: bytes) -> None:
    """What nobody knows is not guessed at."""
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(InputError) as error:
        desk.detect(tmp_path / "a")
    assert len(str(error.value).splitlines()) == 1


DAMAGED = pa.BufferOutputStream()
pq.write_table(pa.table({"dddd": [1]}), DAMAGED)


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.csv", b"", "the file is empty"), ("a.zip", b"PK\x03\x04" + b"\0" * 80, "a zip: unpack it first"),
        ("a.xlsx", b"PK\x03\x04" + b"\0" * 80, "--mapping"),
        ("a.parquet", DAMAGED.getvalue().to_pybytes().replace(b"dddd", b"\xff\xfe\xa9\xde"), "not Parquet"),
    ],
    ids=["empty", "zip", "workbook", "damaged names"],
)  # fmt: skip
def test_what_a_file_is_instead_is_told(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    """Empty, packed, without its mapping, or damaged: one line that says it."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=why) as error:
        desk.detect(tmp_path / name)
    assert len(str(error.value).splitlines()) == 1


def test_the_shipped_case_is_found_and_opened() -> None:
    """From a checkout and from a wheel alike, the case lies where the program looks."""
    assert {"agreement.yaml", "reports.jsonl", "areas.geojson", "actors.csv"} <= set(desk.shipped())


def test_a_report_that_stands_in_two_files_is_counted_once_and_told(tmp_path: Path) -> None:
    """A second copy is no second incident, and must not vanish in silence."""
    one, two = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    one.write_bytes(b"".join(lines({}, {})))
    two.write_bytes(b"".join(lines({"note": "again"})))
    read = [desk.read_evidence(p, bench(), known_at=NOW) for p in (one, two)]
    made = desk.summary(desk.assess_files(bench(), read, Asked()))
    assert (made["observations"], made["rejected"]) == (2, 1)
    assert (made["rejected_rows"][0]["file"], made["rejected_rows"][0]["field"]) in {
        ("1.jsonl", "id"),
        ("2.jsonl", "id"),
    }


def test_bounds_keep_what_can_have_happened_within_them() -> None:
    """An imprecise report that reaches into the period is kept; one that only touches its end is not."""
    read = [desk.read_evidence(SHIPPED / "reports.jsonl", bench(), known_at=NOW)]
    whole = desk.assess_files(bench(), read, Asked()).assessed.reports
    part = desk.assess_files(bench(), read, Asked("2016-09-12", "2016-09-20")).assessed.reports
    from truceline.span import parse_instant

    first, last = (parse_instant(t, bench().agreement.tz) for t in ("2016-09-12", "2016-09-20"))
    assert list(part) == [r for r in whole if r.start < last and r.end > first]
    assert 0 < len(part) < len(whole)
