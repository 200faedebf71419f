"""What does a drafter ask before signing? Paths in; what is wrong with a text, what changed, what each side gets.

Nothing here is written to a case or a record: whoever computes a balance keeps it to himself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from truceline import LAW
from truceline.agreement import lint
from truceline.agreement.balance import AREAS, MEASURES, Account, Balance, balance
from truceline.agreement.diff import Diff, diff
from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.agreement.wording import Wording
from truceline.assess import gaps
from truceline.assess.place import Placed
from truceline.desk.checking import Checked, came_of, finding_rows, kinds_of
from truceline.desk.files import Bench, Tell, beside, open_agreement, read_bytes, read_evidence
from truceline.errors import InputError, quoted
from truceline.report.balance import Told, render_page, render_svg
from truceline.report.language import LANGUAGES
from truceline.store.case import AGREEMENT, Case
from truceline.store.disk import write_whole
from truceline.store.opened import is_case, named, open_case

PICTURES = (".svg", ".html", ".png")
PRIVATE = "Private to whoever computes it: written to no case and to no record. Counts only: no weight, no score."


@dataclass(frozen=True)
class Draft:
    """A text and the shapes of its zones.

    Attributes:
        name: as the user gave it.
    """

    name: str
    agreement: Agreement
    placed: Placed

    def km2(self, zones: Sequence[str]) -> int | None:
        """Area of the union of some zones in whole square kilometres; None where a part has no known shape."""
        return gaps.km2(self.placed, tuple(zones))


def check(path: Path, evidence: Sequence[Path] = (), areas: Sequence[Path] = (), tell: Tell | None = None) -> Checked:
    """Check a text: faults are raised all at once, findings come back.

    Args:
        path: the YAML file.
        evidence: files of evidence, or case folders, for what no evidence could decide.
        areas: further files of areas.
        tell: told what is being done.

    Raises:
        AgreementError: the text has faults.
    """
    data = read_bytes(path)
    agreement = load(data, path.name)
    missing = [file for file in agreement.areas if beside(path, file) is None]
    if missing:
        said = f"the areas {', '.join(missing)} are not beside the text: nothing is said about shapes"
        found = lint.ordered(lint.findings(agreement, lint.word_lines(data, path.name)))
        return Checked(replace(agreement, warnings=(*agreement.warnings, said)), tuple(found))
    bench = open_agreement(path, areas)
    say = tell or (lambda _what, _done, _all: None)
    tables: list[pa.Table] = []
    for i, file in enumerate(evidence):
        say(f"reading {file.name}", i, len(evidence))
        tables += _of_case(file) if file.is_dir() else [read_evidence(file, bench).table]
    say("looking at zones", len(evidence), len(evidence) + 1)
    found = lint.findings(agreement, lint.word_lines(data, path.name))
    found += gaps.findings(agreement, Placed(agreement.zones, bench.atlas), came_of(bench, tables))
    return Checked(agreement, tuple(lint.ordered(found)))


def draft_of(text: str, areas: Sequence[Path] = ()) -> Draft:
    """Open a text for comparing: a file, or `CASE#INDEX` for the text in force after an entry of a record.

    Raises:
        InputError: there is no such file or entry.
    """
    folder, mark, index = text.rpartition("#")
    if not mark or not is_case(folder):
        if is_case(text):
            raise InputError(f"{quoted(named(text))} is a case: expected the text of an agreement, or `CASE#0`")
        bench = open_agreement(Path(text), areas)
    else:
        bench = _of_entry(open_case(folder), index, areas)
    return Draft(text, bench.agreement, Placed(bench.agreement.zones, bench.atlas))


def _of_entry(case: Case, index: str, areas: Sequence[Path]) -> Bench:
    from truceline.desk.runs import bench_of_case  # noqa: PLC0415  # runs are not needed for files alone

    entries = case.entries()
    if not (index.isascii() and index.isdecimal()) or int(index) >= len(entries):
        raise InputError(f"expected an entry `#0` to `#{len(entries) - 1}` of the record, got {quoted('#' + index)}")
    first = next((said.index for said in case.said(AGREEMENT)), 0)
    return bench_of_case(case, areas, max(int(index), first) + 1)


def _of_case(folder: Path) -> list[pa.Table]:
    return [table for _, table in open_case(folder).tables()]


def compare(old: str, new: str, areas: Sequence[Path] = (), lang: str = "") -> tuple[Draft, Draft, Diff]:
    """Compare two texts, each a file or `CASE#INDEX`."""
    a, b = draft_of(old, areas), draft_of(new, areas)
    return a, b, diff(a.agreement, b.agreement, sizes=(a.km2, b.km2), lang=lang)


# -- balances --------------------------------------------------------------------------------------------------------


def balance_of(draft: Draft) -> Balance:
    """What each side gives, gets and risks under a text."""
    return balance(draft.agreement, draft.km2)


def check_picture(path: Path, lang: str) -> None:
    """Refuse a picture that could not be written.

    Raises:
        InputError: no such language, no such kind of picture, or no browser to paint it.
    """
    from truceline.desk.pages import browser  # noqa: PLC0415  # pages are heavy, and most commands draw nothing

    if lang not in LANGUAGES:
        raise InputError(f"`--lang`: expected one of {', '.join(LANGUAGES)}, got {quoted(lang)}")
    kind = path.suffix.lower()
    if kind not in PICTURES:
        raise InputError(f"`--picture`: expected a name that ends in .svg, .html or .png, got {quoted(path.name)}")
    if kind == ".png" and browser() is None:
        raise InputError(
            "`--picture`: Chromium paints a PNG and is not here: expected a name that ends in .svg or .html, "
            f"got {quoted(path.name)}"
        )


def write_balance(draft: Draft, made: Balance, path: Path, lang: str) -> int:
    """Write the picture of a balance, whole or not at all; gives its size in bytes.

    Args:
        draft: the text.
        made: its balance.
        path: an `.svg`, an `.html` with the table below, or a `.png` painted by the browser of the system.
        lang: `en`, `ar` or `ru`.
    """
    from truceline.desk.pages import painted  # noqa: PLC0415  # see above

    check_picture(path, lang)
    text = draft.agreement
    told = Told(text.title, {p.id: p.names for p in text.parties.values()}, made, text.canonical_hash)
    kind = path.suffix.lower()
    drawn = render_svg(told, lang) if kind == ".svg" else render_page(told, lang)
    data = painted(drawn) if kind == ".png" else drawn.encode()
    write_whole(path, data)
    return len(data)


# -- answers ---------------------------------------------------------------------------------------------------------


def check_answer(path: Path, checked: Checked) -> dict[str, Any]:
    """The answer of `agreement check --json` for a text without faults."""
    text = checked.agreement
    return {
        "file": str(path), "ok": True, "faults": [], "warnings": checked.warnings, "id": text.id,
        "findings": finding_rows(checked),
        "terms": kinds_of(text), "text_sha256": text.text_hash, "canonical_sha256": text.canonical_hash,
    }  # fmt: skip


def diff_answer(a: Draft, b: Draft, found: Diff) -> dict[str, Any]:
    """The answer of `agreement diff --json`."""
    return {
        "old": _text_row(a), "new": _text_row(b), "same": found.is_empty,
        "words": [
            {
                "term": w.id, "lang": w.lang, "lines": _lines(w.lines), "old": w.was, "new": w.now,
                "pieces": [{"how": p.how, "text": p.text} for p in w.pieces],
            }
            for w in found.words
        ],
        "parts": [
            {
                "part": p.part, "id": p.id, "how": p.how, "lines": _lines(p.lines),
                "fields": [{"field": f.field, "old": f.was, "new": f.now} for f in p.fields],
            }
            for p in found.parts
        ],
        "consequences": [
            {"kind": c.kind, "about": c.about, "lines": _lines(c.lines), "message": c.message}
            for c in found.consequences
        ],
    }  # fmt: skip


def _lines(lines: tuple[int, int]) -> dict[str, int]:
    return {"old": lines[0], "new": lines[1]}


def _text_row(draft: Draft) -> dict[str, str]:
    text = draft.agreement
    return {
        "file": draft.name, "id": text.id, "text_sha256": text.text_hash, "canonical_sha256": text.canonical_hash,
    }  # fmt: skip


def text_answer(path: Path, agreement: Agreement, made: Wording) -> dict[str, Any]:
    """The answer of `agreement text --json`."""
    return {
        "file": str(path), "id": agreement.id, "lang": made.lang, "title": made.title, "text": made.text,
        "sha256": made.sha256, "bytes": len(made.data), "missing": list(made.missing),
        "clauses": [
            {
                "id": c.id, "kind": c.kind, "line": c.line, "lang": c.lang or None, "text": c.text or None,
                "withheld": c.is_withheld, "source": c.source or None, "tag": c.tag or None,
                "versions": [{"name": v[0], "source": v[1] or None, "text": v[2] or None} for v in c.versions],
            }
            for c in made.clauses
        ],
    }  # fmt: skip


def balance_answer(draft: Draft, made: Balance) -> dict[str, Any]:
    """The answer of `balance --json`."""
    text = draft.agreement
    return {
        "agreement": _text_row(draft),
        "sides": _account_rows(text, made.sides), "others": _account_rows(text, made.others),
        "symmetric": list(made.symmetric), "one_sided": list(made.one_sided), "civilian": list(made.civilian),
        "left_out": list(made.left_out),
        "waits": [{"who": e.waits, "for": e.for_, "via": e.via, "terms": list(e.terms)} for e in made.edges],
        "note": PRIVATE, "law": LAW,
    }  # fmt: skip


def _account_rows(text: Agreement, accounts: Sequence[Account]) -> list[dict[str, Any]]:
    """Accounts in the order of their names."""
    return sorted((_account_row(text, one) for one in accounts), key=lambda row: (row["name"].casefold(), row["id"]))


def _account_row(text: Agreement, account: Account) -> dict[str, Any]:
    measures = {
        m: {"count": account.count(m), "terms": list(getattr(account, m))} for group in MEASURES.values() for m in group
    }
    zones = {"bound_zones": list(account.bound_zones), "protected_zones": list(account.protected_zones)}
    party = text.parties[account.id]
    return {
        "id": account.id, "kind": party.kind, "name": party.names.get("en") or account.id, **measures, **zones,
        **{area: getattr(account, area) for area in AREAS}, "unmeasured": list(account.unmeasured),
    }  # fmt: skip
