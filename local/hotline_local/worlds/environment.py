"""The hotline's number, its wallet and its log for functions that run in this process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

LOCAL_NUMBER: Final = "+18005550199"
"""The hotline's number on this machine; of a range kept for examples."""
LOCAL_WALLET: Final = "Demo Wallet"
AGENTS: Final[Mapping[str, float]] = {"NumberOfAgentsStaffed": 3}
"""The queue as flows find it while people work; NOBODY at another hour."""
NOBODY: Final[Mapping[str, float]] = {"NumberOfAgentsStaffed": 0}


def set_up_log() -> None:
    """Say how the log is written, where that is not said yet. Lines below errors are kept off the terminal, where a
    call is being shown."""
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "local")
    os.environ.setdefault("LOG_LEVEL", "CRITICAL")
