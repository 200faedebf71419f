"""Is a report itself supported as the terms require? So many independent lines of such a grade, or an admission.

What counts for a report are the reports of the same incident that say the same of act and actor. Of these, everybody
of one line counts once, whoever printed them, and with the best grade of its reports: the letter is that of the source,
the number that of the report. Where nobody graded a report, its number is 2 (*probably true*) while a line other than
its own says the same, else 6 (*cannot be judged*). F and 6 count for nothing.

Who owns to an act of its own is believed as to act and actor: an admission needs no second line. The answer is +1 or 0
and never -1: that nobody else has spoken says nothing of the truth of a report.

Source: the design's *Semantics*, Evidence needed for *surely*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from truceline.acts import ActTree
from truceline.assess.columns import Columns
from truceline.errors import AgreementError, quoted
from truceline.evidence.schema import NOBODY, UNNAMED, Named, observation_of
from truceline.evidence.sources import RELAYS, Mouth, Sources, is_grade
from truceline.group import Group
from truceline.verdict import UNKNOWN, YES, Values

PROBABLY, NOT_JUDGED = "2", "6"
WEIGHED_COLUMNS = ("id", "asserted_by", "publisher", "chain", "grade")
"""What `supported` reads of `schema.SCHEMA` beside what is judged."""


@dataclass(frozen=True)
class Needs:
    """What the signed terms ask for.

    Attributes:
        lines: so many lines at least; 0 = the terms ask for nothing, and nothing is supported.
        independent: whether lines of one mouth count once.
        grade: the lowest Admiralty grade that counts, such as `C2`.
        admission: whether an admission suffices.
    """

    lines: int = 0
    independent: bool = True
    grade: str = "C2"
    admission: bool = False

    @classmethod
    def of(cls, evidence: Mapping[str, Any]) -> Needs:
        """Read the part `evidence` of an agreement.

        Raises:
            AgreementError: it asks for what is no number, or no grade.

        >>> Needs.of({"supported": {"lines": 2, "grade": "C2", "or": "admission"}})
        Needs(lines=2, independent=True, grade='C2', admission=True)
        """
        asked = evidence.get("supported")
        if asked is None:
            return cls()
        if not isinstance(asked, Mapping):
            raise AgreementError(f"`evidence.supported`: expected lines, grade, independent, or; got {quoted(asked)}")
        lines, grade = asked.get("lines", 2), str(asked.get("grade", "C2"))
        if not isinstance(lines, int) or isinstance(lines, bool) or lines < 1:
            raise AgreementError(f"`evidence.supported.lines`: expected a whole number from 1 on, got {quoted(lines)}")
        if not is_grade(grade):
            raise AgreementError(f"`evidence.supported.grade`: expected a grade such as `C2`, got {quoted(grade)}")
        return cls(lines, asked.get("independent", True) is not False, grade, asked.get("or") == "admission")


@dataclass(frozen=True)
class Witness:
    """One report as a witness of what another one says."""

    mouth: Mouth
    grade: str
    acts: tuple[str, ...]
    actor: Named
    unordered: bool


@dataclass(frozen=True)
class Support:
    """Why a report is supported, or is not.

    Attributes:
        value: +1 as the terms require, 0 not yet.
        lines: lines that count, with their grades, sorted.
        others: lines that say the same and do not count, with their grades.
        is_admitted: whoever acted says so.
    """

    value: int
    lines: tuple[tuple[str, str], ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    is_admitted: bool = False


@dataclass(frozen=True)
class Weighing:
    """What reports are weighed by.

    Attributes:
        grades: report to a grade that a person gave it; beats every other.
        incidents: the reports of each incident that several reports tell of.
        ruled: report to whether it is supported, as a body ruled: beats what is found here.
    """

    needs: Needs
    sources: Sources
    group: Group
    tree: ActTree
    grades: Mapping[str, str]
    incidents: Sequence[Sequence[str]] = ()
    ruled: Mapping[str, bool] = field(default_factory=dict)

    @property
    def is_idle(self) -> bool:
        """Whether nothing can be supported: the terms ask for nothing, or nobody is known who could support."""
        if self.needs.lines < 1 or self.ruled:
            return not self.ruled
        return self.needs.lines > 1 and not self.incidents and not (self.needs.admission and self.sources.mouths)

    def supported(self, table: pa.Table, columns: Columns) -> Values:
        """`(n,)` for every report whether it is supported: +1 or 0.

        Args:
            table: of `evidence.schema.SCHEMA`.
            columns: the same reports as codes, in the same order.
        """
        made = np.full(len(columns), UNKNOWN, np.int8)
        if self.is_idle or not len(columns):
            return made
        if self.needs.admission:
            made[self._admitted(table, columns)] = YES
        together = self.together(table)
        for key, witnesses in together.items():
            if self.weigh(key, witnesses).value == YES:
                made[witnesses[key][0]] = YES
        if self.needs.lines == 1:
            self._alone(table, columns, made)
        if self.ruled:
            ids = table.column("id").to_pylist()
            rows = [(row, self.ruled[key]) for row, key in enumerate(ids) if key in self.ruled]
            for row, is_supported in rows:
                made[row] = YES if is_supported else UNKNOWN
        return made

    def together(self, table: pa.Table) -> dict[str, dict[str, tuple[int, Witness]]]:
        """Each report that shares an incident, to all reports of that incident: its row, and what it witnesses."""
        wanted = {key for incident in self.incidents if len(incident) > 1 for key in incident}
        rows = np.flatnonzero(pc.is_in(table.column("id"), pa.array(sorted(wanted), pa.string())).to_numpy())
        found = {
            str(one["id"]): (int(row), self.witness(one))
            for row, one in zip(rows, table.take(pa.array(rows)).to_pylist(), strict=True)
        }
        made = {}
        for incident in self.incidents:
            members = {key: found[key] for key in incident if key in found}
            made.update({key: members for key in members if len(members) > 1})
        return made

    def witness(self, row: Mapping[str, Any]) -> Witness:
        """One row as a witness."""
        said, grade = observation_of(row), self.grades.get(str(row["id"]), row["grade"] or "")
        mouth = self.sources.of_row(row)
        return Witness(mouth, grade if is_grade(grade) else "", said.acts, said.actor, said.unordered)

    def weigh(self, report: str, witnesses: Mapping[str, tuple[int, Witness]]) -> Support:
        """Weigh what the reports of one incident say of one of them."""
        mine = witnesses[report][1]
        alike = {key: one for key, (_, one) in witnesses.items() if key == report or self.says_the_same(one, mine)}
        lines: dict[str, str] = {}
        for key, one in sorted(alike.items()):
            if one.mouth.line == RELAYS:
                continue
            line = one.mouth.line if self.needs.independent else f"{one.mouth.line} ({key})"
            grade = self._grade(one, alike.values())
            lines[line] = min(lines.get(line, grade), grade, key=lambda g: (not self._counts(g), g))
        counting = tuple(sorted((line, grade) for line, grade in lines.items() if self._counts(grade)))
        others = tuple(sorted((line, grade) for line, grade in lines.items() if not self._counts(grade)))
        is_admitted = self.needs.admission and self.is_admission(mine)
        is_enough = is_admitted or (len(counting) >= self.needs.lines > 0 and bool(mine.acts))
        return Support(YES if is_enough else UNKNOWN, counting, others, is_admitted)

    def says_the_same(self, one: Witness, other: Witness) -> bool:
        """Whether a report says what another one says of act and actor, or says it more narrowly."""
        if not one.acts or not other.acts or not all(self._is_kind(act, other.acts) for act in one.acts):
            return False
        if other.actor.mode == UNNAMED or not other.actor.ids:
            return one.actor.mode != NOBODY
        if one.actor.mode in (UNNAMED, NOBODY) or one.unordered != other.unordered:
            return False
        return all(any(self.group.belongs(a, b) == YES for b in other.actor.ids) for a in one.actor.ids)

    def is_admission(self, one: Witness) -> bool:
        """Whether a report is an account of its own teller's act."""
        party = one.mouth.party
        if not party or one.unordered or not one.acts or one.actor.mode in (UNNAMED, NOBODY):
            return False
        return all(self.group.belongs(actor, party) == YES for actor in one.actor.ids)

    def stands_alone(self, one: Witness) -> bool:
        """Whether a report is supported without any other: by its grade where one line suffices, or by admission."""
        is_graded = self.needs.lines == 1 and bool(one.acts) and bool(one.grade) and self._counts(one.grade)
        return is_graded or (self.needs.admission and self.is_admission(one))

    def _is_kind(self, act: str, others: Sequence[str]) -> bool:
        """Whether an act is one of others, or a kind of one; the wider word says less, and supports no narrower one."""
        return any(act == other or (act in self.tree and self.tree.is_kind(act, other) == YES) for other in others)

    def _grade(self, one: Witness, alike: Any) -> str:  # noqa: ANN401  # witnesses
        if one.grade:
            return one.grade
        is_echoed = any(two.mouth.line not in (one.mouth.line, RELAYS) and two.mouth.letter != "F" for two in alike)
        return one.mouth.letter + (PROBABLY if is_echoed else NOT_JUDGED)

    def _counts(self, grade: str) -> bool:
        """Whether a grade is at least the one that is asked for; F and 6 never are."""
        return (
            grade[0] <= self.needs.grade[0]
            and grade[1] <= self.needs.grade[1]
            and "F" not in grade
            and "6" not in grade
        )

    def _admitted(self, table: pa.Table, columns: Columns) -> Any:  # noqa: ANN401  # an array of claims
        """`(n,)` which reports are admissions; asked once for every distinct teller, actor and act."""
        parties, codes = self._parties(table)
        turned = np.zeros(len(columns), np.int64) if columns.unordered is None else columns.unordered.astype(np.int64)
        wide = (len(columns.names) + 1, len(columns.doings) + 1)
        keys = ((codes * wide[0] + columns.actor) * wide[1] + columns.acts) * 2 + turned
        distinct, each = np.unique(keys, return_inverse=True)
        made = np.zeros(len(distinct), bool)
        for i, one in enumerate(distinct.tolist()):
            rest, is_turned = divmod(one, 2)
            rest, doing = divmod(rest, wide[1])
            party, actor = divmod(rest, wide[0])
            if parties[party]:
                mouth = Mouth("", parties[party])
                acts, named = columns.doings[doing], columns.names[actor]
                made[i] = self.is_admission(Witness(mouth, "", acts, named, bool(is_turned)))
        return made[each]

    def _parties(self, table: pa.Table) -> tuple[list[str], Any]:
        """The parties that speak through sources, the first is nobody; and the code of each row's."""
        first = pc.list_element(_filled(table.column("chain")), 0)
        texts = pc.coalesce(_said(first), _said(table.column("asserted_by")), table.column("publisher"), pa.scalar(""))
        coded = pa.chunked_array([texts]) if isinstance(texts, pa.Array) else texts
        coded = coded.combine_chunks().dictionary_encode()
        spoken = [self.sources.mouth(text).party for text in coded.dictionary.to_pylist()]
        parties = ["", *sorted({party for party in spoken if party in self.group.parties})]
        of_text = np.array([parties.index(party) if party in parties else 0 for party in spoken], np.int64)
        return parties, of_text[np.asarray(coded.indices)]

    def _alone(self, table: pa.Table, columns: Columns, made: Values) -> None:
        """Where one line suffices: reports that a person, or their file, graded high enough."""
        graded = table.column("grade").to_pylist()
        ids = table.column("id").to_pylist()
        for row, (key, grade) in enumerate(zip(ids, graded, strict=True)):
            told = self.grades.get(str(key), grade or "")
            if is_grade(told) and self._counts(told) and columns.doings[columns.acts[row]]:
                made[row] = YES


def _said(texts: Any) -> Any:  # noqa: ANN401  # arrays of texts
    """Texts, where an empty one is none."""
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _filled(lists: pa.ChunkedArray) -> pa.Array:
    """Lists of texts, none of which is empty or null."""
    none = pa.scalar([None], pa.list_(pa.string()))
    whole = lists.combine_chunks()
    length = pc.fill_null(pc.list_value_length(whole), 0)
    return pc.if_else(pc.equal(length, 0), none, whole)
