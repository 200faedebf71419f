"""Does the format carry a second agreement, written by others? The measures of July 2020: loaded, judged, followed."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import case_files
from truceline.agreement.lint import findings
from truceline.agreement.text import load
from truceline.cli import main
from truceline.space import quantise

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "agreements" / "minsk-2020"
TEXT = load((FOLDER / "agreement.yaml").read_bytes(), "agreement.yaml")
AREAS = (FOLDER / "areas.geojson").read_bytes()
CLAUSES = [f"K{number}" for number in range(1, 9)]

REPORTS = (
    {"id": "m-1", "act": "ceasefire violation", "start": "2020-07-30T21:40", "precision": "exact",
     "place": {"governorate": "Donetsk", "lat": 48.0, "lon": 37.6, "place_precision": "city"},
     "actor_claimed": "not assessed", "count": {"low": 20, "high": 30, "unit": "bursts"}},
    {"id": "m-2", "act": "mini-UAV flight", "start": "2020-08-01T14:00", "precision": "hour",
     "place": {"governorate": "Luhansk", "lat": 48.6, "lon": 38.4, "place_precision": "town"},
     "actor_claimed": "OSCE SMM"},
    {"id": "m-3", "act": "raid", "start": "2020-08-06T10:00:00", "precision": "exact",
     "place": {"governorate": "Donetsk", "lat": 48.4, "lon": 38.2, "place_precision": "village"},
     "actor_claimed": "armed formations in Donetsk region", "target_claimed": "Armed Forces of Ukraine"},
    {"id": "m-4", "act": "mortar round", "start": "2020-08-06T10:30:00", "precision": "exact",
     "place": {"governorate": "Donetsk", "lat": 48.4, "lon": 38.2, "place_precision": "village"},
     "actor_claimed": "Armed Forces of Ukraine"},
    {"id": "m-5", "kind": "ledger", "act": "weekly count", "start": "2020-07-27", "end": "2020-08-08",
     "precision": "days", "place": {"name_en": "Donetsk and Luhansk regions", "place_precision": "governorate"},
     "actor_claimed": "not assessed", "count": {"low": 256, "high": 256, "unit": "violations"}},
    {"id": "m-6", "act": "undetermined explosion", "start": "2020-08-07", "precision": "day",
     "place": {"name_en": "not stated", "place_precision": "country"}},
)  # fmt: skip
ACTS = (
    {"id": "s-1", "act": "request", "by": "ua", "at": "2020-08-06T10:10", "to": "jccc", "of": "cease"},
    {"id": "s-2", "act": "perform", "by": "coordinator", "at": "2020-08-06T10:20", "of": "K7-failed"},
    {"id": "s-3", "act": "perform", "by": "ua", "at": "2020-08-06T10:25", "of": "K7-order-ua"},
    {"id": "s-4", "act": "notice", "by": "ua", "at": "2020-08-06T10:28", "to": "tcg",
     "start": "2020-08-06T10:25", "until": "2020-08-06T12:00"},
)  # fmt: skip


CASES = case_files.cases_of(case_files.FOLDER / "minsk.yaml")


def test_every_clause_is_data_and_exercised() -> None:
    """Each of the eight clauses has a term of its own name, or several that begin with it, and a case that asks it."""
    assert {clause for case in CASES for clause in case.clauses} == set(CLAUSES)
    assert {re.match(r"K\d", term)[0] for term in TEXT.terms if term != "start"} == set(CLAUSES)  # type: ignore[index]
    assert not {t.tag for t in TEXT.terms.values()} - {"S", "M"}


def test_every_clause_is_worded_in_three_languages() -> None:
    """What has a published text is worded in English, Russian and Arabic; what was withheld has none."""
    for term in TEXT.terms.values():
        assert set(term.text) in ({"en", "ru", "ar"}, set()), term.id
        assert term.text or term.is_withheld or term.kind == "define", term.id
    assert set(TEXT.title) == {"en", "ru", "ar"}


def test_it_loads_without_conflict_and_its_gaps_are_known() -> None:
    """What a drafter would be warned of is what the text leaves open, and nothing of our making."""
    assert TEXT.warnings == ()
    assert {finding.kind for finding in findings(TEXT)} == {"open-word", "withheld"}


def test_its_areas_are_coarse_and_call_themselves_an_interpretation() -> None:
    """No line or box of ours is finer than a tenth of a degree, and each says that both sides would have to sign it."""
    drawn = [f for f in json.loads(AREAS)["features"] if "code" not in f["properties"]]
    assert len(drawn) == 9
    for feature in drawn:
        points = feature["geometry"]["coordinates"]
        ring = points if feature["geometry"]["type"] == "LineString" else points[0]
        assert len(ring) <= 12
        assert all(quantise(lon, lat) == quantise(round(lon, 1), round(lat, 1)) for lon, lat in ring)
        assert "sign" in feature["properties"]["note"]


def assessed(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *more: str
) -> dict[str, Any]:
    """What `truceline assess` answers as JSON on the reports, and the signed acts where asked for."""
    reports = [{"kind": "incident", "publisher": "test", **report} for report in REPORTS]
    acts = [{**act, "known_at": act["at"]} for act in ACTS]
    for name, rows in (("reports", reports), ("acts", acts)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    files = [str(folder / name) if name.endswith(".jsonl") else name for name in more]
    monkeypatch.setattr(sys, "argv", ["truceline", "assess", str(FOLDER / "agreement.yaml"), *files, "--json"])
    try:
        main()
    except SystemExit as end:
        assert not end.code, capsys.readouterr().err
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_it_is_assessed_end_to_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six reports: the mission's drone is not of the sides, the week's count is no incident, two are surely fire."""
    answer = assessed(tmp_path, capsys, monkeypatch, "reports.jsonl")
    assert (answer["observations"], answer["rejected"], answer["warnings"]) == (6, 0, [])
    counts = {term: (one["surely"], one["possibly"], one["no"]) for term, one in answer["terms"].items()}
    assert counts["K1"] == (1, 1, 4)
    assert counts["K2-small"] == (0, 1, 5)
    assert counts["K3"] == (1, 2, 3)
    assert counts["K8-other"] == (0, 1, 5)


def test_return_fire_with_everything_on_record_is_not_covered_by_the_ban(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A raid half an hour before, request, failure, order and notice on record: K3 is then not broken, surely."""
    without = assessed(tmp_path, capsys, monkeypatch, "reports.jsonl", "--show", "m-4")
    assert without["terms"]["K3"]["covered"] == 1
    answer = assessed(tmp_path, capsys, monkeypatch, "reports.jsonl", "acts.jsonl", "--show", "m-4")
    assert answer["terms"]["K3"]["covered"] == -1
