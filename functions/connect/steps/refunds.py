"""refunds, refund_offer, refund_request, evidence_link: refunds under way, what may be asked for, asking, and another
link for a picture."""

from __future__ import annotations

from typing import Final

from functions.connect.envelope import INVALID
from functions.connect.step import CHOICE, Answer, Step, Visit, digits, one_of, words
from functions.connect.steps.payments import CHOSEN, item_words
from functions.connect.words import payments as words_of
from hotline.evidence import service as evidence
from hotline.evidence.model import EvidenceError
from hotline.identity.model import Operation
from hotline.kit.errors import InvalidInput, NotPossible
from hotline.kit.ids import derive_id
from hotline.payments import service as payments
from hotline.payments.model import Ledger
from hotline.refunds import service as refunds
from hotline.refunds.model import OfferOutcome, Refund, RefundOutcome, RefundReason, RefundResult
from hotline.wording.amounts import speak_money
from hotline.wording.values import dates_told

SPOKEN_MAX = 3


def under_way(visit: Visit) -> Answer:
    """Refunds that are under way, or that failed lately, from the base table: whose money, paid when, the state and
    the date that holds. A refund that the wallet began names its payment alone, which knows the merchant."""
    account_id = visit.account(Operation.READ)
    found = refunds.list_open_refunds(visit.ctx.store, account_id, now=visit.now)
    spoken = found.refunds[:SPOKEN_MAX]
    unnamed = [refund.movement_id for refund in spoken if refund.movement_sk is None]
    paid = payments.ledgers_of(visit.ctx.store, account_id, unnamed)
    items = [_refund_words(refund, paid.get(refund.movement_id)) for refund in spoken]
    outcome = "OPEN" if items else "NONE"
    facts = words(items=items, more=found.more or len(found.refunds) > SPOKEN_MAX, now=visit.now)
    return Answer(outcome, facts, {"count": str(len(items))})


def _refund_words(refund: Refund, paid: Ledger | None) -> dict[str, object]:
    movement_sk = refund.movement_sk or (paid.movement_sk if paid else None)
    return words(
        amount=refund.amount,
        merchant=refund.merchant_name or (paid.merchant_name if paid else None),
        initiated_at=payments.movement_time(movement_sk) if movement_sk else None,
        status=refunds.state_told(refund),
        failure=refunds.failure_told(refund),
        **dates_told(refunds.promise_told(refund)),
    )


def offer(visit: Visit) -> Answer:
    """The refund that may be asked for on the chosen payment, read back before anything is asked."""
    visit.account(Operation.READ)
    chosen = visit.find_offer()
    if chosen is None:
        return Answer(INVALID)
    act = refunds.OfferRefund(chosen.movement, chosen.merchant_id)
    try:
        found = refunds.look_at_offer(visit.session, act) if visit.replay is not None else visit.perform(act).result
    except NotPossible:
        return Answer(INVALID)
    outcome = visit.replay.outcome if visit.replay else found.offer.outcome.value
    offered, is_offered = found.offer, found.offer.outcome is OfferOutcome.OFFERED
    facts = words(
        **item_words(found.movement.ref),
        refundable=offered.amount,
        **dates_told(offered.promise),
        reason=None if is_offered else offered.decided_by,
        **refunds.explain(offered.rules, offered.decided_by).facts,
        refund_open=offered.barring_refund_id is not None,
        now=visit.now,
    )
    amount = speak_money(offered.amount, visit.state.language or "en-US")
    return Answer(outcome, facts, {"amount": amount if is_offered else "-"})


def request(visit: Visit) -> Answer:
    """Ask for the refund. The request is known by call, payment and reason, so that a repeated delivery or a key
    pressed twice asks once."""
    reason = RefundReason(visit.inputs["reason"])
    account_id = visit.account(refunds.operation_of(reason))
    chosen = visit.find_offer()
    if chosen is None:
        return Answer(INVALID)
    request_key = derive_id("ask", visit.state.contact_id, chosen.movement, reason.value)
    if visit.replay is not None and visit.replay.outcome == RefundOutcome.ROUTE_DISPUTE:
        dispute = refunds.find_dispute(visit.ctx.store, account_id, payments.movement_id_of(chosen.movement))
        return _render_dispute(visit, dispute.promise if dispute is not None else None)
    if visit.replay is not None:
        known = refunds.find_requested(visit.ctx.store, account_id, request_key)
        return _render(visit, visit.replay.outcome, known, visit.replay.notes)
    amount = int(visit.inputs["amount_minor"]) if "amount_minor" in visit.inputs else None
    asked = refunds.RequestRefund(chosen.movement, chosen.merchant_id, reason, amount, request_key, twin=chosen.twin)
    try:
        effect = visit.perform(evidence.RequestRefundWithLink(asked))
    except (InvalidInput, NotPossible):
        return Answer(INVALID)
    if effect.outcome == RefundOutcome.ROUTE_DISPUTE:
        return _render_dispute(visit, effect.result.refund.promise)
    return _render(visit, effect.outcome, effect.result.refund, effect.notes)


def _render_dispute(visit: Visit, promise: refunds.Promise | None) -> Answer:
    return Answer(RefundOutcome.ROUTE_DISPUTE.value, words(**dates_told(promise), now=visit.now))


def _render(visit: Visit, outcome: str, refund: RefundResult | Refund | None, notes: tuple[str, ...] = ()) -> Answer:
    promise = refunds.promise_told(refund) if isinstance(refund, Refund) else refund.promise if refund else None
    told = refunds.explain(refund.rules if refund else (), refund.decided_by if refund else None)
    facts = words(
        amount=refund.amount if refund else None,
        **dates_told(promise),
        status=_status_of(refund),
        reason=told.rule,
        **told.facts,
        remedy=told.remedies[0].value if told.remedies else None,
        link=next((note for note in notes if note in evidence.CHANNELS), None),
        refund=refunds.reference_of(refund.refund_id) if refund and refund.refund_id else None,
        now=visit.now,
    )
    return Answer(outcome, facts)


def _status_of(refund: RefundResult | Refund | None) -> str | None:
    if isinstance(refund, Refund):
        return refunds.state_told(refund)
    return refund.state.value if refund is not None and refund.state is not None else None


def another_link(visit: Visit) -> Answer:
    """Send another link by which to send a picture, for the refund that the last one was for. Sending one changes
    nothing else, so that a refusal is not noted as a turn."""
    if visit.replay is not None:
        return Answer(visit.replay.outcome)
    try:
        return Answer(visit.perform(evidence.AskForLink()).outcome)
    except NotPossible as refusal:
        return Answer(_NO_LINK[EvidenceError(refusal.code)])


_NO_LINK: Final = {
    EvidenceError.NOT_AWAITED: "NOT_AWAITED",
    EvidenceError.TOO_MANY: "LIMITED",
    EvidenceError.NO_POINT: "NO_POINT",
}
AMOUNT_DIGITS_MAX: Final = 12
REFUND_REASONS: Final = tuple(reason.value for reason in RefundReason)
"""The values of `reason` of `refund_request`."""

STEPS: Final = (
    Step(
        "refunds",
        ("NONE", "OPEN"),
        under_way,
        own_keys=("count",),
        say=words_of.refunds,
        parts=words_of.REFUNDS_PARTS,
        proof=True,
        finishes={"OPEN": "refund"},
        tells=True,
    ),
    Step(
        "refund_offer",
        ("OFFERED", "NOT_ELIGIBLE", "ROUTE_DISPUTE"),
        offer,
        CHOSEN,
        own_keys=("amount",),
        say=words_of.refund_offer,
        parts=2,
        acting=True,
        proof=True,
    ),
    Step(
        "refund_request",
        ("APPROVED", "IN_REVIEW", "DENIED", "LIMITED", "EXISTS", "NOT_ELIGIBLE", "ROUTE_DISPUTE"),
        request,
        {
            "choice": CHOICE,
            "reason": one_of(REFUND_REASONS),
            "amount_minor": digits(most=AMOUNT_DIGITS_MAX, optional=True),
        },
        say=words_of.refund_request,
        parts=words_of.REQUEST_PARTS,
        acting=True,
        proof=True,
        finishes={**dict.fromkeys(("APPROVED", "IN_REVIEW", "DENIED", "EXISTS"), "refund"), "ROUTE_DISPUTE": "dispute"},
    ),
    Step(
        "evidence_link",
        ("SMS", "EMAIL", *_NO_LINK.values()),
        another_link,
        acting=True,
        proof=True,
        finishes=dict.fromkeys(("SMS", "EMAIL"), "refund"),
    ),
)
