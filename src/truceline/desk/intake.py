"""How does what people report come in, and what do they get to know of it? Received, asked back, followed, withdrawn.

1. The words are taken as they are, cleaned of what no reader sees; the day is kept, not the hour.
2. Whoever wants to be reached says how: that goes into the vault of persons, under a name that leads nowhere without
   the report, and nowhere else.
3. A report that takes the closed pathway goes there, and leaves no word behind.
4. Place and time are read back; the answer decides, and who answers 0 or not at all keeps the words as they are.
5. A receipt, 128 random bits, is shown once. With it one learns a coarse state, withdraws consent, or deletes.

What it never does: tell by any answer whether something was reported before. A question that is answered, a number that
was never asked for, and a second report of the same words get the answers that the first ones get.
"""

from __future__ import annotations

import contextlib
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from truceline.acts import is_closed
from truceline.desk import closed, drawer, originals, persons
from truceline.desk.charters import Clock, clock_of
from truceline.desk.consent import USES
from truceline.desk.drawer import (
    ASKED,
    BATCHED,
    CLOSED,
    CONFIRMED,
    JOINED,
    LEAVING,
    RECEIVED,
    REJECTED,
    TAKEN,
    Drawer,
    Media,
    Report,
)
from truceline.desk.files import Bench
from truceline.desk.holdings import CaseHoldings
from truceline.desk.readback import Option, options_of, place_in_text
from truceline.desk.receipts import printed, read_receipt
from truceline.desk.records import Draft, append
from truceline.desk.runs import bench_of_case
from truceline.desk.settings import Settings
from truceline.errors import InputError, StoreError, VerificationError
from truceline.evidence.names import Names
from truceline.record.log import Taken
from truceline.record.note import Verifier
from truceline.store.case import Case
from truceline.store.state import State
from truceline.vault.vault import Person

MOST_WORDS, MOST_SHORT = 3_000, 200
"""Letters of what happened; of a place, a time, a contact."""

ROW: Final = "in-"
"""How the ids of rows of intake begin; the rest is by chance."""

LEAST_LETTERS: Final = 12
"""A message of fewer letters is no report."""

DAY_S: Final = 86_400
ACTS: Final = (
    "shelling", "air-strike", "small-arms", "ground-attack", "arson", "detain", "obstruct", "deny-access",
    "sexual-violence", "against-children",
)  # fmt: skip
"""The acts that a form offers."""

_JOINERS: Final = "\n\u200c\u200d"
"""Line ends, and what parts and joins letters in Persian and Kurdish."""

_UNSEEN: Final = ("Cc", "Cf", "Cs", "Co", "Cn")
CHANNELS: Final = ("form", "hotline")
LANGUAGES: Final = ("en", "ar", "ru")
FULL = "the intake desk takes no more reports at this moment"

COARSE: Final = ("received", "under review", "included in a batch", "closed")
"""All that a receipt tells."""

_COARSE: Final = {
    RECEIVED: COARSE[0], ASKED: COARSE[0], CONFIRMED: COARSE[1], TAKEN: COARSE[1], CLOSED: COARSE[1],
    BATCHED: COARSE[2], REJECTED: COARSE[3], LEAVING: COARSE[3],
}  # fmt: skip


class Room:
    """What the intake desk works with: the drawer, the case, and the lists of places.

    Attributes:
        state: the memory of the service.
        case: opened.
        settings: of the service.
        clock: of the record.
    """

    def __init__(
        self,
        state: State,
        case: Case,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
        writes: Callable[[Sequence[Draft]], list[Taken]] | None = None,
    ) -> None:
        """Take what there is.

        Args:
            state: the memory of the service.
            case: opened.
            settings: None = the defaults.
            clock: gives the UTC second; None = that of the record.
            writes: appends to the record; None = this process is its writer.
        """
        charter = case.charter()
        self.state, self.case, self.settings = state, case, settings or Settings()
        self.clock, self.log = clock or clock_of(charter), Verifier.parse(charter.log).name
        self._writes = writes
        self._bench: tuple[int, Bench | None] = (-1, None)

    def write(self, drafts: Sequence[Draft]) -> list[Taken]:
        """Append to the record.

        Raises:
            SubmissionError: one was refused. StoreError: this machine may not write, or holds no key of the desk.
        """
        return self._writes(drafts) if self._writes else append(self.case, drafts, self.clock)

    @property
    def bench(self) -> Bench:
        """The agreement with its places; read again when the record has grown."""
        size = len(self.case.entries())
        kept, bench = self._bench
        if bench is None or kept != size:
            bench = bench_of_case(self.case) if bench is None or self._is_new_text(kept) else bench
            self._bench = (size, bench)
        return bench

    @property
    def names(self) -> Names:
        """The lists of places."""
        names: Names = self.bench.finder.names  # type: ignore[attr-defined]  # a bench of a case finds by `naming.Lists`
        return names

    def _is_new_text(self, since: int) -> bool:
        """Whether what was said since can change how places are read."""
        return any(one.statement.type in ("amendment", "areas", "designation") for one in self.case.entries()[since:])


class Given(msgspec.Struct, frozen=True):
    """What somebody says.

    Attributes:
        words: what happened.
        place: in words; `time`: likewise.
        act: one of `ACTS`; empty = not told.
        channel: one of `CHANNELS`.
        lang: one of `LANGUAGES`.
        contact: how to reach whoever says it; empty = not at all.
        consent: uses of `consent.USES`.
        media: what came with it, kept already.
    """

    words: str
    place: str = ""
    time: str = ""
    act: str = ""
    channel: str = "form"
    lang: str = "en"
    contact: str = ""
    consent: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()

    def __repr__(self) -> str:
        """Nothing of it: this is what logs and tracebacks print."""
        return "Given(...)"


def with_media(given: Given, media: tuple[Media, ...]) -> Given:
    """The same with what came with it."""
    return msgspec.structs.replace(given, media=media)


@dataclass(frozen=True)
class Received:
    """What whoever reported is told.

    Attributes:
        receipt: to be shown once.
        options: what its words about place and time can mean; none = nothing is asked.
    """

    receipt: str
    options: tuple[Option, ...] = ()

    def __repr__(self) -> str:
        """Nothing of it: this is what logs and tracebacks print."""
        return "Received(...)"


# -- coming in ---------------------------------------------------------------------------------------------------------


def receive(room: Room, given: Given, message: str = "") -> Received:
    """Take in a report.

    Args:
        room: of the intake desk.
        given: what was said.
        message: id that a provider gave it: the same one twice is one report; empty = every report is a new one.

    Raises:
        InputError: it says nothing, or too much. StoreError: it cannot be kept.
    """
    made = _checked(given)
    now, is_hidden = room.clock(), is_closed([made.act], room.bench.agreement.acts)
    options = () if is_hidden else _options(room, made, now)
    with drawer.opened(room.state, room.log, is_made=True) as held:
        receipt = held.receipt_of(message) if message else secrets.token_bytes(16)
        one = held.id_of(receipt)
        if message and held.has(one):
            forget_media(made.media)  # what came again is kept already
            return Received(printed(receipt), held.read(one).options)
        if held.count() >= room.settings.intake_most:
            raise StoreError(FULL)
        report = Report(RECEIVED, now // DAY_S * DAY_S, made.words, made.place, made.time, made.act, made.channel,
                        made.lang, made.consent, made.media, options)  # fmt: skip
        report = to_closed(room, one, report) if is_hidden else report.moved(ASKED if options else CONFIRMED)
        held.add(receipt, report)
        if made.contact:
            _keep_contact(one, made.contact)
    return Received(printed(receipt), options)


def _checked(given: Given) -> Given:
    """What was said, cleaned, and within bounds; a fault repeats nothing of it."""
    texts = {
        "words": clean(given.words, MOST_WORDS, "words"),
        **{name: clean(getattr(given, name), MOST_SHORT, name) for name in ("place", "time", "contact")},
    }
    if not any(c.isalnum() for c in texts["words"]) and not given.media:
        raise InputError("`words`: expected what happened, got nothing")
    for name, known in (("act", ("", *ACTS)), ("channel", CHANNELS), ("lang", LANGUAGES)):
        if getattr(given, name) not in known:
            raise InputError(f"`{name}`: expected one of {', '.join(filter(None, known))}")
    if not set(given.consent) <= set(USES):
        raise InputError(f"`consent`: expected some of {', '.join(USES)}")
    return msgspec.structs.replace(given, **texts, consent=tuple(u for u in USES if u in given.consent))


def clean(text: str, most: int, name: str) -> str:
    """A text without what no reader sees: controls, marks that turn it round, halves of characters.

    Raises:
        InputError: it is too long.
    """
    if len(text) > 4 * most:
        raise InputError(f"`{name}`: expected at most {most} letters")
    lines = ("\n" if c in "\n\r\u2028\u2029" else " " if c == "\t" else c for c in unicodedata.normalize("NFC", text))
    seen = "".join(c for c in lines if c in _JOINERS or unicodedata.category(c) not in _UNSEEN)
    found = "\n".join(" ".join(line.split()) for line in seen.split("\n")).strip()
    if len(found) > most:
        raise InputError(f"`{name}`: expected at most {most} letters")
    return found


def _options(room: Room, given: Given, now: int) -> tuple[Option, ...]:
    """What the words about place and time can mean; of a text message, those that stand within its words."""
    names = room.names
    place = given.place or (place_in_text(given.words, names) if given.channel == "hotline" else "")
    time = given.time or (given.words if given.channel == "hotline" else "")
    return options_of(place, time, names, now=now, tz=room.bench.agreement.tz)


def to_closed(room: Room, one: str, report: Report) -> Report:
    """Move a report into the closed pathway: its words go into the closed safe, and nothing stays but that it was one.

    Args:
        room: of the intake desk.
        one: its id: whoever it comes from is found by it in the vault of persons.
        report: as it is.

    Raises:
        InputError: it is too late, or it is too long.
    """
    moved = report.moved(CLOSED)
    held = {
        "intake": one, "words": report.words, "place": report.place, "time": report.time, "act": report.act,
        "lang": report.lang, "channel": report.channel, "answer": msgspec.to_builtins(report.chosen),
        "originals": [media.original for media in report.media],
    }  # fmt: skip
    kept = closed.add(msgspec.json.encode(held), room.case)
    return Report(moved.state, report.day, lang=report.lang, media=report.media, closed=kept)


def _keep_contact(one: str, contact: str) -> None:
    """Keep how to reach a reporter, apart from the report: under a name that leads nowhere without it."""
    if not persons.of(_person(one)):
        persons.add(Person("reporter", contact=contact, about=(one,)), _person(one))


def _person(one: str) -> bytes:
    return b"intake\n" + one.encode()


def contact_of(one: str) -> str:
    """The id of the person in the vault who made a report; empty = nobody said how to be reached, or it was deleted."""
    return persons.of(_person(one))


# -- asking back -------------------------------------------------------------------------------------------------------


def answered(room: Room, receipt: str, choice: int) -> None:
    """Note which of the options somebody meant; 0 = none. A second answer, and one to no question, change nothing.

    Args:
        room: of the intake desk.
        receipt: as it was shown.
        choice: counted from 1.
    """
    secret = read_receipt(receipt)
    if secret is None or not drawer.is_there(room.log):
        return
    with drawer.opened(room.state, room.log) as held:
        _answered(held, held.id_of(secret), choice)


def _answered(held: Drawer, one: str, choice: int) -> None:
    report = held.read(one) if held.has(one) else None
    if report is not None and report.state == ASKED and 0 <= choice <= len(report.options):
        held.put(one, report.moved(CONFIRMED, answer=choice - 1))


@dataclass(frozen=True)
class Heard:
    """What is said to a caller.

    Attributes:
        what: `report`: it was taken in; `answer`: a number, be it one that was asked for or not; `help`: neither.
        received: of a report.
    """

    what: str
    received: Received | None = None


def heard(room: Room, given: Given, message: str) -> Heard:
    """Take in what a caller sends: a report, or the number of an answer.

    Args:
        room: of the intake desk.
        given: its words alone, and whom it comes from.
        message: id that the provider gave it.

    Raises:
        InputError: it is too long. StoreError: it cannot be kept.
    """
    number = _number(given.words)
    if number is not None and not given.media:
        one = drawer.take_call(room.log, given.contact) if given.contact else ""
        if one:
            with drawer.opened(room.state, room.log) as held:
                _answered(held, one, number)
        return Heard("answer")
    if sum(c.isalnum() for c in given.words) < LEAST_LETTERS and not given.media:
        return Heard("help")
    received = receive(room, given, message)
    secret = read_receipt(received.receipt)
    if received.options and given.contact and secret is not None:
        with drawer.opened(room.state, room.log) as held:
            one = held.id_of(secret)
            is_open = held.read(one).state == ASKED
        if is_open:
            drawer.note_call(room.log, given.contact, one, room.clock() // DAY_S * DAY_S)
    return Heard("report", received)


def _number(text: str) -> int | None:
    """A message that is the number of an answer and nothing else, in the digits of any script."""
    bare = text.strip().strip(".!)")
    if not 1 <= len(bare) <= 2 or not all(c.isdecimal() for c in bare):
        return None
    return int(bare)


# -- following ---------------------------------------------------------------------------------------------------------


def follow(room: Room, receipt: str) -> str:
    """What a receipt tells: one of `COARSE`; empty = it is none, or nothing is kept under it any more."""
    secret = read_receipt(receipt)
    if secret is None or not drawer.is_there(room.log):
        return ""
    with drawer.opened(room.state, room.log) as held:
        return _coarse(held, held.id_of(secret))


def _coarse(held: Drawer, one: str) -> str:
    seen: set[str] = set()
    while held.has(one) and one not in seen:
        seen.add(one)
        try:
            report = held.read(one)
        except VerificationError:
            return COARSE[0]
        if report.state != JOINED:
            return _COARSE[report.state]
        one = report.into
    return COARSE[1] if seen else ""


def withdraw(room: Room, receipt: str) -> bool:
    """Withdraw every consent; of what is in the record, it says so together with others. Whether there was a report."""
    return _with_report(room, receipt, _withdrawn)


def delete(room: Room, receipt: str) -> bool:
    """Delete a report, whom it comes from, and what came with it; whether there was one.

    A row that is in the record stays there: the next batch refuses every use of it, and says that originals are gone.
    """
    return _with_report(room, receipt, _deleted)


def _with_report(room: Room, receipt: str, act: Callable[[Room, Drawer, str], None]) -> bool:
    secret = read_receipt(receipt)
    if secret is None or not drawer.is_there(room.log):
        return False
    with drawer.opened(room.state, room.log) as held:
        one = held.id_of(secret)
        if not held.has(one):
            return False
        act(room, held, one)
        return True


def _withdrawn(room: Room, held: Drawer, one: str) -> None:
    report = held.read(one)
    is_refused = report.refused or is_in_record(room, report)
    since = report.day_left if report.refused else room.clock() // DAY_S * DAY_S
    held.put(one, replaced(report, consent=(), refused=is_refused, day_left=since if is_refused else 0))


def _deleted(room: Room, held: Drawer, one: str) -> None:
    """First what names somebody, then what shows something, then the words."""
    person = contact_of(one)
    if person:
        persons.delete(person)
    try:
        report = held.read(one)
    except VerificationError:
        held.drop(one)
        return
    forget_media(report.media)
    if report.closed:
        with contextlib.suppress(InputError):  # its holder may have deleted it
            closed.delete(report.closed)
    if is_in_record(room, report):
        since = report.day_left if report.refused or report.state == LEAVING else room.clock() // DAY_S * DAY_S
        left = Report(LEAVING, report.day, row=report.row, media=report.media, custody=report.custody, day_left=since)
        held.put(one, left)
    else:
        held.drop(one)


def is_in_record(room: Room, report: Report) -> bool:
    """Whether a report is a row of the record: also where the program ended before that was noted here."""
    if report.state in (BATCHED, LEAVING):
        return True
    return bool(report.row) and report.state == TAKEN and not CaseHoldings(room.case).unknown([report.row])


def replaced(report: Report, **changes: object) -> Report:
    """A report with other values, in the same state."""
    return msgspec.structs.replace(report, **changes)


def forget_media(media: Sequence[Media]) -> None:
    """Destroy what came with a report."""
    for one in media:
        originals.destroy(one.original)
