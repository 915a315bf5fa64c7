"""Notices to one number: so many of a kind in a day; what is above is dropped and logged. Codes are counted before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.messenger.delivery import deliver
from functions.messenger.settings import Sender
from hotline.accounts.notice_rates import NOTICES, OF_A_KIND_MAX
from hotline.accounts.service import number_prefix
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.limits import TrafficLimits
from hotline.kit.outbox import Message
from hotline.kit.outbox.delivery import NotDelivered
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from tests.support import outbox_entries
from tests.support.log_lines import lines, logged
from tests.support.outbox_entries import (
    EMAIL_POINT,
    PHONE,
    Carrier,
    challenge,
    code_message,
    message,
    store_challenge,
    store_entry,
    stored,
    stream_event,
)
from tests.support.sweeps import sweep

SENDER = Sender("Demo Wallet", ("+864005550199",))
ABROAD = "+447700900111"


class Post:
    """A messenger with a customer who asks for codes."""

    def __init__(self) -> None:
        self.ctx: Context = outbox_entries.context()
        self.sms, self.email = Carrier(), Carrier()
        outbox_entries.open_account(self.ctx)
        store_challenge(self.ctx, challenge())
        store_challenge(self.ctx, challenge("chl_mail", point=EMAIL_POINT))
        self.entries = 0

    @property
    def store(self) -> MemoryStore:
        assert isinstance(self.ctx.store, MemoryStore)
        return self.ctx.store

    def post(self, entry: Message) -> str | None:
        """Deliver one entry; the reason why it was dropped."""
        store_entry(self.ctx, entry)
        deliver(stream_event(entry), self.ctx, SENDER, {"sms": self.sms, "email": self.email})
        dropped = stored(self.ctx, entry.entry_id).get("dropped")
        return None if dropped is None else str(dropped)

    def _next(self) -> str:
        self.entries += 1
        return f"out_{self.entries}"

    def code(self) -> str | None:
        return self.post(code_message(self._next()))

    def code_by_email(self) -> str | None:
        facts = {"challenge_id": "chl_mail", "goal": "unlock"}
        return self.post(code_message(self._next(), channel="email", point=EMAIL_POINT, facts=facts))

    def notice(self, kind: str = "unlock.asked", **changes: Any) -> str | None:
        return self.post(message(self._next(), kind, **changes))


@pytest.fixture
def post() -> Post:
    return Post()


def test_codes_are_not_held_back_here_since_each_has_its_place_from_the_moment_of_asking(post: Post) -> None:
    post.ctx = replace(post.ctx, limits=TrafficLimits(messages_max=1, messages_per_prefix_max=1))
    assert [post.code() for _ in range(3)] == [None] * 3
    assert post.code_by_email() is None
    assert not [item for item in post.store.items(Table.HOTLINE) if item["PK"].startswith("RATE#code-messages")]


def test_a_notice_that_cannot_be_counted_is_not_sent_and_comes_again(post: Post) -> None:
    calls = []

    def lose_the_count(call: str) -> None:
        calls.append(call)
        # The claim and the mark are writes alone, so the count is the only transaction.
        if call == "transact" and calls.count("transact") == 1:
            raise Unavailable

    notice = message("out_1", "unlock.asked")
    store_entry(post.ctx, notice)
    post.store.before = lose_the_count
    with pytest.raises(NotDelivered):
        deliver(stream_event(notice), post.ctx, SENDER, {"sms": post.sms, "email": post.email})
    post.store.before = None
    assert post.sms.sent == []
    deliver(stream_event(notice), post.ctx, SENDER, {"sms": post.sms, "email": post.email})
    assert len(post.sms.sent) == 1


def test_a_notice_whose_carrier_fails_is_counted_once_however_often_it_is_tried(post: Post) -> None:
    """Else a carrier that does not answer would use up what a number may have."""
    notice = message("out_1", "unlock.asked")
    post.sms.failure = Unavailable()
    store_entry(post.ctx, notice)
    for _ in range(10):
        with pytest.raises(NotDelivered):
            deliver(stream_event(notice), post.ctx, SENDER, {"sms": post.sms, "email": post.email})
    post.sms.failure = None
    deliver(stream_event(notice), post.ctx, SENDER, {"sms": post.sms, "email": post.email})
    assert len(post.sms.sent) == 1
    rates = [item for item in post.store.items(Table.HOTLINE) if item["PK"].startswith("RATE#notices")]
    assert [item["n"] for item in rates] == [1]


@sweep(
    ("number", "prefix"),
    [
        ("+8613800000001", "+86138"),
        ("+12025550107", "+1202"),
        ("+447700900111", "+44770"),
        ("+390612345678", "+39061"),
        ("+9", "+9"),
    ],
)
def test_a_prefix_is_country_code_and_three_digits(number: str, prefix: str) -> None:
    assert number_prefix(number) == prefix


# ---------------------------------------------------------------- notices


def test_a_number_gets_six_notices_of_a_kind_a_day_and_others_still(post: Post) -> None:
    with logged() as log:
        assert [post.notice("pin.set") for _ in range(OF_A_KIND_MAX + 1)] == [None] * OF_A_KIND_MAX + ["notice_limit"]
    assert [line["kind"] for line in lines(log) if line["event"] == "HL024"] == ["pin.set"]
    assert PHONE not in log.getvalue()
    assert post.notice("freeze.asked") is None
    assert post.notice("pin.set", channel="email", point=EMAIL_POINT) is None
    assert len(post.sms.sent) == OF_A_KIND_MAX + 1
    outbox_entries.clock_of(post.ctx).advance(2 * NOTICES.window)
    assert post.notice("pin.set") is None
