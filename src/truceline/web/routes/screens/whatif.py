"""What if a zone lay elsewhere? The screen on which a line is drawn, and at once told what it would have meant.

Without a script the corners are typed and the form is sent; with one, the same figures follow the hand. What is drawn
is kept nowhere: it travels in the body of a request, and in a link behind its `#`, which no service is told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

import msgspec
import shapely
from anyio.to_thread import run_sync
from fastapi import APIRouter, Form, Query
from markupsafe import Markup
from pydantic import ValidationError
from starlette.responses import HTMLResponse, Response

from truceline import LAW, RULE_VERSION, __version__
from truceline.assess.place import Placed
from truceline.desk.runs import agreement_row, published_with
from truceline.desk.snapshots import Snapshot
from truceline.desk.views import pages
from truceline.desk.views.drawn import ground_of
from truceline.errors import InputError, TrucelineError, UnknownError, quoted
from truceline.mgrs import position, to_mgrs
from truceline.report import whatif
from truceline.report.map import keys_of
from truceline.report.picture import Rings
from truceline.report.supposed import sheet_between
from truceline.space import Geometry, in_degrees
from truceline.web.patterns import TIME
from truceline.web.routes import reading_asked as asked_routes
from truceline.web.routes import reading_moved as moves
from truceline.web.showing import Showing, look

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

NEW = "+"
"""How a form calls the zone that the text has not yet."""

MOST_EXACT = 1_500
"""Corners of a zone that is drawn as it is; one with more is drawn to some 200 m."""

LISTED = 25
"""Reports that change, on the page."""

PAPER, ASPECT = 760.0, 0.72
EVERYWHERE: Rings = (((-60.0, -60.0), (60.0, -60.0), (60.0, 60.0), (-60.0, 60.0), (-60.0, -60.0)),)
"""Where a new zone may begin, if nothing is known of land or reports."""

Zone = Annotated[str, Query(max_length=80, description="Id of a zone of the text; `+` = a new one.")]
Act = Annotated[str, Query(max_length=80, description="Only reports of this class of acts.")]
Ceiling = Annotated[str, Query(max_length=7, pattern="^-?[0-9]{0,6}$", description="Metres above mean sea level.")]
Do = Literal["count", "terms", "proposal", "geojson", "reset"]


@dataclass(frozen=True)
class Wanted:
    """What the form says.

    Attributes:
        zone: id; `+` = a new one; empty = the first that has an outline.
        since, until, ceiling_m, act: as typed.
        corners: as typed, empty lines among them; None = nothing was typed.
        do: what is wanted beside the figures.
        is_part: a script asks for what follows a drawing alone.
    """

    zone: str = ""
    since: str = ""
    until: str = ""
    ceiling_m: str = ""
    act: str = ""
    corners: Sequence[str] | None = None
    do: Do = "count"
    is_part: bool = False


@dataclass
class Drawn:
    """A zone on the page.

    Attributes:
        signed: its outline in degrees; none = none is known.
        start: the ring with which a draft begins; `is_simpler`: than the zone.
        ring: the ring as drawn, closed.
        faults: corners that are none, by number.
        is_moved: whether it is another than the one with which it began.
    """

    signed: tuple[Rings, ...]
    start: list[tuple[float, float]]
    is_simpler: bool
    ring: list[tuple[float, float]] = field(default_factory=list)
    faults: list[int] = field(default_factory=list)
    is_moved: bool = False


@router.get("/what-if")
async def what_if_page(  # noqa: PLR0917  # the signature is the query
    show: Annotated[Showing, look("what-if", "ask", cost=moves.MOVE)],
    zone: Zone = "",
    since: Annotated[str, Query(alias="from", pattern=TIME, description="In force from then on.")] = "",
    until: Annotated[str, Query(pattern=TIME, description="In force until then.")] = "",
    ceiling_m: Ceiling = "",
    act: Act = "",
) -> Response:
    """The screen, with a zone as it is, or with another time or ceiling."""
    return await _page(show, Wanted(zone, since, until, ceiling_m, act))


@router.post("/what-if")
async def what_if_drawn(  # noqa: PLR0917  # the signature is the form
    show: Annotated[Showing, look("what-if", "ask", cost=moves.MOVE, takes="page")],
    zone: Annotated[str, Form(max_length=80)] = "",
    since: Annotated[str, Form(alias="from", max_length=40)] = "",
    until: Annotated[str, Form(max_length=40)] = "",
    ceiling_m: Annotated[str, Form(max_length=7)] = "",
    act: Annotated[str, Form(max_length=80)] = "",
    corner: Annotated[list[str] | None, Form(max_length=200)] = None,
    do: Annotated[Do, Form()] = "count",
    part: Annotated[bool, Form()] = False,
) -> Response:
    """The same, with the corners that were typed."""
    corners = None if do == "reset" else corner
    return await _page(show, Wanted(zone, since.strip(), until.strip(), ceiling_m.strip(), act, corners, do, part))


async def _page(show: Showing, wanted: Wanted) -> Response:
    asks = await show.who.about(show.known_at)
    snapshot, is_public = asks.snapshot, asks.is_public
    zones = snapshot.agreement.zones
    lands, marks = await run_sync(lambda: ground_of(snapshot, show.service.case, is_public=is_public))
    if wanted.zone and wanted.zone != NEW and wanted.zone not in zones:
        raise UnknownError(f"`zone`: the text knows no zone {quoted(wanted.zone)}")
    if not wanted.zone:
        wanted = replace(wanted, zone=next((one.id for one in marks if one.polygons), next(iter(zones), NEW)))
    ground = await run_sync(_shape, show, snapshot, wanted.zone, is_public)
    own = [one.polygons for one in lands if one.is_own and one.polygons]
    stage = await moves.stage_of(asks)
    begin = whatif.ring_around(stage.places(), [rings for one in own for rings in one] or [EVERYWHERE])
    drawn = _drawn(wanted, _rings(ground), begin)
    trouble, told, terms, proposal = "", None, None, None
    try:
        draft = _draft(wanted, drawn)
        told = await _told(show, wanted, draft)
        if wanted.do == "terms" and _is_supposed(draft) and draft["zone"]:
            terms = await _terms(show, draft)
        if wanted.do in ("proposal", "geojson") and _is_supposed(draft):
            proposal = await _proposal(show, draft)
    except InputError as error:
        trouble = error.faults[0].message
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][-1])
        trouble = f"`{name}`: expected {'whole metres' if name == 'ceiling_m' else 'a day such as 2016-09-12'}"
    if told is None:  # what was typed cannot be; the zone as it is is shown beside it
        told = await _told(show, wanted, {"zone": "" if wanted.zone == NEW else wanted.zone, **_square(wanted, drawn)})
    if proposal is not None and wanted.do == "geojson":
        return _file(show, wanted, draft, told, snapshot)
    values = await run_sync(_values, show, snapshot, wanted, drawn, (lands, marks))
    values |= {"told": told, "terms": terms, "proposal": proposal, "trouble": trouble}
    values |= _named(show, snapshot, told)
    if wanted.is_part:
        return await show.piece("whatif-detail", values)
    values_of = told["places"] if told.get("places_of") == stage.places_of else []
    lie = {"places": stage.places(), "placesOf": stage.places_of, "values": values_of}
    island = {**values.pop("island"), **lie}
    values["island_json"] = Markup(msgspec.json.encode(island).decode().replace("<", "\\u003c"))  # noqa: S704  # no element begins in it
    title = show.say("What if a zone lay elsewhere?")
    return await show.page(
        "whatif", title, values, scripts=("whatif.js",), is_wide=True, status=422 if trouble else 200
    )  # fmt: skip


# -- what is drawn -----------------------------------------------------------------------------------------------------


def _shape(show: Showing, snapshot: Snapshot, zone: str, is_public: bool) -> Geometry | None:
    """The zone as it is, in degrees; None where it was not published to whoever looks, or lies in no file."""
    if zone == NEW:
        return None
    bench = published_with(show.service.case, snapshot.size) if is_public else snapshot.bench
    ground = Placed(snapshot.agreement.zones, bench.atlas).ground((zone,))
    return None if ground.shape is None or ground.is_open else in_degrees(ground.shape)


def _rings(shape: Geometry | None) -> tuple[Rings, ...]:
    if shape is None:
        return ()
    simple = shapely.simplify(shape, 0.002) if shapely.get_num_coordinates(shape) > MOST_EXACT else shape
    return tuple(
        tuple(
            tuple((round(x, 7), round(y, 7)) for x, y in shapely.get_coordinates(ring).tolist())
            for ring in (part.exterior, *part.interiors)
        )
        for part in shapely.get_parts(simple)
        if isinstance(part, shapely.Polygon)
    )


def _drawn(wanted: Wanted, signed: tuple[Rings, ...], begin: list[tuple[float, float]]) -> Drawn:
    start, is_simpler = whatif.draft_ring(signed)
    made = Drawn(signed, start or begin, is_simpler)
    begun = whatif.corners_of(made.start)
    typed = [text.strip() for text in wanted.corners if text.strip()] if wanted.corners is not None else begun
    found: list[tuple[float, float]] = []
    for number, text in enumerate(typed, 1):
        try:
            x, y = position(text)
        except InputError:
            made.faults.append(number)
            continue
        found.append((round(x, 5), round(y, 5)))
    made.ring = [*found, found[0]] if found else []
    made.is_moved = not signed or typed != begun
    return made


def _draft(wanted: Wanted, drawn: Drawn) -> dict[str, Any]:
    """What is asked of the interface."""
    if drawn.faults:
        raise InputError(f"corner {drawn.faults[0]}: expected latitude and longitude, or MGRS")
    made: dict[str, Any] = {"zone": "" if wanted.zone == NEW else wanted.zone}
    made |= {"from": wanted.since} if wanted.since else {}
    made |= {"until": wanted.until} if wanted.until else {}
    made |= {"ceiling_m": _metres(wanted.ceiling_m)} if wanted.ceiling_m else {}
    is_asked = wanted.corners is not None or wanted.zone == NEW
    if drawn.is_moved and is_asked:
        if len(drawn.ring) < 4:
            raise InputError("expected at least three corners")
        made["geometry"] = {"type": "Polygon", "coordinates": [[list(one) for one in drawn.ring]]}
    return made


def _metres(text: str) -> int | str:
    """Whole metres; what is none stays as it is, and is refused with everything else."""
    return int(text) if re.fullmatch("-?[0-9]{1,6}", text) else text


def _square(wanted: Wanted, drawn: Drawn) -> dict[str, Any]:
    """For a new zone the shape with which its drawing begins."""
    if wanted.zone != NEW:
        return {}
    return {"geometry": {"type": "Polygon", "coordinates": [[list(one) for one in drawn.start]]}}


def _is_supposed(draft: dict[str, Any]) -> bool:
    return len(draft) > 1


# -- what the interface answers ----------------------------------------------------------------------------------------


async def _told(show: Showing, wanted: Wanted, draft: dict[str, Any]) -> dict[str, Any]:
    asked = moves.MovedZone.model_validate({**draft, "act": wanted.act, "lines": True, "reports": LISTED})
    found = await moves.moved_of(show.who, asked, show.known_at)
    told: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return told


async def _terms(show: Showing, draft: dict[str, Any]) -> dict[str, Any]:
    asked = asked_routes.SupposedZone.model_validate(draft)
    return show.told(await asked_routes.what_if(show.who, asked, show.known_at))


async def _proposal(show: Showing, draft: dict[str, Any]) -> dict[str, Any]:
    asked = moves.DraftZone.model_validate(draft)
    return show.told(await moves.what_if_proposal(show.who, asked, show.known_at))


def _file(show: Showing, wanted: Wanted, draft: dict[str, Any], told: dict[str, Any], snapshot: Snapshot) -> Response:
    """What is drawn as a GeoJSON file: a proposal, with what was counted in it."""
    properties = {
        "id": draft["zone"] or "new-zone", "status": "draft, signed by nobody", "from": wanted.since or None,
        "until": wanted.until or None, "ceiling_m": draft.get("ceiling_m"), "act": wanted.act or None,
        "inside": told["inside"], "counted": "past reports, not a prediction", "sight": told["sight"],
    }  # fmt: skip
    value = {
        "type": "FeatureCollection", "law": LAW, "truceline": __version__, "rule_version": RULE_VERSION,
        "agreement": agreement_row(snapshot.agreement), "known_at": pages.known_at(snapshot),
        "features": [{"type": "Feature", "properties": properties, "geometry": draft.get("geometry")}],
    }  # fmt: skip
    headers = {"Content-Disposition": f'attachment; filename="proposal-{show.lang}.geojson"'}
    return Response(msgspec.json.encode(value), 200, headers, media_type="application/geo+json")


# -- what the template reads -------------------------------------------------------------------------------------------


def _values(
    show: Showing, snapshot: Snapshot, wanted: Wanted, drawn: Drawn, ground: tuple[Any, Any]
) -> dict[str, Any]:  # fmt: skip
    lands, marks = ground
    words, agreement = show.words, snapshot.agreement
    now = (((tuple(drawn.ring),),) if drawn.ring and len(drawn.ring) > 3 else ()) if drawn.is_moved else drawn.signed
    keys = keys_of([one for one in marks if one.id != wanted.zone])
    found = sheet_between(lands, words, keys=keys, outlines=(drawn.signed, now), wide=PAPER, aspect=ASPECT)
    sheet, frame = found or (None, None)
    named: dict[str, list[str]] = {}
    for term in agreement.terms.values():
        for key in term.where:
            named.setdefault(key, []).append(term.id)
    corners = whatif.corners_of(drawn.ring) if not drawn.faults else list(wanted.corners or ())
    return {
        "wanted": wanted, "drawn": drawn, "sheet": sheet, "is_new": wanted.zone == NEW,
        "zones": [
            {"id": one.id, "names": {"en": one.id, **one.names}, "terms": named.get(one.id, []),
             "withheld": one.is_withheld}
            for one in agreement.zones.values()
        ],
        "zone": agreement.zones.get(wanted.zone), "tz": agreement.tz,
        "corners": [*((text, _mgrs(text)) for text in corners), *[("", "")] * whatif.SPARE],
        "island": {
            "zone": "" if wanted.zone == NEW else wanted.zone, "signed": drawn.signed, "start": drawn.start,
            "ring": drawn.ring, "isMoved": drawn.is_moved, "isSimpler": drawn.is_simpler, "lang": show.lang,
            "knownAt": show.known_at, "listed": LISTED,
            "frame": None if frame is None else [
                float(one) for one in (frame.west, frame.south, frame.east, frame.north, frame.width, frame.height)
            ],
            "others": [
                {"id": one.id, "name": one.names.get(show.lang) or one.names.get("en", one.id),
                 "polygons": one.polygons}
                for one in marks if one.id != wanted.zone and one.polygons
            ],
        },
    }  # fmt: skip


def _mgrs(text: str) -> str:
    """A corner in MGRS; empty where it is none."""
    try:
        return to_mgrs(*position(text))
    except TrucelineError:
        return ""


def _named(show: Showing, snapshot: Snapshot, told: dict[str, Any]) -> dict[str, Any]:
    """Names of sides and acts, bars, and what is put down to each line."""
    words, agreement = show.words, snapshot.agreement
    parties = {key: one.names for key, one in agreement.parties.items()}
    sides = {key: whatif.side_name(words, key, parties) for key in told["by_side"]["names"]}
    acts = {key: whatif.act_name(words, key) for key in told["by_act"]["names"]}
    tree = agreement.acts
    classes = sorted({up for key in told["by_act"]["names"] if key in tree for up in tree.classes(key)})
    return {
        "sides": sides,
        "acts": acts,
        "bars": whatif.bars_of(told["by_month"]),
        "classes": [(key, whatif.act_name(words, key)) for key in classes],
        "difference": lambda pair: whatif.difference(words, pair),
        "square_km": lambda n: whatif.square_km(words, n),
        "pair": lambda column, at: {when: column[when][at] for when in ("before", "after")},
        "way": lambda up, down: {"before": down, "after": up},
    }
