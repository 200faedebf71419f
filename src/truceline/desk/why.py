"""Why is a verdict of a case what it is, and what would settle most of those that are open?

Opens a case, asks `assess.why` for the trees and `assess.worlds_shown` for the two worlds of an open answer, and hands
out plain values. It decides nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from truceline import LAW
from truceline.assess import checker, spec, why
from truceline.assess import proof as proof_of
from truceline.assess.assessment import Assessed
from truceline.assess.worlds_shown import Shown, worlds_of
from truceline.desk.files import Tell, read_bytes
from truceline.desk.runs import Asked, Outcome, judge_case, known_of
from truceline.errors import InputError, VerificationError, quoted
from truceline.evidence.schema import Observation
from truceline.store.case import Case
from truceline.verdict import NO, Answer, Reason, reasons_of

MOST_IDS = 20
MAY_ASK = (Reason.TIME, Reason.PLACE, Reason.ACT, Reason.ACTOR, Reason.TARGET, Reason.ALTITUDE)
"""What a request asks a party for; never for a person, for where people are, or for a source."""


@dataclass(frozen=True)
class Told:
    """Why some verdicts on one report are what they are.

    Attributes:
        proof: what the independent checker takes.
        shown: term id to the two worlds of an open answer.
        sources: term id to where its text is from.
    """

    report: Observation
    proof: Mapping[str, Any]
    answers: Mapping[str, Answer]
    shown: Mapping[str, Shown]
    sources: Mapping[str, str]


def explain(case: Case, assessment_id: str, asked: Asked | None = None, tell: Tell | None = None) -> Told:
    """Explain `REPORT:TERM`, or every term that is not surely not covered and `any` for `REPORT`.

    Raises:
        InputError: no such report was judged, or no such term.
    """
    outcome = judge_case(case, asked or Asked(), tell=tell)
    _, upto = known_of(case, (asked or Asked()).known_at, outcome.bench.agreement.tz)
    return explained(case, outcome, assessment_id, upto)


def explained(case: Case, outcome: Outcome, assessment_id: str, upto: int) -> Told:
    """The same of an outcome that is there already, of the first `upto` entries."""
    report, term_ids = _named(outcome, assessment_id)
    law = outcome.assessed.law
    name = case.text(upto).body["file"]
    text = proof_of.text_of(case.agreement_files(upto)[name], name)
    answers = {t: _judged(report, t, outcome) for t in term_ids}
    tree = why.why_all(report, term_ids, law)
    shown = {t: found for t in term_ids if (found := worlds_of(report, t, law)) is not None}
    proof = proof_of.with_worlds(proof_of.document(report, tree, law, text), report, tree, law, shown)
    sources = {t: law.terms[t].source for t in term_ids if t in law.terms}
    return Told(report, proof, answers, shown, sources)


def _judged(report: Observation, term_id: str, outcome: Outcome) -> Answer:
    law = outcome.assessed.law
    return spec.judge_any(report, law) if term_id == why.ANY else spec.judge(report, term_id, law).covered


def _named(outcome: Outcome, assessment_id: str) -> tuple[Observation, list[str]]:
    """The report and the terms that an id names; a report's id may hold colons itself."""
    columns, law = outcome.assessed.columns, outcome.assessed.law
    rows, term = columns.rows_of({assessment_id}), ""
    if not len(rows):
        head, _, term = assessment_id.rpartition(":")
        rows = columns.rows_of({head}) if head else rows
    if not len(rows):
        raise InputError(f"no report {quoted(assessment_id)} was judged: expected `REPORT` or `REPORT:TERM`")
    if term and term != why.ANY and term not in law.terms:
        raise InputError(f"the agreement has no term {quoted(term)}: expected `any` or one of {', '.join(law.terms)}")
    report = outcome.assessed.reports[int(rows[0])]
    if term:
        return report, [term]
    bans = [t for t in outcome.assessed.prohibitions if spec.judge(report, t, law).covered.value != NO]
    return report, [*bans, why.ANY]


def replayed(path: Path) -> list[str]:
    """Work out a tree anew by the independent checker; gives the questions that were taken on trust.

    Raises:
        VerificationError: it does not hold, and where. InputError: not a file of trees.
    """
    try:
        found = json.loads(read_bytes(path))
        proof = found.get("proof", found)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path.name}: not JSON: {error}") from None
    try:
        return checker.check(proof)
    except checker.Refused as error:
        raise VerificationError(f"{path.name}: the tree does not hold: {error}") from None


# -- what would settle most --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """One thing to ask for.

    Attributes:
        reason: why answers are open.
        ask: the fields, or whose act.
        alone: verdicts that it settles by itself.
        among: verdicts in which it is one of several.
        terms: term id to open verdicts.
        reports: ids of the reports, those that it settles alone first; at most `MOST_IDS`.
        more: further reports.
        to_party: whether a party can answer it, rather than a body or all parties together.
    """

    reason: str
    ask: str
    alone: int
    among: int
    terms: Mapping[str, int]
    reports: tuple[str, ...]
    more: int
    to_party: bool


def request(outcome: Outcome, party: str = "") -> list[Wanted]:
    """What would settle most verdicts, most first; of one party only reports that name it.

    Raises:
        InputError: no such party.
    """
    assessed = outcome.assessed
    parties = assessed.law.standing.agreement.parties
    if party and party not in parties:
        raise InputError(f"unknown party {quoted(party)}: expected one of {', '.join(sorted(parties))}")
    gathered = _gathered(assessed, _of(assessed, party))
    made = [_wanted(reason, found, assessed) for reason, found in gathered.items()]
    chosen = [w for w in made if not party or w.to_party]
    return sorted(chosen, key=lambda w: (-w.alone, -w.among, w.reason))


def _of(assessed: Assessed, party: str) -> list[int]:
    """The rows of the reports that name a party; of all, where none is meant."""
    return [row for row in range(len(assessed.columns)) if not party or _names(assessed, row, party)]


def _names(assessed: Assessed, row: int, party: str) -> bool:
    group = assessed.law.standing.agreement.group
    named = (assessed.columns.names[assessed.columns.actor[row]], assessed.columns.names[assessed.columns.target[row]])
    return any(group.belongs(actor, party) != NO for one in named for actor in one.ids if actor in group.parties)


def _gathered(assessed: Assessed, rows: list[int]) -> dict[Reason, list[tuple[int, str, bool]]]:
    """Reason to the open verdicts it stands in: row, term, and whether it stands alone."""
    found: dict[Reason, list[tuple[int, str, bool]]] = {}
    for term in assessed.prohibitions:
        masks = assessed.answers[term].why
        for row in rows:
            reasons = reasons_of(int(masks[row]))
            for reason in reasons:
                found.setdefault(reason, []).append((row, term, len(reasons) == 1))
    return found


def _wanted(reason: Reason, found: Iterable[tuple[int, str, bool]], assessed: Assessed) -> Wanted:
    all_ = list(found)
    rows = list(dict.fromkeys(row for row, _, _ in sorted(all_, key=lambda f: (not f[2], assessed.ids[f[0]]))))
    return Wanted(
        reason=reason.value,
        ask=reason.settled_by,
        alone=sum(alone for _, _, alone in all_),
        among=len(all_),
        terms=dict(sorted(Counter(term for _, term, _ in all_).items(), key=lambda item: (-item[1], item[0]))),
        reports=tuple(assessed.ids[row] for row in rows[:MOST_IDS]),
        more=max(len(rows) - MOST_IDS, 0),
        to_party=reason in MAY_ASK,
    )


def request_answer(outcome: Outcome, wanted: Iterable[Wanted], party: str) -> dict[str, Any]:
    """The answer of `ask --json`; its schema is in `docs/reference/json`."""
    asked = [
        {
            "reason": w.reason, "ask": w.ask, "alone": w.alone, "among": w.among, "terms": dict(w.terms),
            "reports": list(w.reports), "more": w.more, "to_party": w.to_party,
        }
        for w in wanted
    ]  # fmt: skip
    agreement = outcome.bench.agreement
    assessed, rows = outcome.assessed, _of(outcome.assessed, party)
    open_ = sum(int((assessed.answers[term].value[rows] == 0).sum()) for term in assessed.prohibitions)
    return {"agreement": agreement.id, "agreement_hash": agreement.canonical_hash, "to": party or None,
            "open": open_, "asked": asked, "law": LAW}  # fmt: skip
