"""Asking witnesses: a bad one costs its own cosignature, one line, and no time beyond the deadline."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.clock import Clock
from tests.record.foreign.logs import LOG, NOW, WITNESSES, SmallLog
from tests.store.storages import KEYS, Feed, begun
from tests.store.storages import NOW as LOG_NOW
from tests.witness.world import forked, hostile, made, policy, request, served, witness
from truceline.desk.cosigners import Asked, Peer, ask, cosign
from truceline.errors import InputError, StoreError
from truceline.record.audit import Trust, audit
from truceline.record.note import Signer, Verifier
from truceline.record.policy import Policy
from truceline.record.tiles import TileTree
from truceline.record.tree import consistency_path
from truceline.store.files import FileStore
from truceline.store.source import FolderSource
from truceline.witness.cosign import Witness

KEY = WITNESSES[0].verifier
M = SmallLog(300)
Answer = Callable[[socket.socket], object]


def asked(log: SmallLog, whom: Policy, *, deadline_s: float = 3.0, now: int | None = NOW) -> Asked:
    """Ask for a small log."""

    def proof(old: int) -> list[bytes]:
        return consistency_path(old, log.size, TileTree(log.tile, log.size).subtree)

    return ask(log.note(), whom, proof, deadline_s=deadline_s, now=now)


def test_witnesses_of_a_policy_cosign(tmp_path: Path) -> None:
    """The first time from nothing, the next time from the size that each names."""
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(witness(made(tmp_path, f"w.example/{n}", n))) for n in (1, 2)]
        urls = [stack.enter_context(served(one)).url for one in found]
        whom = policy([(f"w{n}", one.verifier, url) for n, (one, url) in enumerate(zip(found, urls, strict=True))], 2)
        assert found[1].add_checkpoint(request(0, SmallLog(5))).status == 200
        for size in (100, 300):
            answer = asked(SmallLog(size), whom)
            assert answer.failed == {}
            assert answer.times == {"w0": NOW, "w1": NOW}
        refused = asked(forked(300), whom)
        assert refused.lines == {}
        assert all("saw another tree of size 300" in why for why in refused.failed.values())
        older = asked(SmallLog(50), whom)
        assert all("a fork, a rollback, or a lie" in why for why in older.failed.values())
        other = asked(forked(301), whom)
        assert all("does not continue that of size 300" in why for why in other.failed.values())
        assert [one.against for one in (answer, refused, older, other)] == [set(), *[{"w0", "w1"}] * 3]


def http_answer(status: str, body: bytes, kind: str = "text/plain") -> Answer:
    """A server that gives this answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return lambda line: line.sendall(head + body)


def drip(line: socket.socket) -> None:
    """A header that never ends, a byte now and then."""
    line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        line.sendall(b"a")
        time.sleep(0.02)


def drip_body(line: socket.socket) -> None:
    """A body of no given length, a byte now and then."""
    line.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
    while True:
        line.sendall(b"a")
        time.sleep(0.02)


def flood(line: socket.socket) -> None:
    """A body without an end."""
    line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        line.sendall(b"a" * 65_536)


def break_off(line: socket.socket) -> None:
    """Less than was announced."""
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc")
    line.shutdown(socket.SHUT_RDWR)


def lines_of(signer: Signer, text: str, at: int = NOW) -> bytes:
    """The answer of a witness."""
    return f"{signer.sign(text, at)}\n".encode()


def go_on(line: socket.socket) -> None:
    """Says `continue` for ever."""
    while True:
        line.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.01)


TEXT = M.checkpoint.text
HOSTILE: dict[str, tuple[Answer, str]] = {
    "says nothing": (lambda line: line.recv(1), "no answer"),
    "hangs up": (lambda line: line.close(), "no answer"),
    "drips": (drip, "no answer"),
    "drips a body": (drip_body, "no answer"),
    "floods": (flood, "more than"),
    "continues": (go_on, "no answer"),
    "garbage": (lambda line: line.sendall(b"\x00" * 100 + b"\r\n\r\n"), "no answer"),
    "breaks off": (break_off, "broke off"),
    "redirects": (http_answer("302 Found", b""), "answered 302"),
    "fails": (http_answer("500 Oh", b"\x1b[31mred\n"), "answered 500: `[31mred`"),
    "empty": (http_answer("200 OK", b""), "no cosignature"),
    "the line of another": (http_answer("200 OK", lines_of(WITNESSES[1], TEXT)), "no known key"),
    "for another tree": (http_answer("200 OK", lines_of(WITNESSES[0], forked(300).checkpoint.text)), "does not fit"),
    "of next week": (http_answer("200 OK", lines_of(WITNESSES[0], TEXT, NOW + 604_800)), "s off"),
    "names no size": (http_answer("409 Conflict", b"300\n"), "without a size"),
    "names a bad size": (http_answer("409 Conflict", b"-1\n", "text/x.tlog.size"), "expected a number"),
    "names a huge size": (http_answer("409 Conflict", b"9" * 18 + b"\n", "text/x.tlog.size"), "or a lie"),
    "never agrees": (http_answer("409 Conflict", b"5\n", "text/x.tlog.size"), "no answer"),
    "a line of 10 MB": (http_answer("200 OK", b"a" * 10_000_000), "more than"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_bad_witness_is_one_line(name: str) -> None:
    """It hangs, lies, drips or babbles: no exception, no cosignature, one printable line, in time."""
    answer, why = HOSTILE[name]
    begun_at = time.monotonic()
    with hostile(answer) as url:
        found = asked(M, policy([("bad", KEY, url)]), deadline_s=0.4)
    assert time.monotonic() - begun_at < 2
    assert found.lines == {}
    assert why in found.failed["bad"]
    assert found.failed["bad"].isprintable()


def test_good_witnesses_do_not_wait_for_bad_ones(tmp_path: Path) -> None:
    """All are asked at once; after the deadline what is there is given."""
    with contextlib.ExitStack() as stack:
        good = stack.enter_context(witness(made(tmp_path)))
        url = stack.enter_context(served(good)).url
        bad = [stack.enter_context(hostile(answer)) for answer, _ in list(HOSTILE.values())[:3]]
        keys = [(f"bad{n}", WITNESSES[n].verifier, one) for n, one in enumerate(bad)]
        begun_at = time.monotonic()
        found = asked(M, policy([("good", good.verifier, url), *keys]), deadline_s=0.6)
        assert time.monotonic() - begun_at < 2
        assert list(found.lines) == ["good"]
        assert sorted(found.failed) == ["bad0", "bad1", "bad2"]


def test_nobody_listens() -> None:
    """A witness that is away, and one whose URL is none, are lines too."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    whom = policy([("away", KEY, f"http://127.0.0.1:{port}"), ("bad-url", WITNESSES[1].verifier, "gopher://w.example")])
    found = asked(M, whom)
    assert "refused" in found.failed["away"].lower()
    assert "expected a plain http" in found.failed["bad-url"]


# `SSLContext.wrap_socket` leaves a socket that is cut in that very moment to the collector, which says so.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("answer", [drip, drip_body, flood, lambda line: line.recv(1)])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_question_ends_in_time_by_itself(answer: Answer, scheme: str) -> None:
    """The one who asks comes back, not only the one who waits for him; while TLS is agreed on too."""
    with hostile(answer) as url, contextlib.closing(Peer(url.replace("http", scheme))) as peer:
        begun_at = time.monotonic()
        with pytest.raises(StoreError):
            peer.ask("GET", "/", most=100_000, until=begun_at + 0.3)
        assert time.monotonic() - begun_at < 1


def test_a_witness_behind_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over https with a certificate that the system trusts; without that trust nothing is sent."""
    pem = certificate()
    (tmp_path / "tls.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem")
    with witness(made(tmp_path)) as found, served(found) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        whom = policy([("w", found.verifier, server.url.replace("http", "https"))])
        assert "certificate" in asked(M, whom).failed["w"].lower()
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
        assert list(asked(M, whom).lines) == ["w"]


def certificate() -> bytes:
    """A key and a certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    kind = serialization.Encoding.PEM
    secret = key.private_bytes(kind, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return secret + made.sign(key, hashes.SHA256()).public_bytes(kind)


@pytest.mark.parametrize("url", ["ftp://a", "http://", "http://a:b", "http://u@a", "http://a?q", "file:///etc/passwd"])
def test_only_plain_urls_are_asked(url: str) -> None:
    """Nothing is opened but http and https."""
    with pytest.raises(InputError):
        Peer(url)


def test_a_log_is_cosigned_and_keeps_the_lines(tmp_path: Path) -> None:
    """From the log to the audit: the quorum is met, the lines are kept, and a second call asks nobody again."""
    store = FileStore(tmp_path / "record")
    with contextlib.ExitStack() as stack:
        stack.callback(store.close)
        stack.enter_context(store.writer())
        log = begun(store)
        key, state = made(tmp_path, "w.example/log", 9)
        found = stack.enter_context(contextlib.closing(Witness(key, state, [KEYS.log.verifier], Clock(LOG_NOW.at))))
        url = stack.enter_context(served(found)).url
        whom = of_log(found.verifier, url)
        for _ in range(2):
            log.append(Feed(log.register).some(200))
            done = cosign(log, whom, deadline_s=3)
            assert (done.size, list(done.times), done.failed, done.is_met) == (log.size, ["w"], {}, True)
        assert whom.check(log.head).opened.checkpoint.size == 401
        again = cosign(log, of_log(found.verifier, "http://127.0.0.1:1"), deadline_s=3)
        assert again == done
        with pytest.raises(StoreError):
            cosign(log, whom, size=7)
    report = audit(FolderSource(tmp_path / "record"), Trust(policy=whom))
    assert [str(fault) for fault in report.faults] == []
    assert list(report.witnesses) == ["w"]


def of_log(verifier: Verifier, url: str) -> Policy:
    """The policy of the log in the store, with one witness."""
    return Policy(((KEYS.log.verifier, ""),), {"w": (verifier, url)}, {}, "w")


def test_the_log_of_the_other_tests_is_another() -> None:
    """The specimens do not share keys by accident."""
    assert LOG.verifier != KEYS.log.verifier
