"""Rules that a reader of the semantics would ask for, each on a law of a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from truceline.agreement.history import History, read_act
from truceline.agreement.text import load
from truceline.assess import bulk, spec
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.atlas import Atlas
from truceline.errors import AgreementError
from truceline.evidence.schema import JOINT, ONE, Named, Observation
from truceline.span import parse_instant

TEXT = """
truceline: 1
id: rules
actors:
  gov: {kind: state}
  opp: {kind: side}
  reb: {kind: group, side: opp}
  reb2: {kind: group, side: opp}
  nus: {kind: group, side: opp}
  list: {kind: list}
facts:
  - {accepted: [gov, reb, reb2]}
  - {status: excluded, of: nus, by: list}
FACTS
terms:
  - {id: A, kind: prohibit, who: bound, does: attack, to: bound TERM}
  - {id: B, kind: prohibit, who: bound, does: gain, to: bound, from: 2016-03-01T12:00}
"""


def law(*acts: Mapping[str, object], facts: str = "", term: str = "") -> Law:
    """The text above with more facts, more fields of its term, and signed acts."""
    made = load(TEXT.replace("FACTS", facts).replace(" TERM", term).encode(), "rules.yaml")
    history = History(made, [read_act(act, "UTC", 0) for act in acts])
    return Law(history.as_known(), Placed(made.zones, Atlas()))


def report(**fields: object) -> Observation:
    """Mortar fire by the government on a group, in the first minute of 1 March 2016."""
    start = parse_instant("2016-03-01", "UTC")
    base = Observation(
        "o", start, start + 60, acts=("mortar",), actor=Named(("gov",), ONE), target=Named(("reb",), ONE)
    )
    return replace(base, **fields)  # type: ignore[arg-type]  # fields of the dataclass by name


def answer(made: Observation, under: Law) -> tuple[int, list[str]]:
    """Value and reasons of A, the same in `spec` and in tables."""
    one = spec.judge(made, "A", under).covered
    many = bulk.judge_all(bulk.Docket([made], under), "A")
    assert (one.value, one.why) == (many.value[0], many.why[0])
    return one.value, [reason.value for reason in one.reasons]


def test_one_group_that_leaves_does_not_unbind_its_side() -> None:
    """The side is bound from its first recorded acceptance; another group's withdrawal changes nothing for it."""
    left = {"act": "withdraw", "by": "reb2", "at": "2016-02-01"}
    side = report(target=Named(("opp",), ONE, is_umbrella=True))
    assert answer(side, law(left)) == (1, [])
    assert answer(report(target=Named(("reb2",), ONE)), law(left)) == (-1, [])


def test_an_excluded_group_beside_an_umbrella_stays_excluded() -> None:
    """*Rebels and Nusra* is a mixed target: 0, and never surely covered."""
    assert answer(report(target=Named(("opp", "nus"), JOINT, is_umbrella=True)), law()) == (0, ["target"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"actor": Named(("gvo",), ONE)}, "actor"),
        ({"target": Named(("rebb",), ONE)}, "target"),
        ({"acts": ("morter",)}, "act"),
    ],
)  # fmt: skip
def test_what_the_agreement_does_not_know_is_never_a_sign(change: dict[str, object], reason: str) -> None:
    """A misspelt id, or an alias table of another case, must not read as *not covered*."""
    assert answer(report(**change), law()) == (0, [reason])


@pytest.mark.parametrize("field", ["persists: true", "together: PT6H", "by: 2016-01-01", "within: PT1H", "ahead: PT1H"])
def test_a_field_of_a_duty_is_refused_in_a_ban(field: str) -> None:
    """Ignoring a condition of the text would accuse without it."""
    with pytest.raises(AgreementError, match=f"only a `require` can have `{field.partition(':')[0]}`"):
        law(term=f", {field}")


def test_a_trigger_of_a_ban_is_its_beginning() -> None:
    """A ban `on` an event binds from that event on, and not before."""
    assert answer(report(), law(term=", on: {at: 2016-01-01}")) == answer(report(), law())
    assert answer(report(), law(term=", on: {at: 2099-01-01}")) == (-1, [])


def test_a_status_rule_with_an_unknown_word_is_refused() -> None:
    """`{not: exclude}` for `excluded` would bind the excluded."""
    with pytest.raises(AgreementError, match="unknown status `exclude`"):
        law(facts="  - {status: bound, is: {not: exclude}}")


def test_an_act_that_lasts_is_cut_where_a_capability_begins() -> None:
    """Who alone has aircraft from noon on is known for the afternoon; the tables cut where the meaning cuts."""
    under = law(facts="  - {sole: air-strike, actors: [gov], from: 2016-03-01T12:00}")
    day = report(acts=("air-strike",), actor=Named(), lasts=True, end=parse_instant("2016-03-02", "UTC"))
    assert answer(day, under) == (1, [])
