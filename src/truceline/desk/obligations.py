"""Who owes what at a moment: the answer of `truceline obligations`, of a case folder or an agreement and files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from truceline import LAW, RULE_VERSION
from truceline.agreement.history import Standing
from truceline.agreement.model import Agreement, SignedAct
from truceline.assess.allegations import Allegation, allegations
from truceline.assess.bans import Ban, bans
from truceline.assess.obligations import Duty, Reported, duties
from truceline.assess.reported import reported_of_all
from truceline.desk.files import Tell, open_agreement, read_evidence
from truceline.desk.runs import Asked, Outcome, agreement_row, assess_files, judge_case
from truceline.errors import InputError, quoted
from truceline.span import FAR_AHEAD, LONG_AGO, local_text, parse_instant, utc_text
from truceline.store.opened import is_case, open_case
from truceline.verdict import Answer, reasons_of


def obligations_answer(
    what: str | Path, at: str, evidence: Sequence[Path] = (), *, known_at: str = "", of: str = "",
    tell: Tell | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Every duty, prohibition and allegation at a moment.

    Args:
        what: a case (folder, or URL of its database), or the text of an agreement.
        at: a time text; its first second is meant.
        evidence: with an agreement: files of evidence and signed acts.
        known_at: a time text, or `#index` of a case; empty = everything that is known.
        of: only this bearer; empty = all.
        tell: told `(what, done, all)` as the work goes on.

    Raises:
        InputError: no such bearer, or a time that is none.
    """
    outcome = _outcome(what, evidence, known_at, tell)
    agreement, standing = outcome.bench.agreement, outcome.assessed.law.standing
    if of and of not in agreement.parties:
        raise InputError(f"`--of`: expected an actor of the agreement, got {quoted(of)}")
    second = parse_instant(at, agreement.tz)
    return {
        "agreement": agreement_row(agreement), "rule_version": RULE_VERSION, "tz": agreement.tz, "at": utc_text(second),
        "known_at": None if outcome.known_at is None else utc_text(outcome.known_at),
        **board(standing, second, reported_of_all(outcome.assessed), of),
        "warnings": outcome.warnings,
        "law": LAW,
    }  # fmt: skip


def board(standing: Standing, at: int, told: Reported, of: str = "") -> dict[str, Any]:
    """Who owes what at a second, as plain values.

    Args:
        standing: the text and its signed acts.
        at: UTC second.
        told: what reports say of each bearer.
        of: only this bearer; empty = all.
    """
    agreement = standing.agreement
    owed = [one for one in duties(standing, at, told) if of in ("", one.bearer)]
    kept = [one for one in bans(standing, at, told) if of in ("", one.bearer)]
    return {
        "duties": [_duty_row(one, agreement) for one in owed],
        "prohibitions": [_ban_row(one, agreement) for one in kept],
        "allegations": [_allegation_row(one) for one in allegations(standing, at)],
        "findings": [_finding_row(a, standing) for a in standing.acts if a.act == "finding" and a.at <= at],
    }  # fmt: skip


def _outcome(what: str | Path, evidence: Sequence[Path], known_at: str, tell: Tell | None) -> Outcome:
    asked = Asked(known_at=known_at)
    if is_case(what):
        if evidence:
            raise InputError("a case folder holds its own evidence: use `truceline add` to add files")
        return judge_case(open_case(what), asked, tell=tell)
    bench = open_agreement(Path(what))
    return assess_files(bench, [read_evidence(file, bench) for file in evidence], asked, tell)


def _duty_row(duty: Duty, agreement: Agreement) -> dict[str, Any]:
    term, trigger = agreement.terms[duty.term], duty.trigger
    return {
        "term": duty.term, "line": term.line, "bearer": duty.bearer, "procures": duty.procures or None,
        "does": term.body.get("do"), "source": term.source or None, "tag": term.tag or None,
        "states": sorted(duty.states), "reasons": [reason.value for reason in reasons_of(duty.why)],
        "trigger": None if trigger is None else {
            "what": trigger.what, "id": trigger.id or None, "surely": trigger.is_sure, "reports": trigger.count or None,
            "from": _text(trigger.span.start), "until": _text(trigger.span.end),
        },
        "readings": [
            {"name": name or None, "states": sorted(states), **_deadline(duty, name)}
            for name, states in duty.by_reading.items()
        ],
        "clock": term.clock, "protected": term.is_protective, "effort": term.body.get("effort") is True,
        "counterpart": None if duty.asked is None else _answer(duty.asked), "moved_by": list(duty.moved_by),
        "fault": duty.fault or None,
    }  # fmt: skip


def _deadline(duty: Duty, name: str) -> dict[str, Any]:
    found = next((one for one in duty.deadlines if one.reading == name), None)
    return {
        "deadline": None if found is None else _text(found.latest),
        "deadline_earliest": None if found is None else _text(found.earliest),
        "deadline_surely": None if found is None else found.is_sure,
    }


def _ban_row(ban: Ban, agreement: Agreement) -> dict[str, Any]:
    term = agreement.terms[ban.term]
    return {
        "term": ban.term, "line": term.line, "bearer": ban.bearer, "states": sorted(ban.states),
        "reports": {"surely": ban.surely, "possibly": ban.possibly}, "moved_by": list(ban.moved_by),
        "protected": term.is_protective, "source": term.source or None,
    }  # fmt: skip


def _allegation_row(one: Allegation) -> dict[str, Any]:
    return {
        "id": one.id, "by": list(one.by), "against": one.against or None, "term": one.term or None,
        "at": utc_text(one.at), "states": sorted(one.states), "answers": list(one.answers),
        "assessed_by": list(one.assessed_by), "dissent": list(one.dissent),
    }  # fmt: skip


def _finding_row(act: SignedAct, standing: Standing) -> dict[str, Any]:
    """A finding as it was signed, with who of the body does not agree; joint, or one side's own."""
    return {
        "id": act.id, "body": act.body or None, "by": list(act.by), "joint": standing.is_of_body(act),
        "holds": act.holds, "term": act.term or None, "against": act.against or None, "at": utc_text(act.at),
        "standard": act.standard or None, "dissent": list(act.dissent), "about": list(act.about),
    }  # fmt: skip


def _answer(answer: Answer) -> dict[str, Any]:
    return {"value": answer.value, "reasons": [reason.value for reason in answer.reasons]}


def _text(second: int) -> str | None:
    return utc_text(second) if LONG_AGO < second < FAR_AHEAD else None


def local(text: str | None, tz: str) -> str:
    """A UTC text on the clock of a zone, to the minute and without its offset; a dash for none."""
    return "-" if text is None or text == ".." else local_text(parse_instant(text, "UTC"), tz)[:16]
