"""Error codes are lists of their rooms. Clients, logs and alarms know them by their texts, which are said here once."""

from __future__ import annotations

import ast
import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Final

import pytest

from functions.backtest.step import StepError
from functions.connect.secret_inputs import EntryError
from functions.connect.step import InputError
from functions.deadlines.app import EventError
from functions.http.problems import STATUSES, problem_of
from functions.security_scan.shard import RequestError
from hotline.agents.model import AgentError
from hotline.backtest.model import BacktestError
from hotline.cases.model import CaseError
from hotline.contracts.decisions import DecisionError
from hotline.contracts.model import Rejection
from hotline.identity.model import ApprovalError, IdentityError, PinWeakness
from hotline.kit.aws.carriers import DeliveryError
from hotline.kit.aws.service import Loss
from hotline.kit.aws.users import UserError
from hotline.kit.errors import HotlineError, InvalidInput, KitError, NotPossible, Unavailable
from hotline.lockout.model import LockoutError
from hotline.payments.model import PaymentError
from hotline.refunds.model import RefundError
from hotline.security.model import SecurityError
from hotline_local.launcher.paths import ROOT
from tests.support.sweeps import sweep

TEXTS: Final[dict[type[StrEnum], str]] = {
    KitError: "bucket_unavailable mac_unavailable "
    "key_version_retired keyring_malformed not_marked secret_unavailable too_many_conflicts",
    Loss: "answer_too_long checksum_differs connection_lost connect_timeout credentials_unavailable not_connected "
    "read_timeout tls_failed unreadable_answer",
    DeliveryError: "address_refused destination_not_allowed call_not_permitted",
    UserError: "malformed_arn other_instance no_such_user",
    DecisionError: "unknown_type bad_decision",
    IdentityError: "account_closed no_target no_account unknown_account no_full_row no_such_point point_not_nameable",
    ApprovalError: "approval_unknown approval_open approval_denied approval_spent approval_void approval_other "
    "approval_expired approval_own approval_decided approval_not_needed",
    PinWeakness: "pin_length pin_repeats pin_sequence pin_common pin_own_number",
    CaseError: "case_not_found case_claimed case_changed case_closed case_open case_of_another_agent case_of_nobody "
    "case_word_invalid case_reference_invalid note_empty note_too_long agent_name_invalid snooze_out_of_range "
    "skill_unknown skills_count tag_invalid tags_count link_invalid cursor_invalid limit_out_of_range",
    PaymentError: "amount_not_positive too_many_refunds currency_changed initiated_at_changed not_refundable "
    "no_movement_key order_tail_invalid",
    LockoutError: "account_not_open repudiation_over account_closed no_such_hold no_such_freeze nothing_to_deny "
    "no_such_lock",
    RefundError: "movement_changed no_such_movement request_key_length note_too_long account_not_open currency_differs "
    "amount_not_positive amount_over_refundable partial_not_permitted no_such_refund refund_not_in_review "
    "refund_not_unpaid refund_overtaken provider_window_over provider_parts_over policy_invalid policy_changed",
    SecurityError: "no_such_finding finding_changed no_such_rule no_such_suppression until_passed "
    "suppressed_too_long subject_not_judged",
    AgentError: "token_old no_permission no_access case_without_account own_account contact_taken look_ups_limit "
    "unmaskings_limit openings_limit approvals_limit requests_limit reviews_limit nothing_to_unmask "
    "proof_out_of_reach finding_unjudged finding_confirmed "
    "days_out_of_order too_many_days limit_out_of_range",
    EntryError: "no_entry_keys too_long not_base64 unknown_key bad_key not_decrypted",
    InputError: "missing malformed",
    RequestError: "bad_event bad_shard bad_until",
    StepError: "bad_event bad_run bad_shard",
    BacktestError: "bad_label bad_order bad_prefix bad_shares bad_time file_unreadable no_history no_object no_room "
    "no_rule other_history too_many_bad_lines too_many_objects worker_lost",
    EventError: "bad_event bad_at",
}
PROBLEMS: Final = {
    "unknown_account": "unknown_account",
    "account_closed": "account_closed",
    "account_not_open": "account_not_open",
    "no_such_movement": "not_found",
    "no_target": "method_unavailable",
}
"""The problem that the API tells for a refusal by a room. Any other one is `not_possible`."""
FOLDERS: Final = (ROOT / "layers/hotline/python/hotline", ROOT / "functions")


@cache
def uses() -> Mapping[str, set[str]]:
    """The attributes that the code takes of each name, in one walk through all of it."""
    found: dict[str, set[str]] = defaultdict(set)
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found[node.value.id].add(node.attr)
    return found


def trees() -> Iterator[ast.Module]:
    for folder in FOLDERS:
        yield from (ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.py")))


def errors() -> dict[str, type[HotlineError]]:
    """Every error of rooms and doors by its name."""
    for folder in FOLDERS:
        for path in folder.rglob("*.py"):
            import_module(".".join(path.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__"))
    found, waiting = dict[str, type[HotlineError]](), [HotlineError]
    while waiting:
        error = waiting.pop()
        found[error.__name__] = error
        waiting += error.__subclasses__()
    return found


@sweep("codes", TEXTS)
def test_the_codes_of_a_room_have_the_texts_that_others_know(codes: type[StrEnum]) -> None:
    assert [code.value for code in codes] == TEXTS[codes].split()


@pytest.mark.parametrize("codes", TEXTS, ids=lambda codes: codes.__name__)
def test_every_code_is_used(codes: type[StrEnum]) -> None:
    assert uses()[codes.__name__] == set(codes.__members__)


def test_no_error_is_made_with_a_text_of_its_own() -> None:
    names = errors().keys()
    assert {"Unreadable", "Undeliverable", "FactRejected"} <= names
    made = [
        ast.unparse(node)
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in names
        and node.args
        and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
    ]
    assert made == []


def test_an_error_has_the_text_of_its_code_or_that_of_its_class() -> None:
    refused = NotPossible(RefundError.NO_SUCH_MOVEMENT, refund_id="ref_1")
    assert (refused.code, type(refused.code), str(refused)) == ("no_such_movement", str, "no_such_movement")
    assert refused.facts == {"refund_id": "ref_1"}
    assert (NotPossible().code, str(NotPossible())) == ("not_possible", "not_possible")


def test_a_service_gives_its_own_word_for_a_refusal() -> None:
    refused = Unavailable(service_code="ThrottlingException")
    assert (refused.code, str(refused)) == ("ThrottlingException", "ThrottlingException")
    assert (Unavailable().code, Unavailable(KitError.NOT_MARKED).code) == ("unavailable", "not_marked")


def test_rejections_of_facts_are_a_list_too() -> None:
    assert inspect.signature(HotlineError).parameters["code"].annotation == "StrEnum | None"
    assert issubclass(Rejection, StrEnum)


@sweep("code", [*IdentityError, *LockoutError, *RefundError])
def test_every_refusal_of_a_room_is_a_problem_of_the_api(code: StrEnum) -> None:
    problem = problem_of(NotPossible(code))
    assert problem.code == PROBLEMS.get(code.value, "not_possible")
    assert problem.status == STATUSES[problem.code]


@sweep("weakness", PinWeakness)
def test_a_weak_pin_is_a_problem_that_says_why(weakness: PinWeakness) -> None:
    problem = problem_of(InvalidInput(weakness))
    assert (problem.code, problem.facts) == ("pin_weak", {"weakness": weakness.removeprefix("pin_")})
