"""What does the intake desk make of a report? Taken, joined to another, moved to the closed pathway, or rejected.

A report that is taken becomes a row: its act one of the tree, its actors names that the agreement knows, its place and
time what the reporter chose or the desk settles. None of the reporter's own words go into it: whoever has a phone with
them could look for them. The row is read by the ordinary reader here, before it is taken, so that no batch fails later.

What a person must not find of another: names. The program does not tell a name from a word. It holds a note back where
it reaches somebody (a number, an address), where it repeats how its reporter is reached, where it repeats a run of the
reporter's words, or where the desk says that it names somebody.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from truceline.desk import drawer, intake, persons
from truceline.desk.consent import REACHED
from truceline.desk.drawer import BATCHED, JOINED, REJECTED, TAKEN, WAITING, Drawer, Report
from truceline.desk.intake import DAY_S, ROW, Room, clean
from truceline.desk.readback import region_of, said
from truceline.desk.receipts import random_letters
from truceline.errors import InputError, VerificationError, quoted
from truceline.evidence import readers
from truceline.evidence.places import Placer
from truceline.evidence.reading import TO_THE_CLOSED
from truceline.evidence.reports import INTAKE
from truceline.group import RESERVED
from truceline.space import UNITS_PER_DEGREE, Region, distance_m
from truceline.span import utc_text

MOST_NOTE, MOST_REASON = 1_000, 300
ROW_LETTERS: Final = 28
"""So many letters has the id of a row: 131 bits."""

RUN: Final = 5
"""So many words in a row that are the reporter's own are a quotation."""

HELD_BACK: Final = "held back: it names or quotes a person"
SAYS: Final = "intake desk"
"""Who asserts what a row says: the desk, that it was reported. Several rows of it are one line of sources."""

NO_PLACE: Final = "none"
_NONE: Final = "intake: no report of this id"


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the desk takes a report; what is empty stays as it was told, or unknown.

    Attributes:
        act: an act of the tree.
        actor: a name that the agreement knows; `target`: likewise, or one of `group.RESERVED`.
        weapon: a word that the agreement knows.
        place: id of a place of the lists, code of a unit, or `none`; empty = what the reporter chose.
        when: a time text; empty = what the reporter chose.
        precision: of that time.
        until: the end of what lasted.
        killed_low, killed_high: the dead, at least and at most.
        grade: of the report, such as `C3`.
        note: in the words of the desk.
        is_named: the note names or quotes somebody, and is held back.
    """

    act: str = ""
    actor: str = ""
    target: str = ""
    weapon: str = ""
    place: str = ""
    when: str = ""
    precision: str = ""
    until: str = ""
    killed_low: int | None = None
    killed_high: int | None = None
    grade: str = ""
    note: str = ""
    is_named: bool = False


# -- looking -----------------------------------------------------------------------------------------------------------


def queue(room: Room) -> tuple[list[dict[str, Any]], list[str]]:
    """What waits, by id, and the ids of what nobody can read any more; of the closed pathway nothing is listed."""
    if not drawer.is_there(room.log):
        return [], []
    with drawer.opened(room.state, room.log) as held:
        found = held.all()
    waiting = {one: report for one, report in found.whole.items() if report.state in WAITING}
    return [_short(one, report) for one, report in waiting.items()], found.damaged


def _short(one: str, report: Report) -> dict[str, Any]:
    return {
        "id": one, "state": report.state, "day": utc_text(report.day)[:10], "channel": report.channel,
        "lang": report.lang, "act": report.act or None, "media": len(report.media), "is_settled": _is_settled(report),
    }  # fmt: skip


def _is_settled(report: Report) -> bool:
    return bool(report.chosen.places and report.chosen.when)


def entered(room: Room) -> list[dict[str, Any]]:
    """The reports that are rows of the record, by id, and which: so what was said can be looked up, on this machine."""
    if not drawer.is_there(room.log):
        return []
    with drawer.opened(room.state, room.log) as held:
        found = held.all().whole
    return [
        {"id": one, "day": utc_text(report.day)[:10], "row": report.row}
        for one, report in found.items()
        if report.state == BATCHED
    ]


def show(room: Room, one: str, *, states: Collection[str] = WAITING) -> dict[str, Any]:
    """One report, whole; whom it comes from is told by an id of the vault, and by nothing else.

    Args:
        room: of the intake desk.
        one: its id.
        states: it has to be in one of these.

    Raises:
        InputError: there is none. VerificationError: it is damaged.
    """
    report = _of_state(room, one, states)
    names = room.names
    options = [
        {"number": number, "place": said(option, names, report.lang), "places": list(option.places),
         "when": option.when, "precision": option.precision}
        for number, option in enumerate(report.options, 1)
    ]  # fmt: skip
    return {
        **_short(one, report), "words": report.words, "place": report.place, "time": report.time, "options": options,
        "answer": None if report.answer is None else report.answer + 1, "consent": list(report.consent),
        "originals": [{"original": media.original, "what": media.what} for media in report.media],
        "row": msgspec.json.decode(report.line) if report.line else None,
        "into": report.into or None, "can_be_reached": bool(intake.contact_of(one)),
    }  # fmt: skip


def _of_state(room: Room, one: str, states: Collection[str]) -> Report:
    if not drawer.is_there(room.log):
        raise InputError(_NONE)
    with drawer.opened(room.state, room.log) as held:
        return _read(held, one, states)


def _read_waiting(held: Drawer, one: str) -> Report:
    return _read(held, one, WAITING)


def _read(held: Drawer, one: str, states: Collection[str]) -> Report:
    report = held.read(one) if held.has(one) else None
    if report is None or report.state not in states:
        raise InputError(_NONE)
    return report


# -- deciding ----------------------------------------------------------------------------------------------------------


def take(room: Room, one: str, decision: Decision) -> dict[str, Any]:
    """Take a report: it becomes a row of the next batch.

    Returns:
        The row.

    Raises:
        InputError: there is no such report, or no row can be made of it so.
    """
    with drawer.opened(room.state, room.log) as held:
        report = _read_waiting(held, one)
        row = report.row or f"{ROW}{random_letters(ROW_LETTERS)}"
        line = line_of(room, one, report, decision, row)
        check(room, line)
        day = room.clock() // DAY_S * DAY_S
        held.put(one, report.moved(TAKEN, row=row, line=msgspec.json.encode(line), day_taken=day, into="", reason=""))
    return line


def join(room: Room, one: str, into: str) -> None:
    """Join a report to another of the same person or telling: it becomes no row of its own, and shares its fate.

    Raises:
        InputError: one of them is not there, or both are the same, or the other is joined itself.
    """
    with drawer.opened(room.state, room.log) as held:
        report = _read_waiting(held, one)
        other = held.read(into) if into != one and held.has(into) else None
        if other is None or other.state not in (*WAITING, BATCHED) or other.state == JOINED:
            raise InputError("`into`: expected another report that stands by itself")
        held.put(one, report.moved(JOINED, into=into, line=b"", row="", reason=""))


def close(room: Room, one: str) -> None:
    """Move a report into the closed pathway.

    Raises:
        InputError: there is no such report, or it is too late.
    """
    with drawer.opened(room.state, room.log) as held:
        held.put(one, intake.to_closed(room, one, _read_waiting(held, one)))


def reject(room: Room, one: str, reason: str) -> None:
    """Reject a report: its words, what came with it, and how to reach its reporter are destroyed; the reason is kept.

    Raises:
        InputError: there is no such report, or no reason.
    """
    why = clean(reason, MOST_REASON, "reason")
    if not why:
        raise InputError("`reason`: expected why, got nothing")
    with drawer.opened(room.state, room.log) as held:
        report = _read_waiting(held, one)
        moved = report.moved(REJECTED)
        person = intake.contact_of(one)
        if person:
            persons.delete(person)
        intake.forget_media(report.media)
        held.put(one, Report(moved.state, report.day, lang=report.lang, reason=why))


# -- the row -----------------------------------------------------------------------------------------------------------


def line_of(room: Room, one: str, report: Report, decision: Decision, row: str) -> dict[str, Any]:
    """A report as a line of a file of reports (`evidence.reports`).

    Raises:
        InputError: a name, a place or a time is none that the agreement knows.
    """
    when, precision = (decision.when, decision.precision) if decision.when else _chosen_time(report)
    if not when:
        raise InputError("`when`: no time is confirmed: give one, as wide as it has to be")
    made: dict[str, Any] = {
        "id": row, "source": INTAKE, "kind": "incident", "act": decision.act or report.act, "start": when,
        "end": decision.until or None, "precision": precision or "day", "place": _place(room, report, decision.place),
        "actor_claimed": _known(room, decision.actor, "actor"), "target_claimed": _target(room, decision.target),
        "weapon": _weapon(room, decision.weapon), "claimed_by": SAYS, "grade": decision.grade or None,
        "note": note_of(one, report, decision) or None,
    }  # fmt: skip
    if decision.killed_low is not None or decision.killed_high is not None:
        made["killed"] = {"low": decision.killed_low, "high": decision.killed_high}
    return {key: value for key, value in made.items() if value is not None}


def check(room: Room, line: Mapping[str, Any]) -> None:
    """Read a line as its batch will be read.

    Raises:
        InputError: the reader does not take it.
    """
    now = room.clock()
    read = readers.read("reports", io.BytesIO(msgspec.json.encode(line)), INTAKE, room.bench.manner(now, now))
    for rejected in read.rejected.to_pylist():
        if rejected["reason"] == TO_THE_CLOSED:
            raise InputError("`act`: this act takes the closed pathway: close the report")
        raise InputError(f"`{rejected['field']}`: {rejected['reason']}")


def _chosen_time(report: Report) -> tuple[str, str]:
    return report.chosen.when, report.chosen.precision


def _place(room: Room, report: Report, place: str) -> dict[str, Any]:
    """The place of a row: what was chosen on the ground; without a choice, the country."""
    placer = Placer(room.bench.atlas, room.bench.agreement.precision)
    unit = room.bench.atlas.gazetteer.code(place) if place in room.bench.atlas.gazetteer else ""
    if place and place != NO_PLACE and not unit and place not in room.names.places:
        raise InputError(f"`place`: expected an id of the lists, a unit, or `{NO_PLACE}`, got {quoted(place)}")
    if unit:
        return {"areas": [unit]}
    ids = () if place == NO_PLACE else (place,) if place else report.chosen.places
    words = report.place if not place else ""
    found = region_of(words, ids, room.names, placer)
    if found is None:
        return {"place_precision": "country"}
    name = {} if len(ids) != 1 else {"name_en": room.names.places[ids[0]].name}
    return {**name, **_stated(found)}


def _stated(region: Region) -> dict[str, Any]:
    """A region in the fields of a line; what lies between two places as the disc that holds it."""
    if region.kind == "area":
        return {"areas": list(region.areas)}
    if region.kind == "hull":
        lon, lat, lon2, lat2 = (value / UNITS_PER_DEGREE for value in region.points_e7)
        middle = ((lon + lon2) / 2, (lat + lat2) / 2)
        reach = max(distance_m(*middle, lon, lat), distance_m(*middle, lon2, lat2))
        return {"lon": middle[0], "lat": middle[1], "radius_m": int(reach) + 1 + region.radius_m}
    if region.kind == "disc" and region.lon_e7 is not None and region.lat_e7 is not None:
        lon, lat = region.lon_e7 / UNITS_PER_DEGREE, region.lat_e7 / UNITS_PER_DEGREE
        return {"lon": lon, "lat": lat, "radius_m": region.radius_m}
    return {"place_precision": "country"}


def _known(room: Room, text: str, field: str) -> str | None:
    """A name that the tables of the agreement know: any other could be a person's."""
    if text and not room.bench.aliases.who(text).ids:
        raise InputError(f"`{field}`: expected a name that the tables of the agreement know")  # it may be a person's
    return text or None


def _target(room: Room, text: str) -> str | None:
    return text if text in RESERVED else _known(room, text, "target")


def _weapon(room: Room, text: str) -> str | None:
    if text and not room.bench.aliases.weapon(text)[0]:
        raise InputError(f"`weapon`: expected a word that the agreement knows, got {quoted(text)}")
    return text or None


def note_of(one: str, report: Report, decision: Decision) -> str:
    """The note of the desk, or that it is held back.

    Raises:
        InputError: it is too long.
    """
    note = clean(decision.note, MOST_NOTE, "note")
    if not note:
        return ""
    is_held = decision.is_named or REACHED.search(_digits(note)) or _quotes(note, report) or _reaches(note, one)
    return HELD_BACK if is_held else note


def _digits(text: str) -> str:
    return "".join(str(int(c)) if c.isdecimal() else c for c in text)


def _quotes(note: str, report: Report) -> bool:
    """Whether a note repeats a run of the reporter's words."""
    own = _words(" ".join((report.words, report.place, report.time)))
    runs = {tuple(own[at : at + RUN]) for at in range(len(own) - RUN + 1)}
    told = _words(note)
    return any(tuple(told[at : at + RUN]) in runs for at in range(len(told) - RUN + 1))


def _reaches(note: str, one: str) -> bool:
    """Whether a note repeats how its reporter is reached, or a name that stands there."""
    person = intake.contact_of(one)
    if not person:
        return False
    try:
        kept = persons.show(person)
    except (InputError, VerificationError):
        return False
    told = set(_words(note))
    return any(len(word) > 2 and word in told for word in _words(f"{kept.name} {kept.contact}"))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
