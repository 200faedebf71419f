"""When are two sealed lists opened? Commit, seal to guarantors, release: one table, and neither side is ever first.

    committing ──► revealing ──► releasing ──► opened ──► broken
        │ close        │ close │ refuse  │ close │ refuse
        ▼              ▼       ▼         ▼       ▼
    lapsed, defaulted  defaulted  refused  withheld  refused

Each step is a signed statement; `TABLE` owns every transition:

    open      names two sides, guarantors, how many of these together open, the places of a list, and three deadlines
    commit    a side fixes its list by a salted commitment, and marks of what it is going to hand to each guarantor
    reveal    its sealed list: for the eyes of both sides, under a key that only k guarantors together have
    release   a guarantor gives its shares of both keys, in one statement: there is no step that opens one list
    refuse    what was sealed for one is not what its mark says, or cannot be opened
    close     the window is over, by a checkpoint that witnesses dated after the deadline: who is missing is in default
    challenge an opened list is not what was committed to, shown with the key of its content
    deny      a party says that an entry is not its own; the record says whether its key signed

A window ends by the record's index and by the witnesses' time, both: what the record held after the deadline is late,
and so is what was not yet in the record of a size that witnesses dated a minute after it. A step that may not be taken
has no effect. Nothing here reads a clock: two machines with the same record say the same.

What it never does: compare lists, count what they share, or open one of them.

Source: docs/adr/0022-exchange-of-areas.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from truceline.errors import ConflictError, InputError, SubmissionError, quoted
from truceline.exchange.padded import SLOTS
from truceline.exchange.shares import check_mark, check_numbers

OPEN, COMMIT, REVEAL, RELEASE, REFUSE, CLOSE, CHALLENGE, DENY = STEPS = (
    "open", "commit", "reveal", "release", "refuse", "close", "challenge", "deny",
)  # fmt: skip
COMMITTING, REVEALING, RELEASING, OPENED, LAPSED, DEFAULTED, WITHHELD, REFUSED, BROKEN = STATES = (
    "committing", "revealing", "releasing", "opened", "lapsed", "defaulted", "withheld", "refused", "broken",
)  # fmt: skip
SIDE, GUARANTOR, NAMED, ANYBODY = "side", "guarantor", "named", "anybody"


@dataclass(frozen=True)
class Row:
    """One transition.

    Attributes:
        state: of the exchange before it.
        step: that is taken.
        who: a side, a guarantor, either, or anybody who speaks in the record.
        then: state after it, while somebody is still missing.
        whole: state after it, once nobody is (`_is_whole`).
    """

    state: str
    step: str
    who: str
    then: str
    whole: str


TABLE = (
    Row(COMMITTING, COMMIT, SIDE, COMMITTING, REVEALING),
    Row(COMMITTING, CLOSE, ANYBODY, LAPSED, DEFAULTED),
    Row(REVEALING, REVEAL, SIDE, REVEALING, RELEASING),
    Row(REVEALING, REFUSE, NAMED, REVEALING, REFUSED),
    Row(REVEALING, CLOSE, ANYBODY, DEFAULTED, DEFAULTED),
    Row(RELEASING, RELEASE, GUARANTOR, RELEASING, OPENED),
    Row(RELEASING, REFUSE, NAMED, RELEASING, REFUSED),
    Row(RELEASING, CLOSE, ANYBODY, WITHHELD, WITHHELD),
    Row(OPENED, RELEASE, GUARANTOR, OPENED, OPENED),
    Row(OPENED, CHALLENGE, SIDE, BROKEN, BROKEN),
    *(Row(state, DENY, NAMED, state, state) for state in STATES),
)
"""Every transition there is: what does not stand here is refused."""

ROWS = {(row.state, row.step): row for row in TABLE}
ENDS = tuple(state for state in STATES if not any(r.state == state and r.step != DENY for r in TABLE))
"""States from which nothing leads on; `opened` is none, for a list can still be challenged."""

WINDOWS = (COMMITTING, REVEALING, RELEASING)
MOST_WINDOW_S = 90 * 86_400
"""No deadline lies further ahead: nobody holds a list in escrow for good."""

WITNESSED_S = 60
"""What a log takes is witnessed within so many seconds: only what was not there by then is late by the witnesses."""

UNWITNESSED_S = 86_400
"""Where the witnesses of a record are silent, its own clock ends a window so many seconds later: none has a veto."""

MOST_BAD = 3
"""So many bad shares of one guarantor are logged; after that they are refused."""

_HEX = re.compile(r"[0-9a-f]{64}")
_FIELDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    OPEN: (("sides", "guarantors", "threshold", "slots", "commit_by", "reveal_by", "release_by"), ("about",)),
    COMMIT: (("of", "commitment", "key", "marks"), ()),
    RELEASE: (("of", "shares"), ()),
    REFUSE: (("of",), ()),
    CLOSE: (("of", "window"), ("times",)),
    CHALLENGE: (("of", "against", "secret"), ()),
    DENY: (("of", "entry"), ()),
}
"""What an open step says: the fields that it needs, and those it may have. A reveal says nothing: it is sealed."""


class Dated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cosignature of a witness on a checkpoint: by its name in the policy, with its POSIX second.

    Attributes:
        signature: its 64 bytes, as two times 64 hexadecimal digits.
    """

    at: int
    signature: tuple[str, str]
    witness: str


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a step says.

    Attributes:
        step: one of `STEPS` but `reveal`, whose body is sealed.
        of: index of the entry that opened the exchange.
        sides: of `open`: the two; `guarantors`: in the order of their shares; `threshold`: so many together open.
        slots: places of each list, one of `padded.SLOTS`.
        commit_by, reveal_by, release_by: UTC seconds, each deadline its last second.
        about: whose areas the lists are to hold: an actor of the text; empty = nobody's in particular.
        commitment: to salt and list; `key`: mark of the key of its content; `marks`: guarantor to mark of its share.
        shares: of `release`: side to share of the key of its list, 64 hexadecimal digits.
        window: of `close`: the state whose deadline is over; `times`: who dated the checkpoint that the entry cites.
        against, secret: of `challenge`: whose list, and the key of its content, 64 hexadecimal digits.
        entry: of `deny`: which.
    """

    step: str
    of: int = 0
    about: str = ""
    against: str = ""
    commit_by: int = 0
    commitment: str = ""
    entry: int = 0
    guarantors: tuple[str, ...] = ()
    key: str = ""
    marks: dict[str, str] = {}
    release_by: int = 0
    reveal_by: int = 0
    secret: str = ""
    shares: dict[str, str] = {}
    sides: tuple[str, ...] = ()
    slots: int = 0
    threshold: int = 0
    times: tuple[Dated, ...] = ()
    window: str = ""


@dataclass(frozen=True)
class Event:
    """An entry of the record that takes a step.

    Attributes:
        index: of the entry; `at`: UTC second at which the record held it.
        by: who says it; `signers`: whose valid keys signed it.
        said: the step; None = a sealed body, which is a reveal.
        commitment: of the sealed body; empty = it is open.
        seen: of a close, size and UTC second of the checkpoint that it cites, as enough witnesses dated it; None = they
            did not.
        is_watched: whether the record has witnesses who could.
        flaw: of a challenge: what is wrong with the list, empty = nothing; None = its box is not at hand.
        is_contested: of a denial: the key that signed the entry was revoked as of an earlier one.
    """

    index: int
    at: int
    by: str
    signers: tuple[str, ...]
    said: Step | None
    commitment: str = ""
    seen: tuple[int, int] | None = None
    is_watched: bool = False
    flaw: str | None = None
    is_contested: bool = False

    @property
    def step(self) -> str:
        """Which one."""
        return REVEAL if self.said is None else self.said.step


@dataclass(frozen=True)
class Committed:
    """What a side has fixed: entry, commitment, mark of the key of its content, marks of the shares."""

    index: int
    commitment: str
    key: str
    marks: Mapping[str, str]


@dataclass(frozen=True)
class Fault:
    """What a party did, or left undone, and the entry that shows it.

    Attributes:
        what: `no-commitment`, `no-reveal`, `no-release`, `late`, `bad-share`, `refusal`, `changed-list`, `denial`
            (which the record answers), `contested` (a denial that it does not).
    """

    index: int
    party: str
    what: str


@dataclass(frozen=True)
class Exchange:
    """One exchange, and how far it has come.

    Attributes:
        of: index of the entry that opened it; `opened_by`: who said so; `began`: UTC second.
        state: one of `STATES`; `since`: UTC second, and `step`: index of the entry that brought it there.
        bound: sides that signed the opening, or have committed: whoever else stays away owes nothing.
        commitments: by side; `reveals`: side to entry; `releases`: guarantor to entry.
        shares: side to guarantor to the share that was released.
        refusals: party to entry.
        is_witnessed: of an exchange that a close ended: whether witnesses dated the end.
        events: every step that counts, in its order.
    """

    of: int
    opened_by: str
    began: int
    said: Step
    state: str = COMMITTING
    since: int = 0
    step: int = 0
    bound: frozenset[str] = frozenset()
    commitments: Mapping[str, Committed] = field(default_factory=dict)
    reveals: Mapping[str, int] = field(default_factory=dict)
    releases: Mapping[str, int] = field(default_factory=dict)
    shares: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    refusals: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    is_witnessed: bool = False
    events: tuple[Event, ...] = ()

    @property
    def sides(self) -> tuple[str, ...]:
        """The two."""
        return self.said.sides

    @property
    def guarantors(self) -> tuple[str, ...]:
        """In the order of their shares: the first is holder 1."""
        return self.said.guarantors

    def deadline(self, state: str = "") -> int:
        """The last second of the window of a state, the present one by default; 0 = it has none."""
        times = (self.said.commit_by, self.said.reveal_by, self.said.release_by)
        return dict(zip(WINDOWS, times, strict=True)).get(state or self.state, 0)

    def missing(self) -> tuple[str, ...]:
        """For whom the present state waits; nobody where it waits for none."""
        if self.state == COMMITTING:
            return tuple(side for side in self.sides if side not in self.commitments)
        if self.state == REVEALING:
            return tuple(side for side in self.sides if side not in self.reveals)
        if self.state == RELEASING:
            return tuple(one for one in self.guarantors if one not in self.releases)
        return ()

    def due(self, party: str, now: int) -> str:
        """The step that a party has to take at a second; empty = none."""
        steps = {COMMITTING: COMMIT, REVEALING: REVEAL, RELEASING: RELEASE}
        if self.state not in steps:
            return ""
        if now > self.deadline():
            return CLOSE
        return steps[self.state] if party in self.missing() and party not in self.refusals else ""


def about_share(log: str, of: int, side: str, holder: str) -> str:
    """What a mark is of: the share of a guarantor, or with `holder` empty the key of the content."""
    return f"{log}\n{of}\n{side}\n{holder}"


# -- the body of a step, by itself -------------------------------------------------------------------------------------


def check_step(one: Step) -> None:
    """Refuse what is no open step, by itself.

    Raises:
        SubmissionError: no such step, a field too many or too few, a number out of range, a hash that is none.
    """
    if one.step not in _FIELDS:
        why = "a list is sealed" if one.step == REVEAL else "no such step"
        raise SubmissionError(f"`step`: expected one of {', '.join(_FIELDS)}, got {quoted(one.step)}: {why}")
    needed, more = _FIELDS[one.step]
    for name in one.__struct_fields__:
        if name in needed and not getattr(one, name):
            raise SubmissionError(f"`{name}`: the step {one.step} needs it")
        if name not in ("step", *needed, *more) and getattr(one, name):
            raise SubmissionError(f"`{name}`: the step {one.step} has none")
    hashes = [one.commitment, one.key, one.secret, *one.marks.values(), *one.shares.values()]
    hashes += [part for dated in one.times for part in dated.signature]
    if any(text and not _HEX.fullmatch(text) for text in hashes) or "" in (*one.marks.values(), *one.shares.values()):
        raise SubmissionError(f"a step {one.step}: expected hashes, marks and shares of 64 hexadecimal digits")
    if one.step == OPEN:
        _check_open(one)
    if one.step == CLOSE and one.window not in WINDOWS:
        raise SubmissionError(f"`window`: expected one of {', '.join(WINDOWS)}, got {quoted(one.window)}")


def _check_open(one: Step) -> None:
    if len(one.sides) != 2 or len(set(one.sides)) != 2:
        raise SubmissionError("`sides`: expected two")
    if len(set(one.guarantors)) < len(one.guarantors) or set(one.guarantors) & set(one.sides):
        raise SubmissionError("`guarantors`: expected each once, and no side among them")
    try:
        check_numbers(one.threshold, len(one.guarantors))
    except InputError as error:
        raise SubmissionError(f"`threshold`: {error.faults[0]}") from None
    if one.slots not in SLOTS:
        raise SubmissionError(f"`slots`: expected one of {', '.join(map(str, SLOTS))}, got {one.slots}")
    if not one.commit_by < one.reveal_by < one.release_by:
        raise SubmissionError("`commit_by`, `reveal_by`, `release_by`: expected each after the one before")


# -- the course of all exchanges ---------------------------------------------------------------------------------------


class Exchanges:
    """Every exchange of a record, step by step; a step that may not be taken has no effect.

    Attributes:
        log: origin of the log.
        all: by the index of the entry that opened it.
        ignored: entries without effect, and why: the host let in what it should have refused.
    """

    def __init__(self, log: str) -> None:
        """Nothing is said yet."""
        self.log = log
        self.all: dict[int, Exchange] = {}
        self.ignored: dict[int, str] = {}
        self._fixed: dict[str, tuple[int, str, int]] = {}

    def copy(self) -> Exchanges:
        """Another of the same content."""
        made = Exchanges(self.log)
        made.all, made.ignored, made._fixed = dict(self.all), dict(self.ignored), dict(self._fixed)
        return made

    def take(self, one: Event) -> None:
        """Take in the next entry."""
        try:
            made = self._next(one)
        except SubmissionError as error:
            self.ignored[one.index] = str(error)
            return
        self.all[made.of] = made
        if one.step == COMMIT and one.said is not None:
            self._fixed[one.said.commitment] = (made.of, one.by, one.index)

    def check(self, one: Event) -> None:
        """Refuse a step that may not be taken.

        Raises:
            ConflictError: it is not the turn of this step, or it was taken before. SubmissionError: not by these, not
                now, or not this.
        """
        self._next(one)

    def awaited(self, commitment: str) -> tuple[Exchange, str] | None:
        """The exchange and the side whose list a commitment fixes; None = nobody fixed one by it."""
        found = self._fixed.get(commitment)
        return None if found is None else (self.all[found[0]], found[1])

    def _next(self, one: Event) -> Exchange:
        """The exchange after a step."""
        if one.said is not None:
            check_step(one.said)
            if one.said.step == OPEN:
                return self._open(one, one.said)
        before = self._without_late(one, self._before(one))
        row = ROWS.get((before.state, one.step))
        if row is None:
            raise ConflictError(f"`step`: {one.step} is not for an exchange that is {before.state}")
        _check_who(one, row, before)
        if row.state in WINDOWS and one.step not in (CLOSE, DENY) and one.at > before.deadline(row.state):
            raise SubmissionError(f"`step`: {one.step} is late: the window ended at second {before.deadline()}")
        made = _APPLY[one.step](self, one, before)
        state = row.whole if _is_whole(one, made) else row.then
        if state != before.state:
            made = replace(made, state=state, since=one.at, step=one.index)
        return replace(made, events=(*made.events, one))

    def _before(self, one: Event) -> Exchange:
        if one.said is not None:
            found = self.all.get(one.said.of)
            if found is None:
                raise SubmissionError(f"`of`: expected the entry that opened an exchange, got {one.said.of}")
            return found
        fixed = self._fixed.get(one.commitment)
        if fixed is None:
            raise SubmissionError(f"no commitment of {quoted(one.by)} awaits this list: it was changed, or never fixed")
        if fixed[1] != one.by:
            raise SubmissionError(f"the commitment is that of {quoted(fixed[1])}: nobody reveals the list of another")
        return self.all[fixed[0]]

    def _without_late(self, one: Event, before: Exchange) -> Exchange:
        """The exchange without what was not in the record yet when witnesses dated a close; opened ones stay so.

        A log that dates its entries too early is found out by this. Whoever is told so had a minute to see that what
        it said was not witnessed.
        """
        said = one.said
        if said is None or said.step != CLOSE or one.seen is None or before.state not in WINDOWS:
            return before
        size, second = one.seen
        if second <= before.deadline(said.window) + WITNESSED_S:
            return before
        step = {COMMITTING: COMMIT, REVEALING: REVEAL}.get(said.window, "")
        late = [event for event in before.events if event.step == step and event.index >= size]
        if not late:
            return before
        again = exchanges(self.log, [event for event in before.events if event.index < late[0].index])
        faults = tuple(Fault(event.index, event.by, "late") for event in late)
        made = again.all[before.of]
        return replace(made, faults=(*made.faults, *faults))

    # -- each step -----------------------------------------------------------------------------------------------------

    def _open(self, one: Event, said: Step) -> Exchange:
        if one.by not in (*said.sides, *said.guarantors, "desk"):
            raise SubmissionError("`by`: an exchange is opened by a side, a guarantor or the desk")
        if not one.at < said.commit_by or said.release_by > one.at + MOST_WINDOW_S:
            raise SubmissionError(f"`commit_by`, `release_by`: expected within {MOST_WINDOW_S // 86_400} days from now")
        bound = frozenset(set(one.signers) & set(said.sides))
        return Exchange(one.index, one.by, one.at, said, since=one.at, step=one.index, bound=bound, events=(one,))

    def _commit(self, one: Event, before: Exchange) -> Exchange:
        said = _said(one)
        if one.by in before.commitments:
            stands = before.commitments[one.by].index
            raise ConflictError(f"`commitment`: {quoted(one.by)} has committed by entry {stands}: that one stands")
        if said.commitment in self._fixed:
            raise SubmissionError(f"`commitment`: was said before, by entry {self._fixed[said.commitment][2]}")
        if set(said.marks) != set(before.guarantors):
            raise SubmissionError("`marks`: expected one for each guarantor")
        fixed = Committed(one.index, said.commitment, said.key, dict(said.marks))
        return replace(
            before, commitments={**before.commitments, one.by: fixed}, bound=before.bound | {one.by}
        )  # fmt: skip

    def _reveal(self, one: Event, before: Exchange) -> Exchange:
        if one.by in before.reveals:
            raise ConflictError(f"{quoted(one.by)} has handed over its list by entry {before.reveals[one.by]}")
        return replace(before, reveals={**before.reveals, one.by: one.index})

    def _release(self, one: Event, before: Exchange) -> Exchange:
        said = _said(one)
        if one.by in before.releases:
            raise ConflictError(f"{quoted(one.by)} has released its shares by entry {before.releases[one.by]}")
        if set(said.shares) != set(before.sides):
            raise SubmissionError("`shares`: expected one of each side's list: both are opened in one step, or none")
        for side, share in said.shares.items():
            about, mark = about_share(self.log, before.of, side, one.by), before.commitments[side].marks[one.by]
            try:
                check_mark(bytes.fromhex(share), about, mark)
            except SubmissionError:
                return _with_bad_share(one, before)
        shares = {side: {**before.shares.get(side, {}), one.by: said.shares[side]} for side in before.sides}
        return replace(before, releases={**before.releases, one.by: one.index}, shares=shares)

    def _refuse(self, one: Event, before: Exchange) -> Exchange:
        if one.by in before.refusals or one.by in before.releases:
            raise ConflictError(f"{quoted(one.by)} has refused or released before")
        refusals, fault = {**before.refusals, one.by: one.index}, Fault(one.index, one.by, "refusal")
        return replace(before, refusals=refusals, faults=(*before.faults, fault))

    def _close(self, one: Event, before: Exchange) -> Exchange:
        said = _said(one)
        if said.window != before.state:
            raise ConflictError(f"`window`: the exchange is {before.state}")
        deadline = before.deadline()
        seen = one.at if one.seen is None else min(one.seen[1], one.at)
        if seen <= deadline:
            raise SubmissionError(f"`step`: the window ends at second {deadline}, what is shown is of second {seen}")
        if one.is_watched and one.seen is None and one.at <= deadline + UNWITNESSED_S:
            raise SubmissionError("`times`: expected a checkpoint that enough witnesses dated after the window")
        what = {COMMITTING: "no-commitment", REVEALING: "no-reveal", RELEASING: "no-release"}[before.state]
        owing = [p for p in before.missing() if p in before.guarantors or p in before.bound]
        owing = [p for p in owing if p not in before.refusals]
        faults = tuple(Fault(one.index, party, what) for party in owing)
        return replace(before, faults=(*before.faults, *faults), is_witnessed=one.seen is not None)

    def _challenge(self, one: Event, before: Exchange) -> Exchange:
        said = _said(one)
        if said.against not in before.sides or said.against == one.by:
            raise SubmissionError("`against`: expected the other side")
        about = about_share(self.log, before.of, said.against, "")
        check_mark(bytes.fromhex(said.secret), about, before.commitments[said.against].key)
        if one.flaw == "":
            raise SubmissionError(f"`against`: the list of {quoted(said.against)} is what was committed to")
        return replace(before, faults=(*before.faults, Fault(one.index, said.against, "changed-list")))

    def _deny(self, one: Event, before: Exchange) -> Exchange:
        said = _said(one)
        own = {event.index for event in before.events if one.by in (event.by, *event.signers)}
        if said.entry not in own:
            raise SubmissionError(f"`entry`: expected a step of this exchange said by {quoted(one.by)}")
        if any(event.said and event.said.step == DENY and event.said.entry == said.entry for event in before.events):
            raise ConflictError(f"`entry`: entry {said.entry} was denied before")
        what = "contested" if one.is_contested else "denial"
        return replace(before, faults=(*before.faults, Fault(one.index, one.by, what)))


_APPLY: Mapping[str, Callable[[Exchanges, Event, Exchange], Exchange]] = {
    COMMIT: Exchanges._commit, REVEAL: Exchanges._reveal, RELEASE: Exchanges._release, REFUSE: Exchanges._refuse,
    CLOSE: Exchanges._close, CHALLENGE: Exchanges._challenge, DENY: Exchanges._deny,
}  # fmt: skip


def _check_who(one: Event, row: Row, before: Exchange) -> None:
    allowed = {SIDE: before.sides, GUARANTOR: before.guarantors, NAMED: (*before.sides, *before.guarantors)}
    if row.who != ANYBODY and one.by not in allowed[row.who]:
        raise SubmissionError(f"`by`: the step {one.step} is for {' and '.join(allowed[row.who])}")


def _is_whole(one: Event, made: Exchange) -> bool:
    """Whether nobody is missing any more for what a step is a part of; of a close, whether somebody is in default."""
    step = one.step
    if step == COMMIT:
        return len(made.commitments) == len(made.sides)
    if step == REVEAL:
        return len(made.reveals) == len(made.sides)
    if step == RELEASE:
        return len(made.releases) >= made.said.threshold
    if step == REFUSE:
        able = len(made.guarantors) - len(set(made.refusals) & set(made.guarantors))
        return able < made.said.threshold or any(side in made.refusals for side in made.sides)
    return any(fault.index == one.index for fault in made.faults)


def _with_bad_share(one: Event, before: Exchange) -> Exchange:
    """A wrong share is logged under the name of who gave it, and opens nothing; the right one can still be given."""
    bad = sum(fault.party == one.by and fault.what == "bad-share" for fault in before.faults)
    if bad >= MOST_BAD:
        raise SubmissionError(f"`shares`: {MOST_BAD} bad ones of {quoted(one.by)} are logged")
    return replace(before, faults=(*before.faults, Fault(one.index, one.by, "bad-share")))


def _said(one: Event) -> Step:
    """What an open step says.

    Raises:
        SubmissionError: it is sealed.
    """
    if one.said is None:
        raise SubmissionError("`step`: expected an open one")
    return one.said


def exchanges(log: str, events: Sequence[Event]) -> Exchanges:
    """Every exchange of a record, from its steps in their order."""
    made = Exchanges(log)
    for one in events:
        made.take(one)
    return made
