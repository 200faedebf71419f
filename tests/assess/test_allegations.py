"""Where an allegation stands: the acts that move it, who may, and the laws that hold for every record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.case_files import FOLDER, cases_of
from truceline.agreement.duties import ALLEGATION
from truceline.agreement.history import History, read_act
from truceline.agreement.model import SignedAct
from truceline.assess.allegations import ASKED_S, Allegation, allegations
from truceline.span import parse_instant

CITES = next(c.agreement for c in cases_of(FOLDER / "duties.yaml") if c.agreement.id == "cites")
LODGED = {"id": "a1", "act": "allege", "by": "beda", "at": "2016-03-05T08:00", "term": "ban", "against": "alba"}
ASKED = {"act": "request", "by": "us", "to": "alba", "at": "2016-03-05T09:00", "about": "a1"}
REPLIED = {"act": "reply", "by": "alba", "at": "2016-03-05T12:00", "about": "a1", "id": "r1"}


def second(when: str) -> int:
    """A second."""
    return parse_instant(when, "UTC")


def stood(at: str, *acts: Mapping[str, Any], known: str | None = None) -> list[Allegation]:
    """Every allegation at a second, as known then."""
    made = [
        read_act({"id": f"x{i}", **act}, "UTC", second(str(act.get("known_at", act["at"]))))
        for i, act in enumerate(acts)
    ]
    return allegations(History(CITES, made).as_known(None if known is None else second(known)), second(at))


def held(by: Any, holds: str, at: str = "2016-03-06", **more: Any) -> dict[str, Any]:  # noqa: ANN401  # plain values
    """A finding about the allegation."""
    about = {"term": "ban", "against": "alba", "about": "a1"}
    return {"act": "finding", "by": by, "at": at, "holds": holds, **about, **more}


@pytest.mark.parametrize(
    ("at", "acts", "state"),
    [
        ("2016-03-05T08:30", [], "lodged"),
        ("2016-03-05T10:00", [ASKED], "asked"),
        ("2016-03-06T08:59:59", [ASKED], "asked"),
        ("2016-03-06T09:00", [ASKED], "unanswered"),
        ("2016-03-06T09:00", [ASKED, REPLIED], "answered"),
        ("2016-03-08", [ASKED, {**REPLIED, "at": "2016-03-07"}], "answered"),
        ("2016-03-07", [ASKED, REPLIED, held("us", "breach")], "assessed"),
        ("2016-03-07", [ASKED, held("us", "breach", "2016-03-06T12:00")], "assessed"),
        ("2016-03-07", [ASKED, REPLIED, held("us", "breach"), held("ru", "breach")], "agreed"),
        ("2016-03-07", [ASKED, REPLIED, held("us", "breach"), held("ru", "no-breach")], "disagreed"),
        ("2016-03-07", [ASKED, REPLIED, held(["us", "ru"], "breach")], "agreed"),
        ("2016-03-07", [ASKED, REPLIED, held(["us", "ru"], "no-breach")], "not-a-breach"),
        ("2016-03-07", [ASKED, REPLIED, held(["us", "ru"], "explained")], "explained"),
        ("2016-03-07", [ASKED, REPLIED, held(["us", "ru"], "repaired")], "repaired"),
        ("2016-03-07", [ASKED, REPLIED, held("alba", "no-breach")], "answered"),
        ("2016-03-07", [ASKED, REPLIED, held(["us", "ru"], "breach", about="other")], "answered"),
        ("2016-03-07", [ASKED, {"act": "withdraw", "by": "beda", "at": "2016-03-06", "about": "a1"}], "withdrawn"),
        ("2016-03-07", [{"act": "withdraw", "by": "alba", "at": "2016-03-06", "about": "a1"}], "lodged"),
        ("2016-03-07", [{"act": "withdraw", "by": "beda", "at": "2016-03-06", "about": "other"}], "lodged"),
    ],
)
def test_an_allegation_stands_where_the_acts_about_it_put_it(
    at: str, acts: Sequence[Mapping[str, Any]], state: str
) -> None:
    """Each act that names the allegation moves it as the table says, and no other act does."""
    assert [one.states for one in stood(at, LODGED, *acts)] == [{state}]


def test_before_its_lodging_there_is_no_allegation() -> None:
    """Nobody stands accused of what nobody has lodged."""
    assert stood("2016-03-05T07:59:59", LODGED) == []
    assert stood("2016-03-06", {**LODGED, "known_at": "2016-03-09"}, known="2016-03-06") == []


def test_an_allegation_keeps_what_was_said_of_it() -> None:
    """Who lodged it, against whom, the replies, who assessed it for itself, and who dissents from the body."""
    (found,) = stood("2016-03-08", LODGED, ASKED, REPLIED, held("us", "breach"),
                     held(["us", "ru"], "undecided", "2016-03-07", dissent="ru"))  # fmt: skip
    assert (found.by, found.against, found.term, found.at) == (("beda",), "alba", "ban", second("2016-03-05T08:00"))
    assert (found.answers, found.assessed_by, found.dissent) == (("r1",), ("us",), ("ru",))


def test_allegations_stand_in_the_order_of_their_lodging() -> None:
    """Two of one second are told apart by their ids, whatever the order of the record."""
    rows = [{**LODGED, "id": "b"}, {**LODGED, "id": "a"}, {**LODGED, "id": "c", "at": "2016-03-01"}]
    assert [one.id for one in stood("2016-03-09", *rows)] == ["c", "a", "b"]


def test_one_act_about_two_allegations_moves_both() -> None:
    """Corner case 18: once they are known to be one incident, both stay and both are moved."""
    both = {**held(["us", "ru"], "no-breach"), "about": ["a1", "a2"]}
    found = stood("2016-03-07", LODGED, {**LODGED, "id": "a2"}, {**ASKED, "about": ["a1", "a2"]},
                  {**REPLIED, "about": ["a1", "a2"]}, both)  # fmt: skip
    assert [(one.id, set(one.states)) for one in found] == [("a1", {"not-a-breach"}), ("a2", {"not-a-breach"})]


def test_an_answer_that_is_owed_for_as_long_as_the_text_says() -> None:
    """Where the text does not say how long to wait, a day is waited."""
    last = second("2016-03-05T09:00") + ASKED_S
    acts = [read_act({"id": f"x{i}", **act}, "UTC", 0) for i, act in enumerate([LODGED, ASKED])]
    standing = History(CITES, acts).as_known()
    assert [allegations(standing, at)[0].states for at in (last - 1, last)] == [{"asked"}, {"unanswered"}]


# -- laws ------------------------------------------------------------------------------------------------------------

FIRST = second("2016-03-05")
named = st.sampled_from([("a1",), ("a2",), ("a1", "a2"), ()])
hours = st.integers(0, 120).map(lambda hour: FIRST + 3_600 * hour)
hands = st.sampled_from([["us"], ["ru"], ["us", "ru"], ["alba"], ["beda"]])
contents: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"act": "acknowledge"}, {"act": "request", "to": "alba"}, {"act": "reply"}, {"act": "withdraw"},
        {"act": "perform", "of": "refer"},
        *({"act": "finding", "term": "ban", "against": "alba", "holds": holds}
          for holds in ("breach", "no-breach", "undecided", "explained", "repaired")),
    ]
)  # fmt: skip
records = st.lists(st.tuples(contents, hands, hours, named), max_size=8).map(
    lambda rows: [
        read_act({**LODGED, "id": "a1"}, "UTC", 0), read_act({**LODGED, "id": "a2", "by": "alba"}, "UTC", 0),
        *(replace(read_act({"id": f"x{i}", "by": by, "at": "2016-03-05", **what}, "UTC", 0), at=at, about=about)
          for i, (what, by, at, about) in enumerate(rows)),
    ]
)  # fmt: skip


def states(record: Sequence[SignedAct], at: int) -> dict[str, frozenset[str]]:
    """Every allegation to its states."""
    return {one.id: one.states for one in allegations(History(CITES, record).as_known(), at)}


@given(record=records, at=hours)
def test_an_allegation_is_in_a_state_of_the_table(record: list[SignedAct], at: int) -> None:
    """Whatever is signed, by whomever: never in none, and never in one that the table does not know."""
    assert all(found and found <= set(ALLEGATION.states) for found in states(record, at).values())


@given(record=records, at=hours)
def test_what_is_signed_later_moves_no_allegation_before(record: list[SignedAct], at: int) -> None:
    """An answer of tomorrow answers nothing today."""
    assert states(record, at) == states([act for act in record if act.at <= at], at)


@given(record=records, at=hours, data=st.data())
def test_the_order_of_a_record_moves_no_allegation(record: list[SignedAct], at: int, data: st.DataObject) -> None:
    """Two readers who hold the same acts in another order find the same."""
    assert states(record, at) == states(data.draw(st.permutations(record)), at)


@given(record=records, at=hours)
def test_what_speaks_of_one_allegation_moves_no_other(record: list[SignedAct], at: int) -> None:
    """Each case is its own: acts about the second leave the first where it was."""
    without = [act for act in record if act.about != ("a2",)]
    assert states(record, at).get("a1") == states(without, at).get("a1")


@given(record=records, at=hours)
def test_a_party_alone_decides_nothing_about_an_allegation(record: list[SignedAct], at: int) -> None:
    """Without an act of both guarantors, or one of each, no allegation is agreed, explained, repaired or decided."""
    alone = [act for act in record if set(act.by) <= {"us", "alba", "beda"}]
    outcomes = {"agreed", "disagreed", "not-a-breach", "explained", "repaired", "referred", "decided"}
    assert all(not found & outcomes for found in states(alone, at).values())
