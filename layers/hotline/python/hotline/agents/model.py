"""Agents and supervisors, what each may do, and the closed words of their work. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from hotline.cases.model import Case
from hotline.kit.clock import ISSUER_AHEAD_MAX

TOKEN_LIFE: Final = timedelta(minutes=15)
"""A token that is older, or that lives longer, is refused. So a role that was taken away is gone within this time."""
NO_CASE: Final = "-"


class AgentError(StrEnum):
    """Why a request of an agent is refused."""

    TOKEN_OLD = "token_old"  # noqa: S105 - a word
    NO_PERMISSION = "no_permission"
    NO_ACCESS = "no_access"
    """A case or contact that is not the agent's, that has ended, or that there is not: they are answered alike."""
    NO_ACCOUNT = "case_without_account"
    OWN_ACCOUNT = "own_account"
    """The account is the agent's own, or shares a contact point with it."""
    CONTACT_TAKEN = "contact_taken"
    LOOK_UPS = "look_ups_limit"
    UNMASKINGS = "unmaskings_limit"
    OPENINGS = "openings_limit"
    APPROVALS = "approvals_limit"
    REQUESTS = "requests_limit"
    REVIEWS = "reviews_limit"
    NOTHING_THERE = "nothing_to_unmask"
    PROOF_OUT_OF_REACH = "proof_out_of_reach"
    """The account has not the factors that the proof would take."""
    FINDING_UNJUDGED = "finding_unjudged"
    """A finding may have set the hold, and nobody has judged it yet."""
    FINDING_CONFIRMED = "finding_confirmed"
    """A finding that set the hold is confirmed, and without the hold nothing would stop the thief."""
    DAYS_OUT_OF_ORDER = "days_out_of_order"
    TOO_MANY_DAYS = "too_many_days"
    LIMIT_OUT_OF_RANGE = "limit_out_of_range"


class Role(StrEnum):
    """The role that the claim of a token names."""

    AGENT = "agents"
    SUPERVISOR = "supervisors"


class Permission(StrEnum):
    """The needs of a request: the scope of this name in the token, and a role that has it."""

    READ = "desk/read"
    WORK = "desk/work"
    ACT = "desk/act"
    REFUND = "desk/refund"
    APPROVE = "desk/approve"
    MANAGE = "desk/manage"
    REPORT = "desk/report"


PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.AGENT: frozenset({Permission.READ, Permission.WORK, Permission.ACT, Permission.REFUND}),
    Role.SUPERVISOR: frozenset(Permission),
}


@dataclass(frozen=True, slots=True)
class AgentToken:
    """The claims of a token that has been verified. `account_id`: the agent's own account at the wallet, if it has
    one that is known. `user_name`: the claim behind `name`, as it stands in the token."""

    agent_id: str
    name: str
    roles: frozenset[Role]
    scopes: frozenset[str]
    issued_at: datetime
    expires_at: datetime
    account_id: str | None = None
    user_name: str | None = None

    def is_good(self, now: datetime) -> bool:
        """Whether the token may still be believed: it is young, and was not made to live longer than that, both by the
        issuer's clock."""
        return (
            self.issued_at <= now + ISSUER_AHEAD_MAX
            and now < self.expires_at
            and now - self.issued_at <= TOKEN_LIFE
            and self.expires_at - self.issued_at <= TOKEN_LIFE
        )

    def permissions(self) -> frozenset[Permission]:
        """Everything that both a scope and a role of the token allow."""
        by_role = frozenset[Permission]().union(*(PERMISSIONS[role] for role in self.roles))
        return frozenset(permission for permission in by_role if permission.value in self.scopes)


class Part(StrEnum):
    """The part of an account that is looked at."""

    ACCOUNT = "account"
    PAYMENTS = "payments"
    REFUNDS = "refunds"
    EVIDENCE = "evidence"
    FUNDS = "funds"
    BILLS = "bills"
    FINDINGS = "findings"


class LookUpReason(StrEnum):
    """Why an agent looks at an account."""

    CALL = "call"
    CASE = "case"
    CALLBACK = "callback"
    COMPLAINT = "complaint"
    INVESTIGATION = "investigation"


class ActReason(StrEnum):
    """Why an agent does something upon an account, or asks for a second person. The case has the words."""

    CUSTOMER_ASKED = "customer_asked"
    CUSTOMER_PROVED = "customer_proved"
    EVIDENCE_SEEN = "evidence_seen"
    FALSE_ALARM = "false_alarm"
    COMPLAINT = "complaint"
    CORRECTION = "correction"
    INVESTIGATION = "investigation"


OF_CUSTOMER: Final = frozenset({ActReason.CUSTOMER_ASKED, ActReason.CUSTOMER_PROVED})
"""Reasons by which something is the customer's own wish."""


class Masked(StrEnum):
    """A value that is masked until it is needed."""

    NAME = "name"
    REFUND_AMOUNT = "refund_amount"
    PAYMENT_AMOUNT = "payment_amount"
    GIVEN_BACK_AMOUNT = "given_back_amount"
    COUPON_AMOUNT = "coupon_amount"
    FUNDS_AMOUNT = "funds_amount"
    BILL_AMOUNT = "bill_amount"
    FINDING_AMOUNT = "finding_amount"


@dataclass(frozen=True, slots=True)
class Basis:
    """The case by which an agent comes to an account, and the contact that they are in, by its initial id. Neither is
    believed: both are held against what is stored."""

    case_id: str | None = None
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class ContactView:
    """A contact as an agent may see it: whether it goes on, and the case with which it was handed over."""

    contact_id: str
    live: bool
    case: Case | None


@dataclass(frozen=True, slots=True)
class ProofRequest:
    """A customer is asked to prove who they are, by an agent. It waits at the contact for the line, and at the account
    for the app. `goal` is the goal of the code, and so what it is good for."""

    request_id: str
    goal: str
    case_id: str
    asked_by: str
    asked_at: datetime
    until: datetime
    on_call: bool = False
    """Whether the customer was in a contact with the agent, so that an app can say when not to answer."""
    answered_by: str | None = None
    """The call or app session that answered. At a contact its own session counts, answered or not."""
    ended_at: datetime | None = None
    """The time at which the caller came back from the line without the proof; None while they have not."""


class ProofState(StrEnum):
    """The end of a request for proof."""

    NONE = "none"
    WAITING = "waiting"
    PROVED = "proved"
    UNPROVED = "unproved"
    """The caller came back from the line without it."""
    EXPIRED = "expired"
    """The time for the answer is over, or that of the proof. A proof that was given in a call counts in that call."""


@dataclass(frozen=True, slots=True)
class ProofView:
    """An agent's view of a customer's proof: kinds of factor and their ends, never a code. `operations` are those
    for which it is enough now."""

    state: ProofState
    goal: str | None
    kinds: tuple[str, ...]
    until: datetime | None
    operations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that an agent did, as the agents' trail keeps it."""

    at: datetime
    event: str
    account_id: str | None
    case_id: str
    facts: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class TracePage:
    """Deeds of an agent, the newest first. `next` is the `after` of the following page, None at the end."""

    traces: tuple[Trace, ...]
    next: str | None


class Figure(StrEnum):
    """A count of an agent's day."""

    LOOK_UPS = "look_ups"
    UNMASKINGS = "unmaskings"
    OPENINGS = "openings"
    """Acts that let somebody in: unlocks, reset grants, ends of pauses and freezes, new rows, released holds."""
    OTHER_ACTS = "other_acts"
    REQUESTS = "requests"
    """Requests to a second person."""
    APPROVALS = "approvals"
    """Decisions on others' requests."""
    CASE_WORK = "case_work"
    LIMITS_REACHED = "limits_reached"
    """Refused: a limit of the hour was reached."""
    OWN_ACCOUNT = "own_account"
    """Refused: the account is the agent's own, or linked to it."""
    OWN_REQUEST = "own_request"
    """Refused: a decision on a request of their own."""


@dataclass(frozen=True, slots=True)
class DayOfAgent:
    """An agent's deeds on a day. `name` is the one of their last token that day."""

    day: date
    agent_id: str
    name: str
    figures: Mapping[Figure, int]


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """Agents' days, the newest first. `next` is the `after` of the following page, None at the end."""

    days: tuple[DayOfAgent, ...]
    next: str | None
