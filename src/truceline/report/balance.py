"""What does the balance of a text look like? One picture and one table that say the same, in one language.

Every side has the same room, in the order of names; bars of terms share one scale, bars of area another. Colours tell
kinds of count apart and never good from bad. Nothing is summed or weighed. Values only: the templates draw them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup, escape

from truceline.agreement.balance import AREAS, MEASURES, Account, Balance
from truceline.report.language import Words, plain
from truceline.report.opened import environment, text_of
from truceline.report.page import LAW
from truceline.report.style import stylesheet
from truceline.report.timeline import Box

WIDE: Final = 1_200
HIGH: Final = 800
"""The picture, in CSS pixels."""

MOST_SIDES: Final = 8
"""So many sides have a column in the picture; the table has them all."""

LEFT, RIGHT, TOP = 28.0, 752.0, 176.0
ROW, BAR = 31.0, 15.0
LABEL = 208.0
NUMBER = 74.0
"""Room for the number behind a bar."""

MIDDLE_X, MIDDLE_Y, REACH_X, REACH_Y = 978.0, 396.0, 128.0, 180.0
NODE_W, NODE_H = 138.0, 42.0
CROWDED_W = 92.0
"""Width of the nodes where more than three stand in one gap between sides."""

SPREAD = 1.3
"""Nodes between the sides stand further apart than on a circle, and no further out than the sides."""

APART = 23.0
"""Numbers of arrows stand at least so far from one another, where there is room."""
RUNG = 55.0
"""Height of one rung of the ladder between two sides."""

LADDER = 778.0, 1_176.0, 178.0
"""Left, right and top of the ladder."""

SIDE_W, MID_W = 92.0, 108.0
MOST_RUNGS = 7
"""So many guarantors and bodies stand between two sides; the table has them all."""

BEND = 0.2
"""How far an arrow bends, by its length."""

LOOKS: Final = {"gives": "gives", "gets": "gets", "risks": "risks", "area": "area"}


@dataclass(frozen=True)
class Put:
    """A text on the paper; `anchor` is that of its direction."""

    x: float
    y: float
    text: str
    look: str
    anchor: str = "start"


@dataclass(frozen=True)
class Node:
    """An actor of the graph: its middle, its size and its lines of text."""

    x: float
    y: float
    wide: float
    high: float
    lines: tuple[str, ...]
    is_side: bool


@dataclass(frozen=True)
class Arrow:
    """Terms of one actor that wait for an act of another.

    Attributes:
        path: of the curve.
        x, y: where its number stands.
    """

    path: str
    x: float
    y: float
    n: int


@dataclass(frozen=True)
class Drawn:
    """Everything of the picture that has a place."""

    texts: tuple[Put, ...]
    bars: tuple[Box, ...]
    lines: tuple[tuple[float, float, float], ...]
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True)
class Row:
    """One line of the table: what is counted, and for each account the number and the ids behind it."""

    group: str
    label: Markup
    cells: tuple[tuple[int, tuple[str, ...]], ...]
    is_area: bool = False


@dataclass(frozen=True)
class Told:
    """What a page of a balance is made from.

    Attributes:
        title: of the text by language.
        names: id of an actor to its names by language.
    """

    title: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]
    balance: Balance
    agreement_hash: str


def render_svg(told: Told, lang: str) -> str:
    """Draw the picture as one SVG file that stands alone, `WIDE` by `HIGH`.

    Raises:
        InputError: no such language.
    """
    words = Words(lang)
    inner = _template("balance.svg.j2", told, words, is_alone=False)
    return _template("balance.svg.j2", told, words, is_alone=True, style=Markup(stylesheet(inner) + _css()))  # noqa: S704  # ours


def render_page(told: Told, lang: str) -> str:
    """Draw the picture and the table as one HTML file that stands alone.

    Raises:
        InputError: no such language.
    """
    words = Words(lang)
    body = Markup(_template("balance.html.j2", told, words, is_alone=False))  # noqa: S704  # autoescaped
    title = plain(words.name(told.title))
    return _environment().get_template("report.html.j2").render(
        words=words, title=title, style=Markup(stylesheet(body)), head=Markup(_css()), body=body,  # noqa: S704  # ours
    )  # fmt: skip


def labels(words: Words) -> Mapping[str, Markup]:
    """What each count is called."""
    return {
        "duties": words.say("Duties"),
        "deadlines": words.say("Duties with a deadline"),
        "prohibitions": words.say("Prohibitions"),
        "permits": words.say("Exceptions it may rely on"),
        "powers": words.say("Powers"),
        "protections": words.say("Terms owed towards it"),
        "one_sided": words.say("One-sided terms that bind it"),
        "waits": words.say("Terms waiting for others"),
        "open_words": words.say("Hanging on an open word"),
        "withheld": words.say("Text or map withheld"),
        "bound_km2": words.say("Where it is bound, km²"),
        "protected_km2": words.say("Where it is protected, km²"),
    }


def groups(words: Words) -> Mapping[str, Markup]:
    """What each group of counts is called."""
    return {
        "gives": words.say("Gives"), "gets": words.say("Gets"), "risks": words.say("Risks"), "area": words.say("Area"),
    }  # fmt: skip


def vias(words: Words) -> Mapping[str, Markup]:
    """How one can wait for another, in words."""
    return {
        "on": words.say("begins only after it"), "while": words.say("holds only while it lasts"),
        "if": words.say("depends on it"), "together": words.say("at the same time"),
        "procure": words.say("has to bring it about"),
    }  # fmt: skip


def rows(accounts: Sequence[Account], words: Words) -> list[Row]:
    """The table: every count of every account, in the order of the picture."""
    said = labels(words)
    found = [
        Row(group, said[m], tuple((a.count(m), getattr(a, m)) for a in accounts))
        for group, measures in MEASURES.items() for m in measures
    ]  # fmt: skip
    zones = {"bound_km2": "bound_zones", "protected_km2": "protected_zones"}
    found += [Row("area", said[m], tuple((getattr(a, m), getattr(a, zones[m])) for a in accounts), True) for m in AREAS]
    return found


def by_name(accounts: Iterable[Account], told: Told, lang: str) -> list[Account]:
    """Accounts in the order of the names that are shown, then of ids."""
    return sorted(accounts, key=lambda a: (name_of(told, a.id, lang).casefold(), a.id))


def name_of(told: Told, actor: str, lang: str) -> str:
    """The name that is shown of an actor; its id where it has none."""
    names = told.names.get(actor, {})
    return names.get(lang) or names.get("en") or actor


def draw(told: Told, words: Words) -> Drawn:
    """Put every bar, name and arrow on the paper."""
    sides = by_name(told.balance.sides, told, words.lang)[:MOST_SIDES]
    chart, bars, lines = _chart(told, sides, words)
    nodes, arrows = _graph(told, words)
    if words.dir == "rtl":
        chart = [Put(_turn(p.x), p.y, p.text, p.look, p.anchor) for p in chart]
        bars = [Box(_turn(b.x + b.wide), b.y, b.wide, b.high, b.look) for b in bars]
        lines = [(_turn(right), y, _turn(left)) for left, y, right in lines]
    return Drawn(tuple(chart), tuple(bars), tuple(lines), tuple(nodes), tuple(arrows))


def _turn(x: float) -> float:
    """A place of the chart as read from the right."""
    return round(WIDE - x, 1)


# -- the chart -------------------------------------------------------------------------------------------------------


def _chart(
    told: Told, sides: Sequence[Account], words: Words
) -> tuple[list[Put], list[Box], list[tuple[float, float, float]]]:
    texts, bars, lines = [], [], []
    columns = _columns(len(sides))
    label_x, anchor = ((LEFT + RIGHT) / 2, "middle") if len(sides) == 2 else (LEFT, "start")
    for (x, wide, grows), side in zip(columns, sides, strict=True):
        name = clipped(name_of(told, side.id, words.lang), int(wide / 8.5))
        texts.append(Put(x, TOP - 18, name, "sidename", "start" if grows > 0 else "end"))
    most_terms = max([1, *(side.count(m) for side in sides for group in MEASURES.values() for m in group)])
    most_area = max([1, *(getattr(side, m) for side in sides for m in AREAS)])
    y, last = TOP, ""
    for row in rows(sides, words):
        if row.group != last:
            lines.append((LEFT, round(y, 1), RIGHT))
            texts.append(Put(label_x, y + 21, plain(groups(words)[row.group]), "grouphead", anchor))
            y, last = y + ROW, row.group
        texts.append(Put(label_x, y + 12.5, plain(row.label), "measure", anchor))
        for (x, wide, grows), side, (n, ids) in zip(columns, sides, row.cells, strict=True):
            long = round((wide - NUMBER) * n / (most_area if row.is_area else most_terms), 1)
            if long:
                bars.append(Box(x if grows > 0 else round(x - long, 1), y, long, BAR, LOOKS[row.group]))
            sign = "+?" if row.is_area and set(side.unmeasured).intersection(ids) else ""
            at = round(x + grows * (long + 6), 1)
            number = f"\u2066{words.number(n)}{sign}\u2069"
            texts.append(Put(at, y + 12.5, number, "number", "start" if grows > 0 else "end"))
        y += ROW - 3
    lines.append((LEFT, round(y + 6, 1), RIGHT))
    return texts, bars, lines


def _columns(n: int) -> list[tuple[float, float, int]]:
    """Where the bars of each side begin, how far they may reach, and which way they grow; all of the same width.

    Of two sides the bars grow apart from the words between them.
    """
    if n == 2:
        wide = (RIGHT - LEFT - LABEL) / 2
        return [(LEFT + wide, wide, -1), (RIGHT - wide, wide, 1)]
    wide = (RIGHT - LEFT - LABEL) / max(n, 1)
    return [(round(LEFT + LABEL + i * wide, 1), wide, 1) for i in range(n)]


def clipped(text: str, most: int) -> str:
    """A name cut to a number of letters, with a mark where it was cut."""
    return text if len(text) <= most else text[: max(most - 1, 1)].rstrip() + "…"


# -- the graph -------------------------------------------------------------------------------------------------------


def _graph(told: Told, words: Words) -> tuple[list[Node], list[Arrow]]:
    drawn = [a.id for a in by_name(told.balance.sides, told, words.lang)][:MOST_SIDES]
    joined = {actor for edge in told.balance.edges for actor in (edge.waits, edge.for_)}
    others = [a.id for a in by_name(told.balance.others, told, words.lang) if a.id in joined]
    counts: dict[tuple[str, str], set[str]] = {}
    for edge in told.balance.edges:
        counts.setdefault((edge.waits, edge.for_), set()).update(edge.terms)
    if len(drawn) == 2:
        return _ladder(told, words, (drawn[0], drawn[1]), others[:MOST_RUNGS], counts)
    others = others[: 2 * MOST_SIDES]
    places = _places(drawn, others, turned=words.dir == "rtl")
    wide = CROWDED_W if len(others) > 3 * max(len(drawn), 1) or len(drawn) > 4 else NODE_W
    nodes = [
        Node(x, y, wide, NODE_H, _wrapped(name_of(told, actor, words.lang), int(wide / 8)), actor in drawn)
        for actor, (x, y) in places.items()
    ]
    arrows: list[Arrow] = []
    for (a, b), terms in sorted(counts.items()):
        if a not in places or b not in places:
            continue
        arrows.append(_arrow(places[a], places[b], len(terms), wide=wide, taken=arrows))
    return nodes, arrows


def _ladder(
    told: Told, words: Words, sides: tuple[str, str], others: Sequence[str], counts: Mapping[tuple[str, str], set[str]]
) -> tuple[list[Node], list[Arrow]]:
    """Two sides as the rails of a ladder, whoever stands between them on its rungs; the first rung is their own."""
    left, right, top = LADDER
    high = RUNG * (len(others) + 1)
    middle, way = ((left + right) / 2, 1) if words.dir == "ltr" else (_turn((left + right) / 2), -1)
    reach = (right - left - SIDE_W) / 2
    xs = {sides[0]: middle - way * reach, sides[1]: middle + way * reach, **dict.fromkeys(others, middle)}
    ys = {actor: top + RUNG * (i + 1.5) for i, actor in enumerate(others)}
    nodes = [Node(xs[a], top + high / 2, SIDE_W, high, _wrapped(_name(told, a, words), 13, 3), True) for a in sides]
    nodes += [Node(middle, ys[a], MID_W, RUNG - 10, _wrapped(_name(told, a, words), 16, 3), False) for a in others]
    arrows = []
    for (a, b), terms in sorted(counts.items()):
        if a in ys and b in ys:
            arrows.append(_beside(middle, ys[a], ys[b], len(terms)))
        elif a in xs and b in xs:
            y = ys.get(a, ys.get(b, top + RUNG / 2))
            arrows.append(_rung(xs, (a, b), y, n=len(terms), rails=sides))
    return nodes, arrows


def _name(told: Told, actor: str, words: Words) -> str:
    return name_of(told, actor, words.lang)


def _rung(xs: Mapping[str, float], ends: tuple[str, str], y: float, *, n: int, rails: tuple[str, str]) -> Arrow:
    """A straight arrow; those to the right run above those to the left."""
    x1, x2 = (xs[actor] for actor in ends)
    way = 1 if x2 > x1 else -1
    half1, half2 = ((SIDE_W if actor in rails else MID_W) / 2 for actor in ends)
    x1, x2, y = x1 + way * (half1 + 1), x2 - way * (half2 + 3), y - way * 12
    return Arrow(f"M{x1:.1f},{y:.1f}H{x2:.1f}", round((x1 + x2) / 2 - way * 2, 1), round(y, 1), n)


def _beside(x: float, y1: float, y2: float, n: int) -> Arrow:
    """A curve from one rung to another, down on the left and up on the right."""
    way = -1 if y2 > y1 else 1
    x, far = x + way * MID_W / 2, x + way * (MID_W / 2 + 44)
    path = f"M{x:.1f},{y1:.1f}Q{far:.1f},{(y1 + y2) / 2:.1f} {x + way * 3:.1f},{y2:.1f}"
    return Arrow(path, round((x + far) / 2, 1), round((y1 + y2) / 2, 1), n)


def _places(sides: Sequence[str], others: Sequence[str], *, turned: bool) -> dict[str, tuple[float, float]]:
    """Middles of the nodes on an ellipse: sides at equal steps, the others in the gaps between them."""
    gaps: list[list[str]] = [[] for _ in range(max(len(sides), 1))]
    for i, actor in enumerate(others):
        gaps[i % len(gaps)].append(actor)
    step = 360 / max(len(sides), 1)
    angles: dict[str, float] = {actor: 180 + i * step for i, actor in enumerate(sides)}
    for i, gap in enumerate(gaps):
        for j, actor in enumerate(gap):
            angles[actor] = 180 + (i + (j + 1) / (len(gap) + 1)) * step
    middle, way = (_turn(MIDDLE_X), -1) if turned else (MIDDLE_X, 1)
    return {
        actor: (
            round(middle + way * REACH_X * _spread(math.cos(math.radians(deg))), 1),
            round(MIDDLE_Y + REACH_Y * math.sin(math.radians(deg)), 1),
        )
        for actor, deg in angles.items()
    }


def _spread(cosine: float) -> float:
    return max(-1.0, min(1.0, SPREAD * cosine))


def _arrow(
    start: tuple[float, float], end: tuple[float, float], n: int, *, wide: float, taken: Sequence[Arrow]
) -> Arrow:
    """A curve from one node to another; that of the way back bends to the other side."""
    (x1, y1), (x2, y2) = start, end
    bend = (x1 + x2) / 2 - (y2 - y1) * BEND, (y1 + y2) / 2 + (x2 - x1) * BEND
    first, last = _edge(start, bend, 2.0, wide), _edge(end, bend, 8.0, wide)
    spots = [_along(first, bend, last, t) for t in (0.5, 0.4, 0.6, 0.32, 0.68)]
    free = [spot for spot in spots if all(math.dist(spot, (other.x, other.y)) >= APART for other in taken)]
    x, y = (free or spots)[0]
    path = f"M{first[0]:.1f},{first[1]:.1f}Q{bend[0]:.1f},{bend[1]:.1f} {last[0]:.1f},{last[1]:.1f}"
    return Arrow(path, round(x, 1), round(y, 1), n)


def _along(
    first: tuple[float, float], bend: tuple[float, float], last: tuple[float, float], t: float
) -> tuple[float, float]:
    """A place on a curve, `t` of the way from its first end to its last."""
    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
    return a * first[0] + b * bend[0] + c * last[0], a * first[1] + b * bend[1] + c * last[1]


def _edge(middle: tuple[float, float], towards: tuple[float, float], gap: float, wide: float) -> tuple[float, float]:
    """Where a line from the middle of a node leaves its box, and `gap` further."""
    dx, dy = towards[0] - middle[0], towards[1] - middle[1]
    long = max(math.hypot(dx, dy), 1e-9)
    share = min((wide / 2) / max(abs(dx), 1e-9), (NODE_H / 2) / max(abs(dy), 1e-9))
    return middle[0] + dx * (share + gap / long), middle[1] + dy * (share + gap / long)


def _wrapped(name: str, most: int, lines: int = 2) -> tuple[str, ...]:
    """A name on as few lines as it needs; what has no room is cut, with a mark."""
    found = [""]
    for word in name.split():
        if found[-1] and len(found[-1]) + 1 + len(word) > most and len(found) < lines:
            found.append("")
        found[-1] = f"{found[-1]} {word}".strip()
    return tuple(clipped(line, most) for line in found)


# -- templates -------------------------------------------------------------------------------------------------------


def _template(name: str, told: Told, words: Words, **more: Any) -> str:  # noqa: ANN401  # what a template reads
    balance = told.balance
    accounts = by_name(balance.sides, told, words.lang)
    others, said = by_name(balance.others, told, words.lang), notes(balance, words)
    view = {
        "told": told, "words": words, "say": words.say, "count": words.count, "plain": plain, "law": words.say(LAW),
        "drawn": draw(told, words), "sides": accounts, "others": others, "rows": rows(accounts, words),
        "other_rows": rows(others, words), "groups": groups(words), "vias": vias(words), "wide": WIDE, "high": HIGH,
        "name_of": lambda actor: _shown(told, actor, words), "notes": said, "hidden": len(accounts) - MOST_SIDES,
        "bdi": words.apart, "first": Markup(" ").join(said[:2]), "second": Markup(" ").join(said[2:]), **more,
    }  # fmt: skip
    return _environment().get_template(name).render(view)


def notes(balance: Balance, words: Words) -> list[Markup]:
    """What stands below the picture."""
    said = [
        words.count("{n} duty or prohibition binds all sides alike.",
                    "{n} duties and prohibitions bind all sides alike.", len(balance.symmetric)),
        words.count("{n} is one-sided.", "{n} are one-sided.", len(balance.one_sided)),
        words.count("{n} term protects civilians, aid or sites: nothing suspends it.",
                    "{n} terms protect civilians, aid or sites: nothing suspends them.", len(balance.civilian)),
    ]  # fmt: skip
    if balance.left_out:
        said.append(
            words.count("{n} term was never adopted and is left out.", "{n} terms were never adopted and are left out.",
                        len(balance.left_out))
        )  # fmt: skip
    return said


def _shown(told: Told, actor: str, words: Words) -> Markup:
    """A name kept apart from the words around it."""
    names = told.names.get(actor, {})
    own = names.get(words.lang)
    return escape(own) if own else words.apart(name_of(told, actor, words.lang))


def _css() -> str:
    return text_of("balance.css")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return environment()
