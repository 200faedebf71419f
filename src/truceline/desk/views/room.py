"""What is asked of the workroom of a case? Everything that takes an outcome: judging, why, what-if, duties, two lists.

It keeps the newest outcome, and older or smaller ones as long as they are few rows. Who may see what is worked out here
again from the same functions as for lists: nothing that comes with a question is trusted to say it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import shapely

from truceline import RULE_VERSION, __version__
from truceline.agreement.model import SignedAct
from truceline.agreement.standing import Standing
from truceline.assess.answers import Answers
from truceline.assess.assessment import Assessed
from truceline.assess.calendar import Calendar
from truceline.assess.place import Placed
from truceline.assess.replay import Change, Replay
from truceline.assess.reported import reported_of_all
from truceline.desk.consent import consents_of
from truceline.desk.decided import as_ruled, found_of
from truceline.desk.files import LEDGERS, Bench, Evidence
from truceline.desk.lists import Reader, safe_id
from truceline.desk.obligations import board
from truceline.desk.reconcile import Desk, Reconciled, check_sides, reconciled, with_rules
from truceline.desk.recorded import signed_acts
from truceline.desk.runs import Asked, Outcome, agreement_row, evidence_row, judge_case, published_with
from truceline.desk.shown import show
from truceline.desk.statements_told import Lens
from truceline.desk.views.asked_zone import Supposed, amended
from truceline.desk.views.below import entry_of, told_by, tree_rows, window_row, worlds_row
from truceline.desk.views.days import coverage_of, in_force
from truceline.desk.views.own import Own, acts_among, judged, own_of
from truceline.desk.views.sheet import Sheet, Source, sheet_of, source_of, weighed
from truceline.desk.views.sight import Moment, known_by_shown_ids, sighted
from truceline.desk.views.stage import Scene, inside, scene_of
from truceline.desk.views.standing import designated, stands_of
from truceline.desk.views.view import View
from truceline.desk.views.worded import QUESTIONS, WordsDesk, words_held
from truceline.desk.whatif import change_row
from truceline.desk.why import explained
from truceline.desk.words import Words
from truceline.errors import UnknownError, quoted
from truceline.evidence.counting import CountingRules
from truceline.evidence.schema import rejected_table
from truceline.group import role_of
from truceline.span import parse_instant, utc_text
from truceline.store.opened import open_case

_ACT = re.compile(r"entry-\d+")
MOST_ROWS = 400_000
"""Outcomes of so many rows together are kept, and the newest in any case."""

MOST_TALK = 2_000
"""Of so many allegations and answers, the newest, duties and allegations are followed."""

MOST_CHANGED = 1_000


@dataclass(frozen=True)
class Reading:
    """Who asks, and how: what a question has to say of it.

    Attributes:
        reader: `secretariat`, `party:ID` or `public`.
        moment: when, and of which state.
        hidden: ids of findings that it may not see.
        entries: indexes of the entries that it may read; None = all.
        without: those of `hidden` that may move answers.
    """

    reader: str
    moment: Moment
    hidden: frozenset[str] = frozenset()
    entries: frozenset[int] | None = None
    without: frozenset[str] = frozenset()


@dataclass
class _Held:
    """An outcome, and what was worked out of it."""

    outcome: Outcome
    sheet: Sheet
    replays: OrderedDict[tuple[str, str], tuple[Outcome, Replay]]
    stood: dict[Any, Standing] = field(default_factory=dict)
    words: dict[int, Words] = field(default_factory=dict)

    @cached_property
    def source(self) -> Source:
        """The columns of its evidence."""
        return source_of(self.outcome)


class JudgingRoom:
    """The workroom of one case."""

    def __init__(self, where: str) -> None:
        """Open the case; nothing is judged yet."""
        self._case = open_case(where)
        self._held: OrderedDict[tuple[int, frozenset[str]], _Held] = OrderedDict()

    def close(self) -> None:
        """Let go of the case."""
        self._case.close()

    # -- judging -------------------------------------------------------------------------------------------------------

    def sheet(self, size: int, without: frozenset[str] = frozenset()) -> tuple[Sheet, list[dict[str, Any]], list[str]]:
        """The sheet of the first `size` entries, what was judged, and what a reader has to know.

        Args:
            size: so many entries.
            without: ids of findings that are left out, where answers rest on findings.
        """
        held = self._judged(size, without)
        return held.sheet, [evidence_row(part) for part in held.outcome.evidence], held.outcome.warnings

    def _judged(self, size: int, without: frozenset[str] = frozenset()) -> _Held:
        key = (size, without)
        if key not in self._held:
            self._make_room(size)  # before: many large outcomes at once are more than a machine may have
            outcome = judge_case(self._case, Asked(known_at=f"#{size - 1}"), without=without)
            self._held[key] = _Held(outcome, sheet_of(outcome), OrderedDict())
        self._held.move_to_end(key)
        return self._held[key]

    def _make_room(self, size: int) -> None:
        """Let go of outcomes until another one as large as the largest fits.

        The newest is let go of for a newer one alone: whoever asks for old states takes it from nobody.
        """
        newest = max((key[0] for key in self._held), default=0)
        gone = [one for one in self._held if size > newest or one != (newest, frozenset())]
        for key in gone:
            sizes = [len(one.sheet) for one in self._held.values()]
            if sum(sizes) + max(sizes) <= MOST_ROWS:
                return
            del self._held[key]

    # -- why -----------------------------------------------------------------------------------------------------------

    def why(self, size: int, row: int, is_whole: bool, without: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Why the verdicts on one report are what they are.

        Args:
            size: so many entries.
            row: of the sheet.
            is_whole: with who stands behind it, what would settle it, and the proof; else none of these.
            without: ids of findings that are left out, as for `sheet`.
        """
        held = self._judged(size, without)
        outcome = held.outcome
        key = outcome.assessed.ids[int(held.sheet.numbers("row")[row])]
        told = show(outcome, key)
        told.pop("law")
        told["observation"] = held.sheet.ids[row].as_py()
        for term, one in told["terms"].items():
            one |= {"worlds": worlds_row(one["factors"]), "window": window_row(outcome, term)}
        if is_whole:
            found = explained(self._case, outcome, key, size)
            return {
                **told, "proof": found.proof, "sources": dict(found.sources),
                "worlds": tree_rows(found.proof), "told_by": told_by(outcome, key),
            }  # fmt: skip
        return {
            "observation": told["observation"], "any": told["any"], "reasons": told["reasons"],
            "protected": told["protected"], "supported": told["support"]["value"], "terms": told["terms"],
        }  # fmt: skip

    def came_by(self, size: int, row: int) -> int | None:
        """By which entry of the record a report came; None = by none.

        Args:
            size: so many entries.
            row: of the sheet.
        """
        held = self._judged(size)
        return entry_of(held.outcome, held.outcome.assessed.ids[int(held.sheet.numbers("row")[row])])

    # -- duties --------------------------------------------------------------------------------------------------------

    def obligations(self, size: int, known: int, reading: Reading, at: str, of: str) -> dict[str, Any]:
        """Who owes what at a moment, by the reports that the reader sees.

        Args:
            size: with so many entries everything was judged last.
            known: so many entries are known: what was said since changes no verdict.
            reading: who asks.
            at: a time text; empty = now.
            of: only this bearer; empty = all.

        Raises:
            InputError: no such bearer, or a time that is none.
        """
        held = self._judged(size, reading.without)
        agreement = held.outcome.bench.agreement
        if of and of not in agreement.parties:
            raise UnknownError(f"`of`: the text knows no actor {quoted(of)}")
        second = parse_instant(at, agreement.tz) if at else reading.moment.at
        view = self._view(held, reading)
        standing, warnings = self._standing(held, known, reading, view)
        told = board(standing, second, reported_of_all(_seen_by(held.outcome.assessed, view)), of)
        if reading.entries is not None:
            told = _unnamed(told, reading.entries)
        return {
            "agreement": agreement_row(agreement), "rule_version": RULE_VERSION, "tz": agreement.tz,
            "at": utc_text(second), **told, "warnings": warnings,
        }  # fmt: skip

    def stands(self, size: int, known: int, reading: Reading, at: str) -> dict[str, Any]:
        """Whether each term was in force at a moment; the arguments are those of `obligations`.

        Without `at` the state that is looked at is meant, or now.
        """
        standing, second = self._stood(size, known, reading, at)
        return {"at": utc_text(second), "terms": stands_of(standing, second)}

    def designations(self, size: int, known: int, reading: Reading, at: str) -> dict[str, Any]:
        """Who was called what at a moment; the arguments are those of `stands`."""
        standing, second = self._stood(size, known, reading, at)
        return {"at": utc_text(second), **designated(standing, second, reading.entries)}

    def _stood(self, size: int, known: int, reading: Reading, at: str) -> tuple[Standing, int]:
        """What stands, kept for the next question, and the second that is meant."""
        held, moment = self._judged(size), reading.moment
        tz = held.outcome.bench.agreement.tz
        now = moment.at if moment.known_at is None else moment.known_at
        second = parse_instant(at, tz) if at else now
        key = (known, reading.hidden, reading.entries)
        if key not in held.stood:
            held.stood.clear()
            held.stood[key] = self._standing(held, known, reading, None)[0]
        return held.stood[key], second

    def _standing(self, held: _Held, known: int, reading: Reading, view: View | None) -> tuple[Standing, list[str]]:
        """What stands, with everything that was said until now and that the reader may know of.

        Without a view nothing is known of exceptions that a report itself brings: they say nothing of what is in force.
        """
        outcome = held.outcome
        before = outcome.assessed.law.standing
        invoked = [] if view is None else _invoked(before, view)
        signed = [act for one in signed_acts(self._case, outcome.bench.agreement.tz, known) for act in one.acts]
        signed = [act for act in signed if act.id not in reading.hidden]
        talk = [act for act in signed if act.act in ("allege", "reply")]
        if reading.entries is not None:  # a duty names the allegation that set it going
            untold = {act.id for act in talk if _index(act.id) not in reading.entries}
            signed = [act for act in signed if act.id not in untold]
            talk = [act for act in talk if act.id not in untold]
        left_out = {act.id for act in talk[:-MOST_TALK]}
        acts = sorted((*(a for a in signed if a.id not in left_out), *invoked), key=lambda a: (a.known_at, a.id))
        warnings = [f"the newest {MOST_TALK} allegations and answers are followed"] if left_out else []
        return replace(before, acts=tuple(acts), _kept={}, _making=[]), warnings

    # -- days ----------------------------------------------------------------------------------------------------------

    def in_force(self, size: int, without: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
        """Which documents had a prohibition in force, and when, surely and possibly: as the answers have it."""
        outcome = self._judged(size, without).outcome
        return in_force(outcome.assessed.law.standing)

    def coverage(self, size: int, reading: Reading, first: date, days: int) -> dict[str, Any]:
        """Which share of each day somebody watched, of all that the prohibitions speak of.

        Args:
            size: with so many entries everything was judged last.
            reading: who asks.
            first: the first civil day.
            days: how many.
        """
        held = self._judged(size)
        view = self._view(held, reading)
        consents = known_by_shown_ids(consents_of(self._case, held.outcome.bench.agreement.tz))
        bench, calendar = self._bench(held, size, reading), Calendar(first, days, view.tz)
        whole = held.outcome.assessed.law.placed
        placed = whole if bench is held.outcome.bench else Placed(bench.agreement.zones, bench.atlas)
        return coverage_of(held.outcome, held.source, view, consents, calendar=calendar, placed=placed)

    # -- words ---------------------------------------------------------------------------------------------------------

    def words(self, size: int, known: int, reading: Reading, what: str, *values: Any) -> Any:  # noqa: ANN401
        """What a reader is told of words, and of words beside acts: plain values.

        Args:
            size: with so many entries everything was judged last.
            known: so many entries are known: what was said since changes no verdict.
            reading: who asks.
            what: one of `worded.QUESTIONS`.
            values: its arguments.
        """
        held = self._judged(size, reading.without)
        if known not in held.words:
            held.words.clear()
            held.words[known] = words_held(self._case, held.outcome, known)
        view = self._view(held, reading)
        desk = WordsDesk(
            held.words[known], Lens(reading.reader, view, reading.entries), held.outcome,
            lambda first, days: self.coverage(size, reading, first, days),
        )  # fmt: skip
        return QUESTIONS[what](desk, *values)

    # -- what a reader would find at home ------------------------------------------------------------------------------

    def what_if(self, size: int, reading: Reading, supposed: Supposed) -> dict[str, Any]:
        """What would be judged otherwise of what a reader sees, as finely as it sees it.

        Raises:
            InputError: no such zone, or a time or height that cannot be.
        """
        outcome, replay = self._replay(self._judged(size), size, reading)
        agreement = outcome.bench.agreement
        zones = agreement.zones
        if supposed.zone not in zones:
            raise UnknownError(f"`zone`: the text knows no zone {quoted(supposed.zone)}")
        zone = amended(zones[supposed.zone], supposed, agreement.tz)
        shape = None if supposed.shape is None else shapely.from_wkb(supposed.shape)
        if shape is not None and zone == zones[supposed.zone]:
            return _what_if_row(outcome, supposed.zone, replay.move(supposed.zone, shape))
        change = replay.amend(zone, shape)
        return _what_if_row(outcome, supposed.zone, change)

    def scene(self, size: int, reading: Reading) -> Scene:
        """What a reader sees, for zones to be asked about on every move: the table that `what_if` judges."""
        held = self._judged(size)
        return scene_of(self._own(held, self._view(held, reading)).table)

    def reconcile(self, size: int, reading: Reading, asked: Reconciled) -> dict[str, Any]:
        """The lists of two sides, of what a reader sees, beside one another.

        Raises:
            InputError: no such party, two that are one side, or a period that ends before it begins.
        """
        held = self._judged(size)
        outcome = held.outcome
        check_sides(outcome.bench, asked)
        own = self._own(held, self._view(held, reading), is_spoken=True)
        shown = Evidence("what is shown", "observations", "", own.table, rejected_table([]))
        totals = self._case.agreement_files(size).get(LEDGERS)
        desk = Desk(
            outcome.bench, (shown, *acts_among(outcome.evidence, reading.hidden)), outcome.known_at, None,
            CountingRules(), self._case, size,
            Reader(reading.reader, reading.moment.at), entries=reading.entries,
            published=None if totals is None else (LEDGERS, totals),
        )  # fmt: skip
        told = reconciled(with_rules(desk, None, asked), asked)
        for name in ("law", "inputs", "evidence", "known_at"):
            told.pop(name)
        return told

    def duplicates(self, size: int) -> list[tuple[int, int, float]]:
        """Pairs of rows of which nobody has decided whether they tell of one incident, the likeliest first."""
        held = self._judged(size)
        found = {(pair.a, pair.b): pair.probability for pair in found_of(self._case, size).unresolved}
        rows = {safe_id(key): None for pair in found for key in pair}
        at = {key: held.sheet.row(key) for key in rows}
        pairs = [(at[safe_id(a)], at[safe_id(b)], p) for (a, b), p in found.items()]
        known = [(a, b, p) for a, b, p in pairs if a is not None and b is not None]
        return sorted(known, key=lambda one: (-one[2], one[0], one[1]))

    def _view(self, held: _Held, reading: Reading) -> View:
        """What a reader sees, by consent as it is known now."""
        bench = held.outcome.bench
        consents = known_by_shown_ids(consents_of(self._case, bench.agreement.tz))
        seen = sighted(held.sheet, reading.reader, consents, bench.agreement.group, reading.moment)
        sheet = held.sheet if reading.reader == "secretariat" else weighed(held.sheet, seen.is_listed, bench)
        return View(sheet, reading.reader, seen, bench.atlas.gazetteer, bench.agreement.tz, reading.moment.at, consents)

    def _own(self, held: _Held, view: View, *, is_spoken: bool = False) -> Own:
        """What a reader sees, as evidence; whoever keeps the case sees where people placed a report."""
        own = own_of(view, held.source, is_spoken=is_spoken)
        if not view.is_inside:
            return own
        places = {safe_id(report): unit for report, unit in held.outcome.places.items()}
        return replace(own, table=as_ruled(own.table, places))

    def _bench(self, held: _Held, size: int, reading: Reading) -> Bench:
        """The text and its areas as a reader may know them: for the public those that were published with it."""
        bench = held.outcome.bench
        if role_of(reading.reader) != "public" or not self._case.said("areas", size):
            return bench
        return replace(bench, atlas=published_with(self._case, size).atlas)

    def _replay(self, held: _Held, size: int, reading: Reading) -> tuple[Outcome, Replay]:
        view = self._view(held, reading)
        key = (view.mark, ",".join(sorted(reading.hidden)))
        if key not in held.replays:
            own = self._own(held, view)
            acts = acts_among(held.outcome.evidence, reading.hidden)
            outcome = judged(own, self._bench(held, size, reading), acts, held.outcome.known_at)
            while held.replays and (len(held.replays) + 1) * len(held.sheet) > MOST_ROWS:
                held.replays.popitem(last=False)
            held.replays[key] = (outcome, Replay(outcome.assessed.columns, outcome.assessed.law))
        held.replays.move_to_end(key)
        return held.replays[key]


def _seen_by(assessed: Assessed, view: View) -> Assessed:
    """The answers of the rows that a reader sees, with times as it is shown them."""
    rows = view.sheet.numbers("row")[view.every].astype("int64")
    ids = view.sheet.ids.take(view.every).to_pylist()
    columns = replace(
        assessed.columns.take(rows), start=view.start[view.every], end=view.end[view.every], ids=lambda: ids
    )
    answers = {term: Answers(one.value[rows], one.why[rows]) for term, one in assessed.answers.items()}
    return replace(assessed, reports=columns.values, answers=answers, beside={}, groups=(), columns=columns)


def _invoked(standing: Standing, view: View) -> list[SignedAct]:
    """The exceptions that reports which a reader sees bring themselves."""
    shown = set(view.sheet.ids.take(view.every).to_pylist())
    return [a for a in standing.acts if a.id.startswith("shown-") and (view.is_inside or safe_id(a.of) in shown)]


def _unnamed(value: Any, entries: Collection[int]) -> Any:  # noqa: ANN401  # plain values
    """Plain values in which no act is named whose entry the reader may not read: what it did stays."""
    if isinstance(value, Mapping):
        return {key: _unnamed(one, entries) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_unnamed(one, entries) for one in value if one is None or _unnamed(one, entries) is not None]
    is_act = isinstance(value, str) and _ACT.fullmatch(value) is not None
    return None if is_act and _index(value) not in entries else value


def _index(key: str) -> int:
    """The entry that an act is known by; -1 for an act of a file."""
    number = key.removeprefix("entry-")
    return int(number) if number.isdecimal() else -1


def _what_if_row(outcome: Outcome, zone: str, change: Change) -> dict[str, Any]:
    agreement, counts = outcome.bench.agreement, sum(int(one.sum()) for one in change.differ.values())
    placed = {"before": outcome.assessed.law.placed, "after": change.dockets[1].law.placed}
    return {
        "truceline": __version__, "rule_version": RULE_VERSION, "agreement": agreement_row(agreement),
        "zone": zone, "observations": len(outcome.assessed.reports),
        "inside": inside(outcome.assessed.columns, placed, zone),
        **change_row(change, agreement, zone, MOST_CHANGED),
        "more": max(0, counts - MOST_CHANGED),
    }  # fmt: skip
