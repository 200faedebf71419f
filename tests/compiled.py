"""Compile once, before four workers would each do it: the modules, the tests, the loops that judge and place reports.

python -m tests.compiled
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Compile a fresh checkout, for everybody who runs it; what changes later, each compiles by itself."""
    if any((ROOT / "tests").rglob("__pycache__/test_*.pyc")):
        return
    compileall.compile_dir(ROOT / "src", quiet=2, workers=1)
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n0", "-p", "no:cacheprovider"]
    with subprocess.Popen(collect, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        _loops()


def _loops() -> None:
    if find_spec("numba") is None:
        return
    os.environ["TRUCELINE_ENGINE"] = "numba"
    from tests.assess.test_columns import all_of, wide_law  # only once the engine is chosen
    from truceline.assess import bulk  # likewise
    from truceline.assess.docket import Docket  # likewise

    docket = Docket(*wide_law(20, 0, 8))
    all_of(docket)
    bulk.judged(docket)
    bulk.tally(docket)


if __name__ == "__main__":
    main()
