"""Cases: reading one with its timeline, and working on it. A change names the version that the agent saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.agent_api.answers import action_of, masked_of, people_of, subject_of
from functions.agent_api.desk import (
    Desk,
    DeskContact,
    IdempotencyKey,
    IfMatch,
    SeenTag,
    desk,
    require_zone,
    router,
    seen_version,
    version_of,
)
from functions.agent_api.shapes.cases import (
    Actor,
    ApprovalNow,
    Case,
    CaseRow,
    Close,
    Edit,
    Entry,
    Link,
    Note,
    ProvedByLine,
    Snooze,
    Timeline,
    Transfer,
)
from functions.agent_api.shapes.common import Body, Person
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from functions.http.problems import problem_in
from functions.http.routes import id_from
from hotline.agents import service as agents
from hotline.cases import service as cases
from hotline.cases.model import AuthorKind, CaseEntry, LinkKind
from hotline.cases.model import Case as KnownCase
from hotline.identity.model import Approval as KnownApproval
from hotline.kit.change import Change
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

_TAGS: Final = ["cases"]
_TIMELINE: Final = "timeline"
type Contribute = Callable[[Change, Mapping[Key, Item]], KnownCase]


@router.get("/v1/agent/cases/<id>", tags=_TAGS, operation_id="read_case")
def read_case(id: str, contact: DeskContact = None) -> Case:  # noqa: A002 - the name of the path's parameter
    """A case, what the line established, its next step, and what you may do about it."""
    at, case_id = desk(), id_from(id)
    case, timeline = agents.read_case(at.ctx, at.agent, case_id)
    at.tag(case.version)
    return case_of(at, case, timeline, contact)


@router.get("/v1/agent/cases/<id>/timeline", tags=_TAGS, operation_id="read_timeline")
def read_timeline(
    id: str,  # noqa: A002 - the name of the path's parameter
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> Timeline:
    """A page of a case's timeline, the newest entry first."""
    at, case_id = desk(), id_from(id)
    case = agents.find_case(at.ctx, at.agent, case_id)
    before = position_of(cursor, at.lookup_keys, case_id, _TIMELINE)
    page = cases.read_timeline(at.ctx.store, case_id, before=before)
    older = page.before
    people = agents.find_people(at.ctx.store, [(entry.actor, entry.facts) for entry in page.entries])
    approvals = agents.mark_void(at.ctx, agents.list_told_approvals(at.ctx.store, page.entries, at.now))
    now = {one.approval_id: one for one in approvals}
    return Timeline(
        entries=[_entry(entry, {**_known_names(case), **people}, now) for entry in reversed(page.entries)],
        people=people_of(people),
        next=cursor_of(older, at.lookup_keys, case_id, _TIMELINE),
    )


@router.post("/v1/agent/cases/<id>/claim", tags=_TAGS, operation_id="claim_case")
def claim_case(id: str, if_match: IfMatch = None, key: IdempotencyKey = None) -> CaseRow:  # noqa: A002
    """Take a case to work on. One that another agent has is refused; your own stays yours."""
    case_id, name, version = id_from(id), desk().agent.name, seen_version(if_match)
    return _work(
        case_id,
        "claimed",
        key,
        None,
        lambda change, read: cases.contribute_claim(change, read, case_id, agent_name=name, version=version),
    )


@router.post("/v1/agent/cases/<id>/release", tags=_TAGS, operation_id="release_case")
def release_case(id: str, if_match: IfMatch = None, key: IdempotencyKey = None) -> CaseRow:  # noqa: A002
    """Give a claimed case back to the queue."""
    case_id, version, supervised = id_from(id), seen_version(if_match), desk().supervises
    return _work(
        case_id,
        "released",
        key,
        None,
        lambda change, read: cases.contribute_release(change, read, case_id, version=version, supervised=supervised),
    )


@router.post("/v1/agent/cases/<id>/notes", tags=_TAGS, operation_id="add_note", status_code=201)
def add_note(id: str, body: Note, key: IdempotencyKey = None) -> CaseRow:  # noqa: A002
    """Add a text to the timeline, also of a closed case, or of one that another agent has."""
    case_id = id_from(id)
    return _work(
        case_id,
        "noted",
        key,
        body,
        lambda change, read: cases.contribute_note(change, read, case_id, note=body.text, audience=body.audience),
    )


@router.post("/v1/agent/cases/<id>/snooze", tags=_TAGS, operation_id="snooze_case")
def snooze_case(id: str, body: Snooze, if_match: IfMatch = None, key: IdempotencyKey = None) -> CaseRow:  # noqa: A002
    """Let a case wait until a time, five minutes to thirty days ahead."""
    case_id, version, supervised = id_from(id), seen_version(if_match), desk().supervises
    until = require_zone(body.until)
    return _work(
        case_id,
        "snoozed",
        key,
        body,
        lambda change, read: cases.contribute_snooze(
            change, read, case_id, until=until, version=version, supervised=supervised
        ),
    )


@router.post("/v1/agent/cases/<id>/transfer", tags=_TAGS, operation_id="transfer_case")
def transfer_case(id: str, body: Transfer, if_match: IfMatch = None, key: IdempotencyKey = None) -> CaseRow:  # noqa: A002
    """Give a case to the queue of a topic and a language, or to one agent."""
    case_id, version, supervised = id_from(id), seen_version(if_match), desk().supervises
    topic, language, username = body.topic, body.language, body.username
    to_queue = topic is not None and language is not None
    if to_queue == (username is not None) or (topic is None) != (language is None):
        raise problem_in("#", "queue_or_agent")
    agent_id = agents.find_agent(desk().ctx.store, username) if username is not None else None
    if username is not None and agent_id is None:
        raise problem_in("#/username", "agent_unknown")

    def contribute(change: Change, read: Mapping[Key, Item]) -> KnownCase:
        if username is None or agent_id is None:
            skill = cases.skill_of(str(topic), str(language))
            return cases.contribute_transfer_to_skill(
                change, read, case_id, skill=skill, note=body.note, version=version, supervised=supervised
            )
        return cases.contribute_transfer_to_agent(
            change,
            read,
            case_id,
            agent_id=agent_id,
            agent_name=username,
            note=body.note,
            version=version,
            supervised=supervised,
        )

    return _work(case_id, "transferred", key, body, contribute)


@router.post("/v1/agent/cases/<id>/close", tags=_TAGS, operation_id="close_case")
def close_case(id: str, body: Close, if_match: IfMatch = None, key: IdempotencyKey = None) -> CaseRow:  # noqa: A002
    """Close a case."""
    case_id, version, supervised = id_from(id), seen_version(if_match), desk().supervises
    return _work(
        case_id,
        "closed",
        key,
        body,
        lambda change, read: cases.contribute_close(
            change, read, case_id, reason=body.ending, note=body.note, version=version, supervised=supervised
        ),
    )


@router.post("/v1/agent/cases/<id>/reopen", tags=_TAGS, operation_id="reopen_case")
def reopen_case(id: str, if_match: IfMatch = None, key: IdempotencyKey = None) -> CaseRow:  # noqa: A002
    """Open a closed case again, in the queue."""
    case_id, version = id_from(id), seen_version(if_match)
    return _work(
        case_id,
        "reopened",
        key,
        None,
        lambda change, read: cases.contribute_reopen(change, read, case_id, version=version),
    )


@router.patch("/v1/agent/cases/<id>", tags=_TAGS, operation_id="edit_case")
def edit_case(id: str, body: Edit, if_match: SeenTag = None) -> CaseRow:  # noqa: A002
    """Change the priority or the tags of a case. `If-Match` is required."""
    at, case_id, version = desk(), id_from(id), version_of(if_match)
    worked = agents.work_on_case(
        at.ctx,
        at.agent,
        case_id,
        "edited",
        lambda change, read: cases.contribute_edit(
            change,
            read,
            case_id,
            priority=body.priority,
            tags=body.tags,
            version=version,
            supervised=at.supervises,
        ),
    )
    at.tag(worked.case.version)
    return row_of(worked.case)


def _work(case_id: str, cause: str, key: str | None, body: Body | None, contribute: Contribute) -> CaseRow:
    """Do one thing to a case once for its key, and answer the case as it is afterwards, with its version."""
    at = desk()
    memory = at.memory(key, case_id, body=body)
    worked = agents.work_on_case(at.ctx, at.agent, case_id, cause, contribute, memory=memory)
    at.check_replay(worked.replayed, case_id, body=body)
    at.tag(worked.case.version)
    return row_of(worked.case)


def case_of(at: Desk, case: KnownCase, timeline: tuple[CaseEntry, ...], contact: str | None) -> Case:
    """A case as the API tells it to this agent, who may be in a contact."""
    links = [Link(kind=kind, id=rest) for kind, _, rest in (link.partition(":") for link in case.links)]
    contacts = [link.id for link in links if link.kind == LinkKind.CONTACT.value]
    established = case.established
    view = agents.view_case(at.ctx, at.agent, case, timeline, contact)
    return Case(
        **row_of(case, view.risk).model_dump(),
        account_known=view.account_known,
        customer_reads=case.account_id is not None,
        contact_id=contacts[-1] if contacts else None,
        heard=list(established.heard),
        proved=ProvedByLine(state="proved" if established.proved else "none", factors=list(established.proved)),
        failed_login_at=established.login_failed_at,
        missing_documents=list(view.missing_documents),
        links=links,
        proof_goals=[goal.value for goal in view.goals],
        security_case=view.security_case,
        two_from=view.two_from,
        next_step=view.next_step,
        actions=[action_of(action) for action in view.actions],
    )


def row_of(case: KnownCase, risk: agents.ToldRisk | None = None) -> CaseRow:
    """A case as lists tell it. `risk`: of its account, for an agent with access to it."""
    return CaseRow.model_validate(
        {
            "id": case.case_id,
            "version": case.version,
            "reference": case.reference,
            "topic": case.topic,
            "language": case.language,
            "skill": case.skill,
            "priority": case.priority.value,
            "status": case.status.value,
            "reason": case.reason,
            "opened_at": case.opened_at,
            "updated_at": case.updated_at,
            "due_at": case.due_at,
            "snoozed_until": case.snoozed_until,
            "owner": _owner(case),
            "tags": list(case.tags),
            "risk": risk_of(risk),
        }
    )


def risk_of(risk: agents.ToldRisk | None) -> dict[str, object] | None:
    """The risk of an account as the API tells it."""
    if risk is None:
        return None
    parts = [{"part": part, "points": points} for part, points in risk.parts]
    return {"band": risk.band.value, "as_of": risk.as_of, "parts": parts}


def _owner(case: KnownCase) -> Person | None:
    if case.owner is None or case.is_closed:
        return None
    return Person(id=case.owner, name=case.owner_name or case.owner)


def _entry(entry: CaseEntry, names: Mapping[str, str], approvals: Mapping[str, KnownApproval]) -> Entry:
    approval = approvals.get(str(entry.facts.get("approval_id")))
    return Entry(
        id=entry.entry_id,
        number=entry.number,
        at=entry.at,
        kind=entry.kind.value,
        audience=entry.audience.value,
        actor=Actor(kind=entry.author.value, name=_name(entry, names)),
        reason=entry.reason,
        facts=agents.mask_facts(entry.facts),
        masked=masked_of(entry.facts),
        note=entry.note,
        approval=ApprovalNow.model_validate(
            {
                "state": approval.state.value,
                "void_cause": approval.void_cause.value if approval.void_cause is not None else None,
                "subject": subject_of(approval.subject).kind,
            }
        )
        if approval is not None
        else None,
    )


def _known_names(case: KnownCase) -> dict[str, str]:
    """The names that are known without a look: the agent's own, and the owner's of the case."""
    agent = desk().agent
    owner = {case.owner: case.owner_name} if case.owner is not None and case.owner_name is not None else {}
    return {agent.agent_id: agent.name, **owner}


def _name(entry: CaseEntry, names: Mapping[str, str]) -> str | None:
    """The name of an agent where it is known, else their id."""
    if entry.author is not AuthorKind.AGENT:
        return None
    agent_id = entry.actor.split(":")[1]
    return names.get(agent_id, agent_id)
