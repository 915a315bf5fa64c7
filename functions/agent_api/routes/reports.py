"""The numbers of days, and the deeds of each agent, for supervisors."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.agent_api.desk import desk, router
from functions.agent_api.shapes.common import Person
from functions.agent_api.shapes.reports import Activity, DayOfAgent, Report
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from hotline.agents import service as agents
from hotline.reports import service as reports
from hotline.reports.model import DAYS_MAX

_TAGS: Final = ["reports"]
_LIST: Final = "activity"
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
