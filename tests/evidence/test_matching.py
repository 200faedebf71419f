"""Two lists, matched one to one: who is matched, contested or undecided; and that no side comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evidence.bench import bench
from truceline.errors import InputError
from truceline.evidence import matching
from truceline.evidence.matching import Alike, Fit, Item, Matching, match
from truceline.evidence.schema import EITHER, JOINT, ONE, Named
from truceline.space import NOWHERE, Region, disc
from truceline.span import DAY_S, Span, day_span, parse_span
from truceline.verdict import NO, UNKNOWN, YES

TZ = "Asia/Damascus"
FIT = Fit(bench().atlas, bench().agreement.group, bench().agreement.acts)
TOWN, NEXT_TOWN, FAR_TOWN = disc(36.65, 35.93, 5_000), disc(36.66, 35.93, 5_000), disc(38.0, 35.93, 5_000)
GOVERNORATE, COUNTRY = Region("area", areas=("SY-ID",), country="SY"), Region("area", areas=("SY",), country="SY")
ROAD = Region("line", points_e7=(366_000_000, 360_000_000, 367_000_000, 361_000_000))
SEA = Region("outside")
GOV, OPP, RU = (Named((who,), ONE, text=who) for who in ("gov", "ahrar", "ru"))
REBELS = Named(("opp",), ONE, is_umbrella=True, text="rebels")
DAY = parse_span("2016-03-05", TZ)


def item(id_: str, when: Span = DAY, place: Region = TOWN, act: str = "shelling", **changes: object) -> Item:
    """Shelling of a town on a day by the government, with changes."""
    plain = Item(id_, when.start, when.end, place, (act,) if act else (), GOV, Named(("civilians",), ONE))
    return replace(plain, **changes)  # type: ignore[arg-type]  # by name


def states(a: list[Item], b: list[Item]) -> dict[str, str]:
    """Where each entry stands."""
    found = match(a, b, FIT)
    told = {pair.a.id: f"{'contested' if pair.is_contested else 'both'} {pair.b.id}" for pair in found.pairs}
    told |= {key: f"open {' '.join(could)}" for held in (found.open_a, found.open_b) for key, could in held.items()}
    return told | dict.fromkeys((*found.only_a, *found.only_b), "only")


# -- how two entries lie to one another --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "value"),
    [
        (TOWN, TOWN, YES), (TOWN, NEXT_TOWN, YES), (TOWN, FAR_TOWN, NO), (TOWN, replace(TOWN, radius_m=500), YES),
        (TOWN, replace(TOWN, radius_m=60_000), UNKNOWN), (TOWN, disc(36.75, 35.93, 5_000), UNKNOWN),
        (TOWN, COUNTRY, UNKNOWN), (TOWN, GOVERNORATE, UNKNOWN), (FAR_TOWN, GOVERNORATE, NO),
        (GOVERNORATE, Region("area", areas=("SY-HL",)), NO), (GOVERNORATE, COUNTRY, UNKNOWN),
        (COUNTRY, COUNTRY, UNKNOWN),
        (NOWHERE, TOWN, UNKNOWN), (NOWHERE, NOWHERE, UNKNOWN), (SEA, GOVERNORATE, NO), (SEA, TOWN, UNKNOWN),
        (ROAD, ROAD, YES), (ROAD, TOWN, NO), (ROAD, disc(36.65, 36.05, 3_000), UNKNOWN),
    ],
)  # fmt: skip
def test_places_fit_exclude_one_another_or_say_nothing(a: Region, b: Region, value: int) -> None:
    """Two points for one town fit; a governorate or a country is too wide to tell; what lies apart is apart."""
    assert FIT.place(a, b) == FIT.place(b, a) == value


@pytest.mark.parametrize(
    ("a", "b", "value"),
    [
        ("2016-03-05", "2016-03-05T14:00", YES),
        ("2016-03-05", "2016-03-06", NO),
        ("2016-03", "2016-03-05", UNKNOWN),
        ("2016-03-05T23:00", "2016-03-05", YES),
    ],
)
def test_times_fit_exclude_one_another_or_say_nothing(a: str, b: str, value: int) -> None:
    """An hour of the day fits the day; a month fits nothing closely; a half-open end touches nothing."""
    one, other = parse_span(a, TZ), parse_span(b, TZ)
    assert FIT.time((one.start, one.end), (other.start, other.end)) == value


@pytest.mark.parametrize(
    ("a", "b", "values"),
    [
        (("shelling",), ("mortar",), (YES, YES)), (("shelling",), ("air-strike",), (UNKNOWN, NO)),
        (("detain",), ("shelling",), (NO, UNKNOWN)), ((), ("shelling",), (UNKNOWN, UNKNOWN)),
        (("attack",), ("barrel-bomb",), (YES, YES)), (("shelling", "detain"), ("shelling",), (UNKNOWN, UNKNOWN)),
    ],
)  # fmt: skip
def test_acts_are_compared_by_their_classes(
    a: tuple[str, ...], b: tuple[str, ...], values: tuple[int, int]
) -> None:  # fmt: skip
    """Shelling and a mortar are one act; shelling and an air strike are one attack by other means; an arrest is not."""
    assert FIT.acts(a, b) == FIT.acts(b, a) == values


@pytest.mark.parametrize(
    ("a", "b", "value"),
    [
        (GOV, Named(("gov-air",), ONE), YES), (GOV, RU, NO), (GOV, Named(), UNKNOWN), (REBELS, OPP, UNKNOWN),
        (REBELS, REBELS, YES), (Named(("gov", "ru"), EITHER), GOV, UNKNOWN), (Named(("gov", "ru"), JOINT), GOV, YES),
        (Named((), "none"), GOV, NO), (Named(("civilians",), ONE), GOV, UNKNOWN),
    ],
)  # fmt: skip
def test_persons_are_compared_by_who_is_part_of_whom(a: Named, b: Named, value: int) -> None:
    """A part is its whole; a word for a whole side decides nothing; neither does civilians beside a named force."""
    assert FIT.who(a, b) == FIT.who(b, a) == value


# -- matching ----------------------------------------------------------------------------------------------------------


def test_both_only_contested_and_undecided() -> None:
    """The four places where an entry can stand, in one pair of lists."""
    days = [day_span(date(2016, 3, n), TZ) for n in range(1, 6)]
    a = [item(f"a{i}", day) for i, day in enumerate(days[:4])]
    b = [
        item("b0", days[0]), item("b1", days[1], actor=RU), item("b2", days[2], denies=True, act=""),
        item("b3", days[3]), item("b3x", days[3], NEXT_TOWN), item("b4", days[4]),
    ]  # fmt: skip
    assert states(a, b) == {
        "a0": "both b0", "a1": "contested b1", "a2": "contested b2", "a3": "open b3 b3x", "b3": "open a3",
        "b3x": "open a3", "b4": "only",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"actor": RU}, ("actor",)),
        ({"denies": True}, ("happened",)),
        ({"acts": ("air-strike",)}, ("means",)),
        ({"killed": (20, 25)}, ("killed",)),
        ({"count": (3, 3), "unit": "shells"}, ("count",)),
        ({"count": (3, 3), "unit": "wounded"}, ()),
        ({"killed": (10, 30)}, ()),
        ({"killed": (None, 15)}, ()),
    ],
)
def test_what_differs_is_told(change: dict[str, object], differs: tuple[str, ...]) -> None:
    """Both speak of it and disagree: on the actor, whether it happened, the means, the numbers; open numbers do not."""
    one = item("a", killed=(12, 12), count=(40, None), unit="shells")
    (pair,) = match([one], [replace(one, id="b", **change)], FIT).pairs  # type: ignore[arg-type]  # by name
    assert pair.alike.of(NO) == differs
    assert pair.is_contested == bool(differs)


def test_an_exchange_of_fire_is_two_acts() -> None:
    """Each side accuses the other of firing at it, in one place on one day: nobody contradicts anybody."""
    ours = item("a", actor=OPP, target=GOV)
    theirs = item("b", actor=GOV, target=OPP)
    assert states([ours], [theirs]) == {"a": "only", "b": "only"}


def test_two_declared_deeds_of_two_actors_are_two_deeds() -> None:
    """Each tells of a strike of its own on one enemy in one place: neither speaks of the other's."""
    ours, theirs = item("a", actor=GOV, is_own=True), item("b", actor=RU, is_own=True)
    assert states([ours], [theirs]) == {"a": "only", "b": "only"}
    assert states([ours], [replace(theirs, is_own=False)]) == {"a": "contested b"}


def test_who_is_accused_tells_two_events_of_one_day_apart() -> None:
    """Of two entries that fit, the one that accuses another actor is left to its own like."""
    a = [item("a-gov"), item("a-ru", actor=RU)]
    b = [item("b-ru", actor=RU), item("b-gov")]
    assert states(a, b) == {"a-gov": "both b-gov", "a-ru": "both b-ru"}


def test_a_list_that_tells_of_an_event_and_denies_it_is_not_matched_by_one_of_the_two() -> None:
    """Otherwise a denial would vanish behind another entry of the same list that names nobody."""
    a = [item("tells", actor=Named()), item("denies", denies=True, act="")]
    assert states(a, [item("b")]) == {"tells": "open b", "denies": "open b", "b": "open denies tells"}


def test_two_accounts_of_one_side_are_not_chosen_from() -> None:
    """Two entries of one list that both fit one of the other: people decide which, or that they are one."""
    found = match([item("a1"), item("a2")], [item("b")], FIT)
    assert not found.pairs
    assert sorted(found.crowded) == ["a1", "a2", "b"]


def test_what_was_decided_to_be_one_is_matched_however_it_is_told() -> None:
    """People know more than the words: what they put together is a pair, and its differences are told."""
    a, b = [item("a1"), item("a2")], [item("b1"), item("b2", place=FAR_TOWN)]
    found = match(a, b, FIT, decided={"a2": "i", "b2": "i"})
    assert [(p.a.id, p.b.id, p.alike.of(NO)) for p in found.pairs] == [("a1", "b1", ()), ("a2", "b2", ("place",))]
    twice = match(a, b, FIT, decided={"a1": "i", "a2": "i", "b2": "i"})
    assert not twice.pairs
    assert match(b, a, FIT, decided={"a2": "i", "b2": "i"}) == turned(found)


def test_a_wide_entry_keeps_nobody_from_being_matched() -> None:
    """A month in the country can mean anything, and is told apart from what fits closely."""
    wide = item("wide", parse_span("2016-03", TZ), COUNTRY)
    found = match([item("a"), wide], [item("b")], FIT)
    assert [(p.a.id, p.b.id) for p in found.pairs] == [("a", "b")]
    assert (found.open_a, found.crowded) == ({"wide": ("b",)}, frozenset())


def test_too_many_overlapping_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work has a limit, and the message says what to do."""
    monkeypatch.setattr(matching, "MOST_PAIRS", 8)
    with pytest.raises(InputError, match="--from"):
        match([item(f"a{i}") for i in range(3)], [item(f"b{i}") for i in range(3)], FIT)


# -- laws --------------------------------------------------------------------------------------------------------------

PLACES = st.sampled_from([TOWN, NEXT_TOWN, FAR_TOWN, GOVERNORATE, COUNTRY, NOWHERE, ROAD, SEA])
WHO = st.sampled_from([GOV, OPP, RU, REBELS, Named(), Named(("gov", "ru"), EITHER)])


@st.composite
def lists(draw: st.DrawFn) -> list[Item]:
    """A short list of entries of few days, places and persons."""
    made = []
    for i in range(draw(st.integers(0, 6))):
        start = DAY.start + draw(st.integers(0, 3)) * DAY_S
        made.append(
            Item(
                str(i), start, start + draw(st.sampled_from([3_600, DAY_S, 30 * DAY_S])), draw(PLACES),
                draw(st.sampled_from([(), ("shelling",), ("air-strike",), ("detain",)])), draw(WHO), draw(WHO),
                denies=draw(st.booleans()), is_own=draw(st.booleans()),
                killed=draw(st.sampled_from([(None, None), (1, 1), (3, 9)])),
            )
        )  # fmt: skip
    return made


def renamed(items: list[Item], side: str) -> list[Item]:
    """The same entries with ids of a side."""
    return [replace(one, id=side + one.id) for one in items]


def turned(found: Matching) -> Matching:
    """The same with both sides swapped."""
    pairs = tuple(replace(pair, a=pair.b, b=pair.a) for pair in found.pairs)
    return Matching(pairs, found.open_b, found.open_a, found.crowded, found.only_b, found.only_a)


@settings(max_examples=40)
@given(lists(), lists(), st.randoms(use_true_random=False))
def test_no_side_and_no_order_comes_first(a: list[Item], b: list[Item], random: object) -> None:
    """Swapped lists give swapped pairs; shuffled lists give the same; each entry stands in one place alone."""
    ours, theirs = renamed(a, "a"), renamed(b, "b")
    found = match(ours, theirs, FIT)
    assert match(theirs, ours, FIT) == turned(found)
    random.shuffle(ours)  # type: ignore[attr-defined]  # of hypothesis
    random.shuffle(theirs)  # type: ignore[attr-defined]  # of hypothesis
    assert match(ours, theirs, FIT) == found
    places = [p.a.id for p in found.pairs] + [p.b.id for p in found.pairs] + [*found.open_a, *found.open_b]
    assert sorted([*places, *found.only_a, *found.only_b]) == sorted(one.id for one in (*ours, *theirs))


@settings(max_examples=40)
@given(lists(), lists())
def test_what_stands_on_one_list_only_can_be_nothing_of_the_other(a: list[Item], b: list[Item]) -> None:
    """*Only* is said of an entry just when every entry of the other list is ruled out; a match is never ruled out."""
    ours, theirs = renamed(a, "a"), renamed(b, "b")
    found = match(ours, theirs, FIT)
    for one in ours:
        possible = any(FIT.compare(one, other).is_possible for other in theirs)
        assert (one.id in found.only_a) == (not possible)
    assert all(pair.alike.is_close for pair in found.pairs)


@settings(max_examples=40)
@given(lists(), lists(), st.integers(0, 5), st.integers(1, DAY_S))
def test_a_finer_time_never_turns_two_that_were_apart_into_one(
    a: list[Item], b: list[Item], at: int, cut: int
) -> None:  # fmt: skip
    """Narrowing what an entry says rules more out, and brings back nothing that was ruled out."""
    if at >= len(a) or not b:
        return
    one, fine = a[at], replace(a[at], end=max(a[at].start + 1, a[at].end - cut))
    for other in b:
        if not FIT.compare(one, other).is_possible:
            assert not FIT.compare(fine, other).is_possible


def test_comparison_is_the_same_both_ways() -> None:
    """Whoever is named first is no more right."""
    one, other = item("a", place=NEXT_TOWN, killed=(1, 2)), item("b", actor=RU, act="air-strike")
    assert FIT.compare(one, other) == FIT.compare(other, one)
    assert isinstance(FIT.compare(one, other), Alike)
