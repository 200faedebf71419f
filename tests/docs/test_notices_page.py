"""The reference of notices says what the code knows: every remark with its weight, level, state, clock and column."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from truceline.desk.noticeshown import DAMAGED, STANDING, WAITING
from truceline.notices.checks import CODES
from truceline.notices.clocks import NEXT
from truceline.notices.model import CATEGORIES, LEVELS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "notices.md").read_text(encoding="utf-8")


def rows() -> dict[str, str]:
    """The rows of its tables by their first cell, where that is one word of code."""
    return {found[1]: found[0] for found in re.finditer(r"^\| `([a-z-]+)` \|.*$", PAGE, re.MULTILINE)}


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_has_its_row(level: str) -> None:
    """And says what a recipient is given."""
    assert level in rows()


@pytest.mark.parametrize("code", CODES)
def test_every_remark_is_told_with_its_weight(code: str) -> None:
    """A remark nobody can look up is none."""
    assert code in rows(), code
    assert CODES[code] in rows()[code]


@pytest.mark.parametrize("state", [*NEXT, WAITING, STANDING, DAMAGED])
def test_every_state_is_told(state: str) -> None:
    """Of a recipient, and of a notice as a whole."""
    assert f"`{state}`" in PAGE


def test_every_kind_of_site_is_told() -> None:
    """In its tables or in its words."""
    assert [one for one in CATEGORIES if f"`{one}`" not in PAGE] == []
