"""Attacks 16 to 19 and 21 of the design: on keys, quorums, revocations, amendments, and the right to destroy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.attacks.world import AGREEMENT, PARTIES, clock, copied, told, within, writing
from tests.record.foreign.logs import LOG, NOW, WITNESSES, SmallLog
from tests.store.storages import ORIGIN, Feed, Place, charter, key, place, shredding, statement
from truceline import desk as desk_module
from truceline.agreement.text import load
from truceline.canon import sha256
from truceline.desk import keyring, records
from truceline.desk.records import Draft
from truceline.errors import InputError, SubmissionError, VerificationError
from truceline.record.charter import Charter, Key, KeySet, Quorum, check_charter, plain
from truceline.record.entry import Sealed, Statement, key_id, read_entry, sign, written
from truceline.record.log import Log, Submission, Taken
from truceline.record.note import (
    SMALL_ORDER,
    Signer,
    Verifier,
    base64_of,
    check_distinct,
    check_note,
    read_note,
    signed,
)
from truceline.record.policy import Policy, read_policy
from truceline.record.register import KEYS, REVOCATION, SHREDDING
from truceline.store.folder import CaseFolder

M = SmallLog(300)
TEXT = M.checkpoint.text
A, B, _C = WITNESSES


def refusal(log: Log, one: Statement, *keys: Any) -> str:  # noqa: ANN401  # keys that sign
    """Why a log refuses a statement; empty when it is taken."""
    answer = within(10, lambda: log.append([Submission(sign(written(one), list(keys)))]))[0]
    return "" if isinstance(answer, Taken) else str(answer)


def test_attack_16_signatures_twice_wrong_ids_weak_and_shared_keys() -> None:
    """One key is one voice with one purpose: each trick is refused by name, and a good note passes."""
    good = M.note(witnesses=[A])
    assert len(check_note(read_note(good), [LOG.verifier, A.verifier])) == 2
    lines = [LOG.sign(TEXT), A.sign(TEXT, NOW), A.sign(TEXT, NOW + 1)]
    with pytest.raises(VerificationError, match=r"two signatures by one key: `witness.example/a`"):
        check_note(read_note(signed(TEXT, lines)), [LOG.verifier, A.verifier])
    spoiled = LOG.sign(TEXT).split(" ")
    other = base64_of(b"\x00\x00\x00\x00" + Signer(LOG.name, b"x" * 32).sign(TEXT).encode()[-64:])
    with pytest.raises(VerificationError, match="no known key has signed"):
        check_note(read_note(signed(TEXT, [" ".join([*spoiled[:2], other])])), [LOG.verifier])
    for public in SMALL_ORDER:
        with pytest.raises(VerificationError, match=r"weak public key|not written the one way"):
            Verifier("weak.example", 1, public)
    with pytest.raises(VerificationError, match="one key under two names"):
        check_distinct([LOG.verifier, Signer("witness.example/log", LOG.secret, 4).verifier])
    first = msgspec.convert(read_entry(charter()).statement.body, Charter)
    assert check_charter(first).name == ORIGIN
    same = Verifier(f"{ORIGIN}/clock", 4, Verifier.parse(first.log).public).vkey
    with pytest.raises(SubmissionError, match="one key serves one purpose of one party"):
        check_charter(msgspec.structs.replace(first, clock=same))
    with pytest.raises(SubmissionError, match="charter: expected a key such as"):
        check_charter(msgspec.structs.replace(first, clock="no key"))
    weak = KeySet((Key(next(iter(SMALL_ORDER)), "sign"),), "weak", (key("north", 1).public,), 1, 0)
    with pytest.raises(SubmissionError, match="key set of `weak`: weak public key"):
        check_charter(msgspec.structs.replace(first, parties=(*first.parties, weak)))


def test_attack_17_a_quorum_counted_twice_through_one_witness_with_two_names() -> None:
    """A policy knows keys, not names: one that has a key twice is refused, in a file and in memory."""
    twice = Signer("witness.example/again", A.secret, 4)
    good = read_policy(f"log {LOG.verifier.vkey}\nwitness a {A.verifier.vkey}\nwitness b {B.verifier.vkey}\n"
                       "group both 2 a b\nquorum both\n".encode())  # fmt: skip
    assert good.check(M.note(witnesses=[A, B])).missing == ()
    with pytest.raises(VerificationError, match="quorum `both` is not met: cosigned by `a`"):
        good.check(M.note(witnesses=[A, twice]))
    with pytest.raises(InputError, match=r"one key twice: `witness.example/a`, `witness.example/again`"):
        read_policy(good.data.replace(B.verifier.vkey.encode(), twice.verifier.vkey.encode()))
    with pytest.raises(VerificationError, match="one key under two names"):
        Policy(good.logs, {"a": (A.verifier, ""), "b": (twice.verifier, "")}, good.groups, "both")


def test_attack_18_a_signature_by_a_revoked_key(tmp_path: Path) -> None:
    """After its revocation a key signs no more; what is suspect is marked; a key set that brings it back is refused."""
    where = place("files", tmp_path)
    with where.log() as log:
        assert not refusal(log, statement(log.register, "north"), key("north"))
        assert not refusal(log, statement(log.register, "north"), key("north"))
        body = {"keyid": key_id(key("north").public), "party": "north", "since": 2}
        said = statement(log.register, "north", type=REVOCATION, body=body)
        assert "is not known" in refusal(log, said, STRANGER)
        assert "not signed by 1 of the roots" in refusal(log, said, key("north"))
        assert not refusal(log, said, key("north", 1))
        why = refusal(log, statement(log.register, "north"), key("north"))
        assert f"signed by a key that is not known: `{key_id(key('north').public)}`" in why
        before = log.register.dump()
        again = KeySet((Key(key("north").public, "sign"), Key(NEW.public, "sign")), "north", (key("north", 1).public,),
                       1, 1)  # fmt: skip
        back = statement(log.register, "north", type=KEYS, body=plain(again))
        assert "was given up before: expected a new one" in refusal(log, back, key("north", 1))
        assert log.register.dump() == before, "a key set that was refused has left something behind"
        new = msgspec.structs.replace(again, keys=(Key(NEW.public, "sign"),))
        assert not refusal(log, statement(log.register, "north", type=KEYS, body=plain(new)), key("north", 1))
        assert not refusal(log, statement(log.register, "north"), NEW)
    found = where.audit()
    assert [(one.index, one.what) for one in found.remarks] == [(2, "contested")]


STRANGER, NEW = key("party-5", 7), key("party-5", 8)


# -- amendments ------------------------------------------------------------------------------------------------------


def amended(case: CaseFolder, signers: Sequence[str], **changes: Any) -> bytes:  # noqa: ANN401  # fields of a statement
    """An amendment of a case, signed by some."""
    place_ = records.place_of(case, clock)
    data = AGREEMENT.read_bytes() + b"\n# amended\n"
    text = load(data.replace(b"id: syria-2016", b"id: syria-2016b"), "agreement.yaml")
    assert place_.text is not None
    draft = records.text_draft(text, "agreement.yaml", {"agreement.yaml": data}, place_.text.canonical_hash)
    one, _ = place_._statement(Draft(draft.type, draft.body, "us", draft.files))
    one = msgspec.structs.replace(one, **changes)
    return sign(written(one), [place_.keys(party, "")[0] for party in signers])


def why(case: CaseFolder, data: bytes) -> str:
    """Why a case refuses an entry."""
    with writing(case) as log:
        answer = within(20, lambda: log.append([Submission(data, {sha256(b): b for b in FILES})]))[0]
    return "" if isinstance(answer, Taken) else str(answer)


FILES = [AGREEMENT.read_bytes() + b"\n# amended\n", b"a box"]
ALL = PARTIES


def test_attack_19_an_amendment_without_every_signature(small_case: Path, tmp_path: Path) -> None:
    """One signature missing, swapped, over other bytes, or the whole sealed, or passed off as a new agreement."""
    case = CaseFolder.open(copied(small_case, tmp_path / "case"))
    text = case.text()
    good = amended(case, ALL)
    cases: dict[str, bytes] = {
        "an amendment needs every signatory: not signed by ru": amended(case, ["us", "hnc"]),
        "not signed by hnc, ru": amended(case, ["us"]),
        "`sealed`: a statement of type `amendment` is open to everybody": amended(
            case, ["us"], body=None, sealed=Sealed(sha256(b"a box"), "0" * 64)
        ),
        "`by`: `us` (guarantor) does not say what is of type `agreement`": amended(case, ALL, type="agreement"),
        "does not hold": swapped(good),
        "expected JSON as RFC 8785 writes it": good.replace(b'"signatures":[', b'"signatures": ['),
    }
    other = msgspec.json.decode(good)
    payload = msgspec.json.decode(read_entry(good).payload)
    other["payload"] = base64_of(msgspec.json.format(msgspec.json.encode(payload)))
    cases["no key twice, keys sorted, no blanks"] = msgspec.json.encode(other)
    for expected, data in cases.items():
        assert expected in why(case, data), expected
        assert case.text() == text
    place_ = records.place_of(case, clock)
    assert place_.text is not None
    desk = records.text_draft(place_.text, "agreement.yaml", {"agreement.yaml": FILES[0]})
    assert "a record has one agreement" in why(case, place_.signed(desk)[0])
    beside = {**desk.files, "x": b"a box"}
    body = {**desk.body, "file": "other.yaml", "replaces": place_.text.canonical_hash}
    nameless = Draft("amendment", body, "us", beside)
    assert "`file`: expected one of the files of the entry, got `other.yaml`" in why(case, place_.signed(nameless)[0])
    assert told(case.path).holds
    assert not why(case, good), "the control: signed by all it is taken"
    case.store.close()


def swapped(data: bytes) -> bytes:
    """Two signatures under one another's names."""
    envelope = msgspec.json.decode(data)
    one, two = envelope["signatures"][:2]
    one["sig"], two["sig"] = two["sig"], one["sig"]
    return msgspec.json.encode(envelope)


# -- destroying ------------------------------------------------------------------------------------------------------


def sealed_log(tmp_path: Path) -> Place:
    """A record with a sealed body at entry 1."""
    where = place("files", tmp_path)
    with where.log() as log:
        one = Feed(log.register).next(sealed=Sealed(sha256(b"box"), "0" * 64))
        assert isinstance(log.append([Submission(one.data, {sha256(b"box"): b"box"})])[0], Taken)
    return where


def test_attack_21_shredding_by_one_party_alone(tmp_path: Path) -> None:
    """One signature, or one party with two of its keys, destroys nothing; a box that just vanishes is missed."""
    where = sealed_log(tmp_path)
    with where.log() as log:
        body = {"commitment": log.register.sealed[1], "index": 1, "reason": "a test"}
        one = statement(log.register, "north", type=SHREDDING, body=body)
        assert "not signed by 2 of north, south: got 1" in refusal(log, one, key("north"))
        assert "not known" in refusal(log, one, key("north"), key("north", 1))
        assert "not signed by 2 of north, south: got 1" in refusal(log, one, key("north"), key("party-0"))
        assert log.storage.has_blob(sha256(b"box"))
    first = msgspec.convert(read_entry(charter()).statement.body, Charter)
    with pytest.raises(SubmissionError, match="`shred`: expected two or more parties: nobody destroys alone"):
        check_charter(msgspec.structs.replace(first, shred=Quorum(("north", "south"), 1)))
    assert where.folder is not None
    (box,) = [path for path in (where.folder / "blobs").rglob("*") if path.is_file()]
    box.unlink()
    assert "is missing: the entry names it by hash" in told(where.folder).text
    box.write_bytes(b"box")
    with where.log() as log:
        both = shredding(log.register, 1)
        assert len(read_entry(both.data).marks) == 2
        assert isinstance(log.append([both])[0], Taken)
        assert not log.storage.has_blob(sha256(b"box"))
    assert told(where.folder).remarks == [(1, "shredded")]
    box.write_bytes(b"box")
    assert "was to be destroyed and is still there" in told(where.folder).text


def test_a_stranger_who_enters_its_own_keys_has_no_voice(tmp_path: Path) -> None:
    """Who is neither an actor of the text nor a founder of the record does not speak as its desk."""
    case = desk_module.init_case(tmp_path / "case", AGREEMENT, known_at=clock())
    records.append(case, [Draft(KEYS, plain(keyring.key_set("mallory")), "mallory")], clock)
    body = {"file": "a.geojson", "kind": "areas", "rows": 1, "sha256": sha256(b"x")}
    with pytest.raises(SubmissionError, match=r"`mallory` .a stranger. does not say what is of type `areas`"):
        records.append(case, [Draft("areas", body, "mallory", {"a.geojson": b"x"})], clock)
    assert records.append(case, [Draft("areas", body, files={"a.geojson": b"x"})], clock)[0].index == 3
    case.store.close()
