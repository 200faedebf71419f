"""Averaging, linking, differencing: what areas give away, measured on real events, and held to what the page says."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.attacks import area_leaks
from tests.conftest import ROOT
from truceline.web.app import new_app

PAGE = ROOT / "docs/why/areas.md"


@cache
def figures() -> dict[str, dict[str, float]]:
    """Worked out once."""
    return area_leaks.figures()


def said(name: str) -> list[list[float]]:
    """The numbers of the rows of an attack on the page."""
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| {name} |")]
    return [[float(cell) for cell in row.split("|")[3:-1] if re.fullmatch(r" [\d.]+ ", cell)] for row in rows]


@pytest.mark.long
@pytest.mark.shared
def test_attack_24_averaging_many_statements_of_one_place(data: Path) -> None:
    """A thousand noisy statements find the place; a thousand cells are one cell, and its middle is kilometres away."""
    found = figures()["averaging"]
    assert found["noise_km"] < 1
    assert 4 < found["cell_km"] < found["block_km"]
    assert said("averaging") == [[round(found[name], 2) for name in ("noise_km", "cell_km", "block_km")]]


@pytest.mark.long
@pytest.mark.shared
def test_linking_areas_to_reports_would_tell_the_place(data: Path) -> None:
    """The attack is real: nearly every second area holds one exact place. Shown apart, no area does."""
    found = figures()["linking"]
    assert min(found["exact"], found["town"], found["block"]) > 0.4, "no coarseness helps once they are joined"
    assert found["cell_apart"] > 0.4
    assert found["apart"] == 0
    assert said("linking") == [
        [round(found[name], 2) for name in ("exact", "town", "block")],
        [round(found[name], 2) for name in ("cell_apart", "apart")],
    ]


@pytest.mark.long
@pytest.mark.shared
def test_differencing_two_publications_pins_few_steps_and_old_ones(data: Path) -> None:
    """Before and after: a step alone can be pinned; there are a twentieth as many, and ten days pass before one is."""
    found = figures()["differencing"]
    assert found["shown_alone"] * 10 <= found["daily_alone"]
    assert found["shown_short"] * 4 <= found["daily_short"]
    assert found["least_age_days"] == 10
    named = ("daily_changes", "shown_changes"), ("daily_alone", "shown_alone"), ("daily_short", "shown_short")
    assert said("differencing") == [[found[a], found[b]] for a, b in named]


OF_REPORTS = {"assessments", "fires", "incidents", "items", "reports", "sightings", "tracks", "flights", "origins"}
MAKERS = ("areas", "screens/exchange")
"""The routes whose answers hold areas."""


def names_under(known: dict[str, Any], name: str) -> set[str]:
    """Every field of an answer, at any depth."""
    found: set[str] = set()
    waiting, seen = [name], {name}
    while waiting:
        one = known[waiting.pop()]
        found |= set(one.get("properties", ()))
        further = set(re.findall(r"#/components/schemas/(\w+)", str(one))) - seen
        seen |= further
        waiting += further
    return found


def test_no_answer_holds_both_areas_and_reports() -> None:
    """Neither an answer of the interface at any depth, nor a page: what makes them reads no report at all."""
    described = new_app().openapi()
    known = described["components"]["schemas"]
    told = {
        content["schema"]["$ref"].rpartition("/")[2]
        for path, ways in described["paths"].items() if path.startswith("/api/v1/areas")
        for way in ways.values() for content in way["responses"]["200"]["content"].values()
    }  # fmt: skip
    assert {"Areas", "Map", "Handovers", "Dues", "PartitionShown"} <= told
    for name in told:
        assert OF_REPORTS.isdisjoint(names_under(known, name)), name
    for name in MAKERS:
        made = (ROOT / "src/truceline/web/routes" / f"{name}.py").read_text()
        reads = re.findall(r"^(?:from|import) (truceline\.(?:evidence|assess)\S*)", made, re.MULTILINE)
        assert reads == [], name
        assert not re.search(r"\b(?:incidents_of|reports_of|tracks_of)", made), name


def test_no_answer_on_areas_can_be_filtered_and_none_of_reports_knows_areas() -> None:
    """With a filter the difference of two answers tells what neither does; and no answer holds both."""
    described = new_app().openapi()
    paths = {path: ways for path, ways in described["paths"].items() if path.startswith("/api/v1/areas")}
    assert len(paths) == 6
    assert [one for ways in paths.values() for way in ways.values() for one in way.get("parameters", ())] == []
    known = described["components"]["schemas"]
    for name in ("Areas", "Map", "Handovers", "PartitionShown"):
        assert {"items", "assessments", "incidents", "reports", "tracks"}.isdisjoint(known[name]["properties"])
