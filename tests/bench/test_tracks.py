"""The benchmarks of tracks and conflicts: nothing is timed that a slow reference does not find, too."""

from __future__ import annotations

import pytest

from bench import __main__ as command
from bench import measure, report, tracks
from bench.measure import DisagreementError


def ask_here(task: measure.Task) -> measure.Result:
    """Do a task in this process."""
    return tracks.work(task)


def lying(task: measure.Task) -> measure.Result:
    """The same, but the reference overlooks something."""
    result = ask_here(task)
    return result | {"found": result["found"] - 1} if task["engine"] == "slow" else result


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Generated positions, few zones, and few places held against geodesic distances."""
    monkeypatch.setattr(tracks, "find_spec", lambda _name: None)
    monkeypatch.setattr(tracks, "ZONES", 6)
    monkeypatch.setattr(tracks, "EXACT", 40)


@pytest.mark.long
def test_positions_against_zones(few: None) -> None:
    """Equal answers, and a time for both."""
    entry = tracks.bench("zones", 1_500, ask=ask_here)
    assert entry["found"] > 0
    assert "generated" in entry["what"]
    assert any("truceline" in line for line in report.lines("tracks.zones", entry))
    with pytest.raises(DisagreementError):
        tracks.bench("zones", 1_500, ask=lying)


@pytest.mark.long
def test_notices_against_one_another(few: None) -> None:
    """Every conflict of a few sites, with the checks beside."""
    entry = tracks.bench("sites", 40, ask=ask_here)
    assert entry["found"] > 0
    assert "with the checks" in entry["variants"]


def test_both_are_there_by_one_command() -> None:
    """`python -m bench notices`."""
    assert {"tracks.zones", "tracks.sites"} <= set(command.benches("notices", rows=10, ask=ask_here))


def test_generated_positions_are_the_same_on_every_machine() -> None:
    """Seeded; some without an altitude, as in the samples."""
    first, again = tracks.generated(500)[2], tracks.generated(500)[2]
    assert (first[:, :3] == again[:, :3]).all()
    assert (first[:, 0] > 0).all()
