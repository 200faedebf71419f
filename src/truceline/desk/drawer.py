"""Where do reports lie from their arrival to their entry? Sealed: the boxes beside the case, their keys in the vault.

Each report has a key of its own (`vault.safe`): the key lies in the vault of one machine, the box in the memory of the
service. Neither alone can be read; who destroys the key forgets the report, in every copy of the database. A box is as
long as every other, whatever it holds. Whoever writes one seals others anew beside it, so that a look at the database,
or at its journal, does not tell which one changed.

The id of a report is a keyed hash of its receipt: with the receipt it is found, and nothing else holds the receipt.

    vault/intake-CASE/vault.key        the key of this safe
    vault/intake-CASE/ID.wrap.key      the key of one report, wrapped
    vault/calls-CASE/                  who is being asked back, found by a keyed hash of the number alone
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from truceline.desk.keyring import config_folder
from truceline.desk.persons import Folder, part_of_vault
from truceline.desk.readback import Option
from truceline.errors import InputError, StoreError, VerificationError
from truceline.store.state import State
from truceline.store.state import intake as rows
from truceline.vault.safe import Safe, padded

BOX = 24 * 1024
"""Every box is so long, or a multiple of it."""

STIRRED = 8
"""So many boxes are sealed anew beside the one that changes."""

_BOX = ".report"
_NONE = "intake: no report of this id"
_LOCK = threading.Lock()
_CHANCE = secrets.SystemRandom()

RECEIVED, ASKED, CONFIRMED, TAKEN = "received", "asked", "confirmed", "taken"
JOINED, CLOSED, REJECTED, BATCHED, LEAVING = "joined", "closed", "rejected", "batched", "leaving"
MOVES: dict[str, tuple[str, ...]] = {
    RECEIVED: (ASKED, CONFIRMED, CLOSED),
    ASKED: (CONFIRMED, TAKEN, JOINED, CLOSED, REJECTED),
    CONFIRMED: (TAKEN, JOINED, CLOSED, REJECTED),
    TAKEN: (TAKEN, JOINED, CLOSED, REJECTED, BATCHED),
    JOINED: (TAKEN, JOINED, CLOSED, REJECTED),
    CLOSED: (), REJECTED: (), BATCHED: (LEAVING,), LEAVING: (),
}  # fmt: skip
"""Every change of state there is. `leaving`: its reporter asked for deletion when it was a row of the record."""

WAITING = (ASKED, CONFIRMED, TAKEN, JOINED)
"""What the intake desk has before it."""


class Media(msgspec.Struct, frozen=True):
    """A photo or a recording that came with a report: how the record will name it, and what it is."""

    original: str
    what: str


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """A report as it came in, and what has become of it since.

    Attributes:
        state: a key of `MOVES`.
        day: UTC second of the midnight before it came; the hour is not kept.
        words: what happened, as it was said.
        place: the words about the place; `time`: about the time.
        act: an act of the tree, where it was told; empty = it was not.
        channel: `form` or `hotline`.
        lang: the language in which it is answered.
        consent: the uses that its reporter consents to.
        media: what came with it.
        options: what was read back; `answer`: the chosen one, -1 = none of them, None = no answer.
        row: id of its row in the record; empty = it has none yet.
        line: its row, as the reader takes it; `day_taken`: of that decision.
        reason: why it was rejected; `into`: the report that it was joined to; `closed`: its id in the closed safe.
        refused: its reporter withdrew consent, and no batch has said so yet.
        day_left: UTC second of the midnight before its reporter withdrew or deleted it.
        custody: its originals stand in the record.
    """

    state: str
    day: int
    words: str = ""
    place: str = ""
    time: str = ""
    act: str = ""
    channel: str = ""
    lang: str = "en"
    consent: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    options: tuple[Option, ...] = ()
    answer: int | None = None
    row: str = ""
    line: bytes = b""
    day_taken: int = 0
    reason: str = ""
    into: str = ""
    closed: str = ""
    refused: bool = False
    day_left: int = 0
    custody: bool = False

    def __repr__(self) -> str:
        """Nothing of it: this is what logs and tracebacks print."""
        return f"Report({self.state})"

    @property
    def chosen(self) -> Option:
        """What its reporter chose; empty where nothing was."""
        is_chosen = self.answer is not None and 0 <= self.answer < len(self.options)
        return self.options[self.answer] if is_chosen and self.answer is not None else Option()

    def moved(self, to: str, **changes: object) -> Report:
        """The report in another state: the one way there is.

        Raises:
            InputError: there is no such change.
        """
        if to not in MOVES[self.state]:
            raise InputError(f"a report that is {self.state} cannot become {to}")
        return msgspec.structs.replace(self, state=to, **changes)


@dataclass(frozen=True)
class Found:
    """The reports that could be read, by id, and the ids of those that nobody can read any more."""

    whole: dict[str, Report]
    damaged: list[str]


class Drawer:
    """The reports, opened.

    INVARIANT: as long as it is open nobody else changes one; see `opened`.
    """

    def __init__(self, folder: Folder, state: State) -> None:
        """Open it over the part of the vault that holds its keys, and the memory that holds its boxes."""
        self._state = state
        self.safe = Safe(_Shelf(folder, self), "report", secrets.token_bytes)

    def id_of(self, receipt: bytes) -> str:
        """The id of the report of a receipt, whether there is one or not."""
        return self.safe.id_of(b"receipt\n" + receipt)

    def receipt_of(self, message: str) -> bytes:
        """The receipt of what a provider handed over, so that the same message twice is one report."""
        return hashlib.sha256(self.safe.mac(b"message\n" + message.encode())).digest()[:16]

    def has(self, one: str) -> bool:
        """Whether there is a report of an id."""
        try:
            self.safe.note(one)
        except InputError:
            return False
        return rows.get(self._state, one) is not None

    def count(self) -> int:
        """How many reports there are."""
        return rows.count(self._state)

    def add(self, receipt: bytes, report: Report) -> str:
        """Keep a new report under its receipt; return its id."""
        return self.safe.keep(_packed(report), b"", self.id_of(receipt))

    def read(self, one: str) -> Report:
        """The report of an id.

        Raises:
            InputError: there is none. VerificationError: it is damaged.
        """
        return msgspec.json.decode(self.safe.read(one).rstrip(b" "), type=Report)

    def all(self) -> Found:
        """Every report; one that is damaged stands in the way of no other."""
        whole: dict[str, Report] = {}
        damaged: list[str] = []
        for one in self.safe.ids():
            try:
                whole[one] = self.read(one)
            except VerificationError:
                damaged.append(one)
        return Found(whole, damaged)

    def put(self, one: str, report: Report) -> None:
        """Write what a report has become.

        Raises:
            InputError: there is none.
        """
        self.write(one, self.safe.anew(one, _packed(report)))

    def drop(self, one: str) -> None:
        """Forget a report, its key first.

        Raises:
            InputError: there is none.
        """
        self.safe.delete(one)

    # -- the boxes -----------------------------------------------------------------------------------------------------

    def write(self, one: str, box: bytes) -> None:
        """Write a box, with others sealed anew beside it, in an order by chance."""
        written = [(one, box), *self._stirred(one)]
        _CHANCE.shuffle(written)
        rows.put(self._state, written)

    def _stirred(self, beside: str) -> Iterator[tuple[str, bytes]]:
        for one in rows.near(self._state, secrets.token_hex(8), STIRRED):
            if one != beside:
                try:
                    yield one, self.safe.anew(one)
                except (InputError, VerificationError):
                    continue  # it has no key any more, or is damaged: neither is mended here

    def boxes(self) -> list[str]:
        """The ids of all boxes."""
        return rows.ids(self._state)

    def box(self, one: str) -> bytes | None:
        """A box as it lies there."""
        return rows.get(self._state, one)

    def forget_box(self, one: str) -> None:
        """Remove a box."""
        rows.drop(self._state, one)


class _Shelf:
    """A `Storage` of which the keys lie in the vault and the boxes in the memory of the service."""

    def __init__(self, folder: Folder, drawer: Drawer) -> None:
        self._folder, self._drawer = folder, drawer

    def names(self) -> Iterable[str]:
        return [*self._folder.names(), *(f"{one}{_BOX}" for one in self._drawer.boxes())]

    def read(self, name: str) -> bytes | None:
        return self._drawer.box(name.removesuffix(_BOX)) if name.endswith(_BOX) else self._folder.read(name)

    def write(self, name: str, data: bytes) -> None:
        if name.endswith(_BOX):
            self._drawer.write(name.removesuffix(_BOX), data)
        else:
            self._folder.write(name, data)

    def destroy(self, name: str) -> None:
        if name.endswith(_BOX):
            self._drawer.forget_box(name.removesuffix(_BOX))
        else:
            self._folder.destroy(name)


@contextmanager
def opened(state: State, log: str, *, is_made: bool = False) -> Iterator[Drawer]:
    """The reports of a case, held by this thread of this process alone.

    Args:
        state: the memory of the service.
        log: origin of the record: a vault may serve several.
        is_made: whether a drawer is made where there is none.

    Raises:
        InputError: there is none, and none is to be made. StoreError: somebody else holds it for too long, or its key
            is missing or damaged.
    """
    with _LOCK, part_of_vault(_part("intake", log), _NONE, is_made=is_made) as folder:
        found = Drawer(folder, state)
        try:
            found.safe.mac(b"open")
        except VerificationError as error:
            raise StoreError(f"intake: {error}") from None
        yield found


def is_there(log: str) -> bool:
    """Whether the vault of this machine has ever held a report for a record."""
    return (config_folder() / "vault" / _part("intake", log)).is_dir()


def _part(name: str, log: str) -> str:
    return f"{name}-{hashlib.sha256(log.encode()).hexdigest()[:16]}"


def _packed(report: Report) -> bytes:
    return padded(msgspec.json.encode(report), BOX)


# -- who is being asked back -------------------------------------------------------------------------------------------


class _Call(msgspec.Struct, frozen=True):
    """A question that waits for its answer: the report, and the day on which it was asked."""

    report: str
    day: int


@contextmanager
def _calls(log: str) -> Iterator[Safe]:
    with part_of_vault(_part("calls", log), _NONE, is_made=True) as folder:
        yield Safe(folder, "call", secrets.token_bytes)


def note_call(log: str, number: str, report: str, day: int) -> None:
    """Remember which report a caller is asked about; an earlier question is not asked any more."""
    with _calls(log) as safe:
        one = safe.id_of(number.encode())
        if one in safe.ids():
            safe.delete(one)
        safe.keep(padded(msgspec.json.encode(_Call(report, day)), 512), day.to_bytes(8, "big"), one)


def take_call(log: str, number: str) -> str:
    """The report that a caller is asked about, which is asked no more; empty = there is none."""
    if not (config_folder() / "vault" / _part("calls", log)).is_dir():
        return ""
    with _calls(log) as safe:
        one = safe.id_of(number.encode())
        if one not in safe.ids():
            return ""
        found = msgspec.json.decode(safe.read(one).rstrip(b" "), type=_Call).report
        safe.delete(one)
        return found


def end_calls(log: str, before: int) -> None:
    """Forget the questions of earlier days than one: whoever finds the phone later is not to get an answer."""
    if not (config_folder() / "vault" / _part("calls", log)).is_dir():
        return
    with _calls(log) as safe:
        for one in safe.ids():
            if int.from_bytes(safe.note(one), "big") < before:
                safe.delete(one)
