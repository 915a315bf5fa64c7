"""One change, one transaction.

A Change collects writes, each with the error to raise when its condition fails; audit and outbox entries ride along.
Two ways to touch a key: a write, and `require_condition`, which joins a condition to the write already there or becomes
a condition check. DynamoDB refuses two operations on one item, so a key has one write. An `update` on a key that
already has an update merges when their attributes do not overlap.

When the transaction is cancelled, the conditions of the failed writes are evaluated again on the items that were handed
back. They are taken in the order in which they were added to the change, and the first false one names the domain
error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import replace
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hotline.kit.actor import Actor, actor_name
from hotline.kit.clock import to_text
from hotline.kit.errors import HotlineError, KitError, Stale, Unavailable
from hotline.kit.ids import IdSource
from hotline.kit.outbox import Entry, entry_item, entry_key
from hotline.kit.records import quick
from hotline.kit.retention import record_end
from hotline.kit.store import (
    TRANSACTION_ITEMS_MAX,
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
from hotline.kit.store.condition import NEW, Condition, Item, all_of, equals, holds

COMMIT_ATTEMPTS_MAX = 4
"""How often one commit is sent when DynamoDB reports a conflict; then the caller reads again."""

type Failure = Callable[[Item | None], HotlineError]


def stale(_: Item | None) -> HotlineError:
    """The error of a condition on what was read: somebody else wrote in between."""
    return Stale()


@quick
@dataclass(frozen=True, slots=True)
class _Guard:
    key: Key
    condition: Condition
    failed: Failure


class Change:
    """Collects one transaction; `commit` sends it. `cause` is a short stable word for the audit trail.

    Raises ValueError for a second write on one key, and for more than 100 items: both are bugs.
    """

    def __init__(self, *, actor: Actor, cause: str, now: datetime, ids: IdSource) -> None:
        self.actor = actor
        self.cause = cause
        self.now = now
        self.ids = ids
        self._pending: dict[Key, Put | Update | Delete | None] = {}
        self._guards: list[_Guard] = []
        self._sent: list[Entry] = []

    def __len__(self) -> int:
        return len(self._pending)

    def writes_to(self, key: Key) -> bool:
        """Whether the change already writes the item at a key, which it may do once."""
        return self._pending.get(key) is not None

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

    def replace_if_changed(self, key: Key, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
        """`replace`, unless `new` is what was read."""
        if old is None or {name: old[name] for name in old if name not in ("PK", "SK", "rev")} != new:
            self.replace(key, old, new)

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

    def count(self, key: Key, *, add: Mapping[str, int], set: Mapping[str, Any]) -> None:  # noqa: A002 - see update
        """Add to numbers that anybody may add to at any time, e.g. kit.rates: the one write without a condition, since
        sums come out the same in whatever order. The rest of the change is conditioned as ever."""
        earlier, adding = self._pending.get(key), Update(key, set, (), add)
        self._pending[key] = adding if earlier is None else _merge(earlier, adding)

    def require_condition(self, key: Key, condition: Condition, failed: Failure, *, first: bool = False) -> None:
        """Make the whole change depend on a condition of `key`; `first` names its error before those added earlier,
        on whatever key."""
        self._pending.setdefault(key, None)
        self._guards.insert(0 if first else len(self._guards), _Guard(key, condition, failed))

    def audit(self, account_id: str, event: str, **facts: str | int) -> None:
        """Add an audit entry for the account: who, what, why, with opaque facts."""
        audit_id = self.ids.new("audit")
        item: dict[str, Any] = {"event": event, "actor": actor_name(self.actor), "cause": self.cause, "facts": facts}
        item |= {"at": to_text(self.now), **record_end(self.now)}
        self.create(hotline_key(f"ACCOUNT#{account_id}", f"AUDIT#{to_text(self.now)}#{audit_id}"), item)

    def send(self, entry: Entry) -> None:
        """Add an outbox entry; it goes out if and only if the change is made."""
        self.create(entry_key(entry.entry_id), entry_item(entry, created_at=self.now))
        self._sent.append(entry)

    @property
    def sent(self) -> tuple[Entry, ...]:
        """The outbox entries that were added, in their order: what may be said to be asked for, or on its way."""
        return tuple(self._sent)

    def writes(self) -> list[Write]:
        """The transaction as it would be sent."""
        conditions: dict[Key, list[Condition]] = {}
        for guard in self._guards:
            conditions.setdefault(guard.key, []).append(guard.condition)
        return [_compile(key, write, conditions.get(key, [])) for key, write in self._pending.items()]

    def commit(self, store: Store, *, repeats_are_known: bool = False) -> None:
        """Send the transaction. Raises the error of the first failed condition, and Stale after too many conflicts.
        Raises Unavailable when the store was throttled or did not answer. The change may then have been made or not,
        and a retry must be conditioned on what was read. An empty change does nothing.

        `repeats_are_known`: a change that was made although its answer was lost is found by the caller, who reads again
        after the error of its condition. One write alone then goes without a transaction, for half the price.

        Raises TransactionCancelled itself for a reason that names neither a condition nor a passing trouble: a bug."""
        writes = self.writes()
        if not writes:
            return
        if len(writes) > TRANSACTION_ITEMS_MAX:
            raise ValueError(f"a change of {len(writes)} items does not fit one transaction")
        for attempt in range(1, COMMIT_ATTEMPTS_MAX + 1):
            try:
                self._send(store, writes, alone=repeats_are_known)
            except TransactionCancelled as cancelled:
                error = self._domain_error(writes, cancelled)
                if error is not None:
                    raise error from cancelled
                codes = {reason.code for reason in cancelled.reasons}
                if ReasonCode.OTHER in codes:
                    raise
                if attempt == COMMIT_ATTEMPTS_MAX:
                    throttled = ReasonCode.THROTTLED in codes
                    raise (Unavailable() if throttled else Stale(KitError.TOO_MANY_CONFLICTS)) from cancelled
            else:
                return

    def _send(self, store: Store, writes: list[Write], *, alone: bool) -> None:
        first = writes[0]
        if alone and len(writes) == 1 and isinstance(first, Put | Update):
            store.write_alone(first)
        else:
            # A cancelled transaction wrote nothing, so the next attempt is a new one and has a token of its own.
            store.transact(writes, token=self.ids.new("tx"))

    def _domain_error(self, writes: list[Write], cancelled: TransactionCancelled) -> HotlineError | None:
        """The error of the first failed condition; None when no condition failed."""
        failed_items = {
            write.key: reason.item
            for write, reason in zip(writes, cancelled.reasons, strict=True)
            if reason.code is ReasonCode.CONDITION
        }
        suspects = [guard for guard in self._guards if guard.key in failed_items]
        for guard in suspects:
            if not holds(guard.condition, failed_items[guard.key]):
                return guard.failed(failed_items[guard.key])
        # The store saw a condition fail that holds on the item it handed back: answer for the first one there.
        return suspects[0].failed(failed_items[suspects[0].key]) if suspects else None

    def _write(self, key: Key, write: Put | Update | Delete, condition: Condition, failed: Failure) -> None:
        earlier = self._pending.get(key)
        self._pending[key] = write if earlier is None else _merge(earlier, write)
        self._guards.append(_Guard(key, condition, failed))


def _merge(first: Put | Update | Delete, second: Put | Update | Delete) -> Update:
    if not (isinstance(first, Update) and isinstance(second, Update)):
        raise ValueError(  # noqa: TRY004 - the types are right, their meeting is not
            f"two writes on {first.key} in one change"
        )
    touched_first = {*first.set, *first.remove, *first.add}
    if touched_first & {*second.set, *second.remove, *second.add}:
        raise ValueError(f"two updates of the same attributes on {first.key} in one change")
    return Update(first.key, {**first.set, **second.set}, (*first.remove, *second.remove), {**first.add, **second.add})


def _compile(key: Key, write: Put | Update | Delete | None, conditions: list[Condition]) -> Write:
    if not conditions and write is not None:
        return write
    if len(conditions) > 1:
        # The very same one twice is common. Others by their text: to Python a condition on 1 equals one on True.
        conditions = list({id(condition): condition for condition in conditions}.values())
    if len(conditions) > 1:
        conditions = list({repr(condition): condition for condition in conditions}.values())
    condition = all_of(*conditions)
    match write:
        case None:
            return Check(key, condition)
        # One by one: of a copy of either kind nobody could say which it is.
        case Put():
            return replace(write, condition=condition)
        case Update():
            return replace(write, condition=condition)
        case Delete():
            return replace(write, condition=condition)
