"""How does something get into the record of a case, and what comes back? One way, for everything.

A draft becomes a statement in its submitter's sequence, is signed with the keys of this machine, and is appended by the
one writer. A statement that was signed elsewhere goes the same way from the third step on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.canon import canonical
from truceline.desk import keyring
from truceline.desk.charters import Clock, charter_entry, clock_of, keys_of
from truceline.desk.cosigners import Cosigned, cosign
from truceline.desk.statements import OF_THE_TEXT, checker
from truceline.errors import (
    AgreementError,
    InputError,
    StoreError,
    SubmissionError,
    TrucelineError,
    VerificationError,
    quoted,
)
from truceline.group import DESK
from truceline.record.bundle import StoredReader, make_bundle
from truceline.record.bundle import policy_of as charter_policy
from truceline.record.charter import Charter, KeySet, plain, read_body
from truceline.record.checkpoint import Checkpoint, open_checkpoint
from truceline.record.entry import (
    SCHEMA,
    Cited,
    Entry,
    SigningKey,
    Statement,
    blob_of,
    countersign,
    read_entry,
    sign,
    written,
)
from truceline.record.log import Check, Log, Submission, Taken, noted
from truceline.record.note import Verifier
from truceline.record.proof import Proof
from truceline.record.register import KEYS, REVOCATION, SHREDDING, Line, Register
from truceline.record.seal import open_box, seal
from truceline.record.tiles import TileTree
from truceline.record.tree import inclusion_path, leaf_hash
from truceline.store.export import static_file, witnessed
from truceline.store.folder import AGREEMENT, AMENDMENT, CaseFolder


@dataclass(frozen=True)
class Draft:
    """Something to be said.

    Attributes:
        type: of the statement.
        body: plain values.
        by: who says it.
        files: name to bytes of what belongs to it.
        readers: parties that alone may read the body; empty = everybody.
    """

    type: str
    body: Any
    by: str = DESK
    files: Mapping[str, bytes] = field(default_factory=dict)
    readers: tuple[str, ...] = ()


# -- appending -------------------------------------------------------------------------------------------------------


def append(case: CaseFolder, drafts: Sequence[Draft], now: Clock | None = None) -> list[Taken]:
    """Sign drafts with the keys of this machine and append them.

    Raises:
        SubmissionError, VerificationError: one was refused; those before it stay. StoreError: it cannot be written, or
            this machine does not hold a key.
    """
    charter = case.charter()
    with _writing(case, charter, now) as log:
        place = Place(log.register, log.checkpoint(), log.now, text_of(case), is_demo=charter.is_demo)
        batch = []
        for draft in drafts:
            entry, beside = place.signed(draft)
            place.ahead[draft.by] = Line(read_entry(entry).statement.sequence + 1, leaf_hash(entry).hex())
            batch.append(Submission(entry, beside))
        answers = log.append(batch)
        _witness(log, charter)
        return _indexed(case, answers)


def prepare(case: CaseFolder, draft: Draft, now: Clock | None = None) -> tuple[bytes, dict[str, bytes]]:
    """Sign a draft with the keys of this machine and append nothing: for others to sign too, or to append elsewhere.

    Returns:
        The entry, and what belongs to it by hash.
    """
    return place_of(case, now).signed(draft)


def place_of(case: CaseFolder, now: Clock | None = None) -> Place:
    """Where the next statement of a case would stand."""
    charter = case.charter()
    head = open_checkpoint(case.store.head() or b"", Verifier.parse(charter.log)).checkpoint
    return Place(case.register(), head, now or clock_of(charter), text_of(case), is_demo=charter.is_demo)


def submit(case: CaseFolder, data: bytes, files: Mapping[str, bytes], now: Clock | None = None) -> Taken:
    """Append a statement that was signed elsewhere.

    Args:
        case: the folder.
        data: the entry, byte for byte as it was signed.
        files: what it names by hash: hash to bytes.
        now: gives the UTC second; None = the clock of the case.

    Raises:
        SubmissionError, VerificationError: it was refused. StoreError: it cannot be written.
    """
    charter = case.charter()
    with _writing(case, charter, now, files) as log:
        answers = log.append([Submission(data, files)])
        _witness(log, charter)
        return _indexed(case, answers)[0]


@contextmanager
def _writing(
    case: CaseFolder, charter: Charter, now: Clock | None = None, files: Mapping[str, bytes] | None = None
) -> Iterator[Log]:
    """The log of a case with the lock of its one writer, on a clock that does not go back.

    Args:
        case: the folder.
        charter: of its record.
        now: gives the UTC second; None = the clock of the case.
        files: what comes with an entry, by hash.

    Raises:
        StoreError: this machine may not write here, or another writer is at work.
    """
    with case.store.writer():
        clock = _forward(case, now or clock_of(charter))
        yield case.writing(keys_of(charter), clock, _asked(case, charter, files))


def _asked(case: CaseFolder, charter: Charter, files: Mapping[str, bytes] | None = None) -> Check:
    """What a case asks of a new entry: the rules of statements, no demo key in an own record, a text that loads.

    Args:
        case: the folder.
        charter: of its record.
        files: what comes with the entry, by hash.
    """
    rules = checker(lambda: text_of(case))

    def check(entry: Entry, register: Register) -> None:
        if entry.statement.type == KEYS and not charter.is_demo:
            keyring.refuse_demo([read_body(entry.statement.body, KeySet, "key set")])
        rules(entry, register)
        if entry.statement.type == AMENDMENT:
            _check_text(entry.statement, files or {})

    return check


def _check_text(one: Statement, files: Mapping[str, bytes]) -> None:
    """An amended text loads, and its values are those that were signed: nobody could speak under one that does not."""
    name = one.body["file"]
    data = next((files[blob.sha256] for blob in one.blobs if blob.name == name and blob.sha256 in files), None)
    if data is None:
        raise SubmissionError(f"{quoted(name)}: expected the amended text to come with the statement")
    try:
        values = load(data, name).canonical_hash
    except (InputError, AgreementError) as error:
        raise SubmissionError(f"the amended text does not load: {error.faults[0]}") from None
    if values != one.body["canonical_sha256"]:
        raise SubmissionError(f"{quoted(name)}: not the values that `canonical_sha256` says")


@dataclass(frozen=True)
class Place:
    """Where a statement would stand: what the record holds, and what was published last.

    Attributes:
        text: in force; None before there is one.
        ahead: how far submitters have come with what is not appended yet.
    """

    register: Register
    head: Checkpoint
    now: Clock
    text: Agreement | None
    is_demo: bool
    ahead: dict[str, Line] = field(default_factory=dict)

    def signed(self, draft: Draft) -> tuple[bytes, dict[str, bytes]]:
        """A draft as a signed entry, and what belongs to it by hash.

        Raises:
            StoreError: this machine does not hold the key. InputError: a reader has no keys.
        """
        statement, beside = self._statement(draft)
        return sign(written(statement), self.keys(draft.by, draft.type, draft.body)), beside

    def _statement(self, draft: Draft) -> tuple[Statement, dict[str, bytes]]:
        files = {name: draft.files[name] for name in sorted(draft.files)}
        blobs = tuple(blob_of(name, data) for name, data in files.items())
        beside = {blob.sha256: files[blob.name] for blob in blobs}
        sealed, body = None, draft.body
        if draft.readers:
            unknown = [party for party in draft.readers if party not in self.register.sets]
            if unknown:
                raise InputError(f"no key set of {', '.join(unknown)}: they could not read it")
            sealed, box = seal(canonical(body), self.register.readers(draft.readers), keyring.random_bytes)
            beside[sealed.box] = box
            body = None
        line = self.ahead.get(draft.by) or self.register.lines.get(draft.by) or Line()
        under = self.text.canonical_hash if self.text is not None and draft.type in OF_THE_TEXT else ""
        cites = Cited(self.head.root.hex(), self.head.size) if self.head.size else Cited()
        return Statement(
            blobs, body, draft.by, cites, self.now(), self.head.origin, line.previous, SCHEMA, sealed, line.next,
            draft.type, under,
        ), beside  # fmt: skip

    def keys(self, party: str, kind: str, body: Any = None) -> list[SigningKey]:  # noqa: ANN401  # any JSON value
        """The keys of this machine that sign for a party: the roots for a change of keys, else its newest key.

        Args:
            party: its id.
            kind: type of the statement.
            body: of the statement; the first key set of a party is signed by the roots that it names.

        Raises:
            SubmissionError: it has no key set. StoreError: this machine holds none of its keys.
        """
        kept = self.register.sets.get(party)
        if kind in (KEYS, REVOCATION):
            roots = (kept or read_body(body, KeySet, "key set")).roots
            held = [SigningKey.of_seed(k.secret) for k in self._held("root", roots, party)]
            return held + self._countersigners(party)
        if kept is None:
            raise SubmissionError(f"{quoted(party)} has no key set in this record")
        found = self._held("sign", [key.public for key in kept.keys if key.use == "sign"], party)
        return [SigningKey.of_seed(found[-1].secret)]

    def _countersigners(self, party: str) -> list[SigningKey]:
        """The key of the keeper, where the charter has it countersign: who enters keys here has its assent."""
        charter = self.register.charter
        if charter is None or DESK not in charter.countersign.of or party == DESK:
            return []
        try:
            return self.keys(DESK, "")
        except StoreError:
            return []

    def _held(self, use: str, publics: Sequence[bytes], party: str) -> list[keyring.KeyFile]:
        found, missing = [], StoreError(f"this machine holds no key to {use} for {quoted(party)}")
        for public in publics:
            try:
                found.append(keyring.find(use, public, party, is_demo=self.is_demo))
            except StoreError as error:
                missing = error
        if not found:
            raise missing
        return found


def cosign_entry(case: CaseFolder, data: bytes, party: str) -> bytes:
    """Add the signature of a party of this machine to a statement that is not in a log yet."""
    entry = read_entry(data)
    one = entry.statement
    for key in place_of(case).keys(party, "" if one.by != party else one.type, one.body):
        data = countersign(read_entry(data), key)
    return data


def change_keys(
    case: CaseFolder | None, party: str, *, is_kept_back: bool = False
) -> tuple[KeySet, Taken | bytes | None]:
    """Make new keys for a party on this machine, and enter them into a record.

    Args:
        case: the folder; None = the keys are made, and entered nowhere.
        party: its id.
        is_kept_back: sign the statement and append nothing: for those who have to countersign it.

    Returns:
        The public key set; and where it was entered, or the signed entry, or None without a case.
    """
    if case is None:
        return keyring.key_set(party), None
    place = place_of(case)
    old = place.register.sets.get(party)
    if old is not None:
        place.keys(party, KEYS)  # without its roots nothing is made
    if not is_kept_back:
        keys_of(case.charter())  # nor where this machine may not write
    made = keyring.key_set(party, version=old.version + 1 if old else 0)
    draft = Draft(KEYS, plain(made), party)
    if is_kept_back:
        return made, prepare(case, draft)[0]
    return made, append(case, [draft])[0]


def proof_of(case: CaseFolder, index: int) -> bytes:
    """The proof that an entry is in the newest checkpoint (C2SP tlog-proof).

    Raises:
        InputError: there is no such entry.
    """
    size = len(case.entries())
    if not 0 <= index < size:
        raise InputError(f"expected an entry from 0 to {size - 1}, got {index}")
    tree = TileTree(lambda path: static_file(case.store, path) or b"", size)
    return Proof(index, tuple(inclusion_path(index, size, tree.subtree)), noted(case.store, size)).data


def bundle_of(case: CaseFolder, entries: Sequence[int], reader: str = "") -> bytes:
    """An offline bundle of some entries: against the newest checkpoint that the witnesses of the record cosigned.

    Args:
        case: the folder.
        entries: their indexes.
        reader: a party whose reading key of this machine opens boxes to be taken along; empty = none.

    Raises:
        InputError: no such entries. VerificationError: the record does not hold, or its quorum was never met.
    """
    policy = charter_policy(case.charter())
    held = keyring.keys_of(reader, "read", is_demo=case.charter().is_demo) if reader else []
    size = witnessed(case.store, policy)
    reads = held[-1].id if held else ""
    return make_bundle(StoredReader(case.store), entries, policy=policy, size=size, reads=reads)


def unsealed(case: CaseFolder, index: int, party: str) -> bytes:
    """The sealed body of an entry, opened with a reading key of this machine.

    Raises:
        InputError: the entry has no sealed body. VerificationError: it is not for this party, or was destroyed.
    """
    said = case.entries()[index]
    sealed = said.statement.sealed
    if sealed is None:
        raise InputError(f"entry {index} has no sealed body")
    for one in case.said(SHREDDING):
        if one.statement.body["index"] == index:
            raise VerificationError(f"entry {index}: its body was destroyed by entry {one.index}")
    box = case.store.blob(sealed.box)
    for reader in keyring.keys_of(party, "read", is_demo=case.charter().is_demo):
        try:
            return open_box(sealed, box, reader.id, reader.secret)
        except VerificationError:
            continue
    raise VerificationError(f"entry {index}: not sealed for a reading key of {quoted(party)} that this machine holds")


def _witness(log: Log, charter: Charter) -> Cosigned | None:
    """Ask the witnesses of a record to cosign its newest checkpoint; None when it names none that can be asked."""
    policy = charter_policy(charter)
    if not any(url for _, url in policy.witnesses.values()):
        return None
    return cosign(log, policy, now=None if charter.is_demo else int(time.time()))


def cosign_case(case: CaseFolder) -> Cosigned | None:
    """Ask the witnesses once more, and record whose cosignature is missing, and who is back.

    Returns:
        What they answered; None when the record names no witness that can be asked.

    Raises:
        StoreError: this machine may not write here.
    """
    charter = case.charter()
    with _writing(case, charter) as log:
        found = _witness(log, charter)
    policy = charter_policy(charter)
    if found is None:
        return None
    away = {said.statement.body["witness"]: not said.statement.body["is_back"] for said in case.said("absence")}
    since = case.entries()[-1].known_at
    drafts = [
        Draft("absence", {"is_back": name in found.times, "since": since, "witness": name})
        for name in policy.witnesses
        if away.get(name, False) == (name in found.times)
    ]
    if drafts:
        append(case, drafts)
    return found


def _indexed(case: CaseFolder, answers: Sequence[Taken | TrucelineError]) -> list[Taken]:
    """Bring the index up to the record, and give what was taken, or the first refusal."""
    indexes = [one.index for one in answers if isinstance(one, Taken)]
    if indexes:
        case.index(indexes[0])
    return _taken(answers)


def _taken(answers: Sequence[Taken | TrucelineError]) -> list[Taken]:
    found = []
    for answer in answers:
        if isinstance(answer, TrucelineError):
            raise answer
        found.append(answer)
    return found


def _forward(case: CaseFolder, now: Clock) -> Clock:
    """A clock that does not go back: the time of a checkpoint is never before that of the one before it."""
    last = max((said.known_at for said in case.entries()), default=0) if case.store.head() else 0
    return lambda: max(now(), last)


def text_of(case: CaseFolder) -> Agreement | None:
    """The text in force; None before there is one."""
    try:
        one = case.text()
    except StoreError:
        return None
    name = one.body["file"]
    digest = next(blob.sha256 for blob in one.blobs if blob.name == name)
    return _loaded(case.store.blob(digest), name)


@lru_cache(maxsize=4)
def _loaded(data: bytes, name: str) -> Agreement:
    """A text as it was loaded before: every entry of a batch is checked against the one in force."""
    return load(data, name)


def begin(case: CaseFolder, charter: Charter, text: Draft, now: Clock, signed: bytes = b"") -> None:
    """Write the first entries of a record: its charter, and the text.

    Args:
        case: a folder that is being made.
        charter: of the record.
        text: the statement of the agreement.
        now: gives the UTC second.
        signed: the charter as an entry, when others signed it too; empty = it is signed here.
    """
    if not charter.is_demo:
        keyring.refuse_demo(charter.parties)
    with case.store.writer():
        log = case.writing(keys_of(charter), now, checker(lambda: None))
        _taken(log.append([Submission(signed or charter_entry(charter))]))
        place = Place(log.register, log.checkpoint(), now, None, is_demo=charter.is_demo)
        entry, beside = place.signed(text)
        _taken(log.append([Submission(entry, beside)]))
        case.index(0)


def record_assessment(case: CaseFolder, body: Mapping[str, Any], now: Clock | None = None) -> int | None:
    """Record what was computed, unless the newest recorded assessment says the same.

    Returns:
        The index of its entry; None when nothing new was computed.

    Raises:
        StoreError: this machine may not write here.
    """
    said = case.said("assessment")
    if said and {**said[-1].statement.body, "of": 0} == {**body, "of": 0}:
        return None
    return append(case, [Draft("assessment", dict(body))], now)[0].index


def text_draft(agreement: Agreement, name: str, files: Mapping[str, bytes], replaces: str = "") -> Draft:
    """The statement of a text: its bytes and those of the tables beside it, and the hash of its values."""
    body = {
        "canonical_sha256": agreement.canonical_hash, "file": name, "id": agreement.id,
        "langs": sorted(agreement.title), "replaces": replaces,
    }  # fmt: skip
    return Draft(AMENDMENT if replaces else AGREEMENT, body, files={Path(n).name: data for n, data in files.items()})
