"""What does somebody see who reports? Pages in three languages that need no script, and load nothing from anywhere.

Each is one file: its style sheet is in it, so that a slow telephone asks once and a network sees no more than that. The
policy of the answer names that style sheet by its hash and allows nothing else. What somebody wrote is shown again
where it was refused; how he is reached never is.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from markupsafe import Markup

from truceline.report.language import Words, plain
from truceline.report.opened import text_of
from truceline.report.page import LAW
from truceline.report.served import OWN_NAMES, templates

FIELDS: Final = ("words", "act", "place", "time")
"""What is shown again when a report was refused."""


_MARKS: Final = "\u2066\u2067\u2069"


@dataclass(frozen=True)
class Limits:
    """How much a form takes: letters of words and of short fields, files, and MB of each."""

    words: int
    short: int
    files: int
    mib: int


@dataclass(frozen=True)
class Offered:
    """What a form offers: codes of acts and of uses, in their order."""

    acts: Sequence[str]
    uses: Sequence[str]


@dataclass(frozen=True)
class Meant:
    """One answer to the question about place and time.

    Attributes:
        place: in words; empty = none was understood.
        when: a time text; empty = none was.
        precision: of that time.
    """

    place: str
    when: str
    precision: str


@dataclass(frozen=True)
class Refused:
    """Why a report was refused, and what stood in it.

    Attributes:
        why: a sentence; empty = nothing was sent yet.
        given: fields of `FIELDS`, and `consent`: codes of uses.
    """

    why: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)


def form_page(words: Words, limits: Limits, offered: Offered, refused: Refused, host: str = "") -> str:
    """The form.

    Args:
        words: of its language.
        limits: how much it takes.
        offered: what can be chosen.
        refused: why one was refused, and what stood in it.
        host: where a copy that somebody keeps sends to, such as `https://case.example`; empty = a page of the service.
    """
    blank: dict[str, Any] = {**dict.fromkeys(FIELDS, ""), "consent": ()}
    return _page(
        "form", words, "" if host else "/report", words.say("Report what happened"), why=refused.why,
        given={**blank, **refused.given}, acts=[(one, act_name(words, one)) for one in offered.acts],
        uses=[(one, use_name(words, one)) for one in offered.uses], limits=limits, host=host,
    )  # fmt: skip


def received_page(words: Words, receipt: str, options: Sequence[Meant], tz: str) -> str:
    """The receipt, and the question about place and time, on the clock of a zone."""
    shown = [(words.apart(one.place) if one.place else "", when_said(words, one, tz)) for one in options]
    return _page("received", words, "", words.say("Your report has arrived"), receipt=receipt, options=shown)


def thanks_page(words: Words) -> str:
    """What follows an answer, whatever it was the answer to."""
    return _page("thanks", words, "/report", words.say("Thank you"))


def follow_page(words: Words, told: str = "", more: str = "") -> str:
    """The form for receipts, with what the last one told.

    Args:
        words: of its language.
        told: the state, or what was done; empty = nothing was asked.
        more: what has to be known besides.
    """
    return _page("follow", words, "/intake/follow", words.say("Follow your report"), told=told, more=more)


def followed_page(words: Words, state: str, done: str) -> str:
    """What a receipt told, and what was done.

    Args:
        words: of the language.
        state: as `state_name` has it.
        done: `withdrawn`, `deleted`, or empty.
    """
    if done == "deleted":
        more = words.say("What the record holds already stays in it; from the next batch on only its keepers see it.")
        return follow_page(words, words.say("Your report is deleted"), more)
    if done == "withdrawn":
        return follow_page(words, words.say("Your consent is withdrawn"), state_name(words, state))
    return follow_page(words, state_name(words, state))


@lru_cache(maxsize=1)
def policy() -> str:
    """What a browser may do with these pages: wear their own style sheet, and send their forms here, by script too."""
    digest = base64.b64encode(hashlib.sha256(text_of("intake.css").encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


def _page(name: str, words: Words, here: str, title: str, **values: Any) -> str:  # noqa: ANN401  # what templates read
    return templates().get_template(f"intake-{name}.html.j2").render(
        words=words, say=words.say, here=here, title=title, bare=plain(title), law=words.say(LAW),
        style=Markup(text_of("intake.css")), languages=list(OWN_NAMES.items()), **values,  # noqa: S704  # a file of ours
    )  # fmt: skip


# -- names -------------------------------------------------------------------------------------------------------------


def act_name(words: Words, act: str) -> str:
    """An act in words that a witness uses."""
    return {
        "shelling": words.say("Shelling: mortars, rockets, artillery"), "air-strike": words.say("An air strike"),
        "small-arms": words.say("Shooting"), "ground-attack": words.say("An attack on the ground"),
        "arson": words.say("Buildings or crops set on fire"), "detain": words.say("People taken away"),
        "obstruct": words.say("Aid or people stopped on their way"),
        "deny-access": words.say("Somebody was not let in"),
        "sexual-violence": words.say("Sexual violence"), "against-children": words.say("Harm to a child"),
    }[act]  # fmt: skip


def use_name(words: Words, use: str) -> str:
    """A use that somebody can consent to."""
    return {
        "share": words.say("To the parties of the agreement: the time, the town and what it was"),
        "publish": words.say("To everybody: the day, the town and what it was"),
        "refer": words.say("To a court or an inquiry"),
    }[use]


def why_refused(words: Words, status: int, limits: Limits) -> str:
    """Why a report was refused, by the status of the answer."""
    return {
        413: words.say("What you sent is too large: choose fewer or smaller files."),
        415: words.say("Only photos, videos and recordings are taken."),
        503: words.say("Reports cannot be taken in at this moment. Try again later."),
    }.get(status, words.say(
        "Say what happened, in at most {n} letters, and choose at most {files} files.", n=limits.words,
        files=limits.files,
    ))  # fmt: skip


def state_name(words: Words, state: str) -> str:
    """What a receipt tells, in words; empty = it is none."""
    return {
        "received": words.say("Received"), "under review": words.say("Under review"),
        "included in a batch": words.say("Included in a batch of the record"), "closed": words.say("Closed"),
        "": words.say("Nothing is kept under this receipt"),
    }[state]  # fmt: skip


def when_said(words: Words, meant: Meant, tz: str) -> Markup:
    """A time that was understood; empty where none was."""
    day, _, clock = meant.when.partition("T")
    said = {
        "hour": words.say("{day}, {clock} on the clock of {tz}", day=day, clock=clock, tz=tz),
        "morning": words.say("{day}, in the morning", day=day),
        "afternoon": words.say("{day}, in the afternoon", day=day),
        "evening": words.say("{day}, in the evening", day=day), "night": words.say("{day}, at night", day=day),
    }  # fmt: skip
    return said.get(meant.precision, words.apart(day)) if day else Markup()


# -- by telephone ------------------------------------------------------------------------------------------------------


class Spoken:
    """Sentences of one language as plain text, for a small screen that may not know marks of direction.

    What is not in the language of the sentence, such as a time or a receipt, stands on a line of its own: that keeps
    2016-02-28 from being shown as 28-02-2016 behind Arabic words.
    """

    def __init__(self, lang: str) -> None:
        """Take a language."""
        self._words = Words(lang)

    def received(self, receipt: str, options: Sequence[Meant]) -> str:
        """A report arrived: its receipt, and the question about place and time."""
        lines = [self.say("Your report has arrived. Keep this receipt secret:"), receipt]
        if options:
            lines.append(self.say("Did you mean this place and time?"))
        for number, one in enumerate(options, 1):
            when = one.when.replace("T", " ") if one.precision == "hour" else self._when(one)
            lines += [f"{number}) {one.place}".rstrip(), *([when] if one.when else [])]
        if options:
            lines.append(self.say("Send the number, or 0 if none is right."))
        return "\n".join(lines)

    def thanks(self) -> str:
        """A number came, whatever it answers."""
        return self.say("Thank you. If your answer belongs to a question of ours, it is noted.")

    def help(self) -> str:
        """What came is no report."""
        return self.say("To report, send in one message: what happened, where, and when.")

    def full(self) -> str:
        """It cannot be taken in now."""
        return self.say("Your report cannot be taken in at this moment. Send it again later.")

    def too_long(self) -> str:
        """It is too long."""
        return self.say("Your message is too long. Send a shorter one.")

    def _when(self, meant: Meant) -> str:
        """A day, or a part of one, without marks of direction."""
        return "".join(c for c in plain(when_said(self._words, meant, "")) if c not in _MARKS)

    def say(self, text: str) -> str:
        """A sentence, as plain text."""
        return self._words.say(text).unescape()
