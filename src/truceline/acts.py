"""Which act is a kind of which? The class tree of acts: a term on a class covers its kinds.

The tree below is what every agreement starts from; the `acts` of a text are added to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from truceline.verdict import NO, UNKNOWN, YES

COMMON: Mapping[str, tuple[str, ...]] = {
    "attack": (
        "small-arms", "rocket", "mortar", "atgm", "artillery", "shelling", "air-strike", "toxic", "arson",
        "ground-attack", "shoot-down",
    ),
    "shelling": ("rocket", "mortar", "artillery"),
    "air-strike": ("barrel-bomb",),
    "gain": ("advance", "capture"),
    "fly": ("combat-flight", "transport-flight", "medevac", "humanitarian-flight", "observation-flight"),
    "presence": ("heavy-weapon", "vehicle", "armed-person"),
    "hinder": ("inspect", "unseal", "obstruct", "deny-access"),
    "supply": (), "recruit": (), "detain": (), "release": (), "inform": (), "withdraw": (), "deliver": (),
    "movement": (), "accident": (), "statement": (), "count": (), "observe": (),
    "closed": ("sexual-violence", "against-children"),
}  # fmt: skip

OF_FORCE = ("attack", "gain")
"""Acts that use force: dated in the future they are refused, there is no pre-clearance."""


CLOSED = "closed"
"""The class of acts that take the closed pathway: no table of evidence holds a report of one."""


class ActTree:
    """Classes of acts and their kinds; a kind may belong to several classes."""

    def __init__(self, classes: Mapping[str, tuple[str, ...]]) -> None:
        """Add the classes of a text to the common ones."""
        self._above: dict[str, set[str]] = {}
        self._asked: dict[tuple[str, str], int] = {}
        for tree in (COMMON, classes):
            for name, kinds in tree.items():
                self._above.setdefault(name, set())
                for kind in kinds:
                    self._above.setdefault(kind, set()).add(name)

    def __contains__(self, act: str) -> bool:
        """Whether the tree knows an act."""
        return act in self._above

    def classes(self, act: str) -> frozenset[str]:
        """The act and every class above it."""
        found: set[str] = set()
        ahead = [act]
        while ahead:
            here = ahead.pop()
            if here not in found:
                found.add(here)
                ahead.extend(self._above.get(here, ()))
        return frozenset(found)

    def kinds(self, act: str) -> frozenset[str]:
        """The act and every kind of it."""
        return frozenset(one for one in self._above if act in self.classes(one)) | {act}

    def cycle(self) -> str | None:
        """A class that is a kind of itself, if there is one."""
        return next((a for a in sorted(self._above) if any(a in self.classes(up) for up in self._above[a])), None)

    def is_kind(self, act: str, of: str) -> int:
        """Whether an act falls under a class.

        Returns:
            +1 it does, -1 it does not, 0 when a kind of the act falls under it and others need not: an *attack* may
            have been an *air-strike*.

        >>> tree = ActTree({})
        >>> tree.is_kind("mortar", "attack"), tree.is_kind("attack", "mortar"), tree.is_kind("fly", "attack")
        (1, 0, -1)
        """
        if (act, of) not in self._asked:
            self._asked[(act, of)] = self._is_kind(act, of)
        return self._asked[(act, of)]

    def _is_kind(self, act: str, of: str) -> int:
        if of in self.classes(act):
            return YES
        return UNKNOWN if any({act, of} <= self.classes(kind) for kind in self._above) else NO

    def is_force(self, act: str) -> bool:
        """Whether an act is an act of force."""
        return any(name in self.classes(act) for name in OF_FORCE)


def is_closed(acts: Iterable[str], tree: ActTree) -> bool:
    """Whether a report takes the closed pathway: one of the acts that it can mean is of that class.

    >>> tree = ActTree({})
    >>> is_closed(["sexual-violence"], tree), is_closed(["shelling"], tree), is_closed([], tree)
    (True, False, False)
    """
    return any(CLOSED in tree.classes(act) for act in acts)
