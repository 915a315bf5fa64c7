"""The end of an invocation: what is left of it, and a store that does not begin what cannot be done by then."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import count
from threading import Thread
from typing import Any

import pytest

from hotline.kit import deadline
from hotline.kit.aws.service import Loss, NoAnswer
from hotline.kit.config import TableNames
from hotline.kit.errors import Unavailable
from hotline.kit.store import Table, hotline_key
from hotline.kit.store.dynamodb import ATTEMPTS_MAX, REPETITION_S, DynamoStore

KEY = hotline_key("ACCOUNT#a", "#LOCK")


class Invocation:
    def __init__(self, left_s: float) -> None:
        self._left_s = left_s

    def get_remaining_time_in_millis(self) -> int:
        return int(self._left_s * 1000)


class Silent:
    """A service that answers nothing."""

    def __init__(self) -> None:
        self.sent = 0

    def send(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self.sent += 1
        raise NoAnswer(Loss.READ_TIMEOUT)


def test_an_invocation_ends_when_its_context_says() -> None:
    seconds = count(100.0, 2.0).__next__
    assert deadline.left_s() == math.inf
    with deadline.invocation(Invocation(7), seconds):
        assert [deadline.left_s(seconds) for _ in range(4)] == [5.0, 3.0, 1.0, -1.0]
    assert deadline.left_s() == math.inf


@pytest.mark.parametrize("context", [None, object()])
def test_without_a_context_there_is_no_end(context: object) -> None:
    with deadline.invocation(context):
        assert deadline.left_s() == math.inf


def test_a_thread_has_no_end() -> None:
    found: list[float] = []
    with deadline.invocation(Invocation(7)):
        worker = Thread(target=lambda: found.append(deadline.left_s()))
        worker.start()
        worker.join()
    assert found == [math.inf]


@pytest.mark.parametrize(
    ("left_s", "sent"),
    [(0.0, 1), (REPETITION_S - 0.1, 1), (REPETITION_S + 60, ATTEMPTS_MAX)],
)
def test_a_request_is_sent_again_only_when_its_answer_can_still_be_told(left_s: float, sent: int) -> None:
    service = Silent()
    store = DynamoStore(service, TableNames({Table.HOTLINE: "t"}), sleep=lambda _: None)
    with deadline.invocation(Invocation(left_s)), pytest.raises(Unavailable):
        store.get(KEY)
    assert service.sent == store.reads == sent
