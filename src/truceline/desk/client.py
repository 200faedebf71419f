"""How does a program of ours speak to a service? It signs here, hands in, keeps the receipt, and believes no answer.

What is checked, numbered at the lines:
    1 the log is the one that was met before, under the same key; what is met first is kept
    2 entry 0 of the first meeting is the charter of that log, proved by its own checkpoint
    3 a checkpoint is signed by the log, is not older than the one seen last, and continues it
    4 keys by which others read, before anything is sealed for them: their history, with its signatures and proofs
    5 a receipt is for the very bytes that were handed in

An answer is never longer, and never takes longer, than is said here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.canon import sha256
from truceline.desk.concerned import Heard
from truceline.desk.keyring import KeyFile, own_folder
from truceline.desk.records import Place, opened_box
from truceline.desk.signing import Signed
from truceline.errors import (
    AccessError,
    ConfirmError,
    ConflictError,
    CredentialsError,
    InputError,
    StoreError,
    SubmissionError,
    TrucelineError,
    VerificationError,
    one_line,
    quoted,
)
from truceline.record.bundle import open_bundle
from truceline.record.charter import Charter, KeySet, check_charter, read_body
from truceline.record.checkpoint import Checkpoint, open_checkpoint
from truceline.record.entry import Entry, read_entry
from truceline.record.note import Verifier, bytes_of
from truceline.record.proof import check_proof, read_proof
from truceline.record.receipt import open_receipt
from truceline.record.register import Line, Register
from truceline.record.tree import check_consistency, leaf_hash
from truceline.store.disk import write_whole

ANSWER_S, MOST_ANSWER = 60.0, 16 * 1024 * 1024
"""Seconds and bytes of one answer at the most."""

FILE_S, MOST_FILE = 600.0, 256 * 1024 * 1024
TRIES, PAUSE_S = 3, 0.5
"""What is asked again over a broken line: the same bytes twice are taken once."""

_ENTRIES = "/api/v1/record/entries"
_ERRORS: Mapping[int, type[TrucelineError]] = {
    401: CredentialsError, 403: ConfirmError, 404: AccessError, 409: ConflictError, 413: SubmissionError,
    422: SubmissionError,
}  # fmt: skip


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of a service: its log, and the newest checkpoint that was seen there."""

    log: str
    root: str
    size: int
    url: str


@dataclass(frozen=True)
class Sent:
    """What became of a statement.

    Attributes:
        leaf: its leaf hash.
        entry: its index in the record; None = it waits for a second person.
        receipt: empty while it waits.
        held: id under which it waits; empty = it does not.
    """

    leaf: bytes
    entry: int | None
    receipt: bytes
    held: str = ""


class Remote:
    """A service, as a program meets it."""

    def __init__(
        self,
        url: str,
        key: KeyFile | None = None,
        *,
        clock: Callable[[], int] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Take an address; nothing is asked yet.

        Args:
            url: of the service.
            key: signs each request; None = ask as the public.
            clock: gives the UTC second; None = that of this machine.
            transport: for tests; None = the network.

        Raises:
            InputError: it is no address of a service.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise InputError(f"expected the address of a service, such as `https://case.example`, got {quoted(url)}")
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._clock = clock or (lambda: int(time.time()))
        self._http = httpx.Client(
            base_url=self.url, auth=Signed(key, self._clock) if key else None, timeout=30.0, trust_env=False,
            follow_redirects=False, transport=transport, headers={"User-Agent": "truceline", "Accept-Encoding": "gzip"},
        )  # fmt: skip
        self._log: Verifier | None = None
        self._head: Checkpoint | None = None
        self._is_demo = False

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def __enter__(self) -> Remote:
        """Leave it with `close`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self.close()

    # -- whose log it is -----------------------------------------------------------------------------------------------

    def meet(self) -> Verifier:
        """Learn whose log it is, and how far it has come.

        Raises:
            VerificationError: another log than before, or one that went back or forked.
        """
        if self._log is None:
            with self._reading():
                self._met(self.ask("/api/v1/record"))
        assert self._log is not None  # noqa: S101  # it was met
        return self._log

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """What a service answers is read here: of another shape than ours, it is a fault of the service."""
        try:
            yield
        except (KeyError, IndexError, StopIteration, TypeError, ValueError, AttributeError, msgspec.DecodeError):
            raise StoreError(f"{self.url}: answered something else than a service does") from None

    def _met(self, shown: Mapping[str, Any]) -> None:
        log, seen = Verifier.parse(shown["log"]), self._seen()
        if seen is not None and seen.log != log.vkey:  # 1
            raise VerificationError(f"{self.url}: another log than before: expected {Verifier.parse(seen.log).name}")
        head = open_checkpoint(shown["checkpoint"].encode(), log).checkpoint  # 3
        if seen is None:
            self._first(log)  # 2
        else:
            self._check_continues(seen, head)
        self._keep(Seen(log.vkey, head.root.hex(), head.size, self.url))
        self._log, self._head, self._is_demo = log, head, bool(shown["is_demo"])

    def _first(self, log: Verifier) -> None:
        data = self.read(f"{_ENTRIES}/0/bytes")
        check_proof(read_proof(self.read(f"{_ENTRIES}/0/proof")), leaf_hash(data), log)
        if check_charter(read_body(read_entry(data).statement.body, Charter, "charter")) != log:
            raise VerificationError(f"{self.url}: its first entry is the charter of another log")

    def _check_continues(self, seen: Seen, head: Checkpoint) -> None:
        if head.size < seen.size:
            raise VerificationError(f"{self.url}: went back: it showed {seen.size} entries, now {head.size}")
        path: list[bytes] = []
        if 0 < seen.size < head.size:
            shown = self.ask("/api/v1/record/consistency", {"old": seen.size, "new": head.size})
            path = [bytes_of(one) for one in shown["path"]]
        check_consistency(
            old=seen.size, new=head.size, path=path, old_root=bytes.fromhex(seen.root), new_root=head.root
        )

    def _seen(self) -> Seen | None:
        path = own_folder("services") / f"{sha256(self.url.encode())[:16]}.json"
        if not path.is_file():
            return None
        try:
            return msgspec.json.decode(path.read_bytes(), type=Seen)
        except (OSError, msgspec.DecodeError):
            raise StoreError(f"{path}: is damaged: expected the checkpoint that was seen last") from None

    def _keep(self, seen: Seen) -> None:
        write_whole(own_folder("services") / f"{sha256(self.url.encode())[:16]}.json", msgspec.json.encode(seen))

    # -- signing and handing in ----------------------------------------------------------------------------------------

    def place(self, party: str, *, is_sealing: bool = False) -> Place:
        """Where the next statement of a party would stand.

        Args:
            party: its id.
            is_sealing: whether something is sealed for others: then their keys are proved first.
        """
        log = self.meet()
        register = self._proved() if is_sealing else Register()
        with self._reading():
            line = self.ask(f"/api/v1/lines/{quote(party, safe='')}")
            if not is_sealing:  # by what signs here: a wrong key set would find no key on this machine
                shown = self.ask("/api/v1/record")["key_sets"]
                register.sets = {one.party: one for one in (read_body(each, KeySet, "key set") for each in shown)}
            register.log = log
            register.lines[party] = Line(int(line["next"]), str(line["previous"]))
            assert self._head is not None  # noqa: S101  # it was met
            return Place(register, self._head, self._clock, None, self._is_demo, under=str(line["under"]))

    def register(self) -> Register:
        """Who may sign and read, by the history of keys with its signatures and proofs.

        Raises:
            VerificationError: it does not hold, or is that of another log.
        """
        self.meet()
        return self._proved()

    @property
    def is_demo(self) -> bool:
        """Whether published keys count there."""
        self.meet()
        return self._is_demo

    def now(self) -> int:
        """The UTC second of this machine."""
        return self._clock()

    def _proved(self) -> Register:
        data = self.read("/api/v1/record/bundle", {"entries": 0}, most=MOST_FILE)
        opened = open_bundle(data, now=self._clock())  # 4
        if opened.register.log != self._log:
            raise VerificationError(f"{self.url}: a bundle of another log")
        return opened.register

    def submit(self, data: bytes, files: Mapping[str, bytes]) -> Sent:
        """Hand in a statement.

        Args:
            data: the entry, byte for byte as it was signed.
            files: what it names by hash: hash to bytes.

        Raises:
            ConflictError: something came before it. SubmissionError: it is refused. AccessError: not by this account.
            ConfirmError: it needs a passkey. StoreError: the service cannot be reached.
        """
        log = self.meet()
        if files:
            parts = [("entry", ("entry", data, "application/octet-stream"))]
            parts += [("file", (digest, content, "application/octet-stream")) for digest, content in files.items()]
            reply = self._asked("POST", "/api/v1/statements", files=parts)
        else:
            reply = self._asked(
                "POST", "/api/v1/statements", content=data, headers={"Content-Type": "application/octet-stream"}
            )
        with self._reading():
            return self._taken(log, data, msgspec.json.decode(reply, type=dict))

    def submit_all(self, batch: Sequence[bytes]) -> list[Sent | TrucelineError]:
        """Hand in statements without files, at most 256, and learn of each what became of it."""
        log = self.meet()
        content = b"".join(len(data).to_bytes(2, "big") + data for data in batch)
        reply = self._asked(
            "POST", "/api/v1/statements/batch", content=content, headers={"Content-Type": "application/octet-stream"}
        )
        with self._reading():
            answers = msgspec.json.decode(reply, type=dict)["items"]
            return [
                self._taken(log, data, one) if one["status"] < 300 else _error(one["status"], one["problem"])
                for data, one in zip(batch, answers, strict=True)
            ]

    def _taken(self, log: Verifier, data: bytes, shown: Mapping[str, Any]) -> Sent:
        leaf = leaf_hash(data)
        if shown.get("held"):
            return Sent(leaf, None, b"", str(shown["held"]))
        receipt = str(shown["receipt"]).encode()
        index, _ = open_receipt(receipt, leaf, log)  # 5
        if index != shown["entry"]:
            raise VerificationError(f"{self.url}: a receipt for entry {index}, and says {shown['entry']}")
        return Sent(leaf, index, receipt)

    # -- what is there -------------------------------------------------------------------------------------------------

    def text(self) -> Agreement:
        """The text in force: the bytes of its hash, with the values that the service says.

        Raises:
            VerificationError: it has others.
        """
        with self._reading():
            shown = self.ask("/api/v1/record")["text"]
            said = [one for kind in ("agreement", "amendment") for one in self._pages(_ENTRIES, type=kind)]
            named = [one for one in said if one["body"]["canonical_sha256"] == shown["canonical_sha256"]]
            digest = next(file["sha256"] for file in named[-1]["files"] if file["name"] == shown["file"])
            data = self.read(f"/api/v1/record/blobs/{digest}", most=MOST_FILE)
            text = load(data, str(shown["file"]))
            if sha256(data) != digest or text.canonical_hash != shown["canonical_sha256"]:
                raise VerificationError(f"{self.url}: the text in force is not what it is said to be")
            return text

    def _pages(self, path: str, **query: object) -> list[dict[str, Any]]:
        """Every item of a list."""
        found: list[dict[str, Any]] = []
        after = -1
        while True:
            page = self.ask(path, {**query, "after": after, "limit": 1_000})
            found += page["items"]
            if page["next"] is None:
                return found
            if int(page["next"]) <= after:
                raise StoreError(f"{self.url}: a list that does not go on")
            after = int(page["next"])

    def entry(self, index: int) -> tuple[dict[str, Any], Entry]:
        """An entry: what the service says of it, and what its bytes say, which have the leaf hash that it says."""
        with self._reading():
            shown, data = self.ask(f"{_ENTRIES}/{index}"), self.read(f"{_ENTRIES}/{index}/bytes")
            if leaf_hash(data).hex() != shown["leaf"]:
                raise VerificationError(f"{self.url}: entry {index} has other bytes than its leaf hash says")
            return shown, read_entry(data)

    def entries(self, kind: str = "", by: str = "") -> list[dict[str, Any]]:
        """The entries that whoever asks may read, of a type, by a submitter."""
        asked = {name: value for name, value in (("type", kind), ("by", by)) if value}
        with self._reading():
            return self._pages(_ENTRIES, **asked)

    def opened(self, index: int, party: str) -> bytes:
        """The sealed body of an entry, opened with a reading key of this machine.

        Raises:
            InputError: the entry has no sealed body. VerificationError: it is not for a key of this machine.
        """
        self.meet()
        sealed = self.entry(index)[1].statement.sealed
        if sealed is None:
            raise InputError(f"entry {index} has no sealed body")
        box = self.read(f"{_ENTRIES}/{index}/box", most=MOST_FILE)
        return opened_box(sealed, box, party, index, is_demo=self._is_demo)

    def checkpoints(self, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """Earlier checkpoints of more entries than `after`, ascending: the size of each, and the dated note."""
        while True:
            with self._reading():
                page = self.ask("/api/v1/record/checkpoints", {"after": after, "limit": 1_000})
                found = [(int(one["size"]), str(one["note"]).encode()) for one in page["items"]]
            yield from found
            if page["next"] is None:
                return
            if not found or found[-1][0] <= after:
                raise StoreError(f"{self.url}: a list that does not go on")
            after = found[-1][0]

    def heard(self, index: int) -> Heard:
        """An entry, as the publication path asks for it."""
        with self._reading():
            one = self.ask(f"{_ENTRIES}/{index}")
            box, signers = "-" if one["is_sealed"] else "", tuple(map(str, one["signed_by"]))
            return Heard(index, str(one["type"]), str(one["by"]), signers, one["body"], box, 0)

    def voices(self) -> Collection[str]:
        """The parties that have keys."""
        with self._reading():
            return [str(one["party"]) for one in self.ask("/api/v1/record")["key_sets"]]

    def matters(self) -> list[dict[str, Any]]:
        """The drafts that concern whoever asks, and how far each has come."""
        with self._reading():
            return self._pages("/api/v1/publications")

    def withheld(self) -> dict[str, Any]:
        """How many findings are not public, and for how long."""
        with self._reading():
            shown = self.ask("/api/v1/withheld")
            return {name: shown[name] for name in ("withheld", "unpublished")}

    # -- asking --------------------------------------------------------------------------------------------------------

    def ask(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A JSON answer."""
        try:
            found: dict[str, Any] = msgspec.json.decode(self._asked("GET", path, params=query), type=dict)
        except msgspec.DecodeError:
            raise StoreError(f"{self.url}: expected JSON") from None
        return found

    def read(self, path: str, query: Mapping[str, Any] | None = None, most: int = MOST_ANSWER) -> bytes:
        """An answer as it comes."""
        return self._asked("GET", path, most=most, params=query)

    def __call__(self, name: str, most: int) -> bytes | None:
        """A static file of the record, as a mirror asks for it; None when there is none."""
        try:
            return self.read(f"/{name}", most=most)
        except CredentialsError:
            raise
        except AccessError:
            return None

    def _asked(self, method: str, path: str, most: int = MOST_ANSWER, **more: Any) -> bytes:  # noqa: ANN401  # httpx has a type for each
        """Ask, once more where the line broke: a statement that was taken already is not taken twice."""
        limit = FILE_S if most > MOST_ANSWER or "files" in more else ANSWER_S
        for left in reversed(range(TRIES)):
            try:
                with self._http.stream(method, path, **more) as reply:
                    data = _whole(reply, most, time.monotonic() + limit)
                break
            except httpx.HTTPError as error:
                if not left:
                    raise StoreError(f"{self.url}: cannot be reached: {one_line(str(error)) or 'no answer'}") from None
                time.sleep(PAUSE_S)
        if reply.status_code >= 300:
            raise _refused(reply.status_code, data, self.url)
        return data


def _whole(reply: httpx.Response, most: int, until: float) -> bytes:
    """The body of an answer.

    Raises:
        StoreError: it is longer, or takes longer, than it may.
    """
    pieces, size = [], 0
    for piece in reply.iter_bytes():
        size += len(piece)
        if size > most:
            raise StoreError(f"{reply.url.host}: an answer of more than {most} bytes")
        if time.monotonic() > until:
            raise StoreError(f"{reply.url.host}: the answer took too long")
        pieces.append(piece)
    return b"".join(pieces)


def _refused(status: int, data: bytes, url: str) -> TrucelineError:
    try:
        problem = msgspec.json.decode(data, type=dict)
    except msgspec.DecodeError:
        problem = {}
    return _error(status, problem, url)


def _error(status: int, problem: Mapping[str, Any], url: str = "") -> TrucelineError:
    """A problem of the service as the error that it was there."""
    said = one_line(str(problem.get("detail", ""))) or f"answered {status}"
    expected = problem.get("expected")
    if status == 409 and isinstance(expected, Mapping):
        said += f" (expected now: number {expected.get('next')}, text {str(expected.get('under'))[:12]})"
    kind = _ERRORS.get(status, StoreError)
    return kind(f"{url}: {said}" if kind is StoreError and url else said)
