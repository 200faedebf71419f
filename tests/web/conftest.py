"""What the tests of the web share: a small case, a service over it, and somebody who asks."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.web.asking import Client
from truceline import desk
from truceline.desk.service import Service
from truceline.desk.settings import Settings
from truceline.web.app import make_app

WIDE = Settings(
    reads_a_minute=10**9, reads_account=10**9, writes_a_minute=10**9, writes_account=10**9, judging="asked",
)  # fmt: skip
"""Settings of the tests that are not about limits: no rate is reached, and nothing is judged that nobody asks for."""


@pytest.fixture(scope="session")
def shipped_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped case with its reports, made once; it is copied, never served."""
    folder = tmp_path_factory.mktemp("shipped") / "case"
    case = desk.demo_case(folder)
    desk.add_shipped_reports(case)
    case.close()
    return folder


@contextlib.contextmanager
def demonstrated(folder: Path) -> Iterator[Service]:
    """A demonstration of a case that is this test's own, at work, with its first answers."""
    with Service.open(str(folder), msgspec.structs.replace(WIDE, demo=True)) as service:
        service.start()
        service.snapshots.refresh()
        yield service


@pytest.fixture(scope="module")
def case_folder(shipped_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of this module's own."""
    folder = tmp_path_factory.mktemp("served") / "case"
    shutil.copytree(shipped_case, folder)
    return folder


@pytest.fixture
def another(shipped_case: Path, tmp_path: Path) -> Path:
    """A case of one test's own: a case has one service."""
    return Path(shutil.copytree(shipped_case, tmp_path / "case"))


@pytest.fixture(scope="module")
def service(case_folder: Path) -> Iterator[Service]:
    """A service over the case of the module, at work."""
    with Service.open(str(case_folder), WIDE) as opened:
        opened.start()
        yield opened


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[Client]:
    """The public, asking the service of the module in this process."""
    asking = Client(make_app(service))
    yield asking
    asking.close()
