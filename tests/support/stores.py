"""The three stores, for tests: in memory, on moto (one thread), and on MiniStack (many threads, and request tokens).

Fixtures: `memory_store`, `moto_store`, `ministack_store`, each empty for every test; `store` is each in turn, and
`exact_store` the two that stand threads and know tokens. Their stores never wait between
attempts; `names` of tables are those of tests.support.template. A conftest that wants them imports FIXTURES' names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from moto import mock_aws

from hotline.kit.config import TableNames
from hotline.kit.ids import RandomIds
from hotline.kit.store import Store, Table
from hotline.kit.store.condition import Item
from hotline.kit.store.dynamodb import DynamoStore, make_client
from hotline.kit.store.expressions import from_item
from hotline_local.launcher.ministack import MiniStack
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support import quick_moto
from tests.support.template import table_definitions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

quick_moto.install()

type AnyStore = MemoryStore | DynamoStore
"""Any of the three, where a test needs more than the interface: the counters."""

NOON: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NAMES: Final = TableNames({table: table.value for table in Table})
PATIENT_S: Final = 300.0
"""How long tests wait for MiniStack: on a machine that runs much else it may be slow, which is not what they test."""
_DELETES_MAX: Final = 25
"""BatchWriteItem: at most 25 requests."""


def make_tables(client: DynamoDBClient) -> None:
    """Make the template's tables."""
    for definition in table_definitions():
        client.create_table(**definition)


def empty_tables(client: DynamoDBClient) -> None:
    """Remove every item of the three tables."""
    for table in Table:
        rows = all_rows(client, table)
        names = ("PK",) if table is Table.OUTBOX else ("PK", "SK")
        deletes: Any = [{"DeleteRequest": {"Key": {name: row[name] for name in names}}} for row in rows]
        for start in range(0, len(deletes), _DELETES_MAX):
            client.batch_write_item(RequestItems={NAMES.names[table]: deletes[start : start + _DELETES_MAX]})


def all_rows(client: DynamoDBClient, table: Table) -> list[dict[str, Any]]:
    """Every item of a table in wire form; tests may scan, the hotline may not."""
    pages = client.get_paginator("scan").paginate(TableName=NAMES.names[table], ConsistentRead=True)
    return [row for page in pages for row in page["Items"]]


def all_items(store: AnyStore, table: Table) -> list[Item]:
    """Every item of a table, of whatever store; tests may scan, the hotline may not."""
    if isinstance(store, MemoryStore):
        return list(store.items(table))
    return [from_item(row) for row in all_rows(store.client, table)]


def quick_store(client: DynamoDBClient) -> DynamoStore:
    """A store on the client that does not wait between attempts."""
    return DynamoStore(client, NAMES, sleep=lambda _: None)


@pytest.fixture
def memory_store() -> MemoryStore:
    """A store in memory, on a clock that stands at noon."""
    return MemoryStore(VirtualClock(NOON))


@pytest.fixture(scope="module")
def moto_client() -> Iterator[DynamoDBClient]:
    """A client of moto's DynamoDB, with the tables made once a module."""
    with mock_aws():
        client = make_client()
        make_tables(client)
        yield client


@pytest.fixture
def moto_store(moto_client: DynamoDBClient) -> Iterator[DynamoStore]:
    """A store on moto. Its request tokens are ignored there (tests/kit/test_store_transactions.py)."""
    yield quick_store(moto_client)
    empty_tables(moto_client)


@pytest.fixture(scope="session")
def ministack_endpoint() -> Iterator[str]:
    """The address of a MiniStack of this test session, with the tables made."""
    with MiniStack() as stack:
        make_tables(make_client(stack.endpoint, read_timeout_s=PATIENT_S))
        yield stack.endpoint


@pytest.fixture
def ministack_store(ministack_endpoint: str) -> Iterator[DynamoStore]:
    """A store on MiniStack. Each test's tokens are its own, though seeded ids repeat from test to test."""
    client = make_client(ministack_endpoint, read_timeout_s=PATIENT_S)
    salt = RandomIds().new("test")

    def salt_token(params: dict[str, Any], **_: object) -> None:
        params["ClientRequestToken"] = hashlib.sha256((salt + params["ClientRequestToken"]).encode()).hexdigest()[:36]

    client.meta.events.register("provide-client-params.dynamodb.TransactWriteItems", salt_token)
    yield quick_store(client)
    empty_tables(client)
    client.close()


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
