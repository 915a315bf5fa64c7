"""Facts of one subject, taken in so that a fact that cannot be taken in does not keep out its neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hotline.contracts.model import VERSION_SUFFIX, Fact
from hotline.kit.errors import InvalidInput, Stale, Unavailable
from hotline.kit.logging import Event, log


class Delivery(Protocol):
    """The thing that brought one fact: a message, or a line of a snapshot."""

    @property
    def fact(self) -> Fact: ...


@dataclass(frozen=True, slots=True)
class Refused[D: Delivery]:
    """A delivery whose fact contradicts what is known, and the code of the reason."""

    delivery: D
    reason: str


@dataclass(slots=True)
class Outcome[D: Delivery]:
    """The deliveries that were not taken in: refused for good, or to come again."""

    refused: list[Refused[D]] = field(default_factory=list)
    again: list[D] = field(default_factory=list)


def fold_apart[D: Delivery](deliveries: Sequence[D], fold: Callable[[Sequence[Fact]], None]) -> Outcome[D]:
    """Fold the facts of one subject, and say which deliveries were not taken in. `fold` takes in several facts, or
    raises as `intake.service.fold` does. Every trouble is logged."""
    outcome: Outcome[D] = Outcome()
    _fold(list(deliveries), fold, outcome)
    return outcome


def _fold[D: Delivery](remaining: list[D], fold: Callable[[Sequence[Fact]], None], outcome: Outcome[D]) -> None:
    while remaining:
        subject = remaining[0].fact.subject
        try:
            fold([delivery.fact for delivery in remaining])
        except InvalidInput as error:
            # A room found one fact to contradict what it knows. The others are taken in without it.
            poison = [delivery for delivery in remaining if delivery.fact.id == error.facts.get("fact_id")]
            if not poison and len(remaining) > 1:
                _fold_one_by_one(remaining, fold, outcome)
                return
            for delivery in poison or remaining:
                _log(Event.FACT_REJECTED, delivery.fact, reason=error.code)
                outcome.refused.append(Refused(delivery, error.code))
            remaining = [delivery for delivery in remaining if delivery not in poison] if poison else []
        except (Stale, Unavailable) as error:
            log(Event.FACT_RETRIED, account_id=subject, count=len(remaining), error=error.code)
            outcome.again += remaining
            return
        except Exception as error:  # noqa: BLE001 - one account's trouble must not fail the others' facts
            if len(remaining) > 1:
                _fold_one_by_one(remaining, fold, outcome)
                return
            _log(Event.FACT_FAILED, remaining[0].fact, error=type(error).__name__)
            outcome.again += remaining
            return
        else:
            log(Event.FACT_APPLIED, account_id=subject, count=len(remaining))
            return


def _fold_one_by_one[D: Delivery](
    deliveries: Sequence[D], fold: Callable[[Sequence[Fact]], None], outcome: Outcome[D]
) -> None:
    """Fold each fact alone, so that the one that brings an error about does not keep its neighbours out."""
    for delivery in deliveries:
        _fold([delivery], fold, outcome)


def _log(event: Event, fact: Fact, **why: str) -> None:
    log(event, fact_type=fact.type + VERSION_SUFFIX, fact_id=fact.id, **why)
