"""How many reads it takes to leave out the agent's own account and those that are linked to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from functions.agent_api.shapes.common import PAGE_MAX
from hotline.agents.model import AgentToken
from hotline.agents.own import leave_out_own_accounts
from hotline.security.model import ACCOUNTS_MAX
from hotline_local.testing.memory_store import MemoryStore
from tests.support.stores import NOON
from tests.support.sweeps import sweep

TOKEN = AgentToken("agent-1", "A", frozenset(), frozenset(), NOON, NOON + timedelta(minutes=5), account_id="acc_own")
PAGE = [f"acc_{number}" for number in range(PAGE_MAX * ACCOUNTS_MAX)]
"""The accounts of the largest page of findings about addresses."""


@sweep(("accounts", "reads"), [(0, 0), (1, 1), (99, 1), (100, 2), (len(PAGE), 11)])
def test_a_hundred_accounts_take_one_read_and_a_page_of_findings_as_many_as_said(accounts: int, reads: int) -> None:
    store = MemoryStore()
    assert leave_out_own_accounts(store, TOKEN, PAGE[:accounts]) == set(PAGE[:accounts])
    assert store.reads == reads
    said = " ".join(str(leave_out_own_accounts.__doc__).split())
    assert f"{PAGE_MAX} findings with {ACCOUNTS_MAX} accounts each takes 11 reads" in said


def test_an_agent_without_an_account_of_their_own_takes_no_read() -> None:
    store = MemoryStore()
    assert leave_out_own_accounts(store, replace(TOKEN, account_id=None), PAGE) == set(PAGE)
    assert store.reads == 0
