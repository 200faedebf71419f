"""A table on the command line: each party at a machine with keys of its own, around one case that the desk keeps."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.answers import valid
from tests.evidence.bench import SHIPPED
from truceline.cli import main

ALLEGATION = {"text": "shelling of the market", "terms": ["F2"], "day": "2016-09-14", "units": ["SY02"]}


class Done(NamedTuple):
    """What a command printed."""

    stdout: str
    stderr: str


def truceline(*args: object, code: int = 0) -> Done:
    """Run a command in this process, which is ten times faster; its exit code is checked."""
    argv, got, out, err = sys.argv, 0, io.StringIO(), io.StringIO()
    sys.argv = ["truceline", *map(str, args)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as left:
        got = int(left.code or 0)
    finally:
        sys.argv = argv
    assert got == code, (args, got, out.getvalue()[-500:], err.getvalue()[-500:])
    return Done(out.getvalue(), err.getvalue())


def answer(schema: str, *args: object, code: int = 0) -> dict[str, Any]:
    """The JSON of a command, held against its schema."""
    return valid(schema, truceline(*args, "--json", code=code).stdout)


class Table:
    """Machines of several parties around one case, which the desk keeps; each has keys of its own only."""

    def __init__(self, folder: Path) -> None:
        """Begin with a folder."""
        self.folder, self.case = folder, folder / "case"

    def at(self, party: str) -> None:
        """Sit down at the machine of a party."""
        os.environ["TRUCELINE_CONFIG"] = str(self.folder / f"keys-of-{party}")

    def file(self, name: str, value: object = None) -> Path:
        """A file, written as JSON if there is something to write."""
        path = self.folder / name
        if value is not None:
            path.write_text(json.dumps(value), encoding="utf-8")
        return path

    def say(self, by: str, kind: str, body: object, *more: object, code: int = 0, cosign: tuple[str, ...] = ()) -> int:
        """Sign at one machine, countersign at others, hand over at the desk; the index, or -1 when refused."""
        entry, given = self.file(f"{by}-{kind}.entry"), []
        self.at(by)
        options = ["--type", kind, "--by", by, "--body", self.file("body.json", body), *more]
        assert answer("submit", "submit", self.case, *options, "-o", entry)["entry"] is None
        for party in cosign:
            self.at(party)
            answer("submit", "submit", self.case, "--entry", entry, "--cosign", party, "-o", entry)
        for box in self.folder.glob(f"{entry.name}.*.box"):
            given += ["--file", box]
        self.at("desk")
        if code:
            truceline("submit", self.case, "--entry", entry, *given, code=code)
            return -1
        index: int = answer("submit", "submit", self.case, "--entry", entry, *given)["entry"]
        for box in self.folder.glob(f"{entry.name}.*.box"):
            box.unlink()
        return index

    def enter(self, entry: Path, *cosigners: str) -> int:
        """Hand over a signed entry, countersigned at other machines."""
        for party in cosigners:
            self.at(party)
            answer("submit", "submit", self.case, "--entry", entry, "--cosign", party, "-o", entry)
        self.at("desk")
        index: int = answer("submit", "submit", self.case, "--entry", entry)["entry"]
        return index

    def keys(self, party: str) -> list[dict[str, Any]]:
        """The keys of a party in the record, oldest first."""
        listed: list[dict[str, Any]] = answer("keys-show", "keys", "show", self.case)["keys"]
        return [key for key in listed if key["name"] == party]


def founded(folder: Path, *files: Path) -> Path:
    """A folder with the machines of desk, us and ru, and the case that they founded together; files were added."""
    agreement, sets = SHIPPED / "agreement.yaml", list[object]()
    before, table = os.environ["TRUCELINE_CONFIG"], Table(folder)
    for party in ("us", "ru"):
        table.at(party)
        answer("keys-new", "keys", "new", party, "-o", table.file(f"{party}.json"))
        sets += ["--party", table.file(f"{party}.json")]
    table.at("desk")
    charter = table.file("charter.json")
    answer("init", "init", table.case, "--agreement", agreement, *sets, "--charter-out", charter)
    for party in ("us", "ru"):
        table.at(party)
        answer("keys-sign", "keys", "sign", charter, "--by", party)
    table.at("desk")
    answer("init", "init", table.case, "--agreement", agreement, "--charter", charter)
    for file in files:
        answer("add", "add", table.case, file)
    os.environ["TRUCELINE_CONFIG"] = before
    return folder


@contextlib.contextmanager
def seated(folder: Path) -> Iterator[Table]:
    """The table of a folder, from the machine of the desk; afterwards the record holds, and who sat there has left."""
    before, table = os.environ["TRUCELINE_CONFIG"], Table(folder)
    table.at("desk")
    try:
        yield table
        verified = answer("verify", "verify", table.case)
    finally:
        os.environ["TRUCELINE_CONFIG"] = before
    assert (verified["holds"], verified["faults"]) == (True, []), verified
