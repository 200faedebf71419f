"""What a side does that cheats: with its own keys, on its own machine, by a program of its own.

Each writes a signed entry, and beside it a box where there is one, as `truceline exchange ... -o` does.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from truceline.desk import keyring
from truceline.desk.escrow import Kept, boxed, commitment_step, fixed, kept_of
from truceline.desk.exchanging import Seen, seen, step_draft
from truceline.desk.records import Draft, Place
from truceline.desk.venue import Local
from truceline.exchange.sealed import RELEASE, Step
from truceline.record.entry import Sealed, SigningKey, read_entry, sign
from truceline.store.opened import open_case


class Claims(Kept, frozen=True):
    """A list that says it has the commitment of another."""

    claimed: str = ""

    @property
    def commitment(self) -> str:
        """Of the other."""
        return self.claimed


def claiming(kept: Kept, claimed: str) -> Kept:
    """A list under the commitment of another."""
    return Claims(**{name: getattr(kept, name) for name in kept.__struct_fields__}, claimed=claimed)


def _at(case: str, by: str) -> tuple[Seen, Place]:
    venue = Local(open_case(case))
    return seen(venue), venue.place(by)


def _write(place: Place, draft: Draft, out: str) -> None:
    data, beside = place.signed(draft)
    Path(out).write_bytes(data)
    for digest, box in beside.items():
        Path(f"{out}.{digest[:12]}.box").write_bytes(box)


def _sealed(place: Place, now: Seen, of: int, kept: Kept) -> tuple[Sealed, bytes]:
    one = now.one(of)
    readers = {party: place.register.readers([party]) for party in (*one.sides, *one.guarantors)}
    return boxed(one, kept, readers, keyring.random_bytes)


def other_list(case: str, of: int, by: str, cells: list[str], out: str) -> None:
    """Hand over another list than the one that was fixed, openly as such."""
    now, place = _at(case, by)
    kept = fixed(now.one(of), now.course.log, by, cells, keyring.random_bytes)
    _write(place, Draft("exchange", None, by, boxed=_sealed(place, now, of, kept)), out)


def hidden_list(case: str, of: int, by: str, cells: list[str], out: str) -> None:
    """Hand over another list under the commitment of the one that was fixed."""
    now, place = _at(case, by)
    kept = kept_of(now.course.log, of, by)
    other = fixed(now.one(of), now.course.log, by, cells, keyring.random_bytes)
    lying = claiming(msgspec.structs.replace(kept, data=other.data), kept.commitment)
    _write(place, Draft("exchange", None, by, boxed=_sealed(place, now, of, lying)), out)


def long_list(case: str, of: int, by: str, out: str) -> None:
    """Hand over a list with more places than every other."""
    now, place = _at(case, by)
    kept = kept_of(now.course.log, of, by)
    lying = claiming(msgspec.structs.replace(kept, data=kept.data + b"852da877fffffff" * 64), kept.commitment)
    _write(place, Draft("exchange", None, by, boxed=_sealed(place, now, of, lying)), out)


def echo(case: str, of: int, by: str, out: str) -> None:
    """Commit to what the other side has committed to."""
    now, place = _at(case, by)
    theirs = next(iter(now.one(of).commitments.values()))
    step = Step("commit", of, commitment=theirs.commitment, key=theirs.key, marks=dict(theirs.marks))
    _write(place, step_draft(step, by), out)


def old_commitment(case: str, of: int, was: int, by: str, out: str) -> None:
    """Commit to a list of an earlier exchange by what was said there."""
    now, place = _at(case, by)
    kept = msgspec.structs.replace(kept_of(now.course.log, was, by), of=of)
    _write(place, step_draft(commitment_step(now.one(of), kept), by), out)


def own_keys(case: str, of: int, by: str, out: str) -> None:
    """Seal the list for a key of one's own in place of that of a guarantor."""
    now, place = _at(case, by)
    one, mine = now.one(of), keyring.new_key("nobody", "read")
    readers = {party: place.register.readers([party]) for party in (*one.sides, *one.guarantors)}
    readers[one.guarantors[0]] = {mine.id: mine.public}
    kept = kept_of(now.course.log, of, by)
    _write(place, Draft("exchange", None, by, boxed=boxed(one, kept, readers, keyring.random_bytes)), out)


def wrong_keys(case: str, of: int, by: str, out: str) -> None:
    """Seal the shares of two guarantors for a key of one's own, and say that they are for theirs."""
    now, place = _at(case, by)
    one, mine = now.one(of), keyring.new_key("nobody", "read")
    readers = {party: place.register.readers([party]) for party in (*one.sides, *one.guarantors)}
    for holder in one.guarantors[:2]:
        readers[holder] = dict.fromkeys(readers[holder], mine.public)
    kept = kept_of(now.course.log, of, by)
    _write(place, Draft("exchange", None, by, boxed=boxed(one, kept, readers, keyring.random_bytes)), out)


def stranger(entry: str, out: str) -> None:
    """Sign an entry anew with a key that nobody knows."""
    Path(out).write_bytes(sign(read_entry(Path(entry).read_bytes()).payload, [SigningKey.of_seed(b"\x07" * 32)]))


def bad_share(case: str, of: int, by: str, out: str) -> None:
    """As a guarantor, release what is no share of either list."""
    now, place = _at(case, by)
    shares = {side: keyring.random_bytes(32).hex() for side in now.one(of).sides}
    _write(place, step_draft(Step(RELEASE, of, shares=shares), by), out)
