"""Until when, and in how many parts, the provider of a payment refunds it, as data. Pure.

A refund that its provider refuses is not offered. A PayPal account is PayPal's whoever moved the money: its limits hold
beside those of the provider, and the narrower ones decide. The window counts from the time at which the money was
taken. Where the wallet does not tell it, the window counts from the earlier time at which the payment began. A provider
without a row, or without a figure, sets no limit of its own.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

PROVIDERS_VERSION: Final = 2
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


KEEPERS: Final[Mapping[str, str]] = {"paypal": "paypal"}
"""The provider that keeps the account, by kind of instrument; money goes back to such an account through it alone."""


def provider_asked(provider: str | None, kind: str | None) -> str | None:
    """The provider that is asked for a refund: the one that moved the money, else the keeper of the instrument."""
    return provider or KEEPERS.get(kind or "")


def window_end(provider: str | None, paid_at: datetime, *, kind: str | None = None) -> datetime | None:
    """The last instant at which a payment of `paid_at` by this kind of instrument is refunded; None: nobody sets an
    end."""
    ends = (_end_of(limits, paid_at) for limits in _list_limits(provider, kind))
    return min((end for end in ends if end is not None), default=None)


def parts_max(provider: str | None, *, kind: str | None = None) -> int | None:
    """How many refunds of one payment there may be; None: nobody sets a limit."""
    known = (limits.parts_max for limits in _list_limits(provider, kind))
    return min((parts for parts in known if parts is not None), default=None)


def _list_limits(provider: str | None, kind: str | None) -> list[RefundLimits]:
    names = (provider or "", KEEPERS.get(kind or "", ""))
    return [REFUND_LIMITS[name] for name in names if name in REFUND_LIMITS]


def _end_of(limits: RefundLimits, paid_at: datetime) -> datetime | None:
    if limits.days is not None:
        return paid_at + timedelta(days=limits.days)
    return None if limits.months is None else _add_months(paid_at, limits.months)


def _add_months(at: datetime, months: int) -> datetime:
    """The same time so many months later; the last day of a shorter month."""
    years, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + years, month + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
