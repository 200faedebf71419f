"""Statements over HTTP: taken once, byte for byte as they were signed; a receipt, or what is expected now."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.evidence.bench import SHIPPED
from tests.web.asking import Client
from tests.web.conftest import WIDE
from tests.web.crowd import Member, members
from truceline.canon import sha256
from truceline.desk import charters, keyring, records
from truceline.desk.cases import init_case
from truceline.desk.records import Draft
from truceline.desk.service import Service
from truceline.desk.viewers import PUBLIC, Viewer
from truceline.errors import AWAY, LaterError, StoreError, TrucelineError
from truceline.record.entry import SCHEMA, Cited, Statement, blob_of, sign, written
from truceline.record.note import Verifier
from truceline.record.receipt import open_receipt
from truceline.record.tree import leaf_hash
from truceline.store.case import Case
from truceline.web.app import make_app
from truceline.web.problems import FAULT
from truceline.web.routes import statements

US, RU = Viewer("a-us", "party", "us"), Viewer("a-ru", "party", "ru")
DESK, UN = Viewer("a-desk", "secretariat"), Viewer("a-un", "monitor", "un")
OCTETS = {"Content-Type": "application/octet-stream"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Member]]]:
    """A case of desk, us, ru and un, and those who sign in it."""
    folder = tmp_path_factory.mktemp("statements")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUCELINE_CONFIG", str(folder / "config"))
        sets = [keyring.key_set(party) for party in ("us", "ru", "un")]
        case = init_case(folder / "case", SHIPPED / "agreement.yaml", charters.new_charter("statements", parties=sets))
        found = {one.party: one for one in members(case)}
        case.close()
        yield folder / "case", found


@pytest.fixture(scope="module")
def served(made: tuple[Path, dict[str, Member]]) -> Iterator[Service]:
    """A service over it, at work."""
    with Service.open(str(made[0]), WIDE) as opened:
        yield opened


@pytest.fixture(scope="module")
def asking(served: Service) -> Iterator[Client]:
    """Somebody who asks it."""
    client = Client(make_app(served))
    yield client
    client.close()


@pytest.fixture
def member(made: tuple[Path, dict[str, Member]], served: Service) -> dict[str, Member]:
    """Those who sign, each where its sequence stands now."""
    for party, one in made[1].items():
        line = served.case.register().lines.get(party)
        one.sequence, one.previous = (line.next, line.previous) if line else (0, "")
    return made[1]


def handed(asking: Client, viewer: Viewer, data: bytes, **more: Any) -> httpx.Response:  # noqa: ANN401  # of httpx
    """Hand in a statement as somebody."""
    with asking.seen_as(viewer):
        return asking.post("/api/v1/statements", **(more or {"content": data, "headers": OCTETS}))


def log_of(case: Case) -> Verifier:
    """The verifier of its log."""
    return Verifier.parse(case.charter().log)


# -- one ---------------------------------------------------------------------------------------------------------------


def test_a_statement_is_taken_and_its_receipt_holds(asking: Client, served: Service, member: dict[str, Member]) -> None:
    """201, where it stands, and the promise of the log for these very bytes."""
    data = member["us"].says("a convoy was shelled")
    answer = handed(asking, US, data)
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert answer.headers["location"] == f"/api/v1/record/entries/{shown['entry']}"
    assert shown["leaf"] == leaf_hash(data).hex()
    index, promised = open_receipt(shown["receipt"].encode(), leaf_hash(data), log_of(served.case))
    assert (index, promised.deadline - promised.promised) == (shown["entry"], 60)
    assert served.case.entries()[index].entry.data == data


def test_the_same_bytes_are_taken_once_and_get_the_same_receipt(
    asking: Client, served: Service, member: dict[str, Member]
) -> None:
    """An answer that was lost on the way is asked for again: also when others spoke meanwhile, and after a restart."""
    data = member["us"].says("said once")
    first = handed(asking, US, data)
    handed(asking, RU, member["ru"].says("said meanwhile"))
    again = handed(asking, US, data)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    with asking.seen_as(US):
        asked = asking.get(f"/api/v1/receipts/{first.json()['leaf']}")
    assert asked.json() == first.json()


def test_two_at_once_with_the_same_bytes_get_one_entry(
    asking: Client, served: Service, member: dict[str, Member]
) -> None:
    """An impatient client is no reason for two entries, or for none."""
    data, size = member["us"].says("sent twice at once"), len(served.case.entries())
    with ThreadPoolExecutor(2) as pool, asking.seen_as(US):
        answers = list(pool.map(lambda _: asking.post("/api/v1/statements", content=data, headers=OCTETS), range(2)))
    assert sorted(one.status_code for one in answers) == [200, 201]
    assert len({one.json()["receipt"] for one in answers}) == 1
    assert len(served.case.entries()) == size + 1


def test_who_comes_second_is_told_what_is_expected_now(
    asking: Client, served: Service, member: dict[str, Member]
) -> None:
    """Two people of one party sign the same number: the second loses nothing, it signs again."""
    one = member["us"]
    number, previous = one.sequence, one.previous
    first = one.says("from the capital")
    one.sequence, one.previous = number, previous
    second = one.says("from the field")
    assert handed(asking, US, first).status_code == 201
    answer = handed(asking, US, second)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")
    expected = answer.json()["expected"]
    assert (expected["next"], expected["previous"]) == (number + 1, leaf_hash(first).hex())
    one.sequence, one.previous = expected["next"], expected["previous"]
    assert handed(asking, US, one.says("from the field")).status_code == 201


def test_a_statement_under_a_text_that_is_gone_is_a_conflict(asking: Client, member: dict[str, Member]) -> None:
    """It was right when it was signed; what is in force now is said."""
    one = member["us"]
    under, one.under = one.under, "0" * 64
    answer = handed(asking, US, one.says("under another text"))
    one.under = under
    assert (answer.status_code, answer.json()["expected"]["under"]) == (409, under)


def test_nobody_hands_in_what_another_party_says(asking: Client, served: Service, member: dict[str, Member]) -> None:
    """Also with its signature: only its own people do, and the secretariat for anybody."""
    data = member["ru"].says("said by ru")
    missing = handed(asking, PUBLIC, data)
    for viewer in (US, UN, Viewer("x", "mirror"), Viewer("x", "mediator"), Viewer("x", "party"), PUBLIC):
        answer = handed(asking, viewer, data)
        assert (answer.status_code, answer.content) == (404, missing.content), viewer
    assert handed(asking, DESK, data).status_code == 201


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff" * 100, b"{" * 5_000, b'{"payload":""}'])
def test_what_is_no_statement_is_refused(asking: Client, data: bytes) -> None:
    """One line that says so, whatever it was."""
    answer = handed(asking, US, data)
    assert answer.status_code == 422
    assert len(answer.json()["detail"]) < 300


def test_a_statement_that_is_too_long_is_refused(asking: Client, member: dict[str, Member]) -> None:
    """A tile of entries knows no longer one."""
    answer = handed(asking, US, member["us"].says("x" * 70_000))
    assert (answer.status_code, answer.json()["detail"][:6]) == (422, "entry:")


def test_a_forged_signature_is_refused_and_costs_the_party_nothing(asking: Client, member: dict[str, Member]) -> None:
    """Its number is free still."""
    one, other = member["us"], member["ru"]
    number, previous, key = one.sequence, one.previous, one.key
    one.key = other.key
    assert handed(asking, US, one.says("forged")).status_code == 422
    one.key, one.sequence, one.previous = key, number, previous
    assert handed(asking, US, one.says("own")).status_code == 201


# -- with files --------------------------------------------------------------------------------------------------------


def with_file(one: Member, content: bytes) -> bytes:
    """Its next statement, which names a file."""
    said = Statement(
        (blob_of("letter.txt", content),), {"text": "see the letter"}, one.party, Cited(), None, one.origin,
        one.previous, SCHEMA, None, one.sequence, "allegation", one.under,
    )  # fmt: skip
    return sign(written(said), [one.key])


def test_files_come_with_the_statement_that_names_them(
    asking: Client, served: Service, member: dict[str, Member]
) -> None:
    """One form: the entry, and each file; what the fields are called by their sender does not matter."""
    content = b"a letter, as it was received"
    data = with_file(member["us"], content)
    parts = [("entry", ("../../etc", data)), ("file", ("x", content)), ("file", ("y", b"not named by it"))]
    answer = handed(asking, US, b"", files=parts)
    assert answer.status_code == 201, answer.text
    assert served.case.store.blob(sha256(content)) == content
    assert not served.case.store.has_blob(sha256(b"not named by it"))


def test_whether_a_file_lies_here_already_cannot_be_tested_by_naming_it(
    asking: Client, served: Service, member: dict[str, Member]
) -> None:
    """A seized letter that is named without being handed over is refused, held or not held, with the same words."""
    known = b"a letter, as it was received"
    answers = []
    for content in (known, b"a letter that nobody ever sent"):
        answer = handed(asking, US, with_file(member["us"], content))
        answers.append((answer.status_code, answer.json()["detail"].replace(sha256(content)[:12], "-")))
    assert served.case.store.has_blob(sha256(known))
    assert set(answers) == {(422, "file -: named by the entry and not handed over")}


def test_a_sealed_statement_comes_with_its_box(asking: Client, served: Service) -> None:
    """The service gives it to those whom it was sealed for, and cannot read it."""
    data, beside = records.prepare(served.case, Draft("allegation", {"text": "for ru"}, "us", readers=("ru",)))
    answer = handed(asking, US, b"", files=[("entry", data), *(("file", one) for one in beside.values())])
    assert answer.status_code == 201, answer.text
    with asking.seen_as(RU):
        box = asking.get(f"/api/v1/record/entries/{answer.json()['entry']}/box")
    assert box.content in beside.values()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422), (b"--b\r\n", 422), (b"no form at all", 400),
        (b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n', 422),
        (b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n', 422),
        (b'--b\r\nContent-Disposition: form-data; name="entry"\r\n\r\nx\r\n' * 2 + b"--b--\r\n", 422),
        (b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n' * 70 + b"--b--\r\n", 422),
    ],
)  # fmt: skip
def test_a_form_of_something_else_is_refused(asking: Client, content: bytes, status: int) -> None:
    """No field is passed over in silence."""
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert handed(asking, US, b"", content=content, headers=headers).status_code == status


# -- what needs a second person ----------------------------------------------------------------------------------------


def revocation(case: Case) -> bytes:
    """Ru gives up its key as of now: signed by its root, countersigned by the others."""
    keyid = next(key.id for key in case.register().sets["ru"].keys if key.use == "sign")
    body = {"keyid": keyid, "party": "ru", "since": len(case.entries())}
    data, _ = records.prepare(case, Draft("revocation", body, "ru"))
    return records.cosign_entry(case, records.cosign_entry(case, data, "us"), "un")


def test_a_change_of_keys_waits_for_a_second_person(asking: Client, served: Service) -> None:
    """A passkey used just now, or 403; then it is held, and not in the record; what it is not, is refused at once."""
    size, data = len(served.case.entries()), revocation(served.case)
    assert handed(asking, RU, data).status_code == 403
    fresh = Viewer("a-ru", "party", "ru", fresh_until=served.now() + 100)
    answer = handed(asking, fresh, data)
    assert answer.status_code == 202, answer.text
    held = answer.json()["held"]
    assert answer.headers["location"] == f"/api/v1/approvals/{held}"
    assert handed(asking, fresh, data).json()["held"] == held
    assert len(served.case.entries()) == size
    alone, _ = records.prepare(served.case, Draft("revocation", {"keyid": "0" * 16, "party": "ru", "since": 1}, "ru"))
    assert handed(asking, fresh, alone).status_code == 422


def test_what_was_approved_is_in_the_record_and_is_taken_once(asking: Client, served: Service) -> None:
    """The bytes that were held are the bytes that are taken; handed in once more, they get their receipt."""
    data = revocation(served.case)
    fresh = Viewer("a-ru", "party", "ru", fresh_until=served.now() + 100)
    held = handed(asking, fresh, data).json()["held"]
    second = Viewer("a-desk", "secretariat", fresh_until=served.now() + 100)
    with asking.seen_as(second):
        approved = asking.post(f"/api/v1/approvals/{held}/approve")
    assert approved.status_code == 200, approved.text
    index = approved.json()["index"]
    assert served.case.entries()[index].entry.data == data
    answer = handed(asking, fresh, data)
    assert (answer.status_code, answer.json()["entry"]) == (200, index)


# -- batches and receipts ----------------------------------------------------------------------------------------------


def batch_of(*entries: bytes) -> bytes:
    """Entries, each after its length."""
    return b"".join(len(one).to_bytes(2, "big") + one for one in entries)


def test_a_queue_is_handed_in_at_once_and_answered_one_by_one(asking: Client, member: dict[str, Member]) -> None:
    """A party that was off the line for a day sends what it signed; what does not fit says so, the others stand."""
    one = member["us"]
    entries = [one.says(f"number {i}") for i in range(20)]
    foreign = member["un"].says("by somebody else")
    with asking.seen_as(US):
        answer = asking.post("/api/v1/statements/batch", content=batch_of(*entries, foreign, b"x"), headers=OCTETS)
        items = answer.json()["items"]
        assert [item["status"] for item in items] == [201] * 20 + [404, 422]
        assert [item["entry"] for item in items[:20]] == list(range(items[0]["entry"], items[0]["entry"] + 20))
        again = asking.post("/api/v1/statements/batch", content=batch_of(*entries), headers=OCTETS).json()["items"]
        one.sequence += 1
        late = asking.post("/api/v1/statements/batch", content=batch_of(one.says("a gap")), headers=OCTETS).json()
    assert [item["status"] for item in again] == [200] * 20
    assert [item["receipt"] for item in again] == [item["receipt"] for item in items[:20]]
    assert (late["items"][0]["status"], late["items"][0]["problem"]["expected"]["party"]) == (409, "us")


def test_a_form_is_read_beside_the_loop(asking: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack: sixteen megabytes that are nearly boundaries take seconds to read: nobody else waits for it."""
    seen = []

    def read(kind: str, body: bytes) -> tuple[bytes, dict[str, bytes]]:
        seen.append(threading.get_ident())
        return body, {}

    async def loop() -> int:
        return threading.get_ident()

    monkeypatch.setattr(statements, "parcel_of", read)
    with asking.seen_as(US):
        assert asking.post("/api/v1/statements", files={"entry": b"x"}).status_code == 422
    assert seen and seen[0] != asking.call(loop)


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [(StoreError("/srv/case: gone"), 503, AWAY), (TrucelineError("/srv/case: odd"), 500, FAULT),
     (LaterError("it is being worked out"), 503, "it is being worked out")],
)  # fmt: skip
def test_a_batch_tells_nothing_of_the_disk(
    asking: Client, monkeypatch: pytest.MonkeyPatch, error: TrucelineError, status: int, said: str
) -> None:
    """Statement by statement, no more than a whole answer would tell."""

    def failing(*_: object) -> None:
        raise error

    monkeypatch.setattr(statements, "read_handed", failing)
    with asking.seen_as(US):
        answer = asking.post("/api/v1/statements/batch", content=batch_of(b"x"), headers=OCTETS)
    (item,) = answer.json()["items"]
    assert (item["status"], item["problem"]["status"], item["problem"]["detail"]) == (status, status, said)
    assert "/srv" not in answer.text


@pytest.mark.parametrize("content", [b"", b"\x00", b"\x00\x05abc", b"\x00\x01x" * 257])
def test_what_is_no_batch_is_refused_whole(asking: Client, content: bytes) -> None:
    """Nothing of it is taken: half a batch is nothing that anybody sent."""
    with asking.seen_as(US):
        assert asking.post("/api/v1/statements/batch", content=content, headers=OCTETS).status_code == 422


def test_receipts_are_for_who_handed_in(asking: Client, member: dict[str, Member]) -> None:
    """Whether a leaf hash stands in the record is not told to anybody else."""
    leaf = handed(asking, US, member["us"].says("mine")).json()["leaf"]
    missing = [(404, "/problems/not-found")]
    for viewer in (RU, UN, DESK, PUBLIC, Viewer("x", "party")):
        with asking.seen_as(viewer):
            found = asking.get(f"/api/v1/receipts/{leaf}")
            nothing = asking.get(f"/api/v1/receipts/{'0' * 64}")
        assert {(one.status_code, one.json()["type"]) for one in (found, nothing)} == set(missing)
        assert found.content == nothing.content
