"""Reports, receipts, the hotline and the intake desk by HTTP: who is told what, and what a seized phone can test."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import re
import time
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec
import pytest

from tests.desk.test_intake import PHOTO, bytes_of
from tests.evidence.bench import SHIPPED
from tests.web.asking import Client
from tests.web.authenticator import machine
from tests.web.conftest import WIDE
from truceline import LAW, desk
from truceline.desk import audits, batches, originals
from truceline.desk.charters import new_charter
from truceline.desk.keyring import config_folder
from truceline.desk.service import Service
from truceline.desk.settings import Settings
from truceline.desk.viewers import PUBLIC, Viewer
from truceline.errors import CredentialsError
from truceline.store.state import intake as boxes
from truceline.web.app import make_app
from truceline.web.hotline import check_provider
from truceline.web.routes import report

INTAKE, LINE = Viewer("a-00000000000000c1", "intake"), Viewer("a-00000000000000c2", "hotline", is_machine=True)
GOV, SECRETARIAT = Viewer("a-00000000000000e1", "party", "gov"), Viewer("a-00000000000000d1", "secretariat")
MIRROR = Viewer("a-00000000000000f1", "mirror", is_machine=True)
EVERYBODY = (PUBLIC, GOV, SECRETARIAT, MIRROR, LINE, Viewer("a-00000000000000b1", "monitor"))
QUEUE = "/api/v1/intake/queue"
REPORT = {"words": "Shells fell on the bakery of Umm Khalid", "place": "Hirbnafseh", "time": "yesterday 14:00",
          "act": "shelling", "contact": "+963 944 555 019"}  # fmt: skip
CANARIES = (b"bakery", b"Umm Khalid", b"944 555", b"Hirbnafseh", "المخبز".encode(), b"zz-canary")
PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a vault and keys of its own."""
    folder = tmp_path_factory.mktemp("intake")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRUCELINE_CONFIG", str(folder / "config"))
        yield folder


@pytest.fixture(scope="module")
def case_folder(own: Path) -> Path:
    """A case that is nobody's demonstration: on the clock of this machine."""
    desk.init_case(own / "case", SHIPPED / "agreement.yaml", new_charter("intake")).close()
    return own / "case"


@pytest.fixture(scope="module")
def log() -> io.StringIO:
    """What the service logs."""
    return io.StringIO()


@pytest.fixture(scope="module")
def service(case_folder: Path, own: Path) -> Iterator[Service]:
    """A service that takes two reports for a batch; nothing is done in the background."""
    settings = msgspec.structs.replace(
        WIDE, intake_least=2, refused_a_minute=10**6, most_media=400_000, most_report=1_000_000, most_files=2
    )
    with Service.open(str(case_folder), settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(service: Service, log: io.StringIO) -> Iterator[Client]:
    """The public of that service."""
    asking = Client(make_app(service, log))
    yield asking
    asking.close()


def reported(client: Client, **more: Any) -> str:  # noqa: ANN401  # any field
    """The receipt of a report."""
    answer = client.post("/report", data={**REPORT, **more})
    assert answer.status_code == 201, answer.text
    receipt: str = answer.json()["receipt"]
    return receipt


def state_of(client: Client, receipt: str) -> str:
    """What a receipt tells."""
    found: str = client.post("/intake/follow", data={"receipt": receipt}).json()["state"]
    return found


def queue(client: Client) -> list[dict[str, Any]]:
    """What waits."""
    with client.seen_as(INTAKE):
        items: list[dict[str, Any]] = client.get(QUEUE, params={"limit": 1000}).json()["items"]
    return items


def newest(client: Client, before: list[dict[str, Any]]) -> str:
    """The id of what waits now and did not before."""
    (one,) = {row["id"] for row in queue(client)} - {row["id"] for row in before}
    found: str = one
    return found


def decided(client: Client, one: str, decision: str, **more: Any) -> httpx.Response:  # noqa: ANN401  # any field
    """A decision of the desk."""
    with client.seen_as(INTAKE):
        return client.post(f"{QUEUE}/{one}", json={"decision": decision, **more})


# -- reports and receipts ----------------------------------------------------------------------------------------------


def test_a_report_is_received_read_back_and_followed(client: Client) -> None:
    """The receipt is told once; the state is one of four words; the law stands beside every answer."""
    answer = client.post("/report", data=REPORT)
    body = answer.json()
    assert (answer.status_code, body["law"]) == (201, LAW)
    assert [(o["number"], o["place"]) for o in body["options"]] == [(1, "Hirbinifsah, village, 10 km W of Ar Rastan")]
    assert state_of(client, body["receipt"]) == "received"
    assert client.post("/report/answer", data={"receipt": body["receipt"], "answer": "1"}).json() == {"law": LAW}
    assert state_of(client, body["receipt"].lower().replace("-", " ")) == "under review"


def test_all_wrong_receipts_are_answered_alike(client: Client) -> None:
    """Byte for byte: one that never was, one that was deleted, and what is no receipt, in JSON and as a page."""
    gone = reported(client)
    assert client.post("/intake/follow", data={"receipt": gone, "ask": "delete"}).json()["done"] == "deleted"
    for headers in ({}, PAGE):
        told = {
            client.post("/intake/follow", data={"receipt": receipt, "ask": ask}, headers=headers).content
            for receipt in (gone, "ZVV8Q-86E7X-JQY3T-C30BW-19XEB4", "", "x" * 199, "\u202e")
            for ask in ("state", "withdraw", "delete", "nonsense", "")
        }
        assert len(told) == 1
    assert client.post("/report/answer", data={"receipt": gone, "answer": "1"}).json() == {"law": LAW}


def test_receipts_cannot_be_tried_without_end(service: Service, log: io.StringIO) -> None:
    """After some that were wrong an address waits, with a right one too."""
    patient = Client(make_app(service, log))
    patient.app.state.rates = type(patient.app.state.rates)(
        msgspec.structs.replace(service.settings, refused_a_minute=5)
    )
    receipt = reported(patient)
    statuses = [patient.post("/intake/follow", data={"receipt": "wrong"}).status_code for _ in range(7)]
    late = patient.post("/intake/follow", data={"receipt": receipt})
    patient.close()
    assert statuses == [200] * 5 + [429] * 2
    assert (late.status_code, int(late.headers["retry-after"]) > 0) == (429, True)


def test_consent_is_withdrawn_with_the_receipt(client: Client) -> None:
    """Nothing else changes; whoever asks twice gets the same."""
    receipt = reported(client, consent="share")
    for _ in range(2):
        body = client.post("/intake/follow", data={"receipt": receipt, "ask": "withdraw"}).json()
        assert (body["state"], body["done"]) == ("received", "withdrawn")


def test_a_session_that_comes_along_is_not_looked_at(client: Client) -> None:
    """Whoever is signed in, well or badly, reports as anybody does: nothing links a report to an account."""
    for cookie in ("truceline=nonsense", "truceline=" + "a" * 64):
        answer = client.post("/report", data=REPORT, headers={"cookie": cookie})
        assert answer.status_code == 201
        assert client.get("/report", headers={"cookie": cookie}).status_code == 200
        assert "set-cookie" not in answer.headers


# -- the hotline -------------------------------------------------------------------------------------------------------

MESSAGE = {"MessageSid": "SM-1", "From": "+963 944 555 019", "To": "+44 1", "Body": "قصف على حربنفسه أمس الساعة 2 ظهرا"}


def test_a_caller_is_asked_back_in_the_language_of_the_message(client: Client) -> None:
    """Receipt and question in one reply; dates and receipts on lines without Arabic letters; a number answers."""
    before = queue(client)
    with client.seen_as(LINE):
        first = client.post("/intake/hotline", data=MESSAGE)
        again = client.post("/intake/hotline", data=MESSAGE)
        one = newest(client, before)
        number = client.post("/intake/hotline", data={**MESSAGE, "MessageSid": "SM-2", "Body": "١"})
    assert first.headers["content-type"] == "application/xml; charset=utf-8"
    assert first.content == again.content
    lines = re.sub(r"<[^>]+>", "", first.text).strip().splitlines()
    assert re.fullmatch(r"[0-9A-Z-]{30}", lines[1])
    assert lines[3] == "1) حربنفسه، قرية، على بعد 10 كم غرب الرستن"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d 14:00", lines[4])
    assert "1)" not in number.text
    with client.seen_as(INTAKE):
        shown = client.get(f"{QUEUE}/{one}").json()
    assert (shown["answer"], shown["lang"], shown["channel"], shown["can_be_reached"]) == (1, "ar", "hotline", True)
    assert "944" not in json.dumps(shown)


def texted(client: Client, sender: str, body: str) -> bytes:
    """The reply to a message."""
    message = {**MESSAGE, "MessageSid": f"n{sender}{body}", "From": sender, "Body": body}
    return client.post("/intake/hotline", data=message).content


def test_replies_do_not_depend_on_what_was_reported(client: Client) -> None:
    """Whoever finds a phone and sends a number, or a word, gets what anybody gets."""
    with client.seen_as(LINE):
        told = {
            sender: [texted(client, sender, body) for body in ("1", "0", "2", "٧", "hello", "", "?")]
            for sender in (MESSAGE["From"], "+1 555", "")
        }  # fmt: skip
    assert len({tuple(one) for one in told.values()}) == 1


@pytest.mark.parametrize("viewer", [v for v in (*EVERYBODY, INTAKE) if v is not LINE])
def test_only_a_hotline_hands_over_messages(client: Client, viewer: Viewer) -> None:
    """Nobody else makes reports in the name of callers; without a signature it is as if nothing were there."""
    with client.seen_as(viewer):
        answer = client.post("/intake/hotline", data=MESSAGE)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


def test_a_program_of_the_hotline_signs_its_requests(client: Client) -> None:
    """By RFC 9421, as every program; a changed body is refused, and one of another role is not let in."""
    program = machine(client, "hotline")
    assert program.post("/intake/hotline", data={**MESSAGE, "MessageSid": "SM-9421"}).status_code == 200
    assert machine(client, "mirror").post("/intake/hotline", data=MESSAGE).status_code == 404


def test_the_signature_of_the_provider_is_that_of_its_documents() -> None:
    """The example of Twilio's own documents and libraries."""
    body = b"CallSid=CA1234567890ABCDE&Caller=%2B12349013030&Digits=1234&From=%2B12349013030&To=%2B18005551212"
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    settings = provider(b"12345-16-bytes-..")
    check_provider(settings, url, signed(b"12345-16-bytes-..", url, body), body)
    key, told = b"12345", url + "CallSidCA1234567890ABCDECaller+12349013030Digits1234From+12349013030To+18005551212"
    assert base64.b64encode(hmac.digest(key, told.encode(), "sha1")) == b"0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def provider(secret: bytes, scheme: str = "twilio") -> Settings:
    """Settings with a provider that has a secret."""
    path = Path(config_folder()) / "hotline-secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(secret + b"\n")
    return msgspec.structs.replace(
        WIDE, origin="http://localhost", hotline_scheme=scheme, hotline_secret_file=str(path),
        hotline_reply="text", refused_a_minute=10**6,
    )  # fmt: skip


def signed(secret: bytes, url: str, body: bytes) -> str:
    """A signature as Twilio makes it."""
    pairs = httpx.QueryParams(body.decode())
    told = url + "".join(name + pairs[name] for name in sorted(pairs))
    return base64.b64encode(hmac.digest(secret, told.encode(), "sha1")).decode()


def test_a_provider_signs_what_it_hands_over(service: Service, log: io.StringIO) -> None:
    """A good signature is let in, any other is refused as wrong credentials are; nothing is kept of what is refused."""
    secret, form = b"0123456789abcdef", {"content-type": "application/x-www-form-urlencoded"}
    before = service.settings
    service.settings = provider(secret)
    try:
        line = Client(make_app(service, log))
        body = str(httpx.QueryParams({**MESSAGE, "MessageSid": "SM-3"})).encode()
        good = signed(secret, "http://localhost/intake/hotline", body)
        count = boxes.count(service.state)
        for wrong in (
            good[:-2] + "A=",
            "",
            "x",
            signed(b"another secret ...", "http://localhost/intake/hotline", body),
        ):
            answer = line.post("/intake/hotline", content=body, headers={**form, "x-twilio-signature": wrong})
            assert answer.status_code == (401 if wrong else 404)
        other = line.post("/intake/hotline", content=body + b"&x=1", headers={**form, "x-twilio-signature": good})
        assert (other.status_code, boxes.count(service.state)) == (401, count)
        for _ in range(2):
            answer = line.post("/intake/hotline", content=body, headers={**form, "x-twilio-signature": good})
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert boxes.count(service.state) == count + 1
        line.close()
    finally:
        service.settings = before


def test_the_other_way_to_sign_is_over_the_body() -> None:
    """HMAC-SHA256 in digits, with or without its name before it."""
    secret, body = b"0123456789abcdef", b"id=1&text=x"
    settings = provider(secret, "hmac-sha256")
    digest = hmac.new(secret, body, hashlib.sha256).hexdigest()
    for shown in (digest, f"sha256={digest}", digest.upper()):
        check_provider(settings, "anywhere", shown, body)
    for wrong in ("", digest[:-1], digest[:-1] + "g"):
        with pytest.raises(CredentialsError):
            check_provider(settings, "anywhere", wrong, body)


# -- the intake desk ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("viewer", EVERYBODY)
def test_the_queue_is_for_the_intake_desk_alone(client: Client, viewer: Viewer) -> None:
    """What is there and what is not get the same answer from whoever may not look."""
    before = queue(client)
    reported(client)
    one = newest(client, before)
    with client.seen_as(viewer):
        there, absent = (client.get(f"{QUEUE}/{name}") for name in (one, "0" * 16))
        answers = [client.get(QUEUE), client.get("/api/v1/intake/batch"), client.post("/api/v1/intake/batch", json={}),
                   client.post(f"{QUEUE}/{one}", json={"decision": "close"})]  # fmt: skip
    assert {answer.status_code for answer in (there, absent, *answers)} == {404}
    assert there.content == absent.content
    assert one in {row["id"] for row in queue(client)}


def test_the_desk_takes_joins_closes_rejects_and_is_noted(client: Client, service: Service) -> None:
    """Every look and every decision stands in the audit by the id of the report; no answer tells how it is reached."""
    ids = []
    for _ in range(4):
        before = queue(client)
        reported(client)
        ids.append(newest(client, before))
    noted = len(audits.rows(service.state))
    with client.seen_as(INTAKE):
        shown = client.get(f"{QUEUE}/{ids[0]}").json()
    assert shown["words"] == REPORT["words"]
    assert "944" not in json.dumps(shown)
    when = {"when": "2026-01-02", "precision": "day"}
    taken = decided(client, ids[0], "take", row={"note": "Two shells.", "actor": "Syrian government", **when})
    assert (taken.status_code, taken.json()["row"]["note"]) == (200, "Two shells.")
    assert decided(client, ids[1], "join", into=ids[0]).status_code == 200
    assert decided(client, ids[2], "close").status_code == 200
    assert decided(client, ids[3], "reject", reason="a test").status_code == 200
    for refused in (
        decided(client, ids[2], "take"),
        decided(client, ids[3], "close"),
        decided(client, "0" * 16, "close"),
    ):
        assert refused.status_code == 404
    rows = audits.rows(service.state)[noted:]
    assert [(row["resource"], row["action"], row["about"]) for row in rows if row["about"]] == [
        ("report", "read", ids[0]), ("report", "take", ids[0]), ("report", "join", ids[1]),
        ("report", "close", ids[2]), ("report", "reject", ids[3]),
    ]  # fmt: skip
    assert {row["account"] for row in rows} == {INTAKE.account}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"decision": "keep"}, 422), ({}, 422), ({"decision": "take", "row": {"actor": "Abu Samir"}}, 422),
        ({"decision": "take", "row": {"killed_low": -1}}, 422), ({"decision": "take", "row": {"name": "x"}}, 422),
        ({"decision": "join", "into": "0" * 16}, 422), ({"decision": "reject"}, 422),
        ({"decision": "take", "row": {"note": "x" * 1_001}}, 422), ({"decision": "take", "row": {}}, 422),
        ({"decision": "take", "row": {"when": "2035", "precision": "day"}}, 422),
    ],
)  # fmt: skip
def test_a_decision_that_makes_no_sense_is_refused(client: Client, body: dict[str, Any], status: int) -> None:
    """With a problem that names the field, and never a name that somebody typed."""
    before = queue(client)
    reported(client, time="")
    one = newest(client, before)
    with client.seen_as(INTAKE):
        answer = client.post(f"{QUEUE}/{one}", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert "Samir" not in answer.text


def test_a_batch_by_http_and_what_a_seized_phone_can_ask_of_it(client: Client, service: Service, own: Path) -> None:
    """With the photo, the words and the receipt in hand: no answer to anybody differs for them and for others."""
    before = queue(client)
    receipt = client.post("/report", data={**REPORT, "consent": "share"}, files=photo(PHOTO[:300_000])).json()[
        "receipt"
    ]
    one = newest(client, before)
    before = queue(client)
    reported(client)
    other = newest(client, before)
    for name in (one, other):
        assert decided(client, name, "take", row={"when": "2026-01-02", "precision": "day"}).status_code == 200
    with client.seen_as(INTAKE):
        assert client.get("/api/v1/intake/batch").json()["is_due"]
        made = client.post("/api/v1/intake/batch", json={})
        assert client.post("/api/v1/intake/batch", json={}).status_code == 409
    assert made.status_code == 201
    assert state_of(client, receipt) == "included in a batch"
    held, absent = hashlib.sha256(PHOTO[:300_000]).hexdigest(), hashlib.sha256(b"another").hexdigest()
    for viewer in (*EVERYBODY, INTAKE):
        with client.seen_as(viewer):
            for path in ("/api/v1/record/blobs/{}", "/api/v1/receipts/{}", "/api/v1/agreement/texts/{}"):
                answers = [client.get(path.format(digest)) for digest in (held, absent)]
                assert answers[0].status_code == answers[1].status_code
                assert answers[0].content == answers[1].content
            for index in range(len(service.case.entries())):
                text = client.get(f"/api/v1/record/entries/{index}").text
                assert held not in text
                assert not any(canary.decode() in text for canary in CANARIES if canary != b"Hirbnafseh")
    said = b"".join(entry.entry.data for entry in service.case.entries())
    assert held.encode() not in said


def photo(data: bytes, name: str = "IMG_0412.jpg") -> dict[str, Any]:
    """A photo as a form sends it."""
    return {"media": (name, data, "image/jpeg")}


def test_the_same_report_twice_is_two_reports(client: Client) -> None:
    """Who sends the body of a seized phone again learns nothing: the answer is that to a new report."""
    body = {**REPORT, "words": "the body of a phone, byte for byte"}
    first, again = (client.post("/report", data=body).json() for _ in range(2))
    assert first["receipt"] != again["receipt"]
    assert first["options"] == again["options"]
    assert state_of(client, first["receipt"]) == state_of(client, again["receipt"]) == "received"


# -- what must not get out ---------------------------------------------------------------------------------------------


def test_nothing_of_a_reporter_is_in_any_file_log_or_problem(
    client: Client, service: Service, own: Path, log: io.StringIO
) -> None:
    """Every byte below the case and the vault, every line of log, the metrics, and what the desk is told."""
    files = photo(b"\xff\xd8\xff\xe0 zz-canary photo" * 9_000, "zz-canary-name.jpg")
    given = {**REPORT, "words": "سقطت قذيفة على المخبز zz-canary"}
    receipt = client.post("/report", data=given, files=files).json()["receipt"]
    client.post("/report", data={**given, "act": "zz-canary"})
    client.post("/report", data={**given, "words": ""}, files=files)
    client.post("/report", data={**given, "zz-canary": "x" * 20_000})
    with client.seen_as(LINE):
        client.post(
            "/intake/hotline", data={**MESSAGE, "MessageSid": "zz-canary", "Body": "zz-canary at the bakery in Hama"}
        )
        client.post("/intake/hotline", data={**MESSAGE, "MessageSid": "", "Body": "zz-canary"})
    if batches.due(service.intake).is_due:
        batches.batch(service.intake)
    everything = bytes_of(own)
    for canary in (*CANARIES, receipt.encode(), receipt.replace("-", "").encode()):
        assert canary not in everything, canary
    lines = log.getvalue()
    assert not any(canary.decode() in lines for canary in CANARIES)
    assert not any(route in lines for route in ('"/report', '"/intake/'))
    metrics = client.app.state.operation.metrics().decode()
    assert "/report" not in metrics
    assert "/intake/f" not in metrics


def test_a_fault_of_the_program_is_logged_without_a_word(
    client: Client, service: Service, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kind of the error and its place, and nothing that was said; what had arrived is forgotten."""

    def breaks(*_: object) -> None:
        raise RuntimeError("zz-canary in the words of an error")

    monkeypatch.setattr("truceline.desk.intake._checked", breaks)
    kept = bytes_of(config_folder() / "vault" / "originals")
    answer = client.post("/report", data=REPORT, files=photo(PHOTO[:100_000]))
    assert (answer.status_code, "zz-canary" in answer.text) == (500, False)
    assert '"RuntimeError"' in log.getvalue()
    assert "zz-canary" not in log.getvalue()
    assert bytes_of(config_folder() / "vault" / "originals") == kept


# -- bad input ---------------------------------------------------------------------------------------------------------

BOUND = "multipart/form-data; boundary=b"


def part(name: str, value: bytes, *more: str) -> bytes:
    """A part of a form."""
    head = "\r\n".join((f'Content-Disposition: form-data; name="{name}"{"".join(more)}', "", ""))
    return b"--b\r\n" + head.encode() + value + b"\r\n"


def zipped() -> bytes:
    """A zip bomb: some megabytes of nothing in a few kilobytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("x", bytes(50_000_000))
    return made.getvalue()


JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
MEDIA = '; filename="a.jpg"'
BAD: dict[str, tuple[str, bytes, int]] = {
    "1 MB of words": ("application/x-www-form-urlencoded", b"words=" + b"a" * 1_000_001, 413),
    "many words": ("application/x-www-form-urlencoded", b"words=" + b"a" * 90_000, 422),
    "10,000 fields": ("application/x-www-form-urlencoded", b"&".join(b"f%d=x" % i for i in range(10_000)), 422),
    "10,000 parts": (BOUND, b"".join(part(f"f{i}", b"x") for i in range(10_000)) + b"--b--\r\n", 422),
    "no form": ("application/x-www-form-urlencoded", b"\xff\xfe\x00", 422),
    "not UTF-8": ("application/x-www-form-urlencoded", b"words=%ff%fe", 422),
    "UTF-16": ("application/x-www-form-urlencoded; charset=utf-16", "words=x".encode("utf-16"), 415),
    "part not UTF-8": (BOUND, part("words", b"\xff\xfe") + b"--b--\r\n", 422),
    "no boundary": ("multipart/form-data", part("words", b"x") + b"--b--\r\n", 400),
    "another boundary": ("multipart/form-data; boundary=c", part("words", b"x") + b"--b--\r\n", 400),
    "long boundary": ("multipart/form-data; boundary=" + "b" * 3_000, b"x", 400),
    "cut off": (BOUND, part("words", b"x"), 422),
    "nothing at all": (BOUND, b"\r\n", 422),
    "long header": (BOUND, b"--b\r\nX: " + b"y" * 90_000 + b"\r\n\r\nx\r\n--b--\r\n", 400),
    "many headers": (BOUND, b"--b\r\n" + b"X: y\r\n" * 500 + b"\r\nx\r\n--b--\r\n", 400),
    "no name": (BOUND, b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", 422),
    "words twice": (BOUND, part("words", b"x") + part("words", b"y") + b"--b--\r\n", 422),
    "zip bomb": (BOUND, part("words", b"x") + part("media", zipped(), MEDIA) + b"--b--\r\n", 415),
    "gzip": (BOUND, part("media", b"\x1f\x8b\x08" + bytes(100), MEDIA) + b"--b--\r\n", 415),
    "HTML as a photo": (BOUND, part("media", b"<html><script>alert(1)</script>" * 9, MEDIA) + b"--b--\r\n", 415),
    "SVG": (BOUND, part("media", b'<svg xmlns="http://www.w3.org/2000/svg"/>' * 3, MEDIA) + b"--b--\r\n", 415),
    "short file": (BOUND, part("media", b"\xff\xd8\xff", MEDIA) + b"--b--\r\n", 415),
    "three files": (BOUND, part("media", JPEG, MEDIA) * 3 + b"--b--\r\n", 422),
    "large file": (BOUND, part("media", JPEG + bytes(500_000), MEDIA) + b"--b--\r\n", 413),
    "JSON": ("application/json", b'{"words": "x"}', 415),
    "text": ("text/plain", b"words=x", 415),
    "only marks": ("application/x-www-form-urlencoded", "words=\u202e\u2066%00".encode(), 422),
    "an act of ours": ("application/x-www-form-urlencoded", b"words=x&act=movement", 422),
}  # fmt: skip


UNSEEN = ("1 MB of words", "UTF-16", "JSON", "text")
"""Refused before anything of it is read: no page is made for these."""


@pytest.mark.parametrize("name", list(BAD))
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_what_is_no_report_is_refused_in_one_form(client: Client, service: Service, name: str, accept: str) -> None:
    """A problem for programs, the form once more for people; nothing is kept, and nothing is left in the vault."""
    kind, body, status = BAD[name]
    count, vault = boxes.count(service.state), config_folder() / "vault"
    answer = client.post("/report", content=body, headers={"content-type": kind, "accept": accept})
    assert answer.status_code == status, answer.text[:500]
    is_page = accept == "text/html" and answer.headers["content-type"].startswith("text/html")
    assert is_page or answer.headers["content-type"] == "application/problem+json"
    assert is_page or accept == "application/json" or name in UNSEEN
    assert b"alert(1)" not in answer.content
    assert boxes.count(service.state) == count
    assert list((vault / "incoming").glob("*")) == []


def test_a_form_without_end_is_cut_off(client: Client, service: Service) -> None:
    """No more than the limit is read, whoever sends and for how long; what had arrived is forgotten."""
    sent = 0

    async def endless() -> Any:  # noqa: ANN401  # pieces
        nonlocal sent
        yield b"--b\r\n" + b'Content-Disposition: form-data; name="media"; filename="a"\r\n\r\n' + JPEG
        while sent < 500:
            sent += 1
            yield bytes(10_000)

    answer = client.post("/report", content=endless(), headers={"content-type": BOUND})
    assert answer.status_code == 413
    assert sent < 400
    assert list((config_folder() / "vault" / "incoming").glob("*")) == []


def test_a_sender_that_goes_leaves_nothing(client: Client, service: Service, log: io.StringIO) -> None:
    """A network that breaks off is no fault: no line of log has its moment, and nothing stays in the vault."""
    body = b"--b\r\n" + b'Content-Disposition: form-data; name="media"; filename="a"\r\n\r\n' + JPEG * 1_000
    pieces: list[dict[str, Any]] = [
        {"type": "http.request", "body": body, "more_body": True}, {"type": "http.disconnect"},
    ]  # fmt: skip
    lines, count, seen = log.getvalue(), boxes.count(service.state), list[bool]()

    async def receive() -> dict[str, Any]:
        seen.append(bool(list((config_folder() / "vault" / "incoming").glob("*"))))
        return pieces.pop(0)

    async def send(message: Any) -> None:  # noqa: ANN401  # as ASGI has it
        raise AssertionError(message)

    headers = [(b"host", b"localhost"), (b"content-type", BOUND.encode()), (b"content-length", b"900000")]
    scope = {"type": "http", "method": "POST", "path": "/report", "raw_path": b"/report", "query_string": b"",
             "headers": headers, "scheme": "http", "client": ("127.0.0.1", 1), "http_version": "1.1"}  # fmt: skip
    client.call(client.app, scope, receive, send)
    assert seen == [False, True]
    assert list((config_folder() / "vault" / "incoming").glob("*")) == []
    assert (log.getvalue(), boxes.count(service.state)) == (lines, count)


def test_a_polyglot_is_kept_as_bytes_and_never_opened(client: Client, service: Service) -> None:
    """What begins as a photo and is a zip, a page and a script as well is a photo, and comes back as it was."""
    before = queue(client)
    data = JPEG + zipped() + b"<script>alert(1)</script>"
    assert client.post("/report", data=REPORT, files=photo(data, "../../etc/passwd\x00.jpg")).status_code == 201
    one = newest(client, before)
    with client.seen_as(INTAKE):
        (original,) = client.get(f"{QUEUE}/{one}").json()["originals"]
    assert original["what"] == "photo"
    out = config_folder() / "out"
    originals.take(original["original"], out)
    assert out.read_bytes() == data
    out.unlink()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/report/answer", b"receipt=%ff"), ("/report/answer", b"receipt=x&receipt=y"), ("/intake/follow", b"&&&"),
        ("/intake/follow", b"receipt=" + b"x" * 70_000), ("/intake/follow", b"\x00"),
        ("/report/answer", b"a=b" * 30_000),
    ],
)  # fmt: skip
def test_short_forms_refuse_what_is_none(client: Client, path: str, body: bytes) -> None:
    """As problems, whatever it was."""
    answer = client.post(path, content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code in (413, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_marks_and_markup_in_words_change_no_page(client: Client) -> None:
    """What somebody writes is text: on the page that refuses it, and at the desk."""
    evil = '"><script>alert(1)</script>\u202e&lt;'
    page = client.post("/report", data={"words": evil, "place": evil, "act": "x"}, headers=PAGE)
    assert page.status_code == 422
    assert re.findall("<script[^>]*>", page.text) == ['<script type="module" src="/static/report-form.js">']
    before = queue(client)
    assert client.post("/report", data={"words": evil}).status_code == 201
    one = newest(client, before)
    with client.seen_as(INTAKE):
        assert client.get(f"{QUEUE}/{one}").json()["words"] == '"><script>alert(1)</script>&lt;'


def test_one_address_takes_only_some_of_the_places(service: Service) -> None:
    """Attack: photos that never end, from one address; others report, and so does whoever sends words alone."""
    asking, other = Client(make_app(service, io.StringIO())), Client(make_app(service, io.StringIO()))
    other.http._transport = httpx.ASGITransport(asking.app, client=("192.0.2.7", 1))
    kind = {"content-type": "multipart/form-data; boundary=b"}
    words = b'--b\r\ncontent-disposition: form-data; name="words"\r\n\r\nShelling in Hama\r\n--b--\r\n'

    async def crowd() -> list[httpx.Response]:
        go_on, begun = anyio.Event(), [anyio.Event() for _ in range(4)]
        slow: list[httpx.Response] = []

        async def endless(n: int) -> AsyncIterator[bytes]:
            yield words[:20]
            begun[n].set()
            await go_on.wait()
            yield words[20:]

        async def one(n: int) -> None:
            slow.append(await asking.http.post("/report", content=endless(n), headers=kind))

        async with anyio.create_task_group() as group:
            for n in range(4):
                group.start_soon(one, n)
                await begun[n].wait()
            await anyio.sleep(0.05)
            found = [
                await asking.http.post("/report", content=words, headers=kind),
                await asking.http.post("/report", data=REPORT),
                await other.http.post("/report", content=words, headers=kind),
            ]
            go_on.set()
        return [*found, *slow]

    found = asking.call(crowd)
    assert [one.status_code for one in found] == [503, 201, 201, 201, 201, 201, 201]
    assert asking.post("/report", content=words, headers=kind).status_code == 201, "the places are free again"
    asking.close()
    other.close()


def test_what_was_refused_is_not_waited_for_without_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack: a form that is refused at once, whose sender goes on for ever, and whoever asks for a page."""
    monkeypatch.setattr(report, "RUN_OUT_S", 0.2)

    async def endless() -> AsyncIterator[bytes]:
        yield b"no form at all"
        while True:
            yield b" " * 10
            await anyio.sleep(0.02)

    begun = time.monotonic()
    headers = {**PAGE, "content-type": "multipart/form-data; boundary=b"}
    found = client.post("/report", content=endless(), headers=headers)
    assert (found.status_code, "text/html" in found.headers["content-type"]) == (400, True)
    assert time.monotonic() - begun < 4.0


def test_a_desk_that_is_full_says_so(client: Client, service: Service) -> None:
    """Later, to people and to programs; to a caller in words, since nobody else would tell."""
    whole = service.intake.settings
    service.intake.settings = msgspec.structs.replace(whole, intake_most=1)
    try:
        for headers in ({}, PAGE):
            answer = client.post("/report", data=REPORT, headers=headers)
            assert (answer.status_code, bool(answer.headers["retry-after"])) == (503, True)
        with client.seen_as(LINE):
            told = client.post(
                "/intake/hotline", data={**MESSAGE, "MessageSid": "full", "Body": "Shelling in Hama today"}
            )
        assert (told.status_code, "Send it again later" in told.text) == (200, True)
    finally:
        service.intake.settings = whole


def test_a_message_that_is_too_long_is_answered(client: Client) -> None:
    """A provider that gets a problem says nothing to its caller."""
    with client.seen_as(LINE):
        told = client.post("/intake/hotline", data={**MESSAGE, "MessageSid": "long", "Body": "shelling " * 400})
    assert (told.status_code, "too long" in told.text) == (200, True)
