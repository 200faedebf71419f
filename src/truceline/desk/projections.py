"""What is laid out in the database for people with a GIS? What readers of the service are shown, and nothing else.

After every addition to the record, and every hour, for the passing of time opens and closes things too: zones,
assessments and findings as the public sees them; as the secretariat does, only where the host has set
`gis_secretariat`. Every row comes out of the view of that reader (`desk.views`). Where from something came is not laid
out at all; of a unit its outline is, made simpler.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec
import shapely

from truceline.assess.place import Placed
from truceline.atlas import Atlas
from truceline.desk.jobs import Later, Work, job
from truceline.desk.snapshots import Snapshot
from truceline.desk.views.told import finding_row
from truceline.desk.views.view import View
from truceline.errors import StoreError
from truceline.space import Geometry, Region, in_degrees, outline
from truceline.span import FAR_AHEAD, LONG_AGO, utc_text
from truceline.store.opened import is_server

if TYPE_CHECKING:
    from truceline.desk.service import Service

PROJECT, AGAIN = "project", "project-again"
AGAIN_S = 3_600.0
BEHIND_S = 1.0
SIMPLER = 50_000
"""Tolerance of the outlines of units, in 1e-7 degree: about 500 m."""

Row = dict[str, Any]


def notice(service: Service) -> None:
    """Something was appended: have it laid out, once it was judged."""
    if has_views(service):
        _queue(service)


def _queue(service: Service) -> None:
    """Lay out what there is by now: who writes on and on does not put it off."""
    service.jobs.defer(PROJECT, job_key=PROJECT, size=len(service.case.entries()))


def has_views(service: Service) -> bool:
    """Whether the case lies in a database with views for a GIS."""
    return is_server(service.where) and _are_there(service.where)


@lru_cache(maxsize=16)
def _are_there(where: str) -> bool:
    """Asked once of each database: views that are made later are found after a restart."""
    return bool(_projected().is_there(where))


@job(PROJECT)
def _project(service: Service, work: Work, size: int = 0) -> Mapping[str, Any]:
    """Lay everything out, as soon as the answers know of so many entries.

    Raises:
        Later: they do not yet.
    """
    try:
        known = service.snapshots.current().size
    except StoreError:  # nothing was judged yet, however long that takes
        raise Later(BEHIND_S) from None
    if known < size:
        raise Later(BEHIND_S)
    work.tell("laying out", 0, 1)
    try:
        written = project(service)
    finally:  # also where it fails for good: nobody else would take away what may be shown no more
        service.jobs.defer(AGAIN, job_key=AGAIN, job_after_s=AGAIN_S)
    if known < len(service.case.entries()):  # who told of these was told that one waits already
        _queue(service)
    return {"written": written}


@job(AGAIN)
def _project_again(service: Service, work: Work) -> None:
    """Time has passed: what was delayed may be shown now, and what was consented to may have ended."""
    del work
    _queue(service)


def project(service: Service) -> list[str]:
    """Lay out what each reader is shown now.

    Returns:
        The layers that were written anew; those alike are left as they are.

    Raises:
        StoreError: nothing was judged yet, or the database refuses.
    """
    snapshot, write = service.snapshots.current(), _projected().write
    readers = {"public": "public", **({"secretariat": "secretariat"} if service.settings.gis_secretariat else {})}
    written = []
    for ladder, reader in readers.items():
        view = service.snapshots.view(snapshot, reader)
        for layer, (mark, rows) in layers(snapshot, view).items():
            if write(service.where, layer, ladder, rows, mark=mark, known=(snapshot.index, snapshot.at)):
                written.append(f"{layer} {ladder}")
    if not service.settings.gis_secretariat:
        for layer in ("zone", "assessment", "finding"):  # what an earlier setting laid out is taken away
            write(service.where, layer, "secretariat", list, mark="", known=(snapshot.index, snapshot.at))
    return written


def layers(snapshot: Snapshot, view: View) -> dict[str, tuple[str, Callable[[], Sequence[Row]]]]:
    """What a reader is shown, layer by layer.

    Returns:
        Name of the layer to the mark of its rows, and what makes them.
    """
    zones, findings = list(zone_rows(snapshot, view)), list(finding_rows(snapshot, view))
    return {
        "zone": (_mark(zones), lambda: zones),
        "assessment": (view.mark, lambda: list(assessment_rows(snapshot, view))),
        "finding": (_mark(findings), lambda: findings),
    }


def zone_rows(snapshot: Snapshot, view: View) -> Iterator[Row]:
    """The zones of the text: they are public, but for maps that were not published with it."""
    agreement, atlas = snapshot.agreement, snapshot.bench_of(view.reader).atlas
    placed, drawn_by = Placed(agreement.zones, atlas), atlas.drawn_by
    for zone in agreement.zones.values():
        ground = placed.ground((zone.id,))
        shape = None if ground.is_withheld or ground.shape is None else ground.shape
        yield {
            "id": zone.id, "name": zone.names.get("en", zone.id), "valid_from": _time(zone.start),
            "valid_until": _time(zone.end), "low_m": zone.low_m, "high_m": zone.high_m,
            "terms": ", ".join(term.id for term in agreement.terms.values() if zone.id in term.where),
            "is_withheld": ground.is_withheld, "drawn_by": drawn_by.get(zone.line) if zone.line else None,
            "geom": _wkb(_polygons(shape)),
        }  # fmt: skip


def assessment_rows(snapshot: Snapshot, view: View) -> Iterator[Row]:
    """What was judged of the reports that a reader is told of, each place no finer than the reader sees it."""
    drawer = _Drawer(snapshot.bench_of(view.reader).atlas)
    rows = view.every
    for row, encoded in zip(rows.tolist(), view.encoded(rows), strict=True):
        one = msgspec.json.decode(encoded)
        yield {
            "id": one["id"], "kind": one["kind"], "begins": one["from"], "ends": one["until"],
            "act": ", ".join(one["act"]) or None, "actor": _who(one["actor"]), "target": _who(one["target"]),
            "verdict": one["any"], "supported": one["supported"],
            "answers": msgspec.json.encode(one["terms"]).decode(), "sight": one["place"]["sight"],
            "place": one["place"]["text"], "units": ", ".join(one["place"]["units"]) or None,
            "source": one["source"] or None, "licence": one["licence"] or None,
            "geom": drawer.wkb(view.place(row), tuple(one["place"]["units"])),
        }  # fmt: skip


def finding_rows(snapshot: Snapshot, view: View) -> Iterator[Row]:
    """The findings that a reader may see; of the public's view those that were published, and no others."""
    agreement = snapshot.agreement
    placed = Placed(agreement.zones, snapshot.bench_of(view.reader).atlas)
    for finding in snapshot.told.shown(view.reader, agreement.group):
        one = finding_row(finding, view.reader)
        term = agreement.terms.get(one["term"] or "")
        ground = placed.ground(term.where) if term is not None and term.where else None
        shape = None if ground is None or ground.is_withheld else ground.shape
        yield {
            "id": one["id"], "entry": one["index"], "at": one["at"], "by": ", ".join(one["by"]), "body": one["body"],
            "is_joint": one["joint"], "holds": one["holds"], "term": one["term"], "against": one["against"],
            "standard": one["standard"], "finding": one["text"], "about": ", ".join(f"#{n}" for n in one["about"]),
            "dissent": "\n".join(f"{each['by']}: {each['text']}" for each in one["dissent"]) or None,
            "published": None if one["published"] is None else one["published"]["at"],
            "geom": _wkb(None if shape is None else in_degrees(shape)),
        }  # fmt: skip


class _Drawer:
    """Outlines of regions, each drawn once."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas
        self.wkb = lru_cache(maxsize=20_000)(self._drawn)
        self._unit = lru_cache(maxsize=5_000)(self._outline)

    def _drawn(self, region: Region, units: tuple[str, ...]) -> bytes | None:
        shape = outline(region)
        if shape is not None:
            return _wkb(in_degrees(shape))
        found = [one for code in units if (one := self._unit(code)) is not None] if region.kind == "area" else []
        return _wkb(shapely.union_all(found)) if found else None

    def _outline(self, code: str) -> Geometry | None:
        shape = self._atlas.shapes.get(self._atlas.gazetteer.code(code))
        return None if shape is None else in_degrees(shapely.simplify(shape, SIMPLER))


def _projected() -> Any:  # noqa: ANN401  # a module that is imported only where there is a server
    return import_module("truceline.store.server.projected")


def _who(named: Mapping[str, Any]) -> str | None:
    return ", ".join(named["ids"]) or named["text"] or None


def _time(second: int | None) -> str | None:
    return None if second is None or not LONG_AGO < second < FAR_AHEAD else utc_text(second)


def _polygons(shape: Geometry | None) -> Geometry | None:
    """The polygons of a shape in degrees, as one; None where there are none."""
    if shape is None:
        return None
    parts = [one for one in shapely.get_parts(in_degrees(shape)).tolist() if shapely.get_type_id(one) == 3]
    return shapely.multipolygons(parts) if parts else None


def _wkb(shape: Geometry | None) -> bytes | None:
    return None if shape is None or shapely.is_empty(shape) else bytes(shapely.to_wkb(shape))


def _mark(rows: Sequence[Row]) -> str:
    return hashlib.blake2b(msgspec.msgpack.encode(rows), digest_size=12).hexdigest()
