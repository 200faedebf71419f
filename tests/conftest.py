"""What the tests share: where the real data and the browser are, and which tests are skipped, by name, without them."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("TRUCELINE_DATA") or ROOT.parent / "shared" / "data")
GRAPHICS = ("--enable-unsafe-swiftshader",)
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

settings.register_profile("truceline", deadline=None, max_examples=25)  # a slow machine is no fault of the law
settings.load_profile("truceline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs things that are not here; the skip says which."""
    absent = {
        "shared": "" if DATA.is_dir() else f"no real data at {DATA}: set TRUCELINE_DATA",
        "chromium": "" if CHROMIUM else "no Chromium here: make test-deps",
    }
    for item in items:
        for mark, reason in absent.items():
            if reason and item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=f"{item.name}: {reason}"))


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the collector of garbage need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the keys of the tests lie: never among those of whoever runs them."""
    folder, before = tmp_path_factory.mktemp("config"), os.environ.get("TRUCELINE_CONFIG")
    os.environ["TRUCELINE_CONFIG"] = str(folder)
    yield folder
    os.environ.pop("TRUCELINE_CONFIG")
    if before is not None:
        os.environ["TRUCELINE_CONFIG"] = before


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of the real data; tests that use it carry the mark `shared`."""
    return DATA


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's Chromium; tests that use it carry the mark `chromium`."""
    return CHROMIUM or ""


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """The Chromium of the system, without a profile, drawing in software.

    One for each file: while it is open, its library runs a loop of asyncio in this thread, and nobody else can.
    """
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-background-networking", *GRAPHICS]
        found = playwright.chromium.launch(executable_path=chromium, args=options)
        yield found
        found.close()
