"""The accounts that a call may pause without proof: those of the number that it really comes from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hotline.kit.actor import FactorKind, ProvedFactor, Purpose
from hotline.lockout.policy import PAUSE_ACCOUNTS_MAX
from hotline.lockout.self_service import pausable_accounts
from hotline.sessions.model import Identified, SessionState
from tests.support.lock_desk import NOON

MS = timedelta(milliseconds=1)
CALL = SessionState(
    contact_id="contact-1",
    account_ref="ref",
    turn=1,
    created_at=NOON,
    last_step_at=NOON,
    inbound=True,
    calling=Identified("1#own", ("acct_1", "acct_2")),
)


def with_factor(call: SessionState, until: timedelta = timedelta(minutes=10)) -> SessionState:
    return replace(call, factors=(ProvedFactor(FactorKind.SMS, Purpose.LOOK, "1#own", NOON + until),))


def test_an_inbound_call_reaches_all_accounts_of_its_number() -> None:
    assert pausable_accounts(CALL, NOON) == ("acct_1", "acct_2")


@pytest.mark.parametrize("call", [replace(CALL, inbound=False), replace(CALL, calling=None)])
def test_a_call_that_is_not_inbound_or_hides_its_number_reaches_none(call: SessionState) -> None:
    assert pausable_accounts(call, NOON) == ()


def test_a_number_that_was_keyed_in_reaches_nothing_without_a_code() -> None:
    keyed = replace(CALL, calling=None, typed=Identified("1#other", ("acct_9",)), account_id="acct_9")
    assert pausable_accounts(keyed, NOON) == ()
    assert pausable_accounts(with_factor(keyed), NOON) == ("acct_9",)


@pytest.mark.parametrize(("left", "reached"), [(MS, ("acct_9",)), (MS * 0, ()), (-MS, ())])
def test_a_factor_counts_while_it_is_good(left: timedelta, reached: tuple[str, ...]) -> None:
    keyed = with_factor(replace(CALL, calling=None, account_id="acct_9"), left)
    assert pausable_accounts(keyed, NOON) == reached


def test_the_chosen_account_comes_first_and_once() -> None:
    assert pausable_accounts(with_factor(replace(CALL, account_id="acct_2")), NOON) == ("acct_2", "acct_1")


@pytest.mark.parametrize("number", [PAUSE_ACCOUNTS_MAX - 1, PAUSE_ACCOUNTS_MAX, PAUSE_ACCOUNTS_MAX + 1])
def test_a_call_reaches_five_accounts_at_most(number: int) -> None:
    many = replace(CALL, calling=Identified("1#own", tuple(f"acct_{n}" for n in range(number))))
    assert len(pausable_accounts(many, NOON)) == min(number, 5)
