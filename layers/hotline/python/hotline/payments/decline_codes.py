"""From a scheme's decline code to the taxonomy: most specific key first, then the message, then general words. Pure.

A lookup by a general message must never hide a structured code, therefore the code is tried first, with the card
network and without. The same digits mean different things on different networks: 65 is a count limit at Visa and a call
for strong authentication at Mastercard. A code that is not found is told in the words of a plain decline, and is logged
and counted when the fact comes.

Sources: ISO 8583 data element 39 with the networks' own letters; Stripe's decline codes; Adyen's refusalReasonCode;
Alipay's sub-codes; WeChat Pay's err_code. Adding a code is adding a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hotline.contracts.model import Failure
from hotline.contracts.vocabulary import NETWORKS, scheme_of

from .failures import FAILURES
from .failures import FailureCode as F

_ISO8583 = {
    F.INSUFFICIENT_FUNDS: "51", F.LIMIT_AMOUNT: "61", F.LIMIT_COUNT: "65", F.EXPIRED_CARD: "54",
    F.INVALID_CARD_NUMBER: "14", F.WRONG_CVC: "82", F.WRONG_PIN: "55", F.PIN_TRIES: "75", F.CARD_NOT_SUPPORTED: "58",
    F.NOT_PERMITTED: "57 62 93", F.ISSUER_DECLINED_GENERIC: "01 02 05", F.SUSPECTED_FRAUD: "59 63",
    F.LOST_STOLEN_PICKUP: "04 07 41 43", F.ACCOUNT_CLOSED: "46", F.NO_SUCH_ACCOUNT: "15",
    F.ISSUER_UNAVAILABLE: "91 92", F.PROCESSOR_ERROR: "06 19 96", F.NETWORK_TIMEOUT: "68", F.DUPLICATE: "94",
    F.MERCHANT_CONFIG: "03 12 13 30",
}  # fmt: skip
_VISA = {F.WRONG_CVC: "N7", F.AUTH_REQUIRED: "1A", F.REVOKED: "R0 R1 R3"}
_MASTERCARD = {F.AUTH_REQUIRED: "65"}
_STRIPE = {
    F.INSUFFICIENT_FUNDS: "insufficient_funds",
    F.LIMIT_AMOUNT: "withdrawal_count_limit_exceeded card_velocity_exceeded",
    F.EXPIRED_CARD: "expired_card",
    F.INVALID_CARD_NUMBER: "incorrect_number invalid_number",
    F.WRONG_CVC: "incorrect_cvc invalid_cvc",
    F.WRONG_NAME_OR_ADDRESS: "incorrect_zip incorrect_address",
    F.WRONG_PIN: "incorrect_pin invalid_pin",
    F.PIN_TRIES: "pin_try_exceeded",
    F.AUTH_REQUIRED: "authentication_required",
    F.CARD_NOT_SUPPORTED: "card_not_supported currency_not_supported",
    F.NOT_PERMITTED: "transaction_not_allowed service_not_allowed",
    F.ISSUER_DECLINED_GENERIC: "do_not_honor generic_decline call_issuer no_action_taken",
    F.SUSPECTED_FRAUD: "fraudulent merchant_blacklist",
    F.LOST_STOLEN_PICKUP: "lost_card stolen_card pickup_card restricted_card",
    F.NO_SUCH_ACCOUNT: "invalid_account new_account_information_available",
    F.REVOKED: "revocation_of_authorization revocation_of_all_authorizations",
    F.ISSUER_UNAVAILABLE: "issuer_not_available",
    F.PROCESSOR_ERROR: "processing_error try_again_later reenter_transaction",
    F.DUPLICATE: "duplicate_transaction",
    F.MERCHANT_CONFIG: "invalid_amount",
}
_ADYEN = {
    F.INSUFFICIENT_FUNDS: "12", F.LIMIT_AMOUNT: "28", F.LIMIT_COUNT: "29", F.EXPIRED_CARD: "6",
    F.INVALID_CARD_NUMBER: "8", F.WRONG_CVC: "24", F.WRONG_NAME_OR_ADDRESS: "32", F.WRONG_PIN: "17", F.PIN_TRIES: "18",
    F.AUTH_REQUIRED: "11 38 42", F.CARD_NOT_SUPPORTED: "10", F.NOT_PERMITTED: "23 25",
    F.ISSUER_DECLINED_GENERIC: "2 27", F.SUSPECTED_FRAUD: "14 20 22 31", F.LOST_STOLEN_PICKUP: "5", F.REVOKED: "26",
    F.ISSUER_UNAVAILABLE: "9", F.PROCESSOR_ERROR: "4", F.NETWORK_TIMEOUT: "21", F.ORDER_CLOSED: "15 16",
    F.MERCHANT_CONFIG: "7",
}  # fmt: skip
_ALIPAY = {
    F.INSUFFICIENT_FUNDS: "BUYER_BALANCE_NOT_ENOUGH BUYER_BANKCARD_BALANCE_NOT_ENOUGH",
    F.LIMIT_AMOUNT: "BUYER_PAYMENT_AMOUNT_DAY_LIMIT BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR BEYOND_PAY_RESTRICTION "
    "BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR",
    F.SUSPECTED_FRAUD: "PAYMENT_REQUEST_HAS_RISK ALIN43911",
    F.ISSUER_DECLINED_GENERIC: "PAYMENT_FAIL",
    F.ACCOUNT_CLOSED: "USER_ACCOUNT_ABNORMAL",
    F.PROCESSOR_ERROR: "SYSTEM_ERROR",
    F.DUPLICATE: "TRADE_HAS_SUCCESS",
    F.ORDER_CLOSED: "TRADE_HAS_CLOSE",
    F.PAYER_MISMATCH: "TRADE_BUYER_NOT_MATCH",
    F.MERCHANT_CONFIG: "ACCESS_FORBIDDEN",
}
_WECHAT = {
    F.INSUFFICIENT_FUNDS: "NOTENOUGH",
    F.AUTH_REQUIRED: "USERPAYING",
    F.CARD_NOT_SUPPORTED: "NOTSUPORTCARD",
    F.ISSUER_DECLINED_GENERIC: "PAYMENT_FAIL",
    F.ACCOUNT_CLOSED: "USER_ACCOUNT_ABNORMAL",
    F.ISSUER_UNAVAILABLE: "BANKERROR",
    F.PROCESSOR_ERROR: "SYSTEM_ERROR SYSTEMERROR",
    F.DUPLICATE: "ORDERPAID",
    F.ORDER_CLOSED: "ORDERCLOSED",
    F.ORDER_EXPIRED: "AUTHCODEEXPIRE",
}
_WALLET: dict[F, str] = {code: code.value for code in F if code is not F.OTHER}
"""The wallet's own scheme uses the names of the taxonomy."""

_PHRASES: tuple[tuple[str, F], ...] = (
    ("fraud", F.SUSPECTED_FRAUD),
    ("lost card", F.LOST_STOLEN_PICKUP),
    ("stolen card", F.LOST_STOLEN_PICKUP),
    ("pick up card", F.LOST_STOLEN_PICKUP),
    ("blocked card", F.LOST_STOLEN_PICKUP),
    ("restricted card", F.LOST_STOLEN_PICKUP),
    ("insufficient funds", F.INSUFFICIENT_FUNDS),
    ("not enough balance", F.INSUFFICIENT_FUNDS),
    ("余额不足", F.INSUFFICIENT_FUNDS),
    ("expired card", F.EXPIRED_CARD),
    ("card expired", F.EXPIRED_CARD),
    ("invalid card number", F.INVALID_CARD_NUMBER),
    ("cvc", F.WRONG_CVC),
    ("security code", F.WRONG_CVC),
    ("incorrect pin", F.WRONG_PIN),
    ("invalid pin", F.WRONG_PIN),
    ("3d not authenticated", F.AUTH_REQUIRED),
    ("authentication required", F.AUTH_REQUIRED),
    ("not permitted", F.NOT_PERMITTED),
    ("not supported", F.CARD_NOT_SUPPORTED),
    ("amount exceeded", F.LIMIT_AMOUNT),
    ("count exceeded", F.LIMIT_COUNT),
    ("issuer unavailable", F.ISSUER_UNAVAILABLE),
    ("acquirer error", F.PROCESSOR_ERROR),
    ("timed out", F.NETWORK_TIMEOUT),
    ("timeout", F.NETWORK_TIMEOUT),
    ("duplicate", F.DUPLICATE),
    ("do not honor", F.ISSUER_DECLINED_GENERIC),
)
"""Looked for in the message in this order; risk first, so that it is never told by accident."""

_NEVER_RETRY: Mapping[str, str] = {
    "iso8583": "04 07 12 15 33 35 37 38 40 41 42 43 46 52 53 56 57 79 93 R0 R3",
    "visa": "04 07 12 14 15 41 43 46 57 R0 R1 R3",
    "unionpay": "04 12 14 15 31 34 35 36 37 38 40 41 42 43 53 56 67 93",
    "stripe": "do_not_try_again fraudulent lost_card invalid_account pickup_card revocation_of_all_authorizations "
    "revocation_of_authorization stolen_card stop_payment_order testmode_decline bank_account_unusable "
    "charge_disputed charge_expired_for_capture invalid_card_type payouts_not_allowed transfers_not_allowed "
    "country_unsupported token_already_used",
    "adyen": "10 20 23 26 46",
    "alipay": "CONTEXT_INCONSISTENT BUYER_SELLER_EQUAL PAYMENT_REQUEST_HAS_RISK FREEZE_ALREADY_SUCCESS "
    "ORDER_ALREADY_FINISH PAYEE_NOT_EXIST ALIN43911 RISK_REJECT FRAUD_REJECT CARD_NOT_SUPPORTED LOST_CARD PICKUP_CARD "
    "NO_SELECTED_ACCOUNT ORDER_IS_CLOSED REFUND_WINDOW_EXCEED",
    "wechat": "USER_ACCOUNT_ABNORMAL",
}
"""Codes of which the scheme says that the same payment must not be tried again. They are Visa's first category of
declined authorisations, cards to be kept, and mandates that ended. The statements of Stripe, Adyen, Alipay and WeChat
Pay add theirs. By scheme; those of ISO 8583 also by card network."""

type _Key = tuple[str, str | None, str]


def _rows(scheme: str, network: str | None, table: Mapping[F, str]) -> dict[_Key, F]:
    return {
        (scheme, network, scheme_code.casefold()): code
        for code, codes in table.items()
        for scheme_code in codes.split()
    }


MAPPING: Mapping[_Key, F] = {
    **_rows("iso8583", None, _ISO8583),
    **_rows("iso8583", "visa", _VISA),
    **_rows("iso8583", "mastercard", _MASTERCARD),
    **_rows("stripe", None, _STRIPE),
    **_rows("adyen", None, _ADYEN),
    **_rows("alipay", None, _ALIPAY),
    **_rows("wechat", None, _WECHAT),
    **_rows("wallet", None, _WALLET),
}
"""(scheme, card network or None, code in lower case) -> our code."""


NEVER_RETRY = frozenset(
    ("iso8583", name, code.casefold()) if name in NETWORKS else (name, None, code.casefold())
    for name, codes in _NEVER_RETRY.items()
    for code in codes.split()
)
"""The same as (scheme, card network or None, code in lower case)."""


@dataclass(frozen=True, slots=True)
class Classified:
    """`mapped` is False when neither code nor message was known."""

    code: F
    mapped: bool


def classify(failure: Failure, *, network: str | None) -> Classified:
    """Our code for a scheme's. `network` is that of the card, None for another instrument or when it is not known.

    A message explains an unknown code, but not one for which the scheme forbids another try. Cards to be kept are among
    them ("Pick-up, expired card"), and are told as a plain decline.
    """
    for key in _keys(failure.scheme, failure.code, network):
        if key in MAPPING:
            return Classified(MAPPING[key], mapped=True)
    message = (failure.message or "").casefold()
    forbidden = forbids_retry(failure.scheme, failure.code, network=network)
    for phrase, found in _PHRASES:
        if phrase in message and (FAILURES[found].plain or not forbidden):
            return Classified(found, mapped=True)
    return Classified(F.OTHER, mapped=False)


def is_known(scheme: str, code: str, *, network: str | None) -> bool:
    """Whether the taxonomy has the scheme's code itself, whatever the message said."""
    return any(key in MAPPING for key in _keys(scheme, code, network))


def forbids_retry(scheme: str, code: str, *, network: str | None) -> bool:
    """Whether the scheme forbids another try of the same payment after this code."""
    return any(key in NEVER_RETRY for key in _keys(scheme, code, network))


def _keys(scheme: str, code: str, network: str | None) -> tuple[_Key, _Key]:
    """Where a code may be found, the most specific place first."""
    scheme = scheme_of(scheme) or scheme.strip().casefold()
    plain = _plain_code(scheme, code.strip().casefold())
    return (scheme, network, plain), (scheme, None, plain)


def _plain_code(scheme: str, code: str) -> str:
    match scheme:
        case "iso8583":
            return code.zfill(2)
        case "alipay":
            return code.removeprefix("acq.")
        case _:
            return code
