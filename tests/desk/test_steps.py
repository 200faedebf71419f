"""Steps of the publication path as the writer of a case takes them: by what came before, at the price of one look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.evidence.bench import NOW, SHIPPED, lines
from truceline import desk
from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.desk import keyring, records
from truceline.desk.charters import keys_of, new_charter
from truceline.desk.consent import Consents, consents_of
from truceline.desk.gate import Gate
from truceline.desk.publication import course_of
from truceline.desk.publications import matters_of
from truceline.desk.publishing import COMMENT, DRAFT, JOINT, PUBLIC
from truceline.desk.records import Draft
from truceline.desk.viewers import Viewer
from truceline.errors import ConflictError, SubmissionError
from truceline.record.entry import countersign, read_entry
from truceline.record.log import Log, Submission, Taken
from truceline.store.case import Case

HELD = {"body": "tf", "holds": "undecided", "standard": "balance of probabilities", "text": "t", "against": "ru"}
REFUSED = {"about": "r-0", "use": "publish", "is_given": False}


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    """A case of desk, us and ru in a folder, with a table of two reports."""
    sets = [keyring.key_set(party) for party in ("us", "ru")]
    charter = new_charter("steps", parties=sets)
    made = desk.init_case(tmp_path / "case", SHIPPED / "agreement.yaml", charter, known_at=NOW)
    path = tmp_path / "reports.jsonl"
    path.write_bytes(b"".join(lines({}, {})))
    desk.add_files(made, [path])
    yield made
    made.close()


def say(case: Case, *drafts: Draft) -> int:
    """Say something; the index of the last."""
    return records.append(case, drafts, lambda: NOW)[-1].index


def signed(case: Case, draft: Draft) -> Submission:
    """Something that us and ru sign, as it is handed in."""
    place = records.place_of(case, lambda: NOW)
    data, beside = place.signed(draft)
    return Submission(countersign(read_entry(data), place.keys("ru", "")[0]), beside)


def both(case: Case, draft: Draft) -> int:
    """Something that us and ru say together; its index."""
    one = signed(case, draft)
    return records.submit(case, one.data, one.blobs, lambda: NOW).index


def before_the_body(case: Case, about: int) -> int:
    """A matter that lies before the body of us and ru; the index of its draft."""
    readers = ("desk", "us", "ru")
    of = say(case, Draft("publication", {"stage": DRAFT, "texts": {"en": "t"}}, readers=readers))
    step = {"stage": COMMENT, "of": of, "about": [about], "to": ["ru", "us"], "body": "tf"}
    comment = say(case, Draft("publication", step))
    for party in ("us", "ru"):
        say(case, Draft("answer", {"text": "none", "to": comment}, party))
    say(case, Draft("publication", {"stage": JOINT, "of": of}))
    return of


def batch(case: Case, gate: Gate, *ones: Submission) -> Sequence[object]:
    """What a log with this gate says of a batch."""
    with case.store.writer():
        return Log(case.store, keys_of(case.charter()), lambda: NOW, check=gate.check).append(ones)


def found(case: Case) -> tuple[int, int]:
    """A finding that names a report, and the draft of a matter that lies before its body."""
    said = say(case, Draft("allegation", {"text": "t", "terms": ["F2"], "against": "ru"}, "us"))
    held = both(case, Draft("finding", {**HELD, "about": [said], "of": "r-0"}, "us"))
    return held, before_the_body(case, said)


def test_a_consent_that_comes_just_before_a_step_is_not_passed_over(case: Case) -> None:
    """In one batch with the refusal the step waits; handed in again it is refused for it."""
    held, of = found(case)
    step = signed(case, Draft("publication", {"stage": PUBLIC, "of": of, "about": [held]}, "us"))
    refusal = Submission(*records.prepare(case, Draft("consent", REFUSED), lambda: NOW))
    taken, told = batch(case, Gate(case, case.charter(), lambda: NOW), refusal, step)
    assert isinstance(taken, Taken)
    assert isinstance(told, ConflictError)
    assert "`consent` comes just before this step" in str(told)
    (again,) = batch(case, Gate(case, case.charter(), lambda: NOW), step)
    assert "names a report without consent to publish it" in str(again)
    assert held not in course_of(case).public


def test_a_step_waits_for_a_text_that_comes_just_before_it(case: Case) -> None:
    """Who decides, and how, the text says that is in force by then."""
    held, of = found(case)
    name, files, place = case.text().body["file"], case.agreement_files(), records.place_of(case, lambda: NOW)
    assert place.text is not None
    files[name] = files[name].replace(b"for: PT48H", b"for: PT72H")
    text = load(files[name], name)
    amended = signed(case, _of_us(records.text_draft(text, name, files, replaces=place.text.canonical_hash)))
    data, _ = records.prepare(case, Draft("publication", {"stage": JOINT, "of": of}), lambda: NOW)
    taken, told = batch(case, Gate(case, case.charter(), lambda: NOW), amended, Submission(data))
    assert isinstance(taken, Taken)
    assert "`amendment` comes just before" in str(told)
    assert held not in course_of(case).public


def _of_us(draft: Draft) -> Draft:
    return Draft(draft.type, draft.body, "us", draft.files)


def test_steps_read_the_evidence_once(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many come: no table is read again for one, and consent only when more was said of it."""
    (held, of), read, asked = found(case), list[str](), list[int]()
    say(case, Draft("consent", REFUSED))
    real = pq.read_table

    def counted(*values: Any, **named: Any) -> pa.Table:  # noqa: ANN401  # any arguments
        read.append("table")
        return real(*values, **named)

    def counted_consents(one: Case, tz: str) -> Consents:
        asked.append(1)
        return consents_of(one, tz)

    monkeypatch.setattr(pq, "read_table", counted)
    monkeypatch.setattr("truceline.desk.steps.consents_of", counted_consents)
    gate = Gate(case, case.charter(), lambda: NOW)
    step = signed(case, Draft("publication", {"stage": PUBLIC, "of": of, "about": [held]}, "us"))
    for _ in range(3):
        (told,) = batch(case, gate, step)
        assert "without consent" in str(told)
    assert (read, asked) == (["table"], [1])
    say(case, Draft("consent", {**REFUSED, "is_given": True}))
    step = signed(case, Draft("publication", {"stage": PUBLIC, "of": of, "about": [held]}, "us"))
    assert isinstance(batch(case, Gate(case, case.charter(), lambda: NOW), step)[0], Taken)
    assert held in course_of(case).public


def test_a_person_s_account_is_not_published_without_consent(case: Case, tmp_path: Path) -> None:
    """Nobody said anything of it: then it is used for nothing."""
    path = tmp_path / "accounts.jsonl"
    path.write_bytes(b"".join(lines({"source": "intake"})).replace(b'"r-0"', b'"r-9"'))
    desk.add_files(case, [path])
    said = say(case, Draft("allegation", {"text": "t", "terms": ["F2"], "against": "ru"}, "us"))
    held = both(case, Draft("finding", {**HELD, "about": [said], "of": "r-9"}, "us"))
    of = before_the_body(case, said)
    step = signed(case, Draft("publication", {"stage": PUBLIC, "of": of, "about": [held]}, "us"))
    (told,) = batch(case, Gate(case, case.charter(), lambda: NOW), step)
    assert "without consent" in str(told)


def test_the_text_is_looked_up_once_for_a_list_of_matters(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says who decides, and it is the same for all of them."""
    said = say(case, Draft("allegation", {"text": "t", "terms": ["F2"], "against": "ru"}, "us"))
    first, second = before_the_body(case, said), before_the_body(case, said)
    course, loaded = course_of(case), list[int]()
    load_text = course.load

    def counted(index: int) -> Agreement:
        loaded.append(index)
        return load_text(index)

    monkeypatch.setattr(course, "load", counted)
    assert [one.of for one in matters_of(case, Viewer("a", "party", "us"))] == [first, second]
    assert len(loaded) == 1


def test_reports_of_numbers_are_named_by_who_keeps_them(case: Case, tmp_path: Path) -> None:
    """Two such ids look like degrees: who knows that they are ids may say so, and nobody else learns that they are."""
    path = tmp_path / "numbers.jsonl"
    path.write_bytes(b"".join(lines({"id": "1234567"}, {"id": "7654321"})))
    desk.add_files(case, [path])
    same = {"what": "same", "reports": ["1234567", "7654321"], "reason": "two people read both"}
    assert say(case, Draft("ruling", same)) == 4
    for reports in (["1234568", "7654322"], ["36.2021", "37.1343"]):
        with pytest.raises(SubmissionError, match="looks like a position"):
            say(case, Draft("ruling", {**same, "reports": reports}))
    with pytest.raises(SubmissionError, match="looks like a position"):
        both(case, Draft("ruling", {**same, "body": "tf"}, "us"))
