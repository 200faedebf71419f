"""A table larger than memory would like: how many observations a second from Parquet to answers, and how much memory?

The whole way of `truceline assess --to`: hash the file, compare the ids, read, check, judge by a law of 24 terms over
200 zones, write the answers that are not *no*. The file lies in the cache folder; it is written block by block, with
an id for every row, a hundred row groups, texts as dictionaries.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench import law
from bench.machine import peak_mb
from bench.measure import Ask, Result, Task, figures
from bench.rows import BLOCK, observations, radii
from bench.zones import EDITION, SEED, cache_folder, zones
from truceline.desk import Bench, stream
from truceline.evidence.aliases import read_aliases
from truceline.evidence.schema import SCHEMA

SET = "irregular"
ROWS = {"quick": 1_000_000, "all": 100_000_000}
GROUPS = 100


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """One benchmark; a trial with fewer rows ends sooner."""
    return {"outofcore.24x200": partial(bench, min(rows, ROWS["quick"]) if mode == "quick" else ROWS[mode], ask=ask)}


def bench(rows: int, *, ask: Ask) -> Result:
    """Write the table if it is not there, and judge it in a process of its own."""
    path = written(rows)
    print(f"  outofcore.24x200: {rows:,} rows, {path.stat().st_size / 1e9:.2f} GB", flush=True)
    return ask({"bench": "outofcore", "rows": rows})


def work(task: Task) -> Result:
    """Judge the table; a short one first, so that compiling is not timed. Pinned to one core by the asker."""
    pa.set_cpu_count(1)
    judged_by = law.law_over(zones(SET))
    text = Bench(judged_by.standing.agreement, judged_by.placed.atlas, read_aliases({}))
    with tempfile.TemporaryDirectory(dir=cache_folder()) as room:
        stream.assess_stream(text, stream.Given(written(50_000)), Path(room) / "short")
        begin = time.perf_counter()
        answer = stream.assess_stream(text, stream.Given(written(int(task["rows"]))), Path(room) / "long")
        seconds = time.perf_counter() - begin
        parts = sum(file.stat().st_size for file in (Path(room) / "long").iterdir())
    found = {key: answer[key] for key in ("rows", "observations", "rejected", "twice", "answers")}
    assert sum(answer["any"][key] for key in ("surely", "possibly", "no")) == found["observations"]
    size = written(int(task["rows"])).stat().st_size
    ours = figures([seconds], found["rows"]) | {"peak_mb": peak_mb()}
    return {**found, "any": answer["any"], "file_mb": size // 1_000_000, "parts_mb": parts // 1_000_000, "ours": ours}


def written(rows: int) -> Path:
    """The table of so many rows, from the cache; written whole before it has its name."""
    path = cache_folder() / f"observations-{rows}-{SEED}-{EDITION}.parquet"
    if path.exists():
        return path
    print(f"  writing {rows:,} rows to {path}", flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    own = ("id", "start", "end", "impact")  # nearly every value is another one
    dictionaries = [field.name for field in SCHEMA if field.name not in own]
    try:
        with pq.ParquetWriter(
            half, SCHEMA, compression="zstd", compression_level=1, use_dictionary=dictionaries
        ) as file:
            for number, start in enumerate(range(0, rows, BLOCK)):
                some = min(BLOCK, rows - start)
                group = max(min(rows // GROUPS, BLOCK), 10_000)
                file.write_table(_block(number, start, some), row_group_size=group)
        shutil.move(half, path)
    finally:
        half.unlink(missing_ok=True)
    return path


def _block(number: int, start: int, rows: int) -> pa.Table:
    """One block of rows as observations: discs of mixed radius, codes drawn as by `law.columns_of`."""
    columns = law.columns_of(observations(rows, zones(SET), first_block=number), radii(rows))
    shift = np.random.default_rng([SEED, 26, number]).permutation(rows)  # else every block would draw the same codes

    def spread(values: list[Any], codes: Any, kind: pa.DataType) -> pa.Array:  # noqa: ANN401  # `(n,)` codes
        return pa.array(values, kind).take(pa.array(codes[shift]))

    names, texts = columns.names, pa.list_(pa.string())
    numbers = np.char.zfill(np.arange(start, start + rows).astype(str), 9)
    impact = {
        "kind": pa.array(["disc"]).take(pa.array(np.zeros(rows, np.int64))),
        "lon_e7": pa.array(columns.spots.lon_e7), "lat_e7": pa.array(columns.spots.lat_e7),
        "radius_m": pa.array(columns.spots.radius_m),
    }  # fmt: skip
    kind = SCHEMA.field("impact").type
    made = {
        "id": pa.array(np.char.add("obs-", numbers)),
        "source": pa.array(["made"]).take(pa.array(np.zeros(rows, np.int64))),
        "start": pa.array(columns.start), "end": pa.array(columns.end),
        "actor": spread([list(one.ids) or None for one in names], columns.actor, texts),
        "actor_mode": spread([one.mode for one in names], columns.actor, pa.string()),
        "target": spread([list(one.ids) or None for one in names], columns.target, texts),
        "target_mode": spread([one.mode for one in names], columns.target, pa.string()),
        "act": spread([list(one) or None for one in columns.doings], columns.acts, texts),
        "low_m": spread([low for low, _ in columns.bands], columns.band, pa.int32()),
        "high_m": spread([high for _, high in columns.bands], columns.band, pa.int32()),
        "impact": pa.StructArray.from_arrays(
            [impact.get(field.name, pa.nulls(rows, field.type)) for field in kind], fields=list(kind)
        ),
    }  # fmt: skip
    nothing = np.zeros(rows, np.int64)
    return pa.table(
        {f.name: made.get(f.name, pa.array([None], f.type).take(pa.array(nothing))) for f in SCHEMA}, schema=SCHEMA
    )
