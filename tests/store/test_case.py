"""A case reads alike wherever it is kept; what is read bit by bit is what is read whole; what was altered is told."""

from __future__ import annotations

import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evidence.bench import NOW, SHIPPED, ged, lines
from tests.store.cluster import OWNER, ROLE, cluster
from tests.store.storages import KEYS, KINDS, ORIGIN, Feed, Place, begun, place, shredding
from truceline import desk
from truceline.assess import assessment
from truceline.canon import sha256
from truceline.desk import Asked, verifying
from truceline.desk.records import Draft, append
from truceline.errors import StoreError, VerificationError
from truceline.record.audit import Trust, audit
from truceline.record.checkpoint import Checkpoint
from truceline.record.entry import Sealed, read_entry
from truceline.record.log import Log, Submission, Taken
from truceline.record.note import Signer, signed
from truceline.record.register import Register
from truceline.record.tiles import WIDTH, bundle_of, entries_of, entries_path
from truceline.record.tree import Range, leaf_hash, leaf_hashes
from truceline.store.case import Case
from truceline.store.entries import MOST_CACHED, Columns, Record
from truceline.store.files import MAGIC, FileStore, frame, frames, journal_path
from truceline.store.folder import CaseFolder
from truceline.store.opened import Store, create_case, has_case, open_case
from truceline.store.source import FolderSource

AGREEMENT = SHIPPED / "agreement.yaml"
OLD = Path(__file__).parent / "case-format-2.zip"
"""A demonstration case as the version before cases were kept in PostgreSQL wrote it: 263 entries."""


STRANGER = Signer(ORIGIN, bytes([9] * 32))


# -- what is read bit by bit -------------------------------------------------------------------------------------------


def reader(where: Place) -> tuple[Record, Store]:
    """A record as a reader sees it who has read nothing yet, and its store."""
    store = where.open()
    if isinstance(store, FileStore):
        folder = store.folder
        return Record("the record", store, lambda: FolderSource(folder)), store
    from truceline.store.server import ServerSource, ServerStore

    assert isinstance(store, ServerStore)
    server = store
    return Record("the record", store, lambda: ServerSource(server)), store


def shown(record: Record) -> object:
    """Everything that a record shows."""
    entries = list(record.entries())
    times = sorted({said.known_at for said in entries})
    kinds = ("charter", "report", "remark", "shredding", "none")
    return (
        [(said.index, said.entry.data, said.known_at) for said in entries],
        {kind: [said.index for said in record.of_kind(kind)] for kind in kinds},
        [[said.index for said in record.of_kind("report", upto)] for upto in range(0, len(entries) + 1, 7)],
        [record.known_by(second) for at in times for second in (at - 1, at)],
        record.newest(), list(record.rows()), list(record.rows(3)), record.register().dump(),
    )  # fmt: skip


def batch_of(log: Log, wanted: Sequence[str]) -> list[Submission]:
    """The next entries: reports of one party, remarks of another, sealed bodies of a third, and a body destroyed."""
    reports, remarks, sealed = (Feed(log.register, by) for by in ("party-0", "south", "party-1"))
    made: list[Submission] = []
    for what in wanted:
        if what == "sealed":
            box = b"a box %d" % sealed.sequence
            one = sealed.next(sealed=Sealed(sha256(box), "c" * 64))
            made.append(Submission(one.data, {sha256(box): box}))
        elif what == "remark":
            made += [remarks.next({"n": i}, kind="remark") for i in range(3)]
        elif what == "many":
            made += reports.some(130)
        elif what == "report":
            made.append(reports.next({"n": 0}))
    left = [index for index in log.register.sealed if index not in log.register.shredded]
    return [*made, shredding(log.register, left[0])] if "shredding" in wanted and left else made


BATCHES = st.lists(
    st.lists(st.sampled_from(["report", "many", "remark", "sealed", "shredding"]), min_size=1, max_size=4),
    min_size=1, max_size=4,
)  # fmt: skip


def grown(where: Place, batches: Sequence[Sequence[str]]) -> None:
    """After each batch somebody who was there before sees what somebody sees who comes anew."""
    old, store = reader(where)
    with closing(store), where.log() as log:
        for wanted in batches:
            answers = log.append(batch_of(log, wanted))
            assert all(isinstance(one, Taken) for one in answers), answers
            new, other = reader(where)
            with closing(other):
                assert shown(old) == shown(new)
        assert [said.entry.data for said in old.entries()] == list(log.storage.entries(0, log.size))


@settings(max_examples=8)
@given(BATCHES)
def test_what_was_read_bit_by_bit_is_what_is_read_whole(batches: list[list[str]]) -> None:
    """A head is checked against what it adds, and never against less: no order of batches shows another record."""
    with tempfile.TemporaryDirectory() as room:
        grown(Place(f"{room}/record", Path(room) / "record"), batches)


def test_what_was_read_bit_by_bit_from_a_server_is_what_is_read_whole(tmp_path: Path) -> None:
    """The same law where readers ask a server."""
    grown(place("server", tmp_path), [["report"], ["sealed", "many", "remark"], ["many", "shredding"], ["sealed"]])


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_is_a_part(kind: str, tmp_path: Path) -> None:
    """Slices, steps and negative indexes mean what they mean for a list; an index too far is an IndexError."""
    where = place(kind, tmp_path)
    with where.log() as log:
        log.append(batch_of(log, ["many", "many", "remark", "remark"]))
    record, store = reader(where)
    with closing(store):
        entries = record.entries()
        whole = [said.index for said in entries]
        assert whole == list(range(267))
        for part in (slice(3, 9), slice(None, None, 50), slice(-4, None), slice(None, None, -60), slice(300, 400)):
            assert [said.index for said in entries[part]] == whole[part]
        assert [said.index for said in reversed(entries[250:260])] == whole[250:260][::-1]
        assert entries[-1].index == 266
        assert entries[-1].statement.type == "remark"
        remarks = record.of_kind("remark")
        assert (remarks[-1].index, len(remarks[2:]), bool(record.of_kind("none"))) == (266, 4, False)
        for wrong in (267, -268):
            with pytest.raises(IndexError):
                entries[wrong]


def test_of_each_entry_less_than_a_hundred_bytes_are_held() -> None:
    """What a record costs its reader is bounded by its number of entries, whatever they say."""
    columns, count = Columns(), 20_000
    data = Feed(Register()).next({"text": "x" * 5_000}).data
    one = read_entry(data).statement
    for index in range(count):
        columns.add(one, leaf_hash(data), index)
    held = [columns.leaves, columns.types, columns.by, columns.sequences, *columns.kinds.values()]
    assert sum(map(sys.getsizeof, held)) < 100 * count


def test_what_is_kept_between_questions_is_bounded(tmp_path: Path) -> None:
    """Reading a long record through leaves the memory as it was, but for a few blocks."""
    where = place("files", tmp_path)
    with where.log() as log:
        feed = Feed(log.register)
        log.append([feed.next({"text": "x" * 16_000}) for _ in range(4 * WIDTH)])
    record, store = reader(where)
    with closing(store):
        assert sum(len(said.entry.data) for said in record.entries()) > 2 * MOST_CACHED
        assert sum(len(data) for block in record._blocks.values() for data in block) == record._cached <= MOST_CACHED


# -- what was altered --------------------------------------------------------------------------------------------------


@contextmanager
def opened(kind: str, tmp_path: Path, count: int = 20) -> Iterator[tuple[Place, Record, Log]]:
    """A log, and somebody who has read its record and keeps no block of it."""
    where = place(kind, tmp_path)
    with where.log() as log:
        log.append(Feed(log.register).some(count))
        record, store = reader(where)
        with closing(store):
            assert len(record.entries()) == count + 1
            yield where, record, log


def alter(where: Place, index: int) -> None:
    """Put another entry in the place of one, with every checksum right."""
    if where.folder is None:
        database = where.where.split("?")[0].rpartition("/")[2]
        cluster().sql("alter table truceline.entry disable trigger never", database=database, role=OWNER)
        change = "update truceline.entry set bytes = bytes || 'x', leaf = sha256(decode('00', 'hex') || bytes || 'x')"
        cluster().sql(f'{change} where "index" = {index}', database=database, role=OWNER)
        return
    path = where.folder / journal_path(0)
    if path.exists():
        entries = [data for data, _ in frames(path.read_bytes())[0]]
        entries[index] += b"x"
        path.write_bytes(MAGIC + b"".join(map(frame, entries)))
    else:
        path = where.folder / entries_path(0)
        entries = entries_of(path.read_bytes(), WIDTH)
        entries[index] += b"x"
        path.write_bytes(bundle_of(entries))


@pytest.mark.parametrize("count", [20, 300])
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_altered_after_it_was_verified_is_told_when_it_is_read(kind: str, count: int, tmp_path: Path) -> None:
    """Nobody is shown other bytes than those that the log signed for; what is whole beside them can be read."""
    with opened(kind, tmp_path, count) as (where, record, _):
        alter(where, 7)
        for _ in range(2):
            with pytest.raises(VerificationError, match="entry 7 was altered"):
                record.entries()[7]
        assert record.entries()[8].index == 8


@pytest.mark.parametrize("count", [20, 300])
def test_what_is_gone_after_it_was_verified_is_told_when_it_is_read(count: int, tmp_path: Path) -> None:
    """A file that was cut or taken away is no shorter record."""
    with opened("files", tmp_path, count) as (where, record, _):
        assert where.folder is not None
        path = where.folder / (journal_path(0) if count < WIDTH else entries_path(0))
        path.unlink()
        with pytest.raises(VerificationError, match="entry 0 is missing"):
            record.entries()[7]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ("went back", "went back: it held 21 entries, now it says 1"),
        ("two roots", "two roots were signed for 21 entries"),
        ("other entries", "the log signed another root for 22 entries"),
        ("undated", "no dated checkpoint holds the entries from 21 on"),
        ("not signed", "no known key has signed"),
    ],
)
def test_a_head_that_does_not_continue_what_was_read_is_refused(kind: str, lie: str, why: str, tmp_path: Path) -> None:
    """Its reader keeps what it had, and says why it does not go on."""
    with opened(kind, tmp_path) as (_, record, log):
        store, before = log.storage, shown(record)
        if lie == "went back":
            head = store.note(1) or b""
        else:
            if lie in ("other entries", "undated"):
                store.append(21, [Feed(log.register).next({"n": 21}).data])
            tree = Range()
            tree.extend(leaf_hashes(store.entries(0, 22 if lie == "undated" else 20)))
            text = Checkpoint(KEYS.log.name, 21 + (lie in ("other entries", "undated")), tree.root()).text
            head = signed(text, [(STRANGER if lie == "not signed" else KEYS.log).sign(text)])
        store.swap_head(store.head(), head)
        for _ in range(2):
            with pytest.raises(VerificationError, match=why):
                record.entries()
        store.swap_head(head, store.note(21) or b"")
        assert shown(record) == before


@pytest.mark.parametrize("kind", KINDS)
def test_many_read_while_one_writes(kind: str, tmp_path: Path) -> None:
    """What each thread sees is a beginning of what there is in the end, and never shrinks."""
    where = place(kind, tmp_path)
    is_over = threading.Event()
    faults: list[BaseException] = []
    with where.log() as log:
        record, store = reader(where)

        def read() -> None:
            size = 0
            try:
                while not is_over.is_set():
                    entries = record.entries()
                    assert len(entries) >= size
                    size = len(entries)
                    assert entries[-1].index == size - 1
                    assert [said.index for said in record.of_kind("report", size)] == list(range(1, size))
                    assert record.register().lines["party-0"].next + 1 >= size
            except BaseException as error:
                faults.append(error)

        threads = [threading.Thread(target=read) for _ in range(3)]
        log.append(Feed(log.register, "party-0").some(1))
        for thread in threads:
            thread.start()
        for count in (1, 40, 300, 5, 200, 90):
            log.append(Feed(log.register, "party-0").some(count))
        is_over.set()
        for thread in threads:
            thread.join()
        assert faults == []
        with closing(store):
            assert [said.entry.data for said in record.entries()] == list(log.storage.entries(0, log.size))


# -- two stores, one case ----------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A made-up table and made-up reports."""
    one, two = tmp_path / "ged.csv", tmp_path / "reports.jsonl"
    one.write_bytes(b"".join(ged({}, {"latitude": "95"}, {"where_prec": "4"})))
    two.write_bytes(b"".join(lines({}, {"start": "soon"}, {"actor_claimed": "nobody knows"})))
    return [one, two]


def somewhere(kind: str, tmp_path: Path) -> str:
    """Where a case can be made."""
    return str(tmp_path / "case") if kind == "files" else cluster().url(cluster().database())


@pytest.fixture(params=KINDS)
def case(request: pytest.FixtureRequest, tmp_path: Path, files: list[Path]) -> Iterator[Case]:
    """A case with both files, in either store."""
    made = desk.init_case(somewhere(request.param, tmp_path), AGREEMENT, known_at=NOW)
    desk.add_files(made, files, known_at=NOW)
    yield made
    made.close()


@pytest.mark.long
def test_both_stores_hold_the_same_case_byte_for_byte(tmp_path: Path) -> None:
    """The shipped case on its fixed clock: one record, the same tables, the same assessments, in both places."""
    kept = []
    for kind in KINDS:
        made = desk.demo_case(somewhere(kind, tmp_path))
        desk.add_shipped_reports(made)
        outcome = desk.assess_case(made, Asked())
        desk.record_assessment(made, desk.assessment_body(made, outcome))
        entries = [said.entry.data for said in made.entries()]
        tables = {name: made.table_bytes(name) for name in made.table_files().values()}
        kept.append((entries, tables, made.assessments(), assessment.hash_of(outcome.assessed), made.store.head()))
        assert desk.answers_of(made, made.said("assessment")[-1]) == kept[-1][3]
        made.close()
    assert kept[0] == kept[1]


def test_what_was_added_is_there_after_reopening(case: Case, files: list[Path], tmp_path: Path) -> None:
    """The record says what lies there, the tables are what it says, and the same file is not added twice."""
    again = place_again(case, tmp_path)
    assert [(a.sequence, a.kind, a.rows, a.rejected) for a in again.journal()] == [
        (2, "ucdp", 2, 1), (3, "reports", 2, 1),
    ]  # fmt: skip
    assert [table.num_rows for _, table in again.tables()] == [2, 2]
    assert [table.num_rows for table in again.rejected()] == [1, 1]
    assert desk.add_files(again, files, known_at=NOW + 5) == []
    assert len(append(again, [Draft("evidence", again.said("evidence")[0].statement.body)], lambda: NOW + 9)) == 1
    assert len(case.journal()) == 3
    assert has_case(place_of(case, tmp_path))
    again.close()


def place_of(case: Case, tmp_path: Path) -> str:
    """Where a case of these tests lies."""
    name = case.where.rpartition("/")[2]
    return str(tmp_path / "case") if isinstance(case, CaseFolder) else cluster().url(name)


def place_again(case: Case, tmp_path: Path) -> Case:
    """The same case, opened anew."""
    return open_case(place_of(case, tmp_path))


def test_a_case_is_verified_where_it_lies(case: Case, tmp_path: Path) -> None:
    """Record, texts, tables, and assessments computed again; nothing is named that holds a password."""
    desk.record_assessment(case, desk.assessment_body(case, desk.assess_case(case, Asked())), lambda: NOW + 9)
    told = verifying.verify(place_of(case, tmp_path), verifying.AskedToVerify(recompute=True))
    assert (told["kind"], told["holds"], told["faults"]) == ("case", True, [])
    assert {name: told["checked"][name] for name in ("tables", "texts", "assessments", "entries")} == {
        "tables": 4, "texts": 1, "assessments": 1, "entries": 5,
    }  # fmt: skip


def test_an_altered_or_missing_table_in_a_database_is_told(tmp_path: Path, files: list[Path]) -> None:
    """The owner of the server took away what keeps it from changing them; the record still says what they were."""
    where = somewhere("server", tmp_path)
    made = desk.init_case(where, AGREEMENT, known_at=NOW)
    desk.add_files(made, files, known_at=NOW)
    gone, cut = made.journal()
    database = made.where.rpartition("/")[2]
    for line in (
        "alter table truceline.evidence_file disable trigger never",
        f"delete from truceline.evidence_file where name like '{gone.table_hash}%'",  # noqa: S608  # of our own
        "alter table truceline.evidence_file drop constraint evidence_file_check",
        f"update truceline.evidence_file set bytes = 'x' where name like '{cut.table_hash}%'",  # noqa: S608  # the same
    ):
        cluster().sql(line, database=database, role=OWNER)
    told = verifying.verify(where, verifying.AskedToVerify())
    said = {(fault["entry"], fault["message"].split(":")[0]) for fault in told["faults"]}
    assert said == {(2, "the table of ged.csv is missing"), (3, "was altered")}
    with pytest.raises(VerificationError, match=r"the table of ged\.csv is missing"):
        desk.assess_case(made, Asked())
    made.close()


def test_a_record_that_is_no_case_is_verified_as_a_record(tmp_path: Path) -> None:
    """What holds no text is asked for no text."""
    where = place("server", tmp_path)
    with where.log() as log:
        log.append(Feed(log.register).some(3))
    told = verifying.verify(where.where, verifying.AskedToVerify())
    assert (told["kind"], told["holds"]) == ("record", True)
    with pytest.raises(StoreError, match="the record holds no agreement"):
        open_case(where.where)


def test_a_database_becomes_one_case_and_no_second(case: Case, tmp_path: Path) -> None:
    """What lies there is never written over, and what is refused leaves no trace."""
    with pytest.raises(StoreError, match="expected a"):
        desk.init_case(place_of(case, tmp_path), AGREEMENT, known_at=NOW)
    assert len(case.entries()) == 4


def test_what_cannot_begin_a_case_leaves_a_database_empty(tmp_path: Path) -> None:
    """A record cannot be taken back, so the first entries are tried elsewhere first."""
    where = somewhere("server", tmp_path)

    def fill(made: Case) -> None:
        with made.store.writer():
            begun(made.store)
        raise StoreError("the test says no")

    with pytest.raises(StoreError, match="the test says no"):
        create_case(where, fill)
    assert not has_case(where)
    with pytest.raises(StoreError, match=r"record_\d+: not a case: its record has no head"):
        open_case(where)


# -- what an older version wrote ---------------------------------------------------------------------------------------


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of the older version."""
    with zipfile.ZipFile(OLD) as file:
        file.extractall(tmp_path / "old")
    return tmp_path / "old"


def test_a_folder_of_the_version_before_opens_verifies_and_goes_on(old: Path) -> None:
    """Nobody has to convert anything: format 2 is format 2."""
    case = open_case(old)
    assert (len(case.entries()), len(case.said("absence")), case.journal()[0].rows) == (263, 260, 1)
    assert append(case, [Draft("absence", {"is_back": True, "since": 0, "witness": "w"})])[0].index == 263
    case.close()
    told = verifying.verify(str(old), verifying.AskedToVerify())
    assert (told["holds"], told["size"], told["checked"]["tables"]) == (True, 264, 2)


def test_a_database_of_the_version_before_is_brought_up_and_verifies(old: Path) -> None:
    """What is added leaves the record as it is, entry for entry; then it is a case like any other."""
    database = cluster().empty_database()
    migrate_to(database, "0001")
    fill_0001(database, FileStore(old / "record"))
    where = cluster().url(database)
    from truceline.store.server import migrate
    from truceline.store.server.tables import VERSION

    with pytest.raises(StoreError, match=f"expected the tables of version {VERSION}, got version `0001`"):
        open_case(where)
    migrate(cluster().url(database, role=OWNER), ROLE)
    told = verifying.verify(where, verifying.AskedToVerify())
    assert (told["size"], told["checked"]["signatures"]) == (263, 263)
    assert {fault["message"] for fault in told["faults"]} == {"the table of reports.jsonl is missing"}
    case, folder = open_case(where), open_case(old)
    for name in folder.table_files().values():
        case.put_table(name, folder.table_bytes(name))
    assert append(case, [Draft("absence", {"is_back": True, "since": 0, "witness": "w"})])[0].index == 263
    case.close()
    assert verifying.verify(where, verifying.AskedToVerify())["holds"] is True


def migrate_to(database: str, version: str) -> None:
    """Make the tables as an older version made them."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import text as sql

    from truceline.store.server import link
    from truceline.store.server.tables import SCHEMA

    url = link.address(cluster().url(database, role=OWNER))
    config = Config()
    config.set_main_option("script_location", str(Path(link.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    wires = link.engine(url, is_reader=False)
    with wires.begin() as connection:
        connection.execute(sql(f"create schema if not exists {SCHEMA}"))
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        connection.execute(sql(f"grant usage on schema {SCHEMA} to {ROLE}"))
        connection.execute(sql(f"grant select on all tables in schema {SCHEMA} to {ROLE}"))
    wires.dispose()


def fill_0001(database: str, store: FileStore) -> None:
    """Put a record into the tables of version 0001, as its program left them."""
    import psycopg

    rows: dict[str, list[tuple[object, ...]]] = {
        'entry ("index", bytes, leaf)': [(i, one, leaf_hash(one)) for i, one in enumerate(store.entries(0, 263))],
        "tile (path, bytes)": [("tile/0/000", store.tile("tile/0/000"))],
        "note (size, bytes)": [(size, store.note(size)) for size in store.notes()],
        "head (seq, size, note)": [(seq, size, store.note(size)) for seq, size in enumerate(store.notes())],
        "cosignature (size, key, line)": [
            (size, str(i), line) for size in store.notes() for i, line in enumerate(store.cosignatures(size))
        ],
        "blob (sha256, bytes)": [
            (bytes.fromhex(path.name), path.read_bytes()) for path in store.folder.glob("blobs/*/*")
        ],
    }  # fmt: skip
    with psycopg.connect(host=str(cluster().room), user=OWNER, dbname=database) as connection:
        for table, given in rows.items():
            marks = ", ".join(["%s"] * len(given[0]))
            connection.cursor().executemany(f"insert into truceline.{table} values ({marks})".encode(), given)  # noqa: S608
    assert audit(FolderSource(store.folder), Trust()).faults == []
    store.close()
