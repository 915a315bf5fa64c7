"""Parts that several routes share: actions, approvals, and the value that is to be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from functions.agent_api.desk import Desk, desk
from functions.agent_api.shapes.common import Action, Approval, MaskedFact, Person, Subject
from functions.http.problems import problem_in
from hotline.agents import service as agents
from hotline.agents.model import Masked
from hotline.cases.model import CaseEntry
from hotline.identity.model import Approval as KnownApproval
from hotline.identity.model import Subject as KnownSubject
from hotline.security.model import SeenFinding

_ONE_OF_ACCOUNT: Final = frozenset({"rows", "freeze", "lock"})
"""The kinds of things of which an account has one."""
_LISTS: Final = frozenset({"categories", "numbers", "removed", "categories_removed", "numbers_removed"})
_ANSWERS: Final = frozenset({"partial"})


def own_approvals(at: Desk, timeline: Iterable[CaseEntry]) -> tuple[KnownApproval, ...]:
    """The agent's own requests about a case that wait or were approved. Some may be void."""
    return agents.list_own_approvals(at.ctx.store, at.agent.agent_id, timeline, at.now)


def action_of(action: agents.Action) -> Action:
    """An action as the API tells it."""
    return Action.model_validate(
        {
            "operation": action.operation.value,
            "level": action.level.value,
            "possible": action.obstacle is None,
            "why": action.obstacle.value if action.obstacle is not None else None,
            "approval": approval_of(action.approval) if action.approval is not None else None,
            "subject": subject_of(action.subject) if action.subject is not None else None,
        }
    )


def people_of(names: Mapping[str, str]) -> list[Person]:
    """Agents as the API tells them, by their names."""
    return [Person(id=agent_id, name=name) for agent_id, name in sorted(names.items())]


def masked_of(facts: Mapping[str, str | int]) -> list[MaskedFact]:
    """The value that these facts leave out, if there is a thing of which it can be shown."""
    found = agents.find_masked(facts)
    return [MaskedFact.model_validate({"field": found[0].value, "item_id": found[1]})] if found is not None else []


def unmask_of(field: Masked, item_id: str | None) -> agents.Unmask:
    """The showing of one value. Raises Problem for a name with an item, and for any other value without one."""
    if (field is Masked.NAME) != (item_id is None):
        raise problem_in("#/item_id", "item_of_field")
    return agents.Unmask(field, item_id or "-")


def approval_of(approval: KnownApproval, findings: Iterable[SeenFinding] = ()) -> Approval:
    """A request to a second person as the API tells it. An amount is for whoever may decide on it. `findings`: those
    that a decision goes by, as far as the agent may know of them."""
    decides = agents.may_decide(desk().agent, approval)
    content = approval.subject.content if decides else agents.mask_content(approval.subject.content)
    decided_by = approval.decided_by
    return Approval.model_validate(
        {
            "id": approval.approval_id,
            "operation": approval.operation.value,
            "case_id": approval.case_id,
            "subject": subject_of(approval.subject),
            "change": _change_of(content),
            "reason": approval.reason,
            "state": approval.state.value,
            "void_cause": approval.void_cause.value if approval.void_cause is not None else None,
            "requested_by": Person(id=approval.requested_by, name=approval.requested_by_name),
            "requested_at": approval.requested_at,
            "expires_at": approval.expires_at,
            "decided_by": Person(id=decided_by, name=approval.decided_by_name or decided_by) if decided_by else None,
            "decided_at": approval.decided_at,
            "findings": [
                {"severity": one.severity, "rule": one.rule, "verdict": one.verdict.value if one.verdict else None}
                for one in findings
            ],
        }
    )


def subject_of(subject: KnownSubject) -> Subject:
    """The thing of an approval without the account, which the case stands for. Rows, a lock and a
    freeze have no other id."""
    kind, _, rest = subject.name.partition("#")
    named = "-" if kind in _ONE_OF_ACCOUNT else rest.rpartition("#")[2]
    return Subject(kind=kind, id=named, version=subject.version)


def _change_of(content: Mapping[str, str | int]) -> dict[str, str | int | bool | list[str]]:
    """The deed, in the form in which it is asked for."""
    told: dict[str, str | int | bool | list[str]] = {}
    for name, value in content.items():
        if name in _LISTS:
            told[name] = str(value).split()
        elif name in _ANSWERS:
            told[name] = value == "yes"
        else:
            told[name] = value
    return told
