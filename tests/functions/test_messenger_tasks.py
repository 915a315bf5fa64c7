"""A case that nobody has claimed is brought to a person by one task, and by none where it is needless."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Final

import boto3
import pytest
from botocore.stub import Stubber

from functions.messenger.app import make_transports
from functions.messenger.settings import Settings
from functions.messenger.task import TASK_CHANNEL
from hotline.cases import service as cases
from hotline.cases.clocks import CALL_WITHIN, TASK_WITHIN
from hotline.kit.aws.carriers import ConnectTask, Outgoing
from hotline.kit.config import MalformedSetting
from hotline.kit.errors import Unavailable
from hotline.kit.outbox import TASK
from hotline.kit.outbox.delivery import NotDelivered
from hotline.kit.store import Table
from hotline.kit.store.condition import Item
from tests.support.case_world import ACCOUNT, CaseWorld
from tests.support.function_settings import SETTINGS, TASK_FLOW
from tests.support.messenger_in_hand import Post
from tests.support.outbox_entries import NOW, clock_of, redrive_event

MS: Final = timedelta(milliseconds=1)
ATTRIBUTES: Final = {"topic": "lockout", "language": "en-US", "level": "none", "priority": "5"}


@pytest.fixture
def post() -> Post:
    made = Post()
    made.starts_tasks = True
    return made


@pytest.fixture
def world(post: Post) -> CaseWorld:
    return CaseWorld(post.store, now=NOW)


def wake(world: CaseWorld, post: Post, case_id: str, after: timedelta) -> list[Item]:
    """Work off the case's date so long after noon; the tasks that are asked for by then."""
    world.now = NOW + after
    clock_of(post.ctx).instant = world.now
    world.wake(case_id)
    return [entry for entry in post.store.items(Table.OUTBOX) if entry["kind"] == TASK]


def hand_on(post: Post, tasks: list[Item]) -> None:
    post.run(redrive_event(*(json.dumps({"entry_id": task["entry_id"]}) for task in tasks)))


def test_a_case_that_nobody_claims_is_brought_to_a_person_once(post: Post, world: CaseWorld) -> None:
    ref = world.add(ACCOUNT, topic="lockout", language="en-US")
    assert wake(world, post, ref.case_id, TASK_WITHIN - MS) == []
    tasks = wake(world, post, ref.case_id, TASK_WITHIN)
    hand_on(post, tasks)
    name = f"Case {ref.reference[:3]} {ref.reference[3:]}: a locked account"
    expected = Outgoing("", name, "", f"task-{ref.case_id}", {"case_id": ref.case_id, **ATTRIBUTES})
    assert post.tasks.sent == [expected]
    assert world.case(ref.case_id).version == 1
    world.add(ACCOUNT, topic="lockout")
    later = wake(world, post, ref.case_id, timedelta(days=1))
    assert [task["entry_id"] for task in later] == [task["entry_id"] for task in tasks]
    hand_on(post, tasks)
    assert post.tasks.sent == [expected]


@pytest.mark.parametrize(("topic", "queue"), [("security", "q-security"), ("lockout", "q-locks"), ("refund", None)])
def test_a_task_has_the_queue_that_a_call_about_the_same_would_have(
    post: Post, world: CaseWorld, topic: str, queue: str | None
) -> None:
    post.ctx = replace(post.ctx, skill_queues={"security:en-US": "q-security", "lockout": "q-locks"})
    priority = cases.priority_of(topic)
    ref = world.add(ACCOUNT, topic=topic, language="en-US", priority=priority)
    hand_on(post, wake(world, post, ref.case_id, TASK_WITHIN))
    (sent,) = post.tasks.sent
    assert (sent.attributes.get("queue"), sent.attributes["priority"]) == (queue, str(priority.value))


def test_a_transferred_case_is_brought_to_the_queue_that_it_was_given_to(post: Post, world: CaseWorld) -> None:
    queues = {"lockout:zh-CN": "q-lock-zh", "refund:en-US": "q-refund-en", "refund": "q-refund"}
    post.ctx = replace(post.ctx, skill_queues=queues)
    ref = world.add(ACCOUNT, topic="lockout", language="zh-CN")
    world.act(cases.contribute_transfer_to_skill, ref.case_id, skill="refund:en-US")
    hand_on(post, wake(world, post, ref.case_id, TASK_WITHIN))
    (sent,) = post.tasks.sent
    about = {name: sent.attributes[name] for name in ("queue", "topic", "language")}
    assert about == {"queue": "q-refund-en", "topic": "lockout", "language": "zh-CN"}


def test_a_call_that_is_live_has_an_hour_to_bring_its_case_to_a_person(post: Post, world: CaseWorld) -> None:
    ref = world.add(None, topic="lockout", call_live=True)
    assert wake(world, post, ref.case_id, CALL_WITHIN - MS) == []
    assert len(wake(world, post, ref.case_id, CALL_WITHIN)) == 1


def test_a_case_with_an_owner_needs_no_task(post: Post, world: CaseWorld) -> None:
    ref = world.add(ACCOUNT)
    world.claim(ref.case_id)
    assert wake(world, post, ref.case_id, timedelta(days=1)) == []
    world.act(cases.contribute_release, ref.case_id)
    assert len(wake(world, post, ref.case_id, timedelta(days=1))) == 1


def test_a_case_that_was_claimed_while_its_task_waited_gets_none(post: Post, world: CaseWorld) -> None:
    ref = world.add(ACCOUNT)
    tasks = wake(world, post, ref.case_id, TASK_WITHIN)
    world.claim(ref.case_id)
    hand_on(post, tasks)
    assert post.tasks.sent == []
    assert [entry["dropped"] for entry in post.store.items(Table.OUTBOX) if entry["kind"] == TASK] == ["claimed"]


def test_a_task_that_cannot_be_started_now_is_tried_again_under_the_same_token(post: Post, world: CaseWorld) -> None:
    ref = world.add(ACCOUNT, topic="unconfirmed", language="zh-CN")
    tasks = wake(world, post, ref.case_id, TASK_WITHIN)
    post.tasks.failure = Unavailable(service_code="ThrottlingException")
    with pytest.raises(NotDelivered):
        hand_on(post, tasks)
    post.tasks.failure = None
    hand_on(post, tasks)
    assert [sent.token for sent in post.tasks.sent] == [f"task-{ref.case_id}"]
    assert post.tasks.sent[0].subject == f"个案{ref.reference[:3]} {ref.reference[3:]}"


def test_a_stack_without_tasks_starts_none(post: Post, world: CaseWorld) -> None:
    post.starts_tasks = False
    ref = world.add(ACCOUNT)
    hand_on(post, wake(world, post, ref.case_id, TASK_WITHIN))
    assert [entry["dropped"] for entry in post.store.items(Table.OUTBOX) if entry["kind"] == TASK] == ["no_tasks"]
    given = {name: value for name, value in SETTINGS["messenger"].items() if name != "TASK_FLOW"}
    assert TASK_CHANNEL not in make_transports(Settings.parse(given))
    assert TASK_CHANNEL in make_transports(Settings.parse(SETTINGS["messenger"]))
    with pytest.raises(MalformedSetting):
        Settings.parse({**given, "TASK_FLOW": "t-1"})


def test_amazon_connect_is_asked_for_a_task_with_ids_alone() -> None:
    client = boto3.client("connect", region_name="eu-central-1")
    expected = {
        "InstanceId": "i-1",
        "ContactFlowId": "t-1",
        "Name": "Case 123 456",
        "ClientToken": "task-case_1",
        "Attributes": {"case_id": "case_1"},
    }
    with Stubber(client) as stub:
        stub.add_response("start_task_contact", {"ContactId": "contact-1"}, expected)
        task = Outgoing("", "Case 123 456", "", "task-case_1", {"case_id": "case_1"})
        ConnectTask(TASK_FLOW, client=client).send(task)
        stub.assert_no_pending_responses()
