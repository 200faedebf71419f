"""Who is inside at the moment, and what was asked of whom? Sessions, challenges, and signatures that were used.

The id of a session and a challenge are kept as hashes: whoever copies the tables cannot enter with them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Text, delete, func, insert, select, update

from truceline.errors import StoreError
from truceline.store.state.accounts import Account, account
from truceline.store.state.base import Number, State, meta

session = Table(
    "session", meta,
    Column("id", LargeBinary, primary_key=True),  # the hash of it
    Column("handle", Text, nullable=False, unique=True),
    Column("account", Text, ForeignKey(account.c.id), nullable=False, index=True),
    Column("made_at", Number, nullable=False),
    Column("seen_at", Number, nullable=False),
    Column("fresh_until", Number, nullable=False),
)  # fmt: skip
challenge = Table(
    "challenge", meta,
    Column("id", LargeBinary, primary_key=True),  # the hash of it
    Column("purpose", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("expires", Number, nullable=False, index=True),
)  # fmt: skip
nonce = Table(
    "nonce", meta,
    Column("key", Text, primary_key=True),
    Column("nonce", Text, primary_key=True),
    Column("expires", Number, nullable=False),
    Index("nonce_expires", "expires"),
)  # fmt: skip

_SWEEP_S = 30
MOST_CHALLENGES = 10_000
"""Beyond so many that wait at once the oldest are dropped: nobody fills the disk by asking."""


@dataclass(frozen=True)
class Session:
    """Somebody inside.

    Attributes:
        id: the hash of what the cookie says.
        handle: how its owner names it to end it; opens nothing.
        account: id of the account.
        made_at, seen_at: UTC seconds.
        fresh_until: UTC second until which the passkey that was used last counts as fresh; 0 = none was.
    """

    id: bytes
    handle: str
    account: str
    made_at: int
    seen_at: int
    fresh_until: int


def open_session(state: State, one: Session, *, instead_of: bytes = b"") -> None:
    """Keep a session; the one that it takes the place of ends."""
    with state.begin() as db:
        if instead_of:
            db.execute(delete(session).where(session.c.id == instead_of))
        db.execute(insert(session).values(**vars(one)))
    state.forget()


def session_of(state: State, name: bytes) -> tuple[Session, Account] | None:
    """A session and its account; None when there is none, or the account is disabled."""
    asked = (
        select(session, account.c.role, account.c.party, account.c.label, account.c.made_at.label("since"))
        .join(account).where(session.c.id == name, account.c.is_disabled.is_(False))
    )  # fmt: skip
    with state.read() as db:
        row = db.execute(asked).first()
    if row is None:
        return None
    one = Session(row.id, row.handle, row.account, row.made_at, row.seen_at, row.fresh_until)
    return one, Account(row.account, row.role, row.party, row.label, is_disabled=False, made_at=row.since)


def sessions_of(state: State, name: str) -> list[Session]:
    """The sessions of an account, newest first."""
    asked = select(session).where(session.c.account == name).order_by(session.c.made_at.desc(), session.c.handle)
    with state.read() as db:
        return [Session(**row._mapping) for row in db.execute(asked)]


def seen(state: State, name: bytes, *, now: int) -> None:
    """Note that a session is in use."""
    with state.begin() as db:
        db.execute(update(session).where(session.c.id == name).values(seen_at=now))
    state.forget()


def freshen(state: State, name: bytes, *, until: int) -> None:
    """Note until when the passkey of a session counts as fresh."""
    with state.begin() as db:
        db.execute(update(session).where(session.c.id == name).values(fresh_until=until))
    state.forget()


def end(state: State, name: bytes) -> bool:
    """End a session; tell whether it was there."""
    with state.begin() as db:
        found = bool(db.execute(delete(session).where(session.c.id == name)).rowcount)
    state.forget()
    return found


def end_by_handle(state: State, whose: str, handle: str) -> bool:
    """End a session of an account by its handle; tell whether it was there."""
    with state.begin() as db:
        asked = delete(session).where(session.c.account == whose, session.c.handle == handle)
        found = bool(db.execute(asked).rowcount)
    state.forget()
    return found


def end_all(state: State, whose: str) -> int:
    """End every session of an account; tell how many there were."""
    with state.begin() as db:
        found = db.execute(delete(session).where(session.c.account == whose)).rowcount
    state.forget()
    return found


def forget(state: State, *, now: int, unseen_since: int, made_before: int) -> None:
    """Drop what is over: sessions by both limits, challenges and used signatures by theirs."""
    with state.begin() as db:
        db.execute(delete(session).where((session.c.seen_at < unseen_since) | (session.c.made_at < made_before)))
        db.execute(delete(challenge).where(challenge.c.expires <= now))
        db.execute(delete(nonce).where(nonce.c.expires <= now))


# -- challenges --------------------------------------------------------------------------------------------------------


def ask(state: State, name: bytes, purpose: str, *, data: bytes = b"", expires: int, now: int) -> None:
    """Keep the hash of a challenge, what it is for, and what goes with it.

    Where there are too many, those that are over go first, then the oldest of this purpose: who asks for challenges
    without end, as anybody may for entering, takes none from those who are inside.
    """
    alike = challenge.c.purpose == purpose
    many = select(func.count()).where(alike)
    with state.begin() as db:
        db.execute(insert(challenge).values(id=name, purpose=purpose, data=data, expires=expires))
        if (db.scalar(many) or 0) <= MOST_CHALLENGES:
            return
        db.execute(delete(challenge).where(challenge.c.expires <= now))
        if (db.scalar(many) or 0) > MOST_CHALLENGES:
            oldest = select(challenge.c.id).where(alike).order_by(challenge.c.expires).limit(MOST_CHALLENGES // 10)
            db.execute(delete(challenge).where(challenge.c.id.in_(oldest)))


def answered(state: State, name: bytes, purpose: str, *, now: int) -> bytes | None:
    """Use a challenge up; what goes with it, or None when it was never asked, was used, or is over."""
    asked = select(challenge.c.data).where(
        challenge.c.id == name, challenge.c.purpose == purpose, challenge.c.expires > now
    )
    with state.begin() as db:
        found = db.scalar(asked)
        is_mine = db.execute(delete(challenge).where(challenge.c.id == name, challenge.c.purpose == purpose)).rowcount
        return found if is_mine else None


# -- signatures --------------------------------------------------------------------------------------------------------


class Nonces:
    """Which nonces were used: those that are asked for at once are noted in one transaction.

    Each waits for its turn; whoever has it notes for all that wait, and they find their answer there.
    """

    def __init__(self, state: State) -> None:
        """Of a state; nothing waits yet."""
        self._state = state
        self._guard, self._turn = threading.Lock(), threading.Lock()
        self._waiting: list[_Use] = []
        self._swept_at = 0

    def is_first(self, key: str, name: str, *, expires: int, now: int) -> bool:
        """Whether a program uses a nonce for the first time; from now on it is not any more.

        Args:
            key: id of the key of the program.
            name: the nonce.
            expires: UTC second from which it need not be remembered.
            now: UTC second.

        Raises:
            StoreError: it cannot be noted: then it is not known, and nobody may rely on it.
        """
        one = _Use(key, name, expires)
        with self._guard:
            self._waiting.append(one)
        with self._turn:
            if one.is_first is None:
                with self._guard:
                    together, self._waiting = self._waiting, []
                self._note(together, now)
        if one.is_first is None:
            raise StoreError(f"{self._state.where}: the nonce could not be noted")
        return one.is_first

    def _note(self, uses: list[_Use], now: int) -> None:
        if not uses:  # those that one waited with could not be noted, and one among them
            return
        rows = {(one.key, one.nonce): {"key": one.key, "nonce": one.nonce, "expires": one.expires} for one in uses}
        with self._state.begin() as db:
            asked = self._state.once(nonce).returning(nonce.c.key, nonce.c.nonce)
            new = {(row.key, row.nonce) for row in db.execute(asked, list(rows.values()))}
            if abs(now - self._swept_at) >= _SWEEP_S:
                db.execute(delete(nonce).where(nonce.c.expires <= now))
                self._swept_at = now
        for one in uses:
            one.is_first = (one.key, one.nonce) in new
            new.discard((one.key, one.nonce))  # of two alike that came together one is the first


@dataclass
class _Use:
    key: str
    nonce: str
    expires: int
    is_first: bool | None = None
