"""Do the walls stand that a child needs which reads files of strangers? Asked of this machine, and told where not.

A kernel may refuse some of them, and so may the walls around the service itself: a unit or a container that lets the
service do too little takes from its children what would shut them off.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from pathlib import Path

from truceline.desk import childseal
from truceline.desk.childseal import FILES, NETWORK, WALLS
from truceline.errors import StoreError

LOST = {
    NETWORK: "it has the network of the service (unshare of user, net, ipc and uts)",
    FILES: "it can read what the service can read (Landlock)",
}
"""What a child has where a wall is missing, and what the kernel was asked for."""

_TRY = "import pathlib, runpy; print(*runpy.run_path({path!r})['walls_up'](pathlib.Path.cwd()))"
_LONGEST_S = 30.0
_told: set[tuple[str, ...]] = set()


def walls_here() -> tuple[str, ...]:
    """The walls that this machine gives to a child of this process: one is started, and looks at nothing.

    Raises:
        StoreError: no child can be started.
    """
    script = _TRY.format(path=str(Path(childseal.__file__)))
    with tempfile.TemporaryDirectory(prefix="truceline-child-") as room:
        try:
            done = subprocess.run(  # noqa: S603  # our own interpreter and file
                [sys.executable, "-I", "-B", "-c", script], cwd=room, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, timeout=_LONGEST_S, check=True,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            raise StoreError("no process can be started to read a file") from None
    return tuple(done.stdout.split())


def missing(walls: tuple[str, ...]) -> str:
    """What a child has that it should not, in one line; empty = every wall stands."""
    return "; ".join(LOST.get(one, one) for one in WALLS if one not in walls)


def tell(walls: tuple[str, ...]) -> None:
    """Write to the log, once, what a child has that it should not."""
    lost = missing(walls)
    if lost and walls not in _told:
        _told.add(walls)
        logging.getLogger(__name__).warning("a child that reads files of strangers is not shut off: %s", lost)
