"""What does a recipient's list look like on paper? One self-contained HTML file, with its hash, mark and receipt.

The list is its recipient's own: refs, order and the last digits of positions are marked as its copy, and every sheet
says so, names the recipient and carries the receipt. What it is told by number stands as numbers. A list protects: the
page says what it is not.

Values only: the list is made by the desk. No clock, no random; the same list gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from markupsafe import Markup

from truceline.report.language import Words, plain
from truceline.report.opened import environment, text_of
from truceline.report.page import LAW
from truceline.report.style import stylesheet

Row = Mapping[str, Any]
HASH_GROUP: Final = 8
"""A hash is printed in groups of so many digits, so that it can be read out."""


def render_list(listed: Row, lang: str, *, title: str, tz: str = "UTC") -> str:
    """Draw a recipient's list as one HTML file for the printer.

    Args:
        listed: the list as plain values: `party`, `made_at`, `rows`, `counts`, `sha256`, `receipt`.
        lang: `en`, `ar` or `ru`.
        title: of the agreement.
        tz: zone of the civil clock.

    Returns:
        The whole page; the same text for the same list and language.

    Raises:
        InputError: no such language.
    """
    words = Words(lang, tz)
    view = {
        "words": words, "say": words.say, "word": words.word, "count": words.count, "agreement": title,
        "party": listed["party"], "made_at": listed["made_at"], "rows": [_row(one) for one in listed["rows"]],
        "counts": list(_counts(listed["counts"])), "digest": grouped(listed["sha256"]), "receipt": listed["receipt"],
        "law": words.say(LAW),
    }  # fmt: skip
    made = environment()
    body = Markup(made.get_template("notice-list.html.j2").render(view))  # noqa: S704  # autoescaped
    head = plain(words.say("Notices for {party}", party=listed["party"]))
    style = stylesheet(body) + text_of("notice-list.css")
    page = made.get_template("report.html.j2")
    return page.render(words=words, title=head, style=Markup(style), head="", body=body)  # noqa: S704  # ours


def grouped(digest: str) -> str:
    """A hash in groups, to be read out.

    >>> grouped("0123456789abcdef")
    '01234567 89abcdef'
    """
    return " ".join(digest[i : i + HASH_GROUP] for i in range(0, len(digest), HASH_GROUP))


def _row(one: Row) -> dict[str, Any]:
    """A notice as its cells; what the recipient is not told is empty."""
    heights = [one.get(name) for name in ("low_m_amsl", "high_m_amsl")]
    names = (one.get("what"), one.get("place"), *one.get("areas", ()), *one.get("regions", ()))
    return {
        "ref": one["ref"], "kind": one["kind"], "category": one.get("category", ""), "level": one["level"],
        "since": one.get("since", ""), "until": one.get("until", ""), "callsign": one.get("callsign", ""),
        "points": [f"{d['lat_deg']:.6f}, {d['lon_deg']:.6f}" for d in one.get("discs", ())],
        "within_m": max((int(d["radius_m"]) for d in one.get("discs", ())), default=0),
        "names": [text for text in names if text], "heights": [] if None in heights else heights,
    }  # fmt: skip


def _counts(counts: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[str, str, int]]:
    for region, kinds in counts.items():
        for kind, number in kinds.items():
            yield region, kind, number
