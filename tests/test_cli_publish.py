"""A finding on its way to the public, on the command line, by machines of the desk and of two parties."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli_table import ALLEGATION, Table, answer, founded, seated, truceline
from tests.evidence.bench import SHIPPED
from truceline.store.folder import CaseFolder

FINDING = {"body": "tf", "holds": "undecided", "standard": "balance of probabilities", "text": "who fired is open"}


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    """A case of desk, us and ru; afterwards the record holds."""
    with seated(founded(tmp_path)) as made:
        yield made


def step(
    table: Table, stage: str, *options: object, by: str = "desk", cosign: tuple[str, ...] = (), code: int = 0
) -> int:
    """Take a step at the machine of a party; others sign at theirs; it is handed in at the desk."""
    entry = table.file(f"{stage}.entry")
    table.at(by)
    answer("publish", "publish", table.case, stage, "--by", by, *options, "-o", entry)
    for party in cosign:
        table.at(party)
        answer("submit", "submit", table.case, "--entry", entry, "--cosign", party, "-o", entry)
    table.at("desk")
    if code:
        truceline("send", table.case, entry, code=code)
        return -1
    sent = answer("send", "send", table.case, entry)["sent"][0]
    for box in table.folder.glob(f"{entry.name}.*.box"):
        box.unlink()
    assert Path(sent["receipt"]).read_text().startswith("c2sp.org/tlog-proof@v1\n")
    index: int = sent["entry"]
    return index


@pytest.mark.long
def test_a_finding_goes_its_way_by_hand(table: Table) -> None:
    """Draft, remarks, joint body, withheld, lifted; the public reads numbers, and the finding at the end."""
    said = table.say("us", "allegation", {**ALLEGATION, "against": "ru"})
    held = table.say("us", "finding", {**FINDING, "about": [said]}, cosign=("ru",))
    text = table.file("draft.txt")
    text.write_text("On that day shells fell on the market. Who fired cannot be held.", encoding="utf-8")
    of = step(table, "draft", "--about", said, "--body", "tf", "--text", f"en={text}")
    comment = step(table, "comment", "--of", of, "--about", said, "--body", "tf")
    drafts = answer("drafts", "drafts", table.case)["drafts"]
    assert [(one["of"], one["stage"], one["to"], one["silent"]) for one in drafts] == [
        (of, "comment", ["ru", "us"], ["ru", "us"]),
    ]  # fmt: skip
    for party in ("us", "ru"):
        table.at(party)
        shown = answer("record-show", "record", "show", table.case, of, "--open-as", party)
        assert shown["body"]["texts"]["en"].startswith("On that day")
    step(table, "joint", "--of", of, code=5)  # nobody answered, and there is time left
    for party in ("us", "ru"):
        table.say(party, "answer", {"text": "no remarks on the facts", "to": comment})
    step(table, "joint", "--of", of)
    step(table, "public", "--of", of, "--about", held, by="us", code=5)  # one alone
    step(
        table, "withheld", "--of", of, "--about", held, "--code", "talks", "--reason", "talks", by="us", cosign=("ru",)
    )
    counted = answer("withheld", "withheld", table.case)
    assert (counted["withheld"]["number"], counted["unpublished"]["number"]) == (1, 0)
    step(table, "lifted", "--of", of, "--about", held, "--reason", "they ended", by="ru", cosign=("us",))
    assert answer("withheld", "withheld", table.case)["withheld"]["number"] == 0
    assert truceline("withheld", table.case).stdout.startswith("0 findings withheld\n")
    assert "lifted" in truceline("drafts", table.case).stdout


def test_a_draft_that_a_stranger_could_open_is_not_transmitted(table: Table) -> None:
    """The one who is concerned has to be able to read it; everybody else has not."""
    said = table.say("us", "allegation", {**ALLEGATION, "against": "ru"})
    of = table.say("desk", "publication", {"stage": "draft", "texts": {"en": "t"}}, "--to", "us", "--to", "desk")
    step(table, "comment", "--of", of, "--about", said, "--body", "tf", code=5)  # ru cannot read it
    of = table.say("desk", "publication", {"stage": "draft", "texts": {"en": "t"}}, "--to", "us", "--to", "ru")
    step(table, "comment", "--of", of, "--about", said, "--body", "us", "--to", "us", code=5)  # ru is left out
    step(table, "comment", "--of", of, "--about", said, "--body", "tf")


def test_an_open_draft_is_no_draft(table: Table) -> None:
    """Its text would be in every mirror."""
    truceline("submit", table.case, "--type", "publication", "--by", "desk", "--body",
              table.file("body.json", {"stage": "draft", "texts": {"en": "t"}}), code=5)  # fmt: skip


@pytest.mark.long
def test_a_report_without_consent_keeps_a_finding_from_the_public(table: Table) -> None:
    """Whoever spoke said no to publication: what names the report is not published, until consent is given."""
    answer("add", "add", table.case, SHIPPED / "reports.jsonl")
    report = json.loads((SHIPPED / "reports.jsonl").read_text(encoding="utf-8").splitlines()[0])["id"]
    said = table.say("us", "allegation", {**ALLEGATION, "against": "ru"})
    held = table.say("us", "finding", {**FINDING, "about": [said], "of": report}, cosign=("ru",))
    refusal = {"about": report, "use": "publish", "is_given": False}
    table.say("desk", "consent", refusal)
    text = table.file("draft.txt")
    text.write_text("t", encoding="utf-8")
    of = step(table, "draft", "--about", said, "--body", "tf", "--text", f"en={text}")
    comment = step(table, "comment", "--of", of, "--about", said, "--body", "tf")
    for party in ("us", "ru"):
        table.say(party, "answer", {"text": "none", "to": comment})
    step(table, "joint", "--of", of)
    step(table, "public", "--of", of, "--about", held, by="us", cosign=("ru",), code=5)
    why = [row["why"] for row in CaseFolder.open(table.case).store.refused()][-1]
    assert why == f"`about`: entry {held} names a report without consent to publish it"
    table.say("desk", "consent", {**refusal, "is_given": True})
    step(table, "public", "--of", of, "--about", held, by="us", cosign=("ru",))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["draft"], "`--text`: a draft is its words"),
        (["draft", "--text", "draft.txt"], "expected a language and a file"),
        (["shout"], "no such stage"),
        (["joint"], "`of`: a step to joint needs it"),
        (["withheld", "--of", "2", "--code", "shame", "--reason", "r"], "`code`: expected one of safety"),
    ],
)  # fmt: skip
def test_what_is_no_step_is_refused_before_anything_is_signed(table: Table, options: list[str], why: str) -> None:
    """The reason is said here, not after it was carried to the desk."""
    done = truceline("publish", table.case, *options, code=3 if "text" in why or "language" in why else 5)
    assert why in done.stderr
