"""Zones for a pilot or a planner over HTTP: the published types read them, and they hold zones only."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from uas_standards import eurocae_ed269

from tests.web.reader import House, house
from truceline import LAW


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A case that no test changes."""
    with house(tmp_path_factory.mktemp("zones") / "case") as made:
        yield made


def test_zones_for_planners(open_house: House) -> None:
    """Everybody gets what was published; a zone without a shape is in no file."""
    answer = open_house.ask("public", "/api/v1/agreement/airspace.ed269", params={"country": "SYR"})
    assert answer.status_code == 200, answer.text
    read = eurocae_ed269.ED269Schema.from_dict(answer.json())
    assert {one.title for one in read.features} == {"square", "strip"}
    assert LAW in answer.json()["description"]
    assert "zones.ed269.json" in answer.headers["content-disposition"]
    again = open_house.ask(
        "public", "/api/v1/agreement/airspace.ed269", params={"country": "SYR"},
        headers={"if-none-match": answer.headers["etag"]},
    )  # fmt: skip
    assert again.status_code == 304


def test_other_forms(open_house: House) -> None:
    """GeoJSON of ED-318, and a draft that says that it is one."""
    answer = open_house.ask("north", "/api/v1/agreement/airspace.ed318", params={"country": "SYR", "zone": "square"})
    assert [one["properties"]["country"] for one in answer.json()["features"]] == ["SYR"]
    draft = open_house.ask("public", "/api/v1/agreement/airspace.notam", params={"country": "SYR", "fir": "OSTT"})
    assert draft.text.startswith("DRAFT - NOT A NOTAM")
    assert draft.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "query", [{"zone": "moon"}, {"country": "Syria"}, {"fir": "x"}, {"country": "SYR", "zone": "secret"}, {"site": "1"}]
)
def test_what_there_is_not(open_house: House, query: dict[str, str]) -> None:
    """A problem in one line, and never a position."""
    answer = open_house.ask("public", "/api/v1/agreement/airspace.ed269", params=query)
    assert 400 <= answer.status_code < 500
    assert json.loads(answer.content)["title"]
