"""What does the report page look like? One self-contained HTML file from one `Picture`, in one language.

Nothing is fetched: style, fonts and drawings are inside, and a content security policy says so. There is no script.
Text of others is escaped, kept apart, and becomes a link only where it is an http or https address. The same picture
gives the same bytes: no clock, no random, no environment. Positions appear on the drawings only, never in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from jinja2 import Environment
from markupsafe import Markup

from truceline.report import map as map_
from truceline.report import supposed, timeline, totals
from truceline.report.extents import kilometres_across, rounded_km, shape_of
from truceline.report.language import Words, plain
from truceline.report.opened import environment
from truceline.report.picture import Entry, Picture, WhatIf
from truceline.report.style import picture_style, running_head, stylesheet
from truceline.verdict import NO, UNKNOWN, YES, Reason

LAW: Final = "International humanitarian law applies whatever the answer. Absence from a list removes no protection."
"""The line that every page carries; the same words as `truceline.LAW`."""

LISTED: Final = 600
"""So many reports are listed in full; the page says how many are not, and where they are."""


def render(picture: Picture, lang: str) -> str:
    """Draw a picture as one HTML file.

    Args:
        picture: everything that the reader may see.
        lang: `en`, `ar` or `ru`.

    Returns:
        The whole page; the same text for the same picture and language.

    Raises:
        InputError: no such language.
    """
    words = Words(lang, picture.tz)
    body = Markup(_environment().get_template("body.html.j2").render(_view(picture, words)))  # noqa: S704  # autoescaped
    title = plain(words.name(picture.case))
    until = plain(words.say("up to {when}", when=words.civil(picture.cut_off)))
    head = running_head(title, until, plain(words.say(LAW)), words.dir)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(words=words, title=title, style=Markup(stylesheet(body)), head=Markup(head), body=body)  # noqa: S704  # ours
    )


def render_what_if(picture: WhatIf, lang: str) -> str:
    """Draw a what-if as one HTML file of `supposed.WIDE` by `supposed.HIGH` pixels.

    Args:
        picture: everything that it shows.
        lang: `en`, `ar` or `ru`.

    Returns:
        The whole page; the same text for the same picture and language.

    Raises:
        InputError: no such language.
    """
    words = Words(lang, picture.tz)
    view = {
        "picture": picture, "drawn": supposed.draw(picture, words), "words": words, "say": words.say,
        "count": words.count, "word": words.word, "law": words.say(LAW), "looks": map_.CLASSES,
    }  # fmt: skip
    body = Markup(_environment().get_template("supposed.html.j2").render(view))  # noqa: S704  # autoescaped
    title = plain(words.name(picture.zone.names))
    return (
        _environment()
        .get_template("report.html.j2")
        .render(words=words, title=title, style=Markup(stylesheet(body)), head=Markup(picture_style()), body=body)  # noqa: S704  # ours
    )


def web_address(url: str) -> str:
    """An address that may become a link: http or https with a host, and nothing that hides; else empty.

    >>> web_address("https://example.org/a?b=1"), web_address("javascript:alert(1)")
    ('https://example.org/a?b=1', '')
    """
    if not url.isprintable() or re.search(r"[\s<>\"'`\\]", url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname and not parts.username else ""


def _view(picture: Picture, words: Words) -> dict[str, Any]:
    """Everything the template reads. It counts nothing itself."""
    listed = picture.entries[-LISTED:]
    return {
        "picture": picture, "words": words, "say": words.say, "count": words.count, "word": words.word,
        "law": words.say(LAW), "reports": len(picture.entries) + picture.withheld_entries,
        "any": totals.Totals(*picture.any), "previous": totals.Totals(*picture.previous),
        "period": totals.period(picture), "covered": totals.covered(picture.entries),
        "supported": totals.supported(picture.entries), "groups": totals.by_group(picture.entries),
        "map": map_.draw(picture, words), "strip": timeline.draw(picture),
        "days": list(totals.by_day(listed, picture.tz, len(picture.entries) - len(listed))), "listed": len(listed),
        "reasons": tuple(r.value for r in Reason), "wide": timeline.bands_of(picture.entries, picture.tz),
        "is_secretariat": picture.reader == "secretariat", "badge": map_.badge, "looks": map_.CLASSES,
    }  # fmt: skip


@lru_cache(maxsize=1)
def _environment() -> Environment:
    filters: dict[str, Callable[..., Any]] = {
        "readable": unquote, "web_address": web_address, "across": _across, "standing": _standing, "why": _why,
    }  # fmt: skip
    return environment(filters, {"YES": YES, "UNKNOWN": UNKNOWN, "NO": NO})


def _across(entry: Entry) -> str:
    """How far an extent reaches, in kilometres as text; empty where there is none."""
    return rounded_km(kilometres_across(shape_of(entry.polygons))) if entry.polygons else ""


def _standing(entry: Entry) -> tuple[list[Any], dict[str, list[str]]]:
    """Terms of an entry that want a row of their own, and the ids of the others by their note."""
    rows = [term for term in entry.terms if term.covered != NO or term.beside]
    others: dict[str, list[str]] = {}
    for term in entry.terms:
        if term.covered == NO and not term.beside:
            others.setdefault(term.note, []).append(term.id)
    return rows, others


def _why(entry: Entry) -> list[str]:
    """The reasons of all terms of an entry at 0, each once, in the order of the closed list."""
    found = {reason for term in entry.terms for reason in term.reasons}
    known = [r.value for r in Reason if r.value in found]
    return known + sorted(found - set(known))
