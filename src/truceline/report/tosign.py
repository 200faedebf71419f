"""What does somebody sign, and how? The draft of a statement, for the browser of its party or for its command line.

The program signs nothing for anybody. A draft is what it would say, and the lines that sign and send it; in a browser
the same draft is signed with a key that never leaves it. Values only: `to-sign.html.j2` draws them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ToSign:
    """A draft to be signed elsewhere.

    Attributes:
        type: of the statement; `by`: who signs it.
        body: what it says.
        is_of_text: it speaks of the text in force.
        file: name under which the command line finds the body.
        lines: of the command line: sign, then send.
        is_demo: the key of its party is published.
    """

    type: str
    by: str
    body: Mapping[str, Any]
    is_of_text: bool
    file: str
    lines: tuple[str, ...]
    is_demo: bool = False

    @property
    def shown(self) -> str:
        """The body, as a file of JSON."""
        return json.dumps(self.body, ensure_ascii=False, indent=2, sort_keys=True)

    @property
    def given(self) -> dict[str, Any]:
        """What the script of the page reads."""
        return {
            "type": self.type, "by": self.by, "body": self.body, "isOfText": self.is_of_text, "isDemo": self.is_demo,
        }  # fmt: skip


def to_sign(
    kind: str, by: str, body: Mapping[str, Any], where: str, *, is_of_text: bool = False, is_demo: bool = False
) -> ToSign:
    """A draft of a statement of a party.

    Args:
        kind: type of the statement.
        by: who will sign.
        body: what it says.
        where: address of the service.
        is_of_text: it speaks of the text in force.
        is_demo: the key of its party is published.
    """
    lines = (
        f"truceline submit {where} --type {kind} --by {by} --body {kind}.json -o {kind}.entry",
        f"truceline send {where} {kind}.entry",
    )
    return ToSign(kind, by, body, is_of_text, f"{kind}.json", lines, is_demo)
