"""The ledger of a movement: what refunds have taken of it, which of them wait, and what is owed of those. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from hotline.contracts.model import FactVersion
from hotline.kit.money import Money

_EVER: Final = datetime.min.replace(tzinfo=UTC)


class TakenState(StrEnum):
    """The effect of a refund on its movement's money."""

    OPEN = "open"
    """Asked for or sent: takes its amount, and no other refund may be asked for meanwhile."""
    DONE = "done"
    """Settled by the wallet: takes its amount for good, unless it comes back."""
    VOID = "void"
    """Failed or rejected: takes nothing."""
    RETURNED = "returned"
    """It had arrived and came back: takes nothing, and whoever sent it sends it again."""

    @property
    def takes(self) -> bool:
        """Whether the refund takes its amount now."""
        return self in (TakenState.OPEN, TakenState.DONE)


@dataclass(frozen=True, slots=True)
class Taking:
    """One refund's part of a movement. `fact_version` is None until the wallet has told of it. `held`: the hotline has
    asked for it to be paid by another way. No fact that it failed frees it then, since that may be the old failure told
    again: only the hotline does, once people know."""

    amount: Money
    state: TakenState
    fact_version: FactVersion | None
    held: bool = False
    asked_here: bool = False
    """It was asked for here, or its payment by another way was."""
    ended: bool = False
    """Nobody looks for another way to pay it. It stays so until its money moves again."""
    begun_at: datetime | None = None
    """The earliest time at which a fact told that its money moves."""
    moved: FactVersion | None = None
    """The highest fact that told so. Upon its end it is the fact that held then, so that only later ones are news."""
    unpaid_at: datetime | None = None
    """The earliest time at which a fact told that it was not paid."""
    as_duplicate: bool | None = None
    """It was asked for because the payment was charged twice. None: nobody knows what for."""

    @property
    def is_unpaid(self) -> bool:
        """Whether its customer waits for the money by another way. A failed refund that the wallet began gave nothing
        back, and nobody waits for it."""
        waits = self.state is TakenState.RETURNED or (self.state is TakenState.VOID and self.asked_here)
        return waits and not self.ended

    @property
    def unpaid_since(self) -> datetime | None:
        """Since when it is not paid; a failure that is told again changes nothing. After it has moved once more, that
        is the time of the last fact. None: no fact told of it."""
        first = self.unpaid_at
        if first is not None and (self.moved is None or first > self.moved.time):
            return first
        return self.fact_version.time if self.fact_version is not None else first

    @property
    def may_replace(self) -> bool:
        """Whether it may have been paid in the place of another one: the wallet began it by itself, and it arrived."""
        return self.state is TakenState.DONE and not self.asked_here


@dataclass(frozen=True, slots=True)
class Ledger:
    """The amounts that refunds have taken of one movement. It is found by the movement's id alone, since a refund's
    facts carry no more.

    The rest is always computed from here. So facts in any order, late or repeated, give nothing back twice.
    `movement_sk` and `currency` are None while only facts of refunds are known. The wallet's word stands: it may have
    sent more than was captured; then the rest is nothing.
    """

    account_id: str
    movement_id: str
    movement_sk: str | None = None
    currency: str | None = None
    captured_minor: int = 0
    takings: Mapping[str, Taking] = field(default_factory=dict)
    merchant_name: str | None = None
    looked_at: bool = False
    """People were told that its currencies differ."""
    reversed: bool = False
    """The payment itself was reversed: also a refund that is heard of only later has to know it."""
    party: str | None = None
    """The keyed hash of who got the money of a movement outward. A later word about the movement may not name them."""
    party_told: FactVersion | None = None
    """The fact that last named the party: a later fact that leaves it out does not unname it."""

    @property
    def mixed_currencies(self) -> bool:
        """Whether a refund, also one that failed, is in another currency than the payment. Nobody can say what is left
        then, so nothing is offered, and a person looks. The order in which the facts came makes no difference."""
        currencies = {taking.amount.currency for taking in self.takings.values()}
        return self.currency is not None and not currencies <= {self.currency}

    @property
    def taken_minor(self) -> int:
        """The sum of the refunds that have not failed, in the movement's currency."""
        return sum(
            taking.amount.minor
            for taking in self.takings.values()
            if taking.state.takes and self.currency in (None, taking.amount.currency)
        )

    @property
    def given_back_minor(self) -> int:
        """The sum of the refunds that have arrived, in the movement's currency."""
        return sum(
            taking.amount.minor
            for taking in self.takings.values()
            if taking.state is TakenState.DONE and self.currency in (None, taking.amount.currency)
        )

    @property
    def refund_count(self) -> int:
        """How many refunds were asked of the provider. A failed one counts; one that people denied never got there."""
        takings = self.takings.values()
        return sum(1 for taking in takings if taking.fact_version or taking.state is not TakenState.VOID)

    @property
    def refundable_minor(self) -> int:
        return 0 if self.mixed_currencies else max(0, self.captured_minor - self.taken_minor)

    @property
    def open_refund_id(self) -> str | None:
        """The refund under way; of several, which only the wallet can have sent, always the same one."""
        return min((id_ for id_, taking in self.takings.items() if taking.state is TakenState.OPEN), default=None)

    @property
    def owed_minor(self) -> Mapping[str, int]:
        """The amount that is still owed of each refund that was not paid out. The sums count: a refund that the wallet
        began later pays those before it, the earliest first, each part of it once. A rest beyond them is a refund of
        its own."""
        begun = [(taking.begun_at, False, id_) for id_, taking in self.takings.items() if taking.may_replace]
        unpaid = [(taking.unpaid_since, True, id_) for id_, taking in self.takings.items() if taking.is_unpaid]
        in_order = sorted((at or _EVER, is_unpaid, id_) for at, is_unpaid, id_ in begun + unpaid)
        owed: dict[str, int] = {}
        for _, is_unpaid, id_ in in_order:
            amount = self.takings[id_].amount.minor
            if is_unpaid:
                owed[id_] = amount
                continue
            for earlier, rest in owed.items():
                part = min(amount, rest)
                owed[earlier], amount = rest - part, amount - part
        return {id_: rest for id_, rest in owed.items() if rest > 0}

    def owed_otherwise_minor(self, refund_id: str) -> int:
        """The amount of one refund that may be paid by another way: what is owed of it, also where the wallet began it.
        Nothing of one that is under way, that has arrived, or that nobody looks for another way to pay."""
        taking = self.takings.get(refund_id)
        if taking is None or taking.state.takes or taking.ended:
            return 0
        waiting = {**self.takings, refund_id: replace(taking, asked_here=True)}
        return replace(self, takings=waiting).owed_minor.get(refund_id, 0)

    @property
    def unpaid_refund_id(self) -> str | None:
        """The refund that was not paid out, and of which something is owed. Of several it is always the same one."""
        return min(self.owed_minor, default=None)


def may_take_again(ledger: Ledger, refund_id: str, amount: Money) -> bool:
    """Whether a refund that was not paid may be paid by another way. Its whole amount is owed still, as much of the
    movement is left, and no other refund is under way."""
    taking = ledger.takings.get(refund_id)
    is_owed = taking is not None and taking.amount == amount == Money(
        ledger.owed_otherwise_minor(refund_id), amount.currency
    )
    return is_owed and ledger.open_refund_id is None and amount.minor <= ledger.refundable_minor
