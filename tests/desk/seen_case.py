"""A small case in which every rung of the place ladder has rows: what the tests of reading are made on.

The text has one zone that is a square, a withdrawal zone beside it, a condition over the evidence, and two sides. The
rows are written as a reader would give them, each for one reason to see it or not to.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from truceline.desk import charters, keyring, records
from truceline.desk.cases import init_case
from truceline.desk.decided import pairs_draft
from truceline.desk.records import Draft
from truceline.evidence.incidents import Pair
from truceline.evidence.reading import Read
from truceline.evidence.schema import region_row, rejected_table, table_of
from truceline.space import Region
from truceline.span import parse_instant
from truceline.store.case import Case
from truceline.store.opened import open_case

TZ = "Asia/Damascus"
NOON = parse_instant("2024-06-01T12:00Z", "UTC")
"""When the case begins."""

NOW = parse_instant("2024-09-01T12:00Z", "UTC")
"""When it is looked at."""

LON, LAT = 366_000_000, 355_000_000
"""A point of the grid of towns, in the middle of the square zone."""

TEXT = """\
truceline: 1
id: small
title: {en: A small truce, ar: هدنة صغيرة, ru: Малое перемирие}
tz: Asia/Damascus
sources: {}
areas: [areas.geojson]
actors:
  north: {kind: state, names: {en: North}}
  north-army: {part_of: north, kind: force}
  south: {kind: state, names: {en: South}}
  host: {kind: guarantor}
  watch: {kind: monitor}
  joint: {kind: body, members: [north, south], decides: all}
zones:
  square: {polygon: [[36.5, 35.4], [36.7, 35.4], [36.7, 35.6], [36.5, 35.6]], names: {en: The square}}
  strip: {polygon: [[36.7, 35.4], [36.9, 35.4], [36.9, 35.6], [36.7, 35.6]]}
  secret: {geo: "annex:nowhere", text: withheld}
terms:
  - {id: calm, kind: prohibit, who: [north, south], does: attack, in: square, from: 2024-01-01,
     text: {en: No attack in the square.}}
  - {id: back, kind: prohibit, who: [north, south], does: [presence], in: strip, from: 2024-01-01,
     text: {en: No forces in the strip.}}
  - {id: quiet, kind: prohibit, who: [north, south], does: attack, in: secret, from: 2024-01-01}
  - {id: tell, kind: require, who: [north, south], do: inform, on: {opened: allegation}, within: P2D}
"""

UNITS = {"XA-N": ((36.0, 35.5), (38.0, 36.5), "Northland"), "XA-S": ((36.0, 34.5), (38.0, 35.5), "Southland")}


def areas() -> bytes:
    """Two units of level 1, one above the other; the border runs through the square zone."""
    features = []
    for code, ((west, south), (east, north), name) in UNITS.items():
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        features.append({
            "type": "Feature", "properties": {"code": code, "level": 1, "parent": "XA", "name_en": name},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        })  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def disc(lon: int = LON, lat: int = LAT, radius_m: int = 500) -> Region:
    """A place known to some metres."""
    return Region("disc", lon, lat, radius_m)


def row(key: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # fields of the schema
    """A report of shelling in the square by the north against the south, published when it happened."""
    start = parse_instant("2024-06-10T10:11Z", "UTC")
    made: dict[str, Any] = {
        "id": key, "source": "reports", "kind": "incident", "start": start, "end": start + 60,
        "time_text": "2024-06-10 13:11", "time_precision": "exact", "impact": disc(), "place_text": "Oldtown",
        "place_precision": "town", "actor": ["north"], "actor_mode": "one", "actor_text": "North", "target": ["south"],
        "target_mode": "one", "target_text": "South", "act": ["shelling"], "act_text": "shelling",
        "licence": "CC BY 4.0", "may_export": True, "publisher": "The Daily", "asserted_by": "South press office",
        "published": "2024-06-11", "url": f"https://example.org/{key}", "killed_low": 1, "killed_high": 2,
        "note": "said by a neighbour", "line": 1,
    }  # fmt: skip
    made |= more
    for name in ("impact", "origin"):
        if isinstance(made.get(name), Region):
            made[name] = region_row(made[name])
    return made


def rows() -> list[dict[str, Any]]:
    """One row for each reason to see it or not to."""
    late = parse_instant("2024-08-31T10:00Z", "UTC")
    return [
        row("open-1"),
        row("open-2", impact=disc(LON + 11_000, LAT + 9_000), start=NOON, end=NOON + 3_600),
        row("open-3", actor=["south"], target=["north"], impact=Region("area", LON, LAT, areas=("XA-S",))),
        row("unpublished", published=None, url=None),
        row("later", published="2024-08-20"),
        row("ahead", published="2030-01-01"),
        row("closed", may_export=False, licence="not to be passed on", source="acled"),
        row("account", reporter_withheld=True),
        row("refused"),
        row("kept-from-south"),
        row("lapsing"),
        row("fine", place_precision="site", place_text="The red house", impact=disc(LON - 5_000, LAT)),
        row("forces-north", act=["armed-person"], actor=["north-army"], actor_text="North army",
            impact=disc(LON + 2_000_000, LAT)),
        row("forces-south", act=["armed-person"], actor=["south"], actor_text="South", target=[], target_mode="none",
            impact=disc(LON + 2_000_000, LAT)),
        row("denied-watch", kind="impediment", act=["deny-access"], access_denied=True),
        row("looked", kind="observation", act=["observe"], negative=True, actor=[], actor_mode="none"),
        row("clinic", kind="site", act=["statement"], impact=disc(LON, LAT + 3_000_000)),
        row("convoy", kind="movement", act=["statement"]),
        row("track", kind="track", act=["fly"], impact=disc(LON + 700_000, LAT + 700_000)),
        row("track-late", kind="track", act=["fly"], start=late, end=late + 60),
        row("fired", origin=disc(LON - 3_000_000, LAT, 2_000)),
        row("fired-late", origin=disc(LON - 3_000_000, LAT, 2_000), start=late, end=late + 60),
        row("r 35.93412, 36.65123"),
        row("formula", actor_text="=1+1", act_text="@SUM(A1)", note="+2; =3"),
        row("twin-1"), row("twin-2"), row("maybe-1"), row("maybe-2", published=None, url=None),
    ]  # fmt: skip


def add(case: Case, made: Sequence[Mapping[str, Any]], at: int, name: str = "made.jsonl") -> int:
    """Add rows to a case at a second; the index of their entry."""
    body = {
        "file": name, "kind": "reports", "sha256": f"{len(case.entries()):064x}",
        **case.keep_table(Read(table_of(made), rejected_table([]))),
    }  # fmt: skip
    return say(case, Draft("evidence", body), at)


def say(case: Case, draft: Draft, at: int) -> int:
    """Append a draft at a second; its index."""
    return records.append(case, [draft], lambda: at)[0].index


def small_case(folder: Path) -> Case:
    """The text alone; it is made once in a run, and copied."""
    shutil.copytree(_template(keyring.config_folder()), folder)
    return open_case(folder)


@cache
def _template(config: Path) -> Path:
    """The case that is copied, signed with the keys of a configuration."""
    beside = Path(tempfile.mkdtemp(prefix="small-", dir=config))
    (beside / "agreement.yaml").write_text(TEXT, encoding="utf-8")
    (beside / "areas.geojson").write_bytes(areas())
    for name in ("units.csv", "actors.csv", "acts.csv", "weapons.csv", "places.csv"):
        (beside / name).write_text(HEADS[name], encoding="utf-8")
    sets = [keyring.key_set(party) for party in ("north", "south", "watch")]
    made = init_case(beside / "case", beside / "agreement.yaml", charters.new_charter("Small", parties=sets),
                     known_at=NOON)  # fmt: skip
    made.close()
    return beside / "case"


HEADS = {
    "units.csv": "text,level,code,same_as,source\n", "actors.csv": "text,ids,mode,kind,source\n",
    "acts.csv": "text,act,protected,source\n", "weapons.csv": "text,weapon,act,source\n",
    "places.csv": "text,class,area,source\n",
}  # fmt: skip


def seen_case(folder: Path) -> Case:
    """The text with all rows, consent, and two searches for duplicates."""
    case = small_case(folder)
    add(case, rows(), NOON + 60)
    pairs = [Pair("twin-1", "twin-2", 0.99), Pair("maybe-1", "maybe-2", 0.5), Pair("open-1", "open-2", 0.5)]
    of = [one.table_hash for one in case.journal() if one.table_hash]
    say(case, pairs_draft(pairs, of, "model", "0" * 64, bytes), NOON + 120)
    for body in (
        {"about": "refused", "use": "publish", "is_given": False},
        {"about": "kept-from-south", "use": "share", "is_given": False, "to": "south"},
        {"about": "lapsing", "use": "publish", "is_given": True, "until": "2024-09-02"},
    ):
        say(case, Draft("consent", body), NOON + 180)
    return case


# -- findings and publications -----------------------------------------------------------------------------------------


def jointly(case: Case, kind: str, body: Mapping[str, Any], at: int) -> int:
    """Something that north and south sign together; the index of its entry."""
    data, files = records.prepare(case, Draft(kind, dict(body), "north"), lambda: at)
    return records.submit(case, records.cosign_entry(case, data, "south"), files, lambda: at).index


def finding(case: Case, at: int, **more: Any) -> int:  # noqa: ANN401  # fields of a finding
    """A joint finding that the north broke a term; its index."""
    body = {
        "about": [1], "against": "north", "body": "joint", "holds": "breach", "standard": "clear and convincing",
        "term": "calm", "text": "The square was shelled.", **more,
    }  # fmt: skip
    return jointly(case, "finding", body, at)


def publish(case: Case, about: int, at: int, **more: Any) -> int:  # noqa: ANN401  # fields of the last step
    """The whole path for a finding: draft, remarks of both, joint body, public; the index of the publication."""
    sealed = Draft("publication", {"stage": "draft", "texts": {"en": "A draft."}}, readers=("north", "south"))
    of = say(case, sealed, at)
    step = {"stage": "comment", "of": of, "about": [about], "to": ["north", "south"], "body": "joint"}
    comment = say(case, Draft("publication", step), at + 1)
    for party in ("north", "south"):
        say(case, Draft("answer", {"text": "The date is right.", "to": comment}, party), at + 2)
    say(case, Draft("publication", {"stage": "joint", "of": of}), at + 3)
    last = {"stage": "public", "of": of, "about": [about], "texts": {"en": "Made public."}, **more}
    return jointly(case, "publication", last, at + 4)
