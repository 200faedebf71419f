from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from sqlalchemy import text as sql
from typer.testing import CliRunner

from tests.clock import Clock
from tests.store.cluster import OWNER, ROLE, cluster
from tests.witness.world import served
from truceline import desk
from truceline.cli import app
from truceline.desk import backups
from truceline.desk.accounts import add as add_account
from truceline.desk.audits import HOST, chain
from truceline.desk.backups import Manifest, backup, check, restore
from truceline.desk.charters import new_charter
from truceline.desk.records import Draft, append
from truceline.desk.service import Service
from truceline.desk.settings import Settings
from truceline.desk.verifying import AskedToVerify, verify
from truceline.errors import InputError, StoreError, TrucelineError, VerificationError
from truceline.record.note import Verifier
from truceline.store.opened import open_case
from truceline.store.state import accounts, open_state, sessions
from truceline.store.state import jobs as job_rows
from truceline.store.state.base import FILE
from truceline.witness.cosign import Witness, new_witness

NOW = 1_700_000_000
SHIPPED = Path(__file__).parents[2] / "agreements" / "syria-2016"


def fresh(kind: str, folder: Path, name: str = "restored") -> str:
    """A place where nothing lies yet."""
    return str(folder / name) if kind == "folder" else cluster().url(cluster().database())


def filled(where: str) -> str:
    """The shipped case with its reports, an account, a session and a job in the memory of its service."""
    case = desk.demo_case(where)
    desk.add_shipped_reports(case)
    with closing(case), closing(open_state(where)) as state:
        one = add_account(state, HOST, NOW, "secretariat", "desk 1")
        sessions.open_session(state, sessions.Session(b"s" * 32, "handle-of-a-session", one.id, NOW, NOW, 0))
        job_rows.add(state, "assess", {}, owner=one.id, key="", now=NOW, due_at=NOW)
    return where


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The shipped case in a folder, and a backup of it."""
    folder = tmp_path_factory.mktemp("kept")
    where = filled(str(folder / "case"))
    backup(where, folder / "backup", now=NOW)
    return where, folder / "backup"


def said(where: str) -> tuple[list[bytes], list[tuple[int, bytes | None, list[str]]], bytes | None]:
    """What a record is: its entries, its checkpoints with who cosigned them, its head."""
    with closing(open_case(where)) as case:
        store = case.store
        size = len(case.entries())
        notes = [(one, store.note(one), list(store.cosignatures(one))) for one in store.notes()]
        return list(store.entries(0, size)), notes, store.head()


# -- there and back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["folder", "server"])
@pytest.mark.parametrize("target", ["folder", "server"])
def test_what_comes_back_is_what_was_there(source: str, target: str, tmp_path: Path) -> None:
    """Byte for byte, from either place to either, with who may enter and who did what."""
    where, out, to = filled(fresh(source, tmp_path, "case")), tmp_path / "backup", fresh(target, tmp_path)
    made = backup(where, out)
    found = restore(out, to)
    assert said(where) == said(to)
    assert found["verified"]["holds"] and found["size"] == made["size"] == len(said(to)[0])
    assert found["state_rows"] == 2  # the account, and the audit of it
    with closing(open_case(where)) as old, closing(open_case(to)) as new:
        assert old.table_files() == new.table_files()
        assert [table.num_rows for _, table in new.tables()] == [table.num_rows for _, table in old.tables()]
    with closing(open_state(where)) as old_state, closing(open_state(to)) as state:
        assert accounts.listed(state) == accounts.listed(old_state)
        assert chain(state) == chain(old_state) and chain(state).rows == 1


def test_a_restored_case_goes_on_where_it_was(kept: tuple[str, Path], tmp_path: Path) -> None:
    """On a machine that holds the keys the next entry follows the last."""
    to = str(tmp_path / "case")
    restore(kept[1], to)
    with closing(open_case(to)) as case:
        index = append(case, [Draft("allegation", {"text": "x"})])[0].index
        assert index == len(said(kept[0])[0])
    assert verify(to, AskedToVerify())["holds"]


def test_nobody_is_signed_in_and_no_job_runs_after_it(kept: tuple[str, Path], tmp_path: Path) -> None:
    """Sessions, invitations, jobs and files in quarantine are not in it; nor is the name of one."""
    restore(kept[1], str(tmp_path / "case"))
    with closing(open_state(tmp_path / "case")) as state:
        for name in ("session", "invitation", "challenge", "job", "upload", "nonce"):
            with state.read() as db:
                assert db.scalar(sql(" ".join(("select count(*) from", name)))) == 0
    with pa.CompressedInputStream(kept[1].open("rb"), "zstd") as packed:
        data = packed.read()
    assert b"handle-of-a-session" not in data and b"desk 1" in data


def test_no_private_key_is_in_it(tmp_path: Path) -> None:
    """Whoever takes the backup cannot sign."""
    charter = new_charter("own case")
    where = str(tmp_path / "case")
    desk.init_case(where, SHIPPED / "agreement.yaml", charter).close()
    backup(where, tmp_path / "backup")
    with pa.CompressedInputStream((tmp_path / "backup").open("rb"), "zstd") as packed:
        data = packed.read()
    secrets = [msgspec.json.decode(path.read_bytes()) for path in desk.config_folder().rglob("*.key") if path.is_file()
               and path.read_bytes()[:1] == b"{"]  # fmt: skip
    assert secrets
    for one in secrets:
        for value in one.values():
            if isinstance(value, str) and len(value) > 40:
                assert value.encode() not in data or value.encode() in charter.log.encode()


def test_a_backup_is_for_its_owner_alone_and_takes_the_place_of_nothing(kept: tuple[str, Path], tmp_path: Path) -> None:
    """It holds what the case holds."""
    assert (kept[1].stat().st_mode & 0o777) == 0o600
    with pytest.raises(StoreError, match="something lies there already"):
        backup(kept[0], kept[1])
    assert sorted(path.name for path in kept[1].parent.iterdir()) == ["backup", "case"]


@pytest.mark.parametrize("source", ["folder", "server"])
def test_it_can_be_taken_while_statements_come_in(source: str, tmp_path: Path) -> None:
    """It tells of one moment: every entry up to a head, and what they name."""
    where = filled(fresh(source, tmp_path, "case"))
    with Service.open(where, Settings(judging="asked")) as service:
        service.start()
        over = threading.Event()

        def write() -> None:
            n = 0
            while not over.wait(0.02):
                n += 1
                service.sequencer.append([Draft("allegation", {"text": f"number {n}"})])

        writer = threading.Thread(target=write)
        writer.start()
        try:
            sizes = [backup(where, tmp_path / f"backup-{number}")["size"] for number in range(3)]
            assert check(tmp_path / "backup-0")["holds"]
        finally:
            over.set()
            writer.join()
    entries = said(where)[0]
    assert sizes == sorted(sizes) and len(entries) > sizes[0], "statements came in meanwhile"
    restore(tmp_path / "backup-2", str(tmp_path / "restored"))
    assert said(str(tmp_path / "restored"))[0] == entries[: sizes[2]]


def test_what_was_destroyed_meanwhile_is_not_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A box that goes while the backup is taken is gone in it too, with the entry that says so: it is taken again."""
    where = str(tmp_path / "case")
    case = desk.demo_case(where)
    secret = append(case, [Draft("allegation", {"text": "a secret"}, readers=("desk",))])[0].index
    box = case.entries()[secret].statement.sealed
    assert box is not None
    real = backups._take_record
    done: list[object] = []

    def taken(case_: object, room: Path) -> object:
        head = real(case_, room)  # type: ignore[arg-type]  # as it was given
        if not done:
            body = {"commitment": box.commitment, "index": secret, "reason": "asked for"}
            done.append(append(case, [Draft("shredding", body)]))
        return head

    monkeypatch.setattr(backups, "_take_record", taken)
    backup(where, tmp_path / "backup")
    case.close()
    restore(tmp_path / "backup", str(tmp_path / "restored"))
    with closing(open_case(str(tmp_path / "restored"))) as again:
        assert not again.store.has_blob(box.box)
        assert again.register().shredded == {secret: secret + 1}


def test_a_case_without_a_service_has_no_memory_to_keep(tmp_path: Path) -> None:
    """Nothing is made by the way."""
    desk.demo_case(tmp_path / "case").close()
    made = backup(str(tmp_path / "case"), tmp_path / "backup")
    assert made["state"] is False and not (tmp_path / "case" / FILE).exists()
    assert restore(tmp_path / "backup", str(tmp_path / "restored"))["state_rows"] == 0


# -- what is no backup, or not a whole one ---------------------------------------------------------------------------


def parts_of(path: Path) -> dict[str, bytes]:
    """The members of a backup."""
    with pa.CompressedInputStream(path.open("rb"), "zstd") as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
        return {member.name: (tar.extractfile(member) or io.BytesIO()).read() for member in tar}


def packed(parts: dict[str, bytes], path: Path, *, is_told: bool = True, kind: bytes = tarfile.REGTYPE) -> Path:
    """A backup of these members, whose manifest tells of them unless it should not."""
    manifest = msgspec.json.decode(parts["backup.json"], type=Manifest)
    if is_told:
        told = {name: backups.Part(len(data), hashlib.sha256(data).hexdigest())
                for name, data in parts.items() if name != "backup.json"}  # fmt: skip
        manifest = msgspec.structs.replace(manifest, parts=told)
    out = {"backup.json": msgspec.json.encode(manifest), **{k: v for k, v in parts.items() if k != "backup.json"}}
    with (
        path.open("wb") as raw, pa.CompressedOutputStream(raw, "zstd") as stream,
        tarfile.open(fileobj=stream, mode="w|") as tar,
    ):  # fmt: skip
        for name, data in out.items():
            member = tarfile.TarInfo(name)
            member.size = len(data) if kind == tarfile.REGTYPE or name == "backup.json" else 0
            if name != "backup.json":
                member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member, io.BytesIO(data) if member.size else None)
    return path


def left(folder: Path) -> list[str]:
    """What a restore has left."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("restored"))


def test_a_damaged_backup_is_refused_wherever_the_damage_is(kept: tuple[str, Path], tmp_path: Path) -> None:
    """Nothing of it stays in a folder."""
    data = kept[1].read_bytes()
    for at in range(0, len(data), max(1, len(data) // 40)):
        bad = tmp_path / "bad"
        bad.write_bytes(data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :])
        with pytest.raises((VerificationError, InputError)):
            restore(bad, str(tmp_path / "restored"))
        bad.write_bytes(data[:at])
        with pytest.raises((VerificationError, InputError)):
            restore(bad, str(tmp_path / "restored"))
    assert left(tmp_path) == []


CHANGES: dict[str, Callable[[dict[str, bytes]], dict[str, bytes]]] = {
    "an entry less": lambda parts: {**parts, "record/entries": parts["record/entries"][:-1]},
    "no entries": lambda parts: {**parts, "record/entries": b""},
    "another entry": lambda parts: {
        **parts, "record/entries": parts["record/entries"].replace(b'"payload"', b'"Payload"', 1)},
    "a table less": lambda parts: {n: d for n, d in parts.items() if not n.endswith(".rejected.parquet")},
    "another table": lambda parts: {n: d + b"x" if n.endswith("parquet") else d for n, d in parts.items()},
    "another head": lambda parts: {**parts, "record/head": parts["record/head"].replace(b"demo", b"dema", 1)},
    "no head": lambda parts: {**parts, "record/head": b""},
    "no checkpoints": lambda parts: {**parts, "record/notes": b""},
    "a frame without end": lambda parts: {**parts, "record/notes": b"\xff\xff\xff\xff"},
    "other files": lambda parts: {n: b"x" if "/blobs/" in n else d for n, d in parts.items()},
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_backup_that_was_made_to_fit_is_refused(name: str, kept: tuple[str, Path], tmp_path: Path) -> None:
    """With hashes that are right: the record is held against what was signed."""
    bad = packed(CHANGES[name](parts_of(kept[1])), tmp_path / "bad")
    with pytest.raises(TrucelineError) as told:
        restore(bad, str(tmp_path / "restored"))
    assert isinstance(told.value, VerificationError | StoreError | InputError)
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    "name",
    ["../evil", "/var/evil", "record/../../evil", "record/blobs/x", "state/../../evil", "evidence/x.parquet",
     "record/entries/x", "case.json", "state/A", "record/blobs/" + "a" * 63],
)  # fmt: skip
def test_no_name_leads_out_of_the_room(name: str, kept: tuple[str, Path], tmp_path: Path) -> None:
    """A file of a stranger writes nothing anywhere."""
    for is_told in (True, False):
        bad = packed({**parts_of(kept[1]), name: b"evil"}, tmp_path / "bad", is_told=is_told)
        with pytest.raises((VerificationError, InputError)):
            restore(bad, str(tmp_path / "restored"))
    assert left(tmp_path) == [] and not Path("/var/evil").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE])
def test_what_is_no_file_is_refused(kind: bytes, kept: tuple[str, Path], tmp_path: Path) -> None:
    """Links lead elsewhere, and devices are no bytes."""
    bad = packed(parts_of(kept[1]), tmp_path / "bad", kind=kind)
    with pytest.raises(VerificationError):
        restore(bad, str(tmp_path / "restored"))
    assert left(tmp_path) == []


@pytest.mark.parametrize("data", [b"", b"x" * 1000, b"PK\x03\x04" + b"x" * 100])
def test_what_is_no_backup_is_refused(data: bytes, tmp_path: Path) -> None:
    """In one line."""
    (tmp_path / "bad").write_bytes(data)
    with pytest.raises((VerificationError, InputError)) as told:
        restore(tmp_path / "bad", str(tmp_path / "restored"))
    assert len(str(told.value).splitlines()) == 1 and left(tmp_path) == []


def test_a_bomb_is_not_unpacked(kept: tuple[str, Path], tmp_path: Path) -> None:
    """No more is read than the manifest speaks of."""
    bad = packed({**parts_of(kept[1]), "state/account": b"\0" * (200 << 20)}, tmp_path / "bad", is_told=False)
    assert bad.stat().st_size < 4 << 20
    with pytest.raises(VerificationError, match="holds what it does not speak of"):
        restore(bad, str(tmp_path / "restored"))


def test_a_backup_of_another_format_is_refused(kept: tuple[str, Path], tmp_path: Path) -> None:
    """A newer program may have written what this one does not know."""
    parts = parts_of(kept[1])
    manifest = msgspec.json.decode(parts["backup.json"])
    parts["backup.json"] = msgspec.json.encode({**manifest, "format": 2})
    with pytest.raises(InputError, match="expected a backup of format 1, got 2"):
        restore(packed(parts, tmp_path / "bad", is_told=False), str(tmp_path / "restored"))
    parts["backup.json"] = msgspec.json.encode({**manifest, "state": 99})
    with pytest.raises(StoreError, match="expected a memory of version 1, got 99"):
        restore(packed(parts, tmp_path / "bad", is_told=False), str(tmp_path / "restored"))


@pytest.mark.parametrize("target", ["folder", "server"])
def test_it_is_restored_where_nothing_lies(target: str, kept: tuple[str, Path], tmp_path: Path) -> None:
    """Neither over a record, nor over somebody's accounts."""
    to = fresh(target, tmp_path)
    restore(kept[1], to)
    before = said(to)
    with pytest.raises(StoreError, match=r"expected a (new or empty folder|database without)"):
        restore(kept[1], to)
    assert said(to) == before
    if target == "server":
        other = cluster().url(cluster().database())
        with closing(open_state(other)) as state:
            add_account(state, HOST, NOW, "secretariat", "desk 2")
        with pytest.raises(StoreError, match="expected a database without accounts"):
            restore(kept[1], other)
        with pytest.raises(StoreError, match="not a case"):
            open_case(other)


# -- witnesses -------------------------------------------------------------------------------------------------------


@pytest.fixture
def witnessed(tmp_path: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """A case whose record has a witness that answers, and what ends it."""
    import time

    key, state = tmp_path / "witness" / "witness.key", tmp_path / "witness" / "state"
    new_witness(key, state, "witness.example/t", os.urandom)
    charter = new_charter("witnessed case")
    log = Verifier.parse(charter.log)
    with closing(Witness(key, state, [log], Clock(int(time.time())))) as found, served(found) as server:
        port = server.server_address[1]
        policy = (
            f"log {charter.log}\nwitness one {found.verifier.vkey} http://127.0.0.1:{port}\n"
            "group all 1 one\nquorum all\n"
        )
        where = str(tmp_path / "case")
        desk.init_case(where, SHIPPED / "agreement.yaml", msgspec.structs.replace(charter, policy=policy)).close()
        yield where, server.shutdown


def test_who_restores_an_older_record_is_warned(witnessed: tuple[str, Callable[[], None]], tmp_path: Path) -> None:
    """Its witnesses have seen more: to go on with it would be a fork."""
    where, _ = witnessed
    with closing(open_case(where)) as case:
        append(case, [Draft("allegation", {"text": "before"})])
        backup(where, tmp_path / "old")
        append(case, [Draft("allegation", {"text": "after"})])
        backup(where, tmp_path / "new")
    (warning,) = restore(tmp_path / "old", str(tmp_path / "older"))["warnings"]
    assert "has seen" in warning or "says it saw size 4, which is more than 3" in warning
    assert warning.endswith("do not go on with this record")
    with pytest.raises(VerificationError, match="witness one says it saw size 4"):
        Service.open(str(tmp_path / "older"))
    assert restore(tmp_path / "new", str(tmp_path / "newest"))["warnings"] == []
    Service.open(str(tmp_path / "newest")).close()  # which is gone on with
    assert restore(tmp_path / "old", str(tmp_path / "silent"), asks_witnesses=False)["warnings"] == []


@pytest.mark.long
def test_who_restores_a_fork_is_told_so_by_the_exit_code(
    witnessed: tuple[str, Callable[[], None]], tmp_path: Path
) -> None:
    """As many entries as the witness saw, or more, and others: it is no *could not be asked*."""
    where, _ = witnessed
    with closing(open_case(where)) as case:
        backup(where, tmp_path / "old")
        append(case, [Draft("allegation", {"text": "the one"})])
    restore(tmp_path / "old", str(tmp_path / "forked"), asks_witnesses=False)
    for text in ("the other", "and one more"):
        with closing(open_case(str(tmp_path / "forked"))) as case:
            append(case, [Draft("allegation", {"text": text})])
        backup(str(tmp_path / "forked"), tmp_path / text)
        found = restore(tmp_path / text, str(tmp_path / f"{text} again"))
        assert found["against"] == ["one"]
        assert found["warnings"][0].endswith("do not go on with this record")
        done = CliRunner().invoke(app, ["restore", str(tmp_path / text), str(tmp_path / f"{text} by hand")])
        assert isinstance(done.exception, VerificationError)


# -- PostgreSQL's own tools ------------------------------------------------------------------------------------------


def tool(name: str, *options: str, data: bytes = b"") -> bytes:
    """A program of PostgreSQL, as its administrator."""
    folder = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2]))[-1]
    done = subprocess.run([str(folder / name), "-h", str(cluster().room), "-U", "postgres", *options],
                          input=data, capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout


@pytest.mark.long
def test_a_dump_of_the_database_restores_to_a_case_that_holds(tmp_path: Path) -> None:
    """As the how-to says; triggers, rights and the memory of the service come with it."""
    name = cluster().database()
    where = filled(cluster().url(name))
    dumped = tool("pg_dump", "-Fc", "--exclude-table-data=truceline_gis.*", "--exclude-table-data=*.procrastinate_*",
                  name)  # fmt: skip
    (tmp_path / "dump").write_bytes(dumped)
    other = cluster().empty_database()
    tool("pg_restore", "-d", other, "--exit-on-error", data=dumped)
    to = cluster().url(other)
    assert verify(to, AskedToVerify())["holds"] and said(to) == said(where)
    with pytest.raises(Exception, match=r"only ever added to|permission denied"):
        cluster().sql("delete from truceline.entry", database=other, role=OWNER)
    with closing(open_state(to)) as state:
        assert len(accounts.listed(state)) == 1
    with closing(open_case(to)) as case:
        append(case, [Draft("allegation", {"text": "it goes on"})])
    assert ROLE in to


# -- from earlier versions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["folder", "server"])
def test_a_memory_of_an_earlier_program_gets_the_tables_that_came_since(place: str, tmp_path: Path) -> None:
    """What it held stays; jobs, uploads and webhooks find their tables."""
    where = filled(fresh(place, tmp_path, "case"))
    later = ("delivery", "webhook", "webhook_seen", "upload", "job")
    with closing(open_state(where)) as state, state.begin() as db:
        for name in later:
            db.execute(sql(f"drop table {'' if state.is_file else 'truceline_service.'}{name}"))
    with closing(open_state(where)) as state:
        assert len(accounts.listed(state)) == 1
        assert job_rows.counts(state)["queued"] == 0
    with Service.open(where, Settings(judging="asked")) as service:
        service.start()
        assert service.jobs.defer("notify", job_key="notify")
