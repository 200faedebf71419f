"""Areas over HTTP: who is shown what, and that it is cells and nothing beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.desk.area_case import AHRAR, RU, SECRETARIAT, TURKEY, US, A, B, C, D, copied, made
from tests.web.asking import Client
from truceline.desk.service import Service
from truceline.desk.settings import Settings
from truceline.desk.viewers import Viewer
from truceline.web.app import make_app

WHOLE = "/api/v1/areas"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A service over a case with two areas, a map and a list of March 2016."""
    world = copied(made(tmp_path_factory.mktemp("web")), tmp_path_factory.mktemp("areas") / "case")
    world.to("2016-03-08")
    world.area("isil", "2016-03-04", [A, B], "us")
    world.area("ahrar", "2016-03-04", [C], "ahrar", ("us", "desk"))
    world.area("jn", "2016-03-04", [D], "us", ("us", "ru", "desk"))
    to = world.say("map-proposal", {"cells": sorted([A, B])}, "us")
    world.say("map-answer", {"to": to, "agrees": [A], "disputes": [B]}, "ru")
    world.both("map-version", {"cells": [A]}, "us", "ru")
    world.say("handover", {"kind": "targets", "to": "us", "day": "2016-03-04", "format": "on paper",
                           "period": {"words": "through September", "until": "2016-09"}}, "ru")  # fmt: skip
    world.say("designation", {"of": "ahrar", "since": "2016-03-09", "what": "expelled"}, "ru")
    world.case.close()
    with Service.open(str(world.path), Settings()) as service:
        asking = Client(make_app(service))
        yield asking
        asking.close()


def groups(client: Client, viewer: Viewer) -> dict[str, list[str]]:
    """Group to the cells that somebody is shown."""
    with client.seen_as(viewer):
        told = client.get(WHOLE)
    assert told.status_code == 200, told.text
    return {one["group"]: one["cells"] for one in told.json()["areas"]}


def test_a_sealed_area_is_for_its_readers(client: Client) -> None:
    """Open to who was named, and to the keeper; to nobody else, though all of them may ask for areas."""
    assert groups(client, SECRETARIAT) == groups(client, US) == groups(client, RU) == {"isil": [A, B], "jn": [D]}
    for viewer in (AHRAR, TURKEY, Viewer("m", "mediator")):
        assert groups(client, viewer) == {"isil": [A, B]}


@pytest.mark.parametrize("path", ["", "/map", "/handovers", "/due"])
@pytest.mark.parametrize("role", ["public", "monitor", "hotline", "mirror", "intake"])
def test_who_does_not_bargain_over_areas_is_told_nothing(client: Client, path: str, role: str) -> None:
    """The same answer as where there is nothing."""
    with client.seen_as(Viewer("x" if role != "public" else "", role, "un" if role == "monitor" else "")):
        assert client.get(WHOLE + path).status_code == 404


def test_the_map_is_told_cell_by_cell(client: Client) -> None:
    """With its history and the version that both signed."""
    with client.seen_as(RU):
        told = client.get(f"{WHOLE}/map").json()
    assert (told["a"], told["b"], told["version"]) == ("us", "ru", 1)
    assert {one["cell"]: (one["stands"], one["is_signed"]) for one in told["cells"]} == {
        A: ("agreed", True), B: ("disputed", False),
    }  # fmt: skip


def test_a_list_is_told_with_its_reading(client: Client) -> None:
    """And that nobody has answered."""
    with client.seen_as(US):
        (one,) = client.get(f"{WHOLE}/handovers").json()["handovers"]
    assert (one["stands"], one["period"]["words"]) == ("unanswered", "through September")


def test_what_is_due_is_told_to_who_may_read_it(client: Client) -> None:
    """That there was an area of its own is told to nobody else, by no count."""
    for viewer, due in ((SECRETARIAT, ["ahrar"]), (US, ["ahrar"]), (RU, [])):
        with client.seen_as(viewer):
            assert [one["group"] for one in client.get(f"{WHOLE}/due").json()["due"]] == due


def test_the_partition_is_for_everybody(client: Client) -> None:
    """Empty where none was published."""
    assert client.get(f"{WHOLE}/partition").json()["blocks"] == []


def test_no_answer_holds_a_position_or_a_report(client: Client) -> None:
    """Cells, groups, days; no number with a point in it, no geometry, no id of a report."""
    with client.seen_as(SECRETARIAT):
        texts = [client.get(WHOLE + path).text for path in ("", "/map", "/handovers", "/due")]
    for text in texts:
        keys = set(json.loads(text))
        assert keys.isdisjoint({"geometry", "features", "items", "assessments"})
        assert "lat" not in text.replace("translated", "")
        assert '"coordinates"' not in text


def test_an_unknown_question_is_refused(client: Client) -> None:
    """A filter by place or time does not exist, and is not passed over."""
    with client.seen_as(US):
        for query in ("?bbox=36,35,37,36", "?group=isil", "?since=2016-03-01", "?known_at=2016-03-09"):
            assert client.get(WHOLE + query).status_code in (400, 422)


def test_the_record_shows_no_body_of_a_sealed_area(client: Client) -> None:
    """By the record's own pages neither: what is sealed is a commitment to all but its readers."""
    with client.seen_as(RU):
        told = client.get("/api/v1/record/entries", params={"after": 0})
    assert C not in told.text
