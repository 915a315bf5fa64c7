"""The command line of this package: `python -m connect_sim check|run|draw`."""

import argparse
import os
import sys
from collections.abc import Sequence

from connect_sim.commands import register
from connect_sim.commands.parsing import ExitCode, Parser, join_keys
from connect_sim.errors import ConnectSimError
from connect_sim.interruption import say_interrupted


def parser() -> argparse.ArgumentParser:
    """Return the parser with every command."""
    top: argparse.ArgumentParser = Parser(
        prog="python -m connect_sim",
        description="Check, run and draw Amazon Connect flows on this machine.",
        allow_abbrev=False,
    )
    register(top.add_subparsers(title="commands", metavar="COMMAND", required=True))
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: its own, 2 for wrong usage, 130 after Ctrl-C."""
    try:
        args = parser().parse_args(join_keys(sys.argv[1:] if arguments is None else arguments))
        return int(args.run(args))
    except ConnectSimError as error:
        print(error, file=sys.stderr)
        return ExitCode.USAGE
    except KeyboardInterrupt:
        say_interrupted()
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`.. | head`). Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED


if __name__ == "__main__":
    sys.exit(main())
