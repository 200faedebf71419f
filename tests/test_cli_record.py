"""The record on the command line, as each who uses it: keeper, founding party, party that joins later, reader."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.answers import SCHEMAS
from tests.cli_table import ALLEGATION, Table, answer, founded, seated, truceline
from tests.evidence.bench import SHIPPED
from tests.test_cli import told

AGREEMENT, REPORTS = SHIPPED / "agreement.yaml", SHIPPED / "reports.jsonl"


@pytest.fixture(scope="module")
def _founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case that desk, us and ru founded together, with the reports of the shipped case."""
    return founded(tmp_path_factory.mktemp("table"), REPORTS)


@pytest.fixture
def table(_founded: Path, tmp_path: Path) -> Iterator[Table]:
    """A copy of that table for each test; afterwards the record holds."""
    with seated(Path(shutil.copytree(_founded, tmp_path / "t"))) as made:
        yield made


@pytest.mark.parametrize(
    "command",
    [
        "keys", "keys new", "keys show", "keys sign", "keys revoke", "submit", "record", "record show", "record proof",
        "record checkpoint", "record export", "bundle", "verify", "panic", "vault", "vault add", "vault show",
        "vault list", "vault delete", "witness compare",
    ],
)  # fmt: skip
def test_every_command_of_the_record_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Who is lost asks `--help`, and it must answer."""
    code, out, _ = told(capsys, [*command.split(), "--help"])
    assert (code, "Usage:" in out) == (0, True)


@pytest.mark.parametrize("page", ["keep-keys", "say-something-on-the-record", "verify-a-record"])
def test_the_commands_of_the_pages_are_those_of_the_program(page: str) -> None:
    """Each command that a page shows is one, with the options that it shows."""
    text = (SCHEMAS.parents[1] / "how-to" / f"{page}.md").read_text(encoding="utf-8")
    shown = [line.split("#")[0].split("truceline ")[1].split() for line in text.splitlines() if RUN.match(line)]
    assert len(shown) >= 9
    for command in shown:
        words = command[:2] if command[0] in ("keys", "record", "vault") else command[:1]
        usage = truceline(*words, "--help").stdout
        for option in (word for word in command if word.startswith("-")):
            assert f" {option}" in usage, (command, option)


RUN = re.compile(r"(?:TRUCELINE_CONFIG=\S+ )?truceline [a-z]")


# -- the keeper ------------------------------------------------------------------------------------------------------


def test_there_is_a_case_once_its_founders_made_keys_and_signed(tmp_path: Path) -> None:
    """Each makes its keys and signs the charter at its own machine; before that the desk founds nothing."""
    with seated(tmp_path) as table:
        sets, charter = [table.file(f"{party}.json") for party in ("us", "ru")], table.file("charter.json")
        for path in sets:
            table.at(path.stem)
            made = answer("keys-new", "keys", "new", path.stem, "-o", path)
            assert (made["party"], made["version"], made["entry"]) == (path.stem, 0, None)
        table.at("desk")
        options = [option for path in sets for option in ("--party", path)]
        answer("init", "init", table.case, "--agreement", AGREEMENT, *options, "--charter-out", charter)
        assert not table.case.exists()
        for party in ("us", "ru"):
            table.at(party)
            assert answer("keys-sign", "keys", "sign", charter, "--by", party) == {"file": str(charter), "by": party}
        assert not table.case.exists()
        table.at("desk")
        answer("init", "init", table.case, "--agreement", AGREEMENT, "--charter", charter)


def test_a_record_begins_with_its_charter_and_its_text(table: Table) -> None:
    """Entry 0 says who keeps the record and who may sign, signed by all founders; entry 1 is the text."""
    made = answer("record-show", "record", "show", table.case)
    assert [(e["type"], e["by"]) for e in made["entries"]] == [
        ("charter", "desk"), ("agreement", "desk"), ("evidence", "desk"),
    ]  # fmt: skip
    charter = answer("record-show", "record", "show", table.case, 0)["statement"]["body"]
    assert [party["party"] for party in charter["parties"]] == ["desk", "us", "ru"]
    assert (charter["shred"], charter["is_demo"]) == ({"of": ["desk", "us", "ru"], "threshold": 2}, False)


def test_a_charter_counts_only_when_every_founder_signed_it(table: Table) -> None:
    """The keeper cannot found a record in somebody's name."""
    charter = table.file("other.json")
    truceline(
        "init", table.file("x"), "--agreement", AGREEMENT, "--party", table.file("us.json"), "--charter-out", charter
    )
    err = truceline("init", table.file("x"), "--agreement", AGREEMENT, "--charter", charter, code=6).stderr
    assert "not signed by the roots of `us`" in err
    assert not table.file("x").exists()
    truceline("keys", "sign", charter, "--by", "gov", code=5)
    truceline("keys", "sign", charter, "--by", "us", code=7)  # the desk does not hold that root


@pytest.mark.long
def test_an_assessment_is_recorded_once_and_computed_again(table: Table) -> None:
    """The same answers are one entry; `verify --recompute` computes them again."""
    for _ in range(2):
        truceline("assess", table.case)
    assert [e["type"] for e in answer("record-show", "record", "show", table.case)["entries"]].count("assessment") == 1
    assert answer("verify", "verify", table.case, "--recompute")["checked"]["assessments"] == 1


def test_who_is_not_the_keeper_writes_nothing_and_is_told_what_to_do(table: Table) -> None:
    """Every command that would write ends with 7 and says who writes; not even keys are made."""
    table.at("us")
    body = table.file("body.json", ALLEGATION)
    before = sorted((table.folder / "keys-of-us").rglob("*"))
    for command in (
        ["submit", table.case, "--type", "allegation", "--by", "us", "--body", body], ["keys", "new", "us", "--case",
        table.case], ["keys", "revoke", table.case, table.keys("us")[0]["id"], "--by", "us", "--since", "1"],
    ):  # fmt: skip
        done = truceline(*command, code=7)
        assert "only its keeper writes this record; `submit -o` signs what you hand over" in done.stderr
    assert sorted((table.folder / "keys-of-us").rglob("*")) == before
    assert "not recorded" in truceline("assess", table.case).stderr
    assert len(answer("record-show", "record", "show", table.case)["entries"]) == 3


# -- statements ------------------------------------------------------------------------------------------------------


def test_an_allegation_and_its_answer(table: Table) -> None:
    """Each is signed on its own machine, and stands in the record as theirs."""
    one = table.say("us", "allegation", ALLEGATION)
    other = table.say("ru", "answer", {"text": "not by us", "to": one})
    shown = answer("record-show", "record", "show", table.case, other)
    assert (shown["by"], shown["signed_by"], shown["statement"]["body"]["to"]) == ("ru", ["ru"], one)
    listed = answer("record-show", "record", "show", table.case, "--by", "us")["entries"]
    assert [(e["entry"], e["sequence"]) for e in listed] == [(one, 0)]


def test_every_type_of_statement_can_be_made(table: Table) -> None:
    """What a party or a body says of the agreement: act, designation, allegation, answer, finding."""
    made = [
        table.say("us", "act", {"act": "accept", "at": "2016-09-12T19:00", "of": "D4"}),
        table.say("ru", "designation", {"of": "jn", "since": "2016-09-12", "what": "excluded"}),
        table.say("us", "allegation", ALLEGATION),
    ]
    made.append(table.say("ru", "answer", {"text": "no", "to": made[2]}))
    made.append(table.say("us", "finding", FINDING | {"about": [made[2]]}, cosign=("ru",)))
    assert made == [3, 4, 5, 6, 7]


FINDING = {
    "about": [2], "body": "tf", "holds": "undecided", "standard": "balance of probabilities", "term": "F2",
    "text": "who fired cannot be held", "dissent": [{"by": "ru", "text": "there was no breach"}],
}  # fmt: skip


def test_a_finding_is_signed_by_the_members_of_its_body(table: Table) -> None:
    """One member alone is refused, the desk never holds anything, both together count, with the dissent in it."""
    assert table.say("us", "finding", FINDING, code=5) == -1
    index = table.say("us", "finding", FINDING, cosign=("ru",))
    shown = answer("record-show", "record", "show", table.case, index)
    assert shown["signed_by"] == ["ru", "us"]
    assert shown["statement"]["body"]["dissent"][0]["by"] == "ru"
    assert table.say("desk", "finding", FINDING, cosign=("us", "ru"), code=5) == -1


@pytest.mark.long
def test_an_amendment_is_signed_by_every_signatory_and_judged_by_from_then_on(table: Table) -> None:
    """New text, all its tables, all signatures: alone it is refused; as known before it the old text is in force."""
    new = table.file("new.yaml")
    old = AGREEMENT.read_text(encoding="utf-8")
    new.write_text(old.replace("Cessation of hostilities in Syria, 2016", "As amended"), encoding="utf-8")
    before = answer("agreement-check", "agreement", "check", AGREEMENT)["canonical_sha256"]
    after = answer("agreement-check", "agreement", "check", new)["canonical_sha256"]
    body = {
        "canonical_sha256": after, "file": "new.yaml", "id": "syria-2016", "langs": ["ar", "en", "ru"],
        "replaces": before,
    }  # fmt: skip
    files = [new, *sorted(SHIPPED.glob("*.csv")), *sorted(SHIPPED.glob("*.geojson"))]
    given = [option for file in files for option in ("--file", file)]
    table.at("us")
    entry = table.file("amendment.entry")
    say = ["--type", "amendment", "--by", "us", "--body", table.file("body.json", body), *given, "-o", entry]
    answer("submit", "submit", table.case, *say)
    table.at("desk")
    err = truceline("submit", table.case, "--entry", entry, *given, code=5).stderr
    assert "an amendment needs every signatory: not signed by ru" in err
    table.at("ru")
    answer("submit", "submit", table.case, "--entry", entry, "--cosign", "ru", "-o", entry)
    table.at("desk")
    assert answer("submit", "submit", table.case, "--entry", entry, *given)["entry"] == 3
    assert answer("assess", "assess", table.case)["agreement"]["title"] == "As amended"
    assert answer("assess", "assess", table.case, "--known-at", "#2")["agreement"]["title"] != "As amended"


def test_a_sealed_body_is_read_by_its_readers_and_by_nobody_else(table: Table) -> None:
    """The words lie in the box alone, and the box opens with the reader's key on the reader's machine."""
    index = table.say("us", "allegation", {"text": "the well of the village was poisoned"}, "--to", "ru")
    table.at("ru")
    shown = answer("record-show", "record", "show", table.case, index, "--open-as", "ru")
    assert shown["body"]["text"] == "the well of the village was poisoned"
    assert (shown["sealed"], shown["statement"]["body"]) == (True, None)
    for party in ("us", "desk"):
        table.at(party)
        assert "not sealed for" in truceline("record", "show", table.case, index, "--open-as", party, code=6).stderr
    assert "no sealed body" in truceline("record", "show", table.case, 2, "--open-as", "desk", code=3).stderr
    assert not any(b"poisoned" in path.read_bytes() for path in table.case.rglob("*") if path.is_file())


def test_a_reader_without_keys_is_refused(table: Table) -> None:
    """A body sealed for somebody who cannot open it would be lost."""
    table.at("us")
    body = table.file("body.json", ALLEGATION)
    done = truceline("submit", table.case, "--type", "allegation", "--by", "us", "--body", body, "--to", "gov", code=3)
    assert "no key set of gov" in done.stderr


def test_a_receipt_is_given_at_once_and_verifies(table: Table) -> None:
    """The submitter can show later that the host had it: against the entry and the log it pinned."""
    table.at("us")
    entry, receipt, policy = table.file("e.entry"), table.file("e.receipt"), table.file("policy")
    body = table.file("body.json", ALLEGATION)
    truceline("submit", table.case, "--type", "allegation", "--by", "us", "--body", body, "-o", entry)
    table.at("desk")
    taken = answer("submit", "submit", table.case, "--entry", entry, "--receipt", receipt)
    assert receipt.read_text() == taken["receipt"]
    log = answer("record-show", "record", "show", table.case, 0)["statement"]["body"]["log"]
    policy.write_text(f"log {log}\nquorum none\n")
    made = answer("verify", "verify", receipt, "--entry", entry, "--policy", policy)
    assert (made["holds"], made["kind"]) == (True, "proof")
    entry.write_bytes(entry.read_bytes() + b" ")
    assert answer("verify", "verify", receipt, "--entry", entry, "--policy", policy, code=6)["holds"] is False


def test_what_was_refused_is_kept_with_its_reason(table: Table) -> None:
    """A host that refuses a party leaves a trace; so does a party that sends nonsense."""
    table.say("us", "finding", FINDING, code=5)
    refused = answer("record-show", "record", "show", table.case, "--refused")["refused"]
    assert [row["why"] for row in refused] == ["not signed as `tf` decides: got us"]


def test_a_statement_is_not_taken_twice_or_elsewhere(table: Table) -> None:
    """Its number is used up; and it was made for one record."""
    table.say("us", "allegation", ALLEGATION)
    err = truceline("submit", table.case, "--entry", table.file("us-allegation.entry"), code=5).stderr
    assert "stands in the log already" in err
    truceline("init", table.file("other"), "--agreement", AGREEMENT)
    err = truceline("submit", table.file("other"), "--entry", table.file("us-allegation.entry"), code=5).stderr
    assert "`log`: made for" in err


BAD: list[tuple[str, object, int, str]] = [
    ("allegation", {}, 5, "`body`: expected what is promised of `allegation`"),
    ("allegation", {"text": "x", "terms": ["F99"]}, 5, "the text knows no `F99`"),
    ("allegation", {"text": "x", "witness": "Umm Khalid"}, 5, "unknown field"),
    ("allegation", {"text": "at 36.2021, 37.1343"}, 5, "looks like a position"),
    ("allegation", {"text": "x", "cells": ["872da8b2bffffff"]}, 5, "resolution 7"),
    ("allegation", {"text": "x" * 70_000}, 5, "at most 65535 bytes"),
    ("answer", {"text": "x", "to": 99}, 5, "`to`: expected an entry"),
    ("answer", {"text": "x", "to": 1.5}, 5, ""),
    ("evidence", {}, 5, "`file`"),
    ("areas", {"file": "a", "kind": "areas", "rows": 1, "sha256": ""}, 5, "does not say what is of type `areas`"),
    ("charter", {}, 5, "one charter"),
    ("gossip", {"text": "x"}, 5, "`type`: expected one of"),
    ("Gossip!", {"text": "x"}, 5, "`type`: expected a word of small letters"),
    ("finding", FINDING | {"holds": "guilty"}, 5, "`holds`: expected one of"),
    ("designation", {"of": "nobody", "since": "2016", "what": "excluded"}, 5, "the text knows no `nobody`"),
    ("act", {"act": "promise", "at": "2016-09-12"}, 5, "`act`: expected one of"),
]


def test_bad_statements_are_refused_in_one_line(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    """Each ends with its code and one line; nothing of it stands in the record."""
    shutil.copytree(table.folder / "keys-of-us" / "keys", table.folder / "keys-of-desk" / "keys", dirs_exist_ok=True)
    for kind, body, expected, message in BAD:
        file = table.file("body.json", body)
        code, out, err = told(capsys, ["submit", table.case, "--type", kind, "--by", "us", "--body", file])
        assert (code, out, err.count("\n")) == (expected, "", 1), (kind, err)
        assert message in err, (kind, err)
    assert len(answer("record-show", "record", "show", table.case)["entries"]) == 3


@pytest.mark.long
def test_bad_input_is_refused_in_one_line(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    """Files that are missing, broken or something else, indexes that are not there, names that are no party."""
    noise, good = table.file("noise"), table.file("body.json", ALLEGATION)
    noise.write_bytes(bytes(range(256)))
    deep = table.file("deep.json")
    deep.write_text("[" * 100_000)
    say = ["submit", table.case, "--type", "allegation", "--by", "us", "--body"]
    commands: list[tuple[list[object], int]] = [
        (["submit", table.case], 3), ([*say, good, "--entry", good], 3), ([*say, noise], 3), ([*say, deep], 3),
        ([*say, table.file("none")], 3), (["submit", table.case, "--entry", noise], 5),
        (["submit", table.case, "--entry", good], 5), (["submit", noise, "--entry", good], 7),
        (["submit", table.case, "--type", "allegation", "--by", "gov", "--body", good], 5),
        (["submit", table.case, "--type", "allegation", "--by", "../x", "--body", good], 5),
        (["keys", "sign", noise, "--by", "us"], 5), (["keys", "sign", table.file("none"), "--by", "us"], 3),
        (["keys", "show", table.file("none")], 7), (["keys", "revoke", table.case, "0" * 16, "--by", "desk",
        "--since", "1"], 5),
        (["record", "show", table.case, "99"], 3), (["record", "proof", table.case, "99"], 3),
        (["record", "proof", table.case, "-1"], 2), (["record", "checkpoint", table.file("none")], 7),
        (["init", table.file("new"), "--agreement", AGREEMENT, "--party", noise], 3),
        (["init", table.file("new"), "--agreement", AGREEMENT, "--policy", noise], 3),
        (["init", table.file("new"), "--agreement", AGREEMENT, "--charter", noise], 5),
        (["verify", noise], 3), (["verify", table.file("none")], 3), (["verify", table.folder], 7),
    ]  # fmt: skip
    for args, expected in commands:
        code, out, err = told(capsys, args)
        assert code == expected, (args, out[-300:], err[-300:])
        if code > 2:
            assert (out, err.count("\n")) == ("", 1), (args, out, err)
    assert not table.file("new").exists()


# -- keys ------------------------------------------------------------------------------------------------------------


def test_a_party_joins_later_with_a_countersignature(table: Table) -> None:
    """The newcomer signs its own key set; one who founded the record countersigns; from the next entry on it speaks."""
    table.at("gov")
    entry = table.file("gov.entry")
    truceline("keys", "new", "gov", "-o", table.file("gov.json"))  # an earlier set, made and not used, is no hindrance
    answer("keys-new", "keys", "new", "gov", "--case", table.case, "-o", entry)
    table.at("desk")
    assert "not countersigned by 1 of ru, us" in truceline("submit", table.case, "--entry", entry, code=6).stderr
    index = table.enter(entry, "us")
    assert [key["from"] for key in table.keys("gov")] == [index + 1]
    assert table.say("gov", "allegation", ALLEGATION) == index + 1


def test_the_desk_alone_lets_a_party_join_a_record_that_it_alone_founded(table: Table) -> None:
    """On one machine, with the keys of both: one command."""
    case = table.file("alone")
    truceline("init", case, "--agreement", AGREEMENT)
    made = answer("keys-new", "keys", "new", "us", "--case", case)
    assert (made["version"], made["entry"]) == (0, 2)
    assert answer("keys-new", "keys", "new", "us", "--case", case)["version"] == 1
    body = table.file("body.json", ALLEGATION)
    truceline("submit", case, "--type", "allegation", "--by", "us", "--body", body)
    assert answer("verify", "verify", case)["holds"] is True


def test_keys_are_rotated_and_the_old_one_stays_valid_for_what_it_signed(table: Table) -> None:
    """Signed by the old root, countersigned; the old key ends with the entry, what it signed stays uncontested."""
    first = table.say("us", "allegation", ALLEGATION)
    table.at("us")
    entry = table.file("us.entry")
    assert answer("keys-new", "keys", "new", "us", "--case", table.case, "-o", entry)["version"] == 1
    index = table.enter(entry, "ru")
    old, new = table.keys("us")
    assert (old["until"], old["contested_from"], new["from"], new["until"]) == (index + 1, None, index + 1, None)
    assert table.say("us", "allegation", ALLEGATION) == index + 1
    assert answer("verify", "verify", table.case)["remarks"] == []
    assert first < index


def test_what_was_sealed_before_a_rotation_opens_after_it(table: Table) -> None:
    """Old reading keys are kept: what was said to a party stays readable for it."""
    index = table.say("us", "allegation", ALLEGATION, "--to", "ru")
    table.at("ru")
    answer("keys-new", "keys", "new", "ru", "--case", table.case, "-o", table.file("ru.entry"))
    table.enter(table.file("ru.entry"), "us")
    table.at("ru")
    assert answer("record-show", "record", "show", table.case, index, "--open-as", "ru")["body"] == ALLEGATION


@pytest.mark.long
def test_a_revoked_key_contests_what_it_signed_and_signs_no_more(table: Table) -> None:
    """Entries from the alleged theft on are contested, none is removed; the revoked key is refused afterwards."""
    before = table.say("us", "allegation", ALLEGATION)
    stolen = table.say("us", "allegation", ALLEGATION)
    key = table.keys("us")[0]["id"]
    table.at("us")
    entry = table.file("revoke.entry")
    said = answer("keys-revoke", "keys", "revoke", table.case, key, "--by", "us", "--since", str(stolen), "-o", entry)
    assert (said["entry"], said["file"]) == (None, str(entry))
    index = table.enter(entry, "ru")
    shown = table.keys("us")[0]
    assert (shown["until"], shown["contested_from"]) == (index + 1, stolen)
    remarks = answer("verify", "verify", table.case)["remarks"]
    assert [(r["entry"], r["what"]) for r in remarks] == [(stolen, "contested")]
    assert before < stolen
    assert table.say("us", "allegation", ALLEGATION, code=6) == -1
    table.at("us")
    answer("keys-new", "keys", "new", "us", "--case", table.case, "-o", table.file("us.entry"))
    table.enter(table.file("us.entry"), "ru")
    assert table.say("us", "allegation", ALLEGATION) > index


def test_the_keeper_revokes_its_own_key_at_once(table: Table) -> None:
    """Where nobody has to countersign one command does it."""
    case = table.file("alone")
    truceline("init", case, "--agreement", AGREEMENT)
    key = answer("keys-show", "keys", "show", case)["keys"][0]["id"]
    assert answer("keys-revoke", "keys", "revoke", case, key, "--by", "desk", "--since", "2")["entry"] == 2


def test_keys_of_this_machine_are_listed_without_their_secrets(table: Table) -> None:
    """Names, uses, ids; no secret is ever printed."""
    table.at("us")
    done = truceline("keys", "show")
    assert [use in done.stdout for use in ("sign", "read", "root")] == [True] * 3
    listed = answer("keys-show", "keys", "show")
    secrets = [json.loads(p.read_bytes())["secret"] for p in (table.folder / "keys-of-us").rglob("*.key")]
    assert len(listed["keys"]) == len(secrets) == 3
    assert not any(secret in done.stdout or secret in json.dumps(listed) for secret in secrets)


# -- shredding -------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_sealed_body_is_destroyed_by_two_of_three_and_never_by_one(table: Table) -> None:
    """Box and words are gone, the entry and every proof stay; its reader is told why it cannot be opened."""
    index = table.say("us", "allegation", ALLEGATION, "--to", "ru")
    sealed = answer("record-show", "record", "show", table.case, index)["statement"]["sealed"]
    body = {"commitment": sealed["commitment"], "index": index, "reason": "its source is in danger"}
    for alone in ("desk", "us", "ru"):
        table.say(alone, "shredding", body, code=6)
    assert any(path.name == sealed["box"] for path in table.case.rglob("*"))
    gone = table.say("desk", "shredding", body, cosign=("us",))
    assert not any(path.name == sealed["box"] for path in table.case.rglob("*"))
    table.at("ru")
    done = truceline("record", "show", table.case, index, "--open-as", "ru", code=6)
    assert f"entry {index}: its body was destroyed by entry {gone}" in done.stderr
    verified = answer("verify", "verify", table.case)
    assert [(r["entry"], r["what"]) for r in verified["remarks"]] == [(index, "shredded")]
    table.say("desk", "shredding", body, cosign=("us",), code=5)  # not twice


# -- proofs and copies -----------------------------------------------------------------------------------------------


def test_a_proof_is_verified_by_who_holds_the_entry_and_the_policy(table: Table) -> None:
    """Whoever keeps entry and proof needs nothing else of us."""
    index = table.say("us", "allegation", ALLEGATION)
    proof, policy = table.file("proof"), table.file("policy")
    made = answer("record-proof", "record", "proof", table.case, index, "-o", proof)
    assert proof.read_text() == made["proof"]
    log = answer("record-show", "record", "show", table.case, 0)["statement"]["body"]["log"]
    policy.write_text(f"log {log}\nquorum none\n")
    entry = table.file("us-allegation.entry")
    assert answer("verify", "verify", proof, "--entry", entry, "--policy", policy)["holds"] is True
    other = table.file("charter.json")
    assert answer("verify", "verify", proof, "--entry", other, "--policy", policy, code=6)["holds"] is False


@pytest.mark.long
def test_a_checkpoint_that_was_kept_is_continued_or_it_is_told(table: Table) -> None:
    """Keep a note of a few lines, and the host can take nothing back that it covers."""
    kept = table.file("kept")
    copy = table.file("copy")
    shutil.copytree(table.case, copy)
    table.say("us", "allegation", ALLEGATION)
    made = answer("record-checkpoint", "record", "checkpoint", table.case, "-o", kept)
    assert made["size"] == 4
    table.say("us", "allegation", ALLEGATION)
    assert answer("verify", "verify", table.case, "--since", kept)["holds"] is True
    rolled = answer("verify", "verify", copy, "--since", kept, code=6)
    assert (rolled["holds"], rolled["size"]) == (False, 3)


def test_a_copy_as_static_tiles_verifies_and_holds_no_sealed_body(table: Table) -> None:
    """A mirror receives commitments, never ciphertext."""
    index = table.say("us", "allegation", ALLEGATION, "--to", "ru")
    box = answer("record-show", "record", "show", table.case, index)["statement"]["sealed"]["box"]
    for more in ([], ["--blobs"]):
        mirror = table.file(f"mirror{len(more)}")
        assert answer("record-export", "record", "export", table.case, mirror, *more)["files"] > 0
        assert answer("verify", "verify", mirror)["kind"] == "mirror"
        assert not any(box in path.name for path in mirror.rglob("*"))


def flip(path: Path) -> None:
    """Alter one byte in the middle of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :])


@pytest.mark.parametrize(
    "find",
    [
        lambda case: next((case / "record" / "journal").iterdir()), lambda case: case / "record" / "head",
        lambda case: next(p for p in (case / "record" / "blobs").rglob("*") if p.is_file()),
        lambda case: next((case / "evidence").glob("*.parquet")),
    ],
    ids=["entries", "head", "text", "table"],
)  # fmt: skip
def test_one_byte_altered_is_found_and_named(table: Table, tmp_path: Path, find: Callable[[Path], Path]) -> None:
    """`verify` ends with 6 and names the file; what a shell prints says so in its last line."""
    copy = tmp_path / "altered"
    shutil.copytree(table.case, copy)
    path = find(copy)
    flip(path)
    made = answer("verify", "verify", copy, code=6)
    assert made["faults"]
    if path.name != "head":
        assert any(path.name in (fault["file"] or "") for fault in made["faults"])
    assert truceline("verify", copy, code=6).stdout.splitlines()[-1] == "DOES NOT HOLD"


def test_what_others_wrote_cannot_steer_a_terminal(table: Table) -> None:
    """Words of a statement are shown as data: no control character reaches the terminal, and lines stay lines."""
    index = table.say("us", "allegation", {"text": "a\x1b[2Jb\u202ec"})
    shown = truceline("record", "show", table.case, index).stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert shown.count("\n") > 20
