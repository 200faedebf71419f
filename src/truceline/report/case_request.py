"""What would settle a case, as a statement that somebody can sign? Questions in three languages, and the lines to sign.

The program signs nothing: it writes a draft, and whoever speaks for a party signs it on a machine of its own. A party
asks by a signed act; who keeps the record is no actor of the text, and asks by an answer to what stands there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from truceline.report.case import SETTLING, Row, TermView, names_of
from truceline.report.request import LANGUAGES, letter_of_one
from truceline.verdict import UNKNOWN

DESK: Final = "desk"
MOST_TEXT: Final = 8_000


@dataclass(frozen=True)
class Statement:
    """A draft to be signed elsewhere.

    Attributes:
        type: of the statement; `by`: who signs it.
        body: as JSON.
        lines: of the command line: sign, then send.
    """

    type: str
    by: str
    body: str
    lines: tuple[str, ...]


def askable(terms: Iterable[TermView], *, is_inside: bool) -> dict[str, list[str]]:
    """The reasons that can be asked about, each with the terms that it leaves open; what settles most comes first.

    Args:
        terms: of the report.
        is_inside: whoever asks keeps the case: then every reason, else those on which a party's word is asked.
    """
    found: dict[str, list[str]] = {}
    for term in terms:
        for reason in term.reasons if term.value == UNKNOWN else ():
            if is_inside or reason in SETTLING:
                found.setdefault(reason, []).append(term.id)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def addressees(report: Row, agreement: Row) -> tuple[list[str], list[str]]:
    """To whom a request can go: those whom the report names with the guarantors, and the other actors of the text."""
    parties = {one["id"]: one for one in agreement["parties"]}
    named = [one for one in dict.fromkeys([*report["actor"]["ids"], *report["target"]["ids"]]) if one in parties]
    guarantors = [key for key, one in parties.items() if one["kind"] == "guarantor"]
    first = sorted(dict.fromkeys([*named, *guarantors]))
    kinds = ("state", "side", "body", "monitor", "humanitarian")
    return first, sorted(key for key, one in parties.items() if key not in first and one["kind"] in kinds)


def addressed(report: Row, agreement: Row) -> str:
    """To whom a request goes before somebody chooses: whom the report blames, else a body; never whose id comes first.

    Where neither is there, the first of the actors that can be asked.
    """
    parties = {one["id"]: one for one in agreement["parties"]}
    bodies = [key for key, one in parties.items() if one["kind"] == "body"]
    blamed = [key for key in report["actor"]["ids"] if key in parties]
    first, rest = addressees(report, agreement)
    return next(iter([*blamed[:1], *bodies, *first, *rest]), "")


def letters(report: Row, agreement: Row, to: str, asked: Mapping[str, Sequence[str]], days: str) -> dict[str, str]:
    """The questions in each language."""
    parties = {one["id"]: one for one in agreement["parties"]}
    names = names_of(parties, to)
    return {
        lang: letter_of_one(
            lang, agreement["title"].get(lang) or agreement["title"].get("en", agreement["id"]),
            names.get(lang) or names["en"], report=report["id"], what=report["act_text"] or report["kind"], when=days,
            asked=asked,
        )
        for lang in LANGUAGES
    }  # fmt: skip


def statement(
    report: Row, trail: Row, *, by: str, to: str, texts: Mapping[str, str], at: str, where: str
) -> Statement:  # fmt: skip
    """The draft of a request, and the lines that sign and send it.

    Args:
        report: as the interface answers.
        trail: likewise: an allegation that is tied to the report is asked about by name.
        by: who will sign: an actor of the text, or the desk.
        to: who is asked.
        texts: language to questions.
        at: the time of asking, as a time text.
        where: address of the service.
    """
    words = "\n\n".join(texts[lang].strip() for lang in LANGUAGES if texts.get(lang, "").strip())
    lodged = [one["entry"] for one in trail["log"] if one["what"] == "allegation"]
    body: dict[str, Any]
    if by == DESK:
        known = [*lodged, *(one["entry"] for one in trail["log"] if one["what"] == "evidence")]
        kind, body = "answer", {"text": words, "to": known[0] if known else 1}
    else:
        kind, body = "act", {"act": "request", "at": at, "of": report["id"], "to": to, "value": words}
        body |= {"about": [f"entry-{index}" for index in lodged]} if lodged else {}
    lines = (
        f"truceline submit {where} --type {kind} --by {by} --body request.json -o request.entry",
        f"truceline send {where} request.entry",
    )
    return Statement(kind, by, json.dumps(body, ensure_ascii=False, indent=2), lines)
