"""A recipient's list on paper: its hash, mark and receipt, in three languages, and no position that it was not told."""

from __future__ import annotations

from typing import Any

import pytest

from truceline.errors import InputError
from truceline.report.noticelist import grouped, render_list
from truceline.report.page import LAW

LISTED: dict[str, Any] = {
    "party": "ru", "made_at": "2016-09-20T10:00:00Z", "sha256": "ab" * 32, "receipt": "R-7F3K",
    "rows": [
        {
            "ref": "Q7XA", "kind": "site", "level": "exact", "category": "hospital", "what": "مستشفى <b>",
            "place": "حلب", "since": "2016-09-01", "until": "2017-03-01",
            "discs": [{"lon_deg": 37.1234567, "lat_deg": 36.2, "radius_m": 10}],
        },
        {"ref": "Z2", "kind": "flight", "level": "region", "regions": ["SY-HL"], "low_m_amsl": 500, "high_m_amsl": 900},
    ],
    "counts": {"SY-ID": {"site": 3}},
}  # fmt: skip
EMPTY: dict[str, Any] = {**LISTED, "rows": [], "counts": {}}


@pytest.mark.parametrize("lang", ["en", "ar", "ru"])
def test_every_sheet_says_whose_it_is_and_what_it_is_not(lang: str) -> None:
    """Hash, receipt, recipient, the line of the law; nothing is fetched and nothing of others is markup."""
    page = render_list(LISTED, lang, title="Cessation of hostilities")
    assert page.count("R-7F3K") == 2
    assert grouped("ab" * 32) in page
    assert "36.200000, 37.123457" in page
    assert "<b>" not in page.split("</style>")[1]
    assert f'dir="{"rtl" if lang == "ar" else "ltr"}"' in page
    assert "http" not in page.split("<body>")[1]
    assert (LAW in page) == (lang == "en")
    assert "nlist-foot" in page.split("<body>")[1]


def test_the_same_list_is_the_same_page() -> None:
    """No clock and no chance is in it."""
    assert render_list(LISTED, "en", title="t") == render_list(LISTED, "en", title="t")


def test_what_is_told_by_number_has_no_row() -> None:
    """A recipient who is told three sites by number gets a number."""
    page = render_list(LISTED, "en", title="t")
    assert "Told by number only" in page
    assert page.count("<tr>") == 6
    assert "Told by number only" not in render_list(EMPTY, "en", title="t")


def test_no_other_language_is_taken() -> None:
    """One line."""
    with pytest.raises(InputError):
        render_list(LISTED, "xx", title="t")
