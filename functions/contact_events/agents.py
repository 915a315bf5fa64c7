"""The agent in a call, by the word of a contact event: noted, so that their desk shows the call and opens its account.

Amazon Connect is asked for a user's name only where the contact is a call that the hotline handed over.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from functions.contact_events.events import AgentWord
from hotline.agents import service as agents
from hotline.kit.aws.users import UnknownUser, Users
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.logging import Event, log

ASKED_FOR: Final = timedelta(minutes=15)
"""So long after an agent answered Amazon Connect is asked again who they are. Most calls are over by then. It is half
the time that the queue tries a message for, so none that was counted gets among the dead letters."""
NO_ARN: Final = "no_arn"
NOT_AT_DESK: Final = "not_at_desk"
TOO_LATE: Final = "too_late"


def note_agent(word: AgentWord, ctx: Context, users: Users | None) -> bool:
    """Note who is in the call, or that a part of it ended. `users` None: agents are not looked up, and only ends are
    noted. Answers whether the message is done with. Raises Stale, and Unavailable for the store."""
    if word.connected and users is None:
        return True
    if not agents.was_handed_over(ctx.store, word.contact_id):
        return True
    if users is None or not word.connected:
        agents.note_ended(ctx, word.contact_id, leg_id=word.leg_id, at=word.at)
        log(Event.CONTACT_NOTED, contact_id=word.contact_id, kind="ended")
        return True
    if word.user_arn is None:
        return _pass_over(word, NO_ARN)
    try:
        name = users.find_name(word.user_arn)
    except UnknownUser as unknown:
        return _pass_over(word, unknown.code)
    except Unavailable as trouble:
        if ctx.clock.now() > word.at + ASKED_FOR:
            return _pass_over(word, TOO_LATE)
        log(Event.AGENT_NOT_TOLD, contact_id=word.contact_id, reason=trouble.code)
        return False
    agent_id = agents.find_agent(ctx.store, name)
    if agent_id is None:
        return _pass_over(word, NOT_AT_DESK)
    agents.note_connected(ctx, word.contact_id, agent_id, leg_id=word.leg_id, at=word.at)
    log(Event.CONTACT_NOTED, contact_id=word.contact_id, kind="connected", actor=f"agent:{agent_id}")
    return True


def _pass_over(word: AgentWord, reason: str) -> bool:
    log(Event.AGENT_UNKNOWN, contact_id=word.contact_id, reason=reason)
    return True
