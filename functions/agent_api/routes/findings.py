"""Findings about addresses and payees, for supervisors: they are about no account of a case."""

from __future__ import annotations

from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.agent_api.desk import IdempotencyKey, IfMatch, desk, router, seen_version
from functions.agent_api.shapes.acts import Done
from functions.agent_api.shapes.common import PAGE_DEFAULT, PAGE_MAX
from functions.agent_api.shapes.findings import About, SubjectFeedback, SubjectFinding, SubjectFindings
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from functions.http.routes import id_from
from hotline.agents import service as agents
from hotline.agents.model import Basis
from hotline.security import service as security

_TAGS: Final = ["findings"]
_LIST: Final = "findings"
_STREAMS: Final = {About.SOURCE: security.Stream.SOURCE, About.PARTY: security.Stream.PARTY}


@router.get("/v1/agent/findings", tags=_TAGS, operation_id="list_subject_findings")
def list_subject_findings(
    about: Annotated[About, Query(description="Addresses from which people log in, or whoever gets money.")],
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> SubjectFindings:
    """Findings about addresses or payees that nobody has judged. Those about your own account are left out, so a page
    may be shorter than asked for."""
    at = desk()
    context = (at.agent.agent_id, _LIST, about.value)
    after = position_of(cursor, at.lookup_keys, *context)
    page = security.list_subject_findings(at.ctx.store, _STREAMS[about], at.now, limit=limit, after=after)
    shown = agents.leave_out_own(at.ctx.store, at.agent, page.findings)
    return SubjectFindings(
        findings=[
            SubjectFinding(
                id=one.id,
                about=about,
                subject=one.subject,
                rule=one.rule,
                severity=one.severity,
                state=one.state.value,
                found_at=one.found_at,
                begun_at=one.window_start,
                last_at=one.window_end,
                facts=agents.mask_facts(one.facts),
                events=one.events,
                is_account=one.account_id is not None,
                runbook=one.runbook,
                version=one.version,
            )
            for one in shown
        ],
        next=cursor_of(page.next, at.lookup_keys, *context),
    )


@router.post("/v1/agent/findings/<finding>/feedback", tags=_TAGS, operation_id="judge_subject_finding", status_code=202)
def judge_subject_finding(
    finding: str, body: SubjectFeedback, if_match: IfMatch = None, key: IdempotencyKey = None
) -> Done:
    """Say whether a finding about an address or a payee was right. It blocks nothing and lifts nothing. The ETag is the
    finding's `version`. A refusal for another one tells the present `version`, and the `feedback` that was given."""
    at, finding_id = desk(), id_from(finding)
    memory = at.memory(key, finding_id, body=body)
    act = agents.JudgeSubjectFinding(
        _STREAMS[body.about], body.subject, finding_id, body.verdict, seen_version(if_match)
    )
    done = agents.perform(at.ctx, at.agent, Basis(), act, why=body.reason, memory=memory)
    at.check_replay(done.replayed, finding_id, body=body)
    return Done(outcome=done.told.get("outcome"))
