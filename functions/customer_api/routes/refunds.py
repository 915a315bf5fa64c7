"""The bearer's refunds: asking for one, once for each Idempotency-Key, and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Header, Query

from functions.customer_api.routes.payments import amount_of, find_payment, payment_keys
from functions.customer_api.shapes.common import PAGE_DEFAULT, PAGE_MAX
from functions.customer_api.shapes.refunds import Decision, Refund, RefundAsked, Refunds, RuleSaid
from functions.customer_api.visits import Desk, Visit, attempt, desk, router
from functions.http import words
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from functions.http.problems import Problem
from functions.http.routes import is_id
from hotline.identity.service import Operation
from hotline.kit.change import idempotency
from hotline.kit.change.idempotency import Memory, Remembered
from hotline.kit.clock import count_seconds
from hotline.kit.errors import Stale
from hotline.kit.ids import derive_id
from hotline.kit.money import Money
from hotline.payments.model import REFUNDABLE_WINDOW
from hotline.refunds import service as refunds
from hotline.refunds.model import Refund as KnownRefund
from hotline.refunds.model import RefundOutcome, RefundResult, RefundState
from hotline.wording.values import Locale

_TAGS: Final = ["refunds"]
_LIST: Final = "refunds"
_REFUND: Final = "refund"
_ROUTE: Final = "POST /v1/me/refunds"
KEY_CHARACTERS_MIN: Final = 16
KEY_CHARACTERS_MAX: Final = 128
KEY_LIFE: Final = REFUNDABLE_WINDOW + timedelta(days=35)
"""A request stays known for longer than any payment can be refunded."""
_OUTCOMES: Final = {
    RefundState.DENIED: "DENIED",
    RefundState.IN_REVIEW: "IN_REVIEW",
}
_REFUSALS: Final = {
    RefundOutcome.NOT_ELIGIBLE: "not_eligible",
    RefundOutcome.ROUTE_DISPUTE: "route_dispute",
    RefundOutcome.EXISTS: "refund_exists",
    RefundOutcome.LIMITED: "too_many_denied",
}
CREATED: Final = 201
FREEZE_URL: Final = "/v1/me/freeze"


@router.post("/v1/me/refunds", tags=_TAGS, operation_id="ask_for_refund", status_code=CREATED)
def ask_for_refund(
    body: RefundAsked,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=KEY_CHARACTERS_MIN,
            max_length=KEY_CHARACTERS_MAX,
            description="Required. The same key with the same body is the same request, for 400 days.",
        ),
    ] = None,
) -> Refund:
    """Ask for a refund to the instrument that was paid with. The same key and body is the same refund."""
    if idempotency_key is None:
        raise Problem("idempotency_key_missing")
    key = idempotency_key
    at = desk()
    return attempt(lambda: _ask(at, body, key))


def _ask(at: Desk, body: RefundAsked, key: str) -> Refund:
    token = at.bearer
    whose = (token.client, token.sign_in.account_id, token.subject, _ROUTE, key)
    remembered_key = idempotency.request_key("refunds", *whose)
    visit = at.visit((remembered_key, *payment_keys(token.sign_in.account_id, body.payment_id)))
    canonical = body.model_dump_json()
    remembered = idempotency.request_from(visit.read.get(remembered_key))
    if remembered is not None:
        return _replay(visit, remembered, canonical)
    visit.allow(refunds.operation_of(body.reason))
    request_key = derive_id("ask", *whose)
    refund_id = refunds.refund_id_of(visit.account_id, request_key)
    request = Remembered(CREATED, refund_id, idempotency.fingerprint(at.lookup_keys, canonical))
    return _make(visit, body, request_key, Memory(remembered_key, request, KEY_LIFE))


def _make(visit: Visit, body: RefundAsked, request_key: str, memory: Memory) -> Refund:
    movement = find_payment(visit, body.payment_id)
    merchant, made_id = movement.ref.merchant, memory.request.made_id
    act = refunds.RequestRefund(
        movement.sk,
        merchant.id if merchant else None,
        body.reason,
        Money(body.amount.minor, body.amount.currency) if body.amount else None,
        request_key,
        note=body.note,
        memory=memory,
        twin=movement.ref.twin,
    )
    result = visit.perform(act, _REFUND).result
    if result.outcome is RefundOutcome.EXISTS and result.refund_id == made_id:
        # The same request came in at once, and the other was quicker.
        raise Stale
    if result.outcome in _REFUSALS:
        known = _existing(visit, result)
        wait = result.again_at - visit.now if result.again_at is not None else None
        headers = {"Retry-After": str(count_seconds(wait))} if wait is not None else {}
        facts = {"decided_by": result.decided_by, **known, **_next_of_dispute(result), **_why_not(visit, result)}
        raise Problem(_REFUSALS[result.outcome], headers=headers, facts=facts)
    return _render_made(visit, made_id)


def _existing(visit: Visit, result: RefundResult) -> dict[str, str | bool | None]:
    """The refund that exists, its state, and the dates that hold: only the refund itself knows them."""
    if result.outcome is not RefundOutcome.EXISTS or result.refund_id is None:
        return {}
    found = refunds.find(visit.desk.ctx.store, visit.account_id, result.refund_id)
    if found is None:
        return {"refund_id": result.refund_id}
    told = refund_of(found, visit.speak())
    return {
        "refund_id": told.id,
        "refund_status": told.status,
        "typical_on": told.typical_on.isoformat() if told.typical_on is not None else None,
        "promised_on": told.promised_on.isoformat() if told.promised_on is not None else None,
        "promise_certain": told.promise_certain,
    }


def _why_not(visit: Visit, result: RefundResult) -> dict[str, str | list[str]]:
    """The words for the rule by which a payment can have no refund, and what would change that."""
    if result.outcome is not RefundOutcome.NOT_ELIGIBLE:
        return {}
    told = refunds.explain(result.rules, result.decided_by)
    remedies = [remedy.value for remedy in told.remedies]
    return {"detail": words.of_refund(told, visit.speak()), "remedies": remedies}


def _next_of_dispute(result: RefundResult) -> dict[str, str]:
    """By when a dispute is answered, in which case, and what its owner should do now."""
    if result.outcome is not RefundOutcome.ROUTE_DISPUTE or result.promised_on is None or result.case_id is None:
        return {}
    answer = {"answer_by": result.promised_on.isoformat(), "case_id": result.case_id}
    return answer | {"next_action": "freeze", "next_url": FREEZE_URL}


def _replay(visit: Visit, remembered: Remembered, canonical: str) -> Refund:
    """The request was made before: the same body gives its refund as it is now."""
    if not idempotency.is_of(remembered, visit.desk.lookup_keys, canonical):
        raise Problem("idempotency_key_reused")
    visit.allow(Operation.READ)
    visit.desk.headers["Idempotency-Replayed"] = "true"
    return _render_made(visit, remembered.made_id)


def _render_made(visit: Visit, refund_id: str) -> Refund:
    visit.desk.headers["Location"] = f"/v1/me/refunds/{refund_id}"
    return _refund(visit, refund_id)


@router.get("/v1/me/refunds", tags=_TAGS, operation_id="list_refunds")
def list_refunds(
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> Refunds:
    """The account's refunds, newest first."""
    at = desk()
    visit = at.visit()
    visit.allow(Operation.READ)
    locale = visit.speak()  # an empty page is in the language that its refunds would have
    context = (visit.account_id, _LIST)
    after = position_of(cursor, at.lookup_keys, *context)
    page = refunds.list_refunds(at.ctx.store, visit.account_id, limit=limit, after=after)
    return Refunds(
        refunds=[refund_of(refund, locale) for refund in page.refunds],
        next=cursor_of(page.next_after, at.lookup_keys, *context),
    )


@router.get("/v1/me/refunds/<id>", tags=_TAGS, operation_id="read_refund")
def read_refund(id: str) -> Refund:  # noqa: A002 - the name of the path's parameter
    """One refund. One of somebody else is not found."""
    visit = desk().visit()
    visit.allow(Operation.READ)
    return _refund(visit, unquote(id))


def _refund(visit: Visit, refund_id: str) -> Refund:
    if not is_id(refund_id):
        raise Problem("not_found")
    known = refunds.find(visit.desk.ctx.store, visit.account_id, refund_id)
    if known is None:
        raise Problem("not_found")
    return refund_of(known, visit.speak())


def refund_of(refund: KnownRefund, locale: Locale) -> Refund:
    """A refund as the API tells it. A refund that the wallet makes by itself has no decision."""
    decided, promise = refund.reason is not None, refunds.promise_told(refund)
    return Refund(
        id=refund.refund_id,
        payment_id=refund.movement_id,
        status=refunds.state_told(refund),
        amount=amount_of(refund.amount),
        requested_at=refund.requested_at,
        typical_on=promise.typical_on if promise is not None else None,
        promised_on=promise.latest_on if promise is not None else None,
        promise_certain=promise.is_certain if promise is not None else None,
        reason=refund.reason.value if refund.reason else None,
        failure=refunds.failure_told(refund),
        case_id=refund.case_id,
        decision=_decision(refund, locale) if decided else None,
    )


def _decision(refund: KnownRefund, locale: Locale) -> Decision:
    """By the rules that were heard, since a refund's state goes on after it was decided. A person's word wins."""
    spoken = [rule.outcome for rule in refund.rules if rule.outcome is not None]
    hardest: Callable[[RefundOutcome], int] = [
        RefundOutcome.DENIED, RefundOutcome.IN_REVIEW, RefundOutcome.APPROVED,
    ].index  # fmt: skip
    is_by_person = refund.decided_by == refunds.REVIEWED_RULE
    by_state = _OUTCOMES.get(refund.state, "APPROVED")
    outcome = by_state if is_by_person or not spoken else min(spoken, key=hardest).value
    told = refunds.explain(refund.rules, refund.decided_by)
    return Decision(
        outcome=outcome,
        decided_by=refund.decided_by,
        policy_version=refund.policy_version,
        remedies=[remedy.value for remedy in told.remedies],
        text=words.of_refund(told, locale),
        rules=[RuleSaid(rule=rule.rule, outcome=rule.outcome.value if rule.outcome else None) for rule in refund.rules],
    )
