"""What comes out of a printer: the screen without its controls, with the line of the law, no wider than the paper."""

from __future__ import annotations

import pytest

from tests.web.screens.conftest import Stage
from truceline import LAW

PAGES = (
    ("/?day=2016-09-19", "public"),
    ("/ledger?act=attack", "party:us"),
    ("/case/sy-170", "secretariat"),
    ("/agreement/obligations?at=2016-09-15T12:00", "party:us"),
    ("/what-if", "mediator"),
    ("/record", "public"),
)
A4_PX = 794


@pytest.mark.chromium
@pytest.mark.parametrize(("path", "role"), PAGES)
def test_a_screen_can_be_printed(stage: Stage, path: str, role: str) -> None:
    """On A4, whoever is given the paper sees which case it is, what is said of it, and the law."""
    with stage.seat(role, wide=A4_PX) as shown:
        shown.goto(f"{stage.url}{path}{'&' if '?' in path else '?'}lang=en")
        shown.emulate_media(media="print")
        assert shown.get_by_text(LAW).last.is_visible()
        assert shown.get_by_role("heading", level=1).is_visible()
        assert not shown.locator(".doors").is_visible()
        assert not shown.locator(".tongues").is_visible()
        assert shown.evaluate("document.documentElement.scrollWidth") <= A4_PX
        paper = shown.pdf(format="A4")
    assert paper.startswith(b"%PDF")
    assert len(paper) > 10_000
