"""A Chromium for tests of pages: one that is installed, else Playwright's own, fetched where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

NAMES: Final = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
)  # fmt: skip
"""The shell goes first: it is the same engine without windows, and takes half of the processor's time."""
VARIABLE: Final = "HOTLINE_CHROMIUM"
"""The path of a Chromium that goes before all others."""
FETCH_S: Final = 300
NOT_RUN: Final = (
    "not run: no Chromium is installed, and Playwright's could not be fetched. Install chromium, or name one in "
    f"{VARIABLE}."
)
OPTIONS: Final = (
    "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip
"""Nothing but the page under test goes to the network."""


@cache
def find_chromium() -> str | None:
    """The path of a Chromium that runs, or None when none is to be had."""
    given = os.environ.get(VARIABLE)
    places = [given] if given else [path for name in NAMES if (path := shutil.which(name))]
    return next(filter(_runs, places), None) or (None if given else _fetched())


def _runs(path: str) -> bool:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _fetched() -> str | None:
    """Playwright's own Chromium, fetched if it is not there."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if not Path(path).exists():
        command = [sys.executable, "-m", "playwright", "install", "chromium"]
        try:
            subprocess.run(command, capture_output=True, timeout=FETCH_S, check=False)
        except subprocess.TimeoutExpired:
            return None
    return path if Path(path).exists() and _runs(path) else None
