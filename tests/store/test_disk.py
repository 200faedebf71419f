"""Files on the disk: there whole, and from the first byte for those alone who may read them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from truceline.store import disk


def test_a_file_for_its_owner_alone_is_so_from_its_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who opens a file before its mode is changed reads it afterwards too; also one that was left half written."""
    seen: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: seen.append(os.fstat(handle).st_mode & 0o777))
    (tmp_path / "proof.half").write_bytes(b"left")
    (tmp_path / "proof.half").chmod(0o644)
    disk.write_whole(tmp_path / "proof", b"closed", mode=0o600)
    assert (seen[0], (tmp_path / "proof").stat().st_mode & 0o777) == (0o600, 0o600)
    assert (tmp_path / "proof").read_bytes() == b"closed"


def test_another_file_has_the_mode_that_the_user_gives_his_files(tmp_path: Path) -> None:
    """A page is for whom its maker means it."""
    before = os.umask(0o027)
    try:
        disk.write_whole(tmp_path / "page", b"open")
    finally:
        os.umask(before)
    assert (tmp_path / "page").stat().st_mode & 0o777 == 0o640
