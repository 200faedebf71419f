"""How does a witness cosign? At most one history of each log, remembered before it is said.

Everything from looking up the last size to keeping the new one happens under one lock, and nothing is answered before
it is durable. When it cannot be known whether something was kept, the witness answers no more until it is started
again. HTTP is not known here.

Source: C2SP tlog-witness, tlog-cosignature.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from truceline.canon import sha256
from truceline.errors import InputError, StoreError, TrucelineError, VerificationError
from truceline.record.checkpoint import Fork, Opened, open_any, read_checkpoint
from truceline.record.note import COSIGNATURE, Signer, Verifier, check_distinct, read_note
from truceline.record.policy import Policy
from truceline.store.disk import make_folder, write_whole
from truceline.witness.key import WitnessKey, read_key, write_key
from truceline.witness.rules import TEXT, Answer, Seen, bare, known_lines, opened, read_request, refusal, refused
from truceline.witness.state import State

MOST_SHOWN = 100
JSON = "application/json"


def new_witness(key: Path, state: Path, name: str, random_bytes: Callable[[int], bytes]) -> WitnessKey:
    """Make the key of a witness and the state it belongs to, for good.

    Args:
        key: file of the key.
        state: folder of the state.
        name: of the witness, such as `witness.example/w1`; it can never be changed.
        random_bytes: gives so many random bytes.

    Raises:
        StoreError: one of them is there already.
    """
    if key.exists():
        raise StoreError(f"{key}: is there already, and a key is never written over")
    secret, state_id = random_bytes(32), random_bytes(16).hex()
    witness = Signer(name, secret, COSIGNATURE).verifier
    make_folder(key.parent)
    State.begin(state, state=state_id, witness=witness)
    return write_key(key, name=name, secret=secret, state=state_id)


class Witness:
    """A witness that runs.

    INVARIANT: of each log it cosigned one history only, and every note of it was durable before it was answered.
    """

    def __init__(self, key: Path, state: Path, logs: Policy | Sequence[Verifier], now: Callable[[], int]) -> None:
        """Open a witness.

        Args:
            key: file of its key.
            state: folder of its state.
            logs: the logs it knows, by their keys; of a policy, its `log` lines.
            now: gives the UTC second.

        Raises:
            VerificationError: the witness is retired, its clock went back, or a log has its key.
            StoreError: it runs already.
        """
        self.logs = tuple(log for log, _ in logs.logs) if isinstance(logs, Policy) else tuple(logs)
        self.key, self.now = read_key(key), now
        self.verifier = self.key.signer.verifier
        check_distinct((*self.logs, self.verifier))
        if not self.logs:
            raise InputError("expected one or more logs to witness: `log` lines in the policy")
        self._lock, self._broken = threading.Lock(), ""
        with ExitStack() as stack:
            stack.enter_context(self.key.held())
            self._state = State(state, self.key)
            stack.callback(self._state.close)
            if now() < self._state.last:
                raise VerificationError(
                    f"the clock went back: it shows {now()}, the last cosignature was at {self._state.last}"
                )
            self._held = stack.pop_all()

    def close(self) -> None:
        """Stop."""
        with self._lock:
            self._broken = self._broken or "it was stopped"
            self._held.close()

    # -- what it cosigns -----------------------------------------------------------------------------------------------

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer a request to cosign.

        Args:
            body: old size, consistency proof and checkpoint, as C2SP tlog-witness has them.

        Returns:
            HTTP status, content type and body: 200 with the cosignature line, or why not.
        """
        try:
            request = read_request(body)
        except TrucelineError as error:
            return refusal(400, str(error))
        found = opened(request, self.logs)
        if isinstance(found, Answer):
            return found
        note = bare(found.note, self.logs)
        with self._lock:
            if self._broken:
                return refusal(503, "the witness is stopped until it is looked after")
            try:
                self._state.keep_fork(note, self.now())
                answer = refused(request, self._seen(found.checkpoint.origin))
                if answer is not None and answer.status == 422:
                    self._state.keep_failed(note, self.now())
                return answer or self._cosigned(found, note)
            except (StoreError, VerificationError, OSError) as error:
                self._broken = str(error)
                return refusal(503, "the witness cannot keep what it would cosign")

    def _seen(self, origin: str) -> Seen:
        head = self._state.heads.get(origin)
        return Seen() if head is None else head.seen

    def _cosigned(self, found: Opened, note: bytes) -> Answer:
        at, text, last = self.now(), found.note.text, self._state.last
        if at < last:
            return refusal(503, f"the clock went back: it shows {at}, the last cosignature was at {last}")
        head = self._state.heads.get(found.checkpoint.origin)
        if head is not None and head.at == at and head.checkpoint.text == text:
            return self._line_of(head.note)  # a replay within the second costs no write
        line = self.key.signer.sign(text, at)
        self._state.keep_cosigned(note + f"{line}\n".encode(), at)
        return Answer(200, TEXT, f"{line}\n".encode())

    def _line_of(self, note: bytes) -> Answer:
        (line,) = known_lines(read_note(note), [self.verifier])
        return Answer(200, TEXT, f"{line}\n".encode())

    def heard(self, note: bytes) -> Fork | None:
        """Compare a note from elsewhere (gossip) with those cosigned here; nothing is cosigned.

        Returns:
            The fork, kept as evidence, when the log has signed two roots of one size.

        Raises:
            VerificationError: no log that is known here signed it.
        """
        trimmed = bare(open_any(note, self.logs).note, self.logs)
        with self._lock:
            return self._state.keep_fork(trimmed, self.now())

    # -- what it shows -------------------------------------------------------------------------------------------------

    def newest(self, digest: str) -> bytes | None:
        """The newest cosigned note of a log, whole, by the SHA-256 of its origin; None = none."""
        with self._lock:
            for origin, head in self._state.heads.items():
                if sha256(origin.encode()) == digest:
                    return head.note
        return None

    def cosigned(self, origin: str) -> list[bytes]:
        """Every note of a log that was cosigned and is kept, by size."""
        with self._lock:
            return list(self._state.cosigned(origin))

    def forks(self) -> list[Fork]:
        """The forks that were caught."""
        with self._lock:
            return self._state.forks()

    def failed(self) -> list[bytes]:
        """Notes that a log signed and whose proof failed: questions to the log, no proofs."""
        with self._lock:
            return self._state.failed()

    def evidence(self) -> bytes:
        """What was caught, as JSON: forks, each a whole proof; and notes whose proof failed. At most 100 of each."""
        forks = [msgspec.Raw(fork.data.strip()) for fork in self.forks()[:MOST_SHOWN]]
        failed = [note.decode() for note in self.failed()[:MOST_SHOWN]]
        return msgspec.json.encode({"forks": forks, "failed": failed}) + b"\n"

    def status(self) -> str:
        """Who this is and what it saw, as plain text."""
        with self._lock:
            heads, forks = dict(self._state.heads), len(self._state.forks())
        lines = [f"witness {self.verifier.vkey}", "", f"forks caught: {forks}", ""]
        for log in self.logs:
            head = heads.get(log.name)
            said = "nothing cosigned yet"
            if head is not None:
                made = head.checkpoint
                said = f"size {made.size}, root {made.root.hex()}, cosigned at {head.at}"
            lines.append(f"{log.name}: {said}")
            lines.append(f"  /logs/{sha256(log.name.encode())}/checkpoint")
        return "\n".join(lines) + "\n"


def export_forks(forks: Iterable[Fork], folder: Path) -> list[Path]:
    """Write each fork to a file of its own, to hand to others (`record.checkpoint.read_fork`).

    Returns:
        The files, named by log and size.
    """
    make_folder(folder)
    files = []
    for fork in forks:
        made = read_checkpoint(read_note(fork.first).text)
        path = folder / f"fork-{sha256(made.origin.encode())[:16]}-{made.size}.json"
        write_whole(path, fork.data)
        files.append(path)
    return files
