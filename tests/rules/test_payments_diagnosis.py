"""What is told about a movement: where the money is comes from the ledger, the next step from money before reason."""

from datetime import timedelta

import pytest

from hotline.contracts.model import Failure, MoneyState, MovementStatus, RefundStatus
from hotline.payments.diagnosis import NO_FAILURE_TEXT, diagnose
from hotline.payments.failures import FailureCode, NextStep, RetryClass, WorksWhen
from hotline.payments.model import MoneyAnswer
from tests.support.money import NOON, moved, movement_of, refunded

S = MovementStatus


@pytest.mark.parametrize("status", list(MovementStatus))
@pytest.mark.parametrize(
    ("money", "answer"),
    [
        (MoneyState.NONE, MoneyAnswer.NOT_TAKEN),
        (MoneyState.HELD, MoneyAnswer.HELD),
        (MoneyState.DEBITED, MoneyAnswer.DEBITED),
        (MoneyState.RETURNED, MoneyAnswer.RETURNED),
        (MoneyState.UNKNOWN, MoneyAnswer.UNKNOWN),
    ],
)
def test_where_the_money_is_never_follows_from_the_status(
    status: MovementStatus, money: MoneyState, answer: MoneyAnswer
) -> None:
    assert diagnose(movement_of(moved(status, money=money)), NOON).answer is answer


def test_a_plain_failure_gets_its_reason_and_its_next_step() -> None:
    told = diagnose(movement_of(moved(S.FAILED)), NOON)
    assert told.failure is FailureCode.INSUFFICIENT_FUNDS
    assert told.caller_text == "failure.insufficient_funds"
    assert (told.next_step, told.retry, told.works_when) == (
        NextStep.TOP_UP,
        RetryClass.LATER,
        WorksWhen.AFTER_TOP_UP,
    )
    assert not told.unmapped


def test_money_that_was_taken_without_success_must_come_back_first() -> None:
    told = diagnose(movement_of(moved(S.FAILED, money=MoneyState.DEBITED)), NOON)
    assert told.next_step is NextStep.WAIT_FOR_RETURN


@pytest.mark.parametrize(
    ("status", "money"), [(S.UNKNOWN, MoneyState.HELD), (S.FAILED, MoneyState.UNKNOWN), (S.UNKNOWN, MoneyState.NONE)]
)
def test_nobody_is_told_to_pay_again_while_the_outcome_is_open(status: MovementStatus, money: MoneyState) -> None:
    told = diagnose(movement_of(moved(status, money=money)), NOON)
    assert told.next_step is NextStep.WAIT_FOR_OUTCOME
    assert told.retry is RetryClass.WHEN_OUTCOME_KNOWN


@pytest.mark.parametrize(("seconds", "overdue"), [(1, False), (0, True), (-1, True)])
def test_a_hold_that_should_be_over_goes_to_a_person(seconds: int, overdue: bool) -> None:
    until = NOON + timedelta(seconds=seconds)
    told = diagnose(movement_of(moved(S.FAILED, money=MoneyState.HELD, held_until=until)), NOON)
    assert told.held_overdue is overdue
    assert (told.next_step is NextStep.SPEAK_TO_AGENT) is overdue
    assert told.held_until == until


def test_a_hold_without_a_date_is_not_overdue() -> None:
    told = diagnose(movement_of(moved(S.AUTHORISED)), NOON)
    assert (told.answer, told.held_overdue) == (MoneyAnswer.HELD, False)
    assert told.next_step is NextStep.WAIT_FOR_RELEASE


def test_a_success_needs_nothing_and_says_what_could_be_refunded() -> None:
    told = diagnose(movement_of(moved(S.SUCCEEDED), refunded(RefundStatus.SETTLED)), NOON)
    assert (told.failure, told.caller_text) == (None, NO_FAILURE_TEXT)
    assert told.next_step is NextStep.NOTHING
    assert told.refundable_minor == 12850 - 5000


def test_an_unknown_code_is_told_in_general_words_and_counted() -> None:
    told = diagnose(movement_of(moved(S.FAILED, failure=Failure("newbank", "X1"))), NOON)
    assert (told.failure, told.unmapped) == (FailureCode.OTHER, True)


def test_a_failure_without_a_reason_has_nothing_to_count() -> None:
    told = diagnose(movement_of(moved(S.FAILED, failure=None)), NOON)
    assert (told.failure, told.unmapped) == (FailureCode.OTHER, False)
