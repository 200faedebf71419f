"""Is the next entry one that this log may hold, after all that it holds already?

The register is the log read from its beginning, and nothing else: which keys are valid, how far each submitter's
sequence has come, which bodies were destroyed. The log asks it before it appends, and an auditor who reads the log
asks it again, entry by entry: both by the same rules.

The order of the checks:
    1 the statement was made for this log
    2 its place in its submitter's sequence is the next one, after the entry that it names
    3 it cites a checkpoint that this log published
    4 every signature is by a key that is valid at this index, and holds; one of them is the submitter's
    5 what its type asks for: charter, key set, revocation, shredding
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import msgspec

from truceline.canon import sha256
from truceline.errors import ConflictError, InputError, SubmissionError, VerificationError, quoted
from truceline.record.charter import (
    Charter,
    KeySet,
    Quorum,
    Revocation,
    Shredding,
    Valid,
    check_apart,
    check_charter,
    check_keys,
    publics,
    read_body,
)
from truceline.record.entry import Entry, check_marks, key_id
from truceline.record.note import Verifier

CHARTER, KEYS, REVOCATION, SHREDDING = "charter", "keyset", "revocation", "shredding"
OWN_TYPES = (CHARTER, KEYS, REVOCATION, SHREDDING)
"""The types of statements that the record itself knows; what others mean is not for it to say."""

Root = Callable[[int], bytes | None]
"""The root of the published checkpoint of a size; None when none was published of that size."""


@dataclass
class Line:
    """How far one submitter has come: the next number, and the hash of the entry before it."""

    next: int = 0
    previous: str = ""


@dataclass(frozen=True)
class Remark:
    """What a reader of an entry has to know: nothing is removed for it.

    Attributes:
        what: `contested` (by a key that was revoked as of an earlier entry), `shredded`, `unwitnessed`, `misdated`.
    """

    index: int
    what: str
    why: str


class Kept(msgspec.Struct):
    """A register as it is kept; the fields are those of `Register`."""

    charter: Charter | None
    keys: dict[str, Valid]
    lines: dict[str, Line]
    remarks: list[Remark]
    sealed: dict[int, str]
    sets: dict[str, KeySet]
    shredded: dict[int, int]
    size: int


@dataclass
class Register:
    """A log as read up to `size` entries.

    Attributes:
        charter: entry 0; None while the log is empty.
        log: verifier of the log.
        keys: every key that could sign, by id, and when.
        sets: the newest key set of each party.
        lines: the sequence of each submitter.
        sealed: index to commitment of the entries with sealed bodies.
        shredded: index of an entry to that of the entry that destroyed its body.
        remarks: what is contested or destroyed.
    """

    size: int = 0
    charter: Charter | None = None
    log: Verifier | None = None
    keys: dict[str, Valid] = field(default_factory=dict)
    sets: dict[str, KeySet] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    sealed: dict[int, str] = field(default_factory=dict)
    shredded: dict[int, int] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    _valid: dict[str, bytes] = field(default_factory=dict, repr=False)

    def take(self, entry: Entry, leaf: bytes, root: Root, then: Callable[[], None] | None = None) -> None:
        """Check the next entry and take it in.

        Args:
            entry: as read; its index is `size`.
            leaf: its leaf hash, 32 bytes.
            root: looks up published checkpoints.
            then: refuses more, once it is known who says it: an answer about what is held goes to nobody unknown.

        Raises:
            SubmissionError: it breaks a rule; nothing is taken in.
            VerificationError: a signature does not hold; nothing is taken in.
        """
        one = entry.statement
        if self.charter is not None:
            self._check(entry, root)
        if then is not None:
            then()
        if self.charter is None:
            self._begin(entry)
        elif one.type in OWN_TYPES:
            self._obey(entry)
        self.lines[one.by] = Line(one.sequence + 1, leaf.hex())
        if one.sealed is not None:
            self.sealed[self.size] = one.sealed.commitment
        self.size += 1

    def note(self, entry: Entry, leaf: bytes) -> None:
        """Take in an entry that a log took before, and verify nothing: for readers of a record that was verified."""
        one = entry.statement
        if self.charter is None:
            self.charter = read_body(one.body, Charter, "charter")
            self.log = check_charter(self.charter)
            for party in self.charter.parties:
                self._install(party)
        elif one.type == KEYS:
            self._install(read_body(one.body, KeySet, "key set"))
        elif one.type == REVOCATION:
            self._end(read_body(one.body, Revocation, "revocation"))
        elif one.type == SHREDDING:
            self.shredded[read_body(one.body, Shredding, "shredding").index] = self.size
        self.lines[one.by] = Line(one.sequence + 1, leaf.hex())
        self.size += 1

    def _check(self, entry: Entry, root: Root) -> None:
        one = entry.statement
        log = self.log
        if log is None or one.log != log.name:  # 1
            raise SubmissionError(f"`log`: made for {quoted(one.log)}, this is {quoted(log.name if log else '')}")
        line = self.lines.get(one.by) or Line()
        if one.sequence != line.next:  # 2
            why = "stands in the log already" if one.sequence < line.next else "leaves a gap"
            raise ConflictError(f"`sequence`: {one.sequence} {why}: expected {line.next} from {quoted(one.by)}")
        if one.previous != line.previous:
            raise ConflictError(f"`previous`: not the hash of the entry before of {quoted(one.by)}")
        if one.cites.size and (found := root(one.cites.size)) is None:  # 3
            raise SubmissionError(f"`cites`: no checkpoint of size {one.cites.size} was published")
        if one.cites.size and found is not None and found.hex() != one.cites.root:
            raise SubmissionError(f"`cites`: another root than that of the checkpoint of size {one.cites.size}")
        if one.type in (KEYS, REVOCATION):  # 4
            return  # signed by roots, which `_obey` knows
        check_marks(entry, self._valid)
        if one.by not in {self.keys[mark.keyid].party for mark in entry.marks}:
            raise VerificationError(f"not signed by {quoted(one.by)}, who says it")

    def signers(self, entry: Entry) -> tuple[str, ...]:
        """The parties whose valid keys signed an entry that was taken in, sorted."""
        return tuple(sorted({self.keys[mark.keyid].party for mark in entry.marks if mark.keyid in self.keys}))

    def readers(self, parties: Iterable[str]) -> dict[str, bytes]:
        """The keys by which some parties read: key id to X25519 public key."""
        return {key.id: key.public for party in parties for key in self.sets[party].keys if key.use == "read"}

    # -- what the record's own types ask for (5) -----------------------------------------------------------------------

    def _begin(self, entry: Entry) -> None:
        one = entry.statement
        if one.type != CHARTER or one.sequence or one.cites.size:
            raise SubmissionError(f"the first entry of a log is its charter: got {quoted(one.type)}")
        charter: Charter = read_body(one.body, Charter, "charter")
        log = check_charter(charter)
        if one.log != log.name:
            raise SubmissionError(f"`log`: expected {quoted(log.name)}, got {quoted(one.log)}")
        signing = {key_id(root): root for party in charter.parties for root in party.roots}
        signing |= {key.id: key.public for party in charter.parties for key in party.keys if key.use == "sign"}
        check_marks(entry, signing)
        signed = {mark.keyid for mark in entry.marks}
        for party in charter.parties:
            if len({key_id(root) for root in party.roots} & signed) < party.threshold:
                raise VerificationError(f"charter: not signed by the roots of {quoted(party.party)}")
        if one.by not in {party.party for party in charter.parties}:
            raise SubmissionError(f"`by`: expected a party of the charter, got {quoted(one.by)}")
        self.charter, self.log = charter, log
        for party in charter.parties:
            self._install(party)

    def _obey(self, entry: Entry) -> None:
        kind = entry.statement.type
        if kind == CHARTER:
            raise SubmissionError("a log has one charter: its first entry")
        if kind == KEYS:
            self._change_keys(entry)
        elif kind == REVOCATION:
            self._revoke(entry)
        else:
            self._shred(entry)

    def _change_keys(self, entry: Entry) -> None:
        new: KeySet = read_body(entry.statement.body, KeySet, "key set")
        check_keys(new)
        old = self.sets.get(new.party)
        expected = old.version + 1 if old else 0
        if new.version != expected or entry.statement.by != new.party:
            raise SubmissionError(f"key set of {quoted(new.party)}: expected version {expected}, by the party itself")
        own = {*publics(old)} if old else set()
        others = {valid.public for valid in self.keys.values()} - own
        others |= {public for kept in self.sets.values() for public in publics(kept)} - own
        check_apart([*publics(new), *others, *([self.log.public] if self.log else [])])
        self._check_roots(entry, old or new)
        self._install(new)

    def _check_roots(self, entry: Entry, keeper: KeySet) -> None:
        """Signed by the roots of a party, and by as many countersigners as the charter asks for."""
        roots = {key_id(root): root for root in keeper.roots}
        check_marks(entry, {**self._valid, **roots})
        if len({mark.keyid for mark in entry.marks} & roots.keys()) < keeper.threshold:
            raise VerificationError(f"not signed by {keeper.threshold} of the roots of {quoted(keeper.party)}")
        if self.charter is not None:
            self._check_quorum(entry, self.charter.countersign, "countersigned", beside=keeper.party)

    def _check_quorum(self, entry: Entry, quorum: Quorum, what: str, beside: str = "") -> None:
        wanted = set(quorum.of) - {beside}
        found = {self.keys[m.keyid].party for m in entry.marks if m.keyid in self._valid} & wanted
        least = min(quorum.threshold, len(wanted))
        if len(found) < least:
            raise VerificationError(f"not {what} by {least} of {', '.join(sorted(wanted))}: got {len(found)}")

    def _install(self, new: KeySet) -> None:
        ids = {key.id for key in new.keys}
        for key in new.keys:
            if key.use == "sign" and key.id in self.keys and key.id not in self._valid:
                raise SubmissionError(f"key {key.id} was given up before: expected a new one")
        for name, valid in self.keys.items():
            if valid.party == new.party and valid.end is None and name not in ids:
                self.keys[name] = replace(valid, end=self.size + 1)
                self._valid.pop(name, None)
        for key in new.keys:
            if key.use == "sign" and key.id not in self._valid:
                self.keys[key.id] = Valid(new.party, key.public, self.size + 1)
                self._valid[key.id] = key.public
        self.sets[new.party] = new

    def _revoke(self, entry: Entry) -> None:
        said: Revocation = read_body(entry.statement.body, Revocation, "revocation")
        valid, keeper = self.keys.get(said.keyid), self.sets.get(said.party)
        if valid is None or keeper is None or valid.party != said.party or entry.statement.by != said.party:
            raise SubmissionError(f"revocation: {quoted(said.party)} has no key {quoted(said.keyid)}")
        if not 0 <= said.since <= self.size:
            raise SubmissionError(f"revocation: `since`: expected 0..{self.size}, got {said.since}")
        self._check_roots(entry, keeper)
        self._end(said)

    def _end(self, said: Revocation) -> None:
        """A key signs no more from the next entry on; of two revocations the one that reaches further back counts."""
        valid = self.keys[said.keyid]
        end = self.size + 1 if valid.end is None else valid.end
        since = said.since if valid.contested_from is None else min(said.since, valid.contested_from)
        self.keys[said.keyid] = replace(valid, end=end, contested_from=since)
        self._valid.pop(said.keyid, None)

    def _shred(self, entry: Entry) -> None:
        said: Shredding = read_body(entry.statement.body, Shredding, "shredding")
        if self.charter is None or self.sealed.get(said.index) != said.commitment:
            raise SubmissionError(f"shredding: entry {said.index} has no sealed body of this commitment")
        if said.index in self.shredded:
            raise SubmissionError(f"shredding: entry {said.index} was destroyed by entry {self.shredded[said.index]}")
        self._check_quorum(entry, self.charter.shred, "signed")
        self.shredded[said.index] = self.size
        self.remarks.append(Remark(said.index, "shredded", f"its body was destroyed by entry {self.size}"))

    def contested(self, index: int, keyids: Iterable[str]) -> str:
        """Why an entry is contested: the key that signed it and was revoked as of an earlier entry; empty = it is not.

        Args:
            index: of the entry.
            keyids: the keys that signed it.
        """
        for keyid in keyids:
            valid = self.keys.get(keyid)
            if valid is not None and valid.contested_from is not None and index >= valid.contested_from:
                return f"key {keyid} was revoked as of entry {valid.contested_from}"
        return ""

    def dump(self) -> bytes:
        """The register as bytes, from which `load` makes it again; before them their SHA-256: nobody audits them."""
        data = msgspec.json.encode(self._kept())  # in the order in which it came: indexes cannot be sorted as texts
        return sha256(data).encode() + data

    def _kept(self) -> Kept:
        return Kept(
            self.charter, dict(self.keys), dict(self.lines), list(self.remarks), dict(self.sealed), dict(self.sets),
            dict(self.shredded), self.size,
        )  # fmt: skip

    @classmethod
    def load(cls, data: bytes) -> Register:
        """The register that was dumped.

        Raises:
            VerificationError: the bytes are not those of a register.
        """
        digest, data = data[:64], data[64:]
        if sha256(data).encode() != digest:
            raise VerificationError("the state of the register is damaged: not the bytes that were kept")
        try:
            kept = msgspec.json.decode(data, type=Kept)
            log = None if kept.charter is None else Verifier.parse(kept.charter.log)
        except (msgspec.DecodeError, InputError) as error:
            raise VerificationError(f"the state of the register is damaged: {error}") from None
        valid = {key: one.public for key, one in kept.keys.items() if one.end is None}
        return cls(
            kept.size, kept.charter, log, kept.keys, kept.sets, kept.lines, kept.sealed, kept.shredded, kept.remarks,
            valid,
        )  # fmt: skip

    def copy(self) -> Register:
        """Another register of the same content; what one takes in, the other does not."""
        return Register(
            self.size, self.charter, self.log, dict(self.keys), dict(self.sets),
            {by: replace(line) for by, line in self.lines.items()}, dict(self.sealed), dict(self.shredded),
            list(self.remarks), dict(self._valid),
        )  # fmt: skip
