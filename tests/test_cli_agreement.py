"""Commands for whoever drafts or signs: each answer as its schema says, and nothing left behind anywhere."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.answers import valid
from truceline import LAW
from truceline.cli.agreement import add_to
from truceline.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "agreements/syria-2016/agreement.yaml"
REPORTS = SHIPPED.with_name("reports.jsonl")
TEXT = """truceline: 1
id: t
title: {en: A truce, ar: هدنة}
areas: [areas.geojson]
sources: {T: "a text"}
actors:
  g: {kind: guarantor}
  north: {kind: side, names: {en: North}}
  south: {kind: side, names: {en: South}}
facts:
  - {accepted: [north, south], source: T}
zones:
  u: {polygon: [[36, 35], [37, 35], [37, 36], [36, 36]]}
terms:
  - {id: start, kind: define, is: {at: 2024-01-01}, source: T}
  - {id: calm, kind: define, is: {from: start, for: PT48H}, source: T, text: {en: Both sides stop attacks.}}
  - {id: stay, kind: prohibit, who: north, does: withdraw, in: u, from: start, source: T}
  - {id: leave, kind: require, who: north, do: withdraw, on: {at: start}, within: PT6H, source: T}
"""
app = typer.Typer()
add_to(app)


def run(*args: object) -> Result:
    """Run a command in this process; what goes wrong is raised."""
    return CliRunner().invoke(app, [str(arg) for arg in args], catch_exceptions=False)


def answer(schema: str, *args: object) -> dict[str, Any]:
    """The JSON of a command, held against its schema."""
    return valid(schema, run(*args, "--json").stdout)


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A small text with an empty file of areas beside it."""
    (tmp_path / "areas.geojson").write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    file = tmp_path / "old.yaml"
    file.write_text(TEXT, encoding="utf-8")
    return file


def changed(draft: Path, *changes: tuple[str, str]) -> Path:
    """The draft with some changes, beside it."""
    made = TEXT
    for old, new in changes:
        assert old in made
        made = made.replace(old, new)
    file = draft.with_name("new.yaml")
    file.write_text(made, encoding="utf-8")
    return file


def test_check_names_conflicts_with_line_and_advice(draft: Path) -> None:
    """Every finding in JSON and in words; the exit code stays 0, since the text may be signed as it is."""
    made = answer("agreement-check", "agreement", "check", draft)
    found = {f["kind"]: f for f in made["findings"]}
    assert found["contradiction"]["terms"] == ["stay", "leave"]
    assert found["contradiction"]["line"] == 18
    assert made["ok"] and set(made["warnings"]) >= {f["message"] for f in made["findings"]}
    done = run("agreement", "check", draft)
    assert done.exit_code == 0
    assert "warning: line 18: contradiction: terms `leave` and `stay` require and forbid `withdraw`" in done.stdout


def test_check_gathers_faults_and_says_so_with_its_exit_code(draft: Path) -> None:
    """A text that is refused has no findings: it is mended first."""
    broken = changed(draft, ("does: withdraw", "does: wihtdraw"), ("in: u", "in: w"))
    done = run("agreement", "check", broken, "--json")
    made = valid("agreement-check", done.stdout)
    assert (done.exit_code, made["ok"], len(made["faults"]), made["findings"]) == (4, False, 2, [])


def test_check_asks_what_evidence_could_never_decide() -> None:
    """With reports at hand: the shipped case watches no days, so its seven days are never sure."""
    made = answer("agreement-check", "agreement", "check", SHIPPED, REPORTS)
    assert "no-coverage" in {f["kind"] for f in made["findings"]}
    alone = answer("agreement-check", "agreement", "check", SHIPPED)
    assert "no-coverage" not in {f["kind"] for f in alone["findings"]}


def test_diff_says_what_changed_and_what_follows(draft: Path) -> None:
    """Words, fields and consequences, with a zone measured on the ellipsoid."""
    new = changed(
        draft, ("PT48H", "PT72H"), ("stop attacks", "suspend attacks"), ("[37, 35], [37, 36]", "[38, 35], [38, 36]")
    )
    made = answer("agreement-diff", "agreement", "diff", draft, new)
    assert [(w["term"], w["old"], w["new"]) for w in made["words"]] == [
        ("calm", "Both sides stop attacks.", "Both sides suspend attacks.")
    ]
    said = [c["message"] for c in made["consequences"]]
    assert "definition `calm`: ends 1 day later, lasts longer by 1 day" in said
    (grown,) = [message for message in said if message.startswith("zone")]
    old, new_km2 = (int(n.replace(",", "")) for n in re.findall(r"([\d,]+) -> ([\d,]+) km²", grown)[0])
    assert (old, new_km2) == (10_066, 20_133)
    assert answer("agreement-diff", "agreement", "diff", draft, draft)["same"] is True


def test_the_diff_of_the_how_to_is_what_is_printed(draft: Path) -> None:
    """The page shows what a reader will see."""
    new = changed(draft, ("PT48H", "PT72H"), ("stop attacks", "suspend attacks"))
    printed = run("agreement", "diff", draft, new).stdout
    page = (ROOT / "docs/how-to/check-a-draft.md").read_text(encoding="utf-8")
    (shown,) = [b for b in re.findall(r"```text\n(.*?)```", page, re.S) if b.startswith("words of calm")]
    numbers = re.compile(r"line \d+ -> \d+")
    assert numbers.sub("", shown.strip()) in numbers.sub("", printed)


def test_diff_takes_the_text_of_a_case_at_an_entry(draft: Path, tmp_path: Path) -> None:
    """What was signed then against what lies on the table now."""
    from truceline import desk

    desk.init_case(tmp_path / "case", draft)
    new = changed(draft, ("PT48H", "PT72H"))
    assert answer("agreement-diff", "agreement", "diff", f"{tmp_path / 'case'}#0", draft)["same"] is True
    assert answer("agreement-diff", "agreement", "diff", f"{tmp_path / 'case'}#1", new)["same"] is False
    with pytest.raises(InputError, match="expected an entry `#0` to `#"):
        run("agreement", "diff", f"{tmp_path / 'case'}#99", new)
    with pytest.raises(InputError, match="is a case"):
        run("agreement", "diff", tmp_path / "case", new)


def test_the_canonical_text_is_the_bytes_that_are_hashed(draft: Path) -> None:
    """`| sha256sum` gives what the program says: two readers compare one number."""
    done = run("agreement", "text", draft, "--lang", "ar")
    made = answer("agreement-text", "agreement", "text", draft, "--lang", "ar")
    assert made["sha256"] == hashlib.sha256(made["text"].encode()).hexdigest()
    assert done.stdout_bytes == made["text"].encode()
    assert f"sha256 {made['sha256']}" in done.stderr
    assert "[en]" in made["text"] and made["missing"] == ["calm"]


@pytest.mark.parametrize("lang", ["en", "ar", "ru"])
def test_the_shipped_text_answers_in_every_language(lang: str) -> None:
    """Every clause stands in every language's text, in its own words or marked."""
    made = answer("agreement-text", "agreement", "text", SHIPPED, "--lang", lang)
    assert len(made["clauses"]) == made["text"].count("\n\n")
    assert any(clause["withheld"] for clause in made["clauses"])


def test_an_unknown_language_is_refused(draft: Path) -> None:
    """A misspelt language must not print a text in another."""
    with pytest.raises(InputError, match="expected a language of the text: en, ar, got `xx`"):
        run("agreement", "text", draft, "--lang", "xx")


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_a_balance_answers_as_its_schema_says_and_writes_nothing(draft: Path, tmp_path: Path) -> None:
    """It is private: of a case, too, it leaves no trace."""
    from truceline import desk

    desk.init_case(tmp_path / "case", draft)
    before = files_of(tmp_path)
    made = answer("balance", "balance", f"{tmp_path / 'case'}#1")
    assert [side["name"] for side in made["sides"]] == ["North", "South"]
    assert made["sides"][0]["duties"] == {"count": 1, "terms": ["leave"]}
    assert made["law"] == LAW and "no score" in made["note"]
    assert files_of(tmp_path) == before
    assert "gives: duties" in run("balance", draft).stdout
    assert LAW in run("balance", draft).stdout


def test_the_balance_of_the_shipped_text_counts_every_adopted_duty() -> None:
    """Every duty and prohibition of an adopted instrument that binds a side is alike or one-sided, and never both."""
    made = answer("balance", "balance", SHIPPED)
    owed = {t for s in made["sides"] for m in ("duties", "prohibitions") for t in s[m]["terms"]}
    assert owed == {*made["symmetric"], *made["one_sided"]}
    assert not {*made["symmetric"]} & {*made["one_sided"]}
    assert not owed & {*made["left_out"]}


@pytest.mark.parametrize("name", ["b.svg", "b.html"])
def test_a_picture_is_written_beside_the_answer(draft: Path, name: str) -> None:
    """Whole files that need no browser."""
    picture = draft.with_name(name)
    answer("balance", "balance", draft, "--picture", picture, "--lang", "ru")
    assert LAW not in picture.read_text(encoding="utf-8")
    assert "Что каждая сторона" in picture.read_text(encoding="utf-8")


@pytest.mark.chromium
def test_a_png_has_twice_the_pixels_of_the_page(draft: Path) -> None:
    """Painted by the Chromium of the system."""
    picture = draft.with_name("b.png")
    run("balance", draft, "--picture", picture)
    data = picture.read_bytes()
    assert (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")) == (2_400, 1_600)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--picture", "b.gif"], "ends in .svg, .html or .png"),
        (["--picture", "b.svg", "--lang", "xx"], "expected one of en"),
    ],
)
def test_a_picture_that_cannot_be_is_refused_before_anything_is_read(options: Sequence[str], message: str) -> None:
    """One clear line, before time is spent."""
    with pytest.raises(InputError, match=message):
        run("balance", "nowhere.yaml", *options)
