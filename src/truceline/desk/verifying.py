"""Does what lies here hold? A case folder, a record, a mirror, a bundle, a receipt: read whole, and said what was not.

A record may lie in a folder or in PostgreSQL.

A case adds to the audit of its record: each table of evidence, the text behind its hash, the index; and, when asked,
every recorded assessment computed again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from truceline.agreement.text import load
from truceline.canon import sha256
from truceline.desk.cosigners import Peer
from truceline.desk.files import read_bytes
from truceline.desk.mirroring import compute_again
from truceline.desk.runs import answers_of
from truceline.errors import Fault, InputError, StoreError, TrucelineError, VerificationError, one_line
from truceline.evidence.schema import REJECTED, SCHEMA, hash_rejected, hash_table
from truceline.record.audit import Audit, Tell, Trust, audit
from truceline.record.bundle import open_bundle
from truceline.record.checkpoint import open_any
from truceline.record.policy import read_policy
from truceline.record.proof import read_proof
from truceline.record.receipt import open_receipt
from truceline.record.register import Remark
from truceline.record.tree import check_inclusion, leaf_hash
from truceline.span import utc_text
from truceline.store.case import ADDITIONS, TEXTS, Case, Said, addition_of, table_in
from truceline.store.cells import cell_rows
from truceline.store.files import blob_path
from truceline.store.folder import MARK, CaseFolder
from truceline.store.index import Row
from truceline.store.opened import case_at, is_server
from truceline.store.source import FolderSource, StaticSource

MOST_FILE = 256 * 1024 * 1024
FILE_S = 30.0
"""Seconds for one file below a URL."""


@dataclass
class Verified:
    """What was verified, and what was not.

    Attributes:
        kind: `case`, `record`, `mirror`, `bundle`, `proof`.
        audit: of the record.
        files: names of files that lie there and were not looked at.
    """

    kind: str
    audit: Audit
    files: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing was found that does not hold."""
        return not self.audit.faults


@dataclass(frozen=True)
class AskedToVerify:
    """What a reader brings to a verification.

    Attributes:
        policy: file with the logs and witnesses to believe; None = the log's own word, and the answer says so.
        since: file with a checkpoint that was seen earlier.
        entry: with a receipt or a proof, the file with the entry it is for.
        hashes_only: leave out the entries' signatures.
        recompute: compute recorded assessments again.
        evidence: with a mirror, files from which tables of evidence were read.
    """

    policy: Path | None = None
    since: Path | None = None
    entry: Path | None = None
    hashes_only: bool = False
    recompute: bool = False
    evidence: tuple[Path, ...] = ()


def verify(what: str, asked: AskedToVerify, tell: Tell | None = None) -> dict[str, Any]:
    """Verify whatever it is: a folder, a file, a case or a record in PostgreSQL, or static tiles at a URL.

    Raises:
        InputError: a file cannot be read as what it should be. StoreError: nothing lies there, or it is out of reach.
    """
    policy = None if asked.policy is None else read_policy(read_bytes(asked.policy), asked.policy.name)
    since = b"" if asked.since is None else read_bytes(asked.since)
    trust = Trust(policy, since, int(time.time()), not asked.hashes_only)
    if what.startswith(("http://", "https://")):
        peer = Peer(what)
        try:
            return answer_of(verify_static(lambda name: _asked_for(peer, name), trust, tell))
        finally:
            peer.close()
    if is_server(what):
        with closing(case_at(what)) as case:
            return answer_of(_verify_served(case, trust, tell, answers_of if asked.recompute else None))
    path = Path(what)
    if path.is_dir():
        found = verify_folder(path, trust, tell, answers_of if asked.recompute else None)
        if found.kind == "mirror" and asked.recompute and found.holds:
            compute_again(path, asked.evidence, found.audit)
        return answer_of(found)
    data = read_bytes(path, MOST_FILE)
    if data[:4] == b"PK\x03\x04":
        return _of_bundle(data, trust)
    if data.startswith(b"c2sp.org/tlog-proof@v1\n"):
        return _of_proof(data, asked, trust, path.name)
    raise InputError(Fault("expected a folder, a bundle (zip), a proof or a receipt", str(path)))


def _of_proof(data: bytes, asked: AskedToVerify, trust: Trust, name: str) -> dict[str, Any]:
    """A proof or a receipt against the entry it is for."""
    if asked.entry is None or trust.policy is None:
        raise InputError(Fault("a proof is verified with --entry and --policy: for which entry, and whose log", name))
    leaf, found = leaf_hash(read_bytes(asked.entry)), Audit()
    proof = read_proof(data)
    try:
        logs = [log for log, _ in trust.policy.logs]
        made = open_any(proof.checkpoint, logs).checkpoint
        found.origin, found.size, found.root = made.origin, made.size, made.root.hex()
        check_inclusion(leaf, index=proof.index, size=made.size, path=proof.path, root=made.root)
        found.count("proofs")
        if made.extensions:
            _, promised = open_receipt(data, leaf, next(log for log in logs if log.name == made.origin))
            by = utc_text(promised.deadline)
            found.unchecked.append(f"whether the promise was kept: by {by} a witnessed checkpoint holds the entry")
        else:
            found.witnesses = dict(trust.policy.check(proof.checkpoint, now=trust.now).times)
    except VerificationError as error:
        found.fault(str(error), name, proof.index)
    found.unchecked.append("the signatures of the entry itself: a proof says that it is in the log, not who signed it")
    return answer_of(Verified("proof", found))


def _asked_for(peer: Peer, name: str) -> bytes | None:
    """A file below a URL; None when there is none."""
    reply = peer.ask("GET", f"/{name}", most=MOST_FILE, until=time.monotonic() + FILE_S)
    if reply.status in (404, 410):
        return None
    if reply.status != 200:
        raise StoreError(f"{peer.url}/{name}: answered {reply.status}")
    return reply.body


def _of_bundle(data: bytes, trust: Trust) -> dict[str, Any]:
    """An offline bundle."""
    found = Audit()
    try:
        opened = open_bundle(data, trust.policy, now=trust.now)
    except VerificationError as error:
        found.faults += error.faults
    else:
        made = opened.checkpoint
        found.origin, found.size, found.root = made.origin, made.size, made.root.hex()
        found.checked, found.unchecked = dict(opened.checked), list(opened.unchecked)
        found.remarks, found.witnesses = list(opened.remarks), dict(opened.witnesses)
    return answer_of(Verified("bundle", found))


def verify_folder(
    folder: Path, trust: Trust, tell: Tell | None = None, recompute: Callable[[Case, Said], str] | None = None
) -> Verified:
    """Verify a case folder, the folder of a record, or that of a mirror.

    Args:
        folder: what is read; of it only a damaged index is made anew.
        trust: what the reader believes and knows.
        tell: told `(what, done, all)` as the work goes on.
        recompute: gives the hash of the answers that an assessment of a case says it has; None = not computed again.

    Raises:
        StoreError: it is none of them.
    """
    if (folder / "case.json").is_file():
        return _verify_case(folder, trust, tell, recompute)
    if (folder / "head").is_file():
        source = FolderSource(folder)
        found = audit(source, trust, tell)
        return Verified("record", found, _strays(folder, _looked_at(source, found)))
    if (folder / "checkpoint").is_file():
        return Verified("mirror", audit(StaticSource(_reader(folder)), trust, tell))
    raise StoreError(f"{folder}: expected a case folder, a record (`head`) or a mirror (`checkpoint`)")


def verify_static(read: Callable[[str], bytes | None], trust: Trust, tell: Tell | None = None) -> Verified:
    """Verify static tiles wherever they come from.

    Args:
        read: gives the bytes of a file by its name.
        trust: what the reader believes and knows.
        tell: told as the work goes on.
    """
    return Verified("mirror", audit(StaticSource(read), trust, tell))


def answer_of(found: Verified) -> dict[str, Any]:
    """The answer of `verify --json`; its schema is in `docs/reference/json`."""
    one = found.audit
    return {
        "kind": found.kind, "holds": found.holds, "origin": one.origin, "size": one.size, "root": one.root,
        "checked": dict(sorted(one.checked.items())), "not_checked": [*one.unchecked, *_of_files(found.files)],
        "faults": [{"file": f.file or None, "entry": _index_of(f), "message": f.message} for f in one.faults],
        "remarks": [{"entry": r.index, "what": r.what, "why": r.why} for r in one.remarks],
        "witnesses": [{"name": name, "at": at} for name, at in sorted(one.witnesses.items())],
    }  # fmt: skip


def _index_of(fault: Fault) -> int | None:
    word, _, number = fault.field.partition(" ")
    return int(number) if word == "entry" else None


def _of_files(files: list[str]) -> list[str]:
    return [f"{name}: not part of the record" for name in files]


# -- a case ----------------------------------------------------------------------------------------------------------


def _verify_case(
    folder: Path, trust: Trust, tell: Tell | None, recompute: Callable[[Case, Said], str] | None
) -> Verified:
    source = FolderSource(folder / "record")
    found = audit(_Prefixed(source), trust, tell)
    if (folder / "case.json").read_bytes() != MARK:
        found.fault("is not what a case folder of this format holds", "case.json")
    known = {"case.json", *(f"record/{name}" for name in _looked_at(source, found))}
    case = CaseFolder(folder)
    if _is_read(case, found):
        known |= _looked_into(case, found, recompute)
        _index(case, found)
    case.close()
    return Verified("case", found, _strays(folder, known))


def _verify_served(
    case: Case, trust: Trust, tell: Tell | None, recompute: Callable[[Case, Said], str] | None
) -> Verified:
    """A case in PostgreSQL; what holds no text is a record, and no more is asked of it."""
    found = audit(case.source(), trust, tell)
    if not _is_read(case, found) or not any(case.said(kind) for kind in TEXTS):
        return Verified("record", found)
    known = _looked_into(case, found, recompute)
    return Verified("case", found, sorted({f"evidence/{name}" for name in case.table_files().values()} - known))


def _is_read(case: Case, found: Audit) -> bool:
    """Whether the record can be read as that of a case."""
    try:
        case.entries()
    except TrucelineError as error:
        found.faults += () if found.faults else error.faults
        found.unchecked.append("texts, tables of evidence and assessments: the record does not hold")
        return False
    return True


def _looked_into(case: Case, found: Audit, recompute: Callable[[Case, Said], str] | None) -> set[str]:
    """What a case adds to its record; the files of evidence that were looked at."""
    known = _evidence(case, found)
    _texts(case, found)
    _assessments(case, found, recompute)
    return known


class _Prefixed:
    """A source whose files are named from the case folder on."""

    has_blobs = True
    has_notes = True

    def __init__(self, source: FolderSource) -> None:
        self.source = source
        self.head, self.tile, self.notes = source.head, source.tile, source.notes

    def bundle(self, n: int, size: int) -> Any:  # noqa: ANN401  # the bundle of the source, renamed
        found = self.source.bundle(n, size)
        return type(found)(f"record/{found.file}", found.entries, found.fault)

    def noted(self, size: int) -> tuple[str, bytes | None]:
        name, data = self.source.noted(size)
        return f"record/{name}", data

    def blob(self, digest: str) -> tuple[str, bytes | None]:
        name, data = self.source.blob(digest)
        return f"record/{name}", data


def _evidence(case: Case, found: Audit) -> set[str]:
    """Each table against its entry: the bytes by the name of the file, the rows by the record."""
    known, files = set(), case.table_files()
    for said in sorted((said for kind in ADDITIONS for said in case.said(kind)), key=lambda said: said.index):
        try:
            addition = addition_of(said)
        except VerificationError as error:
            found.fault(str(error), "", said.index)
            continue
        for rows_hash, what, schema in (
            (addition.table_hash, "", SCHEMA), (addition.rejected_hash, ".rejected", REJECTED),
        ):  # fmt: skip
            if not rows_hash:
                continue
            file = files.get(rows_hash + what)
            if file is None:
                found.fault(f"the table of {addition.file} is missing", "evidence", said.index)
                continue
            name = f"evidence/{file}"
            known.add(name)
            why = _table_fault(case, file, rows_hash, schema)
            if why:
                found.fault(f"{why}: what was judged from {addition.file} cannot be shown", name, said.index)
            else:
                found.count("tables")
    return known


def _table_fault(case: Case, file: str, rows_hash: str, schema: pa.Schema) -> str:
    try:
        data = case.table_bytes(file)
        if sha256(data) != file.split(".")[1]:
            return "was altered: not the bytes that were written"
        table = table_in(data, schema)
    except (OSError, pa.ArrowException, StoreError) as error:
        return f"cannot be read: {one_line(str(error), 80)}"
    rows = hash_rejected(table) if schema is REJECTED else hash_table(table)
    return "" if rows == rows_hash else "was altered: not the rows that the entry names"


def _texts(case: Case, found: Audit) -> None:
    for kind in TEXTS:
        for said in case.said(kind):
            body = said.statement.body
            try:
                digest = next(blob.sha256 for blob in said.statement.blobs if blob.name == body["file"])
                text = load(case.store.blob(digest), body["file"])
            except (TrucelineError, StopIteration, KeyError, TypeError) as error:
                found.fault(f"its text cannot be read: {one_line(str(error), 120)}", "", said.index)
                continue
            if text.canonical_hash != body["canonical_sha256"]:
                found.fault("its text has other values than its entry says", "", said.index)
            else:
                found.count("texts")


def _assessments(case: Case, found: Audit, recompute: Callable[[Case, Said], str] | None) -> None:
    recorded = case.said("assessment")
    if recorded and recompute is None:
        found.unchecked.append(f"{len(recorded)} recorded assessments: --recompute computes them again")
        return
    for said in recorded:
        if recompute is not None:
            again = recompute(case, said)
            if again == said.statement.body["answers_sha256"]:
                found.count("assessments")
            else:
                found.fault(f"computed again its answers are others: {again[:12]}", "", said.index)


def _index(case: CaseFolder, found: Audit) -> None:
    """The index against the record; a damaged one is made anew."""
    expected, cells = list(case.rows()), sorted(set(cell_rows(case)))
    try:
        held: list[Row] | None = case.store.index.rows()
        is_same = held == expected and case.store.index.cells() == cells
    except StoreError:
        held, is_same = None, False
    if is_same:
        found.count("index rows", len(expected))
        return
    why = "was damaged" if held is None else "said something else than the record" if held else "held nothing"
    case.store.index.throw_away()
    case.store.index.put_rows(expected)
    case.store.index.put_cells(cells)
    found.remarks.append(Remark(len(expected), "rebuilt", f"record/index.sqlite {why}: made anew from the record"))


def _looked_at(source: FolderSource, found: Audit) -> Iterator[str]:
    yield from source.counted(found.size)
    yield from ("index.sqlite", "index.sqlite-wal", "index.sqlite-shm", "writer.lock")
    yield from (blob_path(digest) for digest in found.blobs)


def _strays(folder: Path, known: Iterable[str]) -> list[str]:
    """The files that lie in a folder, or below it, and were not looked at."""
    seen = set(known)
    strays = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in seen:
            strays.append(name)
    return strays


def _reader(folder: Path) -> Callable[[str], bytes | None]:
    def read(name: str) -> bytes | None:
        path = folder / name
        return path.read_bytes() if path.is_file() else None

    return read
