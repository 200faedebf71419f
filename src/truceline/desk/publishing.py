"""What does one step of the publication path say? Its stage, what it is about, its words; and what is no step at all.

Whether a step may be taken now, and by whom, `desk.publication` knows. Source: docs/adr/0019-publication.md.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from truceline.agreement.model import Agreement
from truceline.errors import InputError, SubmissionError, quoted
from truceline.span import parse_instant

PUBLICATION = "publication"
DRAFT, COMMENT, JOINT, PUBLIC, WITHHELD, LIFTED = STAGES = (
    "draft", "comment", "joint", "public", "withheld", "lifted",
)  # fmt: skip

CODES = ("safety", "consent", "talks", "inquiry", "facts")
"""Why a finding is withheld: somebody would be in danger; those who spoke do not consent; it would end talks; an
inquiry goes on; the facts are looked into again."""

MOST_TEXT = 20_000
MOST_ABOUT = 64
"""Entries that one step names: a log waits for nobody longer."""

_FIELDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    COMMENT: (("of", "about", "to", "body"), ("text", "until")),
    JOINT: (("of",), ()),
    PUBLIC: (("of",), ("about", "texts")),
    WITHHELD: (("of", "code", "reason"), ("about",)),
    LIFTED: (("of", "reason"), ("about", "texts")),
}
"""What an open step says: the fields that it needs, and those it may have."""


class Publication(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step of the publication path; the body of a draft is sealed, every other is open.

    Attributes:
        stage: one of `STAGES`.
        of: index of the draft that began the matter.
        about: indexes of entries: of a comment what the draft is about, else what becomes public or is withheld.
        body: who decides: an actor of the text, whose members sign as it decides.
        code: why it is withheld, one of `CODES`; `reason`: in words.
        text: of a comment, index of the draft that is transmitted, where it is a newer one than `of`.
        texts: language to words: of a draft its text, else a summary that goes with it.
        to: the parties concerned.
        until: time text: remarks are waited for until then, and never less long than the text of the agreement says.
    """

    stage: str
    of: int = 0
    about: tuple[int, ...] = ()
    body: str = ""
    code: str = ""
    reason: str = ""
    text: int = 0
    texts: dict[str, str] = {}
    to: tuple[str, ...] = ()
    until: str = ""


def check_publication(one: Publication, text: Agreement) -> None:
    """Refuse what is no open step, by itself.

    Raises:
        SubmissionError: no such stage, a field too many or too few, no such actor, a time that is none.
    """
    if one.stage not in _FIELDS:
        why = "a draft is sealed for the parties concerned" if one.stage == DRAFT else "no such stage"
        raise SubmissionError(f"`stage`: expected one of {', '.join(_FIELDS)}, got {quoted(one.stage)}: {why}")
    needed, more = _FIELDS[one.stage]
    for name in one.__struct_fields__:
        if name in needed and not getattr(one, name):
            raise SubmissionError(f"`{name}`: a step to {one.stage} needs it")
        if name not in ("stage", *needed, *more) and getattr(one, name):
            raise SubmissionError(f"`{name}`: a step to {one.stage} has none")
    for name, ids in (("to", one.to), ("body", (one.body,) if one.body else ())):
        unknown = [party for party in ids if party not in text.parties]
        if unknown or len(set(ids)) < len(ids):
            raise SubmissionError(f"`{name}`: expected actors of the text, each once, got {quoted(', '.join(ids))}")
    if one.code and one.code not in CODES:
        raise SubmissionError(f"`code`: expected one of {', '.join(CODES)}, got {quoted(one.code)}")
    if len(set(one.about)) < len(one.about) or len(one.about) > MOST_ABOUT:
        raise SubmissionError(f"`about`: expected each entry once, {MOST_ABOUT} at the most")
    check_texts(one.texts)
    until_of(one, text.tz)


def check_texts(texts: Mapping[str, str]) -> None:
    """Refuse words in no language, or too many.

    Raises:
        SubmissionError: a key that is no language, or a text that is empty or too long.
    """
    for lang, words in texts.items():
        if not (2 <= len(lang) <= 3 and lang.isascii() and lang.islower()) or not 0 < len(words) <= MOST_TEXT:
            raise SubmissionError(f"`texts`: expected a language such as `en`, and 1 to {MOST_TEXT} characters")


def until_of(one: Publication, tz: str) -> int:
    """The deadline that a comment names; 0 = none."""
    try:
        return parse_instant(one.until, tz) if one.until else 0
    except InputError as error:
        raise SubmissionError(f"`until`: {error.faults[0]}") from None


def said_of(body: object) -> Publication:
    """What a step says.

    Raises:
        SubmissionError: its body is none of a publication.
    """
    try:
        return msgspec.convert(body, Publication)
    except msgspec.ValidationError as error:
        raise SubmissionError(f"`body`: {error}") from None
