"""The small server of `truceline run`."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from truceline.web import serve


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A folder of one page, served on a free port until the test ends."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.html").write_text("<p>page</p>")
    (tmp_path / "secret.txt").write_text("outside")
    server = serve.bound(tmp_path / "pages", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_page_is_served_with_strict_headers(address: str) -> None:
    """Nothing on the page may load from elsewhere, and nothing is kept."""
    with urllib.request.urlopen(address + "/") as answer:  # noqa: S310  # an http address of this test
        assert answer.read() == b"<p>page</p>"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Python" not in answer.headers["Server"]


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/nothing.html", "/sub/"])
def test_nothing_outside_the_folder_is_served(address: str, path: str) -> None:
    """A path that climbs out of the folder finds nothing."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address + path)  # noqa: S310  # an http address of this test
    assert refused.value.code == 404
    refused.value.close()


def test_a_port_that_is_taken_is_replaced_by_a_free_one(address: str, tmp_path: Path) -> None:
    """The first command a newcomer types must not fail because something else listens."""
    taken = int(address.rpartition(":")[2])
    server = serve.bound(tmp_path / "pages", taken)
    assert server.server_address[1] != taken
    server.server_close()
