"""Commands on who may enter the service of a case, and on the audit of what they did there."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Annotated

import typer

from truceline.cli.show import Json, emit, printable, table

account_app = typer.Typer(
    help="Accounts of the service: made by invitation only, each a function and never a person's name.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
key_app = typer.Typer(help="Keys by which programs sign their requests.", no_args_is_help=True, rich_markup_mode=None)
account_app.add_typer(key_app, name="key")

Case = Annotated[str, typer.Argument(help="Case folder, or the URL of its database.")]
Id = Annotated[str, typer.Argument(help="Id of the account, as `account add` gave it.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(account_app, name="account")
    app.command("audit")(audit)


@account_app.command("add")
def account_add(
    case: Case,
    role: Annotated[
        str, typer.Argument(help="One of secretariat, party, monitor, mediator, intake, notices, mirror, hotline.")
    ],
    label: Annotated[str, typer.Argument(help="A function, such as `liaison 2`; never the name of a person.")],
    party: Annotated[str, typer.Option("--party", help="The actor of the text for whom it speaks.")] = "",
    as_json: Json = False,
) -> None:
    """Make an account; nobody can enter before `account invite` or `account key add`."""
    from truceline.desk import accounts
    from truceline.desk.audits import HOST

    with accounts.of_host(case) as (kept, state, now):
        made = accounts.add(state, HOST, now, role, label, party=party, actors=accounts.actors_of(kept))
    emit({"id": made.id}) if as_json else print(made.id)


@account_app.command("list")
def account_list(case: Case, as_json: Json = False) -> None:
    """List the accounts."""
    from truceline.desk import accounts
    from truceline.desk.audits import HOST, note

    with accounts.of_host(case) as (_, state, now):
        found = accounts.listed(state)
        note(state, HOST, now, "account", "read")
    if as_json:
        emit({"accounts": found})
        return
    table(["id", "label", "role", "party", "passkeys", "keys", "stands"], [
        [one["id"], one["label"], one["role"], one["party"], one["passkeys"], len(one["keys"]),
         "disabled" if one["is_disabled"] else "invited" if one["is_invited"] else ""]
        for one in found
    ])  # fmt: skip


@account_app.command("invite")
def account_invite(  # noqa: PLR0917  # the signature is the command line
    case: Case,
    account: Id,
    hours: Annotated[int, typer.Option("--hours", min=1, max=720, help="So long the invitation holds.")] = 72,
    lost: Annotated[
        bool, typer.Option("--lost", help="The passkeys that the account has open nothing from now on.")
    ] = False,
    issuer: Annotated[
        str, typer.Option("--issuer", help="Invite somebody of this OpenID Connect provider instead.")
    ] = "",
    subject: Annotated[
        str, typer.Option("--subject", help="What the provider calls them; - = the first line of standard input.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Give a code, shown once, with which one person makes a passkey at /enrol; the code before it ends."""
    from truceline.desk import accounts
    from truceline.desk.audits import HOST

    code = None
    with accounts.of_host(case) as (_, state, now):
        if issuer or subject:
            called = sys.stdin.readline().strip() if subject == "-" else subject
            accounts.provide(state, HOST, now, account, issuer=issuer, subject=called)
        else:
            code = accounts.invite(state, HOST, now, account, lasts_s=hours * 3_600, is_lost=lost)
    if as_json:
        emit({"id": account, "code": code, "hours": hours if code else None})
    elif code:
        print(code)
        print(f"Hand it over in person or by a second channel. It holds for {hours} hours, once.", file=sys.stderr)
    else:
        print(f"{account}: may enter through the provider")


@account_app.command("unprovide")
def account_unprovide(case: Case, account: Id, as_json: Json = False) -> None:
    """Let nobody enter as an account by a provider any more, and end its sessions; its passkeys stay."""
    from truceline.desk import accounts
    from truceline.desk.audits import HOST

    with accounts.of_host(case) as (_, state, now):
        accounts.unprovide(state, HOST, now, account)
    emit({"unprovided": account}) if as_json else print(f"{account}: no provider lets anybody in")


@account_app.command("disable")
def account_disable(case: Case, account: Id, as_json: Json = False) -> None:
    """Let an account enter no more, and end its sessions; a service that runs hears of it within seconds."""
    from truceline.desk import accounts
    from truceline.desk.audits import HOST

    with accounts.of_host(case) as (_, state, now):
        accounts.disable(state, HOST, now, account)
    emit({"disabled": account}) if as_json else print(f"{account}: disabled")


@key_app.command("new")
def key_new(
    file: Annotated[Path, typer.Argument(help="The file to make: it holds the private key, for its owner alone.")],
    as_json: Json = False,
) -> None:
    """Make a key that signs requests, and nothing else; its public half is printed, for `account key add`."""
    import time

    from truceline.desk import signing

    made = signing.new_key_file(file, int(time.time()))
    public = base64.b64encode(made.public).decode()
    emit({"file": str(file), "id": made.id, "public": public}) if as_json else print(public)


@key_app.command("add")
def key_add(
    case: Case,
    account: Id,
    public: Annotated[str, typer.Argument(help="The public half, as `account key new` printed it.")],
    as_json: Json = False,
) -> None:
    """Let a program that holds a key sign its requests as an account."""
    from truceline.desk import accounts
    from truceline.desk.audits import HOST

    with accounts.of_host(case) as (kept, state, now):
        made = accounts.add_key(state, HOST, now, account, public, taken=accounts.taken_keys(kept))
    emit({"id": account, "key": made}) if as_json else print(made)


@key_app.command("drop")
def key_drop(
    case: Case,
    account: Id,
    key: Annotated[str, typer.Argument(help="Id of the key, as `account list --json` shows it.")],
    as_json: Json = False,
) -> None:
    """Let a program enter no more."""
    from truceline.desk import accounts
    from truceline.desk.audits import HOST

    with accounts.of_host(case) as (_, state, now):
        accounts.drop_key(state, HOST, now, account, key)
    emit({"id": account, "dropped": key}) if as_json else print(f"{key}: dropped")


def audit(
    case: Case,
    after: Annotated[int, typer.Option("--after", help="Only rows behind this one.")] = -1,
    as_json: Json = False,
) -> None:
    """Show who read a restricted body and who changed access; exit code 6 when a row is missing or was changed."""
    from truceline.desk import accounts, audits
    from truceline.errors import VerificationError
    from truceline.span import utc_text

    with accounts.of_host(case) as (_, state, now):
        chain = audits.chain(state)
        rows = [{**row, "at": utc_text(row["at"])} for row in audits.every(state, after)]
        audits.note(state, audits.HOST, now, "audit", "read")
    if as_json:
        faults = [fault.message for fault in chain.faults]
        emit({"count": chain.rows, "head": chain.head, "faults": faults, "rows": rows})
    else:
        shown = ("index", "at", "account", "role", "resource", "action", "about")
        table(list(shown), [[printable(str(row[name])) for name in shown] for row in rows])
        print(f"{chain.rows} rows, head {chain.head}")
    if chain.faults and as_json:
        raise typer.Exit(VerificationError.exit_code)
    if chain.faults:
        raise VerificationError(*chain.faults)
