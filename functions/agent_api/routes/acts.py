"""Acts of agents upon the account of a case. The gate decides: alone, with the customer's proof, or with a second
person."""

from __future__ import annotations

from typing import Any, Final

from functions.agent_api.desk import DeskContact, IdempotencyKey, desk, require_zone, router
from functions.agent_api.shapes.acts import (
    Act,
    ContactChange,
    Done,
    Feedback,
    HoldRelease,
    Payout,
    RefundAsked,
    RefundDecision,
    RefundMade,
    RuleSuppressed,
    SuppressionEnd,
)
from functions.http.routes import id_from
from hotline.agents import service as agents
from hotline.agents.model import Basis
from hotline.agents.service import AgentAct
from hotline.kit.ids import derive_id

_TAGS: Final = ["acts"]


@router.post("/v1/agent/cases/<id>/unlock", tags=_TAGS, operation_id="unlock", status_code=202)
def unlock(id: str, body: Act, contact: DeskContact = None, key: IdempotencyKey = None) -> Done:  # noqa: A002
    """Ask the wallet to open an account that was locked for failed logins, with the customer's proof. With a second
    person where the account has too few kinds of factor for that."""
    return _do(id, body, contact, key, agents.UNLOCK)


@router.post("/v1/agent/cases/<id>/reset-grants", tags=_TAGS, operation_id="grant_reset", status_code=202)
def grant_reset(id: str, body: Act, contact: DeskContact = None, key: IdempotencyKey = None) -> Done:  # noqa: A002
    """Let the wallet give the account a new password, once, with the customer's proof. With a second person where the
    account has too few kinds of factor for that."""
    return _do(id, body, contact, key, agents.GRANT_RESET)


@router.post("/v1/agent/cases/<id>/freeze", tags=_TAGS, operation_id="freeze", status_code=202)
def freeze(id: str, body: Act, contact: DeskContact = None, key: IdempotencyKey = None) -> Done:  # noqa: A002
    """Ask the wallet to stop everything that goes out until the account is unfrozen."""
    return _do(id, body, contact, key, agents.FREEZE)


@router.post("/v1/agent/cases/<id>/unfreeze", tags=_TAGS, operation_id="unfreeze", status_code=202)
def unfreeze(id: str, body: Act, contact: DeskContact = None, key: IdempotencyKey = None) -> Done:  # noqa: A002
    """Ask the wallet to end a freeze, with two different factors of the customer's. With a second person where the
    account has too few kinds of factor for that."""
    return _do(id, body, contact, key, agents.UNFREEZE)


@router.post("/v1/agent/cases/<id>/pause", tags=_TAGS, operation_id="pause", status_code=202)
def pause(id: str, body: Act, contact: DeskContact = None, key: IdempotencyKey = None) -> Done:  # noqa: A002
    """Ask the wallet to stop outward money for a day."""
    return _do(id, body, contact, key, agents.PAUSE)


@router.post("/v1/agent/cases/<id>/pause-ends", tags=_TAGS, operation_id="end_pause", status_code=202)
def end_pause(id: str, body: Act, contact: DeskContact = None, key: IdempotencyKey = None) -> Done:  # noqa: A002
    """Ask the wallet to end a pause before its time, with the customer's proof."""
    return _do(id, body, contact, key, agents.END_PAUSE)


@router.post("/v1/agent/cases/<id>/new-rows", tags=_TAGS, operation_id="begin_rows_anew", status_code=202)
def begin_rows_anew(id: str, body: Act, contact: DeskContact = None, key: IdempotencyKey = None) -> Done:  # noqa: A002
    """Begin the rows of a hundred wrong codes anew: with what the customer still can prove, else with a second
    person."""
    return _do(id, body, contact, key, agents.BeginRowsAnew())


@router.post("/v1/agent/cases/<id>/hold-releases", tags=_TAGS, operation_id="release_hold", status_code=202)
def release_hold(id: str, body: HoldRelease, contact: DeskContact = None, key: IdempotencyKey = None) -> Done:  # noqa: A002
    """Ask the wallet to release a hold, with a second person."""
    return _do(id, body, contact, key, agents.ReleaseHold(body.cause))


@router.post("/v1/agent/cases/<id>/contact-changes", tags=_TAGS, operation_id="remove_point", status_code=202)
def remove_point(id: str, body: ContactChange, contact: DeskContact = None, key: IdempotencyKey = None) -> Done:  # noqa: A002
    """Ask the wallet to take off the account a contact point that its owner does not have any more, with a second
    person. The owner adds the new one in the app."""
    return _do(id, body, contact, key, agents.RemovePoint(body.point_id, body.loss))


@router.post("/v1/agent/cases/<id>/refunds", tags=_TAGS, operation_id="ask_refund", status_code=202)
def ask_refund(
    id: str,  # noqa: A002 - the name of the path's parameter
    body: RefundAsked,
    contact: DeskContact = None,
    key: IdempotencyKey = None,
) -> RefundMade:
    """Ask for a refund in the customer's name, with the customer's proof. The rules decide as they do for customers."""
    at, case_id = desk(), id_from(id)
    memory = at.memory(key, case_id, body=body)
    request_key = derive_id("ask", "agent", at.agent.agent_id, case_id, str(key))
    act = agents.AskRefund(body.item_id, body.refund_reason, request_key, body.amount_minor, body.note)
    done = agents.perform(at.ctx, at.agent, Basis(case_id, contact), act, why=body.reason, memory=memory)
    at.check_replay(done.replayed, case_id, body=body)
    return RefundMade.model_validate({"outcome": None, "refund_id": None, "promised_on": None, **done.told})


@router.post(
    "/v1/agent/cases/<id>/refunds/<refund>/decision", tags=_TAGS, operation_id="decide_refund", status_code=202
)
def decide_refund(
    id: str,  # noqa: A002 - the name of the path's parameter
    refund: str,
    body: RefundDecision,
    contact: DeskContact = None,
    key: IdempotencyKey = None,
) -> Done:
    """Approve or deny a refund in review: alone up to a limit, above it with a second person."""
    refund_id = id_from(refund)
    return _do(id, body, contact, key, agents.ReviewRefund(refund_id, body.decision), refund_id)


@router.post("/v1/agent/cases/<id>/refunds/<refund>/payout", tags=_TAGS, operation_id="pay_other_way", status_code=202)
def pay_other_way(
    id: str,  # noqa: A002 - the name of the path's parameter
    refund: str,
    body: Payout,
    contact: DeskContact = None,
    key: IdempotencyKey = None,
) -> Done:
    """Ask the wallet to pay a refund that did not arrive by another way, with a second person."""
    refund_id = id_from(refund)
    return _do(id, body, contact, key, agents.PayOtherWay(refund_id, body.way), refund_id)


@router.post(
    "/v1/agent/cases/<id>/findings/<finding>/feedback", tags=_TAGS, operation_id="judge_finding", status_code=202
)
def judge_finding(
    id: str,  # noqa: A002 - the name of the path's parameter
    finding: str,
    body: Feedback,
    contact: DeskContact = None,
    key: IdempotencyKey = None,
) -> Done:
    """Say whether a finding was right. It lifts no hold."""
    finding_id = id_from(finding)
    return _do(id, body, contact, key, agents.JudgeFinding(finding_id, body.verdict), finding_id)


@router.post("/v1/agent/cases/<id>/suppressions", tags=_TAGS, operation_id="suppress_rule", status_code=202)
def suppress_rule(
    id: str,  # noqa: A002 - the name of the path's parameter
    body: RuleSuppressed,
    contact: DeskContact = None,
    key: IdempotencyKey = None,
) -> Done:
    """Keep a rule from telling of the account until a time. With a second person for a rule that holds accounts. One
    that is suppressed already is so until the new time."""
    return _do(id, body, contact, key, agents.SuppressRule(body.rule, require_zone(body.until)))


@router.post("/v1/agent/cases/<id>/suppression-ends", tags=_TAGS, operation_id="end_suppression", status_code=202)
def end_suppression(
    id: str,  # noqa: A002 - the name of the path's parameter
    body: SuppressionEnd,
    contact: DeskContact = None,
    key: IdempotencyKey = None,
) -> Done:
    """Let a rule tell of the account again."""
    return _do(id, body, contact, key, agents.EndSuppression(body.rule))


def _do(
    id_: str,
    body: Act | Feedback | SuppressionEnd,
    contact: str | None,
    key: str | None,
    act: AgentAct[Any],
    *parts: str,
) -> Done:
    """Do an act once for its key, upon the thing that `parts` name. The answer to a repeated request says so, and the
    outcome of the first."""
    at, case_id = desk(), id_from(id_)
    memory = at.memory(key, case_id, *parts, body=body)
    done = agents.perform(
        at.ctx,
        at.agent,
        Basis(case_id, contact),
        act,
        approval_id=body.approval_id if isinstance(body, Act) else None,
        why=body.reason,
        memory=memory,
    )
    at.check_replay(done.replayed, case_id, *parts, body=body)
    return Done(outcome=done.told.get("outcome"))
