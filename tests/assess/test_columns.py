"""Columns, tables, compiled loops: whatever brings the reports and whatever computes, the answers are of `spec`."""

from __future__ import annotations

import random
from dataclasses import asdict, replace
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from tests.assess.test_bulk import law_of_two
from tests.assess.worlds import TEXT, Maker, atlas, law_of
from truceline.agreement.history import History, Readings
from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.assess import assessment, bulk, spec
from truceline.assess.answers import Answers
from truceline.assess.columns import JUDGED_COLUMNS, Columns, Reports
from truceline.assess.docket import Docket
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.assess.spots import Spots
from truceline.evidence.schema import Observation, region_row, table_of
from truceline.space import NOWHERE, Region, disc
from truceline.verdict import NO, UNKNOWN, YES, Reason

ENGINES = ["numpy", "numba"]


def row_of(report: Observation) -> dict[str, object]:
    """A report as a row of `schema.SCHEMA`."""
    row = {name: value for name, value in asdict(report).items() if name in JUDGED_COLUMNS}
    for what, named in (("actor", report.actor), ("target", report.target)):
        row |= {what: list(named.ids), f"{what}_mode": named.mode, f"{what}_umbrella": named.is_umbrella}
        row[f"{what}_text"] = named.text
    row |= {"source": "test", "act": list(report.acts), "protected": report.is_protected}
    return row | {"impact": region_row(report.impact), "origin": region_row(report.origin)}


def all_of(docket: Docket) -> dict[str, Answers]:
    """Every column of a docket."""
    return {**{term: bulk.judge_all(docket, term) for term in docket.law.terms}, "any": bulk.judge_any_all(docket)}


def same(one: dict[str, Answers], other: dict[str, Answers]) -> None:
    """Value and reasons, term by term."""
    for term, column in one.items():
        assert column.value.tolist() == other[term].value.tolist(), term
        assert column.why.tolist() == other[term].why.tolist(), term


def as_spec(docket: Docket, columns: dict[str, Answers]) -> set[int]:
    """Compare every answer with the meaning; gives the values met."""
    met = set()
    for term, column in columns.items():
        for i, report in enumerate(docket.columns.values):
            slow = spec.judge_any(report, docket.law) if term == "any" else spec.judge(report, term, docket.law).covered
            assert (int(column.value[i]), int(column.why[i])) == (slow.value, slow.why), (term, report.id)
            met.add(slow.value)
    return met


@cache
def wide(bans: int) -> Agreement:
    """The test agreement with many more prohibitions, and exceptions that nobody has to invoke, three ranks deep."""
    rng = random.Random(bans)
    zones = ["low", "high", "brief", "west", "east", "pair", "north", "half", "aleppo", "country"]

    def fields(most: int) -> str:
        who = rng.choice(["bound", "gov", "[gov, ru-air]", "{of: opp, is: bound}"])
        does = ", ".join(rng.sample(["attack", "shelling", "fly", "gain", "presence", "hinder"], 2))
        when = rng.choice(["instrument: I", "instrument: K", "from: doubt", "while: calm", "from: 2016-03-20"])
        more = rng.choice(["", "", ", unless: {at: 2016-05-01}", ", if: {at: 2016-03-12}", ", text: withheld"])
        return f"who: {who}, does: [{does}], in: [{', '.join(rng.sample(zones, rng.randint(1, most)))}], {when}{more}"

    lines = [f"  - {{id: W{i}, kind: prohibit, {fields(4)}, to: bound}}" for i in range(bans)]
    for i in range(bans // 5):
        excused = ", ".join(f"W{n}" for n in rng.sample(range(bans), 6))
        lines.append(f"  - {{id: X{i}, kind: permit, burden: none, except: [{excused}], {fields(9)}}}")
    for i in range(bans // 10):
        taken = f"overrides: [X{2 * i}, X{2 * i + 1}]"
        lines += [f"  - {{id: Y{i}, kind: permit, burden: none, {taken}, {fields(9)}}}"]
    lines.append(f"  - {{id: Z, kind: prohibit, burden: none, overrides: [Y0, Y1], {fields(9)}}}")
    return load(TEXT + "\n".join(lines).encode() + b"\n", "wide.yaml")


def wide_law(bans: int, seed: int, reports: int) -> tuple[list[Observation], Law]:
    """Reports and signed acts about the wide agreement."""
    maker, made = Maker("awkward", seed), wide(bans)
    readings = Readings(*[("side", "identity"), ("strict", "name")][seed % 2])
    standing = History(made, maker.signed(reports)).as_known(None, readings)
    return [maker.report(i) for i in range(reports)], Law(standing, Placed(made.zones, atlas()))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("bans", "words"), [(20, 1), *(pytest.param(*one, marks=pytest.mark.long) for one in ((60, 2), (110, 3)))]
)
def test_masks_of_one_word_and_of_several_are_the_meaning(
    engine: str, bans: int, words: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A term is a bit, and no term is lost where a word ends."""
    monkeypatch.setenv("TRUCELINE_ENGINE", engine)
    for seed in range(2):
        docket = Docket(*wide_law(bans, seed, 8))
        assert as_spec(docket, all_of(docket)) == {NO, UNKNOWN, YES}
        assert bulk.judged(docket).sheet.tables.width == words


@pytest.mark.parametrize("name", ["awkward", "shipped"])
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2))])
def test_both_engines_give_the_same(name: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled loops and arrays: value, reasons, and totals."""
    maker = Maker(name, 900 + seed)
    reports, law = [maker.report(i) for i in range(200)], law_of(name, maker.signed(200))
    made, totals = [], []
    for engine in ENGINES:
        monkeypatch.setenv("TRUCELINE_ENGINE", engine)
        made.append(all_of(Docket(reports, law)))
        totals.append(bulk.tally(Docket(reports, law)))
    same(*made)
    assert totals[0].counts.tolist() == totals[1].counts.tolist()
    assert totals[0].reasons.tolist() == totals[1].reasons.tolist()


@pytest.mark.parametrize("engine", ENGINES)
def test_totals_are_those_of_the_columns(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The totals of a stream, batch by batch, count every report once: plain ones, pairs, and those that last."""
    monkeypatch.setenv("TRUCELINE_ENGINE", engine)
    reports, law = wide_law(20, 5, 60)
    reports += [replace(report, id=f"p-{report.id}", lasts=False, unordered=False) for report in reports]
    docket = Docket(reports, law)
    columns, total = all_of(docket), bulk.tally(docket)
    parts = [bulk.tally(docket.part(np.arange(at, min(at + 50, len(reports))))) for at in range(0, len(reports), 50)]
    summed = parts[0]
    for part in parts[1:]:
        summed = summed + part
    for i, term in enumerate(total.terms):
        value, why = columns[term].value, columns[term].why
        assert total.counts[i].tolist() == [int((value == sign).sum()) for sign in (NO, UNKNOWN, YES)]
        assert total.reasons[i].tolist() == [int((why & reason.bit > 0).sum()) for reason in Reason]
    assert summed.counts.tolist() == total.counts.tolist()
    assert summed.reasons.tolist() == total.reasons.tolist()


@pytest.mark.parametrize("name", ["awkward", "shipped"])
def test_a_table_and_values_are_judged_alike(name: str) -> None:
    """Rows of Arrow become codes without becoming objects, and mean the same."""
    maker = Maker(name, 31)
    reports = [maker.report(i) for i in range(120)]
    law, table = law_of(name, maker.signed(120)), table_of([row_of(report) for report in reports])
    same(all_of(Docket(reports, law)), all_of(Docket.of_table(table, law)))
    same(
        all_of(Docket(reports, law)), all_of(Docket(Columns.of_table(pa.concat_tables([table[:90], table[90:]])), law))
    )
    assert list(Reports(table)) == reports


@pytest.mark.parametrize("engine", ENGINES)
def test_order_and_batches_change_no_answer(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any order, any batch, the tables of another batch taken over or made anew."""
    monkeypatch.setenv("TRUCELINE_ENGINE", engine)
    reports, law = wide_law(20, 3, 40)
    whole = Docket(reports, law)
    columns, order = all_of(whole), np.random.default_rng(1).permutation(len(reports))
    for size in (1, 7, 40):
        for at in range(0, len(order), size):
            rows = order[at : at + size]
            expected = {term: column.take(rows) for term, column in columns.items()}
            same(expected, all_of(whole.part(rows)))
            if size == 40:
                same(expected, all_of(Docket([reports[i] for i in rows], law)))


def test_codes_alone_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams bring codes and lists of what they stand for; nothing of a report is needed that its codes do not say."""
    monkeypatch.setenv("TRUCELINE_ENGINE", "numpy")
    maker = Maker("awkward", 5)
    reports = [replace(maker.report(i), callsign="") for i in range(80)]
    law = law_of("awkward", [act for act in maker.signed(80) if act.act not in ("invoke", "answer")])
    known = Columns.of_reports(reports)
    bare = replace(known, reports=None, ids=None, pairs=None)
    same(all_of(Docket(reports, law)), all_of(Docket.of_columns(bare, law)))


def test_an_act_that_lasts_across_a_change_in_the_means_is_judged_as_the_meaning_cuts_it() -> None:
    """A capability fact that begins while an act goes on, and a permit whose condition changes meanwhile."""
    text = """
facts:
  - {accepted: gov, from: 2016-03-05}
  - {sole: air-strike, actors: [gov], from: 2016-03-03}
terms:
  - {id: A, kind: prohibit, who: bound, does: attack, from: 2016-03-01}
  - {id: P, kind: permit, who: gov, does: attack, except: [A], burden: none, if: {at: 2016-03-08}}
"""
    law = law_of_two(text, areas=atlas())
    maker = Maker("awkward", 3)
    maker.actors = maker.targets = ["gov", "opp", "unknown"]
    reports = [
        replace(maker.report(i), start=start, end=end, lasts=True, acts=acts)
        for i, (start, end, acts) in enumerate(
            (1456704000 + a * 86_400, 1456704000 + b * 86_400, acts)
            for a in range(8)
            for b in range(a + 1, 14, 2)
            for acts in (("air-strike",), ("mortar",))
        )
    ]
    docket = Docket(reports, law)
    assert as_spec(docket, all_of(docket)) == {NO, UNKNOWN, YES}
    assert 0 < len(docket.whole) < len(reports)


def test_regions_come_back_as_they_went_in() -> None:
    """Discs as numbers, everything else once, from values and from a table."""
    regions = [
        disc(36.5, 35.5, 100), NOWHERE, Region("area", areas=("SY-HL", "SY-ID")), disc(-180, -90, 0, "SY"),
        Region("area", areas=("SY-HL", "SY-ID")), Region("line", points_e7=(1, 2, 3, 4)), Region("outside"),
        Region("disc", 1, 2, 3_000_000),
        Region("sector", 5, 6, near_m=1, far_m=2, from_deg=0.5, to_deg=2.5, country="SY"),
    ]  # fmt: skip
    column = table_of([{"id": "a", "source": "s", "start": 0, "end": 1, "impact": region_row(r)} for r in regions])
    for spots in (Spots.of_regions(regions), Spots.of_column(column.column("impact"))):
        assert [spots.region(i) for i in range(len(spots))] == regions
        assert len(spots.regions) == 6
        sample, codes = spots.distinct()
        assert [spots.region(int(sample[code])) for code in codes] == regions
        assert len(sample) == 8


def test_the_hash_is_that_of_the_rows_of_the_table() -> None:
    """Fast or slow, the hash is that of the table, row by row; groups and notes are those of each report."""
    import hashlib

    import msgspec

    maker = Maker("shipped", 12)
    reports = [replace(maker.report(i), is_protected=i % 3 == 0) for i in range(60)]
    for made in (reports, [*reports, replace(reports[0], acts=("count",))]):
        assessed = assessment.assess(made, History(maker.text, maker.signed(60)), law_of("shipped", []).placed)
        table = assessment.table_of(assessed)
        lines = b"".join(msgspec.json.encode(list(row.values())) + b"\n" for row in table.to_pylist())
        assert assessment.hash_of(assessed) == hashlib.sha256(lines).hexdigest()
        assert table.num_rows == len(made) * (len(assessed.prohibitions) + 1)
        assert list(assessed.groups) == [assessment.group_of(report, assessed.law) for report in made]
        ids, terms = {report.id: i for i, report in enumerate(reports)}, ("F2", "any")
        notes = {(key, t): assessment.note_of(assessed, i, t) or None for key, i in ids.items() for t in terms}
        found = {(row["observation"], row["term"]): row["note"] for row in table.to_pylist()}
        assert {key: found[key] for key in notes} == notes or len(made) > len(reports)
