"""How old a view is, is a figure of the feed of facts and not of the account: quiet is not out of date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.wallet_events.batch import take_in
from hotline.accounts import service as accounts
from hotline.accounts.feed import BEHIND_AFTER, DRAINED_AFTER, FeedHead
from hotline.contracts.model import PointKind
from hotline.kit.clock import to_text
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.store import Put, Update
from hotline.kit.store.condition import Item
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.facts import event, sqs_of
from tests.support.phone import Phone, context, give, opened, words

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NUMBER = "+8613800000001"


@pytest.fixture
def ctx() -> Context:
    ctx = context(MemoryStore(), VirtualClock(NOW))
    give(ctx, [opened("acct-mei", (PointKind.PHONE, NUMBER), at=NOW - timedelta(days=30))])
    return ctx


def arrives(ctx: Context, *, late: timedelta = timedelta(), account: str = "acc_1", name: str = "a") -> None:
    """A fact of the wallet that is taken in now and is so old."""
    told = event("device.registered", subject=account, id=f"evt_{name}", time=to_text(ctx.clock.now() - late))
    assert take_in(sqs_of([told]), ctx) == {"batchItemFailures": []}


def pass_time(ctx: Context, span: timedelta) -> None:
    assert isinstance(ctx.clock, VirtualClock)
    ctx.clock.advance(span)


def status(ctx: Context) -> str:
    phone = Phone(ctx, NUMBER, contact_id=f"contact-{ctx.clock.now().timestamp()}")
    phone.press("start")
    phone.prove()
    return words(phone.press("lock_status"))


def test_an_account_that_was_quiet_for_a_month_is_told_without_a_time(ctx: Context) -> None:
    arrives(ctx)
    assert "how things stood" not in status(ctx)


def test_a_quiet_night_is_not_told_as_out_of_date(ctx: Context) -> None:
    arrives(ctx, late=3 * SECOND)
    pass_time(ctx, timedelta(hours=9))
    assert "how things stood" not in status(ctx)


def test_nothing_is_told_to_be_old_before_the_first_fact() -> None:
    assert accounts.behind_since({}, NOW) is None


def test_while_facts_arrive_late_every_account_is_told_up_to_when_they_are_known(ctx: Context) -> None:
    arrives(ctx, late=timedelta(minutes=34), account="somebody-else")
    assert "This is how things stood at 7:26 PM today." in status(ctx)


def test_the_account_s_own_facts_do_not_count_alone(ctx: Context) -> None:
    """A batch that is late for one account, in a feed that is not, says nothing of the feed."""
    arrives(ctx, name="prompt")
    arrives(ctx, late=timedelta(minutes=30), account="acct-mei", name="late")
    assert "how things stood" not in status(ctx)


def test_once_a_fact_arrives_in_time_no_view_is_told_as_old(ctx: Context) -> None:
    arrives(ctx, late=timedelta(minutes=30), name="late")
    arrives(ctx, name="prompt")
    assert "how things stood" not in status(ctx)


def test_facts_that_waited_and_then_came_all_leave_a_quiet_feed_and_not_one_that_is_behind(ctx: Context) -> None:
    arrives(ctx, late=timedelta(minutes=30))
    pass_time(ctx, DRAINED_AFTER + SECOND)
    assert "how things stood" not in status(ctx)


@pytest.mark.parametrize(("late", "behind"), [(-SECOND, False), (timedelta(), False), (SECOND, True)])
def test_a_feed_is_behind_when_its_newest_fact_took_longer_than_two_minutes(late: timedelta, behind: bool) -> None:
    assert timedelta(minutes=2) == BEHIND_AFTER
    head = FeedHead(NOW - BEHIND_AFTER - late, NOW)
    assert (head.behind_since(NOW) is not None) is behind


@pytest.mark.parametrize(("later", "behind"), [(-SECOND, True), (timedelta(), True), (SECOND, False)])
def test_a_feed_is_behind_for_ten_minutes_after_its_last_late_fact(later: timedelta, behind: bool) -> None:
    assert timedelta(minutes=10) == DRAINED_AFTER
    head = FeedHead(NOW - timedelta(hours=1), NOW)
    assert (head.behind_since(NOW + DRAINED_AFTER + later) is not None) is behind


def test_the_head_is_one_item_however_many_facts_come(ctx: Context) -> None:
    for number in range(50):
        pass_time(ctx, SECOND)
        arrives(ctx, name=str(number), account=f"acct-{number}")
    stored = ctx.store.get(accounts.feed_key())
    assert stored is not None
    assert {name for name in stored if name not in ("PK", "SK")} == {"newest_at", "taken_in_at"}
    assert stored["newest_at"] == to_text(NOW + 50 * SECOND)


def test_a_fact_that_is_refused_moves_nothing_on(ctx: Context) -> None:
    refused: dict[str, Any] = event("device.registered", {"device_id": 7}, time=to_text(NOW))
    assert take_in(sqs_of([refused]), ctx)["batchItemFailures"]
    assert ctx.store.get(accounts.feed_key()) is None


def test_a_fact_of_a_clock_that_is_ahead_counts_as_now(ctx: Context) -> None:
    arrives(ctx, late=-SECOND)
    stored = ctx.store.get(accounts.feed_key())
    assert stored is not None
    assert stored["newest_at"] == to_text(NOW)


def test_facts_that_were_taken_in_do_not_come_again_because_the_head_could_not_be_written(ctx: Context) -> None:
    class WithoutHead(MemoryStore):
        def write_alone(self, write: Put | Update) -> Item:
            if write.key == accounts.feed_key():
                raise Unavailable
            return super().write_alone(write)

    broken = context(WithoutHead(), VirtualClock(NOW))
    arrives(broken)
    assert broken.store.get(accounts.feed_key()) is None
