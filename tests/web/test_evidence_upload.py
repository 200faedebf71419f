from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import msgspec
import pytest
from python_multipart import MultipartParser

from tests.evidence.test_sheet import TEXT, csv_of
from tests.web.asking import Client
from tests.web.conftest import WIDE
from truceline.canon import sha256
from truceline.desk import uploads
from truceline.desk.files import read_evidence, shipped
from truceline.desk.runs import bench_of_case
from truceline.desk.service import Service
from truceline.desk.viewers import PUBLIC, Viewer
from truceline.errors import StoreError
from truceline.evidence.schema import hash_rejected, hash_table, salted, under_salt
from truceline.web import formparts
from truceline.web.app import make_app

DESK = Viewer("a-00000000000000d1", "secretariat")
GOV = Viewer("a-00000000000000e1", "party", "gov")
OPP = Viewer("a-00000000000000e2", "party", "opp")
MONITOR = Viewer("a-00000000000000f1", "monitor")
WAIT_S = 60.0
LINES = shipped()["reports.jsonl"].splitlines()


def report(number: int) -> bytes:
    """A made-up report, like the first of the shipped ones."""
    return json.dumps({**json.loads(LINES[0]), "id": f"made-up-{number}"}).encode() + b"\n"


def ended(client: Client, job: str, viewer: Viewer = DESK) -> dict[str, Any]:
    """A job when it has ended."""
    pause = threading.Event()
    with client.seen_as(viewer):
        for _ in range(int(WAIT_S / 0.05)):
            found = client.get(f"/api/v1/jobs/{job}").json()
            if found["state"] in ("done", "failed"):
                shown: dict[str, Any] = found
                return shown
            pause.wait(0.05)
    raise AssertionError("the job did not end")


def sent(client: Client, viewer: Viewer, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401  # of httpx
    """An upload as somebody."""
    with client.seen_as(viewer):
        return client.post(path, **options)


def raw(
    client: Client, data: bytes, viewer: Viewer = DESK, path: str = "/api/v1/evidence", **query: object
) -> httpx.Response:
    """An upload whose body is the file."""
    return sent(
        client,
        viewer,
        path,
        content=data,
        params={name: str(value) for name, value in query.items()},
        headers={"content-type": "application/octet-stream"},
    )


def left(service: Service) -> list[str]:
    """What lies in quarantine."""
    return sorted(path.name for path in uploads.quarantine(service).iterdir())


def test_an_uploaded_file_becomes_an_entry_that_the_desk_signed(client: Client, service: Service) -> None:
    """The rows that a child read are those that the record names; quarantine is empty again."""
    data = report(1) + b'{"id": "no-date"}\n' + report(2)
    before = len(service.case.entries())
    answer = raw(client, data, name="../../etc/march 2016.jsonl")
    assert answer.status_code == 202, answer.text
    shown = answer.json()
    assert (shown["name"], shown["size"], shown["sha256"]) == ("march 2016.jsonl", len(data), sha256(data))
    done = ended(client, shown["job"])
    assert done["state"] == "done", done
    assert done["result"] == {"entry": before, "is_new": True, "kind": "reports", "rows": 2, "rejected": 1}
    said = service.case.entries()[before].statement
    assert (said.type, said.by, said.body["sha256"], said.body["rows"]) == ("evidence", "desk", sha256(data), 2)
    table = next(table for one, table in service.case.tables() if one.sequence == before)
    assert table.column("id").to_pylist() == ["made-up-1", "made-up-2"]
    assert left(service) == []


def test_rejected_rows_can_be_fetched_by_the_uploader_alone(client: Client) -> None:
    """Page by page, each with its line and its reason; for others there is nothing."""
    data = report(10) + b'{"id": "no-date"}\n' + report(11) + b"nonsense\n"
    job = raw(client, data).json()["job"]
    assert ended(client, job)["result"]["rejected"] == 2
    with client.seen_as(DESK):
        first = client.get(f"/api/v1/jobs/{job}/rejected?limit=1").json()
        second = client.get(f"/api/v1/jobs/{job}/rejected?limit=1&after={first['next']}").json()
    assert [one["line"] for one in first["items"] + second["items"]] == [2, 4]
    assert first["next"] == 1 and second["next"] is None and first["items"][0]["reason"]
    for viewer in (GOV, MONITOR):
        with client.seen_as(viewer):
            assert client.get(f"/api/v1/jobs/{job}/rejected").status_code == 404


def test_the_same_file_again_is_told_and_not_added_twice(client: Client, service: Service) -> None:
    """The secretariat may read what the case holds, so it may be told."""
    data = report(20)
    first = ended(client, raw(client, data).json()["job"])["result"]
    size = len(service.case.entries())
    again = ended(client, raw(client, data).json()["job"])["result"]
    assert again == {**first, "is_new": False} and len(service.case.entries()) == size


def test_a_table_comes_with_its_mapping_as_a_form(client: Client, service: Service) -> None:
    """The mapping is kept beside the entry; a formula is no number."""
    sheet = csv_of({}, {"Ref": "8", "Killed": "=1+1"})
    form = {"file": ("calls.csv", sheet, "text/csv"), "mapping": (None, TEXT.encode())}
    done = ended(client, sent(client, DESK, "/api/v1/evidence", files=form).json()["job"])
    assert done["state"] == "done", done
    assert (done["result"]["kind"], done["result"]["rows"], done["result"]["rejected"]) == ("sheet", 1, 1)
    said = service.case.entries()[done["result"]["entry"]].statement
    assert said.body["mapping_sha256"] == sha256(TEXT.encode())


def test_a_later_release_takes_the_place_of_an_earlier_one(client: Client, service: Service) -> None:
    """Only of a table that stands; anything else is refused before anything is read."""
    first = ended(client, raw(client, report(30)).json()["job"])["result"]["entry"]
    job = raw(client, report(30) + report(31), replaces=first).json()["job"]
    entry = ended(client, job)["result"]["entry"]
    assert service.case.entries()[entry].statement.body["replaces"] == [first]
    refused = raw(client, report(32), replaces=first)
    assert refused.status_code == 404 and "table of evidence that stands" in refused.json()["detail"]
    assert left(service) == []


def zipped(**files: bytes) -> bytes:
    """A zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name.replace("_", "."), data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (zipped(**{f"{n}_xml": b"<x>" + b" " * 1_048_000 + b"</x>" for n in range(100)}), "bomb"),
        (b'{"type":"FeatureCollection","features":[' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"]}", ""),
        (zipped(a_txt=b"x") + report(40), "a zip"),
        (b"\x00\xff\x17" * 1000, ""),
    ],
    ids=["zip bomb", "nested features", "polyglot", "noise"],
)
def test_a_hostile_file_fails_its_job_and_nothing_else(client: Client, service: Service, data: bytes, why: str) -> None:
    """One clear reason; nothing enters the record, nothing stays in quarantine, the service answers on."""
    size = len(service.case.entries())
    done = ended(client, raw(client, data, name="reports.jsonl").json()["job"])
    assert done["state"] == "failed" and why in done["error"] and len(done["error"].splitlines()) == 1
    assert (done["attempts"], done["result"], len(service.case.entries()), left(service)) == (1, None, size, [])
    assert client.get("/health/live").status_code == 200


# -- offers ----------------------------------------------------------------------------------------------------------


def offer(client: Client, viewer: Viewer, data: bytes, name: str = "seen.jsonl") -> httpx.Response:
    """A file that somebody offers."""
    return raw(client, data, viewer, "/api/v1/evidence/offers", name=name)


def own(client: Client, viewer: Viewer) -> dict[str, dict[str, Any]]:
    """The offers of somebody, by id."""
    with client.seen_as(viewer):
        return {one["id"]: one for one in client.get("/api/v1/evidence/offers").json()["items"]}


def test_an_offer_waits_until_the_desk_takes_it(client: Client, service: Service) -> None:
    """Whoever made it sees what became of it, and nothing of how it was read."""
    made = offer(client, GOV, report(50)).json()
    assert (made["state"], made["job"]) == ("waiting", None)
    with client.seen_as(DESK):
        waits = {one["id"]: one for one in client.get("/api/v1/evidence/waiting").json()["items"]}
        assert (waits[made["id"]]["party"], waits[made["id"]]["account"]) == ("gov", GOV.account)
        data = client.get(f"/api/v1/evidence/waiting/{made['id']}/file")
        assert data.content == report(50) and data.headers["content-type"] == "application/octet-stream"
        assert data.headers["content-disposition"].startswith("attachment")
        taken = client.post(f"/api/v1/evidence/waiting/{made['id']}", json={"take": True}).json()
    assert ended(client, taken["job"])["result"]["is_new"]
    found = own(client, GOV)[made["id"]]
    assert (found["state"], found["job"]) == ("taken", None)
    with client.seen_as(GOV):
        assert client.get(f"/api/v1/jobs/{taken['job']}").status_code == 404


def test_an_offer_that_is_refused_says_why_and_is_gone(client: Client, service: Service) -> None:
    """A reason is due; nothing can be decided twice."""
    made = offer(client, MONITOR, report(51)).json()
    path = f"/api/v1/evidence/waiting/{made['id']}"
    with client.seen_as(DESK):
        assert client.post(path, json={"take": False}).status_code == 422
        assert client.post(path, json={"take": False, "why": "out of the area"}).status_code == 200
        assert client.post(path, json={"take": True}).status_code == 404
    assert own(client, MONITOR)[made["id"]]["why"] == "out of the area"
    assert left(service) == []


def test_a_seized_laptop_finds_its_file_nowhere(client: Client, service: Service, tmp_path: Path) -> None:
    """The record holds neither its name, nor its hash, nor the hash of its rows: who has the file can test nothing."""
    data, results = report(60), []
    for _ in range(2):
        made = offer(client, MONITOR, data, name="night shift.jsonl").json()
        with client.seen_as(DESK):
            taken = client.post(f"/api/v1/evidence/waiting/{made['id']}", json={"take": True}).json()
        results.append(ended(client, taken["job"])["result"])
    assert [one["is_new"] for one in results] == [True, False] and results[0]["entry"] == results[1]["entry"]
    said = service.case.entries()[results[0]["entry"]]
    (tmp_path / "night shift.jsonl").write_bytes(data)
    read = read_evidence(tmp_path / "night shift.jsonl", bench_of_case(service.case), known_at=said.known_at)
    assert read.table.num_rows == said.statement.body["rows"] == 1
    told = said.entry.data.decode()
    plain = hash_table(read.table), hash_rejected(read.rejected), sha256(data)
    assert not [one for one in (*plain, "night", made["id"]) if one in told]
    salt = results[0]["salt"]
    assert said.statement.body["rows_sha256"] == hash_table(salted(read.table, salt))
    assert said.statement.body["sha256"] == under_salt(sha256(data), salt)
    assert [table.num_rows for one, table in service.case.tables() if one.sequence == said.index] == [1]


def test_whether_a_file_is_in_the_case_no_offer_tells(client: Client, service: Service) -> None:
    """Known or new, taken or not: the answers differ in nothing but what was sent and when."""
    known, new = shipped()["reports.jsonl"], report(52)
    answers = [offer(client, GOV, data) for data in (known, new)]
    shapes = [(one.status_code, sorted(one.json()), one.json()["state"], one.json()["why"]) for one in answers]
    assert shapes[0] == shapes[1]
    for one in answers:
        with client.seen_as(DESK):
            taken = client.post(f"/api/v1/evidence/waiting/{one.json()['id']}", json={"take": True}).json()
        assert ended(client, taken["job"])["state"] == "done"
    found = [own(client, GOV)[one.json()["id"]] for one in answers]
    assert [(one["state"], one["why"], one["job"]) for one in found] == [("taken", "", None)] * 2


def test_each_sees_its_own_offers_and_no_others(client: Client) -> None:
    """Another party's files are not there, nor decidable, nor readable."""
    made = offer(client, GOV, report(53)).json()["id"]
    assert made not in own(client, OPP) and made not in own(client, MONITOR) and made in own(client, GOV)
    missing = "0" * 32
    for viewer in (PUBLIC, GOV, OPP, MONITOR, Viewer("a-1", "mediator", "un"), Viewer("a-2", "intake")):
        with client.seen_as(viewer):
            for path in ("/api/v1/evidence/waiting/{}", "/api/v1/evidence/waiting/{}/file"):
                method = "GET" if path.endswith("file") else "POST"
                body = {} if method == "GET" else {"json": {"take": True}}
                there, not_there = (client.request(method, path.format(one), **body) for one in (made, missing))
                assert there.status_code == not_there.status_code == 404
                assert there.json() == not_there.json()


@pytest.mark.parametrize("path", ["/api/v1/evidence", "/api/v1/evidence/offers"])
@pytest.mark.parametrize(
    "viewer", [PUBLIC, Viewer("a-1", "mediator", "un"), Viewer("a-2", "mirror"), Viewer("a-3", "intake")]
)
def test_nobody_else_leaves_files_here(client: Client, service: Service, path: str, viewer: Viewer) -> None:
    """Not a byte of them is kept."""
    assert raw(client, b"x" * 100_000, viewer, path).status_code == 404
    assert left(service) == [one.id for one in uploads.waiting(service)]


def test_roles_do_not_take_each_others_way(client: Client) -> None:
    """A party does not upload, and the desk does not offer."""
    assert raw(client, report(54), GOV).status_code == 404
    assert raw(client, report(54), DESK, "/api/v1/evidence/offers").status_code == 404


# -- what arrives ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(shipped_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Service]]:
    """A service with little room, whose jobs do not run."""
    import shutil

    folder = tmp_path_factory.mktemp("small") / "case"
    shutil.copytree(shipped_case, folder)
    settings = msgspec.structs.replace(WIDE, most_upload=20_000, most_quarantine=50_000, most_offers=2)
    with Service.open(str(folder), settings) as service:
        asking = Client(make_app(service))
        yield asking, service
        asking.close()


def test_a_file_that_is_too_large_leaves_nothing(small: tuple[Client, Service]) -> None:
    """Announced or not, as the body or in a form."""
    client, service = small

    async def pieces() -> Any:  # noqa: ANN401  # an asynchronous generator
        for _ in range(10):
            yield b"x" * 3_000

    for body in (
        {"content": b"x" * 20_001}, {"content": pieces()}, {"files": {"file": ("a", b"x" * 20_001)}},
    ):  # fmt: skip
        answer = sent(client, DESK, "/api/v1/evidence", **body)
        assert answer.status_code == 413, answer.text
        assert left(service) == []


def test_nobody_fills_the_desk_with_offers(small: tuple[Client, Service]) -> None:
    """Each account has so many that wait, and all together so much room."""
    client, service = small
    statuses = [offer(client, GOV, b"x" * 10_000 + bytes([n])).status_code for n in range(3)]
    assert statuses == [202, 202, 409]
    assert offer(client, OPP, b"x" * 15_000).status_code == 202
    assert offer(client, MONITOR, b"x" * 19_000).status_code == 503  # 15,000 are left
    assert len(left(service)) == 3
    for one in uploads.waiting(service):
        uploads.refuse(service, one.id, "tidied up")


def test_files_on_their_way_have_no_more_room_than_there_is(
    small: tuple[Client, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attack: many begin while there is room for each; what is reserved is nobody else's until it is gone."""
    _, service = small
    monkeypatch.setattr(uploads, "STEP", 1_000)
    room = service.settings.most_quarantine
    first, second = uploads.arriving(service, GOV), uploads.arriving(service, OPP)
    first.write(b"x" * (room - 5_000))
    second.write(b"x" * 2_000)
    with pytest.raises(StoreError, match="no room"):
        second.write(b"x" * 3_001)
    second.drop()
    first.keep()
    third = uploads.arriving(service, OPP)
    with pytest.raises(StoreError, match="no room"):
        third.write(b"x" * 6_000)
    third.drop()
    first.drop()
    assert left(service) == []


def test_a_form_is_read_beside_the_loop(small: tuple[Client, Service], monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack: a file full of what is nearly a boundary takes long to read: nobody else waits for it."""
    client, service = small
    seen = []

    class Parser(MultipartParser):
        def write(self, data: bytes) -> int:
            seen.append(threading.get_ident())
            return int(super().write(data))

    async def loop() -> int:
        return threading.get_ident()

    monkeypatch.setattr(formparts, "MultipartParser", Parser)
    made = sent(client, GOV, "/api/v1/evidence/offers", files={"file": ("a", b"x" * 100)})
    assert made.status_code == 202
    assert seen and client.call(loop) not in seen
    uploads.refuse(service, made.json()["id"], "tidied up")


def test_one_account_sends_two_files_at_once(small: tuple[Client, Service]) -> None:
    """A third waits for one of them; another account does not."""
    client, service = small
    ways = service.state.beside(uploads.Ways)
    for name in ("a", "b"):
        ways.begin(name, GOV.account)
    try:
        assert offer(client, GOV, b"x").status_code == 409
        assert offer(client, OPP, b"x").status_code == 202
    finally:
        for name in ("a", "b"):
            ways.end(name)
    assert offer(client, GOV, b"y").status_code == 202
    for one in uploads.waiting(service):
        uploads.refuse(service, one.id, "tidied up")


def test_a_disk_that_fills_up_on_the_way_is_seen(
    small: tuple[Client, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attack: a file as large as the disk: the journal lies on it, too."""
    _, service = small
    monkeypatch.setattr(uploads, "STEP", 1_000)
    arrival = uploads.arriving(service, GOV)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=service.settings.most_upload))
    try:
        with pytest.raises(StoreError, match="no room"):
            arrival.write(b"x" * 3_000)
    finally:
        arrival.drop()


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nno name\r\n--x--\r\n", 422),
        ("multipart/form-data; boundary=x", b"nothing of the kind", 400),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ncut', 422),
        ("multipart/form-data", b"--x", 400),
        ("multipart/form-data; boundary=" + "x" * 5000, b"--x", 400),
        ("multipart/form-data; boundary=x",
         b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\na\r\n--x\r\n'
         b'Content-Disposition: form-data; name="file"\r\n\r\nb\r\n--x--\r\n', 422),
        ("multipart/form-data; boundary=x",
         b'--x\r\nContent-Disposition: form-data; name="sha256"\r\n\r\na\r\n--x\r\n'
         b'Content-Disposition: form-data; name="file"\r\n\r\nb\r\n--x--\r\n', 422),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 100 + b"\r\nx\r\n--x--\r\n", 400),
        ("application/octet-stream", b"", 422),
    ],
)  # fmt: skip
def test_forms_that_are_none_are_refused(
    small: tuple[Client, Service], content_type: str, body: bytes, status: int
) -> None:
    """With one line, and nothing kept."""
    client, service = small
    answer = sent(client, DESK, "/api/v1/evidence", content=body, headers={"content-type": content_type})
    assert answer.status_code == status, answer.text
    assert left(service) == []


@pytest.mark.parametrize(("query", "status"), [
    ("kind=poem", 422), ("replaces=1000000", 404), ("replaces=x", 422), ("name=" + "n" * 300, 422),
])  # fmt: skip
def test_what_is_asked_wrongly_is_refused_before_it_is_kept(
    small: tuple[Client, Service], query: str, status: int
) -> None:
    """Nothing is queued for what cannot be done."""
    client, service = small
    answer = sent(client, DESK, f"/api/v1/evidence?{query}", content=b"x")
    assert answer.status_code == status, answer.text
    assert left(service) == []


def test_parts_and_files_without_a_row_are_swept_away(small: tuple[Client, Service]) -> None:
    """After a power cut nothing stays that nobody knows of."""
    client, service = small
    kept = offer(client, GOV, b"kept").json()["id"]
    for name in ("0" * 32, "1" * 32 + ".part"):
        (uploads.quarantine(service) / name).write_bytes(b"x")
    assert uploads.sweep(service) == 2
    assert left(service) == [kept]
    uploads.refuse(service, kept, "tidied up")


def test_quarantine_is_for_the_service_alone(small: tuple[Client, Service]) -> None:
    """Other users of the machine see neither names nor bytes."""
    client, service = small
    made = offer(client, GOV, b"private").json()["id"]
    folder = uploads.quarantine(service)
    assert (folder.stat().st_mode & 0o777, (folder / made).stat().st_mode & 0o777) == (0o700, 0o600)
    uploads.refuse(service, made, "tidied up")
