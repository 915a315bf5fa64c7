"""The numbers of days, the deeds of each agent as numbers, and one agent's trail, for supervisors."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.agent_api.answers import people_of
from functions.agent_api.desk import desk, router
from functions.agent_api.shapes.common import PAGE_DEFAULT, PAGE_MAX, Person
from functions.agent_api.shapes.reports import Activity, DayOfAgent, Deed, Report, Trail
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from functions.http.problems import Problem
from hotline.agents import service as agents
from hotline.agents.model import NO_CASE, Trace
from hotline.reports import service as reports
from hotline.reports.model import DAYS_MAX

_TAGS: Final = ["reports"]
_LIST: Final = "activity"
_TRAIL: Final = "trail"
_AGENT_PATTERN: Final = r"^[A-Za-z0-9_+=,.@:/~-]{1,100}$"
"""The characters of an id, and those of a user name (agents.staff)."""
From = Annotated[date, Query(alias="from", description="The first day.")]
To = Annotated[date, Query(alias="to", description=f"The last day; at most {DAYS_MAX} days in all.")]


@router.get("/v1/agent/reports", tags=_TAGS, operation_id="read_report")
def read_report(start: From, end: To) -> Report:
    """Calls by day, topic and ending, repeated calls, waits, causes of locks, refunds against their promise, complaints
    and survey: each counted once."""
    return Report.model_validate(reports.plain(reports.read_report(desk().ctx.store, start, end)))


@router.get("/v1/agent/activity", tags=_TAGS, operation_id="list_activity")
def list_activity(
    start: From,
    end: Annotated[date, Query(alias="to", description=f"The last day; at most {agents.DAYS_MAX} days in all.")],
    limit: Annotated[int, Query(ge=1, le=agents.PAGE_MAX)] = agents.PAGE_MAX,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> Activity:
    """The deeds of each agent on each day: looks, unmaskings, acts, decisions, and the refusals that matter."""
    at = desk()
    context = (at.agent.agent_id, _LIST, str(start), str(end))
    page = agents.list_activity(
        at.ctx.store, start, end, limit=limit, after=position_of(cursor, at.lookup_keys, *context)
    )
    return Activity(
        days=[
            DayOfAgent.model_validate(
                {
                    "day": one.day,
                    "agent": Person(id=one.agent_id, name=one.name),
                    **{figure.value: number for figure, number in one.figures.items()},
                }
            )
            for one in page.days
        ],
        next=cursor_of(page.next, at.lookup_keys, *context),
    )


@router.get("/v1/agent/trail", tags=_TAGS, operation_id="read_trail")
def read_trail(
    agent: Annotated[str, Query(pattern=_AGENT_PATTERN, description="The agent, by their id or user name.")],
    start: From,
    end: Annotated[date, Query(alias="to", description=f"The last day; at most {agents.DAYS_MAX} days in all.")],
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> Trail:
    """The deeds of one agent: where they looked, when, and with which reason, what they showed, did, asked for and
    decided. 404 for somebody who has not been at the desk in 90 days and has no deeds on these days."""
    at = desk()
    store = at.ctx.store
    known = agents.find_known_agent(store, agent)
    agent = known or agent
    context = (at.agent.agent_id, _TRAIL, agent, str(start), str(end))
    page = agents.list_traces_of_days(
        store,
        agent,
        start,
        end,
        zone=at.ctx.time_zone,
        limit=limit,
        after=position_of(cursor, at.lookup_keys, *context),
    )
    if known is None and not page.traces:
        raise Problem("not_found")
    people = agents.find_people(store, [(f"agent:{agent}:-", {}), *(("-", one.facts) for one in page.traces)])
    return Trail(
        agent=Person(id=agent, name=people.get(agent, agent)),
        deeds=[_deed(one) for one in agents.leave_out_own(store, at.agent, page.traces)],
        people=people_of(people),
        next=cursor_of(page.next, at.lookup_keys, *context),
    )


def _deed(trace: Trace) -> Deed:
    return Deed(
        at=trace.at,
        event=trace.event,
        account_id=trace.account_id,
        case_id=trace.case_id if trace.case_id != NO_CASE else None,
        facts=agents.mask_facts(trace.facts),
    )
