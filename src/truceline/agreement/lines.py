"""Which value stands on which line? YAML as a tree of nodes that remember their lines, read strictly.

Plain YAML only: no anchors, aliases or tags, no duplicate keys, no second document. Dates stay text, so that no parser
decides what a date means; `on` stays a word.

Source: YAML 1.2.2, core schema, without implicit dates.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from truceline.errors import Fault, one_line, quoted

MOST_BYTES = 4 * 1024 * 1024
MOST_DEPTH = 40
_INTEGER = re.compile(r"[-+]?(0|[1-9]\d*)")
_FLOAT = re.compile(r"[-+]?\d+\.\d+([eE][-+]?\d+)?")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}

Plain = Any
"""None, bool, int, float, str, list or dict of plain values."""


@dataclass(frozen=True)
class Node:
    """A value and its line.

    Attributes:
        value: a scalar, a list of nodes, or a dict of name to node.
        line: counted from 1.
    """

    value: Any
    line: int

    @property
    def kind(self) -> str:
        """What it is, for messages."""
        return {dict: "a mapping", list: "a list", str: "text", bool: "true or false", type(None): "nothing"}.get(
            type(self.value), "a number"
        )

    def plain(self) -> Plain:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def read_lines(data: bytes, name: str, faults: list[Fault]) -> Node | None:
    """Read YAML bytes; faults are gathered, and None comes back when there is nothing to go on with.

    Args:
        data: the bytes of the file, at most 4 MiB.
        name: the file's name for messages.
        faults: every fault met is added here.
    """
    if len(data) > MOST_BYTES:
        faults.append(Fault(f"expected at most {MOST_BYTES} bytes of text, got {len(data)}", name))
        return None
    try:
        text = data.decode("utf-8")
        events = _events_of(text, name, faults)
        root = _Composed(events).get_single_node() if events else None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        faults.append(Fault("expected UTF-8 text", name, line))
        return None
    except yaml.YAMLError as error:
        faults.append(_syntax(error, text, name))
        return None
    except RecursionError:
        faults.append(Fault(f"nested deeper than {MOST_DEPTH} levels", name))
        return None
    if root is None:
        if events:
            faults.append(Fault("the file is empty", name))
        return None
    return _Reader(name, faults).node(root, 0)


class _Composed(yaml.composer.Composer, yaml.resolver.Resolver):
    """Composes nodes of events that were read already: to read a text takes far longer than all that follows."""

    def __init__(self, events: Iterable[yaml.Event]) -> None:
        yaml.composer.Composer.__init__(self)
        yaml.resolver.Resolver.__init__(self)
        self._coming = deque(events)

    def check_event(self, *kinds: type[yaml.Event]) -> bool:
        return bool(self._coming) and isinstance(self._coming[0], kinds)

    def peek_event(self) -> yaml.Event:
        return self._coming[0]

    def get_event(self) -> yaml.Event:
        return self._coming.popleft()


def _events_of(text: str, name: str, faults: list[Fault]) -> list[yaml.Event]:
    """What stands there; nothing where there is an anchor, alias or tag, each of which is a fault with its line."""
    before, depth, found = len(faults), 0, []
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        found.append(event)
        line = event.start_mark.line + 1 if event.start_mark else 0
        tag: str | None = getattr(event, "tag", None)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH:
            faults.append(Fault(f"nested deeper than {MOST_DEPTH} levels", name, line))
            return []
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            faults.append(Fault("anchors and aliases are not allowed: write the value out", name, line))
        elif tag is not None:
            faults.append(Fault(f"tags are not allowed: {quoted(tag)}", name, line))
    return found if len(faults) == before else []


class _Reader:
    def __init__(self, name: str, faults: list[Fault]) -> None:
        self.name, self.faults = name, faults

    def node(self, raw: yaml.Node, depth: int) -> Node:
        line = raw.start_mark.line + 1
        if depth > MOST_DEPTH:
            self.faults.append(Fault(f"nested deeper than {MOST_DEPTH} levels", self.name, line))
            return Node(None, line)
        if isinstance(raw, yaml.MappingNode):
            return Node(self._mapping(raw, depth), line)
        if isinstance(raw, yaml.SequenceNode):
            return Node([self.node(item, depth + 1) for item in raw.value], line)
        return Node(_scalar(raw) if isinstance(raw, yaml.ScalarNode) else None, line)

    def _mapping(self, raw: yaml.MappingNode, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key, value in raw.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self.faults.append(Fault("a key must be a plain word", self.name, line))
                continue
            if key.value in found:
                self.faults.append(Fault(f"{quoted(key.value)} stands here twice", self.name, line))
                continue
            node = self.node(value, depth + 1)
            found[key.value] = Node(node.value, line)
        return found


def _scalar(raw: yaml.ScalarNode) -> Any:  # noqa: ANN401  # any scalar
    text: str = raw.value
    if raw.style in ("'", '"', "|", ">"):
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text) and len(text) < 16:
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) and len(text) < 40 and math.isfinite(float(text)) else text


def _syntax(error: yaml.YAMLError, text: str, name: str) -> Fault:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return Fault(f"expected printable text, got the character U+{ord(text[error.position]):04X}", name, line)
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    if problem == "but found another document":
        problem = "expected a single document, got another"
    return Fault(f"not YAML: {one_line(str(problem))}", name, mark.line + 1 if mark else 0)
