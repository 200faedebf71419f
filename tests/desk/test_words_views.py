"""Words beside acts as each reader is shown them: nothing that the list of reports would not tell."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.desk.seen_case import NOON, NOW, add, row, rows, say, small_case
from tests.desk.test_views import HIDDEN, INSIDE, READERS, Seen
from truceline.desk.acts_told import AskedIndicators, AskedTimeline, followed_shown, indicators_shown, timeline_shown
from truceline.desk.first_told import AskedFirst, who_first_shown
from truceline.desk.judged import judged_of
from truceline.desk.lists import safe_id
from truceline.desk.records import Draft
from truceline.desk.runs import Asked, Outcome, judge_case
from truceline.desk.statements_told import Asking, Lens, claims_shown, log_shown
from truceline.desk.views.worded import QUESTIONS, WordsDesk
from truceline.desk.words import Words, whole, words_of_case
from truceline.evidence.statements import When
from truceline.span import parse_instant, utc_text

JUNE = parse_instant("2024-06-12", "Asia/Damascus")
WORDED: dict[str, Any] = {"act": ["statement"], "start": JUNE, "end": JUNE + 86_400, "place_text": "Country"}
SPOKEN = [
    row("said", kind="statement", act_text="allegation", note="They broke it.", **WORDED),
    row("said-inside", kind="statement", act_text="warning", note="Not shown.", published=None, url=None, **WORDED),
    row("said-withheld", kind="statement", act_text="demand", note="A neighbour asks.", reporter_withheld=True,
        **WORDED),
    row("calm", kind="extension", act_text="truce", note="Two days.", **{**WORDED, "time_precision": "exact"},
        actor=["south"], target=["north"]),
    row("told-finely", kind="extension", act_text="truce", source="leaflet", publisher="The Weekly",
        note="Words of a leaflet.", asserted_by="Mouth of the south", chain=["First of all mouths"],
        url="https://example.org/leaflet-of-may", act=["statement"], place_text="Behind the third well",
        place_precision="site", time_text="at a quarter past one", start=JUNE + 36_900, end=JUNE + 36_960,
        count_low=48, count_high=48, count_unit="hours", actor=["south"], target=["north"]),
    row("moved", kind="force_movement", act=["movement"], act_text="deployment"),
]  # fmt: skip


FINE = ("Behind the third well", "Mouth of the south", "First of all mouths", "leaflet-of-may", "Words of a leaflet",
        "quarter past one")  # fmt: skip
"""Of `told-finely`: what the list tells nobody but its keeper; the time in words and seconds is for parties too."""


class Spoken(Seen):
    """The case with words in it."""

    def __init__(self, folder: Path) -> None:
        """Make it, and judge it."""
        super().__init__(folder, self.make)
        self.outcome: Outcome = judge_case(self.case, Asked())
        tables = [part.table for part in self.outcome.evidence]
        self.words: Words = words_of_case(self.case, self.outcome.bench, tables)

    @staticmethod
    def make(folder: Path) -> Any:  # noqa: ANN401  # a case
        """The small case with reports and claims of words."""
        case = small_case(folder)
        add(case, [*rows(), *SPOKEN], NOON + 60)
        say(case, Draft("consent", {"about": "said-withheld", "use": "publish", "is_given": True}), NOON + 80)
        say(case, Draft("claim", {"kind": "warning", "words": "Recorded.", "speaker": "A"}, "north"), NOON + 90)
        say(case, Draft("act", {"act": "accept", "at": "2024-06-02T00:00"}, "north"), NOON + 95)
        return case

    def told(self, reader: str, words: Words | None = None) -> dict[str, Any]:
        """Everything that a reader is told of words and acts."""
        words = words or self.words
        entries = None if reader == "secretariat" else frozenset[int]()
        lens = Lens(reader, self.view(reader), entries)
        judged = judged_of(self.outcome, lens)
        return {
            "claims": claims_shown(words, lens),
            "log": log_shown(words, NOW, lens),
            "followed": followed_shown(words, judged, lens),
            "first": who_first_shown(judged, words, AskedFirst(), lens),
            "timeline": timeline_shown(words, judged, AskedTimeline(), lens),
            "indicators": indicators_shown(words, judged, AskedIndicators("2024-06-01", 60), lens),
        }


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: ANN401  # a generator
    """The case of these tests; no test changes it."""
    made = Spoken(tmp_path_factory.mktemp("spoken"))
    yield made
    made.close()


def _ids(value: Any) -> set[str]:  # noqa: ANN401  # plain values
    if isinstance(value, dict):
        found = {str(one) for key, one in value.items() if key == "id" and one}
        found |= {str(one) for key, rows in value.items() if key == "rests_on" for one in rows}
        return found.union(*(_ids(one) for one in value.values()))
    return set().union(*map(_ids, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("reader", READERS)
def test_no_answer_names_a_report_that_the_list_does_not(spoken: Spoken, reader: str) -> None:
    """Ids in sequences, timelines, indicators and claims are those of reports that this reader is told of."""
    ids = {one for one in _ids(spoken.told(reader)) if not one.startswith("entry-")}
    assert ids <= spoken.ids(reader)
    assert not ids & HIDDEN
    if reader != "secretariat":
        assert not ids & INSIDE
        assert {"said-inside", "unpublished"} & ids <= spoken.ids(reader)


@pytest.mark.parametrize("reader", READERS)
def test_times_are_those_of_the_list(spoken: Spoken, reader: str) -> None:
    """The public is told days: no sequence and no timeline tells it an hour."""
    view = spoken.view(reader)
    bounds = {
        one["id"]: (one["from"], one["until"])
        for person in spoken.told(reader)["timeline"]["actors"]
        for one in person["acts"]
    }
    assert bounds
    for key, (first, last) in bounds.items():
        at = view.row(key)
        assert at is not None
        assert (first, last) == (utc_text(int(view.start[at])), utc_text(int(view.end[at])))
    if reader == "public":
        assert all(re.fullmatch(r".*T21:00:00Z", one) for pair in bounds.values() for one in pair)


@pytest.mark.parametrize("reader", READERS)
def test_answers_are_those_of_the_list(spoken: Spoken, reader: str) -> None:
    """Whether a term covers a report is told here as it is there."""
    listed = {one["id"]: (one["any"], one["supported"]) for one in spoken.rows(reader)}
    for person in spoken.told(reader)["timeline"]["actors"]:
        for one in person["acts"]:
            assert (one["covered"], one["supported"]) == listed[one["id"]]


def test_words_are_shown_where_somebody_named_published_them(spoken: Spoken) -> None:
    """The keeper reads all; the public what was published, and of a withheld reporter nothing."""
    told = {reader: {one["id"]: one for one in spoken.told(reader)["claims"]["claims"]} for reader in READERS}
    assert told["secretariat"]["said-withheld"]["words"] == "A neighbour asks."
    assert told["public"]["said"]["words"] == "They broke it."
    assert "said-inside" not in told["public"]
    assert (told["public"]["said-withheld"]["words"], told["public"]["said-withheld"]["words_withheld"]) == (None, True)
    assert told["party:north"]["said-inside"]["words"] is None
    assert told["party:north"]["said-inside"]["words_withheld"]
    assert "neighbour asks" not in json.dumps([one for reader, one in told.items() if reader != "secretariat"])


def test_a_claim_beyond_the_list_is_found_and_the_log_says_how_many_it_leaves_out(
    spoken: Spoken, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list ends somewhere; what stands behind its end is still there for whoever asks for it."""
    monkeypatch.setattr("truceline.desk.statements_told.MOST_LISTED", 1)
    desk = WordsDesk(spoken.words, Lens(), spoken.outcome, lambda *_: {})
    for one in spoken.words.claims:
        assert QUESTIONS["claim"](desk, safe_id(one.id))["id"] == safe_id(one.id)
    assert QUESTIONS["claim"](desk, "nothing") is None
    log = log_shown(spoken.words, NOW)
    assert (len(log["log"]), log["more"] > 0) == (1, True)


def test_a_broken_file_of_claims_is_told_and_keeps_no_other_answer(spoken: Spoken) -> None:
    """Of a case: the claims of its record and reports are told, with a warning that names the file."""
    files = {
        "claims.csv": b"a,b\n", "speakers.csv": b"text,name,office,actor,kind,source,tag\na\rb,,,,,,\n",
        "statements.jsonl": b"\xff", "follow.csv": b"claim\n", "requests.jsonl": b"", "places.csv": b"kept",
    }  # fmt: skip
    taken, told = whole(files, spoken.outcome.bench)
    assert taken == {"requests.jsonl": b"", "places.csv": b"kept"}
    assert [one.partition(":")[0] for one in told] == ["statements.jsonl", "speakers.csv", "claims.csv", "follow.csv"]


def test_a_recorded_claim_is_for_whoever_may_read_its_entry(spoken: Spoken) -> None:
    """The others are not told that there is one."""
    doors = {reader: spoken.told(reader)["claims"]["doors"].get("record", 0) for reader in READERS}
    assert doors == {reader: int(reader == "secretariat") for reader in READERS}


def test_no_position_leaves_by_a_claim(spoken: Spoken) -> None:
    """An id that is a position is masked here too."""
    for reader in READERS:
        assert "35.93412" not in json.dumps(spoken.told(reader)), reader


def test_signed_acts_are_those_of_entries_that_may_be_read(spoken: Spoken) -> None:
    """An act on the record stands on its signer's line, for whoever may read it."""
    for reader in READERS:
        people = {one["actor"]: one["signed"] for one in spoken.told(reader)["timeline"]["actors"]}
        acts = [act["act"] for act in people["north"]]
        assert acts == (["accept"] if reader == "secretariat" else [])
        assert people.get("south", []) == []


@pytest.mark.parametrize("reader", [one for one in READERS if one != "secretariat"])
def test_a_claim_of_a_report_is_no_finer_than_the_list(spoken: Spoken, reader: str) -> None:
    """Place, speaker, address, words and time of a source that is not everybody's stay where the list keeps them."""
    told = spoken.told(reader)
    text, view = json.dumps(told), spoken.view(reader)
    for words in FINE[: None if reader == "public" else -1]:
        assert words not in text, words
    assert "First of all mouths" in json.dumps(spoken.told("secretariat"))
    (one,) = (one for one in told["claims"]["claims"] if one["id"] == "told-finely")
    (listed,) = (row for row in spoken.rows(reader) if row["id"] == "told-finely")
    assert one["note"] == (listed["place"]["text"] or "")
    assert (one["speaker"]["name"], one["speaker"]["actors"], one["url"]) == ("", [], None)
    at = view.row("told-finely")
    assert at is not None
    if reader == "public":
        assert one["due"]["from"] == utc_text(int(view.start[at]))
        for when in (one["said"], one["reported"], one["due"]):
            assert when["text"] is None
            assert all(bound is None or bound.endswith("T21:00:00Z") for bound in (when["from"], when["until"]))
    assert "10:15:00Z" not in text or reader != "public"


def test_no_hour_of_a_claim_is_found_by_narrow_windows(spoken: Spoken) -> None:
    """The public finds a claim by its days: an hour in which it was not said finds it all the same."""
    lens = Lens("public", spoken.view("public"), frozenset())
    for hour in ("2024-06-12T00:00", "2024-06-12T23:00"):
        found = claims_shown(spoken.words, lens, Asking(since=hour, until=hour))["claims"]
        assert "told-finely" in {one["id"] for one in found}, hour


def test_a_truce_of_a_day_is_surely_broken_by_nothing_of_that_day(spoken: Spoken) -> None:
    """The public is told days: what was in the hours of the keeper can have been outside of them here."""
    for one in spoken.told("public")["followed"]["followed"]:
        if one["claim"]["id"] == "told-finely":
            assert one["window"] == ["2024-06-11T21:00:00Z", "2024-06-14T21:00:00Z"]
            assert all(act["value"] == 0 for act in one["acts"])


@pytest.mark.parametrize("reader", READERS)
def test_a_claim_names_no_other_that_is_not_shown(spoken: Spoken, reader: str) -> None:
    """Not as the same words, not as what it answers, not as who told it first; one that is shown it names, masked."""
    long_after = When("", JUNE + 30 * 86_400, JUNE + 31 * 86_400)
    for target in ("said-inside", "calm", "r 35.93412, 36.65123"):
        claims = tuple(
            structs.replace(one, same_as=target, to=target, reported=long_after) if one.id == "said" else one
            for one in spoken.words.claims
        )
        told = spoken.told(reader, replace(spoken.words, claims=claims))
        (one,) = (one for one in told["claims"]["claims"] if one["id"] == "said")
        is_shown = spoken.view(reader).row(safe_id(target)) is not None
        assert (one["same_as"], one["to"]) == ((safe_id(target),) * 2 if is_shown else (None, None))
        assert one["reused"]["first_told"] in ((target, None) if is_shown else (None,))
        assert "35.93412" not in json.dumps(told)
        if not is_shown:
            assert target not in json.dumps(told)
