"""One form for answers and problems, whatever is asked."""

from __future__ import annotations

import inspect
import io
from collections import Counter
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from tests.web.asking import Client
from tests.web.trial import SENT, trial
from truceline import LAW
from truceline.desk.service import Service
from truceline.desk.snapshots import NOT_YET
from truceline.desk.viewers import REFUSED, WRONG
from truceline.errors import AWAY, LaterError, told
from truceline.group import access
from truceline.report.closed import CLOSED
from truceline.web import viewing
from truceline.web.app import App
from truceline.web.limits import too_many
from truceline.web.parts import PROBLEMS
from truceline.web.problems import FAULT
from truceline.web.table import NO_GATE, Table

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def tried(service: Service) -> Iterator[Client]:
    """The application with the routes of the trial."""
    with trial(service) as asking:
        yield asking


def test_what_is_not_there_is_a_problem(client: Client) -> None:
    """A path that nobody knows gets the one sentence, as problem+json."""
    found = client.get("/nowhere")
    assert (found.status_code, found.headers["content-type"]) == (404, PROBLEM)
    assert found.json() == {
        "type": "/problems/not-found", "title": PROBLEMS[404][1], "status": 404,
        "detail": "not for whoever asks, or not there",
    }  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/health/live/", "//health/live", "/health/live%2f", "/HEALTH/live", "/openapi.json/"]
)
def test_a_path_is_that_path_and_no_other(client: Client, path: str) -> None:
    """No redirect, no guess: a path that is nearly one is none."""
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_a_wrong_method_is_told_the_right_ones(client: Client, method: str) -> None:
    """405 with all the methods of the path."""
    found = client.request(method, "/health/live")
    assert (found.status_code, found.headers["allow"]) == (405, "GET, HEAD")
    assert found.json()["type"] == "/problems/method"


def test_every_get_has_a_head(tried: Client) -> None:
    """The same headers, and no bytes."""
    for path in ("/health/live", "/openapi.json", "/trial/page", "/trial/html"):
        got, head = tried.get(path), tried.request("HEAD", path)
        assert head.status_code == got.status_code == 200
        assert head.content == b""
        drop = ("x-request-id",)
        assert {k: v for k, v in head.headers.items() if k not in drop} == {
            k: v for k, v in got.headers.items() if k not in drop
        }


def test_answers_carry_the_law(tried: Client) -> None:
    """Whoever reads of a case reads the line, too."""
    assert tried.get("/trial/page").json()["law"] == LAW


@pytest.mark.parametrize(
    ("how", "status", "kind"),
    [("input", 422, "invalid"), ("conflict", 409, "conflict"), ("store", 503, "unavailable"), ("bug", 500, "fault")],
)
def test_failures_have_one_form(tried: Client, how: str, status: int, kind: str) -> None:
    """Every error of the program is a problem; what is not the client's to know is not in it."""
    found = tried.get(f"/trial/fails/{how}")
    assert (found.status_code, found.headers["content-type"]) == (status, PROBLEM)
    assert found.json()["type"] == f"/problems/{kind}"
    assert SENT not in found.text
    assert ("retry-after" in found.headers) == (status == 503)


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("lang", "title", "detail", "turn"),
    [
        ("en", "Not for whoever asks, or not there", "not for whoever asks, or not there", "ltr"),
        ("ar", "غير متاح لمن يطلبه، أو غير موجود", "غير متاح لمن يطلبه، أو غير موجود", "rtl"),
        ("ru", "Недоступно тому, кто спрашивает, или не существует", "недоступно тому, кто спрашивает", "ltr"),
    ],
)
def test_people_get_a_page(tried: Client, lang: str, title: str, detail: str, turn: str) -> None:
    """In the language of the browser, or as the address says; with the status and the headers of the problem."""
    for path, headers in (("/nowhere", {"Accept-Language": lang}), (f"/nowhere?lang={lang}", {})):
        found = tried.get(path, headers={**BROWSER, **headers})
        assert (found.status_code, found.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert (found.headers["content-language"], found.headers["cache-control"]) == (lang, "no-store")
        assert f'<html lang="{lang}" dir="{turn}">' in found.text
        assert f"<h1>{title}</h1>" in found.text
        assert f"<p>{detail}" in found.text
        assert "nowhere" not in found.text, "what was asked for is not repeated"
        assert LAW in found.text or lang != "en"
        assert "script-src 'self'" in found.headers["content-security-policy"]
    assert tried.get("/nowhere", headers={"Accept": "*/*"}).headers["content-type"] == PROBLEM


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/auth/nowhere", "/feeds/nowhere", "/tile/nowhere", "/metrics/no"])
def test_programs_get_problems(tried: Client, path: str) -> None:
    """Whatever a program says of itself, where programs ask it gets the one form."""
    assert tried.get(path, headers=BROWSER).headers["content-type"] == PROBLEM


def test_a_page_tells_no_more_than_a_problem(tried: Client) -> None:
    """What is hidden and what is not there are one page, byte for byte; a fault is told without its words."""
    pages = [tried.get(path, headers=BROWSER) for path in ("/desk/secret", "/nowhere", "/enrol/x")]
    assert len({(one.status_code, one.content) for one in pages}) == 1
    for how, status in (("bug", 500), ("store", 503), ("conflict", 409)):
        found = tried.get(f"/trial/fails/{how}", headers=BROWSER)
        assert (found.status_code, "text/html" in found.headers["content-type"]) == (status, True)
        assert ("retry-after" in found.headers) == (status == 503)
        assert SENT not in found.text
    assert "expected version 3, got 2" in tried.get("/trial/fails/conflict", headers=BROWSER).text


def test_credentials_that_are_not_good_are_taken_back_with_a_page_too(tried: Client) -> None:
    """A browser that has an old cookie is told how to come in, and forgets it."""
    found = tried.get("/trial/page", headers={**BROWSER, "Cookie": "truceline=x"})
    assert (found.status_code, "text/html" in found.headers["content-type"]) == (401, True)
    assert 'truceline=""' in found.headers["set-cookie"]
    assert "/sign-in" in found.text


def test_every_problem_is_called_in_every_language() -> None:
    """A title that no catalogue has would be English on an Arabic page."""
    known = CLOSED["problem"]
    assert {title for _, title in PROBLEMS.values()} <= known.keys()
    assert {REFUSED, WRONG, AWAY, FAULT, NOT_YET, viewing._FORGED} <= known.keys()
    assert str(too_many(1.0)) in known


def test_what_is_being_worked_out_is_said(tried: Client, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks before the first answers are there is told so, and when to ask again: it is no fault of a disk."""
    monkeypatch.setattr(service.snapshots, "_now", None)
    found = tried.get("/api/v1/situation")
    assert (found.status_code, found.headers["retry-after"]) == (503, "30")
    assert found.json()["detail"] == NOT_YET
    assert told(LaterError("older states")) == "older states"


def test_all_faults_are_told_at_once(tried: Client) -> None:
    """Whoever repairs a file wants the whole list."""
    faults = tried.get("/trial/fails/input").json()["faults"]
    assert faults == [
        {"file": "a.csv", "line": 3, "field": "day", "message": "expected a day"},
        {"file": "a.csv", "line": 4, "field": "", "message": "expected a place"},
    ]


def test_what_does_not_fit_is_not_repeated(tried: Client) -> None:
    """A refused body is somebody's; the answer names the field and no value."""
    found = tried.post("/trial/notes", json={"text": SENT, "number": SENT})
    assert found.status_code == 422
    assert found.json()["faults"][0]["field"] == "number"
    assert SENT not in found.text


def test_headers_of_every_answer(tried: Client) -> None:
    """Pages and answers, good and bad, close what a browser could do with them."""
    for path in ("/trial/page", "/nowhere", "/trial/fails/bug", "/trial/html"):
        headers = tried.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "geolocation=()" in headers["permissions-policy"]
        assert "strict-transport-security" not in headers  # the service of this test is not reached by TLS
        assert "server" not in headers
    assert "script-src 'self'" in tried.get("/trial/html").headers["content-security-policy"]
    assert "script-src" not in tried.get("/trial/page").headers["content-security-policy"]
    assert tried.get("/trial/kept").headers["cache-control"] == "public, max-age=60"


def test_tls_is_demanded_where_there_is_tls(service: Service) -> None:
    """HSTS with an origin of https, which is then a name of the service."""
    with trial(service, origin="https://case.example") as asking:
        found = asking.get("/trial/page", headers={"Host": "case.example"})
        assert found.status_code == 200
        assert found.headers["strict-transport-security"].startswith("max-age=")


def test_every_request_has_an_id_of_ours(tried: Client) -> None:
    """Random, never the one that a client says."""
    ids = {tried.get("/trial/page", headers={"X-Request-Id": "mine"}).headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5
    assert "mine" not in ids


# -- the description -------------------------------------------------------------------------------------------------


def test_the_interface_is_described(client: Client) -> None:
    """OpenAPI 3.1 at its place, and no page that loads scripts of others."""
    described = client.get("/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404
    ids = Counter(one["operationId"] for path in described["paths"].values() for one in path.values())
    assert [name for name, count in ids.items() if count > 1] == []


def test_every_problem_is_described(client: Client) -> None:
    """Every operation names the problems it can answer, in their form, and none of the framework's."""
    described = client.get("/openapi.json").json()
    for path in described["paths"].values():
        for operation in path.values():
            for status in ("401", "404", "422", "429", "503"):
                schema = operation["responses"][status]["content"][PROBLEM]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}
    assert "HTTPValidationError" not in described["components"]["schemas"]
    assert set(described["components"]["schemas"]["Problem"]["properties"]) >= {"type", "title", "status", "detail"}


def test_every_route_has_a_gate_in_the_table(service: Service) -> None:
    """Default deny: a route without a gate, or with one that the table of access does not know, does not pass."""
    with trial(service) as asking:
        cells = {(resource, action) for _, resource, action in access()}
        for found in Table(asking.app).all():
            if isinstance(found.route, APIRoute):
                assert found.gate is not NO_GATE, found.template
                assert (found.gate.resource, found.gate.action) in cells, found.template


def test_nothing_that_is_looked_up_waits_for_a_thread(service: Service) -> None:
    """The framework sends every plain function among the dependencies to a thread: that is most of a request's time."""
    with trial(service) as asking:
        slow = set()
        for found in Table(asking.app).all():
            ahead = list(found.route.dependant.dependencies) if isinstance(found.route, APIRoute) else []
            while ahead:
                one = ahead.pop()
                call = one.call if inspect.isfunction(one.call) else getattr(one.call, "__call__", None)  # noqa: B004
                if not inspect.iscoroutinefunction(call) and not inspect.isclass(one.call):
                    slow.add((found.template, getattr(one.call, "__name__", repr(one.call))))
                ahead += one.dependencies
        assert slow == set()


def test_the_table_knows_every_route(service: Service) -> None:
    """The way round the framework's own search finds what that search would find."""
    with trial(service) as asking:
        app = asking.app
        assert isinstance(app, App)
        known = {(method, found.template) for found in Table(app).all() for method in found.methods - {"HEAD"}}
        theirs = {
            (method, one.path_format) for one in iter_route_contexts(app.routes)
            for method in (one.methods or set()) - {"HEAD"}
        }  # fmt: skip
        assert known == theirs


# -- what is logged --------------------------------------------------------------------------------------------------


def test_a_fault_is_logged_by_its_place(service: Service) -> None:
    """Who repairs it finds the line; what somebody sent stays out."""
    out = io.StringIO()
    with trial(service, out) as asking:
        found = asking.get("/trial/fails/bug", params=None)
        line = next(one for one in out.getvalue().splitlines() if '"fault"' in one)
    assert '"kind":"ValueError"' in line
    assert '"place":"app.py:' in line  # the route of the test is none of ours; who called it is
    assert found.headers["x-request-id"] in line
    assert SENT not in out.getvalue()
