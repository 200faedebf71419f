"""Machines of several parties, each a process of its own: it has its own keys, and runs one command after another.

One process imports the program and forks a new one for whoever asks on its socket, which saves a second for each.
Commands come as lines of JSON, answers go back. The clock of all is a file that the test moves, so that no test waits
for a deadline. Run as `python -m tests.exchange.machine CLOCK SOCKET`.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TextIO, cast

from tests.exchange import cheats
from truceline.cli import main
from truceline.desk import exchanging, records, statements

LOADED = (exchanging, records, statements)


def run(argv: list[str]) -> tuple[int, str, str]:
    """Run a command of the program; its exit code, output and errors."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    sys.argv = ["truceline", *argv]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as left:
        code = int(left.code or 0)
    return code, out.getvalue(), err.getvalue()


def cheat(name: str, given: dict[str, object]) -> tuple[int, str, str]:
    """Run a program of a cheat instead: what no command of ours does."""
    getattr(cheats, name)(**given)
    return 0, "", ""


def machine(line: TextIO) -> None:
    """Be a machine: say which process it is, learn whose it is, and run commands until the line ends."""
    hello = json.loads(line.readline())
    os.environ["TRUCELINE_CONFIG"] = hello["config"]
    print(os.getpid(), file=line, flush=True)
    if "argv" in hello:  # one command, until it is stopped
        sys.argv, sys.stdout = ["truceline", *hello["argv"]], line
        main()
        return
    for text in line:
        asked = json.loads(text)
        done = cheat(asked["cheat"], asked["given"]) if "cheat" in asked else run(asked["argv"])
        print(json.dumps(done), file=line, flush=True)


def serve(path: str) -> None:
    """Fork a machine for whoever asks, until stopped."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        print("ready", flush=True)
        while True:
            asked, _ = server.accept()
            if os.fork() == 0:
                server.close()
                code = 1
                try:
                    machine(cast(TextIO, asked.makefile("rw", encoding="utf-8")))
                    code = 0
                finally:
                    os._exit(code)
            asked.close()


if __name__ == "__main__":
    clock = Path(sys.argv[1])
    time.time = lambda: float(clock.read_text())
    serve(sys.argv[2])
