"""Have enough witnesses seen this checkpoint?

A policy names logs, witnesses, groups of witnesses, and the group that must have cosigned. It promises that one key is
one voice: no key stands twice, and no name counts in two groups. It never repairs a policy: a file with a fault is
refused, with every fault it has.

Source: C2SP tlog-policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from truceline.errors import Fault, InputError, TrucelineError, VerificationError, quoted, raise_all
from truceline.record.checkpoint import Opened, check_kinds, open_any
from truceline.record.note import Verifier, check_distinct

NONE = "none"
MOST_BYTES = 1_048_576
MOST_LINES = 4_096

_BLANK = re.compile(r"[ \t]+")
_REFUSED = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_COUNT = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
_WORD = re.compile(r"[^\x00-\x20\x7f]+")


@dataclass(frozen=True)
class Group:
    """Witnesses, or groups of them, of which some must agree.

    Attributes:
        least: how many of them.
        members: names of witnesses and groups defined before.
    """

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Met:
    """A checkpoint that satisfies a policy.

    Attributes:
        opened: the checkpoint, verified with the policy's keys.
        times: witnesses that cosigned, by their names in the policy, each with its time (POSIX seconds).
        missing: names of the witnesses that did not.
    """

    opened: Opened
    times: dict[str, int]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """Whom to believe.

    Names are opaque: octets that are no UTF-8 stand in them as Python's surrogate escapes.

    Attributes:
        logs: keys of logs with the URL where each is found, or an empty text.
        witnesses: the same by name.
        groups: by name, in the order of their definition.
        quorum: name of the witness or group that must have cosigned; `none` = nobody must.
    """

    logs: tuple[tuple[Verifier, str], ...] = ()
    witnesses: Mapping[str, tuple[Verifier, str]] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NONE

    def __post_init__(self) -> None:
        """Refuse a policy that could not stand in a file.

        Raises:
            InputError: a name is wrong, twice defined, or not defined.
            VerificationError: one key stands twice.
        """
        check_kinds((log for log, _ in self.logs), (witness for witness, _ in self.witnesses.values()))
        check_distinct(verifier for verifier, _ in (*self.logs, *self.witnesses.values()))
        defined = {NONE}
        used: set[str] = set()
        for name in self.witnesses:
            _define(name, defined)
        for name, group in self.groups.items():
            _check_group(group, defined=defined, used=used)
            _define(name, defined)
            used.update(group.members)
        if self.quorum not in defined:
            raise InputError(f"quorum {quoted(self.quorum)} is not defined")
        for _, url in (*self.logs, *self.witnesses.values()):
            if url and not _WORD.fullmatch(url):
                raise InputError(f"expected a URL without blanks, got {quoted(url)}")

    def text(self) -> str:
        """Write the policy as a file; thresholds always as numbers."""
        lines = [f"log {key.vkey} {url}" for key, url in self.logs]
        lines += [f"witness {name} {key.vkey} {url}" for name, (key, url) in self.witnesses.items()]
        lines += [f"group {name} {group.least} {' '.join(group.members)}" for name, group in self.groups.items()]
        lines.append(f"quorum {self.quorum}")
        return "".join(line.rstrip(" ") + "\n" for line in lines)

    @property
    def data(self) -> bytes:
        """The file's octets, as `read_policy` takes them."""
        return self.text().encode("utf-8", "surrogateescape")

    def is_met(self, names: Iterable[str]) -> bool:
        """Whether cosignatures of these witnesses, by their names in the policy, are enough."""
        seen = {NONE} | (set(names) & self.witnesses.keys())
        for name, group in self.groups.items():
            if len(seen.intersection(group.members)) >= group.least:
                seen.add(name)
        return self.quorum in seen

    def check(self, opened: Opened | bytes, *, now: int | None = None, ahead_s: int = 300) -> Met:
        """A log of the policy signed this, and enough of its witnesses cosigned, or this raises.

        Args:
            opened: a signed note, or what was opened with other keys; every signature is verified again.
            now: POSIX seconds; when given, witnesses may not be far ahead of it.
            ahead_s: how far, in seconds.

        Raises:
            VerificationError: no known log, a signature that fails, too few witnesses, or one from the future.
        """
        data = opened if isinstance(opened, bytes) else opened.note.data
        names = {verifier: name for name, (verifier, _) in self.witnesses.items()}
        again = open_any(data, [log for log, _ in self.logs], names)
        times = {names[witness]: at for witness, at in again.times.items()}
        for name, at in times.items():
            if now is not None and at > now + ahead_s:
                raise VerificationError(f"cosignature of {quoted(name)} lies {at - now} s ahead: at most {ahead_s} s")
        missing = tuple(name for name in self.witnesses if name not in times)
        if not self.is_met(times):
            seen = ", ".join(quoted(name) for name in times) or "nobody"
            raise VerificationError(f"quorum {quoted(self.quorum)} is not met: cosigned by {seen}")
        return Met(again, times, missing)


# -- reading ---------------------------------------------------------------------------------------------------------


def read_policy(data: bytes, file: str = "") -> Policy:
    r"""Read a policy file.

    Args:
        data: its octets.
        file: its name, for the faults.

    Raises:
        InputError: with every fault of the file.

    >>> read_policy(b"quorum none\n").is_met([])
    True
    """
    draft = _Draft()
    faults = []
    for at, line in enumerate(_lines(data, file), 1):
        words = [word for word in _BLANK.split(line) if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            draft.take(words)
        except TrucelineError as error:
            faults += [Fault(fault.message, file, at) for fault in error.faults]
    if not draft.quorum and not faults:
        faults.append(Fault("expected one quorum line, got none", file))
    raise_all(faults, InputError)
    return Policy(tuple(draft.logs), draft.witnesses, draft.groups, draft.quorum)


def _lines(data: bytes, file: str) -> list[str]:
    fault = ""
    if len(data) > MOST_BYTES or data.count(b"\n") > MOST_LINES:
        fault = f"expected a policy of at most {MOST_BYTES} bytes and {MOST_LINES} lines"
    elif found := _REFUSED.search(data):
        fault = f"control character {found[0][0]:#04x}"
    elif not data.endswith(b"\n"):
        fault = "expected a newline at the end of the last line"
    if fault:
        raise InputError(Fault(fault, file))
    return data.decode("utf-8", "surrogateescape").split("\n")


class _Draft:
    """What the lines so far have defined."""

    def __init__(self) -> None:
        self.logs: list[tuple[Verifier, str]] = []
        self.witnesses: dict[str, tuple[Verifier, str]] = {}
        self.groups: dict[str, Group] = {}
        self.quorum = ""
        self._defined = {NONE}
        self._used: set[str] = set()
        self._keys: dict[bytes, Verifier] = {}

    def take(self, words: list[str]) -> None:
        """Take one line, as words."""
        kinds: dict[str, tuple[int, int, Callable[[list[str]], None]]] = {
            "log": (2, 3, self._log),
            "witness": (3, 4, self._witness),
            "group": (4, MOST_BYTES, self._group),
            "quorum": (2, 2, self._quorum),
        }
        if words[0] not in kinds:
            raise InputError(f"expected log, witness, group or quorum, got {quoted(words[0])}")
        least, most, read = kinds[words[0]]
        if not least <= len(words) <= most:
            raise InputError(f"{words[0]}: expected {least} to {most} words, got {len(words)}")
        read(words[1:])

    def _log(self, words: list[str]) -> None:
        self.logs.append((self._key(words[0], is_log=True), words[1] if len(words) > 1 else ""))

    def _witness(self, words: list[str]) -> None:
        _define(words[0], self._defined)
        self.witnesses[words[0]] = (self._key(words[1], is_log=False), words[2] if len(words) > 2 else "")

    def _group(self, words: list[str]) -> None:
        name, least, members = words[0], words[1], tuple(words[2:])
        count = {"any": 1, "all": len(members)}.get(least) or (int(least) if _COUNT.fullmatch(least) else 0)
        if not count:
            raise InputError(f"group {quoted(name)}: expected all, any or a number, got {quoted(least)}")
        group = Group(count, members)
        _check_group(group, defined=self._defined, used=self._used)
        _define(name, self._defined)
        self._used.update(members)
        self.groups[name] = group

    def _quorum(self, words: list[str]) -> None:
        if self.quorum:
            raise InputError("expected one quorum line, got a second")
        if words[0] not in self._defined:
            raise InputError(f"quorum {quoted(words[0])} is not defined on a line before")
        self.quorum = words[0]

    def _key(self, vkey: str, *, is_log: bool) -> Verifier:
        verifier = Verifier.parse(vkey)
        check_kinds(*(((verifier,), ()) if is_log else ((), (verifier,))))
        other = self._keys.setdefault(verifier.public, verifier)
        if other is not verifier:
            raise InputError(f"one key twice: {quoted(other.name)}, {quoted(verifier.name)}")
        return verifier


def _define(name: str, defined: set[str]) -> None:
    if not _WORD.fullmatch(name):
        raise InputError(f"expected a name without blanks, got {quoted(name)}")
    if name in defined:
        raise InputError(f"name {quoted(name)} is defined already")
    defined.add(name)


def _check_group(group: Group, *, defined: set[str], used: set[str]) -> None:
    """Members are defined before, `none` is no member, and nobody is a member twice."""
    if not 1 <= group.least <= len(group.members):
        raise InputError(f"expected a threshold of 1 to {len(group.members)} members, got {group.least}")
    once: set[str] = set()
    for member in group.members:
        if member == NONE or member not in defined:
            raise InputError(f"member {quoted(member)} is not defined on a line before")
        if member in used or member in once:
            raise InputError(f"member {quoted(member)} is a member already")
        once.add(member)
