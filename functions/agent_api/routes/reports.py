"""The numbers of days, for supervisors."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.agent_api.desk import desk, router
from functions.agent_api.shapes.reports import Report
from hotline.reports import service as reports
from hotline.reports.model import DAYS_MAX

_TAGS: Final = ["reports"]
From = Annotated[date, Query(alias="from", description="The first day.")]
To = Annotated[date, Query(alias="to", description=f"The last day; at most {DAYS_MAX} days in all.")]


@router.get("/v1/agent/reports", tags=_TAGS, operation_id="read_report")
def read_report(start: From, end: To) -> Report:
    """Calls by day, topic and ending, repeated calls, waits, causes of locks, refunds against their promise, complaints
    and survey: each counted once."""
    return Report.model_validate(reports.plain(reports.read_report(desk().ctx.store, start, end)))
