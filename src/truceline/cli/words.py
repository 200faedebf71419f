"""`truceline statements` and `truceline timeline`: what was said, what was done, what came of words, and who was first.

Words are no evidence, and no answer rests on them. Whoever reads a table here sees every side at the same size.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from truceline import LAW
from truceline.cli.show import Json, What, emit, printable, table, told

Evidence = Annotated[list[Path] | None, typer.Argument(help="With an agreement: files of evidence and signed acts.")]
Files = Annotated[list[Path] | None, typer.Option("--file", help="With an agreement: more files of claims; repeat.")]
Since = Annotated[str, typer.Option("--from", help="Only what can have been from this moment on.")]
Until = Annotated[
    str, typer.Option("--until", help="Only what can have been before this moment; a day is meant whole.")
]
KnownAt = Annotated[
    str, typer.Option("--known-at", help="As known at a time (RFC 3339), or at `#index` of the case.")
]  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(statements)
    app.command()(timeline)


# -- statements --------------------------------------------------------------------------------------------------------


def statements(  # noqa: PLR0917  # the signature is the command line
    what: What,
    evidence: Evidence = None,
    file: Files = None,
    since: Since = "",
    until: Until = "",
    of: Annotated[str, typer.Option("--of", help="Only what was said for this actor, or means its acts.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Only claims of this kind, such as `commitment`.")] = "",
    door: Annotated[str, typer.Option("--door", help="`statements`, `reports` or `record`: how a claim came.")] = "",
    log: Annotated[bool, typer.Option("--log", help="The log of dealings, with the age of requests.")] = False,
    at: Annotated[str, typer.Option("--at", help="With `--log`: the moment up to which ages run.")] = "",
    followed: Annotated[bool, typer.Option("--followed", help="What came of commitments: later acts.")] = False,
    known_at: KnownAt = "",
    as_json: Json = False,
) -> None:
    """Show who said what, when, in which words, who else says so, and what came of it; words are no evidence."""
    from truceline.desk.acts_told import followed_shown
    from truceline.desk.statements_told import Asking, check_asking, claims_shown, log_shown
    from truceline.desk.words_asked import opened, worded
    from truceline.errors import InputError
    from truceline.span import parse_instant

    if log and followed:
        raise InputError("`--log` and `--followed` are two questions: ask one of them")
    asking = Asking(since, until, of, kind, door)
    if followed:
        with told(as_json) as tell:
            found = opened(what, evidence or [], further=file or [], known_at=known_at, tell=tell)
        check_asking(asking, found.words)
        answer = followed_shown(found.words, found.judged, asking=asking)
    else:
        words = worded(what, evidence or [], further=file or [], known_at=known_at)
        check_asking(asking, words)
        now = parse_instant(at, words.tz) if at else _last(words)
        answer = log_shown(words, now, asking=asking) if log else claims_shown(words, asking=asking)
    if as_json:
        emit(answer)
        return
    (_show_log if log else _show_followed if followed else _show_claims)(answer)


def _last(words: Any) -> int:  # noqa: ANN401  # `Words`
    """The last second of which a claim tells: a record of the past is looked at from its end."""
    ends = [when.until for one in words.claims for when in (one.said, one.reported) if when.until is not None]
    return int(max(ends, default=0))


def _show_claims(answer: dict[str, Any]) -> None:
    rows = [
        [
            one["id"], _when(one["said"]), _speaker(one), one["kind"], _quoted(one),
            "; ".join(f"{s['says']}: {s['publisher']}" for s in one["seconds"]) or "-", one["status"] or "-",
            ", ".join(one["flags"]) or "-",
        ]
        for one in answer["claims"]
    ]  # fmt: skip
    table(["claim", "said", "by", "kind", "words", "second source", "status", "flags"], rows)
    for one in answer["claims"]:
        if one["reused"]:
            used = one["reused"]
            print(f"{one['id']}: said by {used['said'][:10]}, carried again from {used['reported'][:10]} on: "
                  f"{used['least_days']} days later")  # fmt: skip
        for count in one["ledgers"]:
            _show_count(one["id"], count)
    for bad in answer["rejected"]:
        print(f"rejected: {printable(bad['file'])}:{bad['line']}: {bad['field']}: {printable(bad['reason'])}")
    doors = ", ".join(f"{number} by {name}" for name, number in answer["doors"].items())
    print(f"\n{len(answer['claims'])} claims ({doors or 'none'}), {answer['flagged']} flagged, "
          f"{len(answer['rejected'])} rejected")  # fmt: skip
    _end(answer)


def _show_count(key: str, count: dict[str, Any]) -> None:
    if count["check"] == "mismatch":
        print(f"{key}: {printable(count['issuer'])} counts {count['count']}, its parts come to {count['parts_sum']}")
    for other in count["differs_from"]:
        if other["is_same_period"]:
            print(f"{key}: {printable(count['issuer'])} counts {count['count']} {count['unit']}, "
                  f"{printable(other['issuer'])} {other['count']} {other['unit']} over the same time")  # fmt: skip


def _show_log(answer: dict[str, Any]) -> None:
    rows = []
    for one in answer["log"]:
        state = one["answered"]
        age = "-" if state is None else _age(state)
        rows.append([one["id"], _when(one["said"]), _speaker(one), one["kind"],
                     _quoted(one), age])  # fmt: skip
    table(["claim", "said", "by", "kind", "words", "waits"], rows)
    if answer["more"]:
        print(f"and {answer['more']} more")
    print(f"\nas of {answer['at']}; an answer that this case does not hold may have been given")
    _end(answer)


def _age(state: dict[str, Any]) -> str:
    low, high = state["least_days"], state["most_days"]
    days = "age unknown" if low is None else f"{low} days" if low == high else f"{low} to {high} days"
    if state["state"] == "answered":
        return f"answered by {state['by']} ({state['how']}) after {days}"
    if state["by"]:
        return f"perhaps answered by {state['by']}, {days}"
    return f"unanswered, {days}"


def _show_followed(answer: dict[str, Any]) -> None:
    rows = []
    for one in answer["followed"]:
        acts = "; ".join(_act(act) for act in one["acts"]) or "no later act is reported"
        rows.append([one["claim"]["id"], _when(one["claim"]["said"]), _speaker(one["claim"]),
                     _quoted(one["claim"]), one["verdict"],
                     ", ".join(one["reasons"]) or "-", acts])  # fmt: skip
    table(["claim", "said", "by", "words", "came of it", "why not decided", "later acts"], rows)
    print("\nA report that would break a commitment breaks no term by that, and silence keeps nothing.")
    _end(answer)


def _act(act: dict[str, Any]) -> str:
    sure = "" if act["value"] == 1 else "possibly "
    return f"{act['id'] or act['what']} of {act['from'][:10]} {sure}{act['does']} it ({act['why']})"


# -- timeline ----------------------------------------------------------------------------------------------------------


def timeline(  # noqa: PLR0917  # the signature is the command line
    what: What,
    evidence: Evidence = None,
    file: Files = None,
    since: Since = "",
    until: Until = "",
    of: Annotated[list[str] | None, typer.Option("--of", help="An actor of the agreement; repeat for more.")] = None,
    first: Annotated[bool, typer.Option("--first", help="Who was first, and the end as each side states it.")] = False,
    term: Annotated[str, typer.Option("--term", help="With `--first`: of this term; else of any.")] = "",
    supply: Annotated[
        bool,
        typer.Option("--indicators", help="Supply, borders, rearming, front line, areas: before and after a start."),
    ] = False,
    start: Annotated[str, typer.Option("--start", help="With `--indicators`: the moment.")] = "",
    days: Annotated[int, typer.Option("--days", help="With `--indicators`: so many before and after.")] = 28,
    known_at: KnownAt = "",
    as_json: Json = False,
) -> None:
    """Set each actor's words above its acts, on one scale; or say who was first, or what moved behind a truce."""
    from truceline.desk import acts_told
    from truceline.desk.first_told import AskedFirst, who_first_shown
    from truceline.desk.words_asked import areas_of, opened, watched
    from truceline.errors import InputError
    from truceline.span import parse_instant

    if first and supply:
        raise InputError("`--first` and `--indicators` are two questions: ask one of them")
    with told(as_json) as tell:
        found = opened(what, evidence or [], further=file or [], known_at=known_at, tell=tell)
    sides = tuple(of or ())
    if first:
        answer = who_first_shown(found.judged, found.words, AskedFirst(since, until, sides, term))
    elif supply:
        asked = acts_told.AskedIndicators(start, days, sides)
        at = acts_told.start_of(found.judged.assessed.law.standing)
        at = parse_instant(start, found.words.tz) if start else at
        seen = None if at is None or not 1 <= days <= acts_told.MOST_DAYS else watched(found, at, days)
        answer = acts_told.indicators_shown(found.words, found.judged, asked, coverage=seen)
        answer["areas"] = areas_of(what, parse_instant(answer["start"], "UTC"), days, known_at)
    else:
        asked_for = acts_told.AskedTimeline(since, until, sides)
        answer = acts_told.timeline_shown(found.words, found.judged, asked_for)
    if as_json:
        emit(answer)
        return
    (_show_first if first else _show_indicators if supply else _show_timeline)(answer)


def _show_timeline(answer: dict[str, Any]) -> None:
    for one in answer["actors"]:
        print(f"\n{printable(one['names'].get('en', one['actor']))} ({one['actor']})")
        rows = [["words", _when(said["said"]), said["id"], said["kind"],
                 _quoted(said)] for said in one["words"]]  # fmt: skip
        rows += [["signed", act["at"][:16], act["id"], act["act"], act["of"] or "-"] for act in one["signed"]]
        rows += [["act", _span(act), act["id"], ", ".join(act["acts"]) or act["text"] or "-", _covered(act)]
                 for act in one["acts"]]  # fmt: skip
        table(["", "when", "", "what", ""], sorted(rows, key=lambda row: (row[1], row[0], row[2])))
    print(f"\nfrom {answer['from']} until {answer['until']} ({answer['tz']}), one scale for all")
    _end(answer)


def _covered(act: dict[str, Any]) -> str:
    whose = "" if act["is_actor"] == 1 else "possibly its act; "
    word = {1: "covered", 0: "cannot be decided", -1: "not covered by a term"}[act["covered"]]
    return f"{whose}{word}" + ("" if act["covered"] != 1 or act["supported"] == 1 else ", not supported")


def _show_first(answer: dict[str, Any]) -> None:
    print(f"From {answer['from'] or 'the beginning'} until {answer['until'] or 'the end'}")
    for one in answer["answers"]:
        rows = [
            [
                side["side"], side["told"], side["earliest"] or "-", side["latest"] or "perhaps never",
                ", ".join(side["reasons"]) or "-", ", ".join(side["rests_on"]) or "-",
            ]
            for side in one["sides"]
        ]  # fmt: skip
        print(f"\n{COLUMNS[one['column']]}: {SOMEONE[one['someone']]}")
        table(["side", "first", "its first not before", "not after", "why not decided", "rests on"], rows)
        for side in one["sides"]:
            print(f"  {side['side']}: {explained(side)}")
    print("\nThe end, as each states it")
    table(["by", "when", "it rests on"], [
        [", ".join(end["by"]) or end["name"] or "the text", end["at"]["from"],
         end["claim"]["id"] if end["claim"] else f"{end['basis']} of {end['term']}"] for end in answer["ends"]
    ])  # fmt: skip
    print("\nWho was first excuses nobody. A statement ends nothing: only a signed act does.")
    _end(answer)


COLUMNS = {
    "alleged": "If everything that is said is taken at its word",
    "reported": "If the reports are true: what a term covers",
    "breach": "What a term covers and enough sources support",
}
SOMEONE = {1: "somebody surely", 0: "perhaps nobody", -1: "nobody"}


def explained(side: dict[str, Any]) -> str:
    """The answer of one side as a sentence, with what is not known."""
    from truceline.verdict import Reason

    if side["value"] == 1:
        return f"surely first: by {side['latest']} at the latest, before any other can have been"
    if side["value"] == -1:
        return "nothing is told of it" if side["earliest"] is None else "not first: another surely was before it"
    why = "; ".join(Reason(word).meaning for word in side["reasons"])
    return f"possibly, which cannot be decided: {why}"


def _show_indicators(answer: dict[str, Any]) -> None:
    print(f"{answer['label']}: {answer['days']} days before and after {answer['start']}\n")
    table(["what", "of", "before", "after"], [
        [one["topic"], one["side"] or "anybody", _band(one["before"]), _band(one["after"])]
        for one in answer["indicators"]
    ])  # fmt: skip
    table(["report", "when", "what", "by", "border", "third state"], [
        [one["id"], _span(one), one["topic"], one["by"] or "-", one["segment"] or "-",
         "-" if one["state"] is None else f"{one['state']}: {one['bound'] or 'bound'}"] for one in answer["told"]
    ])  # fmt: skip
    if answer["areas"] is not None:
        table(["area of", "said by", "cells before", "cells after"], [
            [one["group"], one["by"], _moved(one["before"]), _moved(one["after"])] for one in answer["areas"]["groups"]
        ])  # fmt: skip
    for name in ("before", "after"):
        seen = answer["watched"][name]
        share = "nobody is recorded to have watched" if not seen["watched"] else (
            f"{100 * seen['watched'] // max(seen['whole'], 1)} % watched")  # fmt: skip
        print(f"{name}: {share}, of {seen['days']} days")
    print("Fewer reports where nobody looked are no fewer acts.")
    _end(answer)


def _moved(one: dict[str, Any]) -> str:
    said = f"said in {one['stated']} of {one['rounds']} weeks"
    return f"not known; {said}" if one["gained"] is None else f"{one['gained']} came, {one['lost']} left; {said}"


def _band(pair: list[int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]} to {pair[1]}"


# -- words of a table --------------------------------------------------------------------------------------------------


def _when(when: dict[str, Any]) -> str:
    return printable(when["text"] or "-")


def _span(one: dict[str, Any]) -> str:
    first, last = one["from"][:16], one["until"][:16]
    return first if first == last else f"{first} to {last}"


def _speaker(one: dict[str, Any]) -> str:
    who = one["speaker"]
    return printable(who["name"] + (f", {who['office']}" if who["office"] else "")) or "nobody named"


def _quoted(one: dict[str, Any]) -> str:
    """What a claim says, as somebody's words; of a report what it tells of them."""
    if one["words_withheld"]:
        return "not shown"
    words = printable(one["words"] or "")
    return words if one["door"] == "reports" else f"“{words}”"


def _end(answer: dict[str, Any]) -> None:
    print(f"{answer['evidence']}\n{LAW}")
