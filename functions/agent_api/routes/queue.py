"""The agent themselves, and the cases that wait for them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.agent_api.desk import desk, router
from functions.agent_api.routes.cases import case_of
from functions.agent_api.shapes import PAGE_DEFAULT, PAGE_MAX, Cases, Me
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from hotline.cases import service as cases
from hotline.cases.model import QueuePage

_LIST: Final = "queue"
SKILLS_CHARACTERS_MAX: Final = 1024


@router.get("/v1/agent/me", tags=["agent"], operation_id="read_me")
def read_me() -> Me:
    """Who the token says that you are, and what it lets you do."""
    agent = desk().agent
    return Me(
        id=agent.agent_id,
        name=agent.name,
        roles=sorted(role.value for role in agent.roles),
        permissions=sorted(permission.value for permission in agent.permissions()),
        token_ends_at=agent.expires_at,
    )


@router.get("/v1/agent/queue", tags=["cases"], operation_id="list_queue")
def list_queue(
    which: Annotated[Literal["open", "waiting", "mine"], Query()] = "open",
    skills: Annotated[
        str | None,
        Query(max_length=SKILLS_CHARACTERS_MAX, description="Skills, `topic:language`, with commas; all without them."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> Cases:
    """Cases to work on, by priority, the longest due first: open ones, those that wait, or your own."""
    at = desk()
    wanted = skills.split(",") if skills else list(cases.all_skills())
    context = (at.agent.agent_id, _LIST, which, ",".join(wanted))
    after = position_of(cursor, at.lookup_keys, *context) if cursor is not None else None
    page = _read_page(which, wanted, limit, after)
    return Cases(
        cases=[case_of(case) for case in page.cases],
        next=cursor_of(page.next, at.lookup_keys, *context) if page.next is not None else None,
    )


def _read_page(which: str, skills: list[str], limit: int, after: str | None) -> QueuePage:
    store = desk().ctx.store
    if which == "mine":
        return cases.list_owned(store, desk().agent.agent_id, limit=limit, after=after)
    read = cases.list_queue if which == "open" else cases.list_waiting
    return read(store, skills, limit=limit, after=after)
