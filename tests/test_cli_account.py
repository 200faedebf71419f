"""Accounts, keys of programs and the audit on the command line of the machine that keeps the case."""

from __future__ import annotations

import io
import os
import re
import shlex
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.cli_table import answer, truceline
from tests.store.cluster import cluster
from truceline import desk
from truceline.desk import accounts
from truceline.store.state import accounts as kept
from truceline.store.state import open_state
from truceline.store.state.base import FILE


@pytest.fixture(scope="module", params=["folder", "server"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A demonstration case in a folder, or in PostgreSQL."""
    if request.param == "folder":
        return str(desk.demo_case(tmp_path_factory.mktemp("cli") / "case").where)
    where = cluster().url(cluster().database())
    desk.demo_case(where).close()
    return where


def test_the_first_account_is_made_invited_and_listed(case: str) -> None:
    """The secretariat of a new case has nobody who could invite it but the host."""
    one = answer("account-add", "account", "add", case, "secretariat", "head of office")["id"]
    given = answer("account-invite", "account", "invite", case, one, "--hours", 24)
    assert (given["id"], given["hours"]) == (one, 24)
    plain = truceline("account", "invite", case, one)
    code = plain.stdout.strip()
    assert code != given["code"]
    assert "second channel" in plain.stderr
    state = open_state(case)
    try:
        found = [kept.invited(state, accounts.code_hash(text), now=0) for text in (given["code"], code)]
    finally:
        state.close()
    assert [one is not None for one in found] == [False, True], "the one before it ends"
    shown = {row["id"]: row for row in answer("account-list", "account", "list", case)["accounts"]}
    assert (shown[one]["label"], shown[one]["is_invited"], shown[one]["passkeys"]) == ("head of office", True, 0)
    assert "head of office" in truceline("account", "list", case).stdout


def test_an_account_is_disabled(case: str) -> None:
    """It stands in the list as such, and is invited no more."""
    one = truceline("account", "add", case, "party", "liaison of the coast", "--party", "us").stdout.strip()
    truceline("account", "invite", case, one)
    assert answer("account-disable", "account", "disable", case, one) == {"disabled": one}
    shown = {row["id"]: row for row in answer("account-list", "account", "list", case)["accounts"]}
    assert (shown[one]["is_disabled"], shown[one]["is_invited"]) == (True, False)
    assert "it was disabled" in truceline("account", "invite", case, one, code=3).stderr
    assert truceline("account", "disable", case, "a-0000000000000000", code=8).stderr.startswith("not for whoever asks")


def test_a_key_is_made_registered_and_dropped(case: str, tmp_path: Path) -> None:
    """The private half never leaves its file; the public half is what the case is told."""
    made = answer("account-key-new", "account", "key", "new", tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    one = truceline("account", "add", case, "mirror", f"mirror {tmp_path.name[-8:]}").stdout.strip()
    added = answer("account-key-add", "account", "key", "add", case, one, made["public"])
    assert added == {"id": one, "key": made["id"]}
    assert "registered already" in truceline("account", "key", "add", case, one, made["public"], code=3).stderr
    shown = {row["id"]: row for row in answer("account-list", "account", "list", case)["accounts"]}
    assert [key["id"] for key in shown[one]["keys"]] == [made["id"]]
    dropped = answer("account-key-drop", "account", "key", "drop", case, one, made["id"])
    assert dropped == {"id": one, "dropped": made["id"]}
    truceline("account", "key", "drop", case, one, made["id"], code=8)
    assert "expected a key, not an invitation" in truceline("account", "invite", case, one, code=3).stderr
    truceline("account", "key", "new", tmp_path / "key", code=7)


def test_an_identity_of_a_provider_is_let_in(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the provider calls somebody is read from standard input and kept as a hash."""
    one = truceline("account", "add", case, "mediator", f"envoy {os.getpid()} {len(case)}").stdout.strip()
    issuer = ("--issuer", "https://login.example", "--subject", "-")
    monkeypatch.setattr("sys.stdin", io.StringIO("subject-of-the-envoy\n"))
    given = answer("account-invite", "account", "invite", case, one, *issuer)
    assert given == {"id": one, "code": None, "hours": None}
    state = open_state(case)
    try:
        found = kept.provided_for(state, accounts.subject_hash("https://login.example", "subject-of-the-envoy"))
    finally:
        state.close()
    assert found is not None
    assert found.id == one
    monkeypatch.setattr("sys.stdin", io.StringIO("subject-of-the-envoy\n"))
    assert "an account already" in truceline("account", "invite", case, one, *issuer, code=3).stderr
    assert "expected one of the provider" in truceline("account", "invite", case, one, "--subject", "x", code=3).stderr
    assert answer("account-unprovide", "account", "unprovide", case, one) == {"unprovided": one}
    truceline("account", "unprovide", case, one, code=8)
    monkeypatch.setattr("sys.stdin", io.StringIO("subject-of-the-envoy\n"))
    assert answer("account-invite", "account", "invite", case, one, *issuer)["id"] == one, "it can be given again"


def test_the_audit_shows_what_was_done_and_what_is_missing(tmp_path: Path) -> None:
    """Every change is a row; a row that is changed or taken out shows, and the exit code says so."""
    case = str(desk.demo_case(tmp_path / "case").where)
    one = truceline("account", "add", case, "intake", "night desk").stdout.strip()
    truceline("account", "invite", case, one)
    found = answer("audit", "audit", case)
    assert [(row["role"], row["action"], row["about"]) for row in found["rows"]] == [
        ("host", "add", one), ("host", "invite", one)
    ]  # fmt: skip
    assert found["faults"] == []
    assert [row["index"] for row in answer("audit", "audit", case, "--after", 0)["rows"]] == [1, 2]
    assert "4 rows, head" in truceline("audit", case).stdout
    path = Path(case) / FILE
    with sqlite3.connect(path) as db:
        db.execute("drop trigger audit_never_delete")
        db.execute('delete from audit where "index" = 1')
    db.close()
    assert answer("audit", "audit", case, code=6)["faults"] == ["row 1 is missing"]
    assert "row 1 is missing" in truceline("audit", case, code=6).stderr


def test_the_commands_of_the_how_to_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each as it stands there, in its order, with the ids that were printed before."""
    page = Path(__file__).parents[1] / "docs" / "how-to" / "give-people-access.md"
    case = str(desk.demo_case(tmp_path / "case").where)
    given = {"CASE": case, "mirror.key": str(tmp_path / "mirror.key"), "a-0123456789abcdef": "", "PUBLIC": ""}
    commands = [line for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.S) for line in block.splitlines()]
    assert len(commands) > 10
    for line in commands:
        monkeypatch.setattr("sys.stdin", io.StringIO("subject\n"))
        if "--subject" in line:  # somebody new; the last one of the page is a program
            given["a-0123456789abcdef"] = truceline("account", "add", case, "mediator", "envoy").stdout.strip()
        words = [given.get(word, word) for word in shlex.split(line)]
        said = truceline(*words[1:]).stdout.strip()
        if words[1:3] == ["account", "add"]:
            given["a-0123456789abcdef"] = said
        elif words[1:4] == ["account", "key", "new"]:
            given["PUBLIC"] = said


def test_what_is_no_case_has_no_accounts(tmp_path: Path) -> None:
    """Nothing is made in a folder that holds none."""
    truceline("account", "list", tmp_path, code=7)
    assert list(tmp_path.iterdir()) == []
