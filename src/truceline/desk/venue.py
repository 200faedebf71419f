"""Where is a statement handed in: to a case on this machine, or to a service? Who signs need not know."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from truceline.agreement.model import Agreement
from truceline.desk.charters import clock_of
from truceline.desk.client import Remote, Sent
from truceline.desk.concerned import Heard, concerned
from truceline.desk.keyring import KeyFile
from truceline.desk.publication import course_of, heard, withheld
from truceline.desk.publications import matter_shown, withheld_shown
from truceline.desk.records import Place, place_of, submit, text_of
from truceline.errors import InputError, StoreError
from truceline.group import DESK
from truceline.store.case import Case
from truceline.store.opened import open_case

SERVICES = ("http://", "https://")


class Venue(Protocol):
    """Where something is said."""

    def place(self, party: str, *, is_sealing: bool = False) -> Place:
        """Where the next statement of a party would stand; with keys that are proved, if something is sealed."""

    def submit(self, data: bytes, files: Mapping[str, bytes]) -> Sent:
        """Hand in a statement that was signed, with what it names by hash.

        Raises:
            SubmissionError, VerificationError: it is refused. StoreError: it cannot be handed in.
        """

    def text(self) -> Agreement:
        """The text in force."""

    def heard(self, index: int) -> Heard:
        """An entry, as the publication path asks for it."""

    def voices(self) -> Collection[str]:
        """The parties that have keys."""

    def matters(self) -> list[dict[str, Any]]:
        """The drafts that are shown here, and how far each has come."""

    def withheld(self) -> dict[str, Any]:
        """How many findings are not public, and for how long."""

    def close(self) -> None:
        """Let go of it."""


class Local:
    """A case that is kept on this machine."""

    def __init__(self, case: Case) -> None:
        """Take a case that was opened."""
        self.case = case

    def place(self, party: str, *, is_sealing: bool = False) -> Place:
        """Where the next statement of a party would stand."""
        del party, is_sealing
        return place_of(self.case)

    def submit(self, data: bytes, files: Mapping[str, bytes]) -> Sent:
        """Append a statement."""
        taken = submit(self.case, data, files)
        return Sent(taken.leaf, taken.index, taken.receipt)

    def text(self) -> Agreement:
        """The text in force.

        Raises:
            StoreError: the case has none.
        """
        found = text_of(self.case)
        if found is None:
            raise StoreError(f"{self.case.where}: the record holds no agreement")
        return found

    def heard(self, index: int) -> Heard:
        """An entry.

        Raises:
            InputError: there is none.
        """
        if not 0 <= index < len(self.case.entries()):
            raise InputError(f"expected an entry of the record, got {index}")
        return heard(self.case, self.case.entries()[index])

    def voices(self) -> Collection[str]:
        """The parties that have keys."""
        return self.case.register().sets

    def matters(self) -> list[dict[str, Any]]:
        """Every draft, and how far it has come."""
        return [matter_shown(one) for _, one in sorted(course_of(self.case).matters.items())]

    def withheld(self) -> dict[str, Any]:
        """How many findings are not public, by the clock of the case."""
        return withheld_shown(withheld(self.case, clock_of(self.case.charter())()))

    def close(self) -> None:
        """Let go of the case."""
        self.case.close()


def is_service(where: str) -> bool:
    """Whether a place is a service, by its name."""
    return where.startswith(SERVICES)


def venue_at(where: str, key: Callable[[], KeyFile | None]) -> Venue:
    """Open the place where something is said.

    Args:
        where: path or URL of a case, or the address of a service.
        key: gives the key that signs requests to a service; not asked for a case.

    Raises:
        InputError, StoreError: it is none, or cannot be opened.
    """
    return Remote(where, key()) if is_service(where) else Local(open_case(where))


def to_be_asked(venue: Venue, about: Collection[int]) -> tuple[str, ...]:
    """The parties concerned by what a draft is about."""
    return concerned(about, venue.heard, venue.text().group, venue.voices())


def to_be_read_by(venue: Venue, about: Collection[int], body: str, by: str) -> tuple[str, ...]:
    """Whom a draft is sealed for: those concerned that have keys, who decides, and who wrote it."""
    party, voices = venue.text().parties.get(body), venue.voices()
    wanted = {*to_be_asked(venue, about), *(party.members if party else ()), body, by, DESK}
    return tuple(sorted(one for one in wanted if one in voices))
