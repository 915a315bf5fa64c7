"""Until when, and in how many parts, the provider of a payment refunds it, as data. Pure.

A refund that its provider refuses is not offered. The window counts from the time at which the money was taken. Where
the wallet does not tell it, the window counts from the earlier time at which the payment began. A provider without a
row, or without a figure, sets no limit of its own.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

PROVIDERS_VERSION: Final = 1
"""Goes up with each change of a figure, so that decisions name the figures that they were made by."""


@dataclass(frozen=True, slots=True)
class RefundLimits:
    """The limits of one provider: a window in days or in calendar months, and refunds of one payment."""

    days: int | None = None
    months: int | None = None
    parts_max: int | None = None
    source: str = "-"


REFUND_LIMITS: Final[Mapping[str, RefundLimits]] = {
    "wechat": RefundLimits(days=365, parts_max=50, source="WeChat Pay v3, refunds: one year from success, 50 parts"),
    "alipay": RefundLimits(months=12, source="Alipay, refund notes: by contract, usually 12 months"),
    "paypal": RefundLimits(days=180, source="PayPal, refund of a captured payment: 180 days"),
    "cybersource": RefundLimits(days=60, source="Cybersource, credits: 60 days, 180 at Visa Platform Connect"),
    "razorpay": RefundLimits(months=6, source="Razorpay, refunds: banks reject after six months"),
    "lemonway": RefundLimits(months=12, source="Lemonway, refunds: cards 12 months"),
    "mangopay": RefundLimits(months=11, source="Mangopay, refunds: 11 months"),
}


def window_end(provider: str | None, paid_at: datetime) -> datetime | None:
    """The last instant at which the provider refunds a payment of `paid_at`; None: it sets no end."""
    limits = REFUND_LIMITS.get(provider or "")
    if limits is None:
        return None
    if limits.days is not None:
        return paid_at + timedelta(days=limits.days)
    return None if limits.months is None else _add_months(paid_at, limits.months)


def parts_max(provider: str | None) -> int | None:
    """How many refunds of one payment the provider makes; None: it sets no limit."""
    limits = REFUND_LIMITS.get(provider or "")
    return None if limits is None else limits.parts_max


def _add_months(at: datetime, months: int) -> datetime:
    """The same time so many months later; the last day of a shorter month."""
    years, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + years, month + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
