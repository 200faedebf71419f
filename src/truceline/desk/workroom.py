"""Where is judged what takes long? In a process of its own, so that whoever only reads never waits for it.

It opens the case itself, holds the newest outcome, and answers one question at a time. What hangs or dies is ended and
begun anew: nothing in it is the truth of anything. Without a process (tests, small cases) it works in a thread of the
caller.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import traceback
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

from truceline.errors import LaterError, StoreError, TrucelineError

BUSY = "the workroom has as many questions as it can take: ask again in a moment"
MOST_WAITING = 16
LONGEST_S = 600.0
"""A question that takes longer is given up, and its process ended."""

NICE = 10


class Room(Protocol):
    """What is in a workroom: questions are its public methods."""

    def close(self) -> None:
        """Let go of everything."""


class Workroom:
    """Asks a room in a process, or in this one."""

    def __init__(self, make: Any, *values: Any, is_apart: bool = True) -> None:  # noqa: ANN401  # makes a room
        """Nothing is opened before the first question.

        Args:
            make: gives a room; a function or class of a module, where it is apart.
            values: what it is made from.
            is_apart: in a process of its own.
        """
        self._make, self._values, self._is_apart = make, values, is_apart
        self._turn, self._waiting = threading.Lock(), threading.Semaphore(MOST_WAITING)
        self._room: Room | None = None
        self._process: BaseProcess | None = None
        self._line: Connection[Any, Any] | None = None
        self._is_closed = False

    def ask(self, what: str, *values: Any, within_s: float = LONGEST_S) -> Any:  # noqa: ANN401  # any answer
        """Ask a question, and wait for the answer.

        Args:
            what: name of a method of the room.
            values: its arguments.
            within_s: seconds after which the question is given up.

        Raises:
            LaterError: too many are waiting. StoreError: the room was lost over it. Whatever the question raises.
        """
        if not self._waiting.acquire(blocking=False):
            raise LaterError(BUSY)
        try:
            with self._turn:
                if self._is_closed:
                    raise StoreError("the workroom is closed")
                return self._apart(what, values, within_s) if self._is_apart else self._here(what, values)
        finally:
            self._waiting.release()

    def close(self) -> None:
        """End the process; a question that is being answered gets none."""
        self._is_closed = True
        self._end()
        if self._room is not None:
            with self._turn:
                self._room.close()
                self._room = None

    def _here(self, what: str, values: tuple[Any, ...]) -> Any:  # noqa: ANN401  # any answer
        if self._room is None:
            self._room = self._make(*self._values)
        return getattr(self._room, what)(*values)

    def _apart(self, what: str, values: tuple[Any, ...], within_s: float) -> Any:  # noqa: ANN401  # any answer
        line = self._begun()
        try:
            line.send((what, values))
            if not line.poll(within_s):
                raise EOFError
            is_well, found = line.recv()
        except (EOFError, OSError):
            self._end()
            raise StoreError("the question took too long, or the workroom was lost over it") from None
        if is_well:
            return found
        raise found

    def _begun(self) -> Connection[Any, Any]:
        if self._line is None or self._process is None or not self._process.is_alive():
            self._end()
            context = multiprocessing.get_context("spawn")
            self._line, there = context.Pipe()
            self._process = context.Process(
                target=_work, args=(there, self._make, self._values), name="truceline workroom", daemon=True
            )
            self._process.start()
            there.close()
        return self._line

    def _end(self) -> None:
        process, self._process = self._process, None
        line, self._line = self._line, None
        if line is not None:
            line.close()
        if process is not None:
            process.terminate()
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()


def _where(error: Exception) -> str:
    """The line at which something went wrong, without any value."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _work(line: Connection[Any, Any], make: Any, values: tuple[Any, ...]) -> None:  # noqa: ANN401  # makes a room
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked is told, and ends this
    with contextlib.suppress(OSError):
        os.nice(NICE)
    room: Any = None
    while True:
        try:
            what, given = line.recv()
        except (EOFError, OSError):
            break
        try:
            room = room or make(*values)
            answer: tuple[bool, Any] = (True, getattr(room, what)(*given))
        except TrucelineError as error:
            answer = (False, error)
        except Exception as error:  # whoever asked has to be told, whatever it is
            answer = (False, RuntimeError(f"{type(error).__name__} in the workroom: {_where(error)}"))
        with contextlib.suppress(OSError):
            line.send(answer)
    if room is not None:
        room.close()
