"""How the reference wallet answers: at once, or with one of the faults that a real one may have.

The hotline has to come to the right end with each of them; docs/contracts.md says what it does meanwhile.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

SLOW: Final = timedelta(seconds=90)
"""Longer than the minute after which a decision comes again."""
REPEATED_AFTER: Final = timedelta(seconds=5)
GATHERED_FOR: Final = timedelta(seconds=10)
"""How long answers are gathered before they go out in the wrong order."""

type Event = Mapping[str, Any]
type Answer = Callable[[Event, datetime], Sequence[dict[str, Any]]]


class Mode(StrEnum):
    """PROMPT answers each decision at once. SLOW answers late. REPEAT gives each answer twice. LOSE hears a decision
    only when it comes for the second time. REORDER gathers answers and gives the latest first. DROP answers at
    once, but has never told the newest movement of each demo account: a digest finds that out."""

    PROMPT = "prompt"
    SLOW = "slow"
    REPEAT = "repeat"
    LOSE = "lose"
    REORDER = "reorder"
    DROP = "drop"


@dataclass(slots=True)
class Answering:
    """The answers of one wallet, and when each goes out. `answer` makes the facts of a decision."""

    mode: Mode
    answer: Answer
    _heard: set[str] = field(default_factory=set)
    _waiting: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)

    def hear(self, decision: Event, now: datetime) -> None:
        """Take a decision, a CloudEvents object from the bus."""
        facts = self.answer(decision, now)
        match self.mode:
            case Mode.PROMPT | Mode.DROP:
                times = [now]
            case Mode.SLOW:
                times = [now + SLOW]
            case Mode.REPEAT:
                times = [now, now + REPEATED_AFTER]
            case Mode.LOSE:
                times = [now] if self._known(facts) else []
            case Mode.REORDER:
                times = [now + GATHERED_FOR]
        self._waiting += [(at, fact) for at in times for fact in facts]

    def due(self, now: datetime) -> list[dict[str, Any]]:
        """The facts that go out by now, each given once."""
        if self.mode is Mode.REORDER:
            # All or none: when the oldest has waited long enough, everything goes, the latest first.
            ready = self._waiting[::-1] if any(at <= now for at, _ in self._waiting) else []
        else:
            ready = sorted((found for found in self._waiting if found[0] <= now), key=lambda found: found[0])
        self._waiting = [found for found in self._waiting if found not in ready]
        return [fact for _, fact in ready]

    def _known(self, facts: Sequence[Mapping[str, Any]]) -> bool:
        """Whether these answers were lost before; a decision that comes again makes facts of the same ids."""
        ids = {str(fact["id"]) for fact in facts}
        known = ids <= self._heard
        self._heard |= ids
        return known
