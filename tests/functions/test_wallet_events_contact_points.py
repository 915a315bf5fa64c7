"""Contact points between the wallet's facts and the phone's codes: who owns one, and what its counters remember."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from hotline.accounts import service as accounts
from hotline.contracts.model import PointKind
from hotline.identity.policy import WRONG_PER_DAY
from hotline.kit.doors import Context
from hotline.kit.keyring import CachedKeyring
from hotline.kit.store import TTL_ATTRIBUTE, Table
from hotline.kit.store.condition import Item
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
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
    assert {item["PK"].split("#")[1] for item in points(store) if item.get("owners")} == {"2"}


def asked(ctx: Context, contact_id: str, method: str = "sms", number: str = NUMBER) -> tuple[Phone, str]:
    """A call that asks for a code, and what becomes of that."""
    phone = Phone(ctx, number, contact_id=contact_id)
    phone.press("start")
    return phone, phone.press("send_code", method=method, goal="look")["outcome"]


def wrong(phone: Phone) -> str:
    return "000000" if phone.code != "000000" else "000001"


@pytest.mark.parametrize("number", [NUMBER, "+8613800000009"])
@pytest.mark.parametrize("method", ["sms", "email"])
def test_a_new_lookup_key_lifts_no_limit_of_codes_whoever_is_called(ctx: Context, method: str, number: str) -> None:
    open_account(ctx)
    assert [asked(ctx, f"old-{n}", method, number)[1] for n in range(2)] == ["SENT", "SENT"]
    after = [asked(rotated(ctx), f"new-{n}", method, number)[1] for n in range(2)]
    assert after == ["SENT", "LIMITED"]


@pytest.mark.parametrize("method", ["sms", "email"])
def test_a_new_lookup_key_lifts_no_block(ctx: Context, clock: VirtualClock, method: str) -> None:
    open_account(ctx)
    for number in range(WRONG_PER_DAY):
        with_key = ctx if number < WRONG_PER_DAY - 1 else rotated(ctx)
        phone, outcome = asked(with_key, f"guess-{number}", method)
        assert outcome == "SENT"
        phone.press("check_code", code=wrong(phone))
        clock.advance(timedelta(hours=2, minutes=59))
    assert asked(rotated(ctx), "blocked", method)[1] == "LIMITED"


def test_counts_under_the_old_key_are_carried_along_once_and_a_right_code_ends_the_row(
    ctx: Context, store: MemoryStore
) -> None:
    open_account(ctx)
    before, _ = asked(ctx, "old")
    before.press("check_code", code=wrong(before))
    phone, _ = asked(rotated(ctx), "new")
    assert phone.press("check_code", code=phone.code)["outcome"] == "PROVED"
    counted = [item for item in points(store) if "counters" in item]
    assert [item["PK"].split("#")[1] for item in counted] == ["2"]
    sms = counted[0]["counters"]["sms/own_number"]
    assert (len(sms["sent"]), len(sms["wrong"]), sms["wrong_in_a_row"]) == (2, 1, 0)
    assert_owned_points_stay(store)
    assert not [item for item in counted if TTL_ATTRIBUTE in item]


def test_counts_for_the_number_of_nobody_are_carried_along_too_and_the_old_item_ends_by_itself(
    ctx: Context, store: MemoryStore
) -> None:
    unknown = "+8613800000009"
    asked(ctx, "old", number=unknown)
    asked(rotated(ctx), "new", number=unknown)
    by_version = {item["PK"].split("#")[1]: item for item in points(store)}
    assert len(by_version["2"]["counters"]["sms/stranger"]["sent"]) == 2
    assert "counters" not in by_version["1"]
    assert TTL_ATTRIBUTE in by_version["1"]


def test_a_fact_that_moves_a_point_to_the_new_key_takes_all_counters_along(ctx: Context, store: MemoryStore) -> None:
    open_account(ctx)
    asked(ctx, "old", "sms")
    asked(rotated(ctx), "new", "sms")
    late, _ = asked(ctx, "late", "sms")
    late.press("check_code", code=wrong(late))
    give(rotated(ctx), [opened("acct-other", (PHONE, NUMBER), at=NOW)])
    (item,) = [item for item in points(store) if "sms/own_number" in item.get("counters", {})]
    sms = item["counters"]["sms/own_number"]
    assert (item["PK"].split("#")[1], len(sms["sent"]), len(sms["wrong"])) == ("2", 3, 1)


def test_counters_of_all_versions_are_one_that_forgets_nothing() -> None:
    sms = {"sent": ["1", "3"], "wrong": ["1"], "wrong_in_a_row": 7, "blocked_until": "8"}
    old = {"sms": sms, "email": {"sent": []}}
    new = {"sms": {"sent": ["2"], "wrong": [], "wrong_in_a_row": 2, "blocked_until": "9"}}
    one = {"sent": ["1", "2", "3"], "wrong": ["1"], "wrong_in_a_row": 7, "blocked_until": "9"}
    assert accounts.merged_counters([{"counters": new}, {"owners": {}}, {"counters": old}]) == {
        "sms": one,
        "email": {"sent": []},
    }
    assert accounts.merged_counters([]) == {}
