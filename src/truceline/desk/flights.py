"""Which flights entered which zones, which of them were notified, and what do the terms say? For `notify flights`.

Every position is judged as `assess` judges a report; an entry into a zone is covered by a term as the best of its
positions is. So there is one breach for each term, zone and entry, and a notice counts exactly where `assess` finds it.

A position on the edge may be in the zone and may be in the notified area, and taken one by one both are open. But where
the area holds the whole zone, what is in the zone is in the area: such a position is asked as if it lay where the same
aircraft surely was in the zone, and counts as -1 where even then the term does not cover it.

Where part of a zone was never published or drawn, the whole flight is held against it, once, and it is 0 at the best.

The answer names aircraft, callsigns, zones and times; it holds no position.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from truceline import LAW, RULE_VERSION
from truceline.agreement.model import SignedAct, Term, Zone
from truceline.assess import bulk, spec
from truceline.assess.alike import alike
from truceline.assess.answers import Answers, Rows
from truceline.assess.asked import given
from truceline.assess.columns import JUDGED_COLUMNS, Columns
from truceline.assess.flown import Flown, flown_over, shapeless
from truceline.assess.place import Placed
from truceline.assess.spec import Law
from truceline.assess.spots import Spots
from truceline.desk.files import Bench, Evidence, Tell, open_agreement, read_evidence
from truceline.desk.runs import Asked, Outcome, agreement_row, assess_files, evidence_row, judge_case
from truceline.errors import Fault, InputError, quoted
from truceline.evidence.schema import SCHEMA, observation_of
from truceline.notices import tracks
from truceline.notices.matching import Announced, Match, candidates, match, owed
from truceline.notices.tracks import DATUMS, FLYING, Flights, Gap, Positions, flights, gaps
from truceline.space import Geometry
from truceline.span import FAR_AHEAD, LONG_AGO, Span, parse_duration, parse_instant, utc_text
from truceline.store.opened import is_case, open_case
from truceline.verdict import NO, UNKNOWN, YES, Answer, Masks, Values, both, reasons_of

MOST_GAPS = 1_000
"""So many gaps are listed; they are counted all."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Watched:
    """How tracks are held against zones.

    Attributes:
        gap_s: positions further apart have a gap between them, seconds.
        silence_s: so many seconds without a position end a flight.
        datum: what floors and ceilings are measured from, one of `tracks.DATUMS`.
        since, until: time texts: only positions from then, until then; empty = no bound.
        known_at: a time text or `#index`: acts and reports as known then.
    """

    gap_s: int = tracks.GAP_S
    silence_s: int = tracks.FLIGHT_S
    datum: str = "amsl"
    since: str = ""
    until: str = ""
    known_at: str = ""


@dataclass(frozen=True)
class Told:
    """What a term says of the stays in one zone.

    Attributes:
        value: `(s,)` of each stay.
        why: `(s,)` masks of reasons.
    """

    value: Values
    why: Masks


def flights_answer(
    what: str | Path, track_files: Sequence[Path], watched: Watched, *, evidence: Sequence[Path] = (),
    tell: Tell | None = None,
) -> Row:  # fmt: skip
    """Hold tracks of aircraft against the zones, the terms and the notices of a case.

    Args:
        what: a case (folder, or URL of its database), or the text of an agreement.
        track_files: files of positions; with none, the positions that the case holds.
        watched: how they are held against the zones.
        evidence: with the text of an agreement: files of reports and signed acts.
        tell: told `(what, done, all)` as the work goes on.

    Returns:
        The answer of `truceline notify flights --json`; its schema is in `docs/reference/json`.

    Raises:
        InputError: a file is refused, holds no positions of aircraft, or a bound makes no sense.
    """
    _check(watched)
    outcome = _outcome(what, evidence, watched.known_at, tell)
    bench, law = outcome.bench, outcome.assessed.law
    parts = [_tracks(path, bench, tell) for path in track_files]
    table = _table([part.table for part in parts] or [part.table for part in outcome.evidence], bench, watched)
    positions = tracks.positions_of(table)
    flown = flights(positions, watched.silence_s)
    bans = flight_bans(law)
    over = _over(positions, bans, law.placed, watched)
    columns = Columns.of_table(table.select(list(JUDGED_COLUMNS)).take(pa.array(positions.row)))
    matches, areas = _matches(law, positions, flown, columns.spots)
    of_term = _judged(columns, bans, law, [flown.of_row, positions.callsign.astype(np.int64), *areas])
    seen = _Seen(table, positions, flown, over, of_term, law, matches)
    found = gaps(positions, watched.gap_s)
    return {
        "agreement": agreement_row(bench.agreement), "rule_version": RULE_VERSION,
        "known_at": None if outcome.known_at is None else utc_text(outcome.known_at),
        "tracks": [evidence_row(part) for part in parts], "positions": len(positions),
        "placeless": positions.placeless, "aircraft": len(np.unique(positions.craft)),
        "gap_s": watched.gap_s, "silence_s": watched.silence_s, "datum": watched.datum,
        "terms": [_term_row(term, seen) for term in bans], "entries": _entry_rows(seen), "flights": _flight_rows(seen),
        "notices": _notice_rows(seen), "owed": _owed_rows(seen),
        "gaps": {"number": len(found), "listed": [_gap_row(gap) for gap in found[:MOST_GAPS]]},
        "warnings": _warnings(outcome, bans, law.placed), "law": LAW,
    }  # fmt: skip


# -- what is asked ---------------------------------------------------------------------------------------------------


def _check(watched: Watched) -> None:
    for name, value in (("--gap-s", watched.gap_s), ("--silence-s", watched.silence_s)):
        if not 1 <= value <= 86_400:
            raise InputError(f"`{name}`: expected 1..86400 seconds, got {quoted(value)}")
    if watched.datum not in DATUMS[1:]:
        raise InputError(f"`--datum`: expected one of {', '.join(DATUMS[1:])}, got {quoted(watched.datum)}")


def _outcome(what: str | Path, evidence: Sequence[Path], known_at: str, tell: Tell | None) -> Outcome:
    if is_case(what):
        if evidence:
            raise InputError("a case has its own evidence: leave out the files, or `truceline add` them")
        return judge_case(open_case(what), Asked(known_at=known_at), tell=tell)
    bench = open_agreement(Path(what))
    return assess_files(bench, [read_evidence(path, bench) for path in evidence], Asked(known_at=known_at), tell)


def _tracks(path: Path, bench: Bench, tell: Tell | None) -> Evidence:
    """A file of positions, in any of the formats of `evidence.aircraft`."""
    if tell:
        tell(f"reading {path.name}", 0, 1)
    read = read_evidence(path, bench)
    if read.kind != "aircraft":
        raise InputError(Fault(f"expected positions of aircraft, got {quoted(read.kind)}", path.name, 1))
    if not read.table.num_rows:
        first = read.rejected.slice(0, 1).to_pylist()
        why = f": line {first[0]['line']}: {first[0]['field']}: {first[0]['reason']}" if first else ""
        raise InputError(Fault(f"holds no position that can be read{why}", path.name))
    return read


def _table(parts: Sequence[pa.Table], bench: Bench, watched: Watched) -> pa.Table:
    """All rows of tracks, in the time that is asked for."""
    whole = pa.concat_tables([SCHEMA.empty_table(), *(part.cast(SCHEMA) for part in parts)])
    tz = bench.agreement.tz
    since = parse_instant(watched.since, tz) if watched.since else LONG_AGO
    until = parse_instant(watched.until, tz) if watched.until else FAR_AHEAD
    if until <= since:
        raise InputError(f"`--until` is not after `--from`: {quoted(watched.until)} <= {quoted(watched.since)}")
    start = np.asarray(whole.column("start"))
    kept = (
        (start >= since)
        & (start < until)
        & np.asarray(pa.compute.equal(whole.column("kind"), "track").fill_null(False))
    )
    return whole if kept.all() else whole.take(pa.array(np.flatnonzero(kept)))


def flight_bans(law: Law) -> list[Term]:
    """The prohibitions under which a flight can fall as such: their acts are *fly*, or a kind of it."""
    tree = law.standing.agreement.acts
    return [
        term
        for term in law.terms.values()
        if term.kind == "prohibit" and not term.overrides and any(tree.is_kind(FLYING, cls) != NO for cls in term.does)
    ]


def _over(positions: Positions, bans: Sequence[Term], placed: Placed, watched: Watched) -> Flown:
    zones = list(dict.fromkeys(zone for term in bans for zone in term.where))
    return flown_over(positions, zones, placed, watched.gap_s, DATUMS.index(watched.datum))


# -- notices ---------------------------------------------------------------------------------------------------------


def _asked_ahead(law: Law) -> int:
    """The longest lead that a term asks of a notice, seconds; 24 hours where none does."""
    wanted = [t.only_if.get("notice") for t in law.terms.values() if isinstance(t.only_if, dict)]
    leads = [parse_duration(str(one["ahead"])) for one in wanted if isinstance(one, dict) and one.get("ahead")]
    leads += [parse_duration(str(t.body["ahead"])) for t in _owing(law) if t.body.get("ahead")]
    return max(leads, default=86_400)


def announced(law: Law) -> list[tuple[SignedAct, Announced]]:
    """The notices of the record that can mean a flight: they name hours, and a callsign or an area."""
    lead = _asked_ahead(law)
    return [
        (act, Announced(act.id, act.callsign, act.start, act.until, given(act), lead, act.area))
        for act in law.standing.acts
        if act.act == "notice" and act.start is not None and act.until is not None and (act.callsign or act.area)
    ]


def _matches(
    law: Law, positions: Positions, flown: Flights, spots: Spots
) -> tuple[list[tuple[SignedAct, Announced, Match]], list[Rows]]:
    """Every notice against the flights; and how the positions that it can mean lie to its area, 2 for all others."""
    notices = announced(law)
    placed = _with_areas(law.placed, [one.area for _, one in notices])
    found, areas = [], []
    for act, one in notices:
        rows, called = candidates(positions, flown, one)
        lies = np.full(len(positions), 2, np.int64)
        lies[rows] = _in_area(placed, one.area, spots.take(rows))
        found.append((act, one, match(one, flown, rows, called, lies[rows].astype(np.int8))))
        areas.append(lies)
    return found, areas


def _judged(columns: Columns, bans: Sequence[Term], law: Law, apart: Sequence[Rows]) -> dict[str, Answers]:
    """What each term says of each position; positions that are alike to the law are judged once."""
    if not len(columns):
        return {}
    kinds = alike(columns, bans, law, apart)
    sample, codes = (None, None) if kinds is None else kinds
    docket = bulk.Docket(columns if sample is None else columns.take(sample), law)
    found = {term.id: bulk.judge_all(docket, term.id) for term in bans}
    return found if codes is None else {term: answers.take(codes) for term, answers in found.items()}


def _with_areas(placed: Placed, areas: Sequence[str]) -> Placed:
    """The zones, and every unit of the gazetteer that a notice names as a zone of its own."""
    extra = {area: Zone(area, 0, codes=(area,)) for area in areas if area and area not in placed.zones}
    return replace(placed, zones={**placed.zones, **extra}) if extra else placed


def _in_area(placed: Placed, area: str, spots: Spots) -> Values:
    """`(n,)` whether places lie in the area of a notice; one that names none covers all."""
    if not area or not len(spots):
        return np.full(len(spots), YES, np.int8)
    must, may = (words[:, 0] & np.uint64(1) for words in placed.masks(spots, [(area,)]))
    return np.where(must, YES, np.where(may, UNKNOWN, NO)).astype(np.int8)


# -- rows ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Seen:
    """All that the rows are written from."""

    table: pa.Table
    positions: Positions
    flown: Flights
    over: Flown
    of_term: Mapping[str, Answers]
    law: Law
    matches: Sequence[tuple[SignedAct, Announced, Match]]

    def told(self, term: str) -> Told:
        """What a term says of every stay in its zones."""
        over, answers = self.over, self.of_term[term]
        named = np.array([zone in self.law.terms[term].where for zone in over.zones], bool)
        pairs, begins = over.pairs, over.stays.begins[:-1]
        value = np.minimum(np.minimum(pairs.value, answers.value[pairs.row]), self.on_edges(term))
        value = np.where(named[pairs.zone], value, NO).astype(np.int8)
        why = np.where(pairs.value == UNKNOWN, pairs.why, 0) | answers.why[pairs.row]
        if not len(begins):
            return Told(np.zeros(0, np.int8), np.zeros(0, np.uint32))
        best = np.maximum.reduceat(value, begins).astype(np.int8)
        masks = np.bitwise_or.reduceat(np.where(value == UNKNOWN, why, 0), begins)
        return Told(best, np.where(best == UNKNOWN, masks, 0).astype(np.uint32))

    def on_edges(self, term: str) -> Values:
        """`(p,)` -1 for pairs on an edge that the term would not cover if they were in the zone, +1 for all others."""
        pairs, stays = self.over.pairs, self.over.stays
        made = np.full(len(pairs), YES, np.int8)
        stay = np.repeat(np.arange(len(stays)), np.diff(stays.begins))
        witness = np.full(len(stays), -1, np.int64)
        sure = np.flatnonzero(pairs.value == YES)
        witness[stay[sure]] = pairs.row[sure]
        whole = np.array([self.is_announced_whole(zone) for zone in self.over.zones], bool)
        asked = np.flatnonzero((pairs.value == UNKNOWN) & (witness[stay] >= 0) & whole[pairs.zone])
        if len(asked):
            rows, lent = (self.positions.row[at] for at in (pairs.row[asked], witness[stay[asked]]))
            columns = self.table.select(list(JUDGED_COLUMNS)).take(pa.array(rows))
            place = self.table.column("impact").take(pa.array(lent))
            there = Columns.of_table(columns.set_column(columns.schema.get_field_index("impact"), "impact", place))
            made[asked] = bulk.judge_all(bulk.Docket(there, self.law), term).value
        return made

    def is_announced_whole(self, zone: str) -> bool:
        """Whether there are notices, and the area of each holds the whole of a zone."""
        areas = {one.area for _, one, _ in self.matches}
        shape = self.law.placed.ground((zone,)).shape
        if not areas or shape is None:
            return False
        return all(not area or area == zone or self._holds(area, shape) for area in areas)

    def _holds(self, area: str, shape: Geometry) -> bool:
        whole = _with_areas(self.law.placed, [area]).ground((area,))
        return whole.shape is not None and bool(shapely.covers(whole.shape, shape))

    def over_flights(self, term: str) -> Told:
        """What a term says of every flight as a whole: for zones of which no shape is known."""
        answers, n = self.of_term[term], len(self.flown)
        value, why = np.full(n, NO, np.int8), np.zeros(n, np.uint32)
        rows = np.flatnonzero(self.flown.of_row >= 0)
        to = self.flown.of_row[rows]
        np.maximum.at(value, to, answers.value[rows])
        is_open = answers.value[rows] == UNKNOWN
        np.bitwise_or.at(why, to[is_open], answers.why[rows][is_open])
        return Told(value, np.where(value == UNKNOWN, why, 0).astype(np.uint32))


def _term_row(term: Term, seen: _Seen) -> Row:
    """How many entries a term covers: surely, and at the most. A gap leaves it open whether there were more."""
    surely, most = 0, 0
    if term.id in seen.of_term:
        told, over = seen.told(term.id), seen.over.stays
        for held in (told.value >= UNKNOWN,):
            most += int(over.most[held].sum())
        whole = np.cumsum(over.fresh == YES)
        surely = len(np.unique(whole[told.value == YES]))
        whole_flights = seen.over_flights(term.id).value
        hidden = len(shapeless(term.where, seen.law.placed))
        most += int((whole_flights == UNKNOWN).sum()) * hidden
        if not term.where:
            surely, most = int((whole_flights == YES).sum()), int((whole_flights >= UNKNOWN).sum())
    return {"term": term.id, "zones": list(term.where), "entries_surely": surely, "entries_at_most": most}


def _entry_rows(seen: _Seen) -> list[Row]:
    """Entries into zones by the time of the first position; then flights held against zones without a shape."""
    stays, positions = seen.over.stays, seen.positions
    told = {term: seen.told(term) for term in seen.of_term}
    rows = []
    for i in np.argsort(positions.at_s[stays.first], kind="stable").tolist() if len(stays) else []:
        first = int(stays.first[i])
        rows.append(
            {
                **_craft(seen, first), "zone": seen.over.zones[int(stays.zone[i])], "value": int(stays.value[i]),
                "is_own_entry": int(stays.fresh[i]), "entries_at_most": int(stays.most[i]),
                "entered_after": _time(stays.entered_after[i]), "entered_by": _time(stays.entered_by[i]),
                "left_after": _time(stays.left_after[i]), "left_by": _time(stays.left_by[i]),
                "first_position": utc_text(int(positions.at_s[first])),
                "last_position": utc_text(int(positions.at_s[int(stays.last[i])])),
                "gap_before": bool(stays.gap_before[i]), "gap_after": bool(stays.gap_after[i]),
                "terms": _verdicts(told, i), "zone_is": "drawn",
            }
        )  # fmt: skip
    return rows + _hidden_rows(seen)


def _hidden_rows(seen: _Seen) -> list[Row]:
    """Flights against zones of which a part was never published or drawn, and against bans that name no zone."""
    hidden = dict(shapeless(seen.over.zones, seen.law.placed))
    if any(not seen.law.terms[term].where for term in seen.of_term):
        hidden[""] = "anywhere"
    told = {term: seen.over_flights(term) for term in seen.of_term} if hidden else {}
    rows: list[Row] = []
    for zone, why in hidden.items():
        mine = {
            term: one
            for term, one in told.items()
            if (zone in seen.law.terms[term].where) or _is_bare(zone, term, seen)
        }
        for flight in range(len(seen.flown)):
            verdicts = _verdicts(mine, flight)
            # What is surely covered in a zone lies in a part of it that is drawn, and stands above.
            if verdicts and (not zone or any(one["value"] == UNKNOWN for one in verdicts)):
                rows.append(_hidden_row(seen, flight, zone, why, verdicts))
    return rows


def _is_bare(zone: str, term: str, seen: _Seen) -> bool:
    return not zone and not seen.law.terms[term].where


def _hidden_row(seen: _Seen, flight: int, zone: str, why: str, verdicts: list[Row]) -> Row:
    """A whole flight, where nobody can say when it entered and left."""
    first, last = int(seen.flown.first[flight]), int(seen.flown.last[flight])
    at = seen.positions.at_s
    return {
        **_craft(seen, first), "zone": zone, "value": UNKNOWN if zone else YES,
        "is_own_entry": UNKNOWN if zone else YES, "entries_at_most": 1, "entered_after": None, "entered_by": None,
        "left_after": None, "left_by": None, "first_position": utc_text(int(at[first])),
        "last_position": utc_text(int(at[last])), "gap_before": True, "gap_after": True, "terms": verdicts,
        "zone_is": why,
    }  # fmt: skip


def _verdicts(told: Mapping[str, Told], i: int) -> list[Row]:
    """What the terms say; those that do not cover it are left out."""
    return [
        {"term": term, "value": int(one.value[i]), "reasons": _codes(int(one.why[i]))}
        for term, one in told.items()
        if one.value[i] != NO
    ]


def _craft(seen: _Seen, row: int) -> Row:
    positions, flight = seen.positions, int(seen.flown.of_row[row])
    called = positions.callsigns[int(seen.flown.callsign[flight])] if flight >= 0 else ""
    return {
        "craft": positions.crafts[int(positions.craft[row])], "callsign": called or None,
        "flight": flight if flight >= 0 else None,
    }  # fmt: skip


def _flight_rows(seen: _Seen) -> list[Row]:
    rows = []
    for flight in range(len(seen.flown)):
        first, last = int(seen.flown.first[flight]), int(seen.flown.last[flight])
        rows.append(
            {
                **_craft(seen, first), "actor": _observed(seen, first)["actor"] or [],
                "from": utc_text(int(seen.positions.at_s[first])), "until": utc_text(int(seen.positions.at_s[last])),
                "positions": last - first + 1, "take_off_heard": bool(seen.flown.off_after[flight] > LONG_AGO),
                "notices": [one.id for _, one, found in seen.matches if flight in found.flights],
                "perhaps": [one.id for _, one, found in seen.matches if flight in found.perhaps],
            }
        )  # fmt: skip
    return rows


def _notice_rows(seen: _Seen) -> list[Row]:
    rows = []
    for act, one, found in seen.matches:
        ahead = (one.start or 0) - one.given
        rows.append(
            {
                "id": one.id, "by": list(act.by), "to": act.to or None, "callsign": one.callsign or None,
                "area": one.area or None, "from": utc_text(one.start or 0), "until": utc_text(one.until or 0),
                "given": utc_text(one.given), "ahead_s": ahead, "asked_ahead_s": one.lead_s,
                "is_in_time": ahead >= one.lead_s, "state": found.state, "flights": list(found.flights),
                "perhaps": list(found.perhaps),
            }
        )  # fmt: skip
    return rows


def _owing(law: Law) -> list[Term]:
    """The duties to give notice of flights ahead."""
    return [t for t in law.terms.values() if t.kind == "require" and t.body.get("do") == "give-notice"]


def _owed_rows(seen: _Seen) -> list[Row]:
    """Of each flight and each duty to give notice of it: is it owed, and was it given in time?"""
    rows = []
    first_s = seen.positions.at_s[seen.flown.first]
    for term in _owing(seen.law):
        least = parse_duration(str(term.body.get("ahead", "PT24H")))
        kept = owed([one for _, one, _ in seen.matches], [m for _, _, m in seen.matches], seen.flown, first_s, least)
        for flight in range(len(seen.flown)):
            due = _is_due(term, int(seen.flown.first[flight]), seen)
            if due.value != NO:
                rows.append(
                    {
                        **_craft(seen, int(seen.flown.first[flight])), "term": term.id, "owed": due.value,
                        "reasons": [reason.value for reason in due.reasons], "ahead_s": least,
                        "given_in_time": int(kept[flight]),
                    }
                )  # fmt: skip
    return rows


def _is_due(term: Term, row: int, seen: _Seen) -> Answer:
    """Whether whoever flies owes a notice of it by a duty."""
    observed = observation_of(_observed(seen, row))
    span, standing = Span(observed.start, observed.end), seen.law.standing
    trigger = term.body.get("on")
    begun = [standing.begun(trigger).during(span)] if trigger is not None else []
    return both([standing.window(term.id).during(span), *begun, spec.by_whom(observed, term.who, seen.law)])


def _observed(seen: _Seen, row: int) -> Row:
    made: Row = seen.table.slice(int(seen.positions.row[row]), 1).to_pylist()[0]
    return made


def _gap_row(gap: Gap) -> Row:
    return {"craft": gap.craft, "after": utc_text(gap.after), "until": utc_text(gap.until)}


def _warnings(outcome: Outcome, bans: Sequence[Term], placed: Placed) -> list[str]:
    zones = list(dict.fromkeys(zone for term in bans for zone in term.where))
    words = {"withheld": "was never published", "missing": "is in no file of areas"}
    told = [
        f"zone `{zone}`: its map, or a part of it, {words[why]}: every flight is 0 towards it at the best"
        for zone, why in shapeless(zones, placed).items()
    ]
    if not bans:
        told.append("no term of this text forbids flights as such: entries are of no zone")
    return [*outcome.bench.warnings, *told]


def _time(second: Any) -> str | None:  # noqa: ANN401  # numpy carries no types
    return utc_text(int(second)) if LONG_AGO < second < FAR_AHEAD else None


def _codes(why: int) -> list[str]:
    return [reason.value for reason in reasons_of(why)]
