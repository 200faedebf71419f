"""Who asks, and may they? One function between every face and everything that a case holds: what is not allowed is not.

What somebody may not have and what is not there get the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from truceline.errors import AccessError
from truceline.group import may_do

REFUSED = "not for whoever asks, or not there"
"""The one sentence: it tells nobody whether something exists."""

WRONG = "these credentials are not, or no longer, good"
"""The other: what is wrong with credentials is not said."""


@dataclass(frozen=True)
class Viewer:
    """Somebody who asks something of the service.

    Attributes:
        account: id of the account; empty for the public.
        role: one of `group.ROLES`.
        party: the actor of the text for whom the account speaks; empty for none.
        fresh_until: UTC second until which a passkey that was just used counts as fresh; 0 = it does not.
        is_machine: a program that signs its requests, not a person with a passkey.
    """

    account: str = ""
    role: str = "public"
    party: str = ""
    fresh_until: int = 0
    is_machine: bool = False

    @property
    def reader(self) -> str:
        """The reader of the place ladder that this viewer is: `secretariat`, `party:ID` or `public`."""
        if self.role == "secretariat":
            return self.role
        if self.role == "party" and self.party:
            return f"party:{self.party}"
        return "party:-" if self.role == "mediator" else "public"  # a mediator sees as a party that owns nothing


PUBLIC = Viewer()


def require(viewer: Viewer, resource: str, action: str) -> None:
    """Let go on whoever may.

    Raises:
        AccessError: this role may not.

    >>> require(Viewer("ana", "secretariat"), "audit", "read")
    >>> require(PUBLIC, "audit", "read")
    Traceback (most recent call last):
    truceline.errors.AccessError: not for whoever asks, or not there
    """
    if not may_do(viewer.role, resource, action):
        raise AccessError(REFUSED)
