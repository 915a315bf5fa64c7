"""The bearer's cases, and what agents wrote to them there."""

from __future__ import annotations

from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.customer_api.shapes.cases import Case, CaseNote, Cases
from functions.customer_api.visits import desk, router
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from hotline.cases import service as cases
from hotline.cases.model import CaseStatus, ToldCase
from hotline.identity.service import Operation

_TAGS: Final = ["cases"]
_LIST: Final = "cases"


@router.get("/v1/me/cases", tags=_TAGS, operation_id="list_cases")
def list_cases(
    limit: Annotated[int, Query(ge=1, le=cases.TOLD_PAGE_MAX)] = cases.TOLD_PAGE_MAX,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> Cases:
    """Your cases, the newest first: those that are open, and closed ones for 90 days after the last word."""
    at = desk()
    visit = at.visit()
    visit.allow(Operation.READ)
    context = (visit.account_id, _LIST)
    after = position_of(cursor, at.lookup_keys, *context)
    page = cases.list_told(at.ctx.store, visit.account_id, visit.now, limit=limit, after=after)
    return Cases(cases=[_case(one) for one in page.cases], next=cursor_of(page.next, at.lookup_keys, *context))


def _case(case: ToldCase) -> Case:
    return Case(
        id=case.case_id,
        topic=case.topic,
        status="closed" if case.status is CaseStatus.CLOSED else "open",
        opened_at=case.opened_at,
        due_at=case.due_at,
        answer_by=case.answer_by,
        notes=[CaseNote(at=entry.at, note=entry.note) for entry in case.notes],
    )
