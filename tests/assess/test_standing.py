"""Signed acts: whose hand counts, and windows that lapse."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from truceline.agreement.history import History, read_act
from truceline.agreement.text import load
from truceline.assess import spec
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.atlas import Atlas
from truceline.errors import InputError
from truceline.evidence.schema import Named, Observation
from truceline.span import parse_instant

TEXT = """
truceline: 1
id: hands
instruments: {I: {from: 2016-03-01}}
actors: {us: {kind: guarantor}, ru: {kind: guarantor}, tf: {kind: body, members: [us, ru]},
gov: {kind: state}, kur: {kind: side}}
facts:
  - {accepted: [gov, us, ru]}
terms:
  - {id: calm, kind: define, is: {from: 2016-03-01, for: PT48H, then: prolong}}
  - {id: unsure, kind: define, is: {from: {readings: [2016-03-01, 2016-03-02]}, for: PT48H, then: prolong}}
  - {id: prolong, kind: power, who: tf, effect: {prolong: calm}, instrument: I}
  - {id: leave, kind: power, who: [us, ru], effect: {end: I}, instrument: I}
  - {id: A, kind: prohibit, who: gov, does: attack, instrument: I}
  - {id: P, kind: permit, who: gov, does: attack, except: [A], instrument: I, ask: proportionate}
"""
AGREEMENT = load(TEXT.encode(), "hands.yaml")


def history(*acts: Mapping[str, object]) -> History:
    """The text with some signed acts, all known at once."""
    return History(AGREEMENT, [read_act({"id": f"a{i}", **act}, "UTC", 0) for i, act in enumerate(acts)])


def at(text: str) -> int:
    """A second."""
    return parse_instant(text, "UTC")


@pytest.mark.parametrize(("by", "value"), [(["tf"], 1), (["us", "ru"], 1), (["us"], -1), (["gov"], -1), ([], -1)])
def test_only_the_competent_body_extends(by: list[str], value: int) -> None:
    """48 hours lapse on silence; one of two signatures is silence."""
    made = history({"act": "extend", "of": "prolong", "by": by, "at": "2016-03-02"})
    assert made.in_force(at("2016-03-03T12:00"))["calm"].value == value


def test_an_extension_after_the_lapse_runs_from_its_signature() -> None:
    """Between the lapse and the signature nothing was in force."""
    made = history({"act": "extend", "of": "prolong", "by": "tf", "at": "2016-03-05", "until": "2016-03-07"})
    found = [made.in_force(at(t))["calm"] for t in ("2016-03-02", "2016-03-04", "2016-03-05", "2016-03-07")]
    assert [a.value for a in found] == [1, -1, 1, -1]
    assert found[1].note == "lapsed"


def test_a_lapsing_window_with_two_starts_is_unknown_between_them() -> None:
    """Two readings of the start are two possible worlds, of the end too."""
    made = history()
    assert [
        made.in_force(at(t))["unsure"].value for t in ("2016-03-01T12:00", "2016-03-02T12:00", "2016-03-03T12:00")
    ] == [0, 1, 0]


@pytest.mark.parametrize("by", ["us", "kur"])
def test_only_who_has_the_power_ends_an_instrument(by: str) -> None:
    """The text gives the power to end to two states; a third hand ends nothing for anybody."""
    made = history({"act": "end", "of": "I", "by": by, "at": "2016-03-10"})
    assert made.in_force(at("2016-03-11"))["A"].value == (-1 if by == "us" else 1)


def judged(*acts: Mapping[str, object]) -> int:
    """An attack by the government on 5 March, with what was signed about it."""
    law = Law(history(*acts).as_known(), Placed({}, Atlas()))
    report = Observation("o", at("2016-03-05"), at("2016-03-05") + 60, acts=("mortar",), actor=Named(("gov",), "one"))
    return spec.judge(report, "A", law).covered.value


INVOKED = {"act": "invoke", "term": "P", "of": "o", "by": "gov", "at": "2016-03-06"}
ANSWER = {"act": "answer", "term": "P", "of": "o", "at": "2016-03-07", "is_yes": True}


def test_who_relies_on_an_exception_brings_it() -> None:
    """Not invoked it is covered; invoked it is open; answered it is decided. A stranger invokes nothing."""
    assert judged() == 1
    assert judged(INVOKED) == 0
    assert judged({**INVOKED, "by": "kur"}) == 1
    assert judged(INVOKED, {**ANSWER, "by": "tf"}) == -1
    assert judged(INVOKED, {**ANSWER, "by": "tf", "is_yes": False}) == 1


def test_the_bearer_does_not_answer_its_own_question() -> None:
    """*Proportionate?* is for the competent body; the attacker's own yes must not end the matter."""
    assert judged(INVOKED, {**ANSWER, "by": "gov"}) == 0


def test_a_no_in_quotes_is_not_a_yes() -> None:
    """`"is_yes": "false"` is refused; it excuses nothing."""
    with pytest.raises(InputError, match="is_yes"):
        judged(INVOKED, {**ANSWER, "by": "tf", "is_yes": "false"})


@pytest.mark.parametrize("by", [5, {"gov": 1}, ["gov", 5]])
def test_a_signed_act_without_readable_signers_is_refused(by: object) -> None:
    """Their file, their fault: an input error in one line."""
    from truceline.errors import InputError

    with pytest.raises(InputError):
        read_act({"act": "accept", "at": "2016-03-01", "by": by}, "UTC", 0)
