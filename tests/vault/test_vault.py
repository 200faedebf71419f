"""The vault: forgotten means forgotten, and nothing of a person lies anywhere else or in any message."""

from __future__ import annotations

import io
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.evidence.bench import SHIPPED
from tests.test_cli import answer, here, told
from truceline.desk import keyring, persons
from truceline.errors import InputError, StoreError, VerificationError
from truceline.vault.vault import KEY, MOST, Person, Vault, read_person

UMM_KHALID = Person("witness", "Umm Khalid al-Zahra", "+963 11 555 0199", "heard it from the roof", ("sy-087",))
NOBODY = Person("victim")
LONG = Person("staff", note="ш" * 50_000)
SPECIMENS = (UMM_KHALID, NOBODY, LONG)
WORDS = (b"Umm Khalid", b"555 0199", b"the roof")


class Memory:
    """A storage in memory: what a disk would hold, and all that it ever held, for whoever copied it."""

    def __init__(self) -> None:
        """Begin empty."""
        self.files: dict[str, bytes] = {}
        self.copies: dict[str, bytes] = {}
        self.fails_after: int | None = None

    def _step(self) -> None:
        if self.fails_after is not None:
            self.fails_after -= 1
            if self.fails_after < 0:
                raise StoreError("the disk is full")

    def names(self) -> list[str]:
        """Every name."""
        return list(self.files)

    def read(self, name: str) -> bytes | None:
        """The bytes under a name."""
        return self.files.get(name)

    def write(self, name: str, data: bytes) -> None:
        """Keep bytes."""
        self._step()
        assert name not in self.files
        self.files[name] = self.copies[name] = data

    def destroy(self, name: str) -> None:
        """Forget them."""
        self._step()
        self.files.pop(name, None)


def vault(storage: Memory, seed: int = 1) -> Vault:
    """A vault whose clock stands and whose chance is fixed."""
    return Vault(storage, now=lambda: 1_473_900_000, random_bytes=random.Random(seed).randbytes)


def test_whom_one_adds_one_finds() -> None:
    """Every specimen comes back as it went in, whatever lies beside it."""
    kept = vault(Memory())
    ids = [kept.add(person) for person in SPECIMENS]
    assert [kept.show(one) for one in ids] == list(SPECIMENS)
    assert len(set(ids)) == len(SPECIMENS)


def test_a_list_says_ids_and_days_and_nothing_else() -> None:
    """The order is that of the ids, which is random; the day has no hour."""
    storage = Memory()
    kept = vault(storage)
    ids = {kept.add(person) for person in SPECIMENS}
    assert [one.id for one in kept.listed()] == sorted(ids)
    assert {one.day for one in kept.listed()} == {1_473_897_600}


def test_what_is_kept_says_neither_who_nor_when_nor_how_much() -> None:
    """No word, no day, and the same length for a person with a name and one without."""
    storage = Memory()
    kept = vault(storage)
    one, other = kept.add(UMM_KHALID), kept.add(NOBODY)
    whole = b"".join(storage.files.values())
    assert not any(word in whole for word in WORDS)
    assert (1_473_897_600).to_bytes(8, "big") not in whole
    assert len(storage.files[f"{one}.person"]) == len(storage.files[f"{other}.person"])


def test_who_was_forgotten_cannot_be_read_from_a_copy_of_the_ciphertext() -> None:
    """With the vault's key and the copied ciphertext, but without the wrapped key, there is nothing to open it with."""
    storage = Memory()
    kept = vault(storage)
    one, other = kept.add(UMM_KHALID), kept.add(LONG)
    kept.delete(one)
    assert not [name for name in storage.files if name.startswith(one)]
    storage.files[f"{one}.person"] = storage.copies[f"{one}.person"]
    with pytest.raises(InputError, match="no person of this id"):
        kept.show(one)
    storage.files[f"{one}.wrap.key"] = storage.files[f"{other}.wrap.key"]  # another's key opens nothing
    with pytest.raises(VerificationError):
        kept.show(one)
    assert kept.show(other) == LONG


@pytest.mark.parametrize("steps", range(6))
def test_a_deletion_that_was_interrupted_leaves_nobody_readable_or_everything_whole(steps: int) -> None:
    """The key goes first: from then on there is only noise, and the next act removes it."""
    storage = Memory()
    kept = vault(storage)
    one, other = kept.add(UMM_KHALID), kept.add(LONG)
    storage.fails_after = steps
    try:
        kept.delete(one)
    except StoreError:
        storage.fails_after = None
        if steps:
            assert one not in {listed.id for listed in kept.listed()}
        kept.delete(one)
    storage.fails_after = None
    assert set(storage.files) == {KEY, f"{other}.person", f"{other}.wrap.key"}
    assert kept.show(other) == LONG


@pytest.mark.parametrize("steps", range(3))
def test_an_entry_that_was_interrupted_is_not_there_and_is_tidied_away(steps: int) -> None:
    """Half a person is nobody."""
    storage = Memory()
    storage.fails_after = steps
    with pytest.raises(StoreError):
        vault(storage).add(UMM_KHALID)
    storage.fails_after = None
    assert vault(storage).listed() == []
    one = vault(storage, seed=2).add(NOBODY)
    assert set(storage.files) == {KEY, f"{one}.person", f"{one}.wrap.key"}


def test_one_bit_anywhere_is_noticed_and_told_without_a_word() -> None:
    """Every file of a person, and the vault's key: flipped, exchanged or cut, nothing false is shown."""
    storage = Memory()
    kept = vault(storage)
    one = kept.add(UMM_KHALID)
    for name, data in list(storage.files.items()):
        for at in (0, len(data) // 2, len(data) - 1):
            storage.files[name] = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            with pytest.raises(VerificationError) as caught:
                kept.show(one)
            assert not any(word.decode() in str(caught.value) for word in WORDS)
        for cut in (b"", data[:-1]):
            storage.files[name] = cut
            with pytest.raises(VerificationError):
                kept.show(one)
        storage.files[name] = data
    assert kept.show(one) == UMM_KHALID


def test_without_its_key_a_vault_is_closed_and_no_second_key_is_made() -> None:
    """A new key beside old persons would hide that they are lost."""
    storage = Memory()
    kept = vault(storage)
    one = kept.add(UMM_KHALID)
    del storage.files[KEY]
    for act in (lambda: kept.show(one), kept.listed, lambda: kept.add(NOBODY)):
        with pytest.raises(VerificationError, match="key is missing"):
            act()
    kept.delete(one)  # who asks to be forgotten is forgotten all the same
    assert set(storage.files) == set()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"Umm Khalid", b"[]", b'{"name":"Umm Khalid"}', b'{"role":"friend","name":"Umm Khalid"}',
        b'{"role":"witness","Umm Khalid":1}', b'{"role":"witness","name":["Umm Khalid"]}', b'{"role":"witness"' * 9,
        b"[" * 100_000, b'{"role":"witness","note":"\xff Umm Khalid"}', b" " * (MOST + 1),
    ],
)  # fmt: skip
def test_what_is_no_person_is_refused_without_a_word_of_it(data: bytes) -> None:
    """A fault in a field must not carry the field into a log."""
    with pytest.raises(InputError) as caught:
        read_person(data)
    assert "Khalid" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_person_prints_as_nobody() -> None:
    """Logs and tracebacks print `repr`."""
    assert repr(UMM_KHALID) == str(UMM_KHALID) == f"{UMM_KHALID}" == "Person(...)"
    assert "Khalid" not in repr([UMM_KHALID])


# -- on this machine ---------------------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration folder of its own."""
    folder = tmp_path / "config"
    monkeypatch.setenv("TRUCELINE_CONFIG", str(folder))
    return folder


def given(monkeypatch: pytest.MonkeyPatch, person: Person = UMM_KHALID) -> None:
    """Put a person on standard input."""
    made = {"role": person.role, "name": person.name, "contact": person.contact, "note": person.note}
    data = json.dumps({**made, "about": list(person.about)}).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_the_commands_answer_as_their_schemas_say(own: Path, tmp_path: Path) -> None:
    """Add, list, show, delete; what is gone is gone, and the file that was read with it."""
    file = tmp_path / "person.json"
    file.write_text('{"role":"witness","name":"Umm Khalid al-Zahra","about":["sy-087"]}', encoding="utf-8")
    one = answer("vault-add", "vault", "add", file, "--destroy")["id"]
    assert not file.exists()
    assert [p["id"] for p in answer("vault-list", "vault", "list")["persons"]] == [one]
    shown = answer("vault-show", "vault", "show", one)
    assert (shown["name"], shown["about"], shown["contact"]) == ("Umm Khalid al-Zahra", ["sy-087"], "")
    assert "name: Umm Khalid al-Zahra\nabout: sy-087\n" in here("vault", "show", one)[1]
    assert answer("vault-delete", "vault", "delete", one, "--yes")["deleted"] == one
    assert answer("vault-list", "vault", "list")["persons"] == []
    assert here("vault", "show", one)[:2] == (3, "")


def test_a_name_that_was_asked_for_is_not_repeated(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who asks for a person by name gets no echo of it, in an empty vault as in a full one."""
    for _ in range(2):
        for command in (["show"], ["delete", "--yes"]):
            code, out, err = told(capsys, ["vault", *command, "Khalid"])
            assert (code, out, err.strip()) == (3, "", "vault: no person of this id")
        persons.add(NOBODY)


def test_the_files_of_a_vault_are_for_its_owner_and_say_no_hour(own: Path) -> None:
    """0600 in a folder of 0700, and no file remembers when it was written."""
    persons.add(UMM_KHALID)
    folder = own / "vault"
    assert folder.stat().st_mode & 0o777 == 0o700
    files = [path for path in folder.iterdir() if path.name != "vault.lock"]
    assert len(files) == 3
    for path in files:
        assert (path.stat().st_mode & 0o777, path.stat().st_mtime) == (0o600, 0)


def test_half_a_file_is_nobody(own: Path) -> None:
    """What a power cut left is destroyed at the next look."""
    persons.add(UMM_KHALID)
    half = own / "vault" / "0123456789abcdef.person.half"
    half.write_bytes(b"Umm")
    assert len(persons.listed()) == 1
    assert not half.exists()


def test_a_vault_never_lies_in_a_case_folder(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case folder is copied and handed over."""
    (tmp_path / "case.json").write_text("{}")
    for act in (lambda: persons.add(NOBODY), lambda: keyring.new_key("us", "sign")):
        with pytest.raises(StoreError, match="keys and the vault never do"):
            act()
    link = tmp_path.parent / f"{tmp_path.name}-link"
    link.symlink_to(own, target_is_directory=True)
    own.mkdir(exist_ok=True)
    monkeypatch.setenv("TRUCELINE_CONFIG", str(link))
    with pytest.raises(StoreError, match="keys and the vault never do"):
        persons.add(NOBODY)


def test_one_process_at_a_time(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once could tidy away what the other is writing."""
    monkeypatch.setattr(persons, "WAIT_S", 0.05)
    persons.add(NOBODY)
    with persons._vault(), pytest.raises(StoreError, match="another writer"):
        persons.listed()


def bytes_below(folder: Path) -> bytes:
    """Everything that lies in a folder, names too."""
    return b"".join(str(path).encode() + (path.read_bytes() if path.is_file() else b"") for path in folder.rglob("*"))


@pytest.mark.long
def test_nothing_of_a_person_reaches_a_case_a_mirror_or_a_bundle(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person is kept while a case is made, filled, assessed, reported, mirrored and bundled: no byte crosses."""
    given(monkeypatch)
    code, one, _ = told(capsys, ["vault", "add", "-"])
    case, mirror, bundle = tmp_path / "case", tmp_path / "mirror", tmp_path / "some.zip"
    commands: list[list[object]] = [
        ["init", case, "--agreement", SHIPPED / "agreement.yaml"], ["add", case, SHIPPED / "reports.jsonl"],
        ["assess", case], ["report", case, "-o", tmp_path / "report.html"],
        ["record", "export", case, mirror, "--blobs"], ["bundle", case, "1", "2", "-o", bundle],
        ["vault", "show", one.strip()],
    ]  # fmt: skip
    for command in commands:
        code, _, err = told(capsys, command)
        assert code == 0, err
    whole = bytes_below(case) + bytes_below(mirror) + bundle.read_bytes() + (tmp_path / "report.html").read_bytes()
    secret = [path.read_bytes() for path in (own / "vault").iterdir() if path.name != "vault.lock"]
    for piece in (
        *WORDS,
        one.strip().encode(),
        *(data[i : i + 16] for data in secret for i in (0, 16, len(data) - 16)),
    ):
        assert piece not in whole
    assert len(whole) > 100_000


def test_the_vault_knows_no_record() -> None:
    """Not even by import: a room beside it."""
    code = "import sys, truceline.vault.vault; print([m for m in sys.modules if m.startswith('truceline.record')])"
    import subprocess

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_same_clock_and_the_same_chance_give_the_same_bytes() -> None:
    """The clock and the chance come from outside; nothing else decides."""
    made: list[dict[str, bytes]] = []
    for _ in range(2):
        storage = Memory()
        add: Callable[[Person], str] = vault(storage).add
        add(UMM_KHALID)
        made.append(storage.files)
    assert made[0] == made[1]
