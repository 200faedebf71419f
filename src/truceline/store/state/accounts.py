"""Who may enter? Accounts, and what each of them proves itself with.

An account says what somebody is, never who: a role, the actor of the text it speaks for, and the name of a function.
Invitations are kept as hashes, passkeys and the keys of programs as public keys, the identity at a provider as a hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, LargeBinary, Row, Table, Text, delete, insert, select, update
from sqlalchemy.engine import Connection

from truceline.store.state.base import Number, State, meta

account = Table(
    "account", meta,
    Column("id", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("made_at", Number, nullable=False),
)  # fmt: skip


def _whose() -> Column[str]:
    return Column("account", Text, ForeignKey(account.c.id), nullable=False, index=True)


invitation = Table(
    "invitation", meta,
    Column("code", LargeBinary, primary_key=True),  # the hash of it
    _whose(),
    Column("expires", Number, nullable=False),
)  # fmt: skip
inviter = Table(
    "inviter", meta,
    Column("code", LargeBinary, primary_key=True),  # of an invitation that an account gave, used or not: its hash
    _whose(),
    Column("given_by", Text, nullable=False),
    Column("is_used", Boolean, nullable=False),
)  # fmt: skip
passkey = Table(
    "passkey", meta,
    Column("id", LargeBinary, primary_key=True),
    _whose(),
    Column("public", LargeBinary, nullable=False),
    Column("count", Number, nullable=False),
    Column("made_at", Number, nullable=False),
)  # fmt: skip
machine_key = Table(
    "machine_key", meta,
    Column("id", Text, primary_key=True),
    _whose(),
    Column("public", LargeBinary, nullable=False),
    Column("made_at", Number, nullable=False),
)  # fmt: skip
provided = Table(
    "provided", meta,
    Column("subject", LargeBinary, primary_key=True),  # the hash of issuer and subject
    _whose(),
)  # fmt: skip


@dataclass(frozen=True)
class Account:
    """Somebody who may enter.

    Attributes:
        id: random; names it in the audit and in addresses.
        role: one of `group.ROLES`.
        party: the actor of the text for whom it speaks; empty for none.
        label: the name of a function, such as `liaison 2`; never of a person.
        is_disabled: it may not enter any more.
        made_at: UTC second.
    """

    id: str
    role: str
    party: str
    label: str
    is_disabled: bool
    made_at: int


@dataclass(frozen=True)
class Passkey:
    """What an authenticator proves itself with: its id, its account, its public key (COSE), its counter of uses."""

    id: bytes
    account: str
    public: bytes
    count: int
    made_at: int


@dataclass(frozen=True)
class MachineKey:
    """What a program signs its requests with: an Ed25519 key."""

    id: str
    account: str
    public: bytes
    made_at: int


def add(state: State, one: Account) -> None:
    """Keep a new account."""
    with state.begin() as db:
        db.execute(insert(account).values(**vars(one)))


def find(state: State, name: str) -> Account | None:
    """The account of an id."""
    with state.read() as db:
        found = db.execute(select(account).where(account.c.id == name)).first()
    return None if found is None else _account(found)


def listed(state: State) -> list[Account]:
    """Every account, oldest first."""
    with state.read() as db:
        rows = db.execute(select(account).order_by(account.c.made_at, account.c.id)).all()
    return [_account(row) for row in rows]


def disable(state: State, name: str) -> bool:
    """Let an account enter no more: its keys stay known, its invitations end; tell whether it was there, and could."""
    with state.begin() as db:
        asked = update(account).where(account.c.id == name, account.c.is_disabled.is_(False)).values(is_disabled=True)
        db.execute(delete(invitation).where(invitation.c.account == name))
        found = bool(db.execute(asked).rowcount)
    state.forget()
    return found


# -- invitations -------------------------------------------------------------------------------------------------------


def invite(state: State, name: str, code: bytes, *, expires: int, by: str = "") -> None:
    """Keep the hash of an invitation, and which account gave it, if one did; one that was given before ends."""
    with state.begin() as db:
        db.execute(delete(invitation).where(invitation.c.account == name))
        db.execute(delete(inviter).where(inviter.c.account == name, inviter.c.is_used.is_(False)))
        db.execute(insert(invitation).values(account=name, code=code, expires=expires))
        if by:
            db.execute(insert(inviter).values(account=name, code=code, given_by=by, is_used=False))


def hands(state: State, name: str) -> frozenset[str]:
    """An account, the accounts that let in whoever holds it, those that let them in, and so on.

    Whoever gives an invitation can use it: one person may hold all of them.
    """
    found, ahead = {name}, [name]
    with state.read() as db:
        while ahead:
            asked = select(inviter.c.given_by).where(inviter.c.account == ahead.pop(), inviter.c.is_used.is_(True))
            new = set(db.scalars(asked)) - found
            found |= new
            ahead += new
    return frozenset(found)


def invited(state: State, code: bytes, *, now: int) -> Account | None:
    """The account that an invitation is for, while it holds."""
    with state.read() as db:
        found = db.execute(_held(code, now)).first()
    return None if found is None else _account(found)


def is_invited(state: State, name: str) -> bool:
    """Whether an invitation of an account was given and not used; it may be over."""
    with state.read() as db:
        return db.scalar(select(invitation.c.code).where(invitation.c.account == name)) is not None


def _held(code: bytes, now: int) -> Any:  # noqa: ANN401  # a statement
    return (
        select(account).join(invitation)
        .where(invitation.c.code == code, invitation.c.expires > now, account.c.is_disabled.is_(False))
    )  # fmt: skip


def _redeem(db: Connection, code: bytes, now: int) -> Account | None:
    """Use an invitation up; None when it does not hold."""
    found = db.execute(_held(code, now)).first()
    is_used = db.execute(delete(invitation).where(invitation.c.code == code)).rowcount
    return _account(found) if found is not None and is_used else None


def enrol(state: State, code: bytes, *, passkey_id: bytes, public: bytes, count: int, now: int) -> Account | None:
    """Use an invitation up and keep the first passkey of its account, both or neither.

    Returns:
        The account; None when the invitation does not hold, or the passkey is known already.
    """
    with state.begin() as db:
        state.in_turn(db)
        if db.scalar(select(passkey.c.id).where(passkey.c.id == passkey_id)) is not None:
            return None
        one = _redeem(db, code, now)
        if one is not None:
            row = {"id": passkey_id, "account": one.id, "public": public, "count": count, "made_at": now}
            db.execute(insert(passkey).values(**row))
            db.execute(update(inviter).where(inviter.c.code == code).values(is_used=True))
        return one


# -- passkeys ----------------------------------------------------------------------------------------------------------


def passkey_of(state: State, passkey_id: bytes) -> Passkey | None:
    """The passkey of an id."""
    with state.read() as db:
        found = db.execute(select(passkey).where(passkey.c.id == passkey_id)).first()
    return None if found is None else Passkey(**found._mapping)


def passkeys(state: State, name: str) -> list[Passkey]:
    """The passkeys of an account, oldest first."""
    with state.read() as db:
        rows = db.execute(select(passkey).where(passkey.c.account == name).order_by(passkey.c.made_at)).all()
    return [Passkey(**row._mapping) for row in rows]


def used(state: State, passkey_id: bytes, *, before: int, count: int) -> bool:
    """Move the counter of a passkey on; tell whether nobody else had moved it meanwhile."""
    with state.begin() as db:
        asked = update(passkey).where(passkey.c.id == passkey_id, passkey.c.count == before).values(count=count)
        return bool(db.execute(asked).rowcount)


def drop_passkey(state: State, name: str, passkey_id: bytes) -> bool:
    """Forget a passkey of an account; tell whether it had it."""
    with state.begin() as db:
        asked = delete(passkey).where(passkey.c.id == passkey_id, passkey.c.account == name)
        return bool(db.execute(asked).rowcount)


# -- keys of programs --------------------------------------------------------------------------------------------------


def add_key(state: State, one: MachineKey) -> bool:
    """Keep the public key of a program; tell whether it was new."""
    with state.begin() as db:
        return state.add_once(db, machine_key, vars(one))


def keys_of(state: State, name: str) -> list[MachineKey]:
    """The keys of the programs of an account, oldest first."""
    asked = select(machine_key).where(machine_key.c.account == name)
    with state.read() as db:
        return [MachineKey(**row._mapping) for row in db.execute(asked.order_by(machine_key.c.made_at))]


def holder(state: State, key_id: str) -> tuple[MachineKey, Account] | None:
    """The key of a program and its account; None when it is not known, or its account is disabled."""
    asked = select(machine_key, account.c.id.label("whose"), account.c.role, account.c.party, account.c.label,
                   account.c.made_at.label("since")).join(account).where(
                       machine_key.c.id == key_id, account.c.is_disabled.is_(False))  # fmt: skip
    with state.read() as db:
        row = db.execute(asked).first()
    if row is None:
        return None
    key = MachineKey(row.id, row.account, row.public, row.made_at)
    return key, Account(row.whose, row.role, row.party, row.label, is_disabled=False, made_at=row.since)


def drop_key(state: State, name: str, key_id: str) -> bool:
    """Forget the key of a program of an account; tell whether it had it."""
    with state.begin() as db:
        asked = delete(machine_key).where(machine_key.c.id == key_id, machine_key.c.account == name)
        found = bool(db.execute(asked).rowcount)
    state.forget()
    return found


# -- providers ---------------------------------------------------------------------------------------------------------


def provide(state: State, name: str, subject: bytes) -> bool:
    """Let the holder of an identity at a provider enter as an account; tell whether nobody else does."""
    with state.begin() as db:
        return state.add_once(db, provided, {"subject": subject, "account": name})


def unprovide(state: State, name: str) -> bool:
    """Let no identity at a provider enter as an account any more; tell whether one could."""
    with state.begin() as db:
        found = bool(db.execute(delete(provided).where(provided.c.account == name)).rowcount)
    state.forget()
    return found


def provided_for(state: State, subject: bytes) -> Account | None:
    """The account that was given to an identity at a provider; None when there is none, or it is disabled."""
    asked = select(account).join(provided).where(provided.c.subject == subject, account.c.is_disabled.is_(False))
    with state.read() as db:
        found = db.execute(asked).first()
    return None if found is None else _account(found)


def _account(row: Row[Any]) -> Account:
    found = row._mapping
    return Account(**{name: found[name] for name in Account.__dataclass_fields__})
