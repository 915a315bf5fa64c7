"""The taxonomy of failures as data: what to tell caller and agent, what to do next, when to try again. Pure.

Two texts for each code: a caller hears the specific reason only where it gives nothing away. For codes of risk the
caller's text is the one of a plain decline by the issuer, so that nobody learns from the line that a card is reported
lost (payment schemes ask for this). Retry classes follow the card networks' categories: never, later, after new data.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureCode(StrEnum):
    """Why a movement failed, over all schemes."""

    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    LIMIT_AMOUNT = "LIMIT_AMOUNT"
    LIMIT_COUNT = "LIMIT_COUNT"
    EXPIRED_CARD = "EXPIRED_CARD"
    INVALID_CARD_NUMBER = "INVALID_CARD_NUMBER"
    WRONG_CVC = "WRONG_CVC"
    WRONG_NAME_OR_ADDRESS = "WRONG_NAME_OR_ADDRESS"
    WRONG_PIN = "WRONG_PIN"
    PIN_TRIES = "PIN_TRIES"
    AUTH_REQUIRED = "AUTH_REQUIRED"
    CARD_NOT_SUPPORTED = "CARD_NOT_SUPPORTED"
    NOT_PERMITTED = "NOT_PERMITTED"
    ISSUER_DECLINED_GENERIC = "ISSUER_DECLINED_GENERIC"
    SUSPECTED_FRAUD = "SUSPECTED_FRAUD"
    LOST_STOLEN_PICKUP = "LOST_STOLEN_PICKUP"
    ACCOUNT_CLOSED = "ACCOUNT_CLOSED"
    NO_SUCH_ACCOUNT = "NO_SUCH_ACCOUNT"
    REVOKED = "REVOKED"
    ISSUER_UNAVAILABLE = "ISSUER_UNAVAILABLE"
    PROCESSOR_ERROR = "PROCESSOR_ERROR"
    NETWORK_TIMEOUT = "NETWORK_TIMEOUT"
    DUPLICATE = "DUPLICATE"
    ORDER_CLOSED = "ORDER_CLOSED"
    ORDER_EXPIRED = "ORDER_EXPIRED"
    PAYER_MISMATCH = "PAYER_MISMATCH"
    WALLET_LOCKED = "WALLET_LOCKED"
    KYC_LIMIT = "KYC_LIMIT"
    MERCHANT_CONFIG = "MERCHANT_CONFIG"
    OTHER = "OTHER"
    """No reason was given, or none that the taxonomy knows."""


class RetryClass(StrEnum):
    """Whether the same payment may be tried again (card networks' rules for declined authorisations)."""

    NEVER = "never"
    LATER = "later"
    AFTER_CHANGE = "after_change"
    WHEN_OUTCOME_KNOWN = "when_outcome_known"
    """Nobody knows yet whether it went through: ask, never charge again blindly."""
    NOT_NEEDED = "not_needed"


class NextStep(StrEnum):
    """The one thing to do next."""

    TOP_UP = "top_up"
    WAIT_FOR_NEW_LIMIT = "wait_for_new_limit"
    UPDATE_CARD = "update_card"
    CHECK_DETAILS = "check_details"
    RESET_PIN = "reset_pin"
    CONFIRM_PAYMENT = "confirm_payment"
    USE_ANOTHER_METHOD = "use_another_method"
    ASK_ISSUER = "ask_issuer"
    TRY_LATER = "try_later"
    WAIT_FOR_OUTCOME = "wait_for_outcome"
    WAIT_FOR_RELEASE = "wait_for_release"
    WAIT_FOR_RETURN = "wait_for_return"
    SPEAK_TO_AGENT = "speak_to_agent"
    SEE_ORIGINAL = "see_original"
    ORDER_AGAIN = "order_again"
    PAY_AS_FIRST_PAYER = "pay_as_first_payer"
    UNLOCK_WALLET = "unlock_wallet"
    VERIFY_IDENTITY = "verify_identity"
    ASK_MERCHANT = "ask_merchant"
    NOTHING = "nothing"


class WorksWhen(StrEnum):
    """When the payment will work."""

    AFTER_TOP_UP = "after_top_up"
    NEXT_DAY = "next_day"
    AFTER_UPDATE = "after_update"
    AFTER_CONFIRMING = "after_confirming"
    WITH_ANOTHER_METHOD = "with_another_method"
    AFTER_ISSUER_AGREES = "after_issuer_agrees"
    IN_AN_HOUR = "in_an_hour"
    WHEN_OUTCOME_KNOWN = "when_outcome_known"
    WITH_NEW_ORDER = "with_new_order"
    AFTER_UNLOCK = "after_unlock"
    AFTER_VERIFYING = "after_verifying"
    AFTER_MERCHANT_ACTS = "after_merchant_acts"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True)
class FailureInfo:
    """One row of the taxonomy. `risk`: the caller is not told that this is the reason."""

    code: FailureCode
    next_step: NextStep
    retry: RetryClass
    works_when: WorksWhen
    risk: bool = False

    @property
    def caller_text(self) -> str:
        """Key of the words for the caller."""
        told = FailureCode.ISSUER_DECLINED_GENERIC if self.risk else self.code
        return f"failure.{told.value.lower()}"

    @property
    def agent_text(self) -> str:
        """Key of the words for an agent, always specific."""
        return f"failure.agent.{self.code.value.lower()}"


_F, _N, _R, _W = FailureCode, NextStep, RetryClass, WorksWhen
_DECLINED = (_N.ASK_ISSUER, _R.NEVER, _W.AFTER_ISSUER_AGREES)
"""What follows a plain decline, and therefore a decline for risk: the caller must not be able to tell them apart."""

_ROWS = (
    FailureInfo(_F.INSUFFICIENT_FUNDS, _N.TOP_UP, _R.LATER, _W.AFTER_TOP_UP),
    FailureInfo(_F.LIMIT_AMOUNT, _N.WAIT_FOR_NEW_LIMIT, _R.LATER, _W.NEXT_DAY),
    FailureInfo(_F.LIMIT_COUNT, _N.WAIT_FOR_NEW_LIMIT, _R.LATER, _W.NEXT_DAY),
    FailureInfo(_F.EXPIRED_CARD, _N.UPDATE_CARD, _R.AFTER_CHANGE, _W.AFTER_UPDATE),
    FailureInfo(_F.INVALID_CARD_NUMBER, _N.CHECK_DETAILS, _R.AFTER_CHANGE, _W.AFTER_UPDATE),
    FailureInfo(_F.WRONG_CVC, _N.CHECK_DETAILS, _R.AFTER_CHANGE, _W.AFTER_UPDATE),
    FailureInfo(_F.WRONG_NAME_OR_ADDRESS, _N.CHECK_DETAILS, _R.AFTER_CHANGE, _W.AFTER_UPDATE),
    FailureInfo(_F.WRONG_PIN, _N.CHECK_DETAILS, _R.AFTER_CHANGE, _W.AFTER_UPDATE),
    FailureInfo(_F.PIN_TRIES, _N.RESET_PIN, _R.AFTER_CHANGE, _W.AFTER_UPDATE),
    FailureInfo(_F.AUTH_REQUIRED, _N.CONFIRM_PAYMENT, _R.AFTER_CHANGE, _W.AFTER_CONFIRMING),
    FailureInfo(_F.CARD_NOT_SUPPORTED, _N.USE_ANOTHER_METHOD, _R.NEVER, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.NOT_PERMITTED, _N.USE_ANOTHER_METHOD, _R.NEVER, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.ISSUER_DECLINED_GENERIC, *_DECLINED),
    FailureInfo(_F.SUSPECTED_FRAUD, *_DECLINED, risk=True),
    FailureInfo(_F.LOST_STOLEN_PICKUP, *_DECLINED, risk=True),
    FailureInfo(_F.ACCOUNT_CLOSED, _N.USE_ANOTHER_METHOD, _R.NEVER, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.NO_SUCH_ACCOUNT, _N.USE_ANOTHER_METHOD, _R.NEVER, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.REVOKED, _N.USE_ANOTHER_METHOD, _R.NEVER, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.ISSUER_UNAVAILABLE, _N.TRY_LATER, _R.LATER, _W.IN_AN_HOUR),
    FailureInfo(_F.PROCESSOR_ERROR, _N.TRY_LATER, _R.LATER, _W.IN_AN_HOUR),
    FailureInfo(_F.NETWORK_TIMEOUT, _N.WAIT_FOR_OUTCOME, _R.WHEN_OUTCOME_KNOWN, _W.WHEN_OUTCOME_KNOWN),
    FailureInfo(_F.DUPLICATE, _N.SEE_ORIGINAL, _R.NEVER, _W.NOT_NEEDED),
    FailureInfo(_F.ORDER_CLOSED, _N.ORDER_AGAIN, _R.NEVER, _W.WITH_NEW_ORDER),
    FailureInfo(_F.ORDER_EXPIRED, _N.ORDER_AGAIN, _R.NEVER, _W.WITH_NEW_ORDER),
    FailureInfo(_F.PAYER_MISMATCH, _N.PAY_AS_FIRST_PAYER, _R.AFTER_CHANGE, _W.WITH_NEW_ORDER),
    FailureInfo(_F.WALLET_LOCKED, _N.UNLOCK_WALLET, _R.AFTER_CHANGE, _W.AFTER_UNLOCK),
    FailureInfo(_F.KYC_LIMIT, _N.VERIFY_IDENTITY, _R.AFTER_CHANGE, _W.AFTER_VERIFYING),
    FailureInfo(_F.MERCHANT_CONFIG, _N.ASK_MERCHANT, _R.NEVER, _W.AFTER_MERCHANT_ACTS),
    FailureInfo(_F.OTHER, _N.TRY_LATER, _R.LATER, _W.IN_AN_HOUR),
)
FAILURES: dict[FailureCode, FailureInfo] = {row.code: row for row in _ROWS}
"""Every code with what to say and do about it."""
