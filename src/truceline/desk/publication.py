"""When does what a body holds become public? Draft, remarks of those concerned, joint body, then public or withheld.

    draft ──► comment ──► joint ──► public
                ▲  │▲        │ │
                └──┘└────────┘ └──► withheld ──► lifted

Each step is a signed statement of the type `publication` (`desk.publishing`). The table below owns every transition:

    draft     whose body is sealed: the text, for those concerned and whoever decides; nobody else can read it
    comment   it was transmitted to the parties concerned: from now on they remark on the facts (`answer` to this entry)
    joint     with the remarks it lies before the body: never before the deadline, unless every party concerned answered
    public    the body made public what is named: findings, and what its signers themselves said
    withheld  the body withholds it, with a reason of a closed list
    lifted    the reason is gone: public after all

Drafts and transmissions are made by the desk, or by whoever decides: a host who does not transmit silences nobody. What
is decided is signed as the body decides, and by all who signed the finding: no party publishes what is the other's.
Consent is obeyed. Nothing that is public is written anew or withheld: a correction is a further finding, shown beside.
How many findings are withheld, or lie there unpublished, and for how many days, is always public, computed from the
record; which, and about whom, never is.

What the program never does: write a finding, or decide one. Source: docs/adr/0019-publication.md.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from weakref import WeakKeyDictionary

import msgspec

from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.desk.concerned import Heard, behind_of, concerned, is_veiled, named_by
from truceline.desk.publishing import (
    COMMENT,
    DRAFT,
    JOINT,
    LIFTED,
    PUBLIC,
    PUBLICATION,
    WITHHELD,
    Publication,
    said_of,
    until_of,
)
from truceline.errors import ConflictError, SubmissionError, quoted
from truceline.group import DESK, Group
from truceline.record.charter import Charter, KeySet
from truceline.record.entry import Entry
from truceline.record.register import CHARTER, KEYS
from truceline.store.case import TEXTS, Case, Said

BEFORE: Mapping[str, tuple[str, ...]] = {
    COMMENT: (DRAFT, COMMENT, JOINT), JOINT: (COMMENT,), PUBLIC: (JOINT,), WITHHELD: (JOINT,), LIFTED: (WITHHELD,),
}  # fmt: skip
"""The stages at which a step may be taken: every transition there is."""

PUBLISHABLE = ("finding", "allegation", "answer", "act", "designation", "assessment", "ruling")
"""Types of statements that a publication can make public. Tables, originals, consents and commitments never are."""

MOST_REMARKS_S = 30 * 86_400
"""No deadline lies further ahead, unless the text itself gives more time: nobody stalls a finding by a late one."""

_DAY_S = 86_400


@dataclass(frozen=True)
class Matter:
    """A draft and how far it has come.

    Attributes:
        of: index of the draft.
        stage: it has reached.
        began: UTC second of the draft; `since`: of the stage.
        step: index of the entry that brought it there.
        body: who decides.
        about: what the draft is about, by index.
        to: the parties concerned.
        text: index of the draft that was transmitted last; `comment`: of the entry that transmitted it.
        due: UTC second until which remarks are waited for.
        remarks: who answered, to the index of the answer.
        decided: what was made public or withheld, by index.
        code, reason: why it is withheld.
        voices: the parties that had keys when it was transmitted last; `under`: index of the text in force then.
    """

    of: int
    stage: str
    began: int
    since: int
    step: int
    body: str = ""
    about: tuple[int, ...] = ()
    to: tuple[str, ...] = ()
    text: int = 0
    comment: int = 0
    due: int = 0
    remarks: Mapping[str, int] = field(default_factory=dict)
    decided: tuple[int, ...] = ()
    code: str = ""
    reason: str = ""
    voices: frozenset[str] = frozenset()
    under: int = 0

    @property
    def silent(self) -> tuple[str, ...]:
        """The parties concerned that have not answered."""
        return tuple(party for party in self.to if party not in self.remarks)


@dataclass(frozen=True)
class Published:
    """An entry that is public.

    Attributes:
        entry: its index.
        by: index of the publication; 0 = it was never kept from anybody.
        since: UTC second.
        of: index of the draft of its matter.
        corrected_by: later public findings about this one.
    """

    entry: int
    by: int
    since: int
    of: int
    corrected_by: tuple[int, ...] = ()


@dataclass(frozen=True)
class Withheld:
    """How much is not public: numbers, and never which.

    Attributes:
        ages_days: of each finding that a body withholds, in whole days since it was signed, oldest first.
        unpublished_days: likewise of each finding that was signed and neither made public nor withheld.
    """

    ages_days: tuple[int, ...] = ()
    unpublished_days: tuple[int, ...] = ()


# -- the course of all matters -----------------------------------------------------------------------------------------

HEARD = (PUBLICATION, "finding", "answer", *TEXTS, CHARTER, KEYS)
"""Types of entries that a course has to be given."""


@dataclass
class Course:
    """Every matter of a record, step by step; a step that may not be taken has no effect.

    Attributes:
        entry_at: gives an entry of the record by its index.
        load: gives the text that an entry holds, by its index.
        size: so many entries were taken.
        matters: by the index of their draft.
        public: entry to what made it public.
        findings: every finding, by index.
        ignored: steps without effect, and why: the host let in what it should have refused.
        text: index of the entry whose text is in force.
        voices: the parties that have keys.
    """

    entry_at: Callable[[int], Heard]
    load: Callable[[int], Agreement]
    size: int = 0
    matters: dict[int, Matter] = field(default_factory=dict)
    public: dict[int, Published] = field(default_factory=dict)
    findings: dict[int, Heard] = field(default_factory=dict)
    ignored: dict[int, str] = field(default_factory=dict)
    text: int = 0
    voices: frozenset[str] = frozenset()
    _comments: dict[int, int] = field(default_factory=dict)

    @property
    def in_force(self) -> Agreement:
        """The text in force."""
        return self.load(self.text)

    def copy(self) -> Course:
        """Another course of the same content."""
        return replace(
            self, matters=dict(self.matters), public=dict(self.public), findings=dict(self.findings),
            ignored=dict(self.ignored), _comments=dict(self._comments),
        )  # fmt: skip

    def take(self, one: Heard) -> None:
        """Take in the next entry; those of types that the path does not know may be left out."""
        if one.type == PUBLICATION:
            try:
                self.check(one)
            except SubmissionError as error:
                self.ignored[one.index] = str(error)
            else:
                self._step(one)
        elif one.type in TEXTS:
            self.text = one.index
        elif one.type in (CHARTER, KEYS):
            self.voices |= _parties(one)
        elif one.type == "finding" and _is_finding(one):
            self.findings[one.index] = one
        elif one.type == "answer" and isinstance(one.body, Mapping):
            self._remark(one, one.body.get("to"))
        self.size = one.index + 1

    def _remark(self, one: Heard, to: object) -> None:
        """Only an answer to the newest transmission is one to what the body is going to read."""
        matter = self.matters.get(self._comments.get(to, 0)) if isinstance(to, int) else None
        if matter and matter.comment == to and one.by in matter.to and one.by not in matter.remarks:
            self.matters[matter.of] = replace(matter, remarks={**matter.remarks, one.by: one.index})

    def _step(self, one: Heard) -> None:
        if one.body is None:
            self.matters[one.index] = Matter(one.index, DRAFT, one.known_at, one.known_at, one.index, text=one.index)
            return
        said, matter = said_of(one.body), self.matters[one.body["of"]]
        made = replace(matter, stage=said.stage, since=one.known_at, step=one.index)
        if said.stage == COMMENT:
            made = replace(
                made, body=said.body, about=said.about, to=said.to, text=said.text or said.of, comment=one.index,
                due=self.due(said, one.known_at), remarks={}, voices=self.voices, under=self.text,
            )  # fmt: skip
            self._comments[one.index] = said.of
        elif said.stage in (PUBLIC, WITHHELD, LIFTED):
            made = replace(made, decided=said.about, code=said.code, reason=said.reason)
        self.matters[said.of] = made
        if said.stage in (PUBLIC, LIFTED):
            self._publish(one, said)

    def _publish(self, one: Heard, said: Publication) -> None:
        for index in said.about:
            self.public[index] = Published(index, one.index, one.known_at, said.of)
        for index in said.about:
            for was in named_by(self.findings[index]) if index in self.findings else ():
                old = self.public.get(was)
                if old is not None and was in self.findings and was not in said.about:
                    self.public[was] = replace(old, corrected_by=(*old.corrected_by, index))

    def due(self, said: Publication, at: int) -> int:
        """Until when remarks on a draft that is transmitted at a second are waited for."""
        text = self.in_force
        return max(at + text.remarks_s, until_of(said, text.tz))

    # -- what may be done ----------------------------------------------------------------------------------------------

    def check(self, one: Heard) -> None:
        """Refuse a step that may not be taken, by whoever takes it, at the second at which it is known.

        Raises:
            ConflictError: it is not the turn of this step. SubmissionError: not by these signers, not now, or not this.
        """
        if one.body is None:
            return  # a draft: nobody is bound by it, and only its readers know what it says
        said, text = said_of(one.body), self.in_force
        matter = self.matters.get(said.of)
        if matter is None:
            raise SubmissionError(f"`of`: expected the entry of a draft, got {said.of}")
        if matter.stage not in BEFORE[said.stage]:
            raise ConflictError(
                f"`stage`: {said.stage} follows {' or '.join(BEFORE[said.stage])}, the matter is {matter.stage}"
            )
        if said.stage == COMMENT:
            self._check_comment(one, said, text)
        elif said.stage == JOINT:
            self._check_joint(one, matter, text)
        else:
            self._check_decided(one, said, matter=matter, text=text)

    def _check_comment(self, one: Heard, said: Publication, text: Agreement) -> None:
        for name, index in (("of", said.of), ("text", said.text or said.of)):
            draft = self.entry_at(index) if 0 < index < one.index else None
            if draft is None or draft.type != PUBLICATION or not draft.box:
                raise SubmissionError(f"`{name}`: expected the entry of a draft, got {index}")
            if draft.by != one.by:
                raise SubmissionError(f"`{name}`: entry {index} is for {quoted(draft.by)} to transmit")
        matter = self.matters[said.of]
        if matter.body and matter.body != said.body:
            raise SubmissionError(f"`body`: {quoted(matter.body)} decides this matter")
        if not all(0 < index < one.index for index in said.about):
            raise SubmissionError("`about`: expected entries of the record")
        if not (one.by == DESK or text.group.signed_by(said.body, one.signers)):
            raise SubmissionError(f"transmitted by the desk, or signed as {quoted(said.body)} decides")
        most = max(text.remarks_s, MOST_REMARKS_S)
        if until_of(said, text.tz) > one.known_at + most:
            raise SubmissionError(f"`until`: expected a deadline within {most // _DAY_S} days")
        missing = set(concerned(said.about, self.entry_at, text.group, self.voices)) - set(said.to)
        if missing:
            raise SubmissionError(f"`to`: expected everybody concerned, {quoted(min(missing))} among them")

    def _check_joint(self, one: Heard, matter: Matter, text: Agreement) -> None:
        if not (one.by == DESK or text.group.signed_by(matter.body, one.signers)):
            raise SubmissionError(f"handed on by the desk, or signed as {quoted(matter.body)} decides")
        if one.known_at < matter.due and matter.silent:
            raise SubmissionError(f"remarks are waited for until second {matter.due}: not from {matter.silent[0]} yet")

    def _check_decided(self, one: Heard, said: Publication, *, matter: Matter, text: Agreement) -> None:
        if not text.group.signed_by(matter.body, one.signers):
            raise SubmissionError(f"not signed as {quoted(matter.body)} decides: got {', '.join(one.signers)}")
        for index in said.about:
            self._check_entry(one, index, text.group, is_public=said.stage != WITHHELD)
        found = [index for index in said.about if index in self.findings]
        if said.stage == WITHHELD and len(found) < len(said.about):
            raise SubmissionError("`about`: expected findings: nothing else is withheld")
        if said.stage == LIFTED and not set(matter.decided) <= set(said.about):
            raise SubmissionError("`about`: expected every finding that was withheld")
        if said.stage != WITHHELD and not found and not said.texts:
            raise SubmissionError("`about`, `texts`: expected a finding, or words")
        elsewhere = {i for m in self.matters.values() if m.stage == WITHHELD and m.of != said.of for i in m.decided}
        if elsewhere.intersection(said.about):
            raise SubmissionError("`about`: expected no finding that is withheld: lift that first")
        if said.stage != WITHHELD:
            self._check_asked(one, said, matter)

    def _check_asked(self, one: Heard, said: Publication, matter: Matter) -> None:
        """Whoever is concerned by what becomes public was asked about a draft of it; who signs this was not in need to.

        Who had keys, and who speaks for whom, is taken as it was when they were asked: what is withheld for years can
        be lifted, whoever has joined since.
        """
        group = self.load(matter.under).group
        own = {*one.signers, *(self.entry_at(index).by for index in said.about)}
        missing = set(concerned(said.about, self.entry_at, group, matter.voices, but=own)) - {*matter.to, *own}
        if missing:
            raise SubmissionError(f"`about`: it concerns {quoted(min(missing))}, who was not asked: transmit a draft")
        for index in said.about:
            self._check_named(index)

    def _check_named(self, index: int) -> None:
        """Only its readers know whom a sealed allegation accuses: a finding that rests on one says so in the open."""
        for one in behind_of([index], self.entry_at):
            says = one.type != "finding" or not isinstance(one.body, Mapping) or one.body.get("against")
            if not says and any(is_veiled(self.entry_at(behind)) for behind in named_by(one)):
                raise SubmissionError(f"`about`: entry {one.index} rests on what is sealed, and says `against` nobody")

    def _check_entry(self, one: Heard, index: int, group: Group, *, is_public: bool) -> None:
        """Whether these signers may decide on one entry."""
        entry = self.entry_at(index) if 0 < index < one.index else None
        if entry is None or entry.type not in PUBLISHABLE or entry.box:
            raise SubmissionError(f"`about`: expected {', '.join(PUBLISHABLE)}, and none with a sealed body")
        if index in self.public:
            raise ConflictError(f"`about`: entry {index} is public: a correction is a further finding")
        if entry.type == "finding":
            if index not in self.findings:
                raise SubmissionError(f"`about`: entry {index} is broken")
            body = entry.body["body"]
            party = group.parties.get(body)
            held = set(entry.signers) & set(party.members if party else ())
            if not group.signed_by(body, one.signers) or not (body in one.signers or held <= set(one.signers)):
                raise SubmissionError(f"`about`: entry {index} is for {quoted(body)}, who signed it, to decide")
        elif is_public and entry.by not in (DESK, *one.signers):
            raise SubmissionError(f"`about`: entry {index} was said by {quoted(entry.by)}, who does not sign this")

    # -- what it amounts to --------------------------------------------------------------------------------------------

    def withheld(self, now: int) -> Withheld:
        """How many findings are not public at a second, and for how long."""
        matters = [matter for matter in self.matters.values() if matter.stage == WITHHELD]
        inside = {index for matter in matters for index in matter.decided}
        ages = [now - self.findings[index].known_at for index in inside if index in self.findings]
        ages += [now - matter.since for matter in matters if not matter.decided]  # a draft that nobody signed
        idle = [now - one.known_at for i, one in self.findings.items() if i not in inside and i not in self.public]
        return Withheld(_days(ages), _days(idle))


def _days(ages: Iterable[int]) -> tuple[int, ...]:
    # Whole days only: an age to the second would name the entry, for the times of checkpoints are public.
    return tuple(sorted((max(0, age) // _DAY_S for age in ages), reverse=True))


def stages(entries: Sequence[Heard], load: Callable[[int], Agreement]) -> Course:
    """Every matter of a record, from its entries from the first on.

    Args:
        entries: in their order, each at its index.
        load: gives the text that an entry holds, by its index.
    """
    course = Course(entries.__getitem__, load)
    for one in entries:
        if one.type in HEARD:
            course.take(one)
    return course


def _is_finding(one: Heard) -> bool:
    """Whether a finding is one, and open: a host may have let in what is none."""
    return isinstance(one.body, Mapping) and isinstance(one.body.get("body"), str)


def _parties(one: Heard) -> frozenset[str]:
    """Whose keys an entry is about."""
    try:
        if one.type == CHARTER:
            return frozenset(party.party for party in msgspec.convert(one.body, Charter).parties)
        return frozenset({msgspec.convert(one.body, KeySet).party})
    except msgspec.ValidationError:
        return frozenset()


# -- a case ------------------------------------------------------------------------------------------------------------

_COURSES: WeakKeyDictionary[Case, Course] = WeakKeyDictionary()
_TURN = threading.Lock()


def course_of(case: Case, upto: int | None = None) -> Course:
    """Every matter of a case, among its first `upto` entries; None = all, and then only what is new is read.

    The course is shared: who changes something takes a copy.
    """
    if upto is not None:
        return _advanced(_course(case), case, upto)
    with _TURN:
        if case not in _COURSES:
            _COURSES[case] = _course(case)
        return _advanced(_COURSES[case], case, None)


def _course(case: Case) -> Course:
    return Course(lambda index: heard(case, case.entries()[index]), lambda index: _text_at(case, index))


def _advanced(course: Course, case: Case, upto: int | None) -> Course:
    size = len(case.entries())
    for index, kind, *_ in case.rows(course.size):
        if index >= (size if upto is None else upto):
            break
        if kind in HEARD:
            course.take(heard(case, case.entries()[index]))
        course.size = index + 1
    return course


def heard(case: Case, said: Said) -> Heard:
    """An entry of a case, as far as the path asks."""
    return heard_of(said.index, said.entry, case.signers(said), said.known_at)


def heard_of(index: int, entry: Entry, signers: Iterable[str], known_at: int) -> Heard:
    """An entry, as far as the path asks; its signers are the parties whose valid keys signed it."""
    one = entry.statement
    box = one.sealed.box if one.sealed is not None else ""
    return Heard(index, one.type, one.by, tuple(signers), one.body, box, known_at)


def _text_at(case: Case, index: int) -> Agreement:
    one = case.entries()[index].statement
    name = one.body["file"]
    return _loaded(case.store.blob(next(blob.sha256 for blob in one.blobs if blob.name == name)), name)


@lru_cache(maxsize=8)
def _loaded(data: bytes, name: str) -> Agreement:
    return load(data, name)


def published(case: Case, upto: int | None = None) -> dict[int, Published]:
    """Every entry that a publication made public, by index, among the first `upto` entries of a case."""
    return dict(sorted(course_of(case, upto).public.items()))


def withheld(case: Case, now: int, upto: int | None = None) -> Withheld:
    """How many findings of a case are not public, and for how long: this is for everybody."""
    return course_of(case, upto).withheld(now)


def drafts_for(case: Case, party: str) -> list[Matter]:
    """The matters on which a party may remark still: transmitted to it, not before the body yet, and not answered."""
    matters = list(course_of(case).matters.values())
    return [one for one in matters if one.stage == COMMENT and party in one.silent]


def due(case: Case, now: int) -> list[Matter]:
    """The matters that somebody has to carry on: drafts nobody transmitted, remarks that are in or late, decisions."""
    return [one for one in list(course_of(case).matters.values()) if _is_due(one, now)]


def _is_due(one: Matter, now: int) -> bool:
    if one.stage == COMMENT:
        return now >= one.due or not one.silent
    return one.stage in (DRAFT, JOINT)
