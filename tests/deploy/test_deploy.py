"""What a host is given to run the service: files that fit each other and the program, and steps that work.

No container engine is needed: the steps of the Containerfile are run in a clean folder, in an environment of their own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
import yaml
from typer.main import get_command

from tests.conftest import ROOT
from tests.deploy.containerfile import Stage, read
from tests.store.cluster import Cluster, absent
from truceline.cli import app
from truceline.desk.settings import PREFIX, Settings, read_settings

DEPLOY = ROOT / "deploy"
STAGES = read(DEPLOY / "Containerfile")
BUILD, FINAL = STAGES
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
UNIT = (DEPLOY / "truceline.service").read_text(encoding="utf-8")
PORT = str(Settings().port)
HOME = "/var/lib/truceline"


def options_of(words: list[str]) -> None:
    """Refuse a command line that the program does not know; nothing of it is run."""
    command: Any = get_command(app)
    assert words[0] != "truceline"
    with command.make_context("truceline", list(words), resilient_parsing=False) as context:
        name, found, rest = command.resolve_command(context, words)
        while hasattr(found, "commands"):
            name, found, rest = found.resolve_command(context, rest)
        found.make_context(name, rest, parent=context).close()


# -- the Containerfile -----------------------------------------------------------------------------------------------


def test_nothing_runs_as_root() -> None:
    """From the first to the last process, and the user has a number: an orchestrator can check that."""
    assert FINAL.last("USER") == "10001:10001"
    kinds = [kind for kind, _ in FINAL.steps]
    assert kinds.index("USER") > max(i for i, kind in enumerate(kinds) if kind in ("RUN", "COPY"))


def test_two_stages_and_only_what_runs() -> None:
    """What builds stays behind; nothing is fetched but by hash."""
    assert [stage.name for stage in STAGES] == ["build", ""]
    assert FINAL.all("COPY") == ["--from=build /opt/truceline /opt/truceline"]
    assert not any(stage.all("ADD") for stage in STAGES)
    pips = [said for said in BUILD.all("RUN") if " install " in said]
    assert all("--require-hashes" in said or "--no-deps" in said for said in pips)
    assert all(image.startswith("docker.io/library/python:3.11-slim") for image in {one.image for one in STAGES})


def test_what_is_copied_is_there_and_let_through() -> None:
    """Each source lies in the checkout, and the list of what is ignored lets it pass."""
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[0] == "*"
    for said in BUILD.all("COPY"):
        for source in said.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in ignored, source


def test_the_container_says_how_it_is() -> None:
    """Port, health and command are those of the program."""
    assert FINAL.last("EXPOSE") == PORT
    assert f"127.0.0.1:{PORT}/health/live" in FINAL.last("HEALTHCHECK")
    assert FINAL.command("ENTRYPOINT") == ["truceline"]
    options_of(FINAL.command("CMD"))
    assert FINAL.last("STOPSIGNAL") == "SIGTERM"
    assert FINAL.environment["HOME"] == HOME
    assert FINAL.command("VOLUME") == [HOME]


def test_the_lock_of_the_container_is_that_of_the_project() -> None:
    """The same versions and the same hashes: what was tested is what runs."""

    def pins(path: Path) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for block in re.split(r"\n(?=\S)", path.read_text(encoding="utf-8")):
            if "==" in block.split("\n")[0]:
                found[block.split()[0]] = set(re.findall(r"sha256:[0-9a-f]{64}", block))
        return found

    ours, theirs = pins(DEPLOY / "requirements.lock"), pins(ROOT / "requirements.lock")
    assert {name: hashes for name, hashes in ours.items() if theirs.get(name) != hashes} == {}
    names = {one.split("==")[0] for one in ours}
    assert {"fastapi", "uvicorn", "psycopg", "numba", "pyogrio", "hatchling"} <= names
    assert not {"pytest", "playwright", "schemathesis", "ruff"} & names


# -- compose ---------------------------------------------------------------------------------------------------------


def test_services_are_hardened() -> None:
    """No capability, no new privileges; what is ours cannot write to its own root."""
    for name, one in COMPOSE["services"].items():
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        if name != "database":
            assert one["read_only"] is True, name
            assert "privileged" not in one, name


def test_names_in_the_environment_are_settings() -> None:
    """A setting that nobody knows would stop the service; here it stops the test."""
    known = {one.name for one in msgspec.structs.fields(Settings)}
    env = COMPOSE["services"]["service"]["environment"]
    ours = {name.removeprefix(PREFIX).lower(): value for name, value in env.items() if name.startswith(PREFIX)}
    assert ours
    assert set(ours) <= known
    given = {"TRUCELINE_ORIGIN": "https://case.example"}
    filled = {PREFIX + name.upper(): _filled(value, given) for name, value in ours.items()}
    found = read_settings(None, filled)
    assert found.origin == "https://case.example"
    gateway = COMPOSE["networks"]["outside"]["ipam"]["config"][0]["subnet"].replace(".0/24", ".1")
    assert found.proxies == (gateway,)
    with pytest.raises(KeyError):
        _filled(ours["origin"], {})


def _filled(text: str, env: dict[str, str]) -> str:
    """A value of the compose file with its variables."""

    def one(found: re.Match[str]) -> str:
        name, how, other = found.groups()
        return env[name] if how == ":?" else env.get(name, other)

    return re.sub(r"\$\{(\w+)(:[-?])([^}]*)\}", one, text)


def test_secrets_come_from_files_and_stand_nowhere() -> None:
    """Each that is used is declared, and no value looks like one."""
    declared = set(COMPOSE["secrets"])
    used = {name for one in COMPOSE["services"].values() for name in one.get("secrets", ())}
    assert used == declared
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}
    assert "secrets/" in (DEPLOY / ".gitignore").read_text(encoding="utf-8").split()
    for name, one in COMPOSE["services"].items():
        role = one.get("environment", {}).get("ROLE")
        assert role is None or f"{role}_password" in one["secrets"], name
        assert not re.search(r"//[^/@\s]+:[^/@\s]+@", yaml.dump(one)), name


def test_the_database_is_reached_from_inside_only() -> None:
    """No port of it is published, and its network leads nowhere else."""
    database = COMPOSE["services"]["database"]
    assert "ports" not in database
    assert database["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for one in COMPOSE["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in one.get("ports", ()))


def test_commands_are_those_of_the_program() -> None:
    """Every command line is one that the program knows, at the port that is published."""
    services = COMPOSE["services"]
    service = services["service"]
    options_of(service["command"])
    assert service["ports"] == [f"127.0.0.1:{PORT}:{FINAL.last('EXPOSE')}"]
    assert service["entrypoint"][-1] == FINAL.command("ENTRYPOINT")[0]
    options_of(services["witness"]["command"])
    assert "8080" in services["witness"]["command"]
    assert services["witness"]["ports"] == ["127.0.0.1:8080:8080"]
    assert services["tables"]["command"][:3] == ["python", "-m", "truceline.store.server"]


def test_mounted_files_are_there() -> None:
    """What is mounted from beside the file lies beside the file, or is the host's own."""
    for one in COMPOSE["services"].values():
        for mount in one.get("volumes", ()):
            source = mount.split(":")[0]
            if source.startswith("./") and source != "./logs.policy":
                assert (DEPLOY / source).is_file(), source
            elif not source.startswith("./"):
                assert source in COMPOSE["volumes"], source


# -- systemd, settings, proxy ----------------------------------------------------------------------------------------


def test_the_unit_is_what_systemd_takes(tmp_path: Path) -> None:
    """Every line is known to systemd, and little is left open to the service."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    program = Path(sys.executable).parent / "truceline"
    unit = tmp_path / "truceline.service"
    text = UNIT.replace("/opt/truceline/bin/truceline", str(program)).replace("=truceline\nGroup=truceline", "=daemon")
    unit.write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", str(unit)], capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert (done.returncode, [line for line in done.stderr.splitlines() if "truceline.service" in line]) == (0, [])
    open_ = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)], capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert open_.returncode == 0, open_.stdout[-400:]


def test_the_unit_leaves_a_child_its_walls() -> None:
    """A filter around the service that refuses name spaces or Landlock would open what its children shut."""
    lines = re.findall(r"^(\w+)=(.*)$", UNIT, re.MULTILINE)
    (spaces,) = (value.split() for name, value in lines if name == "RestrictNamespaces")
    assert set(spaces) == {"user", "net", "ipc", "uts"}
    filters = [value.split() for name, value in lines if name == "SystemCallFilter"]
    allowed = {one for words in filters if not words[0].startswith("~") for one in words}
    assert allowed >= {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"}
    assert not any("@resources" in word for words in filters for word in words), "a child sets limits of its own"


def test_the_unit_runs_the_program() -> None:
    """Its command lines are those of the program; the time to stop is longer than the service takes."""
    lines = dict(re.findall(r"^(\w+)=(.*)$", UNIT, re.MULTILINE))
    for name in ("ExecStart", "ExecStartPre"):
        words = lines[name].removeprefix("-").split()
        assert words[0] == "/opt/truceline/bin/truceline"
        options_of(words[1:])
    assert float(lines["TimeoutStopSec"]) > Settings().drain_s + 15
    assert lines["Restart"] == "always"
    assert lines["ProtectSystem"] == "strict"


def test_the_settings_are_settings() -> None:
    """The example is read as it stands."""
    path = DEPLOY / "settings.example.toml"
    found = read_settings(path, {})
    assert found.is_https
    assert set(tomllib.loads(path.read_text(encoding="utf-8"))) <= {
        one.name for one in msgspec.structs.fields(Settings)
    }


def test_the_proxy_fits_the_service() -> None:
    """Where it passes requests to, how large a file may be, and that nobody reads the metrics through it."""
    text = (DEPLOY / "proxy.example.conf").read_text(encoding="utf-8")
    found = read_settings(DEPLOY / "settings.example.toml", {})
    assert f"proxy_pass http://{found.host}:{found.port};" in text
    size = int(re.findall(r"client_max_body_size (\d+)m;", text)[0]) * 1024 * 1024
    assert size >= found.most_upload
    assert "location = /metrics { return 404; }" in text
    assert "access_log off;" in text
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text  # what a client says of itself is not passed on


# -- the steps, in a clean root --------------------------------------------------------------------------------------


def python() -> tuple[str, int | None]:
    """A Python of this version, and the user to run it as: another than us, where we may and it may."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    system = Path("/usr/bin") / version
    if os.getuid() == 0 and system.exists():
        done = subprocess.run([str(system), "-c", "import ensurepip"], capture_output=True, check=False)
        if done.returncode == 0:
            return str(system), 10001
    return sys.executable, None


class Root:
    """A clean folder in the place of a container's root."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        """Nothing is in it."""
        self.folder, self.env = folder, {"PATH": "/usr/bin:/bin", "HOME": str(folder / "home"), "LANG": "C.UTF-8"}
        self.env.update(stage.environment)
        for name in ("src", "opt", "tmp", "home"):
            (folder / name).mkdir(parents=True)

    def moved(self, text: str) -> str:
        """A step with its paths in this folder, by a Python of this machine."""
        text = re.sub(r"(?<![\w.])/(opt|tmp)/", rf"{self.folder}/\1/", text)
        return re.sub(r"^python ", f"{python()[0]} ", text)

    def copy(self, said: str) -> None:
        """Copy what a step names from the checkout."""
        *sources, target = said.split()
        for source in sources:
            to = self.folder / "src" / target
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                to = to / Path(source).name if target.endswith("/") else to
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, to)

    def run(self, said: str, timeout_s: float = 900) -> str:
        """Run a step as a container would: in the working folder, with the environment of the stage only."""
        done = subprocess.run(
            ["/bin/sh", "-euc", self.moved(said)], cwd=self.folder / "src", env=self.env, capture_output=True,
            text=True, check=False, timeout=timeout_s,
        )  # fmt: skip
        assert done.returncode == 0, (said, done.stdout[-800:], done.stderr[-800:])
        return done.stdout


def built(root: Root, *, is_whole: bool) -> None:
    """Take the steps of the first stage; unless the whole is wanted, packages are those of this environment."""
    for kind, said in BUILD.steps:
        if kind == "COPY":
            root.copy(said)
        elif kind == "RUN" and "--require-hashes" in said and not is_whole:
            site = next((root.folder / "opt").glob("truceline/lib/python*/site-packages"))
            ours = Path(yaml.__file__).parents[1]
            (site / "borrowed.pth").write_text(f"{ours}\n")
        elif kind == "RUN" and (is_whole or "truceline run" not in said):
            root.run(said)


@contextmanager
def served(root: Root, words: list[str], home: Path) -> Iterator[str]:
    """The command of the container, as a user who may write to one folder only."""
    user = python()[1]
    env = {**root.env, "HOME": str(home), "TRUCELINE_CONFIG": str(home / "config"), "NUMBA_CACHE_DIR": str(home)}
    program = root.folder / "opt" / "truceline" / "bin" / "truceline"
    log = (home.parent / "log").open("w")
    process = subprocess.Popen(
        [str(program), *words], cwd=home, env=env, user=user, group=user, extra_groups=[] if user else None,
        stdout=subprocess.PIPE, stderr=log, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    with log, process.stdout:
        try:
            line = process.stdout.readline()
            assert line, (home.parent / "log").read_text()[-800:]
            yield json.loads(line)["url"]
        finally:
            process.terminate()
            code = process.wait(60)
    assert code == 0


def asked(url: str) -> dict[str, Any]:
    """What a service says of itself once it is ready."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = httpx.get(f"{url}health/ready", timeout=30)
        if found.status_code == 200:
            told: dict[str, Any] = found.json()
            return told
        time.sleep(0.1)
    raise AssertionError(found.text)


@contextmanager
def open_way(folder: Path) -> Iterator[None]:
    """Let others pass to a folder of the tests, as they pass to the root of a container."""
    closed = {path: path.stat().st_mode for path in (folder, *folder.parents) if not path.stat().st_mode & 0o001}
    for path, mode in closed.items():
        path.chmod(mode | 0o011)
    yield
    for path, mode in closed.items():
        path.chmod(mode)


def try_container(folder: Path, *, is_whole: bool) -> None:
    """Build, make a case, serve it, ask it, stop it: as another user, who owns nothing but the volume."""
    root = Root(folder / "root", BUILD)
    built(root, is_whole=is_whole)
    root.env.update(FINAL.environment)
    root.env["PATH"] = f"{root.folder}/opt/truceline/bin:/usr/bin:/bin"
    home = folder / "volume"
    home.mkdir(mode=0o700)
    making = "import pathlib, sys; from truceline import desk; desk.demo_case(pathlib.Path(sys.argv[1])).close()"
    program = root.folder / "opt" / "truceline" / "bin" / "python"
    subprocess.run([str(program), "-c", making, str(home / "case")], cwd=folder, env=root.env, check=True, timeout=120)
    user = python()[1]
    if user is not None:
        for path in (home, *home.rglob("*")):
            os.chown(path, user, user)
    words = [one.replace(HOME, str(home)) for one in FINAL.command("CMD")]
    with open_way(folder), served(root, [*words, "--port", "0", "--json"], home) as url:
        assert asked(url.replace("0.0.0.0", "127.0.0.1"))["ready"] is True  # noqa: S104  # where a container listens
    assert (home / "case" / "service" / "state.sqlite").stat().st_mode & 0o077 == 0


@pytest.mark.long
def test_the_steps_work_in_a_clean_root(tmp_path: Path) -> None:
    """What the Containerfile copies is enough to build from, and what it builds runs; packages are borrowed."""
    try_container(tmp_path, is_whole=False)


@pytest.mark.long
def test_all_steps_work_in_a_clean_root(tmp_path: Path) -> None:
    """With every package by its hash, and the shipped case once through."""
    try_container(tmp_path, is_whole=True)


@pytest.mark.long
def test_the_installer_works_in_a_clean_root(tmp_path: Path) -> None:
    """Twice, the second time as an update: settings that somebody changed stay, and what it installs runs."""
    root = tmp_path / "root"
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "DESTDIR": str(root), "PYTHON": python()[0]}
    for _ in range(2):
        done = subprocess.run(
            ["/bin/sh", str(DEPLOY / "install.sh")], env=env, capture_output=True, text=True, check=False, timeout=900
        )
        assert done.returncode == 0, done.stderr[-800:]
        settings = root / "etc" / "truceline" / "settings.toml"
        assert "case.example" in settings.read_text() or "mine.example" in settings.read_text()
        settings.write_text('origin = "https://mine.example"\n')
    assert "mine.example" in settings.read_text()
    assert (root / "etc" / "systemd" / "system" / "truceline.service").read_text() == UNIT
    program = root / "opt" / "truceline" / "bin" / "truceline"
    told = subprocess.run(
        [str(program), "doctor", "--settings", str(settings)], env=env, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert "well   packages: all there" in told.stdout


def test_the_installer_is_a_script() -> None:
    """A shell of any machine can read it, and it changes nothing below another folder than the one it is told."""
    subprocess.run(["/bin/sh", "-n", str(DEPLOY / "install.sh")], check=True)
    text = (DEPLOY / "install.sh").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith(("install ", "pip ")):
            assert "$root/" in line or "$here" in line, line


class Bare(Cluster):
    """A cluster as the image of the database makes it: passwords are asked for, and nobody is there yet."""

    def __init__(self, room: Path) -> None:
        """Make it and start it."""
        self.room, self._data, self._count = room, room / "data", 0
        if os.getuid() == 0:
            shutil.chown(room, "postgres")
        self._do(
            "initdb",
            "-D",
            str(self._data),
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            "-N",
            "--pwfile",
            str(_password(room)),
        )
        (self._data / "pg_hba.conf").write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        self.start()
        self.sql("create database record")

    def end(self) -> None:
        """Stop it."""
        self._end()


def _password(room: Path) -> Path:
    path = room / "password"
    path.write_text("of-the-administrator\n")
    path.chmod(0o644)
    return path


@pytest.fixture
def bare() -> Iterator[Bare]:
    """A database server that nobody has set up."""
    import tempfile

    if absent():
        pytest.skip(absent())
    if not Path("/usr/share/postgresql/15/extension/postgis.control").exists():
        pytest.skip("no PostGIS here: on Debian apt-get install postgresql-15-postgis-3")
    one = Bare(Path(tempfile.mkdtemp(prefix="truceline-deploy-")))
    yield one
    one.end()


@pytest.mark.long
def test_the_database_is_set_up_by_its_scripts(bare: Bare, tmp_path: Path) -> None:
    """Roles with passwords from files, tables by their owner, and a role that cannot unmake what it adds."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for role in ("truceline_owner", "truceline"):
        (secrets / f"{role}_password").write_text(f"it's :a\\{role}\n")
    env = {
        **os.environ, "SECRETS": str(secrets), "PGHOST": str(bare.room), "POSTGRES_DB": "record",
        "PGPASSFILE": str(tmp_path / "pgpass"), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }  # fmt: skip

    def script(name: str, *words: str, code: int = 0, **more: str) -> str:
        done = subprocess.run(
            ["/bin/sh", str(DEPLOY / "database" / name), *words], env={**env, **more}, capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, done.stderr[-500:]
        return done.stdout + done.stderr

    script("roles.sh")
    url = f"postgresql://{{}}@/record?host={quote(str(bare.room))}"
    tables = COMPOSE["services"]["tables"]["command"]
    words = [url.format("truceline_owner") if one.startswith("postgresql:") else one for one in tables]
    assert "may add to them" in script("with-password.sh", *words, ROLE="truceline_owner")
    assert "may add to them" in script("with-password.sh", *words, ROLE="truceline_owner")  # again, after an update
    assert stat.S_IMODE((tmp_path / "pgpass").stat().st_mode) == 0o600
    making = f"from truceline import desk; desk.demo_case({url.format('truceline')!r}).close()"
    script("with-password.sh", "python", "-c", making, ROLE="truceline")
    told = script("with-password.sh", "truceline", "doctor", url.format("truceline"), ROLE="truceline")
    assert "well   store: " in told
    assert "well   memory: " in told
    assert "well   postgis: " in told
    script("with-password.sh", "truceline", "doctor", url.format("truceline"), ROLE="truceline_owner", code=7)
    assert "it's" not in told
