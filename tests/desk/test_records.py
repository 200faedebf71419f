"""What gets into the record of a case, in whose name, at what time; each test ends with an audit of the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.bench import SHIPPED
from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.desk import charters, gate, keyring, records
from truceline.desk.cases import init_case
from truceline.desk.records import Draft
from truceline.errors import InputError, StoreError, SubmissionError, TrucelineError, VerificationError
from truceline.record.audit import Trust, audit
from truceline.record.charter import Quorum, plain
from truceline.record.entry import key_id, read_entry
from truceline.record.note import Verifier
from truceline.record.proof import read_proof
from truceline.record.register import Register
from truceline.record.tree import check_inclusion, leaf_hash
from truceline.store.folder import CaseFolder
from truceline.store.source import FolderSource

AGREEMENT = SHIPPED / "agreement.yaml"
NOON = 1_473_854_400
ALLEGATION = {"text": "shelling of the market", "terms": ["F2"]}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration folder of its own."""
    monkeypatch.setenv("TRUCELINE_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture
def case(own: Path, tmp_path: Path) -> Iterator[CaseFolder]:
    """A case of desk, us and ru on one machine, founded at noon; afterwards it is audited whole."""
    sets = [keyring.key_set(party) for party in ("us", "ru")]
    made = init_case(tmp_path / "case", AGREEMENT, charters.new_charter("Aleppo, 2016", parties=sets), known_at=NOON)
    yield made
    assert audit(FolderSource(made.store.folder), Trust()).faults == []


def later(seconds: int = 60) -> charters.Clock:
    """A clock that stands at noon and some seconds."""
    return lambda: NOON + seconds


def said(case: CaseFolder, draft: Draft) -> int:
    """Append a draft; its index."""
    return records.append(case, [draft], later())[0].index


def test_the_origin_of_a_log_is_made_of_its_title_and_names_no_machine(case: CaseFolder) -> None:
    """Two records of one title are two logs; the name holds no host and no user."""
    origin = case.entries()[0].statement.log
    assert origin.startswith("truceline.local/aleppo--2016/")
    assert case.charter().title == "Aleppo, 2016"


def test_two_records_of_one_title_in_one_second_have_two_origins(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log is known by its name: it is made of the log's own key, which no other log has, and of no clock."""
    monkeypatch.setattr("time.time", lambda: float(NOON))
    logs = [Verifier.parse(charters.new_charter("Aleppo, 2016").log) for _ in range(2)]
    assert len({log.name for log in logs}) == 2
    for log in logs:
        assert log.name == f"truceline.local/aleppo--2016/{log.public.hex()[:8]}"


def test_the_text_is_loaded_once_for_all_entries_of_a_batch(case: CaseFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long text takes longer to load than many entries take to append."""
    loaded: list[str] = []

    def counted(data: bytes, name: str) -> Agreement:
        loaded.append(name)
        return load(data, name)

    monkeypatch.setattr(gate, "load", counted)
    gate._loaded.cache_clear()
    drafts = [Draft("allegation", ALLEGATION, by) for by in ("us", "ru") * 4]
    assert len(records.append(case, drafts, later())) == 8
    assert records.append(case, drafts, later())[-1].index == 17
    assert loaded == ["agreement.yaml"]


def test_founders_decide_together(case: CaseFolder) -> None:
    """Two of three destroy; of the parties beside the keeper one countersigns a change of keys."""
    charter = case.charter()
    assert plain(charter.shred) == {"of": ("desk", "us", "ru"), "threshold": 2}
    assert plain(charter.countersign) == {"of": ("us", "ru"), "threshold": 1}


def test_a_record_that_one_founds_alone_can_still_destroy(own: Path) -> None:
    """With one party there is nobody else to ask."""
    charter = charters.new_charter("alone")
    assert (charter.shred.threshold, charter.countersign) == (1, Quorum(("desk",), 1))


def test_drafts_of_one_batch_follow_one_another(case: CaseFolder) -> None:
    """Several statements of several parties in one batch: each in its own sequence, under one checkpoint."""
    drafts = [Draft("allegation", ALLEGATION, by) for by in ("us", "ru", "us", "us", "ru")]
    taken = records.append(case, drafts, later())
    assert [one.index for one in taken] == [2, 3, 4, 5, 6]
    entries = case.entries()[2:]
    assert [(e.statement.by, e.statement.sequence) for e in entries] == [
        ("us", 0), ("ru", 0), ("us", 1), ("us", 2), ("ru", 1),
    ]  # fmt: skip
    assert entries[3].statement.previous == leaf_hash(entries[2].entry.data).hex()
    assert {e.known_at for e in entries} == {NOON + 60}
    assert case.store.notes()[-1] == 7
    assert 6 not in case.store.notes()


def test_what_was_refused_stops_nothing_before_it(case: CaseFolder) -> None:
    """The first refusal is raised; what was taken before it stays."""
    drafts = [Draft("allegation", ALLEGATION, "us"), Draft("answer", {"text": "x", "to": 99}, "ru")]
    with pytest.raises(SubmissionError, match="`to`"):
        records.append(case, drafts, later())
    assert [e.statement.type for e in case.entries()] == ["charter", "agreement", "allegation"]
    assert said(case, Draft("answer", {"text": "x", "to": 2}, "ru")) == 3


def test_a_statement_cites_what_was_published_and_the_text_it_speaks_of(case: CaseFolder) -> None:
    """Its lower bound in time is the newest checkpoint; its text is the one in force, by its values."""
    index = said(case, Draft("allegation", ALLEGATION, "us"))
    one = case.entries()[index].statement
    assert one.cites.size == 2
    assert one.under == case.info.canonical
    assert case.entries()[1].statement.under == ""


def test_time_does_not_go_back(case: CaseFolder) -> None:
    """A clock that was set back dates nothing before what stands there; the claim of the signer stays as it was."""
    records.append(case, [Draft("allegation", ALLEGATION, "us")], later(600))
    records.append(case, [Draft("allegation", ALLEGATION, "us")], later(-86_400))
    assert [e.known_at - NOON for e in case.entries()] == [0, 0, 600, 600]


def test_known_at_is_the_first_checkpoint_that_holds_an_entry(case: CaseFolder) -> None:
    """Whatever a signer claims: the record knows it from its first dated checkpoint on."""
    entry, beside = records.prepare(case, Draft("allegation", ALLEGATION, "us"), later(-10_000))
    assert read_entry(entry).statement.claims == NOON - 10_000
    taken = records.submit(case, entry, beside, later(30))
    assert case.entries()[taken.index].known_at == NOON + 30


def test_what_is_prepared_is_not_appended(case: CaseFolder) -> None:
    """Signing changes nothing in the folder."""
    before = (case.path / "record" / "head").read_bytes()
    records.prepare(case, Draft("allegation", ALLEGATION, "us", readers=("ru",)))
    assert (case.path / "record" / "head").read_bytes() == before
    assert len(case.entries()) == 2


def test_a_signed_finding_is_counted_from_then_on(case: CaseFolder, tmp_path: Path) -> None:
    """The answer and the page say how many a body signed, and how many were signed as known before."""
    from truceline.desk import Asked, assess_case, pages, summary

    body = {"about": [1], "body": "tf", "holds": "undecided", "standard": "s", "text": "t"}
    one, _ = records.prepare(case, Draft("finding", body, "us"), later())
    index = records.submit(case, records.cosign_entry(case, one, "ru"), {}, later()).index
    now, before = assess_case(case, Asked()), assess_case(case, Asked(known_at=f"#{index - 1}"))
    assert (summary(now)["findings"], summary(before)["findings"]) == (1, 0)
    pages.write_one(now, tmp_path / "page.html", lang="en", reader="secretariat", cut_off="")
    text = re.sub(r"<[^>]*>", "", (tmp_path / "page.html").read_text())
    assert "Findings signed: 1." in text


def test_a_countersignature_covers_the_same_bytes(case: CaseFolder) -> None:
    """The payload stays as it was signed; twice the same signer is refused."""
    body = {"about": [1], "body": "tf", "holds": "undecided", "standard": "s", "text": "t"}
    one, _ = records.prepare(case, Draft("finding", body, "us"), later())
    both = records.cosign_entry(case, one, "ru")
    assert read_entry(both).payload == read_entry(one).payload
    assert len(read_entry(both).marks) == 2
    with pytest.raises(SubmissionError, match="each by another key"):
        records.cosign_entry(case, both, "ru")
    with pytest.raises(SubmissionError, match="no key set"):
        records.cosign_entry(case, one, "gov")
    index = records.submit(case, both, {}, later()).index
    assert case.signers(case.entries()[index]) == ["ru", "us"]


def test_a_missing_key_is_named(case: CaseFolder, own: Path) -> None:
    """The program says plainly which key it misses, and whose it is."""
    for path in own.rglob("*.sign.key"):
        path.unlink()
    with pytest.raises(StoreError, match=r"does not hold the key to sign as `us`: [0-9a-f]{16}"):
        said(case, Draft("allegation", ALLEGATION, "us"))
    for path in own.rglob("*.log.key"):
        path.unlink()
    with pytest.raises(StoreError, match="only its keeper writes this record"):
        said(case, Draft("allegation", ALLEGATION, "us"))


def test_the_history_of_keys_is_that_of_an_auditor(case: CaseFolder) -> None:
    """After a rotation, a revocation and a newcomer: the quick reading equals the register that verifies all."""
    old = case.register().sets["us"]
    key = old.keys[0].id
    for draft in (
        Draft("keyset", plain(keyring.key_set("us", version=1)), "us"),
        Draft("revocation", {"keyid": key, "party": "us", "since": 2}, "us"),
        Draft("keyset", plain(keyring.key_set("gov")), "gov"),
    ):
        entry, beside = records.prepare(case, draft, later())
        records.submit(case, records.cosign_entry(case, entry, "ru"), beside, later())
    whole = Register()
    for one in case.entries():
        whole.take(one.entry, leaf_hash(one.entry.data), lambda size: roots(case)[size])
    assert case.register().keys == whole.keys
    assert (whole.keys[key].end, whole.keys[key].contested_from) == (3, 2)


def roots(case: CaseFolder) -> dict[int, bytes]:
    """The root of each published checkpoint."""
    from truceline.record.checkpoint import read_checkpoint
    from truceline.record.note import read_note

    notes = {size: case.store.note(size) or b"" for size in case.store.notes()}
    return {size: read_checkpoint(read_note(note).text).root for size, note in notes.items()}


def test_the_first_key_set_of_a_party_is_signed_by_its_own_root_alone(case: CaseFolder) -> None:
    """Roots that were made earlier and never entered sign nothing: they are in no key set."""
    keyring.key_set("gov")
    made, entry = records.change_keys(case, "gov", is_kept_back=True)
    assert isinstance(entry, bytes)
    assert [mark.keyid for mark in read_entry(entry).marks] == [key_id(made.roots[0])]


def test_keys_that_could_not_be_entered_are_not_made(case: CaseFolder, own: Path) -> None:
    """Without its roots a party changes nothing, and without the log nobody enters anything."""
    for name in ("root", "log"):
        for path in own.rglob(f"*.{name}.key"):
            path.unlink()
        before = sorted(own.rglob("*"))
        party = "us" if name == "root" else "gov"
        with pytest.raises(StoreError):
            records.change_keys(case, party)
        assert sorted(own.rglob("*")) == before


def test_a_proof_shows_an_entry_in_the_newest_checkpoint(case: CaseFolder) -> None:
    """For every entry, against its leaf and the root; an index that is not there is refused."""
    said(case, Draft("allegation", ALLEGATION, "us"))
    root = roots(case)[3]
    for one in case.entries():
        proof = read_proof(records.proof_of(case, one.index))
        check_inclusion(leaf_hash(one.entry.data), index=one.index, size=3, path=proof.path, root=root)
    for index in (-1, 3):
        with pytest.raises(InputError, match="expected an entry from 0 to 2"):
            records.proof_of(case, index)


def test_a_sealed_body_opens_for_each_of_its_readers(case: CaseFolder) -> None:
    """And for nobody else, by whatever name."""
    index = said(case, Draft("allegation", ALLEGATION, "us", readers=("us", "ru")))
    for party in ("us", "ru"):
        assert records.unsealed(case, index, party) == b'{"terms":["F2"],"text":"shelling of the market"}'
    for party in ("desk", "gov", ""):
        with pytest.raises(VerificationError, match="not sealed for a reading key"):
            records.unsealed(case, index, party)


def test_the_same_assessment_is_recorded_once(case: CaseFolder) -> None:
    """Only what is new is said; over how many entries it was computed makes it no new one."""
    body: dict[str, Any] = {
        "agreement_sha256": "a" * 64, "answers_sha256": "b" * 64, "evidence": [], "observations": 0, "of": 2,
        "rule_version": "2", "tables": [],
    }  # fmt: skip
    assert records.record_assessment(case, body, later()) == 2
    assert records.record_assessment(case, {**body, "of": 3}, later()) is None
    assert records.record_assessment(case, {**body, "answers_sha256": "c" * 64}, later()) == 3


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"[" * 100_000])
def test_a_key_set_that_is_none_is_refused_before_anything_is_made(own: Path, tmp_path: Path, data: bytes) -> None:
    """The file is named; no key is left behind."""
    (tmp_path / "us.json").write_bytes(data)
    with pytest.raises(InputError, match=r"us\.json"):
        charters.founded(AGREEMENT, [tmp_path / "us.json"], None)
    assert not own.exists()


def test_a_party_twice_among_the_founders_is_refused(own: Path, tmp_path: Path) -> None:
    """Two sets of one party would be two voices."""
    sets = [keyring.key_set("us"), keyring.key_set("us")]
    with pytest.raises(TrucelineError, match="each once"):
        init_case(tmp_path / "case", AGREEMENT, charters.new_charter("twice", parties=sets))
    assert not (tmp_path / "case").exists()


def test_the_shipped_case_is_the_same_bytes_everywhere(own: Path, tmp_path: Path) -> None:
    """Demo keys, demo clock: two runs give one record."""
    from truceline.desk.cases import add_shipped_reports, demo_case

    heads = []
    for name in ("a", "b"):
        made = demo_case(tmp_path / name)
        add_shipped_reports(made)
        heads.append((tmp_path / name / "record" / "head").read_bytes())
    assert heads[0] == heads[1]
    assert not own.exists()
