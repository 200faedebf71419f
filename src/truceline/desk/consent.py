"""May this report, or this original, be used so? Consent is per use, recorded, and obeyed from its entry on.

The latest statement that applies decides. Where nobody has said anything:

    a report            is shared and published as far as the place ladder shows it; it is referred to nobody
    a person's account  is used for nothing: a report whose source says that its reporter is withheld
    an original         is used for nothing: a photo shows more than it was taken for

A refusal to share with one holds against publication too: what is public reaches everybody. Consent that has lapsed is
no consent. Nothing that was handed out is called back by a refusal: the record says since when it holds.

What it never does: hide a report from the secretariat that keeps it, or change a verdict.
Source: docs/adr/0016-custody-consent-rulings.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from truceline.desk.charters import clock_of
from truceline.desk.rulings import Holdings
from truceline.errors import InputError, SubmissionError, quoted
from truceline.group import role_of
from truceline.span import FAR_AHEAD, parse_instant
from truceline.store.case import Case

if TYPE_CHECKING:
    from truceline.desk.runs import Outcome  # a run asks the record, which asks here what a consent is

SHARE, PUBLISH, REFER = "share", "publish", "refer"
USES = (SHARE, PUBLISH, REFER)
"""With a party or an institution; with everybody; to a court, an inquiry or another mechanism."""

HANDED = (SHARE, REFER)
"""For these an original is handed to somebody: a publication is made of none."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_WHOM = re.compile(r"[\w][\w .:'()&-]{0,79}")

REACHED = re.compile(r"@|\d{5}|(?:\d[ ().,/:+-]*){7}")
"""What reaches a person: no role and no institution is written so. A person's name is not told from a role's."""


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whether something may be used, as those whom it concerns have said. Who they are stands in the vault.

    Attributes:
        about: id of a report, or SHA-256 of an original.
        use: one of `USES`.
        is_given: whether consent is given; else it is refused, or withdrawn.
        to: the party or institution; empty = whoever it is.
        until: time text; from then on it is as if this had not been said, or as if consent had lapsed.
    """

    about: str
    use: str
    is_given: bool
    to: str = ""
    until: str = ""


@dataclass(frozen=True)
class Spoken:
    """One statement of consent.

    Attributes:
        index: of its entry.
        until: UTC second; `FAR_AHEAD` = without an end.
    """

    index: int
    consent: Consent
    until: int = FAR_AHEAD


@dataclass(frozen=True)
class Consents:
    """All statements of consent, in the order of the record."""

    spoken: tuple[Spoken, ...] = ()

    def deciding(self, about: str, use: str, *, to: str = "", at: int) -> Spoken | None:
        """The statement that decides a use; None = nobody said anything that applies.

        Args:
            about: id of a report, or SHA-256 of an original.
            use: one of `USES`.
            to: the party or institution; empty = everybody.
            at: UTC second of the use.
        """
        applying = [one for one in self.spoken if one.consent.about == about and _applies(one.consent, use, to)]
        # A refusal that has lapsed has no effect any more; consent that has lapsed still says that one was asked.
        return next((one for one in reversed(applying) if one.consent.is_given or at < one.until), None)

    def may_use(self, about: str, use: str, *, to: str = "", at: int, is_account: bool = False) -> bool:
        """Whether something may be used.

        Args:
            about: id of a report, or SHA-256 of an original.
            use: one of `USES`; of anything else the answer is no.
            to: the party or institution; empty = everybody.
            at: UTC second of the use.
            is_account: it is a person's account: without consent it is used for nothing.

        >>> said = Consents((Spoken(5, Consent("sy-1", "publish", False)),))
        >>> [said.may_use(one, "publish", at=0) for one in ("sy-1", "sy-2", "a" * 64)]
        [False, True, False]
        """
        one = self.deciding(about, use, to=to, at=at)
        if one is not None:
            return one.consent.is_given and at < one.until
        return use in (SHARE, PUBLISH) and not is_account and not _DIGEST.fullmatch(about)

    def withheld(self, tables: Iterable[pa.Table], reader: str, at: int) -> frozenset[str]:
        """Ids of the reports that a page or an export for a reader leaves out.

        Args:
            tables: of `evidence.schema.SCHEMA`.
            reader: `secretariat`, `party:ID` or `public`, as for the place ladder; anybody else is the public.
            at: UTC second at which it is made.
        """
        role = role_of(reader)
        if role == "secretariat":
            return frozenset()
        use, to = (SHARE, reader.partition(":")[2]) if role == "party" else (PUBLISH, "")
        named = {one.consent.about for one in self.spoken}
        found: set[str] = set()
        for table in tables:
            accounts = set(
                table.filter(pc.fill_null(table.column("reporter_withheld"), False)).column("id").to_pylist()
            )
            asked = pc.is_in(table.column("id"), value_set=pa.array(sorted(named | accounts), pa.string()))
            for key in table.filter(asked).column("id").to_pylist():
                if not self.may_use(key, use, to=to, at=at, is_account=key in accounts):
                    found.add(key)
        return frozenset(found)


def _applies(one: Consent, use: str, to: str) -> bool:
    if one.use == use:
        return one.to in ("", to)
    return use == PUBLISH and one.use == SHARE and not one.is_given


def consents_of(case: Case, tz: str, upto: int | None = None) -> Consents:
    """What was said of consent among the first `upto` entries of a case; None = all.

    Args:
        case: the folder.
        tz: zone of the time texts.
        upto: what is used now obeys all that is known now; only who asks what was obeyed then gives a number.
    """
    found = []
    for said in case.said("consent", upto):
        one = msgspec.convert(said.statement.body, Consent)
        found.append(Spoken(said.index, one, parse_instant(one.until, tz) if one.until else FAR_AHEAD))
    return Consents(tuple(found))


def withheld_from(reader: str, case: Case, outcome: Outcome) -> frozenset[str]:
    """Ids of the judged reports that a page or an export for a reader, made now, leaves out.

    What is known now is obeyed, also by a page that shows what was known earlier: it is used now.
    """
    found = consents_of(case, outcome.bench.agreement.tz)
    tables = (part.table for part in outcome.evidence if part.table.num_rows)
    left_out = found.withheld(tables, reader, clock_of(case.charter())())
    return left_out.intersection(outcome.assessed.ids) if left_out else left_out


def check_consent(one: Consent, tz: str, holdings: Holdings | None) -> None:
    """Refuse what is no statement of consent.

    Args:
        one: as it is said.
        tz: zone of its time text.
        holdings: what the case holds; None = it is not asked.

    Raises:
        SubmissionError: no such use, nothing that it could be about, or a time that is none.
    """
    if one.use not in USES:
        raise SubmissionError(f"`use`: expected one of {', '.join(USES)}, got {quoted(one.use)}")
    if one.to and (not _WHOM.fullmatch(one.to) or REACHED.search(one.to)):
        raise SubmissionError("`to`: expected the name of a party or an institution, never a person")
    if one.use == PUBLISH and one.to:
        raise SubmissionError("`to`: what is published is published to everybody")
    if one.until:
        try:
            parse_instant(one.until, tz)
        except InputError as error:
            raise SubmissionError(f"`until`: {error.faults[0]}") from None
    check_about([one.about], holdings)


def check_about(about: Sequence[str], holdings: Holdings | None) -> None:
    """Refuse what is neither a report of the case nor an original in custody.

    Raises:
        SubmissionError: one of them is neither.
    """
    if holdings is None:
        return
    reports = [one for one in about if not (_DIGEST.fullmatch(one) and holdings.is_original(one))]
    unknown = holdings.unknown(reports)
    if unknown:
        raise SubmissionError(f"`about`: the case holds no report and no original {quoted(unknown[0], 70)}")
