"""Witnesses of other people, live over HTTP: theirs cosign our log and refuse its forks; ours serves their client.

`python -m tests.record.foreign` fetches them; without them these tests are skipped by name.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.record.foreign import AICS_PYTHON, AICS_TLOG
from tests.record.foreign.logs import LOG, SmallLog
from tests.witness.world import forked, made, policy, served, witness
from truceline.desk.cosigners import Asked, ask
from truceline.record.checkpoint import open_checkpoint
from truceline.record.note import Verifier, read_note, signed
from truceline.record.policy import Policy
from truceline.record.tiles import TileTree
from truceline.record.tree import consistency_path

pytestmark = pytest.mark.long

SERVER = """
import sys, threading
from pathlib import Path
import aics_tlog, aics_witness
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
folder, vkey = sys.argv[1:]
log = aics_tlog.parse_vkey(vkey)
with aics_witness.WitnessStore(Path(folder) / "db", create=True) as store:
    witness = aics_witness.Witness("aics.example/w", Ed25519PrivateKey.generate(), store,
                                   [aics_witness.LogConfig(log.name, (log,))])
    server = aics_witness.make_server(witness, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(witness.vkey_text, server.url, flush=True)
    sys.stdin.read()
    server.shutdown()
"""

CLIENT = """
import json, sys
import aics_witness
ask = json.load(sys.stdin)
client = aics_witness.WitnessClient(ask["url"], ask["vkey"], max_age_seconds=10**12, max_future_seconds=10**12)
def proof(old, new):
    return [bytes.fromhex(step) for step in ask["proofs"][f"{old} {new}"]]
said = []
for note in ask["notes"]:
    try:
        said.append(["line", client.submit(note.encode(), proof)])
    except aics_witness.FeederError as error:
        said.append([type(error).__name__, str(error)])
print(json.dumps(said))
"""


@pytest.fixture(autouse=True)
def _ready() -> None:
    """The foreign programs, or a skip that says what is missing."""
    if AICS_TLOG.missing:
        pytest.skip(AICS_TLOG.missing)


@contextmanager
def foreign_witness(folder: Path) -> Iterator[tuple[Verifier, str]]:
    """Their witness of our log; its key and URL."""
    folder.mkdir()
    command = [str(AICS_PYTHON), "-c", SERVER, str(folder), LOG.verifier.vkey]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        watch = threading.Timer(60, process.kill)
        watch.start()
        try:
            assert process.stdout is not None
            vkey, url = process.stdout.readline().split()
            yield Verifier.parse(vkey), url
        finally:
            process.communicate()
            watch.cancel()


def asked(log: SmallLog, whom: Policy) -> Asked:
    """Our client asks for a log."""
    return ask(log.note(), whom, lambda old: proof(log, old), deadline_s=20)


def proof(log: SmallLog, old: int) -> Sequence[bytes]:
    """The consistency proof of a log."""
    return consistency_path(old, log.size, TileTree(log.tile, log.size).subtree)


def test_a_foreign_witness_cosigns_our_log_and_refuses_its_forks(tmp_path: Path) -> None:
    """Growing, asked twice, forked at the same size, forked and larger, rolled back; beside a witness of ours."""
    with contextlib.ExitStack() as stack:
        theirs, their_url = stack.enter_context(foreign_witness(tmp_path / "foreign"))
        ours = stack.enter_context(witness(made(tmp_path)))
        our_url = stack.enter_context(served(ours)).url
        whom = policy([("theirs", theirs, their_url), ("ours", ours.verifier, our_url)], 2)
        for size in (1, 5, 256, 300, 300, 1_023):
            log = SmallLog(size)
            answer = asked(log, whom)
            assert answer.failed == {}, size
            text = log.checkpoint.text
            note = signed(text, [LOG.sign(text), *answer.lines.values()])
            assert set(whom.check(note).times) == {"theirs", "ours"}
        for bad in (forked(1_023), forked(1_100), SmallLog(300)):
            refused = asked(bad, whom)
            assert refused.lines == {}
            assert sorted(refused.failed) == ["ours", "theirs"]


def client(notes: Sequence[bytes], proofs: Mapping[str, Sequence[bytes]], vkey: str, url: str) -> list[list[str]]:
    """Their client asks for notes, one after another."""
    given = {"notes": [note.decode() for note in notes], "url": url, "vkey": vkey}
    text = json.dumps({**given, "proofs": {key: [step.hex() for step in path] for key, path in proofs.items()}})
    done = subprocess.run(
        [str(AICS_PYTHON), "-c", CLIENT], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    answer: list[list[str]] = json.loads(done.stdout)
    return answer


def test_a_foreign_client_is_served_by_our_witness(tmp_path: Path) -> None:
    """It gets its lines, takes our conflicts for what they are, and is refused with a fork."""
    small, large, lie, longer = SmallLog(5), SmallLog(300), forked(300), forked(301)
    proofs = {
        f"{old} {log.size}": proof(log, old) for log in (small, large, longer) for old in (0, 5, 300) if old <= log.size
    }
    with witness(made(tmp_path)) as found, served(found) as server:
        assert found.add_checkpoint(b"old 0\n\n" + SmallLog(0).note()).status == 200
        notes = [log.note() for log in (small, large, large, lie, longer, small)]
        said = client(notes, proofs, found.verifier.vkey, server.url)
        assert [kind for kind, _ in said[:3]] == ["line"] * 3, said
        assert all(kind != "line" for kind, _ in said[3:]), said
        for note, (_, line) in zip(notes[:3], said[:3], strict=True):
            text = read_note(note).text
            whole = signed(text, [LOG.sign(text), line.rstrip("\n")])
            assert set(open_checkpoint(whole, LOG.verifier, [found.verifier]).times) == {found.verifier}
        assert len(found.forks()) == 1
        assert len(found.failed()) == 1
