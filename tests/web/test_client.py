"""A program of ours before services that lie: another log, an older one, a fork, a wrong receipt, an endless answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.evidence.bench import SHIPPED
from tests.web.asking import Client
from tests.web.conftest import WIDE
from truceline.desk import charters, client, keyring
from truceline.desk.cases import init_case
from truceline.desk.client import Remote
from truceline.desk.records import Draft
from truceline.desk.service import Service
from truceline.desk.viewers import Viewer
from truceline.errors import AccessError, ConflictError, InputError, StoreError, SubmissionError, VerificationError
from truceline.web.app import make_app

US = Viewer("a-us", "party", "us")
Change = Callable[[httpx.Request, httpx.Response], httpx.Response]


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A service over a case of desk, us and ru, asked by us."""
    folder = tmp_path_factory.mktemp("client")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUCELINE_CONFIG", str(folder / "config"))
        sets = [keyring.key_set(party) for party in ("us", "ru")]
        init_case(folder / "case", SHIPPED / "agreement.yaml", charters.new_charter("client", parties=sets)).close()
        with Service.open(str(folder / "case"), WIDE) as opened:
            made = Client(make_app(opened))
            with made.seen_as(US):
                yield made
            made.close()


@pytest.fixture
def own(asking: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine that has met no service, with the keys of us and ru."""
    keys = keyring.keys()
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "own"))
    for key in keys:
        if key.use in ("sign", "read", "root"):
            keyring.new_key(key.name, key.use, secret=key.secret)
    monkeypatch.setattr(client, "PAUSE_S", 0.0)
    return tmp_path / "own"


def remote(asking: Client, change: Change | None = None) -> Remote:
    """A service, some of whose answers are changed on the way."""

    def answered(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        headers = {name: value for name, value in request.headers.items() if name in ("content-type",)}
        got = asking.request(request.method, path, content=request.read(), headers=headers)
        made = httpx.Response(got.status_code, headers=dict(got.headers), content=got.content)
        return change(request, made) if change else made

    return Remote("http://case.example", transport=httpx.MockTransport(answered))


def changed(path: str, edit: Callable[[dict[str, object]], object]) -> Change:
    """Changes the JSON of the answers of one path."""

    def change(request: httpx.Request, got: httpx.Response) -> httpx.Response:
        if request.url.path != path or got.status_code >= 300:
            return got
        value = got.json()
        edit(value)
        return httpx.Response(got.status_code, json=value)

    return change


def said(
    at: Remote, text: str = "a convoy was shelled", readers: tuple[str, ...] = ()
) -> tuple[bytes, dict[str, bytes]]:
    """A statement of us, signed for this service."""
    draft = Draft("allegation", {"text": text}, "us", readers=readers)
    return at.place("us", is_sealing=bool(readers)).signed(draft)


# -- a service as it should be -----------------------------------------------------------------------------------------


def test_a_statement_is_signed_here_and_its_receipt_is_checked(asking: Client, own: Path) -> None:
    """Sealed ones too: for keys whose history was proved."""
    with remote(asking) as at:
        taken = at.submit(*said(at))
        assert taken.entry is not None
        sealed = at.submit(*said(at, "for ru", ("ru",)))
        assert sealed.entry == taken.entry + 1
        again = at.submit_all([said(at, "more")[0]])
        assert not isinstance(again[0], Exception)
    with remote(asking) as at:
        assert at.entry(taken.entry)[1].statement.body == {"text": "a convoy was shelled"}
        with pytest.raises(AccessError):
            at.opened(sealed.entry, "us")


def test_refusals_come_as_the_errors_that_they_were(asking: Client, own: Path) -> None:
    """What was said there is said here, and what is expected now with it."""
    with remote(asking) as at:
        first, second = said(at, "one")[0], said(at, "another")[0]
        at.submit(first, {})
        with pytest.raises(ConflictError, match=r"expected now: number \d+, text [0-9a-f]{12}"):
            at.submit(second, {})
        with pytest.raises(SubmissionError):
            at.submit(b"{}", {})
        with pytest.raises(AccessError):
            at.place("ru")
        answers = at.submit_all([first, second])
        assert [type(one).__name__ for one in answers] == ["Sent", "ConflictError"]


def test_a_line_that_breaks_is_tried_again(asking: Client, own: Path) -> None:
    """The same bytes are taken once, so asking again is safe; a line that stays broken is told."""
    left = [2]

    def breaking(request: httpx.Request, got: httpx.Response) -> httpx.Response:
        if request.method == "POST" and left[0]:
            left[0] -= 1
            raise httpx.ReadError("reset")
        return got

    with remote(asking, breaking) as at:
        data = said(at, "over a bad line")[0]
        assert at.submit(data, {}).entry is not None
        left[0] = 100
        with pytest.raises(StoreError, match="cannot be reached"):
            at.submit(data, {})


# -- services that lie -------------------------------------------------------------------------------------------------


def test_another_log_under_the_same_address_is_refused(asking: Client, own: Path) -> None:
    """Who took over the name of the host has not its key."""
    with remote(asking) as at:
        at.meet()
    other = charters.new_charter("another")

    def edit(value: dict[str, object]) -> None:
        value["log"] = other.log

    with remote(asking, changed("/api/v1/record", edit)) as at, pytest.raises(VerificationError, match="another log"):
        at.meet()


def test_a_log_that_went_back_or_forked_is_refused(asking: Client, own: Path) -> None:
    """The checkpoint that was seen last has to be continued."""
    with remote(asking) as at:
        at.submit(*said(at, "one more"))
    kept = next((own / "services").iterdir())
    seen = json.loads(kept.read_bytes())
    with remote(asking) as at:
        at.meet()  # grown since, and proved
    for more, root, why in ((1_000, seen["root"], "went back"), (0, "0" * 64, "root")):
        kept.write_bytes(json.dumps({**seen, "size": seen["size"] + more, "root": root}).encode())
        with remote(asking) as at, pytest.raises(VerificationError, match=why):
            at.meet()


def test_a_first_entry_of_another_record_is_refused(asking: Client, own: Path) -> None:
    """At the first meeting the charter is proved: the log that signs the checkpoint is the one that it names."""

    def other(request: httpx.Request, got: httpx.Response) -> httpx.Response:
        if request.url.path.endswith("/entries/0/bytes"):
            return httpx.Response(200, content=asking.get("/api/v1/record/entries/1/bytes").content)
        return got

    with remote(asking, other) as at, pytest.raises(VerificationError):
        at.meet()
    assert not list((own / "services").iterdir())


def test_a_receipt_for_other_bytes_is_refused(asking: Client, own: Path) -> None:
    """Taken, it says, and shows the receipt of something else."""
    with remote(asking) as at:
        first = msgspec.json.decode(asking.post(
            "/api/v1/statements", content=said(at, "first")[0], headers={"Content-Type": "application/octet-stream"}
        ).content)  # fmt: skip

    def edit(value: dict[str, object]) -> None:
        value.update(first)

    with remote(asking, changed("/api/v1/statements", edit)) as at, pytest.raises(VerificationError):
        at.submit(*said(at, "second"))


def test_keys_that_are_not_in_the_record_are_not_sealed_for(asking: Client, own: Path) -> None:
    """A host that shows a key of its own as that of ru would read what is for ru: the history of keys is proved."""
    stranger = keyring.key_set("stranger")

    def edit(value: dict[str, object]) -> None:
        sets = value["key_sets"]
        assert isinstance(sets, list)
        own_set = msgspec.to_builtins(stranger)
        value["key_sets"] = [{**own_set, "party": "ru"} if one["party"] == "ru" else one for one in sets]

    with remote(asking, changed("/api/v1/record", edit)) as at:
        _, beside = said(at, "for ru alone", ("ru",))
    wraps = msgspec.json.decode(next(iter(beside.values())))["wraps"]
    assert set(wraps) == {key.id for key in keyring.keys_of("ru", "read")}


@pytest.mark.parametrize(
    "edit",
    [
        lambda value: value.clear(), lambda value: value.update(log=7), lambda value: value.update(checkpoint="x"),
        lambda value: value.update(checkpoint=None), lambda value: value.update(log="x+y+z"),
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_is_a_fault_of_the_service(
    asking: Client, own: Path, edit: Callable[[dict[str, object]], object]
) -> None:
    """Never one of this program."""
    wrong = pytest.raises((StoreError, VerificationError, InputError))
    with remote(asking, changed("/api/v1/record", edit)) as at, wrong:
        at.meet()


def test_answers_without_end_are_cut_off(asking: Client, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By bytes, by seconds, and by pages that lead nowhere."""
    monkeypatch.setattr(client, "MOST_ANSWER", 1_000)

    def long(request: httpx.Request, got: httpx.Response) -> httpx.Response:
        return httpx.Response(200, content=(b"x" * 500 for _ in range(10**9)))

    with remote(asking, long) as at, pytest.raises(StoreError, match="more than"):
        at.read("/checkpoint", most=1_000)
    monkeypatch.setattr(client, "ANSWER_S", -1.0)
    with remote(asking) as at, pytest.raises(StoreError, match="took too long"):
        at.read("/checkpoint", most=1_000)
    monkeypatch.setattr(client, "ANSWER_S", 60.0)
    monkeypatch.setattr(client, "MOST_ANSWER", 1 << 24)
    for_ever = changed("/api/v1/record/entries", lambda value: value.update(next="1"))
    with remote(asking, for_ever) as at, pytest.raises(StoreError, match="does not go on"):
        at.entries()


@pytest.mark.parametrize(
    "url", ["case.example", "ftp://case.example", "https://", "https://case.example/?a=b", "file:///x"]
)
def test_what_is_no_address_is_refused(own: Path, url: str) -> None:
    """Before anything is asked."""
    with pytest.raises(InputError, match="address of a service"):
        Remote(url)
