"""Reasons and steps by kind: no withdrawal is told to pay, and no payee's account is told as the customer's."""

import re
from itertools import product

import pytest

from hotline.contracts.model import Failure, Instrument, MoneyState, MovementKind, MovementStatus
from hotline.kit.languages import CHINESE, ENGLISH, LANGUAGES
from hotline.payments.answers import MovementAnswer, answer_of
from hotline.payments.diagnosis import diagnose
from hotline.payments.failures import FAILURES, FailureCode, NextStep
from hotline.payments.kinds import TOLD_OF_PAYEE
from hotline.wording.catalogue import find
from tests.support.money_world import NOON, moved, movement_of
from tests.support.sweeps import sweep

BALANCE, CARD, BANK = Instrument("balance"), Instrument("card", "4242"), Instrument("bank_account", "4242")
OTHER_KINDS = (MovementKind.TOP_UP, MovementKind.TRANSFER, MovementKind.WITHDRAWAL)
_OF_PAYMENTS = {
    ENGLISH: re.compile(
        r"\b(?:pay|pays|paid|paying|payments?|payer|payee|merchant|orders?|biller|shop)\b(?! password)"
    ),
    CHINESE: re.compile("付款|支付(?!密码)|商家|下单|订单|收款方|收费单位"),
}


def answer(kind: MovementKind, instrument: Instrument, failure: Failure, money: MoneyState) -> MovementAnswer:
    movement = movement_of(moved(MovementStatus.FAILED, failure=failure, kind=kind, instrument=instrument, money=money))
    return answer_of(movement, diagnose(movement, NOON, first=None), NOON)


def said(answer: MovementAnswer, language: str) -> str:
    sentences = (answer.reason, answer.next_step, answer.works_when)
    found = (next((text for key in keys if (text := find(key, language))), "") for keys in sentences)
    return " ".join(found)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_a_movement_that_is_no_payment_is_told_in_no_words_of_payments(kind: MovementKind, language: str) -> None:
    for code, instrument, money in product(FailureCode, (BALANCE, CARD, BANK), (MoneyState.NONE, MoneyState.RETURNED)):
        told = answer(kind, instrument, Failure("wallet", code.value), money)
        words = said(told, language)
        assert not _OF_PAYMENTS[language].search(words), (code, instrument, words)
        assert told.step not in (NextStep.ASK_MERCHANT, NextStep.ORDER_AGAIN), code


@sweep(
    ("kind", "instrument", "failure", "english"),
    [
        (MovementKind.WITHDRAWAL, BANK, ("iso20022", "AC04"), "The bank account it was to go to is closed."),
        (MovementKind.WITHDRAWAL, BANK, ("nacha", "R02"), "The bank account it was to go to is closed."),
        (MovementKind.WITHDRAWAL, BANK, ("stripe", "account_closed"), "The bank account it was to go to is closed."),
        (MovementKind.WITHDRAWAL, BANK, ("iso20022", "BE01"), "your bank account"),
        (MovementKind.TRANSFER, BALANCE, ("iso20022", "AC04"), "The other side's account is closed."),
        (MovementKind.TRANSFER, BALANCE, ("nacha", "R02"), "The other side's account is closed."),
        (MovementKind.TRANSFER, CARD, ("nacha", "R02"), "The other side's account is closed."),
        (MovementKind.TRANSFER, CARD, ("iso8583", "54"), "The card has expired. Please add your new card in the app."),
        (MovementKind.TRANSFER, BALANCE, ("iso8583", "54"), "The other side's card has expired."),
        (MovementKind.TRANSFER, BALANCE, ("iso20022", "AC01"), "The other side's bank account or bank code"),
        (MovementKind.TRANSFER, BALANCE, ("nacha", "R04"), "Please check the other side's details."),
        (MovementKind.TRANSFER, BALANCE, ("iso8583", "59"), "Please send it in another way, or ask for a person."),
        (MovementKind.WITHDRAWAL, BANK, ("iso8583", "59"), "Please withdraw to another card or account, or ask"),
        (MovementKind.PAYMENT, CARD, ("iso20022", "AC04"), "The account it was to be paid from is closed."),
        (MovementKind.TRANSFER, BALANCE, ("iso20022", "AG01"), "Please send it in another way."),
        (MovementKind.TRANSFER, BALANCE, ("wallet", "SAVED_DETAILS_INVALID"), "Please send it in another way."),
        (MovementKind.TRANSFER, BALANCE, ("alipay", "PAYER_STATUS_ERROR"), "Please ask for a person, so that"),
        (MovementKind.WITHDRAWAL, BANK, ("alipay", "PAYER_USER_STATUS_LIMIT"), "Please ask for a person, so that"),
        (MovementKind.PAYMENT, BALANCE, ("alipay", "PAYER_STATUS_ERROR"), "Please pay in another way, or ask for a"),
        (MovementKind.PAYMENT, CARD, ("alipay", "PAYER_STATUS_ERROR"), "Please ask the bank or provider of that"),
        (MovementKind.TOP_UP, BANK, ("nacha", "R01"), "Please top up in another way, or when there is enough."),
    ],
)
def test_a_reason_names_the_account_that_it_means(
    kind: MovementKind, instrument: Instrument, failure: tuple[str, str], english: str
) -> None:
    assert english in said(answer(kind, instrument, Failure(*failure), MoneyState.NONE), ENGLISH)


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_nobody_is_sent_to_change_in_the_app_what_belongs_to_the_other_side(kind: MovementKind) -> None:
    for code in FailureCode:
        told = answer(kind, BALANCE, Failure("wallet", code.value), MoneyState.NONE)
        words = said(told, ENGLISH)
        if kind is MovementKind.TRANSFER:
            assert not re.search(r"your (?:new )?card|bank account in the app", words), (code, words)
        if kind is MovementKind.WITHDRAWAL:
            assert "other side" not in words, (code, words)


@sweep("language", LANGUAGES)
@sweep("kind", MovementKind)
def test_a_risk_sounds_like_a_plain_decline_for_every_kind(kind: MovementKind, language: str) -> None:
    plain = [code for code, info in FAILURES.items() if info.plain and code is not FailureCode.OTHER]
    for instrument in (BALANCE, CARD, BANK):
        told = {said(answer(kind, instrument, Failure("wallet", code), MoneyState.NONE), language) for code in plain}
        assert len(told) == 1, told


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_account_of_the_other_side_is_advised_only_where_the_reason_is_theirs(language: str) -> None:
    assert {code for code in FailureCode if find(f"{FAILURES[code].caller_text}.payee", language)} == TOLD_OF_PAYEE
    advised = find("next.use_another_method.payee", language)
    theirs = set[FailureCode]()
    for code in FailureCode:
        told = answer(MovementKind.TRANSFER, BALANCE, Failure("wallet", code), MoneyState.NONE)
        assert told.step is not NextStep.CHECK_PAYEE or code in {*TOLD_OF_PAYEE, FailureCode.PAYEE_DETAILS_INVALID}, (
            code
        )
        if str(advised) in said(told, language):
            theirs.add(code)
    assert theirs == {FailureCode.CARD_NOT_SUPPORTED, FailureCode.ACCOUNT_CLOSED, FailureCode.NO_SUCH_ACCOUNT}


_OF_SHOPS = {ENGLISH: re.compile(r"\b(?:merchant|orders?|shop)\b"), CHINESE: re.compile("商家|下单|订单")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bill_is_told_in_no_words_of_purchases(language: str) -> None:
    for code, instrument, money in product(FailureCode, (BALANCE, CARD, BANK), (MoneyState.NONE, MoneyState.HELD)):
        told = answer(MovementKind.BILL_PAYMENT, instrument, Failure("wallet", code.value), money)
        words = said(told, language)
        assert not _OF_SHOPS[language].search(words), (code, instrument, words)
        assert told.step is not NextStep.ORDER_AGAIN, code


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_top_up_names_no_card_where_the_money_was_to_come_from_a_bank_account(language: str) -> None:
    told = answer(MovementKind.TOP_UP, BANK, Failure("nacha", "R01"), MoneyState.NONE)
    step = next(text for key in told.next_step if (text := find(key, language)))
    assert not re.search("card|卡", step), step


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_customer_who_is_to_withdraw_less_is_not_told_to_wait_for_money(language: str) -> None:
    told = answer(MovementKind.WITHDRAWAL, BANK, Failure("wallet", "INSUFFICIENT_FUNDS"), MoneyState.NONE)
    waits = find("works_when.after_top_up", language)
    assert waits
    assert waits not in said(told, language)
