"""A messenger in a test's hand: its store, its clock, and carriers that keep what they are given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from functions.messenger.delivery import deliver
from functions.messenger.settings import Sender
from hotline.kit.aws.carriers import Transport
from hotline.kit.doors import Context
from hotline_local.testing.memory_store import MemoryStore
from tests.support import outbox_entries
from tests.support.outbox_entries import Carrier, store_entry, stream_event

SENDER: Final = Sender("Demo Wallet", ("+498002000001", "+864005550199"))


class Post:
    """A messenger with a store, a clock and carriers of its own; it makes calls and starts tasks only where it is told
    so."""

    def __init__(self) -> None:
        self.ctx: Context = outbox_entries.context()
        self.sms, self.email, self.calls, self.tasks = Carrier(), Carrier(), Carrier(), Carrier()
        self.makes_calls = self.starts_tasks = False
        outbox_entries.open_account(self.ctx)

    @property
    def store(self) -> MemoryStore:
        assert isinstance(self.ctx.store, MemoryStore)
        return self.ctx.store

    def run(self, event: Mapping[str, Any]) -> None:
        transports: dict[str, Transport] = {"sms": self.sms, "email": self.email}
        if self.makes_calls:
            transports["voice"] = self.calls
        if self.starts_tasks:
            transports["task"] = self.tasks
        deliver(event, self.ctx, SENDER, transports)

    def post(self, *entries: Any) -> None:
        """Store the entries and deliver their stream batch."""
        for entry in entries:
            store_entry(self.ctx, entry)
        self.run(stream_event(*entries))

    def wait(self, delta: timedelta) -> None:
        outbox_entries.clock_of(self.ctx).advance(delta)
