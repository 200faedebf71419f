"""Which private keys does this machine hold, and how are they made, found and destroyed?

They lie in the user's configuration folder, one file each, readable by the user alone: never in a case folder, never on
a server. `TRUCELINE_CONFIG` names another folder. Demo keys are computed, the same everywhere, and worth nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec
import platformdirs
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from truceline.errors import Fault, InputError, StoreError, SubmissionError, quoted
from truceline.record.charter import Key, KeySet
from truceline.record.entry import SigningKey, key_id
from truceline.record.log import Keys
from truceline.record.note import COSIGNATURE, ED25519, Signer
from truceline.span import utc_text

USES = ("log", "clock", "sign", "read", "root", "witness")
MASK = "names.mask"
"""The secret behind what stands for names that may not be told; it lies with the keys and goes with them."""

_DEMO = b"truceline demo key: published, worth nothing\n"


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One private key.

    Attributes:
        made: UTC text.
        name: whose it is: a party, or the origin of a log.
        public: 32 bytes.
        secret: 32 bytes.
        use: one of `USES`.
    """

    made: str
    name: str
    public: bytes
    secret: bytes
    use: str

    @property
    def id(self) -> str:
        """How signatures name it."""
        return key_id(self.public)


def config_folder() -> Path:
    """Where this user's keys and vault lie."""
    named = os.environ.get("TRUCELINE_CONFIG")
    return Path(named) if named else platformdirs.user_config_path("truceline")


def new_key(name: str, use: str, *, secret: bytes = b"") -> KeyFile:
    """Make a key and keep it.

    Args:
        name: whose it is.
        use: one of `USES`.
        secret: 32 bytes; empty = random.

    Raises:
        InputError: no such use. StoreError: it cannot be written.
    """
    if use not in USES:
        raise InputError(f"expected a key for one of {', '.join(USES)}, got {quoted(use)}")
    made = _key(name, use, secret or secrets.token_bytes(32), utc_text(int(time.time())))
    folder = own_folder("keys")
    path = folder / f"{made.id}.{use}.key"
    keep_alone(path, made)
    return made


def keep_alone(path: Path, made: KeyFile) -> None:
    """Write a key to a file that only its owner may read.

    Raises:
        StoreError: something lies there already, or it cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(made)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from None


def _key(name: str, use: str, secret: bytes, made: str) -> KeyFile:
    if use == "read":
        public = X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    else:
        public = SigningKey.of_seed(secret).public
    return KeyFile(made, name, public, secret, use)


def keys() -> list[KeyFile]:
    """Every key of this user, by name, use and id.

    Raises:
        StoreError: a file is damaged.
    """
    found = []
    for path in sorted((config_folder() / "keys").glob("*.key")):
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=KeyFile))
        except (OSError, msgspec.DecodeError):
            raise StoreError(Fault("is damaged: expected a key", path.name)) from None
    return sorted(found, key=lambda key: (key.name, USES.index(key.use), key.id))


def find(use: str, public: bytes, whose: str, *, is_demo: bool) -> KeyFile:
    """The private half of a public key.

    Raises:
        StoreError: this machine does not hold it.
    """
    if is_demo:
        demo = demo_key(whose, use)
        if demo.public == public:
            return demo
    for key in keys():
        if key.use == use and key.public == public:
            return key
    raise StoreError(f"this machine does not hold the key to {use} as {quoted(whose)}: {key_id(public)}")


def demo_key(name: str, use: str) -> KeyFile:
    """The demo key of a name: anybody can compute it."""
    return _key(name, use, hashlib.sha256(_DEMO + f"{name}\n{use}".encode()).digest(), "demo")


def keys_of(name: str, use: str, *, is_demo: bool = False) -> list[KeyFile]:
    """The keys of this machine for one name and use."""
    own = [key for key in keys() if key.name == name and key.use == use]
    return [*own, demo_key(name, use)] if is_demo else own


def key_set(party: str, *, version: int = 0, made: dict[str, KeyFile] | None = None, is_demo: bool = False) -> KeySet:
    """The public key set of a party, its keys made and kept here: to sign, to read, and a root.

    Args:
        party: its id.
        version: of the key set.
        made: keys to take instead of new ones, by use.
        is_demo: take the demo keys; nothing is kept.
    """
    got = {
        use: (made or {}).get(use) or (demo_key(party, use) if is_demo else new_key(party, use))
        for use in ("sign", "read", "root")
    }
    keys = tuple(Key(got[use].public, use) for use in ("sign", "read"))
    return KeySet(keys, party, (got["root"].public,), 1, version)


def log_keys(log: bytes, clock: bytes, origin: str, *, is_demo: bool) -> Keys:
    """What a log signs with.

    Args:
        log: public key of the log.
        clock: public key of its clock.
        origin: name of the log.
        is_demo: look among the demo keys.
    """
    kept = find("log", log, origin, is_demo=is_demo)
    timed = find("clock", clock, origin, is_demo=is_demo)
    return Keys(Signer(origin, kept.secret, ED25519), Signer(clock_name(origin), timed.secret, COSIGNATURE))


def clock_name(origin: str) -> str:
    """Name of the key that dates the checkpoints of a log."""
    return f"{origin}/clock"


def masked(text: str, what: str) -> str:
    """What stands for a text that may not be told: 64 digits that only this machine can find again.

    A hash without a key would be found by trying: positions and files are few.

    Args:
        text: what is masked.
        what: for what, so that two uses give two masks.
    """
    return hmac.digest(_mask(config_folder()), f"truceline {what}\n{text}".encode("utf-8", "replace"), "sha256").hex()


@lru_cache(maxsize=8)
def _mask(config: Path) -> bytes:
    """The secret of `masked`, made when it is first asked for; where none can be kept, each run has its own."""
    path = config / "keys" / MASK
    if not path.exists():
        with contextlib.suppress(StoreError, OSError):
            _make_mask(path)
    try:
        return path.read_bytes()
    except OSError:
        return secrets.token_bytes(32)


def _make_mask(path: Path) -> None:
    part = own_folder("keys") / f"{MASK}.{secrets.token_hex(8)}"
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(32))
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):  # of two that begin at once the first is taken
        os.link(part, path)
    part.unlink()


def random_bytes(n: int) -> bytes:
    """So many random bytes of the system."""
    return secrets.token_bytes(n)


# -- the end of all keys -----------------------------------------------------------------------------------------------

ROOMS = ("keys", "vault", "receipts", "services", "exchanges")
"""Folders that are destroyed: a receipt shows who said what, a known service that one spoke to it, a list that is fixed
for an exchange what is in it."""

OVERWRITE_S = 30.0
"""So long are files written over; after that they are only removed, so that all is gone within a minute."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Panic:
    """What became of the keys and the vault.

    Attributes:
        gone: files that are destroyed.
        left: what lies there still, and what a removed link pointed at: it lies elsewhere and was not touched.
    """

    gone: tuple[str, ...]
    left: tuple[str, ...]


def panic(clock: Callable[[], float] = time.monotonic) -> Panic:
    """Destroy every key and the vault of this machine: written over, then removed; nothing beside them is touched.

    The order, so that an interruption leaves the least: 1 keys, 2 what they open, 3 folders. What was interrupted is
    run again. A file system that copies on write, a snapshot, a backup or an SSD may keep what was written over:
    full-disk encryption is what protects against those.

    Args:
        clock: seconds that do not go back.
    """
    until, gone = clock() + OVERWRITE_S, list[str]()
    linked = list[tuple[Path, Path]]()
    for path in _in_order():  # 1 and 2
        target = path.resolve() if path.is_symlink() else None
        with contextlib.suppress(OSError):
            if target is None and path.is_file() and clock() < until:
                write_over(path)
        with contextlib.suppress(OSError):
            path.unlink()
            gone.append(str(path))
            if target is not None:
                linked.append((path, target))
    for folder in _rooms():  # 3
        for here, _, _ in os.walk(folder, topdown=False):
            with contextlib.suppress(OSError):
                Path(here).rmdir()
    stay = [f"{path} -> {target}" for path, target in linked if target.exists()]
    return Panic(tuple(gone), (*(str(path) for path in _in_order()), *stay))


def _rooms() -> list[Path]:
    """The folders that hold keys, the vault, and what tells of statements; never one that a link points at."""
    return [room for name in ROOMS if not (room := config_folder() / name).is_symlink() and room.is_dir()]


def _in_order() -> list[Path]:
    """Everything in them that is no folder, keys first; and keys that lie beside them."""
    top = config_folder()
    found = [path for path in top.glob("*.key*") if path.is_symlink() or not path.is_dir()]
    found += [room for name in ROOMS if (room := top / name).is_symlink()]
    for room in _rooms():
        with contextlib.suppress(OSError):
            room.chmod(0o700)
        for here, folders, files in os.walk(room):
            links = [name for name in folders if Path(here, name).is_symlink()]
            for name in set(folders) - set(links):
                with contextlib.suppress(OSError):
                    Path(here, name).chmod(0o700)
            found += [Path(here, name) for name in (*files, *links)]
    return sorted(found, key=lambda path: (path.suffix != ".key", path.name.endswith(".wrap.key"), str(path)))


def write_over(path: Path) -> None:
    """Write random bytes over a file, durable on return; a link is not followed.

    Raises:
        OSError: the disk refuses.
    """
    if not path.is_symlink():
        path.chmod(0o600)
    handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "wb", buffering=0) as file:
        left = os.fstat(handle).st_size
        while left > 0:
            left -= file.write(secrets.token_bytes(min(left, _CHUNK))) or 0
        os.fsync(handle)


# -- folders and demo keys ---------------------------------------------------------------------------------------------


def own_folder(name: str) -> Path:
    """A folder in the user's configuration that nobody else may look into, made if it is missing.

    Raises:
        StoreError: it cannot be made, or would lie in a case folder, which is copied and handed over.
    """
    top = config_folder().absolute()
    for above in (*top.parents, top, *top.resolve().parents):
        if (above / "case.json").is_file():
            raise StoreError(f"{top}: lies in the case folder {above}: keys and the vault never do")
    folder = top / name
    try:
        top.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made: {error.strerror}") from None
    return folder


def refuse_demo(sets: Iterable[KeySet]) -> None:
    """Refuse demo keys where they would count for real: anybody can compute them.

    Raises:
        SubmissionError: a key is that of the demonstration.
    """
    for one in sets:
        demo = {use: demo_key(one.party, use).public for use in ("sign", "read", "root")}
        if demo["root"] in one.roots or any(key.public == demo[key.use] for key in one.keys):
            raise SubmissionError(f"key set of {quoted(one.party)}: a demo key: anybody could sign with it")
