"""A claim on the record: kept with its source, flagged where it is wrong, no act, and shown to its readers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.desk.area_case import World, copied
from truceline.desk.cases import add_shipped_reports, demo_case
from truceline.desk.runs import Asked, bench_of_case, judge_case
from truceline.desk.statements_told import Lens, claims_shown
from truceline.desk.words import OF_WORDS, words_of_case
from truceline.errors import SubmissionError

CLAIM: dict[str, Any] = {
    "kind": "commitment", "words": "The road will be open.", "speaker": "A spokesperson", "actors": ["gov"],
    "said": "2016-03-02", "reported": "2016-03-03", "of": ["gov"], "due": "2016-03-10",
    "seconds": [{"publisher": "A paper", "url": "", "published": "2016-03-04", "says": "partly", "what": "one lane"}],
}  # fmt: skip


@pytest.fixture
def world(area_base: Path, tmp_path: Path) -> Iterator[World]:
    """A copy of the case, to speak in."""
    found = copied(area_base, tmp_path / "case")
    yield found
    found.case.close()


def shown(world: World, lens: Lens | None = None) -> dict[int, dict[str, Any]]:
    """The claims of the record by their entries."""
    words = words_of_case(world.case, bench_of_case(world.case), [])
    return {one["entry"]: one for one in claims_shown(words, lens)["claims"] if one["door"] == "record"}


@pytest.mark.parametrize("by", ["desk", "gov", "us"])
def test_a_party_and_the_desk_put_words_on_the_record(world: World, by: str) -> None:
    """Whoever signs it says that it was said; second source, due date and source are kept."""
    index = world.say("claim", CLAIM, by)
    one = shown(world)[index]
    assert (one["id"], one["words"], one["flags"]) == (f"entry-{index}", CLAIM["words"], [])
    assert one["source"] == f"put on the record by {by}"
    assert one["seconds"][0]["says"] == "partly"
    assert one["due"]["from"] == "2016-03-09T22:00:00Z"


def test_a_claim_moves_no_answer_and_is_no_act(world: World) -> None:
    """Words of acceptance or of an end accept and end nothing: what stands is as before."""
    before = judge_case(world.case, Asked())
    for kind in ("acceptance", "extension", "withdrawal", "end"):
        world.say("claim", {**CLAIM, "kind": kind, "of": ["tr"], "actors": ["tr"]}, "us")
    after = judge_case(world.case, Asked())
    assert after.assessed.law.standing.acts == before.assessed.law.standing.acts
    assert [part.index for part in after.evidence] == [part.index for part in before.evidence]


@pytest.mark.parametrize(
    ("changed", "flag"),
    [
        ({"said": "2016-03-04"}, "said after it was reported"),
        ({"speaker": ""}, "no speaker"),
        ({"of": ["atlantis"]}, "unknown actor"),
        ({"is_translation": True, "quotation": "open"}, "translation without original"),
    ],
)
def test_a_claim_with_a_fault_is_taken_and_flagged(world: World, changed: dict[str, Any], flag: str) -> None:
    """The record keeps what was said of what was said; the fault is told wherever it is shown."""
    index = world.say("claim", {**CLAIM, **changed}, "us")
    assert shown(world)[index]["flags"] == [flag]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kind": "lie"}, "`kind`"),
        ({"words": " "}, "`words`"),
        ({"words": "x" * 4_001}, "`words`"),
        ({"checkable": "surely"}, "`checkable`"),
        ({"topics": ["guilt"]}, "`topics`"),
        ({"seconds": [{"publisher": "p", "url": "", "published": "", "says": "yes", "what": ""}]}, "`seconds`"),
        ({"words": "They stand at 35.93412, 36.65123."}, "position"),
        ({"guilt": "all theirs"}, "guilt"),
    ],
)
def test_what_is_no_claim_is_refused(world: World, changed: dict[str, Any], message: str) -> None:
    """No words, a kind that is none, a field that is none, a position: refused, and nothing is written."""
    size = len(world.case.entries())
    with pytest.raises(SubmissionError, match=message):
        world.say("claim", {**CLAIM, **changed}, "us")
    assert len(world.case.entries()) == size


def test_a_claim_is_shown_to_whoever_may_read_its_entry(world: World) -> None:
    """An entry that a reader may not read tells that reader nothing, not even that it is there."""
    first, second = world.say("claim", CLAIM, "us"), world.say("claim", CLAIM, "gov")
    assert set(shown(world)) == {first, second}
    assert set(shown(world, Lens("party:gov", None, frozenset({second})))) == {second}
    assert shown(world, Lens("public", None, frozenset())) == {}


def test_as_known_then_a_later_claim_is_not_there(world: World) -> None:
    """The words of a state are those of its entries."""
    index = world.say("claim", CLAIM, "us")
    bench = bench_of_case(world.case)
    doors = [claims_shown(words_of_case(world.case, bench, [], upto))["doors"] for upto in (index, index + 1)]
    assert [one.get("record", 0) for one in doors] == [0, 1]


def test_the_shipped_case_holds_its_claims(tmp_path: Path) -> None:
    """27 claims and the requests, as files of its text; and the reports that are words."""
    case = demo_case(tmp_path / "demo")
    add_shipped_reports(case)
    assert set(OF_WORDS) <= set(case.agreement_files())
    outcome = judge_case(case, Asked())
    words = words_of_case(case, outcome.bench, [part.table for part in outcome.evidence])
    told = claims_shown(words)
    assert told["doors"] == {"statements": 31, "reports": 100}
    assert (told["rejected"], told["flagged"]) == ([], 0)
    case.close()
