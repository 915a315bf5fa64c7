"""Merchants' policies: as they stand, and publishing terms with a second person."""

from __future__ import annotations

from typing import Final

from functions.agent_api.answers import action_of
from functions.agent_api.desk import Desk, SeenTag, desk, router, version_of
from functions.agent_api.shapes.common import Action, Subject
from functions.agent_api.shapes.directory import Policy, PolicyAsked
from functions.http.routes import id_from
from hotline.agents import service as agents
from hotline.agents.model import Basis
from hotline.identity.model import Operation
from hotline.identity.model import Subject as KnownSubject
from hotline.refunds import service as refunds

_TAGS: Final = ["policies"]


@router.get("/v1/agent/merchants/<id>/policy", tags=_TAGS, operation_id="read_policy")
def read_policy(id: str) -> Policy:  # noqa: A002 - the name of the path's parameter
    """A merchant's policy as it stands."""
    return _policy(id_from(id))


@router.put("/v1/agent/merchants/<id>/policy", tags=_TAGS, operation_id="publish_policy")
def publish_policy(id: str, body: PolicyAsked, if_match: SeenTag = None) -> Policy:  # noqa: A002
    """Publish terms as the next version of a merchant's policy, with a second person. `If-Match` is required."""
    at, merchant_id = desk(), id_from(id)
    terms = refunds.make_terms(
        window_days=body.window_days,
        partial=body.partial,
        auto_approve_minor=body.auto_approve_minor,
        categories=tuple(body.categories),
        evidence_above_minor=body.evidence_above_minor,
        answer_days=body.answer_days,
    )
    act = agents.PublishPolicy(merchant_id, terms, version_of(if_match))
    agents.perform(at.ctx, at.agent, Basis(), act, approval_id=body.approval_id, why=body.reason)
    return _policy(merchant_id)


def _policy(merchant_id: str) -> Policy:
    at = desk()
    known = refunds.policy_in(at.ctx.store.batch_get(list(refunds.policy_keys(merchant_id))), merchant_id)
    version = known.version if known is not None else 0
    at.tag(version)
    return Policy(
        merchant_id=merchant_id,
        version=version,
        window_days=known.window_days if known is not None else 0,
        partial=known.partial if known is not None else False,
        auto_approve_minor=known.auto_approve_minor if known is not None else 0,
        categories=list(known.categories) if known is not None else [],
        evidence_above_minor=known.evidence_above_minor if known is not None else None,
        answer_days=known.answer_days if known is not None else None,
        actions=second_actions(at, Operation.PUBLISH_POLICY, f"policy#{merchant_id}", "merchant", merchant_id, version),
    )


def second_actions(at: Desk, operation: Operation, name: str, kind: str, subject_id: str, version: int) -> list[Action]:
    """The one action upon a thing that no case is about, with the agent's own request. For supervisors alone."""
    listed = agents.list_edit_actions(at.ctx.store, at.agent, operation, KnownSubject(name, str(version)), at.now)
    subject = Subject(kind=kind, id=subject_id, version=str(version))
    return [action_of(action).model_copy(update={"subject": subject}) for action in listed]
