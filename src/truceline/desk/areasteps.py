"""May this statement of an area, of the map or of a list be taken now, after what the record holds? The keeper's look.

Beside the rules of one statement (`statements`) it asks what only the record can say: that an area comes late and
seldom, that it keeps to the partition that was published, that what is sealed holds cells and nothing else, that an
answer answers something, that a version of the map is of both sides.

INVARIANT: nothing is taken unread. A sealed area that the keeper cannot open is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from truceline.agreement.model import Agreement
from truceline.canon import sha256
from truceline.desk import designated, exchanged, handovers
from truceline.desk.coarse import check_coarse
from truceline.desk.entries import index_of
from truceline.desk.exchanged import AREA, Area
from truceline.desk.publishing import PUBLICATION
from truceline.errors import StoreError, SubmissionError, quoted
from truceline.exchange.areas import Stated, check_times
from truceline.exchange.designated import Step
from truceline.exchange.partition import PARTITION, Partition, read_partition
from truceline.group import DESK
from truceline.record.charter import read_body
from truceline.record.entry import Entry, Statement
from truceline.record.register import SHREDDING, Register
from truceline.store.case import Case

OURS = frozenset({AREA, PARTITION, handovers.HANDOVER, handovers.ANSWER, *designated.STEPS})
NEVER_PUBLIC = frozenset({
    AREA, handovers.HANDOVER, handovers.ANSWER, designated.PROPOSAL, designated.ANSWER,
})  # fmt: skip
MOST_BOX = 96 * 1024
"""A sealed area is no longer: cells, a day, a few words, and a key for each reader."""


class AreaPath:
    """The areas of a case that is written to."""

    def __init__(self, case: Case, now: Callable[[], int], *, is_demo: bool) -> None:
        """Take a case; nothing of it is read yet.

        Args:
            case: as it is kept.
            now: the clock of its log.
            is_demo: whether demo keys are tried to open what is sealed.
        """
        self._case, self._now, self._is_demo = case, now, is_demo
        self._ahead: dict[int, tuple[Entry, Area | None, Sequence[str]]] = {}
        self._areas: dict[int, Stated | None] = {}
        self._partition: Partition | None = None

    def check(self, entry: Entry, register: Register, files: Mapping[str, bytes], text: Agreement | None) -> None:
        """Refuse what may not be taken now; told of every entry of its types, after the other rules.

        Args:
            entry: the next one.
            register: the record before it.
            files: what comes with it, by hash.
            text: in force.

        Raises:
            SubmissionError: it may not be taken, and why.
        """
        one = entry.statement
        self._ahead.pop(register.size, None)  # INVARIANT: what is there was checked last at its index: it was taken
        if one.type == SHREDDING:
            self._areas.pop(one.body["index"], None)  # what is destroyed is not remembered here either
        if one.type == PUBLICATION and one.body is not None:
            self._check_publication(one)
        if one.type not in OURS or text is None:
            return
        index, area, signers = register.size, None, register.signers(entry)
        if one.type == PARTITION:
            self._check_partition(one, files, index)
        elif one.type == AREA:
            area = self._check_area(one, register, files, text)
        elif one.type == handovers.HANDOVER:
            handovers.check_handed(read_body(one.body, handovers.Handover, one.type).day, text.tz, self._now())
        elif one.type == handovers.ANSWER:
            self._check_answer(one, index)
        else:
            step = designated.step_of(one, text, index=index, at=self._now())
            body = read_body(one.body, _BODIES[one.type], one.type)
            designated.check_step(step, body, self._steps(index, text), signers, text)
            self._check_whole((*step.cells, *step.disputes), index)
        self._ahead[index] = entry, area, signers

    def _check_publication(self, one: Statement) -> None:
        """Where a group stands, and what was handed over, is for those who bargain over it: never for the public."""
        entries = self._case.entries()
        for index in one.body.get("about", ()):
            if 0 <= index < len(entries) and entries[index].statement.type in NEVER_PUBLIC:
                raise SubmissionError(f"`about`: entry {index} tells of areas, and is never made public")

    # -- areas ---------------------------------------------------------------------------------------------------------

    def _check_area(self, one: Statement, register: Register, files: Mapping[str, bytes], text: Agreement) -> Area:
        body = read_body(one.body, Area, AREA) if one.sealed is None else self._opened(one, register, files)
        exchanged.check_area(body, text)
        exchanged.check_openness(body, one.by, text, is_sealed=one.sealed is not None)
        if one.sealed is not None:
            check_coarse([body.group, body.day, *body.cells, body.text])
        index = register.size
        new = Stated(index, self._now(), body.group, one.by, body.cells, exchanged.day_end(body.day, text.tz))
        check_times(new, self._before(index, text))
        self._check_whole(body.cells, index)
        return body

    def _opened(self, one: Statement, register: Register, files: Mapping[str, bytes]) -> Area:
        """What is sealed, as the keeper reads it."""
        if one.sealed is None:
            raise SubmissionError("`sealed`: expected a box")
        digest = one.sealed.box
        box = files.get(digest) or (self._case.store.blob(digest) if self._case.store.has_blob(digest) else b"")
        if not 0 < len(box) <= MOST_BOX or sha256(box) != digest:
            raise SubmissionError(f"`sealed`: expected a box of at most {MOST_BOX} bytes with the statement")
        if DESK in register.sets and exchanged.readers_of(box).isdisjoint(register.readers([DESK])):
            raise SubmissionError(f"`sealed`: {quoted(DESK)} is always a reader of an area: nothing is taken unread")
        data = exchanged.opened_with(one.sealed, box, DESK, is_demo=self._is_demo)
        if data is None:
            raise SubmissionError("`sealed`: the keeper cannot open it here, and takes nothing unread")
        return exchanged.area_in(data)

    def _before(self, upto: int, text: Agreement) -> list[Stated]:
        """Every statement of an area before an entry, opened once each."""
        entries = self._case.entries()
        for index in index_of(self._case).types.get(AREA, ()):
            if index not in self._areas:
                said = entries[index]
                body = self._held(index)
                self._areas[index] = None if body is None else Stated(
                    index, said.known_at, body.group, said.statement.by, body.cells,
                    exchanged.day_end(body.day, text.tz),
                )  # fmt: skip
        shown = [one for index, one in self._areas.items() if one is not None and index < upto]
        ahead = [
            Stated(index, self._now(), area.group, entry.statement.by, area.cells, 0)
            for index, (entry, area, _) in self._ahead.items()
            if area is not None and index < upto and index not in self._areas
        ]
        return [*shown, *ahead]

    def _held(self, index: int) -> Area | None:
        """An area of the record; None where it was destroyed, or the keeper's key is not here."""
        from truceline.desk.viewers import Viewer  # noqa: PLC0415  # as the keeper itself

        return exchanged.area_of(self._case, self._case.entries()[index], Viewer("", "secretariat"))

    # -- the partition -------------------------------------------------------------------------------------------------

    def _check_partition(self, one: Statement, files: Mapping[str, bytes], index: int) -> None:
        if self._published(index) is not None or any(e.statement.type == PARTITION for e, _, _ in self._passed(index)):
            raise SubmissionError("a record has one partition: where two overlap, cells would show less than a cell")
        data = next((files[blob.sha256] for blob in one.blobs if blob.sha256 in files), None)
        if data is None:
            raise SubmissionError("`file`: expected the partition to come with the statement")
        made = read_partition(data)
        if one.body.get("rows") != len(made.cells):
            raise SubmissionError(f"`rows`: expected {len(made.cells)}, so many cells are in the file")

    def _check_whole(self, cells: Sequence[str], index: int) -> None:
        """Cells that were merged are named together, or not at all."""
        found = self._published(index)
        for entry, _, _ in self._passed(index):
            if entry.statement.type == PARTITION:
                raise SubmissionError("the partition comes just before this: hand it in again")
        if found is not None:
            found.check(cells)

    def _published(self, upto: int) -> Partition | None:
        if self._partition is None:
            indexes = [i for i in index_of(self._case).types.get(PARTITION, ()) if i < upto]
            if indexes:
                self._partition = partition_at(self._case, indexes[0])
        return self._partition

    # -- map and lists -------------------------------------------------------------------------------------------------

    def _check_answer(self, one: Statement, index: int) -> None:
        body: handovers.HandoverAnswer = read_body(one.body, handovers.HandoverAnswer, one.type)
        entries = self._case.entries()
        found: Statement | None = None
        if 0 < body.to < min(len(entries), index):
            found = entries[body.to].statement
        if found is None or found.type != handovers.HANDOVER or found.body.get("to") != one.by:
            raise SubmissionError(f"`to`: expected a handover to {quoted(one.by)}, got entry {body.to}")

    def _steps(self, upto: int, text: Agreement) -> list[Step]:
        known = list(designated.steps_of(self._case, text, upto))
        size = len(self._case.entries())
        for index, (entry, _, _) in sorted(self._ahead.items()):
            one = entry.statement
            if size <= index < upto and one.type in designated.STEPS:
                known.append(designated.step_of(one, text, index=index, at=self._now()))
        return known

    def _passed(self, upto: int) -> list[tuple[Entry, Area | None, Sequence[str]]]:
        """What was let through just before, and the case does not show yet."""
        size = len(self._case.entries())
        self._ahead = {index: one for index, one in self._ahead.items() if index >= size}
        return [one for index, one in sorted(self._ahead.items()) if index < upto]


_BODIES: Mapping[str, type[Any]] = {
    designated.PROPOSAL: designated.MapProposal, designated.ANSWER: designated.MapAnswer,
    designated.VERSION: designated.MapVersion,
}  # fmt: skip


def partition_at(case: Case, index: int) -> Partition:
    """The partition that an entry published."""
    one = case.entries()[index].statement
    return read_partition(case.store.blob(one.blobs[0].sha256))


def published_partition(case: Case) -> Partition | None:
    """The partition that was published with a case; None = none was."""
    indexes = index_of(case).types.get(PARTITION, ())
    return partition_at(case, indexes[0]) if indexes else None


def partition_of(case: Case) -> Partition:
    """The partition of a case.

    Raises:
        StoreError: none was published.
    """
    found = published_partition(case)
    if found is None:
        raise StoreError(f"{case.where}: no partition was published: `truceline area partition CASE --publish`")
    return found
