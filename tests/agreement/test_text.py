"""The text of an agreement: what is read, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.case_files import SHIPPED
from truceline.agreement import check
from truceline.agreement.model import TERM_KINDS, Agreement
from truceline.agreement.text import load
from truceline.errors import AgreementError

EXAMPLE = Path(__file__).parent / "terms-example.yaml"

SOUND = """\
truceline: 1
id: sound
tz: Asia/Damascus
sources: {J: joint statement}
actors:
  alba: {kind: state}
  beda: {kind: state}
facts:
  - {accepted: alba, from: 2016-02-23, source: J}
zones:
  square: {polygon: [[36.0, 35.0], [36.2, 35.0], [36.2, 35.2], [36.0, 35.2]]}
terms:
  - {id: start, kind: define, is: {at: 2016-02-27T00:00}}
  - {id: ban, kind: prohibit, who: bound, does: attack, to: beda, in: square, from: start, source: J.1}
  - {id: defence, kind: permit, does: attack, except: [ban], ask: proportionate}
"""

TEN_FAULTS = """\
truceline: 1
id: faulty
tz: Asia/Damascus
sources: {J: joint statement}
actors:
  alba: {kind: state}
  alba: {kind: side}
zones:
  square: {polygon: [[36.0, 35.0], [36.2, 35.0], [36.2, 35.2]], from: 2016-09-19, until: 2016-09-12}
terms:
  - {id: a, kind: prohibit, who: alba, does: attack, untill: 2016-03-01}
  - {id: b, kind: prohibit, who: gondor, does: attack}
  - {id: c, kind: prohibit, who: alba, does: attack, in: circle}
  - {id: d, kind: prohibit, who: alba, does: teleport}
  - {id: e, kind: permit, does: attack, except: [z]}
  - {id: f, kind: define, is: {from: 2016-03-01, for: 48 hours}}
  - {id: g, kind: prohibit, who: alba, does: attack, from: next week}
  - {id: h, kind: permit, does: attack, except: [h]}
"""


def lines(error: AgreementError) -> list[int]:
    """The lines that an error names."""
    return [fault.line for fault in error.faults]


def faults_of(text: str) -> AgreementError:
    """The error with which a text is refused."""
    with pytest.raises(AgreementError) as caught:
        load(text.encode(), "agreement.yaml")
    return caught.value


def changed(old: str, new: str) -> tuple[str, int]:
    """The sound text with one piece replaced, and the line of the replacement."""
    assert SOUND.count(old) == 1, old
    return SOUND.replace(old, new), SOUND[: SOUND.index(old)].count("\n") + 1


def test_the_worked_example_of_the_design_is_read() -> None:
    """The design's own example needs all five kinds of term, and nothing else."""
    agreement = load(EXAMPLE.read_bytes(), EXAMPLE.name)
    assert {term.kind for term in agreement.terms.values()} == set(TERM_KINDS)
    assert len(agreement.terms) == 31
    assert agreement.terms["refer"].source == "J.4"
    assert agreement.terms["no-attack"].line == 45
    assert agreement.parties["tf"].members == ("us", "ru")


def test_the_shipped_agreement_is_read_without_a_conflict() -> None:
    """What ships must load; terms that require and forbid the same act would be named as warnings."""
    agreement = load((SHIPPED / "agreement.yaml").read_bytes(), "agreement.yaml")
    assert agreement.warnings == ()
    assert {term.kind for term in agreement.terms.values()} == set(TERM_KINDS)


def test_every_row_of_the_clause_table_is_a_term_of_the_shipped_agreement() -> None:
    """All rows F1 to U1 of the clause table must be expressible; parts of a row carry its name and a letter."""
    rows = [
        line.split("|")[1].strip()
        for line in (SHIPPED / "clauses.md").read_text("utf-8").splitlines()
        if line.startswith(tuple(f"| {letter}{digit}" for letter in "FSJRU" for digit in "123456789"))
    ]
    terms = load((SHIPPED / "agreement.yaml").read_bytes(), "agreement.yaml").terms
    assert len(rows) == 42
    assert [row for row in rows if not any(t == row or t[:-1] == row or t.startswith(f"{row}-") for t in terms)] == []


def test_ten_faults_are_ten_lines() -> None:
    """All faults of one file are told at once, each with its line; who repairs one should see the other nine."""
    error = faults_of(TEN_FAULTS)
    assert lines(error) == [7, 9, 11, 12, 13, 14, 15, 16, 17, 18]
    assert str(error).splitlines() == [str(fault) for fault in error.faults]
    assert all(line.startswith("agreement.yaml:") and line == line.strip() for line in str(error).splitlines())


def test_the_sound_text_is_sound() -> None:
    """The tests below change one thing in it; were it faulty itself, they would show nothing."""
    assert list(load(SOUND.encode(), "agreement.yaml").terms) == ["start", "ban", "defence"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("from: start, source: J.1", "fromm: start, source: J.1", "unknown field `fromm`"),
        ("who: bound", "who: gondor", "unknown actor `gondor`"),
        ("accepted: alba", "accepted: gondor", "unknown actor `gondor`"),
        ("in: square", "in: circle", "unknown zone `circle`"),
        ("does: attack, to", "does: teleport, to", "unknown act `teleport`"),
        ("except: [ban]", "except: [bam]", "unknown term `bam`"),
        ("ask: proportionate", "overrides: [bam]", "unknown term `bam`"),
        ("except: [ban]", "except: [defence]", "leads back to itself"),
        ("is: {at: 2016-02-27T00:00}", "is: {at: start}", "leads back to itself"),
        ("kind: permit, does: attack", "kind: prohibit, does: attack", "only a `permit` can be an exception"),
        ("source: J.1", "source: K.1", "unknown source `K.1`"),
        ("from: start", "from: the start", "expected a time or the name of a term"),
        ("from: start", "from: 2016-13-27", "expected a time or the name of a term"),
        ("from: start", "from: start, until: 2016-02-30", "expected a time or the name of a term"),
        ("from: start", "from: 2016-03-01, until: 2016-03-01", "ends before it begins"),
        ("2016-02-23", "2016-02-23, until: 2016-02-22", "a fact ends before it begins"),
        ("2016-02-23", "yesterday", "expected a date or time"),
        ("is: {at: 2016-02-27T00:00}", "is: {from: 2016-02-27, for: two days}", "expected a duration"),
        ("is: {at: 2016-02-27T00:00}", "is: {ad: 2016-02-27T00:00}", "`ad`"),
        ("id: defence", "id: ban", "stands here twice"),
        ("kind: permit", "kind: allow", "expected one of prohibit, require, permit, power, define"),
        ("id: defence, kind: permit", "id: defence", "expected a `kind`"),
        ("tz: Asia/Damascus", "tz: Asia/Atlantis", "unknown time zone `Asia/Atlantis`"),
        ("truceline: 1", "truceline: 2", "expected `truceline: 1`"),
        ("alba: {kind: state}", "bound: {kind: state}", "this word is reserved"),
        ("alba: {kind: state}", "alba: {kind: kingdom}", "expected one of"),
        ("beda: {kind: state}", "beda: {part_of: gondor}", "unknown actor `gondor`"),
        ("[36.2, 35.2], [36.0, 35.2]]", "[36.2, 35.2]], until: 1999-13", "expected a date or time"),
        ("{polygon: [[36.0, 35.0], [36.2, 35.0], [36.2, 35.2], [36.0, 35.2]]}", "{}", "expected exactly one of"),
        ("[36.0, 35.2]]", "[36.0, 35.2]], alt_m: [9000, 3000]", "expected `[floor, ceiling]`"),
        ("[36.0, 35.2]]", "[36.0, 35.2]], from: 2016-09-19, until: 2016-09-12", "ends before it begins"),
        ("from: start, source", "on: gondor, source", "expected a time or the name of a term, got `gondor`"),
        ("from: start, source", "on: true, source", "expected a time or a condition, got `True`"),
        ("from: start, source", "after: {at: 100000000000}, source", "got `100000000000`"),
        ("from: start, source", "while: {before: gondor}, source", "got `gondor`"),
        ("from: start, source", "while: {of: start, within: 5}, source", "`within`: expected a duration"),
        ("from: start, source", "versions: [{from: start}, {from: gondor}], source", "a version: expected a time"),
        ("from: start, source", "versions: [{within: soon}, {within: PT6H}], source", "a version: `within`"),
        ("kind: permit, does: attack, except: [ban]", "kind: require, else: {ban: 1}", "`else` expects the name"),
        (
            "kind: permit, does: attack, except: [ban]",
            "kind: require, together: {within: PT1H, with: [{a: 1}]}",
            "`together` expects names",
        ),
        ("zones:", "  - {status: calm, is: {not: [gondor]}}\nzones:", "unknown status `gondor`"),
        ("zones:", "words: {w: {readings: [{deaths_vs_baseline: few}]}}\nzones:", "expects a share such as 0.25"),
        ("zones:", "words: {w: {readings: [{within: soon}, {}]}}\nzones:", "expected a duration"),
        ("zones:", "words: {w: {readings: [{name: x, at: w}]}}\nzones:", "a reading that leads back to itself"),
        ("zones:", "words: {w: {readings: often}}\nzones:", "`readings` expects a list, got `often`"),
    ],
)
def test_one_fault_is_told_with_its_line(old: str, new: str, message: str) -> None:
    """A misspelt `untill` must never silently make a ban endless; every fault names its line and what was expected."""
    text, line = changed(old, new)
    error = faults_of(text)
    found = [fault for fault in error.faults if message in fault.message]
    assert found, str(error)
    if "unknown actor `gondor`" not in message or "part_of" not in new:
        assert {fault.line for fault in found} <= {line, line + new.startswith("  - {status")}, str(error)


def test_a_fault_of_an_actor_is_told_with_its_line() -> None:
    """Line numbers are cited, so that an actor who is part of nobody is found among seventy."""
    text, line = changed("beda: {kind: state}", "beda: {part_of: gondor}")
    assert lines(faults_of(text)) == [line]


def test_a_zone_that_is_a_union_of_itself_is_refused() -> None:
    """A zone that leads back to itself has no place."""
    text, line = changed("terms:", "  ring: {union: [ring, square]}\nterms:")
    error = faults_of(text)
    assert lines(error) == [line]
    assert "a union of itself" in str(error)


def test_exceptions_in_a_circle_are_refused_once() -> None:
    """Exceptions are acyclic; one circle of two terms is one fault, not two."""
    more = """\
  - {id: mercy, kind: permit, does: attack, overrides: [hunger], except: [ban]}
  - {id: hunger, kind: permit, does: attack, overrides: [mercy], except: [ban]}
"""
    error = faults_of(SOUND + more)
    assert len(error.faults) == 1
    assert "an exception that leads back to itself" in str(error)


def test_terms_that_require_and_forbid_the_same_are_named_and_kept() -> None:
    """A conflict of two terms is reported at load and never silently resolved."""
    agreement = load((SOUND + "  - {id: duty, kind: require, who: bound, do: mortar}\n").encode(), "agreement.yaml")
    assert len(agreement.warnings) == 1
    assert "`duty`" in agreement.warnings[0]
    assert "`ban`" in agreement.warnings[0]
    assert {"duty", "ban"} <= set(agreement.terms)


CROSSED = changed("[36.2, 35.0], [36.2, 35.2], [36.0, 35.2]", "[36.2, 35.2], [36.2, 35.0], [36.0, 35.2]")


def test_a_polygon_that_crosses_itself_is_refused_by_name() -> None:
    """The inside of a bow tie is nobody's agreement: refused before anybody signs it, with its line."""
    error = faults_of(CROSSED[0])
    assert lines(error) == [CROSSED[1]]
    assert "zone `square`: crosses itself" in str(error)


@pytest.mark.parametrize(
    "ring",
    ["[[36, 35], [36.2, 35], [36.4, 35]]", "[[36, 35], [36.2, 95], [36.4, 35]]", "[[-170, 35], [170, 35], [170, 36]]"],
)
def test_a_polygon_that_is_none_is_refused_by_name(ring: str) -> None:
    """No area, beyond the poles, across the antimeridian: refused by the name of the zone."""
    text = SOUND.replace("[[36.0, 35.0], [36.2, 35.0], [36.2, 35.2], [36.0, 35.2]]", ring)
    assert "zone `square`: " in str(faults_of(text))


@pytest.mark.parametrize(
    "text",
    [
        SOUND.replace("alba: {kind: state}", "alba: &a {kind: state}").replace("beda: {kind: state}", "beda: *a"),
        SOUND.replace("id: sound", "id: &a sound") + "title: *a\n",
        SOUND.replace("id: sound", "id: &a sound"),
        SOUND.replace("id: sound", "id: !!str sound"),
        SOUND.replace("id: sound", "id: !!python/name:os.system sound"),
        SOUND.replace("id: sound", "id: sound\nid: sound"),
        SOUND + "---\n" + SOUND,
        SOUND.replace("id: sound", "<<: {id: sound}"),
        SOUND.replace("id: sound", "? [id]\n: sound"),
    ],
    ids=["alias", "alias-of-text", "anchor", "tag", "python-tag", "twice", "two-documents", "merge", "key-of-a-list"],
)
def test_only_plain_yaml_is_read(text: str) -> None:
    """What two parsers may read in two ways cannot be signed: no anchors, aliases, tags, second key."""
    assert faults_of(text)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "agreement.yaml: the file is empty"),
        (b"# nothing but a remark\n", "agreement.yaml: the file is empty"),
        (b"[1, 2]", "agreement.yaml:1: expected a mapping"),
        (b"just words", "agreement.yaml:1: expected a mapping"),
        (b"truceline: 1\nid: \xff\xfe", "agreement.yaml:2: expected UTF-8 text"),
        (b"truceline: 1\nid: [", "agreement.yaml:2: not YAML"),
        (b"x" * (5 << 20), "agreement.yaml: expected at most 4194304 bytes"),
        (b"a: " + b"[" * 100_000, "agreement.yaml:1: nested deeper than 40 levels"),
        (b"a: " + b"{b: " * 5_000, "agreement.yaml:1: nested deeper than 40 levels"),
    ],
    ids=["empty", "remark", "list", "words", "not-utf8", "not-yaml", "5-MB", "deep-lists", "deep-mappings"],
)
def test_a_file_that_is_no_agreement_is_refused_in_one_line(data: bytes, message: str) -> None:
    """Hostile or empty files end in one line, never in a trace and never in a program that hangs."""
    with pytest.raises(AgreementError) as caught:
        load(data, "agreement.yaml")
    assert len(caught.value.faults) == 1
    assert str(caught.value).startswith(message)


def test_sixty_levels_are_told_with_their_line() -> None:
    """Nesting that the parser still bears is refused where it stands."""
    error = faults_of(SOUND + "words: {w: {readings: " + "[" * 60 + "]" * 60 + "}}\n")
    assert any("nested deeper than 40 levels" in f.message and f.line == SOUND.count("\n") + 1 for f in error.faults)


def hashes(agreement: Agreement) -> tuple[str, str]:
    """Of the bytes, and of the values."""
    return agreement.text_hash, agreement.canonical_hash


def test_the_order_of_keys_and_remarks_change_the_text_and_not_its_meaning() -> None:
    """Two sides that typed the same terms must find the same canonical hash; the bytes have their own."""
    plain = hashes(load(SOUND.encode(), "a.yaml"))
    turned = hashes(load(SOUND.replace("{id: start, kind: define,", "{kind: define, id: start,").encode(), "a.yaml"))
    remarked = hashes(load(("# a remark\n" + SOUND).encode(), "a.yaml"))
    assert turned[1] == remarked[1] == plain[1]
    assert len({plain[0], turned[0], remarked[0]}) == 3


def test_the_name_of_the_file_is_no_part_of_the_text() -> None:
    """A text that is sent under another name is the same text."""
    assert hashes(load(SOUND.encode(), "a.yaml")) == hashes(load(SOUND.encode(), "b.yaml"))


def test_another_word_is_another_agreement() -> None:
    """The least change of a value changes the canonical hash, the order of a list included."""
    text = SOUND + "  - {id: duty, kind: require, who: [alba, beda], do: talk}\n"
    base = load(text.encode(), "a.yaml").canonical_hash
    for old, new in (("2016-02-27T00:00", "2016-02-27T00:01"), ("[alba, beda]", "[beda, alba]")):
        assert load(text.replace(old, new).encode(), "a.yaml").canonical_hash != base


def test_a_date_stays_the_text_that_was_signed() -> None:
    """No parser decides what a date means: `2016-02-27` is the whole civil day in Damascus, from 22:00 UTC on."""
    fact = load(SOUND.encode(), "a.yaml").facts[0]
    assert fact.start == 1456178400


def test_a_definition_in_a_circle_is_refused_and_not_followed() -> None:
    """A deadline that rests on it is asked for its moment too, and a circle has none."""
    more = """\
  - {id: d, kind: define, is: e}
  - {id: e, kind: define, is: {at: d}}
  - {id: pull, kind: require, who: alba, do: pull, on: {at: 2016-03-01}, by: d}
"""
    assert "`d`: a definition that leads back to itself" in str(faults_of(SOUND + more))


@pytest.mark.parametrize("n", [30, 300])
@pytest.mark.parametrize("row", ["kind: define, is: t{}", "kind: require, do: x, on: {{done: t{}}}",
                                 "kind: require, do: x, else: t{}"])  # fmt: skip
def test_a_chain_of_terms_that_nobody_could_follow_is_refused(row: str, n: int) -> None:
    """Every answer follows the chain to its end, so that a text must not make it endless."""
    chain = "".join(f"  - {{id: t{i}, {row.format(i + 1)}}}\n" for i in range(n))
    text = f"{SOUND}{chain}  - {{id: t{n}, kind: require, do: x, on: start}}\n"
    if n < check.MOST_STEPS:
        assert f"t{n}" in load(text.encode(), "t.yaml").terms
    else:
        assert "rests on too many terms: expected at most 40" in str(faults_of(text))


def test_unions_and_wholes_without_end_are_refused() -> None:
    """The same holds of zones within zones, and of actors that are part of others."""
    unions = "".join(f"  z{i}: {{union: [z{i + 1}]}}\n" for i in range(60))
    parts = "".join(f"  p{i}: {{part_of: {f'p{i - 1}' if i else 'alba'}}}\n" for i in range(60))
    text = SOUND.replace("terms:", f"{unions}  z60: {{union: [square]}}\nterms:").replace("facts:", f"{parts}facts:")
    said = str(faults_of(text))
    assert "zone `z0`: a union of too many unions" in said
    assert "actor `p59`: part of too many wholes" in said


def test_a_request_may_come_from_a_place_or_from_a_moment_on() -> None:
    """The design's own example asks to leave *from* a town that the text does not define."""
    more = "  - {id: leave, kind: require, who: alba, on: {request: leave, from: gondor}, do: let-pass}\n"
    assert "leave" in load((SOUND + more).encode(), "t.yaml").terms


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"# nothing\n", "the file is empty"),
        (b"a: b\n\nc: \x00", "t.yaml:3: expected printable text, got the character U+0000"),
        (b"a: b\n\xff", "t.yaml:2: expected UTF-8 text"),
        (b"a: b\n---\nc: d\n", "t.yaml:2: not YAML: expected a single document, got another"),
        (b"- a\n", "t.yaml:1: expected a mapping with `truceline: 1`, got a list"),
        (b"truceline: 2\nid: x\n", "t.yaml:1: truceline: expected `truceline: 1`, got `2`"),
    ],
)
def test_what_is_no_text_at_all_is_told_in_one_line(data: bytes, message: str) -> None:
    """Who hands in the wrong file must see where it is wrong, not how the program failed."""
    with pytest.raises(AgreementError) as caught:
        load(data, "t.yaml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_open_word_as_a_condition_has_readings_that_are_conditions() -> None:
    """A length of time is no moment: the text is refused, and not the report that would be held against it."""
    text, line = changed("from: start, source", "from: soon, source")
    error = faults_of(text.replace("zones:", "words: {soon: {readings: [PT1H, start]}}\nzones:"))
    assert [str(fault) for fault in error.faults] == [
        f"agreement.yaml:{line + 1}: term `ban`: expected a time or the name of a term, got `soon`, "
        "which can be read as `PT1H`"
    ]


def test_the_time_for_remarks_on_a_draft_is_three_days_unless_the_text_says_otherwise() -> None:
    """Whoever writes nothing has 72 hours; what is no duration is refused with its line, and so is another word."""
    assert load(SOUND.encode(), "a.yaml").remarks_s == 72 * 3600
    assert load(f"{SOUND}findings: {{remarks: P2D}}\n".encode(), "a.yaml").remarks_s == 2 * 86_400
    for wrong in ("remarks: three days", "remark: P2D", "remarks: [P2D]"):
        with pytest.raises(AgreementError) as caught:
            load(f"{SOUND}findings: {{{wrong}}}\n".encode(), "a.yaml")
        assert lines(caught.value) == [16]
