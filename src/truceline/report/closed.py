"""What are the values of closed lists called in English? Codes of the program to the words that catalogues translate.

A list that is closed elsewhere stands here whole; a value that is missing would be shown as it is, as a foreign text.
Nothing is said here in another language: `report.language` does that, from the catalogues.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from truceline.report.closed_words import WORDS_AND_ACTS
from truceline.verdict import Reason

CLOSED: Final[Mapping[str, Mapping[str, str]]] = {
    "reason": {r.value: r.value for r in Reason},
    "meaning": {r.value: r.meaning for r in Reason},
    "settled by": {r.value: r.settled_by for r in Reason},
    "reader": {"secretariat": "the secretariat", "public": "the public"},
    "role": {
        "public": "the public", "secretariat": "the secretariat", "party": "a party", "monitor": "a monitor",
        "mediator": "the mediation",
        "intake": "the intake desk", "notices": "the notification desk", "mirror": "a mirror", "hotline": "a hotline",
    },
    "problem": {
        text: text
        for text in (
            "The request is not one",
            "These credentials are not, or no longer, good",
            "This has to be confirmed first",
            "Not for whoever asks, or not there",
            "Not asked in this way",
            "The request took too long to arrive",
            "Something came before it",
            "Too large",
            "The address is too long",
            "Not of a type that is taken here",
            "Not the host of this service",
            "Cannot be taken as it is",
            "Too many requests",
            "The headers are too many, or too long",
            "A fault of the program",
            "Not at this moment",
            "not for whoever asks, or not there",
            "these credentials are not, or no longer, good",
            "expected a passkey that was used just now: confirm it, and ask again",
            "expected a request of a page of this service, with the header X-Truceline-CSRF",
            "the case cannot be reached at this moment",
            "a fault of the program; it was logged",
            "the first answers are being worked out",
            "older states are being worked out already: ask again in a moment",
            "too many requests: come again later",
            "too many requests are in work",
            "too many reports are on their way",
            "too much is being sent at once",
            "not asked in this way",
            "the body did not arrive in time",
            "expected other parameters",
        )
    },
    "screen": {
        name: name
        for name in (
            "Today", "What if", "Ledger", "Agreement", "Exchange", "Notify", "Record", "Review", "Intake", "Approvals",
            "Accounts", "Words and acts",
        )
    },
    "entry type": {
        "charter": "charter", "keyset": "keys of a party", "revocation": "key declared stolen",
        "agreement": "agreement",
        "amendment": "amendment", "wording": "which text a party holds", "absence": "witness not reached",
        "evidence": "evidence", "areas": "areas", "acts": "classes of acts", "pairs": "reports compared",
        "assessment": "assessment", "allegation": "allegation", "answer": "answer", "act": "act of the agreement",
        "designation": "designation", "finding": "finding", "publication": "step of a publication",
        "ruling": "ruling", "sitting": "record of a sitting", "claim": "statement of somebody",
        "custody": "custody of an original", "consent": "consent", "commitment": "commitment",
        "shredding": "destruction of a key", "partition": "cells that are named together",
        "area": "area of a group", "map-proposal": "map of areas, proposed", "map-answer": "map of areas, answered",
        "map-version": "map of areas, signed by both", "handover": "list handed over",
        "handover-answer": "answer to a list", "exchange": "step of a sealed exchange",
        "notification": "notification", "acknowledgement": "acknowledgement of a notification",
    },
    "cell step": {
        "proposes": "names it", "withdraws": "no longer names it", "agrees": "agrees", "disputes": "disputes it",
        "signed": "signs it", "left out": "leaves it out of the signed version",
    },
    "cell choice": {
        "name": "names it", "withdraw": "no longer names it", "agree": "agrees", "dispute": "disputes it",
    },
    "list kind": {
        "areas": "A list of areas", "groups": "A list of groups", "routes": "A list of routes",
        "sites": "A list of sites", "targets": "A list of targets, as its author calls it", "other": "Another list",
    },
    "handover state": {
        "acknowledged": "acknowledges it", "denied": "denies it", "unanswered": "has not answered",
    },
    "exchange state": {
        "committing": "Lists are being fixed", "revealing": "Sealed lists are being handed over",
        "releasing": "Keys are being released", "opened": "Both lists are open", "lapsed": "Lapsed",
        "defaulted": "Ended by a default", "withheld": "The keys were withheld", "refused": "Refused",
        "broken": "Open, and a list was changed",
    },
    "exchange meaning": {
        "committing": "Each side fixes its list; nobody can read either.",
        "revealing": "Each side hands its sealed list over; nobody can read either.",
        "releasing": "The guarantors release the keys of both lists together.",
        "opened": "Each side reads both lists on its own machine.",
        "lapsed": "Nobody fixed a list before the time was over; nobody owed one.",
        "defaulted": "A side that owed a step did not take it in time. Neither list was opened.",
        "withheld": "Too few guarantors released their keys in time. Neither list was opened.",
        "refused": "What was sealed does not fit what was fixed, as somebody named here says. Neither list was opened.",
        "broken": "An opened list is not the one that was fixed: the other side showed it.",
    },
    "exchange stage": {
        "committing": "Lists fixed", "revealing": "Sealed lists handed over", "releasing": "Keys released",
        "opened": "Both open",
    },
    "exchange step": {
        "commit": "fix your list", "reveal": "hand over your sealed list", "release": "release your keys of both lists",
        "close": "show that the time is over",
    },
    "exchange fault": {
        "no-commitment": "fixed no list in time", "no-reveal": "did not hand over its sealed list in time",
        "no-release": "did not release its keys in time", "late": "came late",
        "bad-share": "gave a key that does not fit",
        "refusal": "refused", "changed-list": "its list is not the one that it fixed",
        "denial": "denies an entry that its key signed", "contested": "denies an entry; its key was revoked",
    },
    "notice kind": {
        "site": "Site", "movement": "Movement", "flight": "Flight", "repair": "Repair", "pause": "Local pause",
    },
    "notify what": {
        "site": "Notify a site", "movement": "Notify a movement", "flight": "Notify a flight",
        "repair": "Notify a repair", "pause": "Notify a local pause",
    },
    "notice state": {
        "waiting": "waits for a second person", "standing": "made known", "removed": "removed", "expired": "expired",
    },
    "notice meaning": {
        "waiting": "It waits for a second person.", "removed": "It was removed.", "expired": "It is over.",
        "damaged": "It can no longer be read.",
    },
    "notice group": {
        "waiting": "For a second person", "mine": "Your acknowledgement is awaited", "standing": "Made known",
        "ended": "Ended",
    },
    "notice level": {
        "exact": "as it is", "town": "the town", "cell": "the cell", "region": "the governorate",
        "count": "only that there is one",
    },
    "notice category": {
        "hospital": "hospital", "clinic": "clinic", "ambulance": "ambulance", "school": "school", "shelter": "shelter",
        "camp": "camp", "water": "water", "power": "power", "bread": "bread", "warehouse": "warehouse",
        "worship": "place of worship", "heritage": "heritage", "office": "office", "convoy": "convoy",
        "crossing": "crossing", "other": "something else",
    },
    "notice lead": {"48h": "48 hours", "24h": "24 hours", "emergency": "an emergency"},
    "notice word": {
        "notified": "made known", "acknowledged": "acknowledged", "denied": "denied", "escalated": "late, told further",
        "withdrawn": "no longer told", "removed": "removed", "expired": "expired",
    },
    "told to": {"1": "told to the joint body", "2": "told to the guarantors"},
    "report field": {
        "from": "From", "until": "Until", "place": "Place", "act": "Act", "actor": "Alleged actor", "target": "Target",
        "weapon": "Weapon", "killed": "Killed", "source": "Source",
    },
    "report state": {
        name: name
        for name in ("received", "asked", "confirmed", "taken", "joined", "closed", "rejected", "batched", "leaving")
    },
    "approval state": {
        name: name for name in ("waiting", "approved", "taken", "refused", "expired", "failed")
    },
    "channel": {"form": "form", "hotline": "hotline"},
    "text status": {"authentic": "authentic text", "reconstructed": "reconstructed text", "": "not stated"},
    "kind": {
        "incident": "incident", "ledger": "count by its issuer", "statement": "statement", "aid": "aid",
        "extension": "extension", "withdrawal": "withdrawal", "force_movement": "movement of forces",
        "commitment": "commitment", "acceptance": "acceptance", "detainee": "detainees", "flight": "flight",
        "fire": "fire seen from space", "observation": "observation", "track": "track of an aircraft",
        "impediment": "impediment to observers", "site": "site", "movement": "movement",
    },
    "group": {
        "bound": "between bound parties", "excluded": "with an excluded group", "mixed": "bound and excluded together",
        "other": "other actors, or none named",
    },
    "act": {
        "accident": "accident", "advance": "advance", "armed-person": "armed persons", "arson": "arson",
        "artillery": "artillery", "atgm": "anti-tank missile", "attack": "attack", "air-strike": "air strike",
        "barrel-bomb": "barrel bomb", "capture": "capture", "combat-flight": "combat flight", "count": "count",
        "deliver": "delivery", "deny-access": "denial of access", "detain": "detention", "fly": "flight",
        "gain": "gain of ground", "ground-attack": "ground attack", "heavy-weapon": "heavy weapons",
        "hinder": "hindrance", "humanitarian-flight": "humanitarian flight", "inform": "information",
        "inspect": "inspection", "medevac": "medical evacuation", "mortar": "mortar", "movement": "movement",
        "observation-flight": "observation flight", "observe": "observation", "obstruct": "obstruction",
        "presence": "presence", "recruit": "recruitment", "release": "release", "rocket": "rocket",
        "shelling": "shelling", "shoot-down": "aircraft shot down", "small-arms": "small arms",
        "statement": "statement", "supply": "supply", "toxic": "toxic substance",
        "transport-flight": "transport flight", "unseal": "removal of seals", "vehicle": "vehicles",
        "withdraw": "withdrawal",
    },
    "finding state": {name: name for name in ("public", "withheld", "not public")},
    "term kind": {
        "prohibit": "prohibition", "require": "duty", "permit": "exception", "power": "power", "define": "definition",
    },
    "language": {"en": "English", "ar": "Arabic", "ru": "Russian"},
    "term state": {
        "in force": "in force", "not yet": "not in force yet", "lapsed": "lapsed", "suspended": "suspended",
        "never": "never in force", "not in force": "not in force", "undecided": "cannot be decided",
    },
    "define state": {
        "in force": "holds", "not yet": "does not hold yet", "lapsed": "over", "suspended": "suspended",
        "never": "never in force", "not in force": "does not hold", "undecided": "cannot be decided",
    },
    "tag": {"V": "read in the text", "S": "read in press that reports it", "M": "general knowledge, to be checked"},
    "held": {
        "acknowledged": "acknowledged", "holds": "holds it", "can read": "can read it", "none": "nothing recorded",
    },
    "signed": {
        "agreement": "text of the agreement", "amendment": "amendment", "wording": "wording",
        "unknown": "a text that stands in no record",
    },
    "status": {
        "bound": "bound", "accepted": "accepted", "excluded": "excluded", "expelled": "expelled",
        "withdrawn": "withdrawn", "working": "at work",
    },
    "target": {
        "civilians": "civilians", "medical": "medical units", "school": "schools", "aid": "humanitarian aid",
        "settlement": "settlements", "any": "anybody", "bound": "everyone who is bound", "actor": "whoever acts",
        "target": "whoever is hit",
    },
    "protects": {"civilians": "civilians", "aid": "humanitarian aid", "sites": "notified sites"},
    "notice": {"area": "area", "time": "time", "callsign": "call sign"},
    "deed": {
        "accept": "say whether it accepts", "accept-monitoring": "accept monitoring", "access": "access",
        "agree-map": "agree on a map", "allegation": "an allegation", "ask-information": "ask for information",
        "bring-to-comply": "bring it to comply", "cease": "cease fire", "detainee-release": "release of detainees",
        "determine": "determine the circumstances", "discipline": "take disciplinary action",
        "exchange-areas": "exchange areas", "exhaust-other-means": "exhaust other means", "give-notice": "give notice",
        "give-reason": "give the reason", "grant": "grant it", "inform": "inform", "inform-fully": "inform fully",
        "leave": "to leave", "let-pass": "let pass", "nature": "assess its nature", "notify": "notify",
        "open-case": "open a case", "open-centre": "open the centre", "prevent-entry": "prevent entry",
        "publish-orders": "publish the orders", "reasonable-measures": "take all reasonable measures",
        "refer-to-ministers": "refer it to ministers", "respond-through-centre": "respond through the centre",
        "restore-compliance": "return to compliance", "retreat": "retreat", "scale": "assess its scale",
        "staff-checkpoints": "staff the checkpoints", "tell-members": "tell all members",
        "threat": "assess the threat", "use-mechanism": "use the mechanism",
    },
    "board stage": {
        "due": "due", "blocked": "waits for the other side", "unknown": "cannot be decided",
        "lapsed": "deadline passed without it", "met": "met", "dormant": "not owed yet", "over": "no longer owed",
    },
    "duty state": {
        "dormant": "not owed yet", "active": "owed", "suspended": "suspended", "breached": "not done in time",
        "repairing": "being made good", "fulfilled": "done", "fulfilled-late": "done late", "repaired": "made good",
        "unrepaired": "not made good", "waived": "given up by whom it is owed to", "void": "ended before it was due",
    },
    "ban state": {
        "not-in-force": "not in force", "kept": "kept", "suspended": "suspended", "alleged": "reported, not found",
        "breached": "found to be broken", "repairing": "being made good", "repaired": "made good",
        "unrepaired": "not made good", "calmed": "calmed", "ended": "ended",
    },
    "allegation state": {
        "lodged": "lodged", "acknowledged": "acknowledged", "merged": "joined to another",
        "asked": "information asked for", "answered": "answered", "unanswered": "no answer in time",
        "assessed": "assessed", "agreed": "assessed alike",
        "disagreed": "assessed differently", "one-sided": "assessed by one side", "not-a-breach": "no breach held",
        "explained": "explained", "repaired": "made good", "referred": "referred", "reopened": "opened again",
        "decided": "decided", "withdrawn": "withdrawn",
    },
    "counterpart": {"1": "shown to be done", "0": "not known to be done", "-1": "not done"},
    "meaning of board": {
        "no coverage": "nobody has shown whether it was done",
        "awaiting answer": "no finding on the reports that would set it going",
        "open word": "a word has several readings", "time": "when it was set going is not exact",
        "withheld text": "the text was not published", "order unknown": "the order of events is not known",
    },
    "board settle": {
        "no coverage": "a neutral's confirmation, or a finding", "awaiting answer": "a finding on those reports",
        "open word": "both adopt one reading", "time": "a finer time of what set it going", "withheld text": "the text",
        "order unknown": "finer times of what happened",
    },
    "pair": {
        "together": "to be done together", "alike": "alike for each", "same": "the same duty of several",
    },
    "designation": {
        "agreed": "agreed", "disputed": "disputed", "one-sided": "said by one alone", "not listed": "not listed",
    },
    "designation meaning": {
        "agreed": "on a list that all accept, or called excluded by all guarantors or by the text itself",
        "disputed": "called excluded by one and listed as accepting by another, or on a list under another name",
        "one-sided": "called excluded by one alone", "not listed": "called excluded by nobody",
    },
    "yes or no": {"1": "yes", "0": "cannot be decided", "-1": "no"},
    "change": {"renamed": "renamed", "merged": "merged", "split": "split"},
    "part": {
        "head": "head of the text", "actor": "actor", "fact": "fact", "instrument": "document", "zone": "zone",
        "word": "open word", "term": "term", "act": "class of acts",
    },
    "how": {"added": "added", "removed": "removed", "changed": "changed"},
    "consequence": {
        "gains": "somebody gains", "loses": "somebody loses", "window": "window", "deadline": "deadline",
        "moved": "a moment moved", "zone-larger": "zone larger", "zone-smaller": "zone smaller",
        "zone-moved": "zone lies elsewhere", "reading-adopted": "reading adopted",
        "reading-left-open": "reading left open", "published": "published", "withheld": "withheld",
    },
    "term noun": {
        "prohibition": "the prohibition", "duty": "the duty", "exception": "the exception", "power": "the power",
    },
    "advice": {
        text: text
        for text in (
            "Say which gives way: narrow one of them, or write a `permit` with `except`. It is never resolved for you.",
            "Let one of them be set going by a moment, a request or an act of somebody else.",
            "Say `simultaneous: true` if that is meant, or let one side's duty stand by itself.",
            "Name what can come, adopt what it rests on, or leave the term out.",
            "Adopt it, or keep it as a paper and rely on none of its terms.",
            "Record who accepted, from when and by which source; without it nobody is bound.",
            "Adopt one reading before signing; where they differ, every answer stays open.",
            "Say which of the two gives way, or exempt the joint act by a `permit`.",
            "Give all of them the same `on`, or do not name them together.",
            "Let a common moment set them going: `on: {at: ...}`.",
            "Count the deadline from the trigger (`within`), or move one of the two.",
            "Name the members of the body, or give the task to somebody who exists.",
            "Name a body among the actors, or say the condition so that evidence decides it.",
            "Publish it to those whom it binds, or expect no sure answer.",
            "Name in `except` the terms it is an exception to: nothing is allowed by itself.",
            "Correct `does`, `who` or `except`.",
            "Name the document and the clause, or write `source: none` for what is yours.",
            "Word it in every language of the text: whoever reads only this one reads another agreement.",
            "Record the status as a fact, give a body the power to confer it, or name the actors.",
            "Write a measure such as `PT6H`, or list the word under `words` with the readings people hold.",
            "Add the wordings of your sources to `acts.csv` or `weapons.csv`, or agree who is to report it.",
            "All of them apply there. Say so, or cut the zones apart, or name an exception.",
            "Check the spelling of its code or id, or add the file that holds it (`--areas`).",
            "Agree who reports coverage and how, or state `coverage: assumed`: silence is not calm.",
        )
    },
    "remark": {
        "contradiction": "Two terms require and forbid the same act of the same or overlapping actors",
        "together-triggers": "Duties owed together have different triggers",
        "together-forbidden": "A duty owed together with others is forbidden by another term",
        "together-waits": "Duties owed together wait for one another",
        "mutual-while": "Terms hold only while the other side complies, in a circle",
        "deadlock": "Duties or powers wait for one another, so that none is ever owed",
        "deadline-before-trigger": "A deadline lies before the earliest moment at which the duty can arise",
        "never-adopted": "A term belongs to a document that was never adopted",
        "never-triggered": "A term waits for what can never come",
        "empty-window": "A term has a window without a moment in it",
        "nobody": "A term binds, or gives a power to, whom nobody is",
        "not-accepted": "No acceptance is recorded of anybody whom a term binds",
        "nobody-answers": "An exception needs the answer of a body, and the text has none",
        "undefined-word": "A limit or measure uses a word that the text neither defines nor lists as open",
        "open-word": "A word is read in several ways and no reading is adopted",
        "withheld": "A text or a place was never published: no evidence can decide it",
        "permit-of-nothing": "An exception excuses from no term, or from none of the acts it names",
        "no-source": "A clause names no source",
        "no-translation": "A clause is not worded in a language of the text",
        "zones-overlap": "Two zones overlap, and the rules for the same act and actors differ",
        "no-shape": "A zone is in no file of areas: no place can be held against it",
        "no-evidence": "No alias and no evidence given ever leads to an act that the term names",
        "no-coverage": "A condition needs coverage, and no evidence given carries any",
    },
    "extent": {
        "disc": "a disc", "area": "an administrative area", "line": "a road or a line",
        "sector": "a sector seen from a post", "hull": "the space between two places",
        "outside": "outside every land area", "none": "no place stated",
    },
    "precision": {
        "exact": "exact", "hour": "to the hour", "day": "to the day", "days": "to several days", "week": "to the week",
        "month": "to the month", "year": "to the year",
    },
    "note": {
        text: text
        for text in (
            "lapsed", "ended", "never in force", "not invoked", "no bound actor possible",
            "protected by humanitarian law", "a count over a period is its issuer's claim, not an incident",
            "a statement is not an act",
        )
    },
    "reading": {
        "umbrella: side": "a word for a whole side counts as that side",
        "umbrella: strict": "a word for a whole side decides nothing",
        "designation: identity": "a group is excluded by what it is, under any name",
        "designation: name": "a group is excluded only under the name on a list",
    },
    "beside": {
        "strict": "if a word for a whole side decides nothing",
        "name": "if a group is excluded only under the name on a list",
    },
    "case sight": {
        "as reported": "as it was reported", "town": "an area about its town", "cell": "a cell", "unit": "a unit",
        "count": "a number", "nothing": "nothing",
    },
    "case sign": {"yes": "yes", "open": "unknown", "no": "no"},
    "case factor": {
        "text": "the words of the term are known", "time": "it was in force then",
        "place": "the place is one it speaks of", "altitude": "the height is one it speaks of",
        "act": "the act is one it speaks of",
        "actor": "it binds whoever acted", "target": "it protects whoever was hit",
        "condition": "its conditions are met", "exception": "no exception applies", "kind": "reports can fall under it",
    },
    "case question": {
        "any": "some prohibition covers it", "some": "some prohibition covers it, told so",
        "covered": "the term covers it", "text": "the text of the term is known", "time": "the term was in force",
        "place": "it took effect where the term says", "altitude": "it was at the height that the term says",
        "act": "the act is one that the term speaks of", "actor": "whoever acted is bound",
        "target": "it was done to whom the term protects", "condition": "the conditions of the term are met",
        "exception": "no exception holds", "direction": "one side did it to the other",
        "way": "told so, actor and target are those of the term", "both ways": "whichever side did it",
        "all of": "all of these", "as target": "as the target", "if": "it was so at that time",
        "unless": "what lifts the term is not there", "holds": "the exception holds", "invoked": "it was invoked",
        "granted": "its conditions were decided", "purpose": "the purpose is that of the exception",
        "taken back": "nothing takes the exception back", "told": "what the term asks of the report",
        "lies": "the area lies in the zone", "exists": "the zone was there then",
        "height": "the height is that of the zone", "kind of": "the act is of the kind",
        "open": "the report does not say", "named": "the name is among those meant",
        "window": "when the term was in force", "define": "when the condition was met", "done": "when it was done",
        "when": "when that was so", "not": "when that was not so", "any-of": "when one of these was so",
        "readings": "when, in each reading", "moment": "from that moment on", "instrument": "when the instrument stood",
        "status": "when it had the status", "own": "when it had it by itself", "rule": "when the rule was met",
        "side": "when somebody of its side had accepted", "accepted": "when it had accepted",
        "excluded": "when it was excluded", "marked": "when it was called so",
    },
    "case entry": {
        "evidence": "received by the desk", "ruling": "ruling", "act": "signed act", "allegation": "allegation",
        "answer": "answer", "finding": "finding", "consent": "consent", "custody": "custody of an original",
        "publication": "step towards the public", "agreement": "text of the agreement", "amendment": "amendment",
    },
    "case act": {
        "accept": "accepts", "withdraw": "withdraws", "extend": "extends", "open": "opens", "end": "ends",
        "notice": "gives notice", "invoke": "invokes an exception", "answer": "answers what a body was asked",
        "perform": "says that it was done", "refuse": "refuses", "confirm": "confirms",
        "request": "asks for information",
        "suspend": "suspends", "resume": "resumes", "waive": "waives", "reset": "begins the count anew",
        "adopt": "adopts a reading", "acknowledge": "acknowledges", "publish": "publishes", "expel": "expels",
        "readmit": "readmits",
        "same": "the same incident", "different": "different incidents", "grade": "the grade of the source",
        "place": "the unit in which it took place", "support": "whether it is supported",
    },
    "case stage": {
        "draft": "drafted", "comment": "before the parties concerned, for remarks on the facts",
        "joint": "before the joint body", "public": "public", "withheld": "withheld", "lifted": "public after all",
    },
    "case holds": {
        "breach": "a breach", "no-breach": "no breach", "undecided": "it cannot be held", "explained": "explained",
        "repaired": "repaired",
    },
    "case tie": {"surely": "about this report", "maybe": "may be about this report"},
    "case part": {
        "alleging": "lodged the allegation", "alleged": "is named in the allegation", "named": "is named in the report",
        "guarantor": "is a guarantor",
    },
    "case field": {
        "any": "covered by some term", "supported": "supported", "from": "from", "until": "until", "place": "place",
        "act": "act", "actor": "actor", "target": "target", "killed": "killed, as stated", "kind": "kind",
        "weapon": "weapon", "term": "term",
    },
    "case state": {"public": "public", "withheld": "withheld by the body", "not public": "not public yet"},
    "case word": {
        one: one
        for one in (
            "and", "towards", "to", "To", "entry", "term", "Finding", "Dissent", "in force",
            "possibly in force", "Signed", "Condition", "Words", "Grade", "authentic", "Not met",
            "The report",
        )
    },
    "case value": {"yes": "yes", "no": "no", "withdrawn": "withdrawn"},
    **WORDS_AND_ACTS,
}  # fmt: skip
"""What comes as a value, not from a template: context to code to English. Each stands in every catalogue."""
