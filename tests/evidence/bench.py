"""What the reader tests share: the shipped tables, and rows that were made up for these tests."""

from __future__ import annotations

import csv
import io
import json
from functools import cache
from pathlib import Path
from typing import Any

from truceline.desk import Bench, open_agreement
from truceline.evidence.reading import Manner
from truceline.span import parse_instant

SHIPPED = Path(__file__).parents[2] / "agreements" / "syria-2016"
NOW = parse_instant("2020-01-01", "UTC")

SPECIAL = (  # the column set of the Syria special release
    "id relid year active_year code_status type_of_violence conflict_dset_id "
    "conflict_new_id conflict_name dyad_dset_id "
    "dyad_new_id dyad_name side_a_dset_id side_a_new_id side_a side_b_dset_id side_b_new_id side_b number_of_sources "
    "source_article source_office source_date source_headline source_original where_prec where_coordinates "
    "where_description adm_1 adm_2 latitude longitude geom_wkt priogrid_gid country country_id region event_clarity "
    "date_prec date_start date_end deaths_a deaths_b deaths_civilians deaths_unknown best high low gwnoa gwnob"
).split()
GED23 = (  # the column set of GED 23.1 and later
    "id year active_year type_of_violence conflict_new_id conflict_name dyad_new_id dyad_name side_a_new_id side_a "
    "side_b_new_id gwnob side_b number_of_sources source_article source_office source_date source_headline "
    "source_original where_prec where_coordinates adm_1 adm_2 latitude longitude geom_wkt priogrid_gid country "
    "country_id region event_clarity date_prec date_start date_end deaths_a deaths_b deaths_civilians deaths_unknown "
    "low best high"
).split()
ROW = {
    "id": "7001", "type_of_violence": "1", "side_a": "Government of Syria", "side_b": "Syrian insurgents",
    "where_prec": "1", "where_coordinates": "Madeup village", "adm_1": "Idlib governorate", "adm_2": "Ariha district",
    "latitude": "35.8", "longitude": "36.6", "country": "Syria", "date_prec": "1", "date_start": "2016-03-05",
    "date_end": "2016-03-05", "deaths_civilians": "0", "low": "1", "best": "2", "high": "3",
    "source_office": "Madeup Monitor;Other Office",
}  # fmt: skip
REPORT: dict[str, Any] = {
    "id": "r-1", "kind": "incident", "act": "shelling", "start": "2016-03-05", "end": None, "precision": "day",
    "place": {"name_en": "Madeup", "governorate": "Idlib", "lat": 35.8, "lon": 36.6, "place_precision": "village"},
    "actor_claimed": "Syrian government", "target_claimed": "civilians",
}  # fmt: skip


@cache
def bench() -> Bench:
    """The shipped agreement with its tables."""
    return open_agreement(SHIPPED / "agreement.yaml")


def manner() -> Manner:
    """How to read by it, on a fixed clock."""
    return bench().manner(NOW, NOW)


def file_of(raw: list[bytes]) -> io.BytesIO:
    """Raw lines as an open file."""
    return io.BytesIO(b"".join(raw))


def ged(*rows: dict[str, str], columns: list[str] | None = None) -> list[bytes]:
    """A file of made-up rows as raw lines; each row is `ROW` with changes."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns or SPECIAL, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for i, row in enumerate(rows):
        writer.writerow({**ROW, "id": str(7001 + i), **row})
    return out.getvalue().encode().splitlines(keepends=True)


def lines(*changes: dict[str, Any]) -> list[bytes]:
    """A file of made-up reports as raw lines; each is `REPORT` with changes."""
    return [json.dumps({**REPORT, "id": f"r-{i}", **change}).encode() + b"\n" for i, change in enumerate(changes)]
