"""A mirror from which recorded assessments are computed again: what comes along, and what is held against what."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.evidence.bench import SHIPPED
from truceline import desk
from truceline.desk import charters
from truceline.desk.cases import add_files, init_case, table_draft
from truceline.desk.client import Remote
from truceline.desk.duplicates import keep_found
from truceline.desk.entries import Shelf, checkpoints_of, static
from truceline.desk.files import read_evidence
from truceline.desk.mirroring import complete, compute_again
from truceline.desk.records import Draft, append
from truceline.desk.runs import bench_of_case
from truceline.desk.verifying import verify_folder
from truceline.desk.viewers import Viewer
from truceline.errors import AccessError, InputError, StoreError, VerificationError
from truceline.evidence.reading import Read
from truceline.evidence.schema import salted, under_salt
from truceline.record.audit import Audit, Trust
from truceline.record.bundle import policy_of
from truceline.store.case import Case
from truceline.store.mirrored import NOTES, MirroredCase, MirrorStore
from truceline.store.opened import open_case
from truceline.witness.mirror import mirror

REPORTS = SHIPPED / "reports.jsonl"
PARTY = Viewer("a", "party", "us")


def remote(case: Case, lie: bytes = b"") -> Remote:
    """The part of a service that a mirror asks, straight from a case; with `lie` in the place of every file."""

    def answered(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        try:
            if path == "/api/v1/record/checkpoints":
                items = checkpoints_of(case, int(request.url.params["after"]), 5)
                last = str(items[-1]["size"]) if len(items) == 5 else None
                return httpx.Response(200, json={"items": items, "next": last})
            if path.startswith("/api/v1/record/blobs/"):
                return httpx.Response(200, content=lie or Shelf(case, PARTY).file(path.rsplit("/", 1)[1]))
            return httpx.Response(200, content=static(case, path.lstrip("/")))
        except AccessError:
            return httpx.Response(404, json={"detail": "not there"})

    return Remote("http://case.example", transport=httpx.MockTransport(answered))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A case with reports and two recorded assessments, one as it was before an act was known."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUCELINE_CONFIG", str(folder / "config"))
        case = init_case(folder / "case", SHIPPED / "agreement.yaml", charters.new_charter("kept"), known_at=10**9)
        add_files(case, [REPORTS], known_at=10**9 + 100)
        for second in (200, 300):
            outcome = desk.assess_case(case, desk.Asked())
            now = 10**9 + second
            append(case, [Draft("assessment", desk.assessment_body(case, outcome))], lambda now=now: now)  # type: ignore[misc]
            append(case, [Draft("allegation", {"text": f"said at {second}"})], lambda now=now: now)  # type: ignore[misc]
        yield case
        case.close()


@pytest.fixture
def mirrored(kept: Case, tmp_path: Path) -> Path:
    """A mirror of it, with what belongs to it."""
    with remote(kept) as asked:
        mirror(asked, tmp_path / "mirror", policy_of(kept.charter()), now=lambda: 2 * 10**9)
        done = complete(tmp_path / "mirror", asked)
    assert (done.checkpoints, done.withheld) == (len([size for size in kept.store.notes() if size]), 0)
    return tmp_path / "mirror"


def computed(folder: Path, *evidence: Path) -> Audit:
    """What comes out of computing again."""
    found = Audit()
    compute_again(folder, evidence, found)
    return found


@pytest.mark.long
def test_every_recorded_assessment_is_computed_again(kept: Case, mirrored: Path) -> None:
    """Same answers, same hash, each as the record was known then; nothing is written to the mirror."""
    before = sorted(path for path in mirrored.rglob("*"))
    found = computed(mirrored, REPORTS)
    assert (found.faults, found.unchecked, found.checked["assessments"]) == ([], [], 2)
    assert sorted(path for path in mirrored.rglob("*")) == before


def test_pairs_are_not_given_and_searched_for_again(kept: Case, tmp_path: Path) -> None:
    """They name hidden reports: whoever holds all the evidence finds them by himself, and the answers are the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUCELINE_CONFIG", str(Path(kept.where).parent / "config"))
        case = open_case(shutil.copytree(kept.where, tmp_path / "case"))
        assert keep_found(case, lambda: 10**9 + 400)["pairs"] > 0
        outcome = desk.assess_case(case, desk.Asked())
        append(case, [Draft("assessment", desk.assessment_body(case, outcome))], lambda: 10**9 + 500)
    with remote(case) as asked:
        mirror(asked, tmp_path / "mirror", policy_of(case.charter()), now=lambda: 2 * 10**9)
        assert complete(tmp_path / "mirror", asked).withheld == 1
    assert not MirrorStore(tmp_path / "mirror").has_blob(case.said("pairs")[-1].statement.body["sha256"])
    found = computed(tmp_path / "mirror", REPORTS)
    assert (found.faults, found.unchecked, found.checked["assessments"]) == ([], [], 3)
    case.close()


def test_evidence_under_a_salt_is_brought_with_its_salt(tmp_path: Path) -> None:
    """Without it the file is that of no entry; with it its rows are those of the record."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUCELINE_CONFIG", str(tmp_path / "config"))
        case = init_case(tmp_path / "case", SHIPPED / "agreement.yaml", charters.new_charter("salted"), known_at=10**9)
        read = read_evidence(REPORTS, bench_of_case(case), known_at=10**9 + 100)
        taken = Read(salted(read.table, "5a17"), salted(read.rejected, "5a17"))
        draft = table_draft(case, "reports", "offer-1", under_salt(read.sha256, "5a17"), read=taken)
        append(case, [draft], lambda: 10**9 + 100)
        outcome = desk.assess_case(case, desk.Asked())
        append(case, [Draft("assessment", desk.assessment_body(case, outcome))], lambda: 10**9 + 200)
        assert verify_folder(tmp_path / "case", Trust()).holds
    with remote(case) as asked:
        mirror(asked, tmp_path / "mirror", policy_of(case.charter()), now=lambda: 2 * 10**9)
        complete(tmp_path / "mirror", asked)
    brought = Path(shutil.copy(REPORTS, tmp_path / "reports.jsonl"))
    assert "no entry of the record" in computed(tmp_path / "mirror", brought).unchecked[0]
    (tmp_path / "reports.jsonl.salt").write_text("5a17\n")
    found = computed(tmp_path / "mirror", brought)
    assert (found.faults, found.unchecked, found.checked["assessments"]) == ([], [], 1)
    case.close()


def test_a_mirror_knows_since_when_each_entry_is_known(kept: Case, mirrored: Path) -> None:
    """By the dated checkpoints, not by when it was mirrored."""
    case = MirroredCase(mirrored)
    assert [one.known_at for one in case.entries()] == [one.known_at for one in kept.entries()]


def test_without_the_evidence_it_is_said_and_not_passed_over(mirrored: Path) -> None:
    """Nothing was found wrong, and nothing was computed: both are said."""
    found = computed(mirrored)
    assert found.faults == []
    assert [one.split(":")[0] for one in found.unchecked] == [
        "the assessment of entry 3", "the assessment of entry 5",
    ]  # fmt: skip


def test_evidence_of_another_case_is_no_evidence(mirrored: Path, tmp_path: Path) -> None:
    """One byte more is another file; no entry was read from it."""
    other = tmp_path / "other.jsonl"
    other.write_bytes(REPORTS.read_bytes() + b"\n")
    found = computed(mirrored, other)
    assert found.unchecked[0] == "other.jsonl: no entry of the record was read from it"
    assert "assessments" not in found.checked


def test_a_checkpoint_that_was_put_in_its_place_is_found(kept: Case, mirrored: Path) -> None:
    """Of another size, or of another log: since when something was known cannot be moved."""
    notes = sorted((mirrored / NOTES).iterdir(), key=lambda path: int(path.name))
    shutil.copy(notes[-1], notes[0])
    assert "is another one" in computed(mirrored, REPORTS).faults[0].message


def test_files_that_are_not_what_the_entry_names_are_not_kept(kept: Case, tmp_path: Path) -> None:
    """A service that gives something else gives nothing."""
    with remote(kept, lie=b"something else") as asked:
        mirror(asked, tmp_path / "mirror", policy_of(kept.charter()), now=lambda: 2 * 10**9)
        done = complete(tmp_path / "mirror", asked)
    assert done.files == 0
    assert done.withheld > 0
    assert not (tmp_path / "mirror" / "blobs").exists()
    assert "is not here" in computed(tmp_path / "mirror", REPORTS).faults[0].message


def test_a_round_later_only_what_is_new_is_fetched(kept: Case, mirrored: Path) -> None:
    """The record grows; what lies here is not asked for again."""
    append(kept, [Draft("allegation", {"text": "later"})], lambda: 10**9 + 400)
    with remote(kept) as asked:
        mirror(asked, mirrored, policy_of(kept.charter()), now=lambda: 2 * 10**9)
        done = complete(mirrored, asked)
    assert (done.checkpoints, done.files) == (1, 0)
    assert computed(mirrored, REPORTS).checked["assessments"] == 2


def test_nothing_is_written_to_a_mirrored_case(mirrored: Path) -> None:
    """Only what the log signed is: by a round."""
    store = MirrorStore(mirrored)
    for write in (
        store.writer, lambda: store.append(0, []), lambda: store.put_tiles({}), lambda: store.put_note(1, b""),
        lambda: store.put_blob("0" * 64, b""), lambda: store.drop_blob("0" * 64), lambda: store.swap_head(None, b""),
        lambda: store.refuse([]), lambda: store.put_state(b""), lambda: store.settle(1),
        lambda: store.put_cosignature(1, ""), store.together,
    ):  # fmt: skip
        with pytest.raises(StoreError, match="a mirror"):
            write()


def test_files_of_a_service_need_a_key(tmp_path: Path) -> None:
    """They are for those who may read them."""
    from tests.cli_table import truceline

    done = truceline("mirror", "http://127.0.0.1:9", tmp_path / "m", "--files", code=InputError.exit_code)
    assert "expected `--key` with it" in done.stderr


def test_a_mirror_that_lacks_a_date_says_so(mirrored: Path) -> None:
    """Without the newest dated checkpoint nobody can say since when the last entries are known."""
    newest = max((mirrored / NOTES).iterdir(), key=lambda path: int(path.name))
    newest.unlink()
    with pytest.raises(VerificationError, match="no dated checkpoint"):
        len(MirroredCase(mirrored).entries())
