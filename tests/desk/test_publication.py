"""The publication path: in order, in time, by whom it is for; what is withheld is counted, and never named."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

import truceline
from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.desk.concerned import Heard, concerned
from truceline.desk.publication import BEFORE, Course, stages
from truceline.desk.publishing import (
    COMMENT,
    DRAFT,
    JOINT,
    LIFTED,
    PUBLIC,
    STAGES,
    WITHHELD,
    Publication,
    check_publication,
)
from truceline.errors import ConflictError, SubmissionError
from truceline.record.charter import Charter, KeySet, Quorum

VOICES = ("desk", "north", "reds", "blues", "host")
DAY = 86_400
THREE_DAYS = 3 * DAY
TEXT = """\
truceline: 1
id: small
sources: {}
actors:
  north: {kind: state}
  north-army: {part_of: north}
  south: {kind: side}
  reds: {kind: group, side: south}
  blues: {kind: group, side: south}
  host: {kind: guarantor}
  joint: {kind: body, members: [north, reds], decides: all}
  either: {kind: body, members: [north, reds], decides: any}
terms:
  - {id: calm, kind: prohibit, does: attack, from: 2024-01-01}
"""


def charter() -> Any:  # noqa: ANN401  # any JSON value
    """The body of a charter under which some have keys, with nothing else in it."""
    sets = tuple(KeySet((), party, (), 1, 0) for party in VOICES)
    return msgspec.to_builtins(Charter("", Quorum((), 0), True, "", sets, "", Quorum((), 0), ""))


def agreement(more: str = "") -> Agreement:
    """The text of these tests."""
    return load((TEXT + more).encode(), "small.yaml")


class Story:
    """A record as it is written, one entry after another, one second after another unless said otherwise."""

    def __init__(self, text: Agreement | None = None) -> None:
        """Begin with the charter and the text."""
        self.agreement = text or agreement()
        self.entries: list[Heard] = []
        self.course = Course(self.entries.__getitem__, lambda _: self.agreement)
        self.now = 0
        self.say("charter", charter(), "desk")
        self.say("agreement", {"file": "small.yaml"}, "desk")

    def say(self, kind: str, body: Any, *signers: str, box: str = "") -> int:  # noqa: ANN401  # any JSON value
        """Say something; a step of the path has to be one that may be taken. Returns its index."""
        self.now += 1
        one = Heard(len(self.entries), kind, signers[0], tuple(sorted(signers)), body, box, self.now)
        if kind == "publication":
            self.course.check(one)
        self.entries.append(one)
        self.course.take(one)
        return one.index

    def step(self, stage: str, of: int, *signers: str, **more: Any) -> int:  # noqa: ANN401  # any JSON value
        """Take an open step."""
        return self.say("publication", {"stage": stage, "of": of, **more}, *signers)

    def draft(self, by: str = "desk") -> int:
        """A sealed draft."""
        return self.say("publication", None, by, box="b" * 64)

    def finding(self, *signers: str, body: str = "", about: tuple[int, ...] = (1,), **more: object) -> int:
        """What a body holds, or a party for itself."""
        held = {"about": list(about), "body": body or signers[0], "holds": "breach", "standard": "s", "text": "t"}
        return self.say("finding", {**held, **more}, *signers)

    def joint(self, *, by: str = "desk", body: str = "joint", to: tuple[str, ...] = ("north", "reds")) -> int:
        """A matter that lies before its body; the index of its draft."""
        of = self.draft(by)
        comment = self.step(COMMENT, of, by, about=[1], to=list(to), body=body)
        for party in to:
            self.say("answer", {"text": "the date is wrong", "to": comment}, party)
        self.step(JOINT, of, by)
        return of

    def stage(self, of: int) -> str:
        """How far a matter has come."""
        return self.course.matters[of].stage


@pytest.fixture
def story() -> Story:
    """A record with a text, and nothing said."""
    return Story()


def test_a_finding_goes_from_draft_to_public(story: Story) -> None:
    """The whole way; from its publication on everybody reads it, and the step that did it says since when."""
    held = story.finding("north", "reds", body="joint")
    of = story.joint()
    assert held not in story.course.public
    step = story.step(PUBLIC, of, "north", "reds", about=[held])
    shown = story.course.public[held]
    assert (story.stage(of), shown.by, shown.since, shown.of) == (PUBLIC, step, story.now, of)


@pytest.mark.parametrize("stage", sorted(BEFORE))
@pytest.mark.parametrize("at", STAGES)
def test_every_step_is_taken_from_where_the_table_says_and_from_nowhere_else(stage: str, at: str) -> None:
    """All pairs: there is no way round the remarks, and none back from what is public."""
    story = Story()
    held = story.finding("north", "reds", body="joint")
    of = _brought_to(story, at, held)
    fields: dict[str, dict[str, Any]] = {
        COMMENT: {"about": [1], "to": ["north", "reds"], "body": "joint"}, JOINT: {}, PUBLIC: {"about": [held]},
        WITHHELD: {"about": [held], "code": "talks", "reason": "r"}, LIFTED: {"about": [held], "reason": "r"},
    }  # fmt: skip
    more = fields[stage]
    by = ("desk",) if stage in (COMMENT, JOINT) else ("north", "reds")
    if at in BEFORE[stage]:
        story.step(stage, of, *by, **more)
        assert story.stage(of) == stage
    else:
        with pytest.raises(ConflictError, match="`stage`"):
            story.step(stage, of, *by, **more)


def _brought_to(story: Story, stage: str, held: int) -> int:
    """A matter at a stage, with all remarks in; the index of its draft."""
    if stage == DRAFT:
        return story.draft()
    of = story.joint() if stage != COMMENT else story.draft()
    if stage == COMMENT:
        comment = story.step(COMMENT, of, "desk", about=[1], to=["north", "reds"], body="joint")
        for party in ("north", "reds"):
            story.say("answer", {"text": "nothing", "to": comment}, party)
    if stage == PUBLIC:
        story.step(PUBLIC, of, "north", "reds", about=[held])
    if stage in (WITHHELD, LIFTED):
        story.step(WITHHELD, of, "north", "reds", about=[held], code="talks", reason="they talk")
    if stage == LIFTED:
        story.step(LIFTED, of, "north", "reds", about=[held], reason="they talk no more")
    return of


# -- the deadline ------------------------------------------------------------------------------------------------------


def transmitted(story: Story, **more: Any) -> int:  # noqa: ANN401  # any JSON value
    """A draft that was transmitted to north and reds; its index."""
    of = story.draft()
    story.step(COMMENT, of, "desk", about=[1], to=["north", "reds"], body="joint", **more)
    return of


def test_before_the_deadline_it_goes_on_only_when_everybody_answered(story: Story) -> None:
    """One who is silent has all his time; the second at which it ends is the first at which it goes on without him."""
    of = transmitted(story)
    comment, sent = story.course.matters[of].comment, story.now
    story.say("answer", {"text": "no", "to": comment}, "north")
    story.now = sent + THREE_DAYS - 2
    with pytest.raises(SubmissionError, match="not from reds yet"):
        story.step(JOINT, of, "desk")
    story.now = sent + THREE_DAYS - 1
    story.step(JOINT, of, "desk")
    assert story.course.matters[of].silent == ("reds",)


def test_once_everybody_answered_nobody_waits(story: Story) -> None:
    """The time is for remarks: when the last one is in, there is nothing to wait for."""
    of = transmitted(story)
    for party in ("north", "reds"):
        story.say("answer", {"text": "no", "to": story.course.matters[of].comment}, party)
    story.step(JOINT, of, "desk")
    assert set(story.course.matters[of].remarks) == {"north", "reds"}


@pytest.mark.parametrize(("more", "seconds"), [("findings: {remarks: PT6H}\n", 6 * 3600), ("", THREE_DAYS)])
def test_the_text_says_how_long_the_parties_have(more: str, seconds: int) -> None:
    """72 hours, unless the agreement that they signed says otherwise."""
    story = Story(agreement(more))
    assert story.course.matters[transmitted(story)].due == story.now + seconds


def test_a_named_deadline_gives_more_time_and_never_less(story: Story) -> None:
    """The desk may be patient. It cannot cut the time short, nor stall a finding for years."""
    assert story.course.matters[transmitted(story, until="1970-01-11")].due == 10 * DAY
    assert story.course.matters[transmitted(story, until="1970-01-02")].due == story.now + THREE_DAYS
    with pytest.raises(SubmissionError, match="within 30 days"):
        transmitted(story, until="1999-01-01")


def test_a_new_draft_is_a_new_time_for_remarks(story: Story) -> None:
    """Who answered the draft of before has not seen this one."""
    of = transmitted(story)
    for party in ("north", "reds"):
        story.say("answer", {"text": "no", "to": story.course.matters[of].comment}, party)
    newer = story.draft()
    story.step(COMMENT, of, "desk", about=[1], to=["north", "reds"], body="joint", text=newer)
    matter = story.course.matters[of]
    assert (matter.text, matter.remarks, matter.due) == (newer, {}, story.now + THREE_DAYS)
    with pytest.raises(SubmissionError, match="not from north yet"):
        story.step(JOINT, of, "desk")


def test_an_answer_to_something_else_is_no_remark(story: Story) -> None:
    """Nor is that of a party whom nobody asked."""
    of = transmitted(story)
    comment = story.course.matters[of].comment
    story.say("answer", {"text": "no", "to": of}, "north")
    story.say("answer", {"text": "no", "to": comment}, "blues")
    story.say("answer", None, "reds", box="b" * 64)
    assert story.course.matters[of].remarks == {}


# -- by whom -----------------------------------------------------------------------------------------------------------


def test_a_party_publishes_nothing_of_the_other(story: Story) -> None:
    """Neither the finding of the body, nor that of the other side, nor what the other side alleged."""
    theirs, both = story.finding("reds"), story.finding("north", "reds", body="joint")
    said = story.say("allegation", {"text": "t", "against": "north"}, "reds")
    of, own = story.joint(), story.joint(by="north", body="north")
    with pytest.raises(SubmissionError, match="not signed as `joint` decides: got north"):
        story.step(PUBLIC, of, "north", about=[both])
    for index in (theirs, both):
        with pytest.raises(SubmissionError, match="who signed it, to decide"):
            story.step(PUBLIC, own, "north", about=[index])
    mine = story.finding("north")
    with pytest.raises(SubmissionError, match="said by `reds`"):
        story.step(PUBLIC, own, "north", about=[mine, said])
    story.step(PUBLIC, own, "north", about=[mine])
    story.step(PUBLIC, of, "north", "reds", about=[both, theirs, said])


def test_where_any_member_signs_for_a_body_it_does_not_publish_what_another_signed(story: Story) -> None:
    """`decides: any` lets each member find; it does not let each give out what the other found."""
    held, of = story.finding("reds", body="either"), story.joint(body="either")
    with pytest.raises(SubmissionError, match="who signed it, to decide"):
        story.step(PUBLIC, of, "north", about=[held])
    story.step(PUBLIC, of, "reds", about=[held])


def test_the_desk_decides_nothing(story: Story) -> None:
    """It drafts and transmits; it neither publishes nor withholds."""
    held, of = story.finding("north", "reds", body="joint"), story.joint()
    for stage, more in ((PUBLIC, {}), (WITHHELD, {"code": "talks", "reason": "r"})):
        with pytest.raises(SubmissionError, match="not signed as `joint` decides: got desk"):
            story.step(stage, of, "desk", about=[held], **more)


def test_a_host_who_does_not_transmit_silences_nobody(story: Story) -> None:
    """Whoever decides takes the steps itself; a party takes none for the body that it shares."""
    of = story.joint(by="north", body="north")
    story.step(PUBLIC, of, "north", texts={"en": "our report"})
    other = story.draft("north")
    with pytest.raises(SubmissionError, match="by the desk, or signed as `joint` decides"):
        story.step(COMMENT, other, "north", about=[1], to=["reds"], body="joint")


def test_nobody_transmits_the_draft_of_another(story: Story) -> None:
    """Else a draft that was written for some could be sent to others."""
    of = story.draft("north")
    with pytest.raises(SubmissionError, match="for `north` to transmit"):
        story.step(COMMENT, of, "desk", about=[1], to=["reds"], body="joint")


@pytest.mark.parametrize("kind", ["evidence", "custody", "consent", "commitment", "agreement", "publication"])
def test_tables_originals_consents_and_drafts_are_never_published(story: Story, kind: str) -> None:
    """What is published are words that somebody signed, not the evidence behind them."""
    index, of = story.say(kind, {"file": "f"}, "desk") if kind != "publication" else story.draft(), story.joint()
    with pytest.raises(SubmissionError, match="`about`: expected finding, allegation"):
        story.step(PUBLIC, of, "north", "reds", about=[index], texts={"en": "t"})


def test_what_is_sealed_is_not_published(story: Story) -> None:
    """The signers cannot know what is in it; who sealed it may say it again in the open."""
    index, of = story.say("allegation", None, "north", box="b" * 64), story.joint()
    with pytest.raises(SubmissionError, match="sealed body"):
        story.step(PUBLIC, of, "north", "reds", about=[index], texts={"en": "t"})


# -- what is public stays so -------------------------------------------------------------------------------------------


def test_what_is_public_is_neither_withheld_nor_published_again(story: Story) -> None:
    """Nothing that everybody has read is written anew."""
    held = story.finding("north", "reds", body="joint")
    story.step(PUBLIC, story.joint(), "north", "reds", about=[held])
    before = story.course.public[held]
    of = story.joint()
    for stage, more in ((PUBLIC, {}), (WITHHELD, {"code": "facts", "reason": "r"})):
        with pytest.raises(ConflictError, match="a correction is a further finding"):
            story.step(stage, of, "north", "reds", about=[held], **more)
    assert story.course.public[held] == before


def test_a_correction_is_shown_beside_once_it_is_public(story: Story) -> None:
    """A later finding about an earlier one; until it is published, nobody sees that there is one."""
    held = story.finding("north", "reds", body="joint")
    story.step(PUBLIC, story.joint(), "north", "reds", about=[held])
    better = story.finding("north", "reds", body="joint", about=(held,))
    assert story.course.public[held].corrected_by == ()
    story.step(PUBLIC, story.joint(), "north", "reds", about=[better])
    assert story.course.public[held].corrected_by == (better,)
    assert story.course.public[better].corrected_by == ()


# -- withheld ----------------------------------------------------------------------------------------------------------


def test_number_and_age_of_what_is_withheld_are_counted_in_whole_days(story: Story) -> None:
    """One age a finding; to the second it would name the entry. What nobody decided on is counted too.

    It counts from the finding: to withhold it later than another makes it no younger.
    """
    first = story.finding("north", "reds", body="joint")
    story.now += 2 * DAY
    second, at = story.finding("reds"), story.now
    idle = story.finding("north")
    story.now += 3 * DAY
    story.step(WITHHELD, story.joint(), "north", "reds", about=[first, second], code="safety", reason="r")
    assert story.course.withheld(at + 3 * DAY).ages_days == (5, 3)
    assert story.course.withheld(at + 5 * DAY).ages_days == (7, 5)
    assert story.course.withheld(story.course.findings[idle].known_at + 9 * DAY).unpublished_days == (9,)


def test_what_is_lifted_or_public_is_counted_no_more(story: Story) -> None:
    """And all of what was withheld is lifted at once: half of it would vanish from the count."""
    first, second = story.finding("north", "reds", body="joint"), story.finding("reds")
    of = story.joint()
    story.step(WITHHELD, of, "north", "reds", about=[first, second], code="talks", reason="r")
    with pytest.raises(SubmissionError, match="every finding that was withheld"):
        story.step(LIFTED, of, "north", "reds", about=[first], reason="r")
    story.step(LIFTED, of, "north", "reds", about=[first, second], reason="r")
    assert set(story.course.public) == {first, second}
    assert story.course.withheld(story.now) == replace(story.course.withheld(0), ages_days=(), unpublished_days=())


def test_a_draft_that_is_withheld_before_anybody_signed_is_counted_as_one(story: Story) -> None:
    """A body that holds nothing and says nothing does not make the draft vanish."""
    story.step(WITHHELD, story.joint(), "north", "reds", code="inquiry", reason="r")
    assert story.course.withheld(story.now + DAY).ages_days == (1,)


def test_no_second_matter_gives_out_what_another_withholds(story: Story) -> None:
    """Where a reason was given, it is the reason that has to go."""
    held = story.finding("reds")
    story.step(WITHHELD, story.joint(by="reds", body="reds"), "reds", about=[held], code="safety", reason="r")
    again = story.joint(by="reds", body="reds")
    with pytest.raises(SubmissionError, match="lift that first"):
        story.step(PUBLIC, again, "reds", about=[held])


# -- who is concerned --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "against", "expected"),
    [
        ("north", "reds", ("north", "reds")),
        ("reds", "north-army", ("north", "reds")),  # the whole speaks for its part
        ("north", "south", ("blues", "north", "reds")),  # and every party of a side for the side
        ("host", "", ("host",)),
        ("desk", "north", ("north",)),
        ("reds", "either", ("either", "reds")),  # nobody speaks for it: it is named itself
    ],
)  # fmt: skip
def test_concerned_are_who_accuses_and_whoever_speaks_for_the_accused(
    story: Story, by: str, against: str, expected: tuple[str, ...]
) -> None:
    """A force without keys is not passed over: its whole, or its side, is asked."""
    index = story.say("allegation", {"text": "t", "against": against}, by)
    assert concerned([index], story.entries.__getitem__, story.agreement.group, VOICES) == expected
    held = story.finding("host", about=(index,))
    found = concerned([held], story.entries.__getitem__, story.agreement.group, VOICES)
    assert found == tuple(sorted({*expected, "host"}))


def test_whoever_answered_is_concerned(story: Story) -> None:
    """A sealed allegation says against whom only to its readers: who answered it and who said it are asked."""
    said = story.say("allegation", None, "north", box="b" * 64)
    reply = story.say("answer", {"text": "no", "to": said}, "reds")
    group = story.agreement.group
    assert concerned([said, reply], story.entries.__getitem__, group, VOICES) == ("north", "reds")


def test_whom_a_mountain_of_findings_concerns_is_not_looked_up(story: Story) -> None:
    """Findings about findings without end would hold up the log for everybody."""
    last = story.say("allegation", {"text": "t"}, "north")
    for _ in range(1_001):
        last = story.finding("north", about=(last,))
    with pytest.raises(SubmissionError, match="at most 1000 entries"):
        concerned([last], story.entries.__getitem__, story.agreement.group, VOICES)


# -- nobody is accused in public who was not asked ---------------------------------------------------------------------


def alone(story: Story, about: int, *, by: str = "north", to: tuple[str, ...] = ("north",)) -> int:
    """A matter of one party about one entry, that it answers itself at once; the index of its draft."""
    of = story.draft(by)
    comment = story.step(COMMENT, of, by, about=[about], to=list(to), body=by)
    for party in to:
        story.say("answer", {"text": "fine", "to": comment}, party)
    story.step(JOINT, of, by)
    return of


@pytest.mark.parametrize("stage", [PUBLIC, LIFTED])
def test_a_draft_about_something_else_is_no_way_round_the_accused(story: Story, stage: str) -> None:
    """What becomes public is held against those who were asked, not what the draft said that it was about."""
    held = story.finding("north", against="reds")
    of = alone(story, 1)
    if stage == LIFTED:
        story.step(WITHHELD, of, "north", about=[held], code="talks", reason="r")
    more = {"reason": "r"} if stage == LIFTED else {}
    with pytest.raises(SubmissionError, match="it concerns `reds`, who was not asked"):
        story.step(stage, of, "north", about=[held], **more)
    story.step(PUBLIC, alone(story, 1, to=("north", "reds")), "north", about=[story.finding("north", against="reds")])


def test_whom_an_allegation_behind_a_finding_accuses_is_asked_too(story: Story) -> None:
    """And who answered; a mirror comes to the same, whatever the host let in."""
    said = story.say("allegation", {"text": "t", "against": "reds"}, "north")
    reply = story.say("answer", {"text": "no", "to": said}, "blues")
    held, of = story.finding("north", about=(said, reply)), alone(story, 1)
    body = {"stage": PUBLIC, "of": of, "about": [held]}
    story.entries.append(Heard(len(story.entries), "publication", "north", ("north",), body, "", story.now + 1))
    again = stages(story.entries, lambda _: story.agreement)
    assert held not in again.public
    assert list(again.ignored.values()) == ["`about`: it concerns `blues`, who was not asked: transmit a draft"]


def test_a_draft_that_leaves_out_whom_it_concerns_is_not_transmitted(story: Story) -> None:
    """Whoever mirrors the record sees it as the log does."""
    said = story.say("allegation", {"text": "t", "against": "reds"}, "north")
    with pytest.raises(SubmissionError, match="everybody concerned, `reds` among them"):
        alone(story, said)


def test_who_signs_a_finding_has_not_to_be_asked_about_it(story: Story) -> None:
    """The body signs after the remarks: a draft about the allegation went to both sides, and not to the body."""
    said = story.say("allegation", {"text": "t", "against": "reds"}, "north")
    of = story.draft()
    comment = story.step(COMMENT, of, "desk", about=[said], to=["north", "reds"], body="host")
    for party in ("north", "reds"):
        story.say("answer", {"text": "fine", "to": comment}, party)
    story.step(JOINT, of, "desk")
    held = story.finding("host", about=(said,), against="reds")
    story.step(PUBLIC, of, "host", about=[held])
    assert held in story.course.public


def test_who_joins_while_a_finding_is_withheld_does_not_keep_it_so(story: Story) -> None:
    """Who speaks for the accused is who spoke for it when it was asked."""
    held = story.finding("north", against="south")
    of = alone(story, 1, to=("north", "reds", "blues"))
    story.step(WITHHELD, of, "north", about=[held], code="talks", reason="r")
    joined = msgspec.to_builtins(KeySet((), "south", (), 1, 0))
    story.say("keyset", joined, "south")
    assert "south" in story.course.voices
    story.step(LIFTED, of, "north", about=[held], reason="r")


@pytest.mark.parametrize(("against", "is_public"), [("", False), ("reds", True)])
def test_a_finding_about_what_is_sealed_says_against_whom(story: Story, against: str, is_public: bool) -> None:
    """Only its readers know whom a sealed allegation accuses: what is held of it in public names him, who is asked."""
    said = story.say("allegation", None, "north", box="b" * 64)
    held = story.finding("north", about=(said,), against=against)
    of = alone(story, held, to=("north", "reds"))
    if is_public:
        story.step(PUBLIC, of, "north", about=[held])
    else:
        with pytest.raises(SubmissionError, match="rests on what is sealed, and says `against` nobody"):
            story.step(PUBLIC, of, "north", about=[held])


# -- the record again --------------------------------------------------------------------------------------------------


def test_from_the_entries_alone_the_same_course_comes_out(story: Story) -> None:
    """Whoever mirrors the record computes who was late, what is public, and how much is withheld."""
    held = story.finding("north", "reds", body="joint")
    story.step(PUBLIC, story.joint(), "north", "reds", about=[held])
    transmitted(story)
    again = stages(story.entries, lambda _: story.agreement)
    assert (again.matters, again.public, again.ignored) == (story.course.matters, story.course.public, {})


def test_a_step_that_a_host_let_in_too_early_has_no_effect(story: Story) -> None:
    """The rules are in the record, not in the host: a mirror sees that it was not this step's turn, and says why."""
    held, of = story.finding("north", "reds", body="joint"), transmitted(story)
    early = [{"stage": JOINT, "of": of}, {"stage": PUBLIC, "of": of, "about": [held]}]
    for body in early:
        story.now += 1
        signers = ("desk", "north", "reds")
        story.entries.append(Heard(len(story.entries), "publication", "desk", signers, body, "", story.now))
    again = stages(story.entries, lambda _: story.agreement)
    assert held not in again.public
    assert [why.split(":")[0] for why in again.ignored.values()] == [
        f"remarks are waited for until second {again.matters[of].due}", "`stage`",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("answer", {"text": "no"}), ("answer", {"to": [1]}), ("answer", ["to"]), ("answer", {"to": "2"}),
        ("finding", {"about": [1]}), ("finding", []), ("finding", {"body": 1, "about": {}}),
        ("finding", {"body": "north", "about": [10**9, "x", None, -1]}), ("keyset", {"party": "reds"}), ("charter", 7),
    ],
)  # fmt: skip
def test_what_a_host_let_in_broken_stops_no_reader(story: Story, kind: str, body: Any) -> None:  # noqa: ANN401
    """It has no effect, and everything after it is read."""
    broken = story.say(kind, body, "north")
    story.step(PUBLIC, story.joint(), "north", "reds", about=[held := story.finding("north", "reds", body="joint")])
    assert (held in story.course.public, broken in story.course.public) == (True, False)


# -- the body of a step ------------------------------------------------------------------------------------------------

COMMENTED = Publication(COMMENT, of=2, about=(1,), to=("north",), body="joint")


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (Publication(DRAFT, texts={"en": "t"}), "a draft is sealed"),
        (Publication("secret"), "no such stage"),
        (Publication(COMMENT, of=2, about=(1,), body="joint"), "`to`"),
        (Publication(JOINT), "`of`"),
        (Publication(JOINT, of=2, reason="because"), "`reason`: a step to joint has none"),
        (Publication(PUBLIC, of=2, about=(3, 3)), "each entry once"),
        (Publication(PUBLIC, of=2, about=tuple(range(3, 70))), "64 at the most"),
        (Publication(PUBLIC, of=2, texts={"en": ""}), "`texts`"),
        (Publication(PUBLIC, of=2, texts={"English": "t"}), "`texts`"),
        (Publication(WITHHELD, of=2, code="shame", reason="r"), "`code`: expected one of safety"),
        (Publication(WITHHELD, of=2, code="safety"), "`reason`"),
        (Publication(COMMENT, of=2, about=(1,), to=("north", "north"), body="joint"), "`to`"),
        (Publication(COMMENT, of=2, about=(1,), to=("gondor",), body="joint"), "`to`"),
        (Publication(COMMENT, of=2, about=(1,), to=("north",), body="gondor"), "`body`"),
        (Publication(COMMENT, of=2, about=(1,), to=("north",), body="joint", until="soon"), "`until`"),
    ],
)  # fmt: skip
def test_what_is_no_step_is_refused(one: Publication, why: str) -> None:
    """A field too many says what no reader of that step looks at; one too few leaves open whose turn it is."""
    check_publication(COMMENTED, agreement())
    with pytest.raises(SubmissionError, match=why):
        check_publication(one, agreement())


def test_no_code_path_makes_a_finding() -> None:
    """Findings are signed by bodies: nothing in the program drafts a statement of this type by itself."""
    made = [
        path.name
        for path in Path(truceline.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if _makes_a_finding(node)
    ]
    assert made == []


def _makes_a_finding(node: ast.AST) -> bool:
    """A draft or a statement of the type, written as such; or the body of one, brought in from where it is defined."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        given = [*node.args, *(word.value for word in node.keywords)]
        is_named = any(isinstance(one, ast.Constant) and one.value == "finding" for one in given)
        return name in ("Draft", "Statement", "replace") and is_named
    if isinstance(node, ast.ImportFrom):
        return node.module == "truceline.desk.statements" and "Finding" in {one.name for one in node.names}
    return False


@pytest.mark.parametrize(
    "line",
    [
        'Draft("finding", body, "tf")',
        'records.Draft(type="finding")',
        "from truceline.desk.statements import Finding",
    ],
)
def test_the_search_for_findings_finds_one(line: str) -> None:
    """A test that cannot fail proves nothing."""
    assert any(_makes_a_finding(node) for node in ast.walk(ast.parse(line)))
