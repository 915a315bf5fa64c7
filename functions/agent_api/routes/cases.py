"""Cases: reading one with its timeline, and working on it. A change names the version that the agent saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Header, Query

from functions.agent_api.desk import ETAG_CHARACTERS_MAX, desk, router, version_of
from functions.agent_api.shapes import (
    Case,
    CaseWithTimeline,
    Close,
    Edit,
    Entry,
    Established,
    Note,
    Snooze,
    Timeline,
    Transfer,
)
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from functions.http.problems import Problem, problem_in
from hotline.agents import service as agents
from hotline.cases import service as cases
from hotline.cases.model import Case as KnownCase
from hotline.cases.model import CaseEntry, TimelinePage
from hotline.kit.change import Change
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

_TAGS: Final = ["cases"]
_TIMELINE: Final = "timeline"
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=ETAG_CHARACTERS_MAX, description="Required. The ETag that you saw."),
]
type Contribute = Callable[[Change, Mapping[Key, Item]], KnownCase]


@router.get("/v1/agent/cases/<id>", tags=_TAGS, operation_id="read_case")
def read_case(id: str) -> CaseWithTimeline:  # noqa: A002 - the name of the path's parameter
    """A case and the newest page of its timeline."""
    at = desk()
    found = cases.read_case(at.ctx.store, unquote(id))
    if found is None:
        raise Problem("not_found")
    case, timeline = found
    at.tag(case.version)
    return CaseWithTimeline(case=case_of(case), timeline=_timeline(case.case_id, timeline))


@router.get("/v1/agent/cases/<id>/timeline", tags=_TAGS, operation_id="read_timeline")
def read_timeline(
    id: str,  # noqa: A002 - the name of the path's parameter
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> Timeline:
    """A page of a case's timeline, the newest one without a cursor."""
    at, case_id = desk(), unquote(id)
    if cases.read_case(at.ctx.store, case_id) is None:
        raise Problem("not_found")
    before = position_of(cursor, at.lookup_keys, case_id, _TIMELINE) if cursor is not None else None
    return _timeline(case_id, cases.read_timeline(at.ctx.store, case_id, before=before))


@router.get("/v1/agent/contacts/<id>", tags=_TAGS, operation_id="read_case_of_contact")
def read_case_of_contact(id: str) -> CaseWithTimeline:  # noqa: A002 - the name of the path's parameter
    """The case of a contact of Amazon Connect, by its initial id: also of a caller who has proved nothing."""
    case_id = cases.find_case_of_contact(desk().ctx.store, unquote(id))
    if case_id is None:
        raise Problem("not_found")
    return read_case(case_id)


@router.post("/v1/agent/cases/<id>/claim", tags=_TAGS, operation_id="claim_case")
def claim_case(id: str) -> Case:  # noqa: A002 - the name of the path's parameter
    """Take a case to work on. One that another agent has is refused; your own stays yours."""
    name = desk().agent.name
    return _work(id, "claim", lambda change, read: cases.contribute_claim(change, read, unquote(id), agent_name=name))


@router.post("/v1/agent/cases/<id>/release", tags=_TAGS, operation_id="release_case")
def release_case(id: str, if_match: IfMatch = None) -> Case:  # noqa: A002 - the name of the path's parameter
    """Give a claimed case back to the queue."""
    version, supervised = version_of(if_match), desk().supervises
    return _work(
        id,
        "release",
        lambda change, read: cases.contribute_release(
            change, read, unquote(id), version=version, supervised=supervised
        ),
    )


@router.post("/v1/agent/cases/<id>/notes", tags=_TAGS, operation_id="add_note", status_code=201)
def add_note(id: str, body: Note) -> Case:  # noqa: A002 - the name of the path's parameter
    """Add a text to the timeline, also of a closed case."""
    return _work(
        id,
        "note",
        lambda change, read: cases.contribute_note(change, read, unquote(id), note=body.text, audience=body.audience),
    )


@router.post("/v1/agent/cases/<id>/snooze", tags=_TAGS, operation_id="snooze_case")
def snooze_case(id: str, body: Snooze, if_match: IfMatch = None) -> Case:  # noqa: A002 - the name of the path's parameter
    """Let a case wait until a time."""
    version, supervised = version_of(if_match), desk().supervises
    if body.until.tzinfo is None:
        raise problem_in("#/until", "timezone_missing")
    return _work(
        id,
        "snooze",
        lambda change, read: cases.contribute_snooze(
            change, read, unquote(id), until=body.until, version=version, supervised=supervised
        ),
    )


@router.post("/v1/agent/cases/<id>/transfer", tags=_TAGS, operation_id="transfer_case")
def transfer_case(id: str, body: Transfer, if_match: IfMatch = None) -> Case:  # noqa: A002 - the name of the path's parameter
    """Give a case to the queue of a skill, or to one agent."""
    version, supervised = version_of(if_match), desk().supervises
    skill, agent_id = body.skill, body.agent_id
    if (skill is None) == (agent_id is None):
        raise problem_in("#", "skill_or_agent")

    def contribute(change: Change, read: Mapping[Key, Item]) -> KnownCase:
        if skill is not None:
            return cases.contribute_transfer_to_skill(
                change, read, unquote(id), skill=skill, version=version, supervised=supervised
            )
        return cases.contribute_transfer_to_agent(
            change,
            read,
            unquote(id),
            agent_id=str(agent_id),
            agent_name=body.agent_name or str(agent_id),
            version=version,
            supervised=supervised,
        )

    return _work(id, "transfer", contribute)


@router.post("/v1/agent/cases/<id>/close", tags=_TAGS, operation_id="close_case")
def close_case(id: str, body: Close, if_match: IfMatch = None) -> Case:  # noqa: A002 - the name of the path's parameter
    """Close a case."""
    version, supervised = version_of(if_match), desk().supervises
    return _work(
        id,
        "close",
        lambda change, read: cases.contribute_close(
            change, read, unquote(id), reason=body.reason, note=body.note, version=version, supervised=supervised
        ),
    )


@router.post("/v1/agent/cases/<id>/reopen", tags=_TAGS, operation_id="reopen_case")
def reopen_case(id: str, if_match: IfMatch = None) -> Case:  # noqa: A002 - the name of the path's parameter
    """Open a closed case again."""
    version = version_of(if_match)
    return _work(
        id, "reopen", lambda change, read: cases.contribute_reopen(change, read, unquote(id), version=version)
    )


@router.patch("/v1/agent/cases/<id>", tags=_TAGS, operation_id="edit_case")
def edit_case(id: str, body: Edit, if_match: IfMatch = None) -> Case:  # noqa: A002 - the name of the path's parameter
    """Change the priority or the tags of a case."""
    version, supervised = version_of(if_match), desk().supervises
    return _work(
        id,
        "edit",
        lambda change, read: cases.contribute_edit(
            change,
            read,
            unquote(id),
            priority=body.priority,
            tags=body.tags,
            version=version,
            supervised=supervised,
        ),
    )


def _work(id_: str, cause: str, contribute: Contribute) -> Case:
    """Do one thing to a case, and answer it as it is afterwards, with its version."""
    at = desk()
    case = agents.work_on_case(at.ctx, at.agent, unquote(id_), cause, contribute)
    at.tag(case.version)
    return case_of(case)


def case_of(case: KnownCase) -> Case:
    """A case as the API tells it."""
    established = case.established
    return Case(
        id=case.case_id,
        version=case.version,
        account_id=case.account_id,
        topic=case.topic,
        reason=case.reason,
        language=case.language,
        skill=case.skill,
        priority=case.priority.value,
        status=case.status.value,
        owner=case.owner,
        owner_name=case.owner_name,
        reference=case.reference,
        opened_at=case.opened_at,
        updated_at=case.updated_at,
        due_at=case.due_at,
        snoozed_until=case.snoozed_until,
        tags=list(case.tags),
        links=list(case.links),
        established=Established(
            heard=list(established.heard),
            proved=list(established.proved),
            login_failed_at=established.login_failed_at,
            missing_documents=list(established.missing_documents),
        ),
    )


def _timeline(case_id: str, page: TimelinePage) -> Timeline:
    keys = desk().lookup_keys
    return Timeline(
        entries=[_entry(entry) for entry in page.entries],
        before=cursor_of(page.before, keys, case_id, _TIMELINE) if page.before is not None else None,
    )


def _entry(entry: CaseEntry) -> Entry:
    return Entry(
        id=entry.entry_id,
        number=entry.number,
        at=entry.at,
        kind=entry.kind.value,
        author=entry.author.value,
        actor=entry.actor,
        audience=entry.audience.value,
        reason=entry.reason,
        facts=dict(entry.facts),
        note=entry.note,
    )
