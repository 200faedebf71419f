"""The service's own memory, in a file and in PostgreSQL: the same promises in both."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Executable, text, update
from sqlalchemy.exc import SQLAlchemyError

from tests.store.cluster import OWNER, ROLE, cluster
from truceline.errors import StoreError
from truceline.store.state import State, accounts, approvals, audit, open_state, sessions
from truceline.store.state.accounts import Account, MachineKey, Passkey
from truceline.store.state.approvals import APPROVED, EXPIRED, REFUSED, TAKEN, WAITING, Held
from truceline.store.state.base import FILE, LATELY_S, SCHEMA, VERSION, meta, version
from truceline.store.state.sessions import Session

NOW = 1_800_000_000
ANA = Account("a-1", "party", "gov", "liaison 1", is_disabled=False, made_at=NOW)
BEN = Account("a-2", "secretariat", "", "head of office", is_disabled=False, made_at=NOW + 1)


@pytest.fixture(params=["file", "server"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place without a state."""
    return str(tmp_path) if request.param == "file" else cluster().url(cluster().database())


@pytest.fixture
def state(where: str) -> Iterator[State]:
    """A state with two accounts."""
    with closing(open_state(where)) as opened:
        accounts.add(opened, ANA)
        accounts.add(opened, BEN)
        yield opened


# -- how it is opened --------------------------------------------------------------------------------------------------


def test_it_is_there_when_it_is_opened_again(where: str) -> None:
    """What was written stays; the tables are made once."""
    with closing(open_state(where)) as state:
        accounts.add(state, ANA)
    with closing(open_state(where)) as state:
        assert accounts.listed(state) == [ANA]
        with state.read() as db:
            assert db.execute(text("select 1")).scalar() == 1
            assert db.scalar(version.select().with_only_columns(version.c.version)) == VERSION


def test_a_state_of_a_later_version_is_refused(where: str) -> None:
    """An old program does not write into what it does not understand."""
    with closing(open_state(where)) as state, state.begin() as db:
        db.execute(update(version).values(version=VERSION + 1))
    with pytest.raises(StoreError, match=f"expected a state of version {VERSION} or earlier"):
        open_state(where)


def test_a_state_of_an_earlier_version_is_brought_on(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Step by step, once each, and everything in it stays."""
    with closing(open_state(where)) as state:
        accounts.add(state, ANA)
    steps = {VERSION + 1: ["alter table {schema}account add column note text"],
             VERSION + 2: ["update {schema}account set note = 'kept'"]}  # fmt: skip
    monkeypatch.setattr("truceline.store.state.base.STEPS", steps)
    monkeypatch.setattr("truceline.store.state.base.VERSION", VERSION + 2)
    for _ in range(2):
        with closing(open_state(where)) as state, state.read() as db:
            schema = "" if state.is_file else f"{SCHEMA}."
            assert db.execute(text(f"select id, note from {schema}account")).all() == [(ANA.id, "kept")]  # noqa: S608  # ours
    monkeypatch.undo()
    with pytest.raises(StoreError, match="expected a state of version"):
        open_state(where)


def test_many_may_open_it_at_once(where: str) -> None:
    """Two processes that start at the same moment make the tables once."""
    found: list[object] = []

    def opens() -> None:
        try:
            with closing(open_state(where)) as state:
                found.append(accounts.listed(state))
        except Exception as error:  # told below
            found.append(error)

    threads = [Thread(target=opens) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [[]] * 6


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Nobody else of the machine reads it, nor what the database keeps beside it."""
    with closing(open_state(tmp_path)) as state:
        accounts.add(state, ANA)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "service").iterdir()}
    assert stat.S_IMODE((tmp_path / "service").stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}
    assert FILE.name in modes


def test_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    """A folder that is not there; a file that is no database; a link in its place."""
    with pytest.raises(StoreError, match="not a case folder"):
        open_state(tmp_path / "none")
    (tmp_path / "service").mkdir()
    (tmp_path / FILE).write_bytes(b"this is no database, whatever it is called" * 100)
    with pytest.raises(StoreError, match="not a database"):
        open_state(tmp_path)
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="cannot be opened"):
        open_state(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_without_its_schema_a_database_is_refused() -> None:
    """The role of the service may make none: the owner does."""
    name = cluster().empty_database()
    with pytest.raises(StoreError, match="the owner of the database makes it"):
        open_state(cluster().url(name))


def test_nobody_but_the_service_looks_into_it() -> None:
    """Neither the owner of the database nor any other role reads a row, or sees that there is a table."""
    name = cluster().database()
    with closing(open_state(cluster().url(name))) as state:
        accounts.add(state, ANA)
    cluster().sql(f"create role reader_{name} login")
    for role in (OWNER, f"reader_{name}"):
        for table in meta.sorted_tables:
            with pytest.raises(Exception, match="permission denied"):
                cluster().sql(f"table {table.fullname}", database=name, role=role)
    assert len(cluster().sql(f"table {SCHEMA}.account", database=name, role=ROLE)) == 1


def test_what_a_database_refuses_is_said_without_the_value(state: State) -> None:
    """A message is for the log: what somebody sent does not stand in it."""
    with pytest.raises(StoreError) as refused:
        accounts.add(state, ANA)
    assert ANA.id not in str(refused.value)
    assert ANA.label not in str(refused.value)


def test_half_of_a_change_is_none(state: State) -> None:
    """What fails leaves nothing behind."""
    with pytest.raises(RuntimeError, match="in the middle"), state.begin() as db:
        db.execute(update(accounts.account).values(label="changed"))
        raise RuntimeError("in the middle")
    assert {one.label for one in accounts.listed(state)} == {ANA.label, BEN.label}


# -- accounts ----------------------------------------------------------------------------------------------------------


def test_an_invitation_is_redeemed_once(state: State) -> None:
    """With its passkey, both or neither."""
    accounts.invite(state, ANA.id, b"first", expires=NOW + 10)
    accounts.invite(state, ANA.id, b"second", expires=NOW + 10)
    assert accounts.invited(state, b"first", now=NOW) is None
    assert accounts.invited(state, b"second", now=NOW) == ANA
    assert accounts.invited(state, b"second", now=NOW + 10) is None
    assert accounts.is_invited(state, ANA.id)

    def redeem(code: bytes, key: bytes) -> Account | None:
        return accounts.enrol(state, code, passkey_id=key, public=b"p", count=3, now=NOW)

    assert redeem(b"none", b"key") is None
    assert accounts.passkeys(state, ANA.id) == []
    assert redeem(b"second", b"key") == ANA
    assert redeem(b"second", b"another") is None
    assert accounts.passkeys(state, ANA.id) == [Passkey(b"key", ANA.id, b"p", 3, NOW)]
    accounts.invite(state, BEN.id, b"third", expires=NOW + 10)
    assert redeem(b"third", b"key") is None, "a passkey is of one account"
    assert accounts.invited(state, b"third", now=NOW) == BEN


def test_an_invitation_is_redeemed_by_one_of_many(state: State) -> None:
    """Who comes second, at the same moment, gets nothing."""
    accounts.invite(state, ANA.id, b"code", expires=NOW + 10)
    found: list[Account | None] = []

    def redeem(n: int) -> None:
        found.append(accounts.enrol(state, b"code", passkey_id=b"key %d" % n, public=b"p", count=0, now=NOW))

    threads = [Thread(target=redeem, args=(n,)) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(one is not None for one in found) == [False] * 5 + [True]
    assert len(accounts.passkeys(state, ANA.id)) == 1


def test_the_counter_of_a_passkey_moves_once_for_each_answer(state: State) -> None:
    """Two answers with the same counter: the second is a copy."""
    accounts.invite(state, ANA.id, b"code", expires=NOW + 10)
    accounts.enrol(state, b"code", passkey_id=b"key", public=b"p", count=3, now=NOW)
    assert accounts.used(state, b"key", before=3, count=4)
    assert not accounts.used(state, b"key", before=3, count=4)
    found = accounts.passkey_of(state, b"key")
    assert found is not None
    assert found.count == 4
    assert accounts.passkey_of(state, b"none") is None
    assert not accounts.drop_passkey(state, BEN.id, b"key")
    assert accounts.drop_passkey(state, ANA.id, b"key")


def test_who_is_disabled_is_found_nowhere(state: State) -> None:
    """Not by session, key, invitation or identity; the account itself stays, for what it did."""
    accounts.add_key(state, MachineKey("k", ANA.id, b"p" * 32, NOW))
    accounts.provide(state, ANA.id, b"subject")
    accounts.invite(state, ANA.id, b"code", expires=NOW + 10)
    sessions.open_session(state, Session(b"s", "h", ANA.id, NOW, NOW, 0))
    assert accounts.holder(state, "k") is not None
    assert accounts.provided_for(state, b"subject") == ANA
    assert sessions.session_of(state, b"s") is not None
    assert accounts.disable(state, ANA.id)
    assert not accounts.disable(state, ANA.id)
    assert accounts.holder(state, "k") is None
    assert accounts.provided_for(state, b"subject") is None
    assert sessions.session_of(state, b"s") is None
    assert accounts.invited(state, b"code", now=NOW) is None
    found = accounts.find(state, ANA.id)
    assert found is not None
    assert found.is_disabled


def test_keys_and_identities_are_of_one_account(state: State) -> None:
    """What one account has, another cannot take."""
    assert accounts.add_key(state, MachineKey("k", ANA.id, b"p" * 32, NOW))
    assert not accounts.add_key(state, MachineKey("k", BEN.id, b"q" * 32, NOW))
    assert accounts.provide(state, ANA.id, b"subject")
    assert not accounts.provide(state, BEN.id, b"subject")
    assert [key.account for key in accounts.keys_of(state, ANA.id)] == [ANA.id]
    assert not accounts.drop_key(state, BEN.id, "k")
    assert accounts.drop_key(state, ANA.id, "k")


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_sessions_begin_go_on_and_end(state: State) -> None:
    """One takes the place of another; each ends by itself, by its handle, or with all."""
    one = Session(b"1", "h1", ANA.id, NOW, NOW, 0)
    sessions.open_session(state, one)
    sessions.open_session(state, Session(b"2", "h2", ANA.id, NOW + 1, NOW + 1, 0), instead_of=b"1")
    assert sessions.session_of(state, b"1") is None
    sessions.seen(state, b"2", now=NOW + 5)
    sessions.freshen(state, b"2", until=NOW + 9)
    assert sessions.session_of(state, b"2") == (Session(b"2", "h2", ANA.id, NOW + 1, NOW + 5, NOW + 9), ANA)
    sessions.open_session(state, one)
    assert [held.handle for held in sessions.sessions_of(state, ANA.id)] == ["h2", "h1"]
    assert not sessions.end_by_handle(state, BEN.id, "h1")
    assert sessions.end_by_handle(state, ANA.id, "h1")
    assert sessions.end(state, b"2")
    assert not sessions.end(state, b"2")
    sessions.open_session(state, one)
    assert sessions.end_all(state, ANA.id) == 1


def test_what_is_over_is_forgotten(state: State) -> None:
    """Sessions by both limits, and challenges by theirs."""
    sessions.open_session(state, Session(b"unseen", "h1", ANA.id, NOW, NOW, 0))
    sessions.open_session(state, Session(b"old", "h2", ANA.id, NOW - 100, NOW + 50, 0))
    sessions.open_session(state, Session(b"good", "h3", ANA.id, NOW, NOW + 50, 0))
    sessions.ask(state, b"c", "sign-in", expires=NOW, now=NOW)
    sessions.forget(state, now=NOW, unseen_since=NOW + 10, made_before=NOW - 50)
    assert [held.id for held in sessions.sessions_of(state, ANA.id)] == [b"good"]
    assert sessions.answered(state, b"c", "sign-in", now=NOW - 1) is None


def test_a_challenge_is_used_up(state: State) -> None:
    """Once, in time, and for what it was asked."""
    for name in (b"one", b"two", b"late"):
        sessions.ask(state, name, "sign-in", data=b"data", expires=NOW + 10, now=NOW)
    assert sessions.answered(state, b"one", "confirm", now=NOW) is None
    assert sessions.answered(state, b"one", "sign-in", now=NOW) == b"data"
    assert sessions.answered(state, b"one", "sign-in", now=NOW) is None
    assert sessions.answered(state, b"late", "sign-in", now=NOW + 10) is None
    assert sessions.answered(state, b"late", "sign-in", now=NOW) is None, "a late answer uses it up"
    assert sessions.answered(state, b"two", "sign-in", now=NOW) == b"data"


def test_nobody_fills_the_disk_by_asking(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound the oldest are dropped, and the newest is kept."""
    monkeypatch.setattr(sessions, "MOST_CHALLENGES", 20)
    for n in range(50):
        sessions.ask(state, b"%d" % n, "sign-in", expires=NOW + n, now=NOW)
        with state.read() as db:
            assert len(db.execute(sessions.challenge.select()).all()) <= 20
    assert sessions.answered(state, b"49", "sign-in", now=NOW) is not None
    assert sessions.answered(state, b"0", "sign-in", now=NOW - 1) is None


def test_who_asks_without_end_takes_no_challenge_from_others(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack: anybody may ask for entering; who is inside and confirms has asked for something else, and keeps it."""
    monkeypatch.setattr(sessions, "MOST_CHALLENGES", 20)
    sessions.ask(state, b"inside", "confirm", expires=NOW + 1, now=NOW)
    for n in range(30):
        sessions.ask(state, b"over %d" % n, "oidc", expires=NOW, now=NOW - 1)
    for n in range(50):
        sessions.ask(state, b"%d" % n, "sign-in", expires=NOW + 100, now=NOW)
    assert sessions.answered(state, b"inside", "confirm", now=NOW) is not None
    with state.read() as db:
        kept = [row.purpose for row in db.execute(sessions.challenge.select())]
    assert "oidc" not in kept, "what is over goes first"


def test_what_is_known_from_a_moment_ago_is_forgotten_with_a_change(state: State) -> None:
    """A session that ended is not taken for one that goes on, not even for a second."""
    sessions.open_session(state, Session(b"s", "h", ANA.id, NOW, NOW, 0))
    asked: list[int] = []

    def read() -> object:
        asked.append(1)
        return sessions.session_of(state, b"s")

    assert state.lately("s", NOW, read) == state.lately("s", NOW + LATELY_S - 1, read)
    assert len(asked) == 1
    assert state.lately("s", NOW + LATELY_S, read) is not None
    assert len(asked) == 2
    sessions.end(state, b"s")
    assert state.lately("s", NOW + LATELY_S, read) is None
    assert state.lately("s", NOW + LATELY_S, read) is None
    assert len(asked) == 4, "what is not there is asked for again"


def test_a_change_while_it_is_read_is_not_missed(state: State) -> None:
    """What was read before the change is not kept after it."""

    def read() -> str:
        state.forget()
        return "before"

    assert state.lately("x", NOW, read) == "before"
    assert state.lately("x", NOW, lambda: "after") == "after"


# -- the audit ---------------------------------------------------------------------------------------------------------


def some(state: State, count: int) -> list[audit.Noted]:
    """Rows of an audit."""
    for n in range(count):
        audit.note(state, NOW + n, account=ANA.id, role="party", resource="box", action="read", about=str(n))
    return audit.rows(state)


def test_rows_are_chained(state: State) -> None:
    """Each is over the one before; whoever reads them can tell."""
    found = some(state, 5)
    assert [row.index for row in found] == list(range(5))
    assert audit.faults(found) == []
    assert audit.rows(state, after=2, limit=1)[0].index == 3
    assert audit.faults(found[2:], first=2, before=found[1].hash) == []


@pytest.mark.parametrize(("change", "expected"), [
    (lambda rows: rows[1:], "row 0 is missing"), (lambda rows: [*rows[:2], *rows[3:]], "row 2 is missing"),
    (lambda rows: [*rows[:2], audit.Noted(2, NOW, "", "party", "box", "read", "2", rows[2].hash), *rows[3:]],
     "row 2 is not the one that was written"),
    (lambda rows: [*rows[:2], audit.Noted(2, rows[2].at, "a-2", "party", "box", "read", "2", rows[2].hash), *rows[3:]],
     "row 2 is not the one that was written"),
    (lambda rows: [*rows[:2], audit.Noted(**{**vars(rows[2]), "hash": bytes(32)}), *rows[3:]],
     "row 2 is not the one that was written"),
])  # fmt: skip
def test_a_row_that_is_gone_or_changed_shows(state: State, change: object, expected: str) -> None:
    """At its place; that it was the last one shows only to who noted the head."""
    found = some(state, 5)
    assert callable(change)
    wrong = audit.faults(change(found))
    assert str(wrong[0]).startswith(f"audit: {expected}")
    assert audit.faults(found[:3]) == []


def test_rows_of_many_at_once_are_one_chain(state: State) -> None:
    """No two threads get the same place."""

    def notes() -> None:
        for _ in range(5):
            audit.note(state, NOW, account="", role="host", resource="account", action="add")

    threads = [Thread(target=notes) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    found = audit.rows(state)
    assert len(found) == 30
    assert audit.faults(found) == []


def test_the_database_itself_refuses_a_change_of_the_audit(state: State) -> None:
    """Not even the program can take a row back."""
    some(state, 2)
    lines: list[Executable] = [audit.audit.update().values(role="x"), audit.audit.delete()]
    for line in lines if state.is_file else [*lines, text(f"truncate {SCHEMA}.audit")]:
        with pytest.raises(StoreError, match="only added to"), state.begin() as db:
            db.execute(line)
    assert audit.faults(audit.rows(state)) == []


# -- what waits for a second person ------------------------------------------------------------------------------------


def waiting(name: str, leaf: bytes = b"leaf") -> Held:
    """An entry that waits."""
    return Held(name, leaf, "keyset", b"entry", ("gov", "opp"), ANA.id, NOW, NOW + 10, files={"ab": b"file"})


def test_an_entry_waits_byte_by_byte(state: State) -> None:
    """As it came, with its files; the same one waits once."""
    one = waiting("h-1")
    assert approvals.hold(state, one) == approvals.find(state, "h-1") == one
    assert approvals.hold(state, waiting("h-2")).id == "h-1"
    assert approvals.hold(state, waiting("h-3", b"other")).id == "h-3"
    assert [held.id for held in approvals.listed(state)] == ["h-1", "h-3"]
    assert approvals.find(state, "h-2") is None


def test_it_is_decided_once(state: State) -> None:
    """Of two who decide at the same moment one does; what is over keeps no files."""
    approvals.hold(state, waiting("h-1"))
    assert approvals.move(state, "h-1", WAITING, APPROVED, decided_by=BEN.id, decided_at=NOW + 1)
    assert not approvals.move(state, "h-1", WAITING, REFUSED, decided_by=ANA.id, decided_at=NOW + 1)
    found = approvals.find(state, "h-1")
    assert found is not None
    assert (found.state, found.decided_by, found.files) == (APPROVED, BEN.id, {"ab": b"file"})
    assert approvals.move(state, "h-1", APPROVED, TAKEN, index=7)
    found = approvals.find(state, "h-1")
    assert found is not None
    assert (found.state, found.index, found.files, found.entry) == (TAKEN, 7, {}, b"entry")
    assert [held.id for held in approvals.listed(state, only=WAITING)] == []


def test_what_waits_too_long_is_dropped_with_a_note(state: State) -> None:
    """In its second, and not before; what was decided stays as it was."""
    approvals.hold(state, waiting("h-1"))
    assert approvals.expire(state, NOW + 9) == []
    assert approvals.expire(state, NOW + 10) == ["h-1"]
    assert approvals.expire(state, NOW + 11) == []
    found = approvals.find(state, "h-1")
    assert found is not None
    assert (found.state, found.note, found.files) == (EXPIRED, "nobody approved it in time", {})


# -- what a lost file costs --------------------------------------------------------------------------------------------


def test_a_copy_of_the_file_holds_no_secret(tmp_path: Path) -> None:
    """Hashes and public keys: no code, token or challenge stands in any of its bytes."""
    from truceline.desk.accounts import code_hash
    from truceline.desk.sessions import token_hash

    with closing(open_state(tmp_path)) as state:
        accounts.add(state, ANA)
        accounts.invite(state, ANA.id, code_hash("the-code-of-the-invitation"), expires=NOW)
        sessions.open_session(state, Session(token_hash("the-token-of-the-session"), "h", ANA.id, NOW, NOW, 0))
    everything = b"".join(path.read_bytes() for path in (tmp_path / "service").iterdir())
    assert b"liaison 1" in everything
    assert b"the-code" not in everything
    assert b"the-token" not in everything
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)


def test_what_the_driver_raises_does_not_leave_the_store(state: State) -> None:
    """Whoever calls hears of one kind of error."""
    with pytest.raises(StoreError) as refused, state.begin() as db:
        db.execute(text("select nothing from nowhere"))
    assert not isinstance(refused.value, SQLAlchemyError)
