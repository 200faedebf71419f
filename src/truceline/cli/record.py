"""Commands on the record of a case: keys, statements, proofs, bundles, verification; and the end of all keys."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from truceline.cli.send import Key, Out, Receipt, Where, beside, handed_in, named, venue
from truceline.cli.show import Case, Json, emit, printable, say, table, told

if TYPE_CHECKING:
    from truceline.desk.venue import Venue
    from truceline.store.case import Case as Opened
    from truceline.store.case import Said

keys_app = typer.Typer(
    help="Keys of this machine: made, shown, changed, revoked.", no_args_is_help=True, rich_markup_mode=None
)
record_app = typer.Typer(
    help="Look into the record of a case: entries, proofs, checkpoints.", no_args_is_help=True, rich_markup_mode=None
)

DEMO = "demo.truceline.example/"
"""The origins of demonstrations begin with it."""

Output = Annotated[Path | None, typer.Option("-o", "--output", help="Write to this file.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(keys_app, name="keys")
    app.command()(submit)
    app.add_typer(record_app, name="record")
    app.command()(bundle)
    app.command()(verify)
    app.command()(panic)


# -- keys ------------------------------------------------------------------------------------------------------------


@keys_app.command("new")
def keys_new(
    party: Annotated[str, typer.Argument(help="Id of the party whose keys these are.")],
    case: Annotated[str | None, typer.Option("--case", help="Enter the key set into the record of this case.")] = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Make keys to sign and to read, and a root key that signs the next change; with --case, enter or change them."""
    from truceline.desk import keyring, records
    from truceline.record.charter import plain as plain_of
    from truceline.store.opened import open_case

    folder = None if case is None else open_case(case)
    made, taken = records.change_keys(folder, party, is_kept_back=output is not None)
    if output is not None:
        _write(output, taken if isinstance(taken, bytes) else _json(plain_of(made)))
    index = None if taken is None or isinstance(taken, bytes) else taken.index
    answer = {
        "party": party, "version": made.version, "keys": [{"use": k.use, "id": k.id} for k in made.keys],
        "folder": str(keyring.config_folder()), "entry": index, "file": str(output) if output else None,
    }  # fmt: skip
    if as_json:
        emit(answer)
        return
    print(f"{party}: key set {made.version}: {', '.join(f'{k.use} {k.id}' for k in made.keys)}")
    print(f"The private keys lie in {keyring.config_folder()}. Keep a copy of the root key off this machine.")
    if index is not None:
        print(f"Entry {index} of the record says so.")


@keys_app.command("show")
def keys_show(
    case: Annotated[
        str | None, typer.Argument(help="Case folder, or the URL of its database; none = the keys of this machine.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the keys of this machine, or who may sign in a case and from which entry on."""
    from truceline.desk import keyring
    from truceline.store.opened import open_case

    if case is None:
        found = keyring.keys()
        rows: list[dict[str, Any]] = [{"name": k.name, "use": k.use, "id": k.id, "made": k.made} for k in found]
        head = ["name", "use", "id", "made"]
    else:
        history = open_case(case).register().keys
        rows = [
            {"name": v.party, "id": key, "from": v.start, "until": v.end, "contested_from": v.contested_from}
            for key, v in sorted(history.items(), key=lambda item: (item[1].party, item[1].start))
        ]
        head = ["name", "id", "from", "until", "contested_from"]
    if as_json:
        emit({"folder": str(keyring.config_folder()) if case is None else str(case), "keys": rows})
        return
    if case is not None and open_case(case).info.is_demo:
        print("DEMO: these keys are published: anybody can sign with them")
    table(head, [["" if row[name] is None else str(row[name]) for name in head] for row in rows])


@keys_app.command("sign")
def keys_sign(
    charter: Annotated[Path, typer.Argument(help="A charter that `init --charter-out` wrote; the signature is added.")],
    by: Annotated[str, typer.Option("--by", help="The party that signs, with the root key of this machine.")],
    as_json: Json = False,
) -> None:
    """Sign the charter of a record as one of the parties that found it."""
    from truceline.desk import charters, read_bytes

    signed = charters.sign_charter(read_bytes(charter), by)
    _write(charter, signed)
    emit({"file": str(charter), "by": by}) if as_json else print(f"{charter}: signed by {by}")


@keys_app.command("revoke")
def keys_revoke(  # noqa: PLR0917  # the signature is the command line
    case: Case,
    keyid: Annotated[str, typer.Argument(help="Id of the key.")],
    party: Annotated[str, typer.Option("--by", help="Whose key it is.")],
    since: Annotated[int, typer.Option("--since", help="Index of the first entry that may be forged.")],
    output: Out = None,
    as_json: Json = False,
) -> None:
    """Revoke a key: it signs no more, and what it signed from an entry on is contested, not removed."""
    from truceline.desk import records
    from truceline.store.opened import open_case

    draft = records.Draft("revocation", {"keyid": keyid, "party": party, "since": since}, party)
    answer = {"entry": None, "file": None, "keyid": keyid, "party": party, "contested_from": since}
    if output is not None:
        _write(output, records.prepare(open_case(case), draft)[0])
        answer["file"] = str(output)
        emit(answer) if as_json else print(f"{output}: signed, not appended; hand it over")
        return
    taken = records.append(open_case(case), [draft])[0]
    answer["entry"] = taken.index
    emit(answer) if as_json else print(
        f"Entry {taken.index}: key {keyid} of {party} is revoked; what it signed from entry {since} on is contested."
    )


# -- statements ------------------------------------------------------------------------------------------------------


def submit(  # noqa: PLR0917  # the signature is the command line
    where: Where,
    kind: Annotated[str, typer.Option("--type", help="Type of the statement: allegation, answer, act, ...")] = "",
    by: Annotated[str, typer.Option("--by", help="Id of the party who says it.")] = "",
    body: Annotated[Path | None, typer.Option("--body", help="Its body, a JSON file; - = standard input.")] = None,
    files: Annotated[list[Path] | None, typer.Option("--file", help="A file that belongs to it; repeat.")] = None,
    readers: Annotated[list[str] | None, typer.Option("--to", help="Seal the body for this party; repeat.")] = None,
    entry: Annotated[Path | None, typer.Option("--entry", help="A statement that was signed elsewhere.")] = None,
    cosign: Annotated[str, typer.Option("--cosign", help="With --entry: add the signature of this party.")] = "",
    output: Out = None,
    receipt: Receipt = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Say something in a case or at a service: signed with a key of this machine, or signed by somebody else."""
    from truceline.desk import read_bytes, records
    from truceline.errors import InputError

    given = {path.name: read_bytes(path) for path in files or []}
    if (entry is None) == (not kind):
        raise InputError("expected either --type, --by and --body, or --entry")
    with venue(where, key) as opened:
        if entry is not None:
            data, parts = read_bytes(entry), beside(entry, files or [])
            if cosign:
                data = records.cosigned(opened.place(cosign), data, cosign)
        else:
            draft = records.Draft(kind, _body(body), by, given, tuple(readers or ()))
            data, parts = opened.place(by, is_sealing=bool(readers)).signed(draft)
        if output is not None:
            own = set(given.values())
            write_signed(
                output, data, {d: one for d, one in parts.items() if entry is None and one not in own}, as_json
            )
            return
        handed_in(where, opened.submit(data, named(data, parts)), receipt, as_json)


def write_signed(output: Path, data: bytes, boxes: dict[str, bytes], as_json: bool) -> None:
    """Write a signed entry, and beside it the box of its sealed body: without it the entry is refused."""
    _write(output, data)
    for digest, box in boxes.items():
        _write(output.with_name(f"{output.name}.{digest[:12]}.box"), box)
    emit({"file": str(output), "bytes": len(data), "entry": None}) if as_json else print(
        f"{output}: signed, not appended; hand it over with the files it names"
    )


def _body(path: Path | None) -> Any:  # noqa: ANN401  # any JSON value is meant
    import msgspec

    from truceline.desk import read_bytes
    from truceline.errors import Fault, InputError

    if path is None:
        return None
    data = sys.stdin.buffer.read(1 << 20) if str(path) == "-" else read_bytes(path, 1 << 20)
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(Fault(f"not JSON: {error}", str(path))) from None


@record_app.command("show")
def record_show(  # noqa: PLR0917  # the signature is the command line
    where: Where,
    index: Annotated[int | None, typer.Argument(help="One entry; none = a list of all.")] = None,
    kind: Annotated[str, typer.Option("--type", help="Only statements of this type.")] = "",
    by: Annotated[str, typer.Option("--by", help="Only statements of this party.")] = "",
    reader: Annotated[str, typer.Option("--open-as", help="Open a sealed body with this party's reading key.")] = "",
    refused: Annotated[bool, typer.Option("--refused", help="List what was refused, and why; of a case.")] = False,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """List the entries of a record, or show one whole; of a service, those that it lets you read."""
    from truceline.desk.venue import is_service
    from truceline.span import utc_text
    from truceline.store.opened import open_case

    if is_service(where):
        with venue(where, key) as opened:
            _show_remote(opened, index, _Chosen(kind, by, reader), as_json)
        return
    folder = open_case(where)
    if refused:
        rows = folder.store.refused()
        emit({"refused": rows}) if as_json else table(
            ["at", "leaf", "why"], [[utc_text(int(str(r["at"]))), str(r["leaf"])[:12], str(r["why"])] for r in rows]
        )
    elif index is None:
        chosen = [s for s in folder.entries() if kind in ("", s.statement.type) and by in ("", s.statement.by)]
        origin = folder.register().log.name if folder.register().log else ""  # type: ignore[union-attr]
        _show_entries(origin, [_row(folder, said) for said in chosen], as_json)
    else:
        _show_entry(folder, index, reader, as_json)


def _row(folder: Opened, said: Said) -> dict[str, Any]:
    from truceline.record.tree import leaf_hash
    from truceline.span import utc_text

    one = said.statement
    return {
        "entry": said.index, "type": one.type, "by": one.by, "sequence": one.sequence,
        "signed_by": folder.signers(said), "known_at": utc_text(said.known_at),
        "leaf": leaf_hash(said.entry.data).hex(), "sealed": one.sealed is not None,
    }  # fmt: skip


def _show_entries(origin: str, rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        emit({"origin": origin, "entries": rows})
        return
    table(
        ["entry", "type", "by", "no.", "known at", "leaf"],
        [[r["entry"], r["type"], r["by"], r["sequence"], r["known_at"], r["leaf"][:12]] for r in rows],
    )


class _Chosen(NamedTuple):
    """Which entries, and as whom a sealed body is opened."""

    kind: str
    by: str
    reader: str


def _show_remote(opened: Venue, index: int | None, chosen: _Chosen, as_json: bool) -> None:
    """Entries of a service; what it says of one is held against its bytes."""
    import msgspec

    from truceline.desk.client import Remote

    assert isinstance(opened, Remote)  # noqa: S101  # an address is nothing else
    named = ("entry", "type", "by", "sequence", "signed_by", "known_at", "leaf")
    if index is None:
        shown = opened.entries(chosen.kind, chosen.by)
        rows = [{**{name: one[name] for name in named}, "sealed": one["is_sealed"]} for one in shown]
        _show_entries(opened.meet().name, rows, as_json)
        return
    one, entry = opened.entry(index)
    answer = {**{name: one[name] for name in named}, "sealed": one["is_sealed"]}
    answer["statement"] = msgspec.to_builtins(entry.statement)
    if chosen.reader:
        answer["body"] = msgspec.json.decode(opened.opened(index, chosen.reader))
    _print_entry(answer, as_json)


def _show_entry(folder: Opened, index: int, reader: str, as_json: bool) -> None:
    import msgspec

    from truceline.desk import records
    from truceline.errors import InputError

    entries = folder.entries()
    if not 0 <= index < len(entries):
        raise InputError(f"expected an entry from 0 to {len(entries) - 1}, got {index}")
    said = entries[index]
    answer = {**_row(folder, said), "statement": msgspec.to_builtins(said.statement)}
    if reader:
        answer["body"] = msgspec.json.decode(records.unsealed(folder, index, reader))
    _print_entry(answer, as_json)


def _print_entry(answer: dict[str, Any], as_json: bool) -> None:
    import msgspec

    if as_json:
        emit(answer)
        return
    for line in msgspec.json.format(msgspec.json.encode(answer, order="sorted"), indent=2).decode().splitlines():
        print(printable(line))


@record_app.command("proof")
def record_proof(
    case: Case,
    index: Annotated[int, typer.Argument(help="The entry.")],
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Prove that an entry is in the newest checkpoint: a file that other people's tools verify (C2SP tlog-proof)."""
    from truceline.desk import records
    from truceline.store.opened import open_case

    proof = records.proof_of(open_case(case), index)
    if output is not None:
        _write(output, proof)
    if as_json:
        emit({"entry": index, "proof": proof.decode(), "file": str(output) if output else None})
    elif output is None:
        print(proof.decode(), end="")
    else:
        print(f"{output}: the proof of entry {index}")


@record_app.command("checkpoint")
def record_checkpoint(case: Case, output: Output = None, as_json: Json = False) -> None:
    """Print the newest checkpoint with its cosignatures: keep it, and give it to --since at the next verification."""
    from truceline.record.checkpoint import read_checkpoint
    from truceline.record.log import noted
    from truceline.record.note import read_note
    from truceline.store.opened import open_case

    folder = open_case(case)
    made = read_checkpoint(read_note(folder.store.head() or b"").text)
    data = noted(folder.store, made.size)
    if output is not None:
        _write(output, data)
    if as_json:
        emit({"origin": made.origin, "size": made.size, "root": made.root.hex(), "note": data.decode()})
    elif output is None:
        print(data.decode(), end="")
    else:
        print(f"{output}: {made.size} entries")


@record_app.command("cosign")
def record_cosign(case: Case, as_json: Json = False) -> None:
    """Ask the witnesses of the record to cosign its newest checkpoint; who is missing is recorded, and is no veto."""
    from truceline.desk import records
    from truceline.errors import InputError
    from truceline.store.opened import open_case

    found = records.cosign_case(open_case(case))
    if found is None:
        raise InputError("the charter of this record names no witness that can be asked")
    answer: dict[str, Any] = {
        "size": found.size, "witnesses": [{"name": n, "at": t} for n, t in sorted(found.times.items())],
        "failed": [f"{name}: {why}" for name, why in sorted(found.failed.items())], "quorum": found.is_met,
    }  # fmt: skip
    if as_json:
        emit(answer)
        return
    print(f"{found.size} entries, cosigned by {', '.join(sorted(found.times)) or 'nobody'}")
    for line in answer["failed"]:
        print(printable(f"no cosignature by {line}"))
    print("the quorum of the record is met" if found.is_met else "the quorum of the record is NOT met")


@record_app.command("export")
def record_export(
    case: Case,
    folder: Annotated[Path, typer.Argument(help="Folder to write; any file server can offer it.")],
    with_blobs: Annotated[bool, typer.Option("--blobs", help="Offer public files too; never sealed bodies.")] = False,
    as_json: Json = False,
) -> None:
    """Write the record as static tiles (C2SP tlog-tiles), for file servers, mirrors and other people's verifiers."""
    from truceline.store.export import export
    from truceline.store.opened import open_case

    made = export(open_case(case).store, folder, with_blobs=with_blobs)
    emit({"folder": str(folder), "size": made.size, "files": made.written}) if as_json else print(
        f"{folder}: {made.size} entries, {made.written} files written"
    )


@record_app.command("serve")
def record_serve(
    case: Case,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 = a free one.")] = 8766,
    as_json: Json = False,
) -> None:
    """Offer all entries as static tiles (C2SP tlog-tiles) to whoever reaches the address; never sealed bodies.

    For a witness or a mirror on one's own network. To others, each seeing what it may see, `truceline serve` offers it.
    """
    import signal

    from truceline.store.opened import open_case
    from truceline.web import tiles

    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def announce(url: str) -> None:
        if as_json:
            emit({"url": url})
            sys.stdout.flush()
        else:
            say(False, f"Record at {url}  (Ctrl-C stops)")

    tiles.serve(open_case(case).store, host, port, announce)


# -- verification ----------------------------------------------------------------------------------------------------


def bundle(
    case: Case,
    entries: Annotated[list[int], typer.Argument(help="The entries, by index.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The zip file to write.")],
    reader: Annotated[
        str, typer.Option("--open-as", help="Take along sealed bodies that this party's key of this machine opens.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Put entries into one file that can be verified offline, years later, with Python and `cryptography` alone."""
    from truceline.desk import records
    from truceline.store.opened import open_case

    data = records.bundle_of(open_case(case), entries, reader)
    _write(output, data)
    emit({"file": str(output), "bytes": len(data), "entries": entries}) if as_json else print(
        f"{output}: {len(entries)} entries, {len(data)} bytes; `truceline verify {output}`, or unpack it and run "
        "`python verify.py`"
    )


def verify(  # noqa: PLR0917  # the signature is the command line
    what: Annotated[
        str,
        typer.Argument(
            help="A case folder, record or mirror; a bundle or a receipt; a URL of static tiles or a database."
        ),
    ],
    policy: Annotated[
        Path | None, typer.Option("--policy", help="The logs and witnesses you believe (C2SP tlog-policy).")
    ] = None,
    since: Annotated[Path | None, typer.Option("--since", help="A checkpoint you kept: it must be continued.")] = None,
    entry: Annotated[Path | None, typer.Option("--entry", help="With a receipt or a proof: its entry.")] = None,
    hashes_only: Annotated[bool, typer.Option("--hashes-only", help="Do not verify the entries' signatures.")] = False,
    recompute: Annotated[bool, typer.Option("--recompute", help="Compute recorded assessments again.")] = False,
    evidence: Annotated[
        list[Path] | None,
        typer.Option("--evidence", help="With --recompute of a mirror: a file that a table was read from; repeat."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Verify from the first byte to the last; say what was checked, what was not, and what does not hold."""
    from truceline.desk import verifying
    from truceline.store.opened import named

    given = tuple(evidence or ())
    asked = verifying.AskedToVerify(
        policy, since, entry, hashes_only=hashes_only, recompute=recompute, evidence=given,
    )  # fmt: skip
    with told(as_json) as tell:
        answer = verifying.verify(what, asked, tell)
    if as_json:
        emit(answer)
    else:
        _show_verified(named(what), answer)
    if not answer["holds"]:
        raise typer.Exit(6)


def _show_verified(what: str, answer: dict[str, Any]) -> None:
    done = ", ".join(f"{n} {name}" for name, n in answer["checked"].items() if n)
    verdict = "HOLDS" if answer["holds"] else "DOES NOT HOLD"
    print(printable(f"{what}: {answer['kind']} of {answer['origin'] or 'an unknown log'}, {answer['size']} entries"))
    if answer["origin"].startswith(DEMO):
        print("DEMO: its keys are published: anybody could have signed this")
    print(f"checked: {done or 'nothing'}")
    for one in answer["witnesses"]:
        print(printable(f"witness: {one['name']}"))
    for remark in answer["remarks"]:
        print(printable(f"note: entry {remark['entry']}: {remark['what']}: {remark['why']}"))
    for text in answer["not_checked"][:50]:
        print(printable(f"NOT CHECKED: {text}"))
    if len(answer["not_checked"]) > 50:
        print(f"NOT CHECKED: and {len(answer['not_checked']) - 50} more")
    for fault in answer["faults"][:100]:
        where = ": ".join(
            part for part in (fault["file"], None if fault["entry"] is None else f"entry {fault['entry']}") if part
        )
        print(printable(f"FAULT: {where + ': ' if where else ''}{fault['message']}"))
    print(verdict)


def panic(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Destroy every key and the vault of this machine, at once. There is no way back."""
    from truceline.desk import keyring

    if not yes:
        typer.confirm(f"Destroy every key and the vault in {keyring.config_folder()}?", abort=True)
    done = keyring.panic()
    if as_json:
        emit({"destroyed": list(done.gone), "left": list(done.left)})
    else:
        print(f"{len(done.gone)} files destroyed, {len(done.left)} left.")
        for one in done.left:
            print(printable(f"LEFT: {one}"))
        print("Copies elsewhere, snapshots, and what an SSD keeps are out of reach: full-disk encryption is for those.")
    if done.left:
        raise typer.Exit(7)


def _write(path: Path, data: bytes) -> None:
    from truceline.store.disk import write_whole

    write_whole(path, data)


def _json(value: object) -> bytes:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(value, order="sorted")) + b"\n"
