"""A clock for tests: it stands still until a test moves it."""

from __future__ import annotations


class Clock:
    """What time it is, where somebody asks for the time.

    Attributes:
        at: the UTC second; a test sets it.
    """

    def __init__(self, at: int) -> None:
        """Begin at a second."""
        self.at = at

    def __call__(self) -> int:
        """The UTC second."""
        return self.at
