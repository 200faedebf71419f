"""Who was called what, and excluded or accepting by whom: renames, mergers, splits, lists, both readings."""

from __future__ import annotations

import pytest

from tests.case_files import shipped
from truceline.agreement.designations import (
    MEANING,
    STATES,
    Designation,
    Lists,
    designations,
    is_common,
    lists_of,
)
from truceline.agreement.history import History
from truceline.agreement.model import SignedAct
from truceline.agreement.text import load
from truceline.span import parse_instant
from truceline.verdict import NO, UNKNOWN, YES, Reason

TEXT = """truceline: 1
id: names
tz: UTC
sources: {T: the text}
actors:
  a: {kind: guarantor}
  b: {kind: guarantor}
  both: {kind: body, members: [a, b], decides: all}
  one-of: {kind: body, members: [a, b], decides: any}
  list: {kind: list}
  state: {kind: state}
  red: {kind: group}
  red-east: {part_of: red}
  blue: {kind: group}
  green: {kind: group}
  grey: {kind: group}
  whole: {kind: group}
  left: {kind: group}
  right: {kind: group}
  plain: {kind: group}
facts:
  - {name: red, as: Old, until: 2016-07-28, source: T, tag: V}
  - {name: red, as: New, from: 2016-07-28, source: T, tag: S}
  - {alias: red, as: Nickname, from: 2016-08-15, source: T}
  - {excluded: red, by: list, as: Old, until: 2026-02-27, source: T}
  - {excluded: blue, by: a, source: T}
  - {accepted: blue, by: b, from: 2016-02-26, source: T}
  - {excluded: green, by: a, from: 2016-03-01, source: T}
  - {excluded: grey, by: a, source: T}
  - {excluded: grey, by: b, source: T}
  - {accepted: [left, plain], by: a, source: T}
  - {accepted: [plain], by: b, source: T}
  - {accepted: state, from: 2016-02-26, source: T}
  - {accepted: whole, from: 2016-02-26, source: T}
  - {merged: [red, whole], into: blue, from: 2017-01-28, source: T, tag: S}
  - {split: whole, into: [left, right], from: 2016-10-01, source: T}
  - {status: counted, of: a, as: "47", source: T}
  - {status: counted, of: b, as: "138", source: T}
"""


def at(text: str, moment: str, *acts: SignedAct, known: str = "") -> dict[str, Designation]:
    """Every actor at a moment, by id."""
    agreement = load(text.encode(), "names.yaml")
    known_at = parse_instant(known, "UTC") if known else None
    found = designations(History(agreement, acts), parse_instant(moment, agreement.tz), known_at)
    return {one.actor: one for one in found}


def values(one: Designation) -> dict[str, tuple[int, int]]:
    """Status to its value by identity and by name."""
    return {status: (one.answers["identity"][status].value, one.answers["name"][status].value)
            for status in ("excluded", "bound")}  # fmt: skip


def test_every_actor_of_the_text_is_answered_for() -> None:
    """Whoever asks who is who must not miss an actor."""
    found = at(TEXT, "2016-08-01")
    assert list(found) == list(load(TEXT.encode(), "names.yaml").parties)
    assert not found["right"].is_recorded
    assert {one.state for one in found.values()} <= set(STATES)
    assert set(MEANING) == set(STATES)


def test_the_renamed_group_of_the_shipped_case_by_identity_and_by_name() -> None:
    """On 1 August 2016 Jabhat Fatah al-Sham is the same excluded actor; by the names on the list it is disputed."""
    moment = parse_instant("2016-08-01", shipped().tz)
    found = {one.actor: one for one in designations(History(shipped()), moment)}["jn"]
    assert [one.text for one in found.names if not one.is_alias] == ["Jabhat Fatah al-Sham"]
    assert [(one.before, one.after) for one in found.renames] == [("Jabhat al-Nusra", "Jabhat Fatah al-Sham")]
    assert found.answers["identity"]["excluded"].value == YES
    assert found.answers["name"]["excluded"].reasons == (Reason.DISPUTED_DESIGNATION,)
    assert found.answers["identity"]["bound"].value == NO
    assert found.answers["name"]["bound"].value == UNKNOWN
    assert found.state == "disputed"


@pytest.mark.parametrize(
    ("moment", "name", "state", "excluded", "renamed"),
    [
        ("2016-07-27T23:59", "Old", "agreed", (YES, YES), False),
        ("2016-07-28", "New", "disputed", (YES, UNKNOWN), True),
        ("2026-02-26T23:59", "New", "disputed", (YES, UNKNOWN), True),
        ("2026-02-27", "New", "not listed", (NO, NO), True),
    ],
)
def test_a_rename_and_a_removal_take_effect_at_their_second(
    moment: str, name: str, state: str, excluded: tuple[int, int], renamed: bool
) -> None:
    """Names and lists are dated facts: each answer turns exactly where its fact does."""
    red = at(TEXT, moment)["red"]
    assert [one.text for one in red.names if not one.is_alias] == [name]
    assert (red.state, values(red)["excluded"], bool(red.renames)) == (state, excluded, renamed)


def test_a_part_is_on_the_list_of_the_whole() -> None:
    """Who is part of a listed group is listed with it, and its listing says whom it names."""
    part = at(TEXT, "2016-07-01")["red-east"]
    assert [(one.issuer, one.of) for one in part.listings] == [("list", "red")]
    assert values(part)["excluded"] == (YES, YES)


def test_an_alias_is_no_new_name() -> None:
    """A nickname stands beside the name and renames nobody."""
    red = at(TEXT, "2016-09-01")["red"]
    assert [(one.text, one.is_alias) for one in red.names] == [("New", False), ("Nickname", True)]
    assert len(red.renames) == 1
    assert [one.is_alias for one in at(TEXT, "2016-08-01")["red"].names] == [False]


@pytest.mark.parametrize(
    ("actor", "moment", "state"),
    [
        ("blue", "2016-02-25", "one-sided"),
        ("blue", "2016-02-26", "disputed"),
        ("green", "2016-02-28", "not listed"),
        ("green", "2016-03-01", "one-sided"),
        ("grey", "2016-03-01", "agreed"),
        ("plain", "2016-03-01", "not listed"),
    ],
)
def test_the_states_of_a_designation(actor: str, moment: str, state: str) -> None:
    """One guarantor alone is one-sided, against the other's list disputed, both together agreed."""
    assert at(TEXT, moment)[actor].state == state


def test_who_says_what_is_shared_by_all() -> None:
    """A list, the text, a body of all guarantors, all guarantors; never one party, nor a body of any of them."""
    agreement = load(TEXT.encode(), "names.yaml")
    for issuers, expected in (
        (["list"], True), ([""], True), (["both"], True), (["a", "b"], True),
        (["a"], False), (["one-of"], False), (["state"], False), (["council"], True), ([], False),
    ):  # fmt: skip
        assert is_common(agreement, issuers) is expected, issuers


def test_a_merger_passes_nothing_on_and_asks() -> None:
    """Red was excluded and whole had accepted: blue is neither by that, and the table asks."""
    before, after = at(TEXT, "2017-01-27")["blue"], at(TEXT, "2017-02-01")["blue"]
    assert values(before) == values(after)
    assert before.changes == ()
    assert [(one.what, one.of) for one in after.changes] == [("merged", "red"), ("merged", "whole")]
    asked = [question for question in after.questions if "does the text?" in question]
    assert [question.split(",")[:2] for question in asked] == [["`red`", " excluded"], ["`whole`", " accepted"]]
    assert "2017-01-28" in asked[0]
    assert any("act by itself" in question for question in at(TEXT, "2017-02-01")["red"].questions)


def test_a_split_passes_nothing_on_and_asks() -> None:
    """The whole had accepted: a part that no list names is not bound by that, and the table asks."""
    found = at(TEXT, "2016-10-02")
    assert values(found["right"])["bound"] == (NO, NO)
    assert [question for question in found["right"].questions if "`whole`, accepted, split into" in question]
    assert any("go on beside" in question for question in found["whole"].questions)
    assert at(TEXT, "2016-09-30")["right"].questions == ()


def test_what_a_part_has_by_itself_is_not_asked() -> None:
    """Where the part accepted for itself, nothing is left open about its acceptance."""
    own = SignedAct("x", "accept", ("right",), parse_instant("2016-10-01", "UTC"), 0)
    assert at(TEXT, "2016-10-02", own)["right"].questions == ()


def test_an_acceptance_is_shown_with_who_says_it() -> None:
    """Attested by a guarantor, recorded of itself, signed: each with its own line, from its own second."""
    own = SignedAct(
        "entry-9", "accept", ("blue",), parse_instant("2016-05-01", "UTC"), parse_instant("2016-06-01", "UTC")
    )
    assert [one.by for one in at(TEXT, "2016-05-02", own)["blue"].accepted] == ["b", ""]
    assert [one.source for one in at(TEXT, "2016-05-02", own)["blue"].accepted] == ["T", "entry-9"]
    assert [one.by for one in at(TEXT, "2016-04-30", own)["blue"].accepted] == ["b"]
    assert [one.by for one in at(TEXT, "2016-05-02", own, known="2016-05-15")["blue"].accepted] == ["b"]


def test_a_group_on_one_list_only_is_asked_about() -> None:
    """Listed as accepting by one guarantor alone it is possibly bound; by both it is bound, and nothing is asked."""
    found = at(TEXT, "2016-03-01")
    assert found["left"].questions == ("only `a` lists `left` as accepting: is it bound?",)
    assert values(found["left"])["bound"] == (UNKNOWN, UNKNOWN)
    assert found["plain"].questions == ()
    assert values(found["plain"])["bound"] == (YES, YES)


def test_a_list_that_ended_is_no_change_of_the_text() -> None:
    """After the removal the table says what it changed and what it did not; before, it says nothing."""
    assert [q for q in at(TEXT, "2026-02-27")["red"].questions if "ended on 2026-02-27" in q]
    assert not [q for q in at(TEXT, "2026-02-26")["red"].questions if "ended" in q]


def test_a_list_with_another_name_is_asked_about() -> None:
    """The list has the old name; whether it means the renamed group is the question."""
    questions = at(TEXT, "2016-08-01")["red"].questions
    assert questions == ("`list` lists Old; `red` is then called New: is it meant?",)
    assert at(TEXT, "2016-07-01")["red"].questions == ()


def test_the_lists_of_accepting_groups_side_by_side() -> None:
    """Whom both list, whom one lists alone, and what each says of its own list: nobody is lost, nobody twice."""
    agreement = load(TEXT.encode(), "names.yaml")
    lists = lists_of(agreement, parse_instant("2016-03-01", "UTC"))
    assert lists == Lists(("a", "b"), {"blue": ("b",), "left": ("a",), "plain": ("a", "b")}, {"a": "47", "b": "138"})
    assert lists.parts == {("a", "b"): ("plain",), ("a",): ("left",), ("b",): ("blue",)}
    earlier = lists_of(agreement, parse_instant("2016-02-25", "UTC"))
    assert "blue" not in earlier.listed


def test_swapping_the_guarantors_mirrors_the_table() -> None:
    """No guarantor's word weighs more: with the two swapped everywhere the table is the same, swapped."""
    swapped = TEXT.replace("by: a", "by: ?").replace("by: b", "by: a").replace("by: ?", "by: b")
    swapped = swapped.replace("of: a,", "of: ?,").replace("of: b,", "of: a,").replace("of: ?,", "of: b,")
    moment = parse_instant("2016-03-01", "UTC")
    one, other = (lists_of(load(text.encode(), "x"), moment) for text in (TEXT, swapped))
    flip = {"a": "b", "b": "a"}
    assert other.parts == {tuple(sorted(flip[g] for g in by)): who for by, who in one.parts.items()}
    states = [{k: v.state for k, v in at(text, "2016-03-01").items()} for text in (TEXT, swapped)]
    assert states[0] == states[1]
