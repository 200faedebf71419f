"""The notification desk on the command line: a day of it, every answer as its schema says, bad input in one line."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest

from tests.cli_table import answer, truceline
from tests.evidence.bench import SHIPPED
from truceline import desk
from truceline.desk import keyring
from truceline.desk.charters import new_charter
from truceline.desk.recorded import signed_acts
from truceline.store.folder import CaseFolder
from truceline.store.state import notices as rows
from truceline.store.state import open_state

SITE = ("--what", "Hospital of Umm Khalid", "--place", "Hama", "--where", "35.131812, 36.757834", "--to", "ru",
        "--to", "us=town", "--category", "hospital")  # fmt: skip
HEAD = ("id", "what", "category", "place", "lat", "lon", "mgrs", "since", "to")
ROWS = (
    ("1", "Clinic", "clinic", "Hama", "35.151812", "36.757834", "", "{day}", "ru"),
    ("2", "School", "school", "Aleppo", "35.161812", "36.757834", "", "{day}", "ru"),
    ("3", "Well", "water", "Hama", "36.757834", "35.121812", "", "{day}", "ru"),
    ("4", "", "water", "Hama", "35.171812", "36.757834", "", "{day}", "ru"),
    ("5", "Grid", "water", "Hama", "", "", "37S BU 95700 91959", "{day}", ""),
    ("6", "Nowhere", "water", "Hama", "hereabouts", "", "", "{day}", "ru"),
    ("7", "Formula", "water", "Hama", "35.181812", "36.757834", "", "{day}", "=1+1"),
)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A case with a vault and keys of its own; afterwards the record holds."""
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "config"))
    charter = new_charter("notify", parties=[keyring.key_set("ru")])
    desk.init_case(tmp_path / "case", SHIPPED / "agreement.yaml", charter).close()
    yield tmp_path / "case"
    assert answer("verify", "verify", tmp_path / "case")["holds"]


def today() -> str:
    """The day of this machine: the clock of the record is its own."""
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86_400))


def accounts(case: Path) -> tuple[str, str]:
    """Two of the desk."""
    one, two = (answer("account-add", "account", "add", case, "notices", f"desk {n}")["id"] for n in (1, 2))
    return one, two


def table(path: Path) -> Path:
    """A list of sites, as CSV or XLSX by its name."""
    rows = [HEAD, *(tuple(cell.format(day=today()) for cell in row) for row in ROWS)]
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows[:-1])
        return path
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append([float(cell) if n in (4, 5) and cell[:1] == "3" else cell for n, cell in enumerate(row)])
    book.save(path)
    return path


@pytest.mark.long
def test_a_day_of_the_desk(case: Path, tmp_path: Path) -> None:
    """Given, confirmed by another, handed on, acknowledged by signature, revoked, traced, removed."""
    one, two = accounts(case)
    given = answer("notify-offer", "notify", "site", case, *SITE, "--from", today(), "--account", one, "--id", "p-1")
    again = answer("notify-offer", "notify", "site", case, *SITE, "--from", today(), "--account", one, "--id", "p-1")
    notice = given["id"]
    assert (given["state"], given["is_new"], again["id"], again["is_new"]) == ("waiting", True, notice, False)
    assert "another account" in truceline("notify", "confirm", case, notice, "--account", one, code=8).stderr
    assert truceline("notify", "confirm", case, notice, "--account", "", code=8).stderr.count("\n") == 1
    confirmed = answer("notify-confirm", "notify", "confirm", case, notice, "--account", two)["confirmed"]
    assert (confirmed[0]["state"], confirmed[0]["entry"]) == ("standing", 2)
    listed = answer("notify-list", "notify", "list", case)["notices"]
    assert [(n["id"], n["draft"]["what"]) for n in listed] == [(notice, "Hospital of Umm Khalid")]
    truceline("notify", "acknowledge", case, notice, "--by", "ru")
    shown = answer("notify-show", "notify", "show", case, notice)["notice"]
    assert [(a["party"], a["state"], a["is_signed"]) for a in shown["answers"]] == [
        ("ru", "acknowledged", True), ("us", "waiting", False),
    ]  # fmt: skip
    made = answer("notify-list-party", "notify", "list", case, "--party", "us")
    assert (made["rows"][0]["level"], "what" in made["rows"][0]) == ("town", False)
    truceline("notify", "list", case, "--party", "ru", "--out", tmp_path / "ru.csv")
    matches = answer("notify-trace", "notify", "trace", case, tmp_path / "ru.csv")["matches"]
    assert [(m["recipient"], m["is_named"]) for m in matches] == [("ru", True), ("us", False)]
    assert answer("notify-consent", "notify", "consent", case, notice, "--to", "tr=region")["said"][0]["entry"] == 4
    assert answer("notify-consent", "notify", "revoke", case, notice, "--to", "us")["said"][0]["entry"] == 5
    assert answer("notify-counts", "notify", "counts", case)["counts"] == {"SY-HM": {"site": 1}}
    assert answer("notify-tend", "notify", "tend", case)["said"] == []
    assert answer("notify-remove", "notify", "remove", case, notice)["entry"] == 6
    assert answer("notify-list", "notify", "list", case)["notices"] == []


@pytest.mark.parametrize("name", ["sites.csv", "sites.xlsx"])
def test_a_list_is_looked_at_and_taken_row_by_row(case: Path, tmp_path: Path, name: str) -> None:
    """What is good is taken, what is not is told with its line; nothing is lost, and a second time nothing is twice."""
    one, _ = accounts(case)
    file = table(tmp_path / name)
    looked = answer("notify-check", "notify", "check", case, file, "--to", "ru")
    rest = ("--to", "ru", "--account", one, "--rejected", tmp_path / "rejected.csv")
    taken = answer("notify-import", "notify", "import", case, file, *rest)
    assert [bool(row["refused"]) for row in looked["rows"]] == [not row["id"] for row in taken["rows"]]
    found = {
        row["name"]: [text.partition(":")[0] for text in (*row["refused"], *row["asked"])] for row in taken["rows"]
    }
    assert {key: found[key] for key in "123456"} == {
        "1": [], "2": ["far"], "3": ["swapped", "outside"], "4": ["unnamed"],
        "5": [], "6": ["unread"],
    }  # fmt: skip
    with (tmp_path / "rejected.csv").open(encoding="utf-8") as rejected:
        lines = [row["line"] for row in csv.DictReader(rejected)]
    assert lines == [str(row["line"]) for row in taken["rows"] if row["refused"]]
    again = answer("notify-import", "notify", "import", case, file, *rest)
    assert {row["id"] for row in again["rows"]} == {row["id"] for row in taken["rows"]}
    assert "bdi" not in truceline("notify", "check", case, file).stdout


def test_a_name_that_stands_twice_in_a_list_is_told_with_its_line(case: Path, tmp_path: Path) -> None:
    """The same row twice is one notice; another one under the same name is not taken, and nothing takes its place."""
    rows = [(row[0].replace("2", "1"), *row[1:]) for row in (ROWS[0], ROWS[0], ROWS[1])]
    with (tmp_path / "sites.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEAD, *(tuple(cell.format(day=today()) for cell in row) for row in rows)])
    taken = answer("notify-import", "notify", "import", case, tmp_path / "sites.csv")
    assert [(row["line"], bool(row["id"]), row["refused"]) for row in taken["rows"]] == [
        (2, True, []), (3, True, []), (4, False, ["line 2 bears the same `id` and says something else"]),
    ]  # fmt: skip
    listed = answer("notify-list", "notify", "list", case)["notices"]
    assert [one["draft"]["what"] for one in listed] == ["Clinic"]


def test_a_name_that_the_book_knows_stops_its_own_row_alone(case: Path, tmp_path: Path) -> None:
    """A row that says something else under a name of the book is told with its line; the rows beside it are taken."""
    first, second = ([cell.format(day=today()) for cell in row] for row in (ROWS[0], ROWS[0]))
    second[HEAD.index("what")] = "Another clinic"
    third = [second[0] + "-new", *second[1:]]
    for rows_of in ([first], [second, third]):
        with (tmp_path / "sites.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([HEAD, *rows_of])
        taken = answer("notify-import", "notify", "import", case, tmp_path / "sites.csv")
    assert [(row["line"], bool(row["id"]), len(row["refused"])) for row in taken["rows"]] == [
        (2, False, 1), (3, True, 0),
    ]  # fmt: skip
    assert "sent under this name before" in taken["rows"][0]["refused"][0]
    assert (taken["taken"], taken["refused"]) == (1, 1)


def test_a_damaged_notice_is_shown_as_damaged(case: Path) -> None:
    """Its state is told, and nothing that nobody can read."""
    one = answer("notify-offer", "notify", "site", case, *SITE, "--from", today())["id"]
    with closing(open_state(case)) as state:
        rows.put(state, {one: b"no box at all"})
    assert "state: damaged" in truceline("notify", "show", case, one).stdout
    assert answer("notify-show", "notify", "show", case, one)["notice"]["state"] == "damaged"


@pytest.mark.parametrize(("kind", "options", "code"), [
    ("movement", ("--what", "Convoy", "--where", "35.1318, 36.7578; 35.2001, 36.8001"), 0),
    ("flight", ("--callsign", "UN123", "--area", "SY-HM", "--low", "300", "--high", "2000"), 0),
    ("repair", ("--what", "Pump", "--where", "37S BU 95700 89959"), 0),
    ("pause", ("--what", "Evacuation", "--area", "SY-HL"), 0),
    ("pause", ("--what", "Evacuation", "--area", "SY-XX"), 3),
    ("flight", ("--callsign", "UN123"), 3),
    ("flight", ("--callsign", "UN123", "--area", "SY-HM", "--low", "2000", "--high", "300"), 3),
])  # fmt: skip
def test_each_kind_is_given_ahead(case: Path, kind: str, options: tuple[str, ...], code: int) -> None:
    """Three days ahead it is made known at once; what is refused is told in lines, and keeps nothing."""
    ahead = time.time() + 3 * 86_400
    when = [time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(ahead + hours * 3_600)) for hours in (0, 4)]
    done = truceline("notify", kind, case, *options, "--from", when[0], "--until", when[1], "--to", "ru", "--json",
                     code=code)  # fmt: skip
    if code:
        assert all(line.startswith("`") for line in done.stderr.splitlines())
        assert answer("notify-list", "notify", "list", case)["notices"] == []
    else:
        assert json.loads(done.stdout)["state"] == "standing"


def test_a_flight_is_also_the_act_that_terms_ask_for(case: Path) -> None:
    """Signed by the actor whose key is here: what `assess` finds, with call sign, area and hours, and no position."""
    ahead = time.time() + 3 * 86_400
    when = [time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(ahead + hours * 3_600)) for hours in (0, 4)]
    said = truceline("notify", "flight", case, "--callsign", "UN123", "--area", "SY-HM", "--where", "35.13, 36.75",
                     "--from", when[0], "--until", when[1], "--to", "us", "--by", "ru").stdout  # fmt: skip
    assert "act of ru: entries 3" in said
    with closing(CaseFolder.open(case)) as kept:
        act = signed_acts(kept, "UTC")[0].acts[0]
    assert (act.act, act.callsign, act.area, act.to, act.by) == ("notice", "UN123", "SY-HM", "us", ("ru",))
    assert act.start is not None and act.until == act.start + 4 * 3_600 + 60


def test_without_the_key_nothing_is_kept_and_a_repeated_act_is_said_once(case: Path) -> None:
    """The key is tried first; what was kept without its act says it when it is given again, and never twice."""
    ahead = time.time() + 3 * 86_400
    when = [time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(ahead + hours * 3_600)) for hours in (0, 4)]
    flight = ("notify", "flight", case, "--callsign", "UN123", "--area", "SY-HM", "--from", when[0], "--until", when[1],
              "--to", "us", "--id", "p-1")  # fmt: skip
    assert "Traceback" not in truceline(*flight, "--by", "us", code=5).stderr
    assert answer("notify-list", "notify", "list", case)["notices"] == []
    alone, by, again = (answer("notify-offer", *flight, *more) for more in ((), ("--by", "ru"), ("--by", "ru")))
    assert (alone["is_new"], by["is_new"], again["is_new"]) == (True, False, False)
    assert (alone["acts"], by["acts"], again["acts"]) == ([], [3], [])


@pytest.mark.parametrize(("asked", "code"), [
    (("show", "a" * 16), 8), (("show", "../../etc"), 8), (("revoke", "a" * 16, "--to", "ru"), 8), (("remove", "?"), 8),
    (("consent", "a" * 16, "--to", "ru"), 8), (("consent", "a" * 16, "--to", "ru=street"), 3),
    (("list", "--party", "atlantis"), 3), (("check", "/nowhere.csv"), 3), (("trace", "/nowhere.csv"), 3),
    (("acknowledge", "a" * 16, "--by", "ru"), 5),
])  # fmt: skip
def test_what_is_not_there_is_said_in_one_line(case: Path, asked: tuple[str, ...], code: int) -> None:
    """Whatever is asked for: one line, and an exit code that is documented."""
    name, *rest = asked
    assert truceline("notify", name, case, *rest, code=code).stderr.count("\n") == 1
