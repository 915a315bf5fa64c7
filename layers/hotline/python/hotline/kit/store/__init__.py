"""The store, as five typed calls. `kit.dynamodb` and a store in memory answer them alike (tests/kit).

Items are plain dicts of str, bytes, int, bool, list, dict; `PK` and `SK` are part of the item. None values are not
stored. There is no scan: every read names a partition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Protocol

from hotline.kit.errors import HotlineError
from hotline.kit.records import quick

from .condition import Condition, Item

TRANSACTION_ITEMS_MAX = 100
"""DynamoDB TransactWriteItems: at most 100 actions in one transaction."""
BATCH_GET_KEYS_MAX = 100
"""DynamoDB BatchGetItem: at most 100 keys in one request."""
BATCH_PUTS_MAX = 25
"""DynamoDB BatchWriteItem: at most 25 items in one request."""
TTL_ATTRIBUTE = "expires_at_epoch_s"


class Table(Enum):
    """The three tables, by their part; physical names come from the environment."""

    HOTLINE = "hotline"
    ACTIVITY = "activity"
    OUTBOX = "outbox"


class Index(Enum):
    """Global secondary indexes; the key attributes are `<name>_pk` and `<name>_sk`. They lag: see protocols of use."""

    ATTENTION = "attention"
    DUE = "due"
    QUEUE = "queue"
    PENDING = "pending"


@quick
@dataclass(frozen=True, slots=True)
class Key:
    """The key of an item. The outbox has no sort key; its `sk` is None."""

    table: Table
    pk: str
    sk: str | None = None
    may_lag: bool = field(default=False, compare=False)
    """An item that may be read as it was a moment ago, for half the price: an estimate that no rule rests on."""

    def __hash__(self) -> int:
        # The table would tell hardly any two keys apart, and an enum's hash is slow.
        return hash((self.pk, self.sk))

    def attributes(self) -> dict[str, str]:
        return {"PK": self.pk} if self.sk is None else {"PK": self.pk, "SK": self.sk}


def hotline_key(pk: str, sk: str) -> Key:
    """A key of the main table."""
    return Key(Table.HOTLINE, pk, sk)


_ACCOUNT_PREFIX = "ACCOUNT#"


def account_of(key: Key) -> str | None:
    """The account whose item lives at a key; None for an item of no account."""
    return key.pk.removeprefix(_ACCOUNT_PREFIX) if key.pk.startswith(_ACCOUNT_PREFIX) else None


def id_at(key: Key, prefix: str) -> str | None:
    """The id that a sort key holds after its prefix and before any further part; None when it begins otherwise."""
    found = (key.sk or "").split("#")
    return found[1] if len(found) == 2 and found[0] == prefix else None


@quick
@dataclass(frozen=True, slots=True)
class Put:
    """Write the whole item at `key`; PK and SK are added to it by the store."""

    key: Key
    item: Mapping[str, Any]
    condition: Condition | None = None


@quick
@dataclass(frozen=True, slots=True)
class Update:
    """Change some attributes (dots step into existing maps); `add` adds integers, a missing number counts as 0. An item
    that is not there is made, unless the condition forbids it."""

    key: Key
    set: Mapping[str, Any] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    add: Mapping[str, int] = field(default_factory=dict)
    condition: Condition | None = None


@quick
@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the item, if there is one."""

    key: Key
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Only a condition; nothing is written."""

    key: Key
    condition: Condition


type Write = Put | Update | Delete | Check


@dataclass(frozen=True, slots=True)
class Prefix:
    """Sort keys that begin with `text`, which is not empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Between:
    """Sort keys from `low` to `high`, both included."""

    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Query:
    """One page of one partition, in sort-key order. Table reads are consistent; index reads lag."""

    table: Table
    pk: str
    sk: Prefix | Between | None = None
    index: Index | None = None
    limit: int | None = None
    descending: bool = False
    start_after: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the key to pass as `start_after` for the following page, None at the end."""

    items: list[Item]
    next: Mapping[str, str] | None


class ReasonCode(Enum):
    """DynamoDB's reason for one write of a cancelled transaction."""

    NONE = "None"
    CONDITION = "ConditionalCheckFailed"
    CONFLICT = "TransactionConflict"
    THROTTLED = "ThrottlingError"
    OTHER = "Other"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one write of a cancelled transaction failed; `item` is the item as it was, when its condition failed."""

    code: ReasonCode
    item: Item | None = None


class TransactionCancelled(HotlineError):
    """Nothing was written. `reasons` has one entry for each write, in order."""

    code = "transaction_cancelled"

    def __init__(self, reasons: tuple[Reason, ...]) -> None:
        super().__init__()
        self.reasons = reasons


class MalformedRequest(ValueError):
    """The request breaks a rule of the store, so that it can never work, or reuses a token for other writes: a bug."""


class Store(Protocol):
    """Errors of all calls: Unavailable when the store did not answer within its retries; MalformedRequest."""

    def get(self, key: Key) -> Item | None:
        """The item, read consistently; None when there is none."""
        ...

    def batch_get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Those of at most 100 distinct keys that exist. One request reads consistently; keys that may lag beside such
        that may not are a second one. Throttling makes more."""
        ...

    def query(self, query: Query) -> Page:
        """One page in sort-key order; a page ends at `limit` items or 1 MB, and may be empty with more to follow."""
        ...

    def transact(self, writes: Sequence[Write], *, token: str) -> None:
        """All writes or none, at most 100 on distinct keys. The same token within ten minutes has one effect.

        Raises TransactionCancelled; Unavailable when it is not known whether the writes were made.
        """
        ...

    def write_alone(self, write: Put | Update) -> Item:
        """Write one item outside a transaction, for half its price, and give it as it is then. A request whose answer
        was lost is sent again without a token. A condition may then fail by the write itself, and a number may be added
        twice. The caller knows its own work when it reads again, or does not mind.

        Raises TransactionCancelled with one reason; Unavailable when it is not known whether the item was written.
        """
        ...

    def put_all(self, puts: Sequence[Put]) -> None:
        """Write whole items without conditions, each by itself, for half the price of a transaction: at most 25 in a
        request. To write them again does no harm, so that only those may come that are the same each time.

        Raises Unavailable when some may not be written.
        """
        ...


def query_all(store: Store, query: Query) -> Iterator[Item]:
    """Every item that a query finds, page after page; a page is read when its first item is asked for. `limit` of the
    query is that of each page."""
    while True:
        page = store.query(query)
        yield from page.items
        if page.next is None:
            return
        query = replace(query, start_after=page.next)
