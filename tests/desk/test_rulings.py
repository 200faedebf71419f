"""Rulings: who may overrule the program, on what, and which ruling stands at which entry of the record."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.bench import NOW, SHIPPED, lines
from truceline import desk
from truceline.desk import keyring, records
from truceline.desk.charters import new_charter
from truceline.desk.records import Draft
from truceline.desk.rulings import WITHDRAWN, Ruling, Rulings, questions, rulings_of, standing
from truceline.errors import SubmissionError
from truceline.record.audit import Trust, audit
from truceline.store.folder import CaseFolder
from truceline.store.source import FolderSource

PARTIES = ("us", "ru", "hnc", "un", "mission", "gov")
MONITOR = b"  un: {kind: humanitarian,"


def clock() -> int:
    """The second at which everything is said."""
    return NOW


@pytest.fixture(scope="module")
def _founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with four reports; beside the shipped actors there is a monitoring mission."""
    folder = tmp_path_factory.mktemp("rulings")
    text = folder / "agreement.yaml"
    shutil.copytree(SHIPPED, folder / "text")
    data = (folder / "text" / "agreement.yaml").read_bytes()
    text = folder / "text" / "agreement.yaml"
    text.write_bytes(data.replace(MONITOR, b"  mission: {kind: monitor}\n" + MONITOR, 1))
    sets = [keyring.key_set(party) for party in PARTIES]
    case = desk.init_case(folder / "case", text, new_charter("ruled", parties=sets), known_at=NOW)
    (folder / "reports.jsonl").write_bytes(b"".join(lines({}, {}, {}, {})))
    desk.add_files(case, [folder / "reports.jsonl"], known_at=NOW)
    case.store.close()
    return folder / "case"


@pytest.fixture
def case(_founded: Path, tmp_path: Path) -> Iterator[CaseFolder]:
    """A copy of it; afterwards the record is audited whole."""
    made = CaseFolder.open(Path(shutil.copytree(_founded, tmp_path / "case")))
    yield made
    assert audit(FolderSource(made.store.folder), Trust()).faults == []


def body(what: str, *reports: str, value: str = "", **more: Any) -> dict[str, Any]:  # noqa: ANN401  # any field
    """A ruling as it is written."""
    made = {"what": what, "reports": list(reports), "reason": "two people read both", **more}
    return {**made, "value": value} if value else made


def ruled(case: CaseFolder, what: str, *reports: str, value: str = "", by: str = "desk") -> int:
    """Append a ruling; its index."""
    return records.append(case, [Draft("ruling", body(what, *reports, value=value), by)], clock)[0].index


def test_the_latest_ruling_on_each_question_stands_and_nothing_is_erased(case: CaseFolder) -> None:
    """Who decides anew decides; what was decided before is still what it was at its entry."""
    first = ruled(case, "same", "r-0", "r-1", "r-2")
    grade = ruled(case, "grade", "r-0", "r-1", value="C3")
    second = ruled(case, "different", "r-2", "r-0", by="mission")
    third = ruled(case, "grade", "r-1", value="D5")
    ruled(case, "place", "r-3", value="SY02")
    now = rulings_of(case)
    assert now.same == {("r-0", "r-1"): first, ("r-1", "r-2"): first}
    assert now.different == {("r-0", "r-2"): second}
    assert now.grades == {"r-0": "C3", "r-1": "D5"}
    assert now.places == {"r-3": "SY02"}
    assert [(one.a, one.b, one.says, one.index) for one in now.pairs] == [
        ("r-0", "r-1", "same", first), ("r-0", "r-2", "different", second), ("r-1", "r-2", "same", first),
    ]  # fmt: skip
    then = rulings_of(case, second)
    assert (len(then.same), then.different, then.grades) == (3, {}, {"r-0": "C3", "r-1": "C3"})
    assert now.entries["grade", "r-1"] == third
    assert now.entries["grade", "r-0"] == grade
    assert len(case.said("ruling")) == 5
    assert rulings_of(case, first) == Rulings()


def test_a_withdrawn_ruling_gives_the_question_back_to_the_program(case: CaseFolder) -> None:
    """An error of a person must not bind for ever: the program's own answer is what is left."""
    ruled(case, "same", "r-0", "r-1")
    ruled(case, "grade", "r-0", value="B2")
    ruled(case, "same", "r-1", "r-0", value=WITHDRAWN)
    ruled(case, "grade", "r-0", value=WITHDRAWN)
    assert rulings_of(case) == Rulings()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (body("same", "r-0"), "`reports`: expected 2"),
        (body("same", "r-0", "r-0"), "`reports`: expected 2"),
        (body("same", "r-0", "r-9"), "the case holds no report `r-9`"),
        (body("same", *(f"x{i}" for i in range(65))), "`reports`: expected 2 to 64"),
        (body("same", "r-0", "r-1", value="yes"), "`value`: expected none"),
        (body("grade", "r-0"), "`value`: expected a grade"),
        (body("grade", "r-0", value="G2"), "`value`: expected a grade"),
        (body("grade", "r-0", value="C2 "), "`value`: expected a grade"),
        (body("place", "r-0", value="the bakery"), "`value`: expected a unit"),
        (body("place", "r-0", value="36.2021, 37.1343"), "position"),
        (body("place", "r-0", value="872d8aaffffffff"), "cell of resolution"),
        (body("support", "r-0", value="no") | {"value": "maybe"}, "`value`: expected yes or no"),
        (body("support", "r-0", value="yes"), "waived by a body"),
        (body("guilt", "r-0", value="yes"), "`what`"),
        (body("grade", "r-0", value="C2") | {"reason": " "}, "`reason`"),
        (body("grade", "r-0", value="C2") | {"reason": "x" * 2001}, "`reason`"),
        (body("grade", "r-0", value="C2") | {"person": "N. N."}, "person"),
        (body("grade", "r-0", value="C2", body="hnc"), "is of the side"),
        (body("grade", "r-0", value="C2", body="un"), "expected a body"),
        (body("grade", "r-0", value="C2", body="tf"), "signed by all its members"),
    ],
)
def test_what_is_no_ruling_is_refused_in_one_line(case: CaseFolder, wrong: dict[str, Any], why: str) -> None:
    """A ruling that names no report of the case, or answers what was not asked, would decide nothing."""
    with pytest.raises(SubmissionError, match=why) as caught:
        records.append(case, [Draft("ruling", wrong)], clock)
    assert "\n" not in str(caught.value)
    assert not case.said("ruling")


@pytest.mark.parametrize("by", ["us", "ru", "gov", "un"])
def test_a_party_does_not_rule_alone(case: CaseFolder, by: str) -> None:
    """Who may be judged by a report does not decide what the report is: he says so in an answer."""
    with pytest.raises(SubmissionError, match="rules with others only"):
        ruled(case, "grade", "r-0", value="E5", by=by)


def test_a_body_of_one_side_does_not_rule(case: CaseFolder) -> None:
    """The committee of one side is that side."""
    with pytest.raises(SubmissionError, match="is of the side"):
        ruled(case, "same", "r-0", "r-1", by="hnc")


def test_a_body_rules_by_all_its_members(case: CaseFolder) -> None:
    """Both sides of a task force together may decide, and they alone may say that a report is supported."""
    wanted = body("support", "r-0", value="yes", body="tf")
    entry, beside = records.prepare(case, Draft("ruling", wanted, "us"), clock)
    with pytest.raises(SubmissionError, match="not by ru"):
        records.submit(case, entry, beside, clock)
    records.submit(case, records.cosign_entry(case, entry, "ru"), beside, clock)
    assert rulings_of(case).support == {"r-0": True}
    ruled(case, "support", "r-0", value="no")
    assert rulings_of(case).support == {"r-0": False}


def test_a_ruling_carries_no_files(case: CaseFolder) -> None:
    """What is decided stands in words: a file beside it could hold anything."""
    with pytest.raises(SubmissionError, match="without files"):
        records.append(case, [Draft("ruling", body("same", "r-0", "r-1"), files={"a.jpg": b"x"})], clock)


IDS = "abcd"
RULING = st.builds(
    lambda what, reports, value: Ruling(what, tuple(reports), "why", value=value),
    st.sampled_from(["same", "different", "grade"]),
    st.lists(st.sampled_from(IDS), min_size=2, max_size=4, unique=True),
    st.sampled_from(["", WITHDRAWN]),
)


@given(st.lists(RULING, max_size=12), st.randoms())
def test_standing_depends_on_the_indexes_alone(made: list[Ruling], random: Any) -> None:  # noqa: ANN401  # of hypothesis
    """In whatever order entries are read: each question is answered once, by the highest index that answers it."""
    said = list(enumerate(made))
    mixed = said[:]
    random.shuffle(mixed)
    found = standing(mixed)
    assert found == standing(said)
    assert not found.same.keys() & found.different.keys()
    for a, b in combinations(IDS, 2):
        asked = [(i, one) for i, one in said if ("pair", a, b) in list(questions(one))]
        last = asked[-1] if asked and asked[-1][1].value != WITHDRAWN else None
        expected = {} if last is None else {last[1].what: last[0]}
        got = {"same": found.same.get((a, b)), "different": found.different.get((a, b))}
        assert {what: index for what, index in got.items() if index is not None} == expected
