"""The start of the project's command line: `./hotline` runs this package.

Ctrl-C is answered from the first line on. The commands are imported afterwards, which takes a while.
"""

import sys

from connect_sim.interruption import end_at_interrupts, leave_at_interrupts, raise_interrupts


def main() -> int:
    """Run the command that the arguments name; return its exit code."""
    leave_at_interrupts()
    from hotline_local import cli

    cli.take_any_text()
    code = cli.main(begin=raise_interrupts)
    end_at_interrupts()
    return code


if __name__ == "__main__":
    sys.exit(main())
