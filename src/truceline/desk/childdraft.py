"""How is a draft of an agreement looked at that somebody hands in? In a child with nothing, and nothing of it is kept.

The child has a room of its own, no network, and little memory and time (`childseal`). What it writes is read as the
work of a stranger: every value is of its kind, and none is longer than it may be.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from truceline.desk import childread, childseal
from truceline.desk.childread import MIB, Limits, Said
from truceline.errors import Fault, InputError, TrucelineError, one_line

ORDER, CHECKED = "order", "checked"
MOST_CHECKED = 4 * MIB
MOST_REMARKS, MOST_FAULTS = 2_000, 200
LIMITS = Limits(memory=768 * MIB, cpu_s=20, wall_s=40.0, file_bytes=MOST_CHECKED)
"""A text of the size that is taken needs a fraction of it."""


class Draft(msgspec.Struct, frozen=True):
    """What a child is to look at.

    Attributes:
        name: of the file, for messages.
        data: its bytes.
        near: files beside it, by name.
        memory, cpu_s, file_bytes: as in `Limits`.
    """

    name: str
    data: bytes
    near: dict[str, bytes]
    memory: int
    cpu_s: int
    file_bytes: int


class Remark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing a drafter should look at: the kind, the line (0 = the whole), the terms, a sentence, what to do."""

    kind: str
    line: int
    terms: list[str]
    message: str
    advice: str


class Wrong(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing for which the text is refused: file, line (0 = the whole), field, what is wrong."""

    file: str
    line: int
    field: str
    message: str


class Looked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of looking at a draft: its faults, or what a drafter should look at."""

    id: str = ""
    faults: list[Wrong] = []
    warnings: list[str] = []
    findings: list[Remark] = []
    terms: dict[str, int] = {}
    text_sha256: str = ""
    canonical_sha256: str = ""


def look_at(data: bytes, name: str, near: Mapping[str, bytes], limits: Limits = LIMITS) -> Looked:
    """Look at a draft in a child.

    Args:
        data: its bytes.
        name: of its file, for messages.
        near: files that lie beside the text in force, by name: areas that the draft names are looked for there.
        limits: how much the child may take.

    Raises:
        InputError: looking at it takes more than it may. StoreError: no child can be started.
    """
    order = Draft(name, data, dict(near), limits.memory, limits.cpu_s, limits.file_bytes)
    with tempfile.TemporaryDirectory(prefix="truceline-draft-") as folder, Path(os.devnull).open("rb") as nothing:
        room = Path(folder)
        (room / ORDER).write_bytes(msgspec.msgpack.encode(order))
        child = childread.started(room, nothing, childseal.DRAFT)
        try:
            said = childread.heard(child, name, limits, None, lambda: False)
        finally:
            childread.end(child)
        if said is None or said.what != "done":
            why = childread.how_it_ended(child, limits) if said is None else f"the reader failed on it ({said.doing})"
            raise InputError(Fault(one_line(why, 120), name))
        return _taken(room / CHECKED, name)


def _taken(path: Path, name: str) -> Looked:
    """What a child wrote, as the work of a stranger.

    Raises:
        InputError: it is not what looking at a text gives.
    """
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(opened, "rb") as file:
            data = file.read(MOST_CHECKED + 1)
        if len(data) > MOST_CHECKED:
            raise InputError(Fault("looking at it gives more remarks than are told", name))
        return msgspec.json.decode(data, type=Looked)
    except (OSError, msgspec.DecodeError):
        raise InputError(Fault("the reader gave what no reader gives", name)) from None


# -- the child -------------------------------------------------------------------------------------------------------


def child() -> None:
    """Look at the draft in this room; the last line says whether it was done."""
    order = msgspec.msgpack.decode(Path(ORDER).read_bytes(), type=Draft)
    Path(ORDER).unlink()
    said = Said("done")
    try:
        import truceline.desk.checking  # noqa: PLC0415, F401  # what is needed is loaded while it can be

        childseal.limits_down(memory=order.memory, cpu_s=order.cpu_s, file_bytes=order.file_bytes)
        Path(CHECKED).write_bytes(msgspec.json.encode(_looked(order)))
    except Exception as error:
        said = Said("fault", doing=type(error).__name__)
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.flush()
    os._exit(0)  # nothing of a stranger's text has to be tidied up


def _looked(order: Draft) -> Looked:
    from truceline.desk.checking import check_text, finding_rows, kinds_of  # noqa: PLC0415  # the parent needs none

    try:
        found = check_text(order.data, order.name, order.near)
    except TrucelineError as error:
        wrong = [Wrong(f.file, f.line, one_line(f.field, 80), one_line(f.message)) for f in error.faults[:MOST_FAULTS]]
        return Looked(faults=wrong)
    text, rows = found.agreement, finding_rows(found)[:MOST_REMARKS]
    return Looked(
        text.id, [], found.warnings[:MOST_REMARKS], [Remark(**row) for row in rows], kinds_of(text), text.text_hash,
        text.canonical_hash,
    )  # fmt: skip
