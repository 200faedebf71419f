"""What does the text of an agreement say? Values only: actors, facts, zones, acts, words, terms, and the signed acts.

Nothing here is judged. Every part carries the line of the file it came from, because that line is cited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from truceline.acts import ActTree
from truceline.group import Group, Party
from truceline.precision import Precision

TERM_KINDS = ("prohibit", "require", "permit", "power", "define")
SIGNED_ACTS = ("accept", "withdraw", "extend", "open", "end", "notice", "invoke", "answer")
JUDGED_KINDS = ("prohibit", "permit", "define")


@dataclass(frozen=True)
class Fact:
    """A dated fact: `[start, end)` in UTC seconds.

    Attributes:
        what: `name`, `accepted`, `excluded`, `expelled`, `withdrawn`, `sole`, or another status the text defines.
        of: id of the actor.
        by: issuer of a status, or who attests an acceptance; empty when not stated.
        value: the name, or the listed name, or the class of acts of a `sole` capability.
        actors: for `sole`: who alone has the means.
    """

    what: str
    of: str
    by: str
    value: str
    start: int
    end: int
    source: str
    line: int
    actors: tuple[str, ...] = ()
    tag: str = ""


@dataclass(frozen=True)
class Zone:
    """A place a term speaks of, as written; `assess.place` gives it its shape.

    Attributes:
        codes: units of the gazetteer (`admin:SY-ID`).
        annex: ids of drawn shapes in the files of areas (`annex:ID`).
        line: id of a line, with `side` and `within_m` for a strip beside it.
        parts: ids of the zones of a `union`.
        is_withheld: its text or map was never published.
        low_m: floor in metres above mean sea level; None = from the ground up, no band stated.
        high_m: ceiling.
        start: the zone exists from this second.
        end: until this one.
    """

    id: str
    line_no: int
    codes: tuple[str, ...] = ()
    annex: tuple[str, ...] = ()
    line: str = ""
    side: str = ""
    within_m: int = 0
    polygon: tuple[tuple[float, float], ...] = ()
    parts: tuple[str, ...] = ()
    is_withheld: bool = False
    low_m: int | None = None
    high_m: int | None = None
    start: int | None = None
    end: int | None = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Selector:
    """Whom a term means: actors by id, and a status they must have.

    Attributes:
        ids: actors, or reserved targets; empty = anybody.
        status: `bound`, `accepted`, ...; empty = no status asked for.
    """

    ids: tuple[str, ...] = ()
    status: str = ""


@dataclass(frozen=True)
class Instrument:
    """One document of the bundle: its window is that of its terms unless they state their own."""

    id: str
    title: str
    line: int
    begins: Any = None
    ends: Any = None
    is_adopted: bool = True
    source: str = ""


@dataclass(frozen=True)
class Term:
    """One rule of the text.

    Attributes:
        kind: one of `TERM_KINDS`.
        who: whom it binds; None = anybody.
        to: towards whom; None = it does not ask.
        does: classes of acts.
        where: ids of zones; empty = anywhere.
        begins, ends, during: conditions in time, as plain values.
        only_if, unless: conditions, as plain values.
        except_: ids of the terms a `permit` is an exception to.
        overrides: ids of the exceptions this takes back.
        ask: the question a body must answer before the exception holds.
        is_withheld: its text was never published.
        body: every field as plain values, for the kinds that are judged later and for canonical hashing.
    """

    id: str
    kind: str
    line: int
    who: Selector | None = None
    to: Selector | None = None
    does: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    begins: Any = None
    ends: Any = None
    during: Any = None
    only_if: Any = None
    unless: Any = None
    except_: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    ask: str = ""
    burden: str = "bearer"
    instrument: str = ""
    is_withheld: bool = False
    source: str = ""
    tag: str = ""
    text: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SignedAct:
    """An act that exists only in the record: acceptance, extension, opening, end, notice, invocation, answer.

    Closed-world: what is not in the record as known then was not done.

    Attributes:
        act: `accept`, `withdraw`, `extend`, `open`, `end`, `notice`, `invoke`, `answer`.
        by: the signers.
        at: second of signature, by the signer's own account.
        known_at: second at which it entered the record.
        of: what it is about: a term, an instrument, or the id of a report.
        until: for `extend` and `notice`.
        start: first second of a notified window.
        term: the exception invoked.
        area: code or zone of a notified flight.
        callsign: of a notified flight.
        to: whom a notice was given.
        is_yes: the answer of a body.
    """

    id: str
    act: str
    by: tuple[str, ...]
    at: int
    known_at: int
    of: str = ""
    until: int | None = None
    start: int | None = None
    term: str = ""
    area: str = ""
    callsign: str = ""
    to: str = ""
    is_yes: bool = False


@dataclass(frozen=True)
class Agreement:
    """The whole text.

    Attributes:
        id: short name.
        title: language to title.
        tz: zone of its civil times.
        text_hash: SHA-256 of the bytes as given.
        canonical_hash: SHA-256 of its values as RFC 8785 writes them.
        text_status: `authentic`, `reconstructed`; empty when not stated.
        areas: files of areas that belong to the text.
    """

    id: str
    title: Mapping[str, str]
    tz: str
    text_hash: str
    canonical_hash: str
    text_status: str
    sources: Mapping[str, str]
    group: Group
    facts: tuple[Fact, ...]
    zones: Mapping[str, Zone]
    acts: ActTree
    words: Mapping[str, Any]
    instruments: Mapping[str, Instrument]
    terms: Mapping[str, Term]
    precision: Precision
    readings: Mapping[str, str]
    evidence: Mapping[str, Any]
    amend: Mapping[str, Any]
    areas: tuple[str, ...] = ()
    status_rules: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def parties(self) -> Mapping[str, Party]:
        """The actors by id."""
        return self.group.parties
