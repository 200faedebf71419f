from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.desk.test_webhooks import Receiver, verify
from tests.web.asking import Client
from tests.web.conftest import WIDE
from truceline import LAW
from truceline.desk.records import Draft, append
from truceline.desk.service import Service
from truceline.desk.viewers import PUBLIC, Viewer
from truceline.store.state import accounts
from truceline.web.app import make_app

GOV = Viewer("a-00000000000000e1", "party", "gov")
OTHER = Viewer("a-00000000000000e2", "party", "gov")
PATH = "/api/v1/webhooks"


@pytest.fixture(scope="module")
def asked(shipped_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Service]]:
    """A service at work that may call this machine, and somebody who asks it."""
    folder = tmp_path_factory.mktemp("hooks") / "case"
    shutil.copytree(shipped_case, folder)
    settings = msgspec.structs.replace(WIDE, webhooks_to=("127.0.0.0/8",), webhook_first_s=0.01, judging="asked")
    with Service.open(str(folder), settings) as service:
        for one in (GOV, OTHER):
            accounts.add(service.state, accounts.Account(one.account, one.role, one.party, "a test", False, 0))
        service.start()
        client = Client(make_app(service))
        yield client, service
        client.close()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """A receiver."""
    made = Receiver()
    yield made
    made.close()


def made(client: Client, url: str, viewer: Viewer = GOV, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # of JSON
    """A new webhook."""
    with client.seen_as(viewer):
        answer = client.post(PATH, json={"url": url, "events": ["entry"], **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_whole_life_of_a_webhook(asked: tuple[Client, Service], receiver: Receiver) -> None:
    """Made, tried, told of an entry, looked at page by page, dropped; its secret is shown once."""
    client, service = asked
    one = made(client, receiver.url)
    assert one["key"].startswith("whsec_") and one["law"] == LAW and one["off"] is None
    with client.seen_as(GOV):
        (listed,) = client.get(PATH).json()["items"]
        assert listed == {key: value for key, value in one.items() if key not in ("key", "law")}
        queued = client.post(f"{PATH}/{one['id']}/test").json()["delivery"]
    index = append(service.case, [Draft("allegation", {"text": "x"})])[0].index
    bodies = receiver.wait(2)
    assert [body["type"] for body in bodies] == ["test", "entry"] and bodies[1]["data"]["index"] == index
    for headers, body in receiver.got:
        verify(one["key"], headers, body)
    assert receiver.got[0][0]["webhook-id"] == queued
    with client.seen_as(GOV):
        pause = threading.Event()
        for _ in range(200):
            items = client.get(f"{PATH}/{one['id']}/deliveries").json()["items"]
            if [item["state"] for item in items] == ["delivered", "delivered"]:
                break
            pause.wait(0.02)
        first = client.get(f"{PATH}/{one['id']}/deliveries?limit=1").json()
        second = client.get(f"{PATH}/{one['id']}/deliveries?limit=1&before={first['next']}").json()
        assert [page["items"][0]["event"] for page in (first, second)] == ["entry", "test"]
        assert second["next"] is None
        assert (items[0]["status"], items[0]["attempts"]) == (204, 1)
        assert client.request("DELETE", f"{PATH}/{one['id']}").status_code == 200
        assert client.get(PATH).json()["items"] == []
        assert client.get(f"{PATH}/{one['id']}/deliveries").status_code == 404


def test_what_is_checked_by_a_public_key_has_no_secret(asked: tuple[Client, Service], receiver: Receiver) -> None:
    """Everybody who has webhooks can ask for the key of the service."""
    client, _ = asked
    one = made(client, receiver.url, scheme="ed25519")
    with client.seen_as(OTHER):
        assert client.get(f"{PATH}/key").json()["key"] == one["key"]
    with client.seen_as(GOV):
        client.request("DELETE", f"{PATH}/{one['id']}")


def test_a_webhook_of_another_account_is_not_there(asked: tuple[Client, Service], receiver: Receiver) -> None:
    """Of the same party, and of the secretariat, too: the answer is that to an id that never was."""
    client, _ = asked
    one = made(client, receiver.url)["id"]
    for viewer in (OTHER, Viewer("a-00000000000000d1", "secretariat"), PUBLIC, Viewer("a-3", "mirror")):
        with client.seen_as(viewer):
            for method, path in (("DELETE", "{}/{}"), ("POST", "{}/{}/test"), ("GET", "{}/{}/deliveries")):
                there, not_there = (client.request(method, path.format(PATH, name)) for name in (one, "w-" + "0" * 16))
                assert (there.status_code, there.json()) == (404, not_there.json())
    with client.seen_as(GOV):
        assert [item["id"] for item in client.get(PATH).json()["items"]] == [one]
        client.request("DELETE", f"{PATH}/{one}")


@pytest.mark.parametrize("role", ["public", "mirror", "hotline", "intake"])
def test_who_is_no_member_has_no_webhooks(asked: tuple[Client, Service], role: str) -> None:
    """Default deny."""
    client, _ = asked
    with client.seen_as(Viewer("a-1" if role != "public" else "", role)):
        assert client.get(PATH).status_code == 404
        assert client.get(f"{PATH}/key").status_code == 404
        assert client.post(PATH, json={"url": "https://receiver.example/", "events": ["entry"]}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://receiver.example/", "events": ["nothing"]},
        {"url": "ftp://receiver.example/", "events": ["entry"]},
        {"url": "https://169.254.169.254/latest/meta-data", "events": ["entry"]},
        {"url": "https://[::ffff:10.0.0.1]/", "events": ["entry"]}, {"url": "https://10.0.0.1/", "events": ["entry"]},
        {"url": "https://a:b@receiver.example/", "events": ["entry"]}, {"url": "x" * 3_000, "events": ["entry"]},
        {"url": "https://receiver.example/", "events": []}, {"url": "https://receiver.example/", "events": "entry"},
        {"url": "https://receiver.example/", "events": ["entry"], "scheme": "none"}, {"events": ["entry"]},
        {"url": "https://receiver.example/", "events": ["entry"], "secret": "mine"},
    ],
)  # fmt: skip
def test_what_cannot_be_a_webhook_is_refused(asked: tuple[Client, Service], body: dict[str, Any]) -> None:
    """When it is made, with its reason, and nothing is called."""
    client, _ = asked
    with client.seen_as(GOV):
        answer = client.post(PATH, json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
