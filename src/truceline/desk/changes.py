"""What differs between two releases of one data set? Opens both, and asks `evidence.changes`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from truceline import LAW, __version__
from truceline.desk.files import Tell, file_hash
from truceline.desk.reading import Wanted, bench_by, read_one
from truceline.errors import Fault, InputError, quoted
from truceline.evidence import ucdp
from truceline.evidence.changes import KINDS, compare
from truceline.evidence.reading import Read
from truceline.span import FAR_AHEAD, LONG_AGO, parse_instant


def changes_between(
    old: Path, new: Path, wanted: Wanted, *, since: str = "", until: str = "", tell: Tell | None = None
) -> dict[str, Any]:
    """Compare two releases.

    Args:
        old: the earlier one.
        new: the later one.
        wanted: how both are read.
        since: only rows that start from this moment on, in either release; a time text, empty = no bound.
        until: only rows that start before this moment, in either release.
        tell: told `(what, done, all)` as the files are read.

    Returns:
        The answer of `truceline changes --json`: every row by name.

    Raises:
        InputError: a file is refused, the files are of different data sets, or a bound makes no sense.
    """
    bench = bench_by(wanted.agreement)
    tz = bench.agreement.tz
    first = parse_instant(since, tz) if since else LONG_AGO
    last = parse_instant(until, tz) if until else FAR_AHEAD
    if last <= first:
        raise InputError(f"`--until` is not after `--from`: {quoted(until)} <= {quoted(since)}")
    (kind, before), (new_kind, after) = (read_one(path, bench, wanted, tell) for path in (old, new))
    _check_same_source(before, after, new)
    more = (_more(old), _more(new)) if kind == new_kind == "ucdp" else None
    found = compare(before, after, tz, first, last, more=more, silent=ucdp.TEXTS)
    changed = {what: sum(what in row["what"] for row in found.changed) for what in KINDS}
    return {
        "truceline": __version__, "tz": tz, "from": since or None, "until": until or None,
        "old": _release(old, kind, before), "new": _release(new, new_kind, after),
        "counts": {
            "vanished": len(found.vanished), "appeared": len(found.appeared), "refused": len(found.refused),
            "changed": len(found.changed), **changed, "same": found.same,
        },
        "farthest_km": max((row["km"] for row in found.changed if row["km"] is not None), default=None),
        "years": list(found.years), "fields": list(found.fields),
        **{name: list(getattr(found, name)) for name in ("vanished", "appeared", "refused", "changed")},
        "warnings": list(bench.warnings), "law": LAW,
    }  # fmt: skip


def _more(path: Path) -> pa.Table:
    """Columns of a release that no observation has."""
    with path.open("rb") as file:
        return ucdp.more_of(file, path.name)


def _release(path: Path, kind: str, read: Read) -> Mapping[str, Any]:
    versions = pc.unique(read.table.column("source_version")).to_pylist()
    return {
        "file": path.name, "kind": kind, "sha256": file_hash(path), "rows": read.table.num_rows,
        "rejected": read.rejected.num_rows, "versions": sorted(one for one in versions if one),
    }  # fmt: skip


def _check_same_source(old: Read, new: Read, path: Path) -> None:
    """Two data sets have no ids in common; comparing them would say that everything vanished."""
    ours, theirs = (sorted(pc.unique(read.table.column("source")).to_pylist()) for read in (old, new))
    if ours and theirs and not set(ours) & set(theirs):
        told = f"expected a release of {', '.join(ours)}, got one of {', '.join(theirs)}"
        raise InputError(Fault(told, str(path)))
