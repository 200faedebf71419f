"""How do many submitters share one log? One thread owns it; what they hand over meanwhile is committed together.

    submitters ──submit──► queue ──a batch every 50 ms, or 1,000 entries──► the one thread ──► Log.append
         ▲                                                                                       │
         └────────────────────────── receipts, in the order of the queue ◄───────────────────────┘

It promises: a submission is answered exactly once, in order; a receipt is given only for what the log took. When the
log breaks, all who wait are told so, nothing of theirs is acknowledged, and the log is opened anew over fresh storage
before the next batch. It never holds more than it was told to: whoever comes then is refused at once.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

from truceline.errors import StoreError, TrucelineError
from truceline.record.log import Log, Submission, Taken

WAIT_S = 0.05
MOST_BATCH = 1_000
MOST_WAITING = 10_000
MOST_BYTES = 256 * 1024 * 1024
MOST_BATCH_BYTES = 64 * 1024 * 1024

OpenLog = Callable[[], AbstractContextManager[Log]]
"""Opens the log over fresh storage, with its lock, and lets go of both at the end: `store.opened.log_at`."""
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Limits:
    """How long and how much.

    Attributes:
        wait_s: from the first submission of a batch until the batch is cut, in seconds.
        most_batch: entries in a batch.
        most_waiting: submissions in the queue; beyond, they are refused.
        most_bytes: of what waits, with blobs; beyond, it is refused.
    """

    wait_s: float = WAIT_S
    most_batch: int = MOST_BATCH
    most_waiting: int = MOST_WAITING
    most_bytes: int = MOST_BYTES


@dataclass(frozen=True)
class _Wish:
    """What waits: a submission, or something to ask the log."""

    answer: Future[Any]
    one: Submission | None
    ask: Callable[[Log], Any] | None
    size: int


class Writer:
    """The thread that owns a log.

    INVARIANT: only that thread touches the log; `_waiting`, `_bytes` and `_is_over` are touched under `_turn`.

    Attributes:
        fault: why the last batch was lost; empty when the log took it, whatever it refused.
    """

    def __init__(
        self, open_log: OpenLog, limits: Limits | None = None, after: Callable[[Log], None] | None = None
    ) -> None:
        """Open the log in a thread of its own.

        Args:
            open_log: opens it, now and after every fault.
            limits: how long it gathers, and how much.
            after: called in that thread whenever the log was opened, and after each batch was answered; what it raises
                is a fault of the log.

        Raises:
            StoreError, VerificationError: it cannot be opened.
        """
        self._open_log, self._limits, self._after = open_log, limits or Limits(), after
        self.fault = ""
        self._turn = threading.Condition()
        self._waiting: deque[_Wish] = deque()
        self._bytes = 0
        self._is_over = False
        self._log: Log | None = None
        self._held: AbstractContextManager[Log] | None = None
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="truceline writer", daemon=True)
        self._thread.start()
        started.result()

    def submit(self, one: Submission) -> Future[Taken]:
        """Hand over a submission, from any thread.

        Returns:
            What will hold its index and receipt; or raise SubmissionError or VerificationError when it is refused,
            StoreError when the log broke: then it may be in the log or not, and nothing was promised.

        Raises:
            StoreError: too much waits already, or the writer was stopped.
        """
        size = len(one.data) + sum(len(data) for data in one.blobs.values())
        return self._put(_Wish(Future(), one, None, size))

    def ask(self, question: Callable[[Log], Answer]) -> Future[Answer]:
        """Have the log asked something in its own thread, after what was submitted before: a proof, a cosignature.

        Raises:
            StoreError: as `submit`.
        """
        return self._put(_Wish(Future(), None, question, 0))

    def waiting(self) -> int:
        """How many submissions and questions wait."""
        with self._turn:
            return len(self._waiting)

    def stop(self) -> None:
        """Take nothing more, finish what was accepted, let go of the log."""
        with self._turn:
            self._is_over = True
            self._turn.notify_all()
        self._thread.join()

    def __enter__(self) -> Writer:
        """Leave it with `stop`."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop."""
        self.stop()

    # -- the queue -----------------------------------------------------------------------------------------------------

    def _put(self, wish: _Wish) -> Future[Any]:
        with self._turn:
            if self._is_over:
                raise StoreError("the log takes no more: its writer was stopped")
            is_full = len(self._waiting) >= self._limits.most_waiting
            if is_full or self._bytes + wish.size > self._limits.most_bytes:
                raise StoreError(f"{len(self._waiting)} submissions wait already: try again later")
            self._waiting.append(wish)
            self._bytes += wish.size
            if len(self._waiting) == 1 or len(self._waiting) >= self._limits.most_batch:
                self._turn.notify_all()
        return wish.answer

    def _cut(self) -> list[_Wish]:
        """The next batch; empty when there will be none."""
        with self._turn:
            self._turn.wait_for(lambda: self._waiting or self._is_over)
            end = time.monotonic() + self._limits.wait_s
            while not self._is_over and len(self._waiting) < self._limits.most_batch:
                left = end - time.monotonic()
                if left <= 0 or not self._turn.wait(left):
                    break
            batch: list[_Wish] = []
            size = 0
            while self._waiting and len(batch) < self._limits.most_batch and size < MOST_BATCH_BYTES:
                batch.append(self._waiting.popleft())
                size += batch[-1].size
            self._bytes -= size
            return batch

    def _fail_all(self, batch: list[_Wish], error: BaseException) -> None:
        """Tell everybody who waits."""
        with self._turn:
            lost = [*batch, *self._waiting]
            self._waiting.clear()
            self._bytes = 0
        said = str(error) if isinstance(error, TrucelineError | OSError) else f"a fault of the program: {error!r}"
        self.fault = said
        for wish in lost:
            _tell(wish.answer.set_exception, StoreError(said))

    # -- the thread ----------------------------------------------------------------------------------------------------

    def _run(self, started: Future[None]) -> None:
        try:
            self._open()
        except BaseException as error:  # whoever waits for the start is told everything
            started.set_exception(error)
            return
        started.set_result(None)
        while batch := self._cut():
            batch = [wish for wish in batch if wish.answer.set_running_or_notify_cancel()]
            try:
                log = self._open()
                self._answer(log, batch)
                if self._after is not None:
                    self._after(log)
                self.fault = ""
            except Exception as error:  # whatever it was, the log is not trusted any more
                self._let_go()
                self._fail_all(batch, error)
        self._let_go()

    def _answer(self, log: Log, batch: list[_Wish]) -> None:
        asked = [(wish.answer, wish.one) for wish in batch if wish.one is not None]
        answers = log.append([one for _, one in asked]) if asked else []
        for (future, _), answer in zip(asked, answers, strict=True):
            if isinstance(answer, Taken):
                _tell(future.set_result, answer)
            else:
                _tell(future.set_exception, answer)
        for wish in batch:
            if wish.ask is not None:
                self._asked(log, wish.answer, wish.ask)

    def _asked(self, log: Log, answer: Future[Any], question: Callable[[Log], Any]) -> None:
        """Answer a question; one that fails is the asker's, one that broke the log is a fault of the log."""
        try:
            found = question(log)
        except Exception as error:
            if log.broken:
                raise
            _tell(answer.set_exception, error)
        else:
            if log.broken:
                raise StoreError(log.broken)
            _tell(answer.set_result, found)

    def _open(self) -> Log:
        if self._log is None:
            held = self._open_log()
            self._log = held.__enter__()
            self._held = held
            if self._after is not None:
                self._after(self._log)
        return self._log

    def _let_go(self) -> None:
        held, self._held, self._log = self._held, None, None
        if held is not None:
            with contextlib.suppress(Exception):  # a broken connection cannot be closed in good order either
                held.__exit__(None, None, None)


def _tell(way: Callable[[Any], None], what: object) -> None:
    """Answer whoever waits; who gave up meanwhile, or has an answer, needs none."""
    with contextlib.suppress(InvalidStateError):
        way(what)
