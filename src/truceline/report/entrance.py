"""What do people see where they enter? The pages to sign in, to make a passkey, and of who is inside, in one language.

There is no password and no name to type. What the script of the page may have to say stands in the page already, so
that it is said in its language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from truceline.report.language import Words, plain
from truceline.report.served import frame, templates

SCRIPT = "passkey.js"


@dataclass(frozen=True)
class Inside:
    """Who is inside, as the page shows it.

    Attributes:
        label: the function of the account.
        role: one of `group.ROLES`.
        party: for whom it speaks; empty = for nobody.
        csrf: what the page says beside every change.
    """

    label: str
    role: str
    party: str
    csrf: str


def sign_in_page(lang: str, *, has_provider: bool = False) -> str:
    """The page to sign in."""
    words = Words(lang)
    return _page(words, plain(words.say("Sign in")), "sign-in", has_provider=has_provider)


def enrol_page(lang: str) -> str:
    """The page to make the passkey of an invitation."""
    words = Words(lang)
    return _page(words, plain(words.say("Make a passkey")), "enrol")


def inside_page(lang: str, inside: Inside) -> str:
    """The page of who is inside: confirm, or sign out."""
    words = Words(lang)
    return _page(words, plain(words.say("You are signed in")), "inside", inside=inside)


def onward_page(lang: str, to: str) -> str:
    """The page that leads on by itself: a session that has just begun is of this origin only from the next page on."""
    words = Words(lang)
    return _page(words, plain(words.say("You are signed in")), "onward", to=to)


def _page(words: Words, title: str, step: str, **values: Any) -> str:  # noqa: ANN401  # what the template reads
    view = {"words": words, "say": words.say, "word": words.word, "title": title, "step": step, "has_provider": False,
            "inside": None, "to": "", **values}  # fmt: skip
    body = Markup(templates().get_template("entrance.html.j2").render(view))  # noqa: S704  # autoescaped
    return frame(words, title, body, scripts=() if step == "onward" else (SCRIPT,), onward=view["to"])
