"""The command line: help, exit codes, JSON against its schemas, and the same bytes on every machine."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import typer.main
from jsonschema import Draft202012Validator

from tests.answers import SCHEMAS, valid
from tests.evidence.bench import SHIPPED, ged, lines
from truceline import LAW, cli
from truceline.errors import EXIT_CODES

AGREEMENT, REPORTS = SHIPPED / "agreement.yaml", SHIPPED / "reports.jsonl"
TEXT = Path(__file__).parent / "agreement" / "terms-example.yaml"
"""A text that is read ten times as fast, where its size makes no difference."""


def truceline(*args: object, code: int = 0, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command; its exit code is checked."""
    done = subprocess.run(
        [sys.executable, "-m", "truceline.cli", *map(str, args)],
        capture_output=True, text=True, encoding="utf-8", timeout=120, check=False, env={**os.environ, **(env or {})},
    )  # fmt: skip
    assert done.returncode == code, (args, done.returncode, done.stdout[-500:], done.stderr[-500:])
    return done


@cache
def commands() -> Callable[[], object]:
    """The command line as `typer` makes it of its signatures, made once: it takes longer than most commands."""
    return typer.main.get_command(cli.app)


def left_by(args: Sequence[object]) -> int:
    """Exit code of a command in this process."""
    argv = sys.argv
    sys.argv = ["truceline", *map(str, args)]
    try:
        with patch.object(cli, "app", commands()):
            cli.main()
    except SystemExit as left:
        return int(left.code or 0)
    finally:
        sys.argv = argv
    return 0


def told(capsys: pytest.CaptureFixture[str], args: Sequence[object]) -> tuple[int, str, str]:
    """Exit code, output and errors of a command in this process: for long lists of commands."""
    return left_by(args), *capsys.readouterr()


def here(*args: object) -> tuple[int, str, str]:
    """The same where nothing else captures: a test that starts no process ends sooner."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = left_by(args)
    return code, out.getvalue(), err.getvalue()


def answer(schema: str, *args: object, code: int = 0) -> dict[str, Any]:
    """The JSON of a command, held against its schema."""
    left, out, err = here(*args, "--json")
    assert left == code, (args, left, out[-500:], err[-500:])
    return valid(schema, out)


@pytest.fixture
def zones(tmp_path: Path) -> Path:
    """One drawn zone."""
    path = tmp_path / "zones.geojson"
    box = '{"type":"Polygon","coordinates":[[[36,35],[37,35],[37,36],[36,36],[36,35]]]}'
    path.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [{"type": "Feature", "properties": {"id": "z"}, "geometry": json.loads(box)}],
            }
        )
    )
    return path


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["run"],
        ["init"],
        ["add"],
        ["assess"],
        ["where"],
        ["what-if"],
        ["report"],
        ["agreement"],
        ["agreement", "check"],
    ],
)
def test_every_command_has_help(command: list[str]) -> None:
    """Who is lost asks `--help`, and it must answer."""
    code, out, _ = here(*command, "--help")
    assert (code, "Usage:" in out) == (0, True)


@pytest.mark.parametrize("schema", sorted(SCHEMAS.glob("*.schema.json")), ids=lambda p: p.name)
def test_schemas_are_schemas_closed_and_described(schema: Path) -> None:
    """A schema that lets anything pass promises nothing."""
    made = json.loads(schema.read_text())
    Draft202012Validator.check_schema(made)

    def walk(node: Any) -> None:  # noqa: ANN401  # any part of a schema
        if isinstance(node, dict):
            if "properties" in node and node.get("type") == "object":
                assert node["additionalProperties"] is False
                assert node["description"]
                assert all("description" in p or "$ref" in p for p in node["properties"].values())
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(made)


def test_assess_answers_as_its_schema_says() -> None:
    """226 reports of the case, every term, the totals of each the number of reports."""
    made = answer("assess", "assess", AGREEMENT, REPORTS)
    assert (made["observations"], made["rejected"], made["law"]) == (226, 0, LAW)
    for term in (*made["terms"].values(), made["any"]):
        assert term["surely"] + term["possibly"] + term["no"] == 226
    assert sum(g["observations"] for g in made["groups"]) == 226


def test_a_case_from_init_to_assess(tmp_path: Path) -> None:
    """Each step of the how-to prints what its schema says; the folder answers like the files alone."""
    folder, table = tmp_path / "case", tmp_path / "g.csv"
    table.write_bytes(b"".join(ged({}, {"latitude": "95"})))
    answer("init", "init", folder, "--agreement", AGREEMENT)
    added = answer("add", "add", folder, REPORTS, table)
    assert [(a["rows"], a["rejected"]) for a in added["added"]] == [(226, 0), (1, 1)]
    kept, alone = answer("assess", "assess", folder), answer("assess", "assess", AGREEMENT, REPORTS, table)
    assert kept == alone


def test_a_case_is_judged_as_known_and_for_a_time(tmp_path: Path) -> None:
    """What came later, and what happened at another time, is left out; a file that is there is not added again."""
    folder, reports, table = tmp_path / "case", tmp_path / "r.jsonl", tmp_path / "g.csv"
    reports.write_bytes(b"".join(lines({}, {"start": "2016-05-05"})))
    table.write_bytes(b"".join(ged({}, {"latitude": "95"})))
    answer("init", "init", folder, "--agreement", TEXT)
    answer("add", "add", folder, reports, table)
    assert answer("add", "add", folder, reports)["skipped"] == 1
    assert answer("assess", "assess", folder)["observations"] == 3
    assert answer("assess", "assess", folder, "--known-at", "#2")["observations"] == 2
    month = answer("assess", "assess", folder, "--from", "2016-05-01", "--until", "2016-06-01")
    assert month["observations"] == 1


def test_where_and_check_answer_as_their_schemas_say(tmp_path: Path, zones: Path) -> None:
    """The two commands that need no folder."""
    table = tmp_path / "g.csv"
    table.write_bytes(b"".join(ged({}, {"where_prec": "4"}, {"latitude": "36.0"})))
    made = answer("where", "where", table, zones)
    assert made["zones"] == [{"zone": "z", "name": "z", "naive": 3, "surely": 1, "possibly": 2}]
    assert answer("agreement-check", "agreement", "check", AGREEMENT)["ok"] is True
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "truceline: 1\nid: x\ntz: Mars\nterms:\n  - {id: A, kind: ban}\n  - {id: B, kind: prohibit, does: attakc}\n"
    )
    assert len(answer("agreement-check", "agreement", "check", bad, code=4)["faults"]) >= 3


def test_every_class_of_error_has_its_exit_code_and_one_line_per_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scripts go by the code, people by the line; nobody is shown a traceback."""
    (tmp_path / "bad.yaml").write_text("truceline: 1\nterms: 5\nzones: 6\n")
    (tmp_path / "case.json").write_text("{}")
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1" + b"x" * 40)
    folder, reports = tmp_path / "case", tmp_path / "reports.jsonl"
    reports.write_bytes(b"".join(lines({})))
    assert here("init", folder, "--agreement", TEXT)[0] == 0
    blobs = [file for file in (folder / "record" / "blobs").rglob("*") if file.is_file()]
    text = next(file for file in blobs if b"truceline: 1" in file.read_bytes())
    table: list[tuple[list[object], int]] = [
        (["nonsense"], 2), (["assess"], 2), (["assess", TEXT, "--nope"], 2), (["assess", TEXT,
        tmp_path / "none.csv"], 3),
        (["assess", TEXT, tmp_path / "noise"], 3), (["assess", TEXT, tmp_path / "bad.parquet"], 3),
        (["assess", TEXT, tmp_path], 3), (["assess", tmp_path / "none.yaml"], 3),
        (["assess", TEXT, reports, "--known-at", "#1"], 3),
        (["assess", TEXT, reports, "--from", "soon"], 3), (["assess", TEXT, reports, "--from",
        "2017", "--until", "2016"], 3),
        (["assess", folder, "--known-at", "#9"], 3), (["assess", folder, reports], 3), (["add",
        folder, reports, "--as", "magic"], 3),
        (["add", folder, reports, "--as", "ucdp"], 3), (["where", reports, reports], 3), (["where", reports,
        tmp_path / "none"], 3),
        (["assess", tmp_path / "bad.yaml", reports], 4), (["agreement", "check", tmp_path / "bad.yaml"], 4),
        (["init", tmp_path / "new", "--agreement", tmp_path / "bad.yaml"], 4), (["assess", tmp_path], 7),
        (["add", tmp_path, reports], 7),
        (["init", folder, "--agreement", TEXT], 7), (["assess", TEXT, reports, "--out",
        tmp_path / "no" / "a.parquet"], 7),
    ]  # fmt: skip
    for args, code in table:
        got, out, err = told(capsys, args)
        assert got == code, (args, out[-300:], err[-300:])
        assert code in EXIT_CODES
        if code > 2:
            assert err.strip()
            assert "Traceback" not in err
            assert out == ""
    text.write_text(text.read_text() + "\n")
    done = truceline("assess", folder, code=6)  # in a process of its own, as a script runs it
    assert (done.stdout, done.stderr.count("\n"), "Traceback" in done.stderr) == ("", 1, False)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["killed", "gzip", "acts", "level", "basemap", "actors"])
def test_hostile_files_are_refused_without_a_traceback(tmp_path: Path, name: str) -> None:
    """Each of these once ended in a traceback and exit code 1, which says that the program is at fault."""
    import gzip

    box = '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}'
    area = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":%s,"geometry":%s}]}'
    packed = gzip.compress(b"".join(lines(*({"note": str(i * i)} for i in range(3_000)))))
    files = {
        "killed": b"".join(lines({}, {"killed": {"low": 5_000_000_000}})),
        "gzip": packed[:60] + b"\xff" * 30 + packed[90:],
        "acts": b'{"act":"accept","at":"2016-01-01","by":5}\n', "level": (area % ('{"code":"a","level":"x"}',
        box)).encode(),
        "basemap": (area % ('{"role":"basemap"}', box)).encode(),
        "actors": b"text,ids,mode,kind,source\n\xff\xfe,gov,,exact,x\n",
    }  # fmt: skip
    path = tmp_path / {"level": "a.geojson", "basemap": "a.geojson", "actors": "actors.csv"}.get(name, "a.jsonl")
    path.write_bytes(files[name])
    text = tmp_path / "agreement.yaml"
    text.write_text("truceline: 1\nid: x\n")
    given = ["--areas", path] if path.suffix == ".geojson" else [] if name == "actors" else [path]
    code, _, err = here("assess", text, *given)
    assert code != 1, err
    assert "Traceback" not in err


@pytest.mark.long
def test_the_same_bytes_twice_and_on_another_machine(tmp_path: Path) -> None:
    """Same input, same assessments, whatever the clock's zone, the language or the hash seed of the machine."""
    made = []
    for i, env in enumerate((
        {"TZ": "UTC", "LANG": "en_US.UTF-8", "PYTHONHASHSEED": "1"}, {"TZ": "UTC", "LANG": "en_US.UTF-8",
        "PYTHONHASHSEED": "1"},
        {"TZ": "America/New_York", "LANG": "C", "LC_ALL": "C", "PYTHONHASHSEED": "2"},
    )):  # fmt: skip
        out = tmp_path / f"{i}.parquet"
        text = truceline("assess", AGREEMENT, REPORTS, "--json", "--out", out, env=env).stdout
        made.append((text, out.read_bytes()))
    assert made[0] == made[1] == made[2]


def test_the_printed_answer_carries_the_law_and_never_speaks_of_permission() -> None:
    """The line on humanitarian law stands under every answer; -1 is printed as *not covered*."""
    code, out, _ = here("assess", AGREEMENT, REPORTS)
    assert code == 0
    assert " ".join(LAW.split()) in " ".join(out.split())
    assert "not covered" in out
    assert not any(word in out.lower() for word in ("no breach", "allowed", "permitted"))


def test_a_reader_that_hangs_up_is_no_fault() -> None:
    """`truceline agreement check ... | head -1` ends quietly, here with a reader that is gone before the first line."""
    gone, out = os.pipe()
    os.close(gone)
    command = [sys.executable, "-m", "truceline.cli", "agreement", "check", str(TEXT)]
    done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    os.close(out)
    assert done.stderr == ""


@pytest.fixture(scope="module")
def shipped_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped case as a folder."""
    folder = tmp_path_factory.mktemp("what-if") / "case"
    truceline("run", str(folder), "--no-serve")
    return folder


@pytest.mark.long
def test_what_if_answers_as_its_schema_says(shipped_case: Path, zones: Path) -> None:
    """A box in the place of the whole country: what was surely covered is not, and each change is told."""
    assessments = sorted(path.read_bytes() for path in shipped_case.rglob("*.parquet"))
    made = answer("what-if", "what-if", str(shipped_case), "--zone", "syria", "--geometry", str(zones))
    assert made["observations"] == 226
    assert made["any"]["surely"]["before"] == 9
    assert made["any"]["possibly"]["before"] == 47
    assert made["any"]["surely"]["after"] < 9
    moves = [(one["before"], one["after"]) for one in made["changed"] if one["term"] == "any"]
    gone = sum(before == 1 != after for before, after in moves) - sum(after == 1 != before for before, after in moves)
    assert made["any"]["surely"]["before"] - made["any"]["surely"]["after"] == gone
    for split in ("by_month", "by_act", "by_side"):
        assert sum(one["surely"]["before"] for one in made[split]) == 9
    assert sorted(path.read_bytes() for path in shipped_case.rglob("*.parquet")) == assessments


@pytest.mark.long
def test_what_if_of_another_time_and_height(shipped_case: Path) -> None:
    """A country that is no zone before September loses the answers before it; one with a ceiling is open above."""
    later = answer("what-if", "what-if", str(shipped_case), "--zone", "syria", "--zone-from", "2016-09-01")
    assert all(one["surely"]["after"] == 0 for one in later["by_month"] if one["name"] < "2016-09")
    low = answer("what-if", "what-if", str(shipped_case), "--zone", "syria", "--ceiling-m", "3000")
    assert (low["any"]["surely"]["after"], low["any"]["possibly"]["after"]) == (0, 56)
    assert all("altitude" in one["reasons_after"] for one in low["changed"] if one["after"] == 0)


@pytest.fixture(scope="module")
def small_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case without reports."""
    folder = tmp_path_factory.mktemp("small") / "case"
    assert here("init", folder, "--agreement", TEXT)[0] == 0
    return folder


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--zone", "syria"], "nothing is supposed"),
        (["--zone", "nowhere", "--ceiling-m", "9"], "no zone `nowhere` in the agreement: expected one of da, dmz"),
        (["--zone", "syria", "--ceiling-m", "-2000"], "`--ceiling-m`: expected -999..100000, got `-2000`"),
        (["--zone", "syria", "--zone-from", "2017", "--zone-until", "2016"], "would end before it begins"),
        (["--zone", "syria", "--zone-from", "soon"], "soon"),
        (["--zone", "syria", "--geometry", "nowhere.geojson"], "nowhere.geojson"),
    ],
)
def test_what_if_refuses_in_one_line(
    small_case: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be supposed is said, with what could be."""
    code, _, fault = told(capsys, ["what-if", small_case, *options])
    assert code == 3
    assert message in fault
    assert len(fault.strip().splitlines()) == 1
