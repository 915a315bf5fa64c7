"""The three stores, for tests: in memory, on moto (one thread), and on MiniStack (many threads, and request tokens).
moto is asked by boto3, MiniStack by the client that deployed functions have.

Fixtures: `memory_store`, `moto_store`, `ministack_store`, each empty for every test; `store` is each in turn, and
`exact_store` the two that stand threads and know tokens. Their stores never wait between
attempts; `names` of tables are those of tests.support.template. A conftest that wants them imports FIXTURES' names.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from unittest.mock import patch

import pytest
from moto import mock_aws

from hotline.kit.aws.clients import CLIENT_SETTING, DIRECT
from hotline.kit.aws.direct import DirectService
from hotline.kit.aws.sdk import SdkService, make_client
from hotline.kit.aws.service import Service
from hotline.kit.config import PATIENCE_SETTING, TableNames
from hotline.kit.ids import RandomIds
from hotline.kit.store import Store, Table
from hotline.kit.store.condition import Item
from hotline.kit.store.dynamodb import DynamoStore, open_dynamodb
from hotline.kit.store.expressions import TOKEN_CHARACTERS_MAX, from_item
from hotline_local.launcher.ministack import MiniStack
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support import quick_moto
from tests.support.template import table_definitions

quick_moto.install()

type AnyStore = MemoryStore | DynamoStore
"""Any of the three, where a test needs more than the interface: the counters."""

NOON: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NAMES: Final = TableNames({table: table.value for table in Table})
PATIENT_S: Final = 300.0
"""How long tests wait for MiniStack: on a machine that runs much else it may be slow, which is not what they test."""
_READS: Final = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})
_DELETES_MAX: Final = 25
"""BatchWriteItem: at most 25 requests."""


def make_tables(service: Service) -> None:
    """Make the template's tables."""
    for definition in table_definitions():
        service.send("CreateTable", definition)


def empty_tables(service: Service, tables: Iterable[Table]) -> None:
    """Remove every item of some tables."""
    for table in tables:
        rows = all_rows(service, table)
        names = ("PK",) if table is Table.OUTBOX else ("PK", "SK")
        deletes: Any = [{"DeleteRequest": {"Key": {name: row[name] for name in names}}} for row in rows]
        for start in range(0, len(deletes), _DELETES_MAX):
            asked = {NAMES.names[table]: deletes[start : start + _DELETES_MAX]}
            service.send("BatchWriteItem", {"RequestItems": asked})


def all_rows(service: Service, table: Table) -> list[dict[str, Any]]:
    """Every item of a table in wire form; tests may scan, the hotline may not."""
    asked: dict[str, Any] = {"TableName": NAMES.names[table], "ConsistentRead": True}
    rows: list[dict[str, Any]] = []
    while True:
        page = service.send("Scan", asked)
        rows += page["Items"]
        if not page.get("LastEvaluatedKey"):
            return rows
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def all_items(store: AnyStore, table: Table) -> list[Item]:
    """Every item of a table, of whatever store; tests may scan, the hotline may not."""
    if isinstance(store, MemoryStore):
        return list(store.items(table))
    return [from_item(row) for row in all_rows(store.service, table)]


def quick_store(service: Service) -> DynamoStore:
    """A store on the service that does not wait between attempts."""
    return DynamoStore(service, NAMES, sleep=lambda _: None)


@pytest.fixture
def memory_store() -> MemoryStore:
    """A store in memory, on a clock that stands at noon."""
    return MemoryStore(VirtualClock(NOON))


@pytest.fixture(scope="module")
def moto_service() -> Iterator[SdkService]:
    """moto's DynamoDB by boto3, with the tables made once a module."""
    with mock_aws():
        service = SdkService(make_client("dynamodb", attempts=1))
        make_tables(service)
        yield service


@pytest.fixture
def moto_store(moto_service: SdkService) -> Iterator[DynamoStore]:
    """A store on moto. Its request tokens are ignored there (tests/kit/test_store_transactions.py)."""
    yield quick_store(moto_service)
    quick_moto.empty_tables()


@pytest.fixture(scope="session")
def ministack_endpoint() -> Iterator[str]:
    """The address of a MiniStack of this test session, with the tables made."""
    with MiniStack() as stack:
        service = open_ministack(stack.endpoint)
        make_tables(service)
        service.close()
        yield stack.endpoint


def open_ministack(endpoint: str) -> DirectService:
    """DynamoDB of a MiniStack, asked with patience and by the client that deployed functions have."""
    settings = {PATIENCE_SETTING: str(PATIENT_S), CLIENT_SETTING: DIRECT, "AWS_ENDPOINT_URL": endpoint}
    with patch.dict(os.environ, settings):
        service = open_dynamodb()
    assert isinstance(service, DirectService)
    return service


class _Salted:
    """A service on which the tokens of each test are its own, though seeded ids repeat from test to test. It knows to
    which tables something was written."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._salt = RandomIds().new("test")
        self.written: set[Table] = set()

    def send(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """See Service.send."""
        if operation not in _READS:
            self.written |= _tables_of(request)
        token = request.get("ClientRequestToken")
        if token is not None:
            salted = hashlib.sha256((self._salt + token).encode()).hexdigest()[:TOKEN_CHARACTERS_MAX]
            request = {**request, "ClientRequestToken": salted}
        return self._service.send(operation, request)


def _tables_of(request: Mapping[str, Any]) -> set[Table]:
    """The tables that a request names, in any of its forms."""
    named = {*request.get("RequestItems", ()), request.get("TableName")}
    named |= {part["TableName"] for item in request.get("TransactItems", ()) for part in item.values()}
    return {table for table in Table if NAMES.names[table] in named}


@pytest.fixture
def ministack_store(ministack_endpoint: str) -> Iterator[DynamoStore]:
    """A store on MiniStack, by the client that deployed functions have."""
    service = open_ministack(ministack_endpoint)
    salted = _Salted(service)
    yield quick_store(salted)
    empty_tables(service, salted.written)
    service.close()


@pytest.fixture(params=["memory", "moto", "ministack"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty store of each kind."""
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture(params=["memory", "ministack"])
def exact_store(request: pytest.FixtureRequest) -> Store:
    """An empty store of each kind that is right where moto is known to be wrong: tokens, types, threads."""
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found
