"""The way of a message: claimed, written in the recipient's language, carried, marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from functions.messenger.letter import CODE_MESSAGE, written
from functions.messenger.limits import code_held_back, is_last_for_now, notice_held_back, notice_place
from functions.messenger.recovery import begun
from functions.messenger.settings import Sender
from hotline.identity.service import RECOVERY_MESSAGE
from hotline.kit.carriers import Transport, Undeliverable
from hotline.kit.condition import Item
from hotline.kit.doors import Context
from hotline.kit.logging import Event
from hotline.kit.outbox_delivery import Delivered, Dropped, Outbox, Result, entry_ids

TO_A_NUMBER: Final = frozenset({"sms", "voice"})
"""Channels that cost by the number they go to. Their codes are counted together: who is paid for what reaches a number
is paid for calls as well."""


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
            begun(entry, ctx) if entry["kind"] == RECOVERY_MESSAGE else _sent(entry, ctx, sender, transports)
            for entry in entries
        ]

    outbox.deliver(entry_ids(event), hand_on)


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
    held: Dropped | None = None
    if not is_code:
        held = notice_held_back(entry, place, ctx)
    elif channel in TO_A_NUMBER:
        held = code_held_back(entry, outgoing.address, ctx)
    if held is not None:
        return held
    try:
        transports[channel].send(outgoing)
    except Undeliverable as refusal:
        return Dropped(refusal.code)
    return Delivered()
