"""Build the foreign verifiers: `python -m tests.record.foreign`."""

from __future__ import annotations

import sys

from tests.record.foreign import AICS_TLOG, CACHE, GO, build

if __name__ == "__main__":
    faults = build()
    for foreign in (GO, AICS_TLOG):
        print(f"{foreign.name}: {foreign.missing or f'ready in {CACHE}'}")
    sys.exit("\n".join(faults) or None)
