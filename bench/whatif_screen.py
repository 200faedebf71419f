"""How soon do new counts follow a hand that drags a line? A real browser, a case of so many reports, two cores for all.

The case is that of `bench.readers`, served as a demonstration; the browser draws in software. A corner of a zone is
dragged in a circle at sixty moves a second. A delay runs from the move that an answer was asked for until the frame in
which its counts are painted; moves that came while a question was under way are answered by the next one.

Before any time is told, the counts on the screen are held against the engine's, asked anew.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import shapely

from bench.measure import DisagreementError, Result, Task, short
from bench.readers import made_case
from truceline.agreement.model import Zone
from truceline.assess.place import Placed
from truceline.assess.within import Yard
from truceline.desk.runs import bench_of_case
from truceline.desk.views.room import JudgingRoom, Reading
from truceline.desk.views.sight import Moment
from truceline.space import checked_polygon
from truceline.store.opened import open_case
from truceline.verdict import NO, UNKNOWN, YES

READERS = {"mediator": "party:-", "secretariat": "secretariat"}
"""Who drags, and the reader that it is."""

VALUES = {"surely": YES, "possibly": UNKNOWN, "outside": NO}
Drawn = tuple[list[tuple[float, float]], dict[str, int]]
REACH = 60
"""Pixels about which the corner is led."""

LOOSE: dict[str, Any] = {"reads_account": 10**9, "reads_a_minute": 10**9, "demo": "true"}
FLAGS = ["--no-sandbox", "--disable-background-networking", "--enable-unsafe-swiftshader"]
"""As a browser does on a machine without graphics: it composes pages by itself, and draws WebGL in SwiftShader."""

ASKED = """performance.getEntriesByType("resource").filter((one) => one.name.includes("/what-if/moved"))
    .map((one) => one.duration)"""
WATCH = """() => {
    window.counted = [];
    document.addEventListener("whatif:counted", (event) => {
        const { since } = event.detail;
        requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => window.counted.push([since, performance.now()]);
            channel.port2.postMessage(0);
        });
    });
}"""


def work(task: Task) -> Result:
    """Make the case, serve it, drag."""
    if hasattr(os, "sched_setaffinity"):  # whoever measures engines pins them to one core; here all are shared
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    chromium = shutil.which("chromium")
    if chromium is None:
        return {"skipped": "there is no Chromium"}
    room = Path(tempfile.mkdtemp(prefix="truceline-bench-"))
    before = os.environ.get("TRUCELINE_CONFIG")
    os.environ["TRUCELINE_CONFIG"] = str(room / "config")
    try:
        return dragged(made_case(room, task["rows"]), chromium, task["rows"], task["seconds"])
    finally:
        os.environ.pop("TRUCELINE_CONFIG", None)
        if before is not None:
            os.environ["TRUCELINE_CONFIG"] = before
        shutil.rmtree(room, ignore_errors=True)


def dragged(case: Path, chromium: str, rows: int, seconds: float) -> Result:
    """Drag as a reader of towns, and as who sees each place as it was reported."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # only who measures this needs it

    from tests.web.asking import Served  # noqa: PLC0415  # the tests' own way to start a service

    with Served(case, **LOOSE) as served, sync_playwright() as playwright:
        url = served.url.replace("127.0.0.1", "localhost")
        while httpx.get(f"{url}/health/ready").status_code != 200:
            time.sleep(0.2)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        found = {role: _one(browser, url, role, seconds) for role in READERS}
        browser.close()
    check(case, {role: drawn for role, (drawn, _) in found.items()})
    return {
        "measures": [{"what": f"{rows} reports, dragged by a {role}", **one} for role, (_, one) in found.items()]
    }  # fmt: skip


def _one(browser: Any, url: str, role: str, seconds: float) -> tuple[Drawn, Result]:  # noqa: ANN401  # as above
    context = browser.new_context(base_url=url, viewport={"width": 1_280, "height": 900})
    sent = {"Origin": url, "Sec-Fetch-Site": "same-origin"}
    context.request.post("/demo", form={"role": role}, headers=sent, max_redirects=0)
    page = context.new_page()
    page.set_default_timeout(120_000)
    begin = time.perf_counter()
    page.goto("/what-if?lang=en&zone=%2B")
    page.wait_for_selector("#wi-map[data-ready]")
    opened_s = time.perf_counter() - begin
    page.evaluate(WATCH)
    box = page.locator(".wi-hand .corner").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    moves, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        turn, due = moves / 40, time.perf_counter() + 1 / 60
        page.mouse.move(x + REACH * (1 - math.cos(turn)) / 2, y + REACH * math.sin(turn) / 2)
        moves += 1
        time.sleep(max(0.0, due - time.perf_counter()))
    page.mouse.up()
    page.wait_for_timeout(3_000)
    counted = page.evaluate("window.counted")
    drawn = _shown(page)
    asked = page.evaluate(ASKED)
    ground = page.get_attribute("#wi-map", "data-ready")
    context.close()
    late = sorted(painted - since for since, painted in counted)
    return drawn, {
        "moves": moves, "counted": len(late), "ground": ground,
        "answer_p50_ms": short(sorted(asked)[len(asked) // 2]),
        **{f"p{at}_ms": short(late[min(len(late) - 1, int(len(late) * at / 100))]) for at in (50, 90, 99)},
        "longest_ms": short(late[-1]), "opened_s": short(opened_s),
    }  # fmt: skip


def _shown(page: Any) -> Drawn:  # noqa: ANN401  # imported when it is used
    """The drawing of the page's address, and the counts on the screen."""
    kept = page.url.partition("#c=")[2].partition("&")[0]
    ring = [(int(x) / 1e5, int(y) / 1e5) for y, x in (one.split("_") for one in kept.split("."))]
    tile = "#wi-tiles [data-key={}] [data-at=after]"
    texts = {key: page.locator(tile.format(key)).inner_text() for key in VALUES}
    return ring, {key: int(text.replace(",", "")) for key, text in texts.items()}


def check(case: Path, drawn: Mapping[str, Drawn]) -> None:
    """The counts on the screen are those of the engine, asked anew for every report.

    Raises:
        DisagreementError: they are not.
    """
    opened = open_case(case)
    size = len(opened.entries())
    bench = bench_of_case(opened, (), size)
    opened.close()
    room = JudgingRoom(str(case))
    for role, (ring, shown) in drawn.items():
        scene = room.scene(size, Reading(READERS[role], Moment(int(time.time()))))
        shape = checked_polygon(shapely.Polygon(ring), "drawn")
        placed = Placed(bench.agreement.zones, bench.atlas).moved(Zone("drawn", 0), shape)
        value = Yard(scene.columns, Placed(placed.zones, placed.atlas)).as_it_is("drawn").value
        told = {key: int((value == wanted).sum()) for key, wanted in VALUES.items()}
        if told != shown:
            raise DisagreementError(f"service.dragging: the screen of a {role} shows {shown}, the engine {told}")
    room.close()
