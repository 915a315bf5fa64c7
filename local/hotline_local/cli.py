"""The project's command line: finds the commands, reads the arguments, runs one, returns its exit code."""

import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence

from connect_sim.commands.parsing import ExitCode, Parser, join_keys
from connect_sim.errors import ConnectSimError
from hotline_local import commands
from hotline_local.errors import CommandError


def parser() -> Parser:
    """Build the parser with every command in `hotline_local.commands`."""
    top = Parser(prog="./hotline", description="The wallet hotline on this machine.", allow_abbrev=False)
    subparsers = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in sorted(pkgutil.iter_modules(commands.__path__), key=lambda found: found.name):
        importlib.import_module(f"{commands.__name__}.{module.name}").register(subparsers)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: its own, or 2 for wrong usage, 130 after Ctrl-C."""
    try:
        parsed = parser().parse_args(join_keys(sys.argv[1:] if arguments is None else arguments))
        return int(parsed.run(parsed))
    except CommandError as error:
        print(error.sentence, file=sys.stderr)
        return error.exit_code
    except ConnectSimError as error:
        print(error, file=sys.stderr)
        return ExitCode.USAGE
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`./hotline inbox | head`). Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
