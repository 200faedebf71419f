"""Duties, clocks, readings and versions in the text: what is refused, with its line and what was expected."""

from __future__ import annotations

import pytest

from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.errors import AgreementError

TEXT = """\
truceline: 1
id: duties
tz: UTC
actors:
  us: {kind: guarantor}
  ru: {kind: guarantor}
  a: {kind: state}
  b: {kind: state}
words:
  prompt: {readings: [{name: six hours, within: PT6H}, {name: two days, within: P2D}], adopted: none}
terms:
  - {id: start, kind: define, is: {at: 2016-03-01}}
  - {id: D, kind: define, is: {at: 2016-03-10}}
"""


def read(*terms: str, words: str = "") -> Agreement:
    """The text above with more terms, each on a line of its own from line 14 on."""
    text = TEXT.replace("  prompt:", f"{words}  prompt:") if words else TEXT
    return load((text + "".join(f"  - {{{term}}}\n" for term in terms)).encode(), "duties.yaml")


REFUSED = [
    (
        ["id: A, kind: require, who: a, on: {at: D}, together: {within: PT6H, with: [B]}, do: leave",
         "id: B, kind: require, who: b, on: {done: A}, together: {within: PT6H, with: [A]}, do: leave"],
        "14: term `A`: `together` with `B`, and one of them waits for the other",
    ),
    (
        ["id: A, kind: require, who: a, on: {at: D}, together: PT6H, do: leave",
         "id: B, kind: require, who: b, on: {at: D}, together: PT9H, do: leave"],
        "14: term `A`: `together` with `B`, which says `PT9H`",
    ),
    (
        ["id: A, kind: require, who: a, together: {within: PT6H, with: [C]}, do: leave"],
        "14: term `A`: `together` expects names of duties in `with`, got `C`",
    ),
    (
        ["id: A, kind: prohibit, who: a, does: attack, while: {fulfilled: B}",
         "id: B, kind: prohibit, who: b, does: attack, while: {fulfilled: A}"],
        "14: term `A`: its `while` leads back to itself at the same instant",
    ),
    (
        ["id: A, kind: permit, does: attack, except: [B]", "id: B, kind: permit, does: attack, except: [A]"],
        "14: term `A`: an exception that leads back to itself",
    ),
    (
        ["id: A, kind: require, who: a, on: {at: D}, by: 2016-03-09, do: leave"],
        "14: term `A`: its deadline 2016-03-09T00:00:00Z is not after its trigger 2016-03-10T00:00:00Z",
    ),
    (["id: A, kind: require, who: a, within: soon, do: leave"], "14: term `A`: `within`: expected a duration such as"),
    (["id: A, kind: require, who: a, within: {civil_days: 0}, do: leave"], "14: term `A`: `within`: expected"),
    (["id: A, kind: require, who: a, else: B, do: leave"], "14: term `A`: `else` expects the name of a `require`"),
    (["id: A, kind: require, who: a, procure: z, do: leave"], "14: term `A`: unknown actor `z` in `procure`"),
    (["id: A, kind: power, who: a, effort: true"], "14: term `A`: only a `require` can have `effort`, got `power`"),
    (["id: A, kind: require, who: a, clock: slow, do: leave"], "14: clock: expected one of stops, runs, got `slow`"),
    (["id: A, kind: prohibit, who: a, does: attack, protects: trees"], "14: protects: expected one of civilians"),
    (["id: A, kind: define, versions: [{name: one, is: start}]"], "14: term `A`: `versions` expects a list"),
    (["id: A, kind: define, versions: [{is: start}, {iz: D}]"], "14: term `A`: a version: unknown field `iz`"),
    (["id: A, kind: define, is: {ratio: {count: attack}, at_most: 1}"], "14: term `A`: `ratio` needs `from`, and"),
    (["id: A, kind: define, is: {untill: D}"], "14: term `A`: unknown word `untill` in a condition"),
]  # fmt: skip


@pytest.mark.parametrize(("terms", "message"), REFUSED, ids=[message[4:50] for _, message in REFUSED])
def test_what_cannot_run_is_refused_with_its_line(terms: list[str], message: str) -> None:
    """Each is a text that a drafter can write, and that would never have one answer."""
    with pytest.raises(AgreementError) as caught:
        read(*terms)
    assert f"duties.yaml:{message}" in str(caught.value)


@pytest.mark.parametrize(
    ("adopted", "is_known"), [("none", True), ("six hours", True), ("1", True), ("2", False), ("soon", False)]
)
def test_a_word_adopts_a_reading_that_it_has(adopted: str, is_known: bool) -> None:
    """By name or number; another is refused with the line of the word and the names that there are."""
    text = TEXT.replace("adopted: none", f"adopted: {adopted}").encode()
    if is_known:
        assert load(text, "duties.yaml").words["prompt"]["adopted"] in (adopted, 1)
        return
    message = f"duties.yaml:10: word `prompt`: unknown reading `{adopted}`: expected one of none, six hours, two days"
    with pytest.raises(AgreementError, match=message):
        load(text, "duties.yaml")


def test_two_readings_of_one_name_are_refused() -> None:
    """An adoption by name would mean both."""
    with pytest.raises(AgreementError, match="word `late`: two readings of one name"):
        read(words="  late: {readings: [{name: x, within: PT1H}, {name: x, within: PT2H}]}\n")


def test_mutual_duties_may_be_simultaneous_or_look_back() -> None:
    """Both ways out of a circle that the fault names are taken."""
    for way in ("{fulfilled: OTHER, simultaneous: true}", "{complies: PARTY}"):
        a, b = (way.replace("OTHER", o).replace("PARTY", p) for o, p in (("B", "b"), ("A", "a")))
        made = read(
            f"id: A, kind: prohibit, who: a, does: attack, while: {a}",
            f"id: B, kind: prohibit, who: b, does: attack, while: {b}",
        )
        assert set(made.terms) == {"start", "D", "A", "B"}


def test_every_field_of_a_duty_is_kept() -> None:
    """What a text says of clocks, proof and protection stands in the term."""
    term = read(
        "id: A, kind: require, who: a, procure: b, within: {civil_days: 2}, clock: runs, proof: record, protects: aid, "
        "do: leave, versions: [{name: x, within: PT1H}, {name: y, absent: true}]"
    ).terms["A"]
    assert (term.procure, term.clock, term.proof, term.is_protective) == ("b", "runs", "record", True)
    assert [one["name"] for one in term.versions] == ["x", "y"]
