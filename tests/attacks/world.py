"""What the attacks share: a case that can be copied and spoiled, a clock that stops a hang, and what `verify` says."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.evidence.bench import NOW, SHIPPED, ged, lines
from truceline import desk
from truceline.desk import keyring, records
from truceline.desk.charters import keys_of, new_charter
from truceline.desk.records import Draft
from truceline.desk.statements import checker
from truceline.desk.verifying import answer_of, verify_folder
from truceline.record.audit import Trust
from truceline.record.log import Log
from truceline.store.folder import CaseFolder

AGREEMENT = SHIPPED / "agreement.yaml"
PARTIES = ("us", "ru", "hnc")
Answer = TypeVar("Answer")


def within(seconds: float, ask: Callable[[], Answer]) -> Answer:
    """What a question answers; one that is not answered in time is a failure."""
    found: list[Answer] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            found.append(ask())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), f"no answer within {seconds} s: a hang"
    if raised:
        raise raised[0]
    return found[0]


@dataclass(frozen=True)
class Told:
    """What `verify` said."""

    answer: dict[str, Any]

    @property
    def holds(self) -> bool:
        """Whether it holds."""
        return bool(self.answer["holds"])

    @property
    def files(self) -> set[str]:
        """The files that do not hold, by their names below the record, or beside it."""
        return {str(one["file"]).removeprefix("record/") for one in self.answer["faults"]}

    @property
    def text(self) -> str:
        """All faults, a line each."""
        return "\n".join(f"{f['file']}: {f['entry']}: {f['message']}" for f in self.answer["faults"])

    @property
    def remarks(self) -> list[tuple[int, str]]:
        """Entry and kind of each remark."""
        return [(one["entry"], one["what"]) for one in self.answer["remarks"]]

    @property
    def unchecked(self) -> str:
        """What was not checked, a line each."""
        return "\n".join(self.answer["not_checked"])


def told(folder: Path, trust: Trust | None = None, seconds: float = 20) -> Told:
    """Verify a folder within a time."""
    return Told(within(seconds, lambda: answer_of(verify_folder(folder, trust or Trust()))))


def made_case(folder: Path) -> CaseFolder:
    """A case that four found, with evidence, an allegation, and a sealed one."""
    sets = [keyring.key_set(party) for party in PARTIES]
    case = desk.init_case(folder / "case", AGREEMENT, new_charter("attacked", parties=sets), known_at=NOW)
    (folder / "ged.csv").write_bytes(b"".join(ged({}, {"latitude": "95"}, {"where_prec": "4"})))
    (folder / "reports.jsonl").write_bytes(b"".join(lines({}, {"start": "soon"})))
    desk.add_files(case, [folder / "ged.csv", folder / "reports.jsonl"], known_at=NOW)
    records.append(case, [Draft("allegation", {"text": "shelling", "day": "2016-03-01"}, "us")], clock)
    records.append(case, [Draft("allegation", {"text": SECRET}, "ru", readers=("ru",))], clock)
    case.store.close()
    return case


SECRET = "what only one may read"  # noqa: S105  # no password


def clock() -> int:
    """The second at which everything is said."""
    return NOW


def copied(case: Path, to: Path) -> Path:
    """A copy of a case to spoil."""
    shutil.copytree(case, to)
    return to


@contextmanager
def writing(case: CaseFolder, *, is_checked: bool = True) -> Iterator[Log]:
    """The log of a case, with or without what a case asks of an entry."""
    with case.store.writer():
        check = checker(lambda: records.text_of(case)) if is_checked else None
        yield case.writing(keys_of(case.charter()), clock, check)


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    """The same bytes but for one bit."""
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def sampled(size: int, most: int) -> list[int]:
    """First and last position, and every 97th, thinned out evenly to at most so many."""
    every = [*range(0, size, 97), size - 1]
    return sorted({0, size - 1, *every[:: max(1, len(every) // most)]})
