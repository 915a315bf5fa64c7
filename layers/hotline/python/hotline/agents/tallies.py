"""The deeds of each agent in a day, counted with each one: for supervisors, who look for insiders.

The deeds themselves are in the trails and in the rows of the scan. Those rows lie by hour and account, among those of
all customers, so a report of them would read everything. An item for each agent and day says as much in one query.

    DEEDS#<month> / DAY#<day>#<agent> · name · a number for each figure
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from hotline.identity.model import ApprovalError, Operation
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.clock import day_of, epoch_s
from hotline.kit.doors import Context
from hotline.kit.errors import HotlineError, InvalidInput, NotPossible
from hotline.kit.retention import RECORD_LIFE
from hotline.kit.store import TTL_ATTRIBUTE, Between, Key, Query, Store, Table, hotline_key

from .limits import COUNTED, LIMITS, Counted
from .model import NO_CASE, ActivityPage, AgentError, AgentToken, DayOfAgent, Figure

DAYS_MAX: Final = 31
"""Days of one report: a month, so that it is two queries at most."""
PAGE_MAX: Final = 200
_PREFIX: Final = "DAY#"
_LAST: Final = "~"
_OF_COUNTED: Final[Mapping[Counted, Figure]] = {
    Counted.UNMASKINGS: Figure.UNMASKINGS,
    Counted.OPENINGS: Figure.OPENINGS,
    Counted.REVIEWS: Figure.OTHER_ACTS,
}
_OF_EVENTS: Final[Mapping[str, Figure]] = {
    **{operation.value: _OF_COUNTED[counted] for operation, counted in COUNTED.items()},
    Operation.UNMASK_BEYOND.value: Figure.UNMASKINGS,
    "looked_up": Figure.LOOK_UPS,
    "approval_asked": Figure.REQUESTS,
    "approval_approved": Figure.APPROVALS,
    "approval_denied": Figure.APPROVALS,
    "approval_void": Figure.APPROVALS,
}
_CASE_WORK: Final = "case_"
_OF_REFUSALS: Final[Mapping[str, Figure]] = {
    **{limit.refusal.value: Figure.LIMITS_REACHED for limit in LIMITS.values()},
    AgentError.OWN_ACCOUNT.value: Figure.OWN_ACCOUNT,
    ApprovalError.OWN.value: Figure.OWN_REQUEST,
}


def figure_of(event: str) -> Figure:
    """The figure that a deed counts for; `event` is the word of the trails."""
    found = _OF_EVENTS.get(event)
    if found is not None:
        return found
    return Figure.CASE_WORK if event.startswith(_CASE_WORK) else Figure.OTHER_ACTS


def count_deed(change: Change, ctx: Context, token: AgentToken, figure: Figure) -> None:
    """Count with the change that the agent does it."""
    day = day_of(change.now, ctx.time_zone)
    ends_at = datetime.fromisoformat(f"{day}T00:00:00+00:00") + RECORD_LIFE
    set_ = {"name": token.name, TTL_ATTRIBUTE: epoch_s(ends_at)}
    change.count(_key(day, token.agent_id), add={figure.value: 1}, set=set_)


def note_refusal(ctx: Context, token: AgentToken, error: HotlineError) -> None:
    """Count a refusal that supervisors should know of, and no other. It is at a limit of the hour, at the agent's own
    account or one linked to it, or at a request of their own. Raises Unavailable."""
    figure = _OF_REFUSALS.get(error.code) if isinstance(error, NotPossible) else None
    if figure is None:
        return
    change = Change(actor=Agent(token.agent_id, NO_CASE), cause="refused", now=ctx.clock.now(), ids=ctx.ids)
    count_deed(change, ctx, token, figure)
    change.commit(ctx.store)


def check_days(start: date, end: date) -> None:
    """Raises InvalidInput `days_out_of_order`, `too_many_days` (DAYS_MAX)."""
    if end < start:
        raise InvalidInput(AgentError.DAYS_OUT_OF_ORDER)
    if (end - start).days >= DAYS_MAX:
        raise InvalidInput(AgentError.TOO_MANY_DAYS)


def list_activity(store: Store, start: date, end: date, *, limit: int, after: str | None = None) -> ActivityPage:
    """The deeds of agents on the days from `start` to `end`, both included: the newest day first, of one day by agent.
    One query, two where a month ends.

    Raises InvalidInput `days_out_of_order`, `too_many_days` (DAYS_MAX), `limit_out_of_range` (PAGE_MAX); Unavailable.
    """
    check_days(start, end)
    if not 0 < limit <= PAGE_MAX:
        raise InvalidInput(AgentError.LIMIT_OUT_OF_RANGE)
    last = end if after is None else _day_in(after)
    high = after if after is not None else f"{_PREFIX}{last}#{_LAST}"
    rows: list[Mapping[str, Any]] = []
    while True:
        first = max(start, last.replace(day=1))
        span = Between(f"{_PREFIX}{first}#", high)
        # The place of the page before is part of the range; one more tells whether there are others.
        query = Query(Table.HOTLINE, _partition(last), span, limit=limit + 2 - len(rows), descending=True)
        rows += [row for row in store.query(query).items if row["SK"] != after]
        if first == start or len(rows) > limit:
            break
        last = first - timedelta(days=1)
        high = f"{_PREFIX}{last}#{_LAST}"
    more = str(rows[limit - 1]["SK"]) if len(rows) > limit else None
    return ActivityPage(tuple(_row_from(row) for row in rows[:limit]), more)


def _key(day: date, agent_id: str) -> Key:
    return hotline_key(_partition(day), f"{_PREFIX}{day}#{agent_id}")


def _partition(day: date) -> str:
    return f"DEEDS#{day:%Y-%m}"


def _day_in(place: str) -> date:
    return date.fromisoformat(place.split("#")[1])


def _row_from(item: Mapping[str, Any]) -> DayOfAgent:
    place = str(item["SK"])
    return DayOfAgent(
        day=_day_in(place),
        agent_id=place.split("#", 2)[2],
        name=item["name"],
        figures={figure: int(item.get(figure.value, 0)) for figure in Figure},
    )
