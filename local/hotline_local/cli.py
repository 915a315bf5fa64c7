"""The project's command line: finds the commands, reads the arguments, runs one, returns its exit code."""

import codecs
import errno
import importlib
import io
import os
import pkgutil
import sys
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from connect_sim.commands.parsing import ExitCode, Parser, join_keys
from connect_sim.errors import ConnectSimError
from connect_sim.interruption import say_interrupted
from hotline_local import commands
from hotline_local.errors import CommandError
from hotline_local.terminal import escape_hidden

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""The faults of an output that takes no more."""


class _Parser(Parser):
    """A parser whose errors repeat an argument without what it holds for the terminal."""

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Leave with the exit code and a message."""
        super().exit(status, None if message is None else escape_hidden(message))


def parser() -> Parser:
    """Build the parser with every command in `hotline_local.commands`."""
    top = _Parser(prog="./hotline", description="The wallet hotline on this machine.", allow_abbrev=False)
    subparsers = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in sorted(pkgutil.iter_modules(commands.__path__), key=lambda found: found.name):
        importlib.import_module(f"{commands.__name__}.{module.name}").register(subparsers)
    return top


def main(arguments: Sequence[str] | None = None, *, begin: Callable[[], None] = lambda: None) -> int:
    """Run one command and return its exit code: its own, or 2 for wrong usage, 130 after Ctrl-C. `begin` is called
    between reading the arguments and running."""
    try:
        parsed = parser().parse_args(join_keys(sys.argv[1:] if arguments is None else arguments))
        begin()
        code = int(parsed.run(parsed))
        # Python would tell of an output that takes no more when it flushes at exit, in lines of its own.
        sys.stdout.flush()
    except CommandError as error:
        print(escape_hidden(error.sentence), file=sys.stderr)
        return error.exit_code
    except ConnectSimError as error:
        print(escape_hidden(str(error)), file=sys.stderr)
        return ExitCode.USAGE
    except KeyboardInterrupt:
        say_interrupted()
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`./hotline inbox | head`).
        _drop_output()
        return ExitCode.FAILED
    except OSError as fault:
        if fault.filename is not None or fault.errno not in _FULL:
            raise
        _drop_output()
        print(f"The output cannot be written: {fault.strerror}.", file=sys.stderr)
        return ExitCode.FAILED
    return code


def take_any_text() -> None:
    """Let the output of an encoding without some character, such as one of ASCII, take it as an escape of JSON. So
    lines of JSON stay such lines."""
    codecs.register_error(_ESCAPE, _escape)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ESCAPE)


_ESCAPE: Final = "escape_as_json"


def _escape(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeEncodeError):
        raise fault
    text = fault.object[fault.start : fault.end].encode("utf-16-be", "surrogatepass")
    units = (text[at : at + 2].hex() for at in range(0, len(text), 2))
    return "".join(f"\\u{unit}" for unit in units), fault.end


def _drop_output() -> None:
    """Let what is left of the output go nowhere, so that Python does not complain once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
