"""What does a tree rest on, so that others can replay it? One document: inputs, their versions, trees, worlds, a seal.

The independent checker takes it. Whole numbers and words only, but for the agreement's own values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
import shapely

from truceline.acts import COMMON
from truceline.agreement.lines import read_lines
from truceline.agreement.model import Fact, SignedAct
from truceline.assess.spec import Law
from truceline.assess.why import Plain, Tree, cite, groups_of, why_of
from truceline.assess.worlds_shown import Shown, World
from truceline.canon import hash_value
from truceline.errors import InputError
from truceline.evidence.schema import Named, Observation, region_row
from truceline.space import Region

FORMAT = 1
MOST_CORNERS = 2_000
"""Drawn zones of more corners are not put into a document."""

OF_ONE = frozenset("invoke answer notice request allege reply acknowledge finding confirm perform refuse waive".split())
"""Acts that speak of one flight, deed or report: who is told of another is told nothing of it."""


@dataclass(frozen=True)
class Text:
    """The text of an agreement as plain values, with the lines that are cited.

    Attributes:
        values: what RFC 8785 writes and the version hashes.
        facts: line of each dated fact, in the order of the text.
        terms: id of a term to its line.
    """

    values: Mapping[str, Plain]
    facts: tuple[int, ...]
    terms: Mapping[str, int]


def text_of(data: bytes, name: str) -> Text:
    """The text of an agreement with the lines that a tree cites."""
    root = read_lines(data, name, [])
    if root is None or not isinstance(root.value, dict):
        raise InputError(f"{name}: not the text of an agreement")
    facts, terms = (root.value[k].value or [] if k in root.value else [] for k in ("facts", "terms"))
    return Text(root.plain(), tuple(f.line for f in facts), {t.value["id"].value: t.line for t in terms})


def document(report: Observation, tree: Tree, law: Law, text: Text) -> dict[str, Any]:
    """A tree with everything that it rests on, as the independent checker takes it.

    Args:
        report: what one source said.
        tree: as `why_all` made it.
        law: what stood.
        text: the agreement's own values, whose hash is the version that the tree names.
    """
    inputs = {
        "report": report_row(report),
        "agreement": text.values,
        "terms": _amended(law, text),
        "facts": [_fact_row(f) for f in law.standing.agreement.facts if not f.line],
        "acts": [_act_row(a) for a in law.standing.acts if a.act not in OF_ONE or report.id in (a.of, *a.about)],
        "readings": {k: v for k, v in asdict(law.standing.readings).items() if k != "chosen"},
        "known_at": law.standing.known_at,
        "common_acts": {name: list(kinds) for name, kinds in COMMON.items()},
        "groups": groups_of(law),
        "marks": dict(tree.marks),
        "given": dict(tree.given),
        "lines": {"facts": list(text.facts), "terms": dict(text.terms)},
        "places": _places(report, tree, law),
    }
    made: dict[str, Any] = {
        "format": FORMAT, "inputs": inputs, "versions": {name: hash_value(value) for name, value in inputs.items()},
        "trees": dict(tree.roots), "table": dict(tree.table),
    }  # fmt: skip
    return with_worlds(made, report, tree, law, {})


def with_worlds(
    made: Mapping[str, Any], report: Observation, tree: Tree, law: Law, shown: Mapping[str, Shown]
) -> dict[str, Any]:
    """A document with the two worlds of each open answer: what each changes in the inputs, and what it comes to."""
    worlds = {}
    for term_id, pair in shown.items():
        each = {"breach": pair.breach, "none": pair.none}
        rows = {k: None if w is None else _world_row(w, term_id, report, tree, law) for k, w in each.items()}
        worlds[term_id] = {**rows, "differs": list(pair.differs)}
    versions = {**made["versions"], "worlds": hash_value(worlds), "trees": hash_value(made["trees"])}
    return sealed({**made, "worlds": worlds, "versions": versions})


def _world_row(world: World, term_id: str, report: Observation, tree: Tree, law: Law) -> dict[str, Any]:
    before, after = report_row(report), report_row(world.report)
    changed = {k: v for k, v in after.items() if v != before[k] and k not in ("impact", "origin")}
    known = {act.id for act in law.standing.acts}
    acts = [_act_row(a) for a in world.law.standing.acts if a.id not in known]
    other = why_of(world.report, term_id, world.law)
    given = {q: row for q, row in other.given.items() if tree.given.get(q) != row}
    if world.law is not law:
        for q, entry in other.table.items():
            is_course = "steps" in entry
            if is_course and entry["steps"] != tree.table.get(q, {}).get("steps"):
                given[q] = entry["steps"]
            elif q.startswith(('["text"', '["invoked"')) and entry["value"] != tree.table.get(q, {}).get("value"):
                given[q] = [entry["value"], entry["why"]]
    settled = [list(one) for one in world.settled]
    return {"report": changed, "acts": acts, "given": given, "settled": settled, "value": world.value}


def sealed(made: Mapping[str, Any]) -> dict[str, Any]:
    """A document with the hash of its content."""
    rest = {k: v for k, v in made.items() if k != "seal"}
    return {**rest, "seal": hash_value(rest)}


def report_row(report: Observation) -> dict[str, Any]:
    """A report as whole numbers and words."""
    named = {k: _named_row(getattr(report, k)) for k in ("actor", "target")}
    return {
        "id": report.id, "start": report.start, "end": report.end, "lasts": report.lasts,
        "impact": _region_row(report.impact), "origin": _region_row(report.origin),
        "low_m": report.low_m, "high_m": report.high_m, **named, "unordered": report.unordered,
        "acts": list(report.acts), "callsign": report.callsign,
        "count_low": report.count_low, "count_high": report.count_high,
    }  # fmt: skip


def _region_row(region: Region) -> dict[str, Any]:
    row = region_row(region)
    return {**row, **{f"{k}_e7": round(row.pop(f"{k}_deg") * 10_000_000) for k in ("from", "to")}}


def _named_row(named: Named) -> dict[str, Any]:
    return {"ids": list(named.ids), "mode": named.mode, "is_umbrella": named.is_umbrella}


def _fact_row(fact: Fact) -> dict[str, Any]:
    row = {"what": fact.what, "of": fact.of, "by": fact.by, "actors": list(fact.actors), "start": fact.start}
    return {**row, "end": fact.end, "cite": cite(fact)}


def _act_row(act: SignedAct) -> dict[str, Any]:
    return {k: v for k, v in msgspec.to_builtins(asdict(act)).items() if v not in ("", None, [])}


def _amended(law: Law, text: Text) -> dict[str, Any]:
    """Terms whose wording is not that of the text: an amendment put it there."""
    known = {t["id"]: t for t in text.values.get("terms") or []}
    return {i: {**t.body, "id": i} for i, t in law.terms.items() if dict(t.body) != known.get(i)}


def _places(report: Observation, tree: Tree, law: Law) -> dict[str, Any]:
    """What places can be compared by: the units above each unit, and drawn zones of few corners."""
    atlas, zones = law.placed.atlas, law.standing.agreement.zones
    met = sorted({z for q in tree.table if q.startswith('["lies"') for z in msgspec.json.decode(q)[1]})
    codes = {c for z in met for c in zones[z].codes}.union(report.impact.areas if report.impact.kind == "area" else ())
    compare = atlas.gazetteer.compare
    is_one_list = all(compare(a, b) is not None for a in codes for b in codes)
    chains = {c: atlas.gazetteer.chain(c) for c in sorted(codes)} if is_one_list else {}
    drawn = {z: law.placed.ground((z,)).shape for z in met if not zones[z].codes and not zones[z].is_withheld}
    shapes = {
        z: shapely.to_wkt(shape, rounding_precision=-1)
        for z, shape in drawn.items()
        if shape is not None and shapely.get_num_coordinates(shape) < MOST_CORNERS
    }
    return {"units": chains, "shapes": shapes}
