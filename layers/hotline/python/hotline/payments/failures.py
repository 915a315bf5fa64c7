"""The taxonomy of failures as data: what to tell caller and agent, what to do next, when to try again. Pure.

Two texts for each code: a caller hears the specific reason only where it gives nothing away. A plain decline, a decline
for risk and a code unknown to the taxonomy are told in the same way. Nobody then learns from the line that a card is
reported lost (payment schemes ask for this). Those words name nobody: a processor declines as well as an issuer. Retry
classes follow the card networks' categories: never, later, after new data.
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
    ANOTHER_METHOD_OR_AGENT = "another_method_or_agent"
    """After a decline without a reason that may be told."""
    TRY_LATER = "try_later"
    WAIT_FOR_OUTCOME = "wait_for_outcome"
    WAIT_FOR_RELEASE = "wait_for_release"
    WAIT_FOR_RETURN = "wait_for_return"
    SPEAK_TO_AGENT = "speak_to_agent"
    SEE_ORIGINAL = "see_original"
    ORDER_AGAIN = "order_again"
    PAY_AS_FIRST_PAYER = "pay_as_first_payer"
    PAY_AGAIN = "pay_again"
    UNLOCK_WALLET = "unlock_wallet"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a step
    END_PAUSE = "end_pause"
    END_FREEZE = "end_freeze"
    WAIT_FOR_OPENING = "wait_for_opening"
    """The wallet has been asked to open the account and has not confirmed it."""
    OPEN_WITH_AGENT = "open_with_agent"
    """Something keeps the account shut that its owner cannot end."""
    USE_ANOTHER_ACCOUNT = "use_another_account"
    """The account is closed for good."""
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
    IN_AN_HOUR = "in_an_hour"
    WHEN_OUTCOME_KNOWN = "when_outcome_known"
    WITH_NEW_ORDER = "with_new_order"
    AFTER_UNLOCK = "after_unlock"
    """Not before the account is open again, whatever shuts it."""
    AFTER_VERIFYING = "after_verifying"
    AT_ONCE = "at_once"
    NOT_NEEDED = "not_needed"


PLAIN_TEXT = "failure.declined"
"""Key of the words for a decline whose reason is not known or not told."""


@dataclass(frozen=True, slots=True)
class FailureInfo:
    """One row of the taxonomy. `risk`: the caller is not told that this is the reason. `plain`: the caller is told that
    it was declined, and no more."""

    code: FailureCode
    next_step: NextStep
    retry: RetryClass
    works_when: WorksWhen
    risk: bool = False
    plain: bool = False

    @property
    def caller_text(self) -> str:
        """Key of the words for the caller."""
        return PLAIN_TEXT if self.plain else f"failure.{self.code.value.lower()}"

    @property
    def agent_text(self) -> str:
        """Key of the words for an agent, always specific."""
        return f"failure.agent.{self.code.value.lower()}"


_F, _N, _R, _W = FailureCode, NextStep, RetryClass, WorksWhen
DECLINED = (_N.ANOTHER_METHOD_OR_AGENT, _R.NEVER, _W.WITH_ANOTHER_METHOD)
"""The advice for a plain decline, and therefore for a decline for risk and for an unknown reason. The caller must not
be able to tell them apart. It names no time and advises no further try, because the code may forbid one."""

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
    FailureInfo(_F.ISSUER_DECLINED_GENERIC, *DECLINED, plain=True),
    FailureInfo(_F.SUSPECTED_FRAUD, *DECLINED, risk=True, plain=True),
    FailureInfo(_F.LOST_STOLEN_PICKUP, *DECLINED, risk=True, plain=True),
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
    FailureInfo(_F.WALLET_LOCKED, _N.PAY_AGAIN, _R.AFTER_CHANGE, _W.AT_ONCE),
    FailureInfo(_F.KYC_LIMIT, _N.VERIFY_IDENTITY, _R.AFTER_CHANGE, _W.AFTER_VERIFYING),
    FailureInfo(_F.MERCHANT_CONFIG, _N.ASK_MERCHANT, _R.NEVER, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.OTHER, *DECLINED, plain=True),
)
FAILURES: dict[FailureCode, FailureInfo] = {row.code: row for row in _ROWS}
"""Every code with what to say and do about it."""
