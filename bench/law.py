"""Which law do the benchmarks judge by? 24 terms over 200 zones, written as an agreement and read like any other.

Fourteen prohibitions, each over twenty zones, ten exceptions that hold without anybody's word, four of which others
take back; ten actors of three sides, one of them excluded for a while. Zones are shared among terms, as in a real text.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
import yaml

from bench.rows import Rows
from bench.zones import END, SEED, START, Zones
from truceline.agreement.history import History
from truceline.agreement.text import load
from truceline.assess.columns import Columns
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.assess.spots import Spots
from truceline.atlas import Atlas
from truceline.evidence.schema import ONE, Named

TERMS = 24
ZONES_PER_TERM = 20
DAY = 86_400
ACTORS = (*(f"{side}{number}" for side in ("red", "blue", "green") for number in range(3)), "black")
DOES = ("attack", "air-strike", "shelling", "mortar", "movement", "fly")


def parts_of(terms: int) -> tuple[int, int, int]:
    """How many prohibitions, exceptions, and terms that take these back; 14, 6 and 4 of 24."""
    permits, overrides = terms // 4, terms // 6
    return terms - permits - overrides, permits, overrides


def law_over(area: Zones, terms: int = TERMS) -> Law:
    """The law, its zones being those of a benchmark, without their bands and spans."""
    ids = [f"z{i}" for i in range(len(area.shapes))]
    atlas = Atlas(shapes={f"shape-{key}": shape for key, shape in zip(ids, area.shapes, strict=True)})
    text = load(yaml.safe_dump(_text(ids, terms)).encode(), "bench.yaml")
    return Law(History(text).as_known(), Placed(text.zones, atlas))


def columns_of(rows: Rows, radius_m: int | np.ndarray[Any, np.dtype[np.int32]] = 0) -> Columns:
    """Rows as reports: codes of actors, targets and acts drawn by seed; each lasts an hour at most.

    Args:
        rows: where and when.
        radius_m: of every report, or of each.
    """
    n = len(rows)
    rng = np.random.default_rng([SEED, 24])
    doings = (*((act,) for act in DOES), ("shelling", "air-strike"), ())
    names = (*(Named((actor,), ONE) for actor in ACTORS), Named())
    bands = ((None, None), (0, 0), (500, 500), (3_000, 3_000))
    radius = np.broadcast_to(np.asarray(radius_m, np.int32), n).astype(np.int32)
    return Columns(
        start=rows.time_s, end=rows.time_s + rng.choice([1, 3_600], n),
        actor=rng.integers(0, len(names), n).astype(np.int32), target=rng.integers(0, len(names), n).astype(np.int32),
        acts=rng.integers(0, len(doings), n).astype(np.int32), band=rng.integers(0, len(bands), n).astype(np.int32),
        spots=Spots(rows.lon_e7, rows.lat_e7, radius, np.zeros(n, np.int16), np.full(n, -1, np.int32)),
        names=names, doings=doings, bands=bands,
    )  # fmt: skip


def _text(zones: list[str], terms: int) -> dict[str, Any]:
    n_bans, n_permits, n_overrides = parts_of(terms)
    rng = np.random.default_rng([SEED, 25])
    days = (END - START) // DAY

    def window() -> dict[str, str]:
        first = int(rng.integers(0, days // 2))
        return {"from": _day(first), "until": _day(first + int(rng.integers(days // 4, days // 2)))}

    bans = [
        {
            "id": f"B{i}", "kind": "prohibit", "does": [str(rng.choice(DOES))], "who": "bound",
            "in": [str(zone) for zone in rng.choice(zones, min(ZONES_PER_TERM, len(zones)), replace=False)], **window(),
        }
        for i in range(n_bans)
    ]  # fmt: skip
    permits = [
        {
            "id": f"P{i}", "kind": "permit", "does": [str(rng.choice(DOES))], "burden": "none",
            "except": [str(one) for one in rng.choice([ban["id"] for ban in bans], min(3, n_bans), replace=False)],
            "who": [str(actor) for actor in rng.choice(ACTORS, 3, replace=False)], **window(),
        }
        for i in range(n_permits)
    ]  # fmt: skip
    overrides = [
        {
            "id": f"O{i}", "kind": "permit", "does": [str(rng.choice(DOES))], "burden": "none",
            "overrides": [f"P{i}"], **window(),
        }
        for i in range(n_overrides)
    ]  # fmt: skip
    actors: dict[str, Any] = {actor: {"kind": "group"} for actor in ACTORS}
    facts = [{"accepted": actor, "from": _day(7 * i)} for i, actor in enumerate(ACTORS)]
    facts.append({"excluded": "black", "from": _day(days // 3), "until": _day(days // 2)})
    return {
        "truceline": 1, "id": "bench", "title": {"en": "A law for benchmarks"}, "actors": actors,
        "facts": facts, "zones": {zone: {"geo": [f"annex:shape-{zone}"]} for zone in zones},
        "terms": [*bans, *permits, *overrides],
    }  # fmt: skip


def _day(number: int) -> str:
    return str(np.datetime64(START, "s").astype("datetime64[D]") + number)


def size_of(area: Zones, terms: int = TERMS) -> str:
    """How large the law is, for a table."""
    vertices = int(shapely.get_num_coordinates(area.shapes).sum())
    return f"{terms} terms, {len(area.shapes)} zones, {vertices} vertices"
