"""Errors of the rooms as the agents' API tells them: first the codes of its own, then those of every API."""

from __future__ import annotations

from collections.abc import Mapping, Set
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
from hotline.reports.model import ReportError
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
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    SecurityError.NO_SUCH_RULE: ("rule",),
    SecurityError.UNTIL_PASSED: ("until",),
    SecurityError.SUPPRESSED_TOO_LONG: ("until",),
    CaseError.SNOOZE_OUT_OF_RANGE: ("until",),
    CaseError.NOTE_EMPTY: ("note", "text"),
    CaseError.NOTE_TOO_LONG: ("note", "text"),
    CaseError.TAGS_COUNT: ("tags",),
    CaseError.TAG_INVALID: ("tags",),
    CaseError.SKILL_UNKNOWN: ("topic",),
    DirectoryError.TIME_ZONE_UNKNOWN: ("timezone",),
    DirectoryError.WEEK_INCOMPLETE: ("weekly",),
    DirectoryError.NEVER_OPEN: ("weekly",),
    DirectoryError.TOO_MANY_SPECIAL_DAYS: ("special_days",),
    DirectoryError.SPECIAL_DAY_TWICE: ("special_days",),
    DirectoryError.SPECIAL_DAY_NAME: ("special_days",),
    DirectoryError.BANNER_LANGUAGES: ("words",),
    DirectoryError.BANNER_LENGTH: ("words",),
    DirectoryError.BANNER_TIMES: ("ends_at",),
    DirectoryError.BANNER_OVER: ("ends_at",),
    DirectoryError.NUMBERS_COUNT: ("numbers",),
    DirectoryError.NUMBER_INVALID: ("numbers",),
    RefundError.AMOUNT_NOT_POSITIVE: ("amount_minor",),
    RefundError.AMOUNT_OVER_REFUNDABLE: ("amount_minor",),
    RefundError.PARTIAL_NOT_PERMITTED: ("amount_minor",),
}
"""The field of a body that a room refuses by a code, under each name that it has in one."""
_OF_HOURS: Final = {"week": "weekly", "special_days": "special_days"}
"""The fields of parts of the opening hours, of which either may have times that do not fit."""
_PARAMETERS: Final[Mapping[str, str]] = {
    AgentError.DAYS_OUT_OF_ORDER: "to",
    AgentError.TOO_MANY_DAYS: "to",
    ReportError.DAYS_OUT_OF_ORDER: "to",
    ReportError.TOO_MANY_DAYS: "to",
}
"""The parameter of a query that a room refuses by a code."""
_LIMITS: Final = frozenset(limit.refusal for limit in agents.LIMITS.values())


def problem_of(error: HotlineError, sent: Set[str] = frozenset()) -> Problem:
    """The problem that an error of a room is told as. A refusal of its own names the room's code, a closed word.
    `sent`: the fields of the request's body, of which one may be at fault."""
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
        case InvalidInput(code=code) if code in _PARAMETERS:
            return problems.problem_in(_PARAMETERS[code], code)
        case InvalidInput(code=code):
            return problems.problem_in(_find_pointer(error, sent), code)
        case _:
            return problems.problem_of(error)


def _find_pointer(error: InvalidInput, sent: Set[str]) -> str:
    """The JSON pointer of the field at fault; that of the whole body where the body has no such field."""
    part = _OF_HOURS.get(str(error.facts.get("part")))
    names = _FIELDS.get(error.code, ()) if part is None else (part,)
    return next((f"#/{name}" for name in names if name in sent), "#")
