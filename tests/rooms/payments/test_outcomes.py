"""Owners who wait for the outcome of a movement, or for their money, are told once for each change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from functions.messenger import letter
from hotline.contracts.model import Fact, MoneyState, MovementKind, MovementStatus
from hotline.kit.clock import to_text
from hotline.kit.languages import ENGLISH, LANGUAGES
from hotline.payments.outcomes import NEWS_FOR, OutcomeNotice, find_news
from hotline.wording import messages
from hotline.wording.catalogue import find
from hotline.wording.values import locale_of
from tests.support.money_world import INITIATED, NOON, MoneyWorld, moved, movement_of
from tests.support.sweeps import sweep

S, M, N = MovementStatus, MoneyState, OutcomeNotice
UNKNOWN: Final = moved(S.UNKNOWN)
IN_VAIN: Final = moved(S.FAILED, money=M.DEBITED)


def told(money: MoneyWorld) -> list[str]:
    """The messages about outcomes, one a channel."""
    return [f"{entry['kind']} {entry['channel']}" for entry in money.entries() if entry["kind"].startswith("payment.")]


def both(*notices: OutcomeNotice) -> list[str]:
    return sorted(f"{notice} {channel}" for notice in notices for channel in ("email", "sms"))


@pytest.mark.parametrize(
    ("after", "notice"),
    [
        (moved(S.SUCCEEDED, version=2), N.WENT_THROUGH),
        (moved(S.FAILED, version=2), N.NOT_TAKEN),
        (moved(S.REVERSED, version=2, money=M.NONE), N.NOT_TAKEN),
        (moved(S.AUTHORISED, version=2), N.HELD),
        (moved(S.AUTHORISED, version=2, money=M.DEBITED), N.ON_ITS_WAY),
        (moved(S.FAILED, version=2, money=M.HELD), N.HELD),
        (moved(S.FAILED, version=2, money=M.DEBITED), N.COMES_BACK),
        (moved(S.REVERSED, version=2), N.GIVEN_BACK),
        (moved(S.FAILED, version=2, money=M.RETURNED), N.GIVEN_BACK),
    ],
)
def test_an_outcome_that_was_unknown_is_told_at_every_contact_point_once(
    quick_money: MoneyWorld, after: Fact, notice: OutcomeNotice
) -> None:
    quick_money.give_profile()
    quick_money.tell(UNKNOWN)
    assert told(quick_money) == []
    quick_money.tell(after)
    assert told(quick_money) == both(notice)
    quick_money.tell(after, UNKNOWN)
    assert told(quick_money) == both(notice)


def test_a_message_says_which_movement_it_is_about_and_holds_no_name(quick_money: MoneyWorld) -> None:
    quick_money.give_profile()
    kind = MovementKind.WITHDRAWAL
    quick_money.tell(moved(S.UNKNOWN, kind=kind))
    quick_money.tell(moved(S.AUTHORISED, version=2, kind=kind, held_until=NOON))
    facts = {entry["channel"]: entry["facts"] for entry in quick_money.entries() if entry["kind"] == N.HELD}
    about = {"kind": "withdrawal", "amount": {"minor": 12850, "currency": "CNY"}}
    about |= {"initiated_at": to_text(INITIATED), "until": to_text(NOON)}
    assert facts == {"sms": about, "email": about}


@pytest.mark.parametrize("known", [UNKNOWN, IN_VAIN])
@pytest.mark.parametrize("after_money", [M.RETURNED, M.NONE])
def test_nobody_is_told_that_a_movement_failed_which_went_through(
    quick_money: MoneyWorld, known: Fact, after_money: MoneyState
) -> None:
    quick_money.give_profile()
    quick_money.tell(known)
    quick_money.tell(moved(S.SUCCEEDED, version=2, money=after_money))
    assert told(quick_money) == []


@pytest.mark.parametrize(
    "back", [moved(S.REVERSED, version=2), moved(S.FAILED, version=2, money=M.RETURNED), moved(S.FAILED, version=2)]
)
def test_money_that_was_taken_in_vain_is_told_when_it_is_back(quick_money: MoneyWorld, back: Fact) -> None:
    quick_money.give_profile()
    quick_money.tell(IN_VAIN)
    assert told(quick_money) == []
    quick_money.tell(back)
    assert told(quick_money) == both(N.GIVEN_BACK)


def test_each_change_is_told_once(quick_money: MoneyWorld) -> None:
    quick_money.give_profile()
    quick_money.tell(UNKNOWN)
    quick_money.tell(moved(S.FAILED, version=2, money=M.DEBITED))
    quick_money.tell(moved(S.FAILED, version=3, money=M.DEBITED))
    quick_money.tell(moved(S.REVERSED, version=4))
    quick_money.tell(moved(S.REVERSED, version=5))
    assert told(quick_money) == sorted([*both(N.COMES_BACK), *both(N.GIVEN_BACK)])


@pytest.mark.parametrize(
    "facts",
    [
        [moved(S.AUTHORISED), moved(S.SUCCEEDED, version=2), moved(S.REVERSED, version=3)],
        [moved(S.AUTHORISED), moved(S.FAILED, version=2)],
        [moved(S.SUCCEEDED, version=2), UNKNOWN],
        [UNKNOWN, moved(S.UNKNOWN, version=2)],
        [moved(S.SUCCEEDED)],
    ],
)
def test_nobody_is_told_of_what_they_did_not_wait_for(quick_money: MoneyWorld, facts: list[Fact]) -> None:
    quick_money.give_profile()
    for fact in facts:
        quick_money.tell(fact)
    assert told(quick_money) == []


def test_an_outcome_in_the_same_delivery_was_never_waited_for(quick_money: MoneyWorld) -> None:
    quick_money.give_profile()
    quick_money.tell(moved(S.SUCCEEDED, version=2), UNKNOWN)
    assert quick_money.entries() == []


def test_the_end_of_a_hold_that_was_asked_about_is_told(quick_money: MoneyWorld) -> None:
    quick_money.give_profile()
    held = movement_of(moved(S.AUTHORISED, held_until=NOON))
    ended = movement_of(moved(S.AUTHORISED), moved(S.SUCCEEDED, version=2))
    assert find_news(held, ended) is None
    assert find_news(replace(held, hold_asked=NOON), ended) is N.WENT_THROUGH
    assert find_news(replace(held, hold_asked=NOON), replace(held, held_until=NOON + timedelta(days=1))) is None


@sweep("language", LANGUAGES)
@sweep("kind", MovementKind)
def test_every_message_names_the_kind_the_amount_and_when(language: str, kind: MovementKind) -> None:
    locale = locale_of(language, "Asia/Shanghai", NOON)
    word = find(f"kind.{kind.value}", language)
    assert word is not None
    for notice in OutcomeNotice:
        facts = {"kind": kind.value, "amount": {"minor": 15800, "currency": "CNY"}, "initiated_at": to_text(INITIATED)}
        parsed = letter._facts({"facts": facts})
        text = messages.text_message(notice.value, parsed, locale)
        mail = messages.email(notice.value, parsed, locale)
        for said in (text, mail.body):
            assert word in said
            assert "158" in said
            assert ("5:00 PM today" if language == ENGLISH else "今天下午5点") in said
            assert "{" not in said
        assert mail.subject


@pytest.mark.parametrize(("late", "count"), [(timedelta(), 2), (timedelta(milliseconds=1), 0)])
def test_history_is_no_news(quick_money: MoneyWorld, late: timedelta, count: int) -> None:
    quick_money.give_profile()
    quick_money.tell(UNKNOWN)
    after = moved(S.SUCCEEDED, version=2)
    quick_money.now = after.time + NEWS_FOR + late
    quick_money.tell(after)
    assert len(told(quick_money)) == count
