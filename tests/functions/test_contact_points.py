"""Contact points between the wallet's facts and the phone's codes: who owns one, and what its counters remember."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from hotline.contracts.model import PointKind
from hotline.kit.clock import VirtualClock
from hotline.kit.condition import Item
from hotline.kit.doors import Context
from hotline.kit.keyring import CachedKeyring
from hotline.kit.memory import MemoryStore
from hotline.kit.store import TTL_ATTRIBUTE, Table
from tests.support.phone import LOOKUP_SECRET, Phone, context, give, opened

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NUMBER: Final = "+8613800000001"
MAIL: Final = "point@example.com"
ACCOUNT: Final = "acct-point"
PHONE, EMAIL = PointKind.PHONE, PointKind.EMAIL
ROTATED: Final = LOOKUP_SECRET.replace('"current": "1"', '"current": "2"').replace(
    "}", ', "2": "another-lookup-key-for-tests-only-0123456"}'
)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def store(clock: VirtualClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def ctx(store: MemoryStore, clock: VirtualClock) -> Context:
    return context(store, clock)


def rotated(ctx: Context) -> Context:
    """The same, with a new lookup key: what is written goes under version 2, what is read is read under both."""
    return replace(ctx, lookup_keys=CachedKeyring(lambda: ROTATED, ctx.clock))


def open_account(ctx: Context, at: datetime = NOW) -> None:
    give(ctx, [opened(ACCOUNT, (PHONE, NUMBER), (EMAIL, MAIL), at=at)])


def points(store: MemoryStore) -> list[Item]:
    return [item for item in store.items(Table.HOTLINE) if item["SK"] == "POINT"]


def assert_owned_points_stay(store: MemoryStore) -> None:
    owned = [item for item in points(store) if item.get("owners")]
    assert owned
    assert not [item for item in owned if TTL_ATTRIBUTE in item]


def test_a_number_that_was_called_from_before_its_account_opened_is_kept(ctx: Context, store: MemoryStore) -> None:
    phone = Phone(ctx, NUMBER)
    phone.press("start")
    assert phone.press("send_code", method="sms", goal="look")["outcome"] == "SENT"
    assert [TTL_ATTRIBUTE in item for item in points(store)] == [True]
    open_account(ctx)
    assert_owned_points_stay(store)


@pytest.mark.parametrize("method", ["sms", "email"])
def test_a_point_with_owners_never_ends_by_itself_whatever_a_call_does(
    ctx: Context, store: MemoryStore, method: str
) -> None:
    open_account(ctx)
    for number, now_with in enumerate((ctx, rotated(ctx))):
        phone = Phone(now_with, NUMBER, contact_id=f"contact-{number}")
        phone.press("start")
        phone.press("send_code", method=method, goal="look")
        phone.press("check_code", code="000000" if phone.code != "000000" else "000001")
        assert_owned_points_stay(store)
        phone.press("check_code", code=phone.code)
        assert_owned_points_stay(store)
    give(rotated(ctx), [opened("acct-other", (PHONE, NUMBER), (EMAIL, MAIL), at=NOW)])
    assert_owned_points_stay(store)
    assert {item["PK"].split("#")[1] for item in points(store)} == {"2"}
