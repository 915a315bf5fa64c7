"""The room that handles an item that falls due, by the item's key alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hotline.erasure import service as erasure
from hotline.kit.due import Duty
from hotline.kit.store import Key
from hotline.lockout import service as lockout
from hotline.payments import service as payments
from hotline.refunds import service as refunds

_ROOMS: Final[tuple[Callable[[Key], Duty | None], ...]] = (
    lockout.duty_at,
    refunds.duty_at,
    payments.duty_at,
    erasure.duty_at,
)


def duty_of(key: Key) -> Duty | None:
    """The duty that an item's key names; None when no room has items of this kind with dates."""
    found = (duty_at(key) for duty_at in _ROOMS)
    return next((duty for duty in found if duty is not None), None)
