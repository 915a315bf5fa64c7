"""Money that comes back, and the findings that counted it.

A thief decides which of his payments fails. So one that comes back is taken from the findings that counted it, and they
are corrected. A finding is withdrawn where what is left of it would not have been one. For that its memory keeps the
movements, each as [time, event, movement, amount, ...]. A finding keeps its beginning and its end, and with them its
id: the end never goes back.
"""

from __future__ import annotations

from typing import Any

TIME, EVENT, MOVEMENT, AMOUNT, CURRENCY = range(5)


def leave_out(moved: list[list[Any]], movement_id: str) -> list[list[Any]] | None:
    """The movements without one of them; None where it is not among them."""
    left = [one for one in moved if one[MOVEMENT] != movement_id]
    return left if len(left) < len(moved) else None


def add_up(moved: list[list[Any]]) -> int:
    """The sum of movements of one currency, in minor units."""
    return sum(one[AMOUNT] for one in moved)
