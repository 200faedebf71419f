"""What does the text say, clause by clause, in one language? Canonical bytes and their hash, the same everywhere.

One clause a paragraph, in the order of the file, by its id. A clause that has no wording in the language is shown in
one it has, marked with it: nothing is left out, and nothing is translated. Withheld text is shown as withheld. UTF-8,
NFC, LF. Marks in square brackets are the same in every language, so that two readers compare the same bytes.

Source: Unicode UAX 15 (NFC); UAX 9 for the marks that are dropped.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from truceline.agreement.model import Agreement, Term
from truceline.canon import sha256

FIRST = ("en", "ar", "ru")
"""Languages in which a clause is looked for when it is not there in the language asked for; then any other, by name."""

WITHHELD, UNWORDED, VERSION = "withheld", "no wording", "version"
_TURNS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Marks that turn the text behind them round: they could show another text than the one that is hashed."""


@dataclass(frozen=True)
class Clause:
    """One clause as it is shown.

    Attributes:
        lang: of the wording shown; empty where none is shown.
        text: the wording; empty where there is none.
        is_withheld: its text was never published.
        source: where it is read.
        tag: how well it is known.
        line: of the file.
        versions: published versions of the clause that differ: name, source and wording of each.
    """

    id: str
    kind: str
    lang: str
    text: str
    is_withheld: bool
    source: str
    tag: str
    line: int
    versions: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Wording:
    """The canonical text in one language.

    Attributes:
        text: all of it, each line ended by LF.
        missing: ids of the clauses that are shown in another language.
    """

    lang: str
    title: str
    clauses: tuple[Clause, ...]
    text: str

    @property
    def data(self) -> bytes:
        """The bytes that are hashed."""
        return self.text.encode("utf-8")

    @property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return sha256(self.data)

    @property
    def missing(self) -> tuple[str, ...]:
        """Ids of the clauses that are shown in another language."""
        return tuple(c.id for c in self.clauses if c.lang and c.lang != self.lang)


def wording(agreement: Agreement, lang: str) -> Wording:
    """The canonical text of an agreement in a language.

    Args:
        agreement: the text.
        lang: such as `en`, `ar`, `ru`; any language that a clause may have.
    """
    title_lang, title = chosen(agreement.title, lang)
    clauses = tuple(_clause(term, lang) for term in agreement.terms.values())
    heads = [_marked(title, title_lang, lang), f"[{agreement.id}] [{lang}]"]
    lines = [*heads, *([f"[{cleaned(agreement.text_status)}]"] if agreement.text_status else [])]
    for clause in clauses:
        lines += ["", *_lines(clause, lang)]
    return Wording(lang, title, clauses, "".join(f"{line}\n" for line in lines))


def languages(agreement: Agreement) -> tuple[str, ...]:
    """Languages in which the title or some clause is written, in a fixed order."""
    found = set(agreement.title).union(*(term.text for term in agreement.terms.values()))
    return tuple(sorted(found, key=_rank))


def chosen(texts: Mapping[str, str], lang: str) -> tuple[str, str]:
    """The language shown and its text: the one asked for, else the first there is; both empty where there is none."""
    for one in (lang, *sorted(texts, key=_rank)):
        if cleaned(texts.get(one, "")):
            return one, cleaned(texts[one])
    return "", ""


def cleaned(text: str) -> str:
    r"""A wording in its one form: NFC, single blanks, no control characters, nothing that turns text round.

    >>> cleaned("cafe\u0301\n  opens\u202e")
    'café opens'
    """
    plain = unicodedata.normalize("NFC", text.translate(_TURNS))
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in plain).split())


def _rank(lang: str) -> tuple[int, str]:
    return (FIRST.index(lang) if lang in FIRST else len(FIRST), lang)


def _clause(term: Term, lang: str) -> Clause:
    shown, text = ("", "") if term.is_withheld else chosen(term.text, lang)
    return Clause(
        id=term.id, kind=term.kind, lang=shown, text=text, is_withheld=term.is_withheld, source=cleaned(term.source),
        tag=cleaned(term.tag), line=term.line, versions=tuple(_version(one, lang) for one in term.versions),
    )  # fmt: skip


def _version(one: Mapping[str, Any], lang: str) -> tuple[str, str, str]:
    given = one.get("text")
    shown, text = chosen(given if isinstance(given, dict) else {"en": str(given or "")}, lang)
    return cleaned(str(one.get("name", ""))), cleaned(str(one.get("source", ""))), _marked(text, shown, lang)


def _lines(clause: Clause, lang: str) -> list[str]:
    if clause.is_withheld:
        said = f"[{WITHHELD}]"
    else:
        said = _marked(clause.text, clause.lang, lang) if clause.text else f"[{UNWORDED}: {clause.kind}]"
    known = [part for part in (clause.source, clause.tag) if part]
    versions = [f"    [{' · '.join(part for part in (VERSION, *one[:2]) if part)}] {one[2]}" for one in clause.versions]
    return [f"{clause.id}. {said}", *([f"    [{' · '.join(known)}]"] if known else []), *(v.rstrip() for v in versions)]


def _marked(text: str, shown: str, lang: str) -> str:
    return text if shown == lang or not shown else f"{text} [{shown}]"
