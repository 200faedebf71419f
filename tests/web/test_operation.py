"""How the service is, and what it tells of itself: nothing of what anybody asked."""

from __future__ import annotations

import io
import json
import logging
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from tests.web.asking import Client
from tests.web.trial import SENT, trial
from truceline.desk import health
from truceline.desk.health import Check, Health
from truceline.desk.service import Service
from truceline.desk.viewers import Viewer
from truceline.errors import StoreError
from truceline.web.operation import Handed, new_log, place_of


def lines(out: io.StringIO) -> list[dict[str, object]]:
    """The log, read again."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


def wait_ready(client: Client) -> dict[str, object]:
    """What the service says of itself once its record is verified and its answers are worked out."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        client.app.state.service.health._kept = None
        found: dict[str, object] = client.get("/health/ready").json()
        if found["ready"]:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not ready: {found}")


def test_the_service_is_there_and_ready(client: Client) -> None:
    """Live as soon as it answers; ready when everything it needs is well."""
    assert client.get("/health/live").json() == {"live": True}
    told = wait_ready(client)
    assert told["ready"] is True
    assert isinstance(told["checks"], list)
    assert {one["name"] for one in told["checks"]} == {"record", "store", "memory", "writer", "answers"}
    assert all(one["is_well"] and one["said"] for one in told["checks"])


def test_readiness_names_no_place(client: Client, case_folder: Path) -> None:
    """Everybody may ask: no path, no host, no size."""
    assert str(case_folder) not in client.get("/health/ready").text


def test_a_store_out_of_reach_is_not_ready_and_comes_back(
    client: Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After while it is away; well again when it is back."""
    wait_ready(client)

    def away() -> bytes:
        raise StoreError(f"postgresql://db.example: {SENT}")

    with monkeypatch.context() as patched:
        patched.setattr(service.case.store, "head", away)
        service.health._kept = None
        found = client.get("/health/ready")
        assert (found.status_code, found.headers["content-type"]) == (503, "application/json")
        assert found.headers["retry-after"] == "5"
        assert SENT not in found.text
        told = {one["name"]: one for one in found.json()["checks"]}
        assert told["store"] == {"name": "store", "is_well": False, "said": "out of reach"}
        assert told["memory"]["is_well"]
        assert client.get("/health/live").status_code == 200
    service.health._kept = None
    assert client.get("/health/ready").status_code == 200


def test_a_record_that_does_not_hold_is_not_ready(shipped_case: Path, tmp_path: Path) -> None:
    """A damaged record is not served as if nothing were: the first fault is enough."""
    folder = tmp_path / "case"
    shutil.copytree(shipped_case, folder)
    with Service.open(str(folder)) as service:
        found = Health(service)
        assert found.checks()[0] == Check("record", False, "being verified")
        journal = folder / "record" / "journal" / "000000000000"
        data = bytearray(journal.read_bytes())
        data[len(data) // 2] ^= 1
        journal.write_bytes(bytes(data))
        found.verify()
        assert not found._record.is_well
        assert found._record.said.endswith("ask `truceline verify`")


def test_who_asks_does_not_wait_for_a_record_to_be_verified(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that was out of reach is verified anew beside whoever asks, once; whatever fails, it is tried again."""
    is_looking, go_on, looks = threading.Event(), threading.Event(), []

    def slow(*_: object) -> Any:  # noqa: ANN401  # what an audit gives
        looks.append(1)
        is_looking.set()
        assert go_on.wait(10)
        raise ValueError(SENT)

    monkeypatch.setattr(health, "audit", slow)
    one = Health(service)
    monkeypatch.setattr(health, "KEPT_S", -1.0)
    one._record = Check("record", False, "out of reach")
    begun = time.monotonic()
    for _ in range(3):
        assert one.checks()[0].said == "out of reach"
    assert time.monotonic() - begun < 5.0
    assert is_looking.wait(10)
    assert len(looks) == 1
    go_on.set()
    assert one._again is not None
    one._again.join(10)
    assert one._record.said == "out of reach", "a fault that nobody thought of leaves it where it is tried again"
    monkeypatch.undo()
    one._kept = None
    one.checks()
    one._again.join(60)
    assert one._record.said == "verified"


def test_answers_are_given_again_for_a_moment(service: Service) -> None:
    """Who asks without end makes the service look no more often than once a second."""
    found = Health(service)
    assert found.checks() is found.checks()


# -- metrics ---------------------------------------------------------------------------------------------------------


def test_metrics_are_counted_by_route(service: Service) -> None:
    """By template, method and status; never by what stood in the path or the query."""
    with trial(service) as asking:
        for path in ("/trial/fails/input", "/trial/fails/conflict", f"/{SENT}", "/trial/many?term=hospital"):
            asking.get(path)
        asking.request("BREW", "/trial/page")
        found = asking.get("/metrics")
        assert found.headers["content-type"].startswith("text/plain; version=0.0.4")
    told = found.text
    assert SENT.split()[-1] not in told
    assert "hospital" not in told
    assert "BREW" not in told
    families = {one.name: one for one in text_string_to_metric_families(told)}
    counted = {
        (one.labels["route"], one.labels["method"], one.labels["status"]): one.value
        for one in families["truceline_requests"].samples if one.name.endswith("_total")
    }  # fmt: skip
    assert counted["/trial/fails/{how}", "GET", "422"] == 1
    assert counted["/trial/fails/{how}", "GET", "409"] == 1
    assert counted["", "GET", "404"] == 1
    assert counted["/trial/many", "GET", "200"] == 1
    refused = {
        one.labels["problem"]: one.value
        for one in families["truceline_refusals"].samples
        if one.name.endswith("_total")
    }
    assert refused["invalid"] == 1
    assert refused["not-found"] == 1


def test_metrics_are_not_for_everybody(service: Service) -> None:
    """Programs of this machine and the secretariat; what came through a proxy is of no machine."""
    with trial(service) as asking:
        assert asking.get("/metrics").status_code == 200
        for header in ("Forwarded", "X-Forwarded-For", "Via"):
            assert asking.get("/metrics", headers={header: "x"}).status_code == 404
            with asking.seen_as(Viewer("sec", "secretariat")):
                assert asking.get("/metrics", headers={header: "x"}).status_code == 200
    with trial(service, metrics_to=("192.0.2.1",)) as asking:
        assert asking.get("/metrics").status_code == 404
        for role in ("party", "monitor", "intake", "mirror"):
            with asking.seen_as(Viewer("x", role)):
                assert asking.get("/metrics").status_code == 404


# -- the log ---------------------------------------------------------------------------------------------------------


def test_a_line_for_each_request(service: Service) -> None:
    """Route, status, duration, id and role; no payload, no value of a query, no account, no address."""
    out = io.StringIO()
    with trial(service, out) as asking, asking.seen_as(Viewer("account-of-ana", "party", "gov")):
        asking.post("/trial/notes", json={"text": SENT})
        asking.get("/trial/many", params={"term": SENT})
        asking.get(f"/trial/fails/{SENT}")
        found = asking.get("/trial/page")
    told = lines(out)
    requests = [one for one in told if one["event"] == "request"]
    assert [(one["route"], one["method"], one["status"]) for one in requests] == [
        ("/trial/notes", "POST", 201), ("/trial/many", "GET", 200), ("/trial/fails/{how}", "GET", 500),
        ("/trial/page", "GET", 200),
    ]  # fmt: skip
    assert requests[-1]["request"] == found.headers["x-request-id"]
    assert requests[-1]["role"] == "party"
    assert all(set(one) == {"event", "route", "method", "status", "ms", "request", "role", "level", "timestamp"}
               for one in requests)  # fmt: skip
    for secret in (SENT, "account-of-ana", "gov", "127.0.0.1"):
        assert secret not in out.getvalue()


def test_health_is_not_logged_while_it_is_well(service: Service) -> None:
    """Machines ask every few seconds: the log is for what people need."""
    out = io.StringIO()
    with trial(service, out) as asking:
        asking.get("/health/live")
        asking.get("/metrics")
    assert lines(out) == []


def test_levels() -> None:
    """A host that wants only faults gets only these."""
    out = io.StringIO()
    log = new_log("error", out)
    log.info("request")
    log.error("fault", kind="ValueError")
    assert [one["event"] for one in lines(out)] == ["fault"]


def test_the_place_of_an_error_without_any() -> None:
    """An error that was never raised has none."""
    assert place_of(ValueError("x")) == ""


def test_what_libraries_log_is_brought_into_the_one_form() -> None:
    """Of ours the sentence, of a library only its name: what it says may be somebody's."""
    out = io.StringIO()
    with Handed(new_log("info", out)).at_work():
        logging.getLogger("truceline.desk.sequencer").warning("witnesses were not asked: %s", "nobody answers")
        logging.getLogger("sqlalchemy.engine").error("insert into x values (%s)", SENT)
        logging.getLogger("uvicorn.error").info("GET /%s", SENT)
        try:
            raise ValueError(SENT)
        except ValueError:
            logging.getLogger("truceline.web").exception("it failed")
    told = lines(out)
    assert [(one["event"], one["logger"], one.get("said", "")) for one in told] == [
        ("note", "truceline.desk.sequencer", "witnesses were not asked: nobody answers"),
        ("note", "sqlalchemy.engine", ""), ("note", "truceline.web", "it failed"),
    ]  # fmt: skip
    assert told[2]["kind"] == "ValueError"
    assert SENT not in out.getvalue()


def test_a_thread_that_dies_is_logged_by_its_place() -> None:
    """Python would print the words of the error, and the lines around it."""
    out = io.StringIO()

    def fails() -> None:
        raise ValueError(SENT)

    with Handed(new_log("info", out)).at_work():
        thread = threading.Thread(target=fails, name="truceline trial")
        thread.start()
        thread.join()
    assert [(one["event"], one["kind"], one["thread"]) for one in lines(out)] == [
        ("fault", "ValueError", "truceline trial")
    ]
    assert SENT not in out.getvalue()


def test_the_record_and_its_queue_are_counted(service: Service) -> None:
    """Entries taken, how many at a time, how many there are, what waits, and how old the answers are."""
    with trial(service) as asking:
        size = len(service.case.entries())
        asking.app.state.operation._taken(size, size + 3)
        families = {one.name: one for one in text_string_to_metric_families(asking.get("/metrics").text)}
    value = {name: one.samples[0].value for name, one in families.items() if one.samples}
    assert value["truceline_receipts"] == 3
    assert value["truceline_head_entries"] == size
    assert value["truceline_queue_length"] == 0
    assert value["truceline_answers_behind_seconds"] >= 0
    assert {one.value for one in families["truceline_batch_entries"].samples if one.name.endswith("_sum")} == {3.0}
    assert "queued" in {one.labels["status"] for one in families["truceline_jobs"].samples}


# -- the writer and the answers --------------------------------------------------------------------------------------


def check(service: Service, name: str) -> Check:
    """One check, looked at now."""
    return next(one for one in Health(service).checks() if one.name == name)


def test_a_writer_that_cannot_write_or_is_full_is_not_ready(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it refuses statements, whoever hands out requests is told."""
    assert check(service, "writer").is_well
    with monkeypatch.context() as patched:
        patched.setattr(type(service.sequencer), "fault", property(lambda _: f"disk full: {SENT}"))
        assert check(service, "writer") == Check("writer", False, "nothing could be written when that was tried last")
    with monkeypatch.context() as patched:
        patched.setattr(service.sequencer, "waiting", lambda: 9_500)
        assert check(service, "writer") == Check("writer", False, "too much waits")
    assert check(service, "writer").is_well


def test_answers_that_are_not_there_or_too_old_are_not_ready(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that shows the state of yesterday says so."""
    before = service.settings
    service.settings = replace(before, judging="here", stale_s=60.0)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(service.snapshots, "_now", None)
            assert check(service, "answers") == Check("answers", False, "being worked out")
        service.snapshots.refresh()
        assert check(service, "answers").is_well
        with monkeypatch.context() as patched:
            patched.setattr(service.snapshots, "_behind_since", time.monotonic() - 61)
            assert check(service, "answers") == Check("answers", False, "too old")
        service.settings = replace(before, judging="asked")
        assert check(service, "answers").is_well
    finally:
        service.settings = before
