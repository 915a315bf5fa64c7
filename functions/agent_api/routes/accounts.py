"""The account of a case, for an agent with access: masked, and each look in the audit trail with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Literal

from aws_lambda_powertools.event_handler.openapi.params import Header, Query

from functions.agent_api.answers import action_of, masked_of, own_approvals, unmask_of
from functions.agent_api.desk import DeskContact, IdempotencyKey, desk, router
from functions.agent_api.shapes.accounts import (
    Account,
    Arrival,
    ChargedTwice,
    Coupon,
    Evidence,
    EvidenceList,
    EvidenceSeen,
    Finding,
    Findings,
    Hold,
    Lock,
    MerchantName,
    Payment,
    Payments,
    Refund,
    Refunds,
    Suppression,
    Unmasked,
    Unmasking,
    Value,
)
from functions.agent_api.shapes.accounts import Money as MoneyPlace
from functions.agent_api.shapes.common import PAGE_DEFAULT, PAGE_MAX, Amount, Person
from functions.http import words
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from functions.http.problems import Problem, problem_in
from functions.http.routes import id_from
from hotline.accounts.model import Profile
from hotline.agents import service as agents
from hotline.agents.model import Basis, LookUpReason, Part
from hotline.agents.service import AgentRequest
from hotline.cases import service as cases
from hotline.contracts.model import PointKind
from hotline.evidence import service as pictures
from hotline.evidence.model import Evidence as KnownEvidence
from hotline.identity import service as identity
from hotline.identity.model import Approval
from hotline.kit.clock import find_zone
from hotline.kit.money import Money
from hotline.lockout import service as lockout
from hotline.payments import service as payments
from hotline.payments.model import Coupon as KnownCoupon
from hotline.payments.model import Movement
from hotline.refunds import service as refunds
from hotline.refunds.model import Refund as KnownRefund
from hotline.security import service as security
from hotline.wording.values import locale_of

_TAGS: Final = ["account"]
_ORDER_DIGITS: Final = 4
DeskReason = Annotated[
    LookUpReason | None,
    Header(alias="Desk-Reason", description="Required. Why you look; it goes to the audit trail."),
]
Cursor = Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]


@router.get("/v1/agent/cases/<id>/account", tags=_TAGS, operation_id="read_account")
def read_account(id: str, reason: DeskReason = None, contact: DeskContact = None) -> Account:  # noqa: A002
    """Read the account of the case, masked, and what keeps it shut."""
    at, request = desk(), look(id, Part.ACCOUNT, reason, contact)
    profile = request.profile
    approvals = own_approvals(at, cases.read_timeline(at.ctx.store, request.case_id).entries)
    return Account(
        account_id=request.account_id,
        status=profile.status.value if profile is not None else "unknown",
        language=profile.language if profile is not None else None,
        lock=_lock(request, profile),
        holds=_holds(request, approvals),
        two_step=profile.two_step if profile is not None else None,
        pin=identity.has_pin(request.read.get(identity.factors_key(request.account_id))),
        fields=_values(request, profile, approvals) if profile is not None else [],
        facts_as_of=profile.facts_as_of if profile is not None else None,
    )


@router.get("/v1/agent/cases/<id>/payments", tags=_TAGS, operation_id="list_payments")
def list_payments(
    id: str,  # noqa: A002 - the name of the path's parameter
    reason: DeskReason = None,
    contact: DeskContact = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Payments:
    """Payments and other movements of money, what became of them, and what helps."""
    at, request = desk(), look(id, Part.PAYMENTS, reason, contact)
    context = look_context(request, Part.PAYMENTS)
    after = position_of(cursor, at.lookup_keys, *context)
    page = payments.list_movements(at.ctx.store, request.account_id, status=None, limit=limit, after=after)
    others = payments.others_in(agents.read_payments(request, page.movements), page.movements)
    actions = agents.list_payment_actions(request, page.movements)
    return Payments(
        payments=[_payment(one, request, others.get(one.sk), actions[one.sk]) for one in page.movements],
        next=cursor_of(page.next_after, at.lookup_keys, *context),
    )


@router.get("/v1/agent/cases/<id>/refunds", tags=_TAGS, operation_id="list_refunds")
def list_refunds(
    id: str,  # noqa: A002 - the name of the path's parameter
    reason: DeskReason = None,
    contact: DeskContact = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Refunds:
    """Refunds, and what you may do about them."""
    at, request = desk(), look(id, Part.REFUNDS, reason, contact)
    context = look_context(request, Part.REFUNDS)
    after = position_of(cursor, at.lookup_keys, *context)
    page = refunds.list_refunds(at.ctx.store, request.account_id, limit=limit, after=after, fetch=request.fetch)
    timeline = cases.read_timeline(at.ctx.store, request.case_id).entries
    approvals = own_approvals(at, timeline)
    actions = agents.list_refund_actions(request, page.refunds, approvals)
    return Refunds(
        refunds=[_refund(refund, actions[refund.refund_id]) for refund in page.refunds],
        next=cursor_of(page.next_after, at.lookup_keys, *context),
    )


@router.get("/v1/agent/cases/<id>/findings", tags=_TAGS, operation_id="list_findings")
def list_findings(id: str, reason: DeskReason = None, contact: DeskContact = None) -> Findings:  # noqa: A002
    """Patterns that the scan found on the account, also those that are dealt with. Beside them are the rules that do
    not tell of it for a while."""
    at, request = desk(), look(id, Part.FINDINGS, reason, contact)
    found = security.list_findings(at.ctx.store, request.account_id, at.now)
    approvals = own_approvals(at, cases.read_timeline(at.ctx.store, request.case_id).entries) if found else ()
    actions = agents.find_suppression_actions(request, [one.rule for one in found], approvals)
    running = security.list_suppressions(at.ctx.store, request.account_id, at.now)
    names = agents.find_names(at.ctx.store, {one.made_by for one in running})
    return Findings(
        findings=[
            Finding(
                id=one.id,
                severity=one.severity,
                found_at=one.found_at,
                rule=one.rule,
                facts=agents.mask_facts(one.facts),
                masked=masked_of({"finding_id": one.id, **one.facts}),
                feedback=one.verdict.value if one.verdict is not None else None,
                state=one.state.value,
                begun_at=one.window_start,
                last_at=one.window_end,
                runbook=one.runbook,
                actions=[action_of(action) for action in actions.get(one.rule, ())],
            )
            for one in found
        ],
        suppressions=[
            Suppression(
                rule=one.rule,
                since=one.since,
                until=one.until,
                reason=one.reason,
                by=Person(id=one.made_by, name=names.get(one.made_by, one.made_by)),
            )
            for one in running
        ],
    )


@router.get("/v1/agent/cases/<id>/evidence", tags=_TAGS, operation_id="list_evidence")
def list_evidence(id: str, reason: DeskReason = None, contact: DeskContact = None) -> EvidenceList:  # noqa: A002
    """List the pictures that the customer sent for refunds, and those that were asked for."""
    request = look(id, Part.EVIDENCE, reason, contact)
    found = pictures.list_evidence(desk().ctx.store, request.account_id)
    return EvidenceList(evidence=[_evidence_of(one) for one in found])


@router.get("/v1/agent/cases/<id>/evidence/<evidence>", tags=_TAGS, operation_id="see_evidence")
def see_evidence(
    id: str,  # noqa: A002 - the name of the path's parameter
    evidence: str,
    reason: DeskReason = None,
    contact: DeskContact = None,
) -> EvidenceSeen:
    """Have one picture as a file. Refused unless its scan says at this moment that it is clean. The audit trail has who
    looked, at which one, and why."""
    at, wished = desk(), id_from(evidence)
    request = look(id, Part.EVIDENCE, reason, contact, wished)
    url, expires_at = pictures.sign_reading(at.ctx, request.account_id, wished)
    return EvidenceSeen(url=url, expires_at=expires_at)


def _evidence_of(one: KnownEvidence) -> Evidence:
    return Evidence(
        id=one.evidence_id,
        refund_id=one.refund_id,
        status=one.state.value,
        content_type=one.content_type.value if one.content_type is not None else None,
        size=one.bytes_long,
        asked_at=one.asked_at,
        state_at=one.state_at,
        refusal=one.refusal.value if one.refusal is not None else None,
    )


@router.post("/v1/agent/cases/<id>/unmaskings", tags=_TAGS, operation_id="unmask")
def unmask(
    id: str,  # noqa: A002 - the name of the path's parameter
    body: Unmasking,
    contact: DeskContact = None,
    key: IdempotencyKey = None,
) -> Unmasked:
    """Show one value. So often an hour you may alone, beyond that with a second person. Each answer is counted."""
    at = desk()
    if key is None:
        raise Problem("idempotency_key_missing")
    act = unmask_of(body.field, body.item_id)
    done = agents.perform(
        at.ctx,
        at.agent,
        Basis(id_from(id), contact),
        act,
        approval_id=body.approval_id,
        why=body.reason,
    )
    value = done.deed.result if done.deed is not None else None
    amount = Amount(minor=value.minor, currency=value.currency) if isinstance(value, Money) else None
    text = value if isinstance(value, str) else None
    return Unmasked(field=body.field.value, item_id=body.item_id, value=text, amount=amount)


def look(
    id_: str, part: Part, reason: LookUpReason | None, contact: str | None, item_id: str | None = None
) -> AgentRequest:
    """Look at a part of the account, with the reason in the audit trail. Raises Problem without one."""
    at = desk()
    if reason is None:
        raise problem_in("Desk-Reason", "missing")
    return agents.look_up(at.ctx, at.agent, Basis(id_from(id_), contact), part, reason, item_id)


def look_context(request: AgentRequest, part: Part) -> tuple[str, ...]:
    """The context of a cursor: whose it is, and of what."""
    return (request.agent_id, request.account_id, part.value)


def _lock(request: AgentRequest, profile: Profile | None) -> Lock:
    at = desk()
    view = lockout.view_from(request.read, request.account_id, request.now)
    at.headers["Content-Language"] = at.language
    locale = locale_of(at.language, profile.time_zone if profile is not None else "UTC", request.now)
    offered = lockout.offer_to_account(view, request.read, request.account_id)
    return Lock.model_validate(
        {
            "state": view.state.value,
            "cause": view.seen_cause.value if view.seen_cause is not None else None,
            "since": view.since,
            "until": view.until,
            "asked": view.asked.value if view.asked is not None else None,
            "text": words.of_lock(view, offered=offered, behind_since=None, now=request.now, locale=locale),
        }
    )


def _holds(request: AgentRequest, approvals: Sequence[Approval]) -> list[Hold]:
    """The holds that run, and the agent's own request to release each."""
    return [
        Hold(
            cause=one.cause.value if one.cause is not None else "OTHER",
            since=one.since,
            until=one.until,
            ended_by=lockout.end_of_hold(one.cause),
            actions=[action_of(action) for action in agents.find_hold_action(request, one.cause, approvals)],
        )
        for one in lockout.list_holds(request.read, request.account_id, request.now)
    ]


def _values(request: AgentRequest, profile: Profile, approvals: Sequence[Approval]) -> list[Value]:
    points = [
        Value(
            name="phone" if point.kind is PointKind.PHONE else "email",
            masked=agents.mask_point(point.kind, point.value),
            can_unmask=False,
            id=identity.point_name(profile.account_id, point),
            actions=[action_of(action) for action in agents.find_point_action(request, point, approvals)],
        )
        for point in sorted(profile.live_points, key=lambda point: point.kind is not PointKind.PHONE)
    ]
    name = Value(name="name", masked=agents.mask_name(profile.name), can_unmask=True, id=None, actions=[])
    return [name, *points]


def _payment(
    movement: Movement, request: AgentRequest, other: Movement | None, actions: Iterable[agents.Action]
) -> Payment:
    told, merchant = payments.diagnose(movement, request.now, first=None), movement.ref.merchant
    zone = find_zone(request.profile.time_zone) if request.profile is not None else None
    twin = refunds.twin_told(movement, other, request.now)
    said = payments.answer_of(movement, told, request.now, twin, zone=zone)
    return Payment(
        id=movement.movement_id,
        item_id=movement.sk,
        kind=movement.ref.kind.value,
        status=movement.status.value,
        initiated_at=movement.ref.initiated_at,
        merchant=MerchantName(id=merchant.id, name=merchant.name) if merchant is not None else None,
        order=movement.order_no[-_ORDER_DIGITS:] if movement.order_no else None,
        money=MoneyPlace(state=told.answer.value.lower(), held_until=told.held_until),
        failure=told.caller_text.partition(".")[2] if told.failure is not None else None,
        next_step=said.step.value,
        given_back=_given_back(movement),
        counterparty=movement.counterparty,
        coupon=_coupon(movement.coupon) if movement.coupon is not None else None,
        charged_twice=_charged_twice(twin) if twin is not None else None,
        arrival=_arrival(said.arrival) if said.arrival is not None else None,
        arrived_at=said.arrived_at,
        actions=[action_of(action) for action in actions],
    )


def _given_back(movement: Movement) -> Literal["none", "part", "whole"]:
    if movement.given_back_minor <= 0:
        return "none"
    return "whole" if movement.given_back_minor >= movement.amount.minor else "part"


def _coupon(coupon: KnownCoupon) -> Coupon:
    return Coupon(applied=coupon.applied, name=coupon.name, reason=coupon.reason, has_amount=coupon.amount is not None)


def _arrival(promise: payments.Promise) -> Arrival:
    return Arrival(typical_on=promise.typical_on, latest_on=promise.latest_on, certain=promise.is_certain)


def _charged_twice(twin: payments.Twin) -> ChargedTwice:
    return ChargedTwice(
        other_id=twin.movement_id,
        other_at=twin.initiated_at,
        other_state=twin.state.value,
        stands=twin.stands.value,
        refundable=twin.may_be_refunded,
    )


def _refund(refund: KnownRefund, actions: Iterable[agents.Action]) -> Refund:
    promise = refunds.promise_told(refund)
    return Refund(
        id=refund.refund_id,
        payment_id=refund.movement_id,
        status=refunds.state_told(refund),
        requested_at=refund.requested_at,
        typical_on=promise.typical_on if promise is not None else None,
        promised_on=promise.latest_on if promise is not None else None,
        promise_certain=promise.is_certain if promise is not None else None,
        reason=refund.reason.value if refund.reason is not None else None,
        review=refund.review.value if refund.review is not None else None,
        decided_by=refund.decided_by,
        policy_version=refund.policy_version,
        remedies=[remedy.value for remedy in refunds.explain(refund.rules, refund.decided_by).remedies],
        failure=refunds.failure_told(refund),
        payout=refund.payout.value if refund.payout is not None else None,
        actions=[action_of(action) for action in actions],
    )
