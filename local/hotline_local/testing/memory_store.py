"""The store in memory: for state-space searches and for the call simulator.

It answers like DynamoDB, and is held to that by the contract suite in tests/kit: conditions, updates, tokens,
positional reasons, sizes, sparse indexes and pages. Items are copied on the way in and out and never changed in place,
so that `fork` copies references only.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import batched
from threading import RLock
from typing import Any

from hotline.kit.clock import Clock, SystemClock
from hotline.kit.store import (
    BATCH_PUTS_MAX,
    Between,
    Check,
    Delete,
    Index,
    Key,
    MalformedRequest,
    Page,
    Prefix,
    Put,
    Query,
    Reason,
    ReasonCode,
    Table,
    TransactionCancelled,
    Update,
    Write,
)
from hotline.kit.store.condition import Item, holds
from hotline.kit.store.expressions import (
    INDEXES,
    check_key,
    check_keys,
    check_puts,
    check_query,
    check_write,
    check_writes,
    from_value,
    to_value,
)

TOKEN_LIFE = timedelta(minutes=10)
"""How long DynamoDB remembers a request token."""
ITEM_BYTES_MAX = 400 * 1024
PAGE_BYTES_MAX = 1024 * 1024
PROJECTED_WHOLE = frozenset({Index.ATTENTION, Index.QUEUE})
"""Indexes that hold whole items; the others hold keys only."""

_CONTAINERS = frozenset({dict, list, tuple})
_WITHOUT_REFERENCES = 2
"""The version of the form in which a value that occurs twice is written twice: what a copy has to be."""

type _Position = tuple[str, str, str]
"""Sort key, then the item's own key, in which rows of one partition are answered."""


@dataclass(frozen=True, slots=True)
class _Row:
    """An item, its size, and its serialised form; None for an item of scalars alone, which is copied at once."""

    item: Item
    size: int
    packed: bytes | None

    def copy(self) -> Item:
        """The item with dicts and lists of its own. Reading it back is twice as fast as a copy made in Python."""
        if self.packed is None:
            return self.item.copy()
        item: Item = marshal.loads(self.packed)  # noqa: S302 - written by this module
        return item


type _Partition = Mapping[_Position, _Row]
type _Partitions = dict[tuple[Table | Index, str], _Partition]


@dataclass(slots=True)
class _State:
    """Partitions of tables and of indexes; a partition is replaced, never changed."""

    partitions: _Partitions = field(default_factory=dict)
    tokens: dict[str, tuple[datetime, tuple[Write, ...]]] = field(default_factory=dict)

    def copy(self) -> _State:
        return _State(dict(self.partitions), dict(self.tokens))


class MemoryStore:
    """A `Store`. `reads` and `transactions` count calls.

    `before` and `after` are called with the call's name (get, batch_get, query, transact, write_alone,
    put_all) and may raise.
    `before` runs before anything is done, `after` when all is done and only the answer can be lost.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock: Clock = SystemClock() if clock is None else clock
        self.before: Callable[[str], None] | None = None
        self.after: Callable[[str], None] | None = None
        self.reads = 0
        self.transactions = 0
        self._state = _State()
        self._frozen: _Partitions | None = None
        self._lock = RLock()

    def fork(self, clock: Clock | None = None) -> MemoryStore:
        """A second store with the same content, indexes as far behind, on `clock` or the same one; it counts from
        zero and has no faults."""
        twin = MemoryStore(self.clock if clock is None else clock)
        with self._lock:
            twin._state = self._state.copy()
            twin._frozen = self._frozen
        return twin

    def freeze_indexes(self) -> None:
        """From now on indexes answer as they are at this moment, until `thaw_indexes`."""
        self._frozen = dict(self._state.partitions)

    def thaw_indexes(self) -> None:
        self._frozen = None

    def items(self, table: Table) -> Iterator[Item]:
        """Every item of a table, for tests that look for what must not be there; the hotline itself cannot ask this."""
        for (owner, _), partition in list(self._state.partitions.items()):
            if owner is table:
                for row in partition.values():
                    yield row.copy()

    def load(self, rows: Iterable[tuple[Key, Item]]) -> None:
        """Put very many items at once, for tests of what grows: a transaction copies each partition that it touches."""
        partitions: dict[tuple[Table | Index, str], dict[_Position, _Row]] = {}
        for key, item in rows:
            row = _result(Put(key, _checked(item)), None)
            places: list[tuple[tuple[Table | Index, str], _Position]] = [((key.table, key.pk), _position(key))]
            places += [place for index in INDEXES[key.table] if (place := _index_place(index, key, row)) is not None]
            for owner, position in places:
                if owner not in partitions:
                    partitions[owner] = dict(self._state.partitions.get(owner, {}))
                if row is not None:
                    partitions[owner][position] = row
        self._state.partitions.update(partitions)

    def get(self, key: Key) -> Item | None:
        """See Store.get."""
        check_key(key)
        with self._call("get"):
            row = self._row(key)
            return None if row is None else row.copy()

    def batch_get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """See Store.batch_get."""
        check_keys(keys)
        if not keys:
            return {}
        with self._call("batch_get"):
            rows = {key: self._row(key) for key in keys}
            return {key: row.copy() for key, row in rows.items() if row is not None}

    def query(self, query: Query) -> Page:
        """See Store.query."""
        check_query(query)
        with self._call("query"):
            return self._page(query)

    def transact(self, writes: Sequence[Write], *, token: str) -> None:
        """See Store.transact."""
        check_writes(writes, token)
        kept = tuple(_detached(write) for write in writes)
        with self._call("transact"):
            self._transact(kept, token)

    def write_alone(self, write: Put | Update) -> Item:
        """See Store.write_alone."""
        check_write(write)
        kept = _detached(write)
        with self._call("write_alone"):
            old = self._row(write.key)
            reason = _reason(kept, old)
            if reason.code is ReasonCode.CONDITION:
                raise TransactionCancelled((reason,))
            new = _result(kept, old)
            self._place(write.key, old, new)
        return new.copy() if new is not None else {}

    def put_all(self, puts: Sequence[Put]) -> None:
        """See Store.put_all."""
        check_puts(puts)
        for some in batched((_detached(put) for put in puts), BATCH_PUTS_MAX, strict=False):
            with self._call("put_all"):
                for put in some:
                    old = self._row(put.key)
                    self._place(put.key, old, _result(put, old))

    @contextmanager
    def _call(self, name: str) -> Iterator[None]:
        if name in ("transact", "write_alone", "put_all"):
            self.transactions += 1
        else:
            self.reads += 1
        if self.before is not None:
            self.before(name)
        with self._lock:
            yield
        if self.after is not None:
            self.after(name)

    def _row(self, key: Key) -> _Row | None:
        return self._state.partitions.get((key.table, key.pk), {}).get(_position(key))

    def _page(self, query: Query) -> Page:
        owner = query.table if query.index is None else query.index
        partitions = self._state.partitions if query.index is None or self._frozen is None else self._frozen
        rows = sorted(partitions.get((owner, query.pk), {}).items(), reverse=query.descending)
        start = None if query.start_after is None else _start(query, query.start_after)
        items: list[Item] = []
        size = 0
        for position, row in rows:
            if start is not None and not (position < start if query.descending else position > start):
                continue
            if not _selected(query, position[0]):
                continue
            items.append(_projected(row, query.index))
            size += row.size
            if len(items) == query.limit or size > PAGE_BYTES_MAX:
                return Page(items, _key_of(items[-1], query))
        return Page(items, None)

    def _transact(self, writes: tuple[Write, ...], token: str) -> None:
        now = self.clock.now()
        tokens = self._state.tokens
        while tokens and now - next(iter(tokens.values()))[0] >= TOKEN_LIFE:
            del tokens[next(iter(tokens))]
        if token in tokens:
            if tokens[token][1] != writes:
                raise MalformedRequest("the token was used for other writes")
            return
        olds = [self._row(write.key) for write in writes]
        reasons = tuple(_reason(write, old) for write, old in zip(writes, olds, strict=True))
        if any(reason.code is ReasonCode.CONDITION for reason in reasons):
            raise TransactionCancelled(reasons)
        news = [_result(write, old) for write, old in zip(writes, olds, strict=True)]
        for write, old, new in zip(writes, olds, news, strict=True):
            self._place(write.key, old, new)
        tokens[token] = (now, writes)

    def _place(self, key: Key, old: _Row | None, new: _Row | None) -> None:
        if new is old:
            return
        self._change((key.table, key.pk), _position(key), new)
        for index in INDEXES[key.table]:
            before, after = _index_place(index, key, old), _index_place(index, key, new)
            if before is not None and before != after:
                self._change(*before, None)
            if after is not None:
                self._change(*after, new)

    def _change(self, owner: tuple[Table | Index, str], position: _Position, row: _Row | None) -> None:
        partition = dict(self._state.partitions.get(owner, {}))
        if row is None:
            partition.pop(position, None)
        else:
            partition[position] = row
        if partition:
            self._state.partitions[owner] = partition
        else:
            self._state.partitions.pop(owner, None)


def _position(key: Key) -> _Position:
    return (key.sk or "", "", "")


def _index_place(index: Index, key: Key, row: _Row | None) -> tuple[tuple[Index, str], _Position] | None:
    """The place of the item in the index; None for an item that lacks one of the index keys."""
    pk, sk = f"{index.value}_pk", f"{index.value}_sk"
    if row is None or pk not in row.item or sk not in row.item:
        return None
    return (index, row.item[pk]), (row.item[sk], key.pk, key.sk or "")


def _key_names(query: Query) -> tuple[str, ...]:
    own = ("PK",) if query.table is Table.OUTBOX else ("PK", "SK")
    return own if query.index is None else (*own, f"{query.index.value}_pk", f"{query.index.value}_sk")


def _key_of(item: Item, query: Query) -> dict[str, str]:
    return {name: item[name] for name in _key_names(query)}


def _start(query: Query, start_after: Mapping[str, str]) -> _Position:
    if set(start_after) != set(_key_names(query)):
        raise MalformedRequest("a page starts after a whole key")
    if query.index is None:
        return (start_after.get("SK", ""), "", "")
    return (start_after[f"{query.index.value}_sk"], start_after["PK"], start_after.get("SK", ""))


def _selected(query: Query, sk: str) -> bool:
    match query.sk:
        case Prefix(text):
            return sk.startswith(text)
        case Between(low, high):
            return low <= sk <= high
        case None:
            return True


def _projected(row: _Row, index: Index | None) -> Item:
    if index is None or index in PROJECTED_WHOLE:
        return row.copy()
    item = row.item
    names = ("PK", "SK", f"{index.value}_pk", f"{index.value}_sk")
    return {name: item[name] for name in names if name in item}


def _reason(write: Write, old: _Row | None) -> Reason:
    item = None if old is None else old.item
    if write.condition is None or holds(write.condition, item):
        return Reason(ReasonCode.NONE)
    return Reason(ReasonCode.CONDITION, None if old is None else old.copy())


def _result(write: Write, old: _Row | None) -> _Row | None:
    """The row after the write. Raises MalformedRequest for what DynamoDB would refuse on this item."""
    match write:
        case Check():
            return old
        case Delete():
            return None
        case Put(key, item):
            new = {**item, **key.attributes()}
        case Update():
            new = _updated({**write.key.attributes()} if old is None else old.item, write)
    size = size_of(new) - 3
    if size > ITEM_BYTES_MAX:
        raise MalformedRequest("an item of more than 400 KB")
    nested = any(type(value) in _CONTAINERS for value in new.values())
    return _Row(new, size, marshal.dumps(new, _WITHOUT_REFERENCES) if nested else None)


def _updated(item: Item, update: Update) -> Item:
    """A new item; maps on the way to a change are copied, all else is shared with the old one."""
    new = dict(item)
    for path, value in update.set.items():
        parent, name = _parent(new, path)
        parent[name] = value
    for path, step in update.add.items():
        parent, name = _parent(new, path)
        present = parent.get(name, 0)
        if isinstance(present, bool) or not isinstance(present, int):
            raise MalformedRequest("a number can be added to a number only")
        parent[name] = present + step
        to_value(parent[name])
    for path in update.remove:
        parent, name = _parent(new, path)
        parent.pop(name, None)
    return new


def _parent(item: Item, path: str) -> tuple[dict[str, Any], str]:
    *steps, name = path.split(".")
    parent = item
    for step in steps:
        inner = parent.get(step)
        if not isinstance(inner, dict):
            raise MalformedRequest("the path of an update leads through something that is no map")
        parent[step] = parent = dict(inner)
    return parent, name


def _detached(write: Write) -> Write:
    """The write with values of its own. Raises MalformedRequest for a value that cannot be stored."""
    match write:
        case Put():
            return replace(write, item=_checked(write.item))
        case Update():
            return replace(write, set=_checked(write.set))
        case _:
            return write


def _checked(item: Mapping[str, Any]) -> Item:
    """A copy of the item in plain values, dicts and lists. Raises MalformedRequest for a value that cannot be
    stored."""
    checked: Item = {}
    for name, value in item.items():
        plain_name = name if type(name) is str else _plain_name(name)
        checked[plain_name] = value if type(value) is str else _checked_value(value)
    return checked


def _plain_name(name: object) -> str:
    if not isinstance(name, str):
        raise MalformedRequest(f"an attribute name of type {type(name).__name__}")
    return str.__str__(name)


def _checked_value(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is bool or kind is bytes:
        return value
    if kind is dict:
        return _checked(value)
    if kind in _CONTAINERS:
        return [_checked_value(part) for part in value]
    # Numbers have a limit, other kinds of text and maps become plain ones, and all else is refused.
    plain = from_value(to_value(value))
    if isinstance(plain, dict):
        return _checked(plain)
    return str.__str__(plain) if isinstance(plain, str) else plain


def size_of(value: Any) -> int:
    """Bytes as DynamoDB counts them, near enough: text in UTF-8, a number half a byte a digit and one, containers 3."""
    kind = type(value)
    if kind is str:
        return len(value) if value.isascii() else len(value.encode())
    if kind is bytes:
        return len(value)
    if kind is bool:
        return 1
    if kind is int:
        return (len(str(abs(value))) + 1) // 2 + 1
    if kind is dict:
        return 3 + sum([size_of(name) + size_of(part) + 1 for name, part in value.items()])
    return 3 + sum([size_of(part) + 1 for part in value])
