"""The end of an invocation, for those who wait on its behalf. They give up in time, so that the function can still
answer. A thread that a function starts has no end of its own accord."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_ends_at_s: Final[ContextVar[float]] = ContextVar("ends_at_s", default=math.inf)


@contextmanager
def invocation(context: object, seconds: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Hold the work of a `with` block to the end that Lambda's context tells; without such a context it has none.
    `seconds` is a clock that only goes on."""
    left_ms: Callable[[], int] | None = getattr(context, "get_remaining_time_in_millis", None)
    token = _ends_at_s.set(math.inf if left_ms is None else seconds() + left_ms() / 1000)
    try:
        yield
    finally:
        _ends_at_s.reset(token)


def left_s(seconds: Callable[[], float] = time.monotonic) -> float:
    """How many seconds are left; infinity where there is no end."""
    return _ends_at_s.get() - seconds()
