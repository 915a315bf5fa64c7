"""Closed words are stored in items, told to the wallet and known to clients: they are said here once.

A word that changes would leave what was stored before without a meaning. The words of errors are in
tests/rules/test_error_codes.py, those of outcomes with their steps.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import pytest

from hotline.agents import actions, limits
from hotline.agents import model as agents
from hotline.cases import model as cases
from hotline.identity import model as identity
from hotline.reports import model as reports

WORDS: Final[dict[type[StrEnum], str]] = {
    actions.Obstacle: "not_claimed needs_proof own_account nothing_to_do",
    actions.Step: "ask_proof unlock decide_refund pay_other_way trace_refund answer_dispute judge_finding call_back"
    " ask_documents close",
    agents.Role: "agents supervisors",
    agents.Permission: "desk/read desk/work desk/act desk/refund desk/approve desk/manage desk/report",
    agents.Part: "account payments refunds evidence funds bills findings",
    agents.LookUpReason: "call case callback complaint investigation",
    agents.ActReason: "customer_asked customer_proved evidence_seen false_alarm complaint correction investigation",
    agents.Masked: "name refund_amount payment_amount given_back_amount coupon_amount funds_amount bill_amount "
    "finding_amount",
    agents.ProofState: "none waiting proved expired",
    agents.Figure: "look_ups unmaskings openings other_acts requests approvals case_work limits_reached own_account "
    "own_request",
    limits.Counted: "look-ups unmaskings openings approvals requests reviews",
    cases.CaseStatus: "open claimed waiting closed",
    cases.EntryKind: "opened added noted claimed released transferred snoozed woken edited decided closed reopened",
    cases.AuthorKind: "caller app agent system",
    cases.Audience: "customer agent",
    cases.CloseReason: "resolved not_needed not_reached duplicate false_alarm passed_on",
    cases.LinkKind: "refund payment finding contact",
    identity.ByAgent: "never alone proof second",
    identity.ApprovalState: "asked approved denied spent void expired",
    identity.Goal: "look unlock reset refund freeze pause end_pause unfreeze set_pin",
    identity.ChallengeState: "open proved spent replaced",
    reports.Moment: "initiated_at queued_at answered_at ended_at",
    reports.Ending: "contained transferred abandoned callback closed_hours left",
    reports.CallbackState: "waiting called failed",
    reports.LockKind: "lock pause freeze",
    reports.RefundStatus: "in_review approved denied sent succeeded failed returned_back stopped",
    reports.PromiseState: "kept late waiting withdrawn none",
}


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words.__qualname__)
def test_closed_words_are_these(words: type[StrEnum]) -> None:
    assert [word.value for word in words] == WORDS[words].split()


def test_the_queue_of_cases_is_named_as_the_wallet_was_told() -> None:
    assert cases.QUEUE == "support"
