"""A sealed exchange at a service: who is shown what, and how a party takes part that believes no answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.evidence.bench import SHIPPED
from tests.web.asking import Client
from tests.web.conftest import WIDE
from truceline.desk import charters, keyring
from truceline.desk.cases import init_case
from truceline.desk.client import Remote
from truceline.desk.exchanging import Seen, _dates, checked, close, commit, lists, release, reveal, seen, step_draft
from truceline.desk.records import Draft
from truceline.desk.service import Service
from truceline.desk.viewers import Viewer
from truceline.errors import StateError, StoreError, SubmissionError, TrucelineError, VerificationError
from truceline.exchange.sealed import OPEN, Step
from truceline.record.note import COSIGNATURE, Signer
from truceline.record.policy import read_policy
from truceline.web.app import make_app

SIDES, HOLDERS = ("us", "ru"), ("tr", "ir", "un")
LISTS = {"us": ("852da877fffffff", "852da963fffffff"), "ru": ("852da90bfffffff",)}
Change = Callable[[httpx.Request, httpx.Response], httpx.Response]


class House:
    """A service, and everybody's keys on one machine."""

    def __init__(self, asking: Client, service: Service) -> None:
        """Take a service."""
        self.asking, self.service = asking, service

    def remote(self, party: str, change: Change | None = None) -> Remote:
        """The service, as a program of a party meets it; answers may be changed on the way."""

        def answered(request: httpx.Request) -> httpx.Response:
            headers = {name: value for name, value in request.headers.items() if name == "content-type"}
            with self.asking.seen_as(Viewer(f"a-{party}", "party", party)):
                path = request.url.raw_path.decode()
                got = self.asking.request(request.method, path, content=request.read(), headers=headers)
            made = httpx.Response(got.status_code, headers=dict(got.headers), content=got.content)
            return change(request, made) if change else made

        return Remote("http://case.example", transport=httpx.MockTransport(answered))

    def say(self, party: str, draft: Callable[[Remote, Seen], Draft], *, is_sealing: bool = False) -> int:
        """Sign a step here and hand it in there; its index."""
        with self.remote(party) as remote:
            place = remote.place(party, is_sealing=is_sealing)
            data, beside = place.signed(draft(remote, seen(remote)))
            index = remote.submit(data, beside).entry
            assert index is not None
            return index

    def open(self) -> int:
        """Open an exchange."""
        now = self.service.now()
        said = Step(
            OPEN, sides=SIDES, guarantors=HOLDERS, threshold=2, slots=256, commit_by=now + 500, reveal_by=now + 600,
            release_by=now + 700,
        )  # fmt: skip
        return self.say("us", lambda _, __: step_draft(said, "us"))

    def to_releasing(self) -> int:
        """An exchange in which both lists are with the guarantors."""
        of = self.open()
        for side in SIDES:
            self.say(side, lambda _, now, side=side: commit(now, of, side, LISTS[side])[0])  # type: ignore[misc]
        for side in SIDES:
            self.say(
                side, lambda remote, now, side=side: reveal(now, of, side, remote.place(side, is_sealing=True)),  # type: ignore[misc]
                is_sealing=True,
            )  # fmt: skip
        return of


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service over a case of two sides and three guarantors."""
    folder = tmp_path_factory.mktemp("exchange")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUCELINE_CONFIG", str(folder / "config"))
        sets = [keyring.key_set(party) for party in (*SIDES, *HOLDERS)]
        charter = charters.new_charter("exchange", parties=sets)
        init_case(folder / "case", Path(SHIPPED / "agreement.yaml"), charter).close()
        with Service.open(str(folder / "case"), WIDE) as opened:
            made = Client(make_app(opened))
            yield House(made, opened)
            made.close()


@pytest.fixture(scope="module")
def of(house: House) -> int:
    """An exchange in which both lists are with the guarantors; it stays so."""
    return house.to_releasing()


def got(house: House, viewer: Viewer, path: str) -> httpx.Response:
    """An answer to somebody."""
    with house.asking.seen_as(viewer):
        return house.asking.get(path)


def test_a_whole_exchange_through_a_service(house: House) -> None:
    """Two sides and two guarantors that meet only the service; both lists in the end, and not before."""
    of = house.to_releasing()
    with house.remote("us") as us:
        assert checked(seen(us), of, "us") == {"us": "", "ru": ""}
        with pytest.raises(StateError):
            lists(seen(us), of, "us")
    for holder in ("un", "tr"):
        house.say(holder, lambda _, now, holder=holder: release(now, of, holder))  # type: ignore[misc]
    for side in SIDES:
        with house.remote(side) as remote:
            assert lists(seen(remote), of, side) == LISTS
    with house.remote("gov") as gov, pytest.raises(StateError):
        lists(seen(gov), of, "gov")


def test_who_is_shown_an_exchange(house: House, of: int) -> None:
    """The parties it names, the secretariat and the mediation; to everybody else there is nothing there."""
    for viewer in (
        Viewer("a", "party", "us"),
        Viewer("a", "party", "un"),
        Viewer("a", "secretariat"),
        Viewer("a", "mediator"),
    ):
        shown = got(house, viewer, f"/api/v1/exchanges/{of}").json()
        assert (shown["exchange"], shown["state"], shown["missing"]) == (of, "releasing", list(HOLDERS))
        assert shown["due"] == ("release" if viewer.party == "un" else "")
        text = got(house, viewer, "/api/v1/exchanges").text
        assert f'"exchange":{of}' in text
        assert not any(cell in text for cells in LISTS.values() for cell in cells)
    for viewer in (Viewer("a", "party", "gov"), Viewer("a", "party")):
        assert got(house, viewer, "/api/v1/exchanges").json()["items"] == []
        assert got(house, viewer, f"/api/v1/exchanges/{of}").status_code == 404
    for viewer in (Viewer(), Viewer("a", "monitor", "un"), Viewer("a", "intake"), Viewer("a", "mirror")):
        assert got(house, viewer, "/api/v1/exchanges").status_code == 404
    page = got(house, Viewer("a", "secretariat"), "/api/v1/exchanges?limit=1").json()
    assert len(page["items"]) == 1


def test_a_box_is_given_to_those_it_is_sealed_for(house: House, of: int) -> None:
    """Sides and guarantors; not the host's people, nor another party: they could not open it either."""
    index = got(house, Viewer("a", "secretariat"), f"/api/v1/exchanges/{of}").json()["sides"][0]["revealed"]
    path = f"/api/v1/record/entries/{index}/box"
    for party in (*SIDES, *HOLDERS):
        assert got(house, Viewer("a", "party", party), path).status_code == 200
    for viewer in (Viewer("a", "party", "gov"), Viewer("a", "secretariat"), Viewer("a", "mirror"), Viewer()):
        assert got(house, viewer, path).status_code == 404


LIES: dict[str, Callable[[Any], Any]] = {
    "flipped": lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:], "short": lambda data: data[:-9],
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_service_that_shows_other_entries_is_found_out(house: House, of: int, lie: str) -> None:
    """Each entry is held against its proof, and its signatures are verified, on the machine of the party."""

    def change(request: httpx.Request, reply: httpx.Response) -> httpx.Response:
        path = request.url.path
        if path.endswith("/bytes") and "/entries/0/" not in path:
            return httpx.Response(200, content=LIES[lie](reply.content))
        return reply

    with house.remote("us", change) as us, pytest.raises(TrucelineError):
        seen(us)


def test_a_service_that_gives_the_proof_of_another_entry_is_found_out(house: House, of: int) -> None:
    """An entry of the record in the place of another is no entry of that place."""

    def change(request: httpx.Request, reply: httpx.Response) -> httpx.Response:
        if request.url.path.endswith(f"/entries/{of}/proof"):
            with house.asking.seen_as(Viewer("a-us", "party", "us")):
                return httpx.Response(200, content=house.asking.get(f"/api/v1/record/entries/{of + 1}/proof").content)
        return reply

    with house.remote("us", change) as us, pytest.raises((VerificationError, StoreError)):
        seen(us)


def test_a_window_is_not_closed_before_its_time_whoever_says_so(house: House, of: int) -> None:
    """A party whose clock is ahead signs a close; the log goes by its own, and by the witnesses'."""
    with house.remote("us") as us:
        with pytest.raises(StateError, match="until"):
            close(us, seen(us), of, us.place("us"), "us")
        ahead = replace(us.place("us"), now=lambda: house.service.now() + 9_999)
        data, beside = ahead.signed(close(us, seen(us), of, ahead, "us"))
        with pytest.raises(SubmissionError, match="window"):
            us.submit(data, beside)


def test_witnesses_that_nobody_can_ask_date_nothing(house: House) -> None:
    """Through a service too the newest checkpoint is held against the log's key, and who cosigned it is looked for."""
    witness = Signer("w.example/1", b"\x01" * 32, COSIGNATURE).verifier
    policy = read_policy(f"witness near {witness.vkey}\nquorum near\n".encode())
    with house.remote("us") as us:
        assert _dates(us, policy, us.place("us")) == ()

    def change(request: httpx.Request, reply: httpx.Response) -> httpx.Response:
        if request.url.path == "/api/v1/record" and "checkpoint" in reply.text:
            shown = reply.json()
            return httpx.Response(200, json={**shown, "checkpoint": shown["checkpoint"].replace("\n\n", "\nx\n\n", 1)})
        return reply

    with house.remote("us") as us:
        place = us.place("us")
        with house.remote("us", change) as lying, pytest.raises(VerificationError):
            _dates(lying, policy, place)
