"""How soon does a map show every report, and how soon does a brush show others? In a real Chromium, drawn in software.

    service.screens     350,000 reports of the case of `bench.readers`, as the public sees them, on one map

The browser is that of the system, without a graphics card (SwiftShader). *Drawn* is told when the pixels can be read
back: a frame that was only asked for counts for nothing. Data have arrived when the last byte has; to ask for them and
to send them is told beside. Before any time is told, what the map counts is held against what the service counts.
"""

from __future__ import annotations

import os
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.measure import DisagreementError, Result, Task, short
from bench.readers import LOOSE, made_case, own_room, wait_for_answers

WINDOWS = (("2016-03-01", "2016-09-01"), ("2016-06-01", "2016-06-08"), ("2018-01-01", "2019-06-01"))
BRUSHES = 40
DRAWN_S, BRUSHED_S = 1.0, 0.5
"""What is promised: first drawn after the data have arrived, and drawn anew after a brush has moved, of a hundred moves
ninety-five. Both are of a machine with nothing else to do; `load` says whether it had."""

OPEN = """async () => {
  const { openMap } = await import("/static/map.js");
  const box = document.createElement("div");
  box.className = "casemap";
  document.querySelector("main").replaceChildren(box);
  const begin = performance.now();
  window.map = await openMap(box);
  await new Promise((done) => window.map.gl.once("idle", done));
  return performance.now() - begin;
}"""

DRAW = """async () => {
  const gl = window.map.gl.getCanvas().getContext("webgl2"), pixel = new Uint8Array(4);
  window.frame = (change) => new Promise((done) => {
    const begin = performance.now();
    window.map.gl.once("render", () => {
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
      done(performance.now() - begin);
    });
    change();
  });
  const asked = performance.now();
  const data = await (await fetch("/api/v1/assessments.columns")).arrayBuffer();
  const arrived = performance.now();
  const drawn = await window.frame(() => { window.bulk = window.map.setPoints(data); });
  return { bytes: data.byteLength, fetched: arrived - asked, drawn, told: window.bulk.told };
}"""

BRUSH = """async (windows) => {
  const found = [], second = (text) => Date.parse(text) / 1000;
  for (const [from, until] of windows) {
    let told;
    const ms = await window.frame(() => { told = window.bulk.show({ from: second(from), until: second(until) }); });
    found.push({ ms, told });
  }
  return found;
}"""


def work(task: Task) -> Result:
    """Make the case, serve it, look at it."""
    with own_room() as room:
        return seen(made_case(room, task["rows"]), task["rows"])


def seen(case: Path, rows: int) -> Result:
    """A case of so many reports, on a map."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return {"skipped": "no Chromium here: make test-deps"}
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # only where there is a browser

    from tests.web.asking import Served  # noqa: PLC0415  # the tests' own way to start a service

    args = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with Served(case, **LOOSE) as served, served.client() as client, sync_playwright() as playwright:
        wait_for_answers(client)
        browser = playwright.chromium.launch(executable_path=chromium, args=args)
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{served.url}/sign-in?lang=en")
            opened_ms = page.evaluate(OPEN)
            first = page.evaluate(DRAW)
            told = page.evaluate(BRUSH, WINDOWS)
            moves = page.evaluate(BRUSH, _moves())
        finally:
            browser.close()
        _check(client, first["told"], [one["told"] for one in told])
    times = sorted(one["ms"] for one in moves)
    late = times[len(times) * 95 // 100]
    return {
        "measures": [{
            "what": f"{rows} reports, {first['told']['reports']} of them shown",
            "map_open_ms": short(opened_ms), "megabytes": short(first["bytes"] / 1e6),
            "fetched_ms": short(first["fetched"]), "drawn_ms": short(first["drawn"]),
            "brush_p50_ms": short(times[len(times) // 2]), "brush_p95_ms": short(late),
            "brush_longest_ms": short(times[-1]), "load": short(os.getloadavg()[0]),
        }],
        "promised": {"drawn": first["drawn"] <= DRAWN_S * 1e3, "brush": late <= BRUSHED_S * 1e3},
    }  # fmt: skip


def _moves() -> list[tuple[str, str]]:
    """A window of ninety days, moved through the years."""
    return [(_day(30 * at), _day(30 * at + 90)) for at in range(BRUSHES)]


def _day(at: int) -> str:
    return str(date(2016, 1, 1) + timedelta(days=at))


def _check(client: Any, whole: dict[str, int], windows: list[dict[str, int]]) -> None:  # noqa: ANN401  # httpx
    """What the map counts is what the service counts."""
    asked = ["", *(f"?from={since}T00:00:00Z&until={until}T00:00:00Z" for since, until in WINDOWS)]
    for query, told in zip(asked, [whole, *windows], strict=True):
        found = client.get(f"/api/v1/situation{query}").json()
        band = found["any"]
        ours = [told["reports"], told["surely"], told["surely"] + told["undecided"]]
        if ours != [found["reports"], band["surely"], band["at_most"]]:
            raise DisagreementError(f"service.screens: {query or 'all'}: {told} on the map, {band} told")
