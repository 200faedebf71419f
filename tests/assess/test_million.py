"""The fast judge is the slow one, a million times: see `test_a_million_reports` for what is counted."""

from __future__ import annotations

import os
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from multiprocessing import get_context
from unittest.mock import patch

import pytest

from tests.assess.drafts import Full, full_law, row_of
from tests.assess.test_bulk import check_tally
from tests.assess.worlds import FIRST, LAST, Maker, agreement, dump, placed
from truceline.agreement.history import History, Readings
from truceline.agreement.model import Agreement, Term
from truceline.assess import bulk, spec
from truceline.assess.spec import Law
from truceline.evidence.schema import ONE, Named, Observation
from truceline.space import Region
from truceline.verdict import Answer, reasons_of

CASES, LOT = 1_000_000, 2_000
NEAR_M = 5_000
REGIONS = 500
"""So many regions of each agreement are drawn; reports draw from these, so that shapes are cut once."""

FULL = 5
"""Every so many lots have a random agreement."""

READINGS = [("side", "identity"), ("strict", "name"), ("strict", "identity"), ("side", "name")]
ENGINES = ("numpy", "numba") if find_spec("numba") else ("numpy",)


class Drawn(Maker):
    """A maker whose reports lie in one of a few hundred regions."""

    def __init__(self, name: str) -> None:
        """Draw the regions."""
        super().__init__(name, 1)
        self.regions = [super(Drawn, self).region() for _ in range(REGIONS)]
        self.sites = [
            one for one in self.regions if one.kind == "area" or (one.kind == "disc" and one.radius_m < NEAR_M)
        ]

    def region(self) -> Region:
        """One of those drawn."""
        return self.rng.choice(self.regions)

    def fitted(self, report: Observation, ban: Term, law: Law) -> Observation:
        """The same report, brought near to what a prohibition speaks of; else hardly any is covered."""
        rng, parties = self.rng, list(self.text.parties)
        changes = [at for at in law.standing.window(ban.id).at if FIRST < at < LAST]
        begin, end = rng.choice([*pairwise([FIRST, *changes, LAST])])
        start = rng.randint(begin, max(end - 3_600, begin))
        who, to = (rng.choice((one.ids if one else ()) or parties) for one in (ban.who, ban.to))
        return replace(
            report, start=start, end=start + 3_600, impact=rng.choice(self.sites), unordered=rng.random() < 0.1,
            acts=(rng.choice(ban.does or ("attack",)),), actor=Named((who,), ONE), target=Named((to,), ONE),
        )  # fmt: skip


drawn = cache(Drawn)


def small(text: Agreement, rng: random.Random) -> Agreement:
    """An agreement of one to three of its prohibitions, some of the exceptions to them, and what takes these back."""
    bans = [term for term in text.terms.values() if term.kind == "prohibit" and not term.overrides]
    kept = {term.id for term in rng.sample(bans, rng.choice([1, 2, 3]))}
    for _ in range(2):
        kept |= {
            term.id
            for term in text.terms.values()
            if kept.intersection((*term.except_, *term.overrides)) and rng.random() < 0.7
        }
    others = {"define", "power", "require"}
    return replace(text, terms={key: term for key, term in text.terms.items() if term.kind in others or key in kept})


def lot(number: int, size: int = LOT) -> list[int]:
    """Judge some reports by one small law, both ways; gives how many answers were -1, 0 and +1.

    Args:
        number: seed of the law, the reports, and the acts of the record; says which agreement, engine and readings.
        size: how many reports.
    """
    engine = ENGINES[number // 2 % len(ENGINES)]
    law, reports = full(number, size) if number % FULL == FULL - 1 else drawn_law(number, size)
    terms = [term.id for term in law.terms.values() if term.kind in ("prohibit", "permit")]
    with patch.dict(os.environ, TRUCELINE_ENGINE=engine):
        docket = bulk.Docket(reports, law)
        fast = {term: bulk.judge_all(docket, term) for term in terms} | {"any": bulk.judge_any_all(docket)}
        totals = bulk.tally(docket)
    met = [0, 0, 0]
    slow: dict[str, list[Answer]] = {}
    with patch.dict(os.environ, TRUCELINE_ENGINE="numpy"):
        for term, column in fast.items():
            slow[term] = [
                spec.judge_any(report, law) if term == "any" else spec.judge(report, term, law).covered
                for report in reports
            ]
            for i, (report, answer) in enumerate(zip(reports, slow[term], strict=True)):
                said = int(column.value[i]), int(column.why[i])
                assert said == (answer.value, answer.why), (number, term, dump(report), reasons_of(said[1]), answer)
                met[said[0] + 1] += 1
    check_tally(totals, slow)
    return met


def drawn_law(number: int, size: int) -> tuple[Law, list[Observation]]:
    """A small law of the test agreement or of the shipped one, and reports near to it and far from it."""
    name = ("awkward", "shipped")[number % 2]
    maker = drawn(name)
    maker.rng = random.Random(number)
    made = [maker.report(i) for i in range(size)]
    text, acts = small(agreement(name), maker.rng), maker.signed(size)
    law = Law(History(text, acts).as_known(None, Readings(*READINGS[number // 4 % 4])), placed(name))
    bans = [term for term in law.terms.values() if term.kind == "prohibit"]
    return law, [maker.fitted(one, maker.rng.choice(bans), law) if i % 2 else one for i, one in enumerate(made)]


def full(number: int, size: int) -> tuple[Law, list[Observation]]:
    """A random agreement with acts of every kind, and evidence for its conditions."""
    maker = Full(number)
    reports = [maker.report(i) for i in range(size)]
    rows = [*map(row_of, reports[:16]), *maker.watches()]
    return full_law(maker.text, maker.signed(size), rows, maker.readings()), reports


def test_small_laws_of_every_kind() -> None:
    """What the million draws from: all agreements, both engines, all readings; every answer is met."""
    met = [lot(number, 10) for number in range(15)]
    assert all(sum(counts) for counts in zip(*met, strict=True))


@pytest.mark.long
def test_a_million_reports() -> None:
    """A case is one report under one law: `spec` and `bulk` give the same value and the same reasons for each term.

    10^6 reports, each with fields of its own, in 500 lots of 2,000. Each lot has a law of its own: one to three
    prohibitions of the test agreement or of the shipped one, with exceptions and what takes these back, and up to
    twelve acts of the record; every fifth lot has a random agreement with evidence, and acts of every kind. Every
    prohibition and exception of the law is compared, and *any*, and the totals; so there are more answers than cases.
    Every other report is at random in everything, the others speak of what the law is about. Regions are drawn from
    500 for each agreement. `test_bulk_equals_spec_on_many` judges fewer reports, by all terms of a text at once.
    """
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), get_context("spawn")) as pool:
        met = list(pool.map(lot, range(CASES // LOT)))
    assert all(sum(counts) > CASES // 1_000 for counts in zip(*met, strict=True)), met
