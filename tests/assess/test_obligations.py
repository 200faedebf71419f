"""Who owes what at a moment: what is shown beside a duty, and the laws that hold for every record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.case_files import FOLDER, cases_of, shipped
from truceline.agreement.duties import DUTY, PROHIBITION
from truceline.agreement.history import History, Readings, Standing, read_act
from truceline.agreement.model import Agreement, SignedAct
from truceline.agreement.text import load
from truceline.assess.bans import Ban, bans
from truceline.assess.obligations import Duty, duties
from truceline.span import parse_instant
from truceline.verdict import UNKNOWN, YES, Reason

PACT = cases_of(FOLDER / "duties.yaml")[0].agreement
States = frozenset[str]


def second(when: str, tz: str = "Asia/Damascus") -> int:
    """A second on the clock of Damascus."""
    return parse_instant(when, tz)


def signed(agreement: Agreement, *acts: Mapping[str, Any], known: str | None = None) -> Standing:
    """What stood with these acts, as known then."""
    made = [
        read_act({"id": f"a{i}", **act}, agreement.tz, second(str(act.get("known_at", act["at"]))))
        for i, act in enumerate(acts)
    ]
    return History(agreement, made).as_known(None if known is None else second(known))


def one(standing: Standing, at: str, term: str, bearer: str) -> Duty:
    """The only duty of a bearer under a term."""
    (found,) = [d for d in duties(standing, second(at)) if (d.term, d.bearer) == (term, bearer)]
    return found


# -- what is shown beside a duty -------------------------------------------------------------------------------------

LEAVE = {"act": "request", "by": "un", "of": "leave", "at": "2016-09-13"}


def test_consent_is_not_established_until_a_neutral_confirms_it() -> None:
    """A way out is a duty to let pass; that people want to leave is asked, and shown as open, and decides nothing."""
    open_ = one(signed(shipped(), LEAVE), "2016-09-14", "R11", "gov")
    confirm = {"act": "confirm", "by": "un", "of": "consent", "at": "2016-09-13T12:00"}
    shown = one(signed(shipped(), LEAVE, confirm), "2016-09-14", "R11", "gov")
    own = one(signed(shipped(), LEAVE, {**confirm, "by": "gov"}), "2016-09-14", "R11", "gov")
    assert open_.asked is not None
    assert own.asked == open_.asked
    assert (open_.asked.value, open_.asked.reasons) == (UNKNOWN, (Reason.NO_COVERAGE,))
    assert shown.asked is not None
    assert (shown.asked.value, shown.states) == (YES, open_.states)


def test_whether_the_other_side_performed_is_a_question_beside_the_duty() -> None:
    """Reciprocity is computed as a question and never answered by conduct: the duty is owed all the same."""
    alone = one(signed(PACT), "2016-03-06", "pull", "gov")
    met = one(signed(PACT, {"act": "perform", "by": "opp", "of": "pull", "at": "2016-03-05T13:00"}),
              "2016-03-05T14:00", "pull", "gov")  # fmt: skip
    assert alone.asked is not None
    assert alone.asked.value == UNKNOWN
    assert met.asked is not None
    assert met.asked.value == YES
    assert alone.states == met.states == {"active"}


def test_each_reading_of_a_deadline_has_its_own_state() -> None:
    """Readings are evaluated side by side, and each is called by its name."""
    asked = {"act": "request", "by": "un", "of": "names", "at": "2016-03-05T08:00"}
    found = one(signed(PACT, asked), "2016-03-05T20:00", "swift", "gov")
    assert found.by_reading == {"six hours": {"breached"}, "two days": {"active"}}
    assert [(d.reading, d.latest) for d in found.deadlines] == [
        ("six hours", second("2016-03-05T14:00")), ("two days", second("2016-03-07T08:00")),
    ]  # fmt: skip
    assert found.why == Reason.OPEN_WORD.bit


def test_a_duty_to_bring_a_third_party_to_act_names_it_and_its_own_clock() -> None:
    """A strike by the government opens two duties: its own, and that of the guarantor who answers for it."""
    found = {"act": "finding", "by": ["us", "ru"], "at": "2016-03-07T08:00", "holds": "breach", "term": "gov-ban",
             "against": "gov"}  # fmt: skip
    standing = signed(PACT, found)
    own, theirs = (one(standing, "2016-03-07T09:00", *pair) for pair in (("calm", "gov"), ("calm-ru", "ru")))
    assert (own.procures, theirs.procures) == ("", "gov")
    assert [d.deadlines[0].latest for d in (own, theirs)] == [second("2016-03-08T08:00"), second("2016-03-09T08:00")]
    assert [d.trigger.what for d in (own, theirs) if d.trigger] == ["breach of gov-ban"] * 2


def test_a_sure_breach_is_its_bearers_fault_and_a_possible_one_is_nobodys() -> None:
    """Fault is never a percentage, and where it is not shown it is not said."""
    asked = {"act": "request", "by": "un", "of": "access", "at": "2016-03-05T08:00"}
    assert one(signed(PACT, asked), "2016-03-07", "entry", "gov").fault == "one party: gov"
    assert one(signed(PACT, asked), "2016-03-05T09:00", "entry", "gov").fault == ""
    assert one(signed(PACT), "2016-03-20", "clear", "gov").fault == ""


def test_a_duty_says_which_acts_moved_it() -> None:
    """Whoever doubts a state can read the acts it came from."""
    acts = [
        {"act": "request", "by": "un", "of": "access", "at": "2016-03-05T08:00", "id": "q"},
        {"act": "waive", "by": "un", "of": "entry", "at": "2016-03-05T12:00", "id": "w"},
    ]
    found = one(signed(PACT, *acts), "2016-03-07", "entry", "gov")
    assert (found.trigger.id if found.trigger else "", found.moved_by) == ("q", ("w",))


def test_reports_are_counted_beside_a_prohibition() -> None:
    """Surely and possibly are two numbers, each of reports until that moment and never of breaches."""
    at = second("2016-03-10")
    told = {"gov-ban:gov": [("r1", at - 500, at - 400, 1), ("r2", at - 300, at - 200, 0), ("r3", at + 50, at + 60, 1)]}
    (found,) = [b for b in bans(signed(PACT), at, told) if (b.term, b.bearer) == ("gov-ban", "gov")]
    assert (found.surely, found.possibly, set(found.states)) == (1, 1, {"alleged"})


def test_a_paper_that_was_never_adopted_is_owed_by_nobody() -> None:
    """Every duty of the paper of July is void, whatever anybody signs."""
    standing = signed(shipped(), {"act": "open", "by": ["us", "ru"], "of": "open-jig", "at": "2016-07-20"})
    found = {d.term: d.states for d in duties(standing, second("2016-08-15")) if d.term in ("J1", "J4", "J6")}
    assert found == {"J1": {"void"}, "J4": {"void"}, "J6": {"void"}}


# -- several deadlines and suspensions ---------------------------------------------------------------------------------


def test_a_dated_suspension_can_be_resumed_before_its_end() -> None:
    """The duty is suspended exactly while its term is: one day, although the body first said eight."""
    stop = {"act": "suspend", "by": ["us", "ru"], "of": "orders", "at": "2016-03-02", "until": "2016-03-10"}
    standing = signed(PACT, stop, {"act": "resume", "by": ["us", "ru"], "of": "orders", "at": "2016-03-03"})
    assert one(standing, "2016-03-04", "orders", "gov").states == {"active"}
    (deadline,) = one(standing, "2016-03-04", "orders", "gov").deadlines
    assert deadline.latest == second("2016-03-11T12:00")


def test_suspensions_that_overlap_stop_the_clock_once() -> None:
    """A day that two acts suspend is one day."""
    stops = [
        {"act": "suspend", "by": ["us", "ru"], "of": of, "at": at, "until": "2016-03-06"}
        for of, at in (("orders", "2016-03-04"), ("I", "2016-03-05"))
    ]
    (deadline,) = one(signed(PACT, *stops), "2016-03-07", "orders", "gov").deadlines
    assert deadline.latest == second("2016-03-12T12:00")


@pytest.mark.parametrize("by", ["2016-03-02", "2016-03-20"])
def test_of_a_day_and_a_time_allowed_the_earlier_is_the_deadline(by: str) -> None:
    """A text that says *within a day* and *by the 20th* wants both; in whatever order they are written."""
    text = f"""
truceline: 1
id: two
tz: Asia/Damascus
actors: {{gov: {{kind: state}}, un: {{kind: humanitarian}}}}
terms:
  - {{id: both, kind: require, who: gov, on: {{request: list, by: un}}, do: hand-over-list, proof: record, within: P3D,
      by: {by}}}
"""
    asked = {"act": "request", "by": "un", "of": "list", "at": "2016-03-01"}
    standing = signed(load(text.encode(), "two.yaml"), asked)
    assert one(standing, "2016-03-06", "both", "gov").states == {"breached"}
    assert len(one(standing, "2016-03-06", "both", "gov").deadlines) == 2


# -- laws ------------------------------------------------------------------------------------------------------------

FIRST, LAST = second("2016-02-20"), second("2016-03-25")
moments = st.integers(0, (LAST - FIRST) // 1_800).map(lambda step: FIRST + 1_800 * step)
hands = st.sampled_from([["us"], ["ru"], ["us", "ru"], ["tf"], ["gov"], ["gov-air"], ["opp"], ["un"], ["tr"]])
contents: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"act": "request", "of": "access"}, {"act": "request", "of": "names"}, {"act": "request", "of": "list"},
        *({"act": act, "of": term} for act in ("perform", "refuse", "waive", "suspend", "resume", "confirm")
          for term in ("entry", "orders", "orders-run", "orders-aid", "clear", "pull", "try", "say-why", "calm")),
        *({"act": "finding", "holds": holds, "term": term, "against": who} for holds in ("breach", "no-breach")
          for term, who in (("gov-ban", "gov"), ("ban", "opp"), ("orders", "gov"), ("clear", "gov"))),
        {"act": "finding", "holds": "repaired", "term": "gov-ban", "against": "gov"}, {"act": "suspend", "of": "I"},
        {"act": "resume", "of": "I"}, {"act": "end", "of": "I"}, {"act": "end", "of": "K"},
        {"act": "adopt", "of": "prompt", "value": "six hours"}, {"act": "adopt", "of": "prompt", "value": "two days"},
        {"act": "expel", "of": "one"}, {"act": "accept"}, {"act": "withdraw"},
        {"act": "answer", "of": "all-well", "is_yes": True}, {"act": "answer", "of": "all-well"},
    ]
)  # fmt: skip
records = st.lists(st.tuples(contents, hands, moments, st.integers(0, 300)), max_size=7).map(
    lambda rows: [
        replace(
            read_act({"id": f"a{i}", "by": by, "at": "2016-03-01", **what}, "UTC", 0), at=at, known_at=at + 3_600 * late
        )
        for i, (what, by, at, late) in enumerate(rows)
    ]
)


def states(agreement: Agreement, record: Sequence[SignedAct], at: int, **asked: Any) -> dict[tuple[str, ...], States]:  # noqa: ANN401  # plain values
    """Every duty and every prohibition to its states; a duty by its trigger too."""
    standing = History(agreement, record).as_known(asked.get("known_at"), asked.get("readings"))
    told = asked.get("told")
    found: dict[tuple[str, ...], States] = {}
    for duty in duties(standing, at, told):
        key = (duty.term, duty.bearer, duty.trigger.id if duty.trigger else "")
        found[key] = found.get(key, frozenset()) | duty.states
    return found | {(ban.term, ban.bearer, "ban"): ban.states for ban in bans(standing, at, told)}


@given(record=records, at=moments)
def test_a_set_of_states_is_never_empty(record: list[SignedAct], at: int) -> None:
    """Whatever was signed, by whomever, in whatever order: a duty is in some state of its table."""
    for (*_, kind), found in states(PACT, record, at).items():
        assert found
        assert found <= set(PROHIBITION.states if kind == "ban" else DUTY.states)


@given(record=records, at=moments)
def test_what_is_signed_later_changes_nothing_at_a_moment(record: list[SignedAct], at: int) -> None:
    """Nobody becomes a debtor of yesterday by an act of tomorrow.

    A confirmation speaks of what had been done before it, so it is left out; who accepts later has a test of its own.
    """
    record = [act for act in record if act.act not in ("confirm", "accept")]
    idle = (DUTY.start, PROHIBITION.start)
    with_later, without = (
        {key: found for key, found in states(PACT, acts, at).items() if found not in idle}
        for acts in (record, [act for act in record if act.at <= at])
    )
    assert with_later == without


@given(record=records, at=moments, known_at=moments)
def test_what_became_known_later_changes_nothing_as_known_then(record: list[SignedAct], at: int, known_at: int) -> None:
    """As known then is computed from what was in the record then."""
    known = [act for act in record if act.known_at <= known_at]
    assert states(PACT, record, at, known_at=known_at) == states(PACT, known, at)


@given(record=records, at=moments, data=st.data())
def test_the_order_of_a_record_changes_nothing(record: list[SignedAct], at: int, data: st.DataObject) -> None:
    """Two readers who hold the same acts in another order find the same duties."""
    assert states(PACT, record, at) == states(PACT, data.draw(st.permutations(record)), at)


@given(record=records, at=moments)
def test_the_order_of_the_terms_changes_nothing(record: list[SignedAct], at: int) -> None:
    """A clause that is moved to another page says the same."""
    turned = replace(PACT, terms=dict(reversed(list(PACT.terms.items()))))
    assert states(PACT, record, at) == states(turned, record, at)


@given(record=records, at=moments)
def test_a_chosen_reading_is_one_of_the_states_shown(record: list[SignedAct], at: int) -> None:
    """Narrowing: taking one reading of an open word never leads out of the states of all readings together."""
    record = [act for act in record if act.act != "adopt"]
    whole = states(PACT, record, at)
    alone = [states(PACT, record, at, readings=Readings(chosen=(("prompt", i),))) for i in (0, 1)]
    for key, found in whole.items():
        if key[0] == "swift":
            assert frozenset().union(*(each[key] for each in alone)) == found
    # `say-why` depends on no open word, and the others neither: they are as they were.
    assert [{k: v for k, v in each.items() if k[0] != "swift"} for each in alone] == [
        {k: v for k, v in whole.items() if k[0] != "swift"}
    ] * 2


@settings(suppress_health_check=[HealthCheck.filter_too_much])  # few drawn records perform the duty at all
@given(record=records, at=moments, start=st.integers(0, 40), long=st.integers(1, 40), data=st.data())
def test_narrowing_when_something_was_done_never_adds_a_state(
    record: list[SignedAct], at: int, start: int, long: int, data: st.DataObject
) -> None:
    """A neutral who says more exactly when a deed was done leaves fewer states, and no new one."""
    term = data.draw(st.sampled_from(["entry", "clear", "calm", "calm-ru", "orders", "pull"]))
    first = second("2016-03-04") + 10_800 * start
    last = first + 10_800 * long
    wide = SignedAct("w", "confirm", ("un",), last, 0, of=term, start=first, until=last)
    inner = data.draw(st.integers(0, long - 1))
    narrow = replace(wide, start=first + 10_800 * inner, until=first + 10_800 * data.draw(st.integers(inner + 1, long)))
    assume(wide.at <= at)
    before, after = (states(PACT, [*record, act], at) for act in (wide, narrow))
    assert {key: found - before[key] for key, found in after.items() if found - before[key]} == {}


@given(record=records, at=moments, done=moments)
def test_showing_what_was_only_claimed_never_adds_a_state(record: list[SignedAct], at: int, done: int) -> None:
    """What its bearer said of a deed and a neutral confirms for the same second was possible before."""
    claim = SignedAct("c", "perform", ("gov",), done, 0, of="clear")
    shown = SignedAct("c", "confirm", ("un",), done, 0, of="clear", to="gov", start=done, until=done + 1)
    before, after = (states(PACT, [*record, act], at) for act in (claim, shown))
    assert {key: found - before[key] for key, found in after.items() if found - before[key]} == {}


def rows_of(told: Sequence[tuple[int, int, int]]) -> dict[str, list[tuple[str, int, int, int]]]:
    """Reports of a breach of `gov-ban` by the government: start, length, and whether it surely was."""
    return {"gov-ban:gov": sorted(((f"r{i}", *row) for i, row in enumerate(told)), key=lambda row: (row[1], row[0]))}


inside = st.integers(0, 1_000).map(lambda step: second("2016-03-01") + 1_800 * step)
reports = st.lists(st.tuples(inside, st.integers(1, 60), st.integers(0, 1)), min_size=1, max_size=13).map(
    lambda rows: [(start, start + 1_800 * long, value) for start, long, value in rows]
)


@given(record=records, at=moments, told=reports, data=st.data())
def test_a_report_that_is_narrowed_never_adds_a_state(
    record: list[SignedAct], at: int, told: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    """A finer time, or an actor who is sure now: fewer states, and no new one."""
    i = data.draw(st.integers(0, len(told) - 1))
    start, end, value = told[i]
    first = start + 1_800 * data.draw(st.integers(0, (end - start) // 1_800 - 1))
    last = data.draw(st.integers((first - start) // 1_800 + 1, (end - start) // 1_800)) * 1_800 + start
    finer = [*told[:i], (first, last, max(value, data.draw(st.integers(0, 1)))), *told[i + 1 :]]
    before, after = (_of_the_ban(record, at, rows) for rows in (told, finer))
    assert after <= before


def _of_the_ban(record: Sequence[SignedAct], at: int, told: Sequence[tuple[int, int, int]]) -> States:
    found: list[Ban] = bans(History(PACT, record).as_known(), at, rows_of(told))
    return next(ban.states for ban in found if (ban.term, ban.bearer) == ("gov-ban", "gov"))


def test_a_report_that_may_be_of_after_a_finding_may_be_alleged_anew() -> None:
    """A second report over many days, of which some lie after the finding that set the first one aside."""
    day = 86_400
    found = SignedAct(
        "f", "finding", ("us", "ru"), second("2016-03-12"), 0, term="gov-ban", against="gov", holds="no-breach"
    )
    first = second("2016-03-06")
    told = [(first, first + 1_800, 1), (first + day, first + 10 * day, 1)]
    assert _of_the_ban([found], second("2016-03-20"), told) == {"kept", "alleged"}


def test_who_accepts_later_is_not_bound_before() -> None:
    """A prohibition that binds whoever has accepted begins for each with its own acceptance."""
    standing = signed(PACT, {"act": "accept", "by": "tr", "at": "2016-03-10"})
    found = [{ban.bearer: ban.states for ban in bans(standing, second(at)) if ban.term == "ban"}.get("tr")
             for at in ("2016-03-05", "2016-03-11")]  # fmt: skip
    assert found[0] in (None, PROHIBITION.start)
    assert found[1] == frozenset({"kept"})


@pytest.mark.parametrize(("who", "expected"), [("us", {"kept", "breached"}), ("ru", {"kept", "breached"}),
                                               ("gov", {"kept"}), ("opp", {"kept"}), ("un", {"kept"})])  # fmt: skip
def test_only_a_finding_of_the_body_makes_a_breach_of_a_prohibition(who: str, expected: set[str]) -> None:
    """Reports, as many as one likes, are allegations; a guarantor's own finding leaves it open; others find nothing."""
    at = second("2016-03-20")
    lone = SignedAct("f", "finding", (who,), at - 50, 0, term="gov-ban", against="gov", holds="breach")
    assert _of_the_ban([], at, [(at - 5_000 + i, at - 4_000, 1) for i in range(11)]) == {"alleged"}
    assert _of_the_ban([lone], at, []) == expected


PULLS = (("R4", "sarc"), ("R6a", "gov"), ("R6b", "gov"), ("R6c", "gov"), ("R7", "opp"))
D_DAY = second("2016-09-12T19:00")
steps = st.integers(0, 40)


@pytest.mark.long
@given(rows=st.lists(st.tuples(st.sampled_from(PULLS), steps, steps), max_size=4), at=steps)
def test_showing_who_withdrew_and_when_never_adds_a_state(rows: list[Any], at: int) -> None:
    """Together: from nobody's word to a claim, to a confirmation, to its hour, what may be only becomes less."""
    claimed, shown, timed = [], [], []
    for i, ((term, who), start, long) in enumerate(rows):
        first, last = D_DAY + 3_600 * start + 60, D_DAY + 3_600 * (start + long + 1)
        one = SignedAct(f"c{i}", "confirm", ("un",), last, 0, of=term, to=who)
        claimed.append(replace(one, act="perform", by=(who,), to=""))
        shown.append(one)
        timed.append(replace(one, start=first, until=last))
    moment = D_DAY + 3_600 * 85 + 1_800 * at
    worlds = [states(shipped(), record, moment) for record in ([], claimed, shown, timed)]
    for before, after in pairwise(worlds):
        assert {
            key: after[key] - before[key] for key in after if key[0] in dict(PULLS) and after[key] - before[key]
        } == {}
