"""How the server treats connections: slow ones, endless ones, those that are no HTTP."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from msgspec.structs import replace

from tests.web.trial import router
from truceline.desk.service import Service
from truceline.desk.settings import Settings
from truceline.web import answering
from truceline.web.app import make_app
from truceline.web.running import config_of, listening, url_of

HEAD_S, BODY_S = 0.4, 0.4


class Running:
    """A server in a thread of this process."""

    def __init__(self, service: Service, settings: Settings) -> None:
        """Start it."""
        self.line = listening(replace(settings, port=0))
        self.port = self.line.getsockname()[1]
        app = make_app(service)
        app.include_router(router)
        app.prepare()
        self.server = uvicorn.Server(config_of(app, settings))
        self.thread = threading.Thread(target=self.server.run, args=([self.line],))
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def close(self) -> None:
        """Stop it."""
        self.server.should_exit = True
        self.thread.join(10)
        self.line.close()

    def connect(self) -> socket.socket:
        """A connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def raw(self, data: bytes) -> bytes:
        """Send bytes as they are; everything that comes back until the server hangs up."""
        with self.connect() as line:
            with contextlib.suppress(ConnectionError):
                line.sendall(data)
            return read_all(line)


def read_all(line: socket.socket) -> bytes:
    """Everything until the server hangs up."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while piece := line.recv(65_536):
            found += piece
    return found


@pytest.fixture(scope="module")
def running(service: Service) -> Iterator[Running]:
    """A server with short times."""
    before = service.settings
    service.settings = replace(
        before, head_s=HEAD_S, body_s=BODY_S, idle_s=1, drain_s=1.0, most_connections=20, most_json=5_000
    )
    one = Running(service, service.settings)
    yield one
    one.close()
    service.settings = before


def status_of(answer: bytes) -> int:
    """The status of a raw answer, whose body is a problem where it is refused."""
    assert answer.startswith(b"HTTP/1.1 "), answer[:80]
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    if status >= 400:
        assert b"application/problem+json" in head
        assert json.loads(body)["status"] == status
        assert b"nosniff" in head
    return status


GET = b"GET /trial/page HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /trial/notes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
LOCAL = b"Host: localhost\r\nConnection: close\r\n\r\n"
BAD = {
    "garbage": (b"\x00\xff\x00\r\n\r\n", 400),
    "another protocol": (b"\x16\x03\x01\x02\x00\x01\x00\x01", 400),
    "no version": (b"GET /\r\n\r\n", 421),
    "a header without a name": (GET + b": x\r\n\r\n", 400),
    "a header with NUL": (GET + b"X: \x00\r\n\r\n", 400),
    "a folded header": (GET + b"X: a\r\n b\r\n\r\n", 400),
    "a length of no number": (POST + b"Content-Length: +3\r\n\r\n{}", 400),
    "a length below nothing": (POST + b"Content-Length: -3\r\n\r\n{}", 400),
    "two lengths": (POST + b"Content-Length: 2\r\nContent-Length: 20\r\n\r\n{}", 400),
    "a length and chunks": (POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400),
    "a chunk of no number": (POST + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n", 400),
    "no host": (b"GET /trial/page HTTP/1.1\r\nConnection: close\r\n\r\n", 421),
    "a method of nobody": (b"BREW /trial/page HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "an address without end": (b"GET /" + b"a" * 60_000, 414),
    "an address that is long": (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n" + LOCAL, 414),
    "a header without end": (GET + b"X: " + b"a" * 60_000, 431),
    "headers that are long": (GET + b"X: " + b"a" * 17_000 + b"\r\nConnection: close\r\n\r\n", 431),
    "headers without end": (GET + b"a: b\r\n" * 10_000, 431),
    "many headers": (GET + b"a: b\r\n" * 200 + b"Connection: close\r\n\r\n", 431),
    "an absolute address": (b"GET http://evil.example/trial/page HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
    "a tunnel": (b"CONNECT evil.example:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "everything": (b"OPTIONS * HTTP/1.1\r\n" + LOCAL, 404),
    "climbing": (b"GET /../../etc/passwd HTTP/1.1\r\n" + LOCAL, 404),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_requests_are_refused_at_once(running: Running, name: str) -> None:
    """What is no request is told so, in the one form, and the next client is served."""
    data, status = BAD[name]
    assert status_of(running.raw(data)) == status
    assert status_of(running.raw(GET + b"Connection: close\r\n\r\n")) == 200


@pytest.mark.parametrize("where", ["nothing", "address", "headers", "body", "chunks"])
def test_slow_clients_are_cut_off(running: Running, where: str) -> None:
    """Attack: a byte now and then holds a connection only until the time for the head, or the body, is over."""
    sent = {
        "nothing": b"", "address": b"GET /t", "headers": GET, "body": POST + b"Content-Length: 1000\r\n\r\n{",
        "chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    }[where]  # fmt: skip
    more = {"nothing": b"", "address": b"a", "headers": b"X: y\r\n", "body": b" ", "chunks": b"1\r\n \r\n"}[where]
    begun, stop = time.monotonic(), threading.Event()
    with running.connect() as line:
        line.sendall(sent)

        def drip() -> None:
            while more and not stop.wait(0.05):
                with contextlib.suppress(OSError):
                    line.sendall(more)

        dripping = threading.Thread(target=drip)
        dripping.start()
        answer = read_all(line)
        stop.set()
        dripping.join()
    assert time.monotonic() - begun < 4
    assert answer == b"" if where == "nothing" else status_of(answer) == 408


def test_chunks_without_end_are_cut_off(running: Running) -> None:
    """Attack: a body that announces no length and never ends, as fast as it likes."""
    chunk = b"400\r\n" + b" " * 1024 + b"\r\n"
    with running.connect() as line:
        line.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(4_000):
                line.sendall(chunk)
        answer = read_all(line)
    assert answer == b"" or status_of(answer) == 413  # a sender that does not stop to read may miss it


def test_a_large_body_is_told_so(running: Running) -> None:
    """Whoever sends no more than a little too much gets to read why, and may go on; who sends more is hung up on."""
    with running.connect() as line:
        line.sendall(POST + b"Content-Length: 200000\r\n\r\n" + b" " * 200_000)
        assert b" 413 " in line.recv(65_536)
        line.sendall(GET + b"\r\n")
        assert b" 200 " in line.recv(65_536)
        line.sendall(POST + b"Content-Length: 20000000\r\n\r\n" + b" " * 1_200_000)
        answer = read_all(line)
    assert answer == b"" or (status_of(answer) == 413 and b"connection: close" in answer)


def test_one_connection_serves_many_requests(running: Running) -> None:
    """Also after one that was refused, and several at once."""
    with running.connect() as line:
        for _ in range(3):
            line.sendall(GET + b"\r\n")
            assert b" 200 " in line.recv(65_536)
        line.sendall(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b" 404 " in line.recv(65_536)
        line.sendall((GET + b"\r\n") * 3 + GET + b"Connection: close\r\n\r\n")
        assert read_all(line).count(b"HTTP/1.1 200 ") == 4


def test_there_are_no_more_connections_than_can_be_borne(running: Running) -> None:
    """Attack: connections that say nothing; they give way to others when their time is over."""
    time.sleep(HEAD_S + 0.2)
    idle = [running.connect() for _ in range(20)]
    try:
        assert status_of(running.raw(GET + b"Connection: close\r\n\r\n")) == 503
        time.sleep(HEAD_S + 0.3)
        assert status_of(running.raw(GET + b"Connection: close\r\n\r\n")) == 200
    finally:
        for one in idle:
            one.close()


def test_a_client_that_takes_nothing_is_let_go_of(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack: ask for much and read none of it: the place in the service is free again when the time is over."""
    monkeypatch.setattr(answering, "WRITE_S", 0.3)

    def in_work() -> bytes:
        told = running.raw(b"GET /metrics HTTP/1.1\r\n" + LOCAL)
        found: list[bytes] = re.findall(rb"^truceline_requests_in_work (\S+)", told, re.MULTILINE)
        return found[0]

    with running.connect() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.sendall(b"GET /trial/flood HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(0.1)
        assert in_work() == b"1.0"
        end = time.monotonic() + 5
        while in_work() != b"0.0" and time.monotonic() < end:
            time.sleep(0.05)
        assert in_work() == b"0.0"


def is_open(running: Running, own: int) -> bool:
    """Whether the server still holds a connection of ours, by its port."""
    held = list(running.server.server_state.connections)
    return any(one.client and one.client[1] == own for one in held)  # type: ignore[union-attr]  # of our protocol


def test_small_answers_that_nobody_takes_are_let_go_of(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack: ask for many small things and read none of them: none is kept for ever."""
    monkeypatch.setattr(answering, "WRITE_S", 0.1)
    line = socket.socket()
    with line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        line.connect(("127.0.0.1", running.port))
        own = line.getsockname()[1]
        line.settimeout(0.5)
        with contextlib.suppress(OSError):
            for _ in range(4_000):
                line.sendall((GET + b"\r\n") * 10)
        end = time.monotonic() + 60  # what was asked before is answered first, and the machine may be slow
        while is_open(running, own) and time.monotonic() < end:
            time.sleep(0.05)
        assert not is_open(running, own)


def test_what_stands_behind_a_body_is_no_header(running: Running) -> None:
    """Attack: a header behind the chunks, after the front has looked at those before them."""
    sent = POST + b'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nc\r\n{"text":"a"}\r\n0\r\n'
    answer = running.raw(sent + b"Cookie: truceline=x\r\nHost: evil.example\r\n\r\n")
    assert status_of(answer) == 201


@pytest.mark.parametrize("how", ["trailers", "one trailer", "an extension of a chunk"])
def test_what_stands_beside_a_body_has_bounds(running: Running, how: str) -> None:
    """Attack: headers behind the chunks, or words beside a chunk, that never end."""
    begun = POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
    more = {"trailers": b"0\r\n" + b"a: b\r\n" * 150_000, "one trailer": b"0\r\na: " + b"a" * 900_000,
            "an extension of a chunk": b"1;" + b"a" * 900_000}[how]  # fmt: skip
    answer = running.raw(begun + more)
    assert answer == b"" or status_of(answer) == 431  # a sender that does not stop to read may miss it


def test_addresses_of_sockets() -> None:
    """What a person opens in a browser."""
    with listening(Settings(port=0)) as line:
        assert url_of(line) == f"http://127.0.0.1:{line.getsockname()[1]}/"
    with listening(Settings(host="::1", port=0)) as line:
        assert url_of(line) == f"http://[::1]:{line.getsockname()[1]}/"
