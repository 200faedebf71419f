"""Who owes what, asked of a case folder: what parties and bodies sign on the record moves it, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.desk.test_records import AGREEMENT, NOON, case, later, own  # noqa: F401  # fixtures
from truceline.agreement.text import load
from truceline.desk import add_files, records
from truceline.desk.obligations import obligations_answer
from truceline.desk.records import Draft
from truceline.desk.runs import Asked, assess_case, bench_of_case
from truceline.errors import InputError, SubmissionError
from truceline.store.folder import CaseFolder

ALLEGED = {"text": "shelling of the market", "terms": ["F4"], "against": "gov"}
HELD = {"body": "tf", "holds": "breach", "standard": "balance of probabilities", "term": "F4", "against": "gov",
        "text": "it was so held"}  # fmt: skip


def appended(case: CaseFolder, draft: Draft, *cosigners: str, after: int = 60) -> int:  # noqa: F811
    """A statement, signed by all it needs, in the record; its index."""
    one, files = records.prepare(case, draft, later(after))
    for party in cosigners:
        one = records.cosign_entry(case, one, party)
    return records.submit(case, one, files, later(after)).index


def asked(case: CaseFolder, at: str = "2016-09-14T18:00", known_at: str = "") -> dict[str, Any]:  # noqa: F811
    """What stands at a moment."""
    return obligations_answer(case.path, at, known_at=known_at)


def states(answer: dict[str, Any], part: str, term: str, bearer: str) -> list[str]:
    """Every state of a term for a bearer."""
    return sorted({s for one in answer[part] if (one["term"], one["bearer"]) == (term, bearer) for s in one["states"]})


@pytest.mark.long
def test_a_joint_finding_opens_two_duties_each_with_its_own_clock(case: CaseFolder) -> None:  # noqa: F811
    """A breach by the government sets its own duty going, and that of its guarantor; before it neither was owed."""
    before = asked(case)
    assert states(before, "prohibitions", "F4", "gov") == ["kept"]
    assert states(before, "duties", "F4-calm", "gov") == states(before, "duties", "F4-ru", "ru") == ["dormant"]
    lodged = appended(case, Draft("allegation", ALLEGED, "us"))
    found = appended(case, Draft("finding", {**HELD, "about": [lodged]}, "us"), "ru", after=120)
    answer = asked(case)
    assert states(answer, "prohibitions", "F4", "gov") == ["breached"]
    own_duty, procured = ([d for d in answer["duties"] if d["term"] == t] for t in ("F4-calm", "F4-ru"))
    assert [(d["bearer"], d["procures"], d["trigger"]["id"]) for d in (*own_duty, *procured)] == [
        ("gov", None, f"entry-{found}"), ("ru", "gov", f"entry-{found}"),
    ]  # fmt: skip
    assert [r["deadline"] for r in procured[0]["readings"]] == ["2016-09-14T18:02:00Z", "2016-09-16T12:02:00Z"]
    assert states(asked(case, known_at=f"#{lodged}"), "prohibitions", "F4", "gov") == ["kept"]


def test_a_finding_is_printed_with_its_standard_and_its_dissent(case: CaseFolder) -> None:  # noqa: F811
    """Who of the body does not agree stands beside what the body holds."""
    dissent = [{"by": "ru", "text": "there was no breach"}]
    appended(case, Draft("finding", {**HELD, "about": [1], "dissent": dissent}, "us"), "ru")
    (one,) = asked(case)["findings"]
    assert (one["joint"], one["standard"], one["dissent"]) == (True, "balance of probabilities", ["ru"])


def test_a_finding_of_one_guarantor_alone_decides_nothing(case: CaseFolder) -> None:  # noqa: F811
    """Each side may hold for itself; what one holds is possible, and suspends and ends nothing."""
    lodged = appended(case, Draft("allegation", ALLEGED, "us"))
    appended(case, Draft("finding", {**HELD, "body": "us", "about": [lodged]}, "us"))
    answer = asked(case)
    assert states(answer, "prohibitions", "F4", "gov") == ["breached", "kept"]
    assert states(answer, "duties", "F4-ru", "ru") == ["active", "dormant", "fulfilled"]


def test_an_allegation_goes_its_way(case: CaseFolder) -> None:  # noqa: F811
    """Lodged, asked, answered, assessed by both apart: the states are those of the table, and dissent is kept."""
    lodged = appended(case, Draft("allegation", ALLEGED, "us"))
    way = [asked(case)["allegations"][0]["states"]]
    about = {"about": [f"entry-{lodged}"]}
    request = {"act": "request", "of": "information", "at": "2016-09-14T12:05:00Z", **about}
    appended(case, Draft("act", request, "ru"), after=300)
    way.append(asked(case)["allegations"][0]["states"])
    appended(case, Draft("answer", {"text": "no unit of ours", "to": lodged}, "ru"), after=360)
    way.append(asked(case)["allegations"][0]["states"])
    appended(case, Draft("finding", {**HELD, "body": "us", "about": [lodged]}, "us"), after=420)
    held = {**HELD, "body": "ru", "holds": "no-breach", "about": [lodged]}
    appended(case, Draft("finding", held, "ru"), after=480)
    one = asked(case)["allegations"][0]
    assert [*way, one["states"]] == [["lodged"], ["asked"], ["answered"], ["disagreed"]]
    assert (one["against"], one["assessed_by"]) == ("gov", ["ru", "us"])


def test_an_act_about_what_the_text_does_not_know_is_refused(case: CaseFolder) -> None:  # noqa: F811
    """A misspelt term would be an act about nothing."""
    for body, message in [
        ({"act": "extend", "of": "day-E"}, "unknown term `day-E` in `of`"),
        ({"act": "suspend", "of": "F99"}, "unknown term or instrument `F99`"),
        ({"act": "adopt", "of": "prompt", "value": "soon"}, "unknown reading `soon` of `prompt`"),
        ({"act": "finding"}, "`act`: expected one of"),
        ({"act": "expel", "of": "nobody"}, "unknown actor `nobody`"),
    ]:
        with pytest.raises(SubmissionError, match=message):
            appended(case, Draft("act", {"at": "2016-09-14T12:00:00Z", **body}, "us"))
    with pytest.raises(SubmissionError, match="the text knows no `F99`"):
        appended(case, Draft("finding", {**HELD, "term": "F99", "about": [1]}, "us"), "ru")


def test_bad_questions_get_one_line(case: CaseFolder, tmp_path: Path) -> None:  # noqa: F811
    """A moment that is none, a bearer that is nobody, files beside a folder."""
    for arguments, message in [
        ({"at": "soon"}, "expected a date or time"),
        ({"at": "2016-09-14", "of": "nobody"}, "expected an actor of the agreement"),
        ({"at": "2016-09-14", "evidence": [tmp_path]}, "a case folder holds its own evidence"),
        ({"at": "2016-09-14", "known_at": "#99"}, "--known-at"),
    ]:
        with pytest.raises(InputError, match=message):
            obligations_answer(case.path, **arguments)  # type: ignore[arg-type]  # as a user would


# -- amendments ------------------------------------------------------------------------------------------------------


def shelling(folder: Path, day: str) -> Path:
    """A file of one report of a day."""
    path = folder / f"{day}.jsonl"
    path.write_text(
        f'{{"id": "x{day}", "kind": "incident", "act": "shelling", "start": "2016-{day}", "precision": "day", '
        '"actor_claimed": "Syrian government forces", "target_claimed": "opposition fighters", '
        '"place": {"governorate": "Idleb"}}\n'
    )
    return path


@pytest.fixture
def amended(case: CaseFolder, tmp_path: Path) -> Iterator[CaseFolder]:  # noqa: F811
    """A case whose F2 was narrowed to the Castello strip on the day after noon, by a text that both signed."""
    add_files(case, [shelling(tmp_path, "09-10")], known_at=NOON + 30)
    old = AGREEMENT.read_text("utf-8")
    new = old.replace("does: attack, to: bound, in: syria, instrument: D1, source: D1.2",
                      "does: attack, to: bound, in: dmz, instrument: D1, source: D1.2")  # fmt: skip
    assert new != old
    text = load(old.encode(), "agreement.yaml")
    files = {**case.agreement_files(), "agreement.yaml": new.encode()}
    draft = records.text_draft(load(new.encode(), "agreement.yaml"), "agreement.yaml", files, text.canonical_hash)
    appended(case, Draft(draft.type, draft.body, "us", draft.files), "ru", after=86_400)
    add_files(case, [shelling(tmp_path, "09-20")], known_at=NOON + 10 * 86_400)
    yield case


def test_an_amendment_never_reaches_back(amended: CaseFolder) -> None:
    """What happened before it is judged by the wording of then, what happened after by the new; both are shown."""
    terms = bench_of_case(amended).agreement.terms
    assert terms["F2~1"].before == terms["F2"].since == NOON + 86_400
    outcome = assess_case(amended, Asked())
    rows = {key: row for row, key in enumerate(outcome.assessed.ids)}
    values = {
        term: [int(outcome.assessed.answers[term].value[rows[f"x{day}"]]) for day in ("09-10", "09-20")]
        for term in ("F2~1", "F2")
    }
    assert values["F2~1"][1] == -1
    assert values["F2"][0] == -1
    assert values["F2~1"][0] >= 0


def test_the_old_verdict_stays_as_it_was_known(amended: CaseFolder) -> None:
    """As known before the amendment there is one F2, and it covers what it covered."""
    before = assess_case(amended, Asked(known_at="#2"))
    assert "F2~1" not in before.bench.agreement.terms
    rows = {key: row for row, key in enumerate(before.assessed.ids)}
    assert int(before.assessed.answers["F2"].value[rows["x09-10"]]) >= 0


@pytest.mark.long
def test_a_proof_of_an_old_wording_holds(amended: CaseFolder) -> None:
    """Why an old wording covers a report is checked by the same independent checker."""
    from truceline.assess import checker
    from truceline.desk.why import explain

    for asked_of in ("x09-10:F2~1", "x09-20:F2~1", "x09-10:F2", "x09-20"):
        told = explain(amended, asked_of)
        assert told.answers
        checker.check(dict(told.proof))
