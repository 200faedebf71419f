"""How is a table of a hundred million observations judged? Batch by batch: a cut loses one batch at the most.

    progress.json           whose run this is: hashes of the input and the law; and every batch that is done
    twice.parquet           rows that have the id of an earlier one
    part-00000.parquet      the answers of a batch that are not *no*, in the order of the file
    rejected-00000.parquet  its rejected rows, when there are any
    summary.json            totals, when all is done

The steps, repeated at their lines: 1 whose run, 2 ids that stand twice, 3 batch by batch: read, check, judge, write the
part, then say that it is done, 4 totals. A part is written whole before `progress.json` names it, so a run can be ended
at any moment. Neither the size of a batch nor an interruption changes an answer.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from truceline import LAW, RULE_VERSION, __version__
from truceline.agreement.history import History, Readings
from truceline.agreement.model import SignedAct
from truceline.assess import bulk
from truceline.assess.assessment import ASSESSMENTS
from truceline.assess.columns import JUDGED_COLUMNS, Columns
from truceline.assess.evidences import Evidences
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.assess.support import WEIGHED_COLUMNS, Needs, Weighing
from truceline.desk.files import Bench, Tell, detect, file_hash, read_evidence
from truceline.desk.runs import Asked, agreement_row
from truceline.desk.twice import Rows, find_twice, rejected_twice
from truceline.errors import Fault, InputError, StoreError, VerificationError, one_line, quoted
from truceline.evidence.reading import Manner, is_harm
from truceline.evidence.schema import SCHEMA, Rejected, rejected_table
from truceline.evidence.sieve import READ_COLUMNS, as_observations, check_columns, sift
from truceline.span import FAR_AHEAD, LONG_AGO, parse_instant
from truceline.store.disk import write_whole
from truceline.verdict import NO, UNKNOWN, YES, Reason, Values, reasons_of

FORMAT = 1
BATCH = 1 << 18
"""Rows that are judged together: enough for the compiled loops, few enough for the memory."""

MOST_CODES = 20_000
"""So many distinct names, acts or altitudes are carried from batch to batch; the answers do not depend on it."""


class Done(msgspec.Struct, frozen=True):
    """One batch that is done.

    Attributes:
        rows: rows of the file; of these `judged`, `rejected` (`twice` among them), the others lie out of time.
        protected: judged rows that tell of harm to what humanitarian law protects.
        answers: rows of its part; `part`, `rejected_part`: SHA-256 of its files, empty = there is none.
        counts: for each term of the run answers of -1, 0 and +1; `reasons`: answers of 0 that carry each reason.
    """

    rows: int
    judged: int
    rejected: int
    twice: int
    protected: int
    answers: int
    part: str
    rejected_part: str
    counts: list[list[int]]
    reasons: list[list[int]]


class Progress(msgspec.Struct, frozen=True):
    """What `progress.json` holds: whose run this is, and what is done of it.

    Attributes:
        law: hashes of the text, of every table beside it and of the signed acts, and what was asked.
        imported_at: UTC second at which the run began: what lies after it lies in the future.
        terms: ids of the prohibitions, and `any`: the order of every count.
        twice: SHA-256 of `twice.parquet`; empty = ids were not compared yet.
    """

    format: int
    rule_version: str
    file: str
    sha256: str
    bytes: int
    rows: int
    law: dict[str, str]
    batch_rows: int
    imported_at: int
    terms: tuple[str, ...]
    twice: str = ""
    done: tuple[Done, ...] = ()


@dataclass(frozen=True)
class Given:
    """What is judged in a stream.

    Attributes:
        path: the Parquet table of observations.
        acts: signed acts; `acts_sha256`: hashes of the files that they stood in.
    """

    path: Path
    acts: tuple[SignedAct, ...] = ()
    acts_sha256: tuple[str, ...] = ()


def given_of(files: Sequence[Path], bench: Bench) -> Given:
    """One Parquet table among files of signed acts.

    Raises:
        InputError: there is no table or more than one, or a file is something else.
    """
    tables, acts = [], []
    for path in files:
        try:
            with path.open("rb") as file:
                is_table = file.read(4) == b"PAR1"
        except OSError as error:
            raise InputError(Fault(f"cannot be read: {error.strerror}", str(path))) from None
        if is_table:
            tables.append(path)
            continue
        kind = detect(path)
        if kind != "acts":
            what = f"`--to` judges a Parquet table of observations, beside files of signed acts; this one holds {kind}"
            raise InputError(Fault(what, str(path)))
        acts.append(read_evidence(path, bench, kind=kind))
    if len(tables) != 1:
        raise InputError(f"`--to` judges one Parquet table of observations at a time, got {len(tables)}")
    return Given(tables[0], tuple(act for one in acts for act in one.acts), tuple(one.sha256 for one in acts))


def assess_stream(
    bench: Bench,
    given: Given,
    folder: Path,
    asked: Asked | None = None,
    tell: Tell | None = None,
    *,
    batch_rows: int = BATCH,
    now: int | None = None,
) -> dict[str, Any]:
    """Judge a Parquet table of observations batch by batch, or go on where an earlier run of it was cut.

    Args:
        bench: the agreement.
        given: the table, and signed acts.
        folder: where the answers are kept: new, empty, or of the same run.
        asked: bounds in time, and as known when.
        tell: told `(what, done, all)` as the work goes on.
        batch_rows: how many rows are judged together; a run that goes on keeps to its own.
        now: UTC second of import; None = now.

    Returns:
        Totals, reasons and hashes: what `summary.json` holds.

    Raises:
        InputError: the table is not what it claims to be.
        StoreError: the folder is of another run, or the disk refuses.
    """
    tell = tell or (lambda _what, _done, _all: None)
    asked = asked or Asked()
    source = Source(given.path)
    run = _Run(bench, given, asked, source=source, folder=folder, tell=tell)
    progress = run.begin(batch_rows, int(time.time()) if now is None else now)  # 1
    progress, twice = run.compared(progress)  # 2
    progress = run.judge(progress, twice)  # 3
    answer = summary(progress, bench, source.others)  # 4
    write_whole(folder / "summary.json", msgspec.json.format(msgspec.json.encode(answer)) + b"\n")
    return answer


# -- the file --------------------------------------------------------------------------------------------------------


class Source:
    """A Parquet table on disk, of which some columns of some rows are in memory at a time.

    Attributes:
        name: its name for messages.
        rows: how many it has.
        others: columns that no table of observations has.
    """

    def __init__(self, path: Path) -> None:
        """Open it, and see whether it can be one of observations.

        Raises:
            InputError: it cannot be read, or its columns are others.
        """
        self.path, self.name, self.sha256 = path, path.name, file_hash(path)
        try:
            self.bytes = path.stat().st_size
            self._file = pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20, page_checksum_verification=True)
            groups = [self._file.metadata.row_group(i).num_rows for i in range(self._file.metadata.num_row_groups)]
            self.others = check_columns(self._file.schema_arrow, self.name)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise InputError(Fault(f"not Parquet: {one_line(str(error), 120)}", self.name)) from None
        self._starts = np.cumsum([0, *groups])
        self.rows = int(self._starts[-1])

    def batches(self, columns: Sequence[str], size: int, start: int = 0) -> Iterator[tuple[int, pa.Table]]:
        """The rows from `start` on, so many together; the last are fewer."""
        group = int(np.searchsorted(self._starts, start, side="right")) - 1
        kept: list[pa.RecordBatch] = []
        at, have, skip = start, 0, start - int(self._starts[group])
        for batch in self._read(columns, size, range(group, len(self._starts) - 1)):
            some = batch.slice(min(skip, batch.num_rows))
            skip -= batch.num_rows - some.num_rows
            kept, have = [*kept, some], have + some.num_rows
            while have >= size:
                whole = pa.Table.from_batches(kept)
                yield at, whole.slice(0, size)
                kept, have, at = whole.slice(size).to_batches(), have - size, at + size
        if have:
            yield at, pa.Table.from_batches(kept)

    def with_rows(self, columns: Sequence[str], rows: Rows | None, size: int) -> Iterator[tuple[int, pa.Table]]:
        """Only the pieces of the file that hold some rows; None = all."""
        if rows is None:
            yield from self.batches(columns, size)
            return
        for group in np.unique(np.searchsorted(self._starts, rows, side="right") - 1).tolist():
            at = int(self._starts[group])
            for batch in self._read(columns, size, range(group, group + 1)):
                if np.searchsorted(rows, at) < np.searchsorted(rows, at + batch.num_rows):
                    yield at, pa.Table.from_batches([batch])
                at += batch.num_rows

    def _read(self, columns: Sequence[str], size: int, groups: range) -> Iterator[pa.RecordBatch]:
        at = int(self._starts[groups.start])
        found: Iterator[pa.RecordBatch] = iter(())
        try:
            if len(groups):
                found = self._file.iter_batches(size, row_groups=list(groups), columns=list(columns))
            for batch in found:
                at += batch.num_rows
                yield batch
        except (pa.ArrowException, OSError, ValueError) as error:
            what = f"cannot be read from row {at + 1} on: {one_line(str(error), 120)}"
            raise InputError(Fault(what, self.name)) from None


# -- one run ---------------------------------------------------------------------------------------------------------


class _Run:
    """One table, one law, one folder."""

    def __init__(self, bench: Bench, given: Given, asked: Asked, *, source: Source, folder: Path, tell: Tell) -> None:
        self.bench, self.source, self.folder, self.tell = bench, source, folder, tell
        if asked.known_at.startswith("#"):
            raise InputError("`--known-at #index` needs a case folder: files alone have no record")
        agreement = bench.agreement
        self.since = parse_instant(asked.since, agreement.tz) if asked.since else LONG_AGO
        self.until = parse_instant(asked.until, agreement.tz) if asked.until else FAR_AHEAD
        if self.until <= self.since:
            raise InputError(f"`--until` is not after `--from`: {quoted(asked.until)} <= {quoted(asked.since)}")
        known_at = parse_instant(asked.known_at, agreement.tz) if asked.known_at else None
        placed = Placed(agreement.zones, bench.atlas)
        # Conditions over evidence, and on what came before or after, are asked of the whole table, read at once then.
        seen = Evidences(lambda: read_evidence(source.path, bench, kind="observations").table, agreement, placed)
        # Of one table alone nobody has said which reports tell of one incident: only admissions and grades count.
        weighing = Weighing(Needs.of(agreement.evidence), bench.sources, agreement.group, agreement.acts, {})
        weighed = () if weighing.is_idle else WEIGHED_COLUMNS
        self.read_columns = tuple(dict.fromkeys((*READ_COLUMNS, *weighed)))
        self.judges = Judges(History(agreement, given.acts, seen), placed, known_at, weighing)
        self.law = {
            "agreement": agreement.canonical_hash,
            **{f"table {name}": digest for name, digest in sorted(bench.tables.items())},
            **{f"signed acts {i}": digest for i, digest in enumerate(sorted(given.acts_sha256))},
            "--from": asked.since, "--until": asked.until, "--known-at": asked.known_at,
        }  # fmt: skip

    def begin(self, batch_rows: int, now: int) -> Progress:
        """What the folder holds of this run, checked; a new folder holds nothing."""
        source, path = self.source, self.folder / "progress.json"
        fresh = Progress(
            FORMAT, RULE_VERSION, source.name, source.sha256, source.bytes, source.rows, self.law, batch_rows, now,
            self.judges.terms,
        )  # fmt: skip
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                if any(file.suffix != ".half" for file in self.folder.iterdir()):
                    raise StoreError(f"{self.folder}: expected a new or empty folder, or one with a `progress.json`")
                self._note(fresh)
                return fresh
            found = msgspec.json.decode(path.read_bytes(), type=Progress)
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be used: {error.strerror}") from None
        except msgspec.DecodeError as error:
            raise StoreError(f"{path}: damaged: {one_line(str(error), 120)}") from None
        self._is_same(found, fresh)
        for number, done in enumerate(found.done):
            self._verify(f"part-{number:05}.parquet", done.part)
            self._verify(f"rejected-{number:05}.parquet", done.rejected_part)
        return found

    def compared(self, progress: Progress) -> tuple[Progress, pa.Table]:
        """The rows that have the id of an earlier one, found once."""
        path, source, size = self.folder / "twice.parquet", self.source, progress.batch_rows
        if progress.twice:
            self._verify(path.name, progress.twice)
            return progress, pq.read_table(path)

        def batches(columns: tuple[str, ...], rows: Rows | None) -> Iterator[tuple[int, pa.Table]]:
            for at, table in source.with_rows(columns, rows, min(size, BATCH)):
                self.tell("comparing ids", at, source.rows)
                yield at, table

        twice = find_twice(batches, progress.file, self.folder / "ids", self._manner(progress))
        noted = msgspec.structs.replace(progress, twice=self._parquet(path.name, twice))
        self._note(noted)
        return noted, twice

    def judge(self, progress: Progress, twice: pa.Table) -> Progress:
        """Every batch that is not done, one after the other."""
        source, begun = self.source, sum(done.rows for done in progress.done)
        manner, clock = self._manner(progress), time.monotonic()
        again = twice.column("row").to_numpy()
        self.tell("judging" if not begun else f"going on after row {begun:,}", begun, source.rows)
        try:
            columns, size = self.read_columns, progress.batch_rows
            for at, table in source.batches(columns, size, begun) if begun < source.rows else ():
                mine = slice(*(int(i) for i in np.searchsorted(again, [at, at + table.num_rows])))
                some = twice.slice(mine.start, mine.stop - mine.start)
                read = as_observations(table, progress.file, at, columns)
                done = self._batch(progress, read, at, some, manner)
                progress = msgspec.structs.replace(progress, done=(*progress.done, done))
                self._note(progress)
                now = at + table.num_rows
                rate = (now - begun) / max(time.monotonic() - clock, 1e-9)
                self.tell(f"judging, {rate:,.0f} rows/s", now, source.rows)
        except StoreError as error:
            kept = f"{len(progress.done)} batches are kept: the same command goes on after them"
            raise StoreError(*(replace(fault, message=f"{fault.message}; {kept}") for fault in error.faults)) from None
        return progress

    def _batch(self, progress: Progress, table: pa.Table, at: int, twice: pa.Table, manner: Manner) -> Done:
        number, sifted = len(progress.done), sift(table, manner)
        rejected = [*sifted.rejected(progress.file, at), *rejected_twice(twice, progress.file)]
        taken = np.ones(table.num_rows, bool)
        taken[twice.column("row").to_numpy() - at] = False
        if sifted.rows is not None:
            taken &= np.isin(np.arange(len(taken)), sifted.rows)
        if self.since > LONG_AGO or self.until < FAR_AHEAD:
            start, end = (table.column(name).fill_null(0).to_numpy() for name in ("start", "end"))
            taken &= (start < self.until) & (end > self.since)
        kept = table if taken.all() else table.filter(pa.array(taken))
        part, tally, protected = self.judges.judge(kept, manner)
        return Done(
            table.num_rows, kept.num_rows, len(rejected), twice.num_rows, protected, part.num_rows,
            self._parquet(f"part-{number:05}.parquet", part), self._rejected(number, rejected),
            tally.counts.tolist(), tally.reasons.tolist(),
        )  # fmt: skip

    def _rejected(self, number: int, rejected: list[Rejected]) -> str:
        """Write rejected rows in the order of the file; an empty text when there are none."""
        if not rejected:
            return ""
        rows = sorted(rejected, key=lambda one: (one.line, one.id))
        return self._parquet(f"rejected-{number:05}.parquet", rejected_table(rows))

    def _parquet(self, name: str, table: pa.Table) -> str:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd", compression_level=1)
        data = sink.getvalue()
        write_whole(self.folder / name, data)
        return hashlib.sha256(data).hexdigest()

    def _note(self, progress: Progress) -> None:
        write_whole(self.folder / "progress.json", msgspec.json.encode(progress) + b"\n")

    def _manner(self, progress: Progress) -> Manner:
        return self.bench.manner(progress.imported_at, progress.imported_at)

    def _verify(self, name: str, digest: str) -> None:
        """Whether a file is the one that was written; one that there should not be is not looked for."""
        path = self.folder / name
        if digest and (not path.is_file() or file_hash(path) != digest):
            raise VerificationError(f"{path}: not the file that was written: begin in a new folder")

    def _is_same(self, found: Progress, fresh: Progress) -> None:
        """Whether a folder is of this run: same input, same law, same rules."""
        for what, there, here in (
            ("format", found.format, fresh.format), ("rule version", found.rule_version, fresh.rule_version),
            ("input", found.sha256, fresh.sha256), ("number of rows", found.rows, fresh.rows),
            *((key, found.law.get(key), fresh.law.get(key)) for key in dict.fromkeys((*fresh.law, *found.law))),
            ("set of prohibitions", found.terms, fresh.terms),
        ):  # fmt: skip
            if there != here:
                told = f"expected {quoted(here)}, got {quoted(there)}"
                raise StoreError(f"{self.folder}: a run of another {what} lies here: {told}")


# -- judging a batch -------------------------------------------------------------------------------------------------


@dataclass
class Judges:
    """The law under the reading shown, and under the two others; what was worked out for a batch serves the next.

    Attributes:
        terms: ids of the prohibitions in the order of the text, and `any`.
    """

    history: History
    placed: Placed
    known_at: int | None
    weighing: Weighing | None = None
    terms: tuple[str, ...] = field(init=False)
    _laws: tuple[Law, ...] = field(init=False)
    _kin: dict[int, bulk.Docket] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Read the law three ways, as `assessment.assess` does."""
        shown = Readings.of(self.history.agreement)
        strict = Readings("side" if shown.umbrella == "strict" else "strict", shown.designation)
        by_name = Readings(shown.umbrella, "identity" if shown.designation == "name" else "name")
        events = self.history.seen if isinstance(self.history.seen, Evidences) else None
        self._laws = tuple(
            Law(self.history.as_known(self.known_at, reading), self.placed, events)
            for reading in (shown, strict, by_name)
        )
        terms = self._laws[0].terms.values()
        self.terms = (*(t.id for t in terms if t.kind == "prohibit" and not t.overrides), bulk.ANY)

    def judge(self, table: pa.Table, manner: Manner) -> tuple[pa.Table, bulk.Tally, int]:
        """The answers that are not *no* as a table of `ASSESSMENTS`, totals of all, and how many are protected."""
        count, width = len(self.terms), len(Reason)
        if not table.num_rows:
            none = bulk.Tally(self.terms, np.zeros((count, 3), np.int64), np.zeros((count, width), np.int64))
            return ASSESSMENTS.empty_table(), none, 0
        columns = self._columns(table, manner)
        whole = self._docket(0, columns)
        is_open = np.zeros(len(columns), bool)
        for term in self.terms:
            is_open |= _signs(whole, term) != NO
        rows = np.flatnonzero(is_open)
        some = whole.part(rows)
        answers = [bulk.judge_any_all(some) if t == bulk.ANY else bulk.judge_all(some, t) for t in self.terms]
        beside = [self._docket(i, some.columns) for i in (1, 2)]
        counts = [[int((one.value == sign).sum()) for sign in (NO, UNKNOWN, YES)] for one in answers]
        reasons = [[int((one.why >> np.uint32(r) & np.uint32(1)).sum()) for r in range(width)] for one in answers]
        tally = bulk.Tally(self.terms, np.array(counts, np.int64), np.array(reasons, np.int64))
        tally.counts[:, 0] += len(columns) - len(rows)
        ids = table.column("id").take(pa.array(rows)).combine_chunks()
        support = np.zeros(len(columns), np.int8) if self.weighing is None else self.weighing.supported(table, columns)
        others = [[_signs(docket, term) for term in self.terms] for docket in beside]
        part = self._part(ids, answers, others, some, support[rows])
        for reading, docket in enumerate((whole, *beside)):
            self._keep(reading, docket)
        some.kept.pop("judged", None)
        return part, tally, 0 if columns.protected is None else int(columns.protected.sum())

    def _part(
        self, ids: pa.Array, answers: list[Any], beside: list[list[Any]], docket: bulk.Docket, support: Values
    ) -> pa.Table:
        """Answers as rows, by report and then term; a note stands beside a *no* only."""
        terms = sorted(self.terms, key=lambda term: term.encode())
        order = [self.terms.index(term) for term in terms]
        at = [np.flatnonzero(answers[i].value != NO) for i in order]
        row, term = np.concatenate(at), np.repeat(np.arange(len(terms)), [len(one) for one in at])
        by_row = np.argsort(row * len(terms) + term)

        def spread(values: Sequence[Any]) -> Any:  # noqa: ANN401  # a column of whatever type
            return np.concatenate([values[i][rows] for i, rows in zip(order, at, strict=True)])[by_row]

        masks, why = np.unique(spread([one.why for one in answers]), return_inverse=True)
        reasons = pa.array([[r.value for r in reasons_of(int(mask))] for mask in masks], pa.list_(pa.string()))
        protected = docket.columns.protected
        made = {
            "observation": ids.take(pa.array(row[by_row])),
            "term": pa.array(terms, pa.string()).take(pa.array(term[by_row])),
            "covered": spread([one.value for one in answers]),
            "supported": support[row[by_row]],
            "reasons": reasons.take(pa.array(why)),
            "covered_strict": spread(beside[0]),
            "covered_by_name": spread(beside[1]),
            "protected": np.zeros(len(row), bool) if protected is None else protected[row[by_row]],
            "note": pa.nulls(len(row), pa.string()),
        }
        return pa.table({k: pa.array(v, ASSESSMENTS.field(k).type) for k, v in made.items()}, schema=ASSESSMENTS)

    def _columns(self, table: pa.Table, manner: Manner) -> Columns:
        """Rows as codes, harm to the protected found as a reader finds it."""
        rows = table.num_rows
        unread = {name: pa.nulls(rows, SCHEMA.field(name).type) for name in JUDGED_COLUMNS if name not in READ_COLUMNS}
        named = {name: table.column(name) for name in table.column_names if name in JUDGED_COLUMNS}
        columns = _carried(Columns.of_table(pa.table({**named, **unread})), self._kin.get(0))
        names, doings, tree = columns.names, columns.doings, manner.tree
        pairs = columns.acts.astype(np.int64) * len(names) + columns.target
        met = np.flatnonzero(np.bincount(pairs, minlength=len(names) * len(doings)))
        harm = np.zeros(len(names) * len(doings), bool)
        harm[met] = [is_harm(doings[pair // len(names)], names[pair % len(names)].ids, tree) for pair in met.tolist()]
        protected = harm[pairs]
        if columns.protected is not None:
            protected |= columns.protected
        return replace(columns, protected=protected if protected.any() else None)

    def _docket(self, reading: int, columns: Columns) -> bulk.Docket:
        return bulk.Docket(columns, self._laws[reading], self._kin.get(reading))

    def _keep(self, reading: int, docket: bulk.Docket) -> None:
        """Keep the tables of a docket for the next batch, and nothing of its reports."""
        docket.kept.pop("judged", None)  # it knows its docket, and would live until the next garbage collection
        none = docket.columns.take(np.zeros(0, np.int64))
        self._kin[reading] = bulk.Docket(
            replace(none, reports=None, ids=None, pairs=None, places=[]), self._laws[reading], docket
        )


def _signs(docket: bulk.Docket, term: str) -> Any:  # noqa: ANN401  # `(n,)` int8
    return bulk.signs_any_all(docket) if term == bulk.ANY else bulk.signs_all(docket, term)


def _carried(columns: Columns, kin: bulk.Docket | None) -> Columns:
    """The same reports by the codes of an earlier batch, so that its tables serve again; new codes come behind."""
    if kin is None:
        return columns
    lists, maps = [], []
    for name in ("names", "doings", "bands"):
        mine, whole = getattr(columns, name), {one: code for code, one in enumerate(getattr(kin.columns, name))}
        maps.append(np.array([whole.setdefault(one, len(whole)) for one in mine], np.int32))
        lists.append(tuple(whole))
        if len(whole) > max(MOST_CODES, len(mine)):
            return columns
    return replace(
        columns, names=lists[0], doings=lists[1], bands=lists[2], actor=maps[0][columns.actor],
        target=maps[0][columns.target], acts=maps[1][columns.acts], band=maps[2][columns.band],
    )  # fmt: skip


# -- the answer ------------------------------------------------------------------------------------------------------


def summary(progress: Progress, bench: Bench, others: Sequence[str] = ()) -> dict[str, Any]:
    """The answer of `assess --to --json`; its schema is in `docs/reference/json`.

    Args:
        progress: everything that is done.
        bench: the agreement.
        others: columns of the file that were not read because no observation has them.
    """
    agreement, terms = bench.agreement, progress.terms
    counts = np.zeros((len(terms), 3), np.int64)
    reasons = np.zeros((len(terms), len(Reason)), np.int64)
    for done in progress.done:
        counts += np.array(done.counts, np.int64)
        reasons += np.array(done.reasons, np.int64)
    total = {
        name: sum(getattr(done, name) for done in progress.done)
        for name in ("judged", "rejected", "twice", "protected", "answers")
    }

    def row(i: int) -> dict[str, Any]:
        open_ = [(reason.value, int(n)) for reason, n in zip(Reason, reasons[i], strict=True) if n]
        no, possibly, surely = counts[i].tolist()
        told = dict(sorted(open_, key=lambda item: (-item[1], item[0])))
        return {"surely": surely, "possibly": possibly, "no": no, "reasons": told}

    unread = [f"columns that are of no observation are not read: {', '.join(map(quoted, others))}"] if others else []
    return {
        "truceline": __version__,
        "rule_version": RULE_VERSION,
        "agreement": agreement_row(agreement),
        "tables": [{"file": file, "sha256": digest} for file, digest in bench.tables.items()],
        "warnings": [*bench.warnings, *unread],
        "readings": dict(agreement.readings),
        "asked": {key: progress.law[key] or None for key in ("--from", "--until", "--known-at")},
        "file": progress.file, "sha256": progress.sha256,
        "rows": progress.rows, "observations": total["judged"], "rejected": total["rejected"],
        "twice": total["twice"], "protected": total["protected"],
        "terms": {term: row(i) for i, term in enumerate(terms[:-1])},
        "any": row(len(terms) - 1),
        "answers": total["answers"],
        "parts": [{"rows": done.rows, "answers": done.answers, "sha256": done.part} for done in progress.done],
        "law": LAW,
    }  # fmt: skip
