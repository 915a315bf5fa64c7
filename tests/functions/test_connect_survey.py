"""The survey after a person's call: one key, kept with the call, of several the last."""

from __future__ import annotations

import pytest

from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.phone import Phone, context
from tests.support.stores import NOON


@pytest.fixture
def phone() -> Phone:
    clock = VirtualClock(NOON)
    found = Phone(context(MemoryStore(clock), clock), "+8613800000001", "contact-1")
    found.press("start")
    return found


@pytest.mark.parametrize("score", ["1", "5"])
def test_a_key_is_kept_with_the_call(phone: Phone, score: str) -> None:
    assert phone.state.score is None
    assert phone.press("survey", score=score)["outcome"] == "KEPT"
    assert phone.state.score == int(score)


def test_of_several_keys_the_last_holds(phone: Phone) -> None:
    phone.press("survey", score="2")
    phone.press("survey", score="4")
    assert phone.state.score == 4


@pytest.mark.parametrize("score", ["0", "6", "10", "five", ""])
def test_a_key_outside_the_scale_is_refused_and_nothing_is_kept(phone: Phone, score: str) -> None:
    assert phone.press("survey", score=score)["outcome"] == "INVALID"
    assert phone.state.score is None
