"""What was judged last, and of which state of the record? The newest snapshot, older ones, and what each reader sees.

A snapshot never changes. It is made beside the service (`workroom`) when the record has grown, and takes the place of
the one before at once: `current` never waits. The course of one addition to the record:

    1 it is noticed, by a nudge or at the next look; what the record says of itself (findings, consent) is taken in
    2 if it can change a verdict, everything is judged anew in the workroom
    3 else nothing is judged; the answers say that they know of it after as long as judging took last

INVARIANT: how long it takes until answers know of an entry does not say of what type it is: see step 3.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Final, TypeAlias

from truceline.agreement.model import Agreement
from truceline.assess.place import Placed
from truceline.atlas import Atlas
from truceline.desk.charters import clock_of
from truceline.desk.files import Bench
from truceline.desk.publishing import PUBLICATION
from truceline.desk.runs import bench_of_case, known_of, published_with
from truceline.desk.views.kept import Answers
from truceline.desk.views.room import JudgingRoom, Reading
from truceline.desk.views.sheet import Sheet, on_grounds, weighed
from truceline.desk.views.sight import Moment, sighted
from truceline.desk.views.stage import Stage, Stages
from truceline.desk.views.told import Told, told_of
from truceline.desk.views.view import View
from truceline.desk.workroom import Workroom
from truceline.errors import ConflictError, Fault, InputError, LaterError, TrucelineError
from truceline.group import role_of
from truceline.store.case import Case

TURNING = (
    "agreement", "amendment", "evidence", "areas", "acts", "act", "designation", "pairs", "ruling", "finding",
)  # fmt: skip
"""Types of entries that can change a verdict."""

SPOKEN = ("allegation", "answer")
"""These can, where a term that is no duty rests on them."""

JUDGED = ("complies", "findings", "finding", "breach", "fulfilled", "done")
"""Words of conditions that speak of findings."""

Whose: TypeAlias = tuple[str, int | None]
Ground: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
Unknown: TypeAlias = tuple[frozenset[str], bool]
KNOWN: Final[Unknown] = (frozenset(), False)
"""Nothing is kept from whoever keeps the case."""

TALK = ("opened", "answered", "or_elapsed")
LOOK_S = 1.0
MOST_OLD = 4
"""Older states that are kept; `AT_ONCE`: that are worked out, or waited for."""

AT_ONCE = 3
MOST_PATIENCE = 6
MOST_REST_S = 60.0
MOST_RECENT = 3
MOST_SHEETS = 6
MOST_VIEWS = 64
NOT_YET = "the first answers are being worked out"

LARGE, AT_HAND = 20_000, ("party:-", "secretariat")
"""Of a case of so many reports what these readers see is made ready at once, for zones to be asked about."""

FIRST_S = 30
"""After so many seconds it is worth to ask again where nothing was judged yet."""


@dataclass(frozen=True)
class Snapshot:
    """What was judged of one state of the record; it never changes.

    Attributes:
        size: so many entries it knows of; `at`: UTC second of the newest of them.
        sheet: the rows that can be shown.
        bench: the text, its areas, and the hashes of its tables.
        told: what the record says beside its evidence; it may know of later entries.
        evidence: what was judged, file by file, for whoever keeps the case.
        warnings: what a reader of the answers has to know.
        known_at: UTC second of the state that was asked for; None = the newest.
        judged: with so many entries everything was last judged.
        published: the text with the files that were published with it, and no others; None = there are no others.
        sheets: rows as those see them who may not know of everything, by what they may not know; made when asked for.
    """

    size: int
    at: int
    sheet: Sheet
    bench: Bench
    told: Told
    evidence: Sequence[Mapping[str, Any]] = ()
    warnings: Sequence[str] = ()
    known_at: int | None = None
    judged: int = 0
    published: Bench | None = None
    sheets: dict[Unknown, Sheet] = field(default_factory=dict, repr=False, compare=False)

    @property
    def index(self) -> int:
        """Index of the newest entry that it knows of."""
        return self.size - 1

    @property
    def agreement(self) -> Agreement:
        """The text."""
        return self.bench.agreement

    @property
    def atlas(self) -> Atlas:
        """Units and shapes."""
        return self.bench.atlas

    @property
    def placed(self) -> Placed:
        """The zones of the text on the ground."""
        return Placed(self.agreement.zones, self.atlas)

    @property
    def ground(self) -> Ground:
        """What filters and names rest on beside the rows: the text, by its values, and the files beside it."""
        return _ground_of(self.bench)

    def ground_of(self, reader: str) -> Ground:
        """The same, of the areas that a reader is shown."""
        return _ground_of(self.bench_of(reader))

    def bench_of(self, reader: str) -> Bench:
        """The text and its areas as a reader is shown them: maps that members added later are not for the public."""
        is_public = role_of(reader) == "public"
        return self.published if is_public and self.published is not None else self.bench

    @cached_property
    def rests_on_findings(self) -> bool:
        """Whether a finding may change a verdict."""
        return rests_on_findings(self.agreement)

    def hidden_from(self, reader: str) -> frozenset[str]:
        """The findings on which answers may rest, and that a reader may not know of: for it they do not."""
        if reader == "secretariat" or not self.rests_on_findings:
            return frozenset()
        group = self.agreement.group
        return frozenset(one.id for one in self.told.findings if not one.is_shown_to(reader, group))

    def unknown_to(self, reader: str) -> Unknown:
        """What a reader may not know of: findings, and whether it is areas too."""
        return self.hidden_from(reader), self.bench_of(reader) is not self.bench


@dataclass
class _Seen:
    """The views that were made: of each sheet and reader the newest; and by their marks the last few of each reader.

    Attributes:
        sheets: of which views are kept, the one asked last behind.
    """

    views: OrderedDict[Any, View] = field(default_factory=OrderedDict)
    marks: OrderedDict[Any, View] = field(default_factory=OrderedDict)
    sheets: list[Sheet] = field(default_factory=list)
    turn: threading.RLock = field(default_factory=threading.RLock)


class Snapshots:
    """Keeps the newest snapshot of a case, and some older ones.

    Attributes:
        answers: what was answered last.
        stages: what readers see, for zones to be asked about, of who asked last.
        is_well: the last look at the record succeeded.
    """

    def __init__(
        self, where: str, case: Case, *, is_apart: bool = True, clock: Callable[[], int] | None = None
    ) -> None:
        """Nothing is judged before `start` or the first question.

        Args:
            where: path or URL of the case, for the workroom.
            case: opened, to read the record from.
            is_apart: judge in a process of its own.
            clock: gives the UTC second; None = the clock of the record.
        """
        self._case, self._clock = case, clock or clock_of(case.charter())
        self._room = Workroom(JudgingRoom, where, is_apart=is_apart)
        self._turn, self._wake, self._stop = threading.RLock(), threading.Event(), threading.Event()
        self._now: Snapshot | None = None
        self._old: OrderedDict[int, Snapshot] = OrderedDict()
        self._seen = _Seen()
        self._asking, self._asking_below = threading.BoundedSemaphore(AT_ONCE), threading.BoundedSemaphore(1)
        self._counting: set[Whose] = set()
        self._duties: OrderedDict[Whose, tuple[tuple[int, int, int], dict[str, Any]]] = OrderedDict()
        self.answers = Answers()
        self.stages = Stages(self.ask)
        self._thread: threading.Thread | None = None
        self._took_s = 0.0
        self._behind_since: float | None = None
        self.is_well = True

    # -- running -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Look after new entries in the background."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="truceline snapshots", daemon=True)
            self._thread.start()

    def nudge(self) -> None:
        """Look now: something was appended."""
        self._wake.set()

    def close(self) -> None:
        """Stop looking, and end the workroom."""
        self._stop.set()
        self._wake.set()
        self._room.close()
        if self._thread is not None:
            self._thread.join(5)

    @property
    def behind_s(self) -> float:
        """For so many seconds the newest snapshot has not known the newest entry; 0 = it does."""
        since = self._behind_since
        return 0.0 if since is None else time.monotonic() - since

    def _run(self) -> None:
        failed = 0
        while not self._stop.is_set():
            try:
                self._look()
                self.is_well, failed = True, 0
            except Exception:  # whatever it is, the next look tries again; readiness tells
                self.is_well, failed = False, min(failed + 1, MOST_PATIENCE)
            # Who failed a moment ago waits longer: judging a large case over and over would help nobody.
            self._wake.wait(LOOK_S * 2**failed)
            self._wake.clear()

    def _look(self) -> None:
        """Take in what was added since."""
        size = len(self._case.entries())
        held = self._now
        if held is not None and size == held.size == held.told.size:
            self._behind_since = None
            return
        noticed = time.monotonic()
        self._behind_since = self._behind_since or noticed
        if held is None or self._turns(held, size):
            self._judge(size)
            if held is None:
                self._lay_out()
            self._took_s = time.monotonic() - noticed
            self._behind_since = None
            self._stop.wait(min(self._took_s, MOST_REST_S))  # where much comes in, half of the time is for others
        else:
            with self._turn:
                self._now = replace(held, told=told_of(self._case, held.agreement, size, is_newest=True))  # 1
            self._stop.wait(max(0.0, noticed + self._took_s - time.monotonic()))  # 3
            self._know(size)
        self._behind_since = None

    def _turns(self, held: Snapshot, size: int) -> bool:
        """Whether an entry that was added can change a verdict."""
        kinds = {kind for index, kind, *_ in self._case.rows(held.size) if index < size}
        if PUBLICATION in kinds and held.rests_on_findings:  # another sheet is that of the public then
            return True
        return bool(kinds.intersection(TURNING)) or (bool(kinds.intersection(SPOKEN)) and rests_on_talk(held.agreement))

    def _judge(self, size: int) -> None:
        """Judge the first `size` entries; what the record says beside is told at once."""
        held = self._now
        if held is not None:
            with self._turn:
                self._now = replace(held, told=told_of(self._case, held.agreement, size, is_newest=True))  # 1
        made = self._made(size, None)  # 2
        with self._turn:
            self._now = made

    def _lay_out(self) -> None:
        """Make ready what takes long, once the case is opened: so that no member waits for it who drags a line."""
        snapshot = self._now
        if snapshot is None or len(snapshot.sheet) < LARGE:
            return
        for reader in AT_HAND:
            reading = Reading(reader, self.moment(snapshot))
            self.stages.later(reader, partial(self.staged, snapshot, reading))

    def _know(self, size: int) -> None:
        with self._turn:
            if self._now is not None:
                self._now = replace(self._now, size=size, at=self._case.entries()[size - 1].known_at)

    def _made(self, size: int, known_at: int | None) -> Snapshot:
        sheet, evidence, warnings = self._room.ask("sheet", size)
        bench = bench_of_case(self._case, (), size)
        told = told_of(self._case, bench.agreement, size, is_newest=known_at is None)
        at = self._case.entries()[size - 1].known_at
        published = published_with(self._case, size) if self._case.said("areas", size) else None
        made = Snapshot(size, at, sheet, bench, told, evidence, warnings, known_at, size, published)
        if known_at is None:
            self._sheet(made, "public")  # here, so that nobody waits for it who only reads
        return made

    def _sheet(self, snapshot: Snapshot, reader: str) -> Sheet:
        """The rows as a reader may know of them; it may take as long as judging took."""
        hidden, is_less = unknown = snapshot.unknown_to(reader)
        if unknown == KNOWN:
            return snapshot.sheet
        found = snapshot.sheets.get(unknown)
        if found is None:
            found = self._room.ask("sheet", snapshot.judged, hidden)[0] if hidden else snapshot.sheet
            if is_less:
                found = on_grounds(found, snapshot.bench_of(reader))
            snapshot.sheets[unknown] = found
        return found

    # -- asked ---------------------------------------------------------------------------------------------------------

    def current(self) -> Snapshot:
        """The newest snapshot; never waits.

        Raises:
            LaterError: nothing was judged yet.
        """
        if self._now is None:
            raise LaterError(NOT_YET, after_s=FIRST_S)
        return self._now

    def refresh(self) -> Snapshot:
        """Judge what there is now, and wait for it."""
        with self._turn:
            size = len(self._case.entries())
            held = self._now
            if held is None or self._turns(held, size):
                self._judge(size)
            elif held.size < size or held.told.size < size:
                self._now = replace(held, told=told_of(self._case, held.agreement, size, is_newest=True))
                self._know(size)
            return self.current()

    def is_kept(self, text: str) -> bool:
        """Whether an older state is kept; one that is none costs nothing either."""
        if not text or self._now is None:
            return True
        try:
            _, size = known_of(self._case, text, self._now.agreement.tz)
        except TrucelineError:
            return True
        return size in self._old

    def at(self, text: str, *, is_member: bool = False) -> Snapshot:
        """The snapshot of an older state; worked out if it is not kept. It may take long: never ask in an event loop.

        Args:
            text: a time text, or `#index` of the record; empty = the newest.
            is_member: whoever asks is somebody of the case; for all others one state is worked out at a time.

        Raises:
            InputError: no such state. LaterError: too many are asked for at once.
        """
        newest = self.current()
        if not text:
            return newest
        try:
            known_at, size = known_of(self._case, text, newest.agreement.tz)
        except InputError as error:
            said = error.faults[0].message.replace("`--known-at`: ", "")
            raise type(error)(Fault(said, field="known_at")) from None
        with self._seen.turn:
            if size in self._old:
                self._old.move_to_end(size)
                old = self._old[size]
                return replace(old, known_at=known_at, told=replace(old.told, consents=newest.told.consents))
        turns = [self._asking] if is_member else [self._asking_below, self._asking]
        with contextlib.ExitStack() as held:
            for turn in turns:
                if not turn.acquire(blocking=False):  # who waits holds a thread that others need
                    raise LaterError("older states are being worked out already: ask again in a moment")
                held.callback(turn.release)
            made = self._made(size, known_at)
        with self._seen.turn:
            self._old[size] = made
            while len(self._old) > MOST_OLD:
                self._old.popitem(last=False)
        return made

    def moment(self, snapshot: Snapshot) -> Moment:
        """Now, looking at a snapshot."""
        return Moment(self._clock(), snapshot.known_at)

    def seen(self, snapshot: Snapshot, reader: str) -> View | None:
        """The view that is kept and still good; None = `view` has to make it, which may take a moment."""
        unknown = snapshot.unknown_to(reader)
        sheet = snapshot.sheet if unknown == KNOWN else snapshot.sheets.get(unknown)
        if sheet is None:
            return None
        held = self._seen.views.get(_key_of(sheet, reader, snapshot))
        if held is None or held.base is not sheet:
            return None
        return held if self._is_good(held, snapshot, self.moment(snapshot)) else None

    def view(self, snapshot: Snapshot, reader: str) -> View:
        """What a reader sees of a snapshot now; made once, and again when a date, a delay or a consent passes."""
        moment, sheet = self.moment(snapshot), self._sheet(snapshot, reader)
        key = _key_of(sheet, reader, snapshot)
        with self._seen.turn:
            held = self._seen.views.get(key)
            if held is not None and held.base is sheet and self._is_good(held, snapshot, moment):
                return held
            consents = self._newest_consents(snapshot)
            seen = sighted(sheet, reader, consents, snapshot.agreement.group, moment)
            gazetteer = snapshot.bench_of(reader).atlas.gazetteer
            shown = sheet if reader == "secretariat" else weighed(sheet, seen.is_listed, snapshot.bench)
            made = View(shown, reader, seen, gazetteer, snapshot.agreement.tz, moment.at, consents, base=sheet)
            self._keep(key, made)
            return made

    def marked(self, mark: str, reader: str) -> View:
        """The view that a page was part of, while it is kept and shows no more than may be shown now.

        Raises:
            ConflictError: it is not: the list has to be begun again.
        """
        with self._seen.turn:
            found = self._seen.marks.get((mark, reader))
        newest = None if self._now is None else self._now.told.consents
        if found is None or found.consents != newest or not found.at <= self._clock() < found.seen.until:
            raise ConflictError("the list has moved on since this page: begin it again")
        return found

    def staged(self, snapshot: Snapshot, reading: Reading) -> Stage:
        """What a reader sees of a snapshot, for zones to be asked about; it may take a moment."""
        ground, mark = snapshot.ground_of(reading.reader), self.view(snapshot, reading.reader).mark
        bench = snapshot.bench_of(reading.reader)
        return self.stages.of((mark, ground), bench.agreement, bench.atlas, (snapshot.judged, reading))

    def duties(self, snapshot: Snapshot, reading: Reading) -> dict[str, Any]:
        """How many duties are active or broken, and at which second; counted anew each minute, and when more is said.

        Only who asks first waits; others are told the numbers before, while new ones are counted.
        """
        key = (snapshot.judged, snapshot.told.size, reading.moment.at // 60)
        whose = _whose(snapshot, reading)
        held = self._duties.get(whose)
        if held is None:
            return self._count(snapshot, reading, key)
        if held[0] != key and whose not in self._counting:
            self._counting.add(whose)
            threading.Thread(target=self._count_anew, args=(snapshot, reading, key), daemon=True).start()
        return held[1]

    def _count_anew(self, snapshot: Snapshot, reading: Reading, key: tuple[int, int, int]) -> None:
        with contextlib.suppress(TrucelineError):  # the numbers before stand, and say of when they are
            self._count(snapshot, reading, key)
        self._counting.discard(_whose(snapshot, reading))

    def _count(self, snapshot: Snapshot, reading: Reading, key: tuple[int, int, int]) -> dict[str, Any]:
        told = self.ask("obligations", snapshot.judged, snapshot.told.size, reading, "", "")
        party = reading.reader.partition(":")[2]
        mine = [one for one in told["duties"] if party in ("", "-", one["bearer"])]
        counted = {
            "at": told["at"], "active": sum("active" in one["states"] for one in mine),
            "breached": sum(one["states"] == ["breached"] for one in mine),
        }  # fmt: skip
        with self._seen.turn:
            self._duties[_whose(snapshot, reading)] = (key, counted)
            while len(self._duties) > MOST_VIEWS:
                self._duties.popitem(last=False)
        return counted

    def ask(self, what: str, *values: Any, within_s: float = 120.0) -> Any:  # noqa: ANN401  # any answer
        """Ask the workroom."""
        return self._room.ask(what, *values, within_s=within_s)

    def _newest_consents(self, snapshot: Snapshot) -> Any:  # noqa: ANN401  # `Consents`
        """Consent as it is known now, whatever state is looked at."""
        return snapshot.told.consents if self._now is None else self._now.told.consents

    def _is_good(self, held: View, snapshot: Snapshot, moment: Moment) -> bool:
        is_same = held.consents == self._newest_consents(snapshot)
        return is_same and held.at <= moment.at < held.seen.until

    def _keep(self, key: Hashable, made: View) -> None:
        """Keep a view, and let go of those of sheets that nobody asks for any more."""
        seen = self._seen
        before = [one for one in seen.sheets if one is not made.base]
        seen.sheets = [*before[-MOST_SHEETS + 1 :], *([made.base] if made.base is not None else [])]
        old_ones = [one for old in self._old.values() for one in (old.sheet, *old.sheets.values())]
        held = {id(one) for one in (*seen.sheets, *old_ones)}
        for views in (seen.views, seen.marks):
            for old in [at for at, view in views.items() if id(view.base) not in held]:
                del views[old]
        seen.views[key] = made
        while len(seen.views) > MOST_VIEWS:
            seen.views.popitem(last=False)
        of_reader = [one for one in seen.marks if one[1] == made.reader]
        for one in of_reader[: max(0, len(of_reader) - MOST_RECENT + 1)]:
            del seen.marks[one]
        seen.marks[(made.mark, made.reader)] = made


def _ground_of(bench: Bench) -> Ground:
    return bench.agreement.canonical_hash, tuple(sorted(bench.tables.items()))


def _whose(snapshot: Snapshot, reading: Reading) -> Whose:
    """Whose duties are counted, and of which state: None = the newest."""
    return reading.reader, None if snapshot.known_at is None else snapshot.size


def _key_of(sheet: Sheet, reader: str, snapshot: Snapshot) -> Hashable:
    """What a view is kept by; of an older state beside it how much was published by then."""
    then = snapshot.known_at
    published = None if then is None else int((sheet.numbers("published_at") <= then).sum())
    return id(sheet), reader, published


def rests_on_talk(agreement: Agreement) -> bool:
    """Whether an allegation or an answer can change a verdict: a term that is no duty rests on them, or on such a duty.

    What is said of another term is looked for by its id, wherever it stands: too often is slow, and never wrong.
    """
    terms = agreement.terms.values()
    moved = {term.id for term in terms if _speaks_of(term.body, set(TALK))}
    words = {word for word, made in agreement.words.items() if _speaks_of(made, set(TALK))}
    while True:
        more = {term.id for term in terms if term.id not in moved and _speaks_of(term.body, moved | words)}
        if not more:
            break
        moved |= more
    return bool(words) or any(agreement.terms[one].kind != "require" for one in moved)


def rests_on_findings(agreement: Agreement) -> bool:
    """Whether a finding may change a verdict: a condition speaks of findings, or of whether a term is kept.

    Terms are looked for by their ids, wherever they stand: too often is slow, and never wrong.
    """
    ids = set(agreement.terms)
    bodies = [(term.body, ids - {term.id}) for term in agreement.terms.values()]
    bodies += [(made, ids) for made in agreement.words.values()]
    return any(_speaks_of(body, {*JUDGED, *named}) for body, named in bodies)


def _speaks_of(value: Any, ids: set[str]) -> bool:  # noqa: ANN401  # plain values
    if isinstance(value, Mapping):
        return any(key in ids or _speaks_of(one, ids) for key, one in value.items() if key not in ("text", "source"))
    if isinstance(value, list | tuple):
        return any(_speaks_of(one, ids) for one in value)
    return isinstance(value, str) and value in ids
