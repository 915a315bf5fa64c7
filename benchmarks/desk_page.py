"""The desk: its weight, and how long a browser needs until somebody can sign in.

The time is from the address to a button that can be pressed, on loopback, with nothing in the browser's cache. Run with
`make bench`.
"""

from __future__ import annotations

import gzip
import os
import statistics
import time

from playwright.sync_api import Browser, sync_playwright

from hotline_local.desk_server import DeskServer, DeskSettings, page_files
from tests.support.browser import NOT_RUN, OPTIONS, find_chromium

KB = 1000
ISSUER = "http://127.0.0.1"


def measure(runs: int) -> dict[str, object]:
    """The weight in KB, as files and packed as they are sent, and the median time in milliseconds."""
    read = [file.read_bytes() for file in page_files().values()]
    found: dict[str, object] = {
        "files": len(read),
        "weight_kb": round(sum(map(len, read)) / KB, 1),
        "sent_kb": round(sum(len(gzip.compress(body, mtime=0)) for body in read) / KB, 1),
    }
    path = find_chromium()
    if path is None:
        return {**found, "usable_ms": NOT_RUN}
    settings = DeskSettings("/api", ISSUER, "desk", f"{ISSUER}/authorize", f"{ISSUER}/token")
    server = DeskServer(settings, 0)
    server.start()
    options = [*OPTIONS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options)
        found["usable_ms"] = round(statistics.median(usable_s(browser, server.url) for _ in range(runs)) * 1000)
        browser.close()
    server.stop()
    return found


def usable_s(browser: Browser, url: str) -> float:
    """Seconds from the address to a button that can be pressed, in a new context of the browser."""
    with browser.new_context(locale="en-US") as context:
        page = context.new_page()
        began = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.locator("button.main:enabled").wait_for()
        return time.perf_counter() - began
