"""The screens of the exchange: a map that says the same as its table, drafts that a side signs, and nothing joined."""

from __future__ import annotations

import re

import msgspec
import pytest

from tests.web.screens.conftest import Demo, sent
from truceline.desk import designated, exchanged, mapdrafts
from truceline.desk.designated import MapAnswer, MapProposal
from truceline.desk.viewers import Viewer
from truceline.exchange.floor import check_cells
from truceline.report.language import LANGUAGES, Words

PLACES = ("/exchange", "/exchange/areas", "/exchange/sealed", "/exchange/handovers")
FINE = "892d8a9b04fffff"
STANDS = ("agreed", "a", "b", "disputed", "neither")


def patches(page: str) -> dict[str, str]:
    """The patches of a map that somebody spoke of: key to how it stands."""
    found = re.findall(r'<g class="exch-cell is-(\w+)" data-cell="(8[0-9a-f]{14})"', page)
    return {cell: stands for stands, cell in found if stands != "free"}


def draft(page: str) -> dict[str, object]:
    """The first draft that a page gives to the script that signs."""
    found = re.search(r'<script type="application/json">(\{.*?\})</script>', page)
    assert found, page[-2000:]
    told: dict[str, object] = msgspec.json.decode(found[1])
    return told


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_says_what_the_map_shows(demo: Demo, lang: str) -> None:
    """Every patch has its row with the same standing; all five ways occur, each with a mark or a hatch of its own."""
    page = demo.page("/exchange", "party:us", lang)
    drawn, words = patches(page), Words(lang)
    assert set(drawn.values()) == set(STANDS)
    rows = re.findall(r'<tr id="c-(8[0-9a-f]{14})">.*?class="exch-sign is-(\w+)"', page, re.DOTALL)
    assert dict(rows) == drawn
    for stands, look in (("a", "url(#exch-a)"), ("b", "url(#exch-b)"), ("disputed", "url(#exch-disputed)")):
        one = re.search(rf'<g class="exch-cell is-{stands}".*?</g>', page, re.DOTALL)
        assert one
        assert look in one[0]
    assert str(words.say("named by neither")) in page


def test_the_sides_are_shown_alike(demo: Demo) -> None:
    """The same lines of the same elements for both, in one order for whoever looks."""
    for role in ("party:us", "party:ru", "mediator"):
        blocks = re.findall(r'<section class="exch-side".*?</section>', demo.page("/exchange", role), re.DOTALL)
        assert len(blocks) == 2
        shapes = [re.sub(r">[^<]*<", "><", re.sub(r'="[^"]*"', '=""', block)) for block in blocks]
        assert shapes[0] == shapes[1]
        assert "United States" in blocks[0]


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("role", ["party:us", "secretariat", "mediator"])
def test_nothing_is_joined_to_an_area(demo: Demo, path: str, role: str) -> None:
    """No report, no flight, no notified site, and no cell finer than the floor is on these pages."""
    page = demo.page(path, role)
    assert "/case/" not in page
    assert "/notify/" not in page
    assert not re.search(r'data-(lon|lat)|"(lon|lat)(_deg)?"', page)
    check_cells(sorted(set(re.findall(r"(?<![0-9a-f])8[0-9a-f]{14}(?![0-9a-f])", page))), may_lack=True)
    assert not re.search(r"\bsy-\d{3}\b", page)


def test_who_has_no_part_in_it_is_shown_nothing(demo: Demo) -> None:
    """To the public, the monitors and the desks these pages are not there."""
    for role in ("public", "monitor:un", "intake", "notices"):
        for path in PLACES:
            assert demo.seat(role).get(path).status_code == 404


def test_choices_become_a_proposal_and_an_answer(demo: Demo) -> None:
    """What is chosen cell by cell is said in statements that the record would take; nothing is said by looking."""
    before = len(demo.service.case.entries())
    drawn = patches(demo.page("/exchange", "party:us"))
    cells = {stands: cell for cell, stands in drawn.items()}
    found = sent(demo, "party:us", "/exchange", **{f"of-{cells['a']}": "withdraw", f"of-{cells['b']}": "agree"})
    assert found.status_code == 200, found.text[:300]
    bodies = [msgspec.json.decode(one) for one in re.findall(r'json">(\{.*?\})</script>', found.text)]
    kinds = {one["type"]: one["body"] for one in bodies}
    proposal = msgspec.convert(kinds["map-proposal"], MapProposal)
    answer = msgspec.convert(kinds["map-answer"], MapAnswer)
    assert cells["a"] not in proposal.cells
    assert cells["agreed"] in proposal.cells
    assert cells["b"] in answer.agrees
    text = exchanged.text_in_force(demo.service.case)
    assert designated.side_of(text, "us") == "us"
    assert len(demo.service.case.entries()) == before
    assert "truceline submit" in found.text
    nothing = sent(demo, "party:us", "/exchange")
    assert "Nothing new is said" in nothing.text


def test_a_version_is_of_what_both_name(demo: Demo) -> None:
    """Neither more nor less; who speaks for no side of the map drafts none."""
    found = sent(demo, "party:ru", "/exchange", what="version")
    body = draft(found.text)["body"]
    assert isinstance(body, dict)
    told = designated.map_shown(demo.service.case, demo_viewer("ru"))
    assert body["cells"] == [one.cell for one in told.cells if one.stands == "agreed"]
    assert sent(demo, "party:gov", "/exchange", what="version").status_code == 422


def demo_viewer(party: str) -> Viewer:
    """Somebody of a party."""
    return Viewer("demo", "party", party)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/exchange", {"more": FINE}),
        ("/exchange", {"more": "36.2021, 37.1343"}),
        ("/exchange", {f"of-{FINE}": "name"}),
        ("/exchange/areas", {"group": "isil", "day": "2020-02-01", "cells": FINE}),
        ("/exchange/areas", {"group": "36.2021, 37.1343", "day": "2020-02-01", "cells": ""}),
        ("/exchange/handovers", {"what": "handover", "to": "ru", "kind": "areas", "day": "2020-02-01",
                                 "format": "37SBA4001", "words": "at 36.2021, 37.1343"}),
        ("/exchange/handovers", {"what": "handover", "to": "ru", "kind": "areas", "day": "2020-02-01",
                                 "format": "cells 852d8a9bfffffff", "words": "a month"}),
        ("/exchange/handovers", {"what": "handover", "to": "ru", "kind": "areas", "day": "2999-02-01",
                                 "format": "a table", "words": "a month"}),
    ],
)  # fmt: skip
def test_what_is_finer_than_a_cell_becomes_no_draft(demo: Demo, path: str, fields: dict[str, str]) -> None:
    """It is refused, never rounded, and the refusal does not repeat it as a draft."""
    found = sent(demo, "party:us", path, **fields)
    assert found.status_code == 422, found.text[:300]
    assert 'role="alert"' in found.text
    assert 'type="application/json"' not in found.text


def test_both_readings_of_a_period_stand_side_by_side(demo: Demo) -> None:
    """In elements of one kind and one size, in the words of each."""
    page = demo.page("/exchange/handovers", "mediator")
    assert "through March" in page
    assert "for three months" in page
    assert "The two readings of the period differ." in page
    pairs = re.findall(r'<div class="exch-pair">(.*?)</div>\n<p', page, re.DOTALL)
    assert len(pairs) == 2
    assert all(one.count("<section><h3>") == 2 and one.count("<dt>") == 8 for one in pairs)


def test_an_exchange_says_what_is_due_from_whom(demo: Demo) -> None:
    """The side that has to hand over its list is told so, with the line for it; the other is not."""
    mine, other = (demo.page("/exchange/sealed", role) for role in ("party:ru", "party:us"))
    assert "truceline exchange reveal" in mine
    assert "hand over your sealed list" in mine
    assert "truceline exchange" not in other
    assert "awaited" in other
    assert mine.count('class="exch-sealed"') == other.count('class="exch-sealed"') == 2
    assert "None concerns you." in demo.page("/exchange/sealed", "party:gov")


def test_a_side_can_say_what_its_choices_allow(demo: Demo) -> None:
    """Of its own cells it withdraws, of the other's it says yes or no, of neither's it names."""
    told = designated.map_shown(demo.service.case, demo_viewer("us"))
    steps = list(designated.steps_of(demo.service.case, exchanged.text_in_force(demo.service.case)))
    sets = [frozenset(one.cells) for side in ("us", "ru") if (one := mapdrafts.newest(steps, side))]
    for cell in told.cells:
        found = mapdrafts.choices_of(cell, *sets)
        assert ("withdraw" in found) == (cell.cell in sets[0])
        assert ("agree" in found) == ("dispute" in found) == (cell.cell in sets[1])
        assert found
