"""Who may sign, with which key, from which entry on? The charter of a log and the key sets of its parties.

Entry 0 is the charter: it names the log, the parties with their first keys, who countersigns changes of keys and who
may destroy bodies. A later key set takes effect with the entry after its own. Keys are never removed from the past:
what a key signed while it was valid stays signed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from truceline.errors import InputError, SubmissionError, VerificationError, quoted
from truceline.record.entry import key_id
from truceline.record.note import COSIGNATURE, ED25519, Verifier, check_public_key
from truceline.record.policy import read_policy

USES = ("sign", "read")
MOST_KEYS = 64


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public key and what it is for: `sign` (Ed25519) or `read` (X25519); 32 bytes."""

    public: bytes
    use: str

    @property
    def id(self) -> str:
        """How signatures name it."""
        return key_id(self.public)


class KeySet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of one party from one entry on.

    Attributes:
        keys: those it signs and reads with.
        party: its id.
        roots: Ed25519 keys that are kept offline and sign the next key set, and nothing else.
        threshold: so many of the roots have to sign.
        version: 0, 1, 2, ...
    """

    keys: tuple[Key, ...]
    party: str
    roots: tuple[bytes, ...]
    threshold: int
    version: int


class Quorum(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many of these parties."""

    of: tuple[str, ...]
    threshold: int


class Charter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a log begins with.

    Attributes:
        clock: verifier key of the log's clock, which cosigns each checkpoint with the time: the host's own claim.
        countersign: who has to sign a change of keys beside the party; none with threshold 0.
        is_demo: its keys are published, so nothing in it proves anything.
        log: verifier key of the log (C2SP vkey); its name is the log's origin.
        parties: the first key set of each.
        policy: witnesses and quorum (C2SP tlog-policy); empty = no witness is asked for.
        shred: who may destroy a sealed body.
        title: for people.
    """

    clock: str
    countersign: Quorum
    is_demo: bool
    log: str
    parties: tuple[KeySet, ...]
    policy: str
    shred: Quorum
    title: str


class Revocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key is not to be trusted.

    Attributes:
        keyid: the key.
        party: whose key.
        since: index of the first entry that may be forged; what was signed from there on is contested, not removed.
    """

    keyid: str
    party: str
    since: int


class Shredding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of an entry is destroyed, for a reason that is given; the entry and its proofs stay."""

    commitment: str
    index: int
    reason: str


@dataclass(frozen=True)
class Valid:
    """A key and the entries it may sign: from `start` to before `end`; None = it is valid still.

    Attributes:
        contested_from: what it signed from this entry on is contested; None = nothing.
    """

    party: str
    public: bytes
    start: int
    end: int | None = None
    contested_from: int | None = None


def read_body(body: Any, kind: type[Any], what: str) -> Any:  # noqa: ANN401  # the kind says what comes back
    """The body of a statement as what its type promises.

    Raises:
        SubmissionError: it is not.
    """
    try:
        made = msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise SubmissionError(f"`body`: expected what is promised of `{what}`: {error}") from None
    is_whole = not made.__struct_config__.omit_defaults
    if is_whole and msgspec.json.encode(made, order="sorted") != msgspec.json.encode(body, order="sorted"):
        raise SubmissionError(f"`body`: expected `{what}` as it is written the one way (base64, no field left out)")
    return made


def plain(value: Any) -> Any:  # noqa: ANN401  # any of the structs above
    """A struct as plain JSON values."""
    return msgspec.to_builtins(value)


def check_charter(charter: Charter) -> Verifier:
    """Check that a charter can be lived by; return the verifier of the log.

    Raises:
        SubmissionError: a rule that nobody could meet, a guarantor who could destroy alone, a weak or a shared key.
    """
    log, clock = _verifier(charter.log), _verifier(charter.clock)
    if log.kind != ED25519 or clock.kind != COSIGNATURE:
        raise SubmissionError("charter: expected a key to sign checkpoints, and a key to cosign them with the time")
    ids = [one.party for one in charter.parties]
    if not ids or len(set(ids)) < len(ids):
        raise SubmissionError("charter: expected one or more parties, each once")
    for one in charter.parties:
        check_keys(one)
        if one.version:
            raise SubmissionError(f"charter: {quoted(one.party)}: expected key set 0, got {one.version}")
    for name, quorum, least in (("countersign", charter.countersign, 0), ("shred", charter.shred, 1)):
        if not set(quorum.of) <= set(ids) or len(set(quorum.of)) < len(quorum.of):
            raise SubmissionError(f"charter: `{name}`: expected parties of the charter, each once")
        if not least <= quorum.threshold <= len(quorum.of):
            raise SubmissionError(f"charter: `{name}`: expected {least} to {len(quorum.of)}, got {quorum.threshold}")
    if len(ids) > 1 and charter.shred.threshold < 2:
        raise SubmissionError("charter: `shred`: expected two or more parties: nobody destroys alone")
    _check_policy(charter.policy, {log.public, clock.public})
    check_apart([log.public, clock.public, *(public for one in charter.parties for public in publics(one))])
    return log


def _check_policy(text: str, own: set[bytes]) -> None:
    """The witnesses of a charter: others than the log itself and its clock."""
    if not text:
        return
    try:
        policy = read_policy(text.encode(), "policy")
    except (InputError, VerificationError) as error:
        raise SubmissionError(f"charter: {error.faults[0]}") from None
    if any(witness.public in own for witness, _ in policy.witnesses.values()):
        raise SubmissionError("charter: `policy`: the log and its clock are no witnesses of themselves")


def _verifier(vkey: str) -> Verifier:
    try:
        return Verifier.parse(vkey)
    except (InputError, VerificationError) as error:
        raise SubmissionError(f"charter: {error}") from None


def publics(one: KeySet) -> Iterable[bytes]:
    """Every public key of a key set, roots included."""
    yield from (key.public for key in one.keys)
    yield from one.roots


def check_keys(one: KeySet) -> None:
    """Check one key set by itself.

    Raises:
        SubmissionError: no key to sign with, a key that is weak, or roots that cannot be met.
    """
    if not any(key.use == "sign" for key in one.keys) or len(one.keys) > MOST_KEYS:
        raise SubmissionError(f"key set of {quoted(one.party)}: expected 1 to {MOST_KEYS} keys, one of them to sign")
    if not 1 <= one.threshold <= len(one.roots) <= MOST_KEYS:
        raise SubmissionError(f"key set of {quoted(one.party)}: expected a threshold that its roots can meet")
    for key in one.keys:
        if key.use not in USES or len(key.public) != 32:
            raise SubmissionError(f"key set of {quoted(one.party)}: expected 32 bytes to `sign` or to `read`")
    for public in (*one.roots, *(key.public for key in one.keys if key.use == "sign")):
        try:
            check_public_key(public)
        except VerificationError as error:
            raise SubmissionError(f"key set of {quoted(one.party)}: {error}") from None


def check_apart(keys: Iterable[bytes]) -> None:
    """Refuse one key for two purposes.

    Raises:
        SubmissionError: a key stands there twice.
    """
    seen: set[bytes] = set()
    for public in keys:
        if public in seen:
            raise SubmissionError(f"key {key_id(public)} stands there twice: one key serves one purpose of one party")
        seen.add(public)
