"""The stored risk of an account, as the scan would have written it, for tests of who reads it."""

from __future__ import annotations

from datetime import datetime, timedelta

from hotline.accounts.risk import AccountRisk, RiskBand, risk_from, risk_item, risk_key
from hotline.kit.store import Put, Store
from hotline.kit.store.condition import NEW, PRESENT


def risk_of(band: RiskBand, as_of: datetime, *, lasts: timedelta = timedelta(days=2)) -> AccountRisk:
    """A risk that is in this band for a time from `as_of` on."""
    until = as_of + lasts
    return AccountRisk(
        1,
        as_of,
        high_until=until if band is RiskBand.HIGH else None,
        raised_until=until if band in (RiskBand.HIGH, RiskBand.RAISED) else None,
        parts={"findings": 75, "amount": 20} if band is not RiskBand.LOW else {},
    )


def set_risk(
    store: Store, account_id: str, band: RiskBand, as_of: datetime, *, lasts: timedelta = timedelta(days=2)
) -> None:
    """Store the risk of an account, in the place of one that was there."""
    key = risk_key(account_id)
    known = store.get(key)
    rev = 1 if known is None else int(known["rev"]) + 1
    item = {**risk_item(risk_of(band, as_of, lasts=lasts)), "rev": rev}
    store.transact([Put(key, item, NEW if known is None else PRESENT)], token=f"risk-{account_id}-{rev}")
    assert risk_from(store.get(key)) == risk_of(band, as_of, lasts=lasts)
