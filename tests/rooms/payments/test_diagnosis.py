"""The words about a movement: where the money is comes from the ledger, the next step from money before reason."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from hotline.accounts.facts_requests import CASE_AFTER
from hotline.contracts.model import Coupon, Failure, MoneyState, MovementKind, MovementStatus, RefundStatus
from hotline.kit.languages import ENGLISH
from hotline.kit.money import Money
from hotline.lockout.policy import FIRST_STEPS
from hotline.payments.answers import answer_of
from hotline.payments.decline_codes import list_rows
from hotline.payments.diagnosis import HELD_WITHOUT_END_MAX, NO_FAILURE_TEXT, TAKES_NO_PAYING, advise, diagnose
from hotline.payments.failures import FAILURES, Actor, FailureCode, NextStep, RetryClass, WorksWhen, actor_of
from hotline.payments.model import RETURN_LOOKS, MoneyAnswer, Stuck
from hotline.wording.catalogue import find
from tests.support.money_world import INITIATED, NOON, moved, movement_of, refunded
from tests.support.sweeps import sweep

S = MovementStatus
SECOND = timedelta(seconds=1)


@sweep("status", list(MovementStatus))
@sweep(
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
    assert diagnose(movement_of(moved(status, money=money)), NOON, first=None).answer is answer


def test_a_plain_failure_gets_its_reason_and_its_next_step() -> None:
    told = diagnose(movement_of(moved(S.FAILED)), NOON, first=None)
    assert told.failure is FailureCode.INSUFFICIENT_FUNDS
    assert told.caller_text == "failure.insufficient_funds"
    assert (told.next_step, told.retry, told.works_when) == (
        NextStep.TOP_UP,
        RetryClass.LATER,
        WorksWhen.AFTER_TOP_UP,
    )


def test_nothing_is_waited_for_once_the_ledger_says_that_nothing_was_taken() -> None:
    """A time-out at the bank leaves the outcome open; the wallet's ledger has closed it, and asks nobody any more."""
    timed_out = moved(S.FAILED, failure=Failure("iso8583", "68"))
    told = diagnose(movement_of(timed_out), INITIATED, first=None)
    assert (told.failure, told.next_step) == (FailureCode.NETWORK_TIMEOUT, NextStep.TRY_LATER)
    assert (told.retry, told.works_when) == (RetryClass.LATER, WorksWhen.IN_AN_HOUR)
    open_yet = moved(S.FAILED, failure=Failure("iso8583", "68"), money=MoneyState.UNKNOWN)
    assert diagnose(movement_of(open_yet), NOON, first=None).next_step is NextStep.WAIT_FOR_OUTCOME


@pytest.mark.parametrize(
    ("code", "text"), [("51", NO_FAILURE_TEXT), ("05", NO_FAILURE_TEXT), ("68", "failure.network_timeout")]
)
def test_nobody_hears_that_a_payment_was_declined_whose_outcome_is_open(code: str, text: str) -> None:
    unknown = movement_of(moved(S.UNKNOWN, failure=Failure("iso8583", code)))
    assert diagnose(unknown, NOON, first=None).caller_text == text


@sweep("kind", list(MovementKind))
@sweep("money", [MoneyState.NONE, MoneyState.RETURNED, MoneyState.DEBITED])
@sweep(("scheme", "code"), [("alipay", "10003"), ("wechat", "USERPAYING")])
def test_nothing_is_told_to_be_in_process_once_the_ledger_has_closed_the_outcome(
    kind: MovementKind, money: MoneyState, scheme: str, code: str
) -> None:
    failed = movement_of(moved(S.FAILED, failure=Failure(scheme, code), money=money, kind=kind))
    for now in (INITIATED, NOON, NOON + timedelta(days=1)):
        told = diagnose(failed, now, first=None)
        assert (told.failure, told.caller_text) == (FailureCode.PAYMENT_IN_PROGRESS, "failure.not_completed")
        assert told.next_step is not NextStep.WAIT_FOR_OUTCOME
    open_yet = movement_of(moved(S.FAILED, failure=Failure(scheme, code), money=MoneyState.UNKNOWN, kind=kind))
    assert diagnose(open_yet, NOON, first=None).caller_text == "failure.payment_in_progress"


def test_money_that_was_taken_without_success_must_come_back_first() -> None:
    told = diagnose(movement_of(moved(S.FAILED, money=MoneyState.DEBITED)), NOON, first=None)
    assert (told.next_step, told.works_when) == (NextStep.WAIT_FOR_RETURN, WorksWhen.NOT_NEEDED)


@pytest.mark.parametrize(
    ("status", "money"), [(S.UNKNOWN, MoneyState.HELD), (S.FAILED, MoneyState.UNKNOWN), (S.UNKNOWN, MoneyState.NONE)]
)
def test_nobody_is_told_to_pay_again_while_the_outcome_is_open(status: MovementStatus, money: MoneyState) -> None:
    told = diagnose(movement_of(moved(status, money=money)), NOON, first=None)
    assert told.next_step is NextStep.WAIT_FOR_OUTCOME
    assert (told.retry, told.works_when) == (RetryClass.WHEN_OUTCOME_KNOWN, WorksWhen.WHEN_OUTCOME_KNOWN)


@pytest.mark.parametrize("kind", MovementKind)
def test_no_movement_is_told_as_a_refund_whatever_reason_was_stored_with_it(kind: MovementKind) -> None:
    for code in FailureCode:
        failed = movement_of(moved(S.FAILED, failure=Failure("wallet", code.value), kind=kind))
        assert failed.failure is not None
        stored = replace(failed, failure=replace(failed.failure, code=code))
        told = diagnose(stored, NOON, first=None)
        refunds = (NextStep.ASK_MERCHANT_FOR_REFUND, NextStep.SEE_REFUND, NextStep.WAIT_FOR_REFUND)
        assert "refund" not in f"{told.caller_text} {told.agent_text}", code
        assert told.next_step not in refunds, code


def test_an_open_outcome_is_waited_for_with_an_account_that_is_shut_too() -> None:
    told = diagnose(movement_of(moved(S.UNKNOWN)), NOON, first=NextStep.UNLOCK_WALLET)
    assert (told.next_step, told.then, told.works_when) == (
        NextStep.WAIT_FOR_OUTCOME,
        None,
        WorksWhen.WHEN_OUTCOME_KNOWN,
    )


@pytest.mark.parametrize(("seconds", "overdue"), [(1, False), (0, True), (-1, True)])
def test_a_hold_that_should_be_over_goes_to_a_person(seconds: int, overdue: bool) -> None:
    until = NOON + timedelta(seconds=seconds)
    told = diagnose(movement_of(moved(S.FAILED, money=MoneyState.HELD, held_until=until)), NOON, first=None)
    assert told.held_overdue is overdue
    assert (told.next_step is NextStep.SPEAK_TO_AGENT) is overdue
    assert told.held_until == until


def test_a_hold_without_a_date_is_not_overdue() -> None:
    told = diagnose(movement_of(moved(S.AUTHORISED)), NOON, first=None)
    assert (told.answer, told.held_overdue) == (MoneyAnswer.HELD, False)
    assert told.next_step is NextStep.WAIT_FOR_RELEASE


NOTHING_TO_DO = (NextStep.NOTHING, RetryClass.NOT_NEEDED, WorksWhen.NOT_NEEDED)


def test_a_success_needs_nothing_and_says_what_could_be_refunded() -> None:
    told = diagnose(movement_of(moved(S.SUCCEEDED), refunded(RefundStatus.SETTLED)), NOON, first=None)
    assert (told.failure, told.caller_text) == (None, NO_FAILURE_TEXT)
    assert (told.next_step, told.retry, told.works_when) == NOTHING_TO_DO
    assert told.refundable_minor == 12850 - 5000


def test_a_payment_that_went_through_has_no_reason_for_failing() -> None:
    told = diagnose(movement_of(moved(S.SUCCEEDED, failure=Failure("iso8583", "51"))), NOON, first=None)
    assert (told.failure, told.caller_text, told.next_step) == (None, NO_FAILURE_TEXT, NextStep.NOTHING)


@pytest.mark.parametrize("status", MovementStatus)
@pytest.mark.parametrize("money", MoneyState)
def test_no_time_at_which_to_pay_is_told_to_somebody_who_is_to_wait_or_to_ask(
    status: MovementStatus, money: MoneyState
) -> None:
    """An overdue hold leads to a person; that it will work as soon as the money is there would contradict it."""
    for code, until in product(FailureCode, (None, NOON - SECOND, NOON + SECOND)):
        failure = Failure("wallet", code.value)
        movement = movement_of(moved(status, money=money, failure=failure, held_until=until))
        for now in (NOON, NOON + timedelta(days=30)):
            told = diagnose(movement, now, first=None)
            if told.next_step in TAKES_NO_PAYING:
                none = (WorksWhen.NOT_NEEDED, WorksWhen.WHEN_OUTCOME_KNOWN)
                assert (told.works_when in none, told.works_at) == (True, None), (code, until)


@sweep(
    ("status", "money", "code", "is_told"),
    [
        (S.SUCCEEDED, MoneyState.DEBITED, None, True),
        (S.AUTHORISED, MoneyState.HELD, None, True),
        (S.FAILED, MoneyState.DEBITED, "05", True),
        (S.FAILED, MoneyState.NONE, "05", False),
        (S.FAILED, MoneyState.RETURNED, "05", False),
        (S.FAILED, MoneyState.DEBITED, "COUPON", False),
    ],
)
def test_a_coupon_took_nothing_off_where_nothing_was_taken(
    status: MovementStatus, money: MoneyState, code: str | None, is_told: bool
) -> None:
    of_coupon = Failure("wallet", FailureCode.COUPON_NOT_APPLICABLE.value)
    failure = None if code is None else of_coupon if code == "COUPON" else Failure("iso8583", code)
    coupon = Coupon(applied=True, name="X", amount=Money(200, "CNY"))
    movement = movement_of(moved(status, money=money, failure=failure, coupon=coupon))
    said = answer_of(movement, diagnose(movement, NOON, first=None), NOON)
    assert (("coupon.applied",) in said.more) is is_told


def test_a_payment_that_was_reversed_without_a_reason_needs_nothing() -> None:
    told = diagnose(movement_of(moved(S.REVERSED)), NOON, first=None)
    assert (told.next_step, told.retry, told.works_when) == NOTHING_TO_DO


@sweep(
    ("status", "money", "waits_for", "step", "stuck"),
    [
        (S.FAILED, MoneyState.DEBITED, RETURN_LOOKS[-1], NextStep.WAIT_FOR_RETURN, Stuck.RETURN),
        (S.REVERSED, MoneyState.DEBITED, RETURN_LOOKS[-1], NextStep.WAIT_FOR_RETURN, Stuck.RETURN),
        (S.UNKNOWN, MoneyState.UNKNOWN, CASE_AFTER, NextStep.WAIT_FOR_OUTCOME, Stuck.OUTCOME),
        (S.UNKNOWN, MoneyState.HELD, CASE_AFTER, NextStep.WAIT_FOR_OUTCOME, Stuck.OUTCOME),
        (S.AUTHORISED, MoneyState.HELD, HELD_WITHOUT_END_MAX, NextStep.WAIT_FOR_RELEASE, Stuck.HOLD),
    ],
)
def test_a_movement_that_stands_still_when_a_case_is_open_leads_to_a_person(
    status: MovementStatus, money: MoneyState, waits_for: timedelta, step: NextStep, stuck: Stuck
) -> None:
    fact = moved(status, money=money)
    movement = movement_of(fact)
    early, late = (diagnose(movement, fact.time + waits_for - past, first=None) for past in (SECOND, timedelta()))
    assert (early.next_step, early.stuck) == (step, None)
    assert (late.next_step, late.stuck, late.then) == (NextStep.SPEAK_TO_AGENT, stuck, None)
    said = answer_of(movement, late, fact.time + waits_for)
    assert said.step is NextStep.SPEAK_TO_AGENT
    # Words of their own say that a person looks at it, where a case is open.
    own = next(key for key in said.next_step if find(key, ENGLISH)) == f"next.speak_to_agent.{stuck}"
    assert own is (stuck is not Stuck.HOLD)


PLAIN = diagnose(movement_of(moved(S.FAILED, failure=Failure("iso8583", "05"))), NOON, first=None)


@sweep(
    "failure",
    [
        Failure("newbank", "X1"),
        Failure("stripe", "do_not_try_again"),
        Failure("iso8583", "59"),
        Failure("iso8583", "41"),
        Failure("adyen", "20"),
        Failure("stripe", "merchant_blacklist"),
        Failure("stripe", "restricted_card"),
        Failure("newbank", "X1", "Restricted card"),
        None,
    ],
)
def test_unknown_reasons_and_risks_are_told_exactly_as_a_plain_decline(failure: Failure | None) -> None:
    told = diagnose(movement_of(moved(S.FAILED, failure=failure)), NOON, first=None)
    assert replace(told, failure=None, agent_text="") == replace(PLAIN, failure=None, agent_text="")
    assert (told.next_step, told.retry, told.works_when) == (
        NextStep.ANOTHER_METHOD_OR_AGENT,
        RetryClass.NEVER,
        WorksWhen.WITH_ANOTHER_METHOD,
    )


ASKS_TO_PAY_AGAIN = {
    NextStep.TRY_LATER,
    NextStep.WAIT_FOR_NEW_LIMIT,
    NextStep.CHECK_DETAILS,
    NextStep.CONFIRM_PAYMENT,
    NextStep.ENTER_PIN,
    NextStep.PAY_AGAIN,
    NextStep.TOP_UP,
}


def test_a_code_that_forbids_another_try_is_never_told_to_try_again() -> None:
    forbidden = [row for row in list_rows() if row.forbidden]
    assert len(forbidden) > 300
    for row in forbidden:
        step, retry, works_when = advise(row.reason, row.scheme, row.code, network=None)
        assert retry in (RetryClass.NEVER, RetryClass.AFTER_CHANGE), row
        assert step not in ASKS_TO_PAY_AGAIN, row
        assert works_when not in (WorksWhen.IN_AN_HOUR, WorksWhen.NEXT_DAY, WorksWhen.IN_A_DAY), row


def test_after_a_code_that_forbids_another_try_no_reason_that_was_found_before_leads_to_one() -> None:
    """A reason is kept as it was found when the fact came; the table may have forbidden the code since."""
    another = (NextStep.USE_ANOTHER_METHOD, RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD)
    for code, info in FAILURES.items():
        told = advise(code, "iso8583", "43", network=None)
        assert told[0] not in ASKS_TO_PAY_AGAIN, code
        if info.next_step in ASKS_TO_PAY_AGAIN and info.retry is RetryClass.AFTER_CHANGE:
            assert told == another, code


def test_no_message_lets_a_forbidden_code_be_tried_again() -> None:
    failure = Failure("iso8583", "43", "issuer unavailable, timed out, amount exceeded")
    told = diagnose(movement_of(moved(S.FAILED, failure=failure)), NOON, first=None)
    assert replace(told, failure=None, agent_text="") == replace(PLAIN, failure=None, agent_text="")


@sweep(
    ("code", "when"),
    [
        ("02", WorksWhen.IN_THREE_DAYS),
        ("24", WorksWhen.IN_AN_HOUR),
        ("25", WorksWhen.IN_A_DAY),
        ("26", WorksWhen.IN_TWO_DAYS),
        ("27", WorksWhen.IN_FOUR_DAYS),
        ("28", WorksWhen.IN_SIX_DAYS),
        ("29", WorksWhen.IN_EIGHT_DAYS),
        ("30", WorksWhen.IN_TEN_DAYS),
    ],
)
def test_the_time_that_a_scheme_names_is_told(code: str, when: WorksWhen) -> None:
    told = diagnose(movement_of(moved(S.FAILED, failure=Failure("mastercard-mac", code))), INITIATED, first=None)
    assert (told.next_step, told.retry, told.works_when) == (NextStep.TRY_LATER, RetryClass.LATER, when)


@pytest.mark.parametrize(
    ("failure", "wait"),
    [
        (Failure("iso8583", "91"), timedelta(hours=1)),
        (Failure("mastercard-mac", "30"), timedelta(days=10)),
    ],
)
def test_the_time_at_which_a_payment_works_counts_from_its_failure_and_ends(failure: Failure, wait: timedelta) -> None:
    fact = moved(S.FAILED, failure=failure)
    movement, works_at = movement_of(fact), fact.time + wait
    early, late = (diagnose(movement, works_at - left, first=None) for left in (SECOND, timedelta()))
    assert (early.next_step, early.works_at) == (NextStep.TRY_LATER, works_at)
    assert (late.next_step, late.works_when, late.works_at) == (NextStep.PAY_AGAIN, WorksWhen.AT_ONCE, None)
    shut = diagnose(movement, works_at - SECOND, first=NextStep.UNLOCK_WALLET)
    assert (shut.works_when, shut.works_at) == (WorksWhen.AFTER_UNLOCK, None)


@sweep("message", ["issuer unavailable", "acquirer error", "amount exceeded", "count exceeded"])
def test_an_unknown_code_names_no_time_whatever_its_message_says(message: str) -> None:
    told = diagnose(movement_of(moved(S.FAILED, failure=Failure("stripe", "X1", message))), NOON, first=None)
    assert told.next_step is NextStep.ANOTHER_METHOD_OR_AGENT
    assert (told.retry, told.works_when) == (RetryClass.NEVER, WorksWhen.WITH_ANOTHER_METHOD)


@sweep(
    ("failure", "told"),
    [
        (Failure("iso8583", "61"), (NextStep.WAIT_FOR_NEW_LIMIT, RetryClass.LATER, WorksWhen.NEXT_DAY)),
        (Failure("iso8583", "91"), (NextStep.TRY_LATER, RetryClass.LATER, WorksWhen.IN_AN_HOUR)),
        (Failure("newbank", "X1", "insufficient funds"), (NextStep.TOP_UP, RetryClass.LATER, WorksWhen.AFTER_TOP_UP)),
        (
            Failure("newbank", "X1", "expired card"),
            (NextStep.UPDATE_CARD, RetryClass.AFTER_CHANGE, WorksWhen.AFTER_UPDATE),
        ),
    ],
)
def test_a_reason_that_is_known_names_its_time_and_one_from_a_message_what_needs_none(
    failure: Failure, told: tuple[NextStep, RetryClass, WorksWhen]
) -> None:
    found = diagnose(movement_of(moved(S.FAILED, failure=failure)), INITIATED, first=None)
    assert (found.next_step, found.retry, found.works_when) == told


NO_PAYING = {step for step in NextStep if actor_of(step) is Actor.NOBODY} | {
    NextStep.SPEAK_TO_AGENT,
    NextStep.ASK_MERCHANT_FOR_REFUND,
}
"""Steps that an account need not be open for: there is nothing to pay, or nothing to do but to wait."""
SHUT = [step for step in FIRST_STEPS if step is not NextStep.USE_ANOTHER_ACCOUNT]


@pytest.mark.parametrize("first", SHUT)
def test_an_account_that_is_shut_is_opened_before_it_is_paid_from(first: NextStep) -> None:
    for code in FailureCode:
        failed = movement_of(moved(S.FAILED, failure=Failure("wallet", code.value)))
        open_told, told = (diagnose(failed, NOON, first=step) for step in (None, first))
        if open_told.next_step in NO_PAYING:
            assert (told.next_step, told.then) == (open_told.next_step, None), code
        else:
            assert (told.next_step, told.then) == (first, open_told.next_step), code
            again = RetryClass.NEVER if open_told.retry is RetryClass.NEVER else RetryClass.AFTER_CHANGE
            assert told.retry is again, code
        assert told.works_when in (WorksWhen.AFTER_UNLOCK, WorksWhen.WHEN_OUTCOME_KNOWN, WorksWhen.NOT_NEEDED), code


@sweep(
    ("status", "money", "step"),
    [
        (S.AUTHORISED, MoneyState.HELD, NextStep.WAIT_FOR_RELEASE),
        (S.FAILED, MoneyState.DEBITED, NextStep.WAIT_FOR_RETURN),
        (S.SUCCEEDED, MoneyState.DEBITED, NextStep.NOTHING),
        (S.REVERSED, MoneyState.RETURNED, NextStep.NOTHING),
    ],
)
def test_money_that_needs_no_payment_needs_no_account_that_is_open(
    status: MovementStatus, money: MoneyState, step: NextStep
) -> None:
    told = diagnose(movement_of(moved(status, money=money)), NOON, first=NextStep.UNLOCK_WALLET)
    assert (told.next_step, told.then, told.works_when) == (step, None, WorksWhen.NOT_NEEDED)


def test_nothing_is_advised_for_paying_from_a_closed_account() -> None:
    told = diagnose(movement_of(moved(S.FAILED)), NOON, first=NextStep.USE_ANOTHER_ACCOUNT)
    assert (told.next_step, told.then, told.retry) == (NextStep.USE_ANOTHER_ACCOUNT, None, RetryClass.NEVER)
    assert told.works_when is WorksWhen.WITH_ANOTHER_METHOD


def test_a_hold_that_is_overdue_promises_nothing_for_an_account_that_is_shut() -> None:
    held = movement_of(moved(S.FAILED, money=MoneyState.HELD, held_until=NOON))
    told = diagnose(held, NOON, first=NextStep.UNLOCK_WALLET)
    assert (told.next_step, told.works_when) == (NextStep.SPEAK_TO_AGENT, WorksWhen.NOT_NEEDED)


def test_a_payment_that_failed_by_a_lock_is_simply_paid_again_when_the_account_is_open() -> None:
    failed = movement_of(moved(S.FAILED, failure=Failure("wallet", "WALLET_LOCKED")))
    told = diagnose(failed, NOON, first=None)
    assert (told.next_step, told.then) == (NextStep.PAY_AGAIN, None)
