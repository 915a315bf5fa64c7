"""Somebody with proof causes notices over and over, to be paid for them or to bury one that matters."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Final

import pytest

from hotline.accounts.notice_rates import OF_A_KIND_MAX
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Client, Postbox
from tests.support.api_world import EMAIL, PHONE, ApiWorld
from tests.support.stores import NOON

ROUNDS: Final = 49
PIN: Final = "620935"
SECOND: Final = timedelta(seconds=1)
LAST: Final = "for now no more messages of this kind follow"


@pytest.fixture
def world() -> ApiWorld:
    clock = VirtualClock(NOON)
    return ApiWorld(MemoryStore(clock), clock)


def proved(world: ApiWorld, *, both: bool = False) -> Client:
    """Somebody who has just proved what it takes."""
    client = world.client()
    client.prove("set_pin")
    if both:
        client.prove("unfreeze", "email")
    world.postbox().work()
    return client


def set_and_remove_the_pin(world: ApiWorld, client: Client, rounds: int) -> Postbox:
    post = world.postbox()
    for _ in range(rounds):
        assert client.ask("PUT", "/v1/me/pin", body={"pin": PIN}).status == 200
        assert client.ask("DELETE", "/v1/me/pin").status == 200
        post.work()
        world.clock.advance(SECOND)
    return post


@pytest.mark.parametrize("rounds", [OF_A_KIND_MAX - 1, OF_A_KIND_MAX, OF_A_KIND_MAX + 1, ROUNDS])
def test_a_pin_set_and_removed_over_and_over_is_told_six_times_each_by_either_way(world: ApiWorld, rounds: int) -> None:
    post = set_and_remove_the_pin(world, proved(world), rounds)
    wanted = min(rounds, OF_A_KIND_MAX)
    assert Counter(outgoing.address for outgoing in post.sent) == {PHONE: 2 * wanted, EMAIL: 2 * wanted}
    says_so = [outgoing for outgoing in post.sent if LAST in outgoing.body]
    assert len(says_so) == (4 if rounds >= OF_A_KIND_MAX else 0)


def test_the_first_ones_go_and_only_the_last_one_says_that_no_more_follow(world: ApiWorld) -> None:
    post = set_and_remove_the_pin(world, proved(world), ROUNDS)
    to_email = [outgoing.body for outgoing in post.sent if outgoing.address == EMAIL and "PIN was set" in outgoing.body]
    assert [LAST in body for body in to_email] == [False] * (OF_A_KIND_MAX - 1) + [True]
    assert f"{OF_A_KIND_MAX} times" in to_email[-1]
    assert all("That was not me" in body for body in to_email)


def test_a_notice_of_another_kind_still_comes(world: ApiWorld) -> None:
    client = proved(world)
    set_and_remove_the_pin(world, client, ROUNDS)
    assert client.ask("POST", "/v1/me/freeze").status == 202
    post = world.postbox()
    post.work()
    assert {outgoing.address for outgoing in post.sent} == {PHONE, EMAIL}


def test_the_same_kind_comes_again_the_day_after_tomorrow(world: ApiWorld) -> None:
    set_and_remove_the_pin(world, proved(world), ROUNDS)
    world.clock.advance(timedelta(days=2))
    assert len(set_and_remove_the_pin(world, proved(world), 1).sent) == 4


@pytest.mark.parametrize(
    ("there", "back"),
    [(("POST", "/v1/me/freeze"), ("POST", "/v1/me/unfreeze")), (("POST", "/v1/me/pause"), ("DELETE", "/v1/me/pause"))],
)
def test_no_round_of_what_somebody_with_proof_may_do_sends_more(
    world: ApiWorld, there: tuple[str, str], back: tuple[str, str]
) -> None:
    """An act that protects is never refused for it: each round is done, and fewer are told."""
    client = proved(world, both=True)
    post = world.postbox()
    for _ in range(20):
        for act in (there, back):
            assert client.ask(*act).status in (200, 202)
            post.work()
        world.clock.advance(SECOND)
    per_address = Counter(outgoing.address for outgoing in post.sent)
    assert per_address == {PHONE: 2 * OF_A_KIND_MAX, EMAIL: 2 * OF_A_KIND_MAX}


def test_a_notice_that_is_not_told_any_more_is_done_with_and_waits_for_nobody(world: ApiWorld) -> None:
    set_and_remove_the_pin(world, proved(world), 10)
    store = world.ctx.store
    assert isinstance(store, MemoryStore)
    waiting = [entry for entry in store.items(Table.OUTBOX) if entry["to"] == "message" and "pending_pk" in entry]
    assert waiting == []
