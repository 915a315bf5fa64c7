"""A code that was sent for one thing opens nothing more: look < protect < act.

Somebody who is talked into reading out a code "to freeze your account" must not lose a password or money by it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hotline.identity import gate
from hotline.identity.model import Goal, Operation
from hotline.identity.policy import REQUIREMENTS, missing_factors
from hotline.kit.actor import FactorKind, Proof, ProvedFactor, Purpose
from hotline.kit.store import hotline_key
from hotline.kit.store.condition import holds
from hotline.sessions.items import session_attributes
from hotline.sessions.model import SessionState
from tests.support.api_world import ACCOUNT, PHONE, ApiWorld
from tests.support.phone import Phone
from tests.support.sweeps import sweep

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PROTECTING = {Operation.PAUSE, Operation.PROVED_PAUSE, Operation.FREEZE}
LOOKING = {
    Operation.OFFICIAL_NUMBERS, Operation.ADVICE, Operation.READ,
    # Neither moves money nor opens anything: a picture for a refund that was asked for, and reminders of bills.
    Operation.DISPUTE, Operation.EVIDENCE, Operation.SET_REMINDERS,
}  # fmt: skip
BY_CALLER = [
    operation for operation, requirement in REQUIREMENTS.items() if requirement.one_step > 0 and not requirement.agent
]


def shown(purpose: Purpose) -> Proof:
    """Every kind of factor, each proved for the same purpose."""
    kinds = (FactorKind.SMS, FactorKind.EMAIL, FactorKind.PIN)
    factors = tuple(ProvedFactor(kind, purpose, f"1#{kind}", NOON + timedelta(minutes=5)) for kind in kinds)
    return Proof(hotline_key("CONTACT#c", "CALL"), ACCOUNT, factors, two_step=False)


@sweep("operation", BY_CALLER)
@sweep("purpose", Purpose)
def test_a_purpose_is_enough_for_its_own_operations_and_for_weaker_ones(operation: Operation, purpose: Purpose) -> None:
    needed = Purpose.LOOK if operation in LOOKING else Purpose.PROTECT if operation in PROTECTING else Purpose.ACT
    assert REQUIREMENTS[operation].purpose is needed
    assert (missing_factors(operation, shown(purpose), NOON) is None) is purpose.covers(needed)


def test_the_three_purposes_are_in_order() -> None:
    assert list(Purpose) == [Purpose.LOOK, Purpose.PROTECT, Purpose.ACT]
    assert [one.covers(other) for one in Purpose for other in Purpose] == [
        True, False, False,
        True, True, False,
        True, True, True,
    ]  # fmt: skip


@sweep("goal", Goal)
def test_a_code_is_good_for_what_its_message_names_and_no_more(goal: Goal) -> None:
    expected = {
        Goal.LOOK: Purpose.LOOK,
        Goal.FREEZE: Purpose.PROTECT,
        Goal.CHECKUP: Purpose.PROTECT,
        Goal.PAUSE: Purpose.PROTECT,
    }
    assert goal.purpose is expected.get(goal, Purpose.ACT)


@pytest.mark.parametrize("goal", ["freeze", "pause", "look"])
def test_a_code_to_freeze_opens_nothing_on_the_phone(world: ApiWorld, goal: str) -> None:
    world.lock_out()
    world.pay("mov-1")
    world.publish_policy()
    phone = Phone(world.ctx, PHONE)
    phone.press("start")
    phone.prove("sms", goal)
    assert phone.press("lock_status")["outcome"] == "SOFT"
    for step in ("unlock", "reset"):
        assert phone.press(step)["outcome"] == "NEED_PROOF"
    assert phone.press("payments", purpose="refund")["outcome"] == "ONE"
    asked = phone.press("refund_request", choice="1", reason="cancelled")
    assert asked["outcome"] == "NEED_PROOF"


def test_a_code_to_freeze_opens_nothing_in_the_app(world: ApiWorld) -> None:
    world.lock_out()
    client = world.client()
    client.prove("freeze")
    assert client.ask("POST", "/v1/me/unlock").json["needs"] == ["sms", "email"]
    assert client.ask("POST", "/v1/me/reset-grants").status == 401
    assert client.ask("PUT", "/v1/me/pin", body={"pin": "482137"}).status == 401
    assert client.ask("DELETE", "/v1/me/pause").status == 401
    assert client.ask("POST", "/v1/me/freeze").status == 202


@pytest.mark.parametrize("goal", ["freeze", "unlock"])
def test_a_freeze_takes_a_code_to_freeze_or_a_stronger_one(world: ApiWorld, goal: str) -> None:
    phone = Phone(world.ctx, PHONE)
    phone.press("start")
    phone.prove("sms", goal)
    assert phone.press("freeze")["outcome"] == "ASKED"


def test_a_freeze_takes_more_than_a_code_to_look(world: ApiWorld) -> None:
    phone = Phone(world.ctx, PHONE)
    phone.press("start")
    phone.prove("sms", "look")
    assert phone.press("freeze")["outcome"] == "NEED_PROOF"


@sweep("operation", [Operation.FREEZE, Operation.UNLOCK])
@sweep("stored", Purpose)
def test_the_transaction_asks_again_for_what_the_stored_factor_was_proved_for(
    operation: Operation, stored: Purpose
) -> None:
    factor = ProvedFactor(FactorKind.SMS, Purpose.ACT, "1#p", NOON + timedelta(minutes=5))
    read = Proof(hotline_key("CONTACT#c", "CALL"), ACCOUNT, (factor,), two_step=False)
    condition = gate._proof_condition(read, operation, NOON)
    assert condition is not None
    kept = ProvedFactor(FactorKind.SMS, stored, "1#p", NOON + timedelta(minutes=5))
    call = SessionState("c", "ref", 1, NOON, NOON, inbound=True, account_id=ACCOUNT, factors=(kept,))
    assert holds(condition, session_attributes(call)) is stored.covers(REQUIREMENTS[operation].purpose)
