"""Random agreements, as a drafter might write them, with the reports, the evidence and the acts to hold against them.

Every word of the algebra of conditions, published versions, amendments, and every kind of signed act; `worlds` has one
agreement of which every text is the same.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from typing import Any

from tests.assess.worlds import FIRST, LAST, TEXT, Maker, atlas, text_of
from truceline.agreement.amended import amended
from truceline.agreement.history import History, Readings, checked_act, read_act
from truceline.agreement.model import HOLDINGS, Agreement, SignedAct
from truceline.agreement.signed import reading_names
from truceline.agreement.text import load
from truceline.assess.evidences import Evidences
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.assess.worlds import open_words
from truceline.errors import AgreementError, InputError
from truceline.evidence.schema import ONE, Named, Observation, region_row, table_of
from truceline.space import Region, disc
from truceline.span import DAY_S, civil_day, day_span, parse_instant, utc_text

WORDS = """
words:
  persistent: {readings: [{name: once, at_least: 1, per: P14D}, {name: thrice, at_least: 3, per: P30D}]}
  prompt: {readings: [{name: six hours, within: PT6H}, {name: two days, within: P2D}, {name: a week, within: P7D}]}
  adhered: {readings: [{name: none, none: attack}, {name: few, count: attack, at_most: 2}], between: [gov, opp]}
  serious: {readings: [{name: early, is: {at: 2016-03-20}}, {name: found, is: {finding: breach}},
  {name: late, is: {at: 2016-05-01}}]}
"""
HEAD = TEXT.partition(b"terms:")[0].replace(b"id: awkward", b"id: full").decode() + WORDS
HEAD = HEAD.replace("actors:\n", "actors:\n  icrc: {kind: humanitarian}\n")
OLD_HEAD = HEAD.replace("[[36.6, 35.6], [37.2, 35.6], [37.2, 36.2], [36.6, 36.2]]",
                        "[[36.6, 35.6], [37.4, 35.6], [37.4, 36.0], [36.6, 36.0]]")  # fmt: skip
GIVEN: tuple[dict[str, Any], ...] = (
    {"id": "start", "kind": "define", "is": {"at": "2016-03-02T00:00"}},
    {"id": "doubt", "kind": "define", "is": {"at": {"readings": ["2016-03-04T12:00", "2016-03-06T00:00"]}}},
    {"id": "clause", "kind": "define", "is": {"at": "2016-03-10"}, "versions": [
        {"name": "one", "is": {"at": "2016-03-08"}}, {"name": "other", "is": {"at": "2016-04-20"}},
        {"name": "third", "absent": True},
    ]},
    {"id": "calm", "kind": "define", "is": {"from": "start", "for": "P20D", "then": "prolong"}},
    {"id": "prolong", "kind": "power", "who": "tf", "effect": {"prolong": "calm"}},
    {"id": "opening", "kind": "power", "who": "tf"},
    {"id": "ousting", "kind": "power", "who": "tf", "effect": {"status": "expelled"}},
    {"id": "duty", "kind": "require", "who": "gov", "do": "withdraw", "on": {"at": "2016-04-01"}},
    {"id": "word", "kind": "require", "who": "gov", "do": "publish", "proof": "record", "on": {"at": "2016-03-15"}},
)  # fmt: skip
DEEDS = ("duty", "word", "guns")


@cache
def full_placed() -> Placed:
    """The zones of every agreement of `Full`, old wordings included."""
    new, old = (load((head + _terms_text(GIVEN)).encode(), "head").zones for head in (HEAD, OLD_HEAD))
    return Placed({**new, **{f"{key}~1": replace(z, id=f"{key}~1") for key, z in old.items()}}, atlas())


def _terms_text(terms: Sequence[dict[str, Any]]) -> str:
    return "terms:\n" + "".join(f"  - {json.dumps(term)}\n" for term in terms)


class Writer:
    """Random agreements, as a drafter might write them."""

    def __init__(self, rng: random.Random) -> None:
        """Draw from here."""
        self.rng, self.bans = rng, [f"T{i}" for i in range(rng.choice([2, 3, 4]))]
        self.is_sparse = rng.random() < 0.6

    def often(self, share: float) -> bool:
        """Now and then; seldom in a sparse text, in which one thing alone decides."""
        return self.rng.random() < (share / 3 if self.is_sparse else share)

    def text(self) -> Agreement:
        """One that loads: amended or not."""
        while True:
            try:
                return self._text()
            except (AgreementError, InputError):
                continue

    def _text(self) -> Agreement:
        terms = [*(self.ban(key) for key in self.bans), *self.permits()]
        made = load((HEAD + _terms_text([*GIVEN, *terms])).encode(), "full")
        if self.rng.random() < 0.6:
            return made
        old = [term | (self.when() if self.rng.random() < 0.5 else {}) for term in terms[: len(self.bans)]]
        before = load((OLD_HEAD + _terms_text([*GIVEN, *old, *terms[len(self.bans) :]])).encode(), "old")
        return amended(before, made, self.second())

    # -- terms -------------------------------------------------------------------------------------------------------

    def ban(self, key: str) -> dict[str, Any]:
        """A prohibition."""
        rng = self.rng
        term: dict[str, Any] = {
            "id": key, "kind": "prohibit", "who": self.whom(), "to": self.whom(),
            "does": rng.choice(["attack", "attack", ["shelling", "gain"], ["hinder", "attack"], "fly"]),
        }  # fmt: skip
        term |= self.where() | self.when()
        if self.often(0.3):
            term["versions"] = [{"name": "one", "until": self.moment()}, {"name": "other", "from": self.moment()}]
        if self.often(0.3):
            term["at"] = "origin"
        if self.often(0.1):
            term["text"] = "withheld"
        if self.often(0.15):
            term["protects"] = "civilians"
        if self.often(0.15):
            term["on"] = self.time()
        return {k: v for k, v in term.items() if v is not None}

    def permits(self) -> list[dict[str, Any]]:
        """Exceptions, and what takes them back."""
        rng, made = self.rng, []
        for i in range(rng.choice([1, 1, 2])):
            one: dict[str, Any] = {
                "id": f"P{i}", "kind": "permit", "who": self.whom(), "does": rng.choice(["attack", "fly"]),
                "except": rng.sample(self.bans, rng.choice([1, 2])), "burden": rng.choice(["bearer", "none", "none"]),
            }  # fmt: skip
            one |= self.where() | self.when()
            if rng.random() < 0.2:
                one["if"] = {"notice": {"to": "tf", "ahead": "PT24H", "matches": ["area", "time", "callsign"]}}
            if self.often(0.3):
                one["ask"] = "proportionate"
            if self.often(0.3):
                one["at"] = "origin"
            made.append({k: v for k, v in one.items() if v is not None})
        if made and rng.random() < 0.4:
            back = {"id": "O1", "kind": "prohibit", "does": "attack", "overrides": ["P0"], **self.when()}
            made.append(back | {"burden": rng.choice(["bearer", "none"])})
        return made

    def whom(self) -> Any:  # noqa: ANN401  # plain values
        """Whom a term binds or protects; None = anybody."""
        if self.is_sparse and self.rng.random() < 0.6:
            return None
        choices = [None, "bound", ["gov", "ru-air"], {"of": "opp", "is": "bound"}, {"of": "gov"}, {"is": "accepted"}]
        return self.rng.choice(choices)

    def where(self) -> dict[str, Any]:
        """Zones, or anywhere."""
        if self.is_sparse and self.rng.random() < 0.6:
            return {}
        zones = self.rng.choice([(), ("country",), ("low", "high", "brief"), ("west",), ("pair", "low"), ("half",)])
        return {"in": list(zones)} if zones else {}

    def when(self) -> dict[str, Any]:
        """A window, and conditions."""
        rng = self.rng
        made: dict[str, Any] = {"instrument": rng.choice(["I", "K"])} if self.often(0.6) else {}
        if self.often(0.3):
            made["from"] = self.moment()
        if self.often(0.2):
            made["until"] = self.moment()
        if self.often(0.3):
            made["while"] = self.condition()
        for key, share in (("if", 0.5), ("unless", 0.4)):
            if self.often(share):
                made[key] = self.of_report() if rng.random() < 0.35 else self.condition()
        return made

    # -- conditions --------------------------------------------------------------------------------------------------

    def second(self) -> int:
        """Midnight somewhere in the time of the reports."""
        return parse_instant(utc_text(self.rng.randint(FIRST, LAST - 100 * DAY_S))[:10], "Asia/Damascus")

    def date(self) -> str:
        """The same as text."""
        return utc_text(self.second())

    def moment(self) -> Any:  # noqa: ANN401  # plain values
        """A moment: written, defined, read in several ways, or done."""
        rng = self.rng
        return rng.choice([
            self.date(), self.date(), "start", "doubt", "clause", {"done": "opening"}, {"done": "duty"},
            {"readings": [self.date() for _ in range(rng.choice([2, 3]))]}, {"accepted": "ahrar"}, "serious",
        ])  # fmt: skip

    def long(self) -> str:
        """A duration, or an open word that is one."""
        return self.rng.choice(["prompt", "prompt", "PT12H", "P3D", "P20D"])

    def of_report(self) -> dict[str, Any]:
        """What is asked of one report, now and then beside something in time."""
        rng = self.rng
        link: dict[str, Any] = {"act": "attack", "within": rng.choice(["PT1H", "P2D", "P30D"])}
        link |= rng.choice([{}, {"by": "target", "to": "actor"}, {"by": "opp"}]) | rng.choice([{}, {"near_m": 50_000}])
        made: dict[str, Any] = rng.choice([
            {"number": {rng.choice(["at_least", "at_most"]): rng.choice([2, 10])}},
            {"number": {"at_least": 2, "at_most": 20}}, {"earlier": link}, {"followed": link},
        ])  # fmt: skip
        made |= self.time() if rng.random() < 0.3 else {}
        return {"all": [made, self.condition(1)]} if rng.random() < 0.15 else made

    def time(self) -> dict[str, Any]:
        """A condition of time alone."""
        word = self.rng.choice(["at", "before", "after", "until", "from"])
        return {word: self.moment()}

    def condition(self, depth: int = 0) -> Any:  # noqa: ANN401  # plain values
        """Any word of the algebra."""
        rng = self.rng
        if depth < 2 and self.often(0.35):
            few = [self.condition(depth + 1) for _ in range(rng.choice([2, 3]))]
            made = {"k": 2, "of": few}
            return rng.choice([{"all": few}, {"any": few}, {"not": few[0]}, {"both": few[:2]}, made, few])
        return rng.choice([self.time, self.lasting, self.record, self.record, self.seen])()

    def lasting(self) -> dict[str, Any]:
        """For so long, or so long after."""
        return self.rng.choice([
            {"within": self.long(), "of": self.moment()}, {"elapsed": self.long(), "of": self.moment()},
            {"or_elapsed": self.long(), "of": self.moment(), "status": "bound"},
            {"from": self.moment(), "for": self.rng.choice(["P10D", "P40D"]), "then": "prolong"},
        ])  # fmt: skip

    def record(self) -> Any:  # noqa: ANN401  # plain values
        """A word of the record."""
        rng, ban = self.rng, self.rng.choice(self.bans)
        who = rng.choice(["gov", "opp", "ahrar", "fsa", "jn", "ru"])
        return rng.choice([
            {"done": rng.choice(["duty", "word", "opening"])}, {"done": {"by": "gov", "do": "guns"}}, {"accepted": who},
            {"status": rng.choice(["excluded", "bound", "accepted", "expelled"]), "of": who}, {"complies": who},
            {"finding": rng.choice(["breach", "no-breach"]), "term": ban},
            {"finding": "breach", "against": who, "by": "us"},
            {"breach": ban, "by": who}, {"breach": ban}, {"fulfilled": rng.choice([ban, "duty", "word"])},
            {"findings": "persistent"}, {"ask": "consistent", "by": "tf"}, {"ask": "consistent"}, {"agree": "tf"},
            {"consent": who}, {"checkpoint": "crossing"}, {"published": "I"}, {"request": "access", "by": who},
            {"opened": "case"}, {"answered": "case", "or_elapsed": "PT48H"}, "serious",
        ])  # fmt: skip

    def seen(self) -> dict[str, Any]:
        """A condition over evidence."""
        rng = self.rng
        made: dict[str, Any] = rng.choice([{}, {"in": "west"}, {"in": ["aleppo", "low"]}, {"in": "idlib"}])
        made = dict(made) | rng.choice([{}, {"by": "gov"}, {"between": ["gov", "opp"]}, {"to": "opp"}])
        begin = {"from": rng.choice(["start", "start", "doubt", "clause", {"done": "opening"}, {"done": "duty"}])}
        made |= rng.choice([{"within": "P3D"}, begin, begin | {"within": "P7D"}])
        made |= {"coverage": 0.5} if rng.random() < 0.3 else {}
        zone = {"in": rng.choice(["west", "idlib"])}
        that = rng.choice(["adhered", {"none": "attack"}, {"count": "attack", "at_least": 1}])
        return rng.choice([
            {"count": "attack", **made, rng.choice(["at_least", "at_most"]): rng.choice([0, 1, 2])},
            {"none": rng.choice(["attack", "shelling"]), **made}, {"coverage": rng.choice([0.5, 1]), **zone},
            {"rate": "attack", **made, "per": "P1D", rng.choice(["at_least", "at_most"]): rng.choice([0.5, 1])},
            {"ratio": "attack", **made, **begin, "per": "P1D", "baseline": "mean-P7D-before-start", "at_most": 1},
            {"consecutive": {
                "days": rng.choice([1, 2, 3]), "calendar": "civil", "that": that, **zone, "coverage": 0.5,
                "from": rng.choice(["start", "doubt"]), "horizon": "P40D", "reset_by": {"agree": "tf"},
            }},
        ])  # fmt: skip


class Full(Maker):
    """A random agreement with reports, evidence and acts of every kind."""

    def __init__(self, seed: int) -> None:
        """Write the agreement."""
        self.rng, self.name = random.Random(seed), "full"
        self.text = Writer(self.rng).text()
        self.actors = [*self.text.parties, "unknown", "civilians", "stranger"]
        self.targets = [*self.actors, "aid", "settlement", "medical"]
        self.acts = ["attack", "attack", "air-strike", "mortar", "shelling", "gain", "fly", "hinder", "no-such-act"]
        self.units = ["SY", "SY-HL", "SY-ID", "SY-HM"]
        bare = History(self.text).as_known()
        windows = [at for t in self.text.terms for at in bare.window(t).at if FIRST < at < LAST]
        self.moments = sorted({*windows, *(parse_instant(f"2016-0{m}-15", "UTC") for m in (3, 4, 5))})

    def report(self, i: int) -> Observation:
        """A report with every field at random; half of them of what terms mostly speak of."""
        rng, made = self.rng, super().report(i)
        low = rng.choice([None, 0, 1, 2, 5])
        high = rng.choice([None, (low or 0) + rng.choice([0, 1, 30])])
        made = replace(made, origin=self.region(), count_low=low, count_high=high)
        if rng.random() < 0.5:
            return made
        start = rng.randint(FIRST, LAST - 90 * DAY_S)
        return replace(
            made, start=start, end=start + rng.choice([1, 3_600, 86_400]), acts=("attack",),
            actor=Named((rng.choice(["gov", "ahrar", "opp"]),), ONE), unordered=rng.random() < 0.2,
            target=Named((rng.choice(["opp", "fsa", "gov"]),), ONE),
            impact=rng.choice([disc(36.3, 36.2, 100), disc(36.8, 35.8, 2_000), made.impact]),
        )  # fmt: skip

    def watches(self) -> list[dict[str, Any]]:
        """Whole days of which somebody says that nothing was to be seen, or that nobody was let in."""
        made = []
        for i in range(self.rng.choice([0, 3, 6])):
            first = self.rng.choice([parse_instant("2016-03-02", "UTC"), self.rng.choice(self.moments)])
            row = row_of(replace(
                BLANK, id=f"w-{i}", start=first - first % DAY_S - 3 * DAY_S, lasts=True,
                end=first - first % DAY_S + self.rng.choice([2, 9, 40]) * DAY_S,
                impact=Region("area", areas=(self.rng.choice(["SY", "SY", "SY-ID", "SY-HL"]),)),
            ))  # fmt: skip
            made.append(row | ({"access_denied": True} if self.rng.random() < 0.15 else {"negative": True}))
        return made

    def readings(self) -> Readings:
        """Some way of reading, with a few words chosen."""
        rng = self.rng
        words = [word for word in open_words(self.text) if rng.random() < 0.15]
        chosen = tuple((word, rng.randrange(len(reading_names(self.text, word)))) for word in words)
        return Readings(rng.choice(["side", "strict"]), rng.choice(["identity", "identity", "name"]), chosen)

    def signed(self, reports: int) -> list[SignedAct]:
        """Acts of every kind, by the right hand and by others."""
        made = super().signed(reports)
        for i in range(self.rng.randint(0, 14)):
            at = self.rng.choice([self.rng.randint(FIRST, LAST - 60 * DAY_S), self.rng.choice(self.moments)])
            made.append(read_act({"id": f"b-{i}", "at": text_of(at), **self._further(at, reports)}, "UTC", at))
        return [checked_act(act, self.text) for act in made]

    def _further(self, at: int, reports: int) -> dict[str, Any]:
        rng = self.rng
        hand = rng.choice([["tf"], ["us", "ru"], ["us"], ["icrc"], ["gov"]])
        act = rng.choice([
            "suspend", "suspend", "resume", "expel", "readmit", "finding", "finding", "finding", "confirm", "confirm",
            "perform", "adopt", "adopt", "adopt", "request", "allege", "reply", "publish", "reset", "answer", "invoke",
            "invoke", "invoke",
        ])  # fmt: skip
        fields: dict[str, Any] = {"act": act, "by": hand}
        bans = [t.id for t in self.text.terms.values() if t.kind == "prohibit"]
        if act in ("suspend", "resume"):
            fields["of"] = rng.choice([*bans, "I", "K"])
            if act == "suspend" and rng.random() < 0.4:
                fields["until"] = text_of(at + rng.randint(1, 30) * DAY_S)
        elif act in ("expel", "readmit"):
            fields["of"] = rng.choice(["ahrar", "fsa", "jn"])
        elif act == "finding":
            day = day_span(civil_day(at, self.text.tz), self.text.tz)
            fields |= {
                "term": rng.choice([*bans, "duty"]), "of": f"o-{rng.randrange(reports)}", "holds": rng.choice(HOLDINGS),
                "against": rng.choice(["gov", "opp", "ahrar", ""]), "start": text_of(day.start),
                "until": text_of(day.end),
            }  # fmt: skip
        elif act == "confirm":
            fields |= rng.choice([{"of": one, "to": "gov"} for one in DEEDS] + [{"of": "consent"}])
            fields["by"] = rng.choice([["icrc"], ["tf"], ["icrc", "ahrar"], ["gov"]])
        elif act == "perform":
            fields |= {"of": rng.choice(["duty", "word"]), "by": [rng.choice(["gov", "gov-air", "opp"])]}
        elif act == "adopt":
            word = rng.choice(list(open_words(self.text)))
            fields |= {"of": word, "value": rng.choice(reading_names(self.text, word))}
        elif act == "publish":
            fields["of"] = "I"
        elif act == "reset":
            fields["of"] = ""
        elif act == "invoke":
            permits = [t.id for t in self.text.terms.values() if t.kind == "permit"]
            fields |= {
                "term": rng.choice(permits),
                "of": f"o-{rng.randrange(reports)}",
                "by": rng.choice(["gov", "opp"]),
            }
        elif act == "answer":
            fields |= {"of": "consistent", "term": rng.choice(bans), "is_yes": rng.random() < 0.5}
        else:
            fields |= {"of": rng.choice(["access", "case", ""]), "by": [rng.choice(["gov", "opp", "icrc"])]}
        return fields


BLANK = Observation("", 0, 1)


def row_of(report: Observation) -> dict[str, Any]:
    """A report as a row of the table of evidence."""
    row = {k: v for k, v in asdict(report).items() if k not in ("impact", "origin", "actor", "target", "acts")}
    for what, named in (("actor", report.actor), ("target", report.target)):
        row |= {what: list(named.ids), f"{what}_mode": named.mode, f"{what}_umbrella": named.is_umbrella}
    regions = {what: region_row(getattr(report, what)) for what in ("impact", "origin")}
    fields = {k: v for k, v in row.items() if k not in ("is_protected", "known_at")}
    return fields | regions | {"act": list(report.acts), "source": "test", "publisher": "one"}


def full_law(
    text: Agreement, acts: Sequence[SignedAct], rows: Sequence[dict[str, Any]], readings: Readings | None = None
) -> Law:
    """What stands, with evidence for conditions over it."""
    table = table_of(rows)
    seen = Evidences(lambda: table, text, full_placed())
    return Law(History(text, acts, seen).as_known(None, readings), full_placed(), seen)
