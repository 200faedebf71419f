"""The text after an amendment: what binds before, from when the new wording binds, and what may reach back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.case_files import minsk, shipped
from truceline.agreement.amended import amended
from truceline.agreement.history import History, read_act
from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.assess import spec
from truceline.assess.bans import bans
from truceline.assess.obligations import duties
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.atlas import Atlas
from truceline.evidence.schema import ONE, Named, Observation
from truceline.space import disc
from truceline.span import LONG_AGO, Span, parse_instant
from truceline.verdict import NO, UNKNOWN, YES, Answer, Reason

HEAD = """
truceline: 1
id: pact
tz: UTC
instruments: {I: {from: 2016-03-01, published: 2016-02-20}}
actors:
  us: {kind: guarantor}
  ru: {kind: guarantor}
  tf: {kind: body, members: [us, ru], decides: all}
  un: {kind: humanitarian}
  gov: {kind: state}
  opp: {kind: side}
facts:
  - {accepted: [gov, opp], from: 2016-02-25}
zones:
  square: {polygon: [[36.0, 35.0], [36.2, 35.0], [36.2, 35.2], [36.0, 35.2]]}
  both: {union: [square]}
terms:
"""
FIRST = (
    "  - {id: ban, kind: prohibit, who: gov, does: fly, in: square, instrument: I}\n"
    "  - {id: wide, kind: prohibit, who: gov, does: presence, in: both, instrument: I}\n"
    "  - {id: grant, kind: require, who: gov, instrument: I, on: {request: access, by: un}, do: let-in,"
    " proof: record, within: P1D}\n"
    "  - {id: season, kind: define, is: {at: 2016-06-01}}\n"
)
AT = parse_instant("2016-05-01", "UTC")


def text(terms: str, head: str = HEAD) -> Agreement:
    """A text with these terms."""
    return load((head + terms).encode(), "pact.yaml")


BEFORE = text(FIRST)


def second(when: str) -> int:
    """A second."""
    return parse_instant(when, "UTC")


def flight(when: str, act: str = "fly", where: tuple[float, float] = (36.1, 35.1)) -> Observation:
    """A deed of the government somewhere at a second."""
    at = second(when)
    return Observation("r", at, at + 1, impact=disc(*where, 100), actor=Named(("gov",), ONE), acts=(act,))


def judged(agreement: Agreement, report: Observation, *acts: Mapping[str, object]) -> dict[str, Answer]:
    """What every term says of a report."""
    history = History(agreement, [read_act({"id": f"a{i}", **act}, "UTC", 0) for i, act in enumerate(acts)])
    law = Law(history.as_known(), Placed(agreement.zones, Atlas()))
    return {term: spec.judge(report, term, law).covered for term in law.terms}


def covering(agreement: Agreement, report: Observation, *acts: Mapping[str, object]) -> set[str]:
    """The prohibitions that surely cover a report."""
    found = judged(agreement, report, *acts)
    return {key for key, term in agreement.terms.items() if term.kind == "prohibit" and found[key].value == YES}


def owed(agreement: Agreement, at: str, *acts: Mapping[str, object]) -> dict[str, set[str]]:
    """Every duty to every state it can be in."""
    history = History(agreement, [read_act({"id": f"a{i}", **act}, "UTC", 0) for i, act in enumerate(acts)])
    found: dict[str, set[str]] = {}
    for duty in duties(history.as_known(), second(at)):
        found.setdefault(duty.term, set()).update(duty.states)
    return found


def kept(agreement: Agreement, at: str, *acts: Mapping[str, object]) -> dict[str, set[str]]:
    """Every prohibition to every state it can be in."""
    history = History(agreement, [read_act({"id": f"a{i}", **act}, "UTC", 0) for i, act in enumerate(acts)])
    return {ban.term: set(ban.states) for ban in bans(history.as_known(), second(at))}


# -- nothing changed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whole", [BEFORE, shipped(), minsk()], ids=["pact", "syria", "minsk"])
@given(at=st.integers(LONG_AGO + 1, second("2030-01-01")))
def test_an_amendment_that_changes_nothing_is_the_text(whole: Agreement, at: int) -> None:
    """The same text signed anew forbids the same, from the same moments on."""
    assert amended(whole, whole, at) == whole


def test_what_is_only_shown_changes_no_rule() -> None:
    """A better translation or another remark is no new prohibition."""
    after = text(FIRST.replace("in: square,", "in: square, note: corrected spelling, source: annex,"))
    assert amended(BEFORE, after, AT).terms["ban"].since is None
    assert set(amended(BEFORE, after, AT).terms) == set(BEFORE.terms)


# -- what forbids never reaches back ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "act", "expected"),
    [
        ("2016-04-30T23:59:59", "fly", {"ban~1"}),
        ("2016-05-01T00:00:00", "fly", set()),
        ("2016-04-30T23:59:59", "attack", set()),
        ("2016-05-01T00:00:00", "attack", {"ban"}),
    ],
)
def test_the_old_wording_binds_before_and_the_new_one_after(when: str, act: str, expected: set[str]) -> None:
    """Corner case 8: a prohibition never reaches back, and the old one holds to the last second before."""
    after = amended(BEFORE, text(FIRST.replace("does: fly", "does: attack")), AT)
    assert covering(after, flight(when, act)) == expected


def test_a_new_prohibition_does_not_reach_back() -> None:
    """Corner case 8: what nobody had forbidden was not forbidden, whatever is signed later."""
    after = amended(BEFORE, text(FIRST + "  - {id: new, kind: prohibit, who: gov, does: recruit}\n"), AT)
    assert covering(after, flight("2016-04-30", "recruit")) == set()
    assert covering(after, flight("2016-05-02", "recruit")) == {"new"}


def test_a_new_prohibition_is_open_for_a_report_over_its_first_second() -> None:
    """On which side of the amendment it was is not known: 0 for time, in the old wording and in the new."""
    after = amended(BEFORE, text(FIRST.replace("does: fly", "does: [fly, attack]")), AT)
    over = replace(flight("2016-04-30T12:00"), end=second("2016-05-01T12:00"))
    found = judged(after, over)
    assert {term: found[term].reasons for term in ("ban", "ban~1")} == dict.fromkeys(("ban", "ban~1"), (Reason.TIME,))


def test_a_prohibition_that_was_taken_out_forbade_until_then() -> None:
    """Who broke it before it was taken out broke it."""
    after = amended(BEFORE, text(FIRST.partition("\n")[2]), AT)
    assert covering(after, flight("2016-04-30")) == {"ban~1"}
    assert covering(after, flight("2016-05-02")) == set()


def test_a_prohibition_that_became_a_definition_forbade_until_then() -> None:
    """Another kind under the same id takes nothing back of what was forbidden."""
    rest = FIRST.partition("\n")[2]
    after = amended(BEFORE, text(rest + "  - {id: ban, kind: define, is: {at: 2016-06-01}}\n"), AT)
    assert covering(after, flight("2016-04-30")) == {"ban~1"}


def test_an_earlier_start_of_an_instrument_does_not_reach_back() -> None:
    """Terms share the window of their instrument: a window that was opened later on paper opens no past."""
    after = amended(BEFORE, text(FIRST, HEAD.replace("from: 2016-03-01", "from: 2016-01-01")), AT)
    assert covering(after, flight("2016-02-01")) == set()


def test_an_earlier_definition_does_not_pull_a_prohibition_back() -> None:
    """A definition may reach back; a prohibition that begins with it does not."""
    dated = FIRST.replace("kind: prohibit,", "kind: prohibit, from: opening,", 1)
    old, new = (
        f"{dated}  - {{id: opening, kind: define, is: {{at: {day}}}}}\n" for day in ("2016-03-20", "2016-01-01")
    )
    after = amended(text(old), text(new), AT)
    assert covering(after, flight("2016-03-10")) == set()
    assert covering(after, flight("2016-03-25")) == {"ban~1"}
    assert after.terms["opening"].body["is"] == {"at": "2016-01-01"}


def test_a_wider_class_of_acts_does_not_reach_back() -> None:
    """What was no flight when it was done is none by a later list."""
    old = HEAD.replace("terms:", "acts: {hover: [drone-hover]}\nterms:")
    new = HEAD.replace("terms:", "acts: {fly: [drone-hover]}\nterms:")
    after = amended(text(FIRST, old), text(FIRST, new), AT)
    assert covering(after, flight("2016-04-01", "drone-hover")) == set()


def test_amendments_follow_one_another() -> None:
    """Three wordings, each for its own time; none of the first two is lost or lengthened."""
    later = parse_instant("2016-07-01", "UTC")
    once = amended(BEFORE, text(FIRST.replace("does: fly", "does: attack")), AT, 1)
    twice = amended(once, text(FIRST.replace("does: fly", "does: recruit")), later, 2)
    found = [covering(twice, flight(when, act)) for when in ("2016-04-01", "2016-06-01", "2016-08-01")
             for act in ("fly", "attack", "recruit")]  # fmt: skip
    nothing: set[str] = set()
    assert found == [{"ban~1"}, nothing, nothing, nothing, {"ban~2"}, nothing, nothing, nothing, {"ban"}]


def test_a_wording_that_comes_back_binds_from_its_return_on() -> None:
    """The same words signed anew are no memory of the time between."""
    later = parse_instant("2016-07-01", "UTC")
    once = amended(BEFORE, text(FIRST.replace("does: fly", "does: attack")), AT, 1)
    back = amended(once, BEFORE, later, 2)
    assert [covering(back, flight(when)) for when in ("2016-04-01", "2016-06-01", "2016-08-01")] == [
        {"ban~1"}, set(), {"ban"},
    ]  # fmt: skip


@given(
    at=st.integers(second("2016-03-02"), second("2016-12-01")),
    when=st.integers(second("2016-03-01"), second("2017-01-01")),
)
def test_at_every_second_exactly_one_wording_binds(at: int, when: int) -> None:
    """No gap and no overlap between the old wording and the new one."""
    after = amended(BEFORE, text(FIRST.replace("in: square,", "in: square, to: opp,", 1)), at)
    standing, moment = History(after).as_known(), Span(when, when + 1)
    found = {term: standing.window(term).during(moment).value for term in ("ban", "ban~1")}
    assert found == ({"ban": NO, "ban~1": YES} if when < at else {"ban": YES, "ban~1": NO})


# -- what defines and permits may ------------------------------------------------------------------------------------

DEFENCE = "  - {id: leave, kind: permit, who: gov, does: fly, except: [ban], burden: none, instrument: I}\n"


def test_an_exception_reaches_back() -> None:
    """Corner case 8: what is permitted later may be permitted for before, for the old wording too."""
    after = amended(BEFORE, text(FIRST.replace("does: fly", "does: [fly, attack]", 1) + DEFENCE), AT)
    assert covering(after, flight("2016-04-01")) == set()
    assert after.terms["leave"].except_ == ("ban", "ban~1")


def test_an_exception_reaches_back_through_two_amendments() -> None:
    """An exception to a term is one to every wording that it had."""
    later = parse_instant("2016-07-01", "UTC")
    once = amended(BEFORE, text(FIRST.replace("does: fly", "does: [fly, attack]", 1)), AT, 1)
    twice = amended(once, text(FIRST.replace("does: fly", "does: [fly, gain]", 1) + DEFENCE), later, 2)
    assert [covering(twice, flight(when)) for when in ("2016-04-01", "2016-06-01", "2016-08-01")] == [set()] * 3


def test_a_definition_reaches_back() -> None:
    """Corner case 8: a moment that is defined anew is that moment, whenever it is asked."""
    after = amended(BEFORE, text(FIRST.replace("2016-06-01", "2016-03-15")), AT)
    standing = History(after).as_known()
    assert standing.window("season").during(Span(second("2016-04-01"), second("2016-04-02"))).value == YES


# -- zones -----------------------------------------------------------------------------------------------------------

MOVED = HEAD.replace("[[36.0, 35.0], [36.2, 35.0], [36.2, 35.2], [36.0, 35.2]]",
                     "[[36.5, 35.0], [36.7, 35.0], [36.7, 35.2], [36.5, 35.2]]")  # fmt: skip


@pytest.mark.parametrize(
    ("when", "lon", "expected"),
    [
        ("2016-04-01", 36.1, {"ban~1"}),
        ("2016-04-01", 36.6, set()),
        ("2016-06-01", 36.1, set()),
        ("2016-06-01", 36.6, {"ban"}),
    ],
)
def test_a_corrected_polygon_is_an_amendment(when: str, lon: float, expected: set[str]) -> None:
    """Corner case 10: before it the polygon that was signed counts, after it the corrected one."""
    after = amended(BEFORE, text(FIRST, MOVED), AT)
    assert covering(after, flight(when, where=(lon, 35.1))) == expected


def test_a_corrected_part_of_a_union_is_an_amendment_too() -> None:
    """Corner case 10: a zone is what its parts are."""
    after = amended(BEFORE, text(FIRST, MOVED), AT)
    found = [covering(after, flight(when, "presence", (lon, 35.1))) for when in ("2016-04-01", "2016-06-01")
             for lon in (36.1, 36.6)]  # fmt: skip
    assert found == [{"wide~1"}, set(), set(), {"wide"}]


def test_a_new_name_of_a_zone_for_display_is_no_correction() -> None:
    """Names that are only shown decide nothing."""
    named = text(FIRST, HEAD.replace("square: {", "square: {names: {en: The square}, "))
    assert amended(BEFORE, named, AT).terms["ban"].since is None


# -- duties and prohibitions in time ---------------------------------------------------------------------------------

SHORTER = text(FIRST.replace("within: P1D", "within: PT6H"))
ASKED = {"act": "request", "by": "un", "of": "access", "at": "2016-04-10T08:00"}
GIVEN = {"act": "perform", "by": "gov", "of": "grant", "at": "2016-04-10T18:00"}
FOUND = {"act": "finding", "by": ["us", "ru"], "at": "2016-04-10", "holds": "breach", "term": "ban", "against": "gov"}


def test_a_duty_that_arose_before_is_owed_as_it_was_worded_then() -> None:
    """Corner case 8: a shorter deadline that is signed later makes nothing late that was in time."""
    found = owed(amended(BEFORE, SHORTER, AT), "2016-04-10T15:00", ASKED)
    assert (found["grant~1"], found["grant"]) == ({"active"}, {"dormant"})


def test_a_duty_that_arises_after_is_owed_as_it_is_worded_now() -> None:
    """The old wording sets nothing going once it was replaced."""
    found = owed(amended(BEFORE, SHORTER, AT), "2016-05-10T16:00", {**ASKED, "at": "2016-05-10T08:00"})
    assert (found["grant~1"] <= {"dormant", "void"}, found["grant"]) == (True, {"breached"})


def test_what_was_done_before_an_amendment_stays_done() -> None:
    """Who granted in time under the old wording is in no breach because the text was amended."""
    assert owed(amended(BEFORE, SHORTER, AT), "2016-06-01", ASKED, GIVEN)["grant~1"] == {"fulfilled"}


def test_a_breach_that_was_found_before_an_amendment_stays_found() -> None:
    """Old verdicts are kept: the finding spoke of the wording that was in force."""
    found = kept(amended(BEFORE, text(FIRST.replace("does: fly", "does: attack")), AT), "2016-06-01", FOUND)
    assert found["ban~1"] == {"breached"}
    assert found["ban"] == {"kept"}


def test_a_prohibition_that_was_replaced_has_ended_and_the_new_one_is_kept() -> None:
    """In the list of prohibitions both wordings stand, one of them over."""
    found = kept(amended(BEFORE, text(FIRST.replace("does: fly", "does: attack")), AT), "2016-06-01")
    assert (found["ban~1"], found["ban"]) == ({"ended"}, {"kept"})
    before = kept(amended(BEFORE, text(FIRST.replace("does: fly", "does: attack")), AT), "2016-04-01")
    assert (before["ban~1"], before["ban"]) == ({"kept"}, {"not-in-force"})


def test_an_amendment_answers_nothing_that_the_text_did_not_ask() -> None:
    """A term that was not touched gives the same answer before and after, with the same reasons."""
    after = amended(BEFORE, text(FIRST.replace("does: fly", "does: attack")), AT)
    report = flight("2016-04-01", "presence", (36.2, 35.1))
    assert judged(after, report)["wide"] == judged(BEFORE, report)["wide"]
    assert judged(BEFORE, report)["wide"].value == UNKNOWN
