"""The one gate: every change for a person passes `require`, and the transaction itself checks it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hotline.kit.actor import Agent, Caller, Proof, Purpose, Session, System
from hotline.kit.change import Change, Failure
from hotline.kit.clock import to_text
from hotline.kit.errors import HotlineError, NeedProof
from hotline.kit.store.condition import Compare, Condition, Item, Missing, all_of, any_of, equals
from hotline.sessions.service import proof_from, session_from

from .model import Operation
from .policy import REQUIREMENTS, counting_factors, missing_factors


def require(change: Change, operation: Operation, account_id: str | None = None) -> None:
    """Let the change pass only if its actor may do the operation to the account.

    For a caller or session the proof as read must be enough and of this very account. The change gets a condition on
    the stored call: same account, same factors, still good at commit. An operation that needs factors must name its
    account. An operation that needs no factor, or that the hotline does by itself, need not. The hotline itself passes
    only for operations marked `system`. Raises NeedProof with the factor kinds that would help.
    """
    match change.actor:
        case System():
            if not REQUIREMENTS[operation].system:
                raise NeedProof(operation=operation.value, needs=())
        case Agent():
            # Agent operations come with the agents' side; until then no agent may act through the rooms.
            raise NeedProof(operation=operation.value, needs=())
        case Caller(proof=proof) | Session(proof=proof):
            allow(proof, operation, change.now)
            if account_id is not None and account_id != proof.account_id:
                raise NeedProof(operation=operation.value, needs=())
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
        return NeedProof(operation=operation.value, needs=missing_factors(operation, present, now) or ())

    return refuse
