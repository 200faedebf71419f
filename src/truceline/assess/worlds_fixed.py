"""What would the answer be if one open condition were yes, and what if it were no? Fixed, and worked out again.

Of a term the open conditions are its factors at 0; of a tree (`why`) the open questions that rest on no other. One is
fixed, the others stay as they are, and the same rules give the answer: nothing is judged that `spec` does not judge.
A condition that stands in several terms is fixed in all of them at once. What depends on what, beyond that, no rule
knows: two conditions that the same fact would settle are still fixed one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from truceline.assess.why import RULES
from truceline.verdict import NEVER, SURE, UNKNOWN, Answer, Reason, both, mask_of


@dataclass(frozen=True)
class Fixed:
    """Two worlds of one open condition.

    Attributes:
        condition: name of a factor, or a question of a tree.
        yes: the answer if it were yes; no: if it were no.
    """

    condition: str
    yes: Answer
    no: Answer


def worlds(factors: Mapping[str, Answer]) -> list[Fixed]:
    """The two worlds of each factor of a term that is open, in the order of the factors.

    >>> from truceline.verdict import undecided
    >>> found = worlds({"place": undecided(Reason.PLACE), "time": SURE, "act": undecided(Reason.ACT)})
    >>> [(one.condition, one.yes.reasons, one.no.value) for one in found]
    [('place', (<Reason.ACT: 'act'>,), -1), ('act', (<Reason.PLACE: 'place'>,), -1)]
    """
    return [
        Fixed(name, *(both({**factors, name: sign}.values()) for sign in (SURE, NEVER)))
        for name, answer in factors.items()
        if answer.value == UNKNOWN
    ]


def worlds_in(table: Mapping[str, Any], root: str) -> list[Fixed]:
    """The two worlds of each open question at the bottom of a tree, in the order in which the tree asks them.

    Args:
        table: of a tree: question to its rule, the questions below it, and its answer or steps.
        root: the question whose answer is asked for.
    """
    return [
        Fixed(q, *(_worked_out(table, root, {q: sign}) for sign in (SURE, NEVER))) for q in open_questions(table, root)
    ]


def open_questions(table: Mapping[str, Any], root: str) -> list[str]:
    """The questions at 0 that rest on no other question about the report."""
    found: dict[str, None] = {}
    ahead = [root]
    seen = set[str]()
    while ahead:
        q = ahead.pop()
        if q in seen or "steps" in table[q]:
            continue
        seen.add(q)
        below = list(_below(table, q))
        if below:
            ahead += reversed(below)
        elif table[q]["value"] == UNKNOWN:
            found[q] = None
    return list(found)


def _below(table: Mapping[str, Any], q: str) -> Iterator[str]:
    """The questions that the answer is worked out from; a question in time is answered by its steps, and kept."""
    entry = table[q]
    if entry["rule"] in RULES:
        yield from (one for one in entry["of"] if "steps" not in table[one])


def _worked_out(table: Mapping[str, Any], root: str, fixed: Mapping[str, Answer]) -> Answer:
    kept: dict[str, Answer] = {}

    def answer(q: str) -> Answer:
        if q not in kept:
            kept[q] = fixed[q] if q in fixed else anew(q)
        return kept[q]

    def anew(q: str) -> Answer:
        entry = table[q]
        if entry["rule"] in RULES:
            return RULES[entry["rule"]]([answer(one) for one in _below(table, q)])
        return Answer(entry["value"], mask_of(Reason(code) for code in entry["why"]))

    return answer(root)
