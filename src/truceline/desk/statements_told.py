"""What may somebody see of the words of a case? Claims and the dated log of them: plain values for every face.

Claims of the files beside the text are open to everybody, like the text. A claim that a report tells of is shown to
whom the report is shown, no finer than the list shows it; its words, speaker and address where the report was published
by somebody who is named. A claim on the record is shown to whoever may read its entry. Nothing here is evidence, and
every answer says so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from truceline import LAW
from truceline.assess.commitments import Cited, Reuse, answered, cited, reused
from truceline.assess.followed import window_of
from truceline.desk.lists import safe, safe_id
from truceline.desk.pages import COMMON_SOURCES
from truceline.desk.views.view import View
from truceline.desk.words import Words
from truceline.errors import InputError, UnknownError, quoted
from truceline.evidence.statements import DOORS, KINDS, OF_RECORD, OF_REPORTS, Claim, When
from truceline.span import civil_day, day_span, parse_span, utc_text

MOST_LISTED: Final = 1_000
LOGGED: Final = (
    "proposal", "warning", "ultimatum", "request", "reply", "acceptance", "extension", "commitment", "withdrawal",
    "end",
)  # fmt: skip
"""Kinds of claims that a log of dealings holds; descriptions, allegations and counts stand in the list alone."""

OPEN_UNTIL_ANSWERED: Final = ("request", "ultimatum")
"""These wait for an answer, and show for how long; a claim that asks for something does too."""

NO_EVIDENCE: Final = "words are no evidence: no answer rests on them"


@dataclass(frozen=True)
class Lens:
    """Who looks.

    Attributes:
        reader: `secretariat`, `party:ID` or `public`.
        view: what the reader sees of reports; None = all of it, as for who keeps the files.
        entries: indexes of the entries that the reader may read; None = all.
    """

    reader: str = "secretariat"
    view: View | None = None
    entries: Collection[int] | None = None

    @property
    def is_inside(self) -> bool:
        """Whether everything is shown."""
        return self.view is None or self.view.is_inside

    def shows(self, one: Claim) -> bool:
        """Whether a claim is shown at all."""
        if one.door == OF_RECORD:
            return self.entries is None or one.entry in self.entries
        return one.door != OF_REPORTS or self.view is None or self.view.row(safe_id(one.id)) is not None

    def words(self, one: Claim, text: str) -> str:
        """Words of a claim, as far as this reader is given them; empty = they are kept from him."""
        if self.is_inside or one.door != OF_REPORTS:
            return text
        return safe(text) if one.url and one.source and self._is_common(one) else ""

    def told(self, one: Claim) -> Claim:
        """A claim as this reader is shown it: of one that came by a report no more, and no finer, than the list tells.

        Raises:
            LookupError: it is not shown.
        """
        if self.view is None or self.is_inside or one.door != OF_REPORTS:
            return one
        view, row = self.view, self.view.row(safe_id(one.id))
        if row is None:
            raise LookupError(one.id)
        is_common, is_public = self._is_common(one), view.role == "public"
        codes = [column[0] for column in view.place_codes(np.array([row], np.int64))]
        due = one.due
        if is_public and (window := window_of(one)) is not None:
            due = msgspec.structs.replace(due, since=window[0], until=window[1])  # hours are counted before days are
        said, reported, due = (_as_days(when, view.tz) if is_public else _in_words(when)
                               for when in (one.said, one.reported, due))  # fmt: skip
        return msgspec.structs.replace(
            one, stated_kind=view.said(one.stated_kind), said=said, reported=reported, due=due, is_coarse=is_public,
            speaker=safe(one.speaker) if is_common else "", speaker_kind=one.speaker_kind if is_common else "",
            actors=one.actors if is_common else (), url=(view.url(one.url) or "") if is_common else "",
            note=safe(view.place_text(int(view.seen.level[row]), *codes)),
        )  # fmt: skip

    def _is_common(self, one: Claim) -> bool:
        """Whether the report comes from a source whose words everybody can read, and from nobody who is withheld."""
        if self.view is None:
            return True
        row, sheet = self.view.row(safe_id(one.id)), self.view.sheet
        names, codes = sheet.coded("source")
        if row is None or codes[row] < 0 or names[int(codes[row])] not in COMMON_SOURCES:
            return False
        return not sheet.table.column("reporter_withheld")[row].as_py()


# -- claims ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asking:
    """What of the claims is asked for.

    Attributes:
        since, until: time texts: only claims said, reported or due in between; empty = no bound.
        actor: id: only those for whom it was said, or whose act is meant.
        kind, door: of the claims.
    """

    since: str = ""
    until: str = ""
    actor: str = ""
    kind: str = ""
    door: str = ""


def check_asking(asking: Asking, words: Words) -> None:
    """Refuse what no claim can be.

    Raises:
        InputError: no such actor, kind or door, or a time that is none.
    """
    _bounds(asking, words.tz)
    if asking.actor and asking.actor not in words.agreement.parties:
        raise UnknownError(f"`--of`: expected an actor of the agreement, got {quoted(asking.actor)}")
    for name, value, known in (("--kind", asking.kind, KINDS), ("--door", asking.door, DOORS)):
        if value and value not in known:
            raise InputError(f"`{name}`: expected one of {', '.join(known)}, got {quoted(value)}")


def seen(words: Words, lens: Lens) -> list[Claim]:
    """The claims that a reader is shown, each as it is shown: what names another that is not shown does not name it."""
    found = [lens.told(one) for one in words.claims if lens.shows(one)]
    if lens.is_inside and lens.entries is None:
        return found
    ids = {one.id for one in found}
    return [_naming(one, ids, lens) if one.same_as or one.to else one for one in found]


def names_shown(key: str, ids: Collection[str], lens: Lens) -> bool:
    """Whether an id is that of a claim, or of a report, that a reader is shown."""
    return key in ids or (lens.view is not None and lens.view.row(safe_id(key)) is not None)


def _naming(one: Claim, ids: Collection[str], lens: Lens) -> Claim:
    same_as, to = (key if names_shown(key, ids, lens) else "" for key in (one.same_as, one.to))
    return msgspec.structs.replace(one, same_as=same_as, to=to)


def _as_days(when: When, tz: str) -> When:
    """A time as the public is told it: the whole civil days that it touches, without its words."""
    if when.since is None or when.until is None:
        return When(basis=when.basis)
    first, last = (day_span(civil_day(at, tz), tz) for at in (when.since, max(when.since, when.until - 1)))
    return When("", first.start, last.end, when.basis)


def _in_words(when: When) -> When:
    """A time with its words as they may be passed on."""
    return msgspec.structs.replace(when, text=safe(when.text))


def claims_shown(words: Words, lens: Lens | None = None, asking: Asking | None = None) -> dict[str, Any]:
    """The claims with their second sources and status, oldest first; and the lines that hold none.

    Args:
        words: of the case.
        lens: who looks; None = whoever keeps the case.
        asking: what is asked for; None = all.

    Returns:
        Plain values: `claims`, `rejected`, `doors` (how many came by each), `evidence` (what they are not).

    Raises:
        InputError: a time that is none.
    """
    lens, asking = lens or Lens(), asking or Asking()
    found = [one for one in seen(words, lens) if is_asked(one, asking, words)]
    shown = [claim_row(one, words, lens) for one in sorted(found, key=order_of)]
    doors: dict[str, int] = {}
    for one in found:
        doors[one.door] = doors.get(one.door, 0) + 1
    return {
        "tz": words.tz, "claims": shown[:MOST_LISTED], "more": max(0, len(shown) - MOST_LISTED), "doors": doors,
        "flagged": sum(bool(one.flags) for one in found),
        "rejected": [
            {"file": one.file, "line": one.line, "id": safe(one.id), "field": one.field, "reason": safe(one.reason)}
            for one in (words.rejected if lens.is_inside else ())
        ],
        "warnings": list(words.warnings), "evidence": NO_EVIDENCE, "law": LAW,
    }  # fmt: skip


def claims_of_day(words: Words, day: str, lens: Lens | None = None) -> list[str]:
    """The ids of the claims that can have been said, reported or due on a civil day: for the page of that day."""
    asking = Asking(since=day, until=day)
    lens = lens or Lens()
    return [safe_id(one.id) for one in sorted(seen(words, lens), key=order_of) if is_asked(one, asking, words)]


def is_asked(one: Claim, asking: Asking, words: Words) -> bool:
    """Whether a claim is one of those that are asked for."""
    if asking.kind not in ("", one.kind) or asking.door not in ("", one.door):
        return False
    if asking.actor and not _concerns(one, asking.actor, words):
        return False
    since, until = _bounds(asking, words.tz)
    if since is None and until is None:
        return True
    return any(
        (until is None or when.since < until) and (since is None or when.until > since)
        for when in (one.said, one.reported, one.due)
        if when.since is not None and when.until is not None
    )


def _bounds(asking: Asking, tz: str) -> tuple[int | None, int | None]:
    """The seconds between which claims are asked for; None = no bound."""
    since = parse_span(asking.since, tz).start if asking.since else None
    return since, parse_span(asking.until, tz).end if asking.until else None


def _concerns(one: Claim, actor: str, words: Words) -> bool:
    group = words.agreement.group
    return any(actor in group.above(some) for some in (*one.actors, *one.of))


def order_of(one: Claim) -> tuple[int, int, str]:
    """Claims stand by when they were said; else by when they were carried, or are due; what has no time comes last."""
    when = next((w for w in (one.said, one.reported, one.due) if w.since is not None), None)
    return (1 << 60, 0, one.id) if when is None or when.since is None else (when.since, when.until or 0, one.id)


def claim_row(one: Claim, words: Words, lens: Lens) -> dict[str, Any]:
    """A claim of `seen` as plain values."""
    told = lens.words(one, one.words)
    return {
        "id": safe_id(one.id), "kind": one.kind, "stated_kind": one.stated_kind, "words": told or None,
        "words_withheld": bool(one.words) and not told,
        "speaker": {"name": one.speaker, "office": one.office, "kind": one.speaker_kind, "actors": list(one.actors)},
        "said": _when(one.said), "reported": _when(one.reported), "due": _when(one.due),
        "quotation": None if not one.quotation else {
            "text": one.quotation, "lang": one.lang, "is_translation": one.is_translation,
            "original": one.original or None,
        },
        "of": list(one.of), "against": list(one.against), "terms": list(one.terms), "lang": one.lang or None,
        "checkable": one.checkable, "check_how": one.check_how,
        "seconds": [msgspec.to_builtins(second) for second in one.seconds], "status": one.status, "note": one.note,
        "count": None if one.count_low is None and one.count_high is None
        else {"low": one.count_low, "high": one.count_high, "unit": one.unit},
        "ledgers": [ledger_row(found) for found in cited(one, words.totals, words.sources)],
        "topics": list(one.topics), "segment": one.segment or None, "state": one.state or None,
        "same_as": safe_id(one.same_as) or None, "to": safe_id(one.to) or None, "asks": one.asks or None,
        "reused": _reused(reused(one, words.claims)), "door": one.door, "source": safe(one.source) or None,
        "url": safe(one.url) or None, "flags": list(one.flags), "entry": None if one.entry < 0 else one.entry,
        "is_evidence": False,
    }  # fmt: skip


def _when(when: When) -> dict[str, Any]:
    return {
        "text": when.text or None,
        "from": None if when.since is None else utc_text(when.since),
        "until": None if when.until is None else utc_text(when.until),
        "basis": when.basis or None,
    }


def _reused(found: Reuse | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "said": utc_text(found.said),
        "reported": utc_text(found.reported),
        "least_days": found.least_days,
        "first_told": safe_id(found.first_told) or None,
        "source": safe(found.source) or None,
    }


def ledger_row(found: Cited) -> dict[str, Any]:
    """A published count that a claim cites: its own sum, and what others counted over a time that overlaps."""
    total = found.total
    return {
        "issuer": total.issuer, "from": _day(total.first), "until": _day(total.last), "region": total.region,
        "unit": total.unit, "count": total.count.text, "breakdown": total.breakdown or None,
        "parts_sum": found.sum.parts.text or None, "check": found.sum.check, "said_check": total.said_check or None,
        "said_wrong": found.sum.said_wrong,
        "confirmed": None if total.confirmed is None
        else {"confirmed": total.confirmed.confirmed, "of": total.confirmed.of, "besides": total.confirmed.besides},
        "by": found.by, "differs_from": [
            {
                "issuer": other.issuer, "from": _day(other.first), "until": _day(other.last), "region": other.region,
                "unit": other.unit, "count": other.count.text, "is_same_period": is_same,
            }
            for other, is_same in found.others
        ],
        "publisher": total.publisher or None, "url": total.url or None, "note": total.note or None, "line": total.line,
    }  # fmt: skip


def _day(day: Any) -> str | None:  # noqa: ANN401  # a date, or none
    return None if day is None else str(day.isoformat())


# -- the log -----------------------------------------------------------------------------------------------------------


def log_shown(words: Words, at: int, lens: Lens | None = None, asking: Asking | None = None) -> dict[str, Any]:
    """Proposals, warnings, ultimatums, requests, replies and what was agreed or ended, by date; how old a request is.

    Args:
        words: of the case.
        at: UTC second at which somebody looks: what was said later is not told, and ages run to it.
        lens: who looks; None = whoever keeps the case.
        asking: what is asked for; None = all.

    Returns:
        Plain values: `log`, oldest first, and so many `more` that are not listed; each with `answered` (null = it
        waits for none): `state` answered, unanswered or unknown; `least_days` and `most_days` of its age until the
        answer, or until now.
    """
    lens, asking = lens or Lens(), asking or Asking()
    shown = seen(words, lens)
    found = [
        one for one in shown
        if (one.kind in LOGGED or one.asks) and is_asked(one, asking, words)
        and (one.said.since is None or one.said.since <= at)
    ]  # fmt: skip
    log = []
    for one in sorted(found, key=order_of)[:MOST_LISTED]:
        waits = one.kind in OPEN_UNTIL_ANSWERED or bool(one.asks)
        answer = answered(one, shown, words.agreement, at) if waits else None
        log.append({
            **claim_row(one, words, lens),
            "answered": None if answer is None else {
                "state": answer.state, "by": safe_id(answer.by) or None, "how": answer.how or None,
                "at": None if answer.at is None else utc_text(answer.at), "least_days": answer.least_days,
                "most_days": answer.most_days,
            },
        })  # fmt: skip
    return {
        "tz": words.tz,
        "at": utc_text(at),
        "log": log,
        "more": max(0, len(found) - MOST_LISTED),
        "evidence": NO_EVIDENCE,
        "law": LAW,
    }
