"""In which states can something be, after all that has happened to it? A state machine is one table of rows.

States are sets: what only possibly happened keeps the old states beside the new, and events whose order is not known
give the union over all orders. Narrowing what is known shrinks the set and never leaves it. An event that has no row
for a state keeps it. Nothing here knows what the states mean: `agreement.duties` holds the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from truceline.span import Span

MOST_TOGETHER = 12
"""So many events of unknown order are tried in every order; of more, whatever they can lead to counts as possible."""

States = frozenset[str]


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        state: where it starts.
        event: what happens.
        next: where it leads.
        by: who may cause it; see the roles of `agreement.duties`.
        why: one sentence for a lawyer.
        never_for: the guard: for these traits of a term the row does not exist.
    """

    state: str
    event: str
    next: str
    by: tuple[str, ...]
    why: str
    never_for: States = frozenset()


@dataclass(frozen=True)
class Happening:
    """An event that happened somewhere within a span, surely or only possibly."""

    event: str
    span: Span
    is_sure: bool = True


@dataclass(frozen=True)
class Machine:
    """A table.

    Attributes:
        name: what it is about.
        initial: the state in which it begins.
        terminal: the states that nothing leaves.
        rows: the table.
    """

    name: str
    initial: str
    terminal: States
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        """INVARIANT: one way on for a state and an event, every state reached, and no terminal state left."""
        if len(self._next) < len(self.rows):
            raise ValueError(f"{self.name}: two rows for one state and event")
        if left := {row.state for row in self.rows} & self.terminal:
            raise ValueError(f"{self.name}: leaves the terminal {sorted(left)}")
        if stuck := set(self.states) - {row.state for row in self.rows} - self.terminal:
            raise ValueError(f"{self.name}: nothing leaves {sorted(stuck)}")
        if lost := set(self.states) - self.reached(frozenset({self.initial}), self.events):
            raise ValueError(f"{self.name}: nothing leads to {sorted(lost)}")

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, in the order of the table."""
        named = [self.initial, *(state for row in self.rows for state in (row.state, row.next)), *sorted(self.terminal)]
        return tuple(dict.fromkeys(named))

    @property
    def events(self) -> tuple[str, ...]:
        """Every event, in the order of the table."""
        return tuple(dict.fromkeys(row.event for row in self.rows))

    @property
    def start(self) -> States:
        """The initial state, as a set."""
        return frozenset({self.initial})

    @cached_property
    def _next(self) -> dict[tuple[str, str], Row]:
        return {(row.state, row.event): row for row in self.rows}

    def row(self, state: str, event: str, traits: States = frozenset()) -> Row | None:
        """The row for a state and an event; None where there is none, or none for such a term."""
        found = self._next.get((state, event))
        return None if found is None or found.never_for & traits else found

    def may(self, role: str, states: States, event: str, traits: States = frozenset()) -> bool:
        """Whether somebody in a role may cause an event in one of these states."""
        return any(row is not None and role in row.by for row in (self.row(s, event, traits) for s in states))

    def step(self, states: States, event: str, is_sure: bool = True, traits: States = frozenset()) -> States:
        """The states after an event.

        Args:
            states: those that are possible before it.
            event: what happened; one that no row knows changes nothing.
            is_sure: whether it surely happened; otherwise the old states stay beside the new.
            traits: of the term that the machine is about, for the guards.
        """
        moved = frozenset(row.next if (row := self.row(s, event, traits)) else s for s in states)
        return moved if is_sure else moved | states

    def run(
        self,
        happenings: Iterable[Happening],
        *,
        states: States | None = None,
        at: int | None = None,
        traits: States = frozenset(),
    ) -> States:
        """The states that are possible after happenings, of which some may overlap in time.

        Args:
            happenings: in any order; one comes before another when its span ends before that of the other begins.
            states: those before all of them; None = the initial one.
            at: UTC second; what lies after it is left out, what may lie after it is only possible. None = after all.
            traits: of the term, for the guards.
        """
        found = self.start if states is None else states
        for together in _heaps(_until(happenings, at)):
            found = self._in_any_order(found, together, traits)
        return found

    def reached(self, states: States, events: Iterable[str], traits: States = frozenset()) -> States:
        """Whatever these events can lead to, each any number of times, in any order."""
        found, before, known = states, frozenset[str](), tuple(dict.fromkeys(events))
        while found != before:
            before = found
            for event in known:
                found = self.step(found, event, is_sure=False, traits=traits)
        return found

    def _in_any_order(self, states: States, heap: Sequence[Happening], traits: States) -> States:
        """Union over the orders that the spans allow, worked out once for every set of events that came first."""
        if len(heap) > MOST_TOGETHER:
            return self.reached(states, [one.event for one in heap], traits)
        ahead = [sum(1 << j for j, b in enumerate(heap) if b.span.end <= a.span.start) for a in heap]
        after: dict[int, States] = {0: states}
        for done in range(1 << len(heap)):
            if done not in after:
                continue
            for i, one in enumerate(heap):
                if not done >> i & 1 and ahead[i] & ~done == 0:
                    moved = self.step(after[done], one.event, one.is_sure, traits)
                    after[done | 1 << i] = after.get(done | 1 << i, frozenset()) | moved
        return after[(1 << len(heap)) - 1]


def _until(happenings: Iterable[Happening], at: int | None) -> list[Happening]:
    """What happened before a second; what may have happened only after it is no longer sure."""
    if at is None:
        return list(happenings)
    found = []
    for one in happenings:
        if one.span.end <= at:
            found.append(one)
        elif one.span.start < at:
            found.append(replace(one, span=Span(one.span.start, at), is_sure=False))
    return found


def _heaps(happenings: Iterable[Happening]) -> list[list[Happening]]:
    """Happenings in heaps that follow one another; within a heap spans overlap, one by one."""
    heaps: list[list[Happening]] = []
    end = 0
    for one in sorted(happenings, key=lambda h: (h.span.start, h.span.end, h.event, h.is_sure)):
        if heaps and one.span.start < end:
            heaps[-1].append(one)
            end = max(end, one.span.end)
        else:
            heaps.append([one])
            end = one.span.end
    return heaps


def diagram(machine: Machine) -> str:
    """A table as a Mermaid `stateDiagram-v2`; rows between the same two states share an arrow."""
    lines = ["stateDiagram-v2", *(f'    state "{state}" as {_id(state)}' for state in machine.states)]
    lines.append(f"    [*] --> {_id(machine.initial)}")
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in machine.rows:
        arrows.setdefault((row.state, row.next), []).append(row.event)
    lines += [f"    {_id(a)} --> {_id(b)}: {', '.join(events)}" for (a, b), events in arrows.items()]
    lines += [f"    {_id(state)} --> [*]" for state in machine.states if state in machine.terminal]
    return "\n".join(lines) + "\n"


def _id(state: str) -> str:
    """Mermaid reads a dash as part of an arrow."""
    return state.replace("-", "_")
