"""How is a notice said? What a check found, how long a clock has run, who was told: in three languages, values apart.

A remark is a code with its values (`notices.checks`); its sentence stands here. No sentence repeats a position. Values
only: the templates draw them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from truceline.report.language import Words
from truceline.span import DAY_S, parse_instant

HOUR_S: Final = 3_600
MINUTE_S: Final = 60
DAYS_FROM_S: Final = 2 * DAY_S
"""From so long on a clock counts days."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z")
Values = Mapping[str, int | str]


def remark(words: Words, code: str, values: Values) -> Markup:
    """What a check found, as a sentence, and what to do about it."""
    say = words.say
    given = dict(values)
    match code:
        case "far":
            return say(
                "The position lies {km} km beyond where the place that it names can be. Which of the two is right?",
                **given,
            )
        case "swapped":
            return say(
                "Did you mean the two numbers the other way round? Turned, they fit; as written, the first is the "
                "latitude."
            )
        case "outside":
            return say("The position lies outside the country of the case.")
        case "duplicate":
            return say("Another notified site lies {metres} m from it. Is it the same?", **given)
        case "coarse":
            return say("The position may be off by {metres} m. Can it be given more exactly?", **given)
        case "stale":
            return words.count(
                "It was last looked at {n} day ago. Is it still as it was?",
                "It was last looked at {n} days ago. Is it still as it was?", int(given.get("days", 0)),
            )  # fmt: skip
        case "ahead":
            return say("The day on which it was last looked at has not come yet.")
        case "no-place":
            return say("It names no town or village: nothing can be held against the position.")
        case "unknown-place":
            return say("The lists know no place of this name: nothing can be held against the position.")
        case "late":
            return say(
                "It begins in {left} h; the time ahead that it states is {hours} h. If it is an emergency, say so, "
                "and why.",
                **given,
            )
        case _:
            return _refused(words, code, given)


def _refused(words: Words, code: str, given: dict[str, int | str]) -> Markup:
    """What cannot be kept as it is."""
    say = words.say
    match code:
        case "unnamed":
            return say("Say what it is.")
        case "nowhere":
            return say("Say where it is: a site has one position.")
        case "over":
            return say("It is over already.")
        case "unreasoned":
            return say("An emergency needs its reason.")
        case "nobody":
            return say("Choose at least one recipient: nobody is told whom its owner did not choose.")
        case "stranger":
            return say("{who} is no recipient of this case.", **given)
        case "unknown-area":
            return say("No area of the case is called {area}.", **given)
        case "unread":
            return say("A position or a time cannot be read: {why}", **given)
        case _:
            return say("This cannot be kept as it is: {why}", why=given.get("why", code))


def lasted(words: Words, seconds: int) -> Markup:
    """How long a clock has run: minutes below an hour, then hours and minutes, from two days on days and hours.

    >>> str(lasted(Words("en"), 3 * 3600 + 300)).count("bdi") > 0
    True
    """
    seconds = max(seconds, 0)
    if seconds >= DAYS_FROM_S:
        return words.say("{d} d {h} h", d=seconds // DAY_S, h=seconds % DAY_S // HOUR_S)
    if seconds >= HOUR_S and seconds % HOUR_S < MINUTE_S:
        return words.say("{h} h", h=seconds // HOUR_S)
    if seconds >= HOUR_S:
        return words.say("{h} h {m} min", h=seconds // HOUR_S, m=seconds % HOUR_S // MINUTE_S)
    return words.say("{m} min", m=seconds // MINUTE_S)


def hand(seconds: int, most: int) -> float:
    """Where the hand of a clock stands: the share of its time that is over, 0 to 1."""
    return 0.0 if most <= 0 else round(min(max(seconds / most, 0.0), 1.0), 3)


# -- a notice, as a page shows it --------------------------------------------------------------------------------------

Row = dict[str, Any]
FIELDS: Final = ("owner", "contact", "note", "callsign")
"""Of a draft, what a page repeats as it was typed."""


def clock_of(words: Words, answer: Mapping[str, Any], whole_s: int, second: int) -> Row:
    """The clock of one recipient: how it looks, and what it says.

    Args:
        words: of the language.
        answer: as the interface answers: `state`, `left_s`, `is_open`, `is_signed`, `told`, `party`.
        whole_s: seconds that it has to acknowledge.
        second: UTC second at which it came into its state, counted from when it was told.

    Returns:
        `look`: `done`, `denied`, `gone`, `late` or `open`; `hand`: share of its time that is over; `text`, `more`.
    """
    state, left = answer["state"], answer["left_s"]
    made: Row = {"party": answer["party"], "hand": 0.0, "more": None}
    how = words.say("signed by itself") if answer["is_signed"] else words.say("as it told the desk")
    if state == "acknowledged":
        return {**made, "look": "done", "more": how, "text": words.say("acknowledged after {time}",
                time=lasted(words, second))}  # fmt: skip
    if state == "denied":
        return {**made, "look": "denied", "more": how, "text": words.say("denied after {time}",
                time=lasted(words, second))}  # fmt: skip
    if state == "withdrawn":
        return {**made, "look": "gone", "text": words.say("no longer told")}
    made["hand"] = hand(whole_s - left, whole_s)
    if left < 0:
        told = words.word("told to", str(answer["level"])) if answer["level"] else None
        return {**made, "look": "late", "more": told, "text": words.say("late by {time}", time=lasted(words, -left))}
    return {**made, "look": "open", "text": words.say("has {left} left of {whole}", left=lasted(words, left),
            whole=lasted(words, whole_s))}  # fmt: skip


def shaped(words: Words, one: Mapping[str, Any], clocks: Sequence[Row]) -> Row:
    """A notice as a page shows it: from what its owner gave, from the row of a recipient, or from the record alone.

    Args:
        words: of the language.
        one: as the interface answers.
        clocks: of its recipients.
    """
    draft, row = one.get("draft") or {}, one.get("row") or {}
    said = draft or row
    discs = [where_of(disc, row.get("level", "")) for disc in row.get("discs", ())]
    at = [draft["where"]] if draft.get("where") else discs
    found = {
        "id": one["id"], "kind": one["kind"], "state": one["state"], "entry": one.get("entry"),
        "name": said.get("what") or "", "place": said.get("place") or "", "category": said.get("category") or "",
        "since": when_of(words, row.get("since") or one.get("since") or ""),
        "until": when_of(words, row.get("until") or one.get("until") or ""),
        "areas": list(said.get("areas") or ()), "at": at, "ref": row.get("ref", ""), "level": row.get("level", ""),
        "draft": bool(draft), "row": bool(row), "clocks": list(clocks), "trail": one.get("trail") or [],
        "may": one.get("may") or [], "consents": one.get("consents") or [],
    }  # fmt: skip
    return {**found, **{name: said.get(name) or "" for name in FIELDS}, "headline": headline(words, one)}


def when_of(words: Words, text: str) -> Markup | str:
    """A time of a notice on the civil clock; a day, and what somebody typed, stays as it is."""
    return words.civil(parse_instant(text, "UTC")) if _INSTANT.fullmatch(text) else text


def headline(words: Words, one: Mapping[str, Any]) -> Markup:
    """How it stands, in one sentence."""
    answers = one.get("answers") or []
    if one["state"] != "standing":
        return words.word("notice meaning", one["state"])
    done = sum(answer["state"] == "acknowledged" for answer in answers)
    asked = sum(answer["state"] != "withdrawn" for answer in answers)
    return words.say("Made known. {done} of {asked} recipients acknowledged it.", done=done, asked=asked)


def where_of(disc: Mapping[str, Any], level: str) -> str:
    """A place as it is told: latitude and longitude in degrees, and how far it may be off."""
    digits, metres = (5, int(disc["radius_m"])) if level == "exact" else (2, int(disc["radius_m"]))
    size = f"{metres} m" if metres < 1_000 else f"{round(metres / 1_000)} km"
    return f"{disc['lat_deg']:.{digits}f}, {disc['lon_deg']:.{digits}f} \u00b1 {size}"


def remarked(words: Words, found: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Remarks with their sentences."""
    return [
        {"code": one["code"], "weight": one["weight"], "other": one.get("other", ""),
         "text": remark(words, one["code"], one.get("values") or {})}
        for one in found
    ]  # fmt: skip
