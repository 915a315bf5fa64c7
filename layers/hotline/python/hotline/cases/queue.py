"""The queue: which cases are to be worked next, by skill and priority, the longest due first.

An index holds the cases in the order of the queue, a partition for each skill. A page is merged from one query of each.
The index lags, so a case that is claimed may still be listed for a moment; the claim itself is conditional.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from heapq import merge
from itertools import islice
from typing import Final

from hotline.kit.due import all_of_them
from hotline.kit.errors import InvalidInput
from hotline.kit.languages import LANGUAGES
from hotline.kit.store import Between, Store
from hotline.kit.store.condition import Item

from . import items
from .clocks import TOPICS
from .model import CaseError, CaseStatus, QueuePage, skill_of

SKILLS_MAX: Final = 32
"""Skills of one request; each costs a query."""
QUEUE_PAGE_MAX: Final = 50
AT_ONCE: Final = 8
"""How many partitions are asked at a time."""
_PLACE: Final = re.compile(r"[0-9TZ.:#-]{1,40}#case_[0-9a-f]{32}")
_FIRST: Final = "0"
_LAST: Final = "~"
"""Before and after every place."""
_NEXT: Final = "!"
"""Behind a place it makes a text that follows the place and comes before every other one."""


def is_skill(skill: str) -> bool:
    """Whether cases may need this skill: a topic and a language that the hotline has."""
    topic, _, language = skill.partition(":")
    return topic in TOPICS and language in LANGUAGES


def all_skills() -> tuple[str, ...]:
    """Every skill that cases may need."""
    return tuple(skill_of(topic, language) for topic in TOPICS for language in LANGUAGES)


def list_queue(
    store: Store, skills: Sequence[str], *, limit: int, after: str | None = None, at_once: int = AT_ONCE
) -> QueuePage:
    """The open cases of these skills that nobody has claimed and that do not wait, by priority, the longest due first.

    One query for each skill, of `limit` cases and one. Raises InvalidInput for a skill that no case needs, and for
    too many skills or none. It does so for a limit outside 1 to QUEUE_PAGE_MAX, and for an `after` that no page named.
    """
    return _list(store, items.queue_partitions(CaseStatus.OPEN, _check_skills(skills)), limit, after, at_once)


def list_waiting(
    store: Store, skills: Sequence[str], *, limit: int, after: str | None = None, at_once: int = AT_ONCE
) -> QueuePage:
    """The cases of these skills that wait and are nobody's, the first to come back first. Otherwise as `list_queue`."""
    return _list(store, items.queue_partitions(CaseStatus.WAITING, _check_skills(skills)), limit, after, at_once)


def list_owned(store: Store, agent_id: str, *, limit: int, after: str | None = None) -> QueuePage:
    """An agent's own cases, also those that wait, by priority, the longest due first. One query. Raises InvalidInput as
    `list_queue`."""
    return _list(store, [items.owner_partition(agent_id)], limit, after, 1)


def _check_skills(skills: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(skills))
    if not 0 < len(found) <= SKILLS_MAX:
        raise InvalidInput(CaseError.SKILLS_COUNT)
    if not all(is_skill(skill) for skill in found):
        raise InvalidInput(CaseError.SKILL_UNKNOWN)
    return found


def _list(store: Store, partitions: Sequence[str], limit: int, after: str | None, at_once: int) -> QueuePage:
    if not 0 < limit <= QUEUE_PAGE_MAX:
        raise InvalidInput(CaseError.LIMIT_OUT_OF_RANGE)
    if after is not None and not _PLACE.fullmatch(after):
        raise InvalidInput(CaseError.CURSOR_INVALID)
    rest = Between(f"{after}{_NEXT}" if after is not None else _FIRST, _LAST)

    def of(partition: str) -> list[Item]:
        return store.query(items.index_query(partition, rest, limit=limit + 1)).items

    found = [of(partitions[0])] if len(partitions) == 1 else all_of_them(of, partitions, at_once=at_once)
    rows = list(islice(merge(*found, key=lambda row: str(row["queue_sk"])), limit + 1))
    more = str(rows[limit - 1]["queue_sk"]) if len(rows) > limit else None
    return QueuePage(tuple(items.case_from(row) for row in rows[:limit]), more)
