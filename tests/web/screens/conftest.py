"""What the tests of the screens share: a demonstration of the shipped case, asked here or in a real browser."""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.web.asking import Client, Served
from tests.web.conftest import demonstrated
from truceline.desk.enacted import enact_at
from truceline.desk.service import Service
from truceline.web.app import make_app

FROM_HERE = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
LOOSE: dict[str, Any] = {
    "reads_a_minute": 10**9,
    "reads_account": 10**9,
    "writes_a_minute": 10**9,
    "writes_account": 10**9,
}


@dataclass
class Demo:
    """A demonstration in this process.

    Attributes:
        service: that runs.
        client: the public.
    """

    service: Service
    client: Client
    _seats: dict[str, Client] = field(default_factory=dict)

    def seat(self, role: str) -> Client:
        """Somebody in a role, such as `party:us`; `public` is nobody in particular."""
        if role not in self._seats:
            made = Client(self.client.app)
            if role != "public":
                assert made.post("/demo", data={"role": role}, headers=FROM_HERE).status_code == 303
            self._seats[role] = made
        return self._seats[role]

    def page(self, path: str, role: str = "public", lang: str = "en") -> str:
        """A page as a role sees it."""
        asked = path if "lang=" in path else f"{path}{'&' if '?' in path else '?'}lang={lang}"
        found = self.seat(role).get(asked)
        assert found.status_code == 200, (path, role, lang, found.status_code, found.text[:400])
        return found.text

    def csrf(self, role: str) -> str:
        """What a form of a role has to say."""
        found = re.search(r'<meta name="csrf" content="([^"]+)"', self.page("/demo", role))
        assert found, role
        return found[1]

    def close(self) -> None:
        """Let go of all seats."""
        for one in self._seats.values():
            one.close()
        self.client.close()


@contextlib.contextmanager
def demonstration(folder: Path) -> Iterator[Demo]:
    """A demonstration, in this process, of a case that is this test's own."""
    with demonstrated(folder) as service, contextlib.closing(Demo(service, Client(make_app(service)))) as made:
        yield made


def sent(demo: Demo, who: str, path: str, **fields: str) -> httpx.Response:
    """A form of a page, sent as a browser does."""
    data = {**fields, "csrf": demo.csrf(who)}
    return demo.seat(who).post(path, data=data, headers=FROM_HERE, params={"lang": "en"})


@pytest.fixture(scope="session")
def enacted_case(shipped_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped case in which areas were exchanged and notices given, made once; it is copied, never served."""
    folder = tmp_path_factory.mktemp("enacted") / "case"
    shutil.copytree(shipped_case, folder)
    enact_at(str(folder))
    return folder


@pytest.fixture(scope="module")
def own_case(enacted_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it of this module's own: what is done there changes it."""
    return Path(shutil.copytree(enacted_case, tmp_path_factory.mktemp("own") / "case"))


@pytest.fixture(scope="session")
def demo(enacted_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demonstration that all tests of this process share; none of them writes to its record."""
    folder = tmp_path_factory.mktemp("demo") / "case"
    shutil.copytree(enacted_case, folder)
    with demonstration(folder) as made:
        yield made


@dataclass
class Stage:
    """A demonstration in a process of its own, and a browser to look at it.

    Attributes:
        url: of it.
        browser: that looks.
    """

    url: str
    browser: Browser

    @contextlib.contextmanager
    def seat(self, role: str = "public", wide: int = 1280, **options: object) -> Iterator[Page]:
        """A page of a browser of its own, in a role; a fault that its console tells of is one of the test."""
        context: BrowserContext = self.browser.new_context(viewport={"width": wide, "height": 900}, **options)  # type: ignore[arg-type]  # the library's
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda one: said.append(str(one)))
        if role != "public":
            context.request.post(
                f"{self.url}/demo",
                form={"role": role},
                headers={"Origin": self.url, "Sec-Fetch-Site": "same-origin"},
                max_redirects=0,
            )
        try:
            yield page
        finally:
            context.close()
        assert [one for one in said if "ERR_INTERNET_DISCONNECTED" not in one and "Failed to load" not in one] == []


@contextlib.contextmanager
def served_demo(folder: Path) -> Iterator[str]:
    """Where a demonstration answers, in a process of its own, of a case that is this test's own."""
    with Served(folder, "--demo", **LOOSE) as served:
        end = time.monotonic() + 60
        while httpx.get(f"{served.url}/health/ready").status_code != 200:
            assert time.monotonic() < end, "it did not become ready"
            time.sleep(0.1)
        yield served.url.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="session")
def demo_url(enacted_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a demonstration answers that browser tests of this process share; none of them writes to its record."""
    folder = tmp_path_factory.mktemp("stage") / "case"
    shutil.copytree(enacted_case, folder)
    with served_demo(folder) as url:
        yield url


@pytest.fixture
def stage(demo_url: str, browser: Browser) -> Stage:
    """The demonstration, and a browser to look at it."""
    return Stage(demo_url, browser)
