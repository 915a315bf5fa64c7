"""The traces of an agent's deed, in the change that does it. They are the account's audit trail, the agent's trail, the
row for the scan, and the count of the agent's day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.clock import zone_of
from hotline.kit.doors import Context
from hotline.kit.store import Store
from hotline.security import service as security

from . import items
from .model import AgentToken, Figure, Trace, TracePage
from .tallies import check_days, count_deed, figure_of

TRACES_MAX: Final = 200
"""How many of an agent's deeds are read at once, where no other number is named."""


def record(
    change: Change,
    ctx: Context,
    token: AgentToken,
    agent: Agent,
    event: str,
    account_id: str | None,
    **facts: str | int,
) -> None:
    """Add to the change what it does. `event` is a closed word; `facts` are opaque."""
    case_id, approval = agent.case_id, agent.approval
    told = facts if approval is None else {**facts, "approved_by": approval.approver}
    if account_id is not None:
        change.audit(account_id, f"agent.{event}", **told)
        security.contribute_agent_activity(
            change,
            f"agent.{event}",
            account_id,
            agent_id=agent.agent_id,
            case_id=case_id,
            shards=ctx.activity_shards or security.ACTIVITY_SHARDS,
        )
    leave_trace(change, ctx, token, agent, event, account_id, told)


def leave_trace(
    change: Change,
    ctx: Context,
    token: AgentToken,
    agent: Agent,
    event: str,
    account_id: str | None,
    facts: Mapping[str, str | int],
) -> None:
    """Add the deed to the agent's own trail and day alone. Others read it with the agent's name,
    also of somebody who has never asked who they are. Supervisors alone read of a look."""
    figure = figure_of(event)
    count_deed(change, ctx, token, figure)
    if figure is not Figure.LOOK_UPS:
        change.count(items.name_key(token.agent_id), add={"rev": 1}, set=items.name_item(token.name, change.now))
    trace = Trace(change.now, event, account_id, agent.case_id, facts)
    change.create(items.trace_key(agent.agent_id, change.now, change.ids.new("did")), items.trace_item(trace))


def list_traces(
    store: Store, agent_id: str, *, since: datetime, until: datetime, limit: int = TRACES_MAX, after: str | None = None
) -> TracePage:
    """An agent's deeds from one instant up to before another one, the newest first. One query."""
    query = items.traces_query(agent_id, since=since, until=until, limit=limit + 1, after=after)
    rows = store.query(query).items
    more = str(rows[limit - 1]["SK"]) if len(rows) > limit else None
    return TracePage(tuple(items.trace_from(row) for row in rows[:limit]), more)


def list_traces_of_days(
    store: Store, agent_id: str, start: date, end: date, *, zone: str, limit: int, after: str | None = None
) -> TracePage:
    """An agent's deeds on the days from `start` to `end`, both included, in a time zone. Raises InvalidInput as
    `tallies.list_activity` does; Unavailable."""
    check_days(start, end)
    midnight, of = time(), zone_of(zone)
    since = datetime.combine(start, midnight, of).astimezone(UTC)
    until = datetime.combine(end + timedelta(days=1), midnight, of).astimezone(UTC)
    return list_traces(store, agent_id, since=since, until=until, limit=limit, after=after)
