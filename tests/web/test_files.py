"""The files of the pages: which there are, how they travel, and how long a browser keeps them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.asking import Client
from truceline.web import files as served
from truceline.web.files import ALWAYS, File


@pytest.fixture
def without_islands(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package in which nothing was built."""
    monkeypatch.setattr(served, "_FOLDERS", ("static", "never-built"))
    served.files.cache_clear()
    yield
    served.files.cache_clear()


def test_a_file_comes_pressed_to_who_takes_it(client: Client) -> None:
    """The same bytes either way, and a cache in between is told what they depend on."""
    plain = client.get("/static/pages.css", headers={"Accept-Encoding": "identity"})
    pressed = client.get("/static/pages.css", headers={"Accept-Encoding": "gzip"})
    raw = served.files()["pages.css"]
    assert plain.content == pressed.content == raw.data
    assert "content-encoding" not in plain.headers
    assert pressed.headers["content-encoding"] == "gzip"
    assert int(pressed.headers["content-length"]) == len(raw.pressed) < len(raw.data) / 2
    assert plain.headers["vary"] == pressed.headers["vary"] == "Accept-Encoding"
    assert plain.headers["etag"] != pressed.headers["etag"]


def test_what_is_dense_already_is_left(client: Client) -> None:
    """A font is sent as it is."""
    found = client.get("/static/noto-sans-latin-400.woff2", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in found.headers
    assert found.headers["content-type"] == "font/woff2"


def test_who_has_a_file_is_not_sent_it_again(client: Client) -> None:
    """304 for the same bytes, 200 for others."""
    first = client.get("/static/pages.css", headers={"Accept-Encoding": "gzip"})
    again = {"Accept-Encoding": "gzip", "If-None-Match": first.headers["etag"]}
    assert client.get("/static/pages.css", headers=again).status_code == 304
    assert client.get("/static/passkey.js", headers=again).status_code == 200


def test_an_address_that_says_what_is_in_it_is_kept(client: Client) -> None:
    """For a year with the right mark; with another one it is asked for again."""
    mark = served.files()["pages.css"].mark
    assert client.get(f"/static/pages.css?v={mark}").headers["cache-control"] == ALWAYS
    assert client.get("/static/pages.css?v=0123").headers["cache-control"] == "public, no-cache"
    assert client.get("/static/pages.css").headers["cache-control"] == "public, no-cache"
    assert client.get("/static/pages.css?v=<b>").status_code == 422


def test_nothing_but_files_of_the_pages(client: Client) -> None:
    """No code, no stamp of a build, no data from which other answers are made."""
    for name in ("__init__.py", ".stamp", "world-fine.topojson", "map-worker.js.map", "../app.py", "nothing.js"):
        assert client.get(f"/static/{name}").status_code == 404, name


def test_pages_come_without_islands(client: Client, without_islands: None) -> None:
    """Where nothing was built, a page is whole and a script of it is not there."""
    assert client.get("/sign-in").status_code == 200
    assert client.get("/static/pages.css").status_code == 200
    assert client.get("/static/htmx.js").status_code == 404


def test_what_does_not_get_smaller_is_not_pressed() -> None:
    """A file of a few bytes is sent as it is, whoever asks."""
    small = File("a.js", b"1", "00")
    assert small.pressed == b""
    assert small.answer(accepts="gzip").body == b"1"


def test_pressed_bytes_are_the_same_each_time() -> None:
    """Two workers of one service send the same bytes under one ETag."""
    data = b"word " * 400
    assert File("a.css", data, "00").pressed == File("a.css", data, "00").pressed
    assert gzip.decompress(File("a.css", data, "00").pressed) == data


def test_answers_of_a_case_are_never_pressed(client: Client) -> None:
    """A page holds a secret of whoever looks beside what others wrote: its length must not tell of it."""
    for path in ("/", "/sign-in", "/api/v1/assessments", "/report"):
        found = client.get(path, headers={"Accept-Encoding": "gzip, br, zstd"})
        assert len(found.content) > 100
        assert "content-encoding" not in found.headers, path


def test_pages_run_files_of_our_own_and_nothing_else(client: Client) -> None:
    """No script or worker made from a string, nothing inline, nothing from elsewhere."""
    told = client.get("/sign-in").headers["content-security-policy"]
    policy = dict(one.strip().split(" ", 1) for one in told.split(";"))
    for name in ("script-src", "worker-src", "style-src", "img-src", "font-src", "connect-src"):
        assert policy[name] == "'self'", name
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert not any(word in told for word in ("unsafe", "blob:", "data:", "http", "*"))


def test_the_islands_are_here() -> None:
    """What `make setup` built: no file lies in another folder, and none is without the licences of what is in it."""
    built = Path(served.__file__).parent / "built"
    if not built.is_dir():
        pytest.skip("the islands were not built")
    names = {one.name for one in built.iterdir()}
    assert {"htmx.js", "map.js", "map-worker.js", "licences.txt"} <= names
    assert all(one.is_file() for one in built.iterdir())
    told = (built / "licences.txt").read_text(encoding="utf-8")
    for name in ("maplibre-gl", "htmx.org", "world-atlas"):
        assert f"\n{name} " in f"\n{told}"
