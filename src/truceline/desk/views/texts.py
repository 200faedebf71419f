"""What does a reader of the agreement get? Its versions, terms, actors, units, and its zones on the ground.

The agreement is open to everybody. The shape of a zone is shown as it was published with the text: areas that were
added to the case later are for its members.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import shapely

from truceline.agreement.diff import diff
from truceline.agreement.model import Agreement, Selector, Term, Zone
from truceline.agreement.wording import languages
from truceline.assess.place import Placed
from truceline.atlas import Atlas
from truceline.desk.drafting import Draft, diff_answer
from truceline.desk.runs import published_with
from truceline.desk.snapshots import Snapshot
from truceline.desk.viewers import REFUSED
from truceline.desk.views.told import Text
from truceline.errors import AccessError
from truceline.space import in_degrees
from truceline.span import utc_text
from truceline.store.case import Case


def agreement_row(snapshot: Snapshot) -> dict[str, Any]:
    """The agreement: which texts there were, whom it binds, what its terms say."""
    text = snapshot.agreement
    return {
        "id": text.id, "title": dict(text.title), "tz": text.tz, "text_status": text.text_status or None,
        "canonical_sha256": text.canonical_hash, "languages": list(languages(text)),
        "readings": dict(text.readings), "sources": dict(text.sources),
        "texts": [text_row(one) for one in snapshot.told.texts],
        "parties": [
            {
                "id": one.id, "kind": one.kind, "side": one.side or None, "part_of": one.part_of or None,
                "members": list(one.members), "names": dict(one.names),
            }
            for one in text.parties.values()
        ],
        "terms": [_term_row(one) for one in text.terms.values()],
        "zones": [_zone_row(one, text) for one in text.zones.values()],
    }  # fmt: skip


def text_row(one: Text) -> dict[str, Any]:
    """A text as an entry of the record."""
    return {
        "entry": one.index, "at": utc_text(one.at), "since": utc_text(one.since), "file": one.file,
        "sha256": one.bytes_, "canonical_sha256": one.values, "replaces": one.replaces or None,
        "languages": list(one.langs), "signed_by": list(one.by),
    }  # fmt: skip


def _term_row(one: Term) -> dict[str, Any]:
    return {
        "id": one.id, "kind": one.kind, "line": one.line, "who": _whom(one.who), "to": _whom(one.to),
        "does": list(one.does), "where": list(one.where), "instrument": one.instrument or None,
        "source": one.source or None, "withheld": one.is_withheld, "protective": one.is_protective,
        "text": dict(one.text),
    }  # fmt: skip


def _whom(one: Selector | None) -> dict[str, Any] | None:
    return None if one is None else {"ids": list(one.ids), "status": one.status or None}


def _zone_row(one: Zone, text: Agreement) -> dict[str, Any]:
    return {
        "id": one.id, "names": dict(one.names), "terms": [t.id for t in text.terms.values() if one.id in t.where],
        "withheld": one.is_withheld, "units": list(one.codes), "union": list(one.parts),
        "low_m": one.low_m, "high_m": one.high_m, "from": None if one.start is None else utc_text(one.start),
        "until": None if one.end is None else utc_text(one.end),
    }  # fmt: skip


def units_rows(snapshot: Snapshot, case: Case, *, is_public: bool) -> list[dict[str, Any]]:
    """The units of the gazetteer that the text is about; for the public those that came with it."""
    atlas = (published_with(case, snapshot.size) if is_public else snapshot.bench).atlas
    return [
        {
            "code": one.code, "level": one.level, "parent": one.parent or None, "names": dict(one.names),
            "has_shape": atlas.gazetteer.code(one.code) in atlas.shapes,
        }
        for one in atlas.gazetteer if one.code not in atlas.basemap
    ]  # fmt: skip


# -- zones -------------------------------------------------------------------------------------------------------------


def zones_of(
    snapshot: Snapshot, case: Case, *, is_public: bool
) -> list[tuple[dict[str, Any], shapely.Geometry | None]]:
    """The zones of the text, each with its shape in degrees; None where it was not published, or lies in no file.

    Args:
        snapshot: of which state.
        case: for the files of the text.
        is_public: only shapes that were published with the text.
    """
    bench = published_with(case, snapshot.size) if is_public else snapshot.bench
    placed = Placed(snapshot.agreement.zones, bench.atlas)
    found = []
    for zone in snapshot.agreement.zones.values():
        ground = placed.ground((zone.id,))
        shape = None if ground.shape is None or ground.is_withheld else in_degrees(ground.shape)
        drawn = sorted({by for line in _drawn_ids(zone) if (by := bench.atlas.drawn_by.get(line))})
        row = {
            **_zone_row(zone, snapshot.agreement), "withheld": ground.is_withheld, "missing": ground.is_missing,
            "drawn_by": drawn,
        }  # fmt: skip
        found.append((row, shape))
    return found


def _drawn_ids(zone: Zone) -> Sequence[str]:
    return [*zone.annex, *([zone.line] if zone.line else [])]


def zone_features(zones: Sequence[tuple[dict[str, Any], shapely.Geometry | None]]) -> list[dict[str, Any]]:
    """Zones as GeoJSON features."""
    return [
        {
            "type": "Feature", "id": row["id"], "properties": row,
            "geometry": None if shape is None else msgspec.Raw(shapely.to_geojson(shape).encode()),
        }
        for row, shape in zones
    ]  # fmt: skip


def grounds_of(snapshot: Snapshot, case: Case, *, is_public: bool) -> Atlas:
    """The units, lines and base map under the zones; for the public those that were published with the text."""
    return (published_with(case, snapshot.size) if is_public else snapshot.bench).atlas


# -- texts -------------------------------------------------------------------------------------------------------------


def text_of(snapshot: Snapshot, case: Case, digest: str) -> dict[str, Any]:
    """A text, byte for byte, with the names and hashes of what lies beside it.

    Args:
        snapshot: of which state.
        case: for the bytes.
        digest: SHA-256 of its values or of its bytes.

    Raises:
        AccessError: there is no such text.
    """
    one = _named(snapshot, digest)
    said = case.entries()[one.index].statement
    return {
        **text_row(one), "text": case.store.blob(one.bytes_).decode(),
        "files": [{"name": blob.name, "sha256": blob.sha256, "size": blob.size} for blob in said.blobs],
    }  # fmt: skip


def difference(snapshot: Snapshot, case: Case, digests: tuple[str, str], lang: str) -> dict[str, Any]:
    """What changed from one text of the record to another.

    Raises:
        AccessError: there is no such text. InputError: neither is worded in this language.
    """
    old, new = (_draft(case, _named(snapshot, digest)) for digest in digests)
    return diff_answer(old, new, diff(old.agreement, new.agreement, sizes=(old.km2, new.km2), lang=lang))


def text_file(case: Case, size: int) -> bytes:
    """The bytes of the text in force among the first `size` entries."""
    return case.agreement_files(size)[case.text(size).body["file"]]


def _draft(case: Case, one: Text) -> Draft:
    bench = published_with(case, one.index + 1)
    return Draft(one.file, bench.agreement, Placed(bench.agreement.zones, bench.atlas))


def _named(snapshot: Snapshot, digest: str) -> Text:
    found = [one for one in snapshot.told.texts if digest in (one.values, one.bytes_)]
    if not found:
        raise AccessError(REFUSED)
    return found[-1]
