"""The traces of an agent's deed, in the change that does it. They are the account's audit trail, the agent's trail, the
row for the scan, and the count of the agent's day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.doors import Context
from hotline.kit.store import Store
from hotline.security import service as security

from . import items
from .model import AgentToken, Trace
from .tallies import count_deed, figure_of

TRACES_MAX = 200
"""How many of an agent's deeds are read at once."""


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
    """Add the deed to the agent's own trail and day alone."""
    count_deed(change, ctx, token, figure_of(event))
    trace = Trace(change.now, event, account_id, agent.case_id, facts)
    change.create(items.trace_key(agent.agent_id, change.now, change.ids.new("did")), items.trace_item(trace))


def list_traces(store: Store, agent_id: str, *, since: datetime, until: datetime) -> tuple[Trace, ...]:
    """An agent's deeds from one instant up to before another one, the newest first, at most TRACES_MAX. One query."""
    query = items.traces_query(agent_id, since=since, until=until, limit=TRACES_MAX)
    return tuple(items.trace_from(item) for item in store.query(query).items)
