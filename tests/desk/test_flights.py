"""Tracks of aircraft against the terms and the notices of a case, from files to the answer of `notify flights`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from truceline import cli
from truceline.desk import flights
from truceline.desk.flights import Watched, flights_answer
from truceline.errors import InputError
from truceline.span import parse_instant

TEXT = """\
truceline: 1
id: flights
tz: Asia/Damascus
actors:
  us: {kind: guarantor}
  ru: {kind: guarantor}
  tf: {kind: body, members: [us, ru], decides: all}
  gov: {kind: state}
  gov-air: {part_of: gov}
zones:
  designated: {polygon: [[36.0, 35.0], [37.0, 35.0], [37.0, 36.0], [36.0, 36.0]], alt_m: [0, 30000]}
  low: {polygon: [[36.2, 35.2], [36.4, 35.2], [36.4, 35.8], [36.2, 35.8]], alt_m: [0, 2000]}
terms:
  - {id: open-jig, kind: power, who: tf}
  - {id: J2, kind: prohibit, who: gov-air, does: fly, in: [designated, low], from: {done: open-jig}}
  - {id: J3, kind: permit, who: gov-air, does: [medevac, humanitarian-flight], except: [J2],
     if: {notice: {to: tf, ahead: PT24H, matches: [area, time, callsign]}}}
  - {id: J4, kind: require, who: gov-air, on: {done: open-jig}, do: give-notice, ahead: PT24H, to: tf}
"""
OPEN = {"act": "open", "by": ["us", "ru"], "at": "2016-09-10", "known_at": "2016-09-10", "of": "open-jig"}
NOTICE = {
    "id": "n1", "act": "notice", "by": "gov-air", "at": "2016-09-14T12:00", "known_at": "2016-09-14T12:00", "to": "tf",
    "start": "2016-09-15T12:30", "until": "2016-09-15T14:00", "area": "designated", "callsign": "MERCY1",
}  # fmt: skip
HEAD = "icao24,time,lat,lon,baroaltitude,geoaltitude,lastposupdate,onground,callsign"
T0 = parse_instant("2016-09-15T13:00", "Asia/Damascus")

Asked = Callable[..., dict[str, Any]]


def leg(
    icao: str, callsign: str, *, lons: tuple[float, ...], start: int = T0, step: int = 10, lat: float = 35.5,
    alt: str = "4000,", ground_first: bool = True,
) -> list[str]:  # fmt: skip
    """A track from west to east at one latitude; first on the ground."""
    rows = [f"{icao},{start - step},{lat},{lons[0]},,,,true,{callsign}"] if ground_first else []
    return rows + [f"{icao},{start + i * step},{lat},{lon},{alt},,false,{callsign}" for i, lon in enumerate(lons)]


ACROSS = tuple(35.9 + 0.02 * i for i in range(60))


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """Ask with a track, notices, and what is said of the watch."""

    def ask(rows: list[str], *acts: dict[str, Any], text: str = TEXT, **watched: Any) -> dict[str, Any]:  # noqa: ANN401
        (tmp_path / "agreement.yaml").write_text(text, encoding="utf-8")
        (tmp_path / "actors.csv").write_text(
            "text,ids,mode,kind,source,tag\n"
            + "".join(f"{one},gov-air,one,exact,test,V\n" for one in ("MERCY1", "JET7", "MERCY2")),
            encoding="utf-8",
        )
        (tmp_path / "acts.jsonl").write_text("\n".join(map(json.dumps, (OPEN, *acts))), encoding="utf-8")
        (tmp_path / "tracks.csv").write_text("\n".join([HEAD, *rows]), encoding="utf-8")
        paths = [tmp_path / "acts.jsonl"]
        return flights_answer(
            tmp_path / "agreement.yaml", [tmp_path / "tracks.csv"], Watched(**watched), evidence=paths
        )

    return ask


def verdicts(answer: dict[str, Any], zone: str = "designated") -> list[tuple[str | None, int]]:
    """Callsign and value of J2 for each entry into a zone; -1 where it does not cover it."""
    return [
        (one["callsign"], max((t["value"] for t in one["terms"] if t["term"] == "J2"), default=-1))
        for one in answer["entries"]
        if one["zone"] == zone
    ]


def test_a_notified_flight_is_no_breach_and_its_notice_is_used(asked: Asked) -> None:
    """J3: area, hours, callsign and lead match."""
    answer = asked(leg("abc001", "MERCY1", lons=ACROSS), NOTICE)
    assert verdicts(answer) == [("MERCY1", -1)]
    assert [(one["id"], one["state"], one["is_in_time"]) for one in answer["notices"]] == [("n1", "used", True)]
    assert [(one["term"], one["owed"], one["given_in_time"]) for one in answer["owed"]] == [("J4", 1, 1)]
    assert answer["flights"][0]["notices"] == ["n1"]


def test_a_flight_without_notice_is_a_breach_and_the_notice_unused(asked: Asked) -> None:
    """Corner case 15: a track without notice is a breach, a notice without track is unused."""
    answer = asked(leg("abc002", "JET7", lons=ACROSS), NOTICE)
    assert verdicts(answer) == [("JET7", 1)]
    assert answer["terms"][0]["entries_surely"] == answer["terms"][0]["entries_at_most"] == 1
    assert [one["state"] for one in answer["notices"]] == ["unused"]
    assert [(one["owed"], one["given_in_time"]) for one in answer["owed"]] == [(1, -1)]


def test_notice_an_hour_late_excuses_nothing(asked: Asked) -> None:
    """23 hours ahead of 24: the exception fails surely (corner case 15), and J4 was not kept."""
    late = NOTICE | {"at": "2016-09-14T14:00", "known_at": "2016-09-14T14:00"}
    answer = asked(leg("abc001", "MERCY1", lons=ACROSS), late)
    assert verdicts(answer) == [("MERCY1", 1)]
    assert [(one["state"], one["is_in_time"]) for one in answer["notices"]] == [("used", False)]
    assert [one["given_in_time"] for one in answer["owed"]] == [-1]


def test_notice_counts_from_the_record_not_from_what_its_signer_says(asked: Asked) -> None:
    """Said to be given two days ahead, in the record after the flight: late."""
    answer = asked(leg("abc001", "MERCY1", lons=ACROSS), NOTICE | {"at": "2016-09-13", "known_at": "2016-09-16"})
    assert verdicts(answer) == [("MERCY1", 1)]


def test_a_take_off_that_nobody_heard_leaves_the_duty_open(asked: Asked) -> None:
    """Notice 25 hours before the first position; when the flight began is not known."""
    answer = asked(leg("abc001", "MERCY1", lons=ACROSS, ground_first=False), NOTICE)
    assert [one["given_in_time"] for one in answer["owed"]] == [0]
    assert answer["flights"][0]["take_off_heard"] is False


def test_a_callsign_that_was_not_heard_may_be_the_notified_one(asked: Asked) -> None:
    """Whose it is, and whether it is the notified flight, is open: 0, never a breach for sure."""
    answer = asked(leg("abc009", "", lons=ACROSS), NOTICE)
    assert verdicts(answer) == [(None, 0)]
    assert [one["state"] for one in answer["notices"]] == ["perhaps used"]


def test_beyond_the_notified_hours_the_flight_is_a_breach_again(asked: Asked) -> None:
    """The hours end while it is in the zone: what is flown after them is covered."""
    answer = asked(leg("abc001", "MERCY1", lons=ACROSS), NOTICE | {"until": "2016-09-15T13:05"})
    assert verdicts(answer) == [("MERCY1", 1)]


def test_one_breach_for_each_zone_and_entry(asked: Asked) -> None:
    """In, out, in again: two entries; and none into the zone below, over which it flies."""
    there_and_back = (*ACROSS[:10], 35.9, 35.9, *ACROSS[:10])
    answer = asked(leg("abc002", "JET7", lons=there_and_back))
    assert verdicts(answer) == [("JET7", 1), ("JET7", 1)]
    assert answer["terms"][0]["entries_surely"] == 2
    assert verdicts(answer, "low") == []


def test_a_low_flight_by_pressure_is_open_towards_a_low_ceiling(asked: Asked) -> None:
    """1,800 m of pressure altitude may be above or below 2,000 m above the sea; 1,800 m above it surely is below."""
    by_pressure = asked(leg("abc002", "JET7", lons=ACROSS, alt="1800,"))
    assert verdicts(by_pressure, "low") == [("JET7", 0)]
    (one,) = [e for e in by_pressure["entries"] if e["zone"] == "low"]
    assert "altitude" in one["terms"][0]["reasons"]
    assert verdicts(asked(leg("abc002", "JET7", lons=ACROSS, alt="1800,"), datum="barometric"), "low") == [("JET7", 1)]
    assert verdicts(asked(leg("abc002", "JET7", lons=ACROSS, alt=",1700")), "low") == [("JET7", 1)]
    assert verdicts(asked(leg("abc002", "JET7", lons=ACROSS, alt=",")), "low") == [("JET7", 0)]


def test_a_gap_leaves_open_whether_it_left(asked: Asked) -> None:
    """Silent for half an hour inside the zone: one breach surely, two at the most."""
    rows = leg("abc002", "JET7", lons=ACROSS[10:15]) + leg(
        "abc002", "JET7", lons=ACROSS[20:25], start=T0 + 1_700, ground_first=False
    )
    answer = asked(rows)
    assert (answer["terms"][0]["entries_surely"], answer["terms"][0]["entries_at_most"]) == (1, 2)
    assert answer["gaps"]["number"] == 1
    assert [one["is_own_entry"] for one in answer["entries"] if one["zone"] == "designated"] == [1, 0]


def test_before_the_group_is_open_nothing_is_owed(asked: Asked) -> None:
    """J2 and J4 run from the opening."""
    early = parse_instant("2016-09-01T13:00", "Asia/Damascus")
    answer = asked(leg("abc002", "JET7", lons=ACROSS, start=early))
    assert verdicts(answer) == [("JET7", -1)]
    assert answer["owed"] == []


def test_positions_that_are_alike_are_judged_as_if_each_were(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """In and out, low and high, in and beyond the notified hours and area, late and in time: the same answer."""
    rows = [
        *leg("abc001", "MERCY1", lons=ACROSS), *leg("abc002", "JET7", lons=ACROSS, alt="1800,"),
        *leg("abc003", "MERCY2", lons=ACROSS[::-1], start=T0 + 1_800, lat=35.75, alt=",1500"),
        *leg("abc004", "", lons=ACROSS[:30], start=T0 + 3_000, ground_first=False),
    ]  # fmt: skip
    notices = [
        NOTICE | {"until": "2016-09-15T13:06"},
        NOTICE
        | {"id": "n2", "callsign": "MERCY2", "area": "low", "at": "2016-09-14T13:33", "known_at": "2016-09-14T13:33"},
        NOTICE | {"id": "n3", "callsign": "", "start": "2016-09-15T13:55", "until": "2016-09-15T14:10"},
    ]
    once = asked(rows, *notices)
    monkeypatch.setattr(flights, "alike", lambda *_: None)
    assert asked(rows, *notices) == once
    assert {value for _, value in verdicts(once)} == {0, 1}
    assert [one["state"] for one in once["notices"]] == ["used", "unused", "used"]


def test_a_map_that_was_never_published_leaves_every_flight_open(asked: Asked) -> None:
    """R13 of the shipped case: one row for each flight, with `withheld text`, and no entry that anybody could draw."""
    text = TEXT.replace("{polygon: [[36.0, 35.0], [37.0, 35.0], [37.0, 36.0], [36.0, 36.0]], alt_m: [0, 30000]}",
                        "{geo: \"annex:never-drawn\", text: withheld}")  # fmt: skip
    answer = asked(leg("abc002", "JET7", lons=ACROSS), text=text)
    (one,) = [e for e in answer["entries"] if e["zone"] == "designated"]
    assert (one["zone_is"], one["terms"][0]["value"], one["terms"][0]["reasons"]) == ("withheld", 0, ["withheld text"])
    assert (answer["terms"][0]["entries_surely"], answer["terms"][0]["entries_at_most"]) == (0, 1)


def test_a_ban_that_names_no_zone_is_held_against_whole_flights(asked: Asked) -> None:
    """One breach for each flight, wherever it flew."""
    text = TEXT.replace("in: [designated, low], ", "")
    answer = asked([*leg("abc001", "MERCY1", lons=ACROSS), *leg("abc002", "JET7", lons=ACROSS)], NOTICE, text=text)
    assert [(one["callsign"], one["zone_is"], one["terms"][0]["value"]) for one in answer["entries"]] == [
        ("MERCY1", "anywhere", 1), ("JET7", "anywhere", 1),
    ]  # fmt: skip
    assert (answer["terms"][0]["entries_surely"], answer["terms"][0]["entries_at_most"]) == (2, 2)


def test_no_position_is_told(asked: Asked) -> None:
    """The answer holds zones and times; whoever may see where it flew opens the file itself."""
    told = json.dumps(asked(leg("abc002", "JET7", lons=ACROSS), NOTICE))
    assert "35.5" not in told
    assert "lon" not in told.replace("longest", "")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("icao24,lat\nx,1\n", "tracks.csv"),
        (f"{HEAD}\nabc,x,35,36,1,,,false,M\n", "line 2: time: expected a number, got `x`"),
        ('{"act":"open","by":["us"],"at":"2016-01-01","of":"open-jig"}', "expected positions of aircraft, got `acts`"),
    ],
)  # fmt: skip
def test_a_file_of_something_else_is_one_line(tmp_path: Path, content: str, expected: str) -> None:
    """File, line and field; nothing else happens."""
    (tmp_path / "agreement.yaml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "tracks.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        flights_answer(tmp_path / "agreement.yaml", [tmp_path / "tracks.csv"], Watched())
    assert expected in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("wrong", [{"gap_s": 0}, {"datum": "feet"}, {"since": "2016-09-16", "until": "2016-09-15"}])
def test_a_bound_that_makes_no_sense_is_refused(asked: Asked, wrong: dict[str, Any]) -> None:
    """Before anything is judged."""
    with pytest.raises(InputError):
        asked(leg("abc002", "JET7", lons=ACROSS), **wrong)


def test_the_shipped_case_from_the_command_line(tmp_path: Path) -> None:
    """J2 to J4 were never in force; R13 is 0 for two reasons, whoever knows where the aircraft flew."""
    (tmp_path / "tracks.csv").write_text("\n".join([HEAD, *leg("abc002", "SyAAF", lons=ACROSS)]), encoding="utf-8")
    text = Path(__file__).parents[2] / "agreements" / "syria-2016" / "agreement.yaml"
    (tmp_path / "acts.jsonl").write_text(json.dumps(OPEN), encoding="utf-8")
    done = CliRunner().invoke(
        cli.app,
        [
            "notify",
            "flights",
            str(text),
            str(tmp_path / "acts.jsonl"),
            "--tracks",
            str(tmp_path / "tracks.csv"),
            "--json",
        ],
        catch_exceptions=False,
    )
    answer = json.loads(done.stdout)
    assert [one["term"] for one in answer["terms"]] == ["J2", "R13"]
    (one,) = answer["entries"]
    assert one["terms"] == [{"term": "R13", "value": 0, "reasons": ["open word", "withheld text"]}]
    assert answer["owed"] == []
    assert any("never published" in warning for warning in answer["warnings"])


def test_the_tracks_that_a_case_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without files those of the record are taken, as they were known then; before they were known there are none."""
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "config"))
    (tmp_path / "agreement.yaml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "actors.csv").write_text("text,ids,mode,kind,source,tag\nJET7,gov-air,one,exact,test,V\n")
    (tmp_path / "acts.jsonl").write_text(json.dumps(OPEN), encoding="utf-8")
    (tmp_path / "tracks.csv").write_text("\n".join([HEAD, *leg("abc002", "JET7", lons=ACROSS)]), encoding="utf-8")
    case = tmp_path / "case"
    for args in (["init", case, "--agreement", tmp_path / "agreement.yaml"], ["add", case, tmp_path / "acts.jsonl"],
                 ["add", case, tmp_path / "tracks.csv"]):  # fmt: skip
        assert CliRunner().invoke(cli.app, list(map(str, args)), catch_exceptions=False).exit_code == 0
    assert verdicts(flights_answer(case, [], Watched())) == [("JET7", 1)]
    assert flights_answer(case, [], Watched(known_at="#1"))["positions"] == 0
    with pytest.raises(InputError, match="has its own evidence"):
        flights_answer(case, [], Watched(), evidence=[tmp_path / "acts.jsonl"])
