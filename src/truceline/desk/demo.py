"""Who can somebody be in a demonstration? Every role, without a key: only where the service says that it is one.

A role is taken by an account of its own, made when it is first taken; its session is like any other, and what it does
is audited like anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from truceline.agreement.model import Agreement
from truceline.desk.sessions import Door, Entered, begin
from truceline.desk.viewers import REFUSED
from truceline.errors import AccessError, UnknownError, quoted
from truceline.store.state import accounts
from truceline.store.state.accounts import Account

PARTIES: Final = ("guarantor", "side", "state")
WATCHERS: Final = ("humanitarian", "monitor")
ALONE: Final = ("mediator", "intake", "notices", "secretariat")
"""Kinds of actors that parties and monitors are, and the roles that speak for nobody."""


@dataclass(frozen=True)
class Part:
    """A role that can be taken; `party`: the actor for whom it speaks, empty = for none."""

    role: str
    party: str = ""

    @property
    def name(self) -> str:
        """How a form calls it."""
        return f"{self.role}:{self.party}" if self.party else self.role


def parts_of(agreement: Agreement) -> list[Part]:
    """The roles of a demonstration: those whom the text binds, by id; those who watch, by id; then the others."""
    bound = {actor for term in agreement.terms.values() if term.who is not None for actor in term.who.ids}
    actors = sorted(agreement.parties.values(), key=lambda one: one.id)
    parties = [Part("party", one.id) for one in actors if one.id in bound and one.kind in PARTIES]
    return [*parties, *(Part("monitor", one.id) for one in actors if one.kind in WATCHERS), *map(Part, ALONE)]


def enter(door: Door, parts: Sequence[Part], name: str, before: str) -> Entered:
    """Take a role.

    Args:
        door: where and when.
        parts: those that can be taken.
        name: of one of them.
        before: what the cookie said until now.

    Raises:
        AccessError: this is no demonstration. UnknownError: no such role.
    """
    if not door.settings.demo:
        raise AccessError(REFUSED)
    part = next((one for one in parts if one.name == name), None)
    if part is None:
        raise UnknownError(f"role: expected one of {', '.join(one.name for one in parts)}, got {quoted(name)}")
    key = f"demo-{part.role}-{part.party}".rstrip("-")
    account = accounts.find(door.state, key)
    if account is None:
        account = Account(key, part.role, part.party, f"demo {part.name}", is_disabled=False, made_at=door.now)
        accounts.add(door.state, account)
    return begin(door, account, fresh_until=door.now + door.settings.session_s, before=before)
