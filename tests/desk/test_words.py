"""Words of the shipped case beside its acts: none is evidence, who was first, and swapped parties mirror it all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.bench import SHIPPED, ged, lines
from truceline.assess import assessment
from truceline.desk.acts_told import AskedIndicators, AskedTimeline, followed_shown, indicators_shown, timeline_shown
from truceline.desk.consent import Consents
from truceline.desk.first_told import AskedFirst, who_first_shown
from truceline.desk.judged import judged_of
from truceline.desk.statements_told import Asking, Lens, check_asking, claims_of_day, claims_shown, log_shown
from truceline.desk.views.sheet import sheet_of
from truceline.desk.views.sight import Moment, sighted
from truceline.desk.views.view import View
from truceline.desk.words_asked import Opened, opened, watched
from truceline.errors import InputError
from truceline.evidence.statements import OF_FILE
from truceline.span import civil_day, parse_instant
from truceline.verdict import NO, UNKNOWN, YES

AGREEMENT, REPORTS = SHIPPED / "agreement.yaml", SHIPPED / "reports.jsonl"
SEPTEMBER = AskedFirst("2016-09-12T19:00", "2016-09-19T19:00", ("gov", "opp"))


@cache
def shipped() -> Opened:
    """The shipped agreement, its reports and its claims."""
    return opened(AGREEMENT, [REPORTS])


# -- claims ------------------------------------------------------------------------------------------------------------


def test_none_of_the_27_claims_becomes_evidence(tmp_path: Path) -> None:
    """With and without the files of claims every answer is the same, and no table holds a claim of a file."""
    files = ("agreement.yaml", "areas.geojson", *(f"{n}.csv" for n in ("actors", "acts", "weapons", "places", "units",
             "sources", "places-names", "counting")), "ledgers.csv")  # fmt: skip
    for name in files:
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    bare = opened(tmp_path / "agreement.yaml", [REPORTS])
    assert assessment.hash_of(bare.outcome.assessed) == assessment.hash_of(shipped().outcome.assessed)
    ids = {one.id for one in shipped().words.claims if one.door == OF_FILE}
    assert len(ids) == 27 + 4
    assert not ids & set(shipped().outcome.assessed.ids)
    assert not ids & {one.id for one in bare.words.claims}
    answer = claims_shown(shipped().words)
    assert {one["is_evidence"] for one in answer["claims"]} == {False}


def test_no_report_that_tells_of_words_alone_is_covered() -> None:
    """A statement, a commitment, an acceptance, an extension or a count is no act that a term forbids."""
    assessed = shipped().outcome.assessed
    kinds = {report.id: report.kind for report in assessed.reports}
    values = dict(zip(assessed.ids, assessed.answers["any"].value.tolist(), strict=True))
    worded = ("statement", "commitment", "acceptance", "extension", "ledger")
    assert {values[key] for key, kind in kinds.items() if kind in worded} == {NO}


def test_every_claim_is_found_from_the_days_of_its_date() -> None:
    """Said on a day, or in a month: the page of each such day leads to it; what has no date leads nowhere."""
    words = shipped().words
    for one in words.claims:
        if one.door != OF_FILE or one.said.since is None or one.said.until is None:
            continue
        for second in (one.said.since, one.said.until - 1):
            assert one.id in claims_of_day(words, civil_day(second, words.tz).isoformat()), one.id
    assert "lendman-11" in claims_of_day(words, "2016-06-20")
    assert "lendman-11" not in claims_of_day(words, "2016-06-19")


def test_what_is_asked_for_is_shown_and_nothing_else() -> None:
    """By actor, kind, door and time, each alone."""
    words = shipped().words
    assert {one["kind"] for one in claims_shown(words, asking=Asking(kind="warning"))["claims"]} == {"warning"}
    assert claims_shown(words, asking=Asking(door="record"))["claims"] == []
    of_turkey = {one["id"] for one in claims_shown(words, asking=Asking(actor="tr"))["claims"]}
    assert {"sy-202", "sy-034"} <= of_turkey
    assert "sy-201" not in of_turkey
    with pytest.raises(InputError, match="expected an actor"):
        check_asking(Asking(actor="atlantis"), words)
    with pytest.raises(InputError, match="`--kind`"):
        check_asking(Asking(kind="lie"), words)


def test_a_reader_without_the_case_is_shown_the_files_alone() -> None:
    """Claims of the files are as open as the text; the reports and entries of a case are not."""

    class Nothing:
        """A view that lists no report."""

        is_inside = False

        def row(self, _key: str) -> None:
            """None."""

    lens = Lens("public", Nothing(), frozenset())  # type: ignore[arg-type]
    answer = claims_shown(shipped().words, lens)
    assert answer["doors"] == {"statements": 31}
    assert len(answer["claims"]) == 31


def test_the_log_tells_nothing_of_later() -> None:
    """As of a moment: what was said afterwards is not in it, and ages run to that moment."""
    at = parse_instant("2016-07-01", "Asia/Damascus")
    log = log_shown(shipped().words, at)["log"]
    assert all(one["said"]["from"] is None or one["said"]["from"] <= "2016-06-30T21:00:00Z" for one in log)
    by_id = {one["id"]: one["answered"] for one in log}
    assert by_id["sy-034"]["state"] == "unanswered"
    assert "ask-02" not in by_id


def test_good_faith_is_computed_nowhere() -> None:
    """The claim that speaks of it carries its words and no value."""
    followed = {one["claim"]["id"]: one for one in followed_shown(shipped().words, shipped().judged)["followed"]}
    assert followed["lendman-22"]["value"] is None
    assert "good faith" in followed["lendman-22"]["claim"]["words"]
    assert not any("faith" in key or "sovereign" in key for key in json.dumps(followed["lendman-22"]).split('"')[::4])


# -- who was first -----------------------------------------------------------------------------------------------------


def test_the_sequence_question_of_september_is_answered_and_explained() -> None:
    """Taken at their word somebody surely was first, nobody knows who; by the reports perhaps nobody; each with why."""
    answer = who_first_shown(shipped().judged, shipped().words, SEPTEMBER)
    told = {one["column"]: one for one in answer["answers"]}
    assert [told[column]["someone"] for column in ("alleged", "reported", "breach")] == [YES, UNKNOWN, UNKNOWN]
    assert [(s["side"], s["told"]) for s in told["alleged"]["sides"]] == [("gov", "possibly"), ("opp", "possibly")]
    for one in answer["answers"]:
        for side in one["sides"]:
            assert side["reasons"]
            assert side["rests_on"]
    assert "order unknown" in told["alleged"]["sides"][0]["reasons"]
    assert "corroboration" in told["breach"]["sides"][0]["reasons"]
    events = {event["id"]: event for side in answer["sides"] for event in side["events"]}
    assert events["sy-161"]["is_claim"] is False
    assert (events["sy-147"]["alleged"], events["sy-147"]["reported"]) == (None, UNKNOWN)  # words of a pull-back
    assert (events["sy-135"]["is_claim"], events["sy-135"]["reported"]) == (True, None)


def test_of_a_pair_without_direction_somebody_surely_was(tmp_path: Path) -> None:
    """A possibly, B possibly, someone surely; asked about one side alone, nobody surely of that side."""
    table = tmp_path / "ged.csv"
    table.write_bytes(b"".join(ged({})))
    one = opened(AGREEMENT, [table])

    def told(*sides: str) -> tuple[int, list[int]]:
        asked = AskedFirst("2016-03-01", "2016-03-31", sides)
        answer = next(a for a in who_first_shown(one.judged, one.words, asked)["answers"] if a["column"] == "reported")
        return answer["someone"], [side["value"] for side in answer["sides"]]

    assert told("gov", "opp") == (YES, [UNKNOWN, UNKNOWN])
    assert told("opp") == (UNKNOWN, [UNKNOWN])


def test_a_side_that_only_may_have_done_it_is_a_rival(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either party on the 1st, one surely on the 11th: nobody surely was first, however few sides are told."""
    rows = [
        _report("r-1", "2024-02-01T04:00Z", "host", who="either army"),
        _report("r-2", "2024-02-11T04:00Z", "North army"),
    ]  # fmt: skip
    one = _case(tmp_path / "a", is_swapped=False, rows=rows)

    def told() -> list[tuple[str, int]]:
        answer = who_first_shown(one.judged, one.words, AskedFirst("2024-02-01", "2024-02-12"))["answers"][1]
        assert answer["column"] == "reported"
        return [(side["side"], side["value"]) for side in answer["sides"]]

    assert told() == [("north", UNKNOWN)]
    later = [rows[0], rows[1], _report("r-3", "2024-02-12T04:00Z", "South army")]
    one = _case(tmp_path / "b", is_swapped=False, rows=later)
    monkeypatch.setattr("truceline.desk.first_told.MOST_SIDES", 1)
    assert told() == [("north", UNKNOWN)]


def test_what_goes_on_was_there_from_the_first_second_of_the_period(tmp_path: Path) -> None:
    """Shelling from ten to twelve, asked about from eleven: it was there at eleven, and surely before noon's answer."""
    file = tmp_path / "reports.jsonl"
    rows = [
        {"start": "2016-03-05T10:00", "end": "2016-03-05T12:00", "precision": "exact", "target_claimed": "rebels"},
        {"start": "2016-03-05T12:00", "precision": "exact", "actor_claimed": "Jaysh al-Islam",
         "target_claimed": "Syrian army"},
    ]  # fmt: skip
    file.write_bytes(b"".join(lines(*rows)))
    one = opened(AGREEMENT, [file])
    asked = AskedFirst("2016-03-05T11:00", "2016-03-06", ("gov", "opp"))
    answer = who_first_shown(one.judged, one.words, asked)
    assert [side["events"][0]["from"] for side in answer["sides"]] == ["2016-03-05T09:00:00Z", "2016-03-05T10:00:00Z"]
    alleged = answer["answers"][0]["sides"]
    assert [(side["value"], side["latest"]) for side in alleged] == [
        (YES, "2016-03-05T09:00:00Z"), (NO, "2016-03-05T10:00:59Z"),
    ]  # fmt: skip


def test_the_end_is_told_as_each_side_states_it() -> None:
    """18 September 23:59 and 19 September 19:00, beside the text and the versions that were told of it."""
    ends = who_first_shown(shipped().judged, shipped().words, SEPTEMBER)["ends"]
    told = {(end["claim"] or {}).get("id"): (end["by"], end["at"]["from"]) for end in ends if end["basis"] == "claim"}
    assert told == {"sy-159": (["gov"], "2016-09-18T20:59:00Z"), "sy-160": (["gov"], "2016-09-19T16:00:00Z")}
    assert ("text", "day-D", "2016-09-14T16:00:00Z") in {(e["basis"], e["term"], e["at"]["from"]) for e in ends}
    assert ("version", "letter to the opposition", "2016-09-19T16:00:00Z") in {
        (e["basis"], e["name"], e["at"]["from"]) for e in ends
    }


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (AskedFirst(sides=("atlantis",)), "expected an actor"),
        (AskedFirst(sides=("gov", "gov-air")), "are one side"),
        (AskedFirst(sides=("gov", "gov")), "each once"),
        (AskedFirst(term="F99"), "expected a term"),
        (AskedFirst("2016-09-19", "2016-09-12"), "is not after"),
    ],
)
def test_bad_questions_are_refused(asked: AskedFirst, message: str) -> None:
    """What cannot be asked is told in one line."""
    with pytest.raises(InputError, match=message):
        who_first_shown(shipped().judged, shipped().words, asked)


# -- timelines and indicators ------------------------------------------------------------------------------------------


def test_every_actor_has_the_same_scale() -> None:
    """One beginning and one end for all; words and acts of nobody else."""
    answer = timeline_shown(shipped().words, shipped().judged, AskedTimeline("2016-09-01", "2016-10-31"))
    assert (answer["from"], answer["until"]) == ("2016-08-31T21:00:00Z", "2016-10-31T22:00:00Z")
    assert [one["actor"] for one in answer["actors"]] == ["coal", "gov", "ir", "opp", "ru", "tr", "us"]
    group = shipped().words.agreement.group
    for one in answer["actors"]:
        assert all(any(one["actor"] in group.above(a) for a in said["speaker"]["actors"]) for said in one["words"])
        assert all(act["is_actor"] in (YES, UNKNOWN) for act in one["acts"])
        assert not {"statement", "commitment"} & {act["text"] for act in one["acts"]}


def test_an_indicator_is_no_finding_and_says_who_watched() -> None:
    """Bands before and after a start, third states that are not bound; nobody is recorded to have looked."""
    start = parse_instant("2016-04-20", "Asia/Damascus")
    asked = AskedIndicators("2016-04-20", 60)
    answer = indicators_shown(shipped().words, shipped().judged, asked, coverage=watched(shipped(), start, 60))
    assert answer["label"] == "indicator, not finding"
    whole = {one["topic"]: (one["before"], one["after"]) for one in answer["indicators"] if one["side"] is None}
    assert whole["supply"] == ([2, 2], [1, 1])
    assert whole["ground taken"] == whole["ground lost"] == ([0, 0], [2, 2])
    by = {(one["topic"], one["side"]): one["after"] for one in answer["indicators"] if one["side"]}
    assert (by["ground taken", "opp"], by["ground lost", "gov"]) == ([2, 2], [2, 2])
    assert ("ground taken", "gov") not in by
    third = {(one["segment"], one["state"], one["bound"]) for one in answer["told"] if one["segment"]}
    assert third == {("TR-SY", "tr", "no bound actor")}
    assert [answer["watched"][name]["watched"] for name in ("before", "after")] == [0, 0]
    assert [answer["watched"][name]["days"] for name in ("before", "after")] == [60, 60]


def test_a_reader_who_sees_all_is_told_what_the_files_tell() -> None:
    """Through a view that hides nothing, every value, time and name is that of the run itself."""
    outcome, tz = shipped().outcome, shipped().words.tz
    sheet, moment = sheet_of(outcome), Moment(parse_instant("2020-01-01", tz), None)
    group = outcome.bench.agreement.group
    seen = sighted(sheet, "secretariat", Consents(), group, moment)
    view = View(sheet, "secretariat", seen, outcome.bench.atlas.gazetteer, tz, moment.at)
    one, other = shipped().judged, judged_of(outcome, Lens("secretariat", view))
    assert 1 in one.assessed.supported
    rows = [one.rows[key] for key in other.shown]
    assert list(other.assessed.supported) == [int(one.assessed.supported[row]) for row in rows]
    assert list(other.speakers) == [one.speakers[row] for row in rows]
    assert all(one.units(row) in ((), other.units(at)) for at, row in enumerate(rows))  # a town has its unit besides
    told = [
        {event["id"]: event for side in answer["sides"] for event in side["events"]}
        for answer in (who_first_shown(judged, shipped().words, AskedFirst("2016-04-01", "2016-06-01", ("gov", "opp")))
                       for judged in (one, other))
    ]  # fmt: skip
    assert told[0] == told[1]


# -- swapped -----------------------------------------------------------------------------------------------------------

TEXT = """\
truceline: 1
id: even
title: {en: An even truce}
tz: UTC
sources: {}
areas: [areas.geojson]
actors:
  north: {kind: state, names: {en: North}}
  south: {kind: state, names: {en: South}}
  host: {kind: guarantor}
facts:
  - {accepted: [north, south], from: 2023-01-01}
zones:
  square: {polygon: [[36.5, 35.4], [36.7, 35.4], [36.7, 35.6], [36.5, 35.6]]}
terms:
  - {id: calm, kind: prohibit, who: [north, south], does: [attack, gain], in: square, from: 2024-01-01}
"""
TABLES = {
    "actors.csv": "text,ids,mode,kind,source,tag\nNorth army,north,one,exact,x,V\nSouth army,south,one,exact,x,V\n"
    "either army,north;south,either,exact,x,V\n",
    "sources.csv": "text,line,party,letter,relays,source,tag\nNorth army,n,north,C,,x,V\nSouth army,s,south,C,,x,V\n",
    "speakers.csv": "text,name,office,actor,kind,source,tag\nA,A,Minister,north,official,x,V\n"
    "B,B,Minister,south,official,x,V\n",
    "claims.csv": "claim,kind,reported,of,against,due,same_as,to,asks,terms,topics,segment,state,source,tag\n"
    "r-7,,,,,,,,,calm,,,,x,V\nr-8,,,,,,,,,calm,,,,x,V\nr-3,,,,,,,,,,regroup,,,x,V\n",
    "follow.csv": "claim,expects,ids,at,what,source,tag\nc-1,happens,r-1,,,x,V\nc-2,happens,r-2,,,x,V\n",
    "ledgers.csv": "issuer,period_start,period_end,region,count,unit,breakdown,items_sum,sum_check,"
    "confirmed_by_other_side,publisher,url,note\nNorth army,2024-02-01,2024-02-05,X,5,violations,a=3; b=1,4,"
    "MISMATCH,,p,u,\nSouth army,2024-02-01,2024-02-05,X,7,violations,a=3; b=4,7,ok,,p,u,\n",
}


def _report(
    key: str,
    start: str,
    by: str,
    *,
    kind: str = "incident",
    act: str = "shelling",
    who: str = "",
    **more: Any,  # noqa: ANN401  # any field
) -> dict[str, Any]:
    return {
        "id": key, "kind": kind, "act": act, "start": start, "precision": "exact" if "T" in start else "day",
        "place": {"name_en": "Mid", "lat": 35.5, "lon": 36.6, "place_precision": "village"}, "actor_claimed": who or by,
        "target_claimed": None, "claimed_by": by, "publisher": "p", "url": "https://e.org/x", "note": f"told {key}",
        **more,
    }  # fmt: skip


CLAIMS = [
    {"id": "c-1", "speaker": "A", "type": "commitment", "date": "2024-01-20", "content": "We help.",
     "due": "2024-02", "of": ["north"]},
    {"id": "c-2", "speaker": "B", "type": "commitment", "date": "2024-01-21", "content": "We help.",
     "due": "2024-01", "of": ["south"]},
    {"id": "c-3", "speaker": "A", "type": "request", "date": "2024-01-22", "content": "Publish.", "against": ["south"]},
    {"id": "c-4", "speaker": "B", "type": "reply", "date": "2024-01-25", "content": "No.", "to": "c-3",
     "against": ["north"]},
]  # fmt: skip
ROWS = [
    _report("r-1", "2024-02-03", "North army"),
    _report("r-2", "2024-02-03T10:00Z", "South army"),
    _report("r-3", "2024-02-04", "North army", act="massing of fighters", kind="force_movement"),
    _report("r-4", "2024-02-01T04:00Z", "host", who="either army"),
    _report("r-5", "2024-02-05", "South army", act="capture"),
    _report("r-6", "2024-02-02T00:00Z", "North army", kind="extension", act="local truce", end="2024-02-06T00:00Z",
            target_claimed="either army"),
    _report("r-7", "2024-02-06", "North army", kind="statement", act="allegation", who="South army"),
    _report("r-8", "2024-02-07", "South army", kind="statement", act="allegation", who="North army"),
    _report("r-9", "2024-02-05", "North army", kind="ledger", act="violation count", who="South army",
            count={"low": 5, "high": 5, "unit": "violations"}),
]  # fmt: skip


def _swapped(text: str) -> str:
    """A text in which the two parties have changed places, in every spelling."""
    for one, other in (("north", "south"), ("North", "South")):
        text = text.replace(one, "\0").replace(other, one).replace("\0", other)
    return text


def _case(folder: Path, *, is_swapped: bool, rows: Sequence[dict[str, Any]] | None = None) -> Opened:
    folder.mkdir()
    turn = _swapped if is_swapped else str
    areas = '{"type": "FeatureCollection", "features": []}'
    files = {**TABLES, "agreement.yaml": TEXT, "areas.geojson": areas}
    files["acts.csv"] = (SHIPPED / "acts.csv").read_text(encoding="utf-8")
    files["statements.jsonl"] = "\n".join(json.dumps(one) for one in CLAIMS)
    files["reports.jsonl"] = "\n".join(json.dumps(one) for one in (ROWS if rows is None else rows))
    for name, data in files.items():
        (folder / name).write_text(turn(data), encoding="utf-8")
    return opened(folder / "agreement.yaml", [folder / "reports.jsonl"])


def _tables(one: Opened) -> dict[str, Any]:
    """Everything that is told of words and acts."""
    start = parse_instant("2024-02-04", "UTC")
    return {
        "claims": claims_shown(one.words), "log": log_shown(one.words, parse_instant("2024-03-01", "UTC")),
        "followed": followed_shown(one.words, one.judged),
        "first": who_first_shown(one.judged, one.words, AskedFirst("2024-02-01", "2024-02-07")),
        "timeline": timeline_shown(one.words, one.judged),
        "indicators": indicators_shown(
            one.words, one.judged, AskedIndicators("2024-02-04", 10), coverage=watched(one, start, 10)
        ),
    }  # fmt: skip


BY_PARTY = ("sides", "actors", "indicators", "by", "of", "against")
"""Lists that stand by party: their order says nothing, so it is no part of what is mirrored."""


def _sorted(value: Any, key: str = "") -> Any:  # noqa: ANN401  # plain values
    if isinstance(value, dict):
        return {name: _sorted(one, name) for name, one in value.items()}
    if isinstance(value, list):
        rows = [_sorted(one) for one in value]
        return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True)) if key in BY_PARTY else rows
    return value


def test_swapping_the_parties_mirrors_every_table(tmp_path: Path) -> None:
    """The same files with the parties swapped give the same tables with the parties swapped, to the letter."""
    one, other = (_tables(_case(tmp_path / name, is_swapped=name == "b")) for name in ("a", "b"))
    for name in one:
        plain, turned = _sorted(one[name]), _sorted(json.loads(_swapped(json.dumps(other[name]))))
        assert turned == plain, name
        assert json.dumps(other[name]) != json.dumps(one[name]), name


def test_the_even_case_tells_of_both(tmp_path: Path) -> None:
    """The mirror holds up a case in which there is something to see: orders, breaches, keeping, a request answered."""
    told = _tables(_case(tmp_path / "a", is_swapped=False))
    assert len(told["claims"]["claims"]) == 4 + 4
    verdicts = {one["claim"]["id"]: one["verdict"] for one in told["followed"]["followed"]}
    assert verdicts == {"c-1": "kept", "c-2": "overtaken", "r-6": "broken"}
    states = {one["id"]: one["answered"]["state"] for one in told["log"]["log"] if one["answered"]}
    assert states == {"c-3": "answered"}
    assert {event["id"] for side in told["first"]["sides"] for event in side["events"]} >= {"r-1", "r-2", "r-4", "r-5"}
    assert {count["check"] for one in told["claims"]["claims"] for count in one["ledgers"]} == {"mismatch"}


def _firsts(one: Opened, since: str, until: str) -> dict[str, list[int]]:
    answer = who_first_shown(one.judged, one.words, AskedFirst(since, until, ("north", "south")))
    return {told["column"]: [side["value"] for side in told["sides"]] for told in answer["answers"]}


def test_an_order_is_told_where_there_is_one(tmp_path: Path) -> None:
    """A whole day against an hour in it has none; where only one side did something it was first."""
    one = _case(tmp_path / "a", is_swapped=False)
    assert _firsts(one, "2024-02-03", "2024-02-03")["reported"] == [UNKNOWN, UNKNOWN]
    assert _firsts(one, "2024-02-05", "2024-02-05")["reported"] == [NO, YES]
    assert _firsts(one, "2024-02-05", "2024-02-05")["breach"] == [NO, UNKNOWN]
    assert _firsts(one, "2024-02-01", "2024-02-01")["reported"] == [UNKNOWN, UNKNOWN]
