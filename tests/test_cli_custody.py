"""Rulings, originals, consent, closed reports and misuse on the command line, as the desk uses them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli_table import Table, answer, founded, seated, truceline
from tests.evidence.bench import SHIPPED, lines
from truceline.desk.misuse import STANDS
from truceline.store.folder import CaseFolder

PUBLISHED = {"url": "https://example.org/1", "published": "2016-03-06"}


@pytest.fixture(scope="module")
def _founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of desk, us and ru with three published reports."""
    folder = tmp_path_factory.mktemp("table")
    (folder / "reports.jsonl").write_bytes(b"".join(lines(*[PUBLISHED] * 3)))
    return founded(folder, folder / "reports.jsonl")


@pytest.fixture
def table(_founded: Path, tmp_path: Path) -> Iterator[Table]:
    """A copy of that case; afterwards the record holds."""
    with seated(Path(shutil.copytree(_founded, tmp_path / "t"))) as made:
        yield made


@pytest.mark.long
def test_rulings_are_said_listed_superseded_and_withdrawn(table: Table) -> None:
    """A reader sees what stands, what a later entry superseded, by whom and why."""
    why = ["--reason", "one shell, two papers"]
    first = answer("rule", "rule", table.case, "same", "r-0", "r-1", "r-2", *why)
    assert (first["entry"], first["reports"], first["value"]) == (3, ["r-0", "r-1", "r-2"], "")
    answer("rule", "rule", table.case, "different", "r-0", "r-2", *why)
    answer("rule", "rule", table.case, "grade", "r-0", "C3", *why)
    answer("rule", "rule", table.case, "place", "r-0", "SY02", *why)
    answer("rule", "rule", table.case, "grade", "r-0", "--withdraw", *why)
    rows = answer("rulings", "rulings", table.case)["rulings"]
    assert [(row["what"], row["value"], row["stands"]) for row in rows] == [
        ("same", "", "partly"), ("different", "", "yes"), ("grade", "C3", "no"), ("place", "SY02", "yes"),
        ("grade", "withdrawn", "withdrawn"),
    ]  # fmt: skip
    assert [row["entry"] for row in answer("rulings", "rulings", table.case, "r-1")["rulings"]] == [3]
    assert "partly" in truceline("rulings", table.case).stdout
    assert truceline("rule", table.case, "grade", "r-1", "D4", *why).stdout == "Entry 8: grade r-1 D4\n"


def test_a_ruling_that_is_refused_is_refused_in_one_line(table: Table) -> None:
    """The desk sees at once what is wrong, and nothing enters the record."""
    for args, words in (
        (["same", "r-0", "r-9"], "the case holds no report `r-9`"), (["grade", "r-0", "Z9"], "expected a grade"),
        (["place", "r-0", "NOWHERE"], "expected a unit"), (["maybe", "r-0"], "`what`"),
        (["same", "r-0", "r-1", "--body", "hnc"], "is of the side"),
    ):  # fmt: skip
        err = truceline("rule", table.case, *args, "--reason", "x", code=5).stderr
        assert words in err
        assert err.count("\n") == 1
    assert answer("rulings", "rulings", table.case)["rulings"] == []


def test_a_body_rules_over_two_machines(table: Table) -> None:
    """One member signs, the other countersigns, the desk appends."""
    entry = table.file("ruling.entry")
    table.at("us")
    options = ["--reason", "agreed", "--by", "us", "--body", "tf", "-o", entry]
    assert answer("rule", "rule", table.case, "support", "r-0", "yes", *options)["entry"] is None
    index = table.enter(entry, "ru")
    row = answer("rulings", "rulings", table.case)["rulings"][0]
    assert (row["entry"], row["body"], row["signed_by"]) == (index, "tf", ["ru", "us"])


def test_a_salted_original_is_found_by_its_holder_alone(table: Table) -> None:
    """Every command takes its name as it takes a hash; whoever has the file and not the salt cannot tell."""
    photo, opening, out = table.file("IMG_2.jpg"), table.file("copy.opening"), table.file("copy.jpg")
    photo.write_bytes(b"\xff\xd8 a bakery, from a phone")
    plain = hashlib.sha256(photo.read_bytes()).hexdigest()
    made = answer("custody-add", "custody", "add", table.case, photo, "--about", "r-0", "--salted")
    assert (made["salted"], made["bytes"], made["media_type"], made["what"], made["kept"]) == (
        True,
        0,
        "",
        "photo",
        True,
    )
    name = made["original"]
    assert name != plain
    assert plain.encode() not in b"".join(path.read_bytes() for path in Path(table.case).rglob("*") if path.is_file())
    assert answer("custody-check", "custody", "check", table.case, name[:8], photo)["is_original"]
    handled = answer("custody-add", "custody", "add", table.case, photo, "--event", "examined")
    assert (handled["original"], handled["salted"]) == (name, True)
    taken = answer("custody-take", "custody", "take", table.case, name, out, "--opening", opening)
    assert (taken["bytes"], out.read_bytes()) == (len(photo.read_bytes()), photo.read_bytes())
    shown = answer("custody-show", "custody", "show", table.case)["originals"][0]
    assert (shown["salted"], [c["event"] for c in shown["chain"]]) == (True, ["received", "examined", "copied"])
    assert "salted, of a size that is not told" in truceline("custody", "show", table.case).stdout
    assert (
        "its salt is kept with it"
        in truceline("custody", "add", table.case, photo, "--salted", "--no-keep", code=3).stderr
    )
    table.at("us")  # another machine: with the opening it can tell, without it cannot
    assert "its salt is not here" in truceline("custody", "check", table.case, name, out, code=3).stderr
    assert answer("custody-check", "custody", "check", table.case, name, out, "--opening", opening)["is_original"]
    out.write_bytes(b"another")
    assert not answer("custody-check", "custody", "check", table.case, name, out, "--opening", opening, code=6)[
        "is_original"
    ]
    opening.write_bytes(b"{}")
    assert (
        "expected an opening"
        in truceline("custody", "check", table.case, name, photo, "--opening", opening, code=3).stderr
    )
    table.at("desk")
    assert answer("custody-add", "custody", "add", table.case, name, "--event", "destroyed")["destroyed"]
    assert "its salt is not here" in truceline("custody", "check", table.case, name, photo, code=3).stderr


@pytest.mark.long
def test_an_original_from_its_receipt_to_its_end(table: Table) -> None:
    """Received, checked, copied with consent, handed on, destroyed: each is an entry, and none holds a byte of it."""
    photo = table.file("IMG_1.jpg")
    photo.write_bytes(b"\xff\xd8 a bakery")
    made = answer("custody-add", "custody", "add", table.case, photo, "--about", "r-0", "--handler", "field office")
    assert (made["what"], made["media_type"], made["kept"], made["event"]) == ("photo", "image/jpeg", True, "received")
    digest = made["original"]
    assert answer("custody-check", "custody", "check", table.case, digest[:8], photo)["is_original"]
    other = table.file("other.jpg")
    other.write_bytes(b"\xff\xd8 a hospital")
    assert not answer("custody-check", "custody", "check", table.case, digest, other, code=6)["is_original"]
    assert "is not the original" in truceline("custody", "check", table.case, digest, other, code=6).stderr
    out = table.file("court.jpg")
    refused = truceline("custody", "take", table.case, digest, out, "--to", "court", code=3).stderr
    assert "no consent to share" in refused
    answer("consent-give", "consent", "give", table.case, digest, "--use", "share", "--to", "court")
    taken = answer("custody-take", "custody", "take", table.case, digest, out, "--to", "court", "--by", "desk")
    assert (taken["bytes"], taken["handler"], taken["use"]) == (len(photo.read_bytes()), "field office", "share")
    assert out.read_bytes() == photo.read_bytes()
    answer("custody-add", "custody", "add", table.case, digest, "--event", "examined", "--handler", "court")
    common = ["--handler", "field office"]
    answer("custody-add", "custody", "add", table.case, digest, "--event", "transferred", "--to", "archive", *common)
    gone = answer("custody-add", "custody", "add", table.case, digest[:12], "--event", "destroyed", "--handler", "lab")
    assert (gone["destroyed"], gone["kept"], gone["bytes"]) == (True, False, made["bytes"])
    (shown,) = answer("custody-show", "custody", "show", table.case)["originals"]
    assert [link["event"] for link in shown["chain"]] == ["received", "copied", "examined", "transferred", "destroyed"]
    assert [flaw["entry"] for flaw in shown["flaws"]] == [gone["entry"]], "the court handled its copy"
    assert "`archive`" in truceline("custody", "show", table.case, digest[:8]).stdout
    held = b"".join(path.read_bytes() for path in (table.case).rglob("*") if path.is_file())
    assert b"a bakery" not in held
    assert shown["kept"] is False


def _received(table: Table) -> str:
    """An original that the desk received; its hash."""
    photo = table.file("IMG_3.jpg")
    photo.write_bytes(b"\xff\xd8 a bridge")
    digest: str = answer("custody-add", "custody", "add", table.case, photo)["original"]
    return digest


@pytest.mark.long
def test_what_is_handed_to_a_court_asks_for_consent_to_refer(table: Table) -> None:
    """Consent to share is no consent to refer; the record says which use it was."""
    digest, out = _received(table), table.file("court.jpg")
    take = ["custody", "take", table.case, digest[:12], out, "--to", "court", "--use"]
    answer("consent-give", "consent", "give", table.case, digest[:12], "--use", "share", "--to", "court")
    assert "no consent to refer the original" in truceline(*take, "refer", code=3).stderr
    assert not out.exists()
    given = answer("consent-give", "consent", "give", table.case, digest[:12], "--use", "refer", "--to", "court")
    assert given["about"] == [digest], "by the digits that custody commands take"
    assert answer("custody-take", *take, "refer")["use"] == "refer"
    (shown,) = answer("custody-show", "custody", "show", table.case)["originals"]
    assert [link["use"] for link in shown["chain"]] == ["", "refer"]
    for wrong in (["publish"], ["refer", "--to", ""]):
        assert "`--use`" in truceline(*take, *wrong, code=3).stderr
    assert [row["use"] for row in answer("consent-show", "consent", "show", table.case, digest[:8])["consents"]] == [
        "share", "refer",
    ]  # fmt: skip
    answer("consent-refuse", "consent", "refuse", table.case, digest[:8], "--use", "refer")


@pytest.mark.long
def test_no_entry_speaks_of_what_was_not_done(table: Table) -> None:
    """A copy that failed is no copy; what a refused entry calls destroyed is there; what is destroyed is said to be."""
    digest, out = _received(table), table.file("copy.jpg")
    vault = Path(os.environ["TRUCELINE_CONFIG"], "vault", "originals")
    (stored,) = vault.glob("*.bytes")
    data = stored.read_bytes()
    stored.write_bytes(b"?")
    truceline("custody", "take", table.case, digest, out, code=6)
    stored.write_bytes(data)
    truceline("custody", "take", table.case, digest, out, "--handler", "n.n@example.org", code=5)
    for wrong in (["--handler", "n.n@example.org"], ["--about", "r-9"], ["--handler", "at 36.2021, 37.1343"]):
        truceline("custody", "add", table.case, digest, "--event", "destroyed", *wrong, code=5)
    assert stored.read_bytes() == data
    (vault / "vault.key").rename(vault / "away")
    truceline("custody", "add", table.case, digest, "--event", "destroyed", code=6)
    (vault / "away").rename(vault / "vault.key")
    (shown,) = answer("custody-show", "custody", "show", table.case)["originals"]
    assert ([link["event"] for link in shown["chain"]], shown["kept"]) == (["received"], True)
    answer("custody-add", "custody", "add", table.case, digest, "--event", "copied", "--to", "court")
    copy = ["--event", "destroyed", "--handler", "court"]
    assert not answer("custody-add", "custody", "add", table.case, digest, *copy)["destroyed"], "that was the copy"
    assert stored.is_file()
    end = ["custody", "add", table.case, digest, "--event", "destroyed"]
    with CaseFolder.open(table.case).store.writer():
        assert "give the same command again" in truceline(*end, code=7).stderr
    assert not stored.exists()
    assert answer("custody-add", *end)["event"] == "destroyed"


def test_what_is_refused_is_not_kept_either(table: Table) -> None:
    """Bytes in the vault that no entry speaks of would be nobody's."""
    photo = table.file("IMG_2.jpg")
    photo.write_bytes(b"\xff\xd8 a road")
    truceline("custody", "add", table.case, photo, "--about", "r-9", code=5)
    truceline("custody", "add", table.case, photo, "--handler", "n.n@example.org", code=5)
    assert not list(Path(os.environ["TRUCELINE_CONFIG"], "vault", "originals").glob("*.bytes"))
    assert "expected a file, or the hash" in truceline("custody", "add", table.case, "abcdabcd", code=3).stderr


@pytest.mark.long
def test_a_report_page_leaves_out_what_was_refused_and_says_how_many(table: Table) -> None:
    """The page for the public, before and after consent is taken back."""
    page = table.file("page.html")
    options = ["-o", page, "--for", "public", "--cut-off", "2016-04-01"]
    assert answer("report", "report", table.case, *options)["without_consent"] == 0
    assert "r-1" in page.read_text()
    made = answer("consent-refuse", "consent", "refuse", table.case, "r-1", "r-2", "--use", "publish")
    assert made["entries"] == [3, 4]
    assert truceline("consent", "give", table.case, "r-2", "--use", "publish").stdout == "Entry 5: r-2: publish given\n"
    entry = table.file("consent.entry")
    truceline("consent", "give", table.case, "r-1", "r-2", "--use", "publish", "-o", entry, code=3)
    assert answer("consent-give", "consent", "give", table.case, "r-1", "--use", "share", "-o", entry)["entries"] == []
    done = truceline("report", table.case, *options, "--json")
    assert json.loads(done.stdout)["without_consent"] == 1
    assert "left out for want of consent: 1 report\n" in done.stderr
    assert "r-1" not in page.read_text()
    (row,) = answer("consent-show", "consent", "show", table.case, "r-1")["consents"]
    assert (row["given"], row["decides"], row["use"]) == (False, True, "publish")
    assert "refused" in truceline("consent", "show", table.case, "r-1").stdout


@pytest.mark.long
def test_a_closed_report_from_its_intake_to_its_end(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept, committed to, proved to whom its holder chooses, forgotten; the record says the same all the while."""
    words = "She said that it was on the second night."
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(words.encode())))
    one = answer("closed-add", "closed", "add", "-", "--case", table.case)["id"]
    note = table.file("note.txt")
    note.write_text("another")
    other = answer("closed-add", "closed", "add", note, "--case", table.case, "--destroy")["id"]
    assert not note.exists()
    assert {row["entry"] for row in answer("closed-list", "closed", "list", "--case", table.case)["reports"]} == {None}
    assert answer("closed-list", "closed", "list", "--case", table.case)["due"] is not None
    assert "a batch is due since" in truceline("closed", "list", "--case", table.case).stdout
    made = answer("closed-commit", "closed", "commit", table.case)
    assert (made["commitments"], made["damaged"]) == (32, [])
    assert answer("closed-list", "closed", "list", "--case", table.case)["due"] is None
    assert "more would tell" in truceline("closed", "commit", table.case, code=5).stderr
    rows = answer("closed-list", "closed", "list", "--case", table.case)["reports"]
    assert {(row["id"], row["entry"]) for row in rows} == {(one, made["entry"]), (other, made["entry"])}
    assert answer("closed-show", "closed", "show", one)["report"] == words
    proof = table.file("one.proof")
    answer("closed-prove", "closed", "prove", table.case, one, "-o", proof)
    assert proof.stat().st_mode & 0o077 == 0
    assert "is there already" in truceline("closed", "prove", table.case, one, "-o", proof, code=3).stderr
    assert answer("closed-check", "closed", "check", table.case, proof)["entry"] == made["entry"]
    false = {**json.loads(proof.read_text()), "entry": 2}
    assert "does not hold" in truceline("closed", "check", table.case, table.file("b.json", false), code=6).stderr
    (Path(os.environ["TRUCELINE_CONFIG"]) / "vault" / "closed" / f"{other}.report").write_bytes(b"?")
    rest = answer("closed-list", "closed", "list", code=6)
    assert ([row["id"] for row in rest["reports"]], rest["damaged"]) == ([one], [other])
    assert other in truceline("closed", "list", code=6).stderr
    answer("closed-delete", "closed", "delete", one, "--yes")
    assert "no report of this id" in truceline("closed", "show", one, code=3).stderr
    shown = truceline("record", "show", table.case, made["entry"]).stdout
    assert words[:10] not in shown


def test_misuse_prints_who_is_alleged_when_and_that_the_zone_stands(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is asked has to see of whom and of what time it is said, and what it does not change."""
    one: dict[str, object] = {"report": "r-0", "zone": "dmz", "status": "question raised", "reasons": ["border"]}
    one |= {"alleged": ["gov"], "entry": 2, "from": "2016-03-06T00:00:00Z", "until": "2016-03-07T00:00:00Z"}
    made = {"cases": [one, {**one, "alleged": []}], "zones": [], "zone_stands": STANDS, "law": "law"}
    monkeypatch.setattr("truceline.desk.misuse.answer_of", lambda _: made)
    out = truceline("misuse", table.case).stdout
    for word in ("question raised", "gov", "nobody named", "2016-03-06T00:00:00Z", "2016-03-07T00:00:00Z", STANDS):
        assert word in out


def test_misuse_of_the_shipped_zones(table: Table) -> None:
    """Reports of the press name no origins: no case is open, the zones are named, and that they stand as before."""
    made = answer("misuse", "misuse", table.case)
    assert (made["observations"], made["cases"], made["zone_stands"]) == (3, [], STANDS)
    assert "designated" in {zone["zone"] for zone in made["zones"]}
    assert STANDS in truceline("misuse", SHIPPED / "agreement.yaml", table.file("reports.jsonl")).stdout
    files = [SHIPPED / "agreement.yaml", table.file("reports.jsonl")]
    truceline("misuse", table.case, files[1], code=3)
    truceline("misuse", files[0], code=3)


@pytest.mark.parametrize(
    "command",
    [
        "rule", "rulings", "custody", "custody add", "custody show", "custody check", "custody take", "consent give",
        "consent refuse", "consent show", "closed add", "closed list", "closed show", "closed commit", "closed prove",
        "closed check", "closed delete", "misuse",
    ],
)  # fmt: skip
def test_every_command_has_help(command: str) -> None:
    """Who is lost asks `--help`."""
    assert "Usage:" in truceline(*command.split(), "--help").stdout
