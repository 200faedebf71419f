"""What changed between two texts, and the canonical text of one: nothing is missed, nothing is judged."""

from __future__ import annotations

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truceline.agreement.diff import KINDS, Diff, Km2, diff, pieces
from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.agreement.wording import cleaned, languages, wording
from truceline.errors import InputError

OLD = """truceline: 1
id: t
title: {en: A truce, ar: هدنة}
sources: {T: "a text"}
actors:
  a: {kind: guarantor}
  north: {kind: side}
  south: {kind: side}
facts:
  - {accepted: [north, south], source: T}
zones:
  u: {polygon: [[36, 35], [37, 35], [37, 36], [36, 36]]}
words:
  prompt: {readings: [{within: PT6H}, {within: P2D}], adopted: none}
terms:
  - {id: start, kind: define, is: {at: 2024-01-01}, source: T}
  - {id: calm, kind: define, is: {from: start, for: PT48H}, source: T}
  - {id: n, kind: prohibit, who: [north, south], does: attack, in: u, while: calm, source: T,
     text: {en: No attacks., ar: لا هجوم.}}
  - {id: d, kind: require, who: north, do: pull, on: {at: start}, within: PT6H, source: T,
     text: {en: The north pulls back.}}
  - {id: w, kind: require, who: south, do: pull, text: withheld, source: T}
"""


def text(*changes: tuple[str, str]) -> Agreement:
    """The old text with some changes."""
    made = OLD
    for old, new in changes:
        assert old in made
        made = made.replace(old, new)
    return load(made.encode(), "t.yaml")


def sized(size: int | None) -> Km2:
    """A measure by which every zone has one size."""
    return lambda _zones: size


def follows(found: Diff, kind: str) -> list[tuple[str, str]]:
    """The consequences of one kind."""
    return [(c.about, c.message) for c in found.consequences if c.kind == kind]


def test_a_text_against_itself_is_the_same() -> None:
    """And so it is against the same values in other bytes: comments and order of keys say nothing."""
    assert diff(text(), text()).is_empty
    assert diff(text(), text(("truceline: 1", "truceline: 1   # the format"))).is_empty
    assert diff(text(), text(("kind: side}\n  south", "kind: side}   # a side\n  south"))).is_empty


def test_words_are_compared_one_by_one_in_each_language() -> None:
    """Each clause, each language, with what was taken out and what was put in."""
    found = diff(text(), text(("No attacks.", "No attacks at all."), ("لا هجوم.", "لا هجوم البتة.")))
    assert [(w.id, w.lang) for w in found.words] == [("n", "en"), ("n", "ar")]
    assert [(p.how, p.text) for p in found.words[0].pieces] == [
        ("same", "No"),
        ("taken", "attacks."),
        ("put", "attacks at all."),
    ]
    assert found.parts == ()
    assert diff(text(), text(("No attacks.", "None.")), lang="ar").is_empty


WORD = st.text(alphabet="abc ", max_size=12)


@given(WORD, WORD)
def test_pieces_put_together_are_both_wordings(was: str, now: str) -> None:
    """A diff that loses a word hides a change."""
    found = pieces(was, now)
    assert " ".join(p.text for p in found if p.how != "put") == " ".join(was.split())
    assert " ".join(p.text for p in found if p.how != "taken") == " ".join(now.split())


def test_terms_are_compared_field_by_field_with_the_lines_of_both() -> None:
    """Added, removed, changed: each with old and new."""
    found = diff(text(), text(("\n  - {id: d,", "\n  - {id: e,"), ("while: calm", "from: start")))
    parts = {p.id: p for p in found.parts}
    assert {(p.id, p.how) for p in found.parts} == {("n", "changed"), ("d", "removed"), ("e", "added")}
    assert [(f.field, f.was, f.now) for f in parts["n"].fields] == [("from", None, "start"), ("while", "calm", None)]
    assert (parts["n"].lines, parts["d"].lines, parts["e"].lines) == ((18, 18), (20, 0), (0, 20))


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (("id: t\n", "id: s\n"), "head"), (("south: {kind: side}", "south: {kind: group}"), "actor"),
        (("[north, south], source: T}\nzones", "north, source: T}\nzones"), "fact"), (("[37, 35]", "[37, 34]"), "zone"),
        (("P2D", "P3D"), "word"), (("who: south", "who: north"), "term"),
        (("id: t\n", "id: t\nfindings: {remarks: PT24H}\n"), "head"),
    ],
)  # fmt: skip
def test_no_part_of_a_text_changes_unseen(change: tuple[str, str], part: str) -> None:
    """What is not compared can be changed overnight."""
    assert [p.part for p in diff(text(), text(change)).parts] == [part]


def test_who_gains_and_who_loses_is_named() -> None:
    """Actor by actor: a name that is taken out of `who` loses a prohibition, and one that is put in gains it."""
    found = diff(
        text(), text(("who: [north, south], does", "who: [north], does"), ("who: north, do", "who: [north, a], do"))
    )
    assert follows(found, "loses") == [("n", "`south` loses the prohibition `n`")]
    assert follows(found, "gains") == [("d", "`a` gains the duty `d`")]


def test_a_moment_that_moves_takes_its_terms_along() -> None:
    """The definition, how many terms rest on it, and each window that moved."""
    found = diff(text(), text(("{at: 2024-01-01}", "{at: 2024-01-03T12:00}")))
    assert follows(found, "moved") == [
        ("start", "definition `start`: begins 2 days 12 hours later; 3 terms rest on it"),
        ("calm", "definition `calm`: begins 2 days 12 hours later, ends 2 days 12 hours later, lasts as long; "
         "1 term rests on it"),
    ]  # fmt: skip
    assert [about for about, _ in follows(found, "window")] == ["n", "d"]


@pytest.mark.parametrize(("new", "way"), [("PT72H", "longer by 1 day"), ("PT12H", "shorter by 1 day 12 hours")])
def test_a_longer_or_shorter_window_says_by_how_much(new: str, way: str) -> None:
    """A window of a definition, and of each term that rests on it."""
    found = diff(text(), text(("PT48H", new)))
    assert [about for about, said in follows(found, "moved") if f"lasts {way}" in said] == ["calm"]
    assert [about for about, said in follows(found, "window") if f"lasts {way}" in said] == ["n"]


@pytest.mark.parametrize(("new", "way"), [("PT72H", "longer by 1 day"), ("PT12H", "shorter by 1 day 12 hours")])
def test_a_window_that_may_be_prolonged_has_no_known_end_but_a_length(new: str, way: str) -> None:
    """Who may extend it makes its end unknown; how long it lasts by itself is still told."""
    power = ("\n  - {id: n,", "\n  - {id: more, kind: power, who: a, source: T}\n  - {id: n,")
    old = text(("for: PT48H", "for: PT48H, then: more"), power)
    found = diff(old, text(("for: PT48H", f"for: {new}, then: more"), power))
    assert follows(found, "deadline") == [("calm", f"`calm`: `for` is {way}")]
    assert follows(found, "moved") == []


def test_a_deadline_that_changes_says_by_how_much() -> None:
    """Six hours or two days is often the whole quarrel."""
    longer = text(("do: pull, on: {at: start}, within: PT6H", "do: pull, on: {at: start}, within: P2D"))
    assert follows(diff(text(), longer), "deadline") == [("d", "`d`: `within` is longer by 1 day 18 hours")]


def test_a_zone_that_grew_says_by_how_many_square_kilometres() -> None:
    """Whole numbers from outside: shapes are not this module's."""
    wider = text(("[37, 35]", "[37, 34]"))
    for before, after, kind, said in (
        (5_000, 5_250, "zone-larger", "zone `u` is larger by 250 km²: 5,000 -> 5,250 km²"),
        (5_250, 5_000, "zone-smaller", "zone `u` is smaller by 250 km²: 5,250 -> 5,000 km²"),
        (5_000, 5_000, "zone-moved", "zone `u` lies elsewhere, 5,000 km² as before"),
    ):
        found = diff(text(), wider, sizes=(sized(before), sized(after)))
        assert follows(found, kind) == [("u", said)]
    unknown = diff(text(), wider, sizes=(sized(None), sized(5_000)))
    assert not any(c.kind.startswith("zone") for c in unknown.consequences)


def test_a_reading_that_is_adopted_and_a_text_that_is_published_are_named() -> None:
    """Both close a question that stood open."""
    found = diff(text(), text(("adopted: none", "adopted: 0"), ("text: withheld", "text: {en: The south pulls back.}")))
    assert follows(found, "reading-adopted") == [("prompt", "word `prompt` is no longer open")]
    assert follows(found, "published") == [("w", "the text of `w` is published")]


def test_the_list_of_consequences_is_closed() -> None:
    """A reader of the JSON relies on it."""
    changes = (
        ("PT48H", "PT72H"),
        ("adopted: none", "adopted: 0"),
        ("who: north, do", "who: a, do"),
        ("2024-01-01", "2024-02-01"),
    )
    assert {c.kind for c in diff(text(), text(*changes)).consequences} <= set(KINDS)


# -- the canonical text ----------------------------------------------------------------------------------------------


def test_the_canonical_text_holds_every_clause_in_order() -> None:
    """Worded, worded in another language, withheld, without wording: each is shown as what it is."""
    made = wording(text(), "ar")
    assert made.text == (
        "هدنة\n[t] [ar]\n"
        "\nstart. [no wording: define]\n    [T]\n"
        "\ncalm. [no wording: define]\n    [T]\n"
        "\nn. لا هجوم.\n    [T]\n"
        "\nd. The north pulls back. [en]\n    [T]\n"
        "\nw. [withheld]\n    [T]\n"
    )
    assert made.missing == ("d",)
    assert made.sha256 == hashlib.sha256(made.text.encode()).hexdigest()
    assert languages(text()) == ("en", "ar")


def test_bytes_do_not_depend_on_how_the_file_is_written() -> None:
    """Blanks, comments, composed letters and marks that turn text round are no other text."""
    same = text(("No attacks.", '"No\\n  attacks.\\u202E"'), ("truceline: 1", "truceline: 1  # x"))
    assert wording(same, "en").data == wording(text(), "en").data
    composed, apart = (text(("No attacks.", word)) for word in ("Caf\u00e9.", "Cafe\u0301."))
    assert wording(composed, "en").sha256 == wording(apart, "en").sha256 != wording(text(), "en").sha256


@given(st.text(max_size=40))
def test_a_cleaned_wording_stays_as_it_is(given_text: str) -> None:
    """One form: cleaning twice is cleaning once, and the result is NFC on one line."""
    once = cleaned(given_text)
    assert cleaned(once) == once == unicodedata.normalize("NFC", once)
    assert "\n" not in once and "\u202e" not in once


def test_published_versions_stand_below_their_clause() -> None:
    """Two versions of one clause are both the text."""
    versions = (
        "versions: [{name: paper, source: T, until: 2024-02-01}, {name: broadcast, source: T, until: 2024-02-03}]"
    )
    made = text(("{id: d, kind: require", f"{{id: d, {versions}, kind: require"))
    assert "    [version · paper · T]\n    [version · broadcast · T]\n" in wording(made, "en").text


def test_a_language_of_neither_text_is_refused() -> None:
    """That two texts say the same in a language in which neither is worded would be no comparison."""
    with pytest.raises(InputError, match="expected a language of the texts: en, ar, got `xx`"):
        diff(text(), text(), lang="xx")
