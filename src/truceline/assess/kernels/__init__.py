"""Which engine computes: loops compiled by numba, or arrays of numpy and shapely? Both give the same bytes.

The other modules of this package hold the compiled loops and import numba when they are imported; so nobody imports
them but through `is_compiled`, and a command on a small case never waits for a compiler.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from truceline.errors import InputError, quoted

ENGINES = ("auto", "numba", "numpy")
SMALL = 20_000
"""Fewer rows than this are not worth a compiler: `auto` takes numpy."""

PATIENCE_S = 1.5
_noted = False


def engine_asked() -> str:
    """The engine that `TRUCELINE_ENGINE` asks for; `auto` when it says nothing.

    Raises:
        InputError: it asks for an engine that does not exist.
    """
    asked = os.environ.get("TRUCELINE_ENGINE", "auto") or "auto"
    if asked not in ENGINES:
        raise InputError(f"`TRUCELINE_ENGINE`: expected one of {', '.join(ENGINES)}, got {quoted(asked)}")
    return asked


def is_compiled(rows: int, engine: str = "auto") -> bool:
    """Whether the compiled loops do the work.

    Args:
        rows: how many rows there are to judge.
        engine: `numba`, `numpy`, or `auto`: what the environment asks for, else numba where it is there, for many rows
            or once it is at work in this process.

    Raises:
        InputError: numba is asked for and is not installed.
    """
    chosen = engine_asked() if engine == "auto" else engine
    there = _is_there()
    if chosen == "numba" and not there:
        raise InputError("the engine `numba` is asked for and not installed: pip install truceline[fast]")
    is_warm = f"{__name__}.asking" in sys.modules
    return chosen == "numba" or (chosen == "auto" and there and (rows >= SMALL or is_warm))


def take_up(rows: int) -> None:
    """Load the compiled loops where so many rows are at hand, of which a few will be asked again and again.

    Args:
        rows: how many rows there are.
    """
    if is_compiled(rows):
        with patience():
            import_module(f"{__name__}.asking")


@cache
def _is_there() -> bool:
    """Whether numba is installed: looking for it on the disk takes longer than judging one report."""
    return find_spec("numba") is not None


@contextmanager
def patience(what: str = "compiling the kernels, once on this machine: about half a minute") -> Iterator[None]:
    """Say on standard error what takes so long, if it does; once in a process."""
    global _noted  # noqa: PLW0603  # one remark per process, whoever makes it
    timer = threading.Timer(PATIENCE_S, lambda: print(what, file=sys.stderr, flush=True))
    timer.daemon = True
    if not _noted:
        timer.start()
    _noted = True
    try:
        yield
    finally:
        timer.cancel()
