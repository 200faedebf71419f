"""A second person: what waits for one, who may be one, and what becomes of what waits."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.web.crowd import actors, crowd
from truceline.desk import accounts, approvals, audits, keyring, records
from truceline.desk.settings import Settings
from truceline.desk.viewers import PUBLIC, Viewer
from truceline.errors import AccessError, ConfirmError, ConflictError, InputError, StoreError, SubmissionError
from truceline.group import ROLES
from truceline.store.case import Case
from truceline.store.state import State, open_state
from truceline.store.state import accounts as kept
from truceline.store.state import approvals as rows
from truceline.store.state.approvals import Held

NOW = 1_800_000_000
LATER = NOW + 300
SETTINGS, NUMBER = Settings(), count(1)


class Set(NamedTuple):
    """A case with a statement that waits for a second person."""

    case: Case
    state: State
    entry: bytes
    party: str
    first: str


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, str, bytes]:
    """A case, the party that joins it, and the signed change of keys by which it does."""
    folder = tmp_path_factory.mktemp("approvals")
    first, second, third = actors(3)
    case, _ = crowd(folder / "case", 2)
    keyring.key_set(third)
    _, data = records.change_keys(case, third, is_kept_back=True)
    assert isinstance(data, bytes)
    assert second
    return case, third, records.cosign_entry(case, data, first)


@pytest.fixture
def ready(founded: tuple[Case, str, bytes], tmp_path: Path) -> Iterator[Set]:
    """The case with a memory of its own."""
    case, party, entry = founded
    with closing(open_state(tmp_path)) as state:
        yield Set(case, state, entry, party, actors(1)[0])


def person(account: str, role: str, party: str = "", fresh: int = LATER) -> Viewer:
    """Somebody whose passkey was used just now."""
    return Viewer(account, role, party, fresh)


def held(ready: Set, viewer: Viewer | None = None, now: int = NOW, entry: bytes = b"") -> Held:
    """The statement, held."""
    return approvals.hold(
        ready.state, SETTINGS, viewer or person("a-1", "party", ready.party), now, entry=entry or ready.entry,
        files={"ab": b"file"}, register=ready.case.register(),
    )  # fmt: skip


def test_a_list_shows_what_waits_and_the_last_of_the_rest(ready: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without their bytes, which a list shows nobody; what waits comes before what is over, however much that is."""
    monkeypatch.setattr(rows, "MOST_LISTED", 3)
    first = held(ready)
    for n in range(5):
        one = Held(f"h-{n}", bytes([n]) * 32, "keyset", b"bytes", (ready.party,), "a-2", NOW + n, LATER, state="taken")
        rows.hold(ready.state, one)
    found = approvals.listed(ready.state, person("s", "secretariat"), NOW + 9)
    assert [one.id for one in found] == [first.id, "h-3", "h-4"]
    assert {one.entry for one in found} == {b""}
    assert [one.id for one in rows.listed(ready.state, account="a-1", only="waiting")] == [first.id]
    assert approvals.found(ready.state, person("s", "secretariat"), first.id, NOW).entry == ready.entry


def let_in(state: State, by: Viewer, role: str = "secretariat", party: str = "") -> Viewer:
    """Somebody of a new account, who used an invitation of `by`."""
    made = accounts.add(state, by, NOW, role, f"desk {next(NUMBER)}", party=party, actors={party})
    code = accounts.code_hash(accounts.invite(state, by, NOW, made.id, lasts_s=100))
    own = made.id.encode()
    assert kept.enrol(state, code, passkey_id=own, public=b"k", count=0, now=NOW) == made
    return person(made.id, role, party)


def test_one_person_is_not_two(ready: Set) -> None:
    """Attack: who may give invitations uses them, for accounts beside the own one, or for one of a party."""
    state = ready.state
    desk, other = let_in(state, audits.HOST), let_in(state, audits.HOST)
    beside, another = let_in(state, desk), let_in(state, desk)
    further, party = let_in(state, beside), let_in(state, desk, "party", ready.party)
    for submits, approves in (
        (desk, beside), (beside, desk), (desk, party), (party, desk), (beside, another), (desk, further),
        (further, another), (party, further),
    ):  # fmt: skip
        one = held(ready, submits)
        with pytest.raises(SubmissionError, match="let in"):
            approvals.approve(state, approves, NOW, one.id, Record())
        approvals.refuse(state, submits, NOW, one.id, "")
    one = held(ready, further)
    assert approvals.approve(state, other, NOW, one.id, Record()).state == "taken"


def test_what_is_over_is_forgotten_after_a_year(ready: Set) -> None:
    """The memory does not grow for ever; what waits, and what the record was about to take, stays."""
    for n, state in enumerate(("taken", "refused", "expired", "failed", "approved", "waiting")):
        rows.hold(ready.state, Held(
            f"h-{n}", bytes([n]) * 32, "keyset", b"", (ready.party,), "a", NOW, LATER + 9**9, state=state,
            decided_at=NOW,
        ))  # fmt: skip
    assert approvals.forget_old(ready.state, NOW + approvals.KEPT_S) == 0
    assert approvals.forget_old(ready.state, NOW + approvals.KEPT_S + 1) == 4
    assert sorted(one.state for one in rows.listed(ready.state)) == ["approved", "waiting"]


def test_an_invitation_that_nobody_used_ties_nobody(ready: Set) -> None:
    """Who was let in by the host and is offered a new passkey by somebody is still who it was."""
    state = ready.state
    desk, other = let_in(state, audits.HOST), let_in(state, audits.HOST)
    accounts.invite(state, desk, NOW, other.account, lasts_s=100)
    assert approvals.approve(state, other, NOW, held(ready, desk).id, Record()).state == "taken"


class Record:
    """Takes what is handed to it, or refuses."""

    def __init__(self, error: Exception | None = None) -> None:
        """`error` is raised instead."""
        self.taken: list[tuple[bytes, Mapping[str, bytes]]] = []
        self.error = error

    def __call__(self, entry: bytes, files: Mapping[str, bytes]) -> int:
        """Take it."""
        if self.error is not None:
            raise self.error
        self.taken.append((entry, dict(files)))
        return 7


@pytest.mark.parametrize(("kind", "expected"), [
    ("amendment", True), ("keyset", True), ("revocation", True), ("shredding", True), ("agreement", False),
    ("allegation", False), ("finding", False), ("publication", False), ("", False),
])  # fmt: skip
def test_what_cannot_be_taken_back_wants_two(kind: str, expected: bool) -> None:
    """Text, keys, and what is destroyed."""
    assert approvals.needs_second(kind) is expected


def test_it_is_taken_byte_by_byte(ready: Set) -> None:
    """Nothing that a second person does changes what was signed."""
    one, record = held(ready), Record()
    done = approvals.approve(ready.state, person("a-2", "secretariat"), NOW + 1, one.id, record)
    assert record.taken == [(ready.entry, {"ab": b"file"})]
    assert (done.state, done.index, done.decided_by, done.entry) == ("taken", 7, "a-2", ready.entry)
    assert [(row["account"], row["action"], row["about"]) for row in audits.every(ready.state)] == [
        ("a-1", "hold", one.id), ("a-2", "approve", one.id)
    ]  # fmt: skip


def test_who_signed_is_read_off_the_signatures(ready: Set) -> None:
    """The party whose statement it is, and the one that countersigned."""
    assert set(held(ready).parties) == {ready.party, ready.first}


@pytest.mark.parametrize("viewer", [
    PUBLIC, *(person("a-9", role) for role in ROLES if role not in ("secretariat", "party")),
    person("a-9", "party", "somebody-else"), person("a-9", "monitor", "THE PARTY"), person("a-9", "party"),
    Viewer("a-9", "secretariat", "", LATER, is_machine=True),
    Viewer("a-9", "party", "THE PARTY", LATER, is_machine=True),
])  # fmt: skip
def test_nobody_else_approves_refuses_or_sees_it(ready: Set, viewer: Viewer) -> None:
    """Neither other parties nor other roles nor any program: for them there is nothing."""
    one = held(ready)
    asks = viewer if viewer.party != "THE PARTY" else Viewer(
        viewer.account, viewer.role, ready.party, viewer.fresh_until, viewer.is_machine
    )  # fmt: skip
    assert approvals.listed(ready.state, asks, NOW) == []
    tried: list[Callable[[], object]] = [
        lambda: approvals.found(ready.state, asks, one.id, NOW),
        lambda: approvals.approve(ready.state, asks, NOW, one.id, Record()),
        lambda: approvals.refuse(ready.state, asks, NOW, one.id, ""),
        lambda: approvals.found(ready.state, asks, "h-0000000000000000", NOW),
    ]
    for ask in tried:
        with pytest.raises(AccessError, match="not for whoever asks"):
            ask()


@pytest.mark.parametrize("role", ["secretariat", "joining", "countersigning"])
def test_the_secretariat_and_those_who_signed_may_approve(ready: Set, role: str) -> None:
    """Each with another account than the one that submitted it."""
    viewer = {
        "secretariat": person("a-2", "secretariat"), "joining": person("a-2", "party", ready.party),
        "countersigning": person("a-2", "party", ready.first),
    }[role]  # fmt: skip
    one = held(ready)
    assert [held_.id for held_ in approvals.listed(ready.state, viewer, NOW)] == [one.id]
    assert approvals.approve(ready.state, viewer, NOW, one.id, Record()).state == "taken"


def test_nobody_is_a_second_person_for_oneself(ready: Set) -> None:
    """Not even the secretariat; but what is one's own can be taken back."""
    for viewer in (person("a-1", "party", ready.party), person("a-1", "secretariat")):
        one, record = held(ready, viewer), Record()
        with pytest.raises(SubmissionError, match="another account"):
            approvals.approve(ready.state, viewer, NOW, one.id, record)
        assert record.taken == []
        assert approvals.refuse(ready.state, viewer, NOW, one.id, "mistaken").state == "refused"


def test_both_have_used_a_passkey_just_now(ready: Set) -> None:
    """Who submits, and who approves; a session that was left open does neither."""
    with pytest.raises(ConfirmError):
        held(ready, person("a-1", "party", ready.party, fresh=NOW))
    with pytest.raises(ConfirmError):
        held(ready, Viewer("a-1", "party", ready.party, LATER, is_machine=True))
    one = held(ready)
    with pytest.raises(ConfirmError):
        approvals.approve(ready.state, person("a-2", "secretariat", fresh=NOW), NOW, one.id, Record())
    assert approvals.found(ready.state, person("a-2", "secretariat"), one.id, NOW).state == "waiting"


def test_it_is_decided_once(ready: Set) -> None:
    """What was decided stays so, whoever comes later."""
    desk = person("a-2", "secretariat")
    one = held(ready)
    assert approvals.refuse(ready.state, desk, NOW, one.id, "not as agreed").note == "not as agreed"
    with pytest.raises(ConflictError, match="it is refused: expected one that is waiting"):
        approvals.approve(ready.state, desk, NOW, one.id, Record())
    with pytest.raises(ConflictError):
        approvals.refuse(ready.state, desk, NOW, one.id, "")
    again = held(ready)
    assert again.id != one.id, "what was refused may be submitted again"


def test_the_same_statement_waits_once(ready: Set) -> None:
    """Sent again because the answer was lost: it is the one that waits."""
    assert held(ready).id == held(ready, now=NOW + 5).id


def test_what_nobody_approves_is_dropped(ready: Set) -> None:
    """After its time, with a note, and with its files."""
    desk, one = person("a-2", "secretariat", fresh=NOW * 2), held(ready)
    end = NOW + SETTINGS.approval_s
    assert approvals.found(ready.state, desk, one.id, end - 1).state == "waiting"
    record = Record()
    with pytest.raises(ConflictError, match="it is expired"):
        approvals.approve(ready.state, desk, end, one.id, record)
    found = approvals.found(ready.state, desk, one.id, end)
    assert (found.state, found.note, found.files, record.taken) == ("expired", "nobody approved it in time", {}, [])
    rows = [(row["role"], row["action"]) for row in audits.every(ready.state)]
    assert rows == [("party", "hold"), ("host", "expire")]


def test_what_the_record_refuses_is_told_and_over(ready: Set) -> None:
    """Something came before it, or its keys were revoked meanwhile."""
    desk, one = person("a-2", "secretariat"), held(ready)
    with pytest.raises(ConflictError, match="expected 5"):
        approvals.approve(ready.state, desk, NOW, one.id, Record(ConflictError("sequence: expected 5")))
    found = approvals.found(ready.state, desk, one.id, NOW)
    assert (found.state, found.note, found.index) == ("failed", "sequence: expected 5", -1)


def test_a_record_out_of_reach_costs_nothing(ready: Set) -> None:
    """It waits on, and may be approved again."""
    desk, one = person("a-2", "secretariat"), held(ready)
    with pytest.raises(StoreError):
        approvals.approve(ready.state, desk, NOW, one.id, Record(StoreError("the disk is full")))
    assert approvals.found(ready.state, desk, one.id, NOW).state == "waiting"
    assert approvals.approve(ready.state, desk, NOW, one.id, Record()).state == "taken"


def test_what_a_death_left_half_done_is_done_again(ready: Set) -> None:
    """The service died between the approval and the answer of the record: after a minute it may be approved again."""
    desk, one = person("a-2", "secretariat"), held(ready)
    with pytest.raises(KeyboardInterrupt):
        approvals.approve(ready.state, desk, NOW, one.id, Record(KeyboardInterrupt()))  # type: ignore[arg-type]  # no error
    with pytest.raises(ConflictError, match="it is approved"):
        approvals.approve(ready.state, desk, NOW + approvals.STUCK_S - 1, one.id, Record())
    assert approvals.approve(ready.state, desk, NOW + approvals.STUCK_S, one.id, Record()).state == "taken"


def test_one_account_does_not_fill_the_list(ready: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many at once; others are not stopped by that."""
    monkeypatch.setattr(approvals, "MOST_WAITING", 1)
    held(ready)
    _, data = records.change_keys(ready.case, ready.first, is_kept_back=True)
    assert isinstance(data, bytes)
    with pytest.raises(InputError, match="at most 1 statements"):
        held(ready, entry=data)
    assert held(ready).state == "waiting", "the same one is no other one"
    assert held(ready, person("a-3", "party", ready.first), entry=data).state == "waiting"


def test_what_is_no_statement_does_not_wait(ready: Set) -> None:
    """Bytes that no record would read."""
    with pytest.raises(SubmissionError):
        held(ready, entry=b"{}")


def test_the_whole_of_it_is_shown_to_who_approves(ready: Set) -> None:
    """The bytes, what they say, and the files: what is approved is what was signed."""
    one = held(ready)
    shown = approvals.shown(approvals.found(ready.state, person("a-2", "secretariat"), one.id, NOW), is_whole=True)
    assert base64.b64decode(shown["entry"]) == ready.entry
    assert shown["statement"]["type"] == shown["type"] == "keyset"
    assert base64.b64decode(shown["files"]["ab"]) == b"file"
    assert "entry" not in approvals.shown(one)
