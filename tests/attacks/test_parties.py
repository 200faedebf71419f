"""Two hostile parties on one service: what one sealed or offered, the other gets at in no way."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.attacks.world import SECRET, copied
from tests.desk.seen_case import NOW, seen_case
from tests.web.asking import Client
from tests.web.authenticator import Person, Program, machine, signed_in
from tests.web.conftest import WIDE
from truceline.canon import sha256
from truceline.desk import records
from truceline.desk.charters import keys_of
from truceline.desk.decided import pairs_draft
from truceline.desk.entries import Shelf
from truceline.desk.gate import Gate
from truceline.desk.keyring import random_bytes
from truceline.desk.records import Draft
from truceline.desk.service import Service
from truceline.desk.viewers import Viewer
from truceline.errors import AccessError
from truceline.evidence.incidents import Pair
from truceline.record.entry import SigningKey, countersign, read_entry, sign
from truceline.record.log import Submission
from truceline.record.tree import leaf_hash
from truceline.store.case import Case
from truceline.store.export import export
from truceline.web.app import make_app

OFFERED = b"id,when,where\n1,2016-03-01,the depot that nobody is told of\n"
MARK = b"depot that nobody"


@dataclass
class Scene:
    """A service with two parties on it.

    Attributes:
        victim: of `ru`, who sealed entry 5 and offered a file; `thief`: of `us`.
        box: SHA-256 of the box.
        commitment: to the sealed body.
        entry: the bytes of entry 5.
        job: of the victim's offer.
    """

    client: Client
    case: Case
    victim: Person
    thief: Person
    program: Program
    box: str
    commitment: str
    entry: bytes
    job: str


@pytest.fixture(scope="module")
def scene(small_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The scene, once for all ways: none of them may change it."""
    folder = copied(small_case, tmp_path_factory.mktemp("parties") / "case")
    with Service.open(str(folder), WIDE) as service:
        service.start()
        service.snapshots.refresh()
        client = Client(make_app(service))
        victim, thief = signed_in(client, "party", "ru"), signed_in(client, "party", "us")
        sealed = service.case.entries()[5].statement.sealed
        assert sealed is not None
        offered = victim.post("/api/v1/evidence/offers", content=OFFERED, headers={"Content-Type": "text/csv"})
        assert offered.status_code in (200, 201, 202), offered.text
        yield Scene(
            client, service.case, victim, thief, machine(client, "party", "us"), sealed.box, sealed.commitment,
            service.case.entries()[5].entry.data, _id(offered),
        )  # fmt: skip
        client.close()


def _id(found: httpx.Response) -> str:
    """The id that an answer names."""
    value = found.json()
    return str(next(value[name] for name in ("id", "name", "job", "approval") if name in value))


def test_the_control(scene: Scene) -> None:
    """Its reader gets the box, and opens it; its owner sees what it offered."""
    found = scene.victim.get("/api/v1/record/entries/5/box")
    assert found.status_code == 200
    assert SECRET in records.unsealed(scene.case, 5, "ru").decode()
    assert scene.job in scene.victim.get("/api/v1/evidence/offers").text


def get(path: str, **headers: str) -> Callable[[Scene], httpx.Response]:
    """Ask for a path; of the scene stand in braces what it holds."""
    return lambda s: s.thief.get(
        path.format(box=s.box, commitment=s.commitment, leaf=leaf_hash(s.entry).hex(), job=s.job),
        headers=headers,
    )


def hands_in(make: Callable[[Scene], bytes]) -> Callable[[Scene], httpx.Response]:
    """Hand in a statement."""
    return lambda s: s.thief.post(
        "/api/v1/statements", content=make(s), headers={"Content-Type": "application/octet-stream"}
    )


def _as_own(s: Scene) -> bytes:
    """The victim's sealed statement, said by the thief: the same commitment, the same box."""
    place = records.place_of(s.case)
    key = place.keys("us", "allegation")[0]
    payload = json.loads(read_entry(s.entry).payload)
    line = place.register.lines["us"]
    payload.update({"by": "us", "sequence": line.next, "previous": line.previous})
    return sign(json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(), [key])


def _countersigned(s: Scene) -> bytes:
    """The victim's statement with the thief's signature beside."""
    return countersign(read_entry(s.entry), records.place_of(s.case).keys("us", "allegation")[0])


WAYS: dict[str, Callable[[Scene], httpx.Response]] = {
    "the box of the entry": get("/api/v1/record/entries/5/box"),
    "its body in the view": get("/api/v1/record/entries/5"),
    "its bytes": get("/api/v1/record/entries/5/bytes"),
    "the list of entries": get("/api/v1/record/entries?limit=1000"),
    "the list by submitter": get("/api/v1/record/entries?by=ru"),
    "the list by type": get("/api/v1/record/entries?type=allegation"),
    "the box as a file": get("/api/v1/record/blobs/{box}"),
    "the commitment as a file": get("/api/v1/record/blobs/{commitment}"),
    "the box with a range": get("/api/v1/record/entries/5/box", Range="bytes=0-10"),
    "the box if it has changed": get("/api/v1/record/entries/5/box", **{"If-None-Match": "*"}),
    "the box as the reader it is for": get("/api/v1/record/entries/5/box?reader=ru&as=ru&party=ru"),
    "an offline bundle": get("/api/v1/record/bundle?entries=5"),
    "a bundle of everything": get("/api/v1/record/bundle?entries=0-5"),
    "the proof": get("/api/v1/record/entries/5/proof"),
    "the tile of entries": get("/tile/entries/000.p/6"),
    "a path that climbs": get("/tile/..%2f..%2fblobs%2f{box}"),
    "a path that climbs, twice encoded": get("/tile/%252e%252e/blobs/{box}"),
    "the static files": get("/static/..%2f..%2frecord%2fhead"),
    "the receipt of the other": get("/api/v1/receipts/{leaf}"),
    "the line of the other": get("/api/v1/lines/ru"),
    "the review queue": get("/api/v1/publications"),
    "what is public": get("/api/v1/published"),
    "the offers": get("/api/v1/evidence/offers"),
    "the offers that wait": get("/api/v1/evidence/waiting"),
    "the file of an offer": get("/api/v1/evidence/waiting/{job}/file"),
    "the job of the other": get("/api/v1/jobs/{job}"),
    "the rejected rows of the other": get("/api/v1/jobs/{job}/rejected"),
    "the audit": get("/api/v1/audit"),
    "the accounts": get("/api/v1/accounts"),
    "the intake queue": get("/api/v1/intake/queue"),
    "the reports": get("/api/v1/assessments?limit=1000"),
    "the reports as a table": get("/api/v1/assessments.csv"),
    "the two lists": get("/api/v1/reconcile?a=us&b=ru"),
    "the findings": get("/api/v1/findings"),
    "the feed": get("/feeds/findings.json"),
    "the metrics": get("/metrics", **{"X-Forwarded-For": "127.0.0.1"}),
    "a header that says who asks": get("/api/v1/record/entries/5/box", **{
        "X-Forwarded-User": "ru", "X-Remote-User": "ru", "Forwarded": "for=127.0.0.1", "X-Truceline-Party": "ru",
    }),
    "another method by a header": get("/api/v1/record/entries/5/box", **{"X-HTTP-Method-Override": "POST"}),
    "the other's account in a basic login": get(
        "/api/v1/record/entries/5/box", Authorization="Basic " + base64.b64encode(b"ru:ru").decode()
    ),
    "the statement handed in again": hands_in(lambda s: s.entry),
    "the statement as one's own": hands_in(_as_own),
    "the statement, countersigned": hands_in(_countersigned),
    "by a program": lambda s: s.program.get("/api/v1/record/entries/5/box"),
    "by a program that hands in": lambda s: s.program.post(
        "/api/v1/statements", content=s.entry, headers={"Content-Type": "application/octet-stream"}
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_party_gets_at_nothing_of_the_other(scene: Scene, way: str) -> None:
    """Neither the words, nor the box, nor the file, nor the name of the job that reads it."""
    size = len(scene.case.entries())
    found = WAYS[way](scene)
    box = scene.case.store.blob(scene.box)
    sent = found.content + json.dumps(dict(found.headers)).encode()
    for what in (SECRET.encode(), MARK, box, base64.b64encode(box)[:60], scene.job.encode()):
        assert what not in sent, (way, found.status_code)
    assert found.status_code < 500, found.text
    assert scene.victim.get("/api/v1/record/entries/5/box").status_code == 200
    if found.status_code == 201:  # a sealed body of the thief's own opens for nobody it was not made for
        assert way == "the statement as one's own"
    else:
        assert len(scene.case.entries()) == size


def test_what_is_there_and_what_is_not_get_one_answer(scene: Scene) -> None:
    """Whoever may not have a thing cannot find out that it exists: status, body and headers are those of nothing."""
    other = "0" * 64
    pairs = {
        f"/api/v1/record/blobs/{scene.box}": f"/api/v1/record/blobs/{other}",
        "/api/v1/record/entries/5/box": "/api/v1/record/entries/1/box",
        f"/api/v1/receipts/{leaf_hash(scene.entry).hex()}": f"/api/v1/receipts/{other}",
        f"/api/v1/jobs/{scene.job}": f"/api/v1/jobs/{scene.job[::-1]}",
    }
    for there, nowhere in pairs.items():
        one, two = scene.thief.get(there), scene.thief.get(nowhere)
        assert (one.status_code, one.content) == (two.status_code, two.content), there
        changing = ("x-request-id", "date")
        assert {k: v for k, v in one.headers.items() if k not in changing} == {
            k: v for k, v in two.headers.items() if k not in changing
        }, there


def test_a_sealed_body_of_the_same_words_looks_like_another(scene: Scene) -> None:
    """Whoever guesses the words and seals them gets another commitment: no guess can be tested."""
    (taken,) = records.append(scene.case, [Draft("allegation", {"text": SECRET}, "us", readers=("us",))])
    again = scene.case.entries()[taken.index].statement.sealed
    assert again is not None
    assert again.commitment != scene.commitment
    assert again.box != scene.box


# -- whether something is held -----------------------------------------------------------------------------------------

ORIGINAL = "5" * 64
"""An original of the desk whose hash is not salted."""

NAMES = {"a report": ("closed", "nothing-of-it"), "an original": (ORIGINAL, "6" * 64)}
"""What the case holds and shows to no party, and what it does not hold."""


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A case that holds them."""
    case = seen_case(tmp_path_factory.mktemp("held") / "case")
    records.append(case, [Draft("custody", _custody(ORIGINAL, "closed"))], lambda: NOW)
    yield case
    case.close()


def _custody(original: str, *about: str) -> dict[str, Any]:
    return {
        "original": original, "what": "photo", "event": "received", "at": "2024-06-11", "handler": "an office",
        "bytes": 7, "about": list(about),
    }  # fmt: skip


def _speaking_of(kind: str, name: str) -> dict[str, Any]:
    """A statement that speaks of something, and where it can of something else that nobody holds."""
    if kind == "custody":
        return _custody("7" * 64, name, "zzz")
    if kind == "consent":
        return {"about": name, "use": "share", "is_given": True}
    return {"what": "same", "reports": [name, "zzz"], "reason": "both tell of the bridge"}


def _told(case: Case, draft: Draft, keys: list[SigningKey] | None) -> str:
    """What somebody is told who hands in a statement; the record stays as it is."""
    data, files = records.prepare(case, draft, lambda: NOW)
    if keys is not None:
        data = sign(read_entry(data).payload, keys)
    with case.store.writer():
        charter = case.charter()
        log = case.writing(keys_of(charter), lambda: NOW, Gate(case, charter, lambda: NOW).check)
        return str(log.trial(Submission(data, files)))


@pytest.mark.parametrize("what", NAMES)
@pytest.mark.parametrize("kind", ["custody", "consent", "ruling"])
@pytest.mark.parametrize("by", ["watch", "north"])
@pytest.mark.parametrize("is_forged", [True, False], ids=["by no key", "signed"])
def test_no_error_tells_whether_something_is_held(held: Case, is_forged: bool, by: str, kind: str, what: str) -> None:
    """Neither a stranger nor a member can test by errors whether a report or the file of an original is held."""
    keys = [SigningKey.of_seed(bytes(32))] if is_forged else None
    there, nowhere = (_told(held, Draft(kind, _speaking_of(kind, name), by), keys) for name in NAMES[what])
    assert there.replace(NAMES[what][0], "it") == nowhere.replace(NAMES[what][1], "it")
    assert not is_forged or "sign" in there or "key" in there


def test_nor_whether_a_file_is(held: Case) -> None:
    """A statement that nobody signed names a file of the record, and one that is not there: the same answer."""
    data = b"of the record, and of nobody else"
    held.store.put_blob(sha256(data), data)
    answers = []
    for file in (data, b"not there"):
        draft = Draft("areas", {"file": "a", "kind": "areas", "rows": 1, "sha256": sha256(file)}, files={"a": file})
        entry, _ = records.prepare(held, draft, lambda: NOW)
        forged = sign(read_entry(entry).payload, [SigningKey.of_seed(bytes(32))])
        with held.store.writer():
            charter = held.charter()
            log = held.writing(keys_of(charter), lambda: NOW, Gate(held, charter, lambda: NOW).check)
            answers.append(str(log.trial(Submission(forged))))
    assert answers[0] == answers[1]


def test_the_desk_is_told_which_report_it_mistyped(held: Case) -> None:
    """The control: who keeps the case is told."""
    assert "no report and no original `zzz`" in _told(held, Draft("custody", _custody("7" * 64, "closed", "zzz")), None)


PARTY = Viewer("a", "party", "north")


def test_what_a_search_found_goes_to_nobody_else(held: Case) -> None:
    """Pairs name hidden reports: no party is given their file, neither as an entry of its own nor in a bundle."""
    said = held.said("pairs")[-1]
    digest = said.statement.body["sha256"]
    assert b"maybe-2" in Shelf(held, Viewer("b", "secretariat")).file(digest)
    own = Draft("allegation", {"text": "as the file says"}, "north", files={"mine": held.store.blob(digest)})
    index = records.append(held, [own], lambda: NOW)[0].index
    for viewer in (PARTY, Viewer("c", "mirror")):
        with pytest.raises(AccessError):
            Shelf(held, viewer).file(digest)
    with zipfile.ZipFile(io.BytesIO(records.bundle_of(held, [said.index, index]))) as bundle:
        assert not any("blobs" in name for name in bundle.namelist())


def test_what_a_search_found_is_not_exported(held: Case, tmp_path: Path) -> None:
    """A folder that any file server can offer holds the files of the text, and not that one."""
    export(held.store, tmp_path / "static", with_blobs=True)
    given = {path.name for path in (tmp_path / "static" / "blobs").rglob("*") if path.is_file()}
    assert {blob.sha256 for blob in held.text().blobs} <= given
    assert held.said("pairs")[-1].statement.body["sha256"] not in given


def test_what_a_search_found_cannot_be_guessed(held: Case) -> None:
    """Whoever holds all reports but one cannot tell by number, size or hash whether it is there."""

    def made(*pairs: Pair) -> Draft:
        return pairs_draft(pairs, (), "model", "0" * 64, random_bytes)

    one = [Pair("a", "b", 0.5)]
    with_it, again, without = made(*one), made(*one), made()
    assert len({len(draft.files["pairs.jsonl"]) for draft in (with_it, without)}) == 1
    assert with_it.body["sha256"] != again.body["sha256"]
    assert {name: with_it.body[name] for name in with_it.body if name != "sha256"} == {
        name: without.body[name] for name in without.body if name != "sha256"
    }  # fmt: skip
