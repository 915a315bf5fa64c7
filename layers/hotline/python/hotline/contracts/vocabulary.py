"""Open lists of words: kinds of instrument, providers, card networks, schemes of decline codes. Pure.

A wallet names these in its own spelling. Case and separators mean nothing: `Wallet_Balance` and `wallet balance` are
one word. A word that is on no list is taken in as it is: a fact about money is never refused for a label. It is
logged, and counts as the least that is known (the longest time for a refund, no known decline code).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from .limits import COUNTRIES
from .model import CardFunding, Instrument

CARD: Final = "card"
KINDS: Final = ("balance", "bank_card", CARD, "bank_account", "credit_line", "upi", "paypal", "other")
"""The sources of a payment's money. `bank_card` is a card that is linked to the wallet, `card` one that is taken over a
card network. `balance` and `credit_line` are the wallet's own. `upi` is a bank account that was reached by UPI.
`paypal` is a PayPal account, whatever is behind it."""
PROVIDERS: Final = (
    "wechat", "alipay", "unionpay", "stripe", "adyen", "braintree", "cybersource", "razorpay", "paypal", "mangopay",
    "lemonway",
)  # fmt: skip
"""Providers that move the money. They state how long a refund takes, and until when one is possible."""
NETWORKS: Final = (
    "visa", "mastercard", "unionpay", "amex", "jcb", "discover", "diners", "maestro", "cartes_bancaires", "elo", "mir",
    "rupay",
)  # fmt: skip
"""Card networks. The same decline code means different things on different ones."""
PRODUCT_KINDS: Final = ("deposit", "money_fund", "other")
"""The products that keep customers' funds: with interest, or in a fund with daily income."""
DAY_COUNTS: Final = ("act_360", "act_365", "act_act")
"""Conventions for interest: the days that passed over a year of 360, of 365, or of as many days as it has."""


class Scheme(StrEnum):
    """The schemes whose decline codes the taxonomy has, each with the field that holds the code."""

    ISO8583 = "iso8583"
    """Data element 39 of an authorisation's answer, read by the card's network."""
    MASTERCARD_MAC = "mastercard-mac"
    """Merchant advice code: data element 48, subelement 84."""
    STRIPE = "stripe"
    """`decline_code` of an error, else its `code`; `failure_reason` of a refund, `failure_code` of a payout."""
    ADYEN = "adyen"
    """`refusalReasonCode`."""
    PAYPAL = "paypal"
    """`processor_response.response_code`, or the `issue` of an error's details."""
    ALIPAY = "alipay"
    """`sub_code` of the open platform."""
    ANTOM = "antom"
    """`result.resultCode` of the global platform and of Alipay+."""
    WECHAT = "wechat"
    """`err_code` of version 2."""
    WECHAT_V3 = "wechat-v3"
    """`code` of version 3; `fail_reason` of a transfer."""
    UNIONPAY = "unionpay"
    """`respCode` of the online gateway."""
    UNIONPAY_POS = "unionpay-pos"
    """Data element 39 in UnionPay's network; the same as `iso8583` with the network `unionpay`."""
    ISO20022 = "iso20022"
    """`StsRsnInf/Rsn/Cd` of a status report, `RtrRsnInf/Rsn/Cd` of a return."""
    SEPA = "sepa"
    """The reason of an R-transaction: codes of ISO 20022."""
    NACHA = "nacha"
    """Return reason code of an ACH entry (`R01`)."""
    WALLET = "wallet"
    """A name of the taxonomy, for what the wallet itself declined."""


SCHEMES: Final = tuple(scheme.value for scheme in Scheme)

COUPON_REASONS: Final = (
    "expired", "not_started", "used", "minimum_not_met", "other_merchant", "other_goods", "other_method",
    "not_combinable", "limit_reached", "other",
)  # fmt: skip
"""Why a coupon did not apply."""

_OTHER_NAMES: Final[Mapping[str, str]] = {
    "wallet": "balance",
    "wallet_balance": "balance",
    "account_balance": "balance",
    "stored_value": "balance",
    "linked_card": "bank_card",
    "linked_bank_card": "bank_card",
    "quick_pay": "bank_card",
    "credit_card": CARD,
    "debit_card": CARD,
    "prepaid_card": CARD,
    "payment_card": CARD,
    "bank_transfer": "bank_account",
    "direct_debit": "bank_account",
    "netbanking": "bank_account",
    "online_banking": "bank_account",
    "credit": "credit_line",
    "paypal_account": "paypal",
    "paypal_wallet": "paypal",
}
_OTHER_PROVIDERS: Final[Mapping[str, str]] = {
    "wechat_pay": "wechat",
    "weixin": "wechat",
    "alipay_plus": "alipay",
    "antom": "alipay",
    "ant_group": "alipay",
}
_OTHER_NETWORKS: Final[Mapping[str, str]] = {
    "american_express": "amex",
    "diners_club": "diners",
    "china_unionpay": "unionpay",
    "master_card": "mastercard",
}
_OTHER_DAY_COUNTS: Final[Mapping[str, str]] = {
    "actual_360": "act_360",
    "actual_365": "act_365",
    "actual_365_fixed": "act_365",
    "act_365_fixed": "act_365",
    "actual_actual": "act_act",
}
_OTHER_SCHEMES: Final[Mapping[str, str]] = {
    "wechat_pay": "wechat",
    "weixin": "wechat",
    "wechat_v2": "wechat",
    "alipay_plus": "antom",
    "mac": "mastercard-mac",
    "merchant_advice_code": "mastercard-mac",
    "unionpay_gateway": "unionpay",
    "ach": "nacha",
}

LOGGED_CHARACTERS_MAX: Final = 48
"""The longest decline code of the providers that are known has 42 characters."""
LOGGED_DIGITS_MAX: Final = 8
"""More than any decline code has, and fewer than a card or phone number, so that neither gets into a log."""
UNPRINTABLE: Final = "-"
_LOGGED: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._:-]{{0,{LOGGED_CHARACTERS_MAX - 1}}}", re.ASCII)


def fold_word(word: str) -> str:
    """The word without case and separators; what decides whether two words are the same."""
    return "".join(character for character in word.casefold() if character.isalnum())


def _index_words(listed: Iterable[str], others: Mapping[str, str]) -> Mapping[str, str]:
    return {fold_word(name): name for name in listed} | {fold_word(other): name for other, name in others.items()}


_FUNDING: Final = {fold_word(f"{funding}_card"): funding for funding in CardFunding}
_KIND: Final = _index_words(KINDS, _OTHER_NAMES)
_NETWORK: Final = _index_words(NETWORKS, _OTHER_NETWORKS)
_PROVIDER: Final = _index_words(PROVIDERS, _OTHER_PROVIDERS)
_DAY_COUNT: Final = _index_words(DAY_COUNTS, _OTHER_DAY_COUNTS)
_COUPON_REASON: Final = _index_words(COUPON_REASONS, {})
_SCHEME: Final = _index_words(SCHEMES, _OTHER_SCHEMES)


def coupon_reason_of(word: str) -> str:
    """The listed reason that a word means; `other` for any other word."""
    return _COUPON_REASON.get(fold_word(word), "other")


def kind_of(word: str) -> str | None:
    """The kind of instrument that a word means; the name of a card network means a card. None for an unknown word."""
    return _KIND.get(fold_word(word)) or (CARD if network_of(word) else None)


def network_of(word: str | None) -> str | None:
    """The card network that a word names, None when it names none that is known."""
    return None if word is None else _NETWORK.get(fold_word(word))


def provider_of(word: str | None) -> str | None:
    """The provider that a word names, None when it names none that is known."""
    return None if word is None else _PROVIDER.get(fold_word(word))


def day_count_of(word: str) -> str | None:
    """The day count that a word names, None for an unknown one."""
    return _DAY_COUNT.get(fold_word(word))


def scheme_of(word: str) -> str | None:
    """The scheme of decline codes that a word names, None for an unknown one."""
    return _SCHEME.get(fold_word(word))


def country_of(code: str | None) -> str | None:
    """The country of two capital letters; None for a code that is on no list, by which somebody says that they do not
    know it."""
    return code if code in COUNTRIES else None


def instrument_of(kind: str, last4: str | None, network: str | None, funding: CardFunding | None = None) -> Instrument:
    """The instrument in the words of the lists. A kind that names a card network is a card of that network, as facts
    without a `network` have it. A kind that says how the card is funded (`debit_card`) tells `funding`, where that is
    not given. A word that is on no list stays as it is."""
    funding = funding or _FUNDING.get(fold_word(kind))
    return Instrument(kind_of(kind) or kind, last4, network_of(network) or network or network_of(kind), funding)


def loggable(word: str) -> str:
    """The word as it may stand in a log and in a key; UNPRINTABLE when it does not look like a code."""
    fits = _LOGGED.fullmatch(word) is not None
    return word if fits and sum(character.isdigit() for character in word) <= LOGGED_DIGITS_MAX else UNPRINTABLE
