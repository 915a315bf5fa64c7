"""A line of a history is to a backtest the events that the same fact is to the scan."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from hotline.backtest.reader import BadLine, Reader, read_line
from hotline.contracts.facts import FACTS
from hotline.contracts.model import FactRejected
from hotline.contracts.schemas import parse
from hotline.security.streams import LABEL_TYPE, RETRACTION_TYPE, streams_of
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
    assert len(kept) == (2 if category == "fraud" else 0)


@pytest.mark.parametrize("retracted", [True, False])
def test_the_wallets_word_of_a_fraud_and_its_end_are_the_same_to_both(*, retracted: bool) -> None:
    changed = {"retracted": retracted}
    kept = [(told.type, dict(told.values)) for told in streams_of(fact("transaction.confirmed_fraud", changed), keep)]
    line = json.dumps(event("transaction.confirmed_fraud", changed)).encode()
    assert [(told.type, dict(told.values)) for _, _, told in Reader().split(read_line(line))] == kept
    assert {type_ for type_, _ in kept} == {RETRACTION_TYPE if retracted else LABEL_TYPE}


def list_paths(data: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths of all fields within data, also of the objects in it."""
    for name, value in data.items():
        yield (name,)
        if isinstance(value, dict):
            yield from ((name, *path) for path in list_paths(value))


GONE: Final = object()


@sweep("type_name", sorted(FACTS))
@pytest.mark.parametrize(
    "wrong", [GONE, None, "x", 5, [], {}, True], ids=["gone", "null", "text", "number", "list", "object", "flag"]
)
def test_a_line_is_bad_at_the_field_at_which_the_intake_refuses_its_fact(type_name: str, wrong: object) -> None:
    """A backtest reads fewer fields, so it may take what the intake refuses, and never the other way."""
    for path in list_paths(event(type_name)["data"]):
        changed = copy.deepcopy(event(type_name))
        at = changed["data"]
        for folder in path[:-1]:
            at = at[folder]
        if wrong is GONE:
            del at[path[-1]]
        else:
            at[path[-1]] = wrong
        field = find_bad_field(changed)
        if field is not None:
            with pytest.raises(FactRejected) as refused:
                parse(changed)
            assert refused.value.field == field, path


def find_bad_field(fact: dict[str, Any]) -> str | None:
    """The field for which a backtest leaves the line out; None for a line that it takes."""
    try:
        Reader().split(read_line(json.dumps(fact).encode()))
    except BadLine as bad:
        return bad.field
    return None
