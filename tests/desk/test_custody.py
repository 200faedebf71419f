"""Originals: the chain of who had one in hand, its bytes in the vault, and nothing of it where it does not belong."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk.test_rulings import _founded, clock
from tests.evidence.bench import NOW
from truceline.desk import keyring, originals, records
from truceline.desk.custody import Custody, Link, chains_of, flaws, hands_of
from truceline.desk.records import Draft
from truceline.errors import InputError, StoreError, SubmissionError, VerificationError
from truceline.record.audit import Trust, audit
from truceline.span import parse_span
from truceline.store.folder import CaseFolder
from truceline.store.source import FolderSource
from truceline.vault.stream import PIECE, TAG, decrypted, encrypted

__all__ = ["_founded"]

PHOTO = b"\xff\xd8 a photo with a position inside \xff\xd9" * 1_000
ORIGINAL = hashlib.sha256(PHOTO).hexdigest()
KEY = bytes(range(32))


@pytest.fixture
def case(_founded: Path, tmp_path: Path) -> Iterator[CaseFolder]:
    """A case with four reports; afterwards it is audited."""
    made = CaseFolder.open(Path(shutil.copytree(_founded, tmp_path / "case")))
    yield made
    assert audit(FolderSource(made.store.folder), Trust()).faults == []


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A vault of its own."""
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """The original."""
    (tmp_path / "IMG_0001.jpg").write_bytes(PHOTO)
    return tmp_path / "IMG_0001.jpg"


def body(event: str = "received", **more: Any) -> dict[str, Any]:  # noqa: ANN401  # any field
    """A statement of custody."""
    made = {
        "original": ORIGINAL, "what": "photo", "event": event, "at": "2016-03-06", "handler": "desk",
        "bytes": len(PHOTO), "about": ["r-0"], "media_type": "image/jpeg",
    }  # fmt: skip
    return {**made, **more}


def chain(*events: str) -> list[Link]:
    """A chain, each event as `handler event [to] [@day]`, said on the day after the last."""
    found = []
    for i, text in enumerate(events):
        words, _, day = text.partition("@")
        handler, event, *to = words.split()
        when = day or "2016-03-06"
        made = Custody(ORIGINAL, "photo", event, when, handler, 5, to=to[0] if to else "")
        found.append(Link(10 + i, "desk", NOW, made, parse_span(when, "UTC")))
    return found


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], []),
        (["desk received"], []),
        (["desk received", "desk examined", "desk copied lab", "desk returned owner"], []),
        (["desk received", "desk transferred lab", "lab received", "lab examined", "lab destroyed"], []),
        (["desk received", "desk transferred lab", "lab examined"], []),
        (["desk examined"], [(10, "gap", "begins with `examined`")]),
        (["desk received", "desk transferred lab", "court received"],
         [(12, "contradiction", "transferred to `lab` in entry 11, but next handled by `court`")]),
        (["desk received", "lab examined"], [(11, "contradiction", "handled by `lab` while `desk` had it")]),
        (["desk received", "lab received"], [(11, "gap", "`desk` has not said that it was handed on")]),
        (["desk received", "desk destroyed", "desk examined"], [(12, "contradiction", "destroyed in entry 11")]),
        (["desk received", "desk returned owner", "desk examined"], [(12, "contradiction", "returned to `owner`")]),
        (["desk received @2016-03-06", "desk examined @2016-03-05"], [(11, "contradiction", "came earlier")]),
        (["desk received @2016-03-06T10:00", "desk examined @2016-03-06"], []),
        (["desk received", "desk copied court", "court received", "court examined", "desk examined"], []),
        (["desk received", "desk copied court", "court destroyed", "desk examined"], []),
        (["desk received", "desk copied court", "court transferred judge", "judge examined", "desk destroyed"], []),
        (["desk received", "desk copied court", "desk destroyed", "court examined"], []),
        (["desk received", "desk copied court", "desk transferred lab", "court examined", "desk examined"],
         [(14, "contradiction", "transferred to `lab` in entry 12, but next handled by `desk`")]),
        (["desk received", "desk copied court", "court destroyed", "court examined"],
         [(13, "contradiction", "handled by `court` while `desk` had it")]),
        (["desk received @2031-03-06"], [(10, "contradiction", "dated after")]),
    ],
)  # fmt: skip
def test_gaps_and_contradictions_of_a_chain_are_named(events: list[str], expected: list[tuple[int, str, str]]) -> None:
    """A chain of custody that only looks whole proves less than one that says where it is broken."""
    found = flaws(chain(*events))
    assert [(one.index, one.kind) for one in found] == [(index, kind) for index, kind, _ in expected]
    for flaw, (_, _, words) in zip(found, expected, strict=True):
        assert words in flaw.message


def test_the_holder_is_whoever_has_it_now() -> None:
    """A copy leaves the original where it is; who has it next has it when it is handed on."""
    assert hands_of([]) is None
    hands = hands_of(chain("desk received", "desk copied court", "desk transferred lab", "court examined"))
    assert hands is not None
    assert (hands.holder, sorted(hands.copies), hands.end) == ("lab", ["court"], None)
    assert [hands.is_copy(who) for who in ("court", "lab", "desk")] == [True, False, False]


def test_what_the_original_is_said_to_be_does_not_change() -> None:
    """A photo that is a video later, or has another size, is another original."""
    made = chain("desk received", "desk examined")
    other = Link(
        made[1].index, "desk", NOW, Custody(ORIGINAL, "video", "examined", "2016-03-07", "desk", 6), made[1].when
    )
    assert [one.message.partition(" is")[0] for one in flaws([made[0], other])] == ["`what`", "`bytes`"]


EVENT = st.sampled_from(
    [f"{a} {e}" for a in "xy" for e in ("received", "examined", "destroyed")]
    + ["x transferred y", "y returned x", "x copied y"]
)


@given(st.lists(EVENT, max_size=7))
def test_what_is_said_later_mends_no_flaw(events: list[str]) -> None:
    """Nothing that is added to a chain takes back what was wrong with it."""
    whole = chain(*events)
    for n in range(len(whole) + 1):
        part = flaws(whole[:n])
        assert flaws(whole)[: len(part)] == part


def test_the_record_holds_the_hash_and_who_handled_it(case: CaseFolder) -> None:
    """The chain is read back from the record, by original."""
    records.append(case, [Draft("custody", body()), Draft("custody", body("transferred", to="un"))], clock)
    found = chains_of(case, "UTC")
    assert [link.custody.event for link in found[ORIGINAL]] == ["received", "transferred"]
    assert flaws(found[ORIGINAL]) == []
    assert chains_of(case, "UTC", found[ORIGINAL][1].index)[ORIGINAL] == found[ORIGINAL][:1]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"original": "ab"}, "`original`"), ({"what": "gun"}, "`what`"), ({"event": "lost"}, "`event`"),
        ({"at": "last week"}, "`at`"), ({"handler": ""}, "`handler`"),
        ({"handler": "n.n@example.org"}, "never a person"),
        ({"handler": "desk, 0115550199"}, "never a person"), ({"handler": "desk 963 11 55-50-19"}, "never a person"),
        ({"event": "copied", "to": "lab", "use": "publish"}, "`use`"), ({"use": "share"}, "`use`"),
        ({"event": "copied", "use": "refer"}, "`use`"), ({"to": "lab"}, "`to`"), ({"event": "returned"}, "`to`"),
        ({"bytes": -1}, "`bytes`"), ({"media_type": "photo"}, "`media_type`"),
        ({"about": ["r-9"]}, "no report and no original"), ({"lat": "36.2021"}, "lat"), ({"person": "N. N."}, "person"),
        ({"handler": "at 36.2021, 37.1343"}, "position"),
    ],
)  # fmt: skip
def test_what_is_no_custody_is_refused(case: CaseFolder, change: dict[str, Any], why: str) -> None:
    """No person, no position, no file, and nothing that a chain could not be made of."""
    with pytest.raises(SubmissionError, match=why):
        records.append(case, [Draft("custody", {**body(), **change})], clock)


def test_the_bytes_of_an_original_never_enter_the_record(case: CaseFolder) -> None:
    """Positions and faces are in them: a statement of custody with a file is refused."""
    with pytest.raises(SubmissionError, match="without files"):
        records.append(case, [Draft("custody", body(), files={"IMG_0001.jpg": PHOTO})], clock)


# -- the bytes ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 3 * PIECE // 2), max_size=3), st.booleans())
def test_a_stream_comes_back_whole(sizes: list[int], is_cut: bool) -> None:
    """Of any length, in pieces of any length; a piece that is left out or exchanged is noticed."""
    chunks = [bytes([i + 1]) * size for i, size in enumerate(sizes)]
    data = b"".join(encrypted(chunks, KEY))
    assert b"".join(decrypted([data[:7], data[7:]], KEY)) == b"".join(chunks)
    if is_cut:
        for wrong in (
            data[: PIECE + TAG] if len(data) > PIECE + TAG else b"",
            data[PIECE + TAG :] or b"x",
            data + b"x",
        ):
            with pytest.raises(VerificationError):
                list(decrypted([wrong], KEY))


def test_an_original_is_kept_once_and_taken_by_its_holder(own: Path, photo: Path, tmp_path: Path) -> None:
    """What comes out is what went in; on the disk there is no word of it, no name and no hash."""
    seen = originals.seen(photo)
    assert (seen.sha256, seen.bytes, seen.media_type) == (ORIGINAL, len(PHOTO), "image/jpeg")
    assert (originals.is_kept(ORIGINAL), own.exists()) == (False, False), "nothing is made to answer a question"
    assert originals.keep(photo, seen)
    assert not originals.keep(photo, seen)
    kept = [path for path in (own / "vault" / "originals").iterdir() if path.name != "vault.lock"]
    assert sorted(path.suffix for path in kept) == [".bytes", ".key", ".key", ".original"]
    on_disk = b"".join(path.name.encode() + path.read_bytes() for path in kept)
    for word in (b"a photo", ORIGINAL[:16].encode(), b"IMG_0001", bytes.fromhex(ORIGINAL)):
        assert word not in on_disk
    assert originals.take(ORIGINAL, tmp_path / "out.jpg") == len(PHOTO)
    assert (tmp_path / "out.jpg").read_bytes() == PHOTO
    assert (tmp_path / "out.jpg").stat().st_mode & 0o077 == 0
    with pytest.raises(InputError, match="is there already"):
        originals.take(ORIGINAL, tmp_path / "out.jpg")


def test_a_destroyed_original_is_gone_and_panic_takes_all(own: Path, photo: Path, tmp_path: Path) -> None:
    """The key first; what has no key is noise, and is removed."""
    originals.keep(photo, originals.seen(photo))
    (wrapped,) = (own / "vault" / "originals").glob("*.wrap.key")
    wrapped.unlink()  # a deletion that was interrupted
    assert not originals.is_kept(ORIGINAL)
    assert list((own / "vault" / "originals").glob("*.bytes")) == []
    originals.keep(photo, originals.seen(photo))
    assert originals.destroy(ORIGINAL)
    assert not originals.destroy(ORIGINAL)
    with pytest.raises(InputError, match="not kept here"):
        originals.take(ORIGINAL, tmp_path / "out.jpg")
    originals.keep(photo, originals.seen(photo))
    keyring.panic()
    assert not (own / "vault").exists()


def test_one_bit_of_what_is_kept_is_noticed_and_no_file_is_written(own: Path, photo: Path, tmp_path: Path) -> None:
    """Who takes an original out has the original, or nothing."""
    originals.keep(photo, originals.seen(photo))
    (stored,) = (own / "vault" / "originals").glob("*.bytes")
    data = stored.read_bytes()
    before = sorted(tmp_path.iterdir())
    for wrong in (data[:100] + bytes([data[100] ^ 1]) + data[101:], data[:-1], b""):
        stored.write_bytes(wrong)
        with pytest.raises(VerificationError):
            originals.take(ORIGINAL, tmp_path / "out.jpg")
    assert sorted(tmp_path.iterdir()) == before


def test_a_taking_that_fails_deletes_no_file_of_the_user(own: Path, photo: Path, tmp_path: Path) -> None:
    """Only what this program made is removed, and nothing bears the name before all is said and done."""
    originals.keep(photo, originals.seen(photo))
    mine = tmp_path / "out.jpg.half"
    mine.write_bytes(b"mine")
    before = sorted(tmp_path.iterdir())

    def refused() -> None:
        assert not (tmp_path / "out.jpg").exists()
        raise SubmissionError("no")

    for _ in range(2):
        with pytest.raises(SubmissionError), originals.taking(ORIGINAL, tmp_path / "out.jpg"):
            refused()
    (tmp_path / "out.jpg").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is there already"):
        originals.take(ORIGINAL, tmp_path / "out.jpg")
    (tmp_path / "out.jpg").unlink()
    assert sorted(tmp_path.iterdir()) == before
    assert mine.read_bytes() == b"mine"
    with pytest.raises(StoreError):
        originals.take(ORIGINAL, tmp_path / "none" / "out.jpg")


def test_one_damaged_original_stands_in_the_way_of_no_other(own: Path, photo: Path, tmp_path: Path) -> None:
    """The others are found, taken, kept and destroyed; a damaged one is destroyed too, or kept anew from its file."""
    other = tmp_path / "other.jpg"
    other.write_bytes(b"another")
    digest = originals.seen(other).sha256
    originals.keep(photo, originals.seen(photo))
    folder = own / "vault" / "originals"
    for end in (".original", ".wrap.key"):
        (path,) = folder.glob(f"*{end}")
        path.write_bytes(b"?")
        assert originals.is_kept(ORIGINAL), "its bytes are there"
        assert originals.keep(other, originals.seen(other))
        assert originals.take(digest, tmp_path / f"out{end}") == 7
        assert originals.destroy(digest)
        assert originals.keep(photo, originals.seen(photo)), "what opens nothing is replaced"
        path.write_bytes(b"?")
        assert originals.destroy(ORIGINAL)
        assert {path.name for path in folder.iterdir()} == {"vault.key", "vault.lock"}
        originals.keep(photo, originals.seen(photo))


def test_a_file_is_or_is_not_the_original(photo: Path, tmp_path: Path) -> None:
    """One byte more is another file."""
    assert (originals.seen(photo).sha256, originals.seen(photo).bytes) == (ORIGINAL, len(PHOTO))
    (tmp_path / "other.jpg").write_bytes(PHOTO + b" ")
    assert originals.seen(tmp_path / "other.jpg").sha256 != ORIGINAL
    with pytest.raises(InputError):
        originals.seen(tmp_path / "none.jpg")


def test_the_vault_of_originals_never_lies_in_a_case_folder(
    case: CaseFolder, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case folder is copied and handed over."""
    monkeypatch.setenv("TRUCELINE_CONFIG", str(case.path / "config"))
    with pytest.raises(StoreError, match="never do"):
        originals.keep(photo, originals.seen(photo))
    shutil.rmtree(case.path / "config", ignore_errors=True)


@pytest.mark.long
def test_an_original_of_half_a_gigabyte_passes_through_little_memory(own: Path, tmp_path: Path) -> None:
    """A video is larger than the memory of a field laptop."""
    video = tmp_path / "video.mp4"
    with video.open("wb") as file:
        os.truncate(file.fileno(), 1 << 29)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    originals.keep(video, originals.seen(video))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # KiB
