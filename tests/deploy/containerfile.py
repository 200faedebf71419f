"""A Containerfile, read as far as ours goes: stages, steps, and what each says."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Stage:
    """A stage.

    Attributes:
        name: as later stages call it; empty for the last.
        image: it begins with.
        steps: instruction and what follows it, in order.
    """

    name: str
    image: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, what: str) -> list[str]:
        """What every step of a kind says."""
        return [said for kind, said in self.steps if kind == what]

    def last(self, what: str) -> str:
        """What the last step of a kind says."""
        return self.all(what)[-1]

    @property
    def environment(self) -> dict[str, str]:
        """What it sets for what runs in it."""
        return dict(one.split("=", 1) for said in self.all("ENV") for one in said.split())

    def command(self, what: str) -> list[str]:
        """A command in its JSON form."""
        found: list[str] = json.loads(self.last(what))
        return found


def read(path: Path) -> list[Stage]:
    """The stages of a file."""
    text = re.sub(r"\\\n\s*", "", path.read_text(encoding="utf-8"))
    stages: list[Stage] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        kind, said = line.split(None, 1)
        if kind == "FROM":
            image, _, name = said.partition(" AS ")
            stages.append(Stage(name, image))
        else:
            stages[-1].steps.append((kind, said))
    return stages
