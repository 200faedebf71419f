"""Commands of a sealed exchange: open, commit, reveal, release, close; what stands against a step; show and verify.

Keys, lists and salts stay on the machine of whoever they belong to: what is handed in is signed and sealed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from truceline.cli.send import Key, Out, Receipt, Where, handed_in, venue
from truceline.cli.show import Json, emit, printable, say, table

if TYPE_CHECKING:
    from truceline.desk.exchanging import Seen
    from truceline.desk.records import Draft, Place
    from truceline.desk.venue import Venue
    from truceline.exchange.sealed import Exchange

exchange_app = typer.Typer(
    help="Exchange two sealed lists of cells: neither side is ever first. "
    "International humanitarian law applies whatever a list says.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Of = Annotated[int, typer.Argument(metavar="EXCHANGE", help="Index of the entry that opened it.")]
By = Annotated[str, typer.Option("--by", help="Who takes the step, with a key of this machine.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(exchange_app, name="exchange")


@exchange_app.command("open")
def exchange_open(  # noqa: PLR0917  # the signature is the command line
    where: Where,
    sides: Annotated[list[str], typer.Option("--side", help="A side whose list is exchanged; twice.")],
    guarantors: Annotated[list[str], typer.Option("--guarantor", help="Who holds a share of both keys; repeat.")],
    threshold: Annotated[int, typer.Option("--threshold", help="So many guarantors together open both lists.")],
    commit_by: Annotated[str, typer.Option("--commit-by", help="Last second for commitments, a time text.")],
    reveal_by: Annotated[str, typer.Option("--reveal-by", help="Last second for handing over the sealed lists.")],
    release_by: Annotated[str, typer.Option("--release-by", help="Last second for the guarantors.")],
    by: By,
    slots: Annotated[int, typer.Option("--slots", help="Places of each list: 256, 1024 or 2000.")] = 1_024,
    about: Annotated[str, typer.Option("--about", help="Whose areas the lists are to hold; empty = nobody's.")] = "",
    output: Out = None,
    receipt: Receipt = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Open an exchange: who, by whom it is opened, how long. A side that signs it is bound by it."""

    def draft(opened: Venue, _: Seen, __: Place) -> Draft:
        from truceline.desk.exchanging import step_draft
        from truceline.exchange.sealed import OPEN, Step, check_step
        from truceline.span import parse_instant

        tz = opened.text().tz
        times = [parse_instant(text, tz) for text in (commit_by, reveal_by, release_by)]
        said = Step(
            OPEN, about=about, commit_by=times[0], reveal_by=times[1], release_by=times[2], slots=slots,
            guarantors=tuple(guarantors), sides=tuple(sides), threshold=threshold,
        )  # fmt: skip
        check_step(said)
        return step_draft(said, by)

    _step(where, key, by, draft, output=output, receipt=receipt, as_json=as_json)


@exchange_app.command("commit")
def exchange_commit(  # noqa: PLR0917  # the signature is the command line
    where: Where,
    of: Of,
    by: By,
    cells: Annotated[
        Path | None, typer.Option("--cells", help="File of H3 cells of resolution 5 or coarser, one in a line.")
    ] = None,
    is_empty: Annotated[bool, typer.Option("--empty", help="The list is empty: that is a list too.")] = False,
    is_anew: Annotated[
        bool, typer.Option("--anew", help="In place of a list that was fixed here and never handed in.")
    ] = False,
    output: Out = None,
    receipt: Receipt = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Fix a list of cells by a salted commitment; it stays on this machine, and is padded to the common length."""
    from truceline.desk.exchanging import commit, parsed_cells
    from truceline.errors import InputError

    if (cells is None) != is_empty:
        raise InputError("expected either `--cells` or `--empty`")

    def draft(_: Venue, now: Seen, __: Place) -> Draft:
        from truceline.desk import read_bytes

        found = () if cells is None else parsed_cells(read_bytes(cells, 1 << 20), cells.name)
        return commit(now, of, by, found, is_anew=is_anew)[0]

    _step(where, key, by, draft, output=output, receipt=receipt, as_json=as_json)


def _revealed(now: Seen, place: Place, of: int, by: str, _: Venue) -> Draft:
    from truceline.desk.exchanging import reveal

    return reveal(now, of, by, place)


def _released(now: Seen, _: Place, of: int, by: str, __: Venue) -> Draft:
    from truceline.desk.exchanging import release

    return release(now, of, by)


def _refused(_: Seen, __: Place, of: int, by: str, ___: Venue) -> Draft:
    from truceline.desk.exchanging import refuse

    return refuse(of, by)


def _closed(now: Seen, place: Place, of: int, by: str, opened: Venue) -> Draft:
    from truceline.desk.exchanging import close

    return close(opened, now, of, place, by)


def _challenged(now: Seen, _: Place, of: int, by: str, __: Venue) -> Draft:
    from truceline.desk.exchanging import challenge

    return challenge(now, of, by)


PLAIN: Mapping[str, tuple[Callable[[Seen, Place, int, str, Venue], Draft], str]] = {
    "reveal": (_revealed, (
        "Hand over the list that was fixed: sealed for both sides, under a key that only the guarantors together have."
    )),
    "release": (_released, (
        "As a guarantor, give the shares of both lists in one statement: there is no step that opens one of them."
    )),
    "refuse": (_refused, (
        "Say that what was sealed for you is not what its mark says; `exchange verify` tells whether it is."
    )),
    "close": (_closed, (
        "End a window that is over, by a checkpoint that the witnesses date now: who is missing is in default."
    )),
    "challenge": (_challenged, (
        "Show that the opened list of the other side is not what it committed to, by the key of its content."
    )),
}  # fmt: skip
"""Steps that ask for nothing but the exchange and who takes them: what makes the draft, and what its help says."""


def _add_plain(name: str) -> None:
    """Add the command of such a step."""
    make, text = PLAIN[name]

    def step(  # noqa: PLR0917  # the signature is the command line
        where: Where, of: Of, by: By, output: Out = None, receipt: Receipt = None, key: Key = None,
        as_json: Json = False,
    ) -> None:  # fmt: skip
        """Take it."""
        _step(
            where, key, by, lambda opened, now, place: make(now, place, of, by, opened), output=output,
            receipt=receipt, as_json=as_json, is_sealing=name == "reveal",
        )  # fmt: skip

    exchange_app.command(name, help=text)(step)


for _name in PLAIN:
    _add_plain(_name)


@exchange_app.command("deny")
def exchange_deny(  # noqa: PLR0917  # the signature is the command line
    where: Where,
    of: Of,
    entry: Annotated[int, typer.Option("--entry", help="Entry that you did not make.")],
    by: By,
    output: Out = None,
    receipt: Receipt = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Deny that a step under your name is yours; the record answers by the key that signed it."""

    def draft(_: Venue, __: Seen, ___: Place) -> Draft:
        from truceline.desk.exchanging import deny

        return deny(of, by, entry)

    _step(where, key, by, draft, output=output, receipt=receipt, as_json=as_json)


def _step(
    where: str,
    key: Path | None,
    by: str,
    draft: Callable[[Venue, Seen, Place], Draft],
    *,
    output: Path | None,
    receipt: Path | None,
    as_json: bool,
    is_sealing: bool = False,
) -> None:
    """Sign a step here, and hand it in or write it to a file."""
    from truceline.cli.record import write_signed
    from truceline.desk.exchanging import seen

    with venue(where, key) as opened:
        place = opened.place(by, is_sealing=is_sealing)
        data, beside = place.signed(draft(opened, seen(opened), place))
        if output is not None:
            write_signed(output, data, beside, as_json)
            return
        handed_in(where, opened.submit(data, beside), receipt, as_json)


# -- looking -----------------------------------------------------------------------------------------------------------


@exchange_app.command("show")
def exchange_show(  # noqa: PLR0917  # the signature is the command line
    where: Where,
    of: Annotated[int | None, typer.Argument(metavar="EXCHANGE", help="One exchange; none = a list of all.")] = None,
    reader: Annotated[str, typer.Option("--open-as", help="Open both lists with this side's reading key.")] = "",
    proposal: Annotated[
        Path | None, typer.Option("--proposal", help="With --open-as: write your cells as a `map-proposal` to sign.")
    ] = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """List the exchanges of a record and what is due; or show one, with both lists for a side, once they are opened."""
    from truceline.desk.exchanging import lists, seen
    from truceline.errors import InputError

    if (reader or proposal) and (of is None or not reader):
        raise InputError("`--open-as`, `--proposal`: expected the index of one exchange, and the side that reads")
    with venue(where, key) as opened:
        now = seen(opened)
        if of is None:
            _show_all([_row(one, reader, now.second) for _, one in sorted(now.course.all.items())], as_json)
            return
        row, found = _row(now.one(of), reader, now.second), lists(now, of, reader) if reader else {}
    if proposal is not None:
        _propose(found.get(reader, ""), proposal)
    row["lists"] = {side: list(one) for side, one in found.items() if not isinstance(one, str)}
    row["flaws"] = {side: one for side, one in found.items() if isinstance(one, str)}
    emit(row) if as_json else _print_one(row)


def _row(one: Exchange, party: str, now: int) -> dict[str, Any]:
    from truceline.desk.sealed import exchange_shown

    return exchange_shown(one, party, now)


def _propose(cells: tuple[str, ...] | str, path: Path) -> None:
    import msgspec

    from truceline.errors import VerificationError
    from truceline.store.disk import write_whole

    if isinstance(cells, str):
        raise VerificationError(cells)
    write_whole(path, msgspec.json.encode({"cells": cells}) + b"\n", mode=0o600)


def _show_all(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        emit({"exchanges": rows})
        return
    table(
        ["exchange", "state", "since", "sides", "guarantors", "until", "waits for", "faults"],
        [
            [
                str(row["exchange"]), row["state"], row["since"], ", ".join(s["party"] for s in row["sides"]),
                f"{row['threshold']} of {len(row['guarantors'])}", row["until"] or "", ", ".join(row["missing"]),
                ", ".join(f"{f['party']}: {f['what']}" for f in row["faults"]),
            ]
            for row in rows
        ],
    )  # fmt: skip


def _print_one(row: dict[str, Any]) -> None:
    from truceline import LAW

    print(f"Exchange {row['exchange']}: {row['state']} since {row['since']}, by entry {row['step']}")
    for side in row["sides"]:
        print(printable(f"  {side['party']}: committed {_at(side['committed'])}, handed over {_at(side['revealed'])}"))
    for one in row["guarantors"]:
        print(printable(f"  {one['party']}: released {_at(one['released'])}"))
    if row["missing"]:
        print(printable(f"Waits for {', '.join(row['missing'])} until {row['until']}"))
    for fault in row["faults"]:
        print(printable(f"{fault['what'].upper()}: {fault['party']}, entry {fault['entry']}"))
    for side, cells in row["lists"].items():
        print(printable(f"{side}: {len(cells)} cells: {', '.join(cells) or 'none'}"))
    for side, why in row["flaws"].items():
        print(printable(f"{side}: DOES NOT HOLD: {why}"))
    say(False, f"\n{LAW}")


def _at(index: int | None) -> str:
    return "not" if index is None else f"by entry {index}"


@exchange_app.command("verify")
def exchange_verify(
    where: Where,
    of: Of,
    reader: Annotated[str, typer.Option("--open-as", help="Try what was sealed for this party, before it is opened.")],
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Try what was sealed for a side or a guarantor, and both lists once they are opened; exit code 6 = not."""
    from truceline.desk.exchanging import checked, lists, seen
    from truceline.errors import VerificationError

    with venue(where, key) as opened:
        now = seen(opened)
        one, found = now.one(of), checked(now, of, reader)
        if reader in one.sides and len(one.releases) >= one.said.threshold:
            found |= {side: got if isinstance(got, str) else "" for side, got in lists(now, of, reader).items()}
        ignored = {str(index): why for index, why in sorted(now.course.ignored.items())}
    answer = {
        "exchange": of, "state": one.state, "party": reader, "holds": not any(found.values()),
        "lists": [{"side": side, "flaw": found.get(side), "is_handed_over": side in found} for side in one.sides],
        "without_effect": ignored,
    }  # fmt: skip
    if as_json:
        emit(answer)
    else:
        for side in one.sides:
            what = "not handed over" if side not in found else found[side] or "holds"
            print(printable(f"{side}: {what}"))
        for index, why in ignored.items():
            print(printable(f"WITHOUT EFFECT: entry {index}: {why}"))
    if any(found.values()):
        raise typer.Exit(VerificationError.exit_code)


@exchange_app.command("forget")
def exchange_forget(where: Where, by: By, key: Key = None, as_json: Json = False) -> None:
    """Destroy what this machine holds of your lists in exchanges that are opened or have ended."""
    from truceline.desk.exchanging import forget_ended, seen

    with venue(where, key) as opened:
        gone = forget_ended(seen(opened), by)
    emit({"party": by, "exchanges": gone}) if as_json else print(
        f"destroyed: {', '.join(map(str, gone))}" if gone else "nothing of an exchange that has ended lies here"
    )
