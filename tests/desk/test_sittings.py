"""A sitting of a joint body: who came, what was agreed by all, what was not, and that no decision changes a term."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.desk.area_case import RU, SECRETARIAT, TURKEY, US, World
from truceline.desk.gate import text_of
from truceline.desk.sittings import DOES, SITTING, sitting_row, sittings_shown
from truceline.desk.viewers import PUBLIC, Viewer
from truceline.errors import AccessError, SubmissionError

BODY: dict[str, Any] = {
    "body": "tf",
    "since": "2016-03-07T09:00:00Z",
    "until": "2016-03-07T11:30:00Z",
    "attendance": [
        {"actor": "us", "was": "present"},
        {"actor": "ru", "was": "present"},
        {"actor": "un", "was": "observer"},
    ],
    "agenda": [
        {"id": "1", "text": "The word `persistent`", "terms": ["F2"]},
        {"id": "2", "text": "Reports of the day before"},
    ],
    "decisions": [],
}
AGREED = {"item": "1", "text": "Both read it as three reports in seven days.", "stands": "agreed"}
APART = {"item": "2", "text": "To ask the parties by Friday.", "stands": "not-agreed"}


def body(**changed: Any) -> dict[str, Any]:  # noqa: ANN401  # values of JSON
    """A sitting with some of it otherwise."""
    return {**copy.deepcopy(BODY), **changed}


def test_what_both_signed_is_agreed_and_everything_is_told(world: World) -> None:
    """Attendance, agenda, decisions and signatures come back as they were said, to whoever may read them."""
    index = world.both(SITTING, body(decisions=[AGREED, APART]), "us", "ru")
    (one,) = sittings_shown(world.case, SECRETARIAT)
    assert (one.index, one.by, one.signed_by, one.is_of_all, one.is_early) == (index, "us", ("ru", "us"), True, False)
    assert (one.since, one.until, one.at) == ("2016-03-07T09:00:00Z", "2016-03-07T11:30:01Z", "2016-03-08T00:00:00Z")
    assert [(a.actor, a.was) for a in one.attendance] == [("ru", "present"), ("us", "present"), ("un", "observer")]
    assert [(d.item, d.stands) for d in one.decisions] == [("1", "agreed"), ("2", "not-agreed")]
    row = sitting_row(one)
    assert row["agenda"][0] == {"id": "1", "text": "The word `persistent`", "terms": ["F2"]}
    assert sittings_shown(world.case, US) == sittings_shown(world.case, RU) == [one]
    for nobody in (PUBLIC, Viewer("m", "monitor", "un"), Viewer("i", "intake")):
        with pytest.raises(AccessError):
            sittings_shown(world.case, nobody)


def test_a_decision_that_one_signed_is_not_agreed(world: World) -> None:
    """Minutes of one side hold its own position; they never make anything agreed."""
    with pytest.raises(SubmissionError, match="item `1` is called agreed, and is not signed by ru"):
        world.say(SITTING, body(decisions=[AGREED]), "us")
    own = {**APART, "positions": [{"by": "us", "text": "By Friday noon."}]}
    world.say(SITTING, body(decisions=[own]), "us")
    (one,) = sittings_shown(world.case, TURKEY)
    assert not one.is_of_all
    assert [(p.by, p.text) for p in one.decisions[0].positions] == [("us", "By Friday noon.")]


def test_nobody_speaks_for_another(world: World) -> None:
    """A position of somebody who does not sign is refused; with both signatures both are taken, in neutral order."""
    two = {**APART, "positions": [{"by": "us", "text": "By Friday."}, {"by": "ru", "text": "By Monday."}]}
    with pytest.raises(SubmissionError, match="`ru` does not sign: nobody speaks for another"):
        world.say(SITTING, body(decisions=[two]), "us")
    world.both(SITTING, body(decisions=[two]), "us", "ru")
    assert [p.by for p in sittings_shown(world.case, US)[0].decisions[0].positions] == ["ru", "us"]


def test_a_decision_is_words_until_a_signed_act_gives_it_effect(world: World) -> None:
    """The text in force and its terms are as they were; the effect is a reference, and says whether it gives one."""
    before = text_of(world.case)
    assert before is not None
    effect = {"term": "R1", "does": "extends"}
    world.both(SITTING, body(decisions=[{**AGREED, "effects": [effect]}]), "us", "ru")
    after = text_of(world.case)
    assert after is not None
    assert after.canonical_hash == before.canonical_hash
    (shown,) = sittings_shown(world.case, US)[0].decisions[0].effects
    assert (shown.entry, shown.is_given, shown.later) == (None, False, ())
    act = world.both("act", {"act": "extend", "at": "2016-03-08", "of": "R1", "until": "2016-03-20"}, "us", "ru")
    (shown,) = sittings_shown(world.case, US)[0].decisions[0].effects
    assert (shown.is_given, shown.later) == (False, (act,))
    world.both(SITTING, body(decisions=[{**AGREED, "effects": [{**effect, "entry": act}]}]), "us", "ru")
    newest = next(one for one in sittings_shown(world.case, US) if one.index > act)
    (shown,) = newest.decisions[0].effects
    assert (shown.entry, shown.type, shown.is_given) == (act, "act", True)


def test_a_sitting_gives_no_effect_to_another(world: World) -> None:
    """What it refers to has to be of a type that changes what is owed."""
    first = world.both(SITTING, body(decisions=[AGREED]), "us", "ru")
    effect = {"term": "R1", "does": "extends", "entry": first}
    world.both(SITTING, body(decisions=[{**AGREED, "effects": [effect]}]), "us", "ru")
    found = [e for one in sittings_shown(world.case, US) for d in one.decisions for e in d.effects]
    assert [(e.entry, e.type, e.is_given) for e in found] == [(first, SITTING, False)]


def test_nothing_suspends_what_protects_civilians(world: World) -> None:
    """Not even with both signatures."""
    text = text_of(world.case)
    assert text is not None
    protective = [term.id for term in text.terms.values() if term.is_protective]
    assert protective
    for does in ("suspends", "ends"):
        effect = {"term": protective[0], "does": does}
        with pytest.raises(SubmissionError, match="protects civilians or aid"):
            world.both(SITTING, body(decisions=[{**AGREED, "effects": [effect]}]), "us", "ru")
    assert "suspends" in DOES


def test_nothing_suspends_the_document_that_protects_civilians(world: World) -> None:
    """Neither one of whose terms protects, nor one of whose terms nothing is known; of another the words are taken."""
    text = text_of(world.case)
    assert text is not None
    protective = {term.instrument for term in text.terms.values() if term.is_protective}
    unknown = set(text.instruments) - {term.instrument for term in text.terms.values()}
    assert protective
    assert unknown
    for key in sorted(protective | unknown):
        for does in ("suspends", "ends"):
            with pytest.raises(SubmissionError, match="protects civilians or aid"):
                world.both(SITTING, body(decisions=[{**AGREED, "effects": [{"term": key, "does": does}]}]), "us", "ru")
    other = min(set(text.instruments) - protective - unknown)
    world.both(SITTING, body(decisions=[{**AGREED, "effects": [{"term": other, "does": "ends"}]}]), "us", "ru")
    changed = {"term": next(term.id for term in text.terms.values() if term.is_protective), "does": "amends"}
    world.both(SITTING, body(decisions=[{**AGREED, "effects": [changed]}]), "us", "ru")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no body": ({"body": "us"}, "expected a body of the text with members"),
    "an unknown body": ({"body": "jig"}, "got `jig`"),
    "ends before it begins": ({"until": "2016-03-06"}, "ends before it begins"),
    "no time": ({"since": "soon"}, "`since`, `until`"),
    "a member is not told of": ({"attendance": [{"actor": "us", "was": "present"}]}, "not said of ru"),
    "a member who only watches": (
        {"attendance": [{"actor": "us", "was": "observer"}, {"actor": "ru", "was": "present"}]}, "present or absent"),
    "a stranger": ({"attendance": [*BODY["attendance"], {"actor": "martians", "was": "observer"}]}, "martians"),
    "twice": ({"attendance": [*BODY["attendance"], {"actor": "us", "was": "present"}]}, "each actor once"),
    "no agenda": ({"agenda": []}, "1 to 50 items"),
    "two items of one id": ({"agenda": [BODY["agenda"][1], BODY["agenda"][1]]}, "an id of its own"),
    "an unknown term": ({"agenda": [{"id": "1", "text": "x", "terms": ["Z9"]}]}, "the text knows no `Z9`"),
    "a decision of no item": ({"decisions": [{**APART, "item": "9"}]}, "the agenda has no `9`"),
    "stands in no way": ({"decisions": [{**APART, "stands": "noted"}]}, "agreed or not-agreed"),
    "not agreed, with an effect": (
        {"decisions": [{**APART, "effects": [{"term": "R1", "does": "ends"}]}]}, "it has no effect"),
    "agreed, with a position": (
        {"decisions": [{**AGREED, "positions": [{"by": "us", "text": "no"}]}]}, "one text, signed by all"),
    "an entry to come": (
        {"decisions": [{**AGREED, "effects": [{"term": "R1", "does": "ends", "entry": 10**6}]}]}, "an entry of the"),
    "an effect of no kind": (
        {"decisions": [{**AGREED, "effects": [{"term": "R1", "does": "permits"}]}]}, "`does`: expected one of"),
    "a fine position": ({"text": "at 36.20512, 37.13412"}, "position"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_record_of_a_sitting_is_refused(world: World, name: str) -> None:
    """Each by name, whoever signs it."""
    changed, match = BAD[name]
    with pytest.raises(SubmissionError, match=match):
        world.both(SITTING, body(**changed), "us", "ru")


@pytest.mark.parametrize("by", ["gov", "desk", "ahrar"])
def test_only_a_member_records_a_sitting(world: World, by: str) -> None:
    """Nobody else writes the minutes of a body."""
    with pytest.raises(SubmissionError, match="`by`"):
        world.say(SITTING, body(), by)


def test_a_sitting_that_ends_after_it_was_recorded_is_kept_and_flagged(world: World) -> None:
    """Clocks differ: it is named, kept and marked."""
    world.say(SITTING, body(since="2016-03-07T23:00:00Z", until="2016-03-08T01:00:00Z"), "ru")
    (one,) = sittings_shown(world.case, RU)
    assert one.is_early


def test_an_answer_to_the_record_of_a_sitting_is_told_with_it(world: World) -> None:
    """The member who did not sign says what it thinks of the minutes, in an entry of its own."""
    index = world.say(SITTING, body(decisions=[APART]), "us")
    answer = world.say("answer", {"to": index, "text": "We did not sit on item 2."}, "ru")
    (one,) = sittings_shown(world.case, US)
    assert [(a.index, a.by, a.text) for a in one.answers] == [(answer, "ru", "We did not sit on item 2.")]


def test_a_sitting_tells_the_mediation_of_no_entry_that_it_may_not_read(world: World) -> None:
    """A finding that nobody published, an act of the parties, an answer: told to parties, and to the mediation not."""
    act = world.both("act", {"act": "extend", "at": "2016-03-08", "of": "R1", "until": "2016-03-20"}, "us", "ru")
    effects = [{"term": "R1", "does": "extends", "entry": act}]
    index = world.both(SITTING, body(decisions=[{**AGREED, "effects": effects}]), "us", "ru")
    later = world.both("act", {"act": "extend", "at": "2016-03-08", "of": "R1", "until": "2016-03-25"}, "us", "ru")
    answer = world.say("answer", {"to": index, "text": "For the parties alone."}, "ru")
    (own,) = sittings_shown(world.case, RU)
    (told,) = sittings_shown(world.case, Viewer("mia", "mediator"))
    (effect,), (hidden,) = own.decisions[0].effects, told.decisions[0].effects
    assert (effect.entry, effect.type, effect.is_given, effect.later) == (act, "act", True, (later,))
    assert (hidden.entry, hidden.type, hidden.is_given, hidden.later) == (None, "", True, ())
    assert [one.index for one in own.answers] == [answer]
    assert told.answers == ()
