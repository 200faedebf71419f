"""Is a service able to do its work? A few things it needs, each with a word on how it is.

Nothing here names a path, an address or what is in the case: everybody may ask.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from truceline.errors import StoreError, TrucelineError
from truceline.record.audit import Trust, audit
from truceline.store.writer import MOST_WAITING

if TYPE_CHECKING:
    from truceline.desk.service import Service

AWAY = "out of reach"

KEPT_S = 1.0
"""An answer is given again for so long: who asks often costs no more than who asks now and then."""


NEARLY = 0.9
"""A queue that is full to this part is told of before it refuses."""


class Check(msgspec.Struct, frozen=True):
    """One thing that a service needs.

    Attributes:
        name: of it.
        is_well: it is as it has to be.
        said: a word on it.
    """

    name: str
    is_well: bool
    said: str


class Health:
    """Looks after what a service needs."""

    def __init__(self, service: Service) -> None:
        """Nothing was looked at yet."""
        self._service, self._turn = service, threading.Lock()
        self._kept: tuple[float, list[Check]] | None = None
        self._record = Check("record", False, "being verified")
        self._again: threading.Thread | None = None

    def verify(self) -> None:
        """Verify the record, hash by hash; until it holds, the service is not ready."""
        try:
            found = audit(self._service.case.source(), Trust(with_signatures=False))
        except Exception as error:  # whatever it is, it is tried again: nobody else looks after it
            if not isinstance(error, TrucelineError):
                logging.getLogger(__name__).exception("the record could not be verified")
            self._record = Check("record", False, AWAY)
            return
        count = len(found.faults)
        self._record = Check("record", not count, f"{count} faults: ask `truceline verify`" if count else "verified")

    def checks(self) -> list[Check]:
        """How everything is."""
        with self._turn:
            now = time.monotonic()
            if self._kept is None or now - self._kept[0] > KEPT_S:
                self._kept = (now, list(self._asked()))
            return self._kept[1]

    def _asked(self) -> Iterator[Check]:
        if self._record.said == AWAY and (self._again is None or not self._again.is_alive()):
            self._again = threading.Thread(target=self.verify, name="truceline verifier", daemon=True)
            self._again.start()  # it may take long: whoever asks is answered meanwhile
        yield self._record
        yield _tried("store", self._store)
        yield _tried("memory", self._memory)
        yield self._writer()
        yield from self._witnesses()
        yield _tried("answers", self._answers)

    def _store(self) -> Check:
        is_there = self._service.case.store.head() is not None
        return Check("store", is_there, "read" if is_there else "it holds no record")

    def _memory(self) -> Check:
        with self._service.state.read():
            return Check("memory", True, "read")

    def _answers(self) -> Check:
        """What was judged last: it is there, and not too old."""
        snapshots, settings = self._service.snapshots, self._service.settings
        if settings.judging == "asked":
            return Check("answers", True, "worked out when they are asked for")
        try:
            snapshots.current()
        except StoreError:
            return Check("answers", False, "being worked out")
        is_late = snapshots.behind_s > settings.stale_s
        return Check("answers", not is_late, "too old" if is_late else "of the newest entries, or nearly")

    def _writer(self) -> Check:
        """What takes statements: it writes, and not too much waits for it."""
        if not self._service.is_writer:
            return Check("writer", True, "none: this is for readers")
        writer = self._service.sequencer
        if writer.fault:
            return Check("writer", False, "nothing could be written when that was tried last")
        is_full = writer.waiting() > MOST_WAITING * NEARLY
        return Check("writer", not is_full, "too much waits" if is_full else "takes statements")

    def _witnesses(self) -> Iterator[Check]:
        """Who sees the record: that one stays away stops nobody; that one saw another record stops everything."""
        if not self._service.is_writer or not (seen := self._service.sequencer.seen).names:
            return
        if seen.against:
            told = f"{', '.join(seen.against)} saw another record, or more of this one: do not go on with it"
            yield Check("witnesses", False, told)
            return
        when = "not since the start" if seen.met_s is None else f"{int(seen.met_s)} s ago"
        missing = f", missing: {', '.join(sorted(seen.missing))}" if seen.missing else ""
        yield Check("witnesses", True, f"enough of them cosigned: {when}{missing}")


def _tried(name: str, look: Callable[[], Check]) -> Check:
    """A look at something; out of reach where it fails."""
    try:
        return look()
    except TrucelineError:
        return Check(name, False, AWAY)
