"""The faults of the reference wallet: what goes out, when, and in which order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hotline_local.wallet_modes import GATHERED_FOR, REPEATED_AFTER, SLOW, Answering, Mode
from tests.support.facts import NOON
from tests.support.sweeps import sweep

MS = timedelta(milliseconds=1)


def answering(mode: Mode) -> Answering:
    return Answering(mode, lambda decision, now: [{"id": f"ack-{decision['id']}"}] if "id" in decision else [])


def ids(facts: list[dict[str, Any]]) -> list[str]:
    return [fact["id"] for fact in facts]


def test_a_prompt_wallet_answers_at_once_and_once() -> None:
    wallet = answering(Mode.PROMPT)
    wallet.hear({"id": "1"}, NOON)
    assert ids(wallet.due(NOON)) == ["ack-1"]
    assert wallet.due(NOON + SLOW) == []


def test_a_slow_wallet_answers_after_a_minute_and_a_half() -> None:
    wallet = answering(Mode.SLOW)
    wallet.hear({"id": "1"}, NOON)
    assert wallet.due(NOON + SLOW - MS) == []
    assert ids(wallet.due(NOON + SLOW)) == ["ack-1"]


def test_a_wallet_that_repeats_gives_the_same_answer_twice() -> None:
    wallet = answering(Mode.REPEAT)
    wallet.hear({"id": "1"}, NOON)
    assert ids(wallet.due(NOON)) == ["ack-1"]
    assert ids(wallet.due(NOON + REPEATED_AFTER)) == ["ack-1"]
    assert wallet.due(NOON + SLOW) == []


def test_a_wallet_that_loses_hears_what_comes_for_the_second_time() -> None:
    wallet = answering(Mode.LOSE)
    wallet.hear({"id": "1"}, NOON)
    assert wallet.due(NOON + SLOW) == []
    wallet.hear({"id": "2"}, NOON)
    wallet.hear({"id": "1"}, NOON)
    assert ids(wallet.due(NOON)) == ["ack-1"]


def test_a_wallet_that_reorders_gathers_and_gives_the_latest_first() -> None:
    wallet = answering(Mode.REORDER)
    wallet.hear({"id": "1"}, NOON)
    wallet.hear({"id": "2"}, NOON + GATHERED_FOR / 2)
    assert wallet.due(NOON + GATHERED_FOR - MS) == []
    assert ids(wallet.due(NOON + GATHERED_FOR)) == ["ack-2", "ack-1"]
    assert wallet.due(NOON + SLOW) == []


@sweep("mode", Mode)
def test_a_decision_that_asks_nothing_gets_no_answer(mode: Mode) -> None:
    wallet = answering(mode)
    wallet.hear({}, NOON)
    wallet.hear({}, NOON)
    assert wallet.due(NOON + SLOW) == []
