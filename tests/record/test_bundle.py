"""Bundles: made, opened by two verifiers that share no code, and broken in every way we could think of."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import random
import re
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import cryptography
import pytest

from truceline.canon import canonical, sha256
from truceline.desk import keyring
from truceline.errors import InputError, TrucelineError, VerificationError
from truceline.record import bundle as bundles
from truceline.record.audit import Trust, audit
from truceline.record.bundle import StoredReader, make_bundle, open_bundle, unzip, zip_of
from truceline.record.charter import Charter, Key, KeySet, Quorum, Revocation, Shredding, plain
from truceline.record.checkpoint import Checkpoint
from truceline.record.entry import (
    SCHEMA,
    Cited,
    SigningKey,
    Statement,
    blob_of,
    key_id,
    read_entry,
    sign,
    signed_bytes,
    written,
)
from truceline.record.log import Keys, Log, Submission, Taken
from truceline.record.note import COSIGNATURE, Signer, Verifier, base64_of, signed
from truceline.record.policy import Policy, read_policy
from truceline.record.proof import Proof
from truceline.record.register import Line
from truceline.record.seal import commitment_of, open_box, seal
from truceline.record.tree import Range, inclusion_path, leaf_hash
from truceline.store.files import FileStore
from truceline.store.source import FolderSource

NOW = 1_577_836_800  # 2020-01-01
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "record-format.md"
STANDALONE = Path(bundles.__file__).with_name("standalone.py")
ORIGIN = "demo.truceline.example/bundle"
WITNESSES = {name: Signer(f"witness.example/{name}", name.encode() * 32, COSIGNATURE) for name in "uvw"}
POLICY = Policy(
    ((Verifier(ORIGIN, 1, keyring.demo_key(ORIGIN, "log").public), ""),),
    {name: (signer.verifier, "") for name, signer in WITNESSES.items()},
    read_policy(b"quorum none\n").groups,
    "none",
)
QUORUM = read_policy(POLICY.data.replace(b"quorum none\n", b"group two 2 u v w\nquorum two\n"))


def counted(n: int) -> bytes:
    """Bytes that look random and are the same each time."""
    counted.at += 1  # type: ignore[attr-defined]  # a counter beside the function
    return hashlib.shake_256(b"%d" % counted.at).digest(n)  # type: ignore[attr-defined]


counted.at = 0  # type: ignore[attr-defined]


def log_keys(origin: str) -> Keys:
    """The demo keys of a log."""
    return Keys(
        Signer(origin, keyring.demo_key(origin, "log").secret),
        Signer(f"{origin}/clock", keyring.demo_key(origin, "clock").secret, COSIGNATURE),
    )


def key_of(name: str, use: str = "sign") -> SigningKey:
    """A demo key."""
    return SigningKey.of_seed(keyring.demo_key(name, use).secret)


@dataclass
class World:
    """A log in a folder, and whoever speaks in it."""

    store: FileStore
    log: Log
    lines: dict[str, Line] = field(default_factory=dict)

    def say(
        self, by: str, kind: str, body: object, keys: list[SigningKey], *, files: dict[str, bytes] | None = None,
        readers: dict[str, bytes] | None = None,
    ) -> int:  # fmt: skip
        """Append one entry; give its index."""
        given = dict(files or {})
        blobs = tuple(blob_of(name, data) for name, data in given.items())
        beside = {blob.sha256: given[blob.name] for blob in blobs}
        sealed = None
        if readers:
            sealed, box = seal(canonical(body), readers, counted)
            beside[sealed.box] = box
            body = None
        line = self.log.register.lines.get(by) or Line()
        cited = Cited(self.log.tree().root().hex(), self.log.size) if self.log.size else Cited()
        one = Statement(
            blobs, body, by, cited, NOW, self.log.keys.log.name, line.previous, SCHEMA, sealed, line.next, kind, ""
        )
        answer = self.log.append([Submission(sign(written(one), keys), beside)])[0]
        assert isinstance(answer, Taken), answer
        return answer.index

    def cosign(self, *names: str, at: int = NOW) -> None:
        """Have the newest checkpoint cosigned."""
        text = self.log.storage.note(self.log.size)
        assert text is not None
        note = text.decode().partition("\n\n")[0] + "\n"
        for name in names:
            line = WITNESSES[name].sign(note, at)
            assert self.log.cosigned(self.log.size, [line], [WITNESSES[name].verifier])

    @property
    def reader(self) -> StoredReader:
        """As bundles read it."""
        return StoredReader(self.store)


def charter_of(origin: str, parties: tuple[str, ...], *, policy: str = "") -> Charter:
    """A charter with demo keys."""
    keys = log_keys(origin)
    sets = tuple(keyring.key_set(party, is_demo=True) for party in parties)
    return Charter(
        keys.clock.verifier.vkey, Quorum(parties[1:], min(1, len(parties) - 1)), True, keys.log.verifier.vkey, sets,
        policy, Quorum(parties, min(2, len(parties))), "Test",
    )  # fmt: skip


def begun(folder: Path, origin: str, parties: tuple[str, ...], *, policy: str = "") -> World:
    """A log with its charter."""
    store = FileStore(folder)
    world = World(store, Log(store, log_keys(origin), lambda: NOW))
    charter = charter_of(origin, parties, policy=policy)
    world.say(parties[0], "charter", plain(charter), [key_of(party, "root") for party in parties])
    return world


SECRET = b"a body that only `bravo` reads"
OLD, NEW = key_of("alpha"), key_of("alpha again")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """300 entries: files, sealed bodies, one destroyed, keys changed and revoked."""
    counted.at = 0  # type: ignore[attr-defined]
    made = begun(tmp_path_factory.mktemp("log"), ORIGIN, ("alpha", "bravo", "carol"), policy=QUORUM.text())
    alpha, bravo, carol = key_of("alpha"), key_of("bravo"), key_of("carol")
    bravo_reads = {key_id(keyring.demo_key("bravo", "read").public): keyring.demo_key("bravo", "read").public}
    made.say("alpha", "note", {"text": 'أول \u0001\u007f "\\/ ъ'}, [alpha], files={"a.txt": b"open file"})  # 1
    made.say("bravo", "note", SECRET.decode(), [bravo], readers=bravo_reads, files={"b.txt": b"goes with it"})  # 2
    made.say("bravo", "note", "to be destroyed", [bravo], readers=bravo_reads)  # 3
    made.say("carol", "shredding", plain(Shredding(said(made, 3), 3, "agreed")), [bravo, carol])  # 4
    made.say("alpha", "note", [1, None, True, {"a": -5}], [alpha])  # 5
    again = KeySet((Key(NEW.public, "sign"),), "alpha", (key_of("alpha again", "root").public,), 1, 1)
    made.say("alpha", "keyset", plain(again), [key_of("alpha", "root"), bravo])  # 6
    made.say("alpha", "note", "by the new key", [NEW])  # 7
    made.say("alpha", "revocation", plain(Revocation(key_id(OLD.public), "alpha", 5)),
             [key_of("alpha again", "root"), carol])  # fmt: skip  # 8
    for n in range(9, 300):
        by = ("bravo", "carol")[n % 2]
        made.say(by, "note", n, [key_of(by)])
    made.cosign("u", "v", "w")
    yield made
    assert not audit(FolderSource(made.store.folder), Trust(QUORUM)).faults
    made.store.close()


def said(made: World, index: int) -> str:
    """The commitment of a sealed entry."""
    sealed = read_entry(next(made.store.entries(index, index + 1))).statement.sealed
    assert sealed is not None
    return sealed.commitment


CHOSEN = (1, 3, 5, 7, 299)
KNOWN = (0, 1, 3, 4, 5, 6, 7, 8, 299)


@pytest.fixture(scope="module")
def good(world: World) -> bytes:
    """A bundle of entries of every sort."""
    return make_bundle(world.reader, CHOSEN)


@pytest.fixture(scope="module")
def alone() -> ModuleType:
    """The standalone verifier, loaded from its file under another name."""
    spec = importlib.util.spec_from_file_location("verify_alone", STANDALONE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Both = Callable[..., int]


@pytest.fixture(scope="module")
def both(alone: ModuleType) -> Both:
    """Ask both verifiers; they must agree; gives the exit code that they agree on."""

    def ask(data: bytes, policy: Policy | bytes | None = QUORUM, now: int = NOW + 10) -> int:
        try:
            trust = read_policy(policy) if isinstance(policy, bytes) else policy
            open_bundle(data, trust, now)
            ours = 0
        except TrucelineError as error:
            assert not any("\n" in fault.message for fault in error.faults)
            ours = error.exit_code
        given = policy.data if isinstance(policy, Policy) else policy
        try:
            alone.verify(data, given, now)
            theirs = 0
        except alone.BundleError as error:
            assert "\n" not in str(error)
            theirs = error.code
        assert ours == theirs
        return ours

    return ask


def changed(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """What an attacker makes of a bundle who writes `bundle.json` and the zip anew around his change."""
    files = unzip(data)
    content = json.loads(files.pop("bundle.json"))
    change(files)
    content["files"] = {name: sha256(one) for name, one in files.items()}
    known = {int(name[8:20]) for name in files if name.startswith("entries/")}
    content["chosen"] = [index for index in content["chosen"] if index in known] or [0]
    return zip_of({**files, "bundle.json": canonical(content)})


def put(name: str, data: bytes) -> Callable[[dict[str, bytes]], None]:
    """A change of one file."""
    return lambda files: files.__setitem__(name, data)


def without(*names: str) -> Callable[[dict[str, bytes]], None]:
    """A change that drops files."""

    def drop(files: dict[str, bytes]) -> None:
        for name in names:
            del files[name]

    return drop


def entry_name(index: int) -> str:
    """The file of an entry."""
    return f"entries/{index:012d}.json"


def proof_name(index: int) -> str:
    """The file of a proof."""
    return f"proofs/{index:012d}.tlog-proof"


# -- good bundles ----------------------------------------------------------------------------------------------------


def test_a_bundle_holds_what_was_chosen_and_the_history_of_keys(good: bytes, both: Both) -> None:
    """Charter, key set, revocation and the shredding of a chosen body come along; others do not."""
    assert both(good) == 0
    assert both(good, None) == 0
    opened = open_bundle(good, QUORUM, NOW)
    assert tuple(opened.entries) == KNOWN
    assert opened.chosen == CHOSEN
    assert opened.witnesses == dict.fromkeys("uvw", NOW)
    assert opened.checkpoint.size == 300
    assert {(one.index, one.what) for one in opened.remarks} == {
        (0, "demonstration"),
        (3, "shredded"),
        (5, "contested"),
    }
    assert list(opened.blobs.values()) == [b"open file"]
    assert any("left out" in text for text in opened.unchecked)


def test_what_was_not_checked_is_said_each_time(good: bytes, alone: ModuleType) -> None:
    """What no bundle can show is in the answer of both; so is whose word was taken for the policy."""
    for trust in (QUORUM, None):
        ours = open_bundle(good, trust, NOW).unchecked
        theirs = alone.verify(good, None if trust is None else QUORUM.data, NOW)[1]
        assert list(ours[: len(alone.UNCHECKED)]) == list(alone.UNCHECKED) == theirs[: len(alone.UNCHECKED)]
        assert ("the log you mean" in " ".join(ours)) == (trust is None) == ("the log you mean" in " ".join(theirs))
        assert len(ours) == len(theirs)


def test_the_zip_is_one_that_everybody_can_open(good: bytes) -> None:
    """Other programs read the same files out of it; the verifier in it is ours, byte for byte."""
    with zipfile.ZipFile(io.BytesIO(good)) as found:
        assert found.testzip() is None
        assert {one.filename: found.read(one) for one in found.infolist()} == unzip(good)
        assert {one.compress_type for one in found.infolist()} == {zipfile.ZIP_STORED}
        assert found.read("verify.py") == STANDALONE.read_bytes()
        assert found.read("README.txt").count(b"verify.py BUNDLE.zip") == 3
        schema = json.loads(found.read("schema.json"))
    assert set(schema["$defs"]) >= {"Statement", "Envelope", "Charter", "KeySet", "Revocation", "Shredding"}


def test_an_entry_in_a_bundle_fits_its_schema(good: bytes) -> None:
    """The schema in a bundle is one that its statements keep."""
    import jsonschema

    files = unzip(good)
    schema = json.loads(files["schema.json"])
    for index in KNOWN:
        jsonschema.validate(json.loads(read_entry(files[entry_name(index)]).payload), schema)


def test_boxes_stay_behind_unless_a_reader_of_them_asks(world: World, both: Both) -> None:
    """A sealed body, and the files of its entry, go along only for a key that opens it."""
    reader = key_id(keyring.demo_key("bravo", "read").public)
    stranger = key_id(keyring.demo_key("carol", "read").public)
    for reads in ("", stranger):
        data = make_bundle(world.reader, [2], reads=reads)
        assert not open_bundle(data, QUORUM).blobs
        assert SECRET not in data
    data = make_bundle(world.reader, [2], reads=reader)
    assert both(data) == 0
    opened = open_bundle(data, QUORUM)
    sealed = opened.entries[2].statement.sealed
    assert sealed is not None
    secret = keyring.demo_key("bravo", "read").secret
    assert open_box(sealed, opened.blobs[sealed.box], reader, secret) == canonical(SECRET.decode())
    assert b"goes with it" in opened.blobs.values()


def test_an_entry_that_names_the_box_of_another_does_not_bring_it_out(tmp_path: Path) -> None:
    """Whoever knows the hash of a box names it as a file of his own; the bundle of his entry is without it."""
    made = begun(tmp_path, ORIGIN, ("alpha", "bravo"))
    reads = {"k": keyring.demo_key("bravo", "read").public}
    at = made.say("bravo", "note", "secret", [key_of("bravo")], readers=reads)
    sealed = read_entry(next(made.store.entries(at, at + 1))).statement.sealed
    assert sealed is not None
    box = made.store.blob(sealed.box)
    thief = made.say("alpha", "note", "mine", [key_of("alpha")], files={"mine.txt": box})
    data = make_bundle(made.reader, [thief])
    assert box not in data
    assert not open_bundle(data).blobs


def test_a_destroyed_body_brings_its_tombstone_and_a_tombstone_its_entry(world: World, both: Both) -> None:
    """Whoever gets the one sees the other."""
    for chosen in (3, 4):
        data = make_bundle(world.reader, [chosen])
        assert both(data) == 0
        assert {3, 4} <= open_bundle(data).entries.keys()


def test_an_older_checkpoint_gives_a_bundle_of_its_time(world: World, both: Both) -> None:
    """A bundle of a checkpoint before the revocation shows none: what came later is said not to be checked."""
    data = make_bundle(world.reader, [5], size=8, policy=POLICY)
    assert both(data, POLICY) == 0
    opened = open_bundle(data, POLICY)
    assert 8 not in opened.entries
    assert not [one for one in opened.remarks if one.what == "contested"]
    assert any("revocations" in text for text in opened.unchecked)
    assert both(data, QUORUM) == 6


@pytest.mark.parametrize("chosen", [[], [-1], [300], [1, 10**9]])
def test_no_bundle_of_nothing_or_of_what_is_not_there(world: World, chosen: list[int]) -> None:
    """Indexes are those of the checkpoint."""
    with pytest.raises(InputError, match="expected one or more entries"):
        make_bundle(world.reader, chosen)


def test_no_bundle_is_made_that_would_not_hold(world: World) -> None:
    """The quorum of the policy that goes with it is met, or none is made."""
    with pytest.raises(VerificationError, match="quorum"):
        make_bundle(world.reader, [1], size=8)


def test_a_record_without_entries_beside_its_charter(tmp_path: Path, both: Both) -> None:
    """The smallest record there is."""
    made = begun(tmp_path, ORIGIN, ("alpha",))
    data = make_bundle(made.reader, [0])
    assert both(data, None) == 0
    assert open_bundle(data).entries.keys() == {0}


# -- the same bytes --------------------------------------------------------------------------------------------------

AGAIN = """
import os, sys
os.umask(int(sys.argv[2], 8))
from pathlib import Path
from truceline.record.bundle import StoredReader, make_bundle
from truceline.store.files import FileStore
sys.stdout.buffer.write(make_bundle(StoredReader(FileStore(Path(sys.argv[1]))), [1, 3, 5, 7, 299]))
"""


@pytest.mark.parametrize(("zone", "language", "umask"), [("Asia/Damascus", "C", "077"), ("UTC", "C.UTF-8", "000")])
def test_the_bytes_are_the_same_in_another_process(
    world: World, good: bytes, zone: str, language: str, umask: str
) -> None:
    """Neither time zone nor locale, hash seed nor umask is in a bundle."""
    env = {**os.environ, "TZ": zone, "LC_ALL": language, "PYTHONHASHSEED": "7"}
    words = [sys.executable, "-c", AGAIN, str(world.store.folder), umask]
    assert subprocess.run(words, env=env, capture_output=True, check=True, timeout=60).stdout == good
    assert make_bundle(world.reader, CHOSEN) == good


# -- alone -----------------------------------------------------------------------------------------------------------

DRIVER = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
program, options, bundles = sys.argv[2], sys.argv[3].split(), sys.argv[4:]
codes = []
for one in bundles:
    sys.argv = [program, one, *options]
    try:
        runpy.run_path(program, run_name="__main__")
    except SystemExit as end:
        codes.append(end.code)
    foreign = [name for name in sys.modules if name.split(".")[0] in ("truceline", "msgspec", "pyarrow", "site")]
    assert not foreign, foreign
print("codes", *codes)
"""


@pytest.fixture(scope="module")
def only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder from which nothing can be imported but `cryptography` and what it is built on."""
    folder = tmp_path_factory.mktemp("only")
    packages = Path(cryptography.__file__).parents[1]
    for one in packages.iterdir():
        if one.name == "cryptography" or one.name.startswith(("cffi", "_cffi_backend", "pycparser")):
            (folder / one.name).symlink_to(one)
    return folder


def run_alone(only: Path, program: Path, options: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Run the program without site-packages, environment or working folder of ours."""
    words = [sys.executable, "-I", "-S", "-B", "-c", DRIVER, str(only), str(program), options, *map(str, paths)]
    return subprocess.run(words, cwd="/", env={}, capture_output=True, text=True, check=False, timeout=60)


def test_the_verifier_of_a_bundle_runs_without_truceline(good: bytes, only: Path, tmp_path: Path) -> None:
    """Out of the bundle, with Python and `cryptography` alone: 0 for what holds, 6 and 3 for what does not."""
    program, policy = tmp_path / "verify.py", tmp_path / "policy"
    program.write_bytes(unzip(good)["verify.py"])
    policy.write_bytes(QUORUM.data)
    files = {"good": good, "bad": changed(good, put(entry_name(1), unzip(good)[entry_name(5)])), "no": b"PK no"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    for options in ("", f"--policy {policy}"):
        found = run_alone(only, program, options, *(tmp_path / name for name in files), tmp_path / "missing")
        assert found.stdout.splitlines()[-1] == "codes 0 6 3 3", found.stderr
        assert "not checked: entries that were left out" in found.stdout
        assert "entry 5 is contested" in found.stdout
        assert len(found.stderr.splitlines()) == 3


def test_what_others_wrote_is_printed_on_any_terminal(good: bytes, only: Path, tmp_path: Path) -> None:
    """Names of witnesses are octets; those that are no text, or move a cursor, end in backslashes."""
    policy = QUORUM.data.replace(b" u ", b" \xff\xc2\x9b ")
    (tmp_path / "policy").write_bytes(policy)
    (tmp_path / "good").write_bytes(good)
    found = run_alone(only, STANDALONE, f"--policy {tmp_path / 'policy'}", tmp_path / "good")
    assert found.stdout.splitlines()[-1] == "codes 0", found.stderr
    assert found.stdout.isascii()
    assert "\\udcff\\x9b at" in found.stdout


def test_the_verifier_is_written_for_python_39() -> None:
    """It compiles by the grammar of 3.9 and imports nothing but the standard library and `cryptography`."""
    import ast

    tree = ast.parse(STANDALONE.read_text(encoding="utf-8"), feature_version=(3, 9))
    found = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    found |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    packages = {name.split(".")[0] for name in found} - set(sys.stdlib_module_names)
    assert packages == {"cryptography"}


# -- broken bundles --------------------------------------------------------------------------------------------------


def flipped(data: bytes, bit: int) -> bytes:
    """One bit changed."""
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


def test_no_bit_of_a_bundle_can_be_changed(good: bytes, both: Both) -> None:
    """Sampled over the whole file, headers and all: nothing is left that does not matter."""
    picks = random.Random(20160227)
    bits = {picks.randrange(8 * len(good)) for _ in range(150)} | {*range(0, 8 * 60, 7)}
    bits |= {8 * len(good) - 1 - n for n in range(0, 8 * 100, 11)}
    for bit in sorted(bits):
        assert both(flipped(good, bit)) == 3, bit


@pytest.mark.parametrize("kind", ["entries/", "proofs/", "blobs/"])
def test_no_bit_of_a_member_can_be_changed_by_one_who_writes_the_rest_anew(good: bytes, both: Both, kind: str) -> None:
    """With sums and lists made to fit, signatures, tree and hashes still do not."""
    picks = random.Random(kind)
    files = unzip(good)
    for name in [name for name in files if name.startswith(kind)]:
        for _ in range(6):
            bad = flipped(files[name], picks.randrange(8 * len(files[name])))
            assert both(changed(good, put(name, bad))) == 6, name


def test_no_bit_of_the_checkpoint_can_be_changed_by_one_who_writes_the_rest_anew(good: bytes, both: Both) -> None:
    """Also when each proof is given the changed checkpoint: text and every signature are verified."""
    picks = random.Random(7)
    note = unzip(good)["checkpoint"]
    for _ in range(40):
        bad = flipped(note, picks.randrange(8 * len(note)))
        assert both(changed(good, with_checkpoint(note, bad))) in (0, 6)
    text = note.partition(b"\n\n")[0]
    for bit in range(0, 8 * len(text), 5):
        assert both(changed(good, with_checkpoint(note, flipped(note, bit)))) == 6


def with_checkpoint(old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    """Another checkpoint, in each proof too."""

    def change(files: dict[str, bytes]) -> None:
        for name, data in files.items():
            if name == "checkpoint" or name.startswith("proofs/"):
                files[name] = data.replace(old, new)

    return change


def test_both_agree_on_every_bit_of_the_bundle_s_own_policy(good: bytes, both: Both) -> None:
    """Nobody signs it, so it may be changed; whoever takes it for granted is told so, and both read it alike."""
    picks = random.Random(11)
    policy = unzip(good)["policy"]
    for _ in range(150):
        both(changed(good, put("policy", flipped(policy, picks.randrange(8 * len(policy))))), None)


def test_no_file_can_be_dropped(good: bytes, both: Both) -> None:
    """By one who leaves the list as it is; one who writes it anew can drop what nothing else needs."""
    files = unzip(good)
    for name in files:
        assert both(zip_of({other: data for other, data in files.items() if other != name})) == 3
    for name in ("checkpoint", "policy", "verify.py", "README.txt", entry_name(0), proof_name(5), entry_name(5)):
        assert both(changed(good, without(name))) == 3
    assert both(changed(good, without(next(name for name in files if name.startswith("blobs/"))))) == 0


def test_swapped_proofs_and_entries_are_refused(good: bytes, both: Both) -> None:
    """A proof is of one entry at one index."""
    files = unzip(good)
    five, seven = files[proof_name(5)], files[proof_name(7)]

    def swap(found: dict[str, bytes]) -> None:
        found[proof_name(5)], found[proof_name(7)] = seven, five

    assert both(changed(good, swap)) == 6
    assert both(changed(good, put(proof_name(5), seven.replace(b"index 7", b"index 5")))) == 6
    assert both(changed(good, put(proof_name(5), five.replace(b"index 5", b"extra aGk=\nindex 5")))) == 6
    assert both(changed(good, lambda found: found.update({entry_name(5): files[entry_name(7)]}))) == 6


def test_an_older_checkpoint_in_place_of_the_new_one_is_refused(world: World, good: bytes, both: Both) -> None:
    """It is signed and cosigned, and the proofs are not made against it."""
    older = world.reader.noted(200)
    assert both(changed(good, put("checkpoint", older)), POLICY) == 6
    assert both(changed(good, with_checkpoint(unzip(good)["checkpoint"], older)), POLICY) == 6


def test_a_promise_is_no_checkpoint(world: World, good: bytes, both: Both) -> None:
    """A receipt holds a note by the log's key of the same form: it was never published."""
    old = unzip(good)["checkpoint"]
    made = open_bundle(good, QUORUM).checkpoint
    text = Checkpoint(made.origin, made.size, made.root, (f"promised {NOW} deadline {NOW + 60}",)).text
    keys = log_keys(ORIGIN)
    for lines in ([keys.log.sign(text)], [keys.log.sign(text), keys.clock.sign(text, NOW)]):
        assert both(changed(good, with_checkpoint(old, signed(text, lines))), POLICY) == 6


def test_a_checkpoint_that_the_clock_did_not_date_is_refused(good: bytes, both: Both) -> None:
    """The log signs, its clock dates."""
    note = unzip(good)["checkpoint"]
    undated = b"".join(line for line in note.splitlines(keepends=True) if b"/clock" not in line)
    assert both(changed(good, with_checkpoint(note, undated))) == 6


def test_a_revocation_that_is_left_out_is_seen_or_said_not_to_be_checked(good: bytes, both: Both) -> None:
    """Who drops it and leaves the list is refused; who writes the list anew leaves a gap that nobody calls whole."""
    files = unzip(good)
    names = (entry_name(8), proof_name(8))
    assert both(zip_of({name: data for name, data in files.items() if name not in names})) == 3
    data = changed(good, without(*names))
    assert both(data) == 0
    opened = open_bundle(data, QUORUM)
    assert not [one for one in opened.remarks if one.what == "contested"]
    assert "changes and revocations of keys among them" in " ".join(opened.unchecked)
    assert both(changed(good, without(entry_name(6), proof_name(6)))) == 6  # a key set that is left out is missed


def test_a_quorum_is_not_counted_twice_through_one_witness_with_two_names(good: bytes, both: Both) -> None:
    """One key is one voice; a policy with two names for it is refused."""
    key = WITNESSES["u"].verifier
    again = Verifier("witness.example/other", COSIGNATURE, key.public)
    log = POLICY.logs[0][0].vkey
    two = f"log {log}\nwitness u {key.vkey}\nwitness x {again.vkey}\ngroup g 2 u x\nquorum g\n".encode()
    same = f"log {log}\nwitness u {key.vkey}\nwitness x {key.vkey}\ngroup g all u x\nquorum g\n".encode()
    member = f"log {log}\nwitness u {key.vkey}\ngroup g 2 u u\nquorum g\n".encode()
    for policy in (two, same, member):
        assert both(good, policy) == 3
        assert both(changed(good, put("policy", policy)), None) == 3


def test_too_few_witnesses_or_one_from_the_future(good: bytes, both: Both) -> None:
    """Two of three are asked for; a minute ahead is borne, a day is not."""
    note = unzip(good)["checkpoint"]
    lines = note.splitlines(keepends=True)
    few = b"".join(line for line in lines if b"witness.example/v" not in line and b"witness.example/w" not in line)
    assert both(changed(good, with_checkpoint(note, few))) == 6
    assert both(good, QUORUM, NOW - 60) == 0
    assert both(good, QUORUM, NOW - 86_400) == 6
    doubled = note + lines[-1]
    assert both(changed(good, with_checkpoint(note, doubled))) == 6


def test_the_log_and_its_clock_are_nobodys_witness(good: bytes, both: Both) -> None:
    """Otherwise a host would meet a quorum by itself."""
    clock, log = log_keys(ORIGIN).clock.verifier, POLICY.logs[0][0]
    assert both(good, f"log {log.vkey}\nwitness c {clock.vkey}\nquorum c\n".encode()) == 6


@pytest.mark.parametrize(
    "public", ["00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f", "02" + "00" * 31]
)
def test_weak_keys_are_refused_wherever_they_stand(good: bytes, both: Both, public: str) -> None:
    """Small order, a second way of writing, no point of the curve: in a policy, in the charter."""
    weak = bytes.fromhex(public)
    for kind, word in ((1, "log"), (4, "witness x")):
        number = hashlib.sha256(b"x.example\n" + bytes([kind]) + weak).hexdigest()[:8]
        vkey = f"x.example+{number}+{base64_of(bytes([kind]) + weak)}"
        assert both(good, QUORUM.data.replace(b"quorum", f"{word} {vkey}\nquorum".encode())) == 3
    body = plain(charter_of(ORIGIN, ("alpha", "bravo", "carol"), policy=QUORUM.text()))
    body["parties"][0]["keys"][0]["public"] = base64_of(weak)
    assert both(changed(good, put(entry_name(0), entry(0, "charter", body, [key_of(n, "root") for n in PARTIES])))) == 6


PARTIES = ("alpha", "bravo", "carol")


def entry(number: int, kind: str, body: object, keys: list[SigningKey]) -> bytes:
    """An entry of `alpha` beside the log."""
    previous = "" if number == 0 else "ab" * 32
    one = Statement((), body, "alpha", Cited(), None, ORIGIN, previous, SCHEMA, None, number, kind, "")
    return sign(written(one), keys)


def test_another_log_is_refused(world: World, good: bytes, both: Both, tmp_path: Path) -> None:
    """Another origin, or the same origin with another key: not the log that the reader means."""
    other = Signer(ORIGIN, b"x" * 32).verifier
    assert both(good, f"log {other.vkey}\nquorum none\n".encode()) == 6
    made = begun(tmp_path, "demo.truceline.example/else", ("alpha",))
    elsewhere = make_bundle(made.reader, [0])
    assert both(elsewhere, None) == 0
    assert both(elsewhere, QUORUM) == 6
    note = unzip(elsewhere)["checkpoint"]
    renamed = note.replace(b"truceline.example/else", b"truceline.example/that")
    assert both(changed(elsewhere, with_checkpoint(note, renamed)), None) == 6


# -- what a log may not hold, although it is well signed --------------------------------------------------------------


class Forged:
    """A log whose keeper signs whatever stands in it: what remains are the signatures of the parties."""

    def __init__(self, entries: list[bytes]) -> None:
        """Sign the checkpoint of these entries."""
        self.entries_ = entries
        keys = log_keys(ORIGIN)
        tree = Range()
        tree.extend(map(leaf_hash, entries))
        text = Checkpoint(ORIGIN, len(entries), tree.root()).text
        self.note = signed(text, [keys.log.sign(text), keys.clock.sign(text, NOW)])

    def bundle(self) -> bytes:
        """All its entries in a bundle, whatever is in them."""
        leaves = [leaf_hash(one) for one in self.entries_]

        def subtree(level: int, index: int) -> bytes:
            part = Range()
            part.extend(leaves[index << level : (index + 1) << level])
            return part.root()

        files = {}
        for n, one in enumerate(self.entries_):
            files[entry_name(n)] = one
            path = tuple(inclusion_path(n, len(leaves), subtree))
            files[proof_name(n)] = Proof(n, path, self.note).data
        files |= {
            "README.txt": b"",
            "checkpoint": self.note,
            "policy": POLICY.data,
            "schema.json": b"",
            "verify.py": b"",
        }
        hashes = {name: sha256(data) for name, data in files.items()}
        content = {"chosen": [*range(len(leaves))], "files": hashes, "format": bundles.FORMAT}
        return zip_of({**files, "bundle.json": canonical(content)})


def test_signatures_are_judged_by_the_keys_of_their_index(good: bytes, both: Both) -> None:
    """By a key revoked before: refused. By one revoked after: it holds, contested from the index that is named."""
    charter = unzip(good)[entry_name(0)]
    revoked = plain(Revocation(key_id(OLD.public), "alpha", 1))
    roots = [key_of("alpha", "root"), key_of("bravo")]

    def log_of(*ways: tuple[str, Any, list[SigningKey]]) -> bytes:
        entries, previous = [charter], leaf_hash(charter).hex()
        for n, (kind, body, keys) in enumerate(ways, 1):
            one = Statement((), body, "alpha", Cited(), None, ORIGIN, previous, SCHEMA, None, n, kind, "")
            entries.append(sign(written(one), keys))
            previous = leaf_hash(entries[-1]).hex()
        return Forged(entries).bundle()

    before = log_of(("note", "x", [OLD]), ("revocation", revoked, roots))
    assert both(before, POLICY) == 0
    assert [one.index for one in open_bundle(before, POLICY).remarks if one.what == "contested"] == [1]
    assert both(log_of(("revocation", revoked, roots), ("note", "x", [OLD])), POLICY) == 6
    assert both(log_of(("revocation", revoked, roots[:1]), ("note", "x", [OLD])), POLICY) == 6
    assert both(log_of(("note", "x", [key_of("bravo")])), POLICY) == 6
    assert both(log_of(("note", "x", [NEW])), POLICY) == 6
    again = plain(KeySet((Key(NEW.public, "sign"),), "alpha", (key_of("new", "root").public,), 1, 1))
    assert both(log_of(("keyset", again, roots), ("note", "x", [NEW])), POLICY) == 0
    assert both(log_of(("keyset", again, roots), ("note", "x", [OLD])), POLICY) == 6
    assert both(log_of(("keyset", again, roots[1:]), ("note", "x", [NEW])), POLICY) == 6
    for key, body in (("version", 2), ("party", "bravo"), ("threshold", 2)):
        assert both(log_of(("keyset", {**again, key: body}, roots)), POLICY) == 6
    shared = {**again, "roots": [base64_of(key_of("carol", "root").public)]}
    assert both(log_of(("keyset", shared, roots)), POLICY) == 6
    assert both(log_of(("shredding", plain(Shredding("ab" * 32, 0, "")), [OLD, key_of("bravo")])), POLICY) == 6
    assert both(log_of(("charter", json.loads(read_entry(charter).payload)["body"], roots)), POLICY) == 6


ODD: dict[str, bytes] = {
    "nothing": b"",
    "200,000 levels": b"[" * 200_000,
    "20,000 levels": b'{"payload":' * 5_000 + b"0" + b"}" * 5_000,
    "NaN": b'{"payload":NaN,"payloadType":"x","signatures":[]}',
    "not UTF-8": b'{"payload":"\xff"}',
    "a blank": b" {}",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_bytes_in_place_of_an_entry_are_refused(good: bytes, both: Both, name: str) -> None:
    """One line, and never a hang."""
    assert both(Forged([unzip(good)[entry_name(0)], ODD[name]]).bundle() if len(ODD[name]) < 65_536 else
                changed(good, put(entry_name(1), ODD[name])), POLICY) == 6  # fmt: skip


def payload_of(**fields: str) -> bytes:
    """The payload of a statement, with some fields written by hand."""
    written_fields = {
        "blobs": "[]", "body": '"x"', "by": '"alpha"', "cites": '{"root":"","size":0}', "claims": "null",
        "log": f'"{ORIGIN}"', "previous": '"PREVIOUS"', "schema": f'"{SCHEMA}"', "sealed": "null", "sequence": "1",
        "type": '"note"', "under": '""',
    } | fields  # fmt: skip
    return ("{" + ",".join(f'"{key}":{text}' for key, text in sorted(written_fields.items())) + "}").encode()


HEX = '"' + "ab" * 32 + '"'
STATEMENTS: dict[str, tuple[int, dict[str, str]]] = {
    "as it must be": (0, {}),
    "every control character": (0, {"body": json.dumps("".join(map(chr, range(128))), ensure_ascii=False)}),
    "letters": (0, {"body": '"\u00e9\u0628\U0001f600\u2028\ufeff"'}),
    "an escape that is not needed": (6, {"body": '"\\u0061"'}),
    "upper case in an escape": (6, {"body": '"\\u001F"'}),
    "half a character": (6, {"body": '"\\ud800"'}),
    "NaN": (6, {"body": "NaN"}),
    "infinity": (6, {"body": "[-Infinity]"}),
    "a fraction": (6, {"body": "0.5"}),
    "a fraction that is whole": (6, {"sequence": "1.0"}),
    "minus nothing": (6, {"body": "-0"}),
    "an exponent": (6, {"body": "1e3"}),
    "the greatest number": (0, {"body": str(2**53 - 1)}),
    "a greater number": (6, {"body": str(2**53)}),
    "a very great number": (6, {"body": "9" * 5_000}),
    "a key twice": (6, {"body": '{"a":1,"a":1}'}),
    "keys not sorted": (6, {"body": '{"b":1,"a":1}'}),
    "a key that is not ASCII": (6, {"body": '{"\u00e9":1}'}),
    "16 levels": (0, {"body": "[" * 16 + "1" + "]" * 16}),
    "17 levels": (6, {"body": "[" * 17 + "1" + "]" * 17}),
    "3,000 levels": (6, {"body": "[" * 3_000 + "]" * 3_000}),
    "a truth value for a number": (6, {"sequence": "true"}),
    "a field more": (6, {"zzz": "1"}),
    "another submitter": (6, {"by": '"bravo"'}),
    "an odd submitter": (6, {"by": '"al pha"'}),
    "an odd type": (6, {"type": '"Note"'}),
    "another schema": (6, {"schema": '"truceline/statement/2"'}),
    "another log": (6, {"log": '"elsewhere.example"'}),
    "the number before": (6, {"sequence": "0", "previous": '""'}),
    "a number later": (0, {"sequence": "5"}),
    "another entry before": (6, {"previous": HEX}),
    "no entry before": (6, {"previous": '""'}),
    "cites what is not there yet": (6, {"cites": f'{{"root":{HEX},"size":2}}'}),
    "cites what may be there": (0, {"cites": f'{{"root":{HEX},"size":1}}'}),
    "cites no root": (6, {"cites": '{"root":"","size":1}'}),
    "a root of nothing": (0, {"cites": f'{{"root":{HEX},"size":0}}'}),
    "cites less": (6, {"cites": "{}"}),
    "a text": (0, {"under": HEX}),
    "half a text": (6, {"under": '"abcd"'}),
    "a claim": (0, {"claims": "1"}),
    "a claim before time": (6, {"claims": "-1"}),
    "a file": (0, {"blobs": f'[{{"name":"a b","sha256":{HEX},"size":0}}]'}),
    "a file twice": (6, {"blobs": "[" + ",".join([f'{{"name":"a","sha256":{HEX},"size":0}}'] * 2) + "]"}),
    "a file elsewhere": (6, {"blobs": f'[{{"name":"../a","sha256":{HEX},"size":0}}]'}),
    "a hidden file": (6, {"blobs": f'[{{"name":".a","sha256":{HEX},"size":0}}]'}),
    "65 files": (6, {"blobs": "[" + ",".join(f'{{"name":"{n}","sha256":{HEX},"size":0}}' for n in range(65)) + "]"}),
    "sealed": (0, {"body": "null", "sealed": f'{{"box":{HEX},"commitment":{HEX}}}'}),
    "sealed and open": (6, {"sealed": f'{{"box":{HEX},"commitment":{HEX}}}'}),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_both_read_a_statement_alike(good: bytes, both: Both, name: str) -> None:
    """Signed by its submitter's own key, in the log, and still no entry when it could be written in another way."""
    charter = unzip(good)[entry_name(0)]
    expected, fields = STATEMENTS[name]
    payload = payload_of(**fields).replace(b"PREVIOUS", leaf_hash(charter).hex().encode())
    assert both(Forged([charter, sign(payload, [OLD])]).bundle(), POLICY) == expected


def test_envelopes_that_could_be_written_in_another_way_are_refused(good: bytes, both: Both) -> None:
    """Order, blanks, base64, signatures: each has one way."""
    charter = unzip(good)[entry_name(0)]
    payload = payload_of().replace(b"PREVIOUS", leaf_hash(charter).hex().encode())
    keys = [OLD, key_of("bravo")]
    entry_ = sign(payload, keys)
    assert both(Forged([charter, entry_]).bundle(), POLICY) == 0
    one = json.loads(entry_)
    first, second = one["signatures"]
    long = {**first, "sig": base64_of(bytes(65))}
    for other in (
        {**one, "signatures": [second, first]}, {**one, "signatures": [first, first]}, {**one, "signatures": []},
        {**one, "signatures": [long, second]}, {**one, "payloadType": "text/plain"}, {**one, "more": 1},
        {**one, "signatures": [{**first, "more": 1}, second]}, {**one, "payload": one["payload"] + "\n"},
        {**one, "signatures": [{**first, "keyid": "0" * 16}, second]}, {**one, "payload": ""},
    ):  # fmt: skip
        assert both(Forged([charter, canonical(other)]).bundle(), POLICY) == 6
    assert both(Forged([charter, json.dumps(one).encode()]).bundle(), POLICY) == 6


# -- hostile zips ----------------------------------------------------------------------------------------------------


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    """A zip as another program writes it."""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", method) as out:
        for name, data in files.items():
            out.writestr(zipfile.ZipInfo(name), data, method)
        out.comment = comment
    return found.getvalue()


def test_hostile_zips_are_refused_before_anything_in_them_is_read(good: bytes, both: Both) -> None:
    """Bombs, paths, links, what is packed, encrypted, twice, before, behind: one line each."""
    files = unzip(good)
    bad = {
        "nothing": b"",
        "no zip": b"x" * 1_000,
        "a bomb": zipped({"README.txt": bytes(50_000_000)}, zipfile.ZIP_DEFLATED),
        "packed": zipped(files, zipfile.ZIP_DEFLATED),
        "as another program writes it": zipped(files),
        "a comment": good[:-2] + b"\1\0x",
        "before": b"x" + good,
        "behind": good + b"x",
        "two zips": good + good,
        "half": good[: len(good) // 2],
        "no index": good[: good.index(b"PK\1\2")],
        "encrypted": good[:6] + b"\1\0" + good[8:],
        "a great size": good[:18] + struct.pack("<LL", 2**32 - 1, 2**32 - 1) + good[26:],
        "zip64": good.replace(b"PK\5\6", b"PK\6\6" + bytes(52) + b"PK\6\7" + bytes(16) + b"PK\5\6"),
        "a link": with_attributes(good),
    }
    bad |= {name: zip_of({**files, name: b"x"}) for name in (
        "../x", "/etc/passwd", "entries/../x", "a\\b", "blobs/" + "AB" * 32, "entries/1.json", "Checkpoint", "x\0y",
    )}  # fmt: skip
    bad["twice"] = twice(files, "policy")
    for name, data in bad.items():
        assert both(data) == 3, name
        with pytest.raises(InputError):
            unzip(data)


def with_attributes(data: bytes) -> bytes:
    """The first file marked as a symbolic link in the index."""
    at = data.index(b"PK\1\2")
    return data[: at + 38] + struct.pack("<L", 0o120777 << 16) + data[at + 42 :]


def twice(files: dict[str, bytes], name: str) -> bytes:
    """A zip in which one name stands twice."""
    stand_in = name[:-1] + "z"
    return zip_of({**files, stand_in: b"another"}).replace(stand_in.encode(), name.encode())


def test_a_list_of_files_that_is_odd_is_refused(good: bytes, both: Both) -> None:
    """`bundle.json` is read as strictly as everything else."""
    files = unzip(good)
    content = json.loads(files["bundle.json"])
    texts = [
        b"", b"{}", b"[" * 200_000, b'{"a":' * 50_000, b"null", b"[]", canonical({**content, "more": 1}), b"\xff",
        canonical({**content, "format": "truceline/bundle/2"}), canonical({**content, "chosen": []}),
        canonical({**content, "chosen": [5, 1]}), canonical({**content, "chosen": [1, 1]}),
        canonical({**content, "chosen": [2]}), canonical({**content, "chosen": [-1]}),
        canonical({**content, "chosen": [True]}), canonical({**content, "files": {}}),
        canonical({**content, "files": {**content["files"], "x": "y"}}), files["bundle.json"] + b"\n",
        files["bundle.json"].replace(b'"chosen"', b'"chosen":[1],"chosen"'),
        files["bundle.json"].replace(b"[1,", b"[NaN,"), files["bundle.json"].replace(b"[1,", b"[1.0,"),
    ]  # fmt: skip
    for text in texts:
        assert both(zip_of({**files, "bundle.json": text})) == 3, text[:80]


def test_policies_are_read_alike(good: bytes, both: Both) -> None:
    """What one refuses the other refuses."""
    log, key = POLICY.logs[0][0].vkey, WITNESSES["u"].verifier.vkey
    for expected, text in (
        (0, f"log {log} https://x\n# words\n\n\twitness u {key}\t https://u\nquorum u\n"),
        (0, f"log {log}\nwitness u {key}\ngroup g any u\ngroup h all g\nquorum h\n"),
        (0, "quorum none\n"),
        (3, f"log {log}\nquorum none"), (3, f"log {log}\n"), (3, f"log {log}\nquorum none\nquorum none\n"),
        (3, f"log {log}\nquorum x\n"), (3, f"log {log} a b\nquorum none\n"), (3, f"log {key}\nquorum none\n"),
        (3, f"witness none {key}\nquorum none\n"), (3, f"witness u {log}\nquorum u\n"),
        (3, f"witness u {key}\ngroup g 2 u\nquorum g\n"), (3, f"witness u {key}\ngroup g 01 u\nquorum g\n"),
        (3, f"witness u {key}\ngroup g 1 u\ngroup h 1 u\nquorum g\n"), (3, "group g 1 none\nquorum g\n"),
        (3, f"log {log}\r\nquorum none\n"), (3, f"log {log[:-1]}\nquorum none\n"), (3, "words\nquorum none\n"),
        (3, f"quorum g\nwitness u {key}\ngroup g 1 u\n"), (3, f"log {log}\nlog {log}\nquorum none\n"),
        (3, f"witness u {key.replace('+', '+0', 1)}\nquorum none\n"), (3, ""), (3, "\n"),
    ):  # fmt: skip
        assert both(good, text.encode()) == expected, text


# -- the page --------------------------------------------------------------------------------------------------------


def test_the_example_of_the_page_is_computed_from_the_demo_keys(tmp_path: Path) -> None:
    """Every block of the worked example is what the program makes of the keys that the page names."""
    page = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```text\n(.*?)^```", page.partition("## Worked example")[2], re.M | re.S)
    assert blocks == list(example(tmp_path).values())


def example(folder: Path) -> dict[str, str]:
    """A log of two entries by one party, everything fixed."""
    origin = "demo.truceline.example/format"
    made = begun(folder, origin, ("desk",))
    made.say("desk", "note", {"text": "\u0633\u0644\u0627\u0645"}, [key_of("desk")])
    charter, entry_ = made.store.entries(0, 2)
    payload = read_entry(entry_).payload
    keys = [
        f"{use} {keyring.demo_key(name, use).secret.hex()} {keyring.demo_key(name, use).public.hex()}\n"
        for name, use in ((origin, "log"), (origin, "clock"), ("desk", "sign"), ("desk", "root"))
    ]
    reader = made.reader
    note = reader.noted(None)
    return {
        "keys": "".join(keys),
        "vkeys": f"{made.log.keys.log.verifier.vkey}\n{made.log.keys.clock.verifier.vkey}\n",
        "charter": f"{read_entry(charter).payload.decode()}\n",
        "payload": f"{payload.decode()}\n",
        "signed": f"{signed_bytes(payload)[:60].decode()}...\nsha256 {sha256(signed_bytes(payload))}\n",
        "entry": f"{entry_.decode()}\n",
        "leaves": f"{leaf_hash(charter).hex()}\n{leaf_hash(entry_).hex()}\n",
        "checkpoint": note.decode(),
        "proof": reader.proof(1, note).decode(),
        "commitment": f"{commitment_of(bytes(range(32)), payload)}\n",
    }


def test_the_numbers_of_the_page_are_those_of_the_code(alone: ModuleType) -> None:
    """Bounds, type and schema stand on the page as they are computed with."""
    page = PAGE.read_text(encoding="utf-8")
    for number in (alone.MOST_BUNDLE, alone.MOST_FILE, alone.MOST_FILES, alone.MOST_ENTRY):
        assert f"{number:,}" in page
    for word in (bundles.FORMAT, SCHEMA, alone.PAYLOAD_TYPE):
        assert f"`{word}`" in page
    for struct_ in (Statement, Charter, KeySet, Revocation, Shredding):
        for name in struct_.__struct_fields__:
            assert f"`{name}`" in page, name


def test_the_reader_of_a_storage_gives_the_proofs_of_the_log(world: World) -> None:
    """Without the keys of the log, out of its files alone."""
    note = world.reader.noted(None)
    for index in (0, 1, 255, 256, 299):
        assert world.reader.proof(index, note) == world.log.proof(index)


def variants(value: Any) -> Iterator[Any]:  # noqa: ANN401  # any JSON value is meant
    """A JSON value with one thing in it changed, in every place and in many ways."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from ({**value, key: other} for other in variants(inner))
            yield {other: kept for other, kept in value.items() if other != key}
        yield {**value, "zzz": 1}
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from ([*value[:n], other, *value[n + 1 :]] for other in variants(inner))
            yield [*value[:n], *value[n + 1 :]]
            yield [*value, inner]
    elif isinstance(value, str):
        yield from ("", value + " ", value[:-1], value[:-1] + "\n", value.upper())
    elif isinstance(value, int):
        yield from (value + 1, value - 1, -1, 2**53 - 1, str(value), not value)
    yield from (None, [], {}, 7, "x", True)


@pytest.mark.parametrize("kind", ["charter", "keyset", "revocation", "shredding"])
def test_both_read_bodies_of_the_record_alike(good: bytes, both: Both, kind: str) -> None:
    """Every field of every body changed in many ways and signed anew: what one takes, the other takes."""
    charter = unzip(good)[entry_name(0)]
    roots = [key_of(name, "root") for name in PARTIES]
    again = plain(KeySet((Key(NEW.public, "sign"),), "alpha", (key_of("new", "root").public,), 1, 1))
    bodies: dict[str, Any] = {
        "charter": read_entry(charter).statement.body,
        "keyset": again,
        "revocation": plain(Revocation(key_id(OLD.public), "alpha", 1)),
        "shredding": plain(Shredding("ab" * 32, 1, "why")),
    }
    keys = [OLD, key_of("bravo")] if kind == "shredding" else [roots[0], key_of("bravo")]
    line = leaf_hash(charter).hex()
    box = payload_of(body="null", sealed=f'{{"box":{HEX},"commitment":{HEX}}}').replace(b"PREVIOUS", line.encode())
    codes = []
    for body in (bodies[kind], *variants(bodies[kind])):
        if kind == "charter":
            entries = [entry(0, kind, body, roots)]
        else:
            entries = [charter, sign(box, [OLD])]
            place = leaf_hash(entries[1]).hex()
            one = Statement((), body, "alpha", Cited(), None, ORIGIN, place, SCHEMA, None, 2, kind, "")
            entries.append(sign(written(one), keys))
        codes.append(both(Forged(entries).bundle(), POLICY))
    assert codes[0] == 0
    assert set(codes) == {0, 6}
    assert codes.count(6) > codes.count(0)
