"""Faults between the hotline and DynamoDB, on demand; they work on moto and on MiniStack, which never have them alone.

    with Faults(store) as faults:
        faults.conflict(position=1)
        faults.lose_answer("TransactWriteItems")
        ...

Each call arms one fault for the next `times` requests of one operation. Faults of one operation are used up in the
order in which they were armed. They stand in the place of the store's service. Before a request they may answer for it;
after it they may lose or change its answer. For the store in memory there is `once`, for its `before` and `after`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, get_args

from hotline.kit.aws.sdk import SdkService
from hotline.kit.aws.service import Loss, NoAnswer, ServiceRefused
from hotline.kit.store import Between, Index, Key, Prefix, Put, Query, Table
from hotline.kit.store.dynamodb import DynamoStore
from hotline.kit.store.expressions import Wire, from_item, to_item
from hotline_local.testing.memory_store import MemoryStore
from tests.support.stores import NAMES, all_rows

CALLS: Final = frozenset({"get", "batch_get", "query", "transact", "write_alone", "put_all"})
"""The calls of a store in memory, by name."""
type Operation = Literal[
    "BatchGetItem", "BatchWriteItem", "GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem"
]
_OPERATIONS: tuple[Operation, ...] = get_args(Operation.__value__)
_TABLES = {NAMES.names[table]: table for table in Table}


@dataclass(frozen=True, slots=True)
class _Fault:
    """`before` may answer instead of the server, or raise; `after` may change the answer, or raise."""

    before: Callable[[Wire], Wire | None] | None = None
    after: Callable[[Wire, Wire], None] | None = None


class Faults:
    """Arms faults on one store; `sent` lists the operations that were called, in order, those that failed included.

    moto forgets request tokens, so with moto a repeated token is answered here, as DynamoDB would.
    """

    def __init__(self, store: DynamoStore) -> None:
        self.service = store.service
        self.sent: list[str] = []
        self._store = store
        self._armed: dict[str, deque[_Fault]] = {operation: deque() for operation in _OPERATIONS}
        self._tokens: set[str] | None = set() if _is_on_moto(store) else None
        self._stale: MemoryStore | None = None

    def __enter__(self) -> Self:
        self._store.service = self
        return self

    def __exit__(self, *_: object) -> None:
        self._store.service = self.service

    def send(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """See Service.send."""
        if operation not in self._armed:
            return self.service.send(operation, request)
        self.sent.append(operation)
        armed = self._armed[operation]
        fault = armed.popleft() if armed else _Fault()
        asked = dict(request)
        answer = fault.before(asked) if fault.before is not None else None
        if answer is not None:
            return answer
        if self._stale is not None and "IndexName" in asked:
            return _index_answer(self._stale, asked)
        told = self._ask(operation, asked)
        if fault.after is not None:
            fault.after(asked, told)
        return told

    def _ask(self, operation: str, asked: Wire) -> Wire:
        token = asked.get("ClientRequestToken")
        if self._tokens is None or token is None:
            return dict(self.service.send(operation, asked))
        if token in self._tokens:
            return {}
        told = dict(self.service.send(operation, asked))
        self._tokens.add(token)
        return told

    @property
    def unused(self) -> int:
        """How many armed faults have not struck; a test that means them all asserts 0."""
        return sum(len(faults) for faults in self._armed.values())

    def throttle(self, operation: Operation, *, times: int = 1) -> None:
        """Refuse before anything is done: too many requests."""
        self._arm(operation, _Fault(before=_refuse("ProvisionedThroughputExceededException")), times)

    def fail(self, operation: Operation, *, times: int = 1) -> None:
        """Refuse before anything is done: the server's own error."""
        self._arm(operation, _Fault(before=_refuse("InternalServerError", status=500)), times)

    def lose_request(self, operation: Operation, *, times: int = 1) -> None:
        """The request never arrives."""

        def lose(_: Wire) -> None:
            raise NoAnswer(Loss.CONNECT_TIMEOUT)

        self._arm(operation, _Fault(before=lose), times)

    def lose_answer(self, operation: Operation, *, times: int = 1) -> None:
        """The request is carried out, then its answer is lost. A request that the server refuses is answered."""

        def lose(_: Wire, __: Wire) -> None:
            raise NoAnswer(Loss.READ_TIMEOUT)

        self._arm(operation, _Fault(after=lose), times)

    def conflict(self, *, position: int = 0, times: int = 1) -> None:
        """Cancel a transaction: another one holds the item of the write at `position`."""
        self.cancel("TransactionConflict", position=position, times=times)

    def throttle_write(self, *, position: int = 0, times: int = 1) -> None:
        """Cancel a transaction: the item of the write at `position` takes too many writes."""
        self.cancel("ThrottlingError", position=position, times=times)

    def cancel(self, code: str, *, position: int = 0, times: int = 1) -> None:
        """Cancel a transaction for the reason `code`, as DynamoDB spells it, at the write at `position`."""

        def cancel(request: Wire) -> None:
            reasons = [{"Code": "None"} for _ in request["TransactItems"]]
            reasons[position] = {"Code": code}
            raise ServiceRefused(
                service_code="TransactionCanceledException", status=400, answer={"CancellationReasons": reasons}
            )

        self._arm("TransactWriteItems", _Fault(before=cancel), times)

    def still_in_progress(self, *, times: int = 1) -> None:
        """Refuse: the first request with this token is still being carried out."""
        self._arm("TransactWriteItems", _Fault(before=_refuse("TransactionInProgressException")), times)

    def leave_unprocessed(self, *, keep: int = 0, times: int = 1) -> None:
        """Answer only the first `keep` keys of each table's part of a batch; hand back the others as unprocessed."""

        def leave(request: Wire, answer: Wire) -> None:
            for name, asked in request["RequestItems"].items():
                left = asked["Keys"][keep:]
                rows = answer["Responses"].get(name, [])
                answer["Responses"][name] = [row for row in rows if not any(key.items() <= row.items() for key in left)]
                if left:
                    answer.setdefault("UnprocessedKeys", {})[name] = {**asked, "Keys": left}

        self._arm("BatchGetItem", _Fault(after=leave), times)

    def meanwhile(self, operation: Operation, action: Callable[[], object]) -> None:
        """Do something just before the next request of the operation: what another caller does at that moment."""

        def act(_: Wire) -> None:
            action()

        self._arm(operation, _Fault(before=act), 1)

    def delay_indexes(self) -> None:
        """From now on index queries see the tables as they are at this moment, until `catch_up`."""
        snapshot = MemoryStore()
        for table in Table:
            for number, row in enumerate(all_rows(self.service, table)):
                item = from_item(row)
                key = Key(table, item["PK"], None if table is Table.OUTBOX else item["SK"])
                snapshot.transact([Put(key, item)], token=f"{table.value}-{number}")
        self._stale = snapshot

    def catch_up(self) -> None:
        """Index queries see the tables as they are again."""
        self._stale = None

    def _arm(self, operation: Operation, fault: _Fault, times: int) -> None:
        self._armed[operation].extend([fault] * times)


def once(error: Exception, *, on: str) -> Callable[[str], None]:
    """For `before` or `after` of a MemoryStore: raise the error at the next call of that name (get, batch_get, query,
    transact), and never again."""
    left = [error]

    def strike(name: str) -> None:
        if name == on and left:
            raise left.pop()

    return strike


def at_call(error: Exception, number: int, *, of: Container[str] = CALLS) -> Callable[[str], None]:
    """For `before` or `after` of a MemoryStore: raise the error at the call with this number from now on, and never
    again. `of`: the names of calls that count."""
    left = [number]

    def strike(name: str) -> None:
        left[0] -= name in of
        if name in of and left[0] == 0:
            raise error

    return strike


def _refuse(code: str, *, status: int = 400) -> Callable[[Wire], Wire | None]:
    def refuse(_: Wire) -> None:
        raise ServiceRefused(service_code=code, status=status, answer={})

    return refuse


def _is_on_moto(store: DynamoStore) -> bool:
    service = store.service
    return isinstance(service, SdkService) and "amazonaws.com" in service.client.meta.endpoint_url


def _index_answer(store: MemoryStore, request: Wire) -> Wire:
    """The answer of an index query on another store; understands the requests that kit.expressions writes."""
    values: Mapping[str, Mapping[str, str]] = request["ExpressionAttributeValues"]
    expression = request["KeyConditionExpression"]
    pk, *rest = (values[placeholder]["S"] for placeholder in re.findall(r":v\d+", expression))
    sk: Prefix | Between | None = None
    if "begins_with" in expression:
        sk = Prefix(rest[0])
    elif "BETWEEN" in expression:
        sk = Between(rest[0], rest[1])
    start = request.get("ExclusiveStartKey")
    page = store.query(
        Query(
            _TABLES[request["TableName"]],
            pk,
            sk,
            Index(request["IndexName"]),
            request.get("Limit"),
            not request["ScanIndexForward"],
            None if start is None else from_item(start),
        )
    )
    answer: Wire = {"Items": [to_item(item) for item in page.items]}
    return answer if page.next is None else answer | {"LastEvaluatedKey": to_item(page.next)}
