"""`truceline changes` and `truceline fetch`: JSON against the schemas, text for people, what is refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.answers import SCHEMAS, valid
from tests.desk.test_fetching import KEY, Answer, Recorded, events, recorded
from tests.evidence.bench import SHIPPED, ged
from truceline import LAW
from truceline.cli import changes, fetch
from truceline.errors import InputError, VerificationError


@pytest.fixture
def releases(tmp_path: Path) -> tuple[Path, Path]:
    """Two small releases: one row moved, one with other deaths, one gone, one new, one unreadable in the new one."""
    old, new = tmp_path / "ged231.csv", tmp_path / "ged241.csv"
    old.write_bytes(b"".join(ged({}, {}, {}, {}, {"date_start": "2015-03-05", "date_end": "2015-03-05"})))
    rows = [{"latitude": "36.8"}, {"best": "7"}, {"id": "9001"}, {"id": "7004", "latitude": "north"}]
    new.write_bytes(b"".join(ged(*rows)))
    return old, new


def run(args: Sequence[object], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints."""
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.callback()(lambda: None)
    changes.add_to(app)
    fetch.add_to(app)
    app([str(arg) for arg in args], standalone_mode=False)
    return capsys.readouterr().out


def answered(args: Sequence[object], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Its JSON, held against the schema."""
    return valid(str(args[0]), run([*args, "--json"], capsys))


# -- changes ---------------------------------------------------------------------------------------------------------


def test_every_row_is_named(releases: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Who checks a release finds each row that differs, with old and new words, and the versions."""
    made = answered(["changes", *releases], capsys)
    assert made["counts"] == {
        "vanished": 2, "appeared": 1, "refused": 1, "changed": 2, "moved": 1, "recoded": 0, "deaths": 1, "same": 0,
    }  # fmt: skip
    assert (made["old"]["versions"], made["new"]["versions"]) == (["23.1"], ["24.1"])
    assert [row["id"] for row in made["vanished"]] == ["ucdp:7003", "ucdp:7005"]
    assert made["farthest_km"] == pytest.approx(110.96, abs=0.01)
    assert made["changed"][1]["fields"] == [{"field": "killed_best", "old": "2", "new": "7"}]


def test_a_year_is_asked_for(releases: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """`--from 2016 --until 2017` are the rows of 2016."""
    made = answered(["changes", *releases, "--from", "2016", "--until", "2017"], capsys)
    assert [one["year"] for one in made["years"]] == [2016]
    assert [row["id"] for row in made["vanished"]] == ["ucdp:7003"]


def test_columns_that_no_observation_has_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who killed whom and the district may change while the sum and the point stay; case alone is no change."""
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_bytes(b"".join(ged({"deaths_a": "1.0"}, {"adm_2": "Old district"}, {"adm_1": "Idlib Governorate"}, {})))
    edits: tuple[dict[str, str], ...] = (
        {"deaths_a": "2", "id": "7001.0"},
        {"adm_2": "New\ndistrict"},
        {"adm_1": "Idlib governorate"},
        {},
    )
    new.write_bytes(b"".join(ged(*edits)))
    made = answered(["changes", old, new], capsys)
    assert [(row["id"], row["what"], row["fields"]) for row in made["changed"]] == [
        ("ucdp:7001", ["deaths"], [{"field": "deaths_a", "old": "1", "new": "2"}]),
        ("ucdp:7002", ["recoded"], [{"field": "adm_2", "old": "Old district", "new": "New\ndistrict"}]),
    ]
    assert made["counts"]["same"] == 2


def test_people_see_each_list(releases: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Totals, years, and the first rows of each list; the law beneath."""
    shown = run(["changes", *releases], capsys)
    for text in ("the farthest moved 111.0 km", "killed_best: 2 -> 7", "Vanished", "Rejected in the other", LAW):
        assert text in shown


def test_the_how_to_shows_what_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line of output on the page is printed for its made-up rows."""
    page = (SCHEMAS.parents[1] / "how-to" / "compare-versions.md").read_text(encoding="utf-8")
    block = page.partition("```text\n")[2].partition("```")[0]
    monkeypatch.chdir(tmp_path)
    old, new = Path("GEDEvent_v23_1.csv"), Path("GEDEvent_v24_1.csv")
    old.write_bytes(b"".join(ged({}, {}, {}, {}, {"date_start": "2015-03-05", "date_end": "2015-03-05"})))
    rows = [{"latitude": "36.8"}, {"best": "7"}, {"id": "9001"}, {"id": "7004", "latitude": "north"}]
    new.write_bytes(b"".join(ged(*rows)))
    printed = run(["changes", old, new, "--from", "2016", "--until", "2017"], capsys)
    told = {" ".join(line.split()) for line in printed.splitlines()}
    shown = [" ".join(line.split()) for line in block.splitlines() if line.strip("─. ")]
    assert len(shown) > 15
    assert [line for line in shown if line not in told] == []


@pytest.mark.parametrize("bounds", [["--from", "2017", "--until", "2016"], ["--from", "soon"]])
def test_bounds_that_make_no_sense_are_refused(
    releases: tuple[Path, Path], capsys: pytest.CaptureFixture[str], bounds: list[str]
) -> None:
    """One line, no traceback."""
    with pytest.raises(InputError):
        run(["changes", *releases, *bounds], capsys)


def test_two_data_sets_are_not_compared(releases: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of one stands in the other: that everything vanished would be no news."""
    with pytest.raises(InputError, match="expected a release of ucdp, got one of reports"):
        run(["changes", releases[0], SHIPPED / "reports.jsonl"], capsys)


def test_reports_have_releases_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever has ids can be compared: the shipped reports without their first line."""
    data = (SHIPPED / "reports.jsonl").read_bytes()
    later = tmp_path / "reports.jsonl"
    later.write_bytes(data.partition(b"\n")[2])
    made = answered(["changes", SHIPPED / "reports.jsonl", later], capsys)
    assert (made["counts"]["vanished"], made["counts"]["same"]) == (1, 225)


# -- fetch -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Recorded]:
    """A server with recorded answers."""
    with recorded() as made:
        yield made


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file with a key, and none in the environment."""
    for name in (fetch.UCDP_TOKEN, fetch.FIRMS_KEY):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "key"
    file.write_text(KEY)
    yield file


def test_events_are_fetched_once(
    server: Recorded,
    key: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The second run asks nothing and says so; a file that was changed here is exit code 6."""
    server.says(events(4, 2))
    args = ["fetch", "ucdp", "--version", "24.1", "--country", "Syria", "--key-file", key, "--to", tmp_path / "data",
            "--url", server.url]  # fmt: skip
    made = answered(args, capsys)
    assert (made["rows"], made["was_there"]) == (4, False)
    again = answered(args, capsys)
    assert (again["was_there"], again["sha256"]) == (True, made["sha256"])
    assert KEY not in run(args, capsys)
    Path(made["file"]).write_bytes(b"id\n")
    with pytest.raises(VerificationError) as error:
        run(args, capsys)
    assert error.value.exit_code == 6


def test_a_key_comes_from_the_environment(
    server: Recorded,
    key: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where no file is named; it is not printed."""
    monkeypatch.setenv(fetch.FIRMS_KEY, KEY)
    server.says(Answer(body=b"latitude,longitude,acq_date\n1,2,2016-02-27\n"))
    args = ["fetch", "firms", "--area", "35,32,43,38", "--from", "2016-02-27", "--until", "2016-02-28", "--to",
            tmp_path / "data", "--url", server.url]  # fmt: skip
    shown = run(args, capsys)
    assert "1 rows" in shown
    assert KEY not in shown
    assert answered(args, capsys)["kind"] == "firms"


@pytest.mark.parametrize(
    "args",
    [
        ["ucdp", "--version", "24.1", "--country", "Syria"], ["ucdp", "--version", "24.1", "--from", "2016-01-01"],
        ["ucdp", "--version", "the newest"], ["ucdp", "--version", "24.1", "--country", "Atlantis"],
        ["firms", "--area", "35,32,43,38", "--from", "2016-02-27", "--until", "2016-02-28"],
    ],
)  # fmt: skip
def test_what_is_missing_is_said_before_anything_is_asked(
    key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key, no such release, bounds for a whole release: one line."""
    if "Atlantis" in args:
        monkeypatch.setenv(fetch.UCDP_TOKEN, KEY)
    with pytest.raises(InputError) as error:
        run(["fetch", *args, "--to", tmp_path / "data"], capsys)
    assert len(str(error.value).splitlines()) == 1
    assert not (tmp_path / "data").exists()


def test_importing_the_commands_is_light() -> None:
    """`truceline --help` answers at once: numpy and the rest wait until a command runs."""
    import subprocess

    code = "import sys, truceline.cli.changes, truceline.cli.fetch; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
