"""The taxonomy of failures as data: what to tell caller and agent, what to do next, when to try again. Pure.

Two texts for each code: a caller hears the specific reason only where it gives nothing away. A plain decline, a decline
for risk and a code unknown to the taxonomy are told in the same way. Nobody then learns from the line that a card is
reported lost (payment schemes ask for this). Those words name nobody: a processor declines as well as an issuer. Retry
classes follow the card networks' categories: never, later, after new data.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


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
    CARD_NOT_ACTIVATED = "CARD_NOT_ACTIVATED"
    CARD_REPLACED = "CARD_REPLACED"
    SAVED_DETAILS_INVALID = "SAVED_DETAILS_INVALID"
    """A token or a mandate that stood for the card and is not good any more."""
    WRONG_EXPIRY = "WRONG_EXPIRY"
    IDENTITY_MISMATCH = "IDENTITY_MISMATCH"
    VERIFICATION_FAILED = "VERIFICATION_FAILED"
    PIN_REQUIRED = "PIN_REQUIRED"
    CHIP_REQUIRED = "CHIP_REQUIRED"
    TOO_MANY_ATTEMPTS = "TOO_MANY_ATTEMPTS"
    METHOD_SWITCHED_OFF = "METHOD_SWITCHED_OFF"
    NO_USABLE_METHOD = "NO_USABLE_METHOD"
    PAYER_ACCOUNT_LIMITED = "PAYER_ACCOUNT_LIMITED"
    ACCOUNT_RESTRICTED = "ACCOUNT_RESTRICTED"
    """The card or account is blocked, for a reason that may be a risk."""
    LEGAL_BLOCK = "LEGAL_BLOCK"
    ACCOUNT_HOLDER_DECEASED = "ACCOUNT_HOLDER_DECEASED"
    INVALID_BANK_DETAILS = "INVALID_BANK_DETAILS"
    CURRENCY_NOT_SUPPORTED = "CURRENCY_NOT_SUPPORTED"
    AMOUNT_TOO_SMALL = "AMOUNT_TOO_SMALL"
    AMOUNT_TOO_LARGE = "AMOUNT_TOO_LARGE"
    """More than one payment may be. A new day does not help, as it does against a limit that is used up."""
    COUPON_NOT_APPLICABLE = "COUPON_NOT_APPLICABLE"
    PAYMENT_CODE_INVALID = "PAYMENT_CODE_INVALID"
    """The code that is shown at a till was used, or is too old."""
    ISSUER_ASKS_TO_WAIT = "ISSUER_ASKS_TO_WAIT"
    SERVICE_CLOSED = "SERVICE_CLOSED"
    PAYMENT_IN_PROGRESS = "PAYMENT_IN_PROGRESS"
    DEBITED_NOT_POSTED = "DEBITED_NOT_POSTED"
    AUTHORISATION_EXPIRED = "AUTHORISATION_EXPIRED"
    NOT_AUTHORISED = "NOT_AUTHORISED"
    """A direct debit without a mandate."""
    CANCELLED_BY_PAYER = "CANCELLED_BY_PAYER"
    MONEY_RECALLED = "MONEY_RECALLED"
    ORIGINAL_NOT_FOUND = "ORIGINAL_NOT_FOUND"
    SAME_PAYER_AND_PAYEE = "SAME_PAYER_AND_PAYEE"
    PAYEE_DETAILS_INVALID = "PAYEE_DETAILS_INVALID"
    PAYEE_UNAVAILABLE = "PAYEE_UNAVAILABLE"
    PAYEE_LIMIT = "PAYEE_LIMIT"
    REFUND_MERCHANT_FUNDS = "REFUND_MERCHANT_FUNDS"
    """The merchant's money is short, not the customer's."""
    REFUND_WINDOW_OVER = "REFUND_WINDOW_OVER"
    REFUND_AMOUNT_TOO_HIGH = "REFUND_AMOUNT_TOO_HIGH"
    REFUND_ALREADY_DONE = "REFUND_ALREADY_DONE"
    REFUND_DISPUTED = "REFUND_DISPUTED"
    REFUND_DESTINATION_CLOSED = "REFUND_DESTINATION_CLOSED"
    REFUND_NOT_ALLOWED = "REFUND_NOT_ALLOWED"
    REFUND_NOT_YET = "REFUND_NOT_YET"
    REFUND_DATA_MISMATCH = "REFUND_DATA_MISMATCH"
    REFUND_STILL_RUNNING = "REFUND_STILL_RUNNING"
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
    ACTIVATE_CARD = "activate_card"
    ENTER_PIN = "enter_pin"
    USE_CHIP = "use_chip"
    SWITCH_ON_METHOD = "switch_on_method"
    ASK_ACCOUNT_PROVIDER = "ask_account_provider"
    UPDATE_BANK_ACCOUNT = "update_bank_account"
    CHANGE_AMOUNT = "change_amount"
    PAY_WITHOUT_COUPON = "pay_without_coupon"
    REFRESH_PAYMENT_CODE = "refresh_payment_code"
    CHECK_PAYEE = "check_payee"
    ASK_PAYEE = "ask_payee"
    ASK_MERCHANT_FOR_REFUND = "ask_merchant_for_refund"
    SEE_REFUND = "see_refund"
    WAIT_FOR_REFUND = "wait_for_refund"
    NOTHING = "nothing"


class WorksWhen(StrEnum):
    """The condition of another try: the time, or the change after which it works."""

    AFTER_TOP_UP = "after_top_up"
    NEXT_DAY = "next_day"
    AFTER_UPDATE = "after_update"
    AFTER_CONFIRMING = "after_confirming"
    WITH_ANOTHER_METHOD = "with_another_method"
    IN_AN_HOUR = "in_an_hour"
    IN_A_DAY = "in_a_day"
    IN_TWO_DAYS = "in_two_days"
    IN_THREE_DAYS = "in_three_days"
    IN_FOUR_DAYS = "in_four_days"
    IN_SIX_DAYS = "in_six_days"
    IN_EIGHT_DAYS = "in_eight_days"
    IN_TEN_DAYS = "in_ten_days"
    IN_SERVICE_HOURS = "in_service_hours"
    WHEN_OUTCOME_KNOWN = "when_outcome_known"
    WITH_NEW_ORDER = "with_new_order"
    AFTER_UNLOCK = "after_unlock"
    """Not before the account is open again, whatever shuts it."""
    AFTER_VERIFYING = "after_verifying"
    AT_ONCE = "at_once"
    NOT_NEEDED = "not_needed"


class Actor(StrEnum):
    """The one who has to act, so that the payment or refund goes on."""

    CUSTOMER = "customer"
    MERCHANT = "merchant"
    PAYEE = "payee"
    ACCOUNT_PROVIDER = "account_provider"
    """The bank or provider of the account or card that pays."""
    AGENT = "agent"
    NOBODY = "nobody"
    """Time or the provider settles it."""


_ACTORS = {
    NextStep.ASK_MERCHANT: Actor.MERCHANT,
    NextStep.ASK_MERCHANT_FOR_REFUND: Actor.MERCHANT,
    NextStep.ASK_PAYEE: Actor.PAYEE,
    NextStep.ASK_ACCOUNT_PROVIDER: Actor.ACCOUNT_PROVIDER,
    NextStep.SPEAK_TO_AGENT: Actor.AGENT,
    NextStep.OPEN_WITH_AGENT: Actor.AGENT,
    NextStep.WAIT_FOR_OUTCOME: Actor.NOBODY,
    NextStep.WAIT_FOR_RELEASE: Actor.NOBODY,
    NextStep.WAIT_FOR_RETURN: Actor.NOBODY,
    NextStep.WAIT_FOR_OPENING: Actor.NOBODY,
    NextStep.WAIT_FOR_REFUND: Actor.NOBODY,
    NextStep.SEE_ORIGINAL: Actor.NOBODY,
    NextStep.SEE_REFUND: Actor.NOBODY,
    NextStep.NOTHING: Actor.NOBODY,
}


EXPLAINS_FAILED_REFUND: Final = frozenset(
    {
        FailureCode.REFUND_MERCHANT_FUNDS,
        FailureCode.REFUND_WINDOW_OVER,
        FailureCode.REFUND_AMOUNT_TOO_HIGH,
        FailureCode.REFUND_DISPUTED,
        FailureCode.REFUND_DESTINATION_CLOSED,
        FailureCode.REFUND_NOT_ALLOWED,
        FailureCode.REFUND_DATA_MISMATCH,
    }
)
"""Reasons that are told of a refund that failed. The others say that it goes on or is done, which a failed one does
not. The next step is not theirs then: people find another way to pay."""


def actor_of(step: NextStep) -> Actor:
    """The actor of a step: the customer, unless it names somebody else or nobody."""
    return _ACTORS.get(step, Actor.CUSTOMER)


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
    FailureInfo(_F.CARD_NOT_ACTIVATED, _N.ACTIVATE_CARD, _R.AFTER_CHANGE, _W.AFTER_UPDATE),
    FailureInfo(_F.CARD_REPLACED, _N.UPDATE_CARD, _R.AFTER_CHANGE, _W.AFTER_UPDATE),
    FailureInfo(_F.SAVED_DETAILS_INVALID, _N.UPDATE_CARD, _R.AFTER_CHANGE, _W.AFTER_UPDATE),
    FailureInfo(_F.WRONG_EXPIRY, _N.CHECK_DETAILS, _R.AFTER_CHANGE, _W.AFTER_UPDATE),
    FailureInfo(_F.IDENTITY_MISMATCH, _N.CHECK_DETAILS, _R.AFTER_CHANGE, _W.AFTER_UPDATE),
    FailureInfo(_F.VERIFICATION_FAILED, _N.CONFIRM_PAYMENT, _R.AFTER_CHANGE, _W.AFTER_CONFIRMING),
    FailureInfo(_F.PIN_REQUIRED, _N.ENTER_PIN, _R.AFTER_CHANGE, _W.AFTER_CONFIRMING),
    FailureInfo(_F.CHIP_REQUIRED, _N.USE_CHIP, _R.AFTER_CHANGE, _W.AT_ONCE),
    FailureInfo(_F.TOO_MANY_ATTEMPTS, _N.USE_ANOTHER_METHOD, _R.NEVER, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.METHOD_SWITCHED_OFF, _N.SWITCH_ON_METHOD, _R.AFTER_CHANGE, _W.AFTER_UPDATE),
    FailureInfo(_F.NO_USABLE_METHOD, _N.USE_ANOTHER_METHOD, _R.NEVER, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.PAYER_ACCOUNT_LIMITED, _N.ASK_ACCOUNT_PROVIDER, _R.AFTER_CHANGE, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.ACCOUNT_RESTRICTED, *DECLINED, risk=True, plain=True),
    FailureInfo(_F.LEGAL_BLOCK, *DECLINED, risk=True, plain=True),
    FailureInfo(_F.ACCOUNT_HOLDER_DECEASED, *DECLINED, plain=True),
    FailureInfo(_F.INVALID_BANK_DETAILS, _N.UPDATE_BANK_ACCOUNT, _R.AFTER_CHANGE, _W.AFTER_UPDATE),
    FailureInfo(_F.CURRENCY_NOT_SUPPORTED, _N.USE_ANOTHER_METHOD, _R.NEVER, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.AMOUNT_TOO_SMALL, _N.CHANGE_AMOUNT, _R.AFTER_CHANGE, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.AMOUNT_TOO_LARGE, _N.CHANGE_AMOUNT, _R.AFTER_CHANGE, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.COUPON_NOT_APPLICABLE, _N.PAY_WITHOUT_COUPON, _R.AFTER_CHANGE, _W.AT_ONCE),
    FailureInfo(_F.PAYMENT_CODE_INVALID, _N.REFRESH_PAYMENT_CODE, _R.AFTER_CHANGE, _W.AT_ONCE),
    FailureInfo(_F.ISSUER_ASKS_TO_WAIT, _N.TRY_LATER, _R.LATER, _W.IN_A_DAY),
    FailureInfo(_F.SERVICE_CLOSED, _N.TRY_LATER, _R.LATER, _W.IN_SERVICE_HOURS),
    FailureInfo(_F.PAYMENT_IN_PROGRESS, _N.WAIT_FOR_OUTCOME, _R.WHEN_OUTCOME_KNOWN, _W.WHEN_OUTCOME_KNOWN),
    FailureInfo(_F.DEBITED_NOT_POSTED, _N.SPEAK_TO_AGENT, _R.NEVER, _W.NOT_NEEDED),
    FailureInfo(_F.AUTHORISATION_EXPIRED, _N.ORDER_AGAIN, _R.NEVER, _W.WITH_NEW_ORDER),
    FailureInfo(_F.NOT_AUTHORISED, _N.USE_ANOTHER_METHOD, _R.NEVER, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.CANCELLED_BY_PAYER, _N.ORDER_AGAIN, _R.NEVER, _W.WITH_NEW_ORDER),
    FailureInfo(_F.MONEY_RECALLED, _N.SPEAK_TO_AGENT, _R.NEVER, _W.NOT_NEEDED),
    FailureInfo(_F.ORIGINAL_NOT_FOUND, _N.SPEAK_TO_AGENT, _R.NEVER, _W.NOT_NEEDED),
    FailureInfo(_F.SAME_PAYER_AND_PAYEE, _N.USE_ANOTHER_METHOD, _R.NEVER, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.PAYEE_DETAILS_INVALID, _N.CHECK_PAYEE, _R.AFTER_CHANGE, _W.AFTER_UPDATE),
    FailureInfo(_F.PAYEE_UNAVAILABLE, _N.ASK_PAYEE, _R.NEVER, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.PAYEE_LIMIT, _N.ASK_PAYEE, _R.AFTER_CHANGE, _W.WITH_ANOTHER_METHOD),
    FailureInfo(_F.REFUND_MERCHANT_FUNDS, _N.ASK_MERCHANT_FOR_REFUND, _R.AFTER_CHANGE, _W.NOT_NEEDED),
    FailureInfo(_F.REFUND_WINDOW_OVER, _N.ASK_MERCHANT_FOR_REFUND, _R.NEVER, _W.NOT_NEEDED),
    FailureInfo(_F.REFUND_AMOUNT_TOO_HIGH, _N.SEE_REFUND, _R.AFTER_CHANGE, _W.NOT_NEEDED),
    FailureInfo(_F.REFUND_ALREADY_DONE, _N.SEE_REFUND, _R.NEVER, _W.NOT_NEEDED),
    FailureInfo(_F.REFUND_DISPUTED, _N.SPEAK_TO_AGENT, _R.NEVER, _W.NOT_NEEDED),
    FailureInfo(_F.REFUND_DESTINATION_CLOSED, _N.SPEAK_TO_AGENT, _R.AFTER_CHANGE, _W.NOT_NEEDED),
    FailureInfo(_F.REFUND_NOT_ALLOWED, _N.ASK_MERCHANT_FOR_REFUND, _R.NEVER, _W.NOT_NEEDED),
    FailureInfo(_F.REFUND_NOT_YET, _N.WAIT_FOR_REFUND, _R.WHEN_OUTCOME_KNOWN, _W.NOT_NEEDED),
    FailureInfo(_F.REFUND_DATA_MISMATCH, _N.ASK_MERCHANT_FOR_REFUND, _R.AFTER_CHANGE, _W.NOT_NEEDED),
    FailureInfo(_F.REFUND_STILL_RUNNING, _N.WAIT_FOR_REFUND, _R.WHEN_OUTCOME_KNOWN, _W.NOT_NEEDED),
    FailureInfo(_F.OTHER, *DECLINED, plain=True),
)
FAILURES: dict[FailureCode, FailureInfo] = {row.code: row for row in _ROWS}
"""Every code with what to say and do about it."""
