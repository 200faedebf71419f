"""Ten thousand notified sites looked at: names, borders, swapped numbers, doubles; with equal answers first.

    notices.check    10,000 sites of the shipped case against its gazetteer, its border and one another

The sites lie about the places of GeoNames in Syria, seeded; one in ten has something wrong with it. What is found is
first compared with a slow reference that takes one site after the other.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from functools import partial

from bench import slow_notices
from bench.machine import peak_mb
from bench.measure import Ask, Result, Task, agree, figures, short, timed
from bench.zones import SEED
from truceline.desk.files import bench_of, shipped
from truceline.desk.grounds import CaseGround
from truceline.notices.checks import Checked, Ground, Standing, check
from truceline.notices.model import SITE, Consent, Draft

SITES = 10_000
NOW = 1_577_836_800
CATEGORIES = ("hospital", "school", "water", "shelter", "bread")


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """The one measurement; `rows` for a trial."""
    del mode
    return {"notices.check": partial(bench, min(rows, SITES) if rows else SITES, ask=ask)}


def bench(rows: int, *, ask: Ask) -> Result:
    """Measure, after the answer was held against that of the slow reference.

    Raises:
        DisagreementError: they differ.
    """
    done = {who: ask({"bench": "notices", "engine": who, "rows": rows}) for who in ("slow", "truceline")}
    agree("notices.check", {who: (one["found"], one["checksum"]) for who, one in done.items()})
    ours, slow = done["truceline"], done["slow"]
    entry = {key: ours[key] for key in ("found", "checksum", "rows", "what")} | {"ours": ours["figures"]}
    peer = slow["figures"] | {"ratio": short(slow["figures"]["seconds_best"] / ours["figures"]["seconds_best"])}
    return entry | {
        "peers": {"reference": peer}, "best_exact_peer": "reference", "ratio_to_best_exact_peer": peer["ratio"],
        "variants": {}, "absent_peers": [],
    }  # fmt: skip


def work(task: Task) -> Result:
    """The task by one engine, in a process of its own: from nothing known, as the first import of a day is."""
    files = shipped()
    drafts = sites(task["rows"])

    def fresh() -> Ground:
        made = CaseGround(bench_of("agreement.yaml", files["agreement.yaml"], files.get, {}))
        return Ground(made, made.country, frozenset({"ru", "us"}), Standing(), NOW, "UTC")

    if task["engine"] == "slow":
        seconds, found = timed(lambda: slow_notices.placed(drafts, fresh()), runs=1, most=1)
    else:
        seconds, looked = timed(lambda: check(drafts, fresh()), runs=3, most=3)
        found = as_found(looked)
    return {
        "rows": len(drafts), "found": len(found), "checksum": hashlib.sha256(repr(found).encode()).hexdigest()[:16],
        "what": f"{len(drafts):,} sites, lists of names and borders read anew: {len(found):,} remarks",
        "figures": figures(seconds, len(drafts)) | {"peak_mb": peak_mb()},
    }  # fmt: skip


def as_found(looked: Sequence[Checked]) -> list[slow_notices.Found]:
    """What the checks found, in the words of the slow reference."""
    return sorted(
        (number, one.code, int(next((v for k, v in one.values.items() if k in ("km", "metres")), 0)))
        for number, checked in enumerate(looked)
        for one in checked.remarks
        if one.code in slow_notices.PLACED
    )


def sites(rows: int, seed: int = SEED) -> list[Draft]:
    """So many sites about places of the country, one in ten with something wrong."""
    from truceline.desk.naming import geonames  # noqa: PLC0415  # 80 MB are searched through

    rng = random.Random(seed)
    places = sorted(geonames(("SY",)), key=lambda one: one.id)
    made: list[Draft] = []
    for number in range(rows):
        place = rng.choice(places)
        lon, lat = place.lon_deg + rng.uniform(-0.03, 0.03), place.lat_deg + rng.uniform(-0.03, 0.03)
        name = rng.choice((place.name, *place.spellings[:3]))
        where, since = f"{lat:.5f}, {lon:.5f}", "2019-12-01"
        match rng.randrange(60):
            case 0:
                where = f"{lon:.5f}, {lat:.5f}"
            case 1:
                name = rng.choice(places).name
            case 2:
                where = f"{lat + 4:.5f}, {lon:.5f}"
            case 3:
                since = "2018-01-01"
            case 4:
                where = f"{lat:.2f}, {lon:.2f}"
            case 5 if made:
                where = made[-1].where
            case _:
                pass
        made.append(
            Draft(SITE, f"site {number}", name, where, since, "", (Consent("ru"),), rng.choice(CATEGORIES))
        )  # fmt: skip
    return made
