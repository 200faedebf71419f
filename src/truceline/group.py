"""Who is who in the joint group, who is part of whom, and who may see how much?

Parties, guarantors, bodies, sides and groups with their *part of* chains; the reserved words for targets that no term
may turn into a target; and the place ladder as one function.

Source: the table "What it will never be" of the product's design; additional protocol I of 1977, articles 48 to 58.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from truceline.verdict import NO, UNKNOWN, YES

KINDS = ("state", "guarantor", "body", "side", "group", "force", "humanitarian", "monitor", "list")
"""What an actor can be. A `list` is an issuer of designations that all accept, such as the Security Council."""

CIVILIAN = frozenset({"civilians", "medical", "school", "aid"})
"""Targets named as civilians or civilian objects; protected by humanitarian law whatever any term says."""

SETTLEMENT = "settlement"
"""A town, a quarter: the place is named, the target is not."""

RESERVED = CIVILIAN | {SETTLEMENT}


@dataclass(frozen=True)
class Party:
    """An actor of the agreement. Names, membership and status are dated facts, not fields.

    Attributes:
        id: how terms and evidence call it.
        kind: one of `KINDS`.
        side: id of the side it belongs to; empty for none.
        part_of: id of the actor it is a part of; empty for none.
        members: ids, for a body.
        decides: `all` or `any` of the members must sign for the body.
        names: language to name, for display.
        line: of the text that defines it; 0 = none.
    """

    id: str
    kind: str
    side: str = ""
    part_of: str = ""
    members: tuple[str, ...] = ()
    decides: str = "all"
    names: Mapping[str, str] = field(default_factory=dict)
    line: int = 0


class Group:
    """All parties, and who is part of whom."""

    def __init__(self, parties: Iterable[Party]) -> None:
        """Gather the parties by id."""
        self.parties = {party.id: party for party in parties}

    def chain(self, actor: str) -> tuple[str, ...]:
        """The actor and everything it is part of, smallest first.

        >>> Group([Party("gov", "state"), Party("gov-air", "force", part_of="gov")]).chain("gov-air")
        ('gov-air', 'gov')
        """
        chain: list[str] = []
        here = actor
        while here and here not in chain:
            chain.append(here)
            party = self.parties.get(here)
            here = party.part_of if party else ""
        return tuple(chain)

    def above(self, actor: str) -> tuple[str, ...]:
        """The actor, everything it is part of, and every side that these stand on, nearest first."""
        found: list[str] = []
        ahead = [actor]
        while ahead:
            here = ahead.pop(0)
            if here and here not in found:
                found.append(here)
                party = self.parties.get(here)
                ahead += [party.part_of, party.side] if party else []
        return tuple(found)

    def belongs(self, actor: str, to: str) -> int:
        """Whether an actor is, or is part of, or stands on the side of another.

        Returns:
            +1 yes, -1 no, 0 when the actor is the larger one: a report of the whole may mean the part.
        """
        if to in self.above(actor):
            return YES
        return UNKNOWN if actor in self.above(to) else NO

    def parts(self, actor: str) -> list[str]:
        """Everybody who belongs to an actor, itself left out."""
        return [other for other in self.parties if other != actor and actor in self.above(other)]

    def side(self, actor: str) -> str:
        """Id of the nearest side on which an actor stands; empty for none."""
        sides = [a for a in self.above(actor) if a in self.parties and self.parties[a].kind == "side"]
        return sides[0] if sides else ""

    def signed_by(self, body: str, signers: Iterable[str]) -> bool:
        """Whether these signatures bind a body: its own, or those of all (or any) of its members."""
        found, party = set(signers), self.parties.get(body)
        if body in found:
            return True
        if party is None or not party.members:
            return False
        rule = any if party.decides == "any" else all
        return rule(member in found for member in party.members)


DESK = "desk"
"""Who is no actor of the text: the intake desk and the secretariat that keeps the record."""

_ACTORS = frozenset(KINDS)
_SPEECH: Mapping[str, frozenset[str]] = {
    "agreement": frozenset({DESK}),
    "wording": _ACTORS | {DESK},
    "evidence": frozenset({DESK}),
    "areas": frozenset({DESK}),
    "acts": frozenset({DESK}),
    "absence": frozenset({DESK}),
    "assessment": _ACTORS | {DESK},
    "allegation": _ACTORS | {DESK},
    "answer": _ACTORS | {DESK},
    "act": _ACTORS,
    "amendment": _ACTORS,
    "designation": _ACTORS,
    "finding": _ACTORS,
}


def may_say(kind: str, what: str) -> bool:
    """Whether somebody may make a statement of a type; nobody may make one that is not listed.

    Args:
        kind: one of `KINDS`, or `desk`.
        what: type of the statement.

    >>> may_say("state", "allegation"), may_say("desk", "finding"), may_say("state", "evidence")
    (True, False, False)
    """
    return kind in _SPEECH.get(what, frozenset())


class Sight(IntEnum):
    """How finely a reader may see a place, coarsest first."""

    NOTHING = 0
    COUNT = 1
    REGION = 2
    CELL = 3
    TOWN = 4
    AS_REPORTED = 5


_LADDER: Mapping[str, tuple[Sight, Sight, Sight]] = {
    "incident": (Sight.AS_REPORTED, Sight.TOWN, Sight.TOWN),
    "origin": (Sight.AS_REPORTED, Sight.CELL, Sight.REGION),
    "withdrawal": (Sight.AS_REPORTED, Sight.REGION, Sight.COUNT),
    "site": (Sight.NOTHING, Sight.NOTHING, Sight.COUNT),
    "observer": (Sight.AS_REPORTED, Sight.NOTHING, Sight.NOTHING),
    "person": (Sight.NOTHING, Sight.NOTHING, Sight.NOTHING),
}
_DELAY_S = {("origin", "party"): 72 * 3600, ("origin", "public"): 30 * 86_400}
_ROLES = ("secretariat", "party", "public")


def role_of(reader: str) -> str:
    """The rung of a reader: `secretariat`, `public`, or `party` for `party:ID`; the lowest for anything else."""
    if reader == "secretariat":
        return reader
    return "party" if reader.startswith("party:") and reader != "party:" else "public"


def may_see(reader: str, what: str, *, age_s: int = 0, is_published: bool = False, is_own: bool = False) -> Sight:
    """How finely a reader may see where something was: the place ladder.

    Args:
        reader: `secretariat`, `party:ID` or `public`; anything else sees as the public.
        what: `incident`, `origin` (of fire, and tracks), `withdrawal` (forces in a withdrawal zone), `site` (notified),
            `observer` (positions, patrols), `person`.
        age_s: seconds since the event.
        is_published: whether the event has been published.
        is_own: the forces or the site are the reader's own, or its owner chose the reader.

    Returns:
        The finest sight allowed; NOTHING where in doubt.

    >>> may_see("party:gov", "incident"), may_see("public", "incident")
    (<Sight.TOWN: 4>, <Sight.NOTHING: 0>)
    >>> may_see("party:gov", "origin", age_s=3600)
    <Sight.NOTHING: 0>
    """
    role = role_of(reader)
    if what not in _LADDER or age_s < _DELAY_S.get((what, role), 0):
        return Sight.NOTHING
    if what == "incident" and role == "public" and not is_published:
        return Sight.NOTHING
    if role == "party" and is_own and what in ("withdrawal", "site"):
        return Sight.AS_REPORTED
    return _LADDER[what][_ROLES.index(role)]
