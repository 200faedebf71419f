"""Random worlds to judge: a test agreement with every awkward thing in it, and reports and acts to hold against it."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec

from truceline.agreement.history import History, Readings, read_act
from truceline.agreement.model import Agreement, SignedAct
from truceline.agreement.text import load
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.atlas import Atlas, read_atlas
from truceline.evidence.schema import EITHER, JOINT, NOBODY, ONE, UNNAMED, Named, Observation
from truceline.space import Region, disc, quantise
from truceline.span import parse_instant, utc_text

SHIPPED = Path(__file__).parents[2] / "agreements" / "syria-2016"

TEXT = b"""
truceline: 1
id: awkward
tz: Asia/Damascus
instruments:
  I: {title: main, from: start}
  K: {title: lapsing, from: start, until: 2016-06-01}
actors:
  us: {kind: guarantor}
  ru: {kind: guarantor}
  ru-air: {part_of: ru}
  tf: {kind: body, members: [us, ru]}
  gov: {kind: state}
  gov-air: {part_of: gov}
  opp: {kind: side}
  ahrar: {kind: group, side: opp}
  fsa: {kind: group, side: opp}
  jn: {kind: group}
  unsc: {kind: list}
facts:
  - {accepted: gov, from: 2016-03-01}
  - {accepted: [us, ru], from: 2016-02-22}
  - {accepted: ahrar, by: us, from: 2016-03-03}
  - {accepted: fsa, from: 2016-03-05, until: 2016-05-20}
  - {name: jn, as: Old Name, until: 2016-04-10}
  - {name: jn, as: New Name, from: 2016-04-10}
  - {status: excluded, of: jn, by: unsc, as: Old Name}
  - {status: excluded, of: ahrar, by: ru, from: 2016-04-01}
  - {status: excluded, of: fsa, by: unsc, from: 2016-05-01, until: 2016-05-09}
  - {sole: air-strike, actors: [gov, ru]}
zones:
  country: {geo: "admin:SY"}
  aleppo: {geo: "admin:SY-HL"}
  idlib: {geo: "admin:SY-ID"}
  low: {polygon: [[36.6, 35.6], [37.2, 35.6], [37.2, 36.2], [36.6, 36.2]], alt_m: [0, 3000]}
  high: {polygon: [[37.0, 35.6], [37.6, 35.6], [37.6, 36.2], [37.0, 36.2]], alt_m: [2000, 9000]}
  brief: {polygon: [[36.0, 35.0], [37.0, 35.0], [37.0, 35.7], [36.0, 35.7]], from: 2016-03-10, until: 2016-04-20}
  west: {polygon: [[36.0, 36.0], [36.5, 36.0], [36.5, 36.5], [36.0, 36.5]]}
  east: {polygon: [[36.5, 36.0], [37.0, 36.0], [37.0, 36.5], [36.5, 36.5]]}
  pair: {union: [west, east]}
  north: {line: castello-road, side: north, within_m: 3000}
  secret: {geo: "annex:nowhere", text: withheld}
  half: {union: [west, secret]}
terms:
  - {id: start, kind: define, is: {at: 2016-03-02T00:00}}
  - {id: doubt, kind: define, is: {at: {readings: [2016-03-04T12:00, 2016-03-06T00:00]}}}
  - {id: calm, kind: define, is: {from: start, for: P20D, then: prolong}}
  - {id: prolong, kind: power, who: tf, effect: {prolong: calm}}
  - {id: opening, kind: power, who: tf}
  - {id: duty, kind: require, who: gov, do: withdraw, instrument: I, on: {at: 2016-04-01}}
  - {id: A1, kind: prohibit, who: bound, does: attack, to: bound, in: country, instrument: I}
  - {id: A2, kind: prohibit, who: bound, does: attack, to: bound, in: [low, high, brief], instrument: I}
  - {id: A3, kind: prohibit, who: bound, does: attack, to: bound, in: west, instrument: I}
  - {id: A4, kind: prohibit, who: bound, does: attack, to: bound, in: east, instrument: I}
  - {id: A5, kind: prohibit, who: {of: opp, is: bound}, does: [shelling, gain], to: {of: gov}, in: [aleppo,
  idlib], while: calm}
  - {id: A6, kind: prohibit, who: [gov, ru-air], does: [attack, fly], to: {of: opp, is: bound}, in: pair, from: doubt}
  - {id: A7, kind: prohibit, who: bound, does: [hinder, attack], to: aid, in: half, instrument: K}
  - {id: A8, kind: prohibit, who: gov-air, does: fly, in: [low, high], instrument: I}
  - {id: A9, kind: prohibit, who: gov, does: attack, from: {done: duty}}
  - {id: B1, kind: prohibit, who: gov, does: attack, in: north, instrument: I, unless: {at: 2016-04-15}}
  - {id: B2, kind: prohibit, who: bound, does: presence, in: secret, from: {done: opening}}
  - {id: B3, kind: prohibit, who: bound, does: attack, text: withheld, instrument: K}
  - {id: B4, kind: prohibit, who: bound, does: attack, instrument: I, if: {count: attack, at_least: 3}}
  - {id: E1, kind: permit, who: bound, does: attack, except: [A1, A2, A3, A4], instrument: I, ask: proportionate}
  - {id: E2, kind: permit, who: gov, does: attack, except: [A1, B1, A9], in: low, from: 2016-03-20,
  until: 2016-05-02, burden: none}
  - {id: E3, kind: permit, who: gov-air, does: [medevac, humanitarian-flight], except: [A8, A6], instrument: I,
     if: {notice: {to: tf, ahead: PT24H, matches: [area, time, callsign]}}}
  - {id: E4, kind: permit, who: gov-air, does: fly, except: [A8], burden: none, in: high, from: doubt}
  - {id: O1, kind: prohibit, who: gov-air, does: fly, overrides: [E3, E4], if: {at: 2016-04-05}}
"""


@cache
def atlas() -> Atlas:
    """The areas of the shipped case."""
    return read_atlas({"areas.geojson": (SHIPPED / "areas.geojson").read_bytes()}, (SHIPPED / "units.csv").read_bytes())


@cache
def agreement(name: str) -> Agreement:
    """The test agreement, or the shipped one."""
    return load(TEXT if name == "awkward" else (SHIPPED / "agreement.yaml").read_bytes(), name)


@cache
def placed(name: str) -> Placed:
    """The zones of an agreement on the areas of the shipped case."""
    return Placed(agreement(name).zones, atlas())


def law_of(name: str, acts: list[SignedAct], umbrella: str = "side", designation: str = "identity") -> Law:
    """What stands when everything in `acts` is known."""
    return Law(History(agreement(name), acts).as_known(None, Readings(umbrella, designation)), placed(name))


FIRST, LAST = parse_instant("2016-02-20", "UTC"), parse_instant("2016-10-10", "UTC")


class Maker:
    """Random reports and signed acts about one agreement."""

    def __init__(self, name: str, seed: int) -> None:
        """Take the agreement's own words, and a few that it does not know."""
        self.text, self.rng, self.name = agreement(name), random.Random(seed), name
        self.actors = [*self.text.parties, "unknown", "civilians", "stranger"]
        self.targets = [*self.actors, "aid", "settlement", "medical"]
        self.acts = [
            "attack", "air-strike", "mortar", "shelling", "barrel-bomb", "gain", "capture", "fly", "medevac",
            "combat-flight",
            "hinder", "inspect", "presence", "armed-person", "count", "statement", "no-such-act",
        ]  # fmt: skip
        self.units = ["SY", "SY-HL", "SY-ID", "SY-HM", "TR", "NONE"]
        self.moments = sorted(
            {at for t in self.text.terms for at in law_of(name, []).standing.window(t).at if at > FIRST}
        )

    def named(self, pool: list[str]) -> Named:
        """One, one of several, several together, nobody, or not said."""
        mode = self.rng.choice([ONE, ONE, ONE, EITHER, JOINT, UNNAMED, NOBODY])
        if mode in (UNNAMED, NOBODY):
            return Named((), mode)
        ids = tuple(self.rng.sample(pool, 1 if mode == ONE else self.rng.randint(1, 3)))
        return Named(ids, mode, self.rng.random() < 0.2, "words")

    def point(self) -> tuple[float, float]:
        """A place in the north of the case, often near an edge of a zone."""
        rng = self.rng
        return rng.choice([rng.uniform(35.8, 38.0), 36.5, 37.0, 36.6]), rng.choice(
            [rng.uniform(34.9, 36.6), 36.0, 35.65]
        )

    def region(self) -> Region:
        """Every kind of region."""
        kind, rng = (
            self.rng.choice(["disc", "disc", "disc", "area", "area", "hull", "sector", "line", "outside", "none"]),
            self.rng,
        )
        country = rng.choice(["", "", "SY"])
        if kind == "disc":
            return disc(*self.point(), rng.choice([0, 100, 2_000, 25_000]), country)
        if kind == "area":
            return Region("area", areas=tuple(rng.sample(self.units, rng.choice([1, 1, 2]))), country=country)
        if kind == "sector":
            first = rng.uniform(0, 360)
            return Region(
                "sector", *quantise(*self.point()), near_m=rng.choice([0, 500]), far_m=rng.choice([1_500, 9_000]),
                from_deg=first, to_deg=first + rng.uniform(1, 120), country=country,
            )  # fmt: skip
        if kind in ("hull", "line"):
            lon, lat = self.point()
            ends = (*quantise(lon, lat), *quantise(lon + rng.uniform(-0.1, 0.1), lat + rng.uniform(-0.1, 0.1)))
            return Region(
                kind, radius_m=rng.choice([100, 2_000]) if kind == "hull" else 0, points_e7=ends, country=country
            )
        return Region(kind)

    def times(self) -> tuple[int, int]:
        """A moment, an hour, a day or a week; often across a change of the law."""
        start = self.rng.choice(
            [self.rng.randint(FIRST, LAST), self.rng.choice(self.moments) - self.rng.randint(0, 90_000)]
        )
        return start, start + self.rng.choice([1, 60, 3_600, 86_400, 90_001, 604_800, 3_000_000])

    def report(self, i: int) -> Observation:
        """A report with every field at random."""
        rng = self.rng
        start, end = self.times()
        low = rng.choice([None, None, 0, 1_000, 2_500, 5_000])
        return Observation(
            id=f"o-{i}", start=start, end=end, lasts=rng.random() < 0.35, impact=self.region(), low_m=low,
            high_m=None if low is None else low + rng.choice([0, 600, 9_000]), actor=self.named(self.actors),
            target=self.named(self.targets), unordered=rng.random() < 0.4,
            acts=tuple(rng.sample(self.acts, rng.choice([0, 1, 1, 1, 2]))), callsign=rng.choice(["", "SY1", "SY2"]),
        )  # fmt: skip

    def signed(self, reports: int) -> list[SignedAct]:
        """Acts in the record: some that match, some by the wrong hand, some late."""
        rng, made = self.rng, []
        permits = [t.id for t in self.text.terms.values() if t.kind == "permit"]
        for i in range(rng.randint(0, 12)):
            act = rng.choice(
                ["accept", "withdraw", "extend", "open", "end", "notice", "invoke", "answer", "notice", "invoke"]
            )
            at = rng.choice([rng.randint(FIRST, LAST), rng.choice(self.moments)])
            fields: dict[str, object] = {
                "id": f"a-{i}", "act": act, "by": rng.sample(list(self.text.parties), rng.choice([1, 1, 2])),
                "at": text_of(at),
            }  # fmt: skip
            if act in ("extend", "open"):
                powers = [t.id for t in self.text.terms.values() if t.kind == "power"]
                fields |= {"of": rng.choice(powers), "by": rng.choice([["tf"], ["us", "ru"], ["us"]])}
                fields |= {"until": text_of(at + rng.randint(1, 40) * 86_400)} if rng.random() < 0.5 else {}
            elif act == "end":
                fields["of"] = rng.choice(list(self.text.instruments))
            elif act == "notice":
                fields |= {"to": rng.choice(["tf", "us", "gov"]), "callsign": rng.choice(["SY1", "SY2"])}
                fields |= {"start": text_of(at + 86_400), "until": text_of(at + rng.randint(2, 30) * 86_400)}
                fields |= {
                    "area": rng.choice([*self.text.zones, "SY-HL", "unheard-of"]),
                    "by": [rng.choice(["gov", "gov-air"])],
                }
            elif act in ("invoke", "answer"):
                fields |= {
                    "term": rng.choice(permits),
                    "of": f"o-{rng.randrange(reports)}",
                    "is_yes": rng.random() < 0.5,
                }
            made.append(read_act(fields, "UTC", at))
        return made


def text_of(second: int) -> str:
    """A moment as an act writes it."""
    return utc_text(second)


def dump(report: Observation) -> str:
    """A report as JSON, for the message of a failing test."""
    return msgspec.json.encode(report).decode()


def without(report: Observation, **changes: object) -> Observation:
    """A report with some fields changed."""
    return replace(report, **changes)  # type: ignore[arg-type]  # fields by name
