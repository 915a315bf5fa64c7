"""The stored risk of an account: a band that fades by itself, and is unknown when it is old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hotline.accounts.risk import RISK_LIFE, AccountRisk, RiskBand, band_of, risk_from, risk_item
from hotline.kit.clock import epoch_s
from hotline.kit.store import TTL_ATTRIBUTE
from tests.support.sweeps import sweep

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
MOMENT = timedelta(milliseconds=1)
HIGH = AccountRisk(1, NOW, NOW + timedelta(days=1), NOW + timedelta(days=3), {"findings": 75, "amount": 20})


@sweep(
    ("after", "band"),
    [
        (timedelta(), RiskBand.HIGH),
        (timedelta(days=1) - MOMENT, RiskBand.HIGH),
        (timedelta(days=1), RiskBand.RAISED),
        (timedelta(days=3) - MOMENT, RiskBand.RAISED),
        (timedelta(days=3), RiskBand.LOW),
        (RISK_LIFE - MOMENT, RiskBand.LOW),
        (RISK_LIFE, RiskBand.UNKNOWN),
    ],
)
def test_a_risk_fades_from_band_to_band_and_ends_unknown(after: timedelta, band: RiskBand) -> None:
    assert HIGH.band(NOW + after) is band


def test_an_old_risk_is_unknown_however_long_its_band_was_to_hold() -> None:
    forever = AccountRisk(1, NOW, NOW + timedelta(days=100), NOW + timedelta(days=100))
    assert forever.band(NOW + RISK_LIFE - MOMENT) is RiskBand.HIGH
    assert forever.band(NOW + RISK_LIFE) is RiskBand.UNKNOWN


def test_nothing_stored_is_unknown_and_neither_low_nor_high() -> None:
    assert band_of(None, NOW) is RiskBand.UNKNOWN


@pytest.mark.parametrize("risk", [HIGH, AccountRisk(2, NOW), AccountRisk(1, NOW, None, NOW + timedelta(days=1))])
def test_a_risk_is_read_as_it_was_stored_with_the_largest_part_first(risk: AccountRisk) -> None:
    item = risk_item(risk)
    assert risk_from(item) == risk
    assert item[TTL_ATTRIBUTE] == epoch_s(NOW + RISK_LIFE)
    found = risk_from({**item, "parts": {"share": 4, "amount": 20, "velocity": 4}})
    assert found is not None
    assert list(found.parts) == ["amount", "share", "velocity"]
