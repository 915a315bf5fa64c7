"""The queues of Amazon Connect in which people of a skill wait for calls and tasks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from hotline.kit.config import MalformedSetting
from hotline.kit.languages import LANGUAGES

from .clocks import TOPICS
from .model import skill_of

SKILL_QUEUES_SETTING: Final = "SKILL_QUEUES"
_QUEUE_ARN: Final = re.compile(r"arn:[a-z-]+:connect:[a-z0-9-]+:[0-9]{12}:instance/[0-9A-Za-z-]+/queue/[0-9A-Za-z-]+")


def parse_skill_queues(text: str) -> dict[str, str]:
    """The queues by skill: `security:zh-CN=ARN`, `refund=ARN` or `en-US=ARN`, separated by commas. Raises
    MalformedSetting."""
    queues: dict[str, str] = {}
    for place, part in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
        skill, _, arn = part.partition("=")
        topic, _, language = skill.rpartition(":")
        is_known = language in LANGUAGES if topic else skill in LANGUAGES or skill in TOPICS
        if not is_known or (topic and topic not in TOPICS) or not _QUEUE_ARN.fullmatch(arn):
            raise MalformedSetting(SKILL_QUEUES_SETTING, f"entry {place} is not a skill and the ARN of a queue")
        queues[skill] = arn
    return queues


def find_skill_queue(queues: Mapping[str, str], topic: str, language: str | None) -> str | None:
    """The ARN of the queue for a topic and language: of both, else of the topic, else of the language. None stands for
    the queue that takes everything."""
    names = (skill_of(topic, language), topic, language) if language else (topic,)
    return next((queues[name] for name in names if name in queues), None)
