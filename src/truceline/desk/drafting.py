"""What does a drafter ask before signing? Paths in; what is wrong with a text, what changed, what each side gets.

Nothing here is written to a case or a record: whoever computes a balance keeps it to himself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from truceline.agreement import lint
from truceline.agreement.lint import Finding
from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.assess import gaps
from truceline.assess.gaps import Came
from truceline.assess.place import Placed
from truceline.desk.files import Bench, Tell, open_agreement, read_bytes, read_evidence
from truceline.errors import InputError, quoted
from truceline.store.folder import CaseFolder


@dataclass(frozen=True)
class Checked:
    """A text that was checked; its findings are for the drafter, and resolve nothing."""

    agreement: Agreement
    findings: tuple[Finding, ...]

    @property
    def warnings(self) -> list[str]:
        """Every finding in one sentence, each once; what the text itself warned of first."""
        return list(dict.fromkeys([*self.agreement.warnings, *(f.message for f in self.findings)]))


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


def came_of(bench: Bench, tables: Sequence[pa.Table]) -> Came:
    """What can come in as evidence: the acts of the aliases and of the reports, and whether one carries coverage."""
    acts = {alias.act for alias in bench.aliases.acts.values()} | {act for _, act in bench.aliases.weapons.values()}
    given = [table for table in tables if table.num_rows]
    for table in given:
        acts |= set(pc.unique(pc.list_flatten(table.column("act"))).to_pylist())
    watched = any(table.column("coverage").null_count < table.num_rows for table in given)
    return Came(frozenset(act for act in acts if act), len(given), watched)


def draft_of(text: str, areas: Sequence[Path] = ()) -> Draft:
    """Open a text for comparing: a file, or `CASE#INDEX` for the text in force after an entry of a record.

    Raises:
        InputError: there is no such file or entry.
    """
    folder, mark, index = text.rpartition("#")
    if not mark or not Path(folder).is_dir():
        if Path(text).is_dir():
            raise InputError(f"{quoted(text)} is a case folder: expected the text of an agreement, or `{text}#0`")
        bench = open_agreement(Path(text), areas)
    else:
        bench = _of_entry(CaseFolder.open(Path(folder)), index, areas)
    return Draft(text, bench.agreement, Placed(bench.agreement.zones, bench.atlas))


def _of_entry(case: CaseFolder, index: str, areas: Sequence[Path]) -> Bench:
    from truceline.desk.runs import bench_of_case  # noqa: PLC0415  # runs are not needed for files alone

    entries = case.entries()
    if not (index.isascii() and index.isdecimal()) or int(index) >= len(entries):
        raise InputError(f"expected an entry `#0` to `#{len(entries) - 1}` of the record, got {quoted('#' + index)}")
    first = next((said.index for said in entries if said.statement.type == "agreement"), 0)
    return bench_of_case(case, areas, max(int(index), first) + 1)


def _of_case(folder: Path) -> list[pa.Table]:
    return [table for _, table in CaseFolder.open(folder).tables()]
