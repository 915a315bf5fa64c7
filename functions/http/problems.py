"""The API's refusals: problem details (RFC 9457) with stable codes.

One table says which status and code each error of the rooms becomes. Nothing of a request is ever repeated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from hotline.agents.model import AgentError
from hotline.evidence.model import EvidenceError
from hotline.identity.model import IdentityError, PinWeakness
from hotline.identity.service import QUARTER_HOUR
from hotline.kit.clock import count_seconds
from hotline.kit.errors import (
    HotlineError,
    InvalidInput,
    NeedProof,
    NotPossible,
    Refused,
    Stale,
    StaleTurn,
    Unavailable,
)
from hotline.lockout.model import LockoutError
from hotline.refunds.model import RefundError
from hotline.wording.catalogue import find

CONTENT_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:hotline:problem:"
REQUEST_PREFIX: Final = "urn:hotline:request:"
CHALLENGE_URL: Final = "/v1/challenges"
RETRY_AFTER_S: Final = 1
"""After a conflict or a store that did not answer: the next attempt usually works."""

STATUSES: Final[Mapping[str, int]] = {
    "malformed_request": 400,
    "idempotency_key_missing": 400,
    "invalid_token": 401,
    "insufficient_user_authentication": 401,
    "insufficient_scope": 403,
    "not_by_the_front": 403,
    "not_found": 404,
    "unknown_account": 404,
    "method_not_allowed": 405,
    "account_closed": 409,
    "account_not_open": 409,
    "not_possible": 409,
    "not_self_service": 409,
    "refund_exists": 409,
    "evidence_not_awaited": 409,
    "code_expired": 410,
    "link_over": 410,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "idempotency_key_reused": 422,
    "wrong_code": 422,
    "method_unavailable": 422,
    "voice_unavailable": 422,
    "not_eligible": 422,
    "route_dispute": 422,
    "amount_not_positive": 422,
    "amount_over_refundable": 422,
    "currency_differs": 422,
    "partial_not_permitted": 422,
    "evidence_type": 422,
    "evidence_too_large": 422,
    "pin_weak": 422,
    "code_spent": 429,
    "too_many_denied": 429,
    "evidence_limit": 429,
    "too_many_codes": 429,
    "quota_exceeded": 429,
    "unexpected": 500,
    "try_later": 503,
}
"""Every code of the customers' API and its HTTP status. Its title, `problem.<code>` of the catalogue, is one fixed
sentence."""
OF_AGENTS: Final[Mapping[str, int]] = {
    "role_missing": 403,
    "proof_missing": 403,
    "second_missing": 403,
    "own_account": 403,
    "approval_own": 403,
    "evidence_not_clean": 409,
    "case_claimed": 409,
    "case_closed": 409,
    "case_open": 409,
    "contact_taken": 409,
    "hold_not_running": 409,
    "approval_decided": 409,
    "approval_expired": 409,
    "approval_void": 409,
    "approval_not_needed": 409,
    "precondition_failed": 412,
    "precondition_required": 428,
    "limit_reached": 429,
}
"""The codes that the agents' API has beside those of every API."""
_FALLBACK_TITLE: Final = "Something went wrong on our side."

_OF_REFUSALS: Final[Mapping[str, str]] = {
    IdentityError.UNKNOWN_ACCOUNT: "unknown_account",
    IdentityError.ACCOUNT_CLOSED: "account_closed",
    LockoutError.ACCOUNT_CLOSED: "account_closed",
    LockoutError.ACCOUNT_NOT_OPEN: "account_not_open",
    RefundError.ACCOUNT_NOT_OPEN: "account_not_open",
    RefundError.NO_SUCH_MOVEMENT: "not_found",
    EvidenceError.LINK_OVER: "link_over",
    EvidenceError.NOT_AWAITED: "evidence_not_awaited",
    EvidenceError.TOO_MANY: "evidence_limit",
    EvidenceError.NO_SUCH_EVIDENCE: "not_found",
    AgentError.NO_ACCESS: "not_found",
    IdentityError.NO_TARGET: "method_unavailable",
}
_WEAKNESSES: Final = frozenset(PinWeakness)
_OF_INPUTS: Final = frozenset(
    {
        RefundError.AMOUNT_NOT_POSITIVE,
        RefundError.AMOUNT_OVER_REFUNDABLE,
        RefundError.CURRENCY_DIFFERS,
        RefundError.PARTIAL_NOT_PERMITTED,
        EvidenceError.TYPE_REFUSED,
        EvidenceError.TOO_LARGE,
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One part of a request that is not as it must be: where (a JSON pointer, or a parameter's name) and how."""

    pointer: str
    code: str


class Problem(Exception):
    """A refusal. `facts` are further members of the problem: ids, closed words and numbers."""

    def __init__(
        self,
        code: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = STATUSES[code] if code in STATUSES else OF_AGENTS[code]
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        self.facts = dict(facts or {})


def problem_in(pointer: str, code: str) -> Problem:
    """The request has one part that is not as it must be."""
    return Problem("malformed_request", faults=[Fault(pointer, code)])


def too_many_codes(wait: timedelta = QUARTER_HOUR) -> Problem:
    """No code is sent now; when it is worth asking again. Those who are not known are all told the same time, which
    says nothing of a customer."""
    return Problem("too_many_codes", headers={"Retry-After": str(count_seconds(wait))})


def problem_of(error: HotlineError) -> Problem:
    """The problem that an error of a room is told as."""
    match error:
        case NeedProof():
            return _step_up(error)
        case NotPossible():
            return Problem(_OF_REFUSALS.get(error.code, "not_possible"))
        case Refused():
            return Problem("not_possible")
        case InvalidInput(code=code) if code in _WEAKNESSES:
            return Problem("pin_weak", facts={"weakness": PinWeakness(code).name.lower()})
        case InvalidInput():
            known = error.code if error.code in _OF_INPUTS else None
            facts = {name: value for name, value in error.facts.items() if name in ("refundable_minor", "bytes_max")}
            return Problem(known, facts=facts) if known else Problem("malformed_request")
        case Stale() | StaleTurn() | Unavailable():
            return Problem("try_later", headers={"Retry-After": str(RETRY_AFTER_S)})
        case _:
            return Problem("unexpected")


def _step_up(error: NeedProof) -> Problem:
    """RFC 9470: what is missing is a stronger proof, and where to give it. `needs` empty: only a person can help."""
    challenge = 'Bearer error="insufficient_user_authentication", error_description="A further proof is needed"'
    facts: dict[str, Any] = {"operation": error.operation, "needs": list(error.needs) or ["agent"]}
    if error.needs:
        facts["challenge_url"] = CHALLENGE_URL
    return Problem("insufficient_user_authentication", headers={"WWW-Authenticate": challenge}, facts=facts)


@dataclass(frozen=True, slots=True)
class Rendering:
    """How problems are told to this caller."""

    language: str = "en-US"
    request_id: str = "-"


def body(problem: Problem, how: Rendering) -> dict[str, Any]:
    """The members of the problem."""
    told: dict[str, Any] = {
        "type": TYPE_PREFIX + problem.code,
        "title": find(f"problem.{problem.code}", how.language) or _FALLBACK_TITLE,
        "status": problem.status,
        "code": problem.code,
        "instance": REQUEST_PREFIX + how.request_id,
    }
    if problem.faults:
        told["errors"] = [{"pointer": fault.pointer, "code": fault.code} for fault in problem.faults]
    return told | problem.facts


def answer(problem: Problem, how: Rendering) -> dict[str, Any]:
    """The gateway's form of the refusal."""
    headers = {"Content-Type": CONTENT_TYPE, "Content-Language": how.language, **problem.headers}
    return {
        "statusCode": problem.status,
        "headers": headers,
        "body": json.dumps(body(problem, how), ensure_ascii=False),
        "isBase64Encoded": False,
    }
