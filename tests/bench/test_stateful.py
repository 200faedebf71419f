from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from bench import __main__ as command
from bench import measure, report, stateful


def ask_here(task: measure.Task) -> measure.Result:
    """Do a task in this process."""
    return stateful.work(task)


def lying(task: measure.Task) -> measure.Result:
    """The same, but one engine overlooks a row."""
    found = ask_here(task)
    return found | ({"found": found["found"] - 1} if task["engine"] == "truceline-numpy" else {})


@pytest.mark.parametrize("name", stateful.TASKS)
def test_both_engines_find_the_same_rows(name: str) -> None:
    """A time is worth nothing before the answers are equal; here they are, and some rows are found and some not."""
    entry = stateful.bench(name, rows=3_000, ask=ask_here, others=())
    assert 100 < entry["found"] < 2_900
    assert set(entry["variants"]) == set(stateful.VARIANTS)
    assert any("truceline" in line for line in report.lines(f"stateful.{name}", entry))


@pytest.mark.long
def test_engines_that_disagree_show_no_time() -> None:
    """One row overlooked, and there is no result."""
    with pytest.raises(measure.DisagreementError, match="the engines disagree"):
        stateful.bench("unprovoked", rows=2_000, ask=lying, others=())


@pytest.mark.parametrize("name", stateful.TASKS)
def test_our_answer_is_that_of_every_pair(name: str) -> None:
    """The same events held against every pair: the definition, as slow as it is plain."""
    made = stateful.events(400)
    if name == "unprovoked":
        apart = made.time[:, None] - made.time[None, :]
        answers = (apart > 0) & (apart <= stateful.HOUR_S) & (made.side[:, None] != made.side[None, :])
    else:
        apart = made.grant[None, :] - made.request[:, None]
        answers = (apart >= 0) & (apart <= stateful.DAY_S) & (made.request_key[:, None] == made.grant_key[None, :])
    assert stateful.ours(name, made, "numpy").tolist() == np.flatnonzero(~answers.any(axis=1)).tolist()


def test_edges_are_among_the_events() -> None:
    """Benchmarks without a tie or an exact hour would not notice a `<` for a `<=`."""
    made = stateful.events(100_000)
    order = np.argsort(made.time)
    assert (np.diff(made.time[order]) == 0).any()
    assert np.isin(made.time + stateful.HOUR_S, made.time).any()


def test_they_are_among_the_benchmarks() -> None:
    """`make bench` runs both tasks, at a million rows."""
    for mode in ("quick", "all"):
        found = command.benches(mode, rows=10_000_000, ask=ask_here)
        assert {f"stateful.{name}" for name in stateful.TASKS} <= set(found)


@pytest.mark.skipif(find_spec("duckdb") is None, reason="duckdb is not installed: a peer of the benchmarks")
@pytest.mark.parametrize("name", stateful.TASKS)
def test_duckdb_finds_the_same_rows(name: str) -> None:
    """Another program, in SQL, on the same events."""
    made = stateful.events(5_000)
    stateful.compare(name)
    assert np.sort(stateful.of_duckdb(name, made)()).tolist() == stateful.ours(name, made, "numpy").tolist()
