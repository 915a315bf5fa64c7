"""That was not me, as a word on what the rules found: how often an owner denies what a finding names.

    ACCOUNT#id / #DENIED · the latest logins and movements that the owner denied

A finding that names one of them counts as denied once, for its rule and version. It counts at the denial, when it is
raised or corrected later, or some minutes later where nobody could read the findings. It is no verdict and no label: an
owner may err, or lie.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import Any, Final

from hotline.identity.service import Effect, Operation, Session, require
from hotline.kit.change import Change
from hotline.kit.change.acts import Snapshot
from hotline.kit.clock import to_text
from hotline.kit.due import Done, Duty, due_attributes, is_due
from hotline.kit.errors import Unavailable
from hotline.kit.logging import Event
from hotline.kit.retention import record_end
from hotline.kit.store import Key, Store, account_of, hotline_key, query_all
from hotline.kit.store.condition import PRESENT, Item, Missing, all_of
from hotline.lockout import service as lockout

from .activity_rows import name_in_memory, to_ms
from .feedback import count_denials
from .items import DENIED, all_findings_query, named_finding_key, named_logins, named_movements, state_of
from .model import FINDINGS_READ_MAX, FindingState

DENIED_MAX: Final = 20
"""So many of the latest denials of an account are kept. An owner names one thing at a time."""
COUNTED_MAX: Final = 20
"""So many findings count in one transaction. Each may add two items to it: itself, and the counts of its day. The
freeze, its notices and the case need the others of the hundred."""
ROUNDS: Final = 3
"""So many transactions in a row count the rest. The next minute goes on."""
_LOGINS: Final = "logins"
_MOVEMENTS: Final = "movements"
_ZONE: Final = "zone"
_OF_DUTY: Final = (_ZONE, "due_pk", "due_sk")
"""The attributes of denials that are to be counted later."""


def denials_key(account_id: str) -> Key:
    """The key of what the owner of an account has denied."""
    return hotline_key(f"ACCOUNT#{account_id}", "#DENIED")


@dataclass(frozen=True, slots=True)
class Deny:
    """Freeze the account because of a login or a movement that its owner did not make, and let people know which (see
    `lockout.Deny`). Those of the findings that name it count as denied. `findings`: see `find_deniable`. The others
    count when the denial is due (see `denials_duty_at`)."""

    denied: lockout.Denied
    findings: tuple[Item, ...] | None
    operation: Operation = field(default=Operation.FREEZE, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        return (*lockout.Deny(self.denied).keys(session), denials_key(session.account_id))

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[StrEnum]:
        account_id, ctx = session.account_id, session.ctx
        effect = lockout.Deny(self.denied).contribute(change, read, session)
        known = read.get(denials_key(account_id))
        denied = _with_denied(known, read, session, self.denied)
        item = {**denied, **record_end(change.now)}
        if self.findings is None or not _count(change, account_id, self.findings, denied, ctx.time_zone):
            item |= {_ZONE: ctx.time_zone, **due_attributes(account_id, change.now)}
        change.replace(denials_key(account_id), known, item)
        return effect


def denials_duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when nobody's denials are there."""
    account_id = account_of(key)
    if account_id is None or key != denials_key(account_id):
        return None
    add = partial(contribute_counted, account_id=account_id)
    return Duty(account_id, "denials", frozenset(), add, partial(look_at_denials, account_id=account_id), ROUNDS)


def look_at_denials(store: Store, account_id: str) -> dict[Key, Item]:
    """The items to have before `contribute_counted`. One read, and one query for each MB of findings. Raises
    Unavailable."""
    read = store.batch_get([denials_key(account_id)])
    found = _read_findings(store, account_id) if read else ()
    return read | {named_finding_key(account_id, item["finding_id"]): item for item in found}


def contribute_counted(change: Change, read: Mapping[Key, Item], account_id: str) -> tuple[Done, ...]:
    """Count the findings that the denial itself could not. Nothing when nothing is due; at commit Stale."""
    key = denials_key(account_id)
    known = read.get(key)
    if known is None or not is_due(known, change.now):
        return ()
    require(change, Operation.FACTS)
    is_done = _count(change, account_id, [read[place] for place in read if place != key], known, known[_ZONE])
    kept = {name: value for name, value in known.items() if name not in ("PK", "SK", *(_OF_DUTY if is_done else ()))}
    change.replace(key, known, kept)
    return (Done(Event.DENIALS_COUNTED, {"account_id": account_id}),)


def _count(change: Change, account_id: str, findings: Iterable[Item], denied: Mapping[str, Any], zone: str) -> bool:
    """Count those of the findings that name something denied, up to COUNTED_MAX; whether these are all."""
    live = (item for item in findings if state_of(item, change.now) is not FindingState.WITHDRAWN)
    named = [item for item in live if DENIED not in item and is_denied(item, denied)]
    for item in named[:COUNTED_MAX]:
        key = named_finding_key(account_id, item["finding_id"])
        # A finding may end meanwhile. An update alone would make an item of it that nobody can read.
        change.update(key, set={DENIED: to_text(change.now)}, condition=all_of(PRESENT, Missing(DENIED)))
    count_denials(change, named[:COUNTED_MAX], zone)
    return len(named) <= COUNTED_MAX


def find_deniable(store: Store, account_id: str) -> tuple[Item, ...] | None:
    """Findings on the account, for `Deny`, to be read anew at each attempt. One query for each MB of them. None while
    the store cannot tell them: a freeze waits for no count."""
    try:
        return tuple(_read_findings(store, account_id))
    except Unavailable:
        return None


def _read_findings(store: Store, account_id: str) -> Iterable[Item]:
    return islice(query_all(store, all_findings_query(account_id, limit=FINDINGS_READ_MAX)), FINDINGS_READ_MAX)


def is_denied(finding: Mapping[str, Any], denied: Mapping[str, Any] | None) -> bool:
    """Whether a finding, as it is stored, names something that its owner denied. `denied`: what is stored of that."""
    if denied is None:
        return False
    named = {one.name for one in named_movements(finding)}
    return not named.isdisjoint(denied[_MOVEMENTS]) or not named_logins(finding).isdisjoint(map(int, denied[_LOGINS]))


def _with_denied(known: Item | None, read: Snapshot, session: Session, new: lockout.Denied) -> Item:
    """The stored denials with a new one, by the names that findings have for them. A login has its time."""
    logins, movements = ([], []) if known is None else (list(known[_LOGINS]), list(known[_MOVEMENTS]))
    if new.login_id is not None:
        told = lockout.list_logins(read, session.account_id, session.now)
        logins += [to_ms(to_text(one.at)) for one in told if one.id == new.login_id]
    if new.movement is not None:
        # The sort key ends in the movement's id (MovementRef.sk).
        movements.append(name_in_memory(new.movement.split("#", 2)[2]))
    return {_LOGINS: _latest(logins), _MOVEMENTS: _latest(movements)}


def _latest[Name: (int, str)](names: Iterable[Name]) -> list[Name]:
    return list(dict.fromkeys(names))[-DENIED_MAX:]
