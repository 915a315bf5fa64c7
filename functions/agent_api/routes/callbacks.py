"""The callbacks that callers asked for."""

from __future__ import annotations

from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.agent_api.desk import desk, router
from functions.agent_api.shapes.cases import Callback, Callbacks
from functions.agent_api.shapes.common import PAGE_DEFAULT, PAGE_MAX
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from hotline.agents import service as agents
from hotline.cases import service as cases
from hotline.reports import service as reports

_LIST: Final = "callbacks"


@router.get("/v1/agent/callbacks", tags=["cases"], operation_id="list_callbacks")
def list_callbacks(
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> Callbacks:
    """Callbacks that callers asked for in the last seven days, the newest first. Their numbers are the call center's
    alone. Those about your own account are left out."""
    at = desk()
    context = (at.agent.agent_id, _LIST)
    page = cases.list_callbacks(at.ctx.store, at.now, limit=limit, after=position_of(cursor, at.lookup_keys, *context))
    case_of = {one.contact_id: one.case_id for one in page.callbacks}
    shown = frozenset(agents.leave_out_own_contacts(at.ctx.store, at.agent, case_of, case_of))
    states = reports.read_callbacks(at.ctx.store, list(case_of))
    return Callbacks(
        callbacks=[
            Callback(
                case_id=one.case_id,
                reference=one.reference,
                asked_at=one.asked_at,
                topic=one.topic,
                language=one.language,
                state=states[one.contact_id].value,
            )
            for one in page.callbacks
            if one.contact_id in shown
        ],
        next=cursor_of(page.next, at.lookup_keys, *context),
    )
