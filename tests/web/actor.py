"""One of those who live through a case, in a process of its own, with keys of its own: does what it is told by lines.

`{"run": [...]}` runs the command line, `{"ask": [METHOD, PATH], ...}` sends a signed or a public request, `{"enter":
CODE}` makes a passkey and enters with it, `{"hand_in": FILE, ...}` and `{"approve": ID}` are done as that person.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.web.authenticator import Authenticator, Person, quietly
from truceline.cli import main
from truceline.desk.signing import Signed, read_key_file
from truceline.store.state.accounts import Account


class Actor:
    """What this process remembers."""

    def __init__(self) -> None:
        """Nobody has entered."""
        self.person: Person | None = None

    def run(self, *args: str) -> dict[str, Any]:
        """A command: its exit code, what it printed, and that as JSON where it is."""
        out, err, code = io.StringIO(), io.StringIO(), 0
        sys.argv = ["truceline", *args]
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                main()
        except SystemExit as left:
            code = int(left.code or 0)
        with contextlib.suppress(ValueError):
            return {"code": code, "said": json.loads(out.getvalue()), "err": err.getvalue()}
        return {"code": code, "said": out.getvalue(), "err": err.getvalue()}

    def ask(self, url: str, method: str, path: str, key: str = "", content: str = "") -> dict[str, Any]:
        """A request, signed if a key is named; the content in base64."""
        auth = Signed(read_key_file(Path(key)), lambda: int(time.time())) if key else None
        data = base64.b64decode(content) or None
        headers = {"Content-Type": "application/octet-stream"} if data else {}
        with httpx.Client(base_url=url, auth=auth, timeout=30) as client:
            return _told(client.request(method, path, content=data, headers=headers))

    def enter(self, url: str, code: str) -> dict[str, Any]:
        """Make a passkey with an invitation, and enter with it."""
        client = httpx.Client(base_url=url, timeout=30)
        authenticator = Authenticator(url)
        self.person = Person(client, Account("", "", "", "", is_disabled=False, made_at=0), authenticator)
        headers = {"Origin": url}
        asked = quietly(client, "POST", "/auth/enrol/options", headers=headers, json={"code": code}).json()["publicKey"]
        body = {"code": code, "credential": authenticator.create(asked)}
        self.person.take(quietly(client, "POST", "/auth/enrol", headers=headers, json=body))
        return _told(self.person.sign_in())

    def hand_in(self, entry: str, files: list[str]) -> dict[str, Any]:
        """Hand in a signed entry with its files, from a page, with the passkey used just now."""
        assert self.person is not None
        self.person.confirm()
        parts = [("entry", ("entry", Path(entry).read_bytes()))]
        parts += [("file", ("file", Path(one).read_bytes())) for one in files]
        return _told(self.person.post("/api/v1/statements", files=parts))

    def approve(self, held: str) -> dict[str, Any]:
        """Approve what somebody else handed in, with the passkey used just now."""
        assert self.person is not None
        self.person.confirm()
        return _told(self.person.post(f"/api/v1/approvals/{held}/approve"))


def _told(answer: httpx.Response) -> dict[str, Any]:
    """An answer as it is handed on."""
    is_json = "json" in answer.headers.get("content-type", "")
    body = answer.json() if is_json else base64.b64encode(answer.content).decode()
    return {"status": answer.status_code, "body": body}


def live() -> None:
    """Do what is told, one line after the other."""
    actor = Actor()
    for line in sys.stdin:
        what, *values = json.loads(line)
        made = getattr(actor, what)(*values)
        print(json.dumps(made), flush=True)


if __name__ == "__main__":
    live()
