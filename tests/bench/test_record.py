from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench import __main__ as command
from bench import measure, record, record_made, report
from truceline.record.audit import Trust, audit
from truceline.record.tree import Range, leaf_hash
from truceline.store.source import FolderSource

NAMES = ("append", "hashes", "receipts", "proof", "verify", "curve")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few proofs, and no wait for the disk: what is synced is another test."""
    monkeypatch.setattr(record, "PROOFS", 5)
    monkeypatch.setattr("os.fsync", lambda _handle: None)


def ask_here(task: measure.Task) -> measure.Result:
    """Do a task in this process."""
    return record.work(task)


def made(name: str, rows: int = 1_000) -> measure.Result:
    """One benchmark, small."""
    return record.benches("quick", rows=rows, ask=ask_here)[f"record.{name}"]()


def test_both_modes_measure_the_record() -> None:
    """CI and the page read these keys."""
    for mode in ("quick", "all"):
        assert set(record.benches(mode, rows=10**8, ask=ask_here)) == {f"record.{name}" for name in NAMES}
        assert "record" in command.MODULES[mode]


@pytest.mark.usefixtures("small")
def test_appending_is_shown_beside_its_limit() -> None:
    """An absolute time says little on a shared machine: the same signatures are verified alone in the same run."""
    first, second = made("append")["measures"]
    assert (first["what"], second["what"]) == ("signed, batch 100", "signed, batch 1,000")
    assert 0 < first["of_limit"] < 1 and first["entries"] == 1_000
    assert first["bytes"]["all"] == pytest.approx(sum(v for k, v in first["bytes"].items() if k != "all"), rel=1e-2)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["hashes", "proof", "verify"])
def test_each_benchmark_compares_before_it_measures(name: str) -> None:
    """What comes back was checked: a root of its own, proofs that hold, an auditor without a fault."""
    assert all(one["entries"] == 1_000 for one in made(name)["measures"])


@pytest.mark.usefixtures("small")
def test_receipts_are_waited_for_from_the_time_they_were_meant_for() -> None:
    """A sender that waits for the answer before it sends the next hides the delay of those behind it."""
    (found,) = record.receipts(seconds=1, rate=200)["measures"]
    assert found["entries"] == 200
    assert 0 < found["p50_ms"] <= found["p99_ms"] <= found["worst_ms"]


@pytest.mark.usefixtures("small")
def test_the_curve_has_signed_and_unsigned_points() -> None:
    """Synthetic leaves are said to be such."""
    points = made("curve")["points"]
    assert [(one["what"], one["entries"]) for one in points] == [("unsigned", 1_000), ("signed", 1_000)]
    assert all(one["open_ms"] > 0 and one["bytes"]["all"] > 200 for one in points)


@pytest.mark.usefixtures("small")
def test_another_root_ends_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fast and wrong is not fast: exit 1, no figure shown or written."""
    monkeypatch.setattr(record_made, "plain_root", lambda _leaves: bytes(32))
    monkeypatch.setattr(command, "benches", lambda *_, **__: {"record.append": partial(made, "append")})
    assert command.run("quick", folder=tmp_path) == 1
    shown = capsys.readouterr()
    assert "another root than the definition gives" in shown.err and "CPU" not in shown.out
    assert not (tmp_path / "quick.json").exists()


@pytest.mark.usefixtures("small")
def test_a_flipped_bit_ends_the_run(tmp_path: Path) -> None:
    """The auditor that is measured is the auditor that finds faults."""
    room = tmp_path / "record"
    data = record._begun(room)
    with record_made.opened(room) as log:
        record_made.submitted([next(data) for _ in range(300)], log, batch=100)
    assert not audit(FolderSource(room), Trust()).faults
    path = room / "tile" / "entries" / "000"
    path.write_bytes(path.read_bytes().replace(b"flight", b"flighs", 1).replace(b"payload", b"paxload", 1))
    with pytest.raises(measure.DisagreementError):
        record._audited(room, 301)
    with pytest.raises(measure.DisagreementError):
        record._audited(room, 301, is_signed=False)


@pytest.mark.parametrize("count", [*range(18), 255, 256, 257, 1_000])
def test_the_root_by_definition_is_that_of_the_specification(count: int) -> None:
    """The bound that is compared with is written another way than the code that is measured."""
    leaves = [leaf_hash(data) for data in record_made.unsigned(0, count)]
    tree = Range()
    tree.extend(leaves)
    assert record_made.plain_root(leaves) == tree.root()


@pytest.mark.usefixtures("small")
def test_the_page_gets_the_figures_of_the_record(tmp_path: Path) -> None:
    """In a table of their own: their columns are others."""
    facts = {"cores": 2, "processor": "p", "memory_gb": 8, "python": "3", "versions": {}}
    results: dict[str, Any] = {
        "machine": facts,
        "mode": "quick",
        "record.append": made("append"),
        "record.curve": made("curve"),
    }
    (tmp_path / "quick.json").write_text(json.dumps(results), encoding="utf-8")
    page = tmp_path / "performance.md"
    marks = (report.BEGIN, report.END, report.RECORD_BEGIN, report.RECORD_END)
    page.write_text("\n".join(marks) + "\nafter\n", encoding="utf-8")
    report.write(tmp_path, page=page)
    text = page.read_text(encoding="utf-8")
    assert "| record.append | signed, batch 100 | 1,000 |" in text.split(report.RECORD_BEGIN)[1]
    assert "record.append" not in text.split(report.RECORD_BEGIN)[0]
    assert text.endswith("after\n")
    assert any("CPU" in line for line in report.lines("record.append", results["record.append"]))


@pytest.mark.usefixtures("small")
def test_the_curve_of_the_record_is_drawn(tmp_path: Path) -> None:
    """Cost of one more entry, of a proof and of opening."""
    pytest.importorskip("matplotlib", reason="the pictures need bench/requirements.lock")
    from bench import pictures

    pictures.draw({"record.curve": made("curve")}, tmp_path)
    assert "unsigned: a proof" in (tmp_path / "record-curve.svg").read_text(encoding="utf-8")
