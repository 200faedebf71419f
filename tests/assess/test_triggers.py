"""A trigger that supported reports surely show invokes an exception; one that anybody merely says does not."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tests.evidence.bench import NOW, bench, manner
from truceline.assess.incidents import Told
from truceline.desk import Asked, Evidence, assess_files
from truceline.desk.decided import People
from truceline.desk.runs import Outcome
from truceline.evidence import reports

PLACE = {"name_en": "Madeup", "governorate": "Idlib", "lat": 35.8, "lon": 36.6, "place_precision": "site"}
STRUCK = {"act": "shelling", "actor_claimed": "rebels", "target_claimed": "Syrian army", "precision": "exact",
          "start": "2016-03-05T10:00+02:00"}  # fmt: skip
REPLY = {"act": "shelling", "actor_claimed": "Syrian army", "target_claimed": "rebels", "precision": "exact",
         "start": "2016-03-05T10:30+02:00", "claimed_by": "SOHR"}  # fmt: skip


def judged(*said: dict[str, Any], since: str = "") -> Outcome:
    """Reports `r-0`, `r-1`, ...; all but the last are of one incident."""
    lines = [json.dumps({"id": f"r-{i}", "kind": "incident", "place": PLACE, **one}) for i, one in enumerate(said)]
    read = reports.read(io.BytesIO("\n".join(lines).encode()), "r.jsonl", manner())
    assert read.rejected.num_rows == 0
    ids = tuple(f"r-{i}" for i in range(len(said) - 1))
    people = People(Told({"r-0": ids} if len(ids) > 1 else {}))
    part = Evidence("r.jsonl", "reports", "0" * 64, read.table, read.rejected)
    return assess_files(bench(), [part], Asked(since=since), None, people)


def of_the_reply(outcome: Outcome) -> tuple[int, list[str]]:
    """Whether F2 covers the last report, and why not."""
    last = outcome.assessed.answers["F2"]
    row = outcome.assessed.ids.index(max(outcome.assessed.ids))
    from truceline.verdict import reasons_of

    return int(last.value[row]), [reason.value for reason in reasons_of(int(last.why[row]))]


TWO = [{**STRUCK, "claimed_by": "MSF"}, {**STRUCK, "claimed_by": "SOHR"}]


def test_a_trigger_that_two_lines_tell_of_invokes_self_defence() -> None:
    """Then nobody has to invoke it: the act is open until the body says whether the reply was proportionate."""
    assert of_the_reply(judged(*TWO, REPLY)) == (0, ["awaiting answer"])


@pytest.mark.parametrize(
    "said",
    [
        [TWO[0], REPLY],
        [TWO[0], {**TWO[0], "publisher": "Another"}, REPLY],
        [{**one, "claimed_by": who} for one, who in zip(TWO, ("Syrian army", "Russian MoD"), strict=True)] + [REPLY],
        [*({**one, "start": "2016-03-05T08:00+02:00"} for one in TWO), REPLY],
        [*({**one, "place": {**PLACE, "lon": 36.9}} for one in TWO), REPLY],
        [*({**one, "precision": "day", "start": "2016-03-05"} for one in TWO), REPLY],
        [*TWO, {**REPLY, "actor_claimed": "Somebody"}],
    ],
    ids=[
        "one line",
        "one line twice",
        "the side's own word",
        "too long ago",
        "too far",
        "an unknown hour",
        "who knows",
    ],
)
def test_what_is_not_surely_shown_invokes_nothing(said: list[dict[str, Any]]) -> None:
    """One line, the bearer's own side, another hour, another place: the exception stays uninvoked."""
    assert "awaiting answer" not in of_the_reply(judged(*said))[1]


def test_the_one_who_struck_first_is_not_excused() -> None:
    """The trigger excuses its victim alone."""
    outcome = judged(*TWO, REPLY)
    assert [int(v) for v in outcome.assessed.answers["F2"].value[:2]] == [1, 1]


def test_a_bound_in_time_changes_no_answer() -> None:
    """What was before the bound still happened: the reply is judged as without it."""
    assert of_the_reply(judged(*TWO, REPLY, since="2016-03-05T10:20+02:00")) == (0, ["awaiting answer"])


def test_the_tests_are_of_their_time() -> None:
    """The clock of these reports lies before the import."""
    assert NOW > 1_457_136_000
