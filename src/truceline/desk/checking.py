"""What will not do what its drafter means, in a text that is given as bytes? Its findings, as plain values.

Nothing is written and nothing is drawn here: a child that looks at a text of a stranger loads no more than this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from truceline.agreement import lint
from truceline.agreement.lint import Finding
from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.assess import gaps
from truceline.assess.gaps import Came
from truceline.assess.place import Placed
from truceline.desk.files import Bench, bench_of


@dataclass(frozen=True)
class Checked:
    """A text that was checked; its findings are for the drafter, and resolve nothing."""

    agreement: Agreement
    findings: tuple[Finding, ...]

    @property
    def warnings(self) -> list[str]:
        """Every finding in one sentence, each once; what the text itself warned of first."""
        return list(dict.fromkeys([*self.agreement.warnings, *(f.message for f in self.findings)]))


def check_text(data: bytes, name: str, near: Mapping[str, bytes]) -> Checked:
    """Check a text that lies in no folder: faults are raised all at once, findings come back.

    Args:
        data: its bytes.
        name: of its file, for messages.
        near: files that lie beside it, by name: its areas are looked for there, and nowhere else.

    Raises:
        AgreementError: the text has faults.
    """
    agreement = load(data, name)
    found = lint.findings(agreement, lint.word_lines(data, name))
    if missing := [file for file in agreement.areas if file not in near]:
        said = f"the areas {', '.join(missing)} are not beside the text: nothing is said about shapes"
        return Checked(replace(agreement, warnings=(*agreement.warnings, said)), tuple(lint.ordered(found)))
    bench = bench_of(name, data, near.get, {})
    found += gaps.findings(agreement, Placed(agreement.zones, bench.atlas), came_of(bench, []))
    return Checked(agreement, tuple(lint.ordered(found)))


def came_of(bench: Bench, tables: Sequence[pa.Table]) -> Came:
    """What can come in as evidence: the acts of the aliases and of the reports, and whether one carries coverage."""
    acts = {alias.act for alias in bench.aliases.acts.values()} | {act for _, act in bench.aliases.weapons.values()}
    given = [table for table in tables if table.num_rows]
    for table in given:
        acts |= set(pc.unique(pc.list_flatten(table.column("act"))).to_pylist())
    watched = any(table.column("coverage").null_count < table.num_rows for table in given)
    return Came(frozenset(act for act in acts if act), len(given), watched)


def finding_rows(checked: Checked) -> list[dict[str, Any]]:
    """What a drafter should look at, as plain values."""
    return [
        {"kind": f.kind, "line": f.line, "terms": list(f.terms), "message": f.message, "advice": f.advice}
        for f in checked.findings
    ]


def kinds_of(text: Agreement) -> dict[str, int]:
    """How many terms of each kind a text has, in the order of their first."""
    kinds: dict[str, int] = {}
    for term in text.terms.values():
        kinds[term.kind] = kinds.get(term.kind, 0) + 1
    return kinds
