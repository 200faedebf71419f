"""The map in a real browser: its own files alone, by keyboard too, areas and never pins, and a page without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.web.screens.conftest import Stage
from truceline.web import files as served

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif("map.js" not in served.files(), reason="the islands were not built"),
]

OPEN = """async () => {
  const box = document.createElement("div");
  box.id = "map";
  box.className = "casemap";
  box.textContent = "a drawing";
  Object.assign(box.dataset, { label: "Map", closer: "Zoom in", farther: "Zoom out", whole: "The whole map" });
  document.querySelector("main").replaceChildren(box);
  const { openMap } = await import("/static/map.js");
  window.map = await openMap(box);
  window.settled = () => new Promise((done) => {
    window.map.gl.once("idle", done);
    window.map.gl.triggerRepaint();
  });
  await window.settled();
}"""
VIEW = "() => [window.map.gl.getZoom(), window.map.gl.getCenter().lng]"
POINTS = """async () => {
  const data = await (await fetch("/api/v1/assessments.columns")).arrayBuffer();
  window.bulk = window.map.setPoints(data);
  await window.settled();
}"""
AREA = """async ([value, across]) => {
  const [x, y] = [37.1, 35.2], d = across / 2;
  const ring = [[x - d, y - d], [x + d, y - d], [x + d, y + d], [x - d, y + d], [x - d, y - d]];
  window.map.setAreas({ type: "FeatureCollection", features: [
    { type: "Feature", properties: { id: "r-1", value }, geometry: { type: "Polygon", coordinates: [ring] } },
  ] });
  await window.settled();
  return window.map.project([x, y]);
}"""
INKS = """([x, y]) => {
  const canvas = window.map.gl.getCanvas(), found = document.createElement("canvas");
  const ratio = canvas.width / canvas.clientWidth, side = 24;
  found.width = found.height = side;
  const flat = found.getContext("2d");
  flat.drawImage(canvas, x * ratio - side / 2, y * ratio - side / 2, side, side, 0, 0, side, side);
  const data = flat.getImageData(0, 0, side, side).data, inks = new Set();
  for (let at = 0; at < data.length; at += 4) inks.add(`${data[at]} ${data[at + 1]} ${data[at + 2]}`);
  return [...inks];
}"""


@contextmanager
def opened(stage: Stage) -> Iterator[Page]:
    """A page with a map."""
    with stage.seat() as page:
        page.goto(f"{stage.url}/sign-in?lang=en")
        page.evaluate(OPEN)
        yield page


@pytest.mark.long
def test_a_map_asks_nobody_else_and_goes_by_keyboard(stage: Stage) -> None:
    """Every request goes to the service, the worker is its own file; arrows move, plus zooms, buttons are large."""
    asked: list[str] = []
    with stage.seat() as page:
        page.on("request", lambda one: asked.append(one.url))
        page.goto(f"{stage.url}/sign-in?lang=en")
        page.evaluate(OPEN)
        assert [url for url in asked if not url.startswith(stage.url)] == []
        assert any(url.endswith("/static/map-worker.js") for url in asked)
        assert any("/api/v1/agreement/ground" in url for url in asked)
        page.evaluate("() => window.map.gl.getCanvas().focus()")
        assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "Map"
        before = page.evaluate(VIEW)
        for key in ("+", "ArrowRight"):
            page.keyboard.press(key)
            page.evaluate("() => window.settled()")
        after = page.evaluate(VIEW)
        assert after[0] > before[0]
        assert after[1] > before[1]
        for word in ("Zoom in", "Zoom out", "The whole map"):
            box = page.get_by_role("button", name=word).bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 44
        page.get_by_role("button", name="The whole map").click()
        page.evaluate("() => window.settled()")
        assert page.evaluate(VIEW) == pytest.approx(before, abs=0.05)


def test_areas_are_told_apart_by_shape_and_never_are_pins(stage: Stage) -> None:
    """Covered is filled, open hatched, the rest an outline; what is too small has a circle; what is clicked is told."""
    small = "() => window.map.gl.queryRenderedFeatures(undefined, { layers: ['areas-small'] }).length"
    with opened(stage) as page:
        found = {value: set(page.evaluate(INKS, page.evaluate(AREA, [value, 2.0]))) for value in (1, 0, -1)}
        assert len(found[0]) > len(found[1])
        assert found[1] != found[-1]
        page.evaluate(AREA, [1, 0.001])
        assert page.evaluate(small) == 1
        x, y = page.evaluate(AREA, [1, 2.0])
        assert page.evaluate(small) == 0
        page.evaluate("() => { window.told = []; window.map.onSelect((one) => window.told.push(one)); }")
        box = page.locator("#map canvas").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + x, box["y"] + y)
        page.mouse.click(box["x"] + 5, box["y"] + box["height"] - 5)
        assert page.evaluate("() => window.told") == [{"layer": "areas", "id": "r-1"}, None]


def test_the_map_counts_what_the_service_counts(stage: Stage) -> None:
    """All reports at once, those of a window, an answer, a term: each number is that of the situation."""
    second = "const second = (text) => Date.parse(text) / 1000;"
    asked: tuple[tuple[str, str], ...] = (
        ("{}", ""),
        ("{ from: second('2016-03-01'), until: second('2016-09-01') }",
         "?from=2016-03-01T00:00:00Z&until=2016-09-01T00:00:00Z"),
        ("{ answer: (one) => one.any === 0 }", "?value=0"),
        ("{ answer: (one) => one.terms.F2 === 1 }", "?term=F2&value=1"),
    )  # fmt: skip
    with opened(stage) as page:
        page.evaluate(POINTS)
        for wanted, query in asked:
            told = page.evaluate(f"() => {{ {second} return window.bulk.show({wanted}); }}")
            found: dict[str, Any] = page.request.get(f"{stage.url}/api/v1/situation{query}").json()
            assert told["reports"] == found["reports"], query
            assert told["surely"] == found["any"]["surely"], query
            assert told["surely"] + told["undecided"] == found["any"]["at_most"], query
        page.evaluate("() => window.bulk.show({})")
        assert sum(page.evaluate("() => window.bulk.under(36.3, 33.5)").values()) > 0
        assert sum(page.evaluate("() => window.bulk.under(-30, 10)").values()) == 0


def test_without_webgl_the_page_keeps_what_it_had(stage: Stage) -> None:
    """The map is not there, the drawing in its place is."""
    with stage.seat() as page:
        page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
        page.goto(f"{stage.url}/sign-in?lang=en")
        refused = page.evaluate(
            f"async () => {{ try {{ await ({OPEN})(); }} catch (error) {{ return error.message; }} }}"
        )
        assert refused == "no WebGL 2"
        assert page.locator("#map").inner_text() == "a drawing"
        assert "is-open" not in (page.locator("#map").get_attribute("class") or "")
