"""Which claims does a case hold? Those of the files beside its text, of its reports that are words, and of its record.

The files lie beside the text and belong to it: `statements.jsonl` and `requests.jsonl` (claims), `speakers.csv` (who
speaks, and in which office), `claims.csv` (what the desk adds, each with its source), `follow.csv` (what is expected of
a claim, and which later acts show it). No table of evidence is made of
them, and no answer rests on them: with or without them every verdict is the same.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pyarrow as pa

from truceline.agreement.model import Agreement
from truceline.assess.followed import Expected, read_expected
from truceline.desk.claimed import CLAIM, Claimed, claim_of
from truceline.desk.files import LEDGERS, Bench, beside, read_bytes
from truceline.errors import InputError
from truceline.evidence.ledgers import Total, read_totals
from truceline.evidence.schema import Rejected
from truceline.evidence.sources import Sources
from truceline.evidence.statements import Added, Claim, Known, claims_of_table, read_added, read_claims, read_speakers
from truceline.record.charter import read_body
from truceline.store.case import Case

STATEMENTS, REQUESTS, SPEAKERS, ADDED = "statements.jsonl", "requests.jsonl", "speakers.csv", "claims.csv"
FOLLOW = "follow.csv"
OF_WORDS: Final = (STATEMENTS, REQUESTS, SPEAKERS, ADDED, FOLLOW)
"""Files of claims that may lie beside a text, and belong to it in a case."""


@dataclass(frozen=True)
class Words:
    """The claims of a case.

    Attributes:
        claims: by door, in the order of their files and entries.
        rejected: lines that hold no claim.
        agreement: the text.
        sources: who speaks through a source.
        totals: published counts, for claims that cite one.
        warnings: what a reader has to know.
        expected: of which claims later acts are looked for.
        added: what the desk says of a claim or a report.
    """

    claims: tuple[Claim, ...]
    rejected: tuple[Rejected, ...]
    agreement: Agreement
    sources: Sources
    totals: tuple[Total, ...] = ()
    warnings: tuple[str, ...] = ()
    expected: Mapping[str, Sequence[Expected]] = field(default_factory=dict)
    added: Mapping[str, Added] = field(default_factory=dict)

    @property
    def tz(self) -> str:
        """Zone of its civil days."""
        return self.agreement.tz

    def claim(self, key: str) -> Claim | None:
        """One claim, by its id."""
        return next((one for one in self.claims if one.id == key), None)


def words_of_case(case: Case, bench: Bench, tables: Sequence[pa.Table], upto: int | None = None) -> Words:
    """The claims of a case as its first so many entries have them.

    Args:
        case: the case.
        bench: its text.
        tables: its evidence.
        upto: so many entries; None = all.
    """
    files, broken = whole(case.agreement_files(upto), bench)
    found = words_of_files(files, bench, tables)
    known = known_of(bench, files)
    said = tuple(
        claim_of(read_body(one.statement.body, Claimed, CLAIM), one.index, one.statement.by, known)
        for one in case.said(CLAIM, upto)
    )
    return replace(found, claims=(*found.claims, *said), warnings=(*broken, *found.warnings))


def whole(files: Mapping[str, bytes], bench: Bench) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The files beside the text of a case without those of claims that cannot be read, and what is wrong with these.

    Whoever asks a case cannot mend its files: one that is broken is told, and keeps no other answer from anybody.
    """
    taken, broken = dict(files), list[str]()
    bare = Known(bench.agreement.tz, frozenset())
    tries: dict[str, Callable[[bytes], object]] = {
        SPEAKERS: read_speakers, ADDED: read_added, FOLLOW: lambda data: read_expected(data, bare.tz),
        STATEMENTS: lambda data: read_claims(data, STATEMENTS, bare),
        REQUESTS: lambda data: read_claims(data, REQUESTS, bare),
    }  # fmt: skip
    for name in OF_WORDS:
        try:
            tries[name](taken.get(name, b""))
        except InputError as error:
            broken.append(str(error))
            del taken[name]
    return taken, tuple(broken)


def words_beside(text: Path, bench: Bench, tables: Sequence[pa.Table], further: Sequence[Path] = ()) -> Words:
    """The claims of the files beside a text, without a case.

    Args:
        text: the path of the agreement.
        bench: the same, read.
        tables: its evidence.
        further: more files of claims.
    """
    names = (*OF_WORDS, LEDGERS)
    files = {name: data for name in names if (data := beside(text, name)) is not None}
    return words_of_files(files, bench, tables, {path.name: read_bytes(path) for path in further})


def known_of(bench: Bench, files: Mapping[str, bytes]) -> Known:
    """What claims are held against: the ids of the text, and the tables beside it."""
    text = bench.agreement
    return Known(
        text.tz, frozenset(text.parties), frozenset(text.terms), read_speakers(files.get(SPEAKERS, b"")),
        read_added(files.get(ADDED, b"")), bench.sources,
    )  # fmt: skip


def words_of_files(
    files: Mapping[str, bytes], bench: Bench, tables: Sequence[pa.Table], further: Mapping[str, bytes] | None = None
) -> Words:
    """The claims of files, and of the reports that are words; a claim that stands twice stands where it came first."""
    known, claims, rejected, warnings = known_of(bench, files), dict[str, Claim](), list[Rejected](), list[str]()
    given = {name: files[name] for name in (STATEMENTS, REQUESTS) if name in files}
    for name, data in (*given.items(), *(further or {}).items()):
        read = read_claims(data, name, known)
        rejected += read.rejected
        for one in read.claims:
            if one.id in claims:
                rejected.append(Rejected(name, one.line, one.id[:80], "id", "stands in an earlier file"))
            claims.setdefault(one.id, one)
    for table in tables:
        for one in claims_of_table(table, known):
            claims.setdefault(one.id, one)
    expected = read_expected(files.get(FOLLOW, b""), known.tz)
    totals: tuple[Total, ...] = ()
    if LEDGERS in files:
        try:
            totals = tuple(read_totals(io.BytesIO(files[LEDGERS]), LEDGERS)[0])
        except InputError as error:
            warnings.append(str(error))
    return Words(
        tuple(claims.values()), tuple(rejected), bench.agreement, bench.sources, totals, tuple(warnings), expected,
        known.added,
    )  # fmt: skip
