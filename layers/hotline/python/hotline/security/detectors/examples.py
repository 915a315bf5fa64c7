"""Events of the examples of several rules: tries to log in from one source, and deeds of a person of the desk."""

from __future__ import annotations

from .rule import Told


def tell_tries(
    counts: tuple[int, ...], *, over: float, begin: float, word: str, first: int = 0, in_turns: bool = False
) -> list[Told]:
    """Tries evenly over some minutes. `counts`: how often each account is tried, one account after the other or all of
    them in turns. `first`: the number of the first account."""
    order = [number for number, count in enumerate(counts, first) for _ in range(count)]
    if in_turns:
        turns = range(max(counts))
        order = [number for turn in turns for number, count in enumerate(counts, first) if count > turn]
    apart = over / (len(order) - 1)
    return [
        (begin + apart * place, f"login.{word}", {"ip": "address-0", "account": f"account-{number}"})
        for place, number in enumerate(order)
    ]


def tell_deeds(word: str, count: int, *, over: float, begin: float = 0, of: int = 10_000) -> list[Told]:
    """Deeds evenly over some minutes, on so many accounts in turn."""
    return [
        (begin + over * number / (count - 1), f"agent.{word}", {"account": f"account-{number % of}", "case": "case-0"})
        for number in range(count)
    ]
