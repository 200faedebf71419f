"""The shipped case as two sides keep it: what the tests of one case are made on.

Beside the reports: one incident that several of them tell of, an allegation with its answer and a request, a finding
that both guarantors signed with a dissent, a draft that waits for remarks, and consent.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.desk.seen_case import say
from truceline.desk import charters, keyring, records
from truceline.desk.cases import add_files, init_case
from truceline.desk.records import Draft
from truceline.span import parse_instant
from truceline.store.case import Case
from truceline.store.opened import open_case

SHIPPED = Path(__file__).parents[3] / "agreements" / "syria-2016"
BEGAN = parse_instant("2016-12-20T12:00Z", "UTC")
"""When the record begins."""

NOW = BEGAN + 86_400
"""When it is looked at: a draft has been out for some hours."""

CONVOY = "sy-165"
"""A report of an incident that several others tell of, denied by one side and open in several conditions."""


def rich_case(folder: Path) -> Case:
    """The case; it is made once in a run, and copied."""
    shutil.copytree(_template(keyring.config_folder()), folder)
    return open_case(folder)


@cache
def _template(config: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="rich-", dir=config)) / "case"
    sets = [keyring.key_set(party) for party in ("gov", "ru", "us")]
    charter = charters.new_charter("Two sides", parties=sets)
    made = init_case(folder, SHIPPED / "agreement.yaml", charter, known_at=BEGAN)
    add_files(made, [SHIPPED / "reports.jsonl"], known_at=BEGAN + 60)
    _said(made)
    made.close()
    return folder


def _said(case: Case) -> None:
    at = BEGAN + 3_600
    reports = ["sy-161", "sy-164", CONVOY, "sy-167", "sy-170"]
    say(case, Draft("ruling", {"what": "same", "reports": reports, "reason": "One convoy, one evening."}), at)
    alleged = {
        "text": "The convoy was attacked from the air.", "against": "gov", "day": "2016-09-19", "terms": ["F7"],
    }  # fmt: skip
    one = say(case, Draft("allegation", alleged, "us"), at + 60)
    say(case, Draft("answer", {"text": "No aircraft of ours flew there that evening.", "to": one}, "ru"), at + 120)
    asked: dict[str, Any] = {
        "act": "request", "at": "2016-12-20T14:00Z", "of": CONVOY, "to": "gov", "about": [f"entry-{one}"],
        "value": "Which flights were there between 19:00 and 20:00?",
    }  # fmt: skip
    say(case, Draft("act", asked, "us"), at + 180)
    held = {
        "about": [one], "body": "tf", "holds": "undecided", "standard": "balance of probabilities", "term": "F7",
        "against": "gov", "text": "That the convoy was attacked is established; by whom cannot be held.",
        "dissent": [{"by": "ru", "text": "It is not established that it was an attack."}],
    }  # fmt: skip
    two = _jointly(case, "finding", held, at + 240)
    draft = Draft("publication", {"stage": "draft", "texts": {"en": "A draft."}}, readers=("gov", "ru", "us"))
    of = say(case, draft, at + 300)
    step = {"stage": "comment", "of": of, "about": [two], "to": ["gov", "ru", "us"], "body": "tf"}
    comment = say(case, Draft("publication", step), at + 360)
    say(case, Draft("answer", {"text": "The hour is 19:12.", "to": comment}, "us"), at + 420)
    for second, (party, holds) in enumerate((("us", "breach"), ("ru", "no-breach"))):
        own = {
            "about": [one], "body": party, "holds": holds, "standard": "own", "term": "F7", "text": f"So holds {party}."
        }  # fmt: skip
        say(case, Draft("finding", own, party), at + 480 + second)
    again = {"about": [one, two], "body": "tf", "holds": "explained", "standard": "agreed", "text": "Explained."}
    _jointly(case, "finding", again, at + 540)
    say(case, Draft("consent", {"about": CONVOY, "use": "publish", "is_given": True}), at + 600)


def _jointly(case: Case, kind: str, body: dict[str, Any], at: int) -> int:
    """Something that both guarantors sign together; the index of its entry."""
    data, files = records.prepare(case, Draft(kind, body, "us"), lambda: at)
    return records.submit(case, records.cosign_entry(case, data, "ru"), files, lambda: at).index
