"""Open words are possible worlds: the readings shown are those that differ, and an adopted one is law from then on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.assess.drafts import BLANK, Full, full_law, row_of
from tests.assess.worlds import dump, law_of
from truceline.agreement.history import History, Readings, read_act
from truceline.agreement.model import SignedAct
from truceline.agreement.signed import reading_names
from truceline.agreement.text import load
from truceline.assess import spec
from truceline.assess.evidences import Evidences
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.assess.worlds import Reading, open_words, side_by_side
from truceline.atlas import Atlas
from truceline.evidence.schema import ONE, Named, Observation, table_of
from truceline.space import disc
from truceline.span import DAY_S, Span, parse_instant
from truceline.verdict import NO, UNKNOWN, YES, Reason

HEAD = """
truceline: 1
id: open
actors:
  us: {kind: guarantor}
  ru: {kind: guarantor}
  tf: {kind: body, members: [us, ru]}
  gov: {kind: state}
  opp: {kind: side}
zones:
  box: {polygon: [[36.0, 35.0], [36.2, 35.0], [36.2, 35.2], [36.0, 35.2]]}
words:
  serious: {readings: [{name: early, is: {at: 2016-02-01}}, {name: late, is: {at: 2016-06-01}}]}
  prompt: {readings: [{name: a day, within: P1D}, {name: a month, within: P30D}]}
  persistent: {readings: [{name: once, at_least: 1, per: P30D}, {name: twice, at_least: 2, per: P30D}]}
  adhered: {readings: [{name: none, none: attack}, {name: few, count: attack, at_most: 9}], between: [gov, opp]}
"""
DATES = "{readings: [2016-02-01, 2016-06-01]}"
REPORT = Observation(
    "o", parse_instant("2016-03-10", "UTC"), parse_instant("2016-03-11", "UTC"), acts=("attack",),
    actor=Named(("gov",), ONE), target=Named(("opp",), ONE), impact=disc(36.1, 35.1, 500),
)  # fmt: skip
BREACH = {"act": "finding", "by": "tf", "at": "2016-03-01", "holds": "breach", "term": "A", "against": "gov"}

PLACES = {
    "from": ("A.from", f"from: {DATES}", ""),
    "until": ("A.until", "until: {readings: [2016-02-01, 2016-06-01]}", ""),
    "while": ("A.while", f"while: {DATES}", ""),
    "if": ("A.if", f"if: {DATES}", ""),
    "unless": ("A.unless", f"unless: {DATES}", ""),
    "below another word": ("A.if", f"if: {{any: [{{at: 2017-01-01}}, {{at: {DATES}}}]}}", ""),
    "definition": ("start.is", "from: start", f"  - {{id: start, kind: define, is: {DATES}}}\n"),
    "moment of a definition": ("start.is", "from: start", f"  - {{id: start, kind: define, is: {{at: {DATES}}}}}\n"),
    "instrument": ("I.from", "instrument: I", ""),
    "versions": ("A", "versions: [{name: one, until: 2016-02-01}, {name: other, until: 2016-06-01}]", ""),
    "one version has it not": ("A", "versions: [{name: one, absent: true}, {name: other, until: 2016-06-01}]", ""),
    "word": ("serious", "if: serious", ""),
    "duration": ("prompt", "if: {within: prompt, of: 2016-03-01}", ""),
    "number of findings": ("persistent", "if: {findings: persistent}", ""),
    "good days": (
        "adhered",
        "if: {consecutive: {days: 2, that: adhered, in: box, from: 2016-03-01, horizon: P5D, coverage: 1}}", "",
    ),
}  # fmt: skip
"""Every place at which a text can be read in two ways: the word, the field, and what else the text says."""


def law(place: str, *acts: SignedAct, readings: Readings | None = None) -> Law:
    """One ban in which one thing can be read in two ways; there is an attack on every day, and all was watched."""
    _, field, more = PLACES[place]
    text = (
        f"{HEAD}instruments:\n  I: {{title: main, from: {DATES}}}\n"
        f"terms:\n{more}  - {{id: A, kind: prohibit, does: attack, {field}}}\n"
    )
    made, day = load(text.encode(), "open.yaml"), parse_instant("2016-02-15", "UTC")
    watch = replace(BLANK, id="w", start=day, end=day + 60 * DAY_S, lasts=True, impact=disc(36.1, 35.1, 60_000))
    attacks = [replace(REPORT, id=f"e-{i}", start=day + i * DAY_S, end=day + i * DAY_S + 60) for i in range(40)]
    rows = [row_of(watch) | {"negative": True}, *map(row_of, attacks)]
    placed = Placed(made.zones, Atlas())
    seen = Evidences(lambda: table_of(rows), made, placed)
    found = read_act(BREACH, "UTC", 0)
    return Law(History(made, [found, *acts], seen).as_known(None, readings), placed, seen)


@pytest.mark.parametrize("place", PLACES)
def test_what_can_be_read_in_two_ways_is_open_and_shows_both(place: str) -> None:
    """Wherever the readings stand in the text: each with its name, one with a breach and one without."""
    word, asked = PLACES[place][0], law(place)
    answer = spec.judge(REPORT, "A", asked).covered
    assert answer.reasons == (Reason.OPEN_WORD,)
    shown = side_by_side(REPORT, "A", asked)
    names = reading_names(asked.standing.agreement, word)
    assert [(one.word, one.name) for one in shown] == [(word, name) for name in names]
    assert {one.answer.value for one in shown} == {NO, YES}


@pytest.mark.parametrize("place", PLACES)
def test_an_adopted_reading_is_the_law_from_then_on(place: str) -> None:
    """What all guarantors adopt binds from their last signature on, and what was before it stays open."""
    word, signed = PLACES[place][0], parse_instant("2016-03-08", "UTC")
    open_, moments = law(place).standing, range(signed - 9 * DAY_S, signed + 9 * DAY_S, DAY_S // 2)
    for i, name in enumerate(reading_names(open_.agreement, word)):
        act = {"act": "adopt", "of": word, "value": name}
        one, other = (read_act({**act, "by": by, "at": at}, "UTC", 0) for by, at in (
            ("us", "2016-03-05"), ("ru", "2016-03-08"),
        ))  # fmt: skip
        adopted, chosen = law(place, one, other), law(place, readings=Readings(chosen=((word, i),)))
        for at in moments:
            now = replace(REPORT, start=at, end=at + 1)
            wanted = chosen if at >= signed else law_of_open(place)
            assert spec.judge(now, "A", adopted).covered == spec.judge(now, "A", wanted).covered, (name, at - signed)


def law_of_open(place: str, kept: dict[str, Law] = {}) -> Law:  # noqa: B006  # made once for each place
    """The law in which nobody adopted anything."""
    if place not in kept:
        kept[place] = law(place)
    return kept[place]


@pytest.mark.parametrize("by", ["us", "gov", "opp"])
def test_one_alone_adopts_nothing(by: str) -> None:
    """A reading that one guarantor, or a party, declares for itself stays one of several."""
    act = read_act({"act": "adopt", "of": "serious", "value": "early", "by": by, "at": "2016-03-01"}, "UTC", 0)
    assert spec.judge(REPORT, "A", law("word", act)).covered.reasons == (Reason.OPEN_WORD,)


def test_the_text_can_adopt_a_reading_itself() -> None:
    """Then the word is open no more, and nothing is shown beside the answer."""
    text = HEAD.replace("late, is: {at: 2016-06-01}}]}", "late, is: {at: 2016-06-01}}], adopted: late}")
    made = load(f"{text}terms:\n  - {{id: A, kind: prohibit, does: attack, if: serious}}\n".encode(), "open.yaml")
    adopted = Law(History(made).as_known(), Placed(made.zones, Atlas()))
    assert spec.judge(REPORT, "A", adopted).covered.value == NO
    assert side_by_side(REPORT, "A", adopted) == []


def test_a_word_that_decides_nothing_here_is_not_shown() -> None:
    """Of two open words in a text only the one on which this answer hangs is listed."""
    asked = law("word")
    assert {"serious", "prompt", "persistent", "adhered", "I.from"} <= set(open_words(asked.standing.agreement))
    assert {one.word for one in side_by_side(REPORT, "A", asked)} == {"serious"}


# -- any agreement ---------------------------------------------------------------------------------------------------


def compare(seed: int, reports: int) -> tuple[int, int]:
    """Every open answer of a random agreement: what is shown is what differs; gives how many had words and none."""
    maker, with_words, none = Full(seed), 0, 0
    acts, made = maker.signed(reports), [maker.report(i) for i in range(reports)]
    rows = [*map(row_of, made), *maker.watches()]
    asked = full_law(maker.text, acts, rows, Readings("strict"))
    words = [word for word in open_words(maker.text) if len(reading_names(maker.text, word)) > 1]
    laws = {
        word: [
            full_law(maker.text, acts, rows, Readings("strict", chosen=((word, i),)))
            for i in range(len(reading_names(maker.text, word)))
        ]
        for word in words
    }
    for report in made:
        for term in (t.id for t in maker.text.terms.values() if t.kind == "prohibit" and not t.overrides):
            whole = spec.judge(report, term, asked).covered
            shown = side_by_side(report, term, asked)
            each = {w: [spec.judge(report, term, one).covered for one in laws[w]] for w in words}
            wanted: list[Any] = []
            for word in words if whole.why & Reason.OPEN_WORD.bit else ():
                if len({(one.value, one.why) for one in each[word]}) > 1:
                    names = reading_names(maker.text, word)
                    wanted += [Reading(word, name, one) for name, one in zip(names, each[word], strict=True)]
            assert shown == wanted, (seed, term, dump(report))
            for word in words:
                if whole.value != UNKNOWN and not asked.standing.adoptions(word):
                    assert all(one.value == whole.value for one in each[word]), (seed, term, word, dump(report))
            with_words, none = with_words + bool(shown), none + (not shown)
    return with_words, none


@pytest.mark.long
def test_the_readings_shown_are_those_whose_answers_differ() -> None:
    """Read in every way by a law made anew for each: the same list; and no reading says otherwise than a sure sign."""
    made = [compare(seed, 5) for seed in range(40_000, 40_008)]
    assert sum(shown for shown, _ in made) > 0
    assert sum(none for _, none in made) > 100


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_the_readings_shown_are_those_whose_answers_differ_in_many(seed: int) -> None:
    """The same for a thousand random agreements."""
    made = [compare(50_000 + 100 * seed + i, 10) for i in range(100)]
    assert sum(shown for shown, _ in made) > 20


def test_a_course_is_common_ground_of_its_readings() -> None:
    """Where an unread word leaves a sign, every reading has it: asked of the windows of the awkward agreement."""
    asked = law_of("awkward", [])
    for term in asked.terms:
        course = asked.standing.window(term)
        for i in range(2):
            read = replace(asked.standing, readings=Readings(chosen=(("doubt.is", i),)), _kept={}, _making=[])
            for at in course.at[1:]:
                here = course.during(Span(at, at + 1)).value
                assert here in (UNKNOWN, read.window(term).during(Span(at, at + 1)).value), (term, i, at)
