"""The whole life of one case through HTTP, by processes of their own: host, two parties, guarantor, monitor, public."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.asking import Served

TEXT = """\
truceline: 1
id: small-truce
title: {en: A small truce}
tz: UTC
sources: {T: the text}
actors:
  north: {kind: state, names: {en: North}}
  south: {kind: state, names: {en: South}}
  guard: {kind: guarantor}
  watch: {kind: monitor}
  joint: {kind: body, members: [north, south], decides: all}
zones:
  square: {polygon: [[36.0, 35.0], [36.2, 35.0], [36.2, 35.2], [36.0, 35.2]]}
terms:
  - {id: start, kind: define, is: {at: 2020-02-27T00:00}}
  - {id: calm, kind: prohibit, who: bound, does: attack, in: square, from: start, source: T.1}
  - {id: tell, kind: require, who: bound, do: answer, on: {request: information}, within: P2D, source: T.2}
"""
REPORT = {
    "kind": "incident", "act": "shelling", "end": None, "precision": "hour", "actor_claimed": "south",
    "target_claimed": "settlement", "weapon": None, "count": None, "killed": None, "claimed_by": "somebody",
    "publisher": "a paper", "url": "https://example.org/", "published": "2020-03-02", "language": "en", "note": "",
}  # fmt: skip
PLACE = {"name_reported": "the square", "name_en": "the square", "governorate": None, "place_precision": "town"}
ALLEGATION = {"text": "The square was shelled", "terms": ["calm"], "day": "2020-03-01", "against": "south"}
FINDING = {"against": "south", "holds": "undecided", "standard": "balance of probabilities", "term": "calm"}
WAIT_S = 30.0
ACTORS = ("host", "north", "south", "guard", "watch", "public")
PARTIES = ("north", "south", "guard", "watch")


class Life:
    """A process for each, a folder that they share as one shares a stick, and the service once it runs."""

    def __init__(self, folder: Path) -> None:
        """Start them; each has keys of its own and sees no others."""
        self.folder, self.case, self.url = folder, folder / "case", ""
        self.at: dict[str, int] = {}
        self.processes = {
            name: subprocess.Popen(
                [sys.executable, "-m", "tests.web.actor"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                env={**os.environ, "TRUCELINE_CONFIG": str(folder / f"config-of-{name}")}, start_new_session=True,
            )
            for name in ACTORS
        }  # fmt: skip

    def tell(self, name: str, *what: object) -> dict[str, Any]:
        """Tell somebody to do something; what came of it."""
        process = self.processes[name]
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(what) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, (name, what, process.poll())
        found: dict[str, Any] = json.loads(line)
        return found

    def run(self, name: str, *args: object, code: int = 0) -> Any:  # noqa: ANN401  # any JSON value
        """Have somebody run a command; its JSON."""
        made = self.tell(name, "run", *map(str, args), "--json")
        assert made["code"] == code, (name, args, made)
        return made["said"]

    def ask(self, name: str, method: str, path: str, content: bytes = b"") -> dict[str, Any]:
        """Have somebody's program send a request, signed where it has a key."""
        key = self.key(name)
        signing = str(key) if key.exists() else ""
        return self.tell(name, "ask", self.url, method, path, signing, base64.b64encode(content).decode())

    def key(self, name: str) -> Path:
        """The file of the key by which a program signs its requests."""
        return self.folder / f"request-key-of-{name}"

    def file(self, name: str, value: object) -> Path:
        """A file, as JSON or as it is."""
        path = self.folder / name
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        return path

    def say(self, name: str, what: str, kind: str, body: object, *more: object, cosign: tuple[str, ...] = ()) -> int:
        """Say something at the service: signed there by whoever says it, and by others on their own machines."""
        options = ["--type", kind, "--by", name, "--body", self.file("body.json", body), *more]
        return self.signed(name, what, ["submit", self.url, *options], cosign)

    def step(self, name: str, what: str, stage: str, *options: object, cosign: tuple[str, ...] = ()) -> int:
        """Take a step of a publication at the service."""
        by = "desk" if name == "host" else name
        return self.signed(name, what, ["publish", self.url, stage, "--by", by, *options], cosign)

    def signed(self, name: str, what: str, command: list[object], cosign: tuple[str, ...]) -> int:
        """Sign a statement, have others sign it, and send it; its index."""
        key = ["--key", self.key(name)]
        if not cosign:
            self.at[what] = self.run(name, *command, *key)["entry"]
            return self.at[what]
        entry = self.folder / "together.entry"
        self.run(name, *command, *key, "-o", entry)
        for other in cosign:
            self.cosign(other, entry)
        self.at[what] = self.run(name, "send", self.url, entry, *key)["sent"][0]["entry"]
        return self.at[what]

    def cosign(self, name: str, entry: Path) -> None:
        """Add a signature to an entry, on one's own machine."""
        self.run(name, "submit", self.url, "--entry", entry, "--cosign", name, "-o", entry, "--key", self.key(name))

    def seen(self, name: str, path: str) -> Any:  # noqa: ANN401  # any JSON value
        """What somebody is answered."""
        found = self.ask(name, "GET", path)
        assert found["status"] == 200, (name, path, found)
        return found["body"]

    def close(self) -> None:
        """End all of them."""
        for process in self.processes.values():
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            process.wait(WAIT_S)
            process.stdout.close()


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """All of them, before anything was agreed."""
    made = Life(tmp_path)
    yield made
    made.close()


def founded(life: Life) -> None:
    """The agreement is signed: a charter with the root keys of all four, the text, and an account for each program."""
    files: list[object] = []
    for party in PARTIES:
        life.run(party, "keys", "new", party, "-o", life.folder / f"{party}.json")
        files += ["--party", life.folder / f"{party}.json"]
    text, charter = life.file("agreement.yaml", TEXT), life.folder / "charter.json"
    life.run("host", "init", life.case, "--agreement", text, *files, "--charter-out", charter)
    for party in PARTIES:
        life.run(party, "keys", "sign", charter, "--by", party)
    life.run("host", "init", life.case, "--agreement", text, "--charter", charter)
    for name in ("host", *PARTIES):
        role = {"host": "secretariat", "watch": "monitor"}.get(name, "party")
        whose = [] if name == "host" else ["--party", name]
        account = life.run("host", "account", "add", life.case, role, f"program of {name}", *whose)["id"]
        public = life.run(name, "account", "key", "new", life.key(name))["public"]
        life.run("host", "account", "key", "add", life.case, account, public)


def served(life: Life, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The service, with the keys of the host and nobody else's."""
    monkeypatch.setenv("TRUCELINE_CONFIG", str(life.folder / "config-of-host"))
    made = Served(life.case, reads_account=10**6, writes_account=10**6, judging="asked")
    life.url = made.url
    return made


def invited(life: Life, name: str, role: str, *whose: str) -> None:
    """A person at the machine of an actor makes a passkey and enters."""
    account = life.run("host", "account", "add", life.case, role, f"person of {name}", *whose)["id"]
    code = life.run("host", "account", "invite", life.case, account)["code"]
    assert life.tell(name, "enter", life.url, code)["status"] == 200


def evidence_in(life: Life) -> Path:
    """The desk uploads a table of reports over HTTP, and it is entered."""
    rows = [
        {"id": f"r-{i}", "start": f"2020-03-0{i}T10:00", "place": {**PLACE, "lat": 35.1, "lon": 36.1}, **REPORT}
        for i in (1, 2)
    ]
    reports = life.file("reports.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    sent = life.ask("host", "POST", "/api/v1/evidence?name=reports.jsonl&kind=reports", reports.read_bytes())
    assert sent["status"] == 202, sent
    end = time.monotonic() + WAIT_S
    while not (found := life.seen("host", "/api/v1/record/entries?type=evidence")["items"]):
        assert time.monotonic() < end, life.seen("host", f"/api/v1/jobs/{sent['body']['job']}")
        time.sleep(0.05)
    life.at["evidence"] = found[0]["entry"]
    assert found[0]["body"]["rows"] == 2
    return reports


def quarrel(life: Life) -> None:
    """Acceptances, allegations of which one is sealed, a request for information, and answers."""
    for party in ("north", "south"):
        life.say(party, f"{party} accepts", "act", {"act": "accept", "at": "2020-02-26"})
    life.say("north", "allegation", "allegation", ALLEGATION)
    life.say("south", "sealed", "allegation", {"text": "told to the guarantor alone"}, "--to", "guard")
    request = {"act": "request", "at": "2020-03-02", "of": "information", "to": "south"}
    life.say("north", "request", "act", {**request, "about": [f"entry-{life.at['allegation']}"]})
    life.say("south", "answer", "answer", {"text": "no unit of ours fired", "to": life.at["allegation"]})
    life.say("south", "answer to the request", "answer", {"text": "see our answer", "to": life.at["request"]})
    life.say("watch", "report of the monitor", "allegation", {"text": "heard from afar", "day": "2020-03-01"})
    shown = life.run(
        "guard", "record", "show", life.url, life.at["sealed"], "--open-as", "guard", "--key", life.key("guard")
    )
    assert (shown["body"], shown["statement"]["body"]) == ({"text": "told to the guarantor alone"}, None)


def found(life: Life) -> None:
    """Each side for itself, then both together with a dissent; the public is told a number."""
    for party in ("north", "south"):
        body = {**FINDING, "about": [life.at["allegation"]], "body": party, "text": "as we see it"}
        life.say(
            party, f"finding of {party}", "finding", {**body, "holds": "breach" if party == "north" else "undecided"}
        )
    dissent = [{"by": "south", "text": "there was nothing to find"}]
    body = {
        **FINDING,
        "about": [life.at["allegation"], life.at["answer"]],
        "body": "joint",
        "text": "who fired is open",
    }
    life.say("north", "finding", "finding", {**body, "dissent": dissent}, cosign=("south",))
    assert life.seen("public", "/api/v1/published")["items"] == []
    assert life.seen("public", "/api/v1/withheld")["unpublished"]["number"] == 3
    assert life.ask("public", "GET", f"/api/v1/record/entries/{life.at['finding']}")["status"] == 404


def published(life: Life) -> None:
    """Draft to those concerned, remarks of both, the joint body, the public."""
    text = life.file("draft.txt", "The square was shelled on 1 March. Who fired is open.")
    about = ["--about", life.at["allegation"]]
    of = life.step("host", "draft", "draft", *about, "--body", "joint", "--text", f"en={text}")
    life.step("host", "comment", "comment", "--of", of, *about, "--body", "joint")
    waiting = life.seen("south", "/api/v1/publications")["items"]
    assert [(one["of"], one["silent"]) for one in waiting] == [(of, ["north", "south"])]
    for party in ("north", "south"):
        shown = life.run(party, "record", "show", life.url, of, "--open-as", party, "--key", life.key(party))
        assert shown["body"]["texts"]["en"].startswith("The square was shelled")
        life.say(party, f"remark of {party}", "answer", {"text": "the day is right", "to": life.at["comment"]})
    assert life.ask("guard", "GET", f"/api/v1/record/entries/{of}/box")["status"] == 404
    life.step("host", "joint", "joint", "--of", of)
    life.step(
        "north",
        "public",
        "public",
        "--of",
        of,
        "--about",
        life.at["finding"],
        "--text",
        f"en={text}",
        cosign=("south",),
    )
    items = life.seen("public", "/api/v1/published")["items"]
    assert [(one["publication"], [e["entry"] for e in one["entries"]]) for one in items] == [
        (life.at["public"], [life.at["finding"]]),
    ]  # fmt: skip
    assert items[0]["entries"][0]["body"]["dissent"][0]["by"] == "south"
    assert life.seen("public", "/api/v1/withheld")["unpublished"]["number"] == 2
    assert life.run("public", "withheld", life.url)["unpublished"]["number"] == 2


def amended(life: Life) -> None:
    """A new text, signed by all, handed in by a person with a passkey, approved by a second one."""
    new = life.file("new.yaml", TEXT + "findings: {remarks: PT48H}\n")
    values = life.run("north", "agreement", "check", new)["canonical_sha256"]
    old = life.seen("public", "/api/v1/record")["text"]["canonical_sha256"]
    body = {"canonical_sha256": values, "file": "new.yaml", "id": "small-truce", "langs": ["en"], "replaces": old}
    entry, key = life.folder / "amendment.entry", ["--key", life.key("north")]
    life.run(
        "north", "submit", life.url, "--type", "amendment", "--by", "north", "--body", life.file("body.json", body),
        "--file", new, *key, "-o", entry,
    )  # fmt: skip
    life.cosign("south", entry)
    life.cosign("watch", entry)
    assert life.tell("north", "hand_in", str(entry), [str(new)])["status"] == 422  # the guarantor has not signed
    life.cosign("guard", entry)
    assert life.run("north", "send", life.url, entry, "--file", new, *key, code=8) == ""  # a program has no passkey
    held = life.tell("north", "hand_in", str(entry), [str(new)])
    assert held["status"] == 202, held
    assert life.seen("public", "/api/v1/record")["text"]["canonical_sha256"] == old
    approved = life.tell("host", "approve", held["body"]["held"])
    assert approved["status"] == 200, approved
    life.at["amendment"] = approved["body"]["index"]
    assert life.seen("public", "/api/v1/record")["text"]["canonical_sha256"] == values
    life.say("north", "after it", "allegation", {**ALLEGATION, "text": "Shelled again"})


@pytest.mark.long
def test_the_whole_life_of_a_case(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the signed agreement to the amendment; then all is verified and computed again, offline, from mirrors."""
    founded(life)
    with served(life, monkeypatch) as service:
        invited(life, "north", "party", "--party", "north")
        invited(life, "host", "secretariat")
        reports = evidence_in(life)
        quarrel(life)
        found(life)
        published(life)
        amended(life)
        assert service.stop() == 0
    assessed = life.run("host", "assess", life.case)
    with served(life, monkeypatch) as service:
        size = life.seen("public", "/api/v1/record")["size"]
        receipts = list((life.folder / "config-of-south" / "receipts").glob("*.receipt"))
        for party in ("north", "south"):
            mirror = life.folder / f"mirror-of-{party}"
            made = life.run(party, "mirror", life.url, mirror, "--files", "--key", life.key(party))
            assert made["size"] == size
        bundle = base64.b64decode(
            life.ask("public", "GET", f"/api/v1/record/bundle?entries={life.at['finding']}")["body"]
        )
        (life.folder / "public.zip").write_bytes(bundle)
        assert service.stop() == 0
    assert len(receipts) >= 5
    for party in ("north", "south"):
        given = ["--recompute", "--evidence", reports]
        verified = life.run(party, "verify", life.folder / f"mirror-of-{party}", *given)
        assert (verified["holds"], verified["faults"], verified["size"]) == (True, [], size)
        assert verified["checked"]["assessments"] == 1
    without = life.run("north", "verify", life.folder / "mirror-of-north", "--recompute")
    assert any("tables of evidence are not here" in one for one in without["not_checked"])
    shown = life.run("public", "verify", life.folder / "public.zip")
    assert (shown["kind"], shown["holds"]) == ("bundle", True)
    assert life.run("host", "verify", life.case, "--recompute")["checked"]["assessments"] == 1
    assert assessed["observations"] == 2
