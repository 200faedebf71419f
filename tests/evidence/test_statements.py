"""Claims: all of the shipped ones, what is wrong with a claim and kept, and what is no claim and told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.evidence.bench import SHIPPED, bench
from truceline.assess.followed import read_expected
from truceline.atlas import read_atlas
from truceline.errors import InputError
from truceline.evidence import sources
from truceline.evidence import statements as made
from truceline.evidence.aliases import read_aliases
from truceline.evidence.sources import read_sources
from truceline.evidence.statements import (
    AFTER,
    FLAGS,
    NEW_SPEAKER,
    NO_ACTOR,
    NO_DATE,
    NO_KIND,
    NO_ORIGINAL,
    NO_SPEAKER,
    NO_TERM,
    Claim,
    Claims,
    Known,
    read_added,
    read_claims,
    read_speakers,
)
from truceline.span import parse_span

TZ = "Asia/Damascus"
FILE = SHIPPED / "statements.jsonl"
GOOD: dict[str, Any] = {
    "id": "c-1", "speaker": "Vitaly Churkin", "type": "warning", "date": "2016-07-12", "content": "This cannot go on.",
    "reported": "2016-07-13", "of": ["ru"], "against": ["us"],
}  # fmt: skip


def known() -> Known:
    """What the shipped claims are held against."""
    text = bench().agreement
    return Known(
        TZ, frozenset(text.parties), frozenset(text.terms), read_speakers((SHIPPED / "speakers.csv").read_bytes()),
        read_added((SHIPPED / "claims.csv").read_bytes()), bench().sources,
    )  # fmt: skip


def read(*rows: Any) -> Claims:  # noqa: ANN401  # lines of a file
    """Some lines, read."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    return read_claims("\n".join(lines).encode(), "claims.jsonl", known())


def one(**changed: Any) -> Claim:  # noqa: ANN401  # fields
    """A good claim with some fields changed."""
    (found,) = read({**GOOD, **changed}).claims
    return found


# -- the shipped claims ------------------------------------------------------------------------------------------------


def test_all_27_claims_with_their_second_source_and_status() -> None:
    """Every line of the file is a claim, and says what the file says: who carries it too, and what was made of it."""
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    found = read_claims(FILE.read_bytes(), FILE.name, known())
    assert (len(found.claims), found.rejected) == (27, ())
    says = {"yes": "agree", "partly": "partly", "no": "contradict"}
    for row, claim in zip(rows, found.claims, strict=True):
        assert (claim.id, claim.words, claim.status, claim.note) == (
            row["id"], row["content"], row["status"], row["note"]
        )  # fmt: skip
        assert claim.status
        second = row["second_source"]
        assert [(s.publisher, s.says, s.what) for s in claim.seconds] == (
            [(second["publisher"], says[second["agrees"]], second["what"])] if second else []
        )
        assert (claim.said.text, claim.said.basis) == (row["date"], row["date_basis"])
    assert sum(bool(claim.seconds) for claim in found.claims) == 24


def test_the_shipped_claims_have_no_fault() -> None:
    """A flag on a shipped claim would mean that a table beside it is wrong."""
    assert {
        claim.id: claim.flags for claim in read_claims(FILE.read_bytes(), FILE.name, known()).claims if claim.flags
    } == {}


def test_officials_speak_in_an_office_and_the_article_for_nobody() -> None:
    """Whoever writes an article speaks for no party of the text, whatever it is about."""
    by_id = {claim.id: claim for claim in read_claims(FILE.read_bytes(), FILE.name, known()).claims}
    assert (by_id["lendman-09"].office, by_id["lendman-09"].actors) == ("Chief of the General Staff", ("ru",))
    assert by_id["lendman-14"].actors == ("us",)
    assert {claim.actors for claim in by_id.values() if claim.speaker_kind == "press"} == {()}
    assert by_id["lendman-22"].kind == "request"


def test_every_report_that_tells_of_words_is_a_claim() -> None:
    """The statements, commitments, acceptances, extensions and withdrawals of the reports, and what counts."""
    from truceline.desk import read_evidence  # heavy

    table = read_evidence(SHIPPED / "reports.jsonl", bench()).table
    claims = {claim.id: claim for claim in made.claims_of_table(table, known())}
    rows = [json.loads(line) for line in (SHIPPED / "reports.jsonl").read_text(encoding="utf-8").splitlines()]
    assert set(claims) == {row["id"] for row in rows if row["kind"] in made.WORDED} | {"sy-093"}
    assert {claim.kind for claim in claims.values()} <= set(made.KINDS)
    assert [claims[key].kind for key in ("sy-002", "sy-024", "sy-034", "sy-067", "sy-144", "sy-159")] == [
        "acceptance", "ultimatum", "request", "extension", "withdrawal", "end",
    ]  # fmt: skip
    assert claims["sy-015"].of == ("gov", "ru", "ir", "pro-gov")
    assert claims["sy-153"].of == ("us",)
    assert claims["sy-072"].said.until is not None
    assert claims["sy-072"].due.since is not None
    assert claims["sy-072"].said.until <= claims["sy-072"].due.since
    assert {key: claim.flags for key, claim in claims.items() if claim.flags} == {}


# -- what is wrong, and kept -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "flag"),
    [
        ({"date": "2016-07-14"}, AFTER),
        ({"date": "2016-07-13T00:00:00+03:00", "reported": "2016-07-12"}, AFTER),
        ({"speaker": None}, NO_SPEAKER),
        ({"speaker": "  "}, NO_SPEAKER),
        ({"speaker": "A Stranger"}, NEW_SPEAKER),
        ({"of": ["atlantis"]}, NO_ACTOR),
        ({"against": ["us", "atlantis"]}, NO_ACTOR),
        ({"state": "atlantis"}, NO_ACTOR),
        ({"is_translation": True, "quotation": "cannot go on"}, NO_ORIGINAL),
        ({"date": "soon"}, NO_DATE),
        ({"terms": ["F99"]}, NO_TERM),
        ({"type": "rant"}, NO_KIND),
    ],
)
def test_what_is_wrong_is_named_and_the_claim_is_kept(changed: dict[str, Any], flag: str) -> None:
    """A fault of a claim is data: nothing of it is mended, dropped or guessed."""
    claim = one(**changed)
    assert claim.flags == (flag,)
    assert claim.words == GOOD["content"]
    assert claim.id == GOOD["id"]


def test_a_claim_without_a_fault_has_no_flag() -> None:
    """Said on the day it was reported, and a translation beside its original: both are well."""
    assert one().flags == ()
    assert one(date="2016-07-13").flags == ()
    assert one(is_translation=True, quotation="cannot go on", original="так нельзя", language="en").flags == ()


def test_a_claim_with_every_fault_names_them_all() -> None:
    """One fault hides no other."""
    claim = one(
        date="2017-01-01", speaker=None, of=["atlantis"], is_translation=True, due="whenever", terms=["F99"],
        type="rant",
    )  # fmt: skip
    assert set(claim.flags) == set(FLAGS) - {NEW_SPEAKER}
    assert claim.due.text == "whenever"


@given(
    st.sampled_from(["2016-07", "2016-07-12", "2016-07-12T10:00"]),
    st.sampled_from(["2016-07", "2016-07-11", "2016-07-13"]),
)
def test_it_is_after_its_report_only_where_it_surely_is(said: str, reported: str) -> None:
    """A month may hold the day before: what overlaps is no fault."""
    claim = one(date=said, reported=reported)
    first, last = parse_span(said, TZ), parse_span(reported, TZ)
    assert (AFTER in claim.flags) == (first.start >= last.end)


# -- what is no claim --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("not JSON", "claim"),
        ("[1]", "claim"),
        ({"id": "", "content": "x"}, "id"),
        ({"id": "c-9", "content": "  "}, "content"),
        ({"id": "c-9", "content": "x" * 4_001}, "content"),
        ({"id": "c-9", "content": 5}, "content"),
        ({"content": "x"}, "claim"),
        ({"id": "c-9", "content": "x", "second_source": "press"}, "second_source"),
        (GOOD, "id"),
    ],
)
def test_a_line_without_a_claim_is_told_with_its_reason(line: Any, field: str) -> None:  # noqa: ANN401  # a line
    """Rejected rows are a table: file, line, field and reason; the claim before it stays."""
    found = read(GOOD, line)
    (bad,) = found.rejected
    assert [claim.id for claim in found.claims] == ["c-1"]
    assert (bad.file, bad.line, bad.field) == ("claims.jsonl", 2, field)
    assert bad.reason


@given(
    st.lists(st.one_of(st.text(max_size=40), st.just(json.dumps(GOOD)), st.binary(max_size=20).map(repr)), max_size=6)
)
def test_every_line_is_a_claim_or_is_told(lines: list[str]) -> None:
    """Nothing vanishes, and no line of a file stops it."""
    whole = "\n".join(lines)
    found = read_claims(whole.encode("utf-8", "surrogatepass") if whole.isascii() else whole.encode(), "f", known())
    expected = sum(bool(line.strip()) for line in whole.split("\n"))
    assert len(found.claims) + len(found.rejected) == expected


def test_tables_beside_the_claims_are_held_to_their_columns() -> None:
    """A column that is missing, a speaker who stands twice, a topic that is none: refused, with where."""
    with pytest.raises(InputError, match="missing"):
        read_speakers(b"text,name\nx,y\n")
    head = ",".join(made.SPEAKER_COLUMNS)
    with pytest.raises(InputError, match="stands in the table twice"):
        read_speakers(f"{head}\nA,A,,,,s,V\na,A,,,,s,V\n".encode())
    head = ",".join(made.ADDED_COLUMNS)
    row = dict.fromkeys(made.ADDED_COLUMNS, "") | {"claim": "c", "topics": "guilt"}
    with pytest.raises(InputError, match=r"claims\.csv:2: topics"):
        read_added(f"{head}\n{','.join(row.values())}\n".encode())


@pytest.mark.parametrize("cell", ["a\rb", "a" * 200_000], ids=["a lone return", "a cell without measure"])
def test_what_is_no_csv_is_told_with_its_line(cell: str) -> None:
    """A table beside the claims that no reader of CSV takes is a fault of that file, and no fault of ours."""
    head = "text,name,office,actor,kind,source,tag"
    with pytest.raises(InputError, match=r"speakers.csv:\d: not CSV"):
        read_speakers(f"{head}\n{cell},A,,,,s,V\n".encode())
    with pytest.raises(InputError, match=r"follow.csv:\d: not CSV"):
        read_expected(f"claim,expects,ids,at,what,source,tag\nc,happens,r,,{cell},s,V\n".encode(), "UTC")
    with pytest.raises(InputError, match=r"sources.csv:\d: not CSV"):
        read_sources(f"{','.join(sources.COLUMNS)}\n{cell}\n".encode())
    with pytest.raises(InputError, match=r"acts.csv:\d: not CSV"):
        read_aliases({"acts": f"text,act,protected,source\n{cell},shelling,,s\n".encode()})
    with pytest.raises(InputError, match=r"units.csv:\d: not CSV"):
        read_atlas({}, f"text,level,code\n{cell},1,A\n".encode())


def test_the_files_ship_as_the_case_has_them() -> None:
    """The claims are those of the case that the project was given, byte for byte."""
    case = Path(ROOT).parent / "shared" / "case" / "syria-2016" / "statements.jsonl"
    if not case.is_file():
        pytest.skip(f"no case at {case}")
    assert case.read_bytes() == FILE.read_bytes()
