"""Even-handed: where two sides change places in text and reports, they change places on every screen, and nothing else.

The twin of a case has the ids of the sides exchanged, in the agreement and in every report. What it shows, with the ids
exchanged back, is what the case shows: every text as often, in every kind of element, of every class.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.evidence.bench import lines
from tests.web.screens.conftest import Demo, demonstration
from truceline import desk
from truceline.desk import keyring, records
from truceline.desk.charters import new_charter
from truceline.desk.records import Draft
from truceline.record.charter import plain
from truceline.record.register import KEYS
from truceline.store.case import Case

TEXT = Path(__file__).parents[2] / "agreement" / "terms-example.yaml"
OTHER = {"gov": "opp", "opp": "gov", "west": "east", "east": "west"}
SIDES = re.compile(r"\b(gov|opp|west|east)\b")
MADE = re.compile(r"[0-9a-f]{12,}|[A-Za-z0-9+/_=-]{40,}")
"""Hashes and tokens: they are of other bytes."""

PAGES = (
    ("/", "public"), ("/", "party:gov"), ("/?day=2016-09-14", "secretariat"),
    ("/ledger", "public"), ("/ledger", "party:west"), ("/ledger?actor=gov", "party:gov"),
    ("/ledger/findings", "party:gov"),
    ("/ledger/matched?a=gov&b=opp", "party:gov"), ("/ledger/matched?a=west&b=east", "mediator"),
    ("/case/r-0", "party:gov"), ("/case/r-1", "secretariat"), ("/case/r-2", "party:opp"),
    ("/case/r-1/request", "secretariat"),
    ("/agreement", "public"), ("/agreement/obligations?at=2016-09-13T12:00", "party:gov"),
    ("/agreement/designations?at=2016-09-15", "public"), ("/agreement/lint", "public"),
    ("/exchange", "party:west"), ("/exchange", "mediator"), ("/exchange/areas", "party:west"),
    ("/exchange/handovers", "party:east"), ("/exchange/handovers", "mediator"), ("/notify", "party:west"),
    ("/notify/new", "party:west"),
    ("/what-if", "mediator"), ("/record", "public"), ("/review", "secretariat"), ("/demo", "public"),
)  # fmt: skip


def swapped(text: str) -> str:
    """The sides in each other's place."""
    return SIDES.sub(lambda found: OTHER[found[1]], text)


def reports() -> str:
    """Of both sides, by both sides, some alike and some not."""
    made = [
        {"actor_claimed": "gov", "target_claimed": "opp", "start": "2016-09-13"},
        {"actor_claimed": "opp", "target_claimed": "gov", "start": "2016-09-14", "act": "shelling"},
        {"actor_claimed": "gov", "target_claimed": "civilians", "start": "2016-09-14"},
        {"actor_claimed": "opp", "target_claimed": "hospital", "start": "2016-09-12"},
        {"actor_claimed": "gov-air", "start": "2016-09-14", "act": "air strike"},
        {"actor_claimed": "west", "target_claimed": "gov", "start": "2016-09-14", "claimed_by": "east"},
        {"actor_claimed": "east", "target_claimed": "opp", "start": "2016-09-14", "claimed_by": "west"},
    ]  # fmt: skip
    return b"".join(lines(*made)).decode()


CELLS = ("852d8a9bfffffff", "852d8aaffffffff", "852d8aabfffffff", "852d8ab7fffffff")


def spoken(case: Case, one: str, other: str) -> None:
    """Each names cells, the one disputes one of the other's, and hands over a list whose period both read otherwise."""
    for party in (one, other):
        records.append(case, [Draft(KEYS, plain(keyring.key_set(party, is_demo=True)), party)])
    mine, others = (sorted(cells) for cells in (CELLS[:3], CELLS[1:]))
    period = {"words": "through March", "since": "2019-12-01", "until": "2020-03-31"}
    handed = {"kind": "areas", "to": other, "day": "2019-12-02", "format": "on paper", "period": period}
    first = records.append(case, [
        Draft("map-proposal", {"cells": mine}, one), Draft("map-proposal", {"cells": others}, other),
        Draft("handover", handed, one),
    ])  # fmt: skip
    answer = {"to": first[1].index, "disputes": [CELLS[3]]}
    reading = {"to": first[2].index, "says": "acknowledged", "period": {"words": "for two weeks"}}
    records.append(case, [Draft("map-answer", answer, one), Draft("handover-answer", reading, other)])


def founded(room: Path, name: str, text: str, told: str) -> Path:
    """The folder of a case of a text and reports."""
    (room / name).mkdir()
    agreement, evidence = room / name / "agreement.yaml", room / name / "reports.jsonl"
    agreement.write_text(text, encoding="utf-8")
    evidence.write_text(told, encoding="utf-8")
    case = desk.init_case(room / name / "case", agreement, new_charter("mirror", is_demo=True))
    added = desk.add_files(case, [evidence])
    assert added[0].rejected == 0
    spoken(case, *(("west", "east") if name == "one" else ("east", "west")))
    case.close()
    return room / name / "case"


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Demo]]:
    """A case and its twin."""
    room, text = tmp_path_factory.mktemp("twins"), TEXT.read_text(encoding="utf-8")
    text = re.sub(r"\bus\b", "west", re.sub(r"\bru\b", "east", text))  # ids that are no words of a sentence
    one = founded(room, "one", text, reports())
    two = founded(room, "two", swapped(text), swapped(reports()))
    with demonstration(one) as first, demonstration(two) as second:
        yield first, second


class Shown(HTMLParser):
    """What a page shows: each text with the elements and classes around it."""

    def __init__(self) -> None:
        """Nothing yet."""
        super().__init__()
        self.found: Counter[tuple[str, str]] = Counter()
        self._above: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        looks = " ".join(sorted((dict(attrs).get("class") or "").split()))
        self._above.append(f"{tag}.{looks}")
        if tag in {"input", "meta", "link", "br", "img", "hr", "rect", "path", "circle"}:
            self._above.pop()

    def handle_endtag(self, tag: str) -> None:
        """It ends."""
        while self._above and not self._above.pop().startswith(f"{tag}."):
            pass

    def handle_data(self, data: str) -> None:
        """A text."""
        text = MADE.sub("…", " ".join(data.split()))
        if text and not (self._above and self._above[-1].startswith(("script", "style"))):
            self.found[text, "/".join(self._above[-2:])] += 1


def shown(page: str) -> Counter[tuple[str, str]]:
    """Every text of a page, and how it looks."""
    found = Shown()
    found.feed(page)
    return found.found


@pytest.mark.parametrize(("path", "role"), PAGES)
def test_the_twin_shows_the_same_with_the_sides_exchanged(twins: tuple[Demo, Demo], path: str, role: str) -> None:
    """Whatever is said of one side is said of the other in its place, as large and in the same element."""
    one, two = twins
    page, other = one.page(f"{path}", role), two.page(swapped(path), swapped(role))
    found, mirrored = shown(page), shown(swapped(other))
    assert found - mirrored == Counter()
    assert mirrored - found == Counter()


def test_a_page_that_favours_a_side_would_be_found() -> None:
    """One word more about one side, or a larger one, is not the same."""
    plain = "<p>gov</p><p>opp</p>"
    assert shown(plain) == shown(swapped(plain))
    for favours in ("<p>gov 2</p><p>opp 1</p>", "<h1>gov</h1><p>opp</p>", '<p class="bad">gov</p><p>opp</p>'):
        assert shown(favours) != shown(swapped(favours))
