"""A wallet's customers in a store, and clients of the API for them, for tests of the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from hotline.contracts.model import (
    Fact,
    Failure,
    Instrument,
    Merchant,
    MerchantPolicyPublished,
    MoneyState,
    MovementKind,
    MovementStatus,
    MovementTold,
    PointKind,
)
from hotline.kit.money import Money
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Client, Postbox
from tests.support.phone import context, failed_logins, give, opened

ACCOUNT: Final = "acct-1"
OTHER: Final = "acct-2"
PHONE: Final = "+8613800000001"
EMAIL: Final = "one@customer.example"
SHOP: Final = Merchant("mer-1", "Tea House", "food")
_MONEY: Final = {
    MovementStatus.AUTHORISED: MoneyState.HELD,
    MovementStatus.SUCCEEDED: MoneyState.DEBITED,
    MovementStatus.FAILED: MoneyState.NONE,
    MovementStatus.UNKNOWN: MoneyState.UNKNOWN,
    MovementStatus.REVERSED: MoneyState.RETURNED,
}


class ApiWorld:
    """Account 1 has a phone and an address, account 2 another phone. Nothing has been paid yet."""

    def __init__(
        self, store: MemoryStore, clock: VirtualClock, *, two_step: bool = False, voice_codes: bool = False
    ) -> None:
        self.clock, self.store = clock, store
        self.ctx = context(store, clock, voice_codes=voice_codes)
        at = clock.now() - timedelta(days=30)
        points = ((PointKind.PHONE, PHONE), (PointKind.EMAIL, EMAIL))
        give(self.ctx, [opened(ACCOUNT, *points, at=at, two_step=two_step)])
        give(self.ctx, [opened(OTHER, (PointKind.PHONE, "+8613800000002"), at=at)])

    def client(self, account_id: str | None = ACCOUNT, **own: Any) -> Client:
        """A client who has just signed in."""
        return Client(self.ctx, account_id, signed_in_at=self.clock.now(), **own)

    def stale_client(self, account_id: str = ACCOUNT, **own: Any) -> Client:
        """A client who signed in an hour ago."""
        return Client(self.ctx, account_id, signed_in_at=self.clock.now() - timedelta(hours=1), **own)

    def postbox(self) -> Postbox:
        """The messenger on this world."""
        return Postbox(self.ctx)

    def lock_out(self, count: int = 5) -> None:
        """So many wrong passwords for account 1, the last one just now."""
        give(self.ctx, failed_logins(ACCOUNT, count, until=self.clock.now()))

    def pay(
        self,
        movement_id: str,
        status: MovementStatus = MovementStatus.SUCCEEDED,
        *,
        account_id: str = ACCOUNT,
        ago: timedelta = timedelta(hours=1),
        version: int = 1,
        **own: Any,
    ) -> None:
        """The fact of a payment of 128.50 yuan."""
        at = self.clock.now() - ago
        stated: dict[str, Any] = {
            "kind": MovementKind.PAYMENT,
            "initiated_at": at,
            "amount": Money(12850, "CNY"),
            "instrument": Instrument("card", "4242"),
            "money": _MONEY[status],
            "order_no": f"DW{movement_id}0001",
            "merchant": SHOP,
        }
        if status is MovementStatus.FAILED:
            stated["failure"] = Failure("iso8583", "51")
        data = MovementTold(status=status, movement_id=movement_id, version=version, **(stated | own))
        fact_id = f"fact-{movement_id}" if version == 1 else f"fact-{movement_id}-{version}"
        give(self.ctx, [Fact(fact_id, f"{data.kind}.{status}", "wallet", at, account_id, data)])

    def publish_policy(self, *, categories: tuple[str, ...] = ()) -> None:
        """The shop takes back for 30 days and up to 500 yuan unseen, without these categories for a change of mind."""
        data = MerchantPolicyPublished(SHOP.id, 1, 30, partial=True, auto_approve_minor=50_000, categories=categories)
        give(self.ctx, [Fact("policy-1", "merchant.policy_published", "wallet", self.clock.now(), SHOP.id, data)])


def ids(answered: Any, what: str) -> Sequence[str]:
    """The ids in a list that was answered."""
    return [entry["id"] for entry in answered.json[what]]
