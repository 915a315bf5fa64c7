"""The way of a message: claimed, written in the recipient's language, carried, marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from functions.messenger.letter import CODE_MESSAGE, written
from functions.messenger.limits import is_last_for_now, notice_held_back, notice_place, take_code_back
from functions.messenger.recovery import begun
from functions.messenger.settings import Sender
from hotline.identity.service import RECOVERY_MESSAGE
from hotline.kit.carriers import Transport, Undeliverable
from hotline.kit.condition import Item
from hotline.kit.doors import Context
from hotline.kit.logging import Event
from hotline.kit.outbox_delivery import Delivered, Dropped, Outbox, Result, entry_ids


def deliver(event: object, ctx: Context, sender: Sender, transports: Mapping[str, Transport]) -> None:
    """Send every message that the event names and that is still to be sent. Raises NotDelivered at the end when one
    has to come again."""
    outbox = Outbox(
        store=ctx.store,
        clock=ctx.clock,
        ids=ctx.ids,
        consumer="message",
        done=Event.MESSAGE_SENT,
        dropped=Event.MESSAGE_DROPPED,
        failed=Event.MESSAGE_FAILED,
    )

    def hand_on(entries: Sequence[Item]) -> list[Result]:
        return [
            begun(entry, ctx) if entry["kind"] == RECOVERY_MESSAGE else _send_and_count(entry, ctx, sender, transports)
            for entry in entries
        ]

    outbox.deliver(entry_ids(event), hand_on)


def _send_and_count(entry: Item, ctx: Context, sender: Sender, transports: Mapping[str, Transport]) -> Result:
    result = _sent(entry, ctx, sender, transports)
    if isinstance(result, Dropped) and entry["kind"] == CODE_MESSAGE:
        take_code_back(entry, result, ctx)
    return result


def _sent(entry: Item, ctx: Context, sender: Sender, transports: Mapping[str, Transport]) -> Result:
    channel = entry["channel"]
    if channel == "voice" and channel not in transports:
        # No calls are made here, or not any more: a code that was to be read out is written.
        channel = "sms"
    is_code = entry["kind"] == CODE_MESSAGE
    place = None if is_code else notice_place(entry, channel, ctx)
    outgoing = written(entry, ctx, sender, channel, times=place if is_last_for_now(place) else None)
    if isinstance(outgoing, Dropped):
        return outgoing
    held = None if is_code else notice_held_back(entry, place, ctx)
    if held is not None:
        return held
    try:
        transports[channel].send(outgoing)
    except Undeliverable as refusal:
        return Dropped(refusal.code)
    return Delivered()
