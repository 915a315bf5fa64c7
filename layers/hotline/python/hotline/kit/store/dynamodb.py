"""The store on DynamoDB.

A change goes out as TransactWriteItems with a token, also when it has one write. A plain conditional write whose answer
is lost cannot be sent again safely. If it was made, the second attempt fails the condition that the first made untrue.
A caller who has been unlocked then hears that they were not. A token makes a second attempt answer like the first (ten
minutes long), at twice the write units.

`write_alone` is for those who find a repeat by themselves, such as the turns of a call, or do not mind one.

Retries are made here, not by a client, whose first pause may be a whole second of a phone step's eight. So the requests
that were sent can be counted. A request is sent again after throttling, a server's error, or no answer, unless the
invocation would end before its answer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import batched
from typing import Any

from hotline.kit.aws.clients import open_service
from hotline.kit.aws.service import NoAnswer, Service, ServiceRefused
from hotline.kit.config import MissingSetting, TableNames
from hotline.kit.deadline import left_s
from hotline.kit.errors import Unavailable

from . import (
    BATCH_PUTS_MAX,
    Key,
    MalformedRequest,
    Page,
    Put,
    Query,
    Reason,
    ReasonCode,
    Table,
    TransactionCancelled,
    Update,
    Write,
)
from .condition import Item
from .expressions import (
    Wire,
    check_key,
    check_keys,
    check_puts,
    check_query,
    check_write,
    check_writes,
    from_item,
    query_request,
    to_item,
    transact_item,
    write_request,
)

ATTEMPTS_MAX = 3
"""How often one request is sent before Unavailable."""
CONNECT_TIMEOUT_S = 1.0
READ_TIMEOUT_S = 1.0
"""DynamoDB answers in single milliseconds. One request that meets a silent store takes six seconds at most. A step that
meets it at every request is ended by its function's time-out, and the flow says sorry."""
PAUSE_FIRST_S = 0.025
PAUSE_MAX_S = 0.2
"""Before attempt n+1: a random part of 25 ms x 2^(n-1), at most 200 ms (full jitter)."""
REPETITION_S = PAUSE_MAX_S + CONNECT_TIMEOUT_S + READ_TIMEOUT_S
"""The longest repetition: one begins only when the invocation has so much time left."""

_CANCELLED = "TransactionCanceledException"
_ALONE = {
    "ConditionalCheckFailedException": ReasonCode.CONDITION,
    "TransactionConflictException": ReasonCode.CONFLICT,
}
"""Why a write outside a transaction was refused."""
_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
_MALFORMED = frozenset({"IdempotentParameterMismatchException", "ValidationException"})
_REASONS = {
    "None": ReasonCode.NONE,
    "ConditionalCheckFailed": ReasonCode.CONDITION,
    "TransactionConflict": ReasonCode.CONFLICT,
    "ThrottlingError": ReasonCode.THROTTLED,
    "ProvisionedThroughputExceeded": ReasonCode.THROTTLED,
}
_MALFORMED_REASONS = frozenset({"ValidationError", "ItemCollectionSizeLimitExceeded"})


def open_dynamodb(environment: Mapping[str, str] | None = None) -> Service:
    """DynamoDB as the environment has it, with the time-outs of a phone step. Raises SettingError."""
    return open_service(
        "dynamodb", connect_timeout_s=CONNECT_TIMEOUT_S, read_timeout_s=READ_TIMEOUT_S, environment=environment
    )


class DynamoStore:
    """A `Store` on DynamoDB as one service. `reads` and `transactions` count the requests sent, repeated ones included.

    The service must not send a request again by itself.
    """

    def __init__(
        self,
        service: Service,
        names: TableNames,
        *,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] | None = None,
    ) -> None:
        self.service = service
        self.reads = 0
        self.transactions = 0
        self._names = names
        self._sleep = sleep
        self._chance = random.SystemRandom().random if chance is None else chance

    @classmethod
    def from_environment(cls, names: TableNames) -> DynamoStore:
        """The store of a deployed function. Region, credentials and endpoint come from the environment."""
        return cls(open_dynamodb(), names)

    def get(self, key: Key) -> Item | None:
        """See Store.get."""
        check_key(key)
        name, wire = self._name(key.table), to_item(key.attributes())
        answer = self._read("GetItem", {"TableName": name, "Key": wire, "ConsistentRead": True})
        return from_item(answer["Item"]) if "Item" in answer else None

    def batch_get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """See Store.batch_get. Keys that DynamoDB leaves out of an answer are asked for again, as often as any
        request."""
        check_keys(keys)
        exact = [key for key in keys if not key.may_lag]
        lagging = [key for key in keys if key.may_lag]
        return {
            key: item
            for some, consistent in ((exact, True), (lagging, False))
            if some
            for key, item in self._batch_get(some, consistent=consistent).items()
        }

    def _batch_get(self, keys: Sequence[Key], *, consistent: bool) -> dict[Key, Item]:
        tables = {self._name(key.table): key.table for key in keys}
        wanted: dict[str, Any] = {}
        for key in keys:
            asked = wanted.setdefault(self._name(key.table), {"ConsistentRead": consistent, "Keys": []})
            asked["Keys"].append(to_item(key.attributes()))
        found: dict[Key, Item] = {}
        for attempt in range(1, ATTEMPTS_MAX + 1):
            if not wanted:
                return found
            if attempt > 1:
                self._pause(attempt - 1)
            answer = self._read("BatchGetItem", {"RequestItems": wanted})
            for name, rows in answer.get("Responses", {}).items():
                for row in rows:
                    item = from_item(row)
                    sk = None if tables[name] is Table.OUTBOX else item["SK"]
                    found[Key(tables[name], item["PK"], sk)] = item
            wanted = answer.get("UnprocessedKeys", {})
        if wanted:
            raise Unavailable
        return found

    def query(self, query: Query) -> Page:
        """See Store.query."""
        check_query(query)
        answer = self._read("Query", query_request(query, self._name(query.table)))
        following = answer.get("LastEvaluatedKey")
        return Page([from_item(row) for row in answer["Items"]], from_item(following) if following else None)

    def transact(self, writes: Sequence[Write], *, token: str) -> None:
        """See Store.transact. A conflict or throttling is handed back after a short pause. The change that is sent
        again then does not meet the other writer at the same place."""
        check_writes(writes, token)
        items = [transact_item(write, self._name(write.key.table)) for write in writes]
        try:
            self._write("TransactWriteItems", {"TransactItems": items, "ClientRequestToken": token})
        except ServiceRefused as refusal:
            reasons = _reasons(refusal.answer, len(writes))
            if not any(reason.code is ReasonCode.CONDITION for reason in reasons):
                self._pause(1)
            raise TransactionCancelled(reasons) from None

    def write_alone(self, write: Put | Update) -> Item:
        """See Store.write_alone."""
        check_write(write)
        request = write_request(write, self._name(write.key.table))
        try:
            if isinstance(write, Put):
                self._write("PutItem", request)
                return {**write.item, **write.key.attributes()}
            answer = self._write("UpdateItem", request | {"ReturnValues": "ALL_NEW"})
            return from_item(answer["Attributes"])
        except ServiceRefused as refusal:
            old = refusal.answer.get("Item")
            reason = Reason(_ALONE[refusal.code], from_item(old) if old else None)
            raise TransactionCancelled((reason,)) from None

    def put_all(self, puts: Sequence[Put]) -> None:
        """See Store.put_all. Items that DynamoDB leaves out are sent again, as often as any request."""
        check_puts(puts)
        for some in batched(puts, BATCH_PUTS_MAX, strict=False):
            self._put_batch(some)

    def _put_batch(self, puts: Sequence[Put]) -> None:
        left: dict[str, Any] = {}
        for put in puts:
            item = to_item({**put.item, **put.key.attributes()})
            left.setdefault(self._name(put.key.table), []).append({"PutRequest": {"Item": item}})
        for attempt in range(1, ATTEMPTS_MAX + 1):
            if attempt > 1:
                self._pause(attempt - 1)
            left = dict(self._write("BatchWriteItem", {"RequestItems": left}).get("UnprocessedItems", {}))
            if not left:
                return
        raise Unavailable

    def _name(self, table: Table) -> str:
        """The table's physical name. Raises MissingSetting: the function was not given this table."""
        if table not in self._names.names:
            raise MissingSetting(f"{table.name}_TABLE")
        return self._names.names[table]

    def _read(self, operation: str, request: Wire) -> Mapping[str, Any]:
        def count() -> None:
            self.reads += 1

        return self._send(operation, request, count)

    def _write(self, operation: str, request: Wire) -> Mapping[str, Any]:
        def count() -> None:
            self.transactions += 1

        return self._send(operation, request, count)

    def _send(self, operation: str, request: Wire, count: Callable[[], None]) -> Mapping[str, Any]:
        """The answer to a request, which is sent again after trouble that may pass. Raises ServiceRefused for a write
        whose condition does not hold."""
        for attempt in range(1, ATTEMPTS_MAX + 1):
            if attempt > 1:
                if left_s() < REPETITION_S:
                    break
                self._pause(attempt - 1)
            count()
            try:
                return self.service.send(operation, request)
            except NoAnswer:
                continue
            except ServiceRefused as refusal:
                if refusal.code in _MALFORMED:
                    raise MalformedRequest(refusal.code) from None
                if refusal.code == _CANCELLED or refusal.code in _ALONE:
                    raise
                if refusal.code not in _THROTTLED and refusal.status < 500:
                    raise Unavailable(service_code=f"store.{refusal.code}") from None
        raise Unavailable

    def _pause(self, attempt: int) -> None:
        self._sleep(min(PAUSE_MAX_S, PAUSE_FIRST_S * 2 ** (attempt - 1)) * self._chance())


def _reasons(response: Mapping[str, Any], count: int) -> tuple[Reason, ...]:
    """One reason for each write. Raises MalformedRequest when the transaction could never have been made."""
    listed = response.get("CancellationReasons", [])
    if len(listed) != count:
        raise ValueError(f"{len(listed)} reasons for {count} writes")
    reasons = tuple(
        Reason(
            _REASONS.get(reason.get("Code", "None"), ReasonCode.OTHER),
            from_item(reason["Item"]) if reason.get("Item") else None,
        )
        for reason in listed
    )
    passing = any(reason.code in (ReasonCode.CONDITION, ReasonCode.CONFLICT) for reason in reasons)
    for reason in listed:
        if reason.get("Code") in _MALFORMED_REASONS and not passing:
            raise MalformedRequest(reason["Code"])
    return reasons
