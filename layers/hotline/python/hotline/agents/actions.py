"""The actions that an agent has at a case, each with its level and what stands in its way. Pure.

It is a copy for display: the gate decides anew when the agent does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hotline.cases.model import DISPUTE_TOPIC, AuthorKind, Case, CaseEntry, EntryKind
from hotline.identity.model import Approval, ByAgent, Operation, Subject
from hotline.identity.service import REQUIREMENTS, missing_of_customer
from hotline.kit.actor import Proof
from hotline.lockout.model import LockState, LockView
from hotline.refunds import service as refunds

OFFERED: Final = (
    Operation.FREEZE,
    Operation.PAUSE,
    Operation.UNLOCK,
    Operation.RESET_GRANT,
    Operation.END_PAUSE,
    Operation.UNFREEZE,
    Operation.NEW_ROW,
)
"""The operations upon the account of a case. Actions on a hold, a refund or a value are listed with that thing."""


class Obstacle(StrEnum):
    """Why an action cannot be done now. A missing approval is no obstacle: it can be asked for."""

    NOT_CLAIMED = "not_claimed"
    NEEDS_PROOF = "needs_proof"
    OWN_ACCOUNT = "own_account"
    NOTHING_TO_DO = "nothing_to_do"
    """The account is not in the state that the action ends, or is in the one that it begins."""


class Step(StrEnum):
    """The one step that a case needs next."""

    ASK_PROOF = "ask_proof"
    UNLOCK = "unlock"
    DECIDE_REFUND = "decide_refund"
    PAY_OTHER_WAY = "pay_other_way"
    """A refund failed or came back: it is to be paid by another way."""
    TRACE_REFUND = "trace_refund"
    """A refund is late: somebody has to ask where it is."""
    ANSWER_DISPUTE = "answer_dispute"
    """A payment was disputed: its owner is told by a date what came of it. The end of the case is that answer."""
    JUDGE_FINDING = "judge_finding"
    CALL_BACK = "call_back"
    ASK_DOCUMENTS = "ask_documents"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Action:
    """An operation, how an agent may do it, what stands in its way, and the approval that waits or was given for it.
    `subject`: the thing that it is about, None for the account of the case."""

    operation: Operation
    level: ByAgent
    obstacle: Obstacle | None = None
    approval: Approval | None = None
    subject: Subject | None = None


def list_actions(
    proof: Proof | None,
    approvals: Sequence[Approval],
    now: datetime,
    obstacle: Obstacle | None,
    view: LockView | None = None,
    lone_freeze: Subject | None = None,
) -> tuple[Action, ...]:
    """The actions upon the account of a case. `proof` is what its customer has proved, `approvals` are the agent's own
    about the case. `obstacle`: the one that stands in the way of them all. `view`: what keeps the account shut, for an
    agent who may see it. `lone_freeze`: the owner's freeze as it is, of an account that cannot give the factors which
    its end asks for; None for any other account."""
    states = frozenset(component.state for component in view.components) if view is not None else None

    def offer(operation: Operation) -> Action:
        subject = None
        if operation is Operation.NEW_ROW and not _is_enough(operation, proof, now):
            operation = Operation.NEW_ROW_UNPROVED  # see acts.BeginRowsAnew
        if operation is Operation.UNFREEZE and lone_freeze is not None:
            operation, subject = Operation.UNFREEZE_UNPROVED, lone_freeze  # see acts.EndFreeze
        pointless = states is not None and is_pointless(operation, states)
        stands = obstacle or (Obstacle.NOTHING_TO_DO if pointless else None)
        return action_of(operation, proof, approvals, now, stands, subject)

    return tuple(map(offer, OFFERED))


def is_pointless(operation: Operation, states: Set[LockState]) -> bool:
    """Whether an action upon an account in these states would change nothing."""
    ends, begins = _ENDS.get(operation), _BEGINS.get(operation)
    return (ends is not None and not ends & states) or (begins is not None and bool(begins & states))


_ENDS: Final[Mapping[Operation, frozenset[LockState]]] = {
    Operation.UNLOCK: frozenset({LockState.SOFT, LockState.HARD}),
    Operation.END_PAUSE: frozenset({LockState.PAUSED}),
    Operation.UNFREEZE: frozenset({LockState.FROZEN}),
    Operation.UNFREEZE_UNPROVED: frozenset({LockState.FROZEN}),
}
_BEGINS: Final[Mapping[Operation, frozenset[LockState]]] = {
    Operation.PAUSE: frozenset({LockState.PAUSED, LockState.FROZEN}),
    Operation.FREEZE: frozenset({LockState.FROZEN}),
}
"""The states that an action ends, and those in which there is nothing for it to begin."""


def action_of(
    operation: Operation,
    proof: Proof | None,
    approvals: Iterable[Approval],
    now: datetime,
    obstacle: Obstacle | None = None,
    subject: Subject | None = None,
) -> Action:
    """One action. `subject`: the thing as it is that it is about, and an approval must be; None for the account."""
    level = REQUIREMENTS[operation].by_agent
    proved = level is not ByAgent.PROOF or _is_enough(operation, proof, now)
    found = None
    if level is ByAgent.SECOND:
        for one in approvals:
            of_thing = subject is None or (subject.name, subject.version) == (one.subject.name, one.subject.version)
            if one.operation is operation and of_thing:
                found = one
    return Action(operation, level, obstacle or (None if proved else Obstacle.NEEDS_PROOF), found, subject)


def _is_enough(operation: Operation, proof: Proof | None, now: datetime) -> bool:
    return proof is not None and missing_of_customer(operation, proof, now) is None


def find_next_step(case: Case, timeline: Iterable[CaseEntry], actions: Iterable[Action]) -> Step | None:
    """The next step of a case; None for one that is closed, or that nothing is known about."""
    if case.is_closed:
        return None
    entries = tuple(timeline)
    waiting = _list_refund_steps(entries)
    if case.topic == DISPUTE_TOPIC and not case.reason.endswith("callback"):
        # A freeze stops the next payment, and answers nothing about this one.
        return Step.ANSWER_DISPUTE
    if _is_done(entries) and not any(step in _ASKED_OF_AGENTS for step in waiting):
        return Step.CLOSE
    if case.established.missing_documents:
        return Step.ASK_DOCUMENTS
    if case.reason.endswith("callback"):
        return Step.CALL_BACK
    if case.topic == "lockout":
        proved = any(one.operation is Operation.UNLOCK and one.obstacle is None for one in actions)
        return Step.UNLOCK if proved else Step.ASK_PROOF
    if waiting:
        return waiting[0]
    by_topic = {"refund": Step.DECIDE_REFUND, "security": Step.JUDGE_FINDING}
    return by_topic.get(case.topic)


def _list_refund_steps(timeline: Iterable[CaseEntry]) -> tuple[Step, ...]:
    """The step of each refund that the case tells of and that no agent has decided on since, the longest known first. A
    case has all refunds of its account, so a word on one says nothing of another."""
    waiting: dict[str, Step] = {}
    for entry in timeline:
        refund_id, step = str(entry.facts.get("refund_id", "-")), _STEP_OF_REFUND.get(entry.reason)
        if step is not None and waiting.get(refund_id) is not step:
            waiting.pop(refund_id, None)
            waiting[refund_id] = step
        elif entry.kind is EntryKind.DECIDED and entry.reason in _DECIDING:
            waiting.pop(refund_id, None)
    return tuple(waiting.values())


def _is_done(timeline: Iterable[CaseEntry]) -> bool:
    """Whether an agent has done something about the account since the customer or the hotline last spoke."""
    done = False
    for entry in timeline:
        if entry.kind is EntryKind.DECIDED:
            done = done or entry.reason in _ENDING or _is_refund_made(entry)
        elif entry.kind is EntryKind.ADDED and entry.author is AuthorKind.AGENT:
            done = True  # a freeze adds to the case itself
        elif entry.kind in (EntryKind.OPENED, EntryKind.ADDED, EntryKind.REOPENED):
            done = False
    return done


def _is_refund_made(entry: CaseEntry) -> bool:
    """Whether an agent asked for a refund that was decided at once."""
    return entry.reason == f"agent.{Operation.REFUND.value}" and entry.facts.get("outcome") in _DECIDED_AT_ONCE


_DECIDED_AT_ONCE: Final = frozenset({"APPROVED", "DENIED"})
_DECIDING: Final = frozenset(
    f"agent.{one.value}" for one in (Operation.REVIEW_REFUND, Operation.REVIEW_LARGE_REFUND, Operation.OTHER_PAYOUT)
)
"""The reasons of entries that tell of a deed upon one refund."""
_STEP_OF_REFUND: Final[Mapping[str, Step]] = {
    refunds.REVIEW_REASON: Step.DECIDE_REFUND,
    refunds.UNPAID_REASON: Step.PAY_OTHER_WAY,
    refunds.OVERDUE_REASON: Step.TRACE_REFUND,
    refunds.STATUTORY_REASON: Step.DECIDE_REFUND,
}
"""By the reason for which a refund came into its case."""
_ASKED_OF_AGENTS: Final = frozenset({Step.DECIDE_REFUND, Step.PAY_OTHER_WAY})
"""Steps of a refund that an agent does here. A case with one of them left is not to be closed."""
_ENDING: Final = frozenset(
    f"agent.{one.value}"
    for one in (
        *OFFERED,
        Operation.RELEASE_HOLD,
        Operation.CONTACT_CHANGE,
        Operation.NEW_ROW_UNPROVED,
        Operation.UNFREEZE_UNPROVED,
        Operation.REVIEW_REFUND,
        Operation.REVIEW_LARGE_REFUND,
        Operation.OTHER_PAYOUT,
        Operation.JUDGE_FINDING,
    )
)
"""The reasons of entries that tell of a deed about the account."""
