"""What does the screen of the agreement show? Words beside terms, who signed what when, who holds which text.

Values that the interface told come in, values for the template go out. Nothing is decided and nothing is left out: a
term without words says so, and a wording in another language than that of the page is marked with its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from truceline.report.agreement_terms import Named, Reader, Row
from truceline.report.language import LANGUAGES, Words
from truceline.span import parse_instant

Told = Mapping[str, Any]
"""What the interface answered, or a part of it."""

OWN_LISTS: Final = ("state", "side")
"""Kinds of actor of which it is told who signed, where the text has no guarantors."""


@dataclass(frozen=True)
class Said:
    """A text in one language.

    Attributes:
        lang: its language; empty where there is none.
        is_foreign: it is another language than the page's.
    """

    lang: str
    text: str
    is_foreign: bool = False


@dataclass(frozen=True)
class Clause:
    """A term as it is shown.

    Attributes:
        told: as the interface told it.
        said: its words; `others`: its words in the other languages.
        bearing, limits: the term as data, field by field: who, what, towards whom; and the rest.
        zones: ids of the zones that it is about and that are drawn, beside those in which it holds.
        state: see `desk.views.standing.STATES`; `since`, `until`: UTC seconds, None where not known.
    """

    told: Told
    said: Said
    others: tuple[Said, ...]
    bearing: tuple[Row, ...]
    limits: tuple[Row, ...]
    zones: tuple[str, ...]
    state: str
    since: int | None
    until: int | None
    versions: tuple[Mapping[str, Any], ...] = ()

    @property
    def is_bare(self) -> bool:
        """Whether it has no words of its own: the term as data is all there is."""
        return not self.said.lang and not self.told["withheld"]


@dataclass(frozen=True)
class Part:
    """The terms of one document of the bundle, in the order of the text; `told` is None for those of no document."""

    told: Told | None
    clauses: tuple[Clause, ...]


def named_of(agreement: Told, terms: Told) -> Named:
    """What the ids of a text are called."""
    return Named(
        {one["id"]: one["names"] for one in agreement["parties"]},
        {one["id"]: one["names"] for one in agreement["zones"]},
        frozenset(one["id"] for one in terms["terms"]),
        {one["id"]: one["title"] for one in terms["instruments"]},
        frozenset(terms["words"]),
    )


def actors_named(agreement: Told) -> Named:
    """What the actors and zones of a text are called, where its terms are not looked at."""
    return Named(
        {one["id"]: one["names"] for one in agreement["parties"]},
        {one["id"]: one["names"] for one in agreement["zones"]}, frozenset(one["id"] for one in agreement["terms"]), {},
    )  # fmt: skip


def said_in(texts: Mapping[str, str], lang: str) -> Said:
    """The words in a language, else in the first there are."""
    for one in (lang, *LANGUAGES, *sorted(texts)):
        if texts.get(one):
            return Said(one, texts[one], one != lang)
    return Said("", "")


def parts_of(agreement: Told, terms: Told, drawn: Iterable[str], words: Words) -> tuple[Part, ...]:
    """The terms by document, in the order in which the documents first speak.

    Args:
        agreement: as the interface told it.
        terms: its terms as data.
        drawn: ids of zones of which there is a drawing.
        words: of the language of the page.
    """
    reader = Reader(words, named_of(agreement, terms))
    known = frozenset(drawn)
    found: dict[str, list[Clause]] = {}
    for one in terms["terms"]:
        found.setdefault(one["instrument"] or "", []).append(clause_of(one, reader, known))
    documents = {one["id"]: one for one in terms["instruments"]}
    order = sorted(found, key=lambda key: not key)  # what belongs to no document comes last
    return tuple(Part(documents.get(key), tuple(found[key])) for key in order)


def clause_of(one: Told, reader: Reader, drawn: frozenset[str]) -> Clause:
    """One term as it is shown."""
    lang, stands = reader.words.lang, one["stands"]
    said = said_in(one["text"], lang)
    others = tuple(Said(key, text, True) for key, text in one["text"].items() if key != said.lang and text)
    versions = tuple(
        {**version, "rows": _version_rows(version, reader), "said": _version_said(version, lang)}
        for version in one["versions"]
    )
    return Clause(
        one, said, others, tuple(reader.bearing(one)), tuple(reader.limits(one)),
        tuple(zone for zone in _cleared(one["body"]) if zone in drawn), stands["state"], second(stands["from"]),
        second(stands["until"]), versions,
    )  # fmt: skip


def zones_of(agreement: Told, terms: Told) -> list[dict[str, Any]]:
    """The zones, each with every term that speaks of it: also those that ask for something to be withdrawn from it."""
    cleared: dict[str, list[str]] = {}
    for one in terms["terms"]:
        for zone in _cleared(one["body"]):
            cleared.setdefault(zone, []).append(one["id"])
    return [{**zone, "terms": [*zone["terms"], *cleared.get(zone["id"], [])]} for zone in agreement["zones"]]


def _cleared(body: Told) -> list[str]:
    do = body.get("do")
    return [str(do["of"])] if isinstance(do, Mapping) and "of" in do else []


def _version_rows(version: Told, reader: Reader) -> list[Row]:
    say = reader.words.say
    found: list[Row] = []
    if version.get("absent") is True:
        found.append((str(say("Clause")), say("missing in this version")))
    for key, label in (("is", say("Means")), ("from", say("From")), ("until", say("Until")), ("while", say("While")),
                       ("by", say("By when")), ("within", say("Within")), ("on", say("Set going by"))):  # fmt: skip
        if version.get(key) is not None:
            found.append((str(label), reader.condition(version[key])))
    return found


def _version_said(version: Told, lang: str) -> Said:
    given = version.get("text")
    return said_in(given if isinstance(given, Mapping) else {"en": str(given or "")}, lang)


def second(text: str | None) -> int | None:
    """A UTC text of the interface as a second."""
    return None if text is None else parse_instant(text, "UTC")


# -- who signed what when ----------------------------------------------------------------------------------------------


def signatures_of(entries: Sequence[Told], agreement: Told, keys: Sequence[Told]) -> dict[str, Any]:
    """Texts and wordings in the order of the record, with who signed each; and for each party what it signed.

    Args:
        entries: of the types `agreement`, `amendment` and `wording`.
        agreement: as the interface told it.
        keys: that could sign.

    Returns:
        `rows` by the order of the record; `parties`, by id: every party that could sign or did, with its own rows.
    """
    rows = [
        {
            "entry": one["entry"], "type": one["type"], "at": second(one["known_at"]), "by": sorted(one["signed_by"]),
            "keys": one["keys"], "file": one["body"].get("file", ""), "lang": one["body"].get("lang", ""),
            "authentic": one["body"].get("is_authentic"),
            "of": one["body"].get("canonical_sha256") or one["body"].get("of", ""),
        }
        for one in sorted(entries, key=lambda one: one["entry"])
    ]  # fmt: skip
    own = _signing_kinds(agreement)
    signing = {party for row in rows for party in row["by"]} | {one["party"] for one in keys}
    parties = [
        {
            "party": party,
            "rows": [row for row in rows if party in row["by"]],
            "keys": [one for one in keys if one["party"] == party],
        }
        for party in sorted(own | signing)
    ]
    return {"rows": rows, "parties": [one for one in parties if one["rows"] or one["keys"] or one["party"] in own]}


def _signing_kinds(agreement: Told) -> set[str]:
    """Of whom it is told whether they signed, also where they did not: the guarantors, else states and sides."""
    kinds = {one["id"]: one["kind"] for one in agreement["parties"]}
    guarantors = {key for key, kind in kinds.items() if kind == "guarantor"}
    return guarantors or {key for key, kind in kinds.items() if kind in OWN_LISTS}


# -- who holds which text ----------------------------------------------------------------------------------------------


def held_of(told: Told) -> dict[str, Any]:
    """Which text each party holds, as a table: a row for each text, a column for each party, by id."""
    parties = sorted(told["parties"], key=lambda one: one["party"])
    cells = {(one["party"], row["version"]): row for one in parties for row in one["holds"]}
    return {
        "parties": [one["party"] for one in parties],
        "rows": [
            {**version, "cells": [cells[one["party"], version["version"]] for one in parties]}
            for version in told["versions"]
        ],
        "differing": sorted(told["differing"].items()), "in_force": told["in_force"],
    }  # fmt: skip


def authentic_of(wordings: Sequence[Told]) -> Callable[[str], bool]:
    """Whether the words of a language were signed as authentic."""
    known = frozenset(one["lang"] for one in wordings if one["authentic"])
    return lambda lang: lang in known


# -- open words --------------------------------------------------------------------------------------------------------


def open_words_of(terms: Told, named: Named, words: Words) -> list[dict[str, Any]]:
    """The words that the text leaves open: their readings, and the terms that hang on each."""
    reader = Reader(words, named)
    found = []
    for key, made in sorted(terms["words"].items()):
        one = made if isinstance(made, Mapping) else {"readings": [made]}
        readings = one.get("readings") or []
        found.append({
            "id": key, "text": one.get("text", ""), "adopted": one.get("adopted", "none"),
            "readings": [(_reading_name(value), reader.condition(_unnamed(value))) for value in readings],
            "terms": [one["id"] for one in terms["terms"] if _names(one["body"], key) or _names(one["versions"], key)],
        })  # fmt: skip
    return found


def _reading_name(value: Any) -> str:  # noqa: ANN401  # plain values
    return str(value.get("name", "")) if isinstance(value, Mapping) else ""


def _unnamed(value: Any) -> Any:  # noqa: ANN401  # plain values
    if not isinstance(value, Mapping):
        return value
    rest = {key: one for key, one in value.items() if key not in ("name", "source", "note")}
    return rest["is"] if set(rest) == {"is"} else rest


def _names(value: Any, word: str) -> bool:  # noqa: ANN401  # plain values
    """Whether plain values name a word, somewhere."""
    if isinstance(value, Mapping):
        return any(_names(one, word) for key, one in value.items() if key not in ("note", "source", "tag"))
    if isinstance(value, list | tuple):
        return any(_names(one, word) for one in value)
    return bool(value == word)


# -- what changed between two texts ------------------------------------------------------------------------------------


def changes_of(told: Told, terms: Told, agreement: Told, words: Words, page: str) -> dict[str, Any]:
    """What changed, for the template: words by clause, parts field by field, consequences.

    Args:
        told: as the interface told it.
        terms: the terms as data, for their names.
        agreement: as the interface told it.
        words: of the language of the page.
        page: address of the text.
    """
    reader = Reader(words, named_of(agreement, terms), page)
    return {
        "same": told["same"], "words": _by_clause(told["words"]),
        "parts": [
            {
                **part,
                "fields": [
                    {
                        **one, "label": reader.label(one["field"]) if part["part"] == "term" else None,
                        "was": _field(one["old"], one["field"], part["part"], reader),
                        "now": _field(one["new"], one["field"], part["part"], reader),
                    }
                    for one in part["fields"]
                ],
            }
            for part in told["parts"]
        ],
        "consequences": told["consequences"],
    }  # fmt: skip


def _by_clause(rows: Sequence[Told]) -> list[tuple[str, list[Told]]]:
    """Clauses in their order, each with its languages."""
    found: dict[str, list[Told]] = {}
    for one in rows:
        found.setdefault(one["term"], []).append(one)
    return list(found.items())


def _field(value: Any, name: str, part: str, reader: Reader) -> Markup | None:  # noqa: ANN401  # plain values
    """A field as a person would say it, where it is one of a term; else as it stands."""
    if value is None:
        return None
    return reader.field(name, value) if part == "term" else reader.plain(value)
