"""Commands of those who watch a record: a witness that cosigns, a mirror that follows."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from truceline.cli.send import Key as RequestKey
from truceline.cli.show import Json, emit, printable, say, told

if TYPE_CHECKING:
    from truceline.errors import TrucelineError
    from truceline.witness.mirror import Mirrored

witness_app = typer.Typer(
    help="Watch logs: sign that each only ever grew, and keep what proves that one did not.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Key = Annotated[Path, typer.Argument(help="File of the witness's key.")]
State = Annotated[Path, typer.Argument(help="Folder of what it has seen: belongs to the key, for good.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(witness_app, name="witness")
    app.command()(mirror)


@witness_app.command("new")
def witness_new(
    key: Key,
    state: State,
    name: Annotated[str, typer.Option("--name", help="Its name for good, such as witness.example/w1.")],
    as_json: Json = False,
) -> None:
    """Make the key of a witness and the state that belongs to it."""
    from truceline.desk.keyring import random_bytes
    from truceline.witness.cosign import new_witness

    made = new_witness(key, state, name, random_bytes)
    vkey = made.signer.verifier.vkey
    emit({"key": str(key), "state": str(state), "vkey": vkey}) if as_json else print(vkey)


@witness_app.command("serve")
def witness_serve(  # noqa: PLR0917  # the signature is the command line
    key: Key,
    state: State,
    logs: Annotated[Path, typer.Option("--logs", help="The logs to watch (C2SP tlog-policy).")],
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 = a free one.")] = 8080,
    as_json: Json = False,
) -> None:
    """Cosign over HTTP (C2SP tlog-witness) until stopped."""
    from truceline.witness.serve import Config, serve

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config = Config(key, state, logs)

    def announce(url: str) -> None:
        if as_json:
            emit({"url": url})
            sys.stdout.flush()
        else:
            say(False, f"Witness at {url}  (Ctrl-C stops)")

    serve(config, host, port, announce)


@witness_app.command("evidence")
def witness_evidence(
    state: State,
    out: Annotated[Path, typer.Option("--out", help="Folder for the evidence.")],
    as_json: Json = False,
) -> None:
    """Write every fork it caught to a file that anybody can check."""
    from truceline.witness.cosign import export_forks
    from truceline.witness.state import forks_in

    files = [str(path) for path in export_forks(forks_in(state), out)]
    emit({"files": files}) if as_json else print("\n".join(files) or "nothing was caught")


@witness_app.command("compare")
def witness_compare(
    notes: Annotated[list[Path], typer.Argument(help="Checkpoints that witnesses, mirrors or readers hold: files.")],
    policy: Annotated[Path, typer.Option("--policy", help="Whose logs these are (C2SP tlog-policy).")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the evidence, made when there is any.")],
    as_json: Json = False,
) -> None:
    """Lay checkpoints of several holders side by side; two roots of one size are a fork, and written as evidence."""
    from truceline.desk import read_bytes
    from truceline.record.note import MOST_BYTES
    from truceline.record.policy import read_policy
    from truceline.witness.cosign import export_forks
    from truceline.witness.rules import compare

    logs = [log for log, _ in read_policy(read_bytes(policy), policy.name).logs]
    found = compare({str(path): read_bytes(path, MOST_BYTES) for path in notes}, logs)
    files = [str(path) for path in export_forks(found.forks, out)] if found.forks else []
    over = [{"file": name, "why": why} for name, why in sorted(found.passed_over.items())]
    if as_json:
        emit({"compared": found.count, "not_compared": over, "files": files})
    else:
        print(f"compared: {found.count} checkpoints, each with others of its size")
        for one in over:
            print(printable(f"NOT COMPARED: {one['file']}: {one['why']}"))
        print("\n".join(printable(f"FORK: {file}") for file in files) or "no fork was found")
    if files:
        raise typer.Exit(6)


def mirror(  # noqa: PLR0917  # the signature is the command line
    source: Annotated[str, typer.Argument(help="URL of static tiles, or a folder of them.")],
    folder: Annotated[Path, typer.Argument(help="The mirror's own folder.")],
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Whose log it is, and who cosigns (C2SP tlog-policy).")
    ] = None,
    every: Annotated[float, typer.Option("--every", min=0, help="Go on, looking again after so many seconds.")] = 0,
    files: Annotated[
        bool, typer.Option("--files", help="With --key: fetch earlier checkpoints and files, to compute again, too.")
    ] = False,
    key: RequestKey = None,
    as_json: Json = False,
) -> None:
    """Follow a record and verify all of it on the way in; keep the evidence of what does not hold."""
    import time

    from truceline.desk import read_bytes
    from truceline.desk.client import Remote
    from truceline.desk.mirroring import complete
    from truceline.desk.signing import read_key_file
    from truceline.errors import InputError
    from truceline.record.policy import read_policy
    from truceline.witness.fetch import Fetch
    from truceline.witness.mirror import first_policy, follow
    from truceline.witness.mirror import mirror as mirrored

    remote = None if key is None else Remote(source, read_key_file(key))
    if files and remote is None:
        raise InputError("`--files`: expected `--key` with it: files are given to those who may read them")
    fetch: str | Fetch = source if remote is None else remote
    believed = read_policy(read_bytes(policy), policy.name) if policy else first_policy(fetch, folder)
    if policy is None:
        say(as_json, f"believing the key in {folder / 'policy'}, taken from the log itself: compare it with its host's")
    with told(as_json) as tell:

        def once() -> Mirrored:
            made = mirrored(fetch, folder, believed, now=lambda: int(time.time()), tell=tell)
            if files and remote is not None:
                complete(folder, remote, tell)
            return made

        if every:
            follow(once, every_s=every, sleep=time.sleep, said=lambda outcome: _said(outcome, as_json))
        else:
            _said(once(), as_json)


def _said(outcome: Mirrored | TrucelineError, as_json: bool) -> None:
    from truceline.errors import TrucelineError

    if isinstance(outcome, TrucelineError):
        print(outcome, file=sys.stderr, flush=True)
        return
    if as_json:
        emit({
            "origin": outcome.origin, "size": outcome.size, "before": outcome.before,
            "witnesses": [{"name": name, "at": at} for name, at in sorted(outcome.times.items())],
        })  # fmt: skip
        return
    seen = f"; cosigned by {', '.join(sorted(outcome.times))}" if outcome.times else ""
    new = outcome.size - outcome.before
    print(f"{outcome.origin}: {outcome.size} entries, {new} of them new{seen}", flush=True)
