"""The phone's answers to too much of something: wrong codes, pauses, codes of one account, calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice

import pytest

from hotline.contracts.model import PointKind
from hotline.identity.limits import CALLS_PER_NUMBER_MAX, CODES_OF_ACCOUNT
from hotline.identity.policy import CODE_TRIES, CODES_PER_QUARTER_HOUR
from hotline.identity.ways import Way
from hotline.kit.actor import Purpose
from hotline.kit.doors import Context
from hotline.kit.limits import WRONG_CODES_MAX, TrafficLimits
from hotline.kit.store import Table
from hotline.lockout.breaker import PAUSES_WITHOUT_FACTOR_MAX
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.log_lines import lines, logged
from tests.support.phone import Phone, context, give, opened, words

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MEI, FAMILY, SECOND, NOBODY = "+8613800000001", "+8613800000002", "+8613800000003", "+8613800000009"
MAIL = "mei@example.com"
PHONE, EMAIL = PointKind.PHONE, PointKind.EMAIL
_contacts = count(1)


MANY_MESSAGES = TrafficLimits(messages_max=10_000, messages_per_prefix_max=10_000)
"""Budgets of messages that no test here comes to: other limits are looked at."""


@pytest.fixture
def ctx(store: MemoryStore, clock: VirtualClock) -> Context:
    made = context(store, clock, limits=MANY_MESSAGES)
    year_ago = NOW - timedelta(days=365)
    give(
        made,
        [
            opened("acct-mei", (PHONE, MEI), (PHONE, SECOND), (EMAIL, MAIL), at=year_ago),
            opened("acct-father", (PHONE, FAMILY), at=year_ago, shared=True),
            opened("acct-child", (PHONE, FAMILY), at=year_ago + timedelta(days=1), shared=True),
        ],
    )
    return made


def calling(ctx: Context, number: str | None) -> Phone:
    """A new call that has begun, in English."""
    phone = Phone(ctx, number, f"contact-{next(_contacts)}")
    phone.press("start")
    phone.press("set_language", language="en-US")
    return phone


def strangers() -> Iterator[str]:
    """Numbers of nobody in these tests."""
    return (f"+861390000{number:04}" for number in count(1))


def wrong(phone: Phone) -> str:
    """Enter a code that is not the right one."""
    return phone.press("check_code", code=f"{(int(phone.code) + 1) % 10**6:06d}")["outcome"]


def guess(ctx: Context, times: int, numbers: Iterator[str] | None = None) -> None:
    """So many wrong codes, three to a number of an account that nothing else is about."""
    left, those = times, numbers or strangers()
    while left:
        number = next(those)
        give(ctx, [opened(f"acct-{number[-4:]}", (PHONE, number), at=NOW - timedelta(days=365))])
        phone = calling(ctx, number)
        phone.press("send_code", method="sms", goal="look")
        for _ in range(min(3, left)):
            wrong(phone)
            left -= 1


def cost(store: MemoryStore, caller: Phone, step: str, **inputs: str) -> tuple[int, int]:
    before = (store.reads, store.transactions)
    caller.press(step, **inputs)
    return store.reads - before[0], store.transactions - before[1]


# ---------------------------------------------------------------- wrong codes of all callers


def test_at_the_threshold_a_code_has_three_tries_and_above_it_one(ctx: Context) -> None:
    guess(ctx, WRONG_CODES_MAX)
    usual, slow = calling(ctx, MEI), calling(ctx, FAMILY)
    usual.press("send_code", method="sms", goal="look")
    assert usual.challenge.tries_left == 3
    assert wrong(usual) == "WRONG"
    slow.press("send_code", method="sms", goal="look")
    assert slow.challenge.tries_left == 1
    assert "one try" in words(slow.answers[-1])
    assert "one try" not in words(usual.answers[-2])
    told = slow.answers[-1]
    slow.turn = str(int(told["turn"]) - 1)
    assert slow.press("send_code", method="sms", goal="look") == told, "also when it is delivered again"
    assert wrong(slow) == "SPENT"


def test_a_customer_gets_through_while_codes_are_slow(ctx: Context) -> None:
    guess(ctx, WRONG_CODES_MAX + 1)
    assert calling(ctx, MEI).prove(goal="unlock")["outcome"] == "CHOSEN"


def test_a_slow_contact_point_waits_a_quarter_of_an_hour_for_the_next_code(ctx: Context, clock: VirtualClock) -> None:
    numbers = strangers()
    guess(ctx, WRONG_CODES_MAX + 1, numbers)
    phone = calling(ctx, MEI)
    assert phone.press("send_code", method="sms", goal="look")["outcome"] == "SENT"
    assert phone.press("send_code", method="sms", goal="look")["outcome"] == "LIMITED"
    assert phone.press("send_code", method="email", goal="look")["outcome"] == "SENT", "another factor helps"
    for minutes, outcome in ((14, "LIMITED"), (1, "SENT")):
        clock.advance(timedelta(minutes=minutes))
        # Under attack all the while: wrong codes of other callers keep the line slow, at one try a number.
        for _ in range(2 * WRONG_CODES_MAX):
            guess(ctx, 1, numbers)
        assert calling(ctx, MEI).press("send_code", method="sms", goal="look")["outcome"] == outcome


def test_a_slow_contact_point_takes_two_wrong_codes_a_day(ctx: Context, clock: VirtualClock) -> None:
    numbers = strangers()
    outcomes = []
    for _ in range(3):
        guess(ctx, 3 * WRONG_CODES_MAX, numbers)
        phone = calling(ctx, MEI)
        outcomes.append(phone.press("send_code", method="sms", goal="look")["outcome"])
        if outcomes[-1] == "SENT":
            assert wrong(phone) == "SPENT"
        clock.advance(timedelta(minutes=16))
    assert outcomes == ["SENT", "SENT", "LIMITED"]
    # Sixteen minutes of quiet, and it is as before.
    assert calling(ctx, MEI).prove()["outcome"] == "CHOSEN"


def test_a_code_from_before_the_slow_down_has_one_try_unless_its_caller_was_told_of_more(ctx: Context) -> None:
    told, untold = calling(ctx, MEI), calling(ctx, FAMILY)
    for phone in (told, untold):
        phone.press("send_code", method="sms", goal="look")
    assert wrong(told) == "WRONG"
    guess(ctx, WRONG_CODES_MAX)
    assert [wrong(told), wrong(told)] == ["WRONG", "SPENT"]
    assert wrong(untold) == "SPENT"


def test_codes_hoarded_before_the_slow_down_are_no_more_guesses_than_others(ctx: Context) -> None:
    hoarded = [calling(ctx, MEI) for _ in range(3)]
    for phone in hoarded:
        assert phone.press("send_code", method="sms", goal="look")["outcome"] == "SENT"
    guess(ctx, WRONG_CODES_MAX + 1)
    assert [wrong(phone) for phone in hoarded] == ["SPENT", "SPENT", "SPENT"]
    assert [phone.challenge.tries_left for phone in hoarded] == [0, 0, CODE_TRIES], "the third was not looked at"
    assert hoarded[2].press("check_code", code=hoarded[2].code)["outcome"] == "SPENT"


def test_known_and_unknown_numbers_cannot_be_told_apart_while_codes_are_slow(ctx: Context, store: MemoryStore) -> None:
    guess(ctx, WRONG_CODES_MAX + 1)
    known, unknown = calling(ctx, None), calling(ctx, None)
    costs = []
    for phone, number in ((known, MEI), (unknown, NOBODY)):
        costs.append([cost(store, phone, "identify", phone=number)])
        for _ in range(2):
            costs[-1].append(cost(store, phone, "send_code", method="sms", goal="unlock"))
        costs[-1].append(cost(store, phone, "check_code", code=f"{(int(phone.code) + 1) % 10**6:06d}"))
    assert costs[0] == costs[1]
    assert all(reads <= 2 and transactions <= 1 for reads, transactions in costs[0])
    assert [said["prompt"] for said in known.answers] == [said["prompt"] for said in unknown.answers]


def test_every_wrong_code_is_logged_for_the_alarm_also_the_last_one_of_a_challenge(ctx: Context) -> None:
    with logged() as log:
        guess(ctx, WRONG_CODES_MAX + 1)
        calling(ctx, MEI).press("send_code", method="sms", goal="look")
    events = [line["event"] for line in lines(log)]
    assert events.count("HL040") == WRONG_CODES_MAX + 1
    assert events.count("HL041") == 1


def test_guesses_at_numbers_that_nobody_has_slow_nobody_down_and_cost_the_same(
    ctx: Context, store: MemoryStore
) -> None:
    costs = []
    for number in islice(strangers(), WRONG_CODES_MAX + 1):
        phone = calling(ctx, number)
        phone.press("send_code", method="sms", goal="look")
        costs.append(cost(store, phone, "check_code", code=f"{(int(phone.code) + 1) % 10**6:06d}"))
    usual = calling(ctx, MEI)
    usual.press("send_code", method="sms", goal="look")
    assert usual.challenge.tries_left == CODE_TRIES
    costs.append(cost(store, usual, "check_code", code=f"{(int(usual.code) + 1) % 10**6:06d}"))
    assert len(set(costs)) == 1


def test_a_guess_that_is_delivered_twice_counts_once(ctx: Context, store: MemoryStore) -> None:
    phone = calling(ctx, MEI)
    phone.press("send_code", method="sms", goal="look")
    event = phone.event("check_code", code=f"{(int(phone.code) + 1) % 10**6:06d}")
    assert [phone.deliver(event)["outcome"] for _ in range(2)] == ["WRONG", "WRONG"]
    rates = [item for item in store.items(Table.HOTLINE) if item["PK"].startswith("RATE#wrong-codes")]
    counted = [item.get(Way.OWN_NUMBER.value) for item in rates]
    assert counted == [1]


# ---------------------------------------------------------------- codes of one account


def test_an_account_has_six_codes_in_a_quarter_of_an_hour_over_all_its_points(
    ctx: Context, clock: VirtualClock
) -> None:
    most = CODES_OF_ACCOUNT[0][1]
    outcomes = []
    for number in (MEI, SECOND):
        phone = calling(ctx, number)
        outcomes += [
            phone.press("send_code", method="sms", goal="look")["outcome"] for _ in range(CODES_PER_QUARTER_HOUR)
        ]
    assert outcomes == ["SENT"] * most
    seventh, family = calling(ctx, MEI), calling(ctx, FAMILY)
    # To say so would tell whoever keys in a number that it and another one are of one account.
    assert seventh.press("send_code", method="email", goal="look")["outcome"] == "SENT"
    assert family.press("send_code", method="sms", goal="look")["outcome"] == "SENT"
    assert (seventh.challenge.decoy, family.challenge.decoy) == (True, False)
    clock.advance(timedelta(minutes=30))
    later = calling(ctx, MEI)
    assert later.press("send_code", method="email", goal="look")["outcome"] == "SENT"
    assert not later.challenge.decoy


# ---------------------------------------------------------------- pauses without a factor


def households(ctx: Context, number: int) -> list[str]:
    """The numbers of so many customers, each with an account of their own."""
    found = [f"+861370000{place:04}" for place in range(number)]
    give(ctx, [opened(f"acct-{value[1:]}", (PHONE, value), at=NOW - timedelta(days=365)) for value in found])
    return found


def paused(store: MemoryStore) -> int:
    return sum(item["kind"] == "account.pause_requested" for item in store.items(Table.OUTBOX))


def test_fifty_one_pauses_need_no_factor_and_the_next_one_does(ctx: Context, store: MemoryStore) -> None:
    numbers = households(ctx, PAUSES_WITHOUT_FACTOR_MAX + 2)
    with logged() as log:
        said = [calling(ctx, number).press("pause") for number in numbers]
    assert [answer["outcome"] for answer in said] == ["ASKED"] * (PAUSES_WITHOUT_FACTOR_MAX + 1) + ["NEED_PROOF"]
    assert said[-1]["needs"] == "sms"
    assert paused(store) == PAUSES_WITHOUT_FACTOR_MAX + 1
    assert [line["event"] for line in lines(log)].count("HL042") == 1


def opened_breaker(ctx: Context) -> list[str]:
    numbers = households(ctx, PAUSES_WITHOUT_FACTOR_MAX + 3)
    for number in numbers[: PAUSES_WITHOUT_FACTOR_MAX + 1]:
        calling(ctx, number).press("pause")
    return numbers[PAUSES_WITHOUT_FACTOR_MAX + 1 :]


def test_with_one_code_the_pause_is_set_for_the_account_that_was_proved(ctx: Context, store: MemoryStore) -> None:
    opened_breaker(ctx)
    before = paused(store)
    phone = calling(ctx, FAMILY)
    assert phone.press("pause")["outcome"] == "NEED_PROOF"
    phone.press("send_code", method="sms", goal="pause")
    phone.press("check_code", code=phone.code)
    phone.press("choose_account", choice="1")
    assert phone.press("pause")["outcome"] == "ASKED"
    assert paused(store) - before == 1, "not the other account on the same phone"


def test_a_code_that_was_for_looking_sets_no_pause_while_one_needs_proof(ctx: Context) -> None:
    opened_breaker(ctx)
    phone = calling(ctx, MEI)
    phone.prove(goal="look")
    assert phone.state.factors[0].purpose is Purpose.LOOK
    assert phone.press("pause")["outcome"] == "NEED_PROOF"
    phone.prove(goal="pause")
    assert phone.press("pause")["outcome"] == "ASKED"


def test_numbers_that_are_known_or_not_hear_and_cost_the_same_when_a_pause_needs_proof(
    ctx: Context, store: MemoryStore
) -> None:
    opened_breaker(ctx)
    phones = [calling(ctx, number) for number in (MEI, NOBODY)]
    costs = [cost(store, phone, "pause") for phone in phones]
    said = [phone.answers[-1] for phone in phones]
    assert costs[0] == costs[1] <= (2, 1)
    assert said[0]["prompt"] == said[1]["prompt"]
    assert [answer["needs"] for answer in said] == ["sms", "sms"]
    hidden = calling(ctx, None)
    assert hidden.press("pause")["outcome"] == "NOT_HERE"


def test_a_pause_needs_no_factor_again_when_they_become_fewer(ctx: Context, clock: VirtualClock) -> None:
    (number, other) = opened_breaker(ctx)
    clock.advance(timedelta(minutes=4))
    assert calling(ctx, number).press("pause")["outcome"] == "NEED_PROOF"
    clock.advance(timedelta(minutes=2))
    assert calling(ctx, number).press("pause")["outcome"] == "ASKED"
    assert calling(ctx, other).press("pause")["outcome"] == "ASKED"


def test_pauses_with_a_factor_and_of_strangers_do_not_open_the_breaker(ctx: Context, store: MemoryStore) -> None:
    numbers = households(ctx, PAUSES_WITHOUT_FACTOR_MAX + 1)
    for number in numbers[:-1]:
        calling(ctx, number).press("pause")
    for stranger in (NOBODY, "+8613800000099"):
        assert calling(ctx, stranger).press("pause")["outcome"] == "ASKED"
    assert calling(ctx, None).press("pause")["outcome"] == "NOT_HERE"
    proved = calling(ctx, MEI)
    proved.prove(goal="freeze")
    assert proved.press("pause")["outcome"] == "ASKED"
    assert calling(ctx, numbers[-1]).press("pause")["outcome"] == "ASKED"
    counted = sum(item["n"] for item in store.items(Table.HOTLINE) if item["PK"].startswith("RATE#pauses"))
    assert counted == PAUSES_WITHOUT_FACTOR_MAX + 1


def test_two_accounts_on_one_phone_are_two_pauses(ctx: Context, store: MemoryStore) -> None:
    calling(ctx, FAMILY).press("pause")
    assert [item["n"] for item in store.items(Table.HOTLINE) if item["PK"].startswith("RATE#pauses")] == [2]


# ---------------------------------------------------------------- calls from one number


def crowded(ctx: Context, number: str, calls: int = CALLS_PER_NUMBER_MAX) -> Phone:
    """The call after so many from the same number."""
    for _ in range(calls):
        Phone(ctx, number, f"contact-{next(_contacts)}").press("start")
    return calling(ctx, number)


@pytest.mark.parametrize(("calls", "reached"), [(CALLS_PER_NUMBER_MAX - 1, True), (CALLS_PER_NUMBER_MAX, False)])
def test_after_twenty_calls_in_an_hour_other_numbers_are_out_of_reach(ctx: Context, calls: int, reached: bool) -> None:
    phone = crowded(ctx, NOBODY, calls)
    assert phone.press("identify", phone=MEI)["outcome"] == "TAKEN"
    assert phone.press("send_code", method="sms", goal="look")["outcome"] == "SENT"
    assert phone.press("check_code", code=phone.code)["outcome"] == ("PROVED" if reached else "WRONG")


def test_a_customer_whose_number_called_very_often_proves_by_a_code_to_it_and_does_everything(ctx: Context) -> None:
    phone = crowded(ctx, MEI, 3 * CALLS_PER_NUMBER_MAX)
    assert phone.prove(goal="unlock")["outcome"] == "CHOSEN"
    assert phone.press("unlock")["outcome"] == "OPEN"
    again = crowded(ctx, MEI)
    again.press("identify", phone=MEI)
    assert again.press("send_code", method="email", goal="look")["outcome"] == "SENT"
    assert again.press("check_code", code=again.code)["outcome"] == "PROVED"


def test_a_number_that_called_very_often_gets_a_person_and_steps_that_need_no_proof(
    ctx: Context, store: MemoryStore
) -> None:
    phone = crowded(ctx, MEI)
    assert phone.press("advice", topic="numbers")["outcome"] == "TOLD"
    assert phone.press("pause")["outcome"] == "ASKED"
    assert paused(store) == 1
    assert phone.press("handover", reason="asked")["outcome"] == "QUEUE"


def test_a_number_out_of_reach_hears_and_costs_what_one_within_reach_does(ctx: Context, store: MemoryStore) -> None:
    often, seldom = crowded(ctx, NOBODY), calling(ctx, "+8613800000098")
    costs = [
        [cost(store, phone, "identify", phone=MEI), cost(store, phone, "send_code", method="sms", goal="look")]
        for phone in (often, seldom)
    ]
    assert costs[0] == costs[1]
    assert [said["prompt"] for said in often.answers] == [said["prompt"] for said in seldom.answers]


def test_calls_are_counted_once_each_inbound_and_forgotten(
    ctx: Context, store: MemoryStore, clock: VirtualClock
) -> None:
    phone = Phone(ctx, MEI, "contact-once")
    event = phone.event("start")
    phone.deliver(event)
    phone.deliver(event)
    callback = Phone(ctx, MEI, "contact-back", initiation_method="CALLBACK")
    callback.press("start")
    Phone(ctx, None, "contact-hidden").press("start")
    assert sum(item["n"] for item in store.items(Table.HOTLINE) if item["PK"].startswith("RATE#calls")) == 1
    assert crowded(ctx, MEI).state.own_number_only
    clock.advance(timedelta(hours=2))
    assert not calling(ctx, MEI).state.own_number_only


def test_a_number_that_called_very_often_is_logged_by_contact_and_not_by_number(ctx: Context) -> None:
    with logged() as log:
        crowded(ctx, MEI)
    often = [line for line in lines(log) if line["event"] == "HL043"]
    assert len(often) == 1
    assert "1380000000" not in str(lines(log))


# ---------------------------------------------------------------- all of it


def test_every_step_stays_within_two_reads_and_one_transaction(ctx: Context, store: MemoryStore) -> None:
    guess(ctx, WRONG_CODES_MAX + 1)
    opened_breaker(ctx)
    phone = Phone(ctx, MEI)
    costs = {
        step: cost(store, phone, step, **inputs)
        for step, inputs in (
            ("start", {}),
            ("identify", {"phone": MEI}),
            ("pause", {}),
            ("send_code", {"method": "sms", "goal": "pause"}),
        )
    }
    costs["check_code"] = cost(store, phone, "check_code", code=phone.code)
    assert {step: spent for step, spent in costs.items() if not spent <= (2, 1)} == {}


def test_counters_hold_no_number_and_end_by_themselves(ctx: Context, store: MemoryStore) -> None:
    guess(ctx, 2)
    crowded(ctx, MEI).press("pause")
    calling(ctx, MEI).press("send_code", method="sms", goal="look")
    counters = [item for item in store.items(Table.HOTLINE) if item["PK"].startswith("RATE#")]
    assert {item["PK"].split("#")[1] for item in counters} == {
        "wrong-codes", "codes-soon", "codes-day", "code-messages", "calls", "pauses",
    }  # fmt: skip
    assert all(item["expires_at_epoch_s"] > NOW.timestamp() for item in counters)
    assert not [item for item in counters if re.search(r"\+?86?13[789]\d{8}", item["PK"])]
