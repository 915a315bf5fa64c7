"""Code messages over all accounts: so many to one prefix and so many in all; what is above is dropped and logged."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from functions.messenger.delivery import deliver
from functions.messenger.settings import Sender
from hotline.accounts.notice_rates import NOTICES, OF_A_KIND_MAX
from hotline.accounts.service import number_prefix, point_id
from hotline.contracts.model import AccountDescribed, ContactPointFact, Fact, PointKind
from hotline.identity import code_messages
from hotline.identity.code_messages import MESSAGES_SETTING, PER_PREFIX_MAX, PER_PREFIX_SETTING
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.memory import MemoryStore
from hotline.kit.outbox import Message
from hotline.kit.outbox_delivery import NotDelivered
from hotline.kit.rates import FIVE_MINUTES, counted, rate_keys
from hotline.kit.store import Table
from tests.support import outbox
from tests.support.log_lines import lines, logged
from tests.support.outbox import (
    EMAIL_POINT,
    NOW,
    PHONE,
    RING,
    Carrier,
    challenge,
    code_message,
    message,
    store_challenge,
    store_entry,
    stored,
    stream_event,
)

SENDER = Sender("Demo Wallet", ("+864005550199",))
ABROAD = "+447700900111"


class Post:
    """A messenger with customers at home and abroad, who ask for codes."""

    def __init__(self) -> None:
        self.ctx: Context = outbox.context()
        self.sms, self.email = Carrier(), Carrier()
        outbox.open_account(self.ctx)
        points = (ContactPointFact(PointKind.PHONE, ABROAD, NOW - timedelta(days=90)),)
        told = AccountDescribed(1, "en-US", "Europe/London", "Demo Abroad", points, two_step=False)
        outbox.learn(self.ctx, Fact("evt_2", "account.opened", "wallet", NOW - timedelta(days=90), "acct_abroad", told))
        store_challenge(self.ctx, challenge())
        store_challenge(self.ctx, challenge("chl_mail", point=EMAIL_POINT))
        store_challenge(self.ctx, challenge("chl_abroad", point=point_id(ABROAD, RING)))
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

    def code_by_call(self, calls: Carrier) -> str | None:
        entry = code_message(self._next(), channel="voice")
        store_entry(self.ctx, entry)
        deliver(stream_event(entry), self.ctx, SENDER, {"sms": self.sms, "email": self.email, "voice": calls})
        dropped = stored(self.ctx, entry.entry_id).get("dropped")
        return None if dropped is None else str(dropped)

    def code_by_email(self) -> str | None:
        facts = {"challenge_id": "chl_mail", "goal": "unlock"}
        return self.post(code_message(self._next(), channel="email", point=EMAIL_POINT, facts=facts))

    def code_abroad(self) -> str | None:
        facts = {"challenge_id": "chl_abroad", "goal": "unlock"}
        point = point_id(ABROAD, RING)
        return self.post(code_message(self._next(), account_id="acct_abroad", point=point, facts=facts))

    def notice(self, kind: str = "unlock.asked", **changes: Any) -> str | None:
        return self.post(message(self._next(), kind, **changes))


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three code messages to a prefix, four in all."""
    monkeypatch.setenv(PER_PREFIX_SETTING, "3")
    monkeypatch.setenv(MESSAGES_SETTING, "4")


@pytest.mark.usefixtures("few")
def test_a_prefix_gets_so_many_codes_in_five_minutes_and_others_still_get_theirs(post: Post) -> None:
    assert [post.code() for _ in range(4)] == [None, None, None, "prefix_limit"]
    assert post.code_abroad() is None
    assert [sent.address for sent in post.sms.sent] == [PHONE] * 3 + [ABROAD]


@pytest.mark.usefixtures("few")
def test_all_prefixes_together_get_so_many(post: Post) -> None:
    assert [post.code(), post.code(), post.code_abroad(), post.code_abroad()] == [None] * 4
    assert post.code_abroad() == "total_limit"
    assert len(post.sms.sent) == 4


@pytest.mark.usefixtures("few")
def test_notices_and_email_are_not_held_back_with_codes_and_not_counted(post: Post) -> None:
    assert [post.notice() for _ in range(5)] == [None] * 5
    assert [post.code_by_email() for _ in range(5)] == [None] * 5
    assert [post.code() for _ in range(4)] == [None, None, None, "prefix_limit"]
    assert post.notice() is None
    assert post.code_by_email() is None


@pytest.mark.usefixtures("few")
def test_codes_go_out_again_when_they_become_fewer(post: Post) -> None:
    for _ in range(3):
        post.code()
    outbox.clock_of(post.ctx).advance(FIVE_MINUTES)
    assert post.code() == "prefix_limit"
    # A third of the window before is over, and with it one of three.
    outbox.clock_of(post.ctx).advance(FIVE_MINUTES / 3)
    store_challenge(post.ctx, challenge())
    assert post.code() is None
    assert post.code() == "prefix_limit"


@pytest.mark.usefixtures("few")
def test_what_is_not_sent_anyway_is_not_counted(post: Post) -> None:
    store_challenge(post.ctx, challenge(decoy=True))
    assert [post.code() for _ in range(5)] == ["decoy"] * 5
    store_challenge(post.ctx, challenge())
    assert post.code() is None


@pytest.mark.parametrize(("sent", "dropped"), [(PER_PREFIX_MAX - 1, False), (PER_PREFIX_MAX, True)])
def test_the_default_for_a_prefix_holds_where_nothing_is_set(post: Post, sent: int, dropped: bool) -> None:
    prefix = code_messages.prefix_rate(PHONE, RING)
    for number in range(sent):
        change = Change(actor=System("messenger", "test"), cause="test", now=NOW, ids=post.ctx.ids)
        code_messages.count_message(change, prefix, by=f"other_{number}")
        change.commit(post.store)
    assert (post.code() == "prefix_limit") is dropped


@pytest.mark.usefixtures("few")
def test_a_dropped_code_is_logged_under_opaque_keys_and_the_table_names_no_prefix(post: Post) -> None:
    for _ in range(3):
        post.code()
    with logged() as log:
        post.code()
    held_back, dropped = lines(log)
    assert (held_back["event"], held_back["entry_id"], held_back["reason"]) == ("HL023", "out_4", "prefix_limit")
    assert held_back["rate"] == code_messages.prefix_rate(PHONE, RING).name
    assert (dropped["event"], dropped["reason"]) == ("HL021", "prefix_limit")
    kept = json.dumps([item for item in post.store.items(Table.HOTLINE) if item["PK"].startswith("RATE#")])
    for secret in (PHONE.lstrip("+"), "86138"):
        assert secret not in json.dumps(lines(log)) + kept


def test_a_message_that_cannot_be_counted_is_not_sent_and_comes_again(post: Post) -> None:
    calls = []

    def lose_the_count(call: str) -> None:
        calls.append(call)
        # The claim is the first transaction of a delivery, the count the second.
        if call == "transact" and calls.count("transact") == 2:
            raise Unavailable

    store_entry(post.ctx, code_message())
    post.store.before = lose_the_count
    with pytest.raises(NotDelivered):
        deliver(stream_event(code_message()), post.ctx, SENDER, {"sms": post.sms, "email": post.email})
    post.store.before = None
    assert post.sms.sent == []
    deliver(stream_event(code_message()), post.ctx, SENDER, {"sms": post.sms, "email": post.email})
    assert len(post.sms.sent) == 1


@pytest.mark.usefixtures("few")
def test_a_message_whose_carrier_fails_is_counted_once_however_often_it_is_tried(post: Post) -> None:
    """Else a carrier that does not answer would use up the codes of everybody in its prefix."""
    post.sms.failure = Unavailable()
    store_entry(post.ctx, code_message())
    for _ in range(10):
        with pytest.raises(NotDelivered):
            deliver(stream_event(code_message()), post.ctx, SENDER, {"sms": post.sms, "email": post.email})
    post.sms.failure = None
    deliver(stream_event(code_message()), post.ctx, SENDER, {"sms": post.sms, "email": post.email})
    assert len(post.sms.sent) == 1
    prefix = code_messages.prefix_rate(PHONE, RING)
    read = post.store.batch_get(list(rate_keys(prefix, NOW)))
    assert counted(prefix, read, NOW) == 1


@pytest.mark.usefixtures("few")
def test_codes_that_are_read_out_count_like_texts_and_with_them(post: Post) -> None:
    calls = Carrier()
    outcomes = [post.code(), post.code_by_call(calls), post.code_by_call(calls), post.code_by_call(calls), post.code()]
    assert outcomes == [None, None, None, "prefix_limit", "prefix_limit"]
    assert (len(post.sms.sent), len(calls.sent)) == (1, 2)


@pytest.mark.parametrize(
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
    outbox.clock_of(post.ctx).advance(2 * NOTICES.window)
    assert post.notice("pin.set") is None
