"""What may somebody see of words beside acts? What came of commitments, a timeline for each actor, and indicators.

Words stand above and acts below, for every actor alike: on one scale, at one size, by one rule. Nothing here says what
anybody meant; an indicator is no finding, and a report that would break a commitment breaks no term by that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from truceline import LAW
from truceline.agreement.model import Agreement
from truceline.agreement.standing import Standing
from truceline.assess.assessment import ANY
from truceline.assess.events import is_act, is_one_of
from truceline.assess.followed import Followed, Later, followed
from truceline.assess.indicators import ACTS, LABEL, OF_FORCES, OF_TARGET, Band, Told, indicators
from truceline.desk.first_told import OF_SIDES, period
from truceline.desk.judged import Judged
from truceline.desk.lists import safe, safe_id
from truceline.desk.statements_told import NO_EVIDENCE, Asking, Lens, claim_row, is_asked, names_shown, order_of, seen
from truceline.desk.words import Words
from truceline.errors import InputError, UnknownError, quoted
from truceline.evidence.schema import Named, Observation
from truceline.evidence.statements import NOBODY, WORDED, Added, Claim
from truceline.span import DAY_S, FAR_AHEAD, LONG_AGO, Span, civil_day, parse_instant, utc_text
from truceline.verdict import NO, UNKNOWN, YES, Reason, reasons_of

MOST_ACTORS: Final = 12
MOST_OF_ONE: Final = 400
MOST_DAYS: Final = 366
LONG_DAYS: Final = 28
"""The windows of indicators, unless others are asked for: so many days before a start, and after it."""


# -- what came of commitments ------------------------------------------------------------------------------------------


def followed_shown(
    words: Words, judged: Judged, lens: Lens | None = None, asking: Asking | None = None
) -> dict[str, Any]:
    """What came of every claim of which something is expected, by time of saying.

    Args:
        words: of the case.
        judged: the reports that may be told of.
        lens: who looks; None = whoever keeps the case.
        asking: of which claims; None = all.

    Returns:
        Plain values: `followed`, each with the claim, the `verdict`, its `value`, `reasons` and the later `acts`.
    """
    lens = lens or Lens()
    later, found = later_of(words, judged, lens), []
    for one in sorted(seen(words, lens), key=order_of):
        came = followed(one, later) if is_asked(one, asking or Asking(), words) else None
        if came is not None:
            found.append({"claim": claim_row(one, words, lens), **followed_row(came, later)})
    return {"tz": words.tz, "followed": found, "evidence": NO_EVIDENCE, "law": LAW}


def later_of(words: Words, judged: Judged, lens: Lens) -> Later:
    """Where later acts are looked for, by what this reader is shown: a claim that is not shown is no act."""
    made = judged.later(words)
    return Later(
        made.reports, made.columns, made.rows, {one.id: one for one in seen(words, lens)}, made.standing, made.placed,
        made.places, made.expected,
    )  # fmt: skip


def followed_row(came: Followed, later: Later) -> dict[str, Any]:
    """What came of a claim, as plain values."""
    return {
        "verdict": came.verdict, "value": came.value, "reasons": _texts(came.reasons),
        "window": None if came.window is None else [utc_text(second) for second in came.window],
        "acts": [
            {
                "id": safe_id(act.id) if act.id else None, "what": act.what or None, "does": act.does,
                "value": act.value, "why": act.why, "reasons": _texts(act.reasons), "from": utc_text(act.start),
                "until": utc_text(act.end), "is_claim": act.id in later.claims and act.id not in later.rows,
                "source": act.source or None,
            }
            for act in came.acts
        ],
        "more": came.more,
    }  # fmt: skip


def _texts(reasons: Sequence[Reason]) -> list[str]:
    return [reason.value for reason in reasons]


# -- a timeline --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AskedTimeline:
    """What of a timeline is asked for.

    Attributes:
        since, until: time texts; empty = no bound.
        actors: ids; none = every state, side and guarantor of whom something is told in that time.
    """

    since: str = ""
    until: str = ""
    actors: tuple[str, ...] = ()


def timeline_shown(
    words: Words, judged: Judged, asked: AskedTimeline | None = None, lens: Lens | None = None
) -> dict[str, Any]:
    """One timeline for each actor: words above, acts below, the same scale for all.

    Args:
        words: of the case.
        judged: the reports that may be told of.
        asked: the time and the actors.
        lens: who looks; None = whoever keeps the case.

    Returns:
        Plain values: `from` and `until` of the scale (what is told fills it, where no bound is asked for), `actors`
        each with `words` (claims said for it), `acts` (reports of what it did, surely or possibly) and `signed` (acts
        on the record), oldest first.

    Raises:
        InputError: no such actor, or a period that ends before it begins.
    """
    asked, lens = asked or AskedTimeline(), lens or Lens()
    agreement, group = words.agreement, words.agreement.group
    since, until = period(asked.since, asked.until, agreement.tz)
    for actor in asked.actors:
        if actor not in agreement.parties:
            raise UnknownError(f"`--of`: expected an actor of the agreement, got {quoted(actor)}")
    wanted = asked.actors[:MOST_ACTORS] or sides_of(agreement)
    later = later_of(words, judged, lens)
    claims = [one for one in sorted(seen(words, lens), key=order_of) if _is_within(one, since, until)]
    rows = []
    for actor in wanted:
        said = [one for one in claims if any(actor in group.above(some) for some in one.actors)]
        own, more, is_sure = _acts(judged, actor, since, until)
        signed = _signed(judged.assessed.law.standing, actor, since, until, lens)
        if not asked.actors and not (said or signed or is_sure):
            continue
        rows.append({
            "actor": actor, "names": dict(agreement.parties[actor].names), "kind": agreement.parties[actor].kind,
            "words": [{**claim_row(one, words, lens), **_came(one, later)} for one in said[:MOST_OF_ONE]],
            "acts": own, "signed": signed, "more": max(0, len(said) - MOST_OF_ONE) + more,
        })  # fmt: skip
    rows = rows[:MOST_ACTORS]
    first, last = _scale(rows, since, until)
    return {
        "tz": agreement.tz,
        "from": first,
        "until": last,
        "actors": rows,
        "evidence": NO_EVIDENCE,
        "law": LAW,
    }


def sides_of(agreement: Agreement) -> tuple[str, ...]:
    """The states, sides and guarantors of the text, by their ids: nothing follows from their order."""
    return tuple(sorted(one.id for one in agreement.parties.values() if one.kind in OF_SIDES and not one.part_of))


def _came(one: Claim, later: Later) -> dict[str, Any]:
    came = followed(one, later)
    return {"followed": None if came is None else followed_row(came, later)}


def _is_within(one: Claim, since: int, until: int) -> bool:
    when = next((w for w in (one.said, one.reported, one.due) if w.is_known), None)
    if when is None or when.since is None or when.until is None:
        return (since, until) == (LONG_AGO, FAR_AHEAD)
    return when.since < until and when.until > since


def _acts(judged: Judged, actor: str, since: int, until: int) -> tuple[list[dict[str, Any]], int, bool]:
    """Reports of what an actor did in a time, surely or possibly, without what tells of words, oldest first.

    Returns:
        The rows; how many are not listed; and whether one of all surely was its act.
    """
    assessed, columns = judged.assessed, judged.assessed.columns
    answer, did = assessed.answers[ANY], _did_of_all(judged, actor)
    rows = np.flatnonzero((did > NO) & (columns.start < until) & (columns.end > since))
    rows = rows[np.lexsort((rows, columns.end[rows], columns.start[rows]))]
    found: list[dict[str, Any]] = []
    for at, row in enumerate(rows.tolist()):
        if len(found) == MOST_OF_ONE:
            return found, len(rows) - at, bool((did[rows] == YES).any())
        report = assessed.reports[row]
        if report.kind in WORDED:
            continue
        found.append({
            "id": judged.shown[row], "from": utc_text(int(columns.start[row])),
            "until": utc_text(int(columns.end[row])), "acts": list(report.acts),
            "text": safe(judged.texts[row]) or None, "by": safe(judged.speakers[row]) or None,
            "is_actor": int(did[row]), "covered": int(answer.value[row]), "supported": int(assessed.supported[row]),
            "reasons": [reason.value for reason in reasons_of(int(answer.why[row]))], "lasts": bool(report.lasts),
            "protected": report.is_protected,
        })  # fmt: skip
    return found, 0, any(row["is_actor"] == YES for row in found)


def _did_of_all(judged: Judged, actor: str) -> NDArray[np.int8]:
    """`(n,)` whether each report tells of an act of an actor: +1, 0, -1; of a pair without direction possibly."""
    columns, standing = judged.assessed.columns, judged.assessed.law.standing
    values = np.array([is_one_of(named, [actor], standing).value for named in columns.names] or [NO], np.int8)
    one = values[columns.actor]
    if columns.unordered is None:
        return one
    other = values[columns.target]
    return np.where(columns.unordered & (one != other), UNKNOWN, one).astype(np.int8)


def _whose(
    named: Sequence[Named], wanted: Sequence[str], standing: Standing, who: dict[Named, dict[str, int]]
) -> dict[str, int]:  # fmt: skip
    """Who is named: +1 surely, 0 possibly, and nobody else; of two of whom one is meant each possibly."""
    for one in named:
        if one not in who:
            who[one] = {actor: is_one_of(one, [actor], standing).value for actor in wanted}
    first, last = who[named[0]], who[named[-1]]
    found = {actor: first[actor] if first[actor] == last[actor] else UNKNOWN for actor in wanted}
    return {actor: value for actor, value in found.items() if value > NO}


def _signed(standing: Standing, actor: str, since: int, until: int, lens: Lens) -> list[dict[str, Any]]:
    """Acts on the record that an actor signed, in a time."""
    group, found = standing.agreement.group, []
    for act in standing.acts:
        if act.id.startswith("shown-") or not since <= act.at < until:
            continue
        index = act.id.removeprefix("entry-")
        is_readable = lens.entries is None or (index.isdecimal() and int(index) in lens.entries)
        if is_readable and any(actor in group.above(one) for one in act.by):
            found.append({
                "id": act.id, "act": act.act, "at": utc_text(act.at), "of": act.of or None, "term": act.term or None,
                "by": list(act.by),
            })  # fmt: skip
    return sorted(found, key=lambda row: (row["at"], row["id"]))


def _scale(rows: Sequence[Mapping[str, Any]], since: int, until: int) -> tuple[str | None, str | None]:
    """The one scale of all timelines: what is asked for, or what is told."""
    ends: list[tuple[str, str]] = []
    for row in rows:
        ends += [(act["from"], act["until"]) for act in row["acts"]]
        for said in row["words"]:
            when = next((said[name] for name in ("said", "reported", "due") if said[name]["from"]), None)
            ends += [] if when is None else [(when["from"], when["until"])]
        ends += [(act["at"], act["at"]) for act in row["signed"]]
    first = utc_text(since) if since > LONG_AGO else min((one for one, _ in ends), default=None)
    last = utc_text(until) if until < FAR_AHEAD else max((one for _, one in ends), default=None)
    return first, last


# -- indicators --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AskedIndicators:
    """What of the indicators is asked for.

    Attributes:
        start: a time text; empty = the first moment at which a prohibition of the text came into force.
        days: length of each window.
        sides: ids; none = every state, side and guarantor.
    """

    start: str = ""
    days: int = LONG_DAYS
    sides: tuple[str, ...] = ()


def indicators_shown(
    words: Words, judged: Judged, asked: AskedIndicators | None = None, lens: Lens | None = None,
    coverage: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """What reports and claims say of supply, recruitment, borders, rearming, regrouping and ground, before and after.

    Args:
        words: of the case.
        judged: the reports that may be told of.
        asked: the start, and how long before and after it.
        lens: who looks; None = whoever keeps the case.
        coverage: `days` as `desk.views.days.coverage_of` gives them, of both windows; None = nothing is known of it.

    Returns:
        Plain values: `indicators` (topic, side, `before` and `after` as `[surely, surely or possibly]`), `told` (each
        report and claim with its segment, units, third state and whether that is bound), `watched` before and after.

    Raises:
        InputError: no such side, or windows that are none.
    """
    asked, lens = asked or AskedIndicators(), lens or Lens()
    agreement = words.agreement
    if not 1 <= asked.days <= MOST_DAYS:
        raise InputError(f"`--days`: expected 1 to {MOST_DAYS}, got {asked.days}")
    for side in asked.sides:
        if side not in agreement.parties:
            raise UnknownError(f"`--of`: expected an actor of the agreement, got {quoted(side)}")
    start = parse_instant(asked.start, agreement.tz) if asked.start else start_of(judged.assessed.law.standing)
    if start is None:
        raise InputError("`--start`: the text names no moment at which a prohibition begins: say which is meant")
    sides, long_s = asked.sides or sides_of(agreement), asked.days * DAY_S
    told = [*_of_claims(words, judged, lens), *_of_reports(judged, sides, start, long_s, words, lens=lens)]
    counted = indicators(told, sides, start, long_s)
    near = [one for one in told if one.start < start + long_s and one.end > start - long_s]
    near.sort(key=lambda one: (one.start, one.end, one.topic, one.id))
    return {
        "label": LABEL, "tz": agreement.tz, "start": utc_text(start), "days": asked.days,
        "from": utc_text(start - long_s), "until": utc_text(start + long_s),
        "indicators": [
            {"topic": one.topic, "side": one.side or None, "before": _pair(one.before), "after": _pair(one.after)}
            for one in counted if not one.side or one.before.at_most or one.after.at_most
        ],
        "told": [_told_row(one, judged.assessed.law.standing) for one in near[:MOST_OF_ONE]],
        "more": max(0, len(near) - MOST_OF_ONE), "watched": _watched(coverage, start, agreement.tz),
        "evidence": NO_EVIDENCE, "law": LAW,
    }  # fmt: skip


def _pair(band: Band) -> list[int]:
    return [band.surely, band.at_most]


def start_of(standing: Standing) -> int | None:
    """The first second at which a prohibition surely was in force, and had not been before."""
    found = []
    for term in standing.agreement.terms.values():
        if term.kind == "prohibit" and not term.overrides:
            course = standing.window(term.id)
            found += [at for at, answer in zip(course.at, course.answers, strict=True) if answer.value == YES]
    return min((at for at in found if LONG_AGO < at < FAR_AHEAD), default=None)


def _of_claims(words: Words, judged: Judged, lens: Lens) -> list[Told]:
    """Claims of a topic: words alone, of nobody in particular; a third state that they name stands beside them."""
    found = []
    for one in seen(words, lens):
        when = one.said if one.said.is_known else one.reported
        if not one.topics or one.id in judged.rows or when.since is None or when.until is None or one.same_as:
            continue
        found += [
            Told(safe_id(one.id), topic, when.since, when.until, YES, {}, one.speaker, True,
                 (), one.segment, one.state)
            for topic in one.topics
        ]  # fmt: skip
    return found


def _of_reports(
    judged: Judged, sides: Sequence[str], start: int, long_s: int, words: Words, *, lens: Lens
) -> list[Told]:  # fmt: skip
    """Reports whose act is of a kind that counts, and reports that the desk says tell of a topic."""
    assessed, columns = judged.assessed, judged.assessed.columns
    claims = {safe_id(one.id): one for one in seen(words, lens)}
    ids = {one.id for one in claims.values()}
    added = {safe_id(key): one for key, one in words.added.items()}
    counts = np.array([_may_count(acts, assessed.law.standing) for acts in columns.doings] or [False], bool)
    wanted = counts[columns.acts]
    wanted[[judged.rows[key] for key in added if key in judged.rows]] = True
    rows = np.flatnonzero(wanted & (columns.start < start + long_s) & (columns.end > start - long_s))
    who: dict[Named, dict[str, int]] = {}
    found = []
    for row in rows.tolist():
        report, key = assessed.reports[row], judged.shown[row]
        more = added.get(key)
        topics = {
            topic: value for topic, acts in ACTS.items()
            if acts and report.acts and report.kind not in WORDED
            and (value := is_act(report.acts, acts, assessed.law.standing).value) > NO
        }  # fmt: skip
        if report.kind in OF_FORCES and is_act(report.acts, ("movement",), assessed.law.standing).value > NO:
            topics.setdefault("regroup", YES)
        topics |= dict.fromkeys(more.topics if more else (), YES)
        if not topics or (key in claims and claims[key].same_as) or _is_again(more, ids, lens):
            continue
        of = {
            topic: {} if key in claims else _whose(_meant_by(report, topic), sides, assessed.law.standing, who)
            for topic in topics
        }  # fmt: skip
        segment, state = (more.segment, more.state) if more else ("", "")
        units = judged.units(row)
        found += [
            Told(key, topic, int(columns.start[row]), int(columns.end[row]), value, of[topic], judged.speakers[row],
                 key in claims, tuple(units), segment, state)
            for topic, value in topics.items()
        ]  # fmt: skip
    return found


def _meant_by(report: Observation, topic: str) -> list[Named]:
    """Those of whom an indicator counts a report; two, where it does not say who did it and to whom."""
    own = report.target if topic in OF_TARGET else report.actor
    other = report.actor if topic in OF_TARGET else report.target
    return [own, other] if report.unordered else [own]


def _is_again(more: Added | None, ids: Collection[str], lens: Lens) -> bool:
    """Whether a report tells again of what another tells that is shown: it is counted there."""
    return more is not None and bool(more.same_as) and (lens.is_inside or names_shown(more.same_as, ids, lens))


def _may_count(acts: Sequence[str], standing: Standing) -> bool:
    """Whether a report of these acts can count for an indicator."""
    classes = [*(act for kinds in ACTS.values() for act in kinds), "movement"]
    return bool(acts) and is_act(acts, classes, standing).value > NO


def _told_row(one: Told, standing: Standing) -> dict[str, Any]:
    is_named = one.state not in ("", NOBODY)
    return {
        "id": one.id, "topic": one.topic, "from": utc_text(one.start), "until": utc_text(one.end), "value": one.value,
        "by": safe(one.by) or None, "is_claim": one.is_claim, "sides": dict(one.sides), "units": list(one.units),
        "segment": one.segment or None, "state": one.state if is_named else None,
        "is_bound": _bound(one, standing) if is_named else None,
        "bound": "no bound actor" if is_named and _bound(one, standing) == NO else None,
    }  # fmt: skip


def _bound(one: Told, standing: Standing) -> int:
    """Whether a third state that is named was bound at that time: -1 no acceptance of it is recorded."""
    if one.state not in standing.agreement.parties:
        return UNKNOWN
    return standing.status(one.state, "bound").during(Span(one.start, one.start + 1)).value


def _watched(coverage: Mapping[str, Any] | None, start: int, tz: str) -> dict[str, Any]:
    """Which share of the days before and after was watched: sums of cell-seconds; null = not told, or nobody says."""
    days = [] if coverage is None else list(coverage["days"])
    found: dict[str, Any] = {}
    for name, is_before in (("before", True), ("after", False)):
        own = [day for day in days if (day["day"] < civil_day(start, tz).isoformat()) == is_before]
        known = [day for day in own if day["watched"] is not None and day["whole"] is not None]
        found[name] = {
            "days": len(own),
            "told_days": len(known),
            "watched": sum(day["watched"] for day in known) if known else None,
            "whole": sum(day["whole"] for day in known) if known else None,
        }
    return found
