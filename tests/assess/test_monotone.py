"""The monotone law: narrowing any input may turn a 0 into a sign and never flips a sign, for a fixed set of statements.

Inputs are the report, the other reports that conditions count or look for, and how the text is read. Left out, because
the design says so: umbrellas under the reading `side` (they count as the side by agreement), acts that last (a shorter
act is another act), who could have seen it (less coverage is less knowledge), `counting: exact-day` (a simplification
that the text states), and a reading other than the one that was adopted (that is another text).
"""

from __future__ import annotations

import os
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cached_property
from multiprocessing import get_context
from typing import Any

import pytest

from tests.assess.drafts import Full, full_law, row_of
from tests.assess.worlds import Maker, dump, law_of, without
from truceline.agreement.amended import amended
from truceline.agreement.history import History, Readings, read_act
from truceline.agreement.model import JUDGED_KINDS, Agreement, SignedAct
from truceline.agreement.signed import reading_names
from truceline.agreement.text import load
from truceline.assess import spec
from truceline.assess.evidences import Evidences
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.assess.worlds import open_words
from truceline.atlas import Atlas
from truceline.evidence.schema import EITHER, JOINT, ONE, UNNAMED, Named, Observation, table_of
from truceline.space import Region, disc, distance_m


def narrowed(report: Observation, maker: Maker) -> Observation:
    """The same report, told more precisely in one respect."""
    rng = maker.rng
    what = rng.choice(["time", "place", "act", "actor", "target", "altitude", "direction", "number", "origin"])
    if what == "time" and report.end - report.start > 1 and not report.lasts:
        start = rng.randrange(report.start, report.end)
        return without(report, start=start, end=rng.randint(start + 1, report.end))
    if what == "place" and report.impact.kind == "disc" and report.impact.radius_m > 100:
        return without(report, impact=smaller(report.impact, rng))
    if what == "origin" and report.origin.kind == "disc" and report.origin.radius_m > 100:
        return without(report, origin=smaller(report.origin, rng))
    if what == "number" and (report.count_low, report.count_high) != (None, None):
        low = report.count_low or 0
        low = rng.randint(low, low + 12 if report.count_high is None else report.count_high)
        high = low + 20 if report.count_high is None else report.count_high
        return without(report, count_low=low, count_high=rng.randint(low, high))
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


def smaller(old: Region, rng: random.Random) -> Region:
    """A disc inside a disc."""
    assert old.lon_e7 is not None
    assert old.lat_e7 is not None
    radius = rng.choice([0, old.radius_m // 4, old.radius_m // 2])
    shift = (old.radius_m - radius) / 111_400 * 0.6
    lon, lat = old.lon_e7 / 1e7 + rng.uniform(-shift, shift), old.lat_e7 / 1e7 + rng.uniform(-shift, shift)
    if distance_m(lon, lat, old.lon_e7 / 1e7, old.lat_e7 / 1e7) + radius > old.radius_m - 1:
        return old
    return disc(lon, lat, radius, old.country)


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


# -- any input, under any agreement ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """All that an answer rests on.

    Attributes:
        others: the other reports of the case.
        watches: rows that say who could have seen something; these are never narrowed.
    """

    text: Agreement
    acts: tuple[SignedAct, ...]
    report: Observation
    others: tuple[Observation, ...]
    watches: tuple[dict[str, Any], ...]
    readings: Readings

    @cached_property
    def law(self) -> Law:
        """What stands."""
        return full_law(self.text, self.acts, [*map(row_of, self.others), *self.watches], self.readings)

    def narrowed_to(self, **changes: Any) -> World:  # noqa: ANN401  # fields by name
        """The same in one respect more precisely; the law is asked anew only where it can have changed."""
        made = replace(self, **changes)
        if set(changes) == {"report"}:
            made.__dict__["law"] = self.law
        return made

    def answers(self) -> dict[str, int]:
        """Every term that is judged, and *any*."""
        terms = [term.id for term in self.law.terms.values() if term.kind in JUDGED_KINDS]
        return {term: spec.judge(self.report, term, self.law).covered.value for term in terms} | {
            "any": spec.judge_any(self.report, self.law).value
        }


def step(world: World, maker: Full) -> World:
    """One input, told more precisely."""
    what = maker.rng.choice(["report"] * 6 + ["other"] * 2 + ["reading"] * 2)
    if what == "report":
        return world.narrowed_to(report=narrowed(world.report, maker))
    if what == "other":
        i = maker.rng.randrange(len(world.others))
        other = narrowed(world.others[i], maker)
        return world.narrowed_to(others=(*world.others[:i], other, *world.others[i + 1 :]))
    return world.narrowed_to(readings=read_closer(world, maker.rng))


def read_closer(world: World, rng: random.Random) -> Readings:
    """A word read in one way; or a group judged by who it is, where its name leaves that open."""
    readings, known = world.readings, {word for word, _ in world.readings.chosen}
    words = [w for w in open_words(world.text) if w not in known and not world.law.standing.adoptions(w)]
    if readings.designation == "name" and rng.random() < 0.3:
        return replace(readings, designation="identity")
    if not words:
        return readings
    word = rng.choice(words)
    return replace(readings, chosen=(*readings.chosen, (word, rng.randrange(len(reading_names(world.text, word))))))


def lives(seed: int, reports: int = 6, steps: int = 12) -> tuple[int, int]:
    """Narrow the inputs of a random agreement step by step; gives the steps, and the zeros that became signs."""
    maker, count, settled = Full(seed), 0, 0
    acts = tuple(maker.signed(reports))
    others = tuple(replace(maker.report(i), id=f"e-{i}") for i in range(8))
    first = World(maker.text, acts, others[0], others, tuple(maker.watches()), Readings("strict", READ[seed % 3]))
    for i in range(reports):
        world = first.narrowed_to(report=without(maker.report(i), lasts=False))
        before = world.answers()
        for _ in range(steps):
            closer = step(world, maker)
            if closer == world:
                continue
            if impossible(closer.report, closer.law) or JOINT in (closer.report.actor.mode, closer.report.target.mode):
                break
            after, count = closer.answers(), count + 1
            for term, new in after.items():
                assert before[term] * new >= 0, told(seed, term, (before[term], new), (world, closer))
                settled += before[term] == 0 and new != 0
            before, world = {term: new or before[term] for term, new in after.items()}, closer
    return count, settled


READ = ("identity", "identity", "name")


def told(seed: int, term: str, signs: tuple[int, int], worlds: tuple[World, World]) -> str:
    """What flipped, and by what."""
    one, other = worlds
    changed = [
        f"{field.name}: {getattr(one, field.name)} -> {getattr(other, field.name)}"
        for field in fields(World)
        if getattr(one, field.name) != getattr(other, field.name)
    ]
    body = one.text.terms[term].body if term in one.text.terms else ""
    return "\n".join([f"seed {seed}, {term}: {signs}", str(body), dump(one.report), *changed, str(one.acts)])


@pytest.mark.long
def test_narrowing_any_input_never_flips_a_sign() -> None:
    """Learning more of anything, under any agreement, may decide what was open and never makes a sign its opposite."""
    made = [lives(seed, reports=16) for seed in range(FEW)]
    assert sum(count for count, _ in made) >= 600
    assert sum(settled for _, settled in made) > 50


FEW = 12
LOTS, A_LOT = 100, 100_000


def lot(number: int) -> tuple[int, int]:
    """So many steps, by seeds of its own."""
    count = settled = 0
    for seed in range(number * 10_000, (number + 1) * 10_000):
        more, less = lives(seed, reports=8)
        count, settled = count + more, settled + less
        if count >= A_LOT // LOTS:
            break
    return count, settled


@pytest.mark.long
def test_narrowing_any_input_never_flips_a_sign_in_a_hundred_thousand_cases() -> None:
    """A case is one narrowing of one input, after which every term of a random agreement is judged again."""
    count = settled = 0
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), get_context("spawn")) as pool:
        for i, (more, less) in enumerate(pool.map(lot, range(LOTS)), 1):
            count, settled = count + more, settled + less
            sys.stderr.write(f"\r{i} of {LOTS} lots, {count} cases, {settled} zeros became signs ")
    assert count >= A_LOT
    assert settled > A_LOT // 20


# -- one at a time ---------------------------------------------------------------------------------------------------


def small(extra: str, term: str, *acts: SignedAct) -> Law:
    """A text of a few lines."""
    text = f"truceline: 1\nid: small\n{extra}\nterms:\n  - {{id: A, kind: prohibit, {term}}}\n"
    made = load(text.encode(), "small.yaml")
    return Law(History(made, acts).as_known(), Placed(made.zones, Atlas()))


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


@pytest.mark.parametrize("act", ["invoke", "notice"])
@pytest.mark.parametrize("burden", ["bearer", "overrides"])
def test_whose_word_it_is_stays_open_while_the_actor_is(act: str, burden: str) -> None:
    """Whoever invokes speaks for the actor, or does not: while nobody is named, that is 0 and not yes."""
    text = ", if: {notice: {to: us, matches: [time]}}" if act == "notice" else ""
    permit = "}\n  - {id: P, kind: permit, does: attack, except: [A]"
    back = ", burden: none}\n  - {id: O, kind: prohibit, does: attack, overrides: [P]" if burden == "overrides" else ""
    law = small(
        "actors: {us: {kind: guarantor}, gov: {kind: state}, opp: {kind: side}}",
        f"does: attack{permit}{back}{text}",
        read_act({
            "act": act, "by": "gov", "at": "2016-03-01", "of": "o" if act == "invoke" else "", "to": "us",
            "term": "O" if back else "P", "start": "2016-03-02", "until": "2016-12-01",
        }, "UTC", 0),
    )  # fmt: skip
    for wide in (Named(), Named(("gov", "opp"), EITHER)):
        for narrow in ("gov", "opp"):
            one, other = signs(law, without(WIDE, actor=wide), without(WIDE, actor=Named((narrow,), ONE)))
            assert one * other >= 0, (wide, narrow)


@pytest.mark.parametrize(
    "field",
    [
        "if: {count: attack, at_least: 1, from: doubt}",
        "if: {count: attack, at_most: 0, from: doubt}",
        "while: {from: doubt, for: P20D}",
        "if: {within: P20D, of: doubt}",
        "if: {elapsed: P20D, of: doubt}",
    ],
)
def test_a_reading_of_a_beginning_decides_nothing_against_a_sign(field: str) -> None:
    """What is counted from a moment with three readings is open wherever one of them makes a difference."""
    days = ("2016-03-01", "2016-04-01", "2016-05-01")
    doubt = f"{{id: doubt, kind: define, is: {{readings: [{', '.join(days)}]}}}}"
    text = f"truceline: 1\nid: small\nterms:\n  - {doubt}\n  - {{id: A, kind: prohibit, does: attack, {field}}}\n"
    made = load(text.encode(), "small.yaml")
    rows = [row_of(without(WIDE, id="e", start=at, end=at + 1)) for at in (1_457_400_000,)]
    placed = Placed(made.zones, Atlas())
    seen = Evidences(lambda: table_of(rows), made, placed)
    history = History(made, (), seen)
    for at in range(1_456_000_000, 1_466_000_000, 5 * 86_400):
        report = without(WIDE, start=at, end=at + 60)
        whole, *each = (
            spec.judge(report, "A", Law(history.as_known(None, Readings(chosen=chosen)), placed, seen)).covered.value
            for chosen in ((), *((("doubt.is", i),) for i in range(3)))
        )
        assert all(whole in (0, one) for one in each), (at, whole, each)


ALIKE = """
actors: {us: {kind: guarantor}, ru: {kind: guarantor}, gov: {kind: state}}
zones:
  a: {polygon: [[36, 35], [37, 35], [37, 36], [36, 36]]}
  b: {polygon: [[37, 35], [38, 35], [38, 36], [37, 36]]}
"""


def test_what_is_suspended_here_is_still_forbidden_there() -> None:
    """Two bans that differ only in their zones are judged together, but not once an act suspends one of them."""
    suspend = read_act({"act": "suspend", "by": ["us", "ru"], "at": "2016-03-01", "of": "A"}, "UTC", 0)
    law = small(ALIKE, "does: attack, in: a}\n  - {id: B, kind: prohibit, does: attack, in: b", suspend)
    report = without(WIDE, impact=disc(37.5, 35.5, 10))
    assert spec.judge(report, "B", law).covered.value == spec.judge_any(report, law).value == 1


def test_a_ban_whose_zone_was_amended_covers_what_was_before_it() -> None:
    """The old wording and the new differ only in their zones, and each binds in a time of its own."""
    one, other = (
        load(f"truceline: 1\nid: x{ALIKE}terms:\n  - {{id: A, kind: prohibit, does: attack, in: {z}}}\n".encode(), "x")
        for z in ("a", "b")
    )
    made = amended(one, other, 1_470_000_000)
    law = Law(History(made).as_known(), Placed(made.zones, Atlas()))
    report = without(WIDE, impact=disc(36.5, 35.5, 10))
    assert spec.judge(report, "A~1", law).covered.value == spec.judge_any(report, law).value == 1
