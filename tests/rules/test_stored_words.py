"""Closed words are stored in items, told to the wallet and known to clients: they are said here once.

A word that changes would leave what was stored before without a meaning. The words of errors are in
tests/rules/test_error_codes.py, those of outcomes with their steps.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hotline.agents import actions, limits, next_steps
from hotline.agents import model as agents
from hotline.cases import model as cases
from hotline.identity import model as identity
from hotline.lockout import releases
from hotline.payments import failures, outcomes, reminders, twins
from hotline.payments import model as payments
from hotline.reports import model as reports
from hotline.security import model as security
from hotline.security.detectors import Severity
from tests.support.sweeps import sweep

WORDS: Final[dict[type[StrEnum], str]] = {
    actions.Obstacle: "not_claimed needs_proof factor_removed own_account nothing_to_do new_password other_first"
    " finding_first finding_confirmed no_full_row",
    next_steps.Step: "claim find_account ask_proof unlock grant_reset end_pause unfreeze unfreeze_by_two unlock_by_two"
    " grant_reset_by_two wait_for_two release_hold turn_to_wallet wait_for_wallet wait_for_password answer"
    " decide_refund pay_other_way trace_refund answer_dispute judge_finding check_account freeze ask_owner call_back"
    " ask_documents close",
    releases.HoldEnd: "release new_password wallet",
    releases.LockEnd: "person new_password",
    agents.Role: "agents supervisors",
    agents.Permission: "desk/read desk/work desk/act desk/refund desk/approve desk/manage desk/report",
    agents.Part: "account payments refunds evidence funds bills findings",
    agents.LookUpReason: "call case callback complaint investigation",
    agents.ActReason: "customer_asked customer_proved evidence_seen false_alarm complaint correction investigation",
    agents.Masked: "name refund_amount payment_amount given_back_amount coupon_amount funds_amount bill_amount "
    "finding_amount",
    agents.ProofState: "none waiting proved unproved expired",
    agents.Figure: "look_ups unmaskings openings other_acts requests approvals case_work limits_reached own_account "
    "own_request",
    limits.Counted: "look-ups unmaskings openings approvals requests reviews",
    cases.CaseStatus: "open claimed waiting closed",
    cases.EntryKind: "opened added noted claimed released transferred snoozed woken edited decided closed reopened",
    cases.AuthorKind: "caller app agent system",
    cases.Audience: "customer agent",
    cases.CloseReason: "resolved not_needed not_reached duplicate false_alarm passed_on",
    cases.LinkKind: "refund payment finding contact case",
    identity.ByAgent: "never alone proof second",
    identity.ApprovalState: "asked approved denied spent void expired",
    identity.Goal: "look unlock reset refund freeze checkup pause end_pause unfreeze set_pin",
    identity.ChallengeState: "open proved spent replaced",
    failures.RetryClass: "never later after_change when_outcome_known not_needed",
    failures.NextStep: "top_up wait_for_new_limit update_card check_details reset_pin confirm_payment "
    "use_another_method another_method_or_agent try_later wait_for_outcome wait_for_release wait_for_return "
    "speak_to_agent see_original order_again pay_as_first_payer pay_again unlock_wallet reset_password end_pause "
    "end_freeze wait_for_opening open_with_agent use_another_account verify_identity ask_merchant activate_card "
    "enter_pin use_chip switch_on_method ask_account_provider update_bank_account change_amount pay_without_coupon "
    "refresh_payment_code check_payee ask_payee ask_merchant_for_refund see_refund wait_for_refund nothing",
    failures.WorksWhen: "after_top_up next_day after_update after_confirming with_another_method in_an_hour in_a_day "
    "in_two_days in_three_days in_four_days in_six_days in_eight_days in_ten_days in_service_hours when_outcome_known "
    "with_new_order after_unlock after_verifying at_once not_needed",
    failures.Actor: "customer merchant payee account_provider agent nobody",
    payments.TakenState: "open done void returned",
    payments.BillState: "due overdue paid",
    payments.MoneyAnswer: "NOT_TAKEN HELD DEBITED RETURNED UNKNOWN",
    reminders.Offset: "before near after",
    outcomes.OutcomeNotice: "payment.went_through payment.not_taken payment.on_its_way payment.held "
    "payment.comes_back payment.given_back",
    twins.TwinState: "charged refunding given_back",
    twins.Stands: "this other neither",
    security.Verdict: "confirmed false_alarm unclear",
    security.FindingState: "open told acknowledged resolved expired suppressed withdrawn",
    Severity: "low medium high critical",
    reports.Moment: "initiated_at queued_at answered_at ended_at",
    reports.Ending: "contained transferred abandoned callback closed_hours left",
    reports.CallbackState: "waiting called failed",
    reports.LockKind: "lock pause freeze",
    reports.RefundStatus: "in_review approved denied sent succeeded failed returned_back stopped",
    reports.PromiseState: "kept late waiting withdrawn none",
}


@sweep("words", WORDS)
def test_closed_words_are_these(words: type[StrEnum]) -> None:
    assert [word.value for word in words] == WORDS[words].split()


def test_the_queue_of_cases_is_named_as_the_wallet_was_told() -> None:
    assert cases.QUEUE == "support"
