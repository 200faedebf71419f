"""One run: evidence against an agreement, as known at a moment; and the answer that `assess --json` prints."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from truceline import LAW, RULE_VERSION, __version__
from truceline.agreement.amended import amended
from truceline.agreement.history import History
from truceline.agreement.model import Agreement, Fact, SignedAct
from truceline.agreement.text import load
from truceline.assess import assessment
from truceline.assess.assessment import Assessed
from truceline.assess.columns import JUDGED_COLUMNS, Columns
from truceline.assess.evidences import Evidences
from truceline.assess.incidents import Band, Bands, Told, incidents_of
from truceline.assess.place import Placed
from truceline.assess.support import Needs, Weighing
from truceline.assess.triggers import invoked
from truceline.desk.decided import People, as_ruled, people_of
from truceline.desk.files import Bench, Evidence, Tell, bench_of, read_bytes
from truceline.desk.recorded import signed_acts
from truceline.errors import InputError, UnknownError, quoted
from truceline.evidence.schema import SCHEMA, Rejected, rejected_table
from truceline.span import FAR_AHEAD, LONG_AGO, parse_instant, utc_text
from truceline.store.case import AGREEMENT, TEXTS, Case, Said
from truceline.store.disk import write_whole
from truceline.verdict import YES, Values


@dataclass(frozen=True)
class Outcome:
    """A whole run: what was read, what was judged, as known when.

    Attributes:
        rejected: rows that were not taken, with their reason.
        later: reports that became known later than asked for.
        findings: signed findings that the record held then; 0 for files alone.
        told: which reports tell of one incident.
        weighing: by what it was decided whether a report is supported.
        places: report to the unit in which a person placed it.
        notes: warnings about what was decided of the reports.
        joined_support: `(n,)` whether each report would be supported if all that may be one incident were one.
    """

    bench: Bench
    evidence: tuple[Evidence, ...]
    assessed: Assessed
    known_at: int | None
    rejected: pa.Table = field(default_factory=lambda: rejected_table([]))
    later: int = 0
    findings: int = 0
    told: Told = field(default_factory=lambda: Told({}))
    weighing: Weighing | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    joined_support: Values | None = None

    @property
    def warnings(self) -> list[str]:
        """What a reader of the answers has to know: missing shapes, tables that were not there, what came later."""
        placed = self.assessed.law.placed
        used = dict.fromkeys(zone for term in self.bench.agreement.terms.values() for zone in term.where)
        found = [
            f"zone `{zone}` is in no file of areas: it answers 0 `place`"
            for zone in used
            if placed.ground((zone,)).is_missing
        ]
        if self.later:
            found.append(f"{self.later} reports became known later and are left out")
        return [*self.bench.warnings, *self.notes, *found]


@dataclass(frozen=True)
class Asked:
    """What of the evidence is judged, and as known when.

    Attributes:
        since: only what can have happened from this moment on; a time text, empty = no bound.
        until: only what can have happened before this moment.
        known_at: a time text, or `#index` of the record; empty = everything that is known.
    """

    since: str = ""
    until: str = ""
    known_at: str = ""


def assess_files(
    bench: Bench, evidence: Sequence[Evidence], asked: Asked, tell: Tell | None = None, people: People | None = None
) -> Outcome:
    """Judge files against an agreement, without a case folder: the time of import is what was known."""
    if asked.known_at.startswith("#"):
        raise InputError("`--known-at #index` needs a case folder: files alone have no record")
    known_at = parse_instant(asked.known_at, bench.agreement.tz) if asked.known_at else None
    return _assess(bench, tuple(evidence), asked, known_at=known_at, tell=tell, people=people)


def assess_case(case: Case, asked: Asked, areas: Sequence[Path] = (), tell: Tell | None = None) -> Outcome:
    """Judge everything in a case folder, and keep the answers there when nothing was left out."""
    outcome = judge_case(case, asked, areas, tell)
    if asked == Asked() and not areas:
        case.write_assessments(assessment.table_of(outcome.assessed))
    return outcome


def answers_of(case: Case, said: Said) -> str:
    """Compute a recorded assessment again: the hash of all answers, as the record was when it was made."""
    return assessment.hash_of(judge_case(case, Asked(known_at=f"#{said.statement.body['of'] - 1}")).assessed)


def assessment_body(case: Case, outcome: Outcome) -> dict[str, Any]:
    """What the record says of a whole assessment: from what it was computed, by which rules, and its hash."""
    return {
        "agreement_sha256": outcome.bench.agreement.canonical_hash,
        "answers_sha256": assessment.hash_of(outcome.assessed),
        "evidence": sorted(part.table_hash or part.sha256 for part in outcome.evidence),
        "observations": len(outcome.assessed.reports), "of": len(case.entries()), "rule_version": RULE_VERSION,
        "tables": sorted(outcome.bench.tables.values()),
    }  # fmt: skip


def judge_case(
    case: Case, asked: Asked, areas: Sequence[Path] = (), tell: Tell | None = None,
    *, without: Collection[str] = (),
) -> Outcome:  # fmt: skip
    """Judge everything in a case folder, and write nothing.

    Args:
        case: the case.
        asked: what is judged, and as known when.
        areas: further files of areas.
        tell: told `(what, done, all)` as the work goes on.
        without: ids of signed acts that are left out, for a reader who may not know of them.
    """
    tz = bench_of_case(case).agreement.tz
    known_at, upto = known_of(case, asked.known_at, tz)
    bench = bench_of_case(case, areas, upto)
    evidence, people = evidence_of(case, bench, upto), people_of(case, upto)
    if without:
        evidence = tuple(replace(one, acts=tuple(a for a in one.acts if a.id not in without)) for one in evidence)
    outcome = _assess(bench, evidence, asked, known_at=known_at, seen_by=known_at, tell=tell, people=people)
    later = sum(a.rows for a in case.journal() if a.sequence >= upto and a.table_hash)
    return replace(outcome, later=outcome.later + later, findings=len(case.said("finding", upto)))


def bench_of_case(case: Case, areas: Sequence[Path] = (), upto: int | None = None) -> Bench:
    """The agreement of a case folder, with the areas and designations that were added to it.

    Args:
        case: the folder.
        areas: further files of areas.
        upto: as the first so many entries of the record have it; None = all.
    """
    files, name = case.agreement_files(upto), case.text(upto).body["file"]
    known = [(a, data) for a, data in case.bytes_of("areas") if upto is None or a.sequence < upto]
    added = {f"{a.sequence}-{a.file}": data for a, data in known}
    further = {path.name: read_bytes(path) for path in areas}
    bench = _after_amendments(case, bench_of(name, files[name], files.get, {**added, **further}), upto)
    facts = tuple(_designated(said, bench.agreement.tz) for said in case.said("designation", upto))
    return replace(bench, agreement=replace(bench.agreement, facts=bench.agreement.facts + facts)) if facts else bench


def published_with(case: Case, size: int) -> Bench:
    """The text with the files that were published with it, and no others."""
    files, name = case.agreement_files(size), case.text(size).body["file"]
    return bench_of(name, files[name], files.get, {})


def _after_amendments(case: Case, newest: Bench, upto: int | None) -> Bench:
    """The newest text, with what earlier texts forbade and required until each was amended."""
    texts = [said for kind in TEXTS for said in case.said(kind, upto)]
    texts.sort(key=lambda said: said.index)
    if len(texts) < 2:
        return newest
    agreement: Agreement | None = None
    for number, said in enumerate(texts):
        files = case.agreement_files(said.index + 1)
        name = said.statement.body["file"]
        here = newest.agreement if number == len(texts) - 1 else load(files[name], name)
        since = said.statement.body.get("since", "")
        at = max(said.known_at, parse_instant(since, here.tz) if since else said.known_at)
        agreement = here if agreement is None else amended(agreement, here, at, number)
    return newest if agreement is None else replace(newest, agreement=agreement)


def _designated(said: Said, tz: str) -> Fact:
    """A designation of the record as a dated fact, stated by whoever said it."""
    body = said.statement.body
    since = parse_instant(body["since"], tz)
    until = parse_instant(body["until"], tz) if body.get("until") else FAR_AHEAD
    source = body.get("source") or f"entry {said.index} of the record"
    return Fact(body["what"], body["of"], said.statement.by, body.get("value", ""), since, until, source, 0)


def evidence_of(case: Case, bench: Bench, upto: int) -> tuple[Evidence, ...]:
    """Tables, files of acts, and acts that parties signed, of the first `upto` entries, in their order.

    A table that a later release took the place of is left out from the entry of that release on.
    """
    tz, found = bench.agreement.tz, []
    replaced = {index for addition in case.journal() if addition.sequence < upto for index in addition.replaces}
    for (addition, table), rejected in zip(case.tables(), case.rejected(), strict=True):
        if addition.sequence in replaced:
            continue
        found.append(
            (
                addition.sequence,
                Evidence(addition.file, addition.kind, addition.sha256, table, rejected, index=addition.sequence),
            )
        )
    found += [(one.index, _of_acts(one.name, one.sha256, one.acts)) for one in signed_acts(case, tz, upto)]
    return tuple(evidence for index, evidence in sorted(found, key=lambda item: item[0]) if index < upto)


def _of_acts(file: str, digest: str, acts: tuple[SignedAct, ...]) -> Evidence:
    return Evidence(file, "acts", digest, SCHEMA.empty_table(), rejected_table([]), acts)


def known_of(case: Case, text: str, tz: str) -> tuple[int | None, int]:
    """The second as known at, and the number of entries of the record that count."""
    entries = case.entries()
    if not text:
        return None, len(entries)
    if not text.startswith("#"):
        known = parse_instant(text, tz)
        return known, max(_began(case), case.known_by(known))
    first = _began(case) - 1
    if not (text[1:].isascii() and text[1:].isdecimal()) or not first <= int(text[1:]) < len(entries):
        raise UnknownError(f"`--known-at`: expected `#{first}` to `#{len(entries) - 1}`, got {quoted(text)}")
    return entries[int(text[1:])].known_at, int(text[1:]) + 1


def _began(case: Case) -> int:
    """With so many entries a record holds its first text: before that nothing can be judged."""
    return next((said.index + 1 for said in case.said(AGREEMENT)), 1)


def _assess(
    bench: Bench,
    evidence: tuple[Evidence, ...],
    asked: Asked,
    *,
    known_at: int | None,
    seen_by: int | None = None,
    tell: Tell | None = None,
    people: People | None = None,
) -> Outcome:
    tz = bench.agreement.tz
    since = parse_instant(asked.since, tz) if asked.since else LONG_AGO
    until = parse_instant(asked.until, tz) if asked.until else FAR_AHEAD
    if until <= since:
        raise InputError(f"`--until` is not after `--from`: {quoted(asked.until)} <= {quoted(asked.since)}")
    people = people or People()
    kept, twice, later = chosen_rows(evidence, since, until, seen_by)
    kept = as_ruled(kept, people.places)
    agreement, told = bench.agreement, people.told
    placed = Placed(agreement.zones, bench.atlas)
    whole = kept if (since, until) == (LONG_AGO, FAR_AHEAD) else as_ruled(known_rows(evidence, seen_by), people.places)
    seen = Evidences(lambda: whole, agreement, placed, told.of_report)
    columns = Columns.of_table(kept.select(list(JUDGED_COLUMNS)))
    needs, incidents = Needs.of(agreement.evidence), list(told.incidents.values())
    weighing = Weighing(needs, bench.sources, agreement.group, agreement.acts, people.grades, incidents, people.support)
    # Support rests on all that is known, whatever is asked about: a bound in time changes no answer.
    everything = columns if whole is kept else Columns.of_table(whole.select(list(JUDGED_COLUMNS)))
    of_all = weighing.supported(whole, everything)
    rows = np.asarray(pc.index_in(kept.column("id"), whole.column("id")), np.int64)
    signed = [act for part in evidence for act in part.acts]
    standing = History(agreement, signed, seen).as_known(known_at)
    history = History(agreement, [*signed, *invoked(whole, of_all, columns, standing, placed)], seen)
    assessed = assessment.assess(columns, history, placed, known_at, tell, support=of_all[rows])
    joined = replace(weighing, incidents=list(told.joined)).supported(whole, everything) if told.unresolved else of_all
    rejected = pa.concat_tables([*(part.rejected for part in evidence), rejected_table(twice)])
    return Outcome(
        bench, evidence, assessed, known_at, rejected, later, told=told, weighing=weighing, places=people.places,
        notes=people.warnings, joined_support=joined[rows],
    )  # fmt: skip


def chosen_rows(
    evidence: tuple[Evidence, ...], since: int, until: int, seen_by: int | None
) -> tuple[pa.Table, list[Rejected], int]:
    """The rows that are judged, sorted by id; those that stand in an earlier file too; how many became known later."""
    kept: set[str] = set()
    tables, twice, later = [SCHEMA.empty_table()], [], 0
    # Of two rows of one id the one that the record held first stands; of files alone the same one, in any order.
    for part in sorted(evidence, key=lambda e: (e.index, e.sha256)):
        table = part.table
        if seen_by is not None:
            is_known = pc.less_equal(pc.fill_null(table.column("known_at"), 0), seen_by)
            known = table.filter(is_known)
            table, later = known, later + table.num_rows - known.num_rows
        inside = pc.and_(pc.less(table.column("start"), until), pc.greater(table.column("end"), since))
        rows = []
        for row, (key, is_inside) in enumerate(zip(table.column("id").to_pylist(), inside.to_pylist(), strict=True)):
            if key in kept:
                line = table.column("line")[row].as_py()
                twice.append(Rejected(part.file, line or 0, key, "id", "stands in an earlier file too"))
            elif is_inside:
                kept.add(key)
                rows.append(row)
        tables.append(table if len(rows) == table.num_rows else table.take(pa.array(rows, pa.int64())))
    whole = pa.concat_tables(tables)
    return whole.take(pc.sort_indices(whole.column("id"))), twice, later


def known_rows(evidence: tuple[Evidence, ...], seen_by: int | None) -> pa.Table:
    """All rows that were known then, whatever is asked about: conditions over evidence rest on all of it."""
    return chosen_rows(evidence, LONG_AGO, FAR_AHEAD, seen_by)[0]


def agreement_row(agreement: Agreement) -> dict[str, Any]:
    """Which text was judged by, for an answer: its id, title, status and hashes."""
    return {
        "id": agreement.id, "title": agreement.title.get("en", agreement.id),
        "text_status": agreement.text_status or None,
        "sha256": agreement.text_hash, "canonical_sha256": agreement.canonical_hash,
    }  # fmt: skip


def evidence_row(part: Evidence) -> dict[str, Any]:
    """What a file was, for an answer: its name, kind, hashes and rows."""
    return {
        "file": part.file, "kind": part.kind, "sha256": part.sha256, "table_sha256": part.table_hash or None,
        "rows": part.table.num_rows or len(part.acts), "rejected": part.rejected.num_rows,
    }  # fmt: skip


def summary(outcome: Outcome) -> dict[str, Any]:
    """The answer of `assess --json`: totals, reasons, hashes; its schema is in `docs/reference/json`."""
    assessed, agreement = outcome.assessed, outcome.bench.agreement
    return {
        "truceline": __version__,
        "rule_version": RULE_VERSION,
        "agreement": agreement_row(agreement),
        "agreement_hash": agreement.canonical_hash,
        "tables": [{"file": file, "sha256": digest} for file, digest in outcome.bench.tables.items()],
        "warnings": outcome.warnings,
        "known_at": None if outcome.known_at is None else utc_text(outcome.known_at),
        "readings": dict(agreement.readings),
        "observations": len(assessed.reports),
        "rejected": outcome.rejected.num_rows,
        "rejected_rows": outcome.rejected.slice(0, 1_000).to_pylist(),
        "findings": outcome.findings,
        "protected": 0 if assessed.columns.protected is None else int(assessed.columns.protected.sum()),
        "supported": int((assessed.supported == YES).sum()),
        "incidents": incidents_row(outcome),
        "terms": {term: _term_row(assessed, term, agreement.terms[term].kind) for term in agreement.terms},
        "any": _term_row(assessed, assessment.ANY, "prohibit"),
        "groups": [{"group": g, "observations": n, **_plain(c)} for g, n, c in assessment.by_group(assessed)],
        "pairs": [
            {"pair": p, "group": g, "observations": n, **_plain(c)} for p, g, n, c in assessment.by_pair(assessed)
        ],
        "settle": [asdict(settler) for settler in assessment.settle(assessed)],
        "evidence": [evidence_row(part) for part in outcome.evidence],
        "assessments_sha256": assessment.hash_of(assessed),
        "law": LAW,
    }  # fmt: skip


def incidents_row(outcome: Outcome) -> dict[str, Any]:
    """How many incidents the reports tell of: intervals, from every open pair being one to none being one."""
    assessed, told = outcome.assessed, outcome.told
    bands = Bands(assessed, told, outcome.joined_support)
    many = incidents_of(assessed, told)
    terms = {
        term: {name: _pair(band(term)) for name, band in (
            ("surely", bands.surely), ("at_most", bands.at_most), ("breaches", bands.breaches),
        )}
        for term in (*assessed.prohibitions, assessment.ANY)
    }  # fmt: skip
    return {
        "number": _pair(bands.all()), "of_several_reports": len(many),
        "reports_of_these": sum(len(one.reports) for one in many), "unresolved": len(told.unresolved), "terms": terms,
    }  # fmt: skip


def _pair(band: Band) -> list[int]:
    return [band.low, band.high]


def _plain(counts: assessment.Counts) -> dict[str, int]:
    return {"surely": counts.surely, "possibly": counts.possibly, "no": counts.no}


def _term_row(assessed: Assessed, term: str, kind: str) -> dict[str, Any]:
    beside = {
        name: _plain(assessment.Counts.of(values[term])) for name, values in assessed.beside.items() if term in values
    }
    return {
        "kind": kind, **_plain(assessment.counts(assessed, term)), "reasons": assessment.reasons(assessed, term),
        "beside": beside,
    }  # fmt: skip


def write_assessments(outcome: Outcome, path: Path) -> None:
    """Write the answers of a run to a Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(assessment.table_of(outcome.assessed), sink, compression="zstd")
    write_whole(path, sink.getvalue().to_pybytes())
