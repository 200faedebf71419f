"""Before signing: every kind of finding fires where it should, and stays silent where nothing is amiss."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
import shapely

from truceline.agreement import lint
from truceline.agreement.lint import KINDS, Finding
from truceline.agreement.model import Agreement
from truceline.agreement.reach import Reach
from truceline.agreement.text import load
from truceline.areas import Gazetteer, Unit
from truceline.assess import gaps
from truceline.assess.gaps import Came
from truceline.assess.place import Placed
from truceline.atlas import Atlas
from truceline.space import E2, ROOT_OF_REST, SEMI_MAJOR_M, on_grid
from truceline.span import FAR_AHEAD

ROOT = Path(__file__).resolve().parents[2]
HEAD = """truceline: 1
id: t
title: {en: A truce}
sources: {T: "a text"}
"""
ACTORS = """actors:
  a: {kind: guarantor}
  council: {kind: body, members: [a]}
  empty: {kind: body}
  north: {kind: side}
  north-air: {part_of: north}
  south: {kind: side}
facts:
  - {accepted: [north, south, a], source: T}
"""
NORTH_PULLS = "  - {id: p, kind: require, who: north, do: pull, on: {at: 2024-01-01}, "
SOUTH_PULLS = "  - {id: q, kind: require, who: south, do: pull, on: {at: 2024-01-01}, "
QUIET = "  - {id: quiet, kind: prohibit, who: bound, does: attack, to: bound, source: T}\n"

Texts = tuple[str, str, str]
"""Kind, a text where it fires, a text where it does not: each `top-level parts` | `terms`, or terms alone."""

CASES: tuple[Texts, ...] = (
    (
        "contradiction",
        "  - {id: go, kind: require, who: north-air, do: air-strike, source: T}\n"
        "  - {id: stay, kind: prohibit, who: north, does: attack, source: T}\n",
        "  - {id: go, kind: require, who: south, do: air-strike, source: T}\n"
        "  - {id: stay, kind: prohibit, who: north, does: attack, source: T}\n",
    ),
    (
        "together-triggers",
        NORTH_PULLS + "together: {within: PT6H, with: [q]}, source: T}\n"
        + "  - {id: q, kind: require, who: south, do: pull, on: {at: 2024-01-02}, source: T}\n",
        NORTH_PULLS + "together: {within: PT6H, with: [q]}, source: T}\n"
        + "  - {id: q, kind: require, who: south, do: pull, on: {at: 2024-01-01}, source: T}\n",
    ),
    (
        "together-forbidden",
        "  - {id: p, kind: require, who: north, do: withdraw, on: {at: 2024-01-01}, together: PT6H, source: T}\n"
        "  - {id: q, kind: require, who: south, do: withdraw, on: {at: 2024-01-01}, together: PT6H, source: T}\n"
        "  - {id: stay, kind: prohibit, who: north, does: withdraw, source: T}\n",
        "  - {id: p, kind: require, who: north, do: withdraw, on: {at: 2024-01-01}, together: PT6H, source: T}\n"
        "  - {id: q, kind: require, who: south, do: withdraw, on: {at: 2024-01-01}, together: PT6H, source: T}\n"
        "  - {id: stay, kind: prohibit, who: north, does: withdraw, until: 2023-12-01, source: T}\n",
    ),
    (
        "together-waits",
        NORTH_PULLS + "if: {fulfilled: q}, together: PT6H, source: T}\n"
        + SOUTH_PULLS + "if: {fulfilled: p}, together: PT6H, source: T}\n",
        NORTH_PULLS + "if: {fulfilled: q}, together: PT6H, source: T}\n"
        + SOUTH_PULLS + "together: PT6H, source: T}\n",
    ),
    (
        "mutual-while",
        "  - {id: n, kind: prohibit, who: north, does: attack, while: {complies: south}, source: T}\n"
        "  - {id: s, kind: prohibit, who: south, does: attack, while: {complies: north}, source: T}\n",
        "  - {id: n, kind: prohibit, who: north, does: attack, while: {complies: south}, source: T}\n"
        "  - {id: s, kind: prohibit, who: south, does: attack, source: T}\n",
    ),
    (
        "deadlock",
        "  - {id: n, kind: require, who: north, do: pull, on: {done: s}, source: T}\n"
        "  - {id: s, kind: require, who: south, do: pull, on: {done: n}, source: T}\n",
        "  - {id: n, kind: require, who: north, do: pull, on: {any: [{done: s}, {at: 2024-01-01}]}, source: T}\n"
        "  - {id: s, kind: require, who: south, do: pull, on: {done: n}, source: T}\n",
    ),
    (
        "deadline-before-trigger",
        "  - {id: start, kind: define, is: {at: 2024-02-01}, source: T}\n"
        "  - {id: n, kind: require, who: north, do: pull, from: start, by: 2024-01-15, source: T}\n",
        "  - {id: start, kind: define, is: {at: 2024-02-01}, source: T}\n"
        "  - {id: n, kind: require, who: north, do: pull, from: start, by: 2024-02-15, source: T}\n",
    ),
    (
        "never-adopted",
        "instruments: {P: {title: paper, adopted: false}}\n|"
        "  - {id: n, kind: prohibit, who: north, does: attack, instrument: P, source: T}\n",
        "instruments: {P: {title: paper}}\n|"
        "  - {id: n, kind: prohibit, who: north, does: attack, instrument: P, source: T}\n",
    ),
    (
        "never-triggered",
        "  - {id: n, kind: require, who: north, do: pull, on: {opened: allegation}, source: T}\n",
        "  - {id: n, kind: require, who: north, do: pull, on: {opened: allegation}, source: T}\n"
        "  - {id: allege, kind: power, who: any, effect: {open: allegation}, source: T}\n",
    ),
    (
        "empty-window",
        "  - {id: start, kind: define, is: {at: 2024-02-01}, source: T}\n"
        "  - {id: n, kind: prohibit, who: north, does: attack, from: start, until: 2024-01-15, source: T}\n",
        "  - {id: start, kind: define, is: {at: 2024-01-01}, source: T}\n"
        "  - {id: n, kind: prohibit, who: north, does: attack, from: start, until: 2024-01-15, source: T}\n",
    ),
    (
        "nobody",
        "  - {id: open, kind: power, who: empty, source: T}\n",
        "  - {id: open, kind: power, who: council, source: T}\n",
    ),
    (
        "not-accepted",
        "actors: {north: {kind: side}, south: {kind: side}}\nfacts:\n  - {accepted: south, source: T}\n|"
        "  - {id: n, kind: prohibit, who: north, does: attack, source: T}\n",
        "actors: {north: {kind: side}, army: {part_of: north}}\nfacts:\n  - {accepted: north, source: T}\n|"
        "  - {id: n, kind: prohibit, who: army, does: attack, source: T}\n",
    ),
    (
        "nobody-answers",
        "actors: {north: {kind: side}}\nfacts:\n  - {accepted: north, source: T}\n|" + QUIET
        + "  - {id: p, kind: permit, who: bound, does: attack, except: [quiet], ask: proportionate, source: T}\n",
        QUIET + "  - {id: p, kind: permit, who: bound, does: attack, except: [quiet], ask: proportionate, source: T}\n",
    ),
    (
        "undefined-word",
        "  - {id: n, kind: require, who: north, do: pull, on: {findings: persistent}, source: T}\n",
        "words: {persistent: {readings: [{at_least: 3, per: P14D}, {at_least: 10, per: P30D}], adopted: 0}}\n|"
        "  - {id: n, kind: require, who: north, do: pull, on: {findings: persistent}, source: T}\n",
    ),
    (
        "open-word",
        "words: {prompt: {readings: [{within: PT6H}, {within: P2D}], adopted: none}}\n|"
        "  - {id: n, kind: require, who: north, do: pull, within: prompt, source: T}\n",
        "words: {prompt: {readings: [{within: PT6H}, {within: P2D}], adopted: 1}}\n|"
        "  - {id: n, kind: require, who: north, do: pull, within: prompt, source: T}\n",
    ),
    (
        "withheld",
        "zones: {z: {geo: 'annex:z', text: withheld}}\n|"
        "  - {id: n, kind: prohibit, who: north, does: fly, in: z, source: T}\n",
        "zones: {z: {geo: 'annex:z'}}\n|  - {id: n, kind: prohibit, who: north, does: fly, in: z, source: T}\n",
    ),
    (
        "permit-of-nothing",
        QUIET + "  - {id: p, kind: permit, who: bound, does: medevac, except: [quiet], source: T}\n",
        QUIET + "  - {id: p, kind: permit, who: bound, does: rocket, except: [quiet], source: T}\n",
    ),
    (
        "no-source",
        "  - {id: n, kind: prohibit, who: north, does: attack}\n",
        "  - {id: n, kind: prohibit, who: north, does: attack, source: none}\n",
    ),
    (
        "no-translation",
        "  - {id: n, kind: prohibit, who: north, does: attack, source: T, text: {ar: لا هجوم}}\n",
        "  - {id: n, kind: prohibit, who: north, does: attack, source: T, text: {en: No attack}}\n",
    ),
)  # fmt: skip


def text_of(parts: str) -> Agreement:
    """A whole text from its terms, or from `top-level parts | terms`."""
    top, mark, terms = parts.rpartition("|")
    actors = "" if mark and "actors:" in top else ACTORS
    return load(f"{HEAD}{actors}{top}terms:\n{terms}".encode(), "t.yaml")


def of_kind(found: list[Finding], kind: str) -> list[Finding]:
    """The findings of one kind."""
    return [finding for finding in found if finding.kind == kind]


@pytest.mark.parametrize(("kind", "fires", "silent"), CASES, ids=[case[0] for case in CASES])
def test_each_kind_fires_where_it_should_and_only_there(kind: str, fires: str, silent: str) -> None:
    """A warning that comes everywhere is read by nobody; one that never comes guards nothing."""
    found = of_kind(lint.findings(text_of(fires)), kind)
    assert found
    assert all(f.message and f.advice and f.line >= 0 for f in found)
    assert of_kind(lint.findings(text_of(silent)), kind) == []


def test_every_kind_of_the_text_alone_has_a_case() -> None:
    """The list is closed: a kind without a case is a promise nobody holds."""
    with_areas = {"zones-overlap", "no-shape", "no-evidence", "no-coverage"}
    assert {case[0] for case in CASES} | with_areas == set(KINDS)


def test_every_kind_is_in_the_how_to() -> None:
    """A drafter looks a kind up by its name."""
    page = (ROOT / "docs/how-to/check-a-draft.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == set(KINDS)


def test_a_contradiction_is_found_by_membership_and_by_kind_of_act() -> None:
    """The air force is a part of the north and a strike a kind of attack: equality alone would see neither."""
    (found,) = of_kind(lint.findings(text_of(CASES[0][1])), "contradiction")
    assert found.terms == ("go", "stay")
    assert found.message == "terms `go` and `stay` require and forbid `air-strike` of overlapping actors"


def test_windows_that_never_meet_do_not_contradict() -> None:
    """What is required in January and forbidden in March is no contradiction."""
    apart = (
        "  - {id: go, kind: require, who: north, do: withdraw, until: 2024-02-01, source: T}\n"
        "  - {id: stay, kind: prohibit, who: north, does: withdraw, from: 2024-03-01, source: T}\n"
    )
    assert of_kind(lint.findings(text_of(apart)), "contradiction") == []
    assert of_kind(lint.findings(text_of(apart.replace("2024-03-01", "2024-01-15"))), "contradiction")


def test_simultaneous_is_an_answer_to_a_mutual_while() -> None:
    """The text may mean it: then it says so, and is not asked again."""
    (case,) = [c for c in CASES if c[0] == "mutual-while"]
    marked = re.sub(r"while: \{(complies: \w+)\}", r"while: {\1, simultaneous: true}", case[1])
    assert of_kind(lint.findings(text_of(marked)), "mutual-while") == []


def test_an_open_word_names_everything_that_hangs_on_it() -> None:
    """Through definitions and powers too: whoever signs wants to know how far a word reaches."""
    text = text_of(
        "words: {calm: {readings: [{none: surely-breach}, {deaths_vs_baseline: 0.5}], adopted: none}}\n|"
        "  - {id: q7, kind: define, is: {consecutive: {days: 7, that: calm}}, source: T}\n"
        "  - {id: open, kind: power, who: council, if: {all: [q7]}, source: T}\n"
        "  - {id: n, kind: prohibit, who: north, does: fly, from: {done: open}, source: T}\n"
    )
    (found,) = of_kind(lint.findings(text, {"calm": 9}), "open-word")
    assert (found.terms, found.line) == (("q7", "open", "n"), 9)


def test_lines_of_words_are_those_of_the_file() -> None:
    """A finding about a word leads to its line."""
    data = b"truceline: 1\nid: t\nwords:\n  calm: {readings: []}\n  soon: {readings: []}\n"
    assert lint.word_lines(data, "t") == {"calm": 4, "soon": 5}
    assert lint.word_lines(b"[", "t") == {}


def test_what_rests_on_a_paper_never_comes() -> None:
    """A duty that waits for a power of a paper never adopted is never owed, and the reason says so."""
    text = text_of(
        "instruments: {P: {adopted: false}}\n|"
        "  - {id: open, kind: power, who: council, instrument: P, source: T}\n"
        "  - {id: n, kind: require, who: north, do: pull, on: {done: open}, source: T}\n"
    )
    (found,) = of_kind(lint.findings(text), "never-triggered")
    assert found.terms == ("n",)
    assert "never adopted" in found.message


def test_a_bound_is_never_narrower_than_what_can_be() -> None:
    """What nobody knows bounds nothing: else a possible duty would be called impossible."""
    text = text_of(
        "  - {id: n, kind: require, who: north, do: pull, on: {request: access, by: south}, source: T}\n"
        "  - {id: w, kind: define, is: {from: 2024-01-01, for: P2D}, source: T}\n"
        "  - {id: s, kind: prohibit, who: south, does: attack, while: w, source: T}\n"
    )
    reach = Reach(text)
    assert reach.term("n") is not None and reach.never == {}
    start, end = reach.term("w") or (0, 0)
    assert (end - start, reach.term("s")) == (2 * 86_400, (start, end))


# -- with areas and evidence -----------------------------------------------------------------------------------------

ZONES = """zones:
  u: {polygon: [[36, 35], [37, 35], [37, 36], [36, 36]]}
  v: {polygon: [[WEST, 35], [38, 35], [38, 36], [WEST, 36]]}
"""
RULES = (
    "  - {id: n, kind: prohibit, who: bound, does: attack, in: u, source: T}\n"
    "  - {id: s, kind: prohibit, who: bound, does: attack, in: v, from: 2024-01-01, source: T}\n"
)


def asked(parts: str, came: Came | None = None, atlas: Atlas | None = None) -> list[Finding]:
    """The findings that need areas or evidence."""
    text = text_of(parts)
    return gaps.findings(text, Placed(text.zones, atlas or Atlas()), came or Came(frozenset({"attack"})))


def test_zones_that_overlap_under_different_rules_are_named_with_their_area() -> None:
    """Half a degree by a degree, 10^3 km²: all rules apply there, and a drafter should know."""
    (found,) = of_kind(asked(f"{ZONES.replace('WEST', '36.5')}|{RULES}"), "zones-overlap")
    assert found.terms == ("n", "s")
    assert re.search(r"`u` and `v` overlap by 5,?0\d\d km²", found.message)


@pytest.mark.parametrize("west", ["37", "36.999999", "37.5"])
def test_zones_that_touch_or_overlap_by_less_than_a_metre_do_not(west: str) -> None:
    """Neighbours touch; a line drawn twice is not a conflict."""
    assert of_kind(asked(f"{ZONES.replace('WEST', west)}|{RULES}"), "zones-overlap") == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (", from: 2024-01-01", ""), ("does: attack, in: v", "does: fly, in: v"),
        ("id: s, kind: prohibit, who: bound", "id: s, kind: prohibit, who: {is: excluded}"),
    ],
)  # fmt: skip
def test_zones_of_one_rule_or_of_other_acts_do_not(old: str, new: str) -> None:
    """The same rule twice, or rules on acts that have nothing in common, leave nothing open."""
    assert of_kind(asked(f"{ZONES.replace('WEST', '36.5')}|{RULES.replace(old, new)}"), "zones-overlap") == []


def test_units_are_compared_by_code() -> None:
    """A district lies in its governorate whatever their drawn edges say."""
    units = (Unit("X", 0), Unit("X-1", 1, "X"), Unit("X-1-1", 2, "X-1"), Unit("X-2", 1, "X"))
    zones = "zones:\n  u: {geo: 'admin:X-1'}\n  v: {geo: 'admin:CODE'}\n"
    atlas = Atlas(gazetteer=Gazetteer(units))
    assert of_kind(asked(f"{zones.replace('CODE', 'X-1-1')}|{RULES}", atlas=atlas), "zones-overlap")
    assert of_kind(asked(f"{zones.replace('CODE', 'X-2')}|{RULES}", atlas=atlas), "zones-overlap") == []


def test_a_zone_in_no_file_is_named_and_one_that_is_there_is_not() -> None:
    """A misspelt code answers 0 for ever, without a fault."""
    parts = (
        "zones: {z: {geo: 'annex:bridge'}}\n|  - {id: n, kind: prohibit, who: north, does: attack, in: z, source: T}\n"
    )
    there = Atlas(shapes={"bridge": on_grid(shapely.box(36, 35, 36.1, 35.1))})
    assert [f.terms for f in of_kind(asked(parts), "no-shape")] == [("n",)]
    assert of_kind(asked(parts, atlas=there), "no-shape") == []


def test_an_act_that_nothing_leads_to_is_named() -> None:
    """A ban on flights that no wording and no report can ever match forbids nothing anybody will see."""
    parts = "  - {id: n, kind: prohibit, who: north, does: fly, source: T}\n"
    assert [f.terms for f in of_kind(asked(parts), "no-evidence")] == [("n",)]
    assert of_kind(asked(parts, Came(frozenset({"medevac"}))), "no-evidence") == []


def test_coverage_that_no_evidence_carries_is_named() -> None:
    """Seven days that nobody watched are never surely calm."""
    parts = "  - {id: q, kind: define, is: {consecutive: {days: 7, that: {none: attack}}}, source: T}\n"
    acts = frozenset({"attack"})
    assert [f.terms for f in of_kind(asked(parts, Came(acts, 1)), "no-coverage")] == [("q",)]
    assert of_kind(asked(parts, Came(acts, 1, True)), "no-coverage") == []
    assert of_kind(asked(parts, Came(acts, 0)), "no-coverage") == []


def test_areas_are_geodesic() -> None:
    """A square of degrees has the area that the formula of the ellipsoid gives; a hole is not counted."""
    square = on_grid(shapely.box(0, 0, 1, 1))
    e, polar, sine = math.sqrt(E2), SEMI_MAJOR_M * ROOT_OF_REST, math.sin(math.radians(1))
    zone = polar**2 / 2 * (sine / (1 - E2 * sine**2) + math.atanh(e * sine) / e)
    assert abs(gaps.area_m2(square) - math.radians(1) * zone) < 1_000
    holed = on_grid(shapely.Polygon(shapely.box(0, 0, 1, 1).exterior, [shapely.box(0.25, 0.25, 0.75, 0.75).exterior]))
    assert abs(gaps.area_m2(holed) / gaps.area_m2(square) - 0.75) < 0.001


def test_an_area_of_unknown_shape_is_none() -> None:
    """No shape is not no area."""
    text = text_of("zones: {z: {geo: 'annex:z'}}\n|" + QUIET)
    assert gaps.km2(Placed(text.zones, Atlas()), ("z",)) is None


def test_the_order_of_terms_decides_no_bound() -> None:
    """A circle with a way in comes true by that way, whichever of its terms stands first."""
    one = "  - {id: one, kind: require, who: north, do: pull, on: {any: [{done: two}, {at: 2024-01-01}]}, source: T}\n"
    two = "  - {id: two, kind: require, who: south, do: pull, on: {done: one}, source: T}\n"
    for rows in (one + two, two + one):
        reach = Reach(text_of(rows))
        assert reach.never == {}
        assert reach.term("one") == reach.term("two") == (1_704_067_200, FAR_AHEAD)


def test_a_bound_holds_the_windows_of_all_versions() -> None:
    """Where two published versions differ, what one of them allows can be."""
    reach = Reach(text_of("  - {id: n, kind: prohibit, who: north, does: attack, until: 2024-03-01, source: T,\n"
                          "     versions: [{from: 2024-01-01}, {from: 2024-02-01}]}\n"))  # fmt: skip
    assert reach.term("n") == (1_704_067_200, 1_709_251_200)


def test_a_ban_that_may_forbid_a_joint_duty_is_told_in_words() -> None:
    """An *attack* may be an *air-strike* and need not: the sentence must not say that it is."""
    text = text_of(NORTH_PULLS.replace("do: pull", "do: attack") + "together: PT6H, source: T}\n"
                   + SOUTH_PULLS + "together: PT6H, source: T}\n"
                   + "  - {id: ban, kind: prohibit, who: north, does: air-strike, source: T}\n")  # fmt: skip
    (found,) = of_kind(lint.findings(text), "together-forbidden")
    assert found.message.endswith("term `ban` may forbid `attack`")


def test_a_ban_on_an_idle_body_that_never_comes_is_reported() -> None:
    """Only a duty or a power of a body without members is told as such: all else says why it can never be."""
    text = text_of(
        "instruments: {P: {adopted: false}}\n|"
        "  - {id: open, kind: power, who: council, instrument: P, source: T}\n"
        "  - {id: n, kind: prohibit, who: empty, does: attack, from: open, source: T}\n"
    )
    assert [found.terms for found in of_kind(lint.findings(text), "never-triggered")] == [("n",)]
