"""The case over HTTP: what each route answers to whom, in the form that the description promises."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from tests.web.reader import OUTSIDE, PARTIES, PEOPLE, House, house
from truceline import LAW
from truceline.desk.records import Draft, append
from truceline.web.table import NO_GATE, Table

SQUARE = {"type": "Polygon", "coordinates": [[[36.5, 35.4], [36.55, 35.4], [36.55, 35.6], [36.5, 35.6], [36.5, 35.4]]]}
READ = (
    "/api/v1/case", "/api/v1/situation", "/api/v1/assessments", "/api/v1/assessments/open-1",
    "/api/v1/assessments/open-1/why", "/api/v1/assessments/open-1/incident", "/api/v1/assessments/open-1/trail",
    "/api/v1/findings", "/api/v1/agreement", "/api/v1/agreement/units",
    "/api/v1/agreement/zones", "/api/v1/places?text=Northland",
)  # fmt: skip
MEMBERS = ("/api/v1/obligations", "/api/v1/reconcile?a=north&b=south", "/api/v1/duplicates")


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The case of these tests; no test changes it."""
    with house(tmp_path_factory.mktemp("reading") / "case") as made:
        yield made


@pytest.fixture(scope="module")
def described(open_house: House) -> dict[str, Any]:
    """The description of the interface."""
    found: dict[str, Any] = open_house.client.app.openapi()
    return found


def check(described: dict[str, Any], path: str, method: str, body: Any) -> None:  # noqa: ANN401  # JSON
    """An answer is what the description promises, and holds nothing that it does not name."""
    schema = described["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    closed = json.loads(json.dumps(described["components"]["schemas"]))
    for model in closed.values():
        if "properties" in model and "additionalProperties" not in model:
            model["additionalProperties"] = False
    whole = {**schema, "components": {"schemas": closed}}
    jsonschema.Draft202012Validator(whole).validate(body)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("path", READ + MEMBERS)
def test_every_answer_is_what_is_described(open_house: House, described: dict[str, Any], who: str, path: str) -> None:
    """With the line of the law and as of which entry it is; or not there, in the one form of that."""
    answer = open_house.ask(who, path)
    body = answer.json()
    if answer.status_code == 404:
        assert body == open_house.ask(who, "/api/v1/findings/999999").json()
        return
    assert answer.status_code == 200, answer.text
    assert body["law"] == LAW
    template = path.partition("?")[0].replace("open-1", "{id}")
    if "text=" not in path:
        assert set(body["known_at"]) == {"index", "at"}
    if not path.endswith("zones"):
        check(described, template, "get", body)


@pytest.mark.parametrize("who", [*PARTIES, "monitor", "secretariat"])
def test_a_what_if_is_what_is_described(open_house: House, described: dict[str, Any], who: str) -> None:
    """Before and after, of what whoever asks may see."""
    for supposed in ({"geometry": SQUARE}, {"until": "2024-06-05"}, {"ceiling_m": 900}, {"from": "2024-06-11"}):
        answer = open_house.ask(who, "/api/v1/what-if", json={"zone": "square", **supposed})
        assert answer.status_code == 200, answer.text
        check(described, "/api/v1/what-if", "post", answer.json())
        assert answer.json()["observations"] == len(open_house.rows(who))


@pytest.mark.parametrize(
    ("body", "status"),
    [({"zone": "square"}, 422), ({"zone": "nowhere", "until": "2024-06-05"}, 404), ({"until": "2024-06-05"}, 422),
     ({"zone": "square", "geometry": {"type": "Point", "coordinates": [1, 2]}}, 422),
     ({"zone": "square", "geometry": {**SQUARE, "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]}}, 422),
     ({"zone": "square", "geometry": {**SQUARE, "coordinates": [[[0, 0], [1, 1], [9e9, 1], [0, 0]]]}}, 422),
     ({"zone": "square", "from": "2024-06-05", "until": "2024-06-04"}, 422), ({"zone": "square", "else": 1}, 422),
     ({"zone": "square", "ceiling_m": 10**9}, 422)]
)  # fmt: skip
def test_what_cannot_be_supposed_is_refused(open_house: House, body: dict[str, Any], status: int) -> None:
    """A shape that is none, a zone that the text has not, an end before the beginning."""
    answer = open_house.ask("north", "/api/v1/what-if", json=body)
    assert answer.status_code == status, answer.text
    assert "9000000000" not in answer.text, "no coordinate is echoed"


def test_pages_are_one_list(open_house: House) -> None:
    """Every row once, by id; the totals of each page are those of the whole."""
    rows = open_house.rows("public")
    assert [one["id"] for one in rows] == sorted({one["id"] for one in rows})
    whole = open_house.get("public", "/api/v1/assessments", limit=1000)
    assert whole["items"] == rows
    assert whole["next"] is None


@pytest.mark.parametrize(
    ("query", "status"),
    [({"term": "nothing"}, 404), ({"zone": "x"}, 404), ({"act": "x"}, 404), ({"actor": "x"}, 404), ({"unit": "x"}, 404),
     ({"value": 2}, 422), ({"value": "x"}, 422), ({"group": "x"}, 422), ({"from": "soon"}, 422), ({"q": "x"}, 422),
     ({"from": "2024-06-02", "until": "2024-06-01"}, 422), ({"limit": 0}, 422), ({"limit": 1001}, 422),
     ({"after": "!"}, 422), ({"after": "AAAA"}, 409), ({"known_at": "#99999"}, 404), ({"known_at": "x"}, 422)]
)  # fmt: skip
def test_what_is_no_filter_is_refused(open_house: House, query: dict[str, Any], status: int) -> None:
    """A misspelt word must not look like a place without reports; there is no free text."""
    answer = open_house.ask("public", "/api/v1/assessments", params=query)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", READ)
def test_what_whoever_asks_has_is_not_sent_again(open_house: House, path: str) -> None:
    """304 for the tag of the answer; another reader's answer has another tag where it says something else."""
    first = open_house.ask("public", path)
    if "etag" not in first.headers:
        assert path.startswith("/api/v1/places")
        return
    again = open_house.ask("public", path, headers={"If-None-Match": f'"x", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "public, no-cache"
    assert "Cookie" in first.headers["vary"]
    other = open_house.ask("secretariat", path, headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == (304 if path.startswith("/api/v1/agreement") and "zones" not in path else 200) or (
        other.headers["etag"] == first.headers["etag"]
    )
    assert other.headers["cache-control"] == "no-store", "what is told to members is kept in no cache"


def test_the_findings_that_are_shown(open_house: House) -> None:
    """To the public what was made public; to those concerned what they signed or were accused by; numbers to all."""
    held = open_house.findings
    for who in (*OUTSIDE, "mediator"):
        shown = open_house.get(who, "/api/v1/findings")["items"]
        assert [one["index"] for one in shown] == [held["public"]]
        assert shown[0]["dissent"] == [{"by": "south", "text": "It was not clear."}]
    for who in ("north", "south", "secretariat"):
        states = {one["index"]: one["state"] for one in open_house.get(who, "/api/v1/findings")["items"]}
        assert states == {held["public"]: "public", held["open"]: "not public", held["withheld"]: "withheld"}
    for who in PEOPLE:
        told = open_house.get(who, "/api/v1/situation")["findings"]
        assert (told["withheld"]["number"], told["unpublished"]["number"]) == (1, 1)
        assert told["withheld"]["ages_days"] == [91]


def test_findings_are_filtered_and_paged_by_index(open_house: House) -> None:
    """The index of the record is the cursor."""
    found = open_house.get("north", "/api/v1/findings", limit=2)
    assert found["next"] == str(found["items"][-1]["index"])
    rest = open_house.get("north", "/api/v1/findings", limit=2, after=found["next"])
    assert [*found["items"], *rest["items"]] == open_house.get("north", "/api/v1/findings")["items"]
    asked: tuple[tuple[dict[str, str], int], ...] = (
        ({"holds": "breach"}, 3), ({"holds": "no-breach"}, 0), ({"term": "calm"}, 3), ({"term": "back"}, 0),
        ({"against": "north"}, 3), ({"against": "south"}, 0), ({"body": "joint"}, 3),
        ({"from": "2024-06-01T12:08:30Z"}, 1), ({"until": "2024-06-01T12:08:30Z"}, 2),
    )  # fmt: skip
    for query, n in asked:
        assert open_house.get("north", "/api/v1/findings", **query)["total"] == n, query


def test_the_agreement_is_open_to_everybody(open_house: House) -> None:
    """Its text byte for byte, its terms, its zones as they were drawn; a withheld one without a shape."""
    told = open_house.get("public", "/api/v1/agreement")
    digest = told["texts"][0]["canonical_sha256"]
    for named in (digest, told["texts"][0]["sha256"]):
        text = open_house.get("public", f"/api/v1/agreement/texts/{named}")
        assert text["text"].startswith("truceline: 1\nid: small")
    assert open_house.ask("public", f"/api/v1/agreement/texts/{'0' * 64}").status_code == 404
    assert open_house.get("public", "/api/v1/agreement/diff", old=digest, new=digest)["same"]
    zones = open_house.ask("public", "/api/v1/agreement/zones")
    assert zones.headers["content-type"] == "application/geo+json"
    drawn = {one["id"]: one["geometry"] for one in zones.json()["features"]}
    assert drawn["secret"] is None
    assert drawn["square"]["type"] == "Polygon"
    assert {tuple(point) for point in drawn["square"]["coordinates"][0]} == {
        (36.5, 35.4), (36.7, 35.4), (36.7, 35.6), (36.5, 35.6),
    }  # fmt: skip
    assert {one["code"] for one in open_house.get("public", "/api/v1/agreement/units")["items"]} == {"XA-N", "XA-S"}


def test_why_is_whole_for_who_keeps_the_case(open_house: House) -> None:
    """Others are told each condition, and neither who stands behind it nor what would settle it."""
    for who in PEOPLE:
        told = open_house.get(who, "/api/v1/assessments/open-1/why")
        assert told["terms"]["calm"]["factors"]
        assert (told["whole"] is not None) == (who == "secretariat")
        text = json.dumps(told)
        if who != "secretariat":
            for word in ("neighbour", "South press office", "settled_by", "proof", "grade", "finer place"):
                assert word not in text


def test_duplicates_are_for_who_keeps_the_case(open_house: House) -> None:
    """Page by page, each with in what the two differ."""
    told = open_house.get("secretariat", "/api/v1/duplicates", limit=1)
    assert (told["total"], len(told["items"]), told["next"]) == (2, 1, "0")
    rest = open_house.get("secretariat", "/api/v1/duplicates", limit=1, after=told["next"])
    assert rest["items"][0]["a"]["id"] == "open-1"
    assert "from" in rest["items"][0]["differ"]
    assert rest["next"] is None


def test_a_place_is_read_back_and_never_asked_for_by_a_position(open_house: House) -> None:
    """A position in an address would lie in the logs of every proxy."""
    told = open_house.get("public", "/api/v1/places", text="Northland", lang="en")
    assert told["names"][0]["said"].startswith("did you mean Northland")
    assert open_house.ask("public", "/api/v1/places", params={"text": "x", "near": "36.6,35.5"}).status_code == 404


def test_two_lists_side_by_side_are_mirrored(open_house: House) -> None:
    """Neither side comes first."""
    one = open_house.get("mediator", "/api/v1/reconcile", a="north", b="south")
    other = open_house.get("mediator", "/api/v1/reconcile", a="south", b="north")
    assert (one["a"], one["only_a"], one["open_a"]) == (other["b"], other["only_b"], other["open_b"])
    assert open_house.ask("mediator", "/api/v1/reconcile", params={"a": "north", "b": "north"}).status_code == 422


def test_an_older_state_is_told_as_of_its_entry(open_house: House) -> None:
    """Before the reports came in there were none."""
    newest = open_house.get("public", "/api/v1/situation")
    before = open_house.get("public", "/api/v1/situation", known_at="#1")
    assert before["known_at"]["index"] == 1
    assert (before["reports"], newest["reports"]) == (0, len(open_house.rows("public")))
    assert before["findings"]["public"] == 0


def test_every_route_of_reading_has_a_gate(open_house: House) -> None:
    """So that the table of who may do what holds all of it."""
    found = [one for one in Table(open_house.client.app).all() if one.template.startswith(("/api/v1/", "/feeds/"))]
    assert {one.template for one in found} >= {path.partition("?")[0].replace("open-1", "{id}") for path in READ}
    assert not [one.template for one in found if one.gate is NO_GATE]


def test_what_is_appended_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A list that is read while the record grows says so: a page never mixes two states."""
    with house(tmp_path_factory.mktemp("growing") / "case", with_findings=False) as made:
        first = made.get("public", "/api/v1/assessments", limit=2)
        append(made.case, [Draft("consent", {"about": "open-1", "use": "publish", "is_given": False})])
        made.service.snapshots.refresh()
        gone = made.ask("public", "/api/v1/assessments", params={"limit": 2, "after": first["next"]})
        assert gone.status_code == 409, "a list that was begun before does not go on with what was refused since"
        assert made.get("public", "/api/v1/assessments")["total"] == first["total"] - 1
        assert made.ask("public", "/api/v1/assessments/open-1").status_code == 404
        assert made.ask("north", "/api/v1/assessments/open-1").status_code == 200
