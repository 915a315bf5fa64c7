"""Was I charged? Each kind of movement has words of its own, by phone and in writing, in every currency."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from functions.connect.steps.payments import facts_of
from functions.http.words import of_payment
from hotline.contracts.limits import CURRENCIES
from hotline.contracts.model import Coupon, Failure, Instrument, MoneyState, MovementKind, MovementStatus, RefundStatus
from hotline.contracts.schemas import parse
from hotline.contracts.vocabulary import COUPON_REASONS
from hotline.kit.languages import CHINESE, ENGLISH, LANGUAGES
from hotline.kit.money import Money
from hotline.payments.answers import answer_of
from hotline.payments.diagnosis import diagnose
from hotline.payments.folds import fold_movement
from hotline.payments.items import movement_from, movement_item
from hotline.payments.model import FAILED_WINDOW, Movement
from hotline.wording.catalogue import find
from hotline.wording.values import locale_of
from tests.support.facts import event
from tests.support.money_world import CAPTURED, NOON, MoneyWorld, moved, movement_of, refunded
from tests.support.spoken_prompt import prompt
from tests.support.sweeps import sweep

S, M, K = MovementStatus, MoneyState, MovementKind


def told(movement: Movement, language: str = ENGLISH, *, days: float = 0) -> tuple[str, str]:
    """The words about a movement: spoken, as SSML, and written."""
    now = NOON + timedelta(days=days)
    diagnosis = diagnose(movement, now, first=None)
    facts = {**facts_of(movement, diagnosis, now), "now": now, "time_zone": "Asia/Shanghai"}
    spoken = prompt("payment_answer", diagnosis.answer.value, facts, language)
    return spoken, of_payment(movement, diagnosis, locale_of(language, "Asia/Shanghai", now))


def of(kind: MovementKind, status: MovementStatus, **own: Any) -> Movement:
    return movement_of(moved(status, kind=kind, merchant=None, **own))


@sweep(
    ("kind", "status", "money", "english", "chinese"),
    [
        (K.PAYMENT, S.FAILED, M.NONE, "No money was taken.", "没有扣款。"),
        (K.PAYMENT, S.FAILED, M.DEBITED, "although it did not go through", "虽然没有成功，钱已经扣除"),
        (K.TOP_UP, S.SUCCEEDED, M.DEBITED, "your balance grew by it", "余额已经增加"),
        (K.TOP_UP, S.FAILED, M.DEBITED, "your balance did not grow by it", "余额没有增加"),
        (K.TOP_UP, S.FAILED, M.NONE, "your balance has not changed", "余额也没有变化"),
        (K.WITHDRAWAL, S.SUCCEEDED, M.DEBITED, "has left your balance", "已经从余额转出"),
        (K.WITHDRAWAL, S.FAILED, M.NONE, "still in your balance", "还在您的余额里"),
        (K.WITHDRAWAL, S.AUTHORISED, M.HELD, "set aside in your balance", "在余额里预留"),
        (K.TRANSFER, S.SUCCEEDED, M.DEBITED, "only they can give it back", "只有对方才能退回"),
        (K.TRANSFER, S.FAILED, M.DEBITED, "did not reach the other side", "对方没有收到"),
        (K.BILL_PAYMENT, S.SUCCEEDED, M.DEBITED, "the biller may need some days", "收费单位入账可能需要几天"),
    ],
)
def test_the_money_is_told_of_as_the_kind_asks(
    kind: MovementKind, status: MovementStatus, money: MoneyState, english: str, chinese: str
) -> None:
    movement = of(kind, status, money=money)
    for language, words in ((ENGLISH, english), (CHINESE, chinese)):
        spoken, written = told(movement, language)
        assert words in spoken
        assert words in written


@pytest.mark.parametrize(
    ("language", "days_before", "day_before", "over"),
    [
        (
            ENGLISH,
            "It can be tried again on December 3",
            "It can be tried again at 6:00 PM tomorrow",
            "Please pay again.",
        ),
        (CHINESE, "12月3日起可以再试", "明天晚上6点起可以再试", "请重新付款"),
    ],
)
def test_the_day_on_which_a_payment_works_is_named_and_is_no_promise_once_it_is_over(
    language: str, days_before: str, day_before: str, over: str
) -> None:
    movement = of(K.PAYMENT, S.FAILED, failure=Failure("mastercard-mac", "30"))
    for days, words in ((1, days_before), (9, day_before), (11, over)):
        spoken, written = told(movement, language, days=days)
        assert (words in spoken, words in written) == (True, True), (days, spoken, written)


def test_a_payment_that_went_through_is_told_that_there_is_nothing_to_do() -> None:
    movement = of(K.PAYMENT, S.SUCCEEDED)
    answer = answer_of(movement, diagnose(movement, NOON, first=None), NOON)
    assert (answer.next_step, answer.then) == (("next.nothing.payment", "next.nothing"), ())
    assert (answer.more, answer.given_back, answer.returned_at) == ((), None, None)


@pytest.mark.parametrize(("language", "words"), [(ENGLISH, "was not paid out"), (CHINESE, "没有退成功")])
def test_a_refund_that_the_wallet_began_and_that_failed_is_told_with_its_payment(
    money: MoneyWorld, language: str, words: str
) -> None:
    money.tell(moved(S.SUCCEEDED), refunded(RefundStatus.SENT))
    assert all(words not in said for said in told(money.movement(), language))
    money.tell(refunded(RefundStatus.FAILED, version=2))
    assert all(words in said for said in told(money.movement(), language))
    money.tell(refunded(RefundStatus.SETTLED, "ref_2", minor=CAPTURED.minor))
    assert all(words not in said for said in told(money.movement(), language))


@pytest.mark.parametrize(("language", "untrue"), [(ENGLISH, "under way"), (CHINESE, "处理中")])
def test_a_refund_that_is_looked_at_is_not_said_to_be_under_way(language: str, untrue: str) -> None:
    movement = replace(of(K.PAYMENT, S.SUCCEEDED), open_refund_id="ref_1", refund_count=1)
    assert all(untrue not in said for said in told(movement, language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_status_and_place_of_the_money_is_told_without_a_hole(language: str) -> None:
    for kind, status, money in product(K, S, M):
        for text in told(of(kind, status, money=money), language):
            assert "{" not in text
            assert "None" not in text


@sweep(("kind", "language"), product(K, LANGUAGES))
def test_nobody_is_told_to_do_it_again_while_the_outcome_is_open(kind: MovementKind, language: str) -> None:
    again = {ENGLISH: "again until this is clear", CHINESE: "请不要重复"}[language]
    asked = find("outcome.asked", language)
    assert asked is not None
    for text in told(of(kind, S.UNKNOWN), language):
        assert again in text
        assert asked in text
    # The wallet is asked about movements of 90 days; of an older one nobody says that it was.
    assert asked not in told(of(kind, S.UNKNOWN), language, days=FAILED_WINDOW / timedelta(days=1) + 1)[1]


@sweep(
    ("kind", "instrument", "english"),
    [
        (K.PAYMENT, "card", "a line of its own, or the charge just disappears"),
        (K.PAYMENT, "balance", "It is in your balance."),
        (K.PAYMENT, "credit_line", "not to your balance"),
        (K.PAYMENT, "paypal", "It went back to your PayPal account"),
        (K.TRANSFER, "balance", "It is in your balance."),
        (K.TRANSFER, "card", "On your card"),
        (K.WITHDRAWAL, "bank_card", "It is in your balance."),
    ],
)
def test_money_that_was_given_back_is_told_with_its_time_and_place(
    kind: MovementKind, instrument: str, english: str
) -> None:
    for text in told(of(kind, S.REVERSED, instrument=Instrument(instrument))):
        assert "returned to you at 6:00 PM today" in text
        assert english in text


@pytest.mark.parametrize(
    ("minor", "english", "chinese"),
    [
        (1, "1 fen of it has been given back", "其中1分已经退回"),
        (5000, "50 yuan of it has been given back", "其中50元已经退回"),
        (12850, "All of it has been", "已经全额退回"),
    ],
)
def test_a_payment_says_how_much_of_it_was_given_back(minor: int, english: str, chinese: str) -> None:
    movement = movement_of(moved(S.SUCCEEDED), refunded(RefundStatus.SETTLED, minor=minor))
    assert movement.given_back_minor == minor
    assert english in told(movement)[0]
    assert chinese in told(movement, CHINESE)[0]
    # The place it went to is said as well.
    assert ("returned.card",) in answer_of(movement, diagnose(movement, NOON, first=None), NOON).more
    under_way = movement_of(moved(S.SUCCEEDED), refunded(RefundStatus.SENT, minor=minor))
    assert under_way.given_back_minor == 0


def test_the_stored_movement_holds_how_much_was_given_back(quick_money: MoneyWorld) -> None:
    quick_money.tell(moved(S.SUCCEEDED))
    quick_money.tell(refunded(RefundStatus.SETTLED, minor=5000))
    assert quick_money.movement().given_back_minor == 5000
    quick_money.tell(refunded(RefundStatus.RETURNED, minor=5000, version=2))
    assert quick_money.movement().given_back_minor == 0


@sweep("currency", sorted(CURRENCIES))
def test_amounts_of_every_currency_are_told_in_both_languages(currency: str) -> None:
    movement = replace(
        movement_of(moved(S.SUCCEEDED, amount=Money(1_234_567, currency))),
        given_back_minor=234_567,
        coupon=Coupon(applied=True, name="Spring", amount=Money(1_000, currency)),
    )
    for language in LANGUAGES:
        for text in told(movement, language):
            assert "{" not in text
            assert ("of it has been given back" if language == ENGLISH else "已经退回") in text


# ---------------------------------------------------------------- what was to be used, and for whom


def test_a_failed_payment_says_what_it_was_to_be_paid_with() -> None:
    failed = moved(S.FAILED, failure=Failure("iso8583", "51"), instrument=Instrument("card", "4242"))
    assert "the card ending in" in told(movement_of(failed))[0]
    assert "the card ending in 4242" in told(movement_of(failed))[1]
    assert "尾号4242的卡" in told(movement_of(failed), CHINESE)[1]
    assert "card ending" not in told(movement_of(moved(S.SUCCEEDED)))[1]
    with_paypal = moved(S.FAILED, failure=Failure("paypal", "INSTRUMENT_DECLINED"), instrument=Instrument("paypal"))
    assert all("You chose PayPal." in text for text in told(movement_of(with_paypal)))
    assert all("您选的是PayPal。" in text for text in told(movement_of(with_paypal), CHINESE))


@sweep("kind", K)
def test_the_means_is_told_of_what_is_paid_and_of_no_transfer_or_withdrawal(kind: MovementKind) -> None:
    movement = of(kind, S.FAILED)
    answer = answer_of(movement, diagnose(movement, NOON, first=None), NOON)
    assert (("paid_with.card",) in answer.more) is (kind not in (K.TRANSFER, K.WITHDRAWAL))


def test_of_the_other_side_one_character_is_kept_and_told() -> None:
    movement = of(K.TRANSFER, S.SUCCEEDED, counterparty="王小明")
    assert movement.counterparty == "王"
    assert "小明" not in str(movement_item(movement))
    assert movement_from({**movement_item(movement), "PK": "-", "SK": "-"}) == movement
    assert "begins with 王" in told(movement)[1]
    assert "对方名称的第一个字是王" in told(movement, CHINESE)[1]
    assert "begins with" not in told(of(K.WITHDRAWAL, S.SUCCEEDED, counterparty="王小明"))[1]


@sweep("reason", COUPON_REASONS)
def test_a_coupon_that_did_not_apply_is_told_with_its_reason(reason: str) -> None:
    coupon = {"applied": False, "name": "Spring", "amount": {"minor": 500, "currency": "CNY"}, "reason": reason.upper()}
    fact = parse(event("payment.succeeded", {"coupon": coupon, "failure": None, "money": "debited"}))
    movement = fold_movement(None, fact, fact.data)  # type: ignore[arg-type]
    assert movement.coupon == Coupon(applied=False, name="Spring", amount=Money(500, "CNY"), reason=reason)
    assert movement_from(movement_item(movement)) == movement
    for language in LANGUAGES:
        why = find(f"coupon.reason.{reason}", language)
        assert (why is None) == (reason == "other")
        for text in told(movement, language):
            assert "Spring" in text
            assert why is None or why in text


def test_a_coupon_that_was_used_is_told_with_what_it_took_off() -> None:
    coupon = {"applied": True, "name": "Spring", "amount": {"minor": 500, "currency": "CNY"}}
    fact = parse(event("payment.succeeded", {"coupon": coupon}))
    movement = fold_movement(None, fact, fact.data)  # type: ignore[arg-type]
    assert "The coupon Spring took" in told(movement)[1]
    assert "优惠券Spring抵扣了" in told(movement, CHINESE)[1]


@pytest.mark.parametrize(("later", "is_asked"), [(timedelta(0), True), (timedelta(microseconds=1), False)])
def test_the_wallet_is_said_to_be_asked_only_while_it_is(later: timedelta, is_asked: bool) -> None:
    movement = of(K.PAYMENT, S.UNKNOWN)
    now = movement.ref.initiated_at + FAILED_WINDOW + later
    assert (("outcome.asked",) in answer_of(movement, diagnose(movement, now, first=None), now).more) is is_asked


def test_a_word_for_a_coupon_that_no_list_has_gives_no_reason() -> None:
    coupon = {"applied": False, "reason": "the moon is full"}
    fact = parse(event("payment.succeeded", {"coupon": coupon}))
    movement = fold_movement(None, fact, fact.data)  # type: ignore[arg-type]
    assert "The coupon was not used." in told(movement)[1]
    assert "moon" not in str(movement_item(movement))
