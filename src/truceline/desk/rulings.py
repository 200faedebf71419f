"""What have people decided where the program decided by itself? Signed rulings, the latest of each question.

A ruling answers one question about reports: are two of them of one incident, how is one graded, in which unit did it
take place, is it supported. The later ruling on a question stands; the earlier one stays in the record. A ruling that
is withdrawn gives the question back to the program. An assessment as known at an earlier entry knows the rulings of
that entry, and no later one.

What a ruling never does: make a report say something else, name a place finer than a unit of the gazetteer, or speak
for a party in its own cause. Source: docs/adr/0016-custody-consent-rulings.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Protocol

import msgspec

from truceline.agreement.model import Agreement
from truceline.errors import SubmissionError, quoted
from truceline.evidence import incidents
from truceline.evidence.sources import is_grade
from truceline.group import DESK
from truceline.store.case import Case

SAME, DIFFERENT = incidents.SAME, incidents.DIFFERENT
PAIRED = (SAME, DIFFERENT)
WHAT = (*PAIRED, "grade", "place", "support")
WITHDRAWN = "withdrawn"
"""The value that gives a question back to the program."""

MOST_REPORTS, MOST_REASON = 64, 2_000
Pair = tuple[str, str]
Question = tuple[str, ...]


class Holdings(Protocol):
    """What a case holds, as far as a statement may speak of it."""

    def unknown(self, reports: Sequence[str]) -> list[str]:
        """Those ids that no report of the case has."""

    def is_unit(self, code: str) -> bool:
        """Whether the gazetteer of the case knows a unit."""

    def is_original(self, digest: str) -> bool:
        """Whether the record holds the custody of an original."""


@dataclass(frozen=True)
class Unseen:
    """The holdings as they are asked for whoever does not keep the case: no error tells what is held.

    Attributes:
        units: the holdings themselves, for what is no secret.
    """

    units: Holdings

    def unknown(self, reports: Sequence[str]) -> list[str]:
        """None: it is not told."""
        del reports
        return []

    def is_unit(self, code: str) -> bool:
        """Whether the gazetteer of the case knows a unit."""
        return self.units.is_unit(code)

    def is_original(self, digest: str) -> bool:
        """It may be one: it is not told."""
        return bool(digest)


class Ruling(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a person decides about reports.

    Attributes:
        what: one of `WHAT`.
        reports: ids; two or more for `same` and `different`, which speak of every two of them.
        reason: why, in words.
        body: in whose name it is said, when a body of the text rules; empty = its submitter rules.
        value: a grade such as `C3`, the code of a unit, `yes` or `no`; empty for `same` and `different`;
            `withdrawn` = as the program answers.
    """

    what: str
    reports: tuple[str, ...]
    reason: str
    body: str = ""
    value: str = ""


@dataclass(frozen=True)
class Rulings:
    """The rulings that stand.

    Attributes:
        same, different: pair of reports, sorted, to the index of the entry that says so.
        grades: report to the letter of its source and the number of the report, such as `C3`.
        places: report to the code of a unit.
        support: report to whether it is supported.
        entries: question to the index of the entry that answers it: `(what, report)`, or `("pair", a, b)`.
    """

    same: Mapping[Pair, int] = field(default_factory=dict)
    different: Mapping[Pair, int] = field(default_factory=dict)
    grades: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    support: Mapping[str, bool] = field(default_factory=dict)
    entries: Mapping[Question, int] = field(default_factory=dict)

    @property
    def pairs(self) -> list[incidents.Ruling]:
        """The pairs as `evidence.incidents.incidents_of` takes them, by pair."""
        told = [(pair, SAME, at) for pair, at in self.same.items()]
        told += [(pair, DIFFERENT, at) for pair, at in self.different.items()]
        return [incidents.Ruling(*pair, says, at) for pair, says, at in sorted(told)]


def rulings_of(case: Case, upto: int | None = None) -> Rulings:
    """The rulings that stand among the first `upto` entries of a case; None = all."""
    said = ((one.index, msgspec.convert(one.statement.body, Ruling)) for one in case.said("ruling", upto))
    return standing(said)


def standing(said: Iterable[tuple[int, Ruling]]) -> Rulings:
    """Which rulings stand: of each question the one of the highest index.

    >>> made = standing([(4, Ruling("grade", ("a",), "hearsay", value="D4")), (7, Ruling("same", ("b", "a"), "one"))])
    >>> made.grades, made.same
    ({'a': 'D4'}, {('a', 'b'): 7})
    """
    latest: dict[Question, tuple[int, Ruling]] = {}
    for index, ruling in sorted(said, key=lambda one: one[0]):
        latest.update(dict.fromkeys(questions(ruling), (index, ruling)))
    held = {q: one for q, one in sorted(latest.items()) if one[1].value != WITHDRAWN}

    def paired(what: str) -> dict[Pair, int]:
        return {(q[1], q[2]): index for q, (index, one) in held.items() if q[0] == "pair" and one.what == what}

    def valued(what: str) -> dict[str, str]:
        return {q[1]: one.value for q, (_, one) in held.items() if q[0] == what}

    return Rulings(
        paired(SAME), paired(DIFFERENT), valued("grade"), valued("place"),
        {report: value == "yes" for report, value in valued("support").items()},
        {q: index for q, (index, _) in held.items()},
    )  # fmt: skip


def questions(ruling: Ruling) -> Iterator[Question]:
    """The questions that a ruling answers: `same` and `different` answer one for every two of their reports."""
    if ruling.what in PAIRED:
        yield from (("pair", a, b) for a, b in combinations(sorted(ruling.reports), 2))
    else:
        yield from ((ruling.what, report) for report in ruling.reports)


# -- what is refused ---------------------------------------------------------------------------------------------------


def check_ruling(ruling: Ruling, holdings: Holdings | None) -> None:
    """Refuse a ruling that answers no question of the case.

    Args:
        ruling: as it is said.
        holdings: what the case holds; None = it is not asked.

    Raises:
        SubmissionError: what is asked, of which reports, and with which answer makes no sense here.
    """
    if ruling.what not in WHAT:
        raise SubmissionError(f"`what`: expected one of {', '.join(WHAT)}, got {quoted(ruling.what)}")
    least = 2 if ruling.what in PAIRED else 1
    if not least <= len(ruling.reports) <= MOST_REPORTS or len(set(ruling.reports)) < len(ruling.reports):
        raise SubmissionError(f"`reports`: expected {least} to {MOST_REPORTS} different ids, for {ruling.what}")
    if not ruling.reason.strip() or len(ruling.reason) > MOST_REASON:
        raise SubmissionError(f"`reason`: expected words, {MOST_REASON} characters at the most")
    unknown = holdings.unknown(ruling.reports) if holdings else []
    if unknown:
        raise SubmissionError(f"`reports`: the case holds no report {', '.join(map(quoted, unknown[:5]))}")
    if ruling.value != WITHDRAWN:
        _check_value(ruling, holdings)


def _check_value(ruling: Ruling, holdings: Holdings | None) -> None:
    value = ruling.value
    if ruling.what in PAIRED and value:
        raise SubmissionError(f"`value`: expected none for {ruling.what}, or {WITHDRAWN}, got {quoted(value)}")
    if ruling.what == "grade" and not is_grade(value):
        raise SubmissionError(f"`value`: expected a grade such as `C3`, got {quoted(value)}")
    if ruling.what == "place" and not (value and (holdings is None or holdings.is_unit(value))):
        raise SubmissionError(f"`value`: expected a unit of the gazetteer, got {quoted(value)}")
    if ruling.what == "support" and value not in ("yes", "no"):
        raise SubmissionError(f"`value`: expected yes or no, got {quoted(value)}")


def check_ruler(ruling: Ruling, by: str, kind: str, signers: Sequence[str], text: Agreement) -> None:
    """Refuse a ruling of somebody who may be judge in his own cause.

    Args:
        ruling: as it is said.
        by: its submitter.
        kind: of the submitter: one of `group.KINDS`, or `desk`.
        signers: who signed it.
        text: in force.

    Raises:
        SubmissionError: a party rules, alone or through a body or monitor of its own side; or a body rules without one
            of its members; or what the signed terms ask of evidence is waived by anybody but a body.
    """
    whose = ruling.body or by
    side = text.group.side(whose)
    if side:
        raise SubmissionError(f"`by`: {quoted(whose)} is of the side {quoted(side)}: it does not rule")
    if ruling.body:
        party = text.parties.get(ruling.body)
        if party is None or party.kind != "body" or not party.members:
            raise SubmissionError(f"`body`: expected a body of the text that has members, got {quoted(ruling.body)}")
        # All of them, also where one may sign findings alone: that one could be the party of whom a report speaks.
        missing = [one for one in party.members if one not in signers]
        if missing and party.id not in signers:
            raise SubmissionError(f"a ruling of {quoted(party.id)} is signed by all its members: not by {missing[0]}")
    elif kind not in (DESK, "monitor"):
        raise SubmissionError(f"`body`: {quoted(by)} ({kind}) rules with others only: name the body of the text")
    elif ruling.what == "support" and ruling.value == "yes":
        raise SubmissionError("`body`: what the terms ask of evidence is waived by a body of the text only")
