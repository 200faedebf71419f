"""How well are duplicates found? The labelled reports, left out incident by incident, and a perturbed data set.

`python -m bench.duplicates measure` prints precision and recall; `fit` writes `likeness.json` anew from the labels in
`tests/evidence/same_incident_read.csv`, the shipped pairs and one half of the perturbed years; `scale` takes the time.

The perturbation follows the known precision rules of UCDP: a copy of a real event under another source has its place
moved within a precision that it states, its day widened to one, its deaths varied, its actor named as a whole side.
Needs the data of `TRUCELINE_DATA` (UCDP GED Syria, CC BY 4.0).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import os
import random
import sys
import time
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from truceline.desk.files import Bench, open_agreement, read_evidence
from truceline.evidence import ucdp
from truceline.evidence.incidents import Found, Pair, incidents_of
from truceline.evidence.likeness import Model, fitted, settings_of
from truceline.evidence.pairs import Paired, Sheet, found_pairs, paired, probabilities

ROOT = Path(__file__).parents[1]
CASE = ROOT / "agreements" / "syria-2016"
MODEL = ROOT / "src" / "truceline" / "evidence" / "likeness.json"
READ = ROOT / "tests" / "evidence" / "same_incident_read.csv"
DATA = Path(os.environ.get("TRUCELINE_DATA") or ROOT.parent / "shared" / "data")
NOW = 1_577_836_800
Keys = set[tuple[str, str]]


def main() -> None:
    """Run what the first argument names."""
    {"fit": fit, "measure": measure, "scale": scale}[sys.argv[1]]()


# -- labelled reports ------------------------------------------------------------------------------------------------


def bench() -> Bench:
    """The shipped agreement with its tables."""
    return open_agreement(CASE / "agreement.yaml")


def reports(desk: Bench) -> pa.Table:
    """The shipped reports."""
    return read_evidence(CASE / "reports.jsonl", desk, known_at=NOW).table


def closed(pairs: Iterable[tuple[str, str]]) -> Keys:
    """All pairs that follow from some: same as the same is the same."""
    above: dict[str, str] = {}

    def root(one: str) -> str:
        while above.setdefault(one, one) != one:
            one = above[one]
        return one

    for a, b in pairs:
        above[root(a)] = root(b)
    members: dict[str, list[str]] = {}
    for one in above:
        members.setdefault(root(one), []).append(one)
    return {(a, b) for group in members.values() for a in group for b in group if a < b}


def labels() -> tuple[Keys, Keys, Keys]:
    """The pairs that were given, those with what was read besides, and pairs of which the reader was not sure."""
    told, own = (list(csv.DictReader(path.read_text().splitlines())) for path in (CASE / "same_incident.csv", READ))
    given = [(row["id_a"], row["id_b"]) for row in told]
    sure = [(row["id_a"], row["id_b"]) for row in own if row["sure"] == "true"]
    full = closed([*given, *sure])
    return closed(given), full, closed([*full, *((row["id_a"], row["id_b"]) for row in own)]) - full


def pairs_in(found: Found) -> Keys:
    """All pairs within incidents."""
    return {(a, b) for one in found.incidents for a in one.reports for b in one.reports if a < b}


def score(got: Keys, truth: Keys, ignored: Keys = frozenset()) -> tuple[float, float]:  # type: ignore[assignment]
    """Precision and recall; pairs of `ignored` count neither way."""
    counted = got - ignored
    return len(counted & truth) / max(len(counted), 1), len(counted & truth) / max(len(truth), 1)


def keys_of(table: pa.Table, made: Paired) -> list[tuple[str, str]]:
    """The ids of each pair, the smaller first."""
    ids = table.column("id").to_pylist()
    return [
        (a, b) if a < b else (b, a)
        for a, b in zip(*([ids[i] for i in side] for side in (made.left, made.right)), strict=True)
    ]


def taken(made: Paired, mask: Any) -> dict[str, Any]:  # noqa: ANN401  # an array of indices or of booleans
    """The levels of some pairs."""
    return {name: levels[mask] for name, levels in made.levels.items()}


def left_out(table: pa.Table, sheet: Sheet, made: Paired, coded: Model) -> list[Pair]:
    """Pairs with the probability of a model that saw no pair that touches either report's incident."""
    keys, (_, full, unsure) = keys_of(table, made), labels()
    incident: dict[str, str] = {}
    for a, b in sorted(full):
        incident.setdefault(a, a)
        incident.setdefault(b, incident[a])
    homes = [tuple(sorted({incident.get(one, one) for one in key})) for key in keys]
    chance = np.zeros(len(keys))
    same, sure = np.array([key in full for key in keys]), np.array([key not in unsure for key in keys])
    for home in sorted(set(homes)):
        apart = np.array([not set(home) & set(other) for other in homes])
        model = fitted(taken(made, apart & sure), same[apart & sure])
        mine = np.array([other == home for other in homes])
        chance[mine] = probabilities(sheet, made, {"reports": model, "coded": coded})[mine]
    return [Pair(a, b, float(p)) for (a, b), p in zip(keys, chance, strict=True)]


# -- a perturbed data set --------------------------------------------------------------------------------------------


def ged(years: tuple[str, ...], shift: int = 0) -> list[dict[str, str]]:
    """Rows of UCDP of some years, `shift` times the length of the file later and under other ids."""
    with gzip.open(DATA / "ucdp" / "ged_syria_2016_2019.csv.gz", "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["date_start"][:4] in years]
    for row in rows if shift else ():
        row["id"] = str(int(float(row["id"])) + shift * 10_000_000)
        for key in ("date_start", "date_end"):
            row[key] = str(date.fromisoformat(row[key][:10]) + timedelta(days=1461 * shift))
    return rows


def copy_of(row: dict[str, str], chance: random.Random) -> dict[str, str]:
    """The same event as another source might code it, by the precision rules of UCDP."""
    made = dict(row)
    if row["where_prec"][:1] == "1" and chance.random() < 0.6:
        made["where_prec"] = chance.choice(("1", "2", "2", "4"))
        far_m = {"1": 2_000, "2": 25_000, "4": 0}[made["where_prec"]] * math.sqrt(chance.random())
        bearing = chance.random() * 2 * math.pi
        made["latitude"] = f"{float(row['latitude']) + far_m * math.cos(bearing) / 111_000:.6f}"
        made["longitude"] = f"{float(row['longitude']) + far_m * math.sin(bearing) / 91_000:.6f}"
        if made["where_prec"] != "1" or chance.random() < 0.3:
            made["where_coordinates"] = row["adm_1" if made["where_prec"] == "4" else "adm_2"]
    if row["date_prec"][:1] == "1" and chance.random() < 0.3:
        first = date.fromisoformat(row["date_start"][:10]) - timedelta(days=chance.randint(0, 2))
        made |= {"date_prec": "2", "date_start": str(first), "date_end": str(first + timedelta(days=2))}
    factor = chance.choice((1.0, 1.0, 1.0, 0.7, 1.4, 2.0))
    for key in ("low", "best", "high"):
        made[key] = str(int(float(row[key] or 0) * factor))
    if chance.random() < 0.7:
        made["source_office"] = chance.choice(("Another Office", "A Third Office", ""))
    if chance.random() < 0.3:
        made["side_b"] = "Syrian insurgents" if row["side_b"] != "Civilians" else "Civilians"
    return made


def perturbed(desk: Bench, rows: list[dict[str, str]], share: float, seed: int) -> tuple[pa.Table, Keys]:
    """Real events and copies of some of them as one table, and which is a copy of which."""
    chance = random.Random(seed)  # no secret: a seeded perturbation
    copied = [row for row in rows if chance.random() < share]
    original = _read(desk, rows)
    copies = _read(desk, [copy_of(row, chance) for row in copied])
    names = [f"acled:{one.removeprefix('ucdp:')}" for one in copies.column("id").to_pylist()]
    copies = copies.set_column(0, copies.schema.field("id"), pa.array(names))
    copies = copies.set_column(1, copies.schema.field("source"), pa.array(["acled"] * len(names)))
    truth = {(name, name.replace("acled:", "ucdp:")) for name in names}
    return pa.concat_tables([original, copies]), truth


def _read(desk: Bench, rows: list[dict[str, str]]) -> pa.Table:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return ucdp.read(io.BytesIO(out.getvalue().encode()), "perturbed.csv", desk.manner(1 << 34, 1 << 34)).table


# -- commands --------------------------------------------------------------------------------------------------------


def fit() -> None:
    """Write the shipped model anew."""
    desk = bench()
    acts, group = desk.agreement.acts, desk.agreement.group
    table = reports(desk)
    made = paired(Sheet(table, desk.atlas), acts, group)
    keys, (_, full, unsure) = keys_of(table, made), labels()
    sure = np.array([key not in unsure for key in keys])
    told = fitted(taken(made, sure), np.array([key in full for key in keys])[sure])
    events, truth = perturbed(desk, ged(("2016", "2017")), 0.3, seed=1)
    both = paired(Sheet(events, desk.atlas), acts, group)
    coded = fitted(both.levels, np.array([key in truth for key in keys_of(events, both)]))
    parts = {"coded": settings_of(coded), "reports": settings_of(told)}
    MODEL.write_text(json.dumps(parts, indent=1) + "\n")
    print(f"{MODEL.name}: reports from {int(sure.sum())} pairs, coded from {len(both.left)}")


def measure() -> None:
    """Print precision and recall."""
    desk = bench()
    acts, group = desk.agreement.acts, desk.agreement.group
    table = reports(desk)
    given, full, unsure = labels()
    ids = table.column("id").to_pylist()
    among = {one for key in given for one in key}
    sheet = Sheet(table, desk.atlas)
    made = paired(sheet, acts, group)
    from truceline.evidence.likeness import shipped_models  # noqa: PLC0415  # `fit` writes it

    runs = {
        "shipped model": found_pairs(table, acts, group, atlas=desk.atlas),
        "each incident left out": left_out(table, sheet, made, shipped_models()["coded"]),
    }
    for name, pairs in runs.items():
        got = pairs_in(incidents_of(ids, pairs))
        inside = {(a, b) for a, b in got if a in among and b in among}
        print(
            f"{name}: given P %.3f R %.3f, as read P %.3f R %.3f" % (*score(inside, given), *score(got, full, unsure))
        )
    events, truth = perturbed(desk, ged(("2018", "2019")), 0.3, seed=2)
    began = time.perf_counter()
    pairs = found_pairs(events, acts, group, atlas=desk.atlas)
    found = incidents_of(events.column("id").to_pylist(), pairs)
    took = time.perf_counter() - began
    open_keys = {(one.a, one.b) for one in found.unresolved}
    p, r = score(pairs_in(found), truth)
    print(
        f"perturbed UCDP, {events.num_rows} rows, {len(truth)} copies: P {p:.3f} R {r:.3f}, "
        f"with the open pairs R {len((pairs_in(found) | open_keys) & truth) / len(truth):.3f}, {took:.1f} s"
    )


def scale() -> None:
    """Print the time for 10^4 to 10^5 rows of one density."""
    desk = bench()
    years = ("2016", "2017", "2018", "2019")
    for copies in (0, 1, 2, 5):
        rows = [row for shift in range(copies + 1) for row in ged(years if copies else ("2016", "2017"), shift)]
        table, _ = perturbed(desk, rows, 0.1, seed=3)
        began = time.perf_counter()
        pairs = found_pairs(table, desk.agreement.acts, desk.agreement.group, atlas=desk.atlas)
        middle = time.perf_counter()
        found = incidents_of(table.column("id").to_pylist(), pairs)
        print(
            f"{table.num_rows} rows: {len(pairs)} pairs in {middle - began:.1f} s, "
            f"{len(found.incidents)} incidents in {time.perf_counter() - middle:.1f} s"
        )


if __name__ == "__main__":
    main()
