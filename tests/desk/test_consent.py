"""Consent: what may be used without anybody's word, what a refusal stops, and that pages and exports obey it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desk.test_rulings import clock
from tests.evidence.bench import NOW, SHIPPED, lines
from truceline import desk
from truceline.desk import keyring, pages, records
from truceline.desk.charters import new_charter
from truceline.desk.consent import USES, Consent, Consents, Spoken, consents_of, withheld_from
from truceline.desk.records import Draft
from truceline.desk.runs import Outcome, judge_case
from truceline.errors import SubmissionError
from truceline.evidence.schema import SCHEMA, table_of
from truceline.record.audit import Trust, audit
from truceline.span import FAR_AHEAD
from truceline.store.export import export
from truceline.store.folder import CaseFolder
from truceline.store.source import FolderSource

ORIGINAL = "ab" * 32
PUBLISHED = {"url": "https://example.org/1", "published": "2016-03-06"}


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """A case with three published reports, and what was judged of it: no word of consent changes that."""
    folder = tmp_path_factory.mktemp("consent")
    sets = [keyring.key_set(party) for party in ("us", "gov", "un", "hnc")]
    charter = new_charter("consent", parties=sets)
    made = desk.init_case(folder / "case", SHIPPED / "agreement.yaml", charter, known_at=NOW)
    (folder / "reports.jsonl").write_bytes(b"".join(lines(*[PUBLISHED] * 3)))
    desk.add_files(made, [folder / "reports.jsonl"], known_at=NOW)
    made.store.close()
    return folder / "case", desk.assess_case(made, desk.Asked())


@pytest.fixture
def outcome(founded: tuple[Path, Outcome]) -> Outcome:
    """What was judged of the case."""
    return founded[1]


@pytest.fixture
def case(founded: tuple[Path, Outcome], tmp_path: Path) -> Iterator[CaseFolder]:
    """A copy of the case; afterwards it is audited."""
    made = CaseFolder.open(Path(shutil.copytree(founded[0], tmp_path / "case")))
    yield made
    assert audit(FolderSource(made.store.folder), Trust()).faults == []


def says(case: CaseFolder, about: str, use: str, *, given: bool, by: str = "desk", **more: Any) -> int:  # noqa: ANN401
    """Append a statement of consent; its index."""
    body = {"about": about, "use": use, "is_given": given, **more}
    return records.append(case, [Draft("consent", body, by)], clock)[0].index


def ids(case: CaseFolder, outcome: Outcome, reader: str) -> set[str]:
    """The reports on the page of a reader."""
    withheld = withheld_from(reader, case, outcome)
    picture = pages.picture_of(outcome, reader=reader, cut_off="2016-04-01", withheld=withheld)
    assert len(picture.entries) + picture.withheld_entries == 3
    return {entry.id for entry in picture.entries}


def test_a_refusal_holds_from_its_entry_on_for_every_page_made_later(case: CaseFolder, outcome: Outcome) -> None:
    """Who takes consent back is not shown again; the record says since when, and the page how many it leaves out."""
    assert ids(case, outcome, "public") == {"r-0", "r-1", "r-2"}
    index = says(case, "r-1", "publish", given=False)
    assert ids(case, outcome, "public") == {"r-0", "r-2"}
    assert ids(case, outcome, "party:gov") == {"r-0", "r-1", "r-2"}, "sharing was not refused"
    assert ids(case, outcome, "secretariat") == {"r-0", "r-1", "r-2"}, "who keeps the case sees what it keeps"
    assert consents_of(case, "UTC", index).may_use("r-1", "publish", at=NOW), "what was published before was allowed"
    earlier = judge_case(case, desk.Asked(known_at=f"#{index - 1}"))
    assert withheld_from("public", case, earlier) == {"r-1"}, "a page of what was known earlier is made now"
    says(case, "r-1", "publish", given=True)
    assert ids(case, outcome, "public") == {"r-0", "r-1", "r-2"}


def test_sharing_is_refused_with_one_party_and_then_with_everybody(case: CaseFolder, outcome: Outcome) -> None:
    """Consent is per use and per recipient; what may not reach one party is not made public either."""
    says(case, "r-0", "share", given=False, to="gov", by="un")
    assert ids(case, outcome, "party:gov") == {"r-1", "r-2"}
    assert ids(case, outcome, "party:us") == {"r-0", "r-1", "r-2"}
    assert ids(case, outcome, "public") == {"r-1", "r-2"}
    says(case, "r-0", "publish", given=True)
    assert ids(case, outcome, "public") == {"r-0", "r-1", "r-2"}, "said later, and of this use"
    assert ids(case, outcome, "party:gov") == {"r-1", "r-2"}


def test_totals_of_a_page_do_not_count_what_it_leaves_out(case: CaseFolder, outcome: Outcome) -> None:
    """A hidden report must not leak by counts."""
    before = pages.picture_of(outcome, reader="public", cut_off="2016-04-01")
    says(case, "r-1", "publish", given=False)
    withheld = withheld_from("public", case, outcome)
    after = pages.picture_of(outcome, reader="public", cut_off="2016-04-01", withheld=withheld)
    assert (sum(before.any), sum(after.any)) == (3, 2)


def test_an_export_of_the_record_holds_no_report_at_all(case: CaseFolder, tmp_path: Path) -> None:
    """Static files carry entries and open files; rows of evidence are in neither, whatever was consented to."""
    export(case.store, tmp_path / "out", with_blobs=True)
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    said = b"".join(one.entry.payload for one in case.entries())
    assert b"Natural Earth spelling" in written, "the control: files are there"
    assert b"reports.jsonl" in said, "the control: the entry of the table is there"
    for word in (b'"r-1"', b"example.org/1"):
        assert word not in written
        assert word not in said


@pytest.mark.parametrize("by", ["us", "gov", "hnc"])
def test_a_party_does_not_say_what_a_person_consents_to(case: CaseFolder, by: str) -> None:
    """Else the accused could say that his accuser keeps silent, or that he speaks."""
    with pytest.raises(SubmissionError, match="does not say"):
        says(case, "r-0", "publish", given=True, by=by)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"use": "sell"}, "`use`"), ({"about": "r-9"}, "no report and no original"),
        ({"about": ORIGINAL}, "no report and no original"), ({"to": "a@b.example"}, "never a person"),
        ({"use": "share", "to": "0963 115 55 01"}, "never a person"),
        ({"to": "us"}, "to everybody"), ({"until": "soon"}, "`until`"), ({"name": "N. N."}, "name"),
    ],
)  # fmt: skip
def test_what_is_no_consent_is_refused(case: CaseFolder, change: dict[str, Any], why: str) -> None:
    """A consent that names nothing of the case would be obeyed by nobody."""
    body = {"about": "r-0", "use": "publish", "is_given": True, **change}
    with pytest.raises(SubmissionError, match=why):
        records.append(case, [Draft("consent", body)], clock)


def test_without_a_word_a_report_is_used_as_before_and_an_account_or_an_original_is_not() -> None:
    """A photo shows more than it was taken for; a person who is not to be named has not spoken to everybody."""
    nobody = Consents()
    assert [nobody.may_use("r-0", use, at=0) for use in USES] == [True, True, False]
    assert not any(nobody.may_use(ORIGINAL, use, at=0) for use in USES)
    assert not any(nobody.may_use("r-0", use, at=0, is_account=True) for use in USES)
    assert not nobody.may_use("r-0", "anything", at=0)
    table = table_of([_row("r-0", True), _row("r-1", False), _row("r-2", None)])
    assert nobody.withheld([table], "public", 0) == nobody.withheld([table], "party:gov", 0) == {"r-0"}
    assert nobody.withheld([table], "secretariat", 0) == frozenset()
    assert nobody.withheld([table], "admin", 0) == {"r-0"}, "a misspelt role sees as the public"
    one = Consents((Spoken(3, Consent("r-0", "share", True, to="gov")),))
    assert one.withheld([table], "party:gov", 0) == frozenset()
    assert one.withheld([table], "party:us", 0) == {"r-0"}


def test_what_has_lapsed() -> None:
    """Consent for a year is no consent after it; a refusal for a year leaves what was said before it."""
    given_once = Consents((Spoken(3, Consent(ORIGINAL, "share", True), until=100),))
    assert [given_once.may_use(ORIGINAL, "share", at=at) for at in (99, 100)] == [True, False]
    report = Consents((Spoken(3, Consent("r-0", "publish", True), until=100),))
    assert not report.may_use("r-0", "publish", at=100), "who consented for a time was asked, and has not said more"
    barred = Consents((Spoken(3, Consent("r-0", "publish", False), until=100),))
    assert [barred.may_use("r-0", "publish", at=at) for at in (99, 100)] == [False, True]


SPOKEN = st.builds(
    lambda about, use, given, to: Consent(about, use, given, to="" if use == "publish" else to),
    st.sampled_from(["r-0", ORIGINAL]), st.sampled_from(USES), st.booleans(), st.sampled_from(["", "gov", "us"]),
)  # fmt: skip


@given(st.lists(SPOKEN, max_size=8), st.sampled_from(["r-0", ORIGINAL]), st.sampled_from(USES), st.booleans())
def test_a_refusal_of_a_use_that_comes_last_always_holds(said: list[Consent], about: str, use: str, acc: bool) -> None:
    """Whatever was given before, to whomever: the last word against a use stops it for everybody."""
    spoken = [Spoken(i, one, FAR_AHEAD) for i, one in enumerate(said)]
    last = Spoken(len(said), Consent(about, use, False))
    for to in ("", "gov", "us", "icrc"):
        found = Consents((*spoken, last))
        assert not found.may_use(about, use, to="" if use == "publish" else to, at=0, is_account=acc)


def _row(key: str, is_withheld: bool | None) -> dict[str, Any]:
    made: dict[str, Any] = dict.fromkeys(SCHEMA.names)
    return {**made, "id": key, "source": "reports", "start": 0, "end": 1, "reporter_withheld": is_withheld}
