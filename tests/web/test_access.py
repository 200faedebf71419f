"""The access matrix, cell by cell through HTTP: every role, signed in for real, against every route that there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.web.asking import Client
from tests.web.authenticator import Person, Program, machine, signed_in
from truceline.desk import viewers
from truceline.desk.service import Service
from truceline.desk.viewers import Viewer
from truceline.group import ROLES, access, may_do
from truceline.web.app import new_app
from truceline.web.parts import Gate
from truceline.web.table import NO_GATE, Table

FRAMEWORK = "/openapi.json"


@dataclass(frozen=True)
class Route:
    """One way to ask, and what its gate lets whom do."""

    method: str
    path: str
    gate: Gate


ALL = [
    Route(method, found.template, found.gate)
    for found in Table(new_app()).all() if found.template != FRAMEWORK
    for method in sorted(found.methods - {"HEAD"})
]  # fmt: skip
MACHINES = ("mirror", "hotline")
OF = {"party": "gov", "monitor": "un"}
OWN = {("report", "hand-over"), ("metrics", "read")}
"""Whom else these let through has tests of its own: the provider of a hotline by its signature, what reads metrics."""
KINDS = {"entry": "application/octet-stream", "statement": "application/octet-stream", "upload": "text/csv",
         "form": "application/x-www-form-urlencoded", "page": "application/x-www-form-urlencoded",
         "draft": "application/x-www-form-urlencoded", "text": "application/yaml",
         "report": "application/x-www-form-urlencoded"}  # fmt: skip


@pytest.fixture(scope="module")
def people(client: Client, service: Service) -> dict[str, Person | Program | Client]:
    """Somebody of every role."""
    found: dict[str, Person | Program | Client] = {"public": client}
    for role in ROLES:
        if role != "public":
            found[role] = (machine if role in MACHINES else signed_in)(client, role, OF.get(role, ""))
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str, str, bool]]]:
    """What the gates asked of the one table, and whether they let go on."""
    found: list[tuple[str, str, str, bool]] = []
    require = viewers.require

    def watched(viewer: Viewer, resource: str, action: str) -> None:
        cell = (viewer.role, resource, action)
        try:
            require(viewer, resource, action)
        except Exception:
            found.append((*cell, False))
            raise
        found.append((*cell, True))

    monkeypatch.setattr("truceline.web.parts.require", watched)
    yield found


def ask(somebody: Person | Program | Client, one: Route) -> httpx.Response:
    """Ask a route for something that is not there, in the form in which it wants to be asked."""
    path = re.sub(r"\{[^}]*\}", "0", one.path)
    options: dict[str, Any] = {"content": b"x=1"} if one.gate.takes else {"json": {}} if one.method == "POST" else {}
    headers = {"Content-Type": KINDS[one.gate.takes]} if one.gate.takes else {}
    if isinstance(somebody, Client):
        headers["Origin"] = "http://localhost"
    return somebody.request(one.method, path, headers=headers, **options)


@pytest.mark.parametrize("role", ROLES)
def test_every_cell(
    role: str, people: dict[str, Person | Program | Client], asked: list[tuple[str, str, str, bool]]
) -> None:
    """A route asks the table for its cell and nothing else; where the table says no, the answer is that of no route."""
    nothing = people[role].request("GET", "/api/v1/there-is-no-such-thing")
    for one in ALL:
        if type(one.gate) is not Gate or one.gate.resource == "session":  # everybody's, as the last test says
            continue
        asked.clear()
        found = ask(people[role], one)
        may = may_do(role, one.gate.resource, one.gate.action)
        assert asked == [(role, one.gate.resource, one.gate.action, may)], (one, found.text)
        assert found.status_code != 401, (one, found.text)
        if not may:
            assert (found.status_code, found.content) == (404, nothing.content), one
            assert kept(found) == kept(nothing), one


def kept(found: httpx.Response) -> dict[str, str]:
    """The headers of an answer, but for those that differ from request to request."""
    return {name: value for name, value in found.headers.items() if name not in ("x-request-id", "date")}


def test_every_route_has_a_gate_and_every_gate_a_cell() -> None:
    """No route without a gate, no gate for a cell that nobody has, no cell without a route."""
    assert not [one for one in ALL if one.gate is NO_GATE]
    cells = {(resource, action) for _, resource, action in access()}
    asked_for = {(one.gate.resource, one.gate.action) for one in ALL}
    assert asked_for <= cells
    assert cells == asked_for
    for one in ALL:
        if type(one.gate) is not Gate:  # it does not ask who comes
            assert (
                all(may_do(role, one.gate.resource, one.gate.action) for role in ROLES)
                or (one.gate.resource, one.gate.action) in OWN
            ), one


NEVER_PUBLIC = {
    ("area", "read"), ("area", "check"), ("map", "read"), ("handover", "read"), ("exchange", "read"),
    ("account", "manage"), ("audit", "read"), ("box", "read"), ("draft", "check"), ("duplicate", "review"),
    ("entry", "mirror"),
    ("evidence", "offer"), ("evidence", "upload"), ("job", "read"), ("ledger", "reconcile"), ("metrics", "read"),
    ("obligation", "read"), ("publication", "review"), ("report", "hand-over"), ("report", "review"),
    ("statement", "approve"), ("statement", "submit"), ("webhook", "manage"), ("what-if", "ask"),
    ("notice", "read"), ("notice", "offer"), ("notice", "acknowledge"), ("notice", "keep"), ("sitting", "read"),
}  # fmt: skip
"""What the public has no business with; written down here, beside the table."""

NEVER_A_PARTY = {
    ("account", "manage"), ("audit", "read"), ("duplicate", "review"), ("evidence", "upload"), ("metrics", "read"),
    ("report", "hand-over"), ("report", "review"),
    ("notice", "keep"),
}  # fmt: skip


def test_what_the_public_and_a_party_never_may() -> None:
    """The table holds nothing more for them than was decided."""
    cells = {(resource, action) for _, resource, action in access()}
    assert {cell for cell in cells if not may_do("public", *cell)} == NEVER_PUBLIC
    assert {cell for cell in cells if not may_do("party", *cell)} == NEVER_A_PARTY
    assert not any(
        may_do(role, "person", action) or may_do(role, "site", action) for role in ROLES for action in "read"
    )
    assert not any(may_do(role, *cell) for role in ("", "admin", "PARTY", "root") for cell in cells)
