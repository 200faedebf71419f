"""Does this log still tell what it told before? Keeps a copy of it, and takes nothing on trust.

    checkpoint, tile/...    the copy, as static tiles again (C2SP tlog-tiles): any file server can offer it
    coming/...              what was fetched and does not count yet
    evidence/...            notes that do not go together, with the reason; forks also as a proof of their own

The order of a round, numbered at the lines:
    1 the checkpoint is signed by a log of the policy, and cosigned by its quorum
    2 it is not smaller than our own, and of the same size has the same root
    3 our own tiles give our own root
    4 every new entry is hashed and appended to our own tree; every new tile is computed, and the server's compared
    5 the root that comes out is the one that was signed: so the new tree continues ours
    6 what was fetched is put in its place; the checkpoint last, after all is durable

File names are computed here, never taken from a server. A round that was stopped goes on where it was: what lies in
`coming` is hashed again before it counts.

Source: C2SP tlog-tiles, tlog-cosignature.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from truceline.canon import sha256
from truceline.errors import InputError, StoreError, SubmissionError, TrucelineError, VerificationError
from truceline.record.bundle import policy_of
from truceline.record.charter import Charter, read_body
from truceline.record.checkpoint import Checkpoint, Fork, open_any, read_checkpoint
from truceline.record.entry import read_entry
from truceline.record.note import COSIGNATURE, MOST_BYTES, Signer, Verifier, check_distinct, read_note
from truceline.record.policy import Policy, read_policy
from truceline.record.tiles import (
    WIDTH,
    bundle_of,
    entries_of,
    entries_path,
    parse_path,
    tile_path,
    width_at,
)
from truceline.record.tree import HASH_BYTES, leaf_hash
from truceline.store.disk import locked, make_folder, sync_folder, write_whole
from truceline.store.export import CHECKPOINT, remove_partial
from truceline.witness.edge import MOST_TILE, Edge
from truceline.witness.fetch import Fetch, FolderFetch, WebFetch, fetch_of
from truceline.witness.rules import bare, known_lines, time_of

COMING, EVIDENCE = "coming", "evidence"
MOST_EVIDENCE = 1_000
MOST_BUNDLE = WIDTH * (2 + 65_535)
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Mirrored:
    """One round.

    Attributes:
        origin: which log.
        size: entries the mirror holds now.
        before: and held before.
        times: witnesses of the policy that cosigned the checkpoint, and when.
        line: the mirror's own cosignature; empty when it does not cosign.
    """

    origin: str
    size: int
    before: int
    times: dict[str, int]
    line: str = ""


def mirror(
    source: str | Path | Fetch,
    folder: Path,
    policy: Policy,
    *,
    now: Callable[[], int],
    cosigner: Signer | None = None,
    tell: Tell | None = None,
) -> Mirrored:
    """Fetch what is new of a log, and verify all of it.

    Args:
        source: the URL or the folder of static tiles, or what fetches them.
        folder: the mirror's own.
        policy: the logs to believe, and the witnesses to ask for.
        now: gives the UTC second.
        cosigner: a key of kind 4, used for this mirror and nowhere else; None = do not cosign.
        tell: told `(what, done, all)` as the work goes on.

    Returns:
        What the mirror holds now.

    Raises:
        StoreError: the log cannot be reached, lacks a file, or the disk refuses; another round may succeed.
        VerificationError: what the log shows does not hold; the mirror keeps what it had, and the evidence.
    """
    if cosigner is not None:
        check_distinct((*(log for log, _ in policy.logs), cosigner.verifier))
        if cosigner.kind != COSIGNATURE:
            raise VerificationError("expected a key that cosigns, of kind 4")
    make_folder(folder)
    fetch = fetch_of(source) if isinstance(source, str | Path) else source
    try:
        with locked(folder / "mirror.lock"):
            return _Round(fetch, folder, policy, now=now, cosigner=cosigner, tell=tell).run()
    finally:
        if isinstance(fetch, WebFetch) and fetch is not source:
            fetch.close()


def first_policy(source: str | Path | Fetch, folder: Path) -> Policy:
    """The log to believe when nobody said which: the one that was mirrored here before, else the one that is found.

    What is found the first time is kept beside the mirror as `policy`, so that another log is refused the next time.

    Raises:
        VerificationError: the log's first entry is no charter.
    """
    kept = folder / "policy"
    if kept.is_file():
        return read_policy(kept.read_bytes(), str(kept))
    fetch = fetch_of(source) if isinstance(source, str | Path) else source
    try:
        note = fetch(CHECKPOINT, MOST_BYTES) or b""
        size = read_checkpoint(read_note(note).text).size
        width = min(WIDTH, size)
        entries = entries_of(fetch(entries_path(0, width), MOST_BUNDLE) or b"", width)
        charter: Charter = read_body(read_entry(entries[0]).statement.body, Charter, "charter")
    except (SubmissionError, InputError, IndexError) as error:
        raise VerificationError(f"nothing says whose log this is: {error}") from None
    finally:
        if isinstance(fetch, WebFetch) and fetch is not source:
            fetch.close()
    said = policy_of(charter)
    make_folder(folder)
    write_whole(kept, said.data)
    return said


def follow(
    once: Callable[[], Mirrored],
    *,
    every_s: float,
    sleep: Callable[[float], object],
    said: Callable[[Mirrored | TrucelineError], object],
    rounds: int | None = None,
) -> None:
    """Mirror again and again; a round that fails is said and does not end it.

    Args:
        once: one round.
        every_s: seconds between rounds.
        sleep: waits.
        said: told the outcome of each round.
        rounds: after so many, stop; None = never.
    """
    done = 0
    while rounds is None or done < rounds:
        if done:
            sleep(every_s)
        try:
            said(once())
        except (StoreError, VerificationError) as error:
            said(error)
        done += 1


class _Round:
    """One round on its way."""

    def __init__(
        self,
        fetch: Fetch,
        folder: Path,
        policy: Policy,
        *,
        now: Callable[[], int],
        cosigner: Signer | None,
        tell: Tell | None,
    ) -> None:
        self.fetch, self.folder, self.policy, self.now, self.cosigner = fetch, folder, policy, now, cosigner
        self.tell = tell or (lambda _what, _done, _all: None)
        self.is_fresh, self.reused = False, 0
        self.logs = [log for log, _ in policy.logs]
        self.own = FolderFetch(folder)
        self.coming = folder / COMING

    def run(self) -> Mirrored:
        data = self.fetch(CHECKPOINT, MOST_BYTES)
        if data is None:
            raise StoreError("there is no checkpoint there")
        met = self.policy.check(data, now=self.now())  # 1
        made, note = met.opened.checkpoint, bare(met.opened.note, [*self.logs, *self._witnesses()])
        old_note = self.own(CHECKPOINT, MOST_BYTES)
        old = None if old_note is None else open_any(old_note, self.logs).checkpoint
        if old is not None and old_note is not None:
            self._compare(old, made, old_note, note)  # 2
        before = 0 if old is None else old.size
        if old is None or made.size > before:
            try:
                self._grown(old, made)
            except VerificationError as error:
                raise self._kept("tampering", str(error), old_note, note) from None
        line = self._cosign(met.opened.note.text, old_note)
        whole = note + (f"{line}\n".encode() if line else b"")
        if whole != old_note:
            write_whole(self.folder / CHECKPOINT, whole)  # 6
        self._forget()
        if made.size > before:
            remove_partial(self.folder, before)
        return Mirrored(made.origin, made.size, before, dict(met.times), line)

    def _witnesses(self) -> list[Verifier]:
        own = None if self.cosigner is None else self.cosigner.verifier
        return [witness for witness, _ in self.policy.witnesses.values() if witness != own]

    # -- 2: the checkpoints --------------------------------------------------------------------------------------------

    def _compare(self, old: Checkpoint, made: Checkpoint, old_note: bytes, note: bytes) -> None:
        if made.origin != old.origin:
            raise VerificationError(f"this mirror is of `{old.origin}`, there is `{made.origin}`")
        if made.size < old.size:
            why = f"the log went back: we hold {old.size} entries, it shows {made.size}"
            raise self._kept("rollback", why, old_note, note)
        if made.size == old.size and made.root != old.root:
            fork = Fork(old_note, note)
            self._keep(f"fork-{made.size}-{sha256(fork.data)[:16]}.json", fork.data)
            why = f"the log has lied: it signed two trees of {made.size} entries"
            raise self._kept("fork", why, old_note, note)

    def _kept(self, kind: str, why: str, old: bytes | None, new: bytes) -> VerificationError:
        """Keep both notes with the reason; the error to raise."""
        parts = {"kind": kind, "offered": new.decode(), "own": (old or b"").decode(), "why": why}
        data = msgspec.json.encode(parts, order="sorted") + b"\n"
        name = f"{kind}-{sha256(data)[:16]}.json"
        self._keep(name, data)
        return VerificationError(f"{why}; evidence in {EVIDENCE}/{name}")

    def _keep(self, name: str, data: bytes) -> None:
        path = self.folder / EVIDENCE / name
        make_folder(path.parent)
        if not path.exists() and sum(1 for _ in path.parent.iterdir()) < MOST_EVIDENCE:
            write_whole(path, data)

    # -- 3 to 6: the entries and tiles ---------------------------------------------------------------------------------

    def _grown(self, old: Checkpoint | None, made: Checkpoint) -> None:
        """Grow; and once more from the server alone when what an earlier round left may be at fault."""
        try:
            self._grow(old, made)
        except VerificationError:
            self._forget()
            if not self.reused:
                raise
            self.is_fresh = True
            try:
                self._grow(old, made)
            except VerificationError:
                self._forget()
                raise

    def _grow(self, old: Checkpoint | None, made: Checkpoint) -> None:
        edge = Edge(self.own, old)  # 3
        begin, size = edge.size, made.size
        for n in range(begin // WIDTH, (size + WIDTH - 1) // WIDTH):
            self.tell("entries", n * WIDTH, size)
            self._bundle(edge, n, size)
        for level, n, hashes in edge.open_tiles():
            self._tile(level, n, hashes)
        if edge.root() != made.root:  # 5
            raise VerificationError(
                f"its {size} entries have another root than it signed, or do not continue the {begin} that we hold"
            )
        self._settle()

    def _bundle(self, edge: Edge, n: int, size: int) -> None:
        width = width_at(0, n, size)
        name = entries_path(n, width)
        data = self._entries(n, width)
        leaves = [leaf_hash(entry) for entry in entries_of(data, width)]
        known = edge.open_leaves()
        if leaves[: len(known)] != known:
            raise VerificationError(f"{name}: entries that we hold already are others there")
        for leaf in leaves[len(known) :]:  # 4
            for level, number, hashes in edge.append(leaf):
                self._tile(level, number, hashes)
        self._stage(name, data)

    def _entries(self, n: int, width: int) -> bytes:
        """A bundle: of an earlier round, or from the server; the full one where a partial one is gone already."""
        name = entries_path(n, width)
        data = self._here(name, MOST_BUNDLE)
        if data is None:
            data = self.fetch(name, MOST_BUNDLE)
        if data is None and width < WIDTH:
            full = self.fetch(entries_path(n), MOST_BUNDLE)
            data = None if full is None else bundle_of(entries_of(full, WIDTH)[:width])
        if data is None:
            raise StoreError(f"{name}: is missing there")
        return data

    def _tile(self, level: int, n: int, hashes: bytes) -> None:
        """Compare the server's tile with the computed one, and keep the latter."""
        width = len(hashes) // HASH_BYTES
        name = tile_path(level, n, width)
        if self._here(name, MOST_TILE) == hashes:
            return
        data = self.fetch(name, MOST_TILE)
        if data is None and width < WIDTH:
            full = self.fetch(tile_path(level, n), MOST_TILE)
            data = None if full is None else full[: len(hashes)]
        if data is None:
            raise StoreError(f"{name}: is missing there")
        if data != hashes:
            raise VerificationError(f"{name}: is not the tile of the entries below it")
        self._stage(name, hashes)

    def _here(self, name: str, most: int) -> bytes | None:
        """What an earlier round left; it is hashed like everything else."""
        if self.is_fresh:
            return None
        data = FolderFetch(self.coming)(name, most)
        data = self.own(name, most) if data is None else data
        self.reused += data is not None
        return data

    def _stage(self, name: str, data: bytes) -> None:
        if self.is_fresh or self._here(name, MOST_BUNDLE) != data:
            make_folder((self.coming / name).parent)
            write_whole(self.coming / name, data)

    def _settle(self) -> None:
        """Put what was fetched in its place (6); all of it has been verified."""
        for name in list(_names(self.coming)):
            path = self.folder / name
            make_folder(path.parent)
            try:
                (self.coming / name).replace(path)
                sync_folder(path.parent)
            except OSError as error:
                raise StoreError(f"{path}: cannot be written: {error.strerror}") from None

    def _forget(self) -> None:
        with contextlib.suppress(OSError):
            if self.coming.exists():
                shutil.rmtree(self.coming)

    # -- cosigning -----------------------------------------------------------------------------------------------------

    def _cosign(self, text: str, old_note: bytes | None) -> str:
        """This mirror's cosignature: that of before while the checkpoint is the same, and never back in time."""
        if self.cosigner is None:
            return ""
        own, last = self.cosigner.verifier, 0
        if old_note is not None:
            old = open_any(old_note, self.logs).note
            lines = known_lines(old, [own])
            if lines:
                last = time_of(old_note, own)
                if old.text == text:
                    return lines[0]
        at = self.now()
        if at < last:
            raise VerificationError(f"the clock went back: it shows {at}, the last cosignature was at {last}")
        return self.cosigner.sign(text, at)


def _names(folder: Path) -> Iterator[str]:
    """The tiles and bundles in a folder, by name; other files do not matter."""
    for path in sorted((folder / "tile").rglob("*")):
        name = path.relative_to(folder).as_posix()
        with contextlib.suppress(TrucelineError):
            parse_path(name)
            if path.is_file():
                yield name
