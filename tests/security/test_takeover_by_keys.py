"""No keys reach an unlock, a new password, a refund or what an account holds below the proof that it takes.

Burglars (tests/support/intruders.py) press keys on the shipped flows with the real function behind them. Their reach is
held against a count that asks nothing of the policy. The search would notice: with each guard taken away in turn it
finds a way in. `make soak` makes thousands of calls with fresh seeds.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import pytest

from hotline.accounts import service as accounts
from hotline.identity import callers, codes, gate, pins, policy, service, session, targets
from hotline.identity.model import Operation
from hotline.identity.policy import REQUIREMENTS
from hotline.kit.actor import Proof, ProvedFactor, Purpose
from hotline.lockout import policy as locks
from hotline.lockout.model import Cause, LockState
from tests.support import intruders
from tests.support.intruders import BURGLARS, Burglar, Burglary, burgle

pytestmark = pytest.mark.soak

SOAK: Final = bool(os.environ.get("HOTLINE_SOAK"))
CALLS: Final = 400 if SOAK else 25
SEED: Final = secrets.randbits(32) if SOAK else 1
CALLS_TO_REACH: Final = 60
CALLS_TO_NOTICE: Final = 150
type Patch = pytest.MonkeyPatch


def story(made: Sequence[Burglary]) -> str:
    """The keys by which a burglar reached too much."""
    last = made[-1]
    return f"{last.burglar.name} reached {last.found} by {' '.join(last.pressed)} (seed {SEED}, call {len(made)})"


REACHED: Final[dict[str, set[tuple[str, str]]]] = {
    intruders.OWNER.name: {
        ("unlock", "ASKED"), ("reset", "GRANTED"), ("refund_request", "APPROVED"), ("freeze", "ASKED")
    },
    intruders.PHONE_THIEF.name: {("unlock", "NEED_PROOF"), ("lock_status", "SOFT"), ("freeze", "ASKED")},
    intruders.FREEZE_THIEF.name: {("lock_status", "FROZEN"), ("unfreeze", "NEED_PROOF")},
    intruders.NEW_NUMBER.name: {("lock_status", "NEED_PROOF"), ("check_code", "SPENT")},
    intruders.PIN_OWNER.name: {("check_pin", "PROVED"), ("lock_status", "SOFT"), ("reset", "GRANTED")},
    intruders.PIN_THIEF.name: {("check_pin", "PROVED"), ("lock_status", "SOFT"), ("unlock", "NEED_PROOF")},
    intruders.RISK_THIEF.name: {("lock_status", "SOFT"), ("reset", "NEED_PROOF"), ("freeze", "ASKED")},
    intruders.RISK_OWNER.name: {("unlock", "ASKED"), ("reset", "GRANTED"), ("refund_request", "APPROVED")},
    intruders.RISKY_TWO_THIEF.name: {("lock_status", "SOFT"), ("freeze", "ASKED")},
    intruders.STRANGER.name: {("lock_status", "NEED_PROOF"), ("pause", "NOT_HERE"), ("check_code", "WRONG")},
}  # fmt: skip
"""How far some burglars come. A search that comes nowhere would show nothing."""


@pytest.mark.parametrize("burglar", BURGLARS, ids=lambda burglar: burglar.name)
def test_no_keys_reach_what_is_not_proved_and_the_search_gets_as_far_as_proof_reaches(burglar: Burglar) -> None:
    reached = REACHED.get(burglar.name, set())
    made = burgle(burglar, calls=CALLS, seed=SEED, reaching=reached, calls_max=CALLS_TO_REACH)
    assert not made[-1].found, story(made)
    assert sum(len(call.pressed) for call in made) > 5 * len(made)
    assert reached <= set().union(*(call.reached for call in made))


# ---------------------------------------------------------------- each guard taken away


def open_gate(patch: Patch) -> None:
    """The gate lets everybody do everything to the account that the call is about."""
    missing = policy.missing_factors

    def nothing(operation: Operation, shown: Proof, now: datetime) -> tuple[str, ...] | None:
        return None if shown.account_id is not None else missing(operation, shown, now)

    for module in (gate, service):
        patch.setattr(module, "missing_factors", nothing)


def any_code(patch: Patch) -> None:
    """Every code is right."""
    patch.setattr(codes, "matches", lambda keyring, challenge, entered: True)


def any_pin(patch: Patch) -> None:
    """Every PIN is right."""
    patch.setattr(pins, "_mac", lambda macs, account_id, salt, pin: "the same")


def young_pins_act(patch: Patch) -> None:
    """A PIN acts as soon as it was chosen."""
    patch.setattr(accounts, "pin_acts", lambda set_at, now, stopped_since: True)


def looking_acts(patch: Patch) -> None:
    """A proof for looking is enough to act."""
    counting = policy.counting_factors

    def counted(requirement: Any, factors: Sequence[ProvedFactor], now: datetime) -> list[ProvedFactor]:
        return counting(requirement, [replace(factor, purpose=Purpose.ACT) for factor in factors], now)

    patch.setattr(policy, "counting_factors", counted)
    patch.setattr(gate, "_proof_condition", lambda shown, operation, now: None)


def two_step_forgotten(patch: Patch) -> None:
    """Nobody asks whether the account takes two factors."""
    missing = policy.missing_factors

    def less(operation: Operation, shown: Proof, now: datetime) -> tuple[str, ...] | None:
        return missing(operation, replace(shown, two_step=False), now)

    for module in (gate, service):
        patch.setattr(module, "missing_factors", less)
    patch.setattr(gate, "_proof_condition", lambda shown, operation, now: None)


def risk_forgotten(patch: Patch) -> None:
    """Nobody asks whether the account is at risk."""
    patch.setattr(callers, "count_kinds_at_risk", lambda read, account_id, now: None)
    patch.setattr(session, "count_kinds_at_risk", lambda read, account_id, now: None)


def endless_proof(patch: Patch) -> None:
    """A factor that was proved stays good as long as the call."""
    never = datetime.max.replace(tzinfo=intruders.NOW.tzinfo)

    def counting(requirement: Any, factors: Sequence[ProvedFactor], now: datetime) -> list[ProvedFactor]:
        return policy_counting(requirement, [replace(factor, until=never) for factor in factors], now)

    policy_counting = policy.counting_factors
    patch.setattr(policy, "counting_factors", counting)
    # The transaction asks the stored factors again: a guard of its own.
    patch.setattr(gate, "_proof_condition", lambda shown, operation, now: None)


def new_numbers_act(patch: Patch) -> None:
    """A number that has only just come to the account gets codes like any other."""
    patch.setattr(targets, "_may_be_told", lambda profile, point, purpose, read, now, keys: True)


def one_is_enough(operation: Operation) -> Callable[[Patch], None]:
    """An operation takes one factor where it should take two."""

    def less(patch: Patch) -> None:
        patch.setitem(REQUIREMENTS, operation, replace(REQUIREMENTS[operation], one_step=1, two_step=1))

    return less


def not_stepped_up(operation: Operation) -> Callable[[Patch], None]:
    """An operation takes no more at high risk."""

    def less(patch: Patch) -> None:
        patch.setitem(REQUIREMENTS, operation, replace(REQUIREMENTS[operation], steps_up=False))

    return less


def holds_open(patch: Patch) -> None:
    """A hold is opened like a lock by failures."""
    helped = dict(locks.HELP)
    helped[(LockState.HOLD, Cause.COMPLIANCE)] = helped[(LockState.SOFT, Cause.TOO_MANY_PASSWORD)]
    patch.setattr(locks, "HELP", helped)


@pytest.mark.parametrize(
    ("guard", "burglar"),
    [
        pytest.param(open_gate, intruders.PHONE_THIEF, id="the gate"),
        pytest.param(any_code, intruders.FAKED, id="codes"),
        pytest.param(any_pin, intruders.PIN_THIEF, id="PINs"),
        pytest.param(young_pins_act, intruders.PIN_THIEF, id="new PINs"),
        pytest.param(looking_acts, intruders.PIN_THIEF, id="looking and acting"),
        pytest.param(two_step_forgotten, intruders.PHONE_THIEF, id="two-step verification"),
        pytest.param(risk_forgotten, intruders.RISK_THIEF, id="high risk"),
        pytest.param(risk_forgotten, intruders.RISKY_TWO_THIEF, id="high risk and two steps"),
        pytest.param(not_stepped_up(Operation.UNLOCK), intruders.RISK_THIEF, id="a step up for an unlock"),
        pytest.param(not_stepped_up(Operation.RESET_GRANT), intruders.RISK_THIEF, id="a step up for a new password"),
        pytest.param(not_stepped_up(Operation.REFUND), intruders.RISK_THIEF, id="a step up for a refund"),
        pytest.param(endless_proof, intruders.OWNER, id="ten minutes"),
        pytest.param(new_numbers_act, intruders.NEW_NUMBER, id="new numbers"),
        pytest.param(holds_open, intruders.HELD_OWNER, id="holds"),
        pytest.param(one_is_enough(Operation.UNLOCK), intruders.PHONE_THIEF, id="two factors for an unlock"),
        pytest.param(one_is_enough(Operation.RESET_GRANT), intruders.PHONE_THIEF, id="two factors for a new password"),
        pytest.param(one_is_enough(Operation.REFUND), intruders.PHONE_THIEF, id="two factors for a refund"),
        pytest.param(one_is_enough(Operation.UNFREEZE), intruders.FREEZE_THIEF, id="two factors for unfreezing"),
    ],
)
def test_the_search_finds_the_way_that_a_missing_guard_leaves_open(
    guard: Callable[[Patch], None], burglar: Burglar, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard(monkeypatch)
    made = burgle(burglar, calls=CALLS_TO_NOTICE, seed=SEED)
    assert made[-1].found
