"""Progress on the terminal, one line a step."""

import sys
import time
from threading import Lock


class Lines:
    """Prints each step with the seconds since the start, on stderr, so that a command's stdout stays its own."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._lock = Lock()

    def __call__(self, step: str) -> None:
        with self._lock:
            print(f"{time.monotonic() - self._started:6.1f} s  {step}", file=sys.stderr, flush=True)
