"""What aics-tlog and aics-witness say about a log of ours. Runs in their environment, not in ours."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any


def answer(ask: dict[str, Any]) -> str:
    """Verify; raises ValueError or an error of the package when it is refused."""
    import aics_tlog as foreign  # type: ignore[import-not-found,unused-ignore]

    do = ask["do"]
    if do == "note":
        note = foreign.parse_note(ask["note"].encode())
        refuse_unless(foreign.verify_note(note, [foreign.parse_vkey(ask["vkey"])]), "no known key has signed")
        return str(note.text)
    if do == "checkpoint":
        keys = [foreign.parse_vkey(vkey) for vkey in ask["witnesses"]]
        log = foreign.parse_vkey(ask["vkey"])
        note = foreign.parse_note(ask["note"].encode())
        found = foreign.verify_checkpoint(note, log, keys, len(keys), expected_origin=log.name)
        refuse_unless(found.ok, found.error)
        return f"{found.size} {found.root.hex()}"
    if do == "inclusion":
        path = [bytes.fromhex(step) for step in ask["path"]]
        leaf, root = bytes.fromhex(ask["leaf"]), bytes.fromhex(ask["root"])
        refuse_unless(foreign.verify_inclusion(leaf, ask["index"], ask["size"], path, root), "not included")
        return ""
    if do == "consistency":
        path = [bytes.fromhex(step) for step in ask["path"]]
        old, new = bytes.fromhex(ask["old_root"]), bytes.fromhex(ask["new_root"])
        refuse_unless(foreign.verify_consistency(ask["old"], ask["new"], old, new, path), "not consistent")
        return ""
    if do == "tiles":
        reader = foreign.FileSystemTileReader(ask["folder"])
        return str(foreign.audit_tiles(reader, ask["size"], bytes.fromhex(ask["root"])))
    if do == "witness":
        return cosign(ask)
    sys.exit(f"unknown question {do}")


def cosign(ask: dict[str, Any]) -> str:
    """Hand bodies of add-checkpoint to a fresh witness, one after another; its key and its last cosignature line."""
    import aics_tlog  # type: ignore[import-not-found,unused-ignore]
    import aics_witness as foreign  # type: ignore[import-not-found,unused-ignore]
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    log = aics_tlog.parse_vkey(ask["vkey"])
    with tempfile.TemporaryDirectory() as folder, foreign.WitnessStore(Path(folder) / "db", create=True) as store:
        key = Ed25519PrivateKey.generate()
        witness = foreign.Witness("aics.example/w", key, store, [foreign.LogConfig(log.name, (log,))])
        for body in ask["bodies"]:
            line = witness.add_checkpoint(body.encode())
    return json.dumps({"vkey": witness.vkey_text, "line": line.decode()})


def refuse_unless(is_good: bool, why: object) -> None:
    """Raise the reason."""
    if not is_good:
        raise ValueError(why)


if __name__ == "__main__":
    try:
        print(answer(json.load(sys.stdin)), end="")
    except Exception as error:  # noqa: BLE001, RUF100  # whatever the package raises is its way to say no
        if isinstance(error, ImportError | KeyError | TypeError | AttributeError):
            raise
        print(f"refused: {type(error).__name__}: {error}")
        sys.exit(1)
