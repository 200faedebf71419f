"""When do reports enter the record, and how does nothing in it lead back to one? In batches, at fixed windows.

A batch is one table of evidence, signed by the desk as *received*: what was taken since the last one, in an order by
chance, under ids by chance, without the day or the hour at which anything came. At most one is made in a window, and
only of so many reports at least; where too few wait, they wait, but none longer than `intake_longest_s`. So whoever
fills a batch with reports of his own to single out another cannot choose the moment at which it is made.

What is withdrawn or deleted names its row: it is not said alone either, but once so many wait, or with what is there
after `PATIENCE` windows. It brings no new report with it that has to wait, nor do new reports bring it.

After the table come, in the order of those ids, the custody of originals, under salted names, and what reporters
consented to; then what was withdrawn since, and originals that were destroyed. What was interrupted is gone on with:
what the record holds already is not said again.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from truceline.canon import sha256
from truceline.desk import closed, drawer, intake, originals
from truceline.desk.consent import USES
from truceline.desk.drawer import BATCHED, JOINED, LEAVING, TAKEN, Drawer, Report
from truceline.desk.holdings import CaseHoldings
from truceline.desk.intake import DAY_S, Room
from truceline.desk.jobs import Later, Work, job, said
from truceline.desk.receipts import random_letters
from truceline.desk.records import Draft
from truceline.errors import ConflictError, TrucelineError
from truceline.evidence import readers
from truceline.group import DESK
from truceline.span import utc_text
from truceline.store.case import Case

if TYPE_CHECKING:
    from truceline.desk.service import Service

WINDOW: Final = "intake"
"""The name of the job."""

EVERY_S: Final = 3_600
PATIENCE: Final = 3
"""What is withdrawn waits for company so many windows and no longer: until then what was consented to is in force."""

FILE: Final = "intake-"
"""How the names of the tables of batches begin; the rest is by chance."""

HANDLER: Final = "intake desk"
_CHANCE = secrets.SystemRandom()


@dataclass(frozen=True)
class Due:
    """What the next batch would hold, and whether it may be made.

    Attributes:
        ready: reports that were taken and wait.
        pending: withdrawals and deletions that wait to be said.
        is_due: it may be made now: `has_ready`: with those reports; `has_pending`: with those withdrawals.
        since: UTC second from which on it may be made, when it is due by the calendar; 0 = at once.
    """

    ready: int
    pending: int
    is_due: bool
    since: int
    has_ready: bool = False
    has_pending: bool = False


@dataclass(frozen=True)
class Batch:
    """What was appended.

    Attributes:
        entry: index of the table's entry; None = there were only withdrawals to be said.
        entries: how many entries there were in all.
        rows: how many reports became rows.
    """

    entry: int | None
    entries: int
    rows: int


@dataclass
class _Work:
    """The reports that a batch is about, by id; and the row that each report is or will be."""

    ready: dict[str, Report] = field(default_factory=dict)
    leaving: dict[str, Report] = field(default_factory=dict)
    refused: dict[str, Report] = field(default_factory=dict)
    joined: dict[str, Report] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)

    def leave(self, found: Due) -> None:
        """Leave for another window what this batch does not hold."""
        if not found.has_ready:
            self.rows = {one: row for one, row in self.rows.items() if one not in self.ready}
            self.ready = {}
        if not found.has_pending:
            self.leaving, self.refused = {}, {}


def due(room: Room) -> Due:
    """Whether a batch may be made now."""
    if not drawer.is_there(room.log):
        return Due(0, 0, False, 0)
    with drawer.opened(room.state, room.log) as held:
        return _due(room, _work(held))


def batch(room: Room) -> Batch:
    """Append the batch of this window.

    Raises:
        ConflictError: there was one in this window, or too few reports wait. StoreError: it cannot be written.
    """
    if not drawer.is_there(room.log):
        raise ConflictError("no report waits")
    with drawer.opened(room.state, room.log) as held:
        work = _work(held)
        found = _due(room, work)
        if not found.is_due:
            raise ConflictError(_why_not(room, found))
        work.leave(found)
        new = _new(room, work.ready)
        entry = room.write([_table(room, new)])[0].index if new else None
        drafts = list(_beside(room, work))
        count = len(room.write(drafts)) if drafts else 0
        _settle(held, work)
    return Batch(entry, count + (entry is not None), len(new))


def tick(room: Room) -> Batch | None:
    """What the service does by itself, again and again: forget old questions, and make the batch when it is due.

    Where the host wants it (`closed_weekly`), the batch of the closed pathway too, with reports or without.
    """
    drawer.end_calls(room.log, room.clock() // DAY_S * DAY_S)
    if room.settings.closed_weekly and closed.due(room.case, now=room.clock) is not None:
        closed.commit(room.case, now=room.clock)
    return batch(room) if due(room).is_due else None


@job(WINDOW, attempts=1_000_000)
def window(service: Service, work: Work) -> None:
    """The job that never ends: it looks once an hour, and when a window begins.

    Raises:
        Later: always.
    """
    room = service.intake
    try:
        tick(room)
        work.tell("waiting for the next window", 1, 1)
    except TrucelineError as error:  # tried again: what a batch cannot hold, a person has to look at
        work.tell(f"no batch could be made: {said(error)}", 0, 1)
    length = room.settings.intake_window_s
    raise Later(min(EVERY_S, length - room.clock() % length))


def begin(service: Service) -> None:
    """What the intake desk does when a service starts: it tidies up, and waits for its windows."""
    originals.tidy_incoming()
    service.jobs.defer(WINDOW, job_key=WINDOW)


# -- when --------------------------------------------------------------------------------------------------------------


def _due(room: Room, work: _Work) -> Due:
    window, now = room.settings.intake_window_s, room.clock()
    pending = [*work.leaving.values(), *work.refused.values()]
    last = max(_said_at(room.case), default=None)
    since = 0 if last is None else (last // window + 1) * window
    has_ready = _is_enough(room, [one.day_taken for one in work.ready.values()], room.settings.intake_longest_s)
    has_pending = _is_enough(room, [one.day_left for one in pending], PATIENCE * window)
    is_due = now >= since and (has_ready or has_pending)
    return Due(len(work.ready), len(pending), is_due, since, is_due and has_ready, is_due and has_pending)


def _is_enough(room: Room, days: Sequence[int], longest_s: int) -> bool:
    """Whether so many wait that none of them is alone, or one of them has waited long enough."""
    waited = room.clock() - min(days, default=room.clock())
    return len(days) >= room.settings.intake_least or (bool(days) and waited >= longest_s)


def _said_at(case: Case) -> Iterator[int]:
    """When batches were made, and when consent was refused: of those too a window has one."""
    yield from (one.known_at for one in case.said("evidence") if _is_batch(one.statement.body))
    for one in case.said("consent"):
        body = one.statement.body
        if one.statement.by == DESK and not body["is_given"] and body["about"].startswith(intake.ROW):
            yield one.known_at


def _is_batch(body: Mapping[str, Any]) -> bool:
    return str(body.get("file", "")).startswith(FILE)


def _why_not(room: Room, found: Due) -> str:
    if room.clock() < found.since:
        return f"the next batch may be made from {utc_text(found.since)} on: one in each window"
    if not found.ready and not found.pending:
        return "no report waits"
    wait = found.ready or found.pending
    return f"{wait} wait: a batch has {room.settings.intake_least} at least, unless one waits too long"


# -- what --------------------------------------------------------------------------------------------------------------


def _work(held: Drawer) -> _Work:
    work = _Work()
    for one, report in held.all().whole.items():
        if report.row and report.state in (TAKEN, BATCHED):
            work.rows[one] = report.row
        if report.state == TAKEN:
            work.ready[one] = report
        elif report.state == LEAVING:
            work.leaving[one] = report
        elif report.state == JOINED and report.media and not report.custody:
            work.joined[one] = report
        if report.refused and report.state in (TAKEN, BATCHED):
            work.refused[one] = report
    return work


def _new(room: Room, ready: Mapping[str, Report]) -> list[Report]:
    """Those that are no rows of the record yet, in an order by chance."""
    rows = [report.row for report in ready.values()]
    unknown = set(CaseHoldings(room.case).unknown(rows))
    found = [report for report in ready.values() if report.row in unknown]
    _CHANCE.shuffle(found)
    return found


def _table(room: Room, new: Iterable[Report]) -> Draft:
    """The table of a batch, read as any file of reports is."""
    data, now = b"".join(report.line + b"\n" for report in new), room.clock()
    name = f"{FILE}{random_letters(14)}.jsonl"
    read = readers.read("reports", io.BytesIO(data), name, room.bench.manner(now, now))
    if read.rejected.num_rows:  # it was read when it was taken: the text has changed since
        lines = ", ".join(sorted({row["field"] for row in read.rejected.to_pylist()}))
        raise ConflictError(f"{read.rejected.num_rows} reports cannot be read any more: {lines}: take them again")
    body = {"file": name, "kind": "reports", "sha256": sha256(data), **room.case.keep_table(read)}
    return Draft("evidence", body)


def _beside(room: Room, work: _Work) -> Iterator[Draft]:
    """Custody and consent of the rows, then what was withdrawn; nothing that the record says already."""
    day = utc_text(room.clock())[:10]
    handled = {(one.statement.body["original"], one.statement.body["event"]) for one in room.case.said("custody")}
    spoken = {
        (one.statement.body["about"], one.statement.body["use"], one.statement.body["is_given"])
        for one in room.case.said("consent")
    }
    of_row = [(report.row, report) for report in work.ready.values()]
    of_row += [(work.rows[report.into], report) for report in work.joined.values() if report.into in work.rows]
    for row, report in sorted(of_row, key=lambda one: one[0]):
        for media in sorted(report.media, key=lambda one: one.original):
            if (media.original, "received") not in handled:
                yield _custody(media.original, media.what, "received", day, row)
        for use in report.consent if report.row == row else ():
            if (row, use, True) not in spoken:
                yield Draft("consent", {"about": row, "use": use, "is_given": True})
    for report in sorted([*work.leaving.values(), *work.refused.values()], key=lambda one: one.row):
        yield from (Draft("consent", {"about": report.row, "use": use, "is_given": False}) for use in USES)
        for media in report.media if report.state == LEAVING else ():
            if (media.original, "received") in handled and (media.original, "destroyed") not in handled:
                yield _custody(media.original, media.what, "destroyed", day, report.row)


def _custody(original: str, what: str, event: str, day: str, row: str) -> Draft:
    """One time that an original of a reporter was handled: no size, no type, no hour."""
    body = {
        "original": original, "what": what, "event": event, "at": day, "handler": HANDLER, "bytes": 0, "about": [row],
        "is_salted": True,
    }  # fmt: skip
    return Draft("custody", body)


def _settle(held: Drawer, work: _Work) -> None:
    """Note in the drawer what the record says now."""
    for one in work.leaving:
        held.drop(one)
    for one, report in work.ready.items():
        is_refused = report.refused and one not in work.refused
        held.put(one, intake.replaced(report.moved(BATCHED), refused=is_refused, custody=bool(report.media)))
    for one, report in work.refused.items():
        if one not in work.ready:
            held.put(one, intake.replaced(report, refused=False))
    for one, report in work.joined.items():
        if report.into in work.rows:
            held.put(one, intake.replaced(report, custody=True))
