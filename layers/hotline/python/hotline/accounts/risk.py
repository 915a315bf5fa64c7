"""The risk of an account as it is stored, `ACCOUNT#id / #RISK`. Pure.

The scan of the security room writes it, and only when its band changes. The rooms below read it from here and nothing
else: identity for the proof that it asks for, cases for their place in the queue. It says until when each band holds,
so a risk that fades is no write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from hotline.kit.clock import epoch_s, from_text, to_text
from hotline.kit.store import TTL_ATTRIBUTE, Key, hotline_key
from hotline.kit.store.condition import Item

RISK_LIFE: Final = timedelta(days=7)
"""An older risk is not known any more: it counts neither as low nor as high. The scan writes one that lasts anew after
half of it."""


class RiskBand(StrEnum):
    """How much an account is at risk. `unknown`: nothing is stored, or it is too old."""

    UNKNOWN = "unknown"
    LOW = "low"
    RAISED = "raised"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class AccountRisk:
    """The risk of an account as the scan saw it at `as_of`.

    `version` names the form of the score. The account is at high risk before `high_until` and at raised risk before
    `raised_until`; None where it is not. `parts` are points from 1 to 100 by the names of parts, the largest first.
    """

    version: int
    as_of: datetime
    high_until: datetime | None = None
    raised_until: datetime | None = None
    parts: Mapping[str, int] = field(default_factory=dict)

    def band(self, now: datetime) -> RiskBand:
        """The band at a moment."""
        if now >= self.as_of + RISK_LIFE:
            return RiskBand.UNKNOWN
        if self.high_until is not None and now < self.high_until:
            return RiskBand.HIGH
        if self.raised_until is not None and now < self.raised_until:
            return RiskBand.RAISED
        return RiskBand.LOW


def risk_key(account_id: str) -> Key:
    """The key of the risk of an account."""
    return hotline_key(f"ACCOUNT#{account_id}", "#RISK")


def risk_from(item: Mapping[str, Any] | None) -> AccountRisk | None:
    """The risk in a stored item; None when there is none."""
    if item is None:
        return None
    high, raised = item.get("high_until"), item.get("raised_until")
    return AccountRisk(
        version=int(item["version"]),
        as_of=from_text(item["as_of"]),
        high_until=None if high is None else from_text(high),
        raised_until=None if raised is None else from_text(raised),
        parts={name: int(points) for name, points in sorted(item["parts"].items(), key=_by_points)},
    )


def risk_item(risk: AccountRisk) -> Item:
    """The stored form of a risk. It goes when it is too old to count."""
    item: Item = {
        "version": risk.version,
        "as_of": to_text(risk.as_of),
        "parts": dict(risk.parts),
        TTL_ATTRIBUTE: epoch_s(risk.as_of + RISK_LIFE),
    }
    untils = {"high_until": risk.high_until, "raised_until": risk.raised_until}
    return item | {name: to_text(until) for name, until in untils.items() if until is not None}


def band_of(item: Mapping[str, Any] | None, now: datetime) -> RiskBand:
    """The band of what is stored under `risk_key`, at a moment."""
    risk = risk_from(item)
    return RiskBand.UNKNOWN if risk is None else risk.band(now)


def _by_points(part: tuple[str, Any]) -> tuple[int, str]:
    name, points = part
    return (-int(points), name)
