"""The program that is killed: it appends to a record, and tells what was acknowledged as soon as it is.

    python -m tests.store.killed

It reads lines `SEED SECOND PLACE`, the second being what its clock begins with. For each it starts a child, which costs
a few milliseconds where a new interpreter costs half a second, and tells `pid N`. The child tells `open`, then
`ack INDEX LEAF` for each entry, until it is killed; then the program tells `end`.
"""

from __future__ import annotations

import os
import random
import sys
from concurrent.futures import Future

from tests.store.storages import KEYS, Clock, Feed
from truceline.errors import TrucelineError
from truceline.record.log import Submission, Taken
from truceline.store.opened import SERVERS, log_at
from truceline.store.writer import Limits, Writer


def tell(line: str) -> None:
    """One line, at once and whole: shorter than what a pipe takes in one piece."""
    os.write(1, line.encode() + b"\n")


def batch_of(feed: Feed, chance: random.Random) -> list[Submission]:
    """Some entries, now and then with a file."""
    blob = chance.randbytes(3_000) if chance.random() < 0.2 else None
    return [feed.next({"n": 0}, blob=blob), *feed.some(chance.choice((0, 3, 40, 130)))]


def append(where: str, now: Clock, chance: random.Random) -> None:
    """Append batch by batch, for ever."""
    with log_at(where, KEYS, now) as log:
        tell("open")
        feed = Feed(log.register)
        while True:
            for one in log.append(batch_of(feed, chance)):
                assert isinstance(one, Taken), one
                tell(f"ack {one.index} {one.leaf.hex()}")


def submit(where: str, now: Clock, chance: random.Random) -> None:
    """The same through the writer that gathers batches."""

    def done(future: Future[Taken]) -> None:
        if future.exception() is None:
            tell(f"ack {future.result().index} {future.result().leaf.hex()}")

    with Writer(lambda: log_at(where, KEYS, now), Limits(wait_s=0.002)) as writer:
        feed = Feed(writer.ask(lambda log: log.register.copy()).result())
        tell("open")
        while True:
            futures = [writer.submit(one) for one in batch_of(feed, chance)]
            for future in futures:
                future.add_done_callback(done)
            futures[chance.randrange(len(futures))].result()


def main() -> None:
    """Start a child for each line."""
    for line in sys.stdin:
        seed, second, where = line.split(maxsplit=2)
        if where.startswith(SERVERS):
            import truceline.store.server  # noqa: F401  # once here, and not in each child
        child = os.fork()
        if child == 0:
            chance = random.Random(int(seed))
            try:
                (append if int(seed) % 2 else submit)(where.strip(), Clock(int(second)), chance)
            except TrucelineError as error:
                tell(f"stop {error}")
            os._exit(0)
        tell(f"pid {child}")
        os.waitpid(child, 0)
        tell("end")


if __name__ == "__main__":
    main()
