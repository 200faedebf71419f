from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from bench import __main__ as command
from bench import discs, geodesic, law, measure, peers, place, report, scale, terms
from bench import zones as sets
from bench.rows import BLOCK, observations, radii
from bench.zones import EAST, NORTH, SOUTH, UNIT, WEST, Zones
from truceline.verdict import SURE

SMALL = {"irregular": 25, "circles": 60, "huge": 1}
SECONDS = "0.1234"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, Zones]:
    """Small sets in place of the large ones, and no cache."""
    made = {name: sets.make(name, count) for name, count in SMALL.items()}
    for module in (place, discs):
        monkeypatch.setattr(module, "zones", made.__getitem__)
    monkeypatch.setattr(scale, "zones", lambda name: sets.make(name, 5))
    return made


def ask_here(task: measure.Task) -> measure.Result:
    """Do a task in this process, with seconds that a test can look for."""
    result: measure.Result = place.work(task)
    result["figures"]["seconds_best"] = float(SECONDS)
    return result


def lying(task: measure.Task) -> measure.Result:
    """The same, but shapely overlooks a pair and so has another sum."""
    result = ask_here(task)
    if task["engine"] == "shapely":
        result |= {"pairs": result["pairs"] - 1, "checksum": "0" * 16}
    return result


def bench_irregular(ask: measure.Ask) -> measure.Result:
    """The place benchmark with the one peer that every installation has."""
    return place.bench("irregular", rows=3_000, ask=ask, others=["shapely"], variants=["truceline-numpy"])


def test_zones_are_valid_and_whole(small: dict[str, Zones]) -> None:
    """An invalid zone has no inside, and a fraction of a unit would be rounded by us and not by a peer."""
    for name, area in small.items():
        assert shapely.is_valid(area.shapes).all(), name
        xy = shapely.get_coordinates(area.shapes)
        assert (xy == np.rint(xy)).all(), name
        assert (np.abs(xy) < np.iinfo(np.int32).max).all(), name
        assert (area.bands[:, 0] < area.bands[:, 1]).all(), name
        assert (area.spans[:, 0] < area.spans[:, 1]).all(), name


def test_sets_have_holes_islands_and_huge_borders(small: dict[str, Zones]) -> None:
    """A set of plain polygons would ask nobody the hard questions."""
    irregular = sets.make("irregular")
    assert (shapely.get_num_interior_rings(irregular.shapes) > 0).any()
    assert (shapely.get_type_id(irregular.shapes) == shapely.GeometryType.MULTIPOLYGON).any()
    assert 50_000 <= small["huge"].vertices <= 100_002


def test_a_set_is_the_same_each_time() -> None:
    """Who repeats a benchmark has to get the same pairs."""
    first, second = sets.make("irregular", 5), sets.make("irregular", 5)
    assert shapely.to_wkb(first.shapes).tolist() == shapely.to_wkb(second.shapes).tolist()
    assert (first.spans == second.spans).all()


def test_a_set_comes_back_from_its_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read is what was made, and it lies outside the repository."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first, second = sets.zones("circles-7"), sets.zones("circles-7")
    assert len(list(tmp_path.rglob("*.parquet"))) == 1
    assert shapely.equals_exact(first.shapes, second.shapes).all()
    assert (first.bands == second.bands).all()


def test_first_rows_do_not_depend_on_how_many_follow() -> None:
    """A slow peer is given the first rows of the run, and is compared at that number."""
    short, long = observations(100), observations(BLOCK + 100)
    assert (short.lon_e7 == long.lon_e7[:100]).all()
    assert (short.time_s == long.time_s[:100]).all()
    assert (observations(100, first_block=1).lat_e7 == long.lat_e7[BLOCK:]).all()
    assert ((long.lon_e7 >= WEST) & (long.lon_e7 <= EAST)).all()
    assert ((long.lat_e7 >= SOUTH) & (long.lat_e7 <= NORTH)).all()


def test_some_rows_lie_on_a_vertex(small: dict[str, Zones]) -> None:
    """Equal answers prove little when nobody is asked about an edge."""
    area = small["circles"]
    rows = observations(20_000, area)
    corners = {(int(x), int(y)) for x, y in shapely.get_coordinates(area.shapes)}
    assert sum((x, y) in corners for x, y in zip(rows.lon_e7.tolist(), rows.lat_e7.tolist(), strict=True)) >= 5


def test_radii_are_of_both_kinds() -> None:
    """Mixed radii repeat a few words of precision, continuous ones do not; neither is above 25 km."""
    assert set(radii(2_000).tolist()) == {0, 250, 500, 1_000, 2_000, 5_000, 25_000}
    assert len(set(radii(2_000, "continuous").tolist())) > 1_000
    assert radii(2_000, "continuous").max() <= 25_000


def test_checksum_has_no_order_but_sees_each_pair() -> None:
    """Engines list their pairs in orders of their own."""
    row, zone = np.arange(1_000), np.arange(1_000) % 7
    one = peers.checksum(peers.Found(row, zone))
    assert one == peers.checksum(peers.Found(row[::-1].astype(np.int32), zone[::-1].astype(np.uint32)))
    assert one != peers.checksum(peers.Found(row, (zone + 1) % 7))
    assert one != peers.checksum(peers.Found(zone, row))


def test_engines_agree_and_the_entry_has_its_keys(small: dict[str, Zones]) -> None:
    """What the reader of the results relies on: the numbers of rows, the peers, and one ratio."""
    entry = bench_irregular(ask_here)
    assert entry["pairs"] > 0
    assert set(entry["peers"]) == {"shapely"}
    assert entry["peers"]["shapely"]["rows"] == entry["rows"] == entry["ours"]["rows"] == 3_000
    assert entry["best_exact_peer"] == "shapely"
    assert entry["ratio_to_best_exact_peer"] == 1.0
    assert len(small["irregular"].shapes) == entry["zones"]


def test_a_peer_that_lies_is_caught_before_a_time_is_shown(
    small: dict[str, Zones], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fast and wrong is not fast: the command ends with 1, shows no time and writes none."""
    monkeypatch.setattr(command, "benches", lambda *_, **__: {"place.irregular": lambda: bench_irregular(lying)})
    assert command.run("quick", folder=tmp_path, rows=3_000) == 1
    shown = capsys.readouterr()
    assert "the engines disagree, so no time is shown" in shown.err
    assert SECONDS not in shown.out + shown.err
    assert not (tmp_path / "quick.json").exists()


@pytest.mark.long
def test_an_honest_run_is_written_and_shown(
    small: dict[str, Zones], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file has the benchmark, the machine and no date; the terminal has the times."""
    monkeypatch.setattr(command, "benches", lambda *_, **__: {"place.irregular": lambda: bench_irregular(ask_here)})
    assert command.run("quick", folder=tmp_path) == 0
    assert SECONDS in capsys.readouterr().out
    results = json.loads((tmp_path / "quick.json").read_text(encoding="utf-8"))
    assert set(results) == {"machine", "mode", "place.irregular"}
    assert set(results["machine"]) == {"cores", "memory_gb", "processor", "system", "python", "versions"}


def test_every_mode_names_its_benchmarks() -> None:
    """CI reads these keys."""
    names = set(command.benches("quick", rows=1_000, ask=ask_here))
    assert names >= {
        "place.irregular",
        "place.circles",
        "place.huge",
        "disc.mixed",
        "whatif.350k",
        "assess.24x200",
        "scale.terms",
    }
    assert names <= set(command.benches("all", rows=1_000, ask=ask_here))
    assert set(command.benches("servers", rows=1_000, ask=ask_here)) == {f"place.{name}" for name in place.SETS}


@pytest.mark.parametrize("count", [1, 3, 24])
def test_a_law_has_as_many_terms_as_asked(count: int) -> None:
    """The curve over terms is drawn over their number, and each law is judged as `spec` judges it."""
    made = law.law_over(sets.make("irregular", 25), count)
    assert len(made.terms) == count == sum(law.parts_of(count))
    bans = law.parts_of(count)[0]
    assert terms.hold(made, observations(20, sets.make("irregular", 25))) == 20 * (bans + 1)


def test_a_law_that_is_judged_otherwise_by_spec_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time is shown of a fast judge that says something else."""
    area = sets.make("irregular", 25)
    monkeypatch.setattr("bench.terms.spec.judge_any", lambda *_: SURE)
    with pytest.raises(measure.DisagreementError, match="`any` is judged otherwise"):
        terms.hold(law.law_over(area, 3), observations(20, area))


def test_a_curve_over_terms_names_them(tmp_path: Path) -> None:
    """In the table and in the picture."""
    points = [{"terms": n, "rows": 10, "seconds_best": n / 10, "peak_mb": 1} for n in (1, 10)]
    entry = scale.drawn("terms", points)
    assert entry["steepest"] == pytest.approx(1.0)
    assert "truceline, 10 terms" in report.lines("scale.terms", entry)[1]
    pytest.importorskip("matplotlib", reason="the pictures need bench/requirements.lock")
    from bench import pictures

    pictures.draw({"scale.terms": entry}, tmp_path)
    assert "terms" in (tmp_path / "scale-terms.svg").read_text(encoding="utf-8")


def kept(path: Path, found: Sequence[Any]) -> str:
    """Answers about discs in a file."""
    np.savez(path, row=found[0], zone=found[1], value=found[2])
    return str(path)


def test_a_wrong_answer_about_a_disc_is_measured_on_the_ellipsoid(small: dict[str, Zones], tmp_path: Path) -> None:
    """A pair that one engine leaves out is wrong when the edge is far from the limit."""
    from bench.peers.shapely_discs import judge

    area, count = small["irregular"], 4_000
    rows = observations(count, area)
    found = judge(area, rows.lon_e7, rows.lat_e7, radii(count))
    honest = kept(tmp_path / "honest.npz", found)
    assert discs.compare("mixed", count, honest, honest)["different"] == 0
    less = kept(tmp_path / "less.npz", [column[10:] for column in found])
    compared = discs.compare("mixed", count, less, honest)
    assert compared["different"] == 10
    assert compared["wrong"] >= 8


def test_distance_to_an_edge_is_geodesic() -> None:
    """A point one degree south of an edge along a parallel, at the equator: 110,574 m, the meridian of WGS 84."""
    box = shapely.box(-UNIT, 0, UNIT, UNIT)
    found = geodesic.distance_m(
        np.array([box], dtype=object), zone=np.array([0]), lon=np.array([0.0]), lat=np.array([-1.0])
    )
    assert found[0] == pytest.approx(110_574.4, abs=0.5)


@pytest.mark.long
def test_the_page_gets_the_figures_of_the_results(small: dict[str, Zones], tmp_path: Path) -> None:
    """Figures in the docs are those of the file, between two marks, and nothing else is touched."""
    facts = {"cores": 2, "processor": "p", "memory_gb": 8, "python": "3", "versions": {"shapely": "2"}}
    results = {"machine": facts, "mode": "quick", "place.irregular": bench_irregular(ask_here)}
    (tmp_path / "quick.json").write_text(json.dumps(results), encoding="utf-8")
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", encoding="utf-8")
    report.write(tmp_path, page=page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "| place.irregular | shapely 2 | 3,000 | 0.123 |" in text
