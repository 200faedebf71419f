"""What do values of words and acts say in English? Context to code to English; each stands in every catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORDS_AND_ACTS: Final[Mapping[str, Mapping[str, str]]] = {
    "claim kind": {
        "description": "description", "commitment": "commitment", "allegation": "allegation", "proposal": "proposal",
        "warning": "warning", "ultimatum": "ultimatum", "reply": "reply", "request": "request",
        "acceptance": "acceptance, as told", "extension": "extension, as told",
        "withdrawal": "pulling back, as told", "end": "end, as told", "count": "count by its issuer",
    },
    "claim flag": {
        "said after it was reported": "it is said to have been said after it was reported",
        "no speaker": "no speaker is named", "speaker in no table": "the speaker is in no table",
        "unknown actor": "it names an actor that the text does not know",
        "translation without original": "a translation, without the words in which it was said",
        "date cannot be read": "its date cannot be read", "unknown term": "it names a term that the text does not have",
        "kind in no table": "its kind is in no table",
    },
    "second source": {
        "agree": "says the same", "partly": "says the same in part", "contradict": "says otherwise",
        "unstated": "it is not stated what it says",
    },
    "checkable": {"yes": "yes", "partly": "in part", "no": "no", "unstated": "not stated"},
    "request state": {"answered": "answered", "unanswered": "not answered", "unknown": "cannot be decided"},
    "first column": {
        "alleged": "Alleged: everything that somebody says, at its word", "reported": "Reported: what a term covers, "
        "if the report is true", "breach": "Supported: what a term covers, with the support that the terms require",
    },
    "first column meaning": {
        "alleged": "Reports and allegations alike; nobody has weighed them.",
        "reported": "Reports alone; whether they are true is not asked.",
        "breach": "Reports with enough independent support. What was held, a finding says.",
    },
    "first": {"surely": "surely", "possibly": "possibly", "no": "no"},
    "three values": {"1": "yes", "0": "cannot be decided", "-1": "no"},
    "attendance": {"present": "present", "absent": "absent", "observer": "as an observer"},
    "decision": {"agreed": "Agreed, and signed by all", "not-agreed": "Not agreed"},
    "effect": {
        "interprets": "gives a meaning to", "extends": "extends", "suspends": "suspends", "resumes": "resumes",
        "ends": "ends", "resets": "starts anew", "amends": "amends", "designates": "designates under",
    },
    "what came of it": {
        "kept": "kept", "broken": "not kept", "overtaken": "overtaken", "contradicted": "contradicted",
        "disputed": "disputed by another source", "cannot be decided": "cannot be decided",
        "kept as text": "kept as text, and never computed",
    },
    "later act": {
        "keeps": "keeps it", "breaks": "does not keep it", "overtakes": "overtakes it",
        "contradicts": "contradicts it", "disputes": "disputes it", "follows": "comes after it",
    },
    "indicator": {
        "supply": "Supply", "recruit": "Recruitment", "cross-border": "Movement across borders", "rearm": "Rearming",
        "regroup": "Regrouping", "ground taken": "Front line: ground taken",
        "ground lost": "Front line: ground lost", "area change": "Change of areas",
    },
    "signed act": {
        "accept": "accepts", "withdraw": "withdraws", "extend": "extends", "open": "opens", "end": "ends",
        "notice": "gives notice", "invoke": "invokes an exception", "answer": "answers", "perform": "performs",
        "refuse": "refuses", "confirm": "confirms", "request": "requests", "suspend": "suspends", "resume": "resumes",
        "waive": "waives", "reset": "starts a count anew", "adopt": "adopts a reading", "acknowledge": "acknowledges",
        "publish": "publishes", "expel": "expels", "readmit": "readmits", "finding": "signs a finding",
        "allege": "lodges an allegation", "reply": "replies",
    },
}  # fmt: skip
"""Contexts of the screen of words and acts."""
