"""What can go wrong, and who has to repair it.

    TrucelineError
    ├── InputError          their file: a row, a field, a shape, a size
    ├── AgreementError      the text contradicts itself, or names what it does not define
    ├── SubmissionError     a statement that is refused
    │   └── ConflictError   ... because something came before it
    ├── AccessError         not for whoever asks
    │   ├── CredentialsError    ... whose credentials are not, or no longer, good
    │   └── ConfirmError        ... before it was confirmed
    ├── VerificationError   a proof that fails
    └── StoreError          the disk, or what lies on it
        └── LaterError          ... and soon: what is asked for is being worked out

Breaches, rejected rows and late duties are data, never exceptions. All faults of one file are gathered, then raised
once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
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


class UnknownError(InputError):
    """A name, a number or a hash that the text or the record does not have."""


class StateError(InputError):
    """Something that cannot be done as things stand: a name that is taken, a batch that is not due."""


class AgreementError(TrucelineError):
    """An agreement that contradicts itself or names what it does not define."""

    exit_code = 4


class SubmissionError(TrucelineError):
    """A statement that is refused."""

    exit_code = 5


class ConflictError(SubmissionError):
    """A statement made for a state that is no longer the newest: nothing is lost, it has to be made again."""


class AccessError(TrucelineError):
    """Something that whoever asks may not have, or that is not there: which of both is not said."""

    exit_code = 8


class CredentialsError(AccessError):
    """Credentials that are not, or no longer, good: what is wrong with them is not said."""


class ConfirmError(AccessError):
    """Something that whoever asks may do only once it was confirmed: with a passkey just now, or as the page's own."""


class VerificationError(TrucelineError):
    """A proof, a hash or a signature that does not hold."""

    exit_code = 6


class StoreError(TrucelineError):
    """A case folder that is missing, damaged, or cannot be written."""

    exit_code = 7


class LaterError(StoreError):
    """What is asked for is being worked out: whoever asks again in a while gets it.

    Attributes:
        after_s: seconds after which it is worth to ask again.
    """

    def __init__(self, *faults: Fault | str, after_s: int = 5) -> None:
        """Say what is being worked out."""
        super().__init__(*faults)
        self.after_s = after_s


AWAY = "the case cannot be reached at this moment"
"""What is told of a `StoreError` to whoever asks from outside."""


def told(error: TrucelineError) -> str:
    """One line of an error for whoever asked; what the disk or the database said is for the log.

    >>> told(StoreError("/srv/case: No space left on device")), told(InputError("expected a date"))
    ('the case cannot be reached at this moment', 'expected a date')
    """
    if isinstance(error, StoreError) and not isinstance(error, LaterError):
        return AWAY
    return one_line(str(error.faults[0])) if error.faults else ""


EXIT_CODES = {
    0: "done; rejected rows, if any, are in the answer",
    1: "a fault of the program: please report it",
    2: "the command was not understood",
    3: "an input file was refused",
    4: "an agreement was refused",
    5: "a statement was refused",
    6: "a proof or a hash does not hold",
    7: "the case folder is missing, damaged or cannot be written",
    8: "not for whoever asks, or not there",
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


@contextmanager
def is_csv(reader: csv.DictReader[str], name: str) -> Iterator[None]:
    """What is read of a table in here is CSV: no lone carriage return outside quotes, no cell beyond every measure.

    Raises:
        InputError: it is not.
    """
    try:
        yield
    except csv.Error as error:
        raise InputError(Fault(f"not CSV: {error}", name, reader.line_num)) from None


def csv_rows(data: bytes, name: str, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    r"""The rows of a small table, each with its line: its cells by column, without blanks around them.

    Args:
        data: CSV in UTF-8 with a head; empty = no rows.
        name: for messages.
        columns: that it must have.

    Raises:
        InputError: it is no CSV in UTF-8, or lacks a column.

    >>> list(csv_rows(b"a,b,c\n1, 2 ,3\n", "t.csv", ["a", "b"]))
    [(2, {'a': '1', 'b': '2', 'c': '3'})]
    """
    if not data:
        return
    reader = csv.DictReader(io.StringIO(text_of(data, name)))
    with is_csv(reader, name):
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise InputError(Fault(f"expected the columns {', '.join(columns)}, missing {', '.join(missing)}", name, 1))
        for row in reader:
            yield reader.line_num, {column: (cell or "").strip() for column, cell in row.items() if column}


def raise_all(faults: Iterable[Fault], kind: type[TrucelineError]) -> None:
    """Raise one error of `kind` that carries every fault, in file and line order; nothing when there is none."""
    gathered = sorted(set(faults), key=lambda f: (f.file, f.line, f.field, f.message))
    if gathered:
        raise kind(*gathered)
