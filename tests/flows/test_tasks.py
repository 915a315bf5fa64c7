"""The task of a case that nobody has claimed goes into the queue that a call about the same would have."""

from __future__ import annotations

import pytest

from connect_sim.simulator.state import EndOutcome
from tests.flows.shipped import RESOURCE_TOKENS, TASK
from tests.flows.test_calls import Heard, call

SKILL_QUEUE = "arn:aws:connect:us-east-1:111122223333:instance/i/queue/refunds"


def task(*, priority: str = "5", queue: str | None = None, at_capacity: bool = False, channel: str = "TASK") -> Heard:
    """A task as the messenger starts it."""
    kept = {"case_id": "case_1", "topic": "refund", "language": "zh-CN", "level": "none", "priority": priority}
    return call(
        "",
        start=TASK,
        number=None,
        attributes=kept | ({"queue": queue} if queue else {}),
        initiation_method="API",
        channel=channel,
        at_capacity=at_capacity,
    )


def queues(heard: Heard) -> list[str]:
    return [event.data["queue"] for event in heard.events if event.kind == "transfer"]


@pytest.mark.parametrize(("queue", "expected"), [(None, RESOURCE_TOKENS["QueueArn"]), (SKILL_QUEUE, SKILL_QUEUE)])
def test_a_task_goes_into_the_queue_of_its_skill_or_into_the_one_that_takes_all(
    queue: str | None, expected: str
) -> None:
    heard = task(queue=queue)
    assert queues(heard) == [expected]
    assert heard.ending is EndOutcome.QUEUE


@pytest.mark.parametrize(("priority", "given"), [("1", ["1"]), ("3", []), ("5", [])])
def test_a_task_about_security_comes_first_like_a_call(priority: str, given: list[str]) -> None:
    assert task(priority=priority).priorities == given


def test_a_task_for_a_full_queue_ends_and_its_case_stays_at_the_desk() -> None:
    heard = task(at_capacity=True)
    assert (queues(heard), heard.ending) == ([], EndOutcome.DISCONNECTED)


def test_a_task_says_nothing_and_a_call_that_comes_here_by_mistake_is_told() -> None:
    assert [event.kind for event in task().events if event.kind in ("prompt", "input", "function")] == []
    mistaken = task(channel="VOICE")
    assert (len(mistaken.spoken("Last words")), mistaken.ending) == (1, EndOutcome.DISCONNECTED)
