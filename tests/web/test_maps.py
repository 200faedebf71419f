"""What a map asks for: the ground, and every report as columns. Neither tells more than the list does."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import shapely

from tests.desk.seen_case import add
from tests.web.columns import of_list, read, rows
from tests.web.reader import PEOPLE, House, house
from tests.web.test_reading_leaks import hidden_rows
from truceline import LAW
from truceline.desk.views import columns as packing
from truceline.desk.views.ground import DISPUTED
from truceline.errors import StoreError
from truceline.web.routes import downloads

COLUMNS = "/api/v1/assessments.columns"
FILTERS: tuple[dict[str, str], ...] = (
    {}, {"value": "1"}, {"value": "-1"}, {"act": "attack"}, {"kind": "incident"},
    {"from": "2024-06-01", "until": "2024-07-01"},
)  # fmt: skip


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One case that nothing is added to."""
    with house(tmp_path_factory.mktemp("maps") / "case") as made:
        yield made


def columns(one: House, who: str, **query: str) -> bytes:
    """The columns that somebody is given."""
    found = one.ask(who, COLUMNS, params={"ids": "true", **query})
    assert found.status_code == 200, found.text
    return found.content


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("query", FILTERS)
def test_columns_are_the_list(open_house: House, who: str, query: dict[str, str]) -> None:
    """Row for row and number for number, for everybody and under every filter."""
    if open_house.ask(who, "/api/v1/assessments", params=query).status_code != 200:
        assert open_house.ask(who, COLUMNS, params=query).status_code != 200
        return
    listed = open_house.rows(who, **query)
    assert rows(columns(open_house, who, **query)) == [of_list(row) for row in listed]
    assert query or listed


@pytest.mark.parametrize("who", [one for one in PEOPLE if one != "secretariat"])
def test_no_table_names_what_no_row_says(open_house: House, who: str) -> None:
    """What only hidden rows say is in no dictionary: each word of the head is one that a shown row uses."""
    head, found, _ = read(columns(open_house, who))
    tables = {
        "answer": "answers",
        "act": "acts",
        "actor": "actors",
        "unit": "units",
        "sight": "sights",
        "kind": "kinds",
    }
    for column, table in tables.items():
        assert sorted(set(found[column])) == list(range(len(head[table]))), column
    listed = open_house.rows(who)
    assert {json.dumps(one) for one in head["acts"]} == {json.dumps(row["act"]) for row in listed}
    assert {json.dumps(one) for one in head["actors"]} == {json.dumps(row["actor"]["ids"]) for row in listed}


@pytest.mark.parametrize("who", ["public", pytest.param("north", marks=pytest.mark.long)])
def test_columns_stay_when_something_hidden_comes_in(tmp_path: Path, who: str) -> None:
    """Byte for byte, with the same tag."""
    with house(tmp_path / "case") as made:
        before = made.ask(who, COLUMNS, params={"ids": "true"})
        add(made.case, hidden_rows(who), 0, "more.jsonl")
        made.service.snapshots.refresh()
        after = made.ask(who, COLUMNS, params={"ids": "true"})
        assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])
        assert after.headers["x-truceline-known-at"] != before.headers["x-truceline-known-at"]


def test_columns_name_the_filter_and_the_law(open_house: House) -> None:
    """A file says what it is of, and as of which entry."""
    found = open_house.ask("north", COLUMNS, params={"value": "1"})
    head, _, ids = read(found.content)
    assert (head["filter"], head["law"], ids) == ({"value": 1}, LAW, [])
    assert found.headers["x-truceline-known-at"].startswith("#")
    assert found.headers["cache-control"] == "no-store"
    again = open_house.ask("north", COLUMNS, params={"value": "1"}, headers={"If-None-Match": found.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "content-encoding" not in found.headers


def test_columns_of_nothing(open_house: House) -> None:
    """A filter that nothing passes gives columns without rows."""
    head, found, ids = read(columns(open_house, "north", until="1980-01-01"))
    assert (head["count"], ids, {len(one) for one in found.values()}) == (0, [], {0})


def test_what_is_no_filter_is_refused(open_house: House) -> None:
    """As the list refuses it."""
    for query in ({"term": "nothing"}, {"from": "soon"}, {"value": "7"}):
        listed = open_house.ask("north", "/api/v1/assessments", params=query)
        found = open_house.ask("north", COLUMNS, params=query)
        assert found.status_code == listed.status_code in {404, 422}, query
        assert found.json() == listed.json()
    assert open_house.ask("north", COLUMNS, params={"limit": "5"}).status_code == 422


@pytest.mark.parametrize("path", [COLUMNS, "/api/v1/assessments.csv"])
def test_who_waits_for_a_large_answer_holds_no_thread(
    open_house: House, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Attack: many ask for what takes long: others are answered meanwhile."""
    go_on = threading.Event()

    def slow(*_: object, **__: object) -> Any:  # noqa: ANN401  # never made
        go_on.wait(20)
        raise StoreError("too slow")

    monkeypatch.setattr(packing, "packed", slow)
    monkeypatch.setattr(downloads, "chosen", slow)
    monkeypatch.setattr(downloads, "_open", threading.BoundedSemaphore(100))
    client = open_house.client

    async def asked() -> list[int]:
        found: list[int] = []

        async def large() -> None:
            found.append((await client.http.get(path)).status_code)

        try:
            async with anyio.create_task_group() as group:
                for _ in range(50):
                    group.start_soon(large)
                await anyio.wait_all_tasks_blocked()
                with anyio.fail_after(10):
                    found.append((await client.http.get("/api/v1/record")).status_code)
                go_on.set()
        finally:
            go_on.set()
        return found

    assert client.call(asked) == [200] + [503] * 50


# -- the ground --------------------------------------------------------------------------------------------------------


def ground(one: House, who: str) -> list[dict[str, Any]]:
    """The features of the ground, by who asks."""
    found: list[dict[str, Any]] = one.get(who, "/api/v1/agreement/ground")["features"]
    return found


@pytest.mark.parametrize("who", ["public", "north", "secretariat"])
def test_the_ground_holds_no_report(open_house: House, who: str) -> None:
    """Every feature is of a role that is no place of a report, and every shape can be drawn."""
    found = ground(open_house, who)
    roles = {"far", "window", "land", "country", "unit", "edge", "border", "line", "town", "country-name", "unit-name"}
    assert {one["properties"]["role"] for one in found} <= roles
    assert all(shapely.is_valid(shapely.from_geojson(json.dumps(one["geometry"]))) for one in found)
    text = json.dumps(found)
    assert not [row["id"] for row in open_house.rows("secretariat") if row["id"] in text]


def test_the_ground_of_the_public_was_published(open_house: House) -> None:
    """The public gets no feature that members do not get."""
    inside = {json.dumps(one, sort_keys=True) for one in ground(open_house, "secretariat")}
    units = {one["properties"]["code"] for one in ground(open_house, "public") if one["properties"]["role"] == "unit"}
    told = {one["code"] for one in open_house.get("public", "/api/v1/agreement/units")["items"]}
    assert inside
    assert units <= told


def test_the_ground_may_travel_pressed(open_house: House) -> None:
    """It is the same for everybody of a kind and holds nothing that was typed: the one answer of a case that may."""
    plain = open_house.ask("public", "/api/v1/agreement/ground", headers={"Accept-Encoding": "identity"})
    pressed = open_house.ask("public", "/api/v1/agreement/ground", headers={"Accept-Encoding": "gzip"})
    assert pressed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in plain.headers["vary"]
    assert pressed.json() == plain.json()
    assert int(pressed.headers["content-length"]) < len(plain.content)
    assert gzip.compress(plain.content)


def test_a_pair_in_dispute_has_no_order() -> None:
    """Two different codes each, and each pair once: who is named first says nothing."""
    assert all(len(one) == 2 for one in DISPUTED)
