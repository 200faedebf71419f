"""What can go wrong, and who has to repair it.

    TrucelineError
    ├── InputError          their file: a row, a field, a shape, a size
    ├── AgreementError      the text contradicts itself, or names what it does not define
    ├── SubmissionError     a statement that is refused
    ├── VerificationError   a proof that fails
    └── StoreError          the disk, or what lies on it

Breaches, rejected rows and late duties are data, never exceptions. All faults of one file are gathered, then raised
once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and where.

    Attributes:
        message: lower case, one line, input in backticks, expected and got.
        file: the name of the file as the user gave it; empty when there is none.
        line: counted from 1; 0 = the file as a whole.
        field: the field at fault; empty when the line says it.
    """

    message: str
    file: str = ""
    line: int = 0
    field: str = ""

    def __str__(self) -> str:
        """Render `file:line: field: message`, leaving out what is not known."""
        line = f":{self.line}" if self.line else ""
        where = self.file + line if self.file else line.replace(":", "line ")
        return ": ".join(part for part in (where, self.field, self.message) if part)


class TrucelineError(Exception):
    """The root of the tree: one or more faults.

    >>> print(InputError("expected a date, got `soon`"))
    expected a date, got `soon`
    """

    exit_code = 1

    def __init__(self, *faults: Fault | str) -> None:
        """Gather the faults; a plain string is a fault without a place."""
        self.faults = tuple(Fault(one_line(f)) if isinstance(f, str) else f for f in faults)
        super().__init__("\n".join(str(f) for f in self.faults))


class InputError(TrucelineError):
    """A file that cannot be read as what it claims to be."""

    exit_code = 3


class AgreementError(TrucelineError):
    """An agreement that contradicts itself or names what it does not define."""

    exit_code = 4


class SubmissionError(TrucelineError):
    """A statement that is refused."""

    exit_code = 5


class VerificationError(TrucelineError):
    """A proof, a hash or a signature that does not hold."""

    exit_code = 6


class StoreError(TrucelineError):
    """A case folder that is missing, damaged, or cannot be written."""

    exit_code = 7


EXIT_CODES = {
    0: "done; rejected rows, if any, are in the answer",
    1: "a fault of the program: please report it",
    2: "the command was not understood",
    3: "an input file was refused",
    4: "an agreement was refused",
    5: "a statement was refused",
    6: "a proof or a hash does not hold",
    7: "the case folder is missing, damaged or cannot be written",
}


def one_line(text: str, most: int = 300) -> str:
    r"""Bring text of others into one printable line of at most `most` characters.

    >>> one_line("a\nb\x1b[31m")
    'a b [31m'
    """
    clean = " ".join("".join(c if c.isprintable() else " " for c in text[: most * 2]).split())
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def quoted(text: object, most: int = 60) -> str:
    """Quote a piece of somebody's input for a message, shortened and made printable.

    >>> quoted("soon")
    '`soon`'
    """
    return f"`{one_line(str(text), most)}`"


def text_of(data: bytes, name: str) -> str:
    """Decode a small table as UTF-8, with or without a byte order mark.

    Raises:
        InputError: it is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(Fault("expected UTF-8 text", name, data[: error.start].count(b"\n") + 1)) from None


def raise_all(faults: Iterable[Fault], kind: type[TrucelineError]) -> None:
    """Raise one error of `kind` that carries every fault, in file and line order; nothing when there is none."""
    gathered = sorted(set(faults), key=lambda f: (f.file, f.line, f.field, f.message))
    if gathered:
        raise kind(*gathered)
