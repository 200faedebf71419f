"""What came of commitments: the carrier, a calm and reports in it, and that silence keeps nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.bench import SHIPPED, bench
from truceline.agreement.history import History
from truceline.assess.columns import columns_of
from truceline.assess.commitments import answered, cited, reused
from truceline.assess.followed import (
    BROKEN,
    CONTRADICTED,
    KEPT,
    LATE,
    NOT_COMPUTED,
    OPEN,
    Expected,
    Followed,
    Later,
    followed,
    read_expected,
    window_of,
)
from truceline.assess.place import Placed
from truceline.desk.words import Words, words_beside
from truceline.errors import InputError
from truceline.evidence.schema import Named, Observation
from truceline.evidence.statements import Claim, When
from truceline.space import Region, quantise
from truceline.span import parse_instant
from truceline.verdict import NO, UNKNOWN, YES, Reason

ALEPPO = Region("disc", *quantise(37.16, 36.2), radius_m=5_000)
CALM = Claim(
    "calm", "extension", "truce", "", door="reports", actors=("ru",), of=("ru",), against=("gov", "opp"),
    said=When("0", 0, 10), due=When("100 to 200", 100, 200),
)  # fmt: skip


@cache
def words() -> Words:
    """The claims of the shipped case."""
    from truceline.desk import read_evidence  # heavy

    return words_beside(SHIPPED / "agreement.yaml", bench(), [read_evidence(SHIPPED / "reports.jsonl", bench()).table])


def claim(key: str) -> Claim:
    """One of them."""
    found = words().claim(key)
    assert found is not None
    return found


def report(
    key: str, start: int, end: int, *, by: str = "gov", at: Region = ALEPPO, acts: Sequence[str] = ("shelling",)
) -> Observation:
    """A report of an attack."""
    named = Named((by,), "one") if by else Named()
    return Observation(key, start, end, impact=at, actor=named, acts=tuple(acts))


def later(*reports: Observation, expected: dict[str, list[Expected]] | None = None, places: bool = True) -> Later:
    """Reports to look through."""
    standing = History(bench().agreement, []).as_known(None)
    placed = Placed(bench().agreement.zones, bench().atlas)
    return Later(
        reports, columns_of(reports), {one.id: row for row, one in enumerate(reports)}, {}, standing, placed,
        {"calm": ALEPPO} if places else {}, expected or {},
    )  # fmt: skip


def came(
    *reports: Observation, of: Claim = CALM, expected: dict[str, list[Expected]] | None = None, places: bool = True
) -> Followed:
    """What came of a claim."""
    found = followed(of, later(*reports, expected=expected, places=places))
    assert found is not None
    return found


# -- a calm ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "verdict", "reason"),
    [
        (report("r", 120, 130), BROKEN, None),
        (report("r", 100, 200), BROKEN, None),
        (report("r", 90, 130), OPEN, Reason.TIME),
        (report("r", 190, 201), OPEN, Reason.TIME),
        (report("r", 120, 130, by=""), OPEN, Reason.ACTOR),
        (report("r", 120, 130, at=Region("none")), OPEN, Reason.PLACE),
        (report("r", 120, 130, acts=()), OPEN, Reason.ACT),
        (report("r", 120, 130, by="isil"), OPEN, Reason.NO_COVERAGE),
        (report("r", 120, 130, acts=("deliver",)), OPEN, Reason.NO_COVERAGE),
        (report("r", 50, 90), OPEN, Reason.NO_COVERAGE),
        (report("r", 200, 210), OPEN, Reason.NO_COVERAGE),
        (report("r", 120, 130, at=Region("disc", *quantise(36.0, 33.5), radius_m=5_000)), OPEN, Reason.NO_COVERAGE),
    ],
)
def test_a_calm_is_broken_only_by_an_attack_there_and_then(
    told: Observation, verdict: str, reason: Reason | None
) -> None:
    """Time, place, act and who: one that is open leaves it open, with its reason; one that is no leaves it out."""
    found = came(told)
    assert found.verdict == verdict
    assert found.reasons == (() if reason is None else (reason,))
    assert found.value == (NO if verdict == BROKEN else UNKNOWN)


def test_nothing_is_kept_by_silence() -> None:
    """No report of a breach is no report that there was none."""
    assert (came().verdict, came().reasons) == (OPEN, (Reason.NO_COVERAGE,))


def test_both_whom_a_truce_binds_break_it_alike() -> None:
    """Who proposed it has no part in it: the same report of either side gives the same answer."""
    of = {by: came(report("r", 120, 130, by=by)) for by in ("gov", "opp")}
    assert of["gov"] == of["opp"]


@given(st.integers(50, 250), st.integers(1, 60), st.integers(0, 30), st.integers(0, 30))
def test_narrowing_a_report_never_flips_what_came_of_it(start: int, long: int, first: int, last: int) -> None:
    """A better time turns a 0 into a sign and no sign into another."""
    if first + last >= long:
        return
    wide = came(report("r", start, start + long))
    narrow = came(report("r", start + first, start + long - last))
    assert wide.value in (UNKNOWN, narrow.value)
    if wide.reasons == (Reason.NO_COVERAGE,):
        assert narrow.reasons == wide.reasons


# -- what is expected --------------------------------------------------------------------------------------------------


def test_the_carrier_was_not_on_its_way_in_july() -> None:
    """Said in July, sailed on 15 October, first strike on 15 November: contradicted, overtaken, and kept as planned."""
    from truceline.desk import Asked, assess_files, read_evidence  # heavy
    from truceline.desk.judged import judged_of

    evidence = read_evidence(SHIPPED / "reports.jsonl", bench())
    looked = judged_of(assess_files(bench(), [evidence], Asked())).later(words())
    found = {
        key: followed(claim(key), looked) for key in ("lendman-19", "lendman-20", "sy-093", "lendman-22", "sy-131")
    }
    told = {key: (one.verdict, [(a.id, a.does, a.value) for a in one.acts]) for key, one in found.items() if one}
    assert told == {
        "lendman-19": (CONTRADICTED, [("sy-179", "contradicts", YES), ("sy-191", "follows", YES)]),
        "lendman-20": (LATE, [("sy-191", "overtakes", YES)]),
        "sy-093": (KEPT, [("sy-191", "keeps", YES)]),
        "lendman-22": (NOT_COMPUTED, []),
        "sy-131": (LATE, [("sy-159", "overtakes", YES), ("sy-160", "overtakes", YES)]),
    }
    sailed = next(a for a in found["lendman-19"].acts if a.id == "sy-179") if found["lendman-19"] else None
    assert sailed is not None
    assert sailed.start == parse_instant("2016-10-15", "Asia/Damascus")


def test_good_faith_and_sovereignty_have_no_value() -> None:
    """What somebody means is kept as text: no number, no reason, no act."""
    found = came(of=claim("lendman-21"), expected={"lendman-21": [Expected("text")]})
    assert (found.verdict, found.value, found.reasons, found.acts) == (NOT_COMPUTED, None, (), ())


@pytest.mark.parametrize(
    ("start", "end", "does", "value"),
    [(120, 130, "keeps", YES), (90, 120, "keeps", UNKNOWN), (199, 201, "keeps", UNKNOWN), (200, 210, "overtakes", YES)],
)
def test_an_act_keeps_a_plan_only_in_its_time(start: int, end: int, does: str, value: int) -> None:
    """Within it keeps, after it overtakes, across the edge nobody can say."""
    plan = Claim("plan", "commitment", "plan", "", said=When("0", 0, 10), due=When("100 to 200", 100, 200), of=("gov",))
    found = came(report("r", start, end), of=plan, expected={"plan": [Expected("happens", ("r",))]})
    assert [(act.does, act.value) for act in found.acts] == [(does, value)]
    assert found.verdict == {("keeps", YES): KEPT, ("keeps", 0): OPEN, ("overtakes", YES): LATE}[does, value]


def test_what_is_not_shown_is_no_later_act() -> None:
    """An act that a reader is not shown has no part in what the reader is told."""
    plan = Claim("plan", "commitment", "plan", "", said=When("0", 0, 10), due=When("100 to 200", 100, 200), of=("gov",))
    found = came(of=plan, expected={"plan": [Expected("happens", ("hidden",))]})
    assert (found.verdict, found.acts) == (OPEN, ())


def test_hours_that_are_stated_make_the_window() -> None:
    """72 hours from a minute: the number with its unit is the length."""
    assert window_of(claim("sy-067")) == (
        parse_instant("2016-05-07T00:01", "Asia/Damascus"), parse_instant("2016-05-10T00:01", "Asia/Damascus"),
    )  # fmt: skip


def test_a_table_of_expectations_is_held_to_its_words() -> None:
    """What expects nothing that is known is refused, with its line."""
    head = "claim,expects,ids,at,what,source,tag"
    with pytest.raises(InputError, match=r"follow\.csv:2: expects"):
        read_expected(f"{head}\nc,hopes,r,,,s,V\n".encode(), "UTC")
    with pytest.raises(InputError, match=r"follow\.csv:2: at"):
        read_expected(f"{head}\nc,overtaken,,soon,x,s,V\n".encode(), "UTC")


# -- words again, counts, requests -------------------------------------------------------------------------------------


def test_the_quotation_of_20_june_is_shown_as_used_again() -> None:
    """Said on 20 June, carried after 12 July: 21 days lie in between at the least, and where it was told first."""
    found = reused(claim("lendman-11"), words().claims)
    assert found is not None
    assert (found.least_days, found.first_told, found.source) == (21, "sy-091", "elethos.gr (TASS)")
    again = {one.id for one in words().claims if reused(one, words().claims)}
    assert again == {"lendman-09", "lendman-10", "lendman-11", "lendman-12"}


def test_what_may_be_of_the_same_days_is_not_used_again() -> None:
    """A month that holds the day of saying tells of no delay."""
    one = Claim("c", "warning", "", "x", said=When("", 0, 100), reported=When("", 50, 10_000_000))
    assert reused(one, [one]) is None


def test_a_mismatch_of_a_ledger_is_shown_where_a_claim_cites_it() -> None:
    """242 whose parts come to 251, 82 whose parts come to 93, 15 whose parts come to 13; and who counted otherwise."""
    found = {}
    for one in words().claims:
        counts = cited(one, words().totals, words().sources)
        found[one.id] = [(c.total.issuer, c.total.count.text, c.sum.parts.text, c.sum.check) for c in counts]
    assert found["sy-138"] == [("SNHR", "242", "251", "mismatch")]
    assert found["sy-210"] == [("Turkish side of Russia-Turkey commission", "82", "93", "mismatch")]
    assert found["sy-204"] == [("Turkish side of Russia-Turkey commission", "15", "13", "mismatch")]
    wrong = {key for key, rows in found.items() for row in rows if row[3] == "mismatch"}
    assert wrong == {"sy-138", "sy-210", "sy-204"}
    (army,) = cited(claim("sy-135"), words().totals, words().sources)
    assert {(other.issuer, other.count.text) for other, is_same in army.others if is_same} == {("SNHR", "242")}


def test_a_claim_that_names_a_count_cites_that_one() -> None:
    """Stated, not guessed: issuer, days and number have to be those of the ledger."""
    one = Claim("c", "allegation", "", "x", ledgers=("SNHR/2016-09-12/2016-09-19/242",))
    assert [(c.by, c.total.count.text) for c in cited(one, words().totals, words().sources)] == [("stated", "242")]
    other = Claim("c", "allegation", "", "x", ledgers=("SNHR/2016-09-12/2016-09-19/243",))
    assert cited(other, words().totals, words().sources) == []


def test_an_answer_of_an_unknown_hour_is_surely_given_only_when_its_time_is_over() -> None:
    """Said on some day of a month: during it the request may be open, after it the age has two bounds."""
    asked, day = Claim("q", "request", "request", "", said=When("", 0, 60)), 86_400

    def told(since: int | None, until: int | None, at: int) -> tuple[str, str, int | None, int | None]:
        found = answered(asked, [Claim("a", "reply", "reply", "", to="q", said=When("", since, until))],
                         bench().agreement, at)  # fmt: skip
        return found.state, found.by, found.least_days, found.most_days

    assert told(10 * day, 40 * day, 9 * day) == ("unanswered", "", 8, 9)
    assert told(10 * day, 40 * day, 20 * day) == ("unknown", "a", 9, 20)
    assert told(10 * day, 40 * day, 40 * day - 1) == ("answered", "a", 9, 39)
    assert told(-2 * day, -day, 20 * day) == ("unanswered", "", 19, 20)
    assert told(None, None, 20 * day) == ("unknown", "a", 0, 20)


def test_a_request_shows_its_age_until_it_is_answered() -> None:
    """Unanswered for so many days; published the same day; without a date the age is unknown."""
    at = parse_instant("2016-10-07", "Asia/Damascus")
    told = {
        key: answered(claim(key), words().claims, words().agreement, at)
        for key in ("ask-01", "ask-02", "ask-03", "lendman-09")
    }
    assert (told["ask-02"].state, told["ask-02"].least_days, told["ask-02"].most_days) == ("unanswered", 9, 10)
    assert (told["ask-01"].state, told["ask-01"].by, told["ask-01"].how) == ("answered", "D4", "published")
    assert (told["ask-03"].state, told["ask-03"].least_days) == ("unknown", None)
    assert (told["lendman-09"].by, told["lendman-09"].least_days) == ("sy-150", 87)


def test_an_answer_that_came_later_answers_nothing_before() -> None:
    """As known then: on 1 September the question of June was open, and 72 days old."""
    at = parse_instant("2016-09-01", "Asia/Damascus")
    found = answered(claim("lendman-09"), words().claims, words().agreement, at)
    assert (found.state, found.least_days, found.most_days) == ("unanswered", 72, 73)


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_request_never_grows_younger(one: int, other: int) -> None:
    """The age of what is unanswered only grows."""
    asked = Claim("q", "request", "", "x", said=When("", 0, 10 * 86_400))
    low, high = sorted((one, other))
    ages = [answered(asked, [], bench().agreement, 10 * 86_400 + day * 86_400) for day in (low, high)]
    assert (ages[0].least_days or 0) <= (ages[1].least_days or 0)
    assert (ages[0].most_days or 0) <= (ages[1].most_days or 0)
