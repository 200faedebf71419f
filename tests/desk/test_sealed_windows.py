"""The end of a window, by the witnesses of a record: enough of them, on the checkpoint that is cited, after the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk.sealed_case import HOLDERS, SIDES, Room
from tests.evidence.bench import NOW, SHIPPED
from truceline import desk
from truceline.desk import keyring, records
from truceline.desk.charters import new_charter
from truceline.desk.exchanging import close, step_draft
from truceline.desk.sealed import dated_by, dates_of, exchanges_of
from truceline.desk.venue import Local
from truceline.errors import SubmissionError
from truceline.exchange.sealed import CLOSE, DEFAULTED, Dated, Step
from truceline.record.entry import read_entry
from truceline.record.log import noted
from truceline.record.note import COSIGNATURE, Signer, read_note, signed
from truceline.record.policy import read_policy

WITNESSES = {name: Signer(f"w.example/{name}", bytes([n]) * 32, COSIGNATURE) for n, name in enumerate("abc", 1)}
POLICY = "".join(f"witness {name} {one.verifier.vkey}\n" for name, one in WITNESSES.items())
POLICY += "group two 2 a b c\nquorum two\n"


class Watched(Room):
    """A case with three witnesses, of whom two are enough; none of them can be asked."""

    def __init__(self, folder: Path) -> None:
        """Found it."""
        sets = [keyring.key_set(party) for party in (*SIDES, *HOLDERS)]
        charter = new_charter("watched", parties=sets, policy=POLICY)
        self.now = NOW
        self.case = desk.init_case(folder / "case", SHIPPED / "agreement.yaml", charter, known_at=NOW)
        self.venue = Local(self.case)

    def dated(self, *times: tuple[str, int], text: str = "") -> tuple[Dated, ...]:
        """What witnesses say of the newest checkpoint, or of another text."""
        note = read_note(noted(self.case.store, len(self.case.entries())))
        lines = [WITNESSES[name].sign(text or note.text, at) for name, at in times]
        return dates_of(read_policy(POLICY.encode()), signed(note.text, lines)) if lines else ()

    def ended(self, of: int, times: Sequence[Dated], by: str = "desk") -> int:
        """Close by what witnesses said."""
        return self.say(step_draft(Step(CLOSE, of, times=tuple(times), window=self.state(of)), by))


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """A case with witnesses."""
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "config"))
    made = Watched(tmp_path)
    yield made
    made.case.close()


def test_enough_witnesses_end_a_window(room: Watched) -> None:
    """Two of three, both after the deadline, on the checkpoint that the entry cites; the log's clock says so too."""
    of = room.open(by="ru")
    end = exchanges_of(room.case).all[of].said.commit_by
    room.now = end + 10
    for times in (
        (), (("a", end + 5),), (("a", end + 5), ("b", end)), (("a", end - 1), ("b", end + 5), ("c", end)),
    ):  # fmt: skip
        with pytest.raises(SubmissionError, match="window"):
            room.ended(of, room.dated(*times))
    room.ended(of, room.dated(("a", end + 1), ("c", end + 5)))
    assert (room.state(of), room.faults(of)) == (DEFAULTED, [("ru", "no-commitment")])
    assert exchanges_of(room.case).all[of].is_witnessed


def test_what_witnesses_did_not_say_ends_nothing(room: Watched) -> None:
    """Of another text, by nobody, with another time, twice by one: refused, and not merely passed over."""
    of = room.open(by="ru")
    end = exchanges_of(room.case).all[of].said.commit_by
    room.now = end + 10
    good, other = room.dated(("a", end + 5), ("b", end + 5)), room.dated(("a", end + 5), text="elsewhere\n1\nAA==\n")
    wrong: list[tuple[Dated, ...]] = [
        other, (good[0], _changed(good[1], at=end + 6)), (good[0], _changed(good[1], witness="c")),
        (good[0], _changed(good[1], witness="d")), (good[0], good[0]), (good[0], _changed(good[0], witness="b")),
        (good[0], _changed(good[1], at=-1)), (good[0], _changed(good[1], signature=("0" * 64, "1" * 64))),
    ]  # fmt: skip
    for times in wrong:
        with pytest.raises(SubmissionError, match="times"):
            room.ended(of, times)
    entry = records.place_of(room.case, lambda: room.now).signed(
        step_draft(Step(CLOSE, of, times=good, window="committing"), "ru")
    )[0]
    room.say(records.Draft("allegation", {"text": "shelling"}, "us"))
    records.submit(
        room.case, entry, {}, lambda: room.now
    )  # it cites the checkpoint that they dated, though not the newest
    assert read_entry(entry).statement.cites.size < len(room.case.entries()) - 1
    assert room.state(of) == DEFAULTED


def _changed(one: Dated, **fields: object) -> Dated:
    return msgspec.structs.replace(one, **fields)


def test_where_the_witnesses_are_silent_the_log_ends_it_a_day_later(room: Watched) -> None:
    """A witness that is gone has no veto; that nobody witnessed it is said."""
    of = room.open(by="ru")
    room.now += 101
    place = records.place_of(room.case, lambda: room.now)
    draft = close(room.venue, room.seen(), of, place, "us")
    assert not draft.body.get("times")
    with pytest.raises(SubmissionError, match="enough witnesses"):
        room.say(draft)
    room.now += 86_400
    room.say(close(room.venue, room.seen(), of, replace(place, now=lambda: room.now), "us"))
    assert room.state(of) == DEFAULTED
    assert not exchanges_of(room.case).all[of].is_witnessed


@given(st.dictionaries(st.sampled_from("abc"), st.integers(0, 9)))
def test_the_second_of_a_quorum_is_the_latest_at_which_it_stands(times: dict[str, int]) -> None:
    """By the definition, tried for every second."""
    policy = read_policy(POLICY.encode())
    met = [second for second in range(10) if policy.is_met([name for name, at in times.items() if at >= second])]
    assert dated_by(policy, times) == (max(met) if met else None)
    assert dated_by(read_policy(b"quorum none\n"), times) is None
