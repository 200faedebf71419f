"""In which states can a duty, a prohibition, an allegation be? Three tables, each row with a sentence for a lawyer.

A duty is followed for one bearer and one trigger, a prohibition for one bearer and one case: the next case is another
run. Two guards stand in the tables. Terms that are `protective` (civilians, aid, notified sites) are suspended and
waived by nothing. Terms of `effort` are not broken by silence: a passed deadline does not move them, a finding does.

Two things are not in the tables, since they are parameters of a run. Where the clock stops while a duty is suspended
(`clock: stops`), the deadline that is handed in lies later. Where there was no coverage, a passed deadline is handed
in as only possible: then the states are `active` and `breached`, and silence is neither compliance nor a breach.

Source: articles on the responsibility of States (2001), articles 2, 14, 20, 30, 31, 44, 45; fourth Geneva convention,
article 8.
"""

from __future__ import annotations

from collections.abc import Mapping

from truceline.agreement.machine import Machine, Row, States
from truceline.agreement.model import SignedAct, Term

PROTECTIVE, EFFORT = "protective", "effort"
GUARDS: Mapping[str, str] = {
    PROTECTIVE: "protects civilians, aid or notified sites: nothing suspends or waives it",
    EFFORT: "asks for an effort and no result: silence does not break it",
}
ROLES: Mapping[str, str] = {
    "clock": "nobody: a time of the text has come, or what the text names has happened",
    "bearer": "whom the term binds",
    "counterpart": "to whom it is owed",
    "body": "the competent body, by a signed act",
    "anybody": "whoever may make a statement on the record",
    "accuser": "who lodged the allegation",
    "accused": "whose conduct it speaks of",
    "side": "a side, or a guarantor, for itself",
}

_P, _E = frozenset({PROTECTIVE}), frozenset({EFFORT})

DUTY = Machine(
    "duty",
    "dormant",
    frozenset({"fulfilled", "fulfilled-late", "repaired", "unrepaired", "waived", "void"}),
    (
        Row("dormant", "trigger", "active", ("clock",), "What the text names as the trigger has happened: it is owed."),
        Row("dormant", "waive", "waived", ("counterpart",), "Whom it would be owed to asks for nothing.", _P),
        Row("dormant", "end", "void", ("clock", "body"), "The term ends before the duty arose."),
        Row("active", "perform", "fulfilled", ("bearer",), "It is done in time."),
        Row("active", "deadline-passed", "breached", ("clock",), "The deadline passed and it was not done.", _E),
        Row("active", "finding-of-breach", "breached", ("body",), "The body finds that it was broken."),
        Row("active", "suspend", "suspended", ("body",), "The body suspends it; no conduct of others does.", _P),
        Row("active", "waive", "waived", ("counterpart",), "Whom it is owed to gives it up by a signed act.", _P),
        Row("active", "end", "void", ("clock", "body"), "The term ends before the deadline: nothing is owed any more."),
        Row("suspended", "resume", "active", ("body", "clock"), "The suspension is lifted, or its time is over."),
        Row("suspended", "perform", "fulfilled", ("bearer",), "It is done although it could not be asked for."),
        Row("suspended", "waive", "waived", ("counterpart",), "Whom it is owed to gives it up by a signed act.", _P),
        Row("suspended", "end", "void", ("clock", "body"), "The term ends while the duty is suspended."),
        Row("breached", "perform", "fulfilled-late", ("bearer",), "It is done after the deadline: the delay stays."),
        Row("breached", "repair-begun", "repairing", ("bearer",), "Who broke it begins to make it good."),
        Row("breached", "finding-of-repair", "repaired", ("body",), "The body finds that it was made good."),
        Row("breached", "finding-of-no-breach", "active", ("body",), "The body finds that it was not broken: it is "
            "owed as before."),
        Row("repairing", "perform", "fulfilled-late", ("bearer",), "What was owed is done after all."),
        Row("repairing", "finding-of-repair", "repaired", ("body",), "The body finds that it was made good."),
        Row("repairing", "repair-failed", "unrepaired", ("clock", "body"), "The time for it passed, or the body finds "
            "that it was not made good."),
    ),
)  # fmt: skip
"""A duty of one bearer after one trigger."""

PROHIBITION = Machine(
    "prohibition",
    "not-in-force",
    frozenset({"calmed", "repaired", "unrepaired", "ended"}),
    (
        Row("not-in-force", "begin", "kept", ("clock",), "The term enters into force for the bearer."),
        Row("not-in-force", "end", "ended", ("clock", "body"), "The term ends before it was in force."),
        Row("kept", "report", "alleged", ("anybody",), "Somebody reports that it was broken: that is no breach yet."),
        Row("kept", "finding-of-breach", "breached", ("body",), "Only a signed finding makes a breach."),
        Row("kept", "suspend", "suspended", ("body",), "The body suspends it; no conduct of others does.", _P),
        Row("kept", "end", "ended", ("clock", "body"), "The term ends with nothing alleged."),
        Row("suspended", "resume", "kept", ("body", "clock"), "The suspension is lifted, or its time is over."),
        Row("suspended", "end", "ended", ("clock", "body"), "The term ends while it is suspended."),
        Row("alleged", "finding-of-breach", "breached", ("body",), "The body holds that it was broken."),
        Row("alleged", "finding-of-no-breach", "kept", ("body",), "The body holds that it was not broken, or finds it "
            "explained."),
        Row("alleged", "withdraw", "kept", ("accuser",), "Who reported it takes it back."),
        Row("alleged", "calm", "calmed", ("body",), "The case is closed before anyone is blamed."),
        Row("breached", "finding-of-no-breach", "kept", ("body",), "A later finding of the body sets the first aside."),
        Row("breached", "repair-begun", "repairing", ("bearer",), "Who broke it begins to make it good."),
        Row("breached", "finding-of-repair", "repaired", ("body",), "The body finds that it was made good."),
        Row("repairing", "finding-of-repair", "repaired", ("body",), "The body finds that it was made good."),
        Row("repairing", "repair-failed", "unrepaired", ("clock", "body"), "The time for it passed, or the body finds "
            "that it was not made good."),
    ),
)  # fmt: skip
"""A prohibition, for one bearer and one case. After its end a case that is open goes on."""

_WITHDRAWN = "Who lodged it takes it back."
_OUTCOMES = tuple(
    Row(held, event, end, ("body",), why)
    for held in ("agreed", "disagreed", "one-sided")
    for event, end, why in (
        ("finding-of-no-breach", "not-a-breach", "The body holds that it was no breach."),
        ("finding-of-explanation", "explained", "The body takes the explanation that was given."),
        ("finding-of-repair", "repaired", "The body finds that it was made good."),
        ("refer", "referred", "It is put before those whom the text names above the body."),
    )
)

ALLEGATION = Machine(
    "allegation",
    "lodged",
    frozenset({"decided", "withdrawn"}),
    (
        Row("lodged", "acknowledge", "acknowledged", ("body",), "The body confirms that it has it."),
        Row("lodged", "withdraw", "withdrawn", ("accuser",), _WITHDRAWN),
        Row("acknowledged", "merge", "merged", ("body",), "It is the same incident as another and is handled with it."),
        Row("acknowledged", "ask", "asked", ("body", "side"), "The accused is asked for information."),
        Row("acknowledged", "withdraw", "withdrawn", ("accuser",), _WITHDRAWN),
        Row("merged", "ask", "asked", ("body", "side"), "The accused is asked for information."),
        Row("merged", "withdraw", "withdrawn", ("accuser",), _WITHDRAWN),
        Row("asked", "reply", "answered", ("accused",), "The accused answers."),
        Row("asked", "deadline-passed", "unanswered", ("clock",), "No answer came in time: a fact, not guilt."),
        Row("asked", "withdraw", "withdrawn", ("accuser",), _WITHDRAWN),
        Row("unanswered", "reply", "answered", ("accused",), "A late answer is an answer."),
        Row("unanswered", "assess", "assessed", ("side",), "A side seals its assessment without an answer."),
        Row("unanswered", "withdraw", "withdrawn", ("accuser",), _WITHDRAWN),
        Row("answered", "assess", "assessed", ("side",), "A side seals its assessment, unseen by the other."),
        Row("answered", "withdraw", "withdrawn", ("accuser",), _WITHDRAWN),
        Row("assessed", "opened-alike", "agreed", ("clock",), "Both were sealed, are opened together, and agree."),
        Row("assessed", "opened-apart", "disagreed", ("clock",), "Both are opened together and differ."),
        Row("assessed", "opened-alone", "one-sided", ("clock",), "The deadline passed with one assessment only."),
        *_OUTCOMES,
        Row("referred", "decide", "decided", ("body",), "Those it was put before have decided."),
        Row("not-a-breach", "reopen", "reopened", ("body",), "New evidence came in."),
        Row("explained", "reopen", "reopened", ("body",), "New evidence came in."),
        Row("repaired", "reopen", "reopened", ("body",), "What was made good did not last, or new evidence came in."),
        Row("reopened", "ask", "asked", ("body", "side"), "The accused is asked again."),
    ),
)
"""An allegation, from its lodging on."""

MACHINES = (DUTY, PROHIBITION, ALLEGATION)

_OF_ACT = {
    "perform": "perform", "waive": "waive", "suspend": "suspend", "resume": "resume", "end": "end",
    "acknowledge": "acknowledge", "reply": "reply", "withdraw": "withdraw", "request": "ask",
}  # fmt: skip
_OF_HOLDING = {"breach": "finding-of-breach", "no-breach": "finding-of-no-breach", "repaired": "finding-of-repair"}


def traits_of(term: Term) -> States:
    """The traits of a term that the guards ask for."""
    found = {PROTECTIVE} if term.is_protective else set()
    return frozenset(found | ({EFFORT} if term.body.get("effort") is True else set()))


def event_of(act: SignedAct, machine: Machine) -> str:
    """Which event a signed act is in a table; empty where it moves nothing, as a finding that leaves it open.

    >>> finding = SignedAct("f-1", "finding", ("tf",), 0, 0, holds="undecided")
    >>> event_of(finding, DUTY)
    ''
    """
    event = _OF_ACT.get(act.act, "")
    if act.act == "finding":
        is_explained = act.holds == "explained"
        explained = "finding-of-explanation" if machine is ALLEGATION else "finding-of-no-breach"
        event = explained if is_explained else _OF_HOLDING.get(act.holds, "")
    return event if event in machine.events else ""
