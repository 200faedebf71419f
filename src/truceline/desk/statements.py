"""What can be said in a case, by whom, and what has to be in it?

One table of the types of statements. The record itself knows charter, key sets, revocations and shreddings; what is
here it only carries. Persons, fine positions and sources have no place in any of them.

The order of the checks, after the record made its own:
    1 the type is known, and the body is what the type promises
    2 it speaks of the text in force, by its hash
    3 who says it may say it
    4 nothing in it is a fine position
    5 what the type asks for: an answer answers something, a finding is signed by its body, an amendment by all, and
      rulings, custody and consent speak of what the case holds, where the keeper says them: whoever does not keep the
      case is not told what it holds
    6 a step of a publication is the next one, by whoever may take it
    7 an area, a step of the map, an answer to a list follows from what the record holds (`desk.areasteps`)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from truceline.agreement.history import checked_act, read_act
from truceline.agreement.model import HOLDINGS, SIGNED_ACTS, Agreement
from truceline.desk.claimed import CLAIM, Claimed, check_claim
from truceline.desk.coarse import CELL, Known, check_coarse
from truceline.desk.consent import Consent, check_consent
from truceline.desk.custody import Custody, check_custody
from truceline.desk.designated import MapAnswer, MapProposal, MapVersion, check_map
from truceline.desk.exchanged import AREA, Area, check_area, check_openness
from truceline.desk.handovers import Handover, HandoverAnswer, check_handover, check_handover_answer
from truceline.desk.notification import (
    ACKNOWLEDGEMENT,
    NOTIFICATION,
    Acknowledgement,
    Notification,
    check_acknowledgement,
    check_notification,
)
from truceline.desk.publishing import PUBLICATION, Publication, check_publication
from truceline.desk.rulings import Holdings, Ruling, Unseen, check_ruler, check_ruling
from truceline.desk.sealed import EXCHANGE, check_exchange
from truceline.desk.sittings import SITTING, Sitting, check_sitting
from truceline.errors import ConflictError, InputError, SubmissionError, quoted
from truceline.exchange.sealed import Step
from truceline.group import DESK, may_say
from truceline.record.charter import read_body
from truceline.record.entry import Entry, Statement
from truceline.record.register import OWN_TYPES, Register


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that is kept as given: areas, signed acts."""

    file: str
    kind: str
    rows: int
    sha256: str


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of reports: many rows, one entry, by the hash of its rows; and of the mapping it was read by, if any.

    Attributes:
        replaces: entries whose tables it takes the place of, as a later release of the same data set.
    """

    file: str
    kind: str
    rejected: int
    rejected_sha256: str
    rows: int
    rows_sha256: str
    sha256: str
    mapping_sha256: str = ""
    replaces: tuple[int, ...] = ()


class Pairs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Pairs of reports that may tell of one incident, as a search found them: a file of JSON lines beside the entry.

    It names hidden reports too: nobody is given it but who keeps the case, and neither its hash nor its size tells what
    was found.

    Attributes:
        method: of the search.
        of: hashes of the tables of evidence that were searched, sorted.
        settings_sha256: hash of what the search was set to.
        pairs: how many were found, as it was said once; hidden reports are among them.
    """

    file: str
    method: str
    of: tuple[str, ...]
    settings_sha256: str
    sha256: str
    pairs: int = 0


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The text of the agreement, with the files beside it as blobs; by its bytes and by its values.

    Attributes:
        langs: the languages its titles are in.
        replaces: hash of the text that it amends, by its values; empty for the first.
        since: of an amendment, from when it binds, as a time text; never before it is on the record.
    """

    canonical_sha256: str
    file: str
    id: str
    langs: tuple[str, ...] = ()
    replaces: str = ""
    since: str = ""


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of the agreement in one language, as a file; which text of the record they belong to.

    Attributes:
        is_authentic: whether the parties hold this language to be as binding as any other.
        lang: such as `ar`.
        of: hash of the text, by its values.
    """

    file: str
    is_authentic: bool
    lang: str
    of: str


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A signed act of the agreement: acceptance, extension, end, notice, invocation, answer of a body.

    The signers of the entry are those who act; `at` is the moment they give it.
    """

    act: str
    at: str
    about: tuple[str, ...] = ()
    against: str = ""
    area: str = ""
    callsign: str = ""
    is_yes: bool = False
    of: str = ""
    start: str = ""
    term: str = ""
    to: str = ""
    until: str = ""
    value: str = ""


class Designation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A dated fact about a group: designated, excluded, expelled, renamed. `since`, `until`: time texts."""

    of: str
    since: str
    what: str
    source: str = ""
    until: str = ""
    value: str = ""


class Allegation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a side says happened: words, terms, a day, and an area, never a position.

    Attributes:
        cells: H3 cells of resolution 5 or coarser.
        day: ISO date.
        terms: ids of terms that it says were broken.
        units: codes of the gazetteer.
        against: whom it accuses: an actor of the text.
    """

    text: str
    against: str = ""
    cells: tuple[str, ...] = ()
    day: str = ""
    terms: tuple[str, ...] = ()
    units: tuple[str, ...] = ()


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer to an entry: its index, and words."""

    text: str
    to: int


class Assessment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was computed, from what, by which rules: anybody who holds the evidence computes the same.

    Attributes:
        answers_sha256: hash of all answers.
        of: the record as it was: its first `of` entries.
    """

    agreement_sha256: str
    answers_sha256: str
    evidence: tuple[str, ...]
    observations: int
    of: int
    rule_version: str
    tables: tuple[str, ...]


class Absence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A witness did not cosign, or does so again: a fact, and never a veto.

    Attributes:
        is_back: it cosigns again.
        since: UTC second of the first checkpoint that it did not cosign, or cosigned again.
        witness: its name in the policy.
    """

    is_back: bool
    since: int
    witness: str


class Dissent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who of a body does not agree, and why."""

    by: str
    text: str


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a competent body holds, under its own standard of proof. No program ever writes one.

    Attributes:
        about: indexes of the entries it is about.
        body: who holds it: an actor of the agreement, whose members sign as it decides.
        holds: `breach`, `no-breach`, `undecided`, `explained`, `repaired`.
        against: whose conduct it speaks of.
        of: the request, the case or the day it decides, where it decides one.
        since, until: the time it speaks of, as time texts.
    """

    about: tuple[int, ...]
    body: str
    holds: str
    standard: str
    text: str
    against: str = ""
    dissent: tuple[Dissent, ...] = ()
    of: str = ""
    since: str = ""
    term: str = ""
    until: str = ""


COMMITMENTS = 32
"""So many commitments are in every batch, whatever it holds: their number says nothing."""


class Commitment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A batch of salted commitments to reports of the closed pathway, and to nothing at all: nobody can tell which.

    No kind, no place, no date but that of the entry. See `desk.closed`.

    Attributes:
        commitments: exactly `COMMITMENTS` of them, 64 hexadecimal digits each, sorted.
    """

    commitments: tuple[str, ...]


BODIES: dict[str, type[Any]] = {
    "agreement": Text, "amendment": Text, "wording": Wording, "evidence": Evidence, "areas": File, "acts": File,
    "act": Act, "designation": Designation, "allegation": Allegation, "answer": Reply, "assessment": Assessment,
    "finding": Finding, "absence": Absence, "pairs": Pairs, "ruling": Ruling, "custody": Custody, "consent": Consent,
    "commitment": Commitment, PUBLICATION: Publication, NOTIFICATION: Notification, ACKNOWLEDGEMENT: Acknowledgement,
    EXCHANGE: Step, CLAIM: Claimed,
    AREA: Area, "partition": File, "map-proposal": MapProposal, "map-answer": MapAnswer, "map-version": MapVersion,
    "handover": Handover, "handover-answer": HandoverAnswer, SITTING: Sitting,
}  # fmt: skip
"""Every type of statement that a case knows beside the record's own, and the shape of its body."""

OWN_STATEMENTS = ("finding", "allege", "reply")
"""Acts that are statements of a type of their own."""

SEALABLE = ("allegation", "answer", PUBLICATION, AREA, EXCHANGE)
"""Only of these may the body be kept from others: what binds or is computed has to be read by everybody. A publication
whose body is sealed is a draft: those concerned alone read it. An area that a group gives of itself is always sealed,
and the keeper opens it before it is taken. A list of an exchange is sealed so that nobody opens it alone."""

OF_AREAS = (AREA, "map-proposal", "map-answer", "map-version", "handover", "handover-answer")
"""These tell of areas: cells, and nothing finer."""

OF_THE_TEXT = ("amendment", "act", "designation", "allegation", "answer", "assessment", "finding", SITTING, *OF_AREAS)
"""These speak of a text, and of one version of it."""

OF_THE_CASE = ("ruling", "custody", "consent", "commitment", CLAIM, PUBLICATION, NOTIFICATION, ACKNOWLEDGEMENT,
               EXCHANGE, SITTING, *OF_AREAS)  # fmt: skip
"""These speak of what a case holds, so only once it has begun; no file comes with them, an original least of all."""

_HEX = re.compile(r"[0-9a-f]{64}")


class Steps(Protocol):
    """Who knows how far each publication has come; `desk.steps`."""

    def check(self, entry: Entry, register: Register) -> None:
        """Refuse a step that may not be taken now; told of every entry, for those of one batch follow one another.

        Raises:
            SubmissionError: it may not be taken.
        """


class Rules(Protocol):
    """Refuses an entry that breaks a rule of statements; the files that come with it decide nothing here."""

    def __call__(self, entry: Entry, register: Register, files: Mapping[str, bytes] | None = None, /) -> None:
        """Raises SubmissionError."""


def checker(
    agreement: Callable[[], Agreement | None], holdings: Holdings | None = None, steps: Steps | None = None
) -> Rules:
    """What a case asks of an entry beside what the record asks.

    Args:
        agreement: gives the text in force; None before there is one.
        holdings: the reports, units and originals of the case; None = it is not asked whether they are there.
        steps: knows how far each publication has come; None = it is not asked whose turn it is.
    """

    def check(entry: Entry, register: Register, _files: Mapping[str, bytes] | None = None, /) -> None:
        ask(entry, register)
        if steps is not None:
            steps.check(entry, register)  # 6

    def ask(entry: Entry, register: Register) -> None:
        one = entry.statement
        if one.type in OWN_TYPES:
            return
        if one.type not in BODIES:  # 1
            raise SubmissionError(f"`type`: expected one of {', '.join(BODIES)}, got {quoted(one.type)}")
        if one.sealed is not None and one.type not in SEALABLE:
            raise SubmissionError(f"`sealed`: a statement of type {quoted(one.type)} is open to everybody")
        text = agreement()
        body = None if one.sealed is not None else read_body(one.body, BODIES[one.type], one.type)
        if one.type in OF_THE_TEXT:
            _check_under(one, text)  # 2
        if one.type in OF_THE_CASE and (text is None or one.blobs):
            raise SubmissionError(f"a statement of type {quoted(one.type)} comes after the text, and without files")
        _check_speaker(one, text, register)  # 3
        check_coarse([one.body, *(blob.name for blob in one.blobs)], _known_to(one, text, register, holdings))  # 4
        _check_files(one, body)
        if one.type == "agreement" and text is not None:
            raise SubmissionError("a record has one agreement: what changes it is an amendment, signed by all")
        if body is not None and text is not None:
            _check_kind(entry, body, text, register)  # 5
            _check_of_case(entry, body, text, register, holdings)

    return check


OF_REPORTS = ("ruling", "consent", "custody", "pairs")
"""Types of statements that name reports by their ids."""


def _known_to(one: Statement, text: Agreement | None, register: Register, holdings: Holdings | None) -> Known | None:
    """Tells the keeper's own statements which texts are ids of its reports; whoever else asks would learn of them."""
    if holdings is None or one.type not in OF_REPORTS or _kind_of(one.by, text, register) != DESK:
        return None
    held = holdings
    return lambda texts: set(texts) - set(held.unknown(texts))


def _check_under(one: Statement, text: Agreement | None) -> None:
    if text is None:
        raise SubmissionError("there is no text yet that it could speak of")
    if one.under != text.canonical_hash:
        got = one.under[:12] or "none"
        raise ConflictError(f"`under`: made for the text {got}, in force is {text.canonical_hash[:12]}")


def _kind_of(by: str, text: Agreement | None, register: Register) -> str:
    """What a submitter is: one of `group.KINDS`, `desk` where it founded the record and is no actor, or a stranger."""
    parties = {} if text is None else text.parties
    founders = () if register.charter is None else [party.party for party in register.charter.parties]
    return parties[by].kind if by in parties else DESK if by in founders else "a stranger"


def _check_speaker(one: Statement, text: Agreement | None, register: Register) -> None:
    kind = _kind_of(one.by, text, register)
    if not may_say(kind, one.type):
        raise SubmissionError(f"`by`: {quoted(one.by)} ({kind}) does not say what is of type {quoted(one.type)}")


def _check_files(one: Statement, body: Any) -> None:  # noqa: ANN401  # any of the bodies
    """What a body names has to lie beside it, or nobody could read the case again."""
    if isinstance(body, Text) and body.file not in {blob.name for blob in one.blobs}:
        raise SubmissionError(f"`file`: expected one of the files of the entry, got {quoted(body.file)}")
    if isinstance(body, File | Pairs) and body.sha256 not in {blob.sha256 for blob in one.blobs}:
        raise SubmissionError("`sha256`: expected that of a file of the entry")


def _check_kind(entry: Entry, body: Any, text: Agreement, register: Register) -> None:  # noqa: ANN401
    one = entry.statement
    signers = register.signers(entry)
    if isinstance(body, Evidence) and not all(0 < index < register.size for index in body.replaces):
        raise SubmissionError("`replaces`: expected entries of the record")
    if isinstance(body, Reply) and not 0 < body.to < register.size:
        raise SubmissionError(f"`to`: expected an entry of the record, got {body.to}")
    if isinstance(body, Act):
        _check_act(one, signers, text)
    if isinstance(body, Allegation):
        _check_known("against", [body.against] if body.against else [], text.parties)
        _check_known("terms", body.terms, text.terms)
        for cell in body.cells:
            if not CELL.fullmatch(cell):
                raise SubmissionError(f"`cells`: expected H3 cells, got {quoted(cell)}")
    if isinstance(body, Wording) and (body.of != text.canonical_hash or body.file not in {b.name for b in one.blobs}):
        raise SubmissionError("`of`, `file`: expected the text in force, and a file that comes with the statement")
    if isinstance(body, Designation):
        _check_known("of", (body.of,), text.parties)
    if isinstance(body, Finding):
        _check_finding(body, text, register, signers)
    if one.type == "amendment":
        _check_amendment(body, text, register, signers)


def _check_of_case(
    entry: Entry,
    body: Any,  # noqa: ANN401  # any of the bodies
    text: Agreement,
    register: Register,
    holdings: Holdings | None,
) -> None:
    """What speaks of the holdings of a case."""
    one = entry.statement
    kind = _kind_of(one.by, text, register)
    if holdings is not None and kind != DESK:
        holdings = Unseen(holdings)
    if isinstance(body, Ruling):
        check_ruler(body, one.by, kind, register.signers(entry), text)
        check_ruling(body, holdings)
    if isinstance(body, Custody):
        check_custody(body, text.tz, holdings)
    if isinstance(body, Consent):
        check_consent(body, text.tz, holdings)
    if isinstance(body, Publication):
        check_publication(body, text)
    if isinstance(body, Claimed):
        check_claim(body)
    if isinstance(body, Notification):
        check_notification(body, text)
    if isinstance(body, Acknowledgement):
        check_acknowledgement(body, one.by, kind, register.signers(entry))
    if isinstance(body, Step):
        check_exchange(body, text, register)
    if isinstance(body, Sitting):
        check_sitting(body, one.by, register.signers(entry), text, register.size)
    _check_of_areas(body, one, text)
    if isinstance(body, Commitment):
        found = body.commitments
        if len(found) != COMMITMENTS or list(found) != sorted(set(found)) or not all(map(_HEX.fullmatch, found)):
            raise SubmissionError(f"`commitments`: expected {COMMITMENTS} different ones, sorted, of 64 digits each")


def _check_of_areas(body: Any, one: Statement, text: Agreement) -> None:  # noqa: ANN401  # any of the bodies
    """What tells of areas: cells no finer than the floor, and nothing else."""
    if isinstance(body, Area):
        check_area(body, text)
        check_openness(body, one.by, text, is_sealed=False)
    if isinstance(body, MapProposal | MapAnswer | MapVersion):
        check_map(body, one.by, text)
    if isinstance(body, Handover):
        check_handover(body, one.by, text)
    if isinstance(body, HandoverAnswer):
        check_handover_answer(body, text.tz)


def _check_known(field: str, ids: Sequence[str], known: Any) -> None:  # noqa: ANN401  # a mapping by id
    for one in ids:
        if one not in known:
            raise SubmissionError(f"`{field}`: the text knows no {quoted(one)}")


def _check_act(one: Statement, signers: Sequence[str], text: Agreement) -> None:
    """What acts are known, and that this one speaks of what the text knows."""
    own = tuple(act for act in SIGNED_ACTS if act not in OWN_STATEMENTS)
    if one.body.get("act") not in own:
        raise SubmissionError(f"`act`: expected one of {', '.join(own)}, got {quoted(one.body.get('act'))}")
    try:
        checked_act(read_act({"by": list(signers), **one.body}, text.tz, 0), text)
    except InputError as error:
        raise SubmissionError(str(error)) from None


def _check_finding(body: Finding, text: Agreement, register: Register, signers: Sequence[str]) -> None:
    if body.holds not in HOLDINGS:
        raise SubmissionError(f"`holds`: expected one of {', '.join(HOLDINGS)}, got {quoted(body.holds)}")
    if not body.about or not all(0 < index < register.size for index in body.about):
        raise SubmissionError("`about`: expected entries of the record")
    _check_known("body", (body.body, *([body.against] if body.against else [])), text.parties)
    _check_known("term", [body.term] if body.term else [], text.terms)
    if not text.group.signed_by(body.body, signers):
        raise SubmissionError(f"not signed as {quoted(body.body)} decides: got {', '.join(signers)}")


def _check_amendment(body: Text, text: Agreement, register: Register, signers: Sequence[str]) -> None:
    if body.replaces != text.canonical_hash:
        raise ConflictError("`replaces`: not the text in force")
    wanted = {party for party in register.sets if party in text.parties}
    wanted |= {party.id for party in text.parties.values() if party.kind == "guarantor"}
    missing = sorted(wanted - set(signers))
    if missing:
        raise SubmissionError(f"an amendment needs every signatory: not signed by {', '.join(missing)}")
