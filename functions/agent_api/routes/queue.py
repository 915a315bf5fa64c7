"""The agent themselves, the cases that wait for them, and a case by its reference."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.agent_api.desk import desk, router
from functions.agent_api.routes.cases import row_of
from functions.agent_api.shapes.cases import Cases, Limits, Me
from functions.agent_api.shapes.common import PAGE_DEFAULT, PAGE_MAX
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from hotline.agents import service as agents
from hotline.cases import service as cases
from hotline.cases.model import QueuePage
from hotline.contracts.limits import NOTE_CHARACTERS_MAX
from hotline.kit.languages import LANGUAGES

_LIST: Final = "queue"
_WORD_MAX: Final = 32


@router.get("/v1/agent/me", tags=["agent"], operation_id="read_me")
def read_me() -> Me:
    """Read who the token says that you are, what it lets you do, and which calls you are in."""
    at = desk()
    agent = at.agent
    agents.remember_agent(at.ctx, agent)
    return Me(
        agent_id=agent.agent_id,
        username=agent.name,
        roles=sorted(role.value for role in agent.roles),
        permissions=sorted(permission.value for permission in agent.permissions()),
        token_ends_at=agent.expires_at,
        live_contacts=list(agents.list_live_contacts(at.ctx.store, agent, at.now)),
        time_zone=at.ctx.time_zone,
        limits=Limits(note_characters=cases.AGENT_NOTE_CHARACTERS_MAX, refund_note_characters=NOTE_CHARACTERS_MAX),
    )


@router.get("/v1/agent/queue", tags=["cases"], operation_id="list_queue")
def list_queue(
    shelf: Annotated[Literal["waiting", "mine", "snoozed"], Query()] = "waiting",
    topic: Annotated[str | None, Query(max_length=_WORD_MAX)] = None,
    language: Annotated[str | None, Query(max_length=_WORD_MAX)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> Cases:
    """Cases to work on, by priority, the longest due first: those that wait for somebody, your own, or those that are
    snoozed and nobody's."""
    at = desk()
    wanted = [
        cases.skill_of(one, other) for one in _one(topic, cases.TOPICS) for other in _one(language, tuple(LANGUAGES))
    ]
    context = (at.agent.agent_id, _LIST, shelf, ",".join(wanted))
    after = position_of(cursor, at.lookup_keys, *context)
    page = _read_page(shelf, wanted, limit, after)
    shown = agents.leave_out_own(at.ctx.store, at.agent, page.cases)
    risks = agents.find_risks(at.ctx.store, at.agent, shown, at.now)
    return Cases(
        cases=[row_of(case, risks.get(case.case_id)) for case in shown],
        next=cursor_of(page.next, at.lookup_keys, *context),
    )


@router.get("/v1/agent/cases", tags=["cases"], operation_id="find_cases")
def find_cases(
    reference: Annotated[str, Query(pattern=r"^[0-9]{6}$", description="The six digits that a customer names.")],
) -> Cases:
    """The case that a customer names by its reference, open or closed; none for a reference that names no case now. A
    case about your own account is not found."""
    at = desk()
    found = cases.find_case(at.ctx.store, reference, at.now)
    shown = agents.leave_out_own(at.ctx.store, at.agent, found[:1] if found is not None else ())
    risks = agents.find_risks(at.ctx.store, at.agent, shown, at.now)
    return Cases(cases=[row_of(case, risks.get(case.case_id)) for case in shown], next=None)


def _one(given: str | None, every: tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if given is not None else every


def _read_page(shelf: str, skills: list[str], limit: int, after: str | None) -> QueuePage:
    store = desk().ctx.store
    if shelf == "mine":
        return cases.list_owned(store, desk().agent.agent_id, limit=limit, after=after)
    read = cases.list_queue if shelf == "waiting" else cases.list_waiting
    return read(store, skills, limit=limit, after=after)
