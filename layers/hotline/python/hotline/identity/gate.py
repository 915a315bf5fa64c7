"""The one gate: every change for a person passes `require`, and the transaction itself checks it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from hotline.kit.actor import Agent, Caller, Proof, Purpose, Session, System
from hotline.kit.change import Change, Failure
from hotline.kit.clock import to_text
from hotline.kit.errors import HotlineError, NeedProof, NeedSecond
from hotline.kit.store.condition import Compare, Condition, Item, Missing, all_of, any_of, equals
from hotline.sessions.service import proof_from, session_from

from .approvals import spend
from .model import ByAgent, Operation, Subject
from .policy import FACTORS, REQUIREMENTS, counting_factors, missing_factors, missing_of_customer


def require(
    change: Change, operation: Operation, account_id: str | None = None, subject: Subject | None = None
) -> None:
    """Let the change pass only if its actor may do the operation to the account.

    For a caller or session the proof as read must be enough and of this very account. The change gets a condition on
    the stored call: same account, same factors, still good at commit. An operation that needs factors must name its
    account. An operation that needs no factor, or that the hotline does by itself, need not. The hotline itself passes
    only for operations marked `system`. Raises NeedProof with the factor kinds that would help.

    An agent passes as `by_agent` says. Alone, or with the customer's proof under the same condition, or with the
    approval of a second person for `subject`, which the change spends. Raises NeedSecond where that is missing.
    """
    match change.actor:
        case System():
            if not REQUIREMENTS[operation].system:
                raise NeedProof(operation=operation.value, needs=())
        case Agent():
            _require_of_agent(change, change.actor, operation, account_id, subject)
        case Caller(proof=proof) | Session(proof=proof):
            allow(proof, operation, change.now)
            if account_id is not None and account_id != proof.account_id:
                raise NeedProof(operation=operation.value, needs=())
            _require_stored(change, proof, operation)


def _require_of_agent(
    change: Change, agent: Agent, operation: Operation, account_id: str | None, subject: Subject | None
) -> None:
    by_agent = REQUIREMENTS[operation].by_agent
    match by_agent:
        case ByAgent.NEVER:
            raise NeedProof(operation=operation.value, needs=())
        case ByAgent.ALONE:
            return
        case ByAgent.PROOF:
            allow_agent(agent, operation, account_id, change.now)
            if agent.proof is not None:
                _require_stored(change, agent.proof, operation)
        case ByAgent.SECOND:
            if subject is None:
                raise ValueError(f"a second person for {operation.value} must know what for")
            approval = agent.approval
            if approval is None or agent.agent_id == approval.approver or agent.agent_id != approval.requester:
                raise NeedSecond(operation=operation.value)
            spend(change, approval, agent_id=agent.agent_id, operation=operation, subject=subject)
        case _:
            assert_never(by_agent)


def allow_agent(agent: Agent, operation: Operation, account_id: str | None, now: datetime) -> None:
    """Whether the customer's proof is enough for an agent, and of this very account. Raises NeedProof with the factor
    kinds that the customer could prove."""
    if agent.proof is None:
        raise NeedProof(operation=operation.value, needs=tuple(kind.value for kind in FACTORS), for_agent=True)
    missing = missing_of_customer(operation, agent.proof, now)
    if missing is not None:
        raise NeedProof(operation=operation.value, needs=missing, for_agent=True)
    if account_id is None or account_id != agent.proof.account_id:
        raise NeedProof(operation=operation.value, needs=())


def _require_stored(change: Change, proof: Proof, operation: Operation) -> None:
    """Make the change depend on the proof as it is stored at commit."""
    condition = _proof_condition(proof, operation, change.now)
    if condition is not None:
        change.require_condition(proof.key, condition, _needs_proof(proof, operation, change.now))


def allow(proof: Proof, operation: Operation, now: datetime) -> None:
    """The same decision for reading, where nothing is written. Raises NeedProof."""
    missing = missing_factors(operation, proof, now)
    if missing is not None:
        raise NeedProof(operation=operation.value, needs=missing)


def _proof_condition(proof: Proof, operation: Operation, now: datetime) -> Condition | None:
    requirement = REQUIREMENTS[operation]
    if requirement.factors_for(proof.two_step) == 0 or proof.account_id is None:
        return None
    two_step = Missing("two_step") if proof.two_step is None else equals("two_step", proof.two_step)
    conditions: list[Condition] = [equals("account_id", proof.account_id), two_step]
    for factor in counting_factors(requirement, proof.factors, now):
        conditions.append(Compare(f"factors.{factor.kind.value}.until", ">", to_text(now)))
        if requirement.purpose is not Purpose.LOOK:
            purpose = f"factors.{factor.kind.value}.purpose"
            conditions.append(any_of(*(equals(purpose, enough.value) for enough in requirement.purpose.covering)))
    return all_of(*conditions)


def _needs_proof(proof: Proof, operation: Operation, now: datetime) -> Failure:
    def refuse(stored: Item | None) -> HotlineError:
        present = proof_from(session_from(stored)) if stored is not None else replace(proof, factors=())
        return NeedProof(operation=operation.value, needs=missing_of_customer(operation, present, now) or ())

    return refuse
