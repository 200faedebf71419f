"""Requests that a program signs: each is taken once, as it was signed, in its time, or not at all."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Annotated, Any

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import Request
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519, HMAC_SHA256
from starlette.responses import Response

from tests.clock import Clock
from tests.web.asking import Client
from tests.web.authenticator import Program, machine, signed_in
from tests.web.conftest import WIDE
from truceline.desk import signing
from truceline.desk.service import Service
from truceline.desk.viewers import Viewer
from truceline.errors import CredentialsError, InputError, StoreError
from truceline.store.state import open_state
from truceline.store.state.sessions import Nonces
from truceline.web.app import make_app
from truceline.web.parts import answer, gate

WHO, BODY, STREAM, NUMBERED = "/auth/session", "/test/body", "/test/stream", "/test/numbered"
NOW = 1_800_000_000


@pytest.fixture(scope="module")
def clock() -> Clock:
    """Of the service of this module."""
    return Clock(NOW)


@pytest.fixture(scope="module")
def service(case_folder: Path, clock: Clock) -> Iterator[Service]:
    """A service that goes by the clock of the tests."""
    with Service.open(str(case_folder), msgspec.structs.replace(WIDE, refused_a_minute=10**9), clock) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[Client]:
    """The public of a service with routes more: one reads its body whole, one piece by piece, one has a query."""
    app = make_app(service)

    async def whole(viewer: Annotated[Viewer, gate("session", "use", takes="entry")], request: Request) -> Response:
        return answer({"role": viewer.role, "size": len(await request.body())})

    async def streamed(viewer: Annotated[Viewer, gate("session", "use", takes="upload")], request: Request) -> Response:
        kept = b"".join([piece async for piece in request.stream()])
        return answer({"role": viewer.role, "size": len(kept)})

    async def numbered(viewer: Annotated[Viewer, gate("session", "use")], n: int) -> Response:
        return answer({"role": viewer.role, "n": n})

    app.add_api_route(BODY, whole, methods=["POST"])
    app.add_api_route(BODY, whole, methods=["PUT"], name="put")
    app.add_api_route(NUMBERED, numbered, methods=["GET"])
    app.add_api_route(STREAM, streamed, methods=["POST"])
    asking = Client(app)
    yield asking
    asking.close()


@pytest.fixture(scope="module")
def program(client: Client) -> Program:
    """A program of the mirrors."""
    return machine(client, "mirror")


Change = Callable[[httpx.Request], None]


def made(
    program: Program, method: str = "GET", path: str = WHO, *, content: bytes = b"", change: Change | None = None,
    **signed: Any,  # noqa: ANN401  # as the library takes it
) -> httpx.Request:  # fmt: skip
    """A request that is signed in a way of its own, and changed after that."""
    kind = {"Content-Type": "application/octet-stream"} if content else {}
    request = httpx.Request(method, f"http://localhost{path}", content=content or None, headers=kind)
    private = Ed25519PrivateKey.from_private_bytes(program.key.secret)
    at = program.now()
    given: dict[str, Any] = {
        "key_id": program.key.id, "created": datetime.fromtimestamp(at, UTC), "body": content or None,
        "expires": datetime.fromtimestamp(at + 60, UTC), "nonce": base64.b64encode(hashlib.sha256(
            repr((method, path, content, sorted(signed.items(), key=str))).encode()).digest()).decode(),
        "covered_component_ids": ("@method", "@target-uri"), **signed,
    }  # fmt: skip
    resolver = MappingKeyResolver(public_keys={}, private_keys={given["key_id"]: private})
    HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=resolver).sign(request, **given)
    if change is not None:
        change(request)
    return request


def status(client: Client, request: httpx.Request) -> int:
    """What comes back."""

    async def asked() -> httpx.Response:
        return await client.http.send(request)

    found: int = client.call(asked).status_code
    return found


# -- what is taken -----------------------------------------------------------------------------------------------------


def test_a_signed_request_is_of_its_account(client: Client, program: Program) -> None:
    """Of any method, with a query, with a body whole or piece by piece."""
    assert program.get(WHO).json()["account"] == program.account.id
    assert program.get(f"{NUMBERED}?n=7").json()["n"] == 7
    assert (
        program.post(BODY, content=b"hello", headers={"Content-Type": "application/octet-stream"}).json()["size"] == 5
    )
    pieces = [b"piece %d" % i for i in range(1000)]
    digest = signing.digest_of(pieces)
    assert digest == signing.digest_of(iter([b"".join(pieces)]))

    async def stream() -> Any:  # noqa: ANN401  # an asynchronous iterator
        for piece in pieces:
            yield piece

    headers = {"Content-Digest": digest, "Content-Type": "application/octet-stream"}
    found = program.post(STREAM, content=stream(), headers=headers)
    assert (found.status_code, found.json()["size"]) == (200, sum(map(len, pieces)))


def test_a_program_needs_no_token_of_a_page(program: Program) -> None:
    """Its signature says more than that; and a cookie beside it says nothing."""
    assert program.post(BODY, content=b"x", headers={"Content-Type": "application/octet-stream"}).status_code == 200
    assert program.get(WHO, headers={"Cookie": "truceline=wrong"}).json()["role"] == "mirror"


def test_the_parts_of_the_address_are_as_good_as_the_whole(client: Client, program: Program) -> None:
    """Method, authority, path and query."""
    parts = ("@method", "@authority", "@path", "@query")
    assert status(client, made(program, covered_component_ids=parts)) == 200


def test_a_head_is_signed_as_one(client: Client, program: Program) -> None:
    """The route answers it as a GET; what the program signed is what it sent."""
    assert status(client, made(program, "HEAD")) == 200
    assert status(client, made(program, "HEAD", change=_method("GET"))) == 401


def test_behind_a_proxy_the_origin_counts(another: Path, clock: Clock) -> None:
    """A program signs the address that it asked; TLS ends before the service."""
    settings = msgspec.structs.replace(WIDE, origin="https://case.example")
    with Service.open(str(another), settings, clock) as opened:
        asking = Client(make_app(opened), base_url="http://case.example")
        program = machine(asking, "mirror")
        request = httpx.Request("GET", f"https://case.example{WHO}")
        signing.sign(request, program.key, clock())
        arrived = asking.get(WHO, headers=request.headers)
        plain = program.get(WHO)
        asking.close()
    assert (arrived.status_code, plain.status_code) == (200, 401)


# -- what is not -------------------------------------------------------------------------------------------------------


def _header(name: str, value: str) -> Change:
    return lambda request: request.headers.update({name: value})


def _url(text: str) -> Change:
    def change(request: httpx.Request) -> None:
        request.url = httpx.URL(text)

    return change


def _method(name: str) -> Change:
    def change(request: httpx.Request) -> None:
        request.method = name

    return change


def _twice(request: httpx.Request) -> None:
    for name in ("Signature", "Signature-Input"):
        text = request.headers[name]
        request.headers[name] = f"{text}, two={text.partition('=')[2]}"


def _flipped(request: httpx.Request) -> None:
    label, _, text = request.headers["Signature"].partition("=:")
    raw = bytearray(base64.b64decode(text.rstrip(":")))
    raw[0] ^= 1
    request.headers["Signature"] = f"{label}=:{base64.b64encode(bytes(raw)).decode()}:"


def _at(second: int) -> datetime:
    return datetime.fromtimestamp(NOW + second, UTC)


WRONG: dict[str, dict[str, Any]] = {
    "another path": {"change": _url("http://localhost/auth/sessions")},
    "another query": {"path": f"{NUMBERED}?n=1", "change": _url(f"http://localhost{NUMBERED}?n=2")},
    "another method": {"method": "POST", "path": BODY, "content": b"x", "change": _method("PUT")},
    "a bit of the signature": {"change": _flipped},
    "no signature": {"change": lambda request: request.headers.pop("Signature")},
    "no input": {"change": lambda request: request.headers.pop("Signature-Input")},
    "two signatures": {"change": _twice},
    "rubbish": {"change": _header("Signature-Input", "truceline=(((")},
    "no bytes": {"change": _header("Signature", "pyhms=:!!:")},
    "another label": {"change": _header("Signature", "other=:AAAA:")},
    "a key of nobody": {"key_id": "0" * 16},
    "no method": {"covered_component_ids": ("@target-uri",)},
    "no address": {"covered_component_ids": ("@method", "@authority")},
    "no path": {"covered_component_ids": ("@method", "@authority", "@query")},
    "no nonce": {"nonce": None},
    "a short nonce": {"nonce": "short"},
    "a long nonce": {"nonce": "x" * 65},
    "no end": {"expires": None},
    "made too far ahead": {"created": _at(31), "expires": _at(90)},
    "over": {"created": _at(-100), "expires": _at(-31)},
    "for too long": {"created": _at(0), "expires": _at(301)},
    "over before it began": {"created": _at(0), "expires": _at(0)},
}


@pytest.mark.parametrize("how", WRONG)
def test_a_signature_that_does_not_hold_is_refused(client: Client, program: Program, how: str) -> None:
    """Whatever was changed, left out or stretched."""
    assert status(client, made(program, **WRONG[how])) == 401


def test_a_clock_may_be_off_by_half_a_minute(client: Client, program: Program) -> None:
    """And no more: the bounds themselves."""
    assert status(client, made(program, created=_at(30), expires=_at(90))) == 200
    assert status(client, made(program, created=_at(-300), expires=_at(-30))) == 200


def test_a_request_is_taken_once(client: Client, service: Service, program: Program, clock: Clock) -> None:
    """Who saw it on the way cannot send it again: not now, not later, not to another process of the service."""
    request = made(program, nonce="a nonce that is used once")
    seen = [status(client, request), status(client, request)]
    clock.at += 5  # what is known from a moment ago is known no more
    assert [*seen, status(client, request)] == [200, 401, 401]
    clock.at -= 5
    with closing(open_state(service.where)) as elsewhere:
        for one, is_new in ((request, False), (made(program, nonce="another nonce that is new"), True)):
            lines = [(name.lower().decode(), value.decode()) for name, value in one.headers.raw]
            shown = signing.Shown(one.method, str(one.url), signing.Headers(lines))
            with contextlib.nullcontext() if is_new else pytest.raises(CredentialsError):
                signing.signed_by(elsewhere, service.settings, clock(), shown)
    other = machine(client, "mirror")
    assert status(client, made(other, nonce="a nonce that is used once")) == 200


def test_of_many_at_once_one_is_taken(service: Service) -> None:
    """Threads that ask at the same moment are told apart."""
    nonces, found = service.state.beside(Nonces), list[bool]()

    def ask(name: str) -> None:
        found.append(nonces.is_first("key", name, expires=NOW + 60, now=NOW))

    threads = [Thread(target=ask, args=(f"nonce {i % 10}",)) for i in range(60)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (found.count(True), found.count(False)) == (10, 50)


def test_used_nonces_are_forgotten_after_their_time(service: Service) -> None:
    """The table does not grow for ever; what is forgotten has expired as a signature long before."""
    nonces = Nonces(service.state)
    assert nonces.is_first("k", "one", expires=NOW + 10, now=NOW)
    assert not nonces.is_first("k", "one", expires=NOW + 10, now=NOW + 5)
    assert nonces.is_first("k", "two", expires=NOW + 99, now=NOW + 40)
    assert nonces.is_first("k", "one", expires=NOW + 99, now=NOW + 41)


# -- bodies ------------------------------------------------------------------------------------------------------------

SAID = {"Content-Type": "application/octet-stream"}


def digest(data: bytes) -> str:
    """The header of a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def _bytes(data: bytes) -> Change:
    def change(request: httpx.Request) -> None:
        request.stream = httpx.ByteStream(data)
        request.headers["Content-Length"] = str(len(data))

    return change


BODIES: dict[str, dict[str, Any]] = {
    "another body": {"change": _bytes(b"hellO")},
    "a longer body": {"change": _bytes(b"hello!")},
    "a shorter body": {"change": _bytes(b"hell")},
    "no body": {"change": _bytes(b"")},
    "no digest": {"body": None},
    "another digest": {"change": _header("Content-Digest", digest(b"other"))},
    "a digest beside the signature": {"body": None, "change": _header("Content-Digest", digest(b"hello"))},
}


@pytest.mark.parametrize("path", [BODY, STREAM])
@pytest.mark.parametrize("how", BODIES)
def test_a_body_that_was_not_signed_is_refused(client: Client, program: Program, path: str, how: str) -> None:
    """Whole or piece by piece: what arrived is compared, not what was announced."""
    assert status(client, made(program, "POST", path, content=b"hello", **BODIES[how])) == 401


@pytest.mark.parametrize("value", [
    "md5=:XUFAKrxLKna5cZ2REBfFkg==:", "sha-256=:AAAA:", "sha-256=1", "sha-256", "", "x=(",
    digest(b"hello") + ", md5=:AA==:", digest(b"hello") + ", " + digest(b"hello"),
])  # fmt: skip
def test_a_digest_of_another_kind_is_refused(client: Client, program: Program, value: str) -> None:
    """Only kinds that are known, and each once."""
    request = httpx.Request(
        "POST", f"http://localhost{BODY}", content=b"hello", headers={**SAID, "Content-Digest": value}
    )
    private = Ed25519PrivateKey.from_private_bytes(program.key.secret)
    covered = '("@method" "@target-uri" "content-digest")'
    nonce = hashlib.sha256(value.encode()).hexdigest()
    said = f'{covered};created={NOW};expires={NOW + 60};keyid="{program.key.id}";nonce="{nonce}"'
    base = f'"@method": POST\n"@target-uri": {request.url}\n"content-digest": {value}\n"@signature-params": {said}'
    mark = base64.b64encode(private.sign(base.encode())).decode()
    request.headers.update({"Signature-Input": f"a={said}", "Signature": f"a=:{mark}:"})
    assert status(client, request) == 401


def test_two_digests_that_both_hold_are_fine(client: Client, program: Program) -> None:
    """The longer hash beside the shorter; and each of them has to hold."""
    longer = f"sha-512=:{base64.b64encode(hashlib.sha512(b'hello').digest()).decode()}:"
    wrong = f"sha-512=:{base64.b64encode(hashlib.sha512(b'other').digest()).decode()}:"
    for second, expected in ((longer, 200), (wrong, 401)):
        headers = {**SAID, "Content-Digest": f"{digest(b'hello')}, {second}"}
        assert program.post(BODY, content=b"hello", headers=headers).status_code == expected


def test_another_algorithm_is_refused(client: Client, program: Program) -> None:
    """The public key is no shared secret: who makes it one has signed nothing."""
    request = httpx.Request("GET", f"http://localhost{WHO}")
    keys = MappingKeyResolver(public_keys={}, private_keys={program.key.id: program.key.public})
    HTTPMessageSigner(signature_algorithm=HMAC_SHA256, key_resolver=keys).sign(
        request, key_id=program.key.id, created=_at(0), expires=_at(60), nonce="0123456789abcdef",
        covered_component_ids=("@method", "@target-uri"), include_alg=False,
    )  # fmt: skip
    assert status(client, request) == 401


def test_a_program_never_has_a_passkey(client: Client, program: Program) -> None:
    """Nor does what the sessions of its people can do reach it."""
    person = signed_in(client, "party", "gov")
    own = machine(client, "party", "gov")
    assert person.get("/auth/sessions").status_code == 200
    for path in ("/auth/sessions",):
        assert own.get(path).status_code == program.get(path).status_code == 404
    assert own.post("/auth/confirm/options").status_code == 404


# -- the key file ------------------------------------------------------------------------------------------------------


def test_a_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """It is made once, others may not read it, and a key of another use is none."""
    path = tmp_path / "key"
    made_ = signing.new_key_file(path, NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    assert signing.read_key_file(path) == made_
    with pytest.raises(StoreError, match="File exists"):
        signing.new_key_file(path, NOW)
    path.chmod(0o644)
    with pytest.raises(StoreError, match="others may read it"):
        signing.read_key_file(path)
    path.chmod(0o600)
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(made_, use="sign")))
    with pytest.raises(InputError, match="expected a key that signs requests"):
        signing.read_key_file(path)
    with pytest.raises(StoreError, match="cannot be read"):
        signing.read_key_file(tmp_path / "none")
