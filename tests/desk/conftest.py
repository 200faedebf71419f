"""What the tests of exchanged areas share: a case of five founders, and a copy of it with its clock for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk.area_case import World, copied, made


@pytest.fixture(scope="module")
def area_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of five founders, begun on 1 March 2016; it is copied."""
    return made(tmp_path_factory.mktemp("areas"))


@pytest.fixture
def world(area_base: Path, tmp_path: Path) -> Iterator[World]:
    """A copy of it, on 8 March."""
    found = copied(area_base, tmp_path / "case")
    found.to("2016-03-08")
    yield found
    found.case.close()
