"""`hotline flows`: the commands of connect_sim for our flows, and what scenarios are for."""

from connect_sim.commands import register as register_commands
from hotline_local.scenarios.command_line import add_commands
from hotline_local.speech_rate import SPEECH_RATE
from hotline_local.subparsers import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add `flows check`, `flows run`, `flows draw`, and the commands for scenarios."""
    parser = subparsers.add_parser("flows", help="check, run and draw flows, test them with scenarios")
    commands = parser.add_subparsers(dest="flows_command", required=True, metavar="COMMAND")
    register_commands(commands, speech_rate=SPEECH_RATE)
    add_commands(commands)
