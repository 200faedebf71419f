"""PostgreSQL as the keeper of a record: what its roles cannot do, its tables refuse, and its messages never say."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.store.cluster import OWNER, ROLE, cluster
from tests.store.storages import KEYS, NOW, Feed, Place, begun, place
from tests.test_cli import told
from truceline.canon import sha256
from truceline.errors import StoreError, VerificationError
from truceline.record.audit import Trust, audit
from truceline.record.log import Log, Refused, Taken
from truceline.record.tree import leaf_hash
from truceline.store.opened import open_store, source_at


@pytest.fixture
def record(tmp_path: Path) -> tuple[Place, str]:
    """A record of 300 entries and one blob; and the name of its database."""
    where = place("server", tmp_path)
    with where.log() as log:
        feed = Feed(log.register)
        log.append([feed.next(blob=b"a file"), *feed.some(298)])
        log.storage.put_state(log.register.dump())
    return where, where.where.split("?")[0].rpartition("/")[2]


def refused(database: str, line: str, role: str = ROLE) -> str:
    """What the server says to a statement; it has to refuse."""
    import psycopg

    with pytest.raises(psycopg.Error) as told:
        cluster().sql(line, database=database, role=role)
    return str(told.value)


COLUMNS = {
    "entry": "bytes", "tile": "bytes", "head": "size", "note": "size", "cosignature": "line", "blob": "bytes",
    "evidence_file": "bytes",
}  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_the_role_of_the_program_cannot_change_the_truth(record: tuple[Place, str], name: str) -> None:
    """A program that was taken over can add to the record, and unmake nothing."""
    for line in (
        f"update truceline.{name} set {COLUMNS[name]} = {COLUMNS[name]}",  # noqa: S608  # names of our own
        f"delete from truceline.{name}",  # noqa: S608  # names of our own
        f"truncate truceline.{name}",
        f"drop table truceline.{name}",
        f"alter table truceline.{name} disable trigger all",
    ):
        said = refused(record[1], line)
        assert "permission denied" in said or "must be owner" in said


@pytest.mark.parametrize("name", COLUMNS)
def test_even_the_owner_is_refused_a_change(record: tuple[Place, str], name: str) -> None:
    """A slip of the hand with the owner's rights; whoever takes the trigger away has decided to."""
    column = COLUMNS[name]
    lines = [f"update truceline.{name} set {column} = {column}", f"truncate truceline.{name}"]  # noqa: S608  # as above
    if name != "blob":
        lines.append(f"delete from truceline.{name}")  # noqa: S608  # as above
    for line in lines:
        assert "only ever added to" in refused(record[1], line, OWNER)


def test_a_blob_is_destroyed_one_by_one_and_no_other_way(record: tuple[Place, str]) -> None:
    """Destroying the box of a sealed body is the one deletion there is; it has a function of its own."""
    where, database = record
    assert "permission denied" in refused(database, "delete from truceline.blob")
    with where.log() as log:
        log.storage.put_blob(sha256(b"other"), b"other")
        log.storage.drop_blob(sha256(b"a file"))
        log.storage.drop_blob(sha256(b"a file"))
        assert (log.storage.has_blob(sha256(b"a file")), log.storage.has_blob(sha256(b"other"))) == (False, True)
    cluster().sql("create role stranger login", database=database)
    try:
        assert "permission denied" in refused(database, "select truceline.destroy_blob('')", "stranger")
    finally:
        cluster().sql("drop role stranger", database=database)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("insert into truceline.entry values (300, 'x', sha256('x'))", "entry_check"),
        ("insert into truceline.entry select 300, b, sha256('\\x00' || b) from (select decode(repeat('00', 65536), "
         "'hex')) as one (b)", "entry_bytes_check"),
        ("insert into truceline.entry values (299, 'x', sha256('\\x0078'))", "entry_pkey"),
        ("insert into truceline.entry values (-1, 'x', sha256('\\x0078'))", "entry_index_check"),
        ("insert into truceline.blob values (sha256('x'), 'y')", "blob_check"),
        ("insert into truceline.head values (0, 1, 'x')", "head_pkey"),
        ("insert into truceline.tile values ('../x', 'x')", "tile_path_check"),
        ("insert into truceline.state values (2, 1, 'x')", "state_one_check"),
        ("insert into truceline.evidence_file values ('0.1.parquet', 'x')", "evidence_file_check"),
        ("insert into truceline.evidence_file values ('x.' || encode(sha256('x'), 'hex') || '.parquet', 'x')",
         "evidence_file_name_check"),
    ],
)  # fmt: skip
def test_the_tables_refuse_what_cannot_be_true(record: tuple[Place, str], line: str, why: str) -> None:
    """A leaf that is not the entry's, an entry too long, a second successor of one head."""
    assert why in refused(record[1], line)


def test_an_entry_of_the_greatest_length_is_taken(record: tuple[Place, str]) -> None:
    """65,535 bytes are allowed, one more is refused by the database in one line."""
    with closing(record[0].open()) as store, store.writer():
        store.append(300, [bytes(65_535)])
        with pytest.raises(StoreError, match="entry_bytes_check") as told:
            store.append(301, [bytes(65_536)])
        assert "\n" not in str(told.value)
        assert store.durable() == 301


def test_a_role_that_may_change_the_truth_is_refused(record: tuple[Place, str]) -> None:
    """The owner makes the tables; the program runs as somebody who can only add."""
    owner = open_store(cluster().url(record[1], role="postgres"))
    with closing(owner), pytest.raises(StoreError, match=r"may change truceline\.entry"), owner.writer():
        pass


def test_nothing_is_written_without_the_lock(record: tuple[Place, str]) -> None:
    """Reading is free; writing is for the one who holds the lock."""
    with closing(record[0].open()) as store:
        assert store.durable() == 300
        with pytest.raises(StoreError, match="nothing is written without the lock"):
            store.append(300, [b"x"])


def test_a_lost_connection_is_a_lost_lock(record: tuple[Place, str]) -> None:
    """Another session is never taken for the one that held the lock, not even when the lock is free again."""
    where, database = record
    with closing(where.open()) as store, store.writer():
        log = begun(store)
        batch = Feed(log.register).some(1)
        cluster().sql("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'", database=database)
        with pytest.raises(StoreError) as told:
            log.append(batch)
        assert "\n" not in str(told.value)
        with pytest.raises(StoreError, match="lock of the one writer was lost"):
            store.append(300, [batch[0].data])
    with where.log() as log:
        assert log.size == 300
        assert isinstance(log.append(batch)[0], Taken)
    where.audit()


def test_a_lock_that_was_given_away_is_noticed(record: tuple[Place, str]) -> None:
    """A pooler between us and the server may release the locks of a session; each append asks."""
    from sqlalchemy import text

    with closing(record[0].open()) as store, store.writer():
        log = begun(store)
        session = store._session  # type: ignore[attr-defined]  # the session of the one writer
        session.execute(text("select pg_advisory_unlock_all()"))
        session.commit()
        with pytest.raises(StoreError, match="lock of the one writer was lost"):
            log.append(Feed(log.register).some(1))


def test_readers_cannot_write(record: tuple[Place, str]) -> None:
    """The connections that answer questions are read-only, whatever the role may do."""
    from sqlalchemy import text
    from sqlalchemy.exc import InternalError

    with closing(record[0].open()) as store:
        readers = store._readers  # type: ignore[attr-defined]  # the connections of readers
        with readers.connect() as connection, pytest.raises(InternalError, match="read-only"):
            connection.execute(text("insert into truceline.refusal (at, leaf, why) values (1, '', '')"))


def test_a_statement_that_takes_too_long_is_ended(record: tuple[Place, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A locked table must not hold the record up for ever; the message is one line."""
    from truceline.store.server import link

    monkeypatch.setitem(link.SETTINGS, "lock_timeout", "50ms")
    import psycopg

    with psycopg.connect(host=str(cluster().room), user=OWNER, dbname=record[1]) as other:
        other.execute("lock table truceline.entry in access exclusive mode")
        with closing(record[0].open()) as store, pytest.raises(StoreError, match="lock timeout"):
            store.durable()


@pytest.mark.parametrize("right", ["update (size)", "delete", "truncate", "trigger"])
def test_a_right_too_many_is_noticed(record: tuple[Place, str], right: str) -> None:
    """Somebody meant well and granted more; the writer does not start."""
    cluster().sql(f"grant {right} on truceline.note to {ROLE}", database=record[1], role=OWNER)
    with (
        closing(record[0].open()) as store,
        pytest.raises(StoreError, match=r"may change truceline\.note"),
        store.writer(),
    ):
        pass


def test_the_page_names_every_table() -> None:
    """docs/how-to/keep-the-record-in-postgresql.md says what the role may do with each, as `tables.py` grants it."""
    cluster()
    from truceline.store.server.tables import KEPT, PROJECTIONS, TRUTH, VERSION, meta

    page = (ROOT / "docs" / "how-to" / "keep-the-record-in-postgresql.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `") and line.count("|") == 4]
    said = {name: row.split("|")[3].strip() for row in rows for name in row.split("|")[1].strip(" `").split("`, `")}
    expected = dict.fromkeys(TRUTH, "read, add") | dict.fromkeys(PROJECTIONS, "read, change")
    assert {name: said[name] for name in expected} == expected
    assert all(said[name].startswith("read, add") for name in KEPT)
    assert {table.name for table in meta.tables.values()} == {*TRUTH, *KEPT, *PROJECTIONS}
    assert f"tables of version {VERSION}" in page


PASSWORD = "s3cret%40/ä"  # noqa: S105  # what must not be seen again


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://truceline:{PASSWORD}@127.0.0.1:1/record",
        f"postgresql://truceline:{PASSWORD}@nowhere.invalid/record",
        f"postgresql://truceline@127.0.0.1:1/record?password={PASSWORD}",
        f"postgresql://truceline:{PASSWORD}@127.0.0.1:port/record",
        f"postgresql://truceline:{PASSWORD}@127.0.0.1:1/record?nonsense=1",
        f"postgresql://truceline:{PASSWORD}@127.0.0.1:1",
    ],
)
def test_no_message_holds_the_password(url: str) -> None:
    """Messages end in logs and mails: one line, the place, and what the server said."""
    with pytest.raises(StoreError) as told:
        open_store(url)
    said = str(told.value)
    assert "\n" not in said
    assert "s3cret" not in said
    assert "ä" not in said
    assert told.value.__suppress_context__


def test_a_database_without_tables_says_who_makes_them() -> None:
    """An empty database is not taken for an empty record."""
    with pytest.raises(StoreError, match=r"expected the tables of version 0004, got none.*truceline.store.server"):
        open_store(cluster().url(cluster().empty_database()))


def test_tables_of_another_version_are_refused(record: tuple[Place, str]) -> None:
    """A newer program may have written what this one does not know."""
    cluster().sql("update truceline.alembic_version set version_num = '9999'", database=record[1], role=OWNER)
    with pytest.raises(StoreError, match="expected the tables of version 0004, got version `9999`"):
        record[0].open()


def test_an_older_program_leaves_newer_tables_alone(record: tuple[Place, str]) -> None:
    """It says so in one line, and changes nothing."""
    from truceline.store.server import migrate

    owner = cluster().url(record[1], role=OWNER)
    cluster().sql("update truceline.alembic_version set version_num = '9999'", database=record[1], role=OWNER)
    with pytest.raises(StoreError, match="9999") as told:
        migrate(owner, ROLE)
    assert "\n" not in str(told.value)


def test_a_text_that_postgresql_cannot_hold_breaks_nothing(record: tuple[Place, str]) -> None:
    """Why an entry was refused may quote anybody's bytes; a NUL among them must not stop the log."""
    with closing(record[0].open()) as store, store.writer():
        store.refuse([Refused(NOW(), "00", "a\0b\ud800")])
        assert store.refused()[-1]["why"] == "a b"


def test_a_store_that_is_asked_twice_for_its_lock_keeps_it(record: tuple[Place, str]) -> None:
    """The second request is refused, and the first one's session is still the one that writes."""
    with closing(record[0].open()) as store, store.writer():
        with pytest.raises(StoreError, match="another writer"), store.writer():
            pass
        assert isinstance(begun(store).append(Feed(begun(store).register).some(1))[0], Taken)


def test_tables_are_made_once_and_made_again_without_loss(record: tuple[Place, str]) -> None:
    """Whoever runs the command twice loses nothing, and the rights are given anew."""
    from truceline.store.server.__main__ import main

    assert main([cluster().url(record[1], role=OWNER), "--role", ROLE]) == 0
    assert record[0].audit().size == 300


def test_the_command_says_in_one_line_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 7, and no trace of the program."""
    from truceline.store.server.__main__ import main

    cluster()
    assert main(["postgresql://x:s3cret@127.0.0.1:1/record"]) == StoreError.exit_code
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "s3cret" not in said


def test_the_tables_are_those_the_program_addresses() -> None:
    """The migrations and `tables.py` say the same."""
    database = cluster().database()
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from truceline.store.server.link import address, engine
    from truceline.store.server.tables import SCHEMA, VERSION, meta

    wires = engine(address(cluster().url(database, role=OWNER)), is_reader=True)
    with wires.connect() as connection:
        seen = MigrationContext.configure(
            connection,
            opts={"include_schemas": True, "version_table_schema": SCHEMA,
                  "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA},
        )  # fmt: skip
        assert compare_metadata(seen, meta) == []
        assert seen.get_current_revision() == VERSION
    wires.dispose()


def test_the_keys_of_the_parties_can_be_looked_up(record: tuple[Place, str]) -> None:
    """A projection of the register, made with the state and never asked by the log."""
    found = cluster().sql("select party, start from truceline.party_key order by party limit 2", database=record[1])
    assert found == [("north", 1), ("party-0", 1)]


DAMAGES: dict[str, tuple[str, str]] = {
    "entry": ("update truceline.entry set bytes = 'x', leaf = sha256('\\x0078') where index = 7",
              "entry 7: was altered"),
    "leaf": ("update truceline.entry set leaf = sha256('x') where index = 8", "bytes are not those that were hashed"),
    "entry gone": ("delete from truceline.entry where index = 9", "entry 9: is missing"),
    "tile": ("update truceline.tile set bytes = overlay(bytes placing '\\x00' from 3)", "tile was altered"),
    "tile gone": ("delete from truceline.tile", "tile/0/000: is missing"),
    "note": ("update truceline.note set bytes = (select bytes from truceline.note where size = 1) where size = 0",
             "note 0: is the checkpoint of size 1"),
    "cosignature": ("delete from truceline.cosignature where size = 1", "note 1: is not dated"),
    "blob": ("update truceline.blob set bytes = 'x'", "is not what the entry names"),
    "blob gone": ("delete from truceline.blob", "is missing: the entry names it"),
    "head": ("delete from truceline.head", "the record has no head"),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGES)
def test_an_auditor_names_what_the_owner_of_the_server_altered(record: tuple[Place, str], what: str) -> None:
    """Rights and checks bind the program, not whoever owns the machine: the audit does, as with files."""
    line, why = DAMAGES[what]
    names = ("entry", "tile", "head", "note", "cosignature", "blob")
    freed = [f"alter table truceline.{name} disable trigger never" for name in names]
    freed += ["alter table truceline.entry drop constraint entry_check",
              "alter table truceline.blob drop constraint blob_check"]  # fmt: skip
    record[0].audit()
    cluster().sql(*freed, line, database=record[1], role=OWNER)
    with source_at(record[0].where) as source:
        found = audit(source, Trust())
    assert why in "\n".join(str(fault) for fault in found.faults)


def test_a_record_on_a_server_is_verified_on_the_command_line(
    record: tuple[Place, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """As a folder is: exit code 0 when it holds, 6 when not; the role and what else the URL holds are not repeated."""
    code, out, _ = told(capsys, ["verify", record[0].where])
    assert code == 0
    assert f"/{record[1]}: record of {KEYS.log.name}, 300 entries" in out
    assert "300 signatures" not in out, "the charter has a signature of every party"
    assert out.endswith("HOLDS\n")
    assert ROLE not in out.splitlines()[0]
    assert "?" not in out.splitlines()[0]
    cluster().sql("alter table truceline.blob disable trigger never", "delete from truceline.blob",
                  database=record[1], role=OWNER)  # fmt: skip
    code, out, _ = told(capsys, ["verify", record[0].where, "--json"])
    made = json.loads(out)
    assert (code, made["kind"], made["holds"], len(made["faults"])) == (6, "record", False, 1)


def test_a_server_that_cannot_be_reached_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 7, as for a folder that is not there; and never the password."""
    code, _, err = told(capsys, ["verify", f"postgresql://truceline:{PASSWORD}@127.0.0.1:1/record"])
    assert (code, err.count("\n")) == (7, 1)
    assert "s3cret" not in err


@pytest.mark.parametrize(
    ("line", "act"),
    [
        ("update truceline.entry set bytes = 'x' where index = 7", lambda log: list(log.storage.entries(0, 10))),
        ("delete from truceline.entry where index = 9", lambda log: list(log.storage.entries(0, 10))),
        ("delete from truceline.entry where index = 9", lambda log: log.storage.durable()),
        ("update truceline.blob set bytes = 'x'", lambda log: log.storage.blob(sha256(b"a file"))),
        ("delete from truceline.tile", lambda log: log.storage.tile("tile/0/000")),
    ],
)
def test_the_store_checks_what_it_reads(record: tuple[Place, str], line: str, act: Callable[[Log], object]) -> None:
    """Damage is told where it is met, not carried into a new checkpoint."""
    with record[0].log() as log:
        for name in ("entry", "tile", "blob"):
            cluster().sql(f"alter table truceline.{name} disable trigger never", database=record[1], role=OWNER)
        cluster().sql("alter table truceline.entry drop constraint entry_check", database=record[1], role=OWNER)
        cluster().sql("alter table truceline.blob drop constraint blob_check", database=record[1], role=OWNER)
        cluster().sql(line, database=record[1], role=OWNER)
        with pytest.raises(VerificationError):
            act(log)


def test_a_tile_that_differs_is_never_passed_over(record: tuple[Place, str]) -> None:
    """The same tile again is no change; another one is damage."""
    with closing(record[0].open()) as store, store.writer():
        there = store.tile("tile/0/000")
        store.put_tiles({"tile/0/000": there})
        with pytest.raises(VerificationError, match="other hashes stand there"):
            store.put_tiles({"tile/0/000": bytes(len(there))})


def test_a_server_that_is_not_durable_is_refused(record: tuple[Place, str]) -> None:
    """With fsync off a receipt would be worth nothing after a power cut."""
    cluster().sql("alter system set full_page_writes = off", "select pg_reload_conf()", "select pg_sleep(0.3)")
    try:
        with closing(record[0].open()) as store, pytest.raises(StoreError, match="is not durable"), store.writer():
            pass
    finally:
        cluster().sql("alter system reset full_page_writes", "select pg_reload_conf()", "select pg_sleep(0.3)")


def test_leaves_are_those_of_rfc_6962(record: tuple[Place, str]) -> None:
    """The database computes what we compute."""
    with closing(record[0].open()) as store:
        assert all(leaf == leaf_hash(data) for _, data, leaf in store.rows(0, 300))  # type: ignore[attr-defined]
        assert Log(store, KEYS, NOW).size == 300
