"""What do two sides' lists look like beside one another? One page, both sides in equal size, in one language.

Whatever belongs to a side stands in one half of a `duo`, A's in the first half and B's in the second; whoever swaps the
sides swaps the halves and changes nothing else. No colour means good or bad, no share of blame is drawn, nothing is
summed. It shows the answer of `truceline reconcile --json` and decides nothing. Values only: the template draws them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup

from truceline.report.language import Words, plain
from truceline.report.opened import environment, text_of
from truceline.report.page import LAW
from truceline.report.style import FONTS, stylesheet
from truceline.span import LONG_AGO, parse_instant, utc_text

WIDE: Final = 460.0
LEFT, RIGHT, TOP = 4.0, 4.0, 8.0
LANE, BAND = 12.0, 9.0
MOST_LANES: Final = 40
NARROWEST = 5.0
"""A band is drawn at least so wide, so that a minute is seen."""

SIDES: Final = ("a", "b")
LISTED: Final = 300
"""So many entries of a kind are listed on the page; the table that is exported has them all."""

LIGHT: Final = ("noto-sans-latin", "noto-sans-cyrillic")
"""Fonts that the page carries. One Arabic weight alone is near the 60,000 bytes of a page: its letters are the
reader's own, as every system has them."""


@dataclass(frozen=True)
class Band:
    """One entry in time; `look` is its state."""

    x: float
    y: float
    wide: float
    high: float
    look: str


@dataclass(frozen=True)
class Strip:
    """The entries of one side in time, on the scale that both share.

    Attributes:
        ticks: `(x, anchor, day)`.
        left_out: entries without a day, or for which there is no room; they stand in the lists.
    """

    bands: tuple[Band, ...]
    ticks: tuple[tuple[float, str, str], ...]
    high: float
    left_out: int


def render(answer: Mapping[str, Any], lang: str) -> str:
    """Draw the answer of `truceline reconcile --json` as one HTML file that stands alone.

    Returns:
        The whole page; the same text for the same answer and language.

    Raises:
        InputError: no such language.
    """
    words = Words(lang, str(answer["tz"]))
    shown = {"words": words, "say": words.say, "law": words.say(LAW), **view(answer, words)}
    body = Markup(_environment().get_template("reconcile.html.j2").render(shown))  # noqa: S704  # autoescaped
    return _environment().get_template("report.html.j2").render(
        words=words, title=plain(words.say("Two lists beside one another")), style=Markup(_light(stylesheet(body))),  # noqa: S704  # ours
        head=Markup(text_of("reconcile.css")), body=body,  # noqa: S704  # ours
    )  # fmt: skip


def view(answer: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """What the template of the lists reads beside the words.

    Args:
        answer: of `truceline reconcile --json`, or of `/api/v1/reconcile`.
        words: of the language.
    """
    return {
        "answer": answer, "sides": SIDES, "listed": LISTED,
        "strips": strips(answer), "names": {side: words.name(names_of(answer[side])) for side in SIDES},
        "factors": factors(words), "holds": holdings(words), "kinds": kinds(words), "checks": checks(words),
        "rules": {side: rule_words(answer["counting"]["rules"][side], words) for side in SIDES},
        "other": {"a": "b", "b": "a"}, "withheld": withheld(words),
    }  # fmt: skip


def _light(style: str) -> str:
    """A style sheet without the fonts that weigh more than the page."""
    heavy = [f"unicode-range:{letters};" for name, _, letters in FONTS if name not in LIGHT]
    return "\n".join(line for line in style.split("\n") if not any(one in line for one in heavy))


def withheld(words: Words) -> Mapping[str, Markup]:
    """Why an entry is not shown."""
    return {
        "terms": words.say("Its source forbids passing it on."),
        "consent": words.say("Nobody has consented to this use."),
        "place": words.say("Not for this reader."),
    }


def names_of(side: Mapping[str, Any]) -> Mapping[str, str]:
    """The names of a side by language; its id where it has none."""
    return {"en": str(side["party"]), **side["names"]}


def factors(words: Words) -> Mapping[str, Markup]:
    """What each thing is called on which two entries agree or differ."""
    return {
        **{code: words.word("reason", code) for code in ("place", "time", "act", "actor", "target")},
        "means": words.say("means"), "happened": words.say("whether it happened"),
        "killed": words.say("number killed"), "count": words.say("number stated"),
    }  # fmt: skip


def holdings(words: Words) -> Mapping[str, Markup]:
    """What a signed finding holds."""
    return {
        "breach": words.say("breach"), "no-breach": words.say("no breach"), "undecided": words.say("undecided"),
        "explained": words.say("explained"), "repaired": words.say("repaired"),
    }  # fmt: skip


def kinds(words: Words) -> Mapping[str, Markup]:
    """How published totals contradict one another."""
    return {
        "same period": words.say("two counts of one period"),
        "falls": words.say("a count that falls as its period grows"),
        "part over whole": words.say("a part that holds more than the whole"),
        "parts over whole": words.say("parts that together hold more than the whole"),
        "another number": words.say("a share confirmed of another number"),
    }


def checks(words: Words) -> Mapping[str, Markup]:
    """What a sum can be."""
    return {
        "ok": words.say("sums that hold"),
        "mismatch": words.say("sums that do not hold"),
        "closed by derived item": words.say("sums that hold by a part worked out from the total"),
        "cannot be decided": words.say("sums of numbers that are not exact"),
        "no breakdown": words.say("totals without parts"),
    }


def rule_words(rule: Mapping[str, Any], words: Words) -> Sequence[Markup]:
    """How a side counts, in words."""
    if not rule["stated"]:
        return [words.say("How it counts is not stated: read as one per incident, arrests counted.")]
    per = {
        "incident": words.say("one per incident"), "explosion": words.say("one per explosion"),
        "day and place": words.say("one per day and place"),
    }  # fmt: skip
    arrests = words.say("arrests not counted") if rule["arrests"] is False else words.say("arrests counted")
    return [per[rule["one_per"] or "incident"], arrests]


# -- both lists in time ------------------------------------------------------------------------------------------------


def strips(answer: Mapping[str, Any]) -> Mapping[str, Strip] | None:
    """Both lists in time on one scale; None where no entry has a day."""
    held = {side: sorted(_spans(answer, side)) for side in SIDES}
    dated = [span for side in SIDES for span in held[side] if span[0] > LONG_AGO]
    if not dated:
        return None
    first, last = min(span[0] for span in dated), max(span[1] for span in dated)
    laid = {side: _laid(held[side], first, last) for side in SIDES}
    high = TOP + LANE * max(len(lanes) for lanes, _ in laid.values()) + 22
    ticks = _ticks(first, last)
    return {
        side: Strip(tuple(band for lane in lanes for band in lane), ticks, round(high, 1), left_out)
        for side, (lanes, left_out) in laid.items()
    }


def _spans(answer: Mapping[str, Any], side: str) -> Iterable[tuple[int, int, str]]:
    """Each entry of a side that may be shown: first and last second, and its state."""
    found = [(pair[side], pair["state"]) for pair in answer["pairs"]]
    found += [(one["entry"], state) for state in ("open", "only") for one in answer[f"{state}_{side}"]]
    for entry, state in found:
        if entry is not None:
            yield _second(entry["from"]), _second(entry["until"]), state


def _second(text: str) -> int:
    return LONG_AGO if text == ".." else parse_instant(text, "UTC")


def _laid(spans: Iterable[tuple[int, int, str]], first: int, last: int) -> tuple[list[list[Band]], int]:
    """Bands in lanes, each in the first lane where it finds room; and how many find none."""
    lanes: list[list[Band]] = []
    left_out = 0
    for start, end, look in spans:
        if start <= LONG_AGO:
            left_out += 1
            continue
        x = _x(start, first, last)
        wide = max(_x(end, first, last) - x, NARROWEST)
        lane = next((i for i, held in enumerate(lanes) if held[-1].x + held[-1].wide + 1 <= x), len(lanes))
        if lane >= MOST_LANES:
            left_out += 1
            continue
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append(Band(round(x, 1), round(TOP + lane * LANE, 1), round(wide, 1), BAND, look))
    return lanes, left_out


def _x(second: int, first: int, last: int) -> float:
    return LEFT + (WIDE - LEFT - RIGHT - NARROWEST) * (second - first) / max(last - first, 1)


def _ticks(first: int, last: int) -> tuple[tuple[float, str, str], ...]:
    marks = ((first, "start"), ((first + last) // 2, "middle"), (last, "end"))
    return tuple((round(_x(at, first, last), 1), anchor, utc_text(at)[:10]) for at, anchor in marks)


# -- the template ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return environment()
