"""Who is told when something happens, and how does it know that we said so? Webhooks: signed, in order, tried again.

What is told is what happened and nothing of what it says: of an entry its index, its type and its submitter, and only
to whom that may read it; that something was made public; that everything was judged anew; that an entry waits for a
second person. Whoever was told asks for the rest, and is shown what it may see.

1. `notice`: something was appended. A job works out what each hook is to be told (`notify`), and queues it together
   with how far it has come: nothing is told twice, and nothing is left out.
2. A job of each hook sends what waits (`deliver`), in order: what is not taken is tried again, each time later, and
   nothing overtakes it. After `webhook_attempts` it is given up; of a hook whose deliveries are all given up, or that
   answers 410, nothing is sent any more.
3. Deliveries are signed as Standard Webhooks says: HMAC-SHA256 by a secret of the hook, or Ed25519 by the service.

Secrets follow from a key that lies with the keys of this machine; no database and no backup holds it.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from truceline import LAW
from truceline.canon import sha256
from truceline.desk import approvals
from truceline.desk.entries import Shelf, open_steps
from truceline.desk.jobs import OUTWARD, Later, Work, job, wait_s
from truceline.desk.keyring import config_folder
from truceline.desk.outward import CallError, check_url, networks_of, post, trust
from truceline.desk.publication import Course, course_of
from truceline.desk.viewers import REFUSED, Viewer
from truceline.errors import AccessError, ConflictError, InputError, StoreError, quoted
from truceline.span import utc_text
from truceline.store.state import accounts
from truceline.store.state import webhooks as rows
from truceline.store.state.webhooks import Delivery, Hook

if TYPE_CHECKING:
    from truceline.desk.service import Service

ENTRY, PUBLICATION, ASSESSMENT, APPROVAL, TEST = "entry", "publication", "assessment", "approval", "test"
EVENTS = (ENTRY, PUBLICATION, ASSESSMENT, APPROVAL)
HMAC, ED25519 = "hmac-sha256", "ed25519"
SCHEMES = (HMAC, ED25519)

NOTIFY, DELIVER = "notify", "deliver"
MOST_WAITING = 2_000
MOST_DEAD = 5
MOST_WAIT_S = 21_600.0
KEPT_S = 30 * 86_400
AT_ONCE = 500
"""So many entries are told of at a time."""

BEHIND_S = 1.0

TURN_S = 60.0
"""After so long the next hook has its turn."""


# -- hooks -----------------------------------------------------------------------------------------------------------


def add(service: Service, viewer: Viewer, url: str, events: Sequence[str], scheme: str) -> tuple[Hook, str]:
    """Make a hook of somebody.

    Args:
        service: that tells.
        viewer: whose it is.
        url: of the receiver.
        events: of `EVENTS`.
        scheme: one of `SCHEMES`.

    Returns:
        The hook, and by what its deliveries are checked: `whsec_...`, a secret that is shown this once, or `whpk_...`,
        the public key of the service.

    Raises:
        InputError: an address, a type or a scheme that is not taken. ConflictError: the account has enough hooks.
    """
    check_url(url, networks_of(service.settings.webhooks_to))
    unknown = [one for one in events if one not in EVENTS]
    if unknown or not events:
        got = quoted(unknown[0]) if unknown else "nothing"
        raise InputError(f"events: expected some of {', '.join(EVENTS)}, got {got}")
    if scheme not in SCHEMES:
        raise InputError(f"scheme: expected one of {', '.join(SCHEMES)}, got {quoted(scheme)}")
    made = "w-" + secrets.token_hex(8)
    signer = _Signer(service, made)
    hook = Hook(
        made, viewer.account, url, tuple(dict.fromkeys(events)), scheme, signer.check, len(service.case.entries()),
        service.now(),
    )  # fmt: skip
    if not rows.add(service.state, hook, most=service.settings.most_webhooks):
        raise ConflictError(f"{service.settings.most_webhooks} webhooks of yours are there already")
    return hook, signer.secret if scheme == HMAC else public_key(service)


def listed(service: Service, viewer: Viewer) -> list[Hook]:
    """The hooks of somebody."""
    return rows.of_account(service.state, viewer.account)


def found(service: Service, viewer: Viewer, hook: str) -> Hook:
    """A hook of somebody.

    Raises:
        AccessError: there is none, or it is somebody else's.
    """
    one = rows.find(service.state, hook)
    if one is None or not viewer.account or one.account != viewer.account:
        raise AccessError(REFUSED)
    return one


def drop(service: Service, viewer: Viewer, hook: str) -> None:
    """Forget a hook, and what it was told.

    Raises:
        AccessError: as `found`.
    """
    rows.drop(service.state, found(service, viewer, hook).id)


def try_out(service: Service, viewer: Viewer, hook: str) -> str:
    """Queue a delivery that tells of nothing; gives its id.

    Raises:
        AccessError: as `found`. ConflictError: nothing is sent there any more, or too much waits for it.
    """
    one = found(service, viewer, hook)
    if one.off:
        raise ConflictError(f"nothing is sent there: {one.off}")
    told = _delivery(one, TEST, secrets.token_hex(8), {}, at=service.now(), now=service.now())
    if not rows.queue(service.state, [told], upto=None, most_waiting=MOST_WAITING):
        raise ConflictError("too much waits to be sent there already")
    _send(service, one.id)
    return told.id


def deliveries(service: Service, viewer: Viewer, hook: str, *, before: int | None, limit: int) -> Sequence[Delivery]:
    """What a hook of somebody was told, the newest first.

    Raises:
        AccessError: as `found`.
    """
    return rows.listed(service.state, found(service, viewer, hook).id, before=before, limit=limit)


# -- signatures ------------------------------------------------------------------------------------------------------


def public_key(service: Service) -> str:
    """The key by which deliveries of the scheme `ed25519` are checked."""
    public = _own_key(service).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return "whpk_" + base64.b64encode(public).decode()


class _Signer:
    """Signs what is sent to a hook.

    Attributes:
        secret: of the hook, as its receiver was given it.
        check: hash of it, to know it by.
    """

    def __init__(self, service: Service, hook: str) -> None:
        self._key = _derived(_master(service), f"webhook {hook}")
        self.secret = "whsec_" + base64.b64encode(self._key).decode()
        self.check = sha256(self._key)
        self._service = service

    def headers(self, one: Delivery, scheme: str, at: int) -> dict[str, str]:
        """Id, time and signature, as Standard Webhooks has them."""
        content = f"{one.id}.{at}.{one.body}".encode()
        if scheme == HMAC:
            made = hmac.HMAC(self._key, hashes.SHA256())
            made.update(content)
            signature = "v1," + base64.b64encode(made.finalize()).decode()
        else:
            signature = "v1a," + base64.b64encode(_own_key(self._service).sign(content)).decode()
        return {"webhook-id": one.id, "webhook-timestamp": str(at), "webhook-signature": signature}


def _own_key(service: Service) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_derived(_master(service), "webhooks of this service"))


def _derived(master: bytes, what: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"truceline {what}".encode()).derive(master)


def _master(service: Service) -> bytes:
    return _kept(str(config_folder()), sha256(service.name.encode())[:16])


@lru_cache(maxsize=16)
def _kept(folder: str, name: str) -> bytes:
    """The key of this machine from which the secrets of a case follow; made when it is first asked for.

    Raises:
        StoreError: it cannot be read, or kept.
    """
    path = os.path.join(folder, f"webhooks-{name}.key")  # noqa: PTH118  # a key of the cache is text
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
        with contextlib.suppress(FileExistsError):
            made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(made, "wb") as file:
                file.write(secrets.token_bytes(32))
                os.fsync(file.fileno())
        with open(path, "rb") as file:  # noqa: PTH123
            found = file.read()
    except OSError as error:
        raise StoreError(f"the key of the webhooks cannot be kept: {error.strerror}") from None
    if len(found) != 32:
        raise StoreError("the key of the webhooks is damaged")
    return found


# -- what is told ----------------------------------------------------------------------------------------------------


def notice(service: Service) -> None:
    """Something was appended, or waits for a second person: hooks are told of it soon."""
    if rows.active(service.state):
        service.jobs.defer(NOTIFY, job_key=NOTIFY)


@dataclass(frozen=True)
class _News:
    """What there is to tell.

    Attributes:
        first: of the entries that are new; `size`: of the record.
        judged: index of the newest entry that the answers know of, where that is new; None = it is not.
        course: of publications.
    """

    first: int
    size: int
    judged: int | None
    course: Course


@job(NOTIFY, attempts=100, most_s=60.0)
def _notify(service: Service, work: Work) -> None:
    """Work out what each hook is to be told, some entries at a time."""
    state, hooks = service.state, rows.active(service.state)
    rows.forget(state, service.now() - KEPT_S)
    while not work.is_ending:
        size, judged = len(service.case.entries()), _judged(service)
        since = min((hook.since for hook in hooks), default=size)
        first, judged_before = rows.cursor(state) or (since, since)
        last = min(size, first + AT_ONCE)
        news = _News(first, last, judged if judged > judged_before else None, course_of(service.case))
        behind = rows.behind_of(state)
        told = [one for hook in hooks if hook.id not in behind for one in _told(service, hook, news)]
        for hook_id in rows.queue(state, told, upto=(last, judged), most_waiting=MOST_WAITING, first=first):
            _send(service, hook_id)
        if last == size:
            break
    behind = rows.behind_of(state)
    for hook in hooks:
        if hook.id in behind and not work.is_ending:
            _caught_up(service, hook, behind[hook.id])
    is_asked = any(ASSESSMENT in hook.events for hook in hooks) and service.settings.judging != "asked"
    if is_asked and _judged(service) < len(service.case.entries()):
        raise Later(BEHIND_S)


def _caught_up(service: Service, hook: Hook, first: int) -> None:
    """Tell a hook on from where too much waited for it, some entries at a time, as long as there is room for them.

    What it was told of these already is not told twice.
    """
    state, course = service.state, course_of(service.case)
    while rows.waits_for(state, hook.id) < MOST_WAITING - AT_ONCE * 2:
        size, judged = len(service.case.entries()), _judged(service)
        last = min(size, first + AT_ONCE)
        told = list(_told(service, hook, _News(first, last, judged, course)))
        if rows.queue(state, told, upto=None, most_waiting=MOST_WAITING + AT_ONCE):
            _send(service, hook.id)
        rows.go_on(state, hook.id, None if last == size else last)
        if last == size:
            return
        first = last


def _judged(service: Service) -> int:
    try:
        return service.snapshots.current().size
    except StoreError:
        return 0


def _told(service: Service, hook: Hook, news: _News) -> Iterator[Delivery]:
    """What one hook is told: by what its owner may see at this moment."""
    viewer, now = _owner(service, hook), service.now()
    if viewer is None:
        rows.turn_off(service.state, hook.id, "its account is closed")
        return
    shelf, entries = Shelf(service.case, viewer), service.case.entries()
    steps = open_steps(news.course)
    for index in range(max(news.first, hook.since), news.size):
        one, at = entries[index].statement, entries[index].known_at
        if ENTRY in hook.events and index in shelf:
            yield _delivery(hook, ENTRY, str(index), {"index": index, "type": one.type, "by": one.by}, at=at, now=now)
        if PUBLICATION in hook.events and index in steps:
            made = sorted(public for public, how in news.course.public.items() if how.by == index)
            yield _delivery(hook, PUBLICATION, str(index), {"index": index, "entries": made}, at=at, now=now)
    if ASSESSMENT in hook.events and news.judged is not None and news.judged > hook.since:
        index = news.judged - 1
        yield _delivery(hook, ASSESSMENT, str(index), {"index": index}, at=entries[index].known_at, now=now)
    if APPROVAL in hook.events:
        for held in approvals.listed(service.state, viewer, now):
            if held.state == "waiting" and held.account != viewer.account:
                yield _delivery(hook, APPROVAL, held.id, {"id": held.id, "type": held.type}, at=held.made_at, now=now)


def _owner(service: Service, hook: Hook) -> Viewer | None:
    """Whose a hook is, as its account stands now; None = it is closed."""
    account = accounts.find(service.state, hook.account)
    if account is None or account.is_disabled:
        return None
    return Viewer(account.id, account.role, account.party)


def _delivery(hook: Hook, event: str, about: str, data: Mapping[str, Any], *, at: int, now: int) -> Delivery:
    body = {"type": event, "timestamp": utc_text(at), "data": dict(data), "law": LAW}
    return Delivery(f"msg_{secrets.token_hex(16)}", hook.id, event, about, msgspec.json.encode(body).decode(), now)


# -- sending ---------------------------------------------------------------------------------------------------------


def _send(service: Service, hook: str) -> None:
    service.jobs.defer(DELIVER, job_key=f"hook {hook}", hook=hook)


def resume(service: Service) -> None:
    """After a start: tell what was not told, and send what waits."""
    notice(service)
    for hook in rows.hooks_waiting(service.state):
        _send(service, hook)


@job(DELIVER, attempts=100, most_s=60.0, lane=OUTWARD)
def _deliver(service: Service, work: Work, *, hook: str) -> None:
    """Send what waits for a hook, in order, until something is not taken."""
    state, settings, begun = service.state, service.settings, time.monotonic()
    allowed, context = networks_of(settings.webhooks_to), _trusted(settings.webhooks_ca_file)
    while not work.is_ending and (one := rows.next_of(state, hook)) is not None:
        to, wait = rows.find(state, hook), one.due_at - service.jobs.clock()
        if wait > 0:
            raise Later(wait)
        if to is None or to.off:
            return
        signer = _Signer(service, hook)
        if signer.check != to.check:
            rows.turn_off(state, hook, "its secret is not on this machine: make the webhook anew")
            return
        try:
            headers = {"Content-Type": "application/json", **signer.headers(one, to.scheme, int(service.jobs.clock()))}
            status, error = post(to.url, headers, one.body.encode(), allowed=allowed, context=context), ""
        except CallError as why:
            status, error = 0, str(why)
        _noted(service, one, status, error)
        if time.monotonic() - begun > TURN_S:
            raise Later(0)  # a receiver that takes its time is not waited for by the others
    if hook in rows.behind_of(state):
        notice(service)


def _noted(service: Service, one: Delivery, status: int, error: str) -> None:
    """Note what came of a delivery."""
    if 200 <= status < 300:
        rows.delivered(service.state, one, status)
        return
    if status == 410:
        rows.failed(service.state, one, status=410, error="answered 410", due_at=None, most_dead=MOST_DEAD)
        rows.turn_off(service.state, one.hook, "its receiver is gone (410)")
        return
    settings = service.settings
    is_last = one.attempts + 1 >= settings.webhook_attempts
    after = wait_s(one.attempts + 1, settings.webhook_first_s, MOST_WAIT_S, by=4.0)
    due_at = None if is_last else service.jobs.clock() + after
    why = error or f"answered {status}"
    rows.failed(service.state, one, status=status, error=why, due_at=due_at, most_dead=MOST_DEAD)


@lru_cache(maxsize=4)
def _trusted(ca_file: str) -> Any:  # noqa: ANN401  # an SSL context
    return trust(ca_file)
