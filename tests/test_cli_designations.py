"""The commands on designations and held texts: JSON against its schema, text for people, a case as known then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.answers import valid
from tests.conftest import ROOT
from tests.evidence.bench import SHIPPED
from truceline import LAW
from truceline.agreement.designations import MEANING
from truceline.agreement.held import MEANING as HELD
from truceline.cli import designations
from truceline.desk import charters, keyring, records
from truceline.desk.cases import add_files, init_case
from truceline.desk.designations import held_rows
from truceline.desk.records import Draft
from truceline.errors import InputError
from truceline.record.audit import Trust, audit
from truceline.store.folder import CaseFolder
from truceline.store.source import FolderSource

AGREEMENT = SHIPPED / "agreement.yaml"
NOON = 1_473_854_400


def run(*args: object) -> Result:
    """Run one of the two commands in this process; what it raises is raised here, refusals apart."""
    app = typer.Typer()
    designations.add_to(app)
    designations.add_held_to(app)
    done = CliRunner().invoke(app, [str(arg) for arg in args], terminal_width=120)
    if done.exception is not None and not isinstance(done.exception, InputError | SystemExit):
        raise done.exception
    return done


def answer(schema: str, *args: object) -> dict[str, Any]:
    """The JSON of a command, held against its schema."""
    done = run(*args, "--json")
    assert done.exit_code == 0, done.exception
    return valid(schema, done.stdout)


def actor(made: dict[str, Any], name: str) -> dict[str, Any]:
    """One actor of an answer."""
    found: dict[str, Any] = next(one for one in made["actors"] if one["actor"] == name)
    return found


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CaseFolder]:
    """A case of desk, us and ru on one machine, founded at noon; afterwards it is audited whole."""
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "config"))
    sets = [keyring.key_set(party) for party in ("us", "ru")]
    made = init_case(tmp_path / "case", AGREEMENT, charters.new_charter("Texts", parties=sets), known_at=NOON)
    yield made
    assert audit(FolderSource(made.store.folder), Trust()).faults == []


def said(case: CaseFolder, seconds: int, draft: Draft) -> int:
    """Append a draft some seconds after noon; its index."""
    return records.append(case, [draft], lambda: NOON + seconds)[0].index


def test_the_renamed_group_is_shown_by_identity_and_by_name() -> None:
    """The answer by the list of names stands beside that by identity, in JSON and as text."""
    made = answer("designations", "designations", AGREEMENT, "--at", "2016-08-01")
    group = actor(made, "jn")
    assert group["readings"]["identity"]["excluded"] == {"value": 1, "reasons": []}
    assert group["readings"]["name"]["excluded"] == {"value": 0, "reasons": ["disputed designation"]}
    assert [(one["before"], one["after"]) for one in group["renames"]] == [("Jabhat al-Nusra", "Jabhat Fatah al-Sham")]
    assert (made["law"], made["known_at"], made["at"]) == (LAW, None, "2016-07-31T21:00:00Z")
    text = run("designations", AGREEMENT, "--at", "2016-08-01").stdout
    row = next(line.split() for line in text.splitlines() if line.startswith(" jn "))
    assert row[-5:] == ["disputed", "yes", "0", "no", "0"]
    assert "2016-07-28: Jabhat al-Nusra becomes Jabhat Fatah al-Sham" in text
    assert "0: cannot be decided: disputed designation" in text
    assert text.rstrip().endswith(LAW)


def test_the_how_to_shows_what_is_printed() -> None:
    """Every line of output on the page is printed by the command on the shipped agreement; every state is explained."""
    page = (ROOT / "docs" / "how-to" / "read-designations.md").read_text(encoding="utf-8")
    text = run("designations", AGREEMENT, "--at", "2016-08-01").stdout
    told = {" ".join(line.split()) for line in text.splitlines()}
    shown = [" ".join(line.split()) for line in page.split("```text\n")[1].split("```")[0].splitlines()]
    assert [line for line in shown if line.strip(".") and line not in told] == []
    for state, meaning in {**MEANING, **HELD}.items():
        assert f"| `{state}` | {meaning} |" in page
    assert LAW in " ".join(page.replace("*", "").split())


def test_before_the_renaming_both_readings_agree() -> None:
    """On 1 July the name on the list is the name it carries."""
    readings = actor(answer("designations", "designations", AGREEMENT, "--at", "2016-07-01"), "jn")["readings"]
    assert readings["identity"] == readings["name"]


def test_the_lists_of_the_guarantors_are_shown_in_full() -> None:
    """Each listed group stands in exactly one line of the table, and in the text too."""
    made = answer("designations", "designations", AGREEMENT, "--at", "2016-08-01")
    parts = made["lists"]["listed"]
    assert [part["by"] for part in parts][:3] == [["us", "ru"], ["us"], ["ru"]]
    listed = [group for part in parts for group in part["actors"]]
    assert len(listed) == len(set(listed)) > 30
    text = run("designations", AGREEMENT, "--at", "2016-08-01").stdout
    assert all(group in text for group in listed)


def test_a_designation_on_the_record_counts_from_when_it_was_known(case: CaseFolder) -> None:
    """A guarantor calls a group excluded on the record: known from its entry on, not before."""
    body = {"of": "rahman", "since": "2016-05-01", "what": "excluded", "source": "statement"}
    index = said(case, 60, Draft("designation", body, "ru"))
    before = actor(
        answer("designations", "designations", case.path, "--at", "2016-06-01", "--known-at", "#1"), "rahman"
    )
    after = actor(
        answer("designations", "designations", case.path, "--at", "2016-06-01", "--known-at", f"#{index}"), "rahman"
    )
    assert (before["state"], after["state"]) == ("not listed", "disputed")
    assert [one["by"] for one in after["listings"]] == ["ru"]


def test_what_the_record_shows_of_each_party(case: CaseFolder, tmp_path: Path) -> None:
    """A signed acknowledgement, one from a file, and nothing: three parties, three states, as known then."""
    text = case.text().body["canonical_sha256"]
    index = said(case, 60, Draft("act", {"act": "acknowledge", "at": "2016-09-14", "of": text}, "us"))
    acts = tmp_path / "acts.jsonl"
    acts.write_text(json.dumps({"id": "ack-1", "act": "acknowledge", "by": ["gov"], "of": "D4", "at": "2016-09-14"}))
    add_files(case, [acts], known_at=NOON + 120)
    made = answer("agreement-held", "held", case.path)
    shown = {(p["party"], row["version"]): row for p in made["parties"] for row in p["holds"]}
    assert shown["us", text]["state"] == "acknowledged"
    assert shown["us", text]["shown_by"] == [f"entry-{index}"]
    assert shown["ru", text]["state"] == "can read"
    assert shown["gov", "D4"]["state"] == "acknowledged"
    assert shown["gov", "D5"]["state"] == "none"
    assert made["in_force"] == text
    then = held_rows(case.path, known_at="#1")
    assert "gov" not in {p["party"] for p in then["parties"] for row in p["holds"] if row["state"] == "acknowledged"}
    printed = run("held", case.path).stdout
    assert f"us: acknowledged agreement {text[:12]}" in printed
    assert printed.rstrip().endswith(LAW)


def test_a_wording_on_the_record_is_a_text_of_its_own(case: CaseFolder) -> None:
    """The Arabic words are named by the hash of their file, and belong to the text they are words of."""
    text = case.text().body["canonical_sha256"]
    body = {"file": "text-ar.txt", "is_authentic": True, "lang": "ar", "of": text}
    said(case, 60, Draft("wording", body, "us", {"text-ar.txt": "وقف الأعمال العدائية".encode()}))
    versions = answer("agreement-held", "held", case.path)["versions"]
    wording = next(one for one in versions if one["what"] == "wording")
    assert (wording["lang"], wording["of"]) == ("ar", text)
    assert wording["version"] != text


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["designations", AGREEMENT, "--at", "soon"], "expected a date or time"),
        (["designations", AGREEMENT, "--at", "2016-08-01", "--known-at", "2016-08-01"], "needs a case folder"),
        (["held", AGREEMENT, "--at", "never"], "expected a date or time"),
        (["held", SHIPPED / "nothing.yaml"], "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(args: list[object], message: str) -> None:
    """A moment that is none, a record that is not there: one line says what was expected."""
    done = run(*args)
    assert isinstance(done.exception, InputError)
    assert message in str(done.exception)
    assert "\n" not in str(done.exception)


def test_an_index_beyond_the_record_is_refused(case: CaseFolder) -> None:
    """Nobody can know what the record does not hold yet."""
    done = run("designations", case.path, "--at", "2016-08-01", "--known-at", "#9")
    assert isinstance(done.exception, InputError)
    assert "#9" in str(done.exception)
