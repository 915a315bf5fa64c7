"""Telling the wallet and the customer, in the transaction that makes it true."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from hotline.accounts import service as accounts
from hotline.accounts.model import Profile
from hotline.identity.service import send_repudiable
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.outbox import Decision

from . import policy
from .model import Asked, Attempts, Cause, Component, LockRecord


class Notice(StrEnum):
    """Messages to every contact point (NIST SP 800-63B-4 4.6: all of them, with the way to repudiate). Facts: `until`,
    RFC 3339, where there is an end; `cause` with locks, whose words say no more than the line does. Messages about
    locks that the wallet tells of are `.told`; those about the hotline's own are `.asked`."""

    SOFT_LOCK = "lock.soft"
    HARD_LOCK = "lock.hard"
    HOLD_ASKED = "hold.asked"
    HELD = "hold.told"
    HELD_FOR_PASSWORD = "hold.password"  # noqa: S105 - the key of a message
    FROZEN = "freeze.told"
    PAUSED = "pause.told"
    UNLOCK_ASKED = "unlock.asked"
    RESET_AUTHORISED = "reset.authorised"
    PAUSE_ASKED = "pause.asked"
    PAUSE_END_ASKED = "pause.end_asked"
    FREEZE_ASKED = "freeze.asked"
    PAUSE_BY_AGENT = "pause.by_agent"
    FREEZE_BY_AGENT = "freeze.by_agent"
    UNFREEZE_ASKED = "unfreeze.asked"


REPUDIABLE: Final = frozenset(
    {
        Notice.UNLOCK_ASKED,
        Notice.RESET_AUTHORISED,
        Notice.PAUSE_ASKED,
        Notice.PAUSE_END_ASKED,
        Notice.UNFREEZE_ASKED,
    }
)
"""Notices of what somebody on the line or in the app asked for. A freeze is its own remedy. Nobody has to repudiate
what an agent set on grounds of their own."""


SET_BY_AGENT: Final = "agent"
"""The word for an agent who set a freeze or pause that its owner did not ask for. The cause stays the owner's, because
it says how the wallet ends it (docs/contracts.md)."""


def send_decision(
    change: Change,
    record: LockRecord,
    attempts: Attempts,
    asked: Asked,
    *,
    cause: Cause,
    until: datetime | None = None,
    ends: Component | None = None,
) -> None:
    """Ask the wallet for what `record` holds as asked. `ends`: what a release is about.

    Data: `cause`, `until`, for a release `ends`, `set_by` where an agent set it on grounds of their own. `in_force`
    holds everything that the wallet is to enforce now.
    """
    data: dict[str, Any] = {"cause": cause.value}
    if until is not None:
        data["until"] = to_text(until)
    if ends is not None:
        data["ends"] = ends.state.value
    elif any(one.by_agent and one.decided == asked.version for one in record.told.values()):
        data["set_by"] = SET_BY_AGENT
    data["in_force"] = [_component_map(found) for found in policy.in_force(record, attempts, change.now)]
    change.send(
        Decision(
            entry_id=change.ids.new("out"),
            type=asked.kind.type,
            account_id=record.account_id,
            data=data,
            decision_id=asked.decision_id,
            subject_version=asked.version,
        )
    )
    change.audit(record.account_id, asked.kind.type, decision_id=asked.decision_id, cause=cause.value)


def notify(change: Change, profile: Profile | None, notice: Notice, **facts: str) -> None:
    """Tell every contact point of the account; nobody when the hotline has no profile of it. A notice of what somebody
    asked for may be repudiated, see `repudiating`."""
    if notice in REPUDIABLE:
        send_repudiable(change, profile, notice.value, **facts)
    else:
        accounts.send_notice(change, profile, notice.value, facts)


def _component_map(component: Component) -> dict[str, str]:
    entry = {"state": component.state.value}
    if component.cause is not None:
        entry["cause"] = component.cause.value
    if component.until is not None:
        entry["until"] = to_text(component.until)
    return entry
