"""That was not me, as a word on what the rules found: how often an owner denies what a finding names.

    ACCOUNT#id / #DENIED · the latest logins and movements that the owner denied

A finding that names one of them counts as denied once, for its rule and version. It counts at the denial, or when it is
raised or corrected later. It is no verdict and no label: an owner may err, or lie.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from hotline.identity.service import Effect, Operation, Session
from hotline.kit.change import Change
from hotline.kit.change.acts import Snapshot
from hotline.kit.clock import to_text
from hotline.kit.errors import Unavailable
from hotline.kit.retention import record_end
from hotline.kit.store import Key, Store, hotline_key
from hotline.kit.store.condition import PRESENT, Item, Missing, all_of
from hotline.lockout import service as lockout

from .feedback import count_denials
from .items import (
    all_findings_query,
    name_in_memory,
    named_finding_key,
    named_logins,
    named_movements,
    state_of,
    to_ms,
)
from .model import FindingState

DENIED_MAX: Final = 20
"""So many of the latest denials of an account are kept. An owner names one thing at a time."""
FINDINGS_MAX: Final = 50
"""So many findings of an account are looked at."""
COUNTED_MAX: Final = 20
"""So many findings count at one denial. Each may add two items to the transaction: itself, and the counts of its day.
The freeze, its notices and the case need the others of the hundred."""
DENIED: Final = "denied_at"
"""The attribute of a finding of which its owner has denied something."""
_LOGINS: Final = "logins"
_MOVEMENTS: Final = "movements"


def denials_key(account_id: str) -> Key:
    """The key of what the owner of an account has denied."""
    return hotline_key(f"ACCOUNT#{account_id}", "#DENIED")


@dataclass(frozen=True, slots=True)
class Deny:
    """Freeze the account because of a login or a movement that its owner did not make, and let people know which (see
    `lockout.Deny`). Those of the findings that name it count as denied. `findings`: see `find_deniable`."""

    denied: lockout.Denied
    findings: tuple[Item, ...]
    operation: Operation = field(default=Operation.FREEZE, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        return (*lockout.Deny(self.denied).keys(session), denials_key(session.account_id))

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[StrEnum]:
        account_id, ctx = session.account_id, session.ctx
        effect = lockout.Deny(self.denied).contribute(change, read, session)
        known = read.get(denials_key(account_id))
        denied = _with_denied(known, read, session, self.denied)
        change.replace(denials_key(account_id), known, {**denied, **record_end(change.now)})
        live = [item for item in self.findings if state_of(item, change.now) is not FindingState.WITHDRAWN]
        named = [item for item in live if DENIED not in item and is_denied(item, denied)][:COUNTED_MAX]
        for item in named:
            key = named_finding_key(account_id, item["finding_id"])
            # A finding may end meanwhile. An update alone would make an item of it that nobody can read.
            change.update(key, set={DENIED: to_text(change.now)}, condition=all_of(PRESENT, Missing(DENIED)))
        count_denials(change, named, ctx.time_zone)
        return effect


def find_deniable(store: Store, account_id: str) -> tuple[Item, ...]:
    """Findings on the account, for `Deny`, to be read anew at each attempt. One query. None while the store cannot
    tell them: a freeze waits for no count, and a finding that the scan corrects later counts then."""
    try:
        return tuple(store.query(all_findings_query(account_id, limit=FINDINGS_MAX)).items)
    except Unavailable:
        return ()


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
