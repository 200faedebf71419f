"""Attacks 20 and 22 to 25 of the design: who reads without a right, what is handed over in malice, and fine places."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.attacks.positions import DISGUISED, FINE, ORDINARY
from tests.attacks.world import PARTIES, SECRET, clock, copied, told, within
from truceline import desk
from truceline.canon import canonical, sha256
from truceline.desk import keyring, records
from truceline.desk.coarse import check_coarse
from truceline.desk.records import Draft
from truceline.desk.statements import BODIES, SEALABLE
from truceline.errors import InputError, SubmissionError, TrucelineError, VerificationError
from truceline.record.bundle import open_bundle
from truceline.record.note import Verifier
from truceline.record.receipt import open_receipt
from truceline.record.seal import commitment_of, open_box, seal
from truceline.store.export import export
from truceline.store.folder import CaseFolder


def ran(*args: object, code: int = 0) -> str:
    """A command, its exit code checked; what it printed, errors included."""
    done = subprocess.run(
        [sys.executable, "-m", "truceline.cli", *map(str, args)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == code, (args, done.stdout[-400:], done.stderr[-400:])
    return done.stdout + done.stderr


def test_attack_20_an_unauthorised_reader(small_case: Path, tmp_path: Path) -> None:
    """Nothing that is shown, refused, exported or promised tells a stranger what is sealed; a reader opens it."""
    case = CaseFolder.open(copied(small_case, tmp_path / "case"))
    sealed = case.entries()[5].statement.sealed
    assert sealed is not None
    assert json.loads(records.unsealed(case, 5, "ru"))["text"] == SECRET  # control
    for stranger in ("us", "hnc", "nobody"):
        with pytest.raises(VerificationError, match=f"not sealed for a reading key of `{stranger}`") as refused:
            records.unsealed(case, 5, stranger)
        assert len(str(refused.value)) < 120
    assert SECRET not in ran("record", "show", case.path, 5) + ran("record", "show", case.path)
    assert SECRET not in ran("record", "show", case.path, 5, "--open-as", "us", code=6)
    assert SECRET in ran("record", "show", case.path, 5, "--open-as", "ru")
    box = case.store.blob(sealed.box)
    assert SECRET.encode() not in box
    export(case.store, tmp_path / "static", with_blobs=True)
    given = {path.name: path.read_bytes() for path in (tmp_path / "static").rglob("*") if path.is_file()}
    assert case.info.agreement_sha256 in given, "the control: open files are given out"
    assert sealed.box not in given
    assert not any(box in data or SECRET.encode() in data for data in given.values())
    (taken,) = records.append(case, [Draft("allegation", {"text": SECRET}, "ru", readers=("ru",))], clock)
    log = Verifier.parse(case.charter().log)
    assert open_receipt(taken.receipt, taken.leaf, log)[0] == 6
    spoken = re.sub(rb"[A-Za-z0-9+/]{40,}=*", b"", taken.receipt.replace(log.name.encode(), b""))  # without hashes
    assert b"promised" in spoken
    assert not any(word.encode() in spoken for word in (*PARTIES, SECRET))
    again = case.entries()[6].statement.sealed
    assert again is not None
    assert again.commitment != sealed.commitment, "the same words twice must not look the same"
    case.store.close()


# -- what is handed over in malice -----------------------------------------------------------------------------------


def zipped(*members: tuple[str, bytes], packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", packed) as file:
        for name, data in members:
            file.writestr(name, data)
    return made.getvalue()


@pytest.mark.long
def test_attack_22_bombs_and_paths_and_depths(small_case: Path, tmp_path: Path) -> None:
    """A zip bomb, a path that climbs, JSON 200,000 deep and a huge GeoJSON: each is refused at once, in one line."""
    case = CaseFolder.open(copied(small_case, tmp_path / "case"))
    good = records.bundle_of(case, [4])
    within(10, lambda: open_bundle(good))  # control
    names = zipfile.ZipFile(io.BytesIO(good)).namelist()
    bombs = {
        "bomb": zipped((names[0], bytes(300_000_000))),
        "climbs": zipped(*((name, b"{}") for name in names), ("../../etc/evil", b"x")),
        "absolute": zipped(("/etc/evil", b"x")),
        "many": zipped(*((f"entries/{n}", b"") for n in range(20_000)), packed=zipfile.ZIP_STORED),
        "deep": zipped((names[0], b"[" * 200_000), packed=zipfile.ZIP_STORED),
    }
    for name, data in bombs.items():
        with pytest.raises(TrucelineError) as refused:
            within(10, lambda data=data: open_bundle(data))  # type: ignore[misc]
        assert "\n" not in str(refused.value), name
        (tmp_path / f"{name}.zip").write_bytes(data)
    assert "expected a file that is stored as it is" in ran("verify", tmp_path / "bomb.zip", code=3)
    assert not (tmp_path.parent / "etc").exists()
    ring = ",".join("[36.0,35.0]" for _ in range(3_000_000))
    area = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"z"},"geometry":%s}]}'
    shapes = {
        "huge": area % f'{{"type":"Polygon","coordinates":[[{ring}]]}}',
        "deep": area % ("[" * 200_000),
        "nan": area % '{"type":"Polygon","coordinates":[[[36,35],[37,NaN],[37,36],[36,35]]]}',
        "far": area % '{"type":"Polygon","coordinates":[[[36,35],[37,95],[37,36],[36,35]]]}',
    }
    for name, text in shapes.items():
        path = tmp_path / f"{name}.geojson"
        path.write_text(text)
        with pytest.raises(InputError):
            within(20, lambda path=path: desk.add_files(case, [path], "areas", clock()))  # type: ignore[misc]
    box = '{"type":"Polygon","coordinates":[[[36,35],[37,35],[37,36],[36,36],[36,35]]]}'
    (tmp_path / "good.geojson").write_text(area % box)
    assert len(desk.add_files(case, [tmp_path / "good.geojson"], "areas", clock())) == 1
    case.store.close()
    assert told(tmp_path / "case").holds


# -- fine places -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [*FINE, *DISGUISED])
def test_attack_23_a_fine_position_in_any_notation(text: str) -> None:
    """Whatever the notation, the digits, the alphabet or the field: a position finer than the floor is refused."""
    bodies = ({"text": text}, {"x": [{"y": text}]}, {text: 1}, [f"They were at {text} in the night."])
    for body in bodies[: 1 if text.startswith(("POINT", "8")) else 4]:
        with pytest.raises(SubmissionError, match=r"position|resolution|area"):
            check_coarse(body)


@pytest.mark.parametrize("key", ["geometry", "Coordinates", "LAT", "lon", "ｌａｔ", "l\u200bat", "radius_m", "Geo JSON",
                                 "GPS", "mgrs", "plus_code", "location"])  # fmt: skip
def test_attack_23_a_fine_position_by_its_field(key: str) -> None:
    """The name of a field is enough, however deep it lies."""
    with pytest.raises(SubmissionError, match="fine positions do not enter the record"):
        check_coarse({"a": [{"b": {key: "somewhere"}}]})


@pytest.mark.parametrize("text", ORDINARY)
def test_attack_23_ordinary_words_are_taken(text: str) -> None:
    """The control: dates, times, hashes, numbers of the dead and of documents, and coarse cells are no positions."""
    check_coarse({"text": text, "list": [f"It was said: {text}"]})


def test_attack_23_parts_in_two_fields_file_names_and_time() -> None:
    """Two halves in two fields are seen together; no text makes the check slow."""
    with pytest.raises(SubmissionError, match="position"):
        check_coarse({"area": "36.202", "callsign": "37.134"})
    program = """
from truceline.desk.coarse import check_coarse
from truceline.errors import SubmissionError
for one in "1 |12.34,|1.|1|8|a |8a:|36°|N1|12.34 N |23C|37S |\\u200b".split("|") + ["12.34" + " " * 99]:
    try:
        check_coarse({"text": one * (60_000 // len(one)) + "x"})
    except SubmissionError:
        pass
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


def test_hashes_are_no_positions_however_many_stand_together() -> None:
    """A batch of thirty-two looked like a position once in thirty times, and was refused by chance."""
    import hashlib

    digests = [hashlib.sha256(str(i).encode()).hexdigest() for i in range(20_000)]
    for at in range(0, len(digests), 32):
        check_coarse({"commitments": digests[at : at + 32]})
    with pytest.raises(SubmissionError):
        check_coarse({"commitments": digests[:2], "text": "36.2021, 37.1343"})


def submitted(case: CaseFolder, body: object, files: dict[str, bytes] | None = None) -> int:
    """The index of an allegation."""
    return records.append(case, [Draft("allegation", body, "us", files or {})], clock)[0].index


CELL = "852d8a9bfffffff"


def test_attack_23_through_the_record_itself(small_case: Path, tmp_path: Path) -> None:
    """The same where it matters: refused by the log of a case, in words, in cells, and in the name of a file."""
    case = CaseFolder.open(copied(small_case, tmp_path / "case"))
    for body, why in (
        ({"text": "at ٣٦٫٢٠٢١، ٣٧٫١٣٤٣"}, "looks like a position"),
        ({"text": "x", "cells": ["892d8a9b04fffff"]}, "a cell of resolution 9"),
        ({"text": "x", "cells": ["852d8a9b04fffff"]}, "expected an H3 cell"),
        ({"text": "x", "units": ["36.2021 N"]}, "looks like a position"),
        ({"text": "x", "lat": "36"}, "expected what is promised of `allegation`"),
    ):
        with pytest.raises(SubmissionError, match=why):
            within(10, lambda body=body: submitted(case, body))  # type: ignore[misc]
    with pytest.raises(SubmissionError, match="looks like a position"):
        submitted(case, {"text": "x"}, {"36.2021, 37.1343.txt": b"x"})
    assert submitted(case, {"text": "on 27.02.2016, S/2016/1001", "cells": [CELL]}, {"S-2016-1001.txt": b"x"}) == 6
    assert len(case.store.refused()) == 6
    case.store.close()


def test_attack_24_averaging_many_reports_of_one_place(small_case: Path, tmp_path: Path) -> None:
    """The same cell in, the same cell out: without noise a thousand reports say no more than one."""
    case = CaseFolder.open(copied(small_case, tmp_path / "case"))
    bodies = [{"text": f"report {n}", "cells": [CELL], "day": "2016-03-01"} for n in range(20)]
    records.append(case, [Draft("allegation", body, "us") for body in bodies], clock)
    held = [said.statement.body for said in case.said("allegation") if said.index > 5]
    assert {tuple(body["cells"]) for body in held} == {(CELL,)}
    assert {frozenset(body) for body in held} == {frozenset({"text", "cells", "day"})}, "no field that could drift"
    other = {"text": "elsewhere", "cells": ["852d8aaffffffff"]}
    records.append(case, [Draft("allegation", other, "us")], clock)
    assert case.said("allegation")[-1].statement.body["cells"] == ["852d8aaffffffff"], "the control: another cell"
    case.store.close()


def cells_of_a_country() -> list[str]:
    """Some seven hundred cells of resolution 5: what one has to try."""
    found = []
    for n in range(700):
        digits = (0x2D << 45) | (1 << 59) | (5 << 52)
        left = n
        for at in range(5):
            digits |= left % 7 << 3 * (14 - at)
            left //= 7
        found.append(f"{digits | (1 << 30) - 1:x}")
    return found


def test_attack_25_enumeration_of_the_whole_cell_domain(small_case: Path) -> None:
    """Nothing compares cells of two sides; seven hundred guesses open an unsalted hash, and no salted commitment."""
    assert not {name for name in BODIES if any(word in name for word in ("overlap", "intersect", "compare", "psi"))}
    assert set(SEALABLE) == {"allegation", "answer", "publication", "area", "exchange"}
    shown = ran("--help").lower()
    assert not any(word in shown for word in ("overlap", "intersect"))
    domain = cells_of_a_country()
    assert len(set(domain)) == 700
    for cell in domain[:50]:
        check_coarse(cell)
    bodies = {canonical({"text": "", "cells": [cell]}): cell for cell in domain}
    hidden = canonical({"text": "", "cells": [domain[423]]})
    reader, stranger = keyring.new_key("ru", "read"), keyring.new_key("us", "read")
    sealed, box = seal(hidden, {reader.id: reader.public}, keyring.random_bytes)
    unsalted = hashlib.sha256(hidden).hexdigest()
    assert [cell for body, cell in bodies.items() if sha256(body) == unsalted] == [domain[423]]  # control
    guesses = {sha256(body) for body in bodies}
    guesses |= {commitment_of(salt, body) for body in bodies for salt in (b"", bytes(32))}
    assert sealed.commitment not in guesses
    assert sealed.box not in guesses
    with pytest.raises(VerificationError):
        open_box(sealed, box, stranger.id, stranger.secret)
    assert open_box(sealed, box, reader.id, reader.secret) == hidden
    lengths = {len(seal(body, {reader.id: reader.public}, keyring.random_bytes)[1]) for body in list(bodies)[:40]}
    assert len(lengths) == 1, "the length of a box must not tell the cells of one resolution apart"
