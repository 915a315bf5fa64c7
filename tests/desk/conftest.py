"""A desk in a real browser, with an API and an issuer on loopback that stand for the real ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from hotline_local.desk_server import DeskServer, DeskSettings
from tests.support.browser import NOT_RUN, OPTIONS, find_chromium
from tests.support.desk_api import DeskWorld, make_world
from tests.support.desk_issuer import CLIENT_ID, DeskIssuer
from tests.support.loopback import LoopbackServer

TIMEOUT_MS = 60_000
"""An element comes within milliseconds. The rest is for a machine that does much else."""
expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip(NOT_RUN)
    # Chromium's own sandbox needs a user that is not root, as in containers.
    options = [*OPTIONS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


def look_up(page: Page, reason: str = "Work on this case") -> None:
    """Look at the account of the case that is open. In a call its reason is chosen already, and may be kept."""
    page.get_by_label("Why do you look?").select_option(label=reason)
    page.get_by_role("button", name="Look", exact=True).click()


@dataclass
class Desk:
    """A running desk. `world` is what its API knows."""

    url: str
    api_url: str
    login_url: str
    world: DeskWorld
    issuer: DeskIssuer
    new_context: Callable[..., BrowserContext]
    faults: list[str]
    """Errors of the page's scripts, and refusals by its policy, as the browser told them."""

    def open(self, address: str = "", *, context: BrowserContext | None = None) -> Page:
        """Open the page, not signed in."""
        page = (context or self.new_context()).new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda line: self._hear(line.type, line.text))
        page.goto(f"{self.url}/{address}")
        return page

    def sign_in(self, page: Page, username: str = "lin", button: str = "Sign in") -> None:
        """Sign in by the popup."""
        with page.expect_popup() as opened:
            page.get_by_role("button", name=button, exact=True).click()
        popup = opened.value
        popup.get_by_label("Name").fill(username)
        popup.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Sign out").wait_for()

    def enter(self, username: str = "lin", address: str = "", *, context: BrowserContext | None = None) -> Page:
        """Open the page and sign in."""
        page = self.open(address, context=context)
        self.sign_in(page, username)
        return page

    def _hear(self, kind: str, text: str) -> None:
        # A refusal of the API is a line of the console, too, and no fault of the page.
        if kind in ("error", "warning") and "Failed to load resource" not in text:
            self.faults.append(text)


@pytest.fixture
def desk(chromium: Browser) -> Iterator[Desk]:
    """A desk of its own. At the end, the page must have had no error, and its policy must have refused nothing."""
    yield from start_desk(chromium)


def start_desk(
    chromium: Browser, frame_ancestors: tuple[str, ...] = (), *, proof_quick_connect: str | None = None
) -> Iterator[Desk]:
    """A desk while the generator is not exhausted. Contexts are in English and in the zone of Shanghai."""
    issuer = DeskIssuer()
    world = make_world(issuer.tokens)
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def new_context(**options: object) -> BrowserContext:
        settings: dict[str, object] = {"locale": "en-US", "timezone_id": "Asia/Shanghai", **options}
        contexts.append(chromium.new_context(**settings))  # type: ignore[arg-type]  # options by name
        return contexts[-1]

    with LoopbackServer(issuer.answer) as login, LoopbackServer(world.answer) as api:
        settings = DeskSettings(
            api.url, login.url, CLIENT_ID, proof_quick_connect=proof_quick_connect, frame_ancestors=frame_ancestors
        )
        server = DeskServer(settings, 0)
        issuer.redirect_uri = f"{server.url}/callback.html"
        server.start()
        try:
            yield Desk(server.url, api.url, login.url, world, issuer, new_context, faults)
            for context in contexts:
                context.close()
        finally:
            server.stop()
    assert faults == []
    assert world.faults == []
