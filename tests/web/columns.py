"""The columns of a map, read back into rows as the list tells them."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from truceline.desk.views.columns import MAGIC, NONE
from truceline.span import FAR_AHEAD, LONG_AGO, utc_text

KINDS = {"i32": "<i4", "u32": "<u4", "u16": "<u2", "u8": "u1"}


def read(data: bytes) -> tuple[dict[str, Any], dict[str, list[int]], list[str]]:
    """The head, the columns and the ids of a file of columns."""
    assert data[:4] == MAGIC
    begin = 8 + int.from_bytes(data[4:8], "little")
    head = msgspec.json.decode(data[8:begin])
    columns = {
        one["name"]: np.frombuffer(data, KINDS[one["type"]], head["count"], begin + one["offset"]).tolist()
        for one in head["columns"]
    }
    at = head.get("ids", {"offset": 0, "length": 0})
    text = data[begin + at["offset"] : begin + at["offset"] + at["length"]].decode()
    return head, columns, text.split("\n") if text else []


def rows(data: bytes) -> list[dict[str, Any]]:
    """What the columns say of each row, in the words of the list."""
    head, columns, ids = read(data)
    found = []
    for row, key in enumerate(ids):
        values = {name: column[row] for name, column in columns.items()}
        is_placed = values["radius_m"] != NONE
        found.append({
            "id": key, "from": _time(head, values["from"], LONG_AGO), "until": _time(head, values["until"], FAR_AHEAD),
            **head["answers"][values["answer"]], "act": head["acts"][values["act"]],
            "kind": head["kinds"][values["kind"]], "actor": head["actors"][values["actor"]],
            "units": head["units"][values["unit"]], "sight": head["sights"][values["sight"]],
            "lon": values["lon_e7"] / 1e7 if is_placed else None, "lat": values["lat_e7"] / 1e7 if is_placed else None,
            "radius_m": values["radius_m"] if is_placed else None,
        })  # fmt: skip
    return found


def of_list(row: dict[str, Any]) -> dict[str, Any]:
    """The same of a row of the list."""
    place = row["place"]
    names = ("id", "from", "until", "any", "terms", "reasons", "supported", "protected", "group", "act", "kind")
    is_disc = place["radius_m"] is not None
    return {
        **{name: row[name] for name in names}, "actor": row["actor"]["ids"], "units": place["units"],
        "sight": place["sight"], "lon": place["lon"] if is_disc else None, "lat": place["lat"] if is_disc else None,
        "radius_m": place["radius_m"],
    }  # fmt: skip


def _time(head: dict[str, Any], second: int, unbounded: int) -> str:
    return utc_text(unbounded if second == NONE else head["epoch"] + second)
