"""What does one hand to somebody who has no network and trusts nobody? A zip of entries that proves itself.

    README.txt              what this is, in English, Arabic and Russian
    blobs/<sha256>          files that chosen entries name openly; a box of a sealed body only when it was asked for
    bundle.json             which entries were chosen, and the hash of each file
    checkpoint              one checkpoint, with every cosignature on it
    entries/000000000007.json
    policy                  log, witnesses, quorum (C2SP tlog-policy)
    proofs/000000000007.tlog-proof
    schema.json             of what lies in an entry
    verify.py               a verifier that needs Python and `cryptography`

Beside the chosen entries there are the charter and every change or revocation of keys up to the checkpoint, for
signatures are judged by the keys that were valid at their index; and what destroyed a body that a chosen entry has.

It promises: the same record, choice and version of the program give the same bytes on every machine; a bundle is
written in one way, and what is not written so is refused before anything in it is read. It never vouches for what a
bundle cannot show: `UNCHECKED` says it each time. The steps of opening, numbered at their lines:
    1 the zip is written in the one way, and `bundle.json` gives the hash of each file
    2 the policy: the reader's own, or else that of the bundle
    3 the checkpoint is signed by the log, cosigned by a quorum, and dated by the log's clock
    4 each entry is in the tree of that checkpoint
    5 the register takes each entry at its index: form, sequence, key history, signatures
    6 each file is the one that an entry names by its hash
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from truceline.canon import canonical, sha256
from truceline.errors import InputError, SubmissionError, TrucelineError, VerificationError, quoted
from truceline.record.charter import Charter, KeySet, Revocation, Shredding, check_charter, read_body
from truceline.record.checkpoint import Checkpoint, read_checkpoint
from truceline.record.entry import Entry, Envelope, Statement, hashes_of, read_entry
from truceline.record.log import Storage, noted
from truceline.record.note import Verifier, check_distinct, check_note, read_note
from truceline.record.policy import Policy, read_policy
from truceline.record.proof import Proof, read_proof
from truceline.record.register import CHARTER, KEYS, REVOCATION, SHREDDING, Line, Register, Remark
from truceline.record.seal import Box
from truceline.record.standalone import MOST_BUNDLE, MOST_FILE, MOST_FILES, NAMES, UNCHECKED
from truceline.record.tiles import WIDTH, TileTree, parse_path, tile_path, tile_root
from truceline.record.tree import check_inclusion, inclusion_path, leaf_hash

FORMAT = "truceline/bundle/1"
HISTORY = (CHARTER, KEYS, REVOCATION)
_BODIES = {CHARTER: Charter, KEYS: KeySet, REVOCATION: Revocation, SHREDDING: Shredding}
_LISTED = ("README.txt", "checkpoint", "policy", "schema.json", "verify.py")
_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4sH5H3L2H3H2L"), struct.Struct("<4s4H2LH")
_PLAIN = (20, 0, 0, 0, 33)
"""Of each file in the zip: version 2.0, no flags, stored, 00:00 of 1980-01-01."""


class Reader(Protocol):
    """A record that bundles are made of."""

    def noted(self, size: int | None) -> bytes:
        """The checkpoint of a size with all cosignatures; None = the newest."""

    def entries(self, first: int, last: int) -> Iterator[bytes]:
        """The entries from `first` to before `last`."""

    def proof(self, index: int, note: bytes) -> bytes:
        """The proof (C2SP tlog-proof) that an entry is in the tree of this checkpoint."""

    def blob(self, digest: str) -> bytes | None:
        """The bytes of this SHA-256; None when they are not here."""


class StoredReader:
    """A record as its storage has it; needs none of its keys, and changes nothing."""

    def __init__(self, storage: Storage, hidden: Collection[str] = ()) -> None:
        """Read from a storage; blobs of the hidden hashes go into no bundle."""
        self._storage, self._hidden = storage, hidden
        self._trees: dict[int, TileTree] = {}
        self.entries: Callable[[int, int], Iterator[bytes]] = storage.entries

    def noted(self, size: int | None) -> bytes:
        """The checkpoint of a size with all cosignatures."""
        if size is None:
            head = self._storage.head()
            if head is None:
                raise InputError("there is no checkpoint yet")
            size = read_checkpoint(read_note(head).text).size
        return noted(self._storage, size)

    def proof(self, index: int, note: bytes) -> bytes:
        """The proof of an entry."""
        size = read_checkpoint(read_note(note).text).size
        if size not in self._trees:
            self._trees = {size: TileTree(self._tile, size)}
        return Proof(index, tuple(inclusion_path(index, size, self._trees[size].subtree)), note).data

    def blob(self, digest: str) -> bytes | None:
        """A blob."""
        is_here = digest not in self._hidden and self._storage.has_blob(digest)
        return self._storage.blob(digest) if is_here else None

    def _tile(self, path: str) -> bytes:
        """A tile; one that is not full yet is made of what lies below it."""
        level, n, width = parse_path(path)
        first = n * WIDTH
        if width == WIDTH:
            return self._storage.tile(path)
        if level == 0:
            return b"".join(leaf_hash(data) for data in self._storage.entries(first, first + width))
        return b"".join(tile_root(self._storage.tile(tile_path(level - 1, first + i))) for i in range(width))


# -- making ----------------------------------------------------------------------------------------------------------


def make_bundle(
    reader: Reader,
    chosen: Iterable[int],
    *,
    policy: Policy | None = None,
    size: int | None = None,
    reads: str = "",
    with_blobs: bool = True,
) -> bytes:
    """Make a bundle; it is opened once before it is given out.

    Args:
        reader: the record.
        chosen: indexes of entries.
        policy: goes with it; None = the witnesses and the quorum of the charter, with the log's own key.
        size: of the checkpoint; None = the newest.
        reads: id of a key to read with: boxes that this key opens are taken along, with the files of their entries.
        with_blobs: whether files go along at all.

    Raises:
        InputError: no entries, an index that the checkpoint does not hold, or too much for one bundle.
        VerificationError: the record does not hold, or the quorum of the policy is not met.
    """
    note = reader.noted(size)
    made = read_checkpoint(read_note(note).text)
    wanted = sorted(set(chosen))
    if not wanted or wanted[0] < 0 or wanted[-1] >= made.size:
        raise InputError(f"expected one or more entries from 0 to {made.size - 1}")
    entries, boxes, charter = _gathered(reader, set(wanted), made.size)
    believed = policy or policy_of(charter)
    blobs = _blobs(reader, {index: entries[index] for index in wanted}, boxes, reads) if with_blobs else {}
    files = {f"entries/{index:012d}.json": entry.data for index, entry in entries.items()}
    files |= {f"proofs/{index:012d}.tlog-proof": reader.proof(index, note) for index in entries}
    files |= {f"blobs/{digest}": data for digest, data in blobs.items()}
    files |= {"README.txt": README.encode(), "checkpoint": note, "policy": believed.data}
    files |= {"schema.json": schema(), "verify.py": verifier_text()}
    hashes = {name: sha256(data) for name, data in files.items()}
    files["bundle.json"] = canonical({"chosen": wanted, "files": hashes, "format": FORMAT})
    data = zip_of(files)
    if len(data) > MOST_BUNDLE or len(files) > MOST_FILES or any(len(one) > MOST_FILE for one in files.values()):
        raise InputError(f"too much for one bundle ({len(data)} bytes, {len(files)} files): choose fewer, or no files")
    open_bundle(data, believed)
    return data


def _gathered(reader: Reader, wanted: set[int], size: int) -> tuple[dict[int, Entry], set[str], Charter]:
    """The chosen entries, the history of keys, what destroyed a chosen body; every box of the record; the charter."""
    entries: dict[int, Entry] = {}
    shreddings: dict[int, Entry] = {}
    boxes: set[str] = set()
    sealed: dict[int, Entry] = {}
    for index, data in enumerate(reader.entries(0, size)):
        entry = _read(index, data)
        one = entry.statement
        if one.sealed is not None:
            boxes.add(one.sealed.box)
            sealed[index] = entry
        if index in wanted or one.type in HISTORY:
            entries[index] = entry
        if one.type == SHREDDING:
            shreddings[index] = entry
    for index, entry in shreddings.items():
        at = read_body(entry.statement.body, Shredding, "shredding").index
        if index in wanted and at in sealed:
            entries[at] = sealed[at]
        if at in wanted:
            entries[index] = entry
    if 0 not in entries:
        raise VerificationError("there is no entry 0: nothing says whose log this is")
    return dict(sorted(entries.items())), boxes, read_body(entries[0].statement.body, Charter, "charter")


def _blobs(reader: Reader, entries: Mapping[int, Entry], boxes: set[str], reads: str) -> dict[str, bytes]:
    """Files that go along: open ones; of an entry with a sealed body only for who reads that."""
    found: dict[str, bytes] = {}
    for entry in entries.values():
        sealed = entry.statement.sealed
        if sealed is not None:
            box = reader.blob(sealed.box) if reads else None
            if box is None or reads not in msgspec.json.decode(box, type=Box).wraps:
                continue
            found[sealed.box] = box
        # INVARIANT: an entry that names somebody else's box as a file of its own does not bring it out.
        for digest in (blob.sha256 for blob in entry.statement.blobs if blob.sha256 not in boxes):
            data = reader.blob(digest)
            if data is not None:
                found[digest] = data
    return found


def policy_of(charter: Charter) -> Policy:
    """The policy that a charter asks for, with the log's own key in it."""
    said = read_policy(charter.policy.encode(), "charter") if charter.policy else Policy()
    logs = said.logs or ((Verifier.parse(charter.log), ""),)
    return Policy(logs, said.witnesses, said.groups, said.quorum)


def schema() -> bytes:
    """The JSON schema of an entry, of the statement in it, and of what the record itself knows as bodies."""
    kinds = (Statement, Envelope, Charter, KeySet, Revocation, Shredding)
    _, components = msgspec.json.schema_components(kinds)
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/$defs/Statement",
        "$defs": components,
    }
    return msgspec.json.format(canonical(_referring(whole)), indent=1) + b"\n"


def _referring(value: object) -> object:
    """Tuples as lists, so that it can be written."""
    if isinstance(value, dict):
        return {key: _referring(inner) for key, inner in value.items()}
    return [_referring(inner) for inner in value] if isinstance(value, list | tuple) else value


def verifier_text() -> bytes:
    """The text of `standalone.py`, which lies in each bundle as `verify.py`."""
    return Path(__file__).with_name("standalone.py").read_bytes()


# -- the zip ---------------------------------------------------------------------------------------------------------


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """Files as a zip, in one way: sorted by name, stored, of one fixed date, with nothing beside."""
    body: list[bytes] = []
    index: list[bytes] = []
    at = 0
    for name in sorted(files):
        data, word = files[name], name.encode("ascii")
        facts = (*_PLAIN, zlib.crc32(data), len(data), len(data), len(word), 0)
        body += [_LOCAL.pack(b"PK\3\4", *facts), word, data]
        index += [_CENTRAL.pack(b"PK\1\2", 20, *facts, 0, 0, 0, 0, at), word]
        at += _LOCAL.size + len(word) + len(data)
    whole = b"".join(index)
    return b"".join([*body, whole, _END.pack(b"PK\5\6", 0, 0, len(files), len(files), len(whole), at, 0)])


def unzip(data: bytes) -> dict[str, bytes]:
    """The files of a zip that `zip_of` wrote. Nothing is ever unpacked, so nothing can be larger than it is.

    Raises:
        InputError: it is another zip: packed, encrypted, with links, other names, anything twice, before or behind.
    """
    if len(data) > MOST_BUNDLE:
        raise InputError(f"expected a bundle of at most {MOST_BUNDLE} bytes, got {len(data)}")
    files: dict[str, bytes] = {}
    at, last = 0, ""
    while data[at : at + 4] == b"PK\3\4" and len(data) - at >= _LOCAL.size:
        _, *fixed, _, size, unpacked, length, extra = _LOCAL.unpack_from(data, at)
        begin = at + _LOCAL.size + length
        name = data[begin - length : begin].decode("ascii", "replace")
        if tuple(fixed) != _PLAIN or extra or size != unpacked:
            raise InputError(f"{quoted(name)}: expected a file that is stored as it is, got one that is packed or odd")
        if not NAMES.fullmatch(name) or name <= last:
            raise InputError(f"{quoted(name)}: not a name of a bundle, or not in its place")
        if size > MOST_FILE or begin + size > len(data) or len(files) >= MOST_FILES:
            raise InputError(f"{quoted(name)}: ends beyond the bundle, or is too much")
        files[name] = data[begin : begin + size]
        at, last = begin + size, name
    if not files or zip_of(files) != data:
        raise InputError("not a bundle: expected a zip as a bundle is written, to the last byte")
    return files


# -- opening ---------------------------------------------------------------------------------------------------------


class _Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`bundle.json`."""

    chosen: tuple[int, ...]
    files: dict[str, str]
    format: str


@dataclass(frozen=True)
class OpenedBundle:
    """A bundle of which everything that it can show was verified.

    Attributes:
        checkpoint: the one that everything is proved against.
        chosen: indexes of the entries that it was made for.
        entries: all entries, by index; the history of keys among them.
        blobs: files and boxes by their SHA-256.
        policy: what was believed.
        register: keys and what was destroyed, as far as these entries show.
        checked: what was checked, and how many of it.
        unchecked: what was not, in words.
        remarks: what is contested or destroyed.
        witnesses: who cosigned, POSIX seconds.
    """

    checkpoint: Checkpoint
    chosen: tuple[int, ...]
    entries: Mapping[int, Entry]
    blobs: Mapping[str, bytes]
    policy: Policy
    register: Register
    checked: Mapping[str, int] = field(default_factory=dict)
    unchecked: Sequence[str] = ()
    remarks: Sequence[Remark] = ()
    witnesses: Mapping[str, int] = field(default_factory=dict)


def open_bundle(data: bytes, trust: Policy | None = None, now: int | None = None) -> OpenedBundle:
    """Verify a bundle.

    Args:
        data: the zip.
        trust: the logs and witnesses to believe; None = what the bundle itself names, said so in the answer.
        now: POSIX second, against cosignatures from the future; None = not looked at.

    Raises:
        InputError: it is no bundle. VerificationError: something in it does not hold.
    """
    files, content = _content_of(data)  # 1
    policy = read_policy(files["policy"], "policy") if trust is None else trust  # 2
    try:
        return _verified(files, content.chosen, policy, is_own=trust is None, now=now)
    except (InputError, SubmissionError) as error:
        raise VerificationError(*error.faults) from None


def _content_of(data: bytes) -> tuple[dict[str, bytes], _Content]:
    files = unzip(data)
    written = files.pop("bundle.json", b"")
    try:
        content = msgspec.json.decode(written, type=_Content)
        is_plain = msgspec.json.encode(content, order="sorted") == written
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise InputError("bundle.json: expected `chosen`, `files`, `format`") from None
    if not is_plain or content.format != FORMAT:
        raise InputError(f"bundle.json: expected `{FORMAT}`, written as RFC 8785 writes JSON")
    differing = [name for name, one in files.items() if content.files.get(name) != sha256(one)]
    lost = sorted({*content.files, *_LISTED} - files.keys())
    if differing or lost:
        raise InputError(f"bundle.json: another file than it lists, or none: {', '.join((differing + lost)[:3])}")
    entries, proofs = (
        {int(name.partition("/")[2].partition(".")[0]) for name in files if name.startswith(kind)}
        for kind in ("entries/", "proofs/")
    )
    if entries != proofs or 0 not in entries:
        raise InputError("expected entry 0, and a proof for each entry")
    if not content.chosen or list(content.chosen) != sorted(set(content.chosen)) or not set(content.chosen) <= entries:
        raise InputError("bundle.json: `chosen`: expected entries of the bundle, ascending")
    return files, content


def _verified(
    files: Mapping[str, bytes], chosen: tuple[int, ...], policy: Policy, *, is_own: bool, now: int | None
) -> OpenedBundle:
    note = files["checkpoint"]
    entries = {int(name[8:20]): _read(int(name[8:20]), files[name]) for name in files if name.startswith("entries/")}
    register = _replayed(entries)  # 5
    charter = register.charter
    if charter is None:
        raise VerificationError("there is no charter")
    believed = policy if policy.logs else Policy(
        ((check_charter(charter), ""),), policy.witnesses, policy.groups, policy.quorum
    )  # fmt: skip
    made, witnesses = _checkpoint(note, charter, believed, now)  # 3
    for index, entry in entries.items():  # 4
        proof = read_proof(files[f"proofs/{index:012d}.tlog-proof"])
        if proof.index != index or proof.checkpoint != note or proof.extra:
            raise VerificationError(f"entry {index}: its proof is for another index or checkpoint")
        check_inclusion(leaf_hash(entry.data), index=index, size=made.size, path=proof.path, root=made.root)
    blobs = {name[6:]: data for name, data in files.items() if name.startswith("blobs/")}
    lacking = _check_blobs(entries, blobs)  # 6
    unchecked = list(UNCHECKED)
    if is_own:
        unchecked.append("whether this is the log you mean: its key was taken from the bundle; give a policy to pin it")
    if believed.is_met(()):
        unchecked.append("whether witnesses saw this checkpoint: the policy asks for none")
    if lacking:
        unchecked.append(f"{lacking} files that entries name by their hash: they are not in the bundle")
    if now is None:
        unchecked.append("whether cosignatures come from the future: no time was given")
    if files["verify.py"] != verifier_text():
        unchecked.append("verify.py is not the one that this version of Truceline writes")
    checked = {
        "checkpoints": 1, "cosignatures": len(witnesses), "entries": len(entries), "blobs": len(blobs),
        "signatures": sum(len(entry.marks) for entry in entries.values()),
    }  # fmt: skip
    remarks = [*register.remarks, *_contested(entries, register)]
    if charter.is_demo:
        remarks.append(Remark(0, "demonstration", "the keys of this log are published: it proves nothing"))
    return OpenedBundle(
        made, chosen, entries, blobs, believed, register, checked, unchecked, remarks, witnesses
    )  # fmt: skip


def _checkpoint(note: bytes, charter: Charter, policy: Policy, now: int | None) -> tuple[Checkpoint, dict[str, int]]:
    """The checkpoint and who cosigned it; the log's own clock dates it, and is nobody's witness."""
    log, clock = check_charter(charter), Verifier.parse(charter.clock)
    if log not in [one for one, _ in policy.logs]:
        raise VerificationError(f"the log {quoted(log.name)} with the key of its charter is none of the policy")
    check_distinct([log, clock, *(witness for witness, _ in policy.witnesses.values())])
    met = policy.check(note, now=now)
    made = met.opened.checkpoint
    if made.origin != log.name or made.extensions:
        raise VerificationError("expected a checkpoint of the log of the charter, without further lines")
    check_note(read_note(note), [log])
    check_note(read_note(note), [clock])
    return made, dict(met.times)


def _read(index: int, data: bytes) -> Entry:
    try:
        return read_entry(data)
    except TrucelineError as error:
        raise VerificationError(f"entry {index}: {error}") from None


def _replayed(entries: Mapping[int, Entry]) -> Register:
    """The register that takes these entries at their indexes; between them it takes nothing on trust but their places.

    What comes before an entry of its submitter is checked where it is here; citations are not.
    """
    register = Register()
    for index, entry in entries.items():
        one = entry.statement
        line = register.lines.get(one.by) or Line(0, "")
        if one.sequence < line.next:
            raise VerificationError(f"entry {index}: stands in the sequence of {quoted(one.by)} already")
        if one.sequence > line.next:
            register.lines[one.by] = Line(one.sequence, one.previous)
        if one.cites.size > index:
            raise VerificationError(f"entry {index}: cites a checkpoint that is younger than itself")
        register.size = index
        try:
            register.take(entry, leaf_hash(entry.data), lambda _, one=one: bytes.fromhex(one.cites.root))  # type: ignore[misc]  # of this entry
            # base64 can be written in more than one way: another reader of these bytes has to read the same key.
            if one.type in _BODIES and not _is_plain(one):
                raise VerificationError("`body`: expected base64 written the one way")
        except TrucelineError as error:
            raise VerificationError(f"entry {index}: {error}") from None
    return register


def _is_plain(one: Statement) -> bool:
    again = read_body(one.body, _BODIES[one.type], one.type)
    return msgspec.json.encode(again, order="sorted") == msgspec.json.encode(one.body, order="sorted")


def _check_blobs(entries: Mapping[int, Entry], blobs: Mapping[str, bytes]) -> int:
    """Each file is what an entry names; how many are named and not here."""
    named = {digest for entry in entries.values() for digest in hashes_of(entry.statement)}
    sizes = {blob.sha256: blob.size for entry in entries.values() for blob in entry.statement.blobs}
    for digest, data in blobs.items():
        if digest not in named or sha256(data) != digest or sizes.get(digest, len(data)) != len(data):
            raise VerificationError(f"blobs/{digest}: not what an entry names by its hash")
    return len(named - blobs.keys())


def _contested(entries: Mapping[int, Entry], register: Register) -> Iterator[Remark]:
    for index, entry in entries.items():
        why = register.contested(index, (mark.keyid for mark in entry.marks))
        if why:
            yield Remark(index, "contested", why)


README = """\
This is a bundle of entries from a record of Truceline, with all that is needed to verify them offline.

  python verify.py BUNDLE.zip [--policy FILE]

needs Python 3.9 or later and the package `cryptography`. It says what it checked and what it did not. A signature shows
who said something and that it was not changed since. It does not show that it is true. Take verify.py and the policy
from somebody you trust: those in here come from whoever gave you the bundle. International humanitarian law applies
whatever the answer.


هذه حزمة قيود من سجلّ Truceline، ومعها كل ما يلزم للتحقق منها دون اتصال بالشبكة.

  python verify.py BUNDLE.zip [--policy FILE]

يلزم Python 3.9 أو أحدث وحزمة `cryptography`. يبيّن البرنامج ما تحقّق منه وما لم يتحقّق منه.
التوقيع يبيّن من قال الشيء وأنه لم يتغيّر بعد ذلك، ولا يبيّن أنه صحيح.
خذ verify.py وملف policy ممن تثق به، فما في الحزمة جاء ممن سلّمك إياها.
يسري القانون الدولي الإنساني أياً كان الجواب.


Это подборка записей из журнала Truceline и всё, что нужно для их проверки без сети.

  python verify.py BUNDLE.zip [--policy FILE]

Нужны Python 3.9 или новее и пакет `cryptography`. Программа сообщает, что она проверила и чего не проверила. Подпись
показывает, кто это сказал и что с тех пор ничего не изменено. Она не показывает, что это правда. Берите verify.py и
policy у того, кому доверяете: то, что лежит здесь, дал тот, кто передал вам подборку. Международное гуманитарное право
действует при любом ответе.
"""
"""What lies in each bundle as `README.txt`."""
