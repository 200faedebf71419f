"""The table of a sealed exchange: every step from where it says and from nowhere else, by whom, and until when."""

from __future__ import annotations

import re
import secrets
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from truceline.errors import ConflictError, SubmissionError
from truceline.exchange.sealed import (
    _FIELDS,
    BROKEN,
    CHALLENGE,
    CLOSE,
    COMMIT,
    COMMITTING,
    DEFAULTED,
    DENY,
    ENDS,
    LAPSED,
    OPEN,
    OPENED,
    REFUSE,
    REFUSED,
    RELEASE,
    RELEASING,
    REVEAL,
    REVEALING,
    ROWS,
    STATES,
    STEPS,
    TABLE,
    UNWITNESSED_S,
    WITHHELD,
    WITNESSED_S,
    Event,
    Exchange,
    Exchanges,
    Fault,
    Step,
    about_share,
    check_step,
    exchanges,
)
from truceline.exchange.shares import mark_of

LOG, OF = "example/log", 5
WHATS = (
    "no-commitment", "no-reveal", "no-release", "late", "bad-share", "refusal", "changed-list", "denial", "contested",
)  # fmt: skip
SIDES, HOLDERS = ("north", "south"), ("east", "west", "far")
COMMIT_BY, REVEAL_BY, RELEASE_BY = 1_000, 2_000, 3_000
KEYS = {side: secrets.token_bytes(32) for side in SIDES}
SHARES = {(side, holder): secrets.token_bytes(32) for side in SIDES for holder in HOLDERS}


def opening(**more: Any) -> Step:  # noqa: ANN401  # any field
    """The opening of these tests: two of three guarantors."""
    return Step(**{
        "step": OPEN, "sides": SIDES, "guarantors": HOLDERS, "threshold": 2, "slots": 256, "commit_by": COMMIT_BY,
        "reveal_by": REVEAL_BY, "release_by": RELEASE_BY, **more,
    })  # fmt: skip


def commitment(side: str, of: int = OF) -> Step:
    """What a side commits to."""
    marks = {one: mark_of(SHARES[side, one], about_share(LOG, of, side, one)) for one in HOLDERS}
    key = mark_of(KEYS[side], about_share(LOG, of, side, ""))
    return Step(COMMIT, of, commitment=side.encode().hex().ljust(64, "0"), key=key, marks=marks)


class Story:
    """A record of exchanges, entry after entry."""

    def __init__(self, *signers: str, **more: Any) -> None:  # noqa: ANN401  # any field
        """Begin with the opening, by the desk unless sides signed it."""
        self.events: list[Event] = []
        self.at, self.index = 10, OF
        self.course = Exchanges(LOG)
        self.say(opening(**more), *(signers or ("desk",)))

    @property
    def one(self) -> Exchange:
        """The exchange."""
        return self.course.all[OF]

    def event(self, said: Step | None, *signers: str, **more: Any) -> Event:  # noqa: ANN401  # any field
        """An entry as it would come next."""
        return Event(self.index, self.at, signers[0], tuple(sorted(signers)), said, **more)

    def say(self, said: Step | None, *signers: str, at: int = 0, **more: Any) -> str:  # noqa: ANN401  # any field
        """Take a step, which has to be one that may be taken; the state after it."""
        self.at = at or self.at + 1
        one = self.event(said, *signers, **more)
        self.course.check(one)
        self.events.append(one)
        self.course.take(one)
        self.index += 1
        return self.one.state

    def commit(self, side: str, **more: Any) -> str:  # noqa: ANN401  # any field
        """A side commits."""
        return self.say(commitment(side), side, **more)

    def reveal(self, side: str, **more: Any) -> str:  # noqa: ANN401  # any field
        """A side hands over its list."""
        return self.say(None, side, commitment=commitment(side).commitment, **more)

    def release(self, holder: str, **more: Any) -> str:  # noqa: ANN401  # any field
        """A guarantor releases its shares."""
        return self.say(Step(RELEASE, OF, shares={side: SHARES[side, holder].hex() for side in SIDES}), holder, **more)

    def close(self, by: str = "desk", *, at: int, **more: Any) -> str:  # noqa: ANN401  # any field
        """Somebody ends the window that is over."""
        return self.say(Step(CLOSE, OF, window=self.one.state), by, at=at, **more)

    def to(self, state: str) -> Story:
        """Bring the exchange to a state."""
        if state == COMMITTING:
            return self
        if state in (LAPSED, DEFAULTED):
            self.commit("north") if state == DEFAULTED else None
            return self._ended(DEFAULTED if state == DEFAULTED else LAPSED)
        for side in SIDES:
            self.commit(side)
        if state == REFUSED:
            self.say(Step(REFUSE, OF), "north")
        elif state in (RELEASING, OPENED, WITHHELD, BROKEN):
            for side in SIDES:
                self.reveal(side)
            if state == WITHHELD:
                self.close(at=RELEASE_BY + 1)
            elif state in (OPENED, BROKEN):
                self.release("east")
                self.release("far")
        if state == BROKEN:
            self.say(Step(CHALLENGE, OF, against="south", secret=KEYS["south"].hex()), "north", flaw="another list")
        assert self.one.state == state
        return self

    def _ended(self, state: str) -> Story:
        if state == DEFAULTED:
            self.commit("south")
            self.close(at=REVEAL_BY + 1)
        else:
            self.close(at=COMMIT_BY + 1)
        assert self.one.state == state
        return self


def test_an_exchange_goes_its_way() -> None:
    """Commit, commit, hand over, hand over, and the second release opens both lists at one index."""
    story = Story()
    assert [story.commit("south"), story.commit("north")] == [COMMITTING, REVEALING]
    assert [story.reveal("north"), story.reveal("south")] == [REVEALING, RELEASING]
    assert story.release("far") == RELEASING
    assert (story.release("east"), story.one.step, story.one.faults) == (OPENED, story.index - 1, ())
    assert {side: set(shares) for side, shares in story.one.shares.items()} == {
        "north": {"far", "east"}, "south": {"far", "east"},
    }  # fmt: skip
    assert story.release("west") == OPENED  # one share was lost, or late: nobody is missed


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", [step for step in STEPS if step != OPEN])
def test_every_step_is_taken_from_where_the_table_says_and_from_nowhere_else(state: str, step: str) -> None:
    """All pairs: there is no way round the guarantors, and none back from an end."""
    story = Story("east").to(state)
    said, by, more = _a_step(story, step)
    at = {COMMITTING: 50, REVEALING: 50, RELEASING: 50}.get(state, story.at) + 10
    if step == CLOSE:
        at = (story.one.deadline() or RELEASE_BY) + 100
    if (state, step) in ROWS:
        row = ROWS[state, step]
        assert story.say(said, by, at=at, **more) in (row.then, row.whole)
    else:
        with pytest.raises((ConflictError, SubmissionError)):
            story.say(said, by, at=at, **more)


def _a_step(story: Story, step: str) -> tuple[Step | None, str, dict[str, Any]]:
    """A step as it would be right at its time, by whom, and what the record says beside it."""
    by = {RELEASE: "west", DENY: "east"}.get(step, "south")
    if step == REVEAL:
        return None, by, {"commitment": commitment("south").commitment}
    said = {
        COMMIT: commitment("south"), RELEASE: Step(RELEASE, OF, shares={s: SHARES[s, "west"].hex() for s in SIDES}),
        REFUSE: Step(REFUSE, OF), CLOSE: Step(CLOSE, OF, window=story.one.state if story.one.deadline() else RELEASING),
        CHALLENGE: Step(CHALLENGE, OF, against="north", secret=KEYS["north"].hex()),
        DENY: Step(DENY, OF, entry=OF),
    }[step]  # fmt: skip
    return said, by, {"flaw": "another list"} if step == CHALLENGE else {}


def test_the_table_has_no_state_that_nothing_reaches_and_no_end_that_goes_on() -> None:
    """Each state is reached; from an end only a denial is heard, which moves nothing."""
    assert {COMMITTING, *(row.then for row in TABLE), *(row.whole for row in TABLE)} == set(STATES)
    assert set(ENDS) == {LAPSED, DEFAULTED, WITHHELD, REFUSED, BROKEN}
    assert len(ROWS) == len(TABLE)


@pytest.mark.parametrize("left", [(), ("north",), ("south",), SIDES])
def test_who_is_bound_and_stays_away_is_in_default(left: tuple[str, ...]) -> None:
    """By its signature under the opening, or by a commitment; whoever signed nothing owes nothing."""
    story = Story("desk", *left)
    story.commit("north")
    state = story.close(at=COMMIT_BY + 1)
    assert state == (DEFAULTED if "south" in left else LAPSED)
    assert story.one.faults == ((Fault(story.index - 1, "south", "no-commitment"),) if "south" in left else ())


def test_a_side_that_does_not_hand_over_is_in_default_and_nothing_is_opened() -> None:
    """The other's list stays under the guarantors' key: they have nothing to release any more."""
    story = Story().to(REVEALING)
    story.reveal("north")
    assert story.close("north", at=REVEAL_BY + 1) == DEFAULTED
    assert story.one.faults == (Fault(story.index - 1, "south", "no-reveal"),)
    with pytest.raises(ConflictError, match="defaulted"):
        story.reveal("south")
    with pytest.raises(ConflictError, match="defaulted"):
        story.release("east")


def test_what_is_late_by_a_second_is_late() -> None:
    """By the second at which the record held it; the last second of a window is within it."""
    story = Story()
    story.commit("north", at=COMMIT_BY)
    with pytest.raises(SubmissionError, match="late"):
        story.commit("south", at=COMMIT_BY + 1)
    story.course.take(story.event(commitment("south"), "south"))  # a host that lets it in changes nothing
    assert "south" not in story.one.commitments
    assert "late" in story.course.ignored[story.index]


def test_a_window_ends_by_the_witnesses_too() -> None:
    """Not before both clocks say so; where witnesses exist and are silent, a day later by that of the log."""
    story = Story("south", "north").to(COMMITTING)
    for seen, at in (((4, COMMIT_BY + 5), COMMIT_BY), ((4, COMMIT_BY), COMMIT_BY + 50), (None, COMMIT_BY + 50)):
        with pytest.raises(SubmissionError, match="window"):
            story.close(at=at, seen=seen, is_watched=True)
    assert story.close(at=COMMIT_BY + 1, seen=(6, COMMIT_BY + 1), is_watched=True) == DEFAULTED
    assert story.one.is_witnessed
    silent = Story("south", "north")
    assert silent.close(at=COMMIT_BY + UNWITNESSED_S + 1, is_watched=True) == DEFAULTED
    assert not silent.one.is_witnessed


def test_a_log_that_dates_its_entries_too_early_is_found_out_by_the_witnesses() -> None:
    """What was in no size that they dated a minute after the window was not there in time, whatever the log says."""
    story = Story("south", "north")
    story.commit("north", at=900)
    size = story.index
    story.commit("south", at=950)  # as the log has it
    assert story.one.state == REVEALING
    close = Step(CLOSE, OF, window=COMMITTING)
    with pytest.raises(ConflictError):  # within the minute nobody is surprised
        story.say(close, "north", at=1_200, seen=(size, COMMIT_BY + WITNESSED_S))
    assert story.say(close, "north", at=1_200, seen=(size, COMMIT_BY + WITNESSED_S + 1)) == DEFAULTED
    assert [(f.party, f.what) for f in story.one.faults] == [("south", "late"), ("south", "no-commitment")]
    opened = Story().to(OPENED)
    with pytest.raises(ConflictError):  # keys that are out cannot be called in
        opened.say(close, "north", at=4_000, seen=(OF + 1, 3_500))


def test_two_commitments_the_first_stands() -> None:
    """A side that could choose later between two lists would have fixed none."""
    story = Story()
    story.commit("north")
    other = Step(COMMIT, OF, commitment="f" * 64, key="e" * 64, marks=dict(commitment("north").marks))
    with pytest.raises(ConflictError, match="that one stands"):
        story.say(other, "north")
    with pytest.raises(ConflictError, match="that one stands"):
        story.commit("north")


def test_a_commitment_is_taken_once_in_a_record() -> None:
    """Neither by the other side, who would only echo it, nor in a later exchange."""
    story = Story()
    story.commit("north")
    echoed = commitment("north")
    with pytest.raises(SubmissionError, match="said before"):
        story.say(echoed, "south")
    again = Event(40, 60, "desk", ("desk",), opening(commit_by=5_000, reveal_by=6_000, release_by=7_000))
    story.course.take(again)
    story.index = 41
    with pytest.raises(SubmissionError, match="said before"):
        story.say(Step(COMMIT, 40, commitment=echoed.commitment, key=echoed.key, marks=echoed.marks), "north")


def test_a_list_that_was_not_fixed_is_none() -> None:
    """A changed list has another commitment; that of the other side is not one's own."""
    story = Story().to(REVEALING)
    with pytest.raises(SubmissionError, match="changed, or never fixed"):
        story.say(None, "south", commitment="a" * 64)
    with pytest.raises(SubmissionError, match="north"):
        story.say(None, "south", commitment=commitment("north").commitment)
    story.reveal("south")
    with pytest.raises(ConflictError, match="handed over"):
        story.reveal("south")


def test_a_bad_share_is_logged_under_its_name_and_opens_nothing() -> None:
    """It counts for nobody; the right one can still be given, and one that is lost is not needed."""
    story = Story().to(RELEASING)
    bad = Step(RELEASE, OF, shares={"north": SHARES["north", "east"].hex(), "south": "0" * 64})
    assert story.say(bad, "east") == RELEASING
    assert story.one.faults == (Fault(story.index - 1, "east", "bad-share"),)
    assert story.release("west") == RELEASING
    assert story.release("far") == OPENED
    for one in (Step(RELEASE, OF, shares={"north": SHARES["north", "east"].hex()}), Step(RELEASE, OF, shares={})):
        with pytest.raises(SubmissionError, match="shares"):
            story.say(one, "east")


def test_bad_shares_without_end_are_refused() -> None:
    """Three are shame enough."""
    story = Story().to(RELEASING)
    bad = Step(RELEASE, OF, shares=dict.fromkeys(SIDES, "0" * 64))
    for _ in range(3):
        story.say(bad, "east")
    with pytest.raises(SubmissionError, match="bad ones"):
        story.say(bad, "east")
    assert story.release("east") == RELEASING


def test_refusals_end_an_exchange_when_too_few_guarantors_are_left_or_a_side_refuses() -> None:
    """What was sealed badly is found before anything is opened: nobody is exploited, and the name is logged."""
    story = Story().to(RELEASING)
    assert story.say(Step(REFUSE, OF), "east") == RELEASING
    assert story.say(Step(REFUSE, OF), "west") == REFUSED
    assert [fault.party for fault in story.one.faults] == ["east", "west"]
    side = Story().to(REVEALING)
    assert side.say(Step(REFUSE, OF), "north") == REFUSED
    with pytest.raises(SubmissionError, match="for"):
        Story().to(REVEALING).say(Step(REFUSE, OF), "stranger")


def test_guarantors_who_do_not_release_are_named() -> None:
    """Whoever refused before is not named twice."""
    story = Story().to(RELEASING)
    story.release("east")
    story.say(Step(REFUSE, OF), "far")
    assert story.close(at=RELEASE_BY + 1) == WITHHELD
    assert [(f.party, f.what) for f in story.one.faults] == [("far", "refusal"), ("west", "no-release")]


def test_a_challenge_needs_the_key_that_was_fixed_and_a_list_that_does_not_hold() -> None:
    """Else it would only give away the other's list; where no box is at hand it is taken, and `verify` looks."""
    story = Story().to(OPENED)
    said = Step(CHALLENGE, OF, against="south", secret=KEYS["south"].hex())
    with pytest.raises(SubmissionError, match="what was committed to"):
        story.say(said, "north", flaw="")
    with pytest.raises(SubmissionError, match="mark"):
        story.say(Step(CHALLENGE, OF, against="south", secret="0" * 64), "north", flaw="x")
    with pytest.raises(SubmissionError, match="other side"):
        story.say(said, "south", flaw="x")
    assert story.say(said, "north", flaw="x") == BROKEN
    assert story.one.faults == (Fault(story.index - 1, "south", "changed-list"),)
    assert Story().to(OPENED).say(said, "north", flaw=None) == BROKEN


def test_a_denial_moves_nothing_and_is_answered_by_the_record() -> None:
    """The key signed: the denial is logged beside it. The key was revoked as of then: so is that."""
    story = Story().to(RELEASING)
    index = next(event.index for event in story.events if event.by == "south")
    assert story.say(Step(DENY, OF, entry=index), "south") == RELEASING
    assert story.one.faults == (Fault(story.index - 1, "south", "denial"),)
    with pytest.raises(ConflictError, match="denied before"):
        story.say(Step(DENY, OF, entry=index), "south")
    with pytest.raises(SubmissionError, match="said by"):
        story.say(Step(DENY, OF, entry=index), "north")
    contested = Story().to(RELEASING)
    contested.say(Step(DENY, OF, entry=index), "south", is_contested=True)
    assert contested.one.faults[0].what == "contested"


WRONG = [
    {"sides": ("north",)}, {"sides": ("north", "north")}, {"guarantors": ("east",)}, {"threshold": 1},
    {"threshold": 4}, {"guarantors": ("north", "east", "west")}, {"guarantors": ("east", "east", "west")},
    {"slots": 37}, {"reveal_by": COMMIT_BY}, {"release_by": REVEAL_BY - 1}, {"of": 3}, {"key": "a" * 64},
    {"commitment": "A" * 64},
]  # fmt: skip


@pytest.mark.parametrize("more", WRONG, ids=lambda m: str(m)[:40])
def test_what_is_no_opening_is_refused(more: dict[str, Any]) -> None:
    """Each by itself, before anybody asks who says it."""
    check_step(opening())
    with pytest.raises(SubmissionError):
        check_step(opening(**more))


def test_an_opening_comes_from_somebody_it_names_and_ends_some_day() -> None:
    """Nobody is drawn in by a stranger, into the past, or for good."""
    with pytest.raises(SubmissionError, match="opened by"):
        Story("stranger")
    for more in ({"commit_by": 5}, {"release_by": 91 * 86_400}):
        with pytest.raises(SubmissionError, match="days"):
            Story(**more)


def test_a_sealed_opening_or_an_open_list_is_none() -> None:
    """A list is sealed, everything else is open."""
    with pytest.raises(SubmissionError, match="sealed"):
        check_step(Step(REVEAL, OF))
    with pytest.raises(SubmissionError, match="needs it"):
        check_step(Step(COMMIT, OF))


actions = st.lists(st.tuples(st.sampled_from("cgrfxd"), st.integers(0, 2), st.integers(0, 1_300)), max_size=14)


@given(actions)
def test_both_lists_are_opened_in_one_step_or_neither_is(moves: list[tuple[str, int, int]]) -> None:
    """Whatever comes in whatever order: shares of both keys reach k at the same entry, and only after both lists."""
    story = Story()
    for what, who, after in moves:
        story.at += after
        side, holder = SIDES[who % 2], HOLDERS[who]
        said: dict[str, tuple[Step | None, str, dict[str, Any]]] = {
            "c": (commitment(side), side, {}), "g": (None, side, {"commitment": commitment(side).commitment}),
            "r": (Step(RELEASE, OF, shares={s: SHARES[s, holder].hex() for s in SIDES}), holder, {}),
            "f": (Step(REFUSE, OF), holder, {}), "x": (Step(CLOSE, OF, window=story.one.state), "desk", {}),
            "d": (Step(CHALLENGE, OF, against=side, secret=KEYS[side].hex()), SIDES[1 - who % 2], {"flaw": "x"}),
        }  # fmt: skip
        step, by, more = said[what]
        event = story.event(step, by, **more)
        story.events.append(event)
        story.course.take(event)
        story.index += 1
        held = [len(story.one.shares.get(side, {})) for side in SIDES]
        assert held[0] == held[1]
        assert held[0] == 0 or set(story.one.reveals) == set(SIDES)
        assert (story.one.state in (OPENED, BROKEN)) == (held[0] >= 2)
    again = exchanges(LOG, [Event(OF, 11, "desk", ("desk",), opening()), *story.events[1:]])
    assert again.all[OF].state == story.one.state  # read again, on another machine, it is the same


names = st.sampled_from(["", "north", "south", "east", "west", "far", "desk", "nobody"])
hashes = st.sampled_from(["", "a" * 64, "A" * 64, "zz", KEYS["north"].hex(), commitment("north").commitment])
steps = st.builds(
    Step, step=st.sampled_from([*STEPS, "", "x"]), of=st.sampled_from([0, OF, OF, OF, -1, 99]), about=names,
    against=names,
    commit_by=st.integers(-5, 5_000), commitment=hashes, entry=st.integers(-2, 12),
    guarantors=st.lists(names, max_size=4).map(tuple), key=hashes, marks=st.dictionaries(names, hashes, max_size=4),
    release_by=st.integers(-5, 9_000), reveal_by=st.integers(-5, 7_000), secret=hashes,
    shares=st.dictionaries(names, hashes, max_size=3), sides=st.lists(names, max_size=3).map(tuple),
    slots=st.sampled_from([0, 256, 7]), threshold=st.integers(-1, 5), window=st.sampled_from(["", *STATES]),
)  # fmt: skip


@given(
    st.sampled_from(STATES),
    steps,
    names,
    st.integers(-10, 5_000),
    st.none() | st.tuples(st.integers(-1, 9), st.integers()),
)
def test_whatever_is_said_is_taken_or_refused(
    state: str, said: Step, by: str, at: int, seen: tuple[int, int] | None
) -> None:
    """A step of any shape, by anybody, at any time: nothing else is ever raised, or a log would stop for it."""
    story = Story().to(state)
    if said.of == OF and said.step in _FIELDS:  # with none but its own fields it comes further
        own = {name for fields in _FIELDS[said.step] for name in fields}
        said = Step(said.step, **{name: getattr(said, name) for name in own})
    one = Event(story.index, at, by, (by,), said, seen=seen, flaw="x")
    before = story.one
    try:
        story.course.check(one)
    except SubmissionError:
        story.course.take(one)
        assert story.one == before
    else:
        story.course.take(one)
        assert story.course.ignored == {}


def test_what_is_due_from_whom() -> None:
    """The step of a window from whoever is missing in it; after its end, its close from anybody."""
    story = Story()
    assert (story.one.due("north", 500), story.one.due("east", 500)) == (COMMIT, "")
    story.commit("north")
    assert (story.one.due("north", 500), story.one.due("south", 500)) == ("", COMMIT)
    assert story.one.due("anybody", COMMIT_BY + 1) == CLOSE
    assert Story().to(OPENED).one.due("north", 9_999) == ""


def test_the_page_for_people_names_every_state_step_and_fault() -> None:
    """What somebody meets in the record is explained where he looks."""
    page = (ROOT / "docs" / "how-to" / "exchange-sealed-lists.md").read_text(encoding="utf-8")
    assert set(WHATS) <= set(re.findall(r"`([a-z-]+)`", str(Fault.__doc__)))
    assert not [word for word in (*STATES, *STEPS, *WHATS) if word not in page]
