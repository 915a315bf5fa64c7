"""Lists of findings for supervisors: those about no account of a case, and those that open none. And suppressions."""

from __future__ import annotations

from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.agent_api.desk import IdempotencyKey, IfMatch, desk, require_zone, router, seen_version
from functions.agent_api.shapes.acts import Done
from functions.agent_api.shapes.common import PAGE_DEFAULT, PAGE_MAX, Person
from functions.agent_api.shapes.findings import (
    AboutAny,
    AboutFound,
    RunningSuppression,
    RunningSuppressions,
    SubjectFeedback,
    SubjectFinding,
    SubjectFindings,
    SubjectSuppressed,
    SubjectSuppressionEnd,
)
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from functions.http.routes import id_from
from hotline.agents import service as agents
from hotline.agents.model import Basis
from hotline.agents.service import AgentAct
from hotline.security import service as security

_TAGS: Final = ["findings"]
_LIST: Final = "findings"
_SUPPRESSIONS: Final = "suppressions"
_STREAMS: Final = {
    AboutFound.ACCOUNT: security.Stream.ACCOUNT,
    AboutFound.SOURCE: security.Stream.SOURCE,
    AboutFound.PARTY: security.Stream.PARTY,
    AboutFound.AGENT: security.Stream.AGENT,
}


@router.get("/v1/agent/findings", tags=_TAGS, operation_id="list_subject_findings")
def list_subject_findings(
    about: Annotated[
        AboutFound, Query(description="Accounts, addresses from which people log in, whoever gets money, or agents.")
    ],
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> SubjectFindings:
    """Findings that nobody has judged: on accounts without a case for it, or about addresses, payees or agents. Those
    about you or your own account are left out, so a page may be shorter than asked for."""
    at = desk()
    context = (at.agent.agent_id, _LIST, about.value)
    after = position_of(cursor, at.lookup_keys, *context)
    page = agents.list_subject_findings(at.ctx, at.agent, _STREAMS[about], limit=limit, after=after)
    is_of_agents = about is AboutFound.AGENT
    names = agents.find_names(at.ctx.store, {one.subject for one in page.findings if is_of_agents})
    got_in = {account_id for one in page.findings for account_id in one.accounts}
    others = agents.leave_out_own_accounts(at.ctx.store, at.agent, got_in) if got_in else frozenset()
    return SubjectFindings(
        findings=[
            SubjectFinding(
                id=one.id,
                about=about,
                subject=one.subject,
                agent=Person(id=one.subject, name=names.get(one.subject, one.subject)) if is_of_agents else None,
                rule=one.rule,
                severity=one.severity,
                state=one.state.value,
                found_at=one.found_at,
                begun_at=one.window_start,
                last_at=one.window_end,
                facts=agents.mask_facts(one.facts),
                events=one.events,
                accounts=[account_id for account_id in one.accounts if account_id in others],
                is_account=about is AboutFound.PARTY and one.account_id is not None,
                runbook=one.runbook,
                version=one.version,
            )
            for one in page.findings
        ],
        next=cursor_of(page.next, at.lookup_keys, *context),
    )


@router.post("/v1/agent/findings/<finding>/feedback", tags=_TAGS, operation_id="judge_subject_finding", status_code=202)
def judge_subject_finding(
    finding: str, body: SubjectFeedback, if_match: IfMatch = None, key: IdempotencyKey = None
) -> Done:
    """Say whether a finding of a list was right. It blocks nothing and lifts nothing. The ETag is the
    finding's `version`. A refusal for another one tells the present `version`, and the `feedback` that was given."""
    finding_id = id_from(finding)
    act = agents.JudgeSubjectFinding(
        _STREAMS[body.about], body.subject, finding_id, body.verdict, seen_version(if_match)
    )
    return _do(body, key, finding_id, act)


@router.post(
    "/v1/agent/findings/<finding>/suppressions", tags=_TAGS, operation_id="suppress_subject_rule", status_code=202
)
def suppress_subject_rule(finding: str, body: SubjectSuppressed, key: IdempotencyKey = None) -> Done:
    """Keep the rule of a finding from telling of its address or payee until a time."""
    finding_id, until = id_from(finding), require_zone(body.until)
    return _do(body, key, finding_id, agents.SuppressSubjectRule(_STREAMS[body.about], body.subject, finding_id, until))


@router.post(
    "/v1/agent/findings/<finding>/suppression-ends",
    tags=_TAGS,
    operation_id="end_subject_suppression",
    status_code=202,
)
def end_subject_suppression(finding: str, body: SubjectSuppressionEnd, key: IdempotencyKey = None) -> Done:
    """Let the rule of a finding tell of its address or payee again."""
    finding_id = id_from(finding)
    return _do(body, key, finding_id, agents.EndSubjectSuppression(_STREAMS[body.about], body.subject, finding_id))


@router.get("/v1/agent/suppressions", tags=_TAGS, operation_id="list_suppressions")
def list_suppressions(
    about: Annotated[AboutAny, Query(description="Accounts, addresses, or whoever gets money.")],
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> RunningSuppressions:
    """Rules that do not tell of somebody for a while, what ends first in front. Those about your own account are left
    out, so a page may be shorter than asked for."""
    at = desk()
    context = (at.agent.agent_id, _SUPPRESSIONS, about.value)
    after = position_of(cursor, at.lookup_keys, *context)
    page = security.list_running_suppressions(at.ctx.store, _STREAMS[about], at.now, limit=limit, after=after)
    shown = agents.leave_out_own(at.ctx.store, at.agent, page.suppressions)
    names = agents.find_names(at.ctx.store, {one.made_by for one in shown})
    return RunningSuppressions(
        suppressions=[
            RunningSuppression(
                about=about,
                subject=one.subject,
                rule=one.rule,
                since=one.since,
                until=one.until,
                reason=one.reason,
                by=Person(id=one.made_by, name=names.get(one.made_by, one.made_by)),
                finding_id=one.finding_id,
            )
            for one in shown
        ],
        next=cursor_of(page.next, at.lookup_keys, *context),
    )


def _do(
    body: SubjectFeedback | SubjectSuppressed | SubjectSuppressionEnd,
    key: str | None,
    finding_id: str,
    act: AgentAct[None],
) -> Done:
    at = desk()
    memory = at.memory(key, finding_id, body=body)
    done = agents.perform(at.ctx, at.agent, Basis(), act, why=body.reason, memory=memory)
    at.check_replay(done.replayed, finding_id, body=body)
    return Done(outcome=done.told.get("outcome"))
