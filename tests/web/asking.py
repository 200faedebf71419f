"""How a test asks the service: in this process (`Client`), or a real one in a process of its own (`Served`)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio.from_thread
import httpx
from fastapi import FastAPI

from truceline.desk.settings import PREFIX
from truceline.desk.viewers import Viewer
from truceline.web.viewing import viewer_of

WAIT_S = 30.0


class Client:
    """Asks an application in this process; every call returns when the answer is whole."""

    def __init__(self, app: FastAPI, **options: Any) -> None:  # noqa: ANN401  # httpx has a type for each
        """Ask `app`; options are those of `httpx.AsyncClient`."""
        self.app = app
        self._left = contextlib.ExitStack()
        self._portal = self._left.enter_context(anyio.from_thread.start_blocking_portal())
        options = {"base_url": "http://localhost", **options}
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, **options)
        self._left.callback(self._portal.call, self.http.aclose)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401  # httpx has a type for each
        """One request."""

        async def asked() -> httpx.Response:
            return await self.http.request(method, path, **options)

        return self._portal.call(asked)

    def get(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401  # httpx has a type for each
        """GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401  # httpx has a type for each
        """POST."""
        return self.request("POST", path, **options)

    def call(self, what: Callable[..., Any], *values: object) -> Any:  # noqa: ANN401  # whatever it gives
        """Run a coroutine function in the loop that the application runs in."""
        return self._portal.call(what, *values)

    @contextlib.contextmanager
    def seen_as(self, viewer: Viewer) -> Iterator[Client]:
        """Ask as somebody, without signing in."""
        before = dict(self.app.dependency_overrides)
        self.app.dependency_overrides[viewer_of] = lambda: viewer
        try:
            yield self
        finally:
            self.app.dependency_overrides.clear()
            self.app.dependency_overrides.update(before)

    def close(self) -> None:
        """Let go of the loop."""
        self._left.close()


class Served:
    """`truceline serve` in a process of its own, on a free port.

    Attributes:
        url: where it answers.
        lines: of its standard output; `said`: of its log.
    """

    def __init__(self, where: Path | str, *options: str, is_awaited: bool = True, **settings: object) -> None:
        """Start it, and wait until it answers.

        Args:
            where: the case.
            options: of the command.
            is_awaited: False = `wait` is called later.
            settings: set through the environment.
        """
        env = {**os.environ, **{PREFIX + name.upper(): str(value) for name, value in settings.items()}}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "truceline.cli", "serve", "--store", str(where), "--port", "0", "--json", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True, start_new_session=True,
        )  # fmt: skip
        self.said: list[str] = []
        self.lines: list[str] = []
        self._ready = threading.Event()
        self.url = ""
        self._listeners = [
            threading.Thread(target=self._listen, daemon=True),
            threading.Thread(target=self._drain, daemon=True),
        ]
        for one in self._listeners:
            one.start()
        if is_awaited:
            self.wait()

    def wait(self) -> None:
        """Wait until it answers."""
        if not self._ready.wait(WAIT_S) or not self.url:
            self.close()
            raise AssertionError(f"it did not start: {self.said[-5:]}")

    def _listen(self) -> None:
        import json

        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            with contextlib.suppress(ValueError):
                found = json.loads(line).get("url", "")
                if found:
                    self.url = found.rstrip("/")
                    self._ready.set()
        self._ready.set()

    def _drain(self) -> None:
        assert self.process.stderr is not None
        self.said.extend(iter(self.process.stderr.readline, ""))

    def client(self, **options: Any) -> httpx.Client:  # noqa: ANN401  # httpx has a type for each
        """A client of it; to be closed."""
        return httpx.Client(base_url=self.url, timeout=WAIT_S, **options)

    def stop(self) -> int:
        """Ask it to stop, and wait; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_S)

    def close(self) -> None:
        """End it, whatever it does, with all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(WAIT_S)
        for one in self._listeners:
            one.join(WAIT_S)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Served:
        """Leave it with `close`."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()
