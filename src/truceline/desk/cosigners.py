"""Who has seen this checkpoint? Asks the witnesses of a policy to cosign it.

All are asked at once, and there is one deadline for all. What a witness answers is bounded, and believed only when its
signature holds. A bad witness is a line in the answer, never an exception: one that hangs, lies, drips or babbles costs
its own cosignature and nothing else.

Source: C2SP tlog-witness.
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

from truceline.errors import InputError, StoreError, TrucelineError, VerificationError, one_line, quoted
from truceline.record.checkpoint import MOST_SIZE, decimal_of, read_checkpoint
from truceline.record.log import Log, Storage
from truceline.record.note import Verifier, base64_of, check_note, read_note, signed
from truceline.record.policy import Policy
from truceline.record.tiles import TileTree
from truceline.record.tree import consistency_path
from truceline.store.export import static_file

DEADLINE_S = 5.0
AHEAD_S = 300
MOST_ANSWER = 16_384
MOST_LINES = 16
SIZE = "text/x.tlog.size"
_SHUT_BOTH = 2

Answer = TypeVar("Answer")


class Contradiction(VerificationError):  # noqa: N818  # what a witness says
    """A witness saw another record of this log than the one that it is shown, or more of it."""


Proof = Callable[[int], Sequence[bytes]]
"""The consistency proof from an older size to that of the checkpoint."""


class Reply(NamedTuple):
    """What came back: HTTP status, headers by small names, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Asked:
    """What the witnesses answered.

    Attributes:
        lines: cosignature lines that hold, by the name of the witness in the policy.
        times: when each cosigned, POSIX seconds.
        failed: why the others did not, one line each.
        against: those among them that say they saw another tree, or more of this one.
    """

    lines: Mapping[str, str]
    times: Mapping[str, int]
    failed: Mapping[str, str]
    against: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Cosigned:
    """A checkpoint and its witnesses.

    Attributes:
        size: of the checkpoint.
        times: all witnesses of the policy whose cosignature on it is kept, and when they cosigned.
        failed: those that were asked and gave none, one line each.
        is_met: whether they are enough for the policy.
        against: those that say they saw another tree, or more of this one.
    """

    size: int
    times: Mapping[str, int]
    failed: Mapping[str, str]
    is_met: bool
    against: frozenset[str] = frozenset()


def cosign(
    log: Log, policy: Policy, *, size: int | None = None, deadline_s: float = DEADLINE_S, now: int | None = None
) -> Cosigned:
    """Have a checkpoint of a log cosigned by the witnesses of a policy, and keep what they sign.

    Args:
        log: opened by its writer.
        policy: witnesses with the URLs at which they answer; those without a URL are not asked.
        size: of the checkpoint; None = the newest.
        deadline_s: for all witnesses together, seconds.
        now: POSIX seconds; when given, a cosignature far from it is not taken.

    Raises:
        StoreError: no checkpoint of that size was published, or the disk refuses.
    """
    return cosign_through(lambda question: question(log), policy, size=size, deadline_s=deadline_s, now=now)


class AskLog(Protocol):
    """Has a log asked something, wherever its writer is."""

    def __call__(self, question: Callable[[Log], Answer]) -> Answer:
        """Its answer."""


def cosign_through(
    ask_log: AskLog, policy: Policy, *, size: int | None = None, deadline_s: float = DEADLINE_S, now: int | None = None
) -> Cosigned:
    """As `cosign`, for a log that another thread owns: it is asked three times, and never waits for a witness."""
    names = {verifier: name for name, (verifier, _) in policy.witnesses.items()}

    def read(log: Log) -> tuple[int, bytes, dict[str, int]]:
        whole = log.size if size is None else size
        note = log.noted(whole)
        return whole, log.storage.note(whole) or note, _times(note, log.keys.log.verifier, names)

    whole, bare, times = ask_log(read)
    proof = partial(_consistency, ask_log, whole)
    asked = ask(bare, policy, proof, but=times, deadline_s=deadline_s, now=now)
    lines = list(asked.lines.values())
    kept = ask_log(lambda log: log.cosigned(whole, lines, names)) if lines else {}
    times |= {names[verifier]: at for verifier, at in kept.items()}
    return Cosigned(whole, times, asked.failed, policy.is_met(times), asked.against)


def shown_to(store: Storage, policy: Policy, *, deadline_s: float = DEADLINE_S) -> Asked:
    """Show every witness the head of a record as it is kept: those `against` saw another one, or more of this one.

    Then it went back, or another goes on. The log signs nothing for the question, and nothing is kept.

    Args:
        store: where the record is kept.
        policy: witnesses with the URLs at which they answer.
        deadline_s: for all of them together, seconds.
    """
    note = store.head()
    if note is None or not any(url for _, url in policy.witnesses.values()):
        return Asked({}, {}, {})
    size = read_checkpoint(read_note(note).text).size
    tree = TileTree(lambda path: static_file(store, path) or b"", size)
    return ask(note, policy, lambda old: consistency_path(old, size, tree.subtree), deadline_s=deadline_s)


def _consistency(ask_log: AskLog, whole: int, old: int) -> Sequence[bytes]:
    return ask_log(lambda log: log.consistency(old, whole))


def _times(note: bytes, log: Verifier, names: Mapping[Verifier, str]) -> dict[str, int]:
    """Witnesses that cosigned already: asked again, they would give another line for the same place."""
    found = check_note(read_note(note), [log, *names])
    return {names[verifier]: at for verifier, at in found.items() if at is not None and verifier in names}


def ask(
    note: bytes,
    policy: Policy,
    proof: Proof,
    *,
    but: Mapping[str, object] | None = None,
    deadline_s: float = DEADLINE_S,
    now: int | None = None,
) -> Asked:
    """Ask every witness of a policy that has a URL to cosign a checkpoint.

    Args:
        note: the checkpoint, signed by the log.
        policy: who is asked, and where.
        proof: gives consistency proofs; called by one thread at a time.
        but: names of witnesses that are not asked.
        deadline_s: for all together, seconds.
        now: POSIX seconds; when given, a cosignature more than 300 s ahead of or behind it is not taken.
    """
    whom = {name: one for name, one in policy.witnesses.items() if one[1] and name not in (but or {})}
    until = time.monotonic() + deadline_s
    lock = threading.Lock()
    answers: dict[str, tuple[str, int] | str] = {}
    against: set[str] = set()
    peers: list[Peer] = []

    def proved(old: int) -> Sequence[bytes]:
        with lock:
            return proof(old)

    def one(name: str, verifier: Verifier, url: str) -> None:
        answer: tuple[str, int] | str
        try:
            with contextlib.closing(Peer(url)) as peer:
                peers.append(peer)
                answer = _asked(peer, verifier, note, proved, until=until, now=now)
        except TrucelineError as error:
            answer = one_line(str(error))
            if isinstance(error, Contradiction):
                against.add(name)
        except Exception as error:  # whatever a proof or a codec raises is this witness's line, no more
            answer = one_line(f"{type(error).__name__}: {error}")
        answers.setdefault(name, answer)

    # Threads of their own that nobody waits for at the end: a pool would wait for a resolver that hangs.
    threads = [threading.Thread(target=one, args=(name, *key), daemon=True) for name, key in whom.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    for peer in peers:
        peer.cut()
    found = {name: answers.setdefault(name, f"no answer within {deadline_s:g} s") for name in whom}
    good = {name: answer for name, answer in found.items() if isinstance(answer, tuple)}
    return Asked(
        {name: line for name, (line, _) in good.items()},
        {name: at for name, (_, at) in good.items()},
        {name: answer for name, answer in found.items() if isinstance(answer, str)},
        frozenset(against),
    )


def _asked(
    peer: Peer, verifier: Verifier, note: bytes, proof: Proof, *, until: float, now: int | None
) -> tuple[str, int]:
    """Ask one witness: from size 0 first, then once more from the size that it names."""
    size = read_checkpoint(read_note(note).text).size
    old, path = 0, proof(0)
    for is_last in (False, True):
        reply = peer.ask("POST", "/add-checkpoint", _body(old, path, note), most=MOST_ANSWER, until=until)
        if reply.status == 200:
            return line_of(reply.body, note, verifier, now=now)
        if reply.status == 422:
            raise Contradiction(f"refuses: the tree of size {size} does not continue that of size {old} which it saw")
        if reply.status != 409:
            raise StoreError(f"answered {reply.status}: {quoted(reply.body.decode('utf-8', 'replace'), 120)}")
        named = _size_of(reply)
        if named == old:
            raise Contradiction(f"refuses: it says it saw another tree of size {named}")
        if named > size:
            raise Contradiction(f"says it saw size {named}, which is more than {size}: a fork, a rollback, or a lie")
        if is_last:
            raise StoreError(f"names another size whenever it is asked: {named} after {old}")
        old, path = named, proof(named)
    raise StoreError("no answer")


def _body(old: int, path: Sequence[bytes], note: bytes) -> bytes:
    return "".join(f"{line}\n" for line in (f"old {old}", *map(base64_of, path), "")).encode() + note


def _size_of(reply: Reply) -> int:
    kind = reply.headers.get("content-type", "").split(";")[0].strip()
    if kind != SIZE or len(reply.body) > len(str(MOST_SIZE)) + 1 or not reply.body.endswith(b"\n"):
        raise VerificationError(f"answered 409 without a size: {quoted(reply.body.decode('utf-8', 'replace'))}")
    return decimal_of(reply.body[:-1].decode("ascii", "replace"))


def line_of(body: bytes, note: bytes, verifier: Verifier, *, now: int | None = None) -> tuple[str, int]:
    """The one line of an answer that is this witness's cosignature, and its time; lines of others do not matter.

    Raises:
        VerificationError: there is none that holds, or its time is far off.
    """
    text, why = read_note(note).text, "its answer holds no cosignature by its key"
    lines = body.decode("utf-8", "replace").split("\n")[:-1]
    for line in lines[:MOST_LINES]:
        try:
            at = check_note(read_note(signed(text, [line])), [verifier])[verifier]
        except (VerificationError, InputError) as error:
            why = str(error)
            continue
        if at is not None and (now is None or abs(at - now) <= AHEAD_S):
            return line, at
        why = f"its clock is {abs((at or 0) - (now or 0))} s off: at most {AHEAD_S} s"
    raise VerificationError(why)


class Peer:
    """A server that is asked over one connection, kept between questions; it can neither hang us nor fill our memory.

    INVARIANT: while a question is out, a watch stands ready to cut the connection when its time is over.
    """

    def __init__(self, url: str, accept: str = "identity") -> None:
        """Take a URL and the content codings that are understood; nothing is sent yet.

        Raises:
            InputError: it is none that can be asked.
        """
        try:
            parts = urlsplit(url)
            self._host, self._port = parts.hostname, parts.port
        except ValueError:
            raise InputError(f"expected a URL, got {quoted(url)}") from None
        if parts.scheme not in ("http", "https") or not self._host or parts.query or parts.fragment or parts.username:
            raise InputError(f"expected a plain http or https URL, got {quoted(url)}")
        self.accept = accept
        self.url, self._scheme, self._prefix = url, parts.scheme, parts.path.rstrip("/")
        self._line: http.client.HTTPConnection | None = None
        self._cuts: Callable[[int], None] | None = None

    def close(self) -> None:
        """Hang up."""
        line, self._line, self._cuts = self._line, None, None
        if line is not None:
            line.close()

    def cut(self) -> None:
        """Hang up from another thread: whatever waits for an answer stops waiting."""
        cuts = self._cuts
        if cuts is not None:
            with contextlib.suppress(OSError, ValueError):
                cuts(_SHUT_BOTH)

    def ask(self, method: str, path: str, body: bytes | None = None, *, most: int, until: float) -> Reply:
        """Ask once; a kept connection that had been closed meanwhile is opened again.

        Args:
            method: GET or POST.
            path: below the URL.
            body: what is sent.
            most: bytes of an answer.
            until: when to give up, on the clock of `time.monotonic`.

        Raises:
            StoreError: no answer in time, or none that can be read.
        """
        was_kept = self._line is not None
        try:
            return self._ask(method, path, body, most=most, until=until)
        except (http.client.BadStatusLine, BrokenPipeError, ConnectionError) as error:
            if not was_kept:
                raise StoreError(f"{self.url}: no answer: {one_line(str(error))}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise StoreError(f"{self.url}: no answer: {one_line(str(error) or type(error).__name__)}") from None
        return self.ask(method, path, body, most=most, until=until)

    def _ask(self, method: str, path: str, body: bytes | None, *, most: int, until: float) -> Reply:
        answer, is_whole = None, False
        try:
            with self._watched(until):
                line = self._connected(until)
                line.request(method, self._prefix + path, body, {"Accept-Encoding": self.accept})
                answer = line.getresponse()
                data = answer.read(most + 1)
                if time.monotonic() >= until:
                    raise TimeoutError("too slow")
                if len(data) > most:
                    raise ValueError(f"more than {most} bytes")
                if answer.length:
                    raise ValueError("the answer broke off")
                is_whole = answer.isclosed() and not answer.will_close
                return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, data)
        finally:
            if answer is not None:
                answer.close()
            if not is_whole:
                self.close()

    def _connected(self, until: float) -> http.client.HTTPConnection:
        """The connection; a new one can be cut from its first byte on, while TLS is agreed on too."""
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError("too slow")
        if self._line is not None and self._line.sock is not None:
            self._line.sock.settimeout(left)
            return self._line
        is_tls = self._scheme == "https"
        port = self._port or (443 if is_tls else 80)
        line = self._line = http.client.HTTPConnection(str(self._host), port, timeout=left)
        line.connect()
        self._cuts = line.sock.shutdown
        if is_tls:
            context = ssl.create_default_context()
            secure = context.wrap_socket(line.sock, server_hostname=self._host, do_handshake_on_connect=False)
            line.sock, self._cuts = secure, super(ssl.SSLSocket, secure).shutdown
            secure.do_handshake()
        return line

    @contextmanager
    def _watched(self, until: float) -> Iterator[None]:
        watch = threading.Timer(max(0.0, until - time.monotonic()), self.cut)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()
