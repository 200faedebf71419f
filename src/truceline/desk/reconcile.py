"""How do two sides' lists lie beside one another? The answer of `truceline reconcile`, of a case folder or of files.

Both sides stand in it alike: whoever swaps them gets the same answer with `a` and `b` swapped. It matches, counts by
both sides' rules, and checks published totals; it judges nobody and sums no sides up.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from truceline import LAW, RULE_VERSION
from truceline.agreement.history import History
from truceline.agreement.standing import Standing
from truceline.canon import sha256
from truceline.desk.charters import clock_of
from truceline.desk.consent import Consents, consents_of
from truceline.desk.files import (
    COUNTING,
    Bench,
    Evidence,
    Tell,
    beside,
    file_hash,
    open_agreement,
    read_bytes,
    read_evidence,
)
from truceline.desk.lists import (
    LEFT_OUT,
    SIDES,
    Lists,
    Reader,
    Speakers,
    apart,
    coarse,
    counted_items,
    fill,
    fill_alleged,
    folded,
    named,
    read_incidents,
    safe,
)
from truceline.desk.reconcile_told import ToldOf
from truceline.desk.reconcile_totals import input_row, totals_row
from truceline.desk.runs import agreement_row, bench_of_case, chosen_rows, evidence_of, evidence_row, known_of
from truceline.errors import InputError, UnknownError, quoted
from truceline.evidence.counting import CountingRule, CountingRules, counted, read_rules
from truceline.evidence.matching import Fit, Item, Rule, match
from truceline.span import FAR_AHEAD, LONG_AGO, parse_instant, utc_text
from truceline.store.case import Case
from truceline.store.opened import is_case, open_case


@dataclass(frozen=True)
class Reconciled:
    """What is asked.

    Attributes:
        a, b: ids of two parties of the agreement, neither a part of the other.
        since, until: only what can have happened between; time texts, empty = no bound.
        known_at: a time text, or `#index` of a case; empty = everything that is known.
        ledgers: a table of published totals; None = none.
        rules: a table of counting rules; None = the one beside the agreement, or in the case; else none is stated.
        incidents: which reports tell of one incident, as `truceline duplicates --json` has it; None = not asked.
        reader: whom the answer is for: `secretariat`, `party:ID` or `public`.
    """

    a: str
    b: str
    since: str = ""
    until: str = ""
    known_at: str = ""
    ledgers: Path | None = None
    rules: Path | None = None
    incidents: Path | None = None
    reader: str = "secretariat"

    def party(self, side: str) -> str:
        """The party of a side."""
        return self.a if side == "a" else self.b


@dataclass(frozen=True)
class Desk:
    """What is read: the agreement, its evidence as it was known, and the counting rules.

    Attributes:
        entries: indexes of the allegations that may be told of; None = all.
        published: name and bytes of a table of published totals; None = the one that is asked for, if one is.
    """

    bench: Bench
    evidence: tuple[Evidence, ...]
    known_at: int | None
    seen_by: int | None
    rules: CountingRules
    case: Case | None = None
    upto: int = 0
    reader: Reader = field(default_factory=Reader)
    inputs: Mapping[str, Mapping[str, str] | None] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    entries: Collection[int] | None = None
    published: tuple[str, bytes] | None = None

    @property
    def standing(self) -> Standing:
        """The signed acts as they stood."""
        acts = [act for part in self.evidence for act in part.acts]
        return History(self.bench.agreement, acts).as_known(self.known_at)


def reconcile_answer(
    what: str | Path, evidence: Sequence[Path], asked: Reconciled, *, areas: Sequence[Path] = (),
    tell: Tell | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The two lists, matched, counted by both rules, beside the published totals.

    Args:
        what: a case (folder, or URL of its database), or the text of an agreement.
        evidence: with an agreement: files of evidence and signed acts.
        asked: the two sides and the period.
        areas: further files of areas.
        tell: told `(what, done, all)` as the work goes on.

    Raises:
        InputError: no such party, two that are one side, or a period that ends before it begins.
    """
    return reconciled(opened(what, evidence, asked, areas, tell), asked, tell)


def reconciled(desk: Desk, asked: Reconciled, tell: Tell | None = None) -> dict[str, Any]:
    """The same of what was read already."""
    since, until = _period(asked, desk.bench.agreement.tz)
    speakers = Speakers(desk.bench, desk.rules, asked.a, asked.b)
    lists = lists_of(desk, speakers, since, until)
    decided: Mapping[str, str] = {}
    if asked.incidents is not None:
        decided = read_incidents(read_bytes(asked.incidents), asked.incidents.name)
        lists.a, lists.b = folded(lists.a, decided), folded(lists.b, decided)
    fit = Fit(desk.bench.atlas, desk.bench.agreement.group, desk.bench.agreement.acts)
    ours, theirs = ([entry.item for entry in lists.of(side).values()] for side in SIDES)
    matched = match(ours, theirs, fit, tell, decided=decided)
    told = ToldOf(lists, matched, speakers, desk.standing)
    agreement, totals = desk.bench.agreement, None
    skipped: list[str] = []
    published = desk.published
    if asked.ledgers is not None:
        published = asked.ledgers.name, read_bytes(asked.ledgers)
    if published is not None:
        totals, skipped = totals_row(*published, speakers, period=(since, until), tz=agreement.tz, at=desk.reader.at)
    return {
        "agreement": agreement_row(agreement), "title": dict(agreement.title), "rule_version": RULE_VERSION,
        "tz": agreement.tz, "from": utc_text(since) if asked.since else None,
        "until": utc_text(until) if asked.until else None,
        "known_at": None if desk.known_at is None else utc_text(desk.known_at),
        "reader": desk.reader.name, "matching": asdict(Rule()),
        "a": told.side("a", asked.a), "b": told.side("b", asked.b),
        "together": lists.together, "pairs": [told.pair(pair) for pair in matched.pairs],
        "only_a": told.alone("a"), "only_b": told.alone("b"),
        "open_a": told.left_open("a"), "open_b": told.left_open("b"),
        "counting": _counting(lists, desk, fit, asked),
        "totals": totals, "left_out": told.left_out, "evidence": [
            {**evidence_row(part), "file": coarse(part.file) or LEFT_OUT} for part in desk.evidence
        ],
        "inputs": desk.inputs, "warnings": [*desk.bench.warnings, *desk.warnings, *skipped], "law": LAW,
    }  # fmt: skip


# -- what is read ----------------------------------------------------------------------------------------------------


def opened(
    what: str | Path, evidence: Sequence[Path], asked: Reconciled, areas: Sequence[Path], tell: Tell | None
) -> Desk:  # fmt: skip
    """Read everything that the answer rests on."""
    case = open_case(what) if is_case(what) else None
    if case is not None and evidence:
        raise InputError("a case folder holds its own evidence: use `truceline add` to add files")
    text = Path(what)
    desk = _of_files(text, evidence, asked, areas, tell) if case is None else _of_case(case, asked, areas)
    check_sides(desk.bench, asked)
    return with_rules(replace(desk, reader=_reader(asked.reader, desk)), text, asked)


def check_sides(bench: Bench, asked: Reconciled) -> None:
    """Refuse what are not two sides.

    Raises:
        InputError: no such party, or two that are one side.
    """
    group = bench.agreement.group
    for side in SIDES:
        if asked.party(side) not in group.parties:
            raise UnknownError(f"`--{side}`: expected a party of the agreement, got {quoted(asked.party(side))}")
    if not apart(group, asked.a, asked.b):
        raise InputError(f"`--a` and `--b`: expected two sides, got one: {quoted(asked.a)} and {quoted(asked.b)}")


def _reader(name: str, desk: Desk) -> Reader:
    """Who reads, and what nobody has consented to show to whom: what is known now is obeyed."""
    kind, _, party = name.partition(":")
    if name not in ("secretariat", "public") and (kind != "party" or party not in desk.bench.agreement.group.parties):
        raise InputError(f"`--for`: expected secretariat, public or party:ID, got {quoted(name)}")
    at = int(time.time()) if desk.case is None else clock_of(desk.case.charter())()
    said = Consents() if desk.case is None else consents_of(desk.case, desk.bench.agreement.tz)
    return Reader(name, at, said.withheld([part.table for part in desk.evidence if part.table.num_rows], name, at))


def _of_files(
    what: Path, evidence: Sequence[Path], asked: Reconciled, areas: Sequence[Path], tell: Tell | None
) -> Desk:  # fmt: skip
    if not evidence and asked.ledgers is None:
        raise InputError("expected files of evidence after the agreement, or a case folder")
    if asked.known_at.startswith("#"):
        raise InputError("`--known-at #index` needs a case folder: files alone have no record")
    bench = open_agreement(what, areas)
    read = []
    for i, file in enumerate(evidence):
        if tell is not None:
            tell(f"reading {file.name}", i, len(evidence))
        read.append(read_evidence(file, bench))
    known = parse_instant(asked.known_at, bench.agreement.tz) if asked.known_at else None
    return Desk(bench, tuple(read), known, None, CountingRules())


def _of_case(case: Case, asked: Reconciled, areas: Sequence[Path]) -> Desk:
    known, upto = known_of(case, asked.known_at, bench_of_case(case).agreement.tz)
    bench = bench_of_case(case, areas, upto)
    return Desk(bench, evidence_of(case, bench, upto), known, known, CountingRules(), case, upto)


def with_rules(desk: Desk, what: Path | None, asked: Reconciled) -> Desk:
    """The same with the counting rules of its own: those of another agreement say nothing of this one."""
    if asked.rules is not None:
        data: bytes | None = read_bytes(asked.rules)
    else:
        near = None if what is None else beside(what, COUNTING)
        data = near if desk.case is None else desk.case.agreement_files(desk.upto).get(COUNTING)
    name = asked.rules.name if asked.rules is not None else COUNTING
    rules = read_rules(data or b"", name)
    told = [
        f"`{name}`: {safe(rule.issuer) or LEFT_OUT} speaks for no party of the agreement: {quoted(safe(rule.party))}"
        for rule in rules.strangers(desk.bench.agreement.group.parties)
    ]
    if data is None:
        told.append(f"`{COUNTING}` is not beside the agreement: how a side counts is not stated")
    given = {"ledgers": asked.ledgers, "incidents": asked.incidents}
    inputs: dict[str, Mapping[str, str] | None] = {"rules": None if data is None else input_row(name, sha256(data))}
    inputs |= {key: None if file is None else input_row(file.name, file_hash(file)) for key, file in given.items()}
    return replace(desk, rules=rules, inputs=inputs, warnings=tuple(told))


def _period(asked: Reconciled, tz: str) -> tuple[int, int]:
    since = parse_instant(asked.since, tz) if asked.since else LONG_AGO
    until = parse_instant(asked.until, tz) if asked.until else FAR_AHEAD
    if until <= since:
        raise InputError(f"`--until` is not after `--from`: {quoted(asked.until)} <= {quoted(asked.since)}")
    return since, until


def lists_of(desk: Desk, speakers: Speakers, since: int, until: int) -> Lists:
    """Both lists, of what can have happened in a period."""
    lists = Lists()
    table, _, _ = chosen_rows(desk.evidence, since, until, desk.seen_by)
    fill(lists, table, speakers, desk.bench, desk.reader)
    if desk.case is not None:
        known = desk.case.entries()[desk.upto - 1].known_at
        alleged = Lists()
        fill_alleged(
            alleged, desk.case, desk.upto, speakers, bench=desk.bench, known=known, reader=desk.reader,
            only=desk.entries,
        )  # fmt: skip
        lists.together += alleged.together
        for side in SIDES:
            for entry in alleged.of(side).values():
                if entry.item.start < until and entry.item.end > since:
                    lists.put(side, entry, str(entry.row["asserted_by"]))
    return lists


# -- how each side counts ----------------------------------------------------------------------------------------------


def _counting(lists: Lists, desk: Desk, fit: Fit, asked: Reconciled) -> dict[str, Any]:
    """Both rules, and what each makes of each list: two times two numbers."""
    rules = {side: _rule_of(desk.rules, asked.party(side)) for side in SIDES}
    items: dict[str, list[Item]] = {side: list(counted_items(lists.of(side))) for side in SIDES}
    return {
        "rules": {side: _rule_row(rules[side]) for side in SIDES},
        "lists": {
            side: {f"by_{of}": asdict(counted(items[side], rules[of], fit, desk.bench.agreement.tz)) for of in SIDES}
            for side in SIDES
        },
    }  # fmt: skip


def _rule_of(rules: CountingRules, party: str) -> CountingRule:
    """The rule of whoever speaks for a party; where nothing is known of it, one per incident, arrests counted."""
    return next(iter(rules.of_party(party)), CountingRule("", party))


def _rule_row(rule: CountingRule) -> dict[str, Any]:
    return {
        "issuer": named(rule.issuer), "stated": rule.is_stated, "arrests": rule.arrests,
        "one_per": rule.one_per or None, "source": named(rule.source),
    }  # fmt: skip
