"""Commands that hand in what was signed, to a case on this machine or to a service; the receipt is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from truceline.cli.show import Json, emit, printable, say

if TYPE_CHECKING:
    from truceline.desk.client import Sent
    from truceline.desk.venue import Venue
    from truceline.errors import TrucelineError

Where = Annotated[str, typer.Argument(help="Case folder, or the address of a service.")]
Key = Annotated[
    Path | None,
    typer.Option("--key", envvar="TRUCELINE_REQUEST_KEY", help="Key file that signs the requests to the service."),
]
Out = Annotated[
    Path | None,
    typer.Option("-o", "--output", help="Write the signed entry here and append nothing: for others to sign."),
]
Receipt = Annotated[Path | None, typer.Option("--receipt", help="Write the receipt to this file.")]
MOST_BATCH = 256


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command()(send)


@contextmanager
def venue(where: str, key: Path | None) -> Iterator[Venue]:
    """The place where something is said, opened; it is let go of at the end."""
    from truceline.desk.signing import read_key_file
    from truceline.desk.venue import venue_at

    opened = venue_at(where, lambda: None if key is None else read_key_file(key))
    try:
        yield opened
    finally:
        opened.close()


def handed_in(where: str, sent: Sent, receipt: Path | None, as_json: bool) -> None:
    """Say what became of a statement; its receipt goes to the file that is named, one of a service is always kept."""
    from truceline.desk.venue import is_service

    if sent.entry is None:
        answer = {"entry": None, "held": sent.held, "leaf": sent.leaf.hex()}
        emit(answer) if as_json else print(f"Held as {sent.held} until a second person has approved it")
        return
    path = receipt or (_kept(sent) if is_service(where) else None)
    if path is not None:
        _write(path, sent.receipt)
    taken = {"entry": sent.entry, "leaf": sent.leaf.hex(), "receipt": sent.receipt.decode()}
    emit(taken) if as_json else print(f"Entry {sent.entry}: {sent.leaf.hex()}")
    if path is not None:
        say(as_json, f"Receipt: {path}: keep it secret, it shows that this was yours")


def _kept(sent: Sent) -> Path:
    """Where the receipt of a service is kept that nobody named a file for."""
    from truceline.desk.keyring import own_folder

    return own_folder("receipts") / f"{sent.leaf.hex()[:16]}.receipt"


def _write(path: Path, data: bytes) -> None:
    from truceline.store.disk import write_whole

    write_whole(path, data)


def beside(entry: Path, given: list[Path]) -> dict[str, bytes]:
    """What lies beside a signed entry, by hash: the files that are named, and its boxes."""
    from truceline.canon import sha256
    from truceline.desk import read_bytes

    boxes = sorted(entry.parent.glob(f"{entry.name}.*.box"))
    contents = [read_bytes(path) for path in (*given, *boxes)]
    return {sha256(content): content for content in contents}


def send(
    where: Annotated[str, typer.Argument(metavar="URL", help="Address of the service; or a case folder.")],
    files: Annotated[list[Path], typer.Argument(help="Signed entries, as `-o` writes them, in their order.")],
    given: Annotated[
        list[Path] | None, typer.Option("--file", help="A file that one of them names; repeat. Boxes are found.")
    ] = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Hand in entries that were signed before; each receipt is written beside its entry, as FILE.receipt.

    What was taken before is not taken twice: it gets its receipt again. The first that is refused ends it, and what
    comes after it is not sent.
    """
    with venue(where, key) as opened:
        rows = list(_sent(opened, files, given or []))
    for row in rows:
        if row["entry"] is not None:
            say(as_json, printable(f"{row['file']}: entry {row['entry']}"))
        else:
            say(as_json, printable(f"{row['file']}: held as {row['held']} until a second person has approved it"))
    if as_json:
        emit({"sent": rows})


def _sent(opened: Venue, files: list[Path], given: list[Path]) -> Iterator[dict[str, Any]]:
    """Hand in each; those without files go together, as many as a batch takes."""
    from truceline.desk import read_bytes
    from truceline.desk.client import Remote

    ready = [(path, read_bytes(path), beside(path, given)) for path in files]
    while ready:
        batch = _batch(ready) if isinstance(opened, Remote) else []
        if len(batch) > 1 and isinstance(opened, Remote):
            answers = opened.submit_all([data for _, data, _ in batch])
            yield from (_row(path, answer) for (path, _, _), answer in zip(batch, answers, strict=True))
            ready = ready[len(batch) :]
        else:
            path, data, parts = ready.pop(0)
            yield _row(path, opened.submit(data, named(data, parts)))


def _batch(ready: list[tuple[Path, bytes, dict[str, bytes]]]) -> list[tuple[Path, bytes, dict[str, bytes]]]:
    """Those at the beginning that need no file."""
    found = []
    for one in ready[:MOST_BATCH]:
        if named(one[1], one[2]):
            break
        found.append(one)
    return found


def named(data: bytes, parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Of what lies there, that which an entry names by its hash; all for what is no entry: the log refuses that."""
    from truceline.errors import SubmissionError
    from truceline.record.entry import hashes_of, read_entry

    try:
        wanted = set(hashes_of(read_entry(data).statement))
    except SubmissionError:
        return dict(parts)
    return {digest: content for digest, content in parts.items() if digest in wanted}


def _row(path: Path, answer: Sent | TrucelineError) -> dict[str, Any]:
    from truceline.errors import TrucelineError

    if isinstance(answer, TrucelineError):
        raise answer
    receipt = path.with_name(f"{path.name}.receipt")
    if answer.entry is not None:
        _write(receipt, answer.receipt)
    return {
        "file": str(path), "entry": answer.entry, "leaf": answer.leaf.hex(), "held": answer.held or None,
        "receipt": str(receipt) if answer.entry is not None else None,
    }  # fmt: skip
