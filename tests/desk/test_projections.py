"""When the views of a GIS are laid out anew: soon, whoever writes on and on, and again after a fault."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from truceline.desk import projections
from truceline.desk.jobs import KINDS, Later, Work
from truceline.desk.projections import AGAIN, PROJECT
from truceline.desk.service import Service
from truceline.errors import StoreError


class Scene:
    """A service of which the test says how much was appended, and how much was judged; it notes what is queued."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Five entries, none judged."""
        self.size, self.judged, self.queued, self.laid = 5, 0, list[tuple[str, dict[str, Any]]](), list[int]()
        self.fault: Exception | None = None
        monkeypatch.setattr(projections, "project", self._project)
        monkeypatch.setattr(projections, "has_views", lambda _: True)
        self.service = cast(Service, SimpleNamespace(
            snapshots=SimpleNamespace(current=self._current), jobs=SimpleNamespace(defer=self._defer),
            case=SimpleNamespace(entries=lambda: range(self.size)),
        ))  # fmt: skip

    def _current(self) -> object:
        if not self.judged:
            raise StoreError("nothing was judged yet")
        return SimpleNamespace(size=self.judged)

    def _defer(self, name: str, *, job_key: str = "", job_after_s: float = 0.0, **args: Any) -> None:  # noqa: ANN401
        assert job_key == name
        assert (name == AGAIN) == bool(job_after_s)
        self.queued.append((name, args))

    def _project(self, _: object) -> list[str]:
        if self.fault is not None:
            raise self.fault
        self.laid.append(self.judged)
        return ["zone public"]

    def run(self, **args: int) -> None:
        """Run the job."""
        KINDS[PROJECT].run(self.service, cast(Work, SimpleNamespace(tell=lambda *_: None)), **args)


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Nothing was laid out yet."""
    return Scene(monkeypatch)


def test_it_waits_for_what_it_was_queued_for_and_for_no_more(scene: Scene) -> None:
    """Statements that pour in do not put it off for ever: what came since is laid out by the next one."""
    projections.notice(scene.service)
    assert scene.queued == [(PROJECT, {"size": 5})]
    scene.judged = 4
    with pytest.raises(Later):
        scene.run(size=5)
    scene.judged, scene.size = 5, 9
    scene.run(size=5)
    assert scene.laid == [5]
    assert scene.queued[1:] == [(AGAIN, {}), (PROJECT, {"size": 9})]
    scene.judged = 9
    scene.run(size=9)
    assert scene.queued[3:] == [(AGAIN, {})]


def test_a_first_judging_that_takes_long_is_waited_for(scene: Scene) -> None:
    """It is no fault: no attempt is used up over it. Rows of before say no size."""
    with pytest.raises(Later):
        scene.run()
    scene.judged = 5
    scene.run()
    assert scene.laid == [5]


def test_when_it_fails_it_is_done_again_later_all_the_same(scene: Scene) -> None:
    """Else what nobody may be shown any more would stay there until a restart."""
    scene.judged, scene.fault = 5, StoreError("the database is away")
    with pytest.raises(StoreError):
        scene.run(size=5)
    assert scene.queued == [(AGAIN, {})]
