"""Two hundred megabytes of nonsense must not take the memory: measured in a child process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evidence.bench import SHIPPED, SPECIAL, lines

SIZE = 200 * 1024 * 1024
# The peak of this program alone: what `getrusage` gives, a child inherits from whoever started it.
CHILD = """
import sys
from pathlib import Path
from truceline.cli import main
try:
    main()
finally:
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print("peak", peak.split()[1], file=sys.stderr)
"""


def fill(path: Path, head: bytes, block: bytes) -> None:
    """Write a head and then the same block again and again, up to the size."""
    with path.open("wb") as file:
        file.write(head)
        block = block * (1 + (1 << 20) // len(block))
        for _ in range(SIZE // len(block)):
            file.write(block)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "head", "block"),
    [
        ("random.bin", b"", os.urandom(1 << 20)), ("zeros.bin", b"", b"\0" * 4096), ("one-line.json", b"[",
        b"[" * 4096),
        ("lines.jsonl", lines({})[0], b"nonsense\n"), ("table.csv", ",".join(SPECIAL).encode() + b"\n", b"1,2,3\n"),
        ("quote.csv", ",".join(SPECIAL).encode() + b'\n"', b"never ending\n"), ("areas.geojson",
        b'{"type":"FeatureCollection","features":[', b"[1,2],"),
        ("text.yaml", b"truceline: 1\n", b"- x\n"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_one_line_within_500_mb(tmp_path: Path, name: str, head: bytes, block: bytes) -> None:
    """A hostile file costs its reader one line of output and no more memory than any other."""
    path = tmp_path / name
    fill(path, head, block)
    args = [str(path)] if name.endswith("yaml") else [str(SHIPPED / "agreement.yaml"), str(path)]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, "assess", *args], capture_output=True, text=True, timeout=300, check=False
    )
    told = done.stderr.splitlines()
    assert done.returncode in (3, 4), told[-3:]
    assert len(told) == 2, told[-3:]
    assert int(told[-1].split()[1]) < 500 * 1024
