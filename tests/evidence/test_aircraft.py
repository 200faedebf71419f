"""Aircraft: one row is one position heard, as wide as its accuracy; nothing is drawn in between."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import UTC, datetime
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.bench import bench, manner
from truceline.desk import assess_files
from truceline.desk.files import Evidence
from truceline.desk.runs import Asked
from truceline.errors import InputError
from truceline.evidence import aircraft, cells, readers
from truceline.evidence.aircraft import NACP_M, NIC_M, SLACK_FT, Heard, band, bound_m
from truceline.evidence.readers import Start
from truceline.evidence.reading import Read, RowFault

AT = 1_457_172_000
OPENSKY = (
    "time icao24 lat lon velocity heading vertrate callsign onground alert spi squawk baroaltitude geoaltitude "
    "lastposupdate lastcontact"
).split()
STATE = {
    "time": str(AT + 1), "icao24": "3c6444", "lat": "35.8", "lon": "36.6", "velocity": "210.5", "callsign": "MADE01  ",
    "onground": "False", "baroaltitude": "3048.0", "geoaltitude": "3200.4", "lastposupdate": f"{AT}.25",
}  # fmt: skip
PLANE: dict[str, Any] = {
    "hex": "3c6444", "type": "adsb_icao", "flight": "MADE01  ", "alt_baro": 10_000, "alt_geom": 10_500, "lat": 35.8,
    "lon": 36.6, "seen_pos": 0.75, "nic": 8, "rc": 186, "nac_p": 9,
}  # fmt: skip
ROW: dict[str, Any] = {
    "timestamp": datetime(2016, 3, 5, 10, tzinfo=UTC), "icao24": "3c6444", "latitude": 35.8, "longitude": 36.6,
    "altitude": 10_000.0, "geoaltitude": 10_500.0, "callsign": "MADE01", "onground": False,
}  # fmt: skip


def states(*changes: dict[str, str]) -> bytes:
    """An OpenSky file of made-up states; each is `STATE` with changes."""
    out = io.StringIO()
    writer = csv.DictWriter(out, OPENSKY, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**STATE, **change} for change in changes)
    return out.getvalue().encode()


def snapshot(*changes: dict[str, Any], now: float = AT + 1) -> bytes:
    """A snapshot of readsb; each aircraft is `PLANE` with changes."""
    return json.dumps({"now": now, "messages": 1, "aircraft": [{**PLANE, **change} for change in changes]}).encode()


def parquet(*changes: dict[str, Any]) -> bytes:
    """A table as `traffic` writes it; each row is `ROW` with changes."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([{**ROW, **change} for change in changes]), sink)
    made: bytes = sink.getvalue().to_pybytes()
    return made


def read(data: bytes) -> Read:
    """What the reader makes of a file."""
    return aircraft.read(io.BytesIO(data), "f", manner())


def one(data: bytes) -> dict[str, Any]:
    """The only row of a file."""
    found = read(data)
    assert found.rejected.num_rows == 0, found.rejected.to_pylist()
    (row,) = found.table.to_pylist()
    made: dict[str, Any] = row
    return made


TRACE = {
    "icao": "3c6444",
    "timestamp": AT,
    "trace": [
        [
            0.0,
            35.8,
            36.6,
            10_000,
            400,
            90,
            0,
            0,
            {"flight": "MADE01", "nic": 8, "nac_p": 9, "rc": 186},
            "adsb_icao",
            10_500,
        ],
    ],
}


@pytest.mark.parametrize(
    "data",
    [states({}), snapshot({}), parquet({}), json.dumps(TRACE).encode(), gzip.compress(json.dumps(TRACE).encode()),
     json.dumps({**PLANE, "now": AT + 1}).encode() + b"\n",
     json.dumps([{**ROW, "timestamp": AT * 1_000}]).encode()],
    ids=["opensky", "snapshot", "parquet", "trace", "packed trace", "line", "records"],
)  # fmt: skip
def test_every_format_tells_of_the_same_position(data: bytes) -> None:
    """The same second, place, altitude and aircraft, whoever wrote it down."""
    row = one(data)
    assert (row["start"], row["end"]) == (AT, AT + 1)
    assert (row["impact"]["lon_e7"], row["impact"]["lat_e7"]) == (366_000_000, 358_000_000)
    assert (row["low_m"], row["high_m"], row["sensor"]) == (2_956, 3_140, "ads-b barometric")
    assert (row["source_id"], row["callsign"], row["act"], row["kind"]) == ("3c6444", "MADE01", ["fly"], "track")


# -- place -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "metres"),
    [({}, 300), ({"nic": 8}, 186), ({"nac_p": 9}, 30), ({"nic": 8, "nac_p": 9}, 186), ({"nic": 8, "rc_m": 75}, 75),
     ({"nic": 0, "nac_p": 8}, 93), ({"nic": 0}, None), ({"nic": 0, "nac_p": 0, "rc_m": 0}, None), ({"nic": 15}, None)],
)  # fmt: skip
def test_the_disc_is_the_wider_of_what_is_stated(stated: dict[str, int], metres: int | None) -> None:
    """Integrity contains and accuracy is met 19 times of 20: the wider one holds; *unknown* is no radius at all."""
    assert bound_m(Heard("3c6444", Fraction(AT), 36.6, 35.8, **stated)) == metres  # type: ignore[arg-type]


def test_a_position_that_says_it_may_be_anywhere_has_no_place() -> None:
    """NIC 0 under jamming: the row stays, its place is unknown."""
    row = one(snapshot({"nic": 0, "nac_p": 0, "rc": 0}))
    assert (row["impact"]["kind"], row["place_precision"]) == ("none", "nic 0, nac_p 0")


@pytest.mark.parametrize("table", [NIC_M, NACP_M], ids=["nic", "nac_p"])
def test_a_better_category_is_a_smaller_disc(table: dict[int, int]) -> None:
    """The tables of DO-260B fall from 1 to 11; a slip of a digit would not."""
    assert list(table) == list(range(1, 12))
    assert sorted(table.values(), reverse=True) == list(table.values())


# -- altitude --------------------------------------------------------------------------------------------------------


@given(st.integers(-2_000, 60_000))
def test_the_band_holds_300_ft_to_both_sides_in_whole_metres(feet: int) -> None:
    """Outward and no wider than a metre more, exactly."""
    low, high = band(Heard("3c6444", Fraction(AT), 0, 0, baro_m=feet * Fraction(3_048, 10_000)))
    assert low is not None
    assert high is not None
    floor, ceiling = ((feet + slack) * Fraction(3_048, 10_000) for slack in (-SLACK_FT, SLACK_FT))
    assert low <= floor < low + 1
    assert high - 1 < ceiling <= high


def test_barometric_and_gnss_altitudes_are_never_mixed() -> None:
    """The GNSS altitude stands in only where no barometric one is, and the row says so."""
    both, gnss, none = (
        one(snapshot(change)) for change in ({}, {"alt_baro": None}, {"alt_baro": None, "alt_geom": None})
    )
    assert (both["sensor"], both["low_m"]) == ("ads-b barometric", 2_956)
    assert (gnss["sensor"], gnss["low_m"], gnss["high_m"]) == ("ads-b gnss", 3_108, 3_292)
    assert (none["sensor"], none["low_m"], none["high_m"]) == ("ads-b", None, None)


def test_a_trace_says_of_each_point_which_altitude_it_has() -> None:
    """Flag 8: the altitude of this point is geometric."""
    trace = {**TRACE, "trace": [[0.0, 35.8, 36.6, 10_500, 400, 90, 8, 0, None, "mlat"]]}
    row = one(json.dumps(trace).encode())
    assert (row["sensor"], row["low_m"]) == ("mlat gnss", 3_108)


# -- gaps, ground and repeats ----------------------------------------------------------------------------------------


def test_nothing_is_drawn_between_two_positions() -> None:
    """An hour of silence stays silent: two rows of one second each."""
    found = read(states({}, {"time": str(AT + 3_601), "lastposupdate": str(AT + 3_600)})).table.to_pylist()
    assert [(row["start"], row["end"]) for row in found] == [(AT, AT + 1), (AT + 3_600, AT + 3_601)]


def test_a_state_that_repeats_the_last_position_is_no_new_one() -> None:
    """OpenSky repeats a position every second until another is heard: it was heard once."""
    found = read(states(*({"time": str(AT + n)} for n in range(1, 16))))
    assert (found.table.num_rows, found.rejected.num_rows) == (1, 0)


def test_a_row_without_a_position_is_passed_over() -> None:
    """It says nothing of a place; half a position is a fault."""
    found = read(states({"lat": "", "lon": ""}, {"lat": ""}))
    assert (found.table.num_rows, [row["field"] for row in found.rejected.to_pylist()]) == (0, ["lat"])


@pytest.mark.parametrize(
    "data", [states({"onground": "True"}), snapshot({"alt_baro": "ground"}), parquet({"onground": True})]
)
def test_an_aircraft_on_the_ground_does_not_fly_and_attacks_nobody(data: bytes) -> None:
    """No altitude, no flight; a prohibition of attacks or flights is not even possibly about it."""
    found = read(data)
    (row,) = found.table.to_pylist()
    assert (row["low_m"], row["high_m"]) == (None, None)
    given = Evidence("f", "aircraft", "0" * 64, found.table, found.rejected)
    answers = assess_files(bench(), [given], Asked()).assessed.answers
    for term in ("F2", "F4", "U1", "J2", "R13"):
        assert answers[term].value.tolist() == [-1], term


def test_who_flies_is_unknown_unless_an_alias_knows_the_callsign() -> None:
    """A callsign is words; the aircraft is not a party."""
    row = one(states({}))
    assert (row["actor"], row["actor_mode"], row["actor_text"]) == ([], "unknown", "MADE01")
    assert one(states({"callsign": "Syrian government"}))["actor"] == ["gov"]


# -- bad rows and files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lat": "95.123456"}, "lat"), ({"lon": "181.123456"}, "lon"), ({"lon": "nan"}, "lon"), ({"lat": "inf"}, "lat"),
        ({"icao24": "xyz"}, "icao24"), ({"icao24": ""}, "icao24"), ({"time": "soon"}, "time"), ({"time": "-5"}, "time"),
        ({"time": "9e18"}, "time"), ({"baroaltitude": "high"}, "baroaltitude"), ({"baroaltitude": "1e9"}, "altitude"),
        ({"time": str(AT + 10**9), "lastposupdate": ""}, "time"), ({"lastposupdate": str(AT + 900)}, "lastposupdate"),
    ],
)  # fmt: skip
def test_a_bad_state_is_rejected_alone(change: dict[str, str], field: str) -> None:
    """With line and field, without its coordinate; the rows around it are taken."""
    found = read(states({"lastposupdate": str(AT - 5)}, change, {"lastposupdate": str(AT - 1)}))
    (row,) = found.rejected.to_pylist()
    assert (found.table.num_rows, row["line"], row["field"]) == (2, 3, field)
    assert "123456" not in row["reason"]


def test_one_bad_aircraft_does_not_spoil_a_snapshot() -> None:
    """Each object is decoded on its own."""
    found = read(snapshot({}, {"hex": "3c6445", "lat": "north"}, {"hex": "3c6446", "seen_pos": -1}, {"hex": 7}))
    assert (found.table.num_rows, [row["line"] for row in found.rejected.to_pylist()]) == (1, [2, 3, 4])


@pytest.mark.parametrize("rc", [-500, 1e12, -1e308, 2_000_000_001, 2_000_001])
def test_a_containment_radius_that_no_region_has_rejects_its_row(rc: float) -> None:
    """Neither a crash nor a region of nonsense."""
    found = read(snapshot({}, {"hex": "3c6445", "rc": rc}))
    assert (found.table.num_rows, found.rejected.column("field").to_pylist()) == (1, ["rc"])
    with pytest.raises(RowFault):
        cells.disc_row((36.6, 35.8), int(rc))


def test_what_is_no_object_is_rejected_and_does_not_vanish() -> None:
    """In a snapshot and in a list of states."""
    good: Any
    for good in (json.loads(snapshot({})), [{**ROW, "timestamp": AT * 1_000}]):
        (good["aircraft"] if isinstance(good, dict) else good).extend([7, "x", None, [1]])
        found = read(json.dumps(good).encode())
        assert (found.table.num_rows, found.rejected.column("line").to_pylist()) == (1, [2, 3, 4, 5])


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[" * 100_000, b'{"now": 1, "aircraft": ' + b"[" * 100_000, b'{"now": "x", "aircraft": []}', b"PAR1",
     b"a,b\n1,2\n", b"\xff\xfe" + b"a\0" * 99, b'{"icao":"a","trace":[[' + b'{"a":' * 50_000],
    ids=["nothing", "brace", "deep", "deep below", "no time", "four bytes", "other table", "utf-16", "deep trace"],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_in_one_line(data: bytes) -> None:
    """An InputError of one line, and never another error."""
    with pytest.raises(InputError) as error:
        read(data)
    assert len(str(error.value).splitlines()) == 1


def test_a_bad_line_among_json_lines_is_rejected_alone() -> None:
    """A receiver that stopped in the middle of a line costs that line."""
    good = [json.dumps({**PLANE, "now": AT + n}).encode() for n in (10, 20)]
    found = read(b"\n".join([good[0], good[1][:50], b"[" * 2_000, good[1]]) + b"\n")
    assert (found.table.num_rows, [row["line"] for row in found.rejected.to_pylist()]) == (2, [2, 3])


@pytest.mark.parametrize("data", [states({}), snapshot({}), json.dumps(TRACE).encode(), json.dumps(PLANE).encode()])
def test_the_readers_know_aircraft_by_their_columns_and_keys(data: bytes) -> None:
    """Whatever the name of the file."""
    assert readers.kind_of(Start("x", data)) == "aircraft"
    assert aircraft.fits_columns(frozenset(ROW))


# -- real tracks -----------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_every_position_of_the_samples_of_traffic_is_taken_once() -> None:
    """Real flights, gliders and spoofed positions: what is not taken repeats the position before it."""
    spec = find_spec("traffic")
    if spec is None:
        pytest.skip("the package `traffic` is not installed: pip install --no-deps traffic==2.13")
    folder = Path(str(spec.origin)).parent / "data" / "samples"
    files = [file for file in sorted(folder.rglob("*.json.gz")) if file.parent.name != "collections"]
    assert files
    for file in files:
        found = json.loads(gzip.decompress(file.read_bytes()))
        if isinstance(found, dict):
            continue
        there = [row for row in found if row.get("latitude") is not None]
        taken = aircraft.read(io.BytesIO(file.read_bytes()), file.name, manner_of_today())
        assert len(there) - taken.table.num_rows - taken.rejected.num_rows >= 0, file.name
        assert taken.table.num_rows > len(there) // 2, file.name
        odd = [row for row in taken.rejected.to_pylist() if "twice" not in row["reason"]]
        assert len(odd) <= len(there) // 1_000, (file.name, odd[:3])


def manner_of_today() -> Any:  # noqa: ANN401
    """The clock of the tests lies before some of the flights."""
    from dataclasses import replace

    return replace(manner(), latest=2_000_000_000)
