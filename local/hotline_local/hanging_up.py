"""Hanging up a simulated call whose terminal is closed, or whose process is told to end, as Ctrl-C does."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

from connect_sim.simulator.events import CallEvent
from connect_sim.simulator.run import CallView

ENDINGS: Final = (signal.SIGHUP, signal.SIGTERM)


@contextmanager
def hang_up_on_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt for the first signal of ENDINGS, and pass over those that come while the call ends."""

    def hang_up(_number: int, _frame: FrameType | None) -> None:
        for ending in ENDINGS:
            signal.signal(ending, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {ending: signal.signal(ending, hang_up) for ending in ENDINGS}
    try:
        yield
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)


class LastingView:
    """Shows a call as long as there is something to show it on. The call itself does not depend on its terminal."""

    def __init__(self, view: CallView) -> None:
        self._view = view

    def show(self, event: CallEvent) -> None:
        """See CallView."""
        with suppress(OSError):
            self._view.show(event)
