"""What of two matched lists is told? Pairs, what stands alone or is open; what may not be passed on is only counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from truceline.agreement.model import SignedAct
from truceline.agreement.standing import Standing
from truceline.desk.lists import SIDES, TERMS, WITHHELD, Entry, Lists, Speakers, safe, safe_id
from truceline.evidence.matching import Matching, Pair
from truceline.span import utc_text
from truceline.verdict import NO, UNKNOWN, YES

OTHER = {"a": "b", "b": "a"}


class ToldOf:
    """What of the lists is told: an entry that may not be passed on is counted and not shown."""

    def __init__(self, lists: Lists, matched: Matching, speakers: Speakers, standing: Standing) -> None:
        """Take two lists, how they match, who speaks for which side, and the signed acts as they stood."""
        self.lists, self.matched, self.speakers, self.standing = lists, matched, speakers, standing
        self.findings = [act for act in standing.acts if act.act == "finding"]

    @property
    def left_out(self) -> int:
        """Entries of both lists that may not be passed on."""
        return sum(entry.is_withheld for side in SIDES for entry in self.lists.of(side).values())

    def side(self, side: str, party: str) -> dict[str, Any]:
        """One side in numbers."""
        entries = self.lists.of(side).values()
        pairs = self.matched.pairs
        return {
            "party": party, "names": dict(self.standing.agreement.group.parties[party].names),
            "entries": len(entries), "both": sum(not pair.is_contested for pair in pairs),
            "contested": sum(pair.is_contested for pair in pairs), "open": len(self._open(side)),
            "only": len(self._only(side)), "denials": sum(e.item.denies for e in entries),
            "own": sum(e.item.is_own for e in entries), "allegations": sum(e.is_allegation for e in entries),
            "left_out": sum(e.is_withheld for e in entries),
            "withheld": {why: sum(e.withheld == why for e in entries) for why in WITHHELD},
            "speakers": [{"name": name, "entries": n} for name, n in sorted(self.lists.named[side].items())],
        }  # fmt: skip

    def pair(self, pair: Pair) -> dict[str, Any]:
        """A pair; of an entry that this reader may not see nothing is told by comparing it either."""
        a, b = self.lists.a[pair.a.id], self.lists.b[pair.b.id]
        is_closed = any(one.withheld not in ("", TERMS) for one in (a, b))
        agrees, differs, unknown = ([] if is_closed else list(pair.alike.of(value)) for value in (YES, NO, UNKNOWN))
        return {
            "state": "contested" if pair.is_contested else "both", "a": self.entry(a), "b": self.entry(b),
            "withheld_a": a.withheld or None, "withheld_b": b.withheld or None,
            "agrees": agrees, "differs": differs, "unknown": unknown, "findings": self.found(a, b),
        }  # fmt: skip

    def alone(self, side: str) -> list[dict[str, Any]]:
        """The entries of a side that the other surely has not."""
        held = [self.lists.of(side)[key] for key in self._only(side)]
        return [
            {"entry": self.entry(one), "withheld": one.withheld or None, "findings": self.found(one)} for one in held
        ]

    def left_open(self, side: str) -> list[dict[str, Any]]:
        """The entries of a side of which it cannot be told, and what of the other could fit."""
        held, other = self.lists.of(side), self.lists.of(OTHER[side])
        return [
            {
                "entry": self.entry(held[key]), "withheld": held[key].withheld or None,
                "candidates": [safe_id(k) for k in could if not (other[k].is_withheld or held[key].is_withheld)],
                "why": "several fit" if key in self.matched.crowded else "too wide to tell",
                "findings": self.found(held[key]),
            }
            for key, could in self._open(side).items()
        ]  # fmt: skip

    def entry(self, entry: Entry) -> dict[str, Any] | None:
        """An entry as it is shown; null = it is withheld."""
        if entry.is_withheld:
            return None
        more = {"own": entry.item.is_own, "allegation": entry.is_allegation, "also": [*map(safe_id, entry.also)]}
        return {**entry.row, **more}

    def found(self, *entries: Entry) -> dict[str, Any]:
        """The last finding of each side for itself, and the last joint one, about any of these that may be seen."""
        ids = {entry.item.id for entry in entries if entry.withheld in ("", TERMS)}
        about = [act for act in self.findings if ids.intersection((act.of, *act.about))]
        held: dict[str, Any] = {"a": None, "b": None, "joint": None}
        for act in sorted(about, key=lambda act: (act.at, act.id)):
            for whose in self._whose(act):
                held[whose] = _finding(act)
        return held

    def _whose(self, act: SignedAct) -> Iterator[str]:
        if self.standing.is_of_body(act):
            yield "joint"
            return
        yield from (side for side in SIDES if any(self.speakers.is_of(one, side) for one in act.by))

    def _only(self, side: str) -> tuple[str, ...]:
        return self.matched.only_a if side == "a" else self.matched.only_b

    def _open(self, side: str) -> Mapping[str, tuple[str, ...]]:
        return self.matched.open_a if side == "a" else self.matched.open_b


def _finding(act: SignedAct) -> dict[str, Any]:
    return {
        "id": safe_id(act.id), "by": sorted(act.by), "holds": act.holds, "against": safe(act.against) or None,
        "at": utc_text(act.at), "standard": act.standard or None, "dissent": sorted(act.dissent),
    }  # fmt: skip
