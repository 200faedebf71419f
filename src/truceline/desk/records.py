"""How does something get into the record of a case, and what comes back? One way, for everything.

A draft becomes a statement in its submitter's sequence, is signed with the keys of this machine, and is appended by the
one writer. A statement that was signed elsewhere goes the same way from the third step on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from truceline.agreement.model import Agreement
from truceline.canon import canonical
from truceline.desk import gate, keyring
from truceline.desk.charters import Clock, Forward, charter_entry, clock_of, keys_of
from truceline.desk.cosigners import AskLog, Cosigned, cosign_through
from truceline.desk.gate import Gate, check_register
from truceline.desk.statements import OF_THE_TEXT, checker
from truceline.errors import (
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
    Sealed,
    SigningKey,
    Statement,
    blob_of,
    countersign,
    read_entry,
    sign,
    written,
)
from truceline.record.log import Log, Submission, Taken, noted
from truceline.record.note import Verifier
from truceline.record.proof import Proof
from truceline.record.register import KEYS, REVOCATION, SHREDDING, Line, Register
from truceline.record.seal import open_box, seal
from truceline.record.tiles import TileTree
from truceline.record.tree import inclusion_path, leaf_hash
from truceline.store.case import AGREEMENT, AMENDMENT, Case
from truceline.store.export import KEPT_BACK, static_file, witnessed

text_of = gate.text_of


@dataclass(frozen=True)
class Draft:
    """Something to be said.

    Attributes:
        type: of the statement.
        body: plain values.
        by: who says it.
        files: name to bytes of what belongs to it.
        readers: parties that alone may read the body; empty = everybody.
        boxed: a body that is sealed already, in a way of its own: what the statement says of it, and its box.
    """

    type: str
    body: Any
    by: str = DESK
    files: Mapping[str, bytes] = field(default_factory=dict)
    readers: tuple[str, ...] = ()
    boxed: tuple[Sealed, bytes] | None = None


# -- appending -------------------------------------------------------------------------------------------------------


def append(case: Case, drafts: Sequence[Draft], now: Clock | None = None) -> list[Taken]:
    """Sign drafts with the keys of this machine and append them.

    Raises:
        SubmissionError, VerificationError: one was refused; those before it stay. StoreError: it cannot be written, or
            this machine does not hold a key.
    """
    return _taken(append_each(case, drafts, now))


def append_each(case: Case, drafts: Sequence[Draft], now: Clock | None = None) -> list[Taken | TrucelineError]:
    """The same, with what became of each: behind one that was refused, no other of its submitter is taken.

    Raises:
        StoreError: it cannot be written, or this machine does not hold a key.
    """

    def work(log: Log) -> list[Taken | TrucelineError]:
        text = text_of(case) if any(draft.type in OF_THE_TEXT for draft in drafts) else None
        place = Place(log.register, log.checkpoint(), log.now, text, is_demo=case.charter().is_demo)
        batch = []
        for draft in drafts:
            entry, beside = place.signed(draft)
            place.ahead[draft.by] = Line(read_entry(entry).statement.sequence + 1, leaf_hash(entry).hex())
            batch.append(Submission(entry, beside))
        return log.append(batch)

    return _done(case, work, now)


def prepare(case: Case, draft: Draft, now: Clock | None = None) -> tuple[bytes, dict[str, bytes]]:
    """Sign a draft with the keys of this machine and append nothing: for others to sign too, or to append elsewhere.

    Returns:
        The entry, and what belongs to it by hash.
    """
    return place_of(case, now).signed(draft)


def place_of(case: Case, now: Clock | None = None) -> Place:
    """Where the next statement of a case would stand."""
    charter = case.charter()
    head = open_checkpoint(case.store.head() or b"", Verifier.parse(charter.log)).checkpoint
    return Place(case.register(), head, now or clock_of(charter), text_of(case), is_demo=charter.is_demo)


def submit(case: Case, data: bytes, files: Mapping[str, bytes], now: Clock | None = None) -> Taken:
    """Append a statement that was signed elsewhere.

    Args:
        case: the folder.
        data: the entry, byte for byte as it was signed.
        files: what it names by hash: hash to bytes.
        now: gives the UTC second; None = the clock of the case.

    Raises:
        SubmissionError, VerificationError: it was refused. StoreError: it cannot be written.
    """
    if case.through is not None:
        return case.through.submit(data, files).result()
    return _taken(_done(case, lambda log: log.append([Submission(data, files)]), now))[0]


def _done(
    case: Case, work: Callable[[Log], list[Taken | TrucelineError]], now: Clock | None
) -> list[Taken | TrucelineError]:
    """Append with the log of a case: through the writer that serves it, or with the lock; then ask the witnesses.

    Args:
        case: the case.
        work: appends.
        now: gives the UTC second; None = the clock of the case. A writer that serves a case has a clock of its own.
    """
    if case.through is not None:  # it keeps the index, and asks the witnesses, by itself
        return case.through.ask(work).result()
    charter = case.charter()
    with _writing(case, charter, now) as log:
        answers = work(log)
        _witness(lambda question: question(log), charter)
        indexes = [one.index for one in answers if isinstance(one, Taken)]
        if indexes:
            case.index(indexes[0])
        return answers


@contextmanager
def _writing(case: Case, charter: Charter, now: Clock | None = None) -> Iterator[Log]:
    """The log of a case with the lock of its one writer, on a clock that does not go back.

    Args:
        case: the case.
        charter: of its record.
        now: gives the UTC second; None = the clock of the case.

    Raises:
        StoreError: this machine may not write here, or another writer is at work.
    """
    with case.store.writer():
        clock = Forward(now or clock_of(charter), case.newest() if case.store.head() else 0)
        log = case.writing(keys_of(charter), clock, Gate(case, charter, clock).check)
        check_register(case, log)
        yield log


@dataclass(frozen=True)
class Place:
    """Where a statement would stand: what the record holds, and what was published last.

    Attributes:
        text: in force; None before there is one.
        ahead: how far submitters have come with what is not appended yet.
        under: hash of the text in force, where the text itself is not at hand.
    """

    register: Register
    head: Checkpoint
    now: Clock
    text: Agreement | None
    is_demo: bool
    ahead: dict[str, Line] = field(default_factory=dict)
    under: str = ""

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
        if draft.boxed is not None:
            sealed, body = draft.boxed[0], None
            beside[sealed.box] = draft.boxed[1]
        line = self.ahead.get(draft.by) or self.register.lines.get(draft.by) or Line()
        in_force = self.under if self.text is None else self.text.canonical_hash
        under = in_force if draft.type in OF_THE_TEXT else ""
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


def cosign_entry(case: Case, data: bytes, party: str) -> bytes:
    """Add the signature of a party of this machine to a statement that is not in a log yet."""
    return cosigned(place_of(case), data, party)


def cosigned(place: Place, data: bytes, party: str) -> bytes:
    """The same, where the case itself is not at hand."""
    one = read_entry(data).statement
    for key in place.keys(party, "" if one.by != party else one.type, one.body):
        data = countersign(read_entry(data), key)
    return data


def change_keys(case: Case | None, party: str, *, is_kept_back: bool = False) -> tuple[KeySet, Taken | bytes | None]:
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


def proof_of(case: Case, index: int) -> bytes:
    """The proof that an entry is in the newest checkpoint (C2SP tlog-proof).

    Raises:
        InputError: there is no such entry.
    """
    size = len(case.entries())
    if not 0 <= index < size:
        raise InputError(f"expected an entry from 0 to {size - 1}, got {index}")
    tree = TileTree(lambda path: static_file(case.store, path) or b"", size)
    return Proof(index, tuple(inclusion_path(index, size, tree.subtree)), noted(case.store, size)).data


def bundle_of(case: Case, entries: Sequence[int], reader: str = "") -> bytes:
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
    hidden = {blob.sha256 for kind in KEPT_BACK for one in case.said(kind) for blob in one.statement.blobs}
    return make_bundle(StoredReader(case.store, hidden), entries, policy=policy, size=size, reads=reads)


def unsealed(case: Case, index: int, party: str) -> bytes:
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
    return opened_box(sealed, case.store.blob(sealed.box), party, index, is_demo=case.charter().is_demo)


def opened_box(sealed: Sealed, box: bytes, party: str, index: int, *, is_demo: bool) -> bytes:
    """A box, opened with a reading key of a party that this machine holds.

    Args:
        sealed: of the entry.
        box: what lies beside the record.
        party: whose keys are tried.
        index: of the entry, for the message.
        is_demo: whether demo keys are tried too.

    Raises:
        VerificationError: it is not for this party.
    """
    for reader in keyring.keys_of(party, "read", is_demo=is_demo):
        try:
            return open_box(sealed, box, reader.id, reader.secret)
        except VerificationError:
            continue
    raise VerificationError(f"entry {index}: not sealed for a reading key of {quoted(party)} that this machine holds")


def _witness(ask_log: AskLog, charter: Charter) -> Cosigned | None:
    """Ask the witnesses of a record to cosign its newest checkpoint; None when it names none that can be asked."""
    policy = charter_policy(charter)
    if not any(url for _, url in policy.witnesses.values()):
        return None
    return cosign_through(ask_log, policy, now=None if charter.is_demo else int(time.time()))


def cosign_case(case: Case) -> Cosigned | None:
    """Ask the witnesses once more, and record whose cosignature is missing, and who is back.

    Returns:
        What they answered; None when the record names no witness that can be asked.

    Raises:
        StoreError: this machine may not write here.
    """
    charter = case.charter()
    if (through := case.through) is not None:
        found = _witness(lambda question: through.ask(question).result(), charter)
    else:
        with _writing(case, charter) as log:
            found = _witness(lambda question: question(log), charter)
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


def _taken(answers: Sequence[Taken | TrucelineError]) -> list[Taken]:
    found = []
    for answer in answers:
        if isinstance(answer, TrucelineError):
            raise answer
        found.append(answer)
    return found


def begin(case: Case, charter: Charter, text: Draft, now: Clock, signed: bytes = b"") -> None:
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


def record_assessment(case: Case, body: Mapping[str, Any], now: Clock | None = None) -> int | None:
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
