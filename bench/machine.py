"""Which machine and which versions were measured? The answer is the same for every run on the same machine."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "duckdb", "geopandas", "numba", "numpy", "polars", "polars-st", "pyarrow", "pyproj", "sedonadb", "shapely",
    "truceline",
)  # fmt: skip


def machine() -> dict[str, object]:
    """Cores, memory, processor, Python and the versions of what is measured."""
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(_memory_bytes() / 2**30),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }


def peak_mb() -> int:
    """The most memory that this process has held, in MB.

    The high-water mark of the process itself: `ru_maxrss` would begin with that of the process that started it.
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) * 1024 / 1e6)
    return 0


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
