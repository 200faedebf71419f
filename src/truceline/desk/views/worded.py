"""What is asked of the words of a case, of one state of its record, as somebody sees it? The workroom's questions.

Claims are no evidence: nothing here is given to what judges. Whoever asks is told no claim that came by a report which
it is not shown, none on an entry that it may not read, and of acts no more than the lists tell it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from truceline.assess.followed import followed
from truceline.desk.acts_told import (
    AskedIndicators,
    AskedTimeline,
    followed_row,
    followed_shown,
    indicators_shown,
    later_of,
    start_of,
    timeline_shown,
)
from truceline.desk.first_told import AskedFirst, who_first_shown
from truceline.desk.judged import judged_of
from truceline.desk.lists import safe_id
from truceline.desk.runs import Outcome
from truceline.desk.statements_told import Asking, Lens, claim_row, claims_of_day, claims_shown, log_shown, seen
from truceline.desk.words import Words, words_of_case
from truceline.span import DAY_S, civil_day, parse_instant
from truceline.store.case import Case


@dataclass(frozen=True)
class WordsDesk:
    """What a question is answered from.

    Attributes:
        words: of the case.
        lens: who looks.
        outcome: what was judged.
        watched: gives the coverage of some civil days, from a first one on.
    """

    words: Words
    lens: Lens
    outcome: Outcome
    watched: Callable[[date, int], Mapping[str, Any]]


def words_held(case: Case, outcome: Outcome, known: int) -> Words:
    """The claims of a case, as its first `known` entries have them."""
    return words_of_case(case, outcome.bench, [part.table for part in outcome.evidence], known)


def _claims(desk: WordsDesk, asking: Asking) -> dict[str, Any]:
    return claims_shown(desk.words, desk.lens, asking)


def _claim(desk: WordsDesk, key: str) -> dict[str, Any] | None:
    """One claim with what came of it; None = there is none, or it is not shown."""
    claim = next((one for one in seen(desk.words, desk.lens) if safe_id(one.id) == key), None)
    if claim is None:
        return None
    later = later_of(desk.words, judged_of(desk.outcome, desk.lens), desk.lens)
    came = followed(claim, later)
    return {**claim_row(claim, desk.words, desk.lens), "followed": None if came is None else followed_row(came, later)}


def _log(desk: WordsDesk, at: int, asking: Asking) -> dict[str, Any]:
    return log_shown(desk.words, at, desk.lens, asking)


def _day(desk: WordsDesk, day: str) -> list[dict[str, Any]]:
    """The claims that can have been said, reported or due on a civil day."""
    wanted = set(claims_of_day(desk.words, day, desk.lens))
    told = claims_shown(desk.words, desk.lens, Asking(since=day, until=day))
    return [one for one in told["claims"] if one["id"] in wanted]


def _first(desk: WordsDesk, asked: AskedFirst) -> dict[str, Any]:
    return who_first_shown(judged_of(desk.outcome, desk.lens), desk.words, asked, desk.lens)


def _followed(desk: WordsDesk) -> dict[str, Any]:
    return followed_shown(desk.words, judged_of(desk.outcome, desk.lens), desk.lens)


def _timeline(desk: WordsDesk, asked: AskedTimeline) -> dict[str, Any]:
    """The timelines, and the claims of those times that stand in none: of nobody of the text."""
    told = timeline_shown(desk.words, judged_of(desk.outcome, desk.lens), asked, desk.lens)
    placed = {one["id"] for row in told["actors"] for one in row["words"]}
    claims = claims_shown(desk.words, desk.lens, Asking(since=asked.since, until=asked.until))["claims"]
    return {**told, "others": [one for one in claims if one["id"] not in placed]}


def _indicators(desk: WordsDesk, asked: AskedIndicators) -> dict[str, Any]:
    judged = judged_of(desk.outcome, desk.lens)
    tz, standing = desk.words.tz, judged.assessed.law.standing
    start = parse_instant(asked.start, tz) if asked.start else start_of(standing)
    watched = None if start is None else desk.watched(civil_day(start - asked.days * DAY_S, tz), 2 * asked.days)
    return indicators_shown(desk.words, judged, asked, desk.lens, watched)


QUESTIONS: Mapping[str, Callable[..., Any]] = {
    "claims": _claims, "claim": _claim, "log": _log, "day": _day, "first": _first, "followed": _followed,
    "timeline": _timeline, "indicators": _indicators,
}  # fmt: skip
"""Name of a question to what answers it."""
