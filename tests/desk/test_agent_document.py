"""The API of the desk's tests is as docs/openapi-agent.json describes the real one: each of its routes, once."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest

from tests.support.agent_document import find_faults, find_operation, list_operations
from tests.support.desk_api import BASE, DeskWorld, make_world
from tests.support.loopback import Answered, Asked

ACT: Final = {"reason": "customer_asked"}
CASE: Final = "/cases/case-1"
REFUND: Final = "/cases/case-2"
TERMS: Final = {"window_days": 14, "partial": True, "auto_approve_minor": 1, "categories": []}
OF_ADDRESS: Final = {"about": "source", "subject": "mark-of-found-1"}
VERSION_1: Final = {"if-match": '"1"'}
STALE: Final = {"if-match": '"9"'}
REQUESTS: Final[tuple[tuple[str, str, dict[str, Any] | None, dict[str, str]], ...]] = (
    ("GET", "/me", None, {}),
    ("GET", "/queue", None, {}),
    ("GET", "/cases?reference=482913", None, {}),
    ("GET", "/contacts/contact-1", None, {}),
    ("POST", "/contacts/contact-1/claim", {}, {}),
    ("GET", CASE, None, {}),
    ("GET", f"{CASE}/timeline", None, {}),
    ("POST", f"{CASE}/claim", {}, {}),
    ("PATCH", CASE, {"priority": 1, "tags": ["vip"]}, {"if-match": '"2"'}),
    ("GET", f"{CASE}/account", None, {"desk-reason": "call"}),
    ("GET", f"{CASE}/payments", None, {"desk-reason": "case"}),
    ("GET", f"{CASE}/refunds", None, {"desk-reason": "complaint"}),
    ("GET", f"{CASE}/findings", None, {"desk-reason": "investigation"}),
    ("GET", f"{CASE}/funds", None, {"desk-reason": "case"}),
    ("GET", f"{CASE}/bills", None, {"desk-reason": "case"}),
    ("GET", f"{CASE}/evidence", None, {"desk-reason": "case"}),
    ("GET", f"{CASE}/evidence/evidence-1", None, {"desk-reason": "case"}),
    ("POST", f"{CASE}/unmaskings", {"field": "name", **ACT}, {}),
    ("GET", f"{CASE}/proofs", None, {}),
    ("POST", f"{CASE}/proofs", {"goal": "unlock"}, {}),
    ("POST", f"{CASE}/freeze", ACT, {}),
    ("POST", f"{CASE}/pause", ACT, {}),
    ("PROVE", CASE, None, {}),
    ("POST", f"{CASE}/unlock", ACT, {}),
    ("POST", f"{CASE}/refunds", {"item_id": "MOVEMENT#pay-2", "refund_reason": "defective", **ACT}, {}),
    ("POST", f"{CASE}/reset-grants", ACT, {}),
    ("POST", f"{CASE}/pause-ends", ACT, {}),
    ("POST", f"{CASE}/unfreeze", ACT, {}),
    ("POST", "/approvals", {"operation": "release_hold", "case_id": "case-1", "cause": "COMPLIANCE", **ACT}, {}),
    ("GET", "/approvals", None, {}),
    ("GET", "/approvals/approval-1", None, {}),
    ("APPROVE", "/approvals/approval-1/decision", {"decision": "approve"}, {}),
    ("POST", f"{CASE}/hold-releases", {"cause": "COMPLIANCE", "approval_id": "approval-1", **ACT}, {}),
    ("POST", "/approvals", {"operation": "new_row_unproved", "case_id": "case-1", **ACT}, {}),
    ("APPROVE", "/approvals/approval-2/decision", {"decision": "approve"}, {}),
    ("POST", f"{CASE}/new-rows", {"approval_id": "approval-2", **ACT}, {}),
    (
        "POST",
        "/approvals",
        {"operation": "contact_change", "case_id": "case-1", "point_id": "point-phone", "loss": "lost", **ACT},
        {},
    ),
    ("APPROVE", "/approvals/approval-3/decision", {"decision": "approve"}, {}),
    (
        "POST",
        f"{CASE}/contact-changes",
        {"point_id": "point-phone", "loss": "lost", "approval_id": "approval-3", **ACT},
        {},
    ),
    ("POST", f"{CASE}/findings/f-1/feedback", {"verdict": "confirmed", **ACT}, {}),
    ("POST", f"{CASE}/notes", {"text": "Rang at noon.", "audience": "agent"}, {}),
    ("POST", f"{CASE}/snooze", {"until": "2099-01-01T00:00:00Z"}, {}),
    ("POST", f"{CASE}/close", {"ending": "resolved", "note": None}, {}),
    ("POST", f"{CASE}/reopen", {}, {}),
    ("POST", f"{REFUND}/claim", {}, {}),
    (
        "POST",
        "/approvals",
        {"operation": "review_large_refund", "case_id": "case-2", "refund_id": "refund-9", "decision": "deny", **ACT},
        {},
    ),
    ("APPROVE", "/approvals/approval-4/decision", {"decision": "approve"}, {}),
    ("POST", f"{REFUND}/refunds/refund-9/decision", {"decision": "deny", "approval_id": "approval-4", **ACT}, {}),
    (
        "POST",
        "/approvals",
        {"operation": "other_payout", "case_id": "case-2", "refund_id": "refund-9", "way": "balance", **ACT},
        {},
    ),
    ("APPROVE", "/approvals/approval-5/decision", {"decision": "approve"}, {}),
    ("POST", f"{REFUND}/refunds/refund-9/payout", {"way": "balance", "approval_id": "approval-5", **ACT}, {}),
    ("POST", f"{REFUND}/transfer", {"username": "mei", "note": "Knows the shop."}, {}),
    ("POST", f"{REFUND}/transfer", {"topic": "security", "language": "en-US", "note": None}, {}),
    ("POST", f"{REFUND}/claim", {}, {}),
    ("POST", f"{REFUND}/release", {}, {}),
    ("GET", "/hours", None, {}),
    ("PUT", "/hours", {"timezone": "Asia/Shanghai", "weekly": [], "special_days": []}, VERSION_1),
    ("GET", "/banner", None, {}),
    ("PUT", "/banner", {"words": None}, VERSION_1),
    ("GET", "/numbers", None, {}),
    ("POST", "/approvals", {"operation": "edit_numbers", "numbers": ["+18005550100"], **ACT}, {}),
    ("APPROVE", "/approvals/approval-6/decision", {"decision": "approve"}, {}),
    ("PUT", "/numbers", {"numbers": ["+18005550100"], "approval_id": "approval-6", **ACT}, VERSION_1),
    ("GET", "/merchants/m-1/policy", None, {}),
    ("POST", "/approvals", {"operation": "publish_policy", "merchant_id": "m-1", **TERMS, **ACT}, {}),
    ("APPROVE", "/approvals/approval-7/decision", {"decision": "approve"}, {}),
    ("PUT", "/merchants/m-1/policy", {**TERMS, "approval_id": "approval-7", **ACT}, {"if-match": '"3"'}),
    ("POST", "/cases/case-1/suppressions", {"rule": "velocity", "until": "2026-12-07T12:00:00Z", **ACT}, {}),
    ("POST", "/cases/case-1/suppression-ends", {"rule": "velocity", **ACT}, {}),
    ("POST", "/approvals", {"operation": "unfreeze_unproved", "case_id": "case-1", **ACT}, {}),
    ("POST", "/approvals", {"operation": "unlock_unproved", "case_id": "case-1", **ACT}, {}),
    ("GET", "/callbacks", None, {}),
    ("GET", "/reports?from=2026-11-02&to=2026-11-08", None, {}),
    ("GET", "/activity?from=2026-11-02&to=2026-11-08", None, {}),
    ("GET", "/findings?about=source", None, {}),
    ("POST", "/findings/found-1/suppressions", {**OF_ADDRESS, "until": "2026-12-07T12:00:00Z", **ACT}, {}),
    ("GET", "/suppressions?about=source", None, {}),
    ("POST", "/findings/found-1/suppression-ends", {**OF_ADDRESS, **ACT}, {}),
    ("POST", "/findings/found-1/feedback", {**OF_ADDRESS, "verdict": "confirmed", **ACT}, VERSION_1),
    ("GET", "/trail?agent=lin&from=2026-11-01&to=2026-11-08", None, {}),
)
"""Every request of a working day: PROVE is the customer, APPROVE another supervisor."""


def ask(
    world: DeskWorld, number: int, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> tuple[Asked, Answered]:
    """Send one request to the world, with the token and the key that a desk sends."""
    token = "of-mei" if method != "APPROVE" else "of-omar"
    method = "POST" if method == "APPROVE" else method
    own = {"authorization": f"Bearer {token}", **(headers or {})}
    if method == "POST":
        own["idempotency-key"] = f"key-of-a-request-{number}"
    path, _, query = path.partition("?")
    given = dict(parse_qsl(query))
    asked = Asked(method, BASE + path, given, own, json.dumps(body).encode() if body is not None else b"")
    return asked, world.answer(asked)


@pytest.fixture
def world() -> DeskWorld:
    return make_world({"of-mei": "mei", "of-omar": "omar", "of-lin": "lin"})


def test_each_route_of_the_tests_is_as_it_is_described(world: DeskWorld) -> None:
    covered = set()
    for number, (method, path, body, headers) in enumerate(REQUESTS):
        if method == "PROVE":
            world.prove("case-1", "sms")
            continue
        asked, answered = ask(world, number, method, path, body, headers)
        assert answered.status < 300, (path, answered.body)
        covered.add(find_operation(asked.method, asked.path))
    assert world.faults == []
    assert list_operations() == covered


def test_refusals_of_the_tests_are_as_they_are_described(world: DeskWorld) -> None:
    refused = (
        ask(world, 1, "GET", "/cases/nobody", None),
        ask(world, 2, "POST", f"{CASE}/unlock", ACT),
        ask(world, 3, "POST", f"{CASE}/claim", {}),
        ask(world, 4, "POST", f"{CASE}/unlock", ACT),
        ask(world, 5, "PATCH", CASE, {"priority": 1}, {"if-match": '"9"'}),
        ask(world, 6, "POST", "/findings/found-1/feedback", {**OF_ADDRESS, "verdict": "unclear", **ACT}, STALE),
        ask(world, 7, "POST", f"{CASE}/hold-releases", {"cause": "COMPLIANCE", **ACT}),
    )
    assert [answered.status for _, answered in refused] == [404, 404, 200, 403, 412, 412, 403]
    assert world.faults == []


def test_a_wrong_request_and_a_wrong_answer_are_seen() -> None:
    good = b'{"outcome": "asked"}'
    key = {"idempotency-key": "key-of-a-request"}
    path = f"{BASE}{CASE}/unlock"

    def faults(body: object, headers: dict[str, str], answer: bytes = good, status: int = 202) -> list[str]:
        return find_faults(Asked("POST", path, {}, headers, json.dumps(body).encode()), Answered(status, answer))

    assert faults(ACT, key) == []
    assert len(faults({"reason": "because"}, key)) == 1
    assert len(faults({**ACT, "more": 1}, key)) == 1
    assert len(faults(ACT, {})) == 1
    assert len(faults(ACT, {**key, "if-match": '"1"'})) == 1
    assert len(faults(ACT, key, b'{"outcome": "asked", "more": 1}')) == 1
    assert len(faults(ACT, key, b"{}")) == 1
    assert len(faults(ACT, key, good, 200)) == 1
