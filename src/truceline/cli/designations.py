"""Commands on who was called what, and who held which text, at a moment."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from truceline import LAW
from truceline.cli.show import Json, What, emit, printable, table

At = Annotated[str, typer.Option("--at", help="The moment that is asked for; of a day its first second.")]
KnownAt = Annotated[str, typer.Option("--known-at", help="As known at a time (RFC 3339), or at `#index` of the case.")]


def add_to(app: typer.Typer) -> None:
    """Add `designations` to the program."""
    app.command("designations")(designations)


def add_held_to(agreement_app: typer.Typer) -> None:
    """Add `held` to the commands on an agreement."""
    agreement_app.command("held")(held)


def designations(what: What, at: At, known_at: KnownAt = "", as_json: Json = False) -> None:
    """Show who was called what, and excluded or accepting by whom: by identity and by listed name."""
    from truceline.agreement.designations import MEANING
    from truceline.desk.designations import designations_answer

    answer = designations_answer(what, at, known_at)
    if as_json:
        emit(answer)
        return
    shown = [one for one in answer["actors"] if one["names"] or one["renames"] or one["changes"] or one["listings"]]
    head = ["actor", "called", "designation", "excluded", "by name", "bound", "by name", "accepted, says"]
    table(head, [_row(one) for one in shown])
    reasons = {r for one in shown for a in one["readings"].values() for answer in a.values() for r in answer["reasons"]}
    if reasons:
        print(f"0: cannot be decided: {', '.join(sorted(reasons))}")
    for state, meaning in MEANING.items():
        if any(one["state"] == state for one in shown):
            print(f"{state}: {meaning}")
    for one in shown:
        _history(one, answer["tz"])
    others = [one for one in answer["actors"] if one not in shown]
    _show_lists(answer["lists"])
    if own := [one["actor"] for one in others if any(a["by"] is None for a in one["accepted"])]:
        print(f"\nAccepted for themselves: {', '.join(own)}")
    if rest := len([one for one in others if not one["accepted"]]):
        print(f"Of {rest} other actors nothing is recorded at this time, under no name and on no list.")
    print(f"\n{LAW}")


def _row(one: dict[str, Any]) -> list[str]:
    names, listed = one["names"], one["readings"]
    values = [_value(listed[reading][status]) for status in ("excluded", "bound") for reading in ("identity", "name")]
    says = ", ".join(dict.fromkeys(a["by"] or "itself" for a in one["accepted"]))
    called = "; ".join(n["name"] for n in names if not n["alias"])
    return [one["actor"], called, one["state"], *values, says]


def _value(answer: dict[str, Any]) -> str:
    return {1: "yes", -1: "no"}.get(answer["value"], "0")


def _history(one: dict[str, Any], tz: str) -> None:
    """What became of an actor, who lists it, and what the text leaves open about it."""
    aliases = ", ".join(n["name"] for n in one["names"] if n["alias"])
    lines = [f"also called {aliases}"] if aliases else []
    lines += [f"{_day(r['at'], tz)}: {r['before']} becomes {r['after']}{_cited(r)}" for r in one["renames"]]
    for change in one["changes"]:
        into = ", ".join(change["into"])
        lines.append(f"{_day(change['at'], tz)}: {change['of']} {change['what']} into {into}{_cited(change)}")
    for x in one["listings"]:
        named = f" as {x['listed_as']}" if x["listed_as"] else ""
        span = f", from {_day(x['from'], tz)}" if x["from"] else ""
        span += f", until {_day(x['until'], tz)}" if x["until"] else ""
        over = "" if x["in_force"] else "no longer "
        lines.append(f"{over}called excluded by {x['by'] or 'the text'}{named}{span}{_cited(x)}")
    lines += [f"question: {question}" for question in one["questions"]]
    print(f"\n{printable(one['actor'])}")
    for line in lines:
        print(printable(f"  {line}"))


def _day(second: str | None, tz: str) -> str:
    """The civil day of a second, on the clock of the agreement."""
    from truceline.span import civil_day, parse_instant

    return "at a time that is not stated" if second is None else str(civil_day(parse_instant(second, tz), tz))


def _cited(one: dict[str, Any]) -> str:
    cited = " ".join(part for part in (one["source"], f"[{one['tag']}]" if one["tag"] else "") if part)
    return f" ({cited})" if cited else ""


def _show_lists(lists: dict[str, Any]) -> None:
    """Which groups each guarantor lists as accepting: all of them, or one alone."""
    if len(lists["guarantors"]) < 2 or not any(part["actors"] for part in lists["listed"]):
        return
    print("\nAccepting groups, by whose list they are on")
    rows = []
    for part in lists["listed"]:
        by = " and ".join(part["by"])
        name = f"{by}, both" if len(part["by"]) == 2 else by if len(part["by"]) > 1 else f"only {by}"
        rows.append([name, str(len(part["actors"])), ", ".join(part["actors"])])
    table(["on the list of", "groups", "which"], rows)
    print("A group on the list of one alone is possibly bound: 0, disputed designation.")
    for guarantor, count in lists["claims"].items():
        print(printable(f"{guarantor} itself counts {count}"))


def held(what: What, at: At = "", known_at: KnownAt = "", as_json: Json = False) -> None:
    """Show which version of the text each party holds, and which it has acknowledged."""
    from truceline.agreement.held import MEANING
    from truceline.desk.designations import held_rows

    answer = held_rows(what, at, known_at)
    if as_json:
        emit(answer)
        return
    titles = {one["version"]: _title(one) for one in answer["versions"]}
    state = {(p["party"], row["version"]): row["state"] for p in answer["parties"] for row in p["holds"]}
    parties = [one["party"] for one in answer["parties"]]
    table(["text", *parties], [[titles[key], *(state[party, key] for party in parties)] for key in titles])
    for name, meaning in MEANING.items():
        if name in state.values():
            print(f"{name}: {meaning}")
    for one in answer["parties"]:
        for row in one["holds"]:
            if row["state"] in ("acknowledged", "holds"):
                since = f" from {row['since']}" if row["since"] else ""
                by = ", ".join(row["shown_by"])
                print(printable(f"  {one['party']}: {row['state']} {titles[row['version']]}{since} ({by})"))
    for key, alike in answer["differing"].items():
        print(printable(f"not acknowledged by all alike: {titles[key]}, by {', '.join(alike)}"))
    print(f"\n{LAW}")


def _title(one: dict[str, Any]) -> str:
    if one["what"] == "instrument":
        return str(one["version"])
    lang = f" in {one['lang']}" if one["lang"] else ""
    return f"{one['what']}{lang} {one['version'][:12]}"
