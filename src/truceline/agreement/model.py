"""What does the text of an agreement say? Values only: actors, facts, zones, acts, words, terms, and the signed acts.

Nothing here is judged. Every part carries the line of the file it came from, because that line is cited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from truceline.acts import ActTree
from truceline.group import CIVILIAN, Group, Party
from truceline.precision import Precision

TERM_KINDS = ("prohibit", "require", "permit", "power", "define")
SIGNED_ACTS = (
    "accept", "withdraw", "extend", "open", "end", "notice", "invoke", "answer", "perform", "refuse", "confirm",
    "request", "suspend", "resume", "waive", "reset", "adopt", "acknowledge", "publish", "expel", "readmit", "finding",
    "allege", "reply",
)  # fmt: skip
HOLDINGS = ("breach", "no-breach", "undecided", "explained", "repaired")
"""What a body may hold in a finding."""
REMARKS_S = 72 * 3600
"""So long may the parties concerned remark on the facts of a draft, where the text says nothing else."""
JUDGED_KINDS = ("prohibit", "permit", "define")


@dataclass(frozen=True)
class Fact:
    """A dated fact: `[start, end)` in UTC seconds.

    Attributes:
        what: `name`, `alias`, `merged`, `split`, `holds`, `accepted`, `excluded`, `expelled`, `withdrawn`, `sole`, or
            another status the text defines.
        of: id of the actor.
        by: issuer of a status, or who attests an acceptance; empty when not stated.
        value: the name, or the listed name, or the class of acts of a `sole` capability, or the text that is held.
        actors: for `sole`: who alone has the means; for `merged` and `split`: into whom.
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
    """One document of the bundle: its window is that of its terms unless they state their own.

    Attributes:
        published: UTC second from which everybody can read it; None = never, or not stated.
    """

    id: str
    title: str
    line: int
    begins: Any = None
    ends: Any = None
    is_adopted: bool = True
    source: str = ""
    published: int | None = None


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
        versions: published versions of this clause that differ: each a mapping of the fields it has otherwise.
        procure: the third party that the bearer is to bring to act.
        protects: `civilians`, `aid` or `sites`: nothing ever suspends it.
        clock: `stops` or `runs` while the duty is suspended.
        proof: `record` where only the record can show that it was done (closed world), `deed` otherwise.
        at: `impact` or `origin`: which region of a report the term speaks of.
        since: second from which an amendment has put this wording in force; None = from the beginning.
        before: second at which an amendment has replaced this wording; None = it stands.
        tree: the acts as the text of this wording has them; None = as the agreement has them.
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
    versions: tuple[Mapping[str, Any], ...] = ()
    procure: str = ""
    protects: str = ""
    clock: str = "stops"
    proof: str = ""
    at: str = "impact"
    since: int | None = None
    before: int | None = None
    tree: ActTree | None = None
    body: Mapping[str, Any] = field(default_factory=dict)

    def is_named(self, name: str, at: int) -> bool:
        """Whether an act of a second that names a term speaks of this wording of it.

        Who named `F2` before an amendment spoke of what is `F2~1` now; who names it later may speak of either.
        """
        if name == self.id:
            return self.since is None or at >= self.since
        return self.before is not None and name == self.id.partition("~")[0]

    @property
    def is_protective(self) -> bool:
        """Whether it protects civilians, aid or notified sites: then no act and no conduct suspends it."""
        return bool(self.protects) or (self.to is not None and bool(CIVILIAN.intersection(self.to.ids)))


@dataclass(frozen=True)
class SignedAct:
    """An act that exists only in the record: acceptance, extension, notice, request, suspension, finding and the like.

    Closed-world: what is not in the record as known then was not done.

    Attributes:
        act: one of `SIGNED_ACTS`.
        by: the signers.
        at: second of signature, by the signer's own account.
        known_at: second at which it entered the record.
        of: what it is about: a term, an instrument, a word, a group, a text, or the id of a report.
        until: for `extend`, `notice`, `suspend`; of a finding the end of the time it speaks of.
        start: first second of a notified window, or of the time a finding speaks of.
        term: the exception invoked, or the term a finding holds to be broken or not.
        area: code or zone of a notified flight.
        callsign: of a notified flight.
        to: whom a notice or a request was given.
        is_yes: the answer of a body.
        holds: of a finding: one of `HOLDINGS`.
        body: the body that holds it; empty = its signers, each for itself.
        against: whose conduct a finding or an allegation speaks of.
        about: ids of the requests, reports or entries it belongs to.
        value: the reading adopted, the reason of a refusal.
        standard: the standard of proof of a finding, in the body's words.
        dissent: members of the body that do not agree.
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
    holds: str = ""
    body: str = ""
    against: str = ""
    about: tuple[str, ...] = ()
    value: str = ""
    standard: str = ""
    dissent: tuple[str, ...] = ()


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
        remarks_s: seconds that the parties concerned have for remarks on the facts of a draft finding.
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
    remarks_s: int = REMARKS_S

    @property
    def guarantors(self) -> frozenset[str]:
        """Ids of the guarantors."""
        return frozenset(party.id for party in self.parties.values() if party.kind == "guarantor")

    @property
    def parties(self) -> Mapping[str, Party]:
        """The actors by id."""
        return self.group.parties
