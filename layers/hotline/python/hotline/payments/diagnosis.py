"""What to tell about a movement: was money taken, why did it fail, the one next step, when it will work. Pure.

Where the money is comes from the wallet's ledger and is never guessed from a status or a decline code. The next step
follows from the money before it follows from the reason: nobody is told to pay again while the outcome is open.
"""

from __future__ import annotations

from datetime import datetime

from .failures import FAILURES, FailureCode, NextStep, RetryClass, WorksWhen
from .model import Diagnosis, MoneyAnswer, MoneyState, Movement, MovementStatus

_ANSWERS = {
    MoneyState.NONE: MoneyAnswer.NOT_TAKEN,
    MoneyState.HELD: MoneyAnswer.HELD,
    MoneyState.DEBITED: MoneyAnswer.DEBITED,
    MoneyState.RETURNED: MoneyAnswer.RETURNED,
    MoneyState.UNKNOWN: MoneyAnswer.UNKNOWN,
}
NO_FAILURE_TEXT = "failure.none"
"""Text key for a movement that did not fail."""


def diagnose(movement: Movement, now: datetime) -> Diagnosis:
    """The diagnosis of a movement at a time."""
    answer = _ANSWERS[movement.money]
    code = _failure_code(movement)
    overdue = answer is MoneyAnswer.HELD and movement.held_until is not None and movement.held_until <= now
    next_step, retry, works_when = _advice(movement, answer, code, held_overdue=overdue)
    return Diagnosis(
        answer=answer,
        failure=code,
        caller_text=FAILURES[code].caller_text if code else NO_FAILURE_TEXT,
        agent_text=FAILURES[code].agent_text if code else NO_FAILURE_TEXT,
        next_step=next_step,
        retry=retry,
        works_when=works_when,
        held_until=movement.held_until if answer is MoneyAnswer.HELD else None,
        held_overdue=overdue,
        refundable_minor=movement.refundable_minor,
        open_refund_id=movement.open_refund_id,
        unmapped=movement.failure is not None and not movement.failure.mapped,
    )


def _failure_code(movement: Movement) -> FailureCode | None:
    if movement.failure is not None:
        return movement.failure.code
    return FailureCode.OTHER if movement.status is MovementStatus.FAILED else None


def _advice(
    movement: Movement, answer: MoneyAnswer, code: FailureCode | None, *, held_overdue: bool
) -> tuple[NextStep, RetryClass, WorksWhen]:
    open_outcome = (NextStep.WAIT_FOR_OUTCOME, RetryClass.WHEN_OUTCOME_KNOWN, WorksWhen.WHEN_OUTCOME_KNOWN)
    if answer is MoneyAnswer.UNKNOWN or movement.status is MovementStatus.UNKNOWN:
        return open_outcome
    if movement.status is MovementStatus.SUCCEEDED:
        return NextStep.NOTHING, RetryClass.NOT_NEEDED, WorksWhen.NOT_NEEDED
    info = FAILURES[code] if code else None
    retry, works_when = (info.retry, info.works_when) if info else (RetryClass.NOT_NEEDED, WorksWhen.NOT_NEEDED)
    if held_overdue:
        return NextStep.SPEAK_TO_AGENT, retry, works_when
    if movement.status is MovementStatus.AUTHORISED:
        return (NextStep.WAIT_FOR_RELEASE, retry, works_when) if answer is MoneyAnswer.HELD else open_outcome
    if answer is MoneyAnswer.DEBITED:
        # Taken although it did not go through: that must come back before anything else is advised.
        return NextStep.WAIT_FOR_RETURN, retry, WorksWhen.NOT_NEEDED
    return (info.next_step if info else NextStep.NOTHING), retry, works_when
