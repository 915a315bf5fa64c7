"""The face of cases: opening one or adding to the one that is open, reading, the queue, handing a caller over, and what
agents do."""

from __future__ import annotations

from .callbacks import list_callbacks
from .clocks import TOPICS, date_due
from .due import duty_at
from .entries import (
    case_in,
    case_keys,
    contribute_case,
    find_case,
    find_open,
    find_unclaimed,
    is_written,
    link_of,
    read_case,
    read_timeline,
)
from .handover import CLOSED, OUTCOMES, TEXTED, AskPerson, HandOver, establish, priority_of
from .items import pointer_key
from .model import skill_of
from .proved import contribute_proved, contribute_unproved, find_telling, telling_keys, told_keys
from .queue import all_skills, is_skill, list_owned, list_queue, list_waiting
from .records import contribute_emptied, notes_read
from .requests import (
    AGENT_NOTE_CHARACTERS_MAX,
    TAGS_MAX,
    CaseChanged,
    agent_keys,
    contribute_claim,
    contribute_close,
    contribute_decided,
    contribute_edit,
    contribute_note,
    contribute_release,
    contribute_reopen,
    contribute_snooze,
    contribute_transfer_to_agent,
    contribute_transfer_to_skill,
)
from .skill_queues import SKILL_QUEUES_SETTING, find_skill_queue, parse_skill_queues
from .told import TOLD_PAGE_MAX, list_told

__all__ = [
    "AGENT_NOTE_CHARACTERS_MAX",
    "CLOSED",
    "OUTCOMES",
    "SKILL_QUEUES_SETTING",
    "TAGS_MAX",
    "TEXTED",
    "TOLD_PAGE_MAX",
    "TOPICS",
    "AskPerson",
    "CaseChanged",
    "HandOver",
    "agent_keys",
    "all_skills",
    "case_in",
    "case_keys",
    "contribute_case",
    "contribute_claim",
    "contribute_close",
    "contribute_decided",
    "contribute_edit",
    "contribute_emptied",
    "contribute_note",
    "contribute_proved",
    "contribute_release",
    "contribute_reopen",
    "contribute_snooze",
    "contribute_transfer_to_agent",
    "contribute_transfer_to_skill",
    "contribute_unproved",
    "date_due",
    "duty_at",
    "establish",
    "find_case",
    "find_open",
    "find_skill_queue",
    "find_telling",
    "find_unclaimed",
    "is_skill",
    "is_written",
    "link_of",
    "list_callbacks",
    "list_owned",
    "list_queue",
    "list_told",
    "list_waiting",
    "notes_read",
    "parse_skill_queues",
    "pointer_key",
    "priority_of",
    "read_case",
    "read_timeline",
    "skill_of",
    "telling_keys",
    "told_keys",
]
