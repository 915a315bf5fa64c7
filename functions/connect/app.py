"""The phone: Amazon Connect flows call this function with a step and its inputs, and speak the words it answers."""

from __future__ import annotations

from typing import Any

from functions.connect.envelope import request_from
from functions.connect.runner import answer
from hotline.kit.doors import context_from_environment


def handler(event: Any, _context: object) -> dict[str, str]:
    """One step of a call. Takes the contact event of Amazon Connect, gives a flat map of strings (STRING_MAP)."""
    return answer(request_from(event), context_from_environment(lookup=True, codes=True, pins=True, entries=True))
