"""What does the record say beside its evidence? Findings, texts and consent, and who may see which finding.

A finding is shown to the public once a publication made it public; before that to the secretariat, to its signers and
the members of its body, to whom it is against, and to those to whom a draft of it was transmitted. How many findings
are not public, and for how long, everybody is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from truceline.agreement.model import Agreement
from truceline.desk.consent import Consents, consents_of
from truceline.desk.publication import Course, Published, course_of
from truceline.desk.views.sight import known_by_shown_ids
from truceline.errors import UnknownError
from truceline.group import Group, role_of
from truceline.span import parse_instant, utc_text
from truceline.store.case import TEXTS, Case, Said
from truceline.verdict import YES

PUBLIC, WITHHELD, OPEN = "public", "withheld", "not public"
"""How far a finding has come, for those who may see it."""


@dataclass(frozen=True)
class Finding:
    """A finding of the record.

    Attributes:
        index: of its entry.
        at: UTC second at which the record held it.
        by: its signers.
        is_joint: whether they bind the body that it names.
        body: what the statement says.
        under: hash of the text of which it speaks.
        published: when and by what; None = it is not public.
        is_withheld: the body decided to withhold it.
        drafted_to: the parties to whom a draft about it was transmitted.
    """

    index: int
    at: int
    by: tuple[str, ...]
    is_joint: bool
    body: dict[str, Any]
    under: str
    published: Published | None = None
    is_withheld: bool = False
    drafted_to: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """How acts, allegations and lists call it."""
        return f"entry-{self.index}"

    @property
    def state(self) -> str:
        """How far it has come."""
        return PUBLIC if self.published is not None else WITHHELD if self.is_withheld else OPEN

    def is_shown_to(self, reader: str, group: Group) -> bool:
        """Whether a reader may see it."""
        if self.published is not None or reader == "secretariat":
            return True
        if role_of(reader) != "party":
            return False
        party = reader.partition(":")[2]
        body = group.parties.get(str(self.body["body"]))
        members = {*self.by, *self.drafted_to, *(body.members if body else ()), str(self.body["body"])}
        against = str(self.body.get("against", ""))
        return party in members or (bool(against) and group.belongs(against, party) == YES)


@dataclass(frozen=True)
class Text:
    """A text of the agreement, as an entry of the record.

    Attributes:
        index: of the entry.
        at: UTC second at which the record held it.
        since: from when it binds.
        values, bytes_: SHA-256 of its values and of its bytes.
        replaces: hash of the values of the text that it amends.
        by: its signers.
    """

    index: int
    at: int
    since: int
    file: str
    values: str
    bytes_: str
    replaces: str
    langs: tuple[str, ...]
    by: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """What the record says beside its evidence, up to an entry.

    Attributes:
        size: so many entries.
        at: UTC second of the newest of them.
        consents: about reports by the ids that are shown.
        findings: in the order of the record.
        texts: likewise.
        course: of publications; nobody may change it.
    """

    size: int
    at: int
    consents: Consents
    findings: tuple[Finding, ...]
    texts: tuple[Text, ...]
    course: Course

    def shown(self, reader: str, group: Group) -> list[Finding]:
        """The findings that a reader may see."""
        return [one for one in self.findings if one.is_shown_to(reader, group)]

    def finding(self, index: int, reader: str, group: Group) -> Finding | None:
        """One finding, if the reader may see it."""
        return next((one for one in self.shown(reader, group) if one.index == index), None)

    def not_public(self, now: int) -> dict[str, Any]:
        """How many findings are not public, and for how many days: this is for everybody."""
        found = self.course.withheld(now)
        return {
            name: {"number": len(days), "ages_days": list(days)}
            for name, days in (("withheld", found.ages_days), ("unpublished", found.unpublished_days))
        }


def told_of(case: Case, agreement: Agreement, size: int, *, is_newest: bool = False) -> Told:
    """What a case says beside its evidence, up to its first `size` entries.

    Args:
        case: as it is kept.
        agreement: the text in force.
        size: so many entries.
        is_newest: they were all there are, a moment ago: what was published since is public already. The course is
            the one that is kept then, however often somebody writes between two looks.
    """
    course = course_of(case, None if is_newest else size).copy()
    withheld = {index for one in course.matters.values() if one.stage == "withheld" for index in one.decided}
    drafted: dict[int, set[str]] = {}
    for matter in course.matters.values():
        for index in matter.about:
            drafted.setdefault(index, set()).update(matter.to)
    findings = []
    for said in case.said("finding", size):
        by = tuple(case.signers(said))
        body = said.statement.body
        findings.append(
            Finding(
                said.index, said.known_at, by, agreement.group.signed_by(body["body"], by), dict(body),
                said.statement.under, course.public.get(said.index), said.index in withheld,
                tuple(sorted(drafted.get(said.index, ()))),
            )
        )  # fmt: skip
    # What is known now of consent is obeyed whatever state is looked at.
    consents = known_by_shown_ids(consents_of(case, agreement.tz))
    at = case.entries()[size - 1].known_at if size else 0
    return Told(size, at, consents, tuple(findings), tuple(_texts(case, agreement.tz, size)), course)


def _texts(case: Case, tz: str, size: int) -> Iterable[Text]:
    found: list[Said] = sorted((said for kind in TEXTS for said in case.said(kind, size)), key=lambda said: said.index)
    for said in found:
        body = said.statement.body
        file = str(body["file"])
        digest = next((blob.sha256 for blob in said.statement.blobs if blob.name == file), "")
        since = parse_instant(body["since"], tz) if body.get("since") else said.known_at
        yield Text(
            said.index, said.known_at, max(since, said.known_at), file, body["canonical_sha256"], digest,
            body.get("replaces", ""), tuple(body.get("langs", ())), tuple(case.signers(said)),
        )  # fmt: skip


class FindingFilter(msgspec.Struct, frozen=True, omit_defaults=True, rename={"since": "from"}):
    """Which findings are asked for; what is empty is not asked.

    Attributes:
        holds: `breach`, `no-breach`, `undecided`, `explained`, `repaired`.
        term: id of a term; `against`: an actor, its parts are meant too; `body`: who holds it.
        since, until: only those of which the record knew between; time texts.
    """

    holds: str = ""
    term: str = ""
    against: str = ""
    body: str = ""
    since: str = ""
    until: str = ""

    def plain(self) -> dict[str, Any]:
        """What is asked, for an answer or a file."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def findings_asked(told: Told, reader: str, one: FindingFilter, agreement: Agreement) -> list[Finding]:
    """The findings that a reader may see and asks for.

    Raises:
        UnknownError: the text knows no such term or actor. InputError: a time is none.
    """
    for field, value, known in (
        ("term", one.term, agreement.terms), ("against", one.against, agreement.parties),
        ("body", one.body, agreement.parties),
    ):  # fmt: skip
        if value and value not in known:
            raise UnknownError(f"`{field}`: the text knows no such one")
    since = parse_instant(one.since, agreement.tz) if one.since else None
    until = parse_instant(one.until, agreement.tz) if one.until else None

    def is_asked(finding: Finding) -> bool:
        body, group = finding.body, agreement.group
        return (
            one.holds in ("", body["holds"])
            and one.term in ("", body.get("term", ""))
            and one.body in ("", body["body"])
            and (not one.against or group.belongs(str(body.get("against", "")), one.against) == YES)
            and (since is None or finding.at >= since)
            and (until is None or finding.at < until)
        )

    return [finding for finding in told.shown(reader, agreement.group) if is_asked(finding)]


def finding_row(one: Finding, reader: str) -> dict[str, Any]:
    """A finding as plain values: as it was signed, with the dissent printed."""
    body, public = one.body, one.published
    return {
        "index": one.index, "id": one.id, "at": utc_text(one.at), "by": list(one.by), "body": body["body"],
        "joint": one.is_joint, "holds": body["holds"], "term": body.get("term") or None,
        "against": body.get("against") or None, "standard": body["standard"], "text": body["text"],
        "about": list(body["about"]), "of": body.get("of") or None, "from": body.get("since") or None,
        "until": body.get("until") or None,
        "dissent": [{"by": each["by"], "text": each["text"]} for each in body.get("dissent", ())],
        "under": one.under or None, "state": one.state if role_of(reader) != "public" else PUBLIC,
        "published": None if public is None else {
            "entry": public.by, "at": utc_text(public.since), "corrected_by": list(public.corrected_by),
        },
    }  # fmt: skip
