"""The taxonomy of failures: every code has its words, and decline codes find their way to it."""

import re
from enum import StrEnum

import pytest

from hotline.contracts.model import Failure, MovementKind
from hotline.contracts.vocabulary import NETWORKS, Scheme, network_of
from hotline.payments.decline_codes import (
    TABLE,
    Classified,
    DeclineCode,
    classify,
    classify_movement,
    classify_refund,
    find_row,
    is_known,
    is_of_refunds,
    list_rows,
    reason_of_movement,
)
from hotline.payments.diagnosis import advise
from hotline.payments.failures import (
    FAILURES,
    PLAIN_TEXT,
    Actor,
    FailureCode,
    NextStep,
    RetryClass,
    WorksWhen,
    actor_of,
)
from tests.support.sweeps import sweep


def test_every_code_has_a_row() -> None:
    assert set(FAILURES) == set(FailureCode)


DECLINED = (NextStep.ANOTHER_METHOD_OR_AGENT, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD)
OPEN = (NextStep.WAIT_FOR_OUTCOME, RetryClass.WHEN_OUTCOME_KNOWN, WorksWhen.WHEN_OUTCOME_KNOWN)
ADVICE = {
    FailureCode.INSUFFICIENT_FUNDS: (NextStep.TOP_UP, RetryClass.LATER, WorksWhen.AFTER_TOP_UP),
    FailureCode.LIMIT_AMOUNT: (NextStep.WAIT_FOR_NEW_LIMIT, RetryClass.LATER, WorksWhen.NEXT_DAY),
    FailureCode.LIMIT_COUNT: (NextStep.WAIT_FOR_NEW_LIMIT, RetryClass.LATER, WorksWhen.NEXT_DAY),
    FailureCode.EXPIRED_CARD: (NextStep.UPDATE_CARD, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
    FailureCode.INVALID_CARD_NUMBER: (NextStep.CHECK_DETAILS, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
    FailureCode.WRONG_CVC: (NextStep.CHECK_DETAILS, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
    FailureCode.WRONG_NAME_OR_ADDRESS: (NextStep.CHECK_DETAILS, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
    FailureCode.WRONG_PIN: (NextStep.CHECK_DETAILS, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
    FailureCode.PIN_TRIES: (NextStep.RESET_PIN, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
    FailureCode.AUTH_REQUIRED: (NextStep.CONFIRM_PAYMENT, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_CONFIRMING),
    FailureCode.CARD_NOT_SUPPORTED: (NextStep.USE_ANOTHER_METHOD, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.NOT_PERMITTED: (NextStep.USE_ANOTHER_METHOD, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.ISSUER_DECLINED_GENERIC: (
        NextStep.ANOTHER_METHOD_OR_AGENT,
        RetryClass.NEVER,
        WorksWhen.WITH_ANOTHER_METHOD,
    ),
    FailureCode.SUSPECTED_FRAUD: DECLINED,
    FailureCode.LOST_STOLEN_PICKUP: DECLINED,
    FailureCode.ACCOUNT_CLOSED: (NextStep.USE_ANOTHER_METHOD, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.NO_SUCH_ACCOUNT: (NextStep.USE_ANOTHER_METHOD, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.REVOKED: (NextStep.USE_ANOTHER_METHOD, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.ISSUER_UNAVAILABLE: (NextStep.TRY_LATER, RetryClass.LATER, WorksWhen.IN_AN_HOUR),
    FailureCode.PROCESSOR_ERROR: (NextStep.TRY_LATER, RetryClass.LATER, WorksWhen.IN_AN_HOUR),
    FailureCode.NETWORK_TIMEOUT: (
        NextStep.WAIT_FOR_OUTCOME,
        RetryClass.WHEN_OUTCOME_KNOWN,
        WorksWhen.WHEN_OUTCOME_KNOWN,
    ),
    FailureCode.DUPLICATE: (NextStep.SEE_ORIGINAL, RetryClass.NEVER, WorksWhen.NOT_NEEDED),
    FailureCode.ORDER_CLOSED: (NextStep.ORDER_AGAIN, RetryClass.NEVER, WorksWhen.WITH_NEW_ORDER),
    FailureCode.ORDER_EXPIRED: (NextStep.ORDER_AGAIN, RetryClass.NEVER, WorksWhen.WITH_NEW_ORDER),
    FailureCode.PAYER_MISMATCH: (NextStep.PAY_AS_FIRST_PAYER, RetryClass.AFTER_CHANGE, WorksWhen.WITH_NEW_ORDER),
    FailureCode.WALLET_LOCKED: (NextStep.PAY_AGAIN, RetryClass.AFTER_CHANGE, WorksWhen.AT_ONCE),
    FailureCode.KYC_LIMIT: (NextStep.VERIFY_IDENTITY, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_VERIFYING),
    FailureCode.MERCHANT_CONFIG: (NextStep.ASK_MERCHANT, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.CARD_NOT_ACTIVATED: (NextStep.ACTIVATE_CARD, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
    FailureCode.CARD_REPLACED: (NextStep.UPDATE_CARD, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
    FailureCode.SAVED_DETAILS_INVALID: (NextStep.UPDATE_CARD, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
    FailureCode.WRONG_EXPIRY: (NextStep.CHECK_DETAILS, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
    FailureCode.IDENTITY_MISMATCH: (NextStep.CHECK_DETAILS, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
    FailureCode.VERIFICATION_FAILED: (NextStep.CONFIRM_PAYMENT, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_CONFIRMING),
    FailureCode.PIN_REQUIRED: (NextStep.ENTER_PIN, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_CONFIRMING),
    FailureCode.CHIP_REQUIRED: (NextStep.USE_CHIP, RetryClass.AFTER_CHANGE, WorksWhen.AT_ONCE),
    FailureCode.TOO_MANY_ATTEMPTS: (NextStep.USE_ANOTHER_METHOD, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.METHOD_SWITCHED_OFF: (NextStep.SWITCH_ON_METHOD, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
    FailureCode.NO_USABLE_METHOD: (NextStep.USE_ANOTHER_METHOD, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.PAYER_ACCOUNT_LIMITED: (
        NextStep.ASK_ACCOUNT_PROVIDER,
        RetryClass.AFTER_CHANGE,
        WorksWhen.WITH_ANOTHER_METHOD,
    ),
    FailureCode.ACCOUNT_RESTRICTED: DECLINED,
    FailureCode.LEGAL_BLOCK: DECLINED,
    FailureCode.ACCOUNT_HOLDER_DECEASED: DECLINED,
    FailureCode.INVALID_BANK_DETAILS: (NextStep.UPDATE_BANK_ACCOUNT, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
    FailureCode.CURRENCY_NOT_SUPPORTED: (NextStep.USE_ANOTHER_METHOD, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.AMOUNT_TOO_SMALL: (NextStep.CHANGE_AMOUNT, RetryClass.AFTER_CHANGE, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.AMOUNT_TOO_LARGE: (NextStep.CHANGE_AMOUNT, RetryClass.AFTER_CHANGE, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.COUPON_NOT_APPLICABLE: (NextStep.PAY_WITHOUT_COUPON, RetryClass.AFTER_CHANGE, WorksWhen.AT_ONCE),
    FailureCode.PAYMENT_CODE_INVALID: (NextStep.REFRESH_PAYMENT_CODE, RetryClass.AFTER_CHANGE, WorksWhen.AT_ONCE),
    FailureCode.ISSUER_ASKS_TO_WAIT: (NextStep.TRY_LATER, RetryClass.LATER, WorksWhen.IN_A_DAY),
    FailureCode.SERVICE_CLOSED: (NextStep.TRY_LATER, RetryClass.LATER, WorksWhen.IN_SERVICE_HOURS),
    FailureCode.PAYMENT_IN_PROGRESS: OPEN,
    FailureCode.DEBITED_NOT_POSTED: (NextStep.SPEAK_TO_AGENT, RetryClass.NEVER, WorksWhen.NOT_NEEDED),
    FailureCode.AUTHORISATION_EXPIRED: (NextStep.ORDER_AGAIN, RetryClass.NEVER, WorksWhen.WITH_NEW_ORDER),
    FailureCode.NOT_AUTHORISED: (NextStep.USE_ANOTHER_METHOD, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.CANCELLED_BY_PAYER: (NextStep.ORDER_AGAIN, RetryClass.NEVER, WorksWhen.WITH_NEW_ORDER),
    FailureCode.MONEY_RECALLED: (NextStep.SPEAK_TO_AGENT, RetryClass.NEVER, WorksWhen.NOT_NEEDED),
    FailureCode.ORIGINAL_NOT_FOUND: (NextStep.SPEAK_TO_AGENT, RetryClass.NEVER, WorksWhen.NOT_NEEDED),
    FailureCode.SAME_PAYER_AND_PAYEE: (NextStep.USE_ANOTHER_METHOD, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.PAYEE_DETAILS_INVALID: (NextStep.CHECK_PAYEE, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
    FailureCode.PAYEE_UNAVAILABLE: (NextStep.ASK_PAYEE, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.PAYEE_LIMIT: (NextStep.ASK_PAYEE, RetryClass.AFTER_CHANGE, WorksWhen.WITH_ANOTHER_METHOD),
    FailureCode.REFUND_MERCHANT_FUNDS: (
        NextStep.ASK_MERCHANT_FOR_REFUND,
        RetryClass.AFTER_CHANGE,
        WorksWhen.NOT_NEEDED,
    ),
    FailureCode.REFUND_WINDOW_OVER: (NextStep.ASK_MERCHANT_FOR_REFUND, RetryClass.NEVER, WorksWhen.NOT_NEEDED),
    FailureCode.REFUND_AMOUNT_TOO_HIGH: (NextStep.SEE_REFUND, RetryClass.AFTER_CHANGE, WorksWhen.NOT_NEEDED),
    FailureCode.REFUND_ALREADY_DONE: (NextStep.SEE_REFUND, RetryClass.NEVER, WorksWhen.NOT_NEEDED),
    FailureCode.REFUND_DISPUTED: (NextStep.SPEAK_TO_AGENT, RetryClass.NEVER, WorksWhen.NOT_NEEDED),
    FailureCode.REFUND_DESTINATION_CLOSED: (NextStep.SPEAK_TO_AGENT, RetryClass.AFTER_CHANGE, WorksWhen.NOT_NEEDED),
    FailureCode.REFUND_NOT_ALLOWED: (NextStep.ASK_MERCHANT_FOR_REFUND, RetryClass.NEVER, WorksWhen.NOT_NEEDED),
    FailureCode.REFUND_NOT_YET: (NextStep.WAIT_FOR_REFUND, RetryClass.WHEN_OUTCOME_KNOWN, WorksWhen.NOT_NEEDED),
    FailureCode.REFUND_DATA_MISMATCH: (NextStep.ASK_MERCHANT_FOR_REFUND, RetryClass.AFTER_CHANGE, WorksWhen.NOT_NEEDED),
    FailureCode.REFUND_STILL_RUNNING: (NextStep.WAIT_FOR_REFUND, RetryClass.WHEN_OUTCOME_KNOWN, WorksWhen.NOT_NEEDED),
    FailureCode.OTHER: DECLINED,
}
"""The advice after each failure: the next step, whether to try again, and when it will work."""
PLAIN = {
    FailureCode.ISSUER_DECLINED_GENERIC,
    FailureCode.SUSPECTED_FRAUD,
    FailureCode.LOST_STOLEN_PICKUP,
    FailureCode.ACCOUNT_RESTRICTED,
    FailureCode.LEGAL_BLOCK,
    FailureCode.ACCOUNT_HOLDER_DECEASED,
    FailureCode.OTHER,
}
"""Failures of which a caller hears no reason."""


@sweep("code", FailureCode)
def test_a_failure_has_its_advice(code: FailureCode) -> None:
    info = FAILURES[code]
    assert (info.next_step, info.retry, info.works_when) == ADVICE[code]
    assert info.caller_text == ("failure.declined" if code in PLAIN else f"failure.{code.value.lower()}")
    assert info.agent_text == f"failure.agent.{code.value.lower()}"


@pytest.mark.parametrize("words", [NextStep, RetryClass, WorksWhen])
def test_closed_words_of_advice_are_their_names_in_small_letters(words: type[StrEnum]) -> None:
    """The API and the catalogues know them by these."""
    assert [word.value for word in words] == [word.name.lower() for word in words]
    assert [code.value for code in FailureCode] == [code.name for code in FailureCode]


def test_more_than_twelve_codes_have_words_of_their_own_for_the_caller() -> None:
    assert len({info.caller_text for info in FAILURES.values()}) >= 22
    assert FAILURES[FailureCode.ISSUER_DECLINED_GENERIC].caller_text == PLAIN_TEXT


def test_a_code_is_stored_by_its_name() -> None:
    assert [code.value for code in FailureCode] == list(FailureCode.__members__)


def test_every_code_has_words_of_its_own_for_agents() -> None:
    assert len({info.agent_text for info in FAILURES.values()}) == len(FailureCode)


def test_a_caller_cannot_tell_a_decline_for_risk_from_a_plain_one() -> None:
    plain = FAILURES[FailureCode.ISSUER_DECLINED_GENERIC]
    risky = [info for info in FAILURES.values() if info.risk]
    assert {info.code for info in risky} == {
        FailureCode.SUSPECTED_FRAUD,
        FailureCode.LOST_STOLEN_PICKUP,
        FailureCode.ACCOUNT_RESTRICTED,
        FailureCode.LEGAL_BLOCK,
    }
    for info in risky:
        assert info.caller_text == plain.caller_text
        assert (info.next_step, info.retry, info.works_when) == (plain.next_step, plain.retry, plain.works_when)
        assert info.agent_text != plain.agent_text


def test_a_caller_cannot_tell_an_unknown_reason_from_a_plain_decline() -> None:
    plain, unknown = FAILURES[FailureCode.ISSUER_DECLINED_GENERIC], FAILURES[FailureCode.OTHER]
    assert unknown.caller_text == plain.caller_text == PLAIN_TEXT
    assert (unknown.next_step, unknown.retry, unknown.works_when) == (plain.next_step, plain.retry, plain.works_when)


def test_a_message_alone_does_not_make_a_code_known() -> None:
    found = classify(Failure("newbank", "X1", "Declined: NOT ENOUGH BALANCE"), network=None)
    assert found.mapped
    assert not is_known("newbank", "X1", network=None)
    assert is_known("iso8583", "5", network="visa")


@sweep(
    ("scheme", "code", "network", "forbidden"),
    [
        ("iso8583", "4", None, True),
        ("iso8583", "14", "visa", True),
        ("iso8583", "14", "mastercard", False),
        ("Stripe", "DO_NOT_TRY_AGAIN", None, True),
        ("alipay", "ACQ.PAYMENT_REQUEST_HAS_RISK", None, True),
        ("iso8583", "51", "visa", False),
    ],
)
def test_whether_a_scheme_forbids_another_try_follows_its_code_and_network(
    scheme: str, code: str, network: str | None, forbidden: bool
) -> None:
    row = find_row(scheme, code, network=network)
    assert row is not None
    assert row.forbidden is forbidden


def test_an_open_outcome_is_never_to_be_charged_again() -> None:
    assert FAILURES[FailureCode.NETWORK_TIMEOUT].retry is RetryClass.WHEN_OUTCOME_KNOWN


def test_every_reason_but_the_wallets_own_is_one_of_some_scheme() -> None:
    reached = {row.reason for row in list_rows()}
    assert set(FailureCode) - reached == {FailureCode.OTHER, FailureCode.WALLET_LOCKED}


@sweep("code", [code for code in FailureCode if code is not FailureCode.OTHER])
def test_the_wallets_own_scheme_names_each_reason(code: FailureCode) -> None:
    assert classify(Failure("wallet", code.value.lower()), network=None).code is code
    assert find_row("wallet", code.value, network=None) == DeclineCode(
        Scheme.WALLET, code.value, code, False, None, "names of the taxonomy"
    )
    assert not is_known("wallet", "OTHER", network=None)


def test_the_actor_follows_from_the_step() -> None:
    actors = {code: actor_of(info.next_step) for code, info in FAILURES.items()}
    assert actors[FailureCode.INSUFFICIENT_FUNDS] is Actor.CUSTOMER
    assert actors[FailureCode.MERCHANT_CONFIG] is actors[FailureCode.REFUND_MERCHANT_FUNDS] is Actor.MERCHANT
    assert actors[FailureCode.PAYEE_LIMIT] is Actor.PAYEE
    assert actors[FailureCode.PAYER_ACCOUNT_LIMITED] is Actor.ACCOUNT_PROVIDER
    assert actors[FailureCode.DEBITED_NOT_POSTED] is Actor.AGENT
    assert actors[FailureCode.NETWORK_TIMEOUT] is actors[FailureCode.DUPLICATE] is Actor.NOBODY


def test_nobody_has_to_act_where_something_is_waited_for_and_an_agent_where_only_people_can() -> None:
    waited_for = {step for step in NextStep if step.value.startswith(("wait_for_", "see_"))}
    nobodys = waited_for - {NextStep.WAIT_FOR_NEW_LIMIT} | {NextStep.NOTHING}
    assert {step for step in NextStep if actor_of(step) is Actor.NOBODY} == nobodys
    with_agent = {step for step in NextStep if step.value.endswith("_agent")} - {NextStep.ANOTHER_METHOD_OR_AGENT}
    assert {step for step in NextStep if actor_of(step) is Actor.AGENT} == with_agent


@sweep(
    ("scheme", "network", "code", "expected"),
    [
        ("iso8583", None, "51", FailureCode.INSUFFICIENT_FUNDS),
        ("iso8583", "visa", "51", FailureCode.INSUFFICIENT_FUNDS),
        ("iso8583", None, "5", FailureCode.ISSUER_DECLINED_GENERIC),
        ("iso8583", "visa", "65", FailureCode.LIMIT_COUNT),
        ("iso8583", "mastercard", "65", FailureCode.AUTH_REQUIRED),
        ("iso8583", "visa", "1a", FailureCode.AUTH_REQUIRED),
        ("iso8583", "Master Card", "65", FailureCode.AUTH_REQUIRED),
        ("iso8583", "visa", "R1", FailureCode.REVOKED),
        ("iso8583", None, "43", FailureCode.LOST_STOLEN_PICKUP),
        ("Stripe", None, "expired_card", FailureCode.EXPIRED_CARD),
        ("adyen", None, "20", FailureCode.SUSPECTED_FRAUD),
        ("alipay", None, "ACQ.TRADE_BUYER_NOT_MATCH", FailureCode.PAYER_MISMATCH),
        ("wechat", None, "NOTENOUGH", FailureCode.INSUFFICIENT_FUNDS),
        ("wallet", None, "KYC_LIMIT", FailureCode.KYC_LIMIT),
        ("stripe", None, "billing_invalid_mandate", FailureCode.NOT_AUTHORISED),
        ("stripe", None, "gift_card_inactive", FailureCode.CARD_NOT_ACTIVATED),
        ("antom", None, "VERIFY_UNMATCHED", FailureCode.VERIFICATION_FAILED),
        ("antom", None, "PAYMENT_PROHIBITED", FailureCode.NOT_PERMITTED),
        ("wechat_v3", None, "BIZ_ERR_NEED_RETRY", FailureCode.REFUND_STILL_RUNNING),
        ("wechat", None, "ORDER_NOT_READY", FailureCode.REFUND_NOT_YET),
        ("wechat", None, "CONTRACT_ERROR", FailureCode.REVOKED),
        ("iso8583", "unionpay", "P1", FailureCode.VERIFICATION_FAILED),
        # A surcharge elsewhere; at UnionPay nothing is owed.
        ("iso8583", "unionpay", "B1", FailureCode.ISSUER_DECLINED_GENERIC),
    ],
)
def test_a_decline_code_is_mapped(scheme: str, network: str | None, code: str, expected: FailureCode) -> None:
    found = classify(Failure(scheme, code), network=network)
    assert (found.code, found.mapped) == (expected, True)


def test_the_table_names_every_code_once_with_its_reason_and_its_source() -> None:
    header, *lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = list_rows()
    assert header == "scheme,code,reason,retry,source"
    assert len(lines) == len(rows) > 1_500
    assert [row for row in rows if row.reason is FailureCode.OTHER or not row.source] == []


def test_the_schemes_of_the_table_are_known_and_their_codes_are_found_in_it() -> None:
    for row in list_rows():
        scheme, _, network = row.scheme.partition(":")
        assert scheme in {known.value for known in Scheme}
        assert not network or network in NETWORKS
        assert find_row(row.scheme, row.code, network=None) == row
        assert find_row(scheme.upper(), f"{row.code.lower()} : text", network=network or None) == row


def test_a_row_that_forbids_another_try_has_no_reason_that_only_waits() -> None:
    waiting = {RetryClass.WHEN_OUTCOME_KNOWN, RetryClass.NOT_NEEDED}
    assert [row for row in list_rows() if row.forbidden and FAILURES[row.reason].retry in waiting] == []
    assert [row for row in list_rows() if row.works_when and FAILURES[row.reason].retry is not RetryClass.LATER] == []


def test_every_scheme_has_rows_of_its_own_or_those_of_another() -> None:
    have = {row.scheme.partition(":")[0] for row in list_rows()}
    same = {Scheme.ANTOM, Scheme.WECHAT_V3, Scheme.SEPA, Scheme.UNIONPAY_POS, Scheme.WALLET}
    assert have == {scheme.value for scheme in Scheme if scheme not in same}


@sweep(
    ("scheme", "code", "found"),
    [
        ("iso8583", "051", ("iso8583", "51")),
        ("iso8583", "51 : Insufficient funds", ("iso8583", "51")),
        ("iso8583", "DE39=51", ("iso8583", "51")),
        ("iso8583", "Response code: 51", ("iso8583", "51")),
        ("iso8583:visa", "n7", ("iso8583:visa", "N7")),
        ("Mastercard", "65", ("iso8583:mastercard", "65")),
        ("iso8583:visa", "51", ("iso8583", "51")),
        ("unionpay", "3", ("unionpay", "03")),
        ("UnionPay POS", "A0", ("iso8583:unionpay", "A0")),
        ("adyen", "02", ("adyen", "2")),
        ("paypal", "390", ("paypal", "0390")),
        ("nacha", "3", ("nacha", "R03")),
        ("nacha", "R3", ("nacha", "R03")),
        ("nacha", "C1", ("nacha", "C01")),
        ("mastercard-mac", "2", ("mastercard-mac", "02")),
        ("stripe", "decline code: Insufficient funds", ("stripe", "insufficient_funds")),
        ("sepa", "ac03", ("iso20022", "AC03")),
        ("stripe", "Insufficient Funds", ("stripe", "insufficient_funds")),
        ("antom", "RISK_REJECT", ("alipay", "RISK_REJECT")),
        ("alipay", "AQC.SYSTEM_ERROR", ("alipay", "SYSTEM_ERROR")),
        ("alipay", "isv.invalid-signature", ("alipay", "isv.invalid-signature")),
        ("wechat v3", "RULE_LIMIT", ("wechat", "RULE_LIMIT")),
    ],
)
def test_the_spelling_of_a_code_does_not_matter(scheme: str, code: str, found: tuple[str, str]) -> None:
    row = find_row(scheme, code, network=None)
    assert row is not None
    assert (row.scheme, row.code) == found


@sweep(
    ("scheme", "code", "expected"),
    [
        ("adyen", "21", FailureCode.PROCESSOR_ERROR),
        ("alipay", "ACQ.BEYOND_PAY_RESTRICTION", FailureCode.PAYEE_LIMIT),
        ("alipay", "ACQ.SELLER_BALANCE_NOT_ENOUGH", FailureCode.REFUND_MERCHANT_FUNDS),
        ("alipay", "ACQ.SYSTEM_ERROR", FailureCode.NETWORK_TIMEOUT),
        ("wechat", "NOT_ENOUGH", FailureCode.REFUND_MERCHANT_FUNDS),
        ("wechat", "USER_ACCOUNT_ABNORMAL", FailureCode.REFUND_DESTINATION_CLOSED),
        ("wechat", "USERPAYING", FailureCode.PAYMENT_IN_PROGRESS),
        ("paypal", "REFUND_FAILED_INSUFFICIENT_FUNDS", FailureCode.REFUND_MERCHANT_FUNDS),
        ("stripe", "charge_disputed", FailureCode.REFUND_DISPUTED),
        ("unionpay", "75", FailureCode.DEBITED_NOT_POSTED),
        ("iso8583:visa", "82", FailureCode.WRONG_CVC),
        ("iso8583:mastercard", "82", FailureCode.NOT_PERMITTED),
        ("iso8583:mastercard", "83", FailureCode.SUSPECTED_FRAUD),
        ("alipay", "9000", FailureCode.PAYMENT_IN_PROGRESS),
        ("alipay", "8000", FailureCode.PAYMENT_IN_PROGRESS),
        ("alipay", "6004", FailureCode.PAYMENT_IN_PROGRESS),
        ("alipay", "4000", FailureCode.ISSUER_DECLINED_GENERIC),
        ("alipay", "5000", FailureCode.DUPLICATE),
        ("alipay", "6001", FailureCode.CANCELLED_BY_PAYER),
        ("alipay", "6002", FailureCode.NETWORK_TIMEOUT),
        ("alipay", "ACQ.USER_NOT_MATCH_ERR", FailureCode.PAYER_MISMATCH),
        ("antom", "CURRENCY_NOT_SUPPORT", FailureCode.CURRENCY_NOT_SUPPORTED),
        ("antom", "AUTH_CODE_ALREADY_USED", FailureCode.PAYMENT_CODE_INVALID),
        ("antom", "3D_SECURE_FAIL", FailureCode.VERIFICATION_FAILED),
        ("antom", "KYC_STATUS_ERROR", FailureCode.KYC_LIMIT),
        ("antom", "ISSUER_REJECTS_TRANSACTION", FailureCode.ISSUER_DECLINED_GENERIC),
        ("wechat", "AUTHCODEEXPIRE", FailureCode.PAYMENT_CODE_INVALID),
        ("wechat", "BUYER_MISMATCH", FailureCode.PAYER_MISMATCH),
        ("wechat-v3", "ACCOUNT_NOT_EXIST", FailureCode.PAYEE_DETAILS_INVALID),
        ("adyen", "16", FailureCode.CANCELLED_BY_PAYER),
        ("adyen", "45", FailureCode.CHIP_REQUIRED),
        ("stripe", "currency_not_supported", FailureCode.CURRENCY_NOT_SUPPORTED),
        ("stripe", "amount_too_large", FailureCode.AMOUNT_TOO_LARGE),
        ("stripe", "card_error/card_declined/insufficient_funds", FailureCode.INSUFFICIENT_FUNDS),
        ("alipay", "ACQ.TOTAL_FEE_EXCEED", FailureCode.AMOUNT_TOO_LARGE),
        ("paypal", "CVV2_FAILURE", FailureCode.WRONG_CVC),
        ("paypal", "LOST_OR_STOLEN", FailureCode.LOST_STOLEN_PICKUP),
        ("unionpay", "A6", FailureCode.PAYMENT_IN_PROGRESS),
        ("iso20022", "TECH", FailureCode.MONEY_RECALLED),
        ("iso20022", "LEGL", FailureCode.LEGAL_BLOCK),
        ("iso20022", "CUTA", FailureCode.ISSUER_DECLINED_GENERIC),
        ("iso20022", "RQDA", FailureCode.REFUND_NOT_ALLOWED),
        ("iso20022", "PDNG", FailureCode.PAYMENT_IN_PROGRESS),
        ("nacha", "C03", FailureCode.INVALID_BANK_DETAILS),
        ("wechat", "ORDERCLOSE", FailureCode.ORDER_CLOSED),
        ("wechat", "AUTH_CODE_EXPIRE", FailureCode.PAYMENT_CODE_INVALID),
        ("unionpay", "40", FailureCode.SAVED_DETAILS_INVALID),
        ("unionpay", "44", FailureCode.METHOD_SWITCHED_OFF),
        ("unionpay", "69", FailureCode.ORDER_EXPIRED),
        ("unionpay", "84", FailureCode.PIN_REQUIRED),
        ("unionpay", "88", FailureCode.PAYMENT_CODE_INVALID),
        ("unionpay", "91", FailureCode.VERIFICATION_FAILED),
        ("unionpay", "92", FailureCode.MERCHANT_CONFIG),
        ("unionpay", "96", FailureCode.MERCHANT_CONFIG),
        ("iso8583:amex", "130", FailureCode.AUTH_REQUIRED),
        ("iso8583:amex", "182", FailureCode.ISSUER_ASKS_TO_WAIT),
        ("iso8583:amex", "188", FailureCode.ACCOUNT_CLOSED),
        ("iso8583:amex", "190", FailureCode.IDENTITY_MISMATCH),
        ("iso8583:amex", "193", FailureCode.MERCHANT_CONFIG),
        ("iso8583", "105", FailureCode.ISSUER_DECLINED_GENERIC),
        ("iso8583", "126", FailureCode.PROCESSOR_ERROR),
        ("iso8583", "127", FailureCode.WRONG_PIN),
        ("iso8583", "902", FailureCode.MERCHANT_CONFIG),
        ("iso8583", "905", FailureCode.PROCESSOR_ERROR),
        ("iso8583", "906", FailureCode.PROCESSOR_ERROR),
        ("iso8583", "910", FailureCode.ISSUER_UNAVAILABLE),
        ("iso8583", "914", FailureCode.ORIGINAL_NOT_FOUND),
        ("iso8583:visa", "T2", FailureCode.MERCHANT_CONFIG),
        ("iso8583:visa", "XA", FailureCode.ISSUER_DECLINED_GENERIC),
        ("iso8583:mastercard", "1Z", FailureCode.ISSUER_UNAVAILABLE),
        ("stripe", "payment_method_customer_decline", FailureCode.CANCELLED_BY_PAYER),
        ("paypal", "CREDIT_CARD_REFUSED", FailureCode.ISSUER_DECLINED_GENERIC),
        ("paypal", "10486", FailureCode.NO_USABLE_METHOD),
        ("paypal", "PPSE", FailureCode.ISSUER_DECLINED_GENERIC),
        ("alipay", "ACQ.MERCHANT_PERM_RECEIPT_SINGLE_LIMIT", FailureCode.PAYEE_LIMIT),
        ("alipay", "ACQ.PAYER_UNMATCHED", FailureCode.PAYER_MISMATCH),
        ("alipay", "ACQ.USER_LOGONID_DUP", FailureCode.ISSUER_DECLINED_GENERIC),
        ("alipay", "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR", FailureCode.ORDER_EXPIRED),
        ("alipay", "ACQ.INVALID_RECEIVE_ACCOUNT", FailureCode.MERCHANT_CONFIG),
        ("alipay", "ACQ.ERROR_BALANCE_PAYMENT_DISABL", FailureCode.METHOD_SWITCHED_OFF),
        ("alipay", "ACQ.STORE_INFO_INVALID", FailureCode.MERCHANT_CONFIG),
        ("alipay", "isv.app-call-limited", FailureCode.PROCESSOR_ERROR),
        ("antom", "UNAVAILABLE_PAYMENT_METHOD", FailureCode.NO_USABLE_METHOD),
        ("nacha", "R32", FailureCode.PROCESSOR_ERROR),
        ("nacha", "R44", FailureCode.IDENTITY_MISMATCH),
        ("nacha", "R53", FailureCode.DUPLICATE),
        ("iso20022", "AC10", FailureCode.CURRENCY_NOT_SUPPORTED),
        ("iso20022", "AC11", FailureCode.CURRENCY_NOT_SUPPORTED),
    ],
)
def test_a_code_is_told_by_its_meaning_in_its_scheme(scheme: str, code: str, expected: FailureCode) -> None:
    assert classify(Failure(scheme, code), network=None).code is expected


@sweep(
    "message",
    [
        "seller: not enough balance",
        "Merchant expired card",
        "商户余额不足",
        "收款方余额不足",
        "店铺余额不足",
        "门店账户余额不足",
        "店家余额不足",
        "企业账户余额不足",
        "对方账户余额不足",
        "收方账户余额不足",
        "收单商户余额不足",
        "供应商余额不足",
        "子商户余额不足",
        "服务商余额不足",
        "recipient has insufficient funds",
        "Store has insufficient funds",
        "The store's card expired",
        "Vendor: insufficient funds",
        "shop's card expired",
        "SUPPLIER_INSUFFICIENT_FUNDS",
        "card acceptor: insufficient funds",
        "payee's card expired",
        "The other party has insufficient funds",
    ],
)
def test_a_message_about_the_other_side_explains_nothing(message: str) -> None:
    assert classify(Failure("newbank", "X1", message), network=None) == Classified(FailureCode.OTHER, mapped=False)


@sweep(
    ("message", "expected"),
    [
        ("Could not store the card: card expired", FailureCode.EXPIRED_CARD),
        ("Please restore the card, expired card", FailureCode.EXPIRED_CARD),
        ("The stored card expired", FailureCode.EXPIRED_CARD),
        ("Shopper has insufficient funds", FailureCode.INSUFFICIENT_FUNDS),
        ("in-store payment: incorrect pin", FailureCode.WRONG_PIN),
        ("The amount exceeded your online shopping limit", FailureCode.LIMIT_AMOUNT),
        ("到店支付密码错误", FailureCode.WRONG_PIN),
        ("收单机构故障", FailureCode.PROCESSOR_ERROR),
    ],
)
def test_a_word_like_one_for_a_shop_does_not_hide_what_is_said_of_the_customer(
    message: str, expected: FailureCode
) -> None:
    assert classify(Failure("newbank", "X1", message), network=None).code is expected


@sweep(
    ("message", "expected"),
    [
        ("支付结果未知", FailureCode.PAYMENT_IN_PROGRESS),
        ("商户订单支付结果未知", FailureCode.PAYMENT_IN_PROGRESS),
        ("正在处理中，支付结果未知（有可能已经支付成功）", FailureCode.PAYMENT_IN_PROGRESS),
        ("交易处理中，请稍后查询", FailureCode.PAYMENT_IN_PROGRESS),
        ("用户支付中，需要输入密码", FailureCode.PAYMENT_IN_PROGRESS),
        ("Payment result unknown", FailureCode.PAYMENT_IN_PROGRESS),
        ("The outcome is unknown", FailureCode.PAYMENT_IN_PROGRESS),
        ("Transaction in progress", FailureCode.PAYMENT_IN_PROGRESS),
        ("The payment is still processing", FailureCode.PAYMENT_IN_PROGRESS),
        ("Pending", FailureCode.PAYMENT_IN_PROGRESS),
        ("Merchant order pending", FailureCode.PAYMENT_IN_PROGRESS),
        ("Duplicate request, the first is in process", FailureCode.PAYMENT_IN_PROGRESS),
        ("退款处理中", FailureCode.REFUND_STILL_RUNNING),
        ("Refund pending", FailureCode.REFUND_STILL_RUNNING),
        ("处理中心异常", FailureCode.OTHER),
        ("支付中断", FailureCode.OTHER),
        ("processing error", FailureCode.OTHER),
        ("spending limit, amount exceeded", FailureCode.LIMIT_AMOUNT),
        ("Account with pending verification", FailureCode.OTHER),
        ("Fraud check pending", FailureCode.SUSPECTED_FRAUD),
    ],
)
def test_a_message_that_leaves_the_outcome_open_decides_for_that(message: str, expected: FailureCode) -> None:
    assert classify(Failure("newbank", "X1", message), network=None).code is expected


@sweep(
    ("message", "expected"),
    [
        ("您的银行卡已过期", FailureCode.EXPIRED_CARD),
        ("付款码已过期", FailureCode.PAYMENT_CODE_INVALID),
        ("涉嫌欺诈", FailureCode.SUSPECTED_FRAUD),
        ("银行卡已挂失", FailureCode.LOST_STOLEN_PICKUP),
        ("卡片遗失", FailureCode.LOST_STOLEN_PICKUP),
        ("受限制的卡", FailureCode.LOST_STOLEN_PICKUP),
        ("账户资金不足", FailureCode.INSUFFICIENT_FUNDS),
        ("卡号有误", FailureCode.INVALID_CARD_NUMBER),
        ("安全码不正确", FailureCode.WRONG_CVC),
        ("密码输入错误", FailureCode.WRONG_PIN),
        ("密码错误次数超限", FailureCode.PIN_TRIES),
        ("需要身份验证", FailureCode.AUTH_REQUIRED),
        ("该卡不允许此交易", FailureCode.NOT_PERMITTED),
        ("不支持该卡种", FailureCode.CARD_NOT_SUPPORTED),
        ("不支持该币种", FailureCode.CURRENCY_NOT_SUPPORTED),
        ("单笔金额超限", FailureCode.LIMIT_AMOUNT),
        ("交易次数超限", FailureCode.LIMIT_COUNT),
        ("发卡行系统故障", FailureCode.ISSUER_UNAVAILABLE),
        ("收单行异常", FailureCode.PROCESSOR_ERROR),
        ("银行应答超时", FailureCode.NETWORK_TIMEOUT),
        ("订单超时关闭", FailureCode.ORDER_EXPIRED),
        ("重复交易", FailureCode.DUPLICATE),
        ("不予承兑", FailureCode.ISSUER_DECLINED_GENERIC),
    ],
)
def test_a_message_in_chinese_explains_as_much_as_one_in_english(message: str, expected: FailureCode) -> None:
    assert classify(Failure("newbank", "X1", message), network=None).code is expected


@sweep(
    ("phrase", "expected"),
    [
        ("fraud", FailureCode.SUSPECTED_FRAUD),
        ("lost card", FailureCode.LOST_STOLEN_PICKUP),
        ("stolen card", FailureCode.LOST_STOLEN_PICKUP),
        ("pick up card", FailureCode.LOST_STOLEN_PICKUP),
        ("blocked card", FailureCode.LOST_STOLEN_PICKUP),
        ("restricted card", FailureCode.LOST_STOLEN_PICKUP),
        ("stolen", FailureCode.LOST_STOLEN_PICKUP),
        ("挂失", FailureCode.LOST_STOLEN_PICKUP),
        ("被盗", FailureCode.LOST_STOLEN_PICKUP),
        ("没收", FailureCode.LOST_STOLEN_PICKUP),
        ("risk", FailureCode.SUSPECTED_FRAUD),
        ("风险", FailureCode.SUSPECTED_FRAUD),
        ("密码错误", FailureCode.WRONG_PIN),
        ("限额", FailureCode.LIMIT_AMOUNT),
        ("insufficient funds", FailureCode.INSUFFICIENT_FUNDS),
        ("not enough balance", FailureCode.INSUFFICIENT_FUNDS),
        ("余额不足", FailureCode.INSUFFICIENT_FUNDS),
        ("expired card", FailureCode.EXPIRED_CARD),
        ("card expired", FailureCode.EXPIRED_CARD),
        ("invalid card number", FailureCode.INVALID_CARD_NUMBER),
        ("wrong cvc", FailureCode.WRONG_CVC),
        ("security code mismatch", FailureCode.WRONG_CVC),
        ("incorrect pin", FailureCode.WRONG_PIN),
        ("invalid pin", FailureCode.WRONG_PIN),
        ("3d not authenticated", FailureCode.AUTH_REQUIRED),
        ("authentication required", FailureCode.AUTH_REQUIRED),
        ("not permitted", FailureCode.NOT_PERMITTED),
        ("card not supported", FailureCode.CARD_NOT_SUPPORTED),
        ("amount exceeded", FailureCode.LIMIT_AMOUNT),
        ("count exceeded", FailureCode.LIMIT_COUNT),
        ("issuer unavailable", FailureCode.ISSUER_UNAVAILABLE),
        ("acquirer error", FailureCode.PROCESSOR_ERROR),
        ("timed out", FailureCode.NETWORK_TIMEOUT),
        ("timeout", FailureCode.NETWORK_TIMEOUT),
        ("duplicate transaction", FailureCode.DUPLICATE),
        ("do not honor", FailureCode.ISSUER_DECLINED_GENERIC),
    ],
)
def test_a_message_explains_a_code_that_nobody_knows(phrase: str, expected: FailureCode) -> None:
    found = classify(Failure("newbank", "X1", f"Declined: {phrase.upper()} (4711)"), network=None)
    assert (found.code, found.mapped) == (expected, True)


@sweep(
    "message",
    [
        "用户账号重复",
        "重复签约",
        "请勿重复提交",
        "请勿重复支付",
        "订单号重复",
        "Duplicate request id",
        "duplicate",
        "Duplicate order number",
        "Cutover in process",
        "Cut-off in progress",
        "in process of migration",
        "The payment system is in process of migration",
        "系统日切处理中",
        "Invalid PIN block",
        "Incorrect PIN length",
        "Acquirer not supported by switch",
        "PIN pad not supported",
        "not supported",
        "不支持该接口",
        "营销账户余额不足",
        "代金券余额不足",
        "红包余额不足",
        "Insufficient funds in your Stripe account",
        "APP密码错误",
        "登录密码错误",
        "Function not permitted to terminal",
        "接口不允许调用",
        "该活动限额",
        "您的输入超时",
        "Security code key not loaded",
    ],
)
def test_a_phrase_explains_nothing_where_a_word_beside_it_may_turn_it(message: str) -> None:
    """A phrase counts as a whole statement about the payer only; what else is said may be about anybody."""
    for code, said in (("X1", message), (message, None)):
        assert classify(Failure("newbank", code, said), network=None) == Classified(FailureCode.OTHER, mapped=False)


@sweep(
    ("message", "expected"),
    [
        ("Your card has insufficient funds.", FailureCode.INSUFFICIENT_FUNDS),
        ("The customer's account has insufficient funds to cover this payment.", FailureCode.INSUFFICIENT_FUNDS),
        ("用户账户余额不足，请充值", FailureCode.INSUFFICIENT_FUNDS),
        ("买家余额不足", FailureCode.INSUFFICIENT_FUNDS),
        ("Transaction not permitted to cardholder", FailureCode.NOT_PERMITTED),
        ("Your card's security code is incorrect.", FailureCode.WRONG_CVC),
        ("超出银行卡单笔支付限额", FailureCode.LIMIT_AMOUNT),
        ("The order has already been paid", FailureCode.DUPLICATE),
        ("This card is not supported.", FailureCode.CARD_NOT_SUPPORTED),
    ],
)
def test_a_whole_statement_about_the_payer_explains_a_code_that_nobody_knows(
    message: str, expected: FailureCode
) -> None:
    assert classify(Failure("newbank", "X1", message), network=None).code is expected


def test_a_long_message_takes_no_long_time_to_read() -> None:
    """The words beside a phrase are read once, without trying each way to divide them."""
    long = Failure("newbank", "X1", "insufficient funds " + "1" * 5_000 + "卡" * 5_000 + " elsewhere")
    assert classify(long, network=None).code is FailureCode.OTHER


@pytest.mark.parametrize("kind", MovementKind)
def test_no_code_explains_a_movement_by_a_refund(kind: MovementKind) -> None:
    for row in list_rows():
        for message in (None, "退款处理中", "Refund pending"):
            found = classify_movement(Failure(row.scheme, row.code, message), kind=kind, network=None)
            assert not is_of_refunds(found.code), (row, message)
    for code in FailureCode:
        found = classify_movement(Failure("wallet", code.value), kind=kind, network=None)
        assert not is_of_refunds(found.code), code
        assert not is_of_refunds(reason_of_movement(code)), code
    unknown = classify_movement(Failure("newbank", "X1", "Refund pending"), kind=kind, network=None)
    assert unknown.code is FailureCode.PAYMENT_IN_PROGRESS


def test_no_code_explains_a_refund_by_a_payment() -> None:
    schemes = [(row.scheme, row.code) for row in list_rows()] + [("wallet", code.value) for code in FailureCode]
    for scheme, code in schemes:
        found = classify_refund(Failure(scheme, code))
        assert is_of_refunds(found) or found is FailureCode.OTHER, (scheme, code)


@sweep("code", ["NOT_ENOUGH", "NOTENOUGH"])
@sweep("scheme", ["wechat", "wechat-v3"])
def test_money_that_is_short_is_that_of_whoever_pays_by_the_request(scheme: str, code: str) -> None:
    """WeChat Pay has one code for the payer of a payment, and for the merchant of a refund or a transfer to others."""
    failure = Failure(scheme, code, "余额不足")
    told = {kind: classify_movement(failure, kind=kind, network=None).code for kind in MovementKind}
    assert told == {
        MovementKind.PAYMENT: FailureCode.INSUFFICIENT_FUNDS,
        MovementKind.BILL_PAYMENT: FailureCode.INSUFFICIENT_FUNDS,
        MovementKind.TOP_UP: FailureCode.INSUFFICIENT_FUNDS,
        MovementKind.TRANSFER: FailureCode.ISSUER_DECLINED_GENERIC,
        MovementKind.WITHDRAWAL: FailureCode.ISSUER_DECLINED_GENERIC,
    }
    assert classify_refund(failure) is FailureCode.REFUND_MERCHANT_FUNDS


def test_a_known_code_wins_over_what_its_message_says() -> None:
    found = classify(Failure("iso8583", "54", "Insufficient funds"), network=None)
    assert found.code is FailureCode.EXPIRED_CARD


def test_the_message_helps_when_the_code_is_unknown() -> None:
    found = classify(Failure("newbank", "X1", "Declined: NOT ENOUGH BALANCE"), network=None)
    assert (found.code, found.mapped) == (FailureCode.INSUFFICIENT_FUNDS, True)


@pytest.mark.parametrize("message", ["Pick-up, expired card", "insufficient funds", "wrong cvc"])
def test_a_card_to_be_kept_is_told_as_such_whatever_its_message_says(message: str) -> None:
    assert classify(Failure("iso8583", "33", message), network=None).code is FailureCode.LOST_STOLEN_PICKUP


def test_the_words_of_an_unknown_code_explain_it_unless_they_are_about_the_other_side() -> None:
    found = [classify(Failure("newbank", code), network=None).code for code in ("X_STOLEN_CARD", "CARD_EXPIRED")]
    assert found == [FailureCode.LOST_STOLEN_PICKUP, FailureCode.EXPIRED_CARD]
    others = ("REFUND_INSUFFICIENT_FUNDS", "SELLER_INSUFFICIENT_FUNDS", "X1")
    assert {classify(Failure("newbank", code), network=None).code for code in others} == {FailureCode.OTHER}


def test_risk_in_a_message_is_found_before_anything_else_in_it() -> None:
    found = classify(Failure("newbank", "X1", "insufficient funds, possible fraud"), network=None)
    assert found.code is FailureCode.SUSPECTED_FRAUD


def test_an_unknown_code_is_told_in_general_words_and_counted() -> None:
    found = classify(Failure("newbank", "X1", None), network=None)
    assert (found.code, found.mapped) == (FailureCode.OTHER, False)


def test_only_card_networks_are_networks() -> None:
    assert (network_of("Visa"), network_of("balance")) == ("visa", None)


@sweep("scheme", ["ISO8583", "iso-8583", "ISO_8583", "Iso 8583"])
def test_the_spelling_of_a_scheme_does_not_matter(scheme: str) -> None:
    assert classify(Failure(scheme, "51"), network=None).code is FailureCode.INSUFFICIENT_FUNDS
    assert find_row(scheme, "43", network=None) == find_row("iso8583", "43", network=None)


@sweep(
    ("scheme", "code", "expected"),
    [
        ("stripe", "card_declined: insufficient_funds", FailureCode.INSUFFICIENT_FUNDS),
        ("stripe", "card_declined (expired_card)", FailureCode.EXPIRED_CARD),
        ("paypal", "INSTRUMENT_DECLINED (PPAX)", FailureCode.LIMIT_AMOUNT),
        ("stripe", "card_declined: whatever", FailureCode.ISSUER_DECLINED_GENERIC),
        ("alipay", "aop.ACQ.SYSTEM_ERROR", FailureCode.NETWORK_TIMEOUT),
        ("alipay", "aop.unknow-error", FailureCode.NETWORK_TIMEOUT),
        ("iso8583", "５１", FailureCode.INSUFFICIENT_FUNDS),
        ("iso8583", "51:", FailureCode.INSUFFICIENT_FUNDS),
        ("iso8583", "5 1", FailureCode.OTHER),
        ("iso8583", "51 declined at terminal 12", FailureCode.INSUFFICIENT_FUNDS),
        ("iso8583", "Response code: 51, reason code: 4", FailureCode.INSUFFICIENT_FUNDS),
        ("iso8583", "05 declined: 51", FailureCode.INSUFFICIENT_FUNDS),
        ("iso8583", "05 declined: 51/12", FailureCode.ISSUER_DECLINED_GENERIC),
        ("paypal", "PENDING", FailureCode.PAYMENT_IN_PROGRESS),
    ],
)
def test_the_most_specific_part_of_a_code_is_read_and_nothing_is_guessed(
    scheme: str, code: str, expected: FailureCode
) -> None:
    assert classify(Failure(scheme, code), network=None).code is expected


@pytest.mark.parametrize(
    "spelled",
    [
        "{}", " {} ", "[{}]", "({})", "'{}", "\"{}\"", "={}", "【{}】", "“{}”", "{}:", "{} - text", "{}-text",
        "[{}] text", "{}: text 12", "{}（余额不足）", "code: {}", "Response Code={}", "error_code: [{}]",
    ],
)  # fmt: skip
def test_noise_around_a_code_leaves_its_row(spelled: str) -> None:
    for row in list_rows():
        for code in (row.code, row.code.lower(), row.code.upper()):
            assert find_row(row.scheme, spelled.format(code), network=None) == row


def test_the_name_of_its_own_scheme_before_a_code_leaves_its_row() -> None:
    for row in list_rows():
        scheme = row.scheme.partition(":")[0]
        for spelled in (f"{scheme}.{row.code}", f"{scheme.upper()}: {row.code}"):
            assert find_row(row.scheme, spelled, network=None) == row


def test_a_number_from_a_spreadsheet_leaves_its_row() -> None:
    for row in list_rows():
        if row.code.isdigit():
            assert find_row(row.scheme, f"{int(row.code)}.0", network=None) == row


@sweep(
    ("scheme", "code", "found"),
    [
        ("iso8583", "RC51", "51"),
        ("iso8583", "RC-51", "51"),
        ("iso8583", "DE39_51", "51"),
        ("iso8583", "51-Insufficient funds", "51"),
        ("iso8583:visa", "RCN7", "N7"),
        ("iso8583:visa", "N-7", "N7"),
        ("unionpay", "RC51", None),
        ("unionpay", "RC64", "64"),
        ("mastercard-mac", "MAC03", "03"),
        ("mastercard-mac", "MAC 3", "03"),
        ("iso8583", "MAC03", None),
        ("mastercard-mac", "RC03", None),
        ("iso20022", "RJCT/AM04", "AM04"),
        ("iso20022", "AM-04", "AM04"),
        ("iso20022", "AM 04", "AM04"),
        ("nacha", "R-01", "R01"),
        ("nacha", "R 02 - Account Closed", "R02"),
        ("nacha", "R 2: Account Closed", "R02"),
        ("nacha", "ACH R 02", "R02"),
        ("iso20022", "AC 04 - closed", "AC04"),
        ("adyen", "AVS Declined", "AVS_Declined"),
        ("adyen", "refusal reason: Revocation Of Auth", None),
        ("paypal", "PAYPAL.INSTRUMENT_DECLINED", "INSTRUMENT_DECLINED"),
        ("paypal", "UNPROCESSABLE_ENTITY/INSTRUMENT_DECLINED", "INSTRUMENT_DECLINED"),
        ("paypal", "UNPROCESSABLE_ENTITY: INSTRUMENT_DECLINED (PPAX)", "PPAX"),
        ("paypal", "UNPROCESSABLE_ENTITY/whatever", "UNPROCESSABLE_ENTITY"),
        ("stripe", "card_declined - insufficient_funds", "insufficient_funds"),
        ("stripe", "card_declined [expired_card]", "expired_card"),
        ("alipay", "isv.ACQ.SYSTEM_ERROR", "SYSTEM_ERROR"),
        ("alipay", "ACQ:SYSTEM_ERROR", "SYSTEM_ERROR"),
        ("alipay", "ACQ:SYSTEM_ERROR: busy", "SYSTEM_ERROR"),
        ("alipay", "isv.ACQ.BEYOND_PAY_RESTRICTION", "ACQ.BEYOND_PAY_RESTRICTION"),
        ("alipay", "BEYOND_PAY_RESTRICTION", "BEYOND_PAY_RESTRICTION"),
        ("alipay", "40004/ACQ.TRADE_HAS_SUCCESS", "TRADE_HAS_SUCCESS"),
    ],
)
def test_labels_and_names_before_a_code_are_read_in_their_own_scheme_only(
    scheme: str, code: str, found: str | None
) -> None:
    row = find_row(scheme, code, network=None)
    assert (row.code if row else None) == found


@sweep(
    "code",
    [
        "5 1", "5-1", "51-12", "51/12", "51.05", "1.051", "[12] 51", "RC 5 1", "RC5 1", "terminal 51", "terminal-51",
        "after 51 s", "151515", "A51", "rc5151", "51a", "code", "''", "-", "",
    ],
)  # fmt: skip
def test_digits_in_a_text_are_no_code(code: str) -> None:
    assert find_row("iso8583", code, network=None) is None
    assert find_row("adyen", code.replace("51", "12").replace("12-12", "12-13"), network=None) is None


@sweep("code", ["05 amount: 51 EUR", "05: 51, 12", "05 declined [51 at terminal]", "05/51/12"])
def test_a_number_behind_a_general_code_is_no_code_unless_it_stands_alone(code: str) -> None:
    found = find_row("iso8583", code, network=None)
    assert found is None or found.code == "05"


def test_adyens_names_of_refusals_are_told_as_their_numbers() -> None:
    named = [("2", "Refused"), ("26", "Revocation Of Auth"), ("32", "AVS Declined"), ("22", "FRAUD-CANCELLED")]
    for pair in named:
        number, name = (find_row("adyen", spelled, network=None) for spelled in pair)
        assert number is not None
        assert name is not None
        assert (number.reason, number.forbidden) == (name.reason, name.forbidden)


_OPEN_NAME = re.compile(
    "time_?out|timed_?out|unknown?_(?:error|outcome|exception)|internal_(?:server|service)?_?error|api_error"
    "|api_connection|^system_?error|service_unavailable|system_unavailable|key_in_use|bank_?error|traffic_exceed",
    re.IGNORECASE,
)
"""Names of answers after which the provider itself may not know what became of the request."""
_CLOSED_ALTHOUGH_NAMED_SO = {
    ("stripe", "lock_timeout"),  # refused before it was carried out
    ("stripe", "terminal_reader_timeout"),  # the reader never got it
    ("stripe", "payment_method_microdeposit_verification_timeout"),  # the time to verify an account ran out
    ("alipay", "TIMEOUT_EXPRESS_ERROR"),  # a time in the request is not right
}


def test_a_code_that_leaves_the_outcome_open_never_says_later() -> None:
    open_ones = [row for row in list_rows() if _OPEN_NAME.search(row.code)]
    assert len(open_ones) > 20
    for row in open_ones:
        is_open = FAILURES[row.reason].retry is RetryClass.WHEN_OUTCOME_KNOWN
        assert is_open is ((row.scheme, row.code) not in _CLOSED_ALTHOUGH_NAMED_SO), row


@sweep(
    ("scheme", "code"),
    [
        ("wechat", "BANKERROR"),
        ("wechat", "BANK_ERROR"),
        ("stripe", "api_connection_error"),
        ("stripe", "api_error"),
        ("stripe", "idempotency_key_in_use"),
        ("stripe", "payment_method_provider_unknown_outcome"),
        ("paypal", "INTERNAL_SERVER_ERROR"),
        ("paypal", "SERVICE_UNAVAILABLE"),
        ("antom", "REQUEST_TRAFFIC_EXCEED_LIMIT"),
        ("iso8583", "68"),
        ("iso8583", "911"),
    ],
)
def test_after_an_open_outcome_nobody_is_advised_to_pay(scheme: str, code: str) -> None:
    reason = classify(Failure(scheme, code), network=None).code
    assert advise(reason, scheme, code, network=None) == OPEN


def test_the_same_paypal_answer_is_told_alike_by_its_code_and_by_its_name() -> None:
    named = [("5110", "CVV2_FAILURE"), ("9500", "SUSPECTED_FRAUD"), ("PPRN", "REATTEMPT_NOT_PERMITTED")]
    for pair in named:
        code, name = (find_row("paypal", spelled, network=None) for spelled in pair)
        assert code is not None
        assert name is not None
        assert (code.reason, code.forbidden) == (name.reason, name.forbidden)


@sweep(
    "message",
    [
        "N - CVV2 No Match", "CVV2 non-match", "CVV does not match", "The CVC did not match.", "CVV not matched",
        "security code mismatch", "Your card's security code is invalid", "CVC check failed", "cvn failed to match",
        "declined: incorrect cvv2 (4711)", "安全码不匹配", "卡片安全码校验失败", "您的安全码有误",
    ],
)  # fmt: skip
def test_a_message_that_says_that_the_security_code_was_wrong_is_told_so(message: str) -> None:
    assert classify(Failure("newbank", "X1", message), network=None).code is FailureCode.WRONG_CVC


@sweep(
    "message",
    [
        "M - CVV2 Match", "CVV matched", "the security code matched", "CVV2", "cvc check", "Declined: CVV matched",
        "not an incorrect cvv", "card declined, not due to cvv", "CVV2 match, declined", "cvc not incorrect",
        "Declined, not due to insufficient funds", "not an expired card", "not incorrect pin", "安全码匹配",
        "安全码校验通过", "安全码", "not a timeout",
    ],
)  # fmt: skip
def test_a_message_that_names_a_thing_or_denies_it_explains_nothing(message: str) -> None:
    found = classify(Failure("newbank", "X1", message), network=None)
    assert (found.code, found.mapped) == (FailureCode.OTHER, False)


@sweep(
    "message",
    [
        "The order is not already paid", "Not a duplicate transaction", "Order already paid failed", "订单已支付失败",
        "Your account is not timed out", "card is not an expired card", "The result is not unknown", "订单已付款失败",
        "The payment is no longer pending", "is not in progress", "the payment isn't being processed", "没有在处理中",
        "Status: not pending", "不在处理中", "支付未在处理中", "Not stolen", "No fraud suspected", "without risk",
        "无风险", "不存在欺诈", "未挂失", "卡未被盗", "不是余额不足", "并非重复支付", "未超时", "Not a lost card",
    ],
)  # fmt: skip
def test_a_denied_thing_is_not_told_as_the_reason(message: str) -> None:
    found = classify(Failure("newbank", "X1", message), network=None)
    assert (found.code, found.mapped) == (FailureCode.OTHER, False)


@sweep(
    ("message", "expected"),
    [
        ("Transaction not allowed due to fraud", FailureCode.SUSPECTED_FRAUD),
        ("不予通过，存在风险", FailureCode.SUSPECTED_FRAUD),
        ("No fraud, but the card is stolen", FailureCode.LOST_STOLEN_PICKUP),
        ("Not declined. Still pending", FailureCode.PAYMENT_IN_PROGRESS),
        ("outcome not known", FailureCode.PAYMENT_IN_PROGRESS),
        ("支付失败：订单已支付", FailureCode.DUPLICATE),
        ("Payment failed: order already paid", FailureCode.DUPLICATE),
        ("重复支付失败", FailureCode.DUPLICATE),
    ],
)
def test_a_denial_of_one_thing_does_not_hide_another(message: str, expected: FailureCode) -> None:
    assert classify(Failure("newbank", "X1", message), network=None).code is expected


@sweep(
    ("scheme", "code", "expected"),
    [
        ("stripe", "Card Declined / Insufficient-Funds", FailureCode.INSUFFICIENT_FUNDS),
        ("stripe", "card declined: expired card", FailureCode.EXPIRED_CARD),
        ("alipay", "ACQ. TRADE_HAS_SUCCESS", FailureCode.DUPLICATE),
        ("alipay", "ACQ: TRADE_HAS_SUCCESS", FailureCode.DUPLICATE),
        ("iso20022", "RSN/AM04", FailureCode.INSUFFICIENT_FUNDS),
        ("sepa", "StsRsnInf/Rsn/Cd AM04", FailureCode.INSUFFICIENT_FUNDS),
        ("iso20022", "Rsn: AC04", FailureCode.ACCOUNT_CLOSED),
    ],
)
def test_a_code_is_read_however_its_parts_are_written(scheme: str, code: str, expected: FailureCode) -> None:
    assert classify(Failure(scheme, code), network=None) == Classified(expected, mapped=True)


@sweep(
    ("scheme", "code", "expected"),
    [
        ("wechat-v3", "MERCHANT_REJECT", FailureCode.ISSUER_DECLINED_GENERIC),
        ("wechat-v3", "BANK_CARD_ACCOUNT_ABNORMAL", FailureCode.PAYEE_UNAVAILABLE),
        ("wechat-v3", "BANK_CARD_CARD_INFO_WRONG", FailureCode.PAYEE_DETAILS_INVALID),
        ("wechat-v3", "BANK_CARD_COLLECTIONS_ABOVE_QUOTA", FailureCode.PAYEE_LIMIT),
        ("wechat-v3", "PAYROLL_CARD_ALREADY_FROZEN", FailureCode.PAYEE_UNAVAILABLE),
        ("alipay", "EXCEED_LIMIT_DC_RECEIVED", FailureCode.PAYEE_LIMIT),
        ("alipay", "PAYER_PERMLIMIT_CHECK_FAILURE", FailureCode.PAYER_ACCOUNT_LIMITED),
        ("alipay", "isv.missing-timestamp", FailureCode.MERCHANT_CONFIG),
        ("antom", "ORDER_IS_PAID", FailureCode.DUPLICATE),
        ("stripe", "forwarding_api_upstream_connection_timeout", FailureCode.NETWORK_TIMEOUT),
        ("stripe", "india_recurring_payment_mandate_canceled", FailureCode.REVOKED),
        ("stripe", "debit_authorization_not_match", FailureCode.NOT_AUTHORISED),
        ("adyen", "notEnoughBalance", FailureCode.INSUFFICIENT_FUNDS),
        ("adyen", "counterpartyAccountClosed", FailureCode.PAYEE_UNAVAILABLE),
        ("adyen", "pendingApproval", FailureCode.PAYMENT_IN_PROGRESS),
        ("paypal", "EXPIRED_CREDIT_CARD_TOKEN", FailureCode.SAVED_DETAILS_INVALID),
        ("paypal", "10415", FailureCode.DUPLICATE),
        ("paypal", "10001", FailureCode.NETWORK_TIMEOUT),
        ("paypal", "10417", FailureCode.NO_USABLE_METHOD),
        ("paypal", "NEGATIVE_BALANCE", FailureCode.ISSUER_DECLINED_GENERIC),
        ("iso8583", "917", FailureCode.PROCESSOR_ERROR),
        ("iso8583", "N7", FailureCode.WRONG_CVC),
        ("iso20022", "PART", FailureCode.PAYMENT_IN_PROGRESS),
    ],
)
def test_codes_of_transfers_and_of_older_interfaces_have_rows(scheme: str, code: str, expected: FailureCode) -> None:
    assert classify(Failure(scheme, code), network=None) == Classified(expected, mapped=True)
