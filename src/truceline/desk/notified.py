"""What does the notification desk do with what is made known? Takes it, has it confirmed, passes it on, follows it up.

    offered ──► waiting ──► standing ──► acknowledged | denied | escalated | withdrawn      by each recipient
                   │            │
                   ▼            ▼
               forgotten    removed | expired

1. An offer is checked. What is refused is not kept, and whoever sent it is told why: his telephone still has it.
2. A site waits until another account than the one that entered it confirms it. So does anything that a person has to
   look at: whoever confirms accepts each remark by its name. Everything else is notified at once.
3. Standing is what the record says: the book holds the contents, the record the commitment, the recipients, the hours.
4. The owner consents one recipient at a time, and revokes; what was told before stays told.
5. `tend` says what time brings about: who is late, what is over. What is over it forgets `KEPT_ENDED_S` later, what was
   removed or corrected at once.

The same offer sent again under the same name is the same notice; with other contents it is a conflict.

What it never does: say in the record, a log or an error where something is, whose it is, or how to reach anybody.
Source: docs/adr/0023-notices.md.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from truceline.canon import canonical
from truceline.desk.jobs import Later, Work, job
from truceline.desk.notebook import Book, Kept
from truceline.desk.noticeroom import NoticeRoom, account_of, is_desk, is_own
from truceline.desk.noticeshown import notice_shown, notices_shown, remarks_shown, state_of
from truceline.desk.notification import (
    ACKNOWLEDGEMENT,
    NOTIFICATION,
    Acknowledgement,
    Notification,
    commitment_of,
    span_of,
)
from truceline.desk.records import Draft as Entry
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import (
    AccessError,
    ConflictError,
    Fault,
    InputError,
    StateError,
    StoreError,
    SubmissionError,
    TrucelineError,
    quoted,
)
from truceline.errors import told as told_of
from truceline.group import Sight
from truceline.notices import checks, clocks
from truceline.notices.checks import Checked, Remark, told
from truceline.notices.clocks import BY_RECIPIENT, REMOVED, WITHDRAWN
from truceline.notices.model import LEAD_OF, LEVELS, SITE, Consent, Draft, plot
from truceline.record.log import Taken
from truceline.span import utc_text

if TYPE_CHECKING:
    from truceline.desk.service import Service

__all__ = [
    "NoticeRoom", "Offered", "acknowledge", "acknowledgement", "acts_of", "check_notice", "clashing", "confirm",
    "confirm_many", "consent", "notice_shown", "notices_shown", "offer_notice", "offer_notices", "remarks_shown",
    "remove", "revoke", "tend",
]  # fmt: skip

CLOCK: Final = "notices"
"""The name of the job."""

EVERY_S: Final = 300
MOST_SENT: Final = 64
"""Letters of the name under which a telephone sends a notice."""

BEARS: Final = "another notice was sent under this name before: what is corrected gets a new one"

MOST_KEPT: Final = 100_000
GRACE_S: Final = 30 * 86_400
"""So long a site counts that is stale, and that a person let pass."""

KEPT_ENDED_S: Final = 30 * 86_400
"""So long the book keeps what a notice said that is over: to hold it against what happened, and to find a leak."""


@dataclass(frozen=True)
class Offered:
    """What became of an offer.

    Attributes:
        id: of the notice; empty = it was refused and is not kept.
        state: `waiting`, `standing`, or empty.
        entry: index of its notification; None = it is not on the record yet.
        remarks: what was found, as much as whoever offered it may know.
        is_new: False = it was sent before, and this is the same answer.
    """

    id: str
    state: str
    entry: int | None
    remarks: tuple[Remark, ...]
    is_new: bool = True


# -- coming in ---------------------------------------------------------------------------------------------------------


def check_notice(room: NoticeRoom, viewer: Viewer, drafts: Sequence[Draft]) -> list[Checked]:
    """Look at notices without keeping anything; who is not of the desk learns nothing of notices of others.

    Args:
        room: of the notification desk.
        viewer: who asks.
        drafts: as they were given.
    """
    kept, _ = room.kept()
    found = checks.check(drafts, room.held_against(kept))
    is_of_desk = is_desk(viewer)
    return [Checked(one.plotted, tuple(told(one.remarks, is_desk=is_of_desk))) for one in found]


def offer_notice(room: NoticeRoom, viewer: Viewer, draft: Draft, sent: str = "") -> Offered:
    """Take a notice; see the steps above.

    Args:
        room: of the notification desk.
        viewer: whose account offers it.
        draft: as it was given.
        sent: the name that the telephone made for it: sent twice, it is one notice; empty = every offer is a new one.

    Returns:
        What became of it. A notice that was refused is not kept, and its remarks say why.

    Raises:
        ConflictError: something else was sent under this name. InputError: a name that is none, or no room is left.
    """
    return offer_notices(room, viewer, [draft], [sent])[0]


def offer_notices(room: NoticeRoom, viewer: Viewer, drafts: Sequence[Draft], sent: Sequence[str]) -> list[Offered]:
    """The same for many; what is refused of them stands in nobody's way."""
    if any(len(name) > MOST_SENT or not name.isprintable() for name in sent):
        raise InputError(f"`sent`: expected a name of at most {MOST_SENT} letters")
    owned = [_owned(one, viewer, room.now()) for one in drafts]
    with room.book(is_made=True) as book:
        kept = book.all().kept
        if len(kept) + len(drafts) > MOST_KEPT:
            raise StoreError("the notice book takes no more at this moment")
        ids = [book.id_of(account_of(viewer), name) if name else book.new_id() for name in sent]
        noticed = room.course.notices
        ended = {one for one in ids if one not in kept and one in noticed}  # sent again, and forgotten: it stays so
        first = _first_of(ids, drafts, sent)
        fresh = [i for one, i in first.items() if one not in kept and one not in ended]
        ground = room.held_against(kept, but=owned[0].replaces if len(owned) == 1 else "")
        found = dict(zip(fresh, checks.check([owned[i] for i in fresh], ground, [ids[i] for i in fresh]), strict=True))
        for i in fresh:
            _check_replaces(room, viewer, kept, owned[i])
        now = room.now()
        new = {
            ids[i]: Kept(owned[i], secrets.token_bytes(32), account_of(viewer), now)
            for i in fresh
            if not found[i].is_refused
        }
        for i, one in enumerate(ids):
            if one in kept and not _is_again(kept[one], owned[i]):
                raise ConflictError(BEARS)
        book.put(new)
    due = {ids[i]: new[ids[i]] for i in fresh if ids[i] in new and not _waits(owned[i], found[i])}
    _notify(room, due)
    refused = {ids[i]: found[i] for i in fresh if found[i].is_refused}
    return [_answer(room, viewer, one, found.get(i, refused.get(one))) for i, one in enumerate(ids)]


def _first_of(ids: Sequence[str], drafts: Sequence[Draft], sent: Sequence[str]) -> dict[str, int]:
    """The first row of each id; a later one of the same contents is the same notice."""
    first: dict[str, int] = {}
    for i, one in enumerate(ids):
        if drafts[first.setdefault(one, i)] != drafts[i]:
            raise ConflictError(f"{quoted(sent[i])}: rows {first[one] + 1} and {i + 1} bear this name and differ")
    return first


def _answer(room: NoticeRoom, viewer: Viewer, one: str, found: Checked | None) -> Offered:
    is_of_desk = is_desk(viewer)
    remarks = tuple(told(found.remarks, is_desk=is_of_desk)) if found is not None else ()
    if found is not None and found.is_refused:
        return Offered("", "", None, remarks)
    noticed = room.course.notices.get(one)
    return Offered(one, state_of(noticed), noticed.index if noticed else None, remarks, is_new=found is not None)


def clashing(room: NoticeRoom, viewer: Viewer, drafts: Sequence[Draft], sent: Sequence[str]) -> frozenset[int]:
    """Which of many cannot be taken, for another notice of the book bears their name.

    Args:
        room: of the notification desk.
        viewer: whose account would offer them.
        drafts: as they were given.
        sent: their names; empty = none.
    """
    owned = [_owned(one, viewer, room.now()) for one in drafts]
    with room.book(is_made=True) as book:
        kept = book.all().kept
        ids = [book.id_of(account_of(viewer), name) if name else "" for name in sent]
    return frozenset(i for i, one in enumerate(ids) if one in kept and not _is_again(kept[one], owned[i]))


def _is_again(kept: Kept, draft: Draft) -> bool:
    """Whether what came twice is one notice: of the same contents; consent that was revoked since is no other."""
    return _bare(kept.draft) == _bare(draft) and not {one.to for one in kept.draft.to} < {one.to for one in draft.to}


def _bare(one: Draft) -> Draft:
    return msgspec.structs.replace(one, to=())


def _owned(one: Draft, viewer: Viewer, now: int) -> Draft:
    """A draft with its owner: whoever speaks for an actor offers what is that actor's, the desk says whose it is."""
    owner = viewer.party or one.owner
    lead = one.lead or LEAD_OF.get(one.kind, "")
    to = tuple(msgspec.structs.replace(c, since=now, ended=0) for c in one.to)
    return msgspec.structs.replace(one, owner=owner, lead=lead if one.kind != SITE else "", to=to)


def _check_replaces(room: NoticeRoom, viewer: Viewer, kept: dict[str, Kept], draft: Draft) -> None:
    if draft.replaces and (draft.replaces not in kept or not is_own(kept[draft.replaces], viewer)):
        raise AccessError(REFUSED)
    if draft.replaces and draft.replaces not in room.course.notices:
        raise StateError("`replaces`: it is not notified yet: drop it, and offer the corrected one by itself")


def _waits(draft: Draft, found: Checked) -> bool:
    return draft.kind == SITE or bool(found.asked)


# -- the second person -------------------------------------------------------------------------------------------------


def confirm(room: NoticeRoom, viewer: Viewer, one: str, accepts: Sequence[str] = ()) -> Offered:
    """Confirm a notice that waits: it is looked at again, and notified.

    Args:
        room: of the notification desk.
        viewer: an account of the desk, another than the one that entered it.
        one: its id.
        accepts: codes of the remarks that this person accepts.

    Raises:
        AccessError: there is none, or it is not for this account to confirm. StateError: it is notified already, or
            remarks were not accepted. InputError: it can no longer be kept as it is.
    """
    return confirm_many(room, viewer, [one], accepts)[0]


def confirm_many(room: NoticeRoom, viewer: Viewer, ids: Sequence[str], accepts: Sequence[str] = ()) -> list[Offered]:
    """The same for many at once, all or none."""
    if not is_desk(viewer):  # nobody else learns by trying what a check finds beside notices of others
        raise AccessError(REFUSED)
    with room.book() as book:
        kept = book.all().kept
        found = [kept.get(one) for one in ids]
        chosen = [one for one in found if one is not None]
        if len(chosen) < len(ids):
            raise AccessError(REFUSED)
        if any(one in room.course.notices for one in ids):
            raise StateError("it is notified already")
        if any(one.entered_by == account_of(viewer) for one in chosen):
            raise AccessError("whoever entered a notice does not confirm it: another account does")
        looked = checks.check([one.draft for one in chosen], room.held_against(kept), ids)
        faults = [
            Fault(f"cannot be kept as it is: {remark.code}", field=one)
            for one, checked in zip(ids, looked, strict=True)
            for remark in checked.remarks
            if remark.weight == checks.REFUSED
        ]
        if faults:
            raise InputError(*faults)
        missing = {code for checked in looked for code in checked.asked} - set(accepts)
        if missing:
            raise StateError(f"nobody accepted what was found: {', '.join(sorted(missing))}")
        made = {
            one: _confirmed(room, before, see, viewer, accepts)
            for one, before, see in zip(ids, chosen, looked, strict=True)
        }
        book.put(made)
    _notify(room, made)
    return [_answer(room, viewer, one, None) for one in ids]


def _confirmed(room: NoticeRoom, kept: Kept, found: Checked, viewer: Viewer, accepts: Sequence[str]) -> Kept:
    """A notice that was confirmed. A site that is stale counts for `GRACE_S` more: until then somebody looks at it."""
    now, draft = room.now(), kept.draft
    if "stale" in found.asked and not draft.until:
        draft = msgspec.structs.replace(draft, until=utc_text(now + GRACE_S))
    accepted = tuple(sorted(set(accepts).intersection(found.asked)))
    return msgspec.structs.replace(
        kept, draft=draft, confirmed_by=account_of(viewer), confirmed_at=now, accepted=accepted
    )


def _notify(room: NoticeRoom, notices: dict[str, Kept]) -> None:
    """Say in the record that notices were given; what they correct is removed, and what it said destroyed."""
    entries: list[Entry] = []
    for one, kept in notices.items():
        entries.append(Entry(NOTIFICATION, msgspec.to_builtins(notification_of(room, one, kept))))
        if kept.draft.replaces:
            entries.append(_said(Acknowledgement(kept.draft.replaces, REMOVED)))
    if entries:
        room.say(entries)
    if corrected := [kept.draft.replaces for kept in notices.values() if kept.draft.replaces]:
        with room.book() as book:
            book.drop(corrected)


def notification_of(room: NoticeRoom, one: str, kept: Kept, to: Sequence[str] = ()) -> Notification:
    """What the record says of a notice.

    Args:
        room: of the notification desk.
        one: its id.
        kept: it.
        to: recipients; empty = all that may see more than a count.
    """
    draft, log = kept.draft, room.room.log
    read = plot(draft, room.text.tz)
    names = to or [c.to for c in draft.to if c.sight > Sight.COUNT]
    return Notification(
        commitment_of(log, kept.salt, contents_of(draft)), draft.kind, one, utc_text(read.when.start),
        tuple(sorted(names)), utc_text(read.when.end), draft.lead, draft.replaces,
    )  # fmt: skip


def contents_of(draft: Draft) -> bytes:
    """What a commitment commits to: all that a recipient can be given; nothing of the owner, nobody's consent."""
    said = msgspec.to_builtins(
        msgspec.structs.replace(draft, to=(), owner="", contact="", address="", note="", reason="")
    )
    return canonical(said)


def _said(body: Acknowledgement, by: str = "") -> Entry:
    made = Entry(ACKNOWLEDGEMENT, msgspec.to_builtins(body))
    return Entry(made.type, made.body, by) if by else made


# -- consent -----------------------------------------------------------------------------------------------------------


def consent(room: NoticeRoom, viewer: Viewer, one: str, to: str, level: str) -> int | None:
    """Note that the owner lets one more recipient see a notice, or see it otherwise than before.

    Returns:
        Index of the entry that makes it known to a new recipient; None where nothing new is said in the record.

    Raises:
        AccessError: there is none, or it is not this account's. InputError: no such recipient or level.
    """
    if to not in room.text.parties:
        raise InputError("`to`: the text knows no such actor")
    given = Consent(to, level, room.now())
    if level not in LEVELS:
        raise InputError(f"`level`: expected one of {', '.join(LEVELS)}")
    with room.book() as book:
        kept = _own(book, viewer, one)
        others = tuple(c for c in kept.draft.to if c.to != to)
        made = msgspec.structs.replace(kept, draft=msgspec.structs.replace(kept.draft, to=(*others, given)))
        book.put({one: made})
    noticed = room.course.notices.get(one)
    if noticed is None or noticed.trail.end is not None or given.sight <= Sight.COUNT:
        return None
    answer = noticed.trail.answers.get(to)
    if answer is not None and answer.state != WITHDRAWN:
        return None
    body = msgspec.structs.replace(noticed.first, to=(to,))
    return _index(room.say([Entry(NOTIFICATION, msgspec.to_builtins(body))]))


def revoke(room: NoticeRoom, viewer: Viewer, one: str, party: str) -> int | None:
    """End the consent for one recipient: from now on it is given nothing of the notice any more.

    Returns:
        Index of the entry that says so; None where the record never named it.

    Raises:
        AccessError: there is none, it is not this account's, or this recipient has no consent.
    """
    with room.book() as book:
        kept = _own(book, viewer, one)
        if not any(c.to == party and c.sight for c in kept.draft.to):
            raise AccessError(REFUSED)
        ended = tuple(
            msgspec.structs.replace(c, ended=max(room.now(), 1)) if c.to == party else c for c in kept.draft.to
        )
        book.put({one: msgspec.structs.replace(kept, draft=msgspec.structs.replace(kept.draft, to=ended))})
    return _withdrawn(room, one, party)


def _withdrawn(room: NoticeRoom, one: str, party: str) -> int | None:
    noticed = room.course.notices.get(one)
    answer = noticed.trail.answers.get(party) if noticed is not None and noticed.trail.end is None else None
    if answer is None or answer.state == WITHDRAWN:
        return None
    return _index(room.say([_said(Acknowledgement(one, WITHDRAWN, party))]))


def _own(book: Book, viewer: Viewer, one: str) -> Kept:
    try:
        kept = book.get(one)
    except InputError:
        raise AccessError(REFUSED) from None
    if not is_own(kept, viewer):
        raise AccessError(REFUSED)
    return kept


# -- receipts ----------------------------------------------------------------------------------------------------------


def acknowledge(room: NoticeRoom, viewer: Viewer, one: str, what: str = clocks.ACKNOWLEDGED, why: str = "") -> int:
    """Say in the record that a recipient acknowledged or denied a notice, as its account told the desk.

    What the recipient signs itself is stronger, and goes the way of every statement: type `acknowledgement`.

    Args:
        room: of the notification desk.
        viewer: an account that speaks for the recipient.
        one: id of the notice.
        what: `acknowledged` or `denied`.
        why: of a denial, in words.

    Returns:
        Index of the entry; that of the one before where the same was said already: a receipt may be sent twice.

    Raises:
        AccessError: it is none of this recipient's. SubmissionError: it ended, or the words say where something is.
    """
    if what not in BY_RECIPIENT:
        raise InputError(f"`what`: expected one of {', '.join(BY_RECIPIENT)}")
    noticed = room.known(one)
    answer = noticed.trail.answers.get(viewer.party) if noticed is not None and viewer.party else None
    if answer is None or answer.state == WITHDRAWN:
        noticed = room.course.notices.get(one)  # what was said just now may have changed it
        answer = noticed.trail.answers.get(viewer.party) if noticed is not None and viewer.party else None
    if answer is None or answer.state == WITHDRAWN:
        raise AccessError(REFUSED)
    if answer.state == what:
        return answer.index
    try:
        return _index(room.say([_said(Acknowledgement(one, what, viewer.party, why=why))]))
    except SubmissionError:
        answer = room.course.notices[one].trail.answers[viewer.party]
        if answer.state == WITHDRAWN:
            raise AccessError(REFUSED) from None
        if answer.state == what:  # the other of two that came at once
            return answer.index
        raise


def acknowledgement(one: str, party: str, what: str = clocks.ACKNOWLEDGED, why: str = "") -> Entry:
    """The statement that a recipient signs itself."""
    return _said(Acknowledgement(one, what, party, why=why), party)


def _index(taken: Sequence[Taken]) -> int:
    return taken[0].index


# -- as an act of the terms --------------------------------------------------------------------------------------------


def acts_of(draft: Draft, by: str, tz: str, now: int) -> list[Entry]:
    """A notice as the act `notice` that terms ask for: signed by whoever owes it, for each recipient and area.

    It names areas, call sign and hours, and no position: what has none of these announces nothing.

    Args:
        draft: as it was given.
        by: an actor of the text.
        tz: zone of its time texts.
        now: UTC second at which it is given.
    """
    when = plot(draft, tz).when
    told = {"act": "notice", "at": utc_text(now), "start": utc_text(when.start), "until": utc_text(when.end)}
    told |= {"callsign": draft.callsign} if draft.callsign else {}
    return [
        Entry("act", {**told, "to": consent.to, **({"area": area} if area else {})}, by)
        for consent in draft.to
        for area in draft.areas or ("",)
        if consent.sight > Sight.COUNT
    ]


# -- ending ------------------------------------------------------------------------------------------------------------


def remove(room: NoticeRoom, viewer: Viewer, one: str) -> int | None:
    """Remove a notice: the record says that it was, and its contents are destroyed.

    Returns:
        Index of the entry; None where the record never held it, or it had ended.

    Raises:
        AccessError: there is none, or it is not this account's.
    """
    with room.book() as book:
        _own(book, viewer, one)
        noticed = room.course.notices.get(one)
        is_standing = noticed is not None and noticed.trail.end is None
        index = _index(room.say([_said(Acknowledgement(one, REMOVED))])) if is_standing else None
        book.drop([one])
        return index


def tend(room: NoticeRoom) -> list[tuple[str, clocks.Step]]:
    """Say in the record what time has brought about: what is over, and who is late.

    Returns:
        Each notice and what was said of it; nothing where nothing is due.
    """
    now, tz = room.now(), room.text.tz
    found = [
        (one, step)
        for one, noticed in room.course.notices.items()
        if noticed.trail.end is None
        for step in clocks.due(noticed.trail, span_of(noticed.first, tz)[1], now)
    ]
    if found:
        room.say([_said(Acknowledgement(one, step.what, step.party, step.level)) for one, step in found])
    _forget(room)
    return found


def _forget(room: NoticeRoom) -> None:
    """Destroy what is over; also what a kill left of a notice of which the record says that it was removed."""
    kept, _ = room.kept()
    if gone := [one for one, held in kept.items() if _is_over(room, one, held)]:
        with room.book() as book:
            book.drop(gone)


def _is_over(room: NoticeRoom, one: str, held: Kept) -> bool:
    """Whether the book keeps a notice no longer; of one that nobody confirmed, since it was over or was entered."""
    noticed, last = room.course.notices.get(one), room.now() - KEPT_ENDED_S
    if noticed is not None:
        end = noticed.trail.end
        return end is not None and (end.what == REMOVED or end.at <= last)
    read = room.plotted(one, held)
    return read is not None and max(read.when.end, held.entered_at) <= last


@job(CLOCK, attempts=1_000_000)
def clock(service: Service, work: Work) -> None:
    """The job that never ends: it looks every few minutes who is late and what is over.

    Raises:
        Later: always.
    """
    try:
        said = tend(service.notices) if service.is_writer else []
        work.tell(f"{len(said)} said", 1, 1)
    except TrucelineError as error:  # tried again: what the record refuses, a person has to look at
        work.tell(f"nothing could be said: {told_of(error)}", 0, 1)
    raise Later(EVERY_S)


def begin(service: Service) -> None:
    """What the notification desk does when a service starts: its clocks run on."""
    service.jobs.defer(CLOCK, job_key=CLOCK)
