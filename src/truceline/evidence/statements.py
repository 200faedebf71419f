"""What did somebody say, when, in which words, and who else says that it was said? Claims, and never evidence.

A claim is words: it is never an act of the agreement and never evidence of an incident, and no table of evidence is
made of one. Three doors lead here: a file of claims (JSON lines), the rows of reports that tell of words (`WORDED`),
and statements of type `claim` on a record. Whatever is wrong with a claim is named, and the claim is kept and flagged;
only a line that holds no claim at all is rejected, with its reason.

Nothing here measures what a speaker meant: whether somebody is in good faith is text, and stays text.

Source: `agreements/syria-2016/README.md`; docs/how-to/read-words-and-acts.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from truceline.errors import Fault, InputError, csv_rows, quoted, raise_all, text_of
from truceline.evidence.aliases import key
from truceline.evidence.schema import Rejected
from truceline.evidence.sources import Sources
from truceline.group import RESERVED
from truceline.span import parse_span

KINDS: Final = (
    "description", "commitment", "allegation", "proposal", "warning", "ultimatum", "reply", "request", "acceptance",
    "extension", "withdrawal", "end", "count",
)  # fmt: skip
"""What somebody does with words. `withdrawal` speaks of pulling back, `end` of something being over or suspended,
`count` gives a number over a period; all three say so, and do nothing."""

SAYS: Final = ("agree", "partly", "contradict", "unstated")
"""What a second source makes of a claim."""

CHECKABLE: Final = ("yes", "partly", "no", "unstated")

AFTER, NO_SPEAKER, NEW_SPEAKER, NO_ACTOR, NO_ORIGINAL, NO_DATE, NO_TERM, NO_KIND = (
    "said after it was reported", "no speaker", "speaker in no table", "unknown actor", "translation without original",
    "date cannot be read", "unknown term", "kind in no table",
)  # fmt: skip
FLAGS: Final = (AFTER, NO_SPEAKER, NEW_SPEAKER, NO_ACTOR, NO_ORIGINAL, NO_DATE, NO_TERM, NO_KIND)
"""What is named of a claim that is kept; nothing is mended and nothing is guessed."""

OF_FILE, OF_REPORTS, OF_RECORD = DOORS = "statements", "reports", "record"
"""Through which door a claim came."""

KIND_OF: Final[Mapping[str, str]] = {
    **{one: one for one in KINDS},
    **dict.fromkeys(
        ("inference", "prediction", "assertion", "statement", "report of act", "interpretation", "position", "opinion"),
        "description",
    ),
    "demand": "request", "plan": "commitment", "threat": "warning",
}  # fmt: skip
"""What a claim is called by whoever wrote it down, to one of `KINDS`."""

WORDED: Final = ("statement", "commitment", "acceptance", "extension", "withdrawal", "ledger")
"""Kinds of reports that tell of words."""

KIND_OF_ACT: Final[Mapping[str, str]] = {
    "announcement": "commitment", "allegation": "allegation", "assessment": "description", "criticism": "reply",
    "rejection": "reply", "threat of force": "ultimatum", "demand": "request", "suspension": "end", "lapse": "end",
    "termination": "end", "declaration of battle": "warning", "warning": "warning", "position": "description",
    "area data received": "reply", "planned deployment": "commitment",
}  # fmt: skip
"""Of reports of kind `statement`: the word for the act to one of `KINDS`; what fits none is a description, flagged."""

SPEAKER_COLUMNS: Final = ("text", "name", "office", "actor", "kind", "source", "tag")
ADDED_COLUMNS: Final = (
    "claim", "kind", "reported", "of", "against", "due", "same_as", "to", "asks", "terms", "topics", "segment",
    "state", "source", "tag",
)  # fmt: skip
TOPICS: Final = (
    "supply", "recruit", "cross-border", "rearm", "regroup", "ground taken", "ground lost", "area change",
)  # fmt: skip
NOBODY: Final = "none"
"""In the column `state`: the words name no third state."""

MOST_WORDS: Final = 4_000
MOST_CLAIMS: Final = 20_000
MOST_ITEMS: Final = 50


class When(msgspec.Struct, frozen=True, omit_defaults=True):
    """A time as it is stated.

    Attributes:
        text: the words; empty = none is stated.
        since: first UTC second that they can mean; None = not stated, or it cannot be read.
        until: first UTC second too late.
        basis: on what the time rests, where the source says so.
    """

    text: str = ""
    since: int | None = None
    until: int | None = None
    basis: str = ""

    @property
    def is_known(self) -> bool:
        """Whether it has bounds."""
        return self.since is not None and self.until is not None


class Second(msgspec.Struct, frozen=True):
    """A second source: who carried it, and whether it says the same.

    Attributes:
        says: one of `SAYS`.
        what: what it says, in our words.
    """

    publisher: str
    url: str
    published: str
    says: str
    what: str


class Claim(msgspec.Struct, frozen=True):
    """One claim: words of one speaker, as one source has them.

    Attributes:
        kind: one of `KINDS`.
        stated_kind: what whoever wrote it down calls it.
        words: what is said, in our own words; they are still the speaker's claim.
        speaker: as the source names him, her or it; `office`: in which office, where a table says so.
        actors: ids of those for whom the speaker speaks; none = for nobody of the text.
        said: when it was said. `reported`: when the source carried it. `due`: by when, or over what time, it is to be.
        of: ids of those whose act is promised, planned or alleged.
        against: ids of those to whom it is addressed, or against whom it is said.
        quotation: the words themselves, where they may be printed; `lang`: their language; `original`: the words in
            the language in which they were said, where `is_translation`.
        ledgers: published counts that it cites, as `issuer/first/last/number`.
        topics: of `TOPICS`; `segment`: of a border, such as `TR-SY`; `state`: a third state that the words name.
        checkable: one of `CHECKABLE`, and `check_how` by what.
        seconds: second sources; `status`: what whoever compiled the claims made of it, in their words.
        count_low, count_high, unit: a number in it.
        same_as: id of another claim that tells of the same words.
        to: id of the claim that it answers.
        asks: what a request asks for: `publish:ID` of a document, `designate:ID` of a group, or a word of one's own.
        door: `statements`, `reports` or `record`.
        source: the article, or the publisher; `url`: where.
        flags: of `FLAGS`.
        line: of its file; 0 = none. `entry`: of the record; -1 = none.
        is_coarse: its times are told as the whole days that they touch: it lies somewhere in them.
    """

    id: str
    kind: str
    stated_kind: str
    words: str
    speaker: str = ""
    office: str = ""
    speaker_kind: str = ""
    actors: tuple[str, ...] = ()
    said: When = When()
    reported: When = When()
    due: When = When()
    of: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    quotation: str = ""
    lang: str = ""
    original: str = ""
    is_translation: bool = False
    ledgers: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    segment: str = ""
    state: str = ""
    checkable: str = "unstated"
    check_how: str = ""
    seconds: tuple[Second, ...] = ()
    status: str = ""
    note: str = ""
    count_low: int | None = None
    count_high: int | None = None
    unit: str = ""
    same_as: str = ""
    to: str = ""
    asks: str = ""
    door: str = OF_FILE
    source: str = ""
    url: str = ""
    published: str = ""
    flags: tuple[str, ...] = ()
    line: int = 0
    entry: int = -1
    is_coarse: bool = False


@dataclass(frozen=True)
class Speaker:
    """Who speaks, by a table with a source for each row; only people in a public office are named in one."""

    name: str
    office: str = ""
    actor: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Added:
    """What the desk adds to a claim, each with its source: an empty field adds nothing."""

    kind: str = ""
    reported: str = ""
    of: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    due: str = ""
    same_as: str = ""
    to: str = ""
    asks: str = ""
    terms: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    segment: str = ""
    state: str = ""


@dataclass(frozen=True)
class Known:
    """What a claim is held against while it is read.

    Attributes:
        tz: zone of times without an offset.
        actors, terms: ids of the text.
        speakers: by their texts, as `aliases.key` writes them.
        added: by the id of a claim.
        sources: who speaks through a source.
    """

    tz: str
    actors: frozenset[str]
    terms: frozenset[str] = frozenset()
    speakers: Mapping[str, Speaker] = field(default_factory=dict)
    added: Mapping[str, Added] = field(default_factory=dict)
    sources: Sources = field(default_factory=Sources)


@dataclass(frozen=True)
class Claims:
    """What a door gave: claims in its order, and the lines that hold none."""

    claims: tuple[Claim, ...]
    rejected: tuple[Rejected, ...] = ()


# -- tables beside a file of claims ------------------------------------------------------------------------------------


def read_speakers(data: bytes, name: str = "speakers.csv") -> dict[str, Speaker]:
    """Read a table of speakers; empty = nobody is known.

    Raises:
        InputError: a column is missing, or a speaker stands twice.
    """
    found: dict[str, Speaker] = {}
    for row in _rows(data, name, SPEAKER_COLUMNS, "text"):
        found[key(row["text"])] = Speaker(row["name"] or row["text"], row["office"], row["actor"], row["kind"])
    return found


def read_added(data: bytes, name: str = "claims.csv") -> dict[str, Added]:
    """Read what the desk adds to claims; empty = nothing.

    Raises:
        InputError: a column is missing, a claim stands twice, or a kind or topic is none.
    """
    found: dict[str, Added] = {}
    faults: list[Fault] = []
    for number, row in enumerate(_rows(data, name, ADDED_COLUMNS, "claim"), 2):
        topics = _parts(row["topics"])
        if row["kind"] not in ("", *KINDS):
            faults.append(Fault(f"expected one of {', '.join(KINDS)}, got {quoted(row['kind'])}", name, number, "kind"))
        if wrong := [one for one in topics if one not in TOPICS]:
            faults.append(Fault(f"expected {', '.join(TOPICS)}, got {quoted(wrong[0])}", name, number, "topics"))
        found[row["claim"]] = Added(
            row["kind"], row["reported"], _parts(row["of"]), _parts(row["against"]), row["due"], row["same_as"],
            row["to"], row["asks"], _parts(row["terms"]), topics, row["segment"], row["state"],
        )  # fmt: skip
    raise_all(faults, InputError)
    return found


def _rows(data: bytes, name: str, columns: tuple[str, ...], by: str) -> Iterator[dict[str, str]]:
    faults: list[Fault] = []
    seen: set[str] = set()
    for line, row in csv_rows(data, name, columns):
        if not row[by] or key(row[by]) in seen:
            told = f"stands in the table twice: {quoted(row[by])}" if row[by] else "expected a text, got nothing"
            faults.append(Fault(told, name, line, by))
        seen.add(key(row[by]))
        yield row
    raise_all(faults, InputError)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


# -- a file of claims --------------------------------------------------------------------------------------------------


class _Second(msgspec.Struct):
    publisher: str | None = None
    url: str | None = None
    published: str | None = None
    agrees: str | None = None
    what: str | None = None


class _Line(msgspec.Struct):
    id: str
    content: str
    article: str | None = None
    speaker: str | None = None
    office: str | None = None
    type: str | None = None
    date: str | None = None
    date_basis: str | None = None
    reported: str | None = None
    due: str | None = None
    actors: tuple[str, ...] | None = None
    of: tuple[str, ...] | None = None
    against: tuple[str, ...] | None = None
    terms: tuple[str, ...] | None = None
    ledgers: tuple[str, ...] | None = None
    topics: tuple[str, ...] | None = None
    segment: str | None = None
    state: str | None = None
    quotation: str | None = None
    language: str | None = None
    is_translation: bool | None = None
    original: str | None = None
    checkable: str | None = None
    check_how: str | None = None
    second_source: _Second | None = None
    second_sources: tuple[_Second, ...] = ()
    status: str | None = None
    note: str | None = None
    url: str | None = None
    published: str | None = None
    same_as: str | None = None
    to: str | None = None
    asks: str | None = None


def read_claims(data: bytes, name: str, known: Known) -> Claims:
    """Read a file of claims, one JSON object in each line.

    Args:
        data: the bytes of the file; empty = no claims.
        name: for messages.
        known: what claims are held against.

    Returns:
        Every claim that a line holds, flagged where something is wrong with it; and the lines that hold none.

    Raises:
        InputError: the file is not UTF-8, or holds over `MOST_CLAIMS` lines.
    """
    taken: dict[str, Claim] = {}
    rejected: list[Rejected] = []
    for number, line in enumerate(text_of(data, name).split("\n"), 1):
        if not line.strip():
            continue
        if number > MOST_CLAIMS:
            raise InputError(Fault(f"expected at most {MOST_CLAIMS} claims", name, number))
        try:
            one = msgspec.json.decode(line, type=_Line)
        except (msgspec.DecodeError, RecursionError) as error:
            rejected.append(Rejected(name, number, "", _field_of(error), str(error)[:300]))
            continue
        fault = _fault(one, taken)
        if fault is not None:
            rejected.append(Rejected(name, number, one.id[:80], *fault))
        else:
            taken[one.id] = _claim(one, number, known)
    return Claims(tuple(taken.values()), tuple(rejected))


def _field_of(error: Exception) -> str:
    return str(error).partition("`$.")[2].rstrip("`") or "claim"


def _fault(one: _Line, taken: Mapping[str, Claim]) -> tuple[str, str] | None:
    """Why a line holds no claim: which field, and what is wrong."""
    if not one.id.strip():
        return "id", "expected an id, got nothing"
    if one.id in taken:
        return "id", f"stands in this file twice: {quoted(one.id)}"
    if not one.content.strip() or len(one.content) > MOST_WORDS:
        return "content", f"expected words, at most {MOST_WORDS} characters"
    return None


def _claim(one: _Line, line: int, known: Known) -> Claim:
    added = known.added.get(one.id, Added())
    speaker = known.speakers.get(key(one.speaker or ""))
    stated = (one.type or "").strip()
    actors = one.actors if one.actors is not None else ((speaker.actor,) if speaker and speaker.actor else ())
    seconds = [*([one.second_source] if one.second_source else []), *one.second_sources]
    return flagged(
        Claim(
            id=one.id, kind=added.kind or KIND_OF.get(stated, "description"), stated_kind=stated, words=one.content,
            speaker=speaker.name if speaker else (one.speaker or "").strip(),
            office=one.office or (speaker.office if speaker else ""), speaker_kind=speaker.kind if speaker else "",
            actors=_first(actors), said=when_of(one.date, known.tz, one.date_basis or ""),
            reported=when_of(one.reported or one.published or added.reported, known.tz),
            due=when_of(one.due or added.due, known.tz), of=_first(one.of or added.of),
            against=_first(one.against or added.against), terms=_first(one.terms or added.terms),
            quotation=one.quotation or "", lang=one.language or "", original=one.original or "",
            is_translation=bool(one.is_translation), ledgers=_first(one.ledgers or ()),
            topics=_first(one.topics or added.topics), segment=one.segment or added.segment,
            state=one.state or added.state,
            checkable=one.checkable if one.checkable in CHECKABLE else "unstated", check_how=one.check_how or "",
            seconds=tuple(_second(s) for s in seconds[:MOST_ITEMS]), status=one.status or "", note=one.note or "",
            same_as=one.same_as or added.same_as, to=one.to or added.to, asks=one.asks or added.asks,
            door=OF_FILE, source=one.article or "", url=one.url or "",
            published=one.published or "", line=line,
        ),
        known,
        is_new=speaker is None,
    )  # fmt: skip


def _first(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))[:MOST_ITEMS]


_AGREES: Final = {"yes": "agree", "no": "contradict", "partly": "partly"}


def _second(one: _Second) -> Second:
    word = (one.agrees or "").strip().lower()
    says = _AGREES.get(word, word if word in SAYS else "unstated")
    return Second(one.publisher or "", one.url or "", one.published or "", says, one.what or "")


def when_of(text: str | None, tz: str, basis: str = "") -> When:
    """A time text, or two joined by `to`, with its bounds; a text that is no time keeps its words and has none.

    >>> when_of("2016-10 to 2017-01", "UTC").is_known, when_of("soon", "UTC").is_known
    (True, False)
    """
    words = (text or "").strip()
    if not words:
        return When(basis=basis)
    first, _, last = words.partition(" to ")
    try:
        one = parse_span(first, tz)
        both = one.joined(parse_span(last, tz)) if last else one
    except InputError:
        return When(words, basis=basis)
    return When(words, both.start, both.end, basis)


def flagged(one: Claim, known: Known, *, is_new: bool = False) -> Claim:
    """A claim with everything that is wrong with it named; nothing is taken away and nothing is mended.

    Args:
        one: the claim.
        known: what it is held against.
        is_new: no table knows its speaker.
    """
    ids = (*one.actors, *one.of, *one.against, *(() if one.state in ("", NOBODY) else (one.state,)))
    times = (one.said, one.reported, one.due)
    said, reported = one.said.since, one.reported.until
    found = {
        AFTER: said is not None and reported is not None and said >= reported,
        NO_SPEAKER: not one.speaker.strip(),
        NEW_SPEAKER: is_new and bool(one.speaker.strip()),
        NO_ACTOR: any(actor not in known.actors for actor in ids),
        NO_ORIGINAL: one.is_translation and not one.original.strip(),
        NO_DATE: any(when.text and not when.is_known for when in times),
        NO_TERM: any(term not in known.terms for term in one.terms),
        NO_KIND: bool(one.stated_kind) and one.stated_kind not in KIND_OF and one.door == OF_FILE,
    }
    return msgspec.structs.replace(one, flags=tuple(flag for flag in FLAGS if found[flag]))


# -- reports that tell of words ----------------------------------------------------------------------------------------

TAKEN: Final = (
    "id", "line", "kind", "start", "end", "time_text", "time_precision", "actor", "target", "act_text", "asserted_by",
    "chain", "publisher", "url", "published", "language", "note", "count_low", "count_high", "count_unit", "place_text",
)  # fmt: skip


def claims_of_table(table: pa.Table, known: Known) -> tuple[Claim, ...]:
    """The rows of reports that tell of words, as claims; the rows stay what they are, and become no evidence by it.

    A row of another kind is taken where the desk says that it is words (`claims.csv` with a kind).

    Args:
        table: of `evidence.schema.SCHEMA`.
        known: what claims are held against.
    """
    named = [one for one, added in known.added.items() if added.kind]
    kinds, ids = table.column("kind"), table.column("id")
    wanted = pc.or_(pc.is_in(kinds, pa.array(WORDED)), pc.is_in(ids, pa.array(named, pa.string())))
    rows = table.select(TAKEN).filter(pc.fill_null(wanted, False)).to_pylist()
    return tuple(_of_row(row, known) for row in rows)


def _of_row(row: Mapping[str, Any], known: Known) -> Claim:
    added = known.added.get(row["id"], Added())
    mouth = known.sources.of_row(row)
    speaker = str((row["chain"] or [None])[0] or row["asserted_by"] or "")
    told, done_to = tuple(row["actor"] or ()), tuple(row["target"] or ())
    actors = (mouth.party,) if mouth.party else ()
    kind = added.kind or _kind_of_row(row)
    of, against = _whose(kind, told, done_to, actors)
    said, due = _times(row, kind, known.tz)
    return flagged(
        Claim(
            id=row["id"], kind=kind, stated_kind=row["act_text"] or row["kind"], words=row["note"] or "",
            speaker=speaker, speaker_kind="body" if speaker else "", actors=actors, said=said,
            reported=when_of(row["published"], known.tz),
            due=when_of(added.due, known.tz) if added.due else due, of=added.of or of,
            against=added.against or against, terms=added.terms,
            lang=row["language"] or "", topics=added.topics, segment=added.segment,
            state=added.state, count_low=row["count_low"], count_high=row["count_high"], unit=row["count_unit"] or "",
            same_as=added.same_as, to=added.to, asks=added.asks, door=OF_REPORTS,
            source=row["publisher"] or "", url=row["url"] or "",
            published=row["published"] or "", note=row["place_text"] or "", line=row["line"] or 0,
        ),
        known,
    )  # fmt: skip


def _kind_of_row(row: Mapping[str, Any]) -> str:
    if row["kind"] == "ledger":
        return "count"
    return KIND_OF_ACT.get(row["act_text"] or "", "description") if row["kind"] == "statement" else str(row["kind"])


def _whose(
    kind: str, told: tuple[str, ...], done_to: tuple[str, ...], actors: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whose act is meant, and against whom the words are: of an allegation the accused, wherever a report names them.

    One report writes `Syrian government > opposition areas` of what the government is said to have done, another
    `Russia > US` of what Russia says of the United States: the accused is whoever does not speak.
    """
    others = tuple(one for one in told if one not in actors)
    if kind == "allegation":
        accused = others or tuple(one for one in done_to if one not in actors)
        return accused, accused
    if kind in ("request", "warning", "ultimatum", "reply"):
        return told, tuple(one for one in done_to if one not in actors)
    if kind in ("commitment", "extension"):
        return told, tuple(one for one in done_to if one not in RESERVED)  # a truce binds those whom it names
    return told, ()


def _times(row: Mapping[str, Any], kind: str, tz: str) -> tuple[When, When]:
    """When it was said, and over what time it is to be: words that tell of a later hour were said before it."""
    own = When(row["time_text"] or "", row["start"], row["end"])
    published = when_of(row["published"], tz, "day of publication")
    if kind == "count":
        return published if published.is_known else When(), own
    ahead = published.is_known and published.until is not None and row["start"] >= published.until
    is_window = kind in ("commitment", "extension") and row["time_precision"] in ("exact", "hour")
    if ahead or is_window:
        return (published if published.is_known else When("", basis="before it takes effect")), own
    return own, When()
