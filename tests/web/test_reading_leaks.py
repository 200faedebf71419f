"""Every way we can think of to learn of what one may not see: by asking twice, by counts, tags, sizes, order, time."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from tests.desk.seen_case import LAT, LON, add, disc, finding, row
from tests.web.reader import OUTSIDE, House, house
from truceline.desk import audits
from truceline.desk.records import Draft, append
from truceline.desk.views import pages
from truceline.span import parse_instant, utc_text

LATE = parse_instant("2024-08-31T12:00Z", "UTC")
READERS = ("public", "north", "south", "mediator", "monitor")
HIDDEN = {
    "public": ("unpublished", "maybe-2", "ahead", "refused", "kept-from-south", "account", "closed", "denied-watch",
               "looked", "clinic", "convoy", "track-late", "forces-north", "forces-south"),
    "north": ("account", "closed", "denied-watch", "looked", "clinic", "convoy", "track-late", "forces-south"),
    "south": ("account", "closed", "denied-watch", "looked", "clinic", "convoy", "track-late", "forces-north",
              "kept-from-south"),
}  # fmt: skip
QUERIES: tuple[dict[str, str], ...] = (
    {}, {"term": "calm"}, {"value": "0"}, {"act": "attack"}, {"act": "presence"}, {"zone": "square"}, {"zone": "strip"},
    {"unit": "XA-N"}, {"actor": "south"}, {"kind": "incident"}, {"from": "2024-06-10", "until": "2024-06-11"},
    {"group": "other"}, {"supported": "false"},
)  # fmt: skip
SQUARE = [[36.58, 35.4], [36.7, 35.4], [36.7, 35.6], [36.58, 35.6], [36.58, 35.4]]


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A case that no test changes."""
    with house(tmp_path_factory.mktemp("leaks") / "case") as made:
        yield made


@pytest.fixture(scope="module")
def growing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A case to which tests add what some may not see."""
    with house(tmp_path_factory.mktemp("growing") / "case") as made:
        yield made


def told(made: House, who: str) -> dict[str, tuple[int, str, Any]]:
    """Everything that somebody can ask: status, tag, and what is said beside as of which entry it is."""
    paths = [f"/api/v1/{name}" for name in ("situation", "assessments", "assessments.csv", "assessments.geojson",
                                            "assessments.parquet", "assessments.xlsx")]  # fmt: skip
    asked = [(path, query) for path in paths for query in QUERIES]
    asked += [(f"/api/v1/{name}", {}) for name in ("findings", "findings.csv", "agreement", "agreement/zones",
                                                   "agreement/units", "obligations")]  # fmt: skip
    asked += [("/api/v1/reconcile", {"a": "north", "b": "south"}), ("/feeds/findings.atom", {}),
              ("/feeds/findings.json", {}), ("/api/v1/assessments/open-1/why", {})]  # fmt: skip
    asked += [(f"/api/v1/assessments/twin-1/{end}", {}) for end in ("incident", "trail", "ground")]
    found = {}
    for path, query in asked:
        answer = made.ask(who, path, params=query)
        etag = "" if re.search(r"\.(csv|geojson|parquet|xlsx)$", path) else answer.headers.get("etag", "")
        found[f"{path} {query}"] = (answer.status_code, etag, _timeless(path, answer.content))
    zone = {"zone": "square", "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}
    answer = made.ask(who, "/api/v1/what-if", json=zone)
    found["what-if"] = (answer.status_code, "", _timeless("", answer.content))
    return found


def _timeless(path: str, data: bytes) -> Any:  # noqa: ANN401  # any content
    """An answer without the index and time of the newest entry; of a table that is packed its cells."""
    if path.endswith(".parquet"):
        return pq.read_table(io.BytesIO(data)).to_pylist()
    if path.endswith(".xlsx"):
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
        return [[[cell.value for cell in cells] for cells in sheet.iter_rows() if "As known" not in str(cells[0].value)]
                for sheet in book]  # fmt: skip
    text = re.sub(r"entry \d+ of the record, [0-9TZ:-]+|\"index\":\d+,\"at\":\"[0-9TZ:-]+\"", "", data.decode())
    if path.endswith((".csv", ".geojson", ".atom")) or not text.startswith("{"):
        return text
    value = json.loads(re.sub(r'"known_at":\{\}', '"known_at":null', text))
    value.pop("known_at", None)
    return value


def hidden_rows(who: str) -> list[dict[str, Any]]:
    """Further reports that somebody may not see: alike to those that it sees, and unlike them."""
    made = [
        row("a-closed", may_export=False), row("zz-closed", may_export=False, act=["mortar"], actor=["nobody"]),
        row("b-account", reporter_withheld=True), row("c-watch", kind="impediment", act=["deny-access"]),
        row("d-watch", negative=True, act=["observe"]), row("e-convoy", kind="movement", act=["statement"]),
        row("f-track", kind="track", act=["fly"], start=LATE, end=LATE + 60),
    ]  # fmt: skip
    if who in OUTSIDE:
        made += [row("g-unpublished", published=None, url=None), row("h-ahead", published="2031-01-01"),
                 row("i-unpublished", published=None, url=None, impact=disc(LON - 9_000_000, LAT - 4_000_000),
                     publisher="Nobody Else", act_text="something new", weapon="a new one")]  # fmt: skip
    return made


@pytest.mark.parametrize(
    "who", ["public", "north", *(pytest.param(who, marks=pytest.mark.long) for who in READERS[2:])]
)
def test_nothing_changes_when_something_hidden_comes_in(growing: House, who: str) -> None:
    """No body, tag, page, file, count or feed: an addition that one may not see cannot be told from none at all."""
    before = told(growing, who)
    made = [{**one, "id": f"{who}-{one['id']}"} for one in hidden_rows(who)]
    add(growing.case, made, 0, f"{who}.jsonl")
    append(
        growing.case, [Draft("allegation", {"text": "shelling", "terms": ["back"]}, "south")] if who in OUTSIDE else []
    )
    growing.service.snapshots.refresh()
    after = told(growing, who)
    for path, one in before.items():
        assert after[path] == one, path
    assert growing.get("secretariat", "/api/v1/situation")["known_at"]["index"] > 0


@pytest.mark.parametrize("who", OUTSIDE)
def test_a_finding_that_is_not_public_is_a_number_and_no_more(growing: House, who: str) -> None:
    """Feeds, files and lists stay; the number of unpublished findings is for everybody."""
    before = told(growing, who)
    finding(growing.case, 0, text=f"Not for {who}.")
    growing.service.snapshots.refresh()
    after = told(growing, who)
    for path, one in before.items():
        if path.startswith("/api/v1/situation"):
            first, second = (json.loads(json.dumps(value[2])) for value in (one, after[path]))
            assert second["findings"].pop("unpublished")["number"] == first["findings"].pop("unpublished")["number"] + 1
            assert second == first
        else:
            assert after[path] == one, path


@pytest.mark.parametrize("who", HIDDEN)
def test_what_is_hidden_and_what_is_not_there_are_one_answer(open_house: House, who: str) -> None:
    """To the byte, and to the header; of the report, of why, and of what lies beside it."""
    for end in ("", "/why", "/incident", "/trail", "/ground"):
        none = open_house.ask(who, f"/api/v1/assessments/no-such-report{end}")
        for key in HIDDEN[who]:
            answer = open_house.ask(who, f"/api/v1/assessments/{key}{end}")
            assert (answer.status_code, answer.content) == (404, none.content), key
            assert _headers(answer) == _headers(none), key
    none = open_house.ask(who, "/api/v1/findings/424242")
    for index in range(40):
        answer = open_house.ask(who, f"/api/v1/findings/{index}")
        if answer.status_code != 200:
            assert (answer.status_code, answer.content, _headers(answer)) == (404, none.content, _headers(none))


def _headers(answer: Any) -> dict[str, str]:  # noqa: ANN401  # an answer
    return {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}


@pytest.mark.parametrize("who", HIDDEN)
def test_no_answer_names_what_is_hidden(open_house: House, who: str) -> None:
    """Not as an id, not as the name of an incident, not in a cursor."""
    for path, (_, _, body) in told(open_house, who).items():
        text = body if isinstance(body, str) else json.dumps(body, default=str)
        for key in HIDDEN[who]:
            assert not re.search(rf'"{key}"(?! ?:)', text), (path, key)
        assert "neighbour" not in text
        assert "not to be passed on" not in text


@pytest.mark.parametrize("who", READERS)
def test_a_cursor_holds_a_mark_and_an_id_that_was_shown(open_house: House, who: str) -> None:
    """No number of a row, which would count what lies between."""
    shown = [one["id"] for one in open_house.rows(who)]
    for limit in (1, 2, 5):
        page = open_house.get(who, "/api/v1/assessments", limit=limit)
        mark, _, key = base64.urlsafe_b64decode(page["next"] + "==").decode().partition("~")
        assert re.fullmatch("[0-9a-f]{24}", mark)
        assert key == shown[limit - 1]
    theirs = open_house.get("secretariat", "/api/v1/assessments", limit=1)["next"]
    assert open_house.ask(who, "/api/v1/assessments", params={"after": theirs}).status_code == 409


@pytest.mark.parametrize("who", READERS)
def test_parts_of_a_list_add_up_to_the_list(open_house: House, who: str) -> None:
    """With a filter and without: the parts of every division are the whole, and every total counts what is listed."""
    whole = open_house.get(who, "/api/v1/situation")
    assert whole["reports"] == len(open_house.rows(who))
    for divided in (
        [{"value": value} for value in (-1, 0, 1)], [{"supported": "true"}, {"supported": "false"}],
        [{"protected": "true"}, {"protected": "false"}], [{"group": name} for name in whole["groups"]],
    ):  # fmt: skip
        parts = [open_house.get(who, "/api/v1/situation", **query) for query in divided]
        assert sum(one["reports"] for one in parts) == whole["reports"]
        for name in ("surely", "at_most", "not_covered"):
            assert sum(one["any"][name] for one in parts) == whole["any"][name]
    for query in QUERIES:
        listed = open_house.rows(who, **query)
        assert open_house.get(who, "/api/v1/situation", **query)["reports"] == len(listed)


@pytest.mark.parametrize("who", ["public", "monitor"])
def test_hours_cannot_be_found_by_narrow_windows(open_house: House, who: str) -> None:
    """Every window of seconds within a day gives what the day gives."""
    day = parse_instant("2024-06-10", "Asia/Damascus")
    whole = [one["id"] for one in open_house.rows(who, **{"from": "2024-06-10", "until": "2024-06-11"})]
    assert whole
    for hour in (0, 5, 12, 13, 23):
        since = utc_text(day + hour * 3_600 + 11 * 60)
        until = utc_text(day + hour * 3_600 + 12 * 60)
        assert [one["id"] for one in open_house.rows(who, **{"from": since, "until": until})] == whole


@pytest.mark.parametrize("who", READERS)
def test_no_filter_by_place_cuts_a_town(open_house: House, who: str) -> None:
    """A town on a border is in both units; one that reaches into a zone is in it, wherever in it the report lies."""
    places = {one["id"]: one["place"] for one in open_house.rows(who)}
    by_place: dict[str, set[frozenset[str]]] = {}
    answers = {name: {one["id"] for one in open_house.rows(who, **query)} for name, query in (
        ("square", {"zone": "square"}), ("strip", {"zone": "strip"}), ("N", {"unit": "XA-N"}), ("S", {"unit": "XA-S"}),
    )}  # fmt: skip
    for key, place in places.items():
        if place["sight"] == "town":
            shown = json.dumps({name: value for name, value in place.items() if name != "text"})
            by_place.setdefault(shown, set()).add(frozenset(name for name, ids in answers.items() if key in ids))
    for shown, ways in by_place.items():
        assert len(ways) == 1, f"reports of one town are told apart: {shown}"


def test_forces_of_the_other_side_are_found_by_no_filter(open_house: House) -> None:
    """Nor joined to incidents of the same group: whoever asks for a group and a place gets incidents alone."""
    for who, other in (("north", "south"), ("south", "north")):
        queries: tuple[dict[str, str], ...] = (
            {"act": "presence"}, {"act": "armed-person"}, {"actor": other}, {"zone": "strip"}, {"term": "back"},
            {"actor": other, "zone": "strip"}, {"unit": "XA-N", "actor": other},
        )  # fmt: skip
        for query in queries:
            found = open_house.rows(who, **query)
            assert f"forces-{other}" not in {one["id"] for one in found}, query
            assert not any("armed-person" in one["act"] and other in one["actor"]["ids"] for one in found)


@pytest.mark.parametrize("who", READERS)
def test_no_fine_position_is_anywhere(open_house: House, who: str) -> None:
    """However it is written: in no list, count, file, board, what-if or list of two sides."""
    fine = [(LON + 11_000) / 1e7, (LAT + 9_000) / 1e7, (LON - 5_000) / 1e7]
    own = {"north": (LON + 2_000_000) / 1e7, "south": (LON + 2_000_000) / 1e7}.get(who)
    for path, (_, _, body) in told(open_house, who).items():
        text = body if isinstance(body, str) else json.dumps(body, default=str)
        for value in fine:
            assert str(value) not in text, path
            assert str(round(value * 1e7)) not in text, path
        for lon in re.findall(r'"(?:lon|lat)": ?(-?[\d.]+)', text):
            off = round(float(lon) * 1e7) % 500_000
            assert off == 0 or float(lon) in (own, LAT / 1e7), path


@pytest.mark.parametrize("who", ["public", "north", "mediator"])
def test_what_was_not_public_then_is_not_told_of_then(open_house: House, who: str) -> None:
    """As known before a publication, nobody is told of it by whom it is not told now; nor of more than now."""
    now = {one["id"] for one in open_house.rows(who)}
    newest = open_house.get(who, "/api/v1/situation")["known_at"]["index"]
    findings = {one["index"] for one in open_house.get(who, "/api/v1/findings")["items"]}
    seen: list[set[int]] = []
    for index in range(1, newest + 1, 3):
        assert {one["id"] for one in open_house.rows(who, known_at=f"#{index}")} <= now
        then = open_house.get(who, "/api/v1/findings", known_at=f"#{index}")
        seen.append({one["index"] for one in then["items"]})
        assert all(one <= index for one in seen[-1])
        assert seen[-1] <= findings
    assert all(first <= second for first, second in pairwise(seen))
    if who == "public":
        published = open_house.get("public", "/api/v1/findings")["items"][0]["published"]["entry"]
        before = open_house.get("public", "/api/v1/findings", known_at=f"#{published - 1}")
        assert before["items"] == []


def test_an_answer_that_is_kept_is_kept_for_whom_it_was_made(open_house: House) -> None:
    """Whoever asks after somebody who sees more is not given the other's answer."""
    for query in QUERIES:
        asked = {who: open_house.get(who, "/api/v1/assessments", limit=1000, **query)
                 for who in ("secretariat", "public", "north", "secretariat", "south", "public")}  # fmt: skip
        for who, page in asked.items():
            assert page["total"] == len(open_house.rows(who, **query))
        for who in ("public", "north", "south"):
            assert "neighbour" not in json.dumps(asked[who])


def test_two_lists_tell_nothing_of_what_is_not_shown(open_house: House) -> None:
    """How many entries are withheld from a reader is a number about what it may not see."""
    for who in ("north", "south", "mediator"):
        lists = open_house.get(who, "/api/v1/reconcile", a="north", b="south")
        shown = len(open_house.rows(who))
        assert lists["left_out"] == 0
        for side in ("a", "b"):
            assert set(lists[side]["withheld"].values()) == {0}
            assert lists[side]["entries"] <= shown
        assert "evidence" not in lists


def test_a_feed_changes_with_publications_alone(open_house: House) -> None:
    """Its dates are those of what is public; nobody sees in it when something else was said."""
    public = open_house.get("public", "/api/v1/findings")["items"][0]["published"]["at"]
    feed = open_house.get("public", "/feeds/findings.json")
    assert {one["date_modified"] for one in feed["items"]} == {public}
    atom = open_house.ask("public", "/feeds/findings.atom").text
    assert set(re.findall(r"<updated>([^<]*)</updated>", atom)) == {public}
    assert open_house.ask("secretariat", "/feeds/findings.atom").text == atom


def test_who_asks_after_somebody_of_another_party_is_told_its_own(open_house: House) -> None:
    """Two who see alike are two: the answer about the case names the party of whoever asks, and of nobody else."""
    for who, party in (("monitor", "watch"), ("public", None), ("mirror", None), ("monitor", "watch")):
        assert open_house.get(who, "/api/v1/case")["party"] == party
    assert "public" not in open_house.ask("monitor", "/api/v1/case").headers.get("cache-control", "")


@pytest.mark.parametrize("path", ["/api/v1/situation", "/api/v1/assessments", "/api/v1/findings"])
def test_an_old_state_that_is_not_kept_is_paid_for(
    open_house: House, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is judged anew for it: that is no question like others, until it is kept."""
    spent: list[int] = []
    app: Any = open_house.client.app
    monkeypatch.setattr(app.state.rates, "spend", lambda _key, _account, _method, cost=1: spent.append(cost))
    open_house.service.snapshots._old.clear()
    costs = []
    for _ in range(2):
        open_house.get("public", path, known_at="#1")
        costs.append(sum(spent))
        spent.clear()
    assert costs[0] == 20
    assert costs[1] < 5


def test_what_the_secretariat_reads_of_reports_is_in_the_audit(open_house: House) -> None:
    """Each report that it opens, explains or takes along: by the id that is shown, and by no value."""

    def rows() -> list[tuple[str, str, str]]:
        """What was noted of reports."""
        found = audits.every(open_house.service.state)
        return [(one["role"], one["action"], one["about"]) for one in found if one["resource"] == "assessment"]

    before = len(rows())
    for who in ("secretariat", "north", "public"):
        for path in ("/api/v1/assessments/open-1", "/api/v1/assessments/open-1/why", "/api/v1/assessments.csv"):
            assert open_house.ask(who, path).status_code == 200
    assert rows()[before:] == [
        ("secretariat", "read", "open-1"), ("secretariat", "explain", "open-1"), ("secretariat", "download", ""),
    ]  # fmt: skip


def test_an_answer_is_not_kept_beyond_the_lists_it_rests_on(open_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows under another list of acts or another text: what is asked of them is worked out again."""
    made: list[str] = []
    plain = pages.facets

    def noted(*of: Any) -> Any:  # noqa: ANN401  # the arguments, and an answer
        made.append("facets")
        return plain(*of)

    monkeypatch.setattr(pages, "facets", noted)
    snapshots = open_house.service.snapshots
    now = snapshots.current()
    bench = replace(now.bench, tables={**now.bench.tables, "acts.csv": "0" * 64})
    for known in (now, now, replace(now, bench=bench), replace(now, bench=bench), now):
        monkeypatch.setattr(snapshots, "_now", known)
        open_house.get("public", "/api/v1/facets", kind="incident")
    assert len(made) == 2
