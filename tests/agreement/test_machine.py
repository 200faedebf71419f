"""State machines as tables: sets of states, orders that are not known, guards, and the three tables themselves."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs import build
from truceline.agreement.duties import (
    ALLEGATION,
    DUTY,
    EFFORT,
    GUARDS,
    MACHINES,
    PROHIBITION,
    PROTECTIVE,
    ROLES,
    event_of,
    traits_of,
)
from truceline.agreement.machine import MOST_TOGETHER, Happening, Machine, Row, States, diagram
from truceline.agreement.model import Selector, SignedAct, Term
from truceline.span import Span

DOOR = Machine(
    "door",
    "open",
    frozenset({"gone"}),
    (
        Row("open", "shut", "closed", ("anybody",), "It is shut."),
        Row("closed", "open", "open", ("anybody",), "It is opened."),
        Row("closed", "lock", "locked", ("bearer",), "It is locked.", frozenset({"glass"})),
        Row("locked", "break", "gone", ("anybody",), "It is broken."),
    ),
)
machines = st.sampled_from((*MACHINES, DOOR))


def at(event: str, start: int, end: int | None = None, *, is_sure: bool = True) -> Happening:
    """An event at a second, or somewhere within a span."""
    return Happening(event, Span(start, start + 1 if end is None else end), is_sure)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Machine, list[Happening], States]:
    """A machine, some happenings of it, and the traits of a term."""
    machine = draw(machines)
    found = []
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, 12))
        event = draw(st.sampled_from(machine.events))
        found.append(at(event, start, start + draw(st.integers(1, 8)), is_sure=draw(st.booleans())))
    return machine, found, draw(st.frozensets(st.sampled_from((PROTECTIVE, EFFORT, "glass"))))


def worlds(happenings: list[Happening]) -> list[list[Happening]]:
    """Every order that the spans allow."""
    orders = []
    for order in permutations(happenings):
        pairs = [(a, b) for i, a in enumerate(order) for b in order[i + 1 :]]
        if all(b.span.end > a.span.start for a, b in pairs):
            orders.append(list(order))
    return orders


def walked(machine: Machine, order: list[Happening], traits: States) -> States:
    """The states after one order, step by step."""
    states = machine.start
    for one in order:
        states = machine.step(states, one.event, one.is_sure, traits)
    return states


@given(cases())
def test_states_are_the_union_over_all_orders(case: tuple[Machine, list[Happening], States]) -> None:
    """Nothing is called impossible that some order leads to, and nothing possible that none does."""
    machine, happenings, traits = case
    expected = frozenset[str]().union(*(walked(machine, order, traits) for order in worlds(happenings)))
    assert machine.run(happenings, traits=traits) == expected


@given(cases(), st.data())
def test_narrowing_shrinks_the_states_and_never_leaves_them(
    case: tuple[Machine, list[Happening], States], data: st.DataObject
) -> None:
    """Knowing more never makes a state possible that was not: a finer time, an event that surely was or was not."""
    machine, happenings, traits = case
    moment = data.draw(st.none() | st.integers(0, 16))
    narrow = []
    for one in happenings:
        is_sure = one.is_sure
        if not is_sure:
            known = data.draw(st.sampled_from(("open", "happened", "not")))
            if known == "not":
                continue
            is_sure = known == "happened"
        start = data.draw(st.integers(one.span.start, one.span.end - 1))
        narrow.append(at(one.event, start, data.draw(st.integers(start + 1, one.span.end)), is_sure=is_sure))
    assert machine.run(narrow, at=moment, traits=traits) <= machine.run(happenings, at=moment, traits=traits)


@given(machines, st.data())
def test_a_sure_run_of_a_single_path_gives_a_single_state(machine: Machine, data: st.DataObject) -> None:
    """Where everything is known, one state is left."""
    events = data.draw(st.lists(st.sampled_from(machine.events), max_size=20))
    assert len(machine.run([at(event, i) for i, event in enumerate(events)])) == 1


@given(machines, st.data())
def test_nothing_leaves_a_terminal_state(machine: Machine, data: st.DataObject) -> None:
    """What is closed stays closed, whatever comes in afterwards."""
    state = data.draw(st.sampled_from(sorted(machine.terminal)))
    event = data.draw(st.sampled_from(machine.events))
    assert machine.step(frozenset({state}), event) == {state}


def test_every_state_is_reached_by_a_path_of_sure_events() -> None:
    """A state that nothing leads to would be a promise that is never kept."""
    for machine in MACHINES:
        found, ahead = set[str](), [machine.initial]
        while ahead:
            state = ahead.pop()
            if state not in found:
                found.add(state)
                ahead += [row.next for row in machine.rows if row.state == state]
        assert found == set(machine.states)


def test_what_only_possibly_happened_keeps_the_old_state() -> None:
    """A deadline that passed where nobody could see is neither compliance nor a breach."""
    assert DUTY.step(frozenset({"active"}), "deadline-passed", is_sure=False) == {"active", "breached"}


def test_an_event_without_a_row_keeps_the_state() -> None:
    """A withdrawal of what was never alleged is no event of the prohibition."""
    assert PROHIBITION.step(frozenset({"kept"}), "withdraw") == {"kept"}
    assert PROHIBITION.step(frozenset({"kept"}), "no such event") == {"kept"}


def test_two_events_of_unknown_order_give_both_ends() -> None:
    """Done in the hour of the deadline: in time or late, and in no case open."""
    both = [at("perform", 10, 20), at("deadline-passed", 15, 16)]
    assert DUTY.run([at("trigger", 0), *both]) == {"fulfilled", "fulfilled-late"}
    assert DUTY.run([at("trigger", 0), at("perform", 10, 15), at("deadline-passed", 15, 16)]) == {"fulfilled"}


def test_at_a_moment_only_what_came_before_counts() -> None:
    """What lies after the moment is left out; what may lie after it is only possible."""
    happenings = [at("trigger", 0), at("perform", 10, 20)]
    assert DUTY.run(happenings, at=10) == {"active"}
    assert DUTY.run(happenings, at=15) == {"active", "fulfilled"}
    assert DUTY.run(happenings, at=20) == {"fulfilled"}


def test_beyond_the_most_together_whatever_can_follow_is_possible() -> None:
    """A heap too large to try in every order answers wider, never narrower."""
    heap = [at("trigger", 0, 99), at("perform", 0, 99), at("deadline-passed", 0, 99)]
    exact = DUTY.run(heap)
    wide = DUTY.run(heap * MOST_TOGETHER)
    assert exact <= wide
    assert "dormant" in wide


def test_a_table_that_contradicts_itself_is_refused() -> None:
    """The table is checked when it is made: two ways on, a terminal state left, a state nothing leads to."""
    row = Row("a", "go", "b", ("anybody",), "It goes.")
    for rows, terminal, message in (
        ((row, Row("a", "go", "c", ("anybody",), "It goes.")), {"b", "c"}, "two rows"),
        ((row, Row("b", "go", "a", ("anybody",), "Back.")), {"b"}, "leaves the terminal"),
        ((row,), set[str](), "nothing leaves"),
        ((row, Row("c", "go", "b", ("anybody",), "Lost.")), {"b"}, "nothing leads to"),
    ):
        with pytest.raises(ValueError, match=message):
            Machine("test", "a", frozenset(terminal), rows)


# -- the three tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("machine", "states"),
    [
        (DUTY, "dormant active fulfilled breached fulfilled-late repairing repaired unrepaired suspended waived void"),
        (PROHIBITION, "not-in-force kept alleged breached calmed repairing repaired unrepaired suspended ended"),
        (
            ALLEGATION,
            "lodged acknowledged merged asked answered unanswered assessed agreed disagreed one-sided not-a-breach "
            "explained repaired referred decided withdrawn reopened",
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Machine) else "",
)
def test_the_states_are_those_of_the_design(machine: Machine, states: str) -> None:
    """No state more, none less."""
    assert set(machine.states) == set(states.split())


def test_every_row_has_a_sentence_roles_and_guards_that_are_explained() -> None:
    """A lawyer finds at each row why it is there and who may cause it."""
    for machine in MACHINES:
        for row in machine.rows:
            assert row.why[0].isupper()
            assert row.why.endswith(".")
            assert row.by
            assert set(row.by) <= set(ROLES)
            assert row.never_for <= set(GUARDS)


@pytest.mark.parametrize("machine", [DUTY, PROHIBITION], ids=lambda m: m.name)
def test_nothing_suspends_what_protects_civilians_aid_or_sites(machine: Machine) -> None:
    """No act and no conduct ever suspends or waives such a term, whatever came before."""
    protected = machine.reached(machine.start, machine.events, frozenset({PROTECTIVE}))
    assert not protected & {"suspended", "waived"}
    assert "suspended" in machine.reached(machine.start, machine.events)


def test_silence_never_breaks_a_duty_of_effort() -> None:
    """Only a finding does: a passed deadline leaves it as it was."""
    effort = frozenset({EFFORT})
    assert DUTY.step(frozenset({"active"}), "deadline-passed", traits=effort) == {"active"}
    assert DUTY.step(frozenset({"active"}), "finding-of-breach", traits=effort) == {"breached"}


def test_a_report_alone_makes_no_breach_of_a_prohibition() -> None:
    """Without a finding a prohibition is at most alleged, whatever else happens."""
    others = [event for event in PROHIBITION.events if event != "finding-of-breach"]
    assert not PROHIBITION.reached(PROHIBITION.start, others) & {"breached", "repairing", "repaired", "unrepaired"}
    assert PROHIBITION.step(frozenset({"kept"}), "report") == {"alleged"}


def test_only_a_body_suspends_ends_by_act_or_finds() -> None:
    """No party is judge of its own reciprocity."""
    for machine in (DUTY, PROHIBITION):
        for row in machine.rows:
            if row.event == "suspend" or row.event.startswith("finding"):
                assert row.by == ("body",)
    assert PROHIBITION.may("body", frozenset({"kept"}), "suspend")
    assert not PROHIBITION.may("bearer", frozenset({"kept"}), "suspend")
    assert not PROHIBITION.may("body", frozenset({"kept"}), "suspend", frozenset({PROTECTIVE}))


def test_a_case_is_calmed_only_before_anyone_is_blamed() -> None:
    """After a finding of breach calm is no way out."""
    assert {row.state for row in PROHIBITION.rows if row.event == "calm"} == {"alleged"}


def test_unanswered_is_a_fact_and_not_guilt() -> None:
    """An allegation that nobody answered can end in each way in which one that was answered can."""
    after = {
        state: ALLEGATION.reached(frozenset({state}), [e for e in ALLEGATION.events if e != "reply"])
        for state in ("answered", "unanswered")
    }
    own = {"answered", "unanswered"}
    assert after["answered"] - own == after["unanswered"] - own
    assert {row.next for row in ALLEGATION.rows if row.state == "unanswered"} == {"answered", "assessed", "withdrawn"}


def test_an_allegation_by_the_book() -> None:
    """Lodged, acknowledged, merged, asked, answered, assessed by both, opened, explained."""
    events = ["acknowledge", "merge", "ask", "reply", "assess", "opened-alike", "finding-of-explanation"]
    assert ALLEGATION.run([at(event, i) for i, event in enumerate(events)]) == {"explained"}
    assert ALLEGATION.run([at(event, i) for i, event in enumerate([*events, "reopen", "ask"])]) == {"asked"}


def test_the_traits_of_a_term_are_those_of_its_fields() -> None:
    """The guards ask what the text says: whom it protects, and whether it asks for an effort."""
    assert traits_of(Term("a", "require", 1, protects="aid", body={"effort": True})) == {PROTECTIVE, EFFORT}
    assert traits_of(Term("b", "prohibit", 1, to=Selector(("civilians",)))) == {PROTECTIVE}
    assert traits_of(Term("c", "require", 1)) == frozenset()


@pytest.mark.parametrize(
    ("act", "holds", "machine", "event"),
    [
        ("finding", "breach", DUTY, "finding-of-breach"),
        ("finding", "breach", ALLEGATION, ""),
        ("finding", "explained", ALLEGATION, "finding-of-explanation"),
        ("finding", "explained", PROHIBITION, "finding-of-no-breach"),
        ("finding", "undecided", PROHIBITION, ""),
        ("waive", "", DUTY, "waive"),
        ("waive", "", PROHIBITION, ""),
        ("accept", "", DUTY, ""),
    ],
)
def test_a_signed_act_is_the_event_that_it_is_called(act: str, holds: str, machine: Machine, event: str) -> None:
    """A finding that leaves it open moves nothing; an explanation is no breach."""
    made = event_of(SignedAct("x", act, ("tf",), 0, 0, holds=holds), machine)
    assert made == event
    assert made in ("", *machine.events)


# -- the page ----------------------------------------------------------------------------------------------------------


def test_the_picture_has_every_row() -> None:
    """Each row is an arrow of the picture, with its event."""
    for machine in MACHINES:
        lines = [line.strip() for line in diagram(machine).splitlines()]
        for row in machine.rows:
            arrow = f"{row.state} --> {row.next}: ".replace("-", "_").replace("__>", "-->")
            assert any(row.event in line.removeprefix(arrow).split(", ") for line in lines if line.startswith(arrow))
        assert sum(line.endswith("--> [*]") for line in lines) == len(machine.terminal)


def test_the_page_of_states_is_written_from_the_tables() -> None:
    """The page on disk is what the tables say; another table, and it differs."""
    page = Path(build.REFERENCE / "states.md")
    assert build.differences(page, build.HEADER + build.states_page()) == []
    other = build.HEADER + build.states_page().replace("`unanswered`", "`guilty`")
    assert build.differences(page, other)
