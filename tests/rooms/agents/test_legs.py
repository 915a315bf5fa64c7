"""The agent who is in a contact follows from what was told, in whatever order and however often."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from hotline.agents.legs import (
    LEGS_MAX,
    Holder,
    Leg,
    Presence,
    find_holder,
    fold_connected,
    fold_ended,
)
from hotline.reports import calls as counted
from tests.support.stores import NOON

SECOND: Final = timedelta(seconds=1)
type Word = tuple[str, int, str | None]
"""Leg, second, and the agent who was connected; None for an end."""
WORDS: Final = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.sampled_from(("agent-1", "agent-2", None))), max_size=8
)


def told(words: list[Word], taken: Holder | None = None) -> Presence:
    presence = Presence(taken=taken)
    for leg_id, second, agent_id in words:
        at = NOON + second * SECOND
        if agent_id is None:
            presence = fold_ended(presence, leg_id, at)
        else:
            presence = fold_connected(presence, leg_id, Holder(agent_id, at))
    return presence


@given(WORDS.flatmap(lambda words: st.tuples(st.just(words), st.permutations(words * 2))))
def test_the_order_and_the_repetition_of_events_change_nothing(drawn: tuple[list[Word], list[Word]]) -> None:
    words, again = drawn
    assert told(words) == told(again)
    assert find_holder(told(words)) == find_holder(told(again))


@given(WORDS)
def test_an_agent_is_in_a_contact_exactly_while_a_leg_with_one_goes_on(words: list[Word]) -> None:
    connected = {leg for leg, _, agent in words if agent is not None}
    ended = {leg for leg, _, agent in words if agent is None}
    holder = find_holder(told(words))
    assert (holder is not None and holder.agent_id is not None) == bool(connected - ended)
    assert (holder is None) == (not words)


def test_the_workspaces_word_stands_until_an_event_says_otherwise() -> None:
    taken = Holder("agent-1", NOON + 5 * SECOND)
    assert find_holder(Presence()) is None
    assert find_holder(Presence(taken=taken)) == taken
    assert find_holder(told([("a", 4, None)], taken)) == taken
    assert find_holder(told([("a", 5, None)], taken)) == Holder(None, NOON + 5 * SECOND)
    assert find_holder(told([("a", 1, "agent-2")], taken)) == Holder("agent-2", NOON + SECOND)


def test_an_agent_who_takes_their_own_call_again_has_it_for_longer() -> None:
    again = Holder("agent-1", NOON + 9 * SECOND)
    assert find_holder(told([("a", 1, "agent-1")], again)) == again
    assert find_holder(told([("a", 1, "agent-1"), ("b", 2, "agent-2")], again)) == Holder("agent-2", NOON + 2 * SECOND)


def test_of_two_who_are_in_a_contact_the_later_one_has_it_and_of_one_instant_always_the_same() -> None:
    later: list[Word] = [("a", 1, "agent-2"), ("b", 2, "agent-1")]
    assert find_holder(told(later)) == Holder("agent-1", NOON + 2 * SECOND)
    at_once: list[Word] = [("a", 1, "agent-2"), ("b", 1, "agent-1")]
    assert find_holder(told(at_once)) == find_holder(told(at_once[::-1])) == Holder("agent-2", NOON + SECOND)


def test_a_leg_ends_at_the_first_end_that_was_told() -> None:
    # An event after the wrap-up tells of its own time where the end's is missing.
    assert find_holder(told([("a", 7, None), ("a", 3, None), ("a", 9, None)])) == Holder(None, NOON + 3 * SECOND)


def test_a_contact_is_over_with_the_last_of_its_legs() -> None:
    ends: list[Word] = [("a", 3, None), ("b", 7, None)]
    assert find_holder(told(ends)) == Holder(None, NOON + 7 * SECOND)
    assert find_holder(told(ends, Holder("agent-1", NOON + 5 * SECOND))) == Holder(None, NOON + 7 * SECOND)


def test_a_contact_has_so_many_legs_and_those_that_are_known_go_on() -> None:
    assert LEGS_MAX == counted.LEGS_MAX
    full = Presence({str(number): Leg(Holder("agent-1", NOON)) for number in range(LEGS_MAX)})
    assert fold_ended(full, "one-more", NOON) == full
    assert fold_connected(full, "one-more", Holder("agent-2", NOON)) == full
    assert fold_ended(full, "0", NOON).legs["0"].ended_at == NOON
