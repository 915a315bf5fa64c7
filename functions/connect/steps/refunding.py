"""refunds, refund_offer, refund_request: refunds under way, what may be asked for, and asking."""

from __future__ import annotations

from collections.abc import Mapping

from functions.connect.contract import INVALID
from functions.connect.line import Answer, Line, words
from functions.connect.steps.money import item_words, offer_at
from hotline.accounts import service as accounts
from hotline.identity import service as identity
from hotline.identity.model import Operation
from hotline.kit.condition import Item
from hotline.kit.errors import InvalidInput, NotPossible
from hotline.kit.ids import derived_id
from hotline.kit.money import Money
from hotline.kit.store import Key
from hotline.payments import service as payments
from hotline.payments.model import Ledger
from hotline.refunds import service as refunds
from hotline.refunds.model import OfferOutcome, Refund, RefundReason, RefundResult, RefundState
from hotline.wording.amounts import speak_money

SPOKEN_MAX = 3


def under_way(line: Line) -> Answer:
    """Refunds that are under way, or that failed lately, from the base table: whose money, paid when, the state and
    the date that holds. A refund that the wallet began names its payment alone, which knows the merchant."""
    account_id = line.account(Operation.READ)
    found = refunds.open_refunds(line.ctx.store, account_id, now=line.now)
    spoken = found.refunds[:SPOKEN_MAX]
    unnamed = [refund.movement_id for refund in spoken if refund.movement_sk is None]
    paid = payments.ledgers_of(line.ctx.store, account_id, unnamed)
    items = [_refund_words(refund, paid.get(refund.movement_id)) for refund in spoken]
    outcome = "OPEN" if items else "NONE"
    facts = words(items=items, more=found.more or len(found.refunds) > SPOKEN_MAX, now=line.now)
    return Answer(outcome, facts, {"count": str(len(items))})


def _refund_words(refund: Refund, paid: Ledger | None) -> dict[str, object]:
    movement_sk = refund.movement_sk or (paid.movement_sk if paid else None)
    return words(
        amount=refund.amount,
        merchant=refund.merchant_name or (paid.merchant_name if paid else None),
        initiated_at=payments.begun_at(movement_sk) if movement_sk else None,
        status=refund.state.value,
        promised_on=refunds.date_told(refund),
    )


def offer(line: Line) -> Answer:
    """What may be asked for of the chosen payment, read back before anything is asked."""
    account_id = line.account(Operation.READ)
    chosen = offer_at(line.call, line.inputs)
    if chosen is None:
        return Answer(INVALID)
    movement_key = payments.movement_key(account_id, chosen.movement)
    policy_key = refunds.policy_key(chosen.merchant_id) if chosen.merchant_id else None
    profile_key = accounts.profile_key(account_id)
    read = line.fetch([movement_key, profile_key, *([policy_key] if policy_key else [])])
    if movement_key not in read:
        return Answer(INVALID)
    offered = refunds.offer(
        read[movement_key],
        policy_item=read.get(policy_key) if policy_key else None,
        profile_item=read.get(profile_key),
        now=line.now,
    )
    outcome = line.replay.outcome if line.replay else offered.outcome.value
    if line.replay is None:
        line.commit(line.change("refund_offer"), outcome)
    facts = words(
        **item_words(payments.movement_from(read[movement_key]).ref),
        refundable=offered.amount,
        promised_on=offered.promised_on,
        reason=offered.decided_by if offered.outcome is not OfferOutcome.OFFERED else None,
        refund_open=offered.open_refund_id is not None,
        now=line.now,
    )
    amount = speak_money(offered.amount, line.call.language or "en-US")
    return Answer(outcome, facts, {"amount": amount if offered.outcome is OfferOutcome.OFFERED else "-"})


def request(line: Line) -> Answer:
    """Ask for the refund. The request is known by call, payment and reason, so that a repeated delivery or a key
    pressed twice asks once."""
    account_id = line.account(Operation.REFUND)
    chosen = offer_at(line.call, {"choice": line.inputs["choice"]})
    if chosen is None:
        return Answer(INVALID)
    reason = RefundReason(line.inputs["reason"])
    request_key = derived_id("ask", line.call.contact_id, chosen.movement, reason.value)
    keys = refunds.request_keys(
        account_id, movement_sk=chosen.movement, merchant_id=chosen.merchant_id, request_key=request_key
    )
    read = line.fetch((*keys, *identity.settling_keys(account_id)))
    if line.replay is not None:
        made = read.get(refunds.refund_key(account_id, refunds.refund_id_of(account_id, request_key)))
        return _told(line, line.replay.outcome, None if made is None else refunds.refund_from(made))
    line.settle(Operation.REFUND, account_id, read)
    change = line.change("refund_request")
    try:
        result = refunds.contribute_refund(
            change,
            read,
            account_id=account_id,
            movement_sk=chosen.movement,
            reason=reason,
            amount=_amount(line, read, account_id, chosen.movement),
            note=None,
            request_key=request_key,
        )
    except (InvalidInput, NotPossible):
        return Answer(INVALID)
    line.commit(change, result.outcome.value)
    return _told(line, result.outcome.value, result)


def _amount(line: Line, read: Mapping[Key, Item], account_id: str, movement_sk: str) -> Money | None:
    """The amount that was asked for, in the payment's currency; None asks for all that is left."""
    if "amount_minor" not in line.inputs:
        return None
    stored = read.get(payments.movement_key(account_id, movement_sk))
    currency = payments.movement_from(stored).amount.currency if stored else "XXX"
    return Money(int(line.inputs["amount_minor"]), currency)


def _told(line: Line, outcome: str, refund: RefundResult | Refund | None) -> Answer:
    facts = words(
        amount=refund.amount if refund else None,
        promised_on=refunds.date_told(refund) if isinstance(refund, Refund) else refund.promised_on if refund else None,
        status=refund.state.value if refund and isinstance(refund.state, RefundState) else None,
        reason=refund.decided_by if refund else None,
        refund=refunds.reference_of(refund.refund_id) if refund and refund.refund_id else None,
        now=line.now,
    )
    return Answer(outcome, facts)
