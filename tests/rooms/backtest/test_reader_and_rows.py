"""A line of a history is to a backtest the events that the same fact is to the scan."""

from __future__ import annotations

import json

import pytest

from hotline.backtest.reader import Reader, read_line
from hotline.contracts.facts import FACTS
from hotline.security.streams import streams_of
from tests.support.facts import event, fact
from tests.support.sweeps import sweep


def keep(name: str, value: str) -> str:
    """The value in the place of its hash, as a backtest has it."""
    return value


@sweep("type_name", sorted(FACTS))
def test_a_line_is_the_events_that_the_scan_keeps_of_its_fact(type_name: str) -> None:
    kept = {(one.stream, one.subject): (one.type, dict(one.values)) for one in streams_of(fact(type_name, {}), keep)}
    line = json.dumps(event(type_name)).encode()
    read = {(stream, subject): (one.type, dict(one.values)) for stream, subject, one in Reader().split(read_line(line))}
    assert read == kept


@pytest.mark.parametrize("category", ["fraud", "authorisation", "processing", "consumer"])
@pytest.mark.parametrize("winner", ["customer", "merchant"])
def test_a_dispute_is_a_label_to_both_or_to_none(category: str, winner: str) -> None:
    changed = {"category": category, "decided_for": winner}
    one = fact("dispute.decided", changed)
    kept = [(told.stream, told.subject, told.type, dict(told.values)) for told in streams_of(one, keep)]
    line = json.dumps(event("dispute.decided", changed)).encode()
    read = [
        (stream, subject, told.type, dict(told.values)) for stream, subject, told in Reader().split(read_line(line))
    ]
    assert read == kept
    assert len(kept) == (2 if (category, winner) == ("fraud", "customer") else 0)
