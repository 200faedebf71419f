"""What does a source's word for precision mean, in metres and hours? The table that is part of the signed agreement.

Changing 25 km to 20 km changes findings, so the table stands in the text; what a text leaves out is as below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PLACES: Mapping[str, int] = {
    "exact": 100, "within-100m": 200, "street": 500, "landmark": 500, "site": 500,
    "village": 2_000, "town": 5_000, "city": 8_000, "about-25km": 25_000,
}  # fmt: skip
"""Words for a place and the radius of their disc in metres."""

SOURCES: Mapping[str, Mapping[str, str]] = {
    "ucdp": {
        "1": "town", "2": "about-25km", "3": "unit:2", "4": "unit:1", "5": "country", "6": "country", "7": "outside",
    },
    "acled": {"1": "town", "2": "about-25km", "3": "unit:1"},
    "reports": {
        "site": "site", "village": "village", "town": "town", "city": "city", "district": "unit:2",
        "governorate": "unit:1", "country": "country",
    },
}  # fmt: skip
"""Code of a source to a word of `PLACES`, `unit:LEVEL`, `country` or `outside` (every land zone)."""

HOURS: Mapping[str, tuple[int, int]] = {"morning": (6, 12), "afternoon": (12, 18), "evening": (18, 24), "night": (0, 6)}
"""Fixed civil hours for words of the day."""


@dataclass(frozen=True)
class Precision:
    """The table of one agreement.

    Attributes:
        places: word to radius in metres.
        sources: source to code to word.
        hours: word of the day to civil hours `[from, to)`.
        hour_slack_s: how far a time given to the hour can be off, in seconds, to both sides.
    """

    places: Mapping[str, int] = field(default_factory=lambda: dict(PLACES))
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: dict(SOURCES))
    hours: Mapping[str, tuple[int, int]] = field(default_factory=lambda: dict(HOURS))
    hour_slack_s: int = 1_800

    def word(self, source: str, code: str) -> str | None:
        """What a source's code means; None when the table does not know it."""
        return self.sources.get(source, {}).get(code)
