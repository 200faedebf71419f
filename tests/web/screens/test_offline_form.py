"""The form for reports where connections break: nothing written is lost, and nothing is left on the telephone."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.screens.conftest import Demo, Stage
from truceline.report.language import LANGUAGES

MOST = 10_000


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_is_small_and_a_copy_is_one_file(demo: Demo, lang: str) -> None:
    """10 kB as it travels, script included; the copy asks for nothing and sends to this service."""
    form = demo.page("/report", "public", lang)
    script = demo.seat("public").get("/static/report-form.js").content
    assert len(gzip.compress(form.encode())) + len(gzip.compress(script)) < MOST
    found = demo.seat("public").get(f"/report/copy?lang={lang}")
    assert found.headers["content-disposition"] == f'attachment; filename="report-{lang}.html"'
    assert 'action="http://localhost/report"' in found.text
    assert len(gzip.compress(found.content)) < MOST
    assert "src=" not in found.text
    assert "<link" not in found.text


@pytest.mark.chromium
def test_a_connection_that_breaks_loses_nothing(stage: Stage) -> None:
    """Filled in and sent by keyboard while there is none: it says so, keeps all, stores nothing, and is sent after."""
    with stage.seat(wide=390) as shown:
        shown.goto(f"{stage.url}/report?lang=en")
        shown.get_by_label("What happened?").fill("Shells fell on the mill")
        shown.get_by_label("Where?").fill("Hirbnafseh")
        shown.context.set_offline(True)
        shown.get_by_role("button", name="Send").focus()
        shown.keyboard.press("Enter")
        expect(shown.locator("#away")).to_contain_text("There is no connection")
        assert shown.get_by_label("What happened?").input_value() == "Shells fell on the mill"
        kept = shown.evaluate(
            "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,"
            " (await caches.keys()).length]"
        )
        assert kept == [0, 0, 0, 0]
        shown.context.set_offline(False)
        expect(shown.get_by_role("heading", level=1)).to_have_text("Your report has arrived", timeout=15_000)
        expect(shown.locator("input[name=receipt]").first).to_have_attribute("type", "hidden")


@pytest.mark.chromium
def test_what_is_refused_stays_in_the_form(stage: Stage) -> None:
    """The page of the service takes the place of the form, with what was written in it."""
    with stage.seat() as shown:
        shown.goto(f"{stage.url}/report?lang=en")
        shown.evaluate("document.querySelector('form[enctype]').noValidate = true")
        shown.get_by_label("Where?").fill("Hirbnafseh")
        shown.get_by_role("button", name="Send").click()
        expect(shown.get_by_role("alert")).to_contain_text("Nothing was sent.")
        assert shown.get_by_label("Where?").input_value() == "Hirbnafseh"


@pytest.mark.chromium
def test_a_copy_sends_from_the_file(stage: Stage, demo: Demo, tmp_path: Path) -> None:
    """Opened from a file, without a script: it sends to the service, and the receipt comes back."""
    with stage.seat(java_script_enabled=False) as shown:
        copy = shown.request.get(f"{stage.url}/report/copy?lang=ru").body()
        (tmp_path / "report.html").write_bytes(copy)
        shown.goto((tmp_path / "report.html").as_uri())
        shown.locator("textarea").fill("Снаряды упали на мельницу")
        shown.locator("button[type=submit]").click()
        expect(shown.get_by_role("heading", level=1)).to_have_text("Ваше сообщение получено")
