"""How many rows a second from a CSV of UCDP GED to checked observations, and how much memory?

The file is the real one of Syria, again and again, each row with an id of its own, written to the cache folder. Ours
gives every row its region, its interval and its sides, or the reason why not. The peers only split the file into
columns of texts and numbers: less than half of the work, and the least that any reader has to do. `row by row` is our
own rule, asked once for each row.

Before any time is shown, all say how many rows there are, how many ids, and how many people were killed.

Needs the data of `TRUCELINE_DATA` (UCDP GED Syria, CC BY 4.0).
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from bench.machine import peak_mb
from bench.measure import Ask, Result, Task, agree, figures, short
from bench.zones import EDITION, cache_folder
from truceline.desk.files import open_agreement
from truceline.evidence import ucdp
from truceline.evidence.csvblocks import Table
from truceline.evidence.reading import Manner, opened

ROWS, WARM = 1_000_000, 2_000
SLOW = {"row by row": 20, "csv.DictReader": 1}
"""An engine that takes minutes is given so many times fewer rows."""

OURS = "truceline"
ROOT = Path(__file__).parents[1]
CASE = ROOT / "agreements" / "syria-2016" / "agreement.yaml"
DATA = Path(os.environ.get("TRUCELINE_DATA") or ROOT.parent / "shared" / "data")
NOW = 1_577_836_800
Totals = tuple[int, int, int]


def benches(mode: str, *, rows: int, ask: Ask) -> dict[str, Callable[[], Result]]:
    """One benchmark; a trial with fewer rows ends sooner."""
    del mode
    return {"reading.ucdp": partial(bench, rows or ROWS, ask=ask)}


def bench(rows: int, *, ask: Ask) -> Result:
    """Write the file if it is not there, and have each engine read it in a process of its own."""
    source = DATA / "ucdp" / "ged_syria_2016_2019.csv.gz"
    if not source.exists():
        return {"skipped": f"no real data at {DATA}: set TRUCELINE_DATA"}
    there = [name for name in ENGINES if name == OURS or "." in name or " " in name or find_spec(name)]
    done: dict[tuple[str, int], Result] = {}
    tasks = [(OURS, rows // share) for share in sorted({1, *SLOW.values()})]
    tasks += [(name, rows // SLOW.get(name, 1)) for name in there if name != OURS]
    for number, (name, size) in enumerate(tasks, 1):
        path = written(source, size)
        print(f"  {number} of {len(tasks)}  reading.ucdp: {name}, {size:,} rows", flush=True)
        done[name, size] = ask({"bench": "reading", "engine": name, "rows": size, "file": str(path)})
    for size in sorted({size for _, size in done}):
        found = {name: one for (name, at), one in done.items() if at == size}
        agree(f"reading.ucdp, {size:,} rows", {n: (one["found"][0], str(one["found"])) for n, one in found.items()})
    entry: Result = {"rows": rows, "bytes": written(source, rows).stat().st_size, "ours": done[OURS, rows]["figures"]}
    entry["peers"] = {
        name: one["figures"] | {"ratio": short(_seconds(one) / _seconds(done[OURS, size]))}
        for (name, size), one in done.items() if name != OURS
    }  # fmt: skip
    return entry


def _seconds(done: Result) -> float:
    return float(done["figures"]["seconds_best"])


def written(source: Path, rows: int) -> Path:
    """The file of so many rows, from the cache; written whole before it has its name."""
    path = cache_folder() / f"ucdp-{rows}-{EDITION}.csv"
    if path.exists():
        return path
    print(f"  writing {rows:,} rows to {path}", flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    head, *real = csv.reader(io.StringIO(gzip.decompress(source.read_bytes()).decode()))
    half, at = path.with_suffix(".half"), head.index("id")
    with half.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        for number in range(rows):
            row = list(real[number % len(real)])
            row[at] = f"{1_000_000 + number}.0"
            writer.writerow(row)
    half.replace(path)
    return path


def work(task: Task) -> Result:
    """Read the file once; pinned to one core by the asker. Opening the agreement is not timed."""
    pa.set_cpu_count(1)
    engine = ENGINES[task["engine"]]
    manner = open_agreement(CASE).manner(NOW, NOW)
    with tempfile.TemporaryDirectory() as room:  # modules and tables that are made once are not timed
        few = Path(room) / "short.csv"
        with Path(task["file"]).open("rb") as file:
            few.write_bytes(b"".join(islice(file, WARM)))
        engine(few, manner)
    begin = time.perf_counter()
    found = engine(Path(task["file"]), manner)
    seconds = time.perf_counter() - begin
    return {"found": found, "figures": figures([seconds], int(task["rows"])) | {"peak_mb": peak_mb()}}


# -- engines: rows, different ids, people killed ---------------------------------------------------------------------


def ours(path: Path, manner: Manner) -> Totals:
    """The reader of `truceline read`."""
    with path.open("rb") as file:
        table = ucdp.read(file, path.name, manner).table
    return table.num_rows, pc.count_distinct(table.column("id")).as_py(), pc.sum(table.column("killed_best")).as_py()


def row_by_row(path: Path, manner: Manner) -> Totals:
    """The same rule, asked for each row."""
    ids, killed, count = set(), 0, 0
    with path.open("rb") as file:
        table = Table(opened(file, path.name), path.name)
        for block in table.blocks(ucdp.COLUMNS):
            rows = block.records if block.columns is None else block.columns.to_pylist()
            for line, raw in zip(block.lines.tolist(), rows, strict=True):
                row = ucdp.row_of(raw, line, None, manner)
                ids.add(row["id"])
                killed += row["killed_best"] or 0
                count += 1
    return count, len(ids), killed


def dict_reader(path: Path, _manner: Manner) -> Totals:
    """The standard library, which keeps nothing but what is asked."""
    ids, killed, count = set(), 0, 0
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ids.add(row["id"])
            killed += int(float(row["best"]))
            count += 1
    return count, len(ids), killed


def with_pandas(path: Path, _manner: Manner) -> Totals:
    """Pandas, all columns."""
    import pandas as pd  # noqa: PLC0415  # a peer that may not be there

    frame = pd.read_csv(path)
    return len(frame), int(frame["id"].nunique()), int(frame["best"].sum())


def with_polars(path: Path, _manner: Manner) -> Totals:
    """Polars, all columns."""
    import polars as pl  # noqa: PLC0415  # a peer that may not be there

    frame = pl.read_csv(path, infer_schema_length=None)
    return frame.height, frame["id"].n_unique(), int(frame["best"].sum())


def with_pyarrow(path: Path, _manner: Manner) -> Totals:
    """Arrow, all columns."""
    table = arrow_csv.read_csv(path, parse_options=arrow_csv.ParseOptions(newlines_in_values=True))
    return table.num_rows, pc.count_distinct(table.column("id")).as_py(), int(pc.sum(table.column("best")).as_py())


ENGINES: dict[str, Callable[[Path, Manner], Totals]] = {
    OURS: ours, "row by row": row_by_row, "csv.DictReader": dict_reader, "pandas": with_pandas, "polars": with_polars,
    "pyarrow": with_pyarrow,
}  # fmt: skip
