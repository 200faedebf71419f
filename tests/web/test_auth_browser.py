"""Entering in a real browser, with its own virtual authenticator: pages, script, policy and service together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Route, expect

from tests.web.asking import Served
from tests.web.authenticator import new_account
from truceline.desk import accounts
from truceline.desk.audits import HOST
from truceline.report.language import LANGUAGES
from truceline.store.state import State, open_state

pytestmark = pytest.mark.chromium

AXE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TITLES = {"en": "You are signed in", "ar": "لقد سجّلت الدخول", "ru": "Вы вошли"}


@dataclass
class Place:
    """A service that runs, and what it remembers."""

    url: str
    state: State

    def code(self, role: str = "party", party: str = "us") -> str:
        """An invitation to a new account."""
        import time

        now = int(time.time())
        one = new_account(self.state, now, role, party)
        return accounts.invite(self.state, HOST, now, one.id, lasts_s=600)


@pytest.fixture(scope="module")
def place(case_folder: Path) -> Iterator[Place]:
    """A service in a process of its own."""
    with Served(case_folder, refused_a_minute=100) as served, closing(open_state(case_folder)) as state:
        yield Place(served.url.replace("127.0.0.1", "localhost"), state)


@dataclass
class Sitting:
    """Somebody at a browser.

    Attributes:
        page: that is open.
        device: speaks to the browser's authenticator.
        key: id of the authenticator.
        troubles: what the console said of errors and of the policy.
    """

    page: Page
    device: CDPSession
    key: str
    troubles: list[str]

    def verifies(self, is_so: bool) -> None:
        """Whether the user puts the finger on it."""
        self.device.send("WebAuthn.setUserVerified", {"authenticatorId": self.key, "isUserVerified": is_so})


@pytest.fixture
def sitting(browser: Browser, place: Place) -> Iterator[Sitting]:
    """A browser without a past, with an authenticator that is empty."""
    context: BrowserContext = browser.new_context(base_url=place.url, viewport={"width": 1_000, "height": 800})
    page, troubles = context.new_page(), list[str]()
    page.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    key = device.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    yield Sitting(page, device, key, troubles)
    context.close()


def enrolled(sitting: Sitting, place: Place, lang: str = "en") -> None:
    """Redeem an invitation in the page."""
    sitting.page.goto(f"/enrol?lang={lang}")
    sitting.page.locator("#code").fill(f" {place.code()} ")
    sitting.page.locator("form button").click()
    expect(sitting.page.locator("h1")).to_have_text(TITLES[lang])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_invitation_becomes_a_passkey_and_the_passkey_opens(sitting: Sitting, place: Place, lang: str) -> None:
    """The whole way in each language: enrol, confirm, sign out, sign in; and the console stays silent."""
    enrolled(sitting, place, lang)
    page = sitting.page
    page.locator("form[data-passkey] button").click()
    expect(page.locator("#said [data-remark=done]")).to_be_visible()
    cookie = next(one for one in page.context.cookies() if one["name"] == "truceline")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    page.locator("form[data-post] button").click()
    expect(page.locator("form[data-passkey=get][data-answer='/auth/sign-in']")).to_be_visible()
    assert page.context.cookies() == []
    page.locator("form button").click()
    expect(page.locator("h1")).to_have_text(TITLES[lang])
    assert sitting.troubles == []


def test_until_its_script_is_there_a_form_goes_nowhere(sitting: Sitting, place: Place) -> None:
    """On a slow line somebody is faster than the script: no code travels in an address, and the button works later."""
    page, waiting = sitting.page, list[Route]()
    page.route("**/*passkey*.js", lambda route: waiting.append(route))  # noqa: PLW0108 - playwright marks what it calls
    page.goto("/enrol?lang=en", wait_until="commit")
    code = place.code()
    page.locator("#code").fill(code)
    expect(page.locator("form button")).to_be_disabled()
    page.locator("#code").press("Enter")
    page.locator("form button").dispatch_event("click")
    assert page.url == f"{place.url}/enrol?lang=en"
    assert len(waiting) == 1
    waiting[0].continue_()
    page.locator("form button").click()
    expect(page.locator("h1")).to_have_text(TITLES["en"])
    assert code not in page.url


def test_a_code_that_is_none_is_told_in_the_page(sitting: Sitting, place: Place) -> None:
    """And nothing is made on the device."""
    sitting.page.goto("/enrol?lang=en")
    sitting.page.locator("#code").fill("no-such-code")
    sitting.page.locator("form button").click()
    expect(sitting.page.locator("#said [data-remark=refused]")).to_be_visible()
    held = sitting.device.send("WebAuthn.getCredentials", {"authenticatorId": sitting.key})["credentials"]
    assert held == []
    assert place.url


def test_without_its_user_a_passkey_opens_nothing(sitting: Sitting, place: Place) -> None:
    """A device that somebody found: it gives no passkey, and the page says that nothing was sent."""
    enrolled(sitting, place)
    sitting.page.locator("form[data-post] button").click()
    expect(sitting.page.locator("form[data-answer='/auth/sign-in']")).to_be_visible()
    sitting.verifies(False)
    sitting.page.locator("form button").click()
    expect(sitting.page.locator("#said [data-remark=cancelled]")).to_be_visible()
    assert sitting.page.locator("form button").is_enabled()
    sitting.verifies(True)
    sitting.page.locator("form button").click()
    expect(sitting.page.locator("h1")).to_have_text(TITLES["en"])


def test_the_passkey_lives_on_the_device_alone(sitting: Sitting, place: Place) -> None:
    """It is discoverable, so that no name is typed; and it is for this host."""
    enrolled(sitting, place)
    held = sitting.device.send("WebAuthn.getCredentials", {"authenticatorId": sitting.key})["credentials"]
    assert [(one["isResidentCredential"], one["rpId"]) for one in held] == [(True, "localhost")]


def test_nothing_is_asked_from_elsewhere_and_nothing_runs_inline(sitting: Sitting, place: Place) -> None:
    """What somebody smuggled into the page would not run: the browser itself refuses."""
    asked: list[str] = []
    sitting.page.on("request", lambda request: asked.append(request.url))
    sitting.page.goto("/sign-in")
    assert all(url.startswith(place.url) for url in asked)
    sitting.page.evaluate("""() => {
        const made = document.createElement("script");
        made.textContent = "document.title = 'ran'";
        document.body.append(made);
        document.body.setAttribute("onclick", "document.title = 'ran'");
        document.body.click();
    }""")
    assert sitting.page.title() == "Sign in · Truceline"
    assert any("Content Security Policy" in one for one in sitting.troubles)


def test_without_script_the_page_says_why(browser: Browser, place: Place) -> None:
    """It cannot sign anybody in, and says so instead of doing nothing."""
    context = browser.new_context(base_url=place.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in?lang=en")
    assert page.locator("noscript .notice, .notice").first.is_visible()
    context.close()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", ["/sign-in", "/enrol", "inside"])
def test_the_pages_are_accessible_and_fit(sitting: Sitting, place: Place, lang: str, path: str) -> None:
    """WCAG 2.2 AA as far as a program sees; nobody scrolls sideways on a phone; what is pressed is 44 pixels high."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = sitting.page
    if path == "inside":
        enrolled(sitting, place, lang)
    else:
        page.goto(f"{path}?lang={lang}")
    answer = axe.Axe().run(page, options={"runOnly": {"type": "tag", "values": AXE}})
    assert [(one["id"], [n["html"][:120] for n in one["nodes"]][:3]) for one in answer.response["violations"]] == []
    assert page.locator("html").get_attribute("dir") == ("rtl" if lang == "ar" else "ltr")
    for wide in (320, 1_280):
        page.set_viewport_size({"width": wide, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= wide
    small = page.evaluate("""() => [...document.querySelectorAll("button, .button, input, .tongues a")]
        .filter((one) => one.getBoundingClientRect().height < 44).length""")
    assert small == 0


def test_the_keyboard_is_enough(sitting: Sitting, place: Place) -> None:
    """Skip link, language, code, button: in this order, each of them seen."""
    page = sitting.page
    page.goto("/enrol?lang=en")
    order = []
    for _ in range(6):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))
    assert order[:5] == ["Skip to the content", "العربية", "Русский", "code", "Make a passkey"]
    page.locator("#code").fill(place.code())
    page.locator("#code").press("Enter")
    expect(page.locator("h1")).to_have_text(TITLES["en"])
