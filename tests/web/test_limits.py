"""How much one may ask, send and hold; and what may stand in a request."""

from __future__ import annotations

import io
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.asking import Client
from tests.web.trial import Gates, trial
from truceline.desk.service import Service
from truceline.desk.settings import Settings
from truceline.desk.viewers import Viewer
from truceline.errors import InputError
from truceline.web.answering import Held
from truceline.web.clean import json_of, parameters
from truceline.web.limits import Buckets, Rates
from truceline.web.parts import ProblemError
from truceline.web.table import Table

JSON = {"Content-Type": "application/json"}
OVERRIDE, MARK = "\u202e", "\u200f"


@pytest.fixture(scope="module")
def tried(service: Service) -> Iterator[Client]:
    """The application with the routes of the trial and small bounds."""
    with trial(
        service, most_json=2_000, most_entry=1_000, most_upload=5_000, most_url=500, most_headers=20,
        most_header_bytes=2_000, body_s=0.3,
    ) as asking:  # fmt: skip
        yield asking


def problem(found: httpx.Response) -> tuple[int, str]:
    """Status and name of a problem."""
    assert found.headers["content-type"] == "application/problem+json", found.text
    return found.status_code, found.json()["type"].removeprefix("/problems/")


# -- paths, queries, headers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    ["after=%FF", "after=%00", "after=1%0A", f"after={OVERRIDE}1", f"after=1{MARK}", "after=%E2%80%AE1", "after=%zz",
     "after=%", "af%00ter=1", "after=%C0%80", "after=%ED%A0%80", "after=\u2066x\u2069"],
)  # fmt: skip
def test_a_query_holds_plain_text(tried: Client, query: str) -> None:
    """No bytes that are no UTF-8, no control characters, none that turn the direction: in names and in values."""
    assert problem(tried.get(f"/trial/page?{query}")) == (422, "invalid")


@pytest.mark.parametrize("query", ["afer=1", "after=1&after=2", "after=1&%61fter=2", "AFTER=1", "after[]=1", "=1"])
def test_a_parameter_that_nobody_knows_is_refused(tried: Client, query: str) -> None:
    """A filter that is misspelt, or given twice, would show something else than was asked for."""
    assert problem(tried.get(f"/trial/page?{query}")) == (422, "invalid")


def test_a_list_may_be_repeated(tried: Client) -> None:
    """What is declared as a list comes as often as it likes; text of any language passes."""
    found = tried.get("/trial/many", params={"term": ["F2", "حلب", "Ёлка +"]})
    assert found.json()["terms"] == ["F2", "حلب", "Ёлка +"]
    assert problem(tried.get("/trial/many?" + "&" * 101)) == (422, "invalid")


@pytest.mark.parametrize(
    "path", ["/trial/fails/%00", "/trial/fails/%FF", "/trial/fails/%E2%80%AEx", "/trial/fails/%0d%0aa"]
)
def test_a_path_holds_plain_text(tried: Client, path: str) -> None:
    """The same for what stands in a path."""
    assert problem(tried.get(path)) == (422, "invalid")


@pytest.mark.parametrize("value", ["-1", "1.5", "x", "1e3", "9" * 30, "", "null", "0x1", "١"])
def test_numbers_are_numbers(tried: Client, value: str) -> None:
    """Wrong types in a query."""
    assert problem(tried.get("/trial/page", params={"after": value})) == (422, "invalid")


def test_addresses_and_headers_have_bounds(tried: Client) -> None:
    """What is too long is told so."""
    assert problem(tried.get("/trial/many?term=" + "a" * 600)) == (414, "url-too-long")
    assert problem(tried.get("/" + "a" * 600)) == (414, "url-too-long")
    assert problem(tried.get("/trial/page", headers={f"X-{n}": "1" for n in range(30)})) == (431, "headers")
    assert problem(tried.get("/trial/page", headers={"X-A": "a" * 3_000})) == (431, "headers")


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "", "localhost@evil.example", "[::2]", "10.0.0.1"]
)
def test_only_hosts_of_ours(tried: Client, host: str) -> None:
    """A page elsewhere cannot make a browser take us for itself (DNS rebinding)."""
    assert problem(tried.get("/trial/page", headers={"Host": host})) == (421, "host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:80", "[::1]"])
def test_hosts_of_this_machine(tried: Client, host: str) -> None:
    """Without an origin the service is one of this machine."""
    assert tried.get("/trial/page", headers={"Host": host}).status_code == 200


def test_two_of_a_header_are_none(tried: Client) -> None:
    """Two programs could take them for two things."""
    for name in ("Host", "Content-Type"):
        twice = [(name, "localhost"), (name, "localhost")]
        assert problem(tried.request("GET", "/trial/page", headers=twice)) == (400, "malformed")


# -- bodies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status"),
    [("application/json", 201), ("application/json; charset=UTF-8", 201), ("APPLICATION/JSON", 201),
     ("application/json; charset=latin-1", 415), ("text/plain", 415), ("", 415), ("application/xml", 415),
     ("application/jsonp", 415), ("text/json", 415), ("application/json; charset=utf-16", 415)],
)  # fmt: skip
def test_types_of_bodies(tried: Client, kind: str, status: int) -> None:
    """JSON is said to be JSON, in UTF-8."""
    found = tried.post("/trial/notes", content=b'{"text":"a"}', headers={"Content-Type": kind} if kind else {})
    assert found.status_code == status
    assert status == 201 or problem(found) == (415, "content-type")


@pytest.mark.parametrize("how", ["gzip", "br", "deflate, gzip", "zstd"])
def test_compressed_bodies_are_refused(tried: Client, how: str) -> None:
    """What is small on the way may be endless unpacked."""
    headers = {**JSON, "Content-Encoding": how}
    assert problem(tried.post("/trial/notes", content=b"{}", headers=headers)) == (415, "content-type")


BAD_JSON = {
    "not UTF-8": b'{"text":"\xff"}',
    "latin-1": '{"text":"é"}'.encode("latin-1"),
    "UTF-16": '{"text":"a"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"text":"a"}',
    "NaN": b'{"text":"a","number":NaN}',
    "infinity": b'{"text":"a","number":-Infinity}',
    "a number without end": b'{"text":"a","number":1e999}',
    "a number of many digits": b'{"text":"a","number":' + b"9" * 1_900 + b"}",
    "a key twice": b'{"text":"a","text":"b"}',
    "a key twice, deep": b'{"text":"a","more":[{"x":1,"x":2}]}',
    "deep": b'{"text":"a","more":' + b"[" * 500 + b"]" * 500 + b"}",
    "deeper": b"[" * 1_990,
    "NUL": b'{"text":"a\\u0000b"}',
    "NUL in a key": b'{"text":"a","b\\u0000":1}',
    "half a character": b'{"text":"\\ud800"}',
    "an override": '{"text":"a\u202eb"}'.encode(),
    "an override by its number": b'{"text":"a\\u202db"}',
    "raw control characters": b'{"text":"a\x01"}',
    "half of it": b'{"text":"a',
    "two of them": b'{"text":"a"}{"text":"b"}',
    "a comment": b'{"text":"a"} // x',
    "a list": b'["text"]',
    "null": b"null",
    "text": b'"text"',
    "nothing said": b"{}",
    "wrong types": b'{"text":1,"number":"x"}',
}


@pytest.mark.parametrize("name", sorted(BAD_JSON))
def test_bad_json_is_refused(tried: Client, name: str) -> None:
    """A document has one meaning, or is none."""
    assert problem(tried.post("/trial/notes", content=BAD_JSON[name], headers=JSON)) == (422, "invalid")


def test_text_of_every_direction_passes(tried: Client) -> None:
    """Arabic with its own marks is text; brackets in a text nest nothing."""
    for text in ("قصف على السوق \u200f(2016)\u200e", "[" * 300, '\\"[' * 100, "x\ny"):
        assert tried.post("/trial/notes", json={"text": text}).status_code == 201


@pytest.mark.parametrize(("path", "most", "kind"), [
    ("/trial/notes", 2_000, "application/json"), ("/trial/entries", 1_000, "application/octet-stream"),
    ("/trial/files", 5_000, "application/octet-stream"),
])  # fmt: skip
def test_bodies_have_bounds(tried: Client, path: str, most: int, kind: str) -> None:
    """By their announced length at once, and by their bytes when they announce nothing."""
    headers = {"Content-Type": kind}
    over = b'"' + b"a" * most + b'"'
    assert problem(tried.post(path, content=over, headers=headers)) == (413, "too-large")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(most // 100 + 2):
            yield b"a" * 100

    assert problem(tried.post(path, content=pieces(), headers=headers)) == (413, "too-large")
    assert tried.get("/trial/page").status_code == 200


def test_a_file_of_the_right_size_passes(tried: Client) -> None:
    """Up to the bound, not one byte less."""
    headers = {"Content-Type": "image/png"}
    assert tried.post("/trial/files", content=b"a" * 5_000, headers=headers).json()["length"] == 5_000
    assert problem(tried.post("/trial/files", content=b"a" * 5_001, headers=headers))[0] == 413


@pytest.mark.parametrize("path", ["/trial/notes", "/trial/files"])
def test_a_slow_body_is_cut_off(tried: Client, path: str) -> None:
    """Attack: a byte now and then holds nothing for longer than the bound."""

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" "
            await anyio.sleep(0.05)

    begun = time.monotonic()
    assert problem(tried.post(path, content=drip(), headers=JSON)) == (408, "slow")
    assert time.monotonic() - begun < 2.3


def test_a_statement_is_taken_behind_its_gate(tried: Client) -> None:
    """Attack: strangers with a cookie of whatever kind fill the memory with statements that nobody will look at."""
    taken = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(160):
            taken += 100_000
            yield b"a" * 100_000

    headers = {"Content-Type": "application/octet-stream", "Cookie": "a=b"}
    assert problem(tried.post("/api/v1/statements", content=pieces(), headers=headers)) == (404, "not-found")
    assert taken < 2_000_000, "what is refused is thrown away, and only so much of it"


async def beside(
    asking: Client, path: str, piece: bytes, other: Callable[[], Awaitable[httpx.Response]], headers: dict[str, str]
) -> tuple[httpx.Response, httpx.Response]:
    """What somebody else is answered while the first piece of a body has arrived, and what that body is answered."""
    begun, go_on = anyio.Event(), anyio.Event()
    found: list[httpx.Response] = []

    async def slow() -> AsyncIterator[bytes]:
        yield piece
        begun.set()
        await go_on.wait()
        yield b"a"

    async def first() -> None:
        found.append(await asking.http.post(path, content=slow(), headers=headers))

    async with anyio.create_task_group() as group:
        group.start_soon(first)
        await begun.wait()
        meanwhile = await other()
        go_on.set()
    return meanwhile, found[0]


def test_all_bodies_together_have_a_bound(service: Service) -> None:
    """Attack: many bodies, each of a size that is taken, and none of them ever whole."""
    with trial(service, most_held=1_500, most_entry=1_000, body_s=10.0) as asking:
        headers = {"Content-Type": "application/octet-stream"}
        other = partial(asking.http.post, "/trial/entries", content=b"a" * 900, headers=headers)
        refused, whole = asking.call(beside, asking, "/trial/entries", b"a" * 900, other, headers)
        assert (problem(refused), whole.json()["length"]) == ((503, "busy"), 901)
        for _ in range(3):
            assert asking.post("/trial/entries", content=b"a" * 900, headers=headers).status_code == 200


def test_nobody_takes_all_the_room_of_bodies() -> None:
    """Attack: an account whose statements never end: others still hand in theirs."""
    held = Held(Settings(most_held=800, most_statement=100))
    held.take(100, b"ana")
    with pytest.raises(ProblemError):
        held.take(1, b"ana")
    held.take(100, b"ben")
    held.give(100, b"ana")
    held.take(50, b"ana")
    assert held.size == 150


def test_who_sends_slowly_is_not_in_work(service: Service) -> None:
    """Attack: as many slow files as there are places: others are answered meanwhile."""
    headers = {"Content-Type": "image/png"}
    with trial(service, most_at_once=1, body_s=10.0) as asking:
        other = partial(asking.http.get, "/trial/page")
        found = asking.call(beside, asking, "/trial/files", b"a", other, headers)
        assert [one.status_code for one in found] == [200, 200]
        assert asking.app.state.operation.in_work == 0


def test_an_account_may_send_slowly(service: Service) -> None:
    """A statement over a line of 1990 arrives, once it is known whose it is; a stranger's does not."""

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield b"a" * 100
            await anyio.sleep(0.1)

    headers = {"Content-Type": "application/octet-stream"}
    with trial(service, body_s=0.5, body_rate=10**6, account_rate=100) as asking:
        assert problem(asking.post("/trial/files", content=drip(), headers=headers)) == (408, "slow")
        with asking.seen_as(Viewer("ana", "mediator")):
            assert asking.post("/trial/files", content=drip(), headers=headers).json()["length"] == 800


def test_a_get_takes_no_body(tried: Client) -> None:
    """What is sent with it is not looked at."""
    assert tried.request("GET", "/trial/page", content=b"\xff" * 100_000).status_code == 200


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_refused(data: bytes) -> None:
    """What passes is what Python's own reader makes of it; everything else is an InputError, never a crash."""
    try:
        found = json_of(data)
    except InputError:
        return
    assert found == json.loads(data)


PLAIN = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf"]))
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1)


@given(st.recursive(
    st.none() | st.booleans() | NUMBERS | PLAIN, lambda one: st.lists(one) | st.dictionaries(PLAIN, one), max_leaves=20
))  # fmt: skip
def test_every_value_passes(value: object) -> None:
    """JSON of plain text is taken as it is."""
    assert json_of(json.dumps(value).encode()) == value
    assert json_of(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=60))
def test_any_query_is_plain_or_refused(raw: bytes) -> None:
    """Whatever the bytes, the answer is yes or an InputError."""
    try:
        parameters(raw, None, ())
    except InputError:
        return


# -- rates -----------------------------------------------------------------------------------------------------------


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        """At 0."""
        self.now = 0.0

    def __call__(self) -> float:
        """What time it is."""
        return self.now


def test_a_bucket_fills_again() -> None:
    """So many at once, then as they come; what is refused takes nothing."""
    clock = Clock()
    buckets = Buckets(60, clock)
    assert [buckets.take(b"a") for _ in range(60)] == [0.0] * 60
    assert buckets.take(b"a") == 1.0
    assert buckets.take(b"b") == 0.0
    clock.now = 0.5
    assert buckets.take(b"a") == 0.5
    clock.now = 1.0
    assert buckets.take(b"a") == 0.0
    clock.now = 10_000.0
    assert [buckets.take(b"a") for _ in range(61)][-1] == 1.0


def test_what_costs_more_than_a_bucket_holds_can_still_be_had() -> None:
    """A bound that is set low makes dear requests rare, not impossible."""
    clock = Clock()
    buckets = Buckets(2, clock)
    assert buckets.take(b"a", 50) == 0.0
    assert buckets.take(b"a", 50) == 60.0


@pytest.mark.parametrize(
    ("method", "path", "times"),
    [("GET", "/api/v1/situation", 6_000), ("GET", "/api/v1/record/bundle", 30), ("GET", "/api/v1/assessments.csv", 30),
     ("POST", "/report", 12), ("POST", "/intake/follow", 20), ("POST", "/api/v1/what-if", 3)],
)  # fmt: skip
def test_what_one_address_may_do_in_a_minute(tried: Client, method: str, path: str, times: int) -> None:
    """Behind one address may be a ministry, or a telephone network: it reads much, and has little worked out anew."""
    found, _, _ = Table(tried.app).find(path, method)
    assert found is not None, path
    settings = Settings()
    most = settings.reads_a_minute if method == "GET" else settings.writes_a_minute
    assert most // found.gate.cost == times


def test_a_crowd_of_addresses_is_no_memory() -> None:
    """Attack: as many addresses as one likes; those that asked last are still counted."""
    clock = Clock()
    buckets = Buckets(2, clock, most_keys=100)
    for n in range(10_000):
        buckets.take(str(n).encode(), 2)
    assert len(buckets._kept) <= 100
    assert buckets.take(b"9999", 2) > 0
    clock.now = 60.0
    assert buckets.take(b"new") == 0.0
    assert len(buckets._kept) == 1


def test_an_address_is_kept_as_a_hash_of_this_process() -> None:
    """No address is in memory as such, another process has other hashes, and a network of IPv6 is one."""
    rates, other = Rates(Settings()), Rates(Settings())
    key = rates.key_of("192.0.2.7")
    assert key == rates.key_of("192.0.2.7") != other.key_of("192.0.2.7")
    assert rates.key_of("192.0.2.8") != key
    assert rates.key_of("2001:db8::1") == rates.key_of("2001:db8::ffff") != rates.key_of("2001:db8:0:1::1")
    assert rates.key_of("") == rates.key_of("")
    assert rates.key_of("::ffff:192.0.2.7") == key, "an address of version 4 on a socket of version 6 is that address"
    assert rates.key_of("192.0.2.7", "health") != key


def test_accounts_do_not_pay_for_the_public_of_their_address() -> None:
    """A ministry behind one address keeps what it may ask."""
    rates = Rates(Settings(reads_a_minute=1, reads_account=2), Clock())
    key = rates.key_of("192.0.2.7")
    rates.spend(key, "", "GET")
    with pytest.raises(ProblemError) as refused:
        rates.spend(key, "", "GET")
    assert refused.value.status == 429
    rates.spend(key, "ana", "GET")
    rates.spend(key, "ana", "GET")
    rates.spend(key, "", "POST")  # writes are counted apart
    with pytest.raises(ProblemError):
        rates.spend(key, "ana", "GET")


def test_who_asks_too_much_is_told_when_to_come_again(service: Service) -> None:
    """429 with Retry-After, also for what is not there; health is answered all the same."""
    with trial(service, reads_a_minute=6) as asking:
        assert asking.get("/trial/dear").status_code == 200
        assert asking.get("/nowhere").status_code == 404
        found = asking.get("/trial/page")
        assert problem(found) == (429, "rate")
        assert 1 <= int(found.headers["retry-after"]) <= 60
        assert asking.get("/health/live").status_code == 200


@pytest.mark.long
def test_forged_credentials_do_not_buy_requests(service: Service) -> None:
    """Attack: a cookie that is none goes round no count."""
    with trial(service, reads_a_minute=3, refused_a_minute=100) as asking:
        codes = [asking.get("/trial/page", headers={"Cookie": "truceline=x"}).status_code for _ in range(5)]
        assert codes == [401, 401, 401, 429, 429]
    with trial(service, reads_a_minute=100, refused_a_minute=3) as asking:
        codes = [asking.get("/trial/page", headers={"Cookie": "truceline=x"}).status_code for _ in range(5)]
        assert codes == [401, 401, 401, 429, 429]
    with trial(service, reads_a_minute=3) as asking:
        codes = [asking.get("/nowhere", headers={"Cookie": f"a={n}"}).status_code for n in range(4)]
        assert codes == [404, 404, 404, 429]


def test_what_fails_before_its_gate_is_counted_too(service: Service) -> None:
    """Attack: beside a cookie of whatever kind, questions that are none cost nothing."""
    with trial(service, reads_a_minute=3, writes_a_minute=3) as asking:
        asked = [asking.get("/trial/page?no=1", headers={"Cookie": "a=b"}).status_code for _ in range(5)]
        headers = {**JSON, "Cookie": "a=b"}
        sent = [asking.post("/trial/notes", content=b"{", headers=headers).status_code for _ in range(5)]
    assert asked == sent == [422, 422, 422, 429, 429]


@pytest.mark.long
def test_the_health_of_a_service_is_asked_by_each_for_itself(service: Service) -> None:
    """Attack: one who asks without end leaves nothing for the machines that look after the service."""
    with trial(service, reads_a_minute=3) as asking, trial(service, reads_a_minute=3) as other:
        other.http._transport = httpx.ASGITransport(asking.app, client=("192.0.2.7", 1))
        flood = [asking.get("/health/live").status_code for _ in range(5)]
        assert flood == [200, 200, 200, 429, 429]
        assert other.get("/health/live").status_code == 200
        assert asking.get("/trial/page").status_code == 200, "health has a bucket of its own"


def test_who_goes_away_is_no_fault_of_the_program(service: Service) -> None:
    """A body that ends half way is logged as what it is, also where a route reads it."""
    out = io.StringIO()
    scope = {
        "type": "http", "method": "POST", "path": "/trial/files", "raw_path": b"/trial/files", "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"image/png"), (b"content-length", b"1000")],
        "client": ("127.0.0.1", 1), "http_version": "1.1", "scheme": "http", "server": ("localhost", 80),
    }  # fmt: skip
    coming = [{"type": "http.request", "body": b"a" * 10, "more_body": True}, {"type": "http.disconnect"}]
    sent: list[object] = []

    async def receive() -> object:
        return coming.pop(0)

    async def send(message: object) -> None:
        sent.append(message)

    with trial(service, out) as asking:
        asking.call(asking.app, scope, receive, send)
    assert [json.loads(line)["status"] for line in out.getvalue().splitlines()] == [499]
    assert not sent


def test_too_many_at_once_are_told_so(service: Service) -> None:
    """503 with Retry-After, at once; who is in work is answered; health is answered all the same."""
    with trial(service, most_at_once=1) as asking:

        async def crowded() -> list[httpx.Response]:
            Gates.opened, Gates.entered = anyio.Event(), anyio.Event()
            found: list[httpx.Response] = []

            async def first() -> None:
                found.append(await asking.http.get("/trial/slow"))

            async with anyio.create_task_group() as group:
                group.start_soon(first)
                await Gates.entered.wait()
                found.append(await asking.http.get("/trial/page"))
                found.append(await asking.http.get("/health/live"))
                Gates.opened.set()
            return found

        try:
            busy, live, first = asking.call(crowded)
        finally:
            Gates.opened = Gates.entered = None
    assert problem(busy) == (503, "busy")
    assert busy.headers["retry-after"] == "1"
    assert (live.status_code, first.status_code) == (200, 200)


def test_no_limit_writes_who_asked(service: Service) -> None:
    """Neither the log nor the metrics hold an address."""
    out = io.StringIO()
    with trial(service, out, reads_a_minute=2) as asking:
        for _ in range(4):
            asking.get("/trial/page", headers={"X-Forwarded-For": "203.0.113.9"})
        told = out.getvalue() + asking.app.state.operation.metrics().decode()
    assert "429" in told
    assert "203.0.113.9" not in told
    assert "127.0.0.1" not in told
