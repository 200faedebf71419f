"""Which signed acts does the record of a case hold? Of files that were added, and of statements of parties.

A finding, an allegation and an answer are statements of their own; for whoever asks what stands, each is a signed act
too, known by the index of its entry: `entry-12`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from truceline.agreement.history import read_act
from truceline.agreement.model import SignedAct
from truceline.canon import sha256
from truceline.span import utc_text
from truceline.store.case import Case, Said

SPOKEN = ("act", "finding", "allegation", "answer")
"""Types of statements that are signed acts."""


@dataclass(frozen=True)
class Signed:
    """Signed acts of one entry.

    Attributes:
        index: of the entry.
        name: the file that was added, or which entry it is.
        sha256: hash of its bytes.
    """

    index: int
    name: str
    sha256: str
    acts: tuple[SignedAct, ...]


def signed_acts(case: Case, tz: str, upto: int | None = None) -> list[Signed]:
    """The signed acts among the first `upto` entries, in their order; None = all."""
    end = len(case.entries()) if upto is None else upto
    return sorted((one for one in _all(case, tz) if one.index < end), key=lambda one: one.index)


def _all(case: Case, tz: str) -> Iterator[Signed]:
    for addition, data in case.bytes_of("acts"):
        lines = [msgspec.json.decode(line) for line in data.splitlines() if line.strip()]
        # What a folder knows is known from its import on, whatever a file says of itself.
        acts = [replace(read_act(one, tz, addition.known_at), known_at=addition.known_at) for one in lines]
        yield Signed(addition.sequence, addition.file, addition.sha256, tuple(acts))
    for kind in SPOKEN:
        for said in case.said(kind):
            fields = {"id": f"entry-{said.index}", "by": case.signers(said), **_fields(said)}
            act = read_act(fields, tz, said.known_at)
            yield Signed(said.index, f"entry {said.index}", sha256(said.entry.data), (act,))


def _fields(said: Said) -> dict[str, Any]:
    """A statement as the fields of a signed act."""
    body, kind, now = said.statement.body, said.statement.type, utc_text(said.known_at)
    if kind == "finding":
        found = {
            "act": "finding", "at": body.get("at") or now, "holds": body["holds"], "body": body["body"],
            "term": body.get("term", ""), "against": body.get("against", ""), "standard": body["standard"],
            "about": [f"entry-{index}" for index in body["about"]], "of": body.get("of", ""),
            "dissent": [one["by"] for one in body.get("dissent", ())],
        }  # fmt: skip
        return found | {key: body[name] for key, name in (("start", "since"), ("until", "until")) if body.get(name)}
    if kind == "allegation":
        terms = list(body.get("terms", ()))
        first = terms[0] if terms else ""
        return {"act": "allege", "at": now, "term": first, "about": terms, "against": body.get("against", "")}
    if kind == "answer":
        return {"act": "reply", "at": now, "about": [f"entry-{body['to']}"]}
    return dict(body)
