"""The start of a function in Lambda (INIT phase): its modules are imported and its clients made.

Nearly everything that a start makes stays until the process ends. Python's collector of cyclic garbage looked through
all of it some thirty times in a start of the phone. That took a ninth of the time and found next to nothing. The
collector rests until the start is over. Afterwards it leaves alone what is there, so that no collection during an
invocation looks through 400 modules again (gc.freeze).
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from typing import Final

FUNCTION_SETTING: Final = "AWS_LAMBDA_FUNCTION_NAME"
"""Lambda sets it, and nobody else."""


def is_in_lambda() -> bool:
    """Whether this process is a function's. Tests and tools import the same modules, and are none."""
    return bool(os.environ.get(FUNCTION_SETTING))


def begin_start() -> None:
    """Let the collector rest from now on, in a function's process. `make_at_start` wakes it, even if a maker fails."""
    if is_in_lambda():
        gc.disable()


def make_at_start(*makers: Callable[[], object]) -> None:
    """Make what each invocation needs while Lambda loads the function (INIT phase), when no caller waits, and end the
    start. Anywhere else things are made when they are first needed. Every function calls it last.

    Nothing that a maker makes may be unique, timed or random, since SnapStart restores it many times.
    """
    if is_in_lambda():
        try:
            for make in makers:
                make()
            gc.freeze()
        finally:
            gc.enable()
