"""The agents by their user name, which is the same in Amazon Connect and at the staff's issuer.

A contact event names a user of Amazon Connect, and the trails name agents by the `sub` of their token. So the API
remembers both when an agent asks who they are. A name is a personal value of somebody of the staff, and ends.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.clock import from_text
from hotline.kit.doors import Context
from hotline.kit.errors import Stale
from hotline.kit.logging import Event, log
from hotline.kit.store import Store

from . import items
from .model import AgentToken

RENEWED_AFTER: Final = timedelta(days=30)
"""A name is written again so long after it was written, and not with each request."""
USER_NAME_CHARACTERS_MAX: Final = 100
_USER_NAME: Final = re.compile(rf"[A-Za-z0-9_+=,.@-]{{1,{USER_NAME_CHARACTERS_MAX}}}")
"""Characters of a role session name (IAM), which SAML makes the user name; 100 at most (Amazon Connect, CreateUser)."""


def remember_agent(ctx: Context, token: AgentToken) -> None:
    """Note the agent's id under their user name, unless it stands there. A name that another agent had is the new
    one's, since a person may be made anew at the issuer; the log says so. Raises Unavailable."""
    if token.user_name is None or _USER_NAME.fullmatch(token.user_name) is None:
        return
    key, now = items.staff_key(token.user_name), ctx.clock.now()
    known = ctx.store.batch_get([key]).get(key)
    if known is not None and known["agent_id"] == token.agent_id and now < from_text(known["at"]) + RENEWED_AFTER:
        return
    change = Change(actor=System("agent_api", "me"), cause="signed_in", now=now, ids=ctx.ids)
    change.replace(key, known, items.staff_item(token.agent_id, now))
    try:
        change.commit(ctx.store)
    except Stale:
        return  # another tab of the same agent was quicker, or the next request writes it
    if known is not None and known["agent_id"] != token.agent_id:
        log(Event.NAME_MOVED, actor=f"agent:{token.agent_id}")


def find_agent(store: Store, user_name: str) -> str | None:
    """The id of the agent with this user name; None for somebody who has not been at the desk. Raises Unavailable."""
    if _USER_NAME.fullmatch(user_name) is None:
        return None
    key = items.staff_key(user_name)
    item = store.batch_get([key]).get(key)
    return str(item["agent_id"]) if item is not None else None
