"""The roles of a demonstration: every one can be taken, and nothing of it is there where the service is none."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.evidence.bench import SHIPPED
from tests.web.asking import Client
from tests.web.conftest import WIDE, demonstrated
from truceline import desk
from truceline.desk.charters import new_charter
from truceline.desk.service import Service
from truceline.errors import StoreError
from truceline.web.app import make_app

FROM_HERE = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def demo(shipped_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A demonstration of the shipped case."""
    folder = tmp_path_factory.mktemp("demo") / "case"
    shutil.copytree(shipped_case, folder)
    with demonstrated(folder) as service:
        asking = Client(make_app(service))
        yield asking
        asking.close()


def roles(page: str) -> list[str]:
    """The roles that a page offers."""
    return re.findall(r'name="role" value="([^"]+)"', page)


def test_every_role_can_be_taken_and_left(demo: Client) -> None:
    """Whoever takes one is inside as it, with a session like any other."""
    offered = roles(demo.get("/demo").text)
    assert {"public", "party:us", "party:ru", "party:gov", "party:opp", "monitor:un", "secretariat"} <= set(offered)
    csrf = ""
    for role in offered[1:]:
        taken = demo.post("/demo", data={"role": role, "csrf": csrf}, headers=FROM_HERE)
        assert (taken.status_code, taken.headers["location"][:7]) == (303, "/?lang=")
        found = demo.get("/auth/session").json()
        assert f"{found['role']}:{found['party'] or ''}".rstrip(":") == role
        csrf = found["csrf"]
        assert "everybody may take every role" in demo.get("/demo?lang=en").text
    assert demo.post("/demo", data={"role": "public", "csrf": csrf}, headers=FROM_HERE).status_code == 303
    demo.http.cookies.clear()
    assert demo.get("/auth/session").json()["role"] == "public"


@pytest.mark.parametrize("role", ["party:nobody", "desk", "party:us' or 1=1", ""])
def test_no_other_role_can_be_taken(demo: Client, role: str) -> None:
    """Only those that are offered."""
    assert demo.post("/demo", data={"role": role}, headers=FROM_HERE).status_code in (404, 422)
    assert demo.get("/auth/session").json()["role"] == "public"


def test_a_page_from_elsewhere_takes_no_role(demo: Client) -> None:
    """Nobody is made somebody else by a link."""
    for headers in ({}, {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert demo.post("/demo", data={"role": "secretariat"}, headers=headers).status_code == 403


def test_where_it_is_no_demonstration_there_is_none(client: Client, service: Service) -> None:
    """The same answer as for what is not there."""
    service.snapshots.refresh()
    assert client.get("/demo").status_code == 404
    assert client.post("/demo", data={"role": "secretariat"}, headers=FROM_HERE).status_code == 404


def test_a_case_of_its_own_is_no_demonstration(tmp_path: Path) -> None:
    """Its keys are not published; nobody takes a role there."""
    desk.init_case(tmp_path / "case", SHIPPED / "agreement.yaml", new_charter("a case")).close()
    with pytest.raises(StoreError, match="a case of its own"):
        Service.open(str(tmp_path / "case"), msgspec.structs.replace(WIDE, demo=True))


def test_whoever_takes_a_role_goes_on_to_a_screen_of_ours(demo: Client) -> None:
    """And nowhere else."""
    demo.http.cookies.clear()
    found = demo.post("/demo", data={"role": "mediator", "to": "/what-if"}, headers=FROM_HERE)
    assert found.headers["location"] == "/what-if?lang=en"
    demo.http.cookies.clear()
    for to in ("https://elsewhere.example", "//elsewhere.example", "/\\\\elsewhere.example", "/a?b=c"):
        assert demo.post("/demo", data={"role": "mediator", "to": to}, headers=FROM_HERE).status_code == 422
