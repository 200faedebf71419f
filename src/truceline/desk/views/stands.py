"""What of the texts do readers get beside their bytes? The terms as data, who holds which text, its languages.

The agreement is open to everybody; an act of the record is named only to those who may read its entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from truceline.agreement import held as holding
from truceline.agreement.diff import pieces
from truceline.agreement.model import Agreement, Selector, SignedAct, Term
from truceline.agreement.text import load
from truceline.agreement.wording import Wording, languages, wording
from truceline.desk.designations import recorded_texts, version_rows
from truceline.desk.entries import Shelf
from truceline.desk.recorded import signed_acts
from truceline.desk.snapshots import Snapshot
from truceline.desk.viewers import Viewer
from truceline.desk.views.texts import text_file
from truceline.span import FAR_AHEAD, parse_instant, utc_text
from truceline.store.case import Case, Said

_HEAD = re.compile(r"\S")


# -- the terms as data -------------------------------------------------------------------------------------------------


def terms_rows(snapshot: Snapshot, case: Case, stood: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every term as data, with its lines of the text, and whether it is in force.

    Args:
        snapshot: of which state.
        case: for the bytes of the text.
        stood: term to what `stand` says.
    """
    text = snapshot.agreement
    lines = text_lines(text_file(case, snapshot.size), text)
    excused = _excused(text)
    return [
        {
            "id": one.id, "kind": one.kind, "line": one.line, "lines": lines.get(one.id), "who": _whom(one.who),
            "to": _whom(one.to), "does": list(one.does), "where": list(one.where), "at": one.at,
            "instrument": one.instrument or None, "source": one.source or None, "tag": one.tag or None,
            "withheld": one.is_withheld, "protective": one.is_protective, "text": dict(one.text),
            "versions": [dict(version) for version in one.versions], "body": _machine(one),
            "exceptions": excused.get(one.id, []), "stands": dict(stood[one.id]),
        }
        for one in text.terms.values()
    ]  # fmt: skip


def instrument_rows(text: Agreement) -> list[dict[str, Any]]:
    """The documents of the bundle."""
    return [
        {
            "id": one.id, "title": one.title, "adopted": one.is_adopted, "from": one.begins, "until": one.ends,
            "published": None if one.published is None else utc_text(one.published), "source": one.source or None,
        }
        for one in text.instruments.values()
    ]  # fmt: skip


def text_files(snapshot: Snapshot, case: Case) -> tuple[str, dict[str, bytes]]:
    """The name of the text in force, and its files by name, as they were published with it."""
    return str(case.text(snapshot.size).body["file"]), case.agreement_files(snapshot.size)


def _machine(one: Term) -> dict[str, Any]:
    """The fields of a term without its words."""
    return {key: value for key, value in one.body.items() if key not in ("id", "kind", "text", "versions", "line")}


def _whom(one: Selector | None) -> dict[str, Any] | None:
    return None if one is None else {"ids": list(one.ids), "status": one.status or None}


def _excused(text: Agreement) -> dict[str, list[str]]:
    """Terms to those that are an exception to them, or take one back."""
    found: dict[str, list[str]] = {}
    for one in text.terms.values():
        for other in (*one.except_, *one.overrides):
            found.setdefault(other, []).append(one.id)
    return found


def text_lines(data: bytes, text: Agreement) -> dict[str, str]:
    """The lines of each term as they stand in the file; of the wording before an amendment there are none here.

    Args:
        data: the bytes of the text.
        text: as it was read from them.
    """
    lines = data.decode().splitlines()
    known = sorted((one.line, one.id) for one in text.terms.values() if one.before is None and one.line > 0)
    found = {}
    for (line, key), (following, _) in zip(known, [*known[1:], (len(lines) + 1, "")], strict=True):
        end = next((n for n in range(line, following - 1) if _ends(lines[n], lines[line - 1])), following - 1)
        part = lines[line - 1 : end]
        while part and (not part[-1].strip() or part[-1].lstrip().startswith("#")):
            part.pop()
        found[key] = "\n".join(part)
    return found


def _ends(line: str, first: str) -> bool:
    """Whether a line stands further out than the one on which a term begins: the list of terms is over."""
    if not line.strip() or line.lstrip().startswith("#"):
        return False
    return _indent(line) < _indent(first)


def _indent(line: str) -> int:
    found = _HEAD.search(line)
    return found.start() if found else 0


# -- who holds which text ----------------------------------------------------------------------------------------------


def held_rows(snapshot: Snapshot, case: Case, viewer: Viewer, at: str) -> dict[str, Any]:
    """Which text each party holds, as far as the entries that whoever asks may read show it.

    Args:
        snapshot: of which state.
        case: for the entries.
        viewer: who asks.
        at: a time text; empty = after all that is known.
    """
    text, upto = snapshot.agreement, snapshot.told.size
    second = parse_instant(at, text.tz) if at else FAR_AHEAD - 1
    shelf = Shelf(case, viewer)
    acts: list[SignedAct] = [
        act for one in signed_acts(case, text.tz, upto) if one.index in shelf for act in one.acts
    ]  # fmt: skip
    recorded = tuple(
        one for one in recorded_texts(case, upto) if one.open_from is None or one.open_from <= second
    )  # fmt: skip
    versions, rows = holding.held(text, acts, recorded, second)
    return {
        "in_force": text.canonical_hash, **version_rows(versions, rows),
        "differing": {key: list(parties) for key, parties in holding.differing(rows).items()},
    }  # fmt: skip


# -- the languages of a text -------------------------------------------------------------------------------------------


def wordings_rows(snapshot: Snapshot, case: Case) -> list[dict[str, Any]]:
    """The text in each of its languages, and the wordings of it that were signed: whether they are the same bytes.

    Of the text as it was signed: older wordings that are kept beside it after an amendment are not part of it.
    """
    name, files = text_files(snapshot, case)
    text = load(files[name], name)
    signed = [one for one in _wordings(snapshot, case) if one.statement.body["of"] == text.canonical_hash]
    langs = dict.fromkeys([*languages(text), *(one.statement.body["lang"] for one in signed)])
    found = []
    for lang in langs:
        made = wording(text, lang)
        rows = [_signed_row(case, one, made) for one in signed if one.statement.body["lang"] == lang]
        found.append({
            "lang": lang, "sha256": made.sha256, "clauses": sum(one.lang == lang for one in made.clauses),
            "elsewhere": list(made.missing), "authentic": any(one["authentic"] for one in rows), "signed": rows,
        })  # fmt: skip
    return found


def _wordings(snapshot: Snapshot, case: Case) -> list[Said]:
    return list(case.said("wording", snapshot.told.size))


def _signed_row(case: Case, one: Said, own: Wording) -> dict[str, Any]:
    """A signed wording; where it is not the text's own, in which words the two differ."""
    body, digest = one.statement.body, _digest(one)
    is_same = digest == own.sha256 or not digest
    found = () if is_same else pieces(own.text, case.store.blob(digest).decode("utf-8", "replace"))
    return {
        "entry": one.index, "at": utc_text(one.known_at), "by": sorted(case.signers(one)), "file": body["file"],
        "authentic": body["is_authentic"], "sha256": digest, "same": digest == own.sha256,
        "pieces": [{"how": piece.how, "text": piece.text} for piece in found],
    }  # fmt: skip


def _digest(one: Said) -> str:
    """The hash of the file of a wording; empty where the entry names none."""
    return next((blob.sha256 for blob in one.statement.blobs if blob.name == one.statement.body["file"]), "")
