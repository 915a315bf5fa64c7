"""The rules of the scan, one file a rule. A leaf: they import the standard library and nothing else.

A rule is a fold over what happened to one subject, in the order in which it happened. Its file has its thresholds with
their sources, its severity, and advice on a finding. The tests run its own hits and near misses; a rule without them is
refused.
"""

from __future__ import annotations

from .history import History
from .rule import Detector, Event, Example, Hit, Place, Severity, Signal, State, Stream

__all__ = ["Detector", "Event", "Example", "History", "Hit", "Place", "Severity", "Signal", "State", "Stream"]
