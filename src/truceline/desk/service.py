"""What runs when a case is served? Its parts, opened together and let go of together.

Every face of the service is given one of these; nothing else opens the case.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from threading import Thread

from truceline.desk import batches, notified, projections, uploads, webhooks
from truceline.desk.charters import Clock, demo_clock, keys_of
from truceline.desk.health import Health
from truceline.desk.intake import Room
from truceline.desk.jobs import Runner, open_jobs
from truceline.desk.noticeroom import NoticeRoom
from truceline.desk.sequencer import Sequencer
from truceline.desk.settings import Settings
from truceline.desk.snapshots import Snapshots
from truceline.errors import StoreError
from truceline.store.case import Case
from truceline.store.opened import named, open_case
from truceline.store.state import State, open_state

VERIFIER_S, LEAST_S = 1.0, 0.5
"""At the end: for whoever verifies the record, and for jobs where nothing is left of the time."""


class Service:
    """A case that is being served.

    Attributes:
        where: path or URL of the case; it may hold a password and is never shown: `name` is.
        settings: how it was set up.
        case: opened, to read from.
        state: what the service remembers beside the record.
        jobs: where work is queued that nobody waits for.
        snapshots: what was judged last, and what each reader sees of it.
        intake: where reports come in.
        notices: where notices come in, and are followed up.
        health: of all of them.
    """

    where: str
    settings: Settings
    case: Case
    state: State
    jobs: Runner
    snapshots: Snapshots
    intake: Room
    notices: NoticeRoom

    def __init__(self, where: str, settings: Settings, clock: Callable[[], int]) -> None:
        """Open everything; use `open`."""
        self.where, self.settings, self._clock = where, settings, clock
        self._until = 0.0
        with contextlib.ExitStack() as left:
            self.case = open_case(where)
            left.callback(self.case.close)
            if settings.demo and not self.case.charter().is_demo:
                raise StoreError(f"{self.name}: `demo` is for demonstrations; this is a case of its own")
            self.state = open_state(where)
            left.callback(self.state.close)
            self._sequencer = _sequencer_of(self.case, settings)
            if self._sequencer is not None:
                left.callback(self._sequencer.stop)
            self.snapshots = Snapshots(where, self.case, is_apart=settings.judging == "apart")
            left.callback(self.snapshots.close)
            self.intake = Room(self.state, self.case, settings, clock=_clock_of_demo(self.case, settings))
            self.notices = NoticeRoom(self.intake)
            self.jobs = open_jobs(self, self.state, where)  # ends first: what a job still says can be taken
            left.callback(self._end_jobs)
            self.health = Health(self)
            self._verifier = Thread(target=self.health.verify, name="truceline verifier", daemon=True)
            left.callback(self._end_verifying)
            self._left = left.pop_all()

    @classmethod
    def open(cls, where: str, settings: Settings | None = None, clock: Callable[[], int] | None = None) -> Service:
        """Open a case to serve it; nothing is done in the background before `start`.

        Args:
            where: path or URL.
            settings: None = the defaults.
            clock: gives the UTC second; None = that of this machine.

        Raises:
            StoreError: it cannot be opened. VerificationError: its record does not hold.
        """
        return cls(where, settings or Settings(), clock or (lambda: int(time.time())))

    @property
    def name(self) -> str:
        """How the case is named where others may read it."""
        return named(self.where)

    def now(self) -> int:
        """The UTC second: of sessions, deadlines and rate limits; a record goes by the clock of its log."""
        return self._clock()

    @property
    def sequencer(self) -> Sequencer:
        """The one writer of the case.

        Raises:
            StoreError: this machine does not hold the keys of the log: the case can only be read here.
        """
        if self._sequencer is None:
            raise StoreError(f"{self.name}: this machine holds no keys of the log: nothing can be written here")
        return self._sequencer

    @property
    def is_writer(self) -> bool:
        """Whether statements are taken here: the keys of the log are on this machine."""
        return self._sequencer is not None

    def append(self, data: bytes, files: Mapping[str, bytes]) -> int:
        """Append a statement that was signed elsewhere, and wait; its index.

        Raises:
            SubmissionError, VerificationError: it was refused. StoreError: it cannot be written.
        """
        return self.sequencer.submit(data, files).result().index

    def start(self) -> None:
        """Begin what is done in the background."""
        self._verifier.start()
        uploads.sweep(self)
        self.jobs.start()
        batches.begin(self)
        notified.begin(self)
        if self.settings.judging != "asked":
            self.snapshots.start()
            if self._sequencer is not None:
                self._sequencer.on_new(lambda _first, _size: self.snapshots.nudge())
        webhooks.resume(self)
        projections.notice(self)
        if self._sequencer is not None:
            self._sequencer.on_new(lambda _first, _size: webhooks.notice(self))
            self._sequencer.on_new(lambda _first, _size: projections.notice(self))

    def _end_verifying(self) -> None:
        """What it would find nobody asks for any more."""
        if self._verifier.is_alive():
            self._verifier.join(VERIFIER_S)

    def _end_jobs(self) -> None:
        self.jobs.stop(max(LEAST_S, self._until - time.monotonic()))

    def close(self, until: float | None = None) -> None:
        """Finish what was accepted, and let go of everything; the last that was opened first.

        Args:
            until: by `time.monotonic`, for all of it together; None = `drain_s` from now.
        """
        self._until = time.monotonic() + self.settings.drain_s if until is None else until
        self._left.close()

    def __enter__(self) -> Service:
        """Leave it with `close`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def _clock_of_demo(case: Case, settings: Settings) -> Clock | None:
    """The clock of a demonstration stands where its record ends; None = this is none."""
    return (lambda: max(demo_clock(), case.newest())) if settings.demo else None


def _sequencer_of(case: Case, settings: Settings) -> Sequencer | None:
    """The writer of a case; None where this machine does not hold its keys.

    Raises:
        StoreError: another writer is at work. VerificationError: a witness saw another record.
    """
    try:
        keys_of(case.charter())
    except StoreError:
        return None
    return Sequencer(case, overruled=settings.overruled_witnesses)
