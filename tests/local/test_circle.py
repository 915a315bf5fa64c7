"""The lines that `make run` shows of the decisions that reach the wallet."""

from __future__ import annotations

from hotline_local.circle import describe_decision


def test_a_case_is_shown_with_what_people_need_to_know_of_it_first() -> None:
    data = {"case_id": "case-1", "topic": "lock", "reason": "caller.asked", "priority": 5, "queue": "support"}
    event = {"type": "case.opened.v1", "subject": "-", "data": {**data, "contact_id": "contact-1"}}
    told = "topic lock, reason caller.asked, priority 5, queue support, contact_id contact-1"
    assert describe_decision(event) == f"case.opened.v1 - ({told})"
    assert describe_decision({**event, "data": data}).endswith("queue support)")


def test_another_decision_is_shown_by_type_and_account() -> None:
    event = {"type": "refund.approved.v1", "subject": "acct-1", "data": {"reason": "cancelled"}}
    assert describe_decision(event) == "refund.approved.v1 acct-1"
