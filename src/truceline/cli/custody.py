"""Commands on originals and consent: who had one in hand, is this the one, and may it be used so?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from truceline.cli.rule import By
from truceline.cli.send import Out
from truceline.cli.show import Case, Json, emit, printable, table, told

if TYPE_CHECKING:
    from truceline.desk.custody import Link
    from truceline.desk.originals import Opening, Seen
    from truceline.desk.records import Draft
    from truceline.store.case import Case as Opened

custody_app = typer.Typer(
    help="Originals: photos, videos, letters, kept by hash outside the record, with who handled them when.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
consent_app = typer.Typer(
    help="Consent: given, refused or withdrawn for each use, recorded and obeyed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Original = Annotated[
    str, typer.Argument(metavar="HASH", help="SHA-256 of the original; its first 8 digits are enough.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(custody_app, name="custody")
    app.add_typer(consent_app, name="consent")


# -- custody -----------------------------------------------------------------------------------------------------------


@custody_app.command("add")
def custody_add(  # noqa: PLR0917  # the signature is the command line
    case: Case,
    file: Annotated[str, typer.Argument(metavar="FILE|HASH", help="The original, or the hash of one in the record.")],
    event: Annotated[
        str, typer.Option("--event", help="received, transferred, examined, copied, returned or destroyed.")
    ] = "received",
    handler: Annotated[str, typer.Option("--handler", help="Institution or role; empty = who says it.")] = "",
    at: Annotated[str, typer.Option("--at", help="When it was handled, as a time text; empty = now.")] = "",
    about: Annotated[list[str] | None, typer.Option("--about", help="Id of a report it belongs to; repeat.")] = None,
    to: Annotated[str, typer.Option("--to", help="Who has it next, or has the copy.")] = "",
    what: Annotated[
        str, typer.Option("--what", help="photo, video, audio, letter, document; empty = by its name.")
    ] = "",
    keep: Annotated[
        bool, typer.Option("--keep/--no-keep", help="Keep what is received in the vault of this machine.")
    ] = True,
    salted: Annotated[
        bool, typer.Option("--salted", help="Name what is received so that whoever has its bytes cannot find it.")
    ] = False,
    by: By = "desk",
    output: Out = None,
    as_json: Json = False,
) -> None:
    """Record that an original was handled; its hash goes into the record, its bytes into the vault, or nowhere."""
    from truceline.errors import InputError
    from truceline.store.opened import open_case

    folder, path = open_case(case), Path(file)
    with told(as_json) as tell:
        tell("hashing", 0, 1)
        seen, before = _seen(folder, file)
        body: dict[str, Any] = {
            "original": seen.sha256, "what": what or (before[0].custody.what if before else _what(seen.media_type)),
            "event": event, "at": at or _now(folder), "handler": handler or by, "bytes": seen.bytes,
            "about": about or (list(before[0].custody.about) if before else []), "to": to,
            "media_type": seen.media_type,
        }  # fmt: skip
        is_kept = event == "received" and keep and path.is_file()
        if salted and not is_kept:
            raise InputError("`--salted`: expected a file that is received and kept: its salt is kept with it")
        is_salted = salted or bool(before and before[0].custody.is_salted)
        body |= {"bytes": 0, "media_type": ""} if is_salted else {}
        made = {key: value for key, value in {**body, "is_salted": is_salted}.items() if value or key == "bytes"}
        if is_kept and salted:
            entry, gone = _received_salted(case, made, by, output, file=path), False
            body["original"] = made["original"]
        elif is_kept:
            entry, gone = _received(case, made, by, output, file=path, seen=seen), False
        elif event == "destroyed":
            entry, gone = _destroyed(case, made, by, output, before=before)
        else:
            entry, gone = said(case, "custody", made, by, output), False
    answer = {**body, "entry": entry, "file": None if output is None else str(output)}
    answer |= {"salted": is_salted, "kept": is_kept, "destroyed": gone}
    if as_json:
        emit(answer)
    else:
        _print_added(answer)


def _print_added(answer: dict[str, Any]) -> None:
    """Say what was recorded, and what its bytes are now."""
    if answer["file"] is None:
        print(f"Entry {answer['entry']}: {answer['event']} {answer['original']}")
    else:
        print(f"{answer['file']}: signed, not appended; hand it over")
    if answer["kept"]:
        print("kept in the vault of this machine; the file that was read is still there: destroy it, and every copy")
    if answer["destroyed"]:
        print("destroyed in the vault of this machine; copies elsewhere are out of reach")


def _received(case: str, made: dict[str, Any], by: str, output: Path | None, *, file: Path, seen: Seen) -> int | None:
    """Keep an original, and say that it was received: its bytes are durable before the record says so."""
    from truceline.desk import originals
    from truceline.errors import TrucelineError

    is_new = originals.keep(file, seen)
    try:
        return said(case, "custody", made, by, output)
    except TrucelineError:
        if is_new:
            originals.destroy(seen.sha256)
        raise


def _received_salted(case: str, made: dict[str, Any], by: str, output: Path | None, *, file: Path) -> int | None:
    """Keep an original under a salted name, and say that one was received under it."""
    from truceline.desk import originals
    from truceline.errors import TrucelineError

    made["original"] = originals.keep_salted(file)[0]
    try:
        return said(case, "custody", made, by, output)
    except TrucelineError:
        originals.destroy(made["original"])
        raise


def _destroyed(
    case: str, made: dict[str, Any], by: str, output: Path | None, *, before: list[Link]
) -> tuple[int | None, bool]:
    """Destroy an original, then say so: no entry speaks of bytes that lie there still. The entry, and whether it was.

    What would be refused is refused before anything is destroyed. Who destroys the copy that he got destroys no more.
    """
    from truceline.desk import originals, records
    from truceline.desk.charters import keys_of
    from truceline.desk.custody import hands_of
    from truceline.desk.holdings import CaseHoldings
    from truceline.desk.records import Draft
    from truceline.desk.statements import checker
    from truceline.errors import StoreError
    from truceline.record.entry import read_entry
    from truceline.store.opened import open_case

    folder = open_case(case)
    entry = read_entry(records.prepare(folder, Draft("custody", made, by))[0])
    checker(lambda: records.text_of(folder), CaseHoldings(folder))(entry, folder.register())
    if output is None:
        keys_of(folder.charter())  # who may not write here destroys nothing either
    hands = hands_of(before)
    gone = not (hands and hands.is_copy(made["handler"])) and originals.destroy(made["original"])
    try:
        return said(case, "custody", made, by, output), gone
    except StoreError as error:
        raise StoreError(f"{error.faults[0]}; the bytes are destroyed: give the same command again to say so") from None


@custody_app.command("show")
def custody_show(
    case: Case,
    original: Annotated[str, typer.Argument(metavar="HASH", help="One original; empty = all.")] = "",
    as_json: Json = False,
) -> None:
    """Show who had an original in hand, in order; gaps and contradictions are named."""
    from truceline.store.opened import open_case

    folder = open_case(case)
    chains = _chains(folder)
    if original:
        digest = _digest(folder, original)
        chains = {digest: chains[digest]}
    rows = [_chain(digest, chains[digest]) for digest in sorted(chains)]
    if as_json:
        emit({"originals": rows})
        return
    for row in rows:
        size = "salted, of a size that is not told" if row["salted"] else f"{row['media_type']}, {row['bytes']} bytes"
        print(printable(f"{row['original']}  {row['what']} {size}"))
        if row["about"]:
            print(printable(f"about {', '.join(row['about'])}"))
        table(
            ["entry", "at", "event", "handler", "to", "use", "said by"],
            [[str(c["entry"]), c["at"], c["event"], c["handler"], c["to"], c["use"], c["by"]] for c in row["chain"]],
        )
        for flaw in row["flaws"]:
            print(printable(f"{flaw['kind'].upper()}: entry {flaw['entry']}: {flaw['message']}"))
        if not row["flaws"]:
            print("no gap, no contradiction")
        print()


@custody_app.command("check")
def custody_check(
    case: Case,
    original: Original,
    file: Annotated[Path, typer.Argument(help="The file that is said to be it.")],
    opening: Annotated[
        Path | None, typer.Option("--opening", help="The opening of a salted original; none = the vault is asked.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check that a file is the original of a hash, byte for byte; exit code 6 when it is not."""
    from truceline.desk import originals, read_bytes
    from truceline.errors import InputError, VerificationError
    from truceline.store.opened import open_case

    folder = open_case(case)
    digest = _digest(folder, original)
    opened = None if opening is None else originals.read_opening(read_bytes(opening, 4_096))
    with told(as_json) as tell:
        tell("hashing", 0, 1)
        found = originals.seen(file)
    is_salted = _chains(folder)[digest][0].custody.is_salted
    is_it = originals.is_original(digest, found.sha256, opened) if is_salted else found.sha256 == digest
    if is_it is None:
        raise InputError(f"{digest[:12]}: is salted, and its salt is not here: its holder gives an `--opening`")
    if as_json:
        emit(
            {"original": digest, "file": file.name, "sha256": found.sha256, "bytes": found.bytes, "is_original": is_it}
        )
    elif is_it:
        print(printable(f"{file.name}: is the original {digest[:12]}, {found.bytes} bytes"))
    if not is_it:
        if as_json:
            raise typer.Exit(VerificationError.exit_code)
        raise VerificationError(f"{file.name}: is not the original {digest[:12]}: it is {found.sha256[:12]}")


@custody_app.command("take")
def custody_take(  # noqa: PLR0917  # the signature is the command line
    case: Case,
    original: Original,
    file: Annotated[Path, typer.Argument(help="File to write; it must not be there.")],
    to: Annotated[str, typer.Option("--to", help="Who gets it: a party or an institution; empty = its holder.")] = "",
    use: Annotated[
        str, typer.Option("--use", help="What for: share or refer; consent to this use is asked.")
    ] = "share",
    handler: Annotated[str, typer.Option("--handler", help="Who makes the copy; empty = who has it now.")] = "",
    opening: Annotated[
        Path | None, typer.Option("--opening", help="File to write, of a salted original: by it a copy can be checked.")
    ] = None,
    by: By = "desk",
    as_json: Json = False,
) -> None:
    """Write an original of the vault to a file, and record the copy; for others only with consent to this use."""
    import os

    from truceline.desk import originals
    from truceline.desk.consent import HANDED
    from truceline.desk.custody import hands_of
    from truceline.errors import InputError, quoted
    from truceline.store.opened import open_case

    folder = open_case(case)
    digest = _digest(folder, original)
    if use not in HANDED or (use != HANDED[0] and not to):
        raise InputError(f"`--use`: expected one of {', '.join(HANDED)}, the latter with `--to`, got {quoted(use)}")
    if to and not _may(folder, digest, use, to):
        told = f"the original {digest[:12]} {'with' if use == HANDED[0] else 'to'} {quoted(to)}"
        raise InputError(f"no consent to {use} {told} is recorded")
    if opening is not None and os.path.lexists(opening):
        raise InputError(f"{opening.name}: is there already")
    shown = None if opening is None else originals.opening(digest)
    chain = _chains(folder)[digest]
    hands, first = hands_of(chain), chain[0].custody
    body = {
        "original": digest, "what": first.what, "event": "copied", "at": _now(folder),
        "handler": handler or (hands.holder if hands else by), "bytes": first.bytes,
        **({"to": to, "use": use} if to else {}), **({"is_salted": True} if first.is_salted else {}),
    }  # fmt: skip
    with originals.taking(digest, file) as size:  # the bytes are there and whole before the record says so
        entry = said(case, "custody", body, by, None)  # and it says so before they have a name: no copy is unknown
    if shown is not None and opening is not None:
        _write_opening(opening, shown)
    answer = {"entry": entry, "file": str(file), "original": digest, "bytes": size, "to": to}
    if as_json:
        emit({**answer, "use": use if to else "", "handler": body["handler"]})
        return
    print(f"{file}: {size} bytes. Entry {entry} says so. Destroy the file when it has served")


def _write_opening(path: Path, shown: Opening) -> None:
    import msgspec

    from truceline.store.disk import write_whole

    write_whole(path, msgspec.json.encode(shown) + b"\n", mode=0o600)


# -- consent -----------------------------------------------------------------------------------------------------------


@consent_app.command("give")
def consent_give(  # noqa: PLR0917  # the signature is the command line
    case: Case,
    about: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of reports, or hashes of originals.")],
    use: Annotated[str, typer.Option("--use", help="share, publish or refer.")],
    to: Annotated[str, typer.Option("--to", help="With whom: a party or an institution; empty = anybody.")] = "",
    until: Annotated[
        str, typer.Option("--until", help="Until when, as a time text; empty = until it is withdrawn.")
    ] = "",
    by: By = "desk",
    output: Out = None,
    as_json: Json = False,
) -> None:
    """Record that consent was given for one use."""
    _consent(case, about, use, to, until, is_given=True, by=by, output=output, as_json=as_json)


@consent_app.command("refuse")
def consent_refuse(  # noqa: PLR0917  # the signature is the command line
    case: Case,
    about: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of reports, or hashes of originals.")],
    use: Annotated[str, typer.Option("--use", help="share, publish or refer.")],
    to: Annotated[str, typer.Option("--to", help="With whom: a party or an institution; empty = anybody.")] = "",
    until: Annotated[str, typer.Option("--until", help="Until when, as a time text; empty = for good.")] = "",
    by: By = "desk",
    output: Out = None,
    as_json: Json = False,
) -> None:
    """Record that consent was refused or withdrawn for one use: obeyed by every page made from now on."""
    _consent(case, about, use, to, until, is_given=False, by=by, output=output, as_json=as_json)


@consent_app.command("show")
def consent_show(
    case: Case,
    about: Annotated[str, typer.Argument(help="Id of a report, or hash of an original; empty = all.")] = "",
    as_json: Json = False,
) -> None:
    """List what was said of consent, since when it holds, and whether it decides now."""
    from truceline.desk.charters import clock_of
    from truceline.desk.consent import consents_of
    from truceline.span import utc_text
    from truceline.store.opened import open_case

    folder = open_case(case)
    about = _whole(folder, about)
    found, now = consents_of(folder, _tz(folder)), clock_of(folder.charter())()
    since = {one.index: one.known_at for one in folder.said("consent")}
    rows = [
        {
            "entry": one.index, "since": utc_text(since[one.index]), "about": one.consent.about, "use": one.consent.use,
            "to": one.consent.to, "given": one.consent.is_given, "until": one.consent.until,
            "decides": found.deciding(one.consent.about, one.consent.use, to=one.consent.to, at=now) == one,
        }
        for one in found.spoken
        if about in ("", one.consent.about)
    ]  # fmt: skip
    if as_json:
        emit({"consents": rows})
        return
    table(
        ["entry", "since", "about", "use", "to", "", "until", "decides"],
        [
            [str(r["entry"]), r["since"], str(r["about"])[:24], r["use"], r["to"] or "anybody",
             "given" if r["given"] else "refused", r["until"] or "", "yes" if r["decides"] else "no"]
            for r in rows
        ],
    )  # fmt: skip


def _consent(
    case: str,
    about: list[str],
    use: str,
    to: str,
    until: str,
    *,
    is_given: bool,
    by: str,
    output: Path | None,
    as_json: bool,
) -> None:
    from truceline.desk.records import Draft
    from truceline.errors import InputError
    from truceline.store.opened import open_case

    folder = open_case(case)
    about = [_whole(folder, one) for one in about]
    if output is not None and len(about) > 1:
        raise InputError("`--output`: one statement is signed at a time: name one report or original")
    rest = {"use": use, "is_given": is_given, **{k: v for k, v in (("to", to), ("until", until)) if v}}
    entries = _said(case, [Draft("consent", {"about": one, **rest}, by) for one in about], output)
    answer = {
        "entries": entries, "file": None if output is None else str(output), "about": about, "use": use, "to": to,
        "until": until, "given": is_given,
    }  # fmt: skip
    if as_json:
        emit(answer)
        return
    if output is not None:
        print(f"{output}: signed, not appended; hand it over")
    done = "given" if is_given else "refused: pages and exports made from now on leave it out"
    for entry, one in zip(entries, about, strict=False):
        print(printable(f"Entry {entry}: {one[:24]}: {use} {done}"))


# -- shared ------------------------------------------------------------------------------------------------------------


def said(case: str | Path, kind: str, body: dict[str, Any], by: str, output: Path | None) -> int | None:
    """Sign a statement and append it; with an output only sign it. Its index; None when it was not appended."""
    from truceline.desk.records import Draft

    return next(iter(_said(case, [Draft(kind, body, by)], output)), None)


def _said(case: str | Path, drafts: list[Draft], output: Path | None) -> list[int]:
    from truceline.desk import records
    from truceline.store.disk import write_whole
    from truceline.store.opened import open_case

    folder = open_case(case)
    if output is not None:
        write_whole(output, records.prepare(folder, drafts[0])[0])
        return []
    return [taken.index for taken in records.append(folder, drafts)]


def _seen(folder: Opened, file: str) -> tuple[Seen, list[Link]]:
    """An original by its file or by its hash, and what the record says of it already."""
    from truceline.desk import originals

    if Path(file).is_file():
        found, chains = originals.seen(Path(file)), _chains(folder)
        for digest, chain in chains.items():
            if chain[0].custody.is_salted and originals.is_original(digest, found.sha256):
                return originals.Seen(digest, 0, ""), chain
        return found, chains.get(found.sha256, [])
    digest = _digest(folder, file)
    chain = _chains(folder)[digest]
    first = chain[0].custody
    return originals.Seen(digest, first.bytes, first.media_type), chain


def _what(media_type: str) -> str:
    return {"image": "photo", "video": "video", "audio": "audio"}.get(media_type.partition("/")[0], "document")


def _chains(folder: Opened) -> dict[str, list[Link]]:
    from truceline.desk.custody import chains_of

    return chains_of(folder, _tz(folder))


def _digest(folder: Opened, text: str) -> str:
    """The hash of the one original that a text names: whole, or by 8 first digits and more."""
    from truceline.errors import InputError, quoted

    found = _originals(folder, text)
    if len(found) != 1:
        raise InputError(f"expected a file, or the hash of one original in the record, got {quoted(text)}")
    return found[0]


def _originals(folder: Opened, text: str) -> list[str]:
    return [one for one in _chains(folder) if one == text or (len(text) >= 8 and one.startswith(text))]


def _whole(folder: Opened, text: str) -> str:
    """The whole hash of the one original that a text begins; the text itself where it is the id of a report."""
    from truceline.desk.holdings import CaseHoldings

    found = _originals(folder, text)
    return found[0] if len(found) == 1 and CaseHoldings(folder).unknown([text]) else text


def _chain(digest: str, chain: list[Link]) -> dict[str, Any]:
    from truceline.desk.custody import flaws
    from truceline.desk.originals import is_kept
    from truceline.span import utc_text

    first = chain[0].custody
    return {
        "original": digest, "what": first.what, "media_type": first.media_type, "bytes": first.bytes,
        "about": sorted({one for link in chain for one in link.custody.about}), "kept": is_kept(digest),
        "salted": first.is_salted,
        "chain": [
            {
                "entry": link.index, "by": link.by, "known_at": utc_text(link.known_at), "at": link.custody.at,
                "event": link.custody.event, "handler": link.custody.handler, "to": link.custody.to,
                "use": link.custody.use,
            }
            for link in chain
        ],
        "flaws": [{"entry": flaw.index, "kind": flaw.kind, "message": flaw.message} for flaw in flaws(chain)],
    }  # fmt: skip


def _may(folder: Opened, about: str, use: str, to: str) -> bool:
    from truceline.desk.charters import clock_of
    from truceline.desk.consent import consents_of

    return consents_of(folder, _tz(folder)).may_use(about, use, to=to, at=clock_of(folder.charter())())


def _now(folder: Opened) -> str:
    from truceline.desk.charters import clock_of
    from truceline.span import utc_text

    return utc_text(clock_of(folder.charter())())


def _tz(folder: Opened) -> str:
    from truceline.desk.records import text_of

    text = text_of(folder)
    return "UTC" if text is None else text.tz
