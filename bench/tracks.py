"""Positions of aircraft against zones, and notices against one another: how fast, with equal answers first?

    tracks.zones   930,932 positions against 200 zones with floors and ceilings: entries, exits, gaps
    tracks.sites   10,000 sites, with flights, movements, repairs and zones: every conflict

The positions are the sample data of the PyPI package `traffic`, of which only the files are read:

    pip install --no-deps --require-hashes -r bench/requirements-data.txt

Where it is not there, as many are generated with the same spread, and the result says so. Both tasks are first done by
a slow reference: places by shapely, stays by a walk position by position, conflicts pair by pair.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from bench import slow_deconflict, slow_tracks
from bench.machine import peak_mb
from bench.measure import Ask, Result, Task, agree, figures, short, timed
from bench.notices import NOW, sites
from bench.zones import SEED
from truceline.assess.flown import flown
from truceline.desk.files import bench_of, shipped
from truceline.desk.grounds import CaseGround
from truceline.evidence.schema import REGION
from truceline.notices.checks import Ground, Standing, check
from truceline.notices.deconflict import Conflict, Fenced, conflicts
from truceline.notices.model import FLIGHT, MOVEMENT, REPAIR, Draft, Plotted, plot
from truceline.notices.tracks import COLUMNS, Limits, Positions, positions_of
from truceline.space import areal, disc, outline
from truceline.span import Span

ROWS, ZONES, SITES, WARM = 930_932, 200, 10_000, 30_000
RADIUS_M, SLACK_M, FEET_M = 300, 91.44, 0.3048
"""Of a position whose accuracy nobody states, and of its altitude, as `evidence.aircraft` has them."""

EXACT = 1_500
"""So many positions are held against every zone by geodesic distances, one by one."""

BANDS = ((0, 1_000), (0, 3_000), (500, 2_000), (3_000, 9_000), (10_000, 11_000), None)
Floats = npt.NDArray[np.float64]
Real = tuple[list[str], list[str], npt.NDArray[Any]]


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """Both tasks; `rows` for a trial."""
    del mode
    return {
        "tracks.zones": partial(bench, "zones", rows or ROWS, ask=ask),
        "tracks.sites": partial(bench, "sites", min(rows, SITES) if rows else SITES, ask=ask),
    }


def bench(name: str, rows: int, *, ask: Ask) -> Result:
    """Measure one task, after its answer was held against that of the slow reference.

    Raises:
        DisagreementError: they differ.
    """
    done = {who: ask({"bench": "tracks", "task": name, "engine": who, "rows": rows}) for who in ("slow", "truceline")}
    agree(f"tracks.{name}", {who: (one["found"], one["checksum"]) for who, one in done.items()})
    ours, slow = done["truceline"], done["slow"]
    entry = {key: ours[key] for key in ("found", "checksum", "rows", "what")} | {"ours": ours["figures"]}
    checked = {"with the checks": ours["with_checks"]} if "with_checks" in ours else {}
    peer = slow["figures"] | {"ratio": short(slow["figures"]["seconds_best"] / ours["figures"]["seconds_best"])}
    return entry | {
        "peers": {"reference": peer}, "best_exact_peer": "reference", "ratio_to_best_exact_peer": peer["ratio"],
        "variants": checked, "absent_peers": [], "told": slow["what"],
    }  # fmt: skip


def work(task: Task) -> Result:
    """One task by one engine, in a process of its own."""
    return (_zones if task["task"] == "zones" else _sites)(task["engine"], task["rows"])


# -- positions against zones -----------------------------------------------------------------------------------------


def _zones(engine: str, rows: int) -> Result:
    table, what = positions(rows)
    shapes, limits = zones(positions_of(table))
    if engine == "slow":
        seconds, found = timed(lambda: _walk(table, shapes, limits), runs=1, most=1)
    else:
        flown(positions_of(table.slice(0, WARM)), shapes, limits)
        seconds, stays = timed(lambda: flown(positions_of(table), shapes, limits)[1])
        found = slow_tracks.as_rows(stays)
    surely = sum(1 for one in found if one.value == 1 and one.fresh == 1)
    return {
        "rows": rows, "found": len(found), "checksum": _sum(found),
        "what": f"{what}; {len(shapes)} zones; {len(found):,} stays or pieces of them, {surely:,} surely entries",
        "figures": figures(seconds, rows) | {"peak_mb": peak_mb()},
    }  # fmt: skip


def _walk(table: pa.Table, shapes: Sequence[Any], limits: Limits) -> list[slow_tracks.Stay]:
    """The slow reference: places by shapely, a share of them by geodesic distances, stays by a walk."""
    made = positions_of(table)
    near = slow_tracks.places(made, shapes)
    chosen = np.random.default_rng(SEED).choice(len(made), min(EXACT, len(made)), replace=False)
    for row in chosen.tolist():
        for zone, held in zip(shapes, near, strict=True):
            exact = slow_tracks.place(made, zone, row)
            assert exact == held.get(row, -1), f"row {row}: {exact} by its distance, {held.get(row, -1)} by shapely"
    return slow_tracks.stays(made, limits, near)


def positions(rows: int) -> tuple[pa.Table, str]:
    """So many positions as a table of the common schema, and what they are."""
    spec = find_spec("traffic")
    if spec is not None:
        read = samples(Path(str(spec.origin)).parent / "data" / "samples")
        what = "sample data of `traffic`"
    else:
        read, what = generated(rows), "generated: `traffic` is not installed"
    crafts, callsigns, numbers = read
    crafts, callsigns, numbers = crafts[:rows], callsigns[:rows], numbers[:rows]
    return _table(crafts, callsigns, numbers), f"{len(crafts):,} rows, {what}"


def samples(folder: Path) -> Real:
    """Address, callsign, and `(n, 4)` second, longitude, latitude and altitude in feet of every row; NaN = none."""
    crafts: list[str] = []
    callsigns: list[str] = []
    numbers = []
    for file in sorted(folder.rglob("*.json.gz")):
        found = msgspec.json.decode(gzip.decompress(file.read_bytes()))
        if isinstance(found, dict):  # by column; one sample of fuel flow has no positions
            keys = list(found["timestamp"])
            found = (
                [{name: column.get(key) for name, column in found.items()} for key in keys]
                if "latitude" in found
                else []
            )
        crafts += [str(one.get("icao24") or file.stem) for one in found]
        callsigns += [str(one.get("callsign") or "") for one in found]
        numbers.append([(_second(one), one["longitude"], one["latitude"], one["altitude"]) for one in found])
    flat = [row for part in numbers for row in part]
    return crafts, callsigns, np.array(flat, np.float64)


def _second(one: dict[str, Any]) -> float:
    """Samples give milliseconds, or a text of the time."""
    at = one["timestamp"]
    return (
        at / 1_000
        if isinstance(at, (int, float))
        else float(np.datetime64(at.replace("Z", "").split("+")[0], "s").astype(int))
    )


def generated(rows: int) -> Real:
    """Seeded tracks with the spread of the samples: 700 flights about a few airports, 1 s to 10 s apart, some gaps."""
    rng = np.random.default_rng(SEED)
    crafts_n = max(rows // 1_300, 1)
    craft = np.sort(rng.integers(0, crafts_n, rows))
    step = rng.choice([1, 2, 10, 600], rows, p=[0.7, 0.2, 0.0995, 0.0005])
    home = rng.choice([2.35, 8.55, 1.44, 7.2], crafts_n), rng.choice([48.9, 47.4, 43.6, 43.7], crafts_n)
    heading = rng.uniform(0, 2 * np.pi, crafts_n)[craft] + np.cumsum(rng.normal(0, 0.005, rows))
    first = np.concatenate([[True], craft[1:] != craft[:-1]])
    flown_m = 200.0 * step
    lon, lat = (
        _since(np.cumsum(f(heading) * flown_m / s), first) for f, s in ((np.sin, 75_000.0), (np.cos, 111_000.0))
    )
    at = 1_473_000_000 + np.cumsum(step)
    feet = np.clip(20_000 + np.cumsum(rng.normal(0, 30, rows)), 0, 41_000)
    feet[rng.random(rows) < 0.067] = np.nan
    numbers = np.stack([at, home[0][craft] + lon, np.clip(home[1][craft] + lat, -80, 80), feet], axis=-1)
    return [f"{one:06x}" for one in craft.tolist()], ["" for _ in range(rows)], numbers


def _since(walked: Floats, first: npt.NDArray[np.bool_]) -> Floats:
    """A walk that begins anew with every aircraft."""
    begin = np.maximum.accumulate(np.where(first, np.arange(len(walked)), 0))
    return walked - walked[begin]


def _table(crafts: Sequence[str], callsigns: Sequence[str], numbers: Floats) -> pa.Table:
    """Rows as `evidence.aircraft` writes them: a disc of 300 m, the altitude +-300 ft."""
    at, lon, lat, feet = numbers.T
    has_place, has_height = ~np.isnan(lon) & ~np.isnan(lat), ~np.isnan(feet)
    x, y = (np.where(has_place, np.round(np.nan_to_num(v) * 1e7), 0).astype(np.int32) for v in (lon, lat))
    kind = pa.array(np.where(has_place, "disc", "none"))
    n = len(at)
    given = {
        "kind": kind,
        "lon_e7": pa.array(x, mask=~has_place),
        "lat_e7": pa.array(y, mask=~has_place),
        "radius_m": pa.array(np.full(n, RADIUS_M, np.int32)),
    }
    place = pa.StructArray.from_arrays(
        [given.get(field.name, pa.nulls(n, field.type)) for field in REGION], fields=list(REGION)
    )
    low, high = (
        f(np.nan_to_num(feet) * FEET_M + s).astype(np.int32) for f, s in ((np.floor, -SLACK_M), (np.ceil, SLACK_M))
    )
    sensor = np.where(has_height, "ads-b barometric", "ads-b")
    columns = (
        pa.array(["track"] * n),
        pa.array(crafts),
        pa.array(np.floor(np.nan_to_num(at)).astype(np.int64)),
        place,
        pa.array(low, mask=~has_height),
        pa.array(high, mask=~has_height),
        pa.array([["fly"]] * n, pa.list_(pa.string())),
        pa.array([one or None for one in callsigns], pa.string()),
        pa.array(sensor),
    )
    return pa.table(dict(zip(COLUMNS, columns, strict=True)))


def zones(made: Positions) -> tuple[list[Any], Limits]:
    """200 zones of 3 to 60 km about positions that there are, with floors and ceilings, some for a while only."""
    rng = np.random.default_rng(SEED)
    shapes, bands, spans = [], [], []
    first, last = int(made.at_s.min()), int(made.at_s.max())
    for number, row in enumerate(rng.choice(len(made), ZONES).tolist()):
        lon, lat = made.lon_e7[row] / 1e7, made.lat_e7[row] / 1e7
        round_one = outline(disc(lon, lat, int(rng.integers(3_000, 60_000))))
        corners = shapely.get_coordinates(round_one)
        corners = corners[:: max(len(corners) // int(rng.integers(4, 200)), 1)]
        shapes.append(areal(shapely.Polygon(np.round(corners))))
        bands.append(BANDS[number % len(BANDS)])
        spans.append((None, None) if number % 5 else (first, int(rng.integers(first + 1, last))))
    return shapes, Limits.of(bands, spans=spans)


# -- notices against one another -------------------------------------------------------------------------------------


def _sites(engine: str, rows: int) -> Result:
    drafts = sites(rows)
    made, fences = notified(drafts)
    result: Result = {"rows": rows}
    if engine == "slow":
        seconds, found = timed(lambda: slow_deconflict.conflicts(made, fences), runs=1, most=1)
    else:
        seconds, found = timed(lambda: conflicts(made, fences))
        both, _ = timed(lambda: _checked_too(drafts, made[len(drafts) :], fences), runs=3, most=3)
        result["with_checks"] = figures(both, rows)
    return result | {
        "found": len(found), "checksum": _sum(sorted(found)),
        "what": f"{rows:,} sites, {len(made) - rows} flights, movements and repairs, {len(fences)} zones: "
        f"{len(found):,} conflicts",
        "figures": figures(seconds, rows) | {"peak_mb": peak_mb()},
    }  # fmt: skip


def _checked_too(drafts: Sequence[Draft], others: Sequence[Plotted], fences: Sequence[Fenced]) -> list[Conflict]:
    """The whole of it: names and borders read anew, every site looked at, then the conflicts."""
    files = shipped()
    ground = CaseGround(bench_of("agreement.yaml", files["agreement.yaml"], files.get, {}))
    looked = check(drafts, Ground(ground, ground.country, frozenset({"ru", "us"}), Standing(), NOW, "UTC"))
    return conflicts([*(one.plotted for one in looked if one.plotted is not None), *others], fences)


def notified(drafts: Sequence[Draft]) -> tuple[list[Plotted], list[Fenced]]:
    """The sites of `bench.notices`; a hundred flights, a hundred movements, fifty repairs among them; and 200 zones."""
    rng = np.random.default_rng(SEED)
    made = [plot(one, "UTC") for one in drafts]
    towns = np.array([(one.lon_deg[0], one.lat_deg[0]) for one in made if one.lat_deg[0] < 38 < one.lon_deg[0] + 4])[
        :40
    ]
    for kind, number in ((FLIGHT, 100), (MOVEMENT, 100), (REPAIR, 50)):
        for _ in range(number):
            size = 1 if kind == REPAIR else 3
            ends = towns[rng.integers(0, len(towns), size)] + rng.normal(0, 0.05, (size, 2))
            made.append(_notice(kind, ends.tolist(), int(rng.integers(0, 72)) * 3_600, int(rng.choice([10, 100]))))
    fences = []
    middles = towns[rng.integers(0, len(towns), ZONES)] + rng.normal(0, 0.3, (ZONES, 2))
    for number, (lon, lat) in enumerate(middles.tolist()):
        shape = areal(outline(disc(lon, lat, int(rng.integers(2_000, 20_000)))))
        band = (0, 3_000) if number % 3 else (None, None)
        fences.append(Fenced(f"z{number}", shape, number % 2 == 0, *band))
    return made, fences


def _notice(kind: str, points: Sequence[Sequence[float]], start: int, off_m: int) -> Plotted:
    low, high = (500, 1_500) if kind == FLIGHT and start % 7_200 else (None, None)
    lon, lat = zip(*points, strict=True)
    when = Span(1_473_000_000 + start, 1_473_000_000 + start + 10_800)
    return Plotted(f"{kind}{start}", kind, "", tuple(lon), tuple(lat), off_m, when, low_m_amsl=low, high_m_amsl=high)


def _sum(found: Sequence[slow_tracks.Stay] | Sequence[Conflict]) -> str:
    """A checksum of answers in their order."""
    digest = hashlib.sha256()
    for one in found:
        digest.update(repr(tuple(vars(one).values())).encode())
    return digest.hexdigest()[:16]
