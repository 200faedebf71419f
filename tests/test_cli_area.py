"""`truceline area` from a terminal: areas said and shown, the map to its amendment, lists, what is destroyed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.answers import valid
from tests.desk.area_case import A, B, C, World, copied, made
from truceline import LAW
from truceline.agreement.text import load
from truceline.cli import area
from truceline.cli.record import submit
from truceline.errors import InputError, SubmissionError, TrucelineError, VerificationError
from truceline.exchange.partition import read_partition

FINE = "892d8a9b04fffff"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case in which two areas were said in March 2016."""
    folder = made(tmp_path_factory.mktemp("cli"))
    world = copied(folder, folder.parent / "said")
    world.to("2016-03-08")
    world.area("isil", "2016-03-04", [A, B], "us")
    world.area("ahrar", "2016-03-04", [C], "ahrar", ("us", "ahrar", "desk"))
    world.case.close()
    return folder.parent / "said"


@pytest.fixture
def world(base: Path, tmp_path: Path) -> Iterator[World]:
    """A copy of it, to work in from a terminal."""
    found = copied(base, tmp_path / "case")
    yield found
    found.case.close()


APP = typer.Typer()
area.add_to(APP)
APP.command("submit")(submit)


def run(*args: object) -> Result:
    """Run a command in this process; what is no refusal is raised here."""
    done = CliRunner().invoke(APP, [str(arg) for arg in args], terminal_width=120)
    if done.exception is not None and not isinstance(done.exception, TrucelineError | SystemExit):
        raise done.exception
    return done


def answer(schema: str, *args: object) -> dict[str, Any]:
    """The JSON of a command, held against its schema."""
    done = run(*args, "--json")
    assert done.exit_code == 0, done.exception
    return valid(schema, done.stdout)


def refused(*args: object) -> str:
    """What a command is refused with: one line."""
    done = run(*args)
    assert isinstance(done.exception, TrucelineError), done.output
    told = str(done.exception)
    assert "\n" not in told
    codes = {InputError: 3, SubmissionError: 5, VerificationError: 6}
    assert done.exception.exit_code == codes.get(type(done.exception), 4), told
    return told


def test_areas_are_said_listed_and_written_to_files(world: World, tmp_path: Path) -> None:
    """As each sees them; a file that was written is read again."""
    case = world.path
    made_ = answer("area-say", "area", "say", case, "--by", "ru", "--group", "jn", "--day", "2016-03-04", "--cell", B)
    assert made_["sealed_for"] == []
    rows = answer("area-list", "area", "list", case)["areas"]
    assert {(row["group"], row["by"]): row["cells"] for row in rows} == {
        ("ahrar", "ahrar"): [C],
        ("isil", "us"): [A, B],
    }
    assert len(answer("area-list", "area", "list", case, "--as", "us")["areas"]) == 2
    assert len(answer("area-list", "area", "list", case, "--as", "ru")["areas"]) == 1
    done = run("area", "list", case)
    assert done.output.rstrip().endswith(LAW)
    assert "restrict, never release" in done.output
    for suffix in ("csv", "geojson"):
        file = tmp_path / f"areas.{suffix}"
        answer("area-export", "area", "export", case, "-o", file)
        found = answer("area-check", "area", "check", file)
        assert [one["cells"] for one in found["areas"]] == [[C], [A, B]]
        assert run("area", "check", file).exit_code == 0


def test_ones_own_area_is_sealed_for_its_readers_and_the_desk(world: World, tmp_path: Path) -> None:
    """The command adds who has to read it; without readers it is refused before anything is signed."""
    case = world.path
    say = ("area", "say", case, "--by", "gov", "--group", "gov", "--day", "2016-03-04", "--cell", A)
    assert "expected --to" in refused(*say)
    assert answer("area-say", *say, "--to", "ru")["sealed_for"] == ["ru", "gov", "desk"]
    file = tmp_path / "own.csv"
    file.write_text(f"group,day,cell\nahrar,2016-03-10,{A}\n")
    answer("area-say", "area", "say", case, "--by", "ahrar", "--file", file, "--to", "us", "-o", tmp_path / "own.entry")
    assert len(list(tmp_path.glob("own.entry*"))) == 2, "the entry, and the box of its body"


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("say", "CASE", "--by", "us", "--group", "isil", "--day", "2016-03-01", "--cell", FINE), "resolution 9"),
        (("say", "CASE", "--by", "us"), "expected either --group"),
        (("say", "CASE", "--by", "us", "--group", "isil", "--day", "2016", "--cell", A), "expected a day"),
        (("say", "CASE", "--by", "un", "--group", "isil", "--day", "2016-03-01", "--cell", A), "no key set"),
        (("check", "nowhere.csv"), "nowhere.csv"),
        (("export", "CASE", "-o", "areas.shp"), ".geojson or .csv"),
        (("partition", "CASE", "--least", "-1"), "--least"),
        (("map", "propose", "CASE", "--by", "us", "--cell", FINE), "resolution 9"),
        (("map", "answer", "CASE", "1", "--by", "us", "--agree", "all"), "expected a proposal"),
        (("map", "draft", "CASE", "-o", "folder"), "expected a version"),
        (("destroy", "CASE"), "nothing is due"),
        (("handover", "answer", "CASE", "1", "--by", "us", "--says", "denied"), "expected a handover"),
        (("handover", "answer", "CASE", "1", "--by", "us", "--says", "denied", "--until", "2016"), "--period"),
    ],
)
def test_bad_input_is_one_line(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[object, ...], why: str
) -> None:
    """And nothing is lost, or written."""
    monkeypatch.chdir(tmp_path)
    size = len(world.case.entries())
    assert why in refused("area", *(world.path if arg == "CASE" else arg for arg in args))
    assert len(world.case.entries()) == size


def test_the_partition_is_shown_rebuilt_and_published(world: World, tmp_path: Path) -> None:
    """Whoever runs the command again gets the same, and is told so."""
    case, file = world.path, tmp_path / "partition.json"
    first = answer("area-partition", "area", "partition", case, "-o", file)
    assert (first["is_published"], first["is_same"], first["entry"]) == (False, None, None)
    read_partition(file.read_bytes())
    assert answer("area-partition", "area", "partition", case, "--publish")["entry"] is not None
    again = answer("area-partition", "area", "partition", case)
    assert (again["is_published"], again["is_same"]) == (True, True)
    assert "the same as was published" in run("area", "partition", case).output
    part = ("area", "say", case, "--by", "ru", "--group", "jn", "--day", "2016-03-04", "--cell", A)
    assert len(read_partition(file.read_bytes()).whole([A])) > 1, "a cell of a block of several is meant"
    assert "named in part" in refused(*part)
    answer("area-say", *part, "--whole")


def test_the_map_from_a_proposal_to_the_draft_of_an_amendment(world: World, tmp_path: Path) -> None:
    """Proposed, answered with `all`, signed by two, drafted: each step is a command."""
    case, cells, entry = world.path, tmp_path / "cells.txt", tmp_path / "version.entry"
    cells.write_text(f"{A}\n{B}\n")
    to = answer("area-say", "area", "map", "propose", case, "--by", "us", "--file", cells)["entry"]
    answer("area-say", "area", "map", "answer", case, to, "--by", "ru", "--agree", "all", "--dispute", B)
    row = answer("area-map", "area", "map", "show", case, "--as", "ru")
    assert row["counts"] == {"agreed": 1, "a": 0, "b": 0, "disputed": 1, "neither": 0}
    answer("area-say", "area", "map", "sign", case, "--by", "ru", "-o", entry)
    assert "not by us" in refused("submit", case, "--entry", entry)
    assert run("submit", case, "--entry", entry, "--cosign", "us", "-o", entry).exit_code == 0
    assert run("submit", case, "--entry", entry).exit_code == 0
    shown = run("area", "map", "show", case)
    assert "version 1: 1 cells" in shown.output
    assert "disputed" in shown.output
    drafted = answer("area-map-draft", "area", "map", "draft", case, "-o", tmp_path / "draft")
    text = load((tmp_path / "draft" / drafted["text"]).read_bytes(), drafted["text"])
    assert text.canonical_hash == drafted["body"]["canonical_sha256"]
    assert "submit CASE --type amendment --by us" in run("area", "map", "draft", case, "-o", tmp_path / "draft").output


def test_a_list_is_handed_over_and_answered(world: World) -> None:
    """Both readings stand in one row."""
    case = world.path
    to = answer(
        "area-say", "area", "handover", "say", case, "--by", "ru", "--to", "us", "--kind", "targets", "--day",
        "2016-03-05", "--format", "on paper", "--period", "through September", "--until", "2016-09",
    )["entry"]  # fmt: skip
    answer("area-say", "area", "handover", "answer", case, to, "--by", "us", "--says", "acknowledged", "--period",
           "for three months", "--until", "2016-06-04")  # fmt: skip
    (row,) = answer("area-handovers", "area", "handover", "list", case, "--as", "us")["handovers"]
    assert (row["stands"], row["is_read_alike"]) == ("acknowledged", False)
    shown = run("area", "handover", "list", case).output
    assert "the text decides, or nobody does" in shown


@pytest.mark.long
def test_what_is_due_is_said_and_destroyed_with_the_signatures_it_needs(world: World, tmp_path: Path) -> None:
    """By one machine with both keys, or as entries that go from one signer to the next."""
    case = world.path
    assert answer("area-due", "area", "due", case)["due"] == []
    world.say("designation", {"of": "ahrar", "since": "2016-03-09", "what": "expelled"}, "ru")
    (due,) = answer("area-due", "area", "due", case)["due"]
    assert (due["group"], due["why"]) == ("ahrar", "expelled")
    assert "truceline area destroy" in run("area", "due", case).output
    (file,) = answer("area-destroy", "area", "destroy", case, "-o", tmp_path / "out")["files"]
    assert "not signed by 2" in refused("submit", case, "--entry", file)
    assert "not signed by 2" in refused("area", "destroy", case)
    assert answer("area-destroy", "area", "destroy", case, "--cosign", "us")["destroyed"] == [due["entry"]]
    assert [row["group"] for row in answer("area-list", "area", "list", case)["areas"]] == ["isil"]
    assert "nothing is due" in run("area", "due", case).output
