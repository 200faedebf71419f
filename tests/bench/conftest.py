"""What the tests of the benchmarks share."""

from __future__ import annotations

import pytest

from bench import measure


@pytest.fixture(autouse=True)
def few_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time is measured here: nothing is run again until it has taken long enough to be measured."""
    monkeypatch.setattr(measure, "LEAST_S", 0.0)
