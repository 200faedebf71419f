"""Does this bundle hold? A verifier that needs Python 3.9 and the package `cryptography`, and nothing of Truceline.

    python verify.py BUNDLE.zip [--policy FILE]

It is the file `verify.py` of each bundle: one file, so that it can be handed over and read by itself. It opens nothing
but the files it is given, writes no file and uses no network. It ends with 0 when everything that it checked holds, 6
when something does not, 3 when the bundle cannot be read. The formats are in docs/reference/record-format.md; the
steps, numbered at their lines:
    1 the zip is written in the one way a bundle is, and `bundle.json` gives the hash of each file in it
    2 the policy: which log, which witnesses, how many of them; yours if you give one, else that of the bundle
    3 the checkpoint is signed by the log, cosigned by a quorum of the witnesses, and dated by the log's clock
    4 each entry is in the tree of that checkpoint
    5 each entry is written in the one way there is, and stands in its submitter's sequence as far as that is here
    6 entry 0 is the charter; each change of keys was signed as charter and earlier keys demand
    7 each signature of each entry is by a key that was valid at that index, and holds
    8 each file is the one that an entry names by its hash

Source: DSSE 1.0; RFC 8785, 9162, 8032; C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-policy.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import struct
import sys
import time
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HOLDS, UNREADABLE, FAILS = 0, 3, 6
MOST_BUNDLE, MOST_FILE, MOST_FILES, MOST_ENTRY, MOST_DEPTH = 256 << 20, 64 << 20, 20_000, 65_535, 16
MOST_INT, MOST_SIZE = 2**53 - 1, 2**63 - 1
LISTED = ("README.txt", "checkpoint", "policy", "schema.json", "verify.py")
NAMES = re.compile(
    r"README\.txt|bundle\.json|checkpoint|policy|schema\.json|verify\.py|blobs/[0-9a-f]{64}"
    r"|entries/[0-9]{12}\.json|proofs/[0-9]{12}\.tlog-proof"
)
HASH = re.compile("[0-9a-f]{64}")
PAYLOAD_TYPE = "application/vnd.truceline.statement.v1+json"
UNCHECKED = (
    "whether what the entries say is true: signatures show who said it, not that it is so",
    "entries that were left out of this bundle, changes and revocations of keys among them",
    "what came after the checkpoint: later revocations, answers, destroyed bodies",
    "whether the checkpoint is the newest, and whether the log showed others another tree: ask the witnesses",
    "whether the checkpoints that entries cite were published",
    "README.txt, schema.json and verify.py: nobody signs them; take the verifier from where you trust it",
)


class BundleError(Exception):
    """Something does not hold (6), or cannot be read (3)."""

    def __init__(self, why: str, code: int = FAILS) -> None:
        """One line, printable."""
        super().__init__("".join(c if c.isprintable() else " " for c in why)[:300])
        self.code = code


def need(holds: object, why: str, code: int = FAILS) -> None:
    """This holds, or the bundle is refused."""
    if not holds:
        raise BundleError(why, code)


# -- bytes -----------------------------------------------------------------------------------------------------------


def written(files: dict[str, bytes]) -> bytes:
    """Files as a zip, in the one way: sorted, stored, dated 1980-01-01, no attributes, no comments, no extra fields."""
    body, index, at = [], [], 0
    for name in sorted(files):
        data = files[name]
        facts = struct.pack("<5H3L2H", 20, 0, 0, 0, 33, zlib.crc32(data), len(data), len(data), len(name), 0)
        body.append(b"PK\3\4" + facts + name.encode() + data)
        index.append(b"PK\1\2" + struct.pack("<H", 20) + facts + struct.pack("<3H2L", 0, 0, 0, 0, at) + name.encode())
        at += len(body[-1])
    whole = b"".join(index)
    return b"".join(body) + whole + b"PK\5\6" + struct.pack("<4H2LH", 0, 0, len(files), len(files), len(whole), at, 0)


def files_of(data: bytes) -> dict[str, bytes]:
    """The files of a bundle (1). Nothing is unpacked: a file that is not stored as it is, is refused."""
    need(len(data) <= MOST_BUNDLE, f"expected a bundle of at most {MOST_BUNDLE} bytes", UNREADABLE)
    files: dict[str, bytes] = {}
    at, last = 0, ""
    while data[at : at + 4] == b"PK\3\4" and len(data) - at >= 30:
        *fixed, _, size, unpacked, length, extra = struct.unpack_from("<5H3L2H", data, at + 4)
        name = data[at + 30 : at + 30 + length].decode("ascii", "replace")
        need(fixed == [20, 0, 0, 0, 33] and not extra and size == unpacked, f"{name}: not stored plainly", UNREADABLE)
        need(NAMES.fullmatch(name) and name > last, f"{name}: not a name of a bundle, or not in its place", UNREADABLE)
        at, last = at + 30 + length + size, name
        need(size <= MOST_FILE and at <= len(data) and len(files) < MOST_FILES, f"{name}: too much", UNREADABLE)
        files[name] = data[at - size : at]
    need(files and written(files) == data, "not a bundle: expected a zip as a bundle is written", UNREADABLE)
    found = json_of(files.pop("bundle.json", b""), "bundle.json", UNREADABLE)
    shape(found, {"chosen": list, "files": dict, "format": str}, "bundle.json", UNREADABLE)
    need(found["format"] == "truceline/bundle/1", "bundle.json: another format", UNREADABLE)
    need(found["files"] == {name: sha256(data) for name, data in files.items()}, "bundle.json: other files", UNREADABLE)
    need(all(name in files for name in LISTED), f"expected {', '.join(LISTED)}", UNREADABLE)
    entries = {name[8:20] for name in files if name.startswith("entries/")}
    chosen = found["chosen"]
    is_whole = entries == {name[7:19] for name in files if name.startswith("proofs/")} and "0" * 12 in entries
    need(is_whole, "expected entry 0, and a proof for each entry", UNREADABLE)
    is_listed = all(type(one) is int and f"{one:012d}" in entries for one in chosen) and chosen == sorted(set(chosen))
    need(chosen and is_listed, "bundle.json: `chosen` is not a list of entries", UNREADABLE)
    return files


def json_of(data: bytes, what: str, code: int = FAILS) -> Any:  # noqa: ANN401  # any JSON value is meant
    """A value, when these bytes are the one way to write it (RFC 8785): no key twice, no blanks."""
    value, again = None, b""
    try:
        value = json.loads(data.decode())
        again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        pass
    need(data and again == data, f"{what}: expected JSON as RFC 8785 writes it", code)
    return value


def shape(value: Any, fields: dict[str, Any], what: str, code: int = FAILS) -> None:  # noqa: ANN401  # any JSON value
    """This is an object with exactly these fields of these types (True is no number)."""
    need(type(value) is dict and value.keys() == fields.keys(), f"{what}: expected {', '.join(fields)}", code)
    for name, kind in fields.items():
        need(type(value[name]) in (kind if type(kind) is tuple else (kind,)), f"{what}: `{name}`: another type", code)


def sha256(data: bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def unbase64(text: str) -> bytes:
    """Base64 that is written the one way."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        data = b""
    need(base64.b64encode(data).decode() == text, "expected base64 written the one way")
    return data


# -- keys, notes, proofs ---------------------------------------------------------------------------------------------

P = 2**255 - 19
SMALL = (0, 1, P - 1, *(int.from_bytes(bytes.fromhex(text), "little") for text in (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)))  # fmt: skip


def check_key(public: bytes) -> None:
    """An Ed25519 key that only its owner can sign with: on the curve, written the one way, not of small order."""
    need(len(public) == 32, "expected a key of 32 bytes")
    y = int.from_bytes(public, "little") % 2**255
    need(y < P and y not in SMALL, "weak key: of small order, or written in another way")
    above, below = (y * y - 1) % P, (-121665 * pow(121666, P - 2, P) * y * y + 1) % P
    need(pow(above * below, (P - 1) // 2, P) == 1, "weak key: no point of the curve")


def signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether this key signed this."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class Verifier:
    """A key as C2SP writes it: name, kind (1 = log, 4 = cosigner), 32 bytes, and the number that is made of them."""

    def __init__(self, vkey: str, kind: int) -> None:
        """Read it."""
        self.name, _, rest = vkey.partition("+")
        number, _, packed = rest.partition("+")
        key = unbase64(packed)
        need(name_is_good(self.name) and key[:1] == bytes([kind]), f"expected a key of kind {kind}: {vkey[:60]}")
        self.kind, self.public = kind, key[1:]
        check_key(self.public)
        self.number = hashlib.sha256(self.name.encode() + b"\n" + key).digest()[:4]
        need(self.number.hex() == number, f"the number of the key {self.name} is not its own")


def name_is_good(name: str) -> bool:
    """Whether a key can have this name."""
    return bool(name) and "+" not in name and not any(c.isspace() or c < " " for c in name)


def check_note(data: bytes, known: Iterable[Verifier]) -> tuple[list[str], dict[bytes, int]]:
    """The lines of a signed note; and which of the known keys signed it, each with its time (0 for a log)."""
    try:
        text, gap, rest = data.decode().rpartition("\n\n")
    except UnicodeDecodeError:
        text, gap, rest = "", "", ""
    is_note = gap and rest.endswith("\n") and len(data) <= 1 << 18 and rest.count("\n") <= 64
    need(is_note and not re.search(r"[\x00-\x09\x0b-\x1f]", text + rest), "the checkpoint is no signed note")
    text += "\n"
    times: dict[bytes, int] = {}
    for line in rest[:-1].split("\n"):
        words = line.split(" ")
        need(len(words) == 3 and words[0] == "\u2014" and name_is_good(words[1]), "a signature line is broken")
        blob = unbase64(words[2])
        need(len(blob) >= 5, "a signature line is too short")
        for one in known:
            if (one.name, one.number) == (words[1], blob[:4]):
                is_log = one.kind == 1
                at = 0 if is_log else int.from_bytes(blob[4:12], "big")
                message = text if is_log else f"cosignature/v1\ntime {at}\n{text}"
                good = len(blob) == (68 if is_log else 76) and at <= MOST_SIZE and one.public not in times
                need(good and signed(one.public, blob[-64:], message.encode()), f"the signature of {one.name} fails")
                times[one.public] = at
    return text[:-1].split("\n"), times


def number_of(text: str) -> int:
    """A number that is written the one way."""
    need(re.fullmatch(r"0|[1-9][0-9]{0,18}", text) and int(text) <= MOST_SIZE, f"expected a number: {text[:40]}")
    return int(text)


class Policy:
    """Whom to believe (C2SP tlog-policy)."""

    def __init__(self, data: bytes, code: int = UNREADABLE) -> None:
        """Read it, strictly (2)."""
        is_form = len(data) <= 1 << 20 and data.count(b"\n") <= 4_096 and data.endswith(b"\n")
        need(is_form, "policy: too long, or not ended by a newline", code)
        need(not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", data), "policy: control characters", code)
        self.logs: list[Verifier] = []
        self.witnesses: dict[str, Verifier] = {}
        self.groups: dict[str, tuple[int, list[str]]] = {}
        self.quorum = ""
        self.used: set[str] = set()
        try:
            for line in data.decode("utf-8", "surrogateescape").split("\n"):
                words = [word for word in re.split(r"[ \t]+", line) if word]
                if words and not words[0].startswith("#"):
                    self._take(words)
            need(self.quorum, "expected a quorum")
            keys = [one.public for one in (*self.logs, *self.witnesses.values())]
            need(len(set(keys)) == len(keys), "one key under two names: one key is one voice")
        except (BundleError, ValueError) as error:
            raise BundleError(f"policy: {error}", code) from None

    def _take(self, words: list[str]) -> None:
        known = {"none", *self.witnesses, *self.groups}
        if words[0] == "log" and len(words) in (2, 3):
            self.logs.append(Verifier(words[1], 1))
        elif words[0] == "witness" and len(words) in (3, 4) and words[1] not in known:
            self.witnesses[words[1]] = Verifier(words[2], 4)
        elif words[0] == "group" and len(words) >= 4 and words[1] not in known:
            members = words[3:]
            count = {"any": 1, "all": len(members)}.get(words[2]) or number_of(words[2])
            is_good = len(set(members)) == len(members) and set(members) <= known - {"none"} - self.used
            need(is_good and 1 <= count <= len(members), f"group {words[1]}: members or threshold")
            self.groups[words[1]] = (count, members)
            self.used.update(members)
        else:
            need(words[0] == "quorum" and len(words) == 2 and not self.quorum and words[1] in known, f"{words[0]}?")
            self.quorum = words[1]

    def is_met(self, names: Iterable[str]) -> bool:
        """Whether these witnesses are enough."""
        seen = {"none", *names}
        for name, (count, members) in self.groups.items():
            if len(seen.intersection(members)) >= count:
                seen.add(name)
        return self.quorum in seen


def check_proof(proof: bytes, entry: bytes, index: int, note: bytes, head: tuple[int, bytes]) -> None:
    """The entry is in the tree of the checkpoint (4). Source: RFC 9162, section 2.1.3.2."""
    top, _, rest = proof.partition(b"\n\n")
    lines = top.decode("ascii", "replace").split("\n")
    is_form = len(lines) <= 65 and lines[:2] == ["c2sp.org/tlog-proof@v1", f"index {index}"] and rest == note
    need(is_form, f"entry {index}: its proof is of another index or checkpoint")
    size, root = head
    need(index < size, f"entry {index}: not in a tree of {size}")
    at, last, got = index, size - 1, hashlib.sha256(b"\0" + entry).digest()
    for step in map(unbase64, lines[2:]):
        need(len(step) == 32 and last, f"entry {index}: its proof is too long")
        if at % 2 or at == last:
            got = hashlib.sha256(b"\1" + step + got).digest()
            while at and not at % 2:
                at, last = at >> 1, last >> 1
        else:
            got = hashlib.sha256(b"\1" + got + step).digest()
        at, last = at >> 1, last >> 1
    need(not last and got == root, f"entry {index}: not under the root of the checkpoint")


# -- entries ---------------------------------------------------------------------------------------------------------


def plain(value: Any, depth: int = 0) -> bool:  # noqa: ANN401  # any JSON value is meant
    """Whether a body holds only texts, truth values, whole numbers up to 2^53 - 1, and is not too deep."""
    if depth > MOST_DEPTH or type(value) is float or (type(value) is int and abs(value) > MOST_INT):
        return False
    if type(value) is dict:
        return all(key.isascii() for key in value) and all(plain(inner, depth + 1) for inner in value.values())
    return all(plain(inner, depth + 1) for inner in value) if type(value) is list else True


class Entry(NamedTuple):
    """An entry taken apart: where it stands, what it says, what was signed, the signatures by key."""

    what: str
    says: dict[str, Any]
    message: bytes
    marks: dict[str, bytes]


def entry_of(data: bytes, what: str) -> Entry:
    """Take an entry apart, strictly (5)."""
    need(len(data) <= MOST_ENTRY, f"{what}: longer than {MOST_ENTRY} bytes")
    envelope = json_of(data, what)
    shape(envelope, {"payload": str, "payloadType": str, "signatures": list}, what)
    need(envelope["payloadType"] == PAYLOAD_TYPE and 1 <= len(envelope["signatures"]) <= 32, f"{what}: envelope")
    for mark in envelope["signatures"]:
        shape(mark, {"keyid": str, "sig": str}, what)
    ids = [mark["keyid"] for mark in envelope["signatures"]]
    need(ids == sorted(set(ids)), f"{what}: signatures not sorted, or two by one key")
    payload = unbase64(envelope["payload"])
    one = json_of(payload, what)
    null = type(None)
    shape(one, {
        "blobs": list, "body": (dict, list, str, int, bool, null), "by": str, "cites": dict, "claims": (int, null),
        "log": str, "previous": str, "schema": str, "sealed": (dict, null), "sequence": int, "type": str, "under": str,
    }, what)  # fmt: skip
    shape(one["cites"], {"root": str, "size": int}, what)
    numbers = [one["sequence"], one["cites"]["size"], one["claims"] or 0]
    is_good = one["schema"] == "truceline/statement/1" and all(0 <= number <= MOST_INT for number in numbers)
    is_good = is_good and bool(HASH.fullmatch(one["previous"]) if one["sequence"] else one["previous"] == "")
    is_good = is_good and bool(HASH.fullmatch(one["cites"]["root"]) or (one["cites"] == {"root": "", "size": 0}))
    is_good = is_good and bool(not one["under"] or HASH.fullmatch(one["under"]))
    words = re.fullmatch(r"[a-z][a-z0-9-]{0,31}", one["type"]) and re.fullmatch(r"[\w.:@-]{1,64}", one["by"])
    need(is_good and words, f"{what}: a field is not as it must be")
    for blob in one["blobs"]:
        shape(blob, {"name": str, "sha256": str, "size": int}, what)
        is_good = HASH.fullmatch(blob["sha256"]) and 0 <= blob["size"] <= MOST_INT
        is_good = is_good and re.fullmatch(r"[^./\\][^/\\]*", blob["name"], re.S)
        need(is_good, f"{what}: a file is not named as it must be")
    need(len({blob["name"] for blob in one["blobs"]}) == len(one["blobs"]) <= 64, f"{what}: `blobs`")
    if one["sealed"] is not None:
        shape(one["sealed"], {"box": str, "commitment": str}, what)
        is_good = one["body"] is None and all(HASH.fullmatch(text) for text in one["sealed"].values())
        need(is_good, f"{what}: `sealed`")
    need(plain(one["body"]), f"{what}: `body`: fractions, great numbers, or too deep")
    message = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    return Entry(what, one, message, {mark["keyid"]: unbase64(mark["sig"]) for mark in envelope["signatures"]})


def key_id(public: bytes) -> str:
    """How a signature names its key."""
    return sha256(public)[:16]


class History:
    """Which keys are valid, index by index (6, 7); made of the charter and of each change of keys in the bundle."""

    def __init__(self) -> None:
        """Before entry 0."""
        self.charter: dict[str, Any] = {}
        self.party: dict[str, str] = {}  # every key that could ever sign, by id: whose it is
        self.keys: dict[str, bytes] = {}  # the same: 32 bytes
        self.valid: dict[str, bytes] = {}  # those that may sign the next entry
        self.sets: dict[str, dict[str, Any]] = {}
        self.contested: dict[str, int] = {}
        self.sealed: dict[int, str] = {}
        self.shredded: dict[int, int] = {}
        self.lines: dict[str, tuple[int, str]] = {}

    def take(self, index: int, data: bytes) -> Entry:
        """Check an entry in its place; indexes come in ascending order, with gaps."""
        entry = entry_of(data, f"entry {index}")
        what, one = entry.what, entry.says
        last, leaf = self.lines.get(one["by"], (-1, ""))
        is_next = one["sequence"] > last and (one["sequence"] != last + 1 or one["previous"] == leaf)
        need(is_next, f"{what}: not after the entry before of {one['by']}: `sequence` or `previous`")
        need(one["cites"]["size"] <= index, f"{what}: cites a checkpoint that is younger than itself")
        need((one["type"] == "charter") == (index == 0), f"{what}: entry 0, and no other, is the charter")
        if index == 0:
            self._found(entry)
        else:
            need(one["log"] == self.charter["log"].partition("+")[0], f"{what}: made for another log")
            if one["type"] == "keyset":
                self._change(entry)
            elif one["type"] == "revocation":
                self._revoke(index, entry)
            else:
                self._signed(entry, self.valid)
                need(one["by"] in {self.party[keyid] for keyid in entry.marks}, f"{what}: not signed by {one['by']}")
            if one["type"] == "shredding":
                self._shred(index, entry)
        self.lines[one["by"]] = (one["sequence"], hashlib.sha256(b"\0" + data).hexdigest())
        if one["sealed"] is not None:
            self.sealed[index] = one["sealed"]["commitment"]
        return entry

    def _signed(self, entry: Entry, keys: dict[str, bytes]) -> None:
        for keyid, signature in entry.marks.items():
            need(keyid in keys, f"{entry.what}: signed by a key that is not valid there: {keyid}")
            need(signed(keys[keyid], signature, entry.message), f"{entry.what}: the signature by {keyid} does not hold")

    def _found(self, entry: Entry) -> None:
        one, charter, what = entry.says, entry.says["body"], "charter"
        shape(charter, {"clock": str, "countersign": dict, "is_demo": bool, "log": str, "parties": list, "policy": str,
                        "shred": dict, "title": str}, what)  # fmt: skip
        log, clock = Verifier(charter["log"], 1), Verifier(charter["clock"], 4)
        keys = [log.public, clock.public]
        for new in charter["parties"]:
            keys += check_set(new, 0, what)
        ids = [new["party"] for new in charter["parties"]]
        need(ids and len(set(ids)) == len(ids) and one["by"] in ids, "charter: parties")
        need(len(set(keys)) == len(keys), "charter: one key for two purposes")
        if charter["policy"]:
            seeing = {one.public for one in Policy(charter["policy"].encode(), FAILS).witnesses.values()}
            need(not seeing & {log.public, clock.public}, "charter: the log is no witness of itself")
        for name, least in (("countersign", 0), ("shred", min(len(ids), 2))):
            shape(charter[name], {"of": list, "threshold": int}, what)
            of = charter[name]["of"]
            is_good = all(member in ids for member in of) and len(set(of)) == len(of)
            need(is_good and least <= charter[name]["threshold"] <= len(of), f"charter: `{name}` cannot be met")
        is_first = one["sequence"] == 0 and one["cites"]["size"] == 0
        need(one["log"] == log.name and is_first, "charter: made for another log, or not the first entry")
        founding = [public for new in charter["parties"] for public in publics_of(new, ("sign", "root"))]
        self._signed(entry, {key_id(public): public for public in founding})
        for new in charter["parties"]:
            roots = {key_id(public) for public in publics_of(new, ("root",))}
            is_signed = len(roots & entry.marks.keys()) >= new["threshold"]
            need(is_signed, f"charter: not signed by the roots of {new['party']}")
            self._install(new, what)
        self.charter = charter

    def _change(self, entry: Entry) -> None:
        by, new, what = entry.says["by"], entry.says["body"], entry.what
        old = self.sets.get(by)
        keys = check_set(new, old["version"] + 1 if old else 0, what)
        need(new["party"] == by, f"{what}: the key set of another party")
        others = {*self.keys.values(), *(public for one in self.sets.values() for public in publics_of(one))}
        others = (others - set(publics_of(old) if old else ())) | {Verifier(self.charter["log"], 1).public}
        need(len({*keys, *others}) == len(keys) + len(others), f"{what}: one key for two purposes")
        self._rooted(entry, old or new)
        self._install(new, what)

    def _rooted(self, entry: Entry, keeper: dict[str, Any]) -> None:
        """Signed by enough roots of a party, and countersigned by others as the charter demands."""
        roots = {key_id(public): public for public in publics_of(keeper, ("root",))}
        self._signed(entry, {**self.valid, **roots})
        is_signed = len(roots.keys() & entry.marks.keys()) >= keeper["threshold"]
        need(is_signed, f"{entry.what}: not signed by enough roots of {keeper['party']}")
        self._quorum(entry, self.charter["countersign"], beside=keeper["party"])

    def _quorum(self, entry: Entry, quorum: dict[str, Any], *, beside: str = "") -> None:
        wanted = set(quorum["of"]) - {beside}
        found = wanted & {self.party[keyid] for keyid in entry.marks if keyid in self.valid}
        need(len(found) >= min(quorum["threshold"], len(wanted)), f"{entry.what}: not signed by enough parties")

    def _install(self, new: dict[str, Any], what: str) -> None:
        """The keys of a party from the next entry on."""
        keys = {key_id(public): public for public in publics_of(new, ("sign",))}
        for keyid in [one for one in self.valid if self.party[one] == new["party"] and one not in keys]:
            del self.valid[keyid]
        for keyid, public in keys.items():
            need(keyid in self.valid or keyid not in self.party, f"{what}: key {keyid} was given up before")
            self.party[keyid], self.keys[keyid], self.valid[keyid] = new["party"], public, public
        self.sets[new["party"]] = new

    def _revoke(self, index: int, entry: Entry) -> None:
        said, by = entry.says["body"], entry.says["by"]
        shape(said, {"keyid": str, "party": str, "since": int}, entry.what)
        is_known = by == said["party"] == self.party.get(said["keyid"]) and 0 <= said["since"] <= index
        need(is_known, f"{entry.what}: there is no such key to revoke")
        self._rooted(entry, self.sets[by])
        self.contested[said["keyid"]] = min(said["since"], self.contested.get(said["keyid"], index))
        self.valid.pop(said["keyid"], None)

    def _shred(self, index: int, entry: Entry) -> None:
        said = entry.says["body"]
        shape(said, {"commitment": str, "index": int, "reason": str}, entry.what)
        is_there = self.sealed.get(said["index"]) == said["commitment"] and said["index"] not in self.shredded
        need(is_there, f"{entry.what}: nothing to destroy")
        self._quorum(entry, self.charter["shred"])
        self.shredded[said["index"]] = index


def publics_of(one: dict[str, Any], uses: Sequence[str] = ("sign", "read", "root")) -> list[bytes]:
    """The public keys of a key set, for some uses."""
    found = [unbase64(key["public"]) for key in one["keys"] if key["use"] in uses]
    return found + [unbase64(root) for root in one["roots"] if "root" in uses]


def check_set(one: Any, version: int, what: str) -> list[bytes]:  # noqa: ANN401  # a body
    """A key set that can be lived by; all its keys."""
    shape(one, {"keys": list, "party": str, "roots": list, "threshold": int, "version": int}, what)
    for key in one["keys"]:
        shape(key, {"public": str, "use": str}, what)
        need(key["use"] in ("sign", "read") and len(unbase64(key["public"])) == 32, f"{what}: a key is none")
    need(all(type(root) is str for root in one["roots"]), f"{what}: a root is none")
    signing = publics_of(one, ("sign",))
    is_good = signing and len(one["keys"]) <= 64 and 1 <= one["threshold"] <= len(one["roots"]) <= 64
    need(is_good and one["version"] == version, f"{what}: key set: no key to sign, threshold, or version")
    for public in publics_of(one, ("sign", "root")):
        check_key(public)
    return publics_of(one)


# -- the whole -------------------------------------------------------------------------------------------------------


def verify(data: bytes, policy_data: bytes | None, now: int) -> tuple[list[str], list[str], list[str]]:
    """Verify a bundle; gives what was checked, what was not, and what a reader has to know."""
    files = files_of(data)  # 1
    policy = Policy(files["policy"] if policy_data is None else policy_data)  # 2
    entries = {int(name[8:20]): files[name] for name in sorted(files) if name.startswith("entries/")}
    history, unchecked, remarks = History(), list(UNCHECKED), []
    taken = {index: history.take(index, entry) for index, entry in entries.items()}  # 5, 6, 7
    log, clock = Verifier(history.charter["log"], 1), Verifier(history.charter["clock"], 4)
    named = [one for one in policy.logs or [log] if one.name == log.name]
    need(log.public in [one.public for one in named], f"the log {log.name} with its key is none of the policy")
    witnesses = list(policy.witnesses.values())
    publics = {one.public for one in (log, clock, *witnesses)}
    need(len(publics) == 2 + len(witnesses), "the log or its clock is among the witnesses")
    lines, times = check_note(files["checkpoint"], [*named, clock, *witnesses])  # 3
    need(len(lines) == 3 and lines[0] == log.name and log.public in times, "the checkpoint is not signed by the log")
    need(clock.public in times, "the checkpoint is not dated by the log's clock")
    seen = {name: times[key.public] for name, key in policy.witnesses.items() if key.public in times}
    need(all(at <= now + 300 for at in seen.values()), "a witness has cosigned in the future")
    need(policy.is_met(seen), f"quorum `{policy.quorum}` is not met: cosigned by {', '.join(seen) or 'nobody'}")
    head = (number_of(lines[1]), unbase64(lines[2]))
    for index, entry in entries.items():  # 4
        check_proof(files[f"proofs/{index:012d}.tlog-proof"], entry, index, files["checkpoint"], head)
    hashes = {blob["sha256"]: blob["size"] for one in taken.values() for blob in one.says["blobs"]}
    boxes = {one.says["sealed"]["box"]: -1 for one in taken.values() if one.says["sealed"]}
    blobs = {name[6:]: data for name, data in files.items() if name.startswith("blobs/")}
    for digest, blob in blobs.items():  # 8
        is_named = {**boxes, **hashes}.get(digest, -2) in (-1, len(blob)) and sha256(blob) == digest
        need(is_named, f"blobs/{digest}: not what an entry names by its hash")
    for index, read in taken.items():
        for keyid in [keyid for keyid in read.marks if index >= history.contested.get(keyid, MOST_SIZE)][:1]:
            remarks += [f"entry {index} is contested: key {keyid} was revoked as of {history.contested[keyid]}"]
        if index in history.shredded:
            remarks += [f"entry {index}: its body was destroyed by entry {history.shredded[index]}"]
    if policy_data is None:
        unchecked.append("whether this is the log you mean: its key was taken from the bundle; give --policy to pin it")
    if policy.is_met(()):
        unchecked.append("whether witnesses saw this checkpoint: the policy asks for none")
    if history.charter["is_demo"]:
        remarks.append("the keys of this log are published: it is a demonstration and proves nothing")
    if left := len({*hashes, *boxes} - blobs.keys()):
        unchecked.append(f"{left} files that entries name by their hash: they are not in the bundle")
    checked = [
        f"checkpoint of {log.name}: {head[0]} entries, root {head[1].hex()}",
        f"{len(seen)} witnesses: {', '.join(f'{name} at {at}' for name, at in seen.items()) or 'none'}",
        f"{len(entries)} entries with their proofs, {sum(len(read.marks) for read in taken.values())} signatures",
        f"{len(blobs)} files by their hash",
    ]
    return checked, unchecked, remarks


def shown(text: str) -> str:
    """What others wrote, on one line that every terminal can print and none obeys."""
    return text.replace("\n", " ").encode("ascii", "backslashreplace").decode().replace("\x1b", " ")


def main(words: Sequence[str] | None = None) -> int:
    """Read the command line, verify, print."""
    parser = argparse.ArgumentParser(description="verify a Truceline bundle")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--policy", type=Path, help="whom you believe (C2SP tlog-policy); without, the bundle's own")
    given = parser.parse_args(words)
    try:
        with given.bundle.open("rb") as file:
            data = file.read(MOST_BUNDLE + 1)
        policy = given.policy.read_bytes() if given.policy else None
        checked, unchecked, remarks = verify(data, policy, int(time.time()))
    except (OSError, BundleError) as error:
        code = error.code if isinstance(error, BundleError) else UNREADABLE
        why = "does not hold" if code == FAILS else "cannot be read"
        print(shown(f"{why}: {error}"), file=sys.stderr)
        return code
    for what, texts in (("checked", checked), ("not checked", unchecked), ("note", remarks)):
        for text in texts:
            print(shown(f"{what}: {text}"))
    return HOLDS


if __name__ == "__main__":
    sys.exit(main())
