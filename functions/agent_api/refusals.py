"""Errors of the rooms as the agents' API tells them: first the codes of its own, then those of every API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from functions.http import problems
from functions.http.problems import Problem
from hotline.agents import service as agents
from hotline.agents.model import AgentError
from hotline.cases import service as cases
from hotline.cases.model import CaseError
from hotline.directory.model import DirectoryError
from hotline.evidence.model import EvidenceError
from hotline.identity.model import ApprovalError, IdentityError
from hotline.kit.errors import HotlineError, InvalidInput, NeedProof, NeedSecond, NotPossible, Refused
from hotline.lockout.model import LockoutError
from hotline.refunds.model import RefundError
from hotline.security import service as security
from hotline.security.model import SecurityError

_OF_REFUSALS: Final[Mapping[str, str]] = {
    CaseError.CASE_NOT_FOUND: "not_found",
    CaseError.CASE_CLAIMED: "case_claimed",
    CaseError.CASE_CLOSED: "case_closed",
    CaseError.CASE_OPEN: "case_open",
    CaseError.CASE_OF_ANOTHER_AGENT: "case_claimed",
    DirectoryError.CHANGED: "precondition_failed",
    RefundError.POLICY_CHANGED: "precondition_failed",
    RefundError.NO_SUCH_REFUND: "not_found",
    RefundError.NO_SUCH_MOVEMENT: "not_found",
    EvidenceError.NO_SUCH_EVIDENCE: "not_found",
    EvidenceError.NOT_CLEAN: "evidence_not_clean",
    SecurityError.NO_SUCH_FINDING: "not_found",
    IdentityError.NO_SUCH_POINT: "not_found",
    LockoutError.NO_SUCH_HOLD: "hold_not_running",
    AgentError.NO_ACCESS: "not_found",
    AgentError.NOTHING_THERE: "not_found",
    AgentError.TOKEN_OLD: "invalid_token",
    AgentError.NO_PERMISSION: "role_missing",
    AgentError.OWN_ACCOUNT: "own_account",
    AgentError.CONTACT_TAKEN: "contact_taken",
    ApprovalError.UNKNOWN: "not_found",
    ApprovalError.OWN: "approval_own",
    ApprovalError.DECIDED: "approval_decided",
    ApprovalError.EXPIRED: "approval_expired",
    ApprovalError.VOID: "approval_void",
    ApprovalError.NOT_NEEDED: "approval_not_needed",
}
_LIMITS: Final = frozenset(limit.refusal for limit in agents.LIMITS.values())


def problem_of(error: HotlineError) -> Problem:
    """The problem that an error of a room is told as. A refusal of its own names the room's code, a closed word."""
    match error:
        case cases.CaseChanged():
            return Problem("precondition_failed", facts={"version": error.facts.get("version")})
        case security.FindingChanged():
            now = {"version": error.facts.get("version"), "feedback": error.facts.get("verdict")}
            return Problem("precondition_failed", facts=now)
        case NeedProof():
            return Problem("proof_missing", facts={"operation": error.operation, "needs": list(error.needs)})
        case NeedSecond():
            return Problem("second_missing", facts={"operation": error.operation, "why": error.code})
        case NotPossible(code=code) if code in _OF_REFUSALS:
            return Problem(_OF_REFUSALS[code])
        case NotPossible(code=code) if code in _LIMITS:
            return Problem("limit_reached", headers={"Retry-After": str(error.facts["wait_s"])}, facts={"why": code})
        case Refused(code=code):
            return Problem("not_possible", facts={"why": code})
        case InvalidInput(code=code):
            return problems.problem_in("#", code)
        case _:
            return problems.problem_of(error)
