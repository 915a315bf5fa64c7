"""Reasons and steps as they go for each kind of movement: whose card or account they mean, and what it is called. Pure.

The same code means another side by kind. A closed account is the payer's in a payment, and the customer's own bank
account in a withdrawal. In a transfer from the balance it is that of the other side. Words for paying are wrong for all
but payments.
"""

from __future__ import annotations

from typing import Final

from hotline.contracts.model import MovementKind
from hotline.contracts.vocabulary import Scheme, scheme_of

from .failures import NextStep, RetryClass, WorksWhen
from .model import Movement

type Keys = tuple[str, ...]
"""Keys of one sentence, the most exact first; the first that the catalogue has is said."""
type Advice = tuple[NextStep, RetryClass, WorksWhen]

PURCHASES: Final = frozenset({MovementKind.PAYMENT, MovementKind.BILL_PAYMENT})
"""Movements with a merchant or biller, and with an order that can be placed again."""
_OWN_MONEY: Final = frozenset({"balance", "credit_line"})
"""The wallet's own sources. They have no card number and no bank account that could be wrong."""
_OF_BANKS: Final = frozenset({Scheme.ISO20022, Scheme.SEPA, Scheme.NACHA})
"""Schemes that tell about bank accounts only."""

_WITHDRAWAL_STEPS: Final = {
    NextStep.ASK_PAYEE: NextStep.ASK_ACCOUNT_PROVIDER,
    NextStep.CHECK_PAYEE: NextStep.UPDATE_BANK_ACCOUNT,
}
"""The payee of a withdrawal is the customer, with an account of their own."""
_TOP_UP_STEPS: Final = {NextStep.ASK_PAYEE: NextStep.SPEAK_TO_AGENT, NextStep.CHECK_PAYEE: NextStep.SPEAK_TO_AGENT}
"""The payee of a top-up is the wallet."""
_PAYEE_STEPS: Final = {
    NextStep.UPDATE_CARD: NextStep.CHECK_PAYEE,
    NextStep.UPDATE_BANK_ACCOUNT: NextStep.CHECK_PAYEE,
    NextStep.ACTIVATE_CARD: NextStep.ASK_PAYEE,
}
"""Nobody can change in the app what belongs to the other side."""


def is_of_payee(movement: Movement) -> bool:
    """Whether a reason about a card or bank account means that of the other side. The money came from the wallet then,
    or the scheme tells about bank accounts and the sender used none."""
    if movement.ref.kind is not MovementKind.TRANSFER:
        return False
    scheme = scheme_of(movement.failure.scheme) if movement.failure is not None else None
    kind = movement.instrument.kind
    return kind in _OWN_MONEY or (scheme in _OF_BANKS and kind != "bank_account")


def advise_for_kind(movement: Movement, advice: Advice) -> Advice:
    """The advice as it goes for the kind of the movement: next step, retry class, when it works."""
    step, retry, works_when = advice
    kind = movement.ref.kind
    if kind in PURCHASES:
        return advice
    if step is NextStep.ORDER_AGAIN:
        return NextStep.PAY_AGAIN, RetryClass.AFTER_CHANGE, WorksWhen.AT_ONCE
    if step is NextStep.PAY_AS_FIRST_PAYER:
        return step, retry, WorksWhen.NOT_NEEDED
    if step is NextStep.ASK_MERCHANT:
        # The wallet itself has set it up.
        return NextStep.SPEAK_TO_AGENT, RetryClass.NEVER, WorksWhen.NOT_NEEDED
    steps = _WITHDRAWAL_STEPS if kind is MovementKind.WITHDRAWAL else _TOP_UP_STEPS
    if kind is MovementKind.TRANSFER:
        steps = _PAYEE_STEPS if is_of_payee(movement) else {}
    return steps.get(step, step), retry, works_when


def forms_of(key: str, movement: Movement) -> Keys:
    """The keys of a sentence for a movement. They are for the other side's card or account, for its kind, for any that
    is no purchase, and for all."""
    kind = movement.ref.kind
    payee = (f"{key}.payee",) if is_of_payee(movement) else ()
    any_but_payments = () if kind in PURCHASES else (f"{key}.movement",)
    return (*payee, f"{key}.{kind.value}", *any_but_payments, key)
