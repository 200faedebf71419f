"""`truceline doctor`: each check on something that is well, and on something that is not."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.cli_table import answer, truceline
from tests.clock import Clock
from tests.evidence.bench import SHIPPED
from tests.store.cluster import OWNER, cluster
from tests.web.asking import Served
from tests.witness.world import made, served, witness
from truceline import desk
from truceline.desk import doctor, keyring, walls
from truceline.desk.charters import new_charter
from truceline.desk.doctor import LOOK, SKEW_S, WELL, WRONG, Patient, Sign, examine, exit_code
from truceline.desk.records import Draft, append
from truceline.desk.settings import Settings
from truceline.errors import InputError
from truceline.record.note import Verifier
from truceline.store.state import open_state
from truceline.witness.cosign import Witness

AGREEMENT = SHIPPED / "agreement.yaml"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped case; it is copied."""
    path = tmp_path_factory.mktemp("doctor") / "case"
    desk.demo_case(path).close()
    return path


@pytest.fixture
def case(shipped: Path, tmp_path: Path) -> Path:
    """A case of the test's own."""
    return Path(shutil.copytree(shipped, tmp_path / "case"))


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys of the test's own."""
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


def looked(where: object = "", settings: Settings | None = None, now: int | None = None) -> dict[str, Sign]:
    """What each check found, by name."""
    at = int(time.time()) if now is None else now
    return {one.name: one for one in examine(Patient(str(where), lambda: settings or Settings(), lambda: at))}


def test_the_command_says_one_line_for_each(case: Path) -> None:
    """In words, and as JSON; exit code 0 though something is worth a look."""
    lines = [line.split(maxsplit=1) for line in truceline("doctor", case).stdout.splitlines()]
    checks = answer("doctor", "doctor", case)["checks"]
    assert [said.partition(":")[0] for _, said in lines] == [one["name"] for one in checks]
    # Two runs, and a disk that others write to is slow in one of them: the state of its check is its own.
    pairs = list(zip(lines, checks, strict=True))
    assert not [(line, one) for line, one in pairs if line[0] != one["state"] and one["name"] != "disk"]
    assert {one["name"] for one in checks} >= {
        "python", "packages", "settings", "clock", "keys", "browser", "store", "disk", "space", "memory", "log keys",
        "time", "record", "witnesses",
    }  # fmt: skip
    assert not [one for one in checks if one["state"] == WRONG]


def test_nothing_stays_behind(case: Path) -> None:
    """It looks, and leaves what it looked at as it was."""
    before = {path: path.stat().st_mtime_ns for path in case.rglob("*") if path.is_file()}
    looked(case)
    assert {path: path.stat().st_mtime_ns for path in case.rglob("*") if path.is_file()} == before


# -- this machine ----------------------------------------------------------------------------------------------------


def test_walls_that_do_not_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit or a container that is too narrow takes from children what shuts them off: worth a look."""
    monkeypatch.setattr(walls, "walls_here", lambda: ("hook",))
    found = looked()["walls"]
    assert (found.state, "network" in found.said, "Landlock" in found.said) == (LOOK, True, True)
    monkeypatch.setattr(walls, "walls_here", lambda: ("network", "files", "hook"))
    assert looked()["walls"].state == WELL


def test_packages_that_are_old_or_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the lower bounds of the program itself; those of PostgreSQL only where it is used."""
    wanted = ["numpy>=2.2", "nowhere-to-be-found>=1; extra == 'service'", "msgspec>=99.1", "absent>=1; extra == 'dev'",
              "psycopg[binary]>=98; extra == 'server'"]  # fmt: skip
    monkeypatch.setattr(importlib.metadata, "requires", lambda _name: wanted)
    said = looked()["packages"]
    assert said.state == WRONG
    assert "no nowhere-to-be-found" in said.said
    assert "expected 99.1 or later" in said.said
    assert "absent" not in said.said
    assert "psycopg" not in said.said
    assert "expected 98" in doctor._packages(has_server=True).said


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        (Settings(), LOOK),
        (Settings(host="0.0.0.0"), WRONG),  # noqa: S104  # nothing listens
        (Settings(origin="http://localhost:8766"), LOOK),
        (Settings(origin="https://case.example"), LOOK),
        (Settings(origin="https://case.example", proxies=("127.0.0.1",)), WELL),
    ],
)
def test_settings(settings: Settings, state: str) -> None:
    """A service for others has an origin of https, and knows its proxy."""
    assert looked(settings=settings)["settings"].state == state


def test_settings_that_cannot_be_read(tmp_path: Path) -> None:
    """Are a line like any other, with the exit code of an input file."""
    path = tmp_path / "settings.toml"
    path.write_text("prot = 1\n")
    assert "wrong  settings: " in truceline("doctor", "--settings", path, code=3).stdout


def test_a_clock_that_was_never_set() -> None:
    """1970 is no time for signatures."""
    assert looked(now=0)["clock"].state == WRONG


def test_keys_are_for_their_user_alone(config: Path) -> None:
    """None, some, and some that others may read."""
    assert looked()["keys"] == Sign("keys", LOOK, "this machine holds none")
    keyring.new_key("gov", "sign")
    assert looked()["keys"] == Sign("keys", WELL, "1 of this user alone")
    next((config / "keys").glob("*.key")).chmod(0o640)
    assert looked()["keys"].state == WRONG


def test_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worth a look, not wrong: only pictures need it."""
    monkeypatch.setattr(doctor, "browser", lambda: None)
    assert looked()["browser"].state == LOOK


# -- a case ----------------------------------------------------------------------------------------------------------


def test_no_case(tmp_path: Path) -> None:
    """What is no case is told in one line."""
    found = looked(tmp_path)
    assert found["store"].state == WRONG
    assert "not a case folder" in found["store"].said
    truceline("doctor", tmp_path, code=7)


def test_a_record_that_does_not_hold(case: Path) -> None:
    """One bit is enough; the exit code is that of a proof that fails."""
    journal = case / "record" / "journal" / "000000000000"
    data = bytearray(journal.read_bytes())
    data[len(data) // 2] ^= 1
    journal.write_bytes(bytes(data))
    found = [one for one in examine(Patient(str(case), Settings, lambda: int(time.time()))) if one.state == WRONG]
    assert found
    assert exit_code(found) in (6, 7)


def test_a_disk_that_is_full(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is worth a look, too little is wrong."""
    real = os.statvfs(case)
    for free, state in ((10**9, LOOK), (10**8, WRONG), (10**11, WELL)):
        left = os.statvfs_result((real.f_bsize, 1, 10**12, free, free, *real[5:]))
        monkeypatch.setattr(os, "statvfs", lambda _path, left=left: left)
        assert looked(case)["space"].state == state


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no disk in memory here")  # noqa: S108  # only whether
def test_a_disk_in_memory(case: Path) -> None:
    """What lies there is gone after a power cut."""
    assert doctor._is_memory(Path("/dev/shm"))  # noqa: S108  # nothing is written there
    assert not doctor._is_memory(Path("/proc/self").resolve().parent.parent / "usr")


def test_a_memory_that_others_may_read(case: Path) -> None:
    """Sessions and accounts are nobody's business."""
    open_state(case).close()
    assert looked(case)["memory"].state == WELL
    (case / "service" / "state.sqlite").chmod(0o644)
    assert looked(case)["memory"].state == WRONG


def test_keys_of_the_log(tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they are not, the case can be read and not be written."""
    folder = tmp_path / "own"
    desk.init_case(folder, AGREEMENT, new_charter("own")).close()
    assert looked(folder)["log keys"] == Sign("log keys", WELL, "held here")
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "another"))
    found = looked(folder)["log keys"]
    assert (found.state, "not written" in found.said) == (LOOK, True)


def test_a_record_of_the_future(case: Path) -> None:
    """The clock of this machine, or of the one that wrote, is wrong."""
    last = desk.demo_clock()
    assert looked(case, now=last)["time"].state == WELL
    assert looked(case, now=last - SKEW_S - 1)["time"].state == WRONG


def test_witnesses_that_answer_and_one_that_does_not(tmp_path: Path, config: Path) -> None:
    """Each by the name that the charter gives it."""
    with witness(made(tmp_path)) as one, served(one) as server:
        vkey = one.verifier.vkey
        policy = f"witness near {vkey} http://127.0.0.1:{server.server_port}\nquorum near\n"
        folder = tmp_path / "case"
        desk.init_case(folder, AGREEMENT, new_charter("seen", policy=policy)).close()
        assert looked(folder)["witnesses"] == Sign("witnesses", WELL, "near answers")
    found = looked(folder)["witnesses"]
    assert found.state == WRONG
    assert found.said.startswith("near: ")


def test_a_witness_that_saw_more_is_told_of(tmp_path: Path, config: Path) -> None:
    """It answers well, and says that this record went back."""
    charter = new_charter("seen")
    log = Verifier.parse(charter.log)
    with closing(Witness(*made(tmp_path), [log], Clock(int(time.time())))) as one, served(one) as server:
        folder = tmp_path / "case"
        policy = f"witness near {one.verifier.vkey} http://127.0.0.1:{server.server_port}\nquorum near\n"
        case = desk.init_case(folder, AGREEMENT, msgspec.structs.replace(charter, policy=policy))
        shutil.copytree(folder, tmp_path / "before")
        append(case, [Draft("allegation", {"text": "t"})])
        case.close()
        assert looked(folder)["witnesses"] == Sign("witnesses", WELL, "near answers")
        found = looked(tmp_path / "before")["witnesses"]
    assert found.state == WRONG
    assert found.said.endswith("a fork, a rollback, or a lie: do not go on with this record")


def test_a_check_that_fails_is_a_line(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the others are made all the same."""

    def broken(_case: object) -> Iterator[Sign]:
        raise InputError("the policy of the record cannot be read")

    monkeypatch.setattr(doctor, "_witnesses", broken)
    found = looked(case)
    assert found["witnesses"] == Sign("witnesses", WRONG, "the policy of the record cannot be read")
    assert found["record"].state == WELL


# -- on PostgreSQL ---------------------------------------------------------------------------------------------------


def test_a_case_on_a_server() -> None:
    """The server, its clock, its durability, and whether GIS people find anything."""
    here = cluster()
    where = here.url(here.database())
    desk.demo_case(where).close()
    found = looked(where)
    assert found["disk"].said.startswith("PostgreSQL ")
    assert {found[name].state for name in ("store", "disk", "line", "memory", "database clock", "record")} == {WELL}
    assert found["postgis"].state in (WELL, LOOK)
    assert looked(where, now=int(time.time()) - 3600)["database clock"].state == WRONG


def test_a_server_without_room_for_the_service() -> None:
    """Made before the service was: the owner has to run one command."""
    here = cluster()
    name = here.database()
    desk.demo_case(here.url(name)).close()
    here.sql("drop schema truceline_service cascade", database=name, role=OWNER)
    assert looked(here.url(name))["memory"].state == WRONG


def test_a_server_out_of_reach_is_named_without_its_password() -> None:
    """The password does not come back in any line."""
    said = truceline("doctor", "postgresql://truceline:opensesame@127.0.0.1:1/record", code=7)
    assert "wrong  store: " in said.stdout
    assert "opensesame" not in said.stdout + said.stderr


# -- a service -------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_service_that_runs(case: Path) -> None:
    """As a stranger sees it: ready, and each of its own checks."""
    with Served(case, "--no-supervise") as one:
        end = time.monotonic() + 10
        while looked(one.url)["service"].state != WELL and time.monotonic() < end:
            time.sleep(0.1)
        found = looked(one.url)
        assert found["service"] == Sign("service", WELL, "ready")
        assert found["headers"].state == WELL
        assert found["record"].said == "verified"
        assert one.stop() == 0
        assert looked(one.url)["service"].state == WRONG


def test_what_is_no_service(tmp_path: Path) -> None:
    """Another server at that address is told apart."""
    with witness(made(tmp_path)) as one, served(one) as server:
        found = looked(f"http://127.0.0.1:{server.server_port}")["service"]
        assert found.state == WRONG
        assert "no service of ours" in found.said


def test_exit_codes() -> None:
    """The record first, then the settings, then anything else."""
    wrong: Callable[[str], Sign] = lambda name: Sign(name, WRONG, "x")  # noqa: E731  # a name for a short thing
    assert exit_code([Sign("keys", LOOK, "x")]) == 0
    assert exit_code([wrong("disk")]) == 7
    assert exit_code([wrong("disk"), wrong("settings")]) == 3
    assert exit_code([wrong("settings"), wrong("record")]) == 6


def test_python() -> None:
    """The version that runs."""
    assert looked()["python"] == Sign("python", WELL, sys.version.split()[0])
