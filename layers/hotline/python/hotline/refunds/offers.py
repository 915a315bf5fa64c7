"""Offers: the refund that may be asked for of a movement, before a reason is known, as an act and for views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from hotline.accounts.model import AccountStatus, Profile
from hotline.accounts.service import profile_from, profile_key
from hotline.identity.service import Effect, Operation, Session
from hotline.kit.change import Change
from hotline.kit.change.acts import Snapshot, decode_once
from hotline.kit.errors import NotPossible
from hotline.kit.money import Money
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item
from hotline.payments import service as payments
from hotline.payments.model import Movement, MovementList

from . import items, policy
from .disputes import find_running, report_keys
from .model import DISPUTED_RULE, MANY_PARTS_RULE, MerchantPolicy, OfferOutcome, RefundError, RefundOffer
from .promises import Promise

NOT_OPEN_RULE = "account.not_open"
"""The rule that decides about an account that is closed, erased, or not known to have been opened."""


def merchant_policy_of(item: Item | None) -> MerchantPolicy | None:
    """Read the policy of a merchant from its stored item; None when it has published none."""
    return items.merchant_policy_from(item) if item else None


@dataclass(frozen=True, slots=True)
class Offered:
    """A movement of money, and what may be asked for of it."""

    movement: Movement
    offer: RefundOffer


@dataclass(frozen=True, slots=True)
class OfferRefund:
    """Hear what may be asked for of a movement. Nothing is changed. Raises NotPossible `no_such_movement`."""

    movement_sk: str
    merchant_id: str | None
    operation: Operation = field(default=Operation.READ, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        account_id = session.account_id
        of_merchant = (items.policy_key(self.merchant_id),) if self.merchant_id else ()
        return (
            payments.movement_key(account_id, self.movement_sk),
            profile_key(account_id),
            *of_merchant,
            *bar_keys(account_id, payments.movement_id_of(self.movement_sk)),
        )

    def contribute(self, _change: Change, read: Snapshot, session: Session) -> Effect[Offered]:
        found = self.look(read, session)
        return Effect(found.offer.outcome.value, found, replace(session.state, about=found.movement.movement_id))

    def look(self, read: Snapshot, session: Session) -> Offered:
        """The movement, and what may be asked for of it. `read` holds what exists of `keys`."""
        account_id = session.account_id
        key = payments.movement_key(account_id, self.movement_sk)
        movement = read.decode(key, payments.movement_from)
        if movement is None:
            raise NotPossible(RefundError.NO_SUCH_MOVEMENT)
        found = offer(
            movement,
            policy_item=read.get(items.policy_key(self.merchant_id)) if self.merchant_id else None,
            profile_item=read.get(profile_key(account_id)),
            now=session.now,
            read=read,
        )
        return Offered(movement, found)


def look_at_offer(session: Session, act: OfferRefund) -> Offered:
    """Hear the same again, for a request that was answered before. Raises what the act raises."""
    return act.look(session.fetch(act.keys(session)), session)


def bar_keys(account_id: str, movement_id: str) -> set[Key]:
    """The keys that `offer` needs of a movement beside the movement itself."""
    return {payments.ledger_key(account_id, movement_id), *report_keys(account_id, movement_id)}


def offer(
    movement: Movement,
    *,
    policy_item: Item | None,
    profile_item: Item | None,
    now: datetime,
    read: Mapping[Key, Item],
) -> RefundOffer:
    """Say what may be asked for of a movement, before a reason is known. Nothing, unless the account is open. Nothing
    of one that its owner disputes, whose `promise` is the date of the answer. `read` holds what exists of
    `bar_keys`."""
    profile = profile_from(profile_item)
    time_zone = profile.time_zone if profile is not None else None
    offered = policy.offer(movement, merchant_policy_of(policy_item), now, time_zone=time_zone)
    if not is_open(profile):
        return _refuse(offered, NOT_OPEN_RULE)
    if offered.outcome is not OfferOutcome.OFFERED:
        return offered
    account_id, movement_id = movement.ref.account_id, movement.movement_id
    running = find_running(read, account_id, movement_id)
    if running is not None:
        return _refuse(offered, DISPUTED_RULE, running.promise)
    ledger = decode_once(read, payments.ledger_key(account_id, movement_id), payments.ledger_from)
    if ledger is not None and len(ledger.takings) >= payments.REFUNDS_PER_MOVEMENT_MAX:
        return _refuse(offered, MANY_PARTS_RULE)
    return offered


def _refuse(offered: RefundOffer, rule: str, promise: Promise | None = None) -> RefundOffer:
    return replace(offered, outcome=OfferOutcome.NOT_ELIGIBLE, promise=promise, decided_by=rule)


def list_refundable(store: Store, account_id: str, now: datetime) -> MovementList:
    """The latest movements of which a refund may be asked for, before a reason is known. One consistent query."""
    return payments.list_refundable(
        store, account_id, now, is_eligible=lambda movement: policy.is_eligible(movement, now)
    )


def refundable_of(movement: Movement, now: datetime) -> Money:
    """The amount that is left to be asked for; nothing where the wallet or the provider refuses any refund of it."""
    left = movement.refundable_minor if policy.is_eligible(movement, now) else 0
    return Money(left, movement.amount.currency)


def twin_told(movement: Movement, other: Movement | None, now: datetime) -> payments.Twin | None:
    """The other charge as it is told. Neither of the two may be asked back where no refund of it may be had."""
    twin = payments.find_twin(movement, other)
    if twin is None or other is None:
        return None
    return replace(
        twin,
        may_be_refunded=twin.may_be_refunded and policy.is_eligible(movement, now),
        other_may_be_refunded=twin.other_may_be_refunded and policy.is_eligible(other, now),
    )


def is_open(profile: Profile | None) -> bool:
    """Whether the account may have a refund: it is known to be open."""
    return profile is not None and profile.status is AccountStatus.OPEN
