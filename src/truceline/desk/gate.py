"""What does a case ask of the next entry, as the record stands at that entry? Kept up with the log, never read again.

One gate goes with one opened log. It is asked once the signatures hold, and told by the next question whether the
entry before was taken: an amendment binds what follows it in the same batch, a table of evidence is known to the ruling
that comes with it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache

from truceline.agreement.model import Agreement
from truceline.agreement.text import load
from truceline.desk import keyring
from truceline.desk.areasteps import AreaPath
from truceline.desk.charters import Clock
from truceline.desk.holdings import CaseHoldings
from truceline.desk.notification import NoticePath
from truceline.desk.sealed import SealedPath
from truceline.desk.statements import checker
from truceline.desk.steps import PublicationPath
from truceline.errors import AgreementError, InputError, StoreError, SubmissionError, VerificationError, quoted
from truceline.record.charter import Charter, KeySet, read_body
from truceline.record.entry import Entry, Statement
from truceline.record.log import Log
from truceline.record.register import KEYS, Register
from truceline.store.case import AMENDMENT, Case

_log = logging.getLogger(__name__)


class Gate:
    """The rules of a case before one opened log.

    INVARIANT: every entry that the log takes was asked about here; `_text` and `_holdings` are as of the register.
    """

    def __init__(self, case: Case, charter: Charter, now: Clock) -> None:
        """Stand before a log.

        Args:
            case: whose log it is; nothing of it is read before it is needed.
            charter: of its record.
            now: the clock of the log.
        """
        self._case, self._is_demo = case, charter.is_demo
        self._holdings = CaseHoldings(case)
        self._rules = checker(self.text, self._holdings, PublicationPath(case, now, self._holdings))
        self._notices = NoticePath(case)
        self._areas = AreaPath(case, now, is_demo=charter.is_demo)
        self._sealed = SealedPath(case, now)
        self._is_read = False
        self._text: Agreement | None = None
        self._passed: tuple[int, Statement, Agreement | None] | None = None

    def text(self) -> Agreement | None:
        """The text in force; None before there is one."""
        if not self._is_read:
            self._text, self._is_read = text_of(self._case), True
        return self._text

    def check(self, entry: Entry, register: Register, files: Mapping[str, bytes]) -> None:
        """Refuse what this case does not take.

        Args:
            entry: the next one, as read.
            register: the record before it.
            files: what comes with it, by hash.

        Raises:
            SubmissionError, VerificationError: it is refused, and why.
        """
        self._catch_up(register)
        one = entry.statement
        if one.type == KEYS and not self._is_demo:
            keyring.refuse_demo([read_body(one.body, KeySet, "key set")])
        self._rules(entry, register)
        self._areas.check(entry, register, files, self.text())
        self._notices.check(entry, register)
        self._sealed.check(entry, register, files)
        new = amended_text(one, files) if one.type == AMENDMENT else None
        self._passed = (register.size, one, new)

    def _catch_up(self, register: Register) -> None:
        """Whether the entry that passed last was taken, and what follows from it."""
        if self._passed is not None and register.size > self._passed[0]:
            index, one, new = self._passed
            self._holdings.take(index, one)
            self._text = new or self._text
        self._passed = None


def check_register(case: Case, log: Log) -> None:
    """Have a log read its entries again, where its register is not what readers of the same entries find.

    A log that is opened begins with a state that was kept beside it, for it would take long to verify every signature
    again. Whoever can write there could give himself the keys of others; whoever only reads makes no use of it.

    Raises:
        VerificationError: it is not what they find then, either.
    """
    if _is_same(log.register, case.register()):
        return
    _log.error("the state of the register that was kept is not what the entries say: they are read again")
    log.distrust()
    if not _is_same(log.register, case.register()):
        raise VerificationError(f"{case.where}: who may sign is not what the entries say")


def _is_same(one: Register, other: Register) -> bool:
    """Whether two registers would take the same entries next; commitments of sealed bodies readers do not gather."""
    return all(getattr(one, name) == getattr(other, name) for name in ("size", "keys", "sets", "lines", "shredded"))


def amended_text(one: Statement, files: Mapping[str, bytes]) -> Agreement:
    """An amended text: it loads, and its values are those that were signed, or nobody could speak under it.

    Raises:
        SubmissionError: it does not, or they are not.
    """
    name = one.body["file"]
    data = next((files[blob.sha256] for blob in one.blobs if blob.name == name and blob.sha256 in files), None)
    if data is None:
        raise SubmissionError(f"{quoted(name)}: expected the amended text to come with the statement")
    try:
        text = load(data, name)
    except (InputError, AgreementError) as error:
        raise SubmissionError(f"the amended text does not load: {error.faults[0]}") from None
    if text.canonical_hash != one.body["canonical_sha256"]:
        raise SubmissionError(f"{quoted(name)}: not the values that `canonical_sha256` says")
    return text


def text_of(case: Case) -> Agreement | None:
    """The text in force; None before there is one."""
    try:
        one = case.text()
    except StoreError:
        return None
    name = one.body["file"]
    digest = next(blob.sha256 for blob in one.blobs if blob.name == name)
    return _loaded(case.store.blob(digest), name)


@lru_cache(maxsize=4)
def _loaded(data: bytes, name: str) -> Agreement:
    """A text as it was loaded before."""
    return load(data, name)
