"""From a scheme's decline code to the taxonomy: most specific key first, then the message, then general words. Pure.

A lookup by a general message must never hide a structured code, therefore the code is tried first, with the card
network and without (the same digits mean different things on different networks: 65 is a count limit at Visa and a call
for strong authentication at Mastercard). What is not found is told in general words and counted.

Sources: ISO 8583 data element 39 with the networks' own letters; Stripe's decline codes; Adyen's refusalReasonCode;
Alipay's sub-codes; WeChat Pay's err_code. Adding a code is adding a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hotline.contracts.model import Failure

from .failures import FailureCode as F

NETWORKS = frozenset({"visa", "mastercard", "unionpay", "amex", "jcb", "discover", "maestro"})
"""Instrument kinds that name a card network."""

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
    F.NOT_PERMITTED: "transaction_not_allowed service_not_allowed restricted_card",
    F.ISSUER_DECLINED_GENERIC: "do_not_honor generic_decline call_issuer no_action_taken",
    F.SUSPECTED_FRAUD: "fraudulent",
    F.LOST_STOLEN_PICKUP: "lost_card stolen_card pickup_card",
    F.NO_SUCH_ACCOUNT: "invalid_account new_account_information_available",
    F.REVOKED: "revocation_of_authorization revocation_of_all_authorizations",
    F.ISSUER_UNAVAILABLE: "issuer_not_available",
    F.PROCESSOR_ERROR: "processing_error try_again_later reenter_transaction",
    F.DUPLICATE: "duplicate_transaction",
    F.MERCHANT_CONFIG: "merchant_blacklist invalid_amount",
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
    ("restricted card", F.NOT_PERMITTED),
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


@dataclass(frozen=True, slots=True)
class Classified:
    """`mapped` is False when neither code nor message was known."""

    code: F
    mapped: bool


def classify(failure: Failure, *, network: str | None) -> Classified:
    """Our code for a scheme's. `network` is the instrument's kind where that names a card network, else None."""
    scheme, code = failure.scheme.strip().casefold(), _plain_code(failure)
    for key in ((scheme, network, code), (scheme, None, code)):
        if key in MAPPING:
            return Classified(MAPPING[key], mapped=True)
    message = (failure.message or "").casefold()
    for phrase, found in _PHRASES:
        if phrase in message:
            return Classified(found, mapped=True)
    return Classified(F.OTHER, mapped=False)


def network_of(instrument_kind: str) -> str | None:
    """The card network that an instrument's kind names, None for other kinds."""
    kind = instrument_kind.strip().casefold()
    return kind if kind in NETWORKS else None


def _plain_code(failure: Failure) -> str:
    code = failure.code.strip().casefold()
    match failure.scheme.strip().casefold():
        case "iso8583":
            return code.zfill(2)
        case "alipay":
            return code.removeprefix("acq.")
        case _:
            return code
