"""The commands `check`, `run` and `draw`, for this package's own command line and for those that offer them too."""

from connect_sim.commands import check, draw, run
from connect_sim.commands.parsing import Subparsers
from connect_sim.language.speech import NORMAL_RATE, SpeechRate


def register(subparsers: Subparsers, *, speech_rate: SpeechRate = NORMAL_RATE) -> None:
    """Add every command. Each sets `run`: it takes the parsed arguments and returns the exit code.

    `speech_rate` is used where the command line names no other. `run` raises ConnectSimError for wrong usage, which is
    exit code 2.
    """
    check.register(subparsers, speech_rate)
    run.register(subparsers, speech_rate)
    draw.register(subparsers)
