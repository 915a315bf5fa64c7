"""Deeds of a person of the desk, for the examples of the rules about agents."""

from __future__ import annotations

from .rule import Told


def tell_deeds(word: str, count: int, *, over: float, begin: float = 0, of: int = 10_000) -> list[Told]:
    """Deeds evenly over some minutes, on so many accounts in turn."""
    return [
        (begin + over * number / (count - 1), f"agent.{word}", {"account": f"account-{number % of}", "case": "case-0"})
        for number in range(count)
    ]
