"""Reasons and steps as they go for each kind of movement: whose card or account they mean, and what it is called. Pure.

The same code means another side by kind. A closed account is the payer's in a payment, and the customer's own bank
account in a withdrawal. In a transfer from the balance it is that of the other side. Words for paying are wrong for all
but payments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hotline.contracts.model import MovementKind
from hotline.contracts.vocabulary import Scheme, scheme_of

from .failures import FailureCode, NextStep, RetryClass, WorksWhen
from .model import Movement

type Keys = tuple[str, ...]
"""Keys of one sentence, the most exact first; the first that the catalogue has is said."""
type Advice = tuple[NextStep, RetryClass, WorksWhen]

PURCHASES: Final = frozenset({MovementKind.PAYMENT, MovementKind.BILL_PAYMENT})
"""Movements with a merchant or biller."""
_OWN_MONEY: Final = frozenset({"balance", "credit_line"})
"""The wallet's own sources. They have no card number and no bank account that could be wrong."""
_OF_BANKS: Final = frozenset({Scheme.ISO20022, Scheme.SEPA, Scheme.NACHA})
"""Schemes that tell about bank accounts only."""

TOLD_OF_PAYEE: Final = frozenset(
    {
        FailureCode.EXPIRED_CARD,
        FailureCode.INVALID_CARD_NUMBER,
        FailureCode.WRONG_NAME_OR_ADDRESS,
        FailureCode.CARD_NOT_SUPPORTED,
        FailureCode.ACCOUNT_CLOSED,
        FailureCode.NO_SUCH_ACCOUNT,
        FailureCode.CARD_NOT_ACTIVATED,
        FailureCode.CARD_REPLACED,
        FailureCode.IDENTITY_MISMATCH,
        FailureCode.INVALID_BANK_DETAILS,
    }
)
"""Reasons about a card or bank account, with words for that of the other side (`.payee`). No other reason is of it."""

_WITHDRAWAL_STEPS: Final = {
    NextStep.ASK_PAYEE: NextStep.ASK_ACCOUNT_PROVIDER,
    NextStep.CHECK_PAYEE: NextStep.UPDATE_BANK_ACCOUNT,
    NextStep.ASK_ACCOUNT_PROVIDER: NextStep.SPEAK_TO_AGENT,
}
"""The payee of a withdrawal is the customer, with an account of their own. The payer is their account at the wallet."""
_TOP_UP_STEPS: Final = {NextStep.ASK_PAYEE: NextStep.SPEAK_TO_AGENT, NextStep.CHECK_PAYEE: NextStep.SPEAK_TO_AGENT}
"""The payee of a top-up is the wallet."""
_PAYEE_STEPS: Final = {
    NextStep.UPDATE_CARD: NextStep.CHECK_PAYEE,
    NextStep.UPDATE_BANK_ACCOUNT: NextStep.CHECK_PAYEE,
    NextStep.ACTIVATE_CARD: NextStep.ASK_PAYEE,
}
"""Nobody can change in the app what belongs to the other side."""
_BALANCE_STEPS: Final = {
    NextStep.UPDATE_CARD: NextStep.USE_ANOTHER_METHOD,
    NextStep.UPDATE_BANK_ACCOUNT: NextStep.USE_ANOTHER_METHOD,
    NextStep.ASK_ACCOUNT_PROVIDER: NextStep.SPEAK_TO_AGENT,
}
"""The sender of a transfer from the balance used no card. The wallet itself provides the account."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The things of a movement by which its words and steps are chosen. `instrument`: the kind of it, see
    contracts.vocabulary. `scheme` and `reason` are None where it did not fail."""

    kind: MovementKind
    instrument: str
    scheme: str | None
    reason: FailureCode | None

    @property
    def is_of_payee(self) -> bool:
        """Whether the reason means the card or bank account of the other side. The money came from the wallet then, or
        the scheme tells about bank accounts and the sender used none."""
        if self.kind is not MovementKind.TRANSFER or self.reason not in TOLD_OF_PAYEE:
            return False
        is_of_bank = self.scheme is not None and scheme_of(self.scheme) in _OF_BANKS
        return self.is_own_money or (is_of_bank and self.instrument != "bank_account")

    @property
    def is_own_money(self) -> bool:
        """Whether the money is the wallet's own source."""
        return self.instrument in _OWN_MONEY


def setting_of(movement: Movement) -> Setting:
    """The setting of a movement."""
    failure = movement.failure
    scheme, reason = (failure.scheme, failure.code) if failure is not None else (None, None)
    return Setting(movement.ref.kind, movement.instrument.kind, scheme, reason)


def advise_for_kind(setting: Setting, advice: Advice) -> Advice:
    """The advice as it goes for the kind of a movement: next step, retry class, when it works."""
    step, retry, works_when = advice
    kind = setting.kind
    if kind is MovementKind.PAYMENT:
        return _of_own_money(setting, step), retry, works_when
    if step is NextStep.ORDER_AGAIN:
        # Nothing was ordered: it is done again as it is.
        return NextStep.PAY_AGAIN, RetryClass.AFTER_CHANGE, WorksWhen.AT_ONCE
    if step is NextStep.PAY_AS_FIRST_PAYER:
        return step, retry, WorksWhen.NOT_NEEDED
    if kind is MovementKind.BILL_PAYMENT:
        return _of_own_money(setting, step), retry, works_when
    if step is NextStep.ASK_MERCHANT:
        # The wallet itself has set it up.
        return NextStep.SPEAK_TO_AGENT, RetryClass.NEVER, WorksWhen.NOT_NEEDED
    if kind is MovementKind.WITHDRAWAL and step is NextStep.TOP_UP:
        # A smaller amount is advised, and nothing has to arrive for that.
        return step, RetryClass.AFTER_CHANGE, WorksWhen.AT_ONCE
    steps = _WITHDRAWAL_STEPS if kind is MovementKind.WITHDRAWAL else _TOP_UP_STEPS
    if kind is MovementKind.TRANSFER:
        steps = _PAYEE_STEPS if setting.is_of_payee else _BALANCE_STEPS if setting.is_own_money else {}
    return steps.get(step, step), retry, works_when


def _of_own_money(setting: Setting, step: NextStep) -> NextStep:
    """The step of a payment. The provider of a balance is the wallet, so a person is named."""
    is_provider = setting.is_own_money and step is NextStep.ASK_ACCOUNT_PROVIDER
    return NextStep.ANOTHER_METHOD_OR_AGENT if is_provider else step


def forms_of(key: str, setting: Setting) -> Keys:
    """The keys of a sentence for a movement. They are for the other side's card or account, for its kind, for any that
    is no purchase, and for all."""
    kind = setting.kind
    payee = (f"{key}.payee",) if setting.is_of_payee else ()
    any_but_payments = () if kind in PURCHASES else (f"{key}.movement",)
    return (*payee, f"{key}.{kind.value}", *any_but_payments, key)
