"""The acts of agents upon findings: verdicts, and the suppression of rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from hotline.identity.model import Subject
from hotline.identity.service import Operation
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key
from hotline.lockout import service as lockout
from hotline.security import service as security
from hotline.security.model import SecurityError
from hotline.security.service import Verdict

from .access import AgentRequest
from .model import Permission
from .own import refuse_own
from .requests import AgentAct, Deed


@dataclass(frozen=True)
class JudgeFinding(AgentAct[None]):
    """Say whether a finding was right. It lifts no hold. Raises NotPossible `no_such_finding`."""

    finding_id: str
    verdict: Verdict
    permission: ClassVar[Permission] = Permission.WORK

    def keys(self, request: AgentRequest) -> Iterable[Key]:
        return security.verdict_keys(request.account_id, self.finding_id)

    def find_need(self, _request: AgentRequest) -> tuple[Operation, Subject | None]:
        return Operation.JUDGE_FINDING, None

    def contribute(self, change: Change, request: AgentRequest) -> Deed[None]:
        account_id, judge = request.account_id, request.agent_id
        security.contribute_verdict(
            change,
            request.read,
            account_id,
            self.finding_id,
            self.verdict,
            judged_by=judge,
            zone=request.ctx.time_zone,
            shards=request.ctx.activity_shards or security.ACTIVITY_SHARDS,
        )
        return Deed(None, self.verdict.value, {"finding_id": self.finding_id})


@dataclass(frozen=True)
class JudgeSubjectFinding(AgentAct[None]):
    """Say whether a finding of a list was right. A supervisor's act, and about no account of a case. `version`: the one
    that the supervisor saw; None: whatever it is. Raises NotPossible `no_such_finding`, `own_account` where the account
    or the payee is the supervisor's own, and FindingChanged. A finding about the supervisor is refused with
    `no_such_finding`. So is one on an account that the list does not show, as one of a case."""

    stream: security.Stream
    subject: str
    finding_id: str
    verdict: Verdict
    version: int | None = None
    permission: ClassVar[Permission] = Permission.MANAGE
    on_account: ClassVar[bool] = False

    def keys(self, _request: AgentRequest) -> Iterable[Key]:
        locks = lockout.lock_keys(self.subject) if self.stream is security.Stream.ACCOUNT else ()
        return (*security.verdict_keys(self.subject, self.finding_id, self.stream), *locks)

    def find_need(self, _request: AgentRequest) -> tuple[Operation, Subject | None]:
        return Operation.JUDGE_FINDING, None

    def contribute(self, change: Change, request: AgentRequest) -> Deed[None]:
        if self.stream is security.Stream.AGENT and self.subject == request.agent_id:
            raise NotPossible(SecurityError.NO_SUCH_FINDING)
        account_id = security.account_of_finding(request.read, self.stream, self.subject, self.finding_id)
        refuse_own(request.ctx.store, request.token, account_id)
        if self.stream is security.Stream.ACCOUNT:
            # A word on a grave finding lets people release a hold: it is for whoever may open the account by its case.
            listed = security.is_listed_finding(request.read, self.subject, self.finding_id, request.now)
            if not listed or lockout.is_erased(request.read, self.subject):
                raise NotPossible(SecurityError.NO_SUCH_FINDING)
            lockout.contribute_not_erased(change, self.subject, Operation.JUDGE_FINDING)
        security.contribute_verdict(
            change,
            request.read,
            self.subject,
            self.finding_id,
            self.verdict,
            judged_by=request.agent_id,
            zone=request.ctx.time_zone,
            stream=self.stream,
            version=self.version,
            shards=request.ctx.activity_shards or security.ACTIVITY_SHARDS,
        )
        return Deed(None, self.verdict.value, {"finding_id": self.finding_id})


@dataclass(frozen=True)
class SuppressRule(AgentAct[None]):
    """Keep a rule from telling of the account until a date, alone. With a second person for a rule that holds. Raises
    InvalidInput `no_such_rule`, `until_passed`, `suppressed_too_long`, also when a second person is asked."""

    rule: str
    until: datetime

    def keys(self, request: AgentRequest) -> Iterable[Key]:
        return security.suppression_keys(request.account_id, self.rule)

    def find_need(self, request: AgentRequest) -> tuple[Operation, Subject | None]:
        return security.suppression_need(request.read, request.account_id, self.rule, self.until)

    def check_possible(self, request: AgentRequest) -> None:
        security.check_until(self.until, request.now)

    def contribute(self, change: Change, request: AgentRequest) -> Deed[None]:
        security.contribute_suppression(
            change,
            request.read,
            request.account_id,
            self.rule,
            self.until,
            reason=_reason_of(request),
            made_by=request.agent_id,
        )
        return Deed(None, SUPPRESSED, {"rule": self.rule, "until": to_text(self.until)})


@dataclass(frozen=True)
class EndSuppression(AgentAct[None]):
    """Let a rule tell of the account again. Raises NotPossible `no_such_suppression`."""

    rule: str

    def keys(self, request: AgentRequest) -> Iterable[Key]:
        return security.suppression_keys(request.account_id, self.rule)

    def find_need(self, _request: AgentRequest) -> tuple[Operation, Subject | None]:
        return Operation.END_SUPPRESSION, None

    def contribute(self, change: Change, request: AgentRequest) -> Deed[None]:
        security.contribute_suppression_end(change, request.read, request.account_id, self.rule)
        return Deed(None, ENDED, {"rule": self.rule})


class _SubjectAct(AgentAct[None]):
    """A supervisor's act upon the rule of a finding about an address or a payee. Raises NotPossible `no_such_finding`,
    and `own_account` where the payee is the supervisor's own account."""

    permission: ClassVar[Permission] = Permission.MANAGE
    on_account: ClassVar[bool] = False
    stream: security.Stream
    subject: str
    finding_id: str

    def keys(self, _request: AgentRequest) -> Iterable[Key]:
        return security.verdict_keys(self.subject, self.finding_id, self.stream)

    def further_keys(self, request: AgentRequest) -> Iterable[Key]:
        return security.suppression_keys(self.subject, self.rule_in(request), self.stream)

    def rule_in(self, request: AgentRequest) -> str:
        """The rule of the finding."""
        return security.rule_of_finding(request.read, self.stream, self.subject, self.finding_id)

    def account_in(self, request: AgentRequest) -> str | None:
        """The account that the subject is, which is not the supervisor's own."""
        account_id = security.account_of_finding(request.read, self.stream, self.subject, self.finding_id)
        refuse_own(request.ctx.store, request.token, account_id)
        return account_id


@dataclass(frozen=True)
class SuppressSubjectRule(_SubjectAct):
    """Keep the rule from telling of its address or payee until a date. Raises as SuppressRule does."""

    stream: security.Stream
    subject: str
    finding_id: str
    until: datetime

    def find_need(self, request: AgentRequest) -> tuple[Operation, Subject | None]:
        rule = self.rule_in(request)
        return security.suppression_need(request.read, self.subject, rule, self.until, self.stream)

    def contribute(self, change: Change, request: AgentRequest) -> Deed[None]:
        rule = self.rule_in(request)
        security.contribute_suppression(
            change,
            request.read,
            self.subject,
            rule,
            self.until,
            reason=_reason_of(request),
            made_by=request.agent_id,
            stream=self.stream,
            account_id=self.account_in(request),
            finding_id=self.finding_id,
        )
        return Deed(None, SUPPRESSED, {"rule": rule, "finding_id": self.finding_id, "until": to_text(self.until)})


@dataclass(frozen=True)
class EndSubjectSuppression(_SubjectAct):
    """Let the rule tell of its address or payee again. Raises NotPossible `no_such_suppression`."""

    stream: security.Stream
    subject: str
    finding_id: str

    def find_need(self, _request: AgentRequest) -> tuple[Operation, Subject | None]:
        return Operation.END_SUPPRESSION, None

    def contribute(self, change: Change, request: AgentRequest) -> Deed[None]:
        rule = self.rule_in(request)
        self.account_in(request)
        security.contribute_suppression_end(change, request.read, self.subject, rule, self.stream)
        return Deed(None, ENDED, {"rule": rule, "finding_id": self.finding_id})


SUPPRESSED: Final = "SUPPRESSED"
ENDED: Final = "ENDED"
"""The outcomes of suppressing a rule, and of lifting that."""


def _reason_of(request: AgentRequest) -> str:
    """The agent's reason for what they do, which every act upon findings has."""
    return request.why.value if request.why is not None else ""
