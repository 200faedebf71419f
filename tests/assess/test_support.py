"""Support: how many independent lines of what grade stand behind a report, and what an admission is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.acts import ActTree
from truceline.assess.columns import Columns
from truceline.assess.support import Needs, Weighing
from truceline.errors import AgreementError, InputError
from truceline.evidence.schema import region_row, table_of
from truceline.evidence.sources import Mouth, Sources, read_sources
from truceline.group import Group, Party
from truceline.space import NOWHERE

HEAD = "text,line,party,letter,relays,source,tag\n"
SOURCES = read_sources(
    (HEAD + "Monitor A,,,B,,x,M\nMonitor B,,,C,,x,M\nTabloid,,,E,,x,M\nStaff of North,north,north,D,,x,M\n"
    "Friends of A,monitor a,,B,,x,M\nDigest,,,B,true,x,M\nNobody Known,,,F,,x,M\n").encode()
)  # fmt: skip
GROUP = Group([Party("north", "state"), Party("north-air", "force", part_of="north"), Party("south", "state")])
NEEDS = Needs(lines=2, grade="C2", admission=True)
ROW: dict[str, Any] = {
    "source": "reports", "start": 0, "end": 60, "impact": region_row(NOWHERE), "actor": ["north"],
    "actor_mode": "one", "target": ["south"], "target_mode": "one", "act": ["shelling"],
}  # fmt: skip


def supported(*said: dict[str, Any], needs: Needs = NEEDS, grades: dict[str, str] | None = None) -> list[int]:
    """What the reports of one incident are worth; each is `ROW` with changes."""
    rows = [{**ROW, "id": f"r-{i}", **one} for i, one in enumerate(said)]
    table = table_of(rows)
    weighing = Weighing(needs, SOURCES, GROUP, ActTree({}), grades or {}, [[row["id"] for row in rows]])
    return [int(one) for one in weighing.supported(table, Columns.of_table(table))]


def by(name: str, **other: Any) -> dict[str, Any]:  # noqa: ANN401  # a value of a row
    """A report by a source."""
    return {"asserted_by": name, **other}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ([by("Monitor A"), by("Monitor B")], [1, 1]),
        ([by("Monitor A")], [0]),
        ([by("Monitor A"), by("Monitor A", publisher="Another Paper")], [0, 0]),
        ([by("Monitor A"), by("Friends of A")], [0, 0]),
        ([by("Monitor A"), by("Digest"), by("Digest")], [0, 0, 0]),
        ([by("Monitor A"), by("Tabloid")], [0, 0]),
        ([by("Monitor A"), by("Nobody Known")], [0, 0]),
        ([by("Monitor A"), by("A Stranger")], [0, 0]),
        ([by("Tabloid", chain=["Monitor B"]), by("Monitor A")], [1, 1]),
        ([by("Staff of North")], [1]),
        ([by("Staff of North", actor=["north-air"])], [1]),
        ([by("Staff of North", actor=["south"], target=["north"])], [0]),
        ([by("Staff of North", act=[])], [0]),
        ([by("Staff of North", actor=["north", "south"], actor_mode="either")], [0]),
        ([by("Staff of North", unordered=True)], [0]),
        ([by("Monitor A"), by("Monitor B", actor=["south"])], [0, 0]),
        ([by("Monitor A"), by("Monitor B", actor=[], actor_mode="unknown")], [0, 1]),
        ([by("Monitor A", actor_mode=None), by("Monitor B", actor=[], actor_mode=None)], [0, 1]),
        ([by("Monitor A", act=["attack"]), by("Monitor B", act=["mortar"])], [1, 0]),
        ([by("Monitor A", act=["air-strike"]), by("Monitor B", act=["mortar"])], [0, 0]),
    ],
    ids=[
        "two lines", "one", "one twice", "one mouth", "who gathers", "low letter", "F", "not in the table", "who first",
        "admission", "of a part", "accusation", "unknown act", "one of two", "no direction", "another actor",
        "who names nobody", "a mode left out", "a class and its kind", "another act",
    ],
)  # fmt: skip
def test_what_supports_a_report(said: list[dict[str, Any]], value: list[int]) -> None:
    """Two independent lines that say the same, or the word of whoever acted; nothing else, however often it is told."""
    assert supported(*said) == value


def test_a_grade_that_a_person_gave_beats_the_rule() -> None:
    """Who judges a report lower takes its support away; who judges it higher cannot lift its source over itself."""
    said = [by("Monitor A"), by("Monitor B")]
    assert supported(*said, grades={"r-1": "C4"}) == [0, 0]
    assert supported(*said, grades={"r-1": "B1"}) == [1, 1]
    assert supported(by("Monitor A"), by("Tabloid", grade="B2")) == [1, 1]
    assert supported(by("Monitor A"), by("Tabloid", grade="B2"), grades={"r-1": "E2"}) == [0, 0]


def test_what_the_terms_ask_for_is_read_from_the_terms() -> None:
    """One line may do where the parties signed so; where they signed nothing, nothing is supported."""
    assert supported(by("Monitor A", grade="B2"), needs=Needs(1, True, "C2")) == [1]
    assert supported(by("Monitor A"), needs=Needs(1, True, "C2")) == [0]
    assert supported(by("Monitor A"), by("Monitor A"), needs=Needs(2, False, "C2")) == [0, 0]
    graded = [by("Monitor A", grade="B2"), by("Monitor A", grade="B2")]
    assert supported(*graded, needs=Needs(2, False, "C2")) == [1, 1]
    assert supported(by("Staff of North"), needs=Needs(2)) == [0]
    assert supported(by("Monitor A"), by("Monitor B"), needs=Needs.of({})) == [0, 0]


@pytest.mark.parametrize("asked", [{"lines": 0}, {"lines": True}, {"lines": "2"}, {"grade": "G2"}, {"grade": 2}, 7])
def test_terms_that_ask_for_no_number_or_grade_are_refused(asked: object) -> None:
    """A text that nobody can apply is told to its drafter."""
    with pytest.raises(AgreementError, match=r"evidence\.supported"):
        Needs.of({"supported": asked})


SAID = st.lists(
    st.builds(
        lambda name, actor, act, grade: by(
            name, actor=actor, actor_mode="one" if actor else "unknown", act=act, grade=grade
        ),
        st.sampled_from(["Monitor A", "Monitor B", "Tabloid", "Staff of North", "Friends of A", "Digest", "X"]),
        st.sampled_from([["north"], ["north-air"], ["south"], []]),
        st.sampled_from([["shelling"], ["mortar"], ["attack"], []]),
        st.sampled_from([None, "A1", "C2", "C3", "F6"]),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


@given(SAID, st.randoms(use_true_random=False))
def test_support_is_one_whatever_the_order(said: list[dict[str, Any]], random: Any) -> None:  # noqa: ANN401
    """No order of arrival decides anything."""
    order = list(range(len(said)))
    random.shuffle(order)
    turned = supported(*(said[i] for i in order))
    assert [turned[order.index(i)] for i in range(len(said))] == supported(*said)


@given(SAID, SAID)
def test_a_further_report_takes_no_support_away(said: list[dict[str, Any]], more: list[dict[str, Any]]) -> None:
    """More evidence turns a 0 into +1 and never back: the monotone law of this column."""
    before, after = supported(*said), supported(*said, *more)
    assert np.all(np.array(after[: len(said)]) >= np.array(before))


@given(SAID)
def test_who_repeats_adds_nothing(said: list[dict[str, Any]]) -> None:
    """The same words of the same mouth, printed again, change no answer."""
    assert supported(*said, *said)[: len(said)] == supported(*said)


def test_the_table_of_sources_names_its_faults() -> None:
    """A letter that is none, a name that stands twice, a column that is missing: line and field."""
    with pytest.raises(InputError, match=r"sources.csv:2: letter: expected a letter A to F, got `G`"):
        read_sources((HEAD + "A,,,G,,x,M\n").encode())
    with pytest.raises(InputError, match=r"sources.csv:3: text: stands in the table twice: `a`"):
        read_sources((HEAD + "A,,,B,,x,M\na,,,B,,x,M\n").encode())
    with pytest.raises(InputError, match="missing letter"):
        read_sources(b"text,line,party,relays,source,tag\n")
    assert read_sources(b"").mouth("Anybody") == Mouth("anybody", "", "F")
    assert Sources().of_row({"chain": ["Agency", "Paper"], "asserted_by": "Paper"}).line == "agency"
