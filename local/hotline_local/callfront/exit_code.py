"""The exit code of a command that ran a call."""

from connect_sim.simulator.state import End, EndReason

USAGE = 2
_CODES = {EndReason.ENDED: 0, EndReason.FAILED: 1, EndReason.STEP_CAP: 1, EndReason.KEYS_OUT: 3}


def exit_code(end: End) -> int:
    """0 for a call that ended by itself, 3 when keys ran out, 1 for anything else."""
    return _CODES[end.reason]
