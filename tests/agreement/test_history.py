"""What is in force at a moment, as known at a moment."""

from __future__ import annotations

import pytest

from tests.case_files import shipped
from truceline.agreement.history import History, Readings, read_act
from truceline.agreement.model import SignedAct
from truceline.errors import InputError
from truceline.span import parse_instant, parse_span
from truceline.verdict import NO, UNKNOWN, YES, Reason

TZ = "Asia/Damascus"


def moment(text: str) -> int:
    """A second on the clock of Damascus."""
    return parse_instant(text, TZ)


def act(**fields: object) -> SignedAct:
    """A signed act that entered the record when it was signed, unless it says otherwise."""
    return read_act(fields, TZ, moment(str(fields.get("known_at", fields["at"]))))


def force(term: str, at: str, *acts: SignedAct, known: str | None = None) -> tuple[int, str]:
    """Value and remark of a term's force."""
    answer = History(shipped(), acts).in_force(moment(at), None if known is None else moment(known))[term]
    return answer.value, answer.note


EXTENDED = act(act="extend", by=["us", "ru"], at="2016-09-14T18:00", of="day-D")


def test_in_force_answers_for_every_term() -> None:
    """Whoever asks what applied at a moment must not miss a term."""
    assert set(History(shipped()).in_force(moment("2016-03-05"))) == set(shipped().terms)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2016-02-26T23:59", {"F2": NO, "R1": NO, "S1": NO}),
        ("2016-02-27T00:00", {"F2": YES, "R1": NO, "S1": NO}),
        ("2016-03-28T00:00", {"F2": YES, "R1": NO, "S1": YES}),
        ("2016-09-12T19:00", {"F2": YES, "R1": YES, "S1": YES, "R9": UNKNOWN, "R13": UNKNOWN}),
        ("2016-09-14T18:59", {"F2": YES, "R1": YES}),
        ("2016-09-14T19:00", {"F2": YES, "R1": NO}),
        ("2016-09-18T23:58", {"U1": YES}),
        ("2016-09-18T23:59", {"U1": NO}),
    ],
)
def test_the_windows_of_the_shipped_case(at: str, expected: dict[str, int]) -> None:
    """The calendar of 2016: February starts F2, the 28 of March the procedures, the 12 of September R1 for 48 hours."""
    found = History(shipped()).in_force(moment(at))
    assert {term: found[term].value for term in expected} == expected


def test_a_withdrawal_that_is_owed_may_have_been_done() -> None:
    """Deeds are open-world: from the moment the pull-back is owed, whether the strip is closed is not known."""
    before, after = (History(shipped()).in_force(moment(at))["R9"] for at in ("2016-09-12T18:59", "2016-09-12T19:00"))
    assert before.value == NO
    assert after.reasons == (Reason.TIME,)


def test_what_never_was_opened_never_began() -> None:
    """Acts of the record are closed-world: an opening that is not recorded was not done."""
    assert force("J2", "2016-09-15")[0] == NO


def test_silence_is_lapse() -> None:
    """After 48 hours without a word the window is closed and says why."""
    assert force("R1", "2016-09-15") == (NO, "lapsed")


def test_an_extension_by_one_guarantor_alone_does_not_count() -> None:
    """The joint body decides with all its members: each alone is nothing, both in one act are."""
    alone = act(act="extend", by="us", at="2016-09-14T18:00", of="day-D")
    assert force("R1", "2016-09-15", alone)[0] == NO
    assert force("R1", "2016-09-15", EXTENDED)[0] == YES


def test_two_members_who_sign_apart_sign_for_the_body() -> None:
    """Liaison officers sign in two cities; together their two acts of one content are the joint body's."""
    apart = [act(act="extend", by=by, at="2016-09-14T18:00", of="day-D", id=f"extend-{by}") for by in ("us", "ru")]
    assert force("R1", "2016-09-15", *apart)[0] == YES


def test_an_extension_runs_out_in_its_turn() -> None:
    """48 hours more are 48 hours more, counted from the end of the window it prolongs."""
    assert force("R1", "2016-09-16T18:59", EXTENDED)[0] == YES
    assert force("R1", "2016-09-16T19:00", EXTENDED) == (NO, "lapsed")


def test_an_extension_of_another_term_prolongs_nothing() -> None:
    """An act means what it names."""
    assert force("R1", "2016-09-15", act(act="extend", by=["us", "ru"], at="2016-09-14T18:00", of="U1"))[0] == NO


def test_only_the_end_of_the_named_instrument_ends_it() -> None:
    """An end of D4 ends R1 and leaves the cessation of February; the lapse of R1 ended nothing else either."""
    end = act(act="end", by="ru", at="2016-09-13", of="D4")
    assert force("R1", "2016-09-13T12:00", end) == (NO, "ended")
    assert force("F2", "2016-09-13T12:00", end) == (YES, "")


def test_then_now_and_as_argued_are_three_questions() -> None:
    """Valid time says which term applies, record time what could be known: the same moment, three answers."""
    late = act(act="extend", by=["us", "ru"], at="2016-09-14T18:00", known_at="2016-09-14T21:00", of="day-D")
    assert force("R1", "2016-09-14T20:00", late, known="2016-09-14T20:00")[0] == NO
    assert force("R1", "2016-09-14T20:00", late)[0] == YES
    assert force("R1", "2016-09-14T20:00", late, known="2016-09-14T21:00")[0] == YES


def test_the_order_in_which_acts_are_handed_in_does_not_matter() -> None:
    """Two readers of one record must find the same law."""
    acts = [
        EXTENDED,
        act(act="extend", by=["us", "ru"], at="2016-09-16T10:00", of="day-D"),
        act(act="extend", by=["us", "ru"], at="2016-09-20T10:00", of="day-D"),
    ]
    courses = {History(shipped(), order).as_known().window("R1").at for order in (acts, acts[::-1])}
    assert len(courses) == 1


def status(actor: str, what: str, at: str, *acts: SignedAct, readings: Readings | None = None) -> int:
    """Value of a status on a civil day."""
    return History(shipped(), acts).as_known(None, readings).status(actor, what).during(parse_span(at, TZ)).value


def test_acceptance_binds_from_its_own_day_and_the_parts_with_the_whole() -> None:
    """The government's acceptance of 23 February binds its air force too, and nobody before that day."""
    assert [status(a, "bound", "2016-02-23") for a in ("gov", "gov-air", "ru-air")] == [YES, YES, YES]
    assert status("gov", "accepted", "2016-02-22") == NO
    assert status("tr", "bound", "2016-03-05") == NO


def test_the_acceptance_of_a_part_binds_the_part_alone() -> None:
    """One brigade's signature does not bind its side: a report of the side may mean the brigade, so it is 0."""
    signed = act(act="accept", by="ghuraba-sham", at="2016-03-01")
    assert status("ghuraba-sham", "bound", "2016-03-05", signed) == YES
    assert status("opp", "bound", "2016-03-05", signed) == UNKNOWN
    assert status("rahman", "excluded", "2016-03-05", signed) == NO


def test_a_withdrawal_unbinds_from_its_day_on() -> None:
    """Who leaves is bound for what came before and free for what comes after."""
    acts = act(act="accept", by="zenki", at="2016-02-26"), act(act="withdraw", by="zenki", at="2016-05-01")
    assert [status("zenki", "bound", day, *acts) for day in ("2016-04-30", "2016-05-01")] == [YES, NO]


def test_the_word_of_one_guarantor_is_possibly() -> None:
    """Neither list of accepting groups was published: a group that one side names is 0, never -1 and never +1."""
    assert status("fsa", "bound", "2016-03-05") == UNKNOWN
    assert status("ahrar", "excluded", "2016-03-05") == UNKNOWN


def test_a_renamed_group_carries_one_name_at_a_time() -> None:
    """On 28 July 2016 the name changes, and on no day does the group bear two names or none."""
    for day, name in (("2016-07-27", "Jabhat al-Nusra"), ("2016-07-28", "Jabhat Fatah al-Sham")):
        at = moment(day)
        facts = [f for f in shipped().facts if f.what == "name" and f.of == "jn" and f.start <= at < f.end]
        assert [f.value for f in facts] == [name]


def test_a_renamed_group_is_excluded_by_identity_and_disputed_by_name() -> None:
    """Identity is not a name: by the list's names the new one is disputed, by identity nothing changed."""
    by_name = Readings(designation="name")
    assert [status("jn", "excluded", day) for day in ("2016-07-27", "2016-07-28")] == [YES, YES]
    assert [status("jn", "excluded", d, readings=by_name) for d in ("2016-07-27", "2016-07-28")] == [YES, UNKNOWN]


def test_a_listing_begins_on_its_day() -> None:
    """Jund al-Aqsa was listed on 20 July 2017; before that one guarantor alone called it excluded."""
    assert [status("jund-aqsa", "excluded", d) for d in ("2017-07-19", "2017-07-20")] == [UNKNOWN, YES]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"act": "extend", "by": "us"}, "a signed act needs `at`"),
        ({"act": "bless", "by": "us", "at": "2016-03-05"}, "unknown signed act `bless`"),
        ({"act": "accept", "by": "us", "at": "soon"}, "expected a date or time"),
        ({"act": "accept", "by": "us", "at": "2016-03-05", "untill": "2016-03-06"}, "unknown field `untill`"),
    ],
)
def test_a_signed_act_that_is_not_understood_is_refused(fields: dict[str, object], message: str) -> None:
    """An act with a misspelt field would say less than its signer meant."""
    with pytest.raises(InputError, match=message):
        read_act(fields, TZ, 0)
