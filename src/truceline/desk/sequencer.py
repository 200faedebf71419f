"""Who writes to a case that many use at once? One thread of the service, for everybody in it.

    submissions, drafts, questions ──► Writer (one thread, one log, one gate) ──► receipts
                                          │ each new head
                                          ├──► listeners: webhooks, feeds, assessment anew     (a thread of their own)
                                          └──► witnesses, asked for their cosignatures         (a thread of their own)

It promises: what `store.writer` does; the rules of the case hold for each submission with its own files, as the record
stands at its place; no receipt waits for a witness or a listener. While it runs, whatever in this process writes to the
case goes through it (`Case.through`). After a fault of the disk or the database it goes on over fresh storage.

Before the log is written to, now and after each fault, its witnesses are shown its head. Where one says that it saw
more, or another record, a copy went back or another one goes on: nothing is signed on top of it, until a person has
looked into it (`overruled`): a witness that lies shall stop nobody for good. A witness that only stays away stops
nobody at all: that it does is entered into the record, after a minute, and so is that it is back.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TypeVar

from truceline.desk.charters import Clock, Forward, clock_of, keys_of
from truceline.desk.cosigners import Cosigned, cosign_through, shown_to
from truceline.desk.gate import Gate, check_register
from truceline.desk.records import Draft, append
from truceline.errors import TrucelineError, VerificationError
from truceline.record.bundle import policy_of
from truceline.record.log import Log, Submission, Taken
from truceline.store.case import Case, Store
from truceline.store.writer import Limits, Writer

COSIGN_EVERY_S = 2.0
"""Witnesses are asked for the newest checkpoint so often at the most."""
ASK_AGAIN_S = 30.0
"""A witness that did not answer is asked again so soon, if nothing new came."""
ABSENT_S = 60.0
"""So long a witness may be missing before the record says so."""
SAID_EVERY_S = 600.0
"""Of one witness no more is entered than once in so long, however often it comes and goes."""
STOP_S = 10.0
"""So long the end waits for a listener or a witness."""

Answer = TypeVar("Answer")
News = Callable[[int, int], None]
"""Told that the entries from one index to before another are new."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seen:
    """What the witnesses said when they were asked last.

    Attributes:
        names: of those that can be asked.
        missing: those that did not cosign, and why not.
        against: those among them that say they saw another record, or more of this one.
        is_met: whether enough of them cosigned the newest checkpoint that they were shown.
        met_s: so many seconds ago enough of them cosigned last; None = not since the service started.
    """

    names: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    against: tuple[str, ...] = ()
    is_met: bool = False
    met_s: float | None = None


class Sequencer:
    """The one writer of a case in a running service.

    Attributes:
        case: the case it serves.
    """

    def __init__(
        self,
        case: Case,
        *,
        now: Clock | None = None,
        limits: Limits | None = None,
        every_s: float = COSIGN_EVERY_S,
        absent_s: float = ABSENT_S,
        overruled: Collection[str] = (),
    ) -> None:
        """Take the lock of the case, and serve it until `stop`.

        Args:
            case: opened; from now on whatever is appended to it in this process goes through this writer.
            now: gives the UTC second; None = the clock of the case.
            limits: how long a batch gathers, and how much may wait.
            every_s: how often witnesses are asked at the most, seconds.
            absent_s: how long one may be missing before the record says so, seconds.
            overruled: witnesses whose word that there is another record was looked into, and found wrong.

        Raises:
            StoreError: this machine may not write here, or another writer is at work.
            VerificationError: the record does not hold, or a witness saw another one.
        """
        self.case = case
        self._charter = case.charter()
        self._keys = keys_of(self._charter)
        self._clock = Forward(now or clock_of(self._charter), case.newest())
        self._policy, self._every_s, self._overruled = policy_of(self._charter), every_s, frozenset(overruled)
        self._names = tuple(name for name, (_, url) in self._policy.witnesses.items() if url)
        self._watch = _Watch(case, self._names, absent_s)
        self._cosigned_last: Cosigned | None = None
        self._met_at: float | None = None
        self._listeners: list[News] = []
        self._turn = threading.Condition()
        self._size = before = len(case.entries())
        self._is_over = False
        self._writer = Writer(self._open, limits, self._grown)
        case.through = self
        self._threads = [threading.Thread(target=self._tell, args=(before,), name="truceline news", daemon=True)]
        if self._names:
            self._threads.append(threading.Thread(target=self._witness, name="truceline witnesses", daemon=True))
        for thread in self._threads:
            thread.start()

    def submit(self, data: bytes, files: Mapping[str, bytes]) -> Future[Taken]:
        """Hand over a statement that was signed elsewhere, from any thread.

        Args:
            data: the entry, byte for byte as it was signed.
            files: what it names by hash: hash to bytes.

        Returns:
            What will hold its index and receipt, or raise SubmissionError or VerificationError when it is refused,
            StoreError when the log broke: then it may be in the log or not, and nothing was promised.

        Raises:
            StoreError: too much waits already, or the service ends.
        """
        return self._writer.submit(Submission(data, files))

    def append(self, drafts: Sequence[Draft]) -> list[Taken]:
        """Sign drafts with the keys of this machine and append them; from any thread but the writer's own.

        Raises:
            SubmissionError, VerificationError: one was refused; those before it stay. StoreError: it cannot be written.
        """
        return append(self.case, drafts)

    def ask(self, question: Callable[[Log], Answer]) -> Future[Answer]:
        """Have something done with the log in its writer's thread; what is done there must not wait for this writer.

        Raises:
            StoreError: too much waits already, or the service ends.
        """
        return self._writer.ask(question)

    def on_new(self, listener: News) -> None:
        """Have somebody told of new entries, in a thread of its own, soon after they were published.

        Args:
            listener: what it raises is noted and hurts nobody else. Heads that come while it works are told as one.
        """
        with self._turn:
            self._listeners.append(listener)

    @property
    def fault(self) -> str:
        """Why nothing could be written when that was tried last; empty when it could."""
        return self._writer.fault

    @property
    def seen(self) -> Seen:
        """What the witnesses said when they were asked last."""
        last, met_at = self._cosigned_last, self._met_at
        met_s = None if met_at is None else time.monotonic() - met_at
        if last is None:
            return Seen(self._names, met_s=met_s)
        against = tuple(sorted(last.against - self._overruled))
        return Seen(self._names, dict(last.failed), against, last.is_met, met_s)

    def waiting(self) -> int:
        """How many submissions and questions wait."""
        return self._writer.waiting()

    def stop(self) -> None:
        """Take nothing more, finish what was accepted, tell of it, and let go of the case; it stays open to readers."""
        self._writer.stop()
        with self._turn:
            self._is_over = True
            self._turn.notify_all()
        for thread in self._threads:
            thread.join(STOP_S)
        self.case.through = None

    def __enter__(self) -> Sequencer:
        """Leave it with `stop`."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop."""
        self.stop()

    # -- the writer's thread -------------------------------------------------------------------------------------------

    @contextmanager
    def _open(self) -> Iterator[Log]:
        """The log over fresh storage, with its lock, behind a gate that has read nothing yet."""
        with closing(self.case.fresh()) as store, store.writer():
            self._check_seen(store)
            gate = Gate(self.case, self._charter, self._clock)
            log = Log(store, self._keys, self._clock, check=gate.check)
            check_register(self.case, log)
            yield log

    def _check_seen(self, store: Store) -> None:
        """Refuse to go on with a record when a witness has seen another one, or more of it than is here."""
        shown = shown_to(store, self._policy)
        for name in sorted(shown.against - self._overruled):
            raise VerificationError(
                f"witness {name} {shown.failed[name]}: this record went back, or another one goes on: nothing is signed"
                " here until somebody has looked into it"
            )

    def _grown(self, log: Log) -> None:
        """What the log holds now: for the index, the listeners and the witnesses."""
        if log.size > self._size:
            with contextlib.suppress(TrucelineError):  # what is not in the index is found again by `verify`
                self.case.index(self._size)
            with self._turn:
                self._size = log.size
                self._turn.notify_all()

    # -- the others ----------------------------------------------------------------------------------------------------

    def _news(self, seen: int, most_s: float | None = None) -> tuple[int, bool]:
        """Wait for entries beyond `seen`, so long at the most; how many there are, and whether the service ends."""
        with self._turn:
            self._turn.wait_for(lambda: self._size > seen or self._is_over, most_s)
            return self._size, self._is_over

    def _tell(self, seen: int) -> None:
        """Tell the listeners."""
        is_over = False
        while not is_over:
            size, is_over = self._news(seen)
            for listener in tuple(self._listeners) if size > seen else ():
                try:
                    listener(seen, size)
                except Exception:
                    _log.exception("a listener to new entries failed")
            seen = size

    def _witness(self) -> None:
        """Ask the witnesses for the newest checkpoint there is when they are asked; who is missing is asked again."""
        seen, is_whole, is_over = 0, True, False
        while not is_over:
            size, is_over = self._news(seen, None if is_whole else ASK_AGAIN_S)
            if not is_over:
                is_whole = self._cosigned(size)
            seen = size
            with self._turn:
                self._turn.wait_for(lambda: self._is_over, self._every_s)

    def _cosigned(self, size: int) -> bool:
        """Whether every witness that can be asked has cosigned the checkpoint of a size."""
        now = None if self._charter.is_demo else int(time.time())
        try:
            found = cosign_through(lambda question: self.ask(question).result(), self._policy, size=size, now=now)
        except TrucelineError as error:
            _log.warning("witnesses were not asked: %s", error)
            return False
        before, self._cosigned_last = self._cosigned_last, found
        if found.is_met:
            self._met_at = time.monotonic()
        for name, why in found.failed.items():
            if before is None or name not in before.failed or (name in found.against) != (name in before.against):
                _log.log(logging.ERROR if name in found.against else logging.WARNING, "witness %s: %s", name, why)
        drafts = self._watch.drafts(found.times)
        try:
            if drafts:
                self.append(drafts)
                self._watch.said(drafts)
        except TrucelineError as error:
            _log.warning("that witnesses are missing, or back, was not entered: %s", error)
        return not found.failed


class _Watch:
    """Which witnesses are missing, and what the record says of that."""

    def __init__(self, case: Case, names: Sequence[str], absent_s: float) -> None:
        """Begin with what the record says."""
        self._case, self._names, self._absent_s = case, names, absent_s
        said = [one.statement.body for one in case.said("absence")]
        self._away = {str(body["witness"]): not body["is_back"] for body in said}
        self._missing: dict[str, tuple[float, int]] = {}
        self._told_at: dict[str, float] = {}

    def drafts(self, there: Collection[str]) -> list[Draft]:
        """What is to be entered, now that these cosigned the newest checkpoint."""
        now, newest, found = time.monotonic(), self._case.newest(), []
        for name in self._names:
            if name in there:
                self._missing.pop(name, None)
            else:
                self._missing.setdefault(name, (now, newest))
            since, first = self._missing.get(name, (now, newest))
            is_away = name not in there and now - since >= self._absent_s
            is_new = is_away or name in there
            is_quiet = now - self._told_at.get(name, float("-inf")) < SAID_EVERY_S
            if is_new and is_away != self._away.get(name, False) and not is_quiet:
                self._told_at[name] = now
                found.append(Draft("absence", {"is_back": not is_away, "since": first, "witness": name}))
        return found

    def said(self, drafts: Sequence[Draft]) -> None:
        """Those were entered."""
        self._away |= {draft.body["witness"]: not draft.body["is_back"] for draft in drafts}
