"""How much may one who asks ask, send and hold? So much that no one takes the service from the others.

Rates are token buckets: by account, or for the public by a hash of the address under a key that this process made and
never writes anywhere. The address itself is neither stored nor logged. How bodies are capped while they arrive:
`web.answering`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from truceline.desk.settings import Settings
from truceline.web.parts import ProblemError

MOST_KEYS = 50_000
"""Buckets that are kept; one that is full again is as good as none."""

READS = frozenset({"GET", "HEAD"})
ANY, FORMS = ("*/*",), ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True)
class Body:
    """A kind of body.

    Attributes:
        types: media types that are taken.
        most: the setting that says how many bytes.
        is_streamed: handed to the route as it arrives, once its gate let whoever asks through; others are read whole
            before the route begins.
        rate: the setting that says how slowly it may come.
        is_kept: it is in memory until it is answered; others go to the disk piece by piece.
    """

    types: tuple[str, ...]
    most: str
    is_streamed: bool = False
    rate: str = "body_rate"
    is_kept: bool = True


BODIES = {
    "json": Body(("application/json",), "most_json"),
    "form": Body(FORMS, "most_json"),
    "page": Body(FORMS[:1], "most_json"),
    "draft": Body(FORMS, "most_draft"),
    "text": Body(("application/yaml",), "most_draft"),
    "entry": Body(("application/octet-stream",), "most_entry"),
    "statement": Body(("application/octet-stream", "multipart/form-data"), "most_statement", is_streamed=True),
    "upload": Body(ANY, "most_upload", is_streamed=True, is_kept=False),
    "report": Body(FORMS, "most_report", is_streamed=True, rate="report_rate", is_kept=False),
}
"""What a route can take, by the name that its gate says."""

WORDS = Body(FORMS[:1], "most_words", rate="report_rate")
"""A report without files: it waits for no place among those that are long on their way."""


class Buckets:
    """Token buckets: so many requests a minute for each key, saved up for at most a minute.

    >>> buckets = Buckets(60, clock=lambda: 0.0)
    >>> [buckets.take(b"ana", 30), buckets.take(b"ana", 30), buckets.take(b"ana")]
    [0.0, 0.0, 1.0]
    """

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic, most_keys: int = MOST_KEYS) -> None:
        """Every bucket is full.

        Args:
            a_minute: tokens that come in a minute, and that a bucket holds.
            clock: seconds.
            most_keys: buckets that are kept.
        """
        self._most, self._rate, self._clock, self._most_keys = float(a_minute), a_minute / 60.0, clock, most_keys
        self._kept: dict[bytes, tuple[float, float]] = {}

    def take(self, key: bytes, cost: float = 1.0) -> float:
        """Take tokens.

        Returns:
            0.0 when they were there; else the seconds after which they will be, and nothing was taken.
        """
        now, cost = self._clock(), min(cost, self._most)
        left = self._left(key, now)
        if left < cost:
            return (cost - left) / self._rate
        if len(self._kept) >= self._most_keys and key not in self._kept:
            self._sweep(now)
        self._kept[key] = (left - cost, now)
        return 0.0

    def wait(self, key: bytes) -> float:
        """Seconds until a token is there; nothing is taken."""
        return max(0.0, (1.0 - self._left(key, self._clock())) / self._rate)

    def _left(self, key: bytes, now: float) -> float:
        kept = self._kept.get(key)
        return self._most if kept is None else min(self._most, kept[0] + (now - kept[1]) * self._rate)

    def _sweep(self, now: float) -> None:
        """Forget buckets that are full again; where none is, the older half: a crowd of addresses is no memory."""
        self._kept = {key: kept for key, kept in self._kept.items() if self._left(key, now) < self._most}
        if len(self._kept) >= self._most_keys:
            self._kept = dict(list(self._kept.items())[self._most_keys // 2 :])


class Rates:
    """The buckets of a service: reads and writes, of addresses and accounts; credentials and receipts that are none."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Nobody has asked anything yet."""
        self._key = secrets.token_bytes(16)
        self._address = {
            True: Buckets(settings.reads_a_minute, clock), False: Buckets(settings.writes_a_minute, clock),
        }  # fmt: skip
        self._account = {
            True: Buckets(settings.reads_account, clock), False: Buckets(settings.writes_account, clock),
        }  # fmt: skip
        self._tries = Buckets(settings.refused_a_minute, clock)
        self._receipts = Buckets(settings.refused_a_minute, clock)

    def key_of(self, client: str, purpose: str = "") -> bytes:
        """What stands for an address: a keyed hash; of IPv6 its network, which one person has.

        Args:
            client: the address.
            purpose: a bucket of its own for something that is not to be kept out by the rest, such as `health`.
        """
        try:
            address = ipaddress.ip_address(client)
            address = getattr(address, "ipv4_mapped", None) or address
            packed = address.packed[:8] if address.version == 6 else address.packed
        except ValueError:
            packed = client.encode("utf-8", "replace")
        return hashlib.blake2b(packed, digest_size=12, key=self._key, person=purpose.encode()).digest()

    def spend(self, key: bytes, account: str, method: str, cost: int = 1) -> None:
        """Count a request: against the account, or, of the public, against the address.

        Raises:
            ProblemError: 429, with the time after which it may be made.
        """
        is_read = method in READS
        wait = (
            self._account[is_read].take(account.encode(), cost) if account else self._address[is_read].take(key, cost)
        )
        if wait:
            raise too_many(wait)

    def note_try(self, key: bytes) -> None:
        """Count credentials that were not good: those that are good are never kept out by others' that are not.

        Raises:
            ProblemError: 429, too many came from this address.
        """
        wait = self._tries.take(key)
        if wait:
            raise too_many(wait)

    def check_receipts(self, key: bytes) -> None:
        """Refuse an address from which too many receipts came that are none: unlike credentials, they are short.

        Raises:
            ProblemError: 429.
        """
        wait = self._receipts.wait(key)
        if wait:
            raise too_many(wait)

    def note_receipt(self, key: bytes) -> None:
        """Count a receipt that is none."""
        self._receipts.take(key)


def too_many(wait_s: float) -> ProblemError:
    """Too many requests: when to come again."""
    return ProblemError(429, "too many requests: come again later", headers={"Retry-After": str(math.ceil(wait_s))})


# -- bodies ----------------------------------------------------------------------------------------------------------


def check_type(content_type: str, encoding: str, kind: Body) -> None:
    """Refuse a body of a type that is not taken.

    Args:
        content_type: the header.
        encoding: the header Content-Encoding.
        kind: what is taken.

    Raises:
        ProblemError: 415.
    """
    if encoding.strip().lower() not in ("", "identity"):
        raise ProblemError(415, "expected a body that is not compressed", headers={"Accept-Encoding": "identity"})
    media, _, rest = content_type.partition(";")
    media = media.strip().lower()
    if media not in kind.types and kind.types != ANY:
        raise ProblemError(415, f"expected a body of type {' or '.join(kind.types)}")
    for one in rest.split(";"):
        name, _, value = one.partition("=")
        is_text = name.strip().lower() == "charset"
        if is_text and value.strip().strip('"').lower() not in ("utf-8", "utf8", "us-ascii") and kind.types != ANY:
            raise ProblemError(415, "expected a body in UTF-8")
