"""Offers: the refund that may be asked for of a movement, before a reason is known, as an act and for views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from hotline.accounts.model import AccountStatus, Profile
from hotline.accounts.service import profile_from, profile_key
from hotline.identity.service import Effect, Operation, Session
from hotline.kit.change import Change
from hotline.kit.change.acts import Snapshot
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.payments import service as payments
from hotline.payments.model import Ledger, Movement, TakenState, Taking

from . import items, policy
from .model import UNPAID_RULE, MerchantPolicy, OfferOutcome, RecentRequest, RecentRequests, RefundError, RefundOffer

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
            payments.ledger_key(account_id, payments.movement_id_of(self.movement_sk)),
            items.recent_key(account_id),
            profile_key(account_id),
            *of_merchant,
        )

    def contribute(self, _change: Change, read: Snapshot, session: Session) -> Effect[Offered]:
        found = self.look(read, session)
        return Effect(found.offer.outcome.value, found)

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
        )
        ledger = read.decode(payments.ledger_key(account_id, movement.movement_id), payments.ledger_from)
        recent = items.recent_from(read.get(items.recent_key(account_id)), account_id)
        unpaid = find_unpaid(ledger, recent)
        return Offered(movement, found if unpaid is None else _without_offer(found, unpaid))


def look_at_offer(session: Session, act: OfferRefund) -> Offered:
    """Hear the same again, for a request that was answered before. Raises what the act raises."""
    return act.look(session.fetch(act.keys(session)), session)


def offer(movement: Movement, *, policy_item: Item | None, profile_item: Item | None, now: datetime) -> RefundOffer:
    """Say what may be asked for of a movement, before a reason is known. Nothing, unless the account is open."""
    profile = profile_from(profile_item)
    time_zone = profile.time_zone if profile is not None else None
    offered = policy.offer(movement, merchant_policy_of(policy_item), now, time_zone=time_zone)
    if is_open(profile):
        return offered
    return replace(offered, outcome=OfferOutcome.NOT_ELIGIBLE, promise=None, decided_by=NOT_OPEN_RULE)


def find_unpaid(ledger: Ledger | None, recent: RecentRequests) -> RecentRequest | None:
    """The newest refund of the payment that was asked for here, took its money, and takes none now. It failed or came
    back, and a person finds another way to pay it. A refund that was denied or stopped is off the recent requests."""
    takings = ledger.takings if ledger is not None else {}
    return next((request for request in reversed(recent.requests) if _is_unpaid(takings, request.refund_id)), None)


def _is_unpaid(takings: Mapping[str, Taking], refund_id: str) -> bool:
    """Whether this refund takes nothing now, and no other of as much or more was paid since in its place."""
    own = takings.get(refund_id)
    if own is None or own.state is not TakenState.VOID:
        return False
    return not any(
        other.state is TakenState.DONE
        and other.amount.minor >= own.amount.minor
        and (own.fact_version is None or other.fact_version is None or other.fact_version.time > own.fact_version.time)
        for id_, other in takings.items()
        if id_ != refund_id
    )


def _without_offer(offered: RefundOffer, unpaid: RecentRequest) -> RefundOffer:
    """The same where a refund of the payment waits for another way: nothing to ask for. A rule that
    forbids a refund anyway goes before."""
    if offered.outcome is not OfferOutcome.OFFERED:
        return offered
    return replace(
        offered,
        outcome=OfferOutcome.NOT_ELIGIBLE,
        promise=None,
        open_refund_id=unpaid.refund_id,
        decided_by=UNPAID_RULE,
    )


def is_open(profile: Profile | None) -> bool:
    """Whether the account may have a refund: it is known to be open."""
    return profile is not None and profile.status is AccountStatus.OPEN
