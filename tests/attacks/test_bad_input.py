"""Bad entries through the real command line: one line, the documented code, listed as refused, nothing half-written."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from tests.attacks.world import clock, copied, told
from tests.test_cli import here
from truceline.desk import records
from truceline.desk.records import Draft
from truceline.errors import EXIT_CODES
from truceline.record.entry import MOST_ENTRY, PAYLOAD_TYPE, SigningKey, key_id, read_entry, sign, signed_bytes, written
from truceline.record.tree import leaf_hash
from truceline.store.folder import CaseFolder

STRANGER = SigningKey.of_seed(b"s" * 32)


class Done(NamedTuple):
    """What a command left: exit code, output, errors."""

    returncode: int
    stdout: str
    stderr: str


class Maker:
    """Makes entries of the party `us` for a case, good and bad."""

    def __init__(self, case: CaseFolder) -> None:
        """Look where its next entry would stand."""
        self.place = records.place_of(case, clock)
        (self.key,) = self.place.keys("us", "allegation")
        self.one, _ = self.place._statement(Draft("allegation", {"text": "good"}, "us"))
        self.last = next(said.entry.data for said in reversed(case.entries()) if said.statement.by == "us")

    def good(self, **changes: Any) -> bytes:  # noqa: ANN401  # fields of a statement
        """An entry with some fields changed, signed as it is."""
        return sign(written(msgspec.structs.replace(self.one, **changes)), [self.key])

    def raw(self, payload: bytes, key: SigningKey | None = None) -> bytes:
        """Any payload, signed."""
        by = key or self.key
        mark = {"keyid": key_id(by.public), "sig": b64(by.private.sign(signed_bytes(payload)))}
        return json_of({"payload": b64(payload), "payloadType": PAYLOAD_TYPE, "signatures": [mark]})

    @property
    def payload(self) -> bytes:
        """The payload of the good one."""
        return written(self.one)


def b64(data: bytes) -> str:
    """Base64."""
    return base64.b64encode(data).decode()


def json_of(value: object) -> bytes:
    """JSON without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()


def loosened(data: bytes) -> bytes:
    """The same entry with base64 written in another way: the bits that stand for nothing are set."""
    envelope = json.loads(data)
    sig = envelope["signatures"][0]["sig"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    envelope["signatures"][0]["sig"] = sig[:-3] + letters[letters.index(sig[-3]) | 1] + "=="
    assert base64.b64decode(envelope["signatures"][0]["sig"]) == base64.b64decode(sig)
    return json_of(envelope)


BAD: dict[str, tuple[int, Callable[[Maker], bytes]]] = {
    "nothing": (5, lambda _m: b""),
    "no JSON": (5, lambda _m: b"{" * 3),
    "not UTF-8": (5, lambda m: m.good().replace(b'"payload"', b'"\xff\xfe"')),
    "not UTF-8 within": (5, lambda m: m.raw(m.payload.replace(b"good", b"\xff\xfe\xfd\xfc"))),
    "a lone half of a character": (5, lambda m: m.raw(m.payload.replace(b"good", b"\\ud800"))),
    "too long": (5, lambda m: m.good(body={"text": "x" * MOST_ENTRY})),
    "a key twice": (5, lambda m: m.raw(m.payload.replace(b'"by":"us"', b'"by":"ru","by":"us"'))),
    "a key twice outside": (5, lambda m: m.good().replace(b'"payloadType":', b'"payloadType":"x","payloadType":')),
    "NaN": (5, lambda m: m.raw(m.payload.replace(b'"good"', b"NaN"))),
    "infinite": (5, lambda m: m.raw(m.payload.replace(b'"good"', b"1e999"))),
    "a fraction": (5, lambda m: m.raw(m.payload.replace(b'"good"', b"0.5"))),
    "a huge number": (5, lambda m: m.raw(m.payload.replace(b'"good"', b"1" * 5_000))),
    "beyond 2^53": (5, lambda m: m.good(body={"text": 2**60})),
    "sequence beyond 2^53": (5, lambda m: m.good(sequence=2**60)),
    "negative sequence": (5, lambda m: m.good(sequence=-1)),
    "deep": (5, lambda _m: b"[" * 200_000),
    "deep within": (5, lambda m: m.raw(m.payload.replace(b'"good"', b"[" * 20_000 + b"]" * 20_000))),
    "17 levels": (5, lambda m: m.good(body=json.loads("[" * 18 + "]" * 18))),
    "wrong origin": (5, lambda m: m.good(log="other.example")),
    "replayed": (5, lambda m: m.last),
    "a gap": (5, lambda m: m.good(sequence=7, previous="0" * 64)),
    "another before": (5, lambda m: m.good(previous="0" * 64)),
    "unknown key": (6, lambda m: m.raw(m.payload, STRANGER)),
    "another's key": (6, lambda m: sign(m.payload, m.place.keys("ru", ""))),
    "spoiled signature": (6, lambda m: m.good().replace(b'"sig":"', b'"sig":"AAAA')),
    "no signature": (5, lambda m: json_of({"payload": b64(m.payload), "payloadType": PAYLOAD_TYPE, "signatures": []})),
    "wrong under": (5, lambda m: m.good(under="0" * 64)),
    "unknown type": (5, lambda m: m.good(type="verdict")),
    "a type of odd letters": (5, lambda m: m.good(type="Verdict\n")),
    "unknown field": (5, lambda m: m.raw(m.payload[:-1] + b',"zz":1}')),
    "unknown schema": (5, lambda m: m.good(schema="truceline/statement/9")),
    "another payload type": (5, lambda m: m.good().replace(b"statement.v1", b"statement.v2")),
    "no base64": (5, lambda m: m.good().replace(b'"payload":"', b'"payload":"!!')),
    "base64 in another way": (5, lambda m: loosened(m.good())),
    "blanks": (5, lambda m: m.good() + b"\n"),
    "keys not sorted": (5, lambda m: m.raw(json_of(dict(reversed(json.loads(m.payload).items()))))),
    "a charter": (5, lambda m: m.good(type="charter", body={})),
    "a bad key set": (5, lambda m: m.good(type="keyset", body={"keys": []})),
    "a body of another shape": (5, lambda m: m.good(body={"words": "x"})),
    "no body": (5, lambda m: m.good(body=None)),
    "an answer to nothing": (5, lambda m: m.good(type="answer", body={"text": "x", "to": 99})),
    "a name of odd letters": (5, lambda m: m.good(by="us\u202e")),
}


def submit(case: Path, entry: Path) -> Done:
    """Hand an entry over at the command line; what a bad one costs is the same in this process."""
    return Done(*here("submit", case, "--entry", entry))


@pytest.fixture(scope="module")
def folder(small_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One case for all bad entries: none of them may leave anything behind."""
    return copied(small_case, tmp_path_factory.mktemp("bad") / "case")


def truth(folder: Path) -> dict[str, bytes]:
    """Every file that counts, and its bytes."""
    passing = ("index.sqlite", "writer.lock", "refused.jsonl")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(passing)
    }  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_entry_is_refused_and_leaves_nothing(name: str, folder: Path, tmp_path: Path) -> None:
    """In one line, by the documented code, and listed; every file that counts is as it was."""
    code, make = BAD[name]
    case = CaseFolder.open(folder)
    data = make(Maker(case))
    before, refused = truth(folder), len(case.store.refused())
    (tmp_path / "entry").write_bytes(data)
    done = submit(folder, tmp_path / "entry")
    assert done.returncode == code, (done.returncode, done.stderr)
    assert code in EXIT_CODES
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 500
    assert truth(folder) == before
    listed = case.store.refused()
    assert len(listed) == refused + 1
    assert listed[-1]["leaf"] == leaf_hash(data).hex()
    assert str(listed[-1]["why"]) == done.stderr.rstrip("\n")
    case.store.close()


def test_afterwards_the_case_verifies_and_goes_on(folder: Path, tmp_path: Path) -> None:
    """The control: a good entry is taken by the same command, and what was refused is shown."""
    case = CaseFolder.open(folder)
    good = Maker(case).good()
    assert read_entry(good).statement.by == "us"
    case.store.close()
    assert told(folder).holds
    (tmp_path / "entry").write_bytes(good)
    done = submit(folder, tmp_path / "entry")
    assert done.returncode == 0, done.stderr
    assert f"Entry 6: {leaf_hash(good).hex()}" in done.stdout
    (tmp_path / "entry").write_bytes(b"nonsense")
    assert submit(folder, tmp_path / "entry").returncode == 5
    _, shown, _ = here("record", "show", folder, "--refused", "--json")
    assert leaf_hash(b"nonsense").hex() in [row["leaf"] for row in json.loads(shown)["refused"]]
    assert told(folder).holds
