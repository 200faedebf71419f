"""The monotone law: narrowing a report may turn a 0 into a sign and never flips a sign, for a fixed set of statements.

Left out, because the design says so: umbrellas under the reading `side` (they count as the side by agreement), and acts
that last (a shorter act is another act).
"""

from __future__ import annotations

import random

import pytest

from tests.assess.worlds import Maker, dump, law_of, without
from truceline.agreement.history import History
from truceline.agreement.text import load
from truceline.assess import spec
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.atlas import Atlas
from truceline.evidence.schema import EITHER, ONE, UNNAMED, Named, Observation
from truceline.space import disc, distance_m, quantise


def narrowed(report: Observation, maker: Maker) -> Observation:
    """The same report, told more precisely in one respect."""
    rng = maker.rng
    what = rng.choice(["time", "place", "act", "actor", "target", "altitude", "direction"])
    if what == "time" and report.end - report.start > 1:
        start = rng.randrange(report.start, report.end)
        return without(report, start=start, end=rng.randint(start + 1, report.end))
    if what == "place" and report.impact.kind == "disc" and report.impact.radius_m > 100:
        return without(report, impact=smaller(report, rng))
    if what == "act" and not report.acts:
        return without(report, acts=(rng.choice(["attack", "mortar", "fly", "gain", "hinder"]),))
    if what == "act" and report.acts == ("attack",):
        return without(report, acts=(rng.choice(["mortar", "shelling", "barrel-bomb"]),))
    if what == "act" and len(report.acts) > 1:
        return without(report, acts=(rng.choice(report.acts),))
    if what in ("actor", "target"):
        named = report.actor if what == "actor" else report.target
        if named.mode == EITHER:
            return without(report, **{what: Named((rng.choice(named.ids),), ONE, named.is_umbrella)})
        if named.mode == UNNAMED:
            return without(report, **{what: Named((rng.choice(["gov", "opp", "us"]),), ONE)})
    if what == "altitude" and report.low_m is not None and report.high_m is not None:
        low = rng.randint(report.low_m, report.high_m)
        return without(report, low_m=low, high_m=rng.randint(low, report.high_m))
    if what == "direction" and report.unordered:
        swap = rng.random() < 0.5
        actor, target = (report.target, report.actor) if swap else (report.actor, report.target)
        return without(report, unordered=False, actor=actor, target=target)
    return report


def smaller(report: Observation, rng: random.Random) -> object:
    """A disc inside the disc of a report."""
    old = report.impact
    assert old.lon_e7 is not None
    assert old.lat_e7 is not None
    radius = rng.choice([0, old.radius_m // 4, old.radius_m // 2])
    shift = (old.radius_m - radius) / 111_400 * 0.6
    lon, lat = old.lon_e7 / 1e7 + rng.uniform(-shift, shift), old.lat_e7 / 1e7 + rng.uniform(-shift, shift)
    if distance_m(lon, lat, old.lon_e7 / 1e7, old.lat_e7 / 1e7) + radius > old.radius_m - 1:
        return old
    return without_disc(lon, lat, radius, old.country)


def without_disc(lon: float, lat: float, radius: int, country: str) -> object:
    """A disc on the grid."""
    quantise(lon, lat)
    return disc(lon, lat, radius, country)


def impossible(report: Observation, law: Law) -> bool:
    """Whether a report names an actor that a capability fact rules out, or rests on a reading that is no narrowing."""
    means = spec.capability(report, law)
    group = law.standing.agreement.group
    sides = [report.actor, report.target] if report.unordered else [report.actor]
    return means is not None and not any(group.belongs(a, m) != -1 for named in sides for a in named.ids for m in means)


def walk(name: str, seed: int, reports: int) -> int:
    """Narrow reports step by step; gives the number of zeros that became signs."""
    maker, settled = Maker(name, seed), 0
    law = law_of(name, maker.signed(reports), "strict")
    for i in range(reports):
        report = without(maker.report(i), lasts=False)
        before = {t: spec.judge(report, t, law).covered.value for t in law.terms}
        before["any"] = spec.judge_any(report, law).value
        for _ in range(8):
            report = narrowed(report, maker)
            if impossible(report, law) or report.actor.mode == "joint" or report.target.mode == "joint":
                break
            for term, old in before.items():
                new = (spec.judge_any(report, law) if term == "any" else spec.judge(report, term, law).covered).value
                assert old * new >= 0, (term, old, new, dump(report), law.standing.acts)
                settled += old == 0 and new != 0
                before[term] = new or old
    return settled


@pytest.mark.parametrize("name", ["awkward", "shipped"])
@pytest.mark.parametrize("seed", range(4))
def test_narrowing_never_flips_a_sign(name: str, seed: int) -> None:
    """Learning more may decide what was open; it must never make a sure answer the opposite."""
    assert walk(name, seed, 25) > 0


@pytest.mark.long
@pytest.mark.parametrize("name", ["awkward", "shipped"])
@pytest.mark.parametrize("seed", range(500, 540))
def test_narrowing_never_flips_a_sign_of_many(name: str, seed: int) -> None:
    """The same for thousands of reports."""
    assert walk(name, seed, 100) > 0


def small(extra: str, term: str) -> Law:
    """A text of a few lines."""
    text = f"truceline: 1\nid: small\n{extra}\nterms:\n  - {{id: A, kind: prohibit, {term}}}\n"
    made = load(text.encode(), "small.yaml")
    return Law(History(made).as_known(), Placed(made.zones, Atlas()))


def signs(law: Law, wide: Observation, narrow: Observation) -> tuple[int, int]:
    """The answer to a report, and to the same told more precisely."""
    return spec.judge(wide, "A", law).covered.value, spec.judge(narrow, "A", law).covered.value


WIDE = Observation(
    "o", 1_460_000_000, 1_460_003_600, acts=("attack",), actor=Named(("gov",), ONE), target=Named(("x",), ONE)
)


def test_an_act_class_that_shares_a_kind_with_the_term_is_unknown() -> None:
    """*Indirect fire* may have been a mortar, which the crewed weapons that are forbidden hold too."""
    law = small(
        "actors: {gov: {kind: state}}\nacts: {indirect: [mortar, rocket], crewed: [mortar, atgm]}", "does: crewed"
    )
    wide, narrow = signs(law, without(WIDE, acts=("indirect",)), without(WIDE, acts=("mortar",)))
    assert wide * narrow >= 0


@pytest.mark.parametrize(
    "facts",
    ["{accepted: unit}", "{accepted: gov}\n  - {status: excluded, of: unit, by: list}"],
    ids=["only the part accepted", "only the part is excluded"],
)
def test_a_whole_whose_part_has_another_status_is_unknown(facts: str) -> None:
    """A report of the whole may mean the part: `belongs` says 0 there, and a status must not be surer."""
    law = small(
        f"actors: {{gov: {{kind: state}}, unit: {{part_of: gov}}, list: {{kind: list}}}}\nfacts:\n  - {facts}",
        "who: bound, does: attack",
    )
    wide, narrow = signs(law, WIDE, without(WIDE, actor=Named(("unit",), ONE)))
    assert wide * narrow >= 0


def test_a_side_of_which_a_group_accepted_is_unknown() -> None:
    """A named side that is no umbrella may mean the one group that is bound."""
    law = small(
        "actors: {opp: {kind: side}, g: {kind: group, side: opp}}\nfacts:\n  - {accepted: g}",
        "who: bound, does: attack",
    )
    wide, narrow = signs(law, without(WIDE, actor=Named(("opp",), ONE)), without(WIDE, actor=Named(("g",), ONE)))
    assert wide * narrow >= 0


def test_an_actor_without_the_means_is_not_believed_when_named_alone() -> None:
    """*gov or rebels* flew the strike: gov alone can, +1. *Rebels* flew it: not -1, for the fact says they cannot."""
    law = small(
        "actors: {gov: {kind: state}, opp: {kind: side}}\nfacts:\n  - {sole: air-strike, actors: [gov]}",
        "who: gov, does: attack",
    )
    report = without(WIDE, acts=("air-strike",), actor=Named(("gov", "opp"), EITHER))
    wide, narrow = signs(law, report, without(report, actor=Named(("opp",), ONE)))
    assert wide * narrow >= 0


def test_a_capability_fact_counts_only_in_its_time() -> None:
    """Who alone has aircraft from 2017 on says nothing about 2016: the actor stays open."""
    law = small(
        "actors: {gov: {kind: state}, opp: {kind: side}}\n"
        "facts:\n  - {sole: air-strike, actors: [gov], from: 2017-01-01}",
        "who: gov, does: attack",
    )
    assert spec.judge(without(WIDE, acts=("air-strike",), actor=Named()), "A", law).covered.value == 0


@pytest.mark.parametrize("part", ["alt_m: [5000, 9000]", "from: 2017-01-01"])
def test_a_union_keeps_the_height_and_the_time_of_its_parts(part: str) -> None:
    """On the ground in 2016 nobody is inside an air zone, or one of 2017, because a union names it."""
    zones = f"zones:\n  a: {{polygon: [[36, 35], [37, 35], [37, 36], [36, 36]], {part}}}\n  u: {{union: [a]}}"
    law = small(f"actors: {{gov: {{kind: state}}}}\n{zones}", "does: attack, in: u")
    assert spec.judge(without(WIDE, impact=disc(36.5, 35.5, 10), low_m=0, high_m=100), "A", law).covered.value == -1
