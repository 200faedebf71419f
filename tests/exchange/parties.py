"""Two hostile sides, three guarantors, a witness and a host: each a process of its own, with keys of its own."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.conftest import ROOT
from tests.evidence.bench import SHIPPED

SOCKET = "s"
SCHEMAS = ROOT / "docs" / "reference" / "json"
SIDES, HOLDERS = ("us", "ru"), ("tr", "ir", "un")
BEGIN = 1_700_000_000
ALEPPO, IDLIB, HAMA = "852da963fffffff", "852da90bfffffff", "852da877fffffff"
LISTS = {"us": [ALEPPO, HAMA], "ru": [IDLIB]}


class Machine:
    """A machine: one process that runs the commands of one party, or one command until it is stopped."""

    def __init__(self, folder: Path, name: str, *argv: object) -> None:
        """Start it."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(folder / SOCKET))
        self._line = self._socket.makefile("rw", encoding="utf-8")
        hello: dict[str, Any] = {"config": str(folder / f"keys-of-{name}")}
        print(json.dumps(hello | ({"argv": [str(one) for one in argv]} if argv else {})), file=self._line, flush=True)
        self.pid = int(self._line.readline())

    def said(self) -> str:
        """The next line that it prints."""
        return self._line.readline()

    def _ask(self, asked: dict[str, Any]) -> tuple[int, str, str]:
        print(json.dumps(asked), file=self._line, flush=True)
        code, out, err = json.loads(self._line.readline())
        return int(code), str(out), str(err)

    def run(self, *args: object, code: int = 0) -> str:
        """Run a command; what it printed, and its errors where it is refused."""
        got, out, err = self._ask({"argv": [str(one) for one in args]})
        assert got == code, (args, got, out[-500:], err[-500:])
        return err if code else out

    def json(self, *args: object, code: int = 0) -> dict[str, Any]:
        """The JSON of a command, held against its schema."""
        got, out, err = self._ask({"argv": [*(str(one) for one in args), "--json"]})
        assert got == code, (args, got, out[-500:], err[-500:])
        made: dict[str, Any] = json.loads(out)
        if args[0] == "exchange":
            schema = json.loads((SCHEMAS / f"exchange-{args[1]}.schema.json").read_text(encoding="utf-8"))
            Draft202012Validator(schema).validate(made)
        return made

    def cheat(self, name: str, **given: object) -> None:
        """Run a program of a cheat."""
        self._ask({"cheat": name, "given": {key: str(v) if isinstance(v, Path) else v for key, v in given.items()}})

    def stop(self) -> None:
        """End it."""
        self._socket.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            self._line.read()
        self._line.close()
        self._socket.close()


class Table:
    """Everybody around one record, which the host keeps in a folder that all can read."""

    def __init__(self, folder: Path) -> None:
        """Start the machines, and found the record with its witness."""
        self.folder, self.case, self.clock = folder, folder / "case", folder / "clock"
        self.now = BEGIN
        self.tick(0)
        self._forking = subprocess.Popen(
            [sys.executable, "-m", "tests.exchange.machine", str(self.clock), str(folder / SOCKET)], cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._forking.stdout is not None
        assert self._forking.stdout.readline() == "ready\n"
        self.at = {name: Machine(folder, name) for name in ("desk", *SIDES, *HOLDERS, "witness")}
        self.witness: Machine | None = None
        self._count = 0
        self._found()

    def tick(self, seconds: int) -> None:
        """Move the clock of everybody."""
        self.now += seconds
        part = self.clock.with_suffix(".new")
        part.write_text(str(self.now))
        part.replace(self.clock)

    def _found(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        key, state = self.folder / "w.key", self.folder / "w.state"
        vkey = self.at["witness"].json("witness", "new", key, state, "--name", "w.example/1")["vkey"]
        policy, logs = self.folder / "policy", self.folder / "logs"
        policy.write_text(f"witness near {vkey} http://127.0.0.1:{port}\nquorum near\n")
        files: list[object] = []
        for party in (*SIDES, *HOLDERS):
            self.at[party].json("keys", "new", party, "-o", self.folder / f"{party}.json")
            files += ["--party", self.folder / f"{party}.json"]
        charter, agreement = self.folder / "charter.json", SHIPPED / "agreement.yaml"
        host = self.at["desk"]
        host.json("init", self.case, "--agreement", agreement, *files, "--policy", policy, "--charter-out", charter)
        for party in (*SIDES, *HOLDERS):
            self.at[party].json("keys", "sign", charter, "--by", party)
        log = json.loads(base64.b64decode(json.loads(charter.read_bytes())["payload"]))["body"]["log"]
        logs.write_text(f"log {log}\nquorum none\n")
        watching = ("witness", "serve", key, state, "--logs", logs, "--port", port)
        self.witness = Machine(self.folder, "watching", *watching, "--json")
        assert "{" in self.witness.said()  # it answers
        host.json("init", self.case, "--agreement", agreement, "--charter", charter)

    # -- what is said --------------------------------------------------------------------------------------------------

    def file(self, name: str) -> Path:
        """A new file for an entry."""
        self._count += 1
        return self.folder / f"{self._count:03}-{name}.entry"

    def hand_in(self, entry: Path, code: int = 0) -> Any:  # noqa: ANN401  # an index, or why it was refused
        """Hand an entry to the host, which appends it; its index, or why it was refused."""
        self.tick(1)
        if code:
            return self.at["desk"].run("send", self.case, entry, code=code)
        return self.at["desk"].json("send", self.case, entry)["sent"][0]["entry"]

    def step(self, by: str, step: str, *args: object, code: int = 0) -> Any:  # noqa: ANN401  # an index, or why not
        """Take a step on the machine of a party, and hand it in."""
        return self.hand_in(self.signed(by, step, *args), code)

    def signed(self, by: str, step: str, *args: object) -> Path:
        """A step, signed on the machine of a party and not handed in."""
        entry = self.file(f"{by}-{step}")
        self.at[by].json("exchange", step, self.case, *args, "--by", by, "-o", entry)
        return entry

    def open(self, by: str = "us", *, also: str = "ru") -> int:
        """Open an exchange that both sides sign; its index."""
        entry, named = self.file("open"), []
        for side in SIDES:
            named += ["--side", side]
        for holder in HOLDERS:
            named += ["--guarantor", holder]
        times = [_text(self.now + after) for after in (100, 200, 300)]
        named += ["--commit-by", times[0], "--reveal-by", times[1], "--release-by", times[2]]
        self.at[by].json(
            "exchange", "open", self.case, *named, "--threshold", 2, "--slots", 256, "--by", by, "-o", entry
        )
        if also:
            self.at[also].json("submit", self.case, "--entry", entry, "--cosign", also, "-o", entry)
        of: int = self.hand_in(entry)
        return of

    def commit(self, of: int, side: str) -> int:
        """A side fixes its list."""
        cells = self.folder / f"{side}.cells"
        cells.write_text("\n".join(LISTS[side]) + "\n")
        index: int = self.step(side, "commit", of, "--cells", cells)
        return index

    def to_revealing(self) -> int:
        """An exchange to which both sides have committed."""
        of = self.open()
        for side in SIDES:
            self.commit(of, side)
        return of

    def to_releasing(self) -> int:
        """An exchange in which both lists are with the guarantors."""
        of = self.to_revealing()
        for side in SIDES:
            self.step(side, "reveal", of)
        return of

    def outcome(self, of: int) -> tuple[str, list[tuple[str, str]]]:
        """How far an exchange has come, and who did what: the same on every machine."""
        assert self.at["un"].json("exchange", "show", self.case)["exchanges"]
        rows = [self.at[name].json("exchange", "show", self.case, of) for name in ("us", "ru", "un", "desk")]
        plain = [{key: value for key, value in row.items() if key != "due"} for row in rows]
        assert all(row == plain[0] for row in plain)
        return rows[0]["state"], [(fault["party"], fault["what"]) for fault in rows[0]["faults"]]

    def lists(self, of: int, party: str) -> dict[str, list[str]]:
        """Both lists, as a side reads them on its own machine."""
        shown = self.at[party].json("exchange", "show", self.case, of, "--open-as", party)
        assert shown["flaws"] == {}
        found: dict[str, list[str]] = shown["lists"]
        return found

    def stop(self) -> None:
        """End every process that was started here."""
        if self.witness is not None:
            os.kill(self.witness.pid, signal.SIGTERM)
            self.at["watching"] = self.witness
        for machine in self.at.values():
            machine.stop()
        self._forking.terminate()
        self._forking.wait(10)
        assert self._forking.stdout is not None
        self._forking.stdout.close()


def _text(second: int) -> str:
    from truceline.span import utc_text

    return utc_text(second)


@contextmanager
def table(folder: Path) -> Iterator[Table]:
    """Everybody around a record; at the end it holds, and every process has ended."""
    made = Table(folder)
    try:
        yield made
        verified = made.at["desk"].json("verify", made.case)
        assert (verified["holds"], verified["faults"]) == (True, [])
    finally:
        made.stop()
