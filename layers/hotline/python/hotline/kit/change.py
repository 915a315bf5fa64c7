"""One change, one transaction.

A Change collects writes, each with the error to raise when its condition fails; audit and outbox entries ride along.
Two ways to touch a key: a write, and `require_condition`, which joins a condition to the write already there or becomes
a condition check. DynamoDB refuses two operations on one item, so a key has one write; `update` on a key that already
has an update merges when their attributes do not overlap.

When the transaction is cancelled, the failed write's conditions are evaluated again on the item that was handed back,
in the order in which they were added, and the first false one names the domain error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .actor import Actor, actor_name
from .clock import epoch_s, to_text
from .condition import NEW, Condition, Item, all_of, equals, holds
from .errors import HotlineError, Stale, Unavailable
from .ids import IdSource
from .outbox import Entry, entry_item, entry_key
from .store import (
    TRANSACTION_ITEMS_MAX,
    TTL_ATTRIBUTE,
    Check,
    Delete,
    Key,
    Put,
    ReasonCode,
    Store,
    TransactionCancelled,
    Update,
    Write,
    hotline_key,
)

COMMIT_ATTEMPTS_MAX = 4
"""How often one commit is sent when DynamoDB reports a conflict; then the caller reads again."""
AUDIT_LIFE = timedelta(days=1096)
"""Audit entries are kept three years."""

type Failure = Callable[[Item | None], HotlineError]


def stale(_: Item | None) -> HotlineError:
    return Stale()


@dataclass(slots=True)
class _Pending:
    write: Put | Update | Delete | None = None
    guards: list[tuple[Condition, Failure]] = field(default_factory=list)


class Change:
    """Collects one transaction; `commit` sends it. `cause` is a short stable word for the audit trail.

    Raises ValueError for a second write on one key, and for more than 100 items: both are bugs.
    """

    def __init__(self, *, actor: Actor, cause: str, now: datetime, ids: IdSource) -> None:
        self.actor = actor
        self.cause = cause
        self.now = now
        self.ids = ids
        self._pending: dict[Key, _Pending] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def touches(self, key: Key) -> bool:
        return key in self._pending

    def create(self, key: Key, item: Mapping[str, Any], *, failed: Failure = stale) -> None:
        """Put an item that must not exist yet."""
        self._write(key, Put(key, item), NEW, failed)

    def replace(self, key: Key, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
        """Put `new` where `old` was read (None: nothing was there). The item's `rev` counts its versions; Stale when
        somebody else wrote in between."""
        if old is None:
            self._write(key, Put(key, {**new, "rev": 1}), NEW, stale)
        else:
            rev = int(old["rev"])
            self._write(key, Put(key, {**new, "rev": rev + 1}), equals("rev", rev), stale)

    def put(self, key: Key, item: Mapping[str, Any], *, condition: Condition, failed: Failure = stale) -> None:
        self._write(key, Put(key, item), condition, failed)

    def update(
        self,
        key: Key,
        *,
        set: Mapping[str, Any] | None = None,  # noqa: A002 - the name DynamoDB gives it
        remove: tuple[str, ...] = (),
        add: Mapping[str, int] | None = None,
        condition: Condition,
        failed: Failure = stale,
    ) -> None:
        self._write(key, Update(key, set or {}, remove, add or {}), condition, failed)

    def delete(self, key: Key, *, condition: Condition, failed: Failure = stale) -> None:
        self._write(key, Delete(key), condition, failed)

    def require_condition(self, key: Key, condition: Condition, failed: Failure, *, first: bool = False) -> None:
        """Make the whole change depend on a condition of `key`; `first` names its error before those added earlier."""
        pending = self._pending.setdefault(key, _Pending())
        pending.guards.insert(0 if first else len(pending.guards), (condition, failed))

    def audit(self, account_id: str, event: str, **facts: str | int) -> None:
        """Add an audit entry for the account: who, what, why, with opaque facts."""
        audit_id = self.ids.new("audit")
        item: dict[str, Any] = {"event": event, "actor": actor_name(self.actor), "cause": self.cause, "facts": facts}
        item |= {"at": to_text(self.now), TTL_ATTRIBUTE: epoch_s(self.now + AUDIT_LIFE)}
        self.create(hotline_key(f"ACCOUNT#{account_id}", f"AUDIT#{to_text(self.now)}#{audit_id}"), item)

    def send(self, entry: Entry) -> None:
        """Add an outbox entry; it goes out if and only if the change is made."""
        self.create(entry_key(entry.entry_id), entry_item(entry, created_at=self.now))

    def writes(self) -> list[Write]:
        """The transaction as it would be sent."""
        return [_compiled(key, pending) for key, pending in self._pending.items()]

    def commit(self, store: Store) -> None:
        """Send the transaction. Raises the error of the first failed condition, Stale after too many conflicts, and
        Unavailable when the store did not answer; then it may or may not have been made, and a retry must be
        conditioned on what was read. An empty change does nothing."""
        writes = self.writes()
        if not writes:
            return
        if len(writes) > TRANSACTION_ITEMS_MAX:
            raise ValueError(f"a change of {len(writes)} items does not fit one transaction")
        token = self.ids.new("tx")[-36:]
        for attempt in range(1, COMMIT_ATTEMPTS_MAX + 1):
            try:
                store.transact(writes, token=token)
            except TransactionCancelled as cancelled:
                error = self._domain_error(writes, cancelled)
                if error is not None:
                    raise error from cancelled
                if attempt == COMMIT_ATTEMPTS_MAX:
                    raise Stale("too_many_conflicts") from cancelled
            else:
                return

    def _domain_error(self, writes: list[Write], cancelled: TransactionCancelled) -> HotlineError | None:
        """The error of the first failed condition; None when the transaction only met a conflict and may be resent."""
        for write, reason in zip(writes, cancelled.reasons, strict=True):
            if reason.code is ReasonCode.CONDITION:
                guards = self._pending[write.key].guards
                for condition, failed in guards:
                    if not holds(condition, reason.item):
                        return failed(reason.item)
                return guards[0][1](reason.item) if guards else Stale()
        for reason in cancelled.reasons:
            if reason.code in (ReasonCode.THROTTLED, ReasonCode.OTHER):
                return Unavailable()
        return None

    def _write(self, key: Key, write: Put | Update | Delete, condition: Condition, failed: Failure) -> None:
        pending = self._pending.setdefault(key, _Pending())
        if pending.write is None:
            pending.write = write
        else:
            pending.write = _merged(pending.write, write)
        pending.guards.append((condition, failed))


def _merged(first: Put | Update | Delete, second: Put | Update | Delete) -> Update:
    if not (isinstance(first, Update) and isinstance(second, Update)):
        raise ValueError(f"two writes on {first.key} in one change")
    touched_first = {*first.set, *first.remove, *first.add}
    if touched_first & {*second.set, *second.remove, *second.add}:
        raise ValueError(f"two updates of the same attributes on {first.key} in one change")
    return Update(
        first.key, {**first.set, **second.set}, (*first.remove, *second.remove), {**first.add, **second.add}
    )


def _compiled(key: Key, pending: _Pending) -> Write:
    conditions = tuple(dict.fromkeys(condition for condition, _ in pending.guards))
    condition = all_of(*conditions)
    match pending.write:
        case None:
            return Check(key, condition)
        case Put():
            return Put(key, pending.write.item, condition)
        case Update():
            return Update(key, pending.write.set, pending.write.remove, pending.write.add, condition)
        case Delete():
            return Delete(key, condition)
