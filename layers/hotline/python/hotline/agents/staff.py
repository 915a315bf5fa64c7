"""The agents by their user name, which is the same in Amazon Connect and at the staff's issuer.

A contact event names a user of Amazon Connect, and the trails name agents by the `sub` of their token. So the API
remembers both when an agent asks who they are. A name is a personal value of somebody of the staff, and ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.clock import from_text
from hotline.kit.doors import Context
from hotline.kit.errors import Stale
from hotline.kit.logging import Event, log
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item

from . import items
from .model import AgentToken

RENEWED_AFTER: Final = timedelta(days=30)
"""A name is written again so long after it was written, and not with each request."""
USER_NAME_CHARACTERS_MAX: Final = 100
PEOPLE_FACTS: Final = ("approved_by", "to", "from")
"""The facts of entries that name an agent. `to` and `from` of a transfer may be a queue, which has no name."""
_USER_NAME: Final = re.compile(rf"[A-Za-z0-9_+=,.@-]{{1,{USER_NAME_CHARACTERS_MAX}}}")
"""Characters of a role session name (IAM), which SAML makes the user name; 100 at most (Amazon Connect, CreateUser)."""


def remember_agent(ctx: Context, token: AgentToken) -> None:
    """Note the agent's id under their user name, and their name under their id, unless both stand there. A user name
    that another agent had is the new one's, since a person may be made anew at the issuer; the log says so. Raises
    Unavailable."""
    now, of_name = ctx.clock.now(), items.name_key(token.agent_id)
    of_user = _user_key(token.user_name)
    read = ctx.store.batch_get([of_name, *of_user])
    change = Change(actor=System("agent_api", "me"), cause="signed_in", now=now, ids=ctx.ids)
    known_name = read.get(of_name)
    if known_name is None or known_name["name"] != token.name or not _is_fresh(known_name, now):
        change.replace(of_name, known_name, items.name_item(token.name, now))
    moved = False
    for key in of_user:
        known = read.get(key)
        moved = known is not None and known["agent_id"] != token.agent_id
        if known is None or moved or not _is_fresh(known, now):
            change.replace(key, known, items.staff_item(token.agent_id, now))
    try:
        change.commit(ctx.store)
    except Stale:
        return  # another tab of the same agent was quicker, or the next request writes it
    if moved:
        log(Event.NAME_MOVED, actor=f"agent:{token.agent_id}")


def _user_key(user_name: str | None) -> tuple[Key, ...]:
    """The key of a user name; nothing for one that Amazon Connect could not have."""
    if user_name is None or _USER_NAME.fullmatch(user_name) is None:
        return ()
    return (items.staff_key(user_name),)


def _is_fresh(item: Item, now: datetime) -> bool:
    return now < from_text(item["at"]) + RENEWED_AFTER


def find_names(store: Store, agent_ids: Iterable[str]) -> Mapping[str, str]:
    """The name of each of these agents who has been at the desk lately, by their id; at most 99. One read, none for
    nobody. Raises Unavailable."""
    keys = {items.name_key(agent_id): agent_id for agent_id in agent_ids}
    read = store.batch_get(list(keys)) if keys else {}
    return {keys[key]: str(item["name"]) for key, item in read.items()}


def find_people(store: Store, told: Iterable[tuple[str, Mapping[str, str | int]]]) -> Mapping[str, str]:
    """The names of the agents that entries tell of, by their id. Each entry is its actor and its facts. One read."""
    named = {agent_id for actor, facts in told for agent_id in (*_agents_in(actor), *_agents_of(facts))}
    return find_names(store, sorted(named))


def _agents_in(actor: str) -> tuple[str, ...]:
    """The agents of an actor's name (kit.actor): `agent:<id>:<case>`, and who approved it."""
    parts = actor.split(":")
    return (parts[1], *parts[4:5]) if parts[0] == "agent" else ()


def _agents_of(facts: Mapping[str, str | int]) -> tuple[str, ...]:
    return tuple(str(facts[name]) for name in PEOPLE_FACTS if facts.get(name, "-") != "-")


def find_known_agent(store: Store, name: str) -> str | None:
    """The id of the agent who is named by their id or user name; None for somebody who has not been at the desk lately.
    An id comes first: nobody hides behind a user name like another's id. Two reads."""
    return name if find_names(store, [name]) else find_agent(store, name)


def find_agent(store: Store, user_name: str) -> str | None:
    """The id of the agent with this user name; None for somebody who has not been at the desk. Raises Unavailable."""
    if _USER_NAME.fullmatch(user_name) is None:
        return None
    key = items.staff_key(user_name)
    item = store.batch_get([key]).get(key)
    return str(item["agent_id"]) if item is not None else None
