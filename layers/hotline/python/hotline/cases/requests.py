"""The acts of agents on cases: claim, release, note, snooze, transfer, edit, link, close, reopen, tell of a decision.

Each function adds to a change whose actor is the agent who works on this case, and gives the case as it is afterwards.
`read` holds what exists of `agent_keys`. `version` is the one that the agent saw (the ETag of the API). With another
one stored, at the read or at the write, CaseChanged is raised and nothing is done. Without a version the act is done on
the case as it was read, and a write in between is Stale.

A case that another agent has claimed is changed by its owner alone, and by a supervisor (`supervised`). Anybody who
works on it may note and link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hotline.contracts.limits import NAME_CHARACTERS_MAX
from hotline.directory.service import HOURS_KEY, hours_of
from hotline.kit.actor import Agent
from hotline.kit.change import Change, Failure, stale
from hotline.kit.clock import to_text
from hotline.kit.errors import HotlineError, InvalidInput, NotPossible, Refused
from hotline.kit.store import Key
from hotline.kit.store.condition import Item, Missing, any_of, equals
from hotline.kit.text import fits, plain_lines, plain_text

from . import items
from .clocks import date_due
from .entries import WORD
from .model import (
    Audience,
    Case,
    CaseError,
    CaseStatus,
    CloseReason,
    EntryKind,
    Priority,
)
from .queue import is_skill
from .records import write_next

AGENT_NOTE_CHARACTERS_MAX: Final = 1000
"""A note of an agent: with 100 of them a page of the timeline stays within half of what one request answers."""
TAGS_MAX: Final = 10
SNOOZE_MIN: Final = timedelta(minutes=5)
SNOOZE_MAX: Final = timedelta(days=30)
COMPLAINT_TAG: Final = "complaint"
"""The tag by which an agent names a case a complaint, as the caller told them."""
_TAG: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


class CaseChanged(HotlineError):
    """Somebody changed the case since the agent saw it; `facts` has its version as it is now."""

    code = CaseError.CASE_CHANGED


def agent_keys(case_id: str) -> set[Key]:
    """The keys to read before any of these acts."""
    return {items.case_key(case_id), HOURS_KEY}


def contribute_claim(
    change: Change, read: Mapping[Key, Item], case_id: str, *, agent_name: str, version: int | None = None
) -> Case:
    """Give the case to the agent. Claimed again by its owner, nothing changes. A case that waits is taken out of it.

    Raises NotPossible `case_claimed` when another agent has it, also at commit; `case_not_found`, `case_closed`;
    InvalidInput `agent_name_invalid`; CaseChanged.
    """
    agent = _agent(change, case_id)
    known = _open_case(read, case_id)
    if known.owner == agent.agent_id and known.snoozed_until is None:
        return known
    _refuse_claimed(known, agent)
    _expect(known, version)
    name = _check_name(agent_name)
    # Before the condition on the version: of two who claim at once, the later one hears who was quicker.
    free = any_of(Missing("owner"), equals("owner", agent.agent_id))
    change.require_condition(items.case_key(case_id), free, _refuse_later_claim)
    case = replace(
        known, owner=agent.agent_id, owner_name=name, claimed_at=known.claimed_at or change.now, snoozed_until=None
    )
    return _write(change, known, case, EntryKind.CLAIMED, "agent.claimed", version=version)


def contribute_release(
    change: Change,
    read: Mapping[Key, Item],
    case_id: str,
    *,
    version: int | None = None,
    supervised: bool = False,
) -> Case:
    """Give a claimed case back to the queue. Nothing changes for a case that nobody has. Raises as `contribute_edit`
    does."""
    known = _own_case(change, read, case_id, version=version, supervised=supervised)
    if known.owner is None:
        return known
    return _write(change, known, _drop_owner(known), EntryKind.RELEASED, "agent.released", version=version)


def contribute_note(
    change: Change,
    read: Mapping[Key, Item],
    case_id: str,
    *,
    note: str,
    audience: Audience = Audience.AGENT,
    version: int | None = None,
) -> Case:
    """Add a text to the timeline, in its plain form, also to a closed case, which stays closed. Raises NotPossible
    `case_not_found`, and `case_of_nobody` for a note to a customer who is not known; InvalidInput `note_empty`,
    `note_too_long`; CaseChanged."""
    _agent(change, case_id)
    text = _check_note(note)
    known = _case(read, case_id)
    if audience is Audience.CUSTOMER and known.account_id is None:
        raise NotPossible(CaseError.CASE_OF_NOBODY, case_id=case_id)
    _expect(known, version)
    return _write(change, known, known, EntryKind.NOTED, "agent.noted", note=text, audience=audience, version=version)


def contribute_snooze(
    change: Change,
    read: Mapping[Key, Item],
    case_id: str,
    *,
    until: datetime,
    version: int | None = None,
    supervised: bool = False,
) -> Case:
    """Let the case wait until a time, SNOOZE_MIN to SNOOZE_MAX ahead. It keeps its owner, if it has one. An
    addition by the customer or the hotline brings it back at once. Raises InvalidInput `snooze_out_of_range`; otherwise
    as `contribute_edit`."""
    known = _own_case(change, read, case_id, version=version, supervised=supervised)
    if not SNOOZE_MIN <= until - change.now <= SNOOZE_MAX:
        raise InvalidInput(CaseError.SNOOZE_OUT_OF_RANGE)
    case = replace(known, snoozed_until=until, task_at=None)
    facts = {"until": to_text(until)}
    return _write(change, known, case, EntryKind.SNOOZED, "agent.snoozed", facts=facts, version=version)


def contribute_close(
    change: Change,
    read: Mapping[Key, Item],
    case_id: str,
    *,
    reason: CloseReason,
    note: str | None = None,
    version: int | None = None,
    supervised: bool = False,
) -> Case:
    """Close the case; its account may then have another one of the topic. Its owner stays noted. Raises InvalidInput
    `note_empty`, `note_too_long`; otherwise as `contribute_edit`."""
    known = _own_case(change, read, case_id, version=version, supervised=supervised)
    text = _check_note(note) if note is not None else None
    case = replace(known, status=CaseStatus.CLOSED, snoozed_until=None)
    word = f"closed.{reason.value}"
    return _write(change, known, case, EntryKind.CLOSED, word, note=text, version=version)


def contribute_reopen(change: Change, read: Mapping[Key, Item], case_id: str, *, version: int | None = None) -> Case:
    """Open a closed case again, in the queue and with a new due time. Raises NotPossible `case_open` when it is open,
    or, at commit, when its account has another open case of the topic; `case_not_found`; CaseChanged."""
    _agent(change, case_id)
    known = _case(read, case_id)
    _expect(known, version)
    if not known.is_closed:
        raise NotPossible(CaseError.CASE_OPEN, case_id=case_id)
    hours = hours_of(read).content
    due_at = date_due(known.topic, known.priority, change.now, hours)
    case = replace(_drop_owner(known), status=CaseStatus.OPEN, due_at=due_at)
    return _write(
        change, known, case, EntryKind.REOPENED, "agent.reopened", version=version, pointer_failed=_refuse_second
    )


def contribute_transfer_to_skill(
    change: Change,
    read: Mapping[Key, Item],
    case_id: str,
    *,
    skill: str,
    note: str | None = None,
    version: int | None = None,
    supervised: bool = False,
) -> Case:
    """Give the case to the queue of another skill, `topic:language`. Its own topic stays. Raises InvalidInput
    `skill_unknown`, `note_empty`, `note_too_long`; otherwise as `contribute_edit`."""
    known = _own_case(change, read, case_id, version=version, supervised=supervised)
    if not is_skill(skill):
        raise InvalidInput(CaseError.SKILL_UNKNOWN)
    text = _check_note(note) if note is not None else None
    case = replace(_drop_owner(known), skill=skill, snoozed_until=None)
    facts = {"skill": skill, "from": known.skill}
    kind, word = EntryKind.TRANSFERRED, "agent.transferred"
    return _write(change, known, case, kind, word, facts=facts, note=text, version=version)


def contribute_transfer_to_agent(
    change: Change,
    read: Mapping[Key, Item],
    case_id: str,
    *,
    agent_id: str,
    agent_name: str,
    note: str | None = None,
    version: int | None = None,
    supervised: bool = False,
) -> Case:
    """Give the case to another agent, who has claimed it then. The room above knows who is an agent. Nothing changes
    for the one who has it already, but for the note.

    Raises InvalidInput `agent_name_invalid`, `note_empty`, `note_too_long`; otherwise as `contribute_edit`."""
    known = _own_case(change, read, case_id, version=version, supervised=supervised)
    name = _check_name(agent_name)
    text = _check_note(note) if note is not None else None
    if known.owner == agent_id and text is None:
        return known
    if known.owner == agent_id:
        return _write(change, known, known, EntryKind.NOTED, "agent.noted", note=text, version=version)
    case = replace(known, owner=agent_id, owner_name=name, claimed_at=change.now, snoozed_until=None)
    facts = {"to": agent_id, "from": known.owner or "-"}
    kind, word = EntryKind.TRANSFERRED, "agent.transferred"
    return _write(change, known, case, kind, word, facts=facts, note=text, version=version)


def contribute_edit(
    change: Change,
    read: Mapping[Key, Item],
    case_id: str,
    *,
    priority: Priority | None = None,
    tags: Iterable[str] | None = None,
    version: int | None = None,
    supervised: bool = False,
) -> Case:
    """Set the priority, or all tags, or both; None leaves what there is, and what is as asked changes nothing.

    The tag `complaint` names the case a complaint, which reports count. Raises NotPossible `case_not_found`,
    `case_closed`, and `case_claimed` where another agent has the case and nobody supervises; Refused
    `case_of_another_agent`; InvalidInput `tag_invalid`, `tags_count`; CaseChanged. At commit
    CaseChanged or Stale.
    """
    known = _own_case(change, read, case_id, version=version, supervised=supervised)
    case = replace(
        known,
        priority=known.priority if priority is None else priority,
        tags=known.tags if tags is None else _check_tags(tags),
    )
    if case == known:
        return known
    facts: dict[str, str | int] = {}
    if case.priority is not known.priority:
        facts |= {"priority": case.priority.value, "priority_before": known.priority.value}
    if case.tags != known.tags:
        facts |= {"tags": ",".join(case.tags) or "-", "tags_before": ",".join(known.tags) or "-"}
    if COMPLAINT_TAG in case.tags and COMPLAINT_TAG not in known.tags:
        return _write(change, known, case, EntryKind.EDITED, "agent.complaint", facts=facts, version=version)
    return _write(change, known, case, EntryKind.EDITED, "agent.edited", facts=facts, version=version)


def contribute_decided(
    change: Change,
    read: Mapping[Key, Item],
    case_id: str,
    *,
    reason: str,
    facts: Mapping[str, str | int],
    version: int | None = None,
) -> Case:
    """Tell in the timeline what the agent did about the customer's account, in the change that does it. `reason` is a
    closed word such as `refund.approved`, `facts` are opaque. Raises NotPossible `case_not_found`, `case_closed`;
    InvalidInput `case_word_invalid`; CaseChanged."""
    _agent(change, case_id)
    if not WORD.fullmatch(reason):
        raise InvalidInput(CaseError.CASE_WORD_INVALID)
    known = _open_case(read, case_id)
    _expect(known, version)
    return _write(change, known, known, EntryKind.DECIDED, reason, facts=facts, version=version)


def _agent(change: Change, case_id: str) -> Agent:
    actor = change.actor
    if not isinstance(actor, Agent) or actor.case_id != case_id:
        raise Refused(CaseError.CASE_OF_ANOTHER_AGENT, case_id=case_id)
    return actor


def _case(read: Mapping[Key, Item], case_id: str) -> Case:
    item = read.get(items.case_key(case_id))
    if item is None:
        raise NotPossible(CaseError.CASE_NOT_FOUND, case_id=case_id)
    return items.case_from(item)


def _open_case(read: Mapping[Key, Item], case_id: str) -> Case:
    known = _case(read, case_id)
    if known.is_closed:
        raise NotPossible(CaseError.CASE_CLOSED, case_id=case_id)
    return known


def _own_case(change: Change, read: Mapping[Key, Item], case_id: str, *, version: int | None, supervised: bool) -> Case:
    agent = _agent(change, case_id)
    known = _open_case(read, case_id)
    if not supervised:
        _refuse_claimed(known, agent)
    _expect(known, version)
    return known


def _refuse_claimed(known: Case, agent: Agent) -> None:
    if known.owner not in (None, agent.agent_id):
        raise NotPossible(CaseError.CASE_CLAIMED, case_id=known.case_id, owner=known.owner)


def _expect(known: Case, version: int | None) -> None:
    if version is not None and version != known.version:
        raise CaseChanged(case_id=known.case_id, version=known.version)


def _drop_owner(case: Case) -> Case:
    return replace(case, owner=None, owner_name=None, claimed_at=None)


def _write(
    change: Change,
    known: Case,
    case: Case,
    kind: EntryKind,
    reason: str,
    *,
    version: int | None,
    facts: Mapping[str, str | int] | None = None,
    note: str | None = None,
    audience: Audience = Audience.AGENT,
    pointer_failed: Failure | None = None,
) -> Case:
    """Write the next version of the case, and the audit entry of its account."""
    failed: Failure = _refuse_changed if version is not None else stale
    case = write_next(
        change,
        known,
        case,
        kind,
        reason,
        facts=facts,
        note=note,
        audience=audience,
        failed=failed,
        pointer_failed=pointer_failed,
    )
    if case.account_id is not None:
        change.audit(case.account_id, f"case.{kind.value}", case_id=case.case_id)
    return case


def _refuse_changed(stored: Item | None) -> HotlineError:
    if stored is None:
        return CaseChanged()
    return CaseChanged(case_id=str(stored["case_id"]), version=int(stored["version"]))


def _refuse_later_claim(stored: Item | None) -> HotlineError:
    if stored is None:
        return NotPossible(CaseError.CASE_NOT_FOUND)
    return NotPossible(CaseError.CASE_CLAIMED, case_id=str(stored["case_id"]), owner=str(stored["owner"]))


def _refuse_second(stored: Item | None) -> HotlineError:
    return NotPossible(CaseError.CASE_OPEN, case_id=str(stored["case_id"]) if stored is not None else None)


def _check_note(note: str) -> str:
    text = plain_lines(note)
    if not text:
        raise InvalidInput(CaseError.NOTE_EMPTY)
    if not fits(text, characters_max=AGENT_NOTE_CHARACTERS_MAX):
        raise InvalidInput(CaseError.NOTE_TOO_LONG)
    return text


def _check_name(agent_name: str) -> str:
    name = plain_text(agent_name)
    if not name or not fits(name, characters_max=NAME_CHARACTERS_MAX):
        raise InvalidInput(CaseError.AGENT_NAME_INVALID)
    return name


def _check_tags(tags: Iterable[str]) -> tuple[str, ...]:
    found = tuple(sorted(set(tags)))
    if len(found) > TAGS_MAX:
        raise InvalidInput(CaseError.TAGS_COUNT)
    if not all(_TAG.fullmatch(tag) for tag in found):
        raise InvalidInput(CaseError.TAG_INVALID)
    return found
