"""How does a side count? Counting rules as data, and what each rule makes of each list.

One side counts arrests, another does not; one counts each explosion, another each incident, a third each day and place.
A number is an interval: an entry may speak of the same incident as another of its list, and *shelling* is at least one
explosion and nobody knows how many. Counts over a period are their issuer's claims and are no entries here.

The table: `issuer`, `party` (an actor of the agreement for whom it speaks; empty = none), `arrests` (`true`, `false`;
empty = not stated), `one_per` (one of `ONE_PER`; empty = not stated), `source` (who says so), `tag`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from truceline.errors import Fault, InputError, quoted, raise_all, text_of
from truceline.evidence.aliases import key
from truceline.evidence.matching import Fit, Item, clusters
from truceline.span import civil_day, day_span
from truceline.verdict import NO, YES

COLUMNS = ("issuer", "party", "arrests", "one_per", "source", "tag")
INCIDENT, EXPLOSION, DAY_PLACE = "incident", "explosion", "day and place"
ONE_PER: Final = (INCIDENT, EXPLOSION, DAY_PLACE)
ARREST = "detain"

MOST_DAY_S = 25 * 3_600
"""No civil day is longer."""

EXPLOSIONS = frozenset(
    "explosion bomb shell rocket mortar missile mine round strike air-strike raid grenade barrel".split()
)
"""Units of a stated number that count explosions, without the plural."""


@dataclass(frozen=True)
class CountingRule:
    """How an issuer counts.

    Attributes:
        arrests: whether it counts arrests; None = not stated, and counted.
        one_per: one of `ONE_PER`; empty = not stated, and read as one per incident.
        source: who says so.
    """

    issuer: str
    party: str = ""
    arrests: bool | None = None
    one_per: str = ""
    source: str = ""

    @property
    def is_stated(self) -> bool:
        """Whether anything is known of how it counts."""
        return self.arrests is not None or bool(self.one_per)


@dataclass(frozen=True)
class CountingRules:
    """The table of one case; keys are issuers as `aliases.key` writes them."""

    rules: Mapping[str, CountingRule] = field(default_factory=dict)

    def of_issuer(self, text: str) -> CountingRule | None:
        """The rule of an issuer; None where the table does not know it."""
        return self.rules.get(key(text))

    def strangers(self, parties: Iterable[str]) -> list[CountingRule]:
        """The rules of issuers for a party that an agreement does not have."""
        known = {"", *parties}
        return [rule for rule in self.rules.values() if rule.party not in known]

    def of_party(self, party: str) -> list[CountingRule]:
        """The rules of those who speak for a party, those that are stated before those that are not."""
        found = [rule for rule in self.rules.values() if rule.party == party]
        return sorted(found, key=lambda rule: (not rule.is_stated, key(rule.issuer)))


@dataclass(frozen=True)
class Counted:
    """What a rule makes of a list.

    Attributes:
        low: so many at least.
        high: so many at most; None = not known.
        left_out: arrests that the rule does not count.
    """

    low: int
    high: int | None
    left_out: int = 0


def read_rules(data: bytes, name: str = "counting.csv") -> CountingRules:
    """Read a table of counting rules.

    Args:
        data: the bytes of a CSV file with `COLUMNS`; empty = no rule is known.
        name: for messages.

    Raises:
        InputError: a column is missing, or a row says what no rule can.
    """
    if not data:
        return CountingRules()
    reader = csv.DictReader(io.StringIO(text_of(data, name)), strict=True)
    faults: list[Fault] = []
    rules: dict[str, CountingRule] = {}
    try:
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise InputError(Fault(f"expected the columns {', '.join(COLUMNS)}, missing {', '.join(missing)}", name, 1))
        for row in reader:
            if None in row or None in row.values():
                many = "more" if None in row else "fewer"
                faults.append(Fault(f"{many} cells than columns", name, reader.line_num))
            made = _rule({column: (row[column] or "").strip() for column in COLUMNS}, name, reader.line_num, faults)
            if key(made.issuer) in rules or not made.issuer:
                faults.append(Fault(f"expected each issuer once, got {quoted(made.issuer)}", name, reader.line_num))
            rules[key(made.issuer)] = made
    except csv.Error as error:
        raise InputError(Fault(f"not CSV: {error}", name, reader.line_num)) from None
    raise_all(faults, InputError)
    return CountingRules(rules)


def _rule(row: Mapping[str, str], name: str, line: int, faults: list[Fault]) -> CountingRule:
    arrests = {"true": True, "false": False, "": None}
    if row["arrests"].lower() not in arrests:
        faults.append(
            Fault(f"expected `true`, `false` or nothing, got {quoted(row['arrests'])}", name, line, "arrests")
        )
    if row["one_per"] and row["one_per"] not in ONE_PER:
        faults.append(
            Fault(f"expected one of {', '.join(ONE_PER)}, got {quoted(row['one_per'])}", name, line, "one_per")
        )
    return CountingRule(
        row["issuer"], row["party"], arrests.get(row["arrests"].lower()), row["one_per"], row["source"]
    )  # fmt: skip


def counted(items: Iterable[Item], rule: CountingRule, fit: Fit, tz: str) -> Counted:
    """Count a list by a rule. Denials are no entries of a count.

    >>> from truceline.acts import ActTree
    >>> from truceline.atlas import Atlas
    >>> from truceline.group import Group
    >>> from truceline.space import disc
    >>> one = Item("x", 0, 60, disc(37.0, 36.0, 500), ("shelling",), count=(3, None), unit="shells")
    >>> counted([one], CountingRule("A", one_per="explosion"), Fit(Atlas(), Group([]), ActTree({})), "UTC")
    Counted(low=3, high=None, left_out=0)
    """
    told = [item for item in items if not item.denies]
    arrests = [item for item in told if item.acts and all(fit.tree.is_kind(act, ARREST) == YES for act in item.acts)]
    if rule.arrests is False:
        gone = {item.id for item in arrests}
        told = [item for item in told if item.id not in gone]
    low, high = _counted(told, rule.one_per or INCIDENT, fit, tz)
    return Counted(low, high, len(arrests) if rule.arrests is False else 0)


def _counted(items: Sequence[Item], one_per: str, fit: Fit, tz: str) -> tuple[int, int | None]:
    """Fewest: all that can be one are one. Most: only those that surely are."""
    if one_per == DAY_PLACE:
        days = [_whole_days(item, tz) for item in items]
        can_be_one = clusters(days, lambda x, y: fit.place(x.place, y.place) != NO)
        return len(can_be_one), len(clusters(days, _is_one_day_and_place))
    incidents = clusters(items, fit.can_be_one)
    if one_per == INCIDENT:
        return len(incidents), len(items)
    low = sum(max(_explosions(item)[0] for item in incident) for incident in incidents)
    highs = [_explosions(item)[1] for item in items]
    return low, None if None in highs else max(low, sum(high for high in highs if high is not None))


def _whole_days(item: Item, tz: str) -> Item:
    whole = day_span(civil_day(item.start, tz), tz).joined(day_span(civil_day(item.end - 1, tz), tz))
    return replace(item, start=whole.start, end=whole.end)


def _is_one_day_and_place(x: Item, y: Item) -> bool:
    is_one = (x.place, x.start, x.end) == (y.place, y.start, y.end)
    return is_one and x.place.kind != "none" and x.end - x.start <= MOST_DAY_S


def _explosions(item: Item) -> tuple[int, int | None]:
    unit = item.unit.casefold().split(" ")[0]
    if unit in EXPLOSIONS or unit.removesuffix("s") in EXPLOSIONS:
        return max(1, item.count[0] or 1), item.count[1]
    return 1, None
