"""`truceline serve`, as a host runs it: begun, killed, stopped, and refused."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.answers import SCHEMAS
from tests.cli_table import truceline
from tests.test_cli import truceline as in_process_of_its_own
from tests.web.asking import WAIT_S, Served
from truceline import desk


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small case; it is copied."""
    path = tmp_path_factory.mktemp("serve") / "case"
    desk.demo_case(path).close()
    return path


@pytest.fixture
def another(folder: Path, tmp_path: Path) -> Path:
    """A case that nobody serves."""
    return Path(shutil.copytree(folder, tmp_path / "another"))


@pytest.fixture(scope="module")
def served(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service of the module."""
    with Served(shutil.copytree(folder, tmp_path_factory.mktemp("served") / "case")) as one:
        yield one


def ready(served: Served, within_s: float = WAIT_S) -> httpx.Response:
    """The answer of a service that is, or is again, ready."""
    end, found = time.monotonic() + within_s, None
    while time.monotonic() < end:
        try:
            found = httpx.get(f"{served.url}/health/ready", timeout=WAIT_S)
            if found.status_code == 200:
                return found
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"not ready: {found and found.text}")


def test_it_answers_and_says_where(served: Served) -> None:
    """One line of JSON each time it begins, and nothing else on standard output."""
    assert ready(served).json()["ready"] is True
    schema = Draft202012Validator(json.loads((SCHEMAS / "serve.schema.json").read_text()))
    for line in served.lines:
        schema.validate(json.loads(line))
    assert served.lines


def test_the_log_is_lines_of_json(served: Served) -> None:
    """Every line of standard error, from the first on."""
    httpx.get(f"{served.url}/nowhere?where=secret", timeout=WAIT_S)
    end = time.monotonic() + WAIT_S
    while not any('"status":404' in line for line in served.said) and time.monotonic() < end:
        time.sleep(0.02)
    told = [json.loads(line) for line in served.said]
    assert told[0]["event"] == "started"
    assert all(one["timestamp"] and one["level"] for one in told)
    assert "secret" not in "".join(served.said)


def test_it_returns_by_itself(served: Served) -> None:
    """The service is killed, its supervisor starts it again, at the same address."""
    ready(served)
    before = json.loads(served.lines[-1])
    os.kill(before["pid"], signal.SIGKILL)
    end = time.monotonic() + WAIT_S
    while json.loads(served.lines[-1]) == before and time.monotonic() < end:
        time.sleep(0.05)
    after = json.loads(served.lines[-1])
    assert after["url"] == before["url"]
    assert after["pid"] != before["pid"]
    assert ready(served).status_code == 200
    assert any('"died"' in line for line in served.said)


@pytest.mark.parametrize(
    ("how", "options"), [(signal.SIGTERM, ()), (signal.SIGINT, ("--no-supervise",))], ids=["supervised", "alone"]
)
def test_it_ends_in_good_order(another: Path, how: signal.Signals, options: tuple[str, ...]) -> None:
    """Exit code 0, everything let go of: the next one can begin at once."""
    with Served(another, *options) as one:
        ready(one)
        one.process.send_signal(how)
        assert one.process.wait(WAIT_S) == 0
        one.close()
        assert [json.loads(line)["event"] for line in one.said][-2:] == ["stopping", "stopped"]


def test_without_a_supervisor_a_death_is_the_end(another: Path) -> None:
    """Where something else starts it again, such as systemd."""
    with Served(another, "--no-supervise") as one:
        assert json.loads(one.lines[-1])["pid"] == one.process.pid
        os.kill(one.process.pid, signal.SIGKILL)
        assert one.process.wait(WAIT_S) == -signal.SIGKILL


def test_what_is_refused(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line each, with the documented exit code."""
    settings = tmp_path / "settings.toml"
    settings.write_text("prot = 1\n")
    alone = ("serve", "--port", 0, "--no-supervise", "--store")
    assert "no such setting" in truceline(*alone, folder, "--settings", settings, code=3).stderr
    assert "not a case folder" in truceline(*alone, tmp_path, code=7).stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = truceline("serve", "--store", folder, "--port", port, "--no-supervise", code=7)
        assert f"127.0.0.1:{port}: cannot be listened on" in found.stderr
    assert "--store" in truceline("serve", code=2).stderr
    monkeypatch.setenv("TRUCELINE_SERVICE_PROT", "1")
    assert "no such setting" in truceline(*alone, folder, code=3).stderr


def test_a_supervisor_does_not_try_again_what_cannot_be_cured(tmp_path: Path) -> None:
    """The same line and the same exit code, once."""
    settings = tmp_path / "settings.toml"
    settings.write_text("prot = 1\n")
    found = in_process_of_its_own("serve", "--store", tmp_path, "--settings", settings, code=3)
    assert found.stderr.count("no such setting") == 1
    assert "given up" in found.stderr


def test_a_password_in_a_url_is_not_repeated() -> None:
    """A server that is not there is named without it."""
    where = "postgresql://truceline:opensesame@127.0.0.1:1/record"
    found = truceline("serve", "--store", where, "--port", 0, "--no-supervise", code=7)
    assert "opensesame" not in found.stdout + found.stderr
