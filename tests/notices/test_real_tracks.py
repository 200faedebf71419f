"""Real tracks: the sample data of the PyPI package `traffic`, through the reader, against zones with ceilings.

Nothing of it is in the repository. The files are read where the package is installed:

    pip install --no-deps --require-hashes -r bench/requirements-data.txt
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from bench import slow_tracks
from bench import tracks as bench
from truceline.assess.flown import flown
from truceline.evidence.aircraft import read
from truceline.evidence.aliases import Aliases
from truceline.evidence.reading import Manner
from truceline.notices.tracks import DATUMS, Positions, counted, flights, gaps, positions_of
from truceline.precision import Precision

SPEC = find_spec("traffic")
SAMPLES = Path(str(SPEC.origin)).parent / "data" / "samples" if SPEC else Path()
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        SPEC is None, reason="the sample data of `traffic` is not installed (bench/requirements-data.txt)"
    ),
]


def heard(name: str) -> Positions:
    """The positions of one sample, through the reader of evidence."""
    manner = Manner("UTC", Precision(), Aliases(), None, 1_900_000_000, 1_900_000_000)  # type: ignore[arg-type]
    with (SAMPLES / name).open("rb") as file:
        return positions_of(read(file, name, manner).table)


@pytest.mark.parametrize(
    "name", ["ambulances/rega_zh.json.gz", "military/inflight_refuelling.json.gz", "gliders/sisteron.json.gz"]
)
def test_real_stays_are_those_of_the_reference(name: str) -> None:
    """Every stay of every zone, against the walk position by position; places by shapely."""
    positions = heard(name)
    assert len(positions) > 100
    shapes, limits = bench.zones(positions)
    found = flown(positions, shapes[:40], limits)[1]
    near = slow_tracks.places(positions, shapes[:40])
    assert slow_tracks.as_rows(found) == slow_tracks.stays(positions, limits, near)
    assert counted(found)[0] <= counted(found)[1]


def test_an_ambulance_flies_on_many_days_and_under_two_data() -> None:
    """Flights are cut at silences; the reader keeps barometric and satellite altitudes apart."""
    positions = heard("ambulances/rega_zh.json.gz")
    assert {DATUMS[d] for d in positions.datum.tolist()} <= {"barometric", "gnss", "unstated"}
    assert len(flights(positions)) >= 1
    assert all(gap.until - gap.after > 60 for gap in gaps(positions))


def test_as_many_positions_as_the_figures_say() -> None:
    """930,932 rows, of which 928,907 have a place."""
    table, what = bench.positions(bench.ROWS)
    assert (table.num_rows, len(positions_of(table))) == (930_932, 928_907)
    assert "traffic" in what
