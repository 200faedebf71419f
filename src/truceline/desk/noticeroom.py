"""What does the notification desk work with? The case, the notice book, the gazetteer, and what the record says.

What was read once is kept: the record is followed entry by entry, the book turn by turn, positions are read once each.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from threading import Event, Lock
from typing import Final

from truceline.agreement.model import Agreement
from truceline.desk import notebook
from truceline.desk.grounds import CaseGround
from truceline.desk.intake import Room
from truceline.desk.notebook import Book, Kept
from truceline.desk.notification import Course, Noticed, course_of
from truceline.desk.records import Draft as Entry
from truceline.desk.records import append_each
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import AccessError, InputError, StoreError, TrucelineError
from truceline.notices.checks import Ground, Standing
from truceline.notices.model import SITE, Plotted, plot
from truceline.record.log import Taken
from truceline.store.case import Case

HOST_ACCOUNT: Final = "host"


class _Waiting:
    """What somebody says, and what became of it; None = it waits, or writes for all that wait."""

    def __init__(self, drafts: Sequence[Entry]) -> None:
        self.drafts = list(drafts)
        self.told, self.is_writer = Event(), False
        self.before: list[Taken] = []
        self.answers: list[Taken] | TrucelineError | None = None


class NoticeRoom:
    """What the notification desk works with: the case, the book, the gazetteer.

    Attributes:
        room: of the intake desk, which has the same case, memory and lists of places.
    """

    def __init__(self, room: Room) -> None:
        """Take what the intake desk has."""
        self.room = room
        self._ground: tuple[object, CaseGround] | None = None
        self._course = Course()
        self._turn, self._queued, self._is_writing = Lock(), Lock(), False
        self._queue: list[_Waiting] = []
        self._marks = b""
        self._plotted: dict[str, tuple[Kept, Plotted | None]] = {}

    @property
    def case(self) -> Case:
        """The case."""
        return self.room.case

    @property
    def text(self) -> Agreement:
        """The text in force."""
        return self.room.bench.agreement

    def now(self) -> int:
        """The UTC second of the record."""
        return self.room.clock()

    @property
    def ground(self) -> CaseGround:
        """Gazetteer, names, borders: made once for each text."""
        bench = self.room.bench
        if self._ground is None or self._ground[0] is not bench:
            self._ground = (bench, CaseGround(bench))
            self._plotted = {}
        return self._ground[1]

    @property
    def course(self) -> Course:
        """All notices of the record, kept up with it.

        INVARIANT: one that was given out never changes: threads go through it.
        """
        with self._turn:
            if len(self.case.entries()) > self._course.size:
                self._course = course_of(self.case, Course(dict(self._course.notices), self._course.size))
            return self._course

    def book(self, *, is_made: bool = False) -> AbstractContextManager[Book]:
        """The notice book, held by this thread alone; see `notebook.opened`.

        Raises:
            AccessError: there is none yet: nothing that is asked for is there.
        """
        if not is_made and not notebook.is_there(self.room.log):
            raise AccessError(REFUSED)
        return notebook.opened(self.room.state, self.room.log, is_made=is_made)

    @property
    def marks(self) -> bytes:
        """The key of the watermarks; a book is made where there is none."""
        if not self._marks:
            with self.book(is_made=True) as book:
                self._marks = book.marks
        return self._marks

    def known(self, one: str) -> Noticed | None:
        """A notice as it was read last, or read now where it was not known; None = the record holds none.

        What was said of it a moment ago may be missing: whoever goes by it is checked again when it is written.
        """
        return self._course.notices.get(one) or self.course.notices.get(one)

    def say(self, drafts: Sequence[Entry]) -> list[Taken]:
        """Append to the record, together with what others say at the same moment: one writing for all.

        Raises:
            SubmissionError: one was refused. StoreError: this machine may not write, or holds no key of the desk.
        """
        waiting = _Waiting(drafts)
        with self._queued:
            self._queue.append(waiting)
            waiting.is_writer, self._is_writing = not self._is_writing, True
        if not waiting.is_writer:
            waiting.told.wait()
        if waiting.is_writer:
            with self._queued:
                batch, self._queue = self._queue, []
            try:
                self._write(batch)
            finally:
                self._hand_on(batch)
        if isinstance(waiting.answers, TrucelineError):
            raise waiting.answers
        if waiting.answers is None:
            raise StoreError("the record could not be written")
        return waiting.answers

    def _hand_on(self, batch: Sequence[_Waiting]) -> None:
        """Let those go on that were written for, and the first of those that came meanwhile write next."""
        for one in batch:
            one.told.set()
        with self._queued:
            self._is_writing = bool(self._queue)
            if self._queue:
                self._queue[0].is_writer = True
                self._queue[0].told.set()

    def _write(self, batch: Sequence[_Waiting]) -> None:
        """Write what waits, together; what is refused so stood perhaps behind another, and is written by itself."""
        alone = list(batch)
        if len(batch) > 1:
            try:
                answers = iter(
                    append_each(self.case, [draft for one in batch for draft in one.drafts], self.room.clock)
                )
            except TrucelineError:
                answers = iter(())
            for one in batch:
                found = [answer for _, answer in zip(one.drafts, answers, strict=False)]
                taken = [answer for answer in found if isinstance(answer, Taken)]
                if len(taken) == len(one.drafts):
                    one.answers = taken
                elif taken:  # the rest of it comes by itself
                    one.drafts, one.before = one.drafts[len(taken) :], taken
            alone = [one for one in batch if one.answers is None]
        for one in alone:
            try:
                one.answers = [*one.before, *self.room.write(one.drafts)]
            except TrucelineError as error:
                one.answers = error

    def kept(self) -> tuple[dict[str, Kept], set[str]]:
        """Every notice of the book by id, and the ids of those that nobody can read; none where no book is."""
        if not notebook.is_there(self.room.log):
            return {}, set()
        with self.book() as book:
            read = book.all()
            return dict(read.kept), set(read.damaged)

    def plotted(self, one: str, kept: Kept) -> Plotted | None:
        """A kept notice as numbers; None where it cannot be read any more, under another text."""
        known = self._plotted.get(one)
        if known is None or known[0] is not kept:
            try:
                known = (kept, plot(kept.draft, self.text.tz, one))
            except InputError:
                known = (kept, None)
            self._plotted[one] = known
        return known[1]

    def standing(self, kept: dict[str, Kept], but: str = "") -> Standing:
        """The sites of the book, waiting or notified, whose notice has not ended."""
        ended = {one for one, found in self.course.notices.items() if found.trail.end is not None}
        sites = [(one, found) for one, found in kept.items() if found.draft.kind == SITE]
        read = [self.plotted(one, found) for one, found in sites if one not in ended and one != but]
        return Standing.of([one for one in read if one is not None])

    def held_against(self, kept: dict[str, Kept], but: str = "") -> Ground:
        """What a notice is checked against now.

        Args:
            kept: the book.
            but: id of a notice that is being corrected: it is no duplicate.
        """
        recipients = frozenset(self.text.parties)
        return Ground(self.ground, self.ground.country, recipients, self.standing(kept, but), self.now(), self.text.tz)


def is_desk(viewer: Viewer) -> bool:
    """Whether somebody is of the notification desk, or the machine that keeps the case."""
    return viewer.role in ("notices", "host")


def is_own(kept: Kept, viewer: Viewer) -> bool:
    """Whether a notice is for an account to change: the desk's, or that of whoever it speaks for."""
    return is_desk(viewer) or (bool(viewer.party) and kept.draft.owner == viewer.party)


def account_of(viewer: Viewer) -> str:
    """The account of somebody; the host without one goes by one name."""
    return viewer.account or (HOST_ACCOUNT if viewer.role == "host" else "")
