"""A record offered over HTTP as static tiles."""

from __future__ import annotations

import contextlib
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evidence.bench import NOW, SHIPPED
from truceline import desk
from truceline.desk.records import Draft, append
from truceline.desk.verifying import AskedToVerify, verify
from truceline.record.note import read_note
from truceline.store.folder import CaseFolder
from truceline.web import tiles
from truceline.witness.mirror import mirror


@pytest.fixture
def case(tmp_path: Path) -> CaseFolder:
    """A case with a sealed statement."""
    made = desk.init_case(tmp_path / "case", SHIPPED / "agreement.yaml", known_at=NOW)
    append(made, [Draft("allegation", {"text": "for few eyes"}, readers=("desk",))], lambda: NOW)
    return made


@pytest.fixture
def address(case: CaseFolder) -> Iterator[str]:
    """Its record, served on a free port until the test ends."""
    server = tiles.bound(case.store, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def got(url: str) -> tuple[int, bytes, dict[str, str]]:
    """Status, bytes and headers of an answer."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  # an http address of this test
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read(), dict(error.headers)


def test_checkpoint_and_tiles_are_offered(case: CaseFolder, address: str) -> None:
    """What a mirror needs: the newest checkpoint is never kept by caches, tiles for ever."""
    status, note, headers = got(f"{address}/checkpoint")
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert read_note(note).text.split("\n")[1] == "3"
    status, bundle, headers = got(f"{address}/tile/entries/000.p/3")
    assert status == 200
    assert "max-age" in headers["Cache-Control"]
    assert bundle.endswith(next(iter(case.store.entries(2, 3))))


@pytest.mark.parametrize(
    "path",
    ["/", "/head", "/tile/entries/000", "/tile/entries/000.p/4", "/tile/0/000.p/0", "/../case.json",
    "/tile/../../case.json",
    "/blobs/aa/" + "a" * 64, "/index.sqlite", "/checkpoint?x=1", "/tile/9999/000", "/journal/000000000000"],
)  # fmt: skip
def test_nothing_else_is_offered(address: str, path: str) -> None:
    """No listing, no journal, no blob, no name that the checkpoint does not cover."""
    assert got(address + path)[0] == 404


def test_no_byte_of_a_sealed_body_leaves(case: CaseFolder, address: str) -> None:
    """Mirrors get commitments, never ciphertext."""
    sealed = case.entries()[2].statement.sealed
    assert sealed is not None
    box = case.store.blob(sealed.box)
    offered = b"".join(got(f"{address}/{name}")[1] for name in ("checkpoint", "tile/entries/000.p/3", "tile/0/000.p/3"))
    assert len(offered) > 500
    assert all(box[at : at + 24] not in offered for at in range(0, len(box) - 24, 8))


def test_it_is_verified_and_mirrored_over_the_wire(case: CaseFolder, address: str, tmp_path: Path) -> None:
    """Other people's machines read the whole record from here, and find that it holds."""
    (tmp_path / "policy").write_text(f"log {case.charter().log}\nquorum none\n")
    answer = verify(address, AskedToVerify(policy=tmp_path / "policy"))
    assert (answer["holds"], answer["size"], answer["checked"]["signatures"]) == (True, 3, 3)
    from truceline.record.policy import read_policy

    done = mirror(address, tmp_path / "mirror", read_policy((tmp_path / "policy").read_bytes()), now=lambda: NOW)
    assert done.size == 3
    assert verify(str(tmp_path / "mirror"), AskedToVerify(policy=tmp_path / "policy"))["holds"]


def test_so_many_are_served_at_once_and_none_for_ever(
    case: CaseFolder, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attack: connections that say a byte now and then: one too many is hung up on, and each is after a while."""
    port = int(address.rsplit(":", 1)[1])
    held = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(tiles.MOST_AT_ONCE)]
    for line in held:
        line.sendall(b"GET /check")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as more, contextlib.suppress(ConnectionError):
        more.sendall(b"GET /checkpoint HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert more.recv(1) == b""
    monkeypatch.setattr(tiles, "LONGEST_S", 0.1)
    for line in held:
        with line, contextlib.suppress(ConnectionError):
            assert line.recv(1) == b""
    monkeypatch.undo()
    assert got(f"{address}/checkpoint")[0] == 200, case
