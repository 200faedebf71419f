"""What stands around every screen? Who looks at which case, as known when, in which language; where to go from there.

A screen is a template `screen-NAME.html.j2` inside the shell. Values only: what a reader may see was settled before.
Every state of a screen is an address: language and *as known at* stay in each link until somebody changes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup

from truceline.report.language import LANGUAGES, Words, plain
from truceline.report.map import CLASSES
from truceline.report.page import LAW
from truceline.report.served import FILES, OWN_NAMES, frame, templates
from truceline.verdict import NO, UNKNOWN, YES

KEPT: Final = ("lang", "known_at")
"""What of an address goes along from screen to screen."""


@dataclass(frozen=True)
class Shell:
    """Everything around a screen.

    Attributes:
        words: of its language.
        path: of this screen, such as `/ledger`.
        query: of this screen, name and value in turn, without the language.
        case: title by language.
        doors: screens that whoever looks may open: path and English name, in order.
        role: one of `group.ROLES`; `party`: for whom it speaks, empty = for nobody; `label`: of the account.
        names: of that party by language.
        csrf: what a page says beside every change; empty = nobody is signed in.
        is_demo: a demonstration, in which everybody may take every role.
        index: of the newest entry that the answers know of; None = nothing was worked out yet.
        at: UTC second of that entry.
        known_at: as which time or entry was asked for; empty = the newest.
    """

    words: Words
    path: str
    query: tuple[tuple[str, str], ...] = ()
    case: Mapping[str, str] = field(default_factory=dict)
    doors: Sequence[tuple[str, str]] = ()
    role: str = "public"
    party: str = ""
    label: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    csrf: str = ""
    is_demo: bool = False
    index: int | None = None
    at: int = 0
    known_at: str = ""

    def link(self, path: str, **query: object) -> str:
        """The address of a screen: language and *as known at* go along; None takes a name out."""
        asked: dict[str, object] = {"lang": self.words.lang, "known_at": self.known_at or None, **query}
        said = [(name, value) for name, value in asked.items() if value is not None]
        return f"{path}?{urlencode(said, doseq=True)}" if said else path

    def again(self, **query: object) -> str:
        """The address of this screen with some of its query otherwise; None takes a name out."""
        asked: dict[str, object] = {}
        for name, value in self.query:
            asked.setdefault(name, []).append(value)  # type: ignore[attr-defined]  # lists of our own making
        return self.link(self.path, **{**asked, **query})

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a form of this page has to say beside its own fields."""
        known = [("known_at", self.known_at)] if self.known_at else []
        return [("lang", self.words.lang), *known]


def screen(
    shell: Shell, name: str, title: str, values: Mapping[str, Any], *, scripts: Sequence[str] = (),
    downloads: Sequence[tuple[str, str]] = (), is_wide: bool = False, has_known_at: bool = True,
) -> str:  # fmt: skip
    """A whole page: a screen inside the shell.

    Args:
        shell: around it.
        name: of its template, `screen-NAME.html.j2`.
        title: of the page, in its language, without elements.
        values: what the template reads beside words and shell.
        scripts: names of files.
        downloads: of exactly what is on the screen: label in the language of the page, and address.
        is_wide: the screen takes the whole width.
        has_known_at: the screen can be asked for as known at another time.
    """
    words, common = shell.words, _common(shell)
    found = templates()
    body = Markup(found.get_template(f"screen-{name}.html.j2").render({**common, "title": title, **values}))  # noqa: S704  # autoescaped
    others = [(lang, OWN_NAMES[lang]) for lang in LANGUAGES if lang != words.lang]
    doors = [(path, words.word("screen", door), _is_open(shell.path, path, shell.doors)) for path, door in shell.doors]
    return found.get_template("shell.html.j2").render(
        **common, title=title, body=body, law=words.say(LAW), scripts=scripts, others=others, doors=doors,
        case=plain(words.name(shell.case)), downloads=downloads, is_wide=is_wide, has_known_at=has_known_at, name=name,
    )  # fmt: skip


def piece(shell: Shell, name: str, values: Mapping[str, Any]) -> str:
    """A part of a screen, for a script that puts it into the page: the template `NAME.html.j2` alone."""
    return templates().get_template(f"{name}.html.j2").render({**_common(shell), **values})


def _common(shell: Shell) -> dict[str, Any]:
    """What every template of a screen reads."""
    words = shell.words
    return {
        "words": words, "say": words.say, "word": words.word, "count": words.count, "shell": shell, "link": shell.link,
        "again": shell.again, "looks": CLASSES, "YES": YES, "UNKNOWN": UNKNOWN, "NO": NO, "files": FILES,
    }  # fmt: skip


def refused(words: Words, status: int, title: str, detail: str) -> str:
    """A whole page that says why there is none: for people what a problem is for programs."""
    view = {"words": words, "say": words.say, "status": status, "title": title, "detail": detail}
    body = Markup(templates().get_template("refused.html.j2").render(view))  # noqa: S704  # autoescaped
    return frame(words, title, body)


def _is_open(path: str, door: str, doors: Sequence[tuple[str, str]]) -> bool:
    """Whether this screen lies behind a door: of several that fit, behind the longest."""
    fits = [one for one, _ in doors if path == one or (one != "/" and path.startswith(f"{one}/"))]
    return bool(fits) and max(fits, key=len) == door
