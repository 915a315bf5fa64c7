"""The answer about a movement: was money taken, why did it fail, the one next step, when it will work. Pure.

Where the money is comes from the wallet's ledger and is never guessed from a status or a decline code. The next step
follows from the money before it follows from the reason: nobody is told to pay again while the outcome is open. Nobody
is told to pay from an account that is shut: the step that opens it comes first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from hotline.accounts.facts_requests import CASE_AFTER

from .decline_codes import find_row, reason_of_movement
from .failures import DECLINED, FAILURES, FailureCode, NextStep, RetryClass, WorksWhen
from .kinds import Advice, advise_for_kind, setting_of
from .model import RETURN_LOOKS, Diagnosis, MoneyAnswer, MoneyState, Movement, MovementStatus, Stuck

_ANSWERS = {
    MoneyState.NONE: MoneyAnswer.NOT_TAKEN,
    MoneyState.HELD: MoneyAnswer.HELD,
    MoneyState.DEBITED: MoneyAnswer.DEBITED,
    MoneyState.RETURNED: MoneyAnswer.RETURNED,
    MoneyState.UNKNOWN: MoneyAnswer.UNKNOWN,
}
NO_FAILURE_TEXT = "failure.none"
"""Text key for a movement that did not fail."""
NOT_COMPLETED_TEXT = "failure.not_completed"
"""Text key for a movement that was in process when it was asked about, and then came to an end without success."""
_CLOSED = frozenset({MoneyAnswer.NOT_TAKEN, MoneyAnswer.RETURNED})
"""Whereabouts of the money after which nothing is waited for any more."""
_ENDED = frozenset({MovementStatus.FAILED, MovementStatus.REVERSED})


TAKES_NO_PAYING = frozenset(
    {
        NextStep.WAIT_FOR_OUTCOME,
        NextStep.WAIT_FOR_RELEASE,
        NextStep.WAIT_FOR_RETURN,
        NextStep.SPEAK_TO_AGENT,
        NextStep.SEE_ORIGINAL,
        NextStep.ASK_MERCHANT_FOR_REFUND,
        NextStep.SEE_REFUND,
        NextStep.WAIT_FOR_REFUND,
        NextStep.NOTHING,
    }
)
"""Steps that end in no payment; they can be taken with an account that is shut. All others lead to paying again."""

_PAYS_AGAIN = frozenset({NextStep.CHECK_DETAILS, NextStep.CONFIRM_PAYMENT, NextStep.ENTER_PIN, NextStep.PAY_AGAIN})
"""Steps whose words ask for the same payment again."""

_WAITS: Final = {
    WorksWhen.IN_AN_HOUR: timedelta(hours=1),
    WorksWhen.IN_A_DAY: timedelta(days=1),
    WorksWhen.IN_TWO_DAYS: timedelta(days=2),
    WorksWhen.IN_THREE_DAYS: timedelta(days=3),
    WorksWhen.IN_FOUR_DAYS: timedelta(days=4),
    WorksWhen.IN_SIX_DAYS: timedelta(days=6),
    WorksWhen.IN_EIGHT_DAYS: timedelta(days=8),
    WorksWhen.IN_TEN_DAYS: timedelta(days=10),
}
"""The time after the failure at which each of these is over."""
HELD_WITHOUT_END_MAX: Final = timedelta(days=10)
"""How long a hold without an end may last before a person is asked. Visa: an authorisation of a card that is not
present is good for ten days."""


def diagnose(movement: Movement, now: datetime, *, first: NextStep | None) -> Diagnosis:
    """The diagnosis of a movement at a time.

    `first` is what has to be done before the account can pay (lockout.first_before_paying), None for an open account.
    Where the reason's own step leads to a payment, `first` becomes the next step and the own one comes after it.
    """
    answer = _ANSWERS[movement.money]
    code = _failure_code(movement)
    overdue = answer is MoneyAnswer.HELD and movement.held_until is not None and movement.held_until <= now
    stuck = find_stuck(movement, now)
    next_step, retry, works_when = _advice(movement, answer, code, held_overdue=overdue)
    if stuck is not None:
        next_step = NextStep.SPEAK_TO_AGENT
    works_at = movement.fact_version.time + _WAITS[works_when] if works_when in _WAITS else None
    if works_at is not None and works_at <= now:
        works_when, works_at = WorksWhen.AT_ONCE, None
        next_step = NextStep.PAY_AGAIN if next_step is NextStep.TRY_LATER else next_step
    if next_step in TAKES_NO_PAYING and works_when is not WorksWhen.WHEN_OUTCOME_KNOWN:
        # No time at which to pay is told to somebody who is to wait, or to ask for a person.
        works_when, works_at = WorksWhen.NOT_NEEDED, None
    then: NextStep | None = None
    if first is not None and next_step not in TAKES_NO_PAYING:
        next_step, then, retry, works_when = _put_opening_first(first, next_step, retry)
    elif first is not None and works_when is not WorksWhen.WHEN_OUTCOME_KNOWN:
        # The step itself can be taken, but no moment at which a payment works may be named.
        works_when = WorksWhen.NOT_NEEDED
    return Diagnosis(
        answer=answer,
        failure=code,
        caller_text=_caller_text(movement, code),
        agent_text=FAILURES[code].agent_text if code else NO_FAILURE_TEXT,
        next_step=next_step,
        then=then,
        retry=retry,
        works_when=works_when,
        works_at=works_at if works_when in _WAITS else None,
        held_until=movement.held_until if answer is MoneyAnswer.HELD else None,
        held_overdue=overdue,
        refundable_minor=movement.refundable_minor,
        barring_refund_id=movement.barring_refund_id,
        stuck=stuck,
    )


def find_stuck(movement: Movement, now: datetime) -> Stuck | None:
    """The thing that a movement has waited for too long; None while waiting is right. An open outcome, and money taken
    in vain, are too late from the time on at which the hotline itself opens a case."""
    if movement.is_outcome_open:
        is_unknown = movement.money is MoneyState.UNKNOWN
        since = movement.money_since if is_unknown else movement.fact_version.time
        return Stuck.OUTCOME if now >= since + CASE_AFTER else None
    if movement.is_taken_in_vain:
        since = movement.in_vain_at or movement.fact_version.time
        return Stuck.RETURN if now >= since + RETURN_LOOKS[-1] else None
    is_endless = movement.is_held and movement.held_until is None
    return Stuck.HOLD if is_endless and now >= movement.money_since + HELD_WITHOUT_END_MAX else None


def _failure_code(movement: Movement) -> FailureCode | None:
    """The reason why it failed. A movement that went through has none, also where its fact names one of an attempt
    before."""
    if movement.status is MovementStatus.SUCCEEDED:
        return None
    if movement.failure is not None:
        # A reason that was stored before may be one of refunds.
        return reason_of_movement(movement.failure.code)
    return FailureCode.OTHER if movement.status is MovementStatus.FAILED else None


def _caller_text(movement: Movement, code: FailureCode | None) -> str:
    """The reason as the caller hears it. While the outcome is open, nothing has failed yet: only a reason that says so
    is told. Once the ledger has closed the outcome, nothing is in process any more."""
    if code is None or (movement.is_outcome_open and FAILURES[code].next_step is not NextStep.WAIT_FOR_OUTCOME):
        return NO_FAILURE_TEXT
    if code is FailureCode.PAYMENT_IN_PROGRESS and movement.status in _ENDED and not movement.is_outcome_open:
        return NOT_COMPLETED_TEXT
    return FAILURES[code].caller_text


def _advice(movement: Movement, answer: MoneyAnswer, code: FailureCode | None, *, held_overdue: bool) -> Advice:
    open_outcome = (NextStep.WAIT_FOR_OUTCOME, RetryClass.WHEN_OUTCOME_KNOWN, WorksWhen.WHEN_OUTCOME_KNOWN)
    if answer is MoneyAnswer.UNKNOWN or movement.status is MovementStatus.UNKNOWN:
        return open_outcome
    if movement.status is MovementStatus.SUCCEEDED:
        return NextStep.NOTHING, RetryClass.NOT_NEEDED, WorksWhen.NOT_NEEDED
    next_step, retry, works_when = NextStep.NOTHING, RetryClass.NOT_NEEDED, WorksWhen.NOT_NEEDED
    if code is not None:
        next_step, retry, works_when = _advice_by_reason(movement, code)
    if next_step is NextStep.WAIT_FOR_OUTCOME and answer in _CLOSED:
        # The reason left the outcome open. The wallet's ledger has closed it: nothing is waited for any more.
        next_step, retry, works_when = NextStep.TRY_LATER, RetryClass.LATER, WorksWhen.IN_AN_HOUR
    if held_overdue:
        return NextStep.SPEAK_TO_AGENT, retry, works_when
    if movement.status is MovementStatus.AUTHORISED:
        return (NextStep.WAIT_FOR_RELEASE, retry, works_when) if answer is MoneyAnswer.HELD else open_outcome
    if answer is MoneyAnswer.DEBITED:
        # Taken although it did not go through: that must come back before anything else is advised.
        return NextStep.WAIT_FOR_RETURN, retry, WorksWhen.NOT_NEEDED
    return next_step, retry, works_when


def _advice_by_reason(movement: Movement, code: FailureCode) -> Advice:
    failure = movement.failure
    if failure is None:
        info = FAILURES[code]
        return advise_for_kind(setting_of(movement), (info.next_step, info.retry, info.works_when))
    told = advise(code, failure.scheme, failure.scheme_code, network=movement.instrument.network)
    return advise_for_kind(setting_of(movement), told)


def advise(code: FailureCode, scheme: str, scheme_code: str, *, network: str | None) -> Advice:
    """The advice for a reason that came as a scheme's code: next step, retry class, when it works.

    It is that of the taxonomy's row, with the time that the scheme names. After a code for which the scheme forbids
    another try, no step leads to one. Where only the message was known, no time is named.
    """
    info = FAILURES[code]
    row = find_row(scheme, scheme_code, network=network)
    if info.retry is RetryClass.LATER:
        guessed = row is None and info.works_when is not WorksWhen.AFTER_TOP_UP
        if guessed or (row is not None and row.forbidden):
            return DECLINED
    if row is not None and row.forbidden and info.next_step in _PAYS_AGAIN:
        return NextStep.USE_ANOTHER_METHOD, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD
    named = row.works_when if row is not None else None
    return info.next_step, info.retry, named or info.works_when


def _put_opening_first(
    first: NextStep, own: NextStep, retry: RetryClass
) -> tuple[NextStep, NextStep | None, RetryClass, WorksWhen]:
    """The advice for an account that is shut: next step, the step after it, retry class, when it works."""
    if first is NextStep.USE_ANOTHER_ACCOUNT:
        return first, None, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD
    again = RetryClass.NEVER if retry is RetryClass.NEVER else RetryClass.AFTER_CHANGE
    return first, own, again, WorksWhen.AFTER_UNLOCK
