"""The project's command line: finds the commands, reads the arguments, runs one, returns its exit code."""

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from hotline_local import commands
from hotline_local.errors import CommandError

USAGE_ERROR: Final = 2
INTERRUPTED: Final = 130


class _Parser(argparse.ArgumentParser):
    """A parser whose usage errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parser() -> argparse.ArgumentParser:
    """Build the parser with every command in `hotline_local.commands`."""
    top = _Parser(prog="./hotline", description="The wallet hotline on this machine.", allow_abbrev=False)
    subparsers = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in sorted(pkgutil.iter_modules(commands.__path__), key=lambda found: found.name):
        importlib.import_module(f"{commands.__name__}.{module.name}").register(subparsers)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: its own, or 2 for wrong usage, 130 after Ctrl-C."""
    try:
        parsed = parser().parse_args(_joined(sys.argv[1:] if arguments is None else arguments))
        return int(parsed.run(parsed))
    except CommandError as error:
        print(error.sentence, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`./hotline inbox | head`). Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _joined(arguments: Sequence[str]) -> list[str]:
    """The arguments with keys that begin with silence (`--keys -,1`) joined to their option, which argparse would take
    for another option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--keys" and argument.startswith("-"):
            joined[-1] = f"--keys={argument}"
        else:
            joined.append(argument)
    return joined


if __name__ == "__main__":
    sys.exit(main())
