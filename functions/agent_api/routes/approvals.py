"""A second person: asking for their word, giving it, and what waits for it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.agent_api.answers import approval_of, unmask_of
from functions.agent_api.desk import DeskContact, IdempotencyKey, desk, require_zone, router
from functions.agent_api.shapes.acts import ApprovalAsked, Approvals, Decided
from functions.agent_api.shapes.common import PAGE_DEFAULT, PAGE_MAX, Approval
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from functions.http.problems import Problem, problem_in
from functions.http.routes import id_from
from hotline.agents import service as agents
from hotline.agents.model import Basis
from hotline.agents.service import AgentAct, ApprovalError, ApprovalState
from hotline.identity.model import Approval as KnownApproval
from hotline.kit.change import idempotency
from hotline.kit.errors import NotPossible
from hotline.kit.ids import derive_id
from hotline.refunds import service as refunds

_TAGS: Final = ["approvals"]
_LIST: Final = "approvals"
_SAID: Final = {"approve": ApprovalState.APPROVED, "deny": ApprovalState.DENIED}
_CARRIED: Final = frozenset({ApprovalState.APPROVED, ApprovalState.SPENT, ApprovalState.EXPIRED})


@router.get("/v1/agent/approvals", tags=_TAGS, operation_id="list_approvals")
def list_approvals(
    state: Annotated[Literal["open", "decided"], Query()] = "open",
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> Approvals:
    """Requests to a second person: those that wait, what expires first in front, or those that are decided, the newest
    first."""
    at = desk()
    context = (at.agent.agent_id, _LIST, state)
    read = agents.list_open_approvals if state == "open" else agents.list_decided_approvals
    page = read(at.ctx.store, at.now, limit=limit, after=position_of(cursor, at.lookup_keys, *context))
    others = agents.leave_out_own(at.ctx.store, at.agent, page.approvals)
    listed = agents.mark_void(at.ctx, others)
    found = agents.list_told_findings(at.ctx, at.agent, listed)
    return Approvals(
        approvals=[approval_of(one, found.get(one.approval_id, ())) for one in listed],
        next=cursor_of(page.next, at.lookup_keys, *context),
    )


@router.get("/v1/agent/approvals/<id>", tags=_TAGS, operation_id="read_approval")
def read_approval(id: str) -> Approval:  # noqa: A002 - the name of the path's parameter
    """One request to a second person, as it is now: void where its thing has changed."""
    at = desk()
    (approval,) = agents.mark_void(at.ctx, [_find(id_from(id))])
    return approval_of(approval, agents.find_told_findings(at.ctx, at.agent, approval))


@router.post("/v1/agent/approvals", tags=_TAGS, operation_id="ask_for_approval", status_code=201)
def ask_for_approval(body: ApprovalAsked, contact: DeskContact = None, key: IdempotencyKey = None) -> Approval:
    """Ask for a second person's word on something, as it is now. Needs the permission of the act, and access to the
    account where it is about one."""
    at = desk()
    memory = at.memory(key, body=body)
    approval_id = derive_id("apr", at.agent.agent_id, str(key))
    basis = Basis(body.case_id, contact if body.case_id is not None else None)
    begun_at = at.now
    asked = agents.ask(at.ctx, at.agent, basis, _act_of(body), body.reason, approval_id=approval_id, memory=memory)
    stored = idempotency.request_from(at.ctx.store.get(memory.key))
    if asked.requested_at < begun_at:
        at.check_replay(stored, body=body)
    at.headers["Location"] = f"/v1/agent/approvals/{asked.approval_id}"
    return approval_of(asked)


@router.post("/v1/agent/approvals/<id>/decision", tags=_TAGS, operation_id="decide_approval")
def decide_approval(id: str, body: Decided, key: IdempotencyKey = None) -> Approval:  # noqa: A002
    """Give your word on somebody else's request. Nobody decides on their own."""
    at, approval_id = desk(), id_from(id)
    if key is None:
        raise Problem("idempotency_key_missing")
    try:
        return approval_of(agents.decide(at.ctx, at.agent, approval_id, approve=body.decision == "approve"))
    except NotPossible as refusal:
        if refusal.code != ApprovalError.DECIDED:
            raise
        known = _find(approval_id)
        if known.decided_by != at.agent.agent_id or not _is_said(known, body):
            raise
        at.headers["Idempotency-Replayed"] = "true"
        return approval_of(known)


def _find(approval_id: str) -> KnownApproval:
    at = desk()
    found = agents.find_approval(at.ctx.store, approval_id, at.now)
    if found is None:
        raise Problem("not_found")
    agents.refuse_own(at.ctx.store, at.agent, found.account_id)
    return found


def _is_said(known: KnownApproval, body: Decided) -> bool:
    """Whether this very word was given before."""
    return known.state in _CARRIED if body.decision == "approve" else known.state is _SAID["deny"]


def _act_of(body: ApprovalAsked) -> AgentAct[Any]:
    """The act as it would be done. Raises Problem for a field that the operation needs and that is missing."""
    match body.operation:
        case "release_hold":
            return agents.ReleaseHold(_given(body.cause, "cause"))
        case "contact_change":
            return agents.RemovePoint(_given(body.point_id, "point_id"), _given(body.loss, "loss"))
        case "new_row_unproved":
            return agents.BeginRowsAnew()
        case "unfreeze_unproved":
            return agents.UNFREEZE
        case "unlock_unproved":
            return agents.UNLOCK
        case "reset_grant_unproved":
            return agents.GRANT_RESET
        case "review_large_refund":
            return agents.ReviewRefund(_given(body.refund_id, "refund_id"), _given(body.decision, "decision"))
        case "other_payout":
            return agents.PayOtherWay(_given(body.refund_id, "refund_id"), _given(body.way, "way"))
        case "unmask_beyond":
            return unmask_of(_given(body.field, "field"), body.item_id)
        case "suppress_holding":
            return agents.SuppressRule(_given(body.rule, "rule"), require_zone(_given(body.until, "until")))
        case "edit_numbers":
            return agents.EditNumbers(tuple(_given(body.numbers, "numbers")), 0)
        case "publish_policy":
            terms = refunds.make_terms(
                window_days=_given(body.window_days, "window_days"),
                partial=_given(body.partial, "partial"),
                auto_approve_minor=_given(body.auto_approve_minor, "auto_approve_minor"),
                categories=tuple(body.categories or ()),
                evidence_above_minor=body.evidence_above_minor,
                answer_days=body.answer_days,
            )
            return agents.PublishPolicy(_given(body.merchant_id, "merchant_id"), terms, 0)


def _given[Value](value: Value | None, name: str) -> Value:
    if value is None:
        raise problem_in(f"#/{name}", "missing")
    return value
