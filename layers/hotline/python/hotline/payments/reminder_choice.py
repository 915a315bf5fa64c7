"""Whether a customer is reminded of bills: an item of the account, changed on the line, in the app, or by a reply.

An account without the item is reminded. The choice opens nothing and moves nothing. So one factor for looking is
enough, and a reply to a text message needs none. A message must be easy to stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from hotline.accounts.model import ContactPoint, Profile
from hotline.accounts.service import profile_from, profile_key, send_to
from hotline.identity.service import Effect, Operation, Session, require
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.change.acts import Snapshot, perform_alone
from hotline.kit.clock import to_text
from hotline.kit.doors import Context
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item

from .items import reminders_key

CONFIRMATIONS: Final = {True: "reminders.on", False: "reminders.off"}
"""Messages that answer a reply, by what holds now."""


class ChangedBy(StrEnum):
    """By which way the choice was made."""

    PHONE = "phone"
    APP = "app"
    REPLY = "reply"


class RemindersOutcome(StrEnum):
    """Whether reminders of bills are sent."""

    ON = "ON"
    OFF = "OFF"


def are_on(item: Mapping[str, Any] | None) -> bool:
    """Whether reminders are sent. `item`: what is stored under `reminders_key`."""
    return item is None or not item["off"]


def contribute_choice(
    change: Change, read: Mapping[Key, Item], account_id: str, *, on: bool, by: ChangedBy
) -> RemindersOutcome:
    """Switch the reminders of an account on or off; add nothing where they are so already. `read` holds what exists of
    `reminders_key`. Raises NeedProof; at commit Stale."""
    require(change, Operation.TAKE_REPLY if by is ChangedBy.REPLY else Operation.SET_REMINDERS, account_id)
    key = reminders_key(account_id)
    outcome = RemindersOutcome.ON if on else RemindersOutcome.OFF
    if are_on(read.get(key)) is not on:
        change.replace(key, read.get(key), {"off": not on, "by": by.value, "changed_at": to_text(change.now)})
        change.audit(account_id, "reminders.on" if on else "reminders.off", by=by.value)
    return outcome


@dataclass(frozen=True, slots=True)
class SwitchReminders:
    """The act of the owner: reminders on, or off."""

    on: bool
    by: ChangedBy
    operation: Operation = Operation.SET_REMINDERS

    def keys(self, session: Session) -> Iterable[Key]:
        return (reminders_key(session.account_id),)

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[RemindersOutcome]:
        before = len(change)
        outcome = contribute_choice(change, read, session.account_id, on=self.on, by=self.by)
        return Effect(outcome.value, outcome, idle=len(change) == before)


@dataclass(frozen=True, slots=True)
class _Reply:
    """The act of the hotline for a text message that came from a contact point of the account."""

    account_id: str
    point_ids: tuple[str, ...]
    on: bool
    sent_at: datetime

    def read(self, store: Store, _now: object) -> Mapping[Key, Item]:
        return store.batch_get([reminders_key(self.account_id), profile_key(self.account_id)])

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> bool:
        profile = profile_from(read.get(profile_key(self.account_id)))
        point = _own_point(profile, self.point_ids)
        if profile is None or point is None or self._is_older(read.get(reminders_key(self.account_id))):
            return False
        before = len(change)
        contribute_choice(change, read, self.account_id, on=self.on, by=ChangedBy.REPLY)
        if len(change) == before:
            return False
        send_to(change, profile, point, CONFIRMATIONS[self.on], {})
        return True

    def _is_older(self, item: Mapping[str, Any] | None) -> bool:
        """Whether the choice was made after the message was sent; messages may come late, and in another order."""
        return item is not None and str(item["changed_at"]) >= to_text(self.sent_at)


def switch_by_reply(ctx: Context, account_id: str, point_ids: tuple[str, ...], *, on: bool, sent_at: datetime) -> bool:
    """Switch the reminders of an account as a text message from its number asks; whether that changed anything. The
    number gets one message that says so. A message that was sent before the present choice was made changes nothing.
    `point_ids`: the number's keys under all key versions. Two requests. Raises Stale, Unavailable."""
    reply = _Reply(account_id, point_ids, on, sent_at)
    return perform_alone(ctx, reply, actor=System("messenger", "reply"), cause="reply")


def _own_point(profile: Profile | None, point_ids: tuple[str, ...]) -> ContactPoint | None:
    """The number as the account has it; None where it is not, or no longer, one of its own."""
    points = profile.live_points if profile is not None else ()
    return next((point for point in points if point.key in point_ids), None)
