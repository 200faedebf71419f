"""A witness over HTTP: nobody holds it up, and nothing but requests gets an answer."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clock import Clock
from tests.record.foreign.logs import LOG, NOW, SmallLog
from tests.witness.world import forked, made, policy, request, served, witness
from truceline.canon import sha256
from truceline.errors import InputError, StoreError, VerificationError
from truceline.record.checkpoint import check_fork, open_checkpoint, read_fork
from truceline.witness.cosign import Witness
from truceline.witness.rules import MOST_BODY
from truceline.witness.serve import Config, WitnessServer, bound, opened, serve

M = SmallLog(300)


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Witness]:
    """A witness that runs."""
    with witness(made(tmp_path)) as one:
        yield one


def client(server: WitnessServer) -> http.client.HTTPConnection:
    """A connection to it."""
    return http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)


def ask(server: WitnessServer, method: str, path: str, body: bytes | None = None) -> tuple[int, str, bytes]:
    """One request of a well-behaved client."""
    with contextlib.closing(client(server)) as line:
        line.request(method, path, body)
        answer = line.getresponse()
        return answer.status, answer.getheader("Content-Type") or "", answer.read()


def raw(server: WitnessServer, data: bytes, *, limit_s: float = 5.0) -> bytes:
    """Send bytes as they are; everything that comes back until the server hangs up."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=limit_s) as line:
        line.sendall(data)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while piece := line.recv(65_536):
                answer += piece
        return answer


def test_a_checkpoint_is_cosigned_and_can_be_read(found: Witness) -> None:
    """Post a request, read the newest note, the status page and the evidence."""
    with served(found) as server:
        status, kind, body = ask(server, "POST", "/add-checkpoint", request(0, M))
        assert (status, kind) == (200, "text/plain; charset=utf-8")
        assert open_checkpoint(M.note() + body, LOG.verifier, [found.verifier]).times
        assert ask(server, "POST", "/add-checkpoint", request(0, M)) == (409, "text/x.tlog.size", b"300\n")
        status, _, note = ask(server, "GET", f"/logs/{sha256(LOG.name.encode())}/checkpoint")
        assert open_checkpoint(note, LOG.verifier, [found.verifier]).checkpoint == M.checkpoint
        assert b"size 300" in ask(server, "GET", "/")[2]
        assert ask(server, "POST", "/add-checkpoint", request(300, forked(300)))[0] == 409
        evidence = json.loads(ask(server, "GET", "/evidence")[2])
        check_fork(read_fork(json.dumps(evidence["forks"][0]).encode()), LOG.verifier)


def test_one_connection_serves_many_requests(found: Witness) -> None:
    """Logs keep their connections (C2SP tlog-witness asks for it)."""
    with served(found) as server, contextlib.closing(client(server)) as line:
        for old, size in ((0, 5), (5, 300), (300, 700)):
            line.request("POST", "/add-checkpoint", request(old, SmallLog(size)))
            answer = line.getresponse()
            assert answer.status == 200
            answer.read()


BAD = {
    "no length": (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n\r\n", b" 411 "),
    "two lengths": (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", b" 411 "),
    "a length of no number": (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc", b" 411 "),
    "chunks": (b"POST /add-checkpoint HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b" 411 "),
    "huge": (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MOST_BODY + 1), b" 413 "),
    "elsewhere": (b"POST /other HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b" 404 "),
    "garbage": (b"\x00\xff\x00\r\n\r\n", b"400"),
    "a long line": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b" 414 "),
    "many headers": (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", b" 431 "),
    "another method": (b"DELETE / HTTP/1.1\r\n\r\n", b" 501 "),
    "climbing": (b"GET /../witness.key HTTP/1.1\r\nConnection: close\r\n\r\n", b" 404 "),
    "a log that is not known": (b"GET /logs/" + b"0" * 64 + b"/checkpoint HTTP/1.0\r\n\r\n", b" 404 "),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_requests_are_refused_at_once(found: Witness, name: str) -> None:
    """What is no request is told so, and the next client is served."""
    data, status = BAD[name]
    with served(found) as server:
        assert status in raw(server, data)[:300]
        assert ask(server, "POST", "/add-checkpoint", request(0, M))[0] == 200


@pytest.mark.parametrize("where", ["request line", "headers", "body", "nothing"])
def test_slow_clients_are_cut_off(found: Witness, where: str) -> None:
    """Attack: a byte now and then holds a thread only until the time for the whole request is over."""
    head = b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 1000\r\n"
    sent = {"request line": b"POST /a", "headers": head, "body": head + b"\r\nold", "nothing": b""}[where]
    with served(found, request_s=0.3) as server:
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as line:
            line.sendall(sent)
            stop = threading.Event()

            def drip() -> None:
                while not stop.wait(0.05):
                    try:
                        line.send(b"a")
                    except OSError:
                        return

            thread = threading.Thread(target=drip)
            if where != "nothing":
                thread.start()
            with contextlib.suppress(ConnectionError):
                while line.recv(4_096):
                    pass
            stop.set()
            if where != "nothing":
                thread.join()
        assert time.monotonic() - begun < 2
        assert ask(server, "GET", "/")[0] == 200


def test_too_many_connections_are_sent_away(found: Witness) -> None:
    """Idle connections take the places; the next is told to come again, and later there is room."""
    with served(found, request_s=0.5, most_connections=3) as server, contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.server_port), timeout=5))
        deadline = time.monotonic() + 3
        assert raw(server, b"").startswith(b"HTTP/1.1 503")
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if ask(server, "GET", "/")[0] == 200:
                    return
        raise AssertionError("no room came")


def test_serving_from_files(tmp_path: Path) -> None:
    """The program: key, state and policy from files; it says where it answers, and a lost state is one line."""
    key, state = made(tmp_path)
    logs = tmp_path / "logs.policy"
    logs.write_bytes(policy([]).data)
    said: list[str] = []

    def announce(url: str) -> None:
        said.append(url)
        raise KeyboardInterrupt

    serve(Config(key, state, logs, now=Clock(NOW)), "127.0.0.1", 0, announce)
    assert said[0].startswith("http://127.0.0.1:")
    (state / "witness.sqlite").unlink()
    with pytest.raises(VerificationError, match="retired"):
        opened(Config(key, state, logs))
    logs.write_bytes(b"quorum none\n")
    with pytest.raises(InputError, match="one or more logs"):
        opened(Config(key, state, logs))
    logs.unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        opened(Config(key, state, logs))


def test_a_port_that_is_taken_is_said(found: Witness) -> None:
    """A witness has an address that others know: it takes no other."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(StoreError, match="cannot be had"):
        bound(found, "127.0.0.1", taken.getsockname()[1])
