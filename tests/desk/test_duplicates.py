"""From files and cases to incidents: what is found in the shipped reports, and what is refused."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.bench import SHIPPED, lines
from truceline.desk.cases import add_files, init_case
from truceline.desk.duplicates import Search, find_duplicates, pairs_of
from truceline.desk.files import open_agreement, read_evidence
from truceline.errors import InputError
from truceline.evidence.incidents import DIFFERENT, SAME, Ruling, incidents_of

HEAD = "dataset,event,date,enddate,latitude,longitude,colour\n"
CLASSES = "data.source,base.categories,fine,coarse\none,red,ruby,warm\ntwo,crimson,ruby,warm\n"


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """Three reports: one shelling told by two, and one elsewhere a month later."""
    path = tmp_path / "reports.jsonl"
    later = {
        "start": "2016-04-09",
        "place": {"name_en": "Other", "governorate": "Hama", "lat": 35.1, "lon": 36.7, "place_precision": "village"},
    }
    path.write_bytes(b"".join(lines(
        {"claimed_by": "A", "killed": {"low": 3, "high": 3}, "weapon": "mortars"},
        {"claimed_by": "B", "killed": {"low": 5, "high": 5}, "weapon": "mortars"}, later,
    )))  # fmt: skip
    return path


@pytest.fixture
def coded(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Two tables of coded events and the taxonomy of their colours."""
    one, two, classes = (tmp_path / name for name in ("one.csv", "two.csv", "tax_colour.csv"))
    one.write_text(HEAD + "one,1,2016-03-01,2016-03-01,35.0,36.0,red\none,2,soon,,35,36,red\n")
    two.write_text(HEAD + "two,1,2016-03-02,,35.01,36.0,crimson\ntwo,2,2016-03-02,2016-03-03,35.0,36.0,crimson\n")
    classes.write_text(CLASSES)
    return one, two, classes


def test_two_reports_of_one_shelling_are_one_incident(reports: Path) -> None:
    """The incident has the smaller id, both reports, and what they differ in with who says it."""
    answer = find_duplicates([reports], Search(), SHIPPED / "agreement.yaml")
    assert [(one["id"], one["reports"]) for one in answer["incidents"]] == [("r-0", ["r-0", "r-1"]), ("r-2", ["r-2"])]
    assert answer["incidents"][0]["disagreements"] == {"killed": {"3": ["r-0"], "5": ["r-1"]}}
    assert [(one["a"], one["b"]) for one in answer["pairs"]] == [("r-0", "r-1")]
    assert answer["count"] == {"low": 2, "high": 2}


def test_a_bare_file_is_read_by_the_shipped_agreement(reports: Path) -> None:
    """Who has only reports needs no agreement of his own, and gets the same answer."""
    assert find_duplicates([reports], Search()) == find_duplicates([reports], Search(), SHIPPED / "agreement.yaml")


def test_a_case_folder_answers_like_its_files(reports: Path, tmp_path: Path) -> None:
    """What was added to a case is held against itself like the files it came from."""
    case = init_case(tmp_path / "case", SHIPPED / "agreement.yaml")
    add_files(case, [reports])
    mine, theirs = find_duplicates([tmp_path / "case"], Search()), find_duplicates([reports], Search())
    assert {**mine, "warnings": []} == {**theirs, "warnings": []}
    with pytest.raises(InputError, match="its own agreement"):
        find_duplicates([tmp_path / "case"], Search(), SHIPPED / "agreement.yaml")


def test_people_overrule_the_model(reports: Path) -> None:
    """A ruling of the record splits what is certain, and a later one joins it again."""
    bench = open_agreement(SHIPPED / "agreement.yaml")
    table = read_evidence(reports, bench, known_at=1 << 34).table
    ids, pairs, split = table.column("id").to_pylist(), pairs_of(table, bench), [Ruling("r-0", "r-1", DIFFERENT, 7)]
    assert [(one.a, one.b) for one in pairs] == [("r-0", "r-1")]
    assert len(incidents_of(ids, pairs).incidents) == 2
    assert len(incidents_of(ids, pairs, split).incidents) == 3
    assert len(incidents_of(ids, pairs, [*split, Ruling("r-0", "r-1", SAME, 8)]).incidents) == 2


def test_a_pair_is_explained_and_a_stranger_is_refused(reports: Path) -> None:
    """Each comparison has its level and weight; reports that do not meet have none."""
    why = find_duplicates([reports], Search(why=("r-1", "r-0")))["why"]
    assert (why["a"], why["b"], why["is_one"]) == ("r-0", "r-1", True)
    assert {"comparison": "place", "level": "named", "bits": pytest.approx(2.9, abs=0.5)} in why["because"]
    assert find_duplicates([reports], Search(why=("r-0", "r-2")))["why"]["because"] == []
    with pytest.raises(InputError, match="no report `x`"):
        find_duplicates([reports], Search(why=("r-0", "x")))


def test_doubtful_pairs_say_what_would_settle_them() -> None:
    """A person who is asked is told what to find out; counts carry both worlds."""
    answer = find_duplicates([SHIPPED / "reports.jsonl"], Search())
    assert answer["unresolved"]
    assert all(one["settles"] and len(one["reports"]) == 2 for one in answer["unresolved"])
    chances = [one["probability"] for one in answer["unresolved"]]
    assert chances == sorted(chances, reverse=True)
    assert answer["count"]["low"] < answer["count"]["high"] < answer["of_acts"] < answer["reports"]


def test_coded_events_are_matched_by_windows(coded: tuple[Path, Path, Path]) -> None:
    """Tables with taxonomies, in the order given; an unreadable row is told; an episode is left to people."""
    for search, paths in ((Search(taxonomies=coded[2:]), coded[:2]), (Search(), coded)):
        answer = find_duplicates(paths, search)
        assert [one["reports"] for one in answer["incidents"]] == [["one:1", "two:1"], ["two:2"]]
        assert answer["pairs"] == [{"a": "one:1", "b": "two:1", "probability": 1.0, "fit": 0.0}]
        assert answer["flagged"] == [{"event": "one:1", "episode": "two:2"}]
        assert answer["count"] == {"low": 1, "high": 2}
        assert answer["rejected"] == 1
        assert answer["warnings"] == ["one.csv:3: date: expected a number"]


def test_reports_can_be_matched_by_windows_instead(reports: Path) -> None:
    """The same case by the other method: issuers are the data sets."""
    answer = find_duplicates([reports], Search(method="windows"))
    assert [one["reports"] for one in answer["incidents"]] == [["r-0", "r-1"], ["r-2"]]


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (Search(method="magic"), "expected the method"), (Search(taxonomies=(Path("x"),)), "tables of coded events"),
        (Search(method="windows", why=("r-0", "r-1")), "`--why` explains"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_refused(reports: Path, search: Search, message: str) -> None:
    """One line says what the option is for."""
    with pytest.raises(InputError, match=message):
        find_duplicates([reports], search)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "model"}, "matched by `--method windows`"), ({"taxonomies": 2}, "has no column"),
        ({"extra": True}, "matched among themselves"),
    ],
)  # fmt: skip
def test_coded_events_with_the_wrong_companions_are_refused(
    coded: tuple[Path, Path, Path], reports: Path, change: dict[str, Any], message: str
) -> None:
    """A model for texts, a taxonomy of no column, reports beside coded events: refused in one line."""
    other = coded[0].with_name("tax_shape.csv")
    other.write_text(CLASSES)
    search = Search(change.get("method", ""), taxonomies=(other,) if "taxonomies" in change else ())
    with pytest.raises(InputError, match=message):
        find_duplicates([*coded[:2], *([reports] if "extra" in change else [])], search)


@pytest.mark.parametrize("content", [b"\xff\xfed\x00a\x00", b"", b'"', HEAD.encode() + b'one,"1\n', b"\x00" * 100])
def test_hostile_tables_are_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    """UTF-16, nothing, an open quote, NUL bytes: one fault, no traceback."""
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(InputError):
        find_duplicates([path], Search())


def test_a_huge_number_and_a_day_of_another_order_are_rejected_by_row(coded: tuple[Path, Path, Path]) -> None:
    """Numbers beyond any place, infinity, 1/2/2016: the row is told, the rest is matched."""
    rows = [
        ["one", "3", "1/2/2016", "", "35", "36", ""],
        ["one", "4", "5", "", "1e400", "36", ""],
        ["one", "5", "5", "", "36", "inf", ""],
    ]
    with coded[0].open("a", newline="") as file:
        csv.writer(file).writerows(rows)
    answer = find_duplicates(coded, Search())
    assert answer["rejected"] == 4
    assert len(answer["pairs"]) == 1
