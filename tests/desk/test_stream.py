"""A table judged batch by batch: the answers of the whole, whatever the batch, the cut and the nonsense in it."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from tests.assess.worlds import Maker, agreement, atlas
from tests.evidence.bench import NOW, SHIPPED
from truceline import desk
from truceline.assess import assessment
from truceline.cli import main
from truceline.desk import stream, twice
from truceline.errors import InputError, StoreError, VerificationError
from truceline.evidence import own, sieve
from truceline.evidence.aliases import Aliases, read_aliases
from truceline.evidence.schema import SCHEMA, Observation, region_row, rejected_table
from truceline.span import parse_instant

SCHEMAS = Path(__file__).parents[2] / "docs" / "reference" / "json"
ROWS = 60
DISC = region_row(Observation("", 0, 1).impact) | {"kind": "disc", "lon_e7": 366_500_000, "lat_e7": 359_300_000}
AT = parse_instant("2016-03-05", "UTC")
GOOD = {
    "id": "good", "source": "made", "start": AT, "end": AT + 60, "actor": ["gov"], "target": ["civilians"],
    "act": ["shelling"], "impact": DISC,
}  # fmt: skip
BAD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("id", {"id": ""}),
    ("end", {"end": AT}), ("end", {"end": AT - 60}),
    ("end", {"start": parse_instant("1900", "UTC") - 1}), ("end", {"end": parse_instant("2200", "UTC") + 1}),
    ("end", {"start": -(1 << 62)}), ("end", {"end": (1 << 63) - 1}),
    ("actor_mode", {"actor_mode": "perhaps"}), ("target_mode", {"target_mode": ""}),
    ("impact", {"impact": DISC | {"kind": "blob"}}), ("impact", {"impact": DISC | {"lon_e7": None}}),
    ("impact", {"impact": DISC | {"lon_e7": 1_800_000_001}}), ("impact", {"impact": DISC | {"lat_e7": -900_000_001}}),
    ("impact", {"impact": DISC | {"radius_m": -1}}), ("impact", {"impact": DISC | {"radius_m": 2_000_001}}),
    ("impact", {"impact": DISC | {"from_deg": float("nan")}}), ("impact", {"impact": DISC | {"to_deg": float("inf")}}),
    ("origin", {"origin": DISC | {"kind": "sector"}}),
    ("origin", {"origin": DISC | {"kind": "sector", "far_m": 5, "near_m": 5}}),
    ("origin", {"origin": DISC | {"kind": "sector", "far_m": 9, "lat_e7": None}}),
    ("origin", {"origin": DISC | {"kind": "area"}}),
    ("origin", {"origin": DISC | {"kind": "line", "points_e7": [1, 2]}}),
    ("origin", {"origin": DISC | {"kind": "hull", "points_e7": [1, 2, 3, 4, 5]}}),
    ("high_m", {"low_m": 5, "high_m": 4}),
    ("start", {"start": NOW + 1, "end": NOW + 2}), ("start", {"end": NOW + 90_000, "act": None}),
    ("start", {"start": NOW + 1, "end": NOW + 2, "act": ["fly", "shelling"]}),
)  # fmt: skip
FINE: tuple[dict[str, Any], ...] = (
    {}, {"id": "before 1970", "start": -1_000_000_000, "end": -999_999_000}, {"impact": None, "origin": None},
    {"start": NOW + 1, "end": NOW + 2, "act": ["fly"]}, {"start": NOW + 1, "end": NOW + 2, "act": ["fly", "inspect"]},
    {"low_m": 5, "high_m": None}, {"impact": DISC | {"kind": "none", "lon_e7": None}}, {"actor_mode": "joint"},
    {"origin": DISC | {"kind": "sector", "far_m": 9}}, {"origin": DISC | {"kind": "area", "areas": ["SY"]}},
    {"origin": DISC | {"kind": "line", "points_e7": [1, 2, 3, 4]}}, {"id": "\x00\n", "act": []},
)  # fmt: skip


@cache
def bench() -> desk.Bench:
    """The awkward agreement of the random worlds."""
    return desk.Bench(agreement("awkward"), atlas(), read_aliases({}))


def row_of(report: Observation) -> dict[str, Any]:
    """A report of a random world as a row of a table."""
    row = asdict(report) | {"source": "made", "act": list(report.acts), "protected": report.is_protected}
    for what in ("actor", "target"):
        named = getattr(report, what)
        row |= {what: list(named.ids), f"{what}_mode": named.mode, f"{what}_umbrella": named.is_umbrella}
    return row | {"impact": region_row(report.impact), "origin": region_row(report.origin), "line": None}


def world(path: Path, seed: int, rows: int = ROWS) -> stream.Given:
    """A random world with rows that are refused and ids that stand twice, as a file and its signed acts."""
    maker, rng = Maker("awkward", seed), random.Random(seed)
    made = [row_of(maker.report(i)) for i in range(rows)]
    for _, change in rng.sample(BAD, 8):
        made.insert(rng.randrange(len(made)), {**rng.choice(made), **change})
    for _ in range(8):
        made.insert(rng.randrange(len(made)), {**made[rng.randrange(len(made))], "line": rng.choice([None, 77])})
    table = pa.Table.from_pylist([{name: row.get(name) for name in SCHEMA.names} for row in made], schema=SCHEMA)
    pq.write_table(table, path, row_group_size=rng.choice([7, 25, 1_000]))
    return stream.Given(path, tuple(maker.signed(rows)))


def at_once(given: stream.Given) -> desk.Outcome:
    """The same in memory."""
    read = desk.read_evidence(given.path, bench(), known_at=NOW)
    acts = desk.Evidence("acts", "acts", "", SCHEMA.empty_table(), rejected_table([]), given.acts)
    return desk.assess_files(bench(), [read, acts], desk.Asked())


def streamed(given: stream.Given, folder: Path, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # options of the stream
    """Judge a table in a stream, on the fixed clock."""
    return stream.assess_stream(more.pop("text", bench()), given, folder, now=NOW, **more)


def parts(folder: Path, what: str = "part") -> pa.Table:
    """All parts of a run together."""
    empty = assessment.ASSESSMENTS.empty_table() if what == "part" else rejected_table([])
    return pa.concat_tables([empty, *(pq.read_table(file) for file in sorted(folder.glob(f"{what}-*.parquet")))])


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without what depends on the size of a batch."""
    return {key: value for key, value in answer.items() if key != "parts"}


def table_at(path: Path, *rows: dict[str, Any]) -> stream.Given:
    """A small table: the good row with changes."""
    made = [{"id": f"r-{i}"} | {k: v for k, v in GOOD.items() if k != "id"} | row for i, row in enumerate(rows)]
    pq.write_table(pa.Table.from_pylist(made, schema=SCHEMA), path)
    return stream.Given(path)


# -- the same answers ------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_stream_equals_memory_for_every_batch_size(seed: int, tmp_path: Path) -> None:
    """Totals, reasons, rejected rows and every answer; of two rows of one id the first that can be taken stands."""
    given = world(tmp_path / "t.parquet", seed)
    outcome = at_once(given)
    whole = assessment.table_of(outcome.assessed)
    whole = whole.filter(pc.not_equal(whole.column("covered"), -1))
    first: dict[str, Any] = {}
    for size in (5, 33, 10_000):
        answer = streamed(given, tmp_path / str(size), batch_rows=size)
        told = desk.summary(outcome)
        for term, mine in (*answer["terms"].items(), ("any", answer["any"])):
            theirs = told["any"] if term == "any" else told["terms"][term]
            assert mine == {key: theirs[key] for key in mine}, term
        assert (answer["observations"], answer["rejected"]) == (told["observations"], told["rejected"])
        assert answer["protected"] == told["protected"]
        made = parts(tmp_path / str(size))
        keys = [("observation", "ascending"), ("term", "ascending")]
        assert made.sort_by(keys).to_pylist() == whole.to_pylist()
        assert made.num_rows == answer["answers"]
        key = [("line", "ascending"), ("field", "ascending"), ("reason", "ascending")]
        assert parts(tmp_path / str(size), "rejected").sort_by(key) == outcome.rejected.sort_by(key)
        first = first or {"answer": plain(answer), "parts": made}
        assert (plain(answer), made) == (first["answer"], first["parts"])


def test_the_answers_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Who follows a stream sees what came first, first."""
    given = table_at(tmp_path / "t.parquet", {"id": "z"}, {"id": "a"}, {"id": "m"})
    streamed(given, tmp_path / "out")
    ids = parts(tmp_path / "out").column("observation").to_pylist()
    assert list(dict.fromkeys(ids)) == [one for one in ("z", "a", "m") if one in ids]


def test_bounds_in_time_are_those_of_assess(tmp_path: Path) -> None:
    """A stream leaves out what `assess` leaves out."""
    given = world(tmp_path / "t.parquet", 1)
    asked = desk.Asked("2016-03-15", "2016-06-01", "2016-07-01")
    answer = streamed(given, tmp_path / "out", asked=asked, batch_rows=20)
    read = desk.read_evidence(given.path, bench(), known_at=NOW)
    acts = desk.Evidence("acts", "acts", "", SCHEMA.empty_table(), rejected_table([]), given.acts)
    told = desk.summary(desk.assess_files(bench(), [read, acts], asked))
    assert answer["any"] == {key: told["any"][key] for key in answer["any"]}
    assert 0 < answer["observations"] == told["observations"] < ROWS


def test_the_columns_suspect_every_row_that_the_reader_refuses() -> None:
    """The quick look may ask about a good row; it may never miss a bad one."""
    manner = bench().manner(NOW, NOW)
    for field, change in BAD:
        table = pa.Table.from_pylist([{**GOOD, **change}, dict(GOOD)], schema=SCHEMA)
        ((row, _, fault),) = sieve.sift(table, manner).faults
        assert (row, fault.field) == (0, field), change
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        refused = own.read(io.BytesIO(sink.getvalue().to_pybytes()), "t", manner).rejected.to_pylist()
        assert [(one["field"], one["reason"]) for one in refused] == [(field, fault.reason[:300])]
    for change in FINE:
        table = pa.Table.from_pylist([{**GOOD, **change}], schema=SCHEMA)
        assert sieve.sift(table, manner).rows is None, change
    assert not sieve.suspects(pa.Table.from_pylist([GOOD] * 3, schema=SCHEMA), manner).any()


def test_nothing_where_something_must_be_rejects_its_row_alone(tmp_path: Path) -> None:
    """One empty cell must not take a hundred million rows with it."""
    rows = [dict(GOOD, id=None), dict(GOOD, start=None), dict(GOOD, end=None), dict(GOOD, act=[None])]
    free = pa.schema([pa.field(field.name, field.type) for field in SCHEMA])
    pq.write_table(pa.Table.from_pylist([*rows, GOOD], schema=free), tmp_path / "t.parquet")
    answer = streamed(stream.Given(tmp_path / "t.parquet"), tmp_path / "out")
    assert (answer["observations"], answer["rejected"]) == (1, 4)
    assert parts(tmp_path / "out", "rejected").column("field").to_pylist() == ["id", "end", "end", "act"]


def test_a_table_without_rows_has_totals_of_nothing(tmp_path: Path) -> None:
    """An empty month is an answer too."""
    answer = streamed(table_at(tmp_path / "t.parquet"), tmp_path / "out")
    assert (answer["rows"], answer["any"]) == (0, {"surely": 0, "possibly": 0, "no": 0, "reasons": {}})
    assert set(answer["terms"]) > {"A1", "B4"}


# -- ids that stand twice --------------------------------------------------------------------------------------------


def test_ids_are_compared_whole_where_their_bits_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row is refused for its id, never for a coincidence of hashes."""
    given = table_at(tmp_path / "t.parquet", {"id": "a"}, {"id": "b"}, {"id": "a"}, {"id": "c"})
    monkeypatch.setattr(twice, "bits_of", lambda ids: np.zeros(len(ids), np.uint64))
    answer = streamed(given, tmp_path / "out", batch_rows=2)
    assert (answer["observations"], answer["twice"]) == (3, 1)
    (row,) = parts(tmp_path / "out", "rejected").to_pylist()
    assert (row["line"], row["reason"]) == (3, "stands in this file twice: `a`")


def test_a_row_that_cannot_be_taken_stands_in_nobodys_way(tmp_path: Path) -> None:
    """The rule of every reader: the first that can be taken stands."""
    bad = {"impact": DISC | {"radius_m": -1}}
    given = table_at(tmp_path / "t.parquet", {"id": "a", **bad}, {"id": "a"}, {"id": "a"})
    answer = streamed(given, tmp_path / "out", batch_rows=1)
    assert (answer["observations"], answer["rejected"], answer["twice"]) == (1, 2, 1)


def test_a_file_of_copies_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a million copies the file is not what it claims to be; the line names the first."""
    monkeypatch.setattr(twice, "MOST_TWICE", 3)
    given = table_at(tmp_path / "t.parquet", *({"id": one} for one in "axyxya"))
    with pytest.raises(InputError, match=r"^t.parquet:4: id: 6 rows share their id .* the first again is `x`$"):
        streamed(given, tmp_path / "out")


def test_the_bits_of_a_text_do_not_depend_on_what_stands_beside_it() -> None:
    """Else the size of a batch would decide what stands twice."""
    texts = ["", "a", "a\0", "ab", "x" * 7, "x" * 8, "x" * 9, "x" * 100, "é" * 9, "\0"]
    whole = twice.bits_of(pa.array(texts))
    assert len(set(whole.tolist())) == len(texts)
    for i, text in enumerate(texts):
        assert twice.bits_of(pa.array([text, "other"]))[0] == whole[i] == twice.bits_of(pa.array(texts).slice(i))[0]


# -- cuts ------------------------------------------------------------------------------------------------------------

CUT = """
import os, resource, signal, sys
from pathlib import Path
from tests.desk.test_stream import bench, stream, streamed
from truceline.store import disk
how, at, path, out = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
calls, sync = [], os.fsync
def cut(number):
    calls.append(number)
    if len(calls) == at:
        os.kill(os.getpid(), signal.SIGKILL)
    sync(number)
if how == "kill":
    disk.os.fsync = cut
else:
    resource.setrlimit(resource.RLIMIT_FSIZE, (at, at))
streamed(stream.Given(path), out, batch_rows=20)
"""


def cut(how: str, at: int, path: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """A run in a process of its own that is killed at its n-th write, or whose disk takes no file beyond some bytes."""
    return subprocess.run(
        [sys.executable, "-c", CUT, how, str(at), str(path), str(out)],
        capture_output=True, text=True, timeout=120, check=False, cwd=Path(__file__).parents[2],
        env={**os.environ, "TRUCELINE_ENGINE": "numpy"},
    )  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("when", [(1, 5), (2, 4, 6, 9)])
def test_a_run_that_is_killed_at_any_write_goes_on_where_it_was(tmp_path: Path, when: tuple[int, ...]) -> None:
    """Power fails at the worst moment: a part half written, or written and not yet noted."""
    given = stream.Given(world(tmp_path / "t.parquet", 2).path)
    whole = streamed(given, tmp_path / "whole", batch_rows=20)
    for at in when:
        out = tmp_path / f"cut-{at}"
        assert cut("kill", at, given.path, out).returncode == -9
        assert not (out / "summary.json").exists()
        assert streamed(given, out, batch_rows=20) == whole
        assert parts(out) == parts(tmp_path / "whole")
        assert {file.name for file in out.iterdir()} == {file.name for file in (tmp_path / "whole").iterdir()}


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    """One line, what is done is kept, and the same command goes on."""
    given = stream.Given(world(tmp_path / "t.parquet", 2).path)
    whole = streamed(given, tmp_path / "whole", batch_rows=20)
    sizes = [file.stat().st_size for file in (tmp_path / "whole").glob("part-*")]
    done = cut("full", min(sizes), given.path, tmp_path / "out")
    assert "File too large" in done.stderr.splitlines()[-1]
    assert "the same command goes on" in done.stderr.splitlines()[-1]
    assert not list((tmp_path / "out").glob("*.half"))
    assert streamed(given, tmp_path / "out") == whole


def test_a_finished_run_answers_again_without_judging(tmp_path: Path) -> None:
    """Asking twice costs nothing and changes nothing."""
    given = world(tmp_path / "t.parquet", 3)
    answer = streamed(given, tmp_path / "out", batch_rows=20)
    before = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "out").glob("part-*")}
    assert streamed(given, tmp_path / "out") == answer
    assert before == {file.name: file.stat().st_mtime_ns for file in (tmp_path / "out").glob("part-*")}
    assert json.loads((tmp_path / "out" / "summary.json").read_bytes()) == answer


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda path: {"given": table_at(path, {"id": "other"})}, "another input"),
        (lambda _path: {"text": desk.Bench(agreement("shipped"), atlas(), Aliases())}, "another agreement"),
        (lambda _path: {"asked": desk.Asked(until="2016-04-01")}, "another --until"),
    ],
)
def test_a_folder_of_another_run_is_refused(
    change: Callable[[Path], dict[str, Any]], what: str, tmp_path: Path
) -> None:
    """Totals of two laws, or of two files, added together are totals of nothing."""
    given = table_at(tmp_path / "t.parquet", {})
    streamed(given, tmp_path / "out")
    more = {"given": given, **change(tmp_path / "t2.parquet")}
    with pytest.raises(StoreError, match=what):
        streamed(more.pop("given"), tmp_path / "out", **more)


def test_a_part_that_was_changed_is_refused(tmp_path: Path) -> None:
    """Totals without their answers prove nothing."""
    given = table_at(tmp_path / "t.parquet", {})
    streamed(given, tmp_path / "out")
    (tmp_path / "out" / "part-00000.parquet").write_bytes(b"PAR1")
    with pytest.raises(VerificationError, match=r"part-00000.parquet: not the file that was written"):
        streamed(given, tmp_path / "out")


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    """Nobody's files are mixed with ours."""
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(StoreError, match="expected a new or empty folder"):
        streamed(table_at(tmp_path / "t.parquet", {}), tmp_path)
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["letter.txt", "t.parquet"]


# -- nonsense --------------------------------------------------------------------------------------------------------


def test_a_file_that_is_spoilt_in_the_middle_keeps_what_came_before(tmp_path: Path) -> None:
    """One line that says from which row on; the batches before are done, if no condition asks for all of it."""
    text = desk.open_agreement(SHIPPED / "agreement.yaml")
    path, rows = tmp_path / "t.parquet", [{**GOOD, "id": f"r-{i}"} for i in range(90)]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    pq.write_table(table, path, row_group_size=30, write_page_checksum=True, compression="zstd")
    place = next(i for i, leaf in enumerate(pq.ParquetFile(path).schema) if leaf.path == "impact.lon_e7")
    column = pq.ParquetFile(path).metadata.row_group(1).column(place)
    data = bytearray(path.read_bytes())
    at = column.data_page_offset
    data[at : at + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"^t.parquet: cannot be read from row \d+ on: ") as found:
        streamed(stream.Given(path), tmp_path / "out", batch_rows=10, text=text)
    assert len(found.value.faults) == 1
    assert len(json.loads((tmp_path / "out" / "progress.json").read_bytes())["done"]) == 3


def test_columns_that_are_missing_or_of_another_type_are_named(tmp_path: Path) -> None:
    """One line with the column; whatever else stands beside is not read, and that is said."""
    table, path = pa.Table.from_pylist([GOOD], schema=SCHEMA), tmp_path / "t.parquet"
    for made, what in (
        (table.drop_columns(["act", "lasts"]), "missing the columns lasts, act"),
        (table.set_column(0, "id", pa.array([[1]])), "^t.parquet: id: .* expected a column of type string, got list"),
        (table.set_column(8, "start", pa.array([1.5])), "^t.parquet: start: .* rows 1 to 1: "),
    ):  # fmt: skip
        pq.write_table(made, path)
        with pytest.raises(InputError, match=what) as found:
            streamed(stream.Given(path), tmp_path / "out")
        assert len(str(found.value).splitlines()) == 1
        for file in (tmp_path / "out").glob("*"):
            file.unlink()
    pq.write_table(table.append_column("colour", pa.array(["red"])), path)
    assert streamed(stream.Given(path), tmp_path / "out")["warnings"] == [
        "columns that are of no observation are not read: `colour`"
    ]


def test_text_that_is_no_text_rejects_its_row_alone(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 end in a rejected row: not in a traceback, and not in the loss of the others."""
    broken = pa.array([b"\xff\xfe", b"good"]).view(pa.string())
    table = pa.Table.from_pylist([GOOD, GOOD], schema=SCHEMA).set_column(0, SCHEMA.field("id"), broken)
    pq.write_table(table, tmp_path / "t.parquet")
    answer = streamed(stream.Given(tmp_path / "t.parquet"), tmp_path / "out")
    assert (answer["observations"], answer["rejected"]) == (1, 1)
    (told,) = parts(tmp_path / "out", "rejected").to_pylist()
    assert (told["file"], told["line"], told["field"]) == ("t.parquet", 1, "id")
    assert told["reason"] == "expected UTF-8, got the byte 0xFF"


def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *args: object) -> tuple[int, str, str]:
    """Exit code, output and errors of a command."""
    monkeypatch.setattr(sys, "argv", ["truceline", *map(str, args)])
    try:
        main()
    except SystemExit as left:
        return int(left.code or 0), *capsys.readouterr()
    return 0, *capsys.readouterr()


def test_the_command_refuses_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder, nothing, a text, half a table, two tables: one line each, and exit code 3."""
    text, out = SHIPPED / "agreement.yaml", tmp_path / "out"
    whole, half = table_at(tmp_path / "t.parquet", {}).path, tmp_path / "half.parquet"
    half.write_bytes(whole.read_bytes()[:-100])
    for files in ([tmp_path], [tmp_path / "no"], [SHIPPED / "reports.jsonl"], [half], [whole, whole], []):
        code, printed, errors = told(capsys, monkeypatch, "assess", text, *files, "--to", out)
        assert (code, printed, len(errors.splitlines())) == (3, "", 1), (files, errors)
    code, _, errors = told(capsys, monkeypatch, "assess", text, whole, "--to", out, "--out", tmp_path / "x")
    assert (code, len(errors.splitlines())) == (3, 1)


def test_the_command_prints_totals_and_answers_as_its_schema_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shipped reports as a table give the totals that they give as a file of reports."""
    text = desk.open_agreement(SHIPPED / "agreement.yaml")
    read = desk.read_evidence(SHIPPED / "reports.jsonl", text)
    pq.write_table(read.table, tmp_path / "t.parquet")
    args = ("assess", SHIPPED / "agreement.yaml", tmp_path / "t.parquet", "--to", tmp_path / "out")
    code, printed, errors = told(capsys, monkeypatch, *args)
    assert (code, errors) == (0, "")
    assert "226 rows read, 226 reports judged, 0 rows rejected" in printed
    code, printed, _ = told(capsys, monkeypatch, *args, "--json")
    answer = json.loads(printed)
    Draft202012Validator(json.loads((SCHEMAS / "assess-to.schema.json").read_text())).validate(answer)
    whole = desk.summary(desk.assess_files(text, [read], desk.Asked()))
    assert answer["any"] == {key: whole["any"][key] for key in answer["any"]}
