"""How is a problem told to a person? As a page that says the same, where a browser asks for one.

Programs get problems, and so does whoever asks for what is made for programs. The page tells no more than the problem.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import parse_qsl

from starlette.responses import HTMLResponse

from truceline.report.language import Words, plain
from truceline.report.served import spoken
from truceline.report.shell import refused
from truceline.web.parts import JSON, PROBLEM, ProblemResponse

FOR_PROGRAMS = ("/api", "/auth", "/feeds", "/tile", "/health", "/metrics", "/static", "/openapi.json")
"""Where no page is shown, whoever asks."""

_PAGES = ("text/html", "application/xhtml+xml")
_MOST = 1_000


def as_page(said: ProblemResponse, path: str, query: bytes, accept: str, languages: str) -> ProblemResponse:
    """A problem as whoever asked wants it.

    Args:
        said: the problem.
        path: that was asked for.
        query: likewise: it may say the language.
        accept: the header; empty = there is none.
        languages: the header Accept-Language.

    Returns:
        The problem, or a page with its status and its headers.
    """
    if any(path == one or path.startswith(f"{one}/") for one in FOR_PROGRAMS) or not wants_page(accept):
        return said
    lang = spoken(_lang_in(query), languages[:_MOST])
    page = _Page(_made(lang, said.status_code, said.title, said.detail), said.status_code, _kept(said))
    page.headers["Content-Language"] = lang
    page.headers["Vary"] = "Accept, Accept-Language"
    page.name, page.title, page.detail = said.name, said.title, said.detail
    return page


def wants_page(accept: str) -> bool:
    """Whether a page is wanted more than a problem.

    >>> wants_page("text/html,*/*;q=0.8"), wants_page("*/*"), wants_page("application/json, text/html;q=0.5")
    (True, False, False)
    """
    weights = {}
    for part in accept[:_MOST].split(","):
        name, _, rest = part.partition(";")
        weights[name.strip().lower()] = _weight(rest)
    best = max(weights.get(one, 0.0) for one in _PAGES)
    return best > max(weights.get(one, 0.0) for one in (JSON, PROBLEM))


class _Page(ProblemResponse, HTMLResponse):
    """A page in the place of a problem."""


def _weight(rest: str) -> float:
    for one in rest.split(";"):
        name, _, value = one.partition("=")
        if name.strip().lower() == "q" and value.strip().replace(".", "", 1).isdecimal():
            return float(value)
    return 1.0


def _kept(said: ProblemResponse) -> dict[str, str]:
    """The headers of a problem that are not of its own bytes."""
    return {name: value for name, value in said.headers.items() if name not in ("content-type", "content-length")}


def _lang_in(query: bytes) -> str:
    pairs = parse_qsl(query.decode("latin-1"), max_num_fields=None)
    return next((value for name, value in pairs if name == "lang"), "")


@lru_cache(maxsize=256)
def _made(lang: str, status: int, title: str, detail: str) -> str:
    words = Words(lang)
    return refused(words, status, plain(words.word("problem", title)), plain(words.word("problem", detail)))
