"""An unclaimed case brought to a person, by a task of Amazon Connect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hotline.cases import service as cases
from hotline.kit.aws.carriers import Outgoing, Transport, Undeliverable
from hotline.kit.doors import Context
from hotline.kit.outbox.delivery import Delivered, Dropped, Result
from hotline.kit.store.condition import Item
from hotline.wording import messages
from hotline.wording.values import Reference, Word, locale_of

TASK_CHANNEL: Final = "task"
TASK_NAME: Final = "task.name"


def start_task(entry: Item, ctx: Context, transports: Mapping[str, Transport]) -> Result:
    """Start the task of an entry's case. It names topic and reference, and holds ids and closed words alone. Priority
    and queue are those that a call about the same would have; a transferred case goes to the queue of its skill.

    A case that somebody has claimed or closed meanwhile needs none. The token is of the case, so that however often its
    entry is handed on, the task is one."""
    if TASK_CHANNEL not in transports:
        return Dropped("no_tasks")
    case = cases.find_unclaimed(ctx.store, str(entry["facts"]["case_id"]))
    if case is None:
        return Dropped("claimed")
    locale = locale_of(case.language, None, ctx.clock.now())
    facts = {"topic": Word(f"topic.{case.topic}"), "reference": Reference(str(case.reference))}
    attributes = {"case_id": case.case_id, "topic": case.topic, "language": case.language, "level": "none"}
    attributes |= {"priority": str(case.priority.value)}
    topic, _, language = case.skill.partition(":")
    if (queue := cases.find_skill_queue(ctx.skill_queues, topic, language)) is not None:
        attributes["queue"] = queue
    name = messages.plain_text(TASK_NAME, facts, locale)
    try:
        transports[TASK_CHANNEL].send(Outgoing("", name, "", f"task-{case.case_id}", attributes))
    except Undeliverable as refusal:
        return Dropped(refusal.code)
    return Delivered()
