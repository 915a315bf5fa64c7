"""Features of the store on DynamoDB alone: its client, its table names, and errors that are nobody's fault but ours."""

import subprocess
import sys

import pytest

from hotline.kit.aws.sdk import SdkService
from hotline.kit.config import MissingSetting, TableNames
from hotline.kit.errors import Unavailable
from hotline.kit.store import Put, Query, Table, TransactionCancelled
from hotline.kit.store.dynamodb import (
    ATTEMPTS_MAX,
    CONNECT_TIMEOUT_S,
    PAUSE_MAX_S,
    READ_TIMEOUT_S,
    DynamoStore,
    open_dynamodb,
)
from hotline_local.launcher.paths import ROOT
from tests.kit.writing import ENTRY, KEY, put, write
from tests.support.faults import Faults
from tests.support.stores import NAMES

PHONE_STEP_S = 8


def test_one_request_that_is_never_answered_ends_within_a_phone_step() -> None:
    assert ATTEMPTS_MAX * (CONNECT_TIMEOUT_S + READ_TIMEOUT_S + PAUSE_MAX_S) < PHONE_STEP_S


def test_the_client_sends_each_request_once_and_does_not_wait_long() -> None:
    service = open_dynamodb()
    assert isinstance(service, SdkService)
    config = service.client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
    assert config.retries["total_max_attempts"] == 1


def test_a_store_of_the_environment_works_on_a_client_of_its_own(moto_store: DynamoStore) -> None:
    stored = put(moto_store, a=1)
    assert DynamoStore.from_environment(NAMES).get(KEY) == stored


def test_a_table_that_the_function_was_not_given_is_named(moto_store: DynamoStore) -> None:
    store = DynamoStore(moto_store.service, TableNames({Table.OUTBOX: "outbox"}))
    for refused in (
        lambda: store.get(KEY),
        lambda: store.batch_get([ENTRY, KEY]),
        lambda: store.query(Query(Table.HOTLINE, "x")),
        lambda: write(store, Put(ENTRY, {}), Put(KEY, {})),
    ):
        with pytest.raises(MissingSetting, match="HOTLINE_TABLE"):
            refused()
    assert (store.reads, store.transactions) == (0, 0)


def test_an_error_that_no_repetition_mends_is_raised_at_once(moto_store: DynamoStore) -> None:
    store = DynamoStore(moto_store.service, TableNames(dict.fromkeys(Table, "gone")))
    with pytest.raises(Unavailable, match=r"store\.ResourceNotFoundException"):
        store.get(KEY)
    with pytest.raises(Unavailable, match=r"store\.ResourceNotFoundException"):
        write(store, Put(KEY, {}))
    assert (store.reads, store.transactions) == (1, 1)


def test_an_unknown_reason_is_passed_on_as_other(moto_store: DynamoStore) -> None:
    with Faults(moto_store) as faults:
        faults.cancel("SomethingNew", position=1)
        with pytest.raises(TransactionCancelled) as caught:
            write(moto_store, Put(KEY, {}), Put(ENTRY, {}))
    assert [reason.code.value for reason in caught.value.reasons] == ["None", "Other"]


def test_the_wire_forms_can_be_used_without_the_sdk() -> None:
    script = "import sys, hotline.kit.store.expressions; sys.exit('botocore' in sys.modules)"
    path = {"PYTHONPATH": str(ROOT / "layers/hotline/python")}
    assert subprocess.run([sys.executable, "-c", script], env=path, check=False).returncode == 0
