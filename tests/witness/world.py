"""What the tests of witnesses share: forks of a small log, requests, witnesses on free ports, and hostile servers."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.clock import Clock
from tests.record.foreign.logs import LOG, NOW, SmallLog
from truceline.record.note import Verifier, base64_of
from truceline.record.policy import Policy, read_policy
from truceline.record.tiles import TileTree
from truceline.record.tree import consistency_path, leaf_hash
from truceline.witness.cosign import Witness, new_witness
from truceline.witness.serve import WitnessServer, bound


def forked(size: int, at: int = 7) -> SmallLog:
    """The log of that size with one entry that is another."""
    log = SmallLog(size)
    log.entries[at] = b"another history"
    log.leaves[at] = leaf_hash(log.entries[at])
    return log


def request(old: int, log: SmallLog, *, note: bytes = b"") -> bytes:
    """The body of add-checkpoint."""
    path = consistency_path(old, log.size, TileTree(log.tile, log.size).subtree) if old <= log.size else []
    return "".join(f"{line}\n" for line in (f"old {old}", *map(base64_of, path), "")).encode() + (note or log.note())


def seeds(n: int) -> Callable[[int], bytes]:
    """Fixed bytes instead of random ones."""
    return lambda count: bytes([n + count]) * count


def made(folder: Path, name: str = "witness.example/t", seed: int = 100) -> tuple[Path, Path]:
    """Key and state of a new witness."""
    key, state = folder / name.replace("/", "-") / "witness.key", folder / name.replace("/", "-") / "state"
    new_witness(key, state, name, seeds(seed))
    return key, state


@contextmanager
def witness(where: tuple[Path, Path], now: Callable[[], int] | None = None) -> Iterator[Witness]:
    """A witness of the one log, opened and closed."""
    with contextlib.closing(Witness(*where, [LOG.verifier], now or Clock(NOW))) as found:
        yield found


@contextmanager
def served(found: Witness, *, request_s: float = 5.0, most_connections: int = 16) -> Iterator[WitnessServer]:
    """A witness on a free port."""
    server = bound(found, "127.0.0.1", 0, request_s=request_s, most_connections=most_connections)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def hostile(answer: Callable[[socket.socket], object]) -> Iterator[str]:
    """A server that reads a little and then does what it likes; its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    opened: list[socket.socket] = []

    def one(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.recv(65_536)
            answer(connection)

    def run() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                opened.append(connection)
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
        for connection in opened:
            connection.close()


def policy(witnesses: Sequence[tuple[str, Verifier, str]], least: int = 1) -> Policy:
    """The log and some witnesses, of which some must agree."""
    lines = [f"log {LOG.verifier.vkey}", *(f"witness {name} {key.vkey} {url}".strip() for name, key, url in witnesses)]
    names = " ".join(name for name, _, _ in witnesses)
    lines += [f"group quorum-of-all {least} {names}", "quorum quorum-of-all"] if witnesses else ["quorum none"]
    return read_policy("".join(f"{line}\n" for line in lines).encode())
