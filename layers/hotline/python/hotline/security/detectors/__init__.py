"""The rules of the scan, one file a rule. A leaf: they import the standard library and nothing else.

A rule is a fold over what happened to one subject, in the order in which it happened. Its file has its thresholds with
their sources, its severity, and advice on a finding. The tests run its own hits and near misses; a rule without them is
refused.
"""

from __future__ import annotations

from typing import Any, Final

from .failed_login_burst import DETECTOR as FAILED_LOGIN_BURST
from .history import History
from .reset_device_transfer import DETECTOR as RESET_DEVICE_TRANSFER
from .rule import Detector, Event, Example, Hit, Place, Severity, Signal, State, Stream

DETECTORS: Final[tuple[Detector[Any], ...]] = (FAILED_LOGIN_BURST, RESET_DEVICE_TRANSFER)
"""Every rule, in the order in which they judge."""

__all__ = [
    "DETECTORS",
    "Detector",
    "Event",
    "Example",
    "History",
    "Hit",
    "Place",
    "Severity",
    "Signal",
    "State",
    "Stream",
]  # fmt: skip
