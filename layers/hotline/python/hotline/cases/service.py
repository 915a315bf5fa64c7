"""The face of cases: opening one or adding to the one that is open, reading one, and handing a caller over."""

from __future__ import annotations

from .entries import (
    case_keys,
    contribute_case,
    contribute_emptied,
    entries_before,
    find_case,
    notes_read,
    read_case,
)
from .handover import OUTCOMES, TEXTED, HandOver
from .model import QUEUE

__all__ = [
    "OUTCOMES",
    "QUEUE",
    "TEXTED",
    "HandOver",
    "case_keys",
    "contribute_case",
    "contribute_emptied",
    "entries_before",
    "find_case",
    "notes_read",
    "read_case",
]
