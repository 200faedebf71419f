"""Who had an original in their hands, when, and does the chain hold?

An original is a photo, a video, a recording, a letter: bytes that the record knows by their SHA-256, or by a salted
hash (`desk.originals`), and never holds.
Each time one is handled is a signed statement. The chain is read in the order of the record, and what is wrong with it
is named and not repaired: a gap (how it came from one to the other is not recorded), or a contradiction (it was
transferred to one and next handled by another, or handled after it was destroyed).

A copy is followed apart: whoever got one may handle it, and that takes the original from nobody. The bytes are the
same, so the chain cannot tell which of the two somebody had who got a copy.

What is never in it: a person. Who handled it is an institution or a role; what looks like an address or a number of a
person is refused, a name is not told from a role. Source: docs/how-to/keep-originals.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec

from truceline.canon import MOST_INT
from truceline.desk.consent import HANDED, REACHED, check_about
from truceline.desk.rulings import Holdings
from truceline.errors import InputError, SubmissionError, quoted
from truceline.span import Span, parse_span, utc_text
from truceline.store.case import Case

WHAT = ("photo", "video", "audio", "letter", "document")
EVENTS = ("received", "transferred", "examined", "copied", "returned", "destroyed")
GOING = ("transferred", "returned")
"""Events after which somebody else has it: they say who, in `to`."""

DIGEST = re.compile(r"[0-9a-f]{64}")
_MEDIA = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,99}")
_HANDLER = re.compile(r"[\w][\w .,:'()&/-]{0,79}")


class Custody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One time that an original was handled.

    Attributes:
        original: SHA-256 of its bytes, or salted: 64 hexadecimal digits.
        what: one of `WHAT`.
        event: one of `EVENTS`.
        at: when, as a time text.
        handler: the institution or role that handled it; never a person.
        bytes: its size; 0 = it is not said.
        about: ids of the reports that it belongs to.
        media_type: such as `image/jpeg`; empty = not known.
        to: who has it next, after `transferred` and `returned`; who has the copy, after `copied`.
        use: what the copy was handed over for, one of `consent.HANDED`; empty = it was not said.
        is_salted: whoever has its bytes cannot tell by them that the record speaks of them; then neither its size nor
            its media type is said, by which they could be told.
    """

    original: str
    what: str
    event: str
    at: str
    handler: str
    bytes: int
    about: tuple[str, ...] = ()
    media_type: str = ""
    to: str = ""
    use: str = ""
    is_salted: bool = False


@dataclass(frozen=True)
class Link:
    """One statement of a chain.

    Attributes:
        index: of its entry.
        by: who says so.
        known_at: UTC second at which the record held it.
        when: the time that it speaks of.
    """

    index: int
    by: str
    known_at: int
    custody: Custody
    when: Span


@dataclass(frozen=True)
class Flaw:
    """What is wrong with a chain at one entry.

    Attributes:
        kind: `gap` or `contradiction`.
    """

    index: int
    kind: str
    message: str


@dataclass(frozen=True)
class Hands:
    """Who has an original, and copies of it, as a chain says.

    Attributes:
        holder: who has the original.
        since: the statement that says so.
        copies: who has got a copy, and has not said that he handed it on or destroyed it.
        end: index of the entry that says that the original was destroyed; None = it was not.
    """

    holder: str
    since: Link
    copies: frozenset[str] = frozenset()
    end: int | None = None

    def is_copy(self, handler: str) -> bool:
        """Whether what somebody handles is a copy: he got one, and the original is with somebody else, or gone."""
        return handler in self.copies and (handler != self.holder or self.end is not None)


def chains_of(case: Case, tz: str, upto: int | None = None) -> dict[str, list[Link]]:
    """Original to the statements of its custody, in the order of the record.

    Args:
        case: the folder.
        tz: zone of the time texts.
        upto: among the first so many entries; None = all.
    """
    found: dict[str, list[Link]] = {}
    for said in case.said("custody", upto):
        one = msgspec.convert(said.statement.body, Custody)
        link = Link(said.index, said.statement.by, said.known_at, one, parse_span(one.at, tz))
        found.setdefault(one.original, []).append(link)
    return found


def flaws(chain: Sequence[Link]) -> list[Flaw]:
    """Gaps and contradictions of one chain, in its order; none = it holds as far as it goes."""
    found, hands = list[Flaw](), None
    for number, link in enumerate(chain):
        flaw = _first(link) if hands is None else _handed(link, hands)
        if flaw:
            found.append(flaw)
        found += _told_otherwise(link, chain[:number])
        hands = _after(hands, link)
    return found


def hands_of(chain: Sequence[Link]) -> Hands | None:
    """Who has an original and its copies after a chain; None = nothing is said of it."""
    hands = None
    for link in chain:
        hands = _after(hands, link)
    return hands


def _after(hands: Hands | None, link: Link) -> Hands:
    """Who has what after one more statement, be it true to those before or not."""
    one = link.custody
    who = one.handler
    if hands is None:
        hands = Hands(who, link)
    is_copy = hands.is_copy(who)
    if one.event == "copied":
        return replace(hands, copies=hands.copies | ({one.to} if one.to else set()))
    if is_copy and one.event in (*GOING, "destroyed"):
        return replace(hands, copies=(hands.copies - {who}) | ({one.to} if one.to else set()))
    if is_copy:
        return hands
    if one.event == "destroyed":
        return replace(hands, end=link.index if hands.end is None else hands.end)
    if one.event in (*GOING, "received"):
        return replace(hands, holder=one.to if one.event in GOING else who, since=link)
    return hands


def _first(link: Link) -> Flaw | None:
    if link.custody.event == "received":
        return None
    return Flaw(link.index, "gap", f"begins with `{link.custody.event}`: how it was received is not recorded")


def _handed(link: Link, hands: Hands) -> Flaw | None:
    """Whether whoever handles it now had it, or a copy, in his hands after what was said before."""
    who, event, last = link.custody.handler, link.custody.event, hands.since
    if hands.is_copy(who):
        return None
    if hands.end is not None:
        return Flaw(link.index, "contradiction", f"handled after it was destroyed in entry {hands.end}")
    if who == hands.holder:
        return None
    if last.custody.event in GOING:
        told = f"{last.custody.event} to {quoted(hands.holder)} in entry {last.index}"
        return Flaw(link.index, "contradiction", f"{told}, but next handled by {quoted(who)}")
    if event == "received":
        told = f"received by {quoted(who)}, but {quoted(hands.holder)} has not said that it was handed on"
        return Flaw(link.index, "gap", told)
    return Flaw(link.index, "contradiction", f"handled by {quoted(who)} while {quoted(hands.holder)} had it")


def _told_otherwise(link: Link, before: Sequence[Link]) -> Iterable[Flaw]:
    """Times that cannot be, and what the original is said to be."""
    if link.when.start > link.known_at:
        yield Flaw(link.index, "contradiction", f"dated after {utc_text(link.known_at)}, when the record had it")
    if not before:
        return
    latest = max(before, key=lambda one: one.when.start)
    if link.when.end <= latest.when.start:
        yield Flaw(link.index, "contradiction", f"dated before what entry {latest.index} says came earlier")
    first = before[0].custody
    for name in ("what", "bytes", "media_type"):  # 0 and empty = it was not said
        own, other = getattr(link.custody, name), getattr(first, name)
        if own and other and own != other:
            told = f"`{name}` is {quoted(own)}, in entry {before[0].index} it is {quoted(other)}"
            yield Flaw(link.index, "contradiction", told)


# -- what is refused ---------------------------------------------------------------------------------------------------


def check_custody(one: Custody, tz: str, holdings: Holdings | None) -> None:
    """Refuse what is no statement of custody.

    Args:
        one: as it is said.
        tz: zone of its time text.
        holdings: what the case holds; None = it is not asked.

    Raises:
        SubmissionError: a field says what it cannot mean, or names a person.
    """
    if not DIGEST.fullmatch(one.original):
        raise SubmissionError("`original`: expected a SHA-256, 64 hexadecimal digits")
    for field, value, known in (("what", one.what, WHAT), ("event", one.event, EVENTS)):
        if value not in known:
            raise SubmissionError(f"`{field}`: expected one of {', '.join(known)}, got {quoted(value)}")
    for field, name in (("handler", one.handler), ("to", one.to)):
        if (name or field == "handler") and (not _HANDLER.fullmatch(name) or REACHED.search(name)):
            raise SubmissionError(f"`{field}`: expected an institution or a role, never a person")
    if (one.event in GOING) != bool(one.to) and one.event != "copied":
        raise SubmissionError("`to`: expected after transferred, returned and copied, and only there")
    if one.use and (one.use not in HANDED or one.event != "copied" or not one.to):
        raise SubmissionError(f"`use`: expected one of {', '.join(HANDED)}, after copied and with `to`")
    if not 0 <= one.bytes <= MOST_INT:
        raise SubmissionError(f"`bytes`: expected a size, got {quoted(one.bytes)}")
    if one.is_salted and (one.bytes or one.media_type):
        raise SubmissionError("`is_salted`: expected neither a size nor a media type: they would tell which file it is")
    if one.media_type and not _MEDIA.fullmatch(one.media_type):
        raise SubmissionError(f"`media_type`: expected one such as `image/jpeg`, got {quoted(one.media_type)}")
    try:
        parse_span(one.at, tz)
    except InputError as error:
        raise SubmissionError(f"`at`: {error.faults[0]}") from None
    check_about(one.about, holdings)
