"""The environment of deployed functions, for functions that run in this process."""

from __future__ import annotations

import os
from typing import Final

LOCAL_NUMBER: Final = "+18005550199"
"""The hotline's number on this machine; of a range kept for examples."""
LOCAL_WALLET: Final = "Demo Wallet"


def local_settings() -> None:
    """Set what is not set yet. Log lines below errors are kept off the terminal, where a call is being shown."""
    os.environ.setdefault("HOTLINE_NUMBERS", LOCAL_NUMBER)
    os.environ.setdefault("WALLET_NAME", LOCAL_WALLET)
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "local")
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "CRITICAL")
