"""The taxonomy of failures: every code has its words, and decline codes find their way to it."""

from enum import StrEnum
from pathlib import Path

import pytest

from hotline.contracts.model import Failure
from hotline.contracts.vocabulary import network_of
from hotline.payments.decline_codes import MAPPING, NEVER_RETRY, classify, forbids_retry, is_known
from hotline.payments.failures import FAILURES, PLAIN_TEXT, FailureCode, NextStep, RetryClass, WorksWhen


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
    FailureCode.OTHER: DECLINED,
}
"""The advice after each failure: the next step, whether to try again, and when it will work."""
PLAIN = {
    FailureCode.ISSUER_DECLINED_GENERIC,
    FailureCode.SUSPECTED_FRAUD,
    FailureCode.LOST_STOLEN_PICKUP,
    FailureCode.OTHER,
}
"""Failures of which a caller hears no reason."""


@pytest.mark.parametrize("code", FailureCode)
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


def test_every_code_has_words_of_its_own_for_agents() -> None:
    assert len({info.agent_text for info in FAILURES.values()}) == len(FailureCode)


def test_a_caller_cannot_tell_a_decline_for_risk_from_a_plain_one() -> None:
    plain = FAILURES[FailureCode.ISSUER_DECLINED_GENERIC]
    risky = [info for info in FAILURES.values() if info.risk]
    assert {info.code for info in risky} == {FailureCode.SUSPECTED_FRAUD, FailureCode.LOST_STOLEN_PICKUP}
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


@pytest.mark.parametrize(
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
    assert forbids_retry(scheme, code, network=network) is forbidden


def test_an_open_outcome_is_never_to_be_charged_again() -> None:
    assert FAILURES[FailureCode.NETWORK_TIMEOUT].retry is RetryClass.WHEN_OUTCOME_KNOWN


def test_every_code_but_the_last_resort_can_be_reached_by_some_scheme() -> None:
    assert set(FailureCode) - set(MAPPING.values()) == {FailureCode.OTHER}


@pytest.mark.parametrize(
    ("scheme", "network", "code", "expected"),
    [
        ("iso8583", None, "51", FailureCode.INSUFFICIENT_FUNDS),
        ("iso8583", "visa", "51", FailureCode.INSUFFICIENT_FUNDS),
        ("iso8583", None, "5", FailureCode.ISSUER_DECLINED_GENERIC),
        ("iso8583", "visa", "65", FailureCode.LIMIT_COUNT),
        ("iso8583", "mastercard", "65", FailureCode.AUTH_REQUIRED),
        ("iso8583", "visa", "1a", FailureCode.AUTH_REQUIRED),
        ("iso8583", "visa", "R1", FailureCode.REVOKED),
        ("iso8583", None, "43", FailureCode.LOST_STOLEN_PICKUP),
        ("Stripe", None, "expired_card", FailureCode.EXPIRED_CARD),
        ("adyen", None, "20", FailureCode.SUSPECTED_FRAUD),
        ("alipay", None, "ACQ.TRADE_BUYER_NOT_MATCH", FailureCode.PAYER_MISMATCH),
        ("wechat", None, "NOTENOUGH", FailureCode.INSUFFICIENT_FUNDS),
        ("wallet", None, "KYC_LIMIT", FailureCode.KYC_LIMIT),
    ],
)
def test_a_decline_code_is_mapped(scheme: str, network: str | None, code: str, expected: FailureCode) -> None:
    found = classify(Failure(scheme, code), network=network)
    assert (found.code, found.mapped) == (expected, True)


type Listed = dict[tuple[str, str | None, str], tuple[str, bool]]


def listed_codes() -> Listed:
    """Every decline code of the list beside this file, by scheme, network and code: as what it is told, and whether
    another try is forbidden."""
    listed: Listed = {}
    for line in (Path(__file__).parent / "decline_codes.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            scheme, network, code, told, *never = line.split()
            key = (scheme, None if network == "-" else network, code)
            assert key not in listed
            listed[key] = (told, never == ["never"])
    return listed


def test_every_code_is_told_as_the_list_of_codes_says() -> None:
    listed = listed_codes()
    known = {key: found.value for key, found in MAPPING.items() if key[0] != "wallet"}
    assert known == {key: told for key, (told, _) in listed.items() if told != "-"}
    assert {key: found for key, found in MAPPING.items() if key[0] == "wallet"} == {
        ("wallet", None, code.value.lower()): code for code in FailureCode if code is not FailureCode.OTHER
    }


def test_another_try_is_forbidden_after_the_codes_of_the_list_and_no_others() -> None:
    assert {key for key, (_, never) in listed_codes().items() if never} == NEVER_RETRY


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("fraud", FailureCode.SUSPECTED_FRAUD),
        ("lost card", FailureCode.LOST_STOLEN_PICKUP),
        ("stolen card", FailureCode.LOST_STOLEN_PICKUP),
        ("pick up card", FailureCode.LOST_STOLEN_PICKUP),
        ("blocked card", FailureCode.LOST_STOLEN_PICKUP),
        ("restricted card", FailureCode.LOST_STOLEN_PICKUP),
        ("insufficient funds", FailureCode.INSUFFICIENT_FUNDS),
        ("not enough balance", FailureCode.INSUFFICIENT_FUNDS),
        ("余额不足", FailureCode.INSUFFICIENT_FUNDS),
        ("expired card", FailureCode.EXPIRED_CARD),
        ("card expired", FailureCode.EXPIRED_CARD),
        ("invalid card number", FailureCode.INVALID_CARD_NUMBER),
        ("cvc", FailureCode.WRONG_CVC),
        ("security code", FailureCode.WRONG_CVC),
        ("incorrect pin", FailureCode.WRONG_PIN),
        ("invalid pin", FailureCode.WRONG_PIN),
        ("3d not authenticated", FailureCode.AUTH_REQUIRED),
        ("authentication required", FailureCode.AUTH_REQUIRED),
        ("not permitted", FailureCode.NOT_PERMITTED),
        ("not supported", FailureCode.CARD_NOT_SUPPORTED),
        ("amount exceeded", FailureCode.LIMIT_AMOUNT),
        ("count exceeded", FailureCode.LIMIT_COUNT),
        ("issuer unavailable", FailureCode.ISSUER_UNAVAILABLE),
        ("acquirer error", FailureCode.PROCESSOR_ERROR),
        ("timed out", FailureCode.NETWORK_TIMEOUT),
        ("timeout", FailureCode.NETWORK_TIMEOUT),
        ("duplicate", FailureCode.DUPLICATE),
        ("do not honor", FailureCode.ISSUER_DECLINED_GENERIC),
    ],
)
def test_a_message_explains_a_code_that_nobody_knows(phrase: str, expected: FailureCode) -> None:
    found = classify(Failure("newbank", "X1", f"Declined: {phrase.upper()} (4711)"), network=None)
    assert (found.code, found.mapped) == (expected, True)


def test_a_known_code_wins_over_what_its_message_says() -> None:
    found = classify(Failure("iso8583", "54", "Insufficient funds"), network=None)
    assert found.code is FailureCode.EXPIRED_CARD


def test_the_message_helps_when_the_code_is_unknown() -> None:
    found = classify(Failure("newbank", "X1", "Declined: NOT ENOUGH BALANCE"), network=None)
    assert (found.code, found.mapped) == (FailureCode.INSUFFICIENT_FUNDS, True)


@pytest.mark.parametrize("message", ["Pick-up, expired card", "insufficient funds", "cvc"])
def test_no_message_explains_a_code_that_forbids_another_try(message: str) -> None:
    found = classify(Failure("iso8583", "33", message), network=None)
    assert (found.code, found.mapped) == (FailureCode.OTHER, False)
    assert classify(Failure("iso8583", "33", "possible fraud"), network=None).code is FailureCode.SUSPECTED_FRAUD


def test_risk_in_a_message_is_found_before_anything_else_in_it() -> None:
    found = classify(Failure("newbank", "X1", "insufficient funds, possible fraud"), network=None)
    assert found.code is FailureCode.SUSPECTED_FRAUD


def test_an_unknown_code_is_told_in_general_words_and_counted() -> None:
    found = classify(Failure("newbank", "X1", None), network=None)
    assert (found.code, found.mapped) == (FailureCode.OTHER, False)


def test_only_card_networks_are_networks() -> None:
    assert (network_of("Visa"), network_of("balance")) == ("visa", None)


@pytest.mark.parametrize("scheme", ["ISO8583", "iso-8583", "ISO_8583", "Iso 8583"])
def test_the_spelling_of_a_scheme_does_not_matter(scheme: str) -> None:
    assert classify(Failure(scheme, "51"), network=None).code is FailureCode.INSUFFICIENT_FUNDS
    assert forbids_retry(scheme, "43", network=None)
