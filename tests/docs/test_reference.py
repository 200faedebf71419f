"""Do the pages that people write say what the code says? Vocabulary, columns, numbers, links, and shown output."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

from truceline import LAW, desk
from truceline.acts import COMMON, OF_FORCE
from truceline.agreement import vocabulary
from truceline.agreement.conditions import DEEDS_OF_RECORD, OF_THE_EVIDENCE, OF_THE_REPORT
from truceline.agreement.history import History
from truceline.agreement.model import HOLDINGS, JUDGED_KINDS, SIGNED_ACTS, TERM_KINDS, SignedAct
from truceline.assess.assessment import ASSESSMENTS
from truceline.cli import main
from truceline.errors import EXIT_CODES
from truceline.evidence.reports import PRECISIONS
from truceline.evidence.schema import MODES, REGION, REJECTED, SCHEMA
from truceline.group import KINDS, RESERVED, Sight, may_see
from truceline.precision import HOURS, PLACES, SOURCES, Precision
from truceline.space import KINDS as REGION_KINDS
from truceline.verdict import Reason

ROOT = Path(__file__).parents[2]
REFERENCE, HOW_TO = ROOT / "docs" / "reference", ROOT / "docs" / "how-to"
FORMAT, EVIDENCE = REFERENCE / "agreement-format.md", REFERENCE / "evidence.md"
ASSESSMENT, SAFETY = REFERENCE / "assessment.md", REFERENCE / "safety.md"
SHIPPED = ROOT / "agreements" / "syria-2016"
TUTORIAL = ROOT / "docs" / "tutorial" / "first-assessment.md"

TYPES = {
    "string": pa.string(), "bool": pa.bool_(), "int8": pa.int8(), "int32": pa.int32(), "int64": pa.int64(),
    "region": REGION, "list of string": pa.list_(pa.string()),
}  # fmt: skip


@cache
def text_of(page: Path) -> str:
    """The text of a page."""
    return page.read_text(encoding="utf-8")


def section(page: Path, title: str) -> str:
    """What stands under a heading, up to the next of the same or a higher level."""
    found = re.search(rf"^(#+) {re.escape(title)}$(.*?)(?=^#{{1,2}} |\Z)", text_of(page), re.M | re.S)
    assert found, f"{page.name} has no section `{title}`"
    return found[2]


def words(text: str) -> list[str]:
    """Everything in backticks, in order."""
    return re.findall(r"`([^`]+)`", text)


def rows(text: str) -> list[list[str]]:
    """The rows of every table of a text, without their heads."""
    found, past_head = [], False
    for line in text.splitlines():
        if not line.startswith("|"):
            past_head = False
        elif set(line) <= set("|- "):
            past_head = True
        elif past_head:
            found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def first_words(text: str) -> list[str]:
    """The words in backticks of the first column of every table."""
    return [word for row in rows(text) for word in words(row[0])]


def sentence(page: Path, title: str, start: str) -> str:
    """A sentence of a section, from its first words to its full stop."""
    found = re.search(rf"{re.escape(start)}.*?\.(?=\s)", section(page, title), re.S)
    assert found, f"{page.name}: no sentence `{start}`"
    return found[0]


def part(page: Path, title: str) -> str:
    """What stands under a heading, up to the next of any level."""
    return re.split(r"^#+ ", section(page, title), maxsplit=1, flags=re.M)[0]


def blocks(page: Path, kind: str) -> list[str]:
    """The fenced blocks of a kind, in order."""
    return re.findall(rf"^```{kind}\n(.*?)^```", text_of(page), re.M | re.S)


# -- the format of an agreement --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "known"),
    [
        ("Top", vocabulary.TOP), ("Instrument", vocabulary.INSTRUMENT), ("Actor", vocabulary.ACTOR),
        ("Fact", vocabulary.FACT), ("Zone", vocabulary.ZONE),
    ],
)  # fmt: skip
def test_the_fields_of_each_part_are_those_of_the_vocabulary(title: str, known: frozenset[str]) -> None:
    """Each table of fields lists exactly the words that the reader accepts there."""
    assert set(first_words(section(FORMAT, title))) == known


def test_the_fields_and_kinds_of_a_term_are_those_of_the_vocabulary() -> None:
    """The two tables of terms list exactly the accepted fields and the kinds of term, and who judges each kind."""
    fields, kinds = part(FORMAT, "Term"), rows(part(FORMAT, "Kinds of term"))
    assert set(first_words(fields)) == vocabulary.TERM
    assert set(words(sentence(FORMAT, "Term", "`who` and `to` as a mapping"))) == {"who", "to"} | vocabulary.SELECTOR
    assert {words(row[0])[0] for row in kinds} == set(TERM_KINDS)
    assert {words(row[0])[0] for row in kinds if row[2].startswith("each report")} == set(JUDGED_KINDS)


def test_the_fields_of_duties_alone_say_so() -> None:
    """A field that is a fault on any other kind of term is listed as one of a `require`."""
    of_duties = {word for row in rows(part(FORMAT, "Term")) if row[2] == "`require`" for word in words(row[0])}
    assert set(vocabulary.OF_DUTIES) == of_duties - {"do"}


@pytest.mark.parametrize(
    ("title", "known"),
    [("Versions of a clause", vocabulary.VERSION), ("Together", vocabulary.TOGETHER)],
)
def test_the_fields_inside_a_term_are_those_of_the_vocabulary(title: str, known: frozenset[str]) -> None:
    """Versions and `together` are mappings of their own, each with its own closed list."""
    assert set(first_words(part(FORMAT, title))) == known


def test_the_choices_of_a_term_are_those_of_the_code() -> None:
    """What a term can protect, and which deeds only the record can show, is listed in full."""
    protects = next(row for row in rows(part(FORMAT, "Term")) if row[0] == "`protects`")
    assert tuple(words(protects[1].split(":")[0])) == vocabulary.PROTECTS
    deeds = part(FORMAT, "Proof").split("is one of")[1].split(": they are")[0]
    assert set(words(deeds)) == DEEDS_OF_RECORD


def test_the_words_of_small_parts_are_those_of_the_vocabulary() -> None:
    """The fields of an open word, of `evidence`, `amend`, `precision` and `readings` are the accepted ones."""
    top = {words(row[0])[0]: row[1] for row in rows(section(FORMAT, "Top"))}
    fields, naming = section(FORMAT, "Word").split("| word of a reading |")
    assert set(first_words(fields)) == vocabulary.WORD
    assert set(first_words("| word of a reading |" + naming)) == vocabulary.NAMING
    assert set(words(top["evidence"])) - {"supported"} == vocabulary.EVIDENCE - {"supported"}
    assert set(words(top["amend"])) == vocabulary.AMEND
    assert set(words(top["findings"])) - {"PT72H"} == vocabulary.FINDINGS
    named = set(words(sentence(FORMAT, "Top", "`precision` holds")))
    assert named - {"precision", "[from, to]"} == vocabulary.PRECISION


def test_the_heads_of_facts_are_those_of_the_vocabulary() -> None:
    """The sentence on facts names every word that can head one."""
    heads = words(sentence(FORMAT, "Fact", "One of `name`"))
    assert set(heads) == {*vocabulary.FACT_HEADS, "status", "of", "is"}


def test_the_readings_are_those_that_can_be_chosen() -> None:
    """The sentence on readings names each one with its choices, the default first."""
    said = words(sentence(FORMAT, "Top", "`readings`: `umbrella`"))
    assert said == ["readings", *(w for key, chosen in vocabulary.READING_CHOICES.items() for w in (key, *chosen))]


def test_the_words_of_conditions_are_those_of_the_algebra() -> None:
    """Every word of the algebra stands in a table with its rule, or in the sentence of those without; none in both."""
    ruled = set(first_words(section(FORMAT, "Conditions")))
    unruled = set(words(sentence(FORMAT, "Conditions", "Known, and judged by no rule")))
    assert ruled | unruled == vocabulary.CONDITION
    assert not ruled & unruled


def test_each_word_of_a_condition_is_of_the_sort_that_the_page_says() -> None:
    """A word that heads its mapping swallows the others: the page says which do."""
    sorts: dict[str, set[str]] = {}
    for row in rows(section(FORMAT, "Conditions")):
        sorts.setdefault(row[2], set()).update(words(row[0]))
    standing = History(desk.open_agreement(SHIPPED / "agreement.yaml").agreement).as_known()
    assert sorts["first"] == set(standing._words())
    assert sorts["heads"] == {"for", *standing._whole(), *OF_THE_EVIDENCE}
    assert sorts["of a report"] == OF_THE_REPORT


def test_the_kinds_of_actor_and_the_reserved_words_are_those_of_the_group() -> None:
    """The page names every kind of actor and every id that nobody may take."""
    kinds = next(row[1] for row in rows(section(FORMAT, "Actor")) if row[0] == "`kind`")
    assert words(kinds.split(";")[0]) == list(KINDS)
    assert set(words(sentence(FORMAT, "Actor", "Reserved as ids"))) == RESERVED | {"any", "bound"}


def test_the_sides_of_a_strip_are_those_of_the_vocabulary() -> None:
    """The page names the four sides that a strip can have."""
    side = next(row[1] for row in rows(section(FORMAT, "Zone")) if row[0] == "`side`")
    assert tuple(words(side)) == vocabulary.SIDES


def test_the_tree_of_acts_is_the_common_tree() -> None:
    """Each class is listed with exactly its kinds, and those without kinds stand alone."""
    listed = {row[0].strip("`"): tuple(words(row[1])) for row in rows(section(FORMAT, "Acts"))}
    alone = set(listed.pop("alone"))
    assert listed == {name: kinds for name, kinds in COMMON.items() if kinds}
    assert alone == {name for name, kinds in COMMON.items() if not kinds}
    force = section(FORMAT, "Acts").split("with a note.")[1].split("are acts of force")[0]
    assert tuple(words(force)) == OF_FORCE


def test_the_signed_acts_are_those_that_can_be_read() -> None:
    """Both pages that list the signed acts name exactly those that the program reads."""
    acts, fields = section(FORMAT, "Signed acts").split("| field |")
    assert tuple(first_words(acts)) == SIGNED_ACTS
    assert set(first_words("| field |" + fields)) == set(SignedAct.__dataclass_fields__)
    holds = next(row[1] for row in rows("| field |" + fields) if row[0] == "`holds`")
    assert tuple(words(holds.split(":")[1])) == HOLDINGS
    act = next(row[1] for row in rows(section(HOW_TO / "add-evidence.md", "Signed acts")) if row[0] == "`act`")
    assert tuple(words(act)) == SIGNED_ACTS


# -- evidence --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "title", "schema"),
    [
        (EVIDENCE, "Columns", SCHEMA), (EVIDENCE, "Rejected rows", REJECTED), (ASSESSMENT, "The table", ASSESSMENTS),
    ],
)  # fmt: skip
def test_the_columns_are_those_of_the_schema(page: Path, title: str, schema: pa.Schema) -> None:
    """Each table of columns has the names, the order and the types of its schema."""
    listed = [(name, TYPES[row[1]]) for row in rows(section(page, title)) for name in words(row[0])]
    assert listed == [(field.name, field.type) for field in schema]


def test_columns_that_must_be_filled_say_so() -> None:
    """A column says that null is not allowed exactly where the schema allows none."""
    refused = {name for row in rows(section(EVIDENCE, "Columns")) for name in words(row[0]) if row[3] == "not allowed"}
    assert refused == {field.name for field in SCHEMA if not field.nullable}


def test_regions_and_modes_are_those_of_the_code() -> None:
    """The fields of a region, its kinds and the modes of actors and targets are listed in full."""
    assert words(sentence(EVIDENCE, "Regions", "A struct:")) == [REGION.field(i).name for i in range(REGION.num_fields)]
    assert tuple(first_words(section(EVIDENCE, "Regions"))) == REGION_KINDS
    assert tuple(words(section(EVIDENCE, "Modes"))) == MODES


def test_the_precision_tables_have_the_numbers_of_the_code() -> None:
    """Radii, codes of sources, hours of the day and the slack of an hour are those that are computed with."""
    part = section(EVIDENCE, "Precision table")
    radii = {name: int(row[1]) for row in rows(part) if row[1].isdigit() for name in words(row[0])}
    assert radii == PLACES
    stated = {words(row[0])[0]: row[1] for row in rows(part) if not row[1].isdigit()}
    assert {source: codes(text) for source, text in stated.items()} == SOURCES
    hours = re.findall(r"`(\w+)` (\d+)-(\d+)", part)
    assert {name: (int(start), int(end)) for name, start, end in hours} == HOURS
    assert f"{Precision().hour_slack_s} seconds" in " ".join(part.split())


def codes(text: str) -> dict[str, str]:
    """The codes of a source as the page writes them: `1: word · 5, 6: word`, or words that mean themselves."""
    found: dict[str, str] = {}
    for part in re.sub(r"\([^)]*\)", "", text).split("·"):
        left, _, right = part.partition(": ")
        keys = words(left) or re.findall(r"\d+", left)
        means = words(right)
        found |= {key: means[0] if means else key for key in keys}
    return found


def test_the_precisions_of_a_report_are_those_that_are_read() -> None:
    """The how-to names every word that the field `precision` of a report can have."""
    row = next(r for r in rows(section(HOW_TO / "add-evidence.md", "Reports")) if r[0] == "`precision`")
    assert words(row[2]) == [*PRECISIONS, *HOURS]


def test_the_kinds_of_file_are_those_of_the_desk() -> None:
    """The how-to lists every kind of file that can be added."""
    listed = first_words(text_of(HOW_TO / "add-evidence.md").split("## Keep a case")[0])
    assert (*listed, "areas") == desk.KINDS


# -- assessments -----------------------------------------------------------------------------------------------------


def tiny(folder: Path) -> desk.Outcome:
    """The small agreement of the tutorial, run on its two reports."""
    (folder / "truce.yaml").write_text(blocks(TUTORIAL, "yaml")[0], encoding="utf-8")
    (folder / "reports.jsonl").write_text(blocks(TUTORIAL, "json")[0], encoding="utf-8")
    bench = desk.open_agreement(folder / "truce.yaml")
    return desk.assess_files(bench, [desk.read_evidence(folder / "reports.jsonl", bench)], desk.Asked())


def test_the_keys_of_the_answer_are_listed(tmp_path: Path) -> None:
    """The table of the JSON answer has the keys of a real answer, in its order."""
    assert first_words(section(ASSESSMENT, "JSON")) == list(desk.summary(tiny(tmp_path)))


def test_the_keys_of_one_report_are_listed(tmp_path: Path) -> None:
    """What `--show` gives as JSON has the keys and the factors that the page names."""
    shown = desk.show(tiny(tmp_path), "a-2")
    assert words(sentence(ASSESSMENT, "One report", "With `--json`"))[1:] == list(shown)
    term = shown["terms"]["no-attack"]
    assert set(words(sentence(ASSESSMENT, "One report", "Each of `terms` has"))) == {"terms", *term}
    assert set(words(sentence(ASSESSMENT, "One report", "The factors are"))) == set(term["factors"])


# -- safety ----------------------------------------------------------------------------------------------------------

RUNGS = {
    "as reported": Sight.AS_REPORTED, "town": Sight.TOWN, "town, after publication": Sight.TOWN,
    "nothing": Sight.NOTHING,
    "cell, 72 h later": Sight.CELL, "region, 30 days later": Sight.REGION, "count": Sight.COUNT,
    "own as reported; of others how many a term covers, and how many none does": Sight.REGION,
    "nothing, unless its own or chosen by its owner": Sight.NOTHING, "daily share, 30 days later": Sight.COUNT,
}  # fmt: skip
LATER_S = {"cell, 72 h later": 72 * 3600, "region, 30 days later": 30 * 86_400,
           "daily share, 30 days later": 30 * 86_400}  # fmt: skip


def ladder() -> Iterator[tuple[str, str, str]]:
    """What, reader and cell of the place ladder as the page prints it."""
    for what, *cells in rows(section(SAFETY, "The place ladder")):
        for reader, cell in zip(("secretariat", "party:x", "public"), cells, strict=True):
            yield words(what)[0], reader, cell


@pytest.mark.parametrize(("what", "reader", "cell"), list(ladder()))
def test_each_cell_of_the_place_ladder_is_what_a_reader_sees(what: str, reader: str, cell: str) -> None:
    """Each cell of the printed ladder is what the one function answers, after its delay and not before."""
    late = LATER_S.get(cell, 0)
    assert may_see(reader, what, age_s=late, is_published=True) == RUNGS[cell]
    if late:
        assert may_see(reader, what, age_s=late - 1, is_published=True) == Sight.NOTHING
    if "after publication" in cell:
        assert may_see(reader, what) == Sight.NOTHING
    is_own = may_see(reader, what, age_s=late, is_published=True, is_own=True) == Sight.AS_REPORTED
    assert is_own == ("own" in words_of(cell) or cell == "as reported")


def words_of(text: str) -> list[str]:
    """The plain words of a text."""
    return re.findall(r"\w+", text)


def test_the_ladder_of_the_page_is_complete() -> None:
    """The page has every rung of the code: what is not on it is seen by nobody."""
    listed = {what for what, _, _ in ladder()}
    assert listed == {"incident", "origin", "withdrawal", "site", "observer", "coverage", "person"}
    assert may_see("secretariat", "anything else") == Sight.NOTHING


@pytest.mark.parametrize(
    "page", [SAFETY, TUTORIAL, HOW_TO / "count-in-zones.md", ROOT / "docs" / "why" / "semantics.md", ROOT / "README.md"]
)
def test_the_line_on_the_law_stands_word_for_word(page: Path) -> None:
    """The line on humanitarian law stands on the page as the program prints it."""
    assert LAW in " ".join(text_of(page).replace("*", "").split())


# -- written from the program ----------------------------------------------------------------------------------------


def test_every_reason_stands_on_its_page() -> None:
    """The page of reasons lists the closed list, each with its meaning and what would settle it."""
    listed = [tuple(cell.strip("`") for cell in row) for row in rows(text_of(REFERENCE / "reasons.md"))]
    assert listed == [(reason.value, reason.meaning, reason.settled_by) for reason in Reason]


def test_every_exit_code_stands_on_its_page() -> None:
    """The page of exit codes lists every code with its meaning."""
    listed = {int(code): meaning for code, meaning in rows(text_of(REFERENCE / "exit-codes.md"))}
    assert listed == EXIT_CODES


# -- output that is shown --------------------------------------------------------------------------------------------


def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *args: str | Path) -> set[str]:
    """The lines that a command prints, blanks run together."""
    return {" ".join(line.split()) for line in printed_lines(capsys, monkeypatch, *args)}


def printed_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *args: str | Path) -> list[str]:
    """The lines that a command prints."""
    monkeypatch.setattr(sys, "argv", ["truceline", *map(str, args)])
    try:
        main()
    except SystemExit as end:
        assert not end.code, capsys.readouterr().err
    return capsys.readouterr().out.splitlines()


def shown_in(block: str) -> list[str]:
    """The lines of a block of output, blanks run together, without rules and gaps."""
    lines = [" ".join(line.split()) for line in block.splitlines()]
    return [line for line in lines if line.strip("─.")]


@pytest.mark.parametrize(("number", "args"), [(0, ()), (1, ("--show", "sy-025"))])
def test_the_tutorial_shows_what_the_shipped_case_prints(
    number: int, args: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line of output that the tutorial shows of the shipped case is printed by the program."""
    told = printed(capsys, monkeypatch, "assess", SHIPPED / "agreement.yaml", SHIPPED / "reports.jsonl", *args)
    assert [line for line in shown_in(blocks(TUTORIAL, "text")[number]) if line not in told] == []


def test_the_small_truce_of_the_tutorial_prints_what_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agreement and the reports of the tutorial give the shown output, before and after the edge is moved."""
    text = blocks(TUTORIAL, "yaml")[0]
    (tmp_path / "reports.jsonl").write_text(blocks(TUTORIAL, "json")[0], encoding="utf-8")
    for number, agreement in ((3, text), (4, text.replace("36.00", "36.02"))):
        (tmp_path / "truce.yaml").write_text(agreement, encoding="utf-8")
        told = printed(capsys, monkeypatch, "assess", tmp_path / "truce.yaml", tmp_path / "reports.jsonl")
        assert [line for line in shown_in(blocks(TUTORIAL, "text")[number]) if line not in told] == []


def riverland(folder: Path) -> None:
    """The agreement of the how-to put together from its pieces, with the areas and wordings of the other how-to."""
    page, areas = HOW_TO / "write-an-agreement.md", HOW_TO / "bring-your-own-areas.md"
    pieces = [block for block in blocks(page, "yaml") if "id: faulty" not in block]
    terms = [piece for piece in pieces if piece.startswith("  - {id:")]
    top = [piece for piece in pieces if piece not in terms]
    text = "".join([*top, "terms:\n", *terms])
    (folder / "agreement.yaml").write_text(text, encoding="utf-8")
    (folder / "next.yaml").write_text(text.replace("for: P7D", "for: P10D"), encoding="utf-8")
    for name, block in zip(("reports", "acts"), blocks(page, "json"), strict=True):
        (folder / f"{name}.jsonl").write_text(block, encoding="utf-8")
    (folder / "areas.geojson").write_text(blocks(areas, "json")[0], encoding="utf-8")
    actors, acts = [block for block in blocks(areas, "text") if block.startswith("text,")]
    heads = {"weapons": "text,weapon,act,source", "places": "text,class,area,source"}
    tables = {"actors": actors, "acts": acts, "units": "text,level,code,same_as,source", **heads}
    for name, table in tables.items():
        (folder / f"{name}.csv").write_text(table, encoding="utf-8")


def commands(page: Path) -> list[tuple[list[str], list[str]]]:
    """Every command of a page that is followed by its output: the arguments, and the lines shown."""
    found = re.findall(r"^```sh\ntruceline ([^\n]*)\n```\n\n```text\n(.*?)^```", text_of(page), re.M | re.S)
    return [(line.split(), shown_in(block)) for line, block in found]


@pytest.mark.parametrize("number", range(5))
def test_the_commands_of_the_how_to_print_what_is_shown(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pieces of the how-to make one agreement without fault, and each command prints the lines shown below it."""
    riverland(tmp_path)
    monkeypatch.chdir(tmp_path)
    listed = commands(HOW_TO / "write-an-agreement.md")
    assert len(listed) == 5
    args, shown = listed[number]
    told = printed(capsys, monkeypatch, *args)
    assert [line for line in shown if line not in told] == []


def test_the_duties_of_the_how_to_are_those_of_the_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table of what the south owes has the states that `truceline obligations` gives, reading by reading."""
    riverland(tmp_path)
    monkeypatch.chdir(tmp_path)
    page = text_of(HOW_TO / "write-an-agreement.md")
    args = re.search(r"^truceline (obligations .*)$", page, re.M)
    assert args
    answer = json.loads("\n".join(printed_lines(capsys, monkeypatch, *args[1].split(), "--json")))
    told = {
        (duty["term"], reading["name"] or ""): sorted(reading["states"])
        for duty in answer["duties"] for reading in duty["readings"]
    }  # fmt: skip
    table = rows(page.split("| duty | reading |")[1].partition("\n\n")[0])
    assert len(table) == 5
    assert {(t.strip("`"), r.strip("`")): words(states) for t, r, states in table}.items() <= told.items()


def test_the_faults_of_the_how_to_are_those_of_the_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text with many faults gives exactly the shown lines."""
    page = HOW_TO / "write-an-agreement.md"
    faulty = next(block for block in blocks(page, "yaml") if "id: faulty" in block)
    (tmp_path / "faulty.yaml").write_text(faulty, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["truceline", "agreement", "check", str(tmp_path / "faulty.yaml")])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err in blocks(page, "text")


# -- links and paths -------------------------------------------------------------------------------------------------


def pages() -> list[Path]:
    """Every Markdown page of the project, folders of tools left out."""
    found = sorted(ROOT.rglob("*.md"))
    parts = {page: page.relative_to(ROOT).parts for page in found}
    return [page for page in found if not any(p.startswith(".") or p == "node_modules" for p in parts[page])]


def plain(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", text_of(page), flags=re.M | re.S)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", plain(page), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_relative_link_leads_somewhere() -> None:
    """Each relative link of each page leads to a file that is there, and to a heading of it if it names one."""
    broken, seen = [], 0
    for page in pages():
        for link in re.findall(r"\]\(([^)\s]+)\)", plain(page)):
            if re.match(r"[a-z]+:", link):
                continue
            seen += 1
            file, _, anchor = link.partition("#")
            target = (page.parent / file).resolve() if file else page
            if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
                broken.append(f"{page.relative_to(ROOT)}: {link}")
    assert seen > 40
    assert broken == []


def test_no_page_names_a_path_of_somebodys_machine() -> None:
    """No page holds an absolute path: it would be true on one machine only."""
    path = re.compile(r"(?<![\w./:])(?:/(?:work|home|root|tmp|usr|var|opt|mnt|srv|etc|Users)/|[A-Z]:\\)")
    found = [f"{page.relative_to(ROOT)}: {match[0]}" for page in pages() for match in path.finditer(text_of(page))]
    assert found == []
