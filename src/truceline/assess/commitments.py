"""What came of words? Whether they were used again, which count they cite, whether a request was answered.

Each answer says on what it rests, and what is not known. An answer of nobody that this case holds is told as that:
silence proves nothing of what was said elsewhere. Only what exists in the text or on the record (a publication, a
designation) is closed-world: what is not there was not done, as known then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from truceline.agreement.model import Agreement
from truceline.evidence.aliases import key
from truceline.evidence.ledgers import Count, Sum, Total, sum_of
from truceline.evidence.sources import Sources
from truceline.evidence.statements import Claim
from truceline.span import DAY_S, FAR_AHEAD, LONG_AGO, civil_day

REUSED_DAYS: Final = 7
"""Words carried so many days after they were said are shown as used again."""

MOST_OTHERS: Final = 12

ANSWERED, UNANSWERED, UNDATED = "answered", "unanswered", "unknown"
PUBLISH, DESIGNATE = "publish:", "designate:"


@dataclass(frozen=True)
class Reuse:
    """Words that were carried long after they were said.

    Attributes:
        said: UTC second before which they were said at the latest; `reported`: when they were carried at the earliest.
        least_days: so many whole days lie in between at least.
        first_told: id of the claim that tells of the same words nearer to their time; `source`: who carried that one.
    """

    said: int
    reported: int
    least_days: int
    first_told: str = ""
    source: str = ""


def reused(one: Claim, claims: Sequence[Claim]) -> Reuse | None:
    """Whether a source carried words long after they were said, surely; None = not, or it cannot be told."""
    said, reported = one.said.until, one.reported.since
    if said is None or reported is None or reported - said < REUSED_DAYS * DAY_S:
        return None
    first = next((other for other in claims if other.id == one.same_as), None)
    told = ("", "") if first is None else (first.id, first.source)
    return Reuse(said, reported, (reported - said) // DAY_S, *told)


# -- published counts --------------------------------------------------------------------------------------------------

COUNTED: Final = ("violations", "breaches")
"""Units that count what somebody calls violations; rules of counting differ, and none is adopted here."""


@dataclass(frozen=True)
class Cited:
    """A published count that a claim cites.

    Attributes:
        by: `stated` the claim names it, `number` the same issuer gives the same number over the same time.
        others: counts over the same time, or most of it, that say otherwise; each with whether it is the same time.
    """

    total: Total
    sum: Sum
    by: str
    others: tuple[tuple[Total, bool], ...]


def cited(one: Claim, totals: Sequence[Total], sources: Sources) -> list[Cited]:
    """The published counts that a claim cites, each with what its own parts come to and what others counted.

    Args:
        one: the claim.
        totals: published counts.
        sources: who speaks through a source.
    """
    found = []
    for total in totals:
        by = "stated" if any(_names(text, total) for text in one.ledgers) else ""
        by = by or ("number" if _is_same_count(one, total, sources) else "")
        if by:
            found.append(Cited(total, sum_of(total), by, _others(total, totals)))
    return found


def _names(text: str, total: Total) -> bool:
    parts = [part.strip() for part in text.rsplit("/", 3)]
    if len(parts) != 4 or key(parts[0]) != key(total.issuer):
        return False
    return parts[1:] == [_iso(total.first), _iso(total.last), total.count.text]


def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _is_same_count(one: Claim, total: Total, sources: Sources) -> bool:
    if one.count_low is None and one.count_high is None:
        return False
    count = Count(one.count_low, one.count_high)
    if not total.count.is_exact or count.differs(total.count) or not _is_same_unit(one.unit, total.unit):
        return False
    return _is_issuer(one.speaker, total.issuer, sources) and _is_same_time(one, total)


def _is_same_unit(one: str, other: str) -> bool:
    return one == other or (one in COUNTED and other in COUNTED)


def _is_issuer(speaker: str, issuer: str, sources: Sources) -> bool:
    """Whether two names stand for one issuer: the same text, or the same two first words and the same line."""
    if key(speaker) == key(issuer):
        return bool(speaker)
    one, other = (key(text).split()[:2] for text in (speaker, issuer))
    if len(one) < 2 or one != other:
        return False
    lines = {sources.mouth(text).party for text in (speaker, issuer)} - {""}
    return len(lines) <= 1


def _is_same_time(one: Claim, total: Total) -> bool:
    """Whether a count was, or was told, in the time of the claim: one day of its period at least."""
    if total.first is None or total.last is None:
        return False
    for when in (one.due, one.said):
        if when.since is not None and when.until is not None:
            first, last = (civil_day(second, "UTC") for second in (when.since + DAY_S // 2, when.until - 1))
            return total.first <= max(first, last) and first <= total.last
    return False


def _others(total: Total, totals: Sequence[Total]) -> tuple[tuple[Total, bool], ...]:
    found = []
    for other in totals:
        if other is total or other.unit not in COUNTED or total.unit not in COUNTED:
            continue
        share = _share(total, other)
        if share is not None and other.region == total.region and other.count.differs(total.count):
            found.append((other, share == 1.0))
    found.sort(key=lambda pair: (not pair[1], pair[0].line))
    return tuple(found[:MOST_OTHERS])


def _share(one: Total, other: Total) -> float | None:
    """The share of the days of both that lies in both, where it is half of them at least; else None."""
    if one.first is None or one.last is None or other.first is None or other.last is None:
        return None
    inner = (min(one.last, other.last) - max(one.first, other.first)).days + 1
    outer = (max(one.last, other.last) - min(one.first, other.first)).days + 1
    return inner / outer if inner * 2 >= outer else None


# -- requests ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answered:
    """How it stands with a request.

    Attributes:
        state: `answered` surely, `unanswered` (in what this case holds), or `unknown` where it is not known when it was
            made, or whether the answer had been said by then.
        by: id of the claim, document or designation that answers; `how`: `reply`, `published`, `designated`.
        at: first UTC second at which the answer can have come; None = there is none, or it has no date.
        least_days, most_days: its age until the answer, or until now; None = it cannot be told.
    """

    state: str
    by: str = ""
    how: str = ""
    at: int | None = None
    least_days: int | None = None
    most_days: int | None = None


def answered(one: Claim, claims: Sequence[Claim], agreement: Agreement, at: int) -> Answered:
    """Whether a request was answered by a second, and how old it is, or was then.

    Args:
        one: the request.
        claims: all that may be told of.
        agreement: the text, with designations of the record: what is asked to be published or designated is looked
            for there.
        at: UTC second.
    """
    found = _answers(one, claims, agreement, at)
    sure = [answer for answer in found if answer.last <= at]
    first = min((answer.first for answer in found), default=at)
    last = min((answer.last for answer in sure), default=at)
    least, most = _age(one, first, last)
    if not found:
        return Answered(UNANSWERED if least is not None else UNDATED, least_days=least, most_days=most)
    told = min(sure or found, key=lambda answer: (answer.first, answer.last))
    since = told.first if told.first > LONG_AGO else None
    return Answered(ANSWERED if sure else UNDATED, told.by, told.how, since, least, most)


@dataclass(frozen=True)
class _Came:
    """Something that answers: the first and the last UTC second at which it can have come."""

    first: int
    last: int
    by: str
    how: str


def _answers(one: Claim, claims: Sequence[Claim], agreement: Agreement, at: int) -> list[_Came]:
    """Everything that answers a request and can have come by a second."""
    alike = {one.id, one.same_as} - {""}
    found = [_reply(other) for other in claims if other.to in alike]
    found = [answer for answer in found if answer.first <= at and answer.last >= _said_first(one)]
    if one.asks.startswith(PUBLISH):
        instrument = agreement.instruments.get(one.asks.removeprefix(PUBLISH))
        if instrument is not None and instrument.published is not None and instrument.published <= at:
            found.append(_Came(instrument.published, instrument.published, instrument.id, "published"))
    if one.asks.startswith(DESIGNATE):
        group, bodies = one.asks.removeprefix(DESIGNATE), set(one.of)
        found += [
            _Came(fact.start, fact.start, group, "designated") for fact in agreement.facts
            if fact.of == group and fact.what == "excluded" and fact.by in bodies and fact.start <= at
        ]  # fmt: skip
    return found


def _reply(other: Claim) -> _Came:
    """A reply; one without a date can have been said at any time."""
    said = other.said
    if said.since is None or said.until is None:
        return _Came(LONG_AGO, FAR_AHEAD, other.id, "reply")
    return _Came(said.since, said.until - 1, other.id, "reply")


def _said_first(one: Claim) -> int:
    """The first second at which a request can have been made: what was said before it is no answer to it."""
    return LONG_AGO if one.said.since is None else one.said.since


def _age(one: Claim, first: int, last: int) -> tuple[int | None, int | None]:
    """Whole days from when it was said to something between two seconds: at least, at most."""
    if one.said.since is None or one.said.until is None:
        return None, None
    return max(0, (first - one.said.until + 1) // DAY_S), max(0, (last - one.said.since) // DAY_S)
