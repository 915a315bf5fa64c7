"""Words about a date that has passed: who may hear them when, and whether they still hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from hotline.accounts.service import look_again_at
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

from .clocks import ClockKind, start_clock
from .folds import is_pending
from .model import Refund, RefundState
from .outgoing import quiet_for_owner_until, tell_owner

OVERDUE_MESSAGE: Final = "refund.escalated"
LATE_ANSWER_MESSAGE: Final = "refund.answer_late"


def wait_until(change: Change, read: Mapping[Key, Item], refund: Refund, passed_at: datetime) -> datetime | None:
    """The time at which to look again at a date that passed at `passed_at`; None: act now. An answer to a request is
    people's own, and waits for no fact. `read` holds what exists of the feed."""
    return None if refund.state is RefundState.IN_REVIEW else look_again_at(read, passed_at, change.now)


def tell_late(change: Change, read: Mapping[Key, Item], refund: Refund) -> None:
    """Tell the customer that a date has passed, and the new one: at once, or in the morning where it is night there."""
    until = quiet_for_owner_until(read, refund, change.now)
    if until is None:
        tell_word(change, read, refund)
    else:
        start_clock(change, refund, ClockKind.MORNING, until, about=_word_of(refund), tell_at=to_text(until))


def holds_still(about: str, refund: Refund) -> bool:
    """Whether the word that the night held up is to be told still. It is not where the customer has heard a newer one,
    or waits for nothing any more. `about`: what the clock holds."""
    return is_pending(refund) and _word_of(refund) == about


def tell_word(change: Change, read: Mapping[Key, Item], refund: Refund) -> bool:
    """Tell the customer that a date has passed, and the new one; whether there is anybody to tell."""
    return tell_owner(change, read, refund, _message_of(refund))


def _message_of(refund: Refund) -> str:
    return LATE_ANSWER_MESSAGE if refund.state is RefundState.IN_REVIEW else OVERDUE_MESSAGE


def _word_of(refund: Refund) -> str:
    """The new date, and the thing that the customer waits for. A decision of people, a failure or another way of payout
    has a message of its own, and makes another word."""
    if refund.state is RefundState.IN_REVIEW:
        waits_for = "answer"
    elif refund.state.is_unpaid:
        waits_for = "payout" if refund.payout is not None else "next_step"
    else:
        waits_for = "money"
    return f"{refund.promised_on}#{waits_for}"
