"""How is a report of sexual violence, or of harm to a child, held so that nobody finds it, and its holder can prove it?

It never enters a record nor a table. It lies encrypted in the vault of one machine, under a key of its own; its holder
alone reads, proves and deletes it. What others see is a batch of salted commitments: always `COMMITMENTS` of them, most
or all of them random, one batch a window whether there was a report or none. So neither the number of entries nor their
times say how many reports there are, nor that there is one.

A commitment is SHA-256 over a domain, the origin of the record, a salt of 32 random bytes, and the report. Who is given
the report and its salt can compute it, and so knows that these words were held no later than the entry. A report is
assigned to one record when it is taken in, and committed to there alone: no two records share a commitment by which
they, or one report in both, could be told. When the report is deleted its salt goes with it, and to everybody without
the key of the vault its commitment is as random as the others.

What fills a batch up is computed from the key of the vault, the record, the holder and the number of his batch: a copy
of the record and the vault that is put back repeats the batch, and comparing the two tells nothing. The price: who
seizes the vault with its key can tell what was filled up, and so how many reports there ever were.

What it never does: guess from words what a report is about. Whoever takes it in says so, or its act is of the class
`closed`. Source: docs/adr/0016-custody-consent-rulings.md.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from truceline.desk.charters import Clock, clock_of
from truceline.desk.keyring import config_folder
from truceline.desk.persons import part_of_vault
from truceline.desk.records import Draft, append
from truceline.desk.statements import COMMITMENTS
from truceline.errors import InputError, SubmissionError, VerificationError
from truceline.group import DESK
from truceline.record.note import Verifier
from truceline.span import utc_text
from truceline.store.case import Case
from truceline.vault.safe import Safe, padded

WINDOW_S = 7 * 86_400
"""One batch of each holder in so many seconds of the record's clock, with reports or without."""

MOST = 256 * 1024
"""Bytes of one report at the most."""

PROOF = "truceline/closed-proof/2"
_DOMAIN, _FILLER = b"truceline/closed/v2\n", b"truceline/closed-filler/v1\n"
_SALT = 32
_DAY_S = 86_400


class _Kept(msgspec.Struct, frozen=True):
    """What the safe holds of a report, and the origin of the record that it is assigned to; empty = of none."""

    salt: bytes
    report: bytes
    log: str = ""

    def __repr__(self) -> str:
        """Nothing of it: this is what logs and tracebacks print."""
        return "_Kept(...)"


class Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a holder hands over to prove that a report was held.

    Attributes:
        entry: index of the entry of the record that holds the commitment.
        log: origin of the record.
        schema: `truceline/closed-proof/2`.
    """

    commitment: str
    entry: int
    log: str
    report: bytes
    salt: bytes
    schema: str

    def __repr__(self) -> str:
        """Nothing of the report: this is what logs and tracebacks print."""
        return f"Opened(entry={self.entry})"


# -- on this machine ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed:
    """What a list says of a report.

    Attributes:
        id: random, it says nothing.
        day: of its entry into the vault: UTC second of midnight.
        log: origin of the record that it is assigned to.
        entry: of that record, which commits to it; None = none yet, or another record was asked.
    """

    id: str
    day: int
    log: str
    entry: int | None


def add(report: bytes, case: Case) -> str:
    """Keep a report for one record; return its id, which says nothing.

    Args:
        report: its words.
        case: the record that is to commit to it, and no other.

    Raises:
        InputError: it is empty, or too long.
    """
    if not report.strip() or len(report) > MOST:
        raise InputError(f"a closed report: expected 1 to {MOST} bytes")
    day = int(time.time()) // _DAY_S * _DAY_S
    kept = _Kept(secrets.token_bytes(_SALT), report, _log(case))
    with _safe(is_made=True) as safe:
        return safe.keep(padded(msgspec.json.encode(kept)), day.to_bytes(8, "big"))


def show(one: str) -> bytes:
    """The report of an id.

    Raises:
        InputError: there is none. VerificationError: it is damaged.
    """
    with _safe() as safe:
        return _kept(safe, one).report


def listed(case: Case | None = None) -> tuple[list[Listed], list[str]]:
    """What is held, by id; and the ids of what is damaged, which nobody can read any more.

    Args:
        case: say which entry of this record commits to each; None = no record is asked.

    Raises:
        VerificationError: the key of the vault is missing or damaged.
    """
    if not _folder().is_dir():
        return [], []
    entries = {} if case is None else _entries(case)
    with _safe() as safe:
        whole, damaged = _all(safe)
        found = [
            Listed(one, int.from_bytes(safe.note(one), "big"), kept.log, entries.get(_commitment(kept)))
            for one, kept in whole.items()
        ]
    return found, damaged


def delete(one: str) -> None:
    """Forget a report, and the salt with it: from then on its commitment proves nothing to anybody.

    Raises:
        InputError: there is none.
    """
    with _safe() as safe:
        safe.delete(one)


# -- in the record -----------------------------------------------------------------------------------------------------


def commit(case: Case, by: str = DESK, now: Clock | None = None) -> tuple[int, list[str]]:
    """Append the batch of this window: commitments to what is held for this record and not yet committed to, filled up.

    What does not fit waits for the next window: a second batch would tell that there was so much.

    Args:
        case: the folder.
        by: who holds the reports.
        now: gives the UTC second; None = the clock of the case.

    Returns:
        The index of its entry; and the ids of what is damaged, which is committed to by none.

    Raises:
        SubmissionError: there was a batch in this window already.
        VerificationError: the key of the vault is missing or damaged.
    """
    clock = now or clock_of(case.charter())
    times = _batches(case, by)
    open_from = max(times) + WINDOW_S if times else 0
    if clock() < open_from:
        raise SubmissionError(f"the next batch is due from {utc_text(open_from)} on: more would tell how many")
    known, log = _entries(case), _log(case)
    with _safe(is_made=True) as safe:  # also where no report is: that a vault was made says nothing either
        whole, damaged = _all(safe)
        waiting = [made for kept in whole.values() if kept.log == log and (made := _commitment(kept)) not in known]
        batch = waiting[:COMMITMENTS]
        batch += [_filler(safe, log, by, len(times), i) for i in range(COMMITMENTS - len(batch))]
    index = append(case, [Draft("commitment", {"commitments": sorted(batch)}, by)], clock)[0].index
    return index, damaged


def due(case: Case, by: str = DESK, now: Clock | None = None) -> int | None:
    """Since when the next batch of a holder is due, with reports or without; None = it is not due yet.

    A batch that is late tells that somebody forgot it; one that comes only with a report tells of the report.

    Args:
        case: the folder.
        by: who holds the reports.
        now: gives the UTC second; None = the clock of the case.
    """
    times = _batches(case, by)
    since = max(times) + WINDOW_S if times else case.entries()[0].known_at
    return since if (now or clock_of(case.charter()))() >= since else None


def prove(case: Case, one: str) -> bytes:
    """What shows that a report was held: for whom its holder chooses, and for nobody else.

    Raises:
        InputError: there is no such report, or no batch of this record commits to it yet.
    """
    with _safe() as safe:
        kept = _kept(safe, one)
    if kept.log != _log(case):
        raise InputError("it is assigned to another record: no batch of this one commits to it")
    made = _commitment(kept)
    entry = _entries(case).get(made)
    if entry is None:
        raise InputError("no batch of this record commits to it yet")
    return msgspec.json.encode(Opened(made, entry, kept.log, kept.report, kept.salt, PROOF)) + b"\n"


def check(case: Case, proof: bytes) -> tuple[int, int]:
    """Check that a report was held: its commitment is computed again and stands where the proof says.

    Returns:
        The index of the entry, and the UTC second at which the record held it.

    Raises:
        InputError: it is no proof. VerificationError: it proves nothing about this record.
    """
    try:
        opened = msgspec.json.decode(proof, type=Opened)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise InputError("expected a proof as `closed prove` writes it") from None
    if opened.schema != PROOF or len(opened.salt) != _SALT:
        raise InputError(f"expected a proof of schema {PROOF}")
    if _commitment(_Kept(opened.salt, opened.report, opened.log)) != opened.commitment:
        raise VerificationError("the report is not the one that was committed to")
    if opened.log != _log(case) or _entries(case).get(opened.commitment) != opened.entry:
        raise VerificationError("this record does not hold the commitment there")
    return opened.entry, case.entries()[opened.entry].known_at


def _entries(case: Case) -> dict[str, int]:
    """Commitment to the entry of the record that holds it first."""
    found: dict[str, int] = {}
    for said in case.said("commitment"):
        for one in said.statement.body["commitments"]:
            found.setdefault(one, said.index)
    return found


def _batches(case: Case, by: str) -> list[int]:
    """When the record held each batch of a holder."""
    return [one.known_at for one in case.said("commitment") if one.statement.by == by]


def _log(case: Case) -> str:
    """The origin of a record: what tells it from every other."""
    return Verifier.parse(case.charter().log).name


def _commitment(kept: _Kept) -> str:
    return hashlib.sha256(_DOMAIN + _framed(kept.log) + kept.salt + kept.report).hexdigest()


def _filler(safe: Safe, log: str, by: str, batch: int, i: int) -> str:
    """What stands where no report is: the same whenever it is computed, so that a restored copy does not differ."""
    return safe.mac(_FILLER + _framed(log) + _framed(by) + batch.to_bytes(8, "big") + i.to_bytes(8, "big")).hex()


def _framed(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(8, "big") + data


def _all(safe: Safe) -> tuple[dict[str, _Kept], list[str]]:
    """All reports by id, and the ids of those that are damaged: one stands in the way of no other."""
    whole, damaged = {}, []
    for one in safe.ids():
        try:
            whole[one] = _kept(safe, one)
        except VerificationError:
            damaged.append(one)
    return whole, damaged


def _kept(safe: Safe, one: str) -> _Kept:
    return msgspec.json.decode(safe.read(one).rstrip(b" "), type=_Kept)


def _folder() -> Path:
    return config_folder() / "vault" / "closed"


@contextmanager
def _safe(*, is_made: bool = False) -> Iterator[Safe]:
    """The closed safe of this machine, held by this process alone.

    Raises:
        InputError: there is none, and none is to be made.
    """
    with part_of_vault("closed", "vault: no report of this id", is_made=is_made) as folder:
        yield Safe(folder, "report", secrets.token_bytes)
