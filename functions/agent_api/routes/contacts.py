"""Calls that were handed over to people: the screen that pops up, and taking the call as the agent's own."""

from __future__ import annotations

from typing import Final

from functions.agent_api.desk import IdempotencyKey, desk, router
from functions.agent_api.shapes.cases import Contact
from functions.http.problems import Problem
from functions.http.routes import id_from
from hotline.agents import service as agents

_TAGS: Final = ["contacts"]


@router.get("/v1/agent/contacts/<id>", tags=_TAGS, operation_id="read_contact")
def read_contact(id: str) -> Contact:  # noqa: A002 - the name of the path's parameter
    """A call, by the id that it began under, and the case that it came with: also of a caller who has proved nothing.
    One that another agent is in is not found."""
    return _contact(id_from(id))


@router.post("/v1/agent/contacts/<id>/claim", tags=_TAGS, operation_id="claim_contact")
def claim_contact(id: str, key: IdempotencyKey = None) -> Contact:  # noqa: A002 - the name of the path's parameter
    """Say that you are in this call, as your workspace shows it. Claimed again, it lasts anew. Contact events, where
    there are any, overrule it."""
    at, contact_id = desk(), id_from(id)
    if key is None:
        raise Problem("idempotency_key_missing")
    agents.take_contact(at.ctx, at.agent, contact_id)
    return _contact(contact_id)


def _contact(contact_id: str) -> Contact:
    at = desk()
    view = agents.view_contact(at.ctx, at.agent, contact_id)
    case = view.case
    return Contact(
        contact_id=contact_id,
        state="live" if view.live else "ended",
        case_id=case.case_id if case is not None else None,
        topic=case.topic if case is not None else None,
        language=case.language if case is not None else None,
    )
