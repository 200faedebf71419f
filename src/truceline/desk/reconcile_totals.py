"""Do published totals add up, and what did both sides count? The totals of a file, as `truceline reconcile` tells them.

It checks sums and sets totals beside one another; it judges nobody and sums no sides up.
"""

from __future__ import annotations

import io
from typing import Any

from truceline.canon import sha256
from truceline.desk.lists import LEFT_OUT, SIDES, Speakers, coarse, named, region_names
from truceline.evidence import contradictions as disagree
from truceline.evidence import ledgers
from truceline.evidence.ledgers import Total
from truceline.evidence.schema import Rejected
from truceline.span import FAR_AHEAD, LONG_AGO, civil_day

MOST_REJECTED_SHOWN = 1_000


def totals_row(
    name: str, data: bytes, speakers: Speakers, *, period: tuple[int, int], tz: str, at: int
) -> tuple[dict[str, Any], list[str]]:  # fmt: skip
    """What the published totals of a file say, whether their sums hold, what both sides counted; and warnings.

    Args:
        name: of the file.
        data: its bytes.
        speakers: who speaks for which side.
        period: UTC seconds; a total that can reach into it counts.
        tz: zone of the civil clock.
        at: UTC second at which it is read: no total is of a later day.
    """
    read, rejected = ledgers.read_totals(io.BytesIO(data), name, civil_day(at, tz))
    totals = [total for total in read if _is_within(total, period, tz)]
    sums = [(total, ledgers.sum_of(total)) for total in totals]
    sided = {side: [t for t in totals if speakers.sides(t.issuer) == (side,)] for side in SIDES}
    return {
        **input_row(name, sha256(data)), "rows": len(read), "in_period": len(totals),
        "rejected": [_rejected_row(one) for one in rejected[:MOST_REJECTED_SHOWN]], "rejected_rows": len(rejected),
        "checks": {check: sum(found.check == check for _, found in sums) for check in ledgers.CHECKS},
        "mismatches": [_total_row(t, speakers) for t, s in sums if s.check == ledgers.MISMATCH or s.inner],
        "column_differs": [_total_row(t, speakers) for t, s in sums if s.said_wrong],
        "contradictions": [
            {
                "kind": one.kind, "whole": _total_row(one.whole, speakers),
                "others": [_total_row(other, speakers) for other in one.others],
            }
            for one in disagree.contradictions(totals)
        ],
        "beside": [_beside_row(one, speakers) for one in disagree.beside(sided["a"], sided["b"])],
        "confirmed": [_total_row(total, speakers) for total in totals if total.confirmed is not None],
    }, [
        f"{n} totals of {named(one.issuer)}, {named(one.region)}, {named(one.unit)}: over {disagree.MOST_ALIKE}, "
        "so they are not searched for contradictions"
        for one, n in disagree.crowded(totals)
    ]  # fmt: skip


def _is_within(total: Total, period: tuple[int, int], tz: str) -> bool:
    """Whether a period can reach into another; one that is not stated can."""
    since, until = period
    first = total.first is None or until >= FAR_AHEAD or total.first <= civil_day(until - 1, tz)
    return first and (total.last is None or since <= LONG_AGO or total.last >= civil_day(since, tz))


def _total_row(total: Total, speakers: Speakers) -> dict[str, Any]:
    sides, share, found = speakers.sides(total.issuer), total.confirmed, ledgers.sum_of(total)
    region = named(total.region) or ""
    return {
        "line": total.line, "issuer": speakers.named(total.issuer) or named(total.issuer),
        "side": sides[0] if len(sides) == 1 else None,
        "first": None if total.first is None else str(total.first),
        "last": None if total.last is None else str(total.last),
        "region": region, "region_names": region_names(region, speakers.placer),
        "count": total.count.text or None, "unit": named(total.unit),
        "parts": [{"name": named(p.name), "count": p.count.text, "derived": p.is_derived} for p in total.parts],
        "confirmed": None if share is None else {
            "confirmed": share.confirmed, "of": share.of, "besides": named(share.besides)
        },
        "items_sum": found.parts.text or None, "check": found.check, "column": named(total.said_check),
        "column_sum": total.said_sum,
        "inner": [{"name": named(p.name), "count": p.count.text, "items_sum": n.text} for p, n in found.inner],
    }  # fmt: skip


def _beside_row(one: disagree.Beside, speakers: Speakers) -> dict[str, Any]:
    region = named(one.region) or ""
    return {
        "first": str(one.first), "last": str(one.last), "region": region,
        "region_names": region_names(region, speakers.placer),
        "a": [_total_row(total, speakers) for total in one.a], "b": [_total_row(total, speakers) for total in one.b],
    }  # fmt: skip


def _rejected_row(one: Rejected) -> dict[str, Any]:
    return {"line": one.line, "field": named(one.field), "reason": named(one.reason)}


def input_row(name: str, digest: str) -> dict[str, str]:
    """A file that was read beside the text, as it is told."""
    return {"file": coarse(name) or LEFT_OUT, "sha256": digest}
