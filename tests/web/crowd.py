"""A crowd: many who read and many who submit at once, over a few bytes of HTTP, so that the one who asks costs little.

people = crowd(folder, 80)             a case with 80 parties, each with keys of this machine
asyncio.run(submit_all(...))           each submits its statements in its own order, one after the other
asyncio.run(read_all(...))             each asks for one path after the other
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.evidence.bench import NOW, SHIPPED
from truceline import desk
from truceline.agreement.text import load
from truceline.desk import keyring, records
from truceline.desk.charters import new_charter
from truceline.record.entry import SCHEMA, Cited, SigningKey, Statement, sign, written
from truceline.record.tree import leaf_hash
from truceline.store.case import Case

AGREEMENT = SHIPPED / "agreement.yaml"


@dataclass
class Member:
    """One party that submits.

    Attributes:
        party: its id.
        key: by which it signs.
        origin: of the log.
        under: hash of the text in force.
        sequence: of its next statement; `previous`: leaf hash of its last one.
    """

    party: str
    key: SigningKey
    origin: str
    under: str
    sequence: int = 0
    previous: str = ""

    def says(self, text: str) -> bytes:
        """Its next statement: an allegation, signed."""
        body = {"text": text, "day": "2016-03-01"}
        one = Statement(
            (), body, self.party, Cited(), None, self.origin, self.previous, SCHEMA, None, self.sequence, "allegation",
            self.under,
        )  # fmt: skip
        data = sign(written(one), [self.key])
        self.sequence, self.previous = self.sequence + 1, leaf_hash(data).hex()
        return data


def actors(n: int) -> list[str]:
    """So many actors of the shipped text."""
    found = sorted(load(AGREEMENT.read_bytes(), AGREEMENT.name).parties)
    assert len(found) >= n, "the shipped text has fewer actors"
    return found[:n]


def crowd(where: Path | str, n: int) -> tuple[Case, list[Member]]:
    """A case that one party founded and where `n` have keys, and these parties."""
    first, *others = actors(n)
    case = desk.init_case(where, AGREEMENT, new_charter("crowd", parties=[keyring.key_set(first)]), known_at=NOW)
    for party in others:
        _, data = records.change_keys(case, party, is_kept_back=True)
        assert isinstance(data, bytes)
        records.submit(case, records.cosign_entry(case, data, first), {})
    return case, members(case)


def members(case: Case) -> list[Member]:
    """The parties of a case whose keys this machine holds, each where its sequence stands."""
    register, info = case.register(), case.info
    assert register.log is not None
    found = []
    for party, kept in sorted(register.sets.items()):
        if party == "desk":
            continue
        public = next(key.public for key in kept.keys if key.use == "sign")
        held = keyring.find("sign", public, party, is_demo=False)
        line = register.lines.get(party)
        at = (line.next, line.previous) if line else (0, "")
        found.append(Member(party, SigningKey.of_seed(held.secret), register.log.name, info.canonical, *at))
    return found


# -- HTTP --------------------------------------------------------------------------------------------------------------


@dataclass
class Answers:
    """What came back.

    Attributes:
        seconds: how long each took.
        statuses: how often each status came; 0 = the connection broke.
        receipts: bodies of the answers with status 201.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    receipts: list[dict[str, object]] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """So long at most took such a share of them."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Wire:
    """One kept-alive connection."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        """To an address; nothing is connected yet."""
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 80
        self._extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._pair: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, bytes]:
        """Ask once, over a new connection if the old one is gone; status 0 = it broke."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n{self._extra}"
        if body:
            head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        try:
            if self._pair is None:
                self._pair = await asyncio.open_connection(self.host, self.port)
            reader, writer = self._pair
            writer.write(head.encode() + b"\r\n" + body)
            await writer.drain()
            return await _answer(reader)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            await self.close()
            return 0, b""

    async def close(self) -> None:
        """Hang up."""
        if self._pair is not None:
            self._pair[1].close()
            self._pair = None


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status = int(head.split(" ", 2)[1])
    names = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    if "content-length" in names:
        return status, await reader.readexactly(int(names["content-length"]))
    body = b""
    while "chunked" in names.get("transfer-encoding", ""):
        size = int((await reader.readuntil(b"\r\n")).strip(), 16)
        body += await reader.readexactly(size)
        await reader.readexactly(2)
        if not size:
            break
    return status, body


async def submit_all(
    url: str, people: Sequence[Member], *, rate: float, seconds: float, path: str,
    headers: Mapping[str, Mapping[str, str]] | None = None, give_up_s: float = 60,
) -> Answers:  # fmt: skip
    """Let everybody submit, together so many a second, for so long; one that is not answered with 201 is sent again.

    Args:
        url: of the service.
        people: who submit, each one statement after the other.
        rate: statements a second of all together.
        seconds: for so long.
        path: where statements are posted.
        headers: for each party, what its requests carry.
        give_up_s: a statement that is not taken within so many seconds is an error of the test.
    """
    found = Answers()
    began, every = time.monotonic(), len(people) / rate
    await asyncio.gather(*(
        _submits(url, one, (began + i * every / len(people), every, began + seconds), path,
                 (headers or {}).get(one.party, {}), found, give_up_s)
        for i, one in enumerate(people)
    ))  # fmt: skip
    return found


async def _submits(  # noqa: PLR0917  # one loop with all it needs
    url: str, one: Member, times: tuple[float, float, float], path: str, headers: Mapping[str, str], found: Answers,
    give_up_s: float,
) -> None:  # fmt: skip
    at, every, end = times
    wire = Wire(url, headers)
    while at < end:
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        data = one.says(f"shelling, as told at {at:.3f}")
        asked = time.monotonic()
        while True:
            status, body = await wire.ask("POST", path, data, "application/octet-stream")
            found.statuses[status] = found.statuses.get(status, 0) + 1
            if status in (200, 201):
                break
            assert time.monotonic() - asked < give_up_s, (status, body[:300])
            await asyncio.sleep(0.1)
        found.seconds.append(time.monotonic() - asked)
        found.receipts.append(json.loads(body))
        at = max(at + every, time.monotonic() - 2 * every)
    await wire.close()


async def read_all(
    url: str, paths: Iterator[str], *, readers: int, seconds: float, headers: Mapping[str, str] | None = None
) -> Answers:
    """Let so many read at once, each one path after the other, for so long."""
    found = Answers()
    end = time.monotonic() + seconds

    async def reads() -> None:
        wire = Wire(url, headers)
        while time.monotonic() < end:
            asked = time.monotonic()
            status, _ = await wire.ask("GET", next(paths))
            found.seconds.append(time.monotonic() - asked)
            found.statuses[status] = found.statuses.get(status, 0) + 1
        await wire.close()

    await asyncio.gather(*(reads() for _ in range(readers)))
    return found
