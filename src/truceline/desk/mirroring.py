"""What does a mirror need beside the tiles, so that what was computed from the record can be computed again from it?

The earlier checkpoints, which say since when each entry is known; and the files that entries name, as far as whoever
mirrors may read them. Everything is checked against the tiles that were verified before. Evidence does not come along:
it is brought by whoever holds it, and its rows are held against the hash that the record has of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from truceline.canon import sha256
from truceline.desk.client import Remote
from truceline.desk.decided import PAIRS, pairs_file
from truceline.desk.duplicates import is_by_model, searched
from truceline.desk.files import file_hash, read_evidence
from truceline.desk.runs import answers_of, bench_of_case
from truceline.errors import AccessError, CredentialsError, InputError, TrucelineError
from truceline.evidence.mapping import read_mapping
from truceline.evidence.reading import Read
from truceline.evidence.schema import hash_table, salted, under_salt
from truceline.record.audit import Audit
from truceline.record.entry import read_entry
from truceline.store.case import Addition, Case
from truceline.store.disk import make_folder, write_whole
from truceline.store.files import blob_path
from truceline.store.mirrored import NOTES, MirroredCase, MirrorStore, check_dated

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Completed:
    """What was fetched beside the tiles.

    Attributes:
        checkpoints: earlier ones, new here.
        files: new here.
        withheld: files that were not given.
    """

    checkpoints: int
    files: int
    withheld: int


def complete(folder: Path, remote: Remote, tell: Tell | None = None) -> Completed:
    """Fetch what is missing beside the tiles of a mirror.

    Args:
        folder: of the mirror, after a round.
        remote: the service that it mirrors.
        tell: told `(what, done, all)` as the work goes on.

    Raises:
        VerificationError: what comes is not what the tiles say. StoreError: the service cannot be reached.
    """
    store, tell = MirrorStore(folder), tell or (lambda _what, _done, _all: None)
    made = _checkpoints(store, remote)
    files = withheld = 0
    size = store.durable()
    for index, data in enumerate(store.entries(0, size)):
        tell("files", index, size)
        for blob in read_entry(data).statement.blobs:
            if store.has_blob(blob.sha256):
                continue
            content = _file(remote, blob.sha256)
            if content is None:
                withheld += 1
                continue
            make_folder((folder / blob_path(blob.sha256)).parent)
            write_whole(folder / blob_path(blob.sha256), content)
            files += 1
    return Completed(made, files, withheld)


def _checkpoints(store: MirrorStore, remote: Remote) -> int:
    """Earlier checkpoints, each of the same entries as the tiles."""
    size, made = store.durable(), 0
    make_folder(store.folder / NOTES)
    last = max(store.notes(), default=0)
    for found, note in remote.checkpoints(last):
        if found > size:
            break
        check_dated(store, found, note)
        write_whole(store.folder / NOTES / str(found), note)
        made += 1
    return made


def _file(remote: Remote, digest: str) -> bytes | None:
    """A file, if it is given and is the one that was asked for."""
    try:
        data = remote.read(f"/api/v1/record/blobs/{digest}", most=256 * 1024 * 1024)
    except CredentialsError:
        raise
    except AccessError:
        return None
    return data if sha256(data) == digest else None


# -- computing again ---------------------------------------------------------------------------------------------------


def compute_again(folder: Path, evidence: Sequence[Path], found: Audit) -> None:
    """Compute every recorded assessment of a mirror again, and add to its audit what came out.

    Args:
        folder: of the mirror.
        evidence: files from which tables of the record were read.
        found: what was audited; INVARIANT: what cannot be computed is said there, never passed over.
    """
    case = MirroredCase(folder)
    try:
        for size in case.store.notes():
            check_dated(case.store, size, case.store.note(size) or b"")
            found.count("dated checkpoints")
        given = {under_salt(file_hash(path), _salt_beside(path)): path for path in evidence}
        for one in case.journal():
            if one.table_hash and one.sha256 in given:
                _bring(case, one, given.pop(one.sha256))
        for path in given.values():
            found.unchecked.append(f"{path.name}: no entry of the record was read from it")
        for said in case.said("assessment"):
            _compare(case, said.index, found)
    except TrucelineError as error:
        found.fault(str(error.faults[0]))


def _bring(case: Case, one: Addition, path: Path) -> None:
    """Read a table again from its file.

    Raises:
        InputError: its rows are others than those of the record.
    """
    said = case.entries()[one.sequence].statement
    columns = None
    if said.body.get("mapping_sha256"):
        columns = read_mapping(case.store.blob(said.body["mapping_sha256"]), "mapping")
    bench = bench_of_case(case, upto=one.sequence)
    read = read_evidence(path, bench, kind=one.kind, known_at=one.known_at, mapping=columns)
    table, rejected = (salted(part, _salt_beside(path)) for part in (read.table, read.rejected))
    if hash_table(table) != one.table_hash:
        raise InputError(f"{path.name}: read again it has other rows than entry {one.sequence} says")
    case.keep_table(Read(table, rejected))


def _salt_beside(path: Path) -> str:
    """The salt under which the record has a file, where it was given: `NAME.salt` beside it."""
    beside = path.with_name(f"{path.name}.salt")
    return beside.read_text("utf-8").strip() if beside.is_file() else ""


def _search_again(case: MirroredCase, upto: int) -> str:
    """Search for duplicates anew, as a mirror is not given what was found; why that cannot be done, else empty."""
    said = case.said(PAIRS, upto)
    if not said or case.store.has_blob(said[-1].statement.body["sha256"]):
        return ""
    index, body = said[-1].index, said[-1].statement.body
    if not is_by_model(body):
        return f"the pairs of entry {index} are not here, and their search cannot be made again"
    found, of = searched(case, index)
    if sorted(of) != list(body["of"]):
        return f"the pairs of entry {index} are not here, and were found in other tables"
    case.store.stand_in(body["sha256"], pairs_file(found))
    return ""


def _compare(case: MirroredCase, index: int, found: Audit) -> None:
    """One assessment against what comes out of computing it again."""
    said = case.entries()[index]
    wanted = {one.table_hash for one in case.journal() if one.table_hash and one.sequence < said.statement.body["of"]}
    missing = wanted - case.table_files().keys()
    if missing:
        found.unchecked.append(f"the assessment of entry {index}: {len(missing)} tables of evidence are not here")
        return
    untold = _search_again(case, said.statement.body["of"])
    if untold:
        found.unchecked.append(f"the assessment of entry {index}: {untold}")
        return
    again = answers_of(case, said)
    if again == said.statement.body["answers_sha256"]:
        found.count("assessments")
    else:
        found.fault(f"computed again its answers are others: {again[:12]}", "", index)
