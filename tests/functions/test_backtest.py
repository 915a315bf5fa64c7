"""The worker of backtests over objects: its requests, its answers, its log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.backtest.step import answer
from hotline.backtest.service import SHARES_MAX, Unusable
from hotline.kit.errors import InvalidInput
from hotline.kit.logging import Event
from hotline_local.testing.memory_objects import MemoryObjects
from tests.support.log_lines import lines, logged
from tests.support.wallet_histories import login


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects({"input/h/a.jsonl": json.dumps(login(1, 0, "acct-1")).encode()})


def test_the_steps_of_a_run_answer_numbers(objects: MemoryObjects) -> None:
    order = {"history": "input/h/", "shares": 1}
    with logged() as log:
        made = answer({"step": "plan", "run": "r", "order": order}, objects)
        assert made == {"run": "r", "history": "input/h/", "shares": [0]}
        assert answer({"step": "split", "run": "r", "key": "input/h/a.jsonl"}, objects) == {"count": 1}
        assert answer({"step": "judge", "run": "r", "share": 0}, objects) == {"count": 1}
        told = answer({"step": "merge", "run": "r"}, objects)
    assert (told["events"], told["findings"], told["bad_lines"], told["output"]) == (1, 0, 0, "output/r/")
    written = lines(log)
    assert [line["event"] for line in written] == [Event.BACKTEST_STEP.code] * 4
    assert [(line["step"], line.get("count")) for line in written[1:3]] == [("split", 1), ("judge", 1)]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (None, "bad_event"),
        ([], "bad_event"),
        ({"run": "r"}, "bad_event"),
        ({"run": "r", "step": "nonsense"}, "bad_event"),
        ({"run": "r", "step": "plan"}, "bad_event"),
        ({"run": "r", "step": "plan", "order": "input/"}, "bad_event"),
        ({"run": "r", "step": "split"}, "bad_event"),
        ({"step": "merge"}, "bad_run"),
        ({"step": "merge", "run": ""}, "bad_run"),
        ({"step": "merge", "run": "../input"}, "bad_run"),
        ({"step": "merge", "run": "x" * 81}, "bad_run"),
        ({"run": "r", "step": "judge"}, "bad_shard"),
        ({"run": "r", "step": "judge", "share": True}, "bad_shard"),
        ({"run": "r", "step": "judge", "share": -1}, "bad_shard"),
        ({"run": "r", "step": "judge", "share": SHARES_MAX}, "bad_shard"),
    ],
)
def test_an_event_that_the_state_machine_does_not_send_is_refused(
    event: Any, code: str, objects: MemoryObjects
) -> None:
    before = dict(objects.contents)
    with logged() as log, pytest.raises(InvalidInput) as refused:
        answer(event, objects)
    assert refused.value.code == code
    assert objects.contents == before
    assert lines(log)[0]["event"] == Event.REQUEST_ODD.code


def test_an_order_that_cannot_be_run_is_logged_by_its_code_alone(objects: MemoryObjects) -> None:
    with logged() as log, pytest.raises(Unusable, match=r"No object begins with input/other/\."):
        answer({"step": "plan", "run": "r", "order": {"history": "input/other/"}}, objects)
    (line,) = lines(log)
    assert (line["event"], line["step"], line["reason"]) == (Event.BACKTEST_FAILED.code, "plan", "no_history")
    assert "input/other" not in str(line)
