"""The one room where the parts meet: opens files, fixes the time as known, asks the judge, fills pages. It decides nothing.

Clocks and files live here and not below. The way of one observation: bytes -> reader -> table and rejected rows -> what was in
force, as known -> judge -> assessments.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from truceline import LAW, RULE_VERSION, __version__
from truceline.agreement.history import History, read_act
from truceline.agreement.model import Agreement, SignedAct, Zone
from truceline.agreement.text import load
from truceline.assess import assessment, where
from truceline.assess.assessment import Assessed
from truceline.assess.place import Placed
from truceline.atlas import Atlas, read_atlas, read_features, unit_of
from truceline.errors import Fault, InputError, StoreError, quoted, raise_all
from truceline.evidence import reports, ucdp
from truceline.evidence.aliases import Aliases, read_aliases
from truceline.evidence.places import Placer
from truceline.evidence.reading import MOST_LINE, Manner, Read, opened
from truceline.evidence.schema import SCHEMA, Observation, hash_table, observations, rejected_table
from truceline.precision import Precision
from truceline.span import FAR_AHEAD, LONG_AGO, parse_instant, utc_text
from truceline.store.folder import Addition, CaseFolder, write_whole

CASE = "syria-2016"
ALIAS_TABLES = ("actors", "acts", "weapons", "places")
KINDS = ("reports", "ucdp", "observations", "acts", "areas")
DEMO_CLOCK = "2020-01-01T00:00Z"
"""The fixed clock of the shipped case, marked as such: the same bytes on every machine and every day."""

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Bench:
    """What evidence is read by and judged on: one agreement with its areas and aliases."""

    agreement: Agreement
    atlas: Atlas
    aliases: Aliases
    name: str = ""

    def manner(self, known_at: int, latest: int) -> Manner:
        """How to read evidence for this agreement."""
        agreement = self.agreement
        return Manner(agreement.tz, agreement.precision, self.aliases, Placer(self.atlas, agreement.precision), known_at, latest)


@dataclass(frozen=True)
class Evidence:
    """One file that was read.

    Attributes:
        acts: signed acts, when it held those instead of observations.
    """

    file: str
    kind: str
    sha256: str
    table: pa.Table
    rejected: pa.Table
    acts: tuple[SignedAct, ...] = ()

    @property
    def table_hash(self) -> str:
        """Hash of the rows; empty for acts."""
        return "" if self.kind == "acts" else hash_table(self.table)


@dataclass(frozen=True)
class Outcome:
    """A whole run: what was read, what was judged, as known when."""

    bench: Bench
    evidence: tuple[Evidence, ...]
    assessed: Assessed
    known_at: int | None
    rejected: pa.Table = field(default_factory=lambda: rejected_table([]))


# -- agreements and areas --------------------------------------------------------------------------------------------


def shipped(case: str = CASE) -> dict[str, bytes]:
    """The files of a case that ships with the program, by name."""
    inside = resources.files("truceline").joinpath("agreements", case)
    folder = Path(str(inside)) if inside.is_dir() else Path(__file__).parents[2] / "agreements" / case
    if not folder.is_dir():
        raise StoreError(f"the shipped case {quoted(case)} is not there")
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}


def open_agreement(path: Path, areas: Sequence[Path] = ()) -> Bench:
    """Read an agreement with the tables beside it; what it does not bring, the shipped tables supply.

    Args:
        path: the YAML file; areas and alias tables are looked for in its folder.
        areas: further files of areas; later ones win.

    Raises:
        InputError: a file cannot be read. AgreementError: the text is refused.
    """
    return bench_of(path.name, read_bytes(path), lambda name: _beside(path, name), {a.name: read_bytes(a) for a in areas})


def bench_of(name: str, data: bytes, beside: Callable[[str], bytes | None], areas: dict[str, bytes]) -> Bench:
    """Put an agreement together from bytes: its text, what lies beside it, further areas."""
    agreement = load(data, name)
    spare: dict[str, bytes] = {}

    def table(file: str) -> bytes | None:
        found = beside(file)
        if found is None:
            spare.update(spare or shipped())
            found = spare.get(file)
        return found

    own = {file: beside(file) for file in agreement.areas}
    for file, content in own.items():
        if content is None:
            raise InputError(Fault(f"the agreement names the areas {quoted(file)}, which are not beside it", name))
    files = {file: content for file, content in own.items() if content is not None}
    if not files:
        files = {"areas.geojson": table("areas.geojson") or b'{"type":"FeatureCollection","features":[]}'}
    atlas = read_atlas({**files, **areas}, table("units.csv"))
    aliases = read_aliases({kind: content for kind in ALIAS_TABLES if (content := table(f"{kind}.csv")) is not None})
    return Bench(agreement, atlas, aliases, name)


def _beside(path: Path, name: str) -> bytes | None:
    file = path.parent / Path(name).name
    return file.read_bytes() if file.is_file() else None


def read_bytes(path: Path) -> bytes:
    """Read a file whole; agreements and areas have caps of their own.

    Raises:
        InputError: it cannot be read, or is far too large for what it should be.
    """
    try:
        if path.stat().st_size > 1 << 28:
            raise InputError(Fault(f"expected at most {1 << 28} bytes, got {path.stat().st_size}", str(path)))
        return path.read_bytes()
    except OSError as error:
        raise InputError(Fault(f"cannot be read: {error.strerror}", str(path))) from None


# -- evidence --------------------------------------------------------------------------------------------------------


def detect(path: Path) -> str:
    """Which kind of file this is, by its first bytes.

    Raises:
        InputError: none that is known; `--as` forces one.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
            if start == b"PAR1":
                return "observations" if pq.read_schema(path).names == SCHEMA.names else "areas"
            file.seek(0)
            line = next(opened(file, path.name), b"")[:MOST_LINE].decode("utf-8-sig", "replace")
    except OSError as error:
        raise InputError(Fault(f"cannot be read: {error.strerror}", str(path))) from None
    except pa.ArrowException as error:
        raise InputError(Fault(f"not Parquet: {error}", str(path))) from None
    if ucdp.is_ucdp(line):
        return "ucdp"
    if reports.is_reports(line):
        return "reports"
    if '"act"' in line and '"at"' in line:
        return "acts"
    if '"FeatureCollection"' in line or path.suffix == ".geojson":
        return "areas"
    raise InputError(Fault(f"not a kind of file that is known: expected one of {', '.join(KINDS)}", str(path)))


def read_evidence(path: Path, bench: Bench, *, kind: str = "", known_at: int | None = None) -> Evidence:
    """Read one file of evidence or signed acts.

    Args:
        path: the file.
        bench: the agreement to read it by.
        kind: forces a kind; empty = by its first bytes.
        known_at: second of import; None = now.

    Raises:
        InputError: the file is not what it claims to be.
    """
    kind = kind or detect(path)
    now = int(time.time()) if known_at is None else known_at
    manner = bench.manner(now, now)
    digest = file_hash(path)
    with path.open("rb") as file:
        if kind == "acts":
            acts = tuple(_acts(file, path.name, bench.agreement.tz, now))
            return Evidence(path.name, kind, digest, SCHEMA.empty_table(), rejected_table([]), acts)
        read = _read(kind, file, path, manner)
    return Evidence(path.name, kind, digest, read.table, read.rejected)


def _read(kind: str, file: BinaryIO, path: Path, manner: Manner) -> Read:
    if kind == "ucdp":
        return ucdp.read(opened(file, path.name), path.name, manner)
    if kind == "reports":
        return reports.read(opened(file, path.name), path.name, manner)
    if kind == "observations":
        return Read(_own_table(path), rejected_table([]))
    raise InputError(Fault(f"{kind} is no kind of evidence: expected one of {', '.join(KINDS[:3])}", str(path)))


def _own_table(path: Path) -> pa.Table:
    try:
        return pq.read_table(path, schema=SCHEMA)
    except pa.ArrowException as error:
        raise InputError(Fault(f"not a table of observations: {error}", str(path))) from None


def _acts(file: BinaryIO, name: str, tz: str, now: int) -> Iterable[SignedAct]:
    faults: list[Fault] = []
    found = []
    for number, line in enumerate(opened(file, name), 1):
        if line.strip():
            try:
                fields = msgspec.json.decode(line)
                if not isinstance(fields, dict):
                    raise InputError("expected a JSON object")
                found.append(read_act(fields, tz, now))
            except (msgspec.DecodeError, RecursionError, InputError) as error:
                faults.append(Fault(str(error), name, number))
                if len(faults) > 1_000:
                    break
    raise_all(faults, InputError)
    return found


def file_hash(path: Path) -> str:
    """SHA-256 of a file, without the whole file in memory."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(Fault(f"cannot be read: {error.strerror}", str(path))) from None


# -- assessments -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What of the evidence is judged, and as known when.

    Attributes:
        since: only what can have happened from this moment on; a time text, empty = no bound.
        until: only what can have happened before this moment.
        known_at: a time text, or `#index` into the journal; empty = everything that is known.
    """

    since: str = ""
    until: str = ""
    known_at: str = ""


def assess_files(bench: Bench, evidence: Sequence[Evidence], asked: Asked, tell: Tell | None = None) -> Outcome:
    """Judge files against an agreement, without a case folder: the time of import is what was known."""
    if asked.known_at.startswith("#"):
        raise InputError("`--known-at #index` needs a case folder: files alone have no record")
    known_at = parse_instant(asked.known_at, bench.agreement.tz) if asked.known_at else None
    return _assess(bench, tuple(evidence), asked, known_at, None, tell)


def assess_case(case: CaseFolder, asked: Asked, areas: Sequence[Path] = (), tell: Tell | None = None) -> Outcome:
    """Judge everything in a case folder, and keep the answers there when nothing was left out."""
    bench = bench_of_case(case, areas)
    known_at, upto = _known(case, asked.known_at, bench.agreement.tz)
    additions = [a for a in case.journal() if a.sequence < upto]
    outcome = _assess(bench, _evidence_of(case, bench, additions), asked, known_at, known_at, tell)
    if asked == Asked() and not areas:
        case.write_assessments(assessment.table_of(outcome.assessed))
    return outcome


def bench_of_case(case: CaseFolder, areas: Sequence[Path] = ()) -> Bench:
    """The agreement of a case folder, with the areas that were added to it."""
    files = case.agreement_files()
    added = {f"{a.sequence}-{a.file}": data for a, data in case.bytes_of("areas")}
    further = {path.name: read_bytes(path) for path in areas}
    return bench_of(case.info.agreement, files[case.info.agreement], files.get, {**added, **further})


def _evidence_of(case: CaseFolder, bench: Bench, additions: Sequence[Addition]) -> tuple[Evidence, ...]:
    chosen = {a.sequence for a in additions}
    found = []
    for (addition, table), rejected in zip(case.tables(), case.rejected(), strict=True):
        if addition.sequence in chosen:
            found.append((addition.sequence, Evidence(addition.file, addition.kind, addition.sha256, table, rejected)))
    for addition, data in case.bytes_of("acts"):
        if addition.sequence in chosen:
            acts = tuple(
                read_act(msgspec.json.decode(line), bench.agreement.tz, addition.known_at)
                for line in data.splitlines()
                if line.strip()
            )
            empty = Evidence(addition.file, "acts", addition.sha256, SCHEMA.empty_table(), rejected_table([]), acts)
            found.append((addition.sequence, empty))
    return tuple(evidence for _, evidence in sorted(found, key=lambda item: item[0]))


def _known(case: CaseFolder, text: str, tz: str) -> tuple[int | None, int]:
    """The second as known at, and the number of additions that count."""
    journal = case.journal()
    if not text:
        return None, len(journal)
    if not text.startswith("#"):
        known = parse_instant(text, tz)
        return known, len([a for a in journal if a.known_at <= known])
    if not text[1:].isdigit() or int(text[1:]) >= len(journal):
        raise InputError(f"`--known-at`: expected `#0` to `#{len(journal) - 1}`, got {quoted(text)}")
    return journal[int(text[1:])].known_at, int(text[1:]) + 1


def _assess(
    bench: Bench, evidence: tuple[Evidence, ...], asked: Asked, known_at: int | None, seen_by: int | None, tell: Tell | None
) -> Outcome:
    tz = bench.agreement.tz
    since = parse_instant(asked.since, tz) if asked.since else LONG_AGO
    until = parse_instant(asked.until, tz) if asked.until else FAR_AHEAD
    if until <= since:
        raise InputError(f"`--until` is not after `--from`: {quoted(asked.until)} <= {quoted(asked.since)}")
    rows: dict[str, Observation] = {}
    for part in evidence:
        for report in observations(part.table):
            if report.start < until and since < report.end and (seen_by is None or report.known_at <= seen_by):
                rows.setdefault(report.id, report)
    history = History(bench.agreement, [act for part in evidence for act in part.acts])
    reports_ = [rows[key] for key in sorted(rows)]
    assessed = assessment.assess(reports_, history, Placed(bench.agreement.zones, bench.atlas), known_at, tell)
    rejected = pa.concat_tables([part.rejected for part in evidence]) if evidence else rejected_table([])
    return Outcome(bench, evidence, assessed, known_at, rejected)


# -- case folders ----------------------------------------------------------------------------------------------------


def init_case(folder: Path, agreement: Path) -> CaseFolder:
    """Make a case folder for an agreement, with the areas and alias tables that lie beside it."""
    bench = open_agreement(agreement)
    names = [*bench.agreement.areas, "units.csv", *(f"{table}.csv" for table in ALIAS_TABLES)]
    files = {name: data for name in names if (data := _beside(agreement, name)) is not None}
    return CaseFolder.create(folder, agreement.name, {**files, agreement.name: read_bytes(agreement)})


def add_files(case: CaseFolder, paths: Sequence[Path], kind: str = "", known_at: int | None = None) -> list[Addition]:
    """Add files to a case; a file that is there already, byte for byte, is not added again.

    Raises:
        InputError: a file is refused; those before it stay added.
    """
    added = []
    bench = bench_of_case(case)
    now = known_at if known_at is not None else demo_clock() if case.info.is_demo else int(time.time())
    for path in paths:
        what = kind or detect(path)
        if case.has(file_hash(path)):
            continue
        if what in ("areas", "acts"):
            data = read_bytes(path)
            rows = len(read_features(data, path.name)) if what == "areas" else len(read_evidence(path, bench, kind=what).acts)
            added.append(case.add_bytes(what, path.name, data, rows, now))
            bench = bench_of_case(case)
        else:
            read = read_evidence(path, bench, kind=what, known_at=now)
            added.append(case.add_table(what, path.name, read.sha256, read.table, read.rejected, now))
    return added


def demo_clock() -> int:
    """The fixed second of the shipped case."""
    return parse_instant(DEMO_CLOCK, "UTC")


def demo_case(folder: Path) -> CaseFolder:
    """The shipped case in a case folder, on the demo clock; one that is there already is opened."""
    if (folder / "case.json").is_file():
        case = CaseFolder.open(folder)
        if not case.info.is_demo:
            raise StoreError(f"{folder}: a case of your own lies here; choose another folder")
    else:
        files = shipped()
        wanted = ["agreement.yaml", "areas.geojson", "units.csv", *(f"{table}.csv" for table in ALIAS_TABLES)]
        case = CaseFolder.create(folder, "agreement.yaml", {name: files[name] for name in wanted}, is_demo=True)
    return case


def add_shipped_reports(case: CaseFolder) -> list[Addition]:
    """Add the reports of the shipped case to its folder."""
    bench, data, now = bench_of_case(case), shipped()["reports.jsonl"], demo_clock()
    digest = hashlib.sha256(data).hexdigest()
    if case.has(digest):
        return []
    read = reports.read(data.splitlines(keepends=True), "reports.jsonl", bench.manner(now, now))
    return [case.add_table("reports", "reports.jsonl", digest, read.table, read.rejected, now)]


# -- answers ---------------------------------------------------------------------------------------------------------


def evidence_row(part: Evidence) -> dict[str, Any]:
    """What a file was, for an answer: its name, kind, hashes and rows."""
    return {
        "file": part.file, "kind": part.kind, "sha256": part.sha256, "table_sha256": part.table_hash or None,
        "rows": part.table.num_rows or len(part.acts), "rejected": part.rejected.num_rows,
    }  # fmt: skip


def summary(outcome: Outcome) -> dict[str, Any]:
    """The answer of `assess --json`: totals, reasons, hashes; its schema is `docs/reference/json/assess.schema.json`."""
    assessed, agreement = outcome.assessed, outcome.bench.agreement
    return {
        "truceline": __version__,
        "rule_version": RULE_VERSION,
        "agreement": {
            "id": agreement.id, "title": agreement.title.get("en", agreement.id), "text_status": agreement.text_status or None,
            "sha256": agreement.text_hash, "canonical_sha256": agreement.canonical_hash,
        },
        "agreement_hash": agreement.canonical_hash,
        "known_at": None if outcome.known_at is None else utc_text(outcome.known_at),
        "readings": dict(agreement.readings),
        "observations": len(assessed.reports),
        "rejected": outcome.rejected.num_rows,
        "rejected_rows": outcome.rejected.slice(0, 1_000).to_pylist(),
        "protected": sum(report.is_protected for report in assessed.reports),
        "terms": {term: _term_row(assessed, term, agreement.terms[term].kind) for term in agreement.terms},
        "any": _term_row(assessed, assessment.ANY, "prohibit"),
        "groups": [{"group": g, "observations": n, **_plain(c)} for g, n, c in assessment.by_group(assessed)],
        "pairs": [{"pair": p, "group": g, "observations": n, **_plain(c)} for p, g, n, c in assessment.by_pair(assessed)],
        "settle": [{"reason": s.reason, "ask": s.ask, "alone": s.alone, "among": s.among} for s in assessment.settle(assessed)],
        "evidence": [evidence_row(part) for part in outcome.evidence],
        "assessments_sha256": assessment.hash_of(assessed),
        "law": LAW,
    }  # fmt: skip


def _plain(counts: assessment.Counts) -> dict[str, int]:
    return {"surely": counts.surely, "possibly": counts.possibly, "no": counts.no}


def _term_row(assessed: Assessed, term: str, kind: str) -> dict[str, Any]:
    beside = {name: _plain(assessment.Counts.of(values[term])) for name, values in assessed.beside.items() if term in values}
    return {
        "kind": kind, **_plain(assessment.counts(assessed, term)), "reasons": assessment.reasons(assessed, term), "beside": beside,
    }  # fmt: skip


def write_assessments(outcome: Outcome, path: Path) -> None:
    """Write the answers of a run to a Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(assessment.table_of(outcome.assessed), sink, compression="zstd")
    write_whole(path, sink.getvalue().to_pybytes())


# -- where -----------------------------------------------------------------------------------------------------------


def count_where(
    evidence: Path, zones: Path, *, name_field: str = "", disc_m: int = 2_000, since: str = "", until: str = "",
    tz: str = "UTC", tell: Tell | None = None,
) -> tuple[Evidence, list[where.ZoneCount]]:  # fmt: skip
    """Count the reports of a file in the zones of another: naive, surely, possibly.

    Args:
        evidence: a file of reports.
        zones: GeoJSON or GeoParquet.
        name_field: the column that names a zone; empty = the usual ones.
        disc_m: radius for places known exactly (`where_prec` 1; village, town, city).
        since, until: only what can have happened in between; civil times of `tz`.
        tz: zone of civil days.
    """
    if not 0 <= disc_m <= 1_000_000:
        raise InputError(f"`--disc-m`: expected 0..1000000, got {quoted(disc_m)}")
    files = shipped()
    data = read_bytes(zones)
    keyed, extra = _zones_of(data, zones.name, name_field)
    atlas = read_atlas({"areas.geojson": files["areas.geojson"], zones.name: extra}, files["units.csv"])
    places = {**Precision().places, **dict.fromkeys(("village", "town", "city"), disc_m)}
    precision = replace(Precision(), places=places)
    manner_aliases = read_aliases({kind: files[f"{kind}.csv"] for kind in ALIAS_TABLES})
    now = int(time.time())
    manner = Manner(tz, precision, manner_aliases, Placer(atlas, precision), now, None)
    kind = detect(evidence)
    with evidence.open("rb") as file:
        read = _read(kind, file, evidence, manner)
    first = parse_instant(since, tz) if since else LONG_AGO
    last = parse_instant(until, tz) if until else FAR_AHEAD
    rows = [r for r in observations(read.table) if r.start < last and first < r.end]
    found = Evidence(evidence.name, kind, file_hash(evidence), read.table, read.rejected)
    counts = []
    for one in where.count(rows, keyed, atlas):
        counts.append(one)
        if tell:
            tell("zones", len(counts), len(keyed))
    return found, counts


def _zones_of(data: bytes, name: str, name_field: str) -> tuple[dict[str, tuple[str, Zone]], bytes]:
    """The zones of a file by id, and the file again with an id for every drawn one."""
    keyed: dict[str, tuple[str, Zone]] = {}
    features = read_features(data, name)
    import shapely  # noqa: PLC0415  # only this command writes shapes

    kept = []
    for i, feature in enumerate(features):
        if name_field and name_field not in feature.properties:
            raise InputError(Fault(f"no column {quoted(name_field)}", name))
        unit = unit_of(feature.properties, name)
        key = unit.code if unit and unit.code not in keyed else f"zone-{i}"
        title = str(feature.properties[name_field]) if name_field else _title(feature.properties, key)
        drawn = Zone(key, 0, codes=(key,)) if unit and key == unit.code else Zone(key, 0, annex=(key,))
        keyed[key] = (title, drawn)
        properties = {**feature.properties, "id": key} if drawn.codes else {"id": key, "name_en": title}
        kept.append({"type": "Feature", "properties": properties, "geometry": msgspec.Raw(shapely.to_geojson(feature.geometry).encode())})
    return keyed, msgspec.json.encode({"type": "FeatureCollection", "features": kept}, enc_hook=str)


def _title(properties: dict[str, object] | object, key: str) -> str:
    assert hasattr(properties, "get")
    for column in ("NAME_EN", "name_en", "name", "NAME", "id"):
        value = properties.get(column)
        if value:
            return str(value)
    return key
