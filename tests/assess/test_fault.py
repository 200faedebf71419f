"""Whose fault: a closed list of words, never a percentage; and who was first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.assess.test_rules import law, report
from truceline.assess.fault import FAULTS, Fault, fault_of, first_of, of_incident, of_several
from truceline.evidence.schema import EITHER, JOINT, NOBODY, ONE, Named
from truceline.span import Span


def test_one_named_bound_actor_is_one_party() -> None:
    """Who is named alone, and is bound, would be at fault."""
    assert fault_of(report(), law()) == Fault("one party", ("gov",))


def test_a_pair_without_direction_is_either_of_both() -> None:
    """A source that names two sides and no attacker says that one of them did it."""
    assert fault_of(report(unordered=True), law()) == Fault("either of", ("gov", "reb"))


def test_who_is_not_bound_stands_outside() -> None:
    """An excluded group breaks no term of this agreement, whatever else it breaks."""
    assert fault_of(report(actor=Named(("nus",), ONE)), law()) == Fault("outside the agreement")


def test_nobody_named_is_unknown_and_nobody_there_is_nobody() -> None:
    """Silence about the actor is not the same as an accident."""
    assert fault_of(report(actor=Named()), law()) == Fault("unknown")
    assert fault_of(report(actor=Named((), NOBODY)), law()) == Fault("no bound actor possible")
    assert fault_of(report(actor=Named(("gov", "unknown"), EITHER)), law()) == Fault("unknown")


def test_alternatives_and_joint_attackers() -> None:
    """One of two is either; two of different sides together are mutual."""
    assert fault_of(report(actor=Named(("gov", "reb"), EITHER)), law()) == Fault("either of", ("gov", "reb"))
    assert fault_of(report(actor=Named(("gov", "reb"), JOINT)), law()).kind == "mutual"


def test_rival_reports_of_one_incident_are_either_and_own_incidents_are_mutual() -> None:
    """Two accounts of one convoy make two suspects; two convoys make two guilty."""
    one, other = Fault("one party", ("gov",)), Fault("one party", ("reb",))
    assert of_incident([one, other]) == Fault("either of", ("gov", "reb"))
    assert of_several([one, other]) == Fault("mutual", ("gov", "reb"))
    assert of_several([one, Fault("outside the agreement")]) == one
    assert of_incident([]) == of_several([]) == Fault("unknown")


def test_what_one_report_of_an_incident_leaves_open_is_open() -> None:
    """An incident has an answer only where all its reports share it; else telling one more precisely could turn it."""
    one = Fault("one party", ("gov",))
    assert of_incident([one, one]) == one
    for other in ("unknown", "outside the agreement", "no bound actor possible"):
        assert of_incident([one, Fault(other)]) == of_incident([Fault(other), one]) == Fault("unknown")


SPANS = st.tuples(st.integers(0, 40), st.integers(1, 20)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))
EVENTS = st.lists(st.tuples(st.sampled_from("ab"), SPANS), min_size=1, max_size=6)


@given(EVENTS)
def test_who_is_surely_first_is_first_in_every_world(events: list[tuple[str, Span]]) -> None:
    """Moments chosen from the intervals never make another party first, and each possible first can be it."""
    found = first_of(events)
    for latest in "ab":
        moments = [(span.end - 1 if party == latest else span.start, party) for party, span in events]
        earliest = min(moment for moment, _ in moments)
        leaders = {party for moment, party in moments if moment == earliest}
        assert leaders & set(found.possibly)
        if found.surely:
            assert leaders == {found.surely}


@given(EVENTS)
def test_swapping_the_parties_mirrors_the_answer(events: list[tuple[str, Span]]) -> None:
    """No side is asked first."""
    swap = {"a": "b", "b": "a", "": ""}
    mirrored = first_of([(swap[party], span) for party, span in events])
    found = first_of(events)
    assert (mirrored.surely, set(mirrored.possibly)) == (swap[found.surely], {swap[one] for one in found.possibly})


def test_the_list_is_closed_and_holds_no_number() -> None:
    """A percentage of guilt has no place among the words."""
    assert len(FAULTS) == 6
    assert not any(char.isdigit() or char == "%" for word in FAULTS for char in word)
