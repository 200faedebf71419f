"""Keys of this machine: who may read them, what is refused, and that a panic leaves commitments only."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.bench import SHIPPED
from tests.test_cli import answer, told, truceline
from truceline.desk import keyring, persons, records
from truceline.errors import InputError, StoreError, SubmissionError, VerificationError
from truceline.record.charter import plain
from truceline.store.folder import CaseFolder
from truceline.vault.vault import Person

AGREEMENT = SHIPPED / "agreement.yaml"
MINUTE_S = 60.0


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration folder of its own."""
    folder = tmp_path / "config"
    monkeypatch.setenv("TRUCELINE_CONFIG", str(folder))
    return folder


def below(folder: Path) -> list[Path]:
    """Everything that lies in a folder."""
    return sorted(folder.rglob("*")) if folder.is_dir() else []


# -- keys ------------------------------------------------------------------------------------------------------------


def test_keys_are_for_their_owner(own: Path) -> None:
    """Files of 0600 in folders of 0700, whatever the mask of the shell says."""
    before = os.umask(0)
    try:
        keyring.key_set("us")
    finally:
        os.umask(before)
    assert [folder.stat().st_mode & 0o777 for folder in (own, own / "keys")] == [0o700, 0o700]
    assert [path.stat().st_mode & 0o777 for path in below(own / "keys")] == [0o600] * 3


def test_a_folder_that_others_could_look_into_is_closed(own: Path) -> None:
    """A folder that was there already is closed to others with the next key."""
    (own / "keys").mkdir(parents=True, mode=0o755)
    keyring.new_key("us", "sign")
    assert (own / "keys").stat().st_mode & 0o777 == 0o700


def test_a_key_is_found_by_name_use_and_public_half(own: Path) -> None:
    """The key to sign is not the key to read, and nobody else's."""
    made = keyring.new_key("us", "sign")
    assert keyring.find("sign", made.public, "us", is_demo=False) == made
    for use, public in (("root", made.public), ("sign", bytes(32))):
        with pytest.raises(StoreError, match="does not hold the key"):
            keyring.find(use, public, "us", is_demo=False)
    assert [key.id for key in keyring.keys_of("us", "sign")] == [made.id]
    assert keyring.keys_of("ru", "sign") == []


def test_a_key_for_nothing_known_is_refused(own: Path) -> None:
    """A typing error makes no key."""
    with pytest.raises(InputError, match="expected a key for one of"):
        keyring.new_key("us", "sing")
    assert below(own) == []


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b'{"made":"","name":"us","public":"","secret":"","use":5}'])
def test_a_damaged_key_is_told_by_its_file_and_not_by_its_secret(own: Path, data: bytes) -> None:
    """What is damaged is named; what is secret is not."""
    made = keyring.new_key("us", "sign")
    path = own / "keys" / f"{made.id}.sign.key"
    path.write_bytes(data)
    with pytest.raises(StoreError, match=f"{made.id}.sign.key: is damaged: expected a key"):
        keyring.keys()


def test_demo_keys_are_the_same_everywhere_and_apart_from_one_another(own: Path) -> None:
    """Anybody computes them; none serves two parties or two uses; none is ever written."""
    keys = [keyring.demo_key(name, use) for name in ("desk", "us", "ru") for use in keyring.USES]
    assert len({key.public for key in keys}) == len({key.secret for key in keys}) == len(keys)
    assert keys[0] == keyring.demo_key("desk", "log")
    keyring.key_set("us", is_demo=True)
    assert below(own) == []


def test_demo_keys_count_in_a_demo_only(own: Path) -> None:
    """In a record of one's own the public half of a demo key finds no private half."""
    demo = keyring.demo_key("us", "sign")
    assert keyring.find("sign", demo.public, "us", is_demo=True) == demo
    with pytest.raises(StoreError, match="does not hold"):
        keyring.find("sign", demo.public, "us", is_demo=False)


def test_nobody_founds_a_record_of_his_own_with_a_demo_key(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A published key among the founders would let anybody sign for that party (ADR 0008): refused, nothing made."""
    file = tmp_path / "us.json"
    file.write_text(json.dumps(plain(keyring.key_set("us", is_demo=True))))
    code, _, err = told(capsys, ["init", tmp_path / "case", "--agreement", AGREEMENT, "--party", file])
    assert (code, "a demo key" in err) == (5, True)
    assert not (tmp_path / "case").exists()
    assert below(own) == []


def test_nobody_joins_a_record_of_his_own_with_a_demo_key(own: Path, tmp_path: Path) -> None:
    """Nor by a key set that comes later, whole or with one demo key in it."""
    case = tmp_path / "case"
    truceline("init", case, "--agreement", AGREEMENT)
    opened = CaseFolder.open(case)
    mixed = {use: keyring.new_key("us", use) for use in ("read", "root")} | {"sign": keyring.demo_key("us", "sign")}
    draft = records.Draft("keyset", plain(keyring.key_set("us", made=mixed)), "us")
    with pytest.raises(SubmissionError, match="a demo key"):
        records.append(opened, [draft])
    assert len(CaseFolder.open(case).entries()) == 2


@pytest.mark.long
def test_a_demo_says_so_in_its_first_entry(own: Path, tmp_path: Path) -> None:
    """The mark lies under the log's own signature: no option can set it or take it away afterwards."""
    truceline("run", tmp_path / "demo", "--no-serve")
    assert answer("record-show", "record", "show", tmp_path / "demo", 0)["statement"]["body"]["is_demo"] is True
    for command in (("verify",), ("keys", "show")):
        assert "DEMO: " in truceline(*command, tmp_path / "demo").stdout
    assert below(own) == []


# -- panic -----------------------------------------------------------------------------------------------------------


def filled(own: Path) -> None:
    """A machine with keys, two persons, and things beside them that are neither."""
    keyring.key_set("us")
    persons.add(Person("witness", "Umm Khalid"))
    persons.add(Person("staff"))
    (own / "notes.txt").write_text("mine")


def test_a_panic_destroys_keys_and_vault_and_nothing_beside_them(own: Path) -> None:
    """A configuration folder that was pointed at the wrong place costs nobody his files."""
    filled(own)
    (own / "letters").mkdir()
    (own / "letters" / "keys").write_text("mine too")
    for name in ("receipts", "services"):  # what shows that one said something, and where
        (keyring.own_folder(name) / "one").write_text("secret")
    done = answer("panic", "panic", "--yes")
    assert len(done["destroyed"]) == 3 + 6 + 2
    assert done["left"] == []
    assert [path.name for path in below(own)] == ["letters", "keys", "notes.txt"]


def test_a_panic_begins_with_keys_and_ends_with_what_they_open(own: Path) -> None:
    """Who is interrupted early has lost the keys already: of this machine, of the vault, of each person."""
    filled(own)
    gone = [Path(name).name for name in keyring.panic().gone]
    ranks = [1 if name.endswith(".wrap.key") else 0 if name.endswith(".key") else 2 for name in gone]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0


def test_a_panic_where_nothing_is_does_nothing(own: Path) -> None:
    """Run twice, or on a machine without keys, it is done at once."""
    assert keyring.panic() == keyring.Panic((), ())
    filled(own)
    keyring.panic()
    assert answer("panic", "panic", "--yes") == {"destroyed": [], "left": []}


def test_nobody_panics_without_being_asked(own: Path) -> None:
    """Without --yes and without an answer nothing is destroyed."""
    filled(own)
    done = subprocess.run(
        [sys.executable, "-m", "truceline.cli", "panic"], input="n\n", capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert str(own) in done.stdout + done.stderr
    assert len(keyring.keys()) == 3


def test_what_is_destroyed_is_written_over_first(own: Path) -> None:
    """A second name of the same file shows it: the secret is not there any more."""
    made = keyring.new_key("us", "sign")
    path, other = own / "keys" / f"{made.id}.sign.key", own / "other-name"
    before = path.read_bytes()
    os.link(path, other)
    keyring.panic()
    after = other.read_bytes()
    assert len(after) == len(before)
    assert not any(before[i : i + 8] in after for i in range(0, len(before) - 8, 8))


def test_links_are_removed_and_never_followed(own: Path, tmp_path: Path) -> None:
    """What a link points at lies elsewhere: it stays as it was, and the answer says that it stays."""
    filled(own)
    out = tmp_path / "stick"
    out.mkdir()
    (out / "root.key").write_text("the root, on a stick")
    (own / "keys" / "stick.key").symlink_to(out / "root.key")
    (own / "keys" / "stick").symlink_to(out, target_is_directory=True)
    (own / "vault" / "nowhere").symlink_to(tmp_path / "nothing")
    (own / "keys" / "round").symlink_to(own / "keys", target_is_directory=True)
    done = answer("panic", "panic", "--yes", code=7)
    assert (out / "root.key").read_text() == "the root, on a stick"
    assert sorted(str(line).split(" -> ")[1] for line in done["left"]) == sorted(map(str, (out, out / "root.key")))
    assert [path.name for path in below(own)] == ["notes.txt"]


def test_a_folder_of_keys_that_is_a_link_is_not_emptied(own: Path, tmp_path: Path) -> None:
    """Keys kept on a stick: the link goes, the stick stays, and the answer says so with code 7."""
    out = tmp_path / "stick"
    out.mkdir()
    (out / "a.sign.key").write_text("x")
    own.mkdir()
    (own / "keys").symlink_to(out, target_is_directory=True)
    assert truceline("panic", "--yes", code=7).stdout.splitlines()[:2] == [
        "1 files destroyed, 1 left.", f"LEFT: {own / 'keys'} -> {out}",
    ]  # fmt: skip
    assert (out / "a.sign.key").exists()


def test_strange_things_are_removed_and_block_nothing(own: Path) -> None:
    """A pipe that nobody reads, an empty file, a name of bytes, a deep folder: a hang would be a failure."""
    filled(own)
    os.mkfifo(own / "keys" / "pipe.key")
    (own / "vault" / "empty").touch()
    Path(os.fsdecode(os.fsencode(own / "vault") + b"/\xff\n\x1b[31m")).write_text("x")
    deep = own / "vault" / "/".join(["d"] * 60)
    deep.mkdir(parents=True)
    (deep / "x").write_text("x")
    assert keyring.panic().left == ()
    assert [path.name for path in below(own)] == ["notes.txt"]


def test_open_files_are_destroyed_all_the_same(own: Path) -> None:
    """Whoever has a key open reads noise from then on."""
    made = keyring.new_key("us", "sign")
    with (own / "keys" / f"{made.id}.sign.key").open("rb") as file, persons._vault():
        assert keyring.panic().left == ()
        assert b"secret" not in file.read()
    assert below(own) == []


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder of somebody who is not root, who is who the test runs as until it ends."""
    folder = Path(tempfile.mkdtemp())
    is_root = os.geteuid() == 0
    try:
        if is_root:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        for path in (folder, *folder.rglob("*")):
            if path.is_dir():
                path.chmod(0o700)
        subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_what_is_read_only_is_destroyed_too(unprivileged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of 0400 in folders of 0500 and 0000: their owner may change that, and the panic does."""
    own = unprivileged / "config"
    monkeypatch.setenv("TRUCELINE_CONFIG", str(own))
    filled(own)
    (own / "vault" / "old").mkdir()
    (own / "vault" / "old" / "x").write_text("x")
    for path in below(own):
        if path.is_file():
            path.chmod(0o400)
    for path, mode in ((own / "vault" / "old", 0), (own / "vault", 0), (own / "keys", 0o500)):
        path.chmod(mode)
    done = keyring.panic()
    assert done.left == ()
    assert [path.name for path in below(own)] == ["notes.txt"]


def test_what_cannot_be_destroyed_is_told(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that refuses one file stops nothing; the answer names it, and the code is 7."""
    filled(own)
    stubborn = next(path for path in below(own) if path.name.endswith(".root.key"))
    real = Path.unlink

    def refusing(path: Path, missing_ok: bool = False) -> None:
        if path == stubborn:
            raise OSError(30, "read-only file system")
        real(path, missing_ok=missing_ok)

    before = stubborn.read_bytes()
    monkeypatch.setattr(Path, "unlink", refusing)
    done = keyring.panic()
    monkeypatch.undo()
    monkeypatch.setenv("TRUCELINE_CONFIG", str(own))
    assert done.left == (str(stubborn),)
    assert [path for path in below(own) if path.is_file()] == [stubborn, own / "notes.txt"]
    assert stubborn.read_bytes() != before  # written over, though its name stays


def test_what_is_left_ends_with_code_seven(
    own: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script in the drill has to notice."""
    monkeypatch.setattr(keyring, "panic", lambda: keyring.Panic((), ("keys/a\x1b[31m.key",)))
    code, out, _ = told(capsys, ["panic", "--yes"])
    assert (code, "LEFT: keys/a [31m.key" in out) == (7, True)


def test_after_half_a_minute_files_are_only_removed(own: Path) -> None:
    """On a slow disk the promise of one minute comes first; keys were written over by then, and open nothing."""
    filled(own)
    big = own / "vault" / "big"
    big.write_bytes(b"x" * 100)
    os.link(big, own / "big")
    seconds = iter([0.0, *[1.0] * 6, *[31.0] * 1_000])
    assert keyring.panic(lambda: next(seconds)).left == ()
    assert (own / "big").read_bytes() == b"x" * 100
    assert [path.name for path in below(own)] == ["big", "notes.txt"]


@pytest.mark.long
def test_ten_thousand_files_and_two_hundred_megabytes_are_gone_within_a_minute(own: Path) -> None:
    """The seizure drill: as many persons as a large mission has, on a machine that is being taken away."""
    keyring.key_set("us")
    folder = keyring.own_folder("vault")
    for i in range(5_000):
        (folder / f"{i:016x}.wrap.key").write_bytes(b"w" * 68)
        (folder / f"{i:016x}.person").write_bytes(b"p" * 41_000)
    start = time.monotonic()
    done = keyring.panic()
    assert time.monotonic() - start < MINUTE_S
    assert len(done.gone) == 10_003
    assert below(own) == []


KILLED = """
import sys, time
from truceline.desk import keyring
real, n = keyring.write_over, 0
def slow(path):
    global n
    n += 1
    real(path)
    if n == int(sys.argv[1]):
        print("now", flush=True)
        time.sleep(60)
keyring.write_over = slow
keyring.panic()
"""


@pytest.mark.parametrize("step", [1, 4, 8])
def test_a_panic_that_was_killed_is_run_again(own: Path, step: int) -> None:
    """Killed between writing over and removing, at the first key or later: the second run ends it."""
    filled(own)
    child = subprocess.Popen([sys.executable, "-c", KILLED, str(step)], stdout=subprocess.PIPE, env=dict(os.environ))
    assert child.stdout is not None
    assert child.stdout.readline() == b"now\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert 0 < len([path for path in below(own) if path.is_file()]) <= 10
    assert answer("panic", "panic", "--yes")["left"] == []
    assert [path.name for path in below(own)] == ["notes.txt"]


@pytest.mark.long
def test_after_a_panic_the_record_holds_and_shows_commitments_only(own: Path, tmp_path: Path) -> None:
    """What is seized verifies still; what was sealed stays sealed; nothing more can be said with this machine."""
    case, body = tmp_path / "case", tmp_path / "body.json"
    truceline("init", case, "--agreement", AGREEMENT)
    truceline("keys", "new", "us", "--case", case)
    body.write_text(json.dumps({"text": "the convoy was stopped at the bridge"}))
    index = answer("submit", "submit", case, "--type", "allegation", "--by", "us", "--body", body, "--to", "us")[
        "entry"
    ]
    shown = answer("record-show", "record", "show", case, index, "--open-as", "us")
    assert shown["body"]["text"] == "the convoy was stopped at the bridge"
    body.unlink()
    answer("panic", "panic", "--yes")
    verified: dict[str, Any] = answer("verify", "verify", case)
    assert (verified["holds"], verified["size"]) == (True, 4)
    assert not any(b"the bridge" in path.read_bytes() for path in below(tmp_path) if path.is_file())
    with pytest.raises(VerificationError, match="not sealed for a reading key"):
        records.unsealed(CaseFolder.open(case), index, "us")
    assert "body" not in answer("record-show", "record", "show", case, index)
    truceline("submit", case, "--type", "allegation", "--by", "us", "--body", AGREEMENT, code=3)
    with pytest.raises(StoreError, match="does not hold the key"):
        records.append(CaseFolder.open(case), [records.Draft("answer", {"text": "x", "to": 1}, "us")])
