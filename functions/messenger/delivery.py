"""The way of a message: claimed, written in the recipient's language, carried, marked.

Recoveries that somebody asked the API for begin here, too, where nobody who waits sees how long it takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from functions.messenger.letter import CODE_MESSAGE, TOO_LATE, list_news, write_letter
from functions.messenger.settings import Sender
from functions.messenger.task import start_task
from hotline.accounts import service as accounts
from hotline.identity import service as identity
from hotline.kit import outbox
from hotline.kit.aws.carriers import Transport, Undeliverable
from hotline.kit.doors import Context
from hotline.kit.errors import Stale
from hotline.kit.logging import Event, log
from hotline.kit.outbox.delivery import Delivered, Dropped, Failed, Outbox, Result, entry_ids, still_useful
from hotline.kit.store.condition import Item
from hotline.payments import service as payments
from hotline.security import service as security

NOTICE_LIMIT: Final = "notice_limit"
"""Why a notice was dropped of whose kind enough went to its contact point today."""

NOT_DUE: Final = "not_due"
"""Why a message was dropped that has nothing left to tell. The bill of a reminder was paid, or its customer wants no
reminders; or the findings of a digest were dealt with."""
_REMINDERS: Final = frozenset(payments.REMINDER_MESSAGES.values())


def deliver(event: object, ctx: Context, sender: Sender, transports: Mapping[str, Transport]) -> None:
    """Send every message that the event names and that is still to be sent. Raises NotDelivered at the end when one
    has to come again."""
    entries_out = Outbox(
        store=ctx.store,
        clock=ctx.clock,
        ids=ctx.ids,
        consumer="message",
        done=Event.MESSAGE_SENT,
        dropped=Event.MESSAGE_DROPPED,
        failed=Event.MESSAGE_FAILED,
    )

    def hand_on(entries: Sequence[Item]) -> list[Result]:
        return [_hand_on(entry, ctx, sender, transports) for entry in entries]

    entries_out.deliver(entry_ids(event), hand_on)


def _hand_on(entry: Item, ctx: Context, sender: Sender, transports: Mapping[str, Transport]) -> Result:
    match entry["kind"]:
        case identity.RECOVERY_MESSAGE:
            return begin(entry, ctx)
        case outbox.TASK:
            return start_task(entry, ctx, transports)
        case _:
            return _send_and_count(entry, ctx, sender, transports)


def _send_and_count(entry: Item, ctx: Context, sender: Sender, transports: Mapping[str, Transport]) -> Result:
    result = _send(entry, ctx, sender, transports)
    if isinstance(result, Dropped) and entry["kind"] == CODE_MESSAGE:
        identity.take_code_back(ctx, entry, result.reason)
    if result == Dropped(TOO_LATE) and entry["kind"] in _REMINDERS:
        payments.remind_again(ctx, entry["account_id"], entry["kind"], entry["facts"])
    return result


def _send(entry: Item, ctx: Context, sender: Sender, transports: Mapping[str, Transport]) -> Result:
    channel = entry["channel"]
    if channel == "voice" and channel not in transports:
        # No calls are made here, or not any more: a code that was to be read out is written.
        channel = "sms"
    is_code = entry["kind"] == CODE_MESSAGE
    if entry["kind"] in _REMINDERS and not payments.may_remind(ctx.store, entry["account_id"], entry["facts"]):
        return Dropped(NOT_DUE)
    if entry["kind"] == security.DIGEST_MESSAGE:
        news = security.find_news(ctx.store, entry["account_id"], entry["entry_id"], ctx.clock.now())
        if news is None:
            return Dropped(NOT_DUE)
        entry = {**entry, "facts": list_news(news)}
    place = None if is_code else accounts.notice_place(ctx, entry, channel)
    told = place if accounts.is_last_for_now(place) else None
    outgoing = write_letter(entry, ctx, sender, channel, times=told)
    if isinstance(outgoing, Dropped):
        return outgoing
    if not is_code and not accounts.admit_notice(ctx, entry, place):
        log(Event.NOTICE_HELD_BACK, entry_id=entry["entry_id"], kind=entry["kind"])
        return Dropped(NOTICE_LIMIT)
    try:
        transports[channel].send(outgoing)
    except Undeliverable as refusal:
        return Dropped(refusal.code)
    return Delivered()


def begin(entry: Item, ctx: Context) -> Result:
    """Begin the recovery of an entry. The same for a contact that reaches an account and for one that reaches none."""
    if not still_useful(entry, ctx.clock.now()):
        return Dropped(TOO_LATE)
    try:
        identity.begin_recovery(ctx, entry)
    except Stale:
        return Failed("stale")
    return Delivered()
