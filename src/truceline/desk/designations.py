"""Who was called what, and who held which text, at a moment, as known at another: the answers of two commands.

Reads an agreement or a case folder, asks `agreement.designations` and `agreement.held`, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from truceline import LAW
from truceline.agreement import designations as names
from truceline.agreement import held as texts
from truceline.agreement.history import History
from truceline.agreement.model import Agreement, SignedAct
from truceline.agreement.text import load
from truceline.desk.files import read_bytes
from truceline.desk.recorded import signed_acts
from truceline.desk.runs import agreement_row, bench_of_case, known_of
from truceline.errors import InputError
from truceline.span import FAR_AHEAD, LONG_AGO, parse_instant, utc_text
from truceline.store.case import TEXTS, Case, Said
from truceline.store.opened import is_case, open_case
from truceline.verdict import Answer


@dataclass(frozen=True)
class Source:
    """What is asked: the text, its signed acts, and the texts of the record, as known at a moment.

    Attributes:
        known_at: UTC second; None = everything that is known.
    """

    agreement: Agreement
    acts: tuple[SignedAct, ...]
    recorded: tuple[texts.Version, ...]
    known_at: int | None


def open_source(path: str | Path, known_at: str = "") -> Source:
    """Read an agreement, or a case folder as its record was.

    Args:
        path: a case (folder, or URL of its database), or the YAML file of an agreement.
        known_at: a time text or `#index` of the record; empty = everything that is known.

    Raises:
        InputError: neither of the two, or a time as known for a file that has no record.
    """
    if is_case(path):
        return source_of_case(open_case(path), known_at)
    if known_at:
        raise InputError("`--known-at` needs a case folder: an agreement alone has no record")
    file = Path(path)
    return Source(load(read_bytes(file), file.name), (), (), None)


def source_of_case(case: Case, known_at: str = "") -> Source:
    """A case folder as its record was."""
    known, upto = known_of(case, known_at, bench_of_case(case).agreement.tz)
    agreement = bench_of_case(case, (), upto).agreement
    return Source(agreement, acts_of_case(case, agreement.tz, upto), recorded_texts(case, upto), known)


def acts_of_case(case: Case, tz: str, upto: int) -> tuple[SignedAct, ...]:
    """The signed acts among the first `upto` entries: of files that were added, and of parties on the record."""
    return tuple(act for one in signed_acts(case, tz, upto) for act in one.acts)


def recorded_texts(case: Case, upto: int) -> tuple[texts.Version, ...]:
    """The texts and wordings among the first `upto` entries, in their order."""
    entries = [said for kind in (*TEXTS, "wording") for said in case.said(kind, upto)]
    return tuple(_version(case, said) for said in sorted(entries, key=lambda said: said.index))


def _version(case: Case, said: Said) -> texts.Version:
    body, one = said.statement.body, said.statement
    blob = next((blob.sha256 for blob in one.blobs if blob.name == body["file"]), "")
    signers = tuple(case.signers(said))
    if one.type == "wording":
        return texts.Version(
            blob, one.type, body["file"], body["lang"], of=body["of"], open_from=said.known_at, signers=signers
        )
    return texts.Version(
        body["canonical_sha256"], one.type, body["file"], of=body.get("replaces", ""), open_from=said.known_at,
        signers=signers, also=(blob,) if blob else (),
    )  # fmt: skip


# -- designations ------------------------------------------------------------------------------------------------------


def designations_answer(path: str | Path, at: str, known_at: str = "") -> dict[str, Any]:
    """The answer of `truceline designations --json`; its schema is in `docs/reference/json`.

    Args:
        path: a case (folder, or URL of its database), or an agreement.
        at: a time text; its first second is meant.
        known_at: a time text or `#index` of the record; empty = everything that is known.
    """
    source = open_source(path, known_at)
    agreement = source.agreement
    second = parse_instant(at, agreement.tz)
    history = History(agreement, source.acts)
    lists = names.lists_of(agreement, second)
    return {
        "agreement": agreement_row(agreement),
        "tz": agreement.tz,
        "at": utc_text(second),
        "known_at": None if source.known_at is None else utc_text(source.known_at),
        "reading": agreement.readings["designation"],
        "actors": [designation_row(one) for one in names.designations(history, second, source.known_at)],
        "lists": lists_row(lists),
        "law": LAW,
    }


def lists_row(lists: names.Lists) -> dict[str, Any]:
    """On whose lists of accepting groups each group stands, as plain values."""
    return {
        "guarantors": list(lists.guarantors), "claims": dict(lists.claims),
        "listed": [{"by": list(by), "actors": list(actors)} for by, actors in lists.parts.items()],
    }  # fmt: skip


def designation_row(one: names.Designation) -> dict[str, Any]:
    """One actor at one moment, as plain values."""
    return {
        "actor": one.actor, "kind": one.kind, "side": one.side or None, "state": one.state,
        "recorded": one.is_recorded,
        "names": [
            {"name": n.text, "alias": n.is_alias, **_window(n.start, n.end), **_cited(n.source, n.tag)}
            for n in one.names
        ],
        "renames": [
            {"before": r.before, "after": r.after, "at": _second(r.at), **_cited(r.source, r.tag)} for r in one.renames
        ],
        "changes": [
            {"what": c.what, "of": c.of, "into": list(c.into), "at": _second(c.at), **_cited(c.source, c.tag)}
            for c in one.changes
        ],
        "listings": [
            {
                "by": x.issuer or None, "of": x.of, "listed_as": x.name or None, "in_force": x.is_in_force,
                **_window(x.start, x.end), **_cited(x.source, x.tag),
            }
            for x in one.listings
        ],
        "accepted": [
            {"by": a.by or None, "of": a.of, "from": _second(a.start), **_cited(a.source, a.tag)} for a in one.accepted
        ],
        "readings": {
            reading: {status: _answer_row(answer) for status, answer in answers.items()}
            for reading, answers in one.answers.items()
        },
        "questions": list(one.questions),
    }  # fmt: skip


def _answer_row(answer: Answer) -> dict[str, Any]:
    return {"value": answer.value, "reasons": [reason.value for reason in answer.reasons]}


def _window(start: int, end: int) -> dict[str, str | None]:
    return {"from": _second(start), "until": _second(end)}


def _second(second: int) -> str | None:
    """A second as text; None where no beginning or no end is stated."""
    return utc_text(second) if LONG_AGO < second < FAR_AHEAD else None


def _cited(source: str, tag: str) -> dict[str, str | None]:
    return {"source": source or None, "tag": tag or None}


# -- held texts --------------------------------------------------------------------------------------------------------


def held_rows(path: str | Path, at: str = "", known_at: str = "") -> dict[str, Any]:
    """The answer of `truceline agreement held --json`; its schema is in `docs/reference/json`.

    Args:
        path: a case (folder, or URL of its database), or an agreement.
        at: a time text; empty = after all that is known.
        known_at: a time text or `#index` of the record; empty = everything that is known.
    """
    source = open_source(path, known_at)
    agreement = source.agreement
    second = parse_instant(at, agreement.tz) if at else FAR_AHEAD - 1
    recorded = tuple(one for one in source.recorded if one.open_from is None or one.open_from <= second)
    versions, rows = texts.held(agreement, source.acts, recorded, second)
    return {
        "agreement": agreement_row(agreement),
        "at": _second(second) if at else None,
        "known_at": None if source.known_at is None else utc_text(source.known_at),
        "in_force": agreement.canonical_hash,
        **version_rows(versions, rows),
        "differing": {key: list(parties) for key, parties in texts.differing(rows).items()},
        "law": LAW,
    }


def version_rows(versions: Iterable[texts.Version], rows: Iterable[texts.Held]) -> dict[str, Any]:
    """The versions of a text, and what each party holds of them, as plain values."""
    return {"versions": [_version_row(one) for one in versions], "parties": _party_rows(rows)}


def _version_row(one: texts.Version) -> dict[str, Any]:
    return {
        "version": one.key, "what": one.what, "title": one.title or None, "lang": one.lang or None,
        "of": one.of or None, "open_from": None if one.open_from is None else _second(one.open_from),
    }  # fmt: skip


def _party_rows(rows: Iterable[texts.Held]) -> list[dict[str, Any]]:
    """Each party with its rows, in the order of the text."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        since = None if row.since is None else _second(row.since)
        found.setdefault(row.party, []).append(
            {"version": row.version.key, "state": row.state, "since": since, "shown_by": list(row.shown_by)}
        )
    return [{"party": party, "holds": held} for party, held in found.items()]
