from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import shutil
import ssl
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import NameOID

from truceline import LAW, desk
from truceline.desk import outward, webhooks
from truceline.desk.jobs import KINDS
from truceline.desk.keyring import config_folder
from truceline.desk.outward import CallError, check_url, is_allowed, networks_of, post
from truceline.desk.records import Draft, append
from truceline.desk.service import Service
from truceline.desk.settings import Settings
from truceline.desk.viewers import Viewer
from truceline.errors import AccessError, ConflictError, InputError
from truceline.store.state import accounts, approvals
from truceline.store.state import webhooks as rows
from truceline.store.state.webhooks import Delivery, Hook

WAIT_S = 20.0
SETTINGS = Settings(
    webhooks_to=("127.0.0.0/8",), webhook_first_s=0.01, webhook_attempts=4, judging="asked", most_webhooks=3
)  # fmt: skip


# -- receivers -------------------------------------------------------------------------------------------------------


class Receiver:
    """Takes what is sent to it, and answers what it is told to."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        """Listen on a free port of this machine."""
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.then: Callable[[BaseHTTPRequestHandler], None] | None = None
        self._turn = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the name is the library's
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.then is not None:
                    receiver.then(self)
                    return
                with receiver._turn:
                    receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                    status = receiver.answers.pop(0) if receiver.answers else 204
                    receiver._turn.notify_all()
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the library's
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    def wait(self, number: int) -> list[dict[str, Any]]:
        """Wait until so much has arrived; the bodies."""
        with self._turn:
            assert self._turn.wait_for(lambda: len(self.got) >= number, WAIT_S), f"{len(self.got)} arrived"
        return [json.loads(body) for _, body in self.got]

    def close(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of this test."""
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped case without its reports; it is copied."""
    folder = tmp_path_factory.mktemp("hooks") / "case"
    desk.demo_case(folder).close()
    return folder


@pytest.fixture
def service(shipped: Path, tmp_path: Path) -> Iterator[Service]:
    """A service over a case of this test, at work."""
    shutil.copytree(shipped, tmp_path / "case")
    with Service.open(str(tmp_path / "case"), SETTINGS) as made:
        made.start()
        yield made


def somebody(service: Service, name: str, role: str, party: str = "") -> Viewer:
    """Somebody with an account."""
    accounts.add(service.state, accounts.Account(name, role, party, "a test", False, 0))
    return Viewer(name, role, party)


def say(service: Service, text: str) -> int:
    """An allegation of the desk; its index."""
    return append(service.case, [Draft("allegation", {"text": text})])[0].index


def ended(service: Service, viewer: Viewer, hook: Hook, state: str, number: int = 1) -> list[Delivery]:
    """The deliveries of a hook, once so many are in a state."""
    pause = threading.Event()
    for _ in range(int(WAIT_S / 0.02)):
        found = list(webhooks.deliveries(service, viewer, hook.id, before=None, limit=100))
        if sum(one.state == state for one in found) >= number:
            return found
        pause.wait(0.02)
    raise AssertionError([(one.state, one.error) for one in found])


def off(service: Service, viewer: Viewer) -> str:
    """Why the first hook of somebody is off, once it is."""
    pause = threading.Event()
    for _ in range(int(WAIT_S / 0.02)):
        if webhooks.listed(service, viewer)[0].off:
            break
        pause.wait(0.02)
    return webhooks.listed(service, viewer)[0].off


def verify(key: str, headers: dict[str, str], body: bytes) -> None:
    """What a receiver does, by the standard library alone (https://www.standardwebhooks.com)."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    version, _, signature = headers["webhook-signature"].partition(",")
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 300
    if version == "v1":
        secret = base64.b64decode(key.removeprefix("whsec_"))
        assert hmac.compare_digest(hmac.digest(secret, content, hashlib.sha256), base64.b64decode(signature))
    else:
        assert version == "v1a"
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_")))
        public.verify(base64.b64decode(signature), content)


# -- what is told ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", webhooks.SCHEMES)
def test_a_receiver_is_told_of_an_entry_and_can_check_who_says_so(
    service: Service, receiver: Receiver, scheme: str
) -> None:
    """Index, type and submitter: no body, and the line of the law."""
    gov = somebody(service, "a-gov", "party", "gov")
    hook, key = webhooks.add(service, gov, receiver.url, ["entry"], scheme)
    index = say(service, "somebody was shot at near the bridge")
    (told,) = receiver.wait(1)
    assert told["type"] == "entry" and told["law"] == LAW
    assert told["data"] == {"index": index, "type": "allegation", "by": "desk"}
    headers, body = receiver.got[0]
    assert b"bridge" not in body and headers["content-type"] == "application/json"
    verify(key, headers, body)
    with pytest.raises((AssertionError, InvalidSignature)):
        verify(key, headers, body.replace(b"desk", b"gov"))
    (one,) = ended(service, gov, hook, "delivered")
    assert (one.status, one.attempts, one.id) == (204, 1, headers["webhook-id"])


def test_each_is_told_only_of_what_it_may_read(service: Service, receiver: Receiver) -> None:
    """A monitor reads what is public and its own: of an allegation of a party it is told nothing."""
    monitor = somebody(service, "a-monitor", "monitor")
    inner = somebody(service, "a-desk", "secretariat")
    quiet, _ = webhooks.add(service, monitor, receiver.url + "/quiet", ["entry", "publication"], webhooks.HMAC)
    loud, _ = webhooks.add(service, inner, receiver.url + "/loud", ["entry"], webhooks.HMAC)
    say(service, "one")
    ended(service, inner, loud, "delivered")
    assert list(webhooks.deliveries(service, monitor, quiet.id, before=None, limit=10)) == []


def test_events_come_in_their_order_and_each_once(service: Service, receiver: Receiver) -> None:
    """However often it is noticed, and however often the receiver fails."""
    gov = somebody(service, "a-gov", "party", "gov")
    receiver.answers = [500, 204, 503, 500, 204]
    hook, _ = webhooks.add(service, gov, receiver.url, ["entry"], webhooks.HMAC)
    indexes = [say(service, f"number {n}") for n in range(6)]
    for _ in range(5):
        webhooks.notice(service)
    ended(service, gov, hook, "delivered", 6)
    told = [json.loads(body)["data"]["index"] for _, body in receiver.got]
    assert [index for n, index in enumerate(told) if n == 0 or told[n - 1] != index] == indexes
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert len(set(ids)) == 6 and len(ids) == 9


def test_a_hook_is_told_of_what_comes_after_it(service: Service, receiver: Receiver) -> None:
    """Nobody is flooded with the past."""
    gov = somebody(service, "a-gov", "party", "gov")
    say(service, "before")
    hook, _ = webhooks.add(service, gov, receiver.url, ["entry"], webhooks.HMAC)
    index = say(service, "after")
    assert receiver.wait(1)[0]["data"]["index"] == index
    ended(service, gov, hook, "delivered")
    assert len(receiver.got) == 1


def test_everything_judged_anew_is_told_once(service: Service, receiver: Receiver) -> None:
    """Of an entry that the answers know of now, and of no more than its index."""
    gov = somebody(service, "a-gov", "party", "gov")
    service.snapshots.refresh()
    hook, _ = webhooks.add(service, gov, receiver.url, ["assessment"], webhooks.HMAC)
    say(service, "one")
    service.snapshots.refresh()
    webhooks.notice(service)
    (told,) = receiver.wait(1)
    assert (told["type"], told["data"]) == ("assessment", {"index": len(service.case.entries()) - 1})
    webhooks.notice(service)
    ended(service, gov, hook, "delivered")
    assert len(receiver.got) == 1


def test_who_may_approve_is_told_that_somebody_has_to(service: Service, receiver: Receiver) -> None:
    """Not whoever submitted it, and nobody of another party."""
    gov, other = somebody(service, "a-gov", "party", "gov"), somebody(service, "a-gov2", "party", "gov")
    opp = somebody(service, "a-opp", "party", "opp")
    hooks = {
        viewer.account: webhooks.add(service, viewer, receiver.url, ["approval"], webhooks.HMAC)[0]
        for viewer in (gov, other, opp)
    }
    now = service.now()
    held = approvals.Held("h-1", b"l" * 32, "amendment", b"{}", ("gov",), "a-gov", now, now + 1000)
    approvals.hold(service.state, held)
    webhooks.notice(service)
    (told,) = receiver.wait(1)
    assert told["data"] == {"id": "h-1", "type": "amendment"}
    ended(service, other, hooks["a-gov2"], "delivered")
    for viewer in (gov, opp):
        assert list(webhooks.deliveries(service, viewer, hooks[viewer.account].id, before=None, limit=10)) == []


def test_what_was_not_told_before_a_restart_is_told_after_it(shipped: Path, tmp_path: Path, receiver: Receiver) -> None:
    """The queue and how far it has come lie in the memory of the service."""
    shutil.copytree(shipped, tmp_path / "case")
    with Service.open(str(tmp_path / "case"), SETTINGS) as first:
        gov = somebody(first, "a-gov", "party", "gov")
        hook, key = webhooks.add(first, gov, receiver.url, ["entry"], webhooks.HMAC)
        index = say(first, "while nobody worked")
    with Service.open(str(tmp_path / "case"), SETTINGS) as second:
        second.start()
        assert receiver.wait(1)[0]["data"]["index"] == index
        verify(key, *receiver.got[0])
        ended(second, gov, hook, "delivered")


# -- what fails ------------------------------------------------------------------------------------------------------


def test_what_is_never_taken_is_given_up_and_the_next_is_sent(service: Service, receiver: Receiver) -> None:
    """After so many attempts; and it shows."""
    gov = somebody(service, "a-gov", "party", "gov")
    receiver.answers = [500] * 4
    hook, _ = webhooks.add(service, gov, receiver.url, ["entry"], webhooks.HMAC)
    say(service, "one"), say(service, "two")
    second, first = ended(service, gov, hook, "delivered")
    assert (first.state, first.attempts, first.error) == ("dead", 4, "answered 500")
    assert (second.state, second.attempts, second.error) == ("delivered", 1, "")


def test_a_receiver_that_is_gone_is_told_nothing_more(service: Service, receiver: Receiver) -> None:
    """410 says so; what waits is given up, and a test of it is refused."""
    gov = somebody(service, "a-gov", "party", "gov")
    receiver.answers = [410]
    hook, _ = webhooks.add(service, gov, receiver.url, ["entry"], webhooks.HMAC)
    say(service, "one")
    ended(service, gov, hook, "dead")
    say(service, "two")
    assert webhooks.listed(service, gov)[0].off == "its receiver is gone (410)"
    with pytest.raises(ConflictError, match="nothing is sent there"):
        webhooks.try_out(service, gov, hook.id)


def test_a_hook_whose_deliveries_are_all_given_up_is_turned_off(service: Service) -> None:
    """Nobody calls for ever where nobody answers."""
    gov = somebody(service, "a-gov", "party", "gov")
    hook, _ = webhooks.add(service, gov, "http://127.0.0.1:1/nobody", ["entry"], webhooks.HMAC)
    for n in range(webhooks.MOST_DEAD):
        say(service, f"number {n}")
    found = ended(service, gov, hook, "dead", webhooks.MOST_DEAD)
    assert {one.error for one in found} == {"no connection"}
    assert "given up" in webhooks.listed(service, gov)[0].off


def test_a_hook_that_falls_too_far_behind_goes_on_when_there_is_room(
    service: Service, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that was away for a day is told everything, once and in order; so much waits for it at once."""
    monkeypatch.setattr(webhooks, "MOST_WAITING", 6)
    monkeypatch.setattr(webhooks, "AT_ONCE", 2)
    gov, back, pause = somebody(service, "a-gov", "party", "gov"), threading.Event(), threading.Event()

    def away(handler: BaseHTTPRequestHandler) -> None:
        assert back.wait(WAIT_S)
        receiver.then = None
        handler.send_response(503)
        handler.end_headers()

    receiver.then = away
    hook, _ = webhooks.add(service, gov, receiver.url, ["entry"], webhooks.HMAC)
    said = [say(service, f"number {n}") for n in range(20)]
    for _ in range(int(WAIT_S / 0.02)):
        webhooks.notice(service)
        if rows.behind_of(service.state) and (rows.cursor(service.state) or (0,))[0] > said[-1]:
            break
        pause.wait(0.02)
    assert rows.waits_for(service.state, hook.id) <= 6
    back.set()
    got = [one["data"]["index"] for one in receiver.wait(20)]
    assert got == said
    for _ in range(int(WAIT_S / 0.02)):
        if not rows.behind_of(service.state):
            break
        pause.wait(0.02)
    assert rows.behind_of(service.state) == {}
    assert webhooks.listed(service, gov)[0].off == ""
    say(service, "one more")
    assert len(receiver.wait(21)) == 21


def test_too_much_is_not_tried_out(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would never be sent."""
    monkeypatch.setattr(webhooks, "MOST_WAITING", 0)
    gov = somebody(service, "a-gov", "party", "gov")
    hook, _ = webhooks.add(service, gov, "http://127.0.0.1:1/", ["entry"], webhooks.HMAC)
    with pytest.raises(ConflictError, match="too much waits"):
        webhooks.try_out(service, gov, hook.id)


def test_a_slow_receiver_gives_way(service: Service, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack: answers that come, but late: after a while others have their turn, and nothing is lost."""
    monkeypatch.setattr(webhooks, "TURN_S", -1.0)
    gov, kind = somebody(service, "a-gov", "party", "gov"), KINDS[webhooks.DELIVER]
    runs: list[object] = []

    def run(*given: Any, **named: Any) -> Any:  # noqa: ANN401  # a job's
        runs.append(1)
        return kind.run(*given, **named)

    monkeypatch.setitem(KINDS, webhooks.DELIVER, replace(kind, run=run))
    hook, _ = webhooks.add(service, gov, receiver.url, ["entry"], webhooks.HMAC)
    said = [say(service, f"number {n}") for n in range(3)]
    assert [one["data"]["index"] for one in receiver.wait(3)] == said
    ended(service, gov, hook, "delivered", 3)
    assert len(runs) >= 3


def test_a_closed_account_is_told_nothing_more(service: Service, receiver: Receiver) -> None:
    """By what its account may see now, not when the hook was made."""
    gov = somebody(service, "a-gov", "party", "gov")
    hook, _ = webhooks.add(service, gov, receiver.url, ["entry"], webhooks.HMAC)
    accounts.disable(service.state, "a-gov")
    say(service, "one")
    assert off(service, gov) == "its account is closed"
    assert receiver.got == [] and rows.next_of(service.state, hook.id) is None


def test_a_slow_receiver_is_let_go_of(receiver: Receiver) -> None:
    """However slowly it speaks, a byte now and then: all of it has one time."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.05)

    receiver.then = drip
    begun = time.monotonic()
    with pytest.raises(CallError, match="no answer in time"):
        send(receiver.url, within_s=0.5)
    assert time.monotonic() - begun < 3


def test_of_an_answer_nothing_but_the_status_is_read(receiver: Receiver) -> None:
    """Neither a body without end, nor headers without end, nor another protocol."""

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            handler.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    def headers(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            handler.wfile.write(b"X: " + b"y" * 60_000 + b"\r\n")

    def nonsense(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 mail.example ESMTP\r\n")

    quiet = (ConnectionError, OSError)
    for answer, wanted in ((endless, 202), (headers, "one of HTTP"), (nonsense, "one of HTTP")):

        def then(handler: BaseHTTPRequestHandler, answer: Callable[[Any], None] = answer) -> None:
            try:
                answer(handler)
            except quiet:
                handler.close_connection = True

        receiver.then = then
        if isinstance(wanted, int):
            assert send(receiver.url, within_s=5.0) == wanted
        else:
            with pytest.raises(CallError, match=wanted):
                send(receiver.url, within_s=5.0)


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    """It would lead where nobody looked."""
    receiver.answers = [307]
    assert send(receiver.url) == 307
    assert len(receiver.got) == 1


# -- where it may call -----------------------------------------------------------------------------------------------

INNER = [
    "127.0.0.1", "127.8.8.8", "0.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1",
    "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::", "2002:a9fe:a9fe::", "2001:db8::1", "::127.0.0.1",
]  # fmt: skip
OUTER = ["9.9.9.9", "1.1.1.1", "2620:fe::fe", "2606:4700:4700::1111", "::ffff:9.9.9.9", "64:ff9b::909:909"]


def send(url: str, resolve: Callable[[str, int], list[str]] = outward.resolved, **how: Any) -> int:  # noqa: ANN401
    """Call an address; by default those of this machine are allowed."""
    how = {"allowed": networks_of(["127.0.0.0/8"]), "context": outward.trust(), "within_s": 5.0, **how}
    return post(url, {}, b"{}", resolve=resolve, **how)


def standing_for(found: list[str]) -> Callable[[str, int], list[str]]:
    """Resolves every name to these addresses."""
    return lambda _host, _port: found


@pytest.mark.parametrize("address", INNER)
def test_an_inner_address_is_not_called_by_any_name(address: str) -> None:
    """As itself, and as what a name stands for, alone or among others: one sentence, before anything is connected."""
    assert not is_allowed(ipaddress.ip_address(address), ())
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(InputError, match="not an address that is called from here"):
        check_url(f"https://{literal}/", ())
    for found in ([address], ["9.9.9.9", address], [address, "9.9.9.9"]):
        with pytest.raises(CallError, match="not an address that is called from here"):
            send("https://receiver.example/", standing_for(found), allowed=())


@pytest.mark.parametrize("address", OUTER)
def test_a_public_address_may_be_called(address: str) -> None:
    """It is what webhooks are for."""
    assert is_allowed(ipaddress.ip_address(address), ())


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "LOCALHOST.", "127.0.0.1.", "0"]
)
def test_odd_spellings_of_this_machine_are_resolved_and_refused(host: str) -> None:
    """What the system takes for an address is looked at as one."""
    with pytest.raises(CallError, match=r"not an address that is called from here|no such name"):
        send(f"https://{host}/", allowed=())


def test_the_connection_goes_to_the_address_that_was_looked_at(receiver: Receiver) -> None:
    """A name that stands for another address a moment later gains nothing: it is asked once."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    assert send(f"http://receiver.example:{receiver.port}/", resolve) == 204
    assert asked == ["receiver.example"]
    assert receiver.got[0][0]["host"] == f"receiver.example:{receiver.port}"


def test_plain_http_goes_to_this_machine_alone() -> None:
    """And only where the host allows it."""
    allowed = networks_of(["127.0.0.0/8", "10.0.0.0/8"])
    with pytest.raises(CallError, match="not an address that is called from here"):
        send("http://receiver.example/", lambda _host, _port: ["10.0.0.1"], allowed=allowed)
    with pytest.raises(InputError, match="expected https"):
        check_url("http://receiver.example/", networks_of(["10.0.0.0/8"]))


@pytest.mark.parametrize(
    "url",
    ["ftp://receiver.example/", "https://", "https://user:pass@receiver.example/", "https://receiver.example/#x",
     "https://receiver.example:99999/", "https://receiver.example:0/", "file:///etc/passwd", "//receiver.example/",
     "https://receiver.example/ x", "https://receiver.example/\r\nX: y", "https://rÃ©ceiver.example/",
     "https://receiver.example/" + "x" * 2_000, "https://[::1", "javascript:alert(1)", "gopher://receiver.example"],
)  # fmt: skip
def test_what_is_no_address_of_a_receiver_is_refused(url: str) -> None:
    """By its form alone, when the hook is made."""
    with pytest.raises(InputError, match="url: expected"):
        check_url(url, networks_of(["127.0.0.0/8"]))


def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve the name by itself."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send(receiver.url) == 204


def certificate(tmp_path: Path, name: str) -> tuple[Path, Path]:
    """A certificate of its own for a name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
        .serial_number(1).not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = tmp_path / "own.pem", tmp_path / "own.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    return paths


def test_tls_is_checked_for_the_name(tmp_path: Path) -> None:
    """A certificate that nobody believes, or for another name, is no receiver of ours."""
    pem, key = certificate(tmp_path, "receiver.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    here = Receiver(context)
    own = outward.trust(str(pem))
    try:
        assert send(f"https://receiver.example:{here.port}/", lambda _h, _p: ["127.0.0.1"], context=own) == 204
        for host, believed in (("other.example", own), ("receiver.example", outward.trust())):
            with pytest.raises(CallError, match="no valid certificate"):
                send(f"https://{host}:{here.port}/", lambda _h, _p: ["127.0.0.1"], context=believed)
    finally:
        here.close()
    assert len(here.got) == 1


# -- hooks and secrets -----------------------------------------------------------------------------------------------


def test_no_secret_lies_in_the_memory_of_the_service(service: Service, receiver: Receiver, tmp_path: Path) -> None:
    """Whoever copies the database cannot sign; the key lies with those of the machine, for its user alone."""
    gov = somebody(service, "a-gov", "party", "gov")
    hook, key = webhooks.add(service, gov, receiver.url, ["entry"], webhooks.HMAC)
    raw = base64.b64decode(key.removeprefix("whsec_"))
    kept = b"".join(path.read_bytes() for path in (tmp_path / "case" / "service").glob("state.sqlite*"))
    assert hook.id.encode() in kept
    for secret in (raw, base64.b64encode(raw), raw.hex().encode()):
        assert secret not in kept
    (path,) = [one for one in config_folder().glob("webhooks-*.key") if one.stat().st_mtime > time.time() - 600][-1:]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secrets_of_two_hooks_and_of_two_cases_are_others(service: Service, receiver: Receiver) -> None:
    """One that leaks opens nothing else."""
    gov = somebody(service, "a-gov", "party", "gov")
    keys = [webhooks.add(service, gov, receiver.url, ["entry"], webhooks.HMAC)[1] for _ in range(2)]
    assert len(set(keys)) == 2
    public = webhooks.public_key(service)
    assert public.startswith("whpk_") and public == webhooks.public_key(service)


def test_a_hook_whose_secret_is_on_another_machine_is_turned_off(
    service: Service, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A memory that was restored elsewhere does not sign with a key that no receiver knows."""
    gov = somebody(service, "a-gov", "party", "gov")
    webhooks.add(service, gov, receiver.url, ["entry"], webhooks.HMAC)
    monkeypatch.setattr(webhooks, "config_folder", lambda: tmp_path / "elsewhere")
    say(service, "one")
    assert off(service, gov) == "its secret is not on this machine: make the webhook anew"
    assert receiver.got == []


def test_an_account_has_so_many_hooks_and_no_more(service: Service, receiver: Receiver) -> None:
    """Nobody has everybody called."""
    gov = somebody(service, "a-gov", "party", "gov")
    for _ in range(SETTINGS.most_webhooks):
        webhooks.add(service, gov, receiver.url, ["entry"], webhooks.HMAC)
    with pytest.raises(ConflictError):
        webhooks.add(service, gov, receiver.url, ["entry"], webhooks.HMAC)


def test_a_hook_of_somebody_else_is_not_there(service: Service, receiver: Receiver) -> None:
    """Neither to look at, nor to try, nor to drop; of the same party, too."""
    gov = somebody(service, "a-gov", "party", "gov")
    other = somebody(service, "a-gov2", "party", "gov")
    hook, _ = webhooks.add(service, gov, receiver.url, ["entry"], webhooks.HMAC)
    for viewer in (other, Viewer("", "secretariat"), Viewer("a-desk", "secretariat")):
        for act in (webhooks.found, webhooks.try_out, webhooks.drop):
            with pytest.raises(AccessError):
                act(service, viewer, hook.id)
        with pytest.raises(AccessError):
            webhooks.deliveries(service, viewer, hook.id, before=None, limit=1)
    webhooks.drop(service, gov, hook.id)
    assert webhooks.listed(service, gov) == [] and rows.next_of(service.state, hook.id) is None


@pytest.mark.parametrize(
    ("events", "scheme"),
    [([], webhooks.HMAC), (["body"], webhooks.HMAC), (["test"], webhooks.HMAC), (["entry"], "md5")],
)
def test_what_nobody_tells_cannot_be_asked_for(
    service: Service, receiver: Receiver, events: list[str], scheme: str
) -> None:
    """A hook is refused when it is made, not when it is due."""
    gov = somebody(service, "a-gov", "party", "gov")
    with pytest.raises(InputError):
        webhooks.add(service, gov, receiver.url, events, scheme)


def test_old_deliveries_are_forgotten_and_what_waits_never(service: Service) -> None:
    """The memory does not grow for ever."""
    hook = Hook("w-0000000000000001", "a-gov", "http://127.0.0.1:1/", ("entry",), webhooks.HMAC, "x", 0, 0)
    rows.add(service.state, hook, most=9)
    told = [Delivery(f"msg_{n}", hook.id, "entry", str(n), "{}", at) for n, at in enumerate((10, 10, 30))]
    rows.queue(service.state, told, upto=None, most_waiting=9)
    first = rows.next_of(service.state, hook.id)
    assert first is not None
    rows.delivered(service.state, first, 200)
    assert rows.forget(service.state, 20) == 1
    assert [one.id for one in rows.listed(service.state, hook.id, before=None, limit=9)] == ["msg_2", "msg_1"]
