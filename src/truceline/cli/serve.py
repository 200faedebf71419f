"""Command that runs the service of a case."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from truceline.cli.show import Json, say

if TYPE_CHECKING:
    from truceline.desk.settings import Settings

Store = Annotated[str, typer.Option("--store", help="The case: a folder, or postgresql://role@host/database.")]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="Settings (TOML); the environment goes over them.")
]


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(serve)


def serve(  # noqa: PLR0917  # the signature is the command line
    store: Store,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "",
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port; 0 = a free one.")] = None,
    settings: SettingsFile = None,
    no_supervise: Annotated[
        bool, typer.Option("--no-supervise", help="End when the service dies, instead of starting it again.")
    ] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="Let whoever comes take every role: for a demonstration, and no other case.")
    ] = False,
    leashed: Annotated[bool, typer.Option("--leashed", hidden=True, help="Be the service of a supervisor.")] = False,
    as_json: Json = False,
) -> None:
    """Serve a case over HTTP to everybody whom it concerns, until stopped."""
    if no_supervise or leashed:
        _run(store, settings_of(settings, host, port, is_demo=demo), as_json, is_leashed=leashed)
        return
    from truceline.web.supervisor import Supervisor

    raise typer.Exit(Supervisor([sys.executable, "-m", "truceline.cli", *sys.argv[1:], "--leashed"]).run())


def settings_of(path: Path | None, host: str = "", port: int | None = None, *, is_demo: bool = False) -> Settings:
    """The settings by file, environment and options, the later over the earlier."""
    import msgspec

    from truceline.desk.settings import read_settings

    known = read_settings(path, os.environ)
    known = msgspec.structs.replace(known, host=host) if host else known
    known = msgspec.structs.replace(known, demo=True) if is_demo else known
    return known if port is None else msgspec.structs.replace(known, port=port)


def demonstrate(store: str, port: int, as_json: bool) -> None:
    """Serve a demonstration on this machine until stopped; a port that is taken is replaced by a free one."""
    from truceline.desk.settings import Settings
    from truceline.errors import StoreError
    from truceline.web.running import listening, run, url_of

    settings = Settings(port=port, demo=True, log_level="warning")
    try:
        line = listening(settings)
    except StoreError:
        line = listening(Settings(port=0))
    url = url_of(line)
    run(store, settings, line, lambda: say(as_json, f"Open {url}  (Ctrl-C stops)"))


def _run(store: str, settings: Settings, as_json: bool, *, is_leashed: bool) -> None:
    """Serve in this process."""
    import msgspec

    from truceline.web.running import listening, run, url_of
    from truceline.web.supervisor import Policy, met

    policy = Policy(settings.drain_s, settings.most_restarts, settings.restart_window_s)
    line = met(policy, lambda: listening(settings)) if is_leashed else listening(settings)
    url = url_of(line)

    def announce() -> None:
        if as_json:
            print(msgspec.json.encode({"pid": os.getpid(), "url": url}).decode(), flush=True)
        else:
            say(False, f"Serving at {url}  (Ctrl-C stops)")

    run(store, settings, line, announce)
