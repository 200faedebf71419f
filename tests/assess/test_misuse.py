"""Misuse of a zone that protects: where an attack came from opens a case, and changes no answer about the zone."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evidence.bench import bench
from truceline.agreement.history import History
from truceline.agreement.text import load
from truceline.assess.assessment import Assessed, assess
from truceline.assess.misuse import misuses, protecting
from truceline.assess.place import Placed
from truceline.atlas import read_atlas
from truceline.desk.files import Evidence, bench_of
from truceline.desk.misuse import STANDS, answer_of
from truceline.desk.runs import Asked, assess_files
from truceline.evidence.schema import ONE, Named, Observation, region_row, rejected_table, table_of
from truceline.space import NOWHERE, Region, disc
from truceline.span import parse_instant

TEXT = b"""
truceline: 1
id: misuse
tz: UTC
actors: {a: {kind: state}, b: {kind: side}}
facts:
  - {status: accepted, of: [a, b], by: self, from: 2020-01-01}
  - {status: bound, is: accepted}
zones:
  haven: {polygon: [[10, 10], [11, 10], [11, 11], [10, 11]], from: 2020-01-01, until: 2021-01-01}
  sky: {polygon: [[12, 10], [13, 10], [13, 11], [12, 11]], alt_m: [0, 9000]}
  hidden: {geo: "annex:hidden", text: withheld}
  strip: {polygon: [[14, 10], [15, 10], [15, 11], [14, 11]]}
terms:
  - {id: P1, kind: prohibit, who: bound, does: attack, in: haven}
  - {id: P2, kind: prohibit, who: bound, does: fly, in: [sky, hidden]}
  - {id: P3, kind: prohibit, who: bound, does: presence, in: strip}
  - {id: P4, kind: prohibit, who: bound, does: attack, in: strip, at: origin}
  - {id: P5, kind: prohibit, who: bound, does: attack}
"""
INSIDE, BORDER, FAR = disc(10.5, 10.5, 500), disc(10.0, 10.5, 500), disc(40.0, 40.0, 500)
AT, AFTER = parse_instant("2020-06-01", "UTC"), parse_instant("2022-06-01", "UTC")


@cache
def law() -> tuple[History, Placed]:
    """The small text, and its zones."""
    agreement = load(TEXT, "misuse.yaml")
    return History(agreement, []), Placed(agreement.zones, read_atlas({}))


def report(key: str, origin: Region = NOWHERE, impact: Region = FAR, **more: Any) -> Observation:  # noqa: ANN401
    """A report of shelling by `a`."""
    made = Observation(
        key, AT, AT + 3600, impact=impact, origin=origin, actor=Named(("a",), ONE), target=Named(("b",), ONE),
        acts=("mortar",),
    )  # fmt: skip
    return replace(made, **more)


def judged(*reports: Observation) -> Assessed:
    """These reports, judged."""
    return assess(list(reports), *law())


def test_zones_in_which_force_or_flight_is_forbidden_protect() -> None:
    """Not a strip that asks for withdrawal, not what speaks of origins, not a whole country."""
    history, placed = law()
    assert protecting(history.agreement, placed) == {"haven": ("P1",), "sky": ("P2",), "hidden": ("P2",)}
    shipped = bench()
    made = protecting(shipped.agreement, Placed(shipped.agreement.zones, shipped.atlas))
    assert "syria" not in made
    assert "designated" in made


@pytest.mark.parametrize(
    ("origin", "more", "expected"),
    [
        (INSIDE, {}, {"haven": 1, "hidden": 0}),
        (BORDER, {}, {"haven": 0, "hidden": 0}),
        (FAR, {}, {"hidden": 0}),
        (NOWHERE, {}, {}),
        (Region("outside"), {}, {}),
        (INSIDE, {"acts": ("transport-flight",)}, {}),
        (INSIDE, {"acts": ()}, {}),
        (INSIDE, {"start": AFTER, "end": AFTER + 1}, {"hidden": 0}),
        (disc(12.5, 10.5, 500), {}, {"sky": 1, "hidden": 0}),
        (disc(14.5, 10.5, 500), {}, {"hidden": 0}),
    ],
)  # fmt: skip
def test_an_attack_from_such_a_zone_opens_a_case(
    origin: Region, more: dict[str, Any], expected: dict[str, int]
) -> None:
    """Surely when it surely came from there, possibly when that cannot be told, and never without an origin."""
    found = misuses(judged(report("r", origin, **more)))
    assert {one.zone: one.answer.value for one in found} == expected
    assert all(one.report == "r" for one in found)


def test_an_impact_in_the_zone_is_no_misuse_of_it() -> None:
    """Who is shelled has not shelled."""
    found = misuses(judged(report("r", FAR, INSIDE)))
    assert [one.zone for one in found] == ["hidden"]


def test_the_desk_finds_it_in_a_table_of_evidence() -> None:
    """From the rows as they are kept to the answer of the command; rows without an origin are never looked at."""
    rows = [
        {"id": key, "source": "s", "start": AT, "end": AT + 60, "act": ["mortar"], "actor": ["a"], "actor_mode": ONE}
        | {"impact": region_row(FAR), "origin": None if origin is None else region_row(origin)}
        for key, origin in (("x", INSIDE), ("y", FAR), ("z", NOWHERE), ("n", None))
    ]
    evidence = Evidence("rows", "observations", "0", table_of(rows), rejected_table([]))
    found = answer_of(assess_files(bench_of("misuse.yaml", TEXT, lambda _: None, {}), [evidence], Asked()))
    assert [(one["report"], one["zone"], one["origin_in_zone"]) for one in found["cases"]] == [
        ("x", "haven", 1), ("x", "hidden", 0), ("y", "hidden", 0),
    ]  # fmt: skip
    assert found["cases"][0]["status"] == "misuse case opened"
    assert {one["entry"] for one in found["cases"]} == {0}, "no record, no entry to answer"
    assert found["cases"][1]["status"] == "question raised", "nobody is charged with what cannot be told"
    assert found["cases"][1]["reasons"] == ["withheld text"]


REGIONS = st.sampled_from([INSIDE, BORDER, FAR, NOWHERE, disc(12.5, 10.5, 900), disc(14.5, 10.5, 900)])
ATTACKS = st.lists(
    st.builds(
        lambda impact, origin, act, late: {"impact": impact, "origin": origin, "acts": (act,), "late": late},
        REGIONS, REGIONS, st.sampled_from(["mortar", "air-strike", "combat-flight", "presence"]), st.integers(0, 9),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def made(prefix: str, rows: list[dict[str, Any]]) -> list[Observation]:
    """Reports of these acts, some of them later than others."""
    return [
        report(
            f"{prefix}{i}", row["origin"], row["impact"], acts=row["acts"], start=AT + 3600 * row["late"],
            end=AT + 3600 * (row["late"] + 1),
        )
        for i, row in enumerate(rows)
    ]  # fmt: skip


@settings(max_examples=15)
@given(ATTACKS, ATTACKS)
def test_misuse_never_lifts_a_zone(into: list[dict[str, Any]], out_of: list[dict[str, Any]]) -> None:
    """Every answer stays what it is, to the reason, beside any number of attacks from within the zone."""
    attacks = made("into-", into)
    abuse = made("from-", [{**row, "origin": INSIDE} for row in out_of])
    alone, beside = judged(*attacks), judged(*attacks, *abuse)
    fired = {one.id for one in abuse if one.acts[0] in ("mortar", "air-strike")}
    assert {one.report for one in misuses(beside)} >= fired
    n = len(attacks)
    assert alone.answers.keys() == beside.answers.keys()
    for term, answers in alone.answers.items():
        assert np.array_equal(answers.value, beside.answers[term].value[:n]), term
        assert np.array_equal(answers.why, beside.answers[term].why[:n]), term
    for name, values in alone.beside.items():
        for term, column in values.items():
            assert np.array_equal(column, beside.beside[name][term][:n]), (name, term)


@given(REGIONS)
def test_the_same_report_is_judged_alike_wherever_it_came_from(impact: Region) -> None:
    """An attack into the zone is one, also by who is fired at from it: only terms that speak of origins ask for one."""
    a, b = judged(report("r", INSIDE, impact)), judged(report("r", NOWHERE, impact))
    for term in ("P1", "P2", "P3", "P5"):
        assert (a.answers[term].value[0], a.answers[term].why[0]) == (b.answers[term].value[0], b.answers[term].why[0])


def test_no_word_says_that_a_zone_is_lifted() -> None:
    """What stands beside every case says the opposite."""
    text = json.dumps([STANDS, misuses.__doc__]).lower()
    assert "as before" in text
    for word in ("lift", "forfeit", "loses", "lost", "legitimate", "target", "no longer"):
        assert word not in text
