"""The calls of tests/calls, played once for every test of what they cost."""

from __future__ import annotations

from functools import cache
from typing import Final

from benchmarks.phone_steps import Calls, play_all

GROUP: Final = "played calls"
"""Modules of this group of xdist share a worker, and so the calls."""


@cache
def played() -> Calls:
    """Every scenario, played on a store that counts. Read it, do not change it."""
    return play_all()
