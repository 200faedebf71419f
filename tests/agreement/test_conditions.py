"""The algebra of conditions: each word by its rule, and the laws that hold for every condition and every record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truceline.agreement.conditions import at_least
from truceline.agreement.history import History, Readings, Standing, read_act
from truceline.agreement.model import Agreement, SignedAct
from truceline.agreement.text import load
from truceline.course import Course
from truceline.errors import InputError
from truceline.span import LONG_AGO, Span, parse_instant
from truceline.verdict import NEVER, NO, SURE, UNKNOWN, YES, Answer, Reason, undecided

TEXT = """
truceline: 1
id: words
tz: UTC
instruments: {I: {from: 2016-03-01, published: 2016-02-20}, J: {from: 2016-03-01}}
actors:
  us: {kind: guarantor}
  ru: {kind: guarantor}
  tf: {kind: body, members: [us, ru], decides: all}
  un: {kind: humanitarian}
  gov: {kind: state}
  gov-air: {part_of: gov}
  opp: {kind: side}
  one: {kind: group, side: opp}
facts:
  - {accepted: gov, from: 2016-02-25}
words:
  prompt: {readings: [{name: six hours, within: PT6H}, {name: two days, within: P2D}], adopted: none}
  often: {readings: [{name: twice, at_least: 2, per: P14D}, {name: thrice, at_least: 3, per: P14D}], adopted: none}
  vague: {text: nobody knows, adopted: none}
terms:
  - {id: ban, kind: prohibit, who: gov, does: attack, instrument: I}
  - {id: told, kind: require, who: gov, do: publish-orders, on: {at: 2016-03-02}}
  - {id: moved, kind: require, who: gov, do: take-away-guns, on: {at: 2016-03-02}}
  - {id: opening, kind: power, who: tf}
  - {id: noon, kind: define, is: {at: 2016-03-05T12:00}}
"""


@cache
def text_with(condition: str) -> Agreement:
    """The text with one more definition, `X`."""
    return load((TEXT + f"  - {{id: X, kind: define, is: {condition}}}\n").encode(), "words.yaml")


def second(when: str) -> int:
    """A second."""
    return parse_instant(when, "UTC")


def signed(number: int, **fields: Any) -> SignedAct:  # noqa: ANN401  # plain values
    """A signed act with an id of its own, known when it was signed unless it says otherwise."""
    known = second(str(fields.get("known_at", fields["at"])))
    return read_act({"id": f"a{number}", **fields}, "UTC", known)


def stood(condition: str, *acts: Mapping[str, Any], **readings: Any) -> Standing:  # noqa: ANN401  # plain values
    """What stood, with `X` defined by a condition."""
    made = [signed(i, **act) for i, act in enumerate(acts)]
    return History(text_with(condition), made).as_known(None, Readings(**readings))


def answer(condition: str, at: str, *acts: Mapping[str, Any], **readings: Any) -> Answer:  # noqa: ANN401  # plain values
    """Whether a condition holds at a second."""
    return stood(condition, *acts, **readings).window("X").during(Span(second(at), second(at) + 1))


BREACH = {"act": "finding", "by": ["us", "ru"], "holds": "breach", "term": "ban", "against": "gov"}
ALLEGED, REPLIED = {"act": "allege", "by": "opp", "at": "2016-03-04"}, {"act": "reply", "by": "gov", "at": "2016-03-04"}
BACK = {"act": "confirm", "by": "un", "of": "retreat", "to": "opp", "at": "2016-03-04"}
CONSENT = {"act": "confirm", "by": "un", "of": "consent", "at": "2016-03-03", "until": "2016-03-04"}
WELL = {"act": "answer", "by": ["us", "ru"], "of": "all-well", "at": "2016-03-04"}
D2, D3, D4, D5 = (f"2016-03-0{day}" for day in (2, 3, 4, 5))


@pytest.mark.parametrize(
    ("condition", "at", "acts", "expected"),
    [
        # moments
        ("{at: 2016-03-05}", "2016-03-04T23:59:59", [], NO),
        ("{at: 2016-03-05}", D5, [], YES),
        ("{before: 2016-03-05}", "2016-03-04T23:59:59", [], YES),
        ("{before: 2016-03-05}", D5, [], NO),
        ("{after: 2016-03-05}", D5, [], YES),
        ("{from: 2016-03-02, until: 2016-03-05}", D4, [], YES),
        ("{from: 2016-03-02, until: 2016-03-05}", D5, [], NO),
        ("{from: noon}", "2016-03-05T11:59:59", [], NO),
        ("{from: noon}", "2016-03-05T12:00", [], YES),
        ("{within: PT6H, of: noon}", "2016-03-05T17:59:59", [], YES),
        ("{within: PT6H, of: noon}", "2016-03-05T18:00", [], NO),
        ("{within: PT6H, of: noon}", "2016-03-05T11:00", [], NO),
        ("{elapsed: PT6H, of: noon}", "2016-03-05T17:59:59", [], NO),
        ("{elapsed: PT6H, of: noon}", "2016-03-05T18:00", [], YES),
        ("{elapsed: prompt, of: noon}", "2016-03-05T17:59:59", [], NO),
        ("{elapsed: prompt, of: noon}", "2016-03-06T12:00", [], UNKNOWN),
        ("{elapsed: prompt, of: noon}", "2016-03-07T12:00", [], YES),
        # the record: closed-world
        ("{accepted: gov}", D5, [], YES),
        ("{accepted: gov-air}", D5, [], YES),
        ("{accepted: one}", D5, [], NO),
        ("{accepted: one}", D5, [{"act": "accept", "by": "one", "at": D3}], YES),
        ("{accepted: one}", D2, [{"act": "accept", "by": "one", "at": D3}], NO),
        ("{status: bound, of: gov}", D5, [], YES),
        ("{status: bound, of: one}", D5, [], NO),
        ("{published: I}", "2016-02-19", [], NO),
        ("{published: I}", "2016-02-20", [], YES),
        ("{published: J}", D5, [], NO),
        ("{published: J}", D5, [{"act": "publish", "by": "us", "of": "J", "at": D4}], YES),
        ("{done: opening}", D5, [], NO),
        ("{done: opening}", D5, [{"act": "open", "by": "us", "of": "opening", "at": D4}], NO),
        ("{done: opening}", D5, [{"act": "open", "by": ["us", "ru"], "of": "opening", "at": D4}], YES),
        ("{done: told}", D5, [], NO),
        ("{done: told}", D5, [{"act": "perform", "by": "gov", "of": "told", "at": D4}], YES),
        ("{done: told}", D5, [{"act": "perform", "by": "opp", "of": "told", "at": D4}], NO),
        ("{request: access, by: un}", D5, [], NO),
        ("{request: access, by: un}", D5, [{"act": "request", "by": "un", "of": "access", "at": D4}], YES),
        ("{request: access, by: un}", D5, [{"act": "request", "by": "opp", "of": "access", "at": D4}], NO),
        ("{request: access, by: un}", D5, [{"act": "request", "by": "un", "of": "names", "at": D4}], NO),
        ("{opened: allegation}", D5, [ALLEGED], YES),
        ("{answered: allegation}", D5, [REPLIED], YES),
        ("{answered: allegation, or_elapsed: PT24H}", D5, [ALLEGED], YES),
        ("{answered: allegation, or_elapsed: PT24H}", "2016-03-04T23:00", [ALLEGED], NO),
        ("{finding: breach, term: ban}", D5, [], NO),
        ("{finding: breach, term: ban}", D5, [{**BREACH, "at": D4}], YES),
        ("{finding: breach, term: ban}", D5, [{**BREACH, "at": D4, "by": "us"}], NO),
        ("{finding: breach, term: ban, by: us}", D5, [{**BREACH, "at": D4, "by": "us"}], YES),
        ("{finding: breach, term: told}", D5, [{**BREACH, "at": D4}], NO),
        ("{finding: no-breach, term: ban}", D5, [{**BREACH, "at": D4}], NO),
        ("{breach: ban, by: gov}", D5, [{**BREACH, "at": D4}], YES),
        ("{breach: ban, by: opp}", D5, [{**BREACH, "at": D4}], NO),
        ("{breach: ban, by: gov}", D5, [{**BREACH, "at": D4, "against": "gov-air"}], YES),
        ("{breach: ban, by: gov}", D5, [{**BREACH, "at": D3}, {**BREACH, "at": D4, "holds": "repaired"}], NO),
        ("{findings: often}", D5, [{**BREACH, "at": D3}], NO),
        ("{findings: often}", D5, [{**BREACH, "at": D3}, {**BREACH, "at": D4}], UNKNOWN),
        ("{findings: often}", D5, [{**BREACH, "at": D2}, {**BREACH, "at": D3}, {**BREACH, "at": D4}], YES),
        ("{findings: often}", "2016-03-25", [{**BREACH, "at": D3}, {**BREACH, "at": D4}], NO),
        ("{findings: often}", D5, [{**BREACH, "at": D3, "by": "us"}, {**BREACH, "at": D4, "by": "us"}], NO),
        ("{agree: tf}", D5, [], NO),
        ("{agree: tf}", D5, [{"act": "reset", "by": ["us", "ru"], "of": "noon", "at": D4}], YES),
        ("{agree: tf}", D5, [{"act": "reset", "by": "us", "of": "noon", "at": D4}], NO),
        ("{complies: gov}", D5, [], YES),
        ("{complies: gov}", D4, [{**BREACH, "at": D4}], YES),
        ("{complies: gov}", "2016-03-04T00:00:01", [{**BREACH, "at": D4}], NO),
        ("{complies: gov}", D5, [{**BREACH, "at": D4, "by": "us"}], YES),
        ("{complies: gov}", D5, [{**BREACH, "at": D4, "holds": "undecided"}], YES),
        ("{complies: gov}", D5, [{**BREACH, "at": D3}, {**BREACH, "at": D4, "holds": "explained"}], YES),
        ("{complies: opp}", D5, [{**BREACH, "at": D4}], YES),
        # what only somebody outside the record can show: open-world
        ("{done: moved}", "2016-03-01", [], NO),
        ("{done: moved}", D5, [], UNKNOWN),
        ("{done: moved}", D5, [{"act": "perform", "by": "gov", "of": "moved", "at": D4}], UNKNOWN),
        ("{done: moved}", D5, [{"act": "confirm", "by": "opp", "of": "moved", "at": D4}], UNKNOWN),
        ("{done: moved}", D5, [{"act": "confirm", "by": "un", "of": "moved", "at": D4}], YES),
        ("{done: {by: opp, do: retreat}}", D5, [], UNKNOWN),
        ("{done: {by: opp, do: retreat}}", D5, [BACK], YES),
        ("{done: {by: opp, do: retreat}}", D5, [{**BACK, "by": "gov"}], UNKNOWN),
        ("{fulfilled: ban}", D5, [], UNKNOWN),
        ("{fulfilled: ban}", D5, [{**BREACH, "at": D4}], NO),
        ("{fulfilled: ban}", D5, [{**BREACH, "at": D4, "holds": "no-breach"}], YES),
        ("{fulfilled: told}", D5, [{"act": "perform", "by": "gov", "of": "told", "at": D4}], YES),
        ("{checkpoint: un}", D5, [], UNKNOWN),
        ("{checkpoint: un}", D5, [{"act": "confirm", "by": "un", "of": "checkpoint", "at": D4}], YES),
        ("{checkpoint: un}", D5, [{"act": "confirm", "by": "gov", "of": "checkpoint", "at": D4}], UNKNOWN),
        ("{consent: un}", D5, [], UNKNOWN),
        ("{consent: un}", D5, [CONSENT], UNKNOWN),
        ("{consent: un}", "2016-03-03T12:00", [CONSENT], YES),
        ("{ask: all-well}", D5, [], UNKNOWN),
        ("{ask: all-well}", D5, [{**WELL, "is_yes": True}], YES),
        ("{ask: all-well}", D5, [WELL], NO),
        ("{ask: all-well}", D5, [{**WELL, "by": "gov", "is_yes": True}], UNKNOWN),
        # over evidence, without any
        ("{none: attack, in: syria}", D5, [], UNKNOWN),
        ("{count: attack, at_least: 1}", D5, [], UNKNOWN),
        ("vague", D5, [], UNKNOWN),
        # several
        ("{readings: [2016-03-02, 2016-03-04]}", D3, [], UNKNOWN),
        ("{readings: [2016-03-02, 2016-03-04]}", D5, [], YES),
        ("{all: [{accepted: gov}, {accepted: one}]}", D5, [], NO),
        ("{any: [{accepted: gov}, {accepted: one}]}", D5, [], YES),
        ("{all: [{accepted: gov}, {fulfilled: ban}]}", D5, [], UNKNOWN),
        ("{all: [{accepted: one}, {fulfilled: ban}]}", D5, [], NO),
        ("{any: [{accepted: gov}, {fulfilled: ban}]}", D5, [], YES),
        ("{not: {accepted: one}}", D5, [], YES),
        ("{not: {fulfilled: ban}}", D5, [], UNKNOWN),
        ("{at_least: {k: 2, of: [{accepted: gov}, {accepted: one}, {fulfilled: ban}]}}", D5, [], UNKNOWN),
        ("{at_least: {k: 2, of: [{accepted: one}, {published: J}, {fulfilled: ban}]}}", D5, [], NO),
        ("{at_least: {k: 2, of: [{accepted: gov}, {published: I}, {fulfilled: ban}]}}", D5, [], YES),
        ("{both: [{accepted: gov}, {published: I}]}", D5, [], YES),
    ],
)  # fmt: skip
def test_each_word_by_its_rule(condition: str, at: str, acts: list[Mapping[str, Any]], expected: int) -> None:
    """Every word of the algebra: where it holds, where it does not, and where nobody can say."""
    assert answer(condition, at, *acts).value == expected


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("{fulfilled: ban}", Reason.NO_COVERAGE),
        ("{checkpoint: un}", Reason.NO_COVERAGE),
        ("{none: attack}", Reason.NO_COVERAGE),
        ("{ask: all-well}", Reason.AWAITING_ANSWER),
        ("{readings: [2016-03-02, 2016-03-09]}", Reason.OPEN_WORD),
        ("vague", Reason.OPEN_WORD),
        ("{done: moved}", Reason.TIME),
    ],
)
def test_what_is_open_says_why(condition: str, reason: Reason) -> None:
    """A 0 without its own reason would ask the wrong people."""
    assert answer(condition, D5).reasons == (reason,)


@pytest.mark.parametrize(("index", "value"), [(0, YES), (1, NO)])
def test_a_chosen_reading_is_one_world(index: int, value: int) -> None:
    """Readings are shown side by side: each alone is decided."""
    found = answer("{elapsed: prompt, of: noon}", "2016-03-06T12:00", chosen=(("prompt", index),))
    assert found.value == value


@pytest.mark.parametrize(("by", "value"), [(["us", "ru"], YES), ("us", UNKNOWN), ("gov", UNKNOWN)])
def test_only_the_body_closes_an_open_word(by: str | list[str], value: int) -> None:
    """An adoption by one guarantor alone, or by a party, leaves both readings standing."""
    adopted = {"act": "adopt", "by": by, "at": D4, "of": "prompt", "value": "six hours"}
    assert answer("{elapsed: prompt, of: noon}", "2016-03-06T12:00", adopted).value == value


def test_the_last_reading_that_was_adopted_counts() -> None:
    """Who adopts anew has changed it from then on, and not before."""
    acts = [
        {"act": "adopt", "by": ["us", "ru"], "at": "2016-03-05T13:00", "of": "prompt", "value": "six hours"},
        {"act": "adopt", "by": ["us", "ru"], "at": "2016-03-06", "of": "prompt", "value": "two days"},
    ]
    found = [answer("{elapsed: prompt, of: noon}", at, *acts).value for at in ("2016-03-05T20:00", "2016-03-06T12:00")]
    assert found == [YES, NO]


# -- laws ------------------------------------------------------------------------------------------------------------

LEAVES = (
    "{at: 2016-03-05}", "{accepted: one}", "{accepted: gov}", "{done: opening}", "{done: told}", "{done: moved}",
    "{request: access, by: un}", "{opened: allegation}", "{answered: allegation, or_elapsed: PT24H}", "{complies: gov}",
    "{finding: breach, term: ban}", "{breach: ban, by: gov}", "{findings: often}", "{fulfilled: ban}", "{agree: tf}",
    "{checkpoint: un}", "{consent: un}", "{ask: all-well}", "{elapsed: prompt, of: noon}", "{published: J}",
    "{status: bound, of: one}", "{fulfilled: told}", "{none: attack}", "{done: {by: opp, do: retreat}}",
    "{from: 2016-03-03, for: P2D, then: opening}", "{readings: [2016-03-02, {done: told}]}",
)  # fmt: skip
conditions = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"{{all: [{', '.join(items)}]}}"),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: f"{{any: [{', '.join(items)}]}}"),
        inner.map(lambda item: f"{{not: {item}}}"),
    ),
    max_leaves=4,
)
hands = st.sampled_from([["us"], ["ru"], ["us", "ru"], ["tf"], ["gov"], ["gov-air"], ["opp"], ["one"], ["un"]])
contents: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"act": "accept"}, {"act": "withdraw"}, {"act": "open", "of": "opening"}, {"act": "perform", "of": "told"},
        {"act": "perform", "of": "moved"}, {"act": "confirm", "of": "moved"}, {"act": "confirm", "of": "checkpoint"},
        {"act": "confirm", "of": "consent"}, {"act": "request", "of": "access"}, {"act": "allege", "against": "gov"},
        {"act": "reply"}, {"act": "reset", "of": "noon"}, {"act": "publish", "of": "J"}, {"act": "expel", "of": "one"},
        {"act": "adopt", "of": "prompt", "value": "six hours"}, {"act": "adopt", "of": "prompt", "value": "two days"},
        {"act": "answer", "of": "all-well", "is_yes": True}, {"act": "answer", "of": "all-well"},
        {"act": "finding", "term": "ban", "against": "gov", "holds": "breach"},
        {"act": "finding", "term": "ban", "against": "gov", "holds": "no-breach"},
        {"act": "finding", "term": "told", "against": "gov", "holds": "breach"},
        {"act": "extend", "of": "opening"}, {"act": "end", "of": "I"}, {"act": "suspend", "of": "ban"},
        {"act": "confirm", "of": "retreat", "to": "opp"},
    ]
)  # fmt: skip
FIRST, LAST = second("2016-02-15"), second("2016-03-20")
hours = st.integers(0, (LAST - FIRST) // 3_600).map(lambda hour: FIRST + 3_600 * hour)
acts = st.lists(st.tuples(contents, hands, hours, st.integers(0, 200)), max_size=8).map(
    lambda rows: [
        replace(
            read_act({"id": f"a{i}", "by": by, "at": "2016-03-01", **content}, "UTC", 0),
            at=at,
            known_at=at + 3_600 * late,
        )
        for i, (content, by, at, late) in enumerate(rows)
    ]
)


def course(condition: str, record: list[SignedAct], known_at: int | None = None) -> Course:
    """When a condition holds, with this record."""
    return History(text_with(condition), record).as_known(known_at).window("X")


def until(found: Course, at: int) -> Course:
    """A course without what comes after a second."""
    steps = [(t, a) for t, a in zip(found.at, found.answers, strict=True) if t <= at]
    return Course(tuple(t for t, _ in steps), tuple(a for _, a in steps))


@given(condition=conditions, record=acts, at=hours)
def test_an_act_that_is_signed_later_changes_nothing_before(condition: str, record: list[SignedAct], at: int) -> None:
    """The law in force at a moment is not moved by what anybody signs afterwards."""
    signed_by_then = [act for act in record if act.at <= at]
    assert until(course(condition, record), at) == until(course(condition, signed_by_then), at)


@given(condition=conditions, record=acts, known_at=hours)
def test_an_act_that_became_known_later_was_not_known_then(
    condition: str, record: list[SignedAct], known_at: int
) -> None:
    """As known then is what was in the record then, for every moment asked about."""
    known = [act for act in record if act.known_at <= known_at]
    assert course(condition, record, known_at) == course(condition, known)


@given(condition=conditions, record=acts, data=st.data())
def test_the_order_of_a_record_does_not_matter(condition: str, record: list[SignedAct], data: st.DataObject) -> None:
    """Two readers who hold the same acts in another order find the same law."""
    shuffled = data.draw(st.permutations(record))
    assert course(condition, record) == course(condition, list(shuffled))


@given(condition=conditions, record=acts, at=hours)
def test_not_is_the_minus_sign(condition: str, record: list[SignedAct], at: int) -> None:
    """Kleene: twice not is nothing, and what cannot be decided cannot be denied either."""
    moment = Span(at, at + 1)
    found = [course(c, record).during(moment) for c in (condition, f"{{not: {condition}}}")]
    assert found[0].value == -found[1].value
    assert found[0].reasons == found[1].reasons


@given(first=conditions, other=conditions, record=acts, at=hours)
@settings(max_examples=25)
def test_and_is_the_minimum_and_or_the_maximum(first: str, other: str, record: list[SignedAct], at: int) -> None:
    """Kleene: whatever the two conditions are, and in either order."""
    moment = Span(at, at + 1)
    one, two = (course(c, record).during(moment).value for c in (first, other))
    whole = {w: course(f"{{{w}: [{first}, {other}]}}", record).during(moment).value for w in ("all", "any")}
    swapped = {w: course(f"{{{w}: [{other}, {first}]}}", record).during(moment).value for w in ("all", "any")}
    assert whole == swapped == {"all": min(one, two), "any": max(one, two)}


@given(condition=conditions, record=acts)
def test_a_sign_has_no_reason_and_a_zero_has_one(condition: str, record: list[SignedAct]) -> None:
    """Every 0 says what is missing, at every second of history; no sign pretends that something is."""
    found = course(condition, record)
    assert found.at[0] == LONG_AGO
    assert list(found.at) == sorted(set(found.at))
    assert [bool(answer.why) for answer in found.answers] == [answer.value == UNKNOWN for answer in found.answers]


@given(condition=conditions, record=acts, at=hours)
def test_a_chosen_reading_is_never_against_all_readings(condition: str, record: list[SignedAct], at: int) -> None:
    """Narrowing: where all readings agree, each alone says the same; a 0 may become a sign and no sign flips."""
    history = History(text_with(condition), [act for act in record if act.act != "adopt"])
    moment = Span(at, at + 1)
    open_ = history.as_known().window("X").during(moment).value
    for prompt in (0, 1):
        for often in (0, 1):
            chosen = Readings(chosen=(("prompt", prompt), ("often", often)))
            narrowed = history.as_known(None, chosen).window("X").during(moment).value
            assert open_ in (UNKNOWN, narrowed)


answers = st.sampled_from([SURE, NEVER, undecided(Reason.TIME), undecided(Reason.OPEN_WORD)])


@given(
    k=st.integers(0, 6),
    found=st.lists(answers, max_size=6),
    index=st.integers(0, 5),
    sign=st.sampled_from([SURE, NEVER]),
)
def test_at_least_k_is_never_against_any_world(k: int, found: list[Answer], index: int, sign: Answer) -> None:
    """Deciding one of the conditions may turn a 0 into a sign and never flips one; a permutation changes nothing."""
    before = at_least(k, found).value
    narrowed = [sign if i == index and a.value == UNKNOWN else a for i, a in enumerate(found)]
    assert before in (UNKNOWN, at_least(k, narrowed).value)
    assert at_least(k, reversed(found)).value == before


@given(found=st.lists(answers, min_size=1, max_size=6))
def test_at_least_one_is_or_and_at_least_all_is_and(found: list[Answer]) -> None:
    """The two ends of the scale are the words that everybody knows."""
    assert at_least(1, found).value == max(answer.value for answer in found)
    assert at_least(len(found), found).value == min(answer.value for answer in found)


def test_the_condition_of_a_text_is_what_its_json_says() -> None:
    """Plain values in, plain values out: nothing of a condition is lost between the text and its hash."""
    condition = "{at_least: {k: 2, of: [{accepted: gov}, {published: I}]}}"
    assert json.loads(json.dumps(text_with(condition).terms["X"].body["is"])) == {
        "at_least": {"k": 2, "of": [{"accepted": "gov"}, {"published": "I"}]}
    }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"at": None}, "a signed act needs `at`"),
        ({"at": "2024-01-01", "of": {"a": "b"}}, "`of`: expected a word, got"),
        ({"at": "2024-01-01", "to": ["a"]}, "`to`: expected a word, got"),
    ],
)
def test_a_signed_act_of_the_wrong_shape_is_refused(fields: dict[str, object], message: str) -> None:
    """A field that is empty is not there, and a mapping is no name."""
    with pytest.raises(InputError, match=message):
        read_act({"id": "x", "act": "accept", "by": "a", **fields}, "UTC", 0)


def test_an_empty_field_of_a_signed_act_is_not_the_word_none() -> None:
    """Exports write what is missing as null; nobody is called `None`."""
    act = read_act({"id": "x", "act": "notice", "by": "a", "at": "2024-01-01", "to": None, "about": None}, "UTC", 0)
    assert (act.to, act.about) == ("", ())
