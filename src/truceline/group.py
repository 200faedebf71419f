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
_TRUSTED = frozenset({DESK, "monitor", "humanitarian"})
"""Those whom persons speak to: no party says what a person consents to, or holds what no party may see."""

_SIDES = frozenset({"state", "guarantor", "body", "side", "group", "force"})
"""Those who bargain over areas. Who watches, and who helps, hands over nobody's area."""

_SPEECH: Mapping[str, frozenset[str]] = {
    "agreement": frozenset({DESK}),
    "wording": _ACTORS | {DESK},
    "evidence": frozenset({DESK}),
    "areas": frozenset({DESK}),
    "acts": frozenset({DESK}),
    "pairs": frozenset({DESK}),
    "absence": frozenset({DESK}),
    "assessment": _ACTORS | {DESK},
    "allegation": _ACTORS | {DESK},
    "answer": _ACTORS | {DESK},
    "claim": _ACTORS | {DESK},  # words of anybody: whoever signs it says that they were said, and does nothing by it
    "act": _ACTORS,
    "amendment": _ACTORS,
    "designation": _ACTORS,
    "finding": _ACTORS,
    "publication": _ACTORS | {DESK},  # each step only by whom `desk.publication` lets take it
    "ruling": _ACTORS | {DESK},  # an actor only in the name of a body, with all its members: `desk.rulings`
    "custody": _ACTORS | {DESK},
    "consent": _TRUSTED,
    "commitment": _TRUSTED,
    "partition": frozenset({DESK}),
    "area": _SIDES,
    "map-proposal": _SIDES,
    "map-answer": _SIDES,
    "map-version": _SIDES,
    "handover": _SIDES,
    "handover-answer": _SIDES,
    "sitting": _ACTORS,  # a member of the body that sat; what is called agreed, with all its members
    "exchange": _ACTORS | {DESK},  # each step only by whom the table of `exchange.sealed` lets take it
    "notification": frozenset({DESK}),  # whoever gives one gives it to the desk, where its contents stay
    "acknowledgement": _ACTORS | {DESK},  # a recipient for itself; what it told the desk, the desk
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


ROLES = ("public", "mirror", "hotline", "monitor", "party", "mediator", "intake", "notices", "secretariat")
"""What somebody can be to the service: nobody in particular; a program that mirrors the record, or that hands over
calls of a hotline; people of a monitor, of a party, of the mediation, of the intake desk, of the notification desk, of
the secretariat."""

_EVERYBODY = frozenset(ROLES)
_MEMBERS = frozenset({"monitor", "party", "mediator", "secretariat"})
_DESK = frozenset({"secretariat"})

_ACCESS: Mapping[tuple[str, str], frozenset[str]] = {
    ("health", "read"): _EVERYBODY,
    ("session", "use"): _EVERYBODY,
    ("agreement", "read"): _EVERYBODY,
    ("situation", "read"): _EVERYBODY,
    ("assessment", "read"): _EVERYBODY,
    ("assessment", "explain"): _EVERYBODY,
    ("assessment", "download"): _EVERYBODY,
    ("finding", "read"): _EVERYBODY,
    ("finding", "download"): _EVERYBODY,
    ("withheld", "count"): _EVERYBODY,
    ("place", "find"): _EVERYBODY,
    ("record", "read"): _EVERYBODY,
    ("entry", "read"): _EVERYBODY,
    ("entry", "mirror"): frozenset({"mirror", "party", "secretariat"}),
    ("blob", "read"): _EVERYBODY,
    ("box", "read"): frozenset({"party", "secretariat"}),
    ("obligation", "read"): _MEMBERS,
    ("draft", "check"): _MEMBERS,
    ("what-if", "ask"): _MEMBERS,
    ("ledger", "reconcile"): frozenset({"party", "mediator", "secretariat"}),
    ("duplicate", "review"): _DESK,
    ("statement", "submit"): _MEMBERS,
    ("statement", "approve"): frozenset({"party", "secretariat"}),
    ("publication", "review"): frozenset({"party", "secretariat"}),
    ("evidence", "offer"): frozenset({"monitor", "party"}),
    ("evidence", "upload"): _DESK,
    ("job", "read"): _MEMBERS | {"intake"},
    ("partition", "read"): _EVERYBODY,
    ("area", "read"): frozenset({"party", "mediator", "secretariat"}),
    ("area", "check"): frozenset({"party", "secretariat"}),
    ("map", "read"): frozenset({"party", "mediator", "secretariat"}),
    ("handover", "read"): frozenset({"party", "mediator", "secretariat"}),
    ("exchange", "read"): frozenset({"party", "mediator", "secretariat"}),
    ("sitting", "read"): frozenset({"party", "mediator", "secretariat"}),
    ("claim", "read"): _EVERYBODY,
    ("report", "make"): _EVERYBODY,
    ("report", "follow"): _EVERYBODY,
    ("report", "hand-over"): frozenset({"hotline"}),
    ("report", "review"): frozenset({"intake"}),
    ("notice", "count"): _EVERYBODY,
    ("notice", "read"): frozenset({"monitor", "party", "notices", "secretariat"}),
    ("notice", "offer"): frozenset({"monitor", "party", "notices"}),
    ("notice", "acknowledge"): frozenset({"monitor", "party"}),
    ("notice", "keep"): frozenset({"notices"}),
    ("webhook", "manage"): _MEMBERS,
    ("account", "manage"): _DESK,
    ("audit", "read"): _DESK,
    ("metrics", "read"): _DESK,
}


def may_do(role: str, resource: str, action: str) -> bool:
    """Whether somebody of a role may do something at all; what is not listed, nobody may.

    Of what a role may read it sees no more than `may_see` allows, and only what is its own or was published.

    Args:
        role: one of `ROLES`.
        resource: such as `finding`.
        action: such as `read`.

    >>> may_do("public", "finding", "read"), may_do("party", "audit", "read"), may_do("secretariat", "person", "read")
    (True, False, False)
    """
    return role in _ACCESS.get((resource, action), frozenset())


def access() -> list[tuple[str, str, str]]:
    """Every resource and action that `may_do` knows, with every role: the cells of the access matrix."""
    return [(role, resource, action) for resource, action in _ACCESS for role in ROLES]


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
    "coverage": (Sight.AS_REPORTED, Sight.COUNT, Sight.COUNT),
    "person": (Sight.NOTHING, Sight.NOTHING, Sight.NOTHING),
}
_DELAY_S = {
    ("origin", "party"): 72 * 3600, ("origin", "public"): 30 * 86_400,
    ("coverage", "party"): 30 * 86_400, ("coverage", "public"): 30 * 86_400,
}  # fmt: skip
_ROLES = ("secretariat", "party", "public")


def role_of(reader: str) -> str:
    """The rung of a reader: `secretariat`, `public`, or `party` for `party:ID`; the lowest for anything else."""
    if reader == "secretariat":
        return reader
    return "party" if reader.startswith("party:") and reader != "party:" else "public"


def delay_s(reader: str, what: str) -> int:
    """For so many seconds after an event a reader sees nothing at all of where it was.

    >>> delay_s("party:gov", "origin"), delay_s("secretariat", "origin")
    (259200, 0)
    """
    return _DELAY_S.get((what, role_of(reader)), 0)


def may_see(reader: str, what: str, *, age_s: int = 0, is_published: bool = False, is_own: bool = False) -> Sight:
    """How finely a reader may see where something was: the place ladder.

    Args:
        reader: `secretariat`, `party:ID` or `public`; anything else sees as the public.
        what: `incident`, `origin` (of fire, and tracks), `withdrawal` (forces in a withdrawal zone), `site` (notified),
            `observer` (positions, patrols), `coverage` (the share of a day that was watched), `person`.
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
    if what not in _LADDER or age_s < delay_s(reader, what):
        return Sight.NOTHING
    if what == "incident" and role == "public" and not is_published:
        return Sight.NOTHING
    if role == "party" and is_own and what in ("withdrawal", "site"):
        return Sight.AS_REPORTED
    return _LADDER[what][_ROLES.index(role)]
