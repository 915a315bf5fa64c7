"""The command `check`: flows against the rules of the service and of voice practice."""

import argparse
import sys
from pathlib import Path

from connect_sim.commands.parsing import Subparsers, add_rate_options, find_flow_files, speech_rate
from connect_sim.language.speech import SpeechRate
from connect_sim.linter.report import check_paths, write_findings

EXIT_CODES = """\
exit codes:
  0  no error; warnings may be among the findings
  1  an error: the service refuses such a flow, or cannot run it
  2  a path cannot be used
"""


def register(subparsers: Subparsers, rate: SpeechRate) -> None:
    """Add `check`."""
    parser = subparsers.add_parser(
        "check",
        help="check flow files by the rules of the service and of voice practice",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXIT_CODES,
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a flow file, or a folder of them")
    parser.add_argument("--json", action="store_true", help="one finding a line, as a JSON object")
    add_rate_options(parser, rate)
    parser.set_defaults(run=run_check)


def run_check(args: argparse.Namespace) -> int:
    """Check files; 1 when there are errors, else 0. Raises UsageError for a path that cannot be used."""
    findings, checked = check_paths(find_flow_files(args.paths), speech_rate(args))
    return write_findings(findings, checked=checked, as_json=args.json, out=sys.stdout)
