"""The screens of the exchange: the map of designated areas, areas of groups, sealed exchanges, lists handed over.

Cells and nothing else: no function here is given a report, a flight, or the place of either, so that nothing can be
joined. What a side says it signs in its own browser or at its command line; these pages write drafts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

from truceline.agreement.model import Agreement
from truceline.desk import designated, exchanged, handovers, mapdrafts, sealed
from truceline.desk.areasteps import partition_of
from truceline.desk.charters import clock_of
from truceline.desk.coarse import check_coarse
from truceline.desk.exchanged import AREA
from truceline.desk.handovers import HANDOVER
from truceline.desk.views import drawn
from truceline.errors import StoreError, SubmissionError, one_line
from truceline.exchange.floor import check_cell, listed
from truceline.exchange.partition import outline_of
from truceline.group import may_say
from truceline.report import cells
from truceline.report.picture import Land
from truceline.report.tosign import ToSign, to_sign
from truceline.span import DAY_S, civil_day, parse_instant
from truceline.web.showing import Showing, look
from truceline.web.viewing import door_of

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

Maps = Annotated[Showing, look("map", "read", cost=2)]
MapsSent = Annotated[Showing, look("map", "read", takes="page", cost=2)]
Areas = Annotated[Showing, look(AREA, "read", cost=2)]
AreasSent = Annotated[Showing, look(AREA, "read", takes="page", cost=2)]
Sealed = Annotated[Showing, look(sealed.EXCHANGE, "read")]
Lists = Annotated[Showing, look(HANDOVER, "read")]
ListsSent = Annotated[Showing, look(HANDOVER, "read", takes="page")]
Short = Annotated[str, Form(max_length=300)]
Cells = Annotated[str, Form(max_length=40_000)]

STANDS: Final = ("agreed", "a", "b", "disputed", "neither")
OF_CELL: Final = re.compile("of-([0-9a-f]{15})")


# -- the map -----------------------------------------------------------------------------------------------------------


@router.get("/exchange")
async def map_page(show: Maps) -> Response:
    """The map of designated areas, cell by cell."""
    return await _map(show)


@router.post("/exchange")
async def map_drafted(show: MapsSent, request: Request, what: Short = "cells", more: Cells = "") -> Response:
    """Write what a side says of the map as drafts that it signs elsewhere."""
    form = await request.form()
    chosen = {
        found[1]: value for name, value in form.items()
        if isinstance(value, str) and value and (found := OF_CELL.fullmatch(name))
    }  # fmt: skip
    typed = more.split()

    def run() -> list[mapdrafts.Draft]:
        """Written."""
        if what == "version":
            return [mapdrafts.version_draft(show.service.case, show.viewer.party)]
        check_coarse(more)
        return mapdrafts.map_drafts(show.service.case, show.viewer.party, chosen, typed)

    try:
        drafts = await run_sync(run)
    except SubmissionError as error:
        return await _map(show, chosen=chosen, more=more, trouble=one_line(str(error)), status=422)
    trouble = "" if drafts else show.say("Nothing new is said: every cell stays as it is.")
    return await _map(show, chosen=chosen, more=more, drafts=drafts, trouble=trouble)


async def _map(
    show: Showing, *, chosen: Mapping[str, str] | None = None, more: str = "", drafts: Sequence[mapdrafts.Draft] = (),
    trouble: str = "", status: int = 200,
) -> Response:  # fmt: skip
    """The page, with what was chosen on it."""
    show = show.current
    text = _text(show)

    def made() -> dict[str, Any]:
        """Read."""
        try:
            found = designated.map_shown(show.service.case, show.viewer, _now(show))
        except SubmissionError:  # the text has no two sides
            return {"told": False}
        return _map_values(show, found, text, {} if chosen is None else chosen)

    values = await run_sync(made)
    values |= {
        "names": _names(text), "given_more": more, "trouble": trouble,
        "drafts": [_signing(show, kind, body) for kind, body in drafts],
    }  # fmt: skip
    scripts = ["cells.js", "sign.js"] if values.get("may_say") else []
    return await show.page("exchange", show.say("Exchange"), values, scripts=scripts, is_wide=True, status=status,
                           has_known_at=False)  # fmt: skip


def _map_values(
    show: Showing, found: designated.MapShown, text: Agreement, chosen: Mapping[str, str]
) -> dict[str, Any]:  # fmt: skip
    """Everything on the page of the map."""
    case, side = show.service.case, _side(show, text)
    steps = list(designated.steps_of(case, text))
    sets = {one: _cells_of(mapdrafts.newest(steps, one)) for one in (found.a, found.b)}
    other = found.b if side == found.a else found.a
    lands, blocks = _lands(show), _blocks(show)
    rows = _rows(found.cells, blocks)
    spoken = {cell for patch, _ in rows for cell in patch.cells}
    free = [cells.Patch(block[0], block) for block in blocks if spoken.isdisjoint(block)]
    units = cells.units_of([patch for patch, _ in rows], outline_of, lands)
    drawn_map = cells.cell_map([patch for patch, _ in rows], outline_of, lands, show.words, others=free)
    table = [
        {**asdict(one), "patch": patch, "units": units[patch.key],
         "choices": mapdrafts.choices_of(one, sets[side], sets[other]) if side else ()}
        for patch, one in rows
    ]  # fmt: skip
    return {
        "told": True, "a": found.a, "b": found.b, "version": found.version, "moved": found.moved, "rows": table,
        "drawn": drawn_map, "may_say": bool(side), "given": chosen,
        "counts": {stand: sum(one.stands == stand for one in found.cells) for stand in STANDS},
        "sides": {one: _side_values(one, found, steps) for one in (found.a, found.b)},
    }  # fmt: skip


def _rows(
    found: Sequence[designated.CellShown], blocks: Sequence[tuple[str, ...]]
) -> list[tuple[cells.Patch, designated.CellShown]]:
    """The cells of which somebody spoke, those of one block that stand alike together; each with one of them."""
    of = {cell: number for number, block in enumerate(blocks) for cell in block}
    heaps: dict[tuple[object, ...], list[designated.CellShown]] = {}
    for one in found:
        key = (of.get(one.cell, one.cell), one.stands, one.holds, one.denies, one.is_signed, one.history)
        heaps.setdefault(key, []).append(one)
    rows = [(cells.Patch(heap[0].cell, tuple(one.cell for one in heap), heap[0].stands), heap[0])
            for heap in heaps.values()]  # fmt: skip
    return sorted(rows, key=lambda row: (STANDS.index(row[0].stands), row[0].key))


def _cells_of(step: Any) -> frozenset[str]:  # noqa: ANN401  # a step or none
    return frozenset() if step is None else frozenset(step.cells)


def _side_values(side: str, found: designated.MapShown, steps: Sequence[Any]) -> dict[str, Any]:
    """What one side says, counted: the same for both."""
    alone = "a" if side == found.a else "b"
    return {
        "holds": sum(side in one.holds for one in found.cells),
        "denies": sum(side in one.denies for one in found.cells),
        "alone": sum(one.stands == alone for one in found.cells),
        "last": max((one for one in steps if one.by == side), key=lambda step: step.index, default=None),
    }  # fmt: skip


def _side(show: Showing, text: Agreement) -> str:
    """The side for which whoever looks may speak of the map; empty = for neither."""
    if show.viewer.role != "party":
        return ""
    try:
        return designated.side_of(text, show.viewer.party)
    except SubmissionError:
        return ""


# -- areas of groups ---------------------------------------------------------------------------------------------------


@router.get("/exchange/areas")
async def areas_page(show: Areas) -> Response:
    """Standing areas of groups, each by itself and beside nothing."""
    return await _areas(show, {})


@router.post("/exchange/areas")
async def area_drafted(
    show: AreasSent, group: Short, day: Short, named: Annotated[str, Form(alias="cells", max_length=40_000)] = ""
) -> Response:
    """Write a statement of a standing area as a draft."""
    given, text = {"group": group, "day": day, "cells": named}, _text(show)

    def run() -> dict[str, Any]:
        """Written."""
        check_coarse([group, day, named])
        whole = _whole(show, listed(named.split()))
        exchanged.check_area(exchanged.Area(group, day, whole), text)
        return {"group": group, "day": day, "cells": list(whole)}

    try:
        body = await run_sync(run)
    except SubmissionError as error:
        return await _areas(show, given, trouble=one_line(str(error)), status=422)
    if exchanged.is_own(text, group, show.viewer.party):
        line = f"truceline area say CASE --group {group} --day {day} --by {show.viewer.party}"
        return await _areas(show, given, drafts=[{"is_sealed": True, "line": line}])
    return await _areas(show, given, drafts=[_signing(show, AREA, body)])


async def _areas(
    show: Showing, given: Mapping[str, str], *, drafts: Sequence[Any] = (), trouble: str = "", status: int = 200
) -> Response:
    show = show.current
    text = _text(show)

    def made() -> list[dict[str, Any]]:
        """Read."""
        lands, blocks, found = _lands(show), _blocks(show), []
        areas = exchanged.areas_shown(show.service.case, show.viewer, _now(show))
        whole = _patches(sorted({cell for one in areas for cell in one.cells}), blocks, "named")
        for one in areas:
            patches = _patches(one.cells, blocks, "named")
            units = cells.units_of(patches, outline_of, lands)
            found.append({
                **asdict(one), "rows": [(patch, units[patch.key]) for patch in patches],
                "drawn": cells.cell_map(patches, outline_of, lands, show.words, beside=whole)
                if patches else None,
            })  # fmt: skip
        return found

    groups = [one.id for one in text.parties.values() if one.kind in exchanged.GROUPS]
    values = {
        "areas": await run_sync(made), "names": _names(text), "given": defaultdict(str, given), "drafts": drafts,
        "trouble": trouble,
        "may_say": _speaks(show, text, AREA), "groups": sorted(groups),
        "newest_day": civil_day(_now(show) - 4 * DAY_S, text.tz).isoformat(),
    }  # fmt: skip
    scripts = ["sign.js"] if drafts else []
    return await show.page("exchange-areas", show.say("Areas of groups"), values, scripts=scripts, is_wide=True,
                           status=status, has_known_at=False)  # fmt: skip


# -- sealed exchanges --------------------------------------------------------------------------------------------------


@router.get("/exchange/sealed")
async def sealed_page(show: Sealed) -> Response:
    """How far each sealed exchange has come, and what is due from whom; no list, and nothing of one."""
    show = show.current
    viewer, case = show.viewer, show.service.case

    def made() -> list[dict[str, Any]]:
        """Read."""
        all_of_them = sorted(sealed.exchanges_of(case).all.items(), reverse=True)
        return [
            _with_stages(sealed.exchange_shown(one, viewer.party, _now(show)))
            for _, one in all_of_them if sealed.is_shown(one, viewer)
        ]  # fmt: skip

    found = await run_sync(made)
    values = {"exchanges": found, "due": sum(bool(one["due"]) for one in found), "names": _names(_text(show))}
    return await show.page("exchange-sealed", show.say("Sealed exchanges"), values, is_wide=True, has_known_at=False)


STAGES: Final = (("committing", "commit_by"), ("revealing", "reveal_by"), ("releasing", "release_by"), ("opened", ""))


def _with_stages(one: dict[str, Any]) -> dict[str, Any]:
    """An exchange with how far along it is, and the line by which whoever looks takes its step."""
    names = [name for name, _ in STAGES]
    reached = {"broken": 4, "opened": 4, "withheld": 2, "releasing": 2, "revealing": 1, "committing": 0}
    at = reached.get(one["state"], _broken_off(one))
    stages = [
        {"name": name, "until": one[field] if field else "", "at": _second(one[field]) if field else 0,
         "look": "over" if n < at else ("now" if one["state"] in names else "missed") if n == at else "ahead"}
        for n, (name, field) in enumerate(STAGES)
    ]  # fmt: skip
    line = f"truceline exchange {one['due']} CASE {one['exchange']}" if one["due"] else ""
    times = {"since_at": _second(one["since"]), "until_at": _second(one["until"]) if one["until"] else 0}
    return {**one, **times, "stages": stages, "line": line}


def _second(text: str) -> int:
    return parse_instant(text, "UTC")


def _broken_off(one: Mapping[str, Any]) -> int:
    """The stage at which an exchange ended without its lists being opened."""
    if any(side["revealed"] is not None for side in one["sides"]):
        return 2 if all(side["revealed"] is not None for side in one["sides"]) else 1
    return 1 if all(side["committed"] is not None for side in one["sides"]) else 0


# -- lists handed over -------------------------------------------------------------------------------------------------


@router.get("/exchange/handovers")
async def handovers_page(show: Lists) -> Response:
    """Who handed what kind of list to whom, with both readings of its period side by side."""
    return await _handovers(show, {})


@router.post("/exchange/handovers")
async def handover_drafted(  # noqa: PLR0917  # the fields of the form
    show: ListsSent, what: Short, to: Short, kind: Short = "", day: Short = "", format: Short = "",  # noqa: A002  # the name of the field
    words: Short = "", since: Short = "", until: Short = "", says: Short = "",
) -> Response:  # fmt: skip
    """Write a handover, or an answer to one, as a draft."""
    text = _text(show)
    given = {"what": what, "to": to, "kind": kind, "day": day, "format": format, "words": words, "since": since,
             "until": until}  # fmt: skip
    period = {name: given[name] for name in ("words", "since", "until") if given[name]}

    def run() -> mapdrafts.Draft:
        """Written."""
        check_coarse(list(given.values()))
        if what == "answer":
            body: dict[str, Any] = {"to": int(to) if to.isdigit() else 0, "says": says}
            body |= {"period": period} if words else {}
            reading = handovers.Reading(words, since, until) if words else None
            handovers.check_handover_answer(handovers.HandoverAnswer(body["to"], says, "", reading), text.tz)
            return handovers.ANSWER, body
        made = handovers.Handover(kind, to, day, format, handovers.Reading(words, since, until))
        handovers.check_handover(made, show.viewer.party, text)
        handovers.check_handed(day, text.tz, _now(show))
        return HANDOVER, {"kind": kind, "to": to, "day": day, "format": format, "period": period}

    try:
        draft = await run_sync(run)
    except SubmissionError as error:
        return await _handovers(show, given, trouble=one_line(str(error)), status=422)
    return await _handovers(show, given, drafts=[_signing(show, *draft)])


async def _handovers(
    show: Showing, given: Mapping[str, str], *, drafts: Sequence[ToSign] = (), trouble: str = "", status: int = 200
) -> Response:
    show = show.current
    text = _text(show)
    found = await run_sync(handovers.handovers_shown, show.service.case, show.viewer)
    may_say_it = _speaks(show, text, HANDOVER)
    actors = [one for one in text.parties.values() if one.id != show.viewer.party and one.kind != "list"]
    nearest = sorted(one.id for one in actors if one.kind == "guarantor")
    others = sorted(one.id for one in actors if one.kind != "guarantor")
    values = {
        "handovers": found, "days": lambda period: _days(period, text.tz),
        "apart": sum(one.is_read_alike is False for one in found), "names": _names(text),
        "given": defaultdict(str, given), "drafts": drafts, "trouble": trouble, "may_say": may_say_it,
        "kinds": handovers.KINDS,
        "nearest": nearest, "others": others, "speaks": show.viewer.party if may_say_it else "",
    }  # fmt: skip
    scripts = ["sign.js"] if drafts else []
    return await show.page("exchange-handovers", show.say("Lists handed over"), values, scripts=scripts, is_wide=True,
                           status=status, has_known_at=False)  # fmt: skip


def _days(period: handovers.PeriodShown, tz: str) -> tuple[str, str]:
    """The first and the last day of a reading, on the civil clock; empty = open."""
    first = civil_day(_second(period.since), tz).isoformat() if period.since else ""
    return first, civil_day(_second(period.until) - 1, tz).isoformat() if period.until else ""


# -- what all of them need ---------------------------------------------------------------------------------------------


def _text(show: Showing) -> Agreement:
    return exchanged.text_in_force(show.service.case)


def _now(show: Showing) -> int:
    """The second by which areas are shown: that of the log, and never before its newest entry."""
    return max(clock_of(show.service.case.charter())(), show.service.case.newest())


def _names(text: Agreement) -> dict[str, dict[str, str]]:
    return {one.id: dict(one.names) for one in text.parties.values() if one.names}


def _lands(show: Showing) -> Sequence[Land]:
    lands, _ = drawn.ground_of(show.service.snapshots.current(), show.service.case, is_public=False)
    return lands


def _blocks(show: Showing) -> Sequence[tuple[str, ...]]:
    """The blocks of the partition that was published; none where none was."""
    try:
        return partition_of(show.service.case).blocks
    except StoreError:
        return ()


def _patches(named: Sequence[str], blocks: Sequence[tuple[str, ...]], stands: str) -> list[cells.Patch]:
    """Cells as patches: those of one block together."""
    of = {cell: number for number, block in enumerate(blocks) for cell in block}
    heaps: dict[object, list[str]] = {}
    for cell in sorted(named):
        heaps.setdefault(of.get(cell, cell), []).append(cell)
    return [cells.Patch(heap[0], tuple(heap), stands) for heap in heaps.values()]


def _whole(show: Showing, named: Sequence[str]) -> tuple[str, ...]:
    """The blocks in which cells lie, whole: what the partition names together is said together."""
    for cell in named:
        check_cell(cell)
    try:
        return partition_of(show.service.case).whole(named)
    except StoreError:
        return tuple(named)


def _speaks(show: Showing, text: Agreement, kind: str) -> bool:
    """Whether whoever looks can sign a statement of a type."""
    actor = text.parties.get(show.viewer.party)
    return show.viewer.role == "party" and actor is not None and may_say(actor.kind, kind)


def _signing(show: Showing, kind: str, body: Mapping[str, Any]) -> ToSign:
    where = door_of(show.request).origin
    return to_sign(kind, show.viewer.party, body, where, is_of_text=True, is_demo=show.service.case.charter().is_demo)
