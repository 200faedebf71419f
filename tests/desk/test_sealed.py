"""A sealed exchange in a case: what its log takes, who reads what, and what each cheat comes to."""

from __future__ import annotations

import stat

import msgspec
import pytest

from tests.desk.sealed_case import ALEPPO, HAMA, HOLDERS, IDLIB, LISTS, SIDES, Room, room
from truceline.desk import keyring, records
from truceline.desk.charters import keys_of
from truceline.desk.escrow import ROOM, Kept, boxed, commitment_step, fixed, kept_of
from truceline.desk.exchanging import (
    challenge,
    checked,
    commit,
    deny,
    forget_ended,
    lists,
    parsed_cells,
    refuse,
    release,
    reveal,
    step_draft,
)
from truceline.desk.gate import Gate
from truceline.desk.records import Draft
from truceline.desk.sealed import exchanges_of, exchanges_shown
from truceline.desk.viewers import Viewer
from truceline.errors import ConflictError, InputError, StateError, StoreError, SubmissionError, VerificationError
from truceline.exchange.sealed import BROKEN, DEFAULTED, OPENED, REFUSED, RELEASE, RELEASING, REVEALING, Dated, Step
from truceline.record.entry import read_entry
from truceline.record.log import Submission, Taken
from truceline.record.register import SHREDDING
from truceline.record.seal import Box, open_box

__all__ = ["room"]


def test_both_sides_read_both_lists_and_nobody_else_reads_one(room: Room) -> None:
    """After two of three guarantors: the same two lists on both machines; guarantors and host have none."""
    of = room.to(OPENED)
    assert lists(room.seen(), of, "us") == lists(room.seen(), of, "ru") == {s: tuple(sorted(LISTS[s])) for s in SIDES}
    for other in ("tr", "desk"):
        with pytest.raises(StateError, match="no list"):
            lists(room.seen(), of, other)
    assert checked(room.seen(), of, "us") == checked(room.seen(), of, "ir") == {"us": "", "ru": ""}


@pytest.mark.parametrize("state", [REVEALING, RELEASING])
def test_before_that_no_side_reads_one(room: Room, state: str) -> None:
    """Nor with one guarantor's shares: who handed over first is not exploited."""
    of = room.to(state)
    if state == RELEASING:
        room.release(of, "ir")
    with pytest.raises(StateError, match="no list"):
        lists(room.seen(), of, "us")


def test_all_guarantors_together_with_the_host_read_nothing(room: Room) -> None:
    """They have the outer key; what lies under it is sealed for the sides alone."""
    of = room.to(OPENED)
    room.release(of, "ir")
    one = exchanges_of(room.case).all[of]
    for side in SIDES:
        sealed = room.case.entries()[one.reveals[side]].statement.sealed
        assert sealed is not None
        box = room.case.store.blob(sealed.box)
        readers = msgspec.json.decode(box, type=Box).wraps
        for holder in (*HOLDERS, "desk"):
            for key in keyring.keys_of(holder, "read"):
                if key.id in readers:
                    with pytest.raises(VerificationError):
                        open_box(sealed, box, key.id, key.secret)
        assert not any(cell.encode() in box for cell in LISTS[side])
    texts = b"".join(said.entry.data + said.entry.payload for said in room.case.entries())
    assert not any(cell.encode() in texts for cells in LISTS.values() for cell in cells)


def test_neither_size_nor_box_tells_how_long_a_list_is(room: Room) -> None:
    """None, one or 256 cells: boxes, statements and steps have one length."""
    from truceline.exchange.floor import is_cell

    many = tuple(c for c in (f"852d{n:04x}fffffff" for n in range(0x8000, 0xFFFF)) if is_cell(c))[:256]
    assert len(many) == 256
    sizes = set()
    for cells in ((), (ALEPPO,), many):
        of = room.open()
        room.commit(of, "us", cells)
        room.commit(of, "ru")
        index = room.reveal(of, "us")
        said = room.case.entries()[index].statement
        assert said.sealed is not None
        sizes.add((len(room.case.store.blob(said.sealed.box)), len(said.sealed.commitment)))
    assert len(sizes) == 1


def test_a_list_that_is_too_long_or_too_fine_is_not_fixed(room: Room) -> None:
    """On the side's own machine, before anything is handed in; what was refused is not repeated."""
    of = room.open()
    fine = "892da963b07ffff"
    for cells in ((fine,), (ALEPPO, fine), ("36.2,37.1",)):
        with pytest.raises(SubmissionError) as refused:
            commit(room.seen(), of, "us", cells)
        assert fine not in str(refused.value)
    assert parsed_cells(f"# ours\n{ALEPPO}\n\n{HAMA} # hills\n".encode(), "f") == (ALEPPO, HAMA)
    assert parsed_cells(msgspec.json.encode([ALEPPO]), "f") == (ALEPPO,)
    with pytest.raises(InputError):
        parsed_cells(b"\xff\xfe", "f")
    with pytest.raises(StoreError, match="holds no list"):
        kept_of(room.seen().course.log, of, "us")


def test_what_a_side_fixed_lies_on_its_machine_alone_and_goes_with_panic(room: Room) -> None:
    """For its user only; another list does not take its place unseen; when it has ended it is destroyed."""
    of = room.open()
    kept = room.commit(of, "us")
    (path,) = keyring.own_folder(ROOM).glob("*.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ROOM in keyring.ROOMS
    assert repr(kept) == f"Kept(of={of})"
    second = room.open()
    commit(room.seen(), second, "us", [ALEPPO])
    assert commit(room.seen(), second, "us", [ALEPPO])[1] == kept_of(kept.log, second, "us")
    with pytest.raises(StoreError, match="another list"):
        commit(room.seen(), second, "us", [HAMA])
    commit(room.seen(), second, "us", [HAMA], is_anew=True)
    room.commit(of, "ru")
    for side in SIDES:
        room.reveal(of, side)
    room.release(of, "tr")
    room.release(of, "ir")
    assert forget_ended(room.seen(), "us") == [of]
    assert not path.exists()
    assert forget_ended(room.seen(), "us") == []


def test_a_panic_takes_the_list_that_was_fixed(room: Room) -> None:
    """Whoever takes the machine afterwards finds no list, and the side can hand over none."""
    of = room.open()
    room.commit(of, "us")
    room.commit(of, "ru")
    place = records.place_of(room.case, lambda: room.now)
    assert any(ROOM in name for name in keyring.panic().gone)
    with pytest.raises(StoreError, match="holds no list"):
        reveal(room.seen(), of, "us", place)


# -- eight ways to cheat -----------------------------------------------------------------------------------------------


def test_cheat_1_no_reveal(room: Room) -> None:
    """Its default is logged by anybody; the other's list stays under a key that nobody can have any more."""
    of = room.to(REVEALING)
    room.reveal(of, "us")
    with pytest.raises(StateError, match="until"):
        room.close(of)
    room.now += 300
    room.close(of, "us")
    assert (room.state(of), room.faults(of)) == (DEFAULTED, [("ru", "no-reveal")])
    with pytest.raises(StateError, match="nothing"):
        release(room.seen(), of, "tr")


def test_cheat_2_a_changed_list(room: Room) -> None:
    """Another commitment is refused; the right one over other contents is shown by the key of the content."""
    of = room.to(REVEALING)
    one, log = exchanges_of(room.case).all[of], room.seen().course.log
    place = records.place_of(room.case, lambda: room.now)
    readers = {party: place.register.readers([party]) for party in (*SIDES, *HOLDERS)}
    other = fixed(one, log, "ru", [HAMA], keyring.random_bytes)
    with pytest.raises(SubmissionError, match="changed, or never fixed"):
        room.say(Draft("exchange", None, "ru", boxed=boxed(one, other, readers, keyring.random_bytes)))
    kept = kept_of(log, of, "ru")
    lying = msgspec.structs.replace(kept, data=other.data)
    sealed, box = boxed(one, _claiming(lying, kept.commitment), readers, keyring.random_bytes)
    room.say(Draft("exchange", None, "ru", boxed=(msgspec.structs.replace(sealed, commitment=kept.commitment), box)))
    room.reveal(of, "us")
    with pytest.raises(StateError):
        challenge(room.seen(), of, "us")
    room.release(of, "tr")
    room.release(of, "ir")
    found = lists(room.seen(), of, "us")
    assert found == {"us": tuple(sorted(LISTS["us"])), "ru": "the list of `ru` is not what was committed to"}
    with pytest.raises(StateError, match="committed to"):
        challenge(room.seen(), of, "ru")
    with pytest.raises(SubmissionError, match="committed to"):
        room.say(challenge(room.seen(), of, "ru", is_forced=True))  # the honest list is not given away
    room.say(challenge(room.seen(), of, "us"))
    assert (room.state(of), room.faults(of)) == (BROKEN, [("ru", "changed-list")])


class _Claims(Kept, frozen=True):
    """A list that says it has the commitment of another."""

    claimed: str = ""

    @property
    def commitment(self) -> str:
        """Of the other."""
        return self.claimed


def _claiming(kept: Kept, claimed: str) -> Kept:
    return _Claims(**{name: getattr(kept, name) for name in kept.__struct_fields__}, claimed=claimed)


def test_cheat_3_late(room: Room) -> None:
    """A second after the window the log refuses it; the close names who was bound."""
    of = room.open(by="ru")
    room.commit(of, "us")
    draft = commit(room.seen(), of, "ru", LISTS["ru"])[0]
    room.now += 200
    with pytest.raises(SubmissionError, match="late"):
        room.say(draft)
    room.close(of, "us")
    assert (room.state(of), room.faults(of)) == (DEFAULTED, [("ru", "no-commitment")])


def test_cheat_4_replay(room: Room) -> None:
    """An echo of the other's commitment, one's own list of an earlier exchange, the same entry once more."""
    first = room.to(OPENED)
    of = room.open()
    room.commit(of, "us")
    echoed = exchanges_of(room.case).all[of].commitments["us"]
    step = Step("commit", of, commitment=echoed.commitment, key=echoed.key, marks=dict(echoed.marks))
    with pytest.raises(SubmissionError, match="said before"):
        room.say(step_draft(step, "ru"))
    old = kept_of(room.seen().course.log, first, "ru")
    with pytest.raises(SubmissionError, match="said before"):
        room.say(
            step_draft(commitment_step(exchanges_of(room.case).all[of], msgspec.structs.replace(old, of=of)), "ru")
        )
    entry = room.case.entries()[exchanges_of(room.case).all[of].commitments["us"].index].entry
    with pytest.raises(ConflictError, match="stands in the log"):
        records.submit(room.case, entry.data, {}, lambda: room.now)
    one, salted = exchanges_of(room.case).all[of], msgspec.structs.replace(old, of=of, salt=b"s" * 32)
    room.say(step_draft(commitment_step(one, salted), "ru"))  # the old list, salted anew: it says where it is from
    room.reveal(of, "us")
    place = records.place_of(room.case, lambda: room.now)
    readers = {party: place.register.readers([party]) for party in (*SIDES, *HOLDERS)}
    room.say(Draft("exchange", None, "ru", boxed=boxed(one, salted, readers, keyring.random_bytes)))
    room.release(of, "tr")
    room.release(of, "un")
    assert "no list of this exchange" in str(lists(room.seen(), of, "us")["ru"])
    room.say(challenge(room.seen(), of, "us"))
    assert room.faults(of) == [("ru", "changed-list")]


def test_cheat_5_an_oversized_list(room: Room) -> None:
    """A box of any other length is refused, whatever is in it."""
    of = room.to(REVEALING)
    one, log = exchanges_of(room.case).all[of], room.seen().course.log
    place = records.place_of(room.case, lambda: room.now)
    readers = {party: place.register.readers([party]) for party in (*SIDES, *HOLDERS)}
    kept = kept_of(log, of, "ru")
    for data in (kept.data + HAMA.encode(), kept.data[:-15]):
        lying = _claiming(msgspec.structs.replace(kept, data=data), kept.commitment)
        with pytest.raises(SubmissionError, match="as every list here has"):
            room.say(Draft("exchange", None, "ru", boxed=boxed(one, lying, readers, keyring.random_bytes)))
    assert exchanges_of(room.case).all[of].reveals == {}


def test_cheat_6_wrong_keys(room: Room) -> None:
    """Sealed for one's own keys, or not for all: refused. Sealed wrongly under the right name: the holder says so."""
    of = room.to(REVEALING)
    one, log = exchanges_of(room.case).all[of], room.seen().course.log
    place = records.place_of(room.case, lambda: room.now)
    right = {party: place.register.readers([party]) for party in (*SIDES, *HOLDERS)}
    mine = keyring.new_key("nobody", "read")
    kept = kept_of(log, of, "ru")
    for readers in (
        {**right, "tr": {mine.id: mine.public}}, {**right, "us": {**right["us"], mine.id: mine.public}},
        {**right, "un": right["ir"]},
    ):  # fmt: skip
        with pytest.raises(SubmissionError, match="not sealed for the keys"):
            room.say(Draft("exchange", None, "ru", boxed=boxed(one, kept, readers, keyring.random_bytes)))
    with pytest.raises(VerificationError):  # signed by a key that is not known
        place.keys("ru", "")
        entry = place.signed(Draft("exchange", {"step": "refuse", "of": of}, "ru"))[0]
        records.submit(room.case, _resigned(entry), {}, lambda: room.now)
    wrong = {party: dict.fromkeys(keys, mine.public) if party in HOLDERS[:2] else keys for party, keys in right.items()}
    room.say(Draft("exchange", None, "ru", boxed=boxed(one, kept, wrong, keyring.random_bytes)))
    room.reveal(of, "us")
    assert checked(room.seen(), of, "tr")["ru"] != ""
    assert checked(room.seen(), of, "un") == {"us": "", "ru": ""}
    with pytest.raises(VerificationError):
        release(room.seen(), of, "tr")
    for holder in ("tr", "ir"):
        room.say(refuse(of, holder))
    assert (room.state(of), room.faults(of)) == (REFUSED, [("tr", "refusal"), ("ir", "refusal")])


def _resigned(entry: bytes) -> bytes:
    from truceline.record.entry import SigningKey, read_entry, sign

    return sign(read_entry(entry).payload, [SigningKey.of_seed(b"\x07" * 32)])


def test_cheat_7_two_commitments(room: Room) -> None:
    """The first stands, in one batch too."""
    of = room.open()
    one, log = exchanges_of(room.case).all[of], room.seen().course.log
    kept = [fixed(one, log, "us", cells, keyring.random_bytes) for cells in ((ALEPPO,), (HAMA,))]
    with pytest.raises(ConflictError, match="that one stands"):
        room.say(*(step_draft(commitment_step(one, each), "us") for each in kept))
    with pytest.raises(ConflictError, match="that one stands"):
        room.say(step_draft(commitment_step(one, kept[1]), "us"))
    assert exchanges_of(room.case).all[of].commitments["us"].commitment == kept[0].commitment


def test_cheat_8_denial(room: Room) -> None:
    """The key signed, so the record answers; a key that was revoked as of then leaves it contested."""
    of = room.to(RELEASING)
    mine = exchanges_of(room.case).all[of].commitments["ru"].index
    theirs = exchanges_of(room.case).all[of].commitments["us"].index
    with pytest.raises(SubmissionError, match="said by"):
        room.say(deny(of, "ru", theirs))
    room.say(deny(of, "ru", mine))
    assert (room.state(of), room.faults(of)) == (RELEASING, [("ru", "denial")])
    room.release(of, "tr")
    room.release(of, "ir")
    assert lists(room.seen(), of, "us")["ru"] == LISTS["ru"]
    key = room.case.entries()[theirs].entry.marks[0].keyid
    revoked = Draft("revocation", {"keyid": key, "party": "us", "since": theirs}, "us")
    place, countersigners = records.place_of(room.case, lambda: room.now), ("ru", "tr", "ir", "un")
    data = place.signed(revoked)[0]
    for party in countersigners:
        data = records.cosigned(place, data, party)
    records.submit(room.case, data, {}, lambda: room.now)
    made = keyring.key_set("us", version=1)
    from truceline.record.charter import plain

    data = records.place_of(room.case, lambda: room.now).signed(Draft("keyset", plain(made), "us"))[0]
    for party in countersigners:
        data = records.cosigned(records.place_of(room.case, lambda: room.now), data, party)
    records.submit(room.case, data, {}, lambda: room.now)
    room.say(deny(of, "us", theirs))
    assert room.faults(of) == [("ru", "denial"), ("us", "contested")]


def test_a_bad_share_is_named_and_a_lost_one_is_not_needed(room: Room) -> None:
    """The record says whose share is not the one of its mark; two others open both lists."""
    of = room.to(RELEASING)
    room.say(step_draft(Step(RELEASE, of, shares={"us": "1" * 64, "ru": "2" * 64}), "tr"))
    assert (room.state(of), room.faults(of)) == (RELEASING, [("tr", "bad-share")])
    room.release(of, "ir")
    room.release(of, "un")
    assert lists(room.seen(), of, "ru")["us"] == tuple(sorted(LISTS["us"]))


def test_a_finer_cell_inside_a_sealed_list_is_found_when_it_is_opened_and_never_shown(room: Room) -> None:
    """No host can look into a box: the other side's program does, refuses the whole list, and shows it to all."""
    of = room.open()
    room.commit(of, "us")
    one, log, fine = exchanges_of(room.case).all[of], room.seen().course.log, "892da963b07ffff"
    kept = fixed(one, log, "ru", [IDLIB], keyring.random_bytes)
    kept = msgspec.structs.replace(kept, data=kept.data.replace(IDLIB.encode(), fine.encode()))
    room.say(step_draft(commitment_step(one, kept), "ru"))
    room.reveal(of, "us")
    place = records.place_of(room.case, lambda: room.now)
    readers = {party: place.register.readers([party]) for party in (*SIDES, *HOLDERS)}
    room.say(Draft("exchange", None, "ru", boxed=boxed(one, kept, readers, keyring.random_bytes)))
    room.release(of, "tr")
    room.release(of, "un")
    found = lists(room.seen(), of, "us")
    assert "resolution 9" in str(found["ru"])
    assert fine not in str(found)
    room.say(challenge(room.seen(), of, "us"))
    assert (room.state(of), room.faults(of)) == (BROKEN, [("ru", "changed-list")])


def test_a_list_without_its_box_is_refused_and_the_log_goes_on(room: Room) -> None:
    """Nor is one taken whose box is no box, or is a mile long; whoever tries it stops nobody else."""
    of = room.to(REVEALING)
    place = records.place_of(room.case, lambda: room.now)
    data, beside = place.signed(reveal(room.seen(), of, "us", place))
    for wrong in (
        {},
        dict.fromkeys(beside, b"{"),
        dict.fromkeys(beside, b" " * (2 << 20)),
        dict.fromkeys(beside, b"\xff"),
    ):
        with pytest.raises(SubmissionError):
            records.submit(room.case, data, wrong, lambda: room.now)
    room.reveal(of, "ru")
    records.submit(room.case, data, beside, lambda: room.now)
    assert room.state(of) == RELEASING


def test_what_was_refused_later_on_is_not_reckoned_with(room: Room) -> None:
    """A commitment that was asked about and not taken leaves its place to another entry, and can come after it."""
    of = room.open()
    one, log = exchanges_of(room.case).all[of], room.seen().course.log
    place = records.place_of(room.case, lambda: room.now)
    data = place.signed(step_draft(commitment_step(one, fixed(one, log, "us", [ALEPPO], keyring.random_bytes)), "us"))[
        0
    ]
    other = place.signed(Draft("allegation", {"text": "shelling"}, "ru"))[0]
    before = len(room.case.entries())
    with room.case.store.writer():
        gate = Gate(room.case, room.case.charter(), lambda: room.now)
        writing = room.case.writing(keys_of(room.case.charter()), lambda: room.now, gate.check)
        gate.check(read_entry(data), writing.register, {})
        answers = writing.append([Submission(other), Submission(data)])
    room.case.index(before)
    assert [type(answer) for answer in answers] == [Taken, Taken]
    assert set(exchanges_of(room.case).all[of].commitments) == {"us"}


def test_a_host_that_lets_in_what_it_should_refuse_changes_nothing(room: Room) -> None:
    """Late, twice, by a stranger, a list that was not fixed, shares before their time: without effect, and named."""
    of = room.open()
    one, log = exchanges_of(room.case).all[of], room.seen().course.log
    room.commit(of, "us")
    twice, late = (fixed(one, log, side, [HAMA], keyring.random_bytes) for side in SIDES)
    before = len(room.case.entries())
    place = records.place_of(room.case, lambda: room.now)
    readers = {party: place.register.readers([party]) for party in (*SIDES, *HOLDERS)}
    wrong = [
        step_draft(commitment_step(one, twice), "us"), step_draft(commitment_step(one, twice), "tr"),
        Draft("exchange", None, "us", boxed=boxed(one, twice, readers, keyring.random_bytes)),
        step_draft(Step(RELEASE, of, shares=dict.fromkeys(SIDES, "a" * 64)), "ir"),
        step_draft(Step("close", of, window="committing"), "desk"),
        Draft("exchange", {"nothing": 1}, "un"),
        step_draft(Step("close", of, window="committing", times=(Dated(1, ("x", "y"), "near"),)), "desk"),
        step_draft(Step("challenge", of, against="us", secret="x"), "ru"),  # noqa: S106  # no password
    ]  # fmt: skip
    with room.case.store.writer():
        writing = room.case.writing(keys_of(room.case.charter()), lambda: room.now)
        for draft in wrong:
            here = records.Place(writing.register, writing.checkpoint(), lambda: room.now, None, is_demo=False)
            data, beside = here.signed(draft)
            (answer,) = writing.append([Submission(data, beside)])
            assert isinstance(answer, Taken)
        room.now += 150
        here = records.Place(writing.register, writing.checkpoint(), lambda: room.now, None, is_demo=False)
        (answer,) = writing.append([Submission(here.signed(step_draft(commitment_step(one, late), "ru"))[0])])
        assert isinstance(answer, Taken)
    room.case.index(before)
    course = exchanges_of(room.case)
    assert sorted(course.ignored) == list(range(before, before + 9))
    words = ["that one stands", "is for", "changed", "not for", "window ends", "body", *["hexadecimal"] * 2, "late"]
    assert [word for word, why in zip(words, course.ignored.values(), strict=True) if word not in why] == []
    assert (course.all[of].state, set(course.all[of].commitments)) == ("committing", {"us"})


# -- who sees what, and what is destroyed ------------------------------------------------------------------------------


def test_what_is_shown_is_how_far_it_has_come_and_to_whom_it_is_for(room: Room) -> None:
    """A party that is not named, the public, a monitor: nothing; no cell to anybody."""
    of = room.to(OPENED)
    for viewer in (
        Viewer("a", "secretariat"),
        Viewer("a", "mediator"),
        Viewer("a", "party", "us"),
        Viewer("a", "party", "tr"),
    ):
        (shown,) = exchanges_shown(room.case, viewer)
        assert (shown["exchange"], shown["state"], shown["missing"]) == (of, OPENED, [])
        assert not any(cell in repr(shown) for cells in LISTS.values() for cell in cells)
    for viewer in (
        Viewer(),
        Viewer("a", "monitor", "un"),
        Viewer("a", "party", "gov"),
        Viewer("a", "party"),
        Viewer("a", "intake"),
    ):
        assert exchanges_shown(room.case, viewer) == []
    waiting = room.open()
    (shown,) = exchanges_shown(room.case, Viewer("a", "party", "ru"), after=of)
    assert (shown["exchange"], shown["due"], shown["missing"]) == (waiting, "close", ["us", "ru"])


def _destroy(room: Room, index: int, party: str) -> None:
    """The desk and a party destroy a list."""
    sealed = room.case.entries()[index].statement.sealed
    assert sealed is not None
    place = records.place_of(room.case, lambda: room.now)
    body = {"commitment": sealed.commitment, "index": index, "reason": "over"}
    data = place.signed(Draft(SHREDDING, body, "desk"))[0]
    records.submit(room.case, records.cosigned(place, data, party), {}, lambda: room.now)


def test_a_list_that_is_destroyed_is_gone_for_all_and_the_record_holds(room: Room) -> None:
    """As every sealed body: box, wraps and salt at once; the shares on the record open nothing any more."""
    of = room.to(OPENED)
    index = exchanges_of(room.case).all[of].reveals["us"]
    said = challenge(room.seen(), of, "ru", is_forced=True)
    _destroy(room, index, "us")
    found = lists(room.seen(), of, "ru")
    assert "not here" in str(found["us"])
    assert found["ru"] == LISTS["ru"]
    assert room.state(of) == OPENED
    with pytest.raises(SubmissionError, match="not at hand"):  # that a list is gone does not show that it was changed
        room.say(said)
    assert (room.state(of), room.faults(of)) == (OPENED, [])


def test_what_was_shown_of_a_list_stands_when_the_list_is_destroyed(room: Room) -> None:
    """A challenge was held against the box when it was taken; who reads the record later has no box to look at."""
    of = room.to(REVEALING)
    one, log = exchanges_of(room.case).all[of], room.seen().course.log
    place = records.place_of(room.case, lambda: room.now)
    readers = {party: place.register.readers([party]) for party in (*SIDES, *HOLDERS)}
    kept = kept_of(log, of, "ru")
    lying = msgspec.structs.replace(kept, data=fixed(one, log, "ru", [HAMA], keyring.random_bytes).data)
    sealed, box = boxed(one, _claiming(lying, kept.commitment), readers, keyring.random_bytes)
    index = room.say(
        Draft("exchange", None, "ru", boxed=(msgspec.structs.replace(sealed, commitment=kept.commitment), box))
    )
    room.reveal(of, "us")
    room.release(of, "tr")
    room.release(of, "un")
    room.say(challenge(room.seen(), of, "us"))
    _destroy(room, index, "ru")
    assert exchanges_of(room.case, len(room.case.entries())).all[of].state == BROKEN


def test_a_challenge_in_one_batch_with_the_list_waits_for_it(room: Room) -> None:
    """The case does not show the box yet: it is refused, and what comes before it stands."""
    of = room.to(REVEALING)
    room.reveal(of, "us")
    place = records.place_of(room.case, lambda: room.now)
    kept = kept_of(room.seen().course.log, of, "ru")
    drafts = [reveal(room.seen(), of, "ru", place)]
    one = exchanges_of(room.case).all[of]
    drafts += [step_draft(Step("challenge", of, against="ru", secret=kept.inner.hex()), "us")]
    assert one.reveals.keys() == {"us"}
    with pytest.raises(SubmissionError):
        room.say(*drafts)
    assert room.state(of) == RELEASING


def test_nobody_takes_part_who_has_no_keys_or_is_no_actor(room: Room) -> None:
    """A list could not be sealed for it."""
    for more in ({"sides": ("us", "gov")}, {"guarantors": ("tr", "ir", "nobody")}, {"about": "nobody"}):
        with pytest.raises(SubmissionError):
            room.open(**more)
    assert room.open(about="isil")


def test_reading_again_from_the_first_entry_gives_the_same(room: Room) -> None:
    """What was kept up with entry by entry is what a reader of the whole record finds, at every size."""
    of = room.to(OPENED)
    whole = exchanges_of(room.case)
    again = exchanges_of(room.case, len(room.case.entries()))
    assert again.all == whole.all
    states = [
        one.state
        for n in range(of + 1, len(room.case.entries()) + 1)
        if (one := exchanges_of(room.case, n).all.get(of))
    ]
    assert [state for i, state in enumerate(states) if state not in states[:i]] == [
        "committing", "revealing", "releasing", "opened",
    ]  # fmt: skip
