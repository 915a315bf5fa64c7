"""The phone's check-up: what is told, the logins and payments of late, and that was not me."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from functions.connect.steps.advice import SOURCES
from functions.connect.steps.checkup import ABOUT
from hotline.cases.items import ENTRY_PREFIX
from hotline.contracts.model import DeviceRegistered, Fact, LoginKind, LoginSource, LoginTried
from hotline.contracts.schemas import parse
from hotline.intake.service import fold
from hotline.kit.doors import Context
from hotline.kit.store import Table, hotline_key
from hotline.lockout.service import lock_keys, view_from
from hotline.security.model import FINDING_LIFE
from hotline_local.demo import seed_facts
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.phone import Phone, context, words
from tests.support.sweeps import sweep

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CUSTOMER, ACCOUNT = "+8613800000004", "acct-demo-04"
REASONS: Final = {"freeze.asked", "login.repudiated", "movement.repudiated"}
PROTECTED: Final = "+12025550113"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(VirtualClock(NOW))


@pytest.fixture
def ctx(store: MemoryStore) -> Context:
    made = context(store, VirtualClock(NOW))
    for detail in seed_facts(NOW):
        fold(made, [parse(detail)])
    return made


def proved(ctx: Context, number: str = CUSTOMER, *, goal: str = "checkup", language: str = "en-US") -> Phone:
    phone = Phone(ctx, number)
    phone.press("start")
    phone.prove(goal=goal)
    phone.press("set_language", language=language)
    return phone


def login(ctx: Context, name: str, ago: timedelta) -> None:
    tried = LoginTried(f"try-{name}", LoginSource(device_id=name, country="CN"), LoginKind.PASSWORD, succeeded=True)
    fold(ctx, [Fact(f"fact-{name}", "login.succeeded", "wallet", NOW - ago, ACCOUNT, tried)])


def found(store: MemoryStore, rule: str, *, finding_id: str = "fnd_1", ago: timedelta = timedelta(hours=2)) -> None:
    """A finding as the scan stores it."""
    at = (NOW - ago).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    item: dict[str, Any] = {
        "finding_id": finding_id,
        "rule": rule,
        "severity": "high",
        "found_at": at,
        "window_start": at,
        "window_end": at,
        "facts": {"failures": 10},
        "state": "open",
        "attention_pk": f"ACCOUNT#{ACCOUNT}",
        "attention_sk": f"FINDING#2#{at}",
    }
    store.load([(hotline_key(f"ACCOUNT#{ACCOUNT}", f"FINDING#{finding_id}"), item)])


def entries(store: MemoryStore) -> list[dict[str, Any]]:
    """The entries of the account's security case."""
    kept = sorted(store.items(Table.HOTLINE), key=lambda item: str(item["SK"]))
    return [item for item in kept if item["SK"].startswith(ENTRY_PREFIX) and item["reason"] in REASONS]


def test_a_check_up_needs_one_factor(ctx: Context) -> None:
    phone = Phone(ctx, CUSTOMER)
    phone.press("start")
    assert phone.press("checkup")["outcome"] == "NEED_PROOF"
    assert phone.press("logins")["outcome"] == "NEED_PROOF"
    assert phone.press("not_me", about="login", choice="1")["outcome"] == "INVALID"


def test_a_finding_is_told_first_with_its_time_and_what_to_do_and_never_with_its_rule(
    ctx: Context, store: MemoryStore
) -> None:
    found(store, "success_after_attack")
    told = words(proved(ctx).press("checkup"))
    assert told.startswith("Something unusual was noticed on your account at 6:00 PM today.")
    assert told.index("latest logins and payments") < told.index("Two-step verification is off")
    assert "attack" not in told
    assert "10" not in told


def test_several_findings_are_counted_with_the_time_of_the_last(ctx: Context, store: MemoryStore) -> None:
    found(store, "success_after_attack")
    found(store, "code_flooding", finding_id="fnd_2", ago=timedelta(hours=1))
    assert "2 times, most recently at 7:00 PM today." in words(proved(ctx).press("checkup"))


def test_a_finding_has_the_time_at_which_it_happened_as_in_a_message(ctx: Context, store: MemoryStore) -> None:
    """The scan found it hours later: its owner looks for what happened, and not for what the scan did."""
    found(store, "code_flooding", ago=timedelta(hours=3))
    (item,) = [item for item in store.items(Table.HOTLINE) if item["SK"].startswith("FINDING#")]
    later = {**item, "found_at": "2026-11-23T11:30:00.000Z"}
    store.load([(hotline_key(item["PK"], item["SK"]), later)])
    assert "at 5:00 PM today." in words(proved(ctx).press("checkup"))


@pytest.mark.parametrize("rule", ["pass_through", "refund_abuse", "a_rule_that_nobody_decided_on"])
def test_a_finding_that_may_be_the_owners_own_doing_is_not_told(ctx: Context, store: MemoryStore, rule: str) -> None:
    before = words(proved(ctx).press("checkup"))
    found(store, rule)
    assert words(proved(ctx).press("checkup")) == before


def test_a_finding_that_nobody_looked_at_for_long_is_told_no_more(ctx: Context, store: MemoryStore) -> None:
    before = words(proved(ctx).press("checkup"))
    found(store, "code_flooding", ago=FINDING_LIFE + timedelta(seconds=1))
    assert words(proved(ctx).press("checkup")) == before
    found(store, "code_flooding", ago=FINDING_LIFE)
    assert words(proved(ctx).press("checkup")) != before


def register(ctx: Context, name: str, ago: timedelta) -> None:
    fold(ctx, [Fact(f"fact-{name}", "device.registered", "wallet", NOW - ago, ACCOUNT, DeviceRegistered(name))])


def test_a_new_device_is_told_behind_findings_with_its_time_and_what_to_do(ctx: Context, store: MemoryStore) -> None:
    register(ctx, "device-unheard-of", timedelta(hours=5))
    alone = words(proved(ctx).press("checkup"))
    assert alone.startswith("2 new devices were added to your account, most recently at 3:00 PM today.")
    assert alone.index("If that was not you, freeze the account.") < alone.index("Two-step verification is off")
    assert "Nothing unusual" not in alone
    assert "unheard" not in alone
    found(store, "code_flooding")
    told = words(proved(ctx).press("checkup"))
    assert told.index("Something unusual") < told.index("new devices") < told.index("If something was not you")
    assert told.endswith("There is more.")


def test_a_new_device_is_told_in_chinese(ctx: Context) -> None:
    register(ctx, "device-unheard-of", timedelta(hours=5))
    told = words(proved(ctx, language="zh-CN").press("checkup"))
    assert "您的账户新增了两台设备" in told
    assert "请冻结账户" in told


def test_logins_are_read_out_by_device_the_latest_first(ctx: Context) -> None:
    told = words(proved(ctx).press("logins"))
    assert told == (
        "These devices signed in last. Number 1: on November 21, from a device first seen lately. "
        "That login came from a different country. Number 2: on November 19, from a device that was used before."
    )


def test_an_account_without_logins_hears_that(ctx: Context) -> None:
    said = proved(ctx, "+8613800000003").press("logins")
    assert said["outcome"] == "NONE"
    assert "no login" in words(said)


def test_a_denied_login_freezes_the_account_and_the_case_names_it(ctx: Context, store: MemoryStore) -> None:
    phone = proved(ctx)
    phone.press("logins")
    said = phone.press("not_me", about="login", choice="1")
    assert said["outcome"] == "ASKED"
    assert "which login it was" in words(said)
    view = view_from(store.batch_get(list(lock_keys(ACCOUNT))), ACCOUNT, NOW)
    assert view.state.value == "FROZEN"
    (entry,) = entries(store)
    assert entry["reason"] == "login.repudiated"
    assert entry["facts"]["country"] == "US"
    assert entry["facts"]["device_is"] == "new"
    assert entry["facts"]["login_at"].startswith("2026-11-20T")


def test_a_denied_payment_freezes_the_account_names_it_and_tells_whom_to_call(ctx: Context, store: MemoryStore) -> None:
    phone = proved(ctx)
    phone.press("payments", purpose="latest")
    said = phone.press("not_me", about="movement", choice="1")
    assert said["outcome"] == "ASKED"
    assert "call the police as well" in words(said)
    assert '<say-as interpret-as="digits">96110</say-as>' in "".join(said.values())
    (entry,) = entries(store)
    assert entry["reason"] == "movement.repudiated"
    assert entry["facts"]["movement_id"].startswith("acct-demo-04")


def test_elsewhere_the_police_has_no_number_of_china(ctx: Context) -> None:
    phone = proved(ctx, PROTECTED)
    phone.press("payments", purpose="latest")
    told = words(phone.press("not_me", about="movement", choice="1"))
    assert "tell the police as well" in told
    assert "110" not in told


def test_a_denial_after_a_freeze_is_added_to_the_case(ctx: Context, store: MemoryStore) -> None:
    phone = proved(ctx)
    phone.press("freeze")
    phone.press("logins")
    said = phone.press("not_me", about="login", choice="2")
    assert said["outcome"] == "ASKED"
    assert sorted(entry["reason"] for entry in entries(store)) == ["freeze.asked", "login.repudiated"]


def test_a_place_names_what_was_read_out_even_when_another_login_came_meanwhile(
    ctx: Context, store: MemoryStore
) -> None:
    phone = proved(ctx)
    phone.press("logins")
    login(ctx, "a-third", timedelta(minutes=1))
    phone.press("not_me", about="login", choice="1")
    (entry,) = entries(store)
    assert entry["facts"]["country"] == "US"


@pytest.mark.parametrize(("about", "choice"), list(zip(ABOUT, ("3", "1"), strict=True)))
def test_a_place_that_was_not_read_out_changes_nothing(
    ctx: Context, store: MemoryStore, about: str, choice: str
) -> None:
    phone = proved(ctx)
    phone.press("logins")
    assert phone.press("not_me", about=about, choice=choice)["outcome"] == "INVALID"
    assert entries(store) == []


def test_a_delivery_that_comes_again_is_answered_alike_and_adds_nothing(ctx: Context, store: MemoryStore) -> None:
    phone = proved(ctx)
    listed = phone.event("logins")
    first = phone.deliver(listed)
    assert phone.deliver(listed) == first
    phone.turn = first["turn"]
    denied = phone.event("not_me", about="login", choice="1")
    first = phone.deliver(denied)
    assert phone.deliver(denied) == first
    assert len(entries(store)) == 1


def test_a_code_to_look_denies_nothing(ctx: Context, store: MemoryStore) -> None:
    phone = proved(ctx, goal="look")
    phone.press("logins")
    assert phone.press("not_me", about="login", choice="1")["outcome"] == "NEED_PROOF"
    assert entries(store) == []


@sweep("topic", SOURCES)
def test_each_advice_has_its_source_in_the_document_on_security(topic: str) -> None:
    document = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
    (row,) = [line for line in document.splitlines() if line.startswith(f"| `{topic}` |") and "|" in line[30:]][-1:]
    assert SOURCES[topic] in row


def test_advice_on_calls_names_the_police_and_the_line_against_fraud(ctx: Context) -> None:
    phone = Phone(ctx, CUSTOMER)
    phone.press("start")
    said = "".join(phone.press("advice", topic="calls").values())
    for number in ("110", "96110"):
        assert f'<say-as interpret-as="digits">{number}</say-as>' in said
