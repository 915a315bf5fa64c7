"""Code messages over all accounts: so many to one prefix and so many in all, counted when a code is asked for. The
shares of them are in tests/security/test_flooding_of_codes.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from functions.messenger.delivery import deliver
from hotline.contracts.model import PointKind
from hotline.identity import code_messages
from hotline.identity.code_messages import ALL, MESSAGES
from hotline.identity.ways import Way
from hotline.kit.actor import System
from hotline.kit.aws.carriers import Outgoing
from hotline.kit.change import Change
from hotline.kit.counts.rates import FIVE_MINUTES, Rate, rate_keys, sum_window
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.ids import RandomIds
from hotline.kit.limits import TrafficLimits
from hotline.kit.outbox.delivery import NotDelivered
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import SENDER, Client, Postbox
from tests.support.log_lines import lines, logged
from tests.support.outbox_entries import redrive_event
from tests.support.phone import Phone, context, give, opened

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HOME, ABROAD = "+86138", "+44770"
FEW = TrafficLimits(messages_max=5, messages_per_prefix_max=4)
"""Three code messages to a prefix and four in all, for callers from their own numbers."""


def number_at(prefix: str, place: int) -> str:
    """A customer's number of the prefix."""
    return f"{prefix}090011{place}" if prefix == ABROAD else f"{prefix}0000000{place}"


@pytest.fixture
def ctx() -> Context:
    """A wallet whose customers have numbers of two ranges."""
    clock = VirtualClock(NOW)
    made = replace(context(MemoryStore(clock), clock, voice_codes=True, limits=FEW), ids=RandomIds())
    for prefix in (HOME, ABROAD):
        for place in range(9):
            name = f"{'home' if prefix == HOME else 'abroad'}-{place}"
            points = ((PointKind.PHONE, number_at(prefix, place)), (PointKind.EMAIL, f"{name}@customer.example"))
            give(made, [opened(f"acct-{name}", *points, at=NOW - timedelta(days=365))])
    return made


def callers(ctx: Context, prefix: str) -> Iterator[Phone]:
    """Customers, each calling from a number of the prefix."""
    for place in range(9):
        phone = Phone(ctx, number_at(prefix, place), ctx.ids.new("contact"))
        phone.press("start")
        yield phone


def asked(phone: Phone, method: str = "sms") -> str:
    return phone.press("send_code", method=method, goal="look")["outcome"]


def total(ctx: Context, rate: Rate, way: Way = Way.OWN_NUMBER) -> int:
    read = ctx.store.batch_get(list(rate_keys(rate, ctx.clock.now())))
    return sum_window(rate.only(way.value), read, ctx.clock.now())


def home_rate(ctx: Context) -> Rate:
    return MESSAGES.of(code_messages.prefix_of(f"{HOME}00000001", ctx.lookup_ring))


def test_a_prefix_gets_so_many_codes_in_five_minutes_and_others_still_get_theirs(ctx: Context) -> None:
    home, abroad = callers(ctx, HOME), callers(ctx, ABROAD)
    assert [asked(next(home)) for _ in range(4)] == ["SENT", "SENT", "SENT", "LIMITED"]
    assert asked(next(abroad)) == "SENT"
    post = Postbox(ctx)
    post.work()
    assert [sent.address[:6] for sent in post.sent].count(HOME) == 3
    assert [sent.address[:6] for sent in post.sent].count(ABROAD) == 1


def test_all_prefixes_together_get_so_many(ctx: Context) -> None:
    home, abroad = callers(ctx, HOME), callers(ctx, ABROAD)
    assert [asked(next(home)), asked(next(home)), asked(next(abroad)), asked(next(abroad))] == ["SENT"] * 4
    with logged() as log:
        assert asked(next(abroad)) == "LIMITED"
    assert [line["reason"] for line in lines(log) if line["event"] == "HL023"] == ["total_limit"]


def test_codes_by_email_are_not_held_back_with_texts_and_not_counted(ctx: Context) -> None:
    home = callers(ctx, HOME)
    assert [asked(next(home), "email") for _ in range(5)] == ["SENT"] * 5
    assert total(ctx, ALL) == 0
    last = next(home)
    assert [asked(next(home)) for _ in range(3)] == ["SENT"] * 3
    assert [asked(last), asked(last, "email")] == ["LIMITED", "SENT"]


def test_codes_go_out_again_when_they_become_fewer(ctx: Context) -> None:
    home = callers(ctx, HOME)
    for _ in range(3):
        asked(next(home))
    assert isinstance(ctx.clock, VirtualClock)
    ctx.clock.advance(FIVE_MINUTES)
    assert asked(next(home)) == "LIMITED"
    # A third of the window before is over, and with it one of three.
    ctx.clock.advance(FIVE_MINUTES / 3)
    assert [asked(next(home)), asked(next(home))] == ["SENT", "LIMITED"]


def test_codes_that_are_read_out_count_like_texts_and_with_them(ctx: Context) -> None:
    home = callers(ctx, HOME)
    methods = ("sms", "voice", "voice", "voice", "sms")
    assert [asked(next(home), method) for method in methods] == ["SENT"] * 3 + ["LIMITED"] * 2


def test_a_code_that_is_held_back_is_logged_under_opaque_keys_and_the_table_names_no_prefix(ctx: Context) -> None:
    home = callers(ctx, HOME)
    for _ in range(3):
        asked(next(home))
    phone = next(home)
    with logged() as log:
        asked(phone)
    (held_back,) = [line for line in lines(log) if line["event"] == "HL023"]
    assert (held_back["reason"], held_back["actor"]) == ("prefix_limit", "own_number")
    assert (held_back["rate"], held_back["correlation_id"]) == (home_rate(ctx).name, phone.contact_id)
    assert isinstance(ctx.store, MemoryStore)
    kept = json.dumps([item for item in ctx.store.items(Table.HOTLINE) if item["PK"].startswith("RATE#")])
    for secret in ("13800000", "86138"):
        assert secret not in json.dumps(lines(log)) + kept


def test_a_message_whose_carrier_fails_is_counted_once_however_often_it_is_tried(ctx: Context) -> None:
    """Else a carrier that does not answer would use up the codes of everybody in its prefix."""

    class Failing(Postbox):
        def send(self, message: Outgoing) -> None:
            raise Unavailable

    assert asked(next(callers(ctx, HOME))) == "SENT"
    assert isinstance(ctx.store, MemoryStore)
    (entry,) = [item for item in ctx.store.items(Table.OUTBOX) if item["kind"] == "code"]
    event, failing, post = redrive_event(json.dumps({"entry_id": entry["entry_id"]})), Failing(ctx), Postbox(ctx)
    for _ in range(10):
        with pytest.raises(NotDelivered):
            deliver(event, ctx, SENDER, {"sms": failing, "email": failing})
    deliver(event, ctx, SENDER, {"sms": post, "email": post})
    assert len(post.sent) == 1
    assert total(ctx, home_rate(ctx)) == total(ctx, ALL) == 1


def test_a_code_that_goes_nowhere_takes_its_place_like_any_other(ctx: Context) -> None:
    """Else the budget would tell whose number it was."""
    ctx = replace(ctx, limits=TrafficLimits(messages_max=100, messages_per_prefix_max=100))
    strangers = Rate(ALL.name, ALL.window, ALL.shards).only("strangers")
    for place, about in enumerate((f"{HOME}00000001", f"{HOME}99999999"), start=1):
        phone = Phone(ctx, None, ctx.ids.new("contact"))
        phone.press("start")
        phone.press("identify", phone=about)
        asked(phone)
        read = ctx.store.batch_get(list(rate_keys(strangers, NOW)))
        assert sum_window(strangers, read, NOW) == place


def test_in_the_app_a_code_that_is_held_back_is_a_problem_with_a_time_to_wait(ctx: Context) -> None:
    for place in range(4):
        change = Change(actor=System("test", "test"), cause="test", now=NOW, ids=ctx.ids)
        code_messages.count_message(change, home_rate(ctx).name.partition("#")[2], Way.APP, by=f"message-{place}")
        change.commit(ctx.store)
    client = Client(ctx, "acct-home-1", signed_in_at=NOW)
    with logged() as log:
        refused = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "sms"})
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (429, "too_many_codes", "900")
    assert [line["actor"] for line in lines(log) if line["event"] == "HL023"] == ["app"]
