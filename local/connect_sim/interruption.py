"""The end of a command by Ctrl-C: one line and one exit code, at whatever moment it comes.

A module of few imports: a command line loads it before all others.
"""

import os
import signal
import sys
from types import FrameType
from typing import Final, NoReturn

EXIT_CODE: Final = 130
"""The code of shells for a command that SIGINT ended."""
_STDERR: Final = 2


def leave_at_interrupts() -> None:
    """End the process at the next Ctrl-C, also in the middle of an import, where an exception would become a traceback.
    A Ctrl-C that waits, since whoever began the process blocked the signal, ends it now. Nothing that must be put in
    order may have begun. A process that was told to ignore Ctrl-C, as one in the background, goes on ignoring it."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _leave)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def raise_interrupts() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again, for work that puts things in order when it is interrupted."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def end_at_interrupts() -> None:
    """Let Ctrl-C end the process without a word: the work is done, and Python takes itself apart."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def say_interrupted() -> None:
    """Tell that Ctrl-C has ended the command, on a line of its own."""
    # The terminal has shown ^C in the line of the cursor.
    print("\nInterrupted." if os.isatty(_STDERR) else "Interrupted.", file=sys.stderr)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    line = "\nInterrupted.\n" if os.isatty(_STDERR) else "Interrupted.\n"
    os.write(_STDERR, line.encode())
    os._exit(EXIT_CODE)
